//! What is read of a ledger, whatever store it lies in. A store implements it for its connections; [`crate::reader`] and
//! the writer ask no more than this.

use uuid::Uuid;

use crate::alarm::RaisedAlarm;
use crate::clock::Monotonic;
use crate::encoding::Hash;
use crate::recorded::RecordedRow;
use crate::row::Row;
use crate::store::{AuthorMark, LastOfStream, Outcome, Scheme, SealedKey, StoreError, TreeHead};
use crate::stored_leaf::StoredLeaf;

/// Reads on one connection. Each sees what is committed, whole batches only; within the writer's transaction, what was
/// committed when it began.
///
/// # Errors
///
/// Every method answers [`StoreError`] if the store cannot be read or what lies there contradicts itself; those that show
/// entries, what the caller answered.
#[allow(clippy::missing_errors_doc, reason = "said above, once for all of them")]
pub trait LedgerReads: Send {
    /// The newest state of the tree; none before the first entry.
    fn head(&self) -> Result<Option<TreeHead>, StoreError>;

    /// Reads several things as of one moment, where others may write in between. Not within a transaction.
    fn at_one_moment(&self, read: &mut dyn FnMut() -> Result<(), StoreError>) -> Result<(), StoreError> {
        read()
    }

    /// Each entry of `from..to` in order; what is beyond the end is not there.
    fn rows(
        &self,
        from: u64,
        to: u64,
        each: &mut dyn FnMut(RecordedRow<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// As [`LedgerReads::rows`], in the columns that rebuild the leaves.
    fn leaves(
        &self,
        from: u64,
        to: u64,
        each: &mut dyn FnMut(StoredLeaf<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// As [`LedgerReads::rows`], whole and kept.
    fn stored_rows(&self, from: u64, to: u64) -> Result<Vec<Row>, StoreError>;

    /// The entries of one stream, by version.
    fn stream(
        &self,
        stream: &str,
        each: &mut dyn FnMut(RecordedRow<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// The entries of a path and of all below it, by position; only those below `before` if it is given. A path of one
    /// segment is that stream alone.
    fn subject(
        &self,
        path: &str,
        before: Option<u64>,
        each: &mut dyn FnMut(RecordedRow<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// Where they stand, ascending.
    fn positions_of_subject(&self, path: &str, before: Option<u64>) -> Result<Vec<u64>, StoreError>;

    /// The highest position of a path and of all below it.
    fn last_position_of_subject(&self, path: &str) -> Result<Option<u64>, StoreError>;

    /// Where the key events from a position on stand, ascending.
    fn positions_of_keys(&self, from: u64) -> Result<Vec<u64>, StoreError>;

    /// The version of a stream: 0 when it has no entry.
    fn version(&self, stream: &str) -> Result<u64, StoreError>;

    /// Where the entry of an event id stands.
    fn position_of(&self, event_id: &Uuid) -> Result<Option<u64>, StoreError>;

    /// What became of a command.
    fn outcome(&self, event_id: &Uuid) -> Result<Option<Outcome>, StoreError>;

    /// How far a reaction has come: the cursor that its last append moved.
    fn cursor(&self, reaction: &str) -> Result<Option<u64>, StoreError>;

    /// The last author_seq of every key, each compared with the entry it names, and together with the size.
    fn authors(&self) -> Result<Vec<AuthorMark>, StoreError>;

    /// When an entry was last written by the machine's monotonic clock, or a little before.
    fn clock_mark(&self) -> Result<Option<Monotonic>, StoreError>;

    /// The fork alarms that were ever raised, in order.
    fn alarms(&self) -> Result<Vec<RaisedAlarm>, StoreError>;

    /// The fork alarm that holds.
    fn alarm(&self) -> Result<Option<RaisedAlarm>, StoreError>;

    /// The leaf hashes of `from..to`, all there.
    fn leaf_hashes(&self, from: u64, to: u64) -> Result<Vec<Hash>, StoreError>;

    /// A full tile of level 1 or above.
    fn tile(&self, level: u8, n: u64) -> Result<Option<Vec<u8>>, StoreError>;

    /// The last entry of each stream, in order of the streams' names by bytes.
    fn last_of_streams(
        &self,
        each: &mut dyn FnMut(LastOfStream<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// The keys that the server holds, sealed.
    fn sealed_keys(&self) -> Result<Vec<SealedKey>, StoreError>;

    /// The compiled rulebook of this digest (lower-case hex).
    fn scheme(&self, sha256: &str) -> Result<Option<Scheme>, StoreError>;

    /// All compiled rulebooks, by digest.
    fn schemes(&self) -> Result<Vec<Scheme>, StoreError>;

    /// The signed checkpoint of the largest size up to this one, a note's text.
    fn checkpoint_up_to(&self, size: u64) -> Result<Option<String>, StoreError>;

    /// Number of entries under the newest signed checkpoint.
    fn checkpoint_size(&self) -> Result<u64, StoreError>;

    /// The signed checkpoint of the largest size, a note's text.
    fn newest_checkpoint(&self) -> Result<Option<String>, StoreError> {
        self.checkpoint_up_to(u64::MAX)
    }

    /// Whether it still answers: a server may have gone away.
    fn answers(&self) -> bool {
        true
    }

    /// The stored row at a position.
    fn row(&self, position: u64) -> Result<Option<Row>, StoreError> {
        Ok(self.stored_rows(position, position.saturating_add(1))?.pop())
    }
}
