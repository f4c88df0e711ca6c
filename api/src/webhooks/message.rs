//! What a receiver is told of an entry: public values only, under the entry's own id, signed with the receiver's secret.

use ring::hmac;
use serde_json::{Map, Value, json};
use wuping_domain::aggregate::Concept as _;
use wuping_domain::hazard::{self, Hazard};
use wuping_domain::premises::{self, Premises};
use wuping_domain::recorded::subject_of;
use wuping_ledger::encoding::hex_encode;
use wuping_ledger::reader::Reader;
use wuping_ledger::recorded::RecordedEntry;
use wuping_ledger::store::StoreError;

/// The header with the message's id: the entry's event id, the same whenever it is told again.
pub const WEBHOOK_ID: &str = "webhook-id";
/// The header with the time of this attempt, in POSIX seconds.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The header with the signature, `v1=` and lower-case hex.
pub const SIGNATURE: &str = "webhook-signature";

/// What a receiver is told.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Message {
    /// The entry.
    pub(super) position: u64,
    /// Its event id.
    pub(super) id: String,
    /// The body, JSON.
    pub(super) body: String,
}

/// HMAC-SHA256 over the timestamp, a full stop and the body, as the header has it.
#[must_use]
pub fn signature(secret: &str, timestamp: u64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{timestamp}.{body}").as_bytes());
    format!("v1={}", hex_encode(tag.as_ref()))
}

/// What a department is told of an entry: none if it is not of a hazard that the department has to deal with, before the entry
/// or after it.
pub(super) fn of_entry(
    reader: &Reader,
    department: &str,
    position: u64,
    stream: &str,
    version: u64,
) -> Result<Option<Message>, StoreError> {
    let entries = reader.stream(stream)?;
    let mut hazard = Hazard::default();
    let mut before = String::new();
    let mut entry: Option<&RecordedEntry> = None;
    for one in entries.iter().take_while(|one| one.version <= version) {
        before.clone_from(&hazard.competent);
        if let Ok(event) = serde_json::from_str::<hazard::Event>(&one.data) {
            hazard.evolve(&event);
        }
        entry = Some(one);
    }
    let Some(entry) = entry.filter(|_| before == department || hazard.competent == department) else {
        return Ok(None);
    };
    let said: Value = serde_json::from_str(&entry.data).unwrap_or_default();
    // rows of published data tell of what happened elsewhere, long ago
    if said["source"].is_object() {
        return Ok(None);
    }
    let mut event = said.as_object().cloned().unwrap_or_default();
    event.retain(|name, _| !NOT_TOLD.contains(&name.as_str()));
    let body = json!({
        "id": entry.event_id,
        "type": said["type"],
        "log": reader.origin()?,
        "position": position,
        "occurred_at": entry.occurred_at,
        "recorded_at": entry.recorded_at,
        "department": department,
        "hazard": of_hazard(stream, &hazard),
        "premises": of_premises(reader, subject_of(stream))?,
        "event": event,
    });
    Ok(Some(Message { position, id: entry.event_id.clone(), body: body.to_string() }))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_anybody_with_the_secret_computes() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac 'a secret of one department'
        let signed = signature("a secret of one department", 1_700_000_000, r#"{"a":1}"#);
        assert_eq!(signed, EXPECTED);
        assert_ne!(signature("another secret of another", 1_700_000_000, r#"{"a":1}"#), signed);
    }

    const EXPECTED: &str = "v1=13395efb3eeb1b3750160b1e48ba4dda95f59d155ceb08cf5e6562a92ece9ef1";
}
