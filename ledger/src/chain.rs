//! The rules that hold over a whole log: order, gaps, keys, heads, erasures (docs/format.md §2, §4, §8 to §10).

use std::collections::{HashMap, HashSet};
use std::ops::{Deref, DerefMut};

use serde_json::Value;

use crate::encoding::Hash;
use crate::entry::Entry;
use crate::event_marks::EventMarks;
use crate::heads::{HeadKind, Heads};
use crate::members::{array, count, exactly_ref, text};
use crate::merkle::leaf_hash;
use crate::refusal::{Refusal, need, need_that};
use crate::shape::derivation_subjects;
use crate::timestamp::Timestamp;

pub use crate::key_state::{Claim, KeyRecord, KeyState};

/// The digests of private fields by the sequence of their entry.
pub type Digests = HashMap<u64, Box<[Hash]>>;

/// A log read from its beginning, entry by entry; an entry that breaks a rule is refused and changes nothing. It keeps what the
/// rules ask for at every entry, and no more: a log is larger than memory.
#[derive(Clone, Debug)]
pub struct Chain {
    keys: KeyState,
    next: u64,
    last_at: Option<Timestamp>,
    event_ids: EventMarks,
    heads: Heads,
    erased: HashSet<(u64, Hash)>,
}

/// A chain that keeps the digests of all its entries and so needs nobody to ask for them: for a log that fits into memory.
#[derive(Clone, Debug)]
pub struct WholeChain {
    chain: Chain,
    digests: Digests,
}

impl WholeChain {
    /// Of the log with this origin, before its first entry.
    pub fn new(log: impl Into<String>) -> WholeChain {
        WholeChain { chain: Chain::new(log), digests: Digests::new() }
    }

    /// Reads the next leaf, its signature included.
    ///
    /// # Errors
    /// The first rule that is broken; the chain is as it was.
    pub fn add(&mut self, leaf: &[u8]) -> Result<Entry, Refusal> {
        let entry = Entry::parse(leaf, Some(self.chain.keys.log()))?;
        self.chain.add_entry(&entry, leaf_hash(leaf), true, &self.digests)?;
        self.digests.insert(entry.sequence, digests_of(&entry)?);
        Ok(entry)
    }
}

impl Deref for WholeChain {
    type Target = Chain;

    fn deref(&self) -> &Chain {
        &self.chain
    }
}

impl DerefMut for WholeChain {
    fn deref_mut(&mut self) -> &mut Chain {
        &mut self.chain
    }
}

/// The digests of an entry's private fields.
///
/// # Errors
/// `sd-digest` if one is none.
pub fn digests_of(entry: &Entry) -> Result<Box<[Hash]>, Refusal> {
    entry.digests().map(|digest| Hash::from_b64u(digest, "sd-digest")).collect()
}

impl Chain {
    /// Of the log with this origin, before its first entry.
    pub fn new(log: impl Into<String>) -> Chain {
        Chain {
            keys: KeyState::new(log),
            next: 0,
            last_at: None,
            event_ids: EventMarks::default(),
            heads: Heads::new(),
            erased: HashSet::new(),
        }
    }

    /// Takes the next entry, already read; its signature is verified unless the caller did that. Of an erasure, `below` has the
    /// digests of the entries that it names at least (`erasure::targets`).
    ///
    /// # Errors
    /// The first rule that is broken; the chain is as it was.
    pub fn add_entry(
        &mut self,
        entry: &Entry,
        leaf: Hash,
        check_signature: bool,
        below: &Digests,
    ) -> Result<(), Refusal> {
        self.check_order(entry)?;
        if entry.event_type == "HeadsCommitted" {
            self.check_heads(&entry.data)?;
        }
        self.check_subjects(entry)?;
        let erased = match entry.event_type.as_str() {
            "FieldsErased" => self.newly_erased(&entry.data, below)?,
            _ => HashSet::new(),
        };
        digests_of(entry)?;
        // the last check, since it is the one that changes something
        self.keys.apply_with(entry, check_signature)?;
        let meta = &entry.meta;
        self.heads.set(HeadKind::Stream, meta.stream.as_str(), meta.version, entry.sequence, leaf);
        self.heads.set(HeadKind::Author, entry.kid.as_str(), meta.author_seq, entry.sequence, leaf);
        self.event_ids.insert(&meta.event_id);
        self.erased.extend(erased);
        self.last_at = Some(entry.recorded_at);
        self.next += 1;
        Ok(())
    }

    /// The number of entries read.
    pub fn size(&self) -> u64 {
        self.next
    }

    /// The keys as of here.
    pub fn keys(&self) -> &KeyState {
        &self.keys
    }

    /// The heads as of here.
    pub fn heads(&self) -> &Heads {
        &self.heads
    }

    /// The heads as of here, for their root and proofs.
    pub fn heads_mut(&mut self) -> &mut Heads {
        &mut self.heads
    }

    /// When the last entry was appended.
    pub fn last_recorded_at(&self) -> Option<Timestamp> {
        self.last_at
    }

    /// Whether a digest of the entry at this sequence was erased.
    pub fn is_erased(&self, sequence: u64, digest: &Hash) -> bool {
        self.erased.contains(&(sequence, *digest))
    }

    fn check_order(&self, entry: &Entry) -> Result<(), Refusal> {
        let meta = &entry.meta;
        need_that(entry.sequence == self.next, "sequence", || {
            format!("{} at index {}", entry.sequence, self.next)
        })?;
        let in_time = self.last_at.is_none_or(|last| last <= entry.recorded_at);
        need(in_time, "recorded_at-order", entry.recorded_at.as_str())?;
        let fresh = !self.event_ids.contains(&meta.event_id);
        need_that(fresh, "event_id-replayed", || meta.event_id.to_string())?;
        let last = self.heads.last(HeadKind::Stream, meta.stream.as_str());
        need_that(meta.version == last + 1, "version-gap", || {
            format!("{}: {} after {last}", meta.stream, meta.version)
        })?;
        let last = self.heads.last(HeadKind::Author, entry.kid.as_str());
        need_that(meta.author_seq == last + 1, "author_seq-gap", || {
            format!("{}: {} after {last}", entry.kid, meta.author_seq)
        })
    }

    /// Heads cover everything below their own entry, which is not among them yet.
    fn check_heads(&mut self, data: &Value) -> Result<(), Refusal> {
        let [stated, root, _] = exactly_ref(data, ["count", "root", "type"], "heads-members")?;
        need(count(stated, "heads-count")? == self.heads.count(), "heads-count", "")?;
        let root = Hash::from_b64u(text(root, "heads-root")?, "heads-root")?;
        need(root == self.heads.root(), "heads-root", "")
    }

    fn check_subjects(&self, entry: &Entry) -> Result<(), Refusal> {
        let own = entry.meta.stream.subject();
        let unknown = derivation_subjects(&entry.data)
            .find(|subject| *subject != own && !self.heads.has_subject(subject));
        need(unknown.is_none(), "derivation-subjects", unknown.unwrap_or_default())
    }

    /// The digests an erasure names: each one that its entry has, and none erased before.
    fn newly_erased(&self, data: &Value, below: &Digests) -> Result<HashSet<(u64, Hash)>, Refusal> {
        const CODE: &str = "erasure-targets";
        let targets = array(data.get("targets").unwrap_or(&Value::Null), CODE)?;
        need(!targets.is_empty(), CODE, "none")?;
        let mut erased = HashSet::new();
        for target in targets {
            let [digests, sequence] = exactly_ref(target, ["digests", "sequence"], CODE)?;
            let (digests, sequence) = (array(digests, CODE)?, count(sequence, CODE)?);
            need(!digests.is_empty(), CODE, "a target without digests")?;
            let there = below.get(&sequence).map_or(&[][..], |digests| digests);
            for digest in digests {
                let digest = Hash::from_b64u(text(digest, CODE)?, "erasure-unknown-digest")?;
                need_that(there.contains(&digest), "erasure-unknown-digest", || digest.b64u())?;
                let fresh = !self.is_erased(sequence, &digest) && erased.insert((sequence, digest));
                need_that(fresh, "erasure-twice", || digest.b64u())?;
            }
        }
        Ok(erased)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disclosure::disclose;
    use crate::entry::{Meta, derived_event_id, seal};
    use crate::jcs;
    use crate::keys::{Role, Signer, key_stream};
    use crate::stream::StreamPath;
    use serde_json::json;

    const LOG: &str = "ledger.example/wuping";

    /// A log being written by hand: numbers are counted as a server would.
    struct Hand {
        chain: WholeChain,
    }

    impl Hand {
        fn opened() -> Hand {
            let mut hand = Hand { chain: WholeChain::new(LOG) };
            let mut genesis = root().enrolment(LOG, "founder", Role::Root);
            genesis["origin"] = LOG.into();
            hand.says(&root(), key_stream(root().kid()).as_str(), "LedgerOpened", genesis).unwrap();
            for (signer, role) in [(officer(), Role::Officer), (service(), Role::Service)] {
                let stream = key_stream(signer.kid());
                hand.says(&root(), stream.as_str(), "KeyEnrolled", signer.enrolment(LOG, "h", role)).unwrap();
            }
            hand
        }

        fn says(
            &mut self,
            by: &Signer,
            stream: &str,
            event_type: &str,
            mut data: Value,
        ) -> Result<Entry, Refusal> {
            data["type"] = event_type.into();
            let leaf = self.leaf(by, stream, &data, 0);
            self.chain.add(&leaf)
        }

        fn leaf(&self, by: &Signer, stream: &str, data: &Value, skipped: u64) -> Vec<u8> {
            let at = Timestamp::parse("2026-03-01T09:30:00.000Z", "t").unwrap();
            let meta = Meta {
                author_seq: self.chain.heads.last(HeadKind::Author, by.kid().as_str()) + 1,
                event_id: derived_event_id(LOG, "test", self.chain.next + 1),
                log: LOG.into(),
                occurred_at: at,
                schema: "wuping/1".into(),
                stream: StreamPath::new(stream).unwrap(),
                version: self.chain.heads.last(HeadKind::Stream, stream) + 1 + skipped,
            };
            seal(by, &jcs::canonical_str(data).unwrap(), &meta, at, self.chain.next).leaf
        }
    }

    fn root() -> Signer {
        Signer::from_seed(&[1; 32])
    }

    fn officer() -> Signer {
        Signer::from_seed(&[2; 32])
    }

    fn service() -> Signer {
        Signer::from_seed(&[3; 32])
    }

    #[test]
    fn a_refused_entry_changes_nothing() {
        let mut hand = Hand::opened();
        let gap = hand.leaf(&officer(), "premises/p-1", &json!({"type": "Visited"}), 1);
        assert_eq!(hand.chain.add(&gap).unwrap_err().code, "version-gap");
        let refused = hand.says(&service(), "premises/p-1", "Visited", json!({})).unwrap_err();
        assert_eq!(refused.code, "key-authority");
        hand.says(&officer(), "premises/p-1", "Visited", json!({})).unwrap();
        assert_eq!(hand.chain.size(), 4);
    }

    #[test]
    fn committed_heads_are_those_below_the_commitment() {
        let mut hand = Hand::opened();
        let heads = json!({"count": hand.chain.heads.count(), "root": hand.chain.heads.root().b64u()});
        hand.says(&service(), "heads", "HeadsCommitted", heads.clone()).unwrap();
        assert_eq!(hand.says(&service(), "heads", "HeadsCommitted", heads).unwrap_err().code, "heads-count");
    }

    #[test]
    fn a_digest_is_erased_once() {
        let mut hand = Hand::opened();
        let name = disclose("name", &json!("x"), &[7; 16]).unwrap();
        let entry = hand.says(&officer(), "premises/p-1", "Visited", json!({"_sd": [name.digest]})).unwrap();
        let erasure = |digests: Value| json!({"authority": "a", "reason": "b", "targets": [{"digests": digests, "sequence": entry.sequence}]});
        let mut erase = |digests| hand.says(&root(), "erasures", "FieldsErased", erasure(digests));
        assert_eq!(erase(json!([name.digest, name.digest])).unwrap_err().code, "erasure-twice");
        assert_eq!(erase(json!([Hash::of(b"").b64u()])).unwrap_err().code, "erasure-unknown-digest");
        assert_eq!(erase(json!([])).unwrap_err().code, "erasure-targets");
        erase(json!([name.digest])).unwrap();
        assert_eq!(erase(json!([name.digest])).unwrap_err().code, "erasure-twice");
        assert!(hand.chain.is_erased(entry.sequence, &Hash::from_b64u(&name.digest, "d").unwrap()));
    }

    #[test]
    fn a_result_is_computed_from_subjects_that_are_there() {
        let mut hand = Hand::opened();
        hand.says(&officer(), "premises/p-2/hazard/1", "Found", json!({})).unwrap();
        let computed = |subjects: &[&str]| {
            let scheme = json!({"id": "s", "sha256": "0".repeat(64)});
            json!({"derivation": {"scheme": scheme, "subjects": subjects}, "result": {}})
        };
        let mut grade =
            |subjects: &[&str]| hand.says(&service(), "premises/p-1", "Graded", computed(subjects));
        assert_eq!(grade(&["premises/p-1", "premises/p-3"]).unwrap_err().code, "derivation-subjects");
        grade(&["premises/p-1", "premises/p-2"]).unwrap();
    }

    #[test]
    fn keys_are_rebuilt_from_their_streams_alone() {
        let mut hand = Hand::opened();
        let mut keys = KeyState::new(LOG);
        let mut log: Vec<Entry> = Vec::new();
        let mut replayed = Hand { chain: WholeChain::new(LOG) };
        let mut genesis = root().enrolment(LOG, "founder", Role::Root);
        genesis["origin"] = LOG.into();
        log.push(replayed.says(&root(), key_stream(root().kid()).as_str(), "LedgerOpened", genesis).unwrap());
        for (signer, role) in [(officer(), Role::Officer), (service(), Role::Service)] {
            let stream = key_stream(signer.kid());
            log.push(
                replayed
                    .says(&root(), stream.as_str(), "KeyEnrolled", signer.enrolment(LOG, "h", role))
                    .unwrap(),
            );
        }
        log.iter().for_each(|entry| keys.apply(entry).unwrap());
        let visited = hand.says(&officer(), "premises/p-1", "Visited", json!({})).unwrap();
        keys.check(&visited).unwrap();
        assert_eq!(&keys, hand.chain.keys());
    }
}
