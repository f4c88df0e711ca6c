//! The matter page: what a matter is, how it stands, until when what must happen, its history, and the steps that the
//! person who looks may take now. One page for every kind, driven by the lists under `steps`.

mod acting;
mod appeal_times;
pub(crate) mod choices;
mod clocks;
mod credit;
mod credit_choices;
mod determined;
pub(crate) mod doubt;
pub(crate) mod filling;
pub(crate) mod forms;
mod late_statement;
mod letter;
mod meeting;
mod naming;
mod offering;
mod parties;
pub(crate) mod party_names;
mod photos;
mod premises;
pub(crate) mod reading;
mod situation;
pub(crate) mod stage;
mod standing;
pub(crate) mod step;
pub(crate) mod steps;
pub(crate) mod story;
pub(crate) mod undertakings;
pub(crate) mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Multipart, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use chrono::Utc;
use maud::{Markup, html};
use serde::Deserialize;
use wuping_domain::aggregate::Concept as _;
use wuping_domain::event::aggregate_type;
use wuping_domain::party::Party;

use self::acting::{Page, act};
use self::clocks::{clocks, clocks_shown};
use self::forms::{Returned, Sending, returned_head, steps_now};
use self::offering::offered;
use self::reading::{Matter, Sight, read};
use crate::app::{App, ExecuteError};
use crate::look::layout::{PrintHeader, Shows};
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::web::assessing::FORM_BYTES_MAX;
use crate::web::desk_page::{broken_text, failed_text, printed, refused_page, shown, unseen_page};
use crate::web::session::Signed;

/// The routes of matters, of premises at the desk, and of the photos of both.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/desk/matters/{*stream}", get(show).post(take))
        .route("/desk/hazards/{premises}/{hazard}", get(hazard))
        .route("/desk/premises/{premises}", get(premises::show).post(premises::take))
        .route("/desk/alerts", get(new_alert).post(issue_alert))
        .route("/desk/photos/{position}/{field}/{n}", get(photos::show))
        .merge(undertakings::routes())
        .merge(credit::routes())
        .merge(parties::routes())
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

/// Where a hazard's page lies; lists and bookmarks know this shorter address.
async fn hazard(Path((premises, hazard)): Path<(String, String)>) -> Redirect {
    Redirect::permanent(&address_of(&format!("premises/{premises}/hazard/{hazard}")))
}

/// What a page was opened with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Opened {
    recorded: Option<u64>,
}

async fn show(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(stream): Path<String>,
    Query(opened): Query<Opened>,
) -> Response {
    let here = address_of(&stream);
    // premises and assessments have pages of their own kind
    if !here.starts_with("/desk/matters/") {
        return Redirect::to(&here).into_response();
    }
    match known(&app, &signed, &stream) {
        Ok(mut matter) => {
            matter.situation = meeting::looked_at(&app, &matter).await;
            let receipt = opened.recorded.and_then(|position| receipt_of(&matter, position));
            matter_page(&app, &signed, &matter, receipt, None)
        }
        Err(why) => unseen_page(&app, signed.lang, &signed, &why),
    }
}

async fn take(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(stream): Path<String>,
    form: Multipart,
) -> Response {
    let matter = match known(&app, &signed, &stream) {
        Ok(matter) => matter,
        Err(why) => return refused_page(&app, signed.lang, Some(&signed), &why),
    };
    let concept = matter.concept().to_owned();
    let page = Page {
        here: address_of(&stream),
        steps: steps::of(&concept).collect(),
        stream_of: &|_, _| stream.clone(),
        again: &|matter, returned| matter_page(&app, &signed, matter, None, returned),
    };
    act(&app, &signed, matter, form, page).await
}

/// A matter that is there and that the person may see.
fn known(app: &App, signed: &Signed, stream: &str) -> Result<Matter, String> {
    let lang = signed.lang;
    let matter = read(app, signed, stream).map_err(|error| match error {
        // it may be there: nobody is to be told that it is not
        ExecuteError::Read(_) | ExecuteError::Unreadable(_) => failed_text(lang, &error),
        _ => no_matter(lang),
    })?;
    if matter.sight == Sight::None {
        return Err(lang.say(
            "这件事由承办人员办理；业主、管理人和楼栋长只能看自己房屋的事项。",
            "Those who deal with it see this; owners, operators and stewards see what is about their own premises.",
        ));
    }
    if matter.trial.entries.is_empty() {
        return Err(no_matter(lang));
    }
    Ok(matter)
}

fn no_matter(lang: Lang) -> String {
    lang.say(
        "没有这件事，请从待办或房屋页面进入。",
        "There is no such matter. Enter it from your work list or the premises' page.",
    )
}

/// The page, with what was recorded just now or with a form that came back.
fn matter_page(
    app: &App,
    signed: &Signed,
    matter: &Matter,
    receipt: Option<Markup>,
    returned: Option<&Returned>,
) -> Response {
    let lang = matter.lang;
    let here = address_of(matter.stream());
    let sending = Sending { here: &here, csrf: &signed.session.csrf };
    let offered = offered(matter, steps::of(matter.concept()), |_| Some(matter.trial.clone()));
    let (title, stage) = (stage::title(matter), stage::stage(matter));
    let mut entries = story::story(app, matter);
    entries.reverse();
    let story = html! {
        (letter::letter(app, matter))
        (determined::appealed(matter))
        (clocks_shown(lang, matter.today(), &clocks(matter)))
        (meeting::on_the_table(app, matter))
        (story::repair(lang, &entries))
        (section(lang.pick("经过（最近的在前）", "History, newest first"), timeline(lang, &entries)))
        (link_list(&links(matter)))
    };
    let heading = page_heading(Some(stage::kind(lang, matter.concept())), &title, Some(&stage));
    let steps = steps_now(matter, &offered, sending, returned);
    let returned = returned.map(|returned| returned_head(matter, &offered, returned));
    case_page(app, signed, &title, Case { heading, here, receipt, returned, story, steps })
}

/// The parts of a page on which steps are taken.
struct Case {
    heading: Markup,
    /// Its address, as it stands on paper.
    here: String,
    receipt: Option<Markup>,
    /// What was wrong with the form that came back.
    returned: Option<Markup>,
    story: Markup,
    steps: Markup,
}

fn case_page(app: &App, signed: &Signed, title: &str, case: Case) -> Response {
    let status = if case.returned.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let body = html! {
        (case.heading)
        // a receipt has a button of its own, which prints the page with it
        @if let Some(receipt) = &case.receipt { (receipt) }
        @if let Some(returned) = case.returned { (returned) }
        @if case.receipt.is_none() { (print_button(signed.lang)) }
        (case_columns(signed.lang, case.story, case.steps))
    };
    let newest = app.reader().size().ok().and_then(|size| size.checked_sub(1));
    let print = PrintHeader { address: case.here, shows: Shows::Position(newest), made_at: Utc::now() };
    (status, printed(app, signed, title, body, print)).into_response()
}

/// The ways on from a matter.
fn links(matter: &Matter) -> Vec<Link> {
    let lang = matter.lang;
    if matter.concept() == Party::TYPE {
        return of_party(matter);
    }
    let Some(premises) = matter.premises() else { return vec![] };
    let mut links = vec![Link::new(
        format!("/desk/premises/{premises}"),
        lang.say("这处房屋的全部事项", "All matters of these premises"),
    )];
    let subject = matter.subject();
    let about = match matter.concept() {
        "notice" => subject.and_then(|s| {
            s.notices.get(matter.key())?.state.issued.as_ref().map(|issued| issued.about.clone())
        }),
        "appeal" => subject.and_then(|s| {
            s.appeals.get(matter.key())?.state.against.as_ref().map(|against| against.stream.clone())
        }),
        "report" => subject.and_then(|s| {
            s.reports
                .get(matter.key())?
                .substantiated
                .as_ref()
                .map(|of| format!("premises/{premises}/hazard/{}", of.hazard))
        }),
        _ => None,
    };
    if let Some(about) = about {
        links.push(Link::new(
            address_of(&about),
            lang.pick(
                format!("所关于的{}", stage::kind(lang, aggregate_type(&about))),
                format!("What it is about: {}", stage::kind(lang, aggregate_type(&about)).to_lowercase()),
            ),
        ));
    }
    if matter.concept() == "hazard" {
        let notices = subject.into_iter().flat_map(|subject| &subject.notices);
        let own = notices
            .filter(|(_, of)| of.state.issued.as_ref().is_some_and(|issued| issued.about == matter.stream()));
        links.extend(own.map(|(key, of)| {
            let kind = of.state.issued.as_ref().map_or("", |issued| lang.notice(issued.kind.code()));
            Link::new(address_of(&format!("premises/{premises}/notice/{key}")), kind)
        }));
    }
    if matter.concept() == "grade" && subject.is_some_and(|subject| subject.grade.waiting().is_some()) {
        links.push(Link::new(
            format!("/desk/grades/{premises}"),
            lang.say("得分和理由", "Points and reasons"),
        ));
    }
    links.push(Link::new(format!("/s/{premises}"), lang.say("公开页面", "The public page")));
    links.push(Link::new(
        format!("/audit/{premises}"),
        lang.say("每一条记录和证明", "Every record and its proof"),
    ));
    links
}

/// The ways on from a party.
fn of_party(matter: &Matter) -> Vec<Link> {
    let (lang, party) = (matter.lang, matter.key());
    let merged = matter.trial.state::<Party>().merged_into;
    let goes_on = merged.map(|into| {
        let label = lang.pick(format!("继续使用的主体 {into}"), format!("The party that goes on: {into}"));
        Link::new(address_of(&format!("party/{into}")), label)
    });
    let file = Link::new(format!("/audit/credit/{party}"), lang.say("信用档案", "Credit file"));
    let search = parties::link(lang, matter.actor());
    goes_on.into_iter().chain([file]).chain(search).collect()
}

/// Where a stream has its page.
pub(in crate::web) fn address_of(stream: &str) -> String {
    let parts: Vec<&str> = stream.split('/').collect();
    match parts.as_slice() {
        ["premises", premises] => format!("/desk/premises/{premises}"),
        ["party", party, "credit"] => format!("/audit/credit/{party}"),
        ["premises", premises, "assessment", key] => format!("/desk/assessments/{premises}/{key}"),
        _ => format!("/desk/matters/{stream}"),
    }
}

/// What a person gets after something was recorded here: number, time, place.
pub(super) fn receipt_of(matter: &Matter, position: u64) -> Option<Markup> {
    let lang = matter.lang;
    let entry = matter.trial.entries.iter().find(|entry| entry.position == position)?;
    let time = |text: &str| text.parse().unwrap_or_default();
    let view = ReceiptView {
        what: lang.event(&entry.event_type).to_owned(),
        number: format!("{}-{}", matter.key(), entry.version),
        times: TwoTimes { claimed: time(&entry.occurred_at), received: time(&entry.recorded_at), flag: None },
        position,
        next: next(matter),
        links: vec![],
        proof: None,
    };
    Some(receipt(lang, &view))
}

/// What happens next: who is to act, and until when.
fn next(matter: &Matter) -> Vec<String> {
    let lang = matter.lang;
    let running = clocks(matter).into_iter().filter(|clock| clock.standing == DeadlineStanding::Running);
    let mut next: Vec<String> = vec![stage::stage(matter)];
    next.extend(
        running.map(|clock| format!("{}{}{}", clock.what, lang.pick("：", ": "), lang.day(clock.due))),
    );
    next.retain(|step| !step.is_empty());
    next
}

async fn new_alert(State(app): State<Arc<App>>, signed: Signed) -> Response {
    alert_page(&app, &signed, None)
}

async fn issue_alert(State(app): State<Arc<App>>, signed: Signed, form: Multipart) -> Response {
    let Ok(matter) = read(&app, &signed, "alert/new") else {
        return refused_page(&app, signed.lang, Some(&signed), &broken_text(signed.lang));
    };
    let page = Page {
        here: "/desk/alerts".to_owned(),
        steps: steps::of("alert").filter(|step| step.starts).collect(),
        stream_of: &|_, id| format!("alert/a{}", id.simple()),
        again: &|_, returned| alert_page(&app, &signed, returned),
    };
    act(&app, &signed, matter, form, page).await
}

/// A weather warning is taken down here; it lies under no premises.
fn alert_page(app: &App, signed: &Signed, returned: Option<&Returned>) -> Response {
    let lang = signed.lang;
    let Ok(matter) = read(app, signed, "alert/new") else {
        return refused_page(app, lang, Some(signed), &broken_text(lang));
    };
    let sending = Sending { here: "/desk/alerts", csrf: &signed.session.csrf };
    let starts = steps::of("alert").filter(|step| step.starts);
    let offered = offered(&matter, starts, |_| Some(matter.trial.clone()));
    let heading = lang.pick("天气预警", "Weather alerts");
    let body = html! {
        (page_heading(None, heading, None))
        @if let Some(returned) = returned { (returned_head(&matter, &offered, returned)) }
        (steps_now(&matter, &offered, sending, returned))
    };
    let page = shown(app, lang, Some(signed), heading, body);
    if returned.is_some() {
        (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
    } else {
        page.into_response()
    }
}
