//! What a receiver is told of an entry: public values only, under the entry's own id, signed with the receiver's secret.

use ring::hmac;
use serde_json::{Value, json};
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

/// An entry with all of its stream up to it; none if there is none of that version.
pub(super) fn up_to(reader: &Reader, stream: &str, version: u64) -> Result<Vec<RecordedEntry>, StoreError> {
    let mut entries = reader.stream(stream)?;
    entries.retain(|entry| entry.version <= version);
    Ok(entries)
}

/// A message about an entry: what every one says, and what only this one does.
pub(super) fn message(
    reader: &Reader,
    position: u64,
    entry: &RecordedEntry,
    more: Value,
) -> Result<Message, StoreError> {
    let said: Value = serde_json::from_str(&entry.data).unwrap_or_default();
    let mut body = json!({
        "id": entry.event_id,
        "type": said["type"],
        "log": reader.origin()?,
        "position": position,
        "occurred_at": entry.occurred_at,
        "recorded_at": entry.recorded_at,
    });
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    Ok(Message { position, id: entry.event_id.clone(), body: body.to_string() })
}

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
