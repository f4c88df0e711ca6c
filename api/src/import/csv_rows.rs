//! A published table: comma-separated, plain or compressed, with its cells as they stand in the file.

use std::io::Read;
use std::path::Path;

use csv::{ErrorKind, ReaderBuilder, StringRecord};
use flate2::read::MultiGzDecoder;
use serde_json::{Map, Value};

use crate::import::ImportError;

/// A whole file, read.
#[derive(Debug)]
pub(super) struct Table {
    /// The columns in their order.
    pub(super) columns: Vec<String>,
    /// What the file is called in messages.
    pub(super) file: String,
    /// The rows in their order.
    pub(super) rows: Vec<Row>,
}

/// A row, with as many cells as there are columns.
#[derive(Debug)]
pub(super) struct Row {
    cells: StringRecord,
    /// The line on which it begins, from 1.
    pub(super) line: u64,
}

impl Table {
    /// Read a file.
    pub(super) fn of_file(path: &Path) -> Result<Self, ImportError> {
        let bytes =
            std::fs::read(path).map_err(|source| ImportError::File { file: path.to_owned(), source })?;
        Self::of_bytes(&path.display().to_string(), &bytes)
    }

    /// Read bytes, which are compressed if they begin as compressed bytes do.
    pub(super) fn of_bytes(file: &str, bytes: &[u8]) -> Result<Self, ImportError> {
        let mut plain = Vec::new();
        let text = if bytes.starts_with(&GZIP) {
            let unpacked = MultiGzDecoder::new(bytes).read_to_end(&mut plain);
            unpacked.map_err(|source| ImportError::File { file: file.into(), source })?;
            plain.as_slice()
        } else {
            bytes
        };
        Self::of_text(file, text.strip_prefix(&BYTE_ORDER_MARK).unwrap_or(text))
    }

    fn of_text(file: &str, text: &[u8]) -> Result<Self, ImportError> {
        let mut reader = ReaderBuilder::new().from_reader(text);
        let header = reader.headers().map_err(|error| malformed(file, &error))?;
        let columns: Vec<String> = header.iter().map(str::to_owned).collect();
        if let Some(twice) = columns.iter().enumerate().find(|(place, name)| columns[..*place].contains(name))
        {
            let detail = "stands twice in the header; give each column one name".to_owned();
            return Err(ImportError::Malformed {
                file: file.to_owned(),
                line: 1,
                column: twice.1.clone(),
                detail,
            });
        }
        let mut rows = Vec::new();
        for record in reader.records() {
            let cells = record.map_err(|error| malformed(file, &error))?;
            let line = cells.position().map_or(0, csv::Position::line);
            rows.push(Row { cells, line });
        }
        Ok(Self { columns, file: file.to_owned(), rows })
    }

    /// Where a column stands.
    pub(super) fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| name == column)
    }

    /// The refusal of a cell.
    pub(super) fn refuse(&self, row: &Row, column: &str, detail: impl Into<String>) -> ImportError {
        ImportError::Malformed {
            file: self.file.clone(),
            line: row.line,
            column: column.to_owned(),
            detail: detail.into(),
        }
    }

    /// The row as it stands in the file, by column.
    pub(super) fn raw(&self, row: &Row) -> Map<String, Value> {
        let cells = row.cells.iter().map(|cell| Value::String(cell.to_owned()));
        self.columns.iter().cloned().zip(cells).collect()
    }
}

impl Row {
    /// A cell as it stands in the file.
    pub(super) fn raw(&self, place: usize) -> &str {
        self.cells.get(place).unwrap_or_default()
    }

    /// A cell without the blanks around it.
    pub(super) fn cell(&self, place: usize) -> &str {
        self.raw(place).trim()
    }
}

fn malformed(file: &str, error: &csv::Error) -> ImportError {
    let line = error.position().map_or(1, csv::Position::line);
    let (column, detail) = match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let place = (*len).min(*expected_len) + 1;
            (
                format!("{place}"),
                format!("the row has {len} cells, the header {expected_len}; each row needs all of them"),
            )
        }
        ErrorKind::Utf8 { err, .. } => {
            (format!("{}", err.field() + 1), "the cell is not UTF-8 text; save the file as UTF-8".to_owned())
        }
        _ => ("1".to_owned(), "this is no comma-separated text; save the table as CSV".to_owned()),
    };
    ImportError::Malformed { file: file.to_owned(), line, column, detail }
}

const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];
const GZIP: [u8; 2] = [0x1f, 0x8b];
