//! What the writer keeps in memory between batches. All of it is read from the store, and read again when a commit
//! has failed: memory never knows better than the store.

use std::collections::{HashMap, HashSet};

use crate::clock::Monotonic;
use crate::encoding::Hash;
use crate::entry::Entry;
use crate::key_state::KeyState;
use crate::keys::Kid;
use crate::late::LateSubjects;
use crate::merkle::{Frontier, root_of};
use crate::reading::LedgerReads;
use crate::select::damaged;
use crate::store::{AuthorMark, FullTile, StoreError, TreeHead};
use crate::tile::WIDTH;
use crate::timestamp::Timestamp;

/// The state of the tree, its authors and keys.
#[derive(Debug)]
pub(crate) struct TreeState {
    pub(crate) frontier: Frontier,
    /// The last entry's time; none before the first entry.
    pub(crate) recorded_at: Option<Timestamp>,
    /// When the last entry was written by the monotonic clock.
    pub(crate) written: Option<Monotonic>,
    /// The last entry of each key.
    pub(crate) authors: HashMap<Kid, AuthorLast>,
    pub(crate) keys: KeyState,
    /// Versions of streams lately used.
    pub(crate) versions: HashMap<String, u64>,
    /// Where subjects were written to since this was read.
    pub(crate) subjects: LateSubjects,
    /// For tile level 1 and up, the hashes of the tile that is not full yet.
    edges: Vec<Vec<Hash>>,
}

impl TreeState {
    /// Reads the state; of a ledger without entries it is empty. Head, authors and keys are those of one moment: other nodes may
    /// write meanwhile.
    pub(crate) fn load(store: &dyn LedgerReads, origin: &str) -> Result<Self, StoreError> {
        let mut loaded = None;
        store.at_one_moment(&mut || {
            loaded = Some(Self::load_parts(store, origin)?);
            Ok(())
        })?;
        loaded.ok_or_else(|| damaged("its state was not read"))
    }

    fn load_parts(store: &dyn LedgerReads, origin: &str) -> Result<Self, StoreError> {
        let head = store.head()?;
        let mut keys = KeyState::new(origin);
        for position in store.positions_of_keys(0)? {
            take_key_event(&mut keys, store, position, origin)?;
        }
        let last = |author: AuthorMark| {
            let AuthorMark { kid, author_seq, position } = author;
            (kid, AuthorLast { author_seq, position })
        };
        let authors = store.authors()?.into_iter().map(last).collect();
        let (frontier, recorded_at) = match head {
            Some(TreeHead { frontier, recorded_at }) => (frontier, Some(recorded_at)),
            None => (Frontier::new(), None),
        };
        let edges = edges(store, frontier.size())?;
        let written = store.clock_mark()?;
        let (versions, subjects) = (HashMap::new(), LateSubjects::since(frontier.size()));
        Ok(Self { frontier, recorded_at, written, authors, keys, versions, subjects, edges })
    }

    /// Takes in what others have written since, up to a head: several nodes may take turns on one database. Answers the
    /// streams of these entries, and whether keys are among them.
    pub(crate) fn catch_up(
        &mut self,
        store: &dyn LedgerReads,
        head: &TreeHead,
        origin: &str,
    ) -> Result<Caught, StoreError> {
        let mut caught = Caught::default();
        let (from, to) = (self.frontier.size(), head.frontier.size());
        let mut keys = Vec::new();
        store.leaves(from, to, &mut |row| {
            self.push(row.leaf_hash);
            let kid = Kid::parse(row.kid).map_err(|refusal| StoreError::refused("an author", &refusal))?;
            self.authors.insert(kid, AuthorLast { author_seq: row.author_seq, position: row.position });
            self.versions.insert(row.stream.to_owned(), row.version);
            self.subjects.written(row.stream, row.position);
            caught.streams.insert(row.stream.to_owned());
            if row.stream.starts_with("keys/") {
                keys.push(row.position);
            }
            Ok(())
        })?;
        if self.frontier != head.frontier {
            return Err(StoreError::Corrupt {
                what: format!("the entries from {from} to {to} do not lead to the head"),
            });
        }
        for position in keys {
            caught.keys = true;
            take_key_event(&mut self.keys, store, position, origin)?;
        }
        self.recorded_at = Some(head.recorded_at);
        self.written = store.clock_mark()?;
        Ok(caught)
    }

    /// The last time as milliseconds since 1970.
    pub(crate) fn last_ms(&self) -> Option<i64> {
        self.recorded_at.map(|at| at.datetime().timestamp_millis())
    }

    /// Takes a leaf into the tree; answers the tiles it fills.
    pub(crate) fn push(&mut self, leaf: Hash) -> Vec<FullTile> {
        let (mut full, edges) = (Vec::new(), &mut self.edges);
        self.frontier.push_reporting(leaf, |level, index, hash| {
            if level == 0 || !level.is_multiple_of(LEVELS_A_TILE) {
                return;
            }
            let tile_level = level / LEVELS_A_TILE;
            let at = usize::from(tile_level) - 1;
            while edges.len() <= at {
                edges.push(Vec::new());
            }
            edges[at].push(hash);
            if edges[at].len() == usize::from(WIDTH) {
                let hashes = edges[at].drain(..).flat_map(|hash| *hash.as_bytes()).collect();
                full.push(FullTile { level: tile_level, n: index / u64::from(WIDTH), hashes });
            }
        });
        full
    }

    /// Keeps what is remembered of streams and subjects within bounds.
    pub(crate) fn trim(&mut self) {
        self.subjects.trim(self.frontier.size());
        if self.versions.len() > VERSIONS_MAX {
            self.versions.clear();
        }
    }

    /// A key event that was decided on takes effect; its signature was not made yet.
    pub(crate) fn apply_key_event(&mut self, entry: &Entry) -> Result<(), crate::refusal::Refusal> {
        self.keys.apply_with(entry, false)
    }
}

/// The last entry of a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct AuthorLast {
    pub(crate) author_seq: u64,
    pub(crate) position: u64,
}

/// What others have written since.
#[derive(Debug, Default)]
pub(crate) struct Caught {
    pub(crate) streams: HashSet<String>,
    pub(crate) keys: bool,
}

/// Replays the key event at a position, its signatures verified; answers what its entry hashes to.
pub(crate) fn take_key_event(
    keys: &mut KeyState,
    store: &dyn LedgerReads,
    position: u64,
    origin: &str,
) -> Result<Hash, StoreError> {
    let gone = || StoreError::Corrupt { what: format!("the key event at position {position} is gone") };
    let row = store.row(position)?.ok_or_else(gone)?;
    let applied = row.check(origin).and_then(|entry| keys.apply(&entry));
    applied
        .map_err(|refusal| StoreError::refused(&format!("the key event at position {position}"), &refusal))?;
    Ok(row.leaf_hash)
}

/// The hashes of each level's last tile, from the full tiles below it.
fn edges(store: &dyn LedgerReads, size: u64) -> Result<Vec<Vec<Hash>>, StoreError> {
    let mut edges = Vec::new();
    let mut below = size;
    for level in 1u8.. {
        let hashes = below / u64::from(WIDTH);
        if hashes == 0 {
            break;
        }
        let first = hashes / u64::from(WIDTH) * u64::from(WIDTH);
        let edge =
            (first..hashes).map(|n| root_of_full_tile(store, level - 1, n)).collect::<Result<_, _>>()?;
        edges.push(edge);
        below = hashes;
    }
    Ok(edges)
}

fn root_of_full_tile(store: &dyn LedgerReads, level: u8, n: u64) -> Result<Hash, StoreError> {
    if level == 0 {
        let first = n * u64::from(WIDTH);
        return Ok(root_of(store.leaf_hashes(first, first + u64::from(WIDTH))?));
    }
    let bytes = store.tile(level, n)?;
    let gone = || StoreError::Corrupt { what: format!("tile {n} of level {level} is gone or not full") };
    let bytes = bytes.filter(|bytes| bytes.len() == usize::from(WIDTH) * 32).ok_or_else(gone)?;
    let hashes = bytes.chunks_exact(32).map(Hash::from_slice).collect::<Result<Vec<_>, _>>();
    hashes.map(root_of).map_err(|refusal| StoreError::refused("a tile", &refusal))
}

const LEVELS_A_TILE: u8 = 8;
const VERSIONS_MAX: usize = 100_000;
