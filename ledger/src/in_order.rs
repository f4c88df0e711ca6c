//! Costly things made on several threads and handed over in their order, the first ones while the last are still being made.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::vec::IntoIter;

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
    mut ready: impl FnMut(&[R]) -> Result<(), E>,
) -> Result<Vec<R>, E> {
    let mut all = Vec::with_capacity(raw.len());
    let stretches = Stretches::of(raw);
    let make_next = || {
        let (at, stretch) = stretches.take_next()?;
        Some((at, stretch.into_iter().map(&make).collect::<Vec<R>>()))
    };
    let (made, from_others) = channel();
    rayon::in_place_scope(|scope| {
        for _ in 0..stretches.worth_waking() {
            let (made, make_next) = (made.clone(), &make_next);
            scope.spawn(move |_| while make_next().is_some_and(|stretch| made.send(stretch).is_ok()) {});
        }
        drop(made);
        let mut early = BTreeMap::new();
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
    })
}

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

    /// How many other threads have something to do here. To wake one takes as long as to make a stretch.
    fn worth_waking(&self) -> usize {
        (self.count / 2).min(rayon::current_num_threads().saturating_sub(1))
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
        let count = |_| made.fetch_add(1, Ordering::Relaxed);
        let mut heard = 0;
        let refused = made_in_order(vec![(); 10_000], count, |stretch| {
            heard += stretch.len();
            if heard < 8 { Ok(()) } else { Err("the disk is full") }
        });
        assert_eq!((refused.unwrap_err(), heard), ("the disk is full", 8));
        assert!(made.load(Ordering::Relaxed) < 10_000);
    }

    #[test]
    #[should_panic(expected = "no hand")]
    fn whoever_waits_for_one_that_panicked_panics_too() {
        let make = |n: u32| assert!(n != 6, "no hand");
        let _ = made_in_order((0..8).collect(), make, |_| Ok::<_, Infallible>(()));
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
