//! Costly things made on several threads and handed over in their order, the first ones while the last are still being made.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{LazyLock, Mutex};
use std::vec::IntoIter;

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::locks::locked;

/// Makes something of each of these; `ready` is given every stretch of what was made once, in order. The calling thread
/// makes some of them itself whenever nothing is ready, so that it never waits for another one to wake up.
///
/// # Errors
///
/// What `ready` answered, after which nothing more is made.
pub(crate) fn made_in_order<T: Send, R: Send, E>(
    raw: Vec<T>,
    make: impl Fn(T) -> R + Sync,
    ready: impl FnMut(&[R]) -> Result<(), E>,
) -> Result<Vec<R>, E> {
    let stretches = Stretches::of(raw);
    let make_next = || {
        let (at, stretch) = stretches.take_next()?;
        Some((at, stretch.into_iter().map(&make).collect::<Vec<R>>()))
    };
    let (made, from_others) = channel();
    let worth_waking = stretches.worth_waking();
    // a command that comes alone neither wakes nor starts a thread
    let Some(helpers) = (worth_waking > 0).then(|| HELPERS.as_ref()).flatten() else {
        drop(made);
        return handed_over(&stretches, make_next, &from_others, ready);
    };
    helpers.in_place_scope(|scope| {
        for _ in 0..helpers.current_num_threads().min(worth_waking) {
            let (made, make_next) = (made.clone(), &make_next);
            scope.spawn(move |_| while make_next().is_some_and(|stretch| made.send(stretch).is_ok()) {});
        }
        drop(made);
        handed_over(&stretches, make_next, &from_others, ready)
    })
}

/// Hands over what this thread and others make, in order.
fn handed_over<T, R, E>(
    stretches: &Stretches<T>,
    make_next: impl Fn() -> Option<(usize, Vec<R>)>,
    from_others: &Receiver<(usize, Vec<R>)>,
    mut ready: impl FnMut(&[R]) -> Result<(), E>,
) -> Result<Vec<R>, E> {
    let (mut all, mut early) = (Vec::new(), BTreeMap::new());
    for next in 0..stretches.count {
        let stretch = loop {
            early.extend(from_others.try_iter());
            if let Some(stretch) = early.remove(&next) {
                break stretch;
            }
            // with nothing left to make, another thread is at the missing one; if it panicked, so does the scope
            match make_next().or_else(|| from_others.recv().ok()) {
                Some((at, stretch)) => early.insert(at, stretch),
                None => break Vec::new(),
            };
        };
        ready(&stretch).inspect_err(|_| stretches.give_up())?;
        all.extend(stretch);
    }
    Ok(all)
}

/// Threads for this alone: among those that compute for everybody a stretch would wait until a rehearsal of the whole
/// ledger is done, and with it all who want to write. None if the system has no thread to give.
static HELPERS: LazyLock<Option<ThreadPool>> = LazyLock::new(|| {
    let others = std::thread::available_parallelism().map_or(1, |all| all.get().saturating_sub(1).max(1));
    let named = |n| format!("ledger-helper-{n}");
    ThreadPoolBuilder::new().num_threads(others).thread_name(named).build().ok()
});

/// What is to be made, a stretch of it by whoever asks next.
struct Stretches<T> {
    raw: Mutex<(usize, IntoIter<T>)>,
    count: usize,
}

impl<T> Stretches<T> {
    fn of(raw: Vec<T>) -> Self {
        let count = raw.len().div_ceil(STRETCH);
        Self { raw: Mutex::new((0, raw.into_iter())), count }
    }

    /// For how many other threads there is something to do. To wake one takes as long as to make a stretch.
    fn worth_waking(&self) -> usize {
        self.count / 2
    }

    /// The next stretch and its number; none when all are taken.
    fn take_next(&self) -> Option<(usize, Vec<T>)> {
        let mut raw = locked(&self.raw);
        let (at, rest) = &mut *raw;
        let stretch: Vec<T> = rest.by_ref().take(STRETCH).collect();
        *at += 1;
        (!stretch.is_empty()).then_some((*at - 1, stretch))
    }

    fn give_up(&self) {
        locked(&self.raw).1 = Vec::new().into_iter();
    }
}

/// So many are made at a time.
const STRETCH: usize = 4;

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_refusal_ends_the_making() {
        let made = AtomicUsize::new(0);
        let slowly = |()| {
            std::thread::sleep(std::time::Duration::from_millis(1));
            made.fetch_add(1, Ordering::Relaxed)
        };
        let mut heard = 0;
        let refused = made_in_order(vec![(); 1_000], slowly, |stretch| {
            heard += stretch.len();
            if heard < 8 { Ok(()) } else { Err("the disk is full") }
        });
        assert_eq!((refused.unwrap_err(), heard), ("the disk is full", 8));
        assert!(made.load(Ordering::Relaxed) < 1_000);
    }

    #[test]
    #[should_panic(expected = "no hand")]
    fn whoever_waits_for_one_that_panicked_panics_too() {
        let make = |n: u32| assert!(n != 6, "no hand");
        let _ = made_in_order((0..8).collect(), make, |_| Ok::<_, Infallible>(()));
    }

    #[test]
    fn nobody_waits_for_what_others_compute() {
        let (release, held) = channel::<()>();
        let held = Mutex::new(held);
        rayon::in_place_scope(|scope| {
            for _ in 0..rayon::current_num_threads() {
                scope.spawn(|_| {
                    let _ = locked(&held).recv();
                });
            }
            let made = made_in_order((0..100).collect(), |n: u32| n, |_| Ok::<_, Infallible>(()));
            assert_eq!(made.map(|made| made.len()), Ok(100));
            drop(release);
        });
    }

    proptest! {
        #[test]
        fn each_is_handed_over_once_in_order(count in 0_u32..300) {
            let mut heard = Vec::new();
            let made = made_in_order((0..count).collect(), |n| n * 2, |stretch| {
                heard.extend_from_slice(stretch);
                Ok::<_, Infallible>(())
            });
            prop_assert_eq!(&heard, &(0..count).map(|n| n * 2).collect::<Vec<_>>());
            prop_assert_eq!(made, Ok(heard));
        }
    }
}
