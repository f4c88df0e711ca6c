//! Whether a SQLite database waits for the disk. It does, except while a history is made up that nobody was promised.

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

/// Commits of this connection wait for the disk, or need not. Where they are to again, what was written until then is
/// on disk when this returns.
pub(crate) fn wait_for_disk(connection: &Connection, wait: bool) -> std::io::Result<()> {
    let setting = if wait { "PRAGMA synchronous = FULL" } else { "PRAGMA synchronous = OFF" };
    connection.execute_batch(setting).map_err(std::io::Error::other)?;
    let Some(database) = connection.path().filter(|_| wait).map(Path::new) else { return Ok(()) };
    for file in [database.to_owned(), log_of(database)] {
        match File::open(file) {
            Ok(file) => file.sync_all()?,
            Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => {}
            Err(failed) => return Err(failed),
        }
    }
    Ok(())
}

/// The write-ahead log of a database's file, which lies beside it.
pub(crate) fn log_of(database: &Path) -> PathBuf {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that fails says where")]

    use rusqlite::Connection;

    use super::wait_for_disk;

    #[test]
    fn a_database_waits_for_the_disk_again_when_it_is_told_to() {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join("some.db")).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE some (n INTEGER);").unwrap();
        let synchronous =
            || connection.query_row("PRAGMA synchronous", [], |columns| columns.get::<_, i64>(0)).unwrap();
        wait_for_disk(&connection, false).unwrap();
        assert_eq!(synchronous(), 0);
        connection.execute_batch("INSERT INTO some (n) VALUES (1);").unwrap();
        wait_for_disk(&connection, true).unwrap();
        assert_eq!(synchronous(), 2);
    }
}
