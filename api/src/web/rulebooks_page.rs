//! The pages on which a rulebook is made: written files come in and are checked, compared and rehearsed; one person records the
//! draft, another publishes it with a date and a document.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{DefaultBodyLimit, Form, Multipart, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Semaphore;
use uuid::Uuid;
use wuping_domain::aggregate::Concept;
use wuping_domain::derivation::SchemeRef;
use wuping_domain::draft::{Draft as Recorded, Drafted};
use wuping_domain::facts::Role;
use wuping_domain::rehearsal::{Direction, Doubt};
use wuping_domain::rulebook::difference::Difference;
use wuping_projections::ledger_rulebooks::LedgerRulebooks;
use wuping_replay::rehearsal::{Asked as Rehearsing, Move, Rehearsal, rehearsal};

use crate::app::App;
use crate::drafting::Draft;
use crate::rulemaking::{document, published};
use crate::shelf::{Compiled, of_document};
use crate::web::answering::{answered, asked_by_form};
use crate::web::desk_page::{broken_text, done_by, forged_text, refused_page, shown, unseen_page};
use crate::web::docket_api::{Failure, blocking};
use crate::web::look::parts::*;
use crate::web::look::words::Lang;
use crate::web::session::Signed;

/// The routes of the pages.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/desk/rulebooks", get(listed).post(tried))
        .route("/desk/rulebooks/draft", post(record))
        .route("/desk/rulebooks/drafts/{draft}", get(show).post(publish))
        .layer(DefaultBodyLimit::max(FILES_BYTES_MAX))
        .layer(Extension(Waiting::default()))
        .with_state(app)
}

/// Drafts that were tried and wait to be recorded, and the one place where one is rehearsed at a time.
#[derive(Clone)]
struct Waiting {
    /// By the command that would record them.
    tried: Arc<Mutex<HashMap<Uuid, Tried>>>,
    one: Arc<Semaphore>,
}

/// A draft that was tried.
struct Tried {
    /// The account that tried it.
    by: String,
    draft: Draft,
    since: Instant,
}

impl Default for Waiting {
    fn default() -> Self {
        Self { tried: Arc::default(), one: Arc::new(Semaphore::new(1)) }
    }
}

impl Waiting {
    fn keep(&self, command: Uuid, account: &str, draft: Draft) {
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        tried.retain(|_, one| one.since.elapsed() < WAITING_MAX);
        while tried.len() >= DRAFTS_MAX {
            let oldest = tried.iter().min_by_key(|(_, one)| one.since).map(|(command, _)| *command);
            let Some(oldest) = oldest else { break };
            tried.remove(&oldest);
        }
        tried.insert(command, Tried { by: account.to_owned(), draft, since: Instant::now() });
    }

    fn find(&self, command: Uuid, account: &str) -> Option<Draft> {
        let tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        tried.get(&command).filter(|one| one.by == account).map(|one| one.draft.clone())
    }
}

/// Why the person may not see the pages; nothing for the commission's administrators.
fn must_be_commission(app: &App, signed: &Signed) -> Result<(), Box<Response>> {
    let lang = signed.lang;
    let actor = app
        .actor(&signed.session.account)
        .map_err(|_| Box::new(refused_page(app, lang, Some(signed), &broken_text(lang))))?;
    if actor.holds(Role::CommissionAdmin) {
        return Ok(());
    }
    let why = lang.pick(
        "评分规则由政法委管理员起草和发布。公布的规则在 /rules。",
        "Rulebooks are drafted and published by the commission's administrators. Published ones are at /rules.",
    );
    Err(Box::new(unseen_page(app, lang, signed, why)))
}

fn title(lang: Lang) -> &'static str {
    lang.pick("评分规则", "Rulebooks")
}

async fn listed(State(app): State<Arc<App>>, signed: Signed) -> Response {
    let lang = signed.lang;
    if let Err(page) = must_be_commission(&app, &signed) {
        return *page;
    }
    let house = app.clone();
    let read = blocking(move || Ok((published(house.reader())?, drafts(&house)?)));
    let Ok((published, drafts)) = read.await else {
        return refused_page(&app, lang, Some(&signed), &broken_text(lang));
    };
    let rules: Vec<Link> =
        published.iter().map(|one| Link::new(format!("/rules/{}", one.id), one.id.clone())).collect();
    let drafted: Vec<Link> = drafts
        .iter()
        .map(|(key, drafted, by)| {
            let label = lang
                .pick(format!("{}（{by} 起草）", drafted.id), format!("{} (drafted by {by})", drafted.id));
            Link::new(format!("/desk/rulebooks/drafts/{key}"), label)
        })
        .collect();
    let body = html! {
        (page_heading(None, title(lang), Some(lang.pick(
            "上传写好的文件：先检查、比较、试算，不记录；确认后记为草案，由另一位管理员发布。",
            "Written files are checked, compared and rehearsed first, and nothing is recorded; then one administrator records the draft and another publishes it.",
        ))))
        (section(lang.pick("等待发布的草案", "Drafts to be published"), html! {
            @if drafted.is_empty() {
                (empty_state(lang.pick("没有等待发布的草案。", "No draft waits."), None))
            } @else { (link_list(&drafted)) }
        }))
        (section(lang.pick("试一个草案", "Try a draft"), upload(&signed)))
        (section(lang.pick("已经发布", "Published"), link_list(&rules)))
    };
    shown(&app, lang, Some(&signed), title(lang), column(body)).into_response()
}

/// Drafts that are not published, by the last segment of their streams.
fn drafts(app: &App) -> Result<Vec<(String, Drafted, String)>, Failure> {
    let mut keys = Vec::new();
    app.reader().last_of_streams(|last| {
        keys.extend(last.stream.strip_prefix(DRAFTS).map(str::to_owned));
        Ok(())
    })?;
    let published = published(app.reader())?;
    let mut drafts = Vec::new();
    for key in keys {
        if let Some((drafted, by)) = app.draft(&key)?.drafted
            && !published.iter().any(|one| one.id == drafted.id)
        {
            drafts.push((key, drafted, by));
        }
    }
    Ok(drafts)
}

fn upload(signed: &Signed) -> Markup {
    let lang = signed.lang;
    let view = FormView {
        action: "/desk/rulebooks".into(),
        csrf: signed.session.csrf.clone(),
        command_id: Uuid::now_v7().to_string(),
        expected: None,
        files: true,
        submit: lang.say("检查、比较、试算", "Check, compare, rehearse"),
    };
    form(
        &view,
        html! {
            div.field {
                label.label for="files" {
                    (lang.pick("文件（.toml）：指标、办法、日历，改了哪个就传哪个", "Files (.toml): indicators, policy, calendar; those that are changed"))
                }
                input #files type="file" name="files" multiple required accept=".toml,text/plain";
            }
            (text_field(lang, &TextField {
                name: "against".into(),
                label: lang.say("在哪一版的基础上（不填则为现行的）", "Begun from (the one in use where empty)"),
                ..TextField::default()
            }))
        },
    )
}

/// The files come in: what they change and whom they would move is shown, and the draft waits to be recorded.
async fn tried(
    State(app): State<Arc<App>>,
    Extension(waiting): Extension<Waiting>,
    signed: Signed,
    form: Multipart,
) -> Response {
    let lang = signed.lang;
    if let Err(page) = must_be_commission(&app, &signed) {
        return *page;
    }
    let refused = |why: &str| refused_page(&app, lang, Some(&signed), why);
    let Some(sent) = Sent::read(form).await else {
        return refused(lang.pick("文件太大或读不出来。", "The files are too large, or cannot be read."));
    };
    if sent.csrf != signed.session.csrf {
        return refused(&forged_text(lang));
    }
    let (house, Sent { against, command_id, files, .. }) = (app.clone(), sent);
    let drafted = blocking(move || {
        let published = published(house.reader())?;
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let against = Some(against.trim()).filter(|id| !id.is_empty());
        Ok(Draft::of(&files, against, None, &published).map_err(|error| error.faults()))
    });
    let draft = match drafted.await {
        Ok(Ok(draft)) => draft,
        Ok(Err(faults)) => {
            let heading = lang.pick("不成立，没有记录", "It does not hold together; nothing was recorded");
            let body = html! {
                (page_heading(None, title(lang), None))
                (notice_box(Tone::Grave, heading, &faults))
                (section(lang.pick("改好后再试", "Mend it and try again"), upload(&signed)))
            };
            return shown(&app, lang, Some(&signed), title(lang), column(body)).into_response();
        }
        Err(_) => return refused(&broken_text(lang)),
    };
    let came = rehearsed(&app, &waiting, draft.compiled.clone()).await;
    let (Ok(came), Ok(differences)) = (came, draft.differences()) else {
        return refused(&broken_text(lang));
    };
    let command = command_id.unwrap_or_else(Uuid::now_v7);
    let base = draft.base.as_ref().map(|base| base.id.clone());
    let id = draft.compiled.scheme.id.clone();
    waiting.keep(command, &signed.session.account, draft);
    let view = FormView {
        action: "/desk/rulebooks/draft".into(),
        csrf: signed.session.csrf.clone(),
        command_id: command.to_string(),
        expected: None,
        files: false,
        submit: lang.say("记为草案", "Record the draft"),
    };
    let body = html! {
        (page_heading(None, &id, None))
        (told(lang, base.as_deref(), &differences, &came))
        (section(lang.pick("记为草案", "Record it as a draft"), form_of(&view, lang)))
    };
    shown(&app, lang, Some(&signed), title(lang), body).into_response()
}

fn form_of(view: &FormView, lang: Lang) -> Markup {
    form(
        view,
        html! {
            (text_field(lang, &TextField {
                name: "note".into(),
                label: lang.say("给发布人的说明（不公开）", "A word to whoever publishes it (private)"),
                ..TextField::default()
            }))
        },
    )
}

#[derive(Deserialize)]
struct Recording {
    command_id: Uuid,
    csrf: String,
    #[serde(default)]
    note: String,
}

/// The draft that was tried is recorded, its document first.
async fn record(
    State(app): State<Arc<App>>,
    Extension(waiting): Extension<Waiting>,
    signed: Signed,
    Form(asked): Form<Recording>,
) -> Response {
    let lang = signed.lang;
    if let Err(page) = must_be_commission(&app, &signed) {
        return *page;
    }
    let refused = |why: &str| refused_page(&app, lang, Some(&signed), why);
    if asked.csrf != signed.session.csrf {
        return refused(&forged_text(lang));
    }
    let Some(draft) = waiting.find(asked.command_id, &signed.session.account) else {
        return refused(lang.pick(
            "试过的草案已不在等候（超过一小时，或服务重新启动过）。请再上传一次。",
            "The draft that was tried waits no longer (an hour is over, or the server was started again). Upload it once more.",
        ));
    };
    if app.ledger.writer().keep_scheme(draft.compiled.document()).await.is_err() {
        return refused(&broken_text(lang));
    }
    let base = draft.base.as_ref().map(|base| SchemeRef { id: base.id.clone(), sha256: base.sha256.clone() });
    let key = format!("d{}", asked.command_id.simple());
    let note = Some(asked.note.trim()).filter(|note| !note.is_empty());
    let command = json!({
        "command": "draft", "id": draft.compiled.scheme.id, "layer": draft.compiled.rulebook.layer,
        "sha256": draft.compiled.scheme.sha256, "base": base, "note": note,
    });
    let stream = format!("{DRAFTS}{key}");
    let asked = asked_by_form(&app, &asked.command_id.to_string(), stream, command, None);
    let there = format!("/desk/rulebooks/drafts/{key}");
    answered(&app, &signed, app.execute(&signed.who, asked).await, &there, "/desk/rulebooks")
}

/// A recorded draft: what it changes, whom it would move, and for a second person the way to publish it.
async fn show(
    State(app): State<Arc<App>>,
    Extension(waiting): Extension<Waiting>,
    signed: Signed,
    Path(key): Path<String>,
) -> Response {
    let lang = signed.lang;
    if let Err(page) = must_be_commission(&app, &signed) {
        return *page;
    }
    let (house, asked) = (app.clone(), key.clone());
    let read = blocking(move || {
        let Some((drafted, by)) = house.draft(&asked)?.drafted else { return Ok(None) };
        let Some(kept) = house.reader().scheme(&drafted.sha256)? else { return Ok(None) };
        let compiled = of_document(&document(&kept))?;
        let base =
            drafted.base.as_ref().map(|base| house.reader().scheme(&base.sha256)).transpose()?.flatten();
        let document = document(&kept);
        let differences = Draft { compiled: compiled.clone(), base, document }.differences()?;
        let is_published = published(house.reader())?.iter().any(|one| one.id == drafted.id);
        Ok(Some((drafted, by, compiled, differences, is_published)))
    });
    let (drafted, by, compiled, differences, is_published) = match read.await {
        Ok(Some(found)) => found,
        Ok(None) => {
            let why = lang.pick("没有这个草案。", "There is no such draft.");
            return unseen_page(&app, lang, &signed, why);
        }
        Err(_) => return refused_page(&app, lang, Some(&signed), &broken_text(lang)),
    };
    let Ok(came) = rehearsed(&app, &waiting, compiled).await else {
        return refused_page(&app, lang, Some(&signed), &broken_text(lang));
    };
    let above = [Link::new("/desk/rulebooks", title(lang))];
    let mine = by == signed.session.account;
    let body = html! {
        (breadcrumbs(lang, &above, &drafted.id))
        (page_heading(None, &drafted.id, Some(&lang.pick(format!("由 {by} 起草"), format!("Drafted by {by}")))))
        (told(lang, drafted.base.as_ref().map(|base| base.id.as_str()), &differences, &came))
        @if is_published {
            (notice_box(Tone::Calm, lang.pick("已经发布", "Published"), &[lang.say("这一版已经发布，见 /rules。", "This version is published; see /rules.")]))
        } @else if mine {
            (done_by(lang, lang.pick("政法委的另一位管理员发布；起草的人不能自己发布。", "another administrator of the commission; whoever drafted it does not publish it.")))
        } @else {
            (section(lang.pick("发布", "Publish"), publishing(&signed, &key, app.today())))
        }
    };
    shown(&app, lang, Some(&signed), &drafted.id, body).into_response()
}

fn publishing(signed: &Signed, key: &str, today: chrono::NaiveDate) -> Markup {
    let lang = signed.lang;
    let view = FormView {
        action: format!("/desk/rulebooks/drafts/{key}"),
        csrf: signed.session.csrf.clone(),
        command_id: Uuid::now_v7().to_string(),
        expected: None,
        files: false,
        submit: lang.say("发布", "Publish"),
    };
    let field = |name: &str, label: String| {
        text_field(lang, &TextField { name: name.into(), label, required: true, ..TextField::default() })
    };
    form(
        &view,
        html! {
            div.field {
                label.label for="holds_from" { (lang.pick("从哪天起施行（今天或以后）", "In force from (today or later)")) }
                input.input #holds_from type="date" name="holds_from" required min=(today);
            }
            (field("issued_by", lang.say("发布机关", "Issued by")))
            (field("document_number", lang.say("文号", "Document number")))
        },
    )
}

#[derive(Deserialize)]
struct Publishing {
    command_id: String,
    csrf: String,
    holds_from: String,
    issued_by: String,
    document_number: String,
}

async fn publish(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(key): Path<String>,
    Form(asked): Form<Publishing>,
) -> Response {
    let lang = signed.lang;
    if let Err(page) = must_be_commission(&app, &signed) {
        return *page;
    }
    let refused = |why: &str| refused_page(&app, lang, Some(&signed), why);
    if asked.csrf != signed.session.csrf {
        return refused(&forged_text(lang));
    }
    let (house, named) = (app.clone(), key.clone());
    let read = blocking(move || {
        let Some((drafted, _)) = house.draft(&named)?.drafted else { return Ok(None) };
        let kept = house.reader().scheme(&drafted.sha256)?;
        let operating = kept.map(|kept| document(&kept)["policy"]["operating"].as_bool().unwrap_or(true));
        Ok(Some((drafted, operating.unwrap_or(true))))
    });
    let (drafted, operating) = match read.await {
        Ok(Some(found)) => found,
        Ok(None) => return refused(lang.pick("没有这个草案。", "There is no such draft.")),
        Err(_) => return refused(&broken_text(lang)),
    };
    let stream = format!("rulebook/{}", drafted.id);
    let command = json!({
        "command": "publish", "id": drafted.id, "layer": drafted.layer, "sha256": drafted.sha256,
        "holds_from": asked.holds_from, "operating": operating, "issued_by": asked.issued_by,
        "document_number": asked.document_number, "draft": key,
    });
    let there = format!("/desk/rulebooks/drafts/{key}");
    let asked = asked_by_form(&app, &asked.command_id, stream, command, None);
    answered(&app, &signed, app.execute(&signed.who, asked).await, &there, &there)
}

/// Rehearse on what is on record, one at a time.
async fn rehearsed(app: &Arc<App>, waiting: &Waiting, compiled: Compiled) -> Result<Rehearsal, Failure> {
    let _one = waiting.one.acquire().await?;
    let house = app.clone();
    blocking(move || {
        let rulebooks = LedgerRulebooks::of(house.reader().clone());
        let asked = Rehearsing { draft: &compiled.rulebook, against: None, every: false };
        Ok(rehearsal(house.reader(), &rulebooks, asked)?)
    })
    .await
}

/// What a draft changes and whom it would move.
fn told(lang: Lang, base: Option<&str>, differences: &[Difference], came: &Rehearsal) -> Markup {
    let text = |value: &Option<serde_json::Value>| {
        value.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string)
    };
    let figure = |label: String, value: u64| Figure { label, value, href: "#moves".to_owned(), note: None };
    html! {
        (section(lang.pick("试算", "Rehearsed"), html! {
            (figures(lang, &[
                figure(lang.say("会降", "Would fall"), came.down),
                figure(lang.say("会升", "Would rise"), came.up),
                figure(lang.say("不变", "Would stay"), came.same),
                figure(lang.say("只有分数变", "Only the score"), came.only_score),
            ]))
            @if !came.doubts.is_empty() {
                (notice_box(Tone::Grave, lang.pick("写了却不会发生", "Written, and can never happen"),
                    &came.doubts.iter().map(|doubt| doubtful(lang, doubt)).collect::<Vec<_>>()))
            }
            @for (indicator, count) in &came.assumed {
                p.note { (lang.pick(
                    format!("新指标 {indicator} 没有人查过（{count} 次评定），试算时当作合格。"),
                    format!("Nobody has checked {indicator}, which is new ({count} assessments); it was taken to be met."),
                )) }
            }
            @for (why, count) in &came.ungradable {
                p.note { (lang.pick(format!("{count} 次评定算不出来：{why}"), format!("{count} assessments cannot be graded: {why}"))) }
            }
            @if came.moves.is_empty() {
                p #moves { (lang.pick("没有房屋会升降。", "Nobody would move.")) }
            } @else {
                div #moves { (data_table(&moves(lang, &came.moves))) }
                @if came.moves.len() > MOVES_SHOWN_MAX {
                    p.quiet { (lang.pick(
                        format!("只列出 {MOVES_SHOWN_MAX} 处；全部用 wuping scheme rehearse 查看。"),
                        format!("Only {MOVES_SHOWN_MAX} are listed; wuping scheme rehearse shows all."),
                    )) }
                }
            }
        }))
        (section(&lang.pick(format!("改了什么（{} 处）", differences.len()), format!("What is changed ({})", differences.len())), html! {
            @if let Some(base) = base { p { (lang.pick("与之比较：", "Compared with ")) code { (base) } } }
            @if !differences.is_empty() {
                (data_table(&TableView {
                    caption: lang.say("改动", "Changes"),
                    columns: vec![Column::text(lang.say("哪里", "Where")), Column::text(lang.say("原来", "Was")), Column::text(lang.say("现在", "Is"))],
                    rows: differences.iter().take(CHANGES_SHOWN_MAX).map(|one| Row {
                        href: None,
                        cells: vec![html! { code { (one.path) } }, html! { (text(&one.was)) }, html! { (text(&one.is)) }],
                        tone: Tone::Calm,
                    }).collect(),
                }))
            }
        }))
    }
}

fn moves(lang: Lang, all: &[Move]) -> TableView {
    let held = |held: &wuping_domain::rehearsal::Held| match held.star {
        Some(star) => format!("{} · {}", held.score, lang.stars(Some(star))),
        None => format!("{} · {}", held.score, held.band),
    };
    let row = |of: &Move| {
        let falls = of.rehearsed.direction == Direction::Down;
        Row {
            href: Some(format!("/desk/premises/{}", of.premises)),
            cells: vec![
                html! { (of.code) },
                html! { (lang.direction(if falls { "down" } else { "up" })) },
                html! { (held(&of.rehearsed.was)) },
                html! { (held(&of.rehearsed.is)) },
                html! { (because(lang, of)) },
            ],
            tone: if falls { Tone::Grave } else { Tone::Calm },
        }
    };
    TableView {
        caption: lang.say("会升降的房屋", "Who would move"),
        columns: [
            ("房屋", "Premises"),
            ("升降", "Direction"),
            ("原来", "Was"),
            ("试算", "Would be"),
            ("原因", "Why"),
        ]
        .map(|(zh, en)| Column::text(lang.pick(zh, en)))
        .to_vec(),
        rows: all.iter().take(MOVES_SHOWN_MAX).map(row).collect(),
    }
}

/// Why, in a line: indicators with their points, caps and vetoes that came or went.
fn because(lang: Lang, of: &Move) -> String {
    let Some(why) = &of.rehearsed.why else { return String::new() };
    let points =
        |points: Option<(u64, u64)>| points.map_or_else(|| "–".to_owned(), |(e, a)| format!("{e}/{a}"));
    let cause = |by: &str| lang.cause(by, |_| None);
    let mut said: Vec<String> = why
        .indicators
        .iter()
        .map(|shift| format!("{} {} → {}", shift.indicator, points(shift.was), points(shift.is)))
        .collect();
    said.extend(why.caps_gained.iter().map(|cap| format!("{} ({})", lang.cap(cap.star), cause(&cap.by))));
    said.extend(why.caps_lost.iter().map(|cap| {
        lang.pick(
            format!("不再{}（{}）", lang.cap(cap.star), cause(&cap.by)),
            format!("no longer {} ({})", lang.cap(cap.star), cause(&cap.by)),
        )
    }));
    said.extend(why.vetoes_gained.iter().map(|veto| cause(veto)));
    said.extend(why.vetoes_lost.iter().map(|veto| {
        lang.pick(format!("不再一票否决：{}", cause(veto)), format!("no longer a veto: {}", cause(veto)))
    }));
    if said.is_empty() {
        said.push(lang.say("分数线变了", "the score is in another band"));
    }
    said.join(lang.pick("；", "; "))
}

fn doubtful(lang: Lang, doubt: &Doubt) -> String {
    match doubt {
        Doubt::IdleCap { by, star } => lang.pick(
            format!("{by} 封顶在最高的 {star} 星，不起作用。"),
            format!("{by} caps at star {star}, the highest: it lowers nothing."),
        ),
        Doubt::ImpossibleGrade { band, best_score: Some(best), .. } => lang.pick(
            format!("什么结果都得不到“{band}”：最高只能到 {best} 分。"),
            format!("No results lead to {band}: {best} is the most that can be reached."),
        ),
        Doubt::ImpossibleGrade { band, .. } => lang.pick(
            format!("什么结果都得不到“{band}”：总有封顶在它以下。"),
            format!("No results lead to {band}: a cap below it always holds."),
        ),
        Doubt::NeverApplies { by, at_least, indicators } => lang.pick(
            format!("{by} 要 {at_least} 项不合格，可它只数 {indicators} 项。"),
            format!("{by} asks for {at_least} failures and counts {indicators} indicators."),
        ),
    }
}

/// What came with the upload.
#[derive(Default)]
struct Sent {
    against: String,
    command_id: Option<Uuid>,
    csrf: String,
    files: Vec<String>,
}

impl Sent {
    async fn read(mut form: Multipart) -> Option<Self> {
        let mut sent = Self::default();
        while let Some(field) = form.next_field().await.ok()? {
            let name = field.name().unwrap_or_default().to_owned();
            let text = String::from_utf8(field.bytes().await.ok()?.to_vec()).ok()?;
            match name.as_str() {
                "against" => sent.against = text,
                "command_id" => sent.command_id = text.parse().ok(),
                "csrf" => sent.csrf = text,
                "files" => sent.files.push(text),
                _ => {}
            }
        }
        Some(sent)
    }
}

/// How the streams of drafts begin.
const DRAFTS: &str = "rulebook-draft/";
const _: () = assert!(DRAFTS.len() == Recorded::TYPE.len() + 1);
const CHANGES_SHOWN_MAX: usize = 200;
/// Drafts that wait at the same time.
const DRAFTS_MAX: usize = 8;
const FILES_BYTES_MAX: usize = 2 * 1024 * 1024;
const MOVES_SHOWN_MAX: usize = 200;
const WAITING_MAX: Duration = Duration::from_hours(1);
