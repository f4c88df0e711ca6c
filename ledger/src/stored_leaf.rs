//! A stored entry in the columns that rebuild its leaf, borrowed from where they lie, and the making of many leaves one
//! after the other without a new piece of memory for each (docs/format.md §2).

use std::ops::Range;

use crate::encoding::{Hash, b64u_append_to};
use crate::entry::protected_of;
use crate::jcs;
use crate::merkle::leaf_hash;

/// The columns that rebuild a leaf. Nothing is believed before [`LeafMaker::rebuilds`].
#[derive(Clone, Copy, Debug)]
pub struct StoredLeaf<'a> {
    /// The leaf's index in the log.
    pub position: u64,
    /// The stream.
    pub stream: &'a str,
    /// The version in the stream.
    pub version: u64,
    /// The exact canonical text of the content.
    pub data: &'a str,
    /// The author's own count.
    pub author_seq: u64,
    /// The event's id.
    pub event_id: &'a str,
    /// When it happened, by the author's claim.
    pub occurred_at: &'a str,
    /// The shape of the content.
    pub schema: &'a str,
    /// The author's key.
    pub kid: &'a str,
    /// The author's signature, base64url.
    pub signature: &'a str,
    /// When the server appended it.
    pub recorded_at: &'a str,
    /// The hash that the others must lead to.
    pub leaf_hash: Hash,
}

/// Makes leaves of one log, in memory of its own that is used again for each.
#[derive(Debug)]
pub struct LeafMaker {
    /// The log's origin as a JSON string.
    log: String,
    plain: String,
    leaf: Vec<u8>,
    /// Name of the key whose protected header was made last, and that header: many entries in a row have one author.
    kid: String,
    protected: String,
    /// Where the payload stands in the leaf.
    payload: Range<usize>,
}

impl LeafMaker {
    /// For the log of this origin.
    #[must_use]
    pub fn of(origin: &str) -> Self {
        let mut log = String::new();
        jcs::write_string(origin, &mut log);
        let (plain, leaf) = (String::new(), Vec::new());
        Self { log, plain, leaf, kid: String::new(), protected: String::new(), payload: 0..0 }
    }

    /// The leaf that these columns make, by concatenation alone: no serialiser between storage and hash.
    pub fn leaf(&mut self, row: &StoredLeaf<'_>) -> &[u8] {
        self.write_plain(row);
        if self.kid != row.kid {
            self.protected = protected_of(row.kid);
            row.kid.clone_into(&mut self.kid);
        }
        let Self { plain, leaf, protected, payload, .. } = self;
        leaf.clear();
        leaf.extend_from_slice(br#"{"header":{"recorded_at":""#);
        leaf.extend_from_slice(row.recorded_at.as_bytes());
        leaf.extend_from_slice(br#"","sequence":"#);
        leaf.extend_from_slice(decimal(row.position, &mut [0; DIGITS]));
        leaf.extend_from_slice(br#"},"payload":""#);
        let before = leaf.len();
        b64u_append_to(plain.as_bytes(), leaf);
        *payload = before..leaf.len();
        for part in [r#"","protected":""#, protected, r#"","signature":""#, row.signature, r#""}"#] {
            leaf.extend_from_slice(part.as_bytes());
        }
        leaf
    }

    /// As [`LeafMaker::leaf`], with what its signature covers, `Q.P`, and where `Q` ends.
    pub(crate) fn signed_leaf(&mut self, row: &StoredLeaf<'_>) -> (&[u8], String, usize) {
        self.leaf(row);
        let Self { leaf, protected, payload, .. } = self;
        let mut signed = Vec::with_capacity(protected.len() + 1 + payload.len());
        for part in [protected.as_bytes(), b".", leaf.get(payload.clone()).unwrap_or_default()] {
            signed.extend_from_slice(part);
        }
        // both are base64url
        (leaf, String::from_utf8(signed).unwrap_or_default(), protected.len())
    }

    /// Whether the columns rebuild the leaf whose hash stands beside them.
    pub fn rebuilds(&mut self, row: &StoredLeaf<'_>) -> bool {
        leaf_hash(self.leaf(row)) == row.leaf_hash
    }

    /// Content and meta, as they were signed.
    fn write_plain(&mut self, row: &StoredLeaf<'_>) {
        let Self { log, plain, .. } = self;
        let (mut author_seq, mut version) = ([0; DIGITS], [0; DIGITS]);
        plain.clear();
        for part in [
            r#"{"data":"#,
            row.data,
            r#","meta":{"author_seq":"#,
            digits(decimal(row.author_seq, &mut author_seq)),
            r#","event_id":""#,
            row.event_id,
            r#"","log":"#,
            log,
            r#","occurred_at":""#,
            row.occurred_at,
            r#"","schema":""#,
            row.schema,
            r#"","stream":""#,
            row.stream,
            r#"","version":"#,
            digits(decimal(row.version, &mut version)),
            "}}",
        ] {
            plain.push_str(part);
        }
    }
}

/// The decimal digits of a number, at the end of the room given.
fn decimal(mut number: u64, room: &mut [u8; DIGITS]) -> &[u8] {
    let mut at = DIGITS;
    loop {
        at -= 1;
        room[at] = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        if number == 0 {
            return &room[at..];
        }
    }
}

fn digits(ascii: &[u8]) -> &str {
    std::str::from_utf8(ascii).unwrap_or_default()
}

/// Of the largest number there is.
const DIGITS: usize = 20;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entry::{Entry, Meta, derived_event_id, seal};
    use crate::keys::Signer;
    use crate::row::Row;
    use crate::stream::StreamPath;
    use crate::timestamp::Timestamp;

    proptest! {
        #[test]
        fn leaves_one_after_the_other_are_those_that_were_signed(
            entries in prop::collection::vec((any::<u32>(), "[^\"\\\\\u{0}-\u{1f}]{0,60}", 1u8..4), 1..6),
            log in "[a-z0-9][a-z0-9._/-]{0,20}",
        ) {
            let mut maker = LeafMaker::of(&log);
            for (number, text, author) in entries {
                let number = u64::from(number);
                let meta = Meta {
                    author_seq: number + 1,
                    event_id: derived_event_id(&log, "x", number),
                    log: log.clone(),
                    occurred_at: Timestamp::parse("2026-03-01T09:30:00.000Z", "t").unwrap(),
                    schema: "wuping/2".into(),
                    stream: StreamPath::new("premises/p-1/hazard/7").unwrap(),
                    version: number / 7 + 1,
                };
                let data = format!(r#"{{"note":"{text}","type":"Noted"}}"#);
                let sealed = seal(&Signer::from_seed(&[author; 32]), &data, &meta, meta.occurred_at, number);
                let row = Row::from_entry(&Entry::parse(&sealed.leaf, Some(&log)).unwrap());
                prop_assert_eq!(maker.leaf(&row.stored_leaf()), &sealed.leaf);
                prop_assert!(maker.rebuilds(&row.stored_leaf()));
                let other = StoredLeaf { version: row.sequence + 1, ..row.stored_leaf() };
                prop_assert!(!maker.rebuilds(&other));
            }
        }
    }

    #[test]
    fn numbers_are_written_in_full() {
        for number in [0, 7, 10, 99, 1_234_567, u64::MAX] {
            assert_eq!(digits(decimal(number, &mut [0; DIGITS])), number.to_string());
        }
    }
}
