//! Building: a views file made anew from the whole log in one pass, verified against the ledger's tree, beside the one in
//! use and put in its place when it is whole.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::SecondsFormat;
use rusqlite::Connection;
use wuping_domain::reaction::Rulebooks;
use wuping_ledger::encoding::Hash;
use wuping_ledger::leaf_source::LeafSource;
use wuping_ledger::merkle::Frontier;

use crate::error::ViewsError;
use crate::feed;
use crate::file::{self, Progress};
use crate::folding::{self, Writing};
use crate::held::CAPACITY;
use crate::ledger_rulebooks::all_were_read;
use crate::projector::compare;
use crate::search;
use crate::tx::{Memory, Tx};

/// What to build.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many premises are held in memory: [`crate::held::CAPACITY`].
    pub capacity: usize,
    /// Whether it is to be folded into from then on. Else it is a file of the past: name another than the one in use.
    pub in_use: bool,
    /// The file; `<path>.building` while it is built.
    pub path: PathBuf,
    /// The last entry to fold; all when absent.
    pub up_to: Option<u64>,
}

impl Plan {
    /// The views that are in use, of all entries.
    pub fn of_all(path: &Path) -> Self {
        Self { capacity: CAPACITY, in_use: true, path: path.to_owned(), up_to: None }
    }

    /// The views as they were after the entry at this position, in a file of their own.
    pub fn of_the_past(path: &Path, position: u64) -> Self {
        Self { capacity: CAPACITY, in_use: false, path: path.to_owned(), up_to: Some(position) }
    }
}

/// Builds a views file from a ledger, or from the log that it published. `told` hears how many entries are folded, after each batch.
///
/// # Errors
/// The first entry that is gone, changed, not understood or cannot be folded; [`ViewsError::Tree`] if the tree over all is not
/// the log's; [`ViewsError::Building`] if another process is at it. The file in use is then left as it is.
pub fn build(
    log: &impl LeafSource,
    rulebooks: &Arc<dyn Rulebooks + Send + Sync>,
    plan: &Plan,
    mut told: impl FnMut(u64),
) -> Result<Progress, ViewsError> {
    if !plan.in_use && fs::symlink_metadata(&plan.path).is_ok_and(|found| found.is_symlink()) {
        return Err(ViewsError::InUse { file: plan.path.clone() });
    }
    let building = with_ending(&plan.path, ".building");
    let _alone = lock(&building)?;
    let head = log.head()?;
    let unread = rulebooks.unread();
    let progress = load(log, &**rulebooks, plan, &building, head, &mut told)
        .and_then(|progress| Ok(all_were_read(&**rulebooks, unread).map(|()| progress)?));
    let progress = match progress {
        Ok(progress) => progress,
        Err(error) => {
            file::remove(&building);
            return Err(error);
        }
    };
    if plan.in_use {
        file::swap(&building, &plan.path)?;
    } else {
        file::remove(&plan.path);
        fs::rename(&building, &plan.path).map_err(putting(&plan.path))?;
    }
    Ok(progress)
}

fn load(
    log: &impl LeafSource,
    rulebooks: &dyn Rulebooks,
    plan: &Plan,
    building: &Path,
    head: (u64, Hash),
    told: &mut dyn FnMut(u64),
) -> Result<Progress, ViewsError> {
    let making = ViewsError::database("be made");
    let goal = entries_up_to(head.0, plan.up_to)?;
    let connection = file::create(building)?;
    connection.execute_batch("BEGIN").map_err(&making)?;
    let mut memory = Memory::of(&connection, plan.capacity, false)?;
    let mut progress = Progress::none();
    if goal > 0 {
        progress.log = log.origin()?;
    }
    feed::read(log, Frontier::new(), goal, |batch| {
        for entry in &batch.entries {
            let position = entry.recorded.position;
            let mut tx = Tx { connection: &connection, memory: &mut memory, position, rulebooks };
            folding::apply(&mut tx, entry)?;
        }
        memory.make_room(&connection, rulebooks, Writing::Building)?;
        if let Some(last) = batch.entries.last() {
            progress.recorded_at = last.recorded.recorded_at.to_rfc3339_opts(SecondsFormat::Millis, true);
        }
        progress.frontier = batch.frontier;
        told(progress.folded());
        Ok(())
    })?;
    prove(log, &progress.frontier, head)?;
    memory.write_all(&connection, rulebooks, Writing::Building)?;
    search::fill(&connection)?;
    file::save_progress(&connection, &progress)?;
    connection.execute_batch("COMMIT").map_err(&making)?;
    finish(connection, building, plan.in_use)?;
    Ok(progress)
}

/// Indexes, statistics for the planner, and all of it on the disk.
fn finish(connection: Connection, building: &Path, in_use: bool) -> Result<(), ViewsError> {
    let making = ViewsError::database("be made");
    connection.execute_batch(file::INDEXES).map_err(&making)?;
    connection.execute_batch("PRAGMA analysis_limit = 400; ANALYZE;").map_err(&making)?;
    if in_use {
        connection
            .execute_batch("PRAGMA locking_mode = NORMAL; PRAGMA journal_mode = WAL;")
            .map_err(&making)?;
    }
    connection.close().map_err(|(_, source)| making(source))?;
    let file = File::open(building).map_err(putting(building))?;
    file.sync_all().map_err(putting(building))
}

/// How many entries to fold.
fn entries_up_to(size: u64, up_to: Option<u64>) -> Result<u64, ViewsError> {
    match up_to {
        Some(position) if position >= size => Err(ViewsError::Beyond { position, ledger: size }),
        Some(position) => Ok(position + 1),
        None => Ok(size),
    }
}

/// Refuse what was read unless its tree is the log's, or by the log's own proof a beginning of it.
///
/// # Errors
/// [`ViewsError::Tree`] if it is another.
pub fn prove(
    log: &impl LeafSource,
    computed: &Frontier,
    (size, root): (u64, Hash),
) -> Result<(), ViewsError> {
    if computed.size() == size {
        return compare(computed, root);
    }
    if log.begins_with(computed, (size, root))? {
        return Ok(());
    }
    Err(ViewsError::Tree { size: computed.size(), computed: computed.root().hex(), head: root.hex() })
}

fn lock(building: &Path) -> Result<File, ViewsError> {
    let path = with_ending(building, ".lock");
    let file = File::create(&path).map_err(putting(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ViewsError::Building { file: building.to_owned() }),
        Err(TryLockError::Error(source)) => Err(putting(&path)(source)),
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn putting(path: &Path) -> impl Fn(std::io::Error) -> ViewsError {
    let file = path.to_owned();
    move |source| ViewsError::File { file: file.clone(), doing: "put in its place", source }
}
