//! What a server does once a day by itself: commit to the heads of all streams, so that completeness can be proven up to
//! yesterday at least (docs/format.md §10), and sweep private values that no entry came to name (§8).

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use wuping_ledger::append::AppendError;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;
use wuping_ledger::vault::VaultError;

use crate::app::App;

/// Why a day's work was not done. It is tried again.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The heads were not committed to.
    #[error("the heads of the streams were not committed to")]
    Heads(#[from] AppendError),
    /// The sweep did not come to its end.
    #[error("the sweep of the vault did not come to its end")]
    Ended(#[from] tokio::task::JoinError),
    /// The vault was not swept.
    #[error("the vault was not swept")]
    Sweep(#[from] VaultError),
}

/// Does the day's work, once a day, for as long as the server runs: first when a day has passed since the ledger last committed
/// to its heads, by its own record of when.
pub async fn daily(app: Arc<App>) {
    let reader = app.reader().clone();
    let first = tokio::task::spawn_blocking(move || due_in(&reader, Utc::now())).await;
    let mut wait = match first {
        Ok(Ok(wait)) => wait,
        // what cannot be read now is tried, and told, by the work itself
        Ok(Err(_)) | Err(_) => Duration::ZERO,
    };
    loop {
        tokio::time::sleep(wait).await;
        wait = match a_days_work(&app).await {
            Ok(_) => DAY,
            Err(error) => {
                let causes = wuping_projections::error::causes(&error).join(": ");
                tracing::error!(%causes, "a day's work was not done; it is tried again");
                AGAIN
            }
        };
    }
}

/// Heads and sweep, the one also where the other fails; how many private values were swept.
///
/// # Errors
/// [`JobError`].
pub async fn a_days_work(app: &App) -> Result<usize, JobError> {
    let committed = app.ledger.commit_heads().await;
    let (vault, reader) = (app.vault.clone(), app.reader().clone());
    let swept = tokio::task::spawn_blocking(move || vault.sweep(&reader)).await;
    committed?;
    Ok(swept??)
}

/// How long from now until a day has passed since the last commitment to the heads; nothing where there is none. A commitment
/// that lies in the future by this clock says nothing.
///
/// # Errors
/// If the ledger cannot be read.
fn due_in(reader: &Reader, now: DateTime<Utc>) -> Result<Duration, StoreError> {
    let last = reader.last_position_of_subject("heads")?;
    let last = last.map(|position| reader.row(position)).transpose()?.flatten();
    let last = last.and_then(|row| row.recorded_at.parse::<DateTime<Utc>>().ok());
    let since = last.and_then(|last| (now - last).to_std().ok());
    Ok(since.map_or(Duration::ZERO, |since| DAY.saturating_sub(since)))
}

const DAY: Duration = Duration::from_hours(24);
/// After a failure.
const AGAIN: Duration = Duration::from_mins(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_days_work_commits_to_the_heads_once_and_leaves_named_values_alone() {
        let folder = tempfile::tempdir().unwrap();
        let app = App::create(folder.path(), "ledger.example/jobs", false).unwrap();
        let before = app.reader().size().unwrap();
        assert_eq!(a_days_work(&app).await.unwrap(), 0);
        assert_eq!(app.reader().stream("heads").unwrap().len(), 1);
        assert_eq!(a_days_work(&app).await.unwrap(), 0);
        assert_eq!(app.reader().size().unwrap(), before + 1, "nothing is new the second time");
        app.close().await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_day_is_counted_from_the_ledgers_own_record_and_not_from_the_start_of_the_server() {
        let folder = tempfile::tempdir().unwrap();
        let app = Arc::new(App::create(folder.path(), "ledger.example/jobs", false).unwrap());
        let due = |hours: i64, minutes: i64| {
            let later = Utc::now() + chrono::Duration::hours(hours) + chrono::Duration::minutes(minutes);
            due_in(app.reader(), later).unwrap().as_secs() / 60
        };
        assert_eq!(due(0, 0), 0, "there never was one");
        // a server that starts now does it at once
        let working = tokio::spawn(daily(app.clone()));
        let started = std::time::Instant::now();
        while app.reader().stream("heads").unwrap().is_empty() {
            assert!(started.elapsed() < Duration::from_secs(20), "nothing was done at the start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(due(1, 30), 22 * 60 + 29);
        assert_eq!((due(24, 1), due(300, 0)), (0, 0));
        assert_eq!(due(-48, 0), 0, "a record of the future is no reason to wait");
        working.abort();
        // and one that starts again does not do it again
        let again = tokio::spawn(daily(app.clone()));
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!again.is_finished());
        assert_eq!(app.reader().stream("heads").unwrap().len(), 1);
        again.abort();
    }
}
