//! Attachments: photos, letters and PDFs, named by the SHA-256 of their bytes.
//!
//! Durability: [`Attachments::put`] returns when the store has taken the bytes; in a folder they are synced to the
//! disk by then. Order: an attachment is put before the entry that names it is appended. Putting the same bytes twice
//! is harmless. Trust: none in the store; every read is compared with its name.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::path::Path as Place;
use object_store::{ObjectStore, PutPayload};
use sha2::{Digest, Sha256};

/// A store of attachments. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Attachments {
    store: Arc<dyn ObjectStore>,
    /// Where the store is a folder, which syncs nothing by itself.
    folder: Option<PathBuf>,
}

/// Why an attachment could not be kept or given back.
#[derive(Debug, thiserror::Error)]
pub enum AttachmentError {
    /// The bytes kept under this name are not those it names.
    #[error("the attachment {sha256} was altered: its bytes have another digest; restore it from a backup")]
    Altered {
        /// The name, lower-case hex.
        sha256: String,
    },
    /// The folder could not be made, or the attachment not synced to it.
    #[error("the attachments' folder {folder} could not be written; see that it exists and has room")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Nothing is kept under this name.
    #[error("no attachment {sha256} is kept here")]
    Missing {
        /// The name, lower-case hex.
        sha256: String,
    },
    /// The name is not 64 lower-case hex digits.
    #[error("an attachment is named by 64 lower-case hex digits")]
    Name,
    /// The store refused or could not be reached.
    #[error("the attachments' store did not answer; try again, then see its own log")]
    Store(#[source] object_store::Error),
}

impl Attachments {
    /// A folder of this machine, made if it is not there.
    ///
    /// # Errors
    ///
    /// [`AttachmentError::Folder`] if it cannot be made, [`AttachmentError::Store`] if it cannot be used.
    pub fn in_folder(folder: &Path) -> Result<Self, AttachmentError> {
        let failed = |source| AttachmentError::Folder { folder: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(AttachmentError::Store)?;
        Ok(Self { store: Arc::new(store), folder: Some(folder.to_owned()) })
    }

    /// Any object store, a bucket for one.
    #[must_use]
    pub fn in_store(store: Arc<dyn ObjectStore>) -> Self {
        Self { store, folder: None }
    }

    /// Keeps `bytes` and answers their name, lower-case hex.
    ///
    /// # Errors
    ///
    /// [`AttachmentError`] if they could not be kept durably.
    pub async fn put(&self, bytes: Vec<u8>) -> Result<String, AttachmentError> {
        let sha256 = hex(&Sha256::digest(&bytes));
        let place = place(&sha256)?;
        self.store.put(&place, PutPayload::from(bytes)).await.map_err(AttachmentError::Store)?;
        if let Some(folder) = self.folder.clone() {
            let file = folder.join(place.as_ref());
            let synced = tokio::task::spawn_blocking(move || sync(&file)).await;
            let failed = |source| AttachmentError::Folder { folder, source };
            synced.map_err(std::io::Error::other).and_then(|synced| synced).map_err(failed)?;
        }
        Ok(sha256)
    }

    /// The bytes of that name, compared with it.
    ///
    /// # Errors
    ///
    /// [`AttachmentError::Missing`] if there are none, [`AttachmentError::Altered`] if they are others.
    pub async fn read(&self, sha256: &str) -> Result<Vec<u8>, AttachmentError> {
        let found = match self.store.get(&place(sha256)?).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => {
                return Err(AttachmentError::Missing { sha256: sha256.to_owned() });
            }
            Err(source) => return Err(AttachmentError::Store(source)),
        };
        let bytes = found.bytes().await.map_err(AttachmentError::Store)?;
        if hex(&Sha256::digest(&bytes)) != sha256 {
            return Err(AttachmentError::Altered { sha256: sha256.to_owned() });
        }
        Ok(bytes.to_vec())
    }

    /// Whether bytes of that name are kept; they are not read.
    ///
    /// # Errors
    ///
    /// [`AttachmentError`] if the store does not answer.
    pub async fn has(&self, sha256: &str) -> Result<bool, AttachmentError> {
        match self.store.head(&place(sha256)?).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(source) => Err(AttachmentError::Store(source)),
        }
    }

    /// Deletes the bytes of that name: erasure (docs/format.md §8). Nothing kept is nothing to do.
    ///
    /// # Errors
    ///
    /// [`AttachmentError`] if the store does not answer.
    pub async fn erase(&self, sha256: &str) -> Result<(), AttachmentError> {
        match self.store.delete(&place(sha256)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(AttachmentError::Store(source)),
        }
    }
}

/// Deletes the bytes of that name from a folder of this machine, durably, outside of async code. Nothing kept is nothing to do.
///
/// # Errors
///
/// [`AttachmentError`] if the folder cannot be written.
pub fn erase_in_folder(folder: &Path, sha256: &str) -> Result<(), AttachmentError> {
    let file = folder.join(place(sha256)?.as_ref());
    let gone = match std::fs::remove_file(&file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        removed => removed.and_then(|()| match file.parent() {
            Some(parent) => File::open(parent)?.sync_all(),
            None => Ok(()),
        }),
    };
    gone.map_err(|source| AttachmentError::Folder { folder: folder.to_owned(), source })
}

/// `ab/ab12…`: 256 folders, so that none holds everything.
fn place(sha256: &str) -> Result<Place, AttachmentError> {
    let well_formed = sha256.len() == 64 && sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    match (well_formed, sha256.get(..2)) {
        (true, Some(first)) => Ok(Place::from(format!("{first}/{sha256}"))),
        _ => Err(AttachmentError::Name),
    }
}

/// The file and the folders that name it, so that neither the bytes nor the name is lost in a power cut.
fn sync(file: &Path) -> std::io::Result<()> {
    File::open(file)?.sync_all()?;
    for folder in file.ancestors().skip(1).take(2) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_put_is_read_back_by_its_digest() {
        let folder = tempfile::tempdir().unwrap();
        let attachments = Attachments::in_folder(folder.path()).unwrap();
        let sha256 = attachments.put(b"a photo".to_vec()).await.unwrap();
        assert_eq!(sha256, attachments.put(b"a photo".to_vec()).await.unwrap());
        assert_eq!(attachments.read(&sha256).await.unwrap(), b"a photo");
        assert!(attachments.has(&sha256).await.unwrap());
        attachments.erase(&sha256).await.unwrap();
        attachments.erase(&sha256).await.unwrap();
        assert!(!attachments.has(&sha256).await.unwrap());
        attachments.put(b"a photo".to_vec()).await.unwrap();
        erase_in_folder(folder.path(), &sha256).unwrap();
        erase_in_folder(folder.path(), &sha256).unwrap();
        assert!(erase_in_folder(folder.path(), "../x").is_err());
        assert!(!attachments.has(&sha256).await.unwrap());
        assert!(matches!(attachments.read(&sha256).await, Err(AttachmentError::Missing { .. })));
    }

    #[tokio::test]
    async fn an_altered_attachment_is_not_given_out() {
        let folder = tempfile::tempdir().unwrap();
        let attachments = Attachments::in_folder(folder.path()).unwrap();
        let sha256 = attachments.put(b"a letter".to_vec()).await.unwrap();
        std::fs::write(folder.path().join(&sha256[..2]).join(&sha256), b"another letter").unwrap();
        assert!(matches!(attachments.read(&sha256).await, Err(AttachmentError::Altered { .. })));
        attachments.put(b"a letter".to_vec()).await.unwrap();
        assert_eq!(attachments.read(&sha256).await.unwrap(), b"a letter");
    }

    #[tokio::test]
    async fn a_name_that_is_a_path_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let attachments = Attachments::in_folder(folder.path()).unwrap();
        let upper = "AB".repeat(32);
        for name in ["../../etc/passwd", "", "ab", upper.as_str()] {
            assert!(matches!(attachments.read(name).await, Err(AttachmentError::Name)));
        }
    }
}
