//! What entries name and keep elsewhere: published rulebooks, and private values that were not erased.

use std::collections::HashMap;
use std::path::Path;

use wuping_domain::derivation::SchemeRef;
use wuping_domain::reaction::Rulebooks;
use wuping_ledger::encoding::Hash;
use wuping_ledger::entry::Entry;
use wuping_ledger::erasure;
use wuping_ledger::keyring::KeyringError;
use wuping_ledger::place::database_url;
use wuping_ledger::vault::{CheckedVault, Listing, Vault, VaultError};

use crate::verified::{Finding, VaultKey, VerifyError};

/// The private values that entries name by their digests, each with the position of the entry.
#[derive(Default)]
pub(crate) struct NamedValues {
    by_digest: HashMap<Hash, u64>,
}

impl NamedValues {
    /// Note the values of an entry; those that it erases are due no more.
    pub(crate) fn take(&mut self, entry: &Entry) {
        if entry.event_type == "FieldsErased" {
            for digest in
                erasure::targets(&entry.data).into_iter().flatten().flat_map(|target| target.digests)
            {
                self.is_there(&digest);
            }
        }
        let named = entry.digests().filter_map(digest_of);
        self.by_digest.extend(named.map(|digest| (digest, entry.sequence)));
    }

    /// Note that a value is in the vault: it is missed no more.
    pub(crate) fn is_there(&mut self, digest: &str) {
        if let Some(digest) = digest_of(digest) {
            self.by_digest.remove(&digest);
        }
    }

    /// Values that are not in the vault. They are put there before the entry that names them is recorded, and taken out
    /// after the entry that erases them: docs/format.md §8.
    pub(crate) fn missing(self) -> Vec<Finding> {
        let finding = |(digest, position): (Hash, u64)| Finding {
            position: Some(position),
            level: 0,
            code: "vault-missing".to_owned(),
            detail: format!(
                "its private value {} is not in the vault and was never erased; restore it from a backup",
                digest.b64u()
            ),
        };
        let mut missing: Vec<(Hash, u64)> = self.by_digest.into_iter().collect();
        missing.sort_unstable_by_key(|(digest, position)| (*position, *digest.as_bytes()));
        missing.into_iter().map(finding).collect()
    }

    /// Attachments that these values name and that are not there: each is put before the entry is recorded, and goes with
    /// the value when that is erased.
    pub(crate) fn attachments_missing(
        &self,
        vault: &Vault,
        named: &[(String, String)],
        folder: &Path,
    ) -> Result<Vec<Finding>, VaultError> {
        let mut missing = Vec::new();
        for (digest, name) in named {
            let position = digest_of(digest).and_then(|digest| self.by_digest.get(&digest));
            let Some(position) = position else { continue };
            let there = folder.join(name.get(..2).unwrap_or_default()).join(name).is_file();
            // the value may have been erased a moment ago, and the attachment with it
            if there || vault.values(&[digest])?.iter().all(Option::is_none) {
                continue;
            }
            missing.push(Finding {
                position: Some(*position),
                level: 0,
                code: "attachment-missing".to_owned(),
                detail: format!(
                    "its attachment {name} is gone and was never erased; restore it from a backup"
                ),
            });
        }
        Ok(missing)
    }
}

fn digest_of(text: &str) -> Option<Hash> {
    Hash::from_b64u(text, "sd-digest").ok()
}

/// Private values against the digests that entries name, and against their own where the key is there, with the attachments
/// that they name in turn; says what was looked at.
pub(crate) fn private_values(
    folder: &Path,
    mut named: NamedValues,
    vault_key: VaultKey,
    findings: &mut Vec<Finding>,
) -> Result<String, VerifyError> {
    if !Vault::is_there(folder)? {
        return Ok("there is no vault here".to_owned());
    }
    let altered = |digest: String| {
        let detail = format!("the private value {digest} is not the one that was put");
        Finding::of_level_0("vault-value", detail)
    };
    // a folder that only reads a ledger on a server need not have the vault's key
    let key_is_needed = vault_key == VaultKey::Needed && database_url(folder)?.is_none();
    match Vault::open_read_only(folder) {
        Ok(vault) => {
            let CheckedVault { altered: others, attachments } = vault.checked()?;
            let missing = named.attachments_missing(&vault, &attachments, &folder.join("attachments"))?;
            let mut opened: u64 = 0;
            vault.each_digest(&mut |digest| {
                opened += 1;
                named.is_there(digest);
            })?;
            findings.extend(missing.into_iter().chain(named.missing()));
            findings.extend(others.into_iter().map(altered));
            Ok(format!("{opened} opened, and compared with their digests"))
        }
        Err(VaultError::Keyring(KeyringError::Absent { .. })) if !key_is_needed => {
            let Listing { digests, cut, .. } = Vault::listing(folder)?;
            let told = format!(
                "NOT OPENED: {} are there by their digests, but the vault key is not, so a changed value would not be found; \
                 set WUPING_VAULT_KEY to have them compared",
                digests.len()
            );
            digests.iter().for_each(|digest| named.is_there(digest));
            findings.extend(named.missing());
            findings.extend(cut.into_iter().map(altered));
            Ok(told)
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
