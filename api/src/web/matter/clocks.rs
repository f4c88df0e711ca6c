//! Deadlines of a matter: what, until when, and what happens if nothing happens. Reckoned by the rules, never here.

use chrono::NaiveDate;
use maud::{Markup, html};
use wuping_domain::deadline::{Period, PeriodQuestion, period};
use wuping_domain::matter::Deadline;
use wuping_domain::notice::RemedyDate;

use super::reading::Matter;
use crate::look::parts::*;
use crate::look::words::Lang;

/// A deadline.
#[derive(Clone)]
pub(crate) struct Clock {
    /// What is due.
    pub(crate) what: String,
    /// The day.
    pub(crate) due: NaiveDate,
    /// Where it stands.
    pub(crate) standing: DeadlineStanding,
    /// What happens if nothing happens.
    pub(crate) otherwise: String,
}

/// The deadlines, one under the other.
pub(crate) fn clocks_shown(lang: Lang, today: NaiveDate, clocks: &[Clock]) -> Markup {
    html! {
        @if !clocks.is_empty() {
            (section(lang.pick("期限", "Deadlines"), html! {
                dl.facts {
                    @for clock in clocks {
                        div.fact {
                            dt { (clock.what) }
                            dd {
                                (deadline(lang, &DeadlineView { due: clock.due, today, standing: clock.standing }))
                                @if clock.standing == DeadlineStanding::Running || clock.standing == DeadlineStanding::Provisional {
                                    p.hint { (lang.pick("到期没有办：", "If nothing happens: ")) (clock.otherwise) }
                                }
                            }
                        }
                    }
                }
            }))
        }
    }
}

/// What runs for this matter.
pub(crate) fn clocks(matter: &Matter) -> Vec<Clock> {
    match matter.concept() {
        "alert" | "incident" | "premises" | "report" | "visit" => vec![],
        "appeal" => appeal(matter),
        "dispute" => dispute(matter),
        "grade" => grade(matter),
        "hazard" => hazard(matter),
        "notice" => notice(matter),
        "patrol" => patrol(matter),
        "reevaluation" => reevaluation(matter),
        "task" => task(matter),
        _ => vec![],
    }
    .into_iter()
    .collect()
}

fn running(what: impl Into<String>, due: NaiveDate, otherwise: String) -> Clock {
    Clock { what: what.into(), due, standing: DeadlineStanding::Running, otherwise }
}

fn of_period(what: &str, period: Period, otherwise: String) -> Option<Clock> {
    let standing = if period.provisional { DeadlineStanding::Provisional } else { DeadlineStanding::Running };
    Some(Clock { what: what.to_owned(), due: period.date()?, standing, otherwise })
}

fn hazard(matter: &Matter) -> Vec<Clock> {
    let lang = matter.lang;
    let Some(subject) = matter.subject() else { return vec![] };
    let Some(of) = subject.hazards.get(matter.key()) else { return vec![] };
    let mut clocks = Vec::new();
    if let Some(rulebook) = matter.rulebook() {
        for (rule, period) in of.office_deadlines(rulebook) {
            let otherwise = lang.pick(
                format!("记{}迟办，不计入责任人的逾期。", lang.department(&of.state.competent)),
                format!(
                    "{} is recorded as late; nothing counts against the party.",
                    lang.department(&of.state.competent)
                ),
            );
            clocks.extend(of_period(lang.deadline(rule), period, otherwise));
        }
    }
    if let Some(due) = of.due(&subject.served).filter(|_| of.state.stage.is_unsettled()) {
        let held = of.register_due(&subject.served).is_none();
        let otherwise = if held {
            lang.say(
                "责任人已按时提交，等部门的时间不算逾期。",
                "the party handed it in in time; waiting for the department does not count.",
            )
        } else {
            lang.say("记逾期，逐级上报，等级可能再降，影响信用。", "it is marked overdue and told to the next level; the grade may fall further, and credit with it.")
        };
        clocks.push(running(lang.deadline("rectification"), due.day, otherwise));
    }
    if let Some(until) = of.state.course.supervised_until {
        clocks.push(running(
            lang.say("挂牌督办到", "Supervised until"),
            until,
            lang.say("由街道决定是否继续。", "the subdistrict decides whether it goes on."),
        ));
    }
    clocks
}

/// A deadline of the office as the domain tells it of this matter.
fn office(matter: &Matter, rule: &str, otherwise: String) -> Vec<Clock> {
    let runs = matter.deadlines.iter().find(|deadline| deadline.rule == rule);
    let clock = |deadline: &Deadline| Clock {
        what: matter.lang.deadline(rule).to_owned(),
        due: deadline.due,
        standing: match deadline.provisional {
            true => DeadlineStanding::Provisional,
            false => DeadlineStanding::Running,
        },
        otherwise,
    };
    runs.map(clock).into_iter().collect()
}

fn appeal(matter: &Matter) -> Vec<Clock> {
    let slow = matter.lang.say(
        "记法务迟办；申诉不会因此丢失，仍可申请复议或起诉。",
        "the legal staff is recorded as late; the appeal is not lost, and reconsideration and court stay open.",
    );
    let otherwise = matter.lang.say(
        "记复核人迟办；申诉不会因此丢失，仍可申请复议或起诉。",
        "the reviewer is recorded as late; the appeal is not lost, and reconsideration and court stay open.",
    );
    [office(matter, "appeal_admit", slow), office(matter, "appeal_decide", otherwise)].concat()
}

fn notice(matter: &Matter) -> Vec<Clock> {
    let lang = matter.lang;
    let of = matter.subject().and_then(|subject| subject.notices.get(matter.key()));
    let Some(notice) = of.map(|of| &of.state) else { return vec![] };
    let clock = |date: &RemedyDate| {
        let over = !date.provisional && date.due < matter.today();
        let standing = match (date.provisional, over) {
            (true, _) => DeadlineStanding::Provisional,
            (_, true) => DeadlineStanding::Ended,
            _ => DeadlineStanding::Running,
        };
        let otherwise =
            lang.say("这一途径不再开放，决定继续有效。", "this way closes, and what was decided stands.");
        Clock { what: lang.deadline(&date.rule).to_owned(), due: date.due, standing, otherwise }
    };
    // premises that were never assessed have no rulebook by which dates are recorded: they are reckoned here, by the same rule
    let reckoned = match (&notice.issued, notice.served) {
        (Some(issued), Some((on, _))) if notice.remedy_dates.is_empty() => {
            let date = |rule: &str| {
                let period = period(matter.rulebook()?, &PeriodQuestion::of(rule, on)).ok()?;
                Some(RemedyDate {
                    rule: rule.to_owned(),
                    due: period.date()?,
                    provisional: period.provisional,
                })
            };
            issued.remedies.iter().filter_map(|remedy| date(&remedy.rule)).collect()
        }
        _ => vec![],
    };
    notice.remedy_dates.iter().chain(&reckoned).map(clock).collect()
}

fn dispute(matter: &Matter) -> Vec<Clock> {
    let lang = matter.lang;
    let of = matter.subject().and_then(|subject| subject.disputes.get(matter.key()));
    let Some(dispute) = of.map(|of| &of.state) else { return vec![] };
    let Some(notified) = &dispute.notified else { return vec![] };
    let standing = dispute.replied_on.map_or(DeadlineStanding::Running, DeadlineStanding::Met);
    let otherwise = lang.say(
        "记法务迟办，可能承担不利后果。",
        "the legal staff is recorded as late, and the office may lose by it.",
    );
    vec![Clock { what: lang.say("最迟答复", "Reply due"), due: notified.reply_by, standing, otherwise }]
}

fn task(matter: &Matter) -> Vec<Clock> {
    let lang = matter.lang;
    let task = matter.subject().and_then(|subject| subject.tasks.get(matter.key()));
    let open = task.filter(|task| task.stage != wuping_domain::task::Stage::Done);
    let due = open.and_then(|task| task.dispatched.as_ref()?.due);
    due.map(|due| {
        running(
            lang.say("最迟完成", "Due"),
            due,
            lang.say("派出人会看到它没有完成。", "whoever sent it sees that it was not done."),
        )
    })
    .into_iter()
    .collect()
}

fn reevaluation(matter: &Matter) -> Vec<Clock> {
    let otherwise = matter.lang.say("记承办方迟办。", "whoever deals with it is recorded as late.");
    office(matter, "reevaluation", otherwise)
}

fn grade(matter: &Matter) -> Vec<Clock> {
    let lang = matter.lang;
    let (Some(subject), Some(rulebook)) = (matter.subject(), matter.rulebook()) else { return vec![] };
    let Some(Ok(effect)) = subject.effect(rulebook) else { return vec![] };
    let Some(due) = effect.statement_by else { return vec![] };
    let standing = match (subject.grade.waiting().and_then(|(_, p)| p.spoken_on()), effect.provisional) {
        (Some(on), _) => DeadlineStanding::Met(on),
        (None, true) => DeadlineStanding::Provisional,
        (None, false) => DeadlineStanding::Running,
    };
    let otherwise =
        lang.say("视为没有陈述，由确认人决定是否生效。", "it counts as no statement; the confirmer decides.");
    vec![Clock { what: lang.deadline("statement").to_owned(), due, standing, otherwise }]
}

fn patrol(matter: &Matter) -> Vec<Clock> {
    let lang = matter.lang;
    let open = matter.subject().and_then(|subject| subject.rounds.patrol.open.as_ref());
    open.map(|open| {
        running(
            lang.say("下次巡查", "Next round"),
            open.due,
            lang.say("记漏巡一次。", "it is recorded as missed, once."),
        )
    })
    .into_iter()
    .collect()
}
