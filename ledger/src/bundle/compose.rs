//! Making a bundle of what a ledger holds: which entries belong into it, and what shows that none was left out
//! (docs/format.md §10, §11).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::bundle::manifest::{About, Manifest};
use crate::bundle::{Bundle, CHECKPOINT, STAMP, disclosure_file, entry_file, proof_file};
use crate::encoding::{Hash, is_sha256_hex};
use crate::erasure::targets;
use crate::heads::{HeadKind, HeadProofs, Heads};
use crate::jcs;
use crate::key_state::KeyState;
use crate::keys::Kid;
use crate::log_files::scheme_file;
use crate::note::stated_size;
use crate::proof_text::TlogProof;
use crate::proofs::ProofError;
use crate::reader::Reader;
use crate::refusal::Refusal;
use crate::row::Row;
use crate::store::StoreError;
use crate::stream::under;
use crate::timestamp::Timestamp;

/// What a bundle is to hold.
#[derive(Clone, Debug)]
pub struct Order {
    /// The path that it is about, with everything below it.
    pub path: String,
    /// Position of the commitment to the heads as of which it is complete: nothing above it is in the bundle.
    pub heads: u64,
    /// A signed checkpoint above that position, with the cosignatures it has.
    pub note: String,
    /// An authority's response over that checkpoint.
    pub stamp: Option<Vec<u8>>,
    /// Texts of the values that are disclosed, by the position of their entry.
    pub disclosures: BTreeMap<u64, Vec<String>>,
    /// When it is made.
    pub created_at: Timestamp,
}

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// The ledger does not hold together.
    #[error("the ledger does not hold together: {what}; run “wuping verify”")]
    Damaged {
        /// What is wrong.
        what: String,
    },
    /// There is nothing to make one of.
    #[error("nothing is recorded of {path} below entry {heads}; check the path")]
    Nothing {
        /// What was asked for.
        path: String,
        /// Up to where.
        heads: u64,
    },
    /// A proof could not be made.
    #[error("a proof could not be made")]
    Proof(#[from] ProofError),
    /// The format does not allow it.
    #[error("the format of bundles does not allow it")]
    Rule(#[from] Refusal),
    /// The ledger could not be read.
    #[error("the ledger could not be read")]
    Store(#[from] StoreError),
}

/// Makes the bundle.
///
/// # Errors
/// [`ComposeError`].
pub fn compose(reader: &Reader, order: &Order) -> Result<Bundle, ComposeError> {
    let gathered = gather(reader, &order.path, order.heads)?;
    let mut files = BTreeMap::new();
    put_proofs_of_heads(reader, order.heads, &gathered, &mut files)?;
    let size = stated_size(&order.note).filter(|size| *size > order.heads);
    let size = size.ok_or_else(|| damaged("the checkpoint does not cover the commitment to the heads"))?;
    let origin = reader.origin()?;
    for (position, row) in &gathered.rows {
        let proof = reader.inclusion_proof(*position, size)?;
        let proof = TlogProof { index: *position, proof, note: order.note.clone().into_bytes() };
        files.insert(entry_file(*position), row.leaf(origin));
        files.insert(proof_file(*position), proof.to_bytes());
    }
    for (position, texts) in &order.disclosures {
        if gathered.rows.contains_key(position) {
            files.insert(disclosure_file(*position), jcs::canonical(&json!(texts))?);
        }
    }
    for sha256 in gathered.schemes() {
        if let Some(scheme) = reader.scheme(&sha256)? {
            files.insert(scheme_file(&sha256), scheme.bytes);
        }
    }
    files.insert(CHECKPOINT.to_owned(), order.note.clone().into_bytes());
    if let Some(stamp) = &order.stamp {
        files.insert(STAMP.to_owned(), stamp.clone());
    }
    let manifest = Manifest {
        checkpoint_size: size,
        created_at: order.created_at,
        entries: gathered.rows.keys().copied().collect(),
        files: files.iter().map(|(name, bytes)| (name.clone(), Hash::of(bytes).hex())).collect(),
        heads_sequence: order.heads,
        origin: origin.to_owned(),
        subject: About { kind: HeadKind::Stream, id: order.path.clone() },
    };
    files.insert("bundle.json".to_owned(), manifest.to_bytes()?);
    Ok(Bundle::of(files))
}

/// The paths that a bundle about this one must be complete in, as of a commitment to the heads.
///
/// # Errors
/// [`ComposeError`].
pub fn paths(reader: &Reader, path: &str, heads: u64) -> Result<BTreeSet<String>, ComposeError> {
    Ok(gather(reader, path, heads)?.paths)
}

/// The entries that belong into a bundle, and the paths in which it is complete.
#[derive(Default)]
struct Gathered {
    rows: BTreeMap<u64, Row>,
    paths: BTreeSet<String>,
}

impl Gathered {
    /// Digests of all rulebooks that the entries name.
    fn schemes(&self) -> BTreeSet<String> {
        let mut named = BTreeSet::new();
        for row in self.rows.values().filter(|row| row.payload.contains("\"sha256\"")) {
            name_schemes(&serde_json::from_str(&row.payload).unwrap_or_default(), &mut named);
        }
        named
    }

    /// Takes every entry of a path below the heads; answers those that are new.
    fn take(&mut self, reader: &Reader, path: &str, heads: u64) -> Result<Vec<u64>, ComposeError> {
        if !self.paths.insert(path.to_owned()) {
            return Ok(Vec::new());
        }
        let positions = reader.positions_of_subject(path, Some(heads))?;
        let new: Vec<u64> = positions.into_iter().filter(|at| !self.rows.contains_key(at)).collect();
        for position in &new {
            self.rows.insert(*position, row(reader, *position)?);
        }
        Ok(new)
    }
}

fn gather(reader: &Reader, path: &str, heads: u64) -> Result<Gathered, ComposeError> {
    let keys = reader.keys()?;
    let mut gathered = Gathered::default();
    let mut new = gathered.take(reader, path, heads)?;
    if new.is_empty() {
        return Err(ComposeError::Nothing { path: path.to_owned(), heads });
    }
    let head = row(reader, heads)?;
    if head.event_type != "HeadsCommitted" {
        return Err(damaged("there is no commitment to the heads at that place"));
    }
    gathered.rows.insert(heads, head);
    new.push(heads);
    let erasures = reader.subject("erasures", Some(heads))?;
    while !new.is_empty() {
        let mut next = BTreeSet::new();
        for position in &new {
            let Some(row) = gathered.rows.get(position) else { continue };
            next.insert(lineage(&keys, row)?);
            // what the subject's own results rest on; what those of others rest on is not asked here
            if under(&row.aggregate_id, path) && row.payload.contains("\"derivation\"") {
                let data: Value = serde_json::from_str(&row.payload).unwrap_or_default();
                let named = data["derivation"]["subjects"].as_array().into_iter().flatten();
                next.extend(named.filter_map(Value::as_str).map(str::to_owned));
            }
        }
        new = Vec::new();
        for path in next {
            new.extend(gathered.take(reader, &path, heads)?);
        }
        for entry in &erasures {
            let data = serde_json::from_str(&entry.data).unwrap_or_default();
            let concerns = targets(&data)?.iter().any(|target| gathered.rows.contains_key(&target.sequence));
            if concerns && !gathered.rows.contains_key(&entry.position) {
                gathered.rows.insert(entry.position, row(reader, entry.position)?);
                new.push(entry.position);
            }
        }
    }
    Ok(gathered)
}

fn lineage(keys: &KeyState, row: &Row) -> Result<String, ComposeError> {
    let record = keys.record(&Kid::parse(row.kid.clone())?);
    let unknown = || damaged(&format!("the key of entry {} is not enrolled", row.position));
    Ok(record.ok_or_else(unknown)?.lineage.as_str().to_owned())
}

fn row(reader: &Reader, position: u64) -> Result<Row, ComposeError> {
    reader.row(position)?.ok_or_else(|| damaged(&format!("the entry {position} is gone")))
}

/// That the paths are complete: the heads of all streams and authors below the commitment, which must be those it commits to.
fn put_proofs_of_heads(
    reader: &Reader,
    at: u64,
    gathered: &Gathered,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> Result<(), ComposeError> {
    let mut heads = Heads::new();
    reader.leaves(0, at, |row| {
        heads.set(HeadKind::Stream, row.stream, row.version, row.position, row.leaf_hash);
        heads.set(HeadKind::Author, row.kid, row.author_seq, row.position, row.leaf_hash);
        Ok::<_, StoreError>(())
    })?;
    let stated = gathered.rows.get(&at).map(|row| serde_json::from_str(&row.payload).unwrap_or(Value::Null));
    if stated.is_none_or(|data| data["root"] != heads.root().b64u()) {
        return Err(damaged("the heads are not those that were committed to"));
    }
    for path in &gathered.paths {
        let HeadProofs::Shown(proofs) = heads.prove(HeadKind::Stream, path)? else {
            return Err(damaged(&format!("{path} has no heads")));
        };
        for proof in proofs {
            let (kind, id) = (proof.leaf.kind.as_str(), Hash::of(proof.leaf.id.as_bytes()).hex());
            files.insert(format!("heads/{kind}.{id}.json"), jcs::canonical(&proof.to_value())?);
        }
    }
    Ok(())
}

/// Every rulebook that a content names, wherever it stands in it: an id and a digest side by side.
fn name_schemes(content: &Value, named: &mut BTreeSet<String>) {
    match content {
        Value::Array(elements) => elements.iter().for_each(|element| name_schemes(element, named)),
        Value::Object(members) => {
            let digest = members.get("sha256").and_then(Value::as_str).filter(|digest| is_sha256_hex(digest));
            if members.get("id").is_some_and(Value::is_string) {
                named.extend(digest.map(str::to_owned));
            }
            members.values().for_each(|member| name_schemes(member, named));
        }
        _ => {}
    }
}

fn damaged(what: &str) -> ComposeError {
    ComposeError::Damaged { what: what.to_owned() }
}
