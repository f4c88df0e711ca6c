//! The steps of every concept, one file each.

mod alert;
mod appeal;
mod dispute;
mod grade;
mod hazard;
mod incident;
mod notice;
mod patrol;
mod premises;
mod reevaluation;
mod report;
mod task;
mod visit;

use super::step::Step;

/// The steps of a concept, by the type of its streams.
pub(crate) fn of(concept: &str) -> impl Iterator<Item = &'static Step> {
    let list = ALL.iter().find(|(name, _)| *name == concept).map_or(&[][..], |(_, steps)| steps);
    list.iter()
}

/// Every step that begins a matter under premises, in the order shown.
pub(crate) fn starts() -> impl Iterator<Item = &'static Step> {
    ALL.iter()
        .filter(|(concept, _)| *concept != "alert")
        .flat_map(|(_, steps)| steps.iter())
        .filter(|step| step.starts)
}

/// Every concept with its steps.
pub(crate) const ALL: &[(&str, &[Step])] = &[
    ("hazard", hazard::STEPS),
    ("report", report::STEPS),
    ("visit", visit::STEPS),
    ("patrol", patrol::STEPS),
    ("task", task::STEPS),
    ("notice", notice::STEPS),
    ("grade", grade::STEPS),
    ("appeal", appeal::STEPS),
    ("reevaluation", reevaluation::STEPS),
    ("dispute", dispute::STEPS),
    ("incident", incident::STEPS),
    ("premises", premises::STEPS),
    ("alert", alert::STEPS),
];
