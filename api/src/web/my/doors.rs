//! What somebody may do at premises of the own, and until when: rights whose time runs and that are not used yet, confirmed hazards
//! that are to be put right, what is contested already, and for a steward the look round. Nothing is offered that is not this
//! person's, or that is over.

use chrono::NaiveDate;
use maud::{Markup, html};
use wuping_domain::appeal::{Against, Appeal, Stage as AppealStage};
use wuping_domain::facts::Actor;
use wuping_domain::hazard::Stage;
use wuping_domain::matter::{Deadline, Kind, Whose};
use wuping_domain::notice::{Issued, Kind as NoticeKind};
use wuping_domain::subject::{HazardOf, Subject};
use wuping_projections::queries::MatterView;

use crate::look::parts::*;
use crate::look::words::Lang;
use crate::web::docket::{Teller, href};
use crate::web::matter::address_of;

/// How premises stand to whoever looks at them.
pub(super) struct Doors {
    /// The premises' stream.
    own: String,
    /// Whether the person speaks for who owns or runs them; else the person looks after them.
    pub(super) answers: bool,
    hazards: Vec<HazardDoor>,
    /// Notices of decisions that the person contests already, or that were decided on an appeal of theirs.
    contested: Vec<String>,
    /// The person's open appeal against the grade in force.
    against_grade: Option<String>,
    /// The person's open appeal against a ban on letting.
    against_ban: Option<String>,
    /// The request to be graded again that waits for an answer.
    asked_again: Option<String>,
    /// Notices of the bans on letting, newest first.
    pub(super) ban_notices: Vec<BanNotice>,
}

/// A confirmed hazard that is not put right.
struct HazardDoor {
    stream: String,
    indicator: String,
    stage: Stage,
    due: Option<NaiveDate>,
    contested: bool,
}

/// A notice by which a ban was told.
pub(super) struct BanNotice {
    pub(super) stream: String,
    pub(super) document_number: String,
    pub(super) served: bool,
}

impl Doors {
    /// What stands open here to a person.
    pub(super) fn of(own: &str, subject: &Subject, actor: &Actor, today: NaiveDate) -> Self {
        let mine = |appeal: &&Appeal| appeal.filed_by == actor.account;
        let open = |fits: &dyn Fn(&Against) -> bool| {
            let mut all = subject.appeals.iter().map(|(key, of)| (key, &of.state));
            let found = all.find(|(_, appeal)| {
                appeal.is_open() && mine(appeal) && appeal.against.as_ref().is_some_and(fits)
            });
            found.map(|(key, _)| format!("{own}/appeal/{key}"))
        };
        let in_force = subject.grade.in_force().map(|binding| binding.determination.number);
        let used = |appeal: &&Appeal| appeal.is_open() || appeal.stage == AppealStage::Decided;
        let appealed: Vec<&Against> = subject
            .appeals
            .values()
            .map(|of| &of.state)
            .filter(|appeal| mine(appeal) && used(appeal))
            .filter_map(|appeal| appeal.against.as_ref())
            .collect();
        let issued = subject.notices.iter().filter_map(|(key, of)| {
            Some((format!("{own}/notice/{key}"), of.state.issued.clone()?, of.state.served.is_some()))
        });
        let notices: Vec<(String, Issued, bool)> = issued.collect();
        let mut bans: Vec<(NaiveDate, BanNotice)> = notices
            .iter()
            .filter(|(_, issued, _)| issued.kind == NoticeKind::Prohibition)
            .map(|(stream, issued, served)| {
                let (stream, document_number) = (stream.clone(), issued.document_number.clone());
                (issued.on, BanNotice { stream, document_number, served: *served })
            })
            .collect();
        bans.sort_by_key(|(on, _)| std::cmp::Reverse(*on));
        let told = |(_, issued, _): &&(String, Issued, bool)| appealed.contains(&&decided(issued));
        let asked = subject.reevaluations.iter();
        let asked = asked.filter(|(_, of)| of.state.requested_on.is_some() && of.state.answer.is_none());
        Self {
            own: own.to_owned(),
            answers: subject.premises.answered_for_by(actor, today),
            hazards: subject.hazards.iter().filter_map(|(key, of)| door(own, key, of, subject)).collect(),
            contested: notices.iter().filter(told).map(|(stream, ..)| stream.clone()).collect(),
            against_grade: open(&|against| {
                against.determination.is_some() && against.determination == in_force
            }),
            against_ban: open(&|against| against.prohibition.is_some()),
            asked_again: asked.map(|(key, _)| format!("{own}/reevaluation/{key}")).next(),
            ban_notices: bans.into_iter().map(|(_, notice)| notice).collect(),
        }
    }

    /// What the person can do now, each a line.
    pub(super) fn lines(
        &self,
        teller: &Teller<'_>,
        running: &[MatterView],
        notices: &[MatterView],
    ) -> Vec<Markup> {
        let lang = teller.lang;
        if !self.answers {
            return vec![look_round(lang, &self.own)];
        }
        let mut lines: Vec<Markup> = Vec::new();
        for hazard in &self.hazards {
            // what was found elsewhere and is another office's runs here as no matter
            if running.iter().any(|row| row.kind == Kind::Hazard && row.stream == hazard.stream) {
                lines.push(hazard.line(teller));
            }
        }
        for row in running.iter().filter(|row| row.kind == Kind::Appeal) {
            lines.push(pending(teller, row));
        }
        let runs = |due: &&Deadline| due.provisional || due.due >= teller.today || !due.lapses;
        for row in running.iter().chain(notices) {
            let party = row.deadlines.iter().filter(|due| due.whose == Whose::Party);
            // a hazard's own day stands with the hazard
            let rights = party.filter(|due| due.rule != RECTIFICATION).filter(runs);
            let open = rights.filter(|due| self.is_open(row, due));
            lines.extend(open.map(|due| self.right(teller, row, due)));
        }
        lines
    }

    /// Whether a time that runs from a notice is still the person's to use: nobody is told to appeal who has.
    pub(super) fn is_open(&self, row: &MatterView, due: &Deadline) -> bool {
        due.rule != APPEAL || !self.contested.contains(&row.stream)
    }

    /// A right whose time runs. The one that is gone through here leads to its form, the others to the notice that tells of them.
    fn right(&self, teller: &Teller<'_>, row: &MatterView, due: &Deadline) -> Markup {
        let to = if due.rule == APPEAL { self.form("appeal") } else { href(row) };
        html! {
            a href=(to) { (teller.lang.deadline(&due.rule)) } " — " (teller.day_of(due))
            " " span.quiet { (teller.name(row)) }
        }
    }

    /// A form on the page of the premises.
    fn form(&self, step: &str) -> String {
        format!("{}#step-{step}", address_of(&self.own))
    }

    /// The five ways to answer a grade, told apart: three lie here, two outside, whose times run on meanwhile. What was begun leads to
    /// where it is dealt with.
    pub(super) fn disagreeing(&self, lang: Lang) -> Markup {
        let reply = format!("{}#step-reply", address_of(&format!("{}/grade", self.own)));
        let request = match &self.asked_again {
            Some(request) => (
                address_of(request),
                lang.pick("已申请复评", "You asked to be graded again"),
                lang.pick("等待答复", "it awaits an answer"),
            ),
            None => (
                self.form("request"),
                lang.pick("申请复评", "Ask to be graded again"),
                lang.pick("整改以后，重新上门评定", "after works: the premises are assessed anew"),
            ),
        };
        let appeal = match &self.against_grade {
            Some(appeal) => (
                address_of(appeal),
                lang.pick("已提出申诉", "You have appealed"),
                lang.pick("正在办理", "it is being dealt with"),
            ),
            None => (
                self.form("appeal"),
                lang.pick("提出申诉", "Appeal"),
                lang.pick(
                    "认为结果不对，由没有参与过的人复核",
                    "the result is wrong: somebody who had no hand in it looks again",
                ),
            ),
        };
        let reply = (
            reply,
            lang.pick("作出说明", "Reply"),
            lang.pick("和等级一起公示，不改变等级", "shown beside the grade, which stays as it is"),
        );
        html! {
            details.more {
                summary { (lang.pick("不同意这个等级，可以怎么办", "What to do if you disagree with the grade")) }
                ul.doors {
                    @for (to, name, what) in [&reply, &request, &appeal] { li { a href=(to) { (name) } " — " (what) } }
                    li { (outside(lang)) }
                }
            }
        }
    }

    /// What a ban asks of who answers for the premises, and where it is contested.
    pub(super) fn of_the_ban(&self, lang: Lang, vacate: bool) -> Markup {
        let todo = if vacate {
            lang.pick(
                "您要做的：停止出租，按书面通知安排住在这里的人搬离。消除禁租的原因以后，由机关实名确认解除。",
                "What you are to do: let no more, and see that those who live here move out as the written notice says. \
                 Once its ground is gone the ban is lifted by a named person.",
            )
        } else {
            lang.pick(
                "您要做的：不再新出租，撤下出租信息；已经住在这里的人可以继续住。消除禁租的原因以后，由机关实名确认解除。",
                "What you are to do: let nothing anew and take down what offers it; those who live here may stay. Once its \
                 ground is gone the ban is lifted by a named person.",
            )
        };
        let unserved = self.ban_notices.iter().all(|notice| !notice.served);
        html! {
            p { (todo) }
            ul.doors {
                @for notice in &self.ban_notices {
                    li { a href=(address_of(&notice.stream)) { (lang.notice("prohibition")) " " (notice.document_number) } }
                }
                @if let Some(appeal) = &self.against_ban {
                    li { a href=(address_of(appeal)) { (lang.pick("您已对禁租提出申诉", "You have appealed against the ban")) } }
                } @else {
                    li { a href=(self.form("appeal")) { (lang.pick("对禁租不服，提出申诉", "Appeal against the ban")) } }
                }
                li { (outside(lang)) }
                @if unserved {
                    li.quiet { (lang.pick("决定书还没有送达您；申诉、复议、诉讼的期限从送达之日起算。", "The notice of it was not served on you yet; the times to contest it run from its service.")) }
                }
            }
        }
    }
}

impl HazardDoor {
    /// What it is, how it stands, and what can be done about it.
    fn line(&self, teller: &Teller<'_>) -> Markup {
        let lang = teller.lang;
        let to = address_of(&self.stream);
        let open = matches!(self.stage, Stage::Confirmed | Stage::Rectifying);
        html! {
            a href=(to) { (teller.hazard(&self.indicator)) } " — "
            @match (self.stage, self.due) {
                (Stage::Submitted, _) => (lang.pick("您已报告整改完成，等部门验收", "you said that it is put right; its department looks again")),
                (_, Some(due)) => {
                    (lang.pick("整改期限 ", "to be put right by "))
                    (deadline(lang, &DeadlineView { due, today: teller.today, standing: DeadlineStanding::Running }))
                },
                (Stage::Rectifying, None) => (lang.pick("已责令整改，期限从通知送达起算", "ordered to be put right; the time runs from the service of the order")),
                _ => (lang.pick("已核实，还没有责令整改；可以先整改", "confirmed, not ordered yet; you may put it right at once")),
            }
            @if open {
                br;
                a href={ (to) "#step-submit" } { (lang.pick("报告整改完成", "Report that it is put right")) }
                (lang.pick("，", ", "))
                @if self.contested {
                    span.quiet { (lang.pick("您的异议等待答复", "your objection awaits an answer")) }
                } @else {
                    a href={ (to) "#step-contest" } { (lang.pick("提出异议", "object")) }
                }
            }
        }
    }
}

fn door(own: &str, key: &str, of: &HazardOf, subject: &Subject) -> Option<HazardDoor> {
    let found = of.state.found.as_ref().filter(|_| of.state.stage.is_unsettled())?;
    Some(HazardDoor {
        stream: format!("{own}/hazard/{key}"),
        indicator: found.indicator.clone(),
        stage: of.state.stage,
        due: of.due(&subject.served).map(|due| due.day),
        contested: of.state.course.contested.is_some(),
    })
}

/// What a notice decided, as an appeal names it.
fn decided(issued: &Issued) -> Against {
    let building = issued.prohibition_of.as_ref().map(|building| format!("{building}/grade"));
    Against {
        stream: building.unwrap_or_else(|| issued.about.clone()),
        determination: issued.determination.filter(|_| issued.prohibition.is_none()),
        prohibition: issued.prohibition,
    }
}

/// What is contested already, with how far that is.
fn pending(teller: &Teller<'_>, row: &MatterView) -> Markup {
    let lang = teller.lang;
    let number = row.detail.as_deref().filter(|_| row.about == "grade");
    let number = number.map(|n| lang.pick(format!("（第 {n} 次等级结果）"), format!(" (grade no. {n})")));
    html! {
        a href=(href(row)) { (lang.pick("已提出的申诉", "The pending appeal")) } " — " (teller.stage(row))
        " " span.quiet { (lang.matter(&row.about)) (number.unwrap_or_default()) }
    }
}

/// Where a look round is recorded.
pub(super) fn look_round(lang: Lang, own: &str) -> Markup {
    html! {
        a href={ (address_of(own)) "#step-steward_check" } { (lang.pick("记录日常查看", "Record a look round")) }
    }
}

/// The ways that lie elsewhere.
fn outside(lang: Lang) -> &'static str {
    lang.pick(
        "申请行政复议、提起行政诉讼 — 不在本平台办理，向复议机关、法院提出；申诉不停止它们的期限",
        "Reconsideration and court — not here: with the organ and the court. An appeal does not stop their times",
    )
}

/// The deadline for an appeal.
const APPEAL: &str = "appeal_file";
/// The deadline by which a hazard is to be put right.
const RECTIFICATION: &str = "rectification";
