//! A log as static files: what every copy of it has, wherever it lies (docs/format.md §6).

use std::io::ErrorKind::{NotADirectory, NotFound};
use std::path::{Path, PathBuf};

use crate::store::StoreError;
use crate::tile::{Tile, WIDTH};

/// Where the files of a log are read. Nothing that is read is believed.
pub trait LogFiles: Send + Sync {
    /// The files of these names, each relative to the log, in the same order; none where there is no such file.
    ///
    /// # Errors
    ///
    /// [`StoreError::Log`] if it cannot be told what a file is, or whether it is there.
    fn read(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError>;

    /// The names of all files under a folder; none where that cannot be listed.
    ///
    /// # Errors
    ///
    /// As [`LogFiles::read`].
    fn list(&self, folder: &str) -> Result<Option<Vec<String>>, StoreError>;

    /// Where the log is, for a person.
    fn place(&self) -> String;
}

/// The file of one name.
///
/// # Errors
///
/// As [`LogFiles::read`].
pub fn read_file(files: &dyn LogFiles, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(files.read(&[name.to_owned()])?.pop().flatten())
}

/// Tiles as they lie there. A partial one may be gone once its full tile is there: then it is the first part of that.
///
/// # Errors
///
/// As [`LogFiles::read`].
pub(crate) fn read_tiles(files: &dyn LogFiles, wanted: &[Tile]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
    let names: Vec<String> = wanted.iter().map(Tile::to_string).collect();
    let mut read = files.read(&names)?;
    for (tile, bytes) in
        wanted.iter().zip(&mut read).filter(|(tile, bytes)| !tile.is_full() && bytes.is_none())
    {
        let full = read_file(files, &Tile { width: WIDTH, ..*tile }.to_string())?;
        *bytes = full.map(|full| tile.first_of(full));
    }
    Ok(read)
}

/// The name of the file in which the rulebook of this digest lies.
#[must_use]
pub fn scheme_file(sha256: &str) -> String {
    format!("schemes/{sha256}.json")
}

/// A log in a folder.
#[derive(Clone, Debug)]
pub struct FolderFiles {
    folder: PathBuf,
}

impl FolderFiles {
    /// The log in this folder.
    pub fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    fn file(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let file = self.folder.join(name);
        match std::fs::read(&file) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if matches!(error.kind(), NotFound | NotADirectory) => Ok(None),
            Err(source) => Err(StoreError::Log { file: file.display().to_string(), source: source.into() }),
        }
    }
}

impl LogFiles for FolderFiles {
    fn read(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        names.iter().map(|name| self.file(name)).collect()
    }

    fn list(&self, folder: &str) -> Result<Option<Vec<String>>, StoreError> {
        let listed = self.folder.join(folder);
        let failed = |source: std::io::Error| StoreError::Log {
            file: listed.display().to_string(),
            source: source.into(),
        };
        let entries = match std::fs::read_dir(&listed) {
            Err(error) if error.kind() == NotFound => return Ok(Some(vec![])),
            entries => entries.map_err(failed)?,
        };
        let mut names = Vec::new();
        for entry in entries {
            names.push(format!("{folder}/{}", entry.map_err(failed)?.file_name().to_string_lossy()));
        }
        names.sort_unstable();
        Ok(Some(names))
    }

    fn place(&self) -> String {
        self.folder.display().to_string()
    }
}
