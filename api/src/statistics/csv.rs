//! A report as comma-separated text.

use wuping_replay::statistics::Made;

use super::{WriteError, heading, value};
use crate::look::words::Lang;

/// Rows under their columns. For people it begins with a mark by which spreadsheets know the encoding.
pub(super) fn write(made: &Made, lang: Option<Lang>) -> Result<Vec<u8>, WriteError> {
    let columns = made.table.columns;
    let mut file = ::csv::Writer::from_writer(lang.map_or(vec![], |_| BYTE_ORDER_MARK.to_vec()));
    file.write_record(columns.iter().map(|column| heading(column, lang)))?;
    for row in &made.table.rows {
        file.write_record(columns.iter().zip(row).map(|(column, cell)| value(column, cell, lang).text()))?;
    }
    file.into_inner().map_err(|error| WriteError::Csv(error.into_error().into()))
}

const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];
