//! Making a backup while others write: databases copied as of one moment, each of its own where they are files, in an order in which
//! none refers to what an earlier copy lacks; then packed with the attachments, however many there are.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use wuping_ledger::checkpoints::gather;
use wuping_ledger::encoding::{hex_encode, is_sha256_hex, sha256};
use wuping_ledger::reader::Reader;
use wuping_ledger::stamps;
use wuping_ledger::table_copy::ServerSnapshot;
use wuping_ledger::timestamp::Timestamp;

use super::{
    BackupError, CHECKPOINTS, DATABASES, DIGEST_LINE, Doing, FORMAT, KEYS, MANIFEST, Manifest, PLAIN_FILES,
    Progress, TABLES, failed, measured, private, with_ending,
};
use crate::authorities::files_of_roots;
use crate::office::end_sessions;

/// A backup that was made.
#[derive(Clone, Debug, Serialize)]
pub struct Made {
    /// What it says of itself.
    #[serde(flatten)]
    pub manifest: Manifest,
    /// How many attachments are in it.
    pub attachments: u64,
    /// Attachments that are not in it: their bytes have another digest than their name.
    pub altered: Vec<String>,
}

/// When the last backup of a folder was made: kept in the folder, so that somebody may be told how old it is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LastBackup {
    /// Where it was put.
    pub file: PathBuf,
    /// When.
    pub made_at: String,
    /// How many entries it has.
    pub size: u64,
}

/// Backs the ledger of a folder up into a new file.
///
/// # Errors
/// [`BackupError`]; nothing is left behind under the file's name.
pub fn make(
    folder: &Path,
    file: &Path,
    with_keys: bool,
    progress: &mut dyn FnMut(Progress),
) -> Result<Made, BackupError> {
    if file.exists() {
        return Err(BackupError::Exists { file: file.to_owned() });
    }
    // what is wrong with the ledger is told of its own folder
    Reader::open(folder)?.head()?;
    let beside = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let snapshots = tempfile::Builder::new().prefix(".wuping-backup-").tempdir_in(beside);
    let snapshots = snapshots.map_err(|source| BackupError::File { file: beside.to_owned(), source })?;
    let members = copied(folder, snapshots.path(), with_keys, progress)?;
    let copy = Reader::of_file_in(snapshots.path())?;
    let head = copy.head()?.map(|head| head.frontier).unwrap_or_default();
    let mut files = BTreeMap::new();
    for (name, path) in &members {
        files.insert(name.clone(), measured(path)?);
    }
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        origin: copy.origin()?.to_owned(),
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
    let attachments = folder.join("attachments");
    let written = write(&part, &manifest, &members, &attachments, progress)
        .and_then(|packed| std::fs::rename(&part, file).map(|()| packed));
    let packed = written.map_err(|source| {
        // it is of no use half written
        let _ = std::fs::remove_file(&part);
        BackupError::File { file: file.to_owned(), source }
    })?;
    remember(folder, file, &manifest);
    Ok(Made { manifest, attachments: packed.count, altered: packed.altered })
}

/// When the last backup of a folder was made; none if that is not known.
#[must_use]
pub fn last_backup(folder: &Path) -> Option<LastBackup> {
    serde_json::from_str(&std::fs::read_to_string(folder.join(LAST_BACKUP)).ok()?).ok()
}

fn remember(folder: &Path, file: &Path, manifest: &Manifest) {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let last = LastBackup { file, made_at: manifest.made_at.clone(), size: manifest.size };
    // the backup is made all the same where this note of it cannot be written
    let _ = std::fs::write(folder.join(LAST_BACKUP), json!(last).to_string());
}

/// Copies of all that is written to, and the keys where they lie; each with its name in the backup.
fn copied(
    folder: &Path,
    snapshots: &Path,
    with_keys: bool,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<(String, PathBuf)>, BackupError> {
    let mut members: Vec<(String, PathBuf)> = Vec::new();
    for name in PLAIN_FILES {
        let (from, to) = (folder.join(name), snapshots.join(name));
        if from.is_file() {
            std::fs::copy(&from, &to).map_err(failed(&from))?;
            members.push(((*name).to_owned(), to));
        }
    }
    match ServerSnapshot::of_folder(folder)? {
        Some(server) => copied_from_server(&server, snapshots, &mut members, progress)?,
        None => copied_files(folder, snapshots, &mut members, progress)?,
    }
    if with_keys {
        let keys = KEYS.iter().map(|name| ((*name).to_owned(), folder.join(name)));
        members.extend(keys.filter(|(_, key)| key.is_file()));
    }
    members.extend(files_of_roots(folder).into_iter().map(|name| (name.clone(), folder.join(name))));
    time_stamps(&folder.join(stamps::FOLDER), &mut members)?;
    Ok(members)
}

/// Copies of a server's tables, all as of one moment. Sessions are not among them: who is signed in now is nobody's business later.
fn copied_from_server(
    server: &ServerSnapshot,
    snapshots: &Path,
    members: &mut Vec<(String, PathBuf)>,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), BackupError> {
    for file in TABLES {
        let to = snapshots.join(file.name);
        server
            .copy(file, &to, &mut || progress(Progress { doing: Doing::CopyingDatabases, done: 0, of: 0 }))?;
        members.push((file.name.to_owned(), to));
    }
    // the folder of one node of several has what that node signed
    gather(&Reader::of_file_in(snapshots)?, snapshots)?;
    if !members.iter().any(|(name, _)| name == CHECKPOINTS) {
        members.push((CHECKPOINTS.to_owned(), snapshots.join(CHECKPOINTS)));
    }
    Ok(())
}

/// Copies of a folder's databases.
fn copied_files(
    folder: &Path,
    snapshots: &Path,
    members: &mut Vec<(String, PathBuf)>,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), BackupError> {
    for name in DATABASES {
        let (from, to) = (folder.join(name), snapshots.join(name));
        if from.is_file() {
            progress(Progress { doing: Doing::CopyingDatabases, done: 0, of: 0 });
            snapshot(&from, &to)?;
            if *name == "office.db" {
                // who is signed in now is nobody's business later
                end_sessions(&to).map_err(|source| BackupError::Database { file: to.clone(), source })?;
            }
            members.push(((*name).to_owned(), to));
        }
    }
    Ok(())
}

/// Time-stamps lie whole in their folder, or not yet: what is being written at this moment ends in `.part`.
fn time_stamps(folder: &Path, members: &mut Vec<(String, PathBuf)>) -> Result<(), BackupError> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed(folder))?,
    };
    for entry in entries {
        let path = entry.map_err(failed(folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !name.ends_with(".part") {
            members.push((format!("{}/{name}", stamps::FOLDER), path));
        }
    }
    Ok(())
}

/// A copy of a database as of one moment, while others write.
fn snapshot(from: &Path, to: &Path) -> Result<(), BackupError> {
    let failed = |source| BackupError::Database { file: from.to_owned(), source };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(from, flags).map_err(failed)?;
    connection.busy_timeout(std::time::Duration::from_secs(30)).map_err(failed)?;
    connection.execute("VACUUM INTO ?1", [to.to_string_lossy()]).map(|_| ()).map_err(failed)
}

/// What became of the attachments.
#[derive(Default)]
struct Packed {
    count: u64,
    altered: Vec<String>,
}

fn write(
    part: &Path,
    manifest: &Manifest,
    members: &[(String, PathBuf)],
    attachments: &Path,
    progress: &mut dyn FnMut(Progress),
) -> io::Result<Packed> {
    let mut of: u64 = manifest.files.values().map(|member| member.bytes).sum();
    each_attachment(attachments, &mut |path, _| {
        of += path.metadata().map_or(0, |known| known.len());
        Ok(())
    })?;
    let mut done = 0;
    let mut tar = tar::Builder::new(Hashing { inner: BufWriter::new(private(part)?), hash: Sha256::new() });
    let text = serde_json::to_vec_pretty(manifest)?;
    tar.append_data(&mut header(text.len() as u64), MANIFEST, text.as_slice())?;
    for (name, path) in members {
        let bytes = manifest.files.get(name).map_or(0, |member| member.bytes);
        // a file that grew since it was measured is cut where it was
        let file = BufReader::new(File::open(path)?).take(bytes);
        let counted =
            Counted { inner: file, done: &mut done, of, doing: Doing::Packing, progress: &mut *progress };
        tar.append_data(&mut header(bytes), name, counted)?;
    }
    let mut packed = Packed::default();
    each_attachment(attachments, &mut |path, name| {
        let bytes = match std::fs::read(path) {
            // erased since it was listed
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            bytes => bytes?,
        };
        if hex_encode(&sha256(&bytes)) != name {
            packed.altered.push(name.to_owned());
            return Ok(());
        }
        let inner = format!("attachments/{}/{name}", &name[..2]);
        tar.append_data(&mut header(bytes.len() as u64), inner, bytes.as_slice())?;
        packed.count += 1;
        done += bytes.len() as u64;
        progress(Progress { doing: Doing::Packing, done, of });
        Ok(())
    })?;
    let Hashing { inner, hash } = tar.into_inner()?;
    let mut file = inner;
    writeln!(file, "{DIGEST_LINE}{}", hex_encode(&hash.finalize()))?;
    file.into_inner()?.sync_all()?;
    Ok(packed)
}

/// Shows each attachment with its name, the digest of its bytes, and keeps no list of them. What is being written at this moment,
/// and whatever else lies there, has another name.
fn each_attachment(folder: &Path, each: &mut dyn FnMut(&Path, &str) -> io::Result<()>) -> io::Result<()> {
    let firsts = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        firsts => firsts?,
    };
    let mut firsts = firsts.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    firsts.sort();
    for first in firsts.into_iter().filter(|first| first.is_dir()) {
        for entry in std::fs::read_dir(&first)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let in_place = first.file_name().is_some_and(|first| name.get(..2) == first.to_str());
            if is_sha256_hex(&name) && in_place {
                each(&path, &name)?;
            }
        }
    }
    Ok(())
}

fn header(bytes: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_size(bytes);
    header.set_mode(0o600);
    header
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

/// Tells how much was read.
pub(super) struct Counted<'p, R> {
    pub(super) inner: R,
    pub(super) done: &'p mut u64,
    pub(super) of: u64,
    pub(super) doing: Doing,
    pub(super) progress: &'p mut dyn FnMut(Progress),
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        *self.done += read as u64;
        (self.progress)(Progress { doing: self.doing, done: *self.done, of: self.of });
        Ok(read)
    }
}

const LAST_BACKUP: &str = "last-backup.json";
