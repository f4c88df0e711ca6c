//! Reading the whole log, every leaf rebuilt and hashed, the root recomputed and every event parsed to its type, beside the
//! stock Postgres store that replays with nothing checked.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use cqrs_es::persist::{PersistedEventRepository, QueryReplay};
use cqrs_es::{EventEnvelope, Query};
use postgres_es::PostgresEventRepository;
use sqlx::{Pool, Postgres};
use wuping_ledger::leaf_source::LeafSource;
use wuping_ledger::merkle::Frontier;
use wuping_ledger::stored_leaf::StoredLeaf;
use wuping_ledger::verified::{self, Reading, Unsound};

use super::BenchError;
use super::databases::Databases;
use super::figures::{OURS, Round, STOCK, Table};
use super::notebook::{Notebook, Noted};
use super::sides::{Ours, postgres_pool};

/// Reads as many notes as wanted, in turns.
pub(super) async fn compare(
    folder: &Path,
    server: &Databases,
    notes: u64,
    rounds: u32,
    table: &mut Table,
) -> Result<(), BenchError> {
    let sqlite = Ours::in_folder(&folder.join("ours")).await?;
    let postgres = Ours::on_postgres(&folder.join("ours-on-postgres"), &server.ours).await?;
    let stock = postgres_pool(&server.stock, 4).await?;
    tokio::task::block_in_place(|| sqlite.fill(notes).and_then(|()| postgres.fill(notes)))?;
    fill_stock(&stock, notes).await?;
    let tiles = sqlite.published(&folder.join("ours"), &folder.join("tiles")).await?;
    for _ in 0..rounds {
        let replayed = stock_round(&stock, notes).await?;
        for (measured, threads) in [("1_thread", 0), ("2_threads", 2)] {
            let ours = tokio::task::block_in_place(|| -> Result<_, BenchError> {
                Ok([
                    ("sqlite", our_round(sqlite.ledger().reader(), threads)?),
                    ("tiles", our_round(&tiles, threads)?),
                    ("postgres", our_round(postgres.ledger().reader(), threads)?),
                ])
            });
            for (log, round) in ours? {
                table.add(format!("replay_{log}_{measured}"), OURS, round);
                table.add(format!("replay_{log}_{measured}"), STOCK, replayed.clone());
            }
        }
    }
    Ok(())
}

/// The whole log once; the tree it makes must be the head's.
pub(super) fn our_round(log: &impl LeafSource, threads: usize) -> Result<Round, BenchError> {
    const DOING: &str = "read the ledger";
    let (size, root) = log.head().map_err(BenchError::of(DOING))?;
    let began = Instant::now();
    let note = |row: &StoredLeaf<'_>| -> Result<Option<Noted>, Unsound> {
        if !row.stream.starts_with("notebook/") {
            return Ok(None);
        }
        let noted = serde_json::from_str(row.data);
        noted.map(Some).map_err(|_| Unsound::Altered { position: row.position })
    };
    let mut notes = 0;
    let tree = verified::read(log, Frontier::new(), size, Reading::on(threads), note, |part| {
        notes += part.entries.iter().flatten().count() as u64;
        Ok(())
    });
    let tree = tree.map_err(BenchError::of(DOING))?;
    let took = began.elapsed();
    if tree.root() != root {
        return Err(BenchError::because(DOING, "the tree is not the head's".to_owned()));
    }
    Ok(Round { done: notes, took, waits: vec![] })
}

pub(super) async fn stock_round(pool: &Pool<Postgres>, notes: u64) -> Result<Round, BenchError> {
    let repository = PostgresEventRepository::new(pool.clone()).with_streaming_channel_size(1_000);
    replay_round(repository, notes).await
}

/// Everything that a stock store has, replayed once.
pub(super) async fn replay_round<R: PersistedEventRepository>(
    repository: R,
    notes: u64,
) -> Result<Round, BenchError> {
    const DOING: &str = "replay the stock store";
    let seen = Arc::new(AtomicU64::new(0));
    let replay = QueryReplay::<_, _, Notebook>::new(repository, Counting(Arc::clone(&seen)));
    let began = Instant::now();
    replay.replay_all().await.map_err(BenchError::of(DOING))?;
    let took = began.elapsed();
    match seen.load(Ordering::Relaxed) {
        seen if seen == notes => Ok(Round { done: notes, took, waits: vec![] }),
        seen => Err(BenchError::because(DOING, format!("{seen} of {notes} events came"))),
    }
}

/// A query that only counts what it is shown.
struct Counting(Arc<AtomicU64>);

#[async_trait]
impl Query<Notebook> for Counting {
    async fn dispatch(&self, _notebook: &str, events: &[EventEnvelope<Notebook>]) {
        self.0.fetch_add(events.len() as u64, Ordering::Relaxed);
    }
}

/// The same notes in the stock table.
pub(super) async fn fill_stock(pool: &Pool<Postgres>, notes: u64) -> Result<(), BenchError> {
    const DOING: &str = "fill the stock store";
    let numbers: Vec<u64> = (0..notes).collect();
    for part in numbers.chunks(5_000) {
        let notebooks: Vec<String> = part.iter().map(|number| format!("n-{}", number / 10)).collect();
        let sequences: Vec<i64> =
            part.iter().map(|number| i64::try_from(number % 10 + 1).unwrap_or(1)).collect();
        let payloads = part.iter().map(|number| serde_json::to_string(&Noted::new(*number)));
        let payloads: Vec<String> = payloads.collect::<Result<_, _>>().map_err(BenchError::of(DOING))?;
        let filled = sqlx::query(
            "INSERT INTO events SELECT 'notebook', notebook, sequence, 'Noted', '1', payload::json, '{}'::json \
             FROM unnest($1::text[], $2::bigint[], $3::text[]) AS note (notebook, sequence, payload)",
        )
        .bind(notebooks)
        .bind(sequences)
        .bind(payloads)
        .execute(pool);
        filled.await.map_err(BenchError::of(DOING))?;
    }
    sqlx::query("ANALYZE events").execute(pool).await.map_err(BenchError::of(DOING))?;
    Ok(())
}
