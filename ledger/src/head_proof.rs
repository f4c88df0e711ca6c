//! Checking head proofs: that everything under a path, or of an author, was shown (docs/format.md §10).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::encoding::Hash;
use crate::heads::{BUCKETS, Head, HeadKind, HeadProof, HeadProofs, bucket_hash, bucket_of, range_end};
use crate::members::{array, count, exactly_ref, text};
use crate::merkle::{EMPTY_ROOT, check_inclusion, inclusion_root, leaf_hash};
use crate::refusal::{Refusal, need};
use crate::stream::under;

/// A head whose proof against a heads root held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShownHead {
    /// The bucket's number, computed from the head.
    pub bucket: u16,
    /// The head's index in its bucket.
    pub index: u64,
    /// The number of leaves of the bucket.
    pub bucket_size: u64,
    /// The head.
    pub head: Head,
}

impl HeadProof {
    /// The proof as it is written in bundles.
    pub fn to_value(&self) -> Value {
        json!({
            "bucket_size": self.bucket_size,
            "index": self.index,
            "leaf": self.leaf.to_value(),
            "path": hash_texts(&self.path),
            "top": hash_texts(&self.top),
        })
    }

    /// Reads a proof. Nothing is verified yet.
    ///
    /// # Errors
    /// `heads-members` or `heads-path`.
    pub fn from_value(proof: &Value) -> Result<HeadProof, Refusal> {
        let names = ["bucket_size", "index", "leaf", "path", "top"];
        let [bucket_size, index, leaf, path, top] = exactly_ref(proof, names, "heads-members")?;
        Ok(HeadProof {
            bucket_size: count(bucket_size, "heads-members")?,
            index: count(index, "heads-members")?,
            leaf: Head::from_value(leaf)?,
            path: hashes(path)?,
            top: hashes(top)?,
        })
    }

    /// Checks the proof against a committed root; the bucket's number follows from the head.
    ///
    /// # Errors
    /// As an inclusion proof.
    pub fn check(&self, root: &Hash) -> Result<ShownHead, Refusal> {
        let bucket = bucket_of(self.leaf.kind, &self.leaf.id);
        let leaf = leaf_hash(self.leaf.jcs().as_bytes());
        let low = inclusion_root(leaf, self.index, self.bucket_size, &self.path)?;
        check_top(&low, self.bucket_size, bucket, &self.top, root)?;
        Ok(ShownHead { bucket, index: self.index, bucket_size: self.bucket_size, head: self.leaf.clone() })
    }
}

impl HeadProofs {
    /// The proofs as they are written in bundles, one file each.
    pub fn to_values(&self) -> Vec<Value> {
        match self {
            HeadProofs::Shown(proofs) => proofs.iter().map(HeadProof::to_value).collect(),
            HeadProofs::EmptyBucket { top } => vec![json!({"bucket_size": 0, "top": hash_texts(top)})],
        }
    }
}

impl Head {
    /// The head as proofs have it.
    pub fn to_value(&self) -> Value {
        json!({
            "id": self.id,
            "kind": self.kind.as_str(),
            "leaf": self.leaf.b64u(),
            "n": self.n,
            "sequence": self.sequence,
        })
    }

    /// Reads a head.
    ///
    /// # Errors
    /// `heads-members`.
    pub fn from_value(head: &Value) -> Result<Head, Refusal> {
        const CODE: &str = "heads-members";
        let [id, kind, leaf, n, sequence] = exactly_ref(head, ["id", "kind", "leaf", "n", "sequence"], CODE)?;
        Ok(Head {
            kind: HeadKind::parse(text(kind, CODE)?)?,
            id: text(id, CODE)?.to_owned(),
            n: count(n, CODE)?,
            sequence: count(sequence, CODE)?,
            leaf: Hash::from_b64u(text(leaf, CODE)?, CODE)?,
        })
    }
}

/// Checks one head proof against a heads root.
///
/// # Errors
/// `heads-members`, `heads-path`, or as an inclusion proof.
pub fn check_head(proof: &Value, root: &Hash) -> Result<ShownHead, Refusal> {
    HeadProof::from_value(proof)?.check(root)
}

/// Checks that the bucket of a path or author is empty.
///
/// # Errors
/// `heads-members`, `heads-path`, or as an inclusion proof.
pub fn check_empty_bucket(proof: &Value, root: &Hash, kind: HeadKind, id: &str) -> Result<(), Refusal> {
    let [bucket_size, top] = exactly_ref(proof, ["bucket_size", "top"], "heads-members")?;
    need(count(bucket_size, "heads-members")? == 0, "heads-members", "an empty bucket has size 0")?;
    check_top(&EMPTY_ROOT, 0, bucket_of(kind, id), &hashes(top)?, root)
}

/// The heads of a path or author among checked proofs: all leaves of its range without a hole, with a neighbour on
/// either side unless the bucket ends there. None in the range is an answer too: two neighbours with nothing between.
///
/// # Errors
/// `heads-missing`, `heads-order` or `heads-range`.
pub fn heads_of(shown: &[ShownHead], kind: HeadKind, id: &str) -> Result<Vec<Head>, Refusal> {
    let bucket = bucket_of(kind, id);
    let here: BTreeMap<u64, &ShownHead> =
        shown.iter().filter(|one| one.bucket == bucket).map(|one| (one.index, one)).collect();
    let size = here.values().map(|one| one.bucket_size).max();
    let size = size.ok_or_else(|| Refusal::new("heads-missing", id))?;
    let rank = |one: &ShownHead| (one.head.kind, one.head.id.clone());
    need(here.values().is_sorted_by(|a, b| rank(a) < rank(b)), "heads-order", id)?;
    let (from, until) = ((kind, id.to_owned()), (kind, range_end(kind, id)));
    let inside: Vec<u64> = here
        .iter()
        .filter(|(_, one)| rank(one) >= from && rank(one) < until)
        .map(|(index, _)| *index)
        .collect();
    let before = here.iter().filter(|(_, one)| rank(one) < from).map(|(index, _)| index + 1).max();
    let first = inside.first().copied().or(before).unwrap_or(0);
    let behind = first + inside.len() as u64;
    need(inside.iter().copied().eq(first..behind), "heads-range", "a hole")?;
    need(first == 0 || here.contains_key(&(first - 1)), "heads-range", "the left neighbour is missing")?;
    need(behind == size || here.contains_key(&behind), "heads-range", "the right neighbour is missing")?;
    let heads = inside.iter().filter_map(|index| here.get(index)).map(|one| one.head.clone());
    Ok(heads.filter(|head| kind == HeadKind::Author || under(&head.id, id)).collect())
}

fn check_top(low: &Hash, size: u64, bucket: u16, top: &[Hash], root: &Hash) -> Result<(), Refusal> {
    check_inclusion(bucket_hash(low, size), u64::from(bucket), BUCKETS as u64, top, root)
}

fn hashes(value: &Value) -> Result<Vec<Hash>, Refusal> {
    let texts = array(value, "heads-members")?;
    texts.iter().map(|hash| Hash::from_b64u(text(hash, "heads-path")?, "heads-path")).collect()
}

fn hash_texts(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(Hash::b64u).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heads::Heads;

    fn heads() -> Heads {
        let mut heads = Heads::new();
        for id in ["a/b", "a/b/grade", "a/b/hazard/1", "a/b/hazard/2"] {
            heads.set(HeadKind::Stream, id, 1, 0, Hash::of(id.as_bytes()));
        }
        heads
    }

    fn shown(path: &str) -> Vec<ShownHead> {
        let root = heads().root();
        let proofs = heads().prove(HeadKind::Stream, path).unwrap().to_values();
        proofs.iter().map(|proof| check_head(proof, &root).unwrap()).collect()
    }

    #[test]
    fn leaving_out_any_shown_head_is_noticed() {
        let all = shown("a/b/hazard");
        assert_eq!(heads_of(&all, HeadKind::Stream, "a/b/hazard").unwrap().len(), 2);
        for missing in 0..all.len() {
            let mut less = all.clone();
            less.remove(missing);
            assert_eq!(heads_of(&less, HeadKind::Stream, "a/b/hazard").unwrap_err().code, "heads-range");
        }
        assert_eq!(heads_of(&[], HeadKind::Stream, "a/b").unwrap_err().code, "heads-missing");
    }

    #[test]
    fn an_absent_stream_lies_between_two_neighbours() {
        assert_eq!(heads_of(&shown("a/b/hazard/15"), HeadKind::Stream, "a/b/hazard/15"), Ok(vec![]));
        let root = heads().root();
        let empty = heads().prove(HeadKind::Stream, "c/d").unwrap().to_values();
        check_empty_bucket(&empty[0], &root, HeadKind::Stream, "c/d").unwrap();
        assert!(check_empty_bucket(&empty[0], &root, HeadKind::Stream, "a/b").is_err());
    }

    #[test]
    fn a_head_of_another_number_does_not_fit_its_proof() {
        let root = heads().root();
        let HeadProofs::Shown(proofs) = heads().prove(HeadKind::Stream, "a/b").unwrap() else {
            panic!("the bucket has heads")
        };
        for proof in proofs {
            assert_eq!(HeadProof::from_value(&proof.to_value()).as_ref(), Ok(&proof));
            let older = HeadProof { leaf: Head { n: 7, ..proof.leaf.clone() }, ..proof };
            assert_eq!(older.check(&root).unwrap_err().code, "inclusion-root");
        }
    }
}
