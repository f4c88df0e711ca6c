//! Counter (代录): staff write down what somebody has changed or taken back on paper. The paper is theirs who signed it: it comes with the
//! day on which it was handed in and a photo, and nobody writes it down who had a hand in what it is about.

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::facts::Facts;
use crate::rejection::Rejection;
use crate::said::Photo;
use crate::subject::Subject;

/// When something was said, and who wrote it down for whoever said it.
pub(crate) struct Word {
    /// The day on which it was said or handed in.
    pub(crate) on: NaiveDate,
    /// The account that took it at the counter; none where whoever said it did so without help.
    pub(crate) taken_by: Option<String>,
}

/// What is said today, or was handed in on a day that is not to come and that staff take it down for.
///
/// # Errors
/// A day to come.
pub(crate) fn heard(handed_in_on: Option<NaiveDate>, facts: &Facts) -> Result<Word, Rejection> {
    match handed_in_on {
        Some(day) if day > facts.today => {
            Err(Rejection::Malformed { field: "handed_in_on", needs: "today or an earlier day" })
        }
        Some(on) => Ok(Word { on, taken_by: Some(facts.actor.account.clone()) }),
        None => Ok(Word { on: facts.today, taken_by: None }),
    }
}

/// A word said today by whoever asks; at the counter that of the paper, not from before this day.
///
/// # Errors
/// A day that is not one from `since` to today, `counter_without_paper`, `counter_had_a_hand`.
pub(crate) fn word(
    handed_in_on: Option<NaiveDate>,
    since: Option<NaiveDate>,
    papers: &[Photo],
    facts: &Facts,
) -> Result<Word, Rejection> {
    let Some(on) = handed_in_on else { return Ok(Word { on: facts.today, taken_by: None }) };
    let account = facts.actor.account.clone();
    if facts.subject()?.is_in_the_hands_of(&account) {
        return Err(Rejection::because("counter_had_a_hand", json!({ "account": account })));
    }
    if on > facts.today || since.is_some_and(|since| on < since) {
        return Err(Rejection::Malformed { field: "handed_in_on", needs: "a day from the filing to today" });
    }
    if papers.is_empty() {
        return Err(Rejection::because("counter_without_paper", Value::Null));
    }
    Ok(Word { on, taken_by: Some(account) })
}

impl Subject {
    /// Whether this account assessed the premises, found or reviewed a hazard of theirs, or confirmed a result.
    fn is_in_the_hands_of(&self, account: &str) -> bool {
        let assessed = self.assessments.values().any(|of| of.is_in_the_hands_of(account));
        let determined = self.grade.determined.values().any(|of| of.assessor == account);
        let confirmed = self.grade.confirmers.values().any(|by| by == account);
        assessed || determined || confirmed || self.hazards.values().any(|of| of.hands.contains(account))
    }
}
