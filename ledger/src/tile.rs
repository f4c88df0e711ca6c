//! The static resources of a log: tile paths, the tiles of a size, entry bundles (docs/format.md §6, C2SP tlog-tiles).

use crate::encoding::{Hash, decimal};
use crate::entry::MAX_LEAF;
use crate::refusal::{Refusal, need};

/// What a tile holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TileKind {
    /// Hashes of this level, 0 to 63.
    Hashes(u8),
    /// The entries themselves.
    Entries,
}

/// The name of a tile, full or partial.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Tile {
    /// What it holds.
    pub kind: TileKind,
    /// Its index at its level.
    pub n: u64,
    /// The number of hashes or entries, 1 to 256; 256 is a full tile.
    pub width: u16,
}

impl Tile {
    /// Reads a path without leading slash, `tile/0/x001/234/067.p/5`.
    ///
    /// # Errors
    /// `tile-path` for every other spelling: none is normalised.
    pub fn parse(path: &str) -> Result<Tile, Refusal> {
        read_path(path)
            .filter(|tile| tile.to_string() == path)
            .ok_or_else(|| Refusal::new("tile-path", format!("{path:?} is not a tile's path")))
    }

    /// Whether the tile has all of its 256 hashes or entries.
    pub fn is_full(&self) -> bool {
        self.width == WIDTH
    }

    /// The index of its first hash at its level, or of its first entry.
    pub fn first(&self) -> u64 {
        self.n.saturating_mul(u64::from(WIDTH))
    }

    /// The tile of this index at the lowest level of a tree of this size, as wide as that makes it.
    pub(crate) fn lowest(kind: TileKind, n: u64, size: u64) -> Tile {
        let width = size.saturating_sub(n.saturating_mul(u64::from(WIDTH))).min(u64::from(WIDTH));
        // at most 256
        Tile { kind, n, width: u16::try_from(width).unwrap_or(WIDTH) }
    }

    /// What this tile has, when it is partial, of the full one.
    pub(crate) fn first_of(&self, mut full: Vec<u8>) -> Vec<u8> {
        let width = usize::from(self.width);
        full.truncate(match self.kind {
            TileKind::Hashes(_) => width * Hash::BYTES,
            TileKind::Entries => leaves_of(&full).0.iter().take(width).map(|leaf| leaf.len() + 2).sum(),
        });
        full
    }

    /// Whether a tree of this size has the tile: full ones that are complete, and partial ones up to what there is.
    pub fn is_within(&self, size: u64) -> bool {
        let level = match self.kind {
            TileKind::Hashes(level) => u32::from(level),
            TileKind::Entries => 0,
        };
        let hashes = size.checked_shr(8 * level).unwrap_or(0);
        self.first().checked_add(u64::from(self.width)).is_some_and(|end| end <= hashes)
    }
}

impl std::fmt::Display for Tile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(f, "tile/{level}/")?,
            TileKind::Entries => f.write_str("tile/entries/")?,
        }
        write_index(self.n, f)?;
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

/// Every hash tile that a log of this size serves, level by level; the last of a level may be partial.
pub fn tiles_for(size: u64) -> impl Iterator<Item = Tile> {
    let levels =
        (0..8u8).map(move |level| (level, size >> (8 * level))).take_while(|(_, hashes)| *hashes > 0);
    levels.flat_map(|(level, hashes)| tiles_of(TileKind::Hashes(level), hashes))
}

/// Every entry bundle that a log of this size serves.
pub fn entry_bundles_for(size: u64) -> impl Iterator<Item = Tile> {
    tiles_of(TileKind::Entries, size)
}

/// Puts leaves into an entry bundle: for each its length as two big-endian bytes, then the leaf.
///
/// # Errors
/// `entry-length` for an empty leaf or one that is too long.
pub fn encode_bundle<T: AsRef<[u8]>>(leaves: impl IntoIterator<Item = T>) -> Result<Vec<u8>, Refusal> {
    let mut bundle = Vec::new();
    for leaf in leaves {
        let leaf = leaf.as_ref();
        need(!leaf.is_empty() && leaf.len() <= MAX_LEAF, "entry-length", "1 to 65535 bytes")?;
        bundle.extend((leaf.len() as u16).to_be_bytes());
        bundle.extend_from_slice(leaf);
    }
    Ok(bundle)
}

/// The leaves of an entry bundle of this width.
///
/// # Errors
/// `entry-bundle`, unless the bytes are exactly that many leaves, none of them empty.
pub fn split_bundle(bundle: &[u8], width: u64) -> Result<Vec<&[u8]>, Refusal> {
    let (leaves, whole) = leaves_of(bundle);
    whole?;
    need(leaves.len() as u64 == width, "entry-bundle", "another number of entries")?;
    Ok(leaves)
}

/// The leaves of an entry bundle as far as they can be read, and why not all of it can.
pub fn leaves_of(bundle: &[u8]) -> (Vec<&[u8]>, Result<(), Refusal>) {
    let (mut leaves, mut rest) = (Vec::new(), bundle);
    while !rest.is_empty() {
        match first_leaf(rest) {
            Ok((leaf, behind)) => {
                leaves.push(leaf);
                rest = behind;
            }
            Err(refusal) => return (leaves, Err(refusal)),
        }
    }
    (leaves, Ok(()))
}

fn first_leaf(bundle: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    let cut = |what| Refusal::new("entry-bundle", what);
    let (length, behind) = bundle.split_at_checked(2).ok_or_else(|| cut("a length is cut short"))?;
    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
    need(length > 0, "entry-bundle", "an empty entry")?;
    behind.split_at_checked(length).ok_or_else(|| cut("an entry is cut short"))
}

/// The number of hashes or entries of a full tile.
pub const WIDTH: u16 = 256;

fn tiles_of(kind: TileKind, hashes: u64) -> impl Iterator<Item = Tile> {
    let full = hashes / u64::from(WIDTH);
    let rest = (hashes % u64::from(WIDTH)) as u16;
    let partial = (rest > 0).then_some(Tile { kind, n: full, width: rest });
    (0..full).map(move |n| Tile { kind, n, width: WIDTH }).chain(partial)
}

fn write_index(n: u64, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    let above = n / 1000;
    if above > 0 {
        write_leading(above, f)?;
    }
    write!(f, "{:03}", n % 1000)
}

fn write_leading(n: u64, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    if n >= 1000 {
        write_leading(n / 1000, f)?;
    }
    write!(f, "x{:03}/", n % 1000)
}

/// Reads a path loosely; the caller compares it with the tile's own spelling.
fn read_path(path: &str) -> Option<Tile> {
    let (level, index) = path.strip_prefix("tile/")?.split_once('/')?;
    let kind = match level {
        "entries" => TileKind::Entries,
        _ => TileKind::Hashes(decimal(level, "").ok().filter(|level| *level <= 63)? as u8),
    };
    let (index, width) = match index.split_once(".p/") {
        Some((index, width)) => {
            (index, decimal(width, "").ok().filter(|width| (1..256).contains(width))? as u16)
        }
        None => (index, WIDTH),
    };
    let mut n = 0u64;
    for group in index.split('/') {
        let digits = group.strip_prefix('x').unwrap_or(group);
        let group = digits.parse::<u64>().ok().filter(|_| digits.len() == 3)?;
        n = n.checked_mul(1000)?.checked_add(group)?;
    }
    Some(Tile { kind, n, width })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_path_has_one_spelling() {
        let tile = Tile { kind: TileKind::Hashes(0), n: 1_234_067, width: 256 };
        assert_eq!(tile.to_string(), "tile/0/x001/x234/067");
        for bad in [
            "tile/00/000",
            "tile/64/000",
            "tile/0/001/067",
            "tile/0/x000/067",
            "tile/0/x067",
            "tile/0/67",
            "tile/0/+67",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/entries/../000",
            "/tile/0/000",
            "tile/0/000/",
            "tile/0/",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(Tile::parse(bad).unwrap_err().code, "tile-path", "{bad}");
        }
    }

    #[test]
    fn a_size_needs_its_full_tiles_and_one_partial_a_level() {
        let paths = |size| tiles_for(size).map(|tile| tile.to_string()).collect::<Vec<_>>();
        assert_eq!(paths(0), Vec::<String>::new());
        assert_eq!(paths(256), ["tile/0/000", "tile/1/000.p/1"]);
        assert_eq!(paths(300), ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"]);
        assert_eq!(entry_bundles_for(300).map(|tile| tile.width).collect::<Vec<_>>(), [256, 44]);
    }

    #[test]
    fn a_tile_beyond_the_size_is_not_there() {
        let within = |path: &str, size| Tile::parse(path).unwrap().is_within(size);
        assert!(
            within("tile/0/001.p/44", 300)
                && within("tile/0/001.p/43", 300)
                && !within("tile/0/001.p/45", 300)
        );
        assert!(within("tile/1/000.p/1", 256) && !within("tile/1/000.p/1", 255));
        assert!(!within("tile/63/000.p/1", u64::MAX) && within("tile/entries/000", 256));
    }

    #[test]
    fn bundles_refuse_what_cannot_be_an_entry() {
        assert!(encode_bundle([b"".as_slice()]).is_err() && encode_bundle([vec![0; 65_536]]).is_err());
        assert_eq!(split_bundle(&[0, 1, 7, 0, 0], 2).unwrap_err().code, "entry-bundle");
        assert_eq!(split_bundle(&[0, 1, 7], 1).unwrap(), [&[7]]);
    }

    proptest! {
        #[test]
        fn paths_are_read_back(level in 0u8..64, n: u64, width in 1u16..=256, entries: bool) {
            let kind = if entries { TileKind::Entries } else { TileKind::Hashes(level) };
            let tile = Tile { kind, n, width };
            prop_assert_eq!(Tile::parse(&tile.to_string()).unwrap(), tile);
        }

        #[test]
        fn bundles_are_split_where_they_were_joined(leaves in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 0..9)) {
            let bundle = encode_bundle(&leaves).unwrap();
            prop_assert_eq!(split_bundle(&bundle, leaves.len() as u64).unwrap(), leaves.iter().map(Vec::as_slice).collect::<Vec<_>>());
            prop_assert!(split_bundle(&bundle, leaves.len() as u64 + 1).is_err());
        }

        #[test]
        fn every_listed_tile_is_within_its_size(size in 0u64..200_000) {
            prop_assert!(tiles_for(size).chain(entry_bundles_for(size)).all(|tile| tile.is_within(size)));
        }
    }
}
