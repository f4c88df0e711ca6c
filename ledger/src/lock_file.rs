//! A file that one process holds at a time.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// The file, made if it is not there, held until it is dropped; none while another process holds it. One that was just
/// killed holds it until the system has done away with it, so a lock that is taken is tried again for a moment.
///
/// # Errors
/// If the file cannot be opened.
pub fn locked_alone(file: &Path) -> io::Result<Option<File>> {
    let lock = File::options().create(true).truncate(false).write(true).open(file)?;
    let began = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(Some(lock)),
            Err(TryLockError::WouldBlock) if began.elapsed() < WAIT => std::thread::sleep(AGAIN),
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(source)) => return Err(source),
        }
    }
}

const WAIT: Duration = Duration::from_secs(2);
const AGAIN: Duration = Duration::from_millis(20);
