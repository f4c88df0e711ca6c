//! Deadline (期限): the date a period ends, fixed where the calendar reaches, provisional beyond it.
//!
//! Nobody is late on a provisional date.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::calendar::{PublishedYears, Reached, add_days, add_months};
use crate::refused::Refused;
use crate::resting::Rests;
use crate::rulebook::Rulebook;
use crate::rulebook::procedure::{DeadlineRule, TimeUnit};

/// A question with one fixed answer, or none where the calendar does not reach.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
pub enum DateQuestion {
    /// Is it a working day?
    Day {
        /// The day.
        is_working_day: NaiveDate,
    },
    /// Which day is so many working days later?
    WorkingDays {
        /// How many.
        working_days: u32,
        /// The day before the first.
        from: NaiveDate,
    },
    /// When does this deadline end?
    Rule {
        /// The policy's deadline.
        rule: String,
        /// The starting day, not counted.
        from: NaiveDate,
        /// Whether it was extended.
        #[serde(default)]
        extended: bool,
    },
}

/// The fixed answer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(untagged)]
pub enum FixedDate {
    /// A working day or not.
    Day {
        /// Which.
        working_day: bool,
    },
    /// The last day.
    Due {
        /// That day.
        due: NaiveDate,
    },
}

/// A period as it is shown.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PeriodQuestion {
    /// The policy's deadline.
    pub rule: String,
    /// The starting day, not counted.
    pub from: NaiveDate,
    /// Whether it was extended.
    #[serde(default)]
    pub extended: bool,
    /// The years whose calendars were published by then; none given are all of the rulebook's.
    #[serde(default)]
    pub years: Option<Vec<i32>>,
}

/// Something filed within a period.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct FilingQuestion {
    /// The period.
    #[serde(flatten)]
    pub period: PeriodQuestion,
    /// The day it was filed.
    pub filed_on: NaiveDate,
}

/// When a period ends, as it is shown: `due`, or for a rolled period beyond the calendar `not_before`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Period {
    /// The last day; it may still move if provisional.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<NaiveDate>,
    /// The day it does not end before: rolling could only move it later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<NaiveDate>,
    /// Whether a day beyond the published calendar was looked at.
    pub provisional: bool,
}

/// A period, and whether what was filed is in time.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Filing {
    /// The period.
    #[serde(flatten)]
    pub period: Period,
    /// In time; always, while the date is provisional.
    pub in_time: bool,
}

/// The fixed answer to a question about dates.
///
/// # Errors
/// `unknown_rule`, `no_extension`, `calendar_not_covered` with the year.
pub fn fixed_date(rulebook: &Rulebook, question: &DateQuestion) -> Result<FixedDate, Refused> {
    let days = rulebook.calendar.published();
    match question {
        DateQuestion::Day { is_working_day } => {
            let uncovered = (!days.covers(*is_working_day)).then_some(*is_working_day);
            fixed(Reached { date: *is_working_day, uncovered })?;
            Ok(FixedDate::Day { working_day: days.is_working_day(*is_working_day) })
        }
        DateQuestion::WorkingDays { working_days, from } => {
            Ok(FixedDate::Due { due: fixed(days.add_working_days(*from, *working_days))? })
        }
        DateQuestion::Rule { rule, from, extended } => {
            Ok(FixedDate::Due { due: deadline(rulebook, rule, *from, *extended)? })
        }
    }
}

/// The last day of a deadline, fixed.
///
/// # Errors
/// `unknown_rule`, `no_extension`, `calendar_not_covered` with the year.
pub fn deadline(
    rulebook: &Rulebook,
    rule: &str,
    from: NaiveDate,
    extended: bool,
) -> Result<NaiveDate, Refused> {
    let (rule, n) = rule_and_length(rulebook, rule, extended)?;
    fixed(end(rule, n, from, rulebook.calendar.published()))
}

/// When a period ends, as it is shown.
///
/// # Errors
/// `unknown_rule`, `no_extension`.
pub fn period(rulebook: &Rulebook, question: &PeriodQuestion) -> Result<Period, Refused> {
    let (rule, n) = rule_and_length(rulebook, &question.rule, question.extended)?;
    let days = rulebook.calendar.published_by(question.years.as_deref());
    let reached = end(rule, n, question.from, days);
    Ok(shown(rule, reached, unrolled(rule, n, question.from)))
}

/// As [`period`], of something that rests meanwhile: the days on which it rests are not counted, and what was left of it is. None
/// where no end of the rest is known.
///
/// # Errors
/// `unknown_rule`, `no_extension`.
pub(crate) fn resting_period(
    rulebook: &Rulebook,
    question: &PeriodQuestion,
    rests: &Rests,
) -> Result<Option<Period>, Refused> {
    let (rule, n) = rule_and_length(rulebook, &question.rule, question.extended)?;
    let days = rulebook.calendar.published_by(question.years.as_deref());
    let from = question.from;
    if rule.unit == TimeUnit::WorkingDays {
        let reached = days.add_working_days_resting(from, n, rests);
        return Ok(reached.map(|reached| shown(rule, reached, reached.date)));
    }
    Ok(rests.rested(from, unrolled(rule, n, from)).map(|date| {
        let reached = if rule.roll { days.roll_forward(date) } else { Reached { date, uncovered: None } };
        shown(rule, reached, date)
    }))
}

/// A rolled period is told by its unrolled end while the calendar does not reach it.
fn shown(rule: &DeadlineRule, reached: Reached, unrolled: NaiveDate) -> Period {
    let provisional = reached.provisional();
    if provisional && rule.unit != TimeUnit::WorkingDays {
        return Period { due: None, not_before: Some(unrolled), provisional };
    }
    Period { due: Some(reached.date), not_before: None, provisional }
}

/// Whether something was filed in time.
///
/// # Errors
/// `unknown_rule`, `no_extension`.
pub fn filing(rulebook: &Rulebook, question: &FilingQuestion) -> Result<Filing, Refused> {
    let period = period(rulebook, &question.period)?;
    let in_time = period.provisional || period.due.is_none_or(|due| question.filed_on <= due);
    Ok(Filing { period, in_time })
}

impl PeriodQuestion {
    /// The period of this rule from this day, not extended, by the whole calendar.
    #[must_use]
    pub fn of(rule: &str, from: NaiveDate) -> PeriodQuestion {
        PeriodQuestion { rule: rule.to_owned(), from, extended: false, years: None }
    }
}

impl Period {
    /// One whose end is known.
    #[must_use]
    pub const fn ending(due: NaiveDate) -> Period {
        Period { due: Some(due), not_before: None, provisional: false }
    }

    /// The date shown: the last day, or the day it does not end before.
    #[must_use]
    pub fn date(&self) -> Option<NaiveDate> {
        self.due.or(self.not_before)
    }

    /// Whether the period is over on this day; never, while it is provisional.
    #[must_use]
    pub fn over_on(&self, day: NaiveDate) -> bool {
        !self.provisional && self.due.is_some_and(|due| day > due)
    }
}

fn rule_and_length<'a>(
    rulebook: &'a Rulebook,
    id: &str,
    extended: bool,
) -> Result<(&'a DeadlineRule, u32), Refused> {
    let rule = rulebook.deadline_rule(id).ok_or_else(|| Refused::because("unknown_rule"))?;
    match (extended, rule.extension) {
        (false, _) => Ok((rule, rule.n)),
        (true, Some(extension)) => Ok((rule, rule.n.saturating_add(extension))),
        (true, None) => Err(Refused::because("no_extension")),
    }
}

fn end(rule: &DeadlineRule, n: u32, from: NaiveDate, days: PublishedYears<'_>) -> Reached {
    match rule.unit {
        TimeUnit::WorkingDays => days.add_working_days(from, n),
        _ if rule.roll => days.roll_forward(unrolled(rule, n, from)),
        _ => Reached { date: unrolled(rule, n, from), uncovered: None },
    }
}

fn unrolled(rule: &DeadlineRule, n: u32, from: NaiveDate) -> NaiveDate {
    if rule.unit == TimeUnit::Months { add_months(from, n) } else { add_days(from, n) }
}

fn fixed(reached: Reached) -> Result<NaiveDate, Refused> {
    match reached.uncovered {
        None => Ok(reached.date),
        Some(day) => Err(Refused { year: Some(day.year()), ..Refused::because("calendar_not_covered") }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::calendar::add_days;
    use crate::rulebook::Layer;
    use crate::shipped;

    fn from() -> impl Strategy<Value = NaiveDate> {
        (0u32..1090).prop_map(|days| add_days("2024-01-01".parse().unwrap(), days))
    }

    proptest! {
        #[test]
        fn what_is_shown_is_fixed_exactly_where_a_date_can_be_fixed(from in from(), n in 0usize..20) {
            let rulebook = shipped::pingshan(Layer::Unit);
            let rule = rulebook.policy.deadlines[n].id.clone();
            let shown = period(&rulebook, &PeriodQuestion::of(&rule, from)).unwrap();
            match deadline(&rulebook, &rule, from, false) {
                Ok(due) => prop_assert_eq!(shown, Period { due: Some(due), not_before: None, provisional: false }),
                Err(refused) => prop_assert!(shown.provisional && refused.error == "calendar_not_covered"),
            }
            prop_assert!(shown.date().is_some_and(|date| date > from));
        }

        #[test]
        fn nobody_is_late_on_a_provisional_date(from in from(), n in 0usize..20, late in 0u32..1000) {
            let rulebook = shipped::pingshan(Layer::Unit);
            let rule = &rulebook.policy.deadlines[n].id;
            let question = PeriodQuestion { years: Some(vec![]), ..PeriodQuestion::of(rule, from) };
            let filing =
                filing(&rulebook, &FilingQuestion { period: question, filed_on: add_days(from, late) }).unwrap();
            prop_assert!(filing.in_time || !filing.period.provisional);
        }
    }
}
