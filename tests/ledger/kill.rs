//! The program killed at moments nobody chose: nothing acknowledged is lost, what is there is sound, and it goes on.

use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::Duration;

use crate::program::server::{Answer, Client, Server, Session};
use crate::program::{On, Random, copy, first_rows, init, must_be_sound, run, said, told, until, wuping};
use serde_json::{Value, json};
use uuid::Uuid;
use wuping_ledger::reader::Reader;
use wuping_projections::Views;

#[test]
fn an_import_killed_again_and_again_loses_nothing_and_goes_on() {
    an_import_is_killed(On::Sqlite);
}

#[test]
fn an_import_into_postgres_killed_again_and_again_loses_nothing_and_goes_on() {
    an_import_is_killed(On::Postgres);
}

fn an_import_is_killed(on: On) {
    let mut random = Random::of_this_moment();
    let place = tempfile::tempdir().unwrap();
    let (calm, file) = (place.path().join("calm"), place.path().join("first.csv"));
    first_rows(1_500, &file);
    init(&calm, on, "ledger.example/kill");
    let undisturbed = told(&calm, &import(&file))["events_written"].as_u64().unwrap();
    let (mut killed, mut imports) = (0, 0);
    while killed < kills() {
        let folder = place.path().join(format!("killed-{imports}"));
        init(&folder, on, "ledger.example/kill");
        imports += 1;
        killed += killed_until_it_ends(&folder, &file, kills() - killed, undisturbed, &mut random);
        assert!(given_back(&calm).len() > 100_000);
        assert!(given_back(&calm) == given_back(&folder), "both give back the same file");
        eprintln!("{killed} kills of {imports} import(s) on {on:?}");
    }
}

/// Kills an import of a file so often, or until it comes to its end before it is killed; then lets it finish. How often it
/// was killed.
fn killed_until_it_ends(
    folder: &Path,
    file: &Path,
    at_most: u64,
    undisturbed: u64,
    random: &mut Random,
) -> u64 {
    let (mut sizes, mut killed) = (vec![size(folder)], 0);
    while killed < at_most {
        let mut child =
            wuping(folder).args(import(file)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // by what it has done and not by the time it took, which a busy machine stretches; all steps together are about
        // the whole
        let enough = sizes.last().unwrap() + random.below(undisturbed * 5 / 8 / at_most.min(KILLS));
        until("the import goes on", WITHIN, || child.try_wait().unwrap().is_some() || size(folder) > enough);
        sleep(Duration::from_micros(random.below(4_000)));
        kill(&mut child, folder);
        let ended = child.wait().unwrap();
        must_be_sound(folder);
        sizes.push(size(folder));
        if ended.signal() != Some(9) {
            assert!(ended.success() && killed > 0, "after {killed} kills: {ended}");
            break;
        }
        killed += 1;
    }
    assert!(sizes.is_sorted(), "{sizes:?}");
    // one of a few kills may come before the first rows are in
    assert!(killed < KILLS || sizes.first() < sizes.last(), "{sizes:?}");
    let rest = told(folder, &import(file));
    let count = |told: &Value, name: &str| told[name].as_u64().unwrap();
    assert!(killed < KILLS || count(&rest, "already_there") > 0, "{sizes:?}: {rest}");
    assert_eq!(
        count(&rest, "already_there") + count(&rest, "events_written"),
        undisturbed,
        "{sizes:?}: {rest}"
    );
    assert_eq!(count(&told(folder, &import(file)), "events_written"), 0);
    must_be_sound(folder);
    killed
}

fn import(file: &Path) -> [&str; 4] {
    ["import", "toronto-evaluations", file.to_str().unwrap(), "--json"]
}

fn given_back(folder: &Path) -> Vec<u8> {
    run(folder, &["export", "toronto-evaluations", "--publication", "pre2023"]).stdout
}

#[test]
fn a_server_killed_again_and_again_under_load_keeps_every_receipt() {
    a_server_is_killed(On::Sqlite);
}

#[test]
fn a_server_on_postgres_killed_again_and_again_under_load_keeps_every_receipt() {
    a_server_is_killed(On::Postgres);
}

fn a_server_is_killed(on: On) {
    let mut random = Random::of_this_moment();
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("house");
    init(&folder, on, "ledger.example/kill");
    let account = ["account", "open", "clerk", "--name", "某人", "--role", "data_clerk", "--json"];
    let password = told(&folder, &account)["password"].as_str().unwrap().to_owned();
    let feed = told(&folder, &["feed", "open", "feed-police", "--department", "police", "--json"]);

    let mut server = Server::start(&folder, &[]);
    let session = server.sign_in("clerk", &password);
    let mut known: Vec<Sent> = Vec::new();
    for time in 1..=kills() {
        let address = server.address;
        let acknowledged = Arc::new(AtomicU64::new(0));
        let clients: Vec<_> = (1..=CLIENTS)
            .map(|client| {
                let (session, acknowledged) = (session.clone(), acknowledged.clone());
                let name = format!("{time}-{client}");
                std::thread::spawn(move || load(address, &session, &name, &acknowledged))
            })
            .collect();
        until("the server answers", WITHIN, || acknowledged.load(Ordering::Relaxed) > 10);
        sleep(Duration::from_millis(random.below(650)));
        kill(&mut server.child, &folder);
        assert_eq!(server.child.wait().unwrap().signal(), Some(9));
        let sent: Vec<Sent> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
        known.extend(sent);
        must_be_sound(&folder);

        server = Server::start(&folder, &[]);
        let mut client = Client::to(server.address);
        for sent in &mut known {
            sent.again(&mut client, &session);
        }
    }
    let mut client = Client::to(server.address);
    let bearer = format!("Bearer {}", feed["token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "day-1")];
    let answer = client.post("/api/v1/feeds", &headers, &json!({ "lines": [] })).unwrap();
    assert_eq!(answer.status, 422, "the token is still good, the delivery is empty: {}", answer.body);

    server.end();
    must_be_sound(&folder);
    let reader = Reader::open(&folder).unwrap();
    for sent in &known {
        let receipt = sent.receipt.as_ref().unwrap();
        let row = reader.row(receipt.position).unwrap().unwrap();
        assert_eq!((row.event_id, row.aggregate_id), (sent.id.to_string(), sent.stream.clone()));
        assert_eq!(reader.version(&sent.stream).unwrap(), 1, "recorded once");
    }
    let (served, _) = Views::at(&folder.join("views.db")).digest().unwrap();
    for _ in 0..2 {
        assert_eq!(told(&folder, &["rebuild", "--json"])["digest"], json!(served));
    }
}

#[test]
fn a_server_killed_while_it_catches_up_with_weeks_marks_everything_once_and_nothing_else() {
    let mut random = Random::of_this_moment();
    let place = tempfile::tempdir().unwrap();
    let (killed, calm) = (place.path().join("killed"), place.path().join("calm"));
    let until_then = (chrono::Utc::now() - chrono::TimeDelta::days(60)).format("%Y-%m-%d").to_string();
    let street =
        ["simulate", "--years", "1", "--buildings", "6", "--seed", "3", "--until", &until_then, "--json"];
    let before = told(&killed, &street)["entries"].as_u64().unwrap();
    copy(&killed, &calm);
    let caught_up = |folder: &Path| {
        let server = Server::start(folder, &[]);
        let (mut seen, mut quiet) = (size(folder), 0);
        until("the runner has caught up", WITHIN, || {
            sleep(Duration::from_secs(1));
            let now = size(folder);
            quiet = if now == seen && now > before { quiet + 1 } else { 0 };
            seen = now;
            quiet > 6
        });
        server.end();
    };
    caught_up(&calm);
    let (mut sizes, step) = (vec![size(&killed)], (size(&calm) - before) / (kills() + 1).min(40) + 1);
    for _ in 0..kills() {
        let mut server = Server::start(&killed, &[]);
        let enough = sizes.last().unwrap() + random.below(step);
        let mut waited = 0;
        until("the runner goes on", WITHIN, || {
            waited += 1;
            waited > 400 || size(&killed) > enough
        });
        sleep(Duration::from_micros(random.below(20_000)));
        kill(&mut server.child, &killed);
        assert_eq!(server.child.wait().unwrap().signal(), Some(9));
        must_be_sound(&killed);
        sizes.push(size(&killed));
    }
    caught_up(&killed);
    must_be_sound(&killed);
    eprintln!("killed at {sizes:?}, of {}", size(&calm));
    let computed = |folder: &Path| {
        let (reader, mut all) = (Reader::open(folder).unwrap(), Vec::new());
        let each = reader.rows(before, reader.size().unwrap(), |row| {
            if row.data.contains("\"derivation\"") {
                all.push((row.stream.to_owned(), row.event_type.to_owned(), row.data.to_owned()));
            }
            Ok::<_, wuping_ledger::store::StoreError>(())
        });
        each.unwrap();
        all.sort();
        all
    };
    let (of_killed, of_calm) = (computed(&killed), computed(&calm));
    assert!(of_calm.len() > 30, "{}", of_calm.len());
    assert!(
        of_killed == of_calm,
        "nothing twice, nothing missing: {} and {}",
        of_killed.len(),
        of_calm.len()
    );
}

#[test]
fn a_checkpoint_that_was_half_written_when_the_power_went_is_no_obstacle() {
    let mut random = Random::of_this_moment();
    let place = tempfile::tempdir().unwrap();
    told(place.path(), &["init", "--origin", "ledger.example/torn", "--json"]);
    let checkpoints = place.path().join("checkpoints.txt");
    for time in 1..=5 {
        let text = std::fs::read(&checkpoints).unwrap();
        let kept = u64::try_from(text.len()).unwrap() - 1 - random.below(120);
        std::fs::File::options().write(true).open(&checkpoints).unwrap().set_len(kept).unwrap();
        must_be_sound(place.path());
        let login = format!("clerk-{time}");
        told(place.path(), &["account", "open", &login, "--name", "某人", "--role", "data_clerk", "--json"]);
        must_be_sound(place.path());
    }
}

/// How often each is killed: as `WUPING_KILLS` says, else a few times.
fn kills() -> u64 {
    std::env::var("WUPING_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS)
}

/// Kill a process, and have another one take its place before it is even gone.
fn kill(child: &mut Child, folder: &Path) {
    child.kill().unwrap();
    let next = run(folder, &["feed", "list"]);
    assert!(next.status.success(), "the next one does not start: {}", said(&next));
}

fn size(folder: &Path) -> u64 {
    Reader::open(folder).unwrap().size().unwrap()
}

/// Register buildings one after another until nobody answers any more.
fn load(address: SocketAddr, session: &Session, name: &str, acknowledged: &AtomicU64) -> Vec<Sent> {
    let mut client = Client::to(address);
    let mut all = Vec::new();
    for number in 0.. {
        let mut sent =
            Sent { id: Uuid::now_v7(), stream: format!("premises/b-{name}-{number}"), receipt: None };
        let answer = sent.send(&mut client, session);
        let ended = answer.is_none();
        if let Some(answer) = answer {
            assert_eq!(answer.status, 201, "{}", answer.body);
            sent.receipt = Some(Receipt::of(&answer));
            acknowledged.fetch_add(1, Ordering::Relaxed);
        }
        all.push(sent);
        if ended {
            break;
        }
    }
    all
}

/// A command that was sent, and what was acknowledged of it.
struct Sent {
    id: Uuid,
    stream: String,
    receipt: Option<Receipt>,
}

#[derive(Debug, PartialEq)]
struct Receipt {
    event_id: String,
    position: u64,
}

impl Receipt {
    fn of(answer: &Answer) -> Self {
        let text = |name: &str| answer.body[name].as_str().unwrap().to_owned();
        Self { event_id: text("event_id"), position: answer.body["position"].as_u64().unwrap() }
    }
}

impl Sent {
    /// The answer; none when the server is gone.
    fn send(&self, client: &mut Client, session: &Session) -> Option<Answer> {
        let body = json!({ "layer": "building", "address": "石井街道1号" });
        client.command(session, &format!("{}/register", self.stream), self.id, &body).ok()
    }

    /// What was acknowledged is still so; what was not is settled by now, one way or the other.
    fn again(&mut self, client: &mut Client, session: &Session) {
        let answer = self.send(client, session).unwrap();
        let receipt = Receipt::of(&answer);
        match &self.receipt {
            Some(first) => {
                assert_eq!(
                    (answer.status, &answer.body["repeated"], &receipt),
                    (200, &json!(true), first),
                    "{}: {}",
                    self.stream,
                    answer.body
                );
            }
            None => {
                assert!([200, 201].contains(&answer.status), "{}", answer.body);
                self.receipt = Some(receipt);
            }
        }
    }
}

const CLIENTS: u64 = 3;
const KILLS: u64 = 5;
const WITHIN: Duration = Duration::from_secs(120);
