//! Webhooks from a real server to a real receiver that fails, is slow, and is away; and the server is killed in between.

mod credit;

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::program::server::{Client, Server, Session};
use crate::program::{run, said, told, until};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use wuping_ledger::genesis::Ledger;

/// How a receiver behaves.
#[derive(Clone, Copy)]
enum Manner {
    Refuses(u16),
    /// Takes it and says so only when it is told to behave otherwise.
    Holds,
    Takes,
}

/// A message as it came in.
#[derive(Clone, Debug)]
struct Heard {
    headers: HashMap<String, String>,
    body: String,
    /// The status it was answered with; none while it is held.
    answered: Option<u16>,
}

impl Heard {
    fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    fn told(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A department's own system.
struct Receiver {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<Heard>>>,
    manner: Arc<Mutex<Manner>>,
    gone: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

impl Receiver {
    fn at(address: &str) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (heard, manner, gone) = (Arc::default(), Arc::new(Mutex::new(Manner::Takes)), Arc::default());
        let shared = (Arc::clone(&heard), Arc::clone(&manner), Arc::clone(&gone));
        let listening = std::thread::spawn(move || {
            let (heard, manner, gone) = shared;
            while !AtomicBool::load(&gone, Ordering::SeqCst) {
                match listener.accept() {
                    Ok((stream, _)) => {
                        let (heard, manner, gone) =
                            (Arc::clone(&heard), Arc::clone(&manner), Arc::clone(&gone));
                        std::thread::spawn(move || serve(stream, &heard, &manner, &gone));
                    }
                    Err(_) => std::thread::sleep(Duration::from_millis(5)),
                }
            }
        });
        Self { address, heard, manner, gone, listening: Some(listening) }
    }

    fn behaves(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// What it took, by kind of event and stream, in order.
    fn taken(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let taken =
            self.heard().into_iter().filter(|heard| heard.answered == Some(204)).map(|heard| heard.told());
        let of_hazards = taken.filter(|told| told["type"] != "Test");
        of_hazards.map(|told| (text(&told["type"]), text(&told["hazard"]["stream"]))).collect()
    }

    /// It is switched off; what it has heard is the answer.
    fn leave(mut self) -> Vec<Heard> {
        self.gone.store(true, Ordering::SeqCst);
        self.listening.take().unwrap().join().unwrap();
        self.heard()
    }
}

fn serve(stream: TcpStream, heard: &Mutex<Vec<Heard>>, manner: &Mutex<Manner>, gone: &AtomicBool) {
    stream.set_nonblocking(false).unwrap();
    let mut reader = BufReader::new(stream);
    loop {
        let (mut headers, mut line) = (HashMap::new(), String::new());
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        loop {
            line.clear();
            reader.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_lowercase(), value.to_owned());
        }
        let mut body = vec![0; headers["content-length"].parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        let place = {
            let mut heard = heard.lock().unwrap();
            heard.push(Heard { headers, body: String::from_utf8(body).unwrap(), answered: None });
            heard.len() - 1
        };
        let status = loop {
            match *manner.lock().unwrap() {
                Manner::Takes => break 204,
                Manner::Refuses(status) => break status,
                Manner::Holds if gone.load(Ordering::SeqCst) => return,
                Manner::Holds => {}
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        heard.lock().unwrap()[place].answered = Some(status);
        let answer = format!("HTTP/1.1 {status} whatever\r\ncontent-length: 0\r\n\r\n");
        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// HMAC-SHA256 by its definition (RFC 2104), as a receiver may write it.
fn hmac(secret: &str, text: &str) -> String {
    assert!(secret.len() <= 64);
    let pad = |byte: u8| -> Vec<u8> {
        (0..64).map(|place| secret.as_bytes().get(place).copied().unwrap_or(0) ^ byte).collect()
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text).finalize();
    let tag = Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize();
    tag.iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Office {
    server: Server,
    grid: Session,
    fire: Session,
    scheme: Value,
}

impl Office {
    fn says(&self, who: &Session, path: &str, body: &Value) {
        let answer = Client::to(self.server.address).command(who, path, Uuid::now_v7(), body).unwrap();
        assert!(answer.status < 300, "{path}: {}", answer.body);
    }

    /// Somebody finds a hazard of the fire department.
    fn found(&self, key: &str) {
        let found = json!({
            "indicator": "hydrant_or_hose", "severity": "serious", "works": "repair", "competent": "fire", "source": "patrol",
            "note": "楼道堆满杂物", "scheme": self.scheme,
        });
        self.says(&self.grid, &format!("premises/b-1/hazard/{key}/find"), &found);
    }

    fn metric(&self, name: &str) -> u64 {
        let (_, text) = Client::to(self.server.address).get("/metrics").unwrap();
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok())
            .unwrap_or_else(|| panic!("{name} in {text}"))
    }
}

/// The ids and positions of all entries of hazards, in order.
fn of_hazards(folder: &Path) -> Vec<(String, u64)> {
    let reader = Ledger::open_read_only(folder).unwrap();
    let mut found = Vec::new();
    reader
        .rows(0, u64::MAX, |row| {
            if row.schema.starts_with("hazard/") {
                found.push((row.event_id.to_owned(), row.position));
            }
            Ok::<_, wuping_ledger::store::StoreError>(())
        })
        .unwrap();
    found
}

#[test]
fn every_event_of_a_departments_hazards_arrives_signed_and_in_order_whatever_fails() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    told(folder, &["init", "--origin", "ledger.example/webhooks", "--json"]);
    let account = |login: &str, more: &[&str]| {
        let opened = told(folder, &[&["account", "open", login, "--name", login, "--json"], more].concat());
        opened["password"].as_str().unwrap().to_owned()
    };
    let clerk = account("clerk", &["--role", "data_clerk"]);
    let grid = account("grid", &["--role", "grid_worker"]);
    let fire = account("fire", &["--role", "department_officer", "--department", "fire"]);
    let server = Server::start(folder, &[]);
    let clerk = server.sign_in("clerk", &clerk);
    let [grid, fire] = [("grid", grid), ("fire", fire)].map(|(login, word)| server.sign_in(login, &word));
    let (_, rulebooks) = Client::to(server.address).get("/api/v1/rulebooks").unwrap();
    let rulebooks: Value = serde_json::from_str(&rulebooks).unwrap();
    let of_buildings =
        rulebooks["rulebooks"].as_array().unwrap().iter().find(|one| one["layer"] == "building");
    let scheme = of_buildings.unwrap()["scheme"].clone();
    let mut office = Office { server, grid, fire, scheme };
    let building =
        json!({ "layer": "building", "address": "石井街道1号", "subdistrict": "石井", "grid_cell": "g-1" });
    office.says(&clerk, "premises/b-1/register", &building);

    // who is told is said beside the running server; one of the two never answers, and nobody minds
    let receiver = Receiver::at("127.0.0.1:0");
    let address = receiver.address.to_string();
    let add = |name: &str, department: &str, url: &str| {
        let added = ["webhook", "add", name, "--department", department, "--url", url, "--json"];
        told(folder, &added)["secret"].as_str().unwrap().to_owned()
    };
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    add("police-desk", "police", &format!("http://{nobody}/"));
    let secret = add("fire-desk", "fire", &format!("http://{address}/in"));
    let tested = run(folder, &["webhook", "test", "fire-desk"]);
    assert!(tested.status.success(), "{}", said(&tested));
    assert_eq!(run(folder, &["webhook", "test", "police-desk"]).status.code(), Some(1));
    assert_eq!(receiver.heard()[0].told()["type"], "Test");
    let receiver_heard_test = receiver.heard().len();

    // it refuses at first, and gets the first event again and again before any other
    receiver.behaves(Manner::Refuses(503));
    office.found("h-1");
    until("two attempts", Duration::from_secs(20), || receiver.heard().len() >= receiver_heard_test + 2);
    let attempts = receiver.heard().split_off(receiver_heard_test);
    assert!(attempts.iter().all(|attempt| attempt.id() == attempts[0].id()), "{attempts:?}");
    until("a metric of it", Duration::from_secs(10), || {
        office.metric("wuping_webhook_behind_entries{receiver=\"fire-desk\"}") > 0
    });
    receiver.behaves(Manner::Takes);
    let (found, routed) = ("HazardFound".to_owned(), "HazardRouted".to_owned());
    let one = |what: &String, key: &str| (what.clone(), format!("premises/b-1/hazard/{key}"));
    until("what was refused is taken", Duration::from_secs(20), || receiver.taken().len() >= 2);
    assert_eq!(receiver.taken()[..2], [one(&found, "h-1"), one(&routed, "h-1")]);
    let first = attempts[0].told();
    assert_eq!(
        (&first["department"], &first["premises"]["address"]),
        (&json!("fire"), &json!("石井街道1号"))
    );
    assert_eq!(
        (&first["hazard"]["stage"], &first["event"]["severity"]),
        (&json!("pending_review"), &json!("serious"))
    );
    assert!(!attempts[0].body.contains("楼道") && !attempts[0].body.contains("_sd"), "{}", attempts[0].body);

    // while it holds a message, people work on; the server is killed, and it gets the same message again
    receiver.behaves(Manner::Holds);
    office.says(
        &office.fire,
        "premises/b-1/hazard/h-1/review",
        &json!({ "outcome": "confirmed", "reason": "属实" }),
    );
    let held = |heard: &[Heard]| {
        heard.iter().find(|heard| heard.answered.is_none()).map(|heard| heard.id().to_owned())
    };
    until("it holds one", Duration::from_secs(10), || held(&receiver.heard()).is_some());
    let held = held(&receiver.heard()).unwrap();
    office.found("h-2");
    office.server.child.kill().unwrap();
    office.server.child.wait().unwrap();
    let before = receiver.leave();
    assert_eq!(before.last().unwrap().id(), held, "nothing overtakes what is not taken");

    // now it is away, and more happens
    office.server = Server::start(folder, &[]);
    office.found("h-3");
    std::thread::sleep(Duration::from_millis(1500));
    let receiver = Receiver::at(&address);
    let expected = of_hazards(folder);
    until("all of it arrives", Duration::from_secs(60), || receiver.heard().len() >= expected.len() - 2);
    let after = receiver.heard();
    assert_eq!(after[0].id(), held, "what it never said it had comes again");

    // each at least once, first arrivals in the order of the ledger, each properly signed
    let mut ids: Vec<String> = Vec::new();
    for heard in before[receiver_heard_test..].iter().chain(&after) {
        let (time, body) = (&heard.headers["webhook-timestamp"], &heard.body);
        assert_eq!(
            heard.headers["webhook-signature"],
            format!("v1={}", hmac(&secret, &format!("{time}.{body}")))
        );
        assert_eq!(heard.told()["id"], heard.id());
        if !ids.iter().any(|id| id == heard.id()) {
            ids.push(heard.id().to_owned());
        }
    }
    let in_ledger: Vec<String> = expected.iter().map(|(id, _)| id.clone()).collect();
    assert_eq!(ids, in_ledger);
    until("nothing is left", Duration::from_secs(20), || {
        office.metric("wuping_webhook_behind_entries{receiver=\"fire-desk\"}") == 0
    });
    office.found("h-4");
    until("it goes on", Duration::from_secs(20), || receiver.heard().len() >= expected.len());

    // passed on: the department hears that, and of the hazard no more
    office.says(
        &office.fire,
        "premises/b-1/hazard/h-2/review",
        &json!({ "outcome": { "passed_on": { "to": "police" } }, "reason": "治安" }),
    );
    let passed = |heard: &[Heard]| heard.iter().any(|heard| heard.told()["hazard"]["competent"] == "police");
    until("it hears that", Duration::from_secs(20), || passed(&receiver.heard()));
    // whoever does not answer is listed with the reason, as soon as the first attempt has failed
    let listed = || told(folder, &["webhook", "list", "--json"]);
    until("the other one's failure is listed", Duration::from_secs(20), || {
        listed()[0]["failures"].as_u64() >= Some(1)
    });
    let listed = listed();
    assert_eq!(listed[1]["name"], "fire-desk");
    assert!(listed[0]["why"].is_string(), "{listed}");

    // removed beside the running server, it hears nothing more
    assert!(run(folder, &["webhook", "remove", "fire-desk"]).status.success());
    std::thread::sleep(Duration::from_millis(2500));
    let heard = receiver.heard().len();
    office.found("h-5");
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(receiver.heard().len(), heard);

    // who has not answered for days is named
    assert!(!ready(&office).contains("webhook"), "{}", ready(&office));
    drop(office.server);
    let cursor = folder.join("webhooks/police-desk.cursor");
    let mut kept: Value = serde_json::from_slice(&std::fs::read(&cursor).unwrap()).unwrap();
    kept["failing_since"] = json!(kept["failing_since"].as_u64().unwrap() - 3 * 86_400);
    std::fs::write(&cursor, kept.to_string()).unwrap();
    let doctor = run(folder, &["doctor", "--json"]);
    let doctor: Value = serde_json::from_slice(&doctor.stdout).unwrap();
    let told =
        doctor["findings"].as_array().unwrap().iter().find(|finding| finding["about"] == "webhooks").unwrap();
    assert!(told["state"] == "todo" && told["says"].as_str().unwrap().contains("3 days"), "{told}");
    office.server = Server::start(folder, &[]);
    assert!(ready(&office).contains("webhook police-desk (police): has not taken"), "{}", ready(&office));
}

fn ready(office: &Office) -> String {
    Client::to(office.server.address).get("/readyz").unwrap().1
}
