//! Residents, without an account: reporting a problem of premises, and following the report by its number.
//!
//! The number is the report's key spelled out by nobody: the stream's key is a digest of it, so that whoever reads the
//! ledger cannot follow, take back or reopen a stranger's report.

mod following;
mod inquiring;
mod pace;
mod sent;
mod surveying;
mod tracking;

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{DefaultBodyLimit, Multipart, Path, State};
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use maud::{Markup, html};
use serde_json::json;
use uuid::Uuid;
use wuping_domain::hazard::Stage;
use wuping_domain::reaction::Rulebooks;
use wuping_domain::rejection::Rejection;
use wuping_domain::rulebook::{Layer, Rulebook};
use wuping_domain::subject::{HazardOf, Subject};
use wuping_projections::error::causes;

use self::pace::{Pace, Verdict};
pub(in crate::web) use self::tracking::Tracking;
use crate::app::{App, ExecuteError, Who};
use crate::look::layout::{Area, Page, page};
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::web::answering::{asked_by_form, told};
use crate::web::assessing::FORM_BYTES_MAX;
use crate::web::desk_page::failed_text;
use crate::web::matter::filling::{Filled, kept_text};
use crate::web::session::caller;
use crate::web::state::{Asking, encoded, origin_of};

/// The residents' pages.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/s/{code}/report", get(ask).post(file))
        .route("/s/{code}/survey", get(surveying::ask).post(surveying::answer))
        .route("/vacancies/{premises}/{listing}/ask", post(inquiring::ask))
        .route("/track", get(following::find))
        .route("/track/{number}", get(following::follow).post(following::say))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(Extension(Arc::new(Pace::default())))
        .with_state(app)
}

/// Premises that something is reported about.
struct Place {
    id: String,
    address: String,
    subject: Subject,
    rulebook: Option<Arc<Rulebook>>,
}

impl Place {
    fn by_code(app: &App, code: &str) -> Option<Self> {
        let found = app.views.views().premises_by_code(code).ok().flatten()?;
        let subject = app.subject(&format!("premises/{}", found.id)).ok()?;
        subject.must_be_open().ok()?;
        let rulebook = rulebook_of(app, &subject, found.layer);
        Some(Self { id: found.id, address: found.address, subject, rulebook })
    }

    fn named(&self, lang: Lang, id: &str) -> String {
        named(lang, self.rulebook.as_deref(), id)
    }

    /// What can be reported: whatever opens a hazard by the rulebook, and anything else.
    fn categories(&self, lang: Lang, chosen: &str) -> Vec<Choice> {
        let all = self.rulebook.iter().flat_map(|rulebook| &rulebook.scheme.indicators);
        let opening = all.filter(|indicator| indicator.hazard.is_some());
        let mut choices = vec![Choice::new("", lang.say("请选择", "Choose one"), chosen)];
        choices.extend(
            opening.map(|indicator| Choice::new(&indicator.id, self.named(lang, &indicator.id), chosen)),
        );
        choices.push(Choice::new(OTHER, lang.say("其他问题", "Something else"), chosen));
        choices
    }
}

/// The rulebook of premises; where they have none yet, the one that the office works by.
fn rulebook_of(app: &App, subject: &Subject, layer: Layer) -> Option<Arc<Rulebook>> {
    match subject.scheme() {
        Some(own) => app.shelf.rulebook(&own),
        None => app.operating(layer).ok().flatten(),
    }
}

/// What is reported, in words: that an indicator is not met, or something else.
fn named(lang: Lang, rulebook: Option<&Rulebook>, id: &str) -> String {
    let known = rulebook.and_then(|rulebook| rulebook.indicator(id));
    known.map_or_else(|| lang.say("其他问题", "Something else"), |known| lang.hazard(id, Some(known)))
}

async fn ask(State(app): State<Arc<App>>, asking: Asking, Path(code): Path<String>) -> Response {
    match Place::by_code(&app, &code) {
        Some(place) => report_page(&app, &asking, &place, &code, None, StatusCode::OK),
        None => nowhere(&app, &asking),
    }
}

/// A form that came back.
struct Returned {
    filled: Filled,
    command_id: Uuid,
    errors: Vec<FieldError>,
}

fn report_page(
    app: &App,
    asking: &Asking,
    place: &Place,
    code: &str,
    returned: Option<Returned>,
    status: StatusCode,
) -> Response {
    let lang = asking.lang;
    let nothing = Filled::default();
    let (filled, errors, id) = match &returned {
        Some(returned) => (&returned.filled, returned.errors.as_slice(), returned.command_id),
        None => (&nothing, &[][..], Uuid::now_v7()),
    };
    let typed =
        |name: &str| filled.texts.get(name).and_then(|texts| texts.first()).cloned().unwrap_or_default();
    let wrong = |name: &str| errors.iter().find(|error| error.name == name).map(|error| error.text.clone());
    let text = |name: &str, label: String, hint: Option<String>, kind| {
        let field = TextField {
            name: name.into(),
            label,
            hint,
            value: typed(name),
            error: wrong(name),
            required: false,
            kind,
        };
        text_field(lang, &field)
    };
    let view = FormView {
        action: format!("/s/{}/report", encoded(code)),
        csrf: String::new(),
        command_id: id.to_string(),
        expected: None,
        files: true,
        submit: lang.say("提交举报", "Send the report"),
    };
    let kept =
        filled.kept.get("photos").map(|photos| photos.iter().map(kept_text).collect()).unwrap_or_default();
    let body = html! {
        (page_heading(Some(lang.pick("反映问题", "Report a problem")), &place.address, None))
        (emergency(lang, false))
        (known_already(lang, place))
        (error_summary(lang, errors))
        (form(&view, html! {
            (select_field(lang, "category", lang.pick("什么问题", "What is it about?"), &place.categories(lang, &typed("category")), wrong("category").as_deref()))
            (text("text", lang.say("说说情况", "In your words"), Some(lang.say("在哪里、看到什么、从什么时候开始。不要写别人的姓名。", "Where, what you see, since when. Do not name anybody.")), TextKind::Long))
            (photos_field(lang, &PhotosField {
                name: "photos".into(),
                label: lang.say("照片", "Photos"),
                hint: Some(lang.say("有照片会更快处理", "With a photo it is dealt with sooner")),
                error: wrong("photos"),
                required: false,
                several: true,
                kept,
            }))
            (text("name", lang.say("您的姓名", "Your name"), Some(lang.say("可以匿名。姓名和电话只有办理的人看得到，房东看不到。", "You may stay anonymous. Name and telephone are seen by those who look into it, never by the landlord.")), TextKind::Short))
            (text("phone", lang.say("您的电话", "Your telephone"), None, TextKind::Telephone))
        }))
        p { a href="/track" { (lang.pick("查询已提交的举报", "Follow a report you have made")) } }
    };
    (status, public_page(app, asking, lang.pick("反映问题", "Report a problem"), body)).into_response()
}

async fn file(
    State(app): State<Arc<App>>,
    Extension(pace): Extension<Arc<Pace>>,
    asking: Asking,
    Path(code): Path<String>,
    (extensions, headers): (Extensions, HeaderMap),
    form: Multipart,
) -> Response {
    let lang = asking.lang;
    let Some(place) = Place::by_code(&app, &code) else { return nowhere(&app, &asking) };
    let mut filled = match Filled::read(form, lang).await {
        Ok(filled) => filled,
        Err(why) => return refused(&app, &asking, StatusCode::PAYLOAD_TOO_LARGE, &why),
    };
    let id = filled.command_id.unwrap_or_else(Uuid::now_v7);
    // the number follows from the form, so that a second tap is told the same one; so is who goes back and sends it once more
    let tracking = Tracking::of_form(&place.id, &id);
    let followed =
        |of: &Tracking, new: &str| Redirect::to(&format!("/track/{}?new={new}", of.number())).into_response();
    if place.subject.reports.contains_key(&tracking.key()) {
        let tapped_twice = sent::says_the_same(&app, &place, &tracking, &filled);
        return followed(&tracking, if tapped_twice { "yes" } else { "again" });
    }
    if let Some(first) = sent::the_same(&app, &place, &headers, &filled) {
        return followed(&first, "again");
    }
    let back = |filled: Filled, errors, status| {
        let returned = Returned { filled, command_id: id, errors };
        report_page(&app, &asking, &place, &code, Some(returned), status)
    };
    match pace.ask(caller(&extensions), &place.id, Instant::now()) {
        Verdict::AtOnce => {}
        Verdict::After(wait) => tokio::time::sleep(wait).await,
        Verdict::Later => {
            let text = lang.say(
                "短时间内提交的举报太多了。您写的内容还在这里，请过几分钟再提交；紧急情况请先打电话。",
                "Too many reports came in a short time. What you wrote is still here: send it again in a few minutes; in an emergency call first.",
            );
            let mut answer = back(
                filled,
                vec![FieldError { name: "category".into(), text }],
                StatusCode::TOO_MANY_REQUESTS,
            );
            answer.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("300"));
            return answer;
        }
    }
    if let Err(error) = filled.keep(&app).await {
        tracing::error!(causes = %causes(&error).join(": "), "a photo of a report could not be kept");
        return refused(&app, &asking, StatusCode::INTERNAL_SERVER_ERROR, &failed_text(lang, &error));
    }
    let errors = wrong(lang, &filled);
    if !errors.is_empty() {
        return back(filled, errors, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let command = json!({
        "command": "file", "category": one(&filled, "category"), "text": one(&filled, "text"),
        "name": one(&filled, "name"), "phone": one(&filled, "phone"),
        "photos": filled.kept.get("photos").cloned().unwrap_or_default(),
    });
    let asked = asked_by_form(&app, &id.to_string(), tracking.stream(), command, None);
    match app.execute(&resident(&tracking), asked).await {
        Ok(_) => {
            let mut answer = followed(&tracking, "yes");
            sent::remember(&mut answer, &id);
            answer
        }
        // two taps at once: the first was recorded meanwhile
        Err(ExecuteError::Rejected(Rejection::AlreadyExists { .. })) => followed(&tracking, "again"),
        Err(error) => {
            let (why, todo) = told(lang, &error);
            let text = [vec![why], todo].concat().join(lang.gap());
            back(filled, vec![FieldError { name: "category".into(), text }], StatusCode::UNPROCESSABLE_ENTITY)
        }
    }
}

/// What is missing or no photo; the rules say the rest.
fn wrong(lang: Lang, filled: &Filled) -> Vec<FieldError> {
    let mut errors = filled.wrong.clone();
    if one(filled, "category").is_none() {
        let text = lang.say(
            "请选择是什么问题，选不到就选“其他问题”。",
            "Choose what it is about; if nothing fits, “Something else”.",
        );
        errors.push(FieldError { name: "category".into(), text });
    }
    if one(filled, "text").is_none() && filled.kept.get("photos").is_none_or(Vec::is_empty) {
        let text = lang.say("请写几句话，或拍一张照片。", "Write a few words, or add a photo.");
        errors.push(FieldError { name: "text".into(), text });
    }
    errors
}

fn one(filled: &Filled, name: &str) -> Option<String> {
    let text = filled.texts.get(name)?.first()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A resident has no key: the server attests receipt by this channel.
fn resident(tracking: &Tracking) -> Who {
    Who::Channel { name: "resident".to_owned(), reference: tracking.key() }
}

/// Hazards of these premises that are confirmed and not put right, each with how far it is: whether it needs a second report.
fn known_already(lang: Lang, place: &Place) -> Markup {
    let told = place.subject.hazards.values().filter_map(|of| {
        let how_far = how_far(lang, of, &place.subject)?;
        let name = place.named(lang, &of.state.found.as_ref()?.indicator);
        Some(lang.pick(format!("{name}：{how_far}"), format!("{name} — {how_far}")))
    });
    let told: Vec<String> = told.collect();
    html! {
        @if !told.is_empty() {
            (notice_box(Tone::Calm, lang.pick("这些问题已经登记", "Known already"), &told))
        }
    }
}

/// What of a confirmed hazard concerns who would report it again; nothing of one that is none or that was put right.
fn how_far(lang: Lang, of: &HazardOf, subject: &Subject) -> Option<String> {
    let due = of.due(&subject.served).map(|due| lang.day(due.day));
    Some(match (of.state.stage, due) {
        (Stage::Confirmed, _) => lang.say(
            "已登记，还没有责令整改；情况有变化请再报。",
            "recorded; nobody was ordered to put it right yet. Report it again if it changes.",
        ),
        (Stage::Rectifying, Some(day)) => lang.pick(
            format!("已责令整改，期限 {day}；到期没改好请再报。"),
            format!("ordered to be put right by {day}. Report it again if it is not by then."),
        ),
        (Stage::Rectifying, None) => lang.say(
            "已责令整改，期限从通知送达起算。",
            "ordered to be put right; the time runs from the service of the order.",
        ),
        (Stage::Submitted, _) => lang.say(
            "责任人说已经整改，等待验收；没改好请再报。",
            "said to be put right, and to be looked at. Report it again if it is not.",
        ),
        _ => return None,
    })
}

fn emergency(lang: Lang, heard: bool) -> Markup {
    let heading = if heard {
        lang.pick("听起来很紧急，请马上打电话", "This sounds urgent: call now")
    } else {
        lang.pick("正在着火、漏气、有人受伤，先打电话", "Fire, gas or somebody hurt: call first")
    };
    notice_box(
        if heard { Tone::Grave } else { Tone::Warning },
        heading,
        &[lang.say(
            "火警119，急救120，报警110。这里的举报不是实时处理的。",
            "Fire 119, ambulance 120, police 110. Reports here are not dealt with at once.",
        )],
    )
}

fn sounds_urgent(text: &str) -> bool {
    let text = text.to_lowercase();
    URGENT.iter().any(|word| text.contains(word))
}

fn public_page(app: &App, asking: &Asking, title: &str, body: Markup) -> Markup {
    let lang = asking.lang;
    let to = asking.uri.path_and_query().map_or("/", |path| path.as_str());
    let here = asking.uri.path().starts_with("/track").then(|| "/track".to_owned());
    page(&Page {
        here,
        origin: origin_of(app),
        other_language: format!("/language/{}?to={}", lang.other().code(), encoded(to)),
        ..Page::new(lang, Area::Public, title, body)
    })
}

fn refused(app: &App, asking: &Asking, status: StatusCode, why: &str) -> Response {
    let lang = asking.lang;
    let view = ErrorView {
        what: lang.say("没有记录", "Nothing was recorded"),
        why: why.to_owned(),
        todo: vec![lang.say(
            "返回上一页，修改后再提交；已填写的内容还在。",
            "Go back, mend it and send it again; what you filled in is still there.",
        )],
        links: vec![Link::new("/", lang.say("回首页", "Front page"))],
        reference: None,
    };
    (status, public_page(app, asking, &view.what, error_page(lang, &view))).into_response()
}

fn nowhere(app: &App, asking: &Asking) -> Response {
    let lang = asking.lang;
    let view = ErrorView {
        what: lang.say("没有找到这套房屋", "These premises were not found"),
        why: lang.say(
            "没有登记这个编码，或者房屋已经注销。",
            "Nothing is registered under this code, or the premises are closed.",
        ),
        todo: vec![lang.say(
            "请对照门牌再核对一遍编码，或按地址查找。",
            "Compare the code with the door plate, or search by address.",
        )],
        links: vec![Link::new("/", lang.say("按地址查找", "Search by address"))],
        reference: None,
    };
    (StatusCode::NOT_FOUND, public_page(app, asking, &view.what, error_page(lang, &view))).into_response()
}

/// The category of what the rulebook has no indicator for.
const OTHER: &str = "other";
/// Words by which somebody should have called first.
const URGENT: [&str; 14] = [
    "着火",
    "起火",
    "冒烟",
    "爆炸",
    "漏气",
    "煤气味",
    "燃气味",
    "触电",
    "受伤",
    "昏迷",
    "坍塌",
    "on fire",
    "gas leak",
    "explosion",
];
