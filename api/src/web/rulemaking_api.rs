//! Rulemaking over REST, for the commission's administrators: written files are checked, compared and rehearsed without being
//! recorded, a draft is recorded with its document, and those that wait for a second person are listed. Publishing is a command
//! of the rulebook's own stream. A credit rule that is asked for by file is checked and tried; it is never recorded.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Value, json};
use wuping_domain::credit::IllustrativeRule;
use wuping_domain::facts::Role;
use wuping_domain::rulebook::RulebookError;
use wuping_ledger::keys::Kid;
use wuping_ledger::refusal::Refusal;
use wuping_replay::report::Question;
use wuping_replay::statistics::{Asked, Cell, Statistic};

use crate::app::{App, Who};
use crate::drafting::{Draft, DraftError};
use crate::look::words::Lang;
use crate::office::Session;
use crate::rulemaking::{keep_and_ask, published, waiting_drafts};
use crate::web::api::{not_read, problem, problem_with};
use crate::web::commands::{broken, command_id, in_session, must_hold, refused, signed_in, took};
use crate::web::docket_api::{Failure, blocking};
use crate::web::format_refusals::of_the_sender;
use crate::web::json_body::StrictJson;
use crate::web::rehearsing::OneAtATime;
use crate::web::session::lang_of;
use crate::web::statistics::broken as not_made_answer;

/// The routes.
pub(super) fn router(app: Arc<App>, rehearsing: OneAtATime) -> Router {
    Router::new()
        .route("/api/v1/rulebook-drafts", get(listed).post(record))
        .route("/api/v1/rulebook-drafts/trial", post(tried))
        .route("/api/v1/credit-rules/trial", post(credit_rule_tried))
        .layer(DefaultBodyLimit::max(FILES_BYTES_MAX))
        .layer(Extension(rehearsing))
        .with_state(app)
}

/// The drafts that nobody has published yet.
async fn listed(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let lang = lang_of(&headers);
    let session = in_session(&app, lang, &headers);
    if let Err(no) = session.and_then(|session| must_be_commission(&app, lang, &session)) {
        return *no;
    }
    let read = blocking(move || Ok(waiting_drafts(&app)?));
    match read.await {
        Ok(waiting) => {
            let drafts: Vec<Value> = waiting
                .into_iter()
                .map(|waiting| {
                    json!({ "draft": waiting.key, "drafted": waiting.drafted, "drafted_by": waiting.by })
                })
                .collect();
            Json(json!({ "drafts": drafts })).into_response()
        }
        Err(error) => not_read(lang, error.as_ref()),
    }
}

/// What a draft is made of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// TOML: indicators, policy, calendar; those that are changed.
    files: Vec<String>,
    /// The published rulebook that it begins from; the newest of its name or layer when absent.
    #[serde(default)]
    against: Option<String>,
}

/// What a draft changes and whom it would move; nothing is recorded.
async fn tried(
    State(app): State<Arc<App>>,
    Extension(rehearsing): Extension<OneAtATime>,
    headers: HeaderMap,
    StrictJson(body): StrictJson,
) -> Response {
    let lang = lang_of(&headers);
    if let Err(no) = must_be_asked_by_commission(&app, lang, &headers) {
        return *no;
    }
    let draft = match serde_json::from_value(body) {
        Ok(written) => drafted(&app, written).await,
        Err(error) => return of_the_sender(lang, &Refusal::new("request", error.to_string())),
    };
    let draft = match draft {
        Ok(Ok(draft)) => draft,
        Ok(Err(error)) => return does_not_hold(lang, &error),
        Err(error) => return not_read(lang, error.as_ref()),
    };
    let came = rehearsing.rehearsed(&app, draft.compiled.clone()).await;
    match (came, draft.differences()) {
        (Ok(came), Ok(differences)) => Json(json!({
            "id": draft.compiled.scheme.id,
            "layer": draft.compiled.rulebook.layer,
            "sha256": draft.compiled.scheme.sha256,
            "base": draft.base_ref(),
            "differences": differences,
            "rehearsal": came,
        }))
        .into_response(),
        (Err(error), _) => not_read(lang, error.as_ref()),
        (_, Err(error)) => not_read(lang, &error),
    }
}

/// Files that are to be recorded as a draft.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ToRecord {
    files: Vec<String>,
    #[serde(default)]
    against: Option<String>,
    /// A word to whoever publishes it; kept private.
    #[serde(default)]
    note: Option<String>,
}

/// The draft is recorded, its document first.
async fn record(State(app): State<Arc<App>>, headers: HeaderMap, StrictJson(body): StrictJson) -> Response {
    let lang = lang_of(&headers);
    let session = match signed_in(&app, lang, &headers) {
        Ok(session) => session,
        Err(no) => return *no,
    };
    if let Err(no) = must_be_commission(&app, lang, &session) {
        return *no;
    }
    let id = match command_id(lang, &headers) {
        Ok(id) => id,
        Err(detail) => return problem(StatusCode::BAD_REQUEST, "malformed", &detail),
    };
    let ToRecord { files, against, note } = match serde_json::from_value(body) {
        Ok(to_record) => to_record,
        Err(error) => return of_the_sender(lang, &Refusal::new("request", error.to_string())),
    };
    let draft = match drafted(&app, Written { files, against }).await {
        Ok(Ok(draft)) => draft,
        Ok(Err(error)) => return does_not_hold(lang, &error),
        Err(error) => return not_read(lang, error.as_ref()),
    };
    let kid = match Kid::parse(session.kid) {
        Ok(kid) => kid,
        Err(refusal) => return broken(lang, &refusal),
    };
    let asked = match keep_and_ask(&app, id, &draft, note.as_deref()).await {
        Ok(asked) => asked,
        Err(error) => return refused(lang, &error),
    };
    match app.execute(&Who::Person { account: session.account, kid }, asked).await {
        Ok(done) => took(done),
        Err(error) => refused(lang, &error),
    }
}

/// A written credit rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCreditRule {
    /// TOML.
    file: String,
    /// The day of which the grades are; those in force when absent.
    #[serde(default)]
    valid_at: Option<NaiveDate>,
}

/// Whether a written credit rule holds together, and how many parties come to each of its classes; nothing is recorded.
async fn credit_rule_tried(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    StrictJson(body): StrictJson,
) -> Response {
    let lang = lang_of(&headers);
    if let Err(no) = must_be_asked_by_commission(&app, lang, &headers) {
        return *no;
    }
    let WrittenCreditRule { file, valid_at } = match serde_json::from_value(body) {
        Ok(written) => written,
        Err(error) => return of_the_sender(lang, &Refusal::new("request", error.to_string())),
    };
    let rule = match IllustrativeRule::of_file(&file) {
        Ok(rule) => rule,
        Err(error) => return no_credit_rule(lang, &error),
    };
    let question = Question { valid_at, ..Question::default() };
    let asked = Asked { question, credit_rule: Some(file), ..Asked::default() };
    let made = match app.reports.made(app.reader(), Statistic::Classes, asked).await {
        Ok(made) => made,
        Err(not_made) => return not_made_answer(lang, &not_made),
    };
    let class = made.table.position("class");
    let of_rows = || made.table.rows.iter().filter_map(|row| row.get(class?).map(Cell::text));
    let parties = |id: &str| of_rows().filter(|class| class == id).count();
    let classes = rule.classes().iter().map(
        |class| json!({ "id": class.id, "zh": class.zh, "en": class.en, "parties": parties(&class.id) }),
    );
    Json(json!({
        "id": rule.id,
        "zh": rule.zh,
        "en": rule.en,
        "sha256": made.rule.as_ref().map(|rule| &rule.sha256),
        "classes": classes.collect::<Vec<Value>>(),
        "not_rated": parties("not_rated"),
        "day": made.day,
        "position": made.position,
        "tree_head": made.tree_head,
    }))
    .into_response()
}

/// A file that is no credit rule: every fault, in the reader's language.
fn no_credit_rule(lang: Lang, error: &RulebookError) -> Response {
    let faults: Vec<String> = error.faults().into_iter().map(|fault| lang.pick(fault.zh, fault.en)).collect();
    let detail = lang.pick(
        format!("这份文件不成一份信用规则。请逐条改正后再发送：{}", faults.join("；")),
        format!("The file makes no credit rule. Mend each of these and send it again: {}", faults.join("; ")),
    );
    problem_with(StatusCode::UNPROCESSABLE_ENTITY, "no_credit_rule", &detail, json!({ "faults": faults }))
}

/// The draft that files make, beside what is published.
async fn drafted(app: &Arc<App>, written: Written) -> Result<Result<Draft, DraftError>, Failure> {
    let house = app.clone();
    blocking(move || {
        let published = published(house.reader())?;
        let files: Vec<&str> = written.files.iter().map(String::as_str).collect();
        let against = written.against.as_deref().map(str::trim).filter(|id| !id.is_empty());
        Ok(Draft::of(&files, against, None, &published))
    })
    .await
}

/// Files that make no rulebook: every fault, in the reader's language.
fn does_not_hold(lang: Lang, error: &DraftError) -> Response {
    let faults: Vec<String> = error.faults().into_iter().map(|fault| lang.pick(fault.zh, fault.en)).collect();
    let detail = lang.pick(
        format!("这些文件不成一份规则，没有记录。请逐条改正后再发送：{}", faults.join("；")),
        format!(
            "The files make no rulebook, and nothing was recorded. Mend each of these and send them again: {}",
            faults.join("; ")
        ),
    );
    problem_with(StatusCode::UNPROCESSABLE_ENTITY, "no_rulebook", &detail, json!({ "faults": faults }))
}

fn must_be_asked_by_commission(app: &App, lang: Lang, headers: &HeaderMap) -> Result<(), Box<Response>> {
    must_be_commission(app, lang, &signed_in(app, lang, headers)?)
}

fn must_be_commission(app: &App, lang: Lang, session: &Session) -> Result<(), Box<Response>> {
    let told = [
        "评分规则由政法委管理员起草、试算和发布。公布的规则在 /api/v1/rulebooks。",
        "Rulebooks are drafted, rehearsed and published by the commission's administrators. Published ones are at /api/v1/rulebooks.",
    ];
    must_hold(app, lang, session, Role::CommissionAdmin, told)
}

pub(super) const FILES_BYTES_MAX: usize = 2 * 1024 * 1024;
