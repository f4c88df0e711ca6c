//! Projector: folds new entries into the file in use, batch by batch, each with how far it came in the same transaction.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::SecondsFormat;
use rusqlite::Connection;
use wuping_domain::reaction::Rulebooks;
use wuping_ledger::encoding::Hash;
use wuping_ledger::merkle::Frontier;
use wuping_ledger::reader::Reader;
use wuping_ledger::verified::Part;

use crate::entry::Entry;
use crate::error::ViewsError;
use crate::feed;
use crate::file::{self, FileId, Progress};
use crate::folding::{self, Writing};
use crate::ledger_rulebooks::all_were_read;
use crate::tx::{Memory, Tx};

/// Folds into one views file. One at a time: a second one on the same file starts again from what the first has saved.
pub struct Projector {
    capacity: usize,
    connection: Connection,
    file: Option<FileId>,
    memory: Memory,
    path: PathBuf,
    progress: Progress,
    rulebooks: Arc<dyn Rulebooks + Send + Sync>,
}

impl Projector {
    /// Goes on with the file in use. `capacity` premises are held in memory: [`crate::held::CAPACITY`].
    ///
    /// # Errors
    /// [`ViewsError::Outdated`] if there is none, or it is damaged or of another version: [`crate::build::build`] makes one.
    pub fn open(
        path: &Path,
        rulebooks: Arc<dyn Rulebooks + Send + Sync>,
        capacity: usize,
    ) -> Result<Self, ViewsError> {
        let file = file::file_id(path);
        let connection = file::open_writing(path)?;
        let memory = Memory::of(&connection, capacity, true)?;
        let progress = file::progress(&connection)?;
        Ok(Self { capacity, connection, file, memory, path: path.to_owned(), progress, rulebooks })
    }

    /// How far the file has come.
    pub const fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Fold all that is new, and compare the tree with the ledger's head. Answers the position of the last entry folded.
    ///
    /// # Errors
    /// [`ViewsError::Ahead`] if more was folded than the ledger holds, [`ViewsError::Tree`] if it is another tree; the first
    /// entry that cannot be folded. All before it is then saved, and the same call fails there again.
    pub fn catch_up(&mut self, reader: &Reader) -> Result<Option<u64>, ViewsError> {
        self.follow_the_file()?;
        let Some(head) = reader.head()? else { return self.nothing_recorded() };
        let size = head.frontier.size();
        if self.progress.folded() > size {
            return Err(ViewsError::Ahead { folded: self.progress.folded(), ledger: size });
        }
        if self.progress.folded() == 0 {
            self.progress.log = reader.origin()?.to_owned();
        } else if self.progress.log != reader.origin()? {
            return Err(ViewsError::Outdated { why: format!("it was folded from {}", self.progress.log) });
        }
        let frontier = self.progress.frontier.clone();
        feed::read(reader, frontier, size, |batch| self.fold(&batch))?;
        compare(&self.progress.frontier, head.frontier.root())?;
        Ok(self.progress.position())
    }

    fn nothing_recorded(&self) -> Result<Option<u64>, ViewsError> {
        match self.progress.folded() {
            0 => Ok(None),
            folded => Err(ViewsError::Ahead { folded, ledger: 0 }),
        }
    }

    /// Another file may have been put in the place of this one, or somebody else may have folded into it.
    fn follow_the_file(&mut self) -> Result<(), ViewsError> {
        if file::file_id(&self.path) != self.file {
            *self = Self::open(&self.path, Arc::clone(&self.rulebooks), self.capacity)?;
        } else if file::progress(&self.connection)? != self.progress {
            self.start_again()?;
        }
        Ok(())
    }

    fn start_again(&mut self) -> Result<(), ViewsError> {
        self.memory = Memory::of(&self.connection, self.capacity, true)?;
        self.progress = file::progress(&self.connection)?;
        Ok(())
    }

    /// Fold a batch in one transaction; where an entry fails, what comes before it is saved all the same.
    fn fold(&mut self, batch: &Part<Entry>) -> Result<(), ViewsError> {
        let Err(stopped) = self.fold_first(batch, batch.entries.len()) else { return Ok(()) };
        let before = stopped.at;
        if before > 0 {
            self.fold_first(batch, before).map_err(|again| again.error)?;
        }
        Err(stopped.error)
    }

    fn fold_first(&mut self, batch: &Part<Entry>, count: usize) -> Result<(), Stopped> {
        let outcome = self.transaction(&batch.entries[..count], &batch.leaves[..count]);
        if outcome.is_err() {
            // Neither the rows nor what is held in memory may keep half of a batch.
            self.connection.execute_batch("ROLLBACK").ok();
            self.start_again().map_err(|error| Stopped { at: 0, error })?;
        }
        outcome
    }

    fn transaction(&mut self, entries: &[Entry], leaves: &[Hash]) -> Result<(), Stopped> {
        let at_start = |error| Stopped { at: 0, error };
        let writing = ViewsError::database("be written");
        self.connection.execute_batch("BEGIN IMMEDIATE").map_err(&writing).map_err(at_start)?;
        // Somebody else's folding would be folded twice.
        if file::progress(&self.connection).map_err(at_start)? != self.saved() {
            let why = "another process folds into it".to_owned();
            return Err(at_start(ViewsError::Outdated { why }));
        }
        let mut frontier = self.progress.frontier.clone();
        let unread = self.rulebooks.unread();
        for (at, (entry, leaf)) in entries.iter().zip(leaves).enumerate() {
            let mut tx = Tx {
                connection: &self.connection,
                memory: &mut self.memory,
                position: entry.recorded.position,
                rulebooks: &*self.rulebooks,
            };
            folding::apply(&mut tx, entry).map_err(|error| Stopped { at, error })?;
            frontier.push(*leaf);
        }
        let mut progress = Progress { frontier, ..self.progress.clone() };
        if let Some(last) = entries.last() {
            progress.recorded_at = last.recorded.recorded_at.to_rfc3339_opts(SecondsFormat::Millis, true);
        }
        let save = |memory: &mut Memory, connection: &Connection| -> Result<(), ViewsError> {
            memory.write_all(connection, &*self.rulebooks, Writing::Live)?;
            memory.make_room(connection, &*self.rulebooks, Writing::Live)?;
            all_were_read(&*self.rulebooks, unread)?;
            file::save_progress(connection, &progress)?;
            connection.execute_batch("COMMIT").map_err(&writing)
        };
        save(&mut self.memory, &self.connection).map_err(at_start)?;
        self.progress = progress;
        Ok(())
    }

    /// The progress as the file has it: the origin is saved with the first batch.
    fn saved(&self) -> Progress {
        if self.progress.folded() == 0 { Progress::none() } else { self.progress.clone() }
    }
}

/// The entry of a batch that could not be folded.
struct Stopped {
    at: usize,
    error: ViewsError,
}

/// Refuse another tree than the log's.
pub(crate) fn compare(computed: &Frontier, root: Hash) -> Result<(), ViewsError> {
    if computed.root() == root {
        return Ok(());
    }
    Err(ViewsError::Tree { size: computed.size(), computed: computed.root().hex(), head: root.hex() })
}
