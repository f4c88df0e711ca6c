//! Clocks: the wall, which may be set wrong, and the machine's monotonic clock, which may not.
//!
//! The writer reads time here and nowhere else. Rule of docs/format.md §2: nothing is appended while the wall is more
//! than 24 hours ahead of the last entry though by the monotonic clock that was written within the hour, or more than
//! 60 seconds behind it, until an operator accepts the clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// What the writer asks the time of.
pub trait Clock: Send + Sync {
    /// The wall clock, in milliseconds since 1970-01-01T00:00:00Z.
    fn wall_ms(&self) -> i64;
    /// The monotonic clock. Two readings can be compared only if they are of the same boot.
    fn monotonic(&self) -> Monotonic;
}

/// A reading of the monotonic clock.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Monotonic {
    /// Which run of the machine the reading belongs to.
    pub boot: String,
    /// Milliseconds since that boot.
    pub since_boot_ms: i64,
}

impl Monotonic {
    /// Milliseconds from an earlier reading to this one; none across a restart of the machine.
    #[must_use]
    pub fn since(&self, earlier: &Monotonic) -> Option<i64> {
        (self.boot == earlier.boot && self.since_boot_ms >= earlier.since_boot_ms)
            .then(|| self.since_boot_ms - earlier.since_boot_ms)
    }
}

/// The clocks of this machine. The monotonic one outlives the process where the system tells (Linux), so that a wall
/// clock which jumped while the server was down is noticed too.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
    process: String,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { started: Instant::now(), process: format!("process-{}", uuid::Uuid::new_v4()) }
    }
}

impl Clock for SystemClock {
    fn wall_ms(&self) -> i64 {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
        }
    }

    fn monotonic(&self) -> Monotonic {
        machine_monotonic().unwrap_or_else(|| Monotonic {
            boot: self.process.clone(),
            since_boot_ms: i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX),
        })
    }
}

/// A clock that stands still until it is moved: for tests and for histories that are made up (docs/format.md §2).
#[derive(Debug)]
pub struct SteppedClock {
    wall_ms: AtomicI64,
    monotonic: Mutex<Monotonic>,
}

impl SteppedClock {
    /// A clock that shows `wall_ms`, its monotonic side at zero.
    #[must_use]
    pub fn starting_at(wall_ms: i64) -> Self {
        let monotonic = Monotonic { boot: "stepped".to_owned(), since_boot_ms: 0 };
        Self { wall_ms: AtomicI64::new(wall_ms), monotonic: Mutex::new(monotonic) }
    }

    /// Lets `ms` pass on both clocks.
    pub fn pass(&self, ms: i64) {
        self.wall_ms.fetch_add(ms, Ordering::SeqCst);
        if let Ok(mut monotonic) = self.monotonic.lock() {
            monotonic.since_boot_ms += ms;
        }
    }

    /// Sets the wall clock alone, as a wrong time server or a hand would.
    pub fn set_wall(&self, wall_ms: i64) {
        self.wall_ms.store(wall_ms, Ordering::SeqCst);
    }
}

impl Clock for SteppedClock {
    fn wall_ms(&self) -> i64 {
        self.wall_ms.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Monotonic {
        match self.monotonic.lock() {
            Ok(monotonic) => monotonic.clone(),
            Err(poisoned) => poisoned.into_inner().clone(),
        }
    }
}

/// Why the clock is not believed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ClockFault {
    /// More than 24 hours ahead of an entry written within the hour.
    #[error(
        "the clock is {ahead_ms} ms ahead of the last entry, which was written {written_ms} ms ago: set the clock \
         right, or accept it if it is right"
    )]
    Ahead {
        /// How far the wall is ahead of the last entry.
        ahead_ms: i64,
        /// How long ago that entry was written by the monotonic clock.
        written_ms: i64,
    },
    /// More than 60 seconds behind the last entry.
    #[error(
        "the clock is {behind_ms} ms behind the last entry: set the clock right, or accept it if it is right"
    )]
    Behind {
        /// How far the wall is behind the last entry.
        behind_ms: i64,
    },
}

/// Whether a wall reading may be believed, given the last entry and when it was written.
///
/// # Errors
///
/// A [`ClockFault`] by the rule of docs/format.md §2.
pub fn judge(
    now_ms: i64,
    monotonic: &Monotonic,
    last_entry_ms: i64,
    last_written: Option<&Monotonic>,
) -> Result<(), ClockFault> {
    let ahead_ms = now_ms.saturating_sub(last_entry_ms);
    if ahead_ms < -BEHIND_MS_MAX {
        return Err(ClockFault::Behind { behind_ms: ahead_ms.saturating_neg() });
    }
    match last_written.and_then(|written| monotonic.since(written)) {
        Some(written_ms) if written_ms <= WITHIN_MS && ahead_ms > AHEAD_MS_MAX => {
            Err(ClockFault::Ahead { ahead_ms, written_ms })
        }
        _ => Ok(()),
    }
}

/// The boot clock of Linux, which goes on while processes come and go.
#[cfg(target_os = "linux")]
fn machine_monotonic() -> Option<Monotonic> {
    use rustix::time::{ClockId, clock_gettime};
    static BOOT: OnceLock<Option<String>> = OnceLock::new();
    let boot = BOOT.get_or_init(|| {
        let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(id.trim().to_owned())
    });
    let since_boot = clock_gettime(ClockId::Boottime);
    let since_boot_ms = since_boot.tv_sec.checked_mul(1_000)?.checked_add(since_boot.tv_nsec / 1_000_000)?;
    Some(Monotonic { boot: boot.clone()?, since_boot_ms })
}

#[cfg(not(target_os = "linux"))]
fn machine_monotonic() -> Option<Monotonic> {
    None
}

const AHEAD_MS_MAX: i64 = 24 * 60 * 60 * 1000;
const WITHIN_MS: i64 = 60 * 60 * 1000;
const BEHIND_MS_MAX: i64 = 60 * 1000;

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(since_boot_ms: i64) -> Monotonic {
        Monotonic { boot: "b".to_owned(), since_boot_ms }
    }

    #[test]
    fn a_day_ahead_is_refused_only_if_the_last_entry_is_fresh() {
        let day = AHEAD_MS_MAX + 1;
        assert!(matches!(judge(day, &reading(1), 0, Some(&reading(0))), Err(ClockFault::Ahead { .. })));
        assert_eq!(judge(day - 1, &reading(1), 0, Some(&reading(0))), Ok(()));
        assert_eq!(judge(day, &reading(WITHIN_MS + 1), 0, Some(&reading(0))), Ok(()));
        assert_eq!(judge(day, &reading(1), 0, None), Ok(()));
        let other_boot = Monotonic { boot: "c".to_owned(), since_boot_ms: 0 };
        assert_eq!(judge(day, &reading(1), 0, Some(&other_boot)), Ok(()));
    }

    #[test]
    fn a_minute_behind_is_refused_always() {
        assert!(matches!(judge(0, &reading(0), BEHIND_MS_MAX + 1, None), Err(ClockFault::Behind { .. })));
        assert_eq!(judge(0, &reading(0), BEHIND_MS_MAX, None), Ok(()));
    }

    #[test]
    fn the_machine_clock_moves_on() {
        let clock = SystemClock::default();
        let first = clock.monotonic();
        std::thread::sleep(std::time::Duration::from_millis(25));
        assert!(clock.monotonic().since(&first).is_some_and(|ms| ms > 0));
    }
}
