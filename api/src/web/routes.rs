//! All that is read over HTTP without signing in, in one router, and the headers that every answer carries.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;

use crate::app::App;

use super::session::{LANGUAGE, came_from};
use super::state::{Asking, Site, nothing_here};
use super::{
    api, audit, for_programs, front, health, log, parameter_names, published, rules, subject, vacancies,
};
use crate::look::words::Lang;
use crate::look::{Asset, assets};

/// The public pages, the log, the reading half of the REST interface and the health checks. What is nowhere is answered
/// by a page that says so.
pub fn router(site: Site) -> Router {
    let mut routes = Router::new()
        .merge(api::routes())
        .merge(audit::routes())
        .merge(front::routes())
        .merge(health::routes())
        .merge(log::routes())
        .merge(published::routes())
        .merge(rules::routes())
        .merge(subject::routes())
        .merge(vacancies::routes())
        .route("/language/{lang}", get(language));
    for asset in assets() {
        routes = routes.route(&asset.path, get(move || async move { answered(asset) }));
    }
    let routes = routes.fallback(nowhere).with_state(site);
    routes.layer(RequestBodyLimitLayer::new(BODY_BYTES_MAX))
}

/// The public routes of a house in operation, with the audit page whole for those who may read entries.
pub fn over(app: &Arc<App>, public_address: &str) -> Router {
    router(Site::of(app, public_address)).layer(from_fn_with_state(app.clone(), audit::mark_readers))
}

/// The same routes with the headers that every answer carries, and a line in the trace for each request.
pub fn guarded(routes: Router) -> Router {
    let always =
        |name: HeaderName, value| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    routes
        .layer(from_fn(parameter_names::by_known_names))
        .layer(from_fn(for_programs::in_problems))
        .layer(always(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(always(header::REFERRER_POLICY, "same-origin"))
        .layer(TraceLayer::new_for_http())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Back {
    to: String,
}

/// Remembers the language and goes back to the page one came from, if it is one of ours.
async fn language(Path(code): Path<String>, Query(back): Query<Back>, headers: HeaderMap) -> Response {
    let from = came_from(&headers);
    let from = from.as_ref().and_then(Uri::path_and_query).map(|path| path.as_str());
    let to = [Some(back.to.as_str()), from].into_iter().flatten().find(|path| own_path(path)).unwrap_or("/");
    match Lang::from_code(&code) {
        Some(lang) => {
            let cookie = format!("{LANGUAGE}={}; Path=/; SameSite=Lax; Max-Age=31536000", lang.code());
            ([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response()
        }
        None => Redirect::to(to).into_response(),
    }
}

/// Whether a browser that is sent there stays on this site: a plain path, and none that begins like another host.
pub(super) fn own_path(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

async fn nowhere(State(site): State<Site>, asking: Asking) -> Response {
    if asking.uri.path().starts_with("/api/") {
        let told = asking.lang.pick(
            "没有这个接口，请看 /api/v1/openapi.json。",
            "There is no such resource; see /api/v1/openapi.json.",
        );
        return api::problem(StatusCode::NOT_FOUND, "not_found", told);
    }
    site.not_found(&asking, &nothing_here(asking.lang)).await
}

fn answered(asset: &'static Asset) -> Response {
    let kept = "public, max-age=31536000, immutable";
    ([(header::CONTENT_TYPE, asset.content_type), (header::CACHE_CONTROL, kept)], asset.body).into_response()
}

/// Nothing of a page comes from elsewhere, no page is shown inside another, and no form goes elsewhere.
const POLICY: &str =
    "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// Nothing here takes a body; a little is let through for clients that send one all the same.
const BODY_BYTES_MAX: usize = 64 * 1024;

#[cfg(test)]
#[path = "routes_tests.rs"]
mod tests;
