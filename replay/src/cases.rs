//! Cases: every hazard with its days, as of any moment and as it stood on any day, from the entries themselves.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use rayon::prelude::*;
use serde::Serialize;
use wuping_domain::derivation::SchemeRef;
use wuping_domain::event::Event;
use wuping_domain::hazard::{Event as HazardEvent, Review};
use wuping_domain::recorded::Recorded;
use wuping_domain::subject::Subject;
use wuping_ledger::reader::Reader;
use wuping_projections::recording::recorded;

use crate::report::{Question, ReportError, code_of};

/// One hazard.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct CaseLine {
    /// The code of the premises, as in the report of grades.
    pub code: String,
    /// The id of the premises.
    pub premises: String,
    /// The subdistrict in which the premises are registered.
    #[serde(skip)]
    pub subdistrict: String,
    /// The case: its stream's last segment.
    pub case: String,
    /// The indicator, or the source's own code.
    pub indicator: String,
    /// As it was found.
    pub severity: String,
    /// The department that has it.
    pub competent: String,
    /// The day it was found.
    pub found_on: NaiveDate,
    /// When it was found, as its author claims.
    pub found_at: DateTime<Utc>,
    /// The day its department confirmed it.
    pub confirmed_on: Option<NaiveDate>,
    /// The day it was ordered to be put right.
    pub ordered_on: Option<NaiveDate>,
    /// By when; that of the case that it goes on from, where it has none of its own.
    pub due: Option<NaiveDate>,
    /// The day to which its term was extended last.
    pub extended_to: Option<NaiveDate>,
    /// The day on which the party first said that it was put right.
    pub submitted_on: Option<NaiveDate>,
    /// How often a rectification was refused.
    pub refused: u64,
    /// The day it was closed.
    pub closed_on: Option<NaiveDate>,
    /// When it was closed, as its author claims.
    pub closed_at: Option<DateTime<Utc>>,
    /// The closed case that this one goes on from.
    pub reopens: Option<String>,
    /// How far it is by what was known.
    pub stage: &'static str,
    /// Whether it was open at the end of the day asked about: found, and not closed by then.
    pub open: bool,
    /// Whether it was open then and its day had ended before.
    pub overdue: bool,
}

/// All hazards found by the day asked about, sorted by premises and case. Without a day, by all that is known.
///
/// # Errors
/// [`ReportError`] if the ledger cannot be read or an entry not understood.
pub fn cases(reader: &Reader, question: Question) -> Result<Vec<CaseLine>, ReportError> {
    let mut subjects = BTreeSet::new();
    reader.last_of_streams(|last| {
        let mut path = last.stream.split('/');
        if let (Some("premises"), Some(id), Some("hazard")) = (path.next(), path.next(), path.next()) {
            subjects.insert(id.to_owned());
        }
        Ok(())
    })?;
    let subjects: Vec<String> = subjects.into_iter().collect();
    let lines: Vec<Vec<CaseLine>> =
        subjects.par_iter().map(|id| of_premises(reader, id, question)).collect::<Result<_, _>>()?;
    Ok(lines.into_iter().flatten().collect())
}

/// What happened to one case, besides what its own state keeps.
#[derive(Default)]
struct Course {
    found: Option<(NaiveDate, DateTime<Utc>)>,
    confirmed_on: Option<NaiveDate>,
    ordered_on: Option<NaiveDate>,
    extended_to: Option<NaiveDate>,
    submitted_on: Option<NaiveDate>,
    refused: u64,
    closed: Option<(NaiveDate, DateTime<Utc>)>,
}

impl Course {
    fn take(&mut self, event: &HazardEvent, recorded: &Recorded<Event>) {
        let on = recorded.holds_from();
        match event {
            HazardEvent::HazardFound(_) | HazardEvent::HazardReopened { .. } => {
                self.found = Some((on, recorded.occurred_at));
            }
            HazardEvent::HazardReviewed { outcome: Review::Confirmed, .. } => self.confirmed_on = Some(on),
            HazardEvent::RectificationOrdered { .. } => self.ordered_on = Some(on),
            HazardEvent::DeadlineExtended { until, .. } => self.extended_to = Some(*until),
            HazardEvent::RectificationSubmitted(_) => {
                self.submitted_on.get_or_insert(on);
            }
            HazardEvent::RectificationRefused { .. } => self.refused += 1,
            HazardEvent::HazardClosed(_) => self.closed = Some((on, recorded.occurred_at)),
            _ => {}
        }
    }
}

/// The cases of one premises, folded from its entries.
#[derive(Default)]
pub(crate) struct Cases {
    courses: BTreeMap<String, Course>,
    subject: Subject,
}

impl Cases {
    /// Take an entry of the premises.
    pub(crate) fn take(&mut self, recorded: &Recorded<Event>) {
        if let Event::Hazard(event) = &recorded.event {
            self.courses.entry(recorded.last_segment().to_owned()).or_default().take(event, recorded);
        }
        self.subject.apply(recorded);
    }

    /// A line for each case that the question takes in.
    pub(crate) fn lines(&self, id: &str, question: Question) -> Vec<CaseLine> {
        let line = |(key, course): (&String, &Course)| line(&self.subject, id, (key, course), question);
        self.courses.iter().filter_map(line).collect()
    }

    /// The rulebook that a case goes by, where one is known.
    pub(crate) fn scheme(&self, case: &str) -> Option<SchemeRef> {
        self.subject.hazard_scheme(case)
    }
}

fn of_premises(reader: &Reader, id: &str, question: Question) -> Result<Vec<CaseLine>, ReportError> {
    let mut cases = Cases::default();
    for entry in reader.subject(&format!("premises/{id}"), None)? {
        let recorded = recorded(&entry.row())?;
        if question.takes(&recorded) {
            cases.take(&recorded);
        }
    }
    Ok(cases.lines(id, question))
}

fn line(subject: &Subject, id: &str, (key, course): (&str, &Course), question: Question) -> Option<CaseLine> {
    let of = subject.hazards.get(key)?;
    let (found, (found_on, found_at)) = of.state.found.as_ref().zip(course.found)?;
    let by = |day: NaiveDate| question.valid_at.is_none_or(|asked| day <= asked);
    if !by(found_on) {
        return None;
    }
    let reopens = of.state.course.reopens.clone();
    let due = subject.hazard_due(key).or_else(|| subject.hazard_due(reopens.as_deref()?));
    let due = due.map(|due| due.day);
    let open = !course.closed.is_some_and(|(closed_on, _)| by(closed_on));
    let today = question.valid_at.unwrap_or(NaiveDate::MAX);
    let register = subject.premises.register.as_ref();
    Some(CaseLine {
        code: code_of(register, id),
        premises: id.to_owned(),
        subdistrict: register.map(|register| register.subdistrict.clone()).unwrap_or_default(),
        case: key.to_owned(),
        indicator: found.indicator.clone(),
        severity: found.severity.clone(),
        competent: of.state.competent.clone(),
        found_on,
        found_at,
        confirmed_on: course.confirmed_on,
        ordered_on: course.ordered_on,
        due,
        extended_to: course.extended_to,
        submitted_on: course.submitted_on,
        refused: course.refused,
        closed_on: course.closed.map(|(on, _)| on),
        closed_at: course.closed.map(|(_, at)| at),
        reopens,
        stage: of.state.stage.code(),
        open,
        overdue: open && due.is_some_and(|due| due < today),
    })
}
