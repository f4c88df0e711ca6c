//! Doubt: what was signed with a key after it was lost, until it was ended. It stays valid and carries a mark, until somebody
//! who leads says that it holds, or takes it back.

use std::collections::BTreeMap;

use serde_json::Value;
use wuping_ledger::key_state::KeyRecord;
use wuping_ledger::keys::Kid;
use wuping_ledger::recorded::RecordedEntry;
use wuping_ledger::store::StoreError;

use crate::app::App;
use crate::look::words::Lang;

/// The doubts about what was recorded of one premises.
pub(crate) struct Doubts {
    /// Keys that are doubted, by name.
    keys: BTreeMap<String, KeyRecord>,
    /// What was judged, by the record's event: whether it holds.
    judged: BTreeMap<String, bool>,
}

/// A record under doubt that nobody has judged.
#[derive(Clone, Debug)]
pub(crate) struct Doubtful {
    /// The entry.
    pub(crate) entry: RecordedEntry,
    /// Who holds the key that signed it.
    pub(crate) recorded_by: String,
}

impl Doubts {
    /// None where no key of this ledger is doubted.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub(crate) fn about(app: &App, subject: &str) -> Result<Option<Self>, StoreError> {
        let state = app.reader().keys()?;
        let doubted = state.records().filter(|(_, record)| record.suspect_from.is_some());
        let keys: BTreeMap<String, KeyRecord> =
            doubted.map(|(kid, record)| (Kid::as_str(kid).to_owned(), record.clone())).collect();
        if keys.is_empty() {
            return Ok(None);
        }
        let mut judged = BTreeMap::new();
        app.reader().each_of_subject(subject, None, |row| {
            let holds = match row.event_type {
                "DoubtfulRecordConfirmed" => true,
                "DoubtfulRecordWithdrawn" => false,
                _ => return Ok::<_, StoreError>(()),
            };
            let said: Value = serde_json::from_str(row.data).unwrap_or_default();
            judged.insert(said["event_id"].as_str().unwrap_or_default().to_owned(), holds);
            Ok(())
        })?;
        Ok(Some(Self { keys, judged }))
    }

    /// What is to be said beside an entry.
    pub(crate) fn mark(&self, lang: Lang, entry: &RecordedEntry) -> Option<String> {
        self.doubted(entry)?;
        Some(match self.judged.get(&entry.event_id) {
            Some(true) => lang.say(
                "签名的密钥报失以后签的，已由负责人核实。",
                "Signed with a key after it was lost; since confirmed by somebody who leads.",
            ),
            Some(false) => lang.say(
                "签名的密钥报失以后签的，已由负责人撤回。",
                "Signed with a key after it was lost; since taken back by somebody who leads.",
            ),
            None => lang.say(
                "存疑：签名的密钥报失以后签的，等负责人核实。",
                "Under doubt: signed with a key after it was lost; somebody who leads is to say whether it holds.",
            ),
        })
    }

    /// What nobody has judged of these premises, oldest first.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub(crate) fn open(&self, app: &App, subject: &str) -> Result<Vec<Doubtful>, StoreError> {
        let mut open = Vec::new();
        app.reader().each_of_subject(subject, None, |row| {
            if self.keys.contains_key(row.kid) && !self.judged.contains_key(row.event_id) {
                let entry = row.keep();
                let holder = self.doubted(&entry).map(|record| record.holder.clone());
                open.extend(holder.map(|recorded_by| Doubtful { entry, recorded_by }));
            }
            Ok::<_, StoreError>(())
        })?;
        Ok(open)
    }

    fn doubted(&self, entry: &RecordedEntry) -> Option<&KeyRecord> {
        self.keys.get(&entry.kid).filter(|record| record.contested_at(entry.position))
    }
}
