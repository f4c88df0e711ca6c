//! Heads: what the last entry of every stream and author is, committed to in one root (docs/format.md §10).
//!
//! A commit costs the buckets that changed since the last one, sixteen hashes each.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use crate::encoding::{Hash, b64u_append, sha256};
use crate::jcs;
use crate::merkle::{EMPTY_ROOT, inclusion_proof, leaf_hash, node_hash, root_of};
use crate::refusal::Refusal;
use crate::stream::{subject_of, under};

pub use crate::head_proof::{ShownHead, check_empty_bucket, check_head, heads_of};

/// What a head is the last entry of. Ordered as its words are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum HeadKind {
    /// A key; its number counts the author's entries.
    Author,
    /// A stream; its number is a version.
    Stream,
}

impl HeadKind {
    /// The kind as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            HeadKind::Author => "author",
            HeadKind::Stream => "stream",
        }
    }

    /// Reads a kind.
    ///
    /// # Errors
    /// `heads-members` for any other word.
    pub fn parse(text: &str) -> Result<HeadKind, Refusal> {
        let kinds = [HeadKind::Author, HeadKind::Stream];
        kinds
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| Refusal::new("heads-members", text))
    }
}

/// The last entry of one stream or author.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// Stream or author.
    pub kind: HeadKind,
    /// The stream or the key's name.
    pub id: String,
    /// The last version or the author's last count.
    pub n: u64,
    /// Where the last entry stands in the log.
    pub sequence: u64,
    /// The hash of the last entry's leaf.
    pub leaf: Hash,
}

impl Head {
    /// The canonical text that the heads tree hashes.
    pub fn jcs(&self) -> String {
        head_jcs(
            self.kind,
            &self.id,
            &Last { n: self.n, sequence: self.sequence, leaf: self.leaf, hash: None },
        )
    }
}

/// The heads of a log, growing with it.
#[derive(Clone, Debug)]
pub struct Heads {
    buckets: HashMap<u16, Bucket>,
    changed: BTreeSet<u16>,
    count: u64,
    /// The top tree, level by level from its 65,536 leaves to its root.
    levels: Vec<Vec<Hash>>,
}

impl Default for Heads {
    fn default() -> Heads {
        Heads::new()
    }
}

impl Heads {
    /// Of a log without entries.
    pub fn new() -> Heads {
        let mut empty = bucket_hash(&EMPTY_ROOT, 0);
        let mut levels = Vec::with_capacity(TOP_LEVELS + 1);
        for level in 0..=TOP_LEVELS {
            levels.push(vec![empty; BUCKETS >> level]);
            empty = node_hash(&empty, &empty);
        }
        Heads { buckets: HashMap::new(), changed: BTreeSet::new(), count: 0, levels }
    }

    /// Notes the newest entry of a stream or author.
    pub fn set(&mut self, kind: HeadKind, id: &str, n: u64, sequence: u64, leaf: Hash) {
        let number = bucket_of(kind, id);
        let last = Last { n, sequence, leaf, hash: None };
        let bucket = self.buckets.entry(number).or_default();
        match bucket.get_mut(kind, id) {
            Some(known) => *known = last,
            None => {
                bucket.insert(kind, id, last);
                self.count += 1;
            }
        }
        self.changed.insert(number);
    }

    /// The number of streams and authors.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The last version of a stream or the last count of an author; 0 before the first entry.
    pub fn last(&self, kind: HeadKind, id: &str) -> u64 {
        self.bucket(kind, id).and_then(|bucket| bucket.get(kind, id)).map_or(0, |last| last.n)
    }

    /// The head of a stream or author, if it has an entry.
    pub fn head(&self, kind: HeadKind, id: &str) -> Option<Head> {
        self.bucket(kind, id)?.get(kind, id).map(|last| last.head(kind, id))
    }

    /// Whether any stream of this subject has an entry.
    pub fn has_subject(&self, subject: &str) -> bool {
        let Some(bucket) = self.bucket(HeadKind::Stream, subject) else { return false };
        bucket.get(HeadKind::Stream, subject).is_some()
            || subject.contains('/')
                && bucket
                    .streams_from(&format!("{subject}/"))
                    .next()
                    .is_some_and(|(id, _)| under(id, subject))
    }

    /// The root over all heads, as `HeadsCommitted` states it.
    pub fn root(&mut self) -> Hash {
        let mut nodes: Vec<usize> = Vec::with_capacity(self.changed.len());
        for number in std::mem::take(&mut self.changed) {
            if let Some(bucket) = self.buckets.get_mut(&number) {
                let (root, size) = (root_of(bucket.leaf_hashes()), bucket.len());
                self.levels[0][usize::from(number)] = bucket_hash(&root, size);
                nodes.push(usize::from(number));
            }
        }
        for level in 0..TOP_LEVELS {
            nodes.iter_mut().for_each(|node| *node >>= 1);
            nodes.dedup();
            for node in &nodes {
                let parent = node_hash(&self.levels[level][2 * node], &self.levels[level][2 * node + 1]);
                self.levels[level + 1][*node] = parent;
            }
        }
        self.levels[TOP_LEVELS][0]
    }

    /// Number, root and size of each bucket in use, by number.
    pub fn buckets(&mut self) -> Vec<(u16, Hash, u64)> {
        let mut all: Vec<_> = self
            .buckets
            .iter_mut()
            .map(|(number, bucket)| (*number, root_of(bucket.leaf_hashes()), bucket.len()))
            .collect();
        all.sort_unstable_by_key(|(number, ..)| *number);
        all
    }

    /// Proofs against [`Heads::root`] of everything under a path, or of an author: its heads with the neighbour on
    /// either side, the two around the gap when there is none, or that the bucket is empty.
    ///
    /// # Errors
    /// None that a well-formed tree can cause.
    pub fn prove(&mut self, kind: HeadKind, id: &str) -> Result<HeadProofs, Refusal> {
        self.root();
        let number = bucket_of(kind, id);
        let top = self.top_path(number);
        let Some(bucket) = self.buckets.get_mut(&number) else { return Ok(HeadProofs::EmptyBucket { top }) };
        let hashes = bucket.leaf_hashes();
        let end = range_end(kind, id);
        let (mut first, mut inside) = (0, 0);
        for (kind_here, id_here, _) in bucket.sorted() {
            let here = (kind_here, id_here.as_bytes());
            first += usize::from(here < (kind, id.as_bytes()));
            inside += usize::from(here >= (kind, id.as_bytes()) && here < (kind, end.as_bytes()));
        }
        let shown = first.saturating_sub(1)..(first + inside + 1).min(hashes.len());
        let size = hashes.len() as u64;
        let heads = bucket.sorted().enumerate().skip(shown.start).take(shown.len());
        let proofs = heads.map(|(index, (kind, id, last))| {
            let path =
                inclusion_proof(index as u64, size, |level, n| Ok::<_, Refusal>(subtree(&hashes, level, n)))?;
            let leaf = last.head(kind, id);
            Ok(HeadProof { bucket_size: size, index: index as u64, leaf, path, top: top.clone() })
        });
        proofs.collect::<Result<_, _>>().map(HeadProofs::Shown)
    }

    fn bucket(&self, kind: HeadKind, id: &str) -> Option<&Bucket> {
        self.buckets.get(&bucket_of(kind, id))
    }

    fn top_path(&self, number: u16) -> Vec<Hash> {
        (0..TOP_LEVELS).map(|level| self.levels[level][(usize::from(number) >> level) ^ 1]).collect()
    }
}

/// What shows the heads of a path or author, or that it has none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HeadProofs {
    /// One proof for each leaf shown, in the bucket's order.
    Shown(Vec<HeadProof>),
    /// The bucket has no leaf.
    EmptyBucket {
        /// The path of the empty bucket in the top tree.
        top: Vec<Hash>,
    },
}

/// That a head is a leaf of the heads tree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeadProof {
    /// The number of leaves of the bucket.
    pub bucket_size: u64,
    /// The leaf's index in its bucket.
    pub index: u64,
    /// The head.
    pub leaf: Head,
    /// Hashes from the leaf to the bucket's root.
    pub path: Vec<Hash>,
    /// Sixteen hashes from the bucket to the root.
    pub top: Vec<Hash>,
}

/// The bucket in which a stream's subject or an author lies.
pub fn bucket_of(kind: HeadKind, id: &str) -> u16 {
    let within = match kind {
        HeadKind::Stream => subject_of(id),
        HeadKind::Author => id,
    };
    let hash = sha256(&[kind.as_str().as_bytes(), b"\n", within.as_bytes()].concat());
    u16::from_be_bytes([hash[0], hash[1]])
}

/// The leaf of the top tree for a bucket; it binds the size, so that the bucket's right edge can be shown.
pub fn bucket_hash(root: &Hash, size: u64) -> Hash {
    leaf_hash(format!(r#"{{"root":"{}","size":{size}}}"#, root.b64u()).as_bytes())
}

/// Where the range of a path or author ends in a bucket's order: `0` is the byte behind `/`.
pub(crate) fn range_end(kind: HeadKind, id: &str) -> String {
    match kind {
        HeadKind::Stream => format!("{id}0"),
        HeadKind::Author => format!("{id}\0"),
    }
}

/// The number of buckets, always all of them in the top tree.
pub const BUCKETS: usize = 1 << TOP_LEVELS;

/// The number of hashes from a bucket to the root.
pub const TOP_LEVELS: usize = 16;

/// The last entry of a stream or author, and its hash once it was needed.
#[derive(Clone, Debug)]
struct Last {
    n: u64,
    sequence: u64,
    leaf: Hash,
    hash: Option<Hash>,
}

impl Last {
    fn head(&self, kind: HeadKind, id: &str) -> Head {
        Head { kind, id: id.to_owned(), n: self.n, sequence: self.sequence, leaf: self.leaf }
    }
}

/// The heads of one bucket, each kind in the byte order of its ids.
#[derive(Clone, Debug, Default)]
struct Bucket {
    authors: BTreeMap<String, Last>,
    streams: BTreeMap<String, Last>,
}

impl Bucket {
    fn get(&self, kind: HeadKind, id: &str) -> Option<&Last> {
        match kind {
            HeadKind::Author => self.authors.get(id),
            HeadKind::Stream => self.streams.get(id),
        }
    }

    fn get_mut(&mut self, kind: HeadKind, id: &str) -> Option<&mut Last> {
        match kind {
            HeadKind::Author => self.authors.get_mut(id),
            HeadKind::Stream => self.streams.get_mut(id),
        }
    }

    fn insert(&mut self, kind: HeadKind, id: &str, last: Last) {
        match kind {
            HeadKind::Author => self.authors.insert(id.to_owned(), last),
            HeadKind::Stream => self.streams.insert(id.to_owned(), last),
        };
    }

    fn len(&self) -> u64 {
        (self.authors.len() + self.streams.len()) as u64
    }

    fn sorted(&self) -> impl Iterator<Item = (HeadKind, &str, &Last)> {
        let authors = self.authors.iter().map(|(id, last)| (HeadKind::Author, id.as_str(), last));
        authors.chain(self.streams.iter().map(|(id, last)| (HeadKind::Stream, id.as_str(), last)))
    }

    fn streams_from(&self, from: &str) -> impl Iterator<Item = (&str, &Last)> {
        let range = (Bound::Included(from), Bound::Unbounded);
        self.streams.range::<str, _>(range).map(|(id, last)| (id.as_str(), last))
    }

    /// The hashes of the leaves in order; only those of changed heads are computed.
    fn leaf_hashes(&mut self) -> Vec<Hash> {
        let authors = self.authors.iter_mut().map(|(id, last)| (HeadKind::Author, id, last));
        let all = authors.chain(self.streams.iter_mut().map(|(id, last)| (HeadKind::Stream, id, last)));
        all.map(|(kind, id, last)| {
            let hash = last.hash.unwrap_or_else(|| leaf_hash(head_jcs(kind, id, last).as_bytes()));
            *last.hash.insert(hash)
        })
        .collect()
    }
}

fn head_jcs(kind: HeadKind, id: &str, last: &Last) -> String {
    let mut text = String::with_capacity(id.len() + 140);
    text.push_str(r#"{"id":"#);
    jcs::write_string(id, &mut text);
    text.extend([r#","kind":""#, kind.as_str(), r#"","leaf":""#]);
    b64u_append(last.leaf.as_bytes(), &mut text);
    text.push_str(&format!(r#"","n":{},"sequence":{}}}"#, last.n, last.sequence));
    text
}

fn subtree(leaves: &[Hash], level: u8, index: u64) -> Hash {
    let from = (index as usize) << level;
    root_of(leaves[from..from + (1 << level)].iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The root as the format defines it: all buckets, all leaves, from nothing.
    fn defined_root(heads: &Heads) -> Hash {
        let mut buckets: Vec<Vec<Head>> = vec![Vec::new(); BUCKETS];
        for bucket in heads.buckets.values() {
            for (kind, id, last) in bucket.sorted() {
                buckets[usize::from(bucket_of(kind, id))].push(last.head(kind, id));
            }
        }
        root_of(buckets.into_iter().map(|mut bucket| {
            bucket.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
            let root = root_of(bucket.iter().map(|head| leaf_hash(head.jcs().as_bytes())));
            bucket_hash(&root, bucket.len() as u64)
        }))
    }

    fn some_heads() -> Heads {
        let mut heads = Heads::new();
        for (n, id) in
            ["premises/p-1", "premises/p-1/grade", "premises/p-1/hazard/7", "premises/p-1-x", "heads"]
                .into_iter()
                .enumerate()
        {
            heads.set(HeadKind::Stream, id, 1, n as u64, Hash::of(id.as_bytes()));
        }
        heads.set(HeadKind::Author, "wgbFqDZAvKDBVlsJKcfOflZR9EeGvBthusuC1UAuftU", 5, 4, Hash::of(b"a"));
        heads
    }

    #[test]
    fn committing_step_by_step_gives_the_defined_root() {
        let mut heads = some_heads();
        assert_eq!(heads.root(), defined_root(&heads));
        heads.set(HeadKind::Stream, "premises/p-1", 2, 9, Hash::of(b"b"));
        heads.set(HeadKind::Stream, "premises/p-2", 1, 10, Hash::of(b"c"));
        assert_eq!(heads.root(), defined_root(&heads));
        assert_eq!(heads.count(), 7);
        assert_eq!(Heads::new().root(), defined_root(&Heads::new()));
    }

    #[test]
    fn a_subject_is_known_by_any_of_its_streams() {
        let mut heads = some_heads();
        heads.set(HeadKind::Stream, "premises/p-3/hazard/1", 1, 11, Hash::of(b"d"));
        assert!(
            heads.has_subject("premises/p-1")
                && heads.has_subject("premises/p-3")
                && heads.has_subject("heads")
        );
        assert!(!heads.has_subject("premises/p-4") && !heads.has_subject("premises"));
        assert_eq!(heads.last(HeadKind::Stream, "premises/p-3/hazard/1"), 1);
        assert_eq!(heads.last(HeadKind::Stream, "premises/p-3"), 0);
    }

    proptest! {
        #[test]
        fn whatever_is_proven_is_found_complete(ids in proptest::collection::btree_set("[a-b](/[a-b](/[a-c-]){0,1}){0,1}", 1..12), ask in "[a-b](/[a-b]){0,1}") {
            prop_assume!(ids.iter().all(|id| crate::stream::is_path(id)));
            let mut heads = Heads::new();
            ids.iter().enumerate().for_each(|(n, id)| heads.set(HeadKind::Stream, id, 1, n as u64, Hash::of(id.as_bytes())));
            let root = heads.root();
            let expected: Vec<&String> = ids.iter().filter(|id| under(id, &ask)).collect();
            match heads.prove(HeadKind::Stream, &ask).unwrap() {
                HeadProofs::EmptyBucket { .. } => prop_assert!(expected.is_empty()),
                HeadProofs::Shown(proofs) => {
                    let shown: Vec<_> = proofs.iter().map(|proof| check_head(&proof.to_value(), &root).unwrap()).collect();
                    let found = heads_of(&shown, HeadKind::Stream, &ask).unwrap();
                    prop_assert_eq!(found.iter().map(|head| &head.id).collect::<Vec<_>>(), expected);
                }
            }
        }
    }
}
