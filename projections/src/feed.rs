//! Feed: entries out of the ledger in order, each compared with its hash, the tree over them kept. Reading, hashing and
//! understanding are done on threads of their own, while the caller folds what came before.

use wuping_ledger::leaf_source::LeafSource;
use wuping_ledger::merkle::Frontier;
use wuping_ledger::stored_leaf::StoredLeaf;
use wuping_ledger::verified::{self, Part, Reading, Unsound};

use crate::entry::Entry;
use crate::error::ViewsError;

/// Shows the entries from the end of `frontier` up to, not including, `to`, in batches. The last batch shown before an
/// error is whole as far as it goes: the error is about the entry after it.
///
/// # Errors
/// [`ViewsError`] of the first entry that is gone, changed or not understood, or what `each` answered.
pub fn read(
    log: &impl LeafSource,
    frontier: Frontier,
    to: u64,
    each: impl FnMut(Part<Entry>) -> Result<(), ViewsError>,
) -> Result<(), ViewsError> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let understand = |row: &StoredLeaf<'_>| Ok(Entry::of_leaf(row)?);
    verified::read(log, frontier, to, Reading::on(threads), understand, each).map(|_| ())
}

impl From<Unsound> for ViewsError {
    fn from(unsound: Unsound) -> Self {
        match unsound {
            Unsound::Missing { position } => Self::Missing { position },
            Unsound::Altered { position } => Self::Leaf { position },
            Unsound::Store(source) => Self::Ledger(source),
        }
    }
}
