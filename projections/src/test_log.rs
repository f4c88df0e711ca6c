//! A log for tests: a real database of the ledger with the shipped rulebooks, its entries made here and not signed.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{Duration, NaiveDate};
use serde::Serialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use wuping_domain::derivation::SchemeRef;
use wuping_domain::reaction::Rulebooks;
use wuping_domain::rulebook::{Layer, Rulebook};
use wuping_ledger::clock::Monotonic;
use wuping_ledger::encoding::Hash;
use wuping_ledger::merkle::{Frontier, leaf_hash};
use wuping_ledger::reader::Reader;
use wuping_ledger::row::Row;
use wuping_ledger::sqlite::SqliteStore;
use wuping_ledger::store::{Asked, Batch, LedgerStore, Scheme, TreeHead};
use wuping_ledger::timestamp::Timestamp;

use crate::build::{Plan, build};
use crate::ledger_rulebooks::LedgerRulebooks;
use crate::pool::Views;

/// A log under way.
pub(crate) struct TestLog {
    folder: TempDir,
    frontier: Frontier,
    numbers: HashMap<String, u64>,
    pub(crate) reader: Reader,
    recorded_at: Timestamp,
    rows: Vec<Row>,
    schemes: BTreeMap<(&'static str, Layer), SchemeRef>,
    store: SqliteStore,
    versions: HashMap<String, u64>,
}

impl TestLog {
    /// With its first entry, and the rulebooks of the district and of another city.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let mut store = SqliteStore::create(folder.path()).unwrap();
        let mut schemes = BTreeMap::new();
        let shipped =
            [("pingshan", Layer::Unit), ("pingshan", Layer::Building), ("toronto-2017", Layer::Building)];
        for (name, layer) in shipped {
            let scheme = publish(&mut store, name, layer);
            schemes.insert((name, layer), scheme);
        }
        let mut log = Self {
            reader: Reader::open(folder.path()).unwrap(),
            folder,
            frontier: Frontier::new(),
            numbers: HashMap::new(),
            recorded_at: Timestamp::parse("2026-01-01T00:00:00.000Z", "test").unwrap(),
            rows: Vec::new(),
            schemes,
            store,
            versions: HashMap::new(),
        };
        let root = json!({"holder": "root-1", "kid": "k-root", "origin": ORIGIN, "role": "root", "type": "LedgerOpened"});
        log.say("keys/0", "2026-01-01", &root);
        log.commit();
        log
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub(crate) fn views_path(&self) -> PathBuf {
        self.folder.path().join("views.db")
    }

    pub(crate) fn rulebooks(&self) -> Arc<dyn Rulebooks + Send + Sync> {
        Arc::new(LedgerRulebooks::of(self.reader.clone()))
    }

    pub(crate) fn scheme(&self, name: &'static str, layer: Layer) -> SchemeRef {
        self.schemes[&(name, layer)].clone()
    }

    /// Adds an entry, to be kept by the next commit; its position. It is received ten minutes after it happened, or with the one
    /// before it if that came in later.
    pub(crate) fn say(&mut self, stream: &str, on: &str, event: &impl Serialize) -> u64 {
        let received = Timestamp::parse(&format!("{on}T02:10:00.000Z"), "test").unwrap();
        self.recorded_at = self.recorded_at.max(received);
        let data = serde_json::to_value(event).unwrap();
        let position = self.frontier.size();
        let version = self.versions.entry(stream.to_owned()).or_default();
        *version += 1;
        let mut row = Row {
            position,
            aggregate_type: wuping_domain::event::aggregate_type(stream).to_owned(),
            aggregate_id: stream.to_owned(),
            sequence: *version,
            event_type: data["type"].as_str().unwrap().to_owned(),
            event_version: "1".to_owned(),
            payload: serde_json::to_string(&data).unwrap(),
            metadata: "{}".to_owned(),
            author_seq: position + 1,
            event_id: format!("00000000-0000-4000-8000-{position:012x}"),
            occurred_at: format!("{on}T02:00:00.000Z"),
            schema: "test/1".to_owned(),
            kid: "k".to_owned(),
            signature: "s".to_owned(),
            recorded_at: self.recorded_at.to_string(),
            leaf_hash: Hash::new([0; 32]),
        };
        row.leaf_hash = leaf_hash(&row.leaf(ORIGIN));
        self.frontier.push(row.leaf_hash);
        self.rows.push(row);
        position
    }

    /// Keeps what was added.
    pub(crate) fn commit(&mut self) {
        let batch = Batch {
            rows: std::mem::take(&mut self.rows),
            tiles: vec![],
            outcomes: vec![],
            cursors: std::collections::HashMap::new(),
            head: TreeHead { frontier: self.frontier.clone(), recorded_at: self.recorded_at },
            clock_mark: Monotonic { boot: "test".to_owned(), since_boot_ms: 0 },
        };
        self.store.begin(&Asked::default()).unwrap();
        self.store.commit(&batch).unwrap();
    }

    /// Registers premises.
    pub(crate) fn register(&mut self, id: &str, register: Value) -> u64 {
        let mut whole = json!({"address": "坪山区石井街道田头社区1号", "subdistrict": "石井", "type": "PremisesRegistered"});
        whole.as_object_mut().unwrap().extend(register.as_object().unwrap().clone());
        self.say(&format!("premises/{id}"), "2026-01-02", &whole)
    }

    /// A determination of this star from this assessment, under the district's rulebook; its number.
    pub(crate) fn determine(&mut self, id: &str, graded: &Graded<'_>) -> u64 {
        let scheme = self.scheme("pingshan", graded.layer);
        let (level, color, grade) = LEVELS[usize::from(graded.star)];
        let number = self.numbers.entry(id.to_owned()).or_default();
        *number += 1;
        let number = *number;
        let result = json!({
            "number": number, "trigger": "scheduled", "assessment": graded.assessment, "assessed_on": graded.assessed_on,
            "assessor": "u-1", "determined_on": graded.on, "earned": 80, "applicable": 100,
            "score": 20 * u64::from(graded.star), "aspects": {"safety": [1, 2]}, "points": {"U-01": [1, 2]}, "failed": ["U-01"],
            "band": grade, "caps": [{"by": "indicator:U-01", "star": 4}], "vetoes": [], "star": graded.star, "grade": grade,
            "management_level": level, "color": color, "direction": "first", "adverse": graded.waits && graded.star < 2,
            "needs_confirmer": graded.waits
        });
        let event = json!({
            "type": "GradeDetermined", "result": result,
            "derivation": {"scheme": scheme, "subjects": [format!("premises/{id}")]}
        });
        self.say(&format!("premises/{id}/grade"), graded.on, &event);
        number
    }

    /// The digest of views built anew, of all or up to a position, with this many premises in memory.
    pub(crate) fn rebuilt(&self, up_to: Option<u64>, capacity: usize) -> String {
        let path = self.folder.path().join("rebuilt.db");
        let plan = Plan { capacity, in_use: false, path: path.clone(), up_to };
        build(&self.reader, &self.rulebooks(), &plan, |_| ()).unwrap();
        Views::at(&path).digest().unwrap().0
    }
}

/// What is determined.
pub(crate) struct Graded<'a> {
    pub(crate) assessment: &'a str,
    pub(crate) assessed_on: &'a str,
    pub(crate) layer: Layer,
    pub(crate) on: &'a str,
    pub(crate) star: u8,
    pub(crate) waits: bool,
}

/// A day of 2026, by its number from 0.
pub(crate) fn day(n: i64) -> String {
    (NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Duration::days(n)).to_string()
}

fn publish(store: &mut SqliteStore, name: &str, layer: Layer) -> SchemeRef {
    let written = |file: &str| {
        let path = format!("{}/../rulebooks/{name}/{file}.toml", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    };
    let [indicators, policy, calendar] = [layer.to_string().as_str(), "policy", "holidays"].map(written);
    let document = Rulebook::compile(name, &indicators, &policy, &calendar).unwrap();
    let bytes = serde_json::to_vec(&document).unwrap();
    let scheme =
        SchemeRef { id: document["id"].as_str().unwrap().to_owned(), sha256: Hash::of(&bytes).hex() };
    store.put_scheme(&Scheme { sha256: scheme.sha256.clone(), id: scheme.id.clone(), bytes }).unwrap();
    scheme
}

pub(crate) const ORIGIN: &str = "sample/test";

/// Level, colour and grade of each star.
const LEVELS: [(&str, &str, &str); 6] = [
    ("prohibited", "red", "letting_prohibited"),
    ("strict", "orange", "one_star"),
    ("attention", "yellow", "two_star"),
    ("lenient", "green", "three_star"),
    ("lenient", "green", "four_star"),
    ("lenient", "green", "five_star"),
];
