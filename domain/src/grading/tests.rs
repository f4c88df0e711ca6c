//! The rules beside this file, told as given, when, then.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::rulebook::Layer;
use crate::rulebook::scheme::{Indicator, Kind, Row};
use crate::shipped;

const LAYERS: [Layer; 3] = [Layer::Building, Layer::Estate, Layer::Unit];

/// A result that falls in this row.
fn result_in(indicator: &Indicator, row: &Row) -> Outcome {
    let percent = row.from_percent.unwrap_or(0);
    match indicator.kind {
        Kind::Binary | Kind::Levels => Outcome::row(row.id.clone()),
        Kind::Count => Outcome::Count(row.from.unwrap_or(0)),
        Kind::Share => Outcome::Share { part: percent, whole: 100 },
        Kind::Survey => Outcome::Survey { satisfied: percent, answered: 100, occupied_units: 100 },
    }
}

/// One result for every indicator, picked by a number each.
fn results(rulebook: &Rulebook, picks: &[usize]) -> BTreeMap<String, Outcome> {
    let picked = rulebook.scheme.indicators.iter().zip(picks).map(|(indicator, pick)| {
        let choices = indicator.rows.len() + usize::from(indicator.not_applicable);
        let row = indicator.rows.get(pick % choices);
        (indicator.id.clone(), row.map_or(Outcome::NotApplicable, |row| result_in(indicator, row)))
    });
    picked.collect()
}

fn hazard() -> impl Strategy<Value = Value> {
    let severity = prop::sample::select(vec!["general", "serious", "major"]);
    let status = prop::sample::select(vec!["confirmed", "submitted", "accepted", "pending_review"]);
    (severity, status, 1u32..28, any::<bool>()).prop_map(|(severity, status, day, determined)| {
        json!({"severity": severity, "status": status, "due": format!("2025-03-{day:02}"), "determined": determined})
    })
}

fn incident() -> impl Strategy<Value = Value> {
    let category = prop::sample::select(vec!["safety", "fire", "public_order"]);
    let severity = prop::sample::select(vec!["minor", "general", "serious"]);
    (category, severity, any::<bool>(), any::<bool>()).prop_map(
        |(category, severity, confirmed, lifted)| {
            json!({"category": category, "severity": severity, "confirmed": confirmed, "lifted": lifted})
        },
    )
}

fn question() -> impl Strategy<Value = (Rulebook, Question)> {
    let picks = prop::collection::vec(0usize..60, 30);
    // Mostly good results, or nearly every case would end at the bottom.
    let mostly_best = prop::collection::vec(prop_oneof![8 => Just(0usize), 1 => 0usize..60], 30);
    (
        prop::sample::select(LAYERS.to_vec()),
        prop_oneof![picks, mostly_best],
        prop::collection::vec(hazard(), 0..3),
        prop::collection::vec(incident(), 0..2),
    )
        .prop_map(|(layer, picks, hazards, incidents)| {
            let rulebook = shipped::pingshan(layer);
            let mut question = Question::of("2025-03-14".parse().unwrap(), results(&rulebook, &picks));
            question.open_hazards = serde_json::from_value(json!(hazards)).unwrap();
            question.incidents = serde_json::from_value(json!(incidents)).unwrap();
            (rulebook, question)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_grade_is_made_of_its_parts((rulebook, question) in question()) {
        let grading = grade(&rulebook, &question).unwrap();
        let star = grading.star.unwrap();
        prop_assert!(grading.score <= 100);
        prop_assert!(Some(star) <= grading.band_star, "a cap or veto never raises a star");
        prop_assert!(grading.caps.iter().all(|cap| star <= cap.star));
        prop_assert!(grading.vetoes.is_empty() || star == 0);
        prop_assert!(grading.vetoes.is_empty() || rulebook.layer != Layer::Estate);
        let caps = grading.caps.iter().map(|cap| cap.star).min().unwrap_or(5);
        let expected = if grading.vetoes.is_empty() { grading.band_star.unwrap().min(caps) } else { 0 };
        prop_assert_eq!(star, expected);
        let sum = |n: usize| grading.aspects.values().map(|points| points[n]).sum::<u64>();
        prop_assert_eq!((sum(0), sum(1)), (grading.earned, grading.applicable));
    }

    #[test]
    fn failing_one_more_indicator_never_raises_the_star((rulebook, question) in question(), n in 0usize..27) {
        let before = grade(&rulebook, &question).unwrap();
        let indicator = &rulebook.scheme.indicators[n];
        let worst = result_in(indicator, indicator.worst_row().unwrap());
        let mut worse = question;
        worse.results.insert(indicator.id.clone(), worst);
        let after = grade(&rulebook, &worse).unwrap();
        prop_assert!(after.star <= before.star && after.score <= before.score);
    }

    #[test]
    fn one_more_hazard_or_incident_never_raises_the_star(
        (rulebook, question) in question(), hazard in hazard(), incident in incident(),
    ) {
        let before = grade(&rulebook, &question).unwrap();
        let mut worse = question;
        worse.open_hazards.push(serde_json::from_value(hazard).unwrap());
        worse.incidents.push(serde_json::from_value(incident).unwrap());
        prop_assert!(grade(&rulebook, &worse).unwrap().star <= before.star);
    }

    #[test]
    fn the_order_of_what_is_known_does_not_matter((rulebook, question) in question()) {
        let mut turned = question.clone();
        turned.open_hazards.reverse();
        turned.incidents.reverse();
        let written = serde_json::to_string(&turned).unwrap();
        let read: Question = serde_json::from_str(&written).unwrap();
        prop_assert_eq!(grade(&rulebook, &read).unwrap(), grade(&rulebook, &question).unwrap());
    }

    #[test]
    fn between_assessments_nothing_goes_up((rulebook, question) in question(), current_star in 0u8..=5) {
        let results_from = question.on;
        let trigger = "hazard_confirmed".to_owned();
        let question = RecomputeQuestion { trigger, current_star, results_from, question };
        let recomputed = recompute(&rulebook, &question).unwrap();
        prop_assert!(recomputed.star <= current_star);
        prop_assert_eq!(recomputed.determines, recomputed.star < current_star);
    }
}

#[test]
fn a_grading_survives_being_written_and_read() {
    let rulebook = shipped::pingshan(Layer::Unit);
    let question = Question::of("2025-03-14".parse().unwrap(), results(&rulebook, &[1; 30]));
    let grading = grade(&rulebook, &question).unwrap();
    let written = serde_json::to_value(&grading).unwrap();
    assert_eq!(serde_json::from_value::<Grading>(written).unwrap(), grading);
}

#[test]
fn where_nothing_is_applicable_there_is_no_score() {
    let rulebook = shipped::toronto_2017();
    let none = rulebook.scheme.indicators.iter().map(|one| (one.id.clone(), Outcome::NotApplicable));
    let question = Question::of("2022-12-16".parse().unwrap(), none.collect());
    assert_eq!(grade(&rulebook, &question).unwrap_err().error, "nothing_applicable");
}

#[test]
fn before_service_of_the_order_no_hazard_is_overdue() {
    let rulebook = shipped::pingshan(Layer::Unit);
    let mut question = Question::of("2025-03-14".parse().unwrap(), results(&rulebook, &[0; 30]));
    let hazard = json!([{"severity": "general", "status": "confirmed", "due": null}]);
    question.open_hazards = serde_json::from_value(hazard).unwrap();
    assert_eq!(grade(&rulebook, &question).unwrap().star, Some(5));
}
