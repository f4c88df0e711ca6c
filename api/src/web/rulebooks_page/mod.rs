//! The pages on which a rulebook is made: written files come in and are checked, compared and rehearsed; one person records the
//! draft, another publishes it with a date and a document.

mod effect;
mod publishing;
mod recording;
mod trying;
mod uncollected;
mod waiting;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use maud::html;
use wuping_domain::draft::Drafted;
use wuping_domain::facts::Role;
use wuping_ledger::store::Scheme;
use wuping_projections::ViewsError;
use wuping_projections::queries::RulebookView;

use self::publishing::{publish, show};
use self::recording::record;
use self::trying::{tried, upload};
pub(in crate::web) use self::uncollected::uncollected;
use self::waiting::Waiting;
use crate::app::App;
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::people::{People, Told};
use crate::rulemaking::{newest, published, waiting_drafts};
use crate::web::desk_page::{broken_text, refused_page, shown, unseen_page};
use crate::web::docket_api::blocking;
use crate::web::rehearsing::OneAtATime;
use crate::web::rulemaking_api::FILES_BYTES_MAX;
use crate::web::session::Signed;

/// The routes of the pages.
pub fn router(app: Arc<App>, rehearsing: OneAtATime) -> Router {
    Router::new()
        .route("/desk/rulebooks", get(listed).post(tried))
        .route("/desk/rulebooks/draft", post(record))
        .route("/desk/rulebooks/drafts/{draft}", get(show).post(publish))
        .layer(DefaultBodyLimit::max(FILES_BYTES_MAX))
        .layer(Extension(Waiting::default()))
        .layer(Extension(rehearsing))
        .with_state(app)
}

/// Why the person may not see the pages; nothing for the commission's administrators.
fn must_be_commission(app: &App, signed: &Signed) -> Result<(), Box<Response>> {
    let lang = signed.lang;
    let actor = app
        .actor(&signed.session.account)
        .map_err(|_| Box::new(refused_page(app, lang, Some(signed), &broken_text(lang))))?;
    if actor.holds(Role::CommissionAdmin) {
        return Ok(());
    }
    let why = lang.pick(
        "评分规则由政法委管理员起草和发布。公布的规则在 /rules。",
        "Rulebooks are drafted and published by the commission's administrators. Published ones are at /rules.",
    );
    Err(Box::new(unseen_page(app, lang, signed, why)))
}

fn title(lang: Lang) -> &'static str {
    lang.pick("评分规则", "Rulebooks")
}

async fn listed(State(app): State<Arc<App>>, signed: Signed) -> Response {
    let lang = signed.lang;
    if let Err(page) = must_be_commission(&app, &signed) {
        return *page;
    }
    let house = app.clone();
    let read = blocking(move || {
        let (published, drafts) = (published(house.reader())?, waiting_drafts(&house)?);
        let stale: Vec<bool> = drafts.iter().map(|draft| is_stale(&published, &draft.drafted)).collect();
        let rules = in_order(&house)?;
        let uncollected = uncollected(&house, lang, &rules)?;
        Ok((rules, drafts, stale, uncollected))
    });
    let Ok((rules, drafts, stale, uncollected)) = read.await else {
        return refused_page(&app, lang, Some(&signed), &broken_text(lang));
    };
    let people = People::of(&app, Told::Name, drafts.iter().map(|draft| draft.by.as_str()));
    let drafted = drafts.iter().zip(stale).map(|(waiting, stale)| Row {
        href: Some(format!("/desk/rulebooks/drafts/{}", waiting.key)),
        cells: vec![
            html! { (waiting.drafted.id) },
            html! { (people.say(lang, &waiting.by)) },
            html! {
                @if stale { span.flag { (lang.pick("已过时，要在新版上重新起草", "stale: to be drafted again on top of the newest")) } }
                @else { (lang.pick("等另一位管理员发布", "waits for another administrator")) }
            },
        ],
        tone: if stale { Tone::Warning } else { Tone::Calm },
    });
    let columns = [("草案", "Draft"), ("起草人", "Drafted by"), ("状态", "State")];
    let drafted = TableView {
        caption: lang.say("等待发布的草案", "Drafts to be published"),
        columns: columns.map(|(zh, en)| Column::text(lang.pick(zh, en))).to_vec(),
        rows: drafted.collect(),
    };
    let body = html! {
        (page_heading(None, title(lang), Some(lang.pick(
            "上传写好的文件：先检查、比较、试算，不记录；确认后记为草案，由另一位管理员发布。",
            "Written files are checked, compared and rehearsed first, and nothing is recorded; then one administrator records the draft and another publishes it.",
        ))))
        (section(lang.pick("等待发布的草案", "Drafts to be published"), html! {
            @if drafted.rows.is_empty() {
                (empty_state(lang.pick("没有等待发布的草案。", "No draft waits."), None))
            } @else { (data_table(&drafted)) }
        }))
        (section(lang.pick("试一个草案", "Try a draft"), upload(&signed, None)))
        (section(lang.pick("已经发布", "Published"), data_table(&published_table(lang, &rules))))
        (uncollected)
    };
    shown(&app, lang, Some(&signed), title(lang), column(body)).into_response()
}

/// A published rulebook, and whether it is the one that governs its layer today.
pub(in crate::web) struct InOrder {
    rulebook: RulebookView,
    in_force: bool,
    to_come: bool,
}

/// Published rulebooks by layer, of each the newest day first.
pub(in crate::web) fn in_order(app: &App) -> Result<Vec<InOrder>, ViewsError> {
    let (views, today) = (app.views.views(), app.today());
    let mut rulebooks = views.rulebooks()?;
    rulebooks.sort_by(|a, b| {
        let place = |one: &RulebookView| (one.layer.to_string(), !one.operating);
        place(a).cmp(&place(b)).then((b.holds_from, b.position).cmp(&(a.holds_from, a.position)))
    });
    let mut found = Vec::new();
    for rulebook in rulebooks {
        let operating = views.operating_rulebook(rulebook.layer, today)?;
        let in_force = operating.is_some_and(|of| of.scheme == rulebook.scheme);
        let to_come = rulebook.operating && rulebook.holds_from > today;
        found.push(InOrder { rulebook, in_force, to_come });
    }
    Ok(found)
}

fn published_table(lang: Lang, rules: &[InOrder]) -> TableView {
    let columns = [
        ("规则", "Rulebook"),
        ("评什么", "What it grades"),
        ("自", "From"),
        ("状态", "State"),
        ("文号", "Document"),
    ];
    let row = |one: &InOrder| {
        let state = match one {
            one if one.in_force => lang.pick("正在施行", "in force"),
            one if one.to_come => lang.pick("以后施行", "in force later"),
            one if one.rulebook.operating => lang.pick("不再施行", "in force no more"),
            _ => lang.pick("只用来重算别处的评定", "grades what others have graded"),
        };
        Row {
            href: Some(format!("/rules/{}", one.rulebook.scheme.id)),
            cells: vec![
                html! { (one.rulebook.scheme.id) },
                html! { (lang.layer(&one.rulebook.layer.to_string())) },
                html! { (day(lang, one.rulebook.holds_from)) },
                html! { @if one.in_force { strong { (state) } } @else { (state) } },
                html! { bdi { (one.rulebook.document_number) } },
            ],
            tone: Tone::Calm,
        }
    };
    TableView {
        caption: lang.say("已经发布", "Published"),
        columns: columns.map(|(zh, en)| Column::text(lang.pick(zh, en))).to_vec(),
        rows: rules.iter().map(row).collect(),
    }
}

/// Whether another rulebook of the name was published after the one that a draft begins from: nobody publishes it then.
pub(super) fn is_stale(published: &[Scheme], drafted: &Drafted) -> bool {
    let newest = newest(published, &drafted.id).map(|of| &of.sha256);
    newest != drafted.base.as_ref().map(|base| &base.sha256)
}
