//! What entries name and keep elsewhere: published rulebooks, and private values that were not erased.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::Path;

use wuping_domain::derivation::SchemeRef;
use wuping_domain::reaction::Rulebooks;
use wuping_ledger::disclosure::digests_in;
use wuping_ledger::encoding::Hash;
use wuping_ledger::entry::Entry;
use wuping_ledger::erasure;
use wuping_ledger::keyring::KeyringError;
use wuping_ledger::place::database_url;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;
use wuping_ledger::vault::{Vault, VaultDigests, VaultError};

use crate::verified::{Finding, VaultKey, VerifyError};

/// What was looked at of the private values. As text, and so in JSON, it is an English sentence.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PrivateValues {
    /// They do not lie beside a log in static files.
    NotBeside,
    /// The folder has no vault.
    NoVault,
    /// So many were opened, and compared with their digests.
    Opened(u64),
    /// So many are there by their digests: the vault key was not at hand, so that a changed one would not be found.
    NotOpened(u64),
}

impl fmt::Display for PrivateValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBeside => Ok(()),
            Self::NoVault => f.write_str("there is no vault here"),
            Self::Opened(values) => write!(f, "{values} opened, and compared with their digests"),
            Self::NotOpened(values) => write!(
                f,
                "NOT OPENED: {values} are there by their digests, but the vault key is not, so a changed value would not be found; \
                 set WUPING_VAULT_KEY to have them compared"
            ),
        }
    }
}

/// The private values that entries name by their digests and that the vault does not have. It is asked for many at a time, so
/// that only what is missing is kept.
pub(crate) struct NamedValues {
    vault: VaultDigests,
    /// Not asked for yet, each with the position of the entry that names it.
    waiting: Vec<(String, u64)>,
    missing: HashMap<Hash, u64>,
    /// Why the vault cannot be asked any more.
    failed: Option<VaultError>,
}

impl NamedValues {
    /// Of a folder's ledger; none where it has no vault.
    pub(crate) fn of_folder(folder: &Path) -> Result<Option<Self>, VaultError> {
        if !Vault::is_there(folder)? {
            return Ok(None);
        }
        let vault = VaultDigests::of_folder(folder)?;
        Ok(Some(Self { vault, waiting: vec![], missing: HashMap::new(), failed: None }))
    }

    /// Note the values of an entry; those that it erases are due no more.
    pub(crate) fn take(&mut self, entry: &Entry) {
        if entry.event_type == "FieldsErased" {
            self.ask();
            let targets = erasure::targets(&entry.data).unwrap_or_default();
            for digest in targets.iter().flat_map(|target| &target.digests).filter_map(|text| digest_of(text))
            {
                self.missing.remove(&digest);
            }
        }
        self.waiting.extend(entry.digests().map(|digest| (digest.to_owned(), entry.sequence)));
        if self.waiting.len() >= ASKED_AT_ONCE {
            self.ask();
        }
    }

    fn ask(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        if self.failed.is_some() {
            return;
        }
        let digests: Vec<&str> = waiting.iter().map(|(digest, _)| digest.as_str()).collect();
        match self.vault.are_there(&digests) {
            Ok(there) => {
                let lacking = waiting.iter().zip(there).filter(|(_, is_there)| !is_there);
                let lacking = lacking.filter_map(|((digest, at), _)| Some((digest_of(digest)?, *at)));
                self.missing.extend(lacking);
            }
            Err(error) => self.failed = Some(error),
        }
    }

    /// Values that are not in the vault. They are put there before the entry that names them is recorded, and taken out
    /// after the entry that erases them: docs/format.md §8.
    fn missing(mut self) -> Result<Vec<Finding>, VaultError> {
        self.ask();
        if let Some(error) = self.failed {
            return Err(error);
        }
        let finding = |(digest, position): (Hash, u64)| Finding {
            position: Some(position),
            level: 0,
            code: "vault-missing".to_owned(),
            detail: format!(
                "its private value {} is not in the vault and was never erased; restore it from a backup",
                digest.b64u()
            ),
        };
        let mut missing: Vec<(Hash, u64)> = self.missing.into_iter().collect();
        missing.sort_unstable_by_key(|(digest, position)| (*position, *digest.as_bytes()));
        Ok(missing.into_iter().map(finding).collect())
    }
}

/// Attachments that values name and that are not there: each is put before the entry is recorded, and goes with the value
/// when that is erased.
fn attachments_missing(
    folder: &Path,
    vault: &Vault,
    lacking: Vec<(String, String)>,
) -> Result<Vec<Finding>, VerifyError> {
    let mut missing = Vec::new();
    for (digest, name) in lacking {
        // the value may have been erased a moment ago, and the attachment with it
        if vault.values(&[&digest])?.iter().any(Option::is_some) {
            missing.push((digest, name));
        }
    }
    let positions = positions_naming(folder, missing.iter().map(|(digest, _)| digest.as_str()).collect())?;
    let finding = |(digest, name): (String, String)| {
        // what no entry names was put a moment ago, and its entry is not recorded yet
        let position = *positions.get(&digest)?;
        let detail = format!("its attachment {name} is gone and was never erased; restore it from a backup");
        let code = "attachment-missing".to_owned();
        Some(Finding { position: Some(position), level: 0, code, detail })
    };
    Ok(missing.into_iter().filter_map(finding).collect())
}

/// Where entries name these digests. Nothing is read for none.
fn positions_naming(folder: &Path, digests: HashSet<&str>) -> Result<HashMap<String, u64>, StoreError> {
    let mut positions = HashMap::new();
    if digests.is_empty() {
        return Ok(positions);
    }
    Reader::open(folder)?.rows(0, u64::MAX, |row| {
        for digest in digests_in(row.data).into_iter().filter(|digest| digests.contains(digest.as_str())) {
            positions.insert(digest, row.position);
        }
        Ok::<_, StoreError>(())
    })?;
    Ok(positions)
}

fn digest_of(text: &str) -> Option<Hash> {
    Hash::from_b64u(text, "sd-digest").ok()
}

/// Private values against the digests that entries name, and against their own where the key is there, with the attachments
/// that they name in turn; says what was looked at.
pub(crate) fn private_values(
    folder: &Path,
    named: Option<NamedValues>,
    vault_key: VaultKey,
    findings: &mut Vec<Finding>,
) -> Result<PrivateValues, VerifyError> {
    let Some(named) = named else { return Ok(PrivateValues::NoVault) };
    let altered = |digest: String| {
        let detail = format!("the private value {digest} is not the one that was put");
        Finding::of_level_0("vault-value", detail)
    };
    // a folder that only reads a ledger on a server need not have the vault's key
    let key_is_needed = vault_key == VaultKey::Needed && database_url(folder)?.is_none();
    match Vault::open_read_only(folder) {
        Ok(vault) => {
            let (attachments, mut lacking) = (folder.join("attachments"), vec![]);
            let checked = vault.checked(&mut |digest, name| {
                if !attachments.join(name.get(..2).unwrap_or_default()).join(name).is_file() {
                    lacking.push((digest.to_owned(), name.to_owned()));
                }
            })?;
            findings.extend(attachments_missing(folder, &vault, lacking)?);
            findings.extend(named.missing()?);
            findings.extend(checked.altered.into_iter().map(altered));
            Ok(PrivateValues::Opened(checked.values))
        }
        Err(VaultError::Keyring(KeyringError::Absent { .. })) if !key_is_needed => {
            let (mut values, mut cut): (u64, _) = (0, vec![]);
            VaultDigests::of_folder(folder)?.each(&mut |digest, is_long_enough| {
                values += 1;
                cut.extend((!is_long_enough).then(|| digest.to_owned()));
            })?;
            findings.extend(named.missing()?);
            findings.extend(cut.into_iter().map(altered));
            Ok(PrivateValues::NotOpened(values))
        }
        Err(error) => Err(error.into()),
    }
}

/// What is wrong with the rulebook that an entry publishes: its document is kept before it is published.
pub(crate) fn rulebook_fault(entry: &Entry, rulebooks: &impl Rulebooks) -> Option<Finding> {
    if entry.event_type != "RulebookPublished" {
        return None;
    }
    let text = |name: &str| entry.data[name].as_str().map(str::to_owned).unwrap_or_default();
    let scheme = SchemeRef { id: text("id"), sha256: text("sha256") };
    if rulebooks.rulebook(&scheme).is_some() {
        return None;
    }
    let detail =
        format!("the rulebook {} that it publishes is not kept; restore it from a backup", scheme.id);
    Some(Finding { position: Some(entry.sequence), level: 5, code: "rulebook-missing".to_owned(), detail })
}

/// So many values are asked for at once.
const ASKED_AT_ONCE: usize = 4_096;
