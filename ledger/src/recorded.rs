//! A recorded entry as readers see it: what was signed and where it stands, without signature and hashes.

use crate::jcs::write_string;
use crate::stream::subject_of;

/// An entry as it lies in the store, borrowed for as long as it is being looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RecordedRow<'a> {
    /// Zero-based index in the log.
    pub position: u64,
    /// Path of the stream.
    pub stream: &'a str,
    /// Version in that stream, from 1.
    pub version: u64,
    /// `D.type`.
    pub event_type: &'a str,
    /// Shape of the event, `name/number`.
    pub schema: &'a str,
    /// The exact canonical text of `D`.
    pub data: &'a str,
    /// Running number of the author, from 1.
    pub author_seq: u64,
    /// Idempotency key, a lower-case UUID.
    pub event_id: &'a str,
    /// The author's claim.
    pub occurred_at: &'a str,
    /// Thumbprint of the author's key.
    pub kid: &'a str,
    /// The ledger's own time.
    pub recorded_at: &'a str,
}

impl RecordedRow<'_> {
    /// What the entry is about: the first two segments of its stream.
    #[must_use]
    pub fn subject(&self) -> &str {
        subject_of(self.stream)
    }

    /// The entry as an input of a computation (docs/format.md §9), canonical; `log` is the ledger's origin.
    #[must_use]
    pub fn input(&self, log: &str) -> String {
        let mut text = String::with_capacity(self.data.len() + 420);
        text.push_str("{\"payload\":{\"data\":");
        text.push_str(self.data);
        text.push_str(",\"meta\":{\"author_seq\":");
        text.push_str(&self.author_seq.to_string());
        for (name, value) in [
            ("event_id", self.event_id),
            ("log", log),
            ("occurred_at", self.occurred_at),
            ("schema", self.schema),
            ("stream", self.stream),
        ] {
            text.push_str(",\"");
            text.push_str(name);
            text.push_str("\":");
            write_string(value, &mut text);
        }
        text.push_str(",\"version\":");
        text.push_str(&self.version.to_string());
        text.push_str("}},\"recorded_at\":");
        write_string(self.recorded_at, &mut text);
        text.push_str(",\"sequence\":");
        text.push_str(&self.position.to_string());
        text.push('}');
        text
    }

    /// The same, kept.
    #[must_use]
    pub fn keep(&self) -> RecordedEntry {
        RecordedEntry {
            position: self.position,
            stream: self.stream.to_owned(),
            version: self.version,
            event_type: self.event_type.to_owned(),
            schema: self.schema.to_owned(),
            data: self.data.to_owned(),
            author_seq: self.author_seq,
            event_id: self.event_id.to_owned(),
            occurred_at: self.occurred_at.to_owned(),
            kid: self.kid.to_owned(),
            recorded_at: self.recorded_at.to_owned(),
        }
    }
}

/// A [`RecordedRow`] that is kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecordedEntry {
    /// Zero-based index in the log.
    pub position: u64,
    /// Path of the stream.
    pub stream: String,
    /// Version in that stream, from 1.
    pub version: u64,
    /// `D.type`.
    pub event_type: String,
    /// Shape of the event, `name/number`.
    pub schema: String,
    /// The exact canonical text of `D`.
    pub data: String,
    /// Running number of the author, from 1.
    pub author_seq: u64,
    /// Idempotency key, a lower-case UUID.
    pub event_id: String,
    /// The author's claim.
    pub occurred_at: String,
    /// Thumbprint of the author's key.
    pub kid: String,
    /// The ledger's own time.
    pub recorded_at: String,
}

impl RecordedEntry {
    /// The borrowed form.
    #[must_use]
    pub fn row(&self) -> RecordedRow<'_> {
        RecordedRow {
            position: self.position,
            stream: &self.stream,
            version: self.version,
            event_type: &self.event_type,
            schema: &self.schema,
            data: &self.data,
            author_seq: self.author_seq,
            event_id: &self.event_id,
            occurred_at: &self.occurred_at,
            kid: &self.kid,
            recorded_at: &self.recorded_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_the_canonical_text_of_payload_time_and_sequence() {
        let row = RecordedRow {
            position: 7,
            stream: "premises/p-1/hazard/2",
            version: 3,
            event_type: "HazardClosed",
            schema: "hazard/1",
            data: "{\"type\":\"HazardClosed\"}",
            author_seq: 11,
            event_id: "6e42332e-f6b7-4766-a6ae-7487dcd8c82f",
            occurred_at: "2026-03-01T00:00:00.000Z",
            kid: "k",
            recorded_at: "2026-03-01T00:00:01.000Z",
        };
        assert_eq!(row.subject(), "premises/p-1");
        let input = row.input("ledger.example/x");
        let parsed = crate::jcs::parse(input.as_bytes()).unwrap();
        assert_eq!(parsed["payload"]["meta"]["version"], 3);
        assert_eq!(parsed["payload"]["data"]["type"], "HazardClosed");
        assert_eq!(parsed["sequence"], 7);
        assert_eq!(row.keep().row(), row);
    }
}
