//! The desk: its routes, and opening an assessment.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, State};
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use wuping_projections::queries::Page as ViewPage;

use crate::app::App;
use crate::look::parts::*;
use crate::web::answering::{answered, asked_by_form};
use crate::web::assessing;
use crate::web::confirming;
use crate::web::desk_page::{broken_text, forged_text, refused_page};
use crate::web::docket_page;
use crate::web::matter;
use crate::web::my;
use crate::web::session::Signed;
use crate::web::signing_in;
use crate::web::work;

/// The desk's routes.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/desk", get(work::work))
        .route("/desk/open", post(open))
        .merge(docket_page::routes())
        .merge(my::routes())
        .merge(signing_in::routes())
        .merge(assessing::routes())
        .merge(confirming::routes())
        .merge(matter::routes())
        .with_state(app)
}

/// The form that begins an assessment.
pub(super) fn opening_form(signed: &Signed) -> Markup {
    let lang = signed.lang;
    let reasons =
        ["first", "periodic", "after_rectification", "owner_request", "report", "incident", "campaign"];
    let choices: Vec<Choice> =
        reasons.iter().map(|code| Choice::new(*code, lang.assessment_reason(code), "periodic")).collect();
    form(
        &FormView {
            action: "/desk/open".into(),
            csrf: signed.session.csrf.clone(),
            command_id: Uuid::now_v7().to_string(),
            expected: None,
            files: false,
            submit: lang.say("开始", "Begin"),
        },
        html! {
            (text_field(lang, &TextField {
                name: "code".into(),
                label: lang.say("房屋编码", "Code of the premises"),
                hint: Some(lang.say("门牌二维码下方的编码", "The code below the QR code at the door")),
                required: true,
                ..TextField::default()
            }))
            (select_field(lang, "reason", lang.pick("评定原因", "Reason"), &choices, None))
        },
    )
}

#[derive(Deserialize)]
struct Opening {
    code: String,
    command_id: Uuid,
    csrf: String,
    reason: String,
}

async fn open(State(app): State<Arc<App>>, signed: Signed, Form(opening): Form<Opening>) -> Response {
    let lang = signed.lang;
    if opening.csrf != signed.session.csrf {
        return refused_page(&app, lang, Some(&signed), &forged_text(lang));
    }
    let views = app.views.clone();
    let (code, today) = (opening.code.clone(), app.today());
    let found = tokio::task::spawn_blocking(move || {
        let views = views.views();
        let Some(premises) = views.premises_by_code(&code)? else { return Ok(None) };
        let units = views.children(&premises.id, ViewPage::whole())?;
        let rulebook = views.operating_rulebook(premises.layer, today)?;
        Ok::<_, wuping_projections::ViewsError>(Some((premises, units, rulebook)))
    });
    let (premises, units, rulebook) = match found.await {
        Ok(Ok(Some((premises, units, Some(rulebook))))) => (premises, units, rulebook),
        Ok(Ok(_)) => {
            let text = lang.say(
                "没有这个编码的房屋，请核对后再试。",
                "No premises go by that code. Check it and try again.",
            );
            return refused_page(&app, lang, Some(&signed), &text);
        }
        Ok(Err(_)) | Err(_) => return refused_page(&app, lang, Some(&signed), &broken_text(lang)),
    };
    let key = format!("a{}", opening.command_id.simple());
    let units: Vec<String> = units.rows.into_iter().map(|unit| unit.id).collect();
    let command = json!({
        "command": "open",
        "scheme": rulebook.scheme,
        "reason": opening.reason,
        "units": units,
    });
    let stream = format!("premises/{}/assessment/{key}", premises.id);
    let asked = asked_by_form(&app, &opening.command_id.to_string(), stream, command, None);
    let there = format!("/desk/assessments/{}/{key}", premises.id);
    answered(&app, &signed, app.execute(&signed.who, asked).await, &there, "/desk")
}
