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
                kid: entry.kid,
                content: RawValue::from_string(entry.data)?,
            })
        })
        .collect()
}
