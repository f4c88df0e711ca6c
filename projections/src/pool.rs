//! Views: read-only connections to the file in use, as many as there are readers at once. After a rebuild new reads go to
//! the new file; those under way end on the old one.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use crate::error::ViewsError;
use crate::file::{self, FileId, Progress};

/// Reads views. Cheap to clone, for many threads at once; a method blocks for as long as the disk takes, never for a writer.
#[derive(Clone, Debug)]
pub struct Views {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    idle: Mutex<Vec<(FileId, Connection)>>,
    path: PathBuf,
}

impl Views {
    /// The views at this path, whether or not the file is there yet.
    pub fn at(path: &Path) -> Self {
        Self { shared: Arc::new(Shared { idle: Mutex::new(Vec::new()), path: path.to_owned() }) }
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// How far the file has come.
    ///
    /// # Errors
    /// If there is none or it cannot be read.
    pub fn progress(&self) -> Result<Progress, ViewsError> {
        self.read(file::progress)
    }

    /// The digest of what the file shows, and how far it had come.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn digest(&self) -> Result<(String, Progress), ViewsError> {
        self.read(|connection| Ok((crate::digest::digest(connection)?, file::progress(connection)?)))
    }

    /// Several questions to one state of the views.
    ///
    /// # Errors
    /// What `question` answered, or if there is no file.
    pub fn read<T>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, ViewsError>,
    ) -> Result<T, ViewsError> {
        let (id, connection) = self.borrow()?;
        let reading = ViewsError::database("be read");
        connection.execute_batch("BEGIN").map_err(&reading)?;
        let answer = question(&connection);
        // A connection that cannot end its read is not used again.
        if connection.execute_batch("COMMIT").is_ok() {
            let mut idle = self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < IDLE_MAX {
                idle.push((id, connection));
            }
        }
        answer
    }

    fn borrow(&self) -> Result<(FileId, Connection), ViewsError> {
        let Some(current) = file::file_id(&self.shared.path) else {
            return Err(ViewsError::Outdated { why: "there is none yet".to_owned() });
        };
        let mut idle = self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(id, _)| *id == current);
        if let Some(borrowed) = idle.pop() {
            return Ok(borrowed);
        }
        drop(idle);
        Ok((current, file::open_reading(&self.shared.path)?))
    }
}

/// Connections kept open while nobody reads.
const IDLE_MAX: usize = 16;
