//! A witness of logs: it cosigns checkpoints that continue what it has seen, and keeps what it has seen durably before it
//! answers (docs/format.md §7).

mod kept;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use wuping_ledger::keys::Signer;
use wuping_ledger::note::{Cosigner, NoteKeyType, VerifierKey};
use wuping_ledger::refusal::{Refusal, need};
use wuping_ledger::witness::{Answer, Shown, decide};

use kept::Kept;

/// Why a witness cannot be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// There is one in the folder.
    #[error("there is a witness in {folder} already: serve it, or name another folder with --data")]
    Exists {
        /// The folder.
        folder: std::path::PathBuf,
    },
    /// There is none in the folder.
    #[error(
        "there is no witness in {folder}: make one with “wuping witness init --name NAME --data {folder}”"
    )]
    Missing {
        /// The folder.
        folder: std::path::PathBuf,
    },
    /// A file could not be read or written.
    #[error("the witness's file {file} could not be read or written")]
    File {
        /// The file.
        file: std::path::PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Another process serves it.
    #[error(
        "another process serves the witness in {folder}: two of one key could cosign two histories; stop that one first"
    )]
    Served {
        /// The folder.
        folder: std::path::PathBuf,
    },
    /// What a file holds is not what was written there.
    #[error(
        "the witness's file {file} is damaged: put it back from a backup that is as new as the last answer"
    )]
    Damaged {
        /// The file.
        file: std::path::PathBuf,
    },
    /// A name or key is none.
    #[error("a name or key is not as the format has it")]
    Rule(#[from] Refusal),
}

/// Makes a witness with a key of its own; answers its verifier key, to be published.
///
/// # Errors
/// [`WitnessError`]; nothing is overwritten.
pub fn make(folder: &Path, name: &str) -> Result<VerifierKey, WitnessError> {
    let signer = Signer::generate()?;
    let cosigner = Cosigner::new(name, signer.clone())?;
    Kept::make(folder, name, &signer)?;
    Ok(cosigner.verifier_key().clone())
}

/// The verifier key of the witness of a folder.
///
/// # Errors
/// [`WitnessError`] if there is none.
pub fn key(folder: &Path) -> Result<VerifierKey, WitnessError> {
    Ok(Kept::open(folder)?.cosigner()?.verifier_key().clone())
}

/// `/add-checkpoint` of the witness of a folder, for these logs.
///
/// # Errors
/// [`WitnessError`] if there is no witness, another process serves it, or a key is no log's.
pub fn router(folder: &Path, logs: Vec<VerifierKey>) -> Result<Router, WitnessError> {
    let kept = Kept::open_alone(folder)?;
    let cosigner = kept.cosigner()?;
    for (number, log) in logs.iter().enumerate() {
        need(log.key_type == NoteKeyType::Log, "vkey", "this is a witness's key, not a log's")?;
        let known = logs[..number].iter().any(|other| other.name == log.name);
        need(!known, "vkey", "a log has one key; this origin is named twice")?;
    }
    let witness = Arc::new(Witness { logs, cosigner, kept: Mutex::new(kept) });
    Ok(Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(witness))
}

struct Witness {
    logs: Vec<VerifierKey>,
    cosigner: Cosigner,
    /// One decision at a time: two that race must not both be made on what was seen before.
    kept: Mutex<Kept>,
}

async fn add_checkpoint(State(witness): State<Arc<Witness>>, body: Bytes) -> Response {
    let decided = tokio::task::spawn_blocking(move || witness.answer(&body)).await;
    decided
        .unwrap_or_else(|_| told(StatusCode::INTERNAL_SERVER_ERROR, "it could not be decided; see the log\n"))
}

impl Witness {
    fn answer(&self, body: &[u8]) -> Response {
        let shown = match Shown::parse(body) {
            Ok(shown) => shown,
            Err(refusal) => return told(StatusCode::BAD_REQUEST, &format!("{refusal}\n")),
        };
        let origin = match shown.origin() {
            Ok(origin) => origin,
            Err(refusal) => return told(StatusCode::BAD_REQUEST, &format!("{refusal}\n")),
        };
        let Some(log) = self.logs.iter().find(|log| log.name == origin) else {
            return told(StatusCode::NOT_FOUND, "no log of this origin is witnessed here\n");
        };
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = match kept.seen(&log.name) {
            Ok(seen) => seen,
            Err(error) => return broken(&error),
        };
        let now = u64::try_from(chrono::Utc::now().timestamp()).unwrap_or(0);
        match decide(&shown, log, &seen, &self.cosigner, now) {
            Answer::Cosigned { seen, line } => match kept.keep(&log.name, &seen) {
                Ok(()) => told(StatusCode::OK, &line),
                Err(error) => broken(&error),
            },
            Answer::Malformed(refusal) => told(StatusCode::BAD_REQUEST, &format!("{refusal}\n")),
            Answer::Untrusted(refusal) => told(StatusCode::FORBIDDEN, &format!("{refusal}\n")),
            Answer::Elsewhere { size } => {
                let kind = [(header::CONTENT_TYPE, "text/x.tlog.size")];
                (StatusCode::CONFLICT, kind, format!("{size}\n")).into_response()
            }
            Answer::Forked { cosigned } => {
                tracing::error!(log = %log.name, "a log shows two histories of the same size");
                told(StatusCode::CONFLICT, &cosigned)
            }
            Answer::Unproven(refusal) => told(StatusCode::UNPROCESSABLE_ENTITY, &format!("{refusal}\n")),
        }
    }
}

fn told(status: StatusCode, text: &str) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text.to_owned()).into_response()
}

fn broken(error: &WitnessError) -> Response {
    let causes = wuping_projections::error::causes(error).join(": ");
    tracing::error!(%causes, "the witness cannot keep what it has seen");
    told(StatusCode::INTERNAL_SERVER_ERROR, "what was seen could not be kept, so nothing is cosigned\n")
}

/// A note of 65,536 bytes, 63 lines of proof and a line before them.
const BODY_BYTES_MAX: usize = 72 * 1024;
