//! The views file: its tables, its versions, and how far it has come. `views.db` is a link to the file in use, since a
//! file of SQLite must never be replaced under its own name: what another file left beside it would be taken for its own.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};
use wuping_ledger::merkle::Frontier;

use crate::error::ViewsError;
use crate::tx::{signed, versions};

/// How far a views file has come.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Progress {
    /// Origin of the ledger it was folded from.
    pub log: String,
    /// The tree over the entries folded; its size is their number.
    pub frontier: Frontier,
    /// The last entry's time, RFC 3339; empty before the first.
    pub recorded_at: String,
}

impl Progress {
    /// Nothing folded yet.
    pub fn none() -> Self {
        Self { log: String::new(), frontier: Frontier::new(), recorded_at: String::new() }
    }

    /// Number of entries folded.
    pub fn folded(&self) -> u64 {
        self.frontier.size()
    }

    /// Position of the last entry folded.
    pub fn position(&self) -> Option<u64> {
        self.folded().checked_sub(1)
    }

    /// Root of the tree over the entries folded, lower-case hex.
    pub fn tree_root(&self) -> String {
        self.frontier.root().hex()
    }
}

/// Which file lies under a name: another one after a rebuild.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct FileId {
    device: u64,
    inode: u64,
}

/// The file a name leads to; none if there is none.
pub(crate) fn file_id(path: &Path) -> Option<FileId> {
    fs::metadata(path).ok().map(|found| FileId { device: found.dev(), inode: found.ino() })
}

/// A new file with empty tables and without indexes, for one writer and no reader.
pub(crate) fn create(path: &Path) -> Result<Connection, ViewsError> {
    let making = ViewsError::database("be made");
    remove(path);
    let connection = Connection::open(path).map_err(&making)?;
    let settings = "PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; \
                    PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -262144; PRAGMA temp_store = FILE;";
    connection.execute_batch(settings).map_err(&making)?;
    connection.execute_batch(TABLES).map_err(&making)?;
    connection.execute_batch(&format!("PRAGMA user_version = {SCHEMA}")).map_err(&making)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    for (name, version) in versions() {
        let sql = "INSERT INTO projections VALUES (?1, ?2)";
        connection.execute(sql, params![name, version]).map_err(&making)?;
    }
    Ok(connection)
}

/// The file in use, to go on folding into it.
pub(crate) fn open_writing(path: &Path) -> Result<Connection, ViewsError> {
    if file_id(path).is_none() {
        return Err(ViewsError::Outdated { why: "there is none yet".to_owned() });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(unusable)?;
    connection.busy_timeout(PATIENCE).map_err(unusable)?;
    // What a power cut takes is folded again from the ledger: nothing here needs a sync of its own.
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;").map_err(unusable)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    check_versions(&connection)?;
    Ok(connection)
}

/// A connection that only reads.
pub(crate) fn open_reading(path: &Path) -> Result<Connection, ViewsError> {
    let opening = ViewsError::database("be opened");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(&opening)?;
    connection.busy_timeout(PATIENCE).map_err(&opening)?;
    connection
        .execute_batch("PRAGMA cache_size = -16384; PRAGMA mmap_size = 268435456;")
        .map_err(&opening)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// How far a views file has come, if it is one of this program's version; looked at beside whoever writes.
///
/// # Errors
/// [`ViewsError::Outdated`] for a damaged one or one of another version.
pub fn standing(path: &Path) -> Result<Progress, ViewsError> {
    let connection = open_reading(path).map_err(|error| match error {
        ViewsError::Database { source, .. } => unusable(source),
        other => other,
    })?;
    check_versions(&connection)?;
    progress(&connection)
}

/// How far a file has come.
pub(crate) fn progress(connection: &Connection) -> Result<Progress, ViewsError> {
    let sql = "SELECT log, frontier, recorded_at FROM progress";
    let row = connection
        .prepare_cached(sql)
        .map_err(unusable)?
        .query_row([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, String>(2)?))
        })
        .optional()
        .map_err(unusable)?;
    let Some((log, frontier, recorded_at)) = row else { return Ok(Progress::none()) };
    let frontier = Frontier::from_bytes(&frontier);
    let frontier = frontier.map_err(|refusal| ViewsError::Outdated { why: refusal.to_string() })?;
    Ok(Progress { log, frontier, recorded_at })
}

/// Note how far the file has come, in the transaction of what was folded.
pub(crate) fn save_progress(connection: &Connection, progress: &Progress) -> Result<(), ViewsError> {
    let values = params![
        progress.log,
        signed(progress.folded()),
        progress.frontier.to_bytes(),
        progress.tree_root(),
        progress.recorded_at
    ];
    crate::tx::write(connection, "REPLACE INTO progress VALUES (1, ?1, ?2, ?3, ?4, ?5)", values)
}

/// Put a finished file in the place of the one in use: at once, so that nobody ever finds none or half of one. Who has the
/// old one open goes on reading it.
pub(crate) fn swap(finished: &Path, path: &Path) -> Result<PathBuf, ViewsError> {
    let moving = |file: &Path| {
        let file = file.to_owned();
        move |source| ViewsError::File { file, doing: "put in its place", source }
    };
    let before = fs::read_link(path).ok().map(|target| beside(path, &target));
    let generation = (1..).map(|n: u64| path.with_extension(format!("{n}.db"))).find(|free| !exists(free));
    let generation = generation.unwrap_or_else(|| path.with_extension("0.db"));
    fs::rename(finished, &generation).map_err(moving(finished))?;
    let link = path.with_extension("link");
    remove(&link);
    let target = generation.file_name().map(PathBuf::from).unwrap_or_default();
    symlink(target, &link).map_err(moving(&link))?;
    fs::rename(&link, path).map_err(moving(path))?;
    if let Some(before) = before {
        remove(&before);
    }
    Ok(generation)
}

/// Remove a file and what SQLite may have left beside it.
pub(crate) fn remove(path: &Path) {
    for ending in ["", "-journal", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        // What is not there need not be removed; what cannot be removed fails where it is made anew.
        fs::remove_file(name).ok();
    }
}

fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok() || fs::symlink_metadata(path.with_extension("db-wal")).is_ok()
}

fn beside(path: &Path, target: &Path) -> PathBuf {
    path.parent().map_or_else(|| target.to_owned(), |folder| folder.join(target))
}

fn check_versions(connection: &Connection) -> Result<(), ViewsError> {
    let outdated = |why: String| Err(ViewsError::Outdated { why });
    let schema: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(unusable)?;
    if schema != SCHEMA {
        return outdated(format!("its tables are of version {schema}, this program's of {SCHEMA}"));
    }
    let mut statement = connection.prepare("SELECT name, version FROM projections").map_err(unusable)?;
    let mut rows = statement.query([]).map_err(unusable)?;
    let mut known = versions();
    while let Some(row) = rows.next().map_err(unusable)? {
        let (name, version): (String, u32) = (row.get(0).map_err(unusable)?, row.get(1).map_err(unusable)?);
        if known.remove(name.as_str()) != Some(version) {
            return outdated(format!("projection {name} was of version {version}"));
        }
    }
    match known.keys().next() {
        Some(name) => outdated(format!("it has no projection {name}")),
        None => Ok(()),
    }
}

/// What SQLite says of a damaged file.
pub(crate) fn unusable(source: rusqlite::Error) -> ViewsError {
    match source.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
            ViewsError::Database { doing: "be locked", source }
        }
        _ => ViewsError::Outdated { why: source.to_string() },
    }
}

/// All tables, without indexes.
const TABLES: &str = include_str!("../../migrations/sqlite/views/0001.sql");

/// All indexes.
pub(crate) const INDEXES: &str = include_str!("../../migrations/sqlite/views/0001_indexes.sql");

/// Raised when a table or index changes.
const SCHEMA: i64 = 3;

/// Statements a connection keeps compiled.
const STATEMENTS: usize = 96;

/// How long a lock of another process is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
