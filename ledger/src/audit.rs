//! Verifying a whole store without trusting it: levels 0, 1, 2 and 4 of docs/format.md §11.
//!
//! Level 0 rebuilds every row and compares what stands twice; level 1 verifies every signature strictly; level 2
//! recomputes the tree and compares head, tiles and every signed checkpoint; level 4 replays the rules that hold over
//! the whole log. The store is read as it lies.

use std::collections::HashMap;
use std::path::Path;

use rayon::prelude::*;
use serde_json::Value;

use crate::audit_kept;
use crate::audit_side::{self, TreeAudit};
use crate::audit_source::{AuditSource, LyingRow};
use crate::chain::Chain;
use crate::checkpoints::in_file;
use crate::encoding::Hash;
use crate::entry::Entry;
use crate::keys::{Kid, PublicKey};
use crate::merkle::leaf_hash;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::row::Row;
use crate::select::damaged;
use crate::store::StoreError;

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
    /// The origin the rows were read with.
    pub origin: String,
}

/// Verifies the ledger of a folder.
///
/// # Errors
///
/// [`StoreError`] if it could not be read at all; what is wrong inside is in the findings.
pub fn verify_rows(folder: &Path) -> Result<AuditReport, StoreError> {
    verify_rows_with(folder, &mut |_| {})
}

/// As [`verify_rows`]; shows each sound entry in order, for what else is to be checked in the same pass.
///
/// # Errors
///
/// As [`verify_rows`].
pub fn verify_rows_with(folder: &Path, each: &mut dyn FnMut(&Entry)) -> Result<AuditReport, StoreError> {
    // the file first: what was signed beside a running server is then all below the state that is read next
    let beside = in_file(folder)?;
    let place = Place::of(folder)?;
    let source = place.open_audit()?;
    let mut audit = Audit::begin(source.as_ref(), beside.clone())?;
    audit.entries(source.as_ref(), each)?;
    // the file of a node of several has what that node signed
    let alone = matches!(place, Place::Sqlite(_));
    audit_kept::checkpoints(source.as_ref(), &beside, alone, &mut audit.findings)?;
    audit_kept::cursors(source.as_ref(), audit.size, &mut audit.findings)?;
    let keys = audit.chained.then(|| audit.chain.keys());
    audit_kept::sealed_keys(source.as_ref(), keys, folder, &audit.origin, &mut audit.findings)?;
    audit.end(source.as_ref())
}

/// An audit on its way through the log.
struct Audit {
    origin: String,
    size: u64,
    due: u64,
    findings: Findings,
    keys: HashMap<Kid, PublicKey>,
    chain: Chain,
    /// Whether the rules over the whole log can still be followed: not beyond an entry that is not sound.
    chained: bool,
    tree: TreeAudit,
}

impl Audit {
    fn begin(source: &dyn AuditSource, beside: Vec<String>) -> Result<Self, StoreError> {
        let mut findings = Findings::default();
        let origin = origin(source, &mut findings)?;
        let size = source.size()?;
        let tree = TreeAudit::begin(source, beside)?;
        let chain = Chain::new(origin.clone());
        Ok(Self { origin, size, due: 0, findings, keys: HashMap::new(), chain, chained: true, tree })
    }

    /// Every row in order of position, a part at a time.
    fn entries(&mut self, source: &dyn AuditSource, each: &mut dyn FnMut(&Entry)) -> Result<(), StoreError> {
        let mut part = Vec::with_capacity(ROWS_A_PART);
        source.each_row(&mut |row| {
            part.push(row);
            match part.len() == ROWS_A_PART {
                true => self.part(source, &mut part, each),
                false => Ok(()),
            }
        })?;
        self.part(source, &mut part, each)?;
        for position in self.due..self.size {
            self.missing(position);
        }
        Ok(())
    }

    fn part(
        &mut self,
        source: &dyn AuditSource,
        part: &mut Vec<LyingRow>,
        each: &mut dyn FnMut(&Entry),
    ) -> Result<(), StoreError> {
        part.iter().for_each(|row| self.learn_key(row));
        let (origin, keys) = (&self.origin, &self.keys);
        let checked: Vec<CheckedRow> =
            part.par_drain(..).map(|row| CheckedRow::of(row, origin, keys)).collect();
        for row in checked {
            self.row(source, row, each)?;
        }
        Ok(())
    }

    fn row(
        &mut self,
        source: &dyn AuditSource,
        row: CheckedRow,
        each: &mut dyn FnMut(&Entry),
    ) -> Result<(), StoreError> {
        let Some(position) = row.position else {
            self.findings.add(None, 0, "row-position", "a row has no position");
            return Ok(());
        };
        if position < self.due || position >= self.size {
            let size = self.size;
            self.findings.add(
                Some(position),
                0,
                "row-stray",
                format!("a row that the head of {size} does not count"),
            );
            return Ok(());
        }
        while self.due < position {
            self.missing(self.due);
            self.tree.skip(source, &mut self.findings)?;
            self.due += 1;
        }
        self.due = position + 1;
        self.tree.push(source, row.leaf, &mut self.findings)?;
        match row.entry {
            Ok(entry) => {
                if let Some(refusal) = row.signature {
                    self.refused(position, 1, &refusal);
                    self.chained = false;
                }
                self.follow(position, &entry, row.leaf);
                self.tree.last_entry(&entry);
                each(&entry);
            }
            Err(refusal) => {
                self.refused(position, 0, &refusal);
                self.chained = false;
            }
        }
        Ok(())
    }

    /// The rules over the whole log, up to the first entry that is not sound.
    fn follow(&mut self, position: u64, entry: &Entry, leaf: Hash) {
        if !self.chained {
            return;
        }
        // signatures were verified already, in parallel
        if let Err(refusal) = self.chain.add_entry(entry, leaf, false) {
            self.refused(position, 4, &refusal);
            self.chained = false;
        }
    }

    fn missing(&mut self, position: u64) {
        self.findings.add(Some(position), 0, "row-missing", "the entry is gone");
        self.chained = false;
    }

    fn refused(&mut self, position: u64, level: u8, refusal: &Refusal) {
        self.findings.add(Some(position), level, refusal.code, refusal.detail.clone());
    }

    /// Notes the key that a row enrols, as it says itself; whether it may is a matter of level 4.
    fn learn_key(&mut self, lying: &LyingRow) {
        let Ok(row) = &lying.row else { return };
        if !row.payload.contains("\"jwk\"") {
            return;
        }
        let data: Value = serde_json::from_str(&row.payload).unwrap_or_default();
        if let Ok(public) = PublicKey::from_jwk(data.get("jwk").unwrap_or(&Value::Null)) {
            self.keys.insert(public.kid(), public);
        }
    }

    fn end(mut self, source: &dyn AuditSource) -> Result<AuditReport, StoreError> {
        let root = self.tree.root();
        self.tree.end(source, self.size, &mut self.findings)?;
        audit_side::authors(source, &mut self.findings)?;
        audit_side::schemes(source, &mut self.findings)?;
        audit_side::outcomes(source, self.size, &mut self.findings)?;
        let Findings { mut listed, more } = self.findings;
        listed.sort_by_key(|finding| (finding.position.is_none(), finding.position, finding.level));
        Ok(AuditReport { findings: listed, more, size: self.size, root, origin: self.origin })
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

/// A row that was looked at alone.
struct CheckedRow {
    position: Option<u64>,
    entry: Result<Entry, Refusal>,
    /// The hash of the leaf that the columns rebuild.
    leaf: Hash,
    signature: Option<Refusal>,
}

impl CheckedRow {
    fn of(lying: LyingRow, origin: &str, keys: &HashMap<Kid, PublicKey>) -> Self {
        let position = lying.position;
        let row = match lying.row {
            Ok(row) => row,
            Err(refusal) => {
                return Self { position, entry: Err(refusal), leaf: leaf_hash(b""), signature: None };
            }
        };
        let leaf = leaf_hash(&row.leaf(origin));
        let entry = row.check(origin);
        let signature = entry.as_ref().ok().and_then(|entry| signature_fault(entry, keys));
        Self { position, entry, leaf, signature }
    }
}

fn signature_fault(entry: &Entry, keys: &HashMap<Kid, PublicKey>) -> Option<Refusal> {
    match keys.get(&entry.kid) {
        Some(public) => entry.verify(public).err(),
        None => Some(Refusal::new("key-not-enrolled", entry.kid.as_str())),
    }
}

/// The origin under which rows rebuild their leaves. It is said in many places, and any one of them may be damaged.
fn origin(source: &dyn AuditSource, findings: &mut Findings) -> Result<String, StoreError> {
    let rows: Vec<Row> = source.first_rows()?.into_iter().filter_map(|lying| lying.row.ok()).collect();
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
const ROWS_A_PART: usize = 4_096;
