//! Who is signed in, by the cookie of the request.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use tokio::task::spawn_blocking;

use crate::app::{App, Who};
use crate::office::{SESSION_SECONDS, Session};
use crate::web::desk_page::unknown_page;
use crate::web::look::words::Lang;
use wuping_ledger::keys::Kid;
use wuping_projections::error::causes;

/// A signed-in person on a page. Without a session the page sends to the sign-in page.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The language the person reads.
    pub lang: Lang,
    /// The session.
    pub session: Session,
    /// The person, as commands know them.
    pub who: Who,
}

impl FromRequestParts<Arc<App>> for Signed {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let to_sign_in = || Redirect::to("/sign-in").into_response();
        let token = cookie(&parts.headers, SESSION).ok_or_else(to_sign_in)?;
        let lang = lang_of(&parts.headers);
        // on a server this is a question to it, for which nobody else's request waits
        let office = app.clone();
        let asked = spawn_blocking(move || office.office.session(&token, now_seconds())).await;
        let asked =
            asked.map_err(|error| causes(&error)).and_then(|read| read.map_err(|error| causes(&error)));
        let session = asked.map_err(|causes| {
            tracing::error!(causes = causes.join(": "), "who is signed in could not be read");
            unknown_page(app, lang)
        })?;
        let session = session.ok_or_else(to_sign_in)?;
        let kid = Kid::parse(session.kid.clone()).map_err(|_| to_sign_in())?;
        let who = Who::Person { account: session.account.clone(), kid };
        Ok(Self { lang, session, who })
    }
}

/// The language of a request: the cookie, else what the browser asks for; Chinese first.
pub fn lang_of(headers: &HeaderMap) -> Lang {
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    cookie(headers, LANGUAGE)
        .and_then(|code| Lang::from_code(&code))
        .or_else(|| asked.map(Lang::from_accept_language))
        .unwrap_or(Lang::Zh)
}

/// The value of a cookie.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    let mine = cookies.split(';').find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))?;
    Some(mine.to_owned())
}

/// The header that starts a session in the browser.
pub fn session_cookie(token: &str) -> String {
    format!("{SESSION}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={SESSION_SECONDS}")
}

/// The header that ends it.
pub fn no_session_cookie() -> String {
    format!("{SESSION}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
}

/// Why somebody is not let in: it does not say which of the two is wrong.
pub(super) fn wrong_credentials(lang: Lang) -> &'static str {
    lang.pick(
        "用户名和密码不一致。请再试一次，或请管理员重设密码。",
        "Name and password do not belong together. Try again, or ask your administrator for a new password.",
    )
}

/// Seconds since 1970, for sessions.
pub fn now_seconds() -> i64 {
    chrono::Utc::now().timestamp()
}

/// Name of the session's cookie.
pub const SESSION: &str = "wuping-session";
/// Name of the language's cookie.
pub const LANGUAGE: &str = "wuping-lang";
