use proptest::prelude::*;

use super::*;
use crate::given::day;
use crate::rulebook::{LEFT_OPEN, Layer};
use crate::shipped;

/// A rulebook with one place of its indicators changed.
fn changed(layer: Layer, old: &str, new: &str) -> Rulebook {
    let written = shipped::written("pingshan", &layer.to_string());
    assert!(written.contains(old), "{layer} lacks {old}");
    compiled(layer, &written.replacen(old, new, 1))
}

fn compiled(layer: Layer, written: &str) -> Rulebook {
    let [policy, calendar] = ["policy", "holidays"].map(|file| shipped::written("pingshan", file));
    let document = Rulebook::compile("pingshan", written, &policy, &calendar);
    Rulebook::from_document(&document.unwrap_or_else(|error| panic!("{layer}: {error}"))).unwrap()
}

/// The question of results that pick a row of each indicator by a number.
fn results(rulebook: &Rulebook, picks: &[usize]) -> Question {
    let outcomes = rulebook.scheme.indicators.iter().zip(picks.iter().cycle()).map(|(indicator, pick)| {
        let row = &indicator.rows[pick % indicator.rows.len()];
        let percent = row.from_percent.unwrap_or_default();
        let outcome = match indicator.kind {
            Kind::Binary | Kind::Levels => Outcome::row(&row.id),
            Kind::Count => Outcome::Count(row.from.unwrap_or_default()),
            Kind::Share => Outcome::Share { part: percent, whole: 100 },
            Kind::Survey => Outcome::Survey { satisfied: percent, answered: 100, occupied_units: 100 },
        };
        (indicator.id.clone(), outcome)
    });
    Question::of(day("2026-03-02"), outcomes.collect())
}

proptest! {
    #[test]
    fn an_unchanged_rulebook_moves_nobody(picks in prop::collection::vec(0..12_usize, 40), layer in 0..3_usize) {
        let layer = [Layer::Unit, Layer::Building, Layer::Estate][layer];
        let rulebook = shipped::pingshan(layer);
        let again = compiled(layer, &shipped::written("pingshan", &layer.to_string()));
        let rehearsed = rehearse(&rulebook, &again, &results(&rulebook, &picks)).unwrap();
        prop_assert_eq!(&rehearsed.was, &rehearsed.is);
        prop_assert_eq!((rehearsed.direction, rehearsed.why, rehearsed.assumed), (Direction::Same, None, vec![]));
    }

    #[test]
    fn a_move_is_always_explained(picks in prop::collection::vec(0..12_usize, 40)) {
        let (rulebook, draft) = (shipped::pingshan(Layer::Unit), changed(Layer::Unit, "cap = 3", "cap = 1"));
        let rehearsed = rehearse(&rulebook, &draft, &results(&rulebook, &picks)).unwrap();
        prop_assert!(rehearsed.direction != Direction::Up, "a lower cap lifts nobody");
        prop_assert_eq!(rehearsed.why.is_some(), rehearsed.direction != Direction::Same);
        if let Some(why) = rehearsed.why {
            prop_assert!(why.caps_gained.iter().all(|cap| cap.star == 1) && !why.caps_gained.is_empty());
            prop_assert!(why.indicators.is_empty(), "no points were changed");
        }
    }
}

#[test]
fn an_indicator_that_nobody_checked_is_taken_as_met_and_named() {
    let unit = shipped::pingshan(Layer::Unit);
    let draft = changed(Layer::Unit, "id = \"tenant_education\"", "id = \"tenant_education_new\"");
    let question = results(&unit, &[0]);
    let rehearsed = rehearse(&unit, &draft, &question).unwrap();
    assert_eq!(rehearsed.assumed, ["tenant_education_new"]);
    assert_eq!((rehearsed.is.score, rehearsed.direction), (100, Direction::Same));
}

#[test]
fn what_is_shipped_holds_nothing_impossible() {
    for layer in [Layer::Unit, Layer::Building, Layer::Estate] {
        assert_eq!(doubts(&shipped::pingshan(layer)), [], "{layer}");
    }
    for foreign in [shipped::toronto_2017(), shipped::toronto_2023()] {
        assert_eq!(doubts(&foreign), [], "{}", foreign.id);
    }
}

#[test]
fn a_grade_that_no_results_reach_is_named() {
    let written = shipped::written("pingshan", "policy");
    let top = written.find("min_score = 90").expect("five stars begin at 90");
    let policy = format!("{}min_score = 100{}", &written[..top], &written[top + 14..]);
    let unit = shipped::written("pingshan", "unit");
    // one indicator keeps a point back in its best row
    let unit = unit.replacen("id = \"met\", points = 6", "id = \"met\", points = 5", 1);
    let document =
        Rulebook::compile("pingshan", &unit, &policy, &shipped::written("pingshan", "holidays")).unwrap();
    let found = doubts(&Rulebook::from_document(&document).unwrap());
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        matches!(&found[0], Doubt::ImpossibleGrade { star: Some(5), best_score: Some(99), .. }),
        "{found:?}"
    );
}

/// A policy may leave a term of the office open, and whoever drafts it is told.
#[test]
fn a_term_of_the_office_that_is_left_open_is_named_and_refuses_nothing() {
    let mut document = shipped::document("pingshan", Layer::Building);
    for id in LEFT_OPEN {
        let deadlines = document["policy"]["deadline"].as_array_mut().unwrap();
        deadlines.retain(|one| one["id"] != id);
        let found = doubts(&Rulebook::written_anew(&document).unwrap());
        assert_eq!(found.last(), Some(&Doubt::NeverLate { deadline: id.to_owned() }));
    }
    assert_eq!(doubts(&Rulebook::written_anew(&document).unwrap()).len(), LEFT_OPEN.len());
    document["policy"]["operating"] = serde_json::json!(false);
    assert_eq!(doubts(&Rulebook::written_anew(&document).unwrap()), [], "nobody works by it");
}

#[test]
fn caps_that_cap_nothing_are_named() {
    let draft = changed(Layer::Unit, "cap = 3", "cap = 5");
    let found = doubts(&draft);
    assert!(found.iter().any(|doubt| matches!(doubt, Doubt::IdleCap { star: 5, .. })), "{found:?}");
}
