//! The rules beside this file, told as given, when, then.

use serde_json::{Value, json};

use super::*;
use crate::event::{Written, read};
use crate::reaction::{Rulebooks, follow};
use crate::regrade;
use crate::rulebook::Rulebook;

struct NoShelf;

impl Rulebooks for NoShelf {
    fn rulebook(&self, _: &crate::derivation::SchemeRef) -> Option<std::sync::Arc<Rulebook>> {
        None
    }
}

/// Folds entries of one building, and tells how many computations each gives rise to.
#[derive(Default)]
struct House {
    subject: Subject,
    said: u64,
}

impl House {
    fn hears(&mut self, stream: &str, data: &Value) -> usize {
        self.said += 1;
        let stream = format!("premises/p-1/{stream}");
        let recorded = read(&Written {
            data: &data.to_string(),
            event_id: "",
            occurred_at: "2026-07-01T12:00:00.000Z",
            position: self.said,
            recorded_at: "2026-07-01T12:00:00.000Z",
            stream: &stream,
            version: 1,
        })
        .unwrap();
        self.subject.apply(&recorded);
        follow(&recorded, &self.subject, &NoShelf).len()
    }

    fn assessed(outcome: &str) -> Self {
        let mut house = Self::default();
        let scheme = json!({ "id": "toronto-2023-building-1", "sha256": "00" });
        let opened = json!({ "type": "AssessmentOpened", "scheme": scheme, "reason": "first", "lead": "l" });
        house.hears("assessment/a-1", &opened);
        let rulebook = toronto();
        let results = rulebook.scheme.indicators.iter();
        let results: Vec<Value> =
            results.map(|of| json!({ "indicator": of.id, "outcome": outcome })).collect();
        let checked = json!({ "type": "IndicatorsChecked", "results": results, "by": "l" });
        house.hears("assessment/a-1", &checked);
        let submitted = json!({ "type": "AssessmentSubmitted", "by": "l", "completed_on": "2026-06-01" });
        assert_eq!(house.hears("assessment/a-1", &submitted), 1);
        house
    }

    fn corrects(&mut self, correction: Value) -> usize {
        let mut data = correction;
        data["type"] = json!("FactCorrected");
        data["corrects"] = json!("premises/p-1/assessment/a-1");
        data["why"] = json!("published_anew");
        data["by"] = json!("l");
        let n = self.said;
        self.hears(&format!("record/{n}"), &data)
    }

    fn determined(&mut self) -> Option<(u64, String)> {
        let rulebook = toronto();
        let determined = regrade::determination(&rulebook, &self.subject, None).unwrap()?;
        let told = (determined.score, determined.assessed_on.to_string());
        let scheme = json!({ "id": "toronto-2023-building-1", "sha256": "00" });
        let derivation = json!({ "scheme": scheme, "subjects": ["premises/p-1"] });
        let data = json!({ "type": "GradeDetermined", "derivation": derivation, "result": determined });
        self.hears("grade", &data);
        Some(told)
    }
}

fn toronto() -> Rulebook {
    crate::shipped::toronto_2023()
}

#[test]
fn an_assessment_is_judged_by_the_day_it_was_completed() {
    let mut house = House::assessed("3");
    assert_eq!(house.determined(), Some((100, "2026-06-01".into())));
}

#[test]
fn results_and_day_corrected_together_are_one_new_grade() {
    let mut house = House::assessed("3");
    house.determined();
    let also = json!({ "graffiti": "0", COMPLETED_ON: "2026-06-20" });
    assert_eq!(house.corrects(json!({ "field": "pools", "right": "0", "also": also })), 1);
    assert_eq!(house.determined(), Some((97, "2026-06-20".into())));
    assert_eq!(house.determined(), None, "nothing moves twice");
}

#[test]
fn a_corrected_day_alone_is_a_new_grade_of_the_same_score() {
    let mut house = House::assessed("3");
    house.determined();
    assert_eq!(house.corrects(json!({ "field": COMPLETED_ON, "right": "2026-05-01" })), 1);
    assert_eq!(house.determined(), Some((100, "2026-05-01".into())));
}

#[test]
fn what_is_no_input_of_a_grade_gives_rise_to_none() {
    let mut house = House::assessed("3");
    house.determined();
    assert_eq!(house.corrects(json!({ "field": "PROACTIVE BUILDING SCORE", "right": "90" })), 0);
    assert_eq!(house.corrects(json!({ "field": "pools", "right": "3" })), 1);
    assert_eq!(house.determined(), None, "the same result");
}
