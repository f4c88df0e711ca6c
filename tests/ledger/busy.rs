//! More commands than the writer takes: whoever finds the queue full is told to come back, and loses nothing.

use std::sync::Arc;
use std::time::Duration;

use crate::program::told;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use rusqlite::Connection;
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;
use wuping::app::App;
use wuping::web;

/// What a request was answered.
struct Answer {
    status: StatusCode,
    retry_after: Option<String>,
    body: Value,
}

async fn posted(
    router: &axum::Router,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> (Answer, String) {
    let mut request =
        Request::post(path).header("content-type", "application/json").header("accept-language", "en");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router.clone().oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    (Answer { status, retry_after: header("retry-after"), body }, header("set-cookie").unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_finds_the_queue_full_is_told_to_come_back_and_is_taken_then() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("ledger");
    told(&folder, &["init", "--origin", "ledger.example/busy", "--json"]);
    let account = ["account", "open", "clerk", "--name", "某人", "--role", "data_clerk", "--json"];
    let password = told(&folder, &account)["password"].clone();
    let app = Arc::new(App::open_with_queue(&folder, 1).unwrap());
    let router = web::router(app.clone(), "");
    let credentials = json!({ "login": "clerk", "password": password });
    let (session, cookie) = posted(&router, "/api/v1/session", &[], &credentials).await;
    let (cookie, csrf) = (cookie.split(';').next().unwrap(), session.body["csrf"].as_str().unwrap());
    let send = async |number: usize, id: &str| {
        let headers = [("cookie", cookie), ("x-csrf-token", csrf), ("idempotency-key", id)];
        let building = json!({ "layer": "building", "address": "石井街道1号" });
        posted(&router, &format!("/api/v1/commands/premises/b-{number}/register"), &headers, &building)
            .await
            .0
    };
    let ids: Vec<String> = (0..6).map(|_| Uuid::now_v7().to_string()).collect();

    // somebody holds the database, so that the writer waits with what it has taken
    let holder = Connection::open(folder.join("ledger.db")).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let let_go = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        holder.execute_batch("ROLLBACK").unwrap();
    };
    let sending = futures_util::future::join_all(ids.iter().enumerate().map(|(number, id)| send(number, id)));
    let (answers, ()) = tokio::join!(sending, let_go);
    let refused = answers.iter().filter(|answer| answer.status == StatusCode::SERVICE_UNAVAILABLE).count();
    assert!(refused >= 3, "one is being written, one waits, the others come too many: {refused}");
    for (number, (answer, id)) in answers.iter().zip(&ids).enumerate() {
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            assert!(answer.body["type"].as_str().unwrap().ends_with("busy"), "{}", answer.body);
            assert_eq!(answer.retry_after.as_deref(), Some("1"));
            // nothing of it was taken: the same command again is the first time
            let again = send(number, id).await;
            assert_eq!(again.status, StatusCode::CREATED, "{}", again.body);
        } else {
            assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        }
        assert_eq!(app.reader().version(&format!("premises/b-{number}")).unwrap(), 1);
    }
}
