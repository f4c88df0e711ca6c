//! The fork alarm: a witness knows another history of this log than the one here. From then on nothing is appended, over
//! restarts too, until a person has found out which history is the true one (docs/format.md §7).

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::store::StoreError;

/// Whether the alarm is raised, shared by all who write.
#[derive(Clone, Debug)]
pub(crate) struct Alarm {
    file: PathBuf,
    raised: Arc<OnceLock<String>>,
}

impl Alarm {
    /// As a folder has it.
    pub(crate) fn of(folder: &Path) -> Result<Self, StoreError> {
        let alarm = Self { file: folder.join(FILE), raised: Arc::default() };
        if let Some(why) = raised_in(folder)? {
            // it was not raised before, it was just made
            let _ = alarm.raised.set(why);
        }
        Ok(alarm)
    }

    /// Why nothing may be appended.
    pub(crate) fn raised(&self) -> Option<&str> {
        self.raised.get().map(String::as_str)
    }

    /// Raises it for good: first in memory, then in a file, with both notes.
    pub(crate) fn raise(&self, why: &str) -> Result<(), StoreError> {
        let _ = self.raised.set(why.to_owned());
        let write = || {
            let mut file = std::fs::File::options().create(true).append(true).open(&self.file)?;
            file.write_all(format!("{why}\n").as_bytes())?;
            file.sync_all()
        };
        write().map_err(|source| StoreError::File { file: self.file.clone(), source })
    }
}

/// Why a folder's ledger takes nothing any more; none if it does.
///
/// # Errors
///
/// [`StoreError::File`] if the alarm's file is there and cannot be read.
pub fn raised_in(folder: &Path) -> Result<Option<String>, StoreError> {
    let file = folder.join(FILE);
    match std::fs::read_to_string(&file) {
        Ok(why) => Ok(Some(why.trim_end().to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StoreError::File { file, source }),
    }
}

/// Ends the alarm of a folder whose ledger is not running; what it said stays, under the moment of its end. False if there
/// was none.
///
/// # Errors
///
/// [`StoreError::File`] if the alarm's file cannot be put aside.
pub fn clear(folder: &Path, at: &str, reason: &str) -> Result<bool, StoreError> {
    let Some(why) = raised_in(folder)? else { return Ok(false) };
    let aside = folder.join(format!("fork-alarm.cleared-{}.txt", at.replace(':', "")));
    let put = std::fs::write(&aside, format!("{why}\n\ncleared at {at}: {reason}\n"));
    put.map_err(|source| StoreError::File { file: aside, source })?;
    let file = folder.join(FILE);
    std::fs::remove_file(&file).map_err(|source| StoreError::File { file, source })?;
    Ok(true)
}

const FILE: &str = "fork-alarm.txt";
