//! A backup: one file with the ledger, the vault, the office's records and the attachments as of one moment, made while the server
//! writes. Any changed byte of it is found (docs/operators.md).
//!
//! Whether the ledger lies in the folder or on a Postgres server, its tables are in it as files of a folder: so it may be put back into
//! either, and is verified without a server.
//!
//! It is a plain tar whose first member is the manifest; behind the files that it lists come the attachments, each named by its own
//! digest, and behind the end of the tar a line with the digest of all before it.

mod make;
mod restore;
mod restored;
mod unpack;
mod words;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use wuping_ledger::encoding::hex_encode;
use wuping_ledger::store::StoreError;
use wuping_ledger::table_copy::{LEDGER, TableFile, VAULT};

use crate::office::OFFICE;

pub use make::{LastBackup, Made, last_backup, make};
pub use restore::{PutBack, Restore, restore};
pub use restored::{Restored, Unasked, is_unrecorded, record_restoration};
pub use unpack::unpack;

/// What a backup holds.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `wuping-backup/2`; `wuping-backup/1` is read too.
    pub format: String,
    /// The ledger's name.
    pub origin: String,
    /// Number of its entries.
    pub size: u64,
    /// Root of the tree over them, lower-case hex.
    pub root: String,
    /// When it was made.
    pub made_at: String,
    /// Whether the keys that open it are in it.
    pub with_keys: bool,
    /// Every file but the attachments, with its digest and length; in `wuping-backup/1` the attachments too.
    pub files: BTreeMap<String, Member>,
}

/// A file of a backup.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// SHA-256, lower-case hex.
    pub sha256: String,
    /// Length in bytes.
    pub bytes: u64,
}

/// Why a backup could not be made, read or put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is a file of this name.
    #[error("{file} is there already: name a new file, a backup is never overwritten")]
    Exists {
        /// The file.
        file: PathBuf,
    },
    /// The environment names a server, which would be looked at instead of what is unpacked.
    #[error(
        "WUPING_DATABASE_URL names a server, and a backup is looked at as files: unset it and try again; a server to put the backup back \
         on is named with --database-url"
    )]
    NamesAServer,
    /// A file could not be read or written.
    #[error("{file} could not be read or written")]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A database could not be copied.
    #[error("{file} could not be copied")]
    Database {
        /// The database.
        file: PathBuf,
        /// What the database said.
        #[source]
        source: rusqlite::Error,
    },
    /// The file is not the backup that was made.
    #[error("{file} is damaged or no backup: {why}")]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A file that is to say what was signed says nothing about this ledger.
    #[error(
        "the backup is not restored: {place} holds no checkpoint that this ledger's log key signed; --checkpoint takes what \
         /log/checkpoint gave, or the checkpoints.txt of this ledger"
    )]
    NoCheckpoint {
        /// The file.
        place: PathBuf,
    },
    /// The folder has something in it.
    #[error(
        "{folder} is not empty ({found}): restore into a new folder; only master.key and vault.key may be there already"
    )]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
        /// What was found.
        found: String,
    },
    /// What stands where it is unpacked is nothing of ours.
    #[error(
        "{part} is there already, and is no restoration that was interrupted: move it away, then try again"
    )]
    NotOurs {
        /// The folder.
        part: PathBuf,
    },
    /// The office's records could not be opened.
    #[error("the sessions in {file} could not be ended")]
    Sessions {
        /// The database.
        file: PathBuf,
        /// What it said.
        #[source]
        source: rusqlite::Error,
    },
    /// Who is asked to cosign or to time-stamp cannot be read.
    #[error("the lists of witnesses and authorities in the backup cannot be read")]
    Trust(#[from] crate::trusting::TrustError),
    /// It could not be verified.
    #[error("the backup is not restored: it could not be verified")]
    Verify(#[from] wuping_replay::verify::VerifyError),
    /// What was restored is not sound.
    #[error(
        "the backup is not restored: {findings} finding(s), the first is {first}. “wuping verify --backup” lists them; take another \
         backup if there is one; --accept-findings goes on all the same and says so in the log for ever"
    )]
    Unsound {
        /// How many.
        findings: usize,
        /// The first.
        first: String,
    },
    /// Somebody has seen more of this ledger.
    #[error(
        "the backup is not restored: it has {size} entries, but {known} were signed ({place}). Put a newer backup back, or ask \
         clients and mirrors for the rest (docs/format.md §13); --accept-loss REASON goes on without them, for ever"
    )]
    Older {
        /// Entries in the backup.
        size: u64,
        /// Entries under the checkpoint.
        known: u64,
        /// Where the checkpoint is.
        place: PathBuf,
    },
    /// A checkpoint kept elsewhere is of another history.
    #[error(
        "the backup is not restored: the checkpoint in {place} is not of this history. Keep the backup and the checkpoint, they are \
         evidence; take a backup that the checkpoint fits, and find out where this one comes from"
    )]
    Forked {
        /// Where the checkpoint is.
        place: PathBuf,
        /// What differs.
        #[source]
        source: wuping_ledger::checkpoints::CheckpointError,
    },
    /// The ledger could not be read or written.
    #[error("the ledger could not be read or written")]
    Store(#[from] StoreError),
    /// The private reason could not be kept.
    #[error("the reason could not be kept in the vault")]
    Vault(#[from] wuping_ledger::vault::VaultError),
    /// The restoration could not be recorded.
    #[error("the restoration could not be recorded")]
    Append(#[from] wuping_ledger::append::AppendError),
    /// A name is not as the format has it.
    #[error("the ledger's format does not allow it")]
    Rule(#[from] wuping_ledger::refusal::Refusal),
}

/// What is being done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Doing {
    /// The digest of a backup is compared with what it says.
    Checking,
    /// Databases are copied as of one moment.
    CopyingDatabases,
    /// The database of a server is filled.
    FillingDatabase,
    /// A backup is written.
    Packing,
    /// A backup is taken apart.
    Unpacking,
    /// What was taken apart is verified.
    Verifying,
}

/// How far something has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress {
    /// What is being done.
    pub doing: Doing,
    /// Bytes done.
    pub done: u64,
    /// Bytes in all; 0 where nobody knows.
    pub of: u64,
}

/// A new file that only its owner reads: keys and private values may be in it.
fn private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Digest and length of a file.
fn measured(path: &Path) -> Result<Member, BackupError> {
    let mut hash = Sha256::new();
    let copied = File::open(path).and_then(|mut file| io::copy(&mut file, &mut hash));
    let bytes = copied.map_err(failed(path))?;
    Ok(Member { sha256: hex_encode(&hash.finalize()), bytes })
}

/// Where a backup is unpacked before it is put into a folder.
#[must_use]
pub fn unpacked_beside(folder: &Path) -> PathBuf {
    with_ending(folder, ".part")
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn failed(file: &Path) -> impl Fn(io::Error) -> BackupError {
    let file = file.to_owned();
    move |source| BackupError::File { file: file.clone(), source }
}

const FORMAT: &str = "wuping-backup/2";
const FORMAT_BEFORE: &str = "wuping-backup/1";
const MANIFEST: &str = "manifest.json";
const DIGEST_LINE: &str = "sha256 ";
/// The digest's line: 7 letters, 64 digits, a newline.
const DIGEST_LINE_BYTES: u64 = 72;
const CHECKPOINTS: &str = "checkpoints.txt";
const PLAIN_FILES: &[&str] =
    &[CHECKPOINTS, "cosigned.txt", "witnesses.txt", "authorities.txt", "fork-alarm.txt"];
/// The ledger before the vault: every private value that an entry names is there.
const TABLES: &[&TableFile] = &[&LEDGER, &VAULT, &OFFICE];
const DATABASES: &[&str] = &[LEDGER.name, VAULT.name, OFFICE.name];
const KEYS: &[&str] = &["master.key", "vault.key"];
