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

/// Days on which nothing counts against whoever has to carry a decision out.
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

/// All times in which a decision rested, by the first day.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Rests(Vec<Rest>);

impl Rest {
    fn holds_on(&self, day: NaiveDate) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }

    /// As much of it as lies between two days; none where nothing does.
    fn within(&self, first: NaiveDate, last: Option<NaiveDate>) -> Option<Self> {
        let from = self.from.max(first);
        let until = match (self.until, last) {
            (Some(until), Some(last)) => Some(until.min(last)),
            (until, last) => until.or(last),
        };
        let lies = until.is_none_or(|until| from <= until);
        lies.then(|| Self { dispute: self.dispute.clone(), from, until })
    }
}

impl Rests {
    /// Whether it never rested.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Carrying out is suspended from this day on; a later order in the same dispute takes the place of the one before.
    pub(crate) fn begin(&mut self, dispute: &str, from: NaiveDate, until: Option<NaiveDate>) {
        self.end(dispute, from.checked_sub_days(Days::new(1)).unwrap_or(from));
        self.add(Rest { dispute: dispute.to_owned(), from, until });
    }

    /// The suspension in this dispute has ended; this day was its last one, if none before it was named.
    pub(crate) fn end(&mut self, dispute: &str, last: NaiveDate) {
        for rest in self.0.iter_mut().filter(|rest| rest.dispute == dispute) {
            rest.until = Some(rest.until.map_or(last, |until| until.min(last)));
        }
    }

    /// The suspension under which it rests on a day.
    pub fn on(&self, day: NaiveDate) -> Option<&Rest> {
        self.0.iter().find(|rest| rest.holds_on(day))
    }

    /// Take over what another decision rested from one day to another, or without an end.
    pub(crate) fn take_within(&mut self, other: &Self, first: NaiveDate, last: Option<NaiveDate>) {
        other.0.iter().filter_map(|rest| rest.within(first, last)).for_each(|rest| self.add(rest));
    }

    /// The end of a term that begins after a day and would end on `due`, without the days on which it rests; none while no
    /// end of the rest is known.
    pub(crate) fn rested(&self, begins_after: NaiveDate, due: NaiveDate) -> Option<NaiveDate> {
        let (mut counted_to, mut due) = (begins_after, due);
        for rest in &self.0 {
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

    fn add(&mut self, rest: Rest) {
        self.0.push(rest);
        self.0.sort_by_key(|rest| rest.from);
    }
}
