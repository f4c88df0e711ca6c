//! The body of a request in JSON, read strictly; each refusal is a problem document.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use crate::look::words::Lang;
use crate::strict_json::parse;
use crate::web::api::{problem, problem_with};
use crate::web::session::lang_of;

/// The JSON value of a request's body.
#[derive(Debug)]
pub(super) struct StrictJson(pub(super) Value);

impl<S: Send + Sync> FromRequest<S> for StrictJson {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let lang = lang_of(request.headers());
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
        if kind.is_none_or(|kind| !kind.eq_ignore_ascii_case("application/json")) {
            let detail = lang.pick(
                "正文应为 JSON，Content-Type 写 application/json。",
                "The body is JSON: send it with Content-Type application/json.",
            );
            return Err(problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", detail));
        }
        let bytes =
            Bytes::from_request(request, state).await.map_err(|rejection| too_large(lang, &rejection))?;
        parse(&bytes).map(Self).map_err(|(code, detail)| {
            let told = lang.pick(
                format!("正文不是可用的 JSON：{detail}。"),
                format!("The body cannot be read: {detail}."),
            );
            problem_with(StatusCode::BAD_REQUEST, "malformed", &told, json!({ "code": code }))
        })
    }
}

fn too_large(lang: Lang, rejection: &BytesRejection) -> Response {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let detail = lang.pick(
                "正文太大，没有记录。照片请先单独上传。",
                "The body is too large, so nothing was recorded. Photos are sent apart from it.",
            );
            problem(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
        }
        status => {
            let detail =
                lang.pick("正文没有收完。请再发送一次。", "The body did not arrive whole. Send it again.");
            problem(status, "incomplete", detail)
        }
    }
}
