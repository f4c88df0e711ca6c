//! A log in memory for the tests: entries are heard, what follows is computed and heard in turn, and a runner comes by when
//! it is told to.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};

use crate::conformance::extreme_result;
use crate::derivation::SchemeRef;
use crate::event::{Written, read};
use crate::passing::{begins, came_on, passed};
use crate::reaction::{Due, Later, Rulebooks, compute, follow};
use crate::recorded::{Recorded, subject_of};
use crate::rulebook::{Layer, Rulebook};
use crate::subject::Subject;
use crate::{event, shipped};

/// The district's rulebooks by layer, read once.
pub(crate) struct Shelf(BTreeMap<String, Arc<Rulebook>>, Vec<Later>);

/// An entry as it stands in the log.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) occurred_at: String,
    pub(crate) recorded_at: String,
    pub(crate) stream: String,
    pub(crate) data: Value,
}

/// A log with the subjects that its entries make.
pub(crate) struct Log {
    shelf: Shelf,
    /// Every subject.
    pub(crate) subjects: BTreeMap<String, Subject>,
    /// What was computed: type, stream and result.
    pub(crate) computed: Vec<(&'static str, String, Value)>,
    /// Every entry.
    pub(crate) entries: Vec<Entry>,
    /// The time of recording, where that is not the one claimed.
    now: Option<String>,
}

impl Entry {
    /// As it is read at a position.
    pub(crate) fn recorded(&self, position: u64) -> Recorded<event::Event> {
        let written = Written {
            data: &self.data.to_string(),
            event_id: "",
            occurred_at: &self.occurred_at,
            position,
            recorded_at: &self.recorded_at,
            stream: &self.stream,
            version: 1,
        };
        read(&written).unwrap()
    }
}

impl Shelf {
    /// Other rulebooks, by their ids.
    pub(crate) fn of(rulebooks: impl IntoIterator<Item = Arc<Rulebook>>) -> Self {
        Self(rulebooks.into_iter().map(|rulebook| (rulebook.id.clone(), rulebook)).collect(), vec![])
    }
}

impl Rulebooks for Shelf {
    fn rulebook(&self, scheme: &SchemeRef) -> Option<Arc<Rulebook>> {
        self.0.get(&scheme.id).cloned()
    }

    fn later(&self, scheme: &SchemeRef) -> Vec<Later> {
        let of = |id: &str| {
            let (family, version) = id.rsplit_once('-').unwrap();
            (family.to_owned(), version.parse::<u64>().unwrap())
        };
        let (family, version) = of(&scheme.id);
        let newer = |later: &&Later| of(&later.scheme.id).0 == family && of(&later.scheme.id).1 > version;
        let mut all: Vec<Later> = self.1.iter().filter(newer).cloned().collect();
        all.sort_by_key(|later| std::cmp::Reverse(of(&later.scheme.id).1));
        all
    }
}

/// The district's rulebook as it is published anew under this version, with the calendar of 2027 and other lengths of some
/// deadlines.
pub(crate) fn later_than_pingshan(layer: Layer, version: u64, lengths: &[(&str, u32)]) -> Rulebook {
    let mut rulebook = shipped::pingshan(layer);
    rulebook.id = format!("pingshan-{layer}-{version}");
    let holidays = json!({ "off": [{ "zh": "元旦", "from": "2027-01-01", "to": "2027-01-03" }] });
    rulebook.calendar.years.push(2027);
    rulebook.calendar.by_year.insert(2027, serde_json::from_value(holidays).unwrap());
    for (id, n) in lengths {
        rulebook.policy.deadlines.iter_mut().find(|rule| rule.id == *id).unwrap().n = *n;
    }
    rulebook
}

impl Log {
    pub(crate) fn new() -> Self {
        thread_local! {
            static READ: BTreeMap<String, Arc<Rulebook>> = [Layer::Building, Layer::Estate, Layer::Unit]
                .map(|layer| Arc::new(shipped::pingshan(layer)))
                .map(|rulebook| (rulebook.id.clone(), rulebook))
                .into();
        }
        let shelf = Shelf(READ.with(Clone::clone), vec![]);
        Self { shelf, subjects: BTreeMap::new(), computed: vec![], entries: vec![], now: None }
    }

    /// A log under other rulebooks of the same names.
    pub(crate) fn under(shelf: Shelf) -> Self {
        Self { shelf, ..Self::new() }
    }

    pub(crate) fn rulebook(layer: Layer) -> SchemeRef {
        SchemeRef { id: format!("pingshan-{layer}-2"), sha256: "00".into() }
    }

    pub(crate) fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    pub(crate) fn subject(&self, key: &str) -> &Subject {
        &self.subjects[key]
    }

    /// What was computed of this type, in order.
    pub(crate) fn results(&self, event_type: &str) -> Vec<&Value> {
        self.computed.iter().filter(|(kind, ..)| *kind == event_type).map(|(_, _, result)| result).collect()
    }

    /// A rulebook is published on a day.
    pub(crate) fn publishes(&mut self, on: &str, rulebook: Rulebook) {
        let (rulebook, published_on) = (Arc::new(rulebook), on.parse().unwrap());
        let scheme = SchemeRef { id: rulebook.id.clone(), sha256: "00".into() };
        self.shelf.0.insert(rulebook.id.clone(), rulebook.clone());
        self.shelf.1.push(Later { scheme, rulebook, published_on });
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
            .filter_map(|key| Some((key.clone(), self.subjects.get(key)?.clone())))
            .collect();
        let result = compute(&rulebook, &named, due.event_type, &due.stream, as_of).unwrap();
        let Some(result) = result else { return false };
        self.computed.push((due.event_type, due.stream.clone(), result.clone()));
        let derivation = json!({ "scheme": due.scheme, "subjects": due.subjects });
        let data = json!({ "type": due.event_type, "derivation": derivation, "result": result });
        let recorded = self.write(at, &due.stream, &data);
        let own = subject_of(&due.stream).to_owned();
        // what follows is computed by the writer, at the time of recording
        let at = self.now.clone().unwrap_or_else(|| at.to_owned());
        for due in follow(&recorded, &self.subjects[&own].clone(), &self.shelf) {
            self.compute(&due, &at);
        }
        true
    }

    /// The runner comes by in the first hour of a day, and goes on until nothing is left: day after day of those on which
    /// something came.
    pub(crate) fn runs(&mut self, on: NaiveDate) {
        let subjects: Vec<String> = self.subjects.keys().cloned().collect();
        self.now = Some(begins(on).format("%Y-%m-%dT%H:%M:%S.000Z").to_string());
        for _ in 0..100_000 {
            let came = |own: &String| came_on(own, &self.subjects, on, &self.shelf);
            let Some(day) = subjects.iter().filter_map(came).min() else {
                self.now = None;
                return;
            };
            let (now, before) = (begins(day), self.computed.len());
            let at = now.format("%Y-%m-%dT%H:%M:%S.000Z").to_string();
            for own in &subjects {
                while passed(own, &self.subjects, now, &self.shelf)
                    .iter()
                    .any(|passed| self.compute(&passed.due, &at))
                {}
            }
            assert!(self.computed.len() > before, "something came on {day}, and nothing is to be said of it");
        }
        panic!("the runner does not come to an end");
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
        let entry = Entry {
            occurred_at: at.to_owned(),
            recorded_at: self.now.clone().unwrap_or_else(|| at.to_owned()),
            stream: stream.to_owned(),
            data: data.clone(),
        };
        let recorded = entry.recorded(self.entries.len() as u64);
        self.entries.push(entry);
        self.subjects.entry(subject_of(stream).to_owned()).or_default().apply(&recorded);
        recorded
    }
}
