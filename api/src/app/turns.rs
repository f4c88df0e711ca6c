//! Turns: commands on one house that came in each other's way are decided one after another, since each that were decided again at
//! once would lose to the first again.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use tokio::sync::{Mutex, MutexGuard};
use wuping_domain::recorded::subject_of;

/// Who is deciding again on what. Subjects share a turn by their hash: that two houses wait for each other now and then costs less
/// than a list of who waits for what.
#[derive(Debug)]
pub(super) struct Turns([Mutex<()>; TURNS]);

impl Default for Turns {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::new(())))
    }
}

impl Turns {
    /// Waits for the turn on a stream's subject, in the order of asking; it ends when what is answered is dropped.
    pub(super) async fn take(&self, stream: &str) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        subject_of(stream).hash(&mut hasher);
        let index = usize::try_from(hasher.finish() % TURNS as u64).unwrap_or(0);
        self.0[index].lock().await
    }
}

const TURNS: usize = 64;
