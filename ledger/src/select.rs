//! Reads on one SQLite connection: shared by the writer's store and by readers.
//!
//! No value is believed to have its type: what is not text, number or bytes where it should be is damage, told as such.

use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Params, Row as Columns, params};
use uuid::Uuid;

use crate::encoding::Hash;
use crate::recorded::RecordedRow;
use crate::row::Row;
use crate::store::{LastOfStream, Outcome, Scheme, SealedKey, StoreError};
use crate::stored_leaf::StoredLeaf;

/// Entries of `from..to`, in order.
pub(crate) fn rows(
    connection: &Connection,
    from: u64,
    to: u64,
    each: &mut dyn FnMut(RecordedRow<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = prepared(
        connection,
        "SELECT position, aggregate_id, sequence, event_type, schema, payload, author_seq, event_id, occurred_at, kid, \
         recorded_at FROM events WHERE position >= ?1 AND position < ?2 ORDER BY position",
    )?;
    let mut found = statement.query([signed(from), signed(to)]).map_err(reading)?;
    while let Some(columns) = found.next().map_err(reading)? {
        each(recorded(columns)?)?;
    }
    Ok(())
}

/// Entries of `from..to` in the columns that rebuild their leaves, in order.
pub(crate) fn leaves(
    connection: &Connection,
    from: u64,
    to: u64,
    each: &mut dyn FnMut(StoredLeaf<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = prepared(
        connection,
        "SELECT position, aggregate_id, sequence, payload, author_seq, event_id, occurred_at, schema, kid, signature, \
         recorded_at, leaf_hash FROM events WHERE position >= ?1 AND position < ?2 ORDER BY position",
    )?;
    let mut found = statement.query([signed(from), signed(to)]).map_err(reading)?;
    while let Some(columns) = found.next().map_err(reading)? {
        each(StoredLeaf {
            position: unsigned(columns, 0)?,
            stream: text(columns, 1)?,
            version: unsigned(columns, 2)?,
            data: text(columns, 3)?,
            author_seq: unsigned(columns, 4)?,
            event_id: text(columns, 5)?,
            occurred_at: text(columns, 6)?,
            schema: text(columns, 7)?,
            kid: text(columns, 8)?,
            signature: text(columns, 9)?,
            recorded_at: text(columns, 10)?,
            leaf_hash: hash(columns, 11)?,
        })?;
    }
    Ok(())
}

/// Entries of a stream alone, by version.
pub(crate) fn rows_of_stream(
    connection: &Connection,
    stream: &str,
    each: &mut dyn FnMut(RecordedRow<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = prepared(
        connection,
        "SELECT position, aggregate_id, sequence, event_type, schema, payload, author_seq, event_id, occurred_at, kid, \
         recorded_at FROM events WHERE aggregate_id = ?1 ORDER BY sequence",
    )?;
    let mut found = statement.query([stream]).map_err(reading)?;
    while let Some(columns) = found.next().map_err(reading)? {
        each(recorded(columns)?)?;
    }
    Ok(())
}

/// Positions of a stream alone, ascending.
pub(crate) fn positions_of_stream(connection: &Connection, stream: &str) -> Result<Vec<u64>, StoreError> {
    let sql = "SELECT position FROM events WHERE aggregate_id = ?1 ORDER BY sequence";
    numbers(&mut prepared(connection, sql)?, [stream])
}

/// Positions of a path and of all below it, ascending, below `before`.
pub(crate) fn positions_of_path(
    connection: &Connection,
    path: &str,
    before: Option<u64>,
) -> Result<Vec<u64>, StoreError> {
    let mut positions = positions_of_stream(connection, path)?;
    if path.contains('/') {
        positions.extend(positions_below(connection, path, 0)?);
    }
    if let Some(before) = before {
        positions.retain(|position| *position < before);
    }
    positions.sort_unstable();
    Ok(positions)
}

/// Positions of all below a path, ascending.
pub(crate) fn positions_below(
    connection: &Connection,
    path: &str,
    from: u64,
) -> Result<Vec<u64>, StoreError> {
    // by the streams' index, which has the positions too: there are few of these streams and many entries
    let sql =
        "SELECT position FROM events WHERE aggregate_id >= ?1 AND aggregate_id < ?2 AND +position >= ?3";
    let [at_least, less] = below(path);
    let mut positions = numbers(&mut prepared(connection, sql)?, params![at_least, less, signed(from)])?;
    positions.sort_unstable();
    Ok(positions)
}

/// Entries at these positions, in the order given.
pub(crate) fn rows_at(
    connection: &Connection,
    positions: &[u64],
    each: &mut dyn FnMut(RecordedRow<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = prepared(
        connection,
        "SELECT position, aggregate_id, sequence, event_type, schema, payload, author_seq, event_id, occurred_at, kid, \
         recorded_at FROM events WHERE position = ?1",
    )?;
    for position in positions {
        let mut found = statement.query([signed(*position)]).map_err(reading)?;
        match found.next().map_err(reading)? {
            Some(columns) => each(recorded(columns)?)?,
            None => return Err(damaged(format!("the entry at position {position} is gone"))),
        }
    }
    Ok(())
}

/// The highest position of a path and of all below it. The highest of a stream is that of its last version.
pub(crate) fn last_position_of_path(connection: &Connection, path: &str) -> Result<Option<u64>, StoreError> {
    let sql = "SELECT position FROM events WHERE aggregate_id = ?1 ORDER BY sequence DESC LIMIT 1";
    let own = number(&mut prepared(connection, sql)?, [path])?;
    if !path.contains('/') {
        return Ok(own);
    }
    let sql = "SELECT max(position) FROM events WHERE aggregate_id >= ?1 AND aggregate_id < ?2";
    Ok(own.max(number(&mut prepared(connection, sql)?, below(path))?))
}

/// The version of a stream: 0 when it has no entry.
pub(crate) fn version(connection: &Connection, stream: &str) -> Result<u64, StoreError> {
    let sql = "SELECT max(sequence) FROM events WHERE aggregate_id = ?1";
    Ok(number(&mut prepared(connection, sql)?, [stream])?.unwrap_or(0))
}

/// Where the entry of an event id stands.
pub(crate) fn position_of(connection: &Connection, event_id: &Uuid) -> Result<Option<u64>, StoreError> {
    let sql = "SELECT position FROM events WHERE event_id = ?1";
    number(&mut prepared(connection, sql)?, [id_text(event_id)])
}

/// Leaf hashes of `from..to`, all there.
pub(crate) fn leaf_hashes(connection: &Connection, from: u64, to: u64) -> Result<Vec<Hash>, StoreError> {
    let sql =
        "SELECT position, leaf_hash FROM events WHERE position >= ?1 AND position < ?2 ORDER BY position";
    let mut statement = prepared(connection, sql)?;
    let mut found = statement.query([signed(from), signed(to)]).map_err(reading)?;
    let mut hashes = Vec::new();
    while let Some(columns) = found.next().map_err(reading)? {
        let (position, due) = (unsigned(columns, 0)?, from + hashes.len() as u64);
        if position != due {
            return Err(damaged(format!("the entry at position {due} is gone")));
        }
        hashes.push(hash(columns, 1)?);
    }
    match hashes.len() as u64 == to.saturating_sub(from) {
        true => Ok(hashes),
        false => Err(damaged(format!("the entry at position {} is gone", from + hashes.len() as u64))),
    }
}

/// A full tile of level 1 or above.
pub(crate) fn tile(connection: &Connection, level: u8, n: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT hashes FROM tiles WHERE level = ?1 AND n = ?2";
    let mut statement = prepared(connection, sql)?;
    let mut found = statement.query([i64::from(level), signed(n)]).map_err(reading)?;
    let columns = found.next().map_err(reading)?;
    columns.map(|columns| blob(columns, 0).map(<[u8]>::to_vec)).transpose()
}

/// The last entry of each stream, in order of the streams' names.
pub(crate) fn last_of_streams(
    connection: &Connection,
    each: &mut dyn FnMut(LastOfStream<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    // In SQLite a bare column beside max() is of the row that has the maximum.
    let sql = "SELECT aggregate_id, max(sequence), position, leaf_hash FROM events GROUP BY aggregate_id";
    let mut statement = prepared(connection, sql)?;
    let mut found = statement.query([]).map_err(reading)?;
    while let Some(columns) = found.next().map_err(reading)? {
        each(LastOfStream {
            stream: text(columns, 0)?,
            version: unsigned(columns, 1)?,
            position: unsigned(columns, 2)?,
            leaf_hash: hash(columns, 3)?,
        })?;
    }
    Ok(())
}

/// What became of a command.
pub(crate) fn outcome(connection: &Connection, event_id: &Uuid) -> Result<Option<Outcome>, StoreError> {
    let sql = "SELECT digest, result, position FROM outcomes WHERE event_id = ?1";
    let mut statement = prepared(connection, sql)?;
    let mut found = statement.query([id_text(event_id)]).map_err(reading)?;
    let Some(columns) = found.next().map_err(reading)? else { return Ok(None) };
    let digest = blob(columns, 0)?.try_into().map_err(|_| damaged("an outcome's digest has not 32 bytes"))?;
    let position = match value(columns, 2)? {
        ValueRef::Null => None,
        _ => Some(unsigned(columns, 2)?),
    };
    Ok(Some(Outcome { event_id: *event_id, digest, position, result: text(columns, 1)?.to_owned() }))
}

/// A compiled rulebook by its digest.
pub(crate) fn scheme(connection: &Connection, sha256: &str) -> Result<Option<Scheme>, StoreError> {
    let mut statement = prepared(connection, "SELECT sha256, id, bytes FROM schemes WHERE sha256 = ?1")?;
    let mut found = statement.query([sha256]).map_err(reading)?;
    found.next().map_err(reading)?.map(scheme_of).transpose()
}

/// All compiled rulebooks, by digest.
pub(crate) fn schemes(connection: &Connection) -> Result<Vec<Scheme>, StoreError> {
    let mut statement = prepared(connection, "SELECT sha256, id, bytes FROM schemes ORDER BY sha256")?;
    let mut found = statement.query([]).map_err(reading)?;
    let mut schemes = Vec::new();
    while let Some(columns) = found.next().map_err(reading)? {
        schemes.push(scheme_of(columns)?);
    }
    Ok(schemes)
}

/// The keys that the server holds, sealed.
pub(crate) fn sealed_keys(connection: &Connection) -> Result<Vec<SealedKey>, StoreError> {
    let mut statement =
        prepared(connection, "SELECT kid, role, holder, sealed FROM sealed_keys ORDER BY kid")?;
    let mut found = statement.query([]).map_err(reading)?;
    let mut keys = Vec::new();
    while let Some(columns) = found.next().map_err(reading)? {
        keys.push(SealedKey {
            kid: text(columns, 0)?.to_owned(),
            role: text(columns, 1)?.to_owned(),
            holder: text(columns, 2)?.to_owned(),
            sealed: blob(columns, 3)?.to_vec(),
        });
    }
    Ok(keys)
}

/// The signed checkpoint of the largest size up to this one.
pub(crate) fn checkpoint_up_to(connection: &Connection, size: u64) -> Result<Option<String>, StoreError> {
    let sql = "SELECT note FROM checkpoints WHERE size <= ?1 ORDER BY size DESC LIMIT 1";
    let mut statement = prepared(connection, sql)?;
    let mut found = statement.query([signed(size)]).map_err(reading)?;
    let columns = found.next().map_err(reading)?;
    columns.map(|columns| text(columns, 0).map(str::to_owned)).transpose()
}

/// How far a reaction has come.
pub(crate) fn cursor(connection: &Connection, reaction: &str) -> Result<Option<u64>, StoreError> {
    number(&mut prepared(connection, "SELECT position FROM cursors WHERE reaction = ?1")?, [reaction])
}

/// A statement that is compiled once a connection.
pub(crate) fn prepared<'c>(connection: &'c Connection, sql: &str) -> Result<CachedStatement<'c>, StoreError> {
    connection.prepare_cached(sql).map_err(reading)
}

/// The first number a query answers; none for no row and for NULL.
pub(crate) fn number(
    statement: &mut CachedStatement<'_>,
    params: impl Params,
) -> Result<Option<u64>, StoreError> {
    let found = statement.query_row(params, |columns| columns.get::<_, Option<i64>>(0)).optional();
    match found.map_err(reading)?.flatten() {
        Some(number) => u64::try_from(number).map(Some).map_err(|_| damaged("a number is negative")),
        None => Ok(None),
    }
}

/// The text of an event id as the columns have it.
pub(crate) fn id_text(event_id: &Uuid) -> String {
    event_id.hyphenated().to_string()
}

/// SQLite's integers are signed; nothing here comes near their end.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn text<'r>(columns: &'r Columns<'_>, at: usize) -> Result<&'r str, StoreError> {
    match value(columns, at)? {
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).map_err(|_| damaged("a text is not UTF-8")),
        _ => Err(damaged("a value is not text")),
    }
}

pub(crate) fn blob<'r>(columns: &'r Columns<'_>, at: usize) -> Result<&'r [u8], StoreError> {
    match value(columns, at)? {
        ValueRef::Blob(bytes) => Ok(bytes),
        _ => Err(damaged("a value is not bytes")),
    }
}

pub(crate) fn unsigned(columns: &Columns<'_>, at: usize) -> Result<u64, StoreError> {
    match value(columns, at)? {
        ValueRef::Integer(number) => u64::try_from(number).map_err(|_| damaged("a number is negative")),
        _ => Err(damaged("a value is not a whole number")),
    }
}

pub(crate) fn hash(columns: &Columns<'_>, at: usize) -> Result<Hash, StoreError> {
    Hash::from_slice(blob(columns, at)?).map_err(|refusal| StoreError::refused("a hash", &refusal))
}

pub(crate) fn damaged(what: impl Into<String>) -> StoreError {
    StoreError::Corrupt { what: what.into() }
}

pub(crate) fn reading(source: rusqlite::Error) -> StoreError {
    StoreError::Database { doing: "be read", source: source.into() }
}

fn recorded<'r>(columns: &'r Columns<'_>) -> Result<RecordedRow<'r>, StoreError> {
    Ok(RecordedRow {
        position: unsigned(columns, 0)?,
        stream: text(columns, 1)?,
        version: unsigned(columns, 2)?,
        event_type: text(columns, 3)?,
        schema: text(columns, 4)?,
        data: text(columns, 5)?,
        author_seq: unsigned(columns, 6)?,
        event_id: text(columns, 7)?,
        occurred_at: text(columns, 8)?,
        kid: text(columns, 9)?,
        recorded_at: text(columns, 10)?,
    })
}

/// Stored rows of `from..to`, in order.
pub(crate) fn stored_rows(connection: &Connection, from: u64, to: u64) -> Result<Vec<Row>, StoreError> {
    let mut statement = prepared(
        connection,
        "SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, \
         author_seq, event_id, occurred_at, schema, kid, signature, recorded_at, leaf_hash FROM events \
         WHERE position >= ?1 AND position < ?2 ORDER BY position",
    )?;
    let mut found = statement.query([signed(from), signed(to)]).map_err(reading)?;
    let mut rows = Vec::new();
    while let Some(columns) = found.next().map_err(reading)? {
        rows.push(stored_row(columns)?);
    }
    Ok(rows)
}

/// All sixteen columns of a row of `events`, in the order of the table.
pub(crate) fn stored_row(columns: &Columns<'_>) -> Result<Row, StoreError> {
    let owned = |at| text(columns, at).map(str::to_owned);
    Ok(Row {
        position: unsigned(columns, 0)?,
        aggregate_type: owned(1)?,
        aggregate_id: owned(2)?,
        sequence: unsigned(columns, 3)?,
        event_type: owned(4)?,
        event_version: owned(5)?,
        payload: owned(6)?,
        metadata: owned(7)?,
        author_seq: unsigned(columns, 8)?,
        event_id: owned(9)?,
        occurred_at: owned(10)?,
        schema: owned(11)?,
        kid: owned(12)?,
        signature: owned(13)?,
        recorded_at: owned(14)?,
        leaf_hash: hash(columns, 15)?,
    })
}

fn scheme_of(columns: &Columns<'_>) -> Result<Scheme, StoreError> {
    Ok(Scheme {
        sha256: text(columns, 0)?.to_owned(),
        id: text(columns, 1)?.to_owned(),
        bytes: blob(columns, 2)?.to_vec(),
    })
}

fn numbers(statement: &mut CachedStatement<'_>, params: impl Params) -> Result<Vec<u64>, StoreError> {
    let mut found = statement.query(params).map_err(reading)?;
    let mut numbers = Vec::new();
    while let Some(columns) = found.next().map_err(reading)? {
        numbers.push(unsigned(columns, 0)?);
    }
    Ok(numbers)
}

fn value<'r>(columns: &'r Columns<'_>, at: usize) -> Result<ValueRef<'r>, StoreError> {
    columns.get_ref(at).map_err(reading)
}

/// The range of streams below a path: `0` is the byte after `/`.
pub(crate) fn below(path: &str) -> [String; 2] {
    [format!("{path}/"), format!("{path}0")]
}
