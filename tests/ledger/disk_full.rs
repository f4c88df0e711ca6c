//! The disk is full in the middle of the work: what was acknowledged is there once, nothing is half there, the answer says so,
//! and when there is room again the next command is recorded.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::Duration;

use crate::program::postgres;
use crate::program::server::{Client, Server, Session};
use crate::program::small_disk::SmallDisk;
use crate::program::{must_be_sound, told, until};
use serde_json::json;
use uuid::Uuid;
use wuping_ledger::reader::Reader;
use wuping_projections::Views;

/// A command, where it was acknowledged, and whether it was given up when the disk was full.
struct Sent {
    stream: String,
    id: Uuid,
    position: Option<u64>,
}

/// What the clients have been told so far.
#[derive(Default)]
struct Board {
    acknowledged: AtomicUsize,
    full: AtomicUsize,
    /// Whether the database ends where its disk is full.
    may_be_away: bool,
    stop: AtomicBool,
}

#[test]
fn a_disk_that_is_full_under_load_loses_nothing_and_the_next_write_works() {
    let Some(disk) = SmallDisk::mounted(32) else { return };
    let folder = disk.path().join("house");
    told(&folder, &["init", "--origin", "ledger.example/full", "--json"]);
    is_full_under_load(&folder, &disk);
}

#[test]
fn a_postgres_server_whose_disk_is_full_under_load_loses_nothing_and_the_next_write_works() {
    let Some(disk) = SmallDisk::mounted(32) else { return };
    let place = tempfile::tempdir().unwrap();
    let (folder, cluster) = (place.path().join("house"), postgres::own_cluster());
    let url = cluster.database_in(disk.path(), "small");
    told(&folder, &["init", "--origin", "ledger.example/full", "--database-url", &url, "--json"]);
    is_full_under_load(&folder, &disk);
    cluster.sql("postgres", "DROP DATABASE small WITH (FORCE)");
}

#[test]
fn a_postgres_server_whose_log_has_no_room_ends_and_the_house_goes_on_when_it_is_started_again() {
    let Some(disk) = SmallDisk::mounted(64) else { return };
    let place = tempfile::tempdir().unwrap();
    let (folder, cluster) = (place.path().join("house"), postgres::own_cluster_with_log_in(disk.path()));
    let url = cluster.database("house");
    told(&folder, &["init", "--origin", "ledger.example/full", "--database-url", &url, "--json"]);
    let account = ["account", "open", "clerk", "--name", "某人", "--role", "data_clerk", "--json"];
    let password = told(&folder, &account)["password"].as_str().unwrap().to_owned();
    // one server, never started again
    let server = Server::start(&folder, &[]);
    let (address, session) = (server.address, server.sign_in("clerk", &password));
    let mut known = Vec::new();
    for round in 1..=2 {
        let board = Board { may_be_away: true, ..Board::default() };
        let sent = while_people_work(address, &session, &round.to_string(), &board, || {
            until("commands are acknowledged", WITHIN, || board.acknowledged.load(Ordering::SeqCst) > 60);
            disk.fill();
            until("the log needs a file more than there is room for", WITHIN, || {
                cluster.try_sql("house", "SELECT pg_switch_wal()");
                cluster.log().matches("PANIC:").count() >= round
            });
            until("everybody is told so", WITHIN, || board.full.load(Ordering::SeqCst) > 40);
            let (status, ready) = Client::to(address).get("/readyz").unwrap();
            assert!(status == 503 && ready.contains("cannot be read"), "{status} {ready}");
            disk.make_room();
            cluster.start_again();
            let more = board.acknowledged.load(Ordering::SeqCst) + 40;
            until("the next writes work", WITHIN, || board.acknowledged.load(Ordering::SeqCst) > more);
            board.stop.store(true, Ordering::SeqCst);
        });
        eprintln!(
            "round {round}: {} acknowledged, {} times told that the database is away",
            board.acknowledged.load(Ordering::SeqCst),
            board.full.load(Ordering::SeqCst)
        );
        known.extend(sent);
        must_be_sound(&folder);
    }
    server.end();
    must_be_sound(&folder);
    each_is_there_once_or_not_at_all(&folder, &known);
    let (served, _) = Views::at(&folder.join("views.db")).digest().unwrap();
    assert_eq!(told(&folder, &["rebuild", "--json"])["digest"], json!(served));
}

/// What everybody sent who registered buildings while something happened, until the board stops them or the server is gone.
fn while_people_work(
    address: SocketAddr,
    session: &Session,
    name: &str,
    board: &Board,
    happens: impl FnOnce(),
) -> Vec<Sent> {
    std::thread::scope(|threads| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| threads.spawn(move || load(address, session, &format!("{name}-{client}"), board)))
            .collect();
        happens();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    })
}

/// Fills the disk of a house's ledger again and again while people work.
fn is_full_under_load(folder: &Path, disk: &SmallDisk) {
    let account = ["account", "open", "clerk", "--name", "某人", "--role", "data_clerk", "--json"];
    let password = told(folder, &account)["password"].as_str().unwrap().to_owned();
    let mut server = Server::start(folder, &[]);
    let session = server.sign_in("clerk", &password);
    let mut known = Vec::new();
    for round in 0..ROUNDS {
        // in the last round the server is killed while there is no room
        let killed = round + 1 == ROUNDS;
        let (address, board) = (server.address, Board::default());
        let sent = while_people_work(address, &session, &round.to_string(), &board, || {
            until("commands are acknowledged", WITHIN, || board.acknowledged.load(Ordering::SeqCst) > 40);
            disk.fill();
            until("the disk is full", WITHIN, || board.full.load(Ordering::SeqCst) > 40);
            let before = board.acknowledged.load(Ordering::SeqCst);
            if killed {
                server.child.kill().unwrap();
                server.child.wait().unwrap();
                disk.make_room();
            } else {
                disk.make_room();
                let more = before + 40;
                until("the next writes work", WITHIN, || board.acknowledged.load(Ordering::SeqCst) > more);
                board.stop.store(true, Ordering::SeqCst);
            }
        });
        eprintln!(
            "round {round}: {} acknowledged, {} times told that the disk is full",
            board.acknowledged.load(Ordering::SeqCst),
            board.full.load(Ordering::SeqCst)
        );
        known.extend(sent);
        must_be_sound(folder);
        if killed {
            server = Server::start(folder, &[]);
        }
    }
    let mut last = Sent { stream: "premises/b-last".to_owned(), id: Uuid::now_v7(), position: None };
    assert_eq!(send(&mut last, &mut Client::to(server.address), &session, false).unwrap(), 201);
    known.push(last);
    let (status, ready) = Client::to(server.address).get("/readyz").unwrap();
    assert_eq!(status, 200, "{ready}");
    server.end();
    must_be_sound(folder);
    each_is_there_once_or_not_at_all(folder, &known);
    let (served, _) = Views::at(&folder.join("views.db")).digest().unwrap();
    assert_eq!(told(folder, &["rebuild", "--json"])["digest"], json!(served));
}

fn each_is_there_once_or_not_at_all(folder: &Path, known: &[Sent]) {
    let reader = Reader::open(folder).unwrap();
    let (mut acknowledged, mut unacknowledged) = (0, 0);
    for sent in known {
        let entries = reader.stream(&sent.stream).unwrap();
        match sent.position {
            Some(position) => {
                assert_eq!(entries.len(), 1, "{} is recorded once", sent.stream);
                assert_eq!((entries[0].position, &entries[0].event_id), (position, &sent.id.to_string()));
                acknowledged += 1;
            }
            None => {
                assert!(entries.len() <= 1, "{} is there once at most", sent.stream);
                unacknowledged += 1;
            }
        }
    }
    assert!(acknowledged > 100 && unacknowledged > 0, "{acknowledged} and {unacknowledged}");
}

/// Registers buildings one after another, each with a private value. What the full disk refused is given up every other
/// time, else sent again until it is acknowledged.
fn load(address: SocketAddr, session: &Session, name: &str, board: &Board) -> Vec<Sent> {
    let mut client = Client::to(address);
    let mut all = Vec::new();
    for number in 0.. {
        let mut sent =
            Sent { stream: format!("premises/b-{name}-{number}"), id: Uuid::now_v7(), position: None };
        let ended = loop {
            match send(&mut sent, &mut client, session, board.may_be_away) {
                // the server is gone
                Err(_) => break true,
                Ok(503 | 507) => {
                    board.full.fetch_add(1, Ordering::SeqCst);
                    sleep(Duration::from_millis(5));
                    if number % 2 == 0 {
                        break false;
                    }
                }
                Ok(_) => {
                    board.acknowledged.fetch_add(1, Ordering::SeqCst);
                    break board.stop.load(Ordering::SeqCst);
                }
            }
        };
        all.push(sent);
        if ended {
            break;
        }
    }
    all
}

/// The status, which is that of an acknowledgement or says that the disk is full, or what that did to the database.
fn send(sent: &mut Sent, client: &mut Client, session: &Session, may_be_away: bool) -> std::io::Result<u16> {
    let body = json!({ "layer": "building", "address": "石井街道1号", "coordinates": "22.7,114.3" });
    let answer = client.command(session, &format!("{}/register", sent.stream), sent.id, &body)?;
    match answer.status {
        200 | 201 => sent.position = Some(answer.body["position"].as_u64().unwrap()),
        503 if may_be_away => {
            let detail = answer.body["detail"].as_str().unwrap_or_default();
            assert_eq!(answer.body["title"], json!("database_away"), "{}", answer.body);
            assert!(
                detail.contains("does not answer") && detail.contains("Send the same command again"),
                "{detail}"
            );
        }
        status => {
            let detail = answer.body["detail"].as_str().unwrap_or_default();
            assert_eq!((status, &answer.body["title"]), (507, &json!("disk_full")), "{}", answer.body);
            assert!(detail.contains("disk is full") && detail.contains("make room"), "{detail}");
        }
    }
    Ok(answer.status)
}

const CLIENTS: usize = 4;
const WITHIN: Duration = Duration::from_secs(60);
const ROUNDS: usize = 3;
