//! The page of a credit file, for credit, legal and audit staff, a department's officer who says for what, and the party itself;
//! and the list of files. Whoever opens a file is recorded first, every time; why is asked for once a day. A confirmer sees what waits
//! for the decision, and nothing else of the file.

mod parts;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Multipart, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use wuping_domain::access::OWN_FILE;
use wuping_domain::facts::{Actor, Role};
use wuping_domain::recorded::local_date;
use wuping_domain::rulebook::Layer;
use wuping_domain::subject::Subject;
use wuping_ledger::jcs;
use wuping_projections::queries::{CreditFilter, CreditLine, Page as ViewPage};

use super::acting::{Page, act};
use super::forms::{Returned, Sending, returned_head, steps_now};
use super::offering::offered;
use super::parties::merged;
use super::party_names::PartyNames;
use super::reading::{Matter, Sight, read};
use super::{Case, case_page, receipt_of, steps};
use crate::app::{App, ExecuteError};
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::web::credit_api::{not_shown, read as read_file, read_list};
use crate::web::desk_page::{broken_text, forged_text, refused_page, shown, unseen_page};
use crate::web::paging::{self, page_number};
use crate::web::session::Signed;

/// The routes.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/audit/credit", get(list))
        .route("/audit/credit/{party}", get(show).post(take))
        .route("/audit/credit/{party}/read", post(say_why))
        .route("/my/credit", get(mine))
}

/// What the page was come to by.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Coming {
    /// Position of the reading that was recorded a moment ago for this very opening.
    opened: Option<u64>,
    /// Position of what was recorded here a moment ago.
    recorded: Option<u64>,
}

async fn show(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(party): Path<String>,
    Query(coming): Query<Coming>,
) -> Response {
    let matter = match known(&app, &signed, &party) {
        Ok(matter) => matter,
        Err(why) => return unseen_page(&app, signed.lang, &signed, &why),
    };
    let receipt = coming.recorded.and_then(|position| receipt_of(&matter, position));
    let opening = opened_as(&app, &signed, &party);
    match opening {
        Ok(Opening::Decides) => file_page(&app, &signed, &matter, receipt, None),
        Ok(Opening::Own | Opening::Again { .. }) => {
            let read = match is_being_opened(&app, &signed, &party, coming.opened) {
                Ok(true) => Ok(()),
                Ok(false) => record_reading(&app, &signed, &party, opening).await,
                Err(error) => Err(error),
            };
            match read {
                Ok(()) => file_page(&app, &signed, &matter, receipt, None),
                Err(error) => unread(&app, &signed, &error),
            }
        }
        Ok(Opening::Asked) => asked_page(&app, &signed, &party, None),
        // who has just decided gets the receipt, and nothing else of the file
        Ok(Opening::Refused(_)) if receipt.is_some() && said_by(&matter, &signed, coming.recorded) => {
            let title = signed.lang.pick("信用档案", "Credit file");
            let body = html! { (page_heading(Some(title), &party, None)) @if let Some(receipt) = receipt { (receipt) } };
            shown(&app, signed.lang, Some(&signed), title, body).into_response()
        }
        Ok(Opening::Refused(why)) => {
            not_shown(&signed.session.account, &party, "not_open_to_this_person");
            unseen_page(&app, signed.lang, &signed, &why)
        }
        Err(error) => unread(&app, &signed, &error),
    }
}

/// Records that this person reads the file now, before it is shown.
async fn record_reading(
    app: &App,
    signed: &Signed,
    party: &str,
    opening: Result<Opening, ExecuteError>,
) -> Result<(), ExecuteError> {
    match opening? {
        Opening::Own => read_file(app, &signed.who, party, OWN_FILE, "").await.map(drop),
        Opening::Again { why, at } => {
            let purpose = signed.lang.pick(
                format!("当日再次查看，用途见账本第 {at} 条"),
                format!("opened again on the same day, for what was said at entry {at}"),
            );
            read_file(app, &signed.who, party, &why, &purpose).await.map(drop)
        }
        Opening::Asked | Opening::Decides | Opening::Refused(_) => Ok(()),
    }
}

/// Whether this person said what stands at a position of the file.
fn said_by(matter: &Matter, signed: &Signed, position: Option<u64>) -> bool {
    let entry = matter.trial.entries.iter().find(|entry| Some(entry.position) == position);
    let said = entry.and_then(|entry| serde_json::from_str::<Value>(&entry.data).ok());
    said.is_some_and(|said| said["by"] == json!(signed.session.account))
}

/// The party's own file; of several the first that there is. Who answers for premises without being registered as a party, and
/// a steward who speaks for nobody, has none yet.
async fn mine(State(app): State<Arc<App>>, signed: Signed) -> Response {
    let Ok(actor) = app.actor(&signed.session.account) else {
        return refused_page(&app, signed.lang, Some(&signed), &broken_text(signed.lang));
    };
    let parties = actor.grants.iter().filter_map(|grant| grant.party.as_ref());
    match parties.into_iter().find(|party| known(&app, &signed, party).is_ok()) {
        Some(party) => Redirect::to(&format!("/audit/credit/{party}")).into_response(),
        None => empty_file(&app, &signed),
    }
}

fn empty_file(app: &App, signed: &Signed) -> Response {
    let lang = signed.lang;
    let title = lang.pick("我的信用", "My credit");
    let none = lang.pick(
        "还没有信用记录。您登记为出租房屋的责任人，并且房屋评定了等级，或者有承诺、失信等记录以后，这里才会有。",
        "There is no credit record yet. One begins once you are registered as answering for let premises and these are graded, or a \
         commitment or conduct is recorded.",
    );
    let body = html! { (page_heading(None, title, None)) (empty_state(none, Some(&Link::new("/my", lang.say("我的房屋", "My premises"))))) };
    shown(app, lang, Some(signed), title, body).into_response()
}

/// What a reader says before a file is opened.
#[derive(Deserialize)]
struct Why {
    csrf: String,
    purpose: String,
}

async fn say_why(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(party): Path<String>,
    Form(said): Form<Why>,
) -> Response {
    if said.csrf != signed.session.csrf {
        return refused_page(&app, signed.lang, Some(&signed), &forged_text(signed.lang));
    }
    match read_file(&app, &signed.who, &party, "", &said.purpose).await {
        Ok(position) => Redirect::to(&format!("/audit/credit/{party}?opened={position}")).into_response(),
        Err(ExecuteError::Rejected(rejection)) => {
            let told = signed.lang.pick(rejection.zh(), rejection.en());
            asked_page(&app, &signed, &party, Some(told))
        }
        Err(error) => unread(&app, &signed, &error),
    }
}

async fn take(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(party): Path<String>,
    form: Multipart,
) -> Response {
    let matter = match known(&app, &signed, &party) {
        Ok(matter) => matter,
        Err(why) => return refused_page(&app, signed.lang, Some(&signed), &why),
    };
    let opening = opened_as(&app, &signed, &party);
    if !matches!(opening, Ok(Opening::Again { .. } | Opening::Decides | Opening::Own)) {
        return Redirect::to(&format!("/audit/credit/{party}")).into_response();
    }
    let stream = matter.stream().to_owned();
    let page = Page {
        here: format!("/audit/credit/{party}"),
        steps: steps::of("credit").collect(),
        stream_of: &|_, _| stream.clone(),
        again: &|matter, returned| file_page(&app, &signed, matter, None, returned),
    };
    let answered = act(&app, &signed, matter, form, page).await;
    if answered.status().is_redirection() {
        return answered;
    }
    // what is given back to be mended shows the file again
    match record_reading(&app, &signed, &party, opening).await {
        Ok(()) => answered,
        Err(error) => unread(&app, &signed, &error),
    }
}

/// How somebody comes to a file.
enum Opening {
    /// It was read on the same day, by what stands at that position, and is read for the same.
    Again {
        /// Why, as it was said then.
        why: String,
        /// Where that was said.
        at: u64,
    },
    /// It has to be said first what it is read for.
    Asked,
    /// As the one who confirms the lowest class: only what waits.
    Decides,
    /// As the party itself.
    Own,
    /// Not at all.
    Refused(String),
}

fn opened_as(app: &App, signed: &Signed, party: &str) -> Result<Opening, ExecuteError> {
    let actor = app.actor(&signed.session.account)?;
    let trial = app.trial(&signed.who, &format!("access/{party}"))?;
    let would = |why: &str| trial.answer(&json!({ "command": "read_file", "why": why, "purpose": "…" }));
    use crate::trying::Answer;
    Ok(match (would(OWN_FILE), would("casework")) {
        (Answer::New, _) => Opening::Own,
        (_, Answer::New) => match said_today(app, &actor, party)? {
            Some((at, why)) => Opening::Again { why, at },
            None => Opening::Asked,
        },
        _ if actor.holds(Role::Confirmer) && file(app, party)?.credit.state.waits_for_confirmer() => {
            Opening::Decides
        }
        (_, Answer::Refused(rejection)) => Opening::Refused(signed.lang.pick(rejection.zh(), rejection.en())),
        _ => Opening::Refused(broken_text(signed.lang)),
    })
}

/// Where this account said today, for the first time, why it reads the file, and what it said.
fn said_today(app: &App, actor: &Actor, party: &str) -> Result<Option<(u64, String)>, ExecuteError> {
    let today = app.today();
    let entries = app.reader().stream(&format!("access/{party}"))?;
    Ok(entries.iter().find_map(|entry| {
        let said: Value = serde_json::from_str(&entry.data).unwrap_or_default();
        let on = entry.occurred_at.parse().map(local_date);
        let own = said["by"] == json!(actor.account) && on.is_ok_and(|on| on == today);
        own.then(|| Some((entry.position, said["why"].as_str()?.to_owned())))?
    }))
}

/// Whether the page is come to by the very opening that was recorded at this position: by this person, within the minute. The address
/// of the page is kept by browsers; come to later, it is another opening.
fn is_being_opened(
    app: &App,
    signed: &Signed,
    party: &str,
    opened: Option<u64>,
) -> Result<bool, ExecuteError> {
    let Some(opened) = opened else { return Ok(false) };
    let entries = app.reader().stream(&format!("access/{party}"))?;
    let entry = entries.iter().find(|entry| entry.position == opened);
    Ok(entry.is_some_and(|entry| {
        let said: Value = serde_json::from_str(&entry.data).unwrap_or_default();
        let at: Option<DateTime<Utc>> = entry.recorded_at.parse().ok();
        let age = at.map(|at| app.now().datetime() - at);
        said["by"] == json!(signed.session.account) && age.is_some_and(|age| age < OPENING_LASTS)
    }))
}

fn file(app: &App, party: &str) -> Result<Subject, ExecuteError> {
    app.subject(&format!("party/{party}"))
}

fn known(app: &App, signed: &Signed, party: &str) -> Result<Matter, String> {
    let lang = signed.lang;
    let none = || lang.say("没有登记这个主体。", "No such party is registered.");
    let matter = read(app, signed, &format!("party/{party}/credit")).map_err(|_| none())?;
    let registered = matter.trial.facts.party.as_ref().is_some_and(|party| party.registered.is_some());
    if registered { Ok(matter) } else { Err(none()) }
}

fn unread(app: &App, signed: &Signed, error: &ExecuteError) -> Response {
    let lang = signed.lang;
    if let ExecuteError::Rejected(rejection) = error {
        return unseen_page(app, lang, signed, &lang.pick(rejection.zh(), rejection.en()));
    }
    refused_page(app, lang, Some(signed), &broken_text(lang))
}

/// What is asked before a file is opened.
fn asked_page(app: &App, signed: &Signed, party: &str, wrong: Option<String>) -> Response {
    let lang = signed.lang;
    let title = lang.pick("查看信用档案", "Read a credit file");
    let view = FormView {
        action: format!("/audit/credit/{party}/read"),
        csrf: signed.session.csrf.clone(),
        command_id: Uuid::now_v7().to_string(),
        expected: None,
        files: false,
        submit: lang.say("登记并查看", "Record it and read"),
    };
    let body = html! {
        (page_heading(Some(title), party, None))
        (notice_box(Tone::Calm, lang.pick("每次查看都会登记", "Every reading is recorded"), &[lang.say(
            "谁、什么时候、为什么查看，先登记再显示，当事人可以看到。",
            "Who reads it, when and why is recorded before anything is shown, and the party sees it.",
        )]))
        (form(&view, text_field(lang, &TextField {
            name: "purpose".to_owned(),
            label: lang.say("查看的用途", "What it is read for"),
            hint: Some(lang.say("例如：安排下个月的检查", "For example: planning next month's inspection")),
            error: wrong,
            ..TextField::default()
        })))
    };
    shown(app, lang, Some(signed), title, body).into_response()
}

fn file_page(
    app: &App,
    signed: &Signed,
    matter: &Matter,
    receipt: Option<Markup>,
    returned: Option<&Returned>,
) -> Response {
    let lang = matter.lang;
    let party = matter.stream().split('/').nth(1).unwrap_or_default().to_owned();
    let Ok(subject) = file(app, &party) else {
        return refused_page(app, lang, Some(signed), &broken_text(lang));
    };
    let here = format!("/audit/credit/{party}");
    let sending = Sending { here: &here, csrf: &signed.session.csrf };
    let offered = offered(matter, steps::of("credit"), |_| Some(matter.trial.clone()));
    let decides = matches!(opened_as(app, signed, &party), Ok(Opening::Decides));
    let story =
        if decides { parts::waiting(matter, &subject) } else { parts::whole(app, matter, &party, &subject) };
    let title = format!("{} {}", lang.pick("信用档案", "Credit file"), matter.parties.say(lang, &party));
    let heading =
        page_heading(Some(parts::kind(lang, &subject)), &title, Some(&parts::stands(lang, &subject)));
    let steps = steps_now(matter, &offered, sending, returned);
    let returned = returned.map(|returned| returned_head(matter, &offered, returned));
    case_page(app, signed, &title, Case { heading, here, receipt, returned, story, steps })
}

/// Which files are listed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    class: String,
    page: String,
}

async fn list(State(app): State<Arc<App>>, signed: Signed, Query(wanted): Query<Wanted>) -> Response {
    let lang = signed.lang;
    let Ok(actor) = app.actor(&signed.session.account) else {
        return refused_page(&app, lang, Some(&signed), &broken_text(lang));
    };
    if !LISTING.iter().any(|role| actor.holds(*role)) {
        let why = lang.say(
            "信用档案清单由信用、法制和审计人员查看。",
            "The list of credit files is for credit, legal and audit staff.",
        );
        return unseen_page(&app, lang, &signed, &why);
    }
    let class = Some(wanted.class.clone()).filter(|class| !class.is_empty());
    let number = page_number(&wanted.page);
    let filter = CreditFilter { class, waiting: false };
    let Ok(found) = app.views.views().credit_files(&filter, ViewPage::of(number)) else {
        return refused_page(&app, lang, Some(&signed), &broken_text(lang));
    };
    // who reads the list is recorded like who reads a file, with the digest of what it says
    let shown_rows = json!(found.rows);
    let recorded = match jcs::canonical(&shown_rows) {
        Ok(bytes) => read_list(&app, &signed.who, ("", ""), found.rows.len(), &bytes).await,
        Err(refusal) => Err(refusal.into()),
    };
    if let Err(error) = recorded {
        return unread(&app, &signed, &error);
    }
    let title = lang.pick("信用档案", "Credit files");
    let columns = [
        lang.pick("主体", "Party"),
        lang.pick("等级", "Class"),
        lang.pick("要办的事", "What waits"),
        lang.pick("计算日期", "Rated on"),
    ];
    let parties = found.rows.iter().map(|line| line.party.as_str());
    let names = PartyNames::of(&app, (&actor, Sight::Register), parties);
    let rows = found.rows.iter().map(|line| Row {
        href: Some(format!("/audit/credit/{}", line.party)),
        cells: vec![
            html! {
                bdi { (names.say(lang, &line.party)) }
                @if let Some(into) = &line.merged_into { " " span.flag { (merged(lang, into)) } }
            },
            html! { (line.shown.as_deref().map_or(lang.pick("还没有", "none yet"), |class| lang.credit(class))) },
            html! { (waits(lang, line)) },
            html! { @if let Some(on) = line.rated_on { (day(lang, on)) } @else { "—" } },
        ],
        tone: if line.waits_for_confirmer || line.objections > 0 { Tone::Warning } else { Tone::Calm },
    });
    let table = TableView {
        caption: title.to_owned(),
        columns: columns.into_iter().map(Column::text).collect(),
        rows: rows.collect(),
    };
    let at = |number: u64| format!("/audit/credit?class={}&page={number}", wanted.class);
    let body = html! {
        (page_heading(None, title, None))
        (filter_bar(lang, &bar(&app, lang, &wanted.class)))
        @if found.rows.is_empty() && wanted.class.is_empty() {
            (empty_state(lang.pick(
                "还没有信用档案：登记了主体以后才有。",
                "There is no credit file yet: one begins when a party is registered.",
            ), None))
        } @else if found.rows.is_empty() {
            (empty_state(lang.pick("没有这个等级的档案。", "No file is of this class."), Some(&Link::new("/audit/credit", lang.pick("看全部档案", "See all files")))))
        } @else { (data_table(&table)) }
        (paging::ways(lang, &found, at))
    };
    shown(&app, lang, Some(&signed), title, body).into_response()
}

/// The classes that the rulebook in use has, to choose one of.
fn bar(app: &App, lang: Lang, chosen: &str) -> FilterBar {
    let rulebook = app.operating(Layer::Building).ok().flatten();
    let classes = rulebook.iter().filter_map(|rulebook| rulebook.policy.credit.as_ref());
    let mut choices = vec![Choice::new("", lang.say("全部", "All"), chosen)];
    choices.extend(
        classes
            .flat_map(|policy| &policy.classes)
            .map(|class| Choice::new(class.id.as_str(), lang.credit(&class.id), chosen)),
    );
    FilterBar {
        action: "/audit/credit".to_owned(),
        filters: vec![Filter {
            name: "class".to_owned(),
            label: lang.say("等级", "Class"),
            kind: FilterKind::Choice(choices),
        }],
        hidden: vec![],
        clear: (!chosen.is_empty()).then(|| "/audit/credit".to_owned()),
    }
}

/// What somebody has to do in a file.
fn waits(lang: Lang, line: &CreditLine) -> String {
    let count = |n: u64, zh: &str, en: &str| (n > 0).then(|| format!("{}{n}", lang.pick(zh, en)));
    let waits = [
        line.waits_for_confirmer.then(|| lang.say("最低等级待确认", "the lowest class")),
        count(line.objections, "异议 ", "objections "),
        count(line.repairs, "修复申请 ", "repairs "),
        count(line.outbox, "待平台接收 ", "reports "),
    ];
    let waits: Vec<String> = waits.into_iter().flatten().collect();
    if waits.is_empty() { "—".to_owned() } else { waits.join(lang.pick("、", ", ")) }
}

/// Who works through the list.
const LISTING: [Role; 3] = [Role::Auditor, Role::CreditOfficer, Role::LegalOfficer];
/// How long an opening goes on between its being recorded and the page that shows the file.
const OPENING_LASTS: TimeDelta = TimeDelta::seconds(60);
