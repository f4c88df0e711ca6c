//! Deliveries of results by other systems, over REST with the channel's token.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use wuping_ledger::away::is_away;
use wuping_ledger::disk_full::is_disk_full;
use wuping_projections::error::causes;

use crate::app::App;
use crate::feeds::{DeliveryError, Line, take};
use crate::lists::{Kind, ListError, lines_of_table};
use crate::look::words::Lang;
use crate::office::OpenFeed;
use crate::strict_json;
use crate::web::api::problem;
use crate::web::commands::{away, broken};
use crate::web::desk_page::{broken_text, failed_text, full_text};
use crate::web::lists::told as told_of_list;
use crate::web::session::lang_of;

/// The routes of deliveries.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/api/v1/feeds", post(deliver))
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
    let feed = match channel_of(&app, &headers, lang) {
        Ok(feed) if feed.kinds.contains(&Kind::Indicators) => feed,
        Ok(feed) => {
            let error = ListError::NotForChannel { channel: feed.channel, kind: Kind::Indicators };
            return problem(
                StatusCode::FORBIDDEN,
                "not_for_channel",
                &told_of_list(lang, &error).unwrap_or_default(),
            );
        }
        Err(refused) => return *refused,
    };
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok());
    let Some(key) = key.filter(|key| is_key(key)) else {
        let told = lang.pick(
            "请在 Idempotency-Key 中写明批次号（字母、数字和短横线，不超过64位），重发时不变。",
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

/// The channel whose token a request bears; the answer that says there is none.
pub(super) fn channel_of(app: &App, headers: &HeaderMap, lang: Lang) -> Result<OpenFeed, Box<Response>> {
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    match app.office.feed_by_token(token.trim()) {
        Ok(Some(feed)) => Ok(feed),
        Ok(None) => {
            let told = lang.pick(
                "这个通道的令牌无效。请向管理员索取新令牌，放在 Authorization: Bearer 中再发送。",
                "No channel has this token. Ask the administrator for a new one and send it as Authorization: Bearer.",
            );
            Err(Box::new(problem(StatusCode::UNAUTHORIZED, "unknown_channel", told)))
        }
        Err(error) => Err(Box::new(broken(lang, &error))),
    }
}

pub(super) fn is_key(key: &str) -> bool {
    (1..=64).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn told(lang: Lang, error: &DeliveryError) -> String {
    match (error, lang) {
        (DeliveryError::Empty, Lang::Zh) => "文件中没有数据，没有任何更改。确实无数据时不必上传。".to_owned(),
        (DeliveryError::Malformed { line, .. }, Lang::Zh) => format!(
            "第{line}行不符合格式，整个文件没有记录。首行须有 code、indicator、outcome 三列，每行都要填满。"
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

pub(super) fn stopped(lang: Lang, error: &(dyn std::error::Error + 'static)) -> Response {
    tracing::error!(causes = %causes(error).join(": "), "a delivery was not taken");
    if is_disk_full(error) {
        return problem(StatusCode::INSUFFICIENT_STORAGE, "disk_full", &full_text(lang));
    }
    if is_away(error) {
        return away(lang, error);
    }
    problem(StatusCode::INTERNAL_SERVER_ERROR, "not_carried_out", &broken_text(lang))
}

const DELIVERY_BYTES_MAX: usize = 8 * 1024 * 1024;
