//! Levels 3 and 4 of a bundle: who saw its checkpoint, whether its keys might sign what they signed, and whether all of it is
//! here (docs/format.md §4, §7, §8, §10).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;

use crate::bundle::check::{
    Checked, EndedKey, Erasure, Faults, MANIFEST, Trust, where_disclosed, where_entered,
};
use crate::bundle::{Bundle, CHECKPOINT, STAMP};
use crate::disclosure::apply;
use crate::encoding::Hash;
use crate::entry::Entry;
use crate::erasure::targets;
use crate::head_proof::{ShownHead, check_head, heads_of};
use crate::heads::{Head, HeadKind};
use crate::jcs;
use crate::key_state::KeyState;
use crate::members::{exactly_ref, text};
use crate::note::open_checkpoint;
use crate::refusal::{Refusal, need, need_that};
use crate::stamp::open_stamp;
use crate::stamps::CLOCK_TOLERANCE;

/// Level 3: enough witnesses cosigned the checkpoint, and an authority stamped it.
pub(super) fn seen(bundle: &Bundle, trust: &Trust<'_>, checked: &mut Checked) -> Faults {
    let mut faults = Faults::default();
    let (Some(seen), Some(log)) = (trust.seen, &checked.log_key) else { return faults };
    let note = bundle.file(CHECKPOINT).unwrap_or_default();
    let enough = need(seen.quorum >= 1, "quorum", "the trust file asks for no witness");
    let opened = enough.and_then(|()| open_checkpoint(note, log, seen.witnesses, seen.quorum, trust.now));
    let checkpoint = faults.unless(CHECKPOINT, opened);
    let stamp = bundle.file(STAMP).ok_or_else(|| Refusal::new("timestamp-missing", "there is no time-stamp"));
    let stamp = stamp.and_then(|stamp| {
        let named = !seen.tsa_roots.is_empty();
        need(named, "timestamp-token", "the trust file names no time-stamping authority")?;
        let text = checkpoint.as_ref().or(checked.checkpoint.as_ref()).map(|of| of.text.as_str());
        let stamp = open_stamp(stamp, text.unwrap_or_default(), seen.tsa_roots)?;
        let late = trust.now.is_some_and(|now| stamp.time > now.saturating_add(CLOCK_TOLERANCE));
        need(!late, "time-stamp-future", "it is of a time to come")?;
        Ok(stamp)
    });
    checked.stamp = faults.unless(STAMP, stamp);
    checked.checkpoint = checkpoint.or_else(|| checked.checkpoint.take());
    faults
}

/// Level 4: the keys, that nothing was left out, and what is disclosed and erased.
pub(super) fn complete(bundle: &Bundle, trust: &Trust<'_>, checked: &mut Checked) -> Faults {
    let mut faults = Faults::default();
    let Some(manifest) = checked.manifest.clone() else { return faults };
    let genesis = checked.entries.get(&0).map(|first| first.leaf_hash().hex());
    let trusted = genesis.is_some() && trust.genesis.is_none_or(|known| genesis.as_deref() == Some(known));
    faults
        .unless(&where_entered(0), need(trusted, "genesis", "the log's first entry is not the one you know"));
    let keys = keys(&manifest.origin, &checked.entries, &mut faults);
    let committed = committed(&checked.entries, manifest.heads_sequence);
    if let Some(root) = faults.unless(&where_entered(manifest.heads_sequence), committed) {
        let shown = shown_heads(bundle, &root, &mut faults);
        let whole = Whole::of(&checked.entries, &shown, manifest.heads_sequence);
        faults.unless(MANIFEST, whole.all_of(manifest.subject.kind, &manifest.subject.id));
        let signers = checked.entries.values().filter_map(|entry| keys.record(&entry.kid));
        let lineages: BTreeSet<&str> = signers.map(|record| record.lineage.as_str()).collect();
        for lineage in lineages {
            faults.unless(MANIFEST, whole.all_of(HeadKind::Stream, lineage));
        }
        let covered = named_subjects(&checked.entries);
        let is_whole = |subject: &&String| whole.all_of(HeadKind::Stream, subject).is_ok();
        checked.covered = covered.iter().filter(is_whole).cloned().collect();
    }
    checked.erased = erased(&checked.entries, &mut faults);
    check_disclosed(checked, &mut faults);
    note_keys(&keys, checked);
    faults
}

/// Every entry is signed by a key that might sign it there, and they stand in the order of time.
fn keys(origin: &str, entries: &BTreeMap<u64, Entry>, faults: &mut Faults) -> KeyState {
    let mut keys = KeyState::new(origin);
    let mut last = "";
    for (position, entry) in entries {
        let name = where_entered(*position);
        faults.unless(&name, keys.apply_with(entry, false));
        let at = entry.recorded_at.as_str();
        faults
            .unless(&name, need(last <= at, "recorded_at-order", "it was received before the one before it"));
        last = entry.recorded_at.as_str();
    }
    keys
}

/// The root that the heads entry commits to; it is the last one of the bundle.
fn committed(entries: &BTreeMap<u64, Entry>, heads: u64) -> Result<Hash, Refusal> {
    let entry = entries.get(&heads).filter(|entry| entry.event_type == "HeadsCommitted");
    let entry = entry.ok_or_else(|| Refusal::new("heads-missing", "there is no commitment to the heads"))?;
    let last = entries.last_key_value().is_some_and(|(last, _)| *last == heads);
    need(last, "heads-missing", "entries above the commitment to the heads are not covered by it")?;
    let [_, root, _] = exactly_ref(&entry.data, ["count", "root", "type"], "heads-members")?;
    Hash::from_b64u(text(root, "heads-root")?, "heads-root")
}

fn shown_heads(bundle: &Bundle, root: &Hash, faults: &mut Faults) -> Vec<ShownHead> {
    let mut all = Vec::new();
    for (name, bytes) in bundle.files().iter().filter(|(name, _)| name.starts_with("heads/")) {
        let shown = jcs::parse(bytes).and_then(|proof| check_head(&proof, root));
        let Some(shown) = faults.unless(name, shown) else { continue };
        let due =
            format!("heads/{}.{}.json", shown.head.kind.as_str(), Hash::of(shown.head.id.as_bytes()).hex());
        faults.unless(
            name,
            need(*name == due, "heads-members", "it is about another stream than its name says"),
        );
        all.push(shown);
    }
    all
}

/// What a bundle holds, against the heads that it shows.
struct Whole<'a> {
    /// The entries of each stream and author, in order.
    entries: HashMap<(HeadKind, &'a str), Vec<&'a Entry>>,
    shown: &'a [ShownHead],
}

impl<'a> Whole<'a> {
    fn of(entries: &'a BTreeMap<u64, Entry>, shown: &'a [ShownHead], below: u64) -> Self {
        let mut by_head: HashMap<_, Vec<&Entry>> = HashMap::new();
        for entry in entries.range(..below).map(|(_, entry)| entry) {
            let (author, stream) = (entry.kid.as_str(), entry.meta.stream.as_str());
            by_head.entry((HeadKind::Author, author)).or_default().push(entry);
            by_head.entry((HeadKind::Stream, stream)).or_default().push(entry);
        }
        Self { entries: by_head, shown }
    }

    /// The path or author has entries, and every one of them is here.
    fn all_of(&self, kind: HeadKind, id: &str) -> Result<(), Refusal> {
        let heads = heads_of(self.shown, kind, id)?;
        need(!heads.is_empty(), "heads-missing", id)?;
        heads.iter().try_for_each(|head| self.has_all(head))
    }

    /// Every entry of a stream or author up to its head is here.
    fn has_all(&self, head: &Head) -> Result<(), Refusal> {
        let mine = self.entries.get(&(head.kind, head.id.as_str())).map(Vec::as_slice).unwrap_or_default();
        let number = |entry: &&Entry| match head.kind {
            HeadKind::Author => entry.meta.author_seq,
            HeadKind::Stream => entry.meta.version,
        };
        let (last, numbers): (_, Vec<u64>) = (mine.last(), mine.iter().map(number).collect());
        let whole = numbers.iter().copied().eq(1..=head.n);
        need_that(whole, "incomplete", || lacking(head, &numbers))?;
        let same = last.is_some_and(|last| last.sequence == head.sequence && last.leaf_hash() == head.leaf);
        need(same, "heads-leaf", &head.id)
    }
}

/// What of a stream or author is not here, in words.
fn lacking(head: &Head, numbers: &[u64]) -> String {
    let here: HashSet<u64> = numbers.iter().copied().collect();
    let lacks: Vec<String> =
        (1..=head.n).filter(|number| !here.contains(number)).map(|n| n.to_string()).collect();
    let (kind, id, of) = (head.kind.as_str(), &head.id, head.n);
    format!("the {kind} {id} has {of} entries, and number {} is not here", lacks.join(", "))
}

/// The subjects that results name.
fn named_subjects(entries: &BTreeMap<u64, Entry>) -> BTreeSet<String> {
    let derivations = entries.values().filter_map(|entry| entry.data.get("derivation"));
    let subjects = derivations.filter_map(|derivation| derivation["subjects"].as_array()).flatten();
    subjects.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn erased(entries: &BTreeMap<u64, Entry>, faults: &mut Faults) -> Vec<Erasure> {
    let mut erased = Vec::new();
    for entry in entries.values().filter(|entry| entry.event_type == "FieldsErased") {
        let word = |name: &str| entry.data[name].as_str().unwrap_or_default().to_owned();
        let targets = faults.unless(&where_entered(entry.sequence), targets(&entry.data)).unwrap_or_default();
        erased.extend(targets.into_iter().map(|target| Erasure {
            position: target.sequence,
            digests: target.digests,
            authority: word("authority"),
            reason: word("reason"),
            recorded_at: entry.recorded_at,
            said_in: entry.sequence,
        }));
    }
    erased.sort_by_key(|of| (of.position, of.said_in));
    erased
}

/// What is disclosed is of the entry, and was not erased.
fn check_disclosed(checked: &Checked, faults: &mut Faults) {
    for (position, values) in &checked.disclosed {
        let name = where_disclosed(*position);
        let Some(entry) = checked.entries.get(position) else { continue };
        let texts: Vec<&str> = values.iter().map(|value| value.text.as_str()).collect();
        faults.unless(&name, apply(&entry.data, &texts));
        for value in values {
            let gone = |of: &&Erasure| of.position == *position && of.digests.contains(&value.digest);
            let gone = checked.erased.iter().find(gone);
            faults.unless(
                &name,
                need_that(gone.is_none(), "disclosed-after-erasure", || {
                    let said_in = gone.map(|of| of.said_in).unwrap_or_default();
                    format!("“{}” was erased by entry {said_in}", value.name)
                }),
            );
        }
    }
}

/// What became of the keys since, and what is contested by it.
fn note_keys(keys: &KeyState, checked: &mut Checked) {
    let contested =
        |entry: &&Entry| keys.record(&entry.kid).is_some_and(|key| key.contested_at(entry.sequence));
    checked.contested = checked.entries.values().filter(contested).map(|entry| entry.sequence).collect();
    let signers: HashSet<_> = checked.entries.values().map(|entry| entry.kid.clone()).collect();
    let ended = signers.iter().filter_map(|kid| {
        let record = keys.record(kid)?;
        let ended_at = record.until?;
        Some(EndedKey {
            kid: kid.clone(),
            holder: record.holder.clone(),
            ended_at,
            recorded_at: checked.entries.get(&ended_at)?.recorded_at,
            suspect_from: record.suspect_from,
        })
    });
    checked.ended = ended.collect();
    checked.ended.sort_by_key(|key| key.ended_at);
    checked.holders = keys.records().map(|(kid, record)| (kid.clone(), record.holder.clone())).collect();
}
