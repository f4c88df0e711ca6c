//! Where the ledger's rows meet the domain's events.

use wuping_domain::event::{Event, Unreadable, Written, read};
use wuping_domain::recorded::Recorded;
use wuping_ledger::recorded::RecordedRow;

/// Understand a row.
///
/// # Errors
/// If its payload is no event that this version knows.
pub fn recorded(row: &RecordedRow<'_>) -> Result<Recorded<Event>, Unreadable> {
    read(&Written {
        data: row.data,
        event_id: row.event_id,
        occurred_at: row.occurred_at,
        position: row.position,
        recorded_at: row.recorded_at,
        stream: row.stream,
        version: row.version,
    })
}
