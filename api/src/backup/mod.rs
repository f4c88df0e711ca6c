//! A backup: one file with the ledger, the vault, the office's records and the attachments as of one moment, made while the server
//! writes. Any changed byte of it is found (docs/operators.md).
//!
//! It is a plain tar whose first member is the manifest, and behind its end a line with the digest of all before it.

mod restore;
mod unpack;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use wuping_ledger::encoding::hex_encode;
use wuping_ledger::place::database_url;
use wuping_ledger::reader::Reader;
use wuping_ledger::stamps;
use wuping_ledger::store::StoreError;
use wuping_ledger::timestamp::Timestamp;

use crate::authorities::files_of_roots;

pub use restore::{Restore, Restored, is_unrecorded, record_restoration, restore};
pub use unpack::unpack;

/// What a backup holds.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `wuping-backup/1`.
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
    /// Every file, with its digest and length.
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
    /// The ledger is on a server.
    #[error(
        "the ledger is on a Postgres server: back it up with the server's own tools, and this folder as docs/operators.md says"
    )]
    OnAServer,
    /// The environment names a server, which would be looked at instead of what is unpacked.
    #[error("WUPING_DATABASE_URL names a server: a backup is files, so unset it and try again")]
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
    /// What was restored is not sound.
    #[error("the backup is not restored: {findings} finding(s), the first is {first}")]
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
    #[error("the backup is not restored: the checkpoint in {place} is not of this history")]
    Forked {
        /// Where the checkpoint is.
        place: PathBuf,
        /// What differs.
        #[source]
        source: wuping_ledger::checkpoints::CheckpointError,
    },
    /// The ledger could not be read or written.
    #[error("the ledger could not be read")]
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

/// Backs the ledger of a folder up into a new file.
///
/// # Errors
/// [`BackupError`]; nothing is left behind under the file's name.
pub fn make(folder: &Path, file: &Path, with_keys: bool) -> Result<Manifest, BackupError> {
    if file.exists() {
        return Err(BackupError::Exists { file: file.to_owned() });
    }
    if database_url(folder)?.is_some() {
        return Err(BackupError::OnAServer);
    }
    let beside = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let snapshots = tempfile::Builder::new().prefix(".wuping-backup-").tempdir_in(beside);
    let snapshots = snapshots.map_err(|source| BackupError::File { file: beside.to_owned(), source })?;
    // in this order nothing in a copy refers to what an earlier copy lacks
    let mut members: Vec<(String, PathBuf)> = Vec::new();
    for name in PLAIN_FILES {
        let (from, to) = (folder.join(name), snapshots.path().join(name));
        if from.is_file() {
            std::fs::copy(&from, &to).map_err(failed(&from))?;
            members.push(((*name).to_owned(), to));
        }
    }
    for name in DATABASES {
        let (from, to) = (folder.join(name), snapshots.path().join(name));
        if from.is_file() {
            snapshot(&from, &to)?;
            members.push(((*name).to_owned(), to));
        }
    }
    if with_keys {
        members.extend(
            KEYS.iter().map(|name| ((*name).to_owned(), folder.join(name))).filter(|(_, key)| key.is_file()),
        );
    }
    attachments(&folder.join("attachments"), "attachments", &mut members)?;
    members.extend(files_of_roots(folder).into_iter().map(|name| (name.clone(), folder.join(name))));
    // whole files too, by renaming
    attachments(&folder.join(stamps::FOLDER), stamps::FOLDER, &mut members)?;

    let copied = Reader::open(snapshots.path())?;
    let head = copied.head()?.map(|head| head.frontier).unwrap_or_default();
    let mut files = BTreeMap::new();
    for (name, path) in &members {
        files.insert(name.clone(), measured(path)?);
    }
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        origin: copied.origin()?.to_owned(),
        size: head.size(),
        root: head.root().hex(),
        made_at: Timestamp::now().to_string(),
        with_keys,
        files,
    };
    let part = with_ending(file, ".part");
    if part.exists() {
        return Err(BackupError::Exists { file: part });
    }
    let written = write(&part, &manifest, &members).and_then(|()| std::fs::rename(&part, file));
    written.map_err(|source| {
        // it is of no use half written
        let _ = std::fs::remove_file(&part);
        BackupError::File { file: file.to_owned(), source }
    })?;
    Ok(manifest)
}

/// A copy of a database as of one moment, while others write.
fn snapshot(from: &Path, to: &Path) -> Result<(), BackupError> {
    let failed = |source| BackupError::Database { file: from.to_owned(), source };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(from, flags).map_err(failed)?;
    connection.busy_timeout(std::time::Duration::from_secs(30)).map_err(failed)?;
    connection.execute("VACUUM INTO ?1", [to.to_string_lossy()]).map(|_| ()).map_err(failed)
}

/// Attachments are named by their digest, so that one is whole or not there.
fn attachments(folder: &Path, name: &str, members: &mut Vec<(String, PathBuf)>) -> Result<(), BackupError> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed(folder))?,
    };
    for entry in entries {
        let path = entry.map_err(failed(folder))?.path();
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        let inner = format!("{name}/{file_name}");
        if path.is_dir() {
            attachments(&path, &inner, members)?;
        } else if !file_name.contains('#') {
            // what is being written at this moment has a `#` in its name
            members.push((inner, path.clone()));
        }
    }
    Ok(())
}

fn write(part: &Path, manifest: &Manifest, members: &[(String, PathBuf)]) -> io::Result<()> {
    let mut tar = tar::Builder::new(Hashing { inner: BufWriter::new(private(part)?), hash: Sha256::new() });
    let text = serde_json::to_vec_pretty(manifest)?;
    tar.append_data(&mut header(text.len() as u64), MANIFEST, text.as_slice())?;
    for (name, path) in members {
        let bytes = manifest.files.get(name).map_or(0, |member| member.bytes);
        // a file that grew since it was measured is cut where it was; one that was erased since ends the backup
        let file = BufReader::new(File::open(path)?).take(bytes);
        tar.append_data(&mut header(bytes), name, file)?;
    }
    let Hashing { inner, hash } = tar.into_inner()?;
    let mut file = inner;
    writeln!(file, "{DIGEST_LINE}{}", hex_encode(&hash.finalize()))?;
    file.into_inner()?.sync_all()
}

fn header(bytes: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_size(bytes);
    header.set_mode(0o600);
    header
}

/// A new file that only its owner reads: keys and private values may be in it.
fn private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Hashes what goes through.
struct Hashing<W> {
    inner: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Digest and length of a file.
fn measured(path: &Path) -> Result<Member, BackupError> {
    let mut hash = Sha256::new();
    let copied = File::open(path).and_then(|mut file| io::copy(&mut file, &mut hash));
    let bytes = copied.map_err(failed(path))?;
    Ok(Member { sha256: hex_encode(&hash.finalize()), bytes })
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

const FORMAT: &str = "wuping-backup/1";
const MANIFEST: &str = "manifest.json";
const DIGEST_LINE: &str = "sha256 ";
/// The digest's line: 7 letters, 64 digits, a newline.
const DIGEST_LINE_BYTES: u64 = 72;
const PLAIN_FILES: &[&str] =
    &["checkpoints.txt", "cosigned.txt", "witnesses.txt", "authorities.txt", "fork-alarm.txt"];
const DATABASES: &[&str] = &["ledger.db", "vault.db", "office.db"];
const KEYS: &[&str] = &["master.key", "vault.key"];
