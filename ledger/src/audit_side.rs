//! What an audit compares beside the rows: head, tiles, checkpoints, authors, rulebooks, outcomes.

use rayon::prelude::*;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row as Columns};
use serde_json::Value;

use crate::audit::Findings;
use crate::encoding::Hash;
use crate::entry::Entry;
use crate::merkle::{Frontier, leaf_hash};
use crate::note::{VerifierKey, note_text, open_checkpoint, parse_checkpoint_text};
use crate::select::{reading, signed};
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
    pub(crate) fn begin(connection: &Connection, beside: Vec<String>) -> Result<Self, StoreError> {
        let mut notes = stored_notes(connection)?;
        notes.extend(beside.into_iter().map(|note| SignedNote {
            place: "checkpoints.txt",
            stated: None,
            note,
        }));
        let mut sizes: Vec<u64> = notes.iter().filter_map(|note| size_of(&note.note)).collect();
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
        connection: &Connection,
        leaf: Hash,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        for tile in self.filled_by(leaf) {
            self.tiles += 1;
            self.compare_tile(connection, &tile, findings)?;
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
        connection: &Connection,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        self.push(connection, leaf_hash(b""), findings)
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
        connection: &Connection,
        size: u64,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        self.compare_head(connection, size, findings)?;
        self.compare_notes(findings);
        let stored = count(connection, "SELECT count(*) FROM tiles")?;
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
        connection: &Connection,
        tile: &FullTile,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        let mut statement = connection
            .prepare_cached("SELECT hashes FROM tiles WHERE level = ?1 AND n = ?2")
            .map_err(reading)?;
        let mut found = statement.query([i64::from(tile.level), signed(tile.n)]).map_err(reading)?;
        let stored = found.next().map_err(reading)?;
        let equal =
            stored.is_some_and(|columns| blob(columns, 0).is_some_and(|stored| stored == tile.hashes));
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
        connection: &Connection,
        size: u64,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        let sql = "SELECT size, frontier, root, recorded_at FROM head";
        let mut statement = connection.prepare(sql).map_err(reading)?;
        let mut found = statement.query([]).map_err(reading)?;
        let Some(columns) = found.next().map_err(reading)? else {
            findings.add(None, 0, "head", "there is no head");
            return Ok(());
        };
        let sizes_agree = number(columns, 0) == Some(size);
        if !sizes_agree {
            findings.add(None, 0, "head-size", format!("the head does not say {size} entries"));
        }
        if blob(columns, 2) != Some(self.frontier.root().as_bytes().as_slice()) {
            findings.add(None, 2, "head-root", "the head's root is not that of the entries");
        }
        if blob(columns, 1) != Some(self.frontier.to_bytes().as_slice()) {
            findings.add(None, 2, "head-frontier", "the head's frontier is not that of the entries");
        }
        if text(columns, 3) != self.last_recorded_at.as_deref() {
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

/// How many entries there should be: what head and frontier agree on, else what is there.
pub(crate) fn size(connection: &Connection) -> Result<u64, StoreError> {
    let mut statement = connection.prepare("SELECT size, frontier FROM head").map_err(reading)?;
    let mut found = statement.query([]).map_err(reading)?;
    if let Some(columns) = found.next().map_err(reading)? {
        let frontier = blob(columns, 1).and_then(|bytes| Frontier::from_bytes(bytes).ok());
        if let Some(size) =
            number(columns, 0).filter(|size| frontier.is_some_and(|tree| tree.size() == *size))
        {
            return Ok(size);
        }
    }
    count(connection, "SELECT coalesce(max(position) + 1, 0) FROM events WHERE typeof(position) = 'integer'")
}

/// The writer's marks of its authors, against the entries.
pub(crate) fn authors(connection: &Connection, findings: &mut Findings) -> Result<(), StoreError> {
    // they may be behind the entries, by as many as a crash left unmarked
    let sql = "SELECT kid, max(author_seq), position FROM events \
               WHERE position <= (SELECT max(position) FROM authors) GROUP BY kid \
               EXCEPT SELECT kid, author_seq, position FROM authors";
    let other = "SELECT kid, author_seq, position FROM authors \
                 EXCEPT SELECT kid, max(author_seq), position FROM events \
                 WHERE position <= (SELECT max(position) FROM authors) GROUP BY kid";
    // whoever writes marks the authors of the first batch at once
    if count(connection, "SELECT count(*) FROM authors")? == 0
        && count(connection, "SELECT count(*) FROM events")? > 0
    {
        findings.add(None, 0, "author-mark", "the marks of the authors are gone");
    }
    for sql in [sql, other] {
        let mut statement = connection.prepare(sql).map_err(reading)?;
        let mut found = statement.query([]).map_err(reading)?;
        while let Some(columns) = found.next().map_err(reading)? {
            let kid = text(columns, 0).unwrap_or("(no key)");
            let detail = format!("the mark of the author {kid} is not that of the entries");
            findings.add(number(columns, 2), 0, "author-mark", detail);
        }
    }
    Ok(())
}

/// Rulebooks are named by their digest and state their id.
pub(crate) fn schemes(connection: &Connection, findings: &mut Findings) -> Result<(), StoreError> {
    let mut statement = connection.prepare("SELECT sha256, id, bytes FROM schemes").map_err(reading)?;
    let mut found = statement.query([]).map_err(reading)?;
    while let Some(columns) = found.next().map_err(reading)? {
        let (named, id) = (text(columns, 0), text(columns, 1));
        let bytes = blob(columns, 2).unwrap_or_default();
        let scheme: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let sound =
            named == Some(Hash::of(bytes).hex().as_str()) && scheme.get("id").and_then(Value::as_str) == id;
        if !sound {
            let named = named.unwrap_or("(no name)");
            findings.add(
                None,
                0,
                "scheme",
                format!("the rulebook {named} has not this digest, or states another id"),
            );
        }
    }
    Ok(())
}

/// Outcomes of accepted commands name an entry that is theirs, and say of it what is so.
pub(crate) fn outcomes(
    connection: &Connection,
    size: u64,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let sql = "SELECT o.event_id, o.digest, o.accepted, o.result, o.position, e.event_id, e.sequence, e.recorded_at \
               FROM outcomes o LEFT JOIN events e ON e.position = o.position";
    let mut statement = connection.prepare(sql).map_err(reading)?;
    let mut found = statement.query([]).map_err(reading)?;
    while let Some(columns) = found.next().map_err(reading)? {
        if !outcome_is_sound(columns, size) {
            let event_id = text(columns, 0).unwrap_or("(no id)");
            let detail = format!("the outcome of {event_id} does not agree with the entry it names");
            findings.add(number(columns, 4), 0, "outcome", detail);
        }
    }
    Ok(())
}

fn outcome_is_sound(columns: &Columns<'_>, size: u64) -> bool {
    let result: Value = match text(columns, 3).and_then(|result| serde_json::from_str(result).ok()) {
        Some(result) => result,
        None => return false,
    };
    let has_digest = blob(columns, 1).is_some_and(|digest| digest.len() == 32);
    if number(columns, 2) == Some(0) {
        return has_digest && text(columns, 0).is_some() && matches!(columns.get_ref(4), Ok(ValueRef::Null));
    }
    let Some(position) = number(columns, 4).filter(|_| number(columns, 2) == Some(1)) else { return false };
    let last = result.get("last_position").and_then(Value::as_u64);
    has_digest
        && text(columns, 0).is_some_and(|event_id| text(columns, 5) == Some(event_id))
        && result.get("version").and_then(Value::as_u64) == number(columns, 6)
        && result.get("recorded_at").and_then(Value::as_str) == text(columns, 7)
        && last.is_some_and(|last| last >= position && last < size)
}

fn stored_notes(connection: &Connection) -> Result<Vec<SignedNote>, StoreError> {
    let mut statement = connection.prepare("SELECT size, note FROM checkpoints").map_err(reading)?;
    let mut found = statement.query([]).map_err(reading)?;
    let mut notes = Vec::new();
    while let Some(columns) = found.next().map_err(reading)? {
        // what is no number or no text is a size or a note that nothing agrees with
        let (stated, note) = (number(columns, 0).unwrap_or(u64::MAX), text(columns, 1).unwrap_or_default());
        notes.push(SignedNote { place: "the database", stated: Some(stated), note: note.to_owned() });
    }
    Ok(notes)
}

fn size_of(note: &str) -> Option<u64> {
    Some(parse_checkpoint_text(note_text(note.as_bytes()).ok()?).ok()?.1)
}

fn count(connection: &Connection, sql: &str) -> Result<u64, StoreError> {
    let count: i64 = connection.query_row(sql, [], |columns| columns.get(0)).map_err(reading)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

fn number(columns: &Columns<'_>, at: usize) -> Option<u64> {
    match columns.get_ref(at) {
        Ok(ValueRef::Integer(number)) => u64::try_from(number).ok(),
        _ => None,
    }
}

fn text<'r>(columns: &'r Columns<'_>, at: usize) -> Option<&'r str> {
    match columns.get_ref(at) {
        Ok(ValueRef::Text(bytes)) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

fn blob<'r>(columns: &'r Columns<'_>, at: usize) -> Option<&'r [u8]> {
    match columns.get_ref(at) {
        Ok(ValueRef::Blob(bytes)) => Some(bytes),
        _ => None,
    }
}
