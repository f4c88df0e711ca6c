//! What comes with a form of the desk and is no photo, or too much of it: refused on a page that says so, and not kept.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::program::small_disk::SmallDisk;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;
use uuid::Uuid;
use wuping::app::{App, Asked, Who};
use wuping::{shelf, web};
use wuping_ledger::timestamp::Timestamp;
use wuping_replay::verify::verify_folder;

struct Desk {
    app: Arc<App>,
    router: axum::Router,
    cookie: String,
    csrf: String,
    folder: PathBuf,
    _kept: Option<TempDir>,
}

impl Desk {
    /// A unit under assessment, and the grid worker who assesses it, signed in.
    async fn new() -> Self {
        let kept = tempfile::tempdir().unwrap();
        let desk = Self::in_folder(kept.path()).await;
        Self { _kept: Some(kept), ..desk }
    }

    async fn in_folder(folder: &Path) -> Self {
        let app = Arc::new(App::create(folder, "ledger.example/photos", false).unwrap());
        let [unit, ..] = shelf::pingshan().unwrap();
        app.ledger.writer().keep_scheme(unit.document()).await.unwrap();
        let counter = Who::Channel { name: "counter".into(), reference: "test".into() };
        let register =
            json!({ "command": "register", "layer": "unit", "parent": "b-1", "address": "石井街道1号101" });
        for (stream, command) in [
            ("account/a-1", json!({ "command": "open", "name": "某人" })),
            ("account/a-1", json!({ "command": "grant", "role": "grid_worker" })),
            ("premises/u-1", register),
        ] {
            say(&app, &counter, stream, command).await;
        }
        let kid = app.ledger.enrol_officer("a-1").await.unwrap();
        app.office.set_login("li", "a-1", kid.as_str(), "correct horse").unwrap();
        let li = Who::Person { account: "a-1".into(), kid };
        let open = json!({ "command": "open", "scheme": unit.scheme, "reason": "first" });
        say(&app, &li, "premises/u-1/assessment/a1", open).await;

        let router = web::router(app.clone(), "");
        let credentials = json!({ "login": "li", "password": "correct horse" }).to_string();
        let request = Request::post("/api/v1/session").header("content-type", "application/json");
        let response = router.clone().oneshot(request.body(Body::from(credentials)).unwrap()).await.unwrap();
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let signed: Value = serde_json::from_slice(&body).unwrap();
        Self {
            app,
            router,
            cookie,
            csrf: signed["csrf"].as_str().unwrap().to_owned(),
            folder: folder.to_owned(),
            _kept: None,
        }
    }

    /// The filled-in form with this file as its photo.
    async fn save(&self, file_name: &str, file: &[u8]) -> (StatusCode, String) {
        self.send(&self.csrf, &[(file_name, file)]).await
    }

    async fn send(&self, csrf: &str, files: &[(&str, &[u8])]) -> (StatusCode, String) {
        let command_id = Uuid::now_v7().to_string();
        let fields = [("csrf", csrf), ("command_id", &command_id), ("result-smoke_alarm", "unmet")];
        let mut form = Vec::new();
        for (name, value) in fields {
            form.extend(
                format!("--{EDGE}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                    .bytes(),
            );
        }
        for (file_name, file) in files {
            let head = format!(
                "--{EDGE}\r\ncontent-disposition: form-data; name=\"photo-smoke_alarm\"; filename=\"{file_name}\"\r\n\
                 content-type: image/jpeg\r\n\r\n"
            );
            form.extend(head.bytes());
            form.extend(*file);
            form.extend(b"\r\n");
        }
        form.extend(format!("--{EDGE}--\r\n").bytes());
        let request = Request::post("/desk/assessments/u-1/a1")
            .header("content-type", format!("multipart/form-data; boundary={EDGE}"))
            .header("cookie", &self.cookie)
            .body(Body::from(form))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let page = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8_lossy(&page).into_owned())
    }

    fn size(&self) -> u64 {
        self.app.reader().size().unwrap()
    }

    fn kept(&self) -> usize {
        files(&self.folder.join("attachments"))
    }
}

async fn say(app: &App, who: &Who, stream: &str, command: Value) {
    let (id, stream, occurred_at) = (Uuid::now_v7(), stream.to_owned(), Timestamp::now());
    app.execute(who, Asked { id, stream, command, expected: None, occurred_at }).await.unwrap();
}

/// How many files lie in a folder and those in it.
fn files(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let count = |path: &Path| if path.is_dir() { files(path) } else { 1 };
    entries.map(|entry| count(&entry.unwrap().path())).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_photo_is_refused_and_not_kept() {
    let desk = Desk::new().await;
    let size = desk.size();
    for (name, file) in [
        ("wall.jpg", b"this is a text, whatever its name says".as_slice()),
        ("wall.jpg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("wall.gif", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"),
        ("wall.pdf", b"%PDF-1.7\n"),
    ] {
        let (status, page) = desk.save(name, file).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(page.contains("所选文件不是照片") && page.contains("JPEG"), "{page}");
        assert_eq!((desk.size(), desk.kept()), (size, 0), "{name}");
    }
    let both = [("wall.jpg", PHOTO), ("wall-2.jpg", b"no photo".as_slice())];
    assert_eq!(desk.send(&desk.csrf, &both).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(desk.send("another", &[("wall.jpg", PHOTO)]).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        (desk.size(), desk.kept()),
        (size, 0),
        "a good photo of a form that is refused is not kept either"
    );
    let (status, page) = desk.save("wall.jpg", PHOTO).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "a photo is taken: {page}");
    assert_eq!((desk.size(), desk.kept()), (size + 1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_too_large_is_refused_and_not_kept() {
    let desk = Desk::new().await;
    let size = desk.size();
    let mut large = PHOTO.to_vec();
    large.resize(65 * 1024 * 1024, 0);
    let (status, page) = desk.save("wall.jpg", &large).await;
    assert!([StatusCode::PAYLOAD_TOO_LARGE, StatusCode::UNPROCESSABLE_ENTITY].contains(&status), "{status}");
    assert!(page.contains("表单太大"), "{page}");
    assert_eq!((desk.size(), desk.kept()), (size, 0));
    // a photo of more than the eight megabytes that the page promises
    large.truncate(8 * 1024 * 1024 + 1);
    let (status, page) = desk.save("wall.jpg", &large).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("8兆"), "{page}");
    assert_eq!((desk.size(), desk.kept()), (size, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_for_which_the_disk_has_no_room_is_refused_and_taken_when_it_has() {
    let Some(disk) = SmallDisk::mounted(32) else { return };
    let folder = disk.path().join("house");
    let desk = Desk::in_folder(&folder).await;
    let size = desk.size();
    let mut photo = PHOTO.to_vec();
    photo.resize(2 * 1024 * 1024, 0);
    disk.fill();
    let (status, page) = desk.save("wall.jpg", &photo).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("磁盘满了") && page.contains("腾出空间"), "{page}");
    assert_eq!((desk.size(), desk.kept()), (size, 0), "not even a part of it is kept");
    disk.make_room();
    let (status, page) = desk.save("wall.jpg", &photo).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "a photo is taken: {page}");
    assert_eq!((desk.size(), desk.kept()), (size + 1, 1));
    let sound = verify_folder(&folder).unwrap();
    assert_eq!(sound.findings, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_that_is_taken_away_is_missed_at_the_entry_that_names_it() {
    let desk = Desk::new().await;
    let size = desk.size();
    assert_eq!(desk.save("wall.jpg", PHOTO).await.0, StatusCode::SEE_OTHER);
    let found = || verify_folder(&desk.folder).unwrap().findings;
    assert_eq!(found(), []);
    std::fs::remove_dir_all(desk.folder.join("attachments")).unwrap();
    let findings = found();
    let told: Vec<_> = findings.iter().map(|finding| (finding.position, finding.code.as_str())).collect();
    assert_eq!(told, [(Some(size), "attachment-missing")]);
    assert!(findings[0].detail.contains("restore it from a backup"), "{}", findings[0].detail);
}

const EDGE: &str = "----wuping";
/// As much of a JPEG as tells what it is: a frame of one pixel.
const PHOTO: &[u8] = &[
    0xff, 0xd8, 0xff, 0xe0, 0, 16, b'J', b'F', b'I', b'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0xff, 0xc0, 0, 11,
    8, 0, 1, 0, 1, 1, 1, 0x11, 0, 0xff, 0xd9,
];
