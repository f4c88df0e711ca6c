//! What an audit reads of a store: values as they lie there, believed to be nothing.

use crate::refusal::Refusal;
use crate::row::Row;
use crate::store::{SealedKey, StoreError};

/// A store, read as of one moment for an audit. What is not of the kind it should be is told as absent.
///
/// Every method answers [`StoreError`] if the store cannot be read at all.
pub(crate) trait AuditSource {
    /// How many entries there should be: what head and frontier agree on, else what is there.
    fn size(&self) -> Result<u64, StoreError>;

    /// Every row of `events`, by position.
    fn each_row(&self, each: &mut dyn FnMut(LyingRow) -> Result<(), StoreError>) -> Result<(), StoreError>;

    /// The first rows of `events`.
    fn first_rows(&self) -> Result<Vec<LyingRow>, StoreError>;

    /// The head, if there is one.
    fn head(&self) -> Result<Option<LyingHead>, StoreError>;

    /// Every checkpoint: the size it is filed under, and the note.
    fn checkpoints(&self) -> Result<Vec<(u64, String)>, StoreError>;

    /// A full tile of level 1 or above.
    fn tile(&self, level: u8, n: u64) -> Result<Option<Vec<u8>>, StoreError>;

    /// How many full tiles are stored.
    fn tiles(&self) -> Result<u64, StoreError>;

    /// How many authors have a mark.
    fn author_marks(&self) -> Result<u64, StoreError>;

    /// Marks that are not the last entry of their author as far as marks go, and last entries there that have no mark.
    fn author_marks_unlike(&self) -> Result<Vec<LyingMark>, StoreError>;

    /// Every rulebook.
    fn schemes(&self, each: &mut dyn FnMut(LyingScheme<'_>)) -> Result<(), StoreError>;

    /// Every outcome, with what the entry it names says.
    fn outcomes(&self, each: &mut dyn FnMut(&LyingOutcome<'_>)) -> Result<(), StoreError>;

    /// How far each reaction says it has come.
    fn cursors(&self) -> Result<Vec<LyingCursor>, StoreError>;

    /// The private keys that the server holds, sealed; an absent value where one is not of its kind.
    fn sealed_keys(&self) -> Result<Vec<Option<SealedKey>>, StoreError>;
}

/// A reaction's cursor as it lies there.
pub(crate) struct LyingCursor {
    pub(crate) reaction: Option<String>,
    pub(crate) position: Option<u64>,
}

/// A row of `events` as it lies there.
pub(crate) struct LyingRow {
    pub(crate) position: Option<u64>,
    pub(crate) row: Result<Row, Refusal>,
}

/// The head as it lies there.
#[derive(Default)]
pub(crate) struct LyingHead {
    pub(crate) size: Option<u64>,
    pub(crate) frontier: Option<Vec<u8>>,
    pub(crate) root: Option<Vec<u8>>,
    pub(crate) recorded_at: Option<String>,
}

/// The mark of an author, or what it should be.
pub(crate) struct LyingMark {
    pub(crate) kid: Option<String>,
    pub(crate) position: Option<u64>,
}

/// A rulebook as it lies there.
#[derive(Clone, Copy)]
pub(crate) struct LyingScheme<'a> {
    pub(crate) sha256: Option<&'a str>,
    pub(crate) id: Option<&'a str>,
    pub(crate) bytes: &'a [u8],
}

/// An outcome as it lies there.
#[derive(Clone, Copy)]
pub(crate) struct LyingOutcome<'a> {
    pub(crate) event_id: Option<&'a str>,
    pub(crate) digest: Option<&'a [u8]>,
    pub(crate) accepted: Option<bool>,
    pub(crate) result: Option<&'a str>,
    pub(crate) position: Option<u64>,
    /// Whether there is no position, rather than none that is a number.
    pub(crate) position_is_null: bool,
    pub(crate) entry: LyingEntry<'a>,
}

/// What the entry that an outcome names says of itself.
#[derive(Clone, Copy)]
pub(crate) struct LyingEntry<'a> {
    pub(crate) event_id: Option<&'a str>,
    pub(crate) version: Option<u64>,
    pub(crate) recorded_at: Option<&'a str>,
}

/// Columns of `events` that stand in each row, in the order of the table.
pub(crate) const COLUMNS: &str = "position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
    metadata, author_seq, event_id, occurred_at, schema, kid, signature, recorded_at, leaf_hash";
