//! Photos and papers of a matter, for whoever may see its words.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use wuping_domain::said::Photo;
use wuping_ledger::attachments::Attachments;
use wuping_projections::error::causes;

use super::reading::read;
use super::story::{PICTURES, may_read, private};
use crate::app::App;
use crate::web::session::Signed;

/// The picture `n` of a private field of an entry.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path((position, field, n)): Path<(u64, usize, usize)>,
) -> Response {
    let Some(photo) = photo(&app, &signed, position, field, n) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let attachments = Attachments::in_folder(&app.folder.join("attachments"));
    let bytes = match attachments {
        Ok(attachments) => attachments.read(&photo.sha256).await,
        Err(error) => Err(error),
    };
    match bytes {
        Ok(bytes) => {
            let headers: [(HeaderName, &str); 2] = [
                (header::CONTENT_TYPE, media_type(&photo)),
                (header::CACHE_CONTROL, "private, max-age=3600"),
            ];
            (headers, bytes).into_response()
        }
        Err(error) => {
            tracing::warn!(causes = %causes(&error).join(": "), position, "a photo could not be shown");
            StatusCode::NOT_FOUND.into_response()
        }
    }
}

fn photo(app: &App, signed: &Signed, position: u64, field: usize, n: usize) -> Option<Photo> {
    let stream = app.reader().row(position).ok()??.aggregate_id;
    let matter = read(app, signed, &stream).ok()?;
    let entry = matter.trial.entries.iter().find(|entry| entry.position == position)?;
    if !may_read(matter.sight, &entry.stream, &entry.event_type) {
        return None;
    }
    let (name, value) = private(app, entry).into_iter().nth(field)??;
    if !PICTURES.contains(&name.as_str()) {
        return None;
    }
    let value = if value.is_array() { value.get(n)?.clone() } else { Some(value).filter(|_| n == 0)? };
    serde_json::from_value::<Photo>(value).ok().filter(|photo| !photo.sha256.is_empty())
}

/// Only pictures are shown as what they say they are.
fn media_type(photo: &Photo) -> &'static str {
    match photo.media_type.as_str() {
        "image/jpeg" => "image/jpeg",
        "image/png" => "image/png",
        "image/webp" => "image/webp",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_picture_is_never_run_in_a_browser() {
        let of = |media_type: &str| Photo { bytes: 1, sha256: "0".repeat(64), media_type: media_type.into() };
        assert_eq!(media_type(&of("text/html")), "application/octet-stream");
        assert_eq!(media_type(&of("image/svg+xml")), "application/octet-stream");
        assert_eq!(media_type(&of("image/png")), "image/png");
        assert!(serde_json::from_value::<Photo>(serde_json::Value::Null).is_err());
    }
}
