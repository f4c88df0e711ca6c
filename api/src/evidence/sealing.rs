//! What a bundle stands on: a commitment to the heads above everything in it, and a checkpoint above that, seen by witnesses
//! and by a time-stamping authority where the folder lists any (docs/format.md §7, §10).

use std::time::{Duration, Instant};

use serde_json::Value;
use wuping_ledger::bundle::compose::{ComposeError, paths};
use wuping_ledger::note::{note_text, stated_size};
use wuping_ledger::reader::Reader;
use wuping_ledger::stamps;
use wuping_ledger::store::StoreError;
use wuping_projections::error::causes;

use super::{IssueError, Lack};
use crate::app::App;

/// A checkpoint with what others say of it.
pub(super) struct Sealed {
    /// The note, with cosignatures.
    pub(super) note: String,
    /// An authority's response over it.
    pub(super) stamp: Option<Vec<u8>>,
    /// What is lacking.
    pub(super) lacks: Vec<Lack>,
}

/// The first commitment to the heads after a determination; none yet, if nothing was committed to since.
pub(super) fn cut_after(reader: &Reader, upto: &(String, u64)) -> Result<Option<u64>, IssueError> {
    let (stream, number) = upto;
    let decided = reader.stream(stream)?.into_iter().find(|entry| {
        let data: Value = serde_json::from_str(&entry.data).unwrap_or_default();
        entry.event_type == "GradeDetermined" && data["result"]["number"] == *number
    });
    let unknown = || IssueError::NoDetermination { stream: stream.clone(), number: *number };
    let decided = decided.ok_or_else(unknown)?.position;
    let committed = reader.stream("heads")?.into_iter().map(|entry| entry.position);
    Ok(committed.filter(|position| *position > decided).min())
}

/// A commitment above everything that a bundle about this path must hold: the newest one where nothing of that came after it,
/// else a new one, at most once a minute.
pub(super) async fn committed(app: &App, path: &str) -> Result<u64, IssueError> {
    let (reader, of) = (app.reader().clone(), path.to_owned());
    if let Some(newest) = tokio::task::spawn_blocking(move || still_newest(&reader, &of)).await?? {
        return Ok(newest);
    }
    let mut last = app.committed_for_evidence.lock().await;
    if let Some(wait) = last.and_then(|last: Instant| BETWEEN.checked_sub(last.elapsed())) {
        tokio::time::sleep(wait).await;
    }
    app.ledger.commit_heads().await?;
    *last = Some(Instant::now());
    let newest = app.reader().last_position_of_subject("heads")?;
    newest
        .ok_or_else(|| StoreError::Corrupt { what: "there is no commitment to the heads".to_owned() }.into())
}

/// The newest commitment, if no path of the bundle has an entry after it.
fn still_newest(reader: &Reader, path: &str) -> Result<Option<u64>, IssueError> {
    let Some(newest) = reader.last_position_of_subject("heads")? else { return Ok(None) };
    let complete_in = match paths(reader, path, newest) {
        Ok(complete_in) => complete_in,
        Err(ComposeError::Nothing { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    for path in complete_in.iter().map(String::as_str).chain([path, "erasures"]) {
        if reader.last_position_of_subject(path)? > Some(newest) {
            return Ok(None);
        }
    }
    Ok(Some(newest))
}

/// A checkpoint above a commitment, shown to witnesses and authorities now.
pub(super) async fn seal(app: &App, heads: u64) -> Result<Sealed, IssueError> {
    let newest = app.ledger.writer().sign_now().await?;
    app.anchors.ask_before_serving(&app.ledger).await?;
    let cosigned = app.anchors.cosigned().filter(|note| stated_size(note) > Some(heads));
    let mut lacks = Vec::new();
    if cosigned.is_none() {
        lacks.push(Lack::Cosignature);
    }
    let note = cosigned.unwrap_or(newest);
    for refused in app.authorities.ask_over(&note).await {
        lacks.push(Lack::StampRefused { why: causes(&refused).join(": ") });
    }
    let stamp = stamps::over(&app.folder, stated_size(&note).unwrap_or(0), note_text(note.as_bytes())?)?;
    if stamp.is_none() {
        lacks.push(Lack::Stamp);
    }
    Ok(Sealed { note, stamp, lacks })
}

/// How often heads are committed to for the sake of a bundle.
const BETWEEN: Duration = Duration::from_mins(1);
