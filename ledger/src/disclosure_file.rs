//! A disclosure as it is handed over: an entry, private values of it, and the entry by which the ledger says that they were shown,
//! with proofs that both are in the log. One file, checked without the ledger (docs/format.md §8).

use serde_json::{Map, Value, json};

use crate::disclosure::{Disclosure, apply};
use crate::entry::Entry;
use crate::jcs;
use crate::keys::PublicKey;
use crate::members::{array, exactly, string, text};
use crate::merkle::verify_inclusion;
use crate::note::{Checkpoint, VerifierKey, open_checkpoint};
use crate::proof_text::TlogProof;
use crate::refusal::{Refusal, need, need_that};

/// Private values of an entry, with all that it takes to believe them: `wuping-disclosure/1`.
#[derive(Clone, Debug, PartialEq)]
pub struct DisclosureFile {
    /// The entry that has the values.
    pub entry: ProvenEntry,
    /// The entry that says that they were disclosed.
    pub record: ProvenEntry,
    /// Texts of the disclosures, in the order of their digests.
    pub disclosures: Vec<String>,
}

/// An entry with the key that signed it and the proof that it is in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct ProvenEntry {
    /// The leaf's bytes.
    pub leaf: Vec<u8>,
    /// The key that signed it.
    pub signer: PublicKey,
    /// The proof, with the checkpoint that it leads to.
    pub proof: TlogProof,
}

/// What a disclosure shows, once it was checked.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The checkpoint that the entry's proof leads to.
    pub checkpoint: Checkpoint,
    /// The entry.
    pub entry: Entry,
    /// The entry that says that it was disclosed.
    pub record: Entry,
    /// The values by name, in the order of the file.
    pub fields: Vec<(String, Value)>,
}

impl DisclosureFile {
    /// Reads a file in its canonical form. Nothing is verified yet.
    ///
    /// # Errors
    /// `disclosure-file` for another shape, else what is wrong with a part of it.
    pub fn parse(raw: &[u8]) -> Result<DisclosureFile, Refusal> {
        let names = ["disclosures", "entry", "format", "record"];
        let [disclosures, entry, format, record] = exactly(jcs::parse(raw)?, names, CODE)?;
        need(format == FORMAT, CODE, "its format is not wuping-disclosure/1")?;
        let texts = array(&disclosures, CODE)?.iter().map(|of| text(of, CODE).map(str::to_owned));
        let disclosures: Vec<String> = texts.collect::<Result<_, _>>()?;
        need(!disclosures.is_empty(), CODE, "nothing is disclosed")?;
        Ok(DisclosureFile {
            entry: ProvenEntry::parse(entry)?,
            record: ProvenEntry::parse(record)?,
            disclosures,
        })
    }

    /// The file in its canonical form.
    ///
    /// # Errors
    /// If a leaf is no text.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Refusal> {
        jcs::canonical(&json!({
            "disclosures": self.disclosures,
            "entry": self.entry.to_value()?,
            "format": FORMAT,
            "record": self.record.to_value()?,
        }))
    }

    /// Verifies all of it by the log's key: both entries signed and in the log, the values those of the entry, and the disclosure
    /// recorded.
    ///
    /// # Errors
    /// The first thing that does not hold; `disclosure-record` when the record is about something else.
    pub fn verify(&self, log: &VerifierKey) -> Result<Shown, Refusal> {
        let (checkpoint, entry) = self.entry.verify(log)?;
        let (_, record) = self.record.verify(log)?;
        apply(&entry.data, &self.disclosures)?;
        let disclosures = self.disclosures.iter().map(|text| Disclosure::parse(text));
        let disclosures: Vec<Disclosure> = disclosures.collect::<Result<_, _>>()?;
        check_record(&record, &entry, &disclosures)?;
        let fields = disclosures.into_iter().map(|field| (field.name, field.value)).collect();
        Ok(Shown { checkpoint, entry, record, fields })
    }
}

impl ProvenEntry {
    fn parse(value: Value) -> Result<ProvenEntry, Refusal> {
        let [jwk, leaf, proof] = exactly(value, ["jwk", "leaf", "proof"], CODE)?;
        Ok(ProvenEntry {
            leaf: string(leaf, CODE)?.into_bytes(),
            signer: PublicKey::from_jwk(&jwk)?,
            proof: TlogProof::parse(string(proof, CODE)?.as_bytes())?,
        })
    }

    fn to_value(&self) -> Result<Value, Refusal> {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| Refusal::new(CODE, "no text"));
        let (leaf, proof) = (text(self.leaf.clone())?, text(self.proof.to_bytes())?);
        Ok(json!({ "jwk": self.signer.jwk(), "leaf": leaf, "proof": proof }))
    }

    fn verify(&self, log: &VerifierKey) -> Result<(Checkpoint, Entry), Refusal> {
        let checkpoint = open_checkpoint(&self.proof.note, log, &[], 0, None)?;
        let TlogProof { index, proof, .. } = &self.proof;
        verify_inclusion(&self.leaf, *index, checkpoint.size, proof, &checkpoint.root)?;
        let entry = Entry::parse(&self.leaf, Some(&checkpoint.origin))?;
        need(entry.sequence == *index, "sequence", "the entry names another index than its proof")?;
        entry.verify(&self.signer)?;
        Ok((checkpoint, entry))
    }
}

/// The record names this entry and these values, each at its place.
fn check_record(record: &Entry, entry: &Entry, disclosures: &[Disclosure]) -> Result<(), Refusal> {
    const CODE: &str = "disclosure-record";
    need(record.event_type == "DisclosureMade", CODE, "no entry that records a disclosure")?;
    let of: &Map<String, Value> = crate::members::object(&record.data, CODE)?;
    let listed = |name: &str| of.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    need(of.get("sequence") == Some(&json!(entry.sequence)), CODE, "it is about another entry")?;
    let (digests, fields) = (listed("digests"), listed("fields"));
    need_that(digests.len() == disclosures.len() && fields.len() == disclosures.len(), CODE, || {
        format!("it names {} values, {} are here", digests.len(), disclosures.len())
    })?;
    for ((digest, name), shown) in digests.iter().zip(fields).zip(disclosures) {
        need(*digest == json!(shown.digest) && *name == json!(shown.name), CODE, &shown.name)?;
    }
    Ok(())
}

const CODE: &str = "disclosure-file";
const FORMAT: &str = "wuping-disclosure/1";
