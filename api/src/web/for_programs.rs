//! What the router itself answers to programs, before any handler was asked: a problem document as every other, where a
//! method is not there, a parameter stands twice, a path is no text, or a body is too large.

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::look::words::Lang;
use crate::web::api::problem;
use crate::web::session::lang_of;

/// Passes every answer on; one that refuses a program without a problem document is given one of the same status.
pub(super) async fn in_problems(request: Request, next: Next) -> Response {
    let lang = lang_of(request.headers());
    let for_programs = is_for_programs(request.uri().path());
    let answer = next.run(request).await;
    let status = answer.status();
    let refuses = status.is_client_error() || status.is_server_error();
    let kind = answer.headers().get(header::CONTENT_TYPE);
    if !for_programs || !refuses || kind.is_some_and(|kind| kind == "application/problem+json") {
        return answer;
    }
    let (code, detail) = told(lang, status);
    let mut told = problem(status, code, detail);
    if let Some(allowed) = answer.headers().get(header::ALLOW) {
        told.headers_mut().insert(header::ALLOW, allowed.clone());
    }
    told
}

fn is_for_programs(path: &str) -> bool {
    path.starts_with("/api/") || (path.starts_with("/rules/") && path.ends_with("/document.json"))
}

fn told(lang: Lang, status: StatusCode) -> (&'static str, &'static str) {
    let (code, zh, en) = match status {
        StatusCode::METHOD_NOT_ALLOWED => (
            "method_not_allowed",
            "这个地址不接受这种方法。可用的方法见 Allow 和 /api/v1/openapi.json。",
            "This resource does not take the method. Allow and /api/v1/openapi.json say which it takes.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => (
            "too_large",
            "正文太大，没有记录。请分几次发送。",
            "The body is too large, so nothing was recorded. Send it in parts.",
        ),
        status if status.is_client_error() => (
            "malformed",
            "请求读不懂：路径和参数应为 UTF-8，每个参数只写一次。请对照 /api/v1/openapi.json。",
            "The request cannot be read: path and parameters are UTF-8, each parameter stands once. See /api/v1/openapi.json.",
        ),
        _ => (
            "not_carried_out",
            "没有完成，原因已写入运行日志。请再试一次。",
            "It could not be carried out; the operator's log says why. Ask again.",
        ),
    };
    (code, lang.pick(zh, en))
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::extract::{Path, Query};
    use axum::middleware::from_fn;
    use axum::routing::get;
    use serde::Deserialize;
    use serde_json::Value;
    use tower::ServiceExt as _;

    use super::*;

    #[derive(Deserialize)]
    struct Asked {
        page: String,
    }

    async fn asked(Path(name): Path<String>, Query(asked): Query<Asked>) -> String {
        format!("{name} {}", asked.page)
    }

    async fn ask(method: &str, path: &str) -> (StatusCode, Option<String>, Option<String>, String) {
        let routes = Router::new().route("/api/v1/{name}", get(asked)).route("/s/{name}", get(asked));
        let routes = routes.layer(from_fn(in_problems));
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let answer = routes.oneshot(request).await.unwrap();
        let header = |name| {
            answer.headers().get(name).map(|value: &header::HeaderValue| value.to_str().unwrap().to_owned())
        };
        let (status, kind, allowed) = (answer.status(), header(header::CONTENT_TYPE), header(header::ALLOW));
        let body = to_bytes(answer.into_body(), 10_000).await.unwrap();
        (status, kind, allowed, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_program_is_refused_by_a_problem_even_where_no_handler_was_asked() {
        for (method, path, status, code) in [
            ("GET", "/api/v1/a?page=1&page=2", 400, "malformed"),
            ("GET", "/api/v1/a", 400, "malformed"),
            ("GET", "/api/v1/%ff?page=1", 400, "malformed"),
            ("POST", "/api/v1/a?page=1", 405, "method_not_allowed"),
        ] {
            let (answered, kind, allowed, body) = ask(method, path).await;
            assert_eq!(
                (answered.as_u16(), kind.as_deref()),
                (status, Some("application/problem+json")),
                "{path}"
            );
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!((&body["title"], &body["status"]), (&code.into(), &status.into()), "{path}");
            assert_eq!(allowed.is_some(), status == 405, "{path}");
        }
    }

    #[tokio::test]
    async fn what_is_answered_and_what_people_read_stays_as_it_is() {
        assert_eq!(ask("GET", "/api/v1/a?page=1").await.3, "a 1");
        let (status, kind, ..) = ask("GET", "/s/a").await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(kind.unwrap().starts_with("text/plain"));
    }
}
