//! Reading a ledger on SQLite: a connection shared by nobody at a time, and the idle ones of a reader.

use rusqlite::Connection;
use uuid::Uuid;

use crate::alarm::{ALARM, ALARMS, RaisedAlarm};
use crate::clock::Monotonic;
use crate::encoding::Hash;
use crate::reading::LedgerReads;
use crate::recorded::RecordedRow;
use crate::row::Row;
use crate::select::{self, prepared, reading, signed};
use crate::sqlite;
use crate::store::{AuthorMark, LastOfStream, Outcome, Scheme, SealedKey, StoreError, TreeHead};
use crate::stored_leaf::StoredLeaf;

impl LedgerReads for Connection {
    fn head(&self) -> Result<Option<TreeHead>, StoreError> {
        sqlite::head(self)
    }

    fn rows(
        &self,
        from: u64,
        to: u64,
        each: &mut dyn FnMut(RecordedRow<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        select::rows(self, from, to, each)
    }

    fn leaves(
        &self,
        from: u64,
        to: u64,
        each: &mut dyn FnMut(StoredLeaf<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        select::leaves(self, from, to, each)
    }

    fn stored_rows(&self, from: u64, to: u64) -> Result<Vec<Row>, StoreError> {
        select::stored_rows(self, from, to)
    }

    fn stream(
        &self,
        stream: &str,
        each: &mut dyn FnMut(RecordedRow<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        select::rows_of_stream(self, stream, each)
    }

    fn subject(
        &self,
        path: &str,
        before: Option<u64>,
        each: &mut dyn FnMut(RecordedRow<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let positions = select::positions_of_path(self, path, before)?;
        select::rows_at(self, &positions, each)
    }

    fn positions_of_subject(&self, path: &str, before: Option<u64>) -> Result<Vec<u64>, StoreError> {
        select::positions_of_path(self, path, before)
    }

    fn last_position_of_subject(&self, path: &str) -> Result<Option<u64>, StoreError> {
        select::last_position_of_path(self, path)
    }

    fn positions_of_keys(&self, from: u64) -> Result<Vec<u64>, StoreError> {
        select::positions_below(self, "keys", from)
    }

    fn version(&self, stream: &str) -> Result<u64, StoreError> {
        select::version(self, stream)
    }

    fn position_of(&self, event_id: &Uuid) -> Result<Option<u64>, StoreError> {
        select::position_of(self, event_id)
    }

    fn outcome(&self, event_id: &Uuid) -> Result<Option<Outcome>, StoreError> {
        select::outcome(self, event_id)
    }

    fn cursor(&self, reaction: &str) -> Result<Option<u64>, StoreError> {
        select::cursor(self, reaction)
    }

    fn authors(&self) -> Result<Vec<AuthorMark>, StoreError> {
        sqlite::authors(self)
    }

    fn clock_mark(&self) -> Result<Option<Monotonic>, StoreError> {
        let mut statement = prepared(self, "SELECT boot, since_boot_ms FROM clock_mark")?;
        let mut found = statement.query([]).map_err(reading)?;
        let Some(columns) = found.next().map_err(reading)? else { return Ok(None) };
        let since_boot_ms = signed(select::unsigned(columns, 1)?);
        Ok(Some(Monotonic { boot: select::text(columns, 0)?.to_owned(), since_boot_ms }))
    }

    fn alarms(&self) -> Result<Vec<RaisedAlarm>, StoreError> {
        alarms(self, ALARMS)
    }

    fn alarm(&self) -> Result<Option<RaisedAlarm>, StoreError> {
        Ok(alarms(self, ALARM)?.pop())
    }

    fn leaf_hashes(&self, from: u64, to: u64) -> Result<Vec<Hash>, StoreError> {
        select::leaf_hashes(self, from, to)
    }

    fn tile(&self, level: u8, n: u64) -> Result<Option<Vec<u8>>, StoreError> {
        select::tile(self, level, n)
    }

    fn last_of_streams(
        &self,
        each: &mut dyn FnMut(LastOfStream<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        select::last_of_streams(self, each)
    }

    fn sealed_keys(&self) -> Result<Vec<SealedKey>, StoreError> {
        select::sealed_keys(self)
    }

    fn scheme(&self, sha256: &str) -> Result<Option<Scheme>, StoreError> {
        select::scheme(self, sha256)
    }

    fn schemes(&self) -> Result<Vec<Scheme>, StoreError> {
        select::schemes(self)
    }

    fn checkpoint_up_to(&self, size: u64) -> Result<Option<String>, StoreError> {
        select::checkpoint_up_to(self, size)
    }

    fn checkpoint_size(&self) -> Result<u64, StoreError> {
        Ok(select::number(&mut prepared(self, "SELECT max(size) FROM checkpoints")?, [])?.unwrap_or(0))
    }
}

fn alarms(connection: &Connection, sql: &str) -> Result<Vec<RaisedAlarm>, StoreError> {
    let mut statement = prepared(connection, sql)?;
    let mut found = statement.query([]).map_err(reading)?;
    let mut alarms = Vec::new();
    while let Some(columns) = found.next().map_err(reading)? {
        alarms.push(RaisedAlarm {
            at: columns.get(0).map_err(reading)?,
            why: columns.get(1).map_err(reading)?,
            cleared: columns.get(2).map_err(reading)?,
        });
    }
    Ok(alarms)
}
