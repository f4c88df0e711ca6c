//! The log as static files, for any verifier that knows C2SP tiles (docs/format.md §6).

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;
use wuping_ledger::checkpoints::cosigned_in_file;
use wuping_ledger::note::{note_text, parse_checkpoint_text};
use wuping_ledger::reader::Reader;
use wuping_ledger::refusal::Refusal;
use wuping_ledger::stamps;
use wuping_ledger::store::StoreError;
use wuping_ledger::tile::{Tile, TileKind, entry_bundles_for, tiles_for};

/// What was written.
#[derive(Debug, Serialize)]
pub struct Exported {
    /// Entries that the checkpoint covers.
    pub size: u64,
    /// Files written.
    pub files: u64,
}

/// Why the log was not exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A file could not be written.
    #[error("could not write {path}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A tile that the checkpoint needs is not there.
    #[error("{tile} is not there though the checkpoint needs it; run “wuping verify”")]
    Missing {
        /// Which.
        tile: String,
    },
    /// No checkpoint has been signed yet.
    #[error("no checkpoint has been signed yet; serve the ledger for a second, or import something")]
    NoCheckpoint,
    /// The folder holds another log.
    #[error("the folder holds the log {found}, and this is {origin}; name another folder")]
    OtherLog {
        /// Whose files lie there.
        found: String,
        /// Whose were to be written.
        origin: String,
    },
    /// The checkpoint is none.
    #[error("the newest checkpoint cannot be read")]
    Note(#[from] Refusal),
    /// The ledger could not be read.
    #[error("the ledger could not be read")]
    Store(#[from] StoreError),
}

/// Write entry bundles, hash tiles and rulebooks under a folder, and the checkpoint last, by renaming. It is the one that
/// witnesses cosigned if that is of the same tree, so that whoever reads the files can stand on them too; with it goes its
/// time-stamp, where the folder of the ledger has one. What lies there already with the same bytes is left alone, so that an export
/// that was interrupted goes on where it stopped; what is damaged is written anew.
///
/// # Errors
/// If something could not be read or written; the old checkpoint is then still in place.
pub fn export_tiles(reader: &Reader, ledger: &Path, folder: &Path) -> Result<Exported, ExportError> {
    let cosigned = cosigned_in_file(ledger)?;
    let note = reader.checkpoint()?.ok_or(ExportError::NoCheckpoint)?;
    let text = note_text(note.as_bytes())?;
    let (origin, size, _) = parse_checkpoint_text(text)?;
    // the last one has the most lines
    let seen = cosigned.iter().rev().find(|seen| note_text(seen.as_bytes()).is_ok_and(|seen| seen == text));
    let note = seen.unwrap_or(&note);
    let place = folder.join("checkpoint");
    if let Some(found) = first_line(&place).filter(|found| *found != origin) {
        return Err(ExportError::OtherLog { found, origin: origin.to_owned() });
    }
    let mut written = Written::default();
    for tile in entry_bundles_for(size).chain(tiles_for(size)) {
        written.put_unless_there(folder, &tile.to_string(), &rendered(reader, &tile)?)?;
    }
    for scheme in reader.schemes()? {
        written.put_unless_there(folder, &format!("schemes/{}.json", scheme.sha256), &scheme.bytes)?;
    }
    // names before the checkpoint that promises them
    written.sync_folders()?;
    // beside an older checkpoint no stamp of another one may lie, nor beside this one that of an older
    written.take_away(folder, "checkpoint.tsr")?;
    written.put(folder, "checkpoint", note.as_bytes())?;
    if let Some(stamp) = stamps::over(ledger, size, text)? {
        written.put(folder, "checkpoint.tsr", &stamp)?;
    }
    written.sync_folders()?;
    Ok(Exported { size, files: written.files })
}

/// The origin that a checkpoint begins with, where there is one.
fn first_line(checkpoint: &Path) -> Option<String> {
    fs::read_to_string(checkpoint).ok()?.lines().next().map(str::to_owned)
}

fn rendered(reader: &Reader, tile: &Tile) -> Result<Vec<u8>, ExportError> {
    let width = tile.width;
    let bytes = match tile.kind {
        TileKind::Entries => reader.entry_bundle(tile.n, width)?,
        TileKind::Hashes(level) => reader.tile(level, tile.n, width)?,
    };
    bytes.ok_or_else(|| ExportError::Missing { tile: tile.to_string() })
}

/// What was written so far.
#[derive(Default)]
struct Written {
    files: u64,
    /// Folders whose names are not on the disk for sure.
    folders: BTreeSet<PathBuf>,
}

impl Written {
    /// A file that never changes, unless it is there: what has its name was synced before it got it.
    fn put_unless_there(&mut self, folder: &Path, name: &str, bytes: &[u8]) -> Result<(), ExportError> {
        let path = folder.join(name);
        let is_long_enough = fs::metadata(&path).is_ok_and(|there| there.len() == bytes.len() as u64);
        if !is_long_enough || fs::read(&path).map_or(true, |there| there != bytes) {
            return self.put(folder, name, bytes);
        }
        // its name may not be on the disk for sure
        self.folders.extend(folders_of(&path, name).map(Path::to_owned));
        Ok(())
    }

    /// A file, synced beside its place and then renamed to it: whoever reads along sees the old bytes or the new.
    fn put(&mut self, folder: &Path, name: &str, bytes: &[u8]) -> Result<(), ExportError> {
        let path = folder.join(name);
        let failed = |source| ExportError::File { path: path.clone(), source };
        for parent in folders_of(&path, name) {
            if !self.folders.contains(parent) {
                fs::create_dir_all(parent).map_err(failed)?;
                self.folders.insert(parent.to_owned());
            }
        }
        let mut beside = path.clone().into_os_string();
        beside.push(".new");
        let mut file = File::create(&beside).map_err(failed)?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(&beside, &path).map_err(failed)?;
        self.files += 1;
        Ok(())
    }

    fn take_away(&mut self, folder: &Path, name: &str) -> Result<(), ExportError> {
        let path = folder.join(name);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(ExportError::File { path, source })
            }
            _ => {
                self.folders.insert(folder.to_owned());
                Ok(())
            }
        }
    }

    fn sync_folders(&mut self) -> Result<(), ExportError> {
        for path in std::mem::take(&mut self.folders) {
            let synced = File::open(&path).and_then(|folder| folder.sync_all());
            synced.map_err(|source| ExportError::File { path, source })?;
        }
        Ok(())
    }
}

/// The folders of a file from its own up to that of the export.
fn folders_of<'p>(path: &'p Path, name: &str) -> impl Iterator<Item = &'p Path> {
    path.ancestors().skip(1).take(1 + name.matches('/').count())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use wuping_ledger::encoding::Hash;
    use wuping_ledger::merkle::leaf_hash;
    use wuping_ledger::tile::split_bundle;

    use super::*;
    use crate::test_house::House;

    fn names(folder: &Path) -> Vec<String> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                names.extend(self::names(&path))
            } else {
                names.push(path.display().to_string())
            }
        }
        names
    }

    #[test]
    fn the_files_are_the_log_under_its_checkpoint() {
        let mut house = House::honest();
        for n in 0..300 {
            house.register(&format!("p-{n}"));
        }
        let note = house.sign();
        let folder = house.folder.path().join("static");
        let exported = export_tiles(house.ledger.reader(), house.folder.path(), &folder).unwrap();
        assert_eq!(exported.size, house.ledger.reader().size().unwrap());
        assert_eq!(fs::read_to_string(folder.join("checkpoint")).unwrap(), note);
        let rest = exported.size - 256;
        for (n, width, name) in [(0, 256, "000".to_owned()), (1, rest, format!("001.p/{rest}"))] {
            let bundle = fs::read(folder.join("tile/entries").join(&name)).unwrap();
            let hashes = fs::read(folder.join("tile/0").join(&name)).unwrap();
            let leaves = split_bundle(&bundle, width).unwrap();
            for (i, leaf) in leaves.into_iter().enumerate() {
                let position = n * 256 + i as u64;
                assert_eq!(Some(leaf), house.ledger.reader().leaf(position).unwrap().as_deref());
                assert_eq!(hashes.chunks(32).nth(i), Some(leaf_hash(leaf).as_bytes().as_slice()));
            }
        }
        assert_eq!(fs::read(folder.join("tile/1/000.p/1")).unwrap().len(), 32);
        let scheme = fs::read(folder.join(format!("schemes/{}.json", house.rules.scheme.sha256))).unwrap();
        assert_eq!(Hash::of(&scheme).hex(), house.rules.scheme.sha256);
        let names = names(&folder);
        assert_eq!(names.len() as u64, exported.files);
        assert!(names.iter().all(|name| !name.ends_with(".new")), "{names:?}");
    }

    #[test]
    fn an_export_that_was_interrupted_goes_on_and_what_is_damaged_is_written_anew() {
        let mut house = House::honest();
        for n in 0..600 {
            house.register(&format!("p-{n}"));
        }
        house.sign();
        let folder = house.folder.path().join("static");
        let export = || export_tiles(house.ledger.reader(), house.folder.path(), &folder).unwrap();
        let whole = export();
        let at = |name: &str| folder.join(name);
        let file = |name: &str| (fs::read(at(name)).unwrap(), fs::metadata(at(name)).unwrap().ino());
        // it stopped before the last tiles and the checkpoint, and two files that it had written are damaged
        let damaged = ["tile/entries/001", "tile/0/000"];
        let before = ["tile/entries/000", "tile/0/001"].map(file);
        let sound = damaged.map(|name| file(name).0);
        fs::remove_file(at("checkpoint")).unwrap();
        fs::remove_dir_all(at("tile/1")).unwrap();
        let mut flipped = sound[0].clone();
        flipped[100] ^= 1;
        fs::write(at(damaged[0]), flipped).unwrap();
        fs::write(at(damaged[1]), &sound[1][..1000]).unwrap();
        let again = export();
        assert_eq!(["tile/entries/000", "tile/0/001"].map(file), before, "they are not written again");
        assert_eq!(damaged.map(|name| file(name).0), sound);
        assert_eq!(
            (again.size, again.files),
            (whole.size, 4),
            "the damaged ones, that of level 1, the checkpoint"
        );
        assert_eq!(names(&folder).len() as u64, whole.files);
    }

    #[test]
    fn a_later_export_adds_to_an_older_one_and_another_log_is_refused() {
        let mut house = House::honest();
        house.sign();
        let folder = house.folder.path().join("static");
        let before = export_tiles(house.ledger.reader(), house.folder.path(), &folder).unwrap();
        house.register("p-1");
        let note = house.sign();
        let after = export_tiles(house.ledger.reader(), house.folder.path(), &folder).unwrap();
        assert_eq!(after.size, before.size + 1);
        assert_eq!(fs::read_to_string(folder.join("checkpoint")).unwrap(), note);
        assert!(
            folder.join(format!("tile/0/000.p/{}", before.size)).exists(),
            "readers of the older one go on"
        );
        fs::write(folder.join("checkpoint"), note.replace("sample/replay", "sample/other")).unwrap();
        let refused = export_tiles(house.ledger.reader(), house.folder.path(), &folder).unwrap_err();
        assert!(matches!(refused, ExportError::OtherLog { .. }), "{refused}");
    }
}
