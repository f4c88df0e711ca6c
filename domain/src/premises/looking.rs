//! Looking round (日常查看): what a steward, owner or operator looked at on a day. The days count in the grade, so they are told while they
//! can still be remembered, and each once.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use super::{Event, Premises};
use crate::facts::Facts;
use crate::rejection::Rejection;
use crate::said::{Private, Said};

impl Premises {
    /// A look round of today, or of one of the days before it that are still taken.
    ///
    /// # Errors
    /// A day to come, `check_too_long_ago`, `check_before_naming`, `check_of_nothing`, `check_recorded_already`.
    pub(super) fn look_round(
        &self,
        on: NaiveDate,
        looked_at: Vec<String>,
        note: Option<String>,
        facts: &Facts,
    ) -> Result<Vec<Said<Event>>, Rejection> {
        if on > facts.today {
            return Err(Rejection::Malformed { field: "on", needs: "today or an earlier day" });
        }
        let oldest = facts.today.checked_sub_days(Days::new(DAYS_BACK)).unwrap_or(facts.today);
        if on < oldest {
            return Err(Rejection::because("check_too_long_ago", json!({ "oldest": oldest })));
        }
        let registered_on = facts.subject.as_deref().and_then(|subject| subject.registered_on);
        let was_here = self.looked_after_by(&facts.actor, on) || self.answered_for_by(&facts.actor, on);
        if registered_on.is_some_and(|registered_on| on < registered_on) || !was_here {
            return Err(Rejection::because("check_before_naming", json!({ "on": on })));
        }
        let silent = note.as_ref().is_none_or(|note| note.trim().is_empty());
        if looked_at.iter().all(|what| what.trim().is_empty()) && silent {
            return Err(Rejection::because("check_of_nothing", Value::Null));
        }
        if facts.subject.as_deref().is_some_and(|subject| subject.steward_checks.contains(&on)) {
            return Err(Rejection::because("check_recorded_already", json!({ "on": on })));
        }
        let private = Private::none().with("note", note);
        Ok(vec![Said::with(Event::StewardCheckRecorded { on, looked_at }, private)])
    }
}

/// How many natural days back a look round is still taken: the policy states no number, and whoever was without signal over a night
/// and a day can still tell of it.
const DAYS_BACK: u64 = 2;
