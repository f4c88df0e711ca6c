//! Survey at the door: the household of a flat answers once, without a name. What is recorded is a mark that only the server can
//! make, and whether the household is satisfied; its words are the office's alone.

use std::sync::Arc;
use std::time::Instant;

use axum::Extension;
use axum::extract::{Form, Path, Query, State};
use axum::http::{Extensions, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use wuping_domain::rulebook::Layer;
use wuping_domain::survey::Survey;

use super::pace::{Pace, Verdict};
use super::{Place, nowhere, public_page, refused};
use crate::app::{App, Who};
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::web::answering::{asked_by_form, told};
use crate::web::session::caller;
use crate::web::state::{Asking, encoded};

/// What a household answers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer {
    command_id: Option<Uuid>,
    satisfied: String,
    words: String,
}

/// Whether it was answered just now.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    answered: Option<String>,
}

/// A survey that the household of a flat may answer.
struct Asked {
    place: Place,
    /// Its stream, where one runs in the building.
    stream: Option<String>,
    survey: Survey,
}

impl Asked {
    /// The survey that runs in the building of the flat with this code; none where the code is of no flat.
    fn at(app: &App, code: &str) -> Option<Self> {
        let place = Place::by_code(app, code)?;
        let register = place.subject.premises.register.as_ref()?;
        let building = register.parent.clone().filter(|_| register.layer == Layer::Unit)?;
        let building = format!("premises/{building}");
        let surveys = app.subject(&building).ok()?.surveys;
        let running = surveys.into_iter().find(|(_, survey)| survey.is_open(app.today()));
        Some(match running {
            Some((key, survey)) => Self { place, stream: Some(format!("{building}/survey/{key}")), survey },
            None => Self { place, stream: None, survey: Survey::default() },
        })
    }
}

/// The form, or that nothing is asked at the moment.
pub(super) async fn ask(
    State(app): State<Arc<App>>,
    asking: Asking,
    Path(code): Path<String>,
    Query(said): Query<Said>,
) -> Response {
    match Asked::at(&app, &code) {
        None => nowhere(&app, &asking),
        Some(asked) if said.answered.is_some() => {
            let lang = asking.lang;
            let thanks = notice_box(
                Tone::Good,
                lang.pick("已收到，谢谢", "Received, thank you"),
                &[lang.say(
                    "这一户的答卷已经计入。记录里没有姓名和门牌。",
                    "Your household's answer counts. Neither a name nor a door is recorded.",
                )],
            );
            shown(&app, &asking, &asked, &code, thanks, StatusCode::OK)
        }
        Some(asked) => {
            let body = form_of(asking.lang, &asked, &code, &Answer::default(), None);
            shown(&app, &asking, &asked, &code, body, StatusCode::OK)
        }
    }
}

/// Takes a household's answer.
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    Extension(pace): Extension<Arc<Pace>>,
    asking: Asking,
    Path(code): Path<String>,
    extensions: Extensions,
    Form(given): Form<Answer>,
) -> Response {
    let lang = asking.lang;
    let Some(asked) = Asked::at(&app, &code) else { return nowhere(&app, &asking) };
    match pace.ask(caller(&extensions), &asked.place.id, Instant::now()) {
        Verdict::AtOnce => {}
        Verdict::After(wait) => tokio::time::sleep(wait).await,
        Verdict::Later => {
            let why = lang.say(
                "短时间内提交的答卷太多了，请过几分钟再提交。",
                "Too many answers came in a short time. Send it again in a few minutes.",
            );
            return refused(&app, &asking, StatusCode::TOO_MANY_REQUESTS, &why);
        }
    }
    let back = |error: String| {
        let body = form_of(lang, &asked, &code, &given, Some(error));
        shown(&app, &asking, &asked, &code, body, StatusCode::UNPROCESSABLE_ENTITY)
    };
    let Some(stream) = asked.stream.clone() else { return back(String::new()) };
    let satisfied = match given.satisfied.as_str() {
        YES => true,
        NO => false,
        _ => {
            return back(lang.say("请选择满意或不满意。", "Choose whether you are satisfied or not."));
        }
    };
    let words = Some(given.words.trim().to_owned()).filter(|words| !words.is_empty());
    let command =
        json!({ "command": "answer", "unit": asked.place.id, "satisfied": satisfied, "words": words });
    let id = given.command_id.unwrap_or_else(Uuid::now_v7);
    // the channel's reference is the form's own, and tells nothing of the flat
    let resident = Who::Channel { name: "resident".to_owned(), reference: id.to_string() };
    match app.execute(&resident, asked_by_form(&app, &id.to_string(), stream, command, None)).await {
        Ok(_) => Redirect::to(&format!("/s/{}/survey?answered=yes", encoded(&code))).into_response(),
        Err(error) => {
            let (why, todo) = told(lang, &error);
            back([vec![why], todo].concat().join(lang.gap()))
        }
    }
}

/// The one question, and room for words.
fn form_of(lang: Lang, asked: &Asked, code: &str, given: &Answer, error: Option<String>) -> Markup {
    if asked.stream.is_none() {
        return notice_box(
            Tone::Calm,
            lang.pick("现在没有问卷", "Nothing is asked at the moment"),
            &[lang.say(
                "这栋楼现在没有正在进行的问卷，或者已经截止。",
                "No survey runs in this building, or its last day is over.",
            )],
        );
    }
    let view = FormView {
        action: format!("/s/{}/survey", encoded(code)),
        csrf: String::new(),
        command_id: given.command_id.unwrap_or_else(Uuid::now_v7).to_string(),
        expected: None,
        files: false,
        submit: lang.say("提交", "Send"),
    };
    let choices = [
        Choice::new(YES, lang.say("满意", "Satisfied"), &given.satisfied),
        Choice::new(NO, lang.say("不满意", "Not satisfied"), &given.satisfied),
    ];
    let words = TextField {
        name: "words".into(),
        label: lang.say("想说的话", "Anything you want to say"),
        hint: Some(lang.say(
            "可以不写。只有办理的人看得到，不要写姓名。",
            "You may leave it empty. Only the office reads it. Name nobody.",
        )),
        value: given.words.clone(),
        error: None,
        required: false,
        kind: TextKind::Long,
    };
    let errors: Vec<FieldError> =
        error.iter().map(|text| FieldError { name: "satisfied".into(), text: text.clone() }).collect();
    let question = lang.pick(
        "总的来说，您对这栋楼的居住安全满意吗？",
        "On the whole, are you satisfied with how safe this building is to live in?",
    );
    let until = asked.survey.until.map(|until| lang.day(until));
    html! {
        (error_summary(lang, &errors))
        @if let Some(until) = until {
            p { (lang.pick(format!("截止 {until}（含当天）。"), format!("Until {until}, that day included."))) }
        }
        p { (lang.pick(
            "一户一份，不记姓名。记录里只有一个别人算不出来的记号，用来防止重复计算。",
            "One answer a household, without a name. The record has a mark that nobody else can work out, so that none counts twice.",
        )) }
        (form(&view, html! {
            (choice_field(lang, "satisfied", question, None, &choices, error.as_deref()))
            (text_field(lang, &words))
        }))
    }
}

fn shown(
    app: &App,
    asking: &Asking,
    asked: &Asked,
    code: &str,
    body: Markup,
    status: StatusCode,
) -> Response {
    let lang = asking.lang;
    let title = lang.pick("住户问卷", "Residents' survey");
    let page = html! {
        (page_heading(Some(title), &asked.place.address, None))
        (body)
        p { a href={ "/s/" (encoded(code)) } { (lang.pick("这套房屋的公开页面", "The public page of these premises")) } }
    };
    (status, public_page(app, asking, title, page)).into_response()
}

const NO: &str = "no";
const YES: &str = "yes";
