//! What a device has signed: one finished event, by a key whose private half never was here, with the disclosures of its
//! private fields (docs/format.md §2, §8).
//!
//! A [`SignedEvent`] is well formed; only a [`DeviceEvent`] is known to be signed, and nothing else is appended.

use serde_json::Value;

use crate::append::NewEvent;
use crate::disclosure::{Disclosure, apply_all};
use crate::encoding::b64u_array;
use crate::entry::{
    MAX_LEAF, Meta, Payload, parse_payload, parse_protected, payload, protected, signing_input,
};
use crate::keys::{Kid, PublicKey, verify_strict};
use crate::leaf_length::leaf_length;
use crate::refusal::{Refusal, need_that};

/// One event as a device sends it: well formed, its private fields disclosed one to one, its signature not verified yet.
#[derive(Clone, Debug, PartialEq)]
pub struct SignedEvent {
    kid: Kid,
    meta: Meta,
    event_type: String,
    data: Value,
    data_jcs: String,
    signature: [u8; 64],
    disclosures: Vec<Disclosure>,
}

/// The texts of a flattened JWS (docs/format.md §2), and the disclosures beside it.
#[derive(Clone, Copy, Debug)]
pub struct SignedTexts<'a> {
    /// `Q`.
    pub protected: &'a str,
    /// `P`.
    pub payload: &'a str,
    /// `S`.
    pub signature: &'a str,
    /// One for each digest in `_sd`, in any order.
    pub disclosures: &'a [String],
}

impl SignedEvent {
    /// Reads what a device sends, by every rule that needs no other entry; `log` is the origin it must be for.
    ///
    /// # Errors
    /// The first rule that is broken: those of [`crate::entry::Entry::parse`] and of [`apply_all`].
    pub fn parse(texts: SignedTexts<'_>, log: &str) -> Result<SignedEvent, Refusal> {
        let kid = parse_protected(texts.protected)?;
        let Payload { data, data_jcs, meta, event_type } = parse_payload(texts.payload, Some(log))?;
        let signature = b64u_array(texts.signature, "sig-length")?;
        let length = leaf_length(&kid, &data_jcs, &meta, 0);
        need_that(length <= MAX_LEAF, "entry-length", || format!("{length} bytes, at most {MAX_LEAF}"))?;
        // what is stored is put together again from these parts: it must be what was signed
        let rebuilt = protected(&kid) == texts.protected && payload(&data_jcs, &meta) == texts.payload;
        need_that(rebuilt, "entry-payload", || "it cannot be rebuilt from its parts".to_owned())?;
        apply_all(&data, texts.disclosures)?;
        let disclosures = texts.disclosures.iter().map(|text| Disclosure::parse(text));
        let disclosures = disclosures.collect::<Result<_, _>>()?;
        Ok(SignedEvent { kid, meta, event_type, data, data_jcs, signature, disclosures })
    }

    /// Verifies the signature strictly.
    ///
    /// # Errors
    /// `kid` when the key has another name, else as [`verify_strict`].
    pub fn verify(self, public: &PublicKey) -> Result<DeviceEvent, Refusal> {
        need_that(public.kid() == self.kid, "kid", || "is not the thumbprint of the key".to_owned())?;
        let signed = signing_input(&self.kid, &self.data_jcs, &self.meta);
        verify_strict(public, &self.signature, signed.as_bytes())?;
        Ok(DeviceEvent(self))
    }

    /// The key that is said to have signed it.
    pub fn kid(&self) -> &Kid {
        &self.kid
    }

    /// What was signed beside the content.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }
}

/// A [`SignedEvent`] whose signature holds: its words are those of whoever has the key.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceEvent(SignedEvent);

impl DeviceEvent {
    /// The key that signed.
    pub fn kid(&self) -> &Kid {
        &self.0.kid
    }

    /// What was signed beside the content.
    pub fn meta(&self) -> &Meta {
        &self.0.meta
    }

    /// `type` of the content.
    pub fn event_type(&self) -> &str {
        &self.0.event_type
    }

    /// The public content.
    pub fn data(&self) -> &Value {
        &self.0.data
    }

    /// The exact canonical text of the content.
    pub fn data_jcs(&self) -> &str {
        &self.0.data_jcs
    }

    /// The 64 bytes of the signature.
    pub fn signature(&self) -> &[u8; 64] {
        &self.0.signature
    }

    /// The private fields.
    pub fn disclosures(&self) -> &[Disclosure] {
        &self.0.disclosures
    }

    /// The event as it is asked to be appended.
    pub fn new_event(&self) -> NewEvent {
        let Meta { stream, schema, .. } = &self.0.meta;
        NewEvent { stream: stream.clone(), schema: schema.clone(), data: self.0.data_jcs.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disclosure::disclose;
    use crate::encoding::{b64u_decode, b64u_encode};
    use crate::entry::derived_event_id;
    use crate::jcs::canonical_str;
    use crate::keys::Signer;
    use crate::stream::StreamPath;
    use crate::timestamp::Timestamp;
    use proptest::prelude::*;
    use serde_json::json;

    const LOG: &str = "ledger.example/wuping";

    fn signer() -> Signer {
        Signer::from_seed(&[5; 32])
    }

    fn meta() -> Meta {
        Meta {
            author_seq: 3,
            event_id: derived_event_id(LOG, "a command", 1),
            log: LOG.to_owned(),
            occurred_at: Timestamp::parse("2026-03-01T09:30:00.000Z", "t").unwrap(),
            schema: "premises/1".to_owned(),
            stream: StreamPath::new("premises/p-1").unwrap(),
            version: 2,
        }
    }

    /// Protected, payload, signature and disclosures of an event with one private field.
    fn texts(data: &str) -> [String; 3] {
        let signed = signing_input(signer().kid(), data, &meta());
        let signature = b64u_encode(&signer().sign(signed.as_bytes()));
        [protected(signer().kid()), payload(data, &meta()), signature]
    }

    fn private() -> (String, Vec<String>) {
        let name = disclose("name", &json!("陈"), &[7; 16]).unwrap();
        let data = json!({"_sd": [name.digest], "rooms": 3, "type": "OwnerNamed"});
        (canonical_str(&data).unwrap(), vec![name.text])
    }

    fn parsed(
        [protected, payload, signature]: &[String; 3],
        disclosures: &[String],
    ) -> Result<SignedEvent, Refusal> {
        SignedEvent::parse(SignedTexts { protected, payload, signature, disclosures }, LOG)
    }

    #[test]
    fn what_a_device_signed_is_read_and_verified_and_becomes_an_entry() {
        let (data, disclosures) = private();
        let event = parsed(&texts(&data), &disclosures).unwrap().verify(&signer().public()).unwrap();
        assert_eq!((event.kid(), event.meta(), event.data_jcs()), (signer().kid(), &meta(), data.as_str()));
        assert_eq!(event.disclosures()[0].value, json!("陈"));
        assert_eq!(event.new_event().data, data);
        let other = Signer::from_seed(&[6; 32]).public();
        assert_eq!(parsed(&texts(&data), &disclosures).unwrap().verify(&other).unwrap_err().code, "kid");
    }

    #[test]
    fn disclosures_and_digests_match_one_to_one() {
        let (data, disclosures) = private();
        assert_eq!(parsed(&texts(&data), &[]).unwrap_err().code, "disclosure-missing");
        let twice = [disclosures.clone(), disclosures.clone()].concat();
        assert_eq!(parsed(&texts(&data), &twice).unwrap_err().code, "disclosure-duplicate");
        let open = r#"{"type":"OwnerNamed"}"#;
        assert_eq!(parsed(&texts(open), &disclosures).unwrap_err().code, "disclosure-unknown");
    }

    #[test]
    fn content_that_is_not_the_formats_is_refused_before_anything_else() {
        for (data, code) in [
            (r#"{"type":"A","rooms":1}"#, "jcs-not-canonical"),
            (r#"{"rooms":1,"rooms":1,"type":"A"}"#, "json-duplicate-name"),
            (r#"{"rooms":9007199254740992,"type":"A"}"#, "json-int-range"),
            (r#"{"rooms":1.5,"type":"A"}"#, "json-float"),
            (r#"{"rooms":1e0,"type":"A"}"#, "json-float"),
            (r#"{"type":"a"}"#, "data-type"),
            (r#"{"_sd":[],"type":"A"}"#, "sd-list"),
        ] {
            assert_eq!(parsed(&texts(data), &[]).unwrap_err().code, code, "{data}");
        }
        let large = format!(r#"{{"note":"{}","type":"A"}}"#, "x".repeat(49_000));
        assert_eq!(parsed(&texts(&large), &[]).unwrap_err().code, "entry-length");
        let [protected, payload, signature] = texts(r#"{"type":"A"}"#);
        let texts =
            SignedTexts { protected: &protected, payload: &payload, signature: &signature, disclosures: &[] };
        assert_eq!(SignedEvent::parse(texts, "ledger.example/other").unwrap_err().code, "meta-log");
    }

    proptest! {
        #[test]
        fn a_flipped_bit_anywhere_is_refused(part in 0usize..4, at in any::<proptest::sample::Index>(), bit in 0u8..8) {
            let (data, mut disclosures) = private();
            let mut sent = texts(&data);
            let text = if part == 3 { &mut disclosures[0] } else { &mut sent[part] };
            let mut bytes = text.clone().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            *text = String::from_utf8_lossy(&bytes).into_owned();
            let taken = parsed(&sent, &disclosures).and_then(|event| event.verify(&signer().public()));
            prop_assert!(taken.is_err());
        }

        #[test]
        fn a_flipped_bit_under_the_encoding_is_refused(at in any::<proptest::sample::Index>(), bit in 0u8..8) {
            let (data, disclosures) = private();
            let mut sent = texts(&data);
            let mut plain = b64u_decode(&sent[1], "payload").unwrap();
            let at = at.index(plain.len());
            plain[at] ^= 1 << bit;
            sent[1] = b64u_encode(&plain);
            let taken = parsed(&sent, &disclosures).and_then(|event| event.verify(&signer().public()));
            prop_assert!(taken.is_err());
        }
    }
}
