//! The pages on which a rulebook is made: written files come in and are checked, compared and rehearsed; one person records the
//! draft, another publishes it with a date and a document.

mod effect;
mod publishing;
mod recording;
mod trying;
mod waiting;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use maud::html;
use wuping_domain::facts::Role;

use self::publishing::{publish, show};
use self::recording::record;
use self::trying::{tried, upload};
use self::waiting::Waiting;
use crate::app::App;
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::people::{People, Told};
use crate::rulemaking::{published, waiting_drafts};
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
    let read = blocking(move || Ok((published(house.reader())?, waiting_drafts(&house)?)));
    let Ok((published, drafts)) = read.await else {
        return refused_page(&app, lang, Some(&signed), &broken_text(lang));
    };
    let rules: Vec<Link> =
        published.iter().map(|one| Link::new(format!("/rules/{}", one.id), one.id.clone())).collect();
    let people = People::of(&app, Told::Name, drafts.iter().map(|draft| draft.by.as_str()));
    let drafted: Vec<Link> = drafts
        .iter()
        .map(|waiting| {
            let (key, id, by) = (&waiting.key, &waiting.drafted.id, people.say(lang, &waiting.by));
            let label = lang.pick(format!("{id}，{by}起草"), format!("{id}, drafted by {by}"));
            Link::new(format!("/desk/rulebooks/drafts/{key}"), label)
        })
        .collect();
    let body = html! {
        (page_heading(None, title(lang), Some(lang.pick(
            "上传写好的文件：先检查、比较、试算，不记录；确认后记为草案，由另一位管理员发布。",
            "Written files are checked, compared and rehearsed first, and nothing is recorded; then one administrator records the draft and another publishes it.",
        ))))
        (section(lang.pick("等待发布的草案", "Drafts to be published"), html! {
            @if drafted.is_empty() {
                (empty_state(lang.pick("没有等待发布的草案。", "No draft waits."), None))
            } @else { (link_list(&drafted)) }
        }))
        (section(lang.pick("试一个草案", "Try a draft"), upload(&signed)))
        (section(lang.pick("已经发布", "Published"), link_list(&rules)))
    };
    shown(&app, lang, Some(&signed), title(lang), column(body)).into_response()
}
