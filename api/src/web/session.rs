//! Who is signed in, by the cookie of the request.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use tokio::task::spawn_blocking;

use crate::app::{App, Who};
use crate::look::words::Lang;
use crate::office::{SESSION_SECONDS, Session};
use crate::web::desk_page::unknown_page;
use crate::web::routes::own_path;
use crate::web::state::address;
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
        let parts = &*parts;
        let to_sign_in = || Redirect::to(&door(parts)).into_response();
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

/// The sign-in page, with the page to come back to: the one that was asked for, or the one that a form was sent from. Where a
/// session has ended, or something was sent, the page says that nothing was recorded.
fn door(parts: &Parts) -> String {
    let read = matches!(parts.method, Method::GET | Method::HEAD);
    let page = if read { Some(parts.uri.clone()) } else { came_from(&parts.headers) };
    let page = page.as_ref().and_then(Uri::path_and_query).map(|page| page.as_str());
    let ended = !read || cookie(&parts.headers, SESSION).is_some();
    let to = page.filter(|page| own_path(page)).unwrap_or_default();
    address("/sign-in", &[("to", to), ("ended", if ended { "yes" } else { "" })])
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

/// The page that a browser says it comes from.
pub(super) fn came_from(headers: &HeaderMap) -> Option<Uri> {
    headers.get(header::REFERER)?.to_str().ok()?.parse().ok()
}

/// The header that has a browser known to who signed in with it, when the same name is tried again.
pub(super) fn browser_cookie(token: &str) -> String {
    format!("{BROWSER}={token}; Path=/sign-in; HttpOnly; SameSite=Strict; Max-Age={BROWSER_SECONDS}")
}

/// Has a browser send none of our cookies in the open, where people type an address that is not.
pub(super) async fn encrypted_only(mut answer: Response) -> Response {
    if let header::Entry::Occupied(mut cookies) = answer.headers_mut().entry(header::SET_COOKIE) {
        for cookie in cookies.iter_mut() {
            let secured = [cookie.as_bytes(), b"; Secure"].concat();
            if let Ok(secured) = HeaderValue::from_bytes(&secured) {
                *cookie = secured;
            }
        }
    }
    answer
}

/// Where a request came from: the last one who passed it on.
pub(super) fn caller(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip())
}

/// Why a password is not looked at, for how many seconds.
pub(super) fn too_many_tries(lang: Lang, seconds: u64) -> String {
    lang.pick(
        format!("短时间内试密码的次数太多，这一次没有核对。请在{seconds}秒后再试。账号没有被锁住。"),
        format!(
            "Too many passwords were tried in a short time, so this one was not looked at. Try again in {seconds} seconds. No account is locked."
        ),
    )
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

/// Name of the cookie of a browser that somebody signed in with before.
pub(super) const BROWSER: &str = "wuping-browser";
const BROWSER_SECONDS: u32 = 180 * 24 * 3600;
/// Name of the session's cookie.
pub const SESSION: &str = "wuping-session";
/// Name of the language's cookie.
pub const LANGUAGE: &str = "wuping-lang";
