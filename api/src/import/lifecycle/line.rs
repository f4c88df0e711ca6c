//! A line of a published file: its cells, what identifies it, and the digest by which it is known again.

use chrono::{NaiveDate, NaiveDateTime};
use wuping_ledger::encoding::{hex_encode, sha256};
use wuping_ledger::jcs;

use crate::import::ImportError;
use crate::import::csv_rows::{Row, Table};

/// A row on its way into the ledger.
pub(super) struct Line<'t> {
    /// What its file is called as a source, whatever the file given is called.
    pub(super) file: &'static str,
    /// What identifies it in its file.
    pub(super) key: String,
    /// Its place among the rows of its file, from 1.
    pub(super) place: u64,
    /// Digest of its cells.
    pub(super) digest: [u8; 32],
    /// Its table.
    pub(super) table: &'t Table,
    row: &'t Row,
}

/// Every row of a table, known by a key; a key that stands twice is refused.
pub(super) fn lines<'t>(
    file: &'static str,
    table: &'t Table,
    columns: &[&str],
    key: impl Fn(&Line<'t>) -> Result<String, ImportError>,
) -> Result<Vec<Line<'t>>, ImportError> {
    let missing: Vec<String> = columns
        .iter()
        .filter(|column| table.place(column).is_none())
        .map(|column| (*column).to_owned())
        .collect();
    if !missing.is_empty() {
        return Err(ImportError::ColumnsMissing { file: table.file.clone(), columns: missing });
    }
    let mut lines = Vec::with_capacity(table.rows.len());
    let mut known = std::collections::HashSet::new();
    for (place, row) in (1..).zip(&table.rows) {
        let digest = sha256(&jcs::canonical(&serde_json::Value::Object(table.raw(row)))?);
        let mut line = Line { file, key: String::new(), place, digest, table, row };
        line.key = key(&line)?;
        if !known.insert(line.key.clone()) {
            let first = columns.first().copied().unwrap_or_default();
            return Err(line.refuse(first, "this key stands in an earlier row; each row needs its own"));
        }
        lines.push(line);
    }
    Ok(lines)
}

impl<'t> Line<'t> {
    /// A cell without the blanks around it.
    pub(super) fn cell(&self, column: &str) -> &'t str {
        self.table.place(column).map(|place| self.row.cell(place)).unwrap_or_default()
    }

    /// Latitude and longitude, where both are there.
    pub(super) fn coordinates(&self, latitude: &str, longitude: &str) -> Option<String> {
        let (latitude, longitude) = (self.cell(latitude), self.cell(longitude));
        (!latitude.is_empty() && !longitude.is_empty()).then(|| format!("{latitude},{longitude}"))
    }

    /// A cell as it stands in the file.
    pub(super) fn raw(&self, column: &str) -> &'t str {
        self.table.place(column).map(|place| self.row.raw(place)).unwrap_or_default()
    }

    /// All cells by column.
    pub(super) fn cells(&self) -> serde_json::Map<String, serde_json::Value> {
        self.table.raw(self.row)
    }

    /// The line of the file on which it begins.
    pub(super) const fn number(&self) -> u64 {
        self.row.line
    }

    /// The refusal of a cell.
    pub(super) fn refuse(&self, column: &str, detail: impl Into<String>) -> ImportError {
        self.table.refuse(self.row, column, detail)
    }

    /// A cell that must not be empty.
    pub(super) fn filled(&self, column: &str) -> Result<&'t str, ImportError> {
        match self.cell(column) {
            "" => Err(self.refuse(column, "the cell is empty and must not be")),
            filled => Ok(filled),
        }
    }

    /// A whole number as it is written.
    pub(super) fn number_in(&self, column: &str) -> Result<&'t str, ImportError> {
        let cell = self.cell(column);
        let whole = !cell.is_empty() && cell.len() < 19 && cell.bytes().all(|byte| byte.is_ascii_digit());
        let needed = || self.refuse(column, format!("“{cell}” is no whole number, which is needed here"));
        if whole { Ok(cell) } else { Err(needed()) }
    }

    /// A day.
    pub(super) fn day(&self, column: &str) -> Result<NaiveDate, ImportError> {
        let refuse = |cell| self.refuse(column, format!("“{cell}” is no day; write it as 2018-05-15"));
        self.optional_day(column)?.ok_or_else(|| refuse(self.cell(column)))
    }

    /// A day, or nothing.
    pub(super) fn optional_day(&self, column: &str) -> Result<Option<NaiveDate>, ImportError> {
        let cell = self.cell(column);
        let read = || cell.parse().map(Some);
        if cell.is_empty() { Ok(None) } else { read() }
            .map_err(|_| self.refuse(column, format!("“{cell}” is no day; write it as 2018-05-15")))
    }

    /// A day and time of day.
    pub(super) fn moment(&self, column: &str) -> Result<NaiveDateTime, ImportError> {
        let cell = self.cell(column);
        let refuse = || self.refuse(column, format!("“{cell}” is no time; write it as 2018-05-15T09:30:00"));
        cell.parse().map_err(|_| refuse())
    }
}

/// A text as two of them are compared: in capitals, with single blanks.
pub(super) fn squeezed(text: &str) -> String {
    text.to_uppercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text as part of a stream's name. What has no place in one is left out, and a digest of it put behind, so that two
/// texts never have the same name.
pub(super) fn as_key(text: &str) -> String {
    let squeezed = squeezed(text);
    let mut lost = false;
    let mut key = String::with_capacity(squeezed.len());
    for character in squeezed.chars() {
        match character {
            'A'..='Z' | '0'..='9' | '.' => key.push(character.to_ascii_lowercase()),
            ' ' => key.push('_'),
            '-' => key.push('-'),
            _ => lost = true,
        }
    }
    if lost || !key.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        let digest = hex_encode(&sha256(squeezed.as_bytes()));
        let (begun, end) = (key.trim_start_matches(['.', '_', '-']), &digest[..8]);
        return format!("{}{end}", if begun.is_empty() { String::new() } else { format!("{begun}-") });
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_a_name_that_no_other_text_has() {
        assert_eq!(as_key("245-247  Logan Ave "), "245-247_logan_ave");
        assert_eq!(as_key("1 / 2"), as_key("1 /  2"));
        let all = ["2W", "2 W", "2/W", "2#W", ".2W", "-2W", "#", "W#2", "2-W"].map(as_key);
        for (place, key) in all.iter().enumerate() {
            assert!(wuping_ledger::stream::is_path(&format!("premises/{key}")), "{key}");
            assert!(!all[..place].contains(key), "{all:?}");
        }
    }
}
