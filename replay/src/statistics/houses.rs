//! Houses: the register of all premises with their grades, as several reports need them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use wuping_domain::aggregate::Concept;
use wuping_domain::event::Event;
use wuping_domain::premises::{Premises, Register};
use wuping_domain::recorded::Recorded;
use wuping_projections::grade_book::{Chronicle, Standing};

use super::Span;

/// All premises, by id.
#[derive(Debug, Default)]
pub(super) struct Houses(pub(super) BTreeMap<String, House>);

/// One of them.
#[derive(Debug, Default)]
pub(super) struct House {
    pub(super) premises: Premises,
    pub(super) grades: Chronicle,
}

impl Houses {
    /// Take an entry of a premises' own stream or of its grade's; any other is passed over.
    pub(super) fn take(&mut self, recorded: &Recorded<Event>) {
        let Some(id) = recorded.subject().strip_prefix("premises/") else { return };
        match &recorded.event {
            Event::Grade(event) => {
                self.0.entry(id.to_owned()).or_default().grades.apply(recorded, event);
            }
            Event::Premises(event) => self.0.entry(id.to_owned()).or_default().premises.evolve(event),
            _ => {}
        }
    }

    /// The subdistrict in which the premises of this subject are registered; empty where it is none, or nobody stated it.
    pub(super) fn subdistrict(&self, subject: &str) -> &str {
        let house = subject.strip_prefix("premises/").and_then(|id| self.0.get(id));
        let register = house.and_then(|house| house.premises.register.as_ref());
        register.map_or("", |register| register.subdistrict.as_str())
    }

    /// Those that are registered and were not closed by the day, with what is registered of them.
    pub(super) fn open(&self, day: NaiveDate) -> impl Iterator<Item = (&String, &House, &Register)> {
        let registered =
            self.0.iter().filter_map(|(id, house)| Some((id, house, house.premises.register.as_ref()?)));
        registered.filter(move |(_, house, _)| !house.closed_by(day))
    }
}

impl House {
    pub(super) fn closed_by(&self, day: NaiveDate) -> bool {
        self.premises.closed_on.is_some_and(|on| on <= day)
    }

    /// What held on the day asked about; what is in force where none was.
    pub(super) fn holds(&self, span: Span) -> Option<Standing> {
        if span.asked { self.grades.valid_at(span.day).cloned() } else { self.grades.book.in_force() }
    }

    /// What is determined and has not taken effect by then.
    pub(super) fn waits(&self, span: Span) -> Option<&Standing> {
        if span.asked { self.grades.determined_at(span.day) } else { self.grades.determined() }
    }
}

/// The public state of premises without a grade in force.
pub(super) const NOT_ASSESSED: &str = "not_assessed";

/// The grade that is held, as [`grade_of`] says it; [`NOT_ASSESSED`] where none is.
pub(super) fn grade_held(holds: Option<&Standing>) -> String {
    holds.map_or_else(|| NOT_ASSESSED.to_owned(), grade_of)
}

/// The grade's id, or the rulebook's own word where it has none.
pub(super) fn grade_of(standing: &Standing) -> String {
    let determination = &standing.determination;
    determination.grade.clone().unwrap_or_else(|| determination.band.clone())
}
