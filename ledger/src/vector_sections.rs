//! The good cases of a vectors file, section by section.

use serde_json::{Value, json};

use crate::disclosure::{Disclosure, apply, digest_of, disclose};
use crate::encoding::{Hash, b64u_array, b64u_decode, hex_decode, sized};
use crate::entry::{Entry, derived_event_id};
use crate::heads::{Head, HeadKind, Heads, bucket_of, check_empty_bucket, check_head, heads_of};
use crate::jcs;
use crate::keys::{PublicKey, Signer, pop_message, thumbprint, verify_strict};
use crate::members::array;
use crate::merkle::{EMPTY_ROOT, Frontier, consistency_proof, inclusion_proof, leaf_hash, root_of};
use crate::note::{
    ConsistencyText, NoteKeyType, TlogProof, VerifierKey, cosignature_message, open_checkpoint,
    verify_cosignature_line,
};
use crate::refusal::{Refusal, need};
use crate::row::Row;
use crate::tile::{Tile, TileKind, entry_bundles_for, tiles_for};
use crate::vectors::{
    CaseOutcome, UNREADABLE, base64, cases, field, hashes, number, root_b64u, run_consistency, run_inclusion,
    same, some, string, strings, verifier_keys,
};

/// Runs every good case but the chains.
pub(crate) fn run(vectors: &Value) -> Vec<CaseOutcome> {
    let mut outcomes = Vec::new();
    let mut note = |id: String, ran| outcomes.push(CaseOutcome::accepted(id, ran));
    for Section(section, run_case) in SECTIONS {
        for (place, case) in cases(vectors, section).iter().enumerate() {
            note(format!("{section}/{place}"), run_case(vectors, case));
        }
    }
    if let Some(merkle) = vectors.get("merkle") {
        note("merkle".to_owned(), growing_tree(merkle));
    }
    if let Some(tree) = vectors.get("reference_tree") {
        note("reference_tree".to_owned(), reference_roots(tree));
        for Section(part, run_case) in REFERENCE_PARTS {
            for (place, case) in cases(tree, part).iter().enumerate() {
                note(format!("reference_tree/{part}/{place}"), run_case(tree, case));
            }
        }
    }
    if let Some(heads) = vectors.get("heads") {
        note("heads".to_owned(), committed_heads(heads));
        for Section(part, run_case) in HEADS_PARTS {
            for (place, case) in cases(heads, part).iter().enumerate() {
                note(format!("heads/{part}/{place}"), run_case(heads, case));
            }
        }
    }
    outcomes
}

/// A list of cases by its name, and how one of them is run; the first value is what the list stands in.
struct Section(&'static str, fn(&Value, &Value) -> Result<(), Refusal>);

const SECTIONS: [Section; 18] = [
    Section("consistency", |_, case| run_consistency(case, string(case, "old")?, string(case, "new")?)),
    Section("consistency_texts", consistency_text),
    Section("cosignatures", cosignature),
    Section("derived_ids", derived_id),
    Section("entries", entry),
    Section("inclusion", |_, case| run_inclusion(case, string(case, "leaf_hash")?, string(case, "root")?)),
    Section("jcs", canonical),
    Section("notes", note),
    Section("photos", |_, case| apply(field(case, "data")?, &strings(case, "texts")?).map(drop)),
    Section("pop", proof_of_possession),
    Section("rows", row),
    Section("sd", private_fields),
    Section("sd_published", |_, case| {
        same("sd", digest_of(string(case, "text")?).as_str(), string(case, "digest")?)
    }),
    Section("thumbprints", thumbprint_of),
    Section("tile_lists", tile_list),
    Section("tile_paths", tile_path),
    Section("tlog_proofs", tlog_proof),
    Section("vkeys", verifier_key),
];

const REFERENCE_PARTS: [Section; 2] =
    [Section("inclusion", reference_inclusion), Section("consistency", reference_consistency)];

const HEADS_PARTS: [Section; 6] = [
    Section("absent", |heads, case| complete(heads, case, &json!([]))),
    Section("bucket_of", |_, case| {
        let (kind, id) = head_of(case)?;
        same("bucket", u64::from(bucket_of(kind, id)), number(case, "bucket")?)
    }),
    Section("empty_bucket", |heads, case| {
        let (kind, id) = head_of(case)?;
        check_empty_bucket(field(case, "proof")?, &root_b64u(heads, "root_b64u")?, kind, id)
    }),
    Section("leaves", |_, case| same("head", &Head::from_value(case)?.to_value(), case)),
    Section("present", |heads, case| complete(heads, case, field(case, "heads")?)),
    Section("proofs", proven_head),
];

fn origin(vectors: &Value) -> Result<&str, Refusal> {
    string(field(vectors, "about")?, "log")
}

fn test_key<'a>(vectors: &'a Value, name: &str) -> Result<&'a Value, Refusal> {
    field(field(vectors, "test_keys")?, name)
}

fn public_key(test_key: &Value) -> Result<PublicKey, Refusal> {
    PublicKey::from_bytes(&b64u_decode(string(test_key, "x_b64u")?, UNREADABLE)?)
}

fn consistency_text(_: &Value, case: &Value) -> Result<(), Refusal> {
    let text = crate::members::text(case, UNREADABLE)?;
    let consistency = ConsistencyText::parse(text.as_bytes())?;
    same("consistency-text", consistency.to_string().as_str(), text)?;
    consistency.verify()
}

fn cosignature(vectors: &Value, case: &Value) -> Result<(), Refusal> {
    let (line, message, time) = (string(case, "line")?, string(case, "message")?, number(case, "time")?);
    let name = line.split(' ').nth(1).unwrap_or_default();
    let public = public_key(test_key(vectors, string(case, "key")?)?)?;
    let witness = VerifierKey::new(name, NoteKeyType::Witness, public)?;
    let text = message.splitn(3, '\n').nth(2).unwrap_or_default();
    same("cosignature", cosignature_message(time, text).as_slice(), message.as_bytes())?;
    same("cosignature", verify_cosignature_line(line, &witness, text, None)?.time, time)
}

fn derived_id(vectors: &Value, case: &Value) -> Result<(), Refusal> {
    let id = derived_event_id(origin(vectors)?, string(case, "cause")?, number(case, "n")?);
    same("derived-id", id.to_string().as_str(), string(case, "event_id")?)
}

fn entry(vectors: &Value, case: &Value) -> Result<(), Refusal> {
    let leaf = base64(case, "leaf_b64")?;
    let entry = Entry::parse(&leaf, Some(origin(vectors)?))?;
    let keys = crate::members::object(field(vectors, "test_keys")?, UNREADABLE)?;
    let signer = keys.values().find(|key| key["kid"] == case["kid"]);
    entry.verify(&public_key(signer.ok_or_else(|| Refusal::new(UNREADABLE, "an unknown kid"))?)?)?;
    same("entry", entry.sequence, number(case, "sequence")?)?;
    let payload = jcs::parse(&b64u_decode(entry.payload_b64(), "entry-payload")?)?;
    same("entry", &payload, field(case, "payload")?)?;
    same("entry", entry.leaf_hash().hex().as_str(), string(case, "leaf_hash")?)?;
    same("entry", entry.leaf(), leaf)?;
    Row::from_entry(&entry).check(origin(vectors)?).map(drop)
}

fn canonical(_: &Value, case: &Value) -> Result<(), Refusal> {
    let (value, bytes) = (field(case, "value")?, base64(case, "canonical_b64")?);
    same("jcs", jcs::canonical(value)?, bytes.clone())?;
    same("jcs", &jcs::parse(&bytes)?, value)
}

fn note(_: &Value, case: &Value) -> Result<(), Refusal> {
    let log = VerifierKey::parse(string(case, "log_vkey")?)?;
    let quorum = usize::try_from(number(case, "quorum")?).unwrap_or(usize::MAX);
    let witnesses = verifier_keys(case, "witnesses")?;
    let checkpoint = open_checkpoint(string(case, "note")?.as_bytes(), &log, &witnesses, quorum, None)?;
    same("note", checkpoint.size, number(case, "size")?)?;
    same("note", checkpoint.root.hex().as_str(), string(case, "root")?)?;
    same("note", checkpoint.cosigned.len() as u64, number(case, "cosigned")?)
}

fn proof_of_possession(vectors: &Value, case: &Value) -> Result<(), Refusal> {
    let key = test_key(vectors, string(case, "key")?)?;
    let signer = Signer::from_seed(&sized(&hex_decode(string(key, "seed_hex")?)?, UNREADABLE)?);
    let message = pop_message(origin(vectors)?, signer.kid(), string(case, "holder")?);
    same("pop", message.as_slice(), string(case, "message")?.as_bytes())?;
    let signature = b64u_decode(string(case, "signature_b64u")?, "pop")?;
    same("pop", signer.sign(&message).as_slice(), signature.as_slice())?;
    verify_strict(&public_key(key)?, &signature, &message)
}

fn row(vectors: &Value, case: &Value) -> Result<(), Refusal> {
    let row = Row::from_value(field(case, "row")?)?;
    let entry = row.check(origin(vectors)?)?;
    same("row", row.leaf(origin(vectors)?), base64(case, "leaf_b64")?)?;
    same("row", Row::from_entry(&entry), row)
}

fn private_fields(vectors: &Value, case: &Value) -> Result<(), Refusal> {
    let disclosures = array(field(case, "disclosures")?, UNREADABLE)?;
    let mut texts = Vec::new();
    for case in some(disclosures)? {
        let (name, value) = (string(case, "name")?, field(case, "value")?);
        let salt = b64u_array(string(case, "salt")?, UNREADABLE)?;
        let made = disclose(name, value, &salt)?;
        same("sd", made.text.as_str(), string(case, "text")?)?;
        same("sd", made.digest.as_str(), string(case, "digest")?)?;
        same("sd", &Disclosure::parse(&made.text)?, &made)?;
        texts.push(made.text);
    }
    let shown = apply(field(case, "data")?, &texts)?;
    for case in disclosures {
        same("sd", shown.get(string(case, "name")?), Some(field(case, "value")?))?;
    }
    if case.get("leaf_b64").is_some() {
        let entry = Entry::parse(&base64(case, "leaf_b64")?, Some(origin(vectors)?))?;
        same("sd", &entry.data, field(case, "data")?)?;
    }
    Ok(())
}

fn thumbprint_of(_: &Value, case: &Value) -> Result<(), Refusal> {
    let public = b64u_array(string(case, "x_b64u")?, UNREADABLE)?;
    same("thumbprint", thumbprint(&public).as_str(), string(case, "kid")?)
}

fn tile_list(_: &Value, case: &Value) -> Result<(), Refusal> {
    let size = number(case, "size")?;
    let mut paths: Vec<String> =
        tiles_for(size).chain(entry_bundles_for(size)).map(|tile| tile.to_string()).collect();
    paths.sort();
    let wanted: Vec<String> = strings(case, "paths")?.into_iter().map(str::to_owned).collect();
    same("tile-list", paths, wanted)
}

fn tile_path(_: &Value, case: &Value) -> Result<(), Refusal> {
    let kind = match field(case, "level")? {
        Value::String(entries) if entries == "entries" => TileKind::Entries,
        _ => TileKind::Hashes(u8::try_from(number(case, "level")?).unwrap_or(u8::MAX)),
    };
    let width = u16::try_from(number(case, "width")?).unwrap_or(u16::MAX);
    let tile = Tile { kind, n: number(case, "n")?, width };
    same("tile-path", tile.to_string().as_str(), string(case, "path")?)?;
    same("tile-path", Tile::parse(string(case, "path")?)?, tile)
}

fn tlog_proof(_: &Value, case: &Value) -> Result<(), Refusal> {
    let text = string(case, "text")?;
    let proof = TlogProof::parse(text.as_bytes())?;
    same("tlog-proof", proof.to_bytes().as_slice(), text.as_bytes())?;
    let log = VerifierKey::parse(string(case, "log_vkey")?)?;
    proof.verify(&base64(case, "leaf_b64")?, &log, &[], 0, None).map(drop)
}

fn verifier_key(_: &Value, case: &Value) -> Result<(), Refusal> {
    let key = VerifierKey::parse(string(case, "vkey")?)?;
    same("vkey", key.to_string().as_str(), string(case, "vkey")?)?;
    same("vkey", key.name.as_str(), string(case, "name")?)?;
    same("vkey", key.id.as_slice(), hex_decode(string(case, "id_hex")?)?.as_slice())
}

fn growing_tree(merkle: &Value) -> Result<(), Refusal> {
    same("merkle", EMPTY_ROOT.hex().as_str(), string(merkle, "empty_root")?)?;
    let mut frontier = Frontier::new();
    for (n, root) in some(&hashes(merkle, "roots")?)?.iter().enumerate() {
        same("merkle", frontier.root(), *root)?;
        frontier.push(leaf_hash(format!("wuping-leaf-{n}").as_bytes()));
    }
    Ok(())
}

fn reference_leaves(tree: &Value) -> Result<Vec<Hash>, Refusal> {
    strings(tree, "leaves_hex")?
        .into_iter()
        .map(|leaf| hex_decode(leaf).map(|leaf| leaf_hash(&leaf)))
        .collect()
}

/// The root of the first leaves of the reference tree, as published.
fn reference_root(tree: &Value, size: u64) -> Result<String, Refusal> {
    let place = usize::try_from(size).ok().and_then(|size| size.checked_sub(1));
    let root = place.and_then(|place| strings(tree, "roots").ok()?.get(place).copied());
    root.map(str::to_owned).ok_or_else(|| Refusal::new(UNREADABLE, "no such size"))
}

fn reference_roots(tree: &Value) -> Result<(), Refusal> {
    let leaves = reference_leaves(tree)?;
    for (place, root) in some(&hashes(tree, "roots")?)?.iter().enumerate() {
        let first = leaves.get(..=place).ok_or_else(|| Refusal::new(UNREADABLE, "more roots than leaves"))?;
        same("reference", root_of(first.iter().copied()), *root)?;
    }
    Ok(())
}

/// The published proof holds, and is the one that this crate makes.
fn reference_inclusion(tree: &Value, case: &Value) -> Result<(), Refusal> {
    let leaves = reference_leaves(tree)?;
    let (index, size) = (number(case, "index")?, number(case, "size")?);
    let proof = inclusion_proof(index, size, |level, n| subtree(&leaves, level, n))?;
    same("reference", proof, hashes(case, "proof")?)?;
    let leaf = usize::try_from(index).ok().and_then(|index| leaves.get(index));
    let leaf = leaf.ok_or_else(|| Refusal::new(UNREADABLE, "no such leaf"))?;
    run_inclusion(case, &leaf.hex(), &reference_root(tree, size)?)
}

/// The published proof holds, and is the one that this crate makes.
fn reference_consistency(tree: &Value, case: &Value) -> Result<(), Refusal> {
    let leaves = reference_leaves(tree)?;
    let (m, n) = (number(case, "m")?, number(case, "n")?);
    let proof = consistency_proof(m, n, |level, n| subtree(&leaves, level, n))?;
    same("reference", proof, hashes(case, "proof")?)?;
    run_consistency(case, &reference_root(tree, m)?, &reference_root(tree, n)?)
}

fn subtree(leaves: &[Hash], level: u8, index: u64) -> Result<Hash, Refusal> {
    let from = usize::try_from(index << level).unwrap_or(usize::MAX);
    let part = leaves.get(from..from.saturating_add(1 << level));
    part.map(|part| root_of(part.iter().copied())).ok_or_else(|| Refusal::new(UNREADABLE, "no such subtree"))
}

fn heads_from(leaves: &[Value]) -> Result<Heads, Refusal> {
    let mut heads = Heads::new();
    for leaf in some(leaves)? {
        let Head { kind, id, n, sequence, leaf } = Head::from_value(leaf)?;
        heads.set(kind, &id, n, sequence, leaf);
    }
    Ok(heads)
}

fn committed_heads(case: &Value) -> Result<(), Refusal> {
    same("heads", Heads::new().root().b64u().as_str(), string(case, "empty_root_b64u")?)?;
    let three = field(case, "three_leaves")?;
    let trees = [(three, string(three, "root")?), (case, string(case, "root_b64u")?)];
    for (tree, root) in trees {
        let mut heads = heads_from(cases(tree, "leaves"))?;
        same("heads", heads.root().b64u().as_str(), root)?;
        same("heads", heads.count(), number(tree, "count")?)?;
        heads.set(HeadKind::Stream, "premises/extra", 1, 5, Hash::new([0; 32]));
        need(heads.root().b64u() != root, "heads", "another head, the same root")?;
    }
    let listed = cases(case, "buckets").iter().map(|bucket| {
        let root = root_b64u(bucket, "root")?;
        Ok((number(bucket, "bucket")?, root, number(bucket, "size")?))
    });
    let listed = listed.collect::<Result<Vec<_>, Refusal>>()?;
    let buckets = heads_from(cases(case, "leaves"))?.buckets();
    same("heads", buckets.into_iter().map(|(b, root, size)| (u64::from(b), root, size)).collect(), listed)
}

fn head_of(case: &Value) -> Result<(HeadKind, &str), Refusal> {
    Ok((HeadKind::parse(string(case, "kind")?)?, string(case, "id")?))
}

/// The proof holds, and is among those that this crate makes for the head.
fn proven_head(heads: &Value, case: &Value) -> Result<(), Refusal> {
    let shown = check_head(case, &root_b64u(heads, "root_b64u")?)?;
    same("heads", &shown.head.to_value(), field(case, "leaf")?)?;
    let made = heads_from(cases(heads, "leaves"))?.prove(shown.head.kind, &shown.head.id)?.to_values();
    need(made.contains(case), "heads", "another proof is made for this head")
}

fn complete(heads: &Value, case: &Value, wanted: &Value) -> Result<(), Refusal> {
    let root = root_b64u(heads, "root_b64u")?;
    let proofs = array(field(case, "proofs")?, UNREADABLE)?;
    let shown = proofs.iter().map(|proof| check_head(proof, &root)).collect::<Result<Vec<_>, _>>()?;
    let (kind, id) = head_of(case)?;
    let found: Vec<Value> = heads_of(&shown, kind, id)?.iter().map(Head::to_value).collect();
    same("heads", &Value::Array(found), wanted)?;
    let made = heads_from(cases(heads, "leaves"))?.prove(kind, id)?.to_values();
    same("heads", &Value::Array(made), &Value::Array(proofs.to_vec()))
}
