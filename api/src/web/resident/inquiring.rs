//! Asking about a vacant unit, without an account: the words, the name and the number are the service station's alone.

use std::sync::Arc;
use std::time::Instant;

use axum::Extension;
use axum::extract::{Form, Path, State};
use axum::http::{Extensions, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::pace::{Pace, Verdict};
use super::public_page;
use crate::app::{App, Who};
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::web::answering::{asked_by_form, told};
use crate::web::session::caller;
use crate::web::state::{Asking, encoded};
use crate::web::vacancies::{Typed, inquiry_form};

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
    let errors = question.wrong(lang);
    let again = |question: Question, errors: Vec<FieldError>, status: StatusCode| {
        let Question { command_id, name, phone, words } = question;
        let typed = Typed { command_id, name, phone, words, errors };
        form_again(&app, &asking, (&premises, &page), &typed, status)
    };
    if !errors.is_empty() {
        return again(question, errors, StatusCode::UNPROCESSABLE_ENTITY);
    }
    match pace.ask(caller(&extensions), &premises, Instant::now()) {
        Verdict::AtOnce => {}
        Verdict::After(wait) => tokio::time::sleep(wait).await,
        Verdict::Later => {
            let text = lang.say(
                "短时间内的询问太多了，请过几分钟再发送，或直接联系服务站。",
                "Too many questions came in a short time. Send it again in a few minutes, or call the service station.",
            );
            let errors = vec![FieldError { name: "words".into(), text }];
            return again(question, errors, StatusCode::TOO_MANY_REQUESTS);
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
            let errors = vec![FieldError { name: "words".into(), text }];
            again(question, errors, StatusCode::UNPROCESSABLE_ENTITY)
        }
    }
}

impl Question {
    /// What is missing.
    fn wrong(&self, lang: Lang) -> Vec<FieldError> {
        let words = lang.say("请写下想问什么。", "Write what you want to know.");
        let phone = lang.say(
            "请留下电话，服务站才能联系您。",
            "Leave a telephone number: else the service station cannot call you.",
        );
        let missing = [("words", &self.words, words), ("phone", &self.phone, phone)];
        let missing = missing.into_iter().filter(|(_, given, _)| given.trim().is_empty());
        missing.map(|(name, _, text)| FieldError { name: name.to_owned(), text }).collect()
    }
}

/// The form once more, with what was typed and what is wrong.
fn form_again(
    app: &App,
    asking: &Asking,
    (premises, page): (&str, &str),
    typed: &Typed,
    status: StatusCode,
) -> Response {
    let lang = asking.lang;
    let subject = app.subject(&format!("premises/{premises}")).ok();
    let address = subject.and_then(|subject| subject.premises.register).map(|register| register.address);
    let title = lang.pick("询问空房", "Ask about a home to let");
    let body = html! {
        (page_heading(Some(title), &address.unwrap_or_default(), None))
        (error_summary(lang, &typed.errors))
        (inquiry_form(lang, page, typed))
        p { a href=(page) { (lang.pick("这套空房的页面", "The page of this home")) } }
    };
    (status, public_page(app, asking, title, body)).into_response()
}
