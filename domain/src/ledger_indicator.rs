//! Indicators that the ledger itself answers: counted from what is recorded, never typed in.

use std::collections::BTreeMap;

use chrono::{Days, Months, NaiveDate};

use crate::assessment::Checked;
use crate::outcome::Outcome;
use crate::refused::Refused;
use crate::report::{Report, Stage};
use crate::rulebook::scheme::{Collect, Indicator};
use crate::rulebook::{Layer, Rulebook};
use crate::subject::Subject;

/// The result of every ledger indicator of the rulebook, on the day the assessment was opened.
///
/// # Errors
/// `not_in_rulebook` for an indicator that says the ledger collects it though nothing here counts it.
pub(crate) fn count(
    rulebook: &Rulebook,
    subject: &Subject,
    subjects: &BTreeMap<String, Subject>,
    assessment: &str,
) -> Result<Vec<Checked>, Refused> {
    let Some(of) = subject.assessments.get(assessment) else { return Ok(vec![]) };
    let Some(on) = of.opened_on else { return Ok(vec![]) };
    let units: Vec<&Subject> =
        of.state.units.iter().filter_map(|unit| subjects.get(&format!("premises/{unit}"))).collect();
    let ledgers = rulebook.scheme.indicators.iter().filter(|indicator| indicator.collect == Collect::Ledger);
    ledgers
        .map(|indicator| Ok(checked(indicator, outcome(rulebook, indicator, subject, &units, on)?)))
        .collect()
}

fn outcome(
    rulebook: &Rulebook,
    indicator: &Indicator,
    subject: &Subject,
    units: &[&Subject],
    on: NaiveDate,
) -> Result<Outcome, Refused> {
    Ok(match indicator.id.as_str() {
        "complaints_overdue" => Outcome::Count(complaints_overdue(subject)),
        "daily_check" => Outcome::Count(days_without_check(subject, on)),
        "patrol_cooperation" => Outcome::Count(refusals(subject, on)),
        "resident_survey" => {
            let occupied_units =
                u64::from(subject.premises.register.as_ref().and_then(|r| r.units).unwrap_or_default());
            let (satisfied, answered) = newest_survey(subject, on);
            Outcome::Survey { satisfied, answered, occupied_units }
        }
        "seven_ones_rate" => seven_ones(rulebook, units),
        _ => return Err(Refused::because("not_in_rulebook")),
    })
}

/// Residents' reports found true whose hazard the responsible party has let fall overdue and not put right. An office that is late
/// never counts, nor does a report that goes on as another one.
pub(crate) fn complaints_overdue(subject: &Subject) -> u64 {
    let lets_wait = |report: &&Report| {
        let case = report.substantiated.as_ref().and_then(|true_of| subject.hazards.get(&true_of.hazard));
        let waits = matches!(report.stage, Stage::Substantiated | Stage::Answered);
        waits && case.is_some_and(|of| of.state.stage.is_unsettled() && of.state.course.overdue.is_some())
    };
    subject.reports.values().filter(lets_wait).count() as u64
}

/// Days of the last thirty on which nobody of the house looked round.
fn days_without_check(subject: &Subject, on: NaiveDate) -> u64 {
    let days = (1..=30_u64).filter_map(|back| on.checked_sub_days(Days::new(back)));
    days.filter(|day| !subject.steward_checks.contains(day)).count() as u64
}

/// Satisfied households and all that answered, of the survey closed last by that day.
fn newest_survey(subject: &Subject, on: NaiveDate) -> (u64, u64) {
    let closed = subject.surveys.iter().filter_map(|(key, survey)| {
        let closed_on = survey.closed_on.filter(|closed_on| *closed_on <= on)?;
        Some(((closed_on, key), survey))
    });
    closed.max_by_key(|(order, _)| *order).map_or((0, 0), |(_, survey)| survey.counted())
}

/// Entries refused in the last six months though the appointment had been served.
fn refusals(subject: &Subject, on: NaiveDate) -> u64 {
    let since = on.checked_sub_months(Months::new(6)).unwrap_or(on);
    let refused = |call: &&crate::subject::Call| call.outcome == "refused" && call.appointment_served;
    subject.calls.iter().filter(refused).filter(|call| since <= call.on && call.on <= on).count() as u64
}

/// Of the units assessed, those with none of the seven ones failed.
fn seven_ones(rulebook: &Rulebook, units: &[&Subject]) -> Outcome {
    let rule = rulebook.policy.derived_caps.iter().find(|rule| rule.layer == Layer::Unit);
    let seven = rule.map(|rule| rule.indicators.as_slice()).unwrap_or_default();
    let assessed: Vec<_> = units.iter().filter_map(|unit| unit.grade.latest.as_ref()).collect();
    let complete =
        assessed.iter().filter(|grade| !grade.failed.iter().any(|failed| seven.contains(failed))).count();
    Outcome::Share { part: complete as u64, whole: assessed.len() as u64 }
}

fn checked(indicator: &Indicator, outcome: Outcome) -> Checked {
    Checked {
        indicator: indicator.id.clone(),
        outcome,
        measured: serde_json::Map::new(),
        carried_from: None,
        photos_taken: 0,
    }
}
