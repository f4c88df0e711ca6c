//! The sides of a comparison: this program's ledger, and the stock frameworks that sign and prove nothing.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use cqrs_es::CqrsFramework;
use serde_json::Map;
use sha2::{Digest, Sha256};
use sqlite_es::{SqliteCqrs, sqlite_cqrs};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Executor as _, Pool, Sqlite};
use uuid::Uuid;
use wuping_ledger::append::Author;
use wuping_ledger::cqrs::{LedgerEventStore, Said, Saying};
use wuping_ledger::genesis::{CreateOptions, Ledger};
use wuping_ledger::keys::Kid;
use wuping_ledger::timestamp::Timestamp;
use wuping_ledger::vault::Vault;

use super::BenchError;
use super::notebook::{Notebook, Noted, WriteNote};

/// One side.
#[derive(Clone)]
pub(super) enum Side {
    /// This program's ledger, every check on.
    Ours(Arc<Ours>),
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
    /// A new ledger on SQLite in a folder.
    pub(super) async fn on_sqlite(folder: &Path) -> Result<Self, BenchError> {
        let options = CreateOptions::new("bench/wuping", false).map_err(BenchError::of("make the ledger"))?;
        let created = Ledger::create(folder, options).map_err(BenchError::of("make the ledger"))?;
        let vault = Vault::open(folder).map_err(BenchError::of("open the vault"))?;
        let officer = created.ledger.enrol_officer("writer").await;
        let officer = officer.map_err(BenchError::of("enrol the writer"))?;
        Ok(Self { ledger: created.ledger, vault: Arc::new(vault), officer })
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

/// The tables that `sqlite-es` documents.
const STOCK_ON_SQLITE: &str = "CREATE TABLE IF NOT EXISTS events (aggregate_type text NOT NULL, aggregate_id text NOT NULL, \
    sequence integer CHECK (sequence >= 0) NOT NULL, event_type text NOT NULL, event_version text NOT NULL, \
    payload text NOT NULL, metadata text NOT NULL, PRIMARY KEY (aggregate_type, aggregate_id, sequence)) STRICT";
