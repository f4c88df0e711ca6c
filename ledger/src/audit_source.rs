//! What an audit reads of a log, in a database or in static files: values as they lie there, believed to be nothing.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::audit::Findings;
use crate::refusal::Refusal;
use crate::row::Row;
use crate::store::{SealedKey, StoreError};
use crate::tile::Tile;

/// A log, read as of one moment for an audit. What is not of the kind it should be is told as absent.
///
/// Every method answers [`StoreError`] if the log cannot be read at all.
pub(crate) trait AuditSource {
    /// The origin under which its entries are read. It is said in many places, and any one of them may be damaged.
    fn origin(&self, findings: &mut Findings) -> Result<String, StoreError>;

    /// How many entries there should be.
    fn size(&self) -> Result<u64, StoreError>;

    /// Every entry, by position; only those of a range if one is given.
    fn each_entry(
        &self,
        range: Option<Range<u64>>,
        each: &mut dyn FnMut(Lying) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// Every checkpoint that is kept here, and where.
    fn checkpoints(&self) -> Result<Vec<LyingNote>, StoreError>;

    /// A hash tile. A database keeps full ones of level 1 and above.
    fn tile(&self, tile: &Tile) -> Result<Option<Vec<u8>>, StoreError>;

    /// Every rulebook that is kept; those that computed entries name, where there is no list.
    fn schemes(
        &self,
        named: &BTreeSet<String>,
        each: &mut dyn FnMut(LyingScheme<'_>),
    ) -> Result<(), StoreError>;

    /// The database, where it is one: it keeps more beside the log. Static files keep every tile instead.
    fn database(&self) -> Option<&dyn AuditDatabase>;
}

/// What a database keeps beside the log and its tree.
pub(crate) trait AuditDatabase {
    /// The head, if there is one.
    fn head(&self) -> Result<Option<LyingHead>, StoreError>;

    /// How many full tiles are stored.
    fn tiles(&self) -> Result<u64, StoreError>;

    /// How many authors have a mark.
    fn author_marks(&self) -> Result<u64, StoreError>;

    /// Marks that are not the last entry of their author as far as marks go, and last entries there that have no mark.
    fn author_marks_unlike(&self) -> Result<Vec<LyingMark>, StoreError>;

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

/// An entry as it lies somewhere.
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all are entries: a box would cost one allocation for each"
)]
pub(crate) enum Lying {
    /// In a table.
    Row(LyingRow),
    /// In an entry bundle.
    Leaf {
        /// Where the bundle has it.
        position: u64,
        /// Its bytes.
        leaf: Vec<u8>,
    },
    /// Nowhere, and so many behind it.
    Gone {
        /// The first one.
        first: u64,
        /// How many.
        count: u64,
        /// Why they cannot be read.
        why: Refusal,
    },
}

/// A checkpoint as it lies somewhere.
pub(crate) struct LyingNote {
    /// Where.
    pub(crate) place: &'static str,
    /// The size that it is filed under, if it is filed under one.
    pub(crate) filed: Option<u64>,
    /// The note.
    pub(crate) note: String,
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
