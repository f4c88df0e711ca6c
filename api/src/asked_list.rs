//! The lists of who is asked from outside, `witnesses.txt` and `authorities.txt`: one a line, `#` before a remark.

use std::path::Path;

use wuping_ledger::store::StoreError;

/// The lines of a list that say something, each with its number from 1; none where there is no such file.
///
/// # Errors
/// [`StoreError::File`] if it is there and cannot be read.
pub(crate) fn lines(file: &Path) -> Result<Vec<(usize, String)>, StoreError> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(StoreError::File { file: file.to_owned(), source }),
    };
    let lines = (1..).zip(text.lines().map(str::trim));
    Ok(lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| (number, line.to_owned()))
        .collect())
}

/// The address, if it is one that can be asked; else why not.
pub(crate) fn address(text: &str) -> Result<String, String> {
    match text.starts_with("http://") || text.starts_with("https://") {
        true => Ok(text.to_owned()),
        false => Err(format!("{text} is no http:// or https:// address")),
    }
}
