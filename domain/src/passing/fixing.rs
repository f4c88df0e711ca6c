//! Fixing: an end of a period that lay beyond the calendar of its rulebook becomes final once a later rulebook of the same name
//! and layer is published whose calendar reaches it. The period is counted as it was, by the same number of the same days; only
//! the calendar is the later one's, and the derivation names it.
//!
//! Invariants:
//! - a date is fixed once, and never before its calendar is published;
//! - none ends before the day on which it was fixed: on a provisional date nobody was late and no silence lost a right.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{Passed, office};
use crate::credit;
use crate::deadline::{Period, PeriodQuestion, period};
use crate::derivation::SchemeRef;
use crate::reaction::{Due, Later, Rulebooks};
use crate::recorded::local_date;
use crate::rulebook::Rulebook;
use crate::subject::Subject;

/// A period that runs, as it is reckoned.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Term {
    /// The stream that it is about.
    pub(crate) about: String,
    /// The policy's deadline.
    pub(crate) rule: String,
    /// The starting day, not counted.
    pub(crate) from: NaiveDate,
    /// Whether it was extended.
    pub(crate) extended: bool,
    /// Position of the entry that it runs from.
    pub(crate) since: u64,
}

/// A provisional end that a published calendar made final.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Fixed {
    /// The policy's deadline.
    pub deadline: String,
    /// The stream that it is about.
    pub about: String,
    /// The starting day, not counted.
    pub from: NaiveDate,
    /// Whether it was extended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub extended: bool,
    /// The last day. Where the calendar came later than that day, the day on which it was fixed.
    pub due: NaiveDate,
}

impl Term {
    fn period(&self, rulebook: &Rulebook) -> Option<Period> {
        let of = PeriodQuestion::of(&self.rule, self.from);
        period(rulebook, &PeriodQuestion { extended: self.extended, ..of }).ok()
    }

    /// The last segment of the record that fixes it.
    fn key(&self, own: &str) -> String {
        let case = self.about.strip_prefix(own).unwrap_or(&self.about).trim_start_matches('/');
        key(case, &self.rule, self.from, self.extended)
    }

    fn waits_under(&self, rulebook: &Rulebook) -> bool {
        self.period(rulebook).is_some_and(|period| period.provisional)
    }
}

/// When a period ends of a case of this subject; none where the policy has no such deadline. What a later calendar has made final stands.
pub(crate) fn ends(
    rulebook: &Rulebook,
    subject: &Subject,
    case: &str,
    question: &PeriodQuestion,
) -> Option<Period> {
    let reckoned = period(rulebook, question).ok()?;
    let fixed = || subject.fixed.get(&key(case, &question.rule, question.from, question.extended));
    let fixed = if reckoned.provisional { fixed() } else { None };
    Some(fixed.map_or(reckoned, |due| Period::ending(*due)))
}

/// The last segment of the record that fixes a period's end: `case` is what lies under the subject, `appeal/7`.
pub(crate) fn key(case: &str, rule: &str, from: NaiveDate, extended: bool) -> String {
    let extended = if extended { "-extended" } else { "" };
    format!("fixed-{rule}-{}-{from}{extended}", case.replace('/', "-"))
}

/// Every end that a calendar published by now fixes.
pub(super) fn passed(
    own: &str,
    subject: &Subject,
    now: DateTime<Utc>,
    rulebooks: &dyn Rulebooks,
) -> Vec<Passed> {
    let today = local_date(now);
    let mut all = Vec::new();
    let mut look = |scheme: &SchemeRef, terms: &dyn Fn(&Rulebook) -> Vec<Term>| {
        let Some(rulebook) = rulebooks.rulebook(scheme).filter(|rulebook| rulebook.policy.operating) else {
            return;
        };
        let waits = |term: &Term| term.waits_under(&rulebook) && !subject.fixed.contains_key(&term.key(own));
        for term in terms(&rulebook).into_iter().filter(waits) {
            let later = reaching(rulebooks, scheme, today, |later| {
                later.counts_as(&rulebook, &term.rule) && !term.waits_under(later)
            });
            all.extend(later.map(|later| fixing(own, &term, later)));
        }
    };
    for owed in credit::owed(&subject.credit) {
        if let Some(scheme) = &owed.scheme {
            look(scheme, &|_| vec![owed.term(own)]);
        }
    }
    if let Some(scheme) = subject.scheme() {
        look(&scheme, &|rulebook| of_procedures(rulebook, own, subject));
    }
    for (key, of) in subject.hazards.iter().filter(|(_, of)| of.waits_for_the_office()) {
        if let Some(scheme) = subject.hazard_scheme(key) {
            look(&scheme, &|_| of.terms());
        }
    }
    all
}

/// Of the rulebooks published after this one by a day, the newest that will do.
pub(super) fn reaching(
    rulebooks: &dyn Rulebooks,
    scheme: &SchemeRef,
    today: NaiveDate,
    will_do: impl Fn(&Rulebook) -> bool,
) -> Option<Later> {
    let later = rulebooks.later(scheme).into_iter();
    later.filter(|later| later.published_on <= today).find(|later| will_do(&later.rulebook))
}

fn fixing(own: &str, term: &Term, later: Later) -> Passed {
    let due = Due {
        reaction: REACTION,
        stream: format!("{own}/record/{}", term.key(own)),
        event_type: "DeadlineFixed",
        scheme: later.scheme,
        subjects: vec![own.to_owned()],
    };
    Passed { due, since: term.since }
}

/// What the record of this stream says: that the calendar of this rulebook fixes the end.
pub(crate) fn fixed_in(
    rulebook: &Rulebook,
    own: &str,
    subject: &Subject,
    key: &str,
    as_of: DateTime<Utc>,
) -> Option<Fixed> {
    if subject.fixed.contains_key(key) {
        return None;
    }
    let of_hazards = subject.hazards.values().flat_map(|of| of.terms());
    let of_a_file = credit::owed(&subject.credit).map(|owed| owed.term(own));
    let mut terms = of_procedures(rulebook, own, subject).into_iter().chain(of_hazards).chain(of_a_file);
    let term = terms.find(|term| term.key(own) == key)?;
    let period = term.period(rulebook).filter(|period| !period.provisional)?;
    let due = period.due?.max(local_date(as_of));
    let Term { about, rule, from, extended, .. } = term;
    Some(Fixed { deadline: rule, about, from, extended, due })
}

/// What runs here but in cases of hazards: the time for a statement, and the office's own deadlines.
fn of_procedures(rulebook: &Rulebook, own: &str, subject: &Subject) -> Vec<Term> {
    let statement = rulebook.policy.statement.as_ref().map(|statement| statement.deadline.clone());
    let invited = subject.grade.waiting().and_then(|(_, proceeding)| proceeding.invited_on);
    let of_the_statement = statement.zip(invited).map(|(rule, from)| Term {
        about: format!("{own}/grade"),
        rule,
        from,
        extended: false,
        since: subject.invited_at,
    });
    of_the_statement.into_iter().chain(office::terms(rulebook, own, subject)).collect()
}

/// The name of the reaction.
pub(super) const REACTION: &str = "end_fixed";

#[cfg(test)]
mod tests;
