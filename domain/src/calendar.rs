//! Calendar: which days are working days, as far as that is published.
//!
//! Beyond the published years a day is taken by its weekday and marked as not covered: whatever was computed
//! from it is provisional.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use crate::resting::Rests;

/// The working days published so far: the calendar part of a rulebook.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Calendar {
    /// The years published.
    #[serde(default)]
    pub years: Vec<i32>,
    /// Their holidays and make-up days.
    #[serde(default, rename = "year")]
    pub by_year: BTreeMap<i32, PublishedYear>,
}

/// The holidays and make-up working days of one year.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct PublishedYear {
    /// The notice it was published by.
    #[serde(default)]
    pub source: String,
    /// Holidays, both days included.
    #[serde(default)]
    pub off: Vec<Holiday>,
    /// Working days that fall on a weekend.
    #[serde(default)]
    pub work: Vec<NaiveDate>,
}

/// A holiday.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Holiday {
    /// Its name in Chinese.
    #[serde(default)]
    pub zh: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

/// A date reached by looking at days one by one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reached {
    /// The date.
    pub date: NaiveDate,
    /// The first day looked at that no published year covers. If there is one the date is provisional.
    pub uncovered: Option<NaiveDate>,
}

/// The calendar as of the years published by a moment.
#[derive(Clone, Copy, Debug)]
pub struct PublishedYears<'a> {
    calendar: &'a Calendar,
    years: &'a [i32],
}

impl Calendar {
    /// The calendar as it stands.
    #[must_use]
    pub fn published(&self) -> PublishedYears<'_> {
        PublishedYears { calendar: self, years: &self.years }
    }

    /// The calendar as it stood when only these years were published; as it stands, if none are given.
    #[must_use]
    pub fn published_by<'a>(&'a self, years: Option<&'a [i32]>) -> PublishedYears<'a> {
        PublishedYears { calendar: self, years: years.unwrap_or(&self.years) }
    }
}

impl PublishedYears<'_> {
    /// Whether the day's year is published.
    #[must_use]
    pub fn covers(&self, date: NaiveDate) -> bool {
        self.years.contains(&date.year()) && self.calendar.by_year.contains_key(&date.year())
    }

    /// Whether it is a working day: listed as one, or Monday to Friday and no holiday. In a year not covered,
    /// Monday to Friday.
    #[must_use]
    pub fn is_working_day(&self, date: NaiveDate) -> bool {
        let weekday = !matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
        match self.calendar.by_year.get(&date.year()).filter(|_| self.covers(date)) {
            Some(year) if year.work.contains(&date) => true,
            Some(year) => weekday && !year.off.iter().any(|off| (off.from..=off.to).contains(&date)),
            None => weekday,
        }
    }

    /// The n-th working day after this one, which is not counted.
    #[must_use]
    pub fn add_working_days(&self, from: NaiveDate, n: u32) -> Reached {
        let mut reached = Reached { date: from, uncovered: None };
        let mut left = n;
        while left > 0 {
            let Some(next) = reached.date.succ_opt() else { break };
            reached.date = next;
            if self.look(&mut reached) {
                left -= 1;
            }
        }
        reached
    }

    /// The n-th working day after this one of those on which nothing rests; none where a rest has no known end before it.
    pub(crate) fn add_working_days_resting(&self, from: NaiveDate, n: u32, rests: &Rests) -> Option<Reached> {
        let mut reached = Reached { date: from, uncovered: None };
        let mut left = n;
        while left > 0 {
            let Some(next) = reached.date.succ_opt() else { break };
            if let Some(rest) = rests.on(next) {
                reached.date = rest.until?;
                continue;
            }
            reached.date = next;
            if self.look(&mut reached) {
                left -= 1;
            }
        }
        Some(reached)
    }

    /// The day itself if it is a working day, else the next one.
    #[must_use]
    pub fn roll_forward(&self, from: NaiveDate) -> Reached {
        let mut reached = Reached { date: from, uncovered: None };
        while !self.look(&mut reached) {
            let Some(next) = reached.date.succ_opt() else { break };
            reached.date = next;
        }
        reached
    }

    /// Looks at the day reached, and remembers the first one that is not covered.
    fn look(&self, reached: &mut Reached) -> bool {
        if !self.covers(reached.date) {
            reached.uncovered.get_or_insert(reached.date);
        }
        self.is_working_day(reached.date)
    }
}

impl Reached {
    /// Whether the date may still move once a calendar is published.
    #[must_use]
    pub fn provisional(&self) -> bool {
        self.uncovered.is_some()
    }
}

/// The date some natural days later; the last date there is, beyond it.
#[must_use]
pub fn add_days(date: NaiveDate, days: u32) -> NaiveDate {
    date.checked_add_days(Days::new(u64::from(days))).unwrap_or(NaiveDate::MAX)
}

/// The same day some months later, or that month's last; the last date there is, beyond it.
#[must_use]
pub fn add_months(date: NaiveDate, months: u32) -> NaiveDate {
    date.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn year_2025() -> Calendar {
        serde_json::from_value(serde_json::json!({
            "years": [2025],
            "year": {"2025": {"off": [{"zh": "国庆节", "from": "2025-10-01", "to": "2025-10-08"}], "work": ["2025-09-28"]}}
        }))
        .unwrap()
    }

    #[test]
    fn a_make_up_sunday_works_and_a_holiday_wednesday_rests() {
        let calendar = year_2025();
        let days = calendar.published();
        assert!(days.is_working_day(day("2025-09-28")));
        assert!(!days.is_working_day(day("2025-10-01")));
        assert!(!days.is_working_day(day("2025-10-11")));
        assert_eq!(days.roll_forward(day("2025-10-01")).date, day("2025-10-09"));
    }

    #[test]
    fn beyond_the_published_years_weekdays_count_and_the_first_such_day_is_named() {
        let calendar = year_2025();
        let reached = calendar.published().add_working_days(day("2025-12-30"), 3);
        assert_eq!(reached, Reached { date: day("2026-01-02"), uncovered: Some(day("2026-01-01")) });
        assert!(calendar.published_by(Some(&[])).add_working_days(day("2025-10-09"), 1).provisional());
    }

    #[test]
    fn the_end_of_time_ends_the_search() {
        let calendar = year_2025();
        assert_eq!(calendar.published().add_working_days(NaiveDate::MAX, 4).date, NaiveDate::MAX);
        assert_eq!(add_days(NaiveDate::MAX, 1), NaiveDate::MAX);
        assert_eq!(add_months(day("2025-01-31"), 1), day("2025-02-28"));
    }
}
