//! The docket over REST, from a real server: each reads what waits on it and what it may, a reporter the own report by its
//! number, and views made anew say the same.

use std::path::Path;

use crate::program::server::{Client, Server, Session};
use crate::program::wuping;
use serde_json::{Value, json};
use uuid::Uuid;
use wuping_projections::Views;

const REPORT: &str = "0190a3c27b1e7c559f006a1d";

fn told(folder: &Path, words: &[&str]) -> Value {
    let output = wuping(folder).arg("--json").args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

fn account(folder: &Path, login: &str, more: &[&str]) -> String {
    let open = [&["account", "open", login, "--name", login], more].concat();
    told(folder, &open)["password"].as_str().unwrap().to_owned()
}

fn get(server: &Server, session: Option<&Session>, path: &str) -> (u16, Value) {
    let mut headers = vec![("accept-language", "en")];
    headers.extend(session.map(|session| ("cookie", session.cookie.as_str())));
    let (status, body) = Client::to(server.address).get_with(path, &headers).unwrap();
    (status, serde_json::from_str(&body).unwrap_or_default())
}

fn streams(listed: &Value) -> Vec<&str> {
    listed["rows"].as_array().unwrap().iter().map(|row| row["stream"].as_str().unwrap()).collect()
}

/// The same lists after an earlier entry, at a moment and on a day. `found` is where a hazard was found that is confirmed since.
fn lists_are_told_as_they_were(server: &Server, session: &Session, found: u64) {
    let read = |path: &str| get(server, Some(session), path);
    let (status, before) = read(&format!("/api/v1/matters?at={}", found - 1));
    assert_eq!((status, streams(&before)), (200, vec![]), "{before}");
    assert_eq!(before["position"], json!(found - 1));
    let (_, then) = read(&format!("/api/v1/matters?at={found}"));
    assert_eq!((streams(&then).len(), &then["rows"][0]["stage"]), (1, &json!("pending_review")), "{then}");
    let recorded_at = then["rows"][0]["changed_at"].as_str().unwrap().replace('+', "%2B");
    let (_, same) = read(&format!("/api/v1/matters?as_of={recorded_at}&kind=hazard"));
    assert_eq!(same["rows"], then["rows"], "by the time as by the position");
    assert_eq!(read("/api/v1/matters?valid_at=2020-01-01").1["total"], 0, "nothing ran on that day");
    let (_, valid) = read("/api/v1/matters?valid_at=2099-01-01");
    assert_eq!((&valid["total"], &valid["counts"]["hazard"]["total"]), (&json!(2), &json!(1)), "{valid}");
    let (_, first) = read("/api/v1/matters?valid_at=2099-01-01&size=1");
    let next = first["next"].as_str().unwrap();
    let (_, second) = read(&format!("/api/v1/matters?valid_at=2099-01-01&size=1&after={next}"));
    assert_eq!([streams(&first), streams(&second)].concat(), streams(&valid), "a page after the other");
    assert_eq!(read(&format!("/api/v1/undertakings?at={found}")).0, 200);
    assert_eq!(read(&format!("/api/v1/patrols?at={found}")).0, 200);
    for (path, status, kind) in [
        ("/api/v1/matters?at=999999", 404, "not_found"),
        ("/api/v1/matters?as_of=2020-01-01T00:00:00Z", 404, "not_found"),
        ("/api/v1/matters?at=-1", 400, "malformed"),
        ("/api/v1/undertakings?as_of=yesterday", 400, "malformed"),
        ("/api/v1/patrols?day=tomorrow", 400, "malformed"),
    ] {
        let (answered, problem) = read(path);
        assert_eq!((answered, &problem["type"]), (status, &json!(format!("/problems/{kind}"))), "{path}");
    }
}

/// The page's list as a file: the same matters in the same order, chosen by the same filter, and nobody else's.
fn a_list_is_taken_away_as_it_is_shown(server: &Server, officer: &Session, elsewhere: &Session) {
    let file = |session: &Session, more: &str| {
        let headers = [("accept-language", "en"), ("cookie", session.cookie.as_str())];
        let path = format!("/desk/matters?format=csv{more}");
        let (status, file) = Client::to(server.address).get_with(&path, &headers).unwrap();
        assert_eq!(status, 200, "{file}");
        file.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let rows = file(officer, "");
    assert!(rows[0].starts_with("\u{feff}Kind,Matter,") && rows[0].ends_with(",Number"), "{rows:?}");
    let told: Vec<_> = rows[1..].iter().map(|row| row.rsplit(',').next().unwrap()).collect();
    assert_eq!(told, streams(&get(server, Some(officer), "/api/v1/matters").1));
    assert!(
        rows[1..].iter().any(|row| row.contains("Hazard,") && row.contains(",石井街道1号,石井,")),
        "{rows:?}"
    );
    let hazards = file(officer, "&kind=hazard");
    assert_eq!(hazards.len(), 2, "{hazards:?}");
    assert_eq!(file(elsewhere, "").len(), 1, "another subdistrict's are not this one's to take");
}

#[test]
fn each_reads_what_waits_on_it_and_what_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    told(folder, &["init", "--origin", "ledger.example/matters"]);
    let people = [
        ("clerk", vec!["--role", "data_clerk"]),
        ("grid", vec!["--role", "grid_worker", "--area", "石井"]),
        ("far", vec!["--role", "grid_worker", "--area", "碧岭"]),
        ("dispatcher", vec!["--role", "dispatcher", "--area", "石井"]),
        ("fire", vec!["--role", "department_officer", "--department", "fire"]),
        ("owner", vec!["--role", "owner", "--party", "y-1"]),
    ];
    let people = people.map(|(login, more)| (login, account(folder, login, &more)));
    let mut server = Server::start(folder, &[]);
    let sessions = people.map(|(login, password)| (login, server.sign_in(login, &password)));
    let of = |login: &str| &sessions.iter().find(|(name, _)| *name == login).unwrap().1;
    let says = |login: &str, path: &str, body: Value| {
        let answer = Client::to(server.address).command(of(login), path, Uuid::now_v7(), &body).unwrap();
        assert!(answer.status < 300, "{path}: {}", answer.body);
        answer.body["position"].as_u64().unwrap()
    };
    let building =
        json!({ "layer": "building", "address": "石井街道1号", "subdistrict": "石井", "grid_cell": "g-1" });
    says("clerk", "premises/b-1/register", building);
    says(
        "clerk",
        "premises/b-1/name_party",
        json!({ "party": "y-1", "role": "owner", "from": "2020-01-01", "basis": "property_certificate" }),
    );
    let found = json!({
        "indicator": "hydrant_or_hose", "severity": "serious", "works": "repair", "competent": "fire", "source": "patrol"
    });
    let first = says("grid", "premises/b-1/hazard/h-1/find", found);
    let task = json!({ "kind": "visit", "to": "fire", "due": "2099-12-31" });
    says("dispatcher", "premises/b-1/task/t-1/dispatch", task);

    let hazard = "premises/b-1/hazard/h-1";
    let (status, fire) = get(&server, Some(of("fire")), "/api/v1/matters?waits_on=me");
    assert_eq!((status, streams(&fire)), (200, vec!["premises/b-1/task/t-1", hazard]), "{fire}");
    assert_eq!(fire["counts"]["hazard"], json!({ "total": 1, "overdue": 0 }));
    assert_eq!(streams(&get(&server, Some(of("far")), "/api/v1/matters").1), Vec::<&str>::new());
    assert_eq!(
        streams(&get(&server, Some(of("owner")), "/api/v1/matters").1),
        Vec::<&str>::new(),
        "not confirmed"
    );
    assert_eq!(get(&server, Some(of("owner")), &format!("/api/v1/matters/{hazard}")).0, 404);
    let (status, refused) = get(&server, None, "/api/v1/matters");
    assert_eq!((status, &refused["type"]), (401, &json!("/problems/not_signed_in")));

    says("fire", "premises/b-1/hazard/h-1/review", json!({ "outcome": "confirmed", "reason": "属实" }));
    assert_eq!(streams(&get(&server, Some(of("owner")), "/api/v1/matters").1), [hazard]);
    let (_, one) = get(&server, Some(of("owner")), &format!("/api/v1/matters/{hazard}"));
    assert_eq!((&one["stage"], &one["opened"]["position"]), (&json!("confirmed"), &json!(first)));
    let types: Vec<&str> =
        one["history"].as_array().unwrap().iter().map(|entry| entry["type"].as_str().unwrap()).collect();
    assert_eq!((types[0], *types.last().unwrap()), ("HazardFound", "HazardReviewed"));
    assert!(!one.to_string().contains("属实"), "what was typed stays private");
    let (_, then) = get(&server, Some(of("fire")), &format!("/api/v1/matters/{hazard}?at={first}"));
    assert_eq!(then["stage"], "pending_review");

    lists_are_told_as_they_were(&server, of("fire"), first);
    a_list_is_taken_away_as_it_is_shown(&server, of("fire"), of("far"));

    let (status, wrong) = get(&server, Some(of("fire")), "/api/v1/matters?kind=nothing");
    assert_eq!((status, &wrong["type"]), (400, &json!("/problems/malformed")));
    assert_eq!(get(&server, Some(of("far")), "/api/v1/patrols?worker=a-somebody-else").0, 403);
    let (status, rounds) = get(&server, Some(of("grid")), "/api/v1/patrols?day=2026-03-09");
    assert_eq!((status, &rounds["day"]), (200, &json!("2026-03-09")));
    assert_eq!(get(&server, None, &format!("/api/v1/reports/{REPORT}")).0, 404);
    let (status, page) = Client::to(server.address)
        .get_with("/desk", &[("accept-language", "en"), ("cookie", &of("fire").cookie)])
        .unwrap();
    assert!(status == 200 && page.contains("/desk/matters/premises/b-1/hazard/h-1"), "{page}");
    let (status, page) =
        Client::to(server.address).get_with("/my", &[("cookie", &of("owner").cookie)]).unwrap();
    assert!(status == 200 && page.contains("石井街道1号"), "{page}");

    server.child.kill().unwrap();
    server.child.wait().unwrap();
    let (kept_up, progress) = Views::at(&folder.join("views.db")).digest().unwrap();
    let anew = told(folder, &["rebuild"]);
    assert_eq!(
        (anew["digest"].as_str(), anew["position"].as_u64()),
        (Some(kept_up.as_str()), progress.position())
    );
}
