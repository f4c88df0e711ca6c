//! Deliveries of other systems: over REST with the channel's token, or as a table that a data clerk uploads for it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;
use wuping_domain::facts::Role;
use wuping_ledger::disk_full::is_disk_full;

use crate::app::App;
use crate::feeds::{Delivery, DeliveryError, Line, lines_of_table, take};
use crate::office::OpenFeed;
use crate::web::api::problem;
use crate::web::commands::broken;
use crate::web::desk_page::{broken_text, failed_text, forged_text, full_text, refused_page, shown};
use crate::web::look::parts::*;
use crate::web::look::words::Lang;
use crate::web::session::{Signed, lang_of};
use crate::web::strict_json;
use wuping_projections::error::causes;

/// The routes of deliveries.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/api/v1/feeds", post(deliver))
        .route("/desk/feeds", get(show).post(upload))
        .layer(DefaultBodyLimit::max(DELIVERY_BYTES_MAX))
        .with_state(app)
}

#[derive(Deserialize)]
struct Body {
    lines: Vec<Line>,
}

/// A delivery in JSON (`{"lines": [{code, indicator, outcome, measured}]}`) or as `text/csv`.
async fn deliver(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let lang = lang_of(&headers);
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let feed = match app.office.feed_by_token(token.trim()) {
        Ok(Some(feed)) => feed,
        Ok(None) => {
            let told = lang.pick(
                "这个通道的令牌无效。请向管理员索取新令牌,放在 Authorization: Bearer 中再发送。",
                "No channel has this token. Ask the administrator for a new one and send it as Authorization: Bearer.",
            );
            return problem(StatusCode::UNAUTHORIZED, "unknown_channel", told);
        }
        Err(error) => return broken(lang, &error),
    };
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok());
    let Some(key) = key.filter(|key| is_key(key)) else {
        let told = lang.pick(
            "请在 Idempotency-Key 中写明批次号(字母、数字和短横线,不超过64位),重发时不变。",
            "Name the delivery in Idempotency-Key (letters, digits, hyphens, 64 at most), the same for a retry.",
        );
        return problem(StatusCode::BAD_REQUEST, "malformed", told);
    };
    let table = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let lines = if table.is_some_and(|kind| kind.starts_with("text/csv")) {
        lines_of_table(&body)
    } else {
        strict_json::read::<Body>(&body).map(|body| body.lines).map_err(|error| DeliveryError::Malformed {
            line: error.line() as u64,
            detail: error.to_string(),
        })
    };
    let taken = match lines {
        Ok(lines) => take(&app, &feed, key, &lines).await,
        Err(error) => Err(error),
    };
    match taken {
        Ok(delivery) => Json(delivery).into_response(),
        Err(error) => refused(lang, &error),
    }
}

async fn show(State(app): State<Arc<App>>, signed: Signed) -> Response {
    match allowed(&app, &signed) {
        Ok(feeds) => {
            let (title, body) = (title(signed.lang), upload_form(&signed, &feeds));
            shown(&app, signed.lang, Some(&signed), title, column(body)).into_response()
        }
        Err(page) => *page,
    }
}

async fn upload(State(app): State<Arc<App>>, signed: Signed, form: Multipart) -> Response {
    let lang = signed.lang;
    let feeds = match allowed(&app, &signed) {
        Ok(feeds) => feeds,
        Err(page) => return *page,
    };
    let Some(sent) = Sent::read(form).await else {
        let why =
            lang.say("文件太大,请分成几个文件上传。", "The file is too large: send it in several parts.");
        return refused_page(&app, lang, Some(&signed), &why);
    };
    if sent.csrf != signed.session.csrf {
        return refused_page(&app, lang, Some(&signed), &forged_text(lang));
    }
    let Some(feed) = feeds.iter().find(|feed| feed.channel == sent.channel) else {
        let why = lang.say("请选择数据来自哪个系统。", "Choose the system that the results come from.");
        return refused_page(&app, lang, Some(&signed), &why);
    };
    // who carried the table here is on record as part of what the delivery is called
    let key = format!("{}-{}", signed.session.account, sent.command_id.unwrap_or_else(Uuid::now_v7));
    let taken = match lines_of_table(&sent.table) {
        Ok(lines) => take(&app, feed, &key, &lines).await,
        Err(error) => Err(error),
    };
    match taken {
        Ok(delivery) => {
            let body = html! { (outcome(lang, &delivery)) (upload_form(&signed, &feeds)) };
            shown(&app, lang, Some(&signed), title(lang), column(body)).into_response()
        }
        Err(error) => refused_page(&app, lang, Some(&signed), &told(lang, &error)),
    }
}

/// The feeds, for those who may deliver for them.
fn allowed(app: &App, signed: &Signed) -> Result<Vec<OpenFeed>, Box<Response>> {
    let lang = signed.lang;
    let page = |why: &str| Box::new(refused_page(app, lang, Some(signed), why));
    let actor = app.actor(&signed.session.account).map_err(|_| page(&broken_text(lang)))?;
    if !actor.holds(Role::DataClerk) && !actor.holds(Role::Administrator) {
        return Err(page(lang.pick(
            "上传系统数据需要数据管理员权限。",
            "Uploading results of other systems needs the role of data clerk.",
        )));
    }
    app.office.feeds().map_err(|_| page(&broken_text(lang)))
}

fn upload_form(signed: &Signed, feeds: &[OpenFeed]) -> Markup {
    let lang = signed.lang;
    if feeds.is_empty() {
        let why = lang.pick(
            "还没有开通数据通道。请管理员在服务器上运行 wuping feed open。",
            "No channel is open yet. Ask the operator to run wuping feed open on the server.",
        );
        return html! { (page_heading(None, title(lang), None)) (empty_state(why, None)) };
    }
    let departments = |feed: &OpenFeed| {
        feed.departments
            .iter()
            .map(|code| lang.department(code))
            .collect::<Vec<_>>()
            .join(lang.pick("、", ", "))
    };
    let choices: Vec<Choice> = feeds
        .iter()
        .map(|feed| Choice::new(&feed.channel, format!("{} ({})", feed.channel, departments(feed)), ""))
        .collect();
    let view = FormView {
        action: "/desk/feeds".into(),
        csrf: signed.session.csrf.clone(),
        command_id: Uuid::now_v7().to_string(),
        expected: None,
        files: true,
        submit: lang.say("上传", "Upload"),
    };
    html! {
        (page_heading(None, title(lang), Some(lang.pick(
            "表格(CSV)的列:code、indicator、outcome,知道时再加 observed_on。同一批次重复上传不会重复记录。",
            "The table (CSV) has the columns code, indicator, outcome and, where known, observed_on. The same upload twice is recorded once.",
        ))))
        (form(&view, html! {
            (choice_field(lang, "channel", lang.pick("数据来自", "From which system"), None, &choices, None))
            div.field {
                label for="table" { (lang.pick("表格文件", "The table")) }
                input #table type="file" name="table" accept=".csv,text/csv" required;
            }
        }))
    }
}

/// What became of an upload: the count, and each line that was not taken with what to do.
fn outcome(lang: Lang, delivery: &Delivery) -> Markup {
    let tone = if delivery.refused == 0 { Tone::Good } else { Tone::Grave };
    let mut sentences = vec![lang.pick(
        format!("已记录{}行,未记录{}行。", delivery.taken, delivery.refused),
        format!("{} line(s) recorded, {} not.", delivery.taken, delivery.refused),
    )];
    for fate in delivery.lines.iter().take(LINES_SHOWN_MAX) {
        if let Some(refused) = &fate.refused {
            let why = lang.pick(&refused.zh, &refused.en);
            sentences.push(lang.pick(
                format!("第{}行({} {}):{why}", fate.line, fate.code, fate.indicator),
                format!("Line {} ({} {}): {why}", fate.line, fate.code, fate.indicator),
            ));
        }
    }
    notice_box(tone, lang.pick("上传结果", "What became of it"), &sentences)
}

fn title(lang: Lang) -> &'static str {
    lang.pick("系统数据上传", "Results of other systems")
}

/// What came with the upload.
#[derive(Default)]
struct Sent {
    channel: String,
    command_id: Option<Uuid>,
    csrf: String,
    table: Bytes,
}

impl Sent {
    async fn read(mut form: Multipart) -> Option<Self> {
        let mut sent = Self::default();
        while let Some(field) = form.next_field().await.ok()? {
            let name = field.name().unwrap_or_default().to_owned();
            let bytes = field.bytes().await.ok()?;
            let text = || String::from_utf8_lossy(&bytes).into_owned();
            match name.as_str() {
                "channel" => sent.channel = text(),
                "command_id" => sent.command_id = text().parse().ok(),
                "csrf" => sent.csrf = text(),
                "table" => sent.table = bytes,
                _ => {}
            }
        }
        Some(sent)
    }
}

fn is_key(key: &str) -> bool {
    (1..=64).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn told(lang: Lang, error: &DeliveryError) -> String {
    match (error, lang) {
        (DeliveryError::Empty, Lang::Zh) => "文件中没有数据,没有任何更改。确实无数据时不必上传。".to_owned(),
        (DeliveryError::Malformed { line, .. }, Lang::Zh) => format!(
            "第{line}行不符合格式,整个文件没有记录。首行须有 code、indicator、outcome 三列,每行都要填满。"
        ),
        (DeliveryError::Empty | DeliveryError::Malformed { .. }, Lang::En) => error.to_string(),
        (DeliveryError::Stopped(_) | DeliveryError::Views(_) | DeliveryError::Office(_), _) => {
            failed_text(lang, error)
        }
    }
}

fn refused(lang: Lang, error: &DeliveryError) -> Response {
    match error {
        DeliveryError::Empty => {
            problem(StatusCode::UNPROCESSABLE_ENTITY, "empty_delivery", &told(lang, error))
        }
        DeliveryError::Malformed { .. } => problem(StatusCode::BAD_REQUEST, "malformed", &told(lang, error)),
        DeliveryError::Stopped(_) | DeliveryError::Views(_) | DeliveryError::Office(_) => {
            stopped(lang, error)
        }
    }
}

fn stopped(lang: Lang, error: &(dyn std::error::Error + 'static)) -> Response {
    tracing::error!(causes = %causes(error).join(": "), "a delivery was not taken");
    if is_disk_full(error) {
        return problem(StatusCode::INSUFFICIENT_STORAGE, "disk_full", &full_text(lang));
    }
    problem(StatusCode::INTERNAL_SERVER_ERROR, "not_carried_out", &broken_text(lang))
}

const DELIVERY_BYTES_MAX: usize = 8 * 1024 * 1024;
const LINES_SHOWN_MAX: usize = 200;
