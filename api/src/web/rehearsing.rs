//! Rehearsing drafts for whoever asks, on pages or over REST: one at a time, since each reads every result on record.

use std::sync::Arc;

use tokio::sync::Semaphore;
use wuping_projections::ledger_rulebooks::LedgerRulebooks;
use wuping_replay::rehearsal::{Asked, Rehearsal, rehearsal};

use crate::app::App;
use crate::shelf::Compiled;
use crate::web::docket_api::{Failure, blocking};

/// The one place where a draft is rehearsed.
#[derive(Clone, Debug)]
pub struct OneAtATime(Arc<Semaphore>);

impl Default for OneAtATime {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl OneAtATime {
    /// Rehearse on what is on record, once nobody else does.
    pub(super) async fn rehearsed(&self, app: &Arc<App>, compiled: Compiled) -> Result<Rehearsal, Failure> {
        let _one = self.0.acquire().await?;
        let house = app.clone();
        blocking(move || {
            let rulebooks = LedgerRulebooks::of(house.reader().clone());
            let asked = Asked { draft: &compiled.rulebook, against: None, every: false };
            Ok(rehearsal(house.reader(), &rulebooks, asked)?)
        })
        .await
    }
}
