//! Whether something failed because a disk has no room: then nothing is wrong with what was asked, and somebody has to make
//! room.

use std::error::Error;
use std::io::ErrorKind;

use tokio_postgres::error::SqlState;

use crate::causes::any_cause;

/// Whether an error, or one of its causes, says that there is no room on a disk: of the ledger's database, of a Postgres server,
/// of the vault, or of a file.
#[must_use]
pub fn is_disk_full(error: &(dyn Error + 'static)) -> bool {
    any_cause(error, says_so)
}

fn says_so(error: &(dyn Error + 'static)) -> bool {
    if let Some(error) = error.downcast_ref::<std::io::Error>() {
        let within = error.get_ref().is_some_and(|inner| is_disk_full(inner));
        return within || matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    }
    if let Some(rusqlite::Error::SqliteFailure(failure, _)) = error.downcast_ref() {
        return failure.code == rusqlite::ErrorCode::DiskFull
            || failure.extended_code == SHARED_MEMORY_DID_NOT_GROW;
    }
    error
        .downcast_ref::<tokio_postgres::Error>()
        .is_some_and(|error| error.code() == Some(&SqlState::DISK_FULL))
}

/// The file that readers and the writer share beside a SQLite database could not grow.
const SHARED_MEMORY_DID_NOT_GROW: i32 = rusqlite::ffi::SQLITE_IOERR_SHMSIZE;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::append::AppendError;
    use crate::store::StoreError;

    fn sqlite(code: i32) -> AppendError {
        let failure = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
        AppendError::Store(Arc::new(StoreError::Database { doing: "take a batch", source: failure.into() }))
    }

    #[test]
    fn a_full_disk_is_known_behind_what_it_made_fail() {
        assert!(is_disk_full(&sqlite(rusqlite::ffi::SQLITE_FULL)));
        assert!(is_disk_full(&sqlite(rusqlite::ffi::SQLITE_IOERR_SHMSIZE)));
        let source = std::io::Error::from(ErrorKind::StorageFull);
        assert!(is_disk_full(&StoreError::File { file: "checkpoints.txt".into(), source }));
        let wrapped = std::io::Error::other(std::io::Error::from(ErrorKind::StorageFull));
        assert!(is_disk_full(&wrapped));
    }

    #[test]
    fn what_failed_for_another_reason_is_none() {
        assert!(!is_disk_full(&sqlite(rusqlite::ffi::SQLITE_BUSY)));
        assert!(!is_disk_full(&sqlite(rusqlite::ffi::SQLITE_IOERR)));
        assert!(!is_disk_full(&AppendError::Busy));
        assert!(!is_disk_full(&std::io::Error::from(ErrorKind::PermissionDenied)));
    }
}
