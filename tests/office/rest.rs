//! Commands over REST as a client sends them: what is accepted, and what each refusal says.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;
use uuid::Uuid;
use wuping::app::{App, Asked, Who};
use wuping::web::{commands, desk};
use wuping_ledger::append::Author;
use wuping_ledger::keys::Kid;
use wuping_ledger::timestamp::Timestamp;

struct Server {
    router: axum::Router,
    app: Arc<App>,
    cookie: String,
    csrf: String,
    _folder: TempDir,
}

impl Server {
    /// A house with one data clerk, signed in.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = Arc::new(App::create(folder.path(), "ledger.example/rest", false).unwrap());
        let counter = Who::Channel { name: "counter".into(), reference: "test".into() };
        for command in [
            json!({ "command": "open", "name": "某人" }),
            json!({ "command": "grant", "role": "data_clerk" }),
        ] {
            let asked = Asked {
                id: Uuid::now_v7(),
                stream: "account/a-1".into(),
                command,
                expected: None,
                occurred_at: Timestamp::now(),
            };
            app.execute(&counter, asked).await.unwrap();
        }
        let kid = app.ledger.enrol_officer("a-1").await.unwrap();
        app.office.set_login("clerk", "a-1", kid.as_str(), "correct horse").unwrap();
        let router = commands::router(app.clone()).merge(desk::router(app.clone()));
        let mut server = Self { router, app, cookie: String::new(), csrf: String::new(), _folder: folder };
        let (status, body, cookie) = server.send(server.sign_in("correct horse")).await;
        assert_eq!(status, StatusCode::OK);
        server.cookie = cookie.unwrap().split(';').next().unwrap().to_owned();
        server.csrf = body["csrf"].as_str().unwrap().to_owned();
        server
    }

    fn sign_in(&self, password: &str) -> Request<Body> {
        let body = json!({ "login": "clerk", "password": password }).to_string();
        Request::post("/api/v1/session").header("content-type", "application/json").body(body.into()).unwrap()
    }

    fn command(&self, path: &str, id: Uuid, body: &Value) -> Request<Body> {
        Request::post(format!("/api/v1/commands/{path}"))
            .header("content-type", "application/json")
            .header("accept-language", "en")
            .header("cookie", &self.cookie)
            .header("x-csrf-token", &self.csrf)
            .header("idempotency-key", id.to_string())
            .body(body.to_string().into())
            .unwrap()
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, Value, Option<String>) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let cookie = response.headers().get("set-cookie").map(|value| value.to_str().unwrap().to_owned());
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null), cookie)
    }

    fn size(&self) -> u64 {
        self.app.reader().size().unwrap()
    }
}

fn building() -> Value {
    json!({ "layer": "building", "address": "<script>alert(1)</script>'; DROP TABLE events; --" })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_recorded_once_however_often_it_is_sent() {
    let server = Server::new().await;
    let id = Uuid::now_v7();
    let (status, first, _) = server.send(server.command("premises/b-1/register", id, &building())).await;
    assert_eq!(status, StatusCode::CREATED);
    let (status, again, _) = server.send(server.command("premises/b-1/register", id, &building())).await;
    assert_eq!((status, &again["position"]), (StatusCode::OK, &first["position"]));
    assert_eq!(again["repeated"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_says_why_and_leaves_nothing_behind() {
    let server = Server::new().await;
    let (status, ..) =
        server.send(server.command("premises/b-1/register", Uuid::now_v7(), &building())).await;
    assert_eq!(status, StatusCode::CREATED);
    let before = server.size();

    let register = |path: &str, body: &Value| server.command(path, Uuid::now_v7(), body);
    let mut stale = register("premises/b-1/close", &json!({ "why": "demolished" }));
    stale.headers_mut().insert("if-match", "0".parse().unwrap());
    let mut forged = register("premises/b-2/register", &building());
    forged.headers_mut().insert("x-csrf-token", "another".parse().unwrap());
    let mut nobody = register("premises/b-2/register", &building());
    nobody.headers_mut().remove("cookie");
    let mut without_id = register("premises/b-2/register", &building());
    without_id.headers_mut().remove("idempotency-key");
    let derived = Uuid::parse_str("2f0b3c1d-5a6e-8b7c-9d0e-112233445566").unwrap();
    let with_derived_id = server.command("premises/b-2/register", derived, &building());
    let written = |text: &'static str| {
        let mut request = register("premises/b-2/register", &building());
        *request.body_mut() = Body::from(text);
        request
    };
    let twice = written(r#"{"layer":"building","address":"一号","address":"二号"}"#);
    let twice_below =
        written(r#"{"layer":"building","address":"一号","codes":{"house_code":"1","house_code":"2"}}"#);
    let no_json = written("layer=building");
    let mut form = register("premises/b-2/register", &building());
    form.headers_mut().insert("content-type", "text/plain".parse().unwrap());
    let mut other_command = building();
    other_command["command"] = json!("close");
    let mut long = building();
    long["address"] = json!("长".repeat(20_000));
    let mut large = building();
    large["address"] = json!("长".repeat(200_000));

    let cases = [
        (register("premises/b-1/register", &building()), 422, "already_exists"),
        (register("premises/b-2/register", &json!({ "layer": "building" })), 400, "malformed"),
        (register("premises/b-2/rename", &json!({})), 400, "malformed"),
        (register("premises/Ümlaut/register", &building()), 400, "malformed"),
        (register("castle/c-1/storm", &json!({})), 400, "malformed"),
        (register("premises/b-1/assign_assessor", &json!({ "account": "a-2" })), 422, "role_needed"),
        (stale, 409, "stale_version"),
        (forged, 403, "wrong_csrf_token"),
        (nobody, 401, "not_signed_in"),
        (without_id, 400, "malformed"),
        (with_derived_id, 400, "malformed"),
        (twice, 400, "malformed"),
        (twice_below, 400, "malformed"),
        (no_json, 400, "malformed"),
        (form, 415, "not_json"),
        (register("premises/b-2/register", &other_command), 400, "malformed"),
        (register("premises/b-2/register", &long), 413, "too_large"),
        (register("premises/b-2/register", &large), 413, "too_large"),
        (server.sign_in("wrong"), 401, "wrong_name_or_password"),
    ];
    for (request, status, code) in cases {
        let told = format!("{request:?}");
        let (got, body, _) = server.send(request).await;
        assert_eq!((got.as_u16(), body["title"].as_str()), (status, Some(code)), "{told}: {body}");
        assert!(body["detail"].as_str().unwrap().len() > 20, "{body}");
    }
    let (status, body, _) = server.send(register("premises/b-2/register", &large)).await;
    assert_eq!((status, &body["title"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("too_large")), "{body}");
    assert_eq!(server.size(), before, "nothing half done");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_ledger_may_not_keep_is_answered_by_a_problem_that_says_what_it_is() {
    let server = Server::new().await;
    let id = Uuid::now_v7();
    let (status, ..) = server.send(server.command("premises/b-1/register", id, &building())).await;
    assert_eq!(status, StatusCode::CREATED);
    let before = server.size();

    // fits the body's limit and is too long for an entry
    let mut long = building();
    long["address"] = json!("长".repeat(30_000));
    let mut another = building();
    another["address"] = json!("石井街道2号");
    let written = |text: &str| {
        let mut request = server.command("premises/b-2/register", Uuid::now_v7(), &json!({}));
        *request.body_mut() = Body::from(text.to_owned());
        request
    };
    let storeys = |number: &str| {
        written(&format!(r#"{{"layer":"building","address":"石井街道3号","storeys":{number}}}"#))
    };
    let mut foreign_type = written("layer=building");
    foreign_type.headers_mut().insert("content-type", "text/plain".parse().unwrap());
    let cases = [
        (server.command("premises/b-2/register", Uuid::now_v7(), &long), 413, "too_large"),
        (server.command("premises/b-2/register", id, &another), 409, "different_command"),
        (server.command("premises/b-1/register", id, &another), 409, "different_command"),
        (written("{\"layer\":"), 400, "malformed"),
        (written("{\"layer\":1}{"), 400, "malformed"),
        (written("[1,2]"), 400, "malformed"),
        (storeys("1.5"), 400, "malformed"),
        (storeys("9007199254740993"), 400, "malformed"),
        (storeys("1e400"), 400, "malformed"),
        (storeys("-1"), 400, "malformed"),
        (foreign_type, 415, "not_json"),
    ];
    for (request, status, code) in cases {
        let told = format!("{request:?}");
        let (got, body, _) = server.send(request).await;
        assert_eq!((got.as_u16(), body["title"].as_str()), (status, Some(code)), "{told}: {body}");
        assert!(body["detail"].as_str().unwrap().len() > 40, "{body}");
        assert_eq!(server.size(), before, "{told}: nothing was recorded");
    }
    // a key that has ended signs no more
    let (_, kid) = server.app.office.login("clerk").unwrap().unwrap();
    server.app.ledger.revoke(&Kid::parse(kid).unwrap(), "lost", None, Author::Registrar).await.unwrap();
    let before = server.size();
    let (status, body, _) =
        server.send(server.command("premises/b-3/register", Uuid::now_v7(), &building())).await;
    assert_eq!((status.as_u16(), &body["title"]), (403, &json!("key_ended")), "{body}");
    assert_eq!(server.size(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_sends_a_stranger_to_the_sign_in_page() {
    let server = Server::new().await;
    let response =
        server.router.clone().oneshot(Request::get("/desk").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(
        (response.status(), response.headers()["location"].to_str().unwrap()),
        (StatusCode::SEE_OTHER, "/sign-in?to=%2Fdesk")
    );
    // a session that has ended while somebody wrote: the way back, and a word that nothing was recorded
    let late = Request::post("/desk/premises/p-1").header("cookie", "wuping-session=over");
    let late = late.header("referer", "http://127.0.0.1/desk/premises/p-1?x=1").body(Body::empty()).unwrap();
    let response = server.router.clone().oneshot(late).await.unwrap();
    let door = response.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(door, "/sign-in?to=%2Fdesk%2Fpremises%2Fp-1%3Fx%3D1&ended=yes");
    let page = server.router.clone().oneshot(Request::get(&door).body(Body::empty()).unwrap()).await.unwrap();
    let page = to_bytes(page.into_body(), usize::MAX).await.unwrap();
    let page = String::from_utf8_lossy(&page).into_owned();
    assert!(page.contains("登录已经结束") && page.contains("没有记录"), "{page}");
    assert!(page.contains("action=\"/sign-in?to=%2Fdesk%2Fpremises%2Fp-1%3Fx%3D1\""), "{page}");
    let elsewhere = Request::get("/sign-in?to=//evil.example/").body(Body::empty()).unwrap();
    let page = server.router.clone().oneshot(elsewhere).await.unwrap();
    let page = to_bytes(page.into_body(), usize::MAX).await.unwrap();
    assert!(!String::from_utf8_lossy(&page).contains("evil.example"), "nobody is sent to another site");
    let signed = Request::get("/desk").header("cookie", &server.cookie).body(Body::empty()).unwrap();
    let response = server.router.clone().oneshot(signed).await.unwrap();
    let page = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    assert!(String::from_utf8_lossy(&page).contains("待办"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_says_nothing_that_the_person_did_not() {
    let server = Server::new().await;
    let before = server.size();
    let said = "action=consider_statement&text=reasons";
    let form =
        format!("csrf={}&command_id={}&determination=1&expected=1&{said}", server.csrf, Uuid::now_v7());
    let request = Request::post("/desk/grades/b-1")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("cookie", &server.cookie)
        .body(Body::from(form))
        .unwrap();
    let response = server.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    assert!(String::from_utf8_lossy(&page).contains("有一项没有选择"));
    assert_eq!(server.size(), before);
}
