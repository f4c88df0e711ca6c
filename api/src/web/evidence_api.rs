//! Evidence over REST: what rests on a determination and a bundle of premises, for a legal officer; and the check of a bundle,
//! for anybody.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Semaphore;
use wuping_domain::facts::Role;
use wuping_ledger::keys::Kid;
use wuping_ledger::refusal::Refusal;
use wuping_projections::error::causes;
use wuping_replay::evidence::BundleFinding;
use wuping_replay::impact::{ImpactError, impact};

use crate::app::App;
use crate::evidence::{IssueError, Wanted};
use crate::look::words::Lang;
use crate::office::Session;
use crate::web::api::{not_read, problem, problem_with};
use crate::web::commands::{broken, command_id, in_session, must_hold, refused, signed_in};
use crate::web::docket_api::blocking;
use crate::web::evidence::{Given, Unchecked, checked, download, given_out};
use crate::web::format_refusals::of_the_sender;
use crate::web::json_body::StrictJson;
use crate::web::session::lang_of;

/// What rests on a determination: what else falls if it does.
pub(super) async fn resting_on(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path((code, number)): Path<(String, u64)>,
) -> Response {
    let lang = lang_of(&headers);
    let session = in_session(&app, lang, &headers);
    if let Err(no) = session.and_then(|session| must_be_legal(&app, lang, &session)) {
        return *no;
    }
    let read = blocking(move || {
        let Some(premises) = app.views.views().premises_by_code(&code)? else { return Ok(None) };
        match impact(app.reader(), &format!("{}#{number}", premises.id)) {
            Ok(told) => Ok(Some(told)),
            Err(ImpactError::Name { .. } | ImpactError::None { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    });
    match read.await {
        Ok(Some(told)) => Json(told).into_response(),
        Ok(None) => {
            let told = lang.pick(
                "没有这处房屋，或没有这次评定。评定的编号见 /api/v1/premises/{code}/history。",
                "There are no such premises, or no such determination of them. /api/v1/premises/{code}/history lists them.",
            );
            problem(StatusCode::NOT_FOUND, "not_found", told)
        }
        Err(error) => not_read(lang, error.as_ref()),
    }
}

/// What a bundle is asked for by.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ToGive {
    /// The law, or the number of the order; it stands in the ledger for everybody.
    basis: String,
    /// To whom, by a code.
    to: String,
    /// Who takes it, in words; kept private.
    #[serde(default)]
    recipient: Option<String>,
    /// Names of private values to disclose.
    #[serde(default)]
    fields: Vec<String>,
    /// The determination that it is cut at; all that is recorded when absent.
    #[serde(default)]
    upto: Option<u64>,
}

/// The bundle of premises with what explains it. The same `Idempotency-Key` again gets what it got.
pub(super) async fn give_out(
    State(app): State<Arc<App>>,
    Extension(given): Extension<Arc<Given>>,
    headers: HeaderMap,
    Path(code): Path<String>,
    StrictJson(body): StrictJson,
) -> Response {
    let lang = lang_of(&headers);
    let session = match signed_in(&app, lang, &headers) {
        Ok(session) => session,
        Err(no) => return *no,
    };
    if let Err(no) = must_be_legal(&app, lang, &session) {
        return *no;
    }
    let id = match command_id(lang, &headers) {
        Ok(id) => id,
        Err(detail) => return problem(StatusCode::BAD_REQUEST, "malformed", &detail),
    };
    let asked: ToGive = match serde_json::from_value(body) {
        Ok(asked) => asked,
        Err(error) => return of_the_sender(lang, &Refusal::new("request", error.to_string())),
    };
    let kid = match Kid::parse(session.kid) {
        Ok(kid) => kid,
        Err(refusal) => return broken(lang, &refusal),
    };
    let (house, searched) = (app.clone(), code.clone());
    let premises = blocking(move || Ok(house.views.views().premises_by_code(&searched)?)).await;
    let path = match premises {
        Ok(Some(premises)) => format!("premises/{}", premises.id),
        Ok(None) => {
            let told = lang.pick("没有这处房屋。请核对编码。", "There are no such premises. Check the code.");
            return problem(StatusCode::NOT_FOUND, "not_found", told);
        }
        Err(error) => return not_read(lang, error.as_ref()),
    };
    let wanted = Wanted {
        upto: asked.upto.map(|number| (format!("{path}/grade"), number)),
        path,
        fields: asked.fields,
        basis: asked.basis,
        to: asked.to,
        recipient: asked.recipient.filter(|who| !who.trim().is_empty()),
    };
    match given_out(&app, &given, (session.account, id), kid, &wanted).await {
        Ok(bytes) => download(&code, bytes),
        Err(error) => not_given(lang, &error),
    }
}

fn not_given(lang: Lang, error: &IssueError) -> Response {
    match error {
        IssueError::Execute(error) => refused(lang, error),
        IssueError::NoField { field, has, .. } => {
            let told = lang.pick(
                format!("没有名为“{field}”的隐私内容；这里有：{}。没有出具。", has.join("、")),
                format!(
                    "There is no private value “{field}”; there are {}. Nothing was given out.",
                    has.join(", ")
                ),
            );
            problem_with(StatusCode::UNPROCESSABLE_ENTITY, "no_such_value", &told, json!({ "has": has }))
        }
        IssueError::NoDetermination { number, .. } => {
            let told = lang.pick(
                format!("没有第 {number} 次评定，没有出具。"),
                format!("There is no determination {number}. Nothing was given out."),
            );
            problem(StatusCode::UNPROCESSABLE_ENTITY, "no_determination", &told)
        }
        other => broken(lang, other),
    }
}

/// What comes of checking a bundle up to level 5, by what this ledger knows of itself; nothing is kept.
pub(super) async fn check(
    State(app): State<Arc<App>>,
    Extension(places): Extension<Arc<Semaphore>>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let lang = lang_of(&headers);
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !FILES.iter().any(|file| kind.eq_ignore_ascii_case(file)) {
        let told = lang.pick(
            "正文应为证据包文件，Content-Type 写 application/octet-stream 或 application/zip。",
            "The body is the bundle's file: send it with Content-Type application/octet-stream or application/zip.",
        );
        return problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_a_bundle", told);
    }
    let _place = places.acquire().await;
    match tokio::task::spawn_blocking(move || checked(&app, &bytes)).await {
        Ok(Ok(verified)) => Json(verified).into_response(),
        Ok(Err(Unchecked::NoBundle(why))) => {
            let found = BundleFinding {
                level: 0,
                file: String::new(),
                position: None,
                code: "unreadable".to_owned(),
                detail: why,
            };
            Json(json!({ "reached": null, "findings": [found] })).into_response()
        }
        Ok(Err(Unchecked::Failed(error))) => {
            let causes = causes(&*error).join(": ");
            tracing::error!(%causes, "a bundle was not checked");
            not_read(lang, error.as_ref())
        }
        Err(error) => not_read(lang, &error),
    }
}

fn must_be_legal(app: &App, lang: Lang, session: &Session) -> Result<(), Box<Response>> {
    must_hold(app, lang, session, Role::LegalOfficer, ["这里由法制人员使用。", "This is for legal officers."])
}

/// What a bundle's file may come as.
const FILES: [&str; 2] = ["application/octet-stream", "application/zip"];
