//! Two servers on one Postgres, which crashes under them: afterwards every acknowledged command is there once.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod program;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use program::server::{Client, Server, Session};
use program::{copy, postgres, terminate, told};
use serde_json::json;
use uuid::Uuid;
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
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let server = &servers[client % 2];
            let (address, session) = (server.address, server.sign_in("clerk", &password));
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
    for (n, mut server) in servers.into_iter().enumerate() {
        let next = format!("premises/next-{n}/register");
        let body = json!({ "layer": "building", "address": "石井街道1号" });
        let session = server.sign_in("clerk", &password);
        let answer = Client::to(server.address).command(&session, &next, Uuid::now_v7(), &body).unwrap();
        assert_eq!(answer.status, 201, "the next write works: {}", answer.body);
        terminate(server.child.id());
        assert!(server.child.wait().unwrap().success());
    }
    for folder in &folders {
        // not the private values: each node has but those that it took
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
            assert!(sent < 400, "{stream} is never acknowledged");
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

const CLIENTS: usize = 16;
