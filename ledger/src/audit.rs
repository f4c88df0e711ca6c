//! Verifying a whole log without trusting who keeps it: levels 0, 1, 2 and 4 of docs/format.md §11.
//!
//! Level 0 reads every entry, rebuilt from its row where it lies in a database, and compares what stands twice; level 1
//! verifies every signature; level 2 recomputes the tree and compares head, tiles and every signed checkpoint; level 4
//! replays the rules that hold over the whole log. The log is read as it lies: a folder's database, or static files.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use crate::audit_ahead::Looking;
use crate::audit_entry::{Looked, LookedAt, Looker};
use crate::audit_kept;
use crate::audit_side::{self, TreeAudit};
use crate::audit_source::{AuditSource, Lying, LyingRow};
use crate::chain::{self, Chain, Digests};
use crate::checkpoints::in_file;
use crate::encoding::Hash;
use crate::entry::Entry;
use crate::erasure;
use crate::log_files::LogFiles;
use crate::merkle::leaf_hash;
use crate::note::VerifierKey;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::row::Row;
use crate::select::damaged;
use crate::static_audit::StaticAudit;
use crate::store::StoreError;

pub use crate::audit_entry::Signatures;

/// What is audited.
#[derive(Clone, Copy)]
pub enum Audited<'a> {
    /// The ledger of a folder, with its database.
    Folder(&'a Path),
    /// A log in static files (docs/format.md §6).
    Files(&'a Arc<dyn LogFiles>),
}

/// How to audit.
#[derive(Clone, Debug, Default)]
pub struct AuditOptions {
    /// The log key as it is known from elsewhere; else the one that the log's own first entry states is used.
    pub log_key: Option<VerifierKey>,
    /// How signatures are verified.
    pub signatures: Signatures,
    /// Threads that entries are looked at and signatures verified on, beside the one that reads and follows the rules; with one
    /// of them nothing goes on beside it. As many as the machine has if none is said.
    pub threads: Option<usize>,
    /// Sizes at which the tree's root is wanted.
    pub roots_at: Vec<u64>,
}

/// Looks on while a log is audited, for what else is to be checked in the same pass.
pub trait Onlooker {
    /// So many entries there should be.
    fn begins(&mut self, _entries: u64) {}

    /// The next entry that is well formed; each is shown once, in order.
    fn entry(&mut self, entry: &Entry);

    /// All entries up to here have been looked at.
    fn reached(&mut self, _entries: u64) {}
}

/// Something that is not as it was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// The entry; none where it is not about one.
    pub position: Option<u64>,
    /// The level that fails: 0, 1, 2 or 4.
    pub level: u8,
    /// Short stable reason.
    pub code: String,
    /// What was found, for a person.
    pub detail: String,
}

/// What an audit established.
#[derive(Clone, Debug)]
pub struct AuditReport {
    /// All that was found, by position; at most [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// Whether there was more to find than is listed.
    pub more: bool,
    /// Number of entries there should be.
    pub size: u64,
    /// The root over the entries as they lie there.
    pub root: Hash,
    /// The origin the entries were read with.
    pub origin: String,
    /// The hash of the first entry's leaf, as it lies there.
    pub genesis: Option<Hash>,
    /// The key by which checkpoints were verified; none if none was brought along and the log states none.
    pub log_key: Option<VerifierKey>,
    /// The log key that the log's first entry states.
    pub stated_log_key: Option<String>,
    /// The roots at the sizes that were asked for; a size that the log does not have is not among them.
    pub roots: Vec<(u64, Hash)>,
    /// The checkpoints that are kept with the log, as they lie there.
    pub notes: Vec<String>,
    /// Positions of entries that are valid and contested (docs/format.md §4), ascending.
    pub contested: Vec<u64>,
}

/// Verifies the ledger of a folder.
///
/// # Errors
///
/// [`StoreError`] if it could not be read at all; what is wrong inside is in the findings.
pub fn verify_rows(folder: &Path) -> Result<AuditReport, StoreError> {
    struct Nobody;
    impl Onlooker for Nobody {
        fn entry(&mut self, _: &Entry) {}
    }
    audit(Audited::Folder(folder), &AuditOptions::default(), &mut Nobody)
}

/// Verifies a log while somebody looks on.
///
/// # Errors
///
/// As [`verify_rows`].
pub fn audit(
    audited: Audited<'_>,
    options: &AuditOptions,
    onlooker: &mut dyn Onlooker,
) -> Result<AuditReport, StoreError> {
    // the file first: what was signed beside a running server is then all below the state that is read next
    let (beside, source, database) = match audited {
        Audited::Folder(folder) => {
            let (beside, place) = (in_file(folder)?, Place::of(folder)?);
            let source = place.open_audit()?;
            (beside, source, Some((folder, place)))
        }
        Audited::Files(files) => {
            let source: Box<dyn AuditSource> = Box::new(StaticAudit::begin(Arc::clone(files))?);
            (vec![], source, None)
        }
    };
    let mut audit = Audit::begin(source.as_ref(), beside.clone(), options)?;
    onlooker.begins(audit.size);
    audit.entries(source.as_ref(), onlooker)?;
    if let Some((folder, place)) = database {
        // the file of a node of several has what that node signed
        let alone = matches!(place, Place::Sqlite(_));
        audit_kept::checkpoints(source.as_ref(), &beside, alone, &mut audit.findings)?;
        audit.kept(source.as_ref(), folder)?;
    }
    audit.end(source.as_ref(), &options.roots_at)
}

/// An audit on its way through the log.
struct Audit {
    origin: String,
    size: u64,
    due: u64,
    findings: Findings,
    signatures: Signatures,
    threads: Option<usize>,
    chain: Chain,
    /// Whether the rules over the whole log can still be followed: not beyond an entry that is not sound.
    chained: bool,
    tree: TreeAudit,
    genesis: Option<Hash>,
    stated_log_key: Option<String>,
    /// Rulebooks that computed entries name.
    schemes: BTreeSet<String>,
}

impl Audit {
    fn begin(
        source: &dyn AuditSource,
        beside: Vec<String>,
        options: &AuditOptions,
    ) -> Result<Self, StoreError> {
        let mut findings = Findings::default();
        let origin = source.origin(&mut findings)?;
        let size = source.size()?;
        let tree = TreeAudit::begin(source, beside, &options.roots_at, options.log_key.clone())?;
        Ok(Self {
            chain: Chain::new(origin.clone()),
            origin,
            size,
            due: 0,
            findings,
            signatures: options.signatures,
            threads: options.threads,
            chained: true,
            tree,
            genesis: None,
            stated_log_key: None,
            schemes: BTreeSet::new(),
        })
    }

    /// What the server keeps for itself beside the log.
    fn kept(&mut self, source: &dyn AuditSource, folder: &Path) -> Result<(), StoreError> {
        let Some(database) = source.database() else { return Ok(()) };
        audit_kept::cursors(database, self.size, &mut self.findings)?;
        let keys = self.chained.then(|| self.chain.keys());
        audit_kept::sealed_keys(database, keys, folder, &self.origin, &mut self.findings)
    }

    /// Every entry in order of position, a part at a time.
    fn entries(&mut self, source: &dyn AuditSource, onlooker: &mut dyn Onlooker) -> Result<(), StoreError> {
        let looking = Looking::on(self.threads, &self.origin, self.signatures);
        looking.ahead(|ahead| {
            let mut part = Vec::with_capacity(ENTRIES_A_PART);
            source.each_entry(None, &mut |lying| {
                part.push(lying);
                if part.len() < ENTRIES_A_PART {
                    return Ok(());
                }
                let full = std::mem::replace(&mut part, Vec::with_capacity(ENTRIES_A_PART));
                self.part(source, ahead.next(full), onlooker)
            })?;
            self.part(source, ahead.next(part), onlooker)?;
            self.part(source, ahead.last(), onlooker)
        })?;
        for position in self.due..self.size {
            self.missing(position);
            if self.findings.more {
                break;
            }
        }
        Ok(())
    }

    fn part(
        &mut self,
        source: &dyn AuditSource,
        part: Vec<Looked>,
        onlooker: &mut dyn Onlooker,
    ) -> Result<(), StoreError> {
        for looked in part {
            match looked {
                Looked::Entry(entry) => self.entry(source, entry, onlooker)?,
                Looked::Gone { first, count, why } => self.gone(source, first, count, &why)?,
            }
        }
        onlooker.reached(self.due);
        Ok(())
    }

    fn entry(
        &mut self,
        source: &dyn AuditSource,
        looked: LookedAt,
        onlooker: &mut dyn Onlooker,
    ) -> Result<(), StoreError> {
        let Some(position) = looked.position else {
            self.findings.add(None, 0, "row-position", "a row has no position");
            return Ok(());
        };
        if position < self.due || position >= self.size {
            let detail = format!("a row that the head of {} does not count", self.size);
            self.findings.add(Some(position), 0, "row-stray", detail);
            return Ok(());
        }
        while self.due < position {
            self.missing(self.due);
            self.tree.skip(source, &mut self.findings)?;
            self.due += 1;
        }
        self.due = position + 1;
        self.tree.push(source, looked.leaf, &mut self.findings)?;
        if position == 0 {
            self.genesis = Some(looked.leaf);
        }
        match looked.entry {
            Ok(entry) => {
                if let Some(refusal) = looked.signature {
                    self.refused(position, 1, &refusal);
                    self.chained = false;
                }
                self.follow(source, &entry, looked.leaf)?;
                self.tree.last_entry(&entry);
                self.note_names(&entry);
                onlooker.entry(&entry);
            }
            Err(refusal) => {
                self.refused(position, 0, &refusal);
                self.chained = false;
            }
        }
        Ok(())
    }

    /// Entries that static files do not give: one finding for all of them.
    fn gone(
        &mut self,
        source: &dyn AuditSource,
        first: u64,
        count: u64,
        why: &Refusal,
    ) -> Result<(), StoreError> {
        self.refused(first, 0, why);
        self.chained = false;
        self.due = first.saturating_add(count);
        // beyond a bundle there is nothing more to read
        if count <= u64::from(crate::tile::WIDTH) {
            for _ in 0..count {
                self.tree.skip(source, &mut self.findings)?;
            }
        }
        Ok(())
    }

    /// What an entry names that is compared at the end.
    fn note_names(&mut self, entry: &Entry) {
        if entry.sequence == 0 {
            self.stated_log_key = entry.data.get("log_vkey").and_then(Value::as_str).map(str::to_owned);
        }
        let scheme = entry.data.get("derivation").and_then(|derivation| derivation.get("scheme"));
        if let Some(sha256) = scheme.and_then(|scheme| scheme.get("sha256")).and_then(Value::as_str)
            && !self.schemes.contains(sha256)
        {
            self.schemes.insert(sha256.to_owned());
        }
    }

    /// The rules over the whole log, up to the first entry that is not sound.
    fn follow(&mut self, source: &dyn AuditSource, entry: &Entry, leaf: Hash) -> Result<(), StoreError> {
        if !self.chained {
            return Ok(());
        }
        let below = match entry.event_type.as_str() {
            "FieldsErased" => self.named_by_erasure(source, entry)?,
            _ => Digests::new(),
        };
        // signatures were verified already, in parallel
        if let Err(refusal) = self.chain.add_entry(entry, leaf, false, &below) {
            self.refused(entry.sequence, 4, &refusal);
            self.chained = false;
        }
        Ok(())
    }

    /// The digests of the entries that an erasure names, read again: to keep those of all entries would cost more memory than
    /// there is. An entry that is not what it was in its turn has none.
    fn named_by_erasure(&self, source: &dyn AuditSource, erasure: &Entry) -> Result<Digests, StoreError> {
        let mut below = Digests::new();
        for target in erasure::targets(&erasure.data).unwrap_or_default() {
            let sequence = target.sequence;
            if sequence >= erasure.sequence || below.contains_key(&sequence) {
                continue;
            }
            source.each_entry(Some(sequence..sequence + 1), &mut |lying| {
                let again = Looker::of(&self.origin).look_at(lying);
                if let Looked::Entry(LookedAt { entry: Ok(entry), .. }) = &again
                    && entry.sequence == sequence
                    && let Some(record) = self.chain.keys().record(&entry.kid)
                    && entry.verify(&record.public).is_ok()
                {
                    below.extend(chain::digests_of(entry).ok().map(|digests| (sequence, digests)));
                }
                Ok(())
            })?;
        }
        Ok(below)
    }

    fn missing(&mut self, position: u64) {
        self.findings.add(Some(position), 0, "row-missing", "the entry is gone");
        self.chained = false;
    }

    fn refused(&mut self, position: u64, level: u8, refusal: &Refusal) {
        self.findings.add(Some(position), level, refusal.code, refusal.detail.clone());
    }

    fn end(mut self, source: &dyn AuditSource, sizes: &[u64]) -> Result<AuditReport, StoreError> {
        self.tree.end(source, self.size, &mut self.findings)?;
        self.compare_log_key();
        audit_side::schemes(source, &self.schemes, &mut self.findings)?;
        if let Some(database) = source.database() {
            audit_side::authors(database, self.size, &mut self.findings)?;
            audit_side::outcomes(database, self.size, &mut self.findings)?;
        }
        let contested = self.contested(source)?;
        let Findings { mut listed, more } = self.findings;
        listed.sort_by_key(|finding| (finding.position.is_none(), finding.position, finding.level));
        let root_at = |size: &u64| Some((*size, self.tree.root_at(*size)?));
        Ok(AuditReport {
            findings: listed,
            more,
            size: self.size,
            root: self.tree.root(),
            origin: self.origin,
            genesis: self.genesis,
            log_key: self.tree.log_key().cloned(),
            stated_log_key: self.stated_log_key,
            roots: sizes.iter().filter_map(root_at).collect(),
            notes: source.checkpoints()?.into_iter().map(|note| note.note).collect(),
            contested,
        })
    }

    /// The log key that was brought along is the one that the log began with.
    fn compare_log_key(&mut self) {
        let (Some(used), Some(stated)) = (self.tree.log_key(), &self.stated_log_key) else { return };
        if used.to_string() != *stated {
            let detail = format!("the log began under the key {stated}, and {used} was brought along");
            self.findings.add(Some(0), 2, "log-key", detail);
        }
    }

    /// Entries of revoked keys from where their revocation suspects them. Only what follows the last sound entry of the
    /// chain is not known.
    fn contested(&self, source: &dyn AuditSource) -> Result<Vec<u64>, StoreError> {
        let suspect: HashMap<&str, Range<u64>> = self
            .chain
            .keys()
            .records()
            .filter_map(|(kid, record)| Some((kid.as_str(), record.suspect_from?..record.until?)))
            .collect();
        let ranges = suspect.values().filter(|range| !range.is_empty());
        let Some(range) =
            ranges.cloned().reduce(|one, other| one.start.min(other.start)..one.end.max(other.end))
        else {
            return Ok(vec![]);
        };
        let is_contested =
            |kid: &str, position| suspect.get(kid).is_some_and(|range| range.contains(&position));
        let mut contested = Vec::new();
        source.each_entry(Some(range), &mut |lying| {
            let found = match lying {
                Lying::Row(LyingRow { position: Some(position), row: Ok(row) }) => {
                    is_contested(&row.kid, position).then_some(position)
                }
                Lying::Leaf { position, leaf } => {
                    let entry = Entry::parse(&leaf, Some(&self.origin)).ok();
                    entry.filter(|entry| is_contested(entry.kid.as_str(), position)).map(|_| position)
                }
                Lying::Row(_) | Lying::Gone { .. } => None,
            };
            contested.extend(found);
            Ok(())
        })?;
        Ok(contested)
    }
}

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    listed: Vec<Finding>,
    more: bool,
}

impl Findings {
    pub(crate) fn add(
        &mut self,
        position: Option<u64>,
        level: u8,
        code: impl Into<String>,
        detail: impl Into<String>,
    ) {
        match self.listed.len() < FINDINGS_MAX {
            true => self.listed.push(Finding { position, level, code: code.into(), detail: detail.into() }),
            false => self.more = true,
        }
    }
}

/// The origin under which the first rows of a table rebuild their leaves. It is said in many places, and any one of
/// them may be damaged.
pub(crate) fn origin_of_rows(
    first: impl IntoIterator<Item = LyingRow>,
    findings: &mut Findings,
) -> Result<String, StoreError> {
    let rows: Vec<Row> = first.into_iter().filter_map(|lying| lying.row.ok()).collect();
    let said = |json: &str, member: &str| {
        let value: Value = serde_json::from_str(json).unwrap_or_default();
        value.get(member).and_then(Value::as_str).map(str::to_owned)
    };
    let mut candidates: Vec<String> =
        rows.first().and_then(|row| said(&row.payload, "origin")).into_iter().collect();
    candidates.extend(rows.iter().filter_map(|row| said(&row.metadata, "log")));
    let holds = |origin: &&String| rows.iter().any(|row| leaf_hash(&row.leaf(origin)) == row.leaf_hash);
    match candidates.iter().find(holds) {
        Some(origin) => Ok(origin.clone()),
        None => {
            findings.add(None, 0, "origin", "no origin makes one of the first rows whole");
            candidates.into_iter().next().ok_or_else(|| damaged("no row says which ledger this is"))
        }
    }
}

/// More findings than this are not listed.
pub const FINDINGS_MAX: usize = 10_000;
/// Three parts are in memory at a time.
const ENTRIES_A_PART: usize = if cfg!(test) { 7 } else { 2_048 };
