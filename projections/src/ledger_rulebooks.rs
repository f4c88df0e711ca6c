//! Published rulebooks as the ledger keeps them: documents in its append-only table, read once each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use wuping_domain::derivation::SchemeRef;
use wuping_domain::reaction::Rulebooks;
use wuping_domain::rulebook::Rulebook;
use wuping_ledger::encoding::Hash;
use wuping_ledger::reader::Reader;

/// Rulebooks out of a ledger. Cheap to share; a document never changes, so that none is read twice.
#[derive(Debug)]
pub struct LedgerRulebooks {
    reader: Reader,
    known: Mutex<HashMap<String, Arc<Rulebook>>>,
}

impl LedgerRulebooks {
    /// The rulebooks of this ledger.
    pub fn of(reader: Reader) -> Self {
        Self { reader, known: Mutex::new(HashMap::new()) }
    }

    /// A document that does not have the digest it is named by is none.
    fn read(&self, scheme: &SchemeRef) -> Option<Arc<Rulebook>> {
        let stored = self.reader.scheme(&scheme.sha256).ok().flatten()?;
        if Hash::of(&stored.bytes).hex() != scheme.sha256 {
            return None;
        }
        let document = serde_json::from_slice(&stored.bytes).ok()?;
        let rulebook = Rulebook::from_document(&document).ok().filter(|rulebook| rulebook.id == scheme.id)?;
        Some(Arc::new(rulebook))
    }
}

impl Rulebooks for LedgerRulebooks {
    fn rulebook(&self, scheme: &SchemeRef) -> Option<Arc<Rulebook>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&scheme.sha256).cloned();
        if let Some(known) = known {
            return (known.id == scheme.id).then_some(known);
        }
        let read = self.read(scheme)?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(scheme.sha256.clone(), Arc::clone(&read));
        Some(read)
    }
}
