//! What a browser sent here a moment ago, so that going back and sending the same once more makes no second report. The browser
//! alone keeps it: the id of its last form, from which its number follows, for a few minutes. Whoever writes the same words elsewhere
//! is never told that number.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::tracking::Tracking;
use super::{Place, one};
use crate::app::App;
use crate::web::matter::filling::Filled;
use crate::web::matter::story::private;
use crate::web::session::cookie;

/// Has the browser remember the form that it sent.
pub(super) fn remember(answer: &mut Response, form: &Uuid) {
    let kept = format!("{SENT}={form}; Path=/s; HttpOnly; SameSite=Strict; Max-Age={SECONDS}");
    if let Ok(kept) = HeaderValue::from_str(&kept) {
        answer.headers_mut().append(header::SET_COOKIE, kept);
    }
}

/// The report that this browser made of the same house, about the same thing and in the same words, a moment ago.
pub(super) fn the_same(app: &App, place: &Place, headers: &HeaderMap, filled: &Filled) -> Option<Tracking> {
    let form: Uuid = cookie(headers, SENT)?.parse().ok()?;
    let tracking = Tracking::of_form(&place.id, &form);
    // photos alone may well be of another thing
    let in_words = one(filled, "text").is_some();
    (in_words && says_the_same(app, place, &tracking, filled)).then_some(tracking)
}

/// Whether a form says what a report said a moment ago.
pub(super) fn says_the_same(app: &App, place: &Place, tracking: &Tracking, filled: &Filled) -> bool {
    let Some(report) = place.subject.reports.get(&tracking.key()) else { return false };
    let entries = app.reader().stream(&tracking.stream()).unwrap_or_default();
    let Some(filed) = entries.iter().find(|entry| entry.event_type == "ReportFiled") else { return false };
    let at = filed.recorded_at.parse::<DateTime<Utc>>().unwrap_or_default();
    let a_moment_ago = app.now().datetime().signed_duration_since(at) <= TimeDelta::seconds(SECONDS);
    let said = private(app, filed).into_iter().flatten().find(|(name, _)| name == "text");
    let said = said.and_then(|(_, text)| text.as_str().map(str::to_owned));
    a_moment_ago && said == one(filled, "text") && Some(&report.category) == one(filled, "category").as_ref()
}

/// The cookie's name.
const SENT: &str = "wuping-sent";
/// For how long the same words are taken to be sent twice.
const SECONDS: i64 = 600;
