//! Putting a backup back: verified before anything is in its place, refused where somebody has seen more of the ledger, and
//! recorded as an event when the ledger is first opened for writing.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;
use wuping_ledger::checkpoints::{check_prefix, whole_notes};
use wuping_ledger::genesis::stated_log_key;
use wuping_ledger::keyring::write_private;
use wuping_ledger::note::{VerifierKey, open_checkpoint};
use wuping_ledger::place::remember_database;
use wuping_ledger::reader::Reader;
use wuping_ledger::table_copy::ServerFilling;
use wuping_replay::verify::{Question, Source, VaultKey, Verified, verify};

use super::restored::{Restored, leave_in};
use super::{
    BackupError, DATABASES, Doing, KEYS, Manifest, Progress, TABLES, failed, measured, unpack,
    unpacked_beside,
};
use crate::office::end_sessions;
use crate::trusting::listed_in;

/// What to put back, and where.
#[derive(Clone, Debug)]
pub struct Restore {
    /// The backup.
    pub file: PathBuf,
    /// A new folder.
    pub folder: PathBuf,
    /// An empty database on a Postgres server, where the ledger is to lie there and not in the folder.
    pub database_url: Option<String>,
    /// Checkpoints kept elsewhere: files with one note or more.
    pub checkpoints: Vec<PathBuf>,
    /// Why it is put back though more was signed.
    pub accept_loss: Option<String>,
    /// Whether it is put back though it is not sound.
    pub accept_findings: bool,
}

/// What was put back, and how sound it is.
#[derive(Debug, Serialize)]
pub struct PutBack {
    /// What the backup says of itself.
    pub manifest: Manifest,
    /// What is recorded of it when it is first opened for writing.
    pub restored: Restored,
    /// What was verified before it was put in its place.
    pub verified: Verified,
}

/// Puts a backup back: verified up to level 5 before anything is in its place.
///
/// # Errors
/// [`BackupError`]; folder and database are then as they were.
pub fn restore(restore: &Restore, progress: &mut dyn FnMut(Progress)) -> Result<PutBack, BackupError> {
    let folder = &restore.folder;
    if let Some(url) = &restore.database_url {
        ServerFilling::check(url)?;
    }
    check_empty(folder, restore.database_url.is_some())?;
    let part = unpacked_beside(folder);
    begin(&part)?;
    let put_back = checked(restore, &part, progress).and_then(|put_back| {
        match &restore.database_url {
            Some(url) => put_on_server(&part, folder, url, &put_back.restored, progress)?,
            None => put_in_folder(&part, folder, &put_back.restored)?,
        }
        Ok(put_back)
    });
    if part.exists() {
        // what is in its place is no longer here, and what is not in its place is of no use
        std::fs::remove_dir_all(&part).map_err(failed(&part))?;
    }
    put_back
}

/// The folder to unpack into. One that an interrupted restoration left is recognised by its mark; anything else stays as it is.
fn begin(part: &Path) -> Result<(), BackupError> {
    match std::fs::symlink_metadata(part) {
        Ok(there) if there.is_dir() && part.join(MARK).is_file() => {
            std::fs::remove_dir_all(part).map_err(failed(part))?;
        }
        Ok(_) => return Err(BackupError::NotOurs { part: part.to_owned() }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(source) => return Err(BackupError::File { file: part.to_owned(), source }),
    }
    mark(part)
}

/// Says in a folder that what is in it is of a restoration and not all of it.
fn mark(folder: &Path) -> Result<(), BackupError> {
    std::fs::create_dir_all(folder).map_err(failed(folder))?;
    let mark = folder.join(MARK);
    std::fs::write(&mark, "a backup is being put back\n").map_err(failed(&mark))
}

/// Says that all of it is there.
fn unmark(folder: &Path) -> Result<(), BackupError> {
    let mark = folder.join(MARK);
    std::fs::remove_file(&mark).map_err(failed(&mark))?;
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(folder))
}

fn checked(asked: &Restore, part: &Path, progress: &mut dyn FnMut(Progress)) -> Result<PutBack, BackupError> {
    let manifest = unpack(&asked.file, part, progress)?;
    for key in KEYS {
        // a key that its owner has put there goes before the backup's, and opens what is verified
        let owners = asked.folder.join(key);
        if owners.is_file() {
            let _ = std::fs::remove_file(part.join(key));
            let bytes = std::fs::read(&owners).map_err(failed(&owners))?;
            write_private(&part.join(key), &bytes).map_err(failed(&part.join(key)))?;
        }
    }
    let office = part.join("office.db");
    if office.is_file() {
        end_sessions(&office).map_err(|source| BackupError::Sessions { file: office, source })?;
    }
    let size = Reader::open(part)?.size()?;
    let mut restored = Restored {
        event_id: Uuid::now_v7(),
        backup: measured(&asked.file)?.sha256,
        made_at: manifest.made_at.clone(),
        size,
        signed: None,
        reason: asked.accept_loss.clone(),
        findings: 0,
    };
    progress(Progress { doing: Doing::Verifying, done: 0, of: 0 });
    let question = Question {
        level: LEVEL_MAX,
        trusted: listed_in(part)?,
        vault_key: VaultKey::IfThere,
        ..Question::default()
    };
    let verified = verify(Source::Folder(part), &question, &mut |_, _| ())?;
    restored.findings = verified.findings.len();
    if let Some(first) = verified.findings.first().filter(|_| !asked.accept_findings) {
        let first = format!("{}: {}", first.code, first.detail);
        return Err(BackupError::Unsound { findings: verified.findings.len(), first });
    }
    if let Some((known, place)) = most_signed(part, &asked.checkpoints)?.filter(|(known, _)| *known > size) {
        if asked.accept_loss.is_none() {
            return Err(BackupError::Older { size, known, place });
        }
        restored.signed = Some(known);
    }
    Ok(PutBack { manifest, restored, verified })
}

/// The largest checkpoint of this ledger among those kept elsewhere; each that the backup covers must be of its history.
fn most_signed(part: &Path, files: &[PathBuf]) -> Result<Option<(u64, PathBuf)>, BackupError> {
    let reader = Reader::open(part)?;
    let (log, here) = (VerifierKey::parse(&stated_log_key(&reader)?)?, reader.size()?);
    let mut most: Option<(u64, PathBuf)> = None;
    for file in files {
        let text = std::fs::read_to_string(file).map_err(failed(file))?;
        let mut known = None;
        // a single checkpoint, as it is served, has no blank line behind it
        for note in whole_notes(&format!("{}\n\n", text.trim_end())) {
            let Ok(checkpoint) = open_checkpoint(note.as_bytes(), &log, &[], 0, None) else { continue };
            known = known.max(Some(checkpoint.size));
            if checkpoint.size <= here {
                let of_this_history = check_prefix(&reader, &note, &log, "--checkpoint");
                of_this_history.map_err(|source| BackupError::Forked { place: file.clone(), source })?;
            }
        }
        let Some(size) = known else {
            return Err(BackupError::NoCheckpoint { place: file.clone() });
        };
        if most.as_ref().is_none_or(|(known, _)| size > *known) {
            most = Some((size, file.clone()));
        }
    }
    Ok(most)
}

/// A file, or a folder with all that is in it.
fn remove(path: &Path) -> std::io::Result<()> {
    if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }
}

/// Whether a folder has nothing but keys in it. What a restoration left that was killed while it moved things over is cleared
/// away: it is marked, and has no ledger. With `on_server` its ledger was to be in the database that was found to be empty.
fn check_empty(folder: &Path, on_server: bool) -> Result<(), BackupError> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed(folder))?,
    };
    let names = entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<String> = names.collect::<Result<_, _>>().map_err(failed(folder))?;
    names.retain(|name| !KEYS.contains(&name.as_str()));
    let has = |name: &str| names.iter().any(|there| there == name);
    let of_another = has("ledger.db") || (has("database.url") && !on_server);
    if has(MARK) && !of_another {
        // the mark goes last, or what a second kill leaves would be nobody's
        names.sort_by_key(|name| name == MARK);
        for path in names.iter().map(|name| folder.join(name)) {
            remove(&path).map_err(failed(&path))?;
        }
        return Ok(());
    }
    match names.pop() {
        Some(found) => Err(BackupError::NotEmpty { folder: folder.to_owned(), found }),
        None => Ok(()),
    }
}

/// Moves everything over, the ledger's database last: until it is there nobody takes the folder for a ledger's.
fn put_in_folder(part: &Path, folder: &Path, restored: &Restored) -> Result<(), BackupError> {
    mark(folder)?;
    leave_in(folder, restored)?;
    move_over(part, folder, |_| true)?;
    unmark(folder)
}

/// Fills the server's database, moves over what belongs to a node, and only then has the server keep what it was given: all of it or
/// nothing, with word of where it comes from.
fn put_on_server(
    part: &Path,
    folder: &Path,
    url: &str,
    restored: &Restored,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), BackupError> {
    let filling = ServerFilling::begin(url)?;
    for file in TABLES {
        let from = part.join(file.name);
        if from.is_file() {
            filling.fill(file, &from, &mut || {
                progress(Progress { doing: Doing::FillingDatabase, done: 0, of: 0 });
            })?;
        }
    }
    filling.note(&json!(restored).to_string())?;
    mark(folder)?;
    let moved = move_over(part, folder, |name| !DATABASES.contains(&name))?;
    let kept = remember_database(folder, url).and_then(|()| filling.commit());
    kept.map_err(|error| {
        // without its database the folder is no node's
        let others = ["database.url", MARK].map(|name| folder.join(name));
        for path in moved.into_iter().chain(others) {
            let _ = remove(&path);
        }
        BackupError::Store(error)
    })?;
    unmark(folder)
}

/// Moves what was unpacked into its folder, the ledger's database last. Answers where each thing is now.
fn move_over(part: &Path, folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>, BackupError> {
    let mut names: Vec<_> = std::fs::read_dir(part)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.file_name())).collect())
        .map_err(failed(part))?;
    names.sort_by_key(|name| name == "ledger.db");
    let mut moved = Vec::new();
    for name in names {
        let to = folder.join(&name);
        if to.exists() || name == MARK || !wanted(&name.to_string_lossy()) {
            // a key that its owner has put there goes before the backup's
            continue;
        }
        std::fs::rename(part.join(&name), &to).map_err(failed(&to))?;
        moved.push(to);
    }
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(folder))?;
    Ok(moved)
}

/// The level up to which a backup is verified.
const LEVEL_MAX: u8 = 5;
const MARK: &str = ".wuping-restore";
