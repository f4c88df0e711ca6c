//! Test house: one building of the district with an owner, folded entry by entry, for the tests of what people do about its
//! grade.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::derivation::SchemeRef;
use crate::event::{Written, read};
use crate::facts::{Grant, Role};
use crate::reaction::{Due, Rulebooks, compute, follow};
use crate::rulebook::{Layer, Rulebook};
use crate::shipped;
use crate::subject::Subject;

/// The building `p-1`.
pub(crate) struct House {
    pub(crate) subject: Subject,
    rulebook: Arc<Rulebook>,
    said: u64,
}

impl Rulebooks for House {
    fn rulebook(&self, _: &SchemeRef) -> Option<Arc<Rulebook>> {
        Some(self.rulebook.clone())
    }
}

impl House {
    /// Owned by `y-1`; assessed five stars by `a-lead` and `a-checker`, and three stars by `a-other` since.
    pub(crate) fn graded_twice() -> Self {
        let rulebook = Arc::new(shipped::pingshan(Layer::Building));
        let mut house = Self { subject: Subject::default(), rulebook, said: 0 };
        house.hears(
            "",
            "2026-01-05",
            json!({
                "type": "PremisesRegistered", "layer": "building", "address": "金龟路1号", "units": 12
            }),
        );
        house.hears(
            "",
            "2026-01-05",
            json!({
                "type": "ResponsiblePartyNamed", "party": "y-1", "role": "owner", "from": "2020-01-01"
            }),
        );
        for (key, lead, day) in [("1", "a-lead", "2026-01-06"), ("2", "a-other", "2026-02-02")] {
            let assessment = format!("assessment/{key}");
            house.hears(&assessment, day, json!({
                "type": "AssessmentOpened", "scheme": {"id": "pingshan-building-1", "sha256": "00"}, "reason": "first",
                "lead": lead
            }));
            let results = json!([{ "indicator": "resident_survey", "outcome": "not_applicable" }]);
            house.hears(
                &assessment,
                day,
                json!({"type": "IndicatorsChecked", "results": results, "by": "a-checker"}),
            );
            house.hears(&assessment, day, json!({"type": "AssessmentSubmitted", "by": lead}));
        }
        house.determined(1, "1", "a-lead", "2026-01-06", 5, false);
        house.determined(2, "2", "a-other", "2026-02-02", 3, false);
        house
    }

    pub(crate) fn determined(
        &mut self,
        number: u64,
        assessment: &str,
        assessor: &str,
        on: &str,
        star: u8,
        waits: bool,
    ) {
        let mut result = result(number, assessment, assessor, on, star);
        (result["adverse"], result["needs_confirmer"]) = (json!(waits), json!(waits));
        self.hears_result(on, &result);
    }

    /// A result with fewer stars than the one before.
    pub(crate) fn falls(&mut self, number: u64, on: &str) {
        let mut result = result(number, "2", "a-other", on, 2);
        result["direction"] = json!("down");
        self.hears_result(on, &result);
    }

    fn hears_result(&mut self, on: &str, result: &Value) {
        self.hears("grade", on, json!({
            "type": "GradeDetermined",
            "derivation": {"scheme": {"id": "pingshan-building-1", "sha256": "00"}, "subjects": ["premises/p-1"]},
            "result": result,
        }));
    }

    /// Take an entry, and say what follows.
    pub(crate) fn hears(&mut self, stream: &str, on: &str, data: Value) -> Vec<Due> {
        self.said += 1;
        let stream = format!("premises/p-1/{stream}");
        let at = format!("{on}T04:00:00.000Z");
        let recorded = read(&Written {
            data: &data.to_string(),
            event_id: "",
            occurred_at: &at,
            position: self.said,
            recorded_at: &at,
            stream: stream.trim_end_matches('/'),
            version: self.said,
        })
        .unwrap();
        self.subject.apply(&recorded);
        follow(&recorded, &self.subject, self)
    }

    /// Compute what is due, take it, and give it back with what follows from it.
    pub(crate) fn computes(&mut self, due: &Due, on: &str) -> (Option<Value>, Vec<Due>) {
        let subjects = BTreeMap::from([("premises/p-1".to_owned(), self.subject.clone())]);
        let as_of = format!("{on}T16:00:00Z").parse().unwrap();
        let result = compute(&self.rulebook, &subjects, due.event_type, &due.stream, as_of).unwrap();
        let Some(result) = result else { return (None, vec![]) };
        let data = json!({
            "type": due.event_type, "result": result,
            "derivation": {"scheme": {"id": "pingshan-building-1", "sha256": "00"}, "subjects": ["premises/p-1"]}
        });
        let stream = due.stream.strip_prefix("premises/p-1/").unwrap().to_owned();
        let follows = self.hears(&stream, on, data);
        (Some(result), follows)
    }

    /// A notice of the result, served.
    pub(crate) fn serves(&mut self, key: &str, determination: u64, on: &str) -> Vec<Due> {
        let stream = format!("notice/{key}");
        self.hears(&stream, on, json!({
            "type": "NoticeIssued", "kind": "result_notice", "about": "premises/p-1/grade", "determination": determination,
            "authority": "石井街道办事处", "document_number": "坪石告〔2026〕1号", "legal_basis": "示例",
            "handling_officers": ["a-7"], "text_version": "1", "on": on, "by": "a-7",
            "remedies": [{"rule": "appeal_file", "zh": "", "en": ""}]
        }));
        self.hears(
            &stream,
            on,
            json!({"type": "NoticeServed", "method": "direct", "on": on, "witnesses": 0, "by": "a-7"}),
        )
    }
}

/// An owner's grant for a party.
pub(crate) fn owner_of(party: &str) -> Grant {
    Grant { role: Role::Owner, department: None, area: None, party: Some(party.into()) }
}

/// The district's building rulebook.
pub(crate) fn rules() -> Rulebook {
    shipped::pingshan(Layer::Building)
}

/// A command as it comes over the wire.
pub(crate) fn ask<C: serde::de::DeserializeOwned>(command: Value) -> C {
    serde_json::from_value(command).unwrap()
}

/// A first result that binds at once.
fn result(number: u64, assessment: &str, assessor: &str, on: &str, star: u8) -> Value {
    json!({
        "number": number, "trigger": "first", "assessment": assessment, "assessed_on": on, "assessor": assessor,
        "determined_on": on, "earned": 50, "applicable": 100, "score": 50, "aspects": {}, "points": {},
        "failed": [], "band": "", "caps": [], "vetoes": [], "star": star, "direction": "first",
        "adverse": false, "needs_confirmer": false
    })
}
