//! Resting: while an organ or court has suspended a decision, the terms by which it is to be carried out rest, and run on
//! afterwards (docs/decisions/0028).
//!
//! Invariants:
//! - the day on which the suspension is ordered and every day up to its last one are not counted; its last day is the one that the
//!   order names, or that of the outcome if that is earlier;
//! - what ended before stays ended, and its lateness does not grow while it rests;
//! - where the order names no day, nothing ends until the dispute does.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::calendar::add_days;
use crate::subject::HazardOf;

/// Days on which nothing counts against the party.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Rest {
    /// The dispute in which it was ordered, by its stream's last segment.
    pub dispute: String,
    /// The first of them.
    pub from: NaiveDate,
    /// The last of them; none while no end is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

impl HazardOf {
    /// The assessment, or what else, it was found by: the last segment of that stream.
    pub(crate) fn found_by(&self) -> Option<&str> {
        self.state.found.as_ref()?.caused_by.as_deref()?.rsplit('/').next()
    }

    /// Carrying out is suspended from this day on; a later order in the same dispute takes the place of the one before.
    pub(crate) fn rest(&mut self, dispute: &str, from: NaiveDate, until: Option<NaiveDate>) {
        self.end_rest(dispute, from.checked_sub_days(Days::new(1)).unwrap_or(from));
        self.clock.rests.push(Rest { dispute: dispute.to_owned(), from, until });
        self.clock.rests.sort_by_key(|rest| rest.from);
    }

    /// The suspension in this dispute has ended; this day was its last one, if none before it was named.
    pub(crate) fn end_rest(&mut self, dispute: &str, last: NaiveDate) {
        for rest in self.clock.rests.iter_mut().filter(|rest| rest.dispute == dispute) {
            rest.until = Some(rest.until.map_or(last, |until| until.min(last)));
        }
    }

    /// The suspension that the case rests under on a day.
    pub fn rests_on(&self, day: NaiveDate) -> Option<&Rest> {
        let rests = |rest: &&Rest| rest.from <= day && rest.until.is_none_or(|until| day <= until);
        self.clock.rests.iter().find(rests)
    }

    /// The end of a term that begins after a day and would end on `due`, without the days on which it rests; none while no
    /// end of the rest is known.
    pub(super) fn rested(&self, begins_after: NaiveDate, due: NaiveDate) -> Option<NaiveDate> {
        let (mut counted_to, mut due) = (begins_after, due);
        for rest in &self.clock.rests {
            let from = rest.from.max(add_days(counted_to, 1));
            if rest.until.is_some_and(|until| until < from) {
                continue;
            }
            if from > due {
                break;
            }
            let until = rest.until?;
            let days = u32::try_from((until - from).num_days()).unwrap_or_default();
            due = add_days(due, days.saturating_add(1));
            counted_to = until;
        }
        Some(due)
    }
}
