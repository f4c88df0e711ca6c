//! The sides of a comparison: this program's ledger, and the stock frameworks that sign and prove nothing.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use cqrs_es::CqrsFramework;
use postgres_es::{PostgresCqrs, postgres_cqrs};
use serde_json::Map;
use sha2::{Digest, Sha256};
use sqlite_es::{SqliteCqrs, sqlite_cqrs};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Executor as _, Pool, Postgres, Sqlite};
use uuid::Uuid;
use wuping_ledger::append::{AppendRequest, Author, NewEvent};
use wuping_ledger::cqrs::{LedgerEventStore, Said, Saying};
use wuping_ledger::genesis::{CreateOptions, Ledger};
use wuping_ledger::jcs::canonical_str;
use wuping_ledger::keys::Kid;
use wuping_ledger::log_files::FolderFiles;
use wuping_ledger::place::remember_database;
use wuping_ledger::static_log::StaticLog;
use wuping_ledger::stream::StreamPath;
use wuping_ledger::timestamp::Timestamp;
use wuping_ledger::vault::Vault;
use wuping_replay::export_tiles::export_tiles;

use super::BenchError;
use super::notebook::{Notebook, Noted, WriteNote};

/// One side.
#[derive(Clone)]
pub(super) enum Side {
    /// This program's ledger, every check on.
    Ours(Arc<Ours>),
    /// `postgres-es` as it comes.
    StockPostgres(Arc<PostgresCqrs<Notebook>>),
    /// `sqlite-es` as it comes, but with the durability that the ledger has.
    StockSqlite(Arc<SqliteCqrs<Notebook>>),
}

/// A ledger of its own with one officer who writes.
pub(super) struct Ours {
    ledger: Ledger,
    vault: Arc<Vault>,
    officer: Kid,
}

impl Ours {
    /// A new ledger whose database is on a Postgres server.
    pub(super) async fn on_postgres(folder: &Path, url: &str) -> Result<Self, BenchError> {
        remember_database(folder, url).map_err(BenchError::of("name the database"))?;
        Self::in_folder(folder).await
    }

    /// A new ledger in a folder, its database where the folder says.
    pub(super) async fn in_folder(folder: &Path) -> Result<Self, BenchError> {
        let options = CreateOptions::new("bench/wuping", false).map_err(BenchError::of("make the ledger"))?;
        let created = Ledger::create(folder, options).map_err(BenchError::of("make the ledger"))?;
        let vault = Vault::open(folder).map_err(BenchError::of("open the vault"))?;
        let officer = created.ledger.enrol_officer("writer").await;
        let officer = officer.map_err(BenchError::of("enrol the writer"))?;
        Ok(Self { ledger: created.ledger, vault: Arc::new(vault), officer })
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Notes one after the other, as many as wanted, in notebooks of ten.
    pub(super) fn fill(&self, notes: u64) -> Result<(), BenchError> {
        const DOING: &str = "fill the ledger";
        let mut answers = std::collections::VecDeque::new();
        let settle = |answer: tokio::sync::oneshot::Receiver<_>| match answer.blocking_recv() {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(BenchError::of(DOING)(error)),
            Err(error) => Err(BenchError::of(DOING)(error)),
        };
        for number in 0..notes {
            let request = self.request(&format!("notebook/n-{}", number / 10), &Noted::new(number))?;
            answers.push_back(self.ledger.writer().submit_waiting(request).map_err(BenchError::of(DOING))?);
            if answers.len() > WAITING_MAX {
                answers.pop_front().map_or(Ok(()), settle)?;
            }
        }
        answers.into_iter().try_for_each(settle)
    }

    /// The log as it is published, in static files.
    pub(super) async fn published(&self, folder: &Path, tiles: &Path) -> Result<StaticLog, BenchError> {
        const DOING: &str = "publish the log";
        self.ledger.writer().sign_now().await.map_err(BenchError::of(DOING))?;
        export_tiles(self.ledger.reader(), folder, tiles).map_err(BenchError::of(DOING))?;
        StaticLog::open(Arc::new(FolderFiles::of(tiles)), None).map_err(BenchError::of(DOING))
    }

    fn request(&self, stream: &str, noted: &Noted) -> Result<AppendRequest, BenchError> {
        const DOING: &str = "write a note";
        let mut said = serde_json::to_value(noted).map_err(BenchError::of(DOING))?;
        said["type"] = "Noted".into();
        let event = NewEvent {
            stream: StreamPath::new(stream).map_err(BenchError::of(DOING))?,
            schema: "bench/1".to_owned(),
            data: canonical_str(&said).map_err(BenchError::of(DOING))?,
        };
        let author = Author::Officer(self.officer.clone());
        Ok(AppendRequest::single(Uuid::now_v7(), author, Timestamp::now(), event))
    }

    async fn write(&self, stream: &str, noted: Noted) -> Result<(), BenchError> {
        let event_id = Uuid::now_v7();
        let saying = Saying {
            event_id,
            digest: Sha256::digest(event_id.as_bytes()).into(),
            author: Author::Officer(self.officer.clone()),
            occurred_at: Timestamp::now(),
            schema_name: "bench".to_owned(),
            aside: Map::new(),
            expected: None,
            bases: Vec::new(),
            simulated_now: None,
        };
        let (reader, writer) = (self.ledger.reader().clone(), self.ledger.writer().clone());
        let store = LedgerEventStore::new(reader, writer, Arc::clone(&self.vault), saying);
        let framework = CqrsFramework::<Notebook, _>::new(store.clone(), vec![], ());
        framework.execute(stream, WriteNote(noted)).await.map_err(BenchError::of("append to the ledger"))?;
        match store.said() {
            Some(Said::Appended(_)) => Ok(()),
            other => Err(BenchError::because("append to the ledger", format!("{other:?}"))),
        }
    }
}

impl Side {
    /// Writes a note and waits until it is durable.
    pub(super) async fn write(&self, stream: &str, noted: Noted) -> Result<(), BenchError> {
        const DOING: &str = "append to the stock store";
        match self {
            Self::Ours(ours) => ours.write(stream, noted).await,
            Self::StockPostgres(stock) => {
                stock.execute(stream, WriteNote(noted)).await.map_err(BenchError::of(DOING))
            }
            Self::StockSqlite(stock) => {
                stock.execute(stream, WriteNote(noted)).await.map_err(BenchError::of(DOING))
            }
        }
    }
}

/// The stock framework on a pool of SQLite connections.
pub(super) fn stock_on_sqlite(pool: &Pool<Sqlite>) -> Side {
    Side::StockSqlite(Arc::new(sqlite_cqrs(pool.clone(), vec![], ())))
}

/// The stock framework on a pool of Postgres connections.
pub(super) fn stock_on_postgres(pool: &Pool<Postgres>) -> Side {
    Side::StockPostgres(Arc::new(postgres_cqrs(pool.clone(), vec![], ())))
}

/// A pool on a file, with the stock tables; durable as the ledger is: write-ahead log, full sync.
pub(super) async fn sqlite_pool(file: &Path, connections: u32) -> Result<Pool<Sqlite>, BenchError> {
    let failed = BenchError::of("open the stock database");
    let options = SqliteConnectOptions::from_str(&format!("sqlite://{}", file.display())).map_err(failed)?;
    let options = options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let pool = SqlitePoolOptions::new().max_connections(connections).connect_with(options).await;
    let pool = pool.map_err(BenchError::of("open the stock database"))?;
    pool.execute(STOCK_ON_SQLITE).await.map_err(BenchError::of("make the stock tables"))?;
    Ok(pool)
}

/// A pool on a database, with the stock tables.
pub(super) async fn postgres_pool(url: &str, connections: u32) -> Result<Pool<Postgres>, BenchError> {
    let pool = PgPoolOptions::new().max_connections(connections).connect(url).await;
    let pool = pool.map_err(BenchError::of("connect to Postgres"))?;
    pool.execute(STOCK_ON_POSTGRES).await.map_err(BenchError::of("make the stock tables"))?;
    Ok(pool)
}

/// The tables that `sqlite-es` documents.
const STOCK_ON_SQLITE: &str = "CREATE TABLE IF NOT EXISTS events (aggregate_type text NOT NULL, aggregate_id text NOT NULL, \
    sequence integer CHECK (sequence >= 0) NOT NULL, event_type text NOT NULL, event_version text NOT NULL, \
    payload text NOT NULL, metadata text NOT NULL, PRIMARY KEY (aggregate_type, aggregate_id, sequence)) STRICT";
/// The tables that `postgres-es` documents.
const STOCK_ON_POSTGRES: &str = "CREATE TABLE IF NOT EXISTS events (aggregate_type text NOT NULL, aggregate_id text NOT NULL, \
    sequence bigint CHECK (sequence >= 0) NOT NULL, event_type text NOT NULL, event_version text NOT NULL, \
    payload json NOT NULL, metadata json NOT NULL, PRIMARY KEY (aggregate_type, aggregate_id, sequence))";
/// Commands that are under way at once while a ledger is filled.
const WAITING_MAX: usize = 2_000;
