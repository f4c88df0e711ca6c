//! Putting a backup back: verified before anything is in its place, refused where somebody has seen more of the ledger, and
//! recorded as an event when the ledger is first opened for writing.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;
use wuping_ledger::append::{AppendRequest, Author, NewEvent};
use wuping_ledger::checkpoints::{check_prefix, whole_notes};
use wuping_ledger::genesis::{Ledger, stated_log_key};
use wuping_ledger::keyring::write_private;
use wuping_ledger::note::{VerifierKey, open_checkpoint};
use wuping_ledger::private::split_private;
use wuping_ledger::reader::Reader;
use wuping_ledger::stream::StreamPath;
use wuping_ledger::timestamp::Timestamp;
use wuping_ledger::vault::Vault;
use wuping_replay::verify::{Question, Source, VaultKey, Verified, verify};

use super::{BackupError, KEYS, Manifest, Progress, failed, measured, unpack, unpacked_beside};
use crate::office::end_sessions;
use crate::trusting::listed_in;

/// What to put back, and where.
#[derive(Clone, Debug)]
pub struct Restore {
    /// The backup.
    pub file: PathBuf,
    /// A new folder.
    pub folder: PathBuf,
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

/// What was put back: kept in the folder until it is recorded in the ledger.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Restored {
    /// The id of the entry that will say so: recorded once, whatever happens in between.
    pub event_id: Uuid,
    /// SHA-256 of the backup, lower-case hex.
    pub backup: String,
    /// When it was made.
    pub made_at: String,
    /// How many entries it has.
    pub size: u64,
    /// How many entries were signed, if more.
    pub signed: Option<u64>,
    /// Why it is put back all the same.
    pub reason: Option<String>,
    /// How many findings it had when it was verified.
    #[serde(default)]
    pub findings: usize,
}

/// Puts a backup back: verified up to level 5 before anything is in its place.
///
/// # Errors
/// [`BackupError`]; the folder is then as it was.
pub fn restore(restore: &Restore, progress: &mut dyn FnMut(Progress)) -> Result<PutBack, BackupError> {
    let folder = &restore.folder;
    check_empty(folder)?;
    let part = unpacked_beside(folder);
    begin(&part)?;
    let put_back = checked(restore, &part, progress).and_then(|put_back| {
        put_in_place(&part, folder, &put_back.restored)?;
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
    std::fs::create_dir_all(part).map_err(failed(part))?;
    let mark = part.join(MARK);
    std::fs::write(&mark, "a backup is being put back\n").map_err(failed(&mark))
}

/// Whether the ledger of a folder was put back from a backup and does not say so yet.
#[must_use]
pub fn is_unrecorded(folder: &Path) -> bool {
    folder.join(RESTORED).exists()
}

/// Records in a ledger that is open for writing that it was put back from a backup, if it was. Witnesses are asked before:
/// an entry behind one that they have seen more of would be a second history.
///
/// # Errors
/// [`BackupError`] if it could not be recorded; it is tried again the next time.
pub async fn record_restoration(folder: &Path, ledger: &Ledger, vault: &Vault) -> Result<(), BackupError> {
    if !is_unrecorded(folder) {
        return Ok(());
    }
    let file = folder.join(RESTORED);
    let text = std::fs::read_to_string(&file).map_err(failed(&file))?;
    let damaged =
        |error: serde_json::Error| BackupError::Damaged { file: file.clone(), why: error.to_string() };
    let restored: Restored = serde_json::from_str(&text).map_err(damaged)?;
    let (data, disclosures) = split_private(json!({
        "backup": restored.backup,
        "findings": restored.findings,
        "made_at": restored.made_at,
        "private": { "reason": restored.reason },
        "received": { "channel": "restore", "ref": restored.backup, "sha256": restored.backup },
        "signed": restored.signed,
        "size": restored.size,
        "type": "LedgerRestored",
    }))?;
    vault.put(&disclosures, ledger.reader().size()?)?;
    let event = NewEvent { stream: StreamPath::new("restores")?, schema: "ledger/1".to_owned(), data };
    let request = AppendRequest::single(restored.event_id, Author::Intake, Timestamp::now(), event);
    ledger.writer().append(request).await?;
    std::fs::remove_file(&file).map_err(failed(&file))
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
    progress(Progress { doing: "verifying", done: 0, of: 0 });
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
            let why = "it holds no checkpoint that this ledger's log key signed".to_owned();
            return Err(BackupError::Damaged { file: file.clone(), why });
        };
        if most.as_ref().is_none_or(|(known, _)| size > *known) {
            most = Some((size, file.clone()));
        }
    }
    Ok(most)
}

fn check_empty(folder: &Path) -> Result<(), BackupError> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed(folder))?,
    };
    for entry in entries {
        let found = entry.map_err(failed(folder))?.file_name().to_string_lossy().into_owned();
        if !KEYS.contains(&found.as_str()) {
            return Err(BackupError::NotEmpty { folder: folder.to_owned(), found });
        }
    }
    Ok(())
}

/// Moves everything over, the ledger's database last: until it is there nobody takes the folder for a ledger's.
fn put_in_place(part: &Path, folder: &Path, restored: &Restored) -> Result<(), BackupError> {
    std::fs::create_dir_all(folder).map_err(failed(folder))?;
    let note = folder.join(RESTORED);
    std::fs::write(&note, json!(restored).to_string()).map_err(failed(&note))?;
    let mut names: Vec<_> = std::fs::read_dir(part)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.file_name())).collect())
        .map_err(failed(part))?;
    names.sort_by_key(|name| name == "ledger.db");
    for name in names {
        let to = folder.join(&name);
        if to.exists() || name == MARK {
            // a key that its owner has put there goes before the backup's
            continue;
        }
        std::fs::rename(part.join(&name), &to).map_err(failed(&to))?;
    }
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(folder))
}

/// The level up to which a backup is verified.
const LEVEL_MAX: u8 = 5;
const MARK: &str = ".wuping-restore";
const RESTORED: &str = "restored.json";
