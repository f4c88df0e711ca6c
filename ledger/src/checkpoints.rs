//! Signed checkpoints: one a second at most while the log grows, each stored and also appended to a file outside the
//! database, so that a database put back from a backup does not fork the log silently (docs/format.md §5).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::encoding::Hash;
use crate::merkle::Frontier;
use crate::note::{Checkpoint, CheckpointSigner, VerifierKey, open_checkpoint, stated_size};
use crate::note_file::{NewestFirst, append};
use crate::proofs::ProofError;
use crate::reader::Reader;
use crate::store::{LedgerStore, StoreError};

/// Signs checkpoints for the writer.
#[derive(Debug)]
pub(crate) struct CheckpointBook {
    signer: CheckpointSigner,
    file: PathBuf,
    /// The newest one that is stored, by size.
    newest: Option<(u64, String)>,
    /// The newest one of the file beside the database.
    beside: Option<(u64, String)>,
    signed_at: Option<Instant>,
}

impl CheckpointBook {
    /// `newest` is the newest one stored, `beside` that of the file: their sizes need no second one.
    pub(crate) fn new(
        signer: CheckpointSigner,
        folder: &Path,
        newest: Option<String>,
        beside: Option<String>,
    ) -> Self {
        let sized = |note: String| Some((stated_size(&note)?, note));
        let (newest, beside) = (newest.and_then(sized), beside.and_then(sized));
        Self { signer, file: folder.join(FILE), newest, beside, signed_at: None }
    }

    /// How long until a checkpoint of this size is due; none if it is signed already.
    pub(crate) fn due_in(&self, size: u64) -> Option<Duration> {
        if size == 0 || self.newest.as_ref().is_some_and(|(newest, _)| *newest == size) {
            return None;
        }
        Some(self.signed_at.map_or(Duration::ZERO, |at| INTERVAL.saturating_sub(at.elapsed())))
    }

    /// Signs the tree as it is stored now; the same size is not signed twice.
    pub(crate) fn sign(
        &mut self,
        store: &mut dyn LedgerStore,
        tree: &Frontier,
    ) -> Result<String, StoreError> {
        self.signed_at = Some(Instant::now());
        self.store_beside(store)?;
        if let Some((_, note)) = self.newest.as_ref().filter(|(size, _)| *size == tree.size()) {
            return Ok(note.clone());
        }
        let note = self.signer.sign(tree.size(), &tree.root());
        // first outside: a database that lost its tail must be noticed, a file that did not get this far need not
        append(&self.file, &note)?;
        self.beside = Some((tree.size(), note.clone()));
        self.store_beside(store)?;
        Ok(note)
    }

    /// Stores the newest one of the file, where a crash or a full disk came in between: each stands in both places.
    fn store_beside(&mut self, store: &mut dyn LedgerStore) -> Result<(), StoreError> {
        let stored = self.newest.as_ref().map_or(0, |(size, _)| *size);
        if let Some((size, note)) = self.beside.as_ref().filter(|(size, _)| *size > stored) {
            store.put_checkpoint(*size, note)?;
            self.newest = Some((*size, note.clone()));
        }
        Ok(())
    }
}

/// Why a ledger is not served.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The tree is shorter than, or another one than, a checkpoint that was signed.
    #[error(
        "the ledger is not the one its own checkpoint of {size} entries was signed for ({place}): {why}. It was put back \
         from an older backup, or altered. Nothing may be appended: see docs/format.md §13 for how to recover"
    )]
    Forked {
        /// Number of entries of the checkpoint.
        size: u64,
        /// Where the checkpoint is kept.
        place: &'static str,
        /// What differs.
        why: String,
    },
    /// A kept checkpoint does not verify.
    #[error(
        "the newest checkpoint in {place} was altered: {why}; run `wuping verify`, then restore from a backup"
    )]
    Altered {
        /// Where the checkpoint is kept.
        place: &'static str,
        /// What the format's reader refused.
        why: String,
    },
    /// Proofs could not be computed.
    #[error("the newest checkpoint could not be compared with the tree")]
    Proof(#[source] ProofError),
    /// The store could not be read.
    #[error("the newest checkpoint could not be read")]
    Store(#[source] StoreError),
}

/// Refuses a ledger whose newest checkpoint, in the database, in the file or cosigned by witnesses, is not a prefix of its tree.
///
/// # Errors
///
/// [`CheckpointError`], saying which one and why.
pub fn check_newest(reader: &Reader, folder: &Path, log: &VerifierKey) -> Result<(), CheckpointError> {
    if let Some(note) = reader.checkpoint().map_err(CheckpointError::Store)? {
        check_prefix(reader, &note, log, "the database")?;
    }
    if let Some(note) = newest_in_file(folder).map_err(CheckpointError::Store)? {
        check_prefix(reader, &note, log, FILE)?;
    }
    match newest_cosigned_in_file(folder).map_err(CheckpointError::Store)? {
        Some(note) => check_prefix(reader, &note, log, COSIGNED_FILE).map(|_| ()),
        None => Ok(()),
    }
}

/// Refuses a ledger of which this checkpoint, signed by its log key, is not a prefix.
///
/// # Errors
///
/// [`CheckpointError`], saying why.
pub fn check_prefix(
    reader: &Reader,
    note: &str,
    log: &VerifierKey,
    place: &'static str,
) -> Result<Checkpoint, CheckpointError> {
    let checkpoint = open_checkpoint(note.as_bytes(), log, &[], 0, None)
        .map_err(|refusal| CheckpointError::Altered { place, why: refusal.to_string() })?;
    let forked = |why: String| CheckpointError::Forked { size: checkpoint.size, place, why };
    match reader.root_at(checkpoint.size) {
        Ok(root) if root == checkpoint.root => Ok(checkpoint),
        Ok(root) => Err(forked(roots_differ(&checkpoint.root, &root))),
        Err(ProofError::Beyond { stored, .. }) => Err(forked(format!("only {stored} entries are here"))),
        Err(error) => Err(CheckpointError::Proof(error)),
    }
}

/// Every whole checkpoint of the file beside the database, oldest first; a torn last one is left out.
///
/// # Errors
///
/// [`StoreError::File`] if there is a file that cannot be read.
pub fn in_file(folder: &Path) -> Result<Vec<String>, StoreError> {
    notes_in(folder.join(FILE))
}

/// The newest whole checkpoint of the file beside the database, read from its end: the one that was written last.
///
/// # Errors
///
/// As [`in_file`].
pub fn newest_in_file(folder: &Path) -> Result<Option<String>, StoreError> {
    NewestFirst::of(folder.join(FILE))?.next().transpose()
}

/// Every whole checkpoint that witnesses have cosigned, oldest first, each with the lines they gave: for whoever looks at all.
///
/// # Errors
///
/// As [`in_file`].
pub fn cosigned_in_file(folder: &Path) -> Result<Vec<String>, StoreError> {
    notes_in(folder.join(COSIGNED_FILE))
}

/// Every whole checkpoint that witnesses have cosigned, newest first, each with the lines they gave.
///
/// # Errors
///
/// As [`in_file`]; each note may fail too, and is the last one then.
pub fn cosigned_newest_first(folder: &Path) -> Result<NewestFirst, StoreError> {
    NewestFirst::of(folder.join(COSIGNED_FILE))
}

/// The checkpoint of most entries that witnesses have cosigned, with the lines they gave last.
///
/// # Errors
///
/// As [`in_file`].
pub fn newest_cosigned_in_file(folder: &Path) -> Result<Option<String>, StoreError> {
    let mut newest: Option<String> = None;
    for note in cosigned_newest_first(folder)?.take(OUT_OF_ORDER_MAX) {
        let note = note?;
        // of the same size the first one that is read was given last
        if newest.as_ref().is_none_or(|newest| stated_size(newest) < stated_size(&note)) {
            newest = Some(note);
        }
    }
    Ok(newest)
}

/// Keeps a cosigned checkpoint beside the database: it is what a ledger put back from an older backup is found by.
///
/// # Errors
///
/// [`StoreError::File`] if it could not be kept.
pub fn keep_cosigned(folder: &Path, note: &str) -> Result<(), StoreError> {
    append(&folder.join(COSIGNED_FILE), note)
}

fn notes_in(file: PathBuf) -> Result<Vec<String>, StoreError> {
    let bytes = match std::fs::read(&file) {
        Ok(bytes) => bytes,
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(StoreError::File { file, source }),
    };
    Ok(whole_notes(&String::from_utf8_lossy(&bytes)))
}

/// The notes in a text, each with a blank line behind it; what is behind the last such line is left out.
#[must_use]
pub fn whole_notes(text: &str) -> Vec<String> {
    // a note is its text, a blank line and signatures
    let parts: Vec<&str> = text.split("\n\n").collect();
    let whole = parts.len().saturating_sub(1) / 2 * 2;
    parts[..whole].chunks_exact(2).map(|note| format!("{}\n\n{}\n", note[0], note[1])).collect()
}

/// Writes to the file what the database has and the file has not yet: a backup copies the file before the database.
///
/// # Errors
///
/// [`StoreError`] if one of them cannot be read or the file not be written.
pub(crate) fn complete_file(reader: &Reader, folder: &Path) -> Result<(), StoreError> {
    let known = newest_in_file(folder)?.and_then(|note| stated_size(&note)).unwrap_or(0);
    let newer = stored_from(reader, known + 1)?;
    newer.iter().rev().try_for_each(|(_, note)| append(&folder.join(FILE), note))
}

/// The checkpoints in a database of at least so many entries, with their sizes; the newest first.
fn stored_from(reader: &Reader, least: u64) -> Result<Vec<(u64, String)>, StoreError> {
    let mut stored = Vec::new();
    let mut next = reader.checkpoint()?;
    while let Some(note) = next.take() {
        let Some(size) = stated_size(&note).filter(|size| *size >= least) else { break };
        next = size.checked_sub(1).map_or(Ok(None), |below| reader.checkpoint_up_to(below))?;
        stored.push((size, note));
    }
    Ok(stored)
}

/// Writes into the file beside a copy of a database every checkpoint that is in one of the two: the file of one node of several
/// has what that node signed. The newest one of the file may not have been stored yet; if others were signed since, it says
/// nothing more.
///
/// # Errors
///
/// [`StoreError`] if one of them cannot be read or the file not be written.
pub fn gather(reader: &Reader, folder: &Path) -> Result<(), StoreError> {
    let mut all: BTreeSet<(u64, String)> = stored_from(reader, 0)?.into_iter().collect();
    let stored_up_to = all.last().map_or(0, |(size, _)| *size);
    let in_file = in_file(folder)?;
    let newest = in_file.iter().filter_map(|note| stated_size(note)).max();
    for note in in_file {
        let Some(size) = stated_size(&note) else { continue };
        let is_being_stored = Some(size) == newest && size < stored_up_to;
        if !is_being_stored {
            all.insert((size, note));
        }
    }
    let text: String = all.iter().map(|(_, note)| format!("{note}\n")).collect();
    let file = folder.join(FILE);
    std::fs::write(&file, text).map_err(|source| StoreError::File { file, source })
}

fn roots_differ(signed: &Hash, here: &Hash) -> String {
    format!("its root was {signed}, that of the first entries here is {here}")
}

const FILE: &str = "checkpoints.txt";
const COSIGNED_FILE: &str = "cosigned.txt";
const INTERVAL: Duration = Duration::from_secs(1);
/// Cosigned notes are kept as the answers come, so that one may stand behind a newer one, but not far.
const OUT_OF_ORDER_MAX: usize = 64;
