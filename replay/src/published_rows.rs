//! Published files given back whole: the rows of one file as they stand in the log, each in one of its events, in the order
//! of the file; and whether they are what was received.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use wuping_ledger::encoding::hex_encode;
use wuping_ledger::reader::Reader;

use crate::published::{Given, PublishedError};

/// A file given back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GivenBack {
    /// Its rows under the publisher's columns.
    pub given: Given,
    /// Whether they are what was received: `false` where a later file of the same name changed some, or where the import
    /// has not come to its end.
    pub as_received: bool,
}

/// A file as the newest import of it received it.
///
/// # Errors
/// [`PublishedError`] if the ledger cannot be read; [`PublishedError::NotThere`] where no import of the file has come to
/// its end.
pub fn file(reader: &Reader, file: &str) -> Result<GivenBack, PublishedError> {
    let mut received = None;
    for entry in reader.stream(&stream_of(file))? {
        let position = entry.row().position;
        let said: SaidReceived = serde_json::from_str(entry.row().data)
            .map_err(|source| PublishedError::Source { position, source })?;
        received = Some(said.source);
    }
    let not_there = || PublishedError::NotThere { wanted: file.to_owned(), last: None };
    let received: Received = received.ok_or_else(not_there)?;
    let mut rows: BTreeMap<(u64, u64), Vec<String>> = BTreeMap::new();
    let mark = format!("\"file\":\"{file}\"");
    reader.rows(0, reader.size()?, |row| {
        if !row.data.contains(&mark) || !row.data.contains("\"raw\":") {
            return Ok(());
        }
        let said: SaidRow = serde_json::from_str(row.data)
            .map_err(|source| PublishedError::Source { position: row.position, source })?;
        let of_file = [said.source, said.published].into_iter().flatten().find_map(|told| match told {
            Told::Row(row) if row.file == file => Some(row),
            _ => None,
        });
        if let Some(mut told) = of_file {
            let cells = received.columns.iter().map(|column| told.raw.remove(column).unwrap_or_default());
            rows.insert((told.place, row.position), cells.collect());
        }
        Ok::<_, PublishedError>(())
    })?;
    let rows: Vec<Vec<String>> = rows.into_values().collect();
    let as_received = digest(rows.iter()) == received.digest;
    Ok(GivenBack { given: Given { columns: received.columns, rows }, as_received })
}

/// SHA-256 of rows: cells joined by U+001F in column order, rows sorted and joined by U+001E; lower-case hex.
pub fn digest<C: AsRef<str>>(rows: impl Iterator<Item = impl IntoIterator<Item = C>>) -> String {
    let mut joined: Vec<String> = rows
        .map(|cells| {
            let mut row = String::new();
            for (place, cell) in cells.into_iter().enumerate() {
                if place > 0 {
                    row.push('\u{1f}');
                }
                row.push_str(cell.as_ref());
            }
            row
        })
        .collect();
    joined.sort_unstable();
    hex_encode(&Sha256::digest(joined.join("\u{1e}")))
}

/// Where it stands that a file was received whole.
pub fn stream_of(file: &str) -> String {
    format!("published/{}", file.replace('_', "-"))
}

#[derive(Deserialize)]
struct SaidReceived {
    source: Received,
}

#[derive(Deserialize)]
struct Received {
    columns: Vec<String>,
    digest: String,
}

/// What an event says of a published row. A hazard's own finding has a `source` that is a word, and its row in `published`.
#[derive(Deserialize)]
struct SaidRow {
    #[serde(default)]
    source: Option<Told>,
    #[serde(default)]
    published: Option<Told>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Told {
    Row(RawRow),
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct RawRow {
    file: String,
    #[serde(default)]
    place: u64,
    raw: BTreeMap<String, String>,
}
