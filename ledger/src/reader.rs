//! Reading the ledger: by position, stream, subject and id. Tiles and proofs are in [`crate::proofs`].
//!
//! A [`Reader`] is cheap to clone and may be used from many threads at once; each read borrows a read-only connection.
//! It sees what is committed, whole batches only. Its methods block for as long as the disk takes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rusqlite::Connection;
use uuid::Uuid;

use crate::encoding::Hash;
use crate::key_state::KeyState;
use crate::recorded::{RecordedEntry, RecordedRow};
use crate::row::Row;
use crate::select::{self, damaged, prepared};
use crate::sqlite::{check_schema_version, existing_database_in, head, open_reading};
use crate::store::{LastOfStream, Outcome, Scheme, StoreError, TreeHead};
use crate::stored_leaf::StoredLeaf;

/// Reads a ledger; nothing can be written through it.
#[derive(Clone, Debug)]
pub struct Reader {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    file: PathBuf,
    origin: OnceLock<String>,
    idle: Mutex<Vec<Connection>>,
    /// Roots of full tiles by (level of their parent's hash, index): they never change, and a proof needs many.
    pub(crate) roots: Mutex<HashMap<(u8, u64), Hash>>,
}

impl Reader {
    /// A reader of the ledger in a folder.
    ///
    /// # Errors
    ///
    /// [`StoreError::Missing`] or [`StoreError::SchemaVersion`].
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let file = existing_database_in(folder)?;
        let connection = open_reading(&file)?;
        check_schema_version(&connection, &file)?;
        let shared = Shared {
            file,
            origin: OnceLock::new(),
            idle: Mutex::new(vec![connection]),
            roots: Mutex::new(HashMap::new()),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The ledger's origin, as its first entry states it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] if there is no first entry or it states none.
    pub fn origin(&self) -> Result<&str, StoreError> {
        if let Some(origin) = self.shared.origin.get() {
            return Ok(origin);
        }
        let mut origin = None;
        self.rows(0, 1, |first| {
            let opened: serde_json::Value = serde_json::from_str(first.data).unwrap_or_default();
            origin = opened.get("origin").and_then(serde_json::Value::as_str).map(str::to_owned);
            Ok(())
        })?;
        let origin = origin.ok_or_else(|| damaged("its first entry states no origin"))?;
        Ok(self.shared.origin.get_or_init(|| origin))
    }

    /// The newest state of the tree; none before the first entry.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read or is no state of a tree.
    pub fn head(&self) -> Result<Option<TreeHead>, StoreError> {
        self.with(head)
    }

    /// Number of entries.
    ///
    /// # Errors
    ///
    /// As [`Reader::head`].
    pub fn size(&self) -> Result<u64, StoreError> {
        Ok(self.head()?.map_or(0, |head| head.frontier.size()))
    }

    /// Shows each entry of `from..to` in order; what is beyond the end is not there.
    ///
    /// # Errors
    ///
    /// [`StoreError`], or what `each` answered.
    pub fn rows<E: From<StoreError>>(
        &self,
        from: u64,
        to: u64,
        mut each: impl FnMut(RecordedRow<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.stopping(|connection, shown| select::rows(connection, from, to, shown), &mut each)
    }

    /// Shows each entry of `from..to` in the columns that rebuild its leaf, in order; what is beyond the end is not there.
    ///
    /// # Errors
    ///
    /// [`StoreError`], or what `each` answered.
    pub fn leaves<E: From<StoreError>>(
        &self,
        from: u64,
        to: u64,
        mut each: impl FnMut(StoredLeaf<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut stopped = None;
        let outcome = self.with(|connection| {
            select::leaves(connection, from, to, &mut |row| {
                each(row).map_err(|error| {
                    stopped = Some(error);
                    damaged("stopped by its reader")
                })
            })
        });
        match stopped {
            Some(error) => Err(error),
            None => Ok(outcome?),
        }
    }

    /// The entries of one stream, by version.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot be read.
    pub fn stream(&self, stream: &str) -> Result<Vec<RecordedEntry>, StoreError> {
        self.with(|connection| {
            let mut entries = Vec::new();
            select::rows_of_stream(connection, stream, &mut |row| {
                entries.push(row.keep());
                Ok(())
            })?;
            Ok(entries)
        })
    }

    /// The entries of a path and of all below it, by position; only those below `before` if it is given. A path of
    /// one segment is that stream alone.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot be read.
    pub fn subject(&self, path: &str, before: Option<u64>) -> Result<Vec<RecordedEntry>, StoreError> {
        self.with(|connection| {
            let positions = select::positions_of_path(connection, path, before)?;
            kept_at(connection, &positions)
        })
    }

    /// As [`Reader::subject`], shown one by one.
    ///
    /// # Errors
    ///
    /// [`StoreError`], or what `each` answered.
    pub fn each_of_subject<E: From<StoreError>>(
        &self,
        path: &str,
        before: Option<u64>,
        mut each: impl FnMut(RecordedRow<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let read = |connection: &Connection,
                    shown: &mut dyn FnMut(RecordedRow<'_>) -> Result<(), StoreError>| {
            let positions = select::positions_of_path(connection, path, before)?;
            select::rows_at(connection, &positions, shown)
        };
        self.stopping(read, &mut each)
    }

    /// The positions of a path and of all below it, ascending.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot be read.
    pub fn positions_of_subject(&self, path: &str, before: Option<u64>) -> Result<Vec<u64>, StoreError> {
        self.with(|connection| select::positions_of_path(connection, path, before))
    }

    /// The highest position of a path and of all below it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub fn last_position_of_subject(&self, path: &str) -> Result<Option<u64>, StoreError> {
        self.with(|connection| select::last_position_of_path(connection, path))
    }

    /// The version of a stream: 0 when it has no entry.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub fn version(&self, stream: &str) -> Result<u64, StoreError> {
        self.with(|connection| select::version(connection, stream))
    }

    /// The stored row at a position, with signature and hash.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub fn row(&self, position: u64) -> Result<Option<Row>, StoreError> {
        self.with(|connection| {
            select::stored_rows(connection, position, position.saturating_add(1)).map(|mut rows| rows.pop())
        })
    }

    /// The stored rows of `from..to`, with signatures and hashes; what is beyond the end is not there.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot be read.
    pub fn stored_rows(&self, from: u64, to: u64) -> Result<Vec<Row>, StoreError> {
        self.with(|connection| select::stored_rows(connection, from, to))
    }

    /// The stored row of an event id.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub fn row_by_event_id(&self, event_id: &Uuid) -> Result<Option<Row>, StoreError> {
        match self.with(|connection| select::position_of(connection, event_id))? {
            Some(position) => self.row(position),
            None => Ok(None),
        }
    }

    /// The exact bytes of the entry at a position.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub fn leaf(&self, position: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let origin = self.origin()?;
        Ok(self.row(position)?.map(|row| row.leaf(origin)))
    }

    /// What became of a command.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub fn outcome(&self, event_id: &Uuid) -> Result<Option<Outcome>, StoreError> {
        self.with(|connection| select::outcome(connection, event_id))
    }

    /// How far a reaction has come: the cursor that its last append moved.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub fn cursor(&self, reaction: &str) -> Result<Option<u64>, StoreError> {
        self.with(|connection| select::cursor(connection, reaction))
    }

    /// The compiled rulebook of this digest (lower-case hex).
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub fn scheme(&self, sha256: &str) -> Result<Option<Scheme>, StoreError> {
        self.with(|connection| select::scheme(connection, sha256))
    }

    /// All compiled rulebooks, by digest.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot be read.
    pub fn schemes(&self) -> Result<Vec<Scheme>, StoreError> {
        self.with(select::schemes)
    }

    /// The newest signed checkpoint, a note's text.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub fn checkpoint(&self) -> Result<Option<String>, StoreError> {
        self.with(select::newest_checkpoint)
    }

    /// The newest signed checkpoint of at most this size, a note's text.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub fn checkpoint_up_to(&self, size: u64) -> Result<Option<String>, StoreError> {
        self.with(|connection| select::checkpoint_up_to(connection, size))
    }

    /// Number of entries under the newest signed checkpoint.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub fn checkpoint_size(&self) -> Result<u64, StoreError> {
        self.with(|connection| {
            Ok(select::number(&mut prepared(connection, "SELECT max(size) FROM checkpoints")?, [])?
                .unwrap_or(0))
        })
    }

    /// The last entry of each stream, in order of their names.
    ///
    /// # Errors
    ///
    /// [`StoreError`], or what `each` answered.
    pub fn last_of_streams(
        &self,
        mut each: impl FnMut(LastOfStream<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.with(|connection| select::last_of_streams(connection, &mut each))
    }

    /// Every key's life so far, replayed from the key events; their signatures are verified.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] if a key event breaks a rule.
    pub fn keys(&self) -> Result<KeyState, StoreError> {
        let origin = self.origin()?;
        let mut keys = KeyState::new(origin);
        for position in self.with(|connection| select::positions_below(connection, "keys"))? {
            let row =
                self.row(position)?.ok_or_else(|| damaged(format!("the entry at {position} is gone")))?;
            let applied = row.check(origin).and_then(|entry| keys.apply(&entry));
            applied.map_err(|refusal| {
                StoreError::refused(&format!("the key event at position {position}"), &refusal)
            })?;
        }
        Ok(keys)
    }

    /// Borrows a connection for a read.
    pub(crate) fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let connection = match locked(&self.shared.idle).pop() {
            Some(connection) => connection,
            None => open_reading(&self.shared.file)?,
        };
        let answer = read(&connection);
        let mut idle = locked(&self.shared.idle);
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
        answer
    }

    /// Runs a read whose shown entries may stop it with an error of the caller's own.
    fn stopping<E: From<StoreError>>(
        &self,
        read: impl FnOnce(
            &Connection,
            &mut dyn FnMut(RecordedRow<'_>) -> Result<(), StoreError>,
        ) -> Result<(), StoreError>,
        each: &mut dyn FnMut(RecordedRow<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut stopped = None;
        let outcome = self.with(|connection| {
            read(connection, &mut |row| {
                each(row).map_err(|error| {
                    stopped = Some(error);
                    damaged("stopped by its reader")
                })
            })
        });
        match stopped {
            Some(error) => Err(error),
            None => Ok(outcome?),
        }
    }
}

fn kept_at(connection: &Connection, positions: &[u64]) -> Result<Vec<RecordedEntry>, StoreError> {
    let mut entries = Vec::with_capacity(positions.len());
    select::rows_at(connection, positions, &mut |row| {
        entries.push(row.keep());
        Ok(())
    })?;
    Ok(entries)
}

/// A lock that somebody panicked under is still a good list of connections.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const IDLE_MAX: usize = 16;
