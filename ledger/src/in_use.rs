//! Who has a ledger open for writing, and how much room there is: looked at from outside, without getting in anybody's way.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::place::Place;
use crate::postgres_session::Session;
use crate::store::StoreError;

/// What is known of those who write, a line each; nobody if it is empty.
///
/// # Errors
///
/// [`StoreError`] if it cannot be found out.
pub fn writers(folder: &Path) -> Result<Vec<String>, StoreError> {
    match Place::of(folder)? {
        Place::Postgres(address) => {
            let rows = Session::open(&address)?.query(CONNECTED, &[])?;
            Ok(rows.iter().map(|row| row.get(0)).collect())
        }
        Place::Sqlite(folder) => {
            let file = folder.join("ledger.lock");
            held(&file).map_err(|source| StoreError::File { file, source })
        }
    }
}

/// Bytes that are free where a folder lies, for those who are not root.
///
/// # Errors
///
/// What the system said.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let room = rustix::fs::statvfs(folder)?;
    Ok(room.f_bavail.saturating_mul(room.f_frsize))
}

/// Who holds the lock of a file. The system's table of locks says so; where it does not know, the lock itself is tried for no
/// longer than that takes, which a writer that is just starting waits for.
fn held(file: &Path) -> io::Result<Vec<String>> {
    let lock = match File::open(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        lock => lock?,
    };
    let inode = lock.metadata()?.ino();
    let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    let known: Vec<String> = locks.lines().filter_map(|line| holder(line, inode)).map(process).collect();
    if !known.is_empty() {
        return Ok(known);
    }
    match lock.try_lock_shared() {
        Ok(()) => Ok(Vec::new()),
        Err(TryLockError::WouldBlock) => Ok(vec!["a process that cannot be seen from here".to_owned()]),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The process of a line such as `1: FLOCK  ADVISORY  WRITE 1234 fd:01:5678 0 EOF`, if it is about that file.
fn holder(line: &str, inode: u64) -> Option<u32> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [_, "FLOCK", _, "WRITE", process, place, ..] = fields.as_slice() else { return None };
    let of = place.rsplit(':').next()?.parse::<u64>().ok()?;
    (of == inode).then(|| process.parse().ok()).flatten()
}

fn process(id: u32) -> String {
    let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    let words: Vec<String> = line
        .split(|byte| *byte == 0)
        .filter(|word| !word.is_empty())
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect();
    format!("process {id} ({})", words.join(" "))
}

/// Everybody else who is connected as this program is; what they run is not shown to those who may not see it.
const CONNECTED: &str = "SELECT format('connection %s of %s from %s', pid, usename, coalesce(client_addr::text, 'this machine')) \
                         FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'wuping' \
                         AND pid <> pg_backend_pid() ORDER BY pid";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_locks_is_read() {
        let line = "12: FLOCK  ADVISORY  WRITE 4711 fd:01:5678 0 EOF";
        assert_eq!((holder(line, 5678), holder(line, 567)), (Some(4711), None));
        for other in ["12: POSIX  ADVISORY  WRITE 4711 fd:01:5678 0 EOF", "12: -> FLOCK ADVISORY WRITE 1", ""]
        {
            assert_eq!(holder(other, 5678), None, "{other}");
        }
    }

    #[test]
    fn a_lock_that_is_held_here_is_ours_and_one_that_is_free_nobodys() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ledger.lock");
        assert_eq!(held(&file).unwrap(), [] as [String; 0]);
        let lock = File::create(&file).unwrap();
        assert_eq!(held(&file).unwrap(), [] as [String; 0]);
        lock.lock().unwrap();
        let [by] = held(&file).unwrap().try_into().unwrap();
        assert!(by.contains(&std::process::id().to_string()) || by.contains("cannot be seen"), "{by}");
    }

    #[test]
    fn there_is_some_room() {
        assert!(free_bytes(&std::env::temp_dir()).unwrap() > 0);
        assert!(free_bytes(Path::new("/no/such/folder")).is_err());
    }
}
