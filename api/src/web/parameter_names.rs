//! Names of query parameters. A name that nobody reads is refused: whoever asks for another time by a misspelt name must not be
//! answered with today's state.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::extract::{MatchedPath, Query, Request};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;

use crate::web::api::problem;
use crate::web::openapi;
use crate::web::session::lang_of;

/// Passes on what is asked of `/api/v1` by the names that its description gives.
pub(super) async fn by_known_names(request: Request, next: Next) -> Response {
    let known = request
        .extensions()
        .get::<MatchedPath>()
        .filter(|_| request.method() == Method::GET)
        .and_then(|path| NAMES.get(path.as_str()));
    let asked = Query::<Vec<(String, String)>>::try_from_uri(request.uri());
    let (Some(known), Ok(Query(asked))) = (known, asked) else { return next.run(request).await };
    let Some((unknown, _)) = asked.into_iter().find(|(name, _)| !known.contains(name)) else {
        return next.run(request).await;
    };
    let (lang, there) = (lang_of(request.headers()), known.join(", "));
    let detail = match there.is_empty() {
        true => lang.pick(
            format!("没有参数 {unknown}：这里不用参数。"),
            format!("There is no parameter {unknown}: none is taken here."),
        ),
        false => lang.pick(
            format!("没有参数 {unknown}。这里可用的是：{there}。"),
            format!("There is no parameter {unknown}. There are: {there}."),
        ),
    };
    problem(StatusCode::BAD_REQUEST, "unknown_parameter", &detail)
}

/// The parameters of every resource that is read, by its path.
static NAMES: LazyLock<HashMap<String, Vec<String>>> = LazyLock::new(|| {
    let document = openapi::document();
    let paths = document["paths"].as_object().into_iter().flatten();
    let read = paths.filter(|(path, methods)| path.starts_with("/api/v1/") && methods.get("get").is_some());
    read.map(|(path, methods)| (path.clone(), query_names(&methods["get"]))).collect()
});

fn query_names(operation: &Value) -> Vec<String> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let in_query = parameters.filter(|parameter| parameter["in"] == "query");
    in_query.filter_map(|parameter| Some(parameter["name"].as_str()?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::middleware::from_fn;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    async fn asked(uri: &str) -> (StatusCode, String) {
        let routes = Router::new()
            .route("/api/v1/grades", get(|| async { "grades" }))
            .route("/api/v1/premises/{code}", get(|| async { "premises" }))
            .route("/api/v1/elsewhere", get(|| async { "elsewhere" }))
            .layer(from_fn(by_known_names));
        let request = Request::get(uri).header("accept-language", "en").body(Body::empty()).unwrap();
        let answer = routes.oneshot(request).await.unwrap();
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), 10_000).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_name_that_nobody_reads_is_refused_with_those_that_are_read() {
        for good in ["/api/v1/grades", "/api/v1/grades?at=3&valid_at=2026-01-01", "/api/v1/premises/4403"] {
            assert_eq!(asked(good).await.0, StatusCode::OK, "{good}");
        }
        let (status, told) = asked("/api/v1/grades?vaild_at=2026-01-01").await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(told.contains("/problems/unknown_parameter"), "{told}");
        assert!(told.contains("no parameter vaild_at. There are: at, as_of, valid_at"), "{told}");
        let (status, told) = asked("/api/v1/premises/4403?at=200").await;
        assert!(status == StatusCode::BAD_REQUEST && told.contains("none is taken here"), "{told}");
        assert_eq!(asked("/api/v1/elsewhere?x=1").await.0, StatusCode::OK, "what is not described is let be");
    }
}
