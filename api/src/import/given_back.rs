//! A published table as text again, as the publisher writes it.

use std::io::Write;

use wuping_replay::published::Given;

/// Write a table as comma-separated text: quotes only where they are needed, lines ended by a line feed.
///
/// # Errors
/// If it cannot be written.
pub fn write(given: Given, out: impl Write) -> Result<(), csv::Error> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(&given.columns)?;
    given.rows.iter().try_for_each(|row| csv.write_record(row))?;
    Ok(csv.flush()?)
}
