//! An adverse grade on its way to binding: invited, heard, considered, confirmed or refused by a named person.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use wuping_domain::grade::{Determination, Proceeding};
use wuping_ledger::timestamp::Timestamp;

use crate::app::{App, Asked};
use crate::web::desk::{answered, broken_text, forged_text, refused_page, shown};
use crate::web::look::parts::*;
use crate::web::look::words::Lang;
use crate::web::session::Signed;

/// The routes of a grade's case page.
pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/desk/grades/{premises}", get(show).post(act))
}

async fn show(State(app): State<Arc<App>>, signed: Signed, Path(premises): Path<String>) -> Response {
    let lang = signed.lang;
    let (Ok(subject), Ok(version)) = (
        app.subject(&format!("premises/{premises}")),
        app.reader().version(&format!("premises/{premises}/grade")),
    ) else {
        return refused_page(&app, lang, Some(&signed), &broken_text(lang));
    };
    let address = subject
        .premises
        .register
        .as_ref()
        .map_or_else(|| premises.clone(), |register| register.address.clone());
    let body = column(html! {
        (page_heading(Some(lang.pick("等级确认", "Confirmation of a grade")), &address, None))
        @match subject.grade.waiting() {
            None => (empty_state(lang.pick("没有待确认的等级。", "No grade waits for confirmation."), Some(&Link::new(format!("/s/{premises}"), lang.say("房屋页面", "Page of the premises"))))),
            Some((determined, proceeding)) => (case(lang, &signed, &premises, version, determined, proceeding)),
        }
    });
    shown(&app, lang, Some(&signed), &address, body).into_response()
}

fn case(
    lang: Lang,
    signed: &Signed,
    premises: &str,
    version: u64,
    determined: &Determination,
    proceeding: &Proceeding,
) -> Markup {
    let level = determined.management_level.as_deref().and_then(Level::from_code);
    let said =
        |on: Option<chrono::NaiveDate>| on.map_or_else(|| lang.say("尚未", "not yet"), |on| lang.day(on));
    let step = |action: &str, label: String, fields: Markup| {
        let view = FormView {
            action: format!("/desk/grades/{premises}"),
            csrf: signed.session.csrf.clone(),
            command_id: Uuid::now_v7().to_string(),
            expected: Some(version.to_string()),
            files: false,
            submit: label,
        };
        form(
            &view,
            html! { input type="hidden" name="action" value=(action); input type="hidden" name="determination" value=(determined.number); (fields) },
        )
    };
    let words = |name: &str, label: String, kind: TextKind| {
        text_field(
            lang,
            &TextField {
                name: name.into(),
                label,
                hint: None,
                value: String::new(),
                error: None,
                required: true,
                kind,
            },
        )
    };
    html! {
        (grade_line(lang, determined.star, level))
        (facts(&[
            Fact::text(lang.pick("认定日期", "Determined"), lang.day(determined.determined_on)),
            Fact::text(lang.pick("得分", "Score"), determined.score.to_string()),
            Fact::text(lang.pick("陈述申辩通知送达", "Invitation served"), said(proceeding.invited_on)),
            Fact::text(lang.pick("当事人陈述", "Statement made"), said(proceeding.statement_on)),
            Fact::text(lang.pick("审议", "Considered"), said(proceeding.considered_on)),
        ]))
        @if determined.adverse && proceeding.invited_on.is_none() {
            (section(lang.pick("通知陈述申辩", "Invite a statement"), step("invite", lang.say("记录送达", "Record the service"), words("served_on", lang.say("送达日期", "Served on"), TextKind::Day))))
        }
        @if proceeding.statement_on.is_some() && proceeding.considered_on.is_none() {
            (section(lang.pick("审议陈述", "Consider the statement"), step("consider_statement", lang.say("记录审议", "Record the consideration"), words("text", lang.say("审议意见", "Reasons"), TextKind::Long))))
        }
        (section(lang.pick("确认", "Confirm"), step(if determined.adverse { "confirm" } else { "confirm_lift" }, lang.say("确认生效", "Confirm: it binds"), words("text", lang.say("决定文号", "Number of the decision"), TextKind::Short))))
        (section(lang.pick("不予确认", "Refuse"), step("refuse", lang.say("不予确认", "Refuse: it does not bind"), words("text", lang.say("理由", "Why"), TextKind::Long))))
    }
}

#[derive(Deserialize)]
struct Acting {
    action: String,
    command_id: Uuid,
    csrf: String,
    determination: u64,
    expected: u64,
    #[serde(default)]
    served_on: Option<String>,
    #[serde(default)]
    text: String,
}

async fn act(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(premises): Path<String>,
    Form(acting): Form<Acting>,
) -> Response {
    if acting.csrf != signed.session.csrf {
        return refused_page(&app, signed.lang, Some(&signed), &forged_text(signed.lang));
    }
    let asked = Asked {
        id: acting.command_id,
        stream: format!("premises/{premises}/grade"),
        command: command(&acting),
        expected: Some(acting.expected),
        occurred_at: Timestamp::now(),
    };
    answered(&app, &signed, app.execute(&signed.who, asked).await, &format!("/desk/grades/{premises}"))
}

fn command(acting: &Acting) -> Value {
    let (determination, text) = (acting.determination, &acting.text);
    match acting.action.as_str() {
        "confirm" | "confirm_lift" => {
            json!({ "command": acting.action, "determination": determination, "document_number": text })
        }
        "consider_statement" => {
            json!({ "command": "consider_statement", "determination": determination, "adopted": false, "reasons": text })
        }
        "invite" => {
            json!({ "command": "invite", "determination": determination, "served_on": acting.served_on, "method": "direct" })
        }
        other => json!({ "command": other, "determination": determination, "reason": text }),
    }
}
