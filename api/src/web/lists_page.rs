//! The page on which a table is uploaded: what it is about, from whom it comes, what it would do; then it is recorded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Form, Multipart, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;
use wuping_domain::facts::Role;

use crate::app::App;
use crate::lists::sheet::Sheet;
use crate::lists::{Became, Delivery, Kind, ListError, Report, office_channel, take, template};
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::office::OpenFeed;
use crate::web::desk_page::{broken_text, failed_text, forged_text, refused_page, shown};
use crate::web::lists::{LIST_BYTES_MAX, told};
use crate::web::session::Signed;

/// The routes of the page.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/desk/feeds", get(show).post(try_out))
        .route("/desk/feeds/record", post(record))
        .route("/desk/feeds/template/{kind}", get(empty_list))
        .layer(DefaultBodyLimit::max(LIST_BYTES_MAX))
        .layer(axum::Extension(Tried::default()))
        .with_state(app)
}

#[derive(Default, Deserialize)]
struct Chosen {
    #[serde(default)]
    kind: String,
}

async fn show(State(app): State<Arc<App>>, signed: Signed, Query(chosen): Query<Chosen>) -> Response {
    match Allowed::of(&app, &signed) {
        Ok(allowed) => {
            let kind = Kind::of_code(&chosen.kind).filter(|kind| allowed.kinds.contains(kind));
            let body = html! { (opening(signed.lang, &allowed)) (upload_form(&signed, &allowed, kind, "")) };
            shown(&app, signed.lang, Some(&signed), title(signed.lang), column(body)).into_response()
        }
        Err(page) => *page,
    }
}

/// The table comes in and is tried; it waits until somebody says that it is to be recorded.
async fn try_out(
    State(app): State<Arc<App>>,
    axum::Extension(tried): axum::Extension<Tried>,
    signed: Signed,
    form: Multipart,
) -> Response {
    let lang = signed.lang;
    let allowed = match Allowed::of(&app, &signed) {
        Ok(allowed) => allowed,
        Err(page) => return *page,
    };
    let refused = |why: &str| refused_page(&app, lang, Some(&signed), why);
    let Some(sent) = Sent::read(form).await else {
        return refused(
            lang.pick("文件太大，请分成几个文件上传。", "The file is too large: send it in several parts."),
        );
    };
    if sent.csrf != signed.session.csrf {
        return refused(&forged_text(lang));
    }
    let Some(kind) = Kind::of_code(&sent.kind).filter(|kind| allowed.kinds.contains(kind)) else {
        return refused(lang.pick("请选择表格的内容。", "Choose what the table is about."));
    };
    let Some(channel) = allowed.channel(kind, &sent.channel) else {
        return refused(lang.pick(
            "请选择数据来自哪个系统；所选的系统没有开通这种内容。",
            "Choose the system that the table comes from; the one chosen was not opened for it.",
        ));
    };
    // who carried the table here is on record as part of what the delivery is called
    let command = sent.command_id.unwrap_or_else(Uuid::now_v7);
    let reference = format!("{}-{command}", signed.session.account);
    let delivery = Delivery { channel: channel.clone(), kind, reference, dry_run: true };
    match carried(&app, &delivery, &sent.table).await {
        Ok(report) => {
            let something = report.new + report.changed > 0;
            if something {
                tried.keep(command, Waiting { delivery, table: sent.table, since: Instant::now() });
            }
            let body = html! {
                (page_heading(None, title(lang), None))
                (outcome(lang, &report))
                @if something { (record_form(&signed, command)) }
                (section(lang.pick("上传另一个表格", "Upload another table"), upload_form(&signed, &allowed, Some(kind), &channel.channel)))
            };
            shown(&app, lang, Some(&signed), title(lang), column(body)).into_response()
        }
        Err(error) => refused(&told(lang, &error).unwrap_or_else(|| failed_text(lang, &error))),
    }
}

#[derive(Deserialize)]
struct Recorded {
    command_id: Uuid,
    csrf: String,
}

/// What was tried is recorded. A second tap finds it recorded.
async fn record(
    State(app): State<Arc<App>>,
    axum::Extension(tried): axum::Extension<Tried>,
    signed: Signed,
    Form(asked): Form<Recorded>,
) -> Response {
    let lang = signed.lang;
    let allowed = match Allowed::of(&app, &signed) {
        Ok(allowed) => allowed,
        Err(page) => return *page,
    };
    let refused = |why: &str| refused_page(&app, lang, Some(&signed), why);
    if asked.csrf != signed.session.csrf {
        return refused(&forged_text(lang));
    }
    let own =
        |waiting: &Waiting| waiting.delivery.reference.starts_with(&format!("{}-", signed.session.account));
    let Some(waiting) = tried.find(asked.command_id).filter(own) else {
        return refused(lang.pick(
            "试算过的表格已不在等候（超过一小时，或服务重新启动过）。请再上传一次；已记录的不会重复。",
            "The table that was tried waits no longer (an hour is over, or the server was started again). Upload it once more; what is recorded is not recorded twice.",
        ));
    };
    // what one may deliver may have changed since it was tried
    let channel = allowed.channel(waiting.delivery.kind, &waiting.delivery.channel.channel);
    let Some(channel) = channel.filter(|_| allowed.kinds.contains(&waiting.delivery.kind)) else {
        return refused(lang.pick("这个通道已经关闭或更改。", "This channel was closed or changed."));
    };
    let delivery = Delivery { channel, dry_run: false, ..waiting.delivery };
    match carried(&app, &delivery, &waiting.table).await {
        Ok(report) => {
            let body = html! {
                (page_heading(None, title(lang), None))
                (outcome(lang, &report))
                (section(lang.pick("上传另一个表格", "Upload another table"), upload_form(&signed, &allowed, Some(delivery.kind), &delivery.channel.channel)))
            };
            shown(&app, lang, Some(&signed), title(lang), column(body)).into_response()
        }
        Err(error) => refused(&told(lang, &error).unwrap_or_else(|| failed_text(lang, &error))),
    }
}

/// An empty workbook with the columns of a kind.
async fn empty_list(signed: Signed, Path(file): Path<String>) -> Response {
    let lang = signed.lang;
    let kind = file.strip_suffix(".xlsx").and_then(Kind::of_code);
    let made = kind.map(|kind| template::workbook(kind, lang == Lang::Zh));
    match made {
        Some(Ok(bytes)) => {
            let name = format!("attachment; filename=\"{file}\"");
            ([(header::CONTENT_TYPE, WORKBOOK.to_owned()), (header::CONTENT_DISPOSITION, name)], bytes)
                .into_response()
        }
        Some(Err(error)) => {
            tracing::error!(%error, "a template was not made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn carried(app: &App, delivery: &Delivery, table: &[u8]) -> Result<Report, ListError> {
    let sheet = Sheet::of_file(table)?;
    take(app, delivery, &sheet, &|_, _| {}).await
}

/// What the person may upload, and by which channels.
struct Allowed {
    feeds: Vec<OpenFeed>,
    kinds: Vec<Kind>,
}

impl Allowed {
    /// A data clerk carries what other systems share and keeps the lists of premises and parties; who assesses is said by an
    /// administrator.
    fn of(app: &App, signed: &Signed) -> Result<Self, Box<Response>> {
        let lang = signed.lang;
        let page = |why: &str| Box::new(refused_page(app, lang, Some(signed), why));
        let actor = app.actor(&signed.session.account).map_err(|_| page(&broken_text(lang)))?;
        let administers = actor.holds(Role::Administrator);
        if !actor.holds(Role::DataClerk) && !administers {
            return Err(page(lang.pick(
                "上传系统数据需要数据管理员权限。",
                "Uploading results of other systems needs the role of data clerk.",
            )));
        }
        let feeds = app.office.feeds().map_err(|_| page(&broken_text(lang)))?;
        let may = |kind: &Kind| match kind {
            Kind::Assessors => administers,
            Kind::Premises | Kind::Parties => true,
            Kind::Indicators | Kind::Incidents | Kind::Alerts => {
                feeds.iter().any(|feed| feed.kinds.contains(kind))
            }
        };
        let kinds = Kind::ALL.into_iter().filter(may).collect();
        Ok(Self { feeds, kinds })
    }

    /// A channel by its name, if it delivers the kind; the office itself for its own lists where none is named.
    fn channel(&self, kind: Kind, name: &str) -> Option<OpenFeed> {
        let office = office_channel();
        if name == office.channel || name.is_empty() {
            return Kind::OWN.contains(&kind).then_some(office);
        }
        self.feeds.iter().find(|feed| feed.channel == name && feed.kinds.contains(&kind)).cloned()
    }
}

/// What the page is for.
fn opening(lang: Lang, allowed: &Allowed) -> Markup {
    html! {
    (page_heading(None, title(lang), Some(lang.pick(
        "上传后先显示会记录什么，确认后才记录。同一表格重复上传不会重复记录；改过的行按更改记录。",
        "An upload first shows what it would record; it is recorded when you confirm. The same table twice is recorded once, a changed row as a change.",
    ))))
    @if allowed.feeds.is_empty() {
        (notice_box(Tone::Calm, lang.pick("还没有开通数据通道", "No channel is open yet"), &[lang.say(
            "其他系统的数据要先开通通道：请管理员在服务器上运行 wuping feed open。本单位的清单现在就可以上传。",
            "For what other systems share a channel is needed: ask the operator to run wuping feed open on the server. The office's own lists can be uploaded now.",
        )]))
    }
    }
}

fn upload_form(signed: &Signed, allowed: &Allowed, kind: Option<Kind>, channel: &str) -> Markup {
    let lang = signed.lang;
    let list = |words: Vec<String>| words.join(lang.pick("、", ", "));
    let current = kind.map_or("", Kind::code);
    let kinds: Vec<Choice> =
        allowed.kinds.iter().map(|kind| Choice::new(kind.code(), word(lang, *kind), current)).collect();
    let office = office_channel().channel;
    let of_feed = |feed: &OpenFeed| {
        let departments = list(feed.departments.iter().map(|code| lang.department(code).into()).collect());
        let kinds = list(feed.kinds.iter().map(|kind| word(lang, *kind).to_owned()).collect());
        Choice::new(&feed.channel, format!("{} ({departments}: {kinds})", feed.channel), channel)
    };
    let own = lang.pick(
        "本单位自己的清单（房屋、责任人、评定人）",
        "The office's own list (premises, parties, assessors)",
    );
    let channels: Vec<Choice> =
        allowed.feeds.iter().map(of_feed).chain([Choice::new(&office, own, channel)]).collect();
    let view = FormView {
        action: "/desk/feeds".into(),
        csrf: signed.session.csrf.clone(),
        command_id: Uuid::now_v7().to_string(),
        expected: None,
        files: true,
        submit: lang.say("先试一遍", "Try it first"),
    };
    let templates: Vec<Link> = allowed
        .kinds
        .iter()
        .map(|kind| Link::new(format!("/desk/feeds/template/{}.xlsx", kind.code()), word(lang, *kind)))
        .collect();
    html! {
        (form(&view, html! {
            (choice_field(lang, "kind", lang.pick("表格的内容", "What the table is about"), None, &kinds, None))
            (choice_field(lang, "channel", lang.pick("数据来自", "From which system"), None, &channels, None))
            div.field {
                label.label for="table" { (lang.pick("表格文件（.xlsx 或 CSV UTF-8）", "The table (.xlsx or CSV UTF-8)")) }
                input #table type="file" name="table" required
                    accept=".csv,.xlsx,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
            }
        }))
        (section(lang.pick("空白模板", "Empty templates"), downloads(lang, &templates)))
    }
}

fn record_form(signed: &Signed, command: Uuid) -> Markup {
    let view = FormView {
        action: "/desk/feeds/record".into(),
        csrf: signed.session.csrf.clone(),
        command_id: command.to_string(),
        expected: None,
        files: false,
        submit: signed.lang.say("确认记录", "Record it"),
    };
    form(&view, html! {})
}

/// What became of an upload, or would: the counts, and each row that is not taken with what to do.
fn outcome(lang: Lang, report: &Report) -> Markup {
    let Report { new, changed, same, refused, dry_run, .. } = report;
    let tone = if *refused == 0 { Tone::Good } else { Tone::Grave };
    let mut sentences = vec![lang.pick(
        format!("新增{new}行，更改{changed}行，已有{same}行，不能记录{refused}行。"),
        format!("{new} new, {changed} changed, {same} known already, {refused} not."),
    )];
    if *dry_run {
        sentences.push(lang.say("现在还没有记录任何内容。", "Nothing is recorded yet."));
    }
    if !report.unread_columns.is_empty() {
        let columns = report.unread_columns.join(lang.pick("、", ", "));
        sentences.push(lang.pick(
            format!("这些列不使用，只随原行保存：{columns}。"),
            format!("These columns are not read and only kept with their rows: {columns}."),
        ));
    }
    let heading = match dry_run {
        true => lang.pick("会记录什么", "What it would do"),
        false => lang.pick("上传结果", "What became of it"),
    };
    html! {
        (notice_box(tone, heading, &sentences))
        @if *refused > 0 { (refused_table(lang, report)) }
    }
}

fn refused_table(lang: Lang, report: &Report) -> Markup {
    let refused = report.lines.iter().filter(|fate| fate.became == Became::Refused);
    let row = |fate: &crate::lists::Fate| {
        let why = fate.refused.as_ref().map(|fault| lang.pick(&fault.zh, &fault.en).clone());
        let line = lang.pick(format!("第{}行", fate.line), format!("line {}", fate.line));
        Row {
            href: None,
            cells: vec![html! { (line) }, html! { (fate.name) }, html! { (why.unwrap_or_default()) }],
            tone: Tone::Calm,
        }
    };
    data_table(&TableView {
        caption: lang.say("不能记录的行", "Rows that are not recorded"),
        columns: vec![
            Column::text(lang.pick("行", "Line")),
            Column::text(lang.pick("内容", "What")),
            Column::text(lang.pick("原因和办法", "Why, and what to do")),
        ],
        rows: refused.take(LINES_SHOWN_MAX).map(row).collect(),
    })
}

fn word(lang: Lang, kind: Kind) -> &'static str {
    lang.pick(kind.zh(), kind.en())
}

fn title(lang: Lang) -> &'static str {
    lang.pick("数据上传", "Uploads")
}

/// Tables that were tried and wait to be recorded, in memory only: rows of private values are not left on the disk.
#[derive(Clone, Default)]
struct Tried(Arc<Mutex<HashMap<Uuid, Waiting>>>);

#[derive(Clone)]
struct Waiting {
    delivery: Delivery,
    table: Bytes,
    since: Instant,
}

impl Tried {
    /// Keeps a table; the oldest give way where there are too many.
    fn keep(&self, command: Uuid, waiting: Waiting) {
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tables.retain(|_, waiting| waiting.since.elapsed() < WAITING_MAX);
        while tables.len() >= TABLES_MAX {
            let oldest = tables.iter().min_by_key(|(_, waiting)| waiting.since).map(|(command, _)| *command);
            let Some(oldest) = oldest else { break };
            tables.remove(&oldest);
        }
        tables.insert(command, waiting);
    }

    fn find(&self, command: Uuid) -> Option<Waiting> {
        let tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tables.get(&command).filter(|waiting| waiting.since.elapsed() < WAITING_MAX).cloned()
    }
}

/// What came with the upload.
#[derive(Default)]
struct Sent {
    channel: String,
    command_id: Option<Uuid>,
    csrf: String,
    kind: String,
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
                "kind" => sent.kind = text(),
                "table" => sent.table = bytes,
                _ => {}
            }
        }
        Some(sent)
    }
}

const LINES_SHOWN_MAX: usize = 200;
/// Tables that wait at the same time.
const TABLES_MAX: usize = 8;
const WAITING_MAX: Duration = Duration::from_hours(1);
const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
