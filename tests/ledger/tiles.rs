//! A log verified by somebody who has no database of it: from an export, from the program's own server, and from any
//! server of files.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::program::server::Server;
use crate::program::{copy, first_rows, run, said, told, wuping};
use serde_json::Value;
use tempfile::TempDir;

/// A ledger with some hundred entries and an auditor.
struct Place {
    place: TempDir,
    log_key: String,
    password: String,
}

impl Place {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let (folder, rows) = (place.path().join("ledger"), place.path().join("rows.csv"));
        first_rows(60, &rows);
        let made = told(&folder, &["init", "--origin", "ledger.example/tiles", "--json"]);
        told(&folder, &["import", "toronto-evaluations", rows.to_str().unwrap(), "--json"]);
        let auditor = ["account", "open", "auditor", "--name", "赵思远", "--role", "auditor", "--json"];
        let password = told(&folder, &auditor)["password"].as_str().unwrap().to_owned();
        Self { place, log_key: made["log_key"].as_str().unwrap().to_owned(), password }
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn verify(&self, arguments: &[&str]) -> Output {
        let nowhere = self.folder("nowhere");
        wuping(&nowhere)
            .arg("verify")
            .args(arguments)
            .env("WUPING_PASSWORD", &self.password)
            .output()
            .unwrap()
    }
}

fn json(ran: &Output) -> Value {
    serde_json::from_slice(&ran.stdout).unwrap_or_else(|_| panic!("{}", said(ran)))
}

#[test]
fn an_auditor_verifies_what_the_server_serves_and_nobody_else_reads_the_entries() {
    let place = Place::new();
    let server = Server::start(&place.folder("ledger"), &[]);
    let log = format!("http://{}/log", server.address);
    let arguments = ["--tiles", &log, "--log-key", &place.log_key, "--json"];
    let public = place.verify(&arguments);
    assert_eq!(public.status.code(), Some(2), "{}", said(&public));
    assert!(said(&public).contains("only auditors may read it"), "{}", said(&public));
    let signed_in = place.verify(&[arguments.as_slice(), &["--login", "auditor"]].concat());
    assert_eq!(signed_in.status.code(), Some(0), "{}", said(&signed_in));
    let over_the_web = json(&signed_in);
    assert!(
        over_the_web["size"].as_u64().unwrap() > 300
            && over_the_web["results_rederived"].as_u64().unwrap() > 50
    );
    let elsewhere = place.verify(&["--tiles", &format!("http://{}", server.address), "--level", "2"]);
    assert_eq!(elsewhere.status.code(), Some(2), "{}", said(&elsewhere));
    drop(server);
    let mut with_database = told(&place.folder("ledger"), &["verify", "--log-key", &place.log_key, "--json"]);
    // private values lie beside the database and nowhere else
    assert!(with_database["private_values"].as_str().unwrap().contains("opened"), "{with_database}");
    with_database["private_values"] = over_the_web["private_values"].clone();
    assert_eq!(over_the_web, with_database, "the same checks come to the same report");
    let gone = place.verify(&["--tiles", &log]);
    assert_eq!(gone.status.code(), Some(2), "{}", said(&gone));
}

#[test]
fn any_server_of_files_will_do_and_what_it_leaves_out_is_a_finding() {
    let place = Place::new();
    let exported = place.folder("static");
    told(&place.folder("ledger"), &["export", "tiles", exported.to_str().unwrap(), "--json"]);
    let address = format!("http://{}", serve_files(exported.clone()));
    let sound = place.verify(&["--tiles", &address]);
    assert_eq!(sound.status.code(), Some(0), "{}", said(&sound));
    assert!(said(&sound).contains("the log key was not brought along"), "{}", said(&sound));
    std::fs::remove_file(exported.join("tile/0/000")).unwrap();
    let missing = place.verify(&["--tiles", &address, "--json"]);
    assert_eq!(missing.status.code(), Some(1), "{}", said(&missing));
    let findings = json(&missing)["findings"].clone();
    assert_eq!(
        (findings[0]["position"].as_u64(), findings[0]["detail"].as_str()),
        (Some(0), Some("tile/0/000 is not there"))
    );
    let truncated = place.verify(&["--tiles", &format!("{address}/cut")]);
    assert_eq!(truncated.status.code(), Some(2), "{}", said(&truncated));
    for (path, says) in [("page", "text/html"), ("none", "there is no checkpoint")] {
        let refused = place.verify(&["--tiles", &format!("{address}/{path}")]);
        assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
        assert!(said(&refused).contains(says), "{path}: {}", said(&refused));
    }
}

#[test]
fn a_fork_of_the_ledger_is_told_by_a_checkpoint_that_was_kept() {
    let place = Place::new();
    let (folder, forked) = (place.folder("ledger"), place.folder("forked"));
    copy(&folder, &forked);
    let open = |folder: &Path, login: &str| {
        told(folder, &["account", "open", login, "--name", "某人", "--role", "data_clerk", "--json"]);
    };
    let kept = place.folder("kept");
    let keep = |folder: &Path| {
        let exported = place.folder("to-keep");
        let _ = std::fs::remove_dir_all(&exported);
        told(folder, &["export", "tiles", exported.to_str().unwrap(), "--json"]);
        std::fs::copy(exported.join("checkpoint"), &kept).unwrap();
    };
    keep(&folder);
    open(&folder, "li");
    open(&forked, "wang");
    let since = ["verify", "--level", "2", "--since", kept.to_str().unwrap(), "--json"];
    for folder in [&folder, &forked] {
        assert!(
            told(folder, &since)["continues"][0].as_u64().unwrap() > 300,
            "both continue what was before"
        );
    }
    keep(&folder);
    assert!(run(&folder, &since).status.success());
    open(&forked, "zhao");
    let told_apart = run(&forked, &since);
    assert_eq!(told_apart.status.code(), Some(1), "{}", said(&told_apart));
    let findings = json(&told_apart)["findings"].clone();
    assert_eq!(findings.as_array().unwrap().len(), 1);
    assert_eq!(findings[0]["code"], "history-rewritten");
    let size = std::fs::read_to_string(&kept).unwrap().lines().nth(1).unwrap().to_owned();
    assert!(findings[0]["detail"].as_str().unwrap().contains(&format!("over {size} entries")), "{findings}");
    // a backup and static files are held to it alike
    let (backup, exported) = (place.folder("backup.wuping"), place.folder("static"));
    told(&forked, &["backup", backup.to_str().unwrap(), "--json"]);
    told(&forked, &["export", "tiles", exported.to_str().unwrap(), "--json"]);
    for (option, copy) in [("--backup", &backup), ("--tiles", &exported)] {
        let copy =
            ["--level", "2", option, copy.to_str().unwrap(), "--since", kept.to_str().unwrap(), "--json"];
        let verified = place.verify(&copy);
        assert_eq!(verified.status.code(), Some(1), "{}", said(&verified));
        assert_eq!(json(&verified)["findings"][0]["code"], "history-rewritten");
    }
}

#[test]
fn entries_of_a_key_that_is_suspected_later_are_told_as_contested() {
    let place = Place::new();
    let folder = place.folder("ledger");
    let listed = run(&folder, &["key", "list", "--json"]);
    let keys = std::str::from_utf8(&listed.stdout).unwrap().lines();
    let mut keys = keys.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let intake = keys.find(|key| key["role"] == "intake" && key["until"].is_null()).unwrap();
    let kid = intake["kid"].as_str().unwrap().to_owned();
    let before = told(&folder, &["verify", "--level", "4", "--json"]);
    assert_eq!(before["contested"], 0);
    let root = folder.join("root-1.key");
    let (suspect, size) = (200_u64, before["size"].as_u64().unwrap());
    let revoke = [
        "key",
        "revoke",
        &kid,
        "--reason",
        "lost",
        "--suspect-from",
        "200",
        "--root-key",
        root.to_str().unwrap(),
        "--json",
    ];
    told(&folder, &revoke);
    let exported = place.folder("static");
    told(&folder, &["export", "tiles", exported.to_str().unwrap(), "--json"]);
    let after = told(&folder, &["verify", "--level", "4", "--json"]);
    let copy = json(&place.verify(&["--level", "4", "--tiles", exported.to_str().unwrap(), "--json"]));
    for told in [&after, &copy] {
        let positions: Vec<u64> =
            told["contested_positions"].as_array().unwrap().iter().map(|at| at.as_u64().unwrap()).collect();
        assert_eq!(told["findings"].as_array().unwrap().len(), 0, "they stay valid");
        assert_eq!(told["contested"].as_u64().unwrap() as usize, positions.len());
        assert!(
            positions.len() > 50 && positions.iter().all(|at| (suspect..size).contains(at)),
            "{positions:?}"
        );
    }
    assert!(said(&run(&folder, &["verify", "--level", "4"])).contains("entries are contested"));
    let first = after["contested_positions"][0].as_u64().unwrap();
    let reader = wuping_ledger::reader::Reader::open(&folder).unwrap();
    let stream = reader.row(first).unwrap().unwrap().aggregate_id;
    let history = told(&folder, &["history", &stream, "--json"]);
    for entry in history.as_array().unwrap() {
        let contested = entry["kid"] == kid.as_str() && entry["position"].as_u64().unwrap() >= suspect;
        assert_eq!(entry["contested"], contested, "{entry}");
    }
    assert!(said(&run(&folder, &["history", &stream])).contains("contested 存疑"));
}

/// A server of files that knows nothing of logs; under `page` it answers a page to everything, under `cut` half of a file.
fn serve_files(folder: PathBuf) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let mut read = BufReader::new(connection.try_clone().unwrap());
            let mut line = String::new();
            while read.read_line(&mut line).is_ok_and(|read| read > 2) {
                if !line.ends_with("\r\n\r\n") && line.len() > 64 * 1024 {
                    break;
                }
            }
            let path = line.split(' ').nth(1).unwrap_or("/").trim_start_matches('/').to_owned();
            let page = path.starts_with("page/");
            let (path, cut) = path.strip_prefix("cut/").map_or((path.as_str(), false), |path| (path, true));
            let (status, body) = match std::fs::read(folder.join(path)) {
                _ if page => ("200 OK", b"<!doctype html>".to_vec()),
                Ok(body) => ("200 OK", body),
                Err(_) => ("404 Not Found", vec![]),
            };
            let kind = if page { "text/html" } else { "application/octet-stream" };
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let sent = if cut { &body[..body.len() / 2] } else { &body[..] };
            let mut connection = connection;
            let _ = connection.write_all(head.as_bytes()).and_then(|()| connection.write_all(sent));
        }
    });
    address
}
