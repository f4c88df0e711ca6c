//! Published rulebooks as the ledger keeps them: documents in its append-only table, read once each.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;
use wuping_domain::derivation::SchemeRef;
use wuping_domain::event::Event;
use wuping_domain::publication;
use wuping_domain::reaction::{Later, Rulebooks};
use wuping_domain::recorded::local_date;
use wuping_domain::rulebook::Rulebook;
use wuping_ledger::encoding::Hash;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;

use crate::recording::recorded;

/// Rulebooks out of a ledger. Cheap to share; a document never changes, so that none is read twice.
pub struct LedgerRulebooks {
    documents: Box<dyn Documents>,
    known: Mutex<HashMap<String, Arc<Rulebook>>>,
    unread: AtomicU64,
    /// Where it is read which rulebooks are published; none where nobody asks.
    publications: Option<Publications>,
}

/// The publications of a ledger, read again when it has grown.
struct Publications {
    reader: Reader,
    read: Mutex<(u64, Vec<(SchemeRef, NaiveDate)>)>,
}

/// Where documents are kept.
trait Documents: Send + Sync {
    /// The stored document of a digest, where one is kept.
    fn document(&self, sha256: &str) -> Result<Option<Vec<u8>>, StoreError>;
}

impl<F: Fn(&str) -> Result<Option<Vec<u8>>, StoreError> + Send + Sync> Documents for F {
    fn document(&self, sha256: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self(sha256)
    }
}

impl LedgerRulebooks {
    /// The rulebooks of this ledger.
    pub fn of(reader: Reader) -> Self {
        let publications = Some(Publications { reader: reader.clone(), read: Mutex::default() });
        let documents = move |sha256: &str| Ok(reader.scheme(sha256)?.map(|scheme| scheme.bytes));
        Self { publications, ..Self::reading(documents) }
    }

    /// Rulebooks whose documents are read so, by their digest in lower-case hex. What is read is believed only as far as it
    /// has that digest.
    pub fn reading(
        document: impl Fn(&str) -> Result<Option<Vec<u8>>, StoreError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            documents: Box::new(document),
            known: Mutex::default(),
            unread: AtomicU64::default(),
            publications: None,
        }
    }

    /// A document that does not have the digest it is named by is none.
    fn read(&self, scheme: &SchemeRef) -> Option<Arc<Rulebook>> {
        let stored = self.documents.document(&scheme.sha256).unwrap_or_else(|error| {
            self.unread.fetch_add(1, Ordering::SeqCst);
            tracing::error!(id = scheme.id, %error, "a rulebook could not be read");
            None
        })?;
        if Hash::of(&stored).hex() != scheme.sha256 {
            return None;
        }
        let document = serde_json::from_slice(&stored).ok()?;
        let rulebook = Rulebook::from_document(&document).ok().filter(|rulebook| rulebook.id == scheme.id)?;
        Some(Arc::new(rulebook))
    }
}

impl Publications {
    /// Every published rulebook with the day of its publication. What is only kept beside the log, such as a draft's, is none.
    fn published(&self) -> Result<Vec<(SchemeRef, NaiveDate)>, StoreError> {
        let size = self.reader.size()?;
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.0 != size {
            let mut published = Vec::new();
            for kept in self.reader.schemes()? {
                for entry in self.reader.stream(&format!("rulebook/{}", kept.id))? {
                    let Ok(entry) = recorded(&entry.row()) else { continue };
                    let Event::Publication(publication::Event::RulebookPublished(of)) = &entry.event else {
                        continue;
                    };
                    if of.sha256 == kept.sha256 {
                        let scheme = SchemeRef { id: of.id.clone(), sha256: of.sha256.clone() };
                        published.push((scheme, local_date(entry.recorded_at)));
                    }
                }
            }
            *read = (size, published);
        }
        Ok(read.1.clone())
    }
}

/// A rulebook's name and layer, and its version.
fn version_of(id: &str) -> Option<(String, u64)> {
    let (family, version) = id.rsplit_once('-')?;
    Some((family.to_owned(), version.parse().ok()?))
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

    fn later(&self, scheme: &SchemeRef) -> Vec<Later> {
        let Some(publications) = &self.publications else { return vec![] };
        let published = publications.published().unwrap_or_else(|error| {
            self.unread.fetch_add(1, Ordering::SeqCst);
            tracing::error!(id = scheme.id, %error, "the publications of rulebooks could not be read");
            vec![]
        });
        let Some((family, version)) = version_of(&scheme.id) else { return vec![] };
        let newer = published.into_iter().filter_map(|(of, published_on)| {
            let (theirs, number) = version_of(&of.id)?;
            (theirs == family && number > version).then_some((number, of.clone(), published_on))
        });
        let mut newer: Vec<(u64, SchemeRef, NaiveDate)> = newer.collect();
        newer.sort_by_key(|(number, ..)| std::cmp::Reverse(*number));
        let read = newer.into_iter().filter_map(|(_, scheme, published_on)| {
            let rulebook = self.rulebook(&scheme)?;
            Some(Later { scheme, rulebook, published_on })
        });
        read.collect()
    }

    fn unread(&self) -> u64 {
        self.unread.load(Ordering::SeqCst)
    }
}

/// What is computed by rulebooks holds if none was found to be unreadable meanwhile: `before` is [`Rulebooks::unread`] at its
/// beginning.
///
/// # Errors
/// [`StoreError::Database`] if one was; the log says why.
pub fn all_were_read(rulebooks: &dyn Rulebooks, before: u64) -> Result<(), StoreError> {
    if rulebooks.unread() == before {
        return Ok(());
    }
    Err(StoreError::Database { doing: "be read", source: "a rulebook could not be read from it".into() })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[test]
    fn a_rulebook_that_cannot_be_read_is_not_taken_for_one_that_is_not_kept() {
        let away = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&away);
        let rulebooks = LedgerRulebooks::reading(move |_| match asked.load(Ordering::SeqCst) {
            false => Ok(None),
            true => Err(StoreError::Database { doing: "be read", source: "it is starting up".into() }),
        });
        let scheme = SchemeRef { id: "pingshan-building-1".to_owned(), sha256: "0".repeat(64) };
        let before = rulebooks.unread();
        assert!(rulebooks.rulebook(&scheme).is_none());
        all_were_read(&rulebooks, before).unwrap();
        away.store(true, Ordering::SeqCst);
        assert!(rulebooks.rulebook(&scheme).is_none());
        assert!(matches!(all_were_read(&rulebooks, before), Err(StoreError::Database { .. })));
        away.store(false, Ordering::SeqCst);
        let before = rulebooks.unread();
        assert!(rulebooks.rulebook(&scheme).is_none());
        all_were_read(&rulebooks, before).unwrap();
    }
}
