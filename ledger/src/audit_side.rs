//! What an audit compares beside the rows: head, tiles, checkpoints, authors, rulebooks, outcomes.

use std::collections::BTreeSet;

use rayon::prelude::*;
use serde_json::{Value, json};

use crate::audit::Findings;
use crate::audit_source::{AuditDatabase, AuditSource, LyingMark, LyingNote, LyingOutcome, LyingScheme};
use crate::encoding::Hash;
use crate::entry::Entry;
use crate::jcs::canonical_str;
use crate::merkle::{Frontier, leaf_hash};
use crate::note::{VerifierKey, open_checkpoint, stated_size};
use crate::store::StoreError;
use crate::tile::{Tile, TileKind, WIDTH};

/// The tree, recomputed from the leaves as they lie there, against what is stored and signed of it.
pub(crate) struct TreeAudit {
    frontier: Frontier,
    /// The hashes of the last tile of each level, not full yet.
    edges: Vec<Vec<Hash>>,
    /// The lowest level of tiles that is kept: static files have all, a database those that it could not make at once.
    lowest: u8,
    tiles: u64,
    notes: Vec<LyingNote>,
    /// The sizes that somebody asks about, ascending, each with the root that the tree had at it.
    roots: Vec<(u64, Option<Hash>)>,
    next_root: usize,
    log_key: Option<VerifierKey>,
    /// Whether the log key was brought along rather than read from the log.
    log_key_is_brought: bool,
    last_recorded_at: Option<String>,
}

impl TreeAudit {
    /// `beside` are the checkpoints of the file beside the database; `sizes` those at which roots are wanted.
    pub(crate) fn begin(
        source: &dyn AuditSource,
        beside: Vec<String>,
        sizes: &[u64],
        log_key: Option<VerifierKey>,
    ) -> Result<Self, StoreError> {
        let mut notes = source.checkpoints()?;
        notes.extend(beside.into_iter().map(|note| LyingNote {
            place: "checkpoints.txt",
            filed: None,
            note,
        }));
        let stated = notes.iter().filter_map(|note| stated_size(&note.note));
        let mut sizes: Vec<u64> = stated.chain(sizes.iter().copied()).collect();
        sizes.sort_unstable();
        sizes.dedup();
        // nothing is pushed to come to a size of 0
        let root = |size: u64| (size, (size == 0).then(|| Frontier::new().root()));
        Ok(Self {
            frontier: Frontier::new(),
            edges: Vec::new(),
            lowest: if source.database().is_some() { 1 } else { 0 },
            tiles: 0,
            notes,
            roots: sizes.into_iter().map(root).collect(),
            next_root: 0,
            log_key_is_brought: log_key.is_some(),
            log_key,
            last_recorded_at: None,
        })
    }

    pub(crate) fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// The root that the tree had at a size that was asked for; none if it never had that size.
    pub(crate) fn root_at(&self, size: u64) -> Option<Hash> {
        let at = self.roots.binary_search_by_key(&size, |(size, _)| *size).ok()?;
        self.roots[at].1
    }

    /// The key by which checkpoints were verified.
    pub(crate) fn log_key(&self) -> Option<&VerifierKey> {
        self.log_key.as_ref()
    }

    pub(crate) fn push(
        &mut self,
        source: &dyn AuditSource,
        leaf: Hash,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        for (tile, hashes) in self.filled_by(leaf) {
            self.tiles += 1;
            compare_tile(source, &tile, &hashes, findings)?;
        }
        while let Some((size, root)) =
            self.roots.get_mut(self.next_root).filter(|(size, _)| *size <= self.frontier.size())
        {
            if *size == self.frontier.size() {
                *root = Some(self.frontier.root());
            }
            self.next_root += 1;
        }
        Ok(())
    }

    /// Holds the place of an entry that is gone.
    pub(crate) fn skip(
        &mut self,
        source: &dyn AuditSource,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        self.push(source, leaf_hash(b""), findings)
    }

    /// Notes what the head and the checkpoints will be compared with.
    pub(crate) fn last_entry(&mut self, entry: &Entry) {
        self.last_recorded_at = Some(entry.recorded_at.to_string());
        if entry.sequence == 0 && !self.log_key_is_brought {
            let stated = entry.data.get("log_vkey").and_then(Value::as_str);
            self.log_key = stated.and_then(|vkey| VerifierKey::parse(vkey).ok());
        }
    }

    pub(crate) fn end(
        &self,
        source: &dyn AuditSource,
        size: u64,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        self.compare_notes(findings);
        match source.database() {
            None => self.compare_partial_tiles(source, findings),
            Some(database) => {
                self.compare_head(database, size, findings)?;
                let stored = database.tiles()?;
                if stored != self.tiles {
                    let detail = format!("{stored} full tiles are stored, the tree has {}", self.tiles);
                    findings.add(None, 2, "tile-count", detail);
                }
                Ok(())
            }
        }
    }

    /// The tiles that a leaf completes, with the hashes that they must have.
    fn filled_by(&mut self, leaf: Hash) -> Vec<(Tile, Vec<u8>)> {
        let (mut full, edges, lowest) = (Vec::new(), &mut self.edges, self.lowest);
        self.frontier.push_reporting(leaf, |level, index, hash| {
            if level % 8 != 0 || level / 8 < lowest {
                return;
            }
            let level = level / 8;
            let at = usize::from(level);
            edges.resize_with(edges.len().max(at + 1), Vec::new);
            edges[at].push(hash);
            if edges[at].len() == usize::from(WIDTH) {
                let tile = Tile { kind: TileKind::Hashes(level), n: index / u64::from(WIDTH), width: WIDTH };
                full.push((tile, bytes_of(&edges[at])));
                edges[at].clear();
            }
        });
        full
    }

    /// The last tile of each level, where it is not full.
    fn compare_partial_tiles(
        &self,
        source: &dyn AuditSource,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        for (level, hashes) in (0u8..).zip(&self.edges).filter(|(_, hashes)| !hashes.is_empty()) {
            let n = self.frontier.size() >> (8 * (u32::from(level) + 1));
            // an edge is shorter than a full tile
            let width = u16::try_from(hashes.len()).unwrap_or(WIDTH);
            let tile = Tile { kind: TileKind::Hashes(level), n, width };
            compare_tile(source, &tile, &bytes_of(hashes), findings)?;
        }
        Ok(())
    }

    fn compare_head(
        &self,
        source: &dyn AuditDatabase,
        size: u64,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        let Some(head) = source.head()? else {
            findings.add(None, 0, "head", "there is no head");
            return Ok(());
        };
        let sizes_agree = head.size == Some(size);
        if !sizes_agree {
            findings.add(None, 0, "head-size", format!("the head does not say {size} entries"));
        }
        if head.root.as_deref() != Some(self.frontier.root().as_bytes().as_slice()) {
            findings.add(None, 2, "head-root", "the head's root is not that of the entries");
        }
        if head.frontier.as_deref() != Some(self.frontier.to_bytes().as_slice()) {
            findings.add(None, 2, "head-frontier", "the head's frontier is not that of the entries");
        }
        if head.recorded_at != self.last_recorded_at {
            findings.add(None, 0, "head-recorded_at", "the head's time is not that of the last entry");
        }
        Ok(())
    }

    fn compare_notes(&self, findings: &mut Findings) {
        let faults: Vec<(&str, String)> = self
            .notes
            .par_iter()
            .filter_map(|note| self.note_fault(note).map(|fault| (note.place, fault)))
            .collect();
        for (place, fault) in faults {
            findings.add(None, 2, "checkpoint", format!("in {place}: {fault}"));
        }
    }

    fn note_fault(&self, note: &LyingNote) -> Option<String> {
        let Some(log_key) = &self.log_key else { return Some("the log key is not known".to_owned()) };
        let checkpoint = match open_checkpoint(note.note.as_bytes(), log_key, &[], 0, None) {
            Ok(checkpoint) => checkpoint,
            Err(refusal) => return Some(refusal.to_string()),
        };
        let (size, signed_root) = (checkpoint.size, checkpoint.root);
        if note.filed.is_some_and(|filed| filed != size) {
            return Some(format!("one of {size} entries is filed under another size"));
        }
        match self.root_at(size) {
            Some(root) if root == signed_root => None,
            Some(_) => Some(format!("the tree had another root at size {size}")),
            None => Some(format!("{size} entries were signed, there are {}", self.frontier.size())),
        }
    }
}

/// A tile against the hashes that the entries lead to.
fn compare_tile(
    source: &dyn AuditSource,
    tile: &Tile,
    hashes: &[u8],
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let stored = source.tile(tile)?;
    let (at, why) = match &stored {
        Some(stored) if stored == hashes => return Ok(()),
        None => (0, "is not there".to_owned()),
        Some(stored) if stored.len() != hashes.len() => {
            (0, format!("has {} bytes instead of {}", stored.len(), hashes.len()))
        }
        Some(stored) => {
            let at =
                stored.chunks(HASH_BYTES).zip(hashes.chunks(HASH_BYTES)).take_while(|(one, due)| one == due);
            let at = at.count() as u64;
            (at, format!("is not that of the tree, from its hash {at} on"))
        }
    };
    // only a hash of the lowest level is about one entry
    let position = (tile.kind == TileKind::Hashes(0)).then(|| tile.first() + at);
    findings.add(position, 2, "tile", format!("{tile} {why}"));
    Ok(())
}

fn bytes_of(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

/// The writer's marks of its authors, against the entries.
pub(crate) fn authors(
    source: &dyn AuditDatabase,
    size: u64,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    // whoever writes marks the authors of the first batch at once
    if source.author_marks()? == 0 && size > 0 {
        findings.add(None, 0, "author-mark", "the marks of the authors are gone");
    }
    for LyingMark { kid, position } in source.author_marks_unlike()? {
        let kid = kid.as_deref().unwrap_or("(no key)");
        let detail = format!("the mark of the author {kid} is not that of the entries");
        findings.add(position, 0, "author-mark", detail);
    }
    Ok(())
}

/// Rulebooks are named by their digest and state their id.
pub(crate) fn schemes(
    source: &dyn AuditSource,
    named: &BTreeSet<String>,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    source.schemes(named, &mut |LyingScheme { sha256: named, id, bytes }| {
        let scheme: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let stated = scheme.get("id").and_then(Value::as_str);
        let sound = named == Some(Hash::of(bytes).hex().as_str()) && stated == id;
        if !sound {
            let named = named.unwrap_or("(no name)");
            let detail = format!("the rulebook {named} has not this digest, or states another id");
            findings.add(None, 0, "scheme", detail);
        }
    })
}

/// Outcomes of accepted commands name an entry that is theirs, say of it what is so, and leave out no entry: each one
/// there is was made by exactly one command.
pub(crate) fn outcomes(
    source: &dyn AuditDatabase,
    size: u64,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let mut covered: Vec<(u64, u64)> = Vec::new();
    source.outcomes(&mut |outcome| {
        let sound = outcome_range(outcome, size);
        match sound {
            Ok(range) => covered.extend(range),
            Err(NotSo) => {
                let event_id = outcome.event_id.unwrap_or("(no id)");
                let detail = format!("the outcome of {event_id} does not agree with the entry it names");
                findings.add(outcome.position, 0, "outcome", detail);
            }
        }
    })?;
    covered.sort_unstable();
    let mut due = 0;
    for (first, last) in covered {
        if first > due {
            findings.add(Some(due), 0, "outcome-missing", outcome_gap(due, first - 1));
        }
        if first < due {
            let detail =
                format!("two outcomes count the entries {first} to {} as theirs", due.min(last + 1) - 1);
            findings.add(Some(first), 0, "outcome", detail);
        }
        due = due.max(last + 1);
    }
    if due < size {
        findings.add(Some(due), 0, "outcome-missing", outcome_gap(due, size - 1));
    }
    Ok(())
}

fn outcome_gap(first: u64, last: u64) -> String {
    format!("no command's outcome counts the entries {first} to {last} as its own")
}

/// An outcome that says what is not so.
struct NotSo;

/// The entries that an accepted command made, first and last; none for a refused one.
fn outcome_range(outcome: &LyingOutcome<'_>, size: u64) -> Result<Option<(u64, u64)>, NotSo> {
    let result = outcome.result.ok_or(NotSo)?;
    let told: Value = serde_json::from_str(result).map_err(|_| NotSo)?;
    let has_digest = outcome.digest.is_some_and(|digest| digest.len() == 32);
    if !has_digest || outcome.event_id.is_none() {
        return Err(NotSo);
    }
    if outcome.accepted == Some(false) {
        return if outcome.position_is_null { Ok(None) } else { Err(NotSo) };
    }
    let position = outcome.position.filter(|_| outcome.accepted == Some(true)).ok_or(NotSo)?;
    let last = told.get("last_position").and_then(Value::as_u64).ok_or(NotSo)?;
    let version = outcome.entry.version.ok_or(NotSo)?;
    let recorded_at = outcome.entry.recorded_at.ok_or(NotSo)?;
    let due = json!({ "last_position": last, "recorded_at": recorded_at, "version": version });
    let says_so = canonical_str(&due).is_ok_and(|due| due == result);
    let names_it = outcome.entry.event_id == outcome.event_id;
    let within = position <= last && last < size;
    if says_so && names_it && within { Ok(Some((position, last))) } else { Err(NotSo) }
}

const HASH_BYTES: usize = 32;
