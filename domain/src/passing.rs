//! What time brings: a due day that ended, a round that nobody made. Told from a subject's state and a now alone, so that
//! it is the same whoever asks, and however late: a mark carries the day that ended, not the day it was noticed.

pub(crate) mod office;

use chrono::{DateTime, Utc};

use crate::assessment::opening;
use crate::hazard;
use crate::reaction::{Due, Rulebooks};
use crate::rounds;
use crate::subject::Subject;

/// Something that time brought to a subject, and that has to be computed and recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Passed {
    /// What, and where.
    pub due: Due,
    /// Position of the entry whose clock ran out. With the reaction's name it makes the event's id, so that whoever finds
    /// it, and however often, it is recorded once.
    pub since: u64,
}

/// All that time has brought to these premises by `now` and that is not recorded yet, in the order in which it came.
pub fn passed(own: &str, subject: &Subject, now: DateTime<Utc>, rulebooks: &dyn Rulebooks) -> Vec<Passed> {
    let mut passed = opening::passed(own, subject, now, rulebooks);
    passed.extend(rounds::passed(own, subject, now, rulebooks));
    passed.extend(hazard::passed(own, subject, now, rulebooks));
    passed.extend(office::passed(own, subject, now, rulebooks));
    passed
}
