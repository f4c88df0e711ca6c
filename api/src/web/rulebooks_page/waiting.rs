//! Drafts that were tried and wait to be recorded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::drafting::Draft;

/// Drafts that were tried and wait to be recorded.
#[derive(Clone, Default)]
pub(super) struct Waiting {
    /// By the command that would record them.
    tried: Arc<Mutex<HashMap<Uuid, Tried>>>,
}

/// A draft that was tried.
struct Tried {
    /// The account that tried it.
    by: String,
    draft: Draft,
    since: Instant,
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

/// Drafts that wait at the same time.
const DRAFTS_MAX: usize = 8;
const WAITING_MAX: Duration = Duration::from_hours(1);
