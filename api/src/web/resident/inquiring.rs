//! Asking about a vacant unit, without an account: the words, the name and the number are the service station's alone.

use std::sync::Arc;
use std::time::Instant;

use axum::Extension;
use axum::extract::{Form, Path, State};
use axum::http::{Extensions, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::pace::{Pace, Verdict};
use super::refused;
use crate::app::{App, Who};
use crate::web::answering::{asked_by_form, told};
use crate::web::session::caller;
use crate::web::state::{Asking, encoded};

/// What is asked.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Question {
    command_id: Option<Uuid>,
    name: String,
    phone: String,
    words: String,
}

/// Takes a question down.
pub(super) async fn ask(
    State(app): State<Arc<App>>,
    Extension(pace): Extension<Arc<Pace>>,
    asking: Asking,
    Path((premises, listing)): Path<(String, String)>,
    extensions: Extensions,
    Form(question): Form<Question>,
) -> Response {
    let lang = asking.lang;
    let page = format!("/vacancies/{}/{}", encoded(&premises), encoded(&listing));
    match pace.ask(caller(&extensions), &premises, Instant::now()) {
        Verdict::AtOnce => {}
        Verdict::After(wait) => tokio::time::sleep(wait).await,
        Verdict::Later => {
            let why = lang.say(
                "短时间内的询问太多了，请过几分钟再发送，或直接联系服务站。",
                "Too many questions came in a short time. Send it again in a few minutes, or call the service station.",
            );
            return refused(&app, &asking, StatusCode::TOO_MANY_REQUESTS, &why);
        }
    }
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let command = json!({
        "command": "inquire", "words": question.words.trim(), "name": given(&question.name), "phone": given(&question.phone),
    });
    let id = question.command_id.unwrap_or_else(Uuid::now_v7);
    let public = Who::Channel { name: "public".to_owned(), reference: listing.clone() };
    let stream = format!("premises/{premises}/listing/{listing}");
    let asked = asked_by_form(&app, &id.to_string(), stream, command, None);
    match app.execute(&public, asked).await {
        Ok(_) => Redirect::to(&format!("{page}?asked=yes")).into_response(),
        Err(error) => {
            let (why, todo) = told(lang, &error);
            let text = [vec![why], todo].concat().join(lang.gap());
            refused(&app, &asking, StatusCode::UNPROCESSABLE_ENTITY, &text)
        }
    }
}
