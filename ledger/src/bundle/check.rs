//! Checking a bundle, levels 0 to 4 of docs/format.md §11: nothing is asked of anybody, and nothing in the bundle is believed
//! but by what its reader brings along. Everything wrong at the first level that fails is told, with the file it is in.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use crate::bundle::manifest::Manifest;
use crate::bundle::standing;
use crate::bundle::{Bundle, CHECKPOINT, check_name, disclosure_file, entry_file, position_in, proof_file};
use crate::disclosure::Disclosure;
use crate::encoding::Hash;
use crate::entry::Entry;
use crate::jcs;
use crate::keys::{Kid, PublicKey};
use crate::members::{array, text};
use crate::merkle::verify_inclusion;
use crate::note::{Checkpoint, VerifierKey, note_text, open_checkpoint, parse_checkpoint_text};
use crate::proof_text::TlogProof;
use crate::refusal::{Refusal, need, need_that};
use crate::stamp::{Roots, Stamp};
use crate::timestamp::Timestamp;

/// What the reader of a bundle knows from elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'a> {
    /// The log's key; without it that by which the bundle's own first entry says that it is signed.
    pub log: Option<&'a VerifierKey>,
    /// The hash of the log's first entry, lower-case hex; not compared without it.
    pub genesis: Option<&'a str>,
    /// Who must have seen the checkpoint; level 3 is not looked at without it.
    pub seen: Option<Seen<'a>>,
    /// The reader's clock, in POSIX seconds.
    pub now: Option<u64>,
}

/// Who must have seen a checkpoint.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Keys of witnesses.
    pub witnesses: &'a [VerifierKey],
    /// How many of them.
    pub quorum: usize,
    /// Roots of time-stamping authorities.
    pub tsa_roots: &'a Roots,
}

/// One thing that is wrong with a bundle.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// The level that fails.
    pub level: u8,
    /// The file.
    pub file: String,
    /// The entry; none where it is not about one.
    pub position: Option<u64>,
    /// Short stable reason.
    pub code: &'static str,
    /// What was found, for a person.
    pub detail: String,
}

/// That private values of an entry were erased.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Erasure {
    /// The entry.
    pub position: u64,
    /// The digests.
    pub digests: Vec<String>,
    /// By whose decision.
    pub authority: String,
    /// Why.
    pub reason: String,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The entry that says so.
    pub said_in: u64,
}

/// A key that signed entries of a bundle and ended later.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EndedKey {
    /// The key.
    pub kid: Kid,
    /// The pseudonym of who held it.
    pub holder: String,
    /// Where it ended: what it signed before stays good.
    pub ended_at: u64,
    /// When that was recorded.
    pub recorded_at: Timestamp,
    /// Where it is revoked, from where on what it signed is contested; none where another key took its place.
    pub suspect_from: Option<u64>,
}

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// The highest level that holds; none if not even the first does.
    pub reached: Option<u8>,
    /// Everything wrong at the level above it, if it was to be reached.
    pub faults: Vec<Fault>,
    /// The manifest, once it could be read.
    pub manifest: Option<Manifest>,
    /// The entries that could be read, by position.
    pub entries: BTreeMap<u64, Entry>,
    /// The key that level 2 stands on.
    pub log_key: Option<VerifierKey>,
    /// The checkpoint, once its signature held.
    pub checkpoint: Option<Checkpoint>,
    /// What an authority said, once it held.
    pub stamp: Option<Stamp>,
    /// Positions of entries that are valid and contested.
    pub contested: Vec<u64>,
    /// Keys that ended.
    pub ended: Vec<EndedKey>,
    /// Who holds each key of the bundle, by a pseudonym.
    pub holders: HashMap<Kid, String>,
    /// Values that were erased.
    pub erased: Vec<Erasure>,
    /// Values that are disclosed, by the position of their entry.
    pub disclosed: BTreeMap<u64, Vec<Disclosure>>,
    /// Subjects of results that are complete here, so that these can be computed again.
    pub covered: BTreeSet<String>,
}

/// Checks a bundle up to a level.
#[must_use]
pub fn check(bundle: &Bundle, trust: &Trust<'_>, level: u8) -> Checked {
    let mut checked = Checked::default();
    let steps: [Step; 5] = [well_formed, signed, in_the_tree, standing::seen, standing::complete];
    for (number, step) in (0_u8..).zip(steps).take_while(|(number, _)| *number <= level) {
        let faults = step(bundle, trust, &mut checked);
        if !faults.0.is_empty() {
            let at = |fault| Fault { level: number, ..fault };
            checked.faults = faults.0.into_iter().map(at).collect();
            return checked;
        }
        checked.reached = Some(number);
    }
    checked
}

type Step = fn(&Bundle, &Trust<'_>, &mut Checked) -> Faults;

/// What one level found.
#[derive(Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    /// Notes what was refused, and goes on.
    pub(super) fn unless<T>(&mut self, file: &str, outcome: Result<T, Refusal>) -> Option<T> {
        let Refusal { code, detail } = match outcome {
            Ok(it) => return Some(it),
            Err(refusal) => refusal,
        };
        let (file, position) = (file.to_owned(), position_in(file));
        self.0.push(Fault { level: 0, file, position, code, detail });
        None
    }
}

/// Level 0: every file is there, is what the manifest says, and can be read.
fn well_formed(bundle: &Bundle, _: &Trust<'_>, checked: &mut Checked) -> Faults {
    let mut faults = Faults::default();
    for name in bundle.files().keys() {
        faults.unless(name, check_name(name));
    }
    let manifest = bundle.file(MANIFEST).ok_or_else(|| Refusal::new("manifest-missing", "it is not there"));
    let Some(manifest) = faults.unless(MANIFEST, manifest.and_then(Manifest::parse)) else { return faults };
    compare_files(bundle, &manifest, &mut faults);
    for position in &manifest.entries {
        let name = entry_file(*position);
        let Some(entry) = read_entry(bundle, &manifest.origin, *position, &mut faults) else { continue };
        faults.unless(
            &name,
            need_that(entry.sequence == *position, "sequence", || {
                format!("the entry says that it is entry {}", entry.sequence)
            }),
        );
        checked.entries.insert(*position, entry);
    }
    for (name, bytes) in bundle.files() {
        let listed =
            position_in(name).is_none_or(|position| manifest.entries.binary_search(&position).is_ok());
        faults.unless(name, need(listed, "manifest-entries", "it is about an entry that is not listed"));
        if name.starts_with("disclosures/") {
            let texts = faults.unless(name, disclosures(bytes)).unwrap_or_default();
            checked.disclosed.extend(position_in(name).map(|position| (position, texts)));
        } else if let Some(digest) = name.strip_prefix("schemes/").and_then(|rest| rest.strip_suffix(".json"))
        {
            let named = Hash::of(bytes).hex() == digest;
            faults
                .unless(name, need(named, "scheme-digest", "the rulebook has another digest than its name"));
            faults.unless(name, jcs::parse(bytes));
        }
    }
    faults.unless(CHECKPOINT, stated_checkpoint(bundle, &manifest));
    checked.manifest = Some(manifest);
    faults
}

/// What the manifest lists is there, with these digests, and nothing else is.
fn compare_files(bundle: &Bundle, manifest: &Manifest, faults: &mut Faults) {
    for (name, digest) in &manifest.files {
        faults.unless(
            name,
            match bundle.file(name) {
                None => Err(Refusal::new("manifest-files", "it is listed and not there")),
                Some(bytes) => need(
                    Hash::of(bytes).hex() == *digest,
                    "manifest-digest",
                    "it is not the file that was put in",
                ),
            },
        );
    }
    for name in bundle.files().keys().filter(|name| *name != MANIFEST) {
        let listed = manifest.files.contains_key(name);
        faults.unless(name, need(listed, "manifest-files", "it is there and not listed"));
    }
    for position in &manifest.entries {
        for name in [entry_file(*position), proof_file(*position)] {
            let there = bundle.file(&name).is_some();
            faults
                .unless(&name, need(there, "manifest-entries", "the entry is listed and this is not there"));
        }
    }
}

fn read_entry(bundle: &Bundle, origin: &str, position: u64, faults: &mut Faults) -> Option<Entry> {
    let name = entry_file(position);
    let leaf = bundle.file(&name)?;
    faults.unless(&name, Entry::parse(leaf, Some(origin)))
}

/// The texts of a file of disclosures, each once read.
fn disclosures(bytes: &[u8]) -> Result<Vec<Disclosure>, Refusal> {
    const CODE: &str = "disclosure";
    let value: Value = jcs::parse(bytes)?;
    let texts = array(&value, CODE)?;
    need(!texts.is_empty(), CODE, "an empty list is left out")?;
    texts.iter().map(|one| Disclosure::parse(text(one, CODE)?)).collect()
}

fn stated_checkpoint(bundle: &Bundle, manifest: &Manifest) -> Result<(), Refusal> {
    let note =
        bundle.file(CHECKPOINT).ok_or_else(|| Refusal::new("manifest-files", "there is no checkpoint"))?;
    let (origin, size, _) = parse_checkpoint_text(note_text(note)?)?;
    let same = origin == manifest.origin && size == manifest.checkpoint_size;
    need(same, "manifest-checkpoint", "it is not the one that the manifest says")
}

/// Level 1: every signature, by keys as they are found in the bundle.
fn signed(_: &Bundle, _: &Trust<'_>, checked: &mut Checked) -> Faults {
    let mut faults = Faults::default();
    let mut keys: HashMap<Kid, PublicKey> = HashMap::new();
    for (position, entry) in &checked.entries {
        let name = entry_file(*position);
        if let Some(jwk) = entry.data.get("jwk").filter(|_| entry.meta.stream.first() == "keys")
            && let Some(key) = faults.unless(&name, PublicKey::from_jwk(jwk))
        {
            keys.insert(key.kid(), key);
        }
        let key = keys.get(&entry.kid).ok_or_else(|| Refusal::new("key-missing", entry.kid.as_str()));
        faults.unless(&name, key.and_then(|key| entry.verify(key)));
    }
    faults
}

/// Level 2: every entry is in the tree that the log signed, at its own place.
fn in_the_tree(bundle: &Bundle, trust: &Trust<'_>, checked: &mut Checked) -> Faults {
    let mut faults = Faults::default();
    let note = bundle.file(CHECKPOINT).unwrap_or_default();
    let stated = || {
        let first =
            checked.entries.get(&0).ok_or_else(|| Refusal::new("genesis", "the first entry is not here"))?;
        VerifierKey::parse(first.data["log_vkey"].as_str().unwrap_or_default())
    };
    let log = trust.log.map_or_else(stated, |log| Ok(log.clone()));
    let opened = log.and_then(|log| Ok((open_checkpoint(note, &log, &[], 0, None)?, log)));
    let Some((checkpoint, log)) = faults.unless(CHECKPOINT, opened) else { return faults };
    for (position, entry) in &checked.entries {
        let name = proof_file(*position);
        let proof = TlogProof::parse(bundle.file(&name).unwrap_or_default());
        faults.unless(
            &name,
            proof.and_then(|proof| {
                need(
                    proof.note == note,
                    "proof-checkpoint",
                    "it leads to another checkpoint than the bundle's",
                )?;
                need_that(proof.index == *position, "sequence", || {
                    format!("it is of entry {}", proof.index)
                })?;
                verify_inclusion(&entry.leaf(), *position, checkpoint.size, &proof.proof, &checkpoint.root)
            }),
        );
    }
    checked.checkpoint = Some(checkpoint);
    checked.log_key = Some(log);
    faults
}

/// The file that disclosed values of an entry are in, for faults.
pub(super) fn where_disclosed(position: u64) -> String {
    disclosure_file(position)
}

/// The file that an entry is in, for faults.
pub(super) fn where_entered(position: u64) -> String {
    entry_file(position)
}

pub(super) const MANIFEST: &str = "bundle.json";
