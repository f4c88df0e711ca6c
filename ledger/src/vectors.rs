//! Runs a file of test vectors against this crate: every good case must be accepted, every bad one refused.
//!
//! The file is the one that the independent verifiers in `tests/verifiers` are held to. A section that is missing is
//! skipped, so that a file with a single case is a file of vectors too.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::chain::WholeChain;
use crate::encoding::{Hash, b64_decode, hex_decode};
use crate::entry::Entry;
use crate::heads::{HeadKind, check_empty_bucket, check_head, heads_of};
use crate::keys::{PublicKey, verify_strict};
use crate::members::{array, count, text};
use crate::merkle::{check_consistency, check_inclusion};
use crate::note::{
    ConsistencyText, TlogProof, VerifierKey, note_text, open_checkpoint, parse_checkpoint_text,
};
use crate::refusal::{Refusal, need, need_that};
use crate::row::Row;
use crate::tile::{Tile, entry_bundles_for, split_bundle};
use crate::vector_sections;

/// How one case went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseOutcome {
    /// The case's own id, or its section and place there.
    pub id: String,
    /// Whether this crate did as the case says.
    pub passed: bool,
    /// Why it did not; for a bad case that was refused, the reason of the refusal.
    pub detail: String,
}

/// Runs every case of a vectors file. Chains continue the log in `sample_log`, a directory of static resources; a case
/// that needs it fails without it.
pub fn run(vectors: &Value, sample_log: Option<&Path>) -> Vec<CaseOutcome> {
    let mut outcomes = vector_sections::run(vectors);
    let origin = vectors.pointer("/about/log").and_then(Value::as_str).unwrap_or_default();
    let mut sample =
        SampleLog { origin: origin.to_owned(), directory: sample_log, leaves: None, read: BTreeMap::new() };
    for case in cases(vectors, "chains") {
        let ran = field(case, "input").and_then(|input| run_chain(input, &mut sample));
        outcomes.push(CaseOutcome::accepted(case_id(case), ran));
    }
    for case in cases(vectors, "malformed") {
        let ran = run_malformed(case, &mut sample);
        outcomes.push(CaseOutcome::refused(case_id(case), ran));
    }
    outcomes
}

impl CaseOutcome {
    /// Of a good case.
    pub(crate) fn accepted(id: String, ran: Result<(), Refusal>) -> CaseOutcome {
        let detail = ran.as_ref().err().map_or_else(String::new, Refusal::to_string);
        CaseOutcome { id, passed: ran.is_ok(), detail }
    }

    /// Of a bad case. That the file itself could not be understood is no refusal.
    fn refused(id: String, ran: Result<(), Refusal>) -> CaseOutcome {
        match ran {
            Ok(()) => CaseOutcome { id, passed: false, detail: "was accepted".to_owned() },
            Err(refusal) => {
                CaseOutcome { id, passed: refusal.code != UNREADABLE, detail: refusal.to_string() }
            }
        }
    }
}

/// The cases of a section, none if it is missing.
pub(crate) fn cases<'a>(vectors: &'a Value, section: &str) -> &'a [Value] {
    vectors.get(section).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A member that a case must have.
pub(crate) fn field<'a>(case: &'a Value, name: &str) -> Result<&'a Value, Refusal> {
    case.get(name).ok_or_else(|| Refusal::new(UNREADABLE, format!("the case has no member {name}")))
}

/// A string that a case must have.
pub(crate) fn string<'a>(case: &'a Value, name: &str) -> Result<&'a str, Refusal> {
    text(field(case, name)?, UNREADABLE)
}

/// A whole number that a case must have.
pub(crate) fn number(case: &Value, name: &str) -> Result<u64, Refusal> {
    count(field(case, name)?, UNREADABLE)
}

/// A list of strings that a case must have.
pub(crate) fn strings<'a>(case: &'a Value, name: &str) -> Result<Vec<&'a str>, Refusal> {
    array(field(case, name)?, UNREADABLE)?.iter().map(|one| text(one, UNREADABLE)).collect()
}

/// Bytes that a case must have in base64.
pub(crate) fn base64(case: &Value, name: &str) -> Result<Vec<u8>, Refusal> {
    b64_decode(string(case, name)?, UNREADABLE)
}

/// A list of verifier keys that a case must have.
pub(crate) fn verifier_keys(case: &Value, name: &str) -> Result<Vec<VerifierKey>, Refusal> {
    strings(case, name)?.into_iter().map(VerifierKey::parse).collect()
}

/// Checks an inclusion proof spelled in hexadecimal.
pub(crate) fn run_inclusion(case: &Value, leaf_hash: &str, root: &str) -> Result<(), Refusal> {
    let (index, size) = (number(case, "index")?, number(case, "size")?);
    check_inclusion(Hash::from_hex(leaf_hash)?, index, size, &hashes(case, "proof")?, &Hash::from_hex(root)?)
}

/// Checks a consistency proof spelled in hexadecimal.
pub(crate) fn run_consistency(case: &Value, old: &str, new: &str) -> Result<(), Refusal> {
    let (m, n) = (number(case, "m")?, number(case, "n")?);
    check_consistency(m, n, &Hash::from_hex(old)?, &Hash::from_hex(new)?, &hashes(case, "proof")?)
}

/// A list of hashes that a case must have in hexadecimal.
pub(crate) fn hashes(case: &Value, name: &str) -> Result<Vec<Hash>, Refusal> {
    strings(case, name)?.into_iter().map(Hash::from_hex).collect()
}

/// A root that a case must have in base64url.
pub(crate) fn root_b64u(case: &Value, name: &str) -> Result<Hash, Refusal> {
    Hash::from_b64u(string(case, name)?, UNREADABLE)
}

/// The code of what is wrong with a vectors file, as opposed to what it tests.
pub(crate) const UNREADABLE: &str = "vectors";

/// The log whose beginnings the chain cases continue.
struct SampleLog<'a> {
    origin: String,
    directory: Option<&'a Path>,
    leaves: Option<Vec<Vec<u8>>>,
    /// Chains read so far, by size: many cases continue the same one.
    read: BTreeMap<usize, WholeChain>,
}

impl SampleLog<'_> {
    fn prefix(&mut self, size: usize) -> Result<WholeChain, Refusal> {
        let known = self.read.range(..=size).next_back().map(|(_, chain)| chain.clone());
        let mut chain = known.unwrap_or_else(|| WholeChain::new(self.origin.as_str()));
        let from = usize::try_from(chain.size()).unwrap_or(usize::MAX);
        if from < size {
            let leaves = self.leaves()?.get(from..size);
            let leaves = leaves.ok_or_else(|| Refusal::new(UNREADABLE, "the sample log is shorter"))?;
            for leaf in leaves {
                chain
                    .add(leaf)
                    .map_err(|e| Refusal::new(UNREADABLE, format!("the sample log is refused: {e}")))?;
            }
            self.read.insert(size, chain.clone());
        }
        Ok(chain)
    }

    fn leaves(&mut self) -> Result<&[Vec<u8>], Refusal> {
        if self.leaves.is_none() {
            let directory = self.directory.ok_or_else(|| Refusal::new(UNREADABLE, "needs the sample log"))?;
            self.leaves = Some(read_leaves(directory)?);
        }
        Ok(self.leaves.as_deref().unwrap_or_default())
    }
}

fn read_leaves(directory: &Path) -> Result<Vec<Vec<u8>>, Refusal> {
    let read = |path: &str| {
        std::fs::read(directory.join(path))
            .map_err(|e| Refusal::new(UNREADABLE, format!("cannot read {path}: {e}")))
    };
    let note = read("checkpoint")?;
    let (_, size, _) = parse_checkpoint_text(note_text(&note)?)?;
    let mut leaves = Vec::new();
    for tile in entry_bundles_for(size) {
        let bundle = read(&tile.to_string())?;
        leaves.extend(split_bundle(&bundle, u64::from(tile.width))?.into_iter().map(<[u8]>::to_vec));
    }
    Ok(leaves)
}

fn case_id(case: &Value) -> String {
    case.get("id").and_then(Value::as_str).unwrap_or("a case without id").to_owned()
}

fn run_chain(input: &Value, sample: &mut SampleLog<'_>) -> Result<(), Refusal> {
    let size = usize::try_from(number(input, "prefix")?).unwrap_or(usize::MAX);
    let mut chain = sample.prefix(size)?;
    for leaf in strings(input, "then_b64")? {
        chain.add(&b64_decode(leaf, UNREADABLE)?)?;
    }
    Ok(())
}

/// Verifies a bad case's input; the refusal is what the caller expects.
fn run_malformed(case: &Value, sample: &mut SampleLog<'_>) -> Result<(), Refusal> {
    let input = field(case, "input")?;
    match string(case, "kind")? {
        "entry" => Entry::parse(&base64(input, "leaf_b64")?, Some(string(input, "log")?)).map(drop),
        "signature" => {
            let public = PublicKey::from_bytes(&hex_decode(string(input, "pub_hex")?)?)?;
            let [signature, message] =
                ["sig_hex", "msg_hex"].map(|name| string(input, name).and_then(hex_decode));
            verify_strict(&public, &signature?, &message?)
        }
        "key" => PublicKey::from_bytes(&hex_decode(string(input, "pub_hex")?)?).map(drop),
        "chain" => run_chain(input, sample),
        "note" => run_note(input),
        "vkey" => VerifierKey::parse(string(input, "vkey")?).map(drop),
        "inclusion" => run_inclusion(input, string(input, "leaf_hash")?, string(input, "root")?),
        "consistency" => run_consistency(input, string(input, "old")?, string(input, "new")?),
        "consistency_text" => ConsistencyText::parse(&base64(input, "text_b64")?)?.verify(),
        "tlog_proof" => {
            let log = VerifierKey::parse(string(input, "log_vkey")?)?;
            let proof = TlogProof::parse(&base64(input, "text_b64")?)?;
            proof.verify(&base64(input, "leaf_b64")?, &log, &[], 0, None).map(drop)
        }
        "tile_path" => Tile::parse(string(input, "path")?).map(drop),
        "entry_bundle" => split_bundle(&base64(input, "raw_b64")?, number(input, "width")?).map(drop),
        "head" => check_head(field(input, "proof")?, &root_b64u(input, "root_b64u")?).map(drop),
        "head_empty" => {
            let (kind, id) = (HeadKind::parse(string(input, "kind")?)?, string(input, "id")?);
            check_empty_bucket(field(input, "proof")?, &root_b64u(input, "root_b64u")?, kind, id)
        }
        "heads_range" => {
            let root = root_b64u(input, "root_b64u")?;
            let proofs = array(field(input, "proofs")?, UNREADABLE)?;
            let shown = proofs.iter().map(|proof| check_head(proof, &root)).collect::<Result<Vec<_>, _>>()?;
            heads_of(&shown, HeadKind::parse(string(input, "kind")?)?, string(input, "id")?).map(drop)
        }
        "row" => Row::from_value(field(input, "row")?)?.check(string(input, "log")?).map(drop),
        "disclosures" => crate::disclosure::apply(field(input, "data")?, &strings(input, "texts")?).map(drop),
        other => Err(Refusal::new(UNREADABLE, format!("unknown kind {other}"))),
    }
}

fn run_note(input: &Value) -> Result<(), Refusal> {
    let (note, log) = (base64(input, "note_b64")?, VerifierKey::parse(string(input, "log_vkey")?)?);
    let quorum = usize::try_from(number(input, "quorum")?).unwrap_or(usize::MAX);
    let now = input.get("now").and_then(Value::as_u64);
    open_checkpoint(&note, &log, &verifier_keys(input, "witnesses")?, quorum, now).map(drop)
}

/// Refuses with both sides unless they are equal.
pub(crate) fn same<T: PartialEq + std::fmt::Debug>(
    what: &'static str,
    found: T,
    wanted: T,
) -> Result<(), Refusal> {
    need_that(found == wanted, what, || format!("{found:?} instead of {wanted:?}"))
}

/// Refuses unless there is at least one: a list that should say something and is empty says nothing.
pub(crate) fn some<T>(list: &[T]) -> Result<&[T], Refusal> {
    need(!list.is_empty(), UNREADABLE, "an empty list")?;
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn outcomes(vectors: &Value) -> Vec<CaseOutcome> {
        let verifiers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/verifiers");
        run(vectors, Some(&verifiers.join("sample-log")))
    }

    fn vectors() -> Value {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/verifiers/vectors.json");
        serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
    }

    #[test]
    fn every_published_vector_holds() {
        let vectors = vectors();
        let outcomes = outcomes(&vectors);
        let failed: Vec<_> = outcomes.iter().filter(|outcome| !outcome.passed).collect();
        assert!(failed.is_empty(), "{} of {} failed: {failed:#?}", failed.len(), outcomes.len());
        let listed: usize =
            ["malformed", "chains", "entries", "rows", "inclusion", "consistency", "notes", "jcs"]
                .iter()
                .map(|section| cases(&vectors, section).len())
                .sum();
        assert!(
            listed > 400 && outcomes.len() > listed,
            "{} outcomes of {listed} cases and more",
            outcomes.len()
        );
    }

    #[test]
    fn a_case_turned_around_fails() {
        let vectors = vectors();
        let good = json!({"about": vectors["about"], "malformed": [{
            "id": "good",
            "kind": "entry",
            "input": {"leaf_b64": vectors["entries"][0]["leaf_b64"], "log": vectors["about"]["log"]},
        }]});
        assert_eq!(outcomes(&good)[0].detail, "was accepted");
        let bad: Vec<Value> =
            cases(&vectors, "malformed").iter().filter(|case| case["kind"] == "chain").cloned().collect();
        let outcomes = outcomes(&json!({"about": vectors["about"], "chains": bad}));
        assert!(!outcomes.is_empty() && outcomes.iter().all(|outcome| !outcome.passed));
    }

    #[test]
    fn a_file_that_is_not_understood_passes_nothing() {
        let file = json!({"malformed": [
            {"id": "a", "kind": "haruspicy", "input": {}},
            {"id": "b", "kind": "entry", "input": {}},
            {"id": "c"},
            {"id": "d", "kind": "chain", "input": {"prefix": 1_000_000, "then_b64": []}},
        ], "chains": [{"id": "e"}], "jcs": [{}]});
        let outcomes = outcomes(&file);
        assert_eq!(outcomes.len(), 6);
        assert!(outcomes.iter().all(|outcome| !outcome.passed), "{outcomes:#?}");
        assert_eq!(run(&json!({}), None), []);
    }
}
