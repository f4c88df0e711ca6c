//! A published leaf taken apart into the columns that it would be stored in, without a parser between: the exact reverse of
//! [`crate::stored_leaf::LeafMaker`], which writes each leaf in one way only (docs/format.md §2).

use crate::encoding::{Hash, b64u_decode, b64u_decode_into, decimal};
use crate::entry::protected_of;
use crate::stored_leaf::StoredLeaf;

/// Takes leaves apart, in memory of its own that is used again for each.
#[derive(Debug, Default)]
pub(crate) struct LeafCutter {
    plain: Vec<u8>,
    /// The protected header that was met last, and the key it names: many entries in a row have one author.
    protected: String,
    kid: String,
}

impl LeafCutter {
    /// The columns of a leaf at a position of the log of this origin; none if it is not written as a leaf of that log and
    /// position is. That its values are what the format allows is not looked at, nor its signature.
    pub(crate) fn columns<'a>(
        &'a mut self,
        leaf: &'a [u8],
        position: u64,
        origin: &str,
        leaf_hash: Hash,
    ) -> Option<StoredLeaf<'a>> {
        // the payload is most of a leaf: what stands around it is cut off at both ends, and only its decoder looks at it
        let (rest, signature) = leaf.strip_suffix(br#""}"#)?.split_last_chunk::<SIGNATURE>()?;
        let rest = rest.strip_suffix(br#"","signature":""#)?;
        let rest = match rest.strip_suffix(self.protected.as_bytes()) {
            Some(rest) if !self.protected.is_empty() => rest,
            _ => {
                let protected = rest.rsplit(|byte| *byte == b'"').next()?;
                let text = std::str::from_utf8(protected).ok()?;
                self.kid = kid_in(text)?;
                text.clone_into(&mut self.protected);
                rest.strip_suffix(protected)?
            }
        };
        let rest = rest.strip_suffix(br#"","protected":""#)?;
        let rest = rest.strip_prefix(br#"{"header":{"recorded_at":""#)?;
        let (recorded_at, rest) = until(rest, b'"')?;
        let (sequence, rest) = until(rest.strip_prefix(br#","sequence":"#)?, b'}')?;
        let payload = rest.strip_prefix(br#","payload":""#)?;
        if number(sequence)? != position {
            return None;
        }
        let signature = std::str::from_utf8(signature).ok()?;
        let plain = b64u_decode_into(payload, &mut self.plain)?;
        // no member of meta has a brace in it, so the last one that opens is its own
        let (data, meta) = std::str::from_utf8(plain).ok()?.rsplit_once('{')?;
        let data = data.strip_prefix(r#"{"data":"#)?.strip_suffix(r#","meta":"#)?;
        let (author_seq, rest) = meta.strip_prefix(r#""author_seq":"#)?.split_once(',')?;
        let (event_id, rest) = until_quote(rest.strip_prefix(r#""event_id":""#)?)?;
        let (log, rest) = until_quote(rest.strip_prefix(r#","log":""#)?)?;
        let (occurred_at, rest) = until_quote(rest.strip_prefix(r#","occurred_at":""#)?)?;
        let (schema, rest) = until_quote(rest.strip_prefix(r#","schema":""#)?)?;
        let (stream, rest) = until_quote(rest.strip_prefix(r#","stream":""#)?)?;
        let version = rest.strip_prefix(r#","version":"#)?.strip_suffix("}}")?;
        if log != origin {
            return None;
        }
        Some(StoredLeaf {
            position,
            stream,
            version: number(version)?,
            data,
            author_seq: number(author_seq)?,
            event_id,
            occurred_at,
            schema,
            kid: &self.kid,
            signature,
            recorded_at,
            leaf_hash,
        })
    }
}

/// What stands before the next such byte, and what behind it; all that is cut off so is short.
fn until(bytes: &[u8], end: u8) -> Option<(&str, &[u8])> {
    let at = bytes.iter().position(|byte| *byte == end)?;
    Some((std::str::from_utf8(&bytes[..at]).ok()?, &bytes[at + 1..]))
}

/// What stands before the next quotation mark, and what behind it.
fn until_quote(text: &str) -> Option<(&str, &str)> {
    text.split_once('"')
}

/// A number as it is written in a leaf.
fn number(text: &str) -> Option<u64> {
    decimal(text, "number").ok()
}

/// The key that a protected header names; none if the header is not the one that is written for it.
fn kid_in(protected: &str) -> Option<String> {
    let header = String::from_utf8(b64u_decode(protected, "protected").ok()?).ok()?;
    let (_, rest) = header.split_once(r#""kid":""#)?;
    let (kid, _) = until_quote(rest)?;
    (protected_of(kid) == protected).then(|| kid.to_owned())
}

/// Characters of a signature: 64 bytes as base64url.
const SIGNATURE: usize = 86;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entry::{Meta, derived_event_id, seal};
    use crate::keys::Signer;
    use crate::merkle::leaf_hash;
    use crate::stored_leaf::LeafMaker;
    use crate::stream::StreamPath;
    use crate::timestamp::Timestamp;

    fn sealed(log: &str, number: u64, text: &str, author: u8) -> Vec<u8> {
        let meta = Meta {
            author_seq: number + 1,
            event_id: derived_event_id(log, "x", number),
            log: log.to_owned(),
            occurred_at: Timestamp::parse("2026-03-01T09:30:00.000Z", "t").unwrap(),
            schema: "wuping/2".into(),
            stream: StreamPath::new("premises/p-1/hazard/7").unwrap(),
            version: number / 7 + 1,
        };
        let data = crate::jcs::canonical_str(&serde_json::json!({ "note": text, "type": "Noted" })).unwrap();
        seal(&Signer::from_seed(&[author; 32]), &data, &meta, meta.occurred_at, number).leaf
    }

    proptest! {
        #[test]
        fn what_was_taken_apart_makes_the_same_leaf_again(
            entries in prop::collection::vec((any::<u32>(), any::<String>(), 1u8..4), 1..6),
            log in "[a-z0-9][a-z0-9._/-]{0,20}",
        ) {
            let (mut cutter, mut maker) = (LeafCutter::default(), LeafMaker::of(&log));
            for (number, text, author) in entries {
                let text = format!(r#"{text}","meta":{{"author_seq":7,{{"#);
                let leaf = sealed(&log, number.into(), &text, author);
                let columns = cutter.columns(&leaf, number.into(), &log, leaf_hash(&leaf)).unwrap();
                prop_assert!(maker.rebuilds(&columns));
                prop_assert!(cutter.columns(&leaf, u64::from(number) + 1, &log, leaf_hash(&leaf)).is_none());
                prop_assert!(cutter.columns(&leaf, number.into(), "another", leaf_hash(&leaf)).is_none());
            }
        }

        #[test]
        fn whatever_is_changed_is_no_leaf_or_another_one(at: prop::sample::Index, byte: u8) {
            let leaf = sealed("log", 12, "烟感缺失", 1);
            let (at, mut changed) = (at.index(leaf.len()), leaf.clone());
            changed[at] = byte;
            let (mut cutter, mut maker) = (LeafCutter::default(), LeafMaker::of("log"));
            if let Some(columns) = cutter.columns(&changed, 12, "log", leaf_hash(&changed)) {
                prop_assert!(maker.rebuilds(&columns), "it would be stored as the bytes that it is");
            }
        }

        #[test]
        fn bytes_that_are_no_leaf_are_told(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(LeafCutter::default().columns(&bytes, 0, "log", leaf_hash(&bytes)).is_none());
        }
    }
}
