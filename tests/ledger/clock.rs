//! A server's clock that jumps while it runs: nothing is recorded by a time that nobody believes, until the clock is
//! right again or an operator says that it is.

use std::path::Path;
use std::sync::Arc;

use crate::program::server::{Client, Server};
use crate::program::{run, said, told};
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;
use uuid::Uuid;
use wuping::app::{App, Asked, Who};
use wuping::web;
use wuping_ledger::clock::{Clock, SteppedClock, SystemClock};
use wuping_ledger::reader::Reader;
use wuping_ledger::timestamp::Timestamp;

struct House {
    app: Arc<App>,
    router: axum::Router,
    cookie: String,
    csrf: String,
    clock: Arc<SteppedClock>,
    folder: TempDir,
}

impl House {
    /// A house with one data clerk, signed in; its clock stands where the machine's does, but for `ahead_ms`.
    async fn new(ahead_ms: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SteppedClock::starting_at(SystemClock::default().wall_ms() + ahead_ms));
        let app = App::create_with_clock(folder.path(), "ledger.example/clock", clock.clone()).unwrap();
        let counter = Who::Channel { name: "counter".into(), reference: "test".into() };
        for command in [
            json!({ "command": "open", "name": "某人" }),
            json!({ "command": "grant", "role": "data_clerk" }),
        ] {
            let (id, stream, occurred_at) = (Uuid::now_v7(), "account/a-1".into(), Timestamp::now());
            app.execute(&counter, Asked { id, stream, command, expected: None, occurred_at }).await.unwrap();
        }
        let kid = app.ledger.enrol_officer("a-1").await.unwrap();
        app.office.set_login("clerk", "a-1", kid.as_str(), PASSWORD).unwrap();
        let app = Arc::new(app);
        let router = web::router(app.clone(), "");
        let mut house = Self { app, router, cookie: String::new(), csrf: String::new(), clock, folder };
        let credentials = json!({ "login": "clerk", "password": PASSWORD }).to_string();
        let request = Request::post("/api/v1/session").header("content-type", "application/json");
        let response =
            house.router.clone().oneshot(request.body(Body::from(credentials)).unwrap()).await.unwrap();
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        house.cookie = cookie.split(';').next().unwrap().to_owned();
        house.csrf = body(response).await["csrf"].as_str().unwrap().to_owned();
        house
    }

    async fn register(&self, name: &str) -> (StatusCode, Value) {
        let building = json!({ "layer": "building", "address": "石井街道1号" });
        let request = Request::post(format!("/api/v1/commands/premises/{name}/register"))
            .header("accept-language", "en")
            .header("content-type", "application/json")
            .header("cookie", &self.cookie)
            .header("x-csrf-token", &self.csrf)
            .header("idempotency-key", Uuid::now_v7().to_string())
            .body(Body::from(building.to_string()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        (response.status(), body(response).await)
    }

    async fn accepted(&self, name: &str) {
        let (status, told) = self.register(name).await;
        assert_eq!(status, StatusCode::CREATED, "{told}");
    }

    /// The folder, closed.
    async fn closed(self) -> TempDir {
        drop(self.router);
        Arc::into_inner(self.app).unwrap().close().await.unwrap();
        self.folder
    }
}

async fn body(response: axum::response::Response) -> Value {
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    serde_json::from_slice(&bytes).unwrap_or(Value::Null)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_recorded_while_the_clock_is_not_believed() {
    let house = House::new(0).await;
    house.accepted("b-1").await;
    let (right, size) = (house.clock.wall_ms(), house.app.reader().size().unwrap());
    for (wrong, how) in [(right + YEAR_MS, "ahead"), (right - 2 * HOUR_MS, "behind")] {
        house.clock.set_wall(wrong);
        let (status, told) = house.register("b-2").await;
        assert_eq!((status, &told["title"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("clock")), "{told}");
        let detail = told["detail"].as_str().unwrap();
        assert!(detail.contains(how) && detail.contains("wuping clock accept"), "{detail}");
        assert_eq!(house.app.reader().size().unwrap(), size, "nothing is recorded");
    }
    house.clock.set_wall(right);
    house.accepted("b-2").await;
    // a server that is stopped while its clock is wrong ends in order, and records nothing by that clock
    house.clock.set_wall(right + YEAR_MS);
    let size = house.app.reader().size().unwrap();
    let folder = house.closed().await;
    assert_eq!(size_of(folder.path()), size);
    assert!(run(folder.path(), &["verify"]).status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_accepts_a_clock_that_was_put_ahead() {
    let folder = House::new(-30 * HOUR_MS).await.closed().await;
    // the last entry is thirty hours old by the wall, and was written this minute by the machine's own clock
    let now = SystemClock::default().monotonic();
    Connection::open(folder.path().join("ledger.db"))
        .unwrap()
        .execute(
            "UPDATE clock_mark SET boot = ?1, since_boot_ms = ?2",
            (now.boot, now.since_boot_ms - 60_000),
        )
        .unwrap();
    let open = ["account", "open", "li", "--name", "李四", "--role", "grid_worker", "--json"];
    let size = size_of(folder.path());
    let refused = run(folder.path(), &open);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("ahead of the last entry"), "{}", said(&refused));
    assert_eq!(size_of(folder.path()), size);

    assert_eq!(told(folder.path(), &["clock", "accept", "--json"]), json!({ "accepted": true }));
    told(folder.path(), &open);
    assert_eq!(told(folder.path(), &["clock", "accept", "--json"]), json!({ "accepted": false }));
    let verified = run(folder.path(), &["verify", "--level", "5"]);
    assert!(verified.status.success(), "{}", said(&verified));
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_time_of_the_future_a_server_goes_on_when_it_is_told_to() {
    let folder = House::new(YEAR_MS).await.closed().await;
    let refused = run(folder.path(), &["clock", "accept"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("wuping serve --accept-clock"), "{}", said(&refused));
    let size = size_of(folder.path());
    for (more, due) in [(&[][..], 503), (&["--accept-clock"], 201)] {
        let server = Server::start(folder.path(), more);
        let session = server.sign_in("clerk", PASSWORD);
        let building = json!({ "layer": "building", "address": "石井街道1号" });
        let mut client = Client::to(server.address);
        let answer = client.command(&session, "premises/b-1/register", Uuid::now_v7(), &building).unwrap();
        assert_eq!(answer.status, due, "{}", answer.body);
    }
    let reader = Reader::open(folder.path()).unwrap();
    let [before, after] = [size - 1, size].map(|position| reader.row(position).unwrap().unwrap().recorded_at);
    assert_eq!(before, after, "time never goes back");
    assert!(run(folder.path(), &["verify"]).status.success());
}

fn size_of(folder: &Path) -> u64 {
    Reader::open(folder).unwrap().size().unwrap()
}

const HOUR_MS: i64 = 60 * 60 * 1000;
const PASSWORD: &str = "correct horse";
const YEAR_MS: i64 = 365 * 24 * HOUR_MS;
