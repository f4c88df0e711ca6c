//! Effects on others: what of these premises matters to those above and below them, kept with the place of the entry that
//! brought it, so that whoever comes late tells the same from it.

use chrono::NaiveDate;

use super::Subject;
use crate::alert::Alert;
use crate::recorded::local_date;

/// Since when the level that binds is what it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LevelMoved {
    /// Position of the entry that moved it.
    pub at: u64,
    /// The day from which it binds.
    pub on: NaiveDate,
    /// Whether what bound before was set aside, and did not end by a new result.
    pub set_aside: bool,
}

/// Since when letting is prohibited.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Banned {
    /// Position of the entry that confirmed it.
    pub at: u64,
    /// The day from which it holds.
    pub on: NaiveDate,
}

/// A time in which nobody lived there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Vacancy {
    /// The first day.
    pub from: NaiveDate,
    /// The day somebody lived there again; none while it lasts.
    pub until: Option<NaiveDate>,
}

impl Subject {
    /// Whether the lowest grade binds these premises.
    pub fn is_prohibited(&self) -> bool {
        self.grade.in_force().is_some_and(|binding| binding.determination.star == Some(0))
    }

    /// Whether nobody lived there at any time while an alert held, and the alert is for this place.
    pub fn is_vacant_under(&self, alert: &Alert) -> bool {
        let Some(issued) = &alert.issued else { return false };
        let here = self.premises.register.as_ref().is_some_and(|register| alert.reaches(register));
        let issued_on = local_date(issued.issued_at);
        let during = |vacancy: &Vacancy| {
            vacancy.until.is_none_or(|until| until > issued_on)
                && alert.safe_on.is_none_or(|safe_on| vacancy.from < safe_on)
        };
        here && self.premises.closed_on.is_none() && self.vacancies.iter().any(during)
    }

    /// Keep when the level that binds moves: `was` is the number that bound before the entry.
    pub(super) fn level_moves(&mut self, was: Option<u64>, on: NaiveDate, at: u64, set_aside: bool) {
        let now = self.binding_number();
        if now != was {
            let on =
                self.grade.in_force().filter(|_| !set_aside).map_or(on, |binding| binding.effective_from);
            self.level_moved = Some(LevelMoved { at, on, set_aside });
        }
    }

    /// The number of the determination that binds.
    pub(super) fn binding_number(&self) -> Option<u64> {
        self.grade.in_force().map(|binding| binding.determination.number)
    }

    /// Keep since when nobody lives there.
    pub(super) fn occupied(&mut self, vacant: bool, on: NaiveDate) {
        let open = self.vacancies.last_mut().filter(|vacancy| vacancy.until.is_none());
        match (open, vacant) {
            (None, true) => self.vacancies.push(Vacancy { from: on, until: None }),
            (Some(vacancy), false) => vacancy.until = Some(on),
            (None, false) | (Some(_), true) => {}
        }
    }
}
