//! Commands with their event signed by a device: `POST /api/v1/signed/{stream…}/{command}`, and the numbers that the device
//! signs next. The body is closed, so that a damaged one is never taken for a command that the server signs.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use wuping_ledger::append::AppendError;
use wuping_ledger::device::{SignedEvent, SignedTexts};
use wuping_ledger::keys::Kid;
use wuping_ledger::refusal::Refusal;
use wuping_ledger::standing::KeyStanding;
use wuping_ledger::stream::StreamPath;

use crate::app::{App, ExecuteError};
use crate::devices::SignedCommand;
use crate::look::words::Lang;
use crate::web::api::problem_with;
use crate::web::commands::{in_session, refused, says_again, signed_in, took};
use crate::web::format_refusals::of_the_sender;
use crate::web::json_body::StrictJson;
use crate::web::members::Unknown;
use crate::web::session::lang_of;

/// The routes of signed commands.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/api/v1/signed/{*path}", post(signed))
        .route("/api/v1/signing", get(signing))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(app)
}

/// What a device sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    command: Map<String, Value>,
    disclosures: Vec<String>,
    payload: String,
    protected: String,
    signature: String,
}

async fn signed(
    State(app): State<Arc<App>>,
    Path(path): Path<String>,
    headers: HeaderMap,
    StrictJson(body): StrictJson,
) -> Response {
    let lang = lang_of(&headers);
    let session = match signed_in(&app, lang, &headers) {
        Ok(session) => session,
        Err(refused) => return *refused,
    };
    let Some((stream, name)) = path.rsplit_once('/') else {
        return malformed(lang, "the path is a stream and a command");
    };
    let Some(id) = headers.get("idempotency-key").and_then(|id| id.to_str().ok()) else {
        return malformed(lang, "Idempotency-Key is the event's id");
    };
    let Sent { mut command, disclosures, payload, protected, signature } = match serde_json::from_value(body)
    {
        Ok(sent) => sent,
        Err(error) => return malformed(lang, &error.to_string()),
    };
    if command.insert("command".to_owned(), json!(name)).is_some() {
        return malformed(lang, "the command's name stands in the path");
    }
    let command = Value::Object(command);
    if let Some(unknown) = Unknown::in_command(stream, &command) {
        return unknown.answer(lang);
    }
    let signed = SignedTexts {
        protected: &protected,
        payload: &payload,
        signature: &signature,
        disclosures: &disclosures,
    };
    let again = match says_again(lang, &headers) {
        Ok(again) => again,
        Err(detail) => return malformed(lang, &detail),
    };
    let asked = SignedCommand { id, stream, command: &command, signed, again };
    match app.execute_signed(&session.account, asked).await {
        Ok(done) => took(done),
        Err(ExecuteError::Append(error @ (AppendError::Conflict { .. } | AppendError::AuthorSeq { .. }))) => {
            sign_again(&app, lang, signed, &error).await
        }
        Err(error) => refused(lang, &error),
    }
}

/// The numbers that come next, for a device that signed others.
async fn sign_again(app: &App, lang: Lang, signed: SignedTexts<'_>, error: &AppendError) -> Response {
    let standing = match SignedEvent::parse(signed, app.ledger.origin()) {
        Ok(event) => app.ledger.writer().standing(event.kid().clone(), event.meta().stream.clone()).await,
        Err(refusal) => return of_the_sender(lang, &refusal),
    };
    let KeyStanding { version, author_seq, .. } = match standing {
        Ok(standing) => standing,
        Err(error) => return refused(lang, &error.into()),
    };
    let kind = match error {
        AppendError::Conflict { .. } => "stale_version",
        _ => "stale_author_seq",
    };
    let detail = lang.pick(
        format!(
            "签名的编号不是下一个：流现在是第 {version} 版，这个密钥的下一个编号是 {author_seq}。请看清变化，在设备上重新签名。"
        ),
        format!(
            "The numbers signed are not the next ones: the stream is at version {version}, this key's next entry is \
             {author_seq}. Look at what changed and sign again."
        ),
    );
    let numbers = json!({ "version": version, "author_seq": author_seq });
    problem_with(StatusCode::CONFLICT, kind, &detail, numbers)
}

#[derive(Deserialize)]
struct Asking {
    kid: String,
    stream: String,
}

/// What a device of the person who is signed in signs next.
async fn signing(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    asking: Result<Query<Asking>, QueryRejection>,
) -> Response {
    let lang = lang_of(&headers);
    let session = match in_session(&app, lang, &headers) {
        Ok(session) => session,
        Err(refused) => return *refused,
    };
    let Ok(Query(asking)) = asking else { return malformed(lang, "ask with kid and stream") };
    let parsed = Kid::parse(asking.kid).and_then(|kid| Ok((kid, StreamPath::new(asking.stream)?)));
    let (kid, stream) = match parsed {
        Ok(parsed) => parsed,
        Err(refusal) => return of_the_sender(lang, &refusal),
    };
    match app.ledger.writer().standing(kid.clone(), stream.clone()).await {
        Ok(standing) if standing.record.holder != session.account => {
            of_the_sender(lang, &Refusal::new("key-of-another", ""))
        }
        Ok(standing) => Json(json!({
            "log": app.ledger.origin(),
            "kid": kid.as_str(),
            "until": standing.record.until,
            "author_seq": standing.author_seq,
            "occurred_at_from": standing.occurred_at.map(|at| at.to_string()),
            "stream": stream.as_str(),
            "version": standing.version,
        }))
        .into_response(),
        Err(error) => refused(lang, &error.into()),
    }
}

fn malformed(lang: Lang, found: &str) -> Response {
    of_the_sender(lang, &Refusal::new("request", found))
}

/// A signed event has at most 65,535 bytes; its disclosures and the command beside it say the same again.
const BODY_BYTES_MAX: usize = 512 * 1024;
