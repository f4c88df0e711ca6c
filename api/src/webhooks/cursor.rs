//! How far a receiver was told, in a file of its own in the folder `webhooks`, written anew whenever it has got something.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use wuping_ledger::durable;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;

use super::Receiver;

/// How far a receiver was told.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(super) struct Cursor {
    /// The first entry that it was not asked about.
    pub(super) next: u64,
    /// The id of the entry before that: another one stands there in a ledger that was put back from an older backup.
    pub(super) last: Option<String>,
    /// When it said last that it had got something, in POSIX seconds.
    #[serde(default)]
    pub(super) delivered_at: Option<u64>,
    /// Since when it does not take what it is told, in POSIX seconds.
    #[serde(default)]
    pub(super) failing_since: Option<u64>,
    /// How often in a row it did not.
    #[serde(default)]
    pub(super) failures: u32,
    /// What was wrong the last time.
    #[serde(default)]
    pub(super) why: Option<String>,
}

impl Cursor {
    /// As it is kept; at the beginning of what the receiver is told where nothing is kept, or what is kept is of another
    /// history. It then gets some messages again, under the ids they had.
    pub(super) fn of(folder: &Path, reader: &Reader, receiver: &Receiver) -> Result<Self, StoreError> {
        let begin = Self { next: receiver.since, ..Self::default() };
        let Some(kept) = Self::kept(folder, &receiver.name)? else { return Ok(begin) };
        let Some(last) = kept.next.checked_sub(1) else { return Ok(kept) };
        let stands_there = reader.row(last)?.map(|row| row.event_id);
        if stands_there.is_some() && (kept.last.is_none() || stands_there == kept.last) {
            return Ok(kept);
        }
        tracing::warn!(receiver = %receiver.name, "the ledger is not the one it was told from; it is told again from the beginning");
        Ok(begin)
    }

    /// As it is kept; none if nothing is, or it cannot be understood.
    pub(super) fn kept(folder: &Path, name: &str) -> Result<Option<Self>, StoreError> {
        let file = file_of(folder, name);
        match std::fs::read(&file) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreError::File { file, source }),
        }
    }

    /// Kept durably.
    pub(super) fn keep(&self, folder: &Path, name: &str) -> Result<(), StoreError> {
        let file = file_of(folder, name);
        let text = serde_json::to_vec(self).unwrap_or_default();
        let kept = std::fs::create_dir_all(folder.join(FOLDER)).and_then(|()| durable::replace(&file, &text));
        kept.map_err(|source| StoreError::File { file, source })
    }
}

/// Forgets how far a receiver was told.
pub(super) fn forget(folder: &Path, name: &str) -> Result<(), StoreError> {
    let file = file_of(folder, name);
    match std::fs::remove_file(&file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::File { file, source: error })
        }
        _ => Ok(()),
    }
}

fn file_of(folder: &Path, name: &str) -> PathBuf {
    folder.join(FOLDER).join(format!("{name}.cursor"))
}

const FOLDER: &str = "webhooks";
