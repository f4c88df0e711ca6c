//! An entry: what an author signed, and the leaf of the log made of it (docs/format.md §2).
//!
//! Everything that is signed or hashed is put together by concatenation; reading goes through the strict parser.

mod columns;

use std::fmt::Write as _;

use serde_json::Value;
use uuid::Uuid;

use crate::encoding::{Hash, b64u_append, b64u_array, b64u_decode, b64u_encode, sha256};
use crate::jcs;
use crate::keys::{Kid, PublicKey, Signer, verify_strict};
use crate::members::{count, exactly, object, string};
use crate::merkle::leaf_hash;
use crate::refusal::{Refusal, need, need_that};
use crate::shape;
use crate::stream::StreamPath;
use crate::timestamp::Timestamp;

/// What the author signs about an entry, beside its content.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Meta {
    /// 1, 2, 3 … per key, no gaps: a withheld entry of an author leaves a hole.
    pub author_seq: u64,
    /// Unique in the log; the idempotency key of the command. Version 4, 7 or 8.
    pub event_id: Uuid,
    /// The log's origin: an entry cannot be replayed into another ledger.
    pub log: String,
    /// When it happened, by the author's claim.
    pub occurred_at: Timestamp,
    /// The shape of the content: a name and its number, `wuping/1`.
    pub schema: String,
    /// The stream the entry belongs to.
    pub stream: StreamPath,
    /// 1, 2, 3 … per stream, no gaps.
    pub version: u64,
}

impl Meta {
    /// The canonical JSON, by concatenation.
    pub fn jcs(&self) -> String {
        let mut text = String::with_capacity(META_BYTES + self.log.len() + self.stream.as_str().len());
        self.append_jcs(&mut text);
        text
    }

    /// The number in the schema's name, as it is written there.
    pub fn schema_number(&self) -> &str {
        self.schema.split_once('/').map_or("", |(_, number)| number)
    }

    fn append_jcs(&self, text: &mut String) {
        // writing to a string cannot fail
        let _ = write!(text, r#"{{"author_seq":{},"event_id":"{}","log":"#, self.author_seq, self.event_id);
        jcs::write_string(&self.log, text);
        let (occurred_at, schema, stream) = (self.occurred_at.as_str(), &self.schema, self.stream.as_str());
        let _ = write!(
            text,
            r#","occurred_at":"{occurred_at}","schema":"{schema}","stream":"{stream}","version":{}}}"#,
            self.version
        );
    }
}

/// An entry that has been read from its leaf and is well formed. Its signature is checked by [`Entry::verify`].
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// The zero-based index of the leaf, set by the server.
    pub sequence: u64,
    /// When the server appended it; never decreases along the log.
    pub recorded_at: Timestamp,
    /// The author's key.
    pub kid: Kid,
    /// What the author signs beside the content.
    pub meta: Meta,
    /// `type` of the content.
    pub event_type: String,
    /// The content, an object.
    pub data: Value,
    /// The exact canonical text of the content.
    pub data_jcs: String,
    /// The author's signature.
    pub signature: [u8; 64],
    /// `Q.P`, what the signature covers.
    signing_input: String,
    /// Where `Q` ends.
    dot: usize,
}

impl Entry {
    /// Reads a leaf and checks every rule that needs no other entry; with a log's origin, that it belongs there.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn parse(leaf: &[u8], log: Option<&str>) -> Result<Entry, Refusal> {
        need(!leaf.is_empty() && leaf.len() <= MAX_LEAF, "entry-length", "1 to 65535 bytes")?;
        let outer =
            exactly(jcs::parse(leaf)?, ["header", "payload", "protected", "signature"], "entry-members")?;
        let [header, payload_b64, protected_b64, signature] = outer;
        let [recorded_at, sequence] = exactly(header, ["recorded_at", "sequence"], "entry-header")?;
        let sequence = count(&sequence, "entry-header")?;
        let recorded_at = Timestamp::parse(&string(recorded_at, "recorded_at")?, "recorded_at")?;
        let mut signing_input = string(protected_b64, "entry-protected")?;
        let kid = parse_protected(&signing_input)?;
        let payload_b64 = string(payload_b64, "entry-payload")?;
        let Payload { data, data_jcs, meta, event_type } = parse_payload(&payload_b64, log)?;
        let signature = b64u_array(&string(signature, "entry-signature")?, "sig-length")?;
        let dot = signing_input.len();
        signing_input.push('.');
        signing_input.push_str(&payload_b64);
        Ok(Entry {
            sequence,
            recorded_at,
            kid,
            meta,
            event_type,
            data,
            data_jcs,
            signature,
            signing_input,
            dot,
        })
    }

    /// Checks that this key signed the entry.
    ///
    /// # Errors
    /// `kid` when the key has another name, else as [`verify_strict`].
    pub fn verify(&self, public: &PublicKey) -> Result<(), Refusal> {
        need(public.kid() == self.kid, "kid", "is not the thumbprint of the key")?;
        verify_strict(public, &self.signature, self.signing_input.as_bytes())
    }

    /// What the signature covers, `Q.P`.
    pub fn signing_input(&self) -> &str {
        &self.signing_input
    }

    /// `Q`: base64url of the protected header.
    pub fn protected_b64(&self) -> &str {
        &self.signing_input[..self.dot]
    }

    /// `P`: base64url of content and meta.
    pub fn payload_b64(&self) -> &str {
        &self.signing_input[self.dot + 1..]
    }

    /// The exact bytes of the leaf.
    pub fn leaf(&self) -> Vec<u8> {
        let signature = b64u_encode(&self.signature);
        leaf(self.recorded_at, self.sequence, self.payload_b64(), self.protected_b64(), &signature)
    }

    /// The hash of the leaf.
    pub fn leaf_hash(&self) -> Hash {
        leaf_hash(&self.leaf())
    }

    /// The entry as an input of an evaluation (docs/format.md §9), canonical.
    pub fn input_jcs(&self) -> String {
        let (data, meta, at, n) = (&self.data_jcs, self.meta.jcs(), self.recorded_at, self.sequence);
        format!(r#"{{"payload":{{"data":{data},"meta":{meta}}},"recorded_at":"{at}","sequence":{n}}}"#)
    }

    /// The digests of the entry's private fields.
    pub fn digests(&self) -> impl Iterator<Item = &str> {
        self.data.get("_sd").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }
}

/// A signed entry as it goes into the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sealed {
    /// The leaf's bytes.
    pub leaf: Vec<u8>,
    /// The leaf's hash.
    pub leaf_hash: Hash,
    /// The author's signature.
    pub signature: [u8; 64],
}

/// Signs content and meta and makes the leaf. The content is canonical JSON and is not looked at here.
pub fn seal(signer: &Signer, data_jcs: &str, meta: &Meta, recorded_at: Timestamp, sequence: u64) -> Sealed {
    let mut signing_input = protected(signer.kid());
    let dot = signing_input.len();
    signing_input.push('.');
    append_payload(data_jcs, meta, &mut signing_input);
    let signature = signer.sign(signing_input.as_bytes());
    let (protected_b64, payload_b64) = (&signing_input[..dot], &signing_input[dot + 1..]);
    let leaf = leaf(recorded_at, sequence, payload_b64, protected_b64, &b64u_encode(&signature));
    Sealed { leaf_hash: leaf_hash(&leaf), leaf, signature }
}

/// `Q`: base64url of the protected header with this key's name.
pub fn protected(kid: &Kid) -> String {
    protected_of(kid.as_str())
}

/// `P`: base64url of the canonical content and meta, by concatenation.
pub fn payload(data_jcs: &str, meta: &Meta) -> String {
    let mut text = String::new();
    append_payload(data_jcs, meta, &mut text);
    text
}

/// What an author signs, `Q.P`: for a device that signs elsewhere.
pub fn signing_input(kid: &Kid, data_jcs: &str, meta: &Meta) -> String {
    let mut text = protected(kid);
    text.push('.');
    append_payload(data_jcs, meta, &mut text);
    text
}

/// The bytes of a leaf, by concatenation.
pub fn leaf(
    recorded_at: Timestamp,
    sequence: u64,
    payload_b64: &str,
    protected_b64: &str,
    signature_b64: &str,
) -> Vec<u8> {
    leaf_of(recorded_at.as_str(), sequence, payload_b64, protected_b64, signature_b64)
}

/// Reads the content of an event that is to be signed: its type, and what it says. As strict as [`Entry::parse`], which
/// will read it back.
///
/// # Errors
/// The first rule that is broken.
pub fn parse_content(data_jcs: &str, schema: &str, stream: &StreamPath) -> Result<(String, Value), Refusal> {
    need_that(is_schema(schema), "meta-schema", || format!("{schema:?}"))?;
    // in the payload it stands enclosed once
    let data = jcs::parse_enclosed(data_jcs.as_bytes(), 1)?;
    Ok((checked_type(&data, stream)?, data))
}

/// The id of a further event of a command, or of a reaction: version 8, from the log's origin, the cause and a
/// number from 1. The cause is the first event's id or `reaction/<name>/<position>`.
pub fn derived_event_id(origin: &str, cause: &str, n: u64) -> Uuid {
    let digest = sha256(format!("wuping-derived/1\n{origin}\n{cause}\n{n}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Uuid::new_v8(bytes)
}

/// As [`leaf`], with the time as a stored row has it: unchecked.
pub(crate) fn leaf_of(
    recorded_at: &str,
    sequence: u64,
    payload_b64: &str,
    protected_b64: &str,
    signature_b64: &str,
) -> Vec<u8> {
    let length = payload_b64.len() + protected_b64.len() + signature_b64.len();
    let mut text = String::with_capacity(length + LEAF_BYTES);
    // writing to a string cannot fail
    let _ = write!(text, r#"{{"header":{{"recorded_at":"{recorded_at}","sequence":{sequence}}},"payload":""#);
    for part in
        [payload_b64, r#"","protected":""#, protected_b64, r#"","signature":""#, signature_b64, r#""}"#]
    {
        text.push_str(part);
    }
    text.into_bytes()
}

/// As [`protected`], with the name as a stored row has it: unchecked.
pub(crate) fn protected_of(kid: &str) -> String {
    b64u_encode(format!(r#"{{"alg":"{ALG}","kid":"{kid}","typ":"{TYP}"}}"#).as_bytes())
}

/// The largest leaf: its length fits two bytes in an entry bundle.
pub const MAX_LEAF: usize = 65_535;

const ALG: &str = "Ed25519";
const TYP: &str = "wuping-event+jws";

/// Room for the fixed parts of meta, its numbers and a schema.
const META_BYTES: usize = 220;

/// Room for the fixed parts of a leaf.
const LEAF_BYTES: usize = 128;

fn append_payload(data_jcs: &str, meta: &Meta, text: &mut String) {
    let room = data_jcs.len() + meta.log.len() + meta.stream.as_str().len() + META_BYTES + 32;
    let mut plain = String::with_capacity(room);
    for part in [r#"{"data":"#, data_jcs, r#","meta":"#] {
        plain.push_str(part);
    }
    meta.append_jcs(&mut plain);
    plain.push('}');
    text.reserve(plain.len() / 3 * 4 + 4 + LEAF_BYTES);
    b64u_append(plain.as_bytes(), text);
}

/// The parts of a payload.
pub(crate) struct Payload {
    pub(crate) data: Value,
    pub(crate) data_jcs: String,
    pub(crate) meta: Meta,
    pub(crate) event_type: String,
}

pub(crate) fn parse_protected(protected_b64: &str) -> Result<Kid, Refusal> {
    let protected = jcs::parse(&b64u_decode(protected_b64, "entry-protected")?)?;
    let [alg, kid, typ] = exactly(protected, ["alg", "kid", "typ"], "entry-protected")?;
    need_that(alg == ALG, "alg", || alg.to_string())?;
    need_that(typ == TYP, "typ", || typ.to_string())?;
    Kid::parse(string(kid, "kid")?)
}

pub(crate) fn parse_payload(payload_b64: &str, log: Option<&str>) -> Result<Payload, Refusal> {
    let plain = b64u_decode(payload_b64, "entry-payload")?;
    let [data, meta] = exactly(jcs::parse(&plain)?, ["data", "meta"], "payload-members")?;
    let meta = parse_meta(meta)?;
    need_that(log.is_none_or(|log| log == meta.log), "meta-log", || meta.log.clone())?;
    let event_type = checked_type(&data, &meta.stream)?;
    let data_jcs = data_text(&plain, &meta)?;
    Ok(Payload { data, data_jcs, meta, event_type })
}

/// The type of a content, found well formed for its stream.
fn checked_type(data: &Value, stream: &StreamPath) -> Result<String, Refusal> {
    let members = object(data, "payload-members")?;
    let event_type = members.get("type").and_then(Value::as_str).unwrap_or_default();
    need_that(is_type(event_type), "data-type", || format!("{event_type:?}"))?;
    shape::check(members, stream)?;
    Ok(event_type.to_owned())
}

/// The content's part of a canonical payload: what stands between `{"data":` and `,"meta":…}`.
fn data_text(plain: &[u8], meta: &Meta) -> Result<String, Refusal> {
    let behind = format!(r#","meta":{}}}"#, meta.jcs());
    let content = plain.strip_prefix(br#"{"data":"#).and_then(|rest| rest.strip_suffix(behind.as_bytes()));
    let content = content.and_then(|bytes| std::str::from_utf8(bytes).ok());
    content
        .map(str::to_owned)
        .ok_or_else(|| Refusal::new("payload-members", "cannot be rebuilt by concatenation"))
}

fn parse_meta(meta: Value) -> Result<Meta, Refusal> {
    let names = ["author_seq", "event_id", "log", "occurred_at", "schema", "stream", "version"];
    let [author_seq, event_id, log, occurred_at, schema, stream, version] =
        exactly(meta, names, "meta-members")?;
    let schema = string(schema, "meta-schema")?;
    need_that(is_schema(&schema), "meta-schema", || format!("{schema:?}"))?;
    Ok(Meta {
        author_seq: from_one(&author_seq, "meta-author_seq")?,
        event_id: parse_event_id(&string(event_id, "meta-event_id")?)?,
        log: string(log, "meta-log")?,
        occurred_at: Timestamp::parse(&string(occurred_at, "meta-occurred_at")?, "meta-occurred_at")?,
        schema,
        stream: StreamPath::new(string(stream, "meta-stream")?)?,
        version: from_one(&version, "meta-version")?,
    })
}

/// Reads an event's id: a lower-case UUID with hyphens, of version 4, 7 or 8.
///
/// # Errors
/// `meta-event_id` for any other spelling, version or variant.
pub fn parse_event_id(text: &str) -> Result<Uuid, Refusal> {
    let id = Uuid::try_parse(text).ok().filter(|id| {
        let known = matches!(id.get_version_num(), 4 | 7 | 8) && id.get_variant() == uuid::Variant::RFC4122;
        known && id.hyphenated().to_string() == text
    });
    id.ok_or_else(|| {
        Refusal::new("meta-event_id", format!("{text:?} is not a lower-case UUID of version 4, 7 or 8"))
    })
}

fn from_one(value: &Value, code: &'static str) -> Result<u64, Refusal> {
    count(value, code).and_then(|n| need(n > 0, code, "counts from 1").map(|()| n))
}

/// `[a-z0-9-]{1,32}/[1-9][0-9]{0,3}`.
fn is_schema(text: &str) -> bool {
    let name = |s: &str| {
        (1..=32).contains(&s.len()) && s.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    let number =
        |s: &str| (1..=4).contains(&s.len()) && !s.starts_with('0') && s.bytes().all(|b| b.is_ascii_digit());
    text.split_once('/').is_some_and(|(before, behind)| name(before) && number(behind))
}

/// `[A-Z][A-Za-z0-9]{0,63}`.
fn is_type(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn meta() -> Meta {
        Meta {
            author_seq: 3,
            event_id: Uuid::parse_str("0190a3c2-7b1e-7c55-9f00-6a1d2e3f4a5b").unwrap(),
            log: "ledger.example/wuping".into(),
            occurred_at: Timestamp::parse("2026-03-01T09:30:00.000Z", "t").unwrap(),
            schema: "wuping/1".into(),
            stream: StreamPath::new("premises/p-1/hazard/7").unwrap(),
            version: 12,
        }
    }

    fn sealed() -> Sealed {
        seal(&signer(), r#"{"note":"梁上有裂缝","type":"HazardFound"}"#, &meta(), meta().occurred_at, 41)
    }

    fn signer() -> Signer {
        Signer::from_seed(&[9; 32])
    }

    #[test]
    fn a_sealed_entry_is_read_back_and_verifies() {
        let entry = Entry::parse(&sealed().leaf, Some("ledger.example/wuping")).unwrap();
        entry.verify(&signer().public()).unwrap();
        assert_eq!(entry.meta, meta());
        assert_eq!((entry.sequence, entry.event_type.as_str()), (41, "HazardFound"));
        assert_eq!(entry.leaf(), sealed().leaf);
        assert_eq!(entry.leaf_hash(), sealed().leaf_hash);
        assert_eq!(entry.payload_b64(), payload(&entry.data_jcs, &entry.meta));
        assert_eq!(entry.signing_input(), signing_input(signer().kid(), &entry.data_jcs, &entry.meta));
        assert!(jcs::parse(entry.input_jcs().as_bytes()).is_ok());
    }

    #[test]
    fn an_entry_of_another_log_or_another_key_is_refused() {
        assert_eq!(Entry::parse(&sealed().leaf, Some("elsewhere")).unwrap_err().code, "meta-log");
        let entry = Entry::parse(&sealed().leaf, None).unwrap();
        assert_eq!(entry.verify(&Signer::from_seed(&[1; 32]).public()).unwrap_err().code, "kid");
    }

    #[test]
    fn concatenation_and_the_serialiser_agree_even_for_a_strange_log_name() {
        let odd = Meta { log: "a\"\\\n\u{1}é".into(), ..meta() };
        let canonical = jcs::canonical_str(&serde_json::from_str(&odd.jcs()).unwrap()).unwrap();
        assert_eq!(odd.jcs(), canonical);
    }

    #[test]
    fn an_event_id_has_one_spelling() {
        for bad in [
            "0190A3C2-7b1e-7c55-9f00-6a1d2e3f4a5b",
            "0190a3c27b1e7c559f006a1d2e3f4a5b",
            "{0190a3c2-7b1e-7c55-9f00-6a1d2e3f4a5b}",
            "0190a3c2-7b1e-1c55-9f00-6a1d2e3f4a5b",
            "0190a3c2-7b1e-7c55-cf00-6a1d2e3f4a5b",
            "00000000-0000-0000-0000-000000000000",
        ] {
            assert_eq!(parse_event_id(bad).unwrap_err().code, "meta-event_id", "{bad}");
        }
        let derived = derived_event_id("log", "cause", 1);
        assert_eq!(parse_event_id(&derived.to_string()), Ok(derived));
        assert_ne!(derived, derived_event_id("log", "cause", 2));
        assert_ne!(derived, derived_event_id("gol", "cause", 1));
    }

    #[test]
    fn schemas_and_types_are_spelled_narrowly() {
        assert!(is_schema("wuping/1") && is_schema("a-0/9999"));
        for bad in ["wuping", "wuping/0", "wuping/01", "wuping/10000", "/1", "W/1", "a/1/2"] {
            assert!(!is_schema(bad), "{bad}");
        }
        assert!(is_type("A") && is_type(&"A".repeat(64)));
        for bad in ["", "a", "A-b", "Ä", &"A".repeat(65)] {
            assert!(!is_type(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_changed_byte_of_a_leaf_is_refused_or_is_another_leaf(at in any::<proptest::sample::Index>(), bits in 1u8..) {
            let mut leaf = sealed().leaf;
            let at = at.index(leaf.len());
            leaf[at] ^= bits;
            prop_assert_ne!(leaf_hash(&leaf), sealed().leaf_hash);
            if let Ok(entry) = Entry::parse(&leaf, Some("ledger.example/wuping")) {
                prop_assert_eq!(entry.leaf(), leaf.clone());
                // what still reads as an entry with a good signature differs in the server's header only
                if entry.verify(&signer().public()).is_ok() {
                    let sound = Entry::parse(&sealed().leaf, None).unwrap();
                    prop_assert_eq!(entry.signing_input(), sound.signing_input());
                    prop_assert_ne!((entry.sequence, entry.recorded_at), (sound.sequence, sound.recorded_at));
                }
            }
        }
    }
}
