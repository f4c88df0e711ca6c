//! A log read from the files it was published as (docs/format.md §6): what a court, an auditor or another office has of it.

use std::sync::Arc;

use serde_json::Value;

use crate::encoding::Hash;
use crate::entry::Entry;
use crate::leaf_parts::LeafCutter;
use crate::leaf_source::LeafSource;
use crate::log_files::{LogFiles, read_file, read_tiles};
use crate::merkle::{Frontier, leaf_hash};
use crate::note::{Checkpoint, VerifierKey, note_text, open_checkpoint, parse_checkpoint_text};
use crate::refusal::Refusal;
use crate::store::StoreError;
use crate::stored_leaf::StoredLeaf;
use crate::tile::{Tile, TileKind, WIDTH, split_bundle};
use crate::verified::Unsound;

/// A published log under the checkpoint that it had when it was opened.
pub struct StaticLog {
    files: Arc<dyn LogFiles>,
    checkpoint: Checkpoint,
}

impl StaticLog {
    /// The log in these files. Its checkpoint must be signed by the key given; where none is, by the one that its own first
    /// entry states, which anybody could have written.
    ///
    /// # Errors
    ///
    /// [`StoreError::Log`] if there is no log, or its checkpoint is not signed so.
    pub fn open(files: Arc<dyn LogFiles>, key: Option<&VerifierKey>) -> Result<Self, StoreError> {
        let file = format!("{}/checkpoint", files.place().trim_end_matches('/'));
        let refused = |refusal: Refusal| StoreError::Log { file: file.clone(), source: refusal.into() };
        let note = read_file(files.as_ref(), "checkpoint")?.ok_or_else(|| {
            refused(Refusal::new("checkpoint-missing", "there is no checkpoint: this is not a log"))
        })?;
        let text = note_text(&note).map_err(refused)?;
        let (origin, size, root) = parse_checkpoint_text(text).map_err(refused)?;
        let unsigned =
            Checkpoint { origin: origin.to_owned(), size, root, text: text.to_owned(), cosigned: vec![] };
        let log = Self { files, checkpoint: unsigned };
        let key = match key {
            Some(key) => key.clone(),
            None => log.stated_key()?,
        };
        let checkpoint = open_checkpoint(&note, &key, &[], 0, None).map_err(refused)?;
        Ok(Self { checkpoint, ..log })
    }

    /// The checkpoint under which it is read.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The files that it is read from.
    #[must_use]
    pub fn files(&self) -> Arc<dyn LogFiles> {
        Arc::clone(&self.files)
    }

    fn stated_key(&self) -> Result<VerifierKey, StoreError> {
        let stated = |leaf: &[u8]| {
            let opened: Value = serde_json::from_str(&Entry::parse(leaf, None).ok()?.data_jcs).ok()?;
            VerifierKey::parse(opened.get("log_vkey")?.as_str()?).ok()
        };
        let first = self.tile(TileKind::Entries, 0)?.and_then(|bundle| {
            split_bundle(&bundle, self.width(0)).ok().and_then(|leaves| stated(leaves.first()?))
        });
        first.ok_or_else(|| self.damaged(0, "its first entry states no log key"))
    }

    /// A tile of entries or of their hashes, as wide as the checkpoint says.
    fn tile(&self, kind: TileKind, n: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let tile = Tile::lowest(kind, n, self.checkpoint.size);
        Ok(read_tiles(self.files.as_ref(), &[tile])?.pop().flatten())
    }

    /// How many entries a bundle has.
    fn width(&self, n: u64) -> u64 {
        u64::from(Tile::lowest(TileKind::Entries, n, self.checkpoint.size).width)
    }

    /// The hashes of a bundle's leaves as they were published; none where they are not there whole.
    fn hashes(&self, n: u64) -> Result<Option<Vec<Hash>>, StoreError> {
        let tile = self.tile(TileKind::Hashes(0), n)?;
        let hashes = |tile: Vec<u8>| tile.chunks(Hash::BYTES).map(Hash::from_slice).collect::<Result<_, _>>();
        let hashes: Option<Vec<Hash>> = tile.and_then(|tile| hashes(tile).ok());
        Ok(hashes.filter(|hashes| hashes.len() as u64 == self.width(n)))
    }

    fn damaged(&self, position: u64, what: &str) -> StoreError {
        let tile = Tile { kind: TileKind::Entries, n: position / FULL, width: WIDTH };
        let refusal = Refusal::new("entry-bundle", format!("entry {position}: {what}"));
        StoreError::Log {
            file: format!("{}/{tile}", self.files.place().trim_end_matches('/')),
            source: refusal.into(),
        }
    }
}

/// What one thread reads a published log with.
#[derive(Debug, Default)]
pub struct StaticHand(LeafCutter);

impl LeafSource for StaticLog {
    type Hand = StaticHand;

    fn origin(&self) -> Result<String, StoreError> {
        Ok(self.checkpoint.origin.clone())
    }

    fn head(&self) -> Result<(u64, Hash), StoreError> {
        Ok((self.checkpoint.size, self.checkpoint.root))
    }

    fn hand(&self) -> Result<StaticHand, StoreError> {
        Ok(StaticHand::default())
    }

    fn leaves<E: From<Unsound>>(
        &self,
        StaticHand(cutter): &mut StaticHand,
        from: u64,
        to: u64,
        mut each: impl FnMut(&StoredLeaf<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let to = to.min(self.checkpoint.size);
        for n in from / FULL..to.div_ceil(FULL) {
            let first = n * FULL;
            let Some(bundle) = self.tile(TileKind::Entries, n).map_err(Unsound::from)? else {
                return Err(Unsound::Missing { position: first.max(from) }.into());
            };
            let hashes = self.hashes(n).map_err(Unsound::from)?;
            let leaves = split_bundle(&bundle, self.width(n))
                .map_err(|refusal| Unsound::Store(self.damaged(first, &refusal.detail)))?;
            for (position, leaf) in (first..to).zip(leaves).filter(|(position, _)| *position >= from) {
                let hash = leaf_hash(leaf);
                let published = hashes.as_ref().and_then(|hashes| hashes.get(at(position)));
                if published != Some(&hash) {
                    return Err(Unsound::Altered { position }.into());
                }
                let columns = cutter.columns(leaf, position, &self.checkpoint.origin, hash);
                let no_entry = || Unsound::Store(self.damaged(position, "it is no entry of this log"));
                each(&columns.ok_or_else(no_entry)?)?;
            }
        }
        Ok(())
    }

    /// The hashes of what comes behind, as they were published, must lead on to the root that was signed.
    fn begins_with(&self, beginning: &Frontier, (size, root): (u64, Hash)) -> Result<bool, StoreError> {
        let mut whole = beginning.clone();
        for n in beginning.size() / FULL..size.div_ceil(FULL) {
            let Some(hashes) = self.hashes(n)? else { return Ok(false) };
            let behind = (n * FULL..size).zip(hashes).filter(|(position, _)| *position >= beginning.size());
            behind.for_each(|(_, hash)| whole.push(hash));
        }
        Ok(whole.size() == size && whole.root() == root)
    }
}

impl std::fmt::Debug for StaticLog {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("StaticLog").field("place", &self.files.place()).finish_non_exhaustive()
    }
}

/// Where an entry stands in its bundle.
fn at(position: u64) -> usize {
    usize::try_from(position % FULL).unwrap_or_default()
}

const FULL: u64 = WIDTH as u64;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::test_ledger::TestLedger;
    use crate::tile::{encode_bundle, entry_bundles_for, tiles_for};
    use crate::verified::{Reading, read};

    /// The files of a log in memory.
    #[derive(Default)]
    struct Files(Mutex<BTreeMap<String, Vec<u8>>>);

    impl LogFiles for Files {
        fn read(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
            let files = self.0.lock().unwrap();
            Ok(names.iter().map(|name| files.get(name).cloned()).collect())
        }

        fn list(&self, _: &str) -> Result<Option<Vec<String>>, StoreError> {
            Ok(None)
        }

        fn place(&self) -> String {
            "memory".to_owned()
        }
    }

    /// A ledger and what it publishes.
    async fn published(notes: u64) -> (TestLedger, Arc<Files>) {
        let it = TestLedger::new().await;
        for n in 0..notes {
            let said = it.said(&format!("premises/p-{}", n % 4), "Noted", json!({ "n": n, "text": "烟感" }));
            it.ledger.writer().append(said).await.unwrap();
        }
        it.ledger.writer().sign_now().await.unwrap();
        let (reader, files) = (it.ledger.reader(), Files::default());
        let size = reader.checkpoint_size().unwrap();
        {
            let mut kept = files.0.lock().unwrap();
            kept.insert("checkpoint".to_owned(), reader.checkpoint().unwrap().unwrap().into_bytes());
            for tile in tiles_for(size).chain(entry_bundles_for(size)) {
                let bytes = match tile.kind {
                    TileKind::Hashes(level) => reader.tile(level, tile.n, tile.width),
                    TileKind::Entries => reader.entry_bundle(tile.n, tile.width),
                };
                kept.insert(tile.to_string(), bytes.unwrap().unwrap());
            }
        }
        (it, Arc::new(files))
    }

    fn positions(log: &StaticLog, from: Frontier, to: u64) -> (Vec<u64>, Result<Frontier, Unsound>) {
        let (mut shown, how) = (Vec::new(), Reading { threads: 2, part: 70 });
        let outcome = read(
            log,
            from,
            to,
            how,
            |row| Ok(row.position),
            |part| {
                shown.extend(part.entries);
                Ok::<_, Unsound>(())
            },
        );
        (shown, outcome)
    }

    #[tokio::test]
    async fn a_published_log_shows_what_its_ledger_shows() {
        let (it, files) = published(600).await;
        let log = StaticLog::open(files, None).unwrap();
        let reader = it.ledger.reader();
        let (size, root) = log.head().unwrap();
        assert_eq!(
            (size, log.origin().unwrap().as_str()),
            (reader.size().unwrap(), crate::test_ledger::ORIGIN)
        );
        let mut stored = Vec::new();
        reader
            .leaves(0, size, |row| {
                stored.push((row.stream.to_owned(), row.version, row.data.to_owned(), row.kid.to_owned()));
                Ok::<_, StoreError>(())
            })
            .unwrap();
        let mut shown = Vec::new();
        log.leaves(&mut log.hand().unwrap(), 0, size + 9, |row| {
            shown.push((row.stream.to_owned(), row.version, row.data.to_owned(), row.kid.to_owned()));
            Ok::<_, Unsound>(())
        })
        .unwrap();
        assert_eq!(shown, stored);
        let (first, tree) = positions(&log, Frontier::new(), 300);
        let tree = tree.unwrap();
        assert!(log.begins_with(&tree, (size, root)).unwrap());
        let (second, tree) = positions(&log, tree, size);
        assert_eq!(first.into_iter().chain(second).collect::<Vec<_>>(), (0..size).collect::<Vec<_>>());
        assert_eq!(tree.unwrap().root(), root);
        let mut other = Frontier::new();
        (0..300).for_each(|_| other.push(root));
        assert!(!log.begins_with(&other, (size, root)).unwrap());
    }

    #[tokio::test]
    async fn what_is_altered_gone_or_signed_by_another_is_told() {
        let (_it, files) = published(300).await;
        let log = || StaticLog::open(Arc::clone(&files) as Arc<dyn LogFiles>, None);
        let size = log().unwrap().checkpoint().size;
        let bundle = files.0.lock().unwrap()["tile/entries/000"].clone();
        let mut leaves: Vec<Vec<u8>> =
            split_bundle(&bundle, 256).unwrap().into_iter().map(<[u8]>::to_vec).collect();
        let at = leaves[100].len() - 20;
        leaves[100][at] = if leaves[100][at] == b'A' { b'B' } else { b'A' };
        files.0.lock().unwrap().insert("tile/entries/000".to_owned(), encode_bundle(&leaves).unwrap());
        let (shown, outcome) = positions(&log().unwrap(), Frontier::new(), size);
        assert_eq!(shown, (0..100).collect::<Vec<_>>());
        assert!(matches!(outcome, Err(Unsound::Altered { position: 100 })), "{outcome:?}");
        files.0.lock().unwrap().insert("tile/entries/000".to_owned(), bundle[..bundle.len() - 1].to_vec());
        let refused = log().unwrap_err();
        assert!(format!("{refused:?}").contains("log key"), "{refused:?}");
        files.0.lock().unwrap().insert("tile/entries/000".to_owned(), bundle);
        let partial = format!("tile/entries/001.p/{}", size - 256);
        let kept = files.0.lock().unwrap().remove(&partial).unwrap();
        let (shown, outcome) = positions(&log().unwrap(), Frontier::new(), size);
        assert_eq!(shown, (0..256).collect::<Vec<_>>());
        assert!(matches!(outcome, Err(Unsound::Missing { position: 256 })), "{outcome:?}");
        files.0.lock().unwrap().insert(partial, kept);
        let other =
            crate::note::CheckpointSigner::new("another/log", crate::keys::Signer::from_seed(&[9; 32]));
        let stranger = other.unwrap().verifier_key().clone();
        let refused = StaticLog::open(Arc::clone(&files) as Arc<dyn LogFiles>, Some(&stranger)).unwrap_err();
        assert!(format!("{refused:?}").contains("checkpoint-origin"), "{refused:?}");
        files.0.lock().unwrap().remove("checkpoint");
        assert!(format!("{:?}", log().unwrap_err()).contains("this is not a log"));
    }

    proptest! {
        #[test]
        fn a_position_has_its_place_in_its_bundle(position: u64) {
            prop_assert_eq!(at(position) as u64, position % 256);
        }
    }
}
