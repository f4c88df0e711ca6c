//! A court asks: a house with a story is given out as a bundle, believed by strangers, this program and the independent tools
//! alike, and not believed once anything in it was changed, dropped or swapped.

mod damage;
mod house;

use std::path::Path;
use std::process::{Command, Output};

use crate::program::server::{Server, Session};
use crate::program::{On, python, run, said, told};
use house::House;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use uuid::Uuid;
use wuping_ledger::bundle::{Bundle, zip};
use wuping_ledger::encoding::Hash;
use wuping_ledger::reader::Reader;
use wuping_replay::evidence::{Question, verify};
use wuping_replay::witnessed::Trusted;

#[test]
fn a_house_with_a_story_is_believed_by_strangers_and_no_damage_to_it_goes_unseen() {
    let house = House::with_a_story();
    house.erase("premises/u-1/grade", "text");
    let file = house.file("u-1.zip");
    let issued = house.issue("legal", &file, &["--disclose", "reasons", "photos"]);
    assert!(issued.status.success(), "{}", said(&issued));
    let issued: Value = serde_json::from_slice(&issued.stdout).unwrap();
    assert_eq!(issued["lacks"], json!([]), "two witnesses and an authority saw it");
    let bytes = std::fs::read(&file).unwrap();

    // the ledger says what was given out, and what was disclosed
    let reader = Reader::open(&house.folder).unwrap();
    let record = reader.row(issued["record"].as_u64().unwrap()).unwrap().unwrap();
    assert_eq!(record.event_type, "EvidenceIssued");
    assert!(record.aggregate_id.starts_with("premises/u-1/record/e-"), "{}", record.aggregate_id);
    assert!(record.payload.contains(&Hash::of(&bytes).hex()));
    assert!(!record.payload.contains("the second chamber"), "who takes it is private");
    for position in issued["disclosures"].as_array().unwrap() {
        let made = reader.row(position.as_u64().unwrap()).unwrap().unwrap();
        assert_eq!(made.event_type, "DisclosureMade");
    }

    // a stranger without a ledger
    let trust = house.trust();
    let checked = believed(&house, &file, &trust);
    assert!(
        checked["seen"].as_str().unwrap().contains("witness.example/w1, witness.example/w2"),
        "{checked}"
    );
    let disclosed = checked["disclosed"].to_string();
    assert!(disclosed.contains("reasons") && disclosed.contains("photos"), "{disclosed}");
    for closed in ["notes", "name", "text"] {
        assert!(!disclosed.contains(closed), "{closed} stays closed: {disclosed}");
    }
    // what was erased is told with who, when and why
    let gone = &checked["erased"][0];
    assert_eq!((&gone["authority"], &gone["values"]), (&json!("data office"), &json!(1)), "{checked}");
    assert!(gone["reason"].as_str().unwrap().contains("request"), "{checked}");
    // and whose key was lost since
    let ended = &checked["ended_keys"][0];
    assert!(ended["contested_from"].is_u64(), "{checked}");
    assert!(!checked["contested_positions"].as_array().unwrap().is_empty(), "{checked}");
    let words = house.verify_bundle_in_words(&file, &["--trust", &trust]);
    for says in
        ["sound, reached L5", "erased 2", "by data office: at the person's request", "revoked", "contested"]
    {
        assert!(said(&words).contains(says), "{says}: {}", said(&words));
    }
    let words = house.verify_bundle_in_words(&file, &["--trust", &trust, "--lang", "zh"]);
    for says in [
        "没有发现问题，达到 L5",
        "由 witness.example/w1、witness.example/w2 会签",
        "永久删除，决定机关：data office，原因：at the person's request",
        "作废",
        "存疑",
    ] {
        assert!(said(&words).contains(says), "{says}: {}", said(&words));
    }
    assert!(!said(&words).contains("怎么办"), "nothing is to be done: {}", said(&words));
    house_explains_itself(&house, &file);

    // the same by tools that share no code with the program
    let damaged = damage::copies(&bytes, &house.file("damaged"));
    assert!(damaged.len() >= 100, "{}", damaged.len());
    for copy in &damaged {
        refused_by_us(&house, copy, &trust);
    }
    let Some(python) = python() else { return };
    let derive = format!("{} derive", env!("CARGO_BIN_EXE_wuping"));
    let whole = tool(&python, "check_bundle.py")
        .args([&file, "--trust", &trust, "--require", "L5", "--derive", &derive])
        .output()
        .unwrap();
    assert!(whole.status.success(), "{}", said(&whole));
    refused_by_them(&python, &damaged, &trust, &derive);
    let folder = house.file("unpacked");
    damage::unpack(&Bundle::from_zip(&bytes).unwrap(), Path::new(&folder));
    let again = house.file("again.zip");
    let packed = tool(&python, "zip_bundle.py").args([&folder, &again]).output().unwrap();
    assert!(packed.status.success(), "{}", said(&packed));
    assert_eq!(std::fs::read(&again).unwrap(), bytes, "the same files make the same bytes");
}

/// What is given out does not depend on where the ledger lies: of a Postgres server's, a stranger believes it as far, down to the
/// results computed again, and a changed byte of it is seen.
#[test]
fn a_bundle_of_a_ledger_on_a_postgres_server_is_believed_as_far() {
    let house = House::on(On::Postgres);
    assert!(!house.folder.join("ledger.db").exists() && !house.folder.join("vault.db").exists());
    let file = house.file("u-1.zip");
    let issued = house.issue("legal", &file, &["--disclose", "reasons"]);
    assert!(issued.status.success(), "{}", said(&issued));
    let issued: Value = serde_json::from_slice(&issued.stdout).unwrap();
    assert_eq!(issued["lacks"], json!([]), "two witnesses and an authority saw it");
    let record =
        Reader::open(&house.folder).unwrap().row(issued["record"].as_u64().unwrap()).unwrap().unwrap();
    assert_eq!(record.event_type, "EvidenceIssued");

    let trust = house.trust();
    let checked = believed(&house, &file, &trust);
    assert!(checked["disclosed"].to_string().contains("reasons"), "{checked}");

    let damaged = damage::copies(&std::fs::read(&file).unwrap(), &house.file("damaged"));
    for copy in damaged.iter().step_by(10) {
        refused_by_us(&house, copy, &trust);
    }
}

#[test]
fn a_bundle_for_a_determination_ends_where_the_ledger_next_wrote_its_heads_down() {
    let house = House::with_a_story();
    let reader = Reader::open(&house.folder).unwrap();
    let committed = reader.stream("heads").unwrap().pop().unwrap().position;
    house.says_more();
    let file = house.file("cut.zip");
    let issued = house.issue("legal", &file, &["--for", "premises/u-1/grade#1"]);
    assert!(issued.status.success(), "{}", said(&issued));
    let issued: Value = serde_json::from_slice(&issued.stdout).unwrap();
    assert!(issued["complete_as_of"].as_u64().unwrap() <= committed, "{issued}");
    let checked = house.verify_bundle(&file, &["--trust", &house.trust()]);
    assert!(checked.status.success(), "{}", said(&checked));
    let bundle = Bundle::read(Path::new(&file)).unwrap();
    let told =
        |text: &str| bundle.files().values().any(|bytes| String::from_utf8_lossy(bytes).contains(text));
    assert!(told("c2sp.org/tlog-proof"));
    let looked = verify(&bundle, &Question { level: 5, ..Question::default() }).unwrap();
    let types: Vec<&str> = looked.checked.entries.values().map(|entry| entry.event_type.as_str()).collect();
    assert!(types.contains(&"GradeDetermined") && !types.contains(&"PremisesTagged"), "{types:?}");

    let unknown = house.issue("legal", &house.file("none.zip"), &["--for", "premises/u-1/grade#9"]);
    assert!(
        unknown.status.code() == Some(2) && said(&unknown).contains("no determination 9"),
        "{}",
        said(&unknown)
    );
}

#[test]
fn a_bundle_about_a_party_is_a_recorded_reading_of_its_credit_file() {
    let house = House::with_a_story();
    house.has_a_company();
    let file = house.file("y-1.zip");
    let issued = house.issue_about("party/y-1", "legal", "court", &file, &[]);
    assert!(issued.status.success(), "{}", said(&issued));
    let issued: Value = serde_json::from_slice(&issued.stdout).unwrap();
    let reader = Reader::open(&house.folder).unwrap();
    let read = reader.stream("access/y-1").unwrap();
    let [read] = read.as_slice() else { panic!("read once: {}", read.len()) };
    assert!(read.data.contains("legal_review"), "{}", read.data);
    assert!(read.position < issued["record"].as_u64().unwrap(), "before it was given out");
    let before = reader.size().unwrap();
    assert!(house.issue("legal", &house.file("u-1.zip"), &[]).status.success());
    let here = Reader::open(&house.folder).unwrap();
    let mut since = (before..here.size().unwrap()).map(|at| here.row(at).unwrap().unwrap().event_type);
    assert!(since.all(|kind| kind != "CreditFileRead"), "a house is no credit file");
}

#[test]
fn what_else_falls_with_the_grade_is_told_and_nothing_is_set_aside_by_asking() {
    let house = House::with_a_story();
    let size = Reader::open(&house.folder).unwrap().size().unwrap();
    let falls = told(&house.folder, &["impact", "premises/u-1/grade#1", "--json"]);
    assert_eq!((&falls["standing"], &falls["star"]), (&json!("in_force"), &json!(1)), "{falls}");
    assert_eq!((&falls["holds_then"], &falls["is_public"]), (&Value::Null, &json!(true)), "{falls}");
    let cases = falls["hazards"].as_array().unwrap();
    assert!(cases.iter().any(|case| case["indicator"] == "electrical_wiring"), "{falls}");
    let words = said(&run(&house.folder, &["impact", "u-1#1"]));
    for says in
        ["In force", "then no grade holds", "was opened by its assessment", "the public pages show it"]
    {
        assert!(words.contains(says), "{says}: {words}");
    }
    for (name, says) in [("u-1#2", "no determination 2"), ("u-1", "names no determination")] {
        let refused = run(&house.folder, &["impact", name]);
        assert!(refused.status.code() == Some(2) && said(&refused).contains(says), "{}", said(&refused));
    }
    assert_eq!(Reader::open(&house.folder).unwrap().size().unwrap(), size);
}

#[test]
fn nobody_but_a_legal_officer_gives_anything_out_and_nothing_is_said_by_the_attempt() {
    let house = House::with_a_story();
    let size = Reader::open(&house.folder).unwrap().size().unwrap();
    let file = house.file("none.zip");
    let disclose = ["--disclose", "reasons"];
    for (asked, says) in [
        (house.issue("other", &file, &disclose), "legal officer"),
        (house.issue_to("legal", "a friend", &file, &disclose), "court, reconsideration_organ"),
        (house.issue("legal", &file, &["--disclose", "shoe"]), "private value “shoe”; there are"),
    ] {
        assert!(asked.status.code() == Some(2) && said(&asked).contains(says), "{}", said(&asked));
        assert!(!Path::new(&file).exists());
    }
    let here = Reader::open(&house.folder).unwrap();
    let new: Vec<String> =
        (size..here.size().unwrap()).map(|at| here.row(at).unwrap().unwrap().event_type).collect();
    assert!(new.iter().all(|kind| kind == "HeadsCommitted"), "{new:?}");
    let nothing = house.verify_bundle(&house.file("none.zip"), &[]);
    assert_eq!(nothing.status.code(), Some(2), "{}", said(&nothing));
    std::fs::write(&file, "no bundle at all").unwrap();
    assert_eq!(house.verify_bundle(&file, &[]).status.code(), Some(2));
}

#[test]
fn a_legal_officer_gives_it_out_from_the_page_of_the_records_and_anybody_has_it_checked() {
    let house = House::with_a_story();
    let server = Server::start(&house.folder, &[]);
    let [legal, other] = ["legal", "other"].map(|login| server.sign_in(login, house.password(login)));
    let pages = Pages::of(&server);
    let records = pages.get("/audit/u-1", Some(&legal));
    assert!(records.contains("/audit/u-1/evidence"), "the way there: {records}");
    assert!(!pages.get("/audit/u-1", Some(&other)).contains("/audit/u-1/evidence"));
    assert!(pages.get("/audit/u-1/evidence", Some(&other)).contains("legal officer"));
    let form = pages.get("/audit/u-1/evidence", Some(&legal));
    for offered in ["value=\"court\"", "value=\"reasons\"", "(records: ", "up to determination 1"] {
        assert!(form.contains(offered), "{offered}: {form}");
    }
    let id = Uuid::now_v7().to_string();
    let sent =
        |basis| [("to", "court"), ("basis", basis), ("fields", "reasons"), ("upto", ""), ("command_id", &id)];
    let refused = pages.post("/audit/u-1/evidence", &legal, &sent(" "));
    assert!(String::from_utf8_lossy(&refused).contains("basis"), "{}", String::from_utf8_lossy(&refused));
    let package = pages.post("/audit/u-1/evidence", &legal, &sent("order 17"));
    let again = pages.post("/audit/u-1/evidence", &legal, &sent("order 17"));
    assert_eq!(package, again, "a second tap gets the same bytes");
    let files = zip::read(&package).unwrap();
    assert_eq!(files.keys().collect::<Vec<_>>(), ["bundle.zip", "explained.html"]);
    assert!(String::from_utf8_lossy(&files["explained.html"]).contains("尚未整改"));
    let reader = Reader::open(&house.folder).unwrap();
    let mut said = Vec::new();
    for entry in reader.subject("premises/u-1", None).unwrap() {
        said.extend(
            ["EvidenceIssued", "DisclosureMade"].into_iter().filter(|kind| entry.event_type == *kind),
        );
    }
    assert_eq!(said, ["DisclosureMade", "EvidenceIssued"], "once each, and in this order");

    for sound in [package.as_slice(), files["bundle.zip"].as_slice()] {
        let told = pages.upload(sound);
        assert!(told.contains("Sound") && told.contains("witness.example/w1"), "{told}");
    }
    let mut damaged = Bundle::from_zip(&files["bundle.zip"]).unwrap().files().clone();
    let entry = damaged.keys().find(|name| name.starts_with("entries/")).unwrap().clone();
    damaged.get_mut(&entry).unwrap()[40] ^= 1;
    let told = pages.upload(&Bundle::of(damaged).to_zip().unwrap());
    assert!(told.contains("Not sound") && told.contains(&entry), "{told}");
    assert!(pages.upload(&package[..package.len() / 2]).contains("damaged"));
    assert!(pages.get("/verify", None).contains("/verify/bundle"));
}

#[test]
fn a_program_of_the_legal_staff_asks_what_rests_on_a_grade_and_has_the_bundle_of_it() {
    let house = House::with_a_story();
    let server = Server::start(&house.folder, &[]);
    let [legal, other] = ["legal", "other"].map(|login| server.sign_in(login, house.password(login)));
    let pages = Pages::of(&server);
    let read = |path: &str, session| serde_json::from_str::<Value>(&pages.get(path, session)).unwrap();

    let path = "/api/v1/premises/u-1/determinations/1/impact";
    assert_eq!(read(path, Some(&other))["type"], "/problems/not_yours");
    assert_eq!(read(path, None)["type"], "/problems/not_signed_in");
    assert_eq!(read("/api/v1/premises/u-1/determinations/99/impact", Some(&legal))["status"], 404);
    let told = read(path, Some(&legal));
    let by_operator = run(&house.folder, &["impact", "u-1#1", "--json"]);
    assert_eq!(told, serde_json::from_slice::<Value>(&by_operator.stdout).unwrap());

    let path = "/api/v1/premises/u-1/evidence";
    let (id, basis) = (Uuid::now_v7(), json!({ "to": "court", "basis": "order 18", "upto": 1 }));
    let problem = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap()["type"].clone();
    assert_eq!(problem(&pages.send(path, &other, id, &basis)), "/problems/not_yours");
    let unknown = json!({ "to": "court", "basis": "order 18", "fields": ["no_such"] });
    assert_eq!(problem(&pages.send(path, &legal, Uuid::now_v7(), &unknown)), "/problems/no_such_value");
    let package = pages.send(path, &legal, id, &basis);
    assert_eq!(package, pages.send(path, &legal, id, &basis), "the same request gets the same bytes");

    let checked = |bytes: &[u8]| serde_json::from_slice::<Value>(&pages.check(bytes)).unwrap();
    let sound = checked(&package);
    assert_eq!((&sound["reached"], &sound["findings"]), (&json!(5), &json!([])), "{sound}");
    let damaged = checked(&package[..package.len() / 2]);
    assert_eq!(
        (&damaged["reached"], &damaged["findings"][0]["level"]),
        (&Value::Null, &json!(0)),
        "{damaged}"
    );
}

/// Pages as a browser gets them, in English.
struct Pages {
    runtime: Runtime,
    client: reqwest::Client,
    at: String,
}

impl Pages {
    fn of(server: &Server) -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { runtime: Runtime::new().unwrap(), client, at: format!("http://{}", server.address) }
    }

    fn get(&self, path: &str, session: Option<&Session>) -> String {
        let request = self.client.get(format!("{}{path}", self.at));
        let bytes =
            self.sent(session.into_iter().fold(request, |of, session| of.header("cookie", &session.cookie)));
        String::from_utf8(bytes).unwrap()
    }

    fn post(&self, path: &str, session: &Session, fields: &[(&str, &str)]) -> Vec<u8> {
        let plain = |text: &str| text.replace(' ', "+");
        let fields = fields.iter().copied().chain([("csrf", session.csrf.as_str())]);
        let body: Vec<String> = fields.map(|(name, value)| format!("{name}={}", plain(value))).collect();
        let request = self.client.post(format!("{}{path}", self.at)).header("cookie", &session.cookie);
        self.sent(request.header("content-type", "application/x-www-form-urlencoded").body(body.join("&")))
    }

    /// A body in JSON, as programs send it.
    fn send(&self, path: &str, session: &Session, id: Uuid, body: &Value) -> Vec<u8> {
        let request = self.client.post(format!("{}{path}", self.at)).header("cookie", &session.cookie);
        let request = request.header("x-csrf-token", &session.csrf).header("idempotency-key", id.to_string());
        self.sent(request.header("content-type", "application/json").body(body.to_string()))
    }

    fn check(&self, file: &[u8]) -> Vec<u8> {
        let request = self.client.post(format!("{}/api/v1/bundles/check", self.at)).body(file.to_vec());
        self.sent(request.header("content-type", "application/zip"))
    }

    fn upload(&self, file: &[u8]) -> String {
        let head = "--part\r\ncontent-disposition: form-data; name=\"bundle\"; filename=\"b.zip\"\r\n\r\n";
        let body = [head.as_bytes(), file, b"\r\n--part--\r\n"].concat();
        let request = self.client.post(format!("{}/verify/bundle", self.at)).body(body);
        let told = self.sent(request.header("content-type", "multipart/form-data; boundary=part"));
        String::from_utf8(told).unwrap()
    }

    fn sent(&self, request: reqwest::RequestBuilder) -> Vec<u8> {
        let request = request.header("accept-language", "en");
        self.runtime.block_on(async { request.send().await.unwrap().bytes().await.unwrap().to_vec() })
    }
}

/// The page beside the bundle says in both languages why, and shows what is disclosed and nothing else.
fn house_explains_itself(house: &House, file: &str) {
    let page = std::fs::read_to_string(Path::new(file).with_extension("html")).unwrap();
    for says in
        ["为什么是这个等级", "Why this grade", "尚未整改", "已删除", "erased", "全部指标", "All indicators"]
    {
        assert!(page.contains(says), "{says} is not on the page");
    }
    for silent in ["电线下周更换", "某人", "http://", "https://"] {
        assert!(!page.contains(silent), "{silent} is on the page");
    }
    let photos: Vec<_> = std::fs::read_dir(house.file("u-1-photos")).unwrap().collect();
    assert_eq!(photos.len(), 1);
    let photo = photos[0].as_ref().unwrap().path();
    let sound = std::fs::read(&photo).unwrap();
    std::fs::write(&photo, b"another photo").unwrap();
    let told = house.verify_bundle_in_words(file, &["--lang", "zh"]);
    assert!(told.status.code() == Some(1) && said(&told).contains("u-1-photos"), "{}", said(&told));
    assert!(said(&told).contains("怎么办：证据包本身没有问题"), "{}", said(&told));
    std::fs::write(&photo, sound).unwrap();
    let again = house.file("again.html");
    let told = house.verify_bundle(file, &["--explain", &again]);
    assert!(told.status.success(), "{}", said(&told));
    assert_eq!(std::fs::read_to_string(again).unwrap(), page, "the page is made of the bundle alone");
}

/// What a stranger without a ledger is told of a bundle, which is believed as far as it goes.
fn believed(house: &House, file: &str, trust: &str) -> Value {
    let checked = house.verify_bundle(file, &["--trust", trust, "--require", "L3"]);
    assert!(checked.status.success(), "{}", said(&checked));
    let checked: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!((&checked["reached"], &checked["findings"]), (&json!(5), &json!([])), "{checked}");
    assert!(checked["results_rederived"].as_u64().unwrap() >= 3, "{checked}");
    checked
}

/// What this program says of a damaged copy: which file, and at which level.
fn refused_by_us(house: &House, copy: &damage::Copy, trust: &str) {
    let bytes = std::fs::read(&copy.file).unwrap();
    let Ok(bundle) = Bundle::from_zip(&bytes) else {
        let ran = house.verify_bundle_in_words(&copy.file, &["--trust", trust]);
        assert!(
            ran.status.code() == Some(1) && said(&ran).contains("bundle-zip"),
            "{}: {}",
            copy.what,
            said(&ran)
        );
        return;
    };
    let trusted = Trusted::parse(&std::fs::read_to_string(trust).unwrap()).unwrap();
    let looked =
        verify(&bundle, &Question { level: 5, trusted, asks_who_saw_it: true, ..Question::default() })
            .unwrap();
    let findings = &looked.verified.findings;
    assert!(!findings.is_empty(), "{} is not noticed", copy.what);
    assert!(findings.iter().all(|found| !found.file.is_empty()), "{}: {findings:?}", copy.what);
}

/// What the independent tool says of all of them, in one run of it.
fn refused_by_them(python: &Path, damaged: &[damage::Copy], trust: &str, derive: &str) {
    const EACH: &str = "
import json, sys
import check_bundle
trust = json.load(open(sys.argv[1]))
for path in sys.argv[3:]:
    level, lines, bad = check_bundle.verify(path, trust, sys.argv[2])
    print(json.dumps({'path': path, 'level': level, 'bad': None if bad is None else str(bad)}))
";
    let verifiers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/verifiers");
    let files = damaged.iter().map(|copy| copy.file.as_str());
    let ran = Command::new(python)
        .env("PYTHONPATH", &verifiers)
        .args(["-c", EACH, trust, derive])
        .args(files)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", said(&ran));
    let lines: Vec<Value> = String::from_utf8(ran.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), damaged.len());
    for (copy, line) in damaged.iter().zip(lines) {
        assert!(!line["bad"].is_null(), "{} is not noticed by check_bundle.py: {line}", copy.what);
    }
}

fn tool(python: &Path, name: &str) -> Command {
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/verifiers").join(name));
    command
}

impl House {
    fn verify_bundle(&self, file: &str, more: &[&str]) -> Output {
        self.elsewhere(&[&["verify-bundle", file, "--json"], more].concat())
    }

    fn verify_bundle_in_words(&self, file: &str, more: &[&str]) -> Output {
        self.elsewhere(&[&["verify-bundle", file], more].concat())
    }

    fn erase(&self, subject: &str, field: &str) {
        let root = self.folder.join("root-1.key");
        let erase = ["erase", subject, "--field", field, "--authority", "data office", "--json"];
        let why = ["--reason", "at the person's request", "--root-key", root.to_str().unwrap()];
        told(&self.folder, &[&erase[..], &why].concat());
    }
}
