//! Reading the log from a known state of its tree on, in order, with every leaf rebuilt and hashed: what is shown has been
//! compared with the hash it was stored under, and the tree over all of it comes out at the end. Parts are read, hashed
//! and understood on several threads; the caller sees them in order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::encoding::Hash;
use crate::leaf_source::LeafSource;
use crate::merkle::Frontier;
use crate::store::StoreError;
use crate::stored_leaf::StoredLeaf;

/// Some entries in a row, as the reading made them, and the tree after them.
#[derive(Debug)]
pub struct Part<T> {
    /// What each entry was understood as, in order.
    pub entries: Vec<T>,
    /// The hashes of their leaves, in the same order.
    pub leaves: Vec<Hash>,
    /// The tree after the last of them.
    pub frontier: Frontier,
}

/// Why an entry was not shown.
#[derive(Debug, thiserror::Error)]
pub enum Unsound {
    /// There is none where one should be.
    #[error("the entry at position {position} is gone; run `wuping verify`")]
    Missing {
        /// Where it should be.
        position: u64,
    },
    /// Its columns lead to another hash than the one beside them.
    #[error(
        "the entry at position {position} was altered: it is not the leaf it was stored as; run `wuping verify`"
    )]
    Altered {
        /// Where it stands.
        position: u64,
    },
    /// The store could not be read.
    #[error("the ledger could not be read")]
    Store(#[from] StoreError),
}

/// How to read.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Threads that read, hash and understand, beside the caller's own; with none the caller's does it all.
    pub threads: usize,
    /// Entries in a part.
    pub part: u64,
}

impl Reading {
    /// On so many threads beside the caller's; with none it does all itself.
    #[must_use]
    pub const fn on(threads: usize) -> Self {
        Self { threads, part: PART }
    }
}

/// Shows the entries from the end of `frontier` up to, not including, `to`, part by part and in order. The last part before
/// an error is whole as far as it goes: the error is about the entry after it. Returns the tree over all that was shown.
///
/// # Errors
/// [`Unsound`] of the first entry that is gone or altered, what `understand` answered of one, or what `each` answered.
pub fn read<S, T, E>(
    log: &S,
    frontier: Frontier,
    to: u64,
    reading: Reading,
    understand: impl Fn(&StoredLeaf<'_>) -> Result<T, E> + Sync,
    mut each: impl FnMut(Part<T>) -> Result<(), E>,
) -> Result<Frontier, E>
where
    S: LeafSource,
    T: Send,
    E: From<Unsound> + Send,
{
    let from = frontier.size();
    if from >= to {
        return Ok(frontier);
    }
    let mut shown = Shown { frontier, each: &mut each };
    if reading.threads == 0 || to - from <= reading.part {
        let mut hand = log.hand().map_err(Unsound::from)?;
        let mut first = from;
        while first < to {
            let end = (first + reading.part).min(to);
            shown.take(understood(log, &mut hand, (first, end), &understand))?;
            first = end;
        }
        return Ok(shown.frontier);
    }
    let queue = Queue::new(reading.threads * PARTS_A_THREAD);
    let next = AtomicU64::new(0);
    let parts = (to - from).div_ceil(reading.part);
    let hands = (0..reading.threads).map(|_| log.hand()).collect::<Result<Vec<_>, _>>();
    let hands = hands.map_err(Unsound::from)?;
    std::thread::scope(|scope| {
        for mut hand in hands {
            let (queue, next, understand) = (&queue, &next, &understand);
            scope.spawn(move || {
                // a thread that panics must not leave the caller waiting
                let _closing = ClosedByPanic(queue);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= parts || !queue.waits_for(number) {
                        return;
                    }
                    let first = from + number * reading.part;
                    let end = (first + reading.part).min(to);
                    queue.put(number, understood(log, &mut hand, (first, end), understand));
                }
            });
        }
        let outcome = (0..parts).try_for_each(|number| match queue.take(number) {
            Some(part) => shown.take(part),
            None => Err(Unsound::Missing { position: from + number * reading.part }.into()),
        });
        queue.close();
        outcome
    })?;
    Ok(shown.frontier)
}

/// What was understood of a part, and the first that was not.
struct Understood<T, E> {
    entries: Vec<T>,
    leaves: Vec<Hash>,
    failed: Option<E>,
}

fn understood<S: LeafSource, T, E: From<Unsound>>(
    log: &S,
    hand: &mut S::Hand,
    (first, end): (u64, u64),
    understand: &impl Fn(&StoredLeaf<'_>) -> Result<T, E>,
) -> Understood<T, E> {
    let room = usize::try_from(end - first).unwrap_or(0);
    let mut part =
        Understood { entries: Vec::with_capacity(room), leaves: Vec::with_capacity(room), failed: None };
    let mut due = first;
    let read = log.leaves(hand, first, end, |row| {
        part.entries.push(understand(row)?);
        part.leaves.push(row.leaf_hash);
        due += 1;
        Ok(())
    });
    part.failed = match read {
        Ok(()) if due < end => Some(Unsound::Missing { position: due }.into()),
        Ok(()) => None,
        Err(error) => Some(error),
    };
    part
}

/// What the caller has been shown so far.
struct Shown<'e, F> {
    frontier: Frontier,
    each: &'e mut F,
}

impl<F> Shown<'_, F> {
    fn take<T, E>(&mut self, part: Understood<T, E>) -> Result<(), E>
    where
        F: FnMut(Part<T>) -> Result<(), E>,
    {
        let Understood { entries, leaves, failed } = part;
        leaves.iter().for_each(|leaf| self.frontier.push(*leaf));
        if !entries.is_empty() {
            (self.each)(Part { entries, leaves, frontier: self.frontier.clone() })?;
        }
        failed.map_or(Ok(()), Err)
    }
}

/// Parts on their way to the caller: done in any order, taken in theirs, and never many ahead.
struct Queue<P> {
    state: Mutex<Waiting<P>>,
    changed: Condvar,
    ahead: u64,
}

struct Waiting<P> {
    parts: BTreeMap<u64, P>,
    /// The part that the caller takes next.
    due: u64,
    closed: bool,
}

impl<P> Queue<P> {
    fn new(ahead: usize) -> Self {
        let state = Waiting { parts: BTreeMap::new(), due: 0, closed: false };
        Self { state: Mutex::new(state), changed: Condvar::new(), ahead: ahead as u64 }
    }

    /// Waits until a part may be worked on; false when nobody wants it any more.
    fn waits_for(&self, number: u64) -> bool {
        let mut state = self.locked();
        while !state.closed && number >= state.due + self.ahead {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        !state.closed
    }

    fn put(&self, number: u64, part: P) {
        self.locked().parts.insert(number, part);
        self.changed.notify_all();
    }

    /// The part of this number; none if every thread has ended without it.
    fn take(&self, number: u64) -> Option<P> {
        let mut state = self.locked();
        loop {
            if let Some(part) = state.parts.remove(&number) {
                state.due = number + 1;
                self.changed.notify_all();
                return Some(part);
            }
            if state.closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn close(&self) {
        self.locked().closed = true;
        self.changed.notify_all();
    }

    fn locked(&self) -> MutexGuard<'_, Waiting<P>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes a queue when its thread panics: the part that it took along will never come.
struct ClosedByPanic<'q, P>(&'q Queue<P>);

impl<P> Drop for ClosedByPanic<'_, P> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.close();
        }
    }
}

const PART: u64 = 2_048;
const PARTS_A_THREAD: usize = 4;

#[cfg(test)]
mod tests {
    use rusqlite::Connection;
    use serde_json::json;

    use super::*;
    use crate::test_ledger::TestLedger;

    const SMALL: [Reading; 3] =
        [Reading { threads: 0, part: 3 }, Reading { threads: 1, part: 3 }, Reading { threads: 3, part: 2 }];

    async fn of_many_entries() -> TestLedger {
        let it = TestLedger::new().await;
        for n in 0..30 {
            let said = it.said(&format!("premises/p-{}", n % 4), "Noted", json!({ "n": n }));
            it.ledger.writer().append(said).await.unwrap();
        }
        it
    }

    fn positions(
        it: &TestLedger,
        from: Frontier,
        to: u64,
        how: Reading,
    ) -> (Vec<u64>, Result<Frontier, Unsound>) {
        let mut shown = Vec::new();
        let position = |row: &StoredLeaf<'_>| Ok(row.position);
        let outcome = read(it.ledger.reader(), from, to, how, position, |part| {
            assert_eq!(
                (part.entries.len(), part.frontier.size()),
                (part.leaves.len(), part.entries.last().unwrap() + 1)
            );
            shown.extend(part.entries);
            Ok(())
        });
        (shown, outcome)
    }

    #[tokio::test]
    async fn every_entry_is_shown_once_and_in_order_and_the_tree_is_the_ledgers() {
        let it = of_many_entries().await;
        let head = it.ledger.reader().head().unwrap().unwrap().frontier;
        for how in SMALL {
            let (first, tree) = positions(&it, Frontier::new(), 17, how);
            let (second, tree) = positions(&it, tree.unwrap(), head.size(), how);
            let all: Vec<u64> = first.into_iter().chain(second).collect();
            assert_eq!(all, (0..head.size()).collect::<Vec<_>>());
            assert_eq!(tree.unwrap().root(), head.root());
        }
    }

    #[tokio::test]
    async fn what_is_altered_or_gone_is_named_and_all_before_it_is_shown() {
        let it = of_many_entries().await;
        let size = it.ledger.reader().size().unwrap();
        let file = Connection::open(it.path().join("ledger.db")).unwrap();
        file.execute_batch("DROP TRIGGER events_are_never_updated; DROP TRIGGER events_are_never_deleted;")
            .unwrap();
        file.execute("UPDATE events SET payload = replace(payload, '9', '8') WHERE position = 20", [])
            .unwrap();
        file.execute("UPDATE events SET recorded_at = '2020-01-01T00:00:00.000Z' WHERE position = 20", [])
            .unwrap();
        for how in SMALL {
            let (shown, outcome) = positions(&it, Frontier::new(), size, how);
            assert!(matches!(outcome, Err(Unsound::Altered { position: 20 })), "{outcome:?}");
            assert_eq!(shown, (0..20).collect::<Vec<_>>());
        }
        file.execute("DELETE FROM events WHERE position IN (11, 12, 13)", []).unwrap();
        for how in SMALL {
            let (shown, outcome) = positions(&it, Frontier::new(), size, how);
            assert!(matches!(outcome, Err(Unsound::Missing { position: 11 })), "{outcome:?}");
            assert_eq!(shown, (0..11).collect::<Vec<_>>());
        }
        let (_, outcome) = positions(&it, Frontier::new(), 11, SMALL[1]);
        assert_eq!(outcome.unwrap().size(), 11);
        for how in SMALL {
            let (shown, outcome) = positions(&it, Frontier::new(), 13, how);
            assert_eq!((shown.len(), outcome.is_err()), (11, true), "nothing stands at the end of the log");
        }
    }

    #[tokio::test]
    async fn a_reader_that_stops_or_panics_leaves_no_thread_waiting() {
        let it = of_many_entries().await;
        let size = it.ledger.reader().size().unwrap();
        for how in SMALL {
            let position = |row: &StoredLeaf<'_>| Ok(row.position);
            let stopped = read(it.ledger.reader(), Frontier::new(), size, how, position, |_| {
                Err(Unsound::Missing { position: 99 })
            });
            assert!(matches!(stopped, Err(Unsound::Missing { position: 99 })));
            let panicking = std::panic::AssertUnwindSafe(|| {
                let understand = |row: &StoredLeaf<'_>| {
                    assert!(row.position != 9, "it cannot be understood");
                    Ok::<_, Unsound>(())
                };
                read(it.ledger.reader(), Frontier::new(), size, how, understand, |_| Ok(()))
            });
            assert!(
                std::panic::catch_unwind(panicking).is_err(),
                "a panic does not look like the end of the log"
            );
        }
    }
}
