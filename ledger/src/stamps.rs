//! Time stamps of checkpoints as they are kept beside the log: the authority's response as it came, and the note it is
//! over, so that each pair stands by itself (docs/format.md §7).

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::durable::replace;
use crate::note::{VerifierKey, note_text, open_checkpoint};
use crate::refusal::{Refusal, need};
use crate::stamp::{Roots, Stamp, open_stamp};
use crate::store::StoreError;

/// A response that lies in a ledger's folder; nothing of it is verified before it is opened.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct KeptStamp {
    /// Number of entries of the checkpoint, by the file's name.
    pub size: u64,
    /// What the folder's list calls the authority.
    pub authority: String,
    /// The response.
    pub file: PathBuf,
}

/// A kept stamp that verifies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpenedStamp {
    /// Number of entries of the checkpoint.
    pub size: u64,
    /// Root of the tree over them.
    pub root: crate::encoding::Hash,
    /// What the authority says.
    pub stamp: Stamp,
}

/// Keeps a response that has been verified, and the note it is over; a power cut leaves it whole or away.
///
/// # Errors
///
/// [`StoreError::File`] if it could not be kept.
pub fn keep(
    folder: &Path,
    authority: &str,
    size: u64,
    note: &str,
    response: &[u8],
) -> Result<KeptStamp, StoreError> {
    let stamps = folder.join(FOLDER);
    std::fs::create_dir_all(&stamps).map_err(failed(&stamps))?;
    let kept = note_file(folder, size);
    replace(&kept, note.as_bytes()).map_err(failed(&kept))?;
    let file = stamps.join(format!("{size:012}.{authority}{ENDING}"));
    replace(&file, response).map_err(failed(&file))?;
    Ok(KeptStamp { size, authority: authority.to_owned(), file })
}

/// Every kept response, by size and authority.
///
/// # Errors
///
/// [`StoreError::File`] if the folder is there and cannot be read.
pub fn kept(folder: &Path) -> Result<Vec<KeptStamp>, StoreError> {
    let stamps = folder.join(FOLDER);
    let entries = match std::fs::read_dir(&stamps) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed(&stamps))?,
    };
    let mut kept = Vec::new();
    for entry in entries {
        let file = entry.map_err(failed(&stamps))?.path();
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let named = name.strip_suffix(ENDING).and_then(|name| name.split_once('.'));
        let Some((size, authority)) = named else { continue };
        if let Ok(size) = size.parse() {
            kept.push(KeptStamp { size, authority: authority.to_owned(), file });
        }
    }
    kept.sort();
    Ok(kept)
}

/// The kept response over exactly this text: what an export of this checkpoint carries with it. Its authority is not
/// asked about here.
///
/// # Errors
///
/// [`StoreError::File`] if one cannot be read.
pub fn over(folder: &Path, size: u64, text: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let file = note_file(folder, size);
    let same = match std::fs::read(&file) {
        Ok(note) => note_text(&note).is_ok_and(|kept| kept == text),
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(source) => return Err(StoreError::File { file, source }),
    };
    let first = kept(folder)?.into_iter().find(|stamp| same && stamp.size == size);
    first.map(|stamp| stamp.response()).transpose()
}

impl KeptStamp {
    /// The bytes of the response.
    ///
    /// # Errors
    ///
    /// [`StoreError::File`] if it cannot be read.
    pub fn response(&self) -> Result<Vec<u8>, StoreError> {
        std::fs::read(&self.file).map_err(failed(&self.file))
    }

    /// Verifies it: its note by the log's key, the response over the note's text by these roots; `now` is the reader's
    /// clock in POSIX seconds.
    ///
    /// # Errors
    ///
    /// What is wrong with it, a file that cannot be read included.
    pub fn open(&self, log: &VerifierKey, roots: &Roots, now: u64) -> Result<OpenedStamp, Refusal> {
        let unreadable = |error: String| Refusal::new("time-stamp", error);
        let note = self.file.parent().map(|stamps| stamps.join(note_name(self.size))).unwrap_or_default();
        let note = std::fs::read(&note)
            .map_err(|error| unreadable(format!("its note {} cannot be read: {error}", note.display())))?;
        let response = std::fs::read(&self.file).map_err(|error| unreadable(error.to_string()))?;
        let opened = open_pair(&note, &response, log, roots, now)?;
        need(opened.size == self.size, "time-stamp", "its note is of another size than its name says")?;
        Ok(opened)
    }
}

/// Verifies a response and the note it is over: the note by the log's key, the response over the note's text by these
/// roots; `now` is the reader's clock in POSIX seconds.
///
/// # Errors
///
/// What is wrong with either.
pub fn open_pair(
    note: &[u8],
    response: &[u8],
    log: &VerifierKey,
    roots: &Roots,
    now: u64,
) -> Result<OpenedStamp, Refusal> {
    let checkpoint = open_checkpoint(note, log, &[], 0, None)?;
    let stamp = open_stamp(response, &checkpoint.text, roots)?;
    need(stamp.time <= now.saturating_add(CLOCK_TOLERANCE), "time-stamp-future", "it is of a time to come")?;
    Ok(OpenedStamp { size: checkpoint.size, root: checkpoint.root, stamp })
}

fn note_file(folder: &Path, size: u64) -> PathBuf {
    folder.join(FOLDER).join(note_name(size))
}

fn note_name(size: u64) -> String {
    format!("{size:012}.checkpoint")
}

fn failed(file: &Path) -> impl Fn(std::io::Error) -> StoreError {
    let file = file.to_owned();
    move |source| StoreError::File { file: file.clone(), source }
}

/// The folder of the stamps, in that of the ledger.
pub const FOLDER: &str = "timestamps";
/// How far an authority's clock may be from the reader's, in seconds.
pub const CLOCK_TOLERANCE: u64 = 300;
const ENDING: &str = ".tsr";
