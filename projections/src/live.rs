//! Live views: a thread that folds whatever is appended, told after each append, and what pages may say about it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use wuping_domain::reaction::Rulebooks;
use wuping_ledger::reader::Reader;

use crate::build::{Plan, build};
use crate::error::ViewsError;
use crate::held::CAPACITY;
use crate::pool::Views;
use crate::projector::Projector;

/// Keeps views up with a ledger. Cheap to clone; the thread ends with [`ViewsHandle::stop`] or the last clone.
#[derive(Clone, Debug)]
pub struct ViewsHandle {
    worker: Arc<Worker>,
}

/// How the views stand.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ViewsState {
    /// More was folded than the ledger holds: an alarm. Pages must say so.
    Ahead {
        /// Why, in one line.
        because: String,
    },
    /// A new file is being built; pages are answered from the old one, if there is one.
    Building {
        /// Entries folded so far.
        folded: u64,
    },
    /// Following the ledger.
    Following {
        /// Position of the last entry folded; none of an empty ledger.
        position: Option<u64>,
    },
    /// Stopped: an entry could not be folded, or the file or the ledger could not be used. Pages must say how far behind
    /// they are. It is tried again after each append.
    Stopped {
        /// Position of the entry that could not be folded.
        at: u64,
        /// Why, in one line.
        because: String,
    },
}

#[derive(Debug)]
struct Worker {
    board: Arc<Board>,
    thread: Mutex<Option<JoinHandle<()>>>,
    views: Views,
}

#[derive(Debug)]
struct Board {
    changed: Condvar,
    notes: Mutex<Notes>,
}

#[derive(Debug)]
struct Notes {
    /// Number of entries folded into the file in use.
    folded: u64,
    state: ViewsState,
    stopping: bool,
    /// Whether there may be something new.
    told: bool,
}

impl ViewsHandle {
    /// Begins to follow a ledger. A file that is not there, damaged or of another version is built first, by the thread:
    /// this returns at once.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn start(
        path: &Path,
        reader: Reader,
        rulebooks: Arc<dyn Rulebooks + Send + Sync>,
    ) -> Result<Self, ViewsError> {
        let state = ViewsState::Following { position: None };
        let notes = Notes { folded: 0, state, stopping: false, told: true };
        let board = Arc::new(Board { changed: Condvar::new(), notes: Mutex::new(notes) });
        let follower =
            Follower { board: Arc::clone(&board), path: path.to_owned(), projector: None, reader, rulebooks };
        let thread = std::thread::Builder::new().name("views".to_owned()).spawn(move || follower.run());
        let thread = thread.map_err(|source| ViewsError::File {
            file: path.to_owned(),
            doing: "followed by a thread of its own",
            source,
        })?;
        let worker = Worker { board, thread: Mutex::new(Some(thread)), views: Views::at(path) };
        Ok(Self { worker: Arc::new(worker) })
    }

    /// The views themselves, to be read.
    pub fn views(&self) -> &Views {
        &self.worker.views
    }

    /// How the views stand.
    pub fn state(&self) -> ViewsState {
        self.worker.board.notes().state.clone()
    }

    /// Say that something was appended.
    pub fn appended(&self) {
        self.worker.board.notes().told = true;
        self.worker.board.changed.notify_all();
    }

    /// Wait until the entry at this position is in the views: true if it is, false if the time is over or they have stopped
    /// before it.
    pub fn wait_for(&self, position: u64, timeout: Duration) -> bool {
        let until = Instant::now() + timeout;
        let mut notes = self.worker.board.notes();
        notes.told = true;
        self.worker.board.changed.notify_all();
        loop {
            if notes.folded > position {
                return true;
            }
            let stopped =
                !notes.told && matches!(notes.state, ViewsState::Ahead { .. } | ViewsState::Stopped { .. });
            let left = until.saturating_duration_since(Instant::now());
            if stopped || left.is_zero() || notes.stopping {
                return false;
            }
            let waited = self.worker.board.changed.wait_timeout(notes, left);
            notes = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// End the thread, after the batch under way.
    pub fn stop(&self) {
        self.worker.stop();
    }
}

impl Worker {
    fn stop(&self) {
        self.board.notes().stopping = true;
        self.board.changed.notify_all();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // Its panic has been reported where it happened; here nothing is left to be done about it.
            thread.join().ok();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Board {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, change: impl FnOnce(&mut Notes)) {
        change(&mut self.notes());
        self.changed.notify_all();
    }
}

struct Follower {
    board: Arc<Board>,
    path: PathBuf,
    projector: Option<Projector>,
    reader: Reader,
    rulebooks: Arc<dyn Rulebooks + Send + Sync>,
}

impl Drop for Follower {
    /// Whoever asks how the views stand must not hear of a thread that panicked that it still follows.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.board.note(|notes| {
                let because = "following the ledger ended by a fault of the program; see the log".to_owned();
                notes.state = ViewsState::Stopped { at: notes.folded, because };
            });
        }
    }
}

impl Follower {
    fn run(mut self) {
        while self.wait() {
            let outcome = self.follow();
            let (state, folded) = self.judged(outcome);
            self.board.note(|notes| {
                notes.state = state;
                notes.folded = folded.unwrap_or(notes.folded);
            });
        }
    }

    /// Until there may be something new; false when it is time to end. Another process may append unheard, so that the
    /// head is looked at now and then all the same.
    fn wait(&self) -> bool {
        let notes = self.board.notes();
        let idle = |notes: &mut Notes| !notes.told && !notes.stopping;
        let waited = self.board.changed.wait_timeout_while(notes, LOOK_AGAIN, idle);
        let mut notes = waited.unwrap_or_else(PoisonError::into_inner).0;
        notes.told = false;
        !notes.stopping
    }

    fn follow(&mut self) -> Result<Option<u64>, ViewsError> {
        if self.projector.is_none() {
            self.projector = Some(self.open()?);
        }
        let Some(projector) = &mut self.projector else { return Ok(None) };
        let caught_up = projector.catch_up(&self.reader);
        match caught_up {
            Err(error) if error.needs_a_new_file() => {
                self.projector = None;
                tracing::warn!(because = error.chain(), "the views are built anew");
                self.build()?;
                let mut projector = self.open()?;
                let caught_up = projector.catch_up(&self.reader);
                self.projector = Some(projector);
                caught_up
            }
            caught_up => caught_up,
        }
    }

    fn open(&self) -> Result<Projector, ViewsError> {
        match Projector::open(&self.path, Arc::clone(&self.rulebooks), CAPACITY) {
            Err(error) if error.needs_a_new_file() => {
                tracing::info!(because = error.chain(), "the views are built");
                self.build()?;
                Projector::open(&self.path, Arc::clone(&self.rulebooks), CAPACITY)
            }
            opened => opened,
        }
    }

    fn build(&self) -> Result<(), ViewsError> {
        let plan = Plan::of_all(&self.path);
        let told = |folded| self.board.note(|notes| notes.state = ViewsState::Building { folded });
        told(0);
        let Err(error) = build(&self.reader, &self.rulebooks, &plan, told) else { return Ok(()) };
        // One entry that cannot be folded must not take away the views of all before it: they are built, and stop there.
        let Some(before) = error.entry().and_then(|at| at.checked_sub(1)) else { return Err(error) };
        let plan = Plan { up_to: Some(before), ..plan };
        build(&self.reader, &self.rulebooks, &plan, told).map(|_| ()).map_err(|_| error)
    }

    fn judged(&self, outcome: Result<Option<u64>, ViewsError>) -> (ViewsState, Option<u64>) {
        let folded = self.projector.as_ref().map(|projector| projector.progress().folded());
        let state = match outcome {
            Ok(position) => ViewsState::Following { position },
            Err(error) => {
                let because = error.chain();
                tracing::error!(because, at = folded, "the views have stopped");
                match error {
                    ViewsError::Ahead { .. } => ViewsState::Ahead { because },
                    _ => ViewsState::Stopped { at: folded.unwrap_or_default(), because },
                }
            }
        };
        (state, folded)
    }
}

/// How often the head is looked at when nobody said anything.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
