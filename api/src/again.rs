//! Said again: what was signed with a key that is in doubt since is recorded again with another key. The new record keeps, beside
//! its own time, the time that was claimed first, and names the record that is in doubt. That one stands, marked, until somebody
//! who leads takes it back.

use serde_json::{Map, Value, json};
use uuid::Uuid;
use wuping_domain::recorded::subject_of;
use wuping_domain::rejection::Rejection;
use wuping_ledger::keys::Kid;
use wuping_ledger::row::Row;

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
        let beside = self.said_first(&asked, doubtful).await?;
        self.carry_out(who, asked, beside).await
    }

    /// What stands beside the new record: which one it says again, and when that claimed to have happened. What was said again
    /// before keeps the time of the very first.
    async fn said_first(&self, asked: &Asked, doubtful: &Uuid) -> Result<Map<String, Value>, ExecuteError> {
        let record = self.reader().row_by_event_id(doubtful)?;
        let record = record.filter(|record| subject_of(&record.aggregate_id) == subject_of(&asked.stream));
        let Some(record) = record else {
            return Err(ExecuteError::Rejected(Rejection::NotFound {
                what: "record of these premises or this party",
            }));
        };
        let (keys, kid) = (self.ledger.keys().await?, Kid::parse(record.kid.as_str()).ok());
        let key = kid.and_then(|kid| keys.record(&kid).cloned());
        if !key.is_some_and(|key| key.contested_at(record.position)) {
            return Err(ExecuteError::Rejected(Rejection::because(
                "not_in_doubt",
                json!({ "event_id": record.event_id }),
            )));
        }
        let again = json!({ "event_id": record.event_id, "occurred_at": claimed_first(&record) });
        Ok(Map::from_iter([("again".to_owned(), again)]))
    }
}

fn claimed_first(record: &Row) -> String {
    let said: Value = serde_json::from_str(&record.payload).unwrap_or_default();
    let first = said.pointer(CLAIMED_FIRST).and_then(Value::as_str);
    first.unwrap_or(&record.occurred_at).to_owned()
}

/// Where a record that says another one again has the time that was claimed first.
pub(crate) const CLAIMED_FIRST: &str = "/again/occurred_at";
