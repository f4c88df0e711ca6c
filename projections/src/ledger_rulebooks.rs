//! Published rulebooks as the ledger keeps them: documents in its append-only table, read once each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use wuping_domain::derivation::SchemeRef;
use wuping_domain::reaction::Rulebooks;
use wuping_domain::rulebook::Rulebook;
use wuping_ledger::encoding::Hash;
use wuping_ledger::reader::Reader;

/// Rulebooks out of a ledger. Cheap to share; a document never changes, so that none is read twice.
pub struct LedgerRulebooks {
    documents: Box<dyn Documents>,
    known: Mutex<HashMap<String, Arc<Rulebook>>>,
}

/// Where documents are kept.
trait Documents: Send + Sync {
    /// The stored document of a digest.
    fn document(&self, sha256: &str) -> Option<Vec<u8>>;
}

impl<F: Fn(&str) -> Option<Vec<u8>> + Send + Sync> Documents for F {
    fn document(&self, sha256: &str) -> Option<Vec<u8>> {
        self(sha256)
    }
}

impl LedgerRulebooks {
    /// The rulebooks of this ledger.
    pub fn of(reader: Reader) -> Self {
        Self::reading(move |sha256| Some(reader.scheme(sha256).ok().flatten()?.bytes))
    }

    /// Rulebooks whose documents are read so, by their digest in lower-case hex. What is read is believed only as far as it
    /// has that digest.
    pub fn reading(document: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        Self { documents: Box::new(document), known: Mutex::new(HashMap::new()) }
    }

    /// A document that does not have the digest it is named by is none.
    fn read(&self, scheme: &SchemeRef) -> Option<Arc<Rulebook>> {
        let stored = self.documents.document(&scheme.sha256)?;
        if Hash::of(&stored).hex() != scheme.sha256 {
            return None;
        }
        let document = serde_json::from_slice(&stored).ok()?;
        let rulebook = Rulebook::from_document(&document).ok().filter(|rulebook| rulebook.id == scheme.id)?;
        Some(Arc::new(rulebook))
    }
}

impl std::fmt::Debug for LedgerRulebooks {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("LedgerRulebooks").finish_non_exhaustive()
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
