//! The desk: its routes, opening an assessment, and what every page of it is made of.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use wuping_domain::recorded::local_date;
use wuping_projections::queries::Page as ViewPage;

use crate::app::App;
use crate::web::answering::{answered, asked_by_form};
use crate::web::assessing;
use crate::web::confirming;
use crate::web::hazard_case;
use crate::web::look::layout::{Area, Page, SignedIn, page};
use crate::web::look::parts::*;
use crate::web::look::words::Lang;
use crate::web::session::Signed;
use crate::web::signing_in;
use crate::web::state::origin_of;
use crate::web::work;

/// The desk's routes.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/desk", get(work::work))
        .route("/desk/open", post(open))
        .merge(signing_in::routes())
        .merge(assessing::routes())
        .merge(confirming::routes())
        .merge(hazard_case::routes())
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
    let code = opening.code.clone();
    let found = tokio::task::spawn_blocking(move || {
        let views = views.views();
        let Some(premises) = views.premises_by_code(&code)? else { return Ok(None) };
        let units = views.children(&premises.id, ViewPage::whole())?;
        let rulebook = views.operating_rulebook(premises.layer, local_date(chrono::Utc::now()))?;
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

/// Why nothing was recorded, and the ways on.
pub(super) struct Refusal {
    /// Why, as a sentence.
    pub(super) why: String,
    /// What to do, each a sentence; to mend the form and send it again where nothing stands here.
    pub(super) todo: Vec<String>,
    /// The page that the form stood on.
    pub(super) back: Option<Link>,
}

/// A page that says why nothing was recorded.
pub(super) fn refused_page(app: &App, lang: Lang, signed: Option<&Signed>, why: &str) -> Response {
    refused_in(app, lang, signed, Refusal { why: why.to_owned(), todo: vec![], back: None })
}

/// As [`refused_page`], with what to do and the way back.
pub(super) fn refused_with(app: &App, signed: &Signed, refusal: Refusal) -> Response {
    refused_in(app, signed.lang, Some(signed), refusal)
}

fn refused_in(app: &App, lang: Lang, signed: Option<&Signed>, refusal: Refusal) -> Response {
    let mut todo = refusal.todo;
    if todo.is_empty() {
        todo.push(lang.say(
            "返回上一页，修改后再提交；已填写的内容还在。",
            "Go back, mend it and send it again; what you filled in is still there.",
        ));
    }
    let work = Link::new("/desk", lang.say("回到待办", "Back to your work"));
    let view = ErrorView {
        what: lang.say("没有记录", "Nothing was recorded"),
        why: refusal.why,
        todo,
        links: refusal.back.into_iter().chain([work]).collect(),
        reference: None,
    };
    let page =
        shown(app, lang, signed, lang.pick("没有记录", "Nothing was recorded"), error_page(lang, &view));
    (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
}

/// A desk page.
pub(super) fn shown(app: &App, lang: Lang, signed: Option<&Signed>, title: &str, body: Markup) -> Markup {
    let person = signed.map(|signed| SignedIn {
        person: PersonView {
            name: None,
            role: app
                .actor(&signed.session.account)
                .ok()
                .and_then(|actor| actor.grants.first().map(|grant| grant.role.code().to_owned()))
                .unwrap_or_default(),
            body: None,
            erased_on: None,
        },
        csrf: signed.session.csrf.clone(),
    });
    let nav = vec![
        Link::new("/desk", lang.say("待办", "Your work")),
        Link::new("/", lang.say("查询", "Find a grade")),
    ];
    page(&Page { nav, signed_in: person, origin: origin_of(app), ..Page::new(lang, Area::Desk, title, body) })
}

pub(super) fn forged_text(lang: Lang) -> String {
    lang.say(
        "这个表单不是本次登录打开的。请重新打开页面再提交。",
        "The form was not opened in this session. Open the page again and send it.",
    )
}

pub(super) fn broken_text(lang: Lang) -> String {
    lang.say(
        "系统没有完成这一步，原因已写入运行日志。请再提交一次，重复提交不会重复记录。",
        "It could not be carried out; the operator's log says why. Send it again: it is never recorded twice.",
    )
}
