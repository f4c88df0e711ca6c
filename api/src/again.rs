//! Said again: what was signed with a key that is in doubt since is recorded again with another key. The new record keeps, beside
//! its own time, the time that was claimed first, and names the record that is in doubt. That one stands, marked, until somebody
//! who leads takes it back.

use serde_json::{Map, Value, json};
use uuid::Uuid;
use wuping_domain::recorded::subject_of;
use wuping_domain::rejection::Rejection;
use wuping_ledger::keys::Kid;
use wuping_ledger::recorded::RecordedRow;

use crate::app::{App, Asked, Done, ExecuteError, Who};

impl App {
    /// Carries out a command that says again what the record of this event said under a key in doubt.
    ///
    /// # Errors
    /// As [`App::execute`]; also if the same premises or party have no such record, or its key is in no doubt.
    pub async fn execute_again(
        &self,
        who: &Who,
        asked: Asked,
        doubtful: &Uuid,
    ) -> Result<Done, ExecuteError> {
        let beside = self.said_first(&asked, doubtful)?;
        self.carry_out(who, asked, beside).await
    }

    /// What stands beside the new record: which one it says again, and when that claimed to have happened. What was said again
    /// before keeps the time of the very first.
    fn said_first(&self, asked: &Asked, doubtful: &Uuid) -> Result<Map<String, Value>, ExecuteError> {
        let (id, keys, mut found) = (doubtful.hyphenated().to_string(), self.reader().keys()?, None);
        self.reader().each_of_subject(subject_of(&asked.stream), None, |row| {
            if row.event_id == id {
                let record = Kid::parse(row.kid.to_owned()).ok().and_then(|kid| keys.record(&kid).cloned());
                let doubted = record.is_some_and(|record| record.contested_at(row.position));
                found = Some((claimed_first(&row), doubted));
            }
            Ok::<_, ExecuteError>(())
        })?;
        match found {
            None => Err(ExecuteError::Rejected(Rejection::NotFound {
                what: "record of these premises or this party",
            })),
            Some((_, false)) => {
                Err(ExecuteError::Rejected(Rejection::because("not_in_doubt", json!({ "event_id": id }))))
            }
            Some((claimed, true)) => {
                Ok(Map::from_iter([("again".to_owned(), json!({ "event_id": id, "occurred_at": claimed }))]))
            }
        }
    }
}

fn claimed_first(row: &RecordedRow<'_>) -> String {
    let said: Value = serde_json::from_str(row.data).unwrap_or_default();
    let first = said.pointer(CLAIMED_FIRST).and_then(Value::as_str);
    first.unwrap_or(row.occurred_at).to_owned()
}

/// Where a record that says another one again has the time that was claimed first.
pub(crate) const CLAIMED_FIRST: &str = "/again/occurred_at";
