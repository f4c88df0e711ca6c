//! An almanac of its own: days are numbers since 1970, reckoned by hand, and rest days a table. Nothing of chrono nor of the
//! rules' calendar is used to find a day; only the table is handed to both.

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::{Calendar, Holiday, PublishedYear};

/// 1 January 2024.
pub(super) const FIRST_DAY: i64 = 19_723;
/// 31 December 2033.
pub(super) const LAST_DAY: i64 = 23_375;

/// Which days people work.
pub(super) struct Almanac {
    off: BTreeSet<i64>,
    work: BTreeSet<i64>,
}

impl Almanac {
    /// Three holidays a year and two make-up Sundays, for the ten years and the one after.
    pub(super) fn made() -> Self {
        let (mut off, mut work) = (BTreeSet::new(), BTreeSet::new());
        for year in 2024..=2034 {
            off.extend(day_of(year, 1, 1)..=day_of(year, 1, 3));
            off.extend(day_of(year, 5, 1)..=day_of(year, 5, 5));
            off.extend(day_of(year, 10, 1)..=day_of(year, 10, 7));
            for (month, last) in [(4, 30), (9, 30)] {
                let last = day_of(year, month, last);
                work.extend((last - 6..=last).filter(|day| weekday(*day) == 6));
            }
        }
        Self { off, work }
    }

    /// The n-th working day after this one.
    pub(super) fn working_days_after(&self, day: i64, n: u32) -> i64 {
        let works = |day: &i64| self.work.contains(day) || (weekday(*day) < 5 && !self.off.contains(day));
        (day + 1..).filter(works).nth(n as usize - 1).unwrap()
    }

    /// The table, as a rulebook holds it.
    pub(super) fn calendar(&self) -> Calendar {
        let mut by_year: BTreeMap<i32, PublishedYear> = BTreeMap::new();
        for year in 2024..=2034 {
            by_year.insert(year, PublishedYear { source: String::new(), off: vec![], work: vec![] });
        }
        let date = |day: i64| iso(day).parse::<chrono::NaiveDate>().unwrap();
        let year = |day: i64| iso(day)[..4].parse::<i32>().unwrap();
        for day in &self.off {
            let holiday = Holiday { zh: String::new(), from: date(*day), to: date(*day) };
            by_year.get_mut(&year(*day)).unwrap().off.push(holiday);
        }
        for day in &self.work {
            by_year.get_mut(&year(*day)).unwrap().work.push(date(*day));
        }
        Calendar { years: (2024..=2034).collect(), by_year }
    }
}

/// 0 for a Monday to 6 for a Sunday: the first of January 1970 was a Thursday.
pub(super) fn weekday(day: i64) -> i64 {
    (day + 3).rem_euclid(7)
}

/// The number of a day, counted month by month.
pub(super) fn day_of(year: i64, month: i64, day: i64) -> i64 {
    let years: i64 = (1970..year).map(|year| 365 + i64::from(is_leap(year))).sum();
    let months: i64 = (1..month).map(|month| length(year, month)).sum();
    years + months + day - 1
}

/// Year, month and day of a number.
pub(super) fn parts(day: i64) -> (i64, i64, i64) {
    let (mut left, mut year, mut month) = (day, 1970, 1);
    while left >= 365 + i64::from(is_leap(year)) {
        left -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    while left >= length(year, month) {
        left -= length(year, month);
        month += 1;
    }
    (year, month, left + 1)
}

/// As it is written.
pub(super) fn iso(day: i64) -> String {
    let (year, month, day) = parts(day);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The number of a written day.
pub(super) fn read(text: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
    day_of(number(0..4), number(5..7), number(8..10))
}

/// The same day some months later, or that month's last.
pub(super) fn months_after(day: i64, months: i64) -> i64 {
    let (year, month, of_month) = parts(day);
    let month = month - 1 + months;
    let (year, month) = (year + month / 12, month % 12 + 1);
    day_of(year, month, of_month.min(length(year, month)))
}

fn length(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

#[test]
fn the_almanac_agrees_with_known_days() {
    assert_eq!((iso(FIRST_DAY), iso(LAST_DAY)), ("2024-01-01".to_owned(), "2033-12-31".to_owned()));
    assert_eq!(weekday(read("2026-03-09")), 0, "a Monday");
    assert_eq!(iso(months_after(read("2024-01-31"), 1)), "2024-02-29");
    assert_eq!(iso(months_after(read("2025-11-30"), 3)), "2026-02-28");
}
