//! What a batch writes to Postgres, column by column: a statement takes all its rows at once.

use std::collections::HashMap;

use tokio_postgres::types::ToSql;

use crate::row::Row;
use crate::select::{id_text, signed};
use crate::store::{FullTile, Outcome, TreeHead};

/// The columns of a row that are text, in the order of [`INSERT_ROWS`].
pub(crate) const TEXTS: [fn(&Row) -> &String; 12] = [
    |row| &row.aggregate_type,
    |row| &row.aggregate_id,
    |row| &row.event_type,
    |row| &row.event_version,
    |row| &row.payload,
    |row| &row.metadata,
    |row| &row.event_id,
    |row| &row.occurred_at,
    |row| &row.schema,
    |row| &row.kid,
    |row| &row.signature,
    |row| &row.recorded_at,
];

/// What the head is moved to.
pub(crate) struct HeadColumns<'a> {
    size: i64,
    frontier: Vec<u8>,
    root: Vec<u8>,
    recorded_at: &'a str,
}

impl<'a> HeadColumns<'a> {
    pub(crate) fn of(head: &'a TreeHead) -> Self {
        let tree = &head.frontier;
        Self {
            size: signed(tree.size()),
            frontier: tree.to_bytes(),
            root: tree.root().as_bytes().to_vec(),
            recorded_at: head.recorded_at.as_str(),
        }
    }

    /// In the order of [`MOVE_HEAD`].
    pub(crate) fn parameters(&self) -> [&(dyn ToSql + Sync); 4] {
        [&self.size, &self.frontier, &self.root, &self.recorded_at]
    }
}

/// Rows of `events`, column by column.
pub(crate) struct RowColumns<'a> {
    numbers: [Vec<i64>; 3],
    texts: [Vec<&'a str>; 12],
    leaf_hashes: Vec<&'a [u8]>,
}

impl<'a> RowColumns<'a> {
    pub(crate) fn of(rows: &'a [Row]) -> Self {
        let number = |of: fn(&Row) -> u64| rows.iter().map(|row| signed(of(row))).collect();
        Self {
            numbers: [number(|row| row.position), number(|row| row.sequence), number(|row| row.author_seq)],
            texts: TEXTS.map(|text| rows.iter().map(|row| text(row).as_str()).collect()),
            leaf_hashes: rows.iter().map(|row| row.leaf_hash.as_bytes().as_slice()).collect(),
        }
    }

    /// In the order of [`INSERT_ROWS`].
    pub(crate) fn parameters(&self) -> Vec<&(dyn ToSql + Sync)> {
        let mut all: Vec<&(dyn ToSql + Sync)> = Vec::with_capacity(16);
        all.extend(self.numbers.iter().map(|column| column as &(dyn ToSql + Sync)));
        all.extend(self.texts.iter().map(|column| column as &(dyn ToSql + Sync)));
        all.push(&self.leaf_hashes);
        all
    }
}

pub(crate) struct TileColumns<'a>(Vec<i64>, Vec<i64>, Vec<&'a [u8]>);

impl<'a> TileColumns<'a> {
    pub(crate) fn of(tiles: &'a [FullTile]) -> Self {
        Self(
            tiles.iter().map(|tile| i64::from(tile.level)).collect(),
            tiles.iter().map(|tile| signed(tile.n)).collect(),
            tiles.iter().map(|tile| tile.hashes.as_slice()).collect(),
        )
    }

    pub(crate) fn parameters(&self) -> [&(dyn ToSql + Sync); 3] {
        [&self.0, &self.1, &self.2]
    }
}

pub(crate) struct OutcomeColumns<'a> {
    event_ids: Vec<String>,
    digests: Vec<&'a [u8]>,
    results: Vec<&'a str>,
    positions: Vec<Option<i64>>,
}

impl<'a> OutcomeColumns<'a> {
    pub(crate) fn of(outcomes: &'a [Outcome]) -> Self {
        Self {
            event_ids: outcomes.iter().map(|outcome| id_text(&outcome.event_id)).collect(),
            digests: outcomes.iter().map(|outcome| outcome.digest.as_slice()).collect(),
            results: outcomes.iter().map(|outcome| outcome.result.as_str()).collect(),
            positions: outcomes.iter().map(|outcome| outcome.position.map(signed)).collect(),
        }
    }

    pub(crate) fn parameters(&self) -> [&(dyn ToSql + Sync); 4] {
        [&self.event_ids, &self.digests, &self.results, &self.positions]
    }
}

pub(crate) struct CursorColumns<'a>(Vec<&'a str>, Vec<i64>);

impl<'a> CursorColumns<'a> {
    pub(crate) fn of(cursors: &'a HashMap<String, u64>) -> Self {
        Self(
            cursors.keys().map(String::as_str).collect(),
            cursors.values().map(|position| signed(*position)).collect(),
        )
    }

    pub(crate) fn parameters(&self) -> [&(dyn ToSql + Sync); 2] {
        [&self.0, &self.1]
    }
}

pub(crate) const INSERT_ROWS: &str = "INSERT INTO events (position, sequence, author_seq, aggregate_type, aggregate_id, event_type, \
    event_version, payload, metadata, event_id, occurred_at, schema, kid, signature, recorded_at, leaf_hash) \
    SELECT position, sequence, author_seq, aggregate_type, aggregate_id, event_type, event_version, payload::json, \
    metadata::json, event_id, occurred_at, schema, kid, signature, recorded_at, leaf_hash \
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], \
    $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::bytea[]) \
    AS added (position, sequence, author_seq, aggregate_type, aggregate_id, event_type, event_version, payload, metadata, \
    event_id, occurred_at, schema, kid, signature, recorded_at, leaf_hash)";
pub(crate) const WRITE_ONE: &str = "WITH entry AS (INSERT INTO events (position, sequence, author_seq, aggregate_type, aggregate_id, \
    event_type, event_version, payload, metadata, event_id, occurred_at, schema, kid, signature, recorded_at, leaf_hash) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::json, $9::text::json, $10, $11, $12, $13, $14, $15, $16)), \
    settled AS (INSERT INTO outcomes (event_id, digest, accepted, result, position) \
    VALUES ($17, $18, $20::bigint IS NOT NULL, $19, $20)) \
    UPDATE head SET size = $21, frontier = $22, root = $23, recorded_at = $24 WHERE only_row = 1";
pub(crate) const INSERT_TILES: &str = "INSERT INTO tiles (level, n, hashes) \
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])";
pub(crate) const INSERT_OUTCOMES: &str = "INSERT INTO outcomes (event_id, digest, accepted, result, position) \
    SELECT event_id, digest, position IS NOT NULL, result, position \
    FROM unnest($1::text[], $2::bytea[], $3::text[], $4::bigint[]) AS settled (event_id, digest, result, position)";
/// As [`INSERT_OUTCOMES`], of a command that was refused: where it has an outcome already, that stands.
pub(crate) const INSERT_REFUSAL: &str = "INSERT INTO outcomes (event_id, digest, accepted, result, position) \
    SELECT event_id, digest, position IS NOT NULL, result, position \
    FROM unnest($1::text[], $2::bytea[], $3::text[], $4::bigint[]) AS settled (event_id, digest, result, position) \
    ON CONFLICT (event_id) DO NOTHING";
pub(crate) const SET_CURSORS: &str = "INSERT INTO cursors (reaction, position) SELECT * FROM unnest($1::text[], $2::bigint[]) \
    ON CONFLICT (reaction) DO UPDATE SET position = excluded.position";
pub(crate) const MOVE_HEAD: &str =
    "UPDATE head SET size = $1, frontier = $2, root = $3, recorded_at = $4 WHERE only_row = 1";
