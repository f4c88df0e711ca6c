//! Signing in at the door that everybody may knock at: what is let in at once, what is slowed and sent away, and what ends a session.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::timeout;
use tower::ServiceExt;
use uuid::Uuid;
use wuping::app::App;
use wuping::web;

use crate::program::server::{Client, Server};
use crate::program::{On, init, told};

struct Door {
    router: Router,
    _folder: TempDir,
}

impl Door {
    /// A house with one login, at the address that people type.
    fn of(public_address: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = Arc::new(App::create(folder.path(), "ledger.example/door", false).unwrap());
        app.office.set_login("li", "a-1", &"A".repeat(43), "correct horse").unwrap();
        Self { router: web::router(app, public_address), _folder: folder }
    }

    /// Somebody signs in on the page, from 10.0.0.`from`.
    fn on_page(&self, from: u8, login: &str, password: &str, cookie: &str) -> impl Future<Output = Response> {
        let form = "application/x-www-form-urlencoded";
        let body = format!("login={login}&password={}", password.replace(' ', "+"));
        let request = Request::post("/sign-in").header("cookie", cookie).header("content-type", form);
        self.ask(from, request.header("accept-language", "en").body(body.into()).unwrap())
    }

    /// A program does.
    fn over_rest(&self, from: u8, login: &str, password: &str) -> impl Future<Output = Response> {
        let body = json!({ "login": login, "password": password }).to_string();
        let request = Request::post("/api/v1/session").header("content-type", "application/json");
        self.ask(from, request.header("accept-language", "zh").body(body.into()).unwrap())
    }

    fn ask(&self, from: u8, mut request: Request<Body>) -> impl Future<Output = Response> {
        let address = SocketAddr::new(IpAddr::from([10, 0, 0, from]), 40_000);
        request.extensions_mut().insert(ConnectInfo(address));
        let router = self.router.clone();
        async move { router.oneshot(request).await.unwrap() }
    }

    /// Tries under names that nobody has, from one address, until one is sent away: those before wait for their turn to be looked
    /// at, which nobody stays for.
    async fn is_stormed_from(&self, from: u8) {
        for number in 0..200 {
            let tried = timeout(MOMENT, self.over_rest(from, &format!("nobody-{number}"), "guessed")).await;
            if tried.is_ok_and(|answer| answer.status() == StatusCode::TOO_MANY_REQUESTS) {
                return;
            }
        }
        panic!("two hundred tries are taken");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_mistyped_twice_is_let_in_at_once() {
    let door = Door::of("");
    for _ in 0..2 {
        assert_eq!(door.on_page(1, "li", "correct hrose", "").await.status(), StatusCode::UNAUTHORIZED);
    }
    let entered = timeout(Duration::from_secs(20), door.on_page(1, "li", "correct horse", "")).await;
    assert_eq!(entered.unwrap().headers()["location"], "/desk");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_guesses_is_sent_away_and_neither_others_nor_known_browsers_are() {
    let door = Door::of("");
    let entered = door.on_page(7, "li", "correct horse", "").await;
    let known = cookies(&entered).into_iter().find(|cookie| cookie.starts_with("wuping-browser=")).unwrap();
    let known = known.split(';').next().unwrap();
    door.is_stormed_from(7).await;

    let away = timeout(SOON, door.over_rest(7, "li", "correct horse")).await.expect("it waits for nothing");
    assert_eq!(away.status(), StatusCode::TOO_MANY_REQUESTS);
    let seconds: u64 = away.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=20).contains(&seconds), "{seconds}");
    let problem: Value = serde_json::from_slice(&bytes(away).await).unwrap();
    assert_eq!(problem["type"], "/problems/too_many_tries");
    assert!(problem["detail"].as_str().unwrap().contains("账号没有被锁住"), "{problem}");
    door.is_stormed_from(7).await;
    let away = door.on_page(7, "li", "correct horse", "").await;
    assert_eq!(away.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(away.headers().contains_key(header::RETRY_AFTER));
    assert!(String::from_utf8(bytes(away).await).unwrap().contains("No account is locked"));

    let elsewhere = door.on_page(8, "li", "correct horse", "").await;
    assert_eq!(elsewhere.status(), StatusCode::SEE_OTHER, "from another address");
    let own = door.on_page(7, "li", "correct horse", known).await;
    assert_eq!(own.status(), StatusCode::SEE_OTHER, "a browser that the person signed in with before");
    door.is_stormed_from(7).await;
    let made_up = door.on_page(7, "li", "correct horse", "wuping-browser=AAAA.AAAA").await;
    assert_eq!(made_up.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_go_over_encrypted_connections_only_where_people_type_such_an_address() {
    for (address, secure) in [("https://wuping.example", true), ("http://10.0.0.7:8080", false), ("", false)]
    {
        let door = Door::of(address);
        let on_page = cookies(&door.on_page(1, "li", "correct horse", "").await);
        assert_eq!(on_page.len(), 2, "{on_page:?}");
        let over_rest = cookies(&door.over_rest(1, "li", "correct horse").await);
        assert_eq!(over_rest.len(), 1, "programs take one cookie: {over_rest:?}");
        for cookie in on_page.iter().chain(&over_rest) {
            assert_eq!(cookie.ends_with("; Secure"), secure, "{address}: {cookie}");
        }
    }
}

#[test]
fn a_new_password_signs_out_whoever_signed_in_with_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    init(folder, On::Sqlite, "ledger.example/door");
    let open = ["account", "open", "clerk", "--name", "某人", "--role", "data_clerk", "--json"];
    let old = told(folder, &open)["password"].as_str().unwrap().to_owned();
    let server = Server::start(folder, &[]);
    let session = server.sign_in("clerk", &old);
    server.end();

    let server = Server::start(folder, &[]);
    let register = |server: &Server, name: &str| {
        let body = json!({ "layer": "building", "address": "石井街道1号" });
        let path = format!("premises/{name}/register");
        Client::to(server.address).command(&session, &path, Uuid::now_v7(), &body).unwrap()
    };
    assert_eq!(register(&server, "b-1").status, 201, "another start of the server ends no session");
    server.end();

    let new =
        told(folder, &["account", "password", "clerk", "--json"])["password"].as_str().unwrap().to_owned();
    let server = Server::start(folder, &[]);
    let refused = register(&server, "b-2");
    assert_eq!((refused.status, &refused.body["title"]), (401, &json!("not_signed_in")), "{}", refused.body);
    server.sign_in("clerk", &new);
    server.end();
}

fn cookies(answer: &Response) -> Vec<String> {
    let all = answer.headers().get_all(header::SET_COOKIE).iter();
    all.map(|cookie| cookie.to_str().unwrap().to_owned()).collect()
}

async fn bytes(answer: Response) -> Vec<u8> {
    to_bytes(answer.into_body(), usize::MAX).await.unwrap().to_vec()
}

/// What a try that is not looked at needs no longer than.
const SOON: Duration = Duration::from_secs(3);
/// Long enough for a try to be counted, and too short for one that waits.
const MOMENT: Duration = Duration::from_millis(30);
