//! Scoring: from results to points, and from points to a score (rulebooks/README.md, steps 1 to 5).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::outcome::Outcome;
use crate::refused::Refused;
use crate::rulebook::Rulebook;
use crate::rulebook::policy::Rounding;
use crate::rulebook::scheme::{Indicator, Kind, Row};

/// What one indicator earned.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct IndicatorPoints {
    /// The indicator's id.
    pub indicator: String,
    /// Points earned.
    pub earned: u64,
    /// Points it counts with: its own, or 0 if it left the denominator.
    pub applicable: u64,
    /// Whether its row is a failed one.
    pub failed: bool,
    /// The row its result falls in; none if it left the denominator.
    pub row: Option<String>,
}

/// Where a result was taken over from (沿用结果).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Carried {
    /// The day it was first checked; carrying again never renews it.
    pub carried_from: NaiveDate,
    /// Whether its collector confirmed that nothing changed.
    pub collector_confirmed: bool,
}

/// How an outcome reads under an indicator.
#[derive(Clone, Copy, Debug)]
pub enum Reading<'a> {
    /// It leaves the denominator.
    LeavesDenominator,
    /// It falls in this row.
    Row(&'a Row),
}

/// The points of every indicator, in the scheme's order.
///
/// # Errors
/// `unknown_indicator`, `bad_result`, `incomplete`, in this order, each with the sorted ids.
pub fn score_results(
    rulebook: &Rulebook,
    results: &BTreeMap<String, Outcome>,
) -> Result<Vec<IndicatorPoints>, Refused> {
    let known = |id: &&str| rulebook.position(id).is_some();
    Refused::over("unknown_indicator", results.keys().map(String::as_str).filter(|id| !known(id)))?;
    let indicators = &rulebook.scheme.indicators;
    let mut bad: Vec<&str> = Vec::new();
    let mut missing: Vec<&str> = Vec::new();
    let mut points = Vec::with_capacity(indicators.len());
    for indicator in indicators {
        match results.get(&indicator.id).map(|outcome| read_outcome(rulebook, indicator, outcome)) {
            Some(Some(reading)) => points.push(points_of(indicator, reading)),
            Some(None) => bad.push(&indicator.id),
            None => missing.push(&indicator.id),
        }
    }
    Refused::over("bad_result", bad.into_iter())?;
    Refused::over("incomplete", missing.into_iter())?;
    Ok(points)
}

/// How the outcome reads under the indicator; none if it does not fit.
#[must_use]
pub fn read_outcome<'a>(
    rulebook: &Rulebook,
    indicator: &'a Indicator,
    outcome: &Outcome,
) -> Option<Reading<'a>> {
    let row = match (indicator.kind, outcome) {
        (_, Outcome::NotApplicable) => {
            return indicator.not_applicable.then_some(Reading::LeavesDenominator);
        }
        (Kind::Binary | Kind::Levels, Outcome::Row(id)) => indicator.row(id),
        (Kind::Count, Outcome::Count(count)) => indicator.rows.iter().find(|row| counts(row, *count)),
        (Kind::Share, Outcome::Share { part, whole }) if part <= whole => {
            if *whole == 0 {
                return Some(Reading::LeavesDenominator);
            }
            row_of_percent(indicator, *part, *whole)
        }
        (Kind::Survey, Outcome::Survey { satisfied, answered, occupied_units })
            if satisfied <= answered && answered <= occupied_units =>
        {
            if too_few(rulebook, *answered, *occupied_units) {
                return Some(Reading::LeavesDenominator);
            }
            row_of_percent(indicator, *satisfied, *answered)
        }
        _ => None,
    };
    row.map(Reading::Row)
}

/// Refuses a carried result that may not be carried.
///
/// # Errors
/// `unknown_indicator`, `carried_failed`, `carried_out_of_range`, `carried_not_confirmed`, in this order, each
/// with the sorted ids; `not_in_rulebook` where the rulebook knows no carrying.
pub fn check_carried(
    rulebook: &Rulebook,
    carried: &BTreeMap<String, Carried>,
    points: &[IndicatorPoints],
    on: NaiveDate,
) -> Result<(), Refused> {
    if carried.is_empty() {
        return Ok(());
    }
    let failed = |id: &str| rulebook.position(id).and_then(|n| points.get(n)).is_some_and(|p| p.failed);
    let those = |holds: &dyn Fn(&str, &Carried) -> bool, error: &str| {
        let ids = carried.iter().filter(|(id, from)| holds(id, from)).map(|(id, _)| id.as_str());
        Refused::over(error, ids)
    };
    those(&|id, _| rulebook.position(id).is_none(), "unknown_indicator")?;
    those(&|id, _| failed(id), "carried_failed")?;
    let rule = rulebook.policy.reevaluation.as_ref().ok_or_else(|| Refused::because("not_in_rulebook"))?;
    let in_range = 0..=i64::from(rule.carry_max_days);
    let age = |from: &Carried| on.signed_duration_since(from.carried_from).num_days();
    those(&|_, from| !in_range.contains(&age(from)), "carried_out_of_range")?;
    those(&|_, from| !from.collector_confirmed, "carried_not_confirmed")
}

/// The score of earned points out of applicable ones, 0 to 100; rounded once, here. With nothing applicable
/// there is none.
#[must_use]
pub fn score(rounding: Rounding, earned: u64, applicable: u64) -> Option<u64> {
    let (earned, applicable) = (u128::from(earned), u128::from(applicable));
    let exact = match rounding {
        Rounding::Floor => (100 * earned).checked_div(applicable),
        Rounding::HalfUp => (200 * earned + applicable).checked_div(2 * applicable),
    };
    exact.and_then(|score| u64::try_from(score).ok())
}

fn points_of(indicator: &Indicator, reading: Reading<'_>) -> IndicatorPoints {
    let indicator_id = indicator.id.clone();
    match reading {
        Reading::LeavesDenominator => {
            IndicatorPoints { indicator: indicator_id, earned: 0, applicable: 0, failed: false, row: None }
        }
        Reading::Row(row) => IndicatorPoints {
            indicator: indicator_id,
            earned: row.points,
            applicable: indicator.points,
            failed: row.fail,
            row: Some(row.id.clone()),
        },
    }
}

fn counts(row: &Row, count: u64) -> bool {
    row.from.is_none_or(|from| from <= count) && row.to.is_none_or(|to| count <= to)
}

/// The first row from the top that the percentage, rounded down, reaches.
fn row_of_percent(indicator: &Indicator, part: u64, whole: u64) -> Option<&Row> {
    let percent = (u128::from(part) * 100).checked_div(u128::from(whole))?;
    indicator.rows.iter().find(|row| row.from_percent.is_some_and(|from| percent >= u128::from(from)))
}

/// Too few answers to mean anything: none, or fewer than the policy's least and than half the units lived in.
fn too_few(rulebook: &Rulebook, answered: u64, occupied_units: u64) -> bool {
    let few = answered < rulebook.policy.scoring.survey_min_answers;
    answered == 0 || (few && 2 * u128::from(answered) < u128::from(occupied_units))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;

    #[test]
    fn a_half_is_rounded_up_once() {
        assert_eq!(score(Rounding::HalfUp, 179, 200), Some(90));
        assert_eq!(score(Rounding::HalfUp, 178, 200), Some(89));
        assert_eq!(score(Rounding::Floor, 179, 200), Some(89));
        assert_eq!(score(Rounding::HalfUp, 0, 0), None);
        assert_eq!(score(Rounding::HalfUp, u64::MAX, u64::MAX), Some(100));
    }

    #[test]
    fn errors_come_in_their_order() {
        let unit = shipped::pingshan(crate::rulebook::Layer::Unit);
        let mut results = BTreeMap::from([("smoke_alarm".to_owned(), Outcome::row("maybe"))]);
        assert_eq!(score_results(&unit, &results).unwrap_err().error, "bad_result");
        results.insert("swimming_pool".to_owned(), Outcome::row("met"));
        assert_eq!(score_results(&unit, &results).unwrap_err().error, "unknown_indicator");
        let missing = score_results(&unit, &BTreeMap::new()).unwrap_err();
        assert_eq!((missing.error.as_str(), missing.ids.unwrap().len()), ("incomplete", 30));
    }

    #[test]
    fn four_answers_of_eight_units_are_enough_and_of_nine_too_few() {
        let building = shipped::pingshan(crate::rulebook::Layer::Building);
        let survey = building.indicator("resident_survey").unwrap();
        let of = |answered, occupied_units| {
            let outcome = Outcome::Survey { satisfied: answered, answered, occupied_units };
            read_outcome(&building, survey, &outcome).unwrap()
        };
        assert!(matches!(of(4, 8), Reading::Row(row) if row.id == "very_high"));
        assert!(matches!(of(4, 9), Reading::LeavesDenominator));
        assert!(matches!(of(5, 90), Reading::Row(_)));
        assert!(matches!(of(0, 0), Reading::LeavesDenominator));
    }
}
