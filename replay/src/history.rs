//! Every event of a subject, with who signed it and both times.

use serde::Serialize;
use serde_json::value::RawValue;
use wuping_ledger::keys::Kid;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;

/// One event of a subject.
#[derive(Debug, Serialize)]
pub struct HistoryEntry {
    /// Place in the ledger.
    pub position: u64,
    /// The stream it belongs to.
    pub stream: String,
    /// Number in that stream.
    pub version: u64,
    /// Its type.
    pub event_type: String,
    /// When it happened, as claimed.
    pub occurred_at: String,
    /// When the ledger took it.
    pub recorded_at: String,
    /// Thumbprint of the key that signed it.
    pub kid: String,
    /// The pseudonym of the key's holder.
    pub holder: String,
    /// What kind of key it is: `officer`, `service`, `intake` …
    pub role: String,
    /// Whether it is contested: valid, and suspected by the revocation of its key (docs/format.md §4).
    pub contested: bool,
    /// The public content.
    pub content: Box<RawValue>,
}

/// Why there is no history.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// A content is no JSON.
    #[error("an entry's content is not JSON; run “wuping verify”")]
    Content(#[from] serde_json::Error),
    /// The ledger could not be read.
    #[error("the ledger could not be read")]
    Store(#[from] StoreError),
}

/// The history of a path and all below it, by position.
///
/// # Errors
/// If the ledger cannot be read.
pub fn history(reader: &Reader, path: &str) -> Result<Vec<HistoryEntry>, HistoryError> {
    let keys = reader.keys()?;
    let entries = reader.subject(path, None)?;
    entries
        .into_iter()
        .map(|entry| {
            let record = Kid::parse(entry.kid.clone()).ok().and_then(|kid| keys.record(&kid));
            Ok(HistoryEntry {
                position: entry.position,
                stream: entry.stream,
                version: entry.version,
                event_type: entry.event_type,
                occurred_at: entry.occurred_at,
                recorded_at: entry.recorded_at,
                holder: record.map(|record| record.holder.clone()).unwrap_or_default(),
                role: record.map(|record| record.role.to_string()).unwrap_or_default(),
                contested: record.is_some_and(|record| record.contested_at(entry.position)),
                kid: entry.kid,
                content: RawValue::from_string(entry.data)?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_house::House;

    #[test]
    fn who_received_and_who_computed_is_told_in_order_and_nothing_of_others() {
        let mut house = House::honest();
        house.register("p-1");
        house.register("p-10");
        let (submitted, last) = house.assess("p-1", "a-1", "2025-02-03", &[]);
        let told = history(house.ledger.reader(), "premises/p-1").unwrap();
        assert!(told.is_sorted_by_key(|entry| entry.position));
        assert!(told.iter().all(|entry| entry.stream.split('/').nth(1) == Some("p-1")));
        let at = |position| told.iter().find(|entry| entry.position == position).unwrap();
        let (submission, grade) = (at(submitted), at(submitted + 1));
        assert_eq!(
            (submission.event_type.as_str(), submission.role.as_str()),
            ("AssessmentSubmitted", "intake")
        );
        assert_eq!((grade.event_type.as_str(), grade.role.as_str()), ("GradeDetermined", "service"));
        assert_eq!(submission.occurred_at, "2025-02-03T04:00:00.000Z");
        assert!(submission.recorded_at >= submission.occurred_at);
        assert!(grade.content.get().contains("\"derivation\""));
        assert_eq!(told.last().unwrap().position, last);
        let assessment = history(house.ledger.reader(), "premises/p-1/assessment/a-1").unwrap();
        assert!(assessment.iter().all(|entry| entry.stream == "premises/p-1/assessment/a-1"));
        assert!(history(house.ledger.reader(), "premises/p-3").unwrap().is_empty());
    }

    #[test]
    fn the_holder_of_a_root_key_is_named() {
        let house = House::honest();
        let genesis = house.ledger.reader().row(0).unwrap().unwrap();
        let told = history(house.ledger.reader(), &genesis.aggregate_id).unwrap();
        assert_eq!((told[0].holder.as_str(), told[0].role.as_str()), ("root-1", "root"));
        assert_eq!((told[0].position, told[0].version, &told[0].kid), (0, 1, &genesis.kid));
    }
}
