//! The past: lists as they stood after an earlier entry of the ledger. The views are folded up to that entry into a file of
//! their own, and answer the same questions as those of today, so that no list is made in a second way. A file is made when
//! it is first asked for; the newest few are kept as long as the server runs.

use std::collections::VecDeque;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use wuping_domain::reaction::Rulebooks;
use wuping_domain::recorded::local_date;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;
use wuping_projections::Views;
use wuping_projections::build::{Plan, build};

/// Views of the past. One file is made at a time.
#[derive(Clone)]
pub(crate) struct Past {
    folder: Arc<Path>,
    files: Arc<Mutex<Files>>,
    one: Arc<Semaphore>,
    reader: Reader,
    rulebooks: Arc<dyn Rulebooks + Send + Sync>,
}

#[derive(Default)]
struct Files {
    kept: VecDeque<(u64, Views)>,
    place: Option<TempDir>,
}

/// A past that was asked for.
#[derive(Clone)]
pub(crate) struct Then {
    /// The day on which the ledger took the last entry that was known.
    pub(crate) today: NaiveDate,
    /// What was shown then.
    pub(crate) views: Views,
}

/// Why there is no such past.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotThen {
    /// The ledger had no entry then.
    #[error("the ledger began later")]
    Before,
    /// It has not so many entries.
    #[error("the ledger holds {entries} entries, and none at position {position}")]
    Beyond {
        /// What was asked for.
        position: u64,
        /// How many there are.
        entries: u64,
    },
    /// Its file is still being made.
    #[error("the lists of that moment are still being made")]
    Making,
    /// Something failed.
    #[error("the lists of that moment could not be made")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

impl Past {
    /// Of this ledger, with files in a folder that is taken away with it.
    pub(crate) fn beside(folder: &Path, reader: Reader, rulebooks: Arc<dyn Rulebooks + Send + Sync>) -> Self {
        Self {
            folder: folder.into(),
            files: Arc::default(),
            one: Arc::new(Semaphore::new(1)),
            reader,
            rulebooks,
        }
    }

    /// What was shown after the entry at a position, or after the last one that was recorded by a time; by both where both
    /// are given.
    ///
    /// # Errors
    /// [`NotThen`], which says whether to ask again.
    pub(crate) async fn then(&self, at: Option<u64>, as_of: Option<DateTime<Utc>>) -> Result<Then, NotThen> {
        let past = self.clone();
        let moment = tokio::task::spawn_blocking(move || past.moment(at, as_of)).await.map_err(failed)?;
        let (position, today) = moment?;
        if let Some(views) = self.files().kept(position) {
            return Ok(Then { today, views });
        }
        // whoever waits in vain leaves nothing behind to be made
        let turn = tokio::time::timeout(WAIT, Arc::clone(&self.one).acquire_owned()).await;
        let turn = turn.map_err(|_| NotThen::Making)?.map_err(failed)?;
        let past = self.clone();
        let making = tokio::spawn(async move {
            let _turn = turn;
            tokio::task::spawn_blocking(move || past.views(position)).await.map_err(failed)?
        });
        match tokio::time::timeout(WAIT, making).await {
            Ok(made) => Ok(Then { today, views: made.map_err(failed)?? }),
            // it is made to its end, and is there when it is asked for again
            Err(_) => Err(NotThen::Making),
        }
    }

    /// The position of the last entry that was known, and the day on which the ledger took it.
    fn moment(&self, at: Option<u64>, as_of: Option<DateTime<Utc>>) -> Result<(u64, NaiveDate), NotThen> {
        let entries = self.reader.size().map_err(failed)?;
        if let Some(position) = at.filter(|position| *position >= entries) {
            return Err(NotThen::Beyond { position, entries });
        }
        let known = as_of.map(|as_of| self.known_by(as_of, entries)).transpose().map_err(failed)?;
        let end = at.map_or(entries, |at| at + 1).min(known.unwrap_or(entries));
        let position = end.checked_sub(1).ok_or(NotThen::Before)?;
        let row = self.reader.row(position).map_err(failed)?.ok_or(NotThen::Before)?;
        Ok((position, local_date(row.recorded_at.parse().map_err(failed)?)))
    }

    /// How many entries were recorded by a time. Times of receipt never decrease with the position.
    fn known_by(&self, as_of: DateTime<Utc>, entries: u64) -> Result<u64, StoreError> {
        let (mut from, mut to) = (0, entries);
        while from < to {
            let middle = from + (to - from) / 2;
            let row = self.reader.row(middle)?;
            let by = row.and_then(|row| row.recorded_at.parse::<DateTime<Utc>>().ok());
            if by.is_some_and(|recorded_at| recorded_at <= as_of) { from = middle + 1 } else { to = middle }
        }
        Ok(from)
    }

    /// Takes away what a server that was killed left behind.
    fn clear(&self) -> std::io::Result<()> {
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(PREFIX) {
                std::fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }

    /// The views up to a position; whose turn it is makes them.
    fn views(&self, position: u64) -> Result<Views, NotThen> {
        if let Some(views) = self.files().kept(position) {
            return Ok(views);
        }
        let path = self.place()?.join(format!("{position}.db"));
        build(&self.reader, &self.rulebooks, &Plan::of_the_past(&path, position), |_| ()).map_err(failed)?;
        let views = Views::at(&path);
        let mut files = self.files();
        files.kept.push_front((position, views.clone()));
        if files.kept.len() > KEPT_MAX
            && let Some((_, oldest)) = files.kept.pop_back()
        {
            // whoever reads it at this moment has it open still
            let _ = std::fs::remove_file(oldest.path());
        }
        Ok(views)
    }

    /// The folder of the files, made when the first of them is.
    fn place(&self) -> Result<PathBuf, NotThen> {
        let mut files = self.files();
        if let Some(place) = &files.place {
            return Ok(place.path().to_owned());
        }
        self.clear().map_err(failed)?;
        let place = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&self.folder).map_err(failed)?;
        Ok(files.place.insert(place).path().to_owned())
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Files {
    fn kept(&self, position: u64) -> Option<Views> {
        self.kept.iter().find(|(kept, _)| *kept == position).map(|(_, views)| views.clone())
    }
}

fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> NotThen {
    NotThen::Failed(error.into())
}

/// What the folder of files is called, with letters drawn by lot behind it.
const PREFIX: &str = "views-of-the-past-";
/// How many pasts are kept.
const KEPT_MAX: usize = 4;
/// How long whoever asks first waits for a file; it is made on, whoever goes.
const WAIT: Duration = Duration::from_secs(20);
