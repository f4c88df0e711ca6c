//! The Merkle tree of RFC 6962 with SHA-256, and the proofs of RFC 9162 (docs/format.md §3).

use crate::encoding::{Hash, MAX_INT, sha256_of, sized};
use crate::refusal::{Refusal, need, need_that};

/// The root of a tree without leaves: SHA-256 of nothing.
pub const EMPTY_ROOT: Hash = Hash::new([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27,
    0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// The hash of a leaf, `H(0x00 ‖ leaf)`.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Hash::new(sha256_of(&[&[0], leaf]))
}

/// The hash of an inner node, `H(0x01 ‖ left ‖ right)`.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash::new(sha256_of(&[&[1], left.as_bytes(), right.as_bytes()]))
}

/// The right edge of a growing tree: one hash for every set bit of its size, largest subtree first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Frontier {
    size: u64,
    subtrees: Vec<Hash>,
}

impl Frontier {
    /// Of the tree without leaves.
    pub fn new() -> Frontier {
        Frontier::default()
    }

    /// Adds one leaf by its hash.
    pub fn push(&mut self, leaf: Hash) {
        self.push_reporting(leaf, |_, _, _| ());
    }

    /// Adds one leaf and reports every subtree it completes as (level, index, hash), from the leaf at level 0 upward:
    /// the subtree covers the leaves `[index·2^level, (index+1)·2^level)`.
    pub fn push_reporting(&mut self, leaf: Hash, mut completed: impl FnMut(u8, u64, Hash)) {
        let (mut hash, mut index, mut level) = (leaf, self.size, 0);
        completed(level, index, hash);
        while index & 1 == 1 {
            // a set bit of the size has its subtree on the stack
            let Some(left) = self.subtrees.pop() else { break };
            hash = node_hash(&left, &hash);
            index >>= 1;
            level += 1;
            completed(level, index, hash);
        }
        self.subtrees.push(hash);
        self.size += 1;
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        let mut smallest_first = self.subtrees.iter().rev();
        match smallest_first.next() {
            None => EMPTY_ROOT,
            Some(last) => smallest_first.fold(*last, |right, left| node_hash(left, &right)),
        }
    }

    /// The subtrees, largest first.
    pub fn subtrees(&self) -> &[Hash] {
        &self.subtrees
    }

    /// For storage: the size as eight big-endian bytes, then the hashes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        bytes.extend(self.subtrees.iter().flat_map(|hash| *hash.as_bytes()));
        bytes
    }

    /// Reads what [`Frontier::to_bytes`] wrote.
    ///
    /// # Errors
    /// `frontier`, when the number of hashes is not that of the size.
    pub fn from_bytes(bytes: &[u8]) -> Result<Frontier, Refusal> {
        let (size, hashes) = bytes.split_at_checked(8).ok_or_else(|| Refusal::new("frontier", "no size"))?;
        let size = u64::from_be_bytes(sized(size, "frontier")?);
        let complete = hashes.len() == 32 * size.count_ones() as usize && size <= MAX_INT;
        need(complete, "frontier", "one hash for every set bit of the size")?;
        Ok(Frontier {
            size,
            subtrees: hashes.chunks_exact(32).map(Hash::from_slice).collect::<Result<_, _>>()?,
        })
    }
}

impl FromIterator<Hash> for Frontier {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Frontier {
        let mut frontier = Frontier::new();
        leaves.into_iter().for_each(|leaf| frontier.push(leaf));
        frontier
    }
}

/// The root over leaf hashes.
pub fn root_of(leaves: impl IntoIterator<Item = Hash>) -> Hash {
    leaves.into_iter().collect::<Frontier>().root()
}

/// Checks that these bytes are leaf `index` of the tree with this size and root. The size is that of a signed
/// checkpoint, never one that came with the proof.
///
/// # Errors
/// `inclusion-index`, `inclusion-too-long`, `inclusion-too-short` or `inclusion-root`.
pub fn verify_inclusion(
    leaf: &[u8],
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), Refusal> {
    check_inclusion(leaf_hash(leaf), index, size, proof, root)
}

/// As [`verify_inclusion`], from a leaf's hash: only where the leaf's bytes were hashed by the caller.
///
/// # Errors
/// As [`verify_inclusion`].
pub fn check_inclusion(
    leaf: Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), Refusal> {
    let computed = inclusion_root(leaf, index, size, proof)?;
    need(computed == *root, "inclusion-root", "the proof leads to another root")
}

/// The root that an inclusion proof leads to (RFC 9162 §2.1.3.2 without its last comparison).
///
/// # Errors
/// `inclusion-index`, `inclusion-too-long` or `inclusion-too-short`.
pub fn inclusion_root(leaf: Hash, index: u64, size: u64, proof: &[Hash]) -> Result<Hash, Refusal> {
    need_that(index < size && size <= MAX_INT, "inclusion-index", || format!("{index} of {size}"))?;
    let mut climb = Climb { node: index, last: size - 1 };
    let mut hash = leaf;
    for sibling in proof {
        need(climb.last != 0, "inclusion-too-long", "")?;
        hash = if climb.step() { node_hash(sibling, &hash) } else { node_hash(&hash, sibling) };
    }
    need(climb.last == 0, "inclusion-too-short", "")?;
    Ok(hash)
}

/// Checks that the tree of size `m` is a prefix of that of size `n` (RFC 9162 §2.1.4.2; `m = 0` and `m = n` as pinned
/// by the format).
///
/// # Errors
/// `consistency-sizes`, `-not-empty`, `-empty-root`, `-same-size-roots`, `-too-short`, `-too-long`, `-old-root` or
/// `-new-root`.
pub fn check_consistency(m: u64, n: u64, old: &Hash, new: &Hash, proof: &[Hash]) -> Result<(), Refusal> {
    need_that(m <= n && n <= MAX_INT, "consistency-sizes", || format!("from {m} to {n}"))?;
    if m == 0 || m == n {
        need(proof.is_empty(), "consistency-not-empty", "")?;
        need(m > 0 || *old == EMPTY_ROOT, "consistency-empty-root", "")?;
        return need(m < n || old == new, "consistency-same-size-roots", "one size, two roots");
    }
    // a complete old tree is itself the first node and is left out of the proof
    let (first, rest) = match proof.split_first() {
        _ if m.is_power_of_two() && !proof.is_empty() => (old, proof),
        Some(split) => split,
        None => return Err(Refusal::new("consistency-too-short", "")),
    };
    let mut climb = Climb { node: m - 1, last: n - 1 };
    climb.skip_right_edges();
    let (mut old_side, mut new_side) = (*first, *first);
    for sibling in rest {
        need(climb.last != 0, "consistency-too-long", "")?;
        if climb.step() {
            old_side = node_hash(sibling, &old_side);
            new_side = node_hash(sibling, &new_side);
        } else {
            new_side = node_hash(&new_side, sibling);
        }
    }
    need(climb.last == 0, "consistency-too-short", "")?;
    need(old_side == *old, "consistency-old-root", "")?;
    need(new_side == *new, "consistency-new-root", "")
}

/// The inclusion proof of leaf `index` in the tree of this size, leaf to root. `subtree(level, index)` gives the root
/// of the leaves `[index·2^level, (index+1)·2^level)`; only complete subtrees are asked for.
///
/// # Errors
/// `inclusion-index`, or whatever `subtree` fails with.
pub fn inclusion_proof<E: From<Refusal>>(
    index: u64,
    size: u64,
    mut subtree: impl FnMut(u8, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    need_that(index < size && size <= MAX_INT, "inclusion-index", || format!("{index} of {size}"))?;
    let mut siblings = Vec::new();
    let (mut from, mut until) = (0, size);
    while until - from > 1 {
        let middle = from + split(until - from);
        if index < middle {
            siblings.push((middle, until));
            until = middle;
        } else {
            siblings.push((from, middle));
            from = middle;
        }
    }
    siblings.into_iter().rev().map(|(from, until)| range_root(from, until, &mut subtree)).collect()
}

/// The consistency proof from size `m` to size `n`; `subtree` as for [`inclusion_proof`].
///
/// # Errors
/// `consistency-sizes`, or whatever `subtree` fails with.
pub fn consistency_proof<E: From<Refusal>>(
    m: u64,
    n: u64,
    mut subtree: impl FnMut(u8, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    need_that(m <= n && n <= MAX_INT, "consistency-sizes", || format!("from {m} to {n}"))?;
    if m == 0 || m == n {
        return Ok(Vec::new());
    }
    let mut nodes = Vec::new();
    let (mut from, mut until) = (0, n);
    // descend to the subtree that ends where the old tree ends
    while until > m {
        let middle = from + split(until - from);
        if m <= middle {
            nodes.push((middle, until));
            until = middle;
        } else {
            nodes.push((from, middle));
            from = middle;
        }
    }
    if from > 0 {
        nodes.push((from, until));
    }
    nodes.into_iter().rev().map(|(from, until)| range_root(from, until, &mut subtree)).collect()
}

/// The root of the tree of this size; `subtree` as for [`inclusion_proof`].
///
/// # Errors
/// Whatever `subtree` fails with.
pub fn root_from_subtrees<E>(
    size: u64,
    mut subtree: impl FnMut(u8, u64) -> Result<Hash, E>,
) -> Result<Hash, E> {
    if size == 0 { Ok(EMPTY_ROOT) } else { range_root(0, size, &mut subtree) }
}

/// The way from a node to the root of an incomplete tree, as RFC 9162 walks it.
struct Climb {
    /// The node's index at its level.
    node: u64,
    /// The index of the last node at that level; 0 at the root.
    last: u64,
}

impl Climb {
    /// Goes one proof hash up. True when the sibling stands on the left.
    fn step(&mut self) -> bool {
        let left = self.node & 1 == 1 || self.node == self.last;
        if left {
            // the right edge of an incomplete tree has levels without a sibling
            while self.node != 0 && self.node & 1 == 0 {
                self.up();
            }
        }
        self.up();
        left
    }

    /// Goes up while the node is a right child: to the root of the old tree's last complete subtree.
    fn skip_right_edges(&mut self) {
        while self.node & 1 == 1 {
            self.up();
        }
    }

    fn up(&mut self) {
        self.node >>= 1;
        self.last >>= 1;
    }
}

/// The largest power of two below a number of leaves greater than one.
fn split(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

/// The root of a range of leaves that begins where a subtree of its size may begin.
fn range_root<E>(
    from: u64,
    until: u64,
    subtree: &mut impl FnMut(u8, u64) -> Result<Hash, E>,
) -> Result<Hash, E> {
    let leaves = until - from;
    if leaves.is_power_of_two() {
        let level = leaves.trailing_zeros();
        return subtree(level as u8, from >> level);
    }
    let middle = from + split(leaves);
    Ok(node_hash(&range_root(from, middle, subtree)?, &range_root(middle, until, subtree)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn leaves(n: u64) -> Vec<Hash> {
        (0..n).map(|i| leaf_hash(format!("wuping-leaf-{i}").as_bytes())).collect()
    }

    /// RFC 6962 §2.1, as it is written there.
    fn recursive_root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => EMPTY_ROOT,
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(split(leaves.len() as u64) as usize);
                node_hash(&recursive_root(left), &recursive_root(right))
            }
        }
    }

    fn subtree_of(leaves: &[Hash]) -> impl Fn(u8, u64) -> Result<Hash, Refusal> + '_ {
        |level, index| {
            let from = (index as usize) << level;
            Ok(recursive_root(&leaves[from..from + (1 << level)]))
        }
    }

    #[test]
    fn every_proof_of_every_small_tree_holds_and_fits_no_other_place() {
        let all = leaves(20);
        for size in 1..=20u64 {
            let tree = &all[..size as usize];
            let root = recursive_root(tree);
            assert_eq!(root_from_subtrees(size, subtree_of(tree)).unwrap(), root);
            for index in 0..size {
                let proof = inclusion_proof(index, size, subtree_of(tree)).unwrap();
                check_inclusion(tree[index as usize], index, size, &proof, &root).unwrap();
                for other in (0..size).filter(|other| *other != index) {
                    assert!(check_inclusion(tree[index as usize], other, size, &proof, &root).is_err());
                }
            }
            for old in 0..=size {
                let proof = consistency_proof(old, size, subtree_of(tree)).unwrap();
                let old_root = recursive_root(&tree[..old as usize]);
                check_consistency(old, size, &old_root, &root, &proof).unwrap();
                if old > 0 && old < size {
                    let wrong = leaf_hash(b"another history");
                    assert!(check_consistency(old, size, &wrong, &root, &proof).is_err());
                    assert!(check_consistency(old, size, &old_root, &wrong, &proof).is_err());
                    assert!(check_consistency(old, size, &old_root, &root, &proof[1..]).is_err());
                }
            }
        }
    }

    #[test]
    fn no_index_beyond_the_size_and_no_shrinking() {
        let nothing = |_: u8, _: u64| -> Result<Hash, Refusal> { Ok(EMPTY_ROOT) };
        assert_eq!(inclusion_proof(3, 3, nothing).unwrap_err().code, "inclusion-index");
        assert_eq!(consistency_proof(4, 3, nothing).unwrap_err().code, "consistency-sizes");
        assert_eq!(EMPTY_ROOT, Hash::of(b""));
    }

    #[test]
    fn the_bytes_of_a_node_are_not_a_leaf() {
        let [a, b] = [leaf_hash(b"a"), leaf_hash(b"b")];
        let inner = [a.as_bytes().as_slice(), b.as_bytes().as_slice()].concat();
        assert_ne!(leaf_hash(&inner), node_hash(&a, &b));
    }

    proptest! {
        #[test]
        fn the_frontier_has_the_recursive_root(n in 0u64..600) {
            let all = leaves(n);
            let mut frontier = Frontier::new();
            let mut completed = Vec::new();
            all.iter().for_each(|leaf| frontier.push_reporting(*leaf, |level, index, hash| completed.push((level, index, hash))));
            prop_assert_eq!(frontier.root(), recursive_root(&all));
            prop_assert_eq!(Frontier::from_bytes(&frontier.to_bytes()).unwrap(), frontier.clone());
            prop_assert!(Frontier::from_bytes(&frontier.to_bytes()[1..]).is_err());
            for (level, index, hash) in completed.into_iter().filter(|(level, ..)| *level > 3) {
                prop_assert_eq!(subtree_of(&all)(level, index).unwrap(), hash);
            }
        }

        #[test]
        fn a_flipped_bit_of_a_proof_is_noticed(size in 2u64..200, index in any::<proptest::sample::Index>(), bit in 0usize..256) {
            let all = leaves(size);
            let index = index.index(size as usize);
            let root = recursive_root(&all);
            let mut proof = inclusion_proof(index as u64, size, subtree_of(&all)).unwrap();
            check_inclusion(all[index], index as u64, size, &proof, &root).unwrap();
            let at = bit % proof.len();
            let mut bytes = *proof[at].as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            proof[at] = Hash::new(bytes);
            prop_assert!(check_inclusion(all[index], index as u64, size, &proof, &root).is_err());
        }
    }
}
