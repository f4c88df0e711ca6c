//! What the pages of matters and of residents refuse, and that a refusal loses nothing that was typed and records nothing.

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
    _folder: TempDir,
}

/// Somebody who is signed in.
struct Person {
    cookie: String,
    csrf: String,
}

struct Answer {
    status: StatusCode,
    text: String,
    location: String,
}

impl House {
    /// A building in 石井 that p-1 owns, and its people.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = Arc::new(App::create(folder.path(), "ledger.example/matters", false).unwrap());
        for rulebook in shelf::pingshan().unwrap() {
            app.ledger.writer().keep_scheme(rulebook.document()).await.unwrap();
        }
        let router = web::router(app.clone(), "");
        let house = Self { app, router, _folder: folder };
        let building = json!({ "command": "register", "layer": "building", "address": "石井街道1号", "subdistrict": "石井" });
        house.receive("premises/b-1", building).await;
        let owner = json!({ "command": "name_party", "party": "p-1", "role": "owner", "from": "2020-01-01", "basis": "lease" });
        house.receive("premises/b-1", owner).await;
        let neighbour = json!({ "command": "register", "kind": "person", "name": "邻某" });
        house.receive("party/p-2", neighbour).await;
        for (login, grant) in [
            ("grid", json!({ "role": "grid_worker" })),
            ("fire", json!({ "role": "department_officer", "department": "fire" })),
            ("police", json!({ "role": "department_officer", "department": "police" })),
            ("owner", json!({ "role": "owner", "party": "p-1" })),
            ("neighbour", json!({ "role": "owner", "party": "p-2" })),
        ] {
            let account = format!("account/a-{login}");
            house.receive(&account, json!({ "command": "open", "name": "某人" })).await;
            let mut command = grant;
            command["command"] = json!("grant");
            house.receive(&account, command).await;
            let kid = house.app.ledger.enrol_officer(&format!("a-{login}")).await.unwrap();
            house.app.office.set_login(login, &format!("a-{login}"), kid.as_str(), "correct horse").unwrap();
        }
        house
    }

    async fn receive(&self, stream: &str, command: Value) {
        let counter = Who::Channel { name: "counter".into(), reference: "test".into() };
        let asked = Asked {
            id: Uuid::now_v7(),
            stream: stream.into(),
            command,
            expected: None,
            occurred_at: Timestamp::now(),
        };
        self.app.execute(&counter, asked).await.unwrap();
    }

    /// A hazard of the fire department that somebody found.
    async fn hazard(&self, by: &str) {
        let (account, kid) = self.app.office.login(by).unwrap().unwrap();
        let who = Who::Person { account, kid: wuping_ledger::keys::Kid::parse(kid).unwrap() };
        let [_, building, _] = shelf::pingshan().unwrap();
        let command = json!({
            "command": "find", "indicator": "hydrant_or_hose", "severity": "general", "works": "repair",
            "competent": "fire", "source": "patrol", "note": "水带破损", "scheme": building.scheme,
        });
        let stream = "premises/b-1/hazard/h-1".to_owned();
        let asked =
            Asked { id: Uuid::now_v7(), stream, command, expected: None, occurred_at: Timestamp::now() };
        self.app.execute(&who, asked).await.unwrap();
    }

    async fn enter(&self, login: &str) -> Person {
        let credentials = json!({ "login": login, "password": "correct horse" }).to_string();
        let request = Request::post("/api/v1/session").header("content-type", "application/json");
        let request = request.body(Body::from(credentials)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let cookie = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let signed: Value = serde_json::from_slice(&body).unwrap();
        Person { cookie, csrf: signed["csrf"].as_str().unwrap().to_owned() }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let location = response.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        let page = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&page).into_owned();
        Answer { status, text, location: location.unwrap_or_default() }
    }

    async fn open(&self, person: &Person, path: &str) -> Answer {
        self.send(Request::get(path).header("cookie", &person.cookie).body(Body::empty()).unwrap()).await
    }

    /// A form with these fields and files.
    async fn post(
        &self,
        person: Option<&Person>,
        path: &str,
        fields: &[(&str, &str)],
        files: &[(&str, &[u8])],
    ) -> Answer {
        let mut form = Vec::new();
        let csrf = person.map(|person| ("csrf", person.csrf.as_str()));
        for (name, value) in csrf.iter().chain(fields) {
            let part =
                format!("--{EDGE}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            form.extend(part.bytes());
        }
        for (name, file) in files {
            let head = format!(
                "--{EDGE}\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"p\"\r\ncontent-type: image/png\r\n\r\n"
            );
            form.extend(head.bytes());
            form.extend(*file);
            form.extend(b"\r\n");
        }
        form.extend(format!("--{EDGE}--\r\n").bytes());
        let kind = format!("multipart/form-data; boundary={EDGE}");
        let request = Request::post(path).header("content-type", kind);
        let request = match person {
            Some(person) => request.header("cookie", &person.cookie),
            None => request,
        };
        self.send(request.body(Body::from(form)).unwrap()).await
    }

    fn size(&self) -> u64 {
        self.app.reader().size().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_offers_what_the_rules_would_take_and_refuses_what_is_sent_all_the_same() {
    let house = House::new().await;
    house.hazard("grid").await;
    let [fire, police, neighbour] =
        [house.enter("fire").await, house.enter("police").await, house.enter("neighbour").await];
    let page = "/desk/matters/premises/b-1/hazard/h-1";

    let own = house.open(&fire, page).await;
    assert!(own.text.contains("step-review_confirm") && !own.text.contains("step-accept"), "{}", own.text);
    assert!(own.text.contains("水带破损"), "the officer reads the finder's words");
    let other = house.open(&police, page).await;
    assert!(
        !other.text.contains("step-review_confirm") && other.text.contains("消防救援机构"),
        "whose it is is said"
    );
    let stranger = house.open(&neighbour, page).await;
    assert_eq!(stranger.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!stranger.text.contains("水带破损"));

    let before = house.size();
    let id = Uuid::now_v7().to_string();
    let confirm = [("step", "review_confirm"), ("command_id", id.as_str()), ("expected", "2")];
    for person in [&police, &neighbour] {
        let refused = house.post(Some(person), page, &confirm, &[]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    }
    let forged = Person { cookie: fire.cookie.clone(), csrf: "another".into() };
    let unknown = [("step", "review_everything"), ("command_id", id.as_str())];
    let early =
        [("step", "accept"), ("command_id", id.as_str()), ("expected", "2"), ("accept.findings", "好")];
    assert!(house.post(Some(&forged), page, &confirm, &[]).await.text.contains("不是本次登录打开的"));
    assert_eq!(house.post(Some(&fire), page, &unknown, &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(house.post(Some(&fire), page, &early, &[]).await.text.contains("事项的状态已经变化"));
    assert_eq!(house.size(), before, "nothing was recorded");

    let own = Uuid::now_v7().to_string();
    let confirm = [("step", "review_confirm"), ("command_id", own.as_str()), ("expected", "2")];
    let taken = house.post(Some(&fire), page, &confirm, &[]).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text);
    let again = house.post(Some(&fire), page, &confirm, &[]).await;
    assert_eq!(again.location, taken.location, "a second tap is told the same");
    assert!(taken.location.starts_with(&format!("{page}?recorded=")));
    assert!(house.open(&fire, &taken.location).await.text.contains("账本位置"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_found_a_hazard_is_told_that_somebody_else_reviews_it() {
    let house = House::new().await;
    house.hazard("fire").await;
    let fire = house.enter("fire").await;
    let page = house.open(&fire, "/desk/matters/premises/b-1/hazard/h-1").await;
    assert!(!page.text.contains("step-review_confirm"));
    assert!(page.text.contains("发现隐患的人不能审核同一隐患"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_stays_when_something_is_wrong_and_photos_are_kept() {
    let house = House::new().await;
    house.hazard("grid").await;
    let (fire, owner) = (house.enter("fire").await, house.enter("owner").await);
    let page = "/desk/matters/premises/b-1/hazard/h-1";
    let confirm = [("step", "review_confirm"), ("expected", "2")];
    assert_eq!(house.post(Some(&fire), page, &confirm, &[]).await.status, StatusCode::SEE_OTHER);

    let before = house.size();
    let words = "已换新水带<b>";
    let said = [("step", "submit"), ("submit.text", words)];
    let no_photo = house.post(Some(&owner), page, &said, &[("submit.photos", b"%PDF-1.7")]).await;
    assert_eq!(no_photo.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        no_photo.text.contains("所选文件不是照片") && no_photo.text.contains("已换新水带&lt;b&gt;"),
        "{}",
        no_photo.text
    );
    let blank = house
        .post(Some(&owner), page, &[("step", "submit"), ("submit.text", " ")], &[("submit.photos", PNG)])
        .await;
    assert!(blank.text.contains("请填写“整改情况”") && blank.text.contains("已收到 1 张"), "{}", blank.text);
    let kept =
        blank.text.split("name=\"submit.photos.kept\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(house.size(), before);

    let mended = [("step", "submit"), ("submit.text", words), ("submit.photos.kept", kept)];
    let taken = house.post(Some(&owner), page, &mended, &[]).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text);
    let shown = house.open(&owner, page).await;
    let photo = shown.text.split("/desk/photos/").nth(1).unwrap().split('"').next().unwrap();
    let photo = format!("/desk/photos/{photo}");
    assert_eq!(house.open(&owner, &photo).await.status, StatusCode::OK);
    let neighbour = house.enter("neighbour").await;
    assert_eq!(house.open(&neighbour, &photo).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_burdens_somebody_is_asked_once_more() {
    let house = House::new().await;
    house.hazard("grid").await;
    let fire = house.enter("fire").await;
    let page = "/desk/matters/premises/b-1/hazard/h-1";
    house.post(Some(&fire), page, &[("step", "review_confirm"), ("expected", "2")], &[]).await;
    let before = house.size();
    let order = [
        ("step", "order"),
        ("order.what", "更换水带"),
        ("order.parties", "p-1"),
        ("order.document_number", "坪消1号"),
    ];
    let asked = house.post(Some(&fire), page, &order, &[]).await;
    assert_eq!((asked.status, house.size()), (StatusCode::OK, before));
    assert!(asked.text.contains("请核对") && asked.text.contains("更换水带"), "{}", asked.text);
    let sure: Vec<(&str, &str)> = order.iter().copied().chain([("sure", "yes")]).collect();
    assert_eq!(house.post(Some(&fire), page, &sure, &[]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resident_is_followed_by_the_number_alone() {
    let house = House::new().await;
    let before = house.size();
    let form = Uuid::now_v7().to_string();
    let report = "/s/b-1/report";
    let empty = house.post(None, report, &[("command_id", &form), ("text", "有电动车")], &[]).await;
    assert_eq!((empty.status, house.size()), (StatusCode::UNPROCESSABLE_ENTITY, before));
    assert!(empty.text.contains("请选择是什么问题") && empty.text.contains("有电动车"));
    let silent = house.post(None, report, &[("command_id", &form), ("category", "other")], &[]).await;
    assert!(silent.text.contains("请写几句话，或拍一张照片"), "{}", silent.text);
    assert_eq!(house.post(None, "/s/nowhere/report", &[], &[]).await.status, StatusCode::NOT_FOUND);

    let fields = [
        ("command_id", form.as_str()),
        ("category", "other"),
        ("text", "有电动车"),
        ("phone", "13800000000"),
    ];
    let filed = house.post(None, report, &fields, &[]).await;
    assert_eq!(filed.status, StatusCode::SEE_OTHER, "{}", filed.text);
    let again = house.post(None, report, &fields, &[]).await;
    assert_eq!(
        (&again.location, house.size()),
        (&filed.location, before + 1),
        "a second tap gets the first's number"
    );
    let number = filed.location.trim_start_matches("/track/").split('?').next().unwrap().to_owned();
    let stranger = Person { cookie: String::new(), csrf: String::new() };
    let followed = house.open(&stranger, &format!("/track/{number}")).await;
    assert!(
        followed.text.contains("已收到，等待分派") && !followed.text.contains("13800000000"),
        "{}",
        followed.text
    );
    let key = house.app.subject("premises/b-1").unwrap().reports.keys().next().unwrap().clone();
    for guess in [format!("b-1-{key}"), "b-1-0000-0000-0000".to_owned(), key] {
        assert_eq!(
            house.open(&stranger, &format!("/track/{guess}")).await.status,
            StatusCode::NOT_FOUND,
            "{guess}"
        );
    }
    // what is not answered cannot be called unfixed; it can be taken back, once
    let here = format!("/track/{number}");
    let unfixed = house.post(None, &here, &[("step", "reopen"), ("text", "还在")], &[]).await;
    assert_eq!((unfixed.status, house.size()), (StatusCode::UNPROCESSABLE_ENTITY, before + 1));
    let unsure = house.post(None, &here, &[("step", "withdraw")], &[]).await;
    assert_eq!((unsure.status, house.size()), (StatusCode::UNPROCESSABLE_ENTITY, before + 1));
    let sure = [("step", "withdraw"), ("sure", "yes")];
    assert_eq!(house.post(None, &here, &sure, &[]).await.status, StatusCode::SEE_OTHER);
    assert!(house.open(&stranger, &here).await.text.contains("已撤回"));
    let twice = [("step", "withdraw"), ("sure", "yes"), ("text", "再撤一次")];
    let twice = house.post(None, &here, &twice, &[]).await;
    assert_eq!((twice.status, house.size()), (StatusCode::UNPROCESSABLE_ENTITY, before + 2));
}

const EDGE: &str = "edge-of-the-form";
/// The first bytes of a picture.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";
