//! The ledger's store on SQLite: `ledger.db`, written by one process at a time.
//!
//! Durability: write-ahead log with full sync, so a confirmed commit survives a power cut. Order: one connection
//! writes, under the lock of `ledger.lock`; the database's own lock is taken for the length of a batch.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, params};

use crate::clock::Monotonic;
use crate::disk::{log_of, wait_for_disk};
use crate::keys::Kid;
use crate::lock_file::locked_alone;
use crate::merkle::Frontier;
use crate::reading::LedgerReads;
use crate::row::Row;
use crate::select::{self, damaged, id_text, prepared, reading, signed};
use crate::store::{
    AUTHORS_MARKED_EVERY, Asked, AuthorMark, Batch, CLOCK_MARKED_EVERY_MS, Known, LedgerStore, Outcome,
    Scheme, SealedKey, StoreError, TreeHead, brought_up_to_date,
};
use crate::timestamp::Timestamp;

/// The writer's connection to `ledger.db`.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    /// How many rows of the batch at hand are written already.
    written: usize,
    /// Entries written since the authors' marks were brought up to date.
    unmarked: u64,
    /// The clock mark that was written last.
    clock_marked: Option<Monotonic>,
    /// Held for as long as this store lives: the second writer finds it taken.
    _lock: File,
}

impl SqliteStore {
    /// Makes a new, empty ledger database in a folder.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] if another process writes here; [`StoreError::Corrupt`] if there is a ledger already.
    pub fn create(folder: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(folder)
            .map_err(|source| StoreError::File { file: folder.to_owned(), source })?;
        let lock = lock(folder)?;
        let file = database_in(folder);
        let connection = open(&file, OpenFlags::default())?;
        let tables: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |columns| columns.get(0))
            .map_err(reading)?;
        if tables == 0 {
            connection
                .execute_batch(&format!("BEGIN;\n{}\nCOMMIT;", SCHEMAS.concat()))
                .map_err(|source| StoreError::Database { doing: "be made", source: source.into() })?;
        }
        Self::over(connection, lock, &file)
    }

    /// Opens the ledger database of a folder for writing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Missing`], [`StoreError::InUse`] or [`StoreError::SchemaVersion`].
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let file = existing_database_in(folder)?;
        let lock = lock(folder)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::over(open(&file, flags)?, lock, &file)
    }

    /// Brings the tables of a folder's ledger up to this program's version. Answers the version that was found.
    ///
    /// # Errors
    ///
    /// As [`SqliteStore::open`].
    pub fn upgrade(folder: &Path) -> Result<i64, StoreError> {
        let file = existing_database_in(folder)?;
        let _lock = lock(folder)?;
        upgrade_file(&file)
    }

    fn over(connection: Connection, lock: File, file: &Path) -> Result<Self, StoreError> {
        check_schema_version(&connection, file)?;
        // whoever wrote here before may have left marks behind
        Ok(Self { connection, written: 0, unmarked: AUTHORS_MARKED_EVERY, clock_marked: None, _lock: lock })
    }

    fn insert_batch(&self, batch: &Batch) -> Result<(), rusqlite::Error> {
        self.insert_rows(batch.rows.get(self.written..).unwrap_or_default())?;
        for tile in &batch.tiles {
            self.connection
                .prepare_cached("INSERT INTO tiles (level, n, hashes) VALUES (?1, ?2, ?3)")?
                .execute(params![tile.level, signed(tile.n), tile.hashes])?;
        }
        for outcome in &batch.outcomes {
            self.insert_outcome(outcome)?;
        }
        for (reaction, position) in &batch.cursors {
            self.connection
                .prepare_cached("INSERT OR REPLACE INTO cursors (reaction, position) VALUES (?1, ?2)")?
                .execute(params![reaction, signed(*position)])?;
        }
        if self.unmarked + batch.rows.len() as u64 >= AUTHORS_MARKED_EVERY {
            self.connection.prepare_cached(MARK_AUTHORS)?.execute([])?;
        }
        if self.clock_mark_is_due(&batch.clock_mark) {
            self.connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO clock_mark (only_row, boot, since_boot_ms) VALUES (1, ?1, ?2)",
                )?
                .execute(params![batch.clock_mark.boot, batch.clock_mark.since_boot_ms])?;
        }
        self.move_head(batch)
    }

    fn insert_rows(&self, rows: &[Row]) -> Result<(), rusqlite::Error> {
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO events (position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
             metadata, author_seq, event_id, occurred_at, schema, kid, signature, recorded_at, leaf_hash) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        )?;
        for row in rows {
            insert.execute(params![
                signed(row.position),
                row.aggregate_type,
                row.aggregate_id,
                signed(row.sequence),
                row.event_type,
                row.event_version,
                row.payload,
                row.metadata,
                signed(row.author_seq),
                row.event_id,
                row.occurred_at,
                row.schema,
                row.kid,
                row.signature,
                row.recorded_at,
                row.leaf_hash.as_bytes().as_slice(),
            ])?;
        }
        Ok(())
    }

    fn insert_outcome(&self, outcome: &Outcome) -> Result<(), rusqlite::Error> {
        self.connection
            .prepare_cached(
                "INSERT INTO outcomes (event_id, digest, accepted, result, position) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                id_text(&outcome.event_id),
                outcome.digest.as_slice(),
                outcome.position.is_some(),
                outcome.result,
                outcome.position.map(signed),
            ])?;
        Ok(())
    }

    fn move_head(&self, batch: &Batch) -> Result<(), rusqlite::Error> {
        let head = &batch.head;
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO head (only_row, size, frontier, root, recorded_at) VALUES (1, ?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                signed(head.frontier.size()),
                head.frontier.to_bytes(),
                head.frontier.root().as_bytes().as_slice(),
                head.recorded_at.as_str(),
            ])?;
        Ok(())
    }

    /// A mark that is a little older than the last entry lets a restart notice a jump as well.
    fn clock_mark_is_due(&self, now: &Monotonic) -> bool {
        let since = self.clock_marked.as_ref().and_then(|marked| now.since(marked));
        since.is_none_or(|since| since >= CLOCK_MARKED_EVERY_MS)
    }

    /// Notes what a commit has brought up to date.
    fn committed(&mut self, batch: &Batch) {
        self.unmarked += batch.rows.len() as u64;
        if self.unmarked >= AUTHORS_MARKED_EVERY {
            self.unmarked = 0;
        }
        if self.clock_mark_is_due(&batch.clock_mark) {
            self.clock_marked = Some(batch.clock_mark.clone());
        }
    }
}

impl Drop for SqliteStore {
    /// Leaves one whole file behind. Readers that outlive the writer could not do that, and what is not moved now is
    /// found in the write-ahead log by the next opener.
    fn drop(&mut self) {
        let _ = self.connection.execute(MARK_AUTHORS, []);
        let _ = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }
}

impl LedgerStore for SqliteStore {
    fn reads(&self) -> &dyn LedgerReads {
        &self.connection
    }

    fn wait_for_disk(&mut self, wait: bool) -> Result<(), StoreError> {
        wait_for_disk(&self.connection, wait).map_err(|source| {
            let file = self.connection.path().map(PathBuf::from).unwrap_or_default();
            StoreError::File { file, source }
        })
    }

    fn begin(&mut self, asked: &Asked<'_>) -> Result<Known, StoreError> {
        run(&self.connection, "BEGIN IMMEDIATE", "be locked for a batch")?;
        self.written = 0;
        let (head, alarm) = (head(&self.connection)?, self.connection.alarm()?);
        let mut known = Known { head, alarm, ..Known::default() };
        for stream in &asked.streams {
            known.versions.insert((*stream).to_owned(), select::version(&self.connection, stream)?);
        }
        for event_id in &asked.event_ids {
            known
                .positions
                .extend(select::position_of(&self.connection, event_id)?.map(|at| (*event_id, at)));
            known
                .outcomes
                .extend(select::outcome(&self.connection, event_id)?.map(|found| (*event_id, found)));
        }
        Ok(known)
    }

    fn rows_are_signed(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        self.insert_rows(rows).map_err(taking)?;
        self.written += rows.len();
        Ok(())
    }

    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        self.insert_batch(batch).map_err(taking)?;
        run(&self.connection, "COMMIT", "make a batch durable")?;
        self.committed(batch);
        Ok(())
    }

    fn abandon(&mut self) {
        if !self.connection.is_autocommit() {
            // a transaction that cannot be rolled back is rolled back by the next opener
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }

    fn put_sealed_key(&mut self, key: &SealedKey) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT INTO sealed_keys (kid, role, holder, sealed) VALUES (?1, ?2, ?3, ?4)")
            .and_then(|mut insert| insert.execute(params![key.kid, key.role, key.holder, key.sealed]))
            .map(|_| ())
            .map_err(|source| StoreError::Database { doing: "take a sealed key", source: source.into() })
    }

    fn put_refusal(&mut self, outcome: &Outcome) -> Result<(), StoreError> {
        self.insert_outcome(outcome).map_err(|source| StoreError::Database {
            doing: "take the outcome of a command",
            source: source.into(),
        })
    }

    fn put_scheme(&mut self, scheme: &Scheme) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO schemes (sha256, id, bytes) SELECT ?1, ?2, ?3 \
                 WHERE NOT EXISTS (SELECT 1 FROM schemes WHERE sha256 = ?1)",
            )
            .and_then(|mut insert| insert.execute(params![scheme.sha256, scheme.id, scheme.bytes]))
            .map(|_| ())
            .map_err(|source| StoreError::Database { doing: "take a rulebook", source: source.into() })
    }

    fn put_checkpoint(&mut self, size: u64, note: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO checkpoints (size, note) SELECT ?1, ?2 \
                 WHERE NOT EXISTS (SELECT 1 FROM checkpoints WHERE size = ?1)",
            )
            .and_then(|mut insert| insert.execute(params![signed(size), note]))
            .map(|_| ())
            .map_err(|source| StoreError::Database { doing: "take a checkpoint", source: source.into() })
    }
}

/// The newest state of the tree; none before the first entry.
pub(crate) fn head(connection: &Connection) -> Result<Option<TreeHead>, StoreError> {
    let mut statement = prepared(connection, "SELECT size, frontier, root, recorded_at FROM head")?;
    let mut found = statement.query([]).map_err(reading)?;
    let Some(columns) = found.next().map_err(reading)? else { return Ok(None) };
    let frontier = Frontier::from_bytes(select::blob(columns, 1)?)
        .map_err(|refusal| StoreError::refused("the head's frontier", &refusal))?;
    let agrees =
        frontier.size() == select::unsigned(columns, 0)? && frontier.root() == select::hash(columns, 2)?;
    if !agrees {
        return Err(damaged("the head's size, frontier and root are not of one tree"));
    }
    let recorded_at = Timestamp::parse(select::text(columns, 3)?, "recorded_at")
        .map_err(|refusal| StoreError::refused("the head", &refusal))?;
    Ok(Some(TreeHead { frontier, recorded_at }))
}

/// A connection that only reads. Where the folder cannot be written to and nothing is in the write-ahead log, the
/// file is read as it lies.
pub(crate) fn open_reading(file: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let probe = |connection: Connection| {
        connection.busy_timeout(BUSY).map_err(reading)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.pragma_update(None, "query_only", true).map_err(reading)?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).map_err(reading)?;
        Ok(connection)
    };
    let opened = Connection::open_with_flags(file, flags).map_err(reading).and_then(probe);
    let log = log_of(file);
    match opened {
        Err(_) if std::fs::metadata(&log).map_or(true, |log| log.len() == 0) && file.is_file() => {
            let name = file.display().to_string().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
            let flags = flags | OpenFlags::SQLITE_OPEN_URI;
            Connection::open_with_flags(format!("file:{name}?immutable=1"), flags)
                .map_err(reading)
                .and_then(probe)
        }
        opened => opened,
    }
}

/// Refuses a database of another version: never a guess.
pub(crate) fn check_schema_version(connection: &Connection, file: &Path) -> Result<(), StoreError> {
    match schema_version(connection)? {
        SCHEMA_VERSION => Ok(()),
        found => Err(other_version(file, found)),
    }
}

/// The version that a file of tables states.
pub(crate) fn schema_version(connection: &Connection) -> Result<i64, StoreError> {
    let found = connection.query_row("SELECT max(version) FROM schema_version", [], |columns| columns.get(0));
    found.map_err(|source| StoreError::Database {
        doing: "be read: it has no schema version",
        source: source.into(),
    })
}

fn other_version(file: &Path, found: i64) -> StoreError {
    let database = file.display().to_string();
    match (1..SCHEMA_VERSION).contains(&found) {
        true => StoreError::OlderSchema { database, found, known: SCHEMA_VERSION },
        false => StoreError::SchemaVersion { database, found, known: SCHEMA_VERSION },
    }
}

/// As [`SqliteStore::upgrade`], of a file that nobody serves: one out of a backup that an earlier version made.
pub(crate) fn upgrade_file(file: &Path) -> Result<i64, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(reading)?;
    connection.busy_timeout(BUSY).map_err(reading)?;
    let found = schema_version(&connection)?;
    let known = usize::try_from(found).ok().filter(|known| (1..=SCHEMAS.len()).contains(known));
    let missing = &SCHEMAS[known.ok_or_else(|| other_version(file, found))?..];
    if !missing.is_empty() {
        let upgraded = connection.execute_batch(&format!("BEGIN IMMEDIATE;\n{}\nCOMMIT;", missing.concat()));
        upgraded.map_err(|source| StoreError::Database { doing: "be upgraded", source: source.into() })?;
    }
    Ok(found)
}

/// A connection that writes what is not the writer's, beside it.
pub(crate) fn open_beside(folder: &Path) -> Result<Connection, StoreError> {
    let file = existing_database_in(folder)?;
    let connection = open(&file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    check_schema_version(&connection, &file)?;
    Ok(connection)
}

/// The database of a folder, which must be there.
pub(crate) fn existing_database_in(folder: &Path) -> Result<PathBuf, StoreError> {
    let file = database_in(folder);
    match file.is_file() {
        true => Ok(file),
        false => Err(StoreError::Missing { folder: folder.to_owned() }),
    }
}

fn database_in(folder: &Path) -> PathBuf {
    folder.join("ledger.db")
}

/// The lock of a folder: one process writes by it, wherever its ledger lies.
pub(crate) fn lock(folder: &Path) -> Result<File, StoreError> {
    let file = folder.join("ledger.lock");
    match locked_alone(&file) {
        Ok(lock) => lock.ok_or(StoreError::InUse),
        Err(source) => Err(StoreError::File { file, source }),
    }
}

fn open(file: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let opening =
        |source: rusqlite::Error| StoreError::Database { doing: "be opened", source: source.into() };
    let connection = Connection::open_with_flags(file, flags).map_err(opening)?;
    connection.busy_timeout(BUSY).map_err(opening)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
             PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 4000;",
        )
        .map_err(opening)?;
    Ok(connection)
}

/// The marks, each compared with the entry it names.
pub(crate) fn authors(connection: &Connection) -> Result<Vec<AuthorMark>, StoreError> {
    let sql = "SELECT a.kid, a.author_seq, a.position, e.position IS NOT NULL FROM authors a LEFT JOIN events e \
               ON e.position = a.position AND e.kid = a.kid AND e.author_seq = a.author_seq";
    let mut statement = prepared(connection, sql)?;
    let mut found = statement.query([]).map_err(reading)?;
    let mut marks = Vec::new();
    while let Some(columns) = found.next().map_err(reading)? {
        let mark = author_mark(columns)?;
        if select::unsigned(columns, 3)? == 0 {
            return Err(damaged(format!(
                "the mark of the author {} names an entry that is not theirs",
                mark.kid
            )));
        }
        marks.push(mark);
    }
    let size = head(connection)?.map_or(0, |head| head.frontier.size());
    brought_up_to_date(marks, size, &mut |from| {
        let mut statement = prepared(connection, LAST_OF_AUTHORS_FROM)?;
        let mut found = statement.query([signed(from)]).map_err(reading)?;
        let mut marks = Vec::new();
        while let Some(columns) = found.next().map_err(reading)? {
            marks.push(author_mark(columns)?);
        }
        Ok(marks)
    })
}

fn author_mark(columns: &rusqlite::Row<'_>) -> Result<AuthorMark, StoreError> {
    let kid = Kid::parse(select::text(columns, 0)?)
        .map_err(|refusal| StoreError::refused("the mark of an author", &refusal))?;
    Ok(AuthorMark { kid, author_seq: select::unsigned(columns, 1)?, position: select::unsigned(columns, 2)? })
}

fn taking(source: rusqlite::Error) -> StoreError {
    StoreError::Database { doing: "take a batch", source: source.into() }
}

fn run(connection: &Connection, sql: &str, doing: &'static str) -> Result<(), StoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute([]))
        .map(|_| ())
        .map_err(|source| StoreError::Database { doing, source: source.into() })
}

/// What each version adds to the one before it.
pub(crate) const SCHEMAS: [&str; 2] = [
    include_str!("../../migrations/sqlite/ledger/0001.sql"),
    include_str!("../../migrations/sqlite/ledger/0002.sql"),
];
const SCHEMA_VERSION: i64 = 2;
const BUSY: Duration = Duration::from_secs(10);
const STATEMENTS: usize = 64;
/// Brings the marks up to the last entry there is. In SQLite a bare column beside max() is of the row that has it.
const MARK_AUTHORS: &str = "INSERT OR REPLACE INTO authors (kid, author_seq, position) \
    SELECT kid, max(author_seq), position FROM events \
    WHERE position >= (SELECT coalesce(max(position) + 1, 0) FROM authors) GROUP BY kid";
const LAST_OF_AUTHORS_FROM: &str =
    "SELECT kid, max(author_seq), position FROM events WHERE position >= ?1 GROUP BY kid";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_the_promises_of_a_store() {
        let folder = tempfile::tempdir().unwrap();
        let store = Box::new(SqliteStore::create(folder.path()).unwrap());
        crate::store_suite::keeps_its_promises(store, &|| {
            Box::new(SqliteStore::open(folder.path()).unwrap())
        });
    }

    #[test]
    fn a_ledger_of_an_older_version_is_refused_until_it_is_upgraded() {
        let folder = tempfile::tempdir().unwrap();
        let older = Connection::open(folder.path().join("ledger.db")).unwrap();
        older.execute_batch(SCHEMAS[0]).unwrap();
        let refused = SqliteStore::open(folder.path()).unwrap_err();
        assert!(refused.to_string().contains("wuping upgrade"), "{refused}");
        assert_eq!(SqliteStore::upgrade(folder.path()).unwrap(), 1);
        assert_eq!(SqliteStore::upgrade(folder.path()).unwrap(), 2, "once more does nothing");
        let store = Box::new(SqliteStore::open(folder.path()).unwrap());
        crate::store_suite::keeps_its_promises(store, &|| {
            Box::new(SqliteStore::open(folder.path()).unwrap())
        });
    }

    #[test]
    fn a_folder_without_a_ledger_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let refused = SqliteStore::open(folder.path()).unwrap_err();
        assert!(refused.to_string().contains("wuping init"), "{refused}");
    }

    #[test]
    fn a_mark_that_does_not_agree_with_the_entries_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        let store = Box::new(SqliteStore::create(folder.path()).unwrap());
        crate::store_suite::keeps_its_promises(store, &|| {
            Box::new(SqliteStore::open(folder.path()).unwrap())
        });
        let store = SqliteStore::open(folder.path()).unwrap();
        store.connection.execute("UPDATE authors SET author_seq = 3, position = 2", []).unwrap();
        let mark = store.reads().authors().unwrap().pop().unwrap();
        assert_eq!((mark.author_seq, mark.position), (5, 4), "a mark that a crash left behind is no damage");
        drop(store);
        for damage in ["UPDATE authors SET author_seq = 3", "UPDATE authors SET author_seq = 4, position = 2"]
        {
            let store = SqliteStore::open(folder.path()).unwrap();
            store.connection.execute(damage, []).unwrap();
            assert!(matches!(store.reads().authors(), Err(StoreError::Corrupt { .. })), "{damage}");
            store.connection.execute("UPDATE authors SET author_seq = 5, position = 4", []).unwrap();
        }
    }
}
