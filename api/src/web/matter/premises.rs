//! Premises at the desk: what is registered, what is open there, and everything that can be begun.

use std::sync::Arc;

use axum::extract::{Multipart, Path, Query, State};
use axum::response::Response;
use maud::{Markup, html};
use wuping_domain::assessment::Stage as AssessmentStage;
use wuping_domain::hazard::Stage as HazardStage;
use wuping_domain::passing::{Owed, owes};
use wuping_domain::premises::PartyRole;
use wuping_domain::report::Stage as ReportStage;
use wuping_domain::task::Stage as TaskStage;

use super::acting::{Page, act};
use super::clocks::{Clock, clocks_shown};
use super::forms::{Returned, Sending, returned_head, steps_now};
use super::offering::offered;
use super::reading::{Matter, Sight, read};
use super::step::Step;
use super::{Case, Opened, address_of, case_page, parties, receipt_of, stage, standing, steps, story};
use crate::app::App;
use crate::look::parts::*;
use crate::trying::Trial;
use crate::web::desk_page::{refused_page, unseen_page};
use crate::web::session::Signed;

/// `/desk/premises/{id}`; any code of the premises leads there too.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(premises): Path<String>,
    Query(opened): Query<Opened>,
) -> Response {
    match known(&app, &signed, &premises) {
        Ok(matter) => {
            let receipt = opened.recorded.and_then(|position| receipt_of(&matter, position));
            premises_page(&app, &signed, &matter, receipt, None)
        }
        Err(why) => unseen_page(&app, signed.lang, &signed, &why),
    }
}

/// A step of the premises, or the beginning of a matter under them.
pub(super) async fn take(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(premises): Path<String>,
    form: Multipart,
) -> Response {
    let matter = match known(&app, &signed, &premises) {
        Ok(matter) => matter,
        Err(why) => return refused_page(&app, signed.lang, Some(&signed), &why),
    };
    let own = matter.stream().to_owned();
    let year = matter.today().format("%Y").to_string();
    let page = Page {
        here: address_of(&own),
        steps: all().collect(),
        stream_of: &|step, id| {
            stream_of(step, &own, &format!("{}{}", &step.concept[..1], id.simple()), &year)
        },
        again: &|matter, returned| premises_page(&app, &signed, matter, None, returned),
    };
    act(&app, &signed, matter, form, page).await
}

fn all() -> impl Iterator<Item = &'static Step> {
    steps::starts().chain(steps::of("premises"))
}

/// The stream that a step goes to: the premises' own, the rounds of the year, or a new one.
fn stream_of(step: &Step, own: &str, key: &str, year: &str) -> String {
    match step.concept {
        "premises" => own.to_owned(),
        "patrol" => format!("{own}/patrol/{year}"),
        concept => format!("{own}/{concept}/{key}"),
    }
}

fn known(app: &App, signed: &Signed, premises: &str) -> Result<Matter, String> {
    let lang = signed.lang;
    let by_code = app.views.views().premises_by_code(premises).ok().flatten().map(|found| found.id);
    let id = by_code.unwrap_or_else(|| premises.to_owned());
    let matter = read(app, signed, &format!("premises/{id}")).ok();
    let matter = matter.filter(|matter| matter.register().is_some()).ok_or_else(|| {
        lang.say("没有这个编码的房屋，请核对后再试。", "No premises go by that code. Check it and try again.")
    })?;
    if matter.sight == Sight::None {
        return Err(lang.say(
            "这处房屋不在您的辖区，也不由您负责。公开信息请看房屋的公开页面。",
            "These premises are neither in your area nor yours. What is public of them is on their public page.",
        ));
    }
    Ok(matter)
}

/// What the office owes here unasked: a result to tell, a plaque to hang, people to warn.
fn owed(matter: &Matter) -> Vec<Clock> {
    let (lang, Some(subject), Some(rulebook)) = (matter.lang, matter.subject(), matter.rulebook()) else {
        return vec![];
    };
    let today = matter.today();
    let clock = |owed: Owed| {
        let whose = lang.role(&owed.whose);
        let standing = match owed.period.provisional {
            true => DeadlineStanding::Provisional,
            false => DeadlineStanding::Running,
        };
        Some(Clock {
            what: lang.pick(
                format!("{}（{whose}）", lang.deadline(owed.rule)),
                format!("{} ({whose})", lang.deadline(owed.rule)),
            ),
            due: owed.period.date()?,
            standing,
            otherwise: lang.say(
                "记机关逾期，注明由谁负责。",
                "it is marked as missed by the office, with whose it was.",
            ),
        })
    };
    let runs = owes(rulebook, matter.stream(), subject).into_iter();
    runs.filter(|owed| owed.rests.on(today).is_none()).filter_map(clock).collect()
}

/// What the office owes here and rests, for the grade that it follows from is suspended: until when, and when it ends then.
fn resting(matter: &Matter) -> Markup {
    let (lang, Some(subject), Some(rulebook)) = (matter.lang, matter.subject(), matter.rulebook()) else {
        return html! {};
    };
    let today = matter.today();
    let owed = owes(rulebook, matter.stream(), subject).into_iter();
    let fact = |owed: Owed| {
        let mut told = stage::suspended(lang, owed.rests.on(today)?);
        if let Some(due) = owed.period.date() {
            told.push_str(&lang.pick(format!("，之后最迟 {due}"), format!(", then due on {due}")));
        }
        Some(Fact::text(lang.deadline(owed.rule), told))
    };
    let facts_of: Vec<Fact> = owed.filter_map(fact).collect();
    html! {
        @if !facts_of.is_empty() {
            (section(lang.pick("中止的期限", "Terms that rest"), facts(&facts_of)))
        }
    }
}

fn premises_page(
    app: &App,
    signed: &Signed,
    matter: &Matter,
    receipt: Option<Markup>,
    returned: Option<&Returned>,
) -> Response {
    let lang = matter.lang;
    let (own, year) = (matter.stream(), matter.today().format("%Y").to_string());
    let here = address_of(own);
    let sending = Sending { here: &here, csrf: &signed.session.csrf };
    let beside = |step: &Step| -> Option<Trial> {
        app.trial_beside(&matter.trial, &stream_of(step, own, "new", &year)).ok()
    };
    let mut offered = offered(matter, all(), beside);
    // what somebody else may begin here is told on the matters, not here: the list would be everything there is
    offered.retain(|one| !matches!(one.standing, super::offering::Standing::Others(_)));
    let register = matter.register();
    let address = register.map(|register| register.address.clone()).unwrap_or_default();
    let kind = register.map(|register| lang.layer(&register.layer.to_string()).to_owned());
    let mut entries = story::story(app, matter);
    entries.reverse();
    let story = html! {
        (standing::standing(matter))
        (section(lang.pick("登记", "Register"), facts(&registered(matter))))
        (standing::units(app, matter))
        @if matter.sight != Sight::Public {
            (clocks_shown(lang, matter.today(), &owed(matter)))
            (resting(matter))
            (section(lang.pick("正在办的事", "What is going on here"), open_matters(matter)))
            (section(lang.pick("登记的经过", "History of the register"), timeline(lang, &entries)))
        }
        (link_list(&[
            Link::new(format!("/s/{}", matter.key()), lang.say("公开页面", "The public page")),
            Link::new(format!("/audit/{}", matter.key()), lang.say("每一条记录和证明", "Every record and its proof")),
        ]))
    };
    let stage = stage::stage(matter);
    let stage = Some(stage.as_str()).filter(|stage| !stage.is_empty());
    let heading = page_heading(kind.as_deref(), &address, stage);
    let steps = steps_now(matter, &offered, sending, returned);
    let returned = returned.map(|returned| returned_head(matter, &offered, returned));
    case_page(app, signed, &address, Case { heading, here, receipt, returned, story, steps })
}

fn registered(matter: &Matter) -> Vec<Fact> {
    let lang = matter.lang;
    let Some(register) = matter.register() else { return vec![] };
    let mut told = vec![Fact::code(
        lang.pick("编码", "Code"),
        register.codes.get("house_code").map_or(matter.key(), String::as_str),
    )];
    let number = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
    let places = [
        (lang.pick("街道", "Subdistrict"), register.subdistrict.clone()),
        (lang.pick("社区", "Community"), register.community.clone()),
        (lang.pick("网格", "Grid cell"), register.grid_cell.clone()),
        (lang.pick("层数", "Storeys"), number(register.storeys)),
        (lang.pick("套数", "Units"), number(register.units)),
    ];
    told.extend(
        places
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(label, value)| Fact::text(label, value)),
    );
    if let Some(parent) = &register.parent {
        let link =
            html! { a href={ "/desk/premises/" (parent) } { (lang.pick("所在楼栋", "The building")) } };
        told.push(Fact::new(lang.pick("所在", "Part of"), link));
    }
    if matter.sight != Sight::Public {
        let parties = matter.subject().into_iter().flat_map(|subject| &subject.premises.parties);
        told.extend(parties.map(|party| Fact::new(lang.role(&party.role), answering(matter, party))));
        told.extend(plaques(matter));
    }
    told
}

/// Who answers for the premises: by name where the person may read it, with a way to the party's page for who registers parties.
fn answering(matter: &Matter, party: &PartyRole) -> Markup {
    let lang = matter.lang;
    let name = matter.parties.get(&party.party);
    // what was recorded before it was asked says nothing of what it rests on
    let bare = party.basis.is_none() && party.role != "steward";
    html! {
        @if let Some(name) = name { bdi { (name) } " " }
        @if parties::registers(matter.actor()) {
            a href=(address_of(&format!("party/{}", party.party))) { code.hash { (party.party) } }
        } @else { code.hash { (party.party) } }
        @if let Some(until) = party.span.until { " " span.quiet { (lang.pick("到 ", "until ")) (day(lang, until)) } }
        @if bare { " " span.quiet { (lang.pick("没有写明依据", "no basis given")) } }
    }
}

/// The plaques at the door: what hangs, and what hung and is gone.
fn plaques(matter: &Matter) -> Vec<Fact> {
    let (lang, Some(subject)) = (matter.lang, matter.subject()) else { return vec![] };
    let hangs = subject.grade.plaques.values().map(|plaque| {
        let shows = plaque.shows.map(|star| lang.stars(Some(star))).unwrap_or_default();
        Fact::text(lang.plaque(plaque.plaque), format!("{} {shows}", lang.say("挂着", "hangs")).trim())
    });
    let gone = subject.grade.missing.iter().map(|(plaque, on)| {
        Fact::text(
            lang.plaque(*plaque),
            lang.pick(format!("{on} 发现不见了"), format!("found missing on {on}")),
        )
    });
    hangs.chain(gone).collect()
}

/// The matters of these premises that are not over, each a link; what the person may not see is not listed.
fn open_matters(matter: &Matter) -> Markup {
    let lang = matter.lang;
    let mut open = of_the_party(matter);
    if matter.sight == Sight::Office {
        open.extend(of_the_office(matter));
    }
    if open.is_empty() {
        return empty_state(lang.pick("这里没有正在办的事。", "Nothing is going on here."), None);
    }
    let links = open.into_iter().map(|Open { concept, key, about }| {
        let own = matter.stream();
        let stream =
            if key.is_empty() { format!("{own}/{concept}") } else { format!("{own}/{concept}/{key}") };
        let kind = if concept == "assessment" {
            lang.pick("评定", "Assessment")
        } else {
            stage::kind(lang, concept)
        };
        let label = if about.is_empty() {
            kind.to_owned()
        } else {
            format!("{kind}{}{about}", lang.pick("：", ": "))
        };
        Link::new(address_of(&stream), label)
    });
    link_list(&links.collect::<Vec<_>>())
}

/// A matter that is not over.
struct Open {
    concept: &'static str,
    key: String,
    about: String,
}

impl Open {
    fn new(concept: &'static str, key: &str, about: String) -> Self {
        Self { concept, key: key.to_owned(), about }
    }
}

/// What both sides see.
fn of_the_party(matter: &Matter) -> Vec<Open> {
    let (lang, Some(subject)) = (matter.lang, matter.subject()) else { return vec![] };
    let mut open = Vec::new();
    open.extend(subject.grade.latest.as_ref().map(|_| Open::new("grade", "", String::new())));
    let hazards = subject.hazards.iter().filter(|(_, of)| of.state.stage != HazardStage::Closed);
    open.extend(hazards.map(|(key, of)| {
        Open::new(
            "hazard",
            key,
            format!("{} · {}", matter.hazard(key), lang.case_state(of.state.stage.code())),
        )
    }));
    for (key, of) in &subject.notices {
        let Some(issued) = &of.state.issued else { continue };
        let served = match of.state.served {
            Some(_) => lang.case_state("served"),
            None => lang.pick("还没有送达", "not served yet"),
        };
        open.push(Open::new("notice", key, format!("{} · {served}", lang.notice(issued.kind.code()))));
    }
    let told = |code: &str| lang.undertaking(code).to_owned();
    let listed = subject.listings.iter().filter(|(_, of)| of.state.runs());
    open.extend(listed.map(|(key, of)| Open::new("listing", key, told(of.state.stage.code()))));
    let measures = subject.measures.iter().filter(|(_, of)| of.state.runs());
    open.extend(measures.map(|(key, of)| Open::new("measure", key, told(of.state.stage.code()))));
    let bare = |concept| move |key: &String| Open::new(concept, key, String::new());
    let appeals = subject.appeals.iter().filter(|(_, of)| of.state.is_open());
    open.extend(appeals.map(|(key, _)| key).map(bare("appeal")));
    let asked = subject.reevaluations.iter().filter(|(_, of)| of.state.answer.is_none());
    open.extend(asked.map(|(key, _)| key).map(bare("reevaluation")));
    open
}

/// What the office alone sees.
fn of_the_office(matter: &Matter) -> Vec<Open> {
    let (lang, Some(subject)) = (matter.lang, matter.subject()) else { return vec![] };
    let mut open = Vec::new();
    let going =
        [ReportStage::Received, ReportStage::Triaged, ReportStage::Substantiated, ReportStage::Dismissed];
    let reports = subject.reports.iter().filter(|(_, report)| going.contains(&report.stage));
    open.extend(reports.map(|(key, report)| {
        let stage = stage::report_stage(lang, report);
        Open::new("report", key, format!("{} · {stage}", matter.found(&report.category)))
    }));
    let tasks = subject.tasks.iter().filter(|(_, task)| task.stage != TaskStage::Done);
    open.extend(
        tasks.map(|(key, task)| Open::new("task", key, lang.case_state(task.stage.code()).to_owned())),
    );
    let bare = |concept| move |key: &String| Open::new(concept, key, String::new());
    let disputed = subject.disputes.iter().filter(|(_, of)| of.state.carried_out_on.is_none());
    open.extend(disputed.map(|(key, _)| key).map(bare("dispute")));
    open.extend(subject.incidents.keys().map(bare("incident")));
    let surveys = subject.surveys.iter().filter(|(_, survey)| survey.closed_on.is_none());
    open.extend(surveys.map(|(key, _)| key).map(bare("survey")));
    let visits = subject.visits.iter().filter(|(_, visit)| !visit.ended);
    open.extend(visits.map(|(key, _)| key).map(bare("visit")));
    let assessments = subject.assessments.iter().filter(|(_, of)| of.state.stage == AssessmentStage::Open);
    open.extend(assessments.map(|(key, _)| key).map(bare("assessment")));
    let due = subject.rounds.patrol.open.as_ref();
    open.extend(due.map(|open| Open::new("patrol", &open.due.format("%Y").to_string(), String::new())));
    open
}
