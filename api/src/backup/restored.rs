//! Word of what was put back, which lies where the ledger lies until the ledger says it: in the folder, or in the database that all
//! nodes share, so that whichever is started first records it.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;
use wuping_ledger::append::{AppendRequest, Author, NewEvent};
use wuping_ledger::genesis::Ledger;
use wuping_ledger::postgres_beside::Beside;
use wuping_ledger::private::split_private;
use wuping_ledger::store::StoreError;
use wuping_ledger::stream::StreamPath;
use wuping_ledger::timestamp::Timestamp;
use wuping_ledger::vault::Vault;

use super::{BackupError, failed};

/// What was put back.
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

/// Witnesses that may have seen more of the ledger than was put back, and could not be asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unasked {
    /// Their names.
    pub witnesses: Vec<String>,
    /// Why it goes on without them, in the operator's words: private.
    pub reason: String,
}

/// Whether the ledger of a folder was put back from a backup and does not say so yet.
///
/// # Errors
/// [`StoreError`] if it is on a server that does not say.
pub fn is_unrecorded(folder: &Path) -> Result<bool, StoreError> {
    Ok(folder.join(NOTE).exists() || on_server(folder)?.is_some())
}

/// Records in a ledger that is open for writing that it was put back from a backup, if it was. Witnesses are asked before:
/// an entry behind one that they have seen more of would be a second history. Those who did not answer are named in it.
///
/// # Errors
/// [`BackupError`] if it could not be recorded; it is tried again the next time.
pub async fn record_restoration(
    folder: &Path,
    ledger: &Ledger,
    vault: &Vault,
    unasked: Option<Unasked>,
) -> Result<(), BackupError> {
    let Some(note) = noted(folder)? else { return Ok(()) };
    let damaged =
        |error: serde_json::Error| BackupError::Damaged { file: folder.join(NOTE), why: error.to_string() };
    let restored: Restored = serde_json::from_str(&note).map_err(damaged)?;
    let mut said = json!({
        "backup": restored.backup,
        "findings": restored.findings,
        "made_at": restored.made_at,
        "private": { "reason": restored.reason },
        "received": { "channel": "restore", "ref": restored.backup, "sha256": restored.backup },
        "signed": restored.signed,
        "size": restored.size,
        "type": "LedgerRestored",
    });
    if let Some(Unasked { witnesses, reason }) = unasked {
        said["unasked"] = witnesses.into();
        said["private"]["without_witnesses"] = reason.into();
    }
    let (data, disclosures) = split_private(said)?;
    vault.put(&disclosures, ledger.reader().size()?)?;
    let event = NewEvent { stream: StreamPath::new("restores")?, schema: "ledger/1".to_owned(), data };
    let request = AppendRequest::single(restored.event_id, Author::Intake, Timestamp::now(), event);
    ledger.writer().append(request).await?;
    forget(folder)
}

/// Leaves word in a folder.
pub(super) fn leave_in(folder: &Path, restored: &Restored) -> Result<(), BackupError> {
    let note = folder.join(NOTE);
    std::fs::write(&note, json!(restored).to_string()).map_err(failed(&note))
}

fn noted(folder: &Path) -> Result<Option<String>, BackupError> {
    let file = folder.join(NOTE);
    if file.exists() {
        return std::fs::read_to_string(&file).map(Some).map_err(failed(&file));
    }
    Ok(on_server(folder)?)
}

fn on_server(folder: &Path) -> Result<Option<String>, StoreError> {
    let Some(beside) = Beside::read_only_of_folder(folder)? else { return Ok(None) };
    let found = beside.with(|session| session.first("SELECT note FROM restored WHERE only_row = 1", &[]))?;
    // the column is `text NOT NULL`, as the migration has it: reading it as text does not fail
    Ok(found.map(|columns| columns.get(0)))
}

fn forget(folder: &Path) -> Result<(), BackupError> {
    let file = folder.join(NOTE);
    if file.exists() {
        return std::fs::remove_file(&file).map_err(failed(&file));
    }
    if let Some(beside) = Beside::of_folder(folder)? {
        beside.with(|session| session.execute("DELETE FROM restored", &[], "be written to"))?;
    }
    Ok(())
}

/// Beside a ledger in a folder.
pub(super) const NOTE: &str = "restored.json";
