//! Static files of a log read for an audit (docs/format.md §6): bundles and the tiles over them a few at a time, read
//! ahead on a thread of their own while those before are verified.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::audit::Findings;
use crate::audit_source::{AuditDatabase, AuditSource, Lying, LyingNote, LyingScheme};
use crate::entry::Entry;
use crate::log_files::{LogFiles, read_file, read_tiles, scheme_file};
use crate::note::{note_text, parse_checkpoint_text};
use crate::refusal::Refusal;
use crate::store::StoreError;
use crate::tile::{Tile, TileKind, WIDTH, leaves_of};

/// The static files of a log under the checkpoint that they had at the beginning.
pub(crate) struct StaticAudit {
    files: Arc<dyn LogFiles>,
    note: String,
    /// As the checkpoint states it, whoever signed it.
    origin: String,
    size: u64,
    /// Tiles of level 0 that came along with their bundles, until they are asked for.
    ahead: Mutex<HashMap<Tile, Option<Vec<u8>>>>,
}

impl StaticAudit {
    pub(crate) fn begin(files: Arc<dyn LogFiles>) -> Result<Self, StoreError> {
        let failed = |why: String| StoreError::Log {
            file: format!("{}/checkpoint", files.place().trim_end_matches('/')),
            source: why.into(),
        };
        let bytes = read_file(files.as_ref(), "checkpoint")?;
        let bytes = bytes.ok_or_else(|| failed("there is no checkpoint: this is not a log".to_owned()))?;
        let stated = note_text(&bytes).and_then(parse_checkpoint_text);
        let (origin, size) = stated
            .map(|(origin, size, _)| (origin.to_owned(), size))
            .map_err(|refusal| failed(format!("it is no checkpoint: {refusal}")))?;
        let note = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Self { files, note, origin, size, ahead: Mutex::default() })
    }

    /// Bundles of entries in order, each with the tile of their hashes.
    fn read_ahead(
        &self,
        bundles: Range<u64>,
        with: Along,
        parts: &SyncSender<Result<Vec<Bundle>, StoreError>>,
    ) {
        let mut first = bundles.start;
        while first < bundles.end {
            let part: Vec<u64> = (first..bundles.end.min(first + BUNDLES_A_PART)).collect();
            first += BUNDLES_A_PART;
            let read = self.bundles(&part, with);
            let is_last = read.as_ref().map_or(true, |part| part.iter().all(|bundle| bundle.bytes.is_none()));
            if parts.send(read).is_err() || is_last {
                return;
            }
        }
    }

    fn bundles(&self, numbers: &[u64], with: Along) -> Result<Vec<Bundle>, StoreError> {
        let of = |kind| numbers.iter().map(move |n| Tile::lowest(kind, *n, self.size));
        let mut wanted: Vec<Tile> = of(TileKind::Entries).collect();
        if with == Along::Tiles {
            wanted.extend(of(TileKind::Hashes(0)));
        }
        let mut read = read_tiles(self.files.as_ref(), &wanted)?;
        let hashes = read.split_off(numbers.len());
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        ahead.extend(of(TileKind::Hashes(0)).zip(hashes));
        Ok(of(TileKind::Entries).zip(read).map(|(tile, bytes)| Bundle { tile, bytes }).collect())
    }
}

/// What is read along with bundles.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Along {
    /// The tiles of their hashes.
    Tiles,
    Nothing,
}

/// An entry bundle as it lies there.
struct Bundle {
    tile: Tile,
    bytes: Option<Vec<u8>>,
}

impl AuditSource for StaticAudit {
    fn origin(&self, findings: &mut Findings) -> Result<String, StoreError> {
        let tile = Tile::lowest(TileKind::Entries, 0, self.size);
        let bundle = read_tiles(self.files.as_ref(), &[tile])?.pop().flatten().unwrap_or_default();
        let first = leaves_of(&bundle).0;
        let said = first.iter().take(8).find_map(|leaf| Some(Entry::parse(leaf, None).ok()?.meta.log));
        match said {
            Some(said) if said != self.origin => {
                let detail = format!("the entries are of {said}, the checkpoint is of {}", self.origin);
                findings.add(None, 2, "checkpoint-origin", detail);
                Ok(said)
            }
            _ => Ok(self.origin.clone()),
        }
    }

    fn size(&self) -> Result<u64, StoreError> {
        Ok(self.size)
    }

    fn each_entry(
        &self,
        range: Option<Range<u64>>,
        each: &mut dyn FnMut(Lying) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let (with, end) = (if range.is_some() { Along::Nothing } else { Along::Tiles }, self.size);
        let range = range.unwrap_or(0..end);
        let bundles = range.start / FULL..range.end.min(end).div_ceil(FULL);
        std::thread::scope(|scope| {
            let (parts, received): (_, Receiver<Result<Vec<Bundle>, StoreError>>) = sync_channel(1);
            scope.spawn(move || self.read_ahead(bundles, with, &parts));
            for part in received {
                let part = part?;
                // a log that ends early ends here, however large its checkpoint says that it is
                if let Some(first) = part.first().filter(|_| part.iter().all(|bundle| bundle.bytes.is_none()))
                {
                    let (from, name) = (first.tile.first(), first.tile);
                    let why = Refusal::new(
                        GONE,
                        format!("{name} is not there, nor what follows it up to entry {}", end - 1),
                    );
                    return each(Lying::Gone { first: from, count: end - from, why });
                }
                part.iter().try_for_each(|bundle| each_of(bundle, &range, each))?;
            }
            Ok(())
        })
    }

    fn checkpoints(&self) -> Result<Vec<LyingNote>, StoreError> {
        Ok(vec![LyingNote { place: "the file checkpoint", filed: None, note: self.note.clone() }])
    }

    fn tile(&self, tile: &Tile) -> Result<Option<Vec<u8>>, StoreError> {
        let ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner).remove(tile);
        match ahead {
            Some(read) => Ok(read),
            None => Ok(read_tiles(self.files.as_ref(), &[*tile])?.pop().flatten()),
        }
    }

    fn schemes(
        &self,
        named: &BTreeSet<String>,
        each: &mut dyn FnMut(LyingScheme<'_>),
    ) -> Result<(), StoreError> {
        let listed = self.files.list("schemes")?;
        let names = listed.unwrap_or_else(|| named.iter().map(|sha256| scheme_file(sha256)).collect());
        for name in names {
            let Some(bytes) = read_file(self.files.as_ref(), &name)? else { continue };
            let document: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            let id = document.get("id").and_then(Value::as_str);
            let sha256 = name.trim_start_matches("schemes/").trim_end_matches(".json");
            each(LyingScheme { sha256: Some(sha256), id, bytes: &bytes });
        }
        Ok(())
    }

    fn database(&self) -> Option<&dyn AuditDatabase> {
        None
    }
}

/// Every entry of a bundle that lies in a range; what cannot be read of it is gone.
fn each_of(
    bundle: &Bundle,
    range: &Range<u64>,
    each: &mut dyn FnMut(Lying) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let (tile, width) = (bundle.tile, u64::from(bundle.tile.width));
    let gone = |from: u64, why: Refusal| Lying::Gone { first: tile.first() + from, count: width - from, why };
    let Some(bytes) = &bundle.bytes else {
        let (first, last) = (tile.first(), tile.first() + width - 1);
        return each(gone(0, Refusal::new(GONE, format!("{tile} is not there: entries {first} to {last}"))));
    };
    let (leaves, whole) = leaves_of(bytes);
    let mut read = 0;
    for leaf in leaves.iter().take(usize::from(tile.width)) {
        let position = tile.first() + read;
        read += 1;
        if range.contains(&position) {
            each(Lying::Leaf { position, leaf: leaf.to_vec() })?;
        }
    }
    let of_it = |why: &str| Refusal::new("entry-bundle", format!("{tile}: {why}"));
    match whole {
        _ if read == width && leaves.len() as u64 > width => each(Lying::Gone {
            first: tile.first() + width,
            count: 0,
            why: of_it("it has more entries than it should"),
        }),
        Err(refusal) => each(gone(read, of_it(&refusal.detail))),
        Ok(()) if read < width => {
            each(gone(read, of_it(&format!("it ends after {read} of {width} entries"))))
        }
        Ok(()) => Ok(()),
    }
}

const FULL: u64 = WIDTH as u64;
/// Some thousand entries.
const BUNDLES_A_PART: u64 = 16;
const GONE: &str = "bundle-missing";
