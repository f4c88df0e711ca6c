//! Results of other systems on their way into an assessment: who may share what, twice, wrongly, and too late.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;
use uuid::Uuid;
use wuping::app::{App, Asked, Who};
use wuping::{shelf, web};
use wuping_ledger::timestamp::Timestamp;

struct House {
    app: Arc<App>,
    router: axum::Router,
    police: String,
    _folder: TempDir,
}

impl House {
    /// A unit with the code 44031001, its assessment open, and two feeds.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = Arc::new(App::create(folder.path(), "ledger.example/feeds", false).unwrap());
        let [unit, ..] = shelf::pingshan().unwrap();
        app.ledger.writer().keep_scheme(unit.document()).await.unwrap();
        let police = app.office.open_feed("feed-police", &["police".to_owned()]).unwrap();
        let router = web::router(app.clone(), "");
        let house = Self { app, router, police, _folder: folder };
        let register = json!({
            "command": "register", "layer": "unit", "parent": "b-1", "address": "石井街道1号101", "codes": { "house_code": "44031001" },
        });
        house.say("premises/u-1", register).await;
        let open = json!({ "command": "open", "scheme": unit.scheme, "reason": "first" });
        house.say(ASSESSMENT, open).await;
        house
    }

    async fn say(&self, stream: &str, command: Value) {
        let counter = Who::Channel { name: "counter".into(), reference: "test".into() };
        let (id, stream, occurred_at) = (Uuid::now_v7(), stream.to_owned(), Timestamp::now());
        let asked = Asked { id, stream, command, expected: None, occurred_at };
        self.app.execute(&counter, asked).await.unwrap();
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

const ASSESSMENT: &str = "premises/u-1/assessment/a1";
