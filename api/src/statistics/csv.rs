//! A table as comma-separated text.

use wuping_replay::statistics::{Cell, Made};

use super::{WriteError, heading, value};
use crate::look::words::Lang;

/// A report: its rows under their columns.
pub(super) fn write(made: &Made, lang: Option<Lang>) -> Result<Vec<u8>, WriteError> {
    let columns = made.table.columns;
    let headings = columns.iter().map(|column| heading(column, lang));
    let rows = made.table.rows.iter().map(|row| {
        let cells = columns.iter().zip(row).map(|(column, cell)| value(column, cell, lang));
        cells.collect::<Vec<_>>()
    });
    table(headings, rows, lang.is_some())
}

/// Rows under their headings. For people it begins with a mark by which spreadsheets know the encoding, and no text in it is one that
/// a spreadsheet would reckon as a formula: somebody typed it.
pub(super) fn table<'h>(
    headings: impl Iterator<Item = &'h str>,
    rows: impl Iterator<Item = Vec<Cell>>,
    for_people: bool,
) -> Result<Vec<u8>, WriteError> {
    let mut file = ::csv::Writer::from_writer(if for_people { BYTE_ORDER_MARK.to_vec() } else { vec![] });
    file.write_record(headings)?;
    for row in rows {
        file.write_record(row.iter().map(|cell| match cell {
            Cell::Text(text) if for_people && text.starts_with(FORMULA) => format!("'{text}"),
            cell => cell.text(),
        }))?;
    }
    file.into_inner().map_err(|error| WriteError::Csv(error.into_error().into()))
}

const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];
/// What a spreadsheet takes for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that fails says where")]

    use super::*;

    #[test]
    fn no_text_that_somebody_typed_is_reckoned_by_a_spreadsheet() {
        let typed =
            || vec![vec![Cell::Text("=HYPERLINK(1)".into()), Cell::Number(7), Cell::Text("—".into())]];
        let written = |for_people| {
            let bytes = table(["a", "b", "c"].into_iter(), typed().into_iter(), for_people).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        assert_eq!(written(true), "\u{feff}a,b,c\n'=HYPERLINK(1),7,—\n");
        assert_eq!(written(false), "a,b,c\n=HYPERLINK(1),7,—\n", "a program reads what stands there");
    }
}
