//! Results of other systems on their way into an assessment: who may share what, twice, wrongly, and too late.

use std::ops::Deref;

use crate::program::inside::Inside;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;
use wuping::lists::Kind;
use wuping_ledger::timestamp::Timestamp;

/// A unit with the code 44031001, its assessment open, and two feeds.
struct House {
    inside: Inside,
    police: String,
}

impl Deref for House {
    type Target = Inside;

    fn deref(&self) -> &Inside {
        &self.inside
    }
}

impl House {
    async fn new() -> Self {
        let inside = Inside::of("ledger.example/feeds").await;
        let police = inside.app.office.open_feed("feed-police", &["police".to_owned()]).unwrap();
        let register = json!({
            "command": "register", "layer": "unit", "parent": "b-1", "address": "石井街道1号101", "codes": { "house_code": "44031001" },
        });
        inside.say("premises/u-1", register).await;
        let open = json!({ "command": "open", "scheme": inside.unit.scheme, "reason": "first" });
        inside.say(ASSESSMENT, open).await;
        Self { inside, police }
    }

    async fn deliver(&self, token: &str, key: &str, body: String, kind: &str) -> (StatusCode, Value) {
        let request = Request::post("/api/v1/feeds")
            .header("authorization", format!("Bearer {token}"))
            .header("accept-language", "en")
            .header("idempotency-key", key)
            .header("content-type", kind)
            .body(Body::from(body))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn lines(&self, key: &str, lines: Value) -> Value {
        let body = json!({ "lines": lines }).to_string();
        let (status, told) = self.deliver(&self.police, key, body, "application/json").await;
        assert_eq!(status, StatusCode::OK, "{told}");
        told
    }

    fn size(&self) -> u64 {
        self.app.reader().size().unwrap()
    }
}

fn registered(code: &str, outcome: Value) -> Value {
    json!({ "code": code, "indicator": "tenant_registration", "outcome": outcome })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_received_once_and_says_from_which_system() {
    let house = House::new().await;
    let first = house.lines("day-1", json!([registered("44031001", json!(1))])).await;
    assert_eq!((&first["taken"], &first["refused"]), (&json!(1), &json!(0)));
    let size = house.size();
    let again = house.lines("day-1", json!([registered("44031001", json!(1))])).await;
    assert_eq!((again, house.size()), (first.clone(), size));

    let entry = house.app.reader().stream(ASSESSMENT).unwrap().pop().unwrap();
    let said: Value = serde_json::from_str(entry.row().data).unwrap();
    assert_eq!(said["received"], json!({ "channel": "feed-police", "ref": "day-1" }));
    assert_eq!(said["results"][0]["outcome"], 1);
    assert_eq!(first["lines"][0]["position"], json!(size - 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_counts_as_well_as_a_document() {
    let house = House::new().await;
    let table = "code,indicator,outcome,observed_on\n44031001,tenant_registration,0,2026-03-02\n";
    let (status, told) = house.deliver(&house.police, "day-1", table.into(), "text/csv").await;
    assert_eq!((status, &told["taken"]), (StatusCode::OK, &json!(1)), "{told}");
    let subject = house.app.subject("premises/u-1").unwrap();
    let held = &subject.assessments["a1"].state.results["tenant_registration"];
    assert_eq!(held.measured["observed_on"], "2026-03-02");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_that_is_not_taken_says_why() {
    let house = House::new().await;
    for (line, code) in [
        (registered("99999999", json!(0)), "not_found"),
        (registered("44031001", json!("many")), "bad_result"),
        (json!({ "code": "44031001", "indicator": "lease_filing", "outcome": "met" }), "not_yours"),
        (json!({ "code": "44031001", "indicator": "electrical_wiring", "outcome": "met" }), "not_yours"),
        (
            json!({ "code": "44031001", "indicator": "of_another_book", "outcome": "met" }),
            "unknown_indicator",
        ),
    ] {
        let size = house.size();
        let told = house.lines(&Uuid::now_v7().to_string(), json!([line])).await;
        assert_eq!(
            (&told["taken"], &told["lines"][0]["refused"]["code"]),
            (&json!(0), &json!(code)),
            "{told}"
        );
        assert!(told["lines"][0]["refused"]["en"].as_str().unwrap().len() > 20);
        assert_eq!(house.size(), size);
    }
    house.say(ASSESSMENT, json!({ "command": "withdraw", "why": "test" })).await;
    let told = house.lines("late", json!([registered("44031001", json!(0))])).await;
    assert_eq!(told["lines"][0]["refused"]["code"], "no_open_assessment");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_is_none_changes_nothing() {
    let house = House::new().await;
    let size = house.size();
    let good = || json!({ "lines": [registered("44031001", json!(0))] }).to_string();
    let json = "application/json";
    for (token, key, body, kind, status, code) in [
        ("another", "k", good(), json, 401, "unknown_channel"),
        ("", "k", good(), json, 401, "unknown_channel"),
        (&house.police, "not a key", good(), json, 400, "malformed"),
        (&house.police, "k", "{".to_owned(), json, 400, "malformed"),
        (&house.police, "k", json!({ "lines": [] }).to_string(), json, 422, "empty_delivery"),
        (&house.police, "k", "name,age\nA,3\n".to_owned(), "text/csv", 400, "malformed"),
        (&house.police, "k", "code,indicator,outcome\n".to_owned(), "text/csv", 422, "empty_delivery"),
    ] {
        let (got, told) = house.deliver(token, key, body, kind).await;
        assert_eq!((got.as_u16(), told["title"].as_str()), (status, Some(code)), "{told}");
        assert!(told["detail"].as_str().unwrap().len() > 20, "{told}");
    }
    let large = "长".repeat(4_000_000);
    let (got, _) = house.deliver(&house.police, "k", large, json).await;
    assert_eq!((got, house.size()), (StatusCode::PAYLOAD_TOO_LARGE, size));
    assert!(house.app.office.close_feed("feed-police").unwrap());
    let (got, _) = house.deliver(&house.police, "k", good(), json).await;
    assert_eq!(got, StatusCode::UNAUTHORIZED);
}

impl House {
    async fn list(&self, token: &str, path: &str, kind: &str, body: impl Into<Body>) -> (StatusCode, Value) {
        let request = Request::post(format!("/api/v1/feeds/{path}"))
            .header("authorization", format!("Bearer {token}"))
            .header("accept-language", "en")
            .header("content-type", kind)
            .body(body.into())
            .unwrap();
        self.answer(request).await
    }

    async fn answer(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        (status, serde_json::from_slice(&bytes).unwrap_or_else(|_| text()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_tried_and_taken_over_rest_in_every_form() {
    let house = House::new().await;
    let fire = house.app.office.open_feed_for("feed-fire", &["fire".to_owned()], &[Kind::Incidents]).unwrap();
    let csv = "source,source_id,code,category,severity,happened_at,text\n\
        fire,F-1,44031001,fire,minor,2026-03-02 14:05,厨房起火\nfire,F-2,44031001,fire,huge,2026-03-02 14:05,\n";
    let size = house.size();
    let (status, tried) = house.list(&fire, "incidents?dry_run=true", "text/csv", csv).await;
    assert_eq!((status, &tried["new"], &tried["refused"]), (StatusCode::OK, &json!(1), &json!(1)), "{tried}");
    assert_eq!((tried["dry_run"].as_bool(), house.size()), (Some(true), size));
    assert_eq!(tried["lines"][1]["refused"]["column"], "severity");
    assert_eq!(tried["lines"][1]["line"], 3);

    let (_, taken) = house.list(&fire, "incidents", "text/csv", csv).await;
    assert_eq!(taken["lines"][0]["said"][0]["position"], json!(size));
    let size = house.size();
    let entry = house.app.reader().stream("premises/u-1/incident/fire-f-1").unwrap().pop().unwrap();
    let said: Value = serde_json::from_str(&entry.data).unwrap();
    assert_eq!(said["received"]["channel"], "feed-fire");
    assert!(!entry.data.contains("厨房"), "what the source says in words stays private");

    let rows = json!({ "rows": [{
        "source": "fire", "source_id": "F-1", "code": 44031001, "category": "fire", "severity": "minor",
        "happened_at": "2026-03-02T14:05:00+08:00", "text": "厨房起火",
    }] });
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (line, record) in (0_u32..).zip(csv.lines()) {
        for (place, cell) in (0_u16..).zip(record.split(',')) {
            sheet.write_string(line, place, cell).unwrap();
        }
    }
    let workbook = workbook.save_to_buffer().unwrap();
    let xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    for (kind, body) in [
        ("text/csv", Body::from(csv)),
        ("application/json", Body::from(rows.to_string())),
        (xlsx, Body::from(workbook)),
    ] {
        let (status, told) = house.list(&fire, "incidents", kind, body).await;
        assert_eq!(
            (status, &told["same"], &told["new"]),
            (StatusCode::OK, &json!(1), &json!(0)),
            "{kind}: {told}"
        );
    }
    assert_eq!(house.size(), size, "whatever form it has, it is the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_none_or_not_the_channels_changes_nothing() {
    let house = House::new().await;
    let fire = house.app.office.open_feed_for("feed-fire", &["fire".to_owned()], &[Kind::Incidents]).unwrap();
    let size = house.size();
    let good = "source,source_id,code,category,severity,happened_at\nfire,1,44031001,fire,minor,2026-03-02\n";
    for (token, path, body, status, code) in [
        ("another", "incidents", good, 401, "unknown_channel"),
        (&house.police, "incidents", good, 403, "not_for_channel"),
        (&fire, "indicators", good, 403, "not_for_channel"),
        (&fire, "weather", good, 404, "not_found"),
        (&fire, "incidents?dry_run=perhaps", good, 400, "malformed"),
        (&fire, "incidents", "source,code\nfire,1\n", 400, "malformed"),
        (&fire, "incidents", "PK\u{3}\u{4} no workbook", 400, "malformed"),
        (&fire, "incidents", "source\n", 422, "empty_delivery"),
    ] {
        let (got, told) = house.list(token, path, "text/csv", body).await;
        assert_eq!((got.as_u16(), told["title"].as_str()), (status, Some(code)), "{path}: {told}");
        assert!(told["detail"].as_str().unwrap().len() > 20, "{told}");
    }
    let line = json!({ "lines": [registered("44031001", json!(0))] }).to_string();
    let (got, told) = house.deliver(&fire, "k", line, "application/json").await;
    assert_eq!((got.as_u16(), told["title"].as_str()), (403, Some("not_for_channel")));
    assert_eq!(house.size(), size);
}

#[tokio::test(flavor = "multi_thread")]
async fn results_as_a_list_are_tried_before_they_are_taken() {
    let house = House::new().await;
    let csv =
        "房屋编码,指标,结果,采集日期\n44031001,tenant_registration,1,2026年3月2日\n44031001,lease_filing,,\n";
    let size = house.size();
    let (_, tried) = house.list(&house.police, "indicators?dry_run=true", "text/csv", csv).await;
    assert_eq!((&tried["new"], &tried["refused"], house.size()), (&json!(1), &json!(1), size), "{tried}");
    let (_, taken) = house.list(&house.police, "indicators", "text/csv", csv).await;
    assert_eq!(taken["new"], 1, "{taken}");
    let size = house.size();
    for path in ["indicators?dry_run=true", "indicators"] {
        let (_, again) = house.list(&house.police, path, "text/csv", csv).await;
        assert_eq!((&again["same"], &again["new"], house.size()), (&json!(1), &json!(0), size), "{again}");
    }
    let subject = house.app.subject("premises/u-1").unwrap();
    let held = &subject.assessments["a1"].state.results["tenant_registration"];
    assert_eq!(held.measured["observed_on"], "2026-03-02");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_page_a_table_is_shown_before_it_is_recorded() {
    let house = House::new().await;
    house.say("account/a-9", json!({ "command": "open", "name": "某人" })).await;
    house.say("account/a-9", json!({ "command": "grant", "role": "data_clerk" })).await;
    house.app.office.set_login("clerk", "a-9", &"A".repeat(43), "correct horse").unwrap();
    let now = Timestamp::now().datetime().timestamp();
    let token = house.app.office.sign_in("clerk", "correct horse", now).unwrap().unwrap();
    let csrf = house.app.office.session(&token, now).unwrap().unwrap().csrf;
    let cookie = format!("wuping-session={token}; wuping-lang=en");
    let command = Uuid::now_v7().to_string();
    let table = "code,layer,address\n4403-9,building,石井街道9号\n4403-8,garage,石井街道8号\n";
    let upload = |kind: &str, command: &str| {
        let fields = [
            ("csrf", csrf.as_str()),
            ("command_id", command),
            ("kind", kind),
            ("channel", "office-list"),
            ("table", table),
        ];
        let field = |(name, value): &(&str, &str)| {
            let file = if *name == "table" { "; filename=\"t.csv\"" } else { "" };
            format!("--limit\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n")
        };
        let body = fields.iter().map(field).collect::<String>() + "--limit--\r\n";
        Request::post("/desk/feeds")
            .header("cookie", &cookie)
            .header("content-type", "multipart/form-data; boundary=limit")
            .body(Body::from(body))
            .unwrap()
    };
    let record = |csrf: &str, command: &str| {
        Request::post("/desk/feeds/record")
            .header("cookie", &cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(format!("csrf={csrf}&command_id={command}")))
            .unwrap()
    };
    let size = house.size();
    let (status, shown) = house.answer(upload("premises", &command)).await;
    let shown = shown.as_str().unwrap();
    assert_eq!((status, house.size()), (StatusCode::OK, size));
    for told in [
        "1 new, 0 changed, 0 known already, 1 not",
        "Nothing is recorded yet",
        "line 3",
        "“garage” is none of",
        "/desk/feeds/record",
    ] {
        assert!(shown.contains(told), "{told} in {shown}");
    }
    for (status, request) in [
        (StatusCode::UNPROCESSABLE_ENTITY, record("forged", &command)),
        (StatusCode::UNPROCESSABLE_ENTITY, record(&csrf, &Uuid::now_v7().to_string())),
        (StatusCode::UNPROCESSABLE_ENTITY, upload("assessors", &command)),
        (StatusCode::UNPROCESSABLE_ENTITY, upload("alerts", &command)),
    ] {
        assert_eq!(house.answer(request).await.0, status);
    }
    assert_eq!(house.size(), size);
    let (_, recorded) = house.answer(record(&csrf, &command)).await;
    assert!(recorded.as_str().unwrap().contains("1 new, 0 changed, 0 known already, 1 not"), "{recorded}");
    let size = house.size();
    let (_, again) = house.answer(record(&csrf, &command)).await;
    assert!(again.as_str().unwrap().contains("0 new, 0 changed, 1 known already, 1 not"), "{again}");
    assert_eq!(house.size(), size, "a second tap is recorded once");
    let entry = house.app.reader().stream("premises/office-4403-9").unwrap().pop().unwrap();
    let said: Value = serde_json::from_str(&entry.data).unwrap();
    assert_eq!(said["received"]["ref"], format!("a-9-{command}"), "who carried it is on record");

    let template =
        Request::get("/desk/feeds/template/premises.xlsx").header("cookie", &cookie).body(Body::empty());
    let response = house.router.clone().oneshot(template.unwrap()).await.unwrap();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    assert!(bytes.starts_with(b"PK"));
}

const ASSESSMENT: &str = "premises/u-1/assessment/a1";
