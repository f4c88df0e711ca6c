//! Lists over REST: another system delivers rows of the kinds its channel was opened for, or asks what they would do.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;

use crate::app::App;
use crate::lists::sheet::Sheet;
use crate::lists::{Delivery, Kind, ListError, reference_of, take};
use crate::look::words::Lang;
use crate::web::api::problem;
use crate::web::feeds::{channel_of, is_key, stopped};
use crate::web::session::lang_of;

/// The route of lists.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/api/v1/feeds/{kind}", post(deliver))
        .layer(DefaultBodyLimit::max(LIST_BYTES_MAX))
        .with_state(app)
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    dry_run: bool,
}

/// A list in JSON (`{"rows": [{column: value}]}`), as `text/csv`, or as a workbook.
async fn deliver(
    State(app): State<Arc<App>>,
    Path(kind): Path<String>,
    wanted: Result<Query<Wanted>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let lang = lang_of(&headers);
    let channel = match channel_of(&app, &headers, lang) {
        Ok(channel) => channel,
        Err(refused) => return *refused,
    };
    let Some(kind) = Kind::of_code(&kind) else {
        let kinds = Kind::ALL.map(Kind::code).join(", ");
        let told = lang.pick(
            format!("没有这种清单。可用的有：{kinds}。"),
            format!("There is no such list. There are {kinds}."),
        );
        return problem(StatusCode::NOT_FOUND, "not_found", &told);
    };
    let Ok(Query(wanted)) = wanted else {
        let told = lang.pick("dry_run 只能是 true 或 false。", "dry_run is true or false.");
        return problem(StatusCode::BAD_REQUEST, "malformed", told);
    };
    let key = headers.get("idempotency-key").map(|value| value.to_str().unwrap_or_default().to_owned());
    if key.as_ref().is_some_and(|key| !is_key(key)) {
        let told = lang.pick(
            "批次号（Idempotency-Key）只能用字母、数字和短横线，不超过64位。",
            "The delivery's name (Idempotency-Key) has letters, digits and hyphens, 64 at most.",
        );
        return problem(StatusCode::BAD_REQUEST, "malformed", told);
    }
    let reference = key.unwrap_or_else(|| reference_of(&body));
    let json = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let json = json.is_some_and(|kind| kind.starts_with("application/json"));
    let sheet = if json { Sheet::of_json(&body) } else { Sheet::of_file(&body) };
    let delivery = Delivery { channel, kind, reference, dry_run: wanted.dry_run };
    let report = match sheet {
        Ok(sheet) => take(&app, &delivery, &sheet, &|_, _| {}).await,
        Err(error) => Err(error.into()),
    };
    match report {
        Ok(report) => Json(report).into_response(),
        Err(error) => refused(lang, &error),
    }
}

fn refused(lang: Lang, error: &ListError) -> Response {
    use crate::lists::sheet::SheetError;
    let (status, code) = match error {
        ListError::Sheet(SheetError::Empty) => (StatusCode::UNPROCESSABLE_ENTITY, "empty_delivery"),
        ListError::Sheet(_) | ListError::Columns { .. } => (StatusCode::BAD_REQUEST, "malformed"),
        ListError::NotForChannel { .. } => (StatusCode::FORBIDDEN, "not_for_channel"),
        _ => return stopped(lang, error),
    };
    problem(status, code, &told(lang, error).unwrap_or_default())
}

/// Why a list as a whole is not taken, where its sender can do something about it.
pub(super) fn told(lang: Lang, error: &ListError) -> Option<String> {
    if !matches!(error, ListError::Sheet(_) | ListError::Columns { .. } | ListError::NotForChannel { .. }) {
        return None;
    }
    let zh = || match error {
        ListError::Sheet(error) => error.zh(),
        ListError::Columns { kind, missing } => {
            let of = |name: &&'static str| {
                kind.columns().iter().find(|column| column.name == *name).map_or(*name, |column| column.zh)
            };
            format!(
                "第一行必须写明各列的名称，缺少：{}。没有记录任何内容；模板里有全部的列。",
                missing.iter().map(of).collect::<Vec<_>>().join("、")
            )
        }
        ListError::NotForChannel { channel, kind } => format!(
            "通道 {channel} 没有开通“{}”。请管理员运行 wuping feed open {channel} --kind {} 重新开通。没有记录任何内容。",
            kind.zh(),
            kind.code()
        ),
        _ => String::new(),
    };
    Some(match lang {
        Lang::Zh => zh(),
        Lang::En => {
            let text = error.to_string();
            let end = if text.ends_with('.') { "" } else { "." };
            let mut letters = text.chars();
            letters
                .next()
                .map(|first| format!("{}{}{end}", first.to_uppercase(), letters.as_str()))
                .unwrap_or_default()
        }
    })
}

/// An office's list of a district's units, as a workbook, has about 8 MB.
pub(super) const LIST_BYTES_MAX: usize = 16 * 1024 * 1024;
