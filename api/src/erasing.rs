//! Erasing private values for ever: the entry that says so first, then the values and the attachments that nothing else names
//! (docs/format.md §8). What was interrupted is finished when the house is opened next.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::{Value, json};
use uuid::Uuid;
use wuping_ledger::append::{AppendError, AppendRequest, Author, NewEvent, Receipt};
use wuping_ledger::attachments::{AttachmentError, Attachments};
use wuping_ledger::disclosure::digests_in;
use wuping_ledger::erasure::targets;
use wuping_ledger::reader::Reader;
use wuping_ledger::refusal::Refusal;
use wuping_ledger::store::StoreError;
use wuping_ledger::stream::StreamPath;
use wuping_ledger::timestamp::Timestamp;
use wuping_ledger::vault::{Vault, VaultError, attachments_in};

use crate::app::App;

/// What would be erased: digests by the position of their entry.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Plan {
    /// Digests by position.
    pub targets: BTreeMap<u64, Vec<String>>,
    /// How many values of each name.
    pub names: BTreeMap<String, u64>,
}

/// Why nothing was erased, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum ErasureError {
    /// The entry that says so was not appended.
    #[error("the erasure was not recorded, so nothing was erased")]
    Append(#[from] AppendError),
    /// An attachment could not be deleted.
    #[error(
        "the erasure is recorded, but an attachment is still there: it is erased when the server starts next"
    )]
    Attachment(#[from] AttachmentError),
    /// There is nothing to erase.
    #[error("there is nothing to erase: no private value that fits is still there")]
    Nothing,
    /// The format does not allow it.
    #[error("the ledger's format does not allow it")]
    Rule(#[from] Refusal),
    /// The ledger could not be read.
    #[error("the ledger could not be read")]
    Store(#[from] StoreError),
    /// The values could not be deleted.
    #[error(
        "the erasure is recorded, but values may still be there: they are erased when the server starts next"
    )]
    Vault(#[from] VaultError),
}

/// The private values of a path and of all below it that are still there; only those of a name if one is given.
///
/// # Errors
/// If ledger or vault cannot be read.
pub fn plan(reader: &Reader, vault: &Vault, path: &str, name: Option<&str>) -> Result<Plan, ErasureError> {
    let erased = erased(reader)?;
    let mut plan = Plan::default();
    for entry in reader.subject(path, None)? {
        let digests = digests_in(&entry.data);
        let digests: Vec<&str> = digests.iter().map(String::as_str).collect();
        for (digest, value) in digests.iter().zip(vault.values(&digests)?) {
            let Some(value) = value.filter(|_| !erased.contains(&(entry.position, (*digest).to_owned())))
            else {
                continue;
            };
            if name.is_none_or(|name| name == value.name) {
                plan.targets.entry(entry.position).or_default().push((*digest).to_owned());
                *plan.names.entry(value.name).or_default() += 1;
            }
        }
    }
    Ok(plan)
}

/// Records the erasure under a root key, then erases.
///
/// # Errors
/// [`ErasureError`], which says whether it is recorded.
pub async fn erase(
    app: &App,
    plan: &Plan,
    root: Author,
    authority: &str,
    reason: &str,
) -> Result<Receipt, ErasureError> {
    if plan.targets.is_empty() {
        return Err(ErasureError::Nothing);
    }
    let targets: Vec<Value> = plan
        .targets
        .iter()
        .map(|(position, digests)| json!({ "digests": digests, "sequence": position }))
        .collect();
    let data =
        json!({ "authority": authority, "reason": reason, "targets": targets, "type": "FieldsErased" });
    let event = NewEvent::of_the_ledger(StreamPath::new("erasures")?, &data)?;
    let request = AppendRequest::single(Uuid::now_v7(), root, Timestamp::now(), event);
    let photos = photos(&app.vault, plan.targets.values().flatten())?;
    let receipt = app.ledger.writer().append(request).await?;
    let digests: Vec<&str> = plan.targets.values().flatten().map(String::as_str).collect();
    app.vault.erase(&digests)?;
    erase_attachments(app, photos).await?;
    app.ledger.writer().sign_now().await?;
    Ok(receipt)
}

/// Applies every recorded erasure again: one that was interrupted, and values that an older backup of the vault brought back.
///
/// # Errors
/// If ledger or vault cannot be read or written.
pub fn apply_again(reader: &Reader, vault: &Vault) -> Result<usize, ErasureError> {
    let erased: BTreeSet<String> = erased(reader)?.into_iter().map(|(_, digest)| digest).collect();
    let digests: Vec<&str> = erased.iter().map(String::as_str).collect();
    let there = vault.values(&digests)?;
    let back: Vec<&str> =
        digests.iter().zip(&there).filter(|(_, value)| value.is_some()).map(|(digest, _)| *digest).collect();
    if !back.is_empty() {
        vault.erase(&back)?;
    }
    Ok(back.len())
}

/// What was erased: position and digest.
fn erased(reader: &Reader) -> Result<HashSet<(u64, String)>, ErasureError> {
    let mut erased = HashSet::new();
    for entry in reader.stream("erasures")? {
        let data: Value = serde_json::from_str(&entry.data).unwrap_or_default();
        for target in targets(&data)? {
            erased.extend(target.digests.into_iter().map(|digest| (target.sequence, digest)));
        }
    }
    Ok(erased)
}

/// Deletes attachments that no value which is still there names.
async fn erase_attachments(app: &App, named: BTreeSet<String>) -> Result<(), ErasureError> {
    if named.is_empty() {
        return Ok(());
    }
    let live = live_photos(app.reader(), &app.vault)?;
    let attachments = Attachments::in_folder(&app.folder.join("attachments"))?;
    for photo in named.difference(&live) {
        attachments.erase(photo).await?;
    }
    Ok(())
}

/// Every photo that a value which is still there names.
fn live_photos(reader: &Reader, vault: &Vault) -> Result<BTreeSet<String>, ErasureError> {
    let mut live = BTreeSet::new();
    let mut with_photos = Vec::new();
    reader.rows(0, u64::MAX, |row| {
        if row.data.contains("\"photo_count\"") {
            with_photos.extend(digests_in(row.data));
        }
        Ok::<_, StoreError>(())
    })?;
    for part in with_photos.chunks(DIGESTS_AT_A_TIME) {
        live.extend(photos(vault, part.iter())?);
    }
    Ok(live)
}

/// The photos that these values name.
fn photos<'d>(
    vault: &Vault,
    digests: impl Iterator<Item = &'d String>,
) -> Result<BTreeSet<String>, ErasureError> {
    let digests: Vec<&str> = digests.map(String::as_str).collect();
    Ok(vault.values(&digests)?.into_iter().flatten().flat_map(|value| attachments_in(&value)).collect())
}

const DIGESTS_AT_A_TIME: usize = 1_000;
