//! What entries name and keep elsewhere: published rulebooks, and private values that were not erased.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use serde_json::Value;
use wuping_domain::derivation::SchemeRef;
use wuping_domain::reaction::Rulebooks;
use wuping_ledger::entry::Entry;
use wuping_ledger::erasure;
use wuping_ledger::vault::{Vault, VaultError};

use crate::verify::Finding;

/// The private values that entries name by their digests, each with the position of the entry.
#[derive(Default)]
pub(crate) struct NamedValues {
    by_digest: BTreeMap<String, u64>,
}

impl NamedValues {
    /// Note the values of an entry; those that it erases are due no more.
    pub(crate) fn take(&mut self, entry: &Entry) {
        if entry.event_type == "FieldsErased" {
            for digest in
                erasure::targets(&entry.data).into_iter().flatten().flat_map(|target| target.digests)
            {
                self.by_digest.remove(&digest);
            }
        }
        let named = entry.data.get("_sd").and_then(Value::as_array).into_iter().flatten();
        for digest in named.filter_map(Value::as_str) {
            self.by_digest.insert(digest.to_owned(), entry.sequence);
        }
    }

    /// Values that are not in the vault. They are put there before the entry that names them is recorded, and taken out
    /// after the entry that erases them: docs/format.md §8.
    pub(crate) fn missing(&self, vault: &HashSet<String>) -> Vec<Finding> {
        let missing = self.by_digest.iter().filter(|(digest, _)| !vault.contains(*digest));
        let finding = |(digest, position): (&String, &u64)| Finding {
            position: Some(*position),
            level: 0,
            code: "vault-missing".to_owned(),
            detail: format!(
                "its private value {digest} is not in the vault and was never erased; restore it from a backup"
            ),
        };
        missing.map(finding).collect()
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
            let Some(position) = self.by_digest.get(digest) else { continue };
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
