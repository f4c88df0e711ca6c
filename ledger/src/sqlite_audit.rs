//! A SQLite file read for an audit. No column is believed to have its type, no trigger to have been there.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row as Columns};

use crate::audit::{Findings, origin_of_rows};
use crate::audit_source::{
    AuditDatabase, AuditSource, COLUMNS, Lying, LyingCursor, LyingEntry, LyingHead, LyingMark, LyingNote,
    LyingOutcome, LyingRow, LyingScheme,
};
use crate::encoding::Hash;
use crate::merkle::Frontier;
use crate::refusal::Refusal;
use crate::row::Row;
use crate::select::{reading, signed};
use crate::sqlite::{check_schema_version, existing_database_in, open_reading};
use crate::store::{SealedKey, StoreError};
use crate::tile::{Tile, TileKind};

/// The ledger's file of a folder, as of one moment.
pub(crate) struct SqliteAudit {
    connection: Connection,
}

impl SqliteAudit {
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        let file = existing_database_in(folder)?;
        let connection = open_reading(&file)?;
        check_schema_version(&connection, &file)?;
        connection.execute_batch("BEGIN").map_err(reading)?;
        Ok(Self { connection })
    }

    fn count(&self, sql: &str) -> Result<u64, StoreError> {
        let count: i64 = self.connection.query_row(sql, [], |columns| columns.get(0)).map_err(reading)?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    fn each(
        &self,
        sql: &str,
        each: &mut dyn FnMut(&Columns<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare(sql).map_err(reading)?;
        let mut found = statement.query([]).map_err(reading)?;
        while let Some(columns) = found.next().map_err(reading)? {
            each(columns)?;
        }
        Ok(())
    }
}

impl AuditSource for SqliteAudit {
    fn origin(&self, findings: &mut Findings) -> Result<String, StoreError> {
        let mut rows = Vec::new();
        self.each(&format!("SELECT {COLUMNS} FROM events ORDER BY position LIMIT 8"), &mut |columns| {
            rows.push(lying_row(columns));
            Ok(())
        })?;
        origin_of_rows(rows, findings)
    }

    fn size(&self) -> Result<u64, StoreError> {
        if let Some(LyingHead { size: Some(size), frontier: Some(frontier), .. }) = self.head()?
            && Frontier::from_bytes(&frontier).is_ok_and(|tree| tree.size() == size)
        {
            return Ok(size);
        }
        self.count("SELECT coalesce(max(position) + 1, 0) FROM events WHERE typeof(position) = 'integer'")
    }

    fn each_entry(
        &self,
        range: Option<Range<u64>>,
        each: &mut dyn FnMut(Lying) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        // without a range, rows whose position is none are shown too
        let within = range.map_or_else(String::new, |range| {
            format!("WHERE position >= {} AND position < {}", signed(range.start), signed(range.end))
        });
        let sql = format!("SELECT {COLUMNS} FROM events {within} ORDER BY position");
        self.each(&sql, &mut |columns| each(Lying::Row(lying_row(columns))))
    }

    fn checkpoints(&self) -> Result<Vec<LyingNote>, StoreError> {
        let mut notes = Vec::new();
        self.each("SELECT size, note FROM checkpoints", &mut |columns| {
            // what is no number or no text is a size or a note that nothing agrees with
            let (filed, note) =
                (number(columns, 0).unwrap_or(u64::MAX), text(columns, 1).unwrap_or_default());
            notes.push(LyingNote { place: "the database", filed: Some(filed), note: note.to_owned() });
            Ok(())
        })?;
        Ok(notes)
    }

    fn tile(&self, tile: &Tile) -> Result<Option<Vec<u8>>, StoreError> {
        let TileKind::Hashes(level) = tile.kind else { return Ok(None) };
        let sql = "SELECT hashes FROM tiles WHERE level = ?1 AND n = ?2";
        let mut statement = self.connection.prepare_cached(sql).map_err(reading)?;
        let mut found = statement.query([i64::from(level), signed(tile.n)]).map_err(reading)?;
        let stored = found.next().map_err(reading)?;
        Ok(stored.and_then(|columns| blob(columns, 0).map(<[u8]>::to_vec)))
    }

    fn schemes(
        &self,
        _named: &BTreeSet<String>,
        each: &mut dyn FnMut(LyingScheme<'_>),
    ) -> Result<(), StoreError> {
        self.each("SELECT sha256, id, bytes FROM schemes", &mut |columns| {
            let bytes = blob(columns, 2).unwrap_or_default();
            each(LyingScheme { sha256: text(columns, 0), id: text(columns, 1), bytes });
            Ok(())
        })
    }

    fn database(&self) -> Option<&dyn AuditDatabase> {
        Some(self)
    }
}

impl AuditDatabase for SqliteAudit {
    fn head(&self) -> Result<Option<LyingHead>, StoreError> {
        let mut head = None;
        self.each("SELECT size, frontier, root, recorded_at FROM head", &mut |columns| {
            head = Some(LyingHead {
                size: number(columns, 0),
                frontier: blob(columns, 1).map(<[u8]>::to_vec),
                root: blob(columns, 2).map(<[u8]>::to_vec),
                recorded_at: text(columns, 3).map(str::to_owned),
            });
            Ok(())
        })?;
        Ok(head)
    }

    fn tiles(&self) -> Result<u64, StoreError> {
        self.count("SELECT count(*) FROM tiles")
    }

    fn author_marks(&self) -> Result<u64, StoreError> {
        self.count("SELECT count(*) FROM authors")
    }

    fn author_marks_unlike(&self) -> Result<Vec<LyingMark>, StoreError> {
        let last = "SELECT kid, max(author_seq), position FROM events \
                    WHERE position <= (SELECT max(position) FROM authors) GROUP BY kid";
        let marked = "SELECT kid, author_seq, position FROM authors";
        let mut unlike = Vec::new();
        for sql in [format!("{last} EXCEPT {marked}"), format!("{marked} EXCEPT {last}")] {
            self.each(&sql, &mut |columns| {
                unlike.push(LyingMark {
                    kid: text(columns, 0).map(str::to_owned),
                    position: number(columns, 2),
                });
                Ok(())
            })?;
        }
        Ok(unlike)
    }

    fn outcomes(&self, each: &mut dyn FnMut(&LyingOutcome<'_>)) -> Result<(), StoreError> {
        let sql = "SELECT o.event_id, o.digest, o.accepted, o.result, o.position, e.event_id, e.sequence, e.recorded_at \
                   FROM outcomes o LEFT JOIN events e ON e.position = o.position";
        self.each(sql, &mut |columns| {
            each(&LyingOutcome {
                event_id: text(columns, 0),
                digest: blob(columns, 1),
                accepted: number(columns, 2).and_then(|accepted| match accepted {
                    0 => Some(false),
                    1 => Some(true),
                    _ => None,
                }),
                result: text(columns, 3),
                position: number(columns, 4),
                position_is_null: matches!(columns.get_ref(4), Ok(ValueRef::Null)),
                entry: LyingEntry {
                    event_id: text(columns, 5),
                    version: number(columns, 6),
                    recorded_at: text(columns, 7),
                },
            });
            Ok(())
        })
    }

    fn cursors(&self) -> Result<Vec<LyingCursor>, StoreError> {
        let mut cursors = Vec::new();
        self.each("SELECT reaction, position FROM cursors", &mut |columns| {
            let (reaction, position) = (text(columns, 0).map(str::to_owned), number(columns, 1));
            cursors.push(LyingCursor { reaction, position });
            Ok(())
        })?;
        Ok(cursors)
    }

    fn sealed_keys(&self) -> Result<Vec<Option<SealedKey>>, StoreError> {
        let mut keys = Vec::new();
        self.each("SELECT kid, role, holder, sealed FROM sealed_keys", &mut |columns| {
            let said = |at: usize| text(columns, at).map(str::to_owned);
            let sealed = blob(columns, 3).map(<[u8]>::to_vec);
            let parts = (said(0), said(1), said(2), sealed);
            keys.push(match parts {
                (Some(kid), Some(role), Some(holder), Some(sealed)) => {
                    Some(SealedKey { kid, role, holder, sealed })
                }
                _ => None,
            });
            Ok(())
        })?;
        Ok(keys)
    }
}

fn lying_row(columns: &Columns<'_>) -> LyingRow {
    LyingRow { position: number(columns, 0), row: read_row(columns) }
}

fn read_row(columns: &Columns<'_>) -> Result<Row, Refusal> {
    Ok(Row {
        position: stated_number(columns, 0, "position")?,
        aggregate_type: stated_text(columns, 1, "aggregate_type")?,
        aggregate_id: stated_text(columns, 2, "aggregate_id")?,
        sequence: stated_number(columns, 3, "sequence")?,
        event_type: stated_text(columns, 4, "event_type")?,
        event_version: stated_text(columns, 5, "event_version")?,
        payload: stated_text(columns, 6, "payload")?,
        metadata: stated_text(columns, 7, "metadata")?,
        author_seq: stated_number(columns, 8, "author_seq")?,
        event_id: stated_text(columns, 9, "event_id")?,
        occurred_at: stated_text(columns, 10, "occurred_at")?,
        schema: stated_text(columns, 11, "schema")?,
        kid: stated_text(columns, 12, "kid")?,
        signature: stated_text(columns, 13, "signature")?,
        recorded_at: stated_text(columns, 14, "recorded_at")?,
        leaf_hash: match columns.get_ref(15) {
            Ok(ValueRef::Blob(bytes)) => Hash::from_slice(bytes)?,
            _ => return Err(Refusal::new("row-columns", "leaf_hash is not bytes")),
        },
    })
}

fn stated_text(columns: &Columns<'_>, at: usize, name: &str) -> Result<String, Refusal> {
    match columns.get_ref(at) {
        Ok(ValueRef::Text(bytes)) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(Refusal::new("row-columns", format!("{name} is not UTF-8"))),
        },
        _ => Err(Refusal::new("row-columns", format!("{name} is not text"))),
    }
}

fn stated_number(columns: &Columns<'_>, at: usize, name: &str) -> Result<u64, Refusal> {
    number(columns, at).ok_or_else(|| Refusal::new("row-columns", format!("{name} is not a whole number")))
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
