//! Where the entries of a log are read again from its beginning: its database, or the files it was published as. Either shows
//! no entry whose leaf is not the one whose hash stands beside it.

use crate::encoding::Hash;
use crate::merkle::{Frontier, check_consistency};
use crate::reader::Reader;
use crate::store::StoreError;
use crate::stored_leaf::{LeafMaker, StoredLeaf};
use crate::verified::Unsound;

/// A log to read.
pub trait LeafSource: Sync {
    /// What one thread reads with: memory that is used again for each entry.
    type Hand: Send;

    /// The log's origin.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    fn origin(&self) -> Result<String, StoreError>;

    /// How many entries the log has, and the root of the tree over them.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read, or is no state of a tree.
    fn head(&self) -> Result<(u64, Hash), StoreError>;

    /// A hand for one thread.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the log cannot be read.
    fn hand(&self) -> Result<Self::Hand, StoreError>;

    /// Shows each entry of `from..to`, in order and none left out, its leaf hashed; what is beyond the end is not there.
    ///
    /// # Errors
    ///
    /// [`Unsound`] of the first that is gone, altered or cannot be read, or what `each` answered.
    fn leaves<E: From<Unsound>>(
        &self,
        hand: &mut Self::Hand,
        from: u64,
        to: u64,
        each: impl FnMut(&StoredLeaf<'_>) -> Result<(), E>,
    ) -> Result<(), E>;

    /// Whether the tree over the first entries is a beginning of the log's own, of that size and root.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if what proves it cannot be read.
    fn begins_with(&self, beginning: &Frontier, head: (u64, Hash)) -> Result<bool, StoreError>;
}

impl LeafSource for Reader {
    type Hand = LeafMaker;

    fn origin(&self) -> Result<String, StoreError> {
        Self::origin(self).map(str::to_owned)
    }

    fn head(&self) -> Result<(u64, Hash), StoreError> {
        let frontier = Self::head(self)?.map(|head| head.frontier).unwrap_or_default();
        Ok((frontier.size(), frontier.root()))
    }

    fn hand(&self) -> Result<LeafMaker, StoreError> {
        Self::origin(self).map(LeafMaker::of)
    }

    fn leaves<E: From<Unsound>>(
        &self,
        hand: &mut LeafMaker,
        from: u64,
        to: u64,
        mut each: impl FnMut(&StoredLeaf<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut due = from;
        let shown = Self::leaves(self, from, to, |row| {
            if row.position != due {
                return Err(Stopped(Unsound::Missing { position: due }.into()));
            }
            due += 1;
            if !hand.rebuilds(&row) {
                return Err(Stopped(Unsound::Altered { position: row.position }.into()));
            }
            each(&row).map_err(Stopped)
        });
        shown.map_err(|Stopped(error)| error)
    }

    fn begins_with(&self, beginning: &Frontier, (size, root): (u64, Hash)) -> Result<bool, StoreError> {
        // what cannot be proved is no beginning
        let Ok(proof) = self.consistency_proof(beginning.size(), size) else { return Ok(false) };
        Ok(check_consistency(beginning.size(), size, &beginning.root(), &root, &proof).is_ok())
    }
}

/// Why the store stopped showing.
struct Stopped<E>(E);

impl<E: From<Unsound>> From<StoreError> for Stopped<E> {
    fn from(error: StoreError) -> Self {
        Self(Unsound::Store(error).into())
    }
}
