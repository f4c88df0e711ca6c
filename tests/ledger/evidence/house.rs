//! The house of these tests: a unit graded low, heard and confirmed, over a real ledger with witnesses and an authority that
//! stamps time; one key of it was lost since.

use std::path::PathBuf;
use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;
use wuping::app::{App, Asked, Done, Who};
use wuping::shelf::{self, Compiled};
use wuping_domain::rulebook::scheme::Collect;
use wuping_ledger::attachments::Attachments;
use wuping_ledger::keys::Kid;
use wuping_ledger::reader::Reader;
use wuping_ledger::timestamp::Timestamp;

use crate::program::authority::Authority;
use crate::program::inside::results;
use crate::program::server::Server;
use crate::program::{On, init, run, told, wuping};

pub(crate) struct House {
    pub(crate) folder: PathBuf,
    place: TempDir,
    log: String,
    witnesses: Vec<String>,
    passwords: Vec<(String, String)>,
    authority: Authority,
    _served: Vec<Server>,
}

impl House {
    pub(crate) fn with_a_story() -> Self {
        Self::on(On::Sqlite)
    }

    /// As [`House::with_a_story`], in a store of this kind.
    pub(crate) fn on(store: On) -> Self {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("ledger");
        let made = init(&folder, store, "ledger.example/evidence");
        let log = made["log_key"].as_str().unwrap().to_owned();
        let mut passwords = Vec::new();
        for (login, role) in [("legal", "legal_officer"), ("other", "auditor")] {
            let open = ["account", "open", login, "--name", "某人", "--role", role, "--json"];
            let password = told(&folder, &open)["password"].as_str().unwrap().to_owned();
            passwords.push((login.to_owned(), password));
        }
        let (mut witnesses, mut lines, mut served) = (Vec::new(), String::new(), Vec::new());
        for number in 1..=2 {
            let of_witness = place.path().join(format!("witness-{number}"));
            let name = format!("witness.example/w{number}");
            let key = told(&of_witness, &["witness", "init", "--name", &name, "--json"])["key"].clone();
            let key = key.as_str().unwrap().to_owned();
            let server =
                Server::run(&of_witness, &["witness", "serve", "--log", &log, "--listen", "127.0.0.1:0"]);
            lines += &format!("{key} http://{}\n", server.address);
            witnesses.push(key);
            served.push(server);
        }
        std::fs::write(folder.join("witnesses.txt"), lines).unwrap();
        let authority = Authority::new();
        std::fs::write(folder.join("tsa.pem"), authority.root()).unwrap();
        let line = format!("test http://{}/tsa tsa.pem\n", authority.serve());
        std::fs::write(folder.join("authorities.txt"), line).unwrap();
        let house = Self { folder, place, log, witnesses, passwords, authority, _served: served };
        let (confirmer, from) = house.inside(Story::of_a_unit_graded_low);
        house.loses(&confirmer, from);
        house
    }

    /// Something more is recorded of the house, a day's work after the last.
    pub(crate) fn says_more(&self) {
        self.inside(async |story: &Story| {
            let clerk = story.person(json!({ "role": "department_officer", "department": "fire" })).await;
            story
                .say(
                    &clerk,
                    "premises/u-1",
                    json!({ "command": "tag", "tag": "key_building", "why": "示例" }),
                )
                .await;
        });
    }

    /// A company has a record in its credit file.
    pub(crate) fn has_a_company(&self) {
        self.inside(async |story: &Story| {
            let [unit, ..] = shelf::pingshan().unwrap();
            let fire = story.person(json!({ "role": "department_officer", "department": "fire" })).await;
            let clerk = story.person(json!({ "role": "data_clerk" })).await;
            let register = json!({ "command": "register", "kind": "enterprise", "name": "某公寓公司" });
            story.say(&clerk, "party/y-1", register).await;
            let conduct = json!({
                "command": "record_conduct", "conduct": "false_materials", "attributed_to": "party", "degree": "serious",
                "decided_on": "2025-01-02", "document_number": "消罚1号", "authority": "fire", "scheme": unit.scheme,
            });
            story.say(&fire, "party/y-1/credit", conduct).await;
        });
    }

    pub(crate) fn issue(&self, login: &str, file: &str, more: &[&str]) -> Output {
        self.issue_to(login, "court", file, more)
    }

    pub(crate) fn issue_to(&self, login: &str, to: &str, file: &str, more: &[&str]) -> Output {
        self.issue_about("premises/u-1", login, to, file, more)
    }

    pub(crate) fn issue_about(
        &self,
        subject: &str,
        login: &str,
        to: &str,
        file: &str,
        more: &[&str],
    ) -> Output {
        let mut command = wuping(&self.folder);
        let what =
            ["evidence", subject, "--to", to, "--basis", "order 17", "--recipient", "the second chamber"];
        command
            .args(what)
            .args(["--as", login, "-o", file, "--json"])
            .args(more)
            .env("WUPING_PASSWORD", self.password(login));
        command.output().unwrap()
    }

    pub(crate) fn password(&self, login: &str) -> &str {
        &self.passwords.iter().find(|(known, _)| known == login).unwrap().1
    }

    /// The program where there is no ledger.
    pub(crate) fn elsewhere(&self, arguments: &[&str]) -> Output {
        run(&self.place.path().join("nothing-here"), arguments)
    }

    /// A trust file, as a court keeps it.
    pub(crate) fn trust(&self) -> String {
        let genesis = Reader::open(&self.folder).unwrap().row(0).unwrap().unwrap().leaf_hash.hex();
        let trust = json!({
            "format": "wuping-trust/1", "genesis": genesis, "log_vkey": self.log, "origin": "ledger.example/evidence",
            "quorum": 2, "tsa_roots": [self.authority.root()], "witnesses": self.witnesses,
        });
        assert_eq!(told(&self.folder, &["key", "trust"]), trust, "as the ledger's keeper makes it");
        let file = self.file("trust.json");
        std::fs::write(&file, trust.to_string()).unwrap();
        file
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.place.path().join(name).to_str().unwrap().to_owned()
    }

    fn loses(&self, kid: &Kid, from: u64) {
        let from = from.to_string();
        told(
            &self.folder,
            &["key", "revoke", kid.as_str(), "--reason", "lost", "--suspect-from", &from, "--json"],
        );
    }

    fn inside<T>(&self, story: impl AsyncFnOnce(&Story) -> T) -> T {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let inside = Story { app: App::open(&self.folder).unwrap() };
            let outcome = story(&inside).await;
            inside.app.close().await.unwrap();
            outcome
        })
    }
}

struct Story {
    app: App,
}

impl Story {
    /// A wire lies bare in a unit of a building; it is graded low, the owner is heard, and the grade is confirmed. Answers who
    /// confirmed, and the position from which that key is under doubt.
    async fn of_a_unit_graded_low(&self) -> (Kid, u64) {
        let [unit, ..] = shelf::pingshan().unwrap();
        self.app.ledger.writer().keep_scheme(unit.document()).await.unwrap();
        let attachments = Attachments::in_folder(&self.app.folder.join("attachments")).unwrap();
        let photo = attachments.put(b"a photo".to_vec()).await.unwrap();
        let photo = json!([{ "bytes": 7, "sha256": photo, "type": "image/jpeg" }]);
        let clerk = self.person(json!({ "role": "data_clerk" })).await;
        let worker = self.person(json!({ "role": "grid_worker", "area": "石井" })).await;
        let confirmer = self.person(json!({ "role": "confirmer" })).await;
        let fire = self.person(json!({ "role": "department_officer", "department": "fire" })).await;
        let (feed, counter) = (channel("feed-police"), channel("counter"));
        let place = json!({ "address": "石井街道1号", "subdistrict": "石井" });
        for (id, layer, parent) in
            [("b-1", "building", None), ("u-1", "unit", Some("b-1")), ("u-10", "unit", Some("b-1"))]
        {
            let mut register = place.clone();
            register["command"] = json!("register");
            (register["layer"], register["parent"]) = (json!(layer), json!(parent));
            self.say(&clerk, &format!("premises/{id}"), register).await;
        }
        let stream = "premises/u-1/assessment/a1";
        self.say(&worker, stream, json!({ "command": "open", "scheme": unit.scheme, "reason": "first" }))
            .await;
        let seen = found_by(Collect::Grid, &unit, &photo);
        self.say(&worker, stream, json!({ "command": "check", "results": seen })).await;
        let fed = found_by(Collect::Feed, &unit, &photo);
        self.say(&feed, stream, json!({ "command": "supply", "results": fed })).await;
        self.say(&worker, stream, json!({ "command": "submit" })).await;
        let grade = "premises/u-1/grade";
        let today = wuping_domain::recorded::local_date(chrono::Utc::now());
        let invite =
            json!({ "command": "invite", "determination": 1, "served_on": today, "method": "direct" });
        self.say(&counter, grade, invite).await;
        let statement = json!({ "command": "make_statement", "determination": 1, "text": "电线下周更换" });
        self.say(&counter, grade, statement).await;
        let consider = json!({ "command": "consider_statement", "determination": 1, "adopted": false, "reasons": "尚未整改" });
        self.say(&fire, grade, consider).await;
        let before = self.app.reader().size().unwrap();
        let confirm =
            json!({ "command": "confirm", "determination": 1, "document_number": "坪房评〔2026〕1号" });
        self.say(&confirmer, grade, confirm).await;
        let Who::Person { kid, .. } = confirmer else { panic!("a person confirms") };
        (kid, before)
    }

    async fn person(&self, role: Value) -> Who {
        let account = format!("a-{}", Uuid::now_v7().simple());
        let stream = format!("account/{account}");
        self.say(&channel("counter"), &stream, json!({ "command": "open", "name": "某人" })).await;
        let mut grant = role;
        grant["command"] = json!("grant");
        self.say(&channel("counter"), &stream, grant).await;
        let kid = self.app.ledger.enrol_officer(&account).await.unwrap();
        Who::Person { account, kid }
    }

    async fn say(&self, who: &Who, stream: &str, command: Value) {
        let told = command.to_string();
        let stream = stream.to_owned();
        let asked =
            Asked { id: Uuid::now_v7(), stream, command, expected: None, occurred_at: Timestamp::now() };
        let done = self.app.execute(who, asked).await;
        assert!(matches!(done, Ok(Done::Recorded(_))), "{told}: {done:?}");
    }
}

fn channel(name: &str) -> Who {
    Who::Channel { name: name.to_owned(), reference: "test".to_owned() }
}

/// The results of one collector, the best but for a bare wire; with photos where the rulebook wants them.
fn found_by(collect: Collect, unit: &Compiled, photo: &Value) -> Vec<Value> {
    let worst = |indicator: &str| ["electrical_wiring", "gas_water_heater"].contains(&indicator);
    results(unit, collect, &worst, (collect == Collect::Grid).then_some(photo))
}
