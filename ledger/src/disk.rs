//! Whether a SQLite database waits for the disk. It does, except while a history is made up that nobody was promised.

use std::fs::File;
use std::path::PathBuf;

use rusqlite::Connection;

/// Commits of this connection wait for the disk, or need not. Where they are to again, what was written until then is
/// on disk when this returns.
pub(crate) fn wait_for_disk(connection: &Connection, wait: bool) -> std::io::Result<()> {
    let setting = if wait { "PRAGMA synchronous = FULL" } else { "PRAGMA synchronous = OFF" };
    connection.execute_batch(setting).map_err(std::io::Error::other)?;
    let database = connection.path().filter(|_| wait).map(PathBuf::from);
    let Some(database) = database else { return Ok(()) };
    let mut log = database.clone().into_os_string();
    log.push("-wal");
    for file in [database, log.into()] {
        match File::open(file) {
            Ok(file) => file.sync_all()?,
            Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => {}
            Err(failed) => return Err(failed),
        }
    }
    Ok(())
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
