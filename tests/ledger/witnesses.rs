//! Witnesses beside a real server: they cosign one history, and whoever shows them another is stopped.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::program::server::{Client, Server, Session};
use crate::program::{copy, run, said, told};
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;
use wuping_ledger::note::{VerifierKey, open_checkpoint};

/// A ledger with somebody who may register premises, and two witnesses of it.
struct Place {
    place: TempDir,
    password: String,
    log: String,
    witnesses: Vec<(PathBuf, String)>,
}

impl Place {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("ledger");
        let log =
            told(&folder, &["init", "--origin", "ledger.example/witnessed", "--json"])["log_key"].clone();
        let account = ["account", "open", "clerk", "--name", "某人", "--role", "data_clerk", "--json"];
        let password = told(&folder, &account)["password"].as_str().unwrap().to_owned();
        let witness = |number: usize| {
            let folder = place.path().join(format!("witness-{number}"));
            let name = format!("witness.example/w{number}");
            let key = told(&folder, &["witness", "init", "--name", &name, "--json"])["key"].clone();
            (folder, key.as_str().unwrap().to_owned())
        };
        let witnesses = (1..=2).map(witness).collect();
        Self { log: log.as_str().unwrap().to_owned(), password, witnesses, place }
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// The witness of this number, at the address it had before if it had one.
    fn witness(&self, number: usize, address: Option<&str>) -> Server {
        let listen = address.unwrap_or("127.0.0.1:0");
        Server::run(&self.witnesses[number].0, &["witness", "serve", "--log", &self.log, "--listen", listen])
    }

    fn list(&self, folder: &Path, addresses: &[String]) {
        let lines = self
            .witnesses
            .iter()
            .zip(addresses)
            .map(|((_, key), address)| format!("{key} http://{address}\n"));
        std::fs::write(folder.join("witnesses.txt"), format!("# who cosigns\n{}", lines.collect::<String>()))
            .unwrap();
    }
}

#[test]
fn two_witnesses_cosign_within_seconds_and_level_3_stands_on_them() {
    let place = Place::new();
    let folder = place.folder("ledger");
    let mut witnesses: Vec<Server> = (0..2).map(|number| place.witness(number, None)).collect();
    let addresses: Vec<String> = witnesses.iter().map(|witness| witness.address.to_string()).collect();
    place.list(&folder, &addresses);
    let server = Server::start(&folder, &[]);
    let session = server.sign_in("clerk", &place.password);
    let mut client = Client::to(server.address);
    let position = register(&mut client, &session, "b-1");
    cosigned(&mut client, position + 1, 2);

    // one that was killed knows afterwards what it knew
    let gone = witnesses.pop().unwrap();
    drop(gone);
    let position = register(&mut client, &session, "b-2");
    cosigned(&mut client, position + 1, 1);
    witnesses.push(place.witness(1, Some(&addresses[1])));
    let position = register(&mut client, &session, "b-3");
    cosigned(&mut client, position + 1, 2);

    server.end();
    let level_3 = run(&folder, &["verify", "--level", "3", "--require", "L3"]);
    assert!(level_3.status.success(), "{}", said(&level_3));
    assert!(
        said(&level_3).contains("cosigned by witness.example/w1, witness.example/w2"),
        "{}",
        said(&level_3)
    );
    let trust = place.folder("trust.json");
    for (quorum, sound) in [(2, true), (3, false)] {
        let first = told(&folder, &["verify", "--level", "0", "--json"]);
        assert_eq!(first["findings"], json!([]));
        let keys: Vec<&str> = place.witnesses.iter().map(|(_, key)| key.as_str()).collect();
        let genesis = genesis(&folder);
        let file = json!({
            "format": "wuping-trust/1", "genesis": genesis, "log_vkey": place.log,
            "origin": "ledger.example/witnessed", "quorum": quorum, "tsa_roots": [], "witnesses": keys,
        });
        std::fs::write(&trust, file.to_string()).unwrap();
        let arguments = ["verify", "--level", "3", "--require", "L3", "--trust", trust.to_str().unwrap()];
        assert_eq!(run(&folder, &arguments).status.success(), sound, "a quorum of {quorum}");
    }
}

#[test]
fn a_ledger_put_back_from_an_older_backup_is_not_served_while_a_witness_knows_more() {
    let place = Place::new();
    let (folder, older) = (place.folder("ledger"), place.folder("older"));
    copy(&folder, &older);
    let witness = place.witness(0, None);
    place.list(&folder, &[witness.address.to_string()]);
    let server = Server::start(&folder, &[]);
    let session = server.sign_in("clerk", &place.password);
    let mut client = Client::to(server.address);
    let position = register(&mut client, &session, "b-1");
    cosigned(&mut client, position + 1, 1);
    server.end();

    place.list(&older, &[witness.address.to_string()]);
    let refused = run(&older, &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("it has seen"), "{}", said(&refused));
    // the same data with what was cosigned beside it is known without asking anybody
    std::fs::copy(folder.join("cosigned.txt"), older.join("cosigned.txt")).unwrap();
    std::fs::remove_file(older.join("witnesses.txt")).unwrap();
    assert_eq!(run(&older, &["witness", "alarm", "--clear", "--reason", "tried"]).status.code(), Some(0));
    let refused = run(&older, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(said(&refused).contains("cosigned.txt") && !refused.status.success(), "{}", said(&refused));
    // the ledger that is whole goes on
    drop(Server::start(&folder, &[]));
}

#[test]
fn a_ledger_put_back_from_a_backup_is_not_served_while_a_witness_is_away() {
    let place = Place::new();
    let (folder, file) = (place.folder("ledger"), place.folder("older.wuping"));
    let witness = place.witness(0, None);
    place.list(&folder, &[witness.address.to_string()]);
    told(&folder, &["backup", file.to_str().unwrap(), "--with-keys", "--json"]);
    let server = Server::start(&folder, &[]);
    let session = server.sign_in("clerk", &place.password);
    let mut client = Client::to(server.address);
    let position = register(&mut client, &session, "b-1");
    cosigned(&mut client, position + 1, 1);
    server.end();
    drop(witness);

    let restored = place.folder("restored");
    told(&restored, &["restore", file.to_str().unwrap(), "--json"]);
    let reader = || wuping_ledger::reader::Reader::open(&restored).unwrap();
    let size = reader().size().unwrap();
    let refused = run(&restored, &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("witness.example/w1 did not answer"), "{}", said(&refused));
    assert_eq!(reader().size().unwrap(), size, "nothing was recorded");
    // an operator who answers for it goes on, and the log names whom nobody could ask
    Server::start(&restored, &["--without-witnesses", "the witness is gone for good"]).end();
    let recorded = reader().stream("restores").unwrap().remove(0).data;
    assert!(recorded.contains("\"unasked\":[\"witness.example/w1\"]"), "{recorded}");
    assert!(!recorded.contains("for good"), "the reason is private: {recorded}");
    // once it is recorded it is served as any other ledger
    Server::start(&restored, &[]).end();
}

#[test]
fn a_second_history_raises_the_alarm_and_nothing_is_written_until_it_is_cleared() {
    let place = Place::new();
    let (folder, forked) = (place.folder("ledger"), place.folder("forked"));
    copy(&folder, &forked);
    let witness = place.witness(0, None);
    let address = witness.address.to_string();
    place.list(&folder, std::slice::from_ref(&address));
    let server = Server::start(&folder, &[]);
    let session = server.sign_in("clerk", &place.password);
    let mut client = Client::to(server.address);
    let position = register(&mut client, &session, "b-1");
    cosigned(&mut client, position + 1, 1);
    server.end();
    drop(witness);

    // the fork grows while the witness is away
    place.list(&forked, std::slice::from_ref(&address));
    let server = Server::start(&forked, &[]);
    let session = server.sign_in("clerk", &place.password);
    let mut client = Client::to(server.address);
    for number in 1..=4 {
        register(&mut client, &session, &format!("other-{number}"));
    }
    let _witness = place.witness(0, Some(&address));
    let began = Instant::now();
    while !client.get("/readyz").unwrap().1.contains("FORK ALARM") {
        assert!(began.elapsed() < Duration::from_secs(40), "the alarm was not raised");
        sleep(Duration::from_millis(200));
    }
    // nothing that no witness has cosigned is vouched for any more
    assert_eq!(client.get("/log/checkpoint").unwrap().0, 503);
    assert_eq!(client.get("/log/proof/inclusion/0").unwrap().0, 503);
    let body = json!({ "layer": "building", "address": "石井街道1号" });
    let refused = client.command(&session, "premises/late/register", Uuid::now_v7(), &body).unwrap();
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert!(refused.body["type"].as_str().unwrap().ends_with("fork_alarm"), "{}", refused.body);
    assert_eq!(
        client.get("/metrics").unwrap().1.lines().filter(|line| *line == "wuping_fork_alarm 1").count(),
        1
    );
    server.end();

    let exported = run(&forked, &["export", "tiles", place.folder("static").to_str().unwrap()]);
    assert!(said(&exported).contains("under the fork alarm"), "{}", said(&exported));
    let accepted = run(&forked, &["clock", "accept"]);
    assert!(!accepted.status.success(), "{}", said(&accepted));
    let shown = run(&forked, &["witness", "alarm"]);
    assert_eq!(shown.status.code(), Some(1));
    assert!(
        said(&shown).contains("another history") || said(&shown).contains("never signed here"),
        "{}",
        said(&shown)
    );
    std::fs::remove_file(forked.join("witnesses.txt")).unwrap();
    let refused = run(&forked, &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.status.code(), Some(2), "a restart does not end it: {}", said(&refused));
    assert!(said(&refused).contains("another history"), "{}", said(&refused));
    assert!(
        run(&forked, &["witness", "alarm", "--clear", "--reason", "a test of the alarm"]).status.success()
    );
    let server = Server::start(&forked, &[]);
    let session = server.sign_in("clerk", &place.password);
    register(&mut Client::to(server.address), &session, "late");
}

#[test]
fn a_restart_leaves_one_line_of_each_witness() {
    let place = Place::new();
    let folder = place.folder("ledger");
    let witnesses: Vec<Server> = (0..2).map(|number| place.witness(number, None)).collect();
    let addresses: Vec<String> = witnesses.iter().map(|witness| witness.address.to_string()).collect();
    place.list(&folder, &addresses);
    for restart in 0..3 {
        let server = Server::start(&folder, &[]);
        let mut client = Client::to(server.address);
        // nothing is new: it is the same note that both cosign again
        cosigned(&mut client, 0, 2);
        let note = client.get("/log/checkpoint").unwrap().1;
        let log = VerifierKey::parse(&place.log).unwrap();
        let keys: Vec<_> = place.witnesses.iter().map(|(_, key)| VerifierKey::parse(key).unwrap()).collect();
        let opened = open_checkpoint(note.as_bytes(), &log, &keys, 2, None);
        assert!(opened.is_ok(), "restart {restart}: {opened:?}");
        server.end();
    }
    let level_3 = run(&folder, &["verify", "--level", "3", "--require", "L3"]);
    assert!(level_3.status.success(), "{}", said(&level_3));
}

#[test]
fn one_process_serves_a_witness_and_malformed_checkpoints_are_told_apart_from_unknown_logs() {
    let place = Place::new();
    let first = place.witness(0, None);
    let serve = ["witness", "serve", "--log", &place.log, "--listen", "127.0.0.1:0"];
    let second = run(&place.witnesses[0].0, &serve);
    assert_eq!(second.status.code(), Some(2), "{}", said(&second));
    assert!(said(&second).contains("another process serves"), "{}", said(&second));

    let signature = "— ledger.example/witnessed AAAAAAAA\n";
    let root = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let of = |text: String| format!("old 0\n\n{text}\n{signature}");
    for (body, status) in [
        ("".to_owned(), 400),
        ("old 0\n\nno note".to_owned(), 400),
        (of("ledger.example/witnessed\n3\n".to_owned()), 400),
        (of(format!("ledger.example/witnessed\n03\n{root}\n")), 400),
        (of(format!("ledger.example/witnessed\n3\n{root}\nmore\n")), 400),
        (of(format!("ledger.example/another\n3\n{root}\n")), 404),
        (of(format!("ledger.example/witnessed\n3\n{root}\n")), 403),
    ] {
        assert_eq!(posted(&first, &body), status, "{body:?}");
    }
    drop(first);
    // what was killed does not keep the next one out
    drop(place.witness(0, None));
}

/// The status of a checkpoint shown to a witness.
fn posted(witness: &Server, body: &str) -> u16 {
    let mut stream = TcpStream::connect(witness.address).unwrap();
    let request = format!(
        "POST /add-checkpoint HTTP/1.1\r\nhost: w\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

fn register(client: &mut Client, session: &Session, name: &str) -> u64 {
    let body = json!({ "layer": "building", "address": "石井街道1号" });
    let answer =
        client.command(session, &format!("premises/{name}/register"), Uuid::now_v7(), &body).unwrap();
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["position"].as_u64().unwrap()
}

/// Waits until a checkpoint of at least this size is published with so many cosignatures.
fn cosigned(client: &mut Client, size: u64, lines: usize) {
    let began = Instant::now();
    loop {
        let (status, note) = client.get("/log/checkpoint").unwrap();
        let covers = note
            .lines()
            .nth(1)
            .and_then(|covered| covered.parse().ok())
            .is_some_and(|covered: u64| covered >= size);
        if status == 200 && covers && note.matches("\n— witness.example/").count() == lines {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "not cosigned {lines} times at {size}: {note}");
        sleep(Duration::from_millis(200));
    }
}

fn genesis(folder: &Path) -> String {
    let reader = wuping_ledger::reader::Reader::open(folder).unwrap();
    reader.row(0).unwrap().unwrap().leaf_hash.hex()
}
