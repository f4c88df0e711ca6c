//! The log as other programs read it: checkpoint, tiles, rulebooks, keys and proofs (docs/format.md §5 to §7).

use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::{Value, json};
use wuping_ledger::genesis::stated_log_key;
use wuping_ledger::proofs::ProofError;
use wuping_ledger::tile::{Tile, TileKind};

use super::audit::MayReadBundles;
use super::state::{ReadError, Site, logged};

/// `/log/…`, public but for bundles of entries.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/log/checkpoint", get(checkpoint))
        .route("/log/keys", get(keys))
        .route("/log/proof/consistency/{old}/{new}", get(consistency))
        .route("/log/proof/inclusion/{position}", get(inclusion))
        .route("/log/schemes/{file}", get(scheme))
        .route("/log/tile/{*path}", get(tile))
}

/// Where witnesses are asked, the newest one that they cosigned while they keep up; under the alarm never another: a log that they
/// refuse publishes nothing more.
async fn checkpoint(State(site): State<Site>) -> Response {
    if site.writer.alarm().is_some() {
        return site.anchors.cosigned().map_or_else(withheld, fresh);
    }
    match site.read(|site| Ok(site.anchors.to_publish(site.reader.checkpoint()?))).await {
        Ok(Some(note)) => fresh(note),
        Ok(None) => missing("no checkpoint has been signed yet; ask again in a minute\n"),
        Err(error) => broken(&error),
    }
}

async fn keys(State(site): State<Site>) -> Response {
    match site.read(enrolled).await {
        Ok(keys) => ([NO_STORE], Json(keys)).into_response(),
        Err(error) => broken(&error),
    }
}

async fn inclusion(State(site): State<Site>, Path(position): Path<String>) -> Response {
    let Some(position) = spelled(&position) else {
        return refused("a position is a whole number from 0, without leading zeros\n".to_owned());
    };
    if site.writer.alarm().is_some() {
        return withheld();
    }
    proven(site.read(move |site| Ok(site.reader.inclusion_file(position)?.to_bytes())).await)
}

async fn consistency(State(site): State<Site>, Path((old, new)): Path<(String, String)>) -> Response {
    let (Some(old), Some(new)) = (spelled(&old), spelled(&new)) else {
        return refused("a size is a whole number from 0, without leading zeros\n".to_owned());
    };
    if old > new {
        return refused(format!(
            "a tree of {old} entries is no beginning of one of {new}: the smaller size comes first\n"
        ));
    }
    if site.writer.alarm().is_some() {
        return withheld();
    }
    let made = site.read(move |site| Ok(site.reader.consistency_file(old, new)?.to_string().into_bytes()));
    proven(made.await)
}

/// A proof as it is served, or why there is none yet.
fn proven(made: Result<Vec<u8>, ReadError>) -> Response {
    match made {
        Ok(proof) => ([(header::CONTENT_TYPE, TEXT), NO_STORE], proof).into_response(),
        Err(ReadError::Proof(unsigned @ ProofError::Unsigned { .. })) => missing(format!("{unsigned}\n")),
        Err(error) => broken(&error),
    }
}

/// A rulebook by its digest, as an export has it.
async fn scheme(State(site): State<Site>, Path(file): Path<String>) -> Response {
    let Some(sha256) = file.strip_suffix(".json").map(str::to_owned) else { return missing(NO_SCHEME) };
    match site.read(move |site| Ok(site.reader.scheme(&sha256)?)).await {
        Ok(Some(kept)) => {
            ([(header::CONTENT_TYPE, "application/json"), FOR_EVER], kept.bytes).into_response()
        }
        Ok(None) => missing(NO_SCHEME),
        Err(error) => broken(&error),
    }
}

async fn tile(
    State(site): State<Site>,
    Path(path): Path<String>,
    auditor: Option<Extension<MayReadBundles>>,
) -> Response {
    // No spelling but the format's own is answered, so that one tile has one address.
    let Ok(tile) = Tile::parse(&format!("tile/{path}")) else {
        return missing("there is no tile of this spelling; see the format, section 6\n");
    };
    let is_bundle = tile.kind == TileKind::Entries;
    if is_bundle && auditor.is_none() {
        let told =
            "bundles of entries are for auditors only; sign in as one, or ask the operator for an export\n";
        return (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, TEXT), NO_STORE], told).into_response();
    }
    let read = site.read(move |site| {
        Ok(match tile.kind {
            TileKind::Entries => site.reader.entry_bundle(tile.n, tile.width)?,
            TileKind::Hashes(level) => site.reader.tile(level, tile.n, tile.width)?,
        })
    });
    match read.await {
        Ok(Some(bytes)) => {
            let kept = if tile.is_full() && !is_bundle { FOR_EVER } else { NO_STORE };
            ([(header::CONTENT_TYPE, "application/octet-stream"), kept], bytes).into_response()
        }
        Ok(None) => missing("the newest checkpoint does not cover this tile\n"),
        Err(error) => broken(&error),
    }
}

fn enrolled(site: &Site) -> Result<Value, ReadError> {
    let origin = site.reader.origin()?;
    let state = site.reader.keys()?;
    let keys = state.records().map(|(kid, key)| {
        json!({
            "kid": kid.as_str(),
            "holder": key.holder,
            "role": key.role.as_str(),
            "jwk": key.public.jwk(),
            "from": key.from,
            "until": key.until,
            "suspect_from": key.suspect_from,
        })
    });
    let keys: Vec<Value> = keys.collect();
    Ok(json!({ "origin": origin, "log_key": stated_log_key(&site.reader)?, "keys": keys }))
}

fn spelled(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

fn fresh(text: String) -> Response {
    ([(header::CONTENT_TYPE, TEXT), NO_STORE], text).into_response()
}

fn missing(told: impl Into<String>) -> Response {
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, TEXT), NO_STORE], told.into()).into_response()
}

fn refused(told: String) -> Response {
    (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, TEXT), NO_STORE], told).into_response()
}

/// Under the fork alarm nothing is vouched for that no witness has cosigned.
fn withheld() -> Response {
    let told = "FORK ALARM: a witness knows another history of this log; nothing more is published\n";
    (StatusCode::SERVICE_UNAVAILABLE, [(header::CONTENT_TYPE, TEXT), NO_STORE], told).into_response()
}

fn broken(error: &ReadError) -> Response {
    logged(error);
    let told = "the log could not be read; the operator's own log says why\n";
    (StatusCode::INTERNAL_SERVER_ERROR, [(header::CONTENT_TYPE, TEXT), NO_STORE], told).into_response()
}

const NO_STORE: (HeaderName, &str) = (header::CACHE_CONTROL, "no-store");
const TEXT: &str = "text/plain; charset=utf-8";
const FOR_EVER: (HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=31536000, immutable");
const NO_SCHEME: &str = "there is no rulebook of this digest; /api/v1/rulebooks lists them\n";
