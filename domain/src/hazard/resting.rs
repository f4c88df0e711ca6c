//! Resting: while a decision by which a case was found or ordered is suspended, its term rests and runs on afterwards
//! ([`crate::resting`]).

use chrono::NaiveDate;

use crate::resting::Rest;
use crate::subject::HazardOf;

impl HazardOf {
    /// The assessment, or what else, it was found by: the last segment of that stream.
    pub(crate) fn found_by(&self) -> Option<&str> {
        self.state.found.as_ref()?.caused_by.as_deref()?.rsplit('/').next()
    }

    /// Carrying out is suspended from this day on.
    pub(crate) fn rest(&mut self, dispute: &str, from: NaiveDate, until: Option<NaiveDate>) {
        self.clock.rests.begin(dispute, from, until);
    }

    /// The suspension in this dispute has ended with this day.
    pub(crate) fn end_rest(&mut self, dispute: &str, last: NaiveDate) {
        self.clock.rests.end(dispute, last);
    }

    /// The suspension that the case rests under on a day.
    pub fn rests_on(&self, day: NaiveDate) -> Option<&Rest> {
        self.clock.rests.on(day)
    }

    /// The end of a term that begins after a day and would end on `due`, without the days on which it rests.
    pub(super) fn rested(&self, begins_after: NaiveDate, due: NaiveDate) -> Option<NaiveDate> {
        self.clock.rests.rested(begins_after, due)
    }
}
