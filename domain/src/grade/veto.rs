//! Veto (一票否决): what is imposed and lifted by a determination, said apart from the score, for it overrides everything.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Grade;
use crate::derivation::SchemeRef;
use crate::reaction::Due;

/// Vetoes that begin or end with a determination.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Vetoes {
    /// Number of the determination.
    pub determination: u64,
    /// From which day.
    pub on: NaiveDate,
    /// Each by its cause: `incident:fire_general`, `hazard:major_determined`, `building_prohibited`.
    pub vetoes: Vec<String>,
}

/// What the newest determination imposes or lifts.
pub(crate) fn due(own: &str, grade: &Grade, scheme: &SchemeRef) -> Vec<Due> {
    let due = |reaction, event_type| Due {
        reaction,
        stream: format!("{own}/grade"),
        event_type,
        scheme: scheme.clone(),
        subjects: vec![own.to_owned()],
    };
    let imposed = imposed(grade).map(|_| due("veto_imposed", "VetoImposed"));
    imposed.into_iter().chain(lifted(grade).map(|_| due("veto_lifted", "VetoLifted"))).collect()
}

/// Vetoes that the newest determination names and that were not in force.
pub(crate) fn imposed(grade: &Grade) -> Option<Vetoes> {
    let latest = grade.latest.as_ref()?;
    of(grade, latest.vetoes.iter().filter(|veto| !grade.vetoes.contains(*veto)))
}

/// Vetoes in force that the newest determination names no more. One that a person must still confirm lifts none.
pub(crate) fn lifted(grade: &Grade) -> Option<Vetoes> {
    let latest = grade.latest.as_ref().filter(|_| grade.pending.is_none())?;
    of(grade, grade.vetoes.iter().filter(|veto| !latest.vetoes.contains(veto)))
}

fn of<'a>(grade: &Grade, vetoes: impl Iterator<Item = &'a String>) -> Option<Vetoes> {
    let latest = grade.latest.as_ref()?;
    let vetoes: Vec<String> = vetoes.cloned().collect();
    let (determination, on) = (latest.number, latest.determined_on);
    (!vetoes.is_empty()).then_some(Vetoes { determination, on, vetoes })
}
