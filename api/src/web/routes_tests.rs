use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;
use uuid::Uuid;
use wuping_domain::outcome::Outcome;
use wuping_domain::rulebook::scheme::{Collect, Indicator, Kind, Row};
use wuping_ledger::encoding::hex_decode;
use wuping_ledger::note::{ConsistencyText, TlogProof, open_checkpoint};
use wuping_ledger::store::Scheme;
use wuping_ledger::timestamp::Timestamp;

use super::*;
use crate::app::{App, Asked, Who};
use crate::look::layout::Origin;
use crate::shelf::Compiled;
use crate::web::audit::MayReadEntries;
use crate::web::openapi;

/// A house with one graded building, its rulebook published.
struct House {
    app: App,
    site: Site,
    _folder: TempDir,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = App::create(folder.path(), "sample/web", false).unwrap();
        let [_, building, _] = crate::shelf::pingshan().unwrap();
        let scheme = Scheme {
            sha256: building.scheme.sha256.clone(),
            id: building.scheme.id.clone(),
            bytes: building.bytes.clone(),
        };
        app.ledger.writer().keep_scheme(scheme).await.unwrap();
        let publish = json!({
            "command": "publish", "id": building.scheme.id, "layer": "building", "sha256": building.scheme.sha256,
            "holds_from": crate::look::words::local_day(chrono::Utc::now()), "operating": true, "issued_by": "office", "document_number": "1"
        });
        let site = Site { origin: Origin::Sample, ..Site::of(&app, "https://wuping.example/") };
        let house = Self { app, site, _folder: folder };
        house.say(&format!("rulebook/{}", building.scheme.id), publish).await;
        let register = json!({
            "command": "register", "layer": "building", "address": "坑梓<script>alert(1)</script>路1号",
            "codes": { "house_code": "4403100000000000001" },
            "subdistrict": "坑梓", "community": "秀新", "grid_cell": "g-1"
        });
        house.say("premises/b-1", register).await;
        house.assess(&building).await;
        house.app.ledger.writer().sign_now().await.unwrap();
        let size = house.site.reader.size().unwrap();
        assert!(house.site.views.wait_for(size - 1, std::time::Duration::from_secs(20)));
        house
    }

    /// A full assessment in which every indicator has its best row but one.
    async fn assess(&self, compiled: &Compiled) {
        let stream = "premises/b-1/assessment/a1";
        let scheme = json!({ "id": compiled.scheme.id, "sha256": compiled.scheme.sha256 });
        self.say(stream, json!({ "command": "open", "scheme": scheme, "reason": "first", "units": [] }))
            .await;
        let results = |fed: bool| -> Vec<Value> {
            let all = compiled.rulebook.scheme.indicators.iter().enumerate();
            let chosen = all.filter(|(_, one)| match one.collect {
                Collect::Ledger => false,
                collect => (collect == Collect::Feed) == fed,
            });
            let lowest = |place: usize, one: &Indicator| place == 3 && one.veto.is_none();
            let row = |place, one: &Indicator| match lowest(place, one) {
                true => one.rows.last().unwrap().clone(),
                false => one.rows.first().unwrap().clone(),
            };
            let result = |(place, one): (usize, &Indicator)| json!({ "indicator": one.id, "outcome": Value::from(outcome(one, &row(place, one))) });
            chosen.map(result).collect()
        };
        self.say(stream, json!({ "command": "check", "results": results(false) })).await;
        self.say(stream, json!({ "command": "supply", "results": results(true) })).await;
        self.say(stream, json!({ "command": "submit" })).await;
    }

    async fn say(&self, stream: &str, command: Value) {
        let asked = Asked {
            id: Uuid::now_v7(),
            stream: stream.to_owned(),
            command,
            expected: None,
            occurred_at: Timestamp::now(),
        };
        let who = Who::Channel { name: "counter".to_owned(), reference: "test".to_owned() };
        self.app.execute(&who, asked).await.unwrap();
    }

    async fn ask(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = guarded(router(self.site.clone())).oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec();
        Answer { status, headers, bytes }
    }
}

fn outcome(indicator: &Indicator, row: &Row) -> Outcome {
    match indicator.kind {
        Kind::Binary | Kind::Levels => Outcome::row(row.id.clone()),
        Kind::Count => Outcome::Count(row.from.unwrap_or_default()),
        Kind::Share => Outcome::Share { part: row.from_percent.unwrap_or_default(), whole: 100 },
        Kind::Survey => {
            let satisfied = row.from_percent.unwrap_or_default();
            Outcome::Survey { satisfied, answered: 100, occupied_units: 100 }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_tells_its_grade_and_why_without_letting_an_address_run() {
    let house = House::new().await;
    for path in [
        "/s/4403100000000000001",
        "/s/b-1",
        "/audit/b-1",
        "/?q=%E5%9D%91%E6%A2%93",
        "/board?subdistrict=%E5%9D%91%E6%A2%93",
    ] {
        let answer = house.ask(path).await;
        let page = answer.text();
        assert_eq!(answer.status, StatusCode::OK, "{path}: {page}");
        assert!(page.contains("&lt;script&gt;alert(1)"), "{path} does not show the address");
        assert!(!page.contains("<script>alert"), "{path}");
        assert!(page.contains("虚构示例") && page.len() < 100_000, "{path}: {}", page.len());
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    let page = house.ask("/s/b-1").await.text();
    let band = page.find("class=\"band ").unwrap();
    for (part, place) in [("lost", "<ol class=\"lost\""), ("qr", "wuping.example/s/4403100000000000001")] {
        assert!(page.find(place).is_some_and(|at| at > band), "{part} does not follow the band");
    }
    assert!(page.contains("★") && page.contains("/rules/pingshan-building"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_nowhere_says_what_to_do() {
    let house = House::new().await;
    let answer = house.ask("/s/%3Cscript%3E").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.text().contains("按地址查找") && !answer.text().contains("“<script>"));
    let english = Request::get("/s/none").header("accept-language", "en-GB").body(Body::empty()).unwrap();
    assert!(house.send(english).await.text().contains("Search by address"));
    for path in ["/nowhere", "/rules/none", "/audit/none"] {
        let answer = house.ask(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.text().contains("怎么办"), "{path}");
    }
    for path in ["/api/v1/premises/none", "/api/v1/none"] {
        let answer = house.ask(path).await;
        assert_eq!(
            (answer.status, answer.json()["type"].as_str()),
            (StatusCode::NOT_FOUND, Some("/problems/not_found"))
        );
    }
    let answer = house.ask("/api/v1/grades?at=x").await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::BAD_REQUEST, "application/problem+json")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_proves_itself_to_whoever_asks() {
    let house = House::new().await;
    let log = house.app.ledger.log_key();
    let note = house.ask("/log/checkpoint").await;
    assert_eq!(note.header("cache-control"), "no-store");
    let checkpoint = open_checkpoint(&note.bytes, log, &[], 0, None).unwrap();
    let proof = TlogProof::parse(&house.ask("/log/proof/inclusion/1").await.bytes).unwrap();
    let leaf = house.site.reader.leaf(1).unwrap().unwrap();
    proof.verify(&leaf, log, &[], 0, None).unwrap();
    let width = checkpoint.size;
    assert!(width < 256);
    let tile = house.ask(&format!("/log/tile/0/000.p/{width}")).await;
    assert_eq!((tile.status, tile.bytes.len() as u64), (StatusCode::OK, width * 32));
    assert_eq!(tile.header("cache-control"), "no-store", "a partial tile is not kept for ever");
    for path in ["0/0", "0/000.p/0", "0/000.p/256", "00/000", "0/000", "0/../0/000", "x/000", "0/000.p/05"] {
        assert_eq!(house.ask(&format!("/log/tile/{path}")).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let bundle = house.ask("/log/tile/entries/000.p/1").await;
    assert_eq!(bundle.status, StatusCode::FORBIDDEN);
    assert!(bundle.text().contains("auditors only"));
    for (path, status, told) in [
        ("inclusion/01", StatusCode::BAD_REQUEST, "a whole number"),
        ("inclusion/-1", StatusCode::BAD_REQUEST, "a whole number"),
        ("inclusion/x", StatusCode::BAD_REQUEST, "a whole number"),
        ("inclusion/18446744073709551616", StatusCode::BAD_REQUEST, "a whole number"),
        ("inclusion/18446744073709551615", StatusCode::NOT_FOUND, "covers"),
        ("inclusion/999999", StatusCode::NOT_FOUND, "covers"),
        (&format!("inclusion/{}", checkpoint.size), StatusCode::NOT_FOUND, "ask again after the next one"),
        ("consistency/2/1", StatusCode::BAD_REQUEST, "the smaller size comes first"),
        ("consistency/1/02", StatusCode::BAD_REQUEST, "a whole number"),
        ("consistency/+1/2", StatusCode::BAD_REQUEST, "a whole number"),
        (&format!("consistency/1/{}", checkpoint.size + 1), StatusCode::NOT_FOUND, "covers"),
    ] {
        let answer = house.ask(&format!("/log/proof/{path}")).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert!(answer.text().contains(told), "{path}: {}", answer.text());
    }
    for (old, new) in [(0, 1), (1, 1), (1, checkpoint.size), (3, 5), (4, checkpoint.size - 1)] {
        let answer = house.ask(&format!("/log/proof/consistency/{old}/{new}")).await;
        let file = ConsistencyText::parse(&answer.bytes).unwrap();
        file.verify().unwrap();
        assert_eq!((file.old_size, file.new_size), (old, new));
        assert_eq!(file.old_root, house.site.reader.root_at(old).unwrap());
        assert!(new < checkpoint.size || file.new_root == checkpoint.root);
    }
    assert!(!house.ask("/log/keys").await.json()["keys"].as_array().unwrap().is_empty());
    let audit = house.ask("/audit/b-1").await.text();
    assert!(audit.contains("proof-verified") && !audit.contains("proof-failed"));
    assert!(!audit.contains("proof-pending"), "the newest checkpoint covers all of it");
    assert!(
        !audit.contains("\"derivation\"") && !audit.contains("&quot;derivation"),
        "contents are for auditors"
    );
    let mut auditor = Request::get("/audit/b-1").body(Body::empty()).unwrap();
    auditor.extensions_mut().insert(MayReadEntries);
    assert!(house.send(auditor).await.text().contains("&quot;derivation"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_who_is_signed_in_reads_entries_whole_and_a_clerk_does_not() {
    let house = House::new().await;
    let app = Arc::new(house.app);
    let counter = Who::Channel { name: "counter".to_owned(), reference: "test".to_owned() };
    let desk = crate::web::desk::router(app.clone());
    let routes = guarded(over(&app, "").merge(desk).merge(crate::web::commands::router(app.clone())));
    for (login, role, reads) in [("auditor", "auditor", true), ("clerk", "data_clerk", false)] {
        let open = json!({ "command": "open", "name": "某人" });
        for command in [open, json!({ "command": "grant", "role": role })] {
            let (id, stream) = (Uuid::now_v7(), format!("account/{login}"));
            let asked = Asked { id, stream, command, expected: None, occurred_at: Timestamp::now() };
            app.execute(&counter, asked).await.unwrap();
        }
        let kid = app.ledger.enrol_officer(login).await.unwrap();
        app.office.set_login(login, login, kid.as_str(), "correct horse").unwrap();
        let now = crate::web::session::now_seconds();
        let token = app.office.sign_in(login, "correct horse", now).unwrap().unwrap();
        let cookie = crate::web::session::session_cookie(&token);
        let request = Request::get("/audit/b-1").header("cookie", cookie.split(';').next().unwrap());
        let answer = routes.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let page = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&page).contains("&quot;derivation"), reads, "{login}");
        let request =
            Request::get("/log/tile/entries/000.p/1").header("cookie", cookie.split(';').next().unwrap());
        let answer = routes.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status().is_success(), reads, "{login}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_read_what_is_public_and_no_more() {
    let house = House::new().await;
    let one = house.ask("/api/v1/premises/4403100000000000001").await.json();
    assert_eq!(one["id"], "b-1");
    assert!(one["in_force"]["star"].is_u64());
    assert!(one.get("parties").is_none() && one.get("assessors").is_none());
    assert_eq!(house.ask("/api/v1/premises?search=4403100000000000001").await.json()["total"], 1);
    assert_eq!(
        house.ask("/api/v1/premises/b-1/history").await.json()["history"].as_array().unwrap().len(),
        1
    );
    assert_eq!(house.ask("/api/v1/grades").await.json()["grades"][0]["code"], "4403100000000000001");
    assert_eq!(house.ask("/api/v1/grades?at=0").await.json()["grades"], json!([]));
    let rulebook = house.ask("/api/v1/rulebooks").await.json()["rulebooks"][0]["scheme"].clone();
    let id = rulebook["id"].as_str().unwrap();
    let document = house.ask(&format!("/rules/{id}/document.json")).await;
    let digest = hex_decode(rulebook["sha256"].as_str().unwrap()).unwrap();
    assert_eq!(wuping_ledger::encoding::sha256(&document.bytes).as_slice(), digest);
    let page = house.ask(&format!("/rules/{id}")).await;
    assert!(page.status == StatusCode::OK && page.text().contains(rulebook["sha256"].as_str().unwrap()));
    assert!(house.ask("/rules").await.text().contains(id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_asks_for_what_cannot_be_is_told_so_in_a_problem() {
    let house = House::new().await;
    for (path, status) in [
        ("/api/v1/premises?page=AAA", StatusCode::BAD_REQUEST),
        ("/api/v1/premises?page=0", StatusCode::BAD_REQUEST),
        ("/api/v1/premises?page=18446744073709551616", StatusCode::BAD_REQUEST),
        ("/api/v1/grades?at=9007199254740992", StatusCode::BAD_REQUEST),
        ("/api/v1/grades?at=-1", StatusCode::BAD_REQUEST),
        ("/api/v1/premises/%00", StatusCode::NOT_FOUND),
        ("/rules/0/document.json", StatusCode::NOT_FOUND),
    ] {
        let answer = house.ask(path).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        assert_eq!(answer.json()["status"], status.as_u16(), "{path}");
    }
    for path in
        ["/api/v1/premises?page=", "/api/v1/premises?page=1000000", "/api/v1/grades?at=9007199254740991"]
    {
        assert_eq!(house.ask(path).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_described_route_is_there_and_every_route_is_described() {
    let house = House::new().await;
    let described = house.ask("/api/v1/openapi.json").await.json();
    let scheme = house.ask("/api/v1/rulebooks").await.json()["rulebooks"][0]["scheme"].clone();
    let (rulebook, document) = (&scheme["id"], format!("{}.json", scheme["sha256"].as_str().unwrap()));
    let width = house.site.reader.checkpoint_size().unwrap();
    for get in openapi::GETS {
        assert!(described["paths"][get.path]["get"].is_object(), "{}", get.path);
        let path = get.path.replace("{code}", "b-1").replace("{position}", "0").replace("{file}", &document);
        let path = path.replace("{old}", "1").replace("{new}", "2");
        let path =
            path.replace("{path}", &format!("0/000.p/{width}")).replace("{id}", rulebook.as_str().unwrap());
        assert_eq!(house.ask(&path).await.status, StatusCode::OK, "{path}");
    }
    // The routers say what they route; every path for programs in their source stands in the description.
    for source in [include_str!("api.rs"), include_str!("health.rs"), include_str!("log.rs")] {
        for routed in source.split(".route(\"").skip(1) {
            let path = routed.split('"').next().unwrap().replace("{*", "{");
            assert!(described["paths"][&path]["get"].is_object(), "{path} is not described");
        }
    }
    assert!(described["paths"]["/api/v1/commands/{stream}/{command}"]["post"].is_object());
    for source in [include_str!("keys.rs"), include_str!("signed.rs")] {
        for routed in source.split(".route(\"").skip(1) {
            let path = routed.split('"').next().unwrap().replace("{*path}", "{stream}/{command}");
            assert!(described["paths"][&path].is_object(), "{path} is not described");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_is_remembered_and_nobody_is_sent_to_another_site() {
    let house = House::new().await;
    for (asked, to) in [
        ("/language/en?to=%2Fs%2Fb-1", "/s/b-1"),
        ("/language/en?to=%2F%2Fevil.example", "/"),
        ("/language/en?to=https%3A%2F%2Fevil.example", "/"),
        ("/language/en?to=%2F%5Cevil.example", "/"),
        ("/language/xx", "/"),
    ] {
        let answer = house.ask(asked).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, to), "{asked}");
        assert_eq!(answer.header("set-cookie").starts_with("wuping-lang=en;"), !asked.contains("xx"));
    }
    let english = Request::get("/").header("cookie", "wuping-lang=en").header("accept-language", "zh-CN");
    let page = house.send(english.body(Body::empty()).unwrap()).await.text();
    assert!(page.contains("<html lang=\"en\">") && page.contains("Grades by subdistrict"));
    let style = crate::look::style();
    assert_eq!(house.ask(&style.path).await.bytes, style.body.as_bytes());
}
