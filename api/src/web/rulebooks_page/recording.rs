//! Recording a draft that was tried, its document first.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Form, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use wuping_domain::derivation::SchemeRef;

use super::waiting::Waiting;
use super::{DRAFTS, must_be_commission};
use crate::app::App;
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
    if app.ledger.writer().keep_scheme(draft.compiled.document()).await.is_err() {
        return refused(&broken_text(lang));
    }
    let base = draft.base.as_ref().map(|base| SchemeRef { id: base.id.clone(), sha256: base.sha256.clone() });
    let key = format!("d{}", asked.command_id.simple());
    let note = Some(asked.note.trim()).filter(|note| !note.is_empty());
    let command = json!({
        "command": "draft", "id": draft.compiled.scheme.id, "layer": draft.compiled.rulebook.layer,
        "sha256": draft.compiled.scheme.sha256, "base": base, "note": note,
    });
    let stream = format!("{DRAFTS}{key}");
    let asked = asked_by_form(&app, &asked.command_id.to_string(), stream, command, None);
    let there = format!("/desk/rulebooks/drafts/{key}");
    answered(&app, &signed, app.execute(&signed.who, asked).await, &there, "/desk/rulebooks")
}
