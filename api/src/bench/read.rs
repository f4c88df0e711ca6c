//! Reading the whole log, every leaf rebuilt and hashed, the root recomputed and every event parsed to its type, beside the
//! stock store on the same kind of database, which replays with nothing checked.

use std::path::Path;

use cqrs_es::DomainEvent as _;
use sqlite_es::SqliteEventRepository;
use sqlx::{Pool, Sqlite};

use super::BenchError;
use super::databases::Databases;
use super::figures::{OURS, STOCK, Table};
use super::notebook::Noted;
use super::replay::{fill_stock, our_round, replay_round, stock_round};
use super::sides::{Ours, postgres_pool, sqlite_pool};

/// Reads as many notes as wanted from SQLite files, in turns.
pub(super) async fn on_sqlite(
    folder: &Path,
    notes: u64,
    rounds: u32,
    table: &mut Table,
) -> Result<(), BenchError> {
    let ours = Ours::in_folder(&folder.join("ours")).await?;
    let stock = sqlite_pool(&folder.join("stock.db"), 4).await?;
    tokio::task::block_in_place(|| ours.fill(notes))?;
    fill_stock_on_sqlite(&stock, notes).await?;
    for _ in 0..rounds {
        let repository = SqliteEventRepository::new(stock.clone()).with_streaming_channel_size(1_000);
        let replayed = replay_round(repository, notes).await?;
        for (measured, threads) in THREADS {
            let measured = format!("read_sqlite_{measured}");
            let read = tokio::task::block_in_place(|| our_round(ours.ledger().reader(), threads))?;
            table.add(measured.clone(), OURS, read);
            table.add(measured, STOCK, replayed.clone());
        }
    }
    Ok(())
}

/// The same from databases on a Postgres server.
pub(super) async fn on_postgres(
    folder: &Path,
    server: &Databases,
    notes: u64,
    rounds: u32,
    table: &mut Table,
) -> Result<(), BenchError> {
    let ours = Ours::on_postgres(&folder.join("ours-on-postgres"), &server.ours).await?;
    let stock = postgres_pool(&server.stock, 4).await?;
    tokio::task::block_in_place(|| ours.fill(notes))?;
    fill_stock(&stock, notes).await?;
    for _ in 0..rounds {
        let replayed = stock_round(&stock, notes).await?;
        for (measured, threads) in THREADS {
            let measured = format!("read_postgres_{measured}");
            let read = tokio::task::block_in_place(|| our_round(ours.ledger().reader(), threads))?;
            table.add(measured.clone(), OURS, read);
            table.add(measured, STOCK, replayed.clone());
        }
    }
    Ok(())
}

/// The same notes in the stock table, in one transaction.
async fn fill_stock_on_sqlite(pool: &Pool<Sqlite>, notes: u64) -> Result<(), BenchError> {
    const DOING: &str = "fill the stock store";
    let failed = BenchError::of(DOING);
    let mut transaction = pool.begin().await.map_err(&failed)?;
    for number in 0..notes {
        let noted = Noted::new(number);
        let insert = sqlx::query("INSERT INTO events VALUES ('notebook', ?1, ?2, ?3, ?4, ?5, '{}')")
            .bind(format!("n-{}", number / 10))
            .bind(i64::try_from(number % 10 + 1).unwrap_or(1))
            .bind(noted.event_type())
            .bind(noted.event_version())
            .bind(serde_json::to_string(&noted).map_err(BenchError::of(DOING))?);
        insert.execute(&mut *transaction).await.map_err(&failed)?;
    }
    transaction.commit().await.map_err(failed)
}

/// Threads beside the caller's: with none it does all itself.
const THREADS: [(&str, usize); 2] = [("1_thread", 0), ("2_threads", 2)];
