//! Residents, without an account: reporting a problem of premises, and following the report by its number.
//!
//! The number is the report's key spelled out by nobody: the stream's key is a digest of it, so that whoever reads the
//! ledger cannot follow, take back or reopen a stranger's report.

mod pace;
mod tracking;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{ConnectInfo, DefaultBodyLimit, Multipart, Path, Query, State};
use axum::http::{Extensions, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Extension, Router};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use wuping_domain::reaction::Rulebooks;
use wuping_domain::recorded::local_date;
use wuping_domain::report::{Report, Stage};
use wuping_domain::rulebook::Rulebook;
use wuping_domain::subject::Subject;
use wuping_projections::error::causes;

use self::pace::{Pace, Verdict};
use self::tracking::Tracking;
use crate::app::{App, Who};
use crate::web::answering::{asked_by_form, told};
use crate::web::assessing::FORM_BYTES_MAX;
use crate::web::desk_page::failed_text;
use crate::web::look::layout::{Area, Page, page};
use crate::web::look::parts::*;
use crate::web::look::words::Lang;
use crate::web::matter::filling::{Filled, kept_text};
use crate::web::matter::stage::report_stage;
use crate::web::state::{Asking, encoded, origin_of};

/// The residents' pages.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/s/{code}/report", get(ask).post(file))
        .route("/track", get(find))
        .route("/track/{number}", get(follow).post(say))
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
        let today = local_date(chrono::Utc::now());
        let operating = app.views.views().operating_rulebook(found.layer, today).ok().flatten();
        let scheme = subject.scheme().or_else(|| operating.map(|operating| operating.scheme));
        let rulebook = scheme.and_then(|scheme| app.shelf.rulebook(&scheme));
        Some(Self { id: found.id, address: found.address, subject, rulebook })
    }

    fn named(&self, lang: Lang, id: &str) -> String {
        let known = self.rulebook.as_ref().and_then(|rulebook| rulebook.indicator(id));
        let named = known.map(|known| {
            if known.en.is_empty() { known.zh.clone() } else { lang.pick(&known.zh, &known.en).clone() }
        });
        named.unwrap_or_else(|| lang.say("其他问题", "Something else"))
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
    extensions: Extensions,
    form: Multipart,
) -> Response {
    let lang = asking.lang;
    let Some(place) = Place::by_code(&app, &code) else { return nowhere(&app, &asking) };
    let mut filled = match Filled::read(form, lang).await {
        Ok(filled) => filled,
        Err(why) => return refused(&app, &asking, StatusCode::PAYLOAD_TOO_LARGE, &why),
    };
    let id = filled.command_id.unwrap_or_else(Uuid::now_v7);
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
    // the number follows from the form, so that a second tap is told the same one
    let tracking = Tracking::of_form(&place.id, &id);
    let command = json!({
        "command": "file", "category": one(&filled, "category"), "text": one(&filled, "text"),
        "name": one(&filled, "name"), "phone": one(&filled, "phone"),
        "photos": filled.kept.get("photos").cloned().unwrap_or_default(),
    });
    let asked = asked_by_form(&app, &id.to_string(), tracking.stream(), command, None);
    match app.execute(&resident(&tracking), asked).await {
        Ok(_) => Redirect::to(&format!("/track/{}?new=yes", tracking.number())).into_response(),
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

fn caller(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sought {
    number: String,
}

async fn find(State(app): State<Arc<App>>, asking: Asking, Query(sought): Query<Sought>) -> Response {
    let lang = asking.lang;
    if let Some(tracking) = Tracking::parse(&sought.number) {
        return Redirect::to(&format!("/track/{}", tracking.number())).into_response();
    }
    let wrong = !sought.number.is_empty();
    let body = html! {
        (page_heading(None, lang.pick("查询举报进展", "Follow a report"), None))
        @if wrong { (notice_box(Tone::Grave, lang.pick("没有这个编号", "There is no such number"), &[compare_text(lang)])) }
        (search_box(lang, &SearchBox {
            action: "/track".into(),
            name: "number".into(),
            value: sought.number.clone(),
            label: lang.say("举报编号", "Number of the report"),
            hint: lang.say("提交后给您的编号", "The number you were given when you sent it"),
        }))
    };
    let status = if wrong { StatusCode::NOT_FOUND } else { StatusCode::OK };
    (status, public_page(&app, &asking, lang.pick("查询举报进展", "Follow a report"), body)).into_response()
}

fn compare_text(lang: Lang) -> String {
    lang.say(
        "请对照提交时给您的编号再输一次。",
        "Compare it with the number you were given, and type it again.",
    )
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Opened {
    new: String,
}

async fn follow(
    State(app): State<Arc<App>>,
    asking: Asking,
    Path(number): Path<String>,
    Query(opened): Query<Opened>,
) -> Response {
    match followed(&app, &number) {
        Some(followed) => track_page(&app, &asking, &followed, opened.new == "yes", None),
        None => unknown_number(&app, &asking),
    }
}

/// A report that somebody follows.
struct Followed {
    tracking: Tracking,
    report: Report,
    subject: Subject,
    version: u64,
    answer: Option<String>,
    urgent: bool,
}

fn followed(app: &App, number: &str) -> Option<Followed> {
    let tracking = Tracking::parse(number)?;
    let subject = app.subject(&format!("premises/{}", tracking.premises())).ok()?;
    let report = subject.reports.get(&tracking.key())?.clone();
    let entries = app.reader().stream(&tracking.stream()).ok()?;
    let words = |event: &str| {
        let entry = entries.iter().rfind(|entry| entry.event_type == event)?;
        let private = super::matter::story::private(app, entry).into_iter().flatten();
        private
            .into_iter()
            .find(|(name, _)| name == "text")
            .and_then(|(_, value)| value.as_str().map(str::to_owned))
    };
    let answer = words("ReportAnswered").filter(|_| report.stage == Stage::Answered);
    let urgent = words("ReportFiled").is_some_and(|text| sounds_urgent(&text));
    let version = entries.last().map_or(0, |entry| entry.version);
    Some(Followed { tracking, report, subject, version, answer, urgent })
}

fn track_page(app: &App, asking: &Asking, followed: &Followed, new: bool, error: Option<String>) -> Response {
    let lang = asking.lang;
    let number = followed.tracking.number();
    let today = local_date(chrono::Utc::now());
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let stage = report_stage(lang, &followed.report);
    let body = html! {
        (page_heading(Some(lang.pick("举报进展", "Your report")), &number, Some(&stage)))
        @if new {
            (notice_box(Tone::Good, lang.pick("已收到您的举报", "Your report was received"), &[
                lang.pick(format!("编号 {number}。请记下或收藏这一页，凭编号查进展。"), format!("Its number is {number}. Write it down or keep this page: it is how you follow it.")),
            ]))
        }
        @if followed.urgent && new { (emergency(lang, true)) }
        @if let Some(error) = &error { (notice_box(Tone::Grave, lang.pick("没有记录", "Nothing was recorded"), std::slice::from_ref(error))) }
        (section(lang.pick("现在", "Now"), html! {
            (facts(&standing(lang, followed, today)))
            @if let Some(answer) = &followed.answer { (notice_box(Tone::Calm, lang.pick("答复", "The answer"), std::slice::from_ref(answer))) }
        }))
        @if matches!(followed.report.stage, Stage::Answered | Stage::Dismissed) {
            (section(lang.pick("没有解决？", "Not fixed?"), say_form(lang, followed, "reopen", lang.say("说明没有解决", "Say that it is not fixed"), true)))
        }
        @if matches!(followed.report.stage, Stage::Received | Stage::Triaged) {
            (section(lang.pick("不想继续？", "Changed your mind?"), say_form(lang, followed, "withdraw", lang.say("撤回举报", "Take the report back"), false)))
        }
        p { a href={ "/s/" (encoded(followed.tracking.premises())) } { (lang.pick("房屋的公开页面", "The public page of the premises")) } }
    };
    (status, public_page(app, asking, lang.pick("举报进展", "Your report"), body)).into_response()
}

/// With whom it is, and until when what must happen. What concerns the party alone is not told.
fn standing(lang: Lang, followed: &Followed, today: chrono::NaiveDate) -> Vec<Fact> {
    let (report, subject) = (&followed.report, &followed.subject);
    let mut told = vec![Fact::text(lang.pick("进展", "Stage"), report_stage(lang, report))];
    if let Some(with) = &report.with {
        told.push(Fact::text(lang.pick("办理部门", "With"), lang.department(with)));
    }
    let Some(key) = report.substantiated.as_ref().map(|found| &found.hazard) else { return told };
    let Some(of) = subject.hazards.get(key) else { return told };
    told.push(Fact::text(lang.pick("隐患", "The hazard"), lang.case_state(of.state.stage.code())));
    if let Some(due) = of.due(&subject.served).filter(|_| of.state.stage.is_unsettled()) {
        let view = DeadlineView { due: due.day, today, standing: DeadlineStanding::Running };
        told.push(Fact::new(lang.pick("整改期限", "To be put right by"), deadline(lang, &view)));
    }
    if of.is_put_right() {
        told.push(Fact::text(
            lang.pick("整改", "The repair"),
            lang.pick("已整改，部门已查看合格", "Put right, and checked by the department"),
        ));
    }
    told
}

fn say_form(lang: Lang, followed: &Followed, says: &str, submit: String, photos: bool) -> Markup {
    let view = FormView {
        action: format!("/track/{}", followed.tracking.number()),
        csrf: String::new(),
        command_id: Uuid::now_v7().to_string(),
        expected: Some(followed.version.to_string()),
        files: true,
        submit,
    };
    let label = lang.say("说明", "In your words");
    form(
        &view,
        html! {
            input type="hidden" name="step" value=(says);
            (text_field(lang, &TextField { name: "text".into(), label, kind: TextKind::Long, ..TextField::default() }))
            @if photos {
                (photos_field(lang, &PhotosField { name: "photos".into(), label: lang.say("照片", "Photos"), several: true, ..PhotosField::default() }))
            }
        },
    )
}

async fn say(
    State(app): State<Arc<App>>,
    asking: Asking,
    Path(number): Path<String>,
    form: Multipart,
) -> Response {
    let lang = asking.lang;
    let Some(found) = followed(&app, &number) else { return unknown_number(&app, &asking) };
    let mut filled = match Filled::read(form, lang).await {
        Ok(filled) => filled,
        Err(why) => return refused(&app, &asking, StatusCode::PAYLOAD_TOO_LARGE, &why),
    };
    if let Some(error) = filled.wrong.first() {
        return track_page(&app, &asking, &found, false, Some(error.text.clone()));
    }
    if let Err(error) = filled.keep(&app).await {
        return track_page(&app, &asking, &found, false, Some(failed_text(lang, &error)));
    }
    let mut command = json!({ "command": "withdraw", "text": one(&filled, "text") });
    if filled.step == "reopen" {
        command["command"] = json!("reopen");
        command["photos"] = json!(filled.kept.get("photos").cloned().unwrap_or_default());
    }
    let id = filled.command_id.unwrap_or_else(Uuid::now_v7);
    let asked = asked_by_form(&app, &id.to_string(), found.tracking.stream(), command, filled.expected);
    match app.execute(&resident(&found.tracking), asked).await {
        Ok(_) => Redirect::to(&format!("/track/{}", found.tracking.number())).into_response(),
        Err(error) => {
            let (why, todo) = told(lang, &error);
            let text = [vec![why], todo].concat().join(lang.gap());
            let now = followed(&app, &number).unwrap_or(found);
            track_page(&app, &asking, &now, false, Some(text))
        }
    }
}

/// Hazards of these premises that are confirmed and not put right: they need no second report.
fn known_already(lang: Lang, place: &Place) -> Markup {
    let open = place.subject.hazards.values().filter(|of| of.state.stage.is_unsettled());
    let named = open.filter_map(|of| Some(place.named(lang, &of.state.found.as_ref()?.indicator)));
    let named: Vec<String> = named.collect();
    html! {
        @if !named.is_empty() {
            (notice_box(Tone::Calm, lang.pick("这些问题已经在整改，不用再报", "Known already and being put right"), &named))
        }
    }
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
    let nav = vec![
        Link::new("/", lang.say("查询", "Find a grade")),
        Link::new("/track", lang.say("举报进展", "Follow a report")),
    ];
    page(&Page {
        nav,
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

fn unknown_number(app: &App, asking: &Asking) -> Response {
    let lang = asking.lang;
    let view = ErrorView {
        what: lang.say("没有这个编号", "There is no such number"),
        why: lang.say("没有找到这个编号的举报。", "No report goes by this number."),
        todo: vec![compare_text(lang)],
        links: vec![Link::new("/track", lang.say("重新输入编号", "Type the number again"))],
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
