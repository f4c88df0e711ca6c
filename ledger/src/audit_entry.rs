//! What an audit does with an entry alone: reads it as it lies, and verifies its signature, one by one or in batches.

use std::collections::HashMap;

use rayon::prelude::*;
use serde_json::Value;

use crate::audit_source::{Lying, LyingRow};
use crate::encoding::{Hash, b64u_decode};
use crate::entry::Entry;
use crate::keys::{Kid, PublicKey, verify_batch, verify_strict};
use crate::leaf_parts::LeafCutter;
use crate::merkle::leaf_hash;
use crate::refusal::{Refusal, need_that};
use crate::stored_leaf::LeafMaker;

/// How signatures are verified.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Signatures {
    /// Each one by the strict rules of docs/format.md §4.
    #[default]
    Strict,
    /// Many in one equation, and a batch that does not hold one by one. A batch proves that no signature was forged; it
    /// does not prove each of the strict rules, on which verifiers might disagree.
    Batch,
}

/// What lay there, looked at alone.
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all are entries: a box would cost one allocation for each"
)]
pub(crate) enum Looked {
    Entry(LookedAt),
    Gone { first: u64, count: u64, why: Refusal },
}

/// An entry that was looked at alone.
pub(crate) struct LookedAt {
    pub(crate) position: Option<u64>,
    pub(crate) entry: Result<Entry, Refusal>,
    /// The hash of the leaf that is there, or that the columns rebuild.
    pub(crate) leaf: Hash,
    pub(crate) signature: Option<Refusal>,
    /// The key that it says it enrols, as far as that can be read.
    key: Option<PublicKey>,
}

/// Reads entries of one log as they lie, in memory of its own that is used again for each.
pub(crate) struct Looker<'a> {
    origin: &'a str,
    cutter: LeafCutter,
    maker: LeafMaker,
}

impl<'a> Looker<'a> {
    pub(crate) fn of(origin: &'a str) -> Self {
        Self { origin, cutter: LeafCutter::default(), maker: LeafMaker::of(origin) }
    }

    /// Reads an entry as it lies.
    pub(crate) fn look_at(&mut self, lying: Lying) -> Looked {
        match lying {
            Lying::Row(row) => Looked::Entry(self.row(row)),
            Lying::Leaf { position, leaf } => Looked::Entry(self.leaf(position, &leaf)),
            Lying::Gone { first, count, why } => Looked::Gone { first, count, why },
        }
    }

    fn row(&mut self, lying: LyingRow) -> LookedAt {
        let position = lying.position;
        let row = match lying.row {
            Ok(row) => row,
            Err(refusal) => {
                return LookedAt {
                    position,
                    entry: Err(refusal),
                    leaf: leaf_hash(b""),
                    signature: None,
                    key: None,
                };
            }
        };
        if let Some((entry, leaf)) = row.sound(self.origin, &mut self.maker) {
            return LookedAt { position, key: key_in(&entry.data), entry: Ok(entry), leaf, signature: None };
        }
        let key = row.payload.contains(KEY).then(|| serde_json::from_str(&row.payload).ok()).flatten();
        let key = key.as_ref().and_then(key_in);
        let rebuilt = row.leaf(self.origin);
        let leaf = leaf_hash(&rebuilt);
        let entry = row.check_rebuilt(self.origin, &rebuilt, leaf);
        LookedAt { position, entry, leaf, signature: None, key }
    }

    fn leaf(&mut self, position: u64, leaf: &[u8]) -> LookedAt {
        let hash = leaf_hash(leaf);
        let columns = self.cutter.columns(leaf, position, self.origin, hash);
        let straight = columns.and_then(|columns| Entry::of_columns(&columns, self.origin, &mut self.maker));
        let entry = match straight {
            Some((entry, made)) if made == leaf => Ok(entry),
            _ => Entry::parse(leaf, Some(self.origin)).and_then(|entry| {
                let stated = entry.sequence;
                need_that(stated == position, "sequence", || format!("{stated} at index {position}"))?;
                Ok(entry)
            }),
        };
        let key = match &entry {
            Ok(entry) => key_in(&entry.data),
            Err(_) => key_in_damaged(leaf),
        };
        LookedAt { position: Some(position), entry, leaf: hash, signature: None, key }
    }
}

/// The key that an entry says it enrols.
pub(crate) fn said_key(looked: &Looked) -> Option<PublicKey> {
    match looked {
        Looked::Entry(looked) => looked.key,
        Looked::Gone { .. } => None,
    }
}

/// Verifies the signatures of entries that could be read.
pub(crate) fn check_signatures(
    looked: &mut [Looked],
    keys: &HashMap<Kid, PublicKey>,
    signatures: Signatures,
) {
    let strictly = |looked: &mut Looked| {
        if let Looked::Entry(LookedAt { entry: Ok(entry), signature, .. }) = looked {
            *signature = signature_fault(entry, keys);
        }
    };
    match signatures {
        Signatures::Strict => looked.par_iter_mut().for_each(strictly),
        Signatures::Batch => looked.par_chunks_mut(A_BATCH).for_each(|batch| {
            if !holds_as_a_batch(batch, keys) {
                batch.iter_mut().for_each(strictly);
            }
        }),
    }
}

fn key_in(data: &Value) -> Option<PublicKey> {
    PublicKey::from_jwk(data.get("jwk")?).ok()
}

/// What is damaged beside a key is no reason to call every entry under it unsigned.
fn key_in_damaged(leaf: &[u8]) -> Option<PublicKey> {
    let outer: Value = serde_json::from_slice(leaf).ok()?;
    let payload = b64u_decode(outer.get("payload")?.as_str()?, "entry-payload").ok()?;
    key_in(serde_json::from_slice::<Value>(&payload).ok()?.get("data")?)
}

fn signature_fault(entry: &Entry, keys: &HashMap<Kid, PublicKey>) -> Option<Refusal> {
    match keys.get(&entry.kid) {
        // each stands there under its own name
        Some(public) => verify_strict(public, &entry.signature, entry.signing_input().as_bytes()).err(),
        None => Some(Refusal::new("key-not-enrolled", entry.kid.as_str())),
    }
}

/// Whether every entry of a batch that could be read is signed by its key.
fn holds_as_a_batch(batch: &[Looked], keys: &HashMap<Kid, PublicKey>) -> bool {
    let entries = batch.iter().filter_map(|looked| match looked {
        Looked::Entry(LookedAt { entry: Ok(entry), .. }) => Some(entry),
        _ => None,
    });
    let signed: Option<Vec<_>> = entries
        .map(|entry| Some((keys.get(&entry.kid)?, &entry.signature, entry.signing_input().as_bytes())))
        .collect();
    signed.is_some_and(|signed| verify_batch(&signed))
}

/// Signatures in one equation: more of them gain little, and one that fails costs all of them again.
const A_BATCH: usize = 256;
const KEY: &str = "\"jwk\"";
