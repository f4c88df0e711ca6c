//! What an audit looks at of the things that the server keeps for itself: its sealed keys, the cursors of reactions, and
//! whether each signed checkpoint stands in both of its places.

use std::collections::HashSet;
use std::path::Path;

use crate::audit::Findings;
use crate::audit_source::{AuditDatabase, AuditSource, LyingCursor};
use crate::genesis::{MASTER_FILE, MASTER_VARIABLE};
use crate::held_keys::{LOG_KEY, open_sealed};
use crate::key_state::KeyState;
use crate::keyring::{KeyringError, SealingKey};
use crate::keys::{Kid, Role};
use crate::note::stated_size;
use crate::store::{SealedKey, StoreError};

/// Every signed checkpoint is in the database and in the file beside it. `alone`: the file is of the only node there is.
///
/// The newest one of the file may not be stored yet: it is written there first. One that is newer than the file's newest was
/// signed after the file was read, or copied.
pub(crate) fn checkpoints(
    source: &dyn AuditSource,
    beside: &[String],
    alone: bool,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let stored = source.checkpoints()?;
    let in_store: HashSet<&str> = stored.iter().map(|lying| lying.note.as_str()).collect();
    let newest = beside.iter().filter_map(|note| stated_size(note)).max();
    for note in beside.iter().filter(|note| !in_store.contains(note.as_str())) {
        if let Some(size) = stated_size(note).filter(|size| Some(*size) != newest) {
            let detail =
                format!("the checkpoint of {size} entries is in checkpoints.txt and not in the database");
            findings.add(None, 2, "checkpoint-missing", detail);
        }
    }
    if !alone {
        return Ok(());
    }
    if newest.is_none() && !stored.is_empty() {
        let detail = "checkpoints.txt has no checkpoint and the database has; put the file back".to_owned();
        findings.add(None, 2, "checkpoint-missing", detail);
    }
    let in_file: HashSet<&str> = beside.iter().map(String::as_str).collect();
    for lying in stored.iter().filter(|lying| !in_file.contains(lying.note.as_str())) {
        if let Some(size) =
            stated_size(&lying.note).filter(|size| newest.is_some_and(|newest| *size <= newest))
        {
            let detail =
                format!("the checkpoint of {size} entries is in the database and not in checkpoints.txt");
            findings.add(None, 2, "checkpoint-missing", detail);
        }
    }
    Ok(())
}

/// A reaction has come no further than the log.
pub(crate) fn cursors(
    database: &dyn AuditDatabase,
    size: u64,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    for LyingCursor { reaction, position } in database.cursors()? {
        if reaction.is_none() || position.is_none_or(|position| position >= size) {
            let reaction = reaction.as_deref().unwrap_or("(no name)");
            let detail =
                format!("the reaction {reaction} says it has come further than the log of {size} entries");
            findings.add(None, 0, "cursor", detail);
        }
    }
    Ok(())
}

/// The keys that the server holds open under its master key, where that is at hand; they are those that the log enrolled,
/// and none is missing without which the server could not sign. `keys` are absent where the log could not be followed.
///
/// A key that is enrolled nowhere was sealed by an enrolment that never ended: it signs nothing. That an officer's key is
/// not held says nothing, since people may hold their own.
pub(crate) fn sealed_keys(
    database: &dyn AuditDatabase,
    keys: Option<&KeyState>,
    folder: &Path,
    origin: &str,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let master = match SealingKey::load(MASTER_VARIABLE, &folder.join(MASTER_FILE)) {
        Ok(master) => Some(master),
        Err(KeyringError::Absent { .. }) => None,
        Err(error) => {
            findings.add(None, 0, "master-key", error.to_string());
            None
        }
    };
    let mut held: Vec<SealedKey> = Vec::new();
    for sealed in database.sealed_keys()? {
        let fault = match &sealed {
            None => Some("a sealed key has a value of another type".to_owned()),
            Some(key) => key_fault(key, keys, master.as_ref()),
        };
        if let Some(fault) = fault {
            findings.add(None, 0, "sealed-key", fault);
        }
        held.extend(sealed);
    }
    let mut missing = |role: &str| {
        let detail = format!("no sealed {role} key is here that could sign; restore it from a backup");
        findings.add(None, 0, "sealed-key-missing", detail);
    };
    if !held.iter().any(|key| key.role == LOG_KEY && key.holder == origin) {
        missing(LOG_KEY);
    }
    let Some(keys) = keys else { return Ok(()) };
    for role in [Role::Intake, Role::Registrar, Role::Service] {
        let usable = |kid: &Kid| keys.usable(kid).is_ok_and(|record| record.role == role);
        let enrolled = keys.records().any(|(kid, _)| usable(kid));
        let is_held = |key: &SealedKey| Kid::parse(key.kid.clone()).is_ok_and(|kid| usable(&kid));
        if enrolled && !held.iter().any(is_held) {
            missing(role.as_str());
        }
    }
    Ok(())
}

fn key_fault(key: &SealedKey, keys: Option<&KeyState>, master: Option<&SealingKey>) -> Option<String> {
    if let Some(Err(error)) = master.map(|master| open_sealed(key, master)) {
        return Some(error.to_string());
    }
    let enrolled = Kid::parse(key.kid.clone()).ok().and_then(|kid| keys?.record(&kid));
    let unlike =
        enrolled.is_some_and(|record| record.role.as_str() != key.role || record.holder != key.holder);
    unlike.then(|| format!("the sealed key {} is not that which was enrolled under this name", key.kid))
}
