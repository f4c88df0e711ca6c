//! A log of as many entries as `WUPING_EVENTS` says is exported, and served while the export is made; tools that share no code
//! with the program read both from the first byte to the last.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::program::server::{Client, Server, Session};
use crate::program::{On, copy, first_rows, init, python, run, said, told};
use serde_json::json;
use uuid::Uuid;
use wuping_ledger::reader::Reader;
use wuping_ledger::tile::{Tile, TileKind};

#[test]
fn a_large_log_on_sqlite_satisfies_tools_that_share_no_code_with_it() {
    a_large_log(On::Sqlite);
}

#[test]
fn a_large_log_on_postgres_satisfies_tools_that_share_no_code_with_it() {
    a_large_log(On::Postgres);
}

fn a_large_log(on: On) {
    let Some(python) = python() else { return };
    let (place, due) = (tempfile::tempdir().unwrap(), events());
    let [folder, exported, served] = ["house", "exported", "served"].map(|name| place.path().join(name));
    init(&folder, on, "ledger.example/large");
    let began = Instant::now();
    fill(&folder, due, place.path());
    let (imported, took) = (Reader::open(&folder).unwrap().size().unwrap(), began.elapsed());
    let account = ["account", "open", "clerk", "--name", "某人", "--role", "data_clerk", "--json"];
    let password = told(&folder, &account)["password"].as_str().unwrap().to_owned();
    let server = Server::start(&folder, &[]);
    let session = server.sign_in("clerk", &password);
    let mut client = Client::to(server.address);
    // the rest, and a few more in any case, over REST
    let more = due.saturating_sub(imported).max(100).div_ceil(CLIENTS);
    let mut last = 0;
    timed(&format!("{} commands over REST", more * CLIENTS), || {
        last = std::thread::scope(|threads| {
            let (address, session) = (server.address, &session);
            let clients: Vec<_> = (0..CLIENTS)
                .map(|client| threads.spawn(move || register(address, session, client, more)))
                .collect();
            clients.into_iter().map(|client| client.join().unwrap()).max().unwrap()
        });
    });
    let size = covering(&mut client, last);
    assert!(size >= due && size > imported, "{size} entries");

    timed("export", || told_nothing(&folder, &["export", "tiles", exported.to_str().unwrap()]));
    timed("download", || download(&mut client, size, &served));
    // bundles of entries are for auditors, who get them as an export
    copy(&exported.join("tile/entries"), &served.join("tile/entries"));
    server.end();
    let kept = |folder: &Path| std::fs::read(folder.join("checkpoint")).unwrap();
    assert!(kept(&exported) == kept(&served), "the checkpoint that is served is the one that is exported");
    let key = String::from_utf8(run(&folder, &["key", "log"]).stdout).unwrap();
    for (what, log) in [("exported", &exported), ("served", &served)] {
        for tool in ["check_tiles.py", "check_entries.py"] {
            timed(&format!("{tool} on what is {what}"), || check(&python, tool, log, key.trim()));
        }
    }
    timed("verify", || told_nothing(&folder, &["verify", "--level", "5"]));
    // a byte of one bundle, and both tools say so
    let bundle = exported.join("tile/entries/000");
    let mut bytes = std::fs::read(&bundle).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&bundle, bytes).unwrap();
    for tool in ["check_tiles.py", "check_entries.py"] {
        let refused = checked(&python, tool, &exported, key.trim());
        assert_eq!(refused.status.code(), Some(1), "{tool}: {}", said(&refused));
    }
    eprintln!("{on:?}: {size} entries, {imported} of them imported in {} ms", took.as_millis());
}

/// Toronto's evaluations: as many as it takes, or all there are.
fn fill(folder: &Path, due: u64, place: &Path) {
    let import = |files: &[PathBuf]| {
        let mut arguments = vec!["import", "toronto-evaluations", "--json"];
        arguments.extend(files.iter().map(|file| file.to_str().unwrap()));
        told(folder, &arguments);
    };
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
    if due <= ENTRIES_OF_ONE_FILE {
        let file = place.join("rows.csv");
        first_rows(usize::try_from(due).unwrap() / 4, &file);
        return import(&[file]);
    }
    import(&[data.join("toronto_eval_pre2023.csv.gz")]);
    let parts = ["base_2025-07-06", "changes", "added", "publications"];
    import(&parts.map(|part| data.join(format!("toronto_eval_{part}.csv.gz"))));
}

/// Registers so many buildings; the last position.
fn register(address: SocketAddr, session: &Session, client: u64, count: u64) -> u64 {
    let mut connection = Client::to(address);
    let body = json!({ "layer": "building", "address": "石井街道1号" });
    let mut last = 0;
    for number in 0..count {
        let path = format!("premises/b-{client}-{number}/register");
        let answer = connection.command(session, &path, Uuid::now_v7(), &body).unwrap();
        assert_eq!(answer.status, 201, "{}", answer.body);
        last = answer.body["last_position"].as_u64().unwrap();
    }
    last
}

/// The size of the checkpoint that covers a position, once it is served.
fn covering(client: &mut Client, position: u64) -> u64 {
    for _ in 0..100 {
        let (status, note) = client.get("/log/checkpoint").unwrap();
        assert_eq!(status, 200, "{note}");
        let size: u64 = note.lines().nth(1).unwrap().parse().unwrap();
        if size > position {
            return size;
        }
        sleep(Duration::from_millis(50));
    }
    panic!("no checkpoint covers {position}");
}

/// The checkpoint and every hash tile of a log of this size.
fn download(client: &mut Client, size: u64, to: &Path) {
    let mut fetch = |path: &str| {
        let (status, bytes) = client.get_bytes(&format!("/log/{path}")).unwrap();
        assert_eq!(status, 200, "{path}");
        let file = to.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    };
    fetch("checkpoint");
    let mut hashes = size;
    for level in 0..64 {
        for n in 0..hashes.div_ceil(256) {
            let width = u16::try_from((hashes - n * 256).min(256)).unwrap();
            fetch(&Tile { kind: TileKind::Hashes(level), n, width }.to_string());
        }
        hashes /= 256;
        if hashes == 0 {
            return;
        }
    }
}

fn check(python: &Path, tool: &str, log: &Path, key: &str) {
    let ran = checked(python, tool, log, key);
    assert!(ran.status.success(), "{tool}: {}", said(&ran));
    eprint!("{}", String::from_utf8_lossy(&ran.stdout));
}

fn checked(python: &Path, tool: &str, log: &Path, key: &str) -> std::process::Output {
    // without the rulebooks beside it the check ends at L4: tests/independent.sh derives results again, one by one
    let schemes = log.join("schemes");
    if schemes.exists() {
        std::fs::rename(&schemes, log.with_extension("schemes")).unwrap();
    }
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/verifiers").join(tool);
    Command::new(python).arg(tool).arg(log).arg(key).output().unwrap()
}

fn told_nothing(folder: &Path, arguments: &[&str]) {
    let ran = run(folder, arguments);
    assert!(ran.status.success(), "{arguments:?}: {}", said(&ran));
}

fn timed(what: &str, work: impl FnOnce()) {
    let began = Instant::now();
    work();
    eprintln!("{what}: {} ms", began.elapsed().as_millis());
}

/// How many entries there are to be at least.
fn events() -> u64 {
    std::env::var("WUPING_EVENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000)
}

const CLIENTS: u64 = 16;
const ENTRIES_OF_ONE_FILE: u64 = 30_000;
