//! A log in memory for the tests: entries are heard, what follows is computed and heard in turn, and a runner comes by when
//! it is told to.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};

use crate::conformance::extreme_result;
use crate::derivation::SchemeRef;
use crate::event::{Written, read};
use crate::passing::passed;
use crate::reaction::{Due, Rulebooks, compute, follow};
use crate::recorded::{Recorded, subject_of};
use crate::rulebook::{Layer, Rulebook};
use crate::subject::Subject;
use crate::{event, shipped};

/// The district's rulebooks by layer, read once.
pub(crate) struct Shelf(BTreeMap<String, Arc<Rulebook>>);

/// A log with the subjects that its entries make.
pub(crate) struct Log {
    shelf: Shelf,
    /// Every subject.
    pub(crate) subjects: BTreeMap<String, Subject>,
    /// What was computed: type, stream and result.
    pub(crate) computed: Vec<(&'static str, String, Value)>,
    position: u64,
}

impl Rulebooks for Shelf {
    fn rulebook(&self, scheme: &SchemeRef) -> Option<Arc<Rulebook>> {
        self.0.get(&scheme.id).cloned()
    }
}

impl Log {
    pub(crate) fn new() -> Self {
        thread_local! {
            static READ: BTreeMap<String, Arc<Rulebook>> = [Layer::Building, Layer::Unit]
                .map(|layer| Arc::new(shipped::pingshan(layer)))
                .map(|rulebook| (rulebook.id.clone(), rulebook))
                .into();
        }
        let shelf = Shelf(READ.with(Clone::clone));
        Self { shelf, subjects: BTreeMap::new(), computed: vec![], position: 0 }
    }

    pub(crate) fn rulebook(layer: Layer) -> SchemeRef {
        SchemeRef { id: format!("pingshan-{layer}-2"), sha256: "00".into() }
    }

    pub(crate) fn subject(&self, key: &str) -> &Subject {
        &self.subjects[key]
    }

    /// What was computed of this type, in order.
    pub(crate) fn results(&self, event_type: &str) -> Vec<&Value> {
        self.computed.iter().filter(|(kind, ..)| *kind == event_type).map(|(_, _, result)| result).collect()
    }

    /// Premises are registered.
    pub(crate) fn registered(&mut self, id: &str, layer: Layer, parent: Option<&str>) {
        let register = json!({
            "type": "PremisesRegistered", "layer": layer, "parent": parent, "address": "金龟路1号",
            "subdistrict": "石井", "units": 12
        });
        self.hears("2025-01-01", &format!("premises/{id}"), &register);
    }

    /// Somebody says something on a day, and what follows is computed.
    pub(crate) fn hears(&mut self, on: &str, stream: &str, data: &Value) {
        let at = format!("{on}T04:00:00.000Z");
        let recorded = self.write(&at, stream, data);
        for due in follow(&recorded, &self.subjects[subject_of(stream)].clone(), &self.shelf) {
            self.compute(&due, &at);
        }
    }

    /// What the rules make of it; whether anything.
    pub(crate) fn compute(&mut self, due: &Due, at: &str) -> bool {
        let rulebook = self.shelf.rulebook(&due.scheme).unwrap();
        let as_of: DateTime<Utc> = at.parse().unwrap();
        let named: BTreeMap<String, Subject> = due
            .subjects
            .iter()
            .map(|key| (key.clone(), self.subjects.get(key).cloned().unwrap_or_default()))
            .collect();
        let result = compute(&rulebook, &named, due.event_type, &due.stream, as_of).unwrap();
        let Some(result) = result else { return false };
        self.computed.push((due.event_type, due.stream.clone(), result.clone()));
        let derivation = json!({ "scheme": due.scheme, "subjects": due.subjects });
        let data = json!({ "type": due.event_type, "derivation": derivation, "result": result });
        let recorded = self.write(at, &due.stream, &data);
        let own = subject_of(&due.stream).to_owned();
        for due in follow(&recorded, &self.subjects[&own].clone(), &self.shelf) {
            self.compute(&due, at);
        }
        true
    }

    /// The runner comes by in the first hour of a day, and goes on until nothing is left.
    pub(crate) fn runs(&mut self, on: NaiveDate) {
        let at = format!("{}T16:30:00.000Z", on.pred_opt().unwrap());
        let now: DateTime<Utc> = at.parse().unwrap();
        let subjects: Vec<String> = self.subjects.keys().cloned().collect();
        for own in subjects {
            for _ in 0..10_000 {
                let brought = passed(&own, &self.subjects[&own], now, &self.shelf);
                if !brought.iter().any(|passed| self.compute(&passed.due, &at)) {
                    break;
                }
            }
        }
    }

    /// A whole assessment with the best result everywhere but for these, submitted on a day.
    pub(crate) fn assessed(
        &mut self,
        on: &str,
        id: &str,
        key: &str,
        reason: &str,
        layer: Layer,
        but: &Value,
    ) {
        let stream = format!("premises/{id}/assessment/{key}");
        let scheme = Self::rulebook(layer);
        let rulebook = self.shelf.rulebook(&scheme).unwrap();
        if !self.subject(&format!("premises/{id}")).assessments.contains_key(key) {
            let opened =
                json!({ "type": "AssessmentOpened", "scheme": scheme, "reason": reason, "lead": "u-1" });
            self.hears(on, &stream, &opened);
        }
        let results: Vec<Value> = rulebook
            .scheme
            .indicators
            .iter()
            .map(|of| {
                let outcome = but.get(&of.id).cloned().unwrap_or_else(|| extreme_result(of, true));
                json!({ "indicator": of.id, "outcome": outcome, "photos_taken": 1 })
            })
            .collect();
        self.hears(on, &stream, &json!({ "type": "IndicatorsChecked", "results": results, "by": "u-1" }));
        self.hears(on, &stream, &json!({ "type": "AssessmentSubmitted", "by": "u-1" }));
    }

    fn write(&mut self, at: &str, stream: &str, data: &Value) -> Recorded<event::Event> {
        self.position += 1;
        let recorded = read(&Written {
            data: &data.to_string(),
            event_id: "",
            occurred_at: at,
            position: self.position,
            recorded_at: at,
            stream,
            version: 1,
        })
        .unwrap();
        self.subjects.entry(subject_of(stream).to_owned()).or_default().apply(&recorded);
        recorded
    }
}
