//! Consequences that are computed in the transaction of their cause. The ledger sees bytes only; the rules that know
//! what they mean stand behind [`Reactor`].

use serde_json::Value;

use crate::recorded::RecordedRow;
use crate::store::StoreError;
use crate::stream::StreamPath;
use crate::timestamp::Timestamp;

/// Computes what follows from an entry for its own subject (docs/format.md §9, Writing).
///
/// Order: the writer calls [`follow`](Reactor::follow) for every entry it appends, stated, received or computed, in the
/// order of their positions, so that a reactor can keep its folds current without reading. What `follow` returns is
/// appended right after its cause, first in first out, and each is itself followed when it stands in the log; no other
/// command's entry comes in between.
///
/// State: a result must be computed on all entries of its subjects below its own position. So each consequence of one
/// answer is computed on a state that includes those before it in that answer, and on those answered earlier that are
/// still waiting to be appended: a reactor folds a consequence in when it returns it, and does not fold it again when
/// it is followed. `reader` shows what is appended, up to and including `cause`, and not what is waiting.
///
/// Undone: when a command fails after entries of it were followed, or the commit fails, what the reactor folded did not
/// happen. It is told by [`forget`](Reactor::forget) or [`forget_all`](Reactor::forget_all), and reads anew.
pub trait Reactor: Send {
    /// What follows from `cause` for its own subject. `as_of` becomes the `occurred_at` of every consequence.
    ///
    /// # Errors
    ///
    /// [`NotFollowed`]; the command of the cause then fails, its neighbours do not.
    fn follow(
        &mut self,
        cause: &RecordedRow<'_>,
        as_of: &Timestamp,
        reader: &dyn SubjectReader,
    ) -> Result<Vec<Consequence>, NotFollowed>;

    /// Drops what is folded of one subject.
    fn forget(&mut self, subject: &str);

    /// Drops all that is folded.
    fn forget_all(&mut self);
}

/// Reads subjects as of the entry that is being followed, entries of the running transaction included.
pub trait SubjectReader {
    /// Shows every entry of a path and of all below it, in order of position.
    ///
    /// # Errors
    ///
    /// [`StoreError`], or what `each` answered.
    fn subject(
        &self,
        path: &str,
        each: &mut dyn FnMut(RecordedRow<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// The highest position of a path and of all below it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    fn last_position(&self, path: &str) -> Result<Option<u64>, StoreError>;
}

/// A computed entry, before it has a place in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Consequence {
    /// Name of the reaction; with the cause's position and a number it makes the event id.
    pub reaction: &'static str,
    /// Where it goes: a stream of the cause's own subject.
    pub stream: StreamPath,
    /// Shape of the event, `name/number`.
    pub schema: String,
    /// `D.type`.
    pub event_type: String,
    /// `id` of the rulebook it was computed by.
    pub scheme_id: String,
    /// Digest of that rulebook's bytes, lower-case hex.
    pub scheme_sha256: String,
    /// The subjects it was computed from; sorted and made distinct by the writer.
    pub subjects: Vec<String>,
    /// The result, an object.
    pub result: Value,
}

/// Why it is not known what follows from an entry.
#[derive(Debug, thiserror::Error)]
pub enum NotFollowed {
    /// A reaction could not be computed from what stands in the log.
    #[error(transparent)]
    Failed(#[from] ReactionFailed),
    /// What stands in the log could not be read, which is no fault of the command.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a reaction could not be computed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the reaction {reaction} failed on position {position}: {detail}")]
pub struct ReactionFailed {
    /// Name of the reaction.
    pub reaction: String,
    /// The entry it followed.
    pub position: u64,
    /// What was wrong, for the operator's log: no personal data.
    pub detail: String,
}

/// Nothing follows from anything: for ledgers without rules.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoReactions;

impl Reactor for NoReactions {
    fn follow(
        &mut self,
        _cause: &RecordedRow<'_>,
        _as_of: &Timestamp,
        _reader: &dyn SubjectReader,
    ) -> Result<Vec<Consequence>, NotFollowed> {
        Ok(Vec::new())
    }

    fn forget(&mut self, _subject: &str) {}

    fn forget_all(&mut self) {}
}
