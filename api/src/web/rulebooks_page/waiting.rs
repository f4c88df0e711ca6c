//! Drafts that were tried and wait to be recorded; and the one place where one is rehearsed at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use uuid::Uuid;
use wuping_projections::ledger_rulebooks::LedgerRulebooks;
use wuping_replay::rehearsal::{Asked as Rehearsing, Rehearsal, rehearsal};

use crate::app::App;
use crate::drafting::Draft;
use crate::shelf::Compiled;
use crate::web::docket_api::{Failure, blocking};

/// Drafts that were tried and wait to be recorded, and the one place where one is rehearsed at a time.
#[derive(Clone)]
pub(super) struct Waiting {
    /// By the command that would record them.
    tried: Arc<Mutex<HashMap<Uuid, Tried>>>,
    one: Arc<Semaphore>,
}

/// A draft that was tried.
struct Tried {
    /// The account that tried it.
    by: String,
    draft: Draft,
    since: Instant,
}

impl Default for Waiting {
    fn default() -> Self {
        Self { tried: Arc::default(), one: Arc::new(Semaphore::new(1)) }
    }
}

impl Waiting {
    /// Keeps a draft for the command that would record it.
    pub(super) fn keep(&self, command: Uuid, account: &str, draft: Draft) {
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        tried.retain(|_, one| one.since.elapsed() < WAITING_MAX);
        while tried.len() >= DRAFTS_MAX {
            let oldest = tried.iter().min_by_key(|(_, one)| one.since).map(|(command, _)| *command);
            let Some(oldest) = oldest else { break };
            tried.remove(&oldest);
        }
        tried.insert(command, Tried { by: account.to_owned(), draft, since: Instant::now() });
    }

    /// The draft that an account tried under a command.
    pub(super) fn find(&self, command: Uuid, account: &str) -> Option<Draft> {
        let tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        tried.get(&command).filter(|one| one.by == account).map(|one| one.draft.clone())
    }
}

/// Rehearse on what is on record, one at a time.
pub(super) async fn rehearsed(
    app: &Arc<App>,
    waiting: &Waiting,
    compiled: Compiled,
) -> Result<Rehearsal, Failure> {
    let _one = waiting.one.acquire().await?;
    let house = app.clone();
    blocking(move || {
        let rulebooks = LedgerRulebooks::of(house.reader().clone());
        let asked = Rehearsing { draft: &compiled.rulebook, against: None, every: false };
        Ok(rehearsal(house.reader(), &rulebooks, asked)?)
    })
    .await
}

/// Drafts that wait at the same time.
const DRAFTS_MAX: usize = 8;
const WAITING_MAX: Duration = Duration::from_hours(1);
