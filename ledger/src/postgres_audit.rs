//! A Postgres database read for an audit, as of one moment. Its columns have their types; what they hold is not believed.

use std::collections::BTreeSet;
use std::ops::Range;

use tokio_postgres::Row as Columns;

use crate::audit::{Findings, origin_of_rows};
use crate::audit_source::{
    AuditDatabase, AuditSource, Lying, LyingCursor, LyingEntry, LyingHead, LyingMark, LyingNote,
    LyingOutcome, LyingRow, LyingScheme,
};
use crate::encoding::Hash;
use crate::merkle::Frontier;
use crate::postgres::open_reading;
use crate::postgres_address::Address;
use crate::postgres_session::{Session, Text};
use crate::refusal::Refusal;
use crate::row::Row;
use crate::select::signed;
use crate::store::{SealedKey, StoreError};
use crate::tile::{Tile, TileKind};

/// The ledger of a database, as of one moment.
pub(crate) struct PostgresAudit {
    session: Session,
}

impl PostgresAudit {
    pub(crate) fn open(address: &Address) -> Result<Self, StoreError> {
        let session = open_reading(address)?;
        session.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "be read")?;
        Ok(Self { session })
    }

    fn count(&self, sql: &'static str) -> Result<u64, StoreError> {
        Ok(self.session.first(sql, &[])?.and_then(|columns| number(&columns, 0)).unwrap_or(0))
    }
}

impl AuditSource for PostgresAudit {
    fn origin(&self, findings: &mut Findings) -> Result<String, StoreError> {
        let rows = self.session.query(ROWS_AFTER, &[&i64::MIN, &8_i64])?;
        origin_of_rows(rows.iter().map(lying_row), findings)
    }

    fn size(&self) -> Result<u64, StoreError> {
        if let Some(LyingHead { size: Some(size), frontier: Some(frontier), .. }) = self.head()?
            && Frontier::from_bytes(&frontier).is_ok_and(|tree| tree.size() == size)
        {
            return Ok(size);
        }
        self.count("SELECT coalesce(max(position) + 1, 0) FROM events")
    }

    fn each_entry(
        &self,
        range: Option<Range<u64>>,
        each: &mut dyn FnMut(Lying) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let range = range.map(|range| signed(range.start)..signed(range.end));
        let mut after = range.as_ref().map_or(i64::MIN, |range| range.start.saturating_sub(1));
        loop {
            let page = self.session.query(ROWS_AFTER, &[&after, &ROWS_A_PAGE])?;
            for columns in &page {
                after = columns.try_get(0).unwrap_or(i64::MAX);
                if range.as_ref().is_some_and(|range| after >= range.end) {
                    return Ok(());
                }
                each(Lying::Row(lying_row(columns)))?;
            }
            if page.is_empty() {
                return Ok(());
            }
        }
    }

    fn checkpoints(&self) -> Result<Vec<LyingNote>, StoreError> {
        let rows = self.session.query("SELECT size, note FROM checkpoints", &[])?;
        let note = |columns: &Columns| LyingNote {
            place: "the database",
            filed: Some(number(columns, 0).unwrap_or(u64::MAX)),
            note: text(columns, 1).unwrap_or_default().to_owned(),
        };
        Ok(rows.iter().map(note).collect())
    }

    fn tile(&self, tile: &Tile) -> Result<Option<Vec<u8>>, StoreError> {
        let TileKind::Hashes(level) = tile.kind else { return Ok(None) };
        let sql = "SELECT hashes FROM tiles WHERE level = $1 AND n = $2";
        let found = self.session.first(sql, &[&i64::from(level), &signed(tile.n)])?;
        Ok(found.and_then(|columns| blob(&columns, 0).map(<[u8]>::to_vec)))
    }

    fn schemes(
        &self,
        _named: &BTreeSet<String>,
        each: &mut dyn FnMut(LyingScheme<'_>),
    ) -> Result<(), StoreError> {
        for columns in self.session.query("SELECT sha256, id, bytes FROM schemes", &[])? {
            let bytes = blob(&columns, 2).unwrap_or_default();
            each(LyingScheme { sha256: text(&columns, 0), id: text(&columns, 1), bytes });
        }
        Ok(())
    }

    fn database(&self) -> Option<&dyn AuditDatabase> {
        Some(self)
    }
}

impl AuditDatabase for PostgresAudit {
    fn head(&self) -> Result<Option<LyingHead>, StoreError> {
        let found = self.session.first("SELECT size, frontier, root, recorded_at FROM head", &[])?;
        Ok(found.map(|columns| LyingHead {
            size: number(&columns, 0),
            frontier: blob(&columns, 1).map(<[u8]>::to_vec),
            root: blob(&columns, 2).map(<[u8]>::to_vec),
            recorded_at: text(&columns, 3).map(str::to_owned),
        }))
    }

    fn tiles(&self) -> Result<u64, StoreError> {
        self.count("SELECT count(*) FROM tiles")
    }

    fn author_marks(&self) -> Result<u64, StoreError> {
        self.count("SELECT count(*) FROM authors")
    }

    fn author_marks_unlike(&self) -> Result<Vec<LyingMark>, StoreError> {
        let rows = self.session.query(AUTHOR_MARKS_UNLIKE, &[])?;
        let mark = |columns: &Columns| LyingMark {
            kid: text(columns, 0).map(str::to_owned),
            position: number(columns, 1),
        };
        Ok(rows.iter().map(mark).collect())
    }

    fn outcomes(&self, each: &mut dyn FnMut(&LyingOutcome<'_>)) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let page = self.session.query(OUTCOMES_AFTER, &[&after, &ROWS_A_PAGE])?;
            for columns in &page {
                let position: Option<i64> = columns.try_get(4).unwrap_or_default();
                each(&LyingOutcome {
                    event_id: text(columns, 0),
                    digest: blob(columns, 1),
                    accepted: columns.try_get(2).ok(),
                    result: text(columns, 3),
                    position: position.and_then(|position| u64::try_from(position).ok()),
                    position_is_null: position.is_none(),
                    entry: LyingEntry {
                        event_id: text(columns, 5),
                        version: number(columns, 6),
                        recorded_at: text(columns, 7),
                    },
                });
            }
            let Some(last) = page.last() else { return Ok(()) };
            text(last, 0).unwrap_or_default().clone_into(&mut after);
        }
    }

    fn cursors(&self) -> Result<Vec<LyingCursor>, StoreError> {
        let rows = self.session.query("SELECT reaction, position FROM cursors", &[])?;
        let cursor = |columns: &Columns| LyingCursor {
            reaction: text(columns, 0).map(str::to_owned),
            position: number(columns, 1),
        };
        Ok(rows.iter().map(cursor).collect())
    }

    fn sealed_keys(&self) -> Result<Vec<Option<SealedKey>>, StoreError> {
        let rows = self.session.query("SELECT kid, role, holder, sealed FROM sealed_keys", &[])?;
        let key = |columns: &Columns| {
            let said = |at: usize| text(columns, at).map(str::to_owned);
            Some(SealedKey {
                kid: said(0)?,
                role: said(1)?,
                holder: said(2)?,
                sealed: blob(columns, 3)?.to_vec(),
            })
        };
        Ok(rows.iter().map(key).collect())
    }
}

fn lying_row(columns: &Columns) -> LyingRow {
    LyingRow { position: number(columns, 0), row: read_row(columns) }
}

fn read_row(columns: &Columns) -> Result<Row, Refusal> {
    let refused = |name: &str| Refusal::new("row-columns", format!("{name} is not what it should be"));
    let texts = |at: usize, name: &str| text(columns, at).map(str::to_owned).ok_or_else(|| refused(name));
    let numbers = |at: usize, name: &str| number(columns, at).ok_or_else(|| refused(name));
    Ok(Row {
        position: numbers(0, "position")?,
        aggregate_type: texts(1, "aggregate_type")?,
        aggregate_id: texts(2, "aggregate_id")?,
        sequence: numbers(3, "sequence")?,
        event_type: texts(4, "event_type")?,
        event_version: texts(5, "event_version")?,
        payload: texts(6, "payload")?,
        metadata: texts(7, "metadata")?,
        author_seq: numbers(8, "author_seq")?,
        event_id: texts(9, "event_id")?,
        occurred_at: texts(10, "occurred_at")?,
        schema: texts(11, "schema")?,
        kid: texts(12, "kid")?,
        signature: texts(13, "signature")?,
        recorded_at: texts(14, "recorded_at")?,
        leaf_hash: Hash::from_slice(blob(columns, 15).ok_or_else(|| refused("leaf_hash"))?)?,
    })
}

fn number(columns: &Columns, at: usize) -> Option<u64> {
    columns.try_get::<_, Option<i64>>(at).ok().flatten().and_then(|number| u64::try_from(number).ok())
}

fn text(columns: &Columns, at: usize) -> Option<&str> {
    columns.try_get::<_, Option<Text<'_>>>(at).ok().flatten().map(|text| text.0)
}

fn blob(columns: &Columns, at: usize) -> Option<&[u8]> {
    columns.try_get::<_, Option<&[u8]>>(at).ok().flatten()
}

const ROWS_A_PAGE: i64 = 4_096;
const ROWS_AFTER: &str = "SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
    metadata, author_seq, event_id, occurred_at, schema, kid, signature, recorded_at, leaf_hash FROM events \
    WHERE position > $1 ORDER BY position LIMIT $2";
const OUTCOMES_AFTER: &str = "SELECT o.event_id, o.digest, o.accepted, o.result, o.position, e.event_id, e.sequence, \
    e.recorded_at FROM outcomes o LEFT JOIN events e ON e.position = o.position \
    WHERE o.event_id > $1 ORDER BY o.event_id LIMIT $2";
const AUTHOR_MARKS_UNLIKE: &str = "WITH last AS (SELECT DISTINCT ON (kid) kid, author_seq, position FROM events \
    WHERE position <= (SELECT max(position) FROM authors) ORDER BY kid, author_seq DESC) \
    (SELECT kid, position FROM (TABLE last EXCEPT SELECT kid, author_seq, position FROM authors) AS missed) UNION ALL \
    (SELECT kid, position FROM (SELECT kid, author_seq, position FROM authors EXCEPT TABLE last) AS wrong)";
