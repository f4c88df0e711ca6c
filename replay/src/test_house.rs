//! A house for the tests: a real ledger with the district's rulebooks for units and buildings, and a small reactor, which
//! may be told to lie.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use serde_json::{Value, json};
use tempfile::TempDir;
use wuping_domain::derivation::SchemeRef;
use wuping_domain::reaction::{Rulebooks, compute, follow};
use wuping_domain::rulebook::scheme::{Collect, Indicator, Kind};
use wuping_domain::rulebook::{Layer, Rulebook};
use wuping_domain::subject::Subject;
use wuping_ledger::append::{AppendRequest, Author, NewEvent};
use wuping_ledger::clock::SteppedClock;
use wuping_ledger::encoding::Hash;
use wuping_ledger::genesis::{ClockChoice, CreateOptions, Ledger};
use wuping_ledger::jcs;
use wuping_ledger::reactor::{Consequence, NotFollowed, Reactor, SubjectReader};
use wuping_ledger::recorded::RecordedRow;
use wuping_ledger::store::Scheme;
use wuping_ledger::stream::StreamPath;
use wuping_ledger::timestamp::Timestamp;
use wuping_projections::recording::recorded;

/// A ledger in a folder of its own.
pub(crate) struct House {
    pub(crate) folder: TempDir,
    pub(crate) ledger: Ledger,
    /// The rules for units.
    pub(crate) rules: Rules,
    /// The rules for buildings.
    pub(crate) of_buildings: Rules,
    said: u128,
}

/// A rulebook with its document.
#[derive(Clone)]
pub(crate) struct Rules {
    pub(crate) document: Value,
    pub(crate) rulebook: Arc<Rulebook>,
    pub(crate) scheme: SchemeRef,
}

impl House {
    /// Whose service reckons rightly.
    pub(crate) fn honest() -> Self {
        Self::whose_service(|_| ())
    }

    /// Whose service signs results after this was done to them.
    pub(crate) fn whose_service(lies: fn(&mut Value)) -> Self {
        let (rules, of_buildings) = (Rules::of(Layer::Unit), Rules::of(Layer::Building));
        let folder = TempDir::new().unwrap();
        let mut options = CreateOptions::new("sample/replay", false).unwrap();
        let opened = Timestamp::parse("2025-01-01T00:00:00.000Z", "test").unwrap();
        let clock = SteppedClock::starting_at(opened.datetime().timestamp_millis());
        options.running.clock = ClockChoice::Simulated(Arc::new(clock));
        options.running.reactor = Box::new(Small { shelf: [rules.clone(), of_buildings.clone()], lies });
        let ledger = Ledger::create(folder.path(), options).unwrap().ledger;
        for kept in [&rules, &of_buildings] {
            let bytes = jcs::canonical(&kept.document).unwrap();
            let scheme = Scheme { sha256: kept.scheme.sha256.clone(), id: kept.scheme.id.clone(), bytes };
            wait_for(ledger.writer().keep_scheme(scheme)).unwrap();
        }
        Self { folder, ledger, rules, of_buildings, said: 0 }
    }

    /// Takes in what somebody tells on that day; answers its position and that of its last consequence.
    pub(crate) fn receive(&mut self, stream: &str, on: &str, mut data: Value) -> (u64, u64) {
        data["received"] = json!({"channel": "import", "ref": "r-1"});
        self.said += 1;
        let at = Timestamp::parse(&format!("{on}T04:00:00.000Z"), "test").unwrap();
        let request = AppendRequest {
            event_id: format!("00000000-0000-4000-8000-{:012x}", self.said).parse().unwrap(),
            digest: [0; 32],
            author: Author::Intake,
            occurred_at: at,
            expected: None,
            events: vec![NewEvent {
                stream: StreamPath::new(stream).unwrap(),
                schema: "test/1".to_owned(),
                data: data.to_string(),
            }],
            bases: vec![],
            cursor: None,
            simulated_now: Some(at),
        };
        let receipt = self.ledger.writer().append_blocking(request).unwrap();
        (receipt.position, receipt.last_position)
    }

    pub(crate) fn register(&mut self, id: &str) {
        let register = json!({"type": "PremisesRegistered", "layer": "unit", "address": "1 Pingshan Avenue", "codes": {}});
        self.receive(&format!("premises/{id}"), "2025-01-02", register);
    }

    /// A whole assessment, all at its best but for these; answers the positions of the submission and of the last
    /// entry that follows from it.
    pub(crate) fn assess(&mut self, id: &str, key: &str, on: &str, worse: &[(&str, &str)]) -> (u64, u64) {
        let stream = format!("premises/{id}/assessment/{key}");
        let opened = json!({
            "type": "AssessmentOpened", "scheme": self.rules.scheme, "reason": "first", "lead": "u-1"
        });
        self.receive(&stream, on, opened);
        let rulebook = Arc::clone(&self.rules.rulebook);
        let checked = rulebook.scheme.indicators.iter().filter(|one| one.collect != Collect::Ledger);
        let results: Vec<Value> = checked
            .map(|one| {
                let told = worse.iter().find(|(id, _)| *id == one.id).map(|(_, row)| json!(row));
                json!({"indicator": one.id, "outcome": told.unwrap_or_else(|| best(one))})
            })
            .collect();
        self.receive(&stream, on, json!({"type": "IndicatorsChecked", "results": results, "by": "u-1"}));
        self.receive(&stream, on, json!({"type": "AssessmentSubmitted", "by": "u-1"}))
    }

    /// Opens an assessment of a building; answers the position of what the ledger counts from these units.
    pub(crate) fn count_units(&mut self, id: &str, on: &str, units: &[&str]) -> u64 {
        let opened = json!({
            "type": "AssessmentOpened", "scheme": self.of_buildings.scheme, "reason": "first", "lead": "u-1",
            "units": units
        });
        self.receive(&format!("premises/{id}/assessment/a-1"), on, opened).1
    }

    /// Signs a checkpoint of everything now; answers the note.
    pub(crate) fn sign(&self) -> String {
        wait_for(self.ledger.writer().sign_now()).unwrap()
    }
}

impl Rules {
    fn of(layer: Layer) -> Self {
        let written = |file: &str| {
            let path = format!("{}/../rulebooks/pingshan/{file}.toml", env!("CARGO_MANIFEST_DIR"));
            std::fs::read_to_string(path).unwrap()
        };
        let layer = layer.to_string();
        let document =
            Rulebook::compile("pingshan", &written(&layer), &written("policy"), &written("holidays"))
                .unwrap();
        let rulebook = Arc::new(Rulebook::from_document(&document).unwrap());
        let sha256 = Hash::of(&jcs::canonical(&document).unwrap()).hex();
        let scheme = SchemeRef { id: rulebook.id.clone(), sha256 };
        Self { document, rulebook, scheme }
    }
}

impl Rulebooks for Rules {
    fn rulebook(&self, scheme: &SchemeRef) -> Option<Arc<Rulebook>> {
        (*scheme == self.scheme).then(|| Arc::clone(&self.rulebook))
    }
}

/// Reads the premises anew for every entry.
struct Small {
    shelf: [Rules; 2],
    lies: fn(&mut Value),
}

impl Reactor for Small {
    fn follow(
        &mut self,
        cause: &RecordedRow<'_>,
        as_of: &Timestamp,
        reader: &dyn SubjectReader,
    ) -> Result<Vec<Consequence>, NotFollowed> {
        if !cause.stream.starts_with("premises/") {
            return Ok(vec![]);
        }
        let event = recorded(cause).unwrap();
        let due = follow(&event, &folded(event.subject(), reader), self);
        let consequences = due.into_iter().filter_map(|due| {
            let subjects = due.subjects.iter().map(|key| (key.clone(), folded(key, reader))).collect();
            let rulebook = self.rulebook(&due.scheme).unwrap();
            let mut result =
                compute(&rulebook, &subjects, due.event_type, &due.stream, as_of.datetime()).unwrap()?;
            (self.lies)(&mut result);
            let stream = StreamPath::new(&due.stream).unwrap();
            Some(Consequence {
                reaction: due.reaction,
                schema: format!("{}/1", stream.aggregate_type()),
                stream,
                event_type: due.event_type.to_owned(),
                scheme_id: due.scheme.id,
                scheme_sha256: due.scheme.sha256,
                subjects: due.subjects,
                result,
            })
        });
        Ok(consequences.collect())
    }

    fn forget(&mut self, _subject: &str) {}

    fn forget_all(&mut self) {}
}

impl Rulebooks for Small {
    fn rulebook(&self, scheme: &SchemeRef) -> Option<Arc<Rulebook>> {
        self.shelf.iter().find_map(|rules| rules.rulebook(scheme))
    }
}

fn folded(key: &str, reader: &dyn SubjectReader) -> Subject {
    let mut subject = Subject::default();
    let each = &mut |row: RecordedRow<'_>| {
        subject.apply(&recorded(&row).unwrap());
        Ok(())
    };
    reader.subject(key, each).unwrap();
    subject
}

fn best(indicator: &Indicator) -> Value {
    let row = indicator.best_row();
    match indicator.kind {
        Kind::Binary | Kind::Levels => json!(row.map(|row| &row.id)),
        Kind::Count => json!(row.map(|row| row.from)),
        Kind::Share => json!({"part": 100, "whole": 100}),
        Kind::Survey => json!({"satisfied": 100, "answered": 100, "occupied_units": 100}),
    }
}

/// The writer answers from its own thread: this one sleeps until it does.
fn wait_for<T>(answer: impl Future<Output = T>) -> T {
    struct Sleeper(Thread);
    impl Wake for Sleeper {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Sleeper(thread::current())));
    let mut answer = pin!(answer);
    loop {
        match answer.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(answered) => return answered,
            Poll::Pending => thread::park(),
        }
    }
}
