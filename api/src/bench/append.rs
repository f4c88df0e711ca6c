//! Durable events a second, and how long each command waits: both sides in turn, at several numbers of callers at once.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::BenchError;
use super::databases::Databases;
use super::figures::{OURS, Round, STOCK, Table};
use super::notebook::Noted;
use super::sides::{Ours, Side, postgres_pool, sqlite_pool, stock_on_postgres, stock_on_sqlite};

/// How long and how often.
#[derive(Clone, Copy, Debug)]
pub(super) struct Length {
    /// Rounds of each side.
    pub(super) rounds: u32,
    /// How long a round is.
    pub(super) round: Duration,
}

/// Both sides on SQLite files in a folder.
pub(super) async fn on_sqlite(
    folder: &Path,
    callers: &[u64],
    length: Length,
    table: &mut Table,
) -> Result<(), BenchError> {
    let ours = Side::Ours(Arc::new(Ours::in_folder(&folder.join("ours")).await?));
    for &callers in callers {
        let file = folder.join(format!("stock-{callers}.db"));
        let mut settings = Vec::new();
        for connections in SQLITE_CONNECTIONS {
            settings.push(stock_on_sqlite(&sqlite_pool(&file, connections).await?));
        }
        let stock = best(settings, callers, length.round).await?;
        take_turns(
            &format!("append_sqlite_{callers}"),
            &[(OURS, &ours), (STOCK, &stock)],
            callers,
            length,
            table,
        )
        .await?;
    }
    Ok(())
}

/// Both sides on a server: the ledger in one database, the stock store in another.
pub(super) async fn on_postgres(
    folder: &Path,
    server: &Databases,
    callers: &[u64],
    length: Length,
    table: &mut Table,
) -> Result<(), BenchError> {
    let ours = Ours::on_postgres(&folder.join("ours-on-postgres"), &server.ours).await?;
    let ours = Side::Ours(Arc::new(ours));
    for &callers in callers {
        let mut settings = Vec::new();
        for connections in POSTGRES_CONNECTIONS {
            settings.push(stock_on_postgres(&postgres_pool(&server.stock, connections).await?));
        }
        let stock = best(settings, callers, length.round).await?;
        let sides = [(OURS, &ours), (STOCK, &stock)];
        take_turns(&format!("append_postgres_{callers}"), &sides, callers, length, table).await?;
    }
    Ok(())
}

/// The setting that writes most in a short round of its own.
async fn best(settings: Vec<Side>, callers: u64, round: Duration) -> Result<Side, BenchError> {
    let mut best: Option<(u64, Side)> = None;
    for side in settings {
        let done = one_round(&side, callers, round / 2).await?.done;
        if best.as_ref().is_none_or(|(most, _)| done > *most) {
            best = Some((done, side));
        }
    }
    best.map(|(_, side)| side)
        .ok_or_else(|| BenchError::because("compare", "no setting to choose from".to_owned()))
}

async fn take_turns(
    measured: &str,
    sides: &[(&'static str, &Side)],
    callers: u64,
    length: Length,
    table: &mut Table,
) -> Result<(), BenchError> {
    // what a side does first is slower for both: caches, files that grow
    for (_, side) in sides {
        one_round(side, callers, length.round / 4).await?;
    }
    for round in 0..length.rounds {
        let mut turn: Vec<_> = sides.iter().collect();
        if round % 2 == 1 {
            turn.reverse();
        }
        for (name, side) in turn {
            table.add(measured, name, one_round(side, callers, length.round).await?);
        }
    }
    Ok(())
}

/// Callers that each write one note after another until the time is over.
async fn one_round(side: &Side, callers: u64, round: Duration) -> Result<Round, BenchError> {
    let began = Instant::now();
    let until = began + round;
    let callers: Vec<_> = (0..callers).map(|_| tokio::spawn(write_until(side.clone(), until))).collect();
    let mut waits = Vec::new();
    for caller in callers {
        waits.extend(caller.await.map_err(BenchError::of("wait for a caller"))??);
    }
    Ok(Round { done: waits.len() as u64, took: began.elapsed(), waits })
}

async fn write_until(side: Side, until: Instant) -> Result<Vec<Duration>, BenchError> {
    let mut waits = Vec::new();
    let mut stream = String::new();
    while Instant::now() < until {
        if waits.len() % NOTES_A_NOTEBOOK == 0 {
            stream = format!("notebook/n-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        }
        let began = Instant::now();
        side.write(&stream, Noted::new(waits.len() as u64)).await?;
        waits.push(began.elapsed());
    }
    Ok(waits)
}

const NOTES_A_NOTEBOOK: usize = 10;
const SQLITE_CONNECTIONS: [u32; 2] = [1, 10];
const POSTGRES_CONNECTIONS: [u32; 4] = [4, 10, 20, 50];
/// No notebook is written by two callers, nor in two rounds.
static NEXT: AtomicU64 = AtomicU64::new(0);
