//! Recording a draft that was tried, its document first.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Form, State};
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

use super::must_be_commission;
use super::waiting::Waiting;
use crate::app::App;
use crate::rulemaking::keep_and_ask;
use crate::web::answering::{answered, asked_by_form};
use crate::web::desk_page::{broken_text, forged_text, refused_page};
use crate::web::session::Signed;

#[derive(Deserialize)]
pub(super) struct Recording {
    command_id: Uuid,
    csrf: String,
    #[serde(default)]
    note: String,
}

/// The draft that was tried is recorded, its document first.
pub(super) async fn record(
    State(app): State<Arc<App>>,
    Extension(waiting): Extension<Waiting>,
    signed: Signed,
    Form(asked): Form<Recording>,
) -> Response {
    let lang = signed.lang;
    if let Err(page) = must_be_commission(&app, &signed) {
        return *page;
    }
    let refused = |why: &str| refused_page(&app, lang, Some(&signed), why);
    if asked.csrf != signed.session.csrf {
        return refused(&forged_text(lang));
    }
    let Some(draft) = waiting.find(asked.command_id, &signed.session.account) else {
        return refused(lang.pick(
            "试过的草案已不在等候（超过一小时，或服务重新启动过）。请再上传一次。",
            "The draft that was tried waits no longer (an hour is over, or the server was started again). Upload it once more.",
        ));
    };
    let Ok(command) = keep_and_ask(&app, asked.command_id, &draft, Some(&asked.note)).await else {
        return refused(&broken_text(lang));
    };
    let there = format!("/desk/rulebooks/{}", command.stream.replacen("rulebook-draft/", "drafts/", 1));
    let command = asked_by_form(&app, &asked.command_id.to_string(), command.stream, command.command, None);
    answered(&app, &signed, app.execute(&signed.who, command).await, &there, "/desk/rulebooks")
}
