//! The log as static files, for any verifier that knows C2SP tiles (docs/format.md §6).

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;
use wuping_ledger::note::parse_checkpoint_text;
use wuping_ledger::reader::Reader;
use wuping_ledger::refusal::Refusal;
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
    /// The checkpoint is none.
    #[error("the newest checkpoint cannot be read")]
    Note(#[from] Refusal),
    /// The ledger could not be read.
    #[error("the ledger could not be read")]
    Store(#[from] StoreError),
}

/// Write entry bundles, hash tiles and rulebooks under a folder, and the checkpoint last, by renaming.
///
/// # Errors
/// If something could not be read or written; the old checkpoint is then still in place.
pub fn export_tiles(reader: &Reader, folder: &Path) -> Result<Exported, ExportError> {
    let note = reader.checkpoint()?.ok_or(ExportError::NoCheckpoint)?;
    let text = note.split("\n\n").next().unwrap_or_default();
    let (_, size, _) = parse_checkpoint_text(&format!("{text}\n"))?;
    let mut files = 0;
    for tile in entry_bundles_for(size).chain(tiles_for(size)) {
        write(&folder.join(tile.to_string()), &rendered(reader, &tile)?)?;
        files += 1;
    }
    for scheme in reader.schemes()? {
        write(&folder.join("schemes").join(format!("{}.json", scheme.sha256)), &scheme.bytes)?;
        files += 1;
    }
    let beside = folder.join("checkpoint.new");
    write(&beside, note.as_bytes())?;
    let place = folder.join("checkpoint");
    fs::rename(&beside, &place).map_err(|source| ExportError::File { path: place, source })?;
    Ok(Exported { size, files: files + 1 })
}

fn rendered(reader: &Reader, tile: &Tile) -> Result<Vec<u8>, ExportError> {
    let width = tile.width;
    let bytes = match tile.kind {
        TileKind::Entries => reader.entry_bundle(tile.n, width)?,
        TileKind::Hashes(level) => reader.tile(level, tile.n, width)?,
    };
    bytes.ok_or_else(|| ExportError::Missing { tile: tile.to_string() })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ExportError> {
    let failed = |source| ExportError::File { path: path.to_owned(), source };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    let mut file = File::create(path).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)
}
