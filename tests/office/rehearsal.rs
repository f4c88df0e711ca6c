//! A drafted rulebook rehearsed by the real program on another city's real evaluations: who moves is who moves by a reckoning of
//! its own, what is not changed moves nobody, and nothing is recorded.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::Path;

use crate::program::inside::Inside;
use crate::program::{first_rows, run, said, told};
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use rusqlite::Connection;
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;
use wuping_ledger::encoding::{hex_encode, sha256};

const SCHEME: &str = "toronto-2017-building-1";
const BUILDING: &str = include_str!("../../rulebooks/toronto-2017/building.toml");

/// The scheme with the entrance lobby weighing three times as much.
fn heavier_lobby() -> String {
    let begins = BUILDING.find("id = \"entrance_lobby\"").unwrap();
    let ends = begins + BUILDING[begins..].find("[[indicator]]").unwrap();
    let mut lobby = BUILDING[begins..ends].replace("points = 5\n", "points = 15\n");
    for points in 1..=5 {
        lobby = lobby.replace(
            &format!("id = \"{points}\", points = {points},"),
            &format!("id = \"{points}\", points = {},", points * 3),
        );
    }
    let changed = format!("{}{lobby}{}", &BUILDING[..begins], &BUILDING[ends..]);
    let changed =
        changed.replacen("total = 100", "total = 110", 1).replacen("points = 100", "points = 110", 1);
    changed.replacen("version = 1", "version = 2", 1)
}

/// Which band a score is in, from the lowest.
fn band(score: u64) -> usize {
    [51, 66, 86].into_iter().filter(|least| score >= *least).count()
}

/// Score by the outcomes alone, the lobby weighing so much more than the others.
fn score(outcomes: &BTreeMap<String, String>, lobby: u64) -> Option<u64> {
    let (mut earned, mut applicable) = (0, 0);
    for (indicator, outcome) in outcomes {
        let weight = if indicator == "entrance_lobby" { lobby } else { 1 };
        if let Ok(points) = outcome.parse::<u64>() {
            earned += points * weight;
            applicable += 5 * weight;
        }
    }
    (200 * earned + applicable).checked_div(2 * applicable)
}

/// The outcomes of each evaluation, as the entries say.
fn evaluations(folder: &Path) -> BTreeMap<String, BTreeMap<String, String>> {
    let connection = Connection::open(folder.join("ledger.db")).unwrap();
    let sql = "SELECT aggregate_id, json_extract(r.value, '$.indicator'), json_extract(r.value, '$.outcome')
               FROM events, json_each(payload, '$.results') r WHERE event_type = 'IndicatorsChecked'";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    let mut all: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for row in rows {
        let (stream, indicator, outcome): (String, String, String) = row.unwrap();
        all.entry(stream).or_default().insert(indicator, outcome);
    }
    all
}

#[test]
fn a_heavier_indicator_moves_whom_it_moves_and_nothing_is_recorded() {
    let place = tempfile::tempdir().unwrap();
    let (folder, file, draft) =
        (place.path().join("ledger"), place.path().join("rows.csv"), place.path().join("draft.toml"));
    told(&folder, &["init", "--origin", "ledger.example/rehearsal", "--json"]);
    first_rows(400, &file);
    let imported = run(&folder, &["import", "toronto-evaluations", file.to_str().unwrap()]);
    assert!(imported.status.success(), "{}", said(&imported));
    std::fs::write(&draft, heavier_lobby()).unwrap();
    let draft = draft.to_str().unwrap();
    let entries = |folder: &Path| {
        let connection = Connection::open(folder.join("ledger.db")).unwrap();
        connection.query_row("SELECT count(*) FROM events", [], |row| row.get::<_, u64>(0)).unwrap()
    };
    let before = entries(&folder);

    let rehearsed = told(&folder, &["--json", "scheme", "rehearse", draft, "--against", SCHEME, "--every"]);
    let evaluations = evaluations(&folder);
    assert_eq!(evaluations.len(), 400);
    let mut due: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for (stream, outcomes) in &evaluations {
        if let (Some(was), Some(is)) = (score(outcomes, 1), score(outcomes, 3))
            && band(was) != band(is)
        {
            due.insert(stream.clone(), (was, is));
        }
    }
    let moves = rehearsed["moves"].as_array().unwrap();
    let told_of = |of: &Value| {
        let [premises, assessment] = ["premises", "assessment"].map(|name| of[name].as_str().unwrap());
        let [was, is] = ["was", "is"].map(|name| of[name]["score"].as_u64().unwrap());
        (format!("premises/{premises}/assessment/{assessment}"), (was, is))
    };
    assert_eq!(moves.iter().map(told_of).collect::<BTreeMap<_, _>>(), due);
    assert!(due.len() > 3, "{due:?}");
    for of in moves {
        let shifts = of["why"]["indicators"].as_array().unwrap();
        assert!(
            shifts.len() == 1 && shifts[0]["indicator"] == "entrance_lobby",
            "the one that was changed: {of}"
        );
        let (was, is) = (of["was"]["score"].as_u64().unwrap(), of["is"]["score"].as_u64().unwrap());
        assert_eq!(of["direction"], if is < was { "down" } else { "up" });
    }
    let counted = |name: &str| rehearsed[name].as_u64().unwrap();
    assert_eq!(counted("up") + counted("down"), moves.len() as u64);
    assert_eq!(counted("up") + counted("down") + counted("same"), counted("assessments"));

    let mine = place.path().join("same.toml");
    std::fs::write(&mine, BUILDING).unwrap();
    let same = told(
        &folder,
        &["--json", "scheme", "rehearse", mine.to_str().unwrap(), "--against", SCHEME, "--every"],
    );
    assert_eq!((&same["moves"], &same["only_score"]), (&serde_json::json!([]), &serde_json::json!(0)));
    assert_eq!(same["same"], rehearsed["assessments"]);
    let last = told(&folder, &["--json", "scheme", "rehearse", draft, "--against", SCHEME]);
    assert_eq!(last["assessments"], last["premises"], "the last of each premises alone");
    assert!(counted("assessments") > last["assessments"].as_u64().unwrap());

    let changed = told(&folder, &["--json", "scheme", "diff", draft, "--against", SCHEME]);
    let paths: Vec<&str> =
        changed["differences"].as_array().unwrap().iter().map(|one| one["path"].as_str().unwrap()).collect();
    assert!(paths.contains(&"indicators.indicator[entrance_lobby].points") && paths.len() == 10, "{paths:?}");
    assert_eq!(entries(&folder), before, "nothing was recorded");
}

#[test]
fn a_draft_that_does_not_hold_together_is_told_all_its_faults() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("unit.toml");
    let unit = include_str!("../../rulebooks/pingshan/unit.toml");
    let faulty = unit.replacen("competent = \"fire\"", "competent = \"nobody\"", 1).replacen(
        "total = 100",
        "total = 99",
        1,
    );
    std::fs::write(&file, faulty).unwrap();
    let [policy, holidays] = ["policy", "holidays"]
        .map(|part| format!("{}/../rulebooks/pingshan/{part}.toml", env!("CARGO_MANIFEST_DIR")));
    let nowhere = place.path().join("no-ledger");
    let checked = run(&nowhere, &["scheme", "validate", file.to_str().unwrap(), &policy, &holidays]);
    let told = said(&checked);
    assert_eq!(checked.status.code(), Some(1), "{told}");
    assert!(told.contains("no [[department]] nobody") && told.contains("not to total = 99"), "{told}");
    let validate = ["scheme", "validate", file.to_str().unwrap(), &policy, &holidays];
    let chinese = said(&run(&nowhere, &[&["--lang", "zh"][..], &validate].concat()));
    assert!(
        chinese.matches("错误：").count() == 2
            && chinese.contains("错误：指标 smoke_alarm：competent：没有 [[department]] nobody")
            && chinese.contains("与 total = 99 不符"),
        "{chinese}"
    );
    let machine: Value =
        serde_json::from_slice(&run(&nowhere, &[&["--json"][..], &validate].concat()).stdout).unwrap();
    let count = |member: &str| machine[member].as_array().unwrap().len();
    assert_eq!((count("faults"), count("faults_zh")), (2, 2), "{machine}");
    std::fs::write(&file, unit.replacen("total = 100", "total == 100", 1)).unwrap();
    let line = unit.lines().position(|line| line == "total = 100").unwrap() + 1;
    let broken = said(&run(&nowhere, &[&["--lang", "zh"][..], &validate].concat()));
    assert!(
        broken.contains(&format!("草案文件第 {line} 行不是 TOML")) && !broken.contains("parse error"),
        "{broken}"
    );
    std::fs::write(&file, unit.replacen("cap = 3", "cap = 5", 1)).unwrap();
    let checked = run(&nowhere, &["scheme", "validate", file.to_str().unwrap(), &policy, &holidays]);
    let told = said(&checked);
    assert!(
        checked.status.success() && told.contains("doubt: ") && told.contains("lowers nothing"),
        "{told}"
    );
}

/// What stands on a page between its tags, without what is code.
fn words_of(page: &str) -> String {
    let main = page.split("<main").nth(1).unwrap().split("</main>").next().unwrap();
    let mut words = String::new();
    for piece in main.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap();
        if !tag.starts_with("code") {
            words += text;
        }
        words.push('\n');
    }
    words
}

/// English words that follow each other without anything between them: as many as a sentence has.
fn english_sentences(words: &str) -> Vec<String> {
    let runs = words.split(|letter: char| !letter.is_ascii_alphabetic() && letter != ' ' && letter != '\'');
    let runs = runs.map(|run| run.split_whitespace().collect::<Vec<_>>());
    runs.filter(|run| run.len() >= 3).map(|run| run.join(" ")).collect()
}

/// The commission's house: two administrators and a clerk, and the district's rulebook of units.
struct Commission(Inside);

impl Deref for Commission {
    type Target = Inside;

    fn deref(&self) -> &Inside {
        &self.0
    }
}

struct Person {
    cookie: String,
    csrf: String,
}

impl Commission {
    async fn new() -> Self {
        let inside = Inside::of("ledger.example/rules").await;
        let published = inside.unit.illustrative_publication(inside.app.today());
        inside.say(&inside.unit.stream(), published).await;
        Self(inside)
    }

    async fn person(&self, login: &str, role: &str) -> Person {
        let stream = format!("account/{login}");
        self.say(&stream, json!({ "command": "open", "name": login })).await;
        self.say(&stream, json!({ "command": "grant", "role": role })).await;
        let kid = self.app.ledger.enrol_officer(login).await.unwrap();
        self.app.office.set_login(login, login, kid.as_str(), "a long password").unwrap();
        let body = json!({ "login": login, "password": "a long password" }).to_string();
        let request = Request::post("/api/v1/session").header(header::CONTENT_TYPE, "application/json");
        let answer = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let cookie =
            answer.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        Person { cookie, csrf: body["csrf"].as_str().unwrap().to_owned() }
    }

    /// Status, where it leads, and the page.
    async fn ask(
        &self,
        who: &Person,
        path: &str,
        sent: Option<(&str, String)>,
    ) -> (StatusCode, String, String) {
        let mut request =
            Request::builder().uri(path).header("cookie", &who.cookie).header("accept-language", "en");
        if let Some((kind, _)) = &sent {
            request = request.method("POST").header(header::CONTENT_TYPE, *kind);
        }
        let body = sent.map_or_else(Body::empty, |(_, body)| Body::from(body));
        let answer = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let led = answer.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        let status = answer.status();
        let page = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, led.unwrap_or_default(), String::from_utf8(page.to_vec()).unwrap())
    }

    /// A body in JSON, as programs send it: status and answer.
    async fn send(&self, who: &Person, path: &str, id: Uuid, body: &Value) -> (StatusCode, Value) {
        let request = Request::post(path)
            .header("cookie", &who.cookie)
            .header("accept-language", "en")
            .header("x-csrf-token", &who.csrf)
            .header("idempotency-key", id.to_string())
            .header(header::CONTENT_TYPE, "application/json");
        let request = request.body(Body::from(body.to_string())).unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let told = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&told).unwrap())
    }

    async fn upload(&self, who: &Person, command: Uuid, file: &str) -> (StatusCode, String) {
        let part = |name: &str, value: &str| {
            format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let file = format!(
            "--x\r\ncontent-disposition: form-data; name=\"files\"; filename=\"unit.toml\"\r\n\r\n{file}\r\n"
        );
        let body = part("csrf", &who.csrf)
            + &part("command_id", &command.to_string())
            + &part("against", "")
            + &file
            + "--x--\r\n";
        let (status, _, page) =
            self.ask(who, "/desk/rulebooks", Some(("multipart/form-data; boundary=x", body))).await;
        (status, page)
    }

    /// Try a file and record it as a draft: the page of the draft.
    async fn draft(&self, who: &Person, file: &str) -> String {
        let command = Uuid::now_v7();
        let (status, page) = self.upload(who, command, file).await;
        assert!(status == 200 && page.contains("/desk/rulebooks/draft"), "{page}");
        let form = format!("csrf={}&command_id={command}&note=x", who.csrf);
        let (status, led, page) = self.ask(who, "/desk/rulebooks/draft", Some((FORM, form))).await;
        assert!(
            status.is_redirection() && led.starts_with("/desk/rulebooks/drafts/d"),
            "{status} {led} {page}"
        );
        led.split('?').next().unwrap().to_owned()
    }

    async fn publish(&self, who: &Person, draft: &str, from: chrono::NaiveDate) -> (StatusCode, String) {
        let form = format!(
            "csrf={}&command_id={}&holds_from={from}&issued_by=commission&document_number=2026-1&legality_review=2026-2",
            who.csrf,
            Uuid::now_v7()
        );
        let (status, _, page) = self.ask(who, draft, Some((FORM, form))).await;
        (status, page)
    }
}

impl Person {
    /// The same person, who reads Chinese now.
    fn in_chinese(&self) -> Self {
        Self { cookie: format!("{}; wuping-lang=zh", self.cookie), csrf: self.csrf.clone() }
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test(flavor = "multi_thread")]
async fn one_person_drafts_a_rulebook_and_a_second_publishes_it() {
    let house = Commission::new().await;
    let [drafter, second] =
        [house.person("drafter", "commission_admin").await, house.person("second", "commission_admin").await];
    let clerk = house.person("clerk", "data_clerk").await;
    let unit = include_str!("../../rulebooks/pingshan/unit.toml");
    let version = |number: u64| {
        let changed = unit.replacen("version = 2", &format!("version = {number}"), 1);
        changed.replacen("cap = 3", if number == 3 { "cap = 2" } else { "cap = 4" }, 1)
    };
    assert_eq!(house.ask(&clerk, "/desk/rulebooks", None).await.0, 422, "the commission's alone");
    let faulty = version(3).replacen("competent = \"fire\"", "competent = \"nobody\"", 1);
    let (_, page) = house.upload(&drafter, Uuid::now_v7(), &faulty).await;
    assert!(page.contains("no [[department]] nobody"), "an indicator without a department: {page}");
    let (_, page) = house.upload(&drafter, Uuid::now_v7(), &unit.replacen("cap = 3", "cap = 5", 1)).await;
    assert!(page.contains("lowers nothing"), "{page}");

    let (first, other) = (house.draft(&drafter, &version(3)).await, house.draft(&drafter, &version(4)).await);
    let (_, _, list) = house.ask(&second, "/desk/rulebooks", None).await;
    assert!(list.contains(&first) && list.contains(&other), "{list}");
    let (_, _, desk) = house.ask(&second, "/desk", None).await;
    assert!(desk.contains(&first) && desk.contains(&other) && desk.contains("Rulebook 2"), "{desk}");
    let (_, _, desk) = house.ask(&drafter, "/desk", None).await;
    assert!(!desk.contains(&first) && !desk.contains(&other), "one's own waits on another: {desk}");
    let (status, page) = house.upload(&drafter, Uuid::now_v7(), "").await;
    assert!(status == 422 && page.contains("Choose a file"), "{status} {page}");
    let (_, _, own) = house.ask(&drafter, &first, None).await;
    assert!(own.contains("indicators.version") && !own.contains("holds_from"), "{own}");
    assert!(house.ask(&second, &first, None).await.2.contains("holds_from"));

    let today = house.app.today();
    let (status, page) = house.publish(&drafter, &first, today).await;
    assert!(status == 422 && page.contains("does not publish it"), "{page}");
    let yesterday = today.pred_opt().unwrap();
    let (status, page) = house.publish(&second, &first, yesterday).await;
    assert!(status == 422 && page.contains("Choose today or a later day"), "{page}");
    assert!(
        page.contains(&format!("value=\"{yesterday}\"")) && page.contains("value=\"commission\""),
        "what was typed is given back: {page}"
    );
    let (status, page) = house.publish(&second, &first, today).await;
    assert!(status.is_redirection(), "{page}");
    let (status, page) = house.publish(&second, &other, today).await;
    assert!(
        status == 422 && page.contains("pingshan-unit-3 was published") && page.contains("].cap"),
        "what changed is said: {page}"
    );
    let (_, _, stale) = house.ask(&second, &other, None).await;
    assert!(stale.contains("This draft is stale") && !stale.contains("name=\"holds_from\""), "{stale}");
    assert!(stale.contains("What changed since it was drafted") && stale.contains("].cap"), "{stale}");
    let (_, _, desk) = house.ask(&second, "/desk", None).await;
    assert!(!desk.contains(&other), "nobody publishes it any more: {desk}");
    let (_, _, list) = house.ask(&second, "/desk/rulebooks", None).await;
    assert!(!list.contains(&first) && list.contains("/rules/pingshan-unit-3"), "{list}");
    assert!(
        list.contains("stale: to be drafted again") && list.contains("<strong>in force</strong>"),
        "{list}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_tries_a_draft_records_it_once_and_lists_what_waits() {
    let house = Commission::new().await;
    let drafter = house.person("drafter", "commission_admin").await;
    let clerk = house.person("clerk", "data_clerk").await;
    let unit = include_str!("../../rulebooks/pingshan/unit.toml");
    let changed = unit.replacen("version = 2", "version = 3", 1).replacen("cap = 3", "cap = 2", 1);
    let (drafts, trial) = ("/api/v1/rulebook-drafts", "/api/v1/rulebook-drafts/trial");
    let entries = house.app.reader().size().unwrap();
    let sent = json!({ "files": [changed] });

    let (status, told) = house.send(&clerk, trial, Uuid::now_v7(), &sent).await;
    assert_eq!((status.as_u16(), &told["type"]), (403, &json!("/problems/not_yours")), "{told}");
    let faulty = json!({ "files": [changed.replacen("competent = \"fire\"", "competent = \"nobody\"", 1)] });
    let (status, told) = house.send(&drafter, trial, Uuid::now_v7(), &faulty).await;
    assert_eq!((status.as_u16(), &told["type"]), (422, &json!("/problems/no_rulebook")), "{told}");
    assert!(told["faults"][0].as_str().unwrap().contains("no [[department]] nobody"), "{told}");
    let misspelt = json!({ "file": [changed] });
    let (status, told) = house.send(&drafter, trial, Uuid::now_v7(), &misspelt).await;
    assert!(status == 400 && told["detail"].as_str().unwrap().contains("files"), "{status} {told}");
    let (status, told) = house.send(&drafter, trial, Uuid::now_v7(), &sent).await;
    assert_eq!((status.as_u16(), &told["id"]), (200, &json!("pingshan-unit-3")), "{told}");
    assert_eq!((&told["base"]["id"], &told["rehearsal"]["down"]), (&json!("pingshan-unit-2"), &json!(0)));
    let differs = |path: &str| told["differences"].as_array().unwrap().iter().any(|one| one["path"] == path);
    assert!(differs("indicators.version"), "{told}");
    assert_eq!(house.app.reader().size().unwrap(), entries, "a trial records nothing");

    let id = Uuid::now_v7();
    let noted = json!({ "files": [changed], "note": "请先看试算" });
    let (status, recorded) = house.send(&drafter, drafts, id, &noted).await;
    assert_eq!(status, 201, "{recorded}");
    let (status, again) = house.send(&drafter, drafts, id, &noted).await;
    assert_eq!((status.as_u16(), &again["position"]), (200, &recorded["position"]), "{again}");
    let (status, _, listed) = house.ask(&drafter, drafts, None).await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(status, 200, "{listed}");
    let waiting = listed["drafts"].as_array().unwrap();
    assert_eq!(waiting.len(), 1, "{listed}");
    assert_eq!(
        (&waiting[0]["drafted"]["id"], &waiting[0]["drafted_by"]),
        (&json!("pingshan-unit-3"), &json!("drafter"))
    );
    assert_eq!(house.ask(&clerk, drafts, None).await.0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_checks_a_credit_rule_and_tries_it_on_all_parties() {
    let house = Commission::new().await;
    let drafter = house.person("drafter", "commission_admin").await;
    let clerk = house.person("clerk", "data_clerk").await;
    let rule = include_str!("../../rulebooks/toronto-credit-demo/credit.toml");
    let trial = "/api/v1/credit-rules/trial";
    for (party, kind) in [("y-1", "enterprise"), ("y-2", "person")] {
        let register = json!({ "command": "register", "kind": kind, "name": "某某" });
        house.say(&format!("party/{party}"), register).await;
    }
    let chinese = house.person("drafter-2", "commission_admin").await.in_chinese();
    let entries = house.app.reader().size().unwrap();
    let ask = async |who: &Person, body: Value| {
        let (status, told) = house.send(who, trial, Uuid::now_v7(), &body).await;
        (status.as_u16(), told)
    };

    let (status, told) = ask(&clerk, json!({ "file": rule })).await;
    assert_eq!((status, &told["type"]), (403, &json!("/problems/not_yours")), "{told}");
    for (body, says) in [
        (json!({ "files": [rule] }), "files"),
        (json!({ "file": rule, "valid_at": "soon" }), ""),
        (json!({}), "file"),
    ] {
        let (status, told) = ask(&drafter, body).await;
        assert!(status == 400 && told["detail"].as_str().unwrap().contains(says), "{says}: {status} {told}");
    }
    for (old, new, en, zh) in [
        ("status = \"illustrative\"", "status = \"binding\"", "write illustrative", "请写 illustrative"),
        ("level = \"strict\"", "level = \"harsh\"", "there is no level harsh", "没有管理等级 harsh"),
        ("status =", "satus =", "satus", "没有 satus 这个字段"),
    ] {
        let faulty = rule.replacen(old, new, 1);
        assert_ne!(faulty, rule);
        for (reader, says) in [(&drafter, en), (&chinese, zh)] {
            let (status, told) = ask(reader, json!({ "file": faulty })).await;
            assert_eq!((status, &told["type"]), (422, &json!("/problems/no_credit_rule")), "{told}");
            let faults = told["faults"].to_string();
            assert!(
                faults.contains(says) && told["detail"].as_str().unwrap().contains(says),
                "{says}: {told}"
            );
        }
    }

    let (status, told) = ask(&drafter, json!({ "file": rule })).await;
    assert_eq!((status, &told["id"]), (200, &json!("toronto-credit-demo-1")), "{told}");
    assert_eq!(told["sha256"], hex_encode(&sha256(rule.as_bytes())), "{told}");
    let classes: Vec<(&Value, &Value)> =
        told["classes"].as_array().unwrap().iter().map(|class| (&class["id"], &class["parties"])).collect();
    let none = json!(0);
    assert_eq!(classes, [(&json!("A"), &none), (&json!("B"), &none), (&json!("C"), &none)]);
    assert_eq!(told["not_rated"], 2, "both answer for nothing that the rule counts: {told}");
    let (status, before) = ask(&drafter, json!({ "file": rule, "valid_at": "2020-01-01" })).await;
    assert_eq!((status, &before["day"]), (200, &json!("2020-01-01")), "{before}");
    assert_eq!(house.app.reader().size().unwrap(), entries, "a trial records nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_draft_is_said_in_the_readers_language() {
    let house = Commission::new().await;
    let drafter = house.person("drafter", "commission_admin").await;
    let reader = drafter.in_chinese();
    let unit = include_str!("../../rulebooks/pingshan/unit.toml");
    let line = |of: &str| unit.lines().position(|line| line.contains(of)).unwrap() + 1;
    for (old, new, zh, en) in [
        (
            "competent = \"fire\"",
            "competent = \"nobody\"",
            "没有 [[department]] nobody".to_owned(),
            "there is no [[department]] nobody".to_owned(),
        ),
        (
            "cap = 3",
            "cpa = 3",
            format!("指标 smoke_alarm，指标文件第 {} 行", line("cap = 3")),
            format!("indicator smoke_alarm, indicators line {}", line("cap = 3")),
        ),
        (
            "total = 100",
            "total = ",
            format!("第 {} 行不是 TOML", line("total = 100")),
            "is not TOML".to_owned(),
        ),
        ("layer = \"unit\"", "layer = \"flat\"", "没有层面 flat".to_owned(), "flat is no layer".to_owned()),
    ] {
        let faulty = unit.replacen(old, new, 1);
        let (_, page) = house.upload(&reader, Uuid::now_v7(), &faulty).await;
        let words = words_of(&page);
        assert!(words.contains(&zh), "{new}: {words}");
        assert_eq!(english_sentences(&words), Vec::<String>::new(), "{new}: {words}");
        let (_, page) = house.upload(&drafter, Uuid::now_v7(), &faulty).await;
        assert!(words_of(&page).contains(&en), "{new}: {page}");
    }
}
