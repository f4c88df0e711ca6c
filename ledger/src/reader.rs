//! Reading the ledger: by position, stream, subject and id. Tiles and proofs are in [`crate::proofs`].
//!
//! A [`Reader`] is cheap to clone and may be used from many threads at once; each read borrows a read-only connection.
//! It sees what is committed, whole batches only. Its methods block for as long as the disk takes.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::alarm::RaisedAlarm;
use crate::committing::{FoldedHeads, is_committed};
use crate::encoding::Hash;
use crate::kept_keys::KeptKeys;
use crate::locks::locked;
use crate::place::Place;
use crate::postgres_shared::SharedSession;
use crate::reading::LedgerReads;
use crate::recent::{Contents, RecentStreams, next_content};
use crate::recorded::{RecordedEntry, RecordedRow};
use crate::row::Row;
use crate::select::damaged;
use crate::store::{LastOfStream, Outcome, Scheme, SealedKey, StoreError, TreeHead};
use crate::stored_leaf::StoredLeaf;

/// Reads a ledger; nothing can be written through it.
#[derive(Clone, Debug)]
pub struct Reader {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    place: Place,
    origin: OnceLock<String>,
    idle: Mutex<Vec<Idle>>,
    /// For async readers of a database on a server.
    session: SharedSession,
    recent: Arc<RecentStreams>,
    /// The keys as they were read last.
    pub(crate) keys: Mutex<Option<KeptKeys>>,
    /// Roots of full tiles by (level of their parent's hash, index): they never change, and a proof needs many.
    pub(crate) roots: Mutex<HashMap<(u8, u64), Hash>>,
}

/// A connection that nobody uses at the moment.
struct Idle {
    connection: Box<dyn LedgerReads>,
    since: Instant,
}

impl Reader {
    /// A reader of the ledger in a folder.
    ///
    /// # Errors
    ///
    /// [`StoreError::Missing`] or [`StoreError::SchemaVersion`].
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Self::at(Place::of(folder)?)
    }

    /// A reader of the ledger that lies in a folder's own file, whatever else is said of where it lies: that of a copy.
    ///
    /// # Errors
    ///
    /// As [`Reader::open`].
    pub fn of_file_in(folder: &Path) -> Result<Self, StoreError> {
        Self::at(Place::Sqlite(folder.to_owned()))
    }

    fn at(place: Place) -> Result<Self, StoreError> {
        let idle = Idle { connection: place.open_reading()?, since: Instant::now() };
        let shared = Shared {
            place,
            origin: OnceLock::new(),
            idle: Mutex::new(vec![idle]),
            session: SharedSession::default(),
            recent: Arc::default(),
            keys: Mutex::default(),
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
        self.with(|connection| connection.head())
    }

    /// The fork alarm that holds, whichever node raised it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub fn alarm(&self) -> Result<Option<RaisedAlarm>, StoreError> {
        self.with(|connection| connection.alarm())
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
        self.stopping(|connection, stop| connection.rows(from, to, &mut |row| stop(each(row))))
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
        self.stopping(|connection, stop| connection.leaves(from, to, &mut |row| stop(each(row))))
    }

    /// The entries of one stream, by version.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot be read.
    pub fn stream(&self, stream: &str) -> Result<Vec<RecordedEntry>, StoreError> {
        self.with(|connection| {
            let mut entries = Vec::new();
            connection.stream(stream, &mut |row| {
                entries.push(row.keep());
                Ok(())
            })?;
            Ok(entries)
        })
    }

    /// The contents of a stream, for async code: a file in memory is read at once, in some tens of microseconds, which is less
    /// than handing it to another thread would take; a server is asked without holding a thread. They are kept for
    /// [`Reader::recent`].
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot be read.
    pub(crate) async fn contents(&self, stream: &str) -> Result<Contents, StoreError> {
        let contents = match &self.shared.place {
            Place::Postgres(address) => self.shared.session.contents(address, stream).await?,
            Place::Sqlite(_) => {
                let mut contents = Contents::new();
                self.with_once(|connection| {
                    connection.stream(stream, &mut |row| next_content(&mut contents, row.version, row.data))
                })?;
                contents
            }
        };
        self.shared.recent.keep(stream, &contents);
        Ok(contents)
    }

    /// As [`Reader::contents`], out of memory if they are kept there. Another node may have written to the stream since.
    pub(crate) fn recent(&self, stream: &str) -> Option<Contents> {
        self.shared.recent.of(stream)
    }

    /// The streams that are kept in memory, for the writer to take in what it writes.
    pub(crate) fn recent_streams(&self) -> Arc<RecentStreams> {
        Arc::clone(&self.shared.recent)
    }

    /// The entries of a path and of all below it, by position; only those below `before` if it is given. A path of
    /// one segment is that stream alone.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot be read.
    pub fn subject(&self, path: &str, before: Option<u64>) -> Result<Vec<RecordedEntry>, StoreError> {
        self.with(|connection| {
            let mut entries = Vec::new();
            connection.subject(path, before, &mut |row| {
                entries.push(row.keep());
                Ok(())
            })?;
            Ok(entries)
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
        self.stopping(|connection, stop| connection.subject(path, before, &mut |row| stop(each(row))))
    }

    /// The positions of a path and of all below it, ascending.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot be read.
    pub fn positions_of_subject(&self, path: &str, before: Option<u64>) -> Result<Vec<u64>, StoreError> {
        self.with(|connection| connection.positions_of_subject(path, before))
    }

    /// The highest position of a path and of all below it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub fn last_position_of_subject(&self, path: &str) -> Result<Option<u64>, StoreError> {
        self.with(|connection| connection.last_position_of_subject(path))
    }

    /// The version of a stream: 0 when it has no entry.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub fn version(&self, stream: &str) -> Result<u64, StoreError> {
        self.with(|connection| connection.version(stream))
    }

    /// The stored row at a position, with signature and hash.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub fn row(&self, position: u64) -> Result<Option<Row>, StoreError> {
        self.with(|connection| connection.row(position))
    }

    /// The stored rows of `from..to`, with signatures and hashes; what is beyond the end is not there.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot be read.
    pub fn stored_rows(&self, from: u64, to: u64) -> Result<Vec<Row>, StoreError> {
        self.with(|connection| connection.stored_rows(from, to))
    }

    /// The stored row of an event id.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub fn row_by_event_id(&self, event_id: &Uuid) -> Result<Option<Row>, StoreError> {
        match self.with(|connection| connection.position_of(event_id))? {
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
        self.with(|connection| connection.outcome(event_id))
    }

    /// How far a reaction has come: the cursor that its last append moved.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub fn cursor(&self, reaction: &str) -> Result<Option<u64>, StoreError> {
        self.with(|connection| connection.cursor(reaction))
    }

    /// The compiled rulebook of this digest (lower-case hex).
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub fn scheme(&self, sha256: &str) -> Result<Option<Scheme>, StoreError> {
        self.with(|connection| connection.scheme(sha256))
    }

    /// All compiled rulebooks, by digest.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot be read.
    pub fn schemes(&self) -> Result<Vec<Scheme>, StoreError> {
        self.with(|connection| connection.schemes())
    }

    /// The newest signed checkpoint, a note's text.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub fn checkpoint(&self) -> Result<Option<String>, StoreError> {
        self.with(|connection| connection.newest_checkpoint())
    }

    /// The newest signed checkpoint of at most this size, a note's text.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub fn checkpoint_up_to(&self, size: u64) -> Result<Option<String>, StoreError> {
        self.with(|connection| connection.checkpoint_up_to(size))
    }

    /// Number of entries under the newest signed checkpoint.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub fn checkpoint_size(&self) -> Result<u64, StoreError> {
        self.with(|connection| connection.checkpoint_size())
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
        self.with_once(|connection| connection.last_of_streams(&mut each))
    }

    /// The heads of the log as it is; none where its last entry commits to them.
    pub(crate) fn folded_heads(&self) -> Result<Option<FoldedHeads>, StoreError> {
        self.with(|store| if is_committed(store)? { Ok(None) } else { FoldedHeads::of(store).map(Some) })
    }

    /// The private keys that the server holds, sealed.
    pub(crate) fn sealed_keys(&self) -> Result<Vec<SealedKey>, StoreError> {
        self.with(|store| store.sealed_keys())
    }

    /// Borrows a connection for a read, which may be done again on another one if the first was lost.
    pub(crate) fn with<T>(
        &self,
        mut read: impl FnMut(&dyn LedgerReads) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self.with_once(&mut read) {
            Err(StoreError::Database { .. }) if self.is_on_a_server() => self.with_once(read),
            answer => answer,
        }
    }

    /// Borrows a connection for a read that shows entries on its way. A connection that failed is not used again.
    fn with_once<T>(
        &self,
        read: impl FnOnce(&dyn LedgerReads) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let connection = self.connection()?;
        let answer = read(connection.as_ref());
        let mut idle = locked(&self.shared.idle);
        if matches!(answer, Err(StoreError::Database { .. })) {
            // what one connection lost, the others have lost too
            idle.clear();
        } else if idle.len() < IDLE_MAX {
            idle.push(Idle { connection, since: Instant::now() });
        }
        answer
    }

    /// Lets go of the connections that nobody uses: the file that they are open on may be no more.
    #[cfg(test)]
    pub(crate) fn forget_connections(&self) {
        locked(&self.shared.idle).clear();
    }

    fn is_on_a_server(&self) -> bool {
        matches!(self.shared.place, Place::Postgres(_))
    }

    fn connection(&self) -> Result<Box<dyn LedgerReads>, StoreError> {
        let idle = locked(&self.shared.idle).pop();
        match idle {
            Some(idle) if idle.since.elapsed() < BELIEVED || idle.connection.answers() => Ok(idle.connection),
            Some(_) => {
                locked(&self.shared.idle).clear();
                self.shared.place.open_reading()
            }
            None => self.shared.place.open_reading(),
        }
    }

    /// Runs a read that an answer of the caller's own may stop: what it is shown through `stop` ends the read if it is an error,
    /// and is the outcome then.
    fn stopping<E: From<StoreError>>(
        &self,
        read: impl FnOnce(
            &dyn LedgerReads,
            &mut dyn FnMut(Result<(), E>) -> Result<(), StoreError>,
        ) -> Result<(), StoreError>,
    ) -> Result<(), E> {
        let mut stopped = None;
        let outcome = self.with_once(|connection| {
            read(connection, &mut |answer| {
                answer.map_err(|error| {
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

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Reader").field("place", &self.place).finish_non_exhaustive()
    }
}

const IDLE_MAX: usize = 16;
/// How long a connection that answered is taken to be alive.
const BELIEVED: Duration = Duration::from_secs(1);
