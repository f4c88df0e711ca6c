//! Files that outlast a power cut, their names too.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// Puts content in the place of a file: afterwards there is the new content or the old one, whatever happens.
///
/// # Errors
/// What the system answers; the file is then as it was.
pub fn replace(file: &Path, content: &[u8]) -> io::Result<()> {
    let part = file.with_extension("part");
    let mut written = File::create(&part)?;
    written.write_all(content)?;
    written.sync_all()?;
    std::fs::rename(&part, file)?;
    name_kept(file)
}

/// Syncs the folder that names a file.
///
/// # Errors
/// What the system answers.
pub fn name_kept(file: &Path) -> io::Result<()> {
    file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
