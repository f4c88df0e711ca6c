//! Keys that the server holds, sealed at rest.
//!
//! A sealing key is 64 hexadecimal digits, in a file that only its owner reads or in an environment variable. It never
//! signs; it only seals private keys (master key) or private values (vault key), which are distinct keys
//! (docs/format.md §4). A backup of the database without it gives nothing away.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::encoding::{hex_decode, hex_encode, sized};

/// A key that seals what must not lie in the open. Wiped from memory when dropped.
#[derive(Clone)]
pub struct SealingKey(Zeroizing<[u8; 32]>);

/// Why a sealing key, or what was sealed under it, could not be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// No key in the environment and no file.
    #[error("there is no sealing key: set {variable} or put the key file back at {file}")]
    Absent {
        /// The variable looked at.
        variable: String,
        /// The file looked for.
        file: PathBuf,
    },
    /// The file could not be read or made.
    #[error("the key file {file} could not be read or written")]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Not 64 hexadecimal digits.
    #[error("the sealing key in {place} is not 64 lower-case hexadecimal digits")]
    Malformed {
        /// The file or variable.
        place: String,
    },
    /// The system gave no random bytes.
    #[error("the system has no random bytes to give")]
    Random,
    /// Sealed under another key, or altered.
    #[error(
        "{what} does not open under this sealing key: it was sealed under another one, or altered; put the right key \
         file or variable in place"
    )]
    WrongKey {
        /// What was to be opened.
        what: String,
    },
}

impl SealingKey {
    /// A fresh key.
    ///
    /// # Errors
    ///
    /// [`KeyringError::Random`] if the system has none to give.
    pub fn fresh() -> Result<Self, KeyringError> {
        random().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// From the environment variable, or else from the file.
    ///
    /// # Errors
    ///
    /// [`KeyringError::Absent`] if neither is there, [`KeyringError::Malformed`] if what is there is no key.
    pub fn load(variable: &str, file: &Path) -> Result<Self, KeyringError> {
        if let Ok(text) = std::env::var(variable) {
            return Self::parse(&Zeroizing::new(text), variable);
        }
        match std::fs::read_to_string(file) {
            Ok(text) => Self::parse(&Zeroizing::new(text), &file.display().to_string()),
            Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => {
                Err(KeyringError::Absent { variable: variable.to_owned(), file: file.to_owned() })
            }
            Err(source) => Err(KeyringError::File { file: file.to_owned(), source }),
        }
    }

    /// As [`SealingKey::load`], but where neither is there a fresh key is made and written to the file (mode 0600).
    ///
    /// # Errors
    ///
    /// As [`SealingKey::load`], and if the file cannot be written.
    pub fn load_or_create(variable: &str, file: &Path) -> Result<Self, KeyringError> {
        match Self::load(variable, file) {
            Err(KeyringError::Absent { .. }) => {
                let key = Self::fresh()?;
                let text = Zeroizing::new(format!("{}\n", hex_encode(key.0.as_slice())));
                write_private(file, text.as_bytes())
                    .map_err(|source| KeyringError::File { file: file.to_owned(), source })?;
                Ok(key)
            }
            loaded => loaded,
        }
    }

    /// Seals bytes; `bound_to` is not stored and must be the same to open them.
    ///
    /// # Errors
    ///
    /// [`KeyringError::Random`] if the system has no nonce to give.
    pub fn seal(&self, bytes: &[u8], bound_to: &str) -> Result<Vec<u8>, KeyringError> {
        let nonce: [u8; NONCE_BYTES] = random()?;
        let payload = Payload { msg: bytes, aad: bound_to.as_bytes() };
        // the cipher refuses only messages of hundreds of gigabytes
        let sealed =
            self.cipher().encrypt(XNonce::from_slice(&nonce), payload).map_err(|_| KeyringError::Random)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`SealingKey::seal`] sealed, bound to the same text.
    ///
    /// # Errors
    ///
    /// [`KeyringError::WrongKey`], naming `what`.
    pub fn open(
        &self,
        sealed: &[u8],
        bound_to: &str,
        what: &str,
    ) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        let wrong = || KeyringError::WrongKey { what: what.to_owned() };
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES).ok_or_else(wrong)?;
        let payload = Payload { msg: sealed, aad: bound_to.as_bytes() };
        self.cipher().decrypt(XNonce::from_slice(nonce), payload).map(Zeroizing::new).map_err(|_| wrong())
    }

    /// A mark of a text that nobody makes without the key and that tells nothing of the text: 32 hexadecimal digits, the same each
    /// time.
    pub fn mark(&self, of: &str) -> String {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, self.0.as_slice());
        let tag = ring::hmac::sign(&key, format!("wuping-mark/1\n{of}").as_bytes());
        hex_encode(tag.as_ref()).chars().take(MARK_DIGITS).collect()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.0.as_slice().into())
    }

    fn parse(text: &str, place: &str) -> Result<Self, KeyringError> {
        let malformed = || KeyringError::Malformed { place: place.to_owned() };
        let bytes = Zeroizing::new(hex_decode(text.trim()).map_err(|_| malformed())?);
        sized(&bytes, "sealing-key").map(|key| Self(Zeroizing::new(key))).map_err(|_| malformed())
    }
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

/// Fresh random bytes of the system.
///
/// # Errors
///
/// [`KeyringError::Random`] if it has none to give.
pub fn random<const N: usize>() -> Result<[u8; N], KeyringError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| KeyringError::Random)?;
    Ok(bytes)
}

/// A new file that only its owner may read, synced; an existing one is not overwritten.
///
/// # Errors
///
/// What the system said.
pub fn write_private(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut made = options.open(file)?;
    made.write_all(bytes)?;
    made.sync_all()
}

const MARK_DIGITS: usize = 32;
const NONCE_BYTES: usize = 24;
/// What a seal adds to what it seals: nonce and tag.
pub(crate) const SEAL_BYTES: usize = NONCE_BYTES + 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_only_with_its_key_and_its_binding() {
        let key = SealingKey::fresh().unwrap();
        let sealed = key.seal(b"a seed", "kid-1").unwrap();
        assert_eq!(key.open(&sealed, "kid-1", "key kid-1").unwrap().as_slice(), b"a seed");
        assert!(key.open(&sealed, "kid-2", "key kid-2").is_err());
        let other = SealingKey::fresh().unwrap();
        let refused = other.open(&sealed, "kid-1", "key kid-1").unwrap_err();
        assert!(refused.to_string().starts_with("key kid-1 does not open"), "{refused}");
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert!(key.open(&damaged, "kid-1", "key").is_err());
        }
        assert!(key.open(&sealed[..10], "kid-1", "key").is_err());
    }

    #[test]
    fn a_key_file_is_made_once_and_read_by_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.key");
        assert!(matches!(SealingKey::load("WUPING_NOT_SET", &file), Err(KeyringError::Absent { .. })));
        let made = SealingKey::load_or_create("WUPING_NOT_SET", &file).unwrap();
        let again = SealingKey::load_or_create("WUPING_NOT_SET", &file).unwrap();
        assert_eq!(*made.0, *again.0);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::write(&file, "not a key").unwrap();
        assert!(matches!(SealingKey::load("WUPING_NOT_SET", &file), Err(KeyringError::Malformed { .. })));
    }
}
