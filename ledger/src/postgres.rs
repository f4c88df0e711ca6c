//! The ledger's store on Postgres: written by several nodes in turn, each batch under the lock of the head's row.
//!
//! A batch costs two round trips: what it needs to know is asked together with the lock, what it writes is sent together
//! with the commit. Requests of one connection are done in the order in which they are sent.

use tokio::try_join;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::alarm::ALARM;
use crate::clock::Monotonic;
use crate::postgres_address::Address;
use crate::postgres_columns::{
    CursorColumns, HeadColumns, INSERT_OUTCOMES, INSERT_REFUSAL, INSERT_ROWS, INSERT_TILES, MOVE_HEAD,
    OutcomeColumns, RowColumns, SET_CURSORS, TEXTS, TileColumns, WRITE_ONE,
};
use crate::postgres_reading::{head, outcome, raised};
use crate::postgres_session::{Session, failed, perhaps, text, unsigned};
use crate::reading::LedgerReads;
use crate::row::Row;
use crate::select::{id_text, signed};
use crate::store::{
    AUTHORS_MARKED_EVERY, Asked, Batch, CLOCK_MARKED_EVERY_MS, Known, LedgerStore, Outcome, Scheme,
    SealedKey, StoreError, TreeHead,
};

/// The writer's connection to the database.
pub struct PostgresStore {
    address: Address,
    session: Session,
    /// Whether a transaction is open, as far as is known.
    begun: bool,
    /// Entries written here since the authors' marks were brought up to date.
    unmarked: u64,
    /// The clock mark that was written last.
    clock_marked: Option<Monotonic>,
}

impl PostgresStore {
    /// Makes the tables of a new ledger in an empty database, and the role that may only append.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database cannot be reached, is of another version, or is no UTF-8 database.
    pub fn create(address: &Address) -> Result<Self, StoreError> {
        let session = Session::open(address)?;
        check_settings(&session)?;
        // whoever makes it at the same moment waits here, then finds it made
        session.batch(&format!("BEGIN; SELECT pg_advisory_xact_lock({MAKING_LOCK});"), "be made")?;
        let made = if is_made(&session)? { Ok(()) } else { session.batch(&SCHEMAS.concat(), "be made") };
        session.batch("COMMIT", "be made")?;
        made?;
        Self::over(address.clone(), session)
    }

    /// Opens the ledger of a database for writing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be reached, holds no ledger or one of another version.
    pub fn open(address: &Address) -> Result<Self, StoreError> {
        let session = open_session(address)?;
        check_settings(&session)?;
        Self::over(address.clone(), session)
    }

    /// Brings the tables of an older version up to this program's, as their owner. Answers the version that was found.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database cannot be reached, holds no ledger, or the login does not own it.
    pub fn upgrade(address: &Address) -> Result<i64, StoreError> {
        let session = open_session(address)?;
        check_settings(&session)?;
        session.batch(&format!("BEGIN; SELECT pg_advisory_xact_lock({MAKING_LOCK});"), "be upgraded")?;
        let found = schema_version(&session)?;
        let known = usize::try_from(found).ok().filter(|known| (1..=SCHEMAS.len()).contains(known));
        let upgraded = match known {
            None => Err(other_version(address, found)),
            Some(known) => {
                SCHEMAS[known..].iter().try_for_each(|schema| session.batch(schema, "be upgraded"))
            }
        };
        let end = if upgraded.is_ok() { "COMMIT" } else { "ROLLBACK" };
        session.batch(end, "be upgraded")?;
        upgraded.map(|()| found)
    }

    fn over(address: Address, session: Session) -> Result<Self, StoreError> {
        check_schema_version(&session, &address)?;
        // whoever wrote here before may have left marks behind
        Ok(Self { address, session, begun: false, unmarked: AUTHORS_MARKED_EVERY, clock_marked: None })
    }

    fn ask(&self, asked: &Asked<'_>) -> Result<Known, StoreError> {
        let session = &self.session;
        let prepared = |sql| session.prepared(sql, LOCKING);
        let (lock, versions) = (prepared(LOCK_HEAD)?, prepared(VERSIONS)?);
        let (positions, outcomes, alarm) = (prepared(POSITIONS)?, prepared(OUTCOMES)?, prepared(ALARM)?);
        let ids: Vec<String> = asked.event_ids.iter().map(id_text).collect();
        let derived: Vec<String> = asked.derived().map(id_text).collect();
        let client = &session.client;
        let of_streams: [&(dyn ToSql + Sync); 1] = [&asked.streams];
        let (of_ids, of_derived): ([&(dyn ToSql + Sync); 1], [&(dyn ToSql + Sync); 1]) = ([&ids], [&derived]);
        let answered = session.wait(async {
            try_join!(
                // in this order: what is answered first is why the rest failed
                biased;
                client.batch_execute("BEGIN"),
                client.query_one(&lock, &[]),
                // behind the lock: what was raised while it was waited for is seen
                client.query_opt(&alarm, &[]),
                client.query(&versions, &of_streams),
                client.query(&outcomes, &of_ids),
                only(!derived.is_empty(), client.query(&positions, &of_derived)),
            )
        });
        let ((), locked, alarm, versions, outcomes, positions) = answered.map_err(failed(LOCKING))?;
        let alarm = alarm.as_ref().map(raised).transpose()?;
        let mut known = Known { head: head(&locked)?, alarm, ..Known::default() };
        for columns in &versions {
            known.versions.insert(text(columns, 0)?.to_owned(), perhaps(columns, 1)?.unwrap_or(0));
        }
        for columns in &positions {
            let event_id = Uuid::try_parse(text(columns, 0)?);
            known
                .positions
                .extend(event_id.ok().map(|id| unsigned(columns, 1).map(|at| (id, at))).transpose()?);
        }
        for columns in &outcomes {
            let outcome = outcome(columns)?;
            known.outcomes.insert(outcome.event_id, outcome);
        }
        Ok(known)
    }

    /// One entry, its command's outcome and the head, and the commit behind them: half the statements of [`PostgresStore::write`].
    fn write_one(&self, row: &Row, outcome: &Outcome, head: &TreeHead) -> Result<(), StoreError> {
        let (session, client) = (&self.session, &self.session.client);
        let numbers = [row.position, row.sequence, row.author_seq].map(signed);
        let (leaf_hash, digest) = (row.leaf_hash.as_bytes().as_slice(), outcome.digest.as_slice());
        let (event_id, position) = (id_text(&outcome.event_id), outcome.position.map(signed));
        let head = HeadColumns::of(head);
        let mut parameters: Vec<&(dyn ToSql + Sync)> = Vec::with_capacity(24);
        parameters.extend(numbers.iter().map(|number| number as &(dyn ToSql + Sync)));
        parameters.extend(TEXTS.iter().map(|text| text(row) as &(dyn ToSql + Sync)));
        parameters.push(&leaf_hash);
        parameters.extend([&event_id as &(dyn ToSql + Sync), &digest, &outcome.result, &position]);
        parameters.extend(head.parameters());
        let write = session.prepared(WRITE_ONE, TAKING)?;
        let written = session.wait(async {
            try_join!(
                biased;
                client.execute(&write, &parameters),
                client.batch_execute("COMMIT"),
            )
        });
        written.map(|_| ()).map_err(failed(TAKING))
    }

    /// Sends all that a batch writes, and the commit behind it, in one go.
    fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        let (marks_due, clock_due) = (self.marks_are_due(batch), self.clock_mark_is_due(&batch.clock_mark));
        if let ([row], [outcome]) = (batch.rows.as_slice(), batch.outcomes.as_slice())
            && batch.tiles.is_empty()
            && batch.cursors.is_empty()
            && !(marks_due || clock_due)
        {
            return self.write_one(row, outcome, &batch.head);
        }
        let (session, client) = (&self.session, &self.session.client);
        let (rows, tiles) = (RowColumns::of(&batch.rows), TileColumns::of(&batch.tiles));
        let (outcomes, cursors) = (OutcomeColumns::of(&batch.outcomes), CursorColumns::of(&batch.cursors));
        let head = HeadColumns::of(&batch.head);
        let clock: [&(dyn ToSql + Sync); 2] = [&batch.clock_mark.boot, &batch.clock_mark.since_boot_ms];
        let head = head.parameters();
        let statement = |sql| session.prepared(sql, TAKING);
        let (insert_rows, insert_outcomes, move_head) =
            (statement(INSERT_ROWS)?, statement(INSERT_OUTCOMES)?, statement(MOVE_HEAD)?);
        let (insert_tiles, set_cursors) = (statement(INSERT_TILES)?, statement(SET_CURSORS)?);
        let (mark_authors, mark_clock) = (statement(MARK_AUTHORS)?, statement(MARK_CLOCK)?);
        let (row_parameters, tile_parameters) = (rows.parameters(), tiles.parameters());
        let (outcome_parameters, cursor_parameters) = (outcomes.parameters(), cursors.parameters());
        let written = session.wait(async {
            try_join!(
                // in this order: what is answered first is why the rest failed
                biased;
                client.execute(&insert_rows, &row_parameters),
                only(!batch.tiles.is_empty(), client.execute(&insert_tiles, &tile_parameters)),
                only(!batch.outcomes.is_empty(), client.execute(&insert_outcomes, &outcome_parameters)),
                only(!batch.cursors.is_empty(), client.execute(&set_cursors, &cursor_parameters)),
                only(marks_due, client.execute(&mark_authors, &[])),
                only(clock_due, client.execute(&mark_clock, &clock)),
                client.execute(&move_head, &head),
                // after an error Postgres takes this for a rollback, and the error is answered first
                client.batch_execute("COMMIT"),
            )
        });
        written.map(|_| ()).map_err(failed(TAKING))
    }

    fn marks_are_due(&self, batch: &Batch) -> bool {
        self.unmarked + batch.rows.len() as u64 >= AUTHORS_MARKED_EVERY
    }

    /// A mark that is a little older than the last entry lets a restart notice a jump as well.
    fn clock_mark_is_due(&self, now: &Monotonic) -> bool {
        let since = self.clock_marked.as_ref().and_then(|marked| now.since(marked));
        since.is_none_or(|since| since >= CLOCK_MARKED_EVERY_MS)
    }
}

impl LedgerStore for PostgresStore {
    fn reads(&self) -> &dyn LedgerReads {
        &self.session
    }

    fn begin(&mut self, asked: &Asked<'_>) -> Result<Known, StoreError> {
        self.begun = true;
        self.ask(asked)
    }

    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        self.write(batch)?;
        self.begun = false;
        self.unmarked = if self.marks_are_due(batch) { 0 } else { self.unmarked + batch.rows.len() as u64 };
        if self.clock_mark_is_due(&batch.clock_mark) {
            self.clock_marked = Some(batch.clock_mark.clone());
        }
        Ok(())
    }

    fn abandon(&mut self) {
        if std::mem::take(&mut self.begun) {
            // a connection that is gone has no transaction any more
            let _ = self.session.batch("ROLLBACK", "give a batch up");
        }
    }

    fn revive(&mut self) -> Result<(), StoreError> {
        if self.session.answers() {
            return Ok(());
        }
        *self = Self::open(&self.address)?;
        Ok(())
    }

    fn put_sealed_key(&mut self, key: &SealedKey) -> Result<(), StoreError> {
        let sql = "INSERT INTO sealed_keys (kid, role, holder, sealed) VALUES ($1, $2, $3, $4)";
        self.session
            .execute(sql, &[&key.kid, &key.role, &key.holder, &key.sealed], "take a sealed key")
            .map(|_| ())
    }

    fn put_refusal(&mut self, outcome: &Outcome) -> Result<(), StoreError> {
        const DOING: &str = "take the outcome of a command";
        let outcomes = OutcomeColumns::of(std::slice::from_ref(outcome));
        let (lock, insert) =
            (self.session.prepared(LOCK_HEAD, DOING)?, self.session.prepared(INSERT_REFUSAL, DOING)?);
        let (client, parameters) = (&self.session.client, outcomes.parameters());
        // another node's batch that settles the same command has looked for its outcome under this lock, and would fail as a whole
        self.begun = true;
        let written = self.session.wait(async {
            try_join!(
                biased;
                client.batch_execute("BEGIN"),
                client.query_one(&lock, &[]),
                client.execute(&insert, &parameters),
                client.batch_execute("COMMIT"),
            )
        });
        if let Err(error) = written {
            self.abandon();
            return Err(failed(DOING)(error));
        }
        self.begun = false;
        Ok(())
    }

    fn put_scheme(&mut self, scheme: &Scheme) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO schemes (sha256, id, bytes) VALUES ($1, $2, $3) ON CONFLICT (sha256) DO NOTHING";
        self.session.execute(sql, &[&scheme.sha256, &scheme.id, &scheme.bytes], "take a rulebook").map(|_| ())
    }

    fn put_checkpoint(&mut self, size: u64, note: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO checkpoints (size, note) VALUES ($1, $2) ON CONFLICT (size) DO NOTHING";
        self.session.execute(sql, &[&signed(size), &note], "take a checkpoint").map(|_| ())
    }
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PostgresStore").field("address", &self.address).finish_non_exhaustive()
    }
}

/// A connection that only reads.
pub(crate) fn open_reading(address: &Address) -> Result<Session, StoreError> {
    let session = open_session(address)?;
    check_schema_version(&session, address)?;
    session.batch("SET default_transaction_read_only = on", "be opened for reading")?;
    Ok(session)
}

/// A connection that writes what is not the writer's.
pub(crate) fn open_beside(address: &Address) -> Result<Session, StoreError> {
    let session = open_session(address)?;
    check_schema_version(&session, address)?;
    Ok(session)
}

pub(crate) fn open_session(address: &Address) -> Result<Session, StoreError> {
    let session = Session::open(address)?;
    match is_made(&session)? {
        true => Ok(session),
        false => Err(StoreError::NotMade { database: address.to_string() }),
    }
}

fn is_made(session: &Session) -> Result<bool, StoreError> {
    let found = session.first("SELECT to_regclass('schema_version') IS NOT NULL", &[])?;
    found.map_or(Ok(false), |columns| columns.try_get(0).map_err(failed("be read")))
}

/// Refuses a database of another version: never a guess.
pub(crate) fn check_schema_version(session: &Session, address: &Address) -> Result<(), StoreError> {
    match schema_version(session)? {
        SCHEMA_VERSION => Ok(()),
        found => Err(other_version(address, found)),
    }
}

fn schema_version(session: &Session) -> Result<i64, StoreError> {
    let found = session.first("SELECT max(version) FROM schema_version", &[])?;
    Ok(found.map_or(Ok(None), |columns| perhaps(&columns, 0))?.map_or(0, signed))
}

fn other_version(address: &Address, found: i64) -> StoreError {
    let database = address.to_string();
    match (1..SCHEMA_VERSION).contains(&found) {
        true => StoreError::OlderSchema { database, found, known: SCHEMA_VERSION },
        false => StoreError::SchemaVersion { database, found, known: SCHEMA_VERSION },
    }
}

/// Refuses settings under which an acknowledged entry could be lost or a text be another one.
pub(crate) fn check_settings(session: &Session) -> Result<(), StoreError> {
    for (setting, allowed) in [
        ("server_encoding", &["UTF8"][..]),
        ("fsync", &["on"]),
        ("synchronous_commit", &["on", "remote_apply"]),
        ("full_page_writes", &["on"]),
    ] {
        let found = session.first("SELECT current_setting($1)", &[&setting])?;
        let found = found.map_or(Ok(String::new()), |columns| text(&columns, 0).map(str::to_owned))?;
        if !allowed.contains(&found.as_str()) {
            return Err(StoreError::Setting { setting, found, allowed: allowed.join(" or ") });
        }
    }
    Ok(())
}

/// A request that is sent only if there is something to say.
async fn only<T: Default>(
    there_is: bool,
    request: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, tokio_postgres::Error> {
    if there_is { request.await } else { Ok(T::default()) }
}

/// What each version adds to the one before it.
pub(crate) const SCHEMAS: [&str; 4] = [
    include_str!("../../migrations/postgres/ledger/0001.sql"),
    include_str!("../../migrations/postgres/ledger/0002.sql"),
    include_str!("../../migrations/postgres/ledger/0003.sql"),
    include_str!("../../migrations/postgres/ledger/0004.sql"),
];
const SCHEMA_VERSION: i64 = 4;
/// Any number that nobody else takes for an advisory lock in this database.
pub(crate) const MAKING_LOCK: i64 = 0x7775_7069_6e67;
const LOCKING: &str = "be locked for a batch";
const TAKING: &str = "take a batch";
const LOCK_HEAD: &str = "SELECT size, frontier, root, recorded_at FROM head WHERE only_row = 1 FOR UPDATE";
const VERSIONS: &str = "SELECT asked.stream, (SELECT max(sequence) FROM events WHERE aggregate_id = asked.stream) \
    FROM unnest($1::text[]) AS asked (stream)";
const POSITIONS: &str = "SELECT event_id, position FROM events WHERE event_id = ANY($1::text[])";
const OUTCOMES: &str =
    "SELECT event_id, digest, result, position FROM outcomes WHERE event_id = ANY($1::text[])";
const MARK_AUTHORS: &str = "INSERT INTO authors (kid, author_seq, position) \
    SELECT DISTINCT ON (kid) kid, author_seq, position FROM events \
    WHERE position >= (SELECT coalesce(max(position) + 1, 0) FROM authors) ORDER BY kid, author_seq DESC \
    ON CONFLICT (kid) DO UPDATE SET author_seq = excluded.author_seq, position = excluded.position";
const MARK_CLOCK: &str = "INSERT INTO clock_mark (only_row, boot, since_boot_ms) VALUES (1, $1, $2) \
    ON CONFLICT (only_row) DO UPDATE SET boot = excluded.boot, since_boot_ms = excluded.since_boot_ms";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_postgres::new_database;

    #[test]
    fn it_keeps_the_promises_of_a_store() {
        let address = Address::parse(&new_database()).unwrap();
        let store = Box::new(PostgresStore::create(&address).unwrap());
        crate::store_suite::keeps_its_promises(store, &|| Box::new(PostgresStore::open(&address).unwrap()));
    }

    #[test]
    fn a_database_without_a_ledger_is_said() {
        let address = Address::parse(&new_database()).unwrap();
        let refused = PostgresStore::open(&address).unwrap_err();
        assert!(refused.to_string().contains("wuping init"), "{refused}");
    }

    #[test]
    fn a_database_of_another_version_is_refused() {
        let address = Address::parse(&new_database()).unwrap();
        drop(PostgresStore::create(&address).unwrap());
        Session::open(&address)
            .unwrap()
            .batch("UPDATE schema_version SET version = 5 WHERE version = 4", "be changed")
            .unwrap();
        let upgraded = PostgresStore::upgrade(&address).err();
        for opened in [PostgresStore::open(&address).err(), open_reading(&address).err(), upgraded] {
            assert!(
                matches!(opened, Some(StoreError::SchemaVersion { found: 5, known: 4, .. })),
                "{opened:?}"
            );
        }
        assert!(PostgresStore::create(&address).is_err());
    }

    #[test]
    fn a_database_of_an_older_version_is_refused_until_it_is_upgraded() {
        let address = Address::parse(&new_database()).unwrap();
        Session::open(&address).unwrap().batch(SCHEMAS[0], "be made").unwrap();
        for opened in [PostgresStore::open(&address).err(), open_reading(&address).err()] {
            let refused = opened.unwrap();
            assert!(refused.to_string().contains("wuping upgrade"), "{refused}");
        }
        assert_eq!(PostgresStore::upgrade(&address).unwrap(), 1);
        assert_eq!(PostgresStore::upgrade(&address).unwrap(), 4, "once more does nothing");
        let store = Box::new(PostgresStore::open(&address).unwrap());
        crate::store_suite::keeps_its_promises(store, &|| Box::new(PostgresStore::open(&address).unwrap()));
    }
}
