//! Pace: many reports in a short time are slowed politely, and only a flood is sent back with what was written.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// When reports came, by who sent them and by what they are about. It is forgotten with the process: it guards no right.
#[derive(Debug, Default)]
pub(super) struct Pace {
    came: Mutex<HashMap<Key, Vec<Instant>>>,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Key {
    Caller(IpAddr),
    Premises(String),
}

/// What becomes of a report.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// It is taken.
    AtOnce,
    /// It is taken after a while.
    After(Duration),
    /// It is to be sent again later.
    Later,
}

impl Pace {
    /// One more report. Whoever is behind a proxy shares its allowance, which is why a house counts by itself too.
    pub(super) fn ask(&self, caller: Option<IpAddr>, premises: &str, now: Instant) -> Verdict {
        let mut came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = |at: &Instant| now.saturating_duration_since(*at) < HOUR;
        if came.len() > KEYS_MAX {
            came.retain(|_, times| times.last().is_some_and(recent));
        }
        let keys = caller.map(Key::Caller).into_iter().chain([Key::Premises(premises.to_owned())]);
        let mut most = 0;
        for key in keys {
            let times = came.entry(key).or_default();
            times.retain(recent);
            most = most.max(times.len());
            if times.len() < AN_HOUR_MAX {
                times.push(now);
            }
        }
        match most {
            AN_HOUR_MAX.. => Verdict::Later,
            AT_ONCE.. => {
                let over = u32::try_from(most - AT_ONCE + 1).unwrap_or(u32::MAX);
                Verdict::After((STEP * over).min(WAIT_MAX))
            }
            _ => Verdict::AtOnce,
        }
    }
}

const AN_HOUR_MAX: usize = 40;
const AT_ONCE: usize = 10;
const HOUR: Duration = Duration::from_secs(3600);
const KEYS_MAX: usize = 10_000;
const STEP: Duration = Duration::from_millis(500);
const WAIT_MAX: Duration = Duration::from_secs(8);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_slowed_then_sent_back_and_forgotten_after_an_hour() {
        let (pace, begun) = (Pace::default(), Instant::now());
        let caller = Some(IpAddr::from([10, 0, 0, 7]));
        let verdicts: Vec<Verdict> = (0..AN_HOUR_MAX + 2).map(|_| pace.ask(caller, "b-1", begun)).collect();
        assert!(verdicts[..AT_ONCE].iter().all(|verdict| *verdict == Verdict::AtOnce));
        assert_eq!(verdicts[AT_ONCE], Verdict::After(STEP));
        assert_eq!(verdicts[AN_HOUR_MAX - 1], Verdict::After(WAIT_MAX));
        assert_eq!(verdicts[AN_HOUR_MAX + 1], Verdict::Later);
        assert_eq!(
            pace.ask(Some(IpAddr::from([10, 0, 0, 8])), "b-2", begun),
            Verdict::AtOnce,
            "nobody else waits"
        );
        assert_eq!(pace.ask(caller, "b-1", begun + HOUR), Verdict::AtOnce);
    }
}
