//! Tiles, bundles and proofs of a stored ledger, rendered from its rows and full tiles (docs/format.md §3, §6).

use crate::encoding::Hash;
use crate::locks::locked;
use crate::merkle::{consistency_proof, inclusion_proof, root_from_subtrees, root_of};
use crate::note::stated_size;
use crate::proof_text::{ConsistencyText, TlogProof};
use crate::reader::Reader;
use crate::reading::LedgerReads;
use crate::refusal::{Refusal, need_that};
use crate::select::damaged;
use crate::store::StoreError;
use crate::tile::{Tile, TileKind, WIDTH, encode_bundle};

impl Reader {
    /// A hash tile of a level, as it is served; none unless the newest checkpoint has it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if its hashes cannot be read.
    pub fn tile(&self, level: u8, n: u64, width: u16) -> Result<Option<Vec<u8>>, StoreError> {
        let tile = Tile { kind: TileKind::Hashes(level), n, width };
        if !tile.is_within(self.checkpoint_size()?) {
            return Ok(None);
        }
        self.with(|connection| {
            let hashes = self.tile_hashes(connection, level, n, width)?;
            Ok(Some(hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()))
        })
    }

    /// A bundle of entries, as it is served to auditors; none unless the newest checkpoint has it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if its entries cannot be read.
    pub fn entry_bundle(&self, n: u64, width: u16) -> Result<Option<Vec<u8>>, StoreError> {
        let tile = Tile { kind: TileKind::Entries, n, width };
        if !tile.is_within(self.checkpoint_size()?) {
            return Ok(None);
        }
        let origin = self.origin()?;
        let rows = self.stored_rows(tile.first(), tile.first() + u64::from(width))?;
        if rows.len() != usize::from(width) {
            return Err(damaged(format!("an entry of bundle {n} is gone")));
        }
        let bundle = encode_bundle(rows.iter().map(|row| row.leaf(origin)));
        bundle.map(Some).map_err(|refusal| StoreError::refused("a bundle of entries", &refusal))
    }

    /// The proof that the entry at `index` is in the tree of `size`, leaf to root.
    ///
    /// # Errors
    ///
    /// [`ProofError`] if there is no such entry or size, or hashes cannot be read.
    pub fn inclusion_proof(&self, index: u64, size: u64) -> Result<Vec<Hash>, ProofError> {
        self.within(size)?;
        self.proving(|connection| inclusion_proof(index, size, |level, n| self.subtree(connection, level, n)))
    }

    /// The proof that the tree of size `old` is a prefix of that of size `new`.
    ///
    /// # Errors
    ///
    /// As [`Reader::inclusion_proof`].
    pub fn consistency_proof(&self, old: u64, new: u64) -> Result<Vec<Hash>, ProofError> {
        self.within(new)?;
        self.proving(|connection| consistency_proof(old, new, |level, n| self.subtree(connection, level, n)))
    }

    /// The proof file of the entry at `index` under the newest checkpoint, which comes with it (docs/format.md §7).
    ///
    /// # Errors
    ///
    /// [`ProofError::Unsigned`] if the newest checkpoint does not cover it, else as [`Reader::inclusion_proof`].
    pub fn inclusion_file(&self, index: u64) -> Result<TlogProof, ProofError> {
        let note = self.checkpoint()?;
        let signed = note.as_deref().and_then(stated_size).unwrap_or(0);
        let Some(note) = note.filter(|_| index < signed) else {
            return Err(ProofError::Unsigned { size: index.saturating_add(1), signed });
        };
        Ok(TlogProof { index, proof: self.inclusion_proof(index, signed)?, note: note.into_bytes() })
    }

    /// The file that joins the trees of two sizes, both covered by the newest checkpoint (docs/format.md §7).
    ///
    /// # Errors
    ///
    /// [`ProofError::Refused`] if `old` is above `new`, [`ProofError::Unsigned`] if the newest checkpoint does not reach
    /// to `new`, else as [`Reader::consistency_proof`].
    pub fn consistency_file(&self, old_size: u64, new_size: u64) -> Result<ConsistencyText, ProofError> {
        need_that(old_size <= new_size, "consistency-sizes", || format!("from {old_size} to {new_size}"))?;
        let signed = self.checkpoint_size()?;
        if new_size > signed {
            return Err(ProofError::Unsigned { size: new_size, signed });
        }
        let (old_root, new_root) = (self.root_at(old_size)?, self.root_at(new_size)?);
        let proof = self.consistency_proof(old_size, new_size)?;
        Ok(ConsistencyText { old_size, old_root, new_size, new_root, proof })
    }

    /// The root of the tree when it had this size.
    ///
    /// # Errors
    ///
    /// As [`Reader::inclusion_proof`].
    pub fn root_at(&self, size: u64) -> Result<Hash, ProofError> {
        self.within(size)?;
        self.proving(|connection| root_from_subtrees(size, |level, n| self.subtree(connection, level, n)))
    }

    fn within(&self, size: u64) -> Result<(), ProofError> {
        match self.size()? {
            stored if size <= stored => Ok(()),
            stored => Err(ProofError::Beyond { size, stored }),
        }
    }

    fn proving<T>(
        &self,
        mut prove: impl FnMut(&dyn LedgerReads) -> Result<T, ProofError>,
    ) -> Result<T, ProofError> {
        let mut failed = None;
        let proven = self.with(|connection| {
            prove(connection).map_err(|error| {
                failed = Some(error);
                damaged("a proof could not be made")
            })
        });
        match (proven, failed) {
            (Ok(proof), _) => Ok(proof),
            (Err(_), Some(error)) => Err(error),
            (Err(error), None) => Err(ProofError::Store(error)),
        }
    }

    /// The root of the complete subtree of `2^level` leaves with this index.
    fn subtree(&self, connection: &dyn LedgerReads, level: u8, index: u64) -> Result<Hash, ProofError> {
        let (tile_level, within) = (level / LEVELS_A_TILE, level % LEVELS_A_TILE);
        let (first, count) = (index << within, 1u64 << within);
        // a subtree never crosses a tile: its size is a power of two below that of the tile, and it is aligned
        let (n, offset) = (first / u64::from(WIDTH), (first % u64::from(WIDTH)) as usize);
        let hashes = if tile_level == 0 {
            connection.leaf_hashes(first, first + count)?
        } else if let Some(tile) = self.stored_tile(connection, tile_level, n)? {
            tile[offset..offset + count as usize].to_vec()
        } else {
            let roots = (first..first + count).map(|child| self.root_of_tile(connection, tile_level, child));
            roots.collect::<Result<Vec<_>, _>>()?
        };
        Ok(root_of(hashes))
    }

    fn tile_hashes(
        &self,
        connection: &dyn LedgerReads,
        level: u8,
        n: u64,
        width: u16,
    ) -> Result<Vec<Hash>, StoreError> {
        let first = n * u64::from(WIDTH);
        if level == 0 {
            return connection.leaf_hashes(first, first + u64::from(width));
        }
        match self.stored_tile(connection, level, n)? {
            Some(mut tile) => {
                tile.truncate(usize::from(width));
                Ok(tile)
            }
            None => {
                (first..first + u64::from(width)).map(|i| self.root_of_tile(connection, level, i)).collect()
            }
        }
    }

    /// Hash `index` of tile level `level` (1 or above): the root over the full tile `index` of the level below.
    fn root_of_tile(&self, connection: &dyn LedgerReads, level: u8, index: u64) -> Result<Hash, StoreError> {
        if let Some(root) = locked(&self.shared.roots).get(&(level, index)) {
            return Ok(*root);
        }
        let root = root_of(self.tile_hashes(connection, level - 1, index, WIDTH)?);
        let mut roots = locked(&self.shared.roots);
        if roots.len() >= ROOTS_MAX {
            roots.clear();
        }
        roots.insert((level, index), root);
        Ok(root)
    }

    fn stored_tile(
        &self,
        connection: &dyn LedgerReads,
        level: u8,
        n: u64,
    ) -> Result<Option<Vec<Hash>>, StoreError> {
        let Some(bytes) = connection.tile(level, n)? else { return Ok(None) };
        if bytes.len() != usize::from(WIDTH) * 32 {
            return Err(damaged(format!("tile {n} of level {level} has not 256 hashes")));
        }
        let hashes = bytes.chunks_exact(32).map(Hash::from_slice).collect::<Result<Vec<_>, _>>();
        hashes.map(Some).map_err(|refusal| StoreError::refused("a tile", &refusal))
    }
}

/// Why a proof cannot be given.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The ledger is not that long.
    #[error("the ledger has {stored} entries, a proof for {size} was asked for: ask for a size it has had")]
    Beyond {
        /// The size asked for.
        size: u64,
        /// The size there is.
        stored: u64,
    },
    /// No checkpoint was signed yet that covers it.
    #[error(
        "the newest signed checkpoint covers {signed} entries, a proof for {size} was asked for: ask again after the next one"
    )]
    Unsigned {
        /// The size asked for.
        size: u64,
        /// The size of the newest checkpoint.
        signed: u64,
    },
    /// There is no such proof.
    #[error("there is no such proof: {0}")]
    Refused(Refusal),
    /// Hashes could not be read.
    #[error("the hashes of a proof could not be read")]
    Store(#[source] StoreError),
}

impl From<Refusal> for ProofError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for ProofError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

const ROOTS_MAX: usize = 1 << 16;
const LEVELS_A_TILE: u8 = 8;
