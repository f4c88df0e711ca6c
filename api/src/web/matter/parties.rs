//! Parties: those who register them look for one by number or name, and register one that is not there. Each has a page of its own.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Multipart, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use wuping_domain::facts::{Actor, Role};
use wuping_projections::queries::{CreditFilter, CreditLine, Page as ViewPage};

use super::acting::{Page, act};
use super::address_of;
use super::forms::{Returned, Sending, returned_head, steps_now};
use super::offering::offered;
use super::party_names::called;
use super::reading::read;
use super::steps;
use crate::app::App;
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::web::desk_page::{broken_text, refused_page, shown, unseen_page};
use crate::web::docket_api::{Failure, blocking};
use crate::web::session::Signed;

/// The routes.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route(PATH, get(show).post(register))
}

/// The way there, for whoever registers parties.
pub(super) fn link(lang: Lang, actor: &Actor) -> Option<Link> {
    registers(actor).then(|| Link::new(PATH, title(lang)))
}

/// Whether somebody registers parties.
pub(super) fn registers(actor: &Actor) -> bool {
    REGISTERING.iter().any(|role| actor.holds(*role))
}

fn title(lang: Lang) -> &'static str {
    lang.pick("主体（业主、管理人、企业）", "Parties: owners, operators, enterprises")
}

/// Who is looked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    q: String,
}

/// A party that was found, with its name.
struct Found {
    line: CreditLine,
    name: String,
}

async fn show(State(app): State<Arc<App>>, signed: Signed, Query(wanted): Query<Wanted>) -> Response {
    let (house, asked) = (app.clone(), wanted.q.trim().to_owned());
    if let Err(page) = must_register(&app, &signed) {
        return *page;
    }
    let found = match asked.is_empty() {
        true => vec![],
        false => match blocking(move || found(&house, &asked)).await {
            Ok(found) => found,
            Err(_) => return refused_page(&app, signed.lang, Some(&signed), &broken_text(signed.lang)),
        },
    };
    page(&app, &signed, &wanted, &found, None)
}

async fn register(State(app): State<Arc<App>>, signed: Signed, form: Multipart) -> Response {
    if let Err(page) = must_register(&app, &signed) {
        return *page;
    }
    let Ok(matter) = read(&app, &signed, UNBEGUN) else {
        return refused_page(&app, signed.lang, Some(&signed), &broken_text(signed.lang));
    };
    let act_on = Page {
        here: PATH.to_owned(),
        steps: steps::starts_apart("party").collect(),
        stream_of: &|_, id| format!("party/y{}", id.simple()),
        again: &|_, returned| page(&app, &signed, &Wanted::default(), &[], returned),
    };
    act(&app, &signed, matter, form, act_on).await
}

fn must_register(app: &App, signed: &Signed) -> Result<(), Box<Response>> {
    let lang = signed.lang;
    let actor = app
        .actor(&signed.session.account)
        .map_err(|_| Box::new(refused_page(app, lang, Some(signed), &broken_text(lang))))?;
    if registers(&actor) {
        return Ok(());
    }
    let why = lang.say(
        "主体由数据管理员和信用管理人员登记、更正和合并。",
        "Data clerks and credit officers register parties and put them right.",
    );
    Err(Box::new(unseen_page(app, lang, signed, &why)))
}

/// Whose number begins so, or whose name has these words in it. Names are private and in no view: each is read where it is kept.
fn found(app: &App, asked: &str) -> Result<Vec<Found>, Failure> {
    let all = app.views.views().credit_files(&CreditFilter::default(), ViewPage::whole())?;
    let mut found = Vec::new();
    for line in all.rows {
        let name = called(app, &line.party).map(|(_, name)| name).unwrap_or_default();
        if line.party.starts_with(asked) || name.contains(asked) {
            found.push(Found { line, name });
        }
    }
    found.sort_by(|a, b| (&a.name, &a.line.party).cmp(&(&b.name, &b.line.party)));
    Ok(found)
}

fn page(
    app: &App,
    signed: &Signed,
    wanted: &Wanted,
    found: &[Found],
    returned: Option<&Returned>,
) -> Response {
    let lang = signed.lang;
    let Ok(matter) = read(app, signed, UNBEGUN) else {
        return refused_page(app, lang, Some(signed), &broken_text(lang));
    };
    let offered = offered(&matter, steps::starts_apart("party"), |_| Some(matter.trial.clone()));
    let sending = Sending { here: PATH, csrf: &signed.session.csrf };
    let bar = FilterBar {
        action: PATH.to_owned(),
        filters: vec![Filter {
            name: "q".to_owned(),
            label: lang.say("编号或名称", "Number or name"),
            kind: FilterKind::Words(wanted.q.clone()),
        }],
        hidden: vec![],
        clear: None,
    };
    let body = html! {
        (page_heading(None, title(lang), None))
        @if let Some(returned) = returned { (returned_head(&matter, &offered, returned)) }
        (filter_bar(lang, &bar))
        @if !wanted.q.trim().is_empty() { (table(lang, found)) }
        (steps_now(&matter, &offered, sending, returned))
    };
    let status = if returned.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    (status, shown(app, lang, Some(signed), title(lang), body)).into_response()
}

fn table(lang: Lang, found: &[Found]) -> Markup {
    if found.is_empty() {
        return empty_state(lang.pick("没有找到。", "None was found."), None);
    }
    let columns = vec![
        Column::text(lang.pick("名称", "Name")),
        Column::text(lang.pick("编号", "Number")),
        Column::text(lang.pick("种类", "Kind")),
        Column::text(lang.pick("状态", "State")),
    ];
    let rows = found.iter().take(SHOWN_MAX).map(|Found { line, name }| Row {
        href: Some(address_of(&format!("party/{}", line.party))),
        cells: vec![
            html! { bdi { (if name.is_empty() { line.party.as_str() } else { name.as_str() }) } },
            html! { code.hash { (line.party) } },
            html! { @if line.kind == "enterprise" { (lang.pick("企业", "Enterprise")) } @else { (lang.pick("自然人", "Natural person")) } },
            html! { @if let Some(into) = &line.merged_into { (merged(lang, into)) } @else { "—" } },
        ],
        tone: Tone::Calm,
    });
    let caption = title(lang).to_owned();
    html! {
        (data_table(&TableView { caption, columns, rows: rows.collect() }))
        @if found.len() > SHOWN_MAX {
            p.quiet { (lang.pick(
                format!("找到 {} 个，只列出 {SHOWN_MAX} 个；请写得更具体。", found.len()),
                format!("{} were found and {SHOWN_MAX} are listed: write more of it.", found.len()),
            )) }
        }
    }
}

/// That a party goes on as another.
pub(super) fn merged(lang: Lang, into: &str) -> String {
    lang.pick(format!("已并入 {into}"), format!("Merged into {into}"))
}

const PATH: &str = "/desk/parties";
/// A party that is not registered.
const UNBEGUN: &str = "party/new";
const REGISTERING: [Role; 2] = [Role::CreditOfficer, Role::DataClerk];
const SHOWN_MAX: usize = 100;
