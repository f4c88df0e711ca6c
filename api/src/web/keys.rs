//! The keys of a person: a device enrols its own, and its holder or an administrator ends or renews one.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use wuping_ledger::append::AppendError;
use wuping_ledger::refusal::Refusal;

use crate::app::App;
use crate::key_care::{KeyError, PersonsKey};
use crate::look::words::Lang;
use crate::web::api::problem;
use crate::web::commands::{broken, in_session, refused, signed_in};
use crate::web::format_refusals::of_the_sender;
use crate::web::json_body::StrictJson;
use crate::web::session::lang_of;

/// The routes of keys.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/api/v1/keys", get(list).post(enrol))
        .route("/api/v1/keys/{kid}/end", post(end))
        .route("/api/v1/keys/{kid}/renew", post(renew))
        .route("/api/v1/accounts/{account}/key", post(give))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(app)
}

#[derive(Deserialize)]
struct Whose {
    account: Option<String>,
}

async fn list(State(app): State<Arc<App>>, headers: HeaderMap, Query(whose): Query<Whose>) -> Response {
    let lang = lang_of(&headers);
    let session = match in_session(&app, lang, &headers) {
        Ok(session) => session,
        Err(refused) => return *refused,
    };
    let account = whose.account.unwrap_or_else(|| session.account.clone());
    match app.keys_of(&session.account, &account).await {
        Ok(keys) => Json(json!({ "keys": keys.iter().map(told).collect::<Vec<_>>() })).into_response(),
        Err(error) => not_done(lang, error),
    }
}

fn told(key: &PersonsKey) -> Value {
    json!({
        "kid": key.kid.as_str(),
        "holder": key.holder,
        "signs_at_the_desk": key.signs_at_the_desk,
        "from": key.from,
        "until": key.until,
        "suspect_from": key.suspect_from,
    })
}

/// A device's public key, with the proof that it has the private half (docs/format.md §4).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Enrolling {
    jwk: Value,
    pop: String,
}

async fn enrol(State(app): State<Arc<App>>, headers: HeaderMap, StrictJson(body): StrictJson) -> Response {
    let lang = lang_of(&headers);
    let (session, Enrolling { jwk, pop }) = match asked(&app, lang, &headers, body) {
        Ok(asked) => asked,
        Err(refused) => return *refused,
    };
    match app.enrol_device(&session, &jwk, &pop).await {
        Ok((kid, now)) => {
            let status = if now { StatusCode::CREATED } else { StatusCode::OK };
            (status, Json(json!({ "kid": kid.as_str() }))).into_response()
        }
        Err(error) => not_done(lang, error),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ending {
    reason: String,
    suspect_from: Option<u64>,
}

async fn end(
    State(app): State<Arc<App>>,
    Path(kid): Path<String>,
    headers: HeaderMap,
    StrictJson(body): StrictJson,
) -> Response {
    let lang = lang_of(&headers);
    let (session, Ending { reason, suspect_from }) = match asked(&app, lang, &headers, body) {
        Ok(asked) => asked,
        Err(refused) => return *refused,
    };
    match app.end_key(&session, &kid, &reason, suspect_from).await {
        Ok(position) => Json(json!({ "kid": kid, "position": position })).into_response(),
        Err(error) => not_done(lang, error),
    }
}

async fn renew(State(app): State<Arc<App>>, Path(kid): Path<String>, headers: HeaderMap) -> Response {
    let lang = lang_of(&headers);
    let session = match signed_in(&app, lang, &headers) {
        Ok(session) => session,
        Err(refused) => return *refused,
    };
    match app.renew_key(&session.account, &kid).await {
        Ok(new) => Json(json!({ "kid": new.as_str(), "old_kid": kid })).into_response(),
        Err(error) => not_done(lang, error),
    }
}

async fn give(State(app): State<Arc<App>>, Path(account): Path<String>, headers: HeaderMap) -> Response {
    let lang = lang_of(&headers);
    let session = match signed_in(&app, lang, &headers) {
        Ok(session) => session,
        Err(refused) => return *refused,
    };
    match app.give_key(&session.account, &account).await {
        Ok(kid) => {
            (StatusCode::CREATED, Json(json!({ "account": account, "kid": kid.as_str() }))).into_response()
        }
        Err(error) => not_done(lang, error),
    }
}

/// Who asks, and the fields of what is asked.
fn asked<T: DeserializeOwned>(
    app: &App,
    lang: Lang,
    headers: &HeaderMap,
    body: Value,
) -> Result<(String, T), Box<Response>> {
    let session = signed_in(app, lang, headers)?;
    let asked = serde_json::from_value(body)
        .map_err(|error| Box::new(of_the_sender(lang, &Refusal::new("request", error.to_string()))))?;
    Ok((session.account, asked))
}

fn not_done(lang: Lang, error: KeyError) -> Response {
    let (status, kind, zh, en) = match error {
        KeyError::AccountNotOpen { .. } => (
            StatusCode::FORBIDDEN,
            "account_not_open",
            "账号没有启用，不能登记密钥。请联系系统管理员。",
            "The account is not open, so no key is enrolled for it. Ask the administrator.",
        ),
        KeyError::NotYours => (
            StatusCode::FORBIDDEN,
            "not_yours",
            "密钥只能由本人或系统管理员管理。",
            "A key is looked after by its holder or by an administrator.",
        ),
        KeyError::NoSuchKey { .. } => (
            StatusCode::NOT_FOUND,
            "not_found",
            "没有这个密钥。用 GET /api/v1/keys 查看有哪些。",
            "There is no such key of a person. GET /api/v1/keys lists them.",
        ),
        KeyError::Over { .. } => {
            (StatusCode::CONFLICT, "key_ended", "这个密钥已经停用。", "This key has ended already.")
        }
        KeyError::TooMany => (
            StatusCode::CONFLICT,
            "too_many_keys",
            "有效的密钥太多。请先停用不再使用的一个。",
            "The account has as many valid keys as it may. End one that is no longer used.",
        ),
        KeyError::Append(AppendError::Rule(refusal)) => return of_the_sender(lang, &refusal),
        KeyError::Append(AppendError::NoKey { .. }) => (
            StatusCode::CONFLICT,
            "key_of_device",
            "服务器没有这个密钥的私钥。设备自己生成新密钥登记，再停用旧的。",
            "The server does not hold this key. Let the device make and enrol a new one, then end the old.",
        ),
        KeyError::Append(error) => return refused(lang, &error.into()),
        KeyError::Asking(error) => return refused(lang, &error),
        KeyError::Store(error) => return refused(lang, &error.into()),
        KeyError::Office(error) => return broken(lang, &error),
    };
    problem(status, kind, lang.pick(zh, en))
}

const BODY_BYTES_MAX: usize = 16 * 1024;
