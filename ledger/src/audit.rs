//! Verifying a whole store without trusting it: levels 0, 1, 2 and 4 of docs/format.md §11.
//!
//! Level 0 rebuilds every row and compares what stands twice; level 1 verifies every signature strictly; level 2
//! recomputes the tree and compares head, tiles and every signed checkpoint; level 4 replays the rules that hold over
//! the whole log. No column is believed to have its type, no trigger to have been there: the file is read as it lies.

use std::collections::HashMap;
use std::path::Path;

use rayon::prelude::*;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::Value;

use crate::audit_side::{self, TreeAudit};
use crate::chain::Chain;
use crate::checkpoints::in_file;
use crate::encoding::Hash;
use crate::entry::Entry;
use crate::keys::{Kid, PublicKey};
use crate::merkle::leaf_hash;
use crate::refusal::Refusal;
use crate::row::Row;
use crate::select::{damaged, reading};
use crate::sqlite::{check_schema_version, existing_database_in, open_reading};
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
    let file = existing_database_in(folder)?;
    let connection = open_reading(&file)?;
    check_schema_version(&connection, &file)?;
    // the file first: what was signed beside a running server is then all below the state that is read next
    let beside = in_file(folder)?;
    connection.execute_batch("BEGIN").map_err(reading)?;
    let mut audit = Audit::begin(&connection, beside)?;
    audit.entries(&connection, each)?;
    audit.end(&connection)
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
    fn begin(connection: &Connection, beside: Vec<String>) -> Result<Self, StoreError> {
        let mut findings = Findings::default();
        let origin = origin(connection, &mut findings)?;
        let size = audit_side::size(connection)?;
        let tree = TreeAudit::begin(connection, beside)?;
        let chain = Chain::new(origin.clone());
        Ok(Self { origin, size, due: 0, findings, keys: HashMap::new(), chain, chained: true, tree })
    }

    /// Every row in order of position, a part at a time.
    fn entries(&mut self, connection: &Connection, each: &mut dyn FnMut(&Entry)) -> Result<(), StoreError> {
        let mut statement = connection.prepare(ALL_ROWS).map_err(reading)?;
        let mut found = statement.query([]).map_err(reading)?;
        let mut part = Vec::with_capacity(ROWS_A_PART);
        while let Some(columns) = found.next().map_err(reading)? {
            part.push(lying_row(columns));
            if part.len() == ROWS_A_PART {
                self.part(connection, &mut part, each)?;
            }
        }
        self.part(connection, &mut part, each)?;
        for position in self.due..self.size {
            self.missing(position);
        }
        Ok(())
    }

    fn part(
        &mut self,
        connection: &Connection,
        part: &mut Vec<LyingRow>,
        each: &mut dyn FnMut(&Entry),
    ) -> Result<(), StoreError> {
        part.iter().for_each(|row| self.learn_key(row));
        let (origin, keys) = (&self.origin, &self.keys);
        let checked: Vec<CheckedRow> = part.par_drain(..).map(|row| row.checked(origin, keys)).collect();
        for row in checked {
            self.row(connection, row, each)?;
        }
        Ok(())
    }

    fn row(
        &mut self,
        connection: &Connection,
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
            self.tree.skip(connection, &mut self.findings)?;
            self.due += 1;
        }
        self.due = position + 1;
        self.tree.push(connection, row.leaf, &mut self.findings)?;
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

    fn end(mut self, connection: &Connection) -> Result<AuditReport, StoreError> {
        let root = self.tree.root();
        self.tree.end(connection, self.size, &mut self.findings)?;
        audit_side::authors(connection, &mut self.findings)?;
        audit_side::schemes(connection, &mut self.findings)?;
        audit_side::outcomes(connection, self.size, &mut self.findings)?;
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

/// A row as it lies in the file.
struct LyingRow {
    position: Option<u64>,
    row: Result<Row, Refusal>,
}

/// A row that was looked at alone.
struct CheckedRow {
    position: Option<u64>,
    entry: Result<Entry, Refusal>,
    /// The hash of the leaf that the columns rebuild.
    leaf: Hash,
    signature: Option<Refusal>,
}

impl LyingRow {
    fn checked(self, origin: &str, keys: &HashMap<Kid, PublicKey>) -> CheckedRow {
        let position = self.position;
        let row = match self.row {
            Ok(row) => row,
            Err(refusal) => {
                return CheckedRow { position, entry: Err(refusal), leaf: leaf_hash(b""), signature: None };
            }
        };
        let leaf = leaf_hash(&row.leaf(origin));
        let entry = row.check(origin);
        let signature = entry.as_ref().ok().and_then(|entry| signature_fault(entry, keys));
        CheckedRow { position, entry, leaf, signature }
    }
}

fn signature_fault(entry: &Entry, keys: &HashMap<Kid, PublicKey>) -> Option<Refusal> {
    match keys.get(&entry.kid) {
        Some(public) => entry.verify(public).err(),
        None => Some(Refusal::new("key-not-enrolled", entry.kid.as_str())),
    }
}

fn lying_row(columns: &rusqlite::Row<'_>) -> LyingRow {
    let position = match columns.get_ref(0) {
        Ok(ValueRef::Integer(position)) => u64::try_from(position).ok(),
        _ => None,
    };
    LyingRow { position, row: read_row(columns) }
}

fn read_row(columns: &rusqlite::Row<'_>) -> Result<Row, Refusal> {
    Ok(Row {
        position: number(columns, 0, "position")?,
        aggregate_type: text(columns, 1, "aggregate_type")?,
        aggregate_id: text(columns, 2, "aggregate_id")?,
        sequence: number(columns, 3, "sequence")?,
        event_type: text(columns, 4, "event_type")?,
        event_version: text(columns, 5, "event_version")?,
        payload: text(columns, 6, "payload")?,
        metadata: text(columns, 7, "metadata")?,
        author_seq: number(columns, 8, "author_seq")?,
        event_id: text(columns, 9, "event_id")?,
        occurred_at: text(columns, 10, "occurred_at")?,
        schema: text(columns, 11, "schema")?,
        kid: text(columns, 12, "kid")?,
        signature: text(columns, 13, "signature")?,
        recorded_at: text(columns, 14, "recorded_at")?,
        leaf_hash: match columns.get_ref(15) {
            Ok(ValueRef::Blob(bytes)) => Hash::from_slice(bytes)?,
            _ => return Err(Refusal::new("row-columns", "leaf_hash is not bytes")),
        },
    })
}

fn text(columns: &rusqlite::Row<'_>, at: usize, name: &str) -> Result<String, Refusal> {
    match columns.get_ref(at) {
        Ok(ValueRef::Text(bytes)) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(Refusal::new("row-columns", format!("{name} is not UTF-8"))),
        },
        _ => Err(Refusal::new("row-columns", format!("{name} is not text"))),
    }
}

fn number(columns: &rusqlite::Row<'_>, at: usize, name: &str) -> Result<u64, Refusal> {
    let number = match columns.get_ref(at) {
        Ok(ValueRef::Integer(number)) => u64::try_from(number).ok(),
        _ => None,
    };
    number.ok_or_else(|| Refusal::new("row-columns", format!("{name} is not a whole number")))
}

/// The origin under which rows rebuild their leaves. It is said in many places, and any one of them may be damaged.
fn origin(connection: &Connection, findings: &mut Findings) -> Result<String, StoreError> {
    let mut statement = connection.prepare(FIRST_ROWS).map_err(reading)?;
    let mut found = statement.query([]).map_err(reading)?;
    let mut rows = Vec::new();
    while let Some(columns) = found.next().map_err(reading)? {
        rows.extend(lying_row(columns).row);
    }
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
const ALL_ROWS: &str = "SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
    metadata, author_seq, event_id, occurred_at, schema, kid, signature, recorded_at, leaf_hash FROM events ORDER BY position";
const FIRST_ROWS: &str = "SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
    metadata, author_seq, event_id, occurred_at, schema, kid, signature, recorded_at, leaf_hash FROM events \
    ORDER BY position LIMIT 8";
