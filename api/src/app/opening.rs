//! Opening the house of a folder, making a new one, and closing it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use wuping_ledger::append::AppendError;
use wuping_ledger::clock::{Clock, SteppedClock, SystemClock};
use wuping_ledger::genesis::{ClockChoice, CreateOptions, Ledger, LedgerError, RunOptions};
use wuping_ledger::place::database_url;
use wuping_ledger::store::StoreError;
use wuping_ledger::vault::{Vault, VaultError};
use wuping_projections::{ViewsError, ViewsHandle};

use super::App;
use super::turns::Turns;
use crate::anchors::{AnchorError, Anchors};
use crate::authorities::{Authorities, AuthorityError};
use crate::backup::is_unrecorded;
use crate::erasing::{ErasureError, apply_again};
use crate::office::{Office, OfficeError};
use crate::past::Past;
use crate::reactions::Reactions;
use crate::shelf::{CompileError, Shelf};
use crate::statistics::kept::Reports;

/// Why the house could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There was a ledger here, and its database is gone.
    #[error(
        "there was a ledger in {folder}: {left} is left of it, and its ledger.db is gone. Put it back from the newest backup, or name \
         another folder with --data; delete nothing"
    )]
    Remains {
        /// The folder.
        folder: PathBuf,
        /// What is left.
        left: &'static str,
    },
    /// The ledger is there, and the vault of its private values is gone.
    #[error(
        "the ledger is in {folder}, and the vault of its private values, vault.db, is gone: put it back from the newest backup. \
         Nothing is made in its place"
    )]
    VaultGone {
        /// The folder.
        folder: PathBuf,
    },
    /// A root key lies where a new one is to be written.
    #[error(
        "there is a root key at {path} already, of another ledger or of one that was not finished: take it to where it belongs, \
         then begin again"
    )]
    RootKey {
        /// The file.
        path: PathBuf,
    },
    /// It was put back from a backup and does not say so yet.
    #[error(
        "the ledger was put back from a backup: run “wuping serve” once, which asks the witnesses and records it"
    )]
    Unrecorded,
    /// Recorded erasures.
    #[error("what was erased could not be erased again, so nothing is served")]
    Erasing(#[from] ErasureError),
    /// The witnesses.
    #[error(transparent)]
    Anchors(#[from] AnchorError),
    /// The time-stamping authorities.
    #[error(transparent)]
    Authorities(#[from] AuthorityError),
    /// The rulebooks do not compile.
    #[error("a shipped rulebook does not compile")]
    Compile(#[from] CompileError),
    /// A folder or file.
    #[error("could not use {path}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Where the ledger lies.
    #[error("the ledger could not be read")]
    Store(#[from] StoreError),
    /// Office records.
    #[error(transparent)]
    Office(#[from] OfficeError),
    /// A made-up history cannot be ended.
    #[error("the made-up history could not be ended")]
    Simulation(#[source] AppendError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The views.
    #[error(transparent)]
    Views(#[from] ViewsError),
}

impl App {
    /// Open the house of a folder in which there is a ledger.
    ///
    /// # Errors
    /// If any of its stores cannot be opened.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        if is_unrecorded(folder)? {
            return Err(OpenError::Unrecorded);
        }
        Self::open_restored(folder)
    }

    /// As [`App::open`], with so many commands that may wait before a sender is told to come back.
    ///
    /// # Errors
    /// As [`App::open`].
    pub fn open_with_queue(folder: &Path, queue_max: usize) -> Result<Self, OpenError> {
        if is_unrecorded(folder)? {
            return Err(OpenError::Unrecorded);
        }
        let shelf = Arc::new(Shelf::in_folder(folder));
        let ledger = Ledger::open(folder, RunOptions { queue_max, ..running(&shelf) })?;
        Self::over(folder, ledger, shelf, Arc::new(SystemClock::default()), false)
    }

    /// As [`App::open`], of a ledger that may have been put back from a backup and does not say so yet: witnesses are asked
    /// and it is recorded before anything else is written.
    ///
    /// # Errors
    /// As [`App::open`].
    pub fn open_restored(folder: &Path) -> Result<Self, OpenError> {
        let shelf = Arc::new(Shelf::in_folder(folder));
        let ledger = Ledger::open(folder, running(&shelf))?;
        if !Vault::is_there(folder)? {
            return Err(OpenError::VaultGone { folder: folder.to_owned() });
        }
        Self::over(folder, ledger, shelf, Arc::new(SystemClock::default()), false)
    }

    /// Make a new ledger in a folder and open it. Its root keys are written to files before anything else.
    ///
    /// # Errors
    /// If there is a ledger already or a store cannot be made.
    pub fn create(folder: &Path, origin: &str, second_root: bool) -> Result<Self, OpenError> {
        Self::create_by(folder, origin, second_root, ClockChoice::System)
    }

    /// As [`App::create`], by another clock than the machine's, which is held to the same rules.
    ///
    /// # Errors
    /// As [`App::create`].
    pub fn create_with_clock(folder: &Path, origin: &str, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::create_by(folder, origin, false, ClockChoice::Given(clock))
    }

    /// As [`App::create`], for a history that is made up: the ledger's time is that of `clock`, which is set before each
    /// command, until [`App::finish_simulation`]. The origin must begin with `sample/`. Nothing waits for the disk before
    /// that end: nobody was promised what is made up, and it counts as a whole only.
    ///
    /// # Errors
    /// As [`App::create`]; [`LedgerError::Simulation`] for another origin.
    pub fn create_simulated(
        folder: &Path,
        origin: &str,
        clock: Arc<SteppedClock>,
    ) -> Result<Self, OpenError> {
        Self::create_by(folder, origin, false, ClockChoice::Simulated(clock))
    }

    fn create_by(
        folder: &Path,
        origin: &str,
        second_root: bool,
        clock: ClockChoice,
    ) -> Result<Self, OpenError> {
        let shelf = Arc::new(Shelf::in_folder(folder));
        let simulating = matches!(clock, ClockChoice::Simulated(_));
        let asked: Arc<dyn Clock> = match &clock {
            ClockChoice::Given(clock) => clock.clone(),
            ClockChoice::Simulated(clock) => clock.clone(),
            ClockChoice::System => Arc::new(SystemClock::default()),
        };
        let running = RunOptions { clock, ..running(&shelf) };
        let options = CreateOptions { running, ..CreateOptions::new(origin, second_root)? };
        std::fs::create_dir_all(folder)
            .map_err(|source| OpenError::File { path: folder.to_owned(), source })?;
        must_be_new(folder)?;
        for root in &options.roots {
            let path = folder.join(format!("{}.key", root.holder));
            let written = wuping_ledger::keyring::write_private(&path, root.signer.seed_hex().as_bytes());
            written.map_err(|source| match source.kind() {
                std::io::ErrorKind::AlreadyExists => OpenError::RootKey { path },
                _ => OpenError::File { path, source },
            })?;
        }
        if database_url(folder)?.is_none() {
            // a ledger without its vault is one that lost it: the vault is made first
            drop(Vault::open(folder)?);
        }
        let created = Ledger::create(folder, options)?;
        Self::over(folder, created.ledger, shelf, asked, simulating)
    }

    fn over(
        folder: &Path,
        ledger: Ledger,
        shelf: Arc<Shelf>,
        clock: Arc<dyn Clock>,
        simulating: bool,
    ) -> Result<Self, OpenError> {
        let vault = Arc::new(Vault::open(folder)?);
        if simulating {
            vault.wait_for_disk(false)?;
        }
        let back = apply_again(ledger.reader(), &vault, folder)?;
        if back > 0 {
            tracing::warn!(back, "private values that were erased were there again, and are erased again");
        }
        let office = Arc::new(Office::open(folder)?);
        let views = ViewsHandle::start(&folder.join("views.db"), ledger.reader().clone(), shelf.clone())?;
        let reader = ledger.reader().clone();
        Ok(Self {
            anchors: Arc::new(Anchors::of(folder)?),
            authorities: Arc::new(Authorities::of(folder)?),
            folder: folder.to_owned(),
            ledger,
            office,
            past: Past::beside(folder, reader, shelf.clone()),
            reports: Reports::default(),
            shelf,
            vault,
            views: Arc::new(views),
            clock,
            committed_for_evidence: tokio::sync::Mutex::default(),
            turns: Turns::default(),
            simulating,
        })
    }

    /// End a made-up history: from here on the machine's clock counts.
    ///
    /// # Errors
    /// [`OpenError::Simulation`] with [`AppendError::NotSimulated`], or with [`AppendError::Clock`] if its last entry lies in
    /// the future; [`OpenError::Vault`] if the private values could not be brought to disk.
    pub async fn finish_simulation(&mut self) -> Result<(), OpenError> {
        self.ledger.writer().finish_simulation().await.map_err(OpenError::Simulation)?;
        self.vault.wait_for_disk(true)?;
        self.clock = Arc::new(SystemClock::default());
        self.simulating = false;
        Ok(())
    }

    /// Close the house: what is waiting is written first.
    ///
    /// # Errors
    /// If the last checkpoint could not be kept.
    pub async fn close(self) -> Result<(), AppendError> {
        match self.ledger.commit_heads().await {
            // by a wrong clock, under the fork alarm and without a service key nothing is recorded: the heads are
            // committed to once that is mended
            Ok(_) | Err(AppendError::Alarmed | AppendError::Clock(_) | AppendError::NoKey { .. }) => {}
            Err(error) => return Err(error),
        }
        self.ledger.close().await
    }
}

fn running(shelf: &Arc<Shelf>) -> RunOptions {
    RunOptions { reactor: Box::new(Reactions::by(shelf.clone())), ..RunOptions::default() }
}

/// Refuses a folder in which a ledger is, or was: a new one beside what is left of it would be neither.
///
/// # Errors
/// [`LedgerError::Exists`] or [`OpenError::Remains`]; [`StoreError`] if it cannot be found out.
pub(crate) fn must_be_new(folder: &Path) -> Result<(), OpenError> {
    match Ledger::open_read_only(folder).and_then(|reader| reader.size()) {
        Ok(0) | Err(StoreError::Missing { .. } | StoreError::NotMade { .. }) => {}
        Ok(_) => return Err(LedgerError::Exists.into()),
        Err(error) => return Err(error.into()),
    }
    match REMAINS.into_iter().find(|name| folder.join(name).is_file()) {
        Some(left) => Err(OpenError::Remains { folder: folder.to_owned(), left }),
        None => Ok(()),
    }
}

/// What is made after the ledger, and would not be there without one.
const REMAINS: [&str; 2] = ["checkpoints.txt", "office.db"];
