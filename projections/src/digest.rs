//! Digest: one line that says what a views file shows, the same on every machine: all rows of all views in the order of
//! their own values, every value with its kind and length before it, SHA-256 over all.

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sha2::{Digest as _, Sha256};
use wuping_ledger::encoding::hex_encode;

use crate::error::ViewsError;

/// The digest of what a views file shows, lower-case hex.
///
/// # Errors
/// If it cannot be read.
pub fn digest(connection: &Connection) -> Result<String, ViewsError> {
    let mut hash = Sha256::new();
    hash.update(b"wuping-views/1\n");
    for (table, order) in VIEWS {
        let rows = table_digest(connection, table, order)?;
        hash.update(rows);
    }
    Ok(hex_encode(&hash.finalize()))
}

/// The digest of one view, by its name, for finding out which one differs.
///
/// # Errors
/// If it cannot be read.
pub fn digests(connection: &Connection) -> Result<Vec<(&'static str, String)>, ViewsError> {
    VIEWS
        .iter()
        .map(|(table, order)| Ok((*table, hex_encode(&table_digest(connection, table, order)?))))
        .collect()
}

fn table_digest(connection: &Connection, table: &str, order: &str) -> Result<[u8; 32], ViewsError> {
    let reading = ViewsError::database("be read");
    let mut statement =
        connection.prepare(&format!("SELECT * FROM {table} ORDER BY {order}")).map_err(&reading)?;
    let columns = statement.column_count();
    let mut hash = Sha256::new();
    let mut row_bytes = Vec::new();
    part(&mut row_bytes, b't', table.as_bytes());
    let mut rows = statement.query([]).map_err(&reading)?;
    while let Some(row) = rows.next().map_err(&reading)? {
        for column in 0..columns {
            match row.get_ref(column).map_err(&reading)? {
                ValueRef::Null => part(&mut row_bytes, b'n', b""),
                ValueRef::Integer(number) => part(&mut row_bytes, b'i', number.to_string().as_bytes()),
                ValueRef::Text(text) => part(&mut row_bytes, b't', text),
                ValueRef::Blob(bytes) => part(&mut row_bytes, b'b', bytes),
                // No column of a view is one; a file made by hand could have it.
                ValueRef::Real(number) => part(&mut row_bytes, b'r', &number.to_be_bytes()),
            }
        }
        row_bytes.push(b'\n');
        hash.update(&row_bytes);
        row_bytes.clear();
    }
    Ok(hash.finalize().into())
}

fn part(bytes: &mut Vec<u8>, kind: u8, value: &[u8]) {
    bytes.push(kind);
    bytes.extend((value.len() as u64).to_be_bytes());
    bytes.extend(value);
}

/// The views, each with an order that leaves no two different rows open.
const VIEWS: [(&str, &str); 22] = [
    ("account_keys", "kid"),
    ("accounts", "account"),
    ("authorities", "authority"),
    ("closed_hazards", "number, hazard, position, closed_on"),
    ("counts", "subdistrict, layer, management_level, star, band"),
    ("credit_files", "party"),
    ("credit_outbox", "party, report"),
    ("credit_published", "party, what, number"),
    ("current_grades", "number"),
    ("ended_assessments", "position"),
    ("grade_history", "position"),
    ("matter_hands", "number, stream, n"),
    ("matters_at_hand", "number, stream"),
    ("matters_over", "position, stream, ended_position"),
    ("open_assessments", "number, assessment"),
    ("open_hazards", "number, hazard"),
    ("patrol_schedule", "number"),
    ("premises", "number"),
    ("rulebooks", "rulebook"),
    ("search_codes", "code, number, scheme"),
    ("search_terms", "term, number"),
    ("undertakings", "stream"),
];
