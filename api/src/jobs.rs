//! What a server does once a day by itself: commit to the heads of all streams, so that completeness can be proven up to
//! yesterday at least (docs/format.md §10), and sweep private values that no entry came to name (§8).

use std::sync::Arc;
use std::time::Duration;

use wuping_ledger::append::AppendError;
use wuping_ledger::vault::VaultError;

use crate::app::App;

/// Why a day's work was not done. It is done the next time.
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

/// Does the day's work, once a day, for as long as the server runs.
pub async fn daily(app: Arc<App>) {
    loop {
        tokio::time::sleep(DAY).await;
        if let Err(error) = a_days_work(&app).await {
            let causes = wuping_projections::error::causes(&error).join(": ");
            tracing::error!(%causes, "a day's work was not done");
        }
    }
}

/// Heads and sweep; how many private values were swept.
///
/// # Errors
/// [`JobError`].
pub async fn a_days_work(app: &App) -> Result<usize, JobError> {
    app.ledger.writer().commit_heads().await?;
    let (vault, reader) = (app.vault.clone(), app.reader().clone());
    Ok(tokio::task::spawn_blocking(move || vault.sweep(&reader)).await??)
}

const DAY: Duration = Duration::from_hours(24);

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
}
