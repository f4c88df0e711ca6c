//! What a department is told of an entry of a hazard: public values only.

use serde_json::{Map, Value, json};
use wuping_domain::aggregate::Concept as _;
use wuping_domain::hazard::{self, Hazard};
use wuping_domain::premises::{self, Premises};
use wuping_domain::recorded::subject_of;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;

use super::message::{Message, message, up_to};

/// What a department is told of an entry: none if it is not of a hazard that the department has to deal with, before the entry
/// or after it.
pub(super) fn of_entry(
    reader: &Reader,
    department: &str,
    position: u64,
    stream: &str,
    version: u64,
) -> Result<Option<Message>, StoreError> {
    let entries = up_to(reader, stream, version)?;
    let mut hazard = Hazard::default();
    let mut before = String::new();
    for one in &entries {
        before.clone_from(&hazard.competent);
        if let Ok(event) = serde_json::from_str::<hazard::Event>(&one.data) {
            hazard.evolve(&event);
        }
    }
    let Some(entry) = entries.last().filter(|_| before == department || hazard.competent == department)
    else {
        return Ok(None);
    };
    let said: Value = serde_json::from_str(&entry.data).unwrap_or_default();
    // rows of published data tell of what happened elsewhere, long ago
    if said["source"].is_object() {
        return Ok(None);
    }
    let mut event = said.as_object().cloned().unwrap_or_default();
    event.retain(|name, _| !NOT_TOLD.contains(&name.as_str()));
    let more = json!({
        "department": department,
        "hazard": of_hazard(stream, &hazard),
        "premises": of_premises(reader, subject_of(stream))?,
        "event": event,
    });
    message(reader, position, entry, more).map(Some)
}

/// What is public of a hazard, as it stands after the entry.
fn of_hazard(stream: &str, hazard: &Hazard) -> Value {
    let found = hazard.found.as_ref();
    json!({
        "stream": stream,
        "stage": hazard.stage.code(),
        "competent": hazard.competent,
        "indicator": found.map(|found| &found.indicator),
        "severity": found.map(|found| &found.severity),
        "works": found.map(|found| &found.works),
        "suspected": found.map(|found| found.suspected),
        "major": hazard.determined,
        "review": hazard.course.routed.as_ref().map(|routed| &routed.review),
        "overdue_since": hazard.course.overdue,
    })
}

/// What is public of the premises.
fn of_premises(reader: &Reader, subject: &str) -> Result<Value, StoreError> {
    let mut premises = Premises::default();
    for entry in reader.stream(subject)? {
        if let Ok(event) = serde_json::from_str::<premises::Event>(&entry.data) {
            premises.evolve(&event);
        }
    }
    let id = subject.rsplit('/').next().unwrap_or_default();
    let register = premises.register.map(|register| serde_json::to_value(register).unwrap_or_default());
    let mut told = Map::new();
    if let Some(Value::Object(register)) = register {
        told = register;
        told.retain(|name, _| REGISTERED.contains(&name.as_str()));
    }
    told.insert("id".to_owned(), json!(id));
    Ok(Value::Object(told))
}

/// Members of an entry that are of no use outside the ledger, or say who did what: of the office, or who reported.
const NOT_TOLD: [&str; 9] =
    ["_sd", "by", "caused_by", "derivation", "officers", "photo_count", "received", "supplied", "type"];
const REGISTERED: [&str; 7] =
    ["address", "codes", "community", "grid_cell", "layer", "parent", "subdistrict"];
