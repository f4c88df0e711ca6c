//! The language of the stories: who says what where, and how many days pass. Behind it stands a real server over a ledger
//! whose clock is stepped, so that an assessment lapses and a term ends within a test.

mod pages;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use uuid::Uuid;
use wuping::app::{App, Asked, Who};
use wuping::runner::Runner;
use wuping::shelf::{self, Compiled};
use wuping::web;
use wuping_domain::assessment::needs_photo;
use wuping_domain::facts::Grant;
use wuping_domain::outcome::Outcome;
use wuping_domain::passing::begins;
use wuping_domain::rulebook::scheme::{Collect, Indicator, Kind};
use wuping_ledger::append::Author;
use wuping_ledger::attachments::Attachments;
use wuping_ledger::clock::{Clock, SteppedClock};
use wuping_ledger::keys::Role as KeyRole;
use wuping_ledger::store::StoreError;
use wuping_ledger::timestamp::Timestamp;

pub(crate) use self::pages::Sent;
use crate::program::server::{Answer, Client, Session};

/// What is found at a house: indicators that are not in their best row, each with the row it is in.
pub(crate) type Found<'a> = &'a [(&'a str, &'a str)];

/// A unit in perfect order.
pub(crate) const SOUND: Found<'static> = &[];
/// A unit of one star: an e-bike is charged indoors.
pub(crate) const EBIKE_INDOORS: Found<'static> = &[("no_ebike_indoors", "unmet")];

pub(crate) struct Story {
    runtime: Runtime,
    app: Arc<App>,
    clock: Arc<SteppedClock>,
    runner: Runner,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
    sessions: BTreeMap<&'static str, Session>,
    feeds: BTreeMap<String, String>,
    photo: Value,
    /// Every receipt: position, event and stream.
    receipts: Vec<(u64, String, String)>,
    folder: TempDir,
    /// The number under which the last report on a public page is followed.
    pub(crate) followed: String,
    /// The rulebook of units.
    pub(crate) units: Compiled,
    /// The same with a calendar of one year only: what lies beyond it is provisional.
    pub(crate) units_of_one_year: Compiled,
    /// The same with no calendar at all.
    pub(crate) units_of_no_year: Compiled,
}

impl Story {
    /// The first morning: a ledger, a server, the administrator at the counter, and by her everybody else.
    pub(crate) fn begins() -> Self {
        let runtime = Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let morning = begins(FIRST_DAY.parse().unwrap()) + TimeDelta::hours(9);
        let clock = Arc::new(SteppedClock::starting_at(morning.timestamp_millis()));
        let house = folder.path().join("house");
        let app = {
            let _inside = runtime.enter();
            Arc::new(App::create_simulated(&house, "sample/every-event", clock.clone()).unwrap())
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let (address, served) = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let service = web::router(app.clone(), "").into_make_service_with_connect_info::<SocketAddr>();
            let stopped = async { drop(stopped.await) };
            let serving = axum::serve(listener, service).with_graceful_shutdown(stopped);
            (address, tokio::spawn(async move { serving.await.unwrap() }))
        });
        let [units, ..] = shelf::pingshan().unwrap();
        let mut story = Self {
            photo: Value::Null,
            units_of_one_year: of_one_year(),
            units_of_no_year: of_no_year(2, "years = []"),
            runner: Runner::default(),
            sessions: BTreeMap::new(),
            feeds: BTreeMap::new(),
            receipts: Vec::new(),
            runtime,
            app,
            clock,
            address,
            stop,
            served,
            folder,
            followed: String::new(),
            units,
        };
        story.takes_a_photo();
        story.people_enter();
        story.rulebooks_are_published();
        story
    }

    /// Somebody says something over REST, and it is recorded: answers the position.
    pub(crate) fn say(&mut self, who: &str, stream: &str, command: Value) -> u64 {
        let name = command["command"].as_str().unwrap().to_owned();
        let answer = self.ask(who, stream, &command);
        let told = &answer.body;
        assert_eq!(answer.status, 201, "{} {who} {stream}/{name}: {told}", self.today());
        assert_eq!((&told["recorded"], &told["repeated"]), (&json!(true), &json!(false)), "{told}");
        let position = told["position"].as_u64().unwrap();
        self.receipts.push((position, told["event_id"].as_str().unwrap().to_owned(), stream.to_owned()));
        position
    }

    /// A matter as it is in somebody's list over REST; none where it is not.
    pub(crate) fn matter(&self, who: &str, stream: &str) -> Option<Value> {
        let premises = stream.split('/').nth(1).unwrap();
        let (status, listed) = self.opens(who, &format!("/api/v1/matters?premises={premises}&size=200"));
        assert_eq!(status, 200, "{listed}");
        let listed: Value = serde_json::from_str(&listed).unwrap();
        listed["rows"].as_array().unwrap().iter().find(|row| row["stream"] == stream).cloned()
    }

    /// A system delivers results of a house over REST, with its token.
    pub(crate) fn feed(&mut self, department: &str, lines: Vec<Value>) {
        self.a_minute_passes();
        self.pages_catch_up();
        let token = format!("Bearer {}", self.feeds[department]);
        let key = Uuid::now_v7().to_string();
        let headers =
            [("authorization", token.as_str()), ("idempotency-key", key.as_str()), ("accept-language", "en")];
        let (count, body) = (lines.len(), json!({ "lines": lines }));
        let answer = Client::to(self.address).post("/api/v1/feeds", &headers, &body).unwrap();
        assert_eq!((answer.status, &answer.body["taken"]), (200, &json!(count)), "{}", answer.body);
    }

    /// Somebody says something over REST and is refused: answers the problem's detail.
    pub(crate) fn is_refused(&mut self, who: &str, stream: &str, command: Value, code: &str) -> String {
        let answer = self.ask(who, stream, &command);
        let told = &answer.body;
        assert!(told["type"].as_str().is_some_and(|kind| kind.ends_with(code)), "{stream}: {told}");
        told["detail"].as_str().unwrap().to_owned()
    }

    /// Days pass; what each of them brings is recorded at its beginning.
    pub(crate) fn days(&mut self, days: u32) {
        for _ in 0..days {
            let morning = begins(self.today().succ_opt().unwrap());
            self.clock.set_wall((morning + TimeDelta::seconds(5)).timestamp_millis());
            let now = self.app.now();
            self.runtime.block_on(self.runner.pass(&self.app, now)).unwrap();
            self.clock.set_wall((morning + TimeDelta::hours(9)).timestamp_millis());
        }
    }

    /// What one subject's change means to others is recorded now, as a server's runner does at once.
    pub(crate) fn looks(&mut self) {
        self.runtime.block_on(self.runner.pass(&self.app, self.app.now())).unwrap();
    }

    /// The session in which somebody is signed in.
    pub(crate) fn session(&self, who: &str) -> &Session {
        &self.sessions[who]
    }

    /// Where the server answers.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The story's day.
    pub(crate) fn today(&self) -> NaiveDate {
        self.app.today()
    }

    /// The day so many days from the story's.
    pub(crate) fn day(&self, ahead: i64) -> NaiveDate {
        self.today() + TimeDelta::days(ahead)
    }

    /// The story's moment.
    pub(crate) fn now(&self) -> DateTime<chrono::Utc> {
        self.app.now().datetime()
    }

    /// A photo that is kept.
    pub(crate) fn photo(&self) -> Value {
        self.photo.clone()
    }

    /// A house is registered, and y-1 owns it.
    pub(crate) fn house(&mut self, id: &str, building: Option<&str>) {
        let stream = format!("premises/{id}");
        let register = json!({
            "command": "register", "layer": if building.is_some() { "unit" } else { "building" }, "parent": building,
            "address": format!("石井街道金龟路{id}"), "subdistrict": "石井", "community": "金龟", "grid_cell": "g-01",
            "codes": { "house_code": code_of(id) }, "units": if building.is_some() { Value::Null } else { json!(9) },
        });
        self.say("clerk", &stream, register);
        let owner = json!({ "command": "name_party", "party": "y-1", "role": "owner", "basis": "property_certificate" });
        self.say("clerk", &stream, owner);
    }

    /// An assessment is opened by the grid worker.
    pub(crate) fn open(&mut self, unit: &str, key: &str, reason: &str) -> String {
        let scheme = self.units.scheme.clone();
        let stream = format!("premises/{unit}/assessment/{key}");
        self.say("grid", &stream, json!({ "command": "open", "scheme": scheme, "reason": reason }));
        stream
    }

    /// A unit is assessed, from the opening to submission.
    pub(crate) fn assess(&mut self, unit: &str, key: &str, reason: &str, found: Found<'_>) {
        let stream = self.open(unit, key, reason);
        self.enter_all(unit, &stream, "grid", found);
        self.say("grid", &stream, json!({ "command": "submit" }));
    }

    /// Everybody enters what is theirs.
    pub(crate) fn enter_all(&mut self, unit: &str, stream: &str, lead: &str, found: Found<'_>) {
        let indicators = self.units.rulebook.scheme.indicators.clone();
        let of = |story: &Self, collect: Collect, competent: Option<&str>| -> Vec<Value> {
            let theirs = indicators.iter().filter(|indicator| {
                indicator.collect == collect && competent.is_none_or(|one| indicator.competent == one)
            });
            theirs.map(|indicator| story.result(indicator, found)).collect()
        };
        let grid = of(self, Collect::Grid, None);
        self.say(lead, stream, json!({ "command": "check", "results": grid }));
        for department in FEEDS {
            let code = |mut line: Value| {
                line["code"] = json!(code_of(unit));
                line
            };
            let lines = of(self, Collect::Feed, Some(department)).into_iter().map(code).collect();
            self.feed(department, lines);
        }
    }

    /// The newest entry of this type in a stream.
    pub(crate) fn newest(&self, stream: &str, event_type: &str) -> Value {
        let entries = self.app.reader().stream(stream).unwrap();
        let entry = entries.iter().rfind(|entry| entry.event_type == event_type);
        let entry = entry.unwrap_or_else(|| panic!("there is no {event_type} in {stream}"));
        serde_json::from_str(&entry.data).unwrap()
    }

    /// The position of the newest entry of this type in a stream.
    pub(crate) fn newest_at(&self, stream: &str, event_type: &str) -> u64 {
        let entries = self.app.reader().stream(stream).unwrap();
        entries.iter().rfind(|entry| entry.event_type == event_type).unwrap().position
    }

    /// The roles that an account acts by now, as the rules and the list of accounts both tell them.
    pub(crate) fn grants(&self, account: &str) -> Vec<&'static str> {
        self.pages_catch_up();
        let codes = |grants: Vec<Grant>| grants.iter().map(|grant| grant.role.code()).collect::<Vec<_>>();
        let acts = codes(self.app.actor(account).unwrap().grants);
        let listed = self.app.views.views().account(account).unwrap().unwrap();
        assert_eq!(codes(listed.grants), acts, "{account}");
        acts
    }

    /// How many entries a stream has.
    pub(crate) fn count(&self, stream: &str) -> u64 {
        self.app.reader().stream(stream).unwrap().len() as u64
    }

    /// The number of the newest determination of a house.
    pub(crate) fn determination(&self, premises: &str) -> u64 {
        self.newest(&format!("premises/{premises}/grade"), "GradeDetermined")["result"]["number"]
            .as_u64()
            .unwrap()
    }

    /// The owner is told what is proposed after the newest determination, and is so invited to speak.
    pub(crate) fn invite(&mut self, premises: &str) {
        let determination = self.determination(premises);
        let notice = format!("premises/{premises}/notice/proposal-{determination}");
        let issue = json!({
            "command": "issue", "kind": "proposal", "about": format!("premises/{premises}/grade"),
            "determination": determination, "authority": "housing", "legal_basis": "示例办法第十条",
            "document_number": format!("住先告〔2024〕{determination}号"), "handling_officers": ["legal"],
        });
        self.say("legal", &notice, issue);
        self.say("legal", &notice, json!({ "command": "serve", "method": "direct" }));
    }

    /// Streams in which such an event stands, in the ledger's order.
    pub(crate) fn streams_with(&self, event_type: &str) -> Vec<String> {
        let mut streams = Vec::new();
        self.rows(|stream, of, _, _| {
            if of == event_type {
                streams.push(stream.to_owned());
            }
        });
        streams
    }

    /// Every receipt that was given is true; the house is closed. It lies in `house` of the folder.
    pub(crate) fn ends(self) -> TempDir {
        let mut entries = BTreeMap::new();
        self.rows(|stream, _, position, id| {
            drop(entries.insert(position, (id.to_owned(), stream.to_owned())))
        });
        for (position, id, stream) in &self.receipts {
            assert_eq!(entries.get(position), Some(&(id.clone(), stream.clone())), "a receipt of {stream}");
        }
        self.pages_catch_up();
        let Self { stop, served, app, runtime, folder, .. } = self;
        stop.send(()).unwrap();
        runtime.block_on(async {
            served.await.unwrap();
            let mut app = Arc::into_inner(app).expect("the server has let go of the house");
            app.finish_simulation().await.unwrap();
            app.close().await.unwrap();
        });
        folder
    }

    fn rows(&self, mut each: impl FnMut(&str, &str, u64, &str)) {
        let reader = self.app.reader();
        let size = reader.size().unwrap();
        let told = reader.rows(0, size, |row| {
            each(row.stream, row.event_type, row.position, row.event_id);
            Ok::<_, StoreError>(())
        });
        told.unwrap();
    }

    fn ask(&mut self, who: &str, stream: &str, command: &Value) -> Answer {
        self.a_minute_passes();
        let session = self.sessions.get(who).unwrap_or_else(|| panic!("nobody is called {who}"));
        let path = format!("{stream}/{}", command["command"].as_str().unwrap());
        Client::to(self.address).command(session, &path, Uuid::now_v7(), command).unwrap()
    }

    /// An indicator's result: in the row that was found, else in its best.
    fn result(&self, indicator: &Indicator, found: Found<'_>) -> Value {
        let seen = found.iter().find(|(id, _)| *id == indicator.id);
        let row = seen.map_or(indicator.rows.first(), |(_, row)| indicator.row(row)).unwrap();
        let percent = row.from_percent.unwrap_or_default();
        let outcome = match indicator.kind {
            Kind::Binary | Kind::Levels => Outcome::row(row.id.clone()),
            Kind::Count => Outcome::Count(row.from.unwrap_or_default()),
            Kind::Share => Outcome::Share { part: percent, whole: 100 },
            Kind::Survey => Outcome::Survey { satisfied: percent, answered: 100, occupied_units: 100 },
        };
        let photo = needs_photo(&self.units.rulebook, &indicator.id, &outcome);
        let mut result = json!({ "indicator": indicator.id, "outcome": Value::from(outcome) });
        if photo {
            result["photos"] = json!([self.photo]);
        }
        result
    }

    fn a_minute_passes(&self) {
        self.clock.set_wall(self.clock.wall_ms() + 60_000);
    }

    fn pages_catch_up(&self) {
        let last = self.app.reader().size().unwrap() - 1;
        assert!(self.app.views.wait_for(last, Duration::from_secs(60)), "the pages do not catch up");
    }

    fn takes_a_photo(&mut self) {
        let attachments = Attachments::in_folder(&self.app.folder.join("attachments")).unwrap();
        let sha256 = self.runtime.block_on(attachments.put(PNG.to_vec())).unwrap();
        self.photo = json!({ "bytes": PNG.len(), "sha256": sha256, "type": "image/png" });
    }

    fn people_enter(&mut self) {
        for (login, grant) in people() {
            let stream = format!("account/{login}");
            let (open, mut granting) = (json!({ "command": "open", "name": format!("某{login}") }), grant);
            granting["command"] = json!("grant");
            for command in [open, granting] {
                // the first account of a ledger is opened at its counter, every other one by the administrator
                if self.sessions.is_empty() {
                    self.at_the_counter(&stream, command);
                } else {
                    self.say("admin", &stream, command);
                }
            }
            self.is_given_a_key(login);
        }
    }

    fn at_the_counter(&self, stream: &str, command: Value) {
        self.a_minute_passes();
        let counter = Who::Channel { name: "counter".to_owned(), reference: "first".to_owned() };
        let (id, occurred_at) = (Uuid::now_v7(), self.app.now());
        let asked = Asked { id, stream: stream.to_owned(), command, expected: None, occurred_at };
        self.runtime.block_on(self.app.execute(&counter, asked)).unwrap();
    }

    fn is_given_a_key(&mut self, login: &'static str) {
        let at: Option<Timestamp> = Some(self.app.now());
        let enrolled = self.app.ledger.enrol(KeyRole::Officer, login, Author::Registrar, at);
        let kid = self.runtime.block_on(enrolled).unwrap();
        self.app.office.set_login(login, login, kid.as_str(), PASSWORD).unwrap();
        let body = json!({ "login": login, "password": PASSWORD });
        let answer = Client::to(self.address).post("/api/v1/session", &[], &body).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        let csrf = answer.body["csrf"].as_str().unwrap().to_owned();
        self.sessions.insert(login, Session { cookie: answer.cookie.unwrap(), csrf });
    }

    /// A rulebook is drafted by one person and published by another, after the one that it takes the place of.
    pub(crate) fn publishes(&mut self, compiled: &Compiled, base: Option<&Compiled>, from: NaiveDate) {
        self.runtime.block_on(self.app.ledger.writer().keep_scheme(compiled.document())).unwrap();
        let Compiled { rulebook, scheme, .. } = compiled;
        let draft = json!({
            "command": "draft", "id": scheme.id, "layer": rulebook.layer, "sha256": scheme.sha256,
            "base": base.map(|base| &base.scheme),
        });
        let key = format!("d-{}", scheme.id);
        self.say("drafter", &format!("rulebook-draft/{key}"), draft);
        let mut publish = compiled.illustrative_publication(from);
        publish["draft"] = json!(key);
        self.is_refused("drafter", &compiled.stream(), publish.clone(), "publisher_is_drafter");
        self.say("commission", &compiled.stream(), publish);
    }

    fn rulebooks_are_published(&mut self) {
        // pages go by the one that was published last
        let all = [&self.units_of_no_year, &self.units, &self.units_of_one_year].map(Clone::clone);
        for compiled in all {
            self.publishes(&compiled, None, self.today());
        }
        for department in FEEDS {
            let channel = format!("feed-{department}");
            let token = self.app.office.open_feed(&channel, &[department.to_owned()]).unwrap();
            self.feeds.insert(department.to_owned(), token);
        }
    }
}

/// A house's code, by which feeds and residents know it.
pub(crate) fn code_of(premises: &str) -> String {
    format!("440310-{premises}")
}

fn of_one_year() -> Compiled {
    let holidays = include_str!("../../../rulebooks/pingshan/holidays.toml");
    let (year, _) = holidays.split_once("[year.2025]").unwrap();
    let year = year.replace("years = [2024, 2025, 2026]", "years = [2024]");
    let units = include_str!("../../../rulebooks/pingshan/unit.toml");
    shelf::compile("one-year", units, include_str!("../../../rulebooks/pingshan/policy.toml"), &year).unwrap()
}

/// The rulebook of units under another name, with this for a calendar.
pub(crate) fn of_no_year(version: u32, calendar: &str) -> Compiled {
    let units = include_str!("../../../rulebooks/pingshan/unit.toml");
    let units = units.replacen("\nversion = 2", &format!("\nversion = {version}"), 1);
    shelf::compile("no-year", &units, include_str!("../../../rulebooks/pingshan/policy.toml"), calendar)
        .unwrap()
}

/// Everybody, by login, with what they may do. The administrator is the first.
fn people() -> Vec<(&'static str, Value)> {
    let of = |role: &str| json!({ "role": role });
    let officer = |department: &str| json!({ "role": "department_officer", "department": department });
    vec![
        ("admin", of("administrator")),
        ("association", of("association_admin")),
        ("commission", of("commission_admin")),
        ("drafter", of("commission_admin")),
        ("community", json!({ "role": "community_lead", "area": "金龟" })),
        ("clerk", of("data_clerk")),
        ("grid", json!({ "role": "grid_worker", "department": "grid" })),
        ("grid-2", json!({ "role": "grid_worker", "department": "grid" })),
        ("fire", officer("fire")),
        ("housing", officer("housing")),
        ("emergency", officer("emergency")),
        ("fire-authority", json!({ "role": "competent_authority", "department": "fire" })),
        ("legal", of("legal_officer")),
        ("confirmer", of("confirmer")),
        ("confirmer-2", of("confirmer")),
        ("reviewer", of("reviewer")),
        ("reviewer-2", of("reviewer")),
        ("street", of("street_lead")),
        ("dispatcher", of("dispatcher")),
        ("auditor", of("auditor")),
        ("credit", of("credit_officer")),
        ("company", json!({ "role": "operator", "party": "y-5" })),
        ("owner", json!({ "role": "owner", "party": "y-1" })),
        ("stranger", json!({ "role": "owner", "party": "y-2" })),
    ]
}

/// Departments whose systems share results.
const FEEDS: [&str; 2] = ["housing", "police"];
const FIRST_DAY: &str = "2024-09-02";
const PASSWORD: &str = "correct horse battery";
/// One grey pixel.
pub(crate) const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0,
    0, 1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 0x0a, b'I', b'D', b'A', b'T', 0x78, 0x9c, 0x63,
    0x68, 0, 0, 0, 0x82, 0, 0x81, 0x77, 0xcd, 0x72, 0xb6, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42,
    0x60, 0x82,
];
