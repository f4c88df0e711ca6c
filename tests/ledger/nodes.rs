//! Two servers on one Postgres: people are served by both alike, what time brings is recorded once, and after the database crashed
//! under them every acknowledged command is there once.

use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use crate::program::server::{Client, Server, Session};
use crate::program::{Random, copy, node_beside, postgres, run, said, told, until, wuping};
use serde_json::{Value, json};
use uuid::Uuid;
use wuping::shelf;
use wuping_ledger::audit::verify_rows;
use wuping_ledger::reader::Reader;

#[test]
fn two_servers_outlive_a_database_that_crashes_and_nothing_acknowledged_is_lost() {
    let cluster = postgres::own_cluster();
    let place = tempfile::tempdir().unwrap();
    let folders = ["one", "other"].map(|name| place.path().join(name));
    let url = cluster.database("ledger");
    told(&folders[0], &["init", "--origin", "ledger.example/nodes", "--database-url", &url, "--json"]);
    let account = ["account", "open", "clerk", "--name", "某人", "--role", "data_clerk", "--json"];
    let password = told(&folders[0], &account)["password"].as_str().unwrap().to_owned();
    copy(&folders[0], &folders[1]);
    let servers = [&folders[0], &folders[1]].map(|folder| Server::start(folder, &[]));
    let stop = Arc::new(AtomicBool::new(false));
    let sessions = servers.each_ref().map(|server| Arc::new(server.sign_in("clerk", &password)));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (address, session) = (servers[client % 2].address, Arc::clone(&sessions[client % 2]));
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || register(address, &session, client, &stop))
        })
        .collect();
    for how in ["immediate", "fast", "immediate"] {
        sleep(Duration::from_millis(700));
        cluster.restart(how);
    }
    sleep(Duration::from_millis(700));
    stop.store(true, Ordering::SeqCst);
    let all: Vec<_> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
    let (acknowledged, given_up): (Vec<_>, Vec<_>) = all.into_iter().partition(|sent| sent.2.is_some());
    for (n, server) in servers.into_iter().enumerate() {
        let next = format!("premises/next-{n}/register");
        let body = json!({ "layer": "building", "address": "石井街道1号" });
        let session = server.sign_in("clerk", &password);
        let answer = Client::to(server.address).command(&session, &next, Uuid::now_v7(), &body).unwrap();
        assert_eq!(answer.status, 201, "the next write works: {}", answer.body);
        server.end();
    }
    for folder in &folders {
        assert_eq!(verify_rows(folder).unwrap().findings, []);
    }
    let digests = folders.map(|folder| (told(&folder, &["rebuild", "--json"])["digest"].clone(), folder));
    assert_eq!(digests[0].0, digests[1].0, "both nodes read the same");
    let reader = Reader::open(&digests[0].1).unwrap();
    assert!(acknowledged.len() > 50, "{} commands were acknowledged", acknowledged.len());
    let once_at_most = |stream: &str| reader.version(stream).unwrap() <= 1;
    assert!(
        given_up.iter().all(|(stream, ..)| once_at_most(stream)),
        "what was given up is there once at most"
    );
    eprintln!("{} commands were acknowledged, {} given up", acknowledged.len(), given_up.len());
    for (stream, id, position) in acknowledged {
        let row = reader.row(position.unwrap()).unwrap().unwrap();
        assert_eq!((row.aggregate_id.as_str(), row.event_id), (stream.as_str(), id.to_string()));
        assert_eq!(reader.version(&stream).unwrap(), 1, "recorded once");
    }
}

#[test]
fn people_who_sign_in_at_one_node_are_served_by_all_and_what_is_erased_at_one_is_gone_at_all() {
    let place = tempfile::tempdir().unwrap();
    let one = place.path().join("one");
    let url = postgres::new_database();
    told(&one, &["init", "--origin", "ledger.example/people", "--database-url", &url, "--json"]);
    let opened = |login: &str, of: &[&str]| {
        let open = ["account", "open", login, "--name", "某人", "--json", "--role"];
        told(&one, &[&open, of].concat())["password"].as_str().unwrap().to_owned()
    };
    let clerk = opened("clerk", &["data_clerk"]);
    let grid = opened("grid", &["grid_worker"]);
    let fire = opened("fire", &["department_officer", "--department", "fire"]);
    // the second node serves people, the third is where the operator works
    let [other, desk] = ["other", "desk"].map(|name| node_beside(&one, place.path().join(name)));
    let servers = [&one, &other].map(|folder| Server::start(folder, &[]));
    let mut nodes = [Client::to(servers[0].address), Client::to(servers[1].address)];

    // signed in at one, and a command with a private value; the other carries on where that stopped
    let session = servers[0].sign_in("clerk", &clerk);
    let (id, body) =
        (Uuid::now_v7(), json!({ "layer": "building", "address": "石井街道1号", "subdistrict": "石井" }));
    let first = nodes[0].command(&session, "premises/b-1/register", id, &body).unwrap();
    assert_eq!(first.status, 201, "{}", first.body);
    let again = nodes[1].command(&session, "premises/b-1/register", id, &body).unwrap();
    assert_eq!((again.status, &again.body["position"]), (200, &first.body["position"]), "{}", again.body);
    let next = nodes[1].command(&session, "premises/b-2/register", Uuid::now_v7(), &body).unwrap();
    assert_eq!(next.status, 201, "{}", next.body);
    let finder = servers[1].sign_in("grid", &grid);
    let [_, building, _] = shelf::pingshan().unwrap();
    let found = json!({
        "indicator": "hydrant_or_hose", "severity": "general", "works": "repair", "competent": "fire", "source": "patrol",
        "note": WORDS, "scheme": building.scheme,
    });
    let found = nodes[0].command(&finder, "premises/b-1/hazard/h-1/find", Uuid::now_v7(), &found).unwrap();
    assert_eq!(found.status, 201, "{}", found.body);

    // whose work it is reads the words at both
    let officer = servers[0].sign_in("fire", &fire);
    let page = |node: &mut Client, session: &Session| {
        node.get_with("/desk/matters/premises/b-1/hazard/h-1", &[("cookie", &session.cookie)]).unwrap()
    };
    for node in &mut nodes {
        until("the officer reads the finder's words", WITHIN, || page(node, &officer).1.contains(WORDS));
    }

    // reviewed at one; the other, who remembers the case from finding it, decides on what it has become
    let reviewing = servers[1].sign_in("fire", &fire);
    let case = "premises/b-1/hazard/h-1";
    let mut say = |node: usize, session: &Session, command: &str, body: Value| {
        let path = format!("{case}/{command}");
        nodes[node].command(session, &path, Uuid::now_v7(), &body).unwrap()
    };
    let dismiss = || json!({ "outcome": "dismissed", "reason": "现场没有此情况" });
    let reviewed = say(1, &reviewing, "review", dismiss());
    assert_eq!(reviewed.status, 201, "{}", reviewed.body);
    let twice = say(0, &officer, "review", dismiss());
    assert_eq!(twice.status, 422, "it was reviewed already: {}", twice.body);
    let closed = say(0, &officer, "close", json!({ "how": "dismissed" }));
    assert_eq!(closed.status, 201, "what was dismissed can be closed: {}", closed.body);

    // a feed that is opened beside both is known to both
    let feed = told(&desk, &["feed", "open", "feed-police", "--department", "police", "--json"]);
    let token = format!("Bearer {}", feed["token"].as_str().unwrap());
    let line = json!({ "lines": [{ "code": "nowhere", "indicator": "tenant_registration", "outcome": 1 }] });
    for node in &mut nodes {
        let headers = [("authorization", token.as_str()), ("idempotency-key", "day-1")];
        let taken = node.post("/api/v1/feeds", &headers, &line).unwrap();
        assert_eq!((taken.status, &taken.body["refused"]), (200, &json!(1)), "{}", taken.body);
        let headers = [("authorization", "Bearer wrong"), ("idempotency-key", "day-1")];
        assert_eq!(node.post("/api/v1/feeds", &headers, &line).unwrap().status, 401);
    }

    // erased beside both, gone at both
    let root = one.join("root-1.key");
    let erase = [
        "erase",
        "premises/b-1/hazard/h-1",
        "--field",
        "note",
        "--authority",
        "data office",
        "--reason",
        "asked for",
    ];
    let erased = told(&desk, &[&erase[..], &["--root-key", root.to_str().unwrap(), "--json"]].concat());
    assert_eq!(erased["values"], 1, "{erased}");
    for node in &mut nodes {
        let (status, text) = page(node, &officer);
        assert!(status == 200 && !text.contains(WORDS), "{status}");
    }

    for server in servers {
        server.end();
    }
    for folder in [&one, &other, &desk] {
        let verified = run(folder, &["verify", "--level", "5", "--json"]);
        assert_eq!(verified.status.code(), Some(0), "{}", said(&verified));
        assert!(said(&verified).contains("compared with their digests"), "{}", said(&verified));
    }
    // who brings no vault key verifies the rest
    std::fs::remove_file(desk.join("vault.key")).unwrap();
    let verified = run(&desk, &["verify", "--level", "5", "--json"]);
    assert!(verified.status.success() && said(&verified).contains("NOT OPENED"), "{}", said(&verified));
}

#[test]
fn what_time_brings_is_recorded_once_by_two_nodes_though_one_is_killed_again_and_again() {
    let mut random = Random::of_this_moment();
    let place = tempfile::tempdir().unwrap();
    let cluster = postgres::own_cluster();
    let (street, calm) = (cluster.database("street"), cluster.url("calm"));
    let one = place.path().join("one");
    let until_then = (chrono::Utc::now() - chrono::TimeDelta::days(50)).format("%Y-%m-%d").to_string();
    let simulate = [
        "simulate",
        "--years",
        "1",
        "--buildings",
        "4",
        "--units",
        "2",
        "--seed",
        "3",
        "--until",
        &until_then,
    ];
    let played =
        wuping(&one).args(simulate).arg("--json").env("WUPING_DATABASE_URL", &street).output().unwrap();
    assert!(played.status.success(), "{}", said(&played));
    std::fs::write(one.join("database.url"), &street).unwrap();
    let before = size(&one);
    cluster.sql("postgres", "CREATE DATABASE calm TEMPLATE street");
    let [other, undisturbed] =
        ["other", "undisturbed"].map(|name| node_beside(&one, place.path().join(name)));
    std::fs::write(undisturbed.join("database.url"), &calm).unwrap();

    caught_up(&undisturbed, before, vec![Server::start(&undisturbed, &[])]);
    let step = (size(&undisturbed) - before) / (KILLS + 1) + 1;
    let steady = Server::start(&other, &[]);
    let mut sizes = vec![size(&one)];
    for _ in 0..KILLS {
        let mut killed = Server::start(&one, &[]);
        let (enough, mut waited) = (sizes.last().unwrap() + random.below(step), 0);
        until("the runners go on", WITHIN, || {
            waited += 1;
            waited > 400 || size(&one) > enough
        });
        sleep(Duration::from_micros(random.below(20_000)));
        killed.child.kill().unwrap();
        assert_eq!(killed.child.wait().unwrap().signal(), Some(9));
        sizes.push(size(&one));
    }
    caught_up(&one, before, vec![steady, Server::start(&one, &[])]);
    eprintln!("killed at {sizes:?}, of {}", size(&undisturbed));
    for folder in [&one, &other] {
        let verified = run(folder, &["verify", "--level", "5", "--json"]);
        assert_eq!(verified.status.code(), Some(0), "{}", said(&verified));
    }
    let (of_both, of_one) = (computed(&one, before), computed(&undisturbed, before));
    assert!(of_one.len() > 20, "{}", of_one.len());
    assert!(of_both == of_one, "nothing twice, nothing missing: {} and {}", of_both.len(), of_one.len());
}

#[test]
fn a_ledger_of_an_earlier_version_is_upgraded_and_what_lay_in_the_folder_is_moved() {
    let place = tempfile::tempdir().unwrap();
    let (cluster, [folder, before]) =
        (postgres::own_cluster(), ["now", "before"].map(|name| place.path().join(name)));
    let url = cluster.database("ledger");
    told(&folder, &["init", "--origin", "ledger.example/upgrade", "--database-url", &url, "--json"]);
    // as an earlier version left it: no tables for vault and office, files instead of them
    told(&before, &["init", "--origin", "ledger.example/before", "--json"]);
    told(&before, &["account", "open", "clerk", "--name", "某人", "--role", "data_clerk", "--json"]);
    cluster.sql(
        "ledger",
        "DROP TRIGGER sealed_keys_are_never_changed ON sealed_keys; DROP TABLE vault_values, vault_unconfirmed, vault_erased, vault_key_check, office_logins, office_sessions, \
         office_feeds, restored, fork_alarms; DELETE FROM schema_version WHERE version > 1",
    );
    for file in ["vault.db", "vault.key", "office.db"] {
        std::fs::copy(before.join(file), folder.join(file)).unwrap();
    }
    for refused in
        [["serve", "--listen", "127.0.0.1:0"], ["verify", "--level", "2"], ["account", "password", "clerk"]]
    {
        let refused = run(&folder, &refused);
        assert!(
            refused.status.code() == Some(2) && said(&refused).contains("wuping upgrade"),
            "{}",
            said(&refused)
        );
    }
    let report = run(&folder, &["doctor"]);
    assert!(report.status.code() == Some(1) && said(&report).contains("wuping upgrade"), "{}", said(&report));

    let upgraded = told(&folder, &["upgrade", "--json"]);
    assert_eq!((&upgraded["found_version"], &upgraded["logins_moved"]), (&json!(1), &json!(2)), "{upgraded}");
    assert!(upgraded["values_moved"].as_u64().unwrap() > 0, "{upgraded}");
    let again = told(&folder, &["upgrade", "--json"]);
    assert_eq!((&again["found_version"], &again["values_moved"]), (&json!(4), &json!(0)), "{again}");
    assert!(!folder.join("vault.db").exists() && !folder.join("office.db").exists());
    told(&folder, &["account", "password", "clerk", "--json"]);
    // in a folder too
    assert_eq!(told(&before, &["upgrade", "--json"]), json!({ "on_a_server": false, "found_version": 2 }));
}

/// Lets the servers work until nothing is added any more, and ends them.
fn caught_up(folder: &Path, before: u64, servers: Vec<Server>) {
    let (mut seen, mut quiet) = (size(folder), 0);
    until("the runner has caught up", Duration::from_secs(180), || {
        sleep(Duration::from_secs(1));
        let now = size(folder);
        quiet = if now == seen && now > before { quiet + 1 } else { 0 };
        seen = now;
        quiet > 6
    });
    for server in servers {
        server.end();
    }
}

/// Everything that was computed from a position on.
fn computed(folder: &Path, from: u64) -> Vec<(String, String, Value)> {
    let (reader, mut all) = (Reader::open(folder).unwrap(), Vec::new());
    let each = reader.rows(from, reader.size().unwrap(), |row| {
        if row.data.contains("\"derivation\"") {
            all.push((row.stream.to_owned(), row.event_type.to_owned(), row.data.to_owned()));
        }
        Ok::<_, wuping_ledger::store::StoreError>(())
    });
    each.unwrap();
    all.sort();
    let read = |(stream, event_type, data): (String, String, String)| {
        (stream, event_type, serde_json::from_str(&data).unwrap())
    };
    all.into_iter().map(read).collect()
}

fn size(folder: &Path) -> u64 {
    Reader::open(folder).unwrap().size().unwrap()
}

/// Registers buildings one after another; each until it is acknowledged, however often it must be sent, but every third one
/// is given up when it fails. Where each was acknowledged.
fn register(
    address: SocketAddr,
    session: &Session,
    client: usize,
    stop: &AtomicBool,
) -> Vec<(String, Uuid, Option<u64>)> {
    let mut acknowledged = Vec::new();
    let mut connection = Client::to(address);
    for number in 0.. {
        let (stream, id) = (format!("premises/b-{client}-{number}"), Uuid::now_v7());
        let body = json!({ "layer": "building", "address": "石井街道1号" });
        let mut sent = 0;
        let position = loop {
            sent += 1;
            assert!(sent < 4_000, "{stream} is never acknowledged");
            match connection.command(session, &format!("{stream}/register"), id, &body) {
                Ok(answer) if [200, 201].contains(&answer.status) => {
                    break answer.body["position"].as_u64();
                }
                // while the database is away the server says so, and to come back
                Ok(answer) => assert!(answer.status >= 500, "{}: {}", answer.status, answer.body),
                Err(_) => connection = Client::to(address),
            }
            if number % 3 == 0 {
                break None;
            }
            sleep(Duration::from_millis(50));
        };
        acknowledged.push((stream, id, position));
        if stop.load(Ordering::SeqCst) {
            break;
        }
    }
    acknowledged
}

const CLIENTS: usize = 64;
const KILLS: u64 = 4;
const WITHIN: Duration = Duration::from_secs(60);
const WORDS: &str = "水带破损";
