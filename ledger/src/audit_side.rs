//! What an audit compares beside the rows: head, tiles, checkpoints, authors, rulebooks, outcomes.

use rayon::prelude::*;
use serde_json::{Value, json};

use crate::audit::Findings;
use crate::audit_source::{AuditSource, LyingMark, LyingOutcome, LyingScheme};
use crate::encoding::Hash;
use crate::entry::Entry;
use crate::jcs::canonical_str;
use crate::merkle::{Frontier, leaf_hash};
use crate::note::{VerifierKey, open_checkpoint, stated_size};
use crate::store::{FullTile, StoreError};
use crate::tile::WIDTH;

/// The tree, recomputed from the leaves as they lie there, against what is stored and signed of it.
pub(crate) struct TreeAudit {
    frontier: Frontier,
    edges: Vec<Vec<Hash>>,
    tiles: u64,
    notes: Vec<SignedNote>,
    /// The notes' sizes, ascending, each with the root that the tree had at it.
    roots: Vec<(u64, Option<Hash>)>,
    next_root: usize,
    log_key: Option<VerifierKey>,
    last_recorded_at: Option<String>,
}

/// A checkpoint as it lies somewhere.
struct SignedNote {
    place: &'static str,
    /// What the table says of its size.
    stated: Option<u64>,
    note: String,
}

impl TreeAudit {
    /// `beside` are the checkpoints of the file beside the database.
    pub(crate) fn begin(source: &dyn AuditSource, beside: Vec<String>) -> Result<Self, StoreError> {
        let stored = source.checkpoints()?.into_iter();
        let mut notes: Vec<SignedNote> = stored
            .map(|(filed, note)| SignedNote { place: "the database", stated: Some(filed), note })
            .collect();
        notes.extend(beside.into_iter().map(|note| SignedNote {
            place: "checkpoints.txt",
            stated: None,
            note,
        }));
        let mut sizes: Vec<u64> = notes.iter().filter_map(|note| stated_size(&note.note)).collect();
        sizes.sort_unstable();
        sizes.dedup();
        Ok(Self {
            frontier: Frontier::new(),
            edges: Vec::new(),
            tiles: 0,
            notes,
            roots: sizes.into_iter().map(|size| (size, None)).collect(),
            next_root: 0,
            log_key: None,
            last_recorded_at: None,
        })
    }

    pub(crate) fn root(&self) -> Hash {
        self.frontier.root()
    }

    pub(crate) fn push(
        &mut self,
        source: &dyn AuditSource,
        leaf: Hash,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        for tile in self.filled_by(leaf) {
            self.tiles += 1;
            self.compare_tile(source, &tile, findings)?;
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
        if entry.sequence == 0 {
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
        self.compare_head(source, size, findings)?;
        self.compare_notes(findings);
        let stored = source.tiles()?;
        if stored != self.tiles {
            findings.add(
                None,
                2,
                "tile-count",
                format!("{stored} full tiles are stored, the tree has {}", self.tiles),
            );
        }
        Ok(())
    }

    fn filled_by(&mut self, leaf: Hash) -> Vec<FullTile> {
        let (mut full, edges) = (Vec::new(), &mut self.edges);
        self.frontier.push_reporting(leaf, |level, index, hash| {
            if level == 0 || level % 8 != 0 {
                return;
            }
            let at = usize::from(level / 8) - 1;
            edges.resize_with(edges.len().max(at + 1), Vec::new);
            edges[at].push(hash);
            if edges[at].len() == usize::from(WIDTH) {
                let hashes = edges[at].drain(..).flat_map(|hash| *hash.as_bytes()).collect();
                full.push(FullTile { level: level / 8, n: index / u64::from(WIDTH), hashes });
            }
        });
        full
    }

    fn compare_tile(
        &self,
        source: &dyn AuditSource,
        tile: &FullTile,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        let equal = source.tile(tile.level, tile.n)?.is_some_and(|stored| stored == tile.hashes);
        if !equal {
            findings.add(
                None,
                2,
                "tile",
                format!("tile {} of level {} is not that of the tree", tile.n, tile.level),
            );
        }
        Ok(())
    }

    fn compare_head(
        &self,
        source: &dyn AuditSource,
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

    fn note_fault(&self, note: &SignedNote) -> Option<String> {
        let Some(log_key) = &self.log_key else { return Some("the log key is not known".to_owned()) };
        let checkpoint = match open_checkpoint(note.note.as_bytes(), log_key, &[], 0, None) {
            Ok(checkpoint) => checkpoint,
            Err(refusal) => return Some(refusal.to_string()),
        };
        let (size, signed_root) = (checkpoint.size, checkpoint.root);
        if note.stated.is_some_and(|stated| stated != size) {
            return Some(format!("one of {size} entries is filed under another size"));
        }
        let at = self.roots.binary_search_by_key(&size, |(size, _)| *size).ok();
        match at.and_then(|at| self.roots[at].1) {
            Some(root) if root == signed_root => None,
            Some(_) => Some(format!("the tree had another root at size {size}")),
            None => Some(format!("{size} entries were signed, there are {}", self.frontier.size())),
        }
    }
}

/// The writer's marks of its authors, against the entries.
pub(crate) fn authors(source: &dyn AuditSource, findings: &mut Findings) -> Result<(), StoreError> {
    // whoever writes marks the authors of the first batch at once
    if source.author_marks()? == 0 && source.size()? > 0 {
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
pub(crate) fn schemes(source: &dyn AuditSource, findings: &mut Findings) -> Result<(), StoreError> {
    source.schemes(&mut |LyingScheme { sha256: named, id, bytes }| {
        let scheme: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let sound =
            named == Some(Hash::of(bytes).hex().as_str()) && scheme.get("id").and_then(Value::as_str) == id;
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
    source: &dyn AuditSource,
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
