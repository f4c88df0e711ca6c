//! A backup of a ledger on a Postgres server, made while several people write at two nodes, put back into a folder and onto another
//! server; and a database is filled whole or not at all.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crate::program::postgres::{self, Cluster};
use crate::program::server::{Client, Server, Session};
use crate::program::{must_be_sound, node_beside, run, said, told, until};
use serde_json::{Value, json};
use uuid::Uuid;
use wuping_ledger::reader::Reader;

/// A ledger on a server, with somebody who may write.
struct House {
    cluster: Cluster,
    place: tempfile::TempDir,
    folder: PathBuf,
    password: String,
}

impl House {
    fn new() -> Self {
        let (cluster, place) = (postgres::own_cluster(), tempfile::tempdir().unwrap());
        let folder = place.path().join("one");
        let url = cluster.database("house");
        told(&folder, &["init", "--origin", "ledger.example/server", "--database-url", &url, "--json"]);
        let account = ["account", "open", "clerk", "--name", "某人", "--role", "data_clerk", "--json"];
        let password = told(&folder, &account)["password"].as_str().unwrap().to_owned();
        Self { cluster, place, folder, password }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn back_up(&self, name: &str, more: &[&str]) -> (PathBuf, Value) {
        let file = self.path(name);
        let made = told(&self.folder, &[&["backup", file.to_str().unwrap(), "--json"], more].concat());
        (file, made)
    }

    /// Onto a database of the server, as the owner of its tables.
    fn put_back(&self, file: &Path, folder: &Path, database: &str, more: &[&str]) -> std::process::Output {
        let url = self.cluster.url(database);
        run(folder, &[&["restore", file.to_str().unwrap(), "--database-url", &url, "--json"], more].concat())
    }

    /// How many tables, views and indexes there are in a database.
    fn relations(&self, database: &str) -> String {
        let sql = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
        self.cluster.sql(database, sql).trim().to_owned()
    }
}

#[test]
fn a_backup_made_while_eight_people_write_at_two_nodes_is_put_back_into_a_folder_and_onto_a_server() {
    let house = House::new();
    let other = node_beside(&house.folder, house.path("other"));
    let photo = b"a photo".to_vec();
    let name = wuping_ledger::encoding::Hash::of(&photo).hex();
    std::fs::create_dir_all(house.folder.join("attachments").join(&name[..2])).unwrap();
    std::fs::write(house.folder.join("attachments").join(&name[..2]).join(&name), &photo).unwrap();
    let servers = [&house.folder, &other].map(|folder| Server::start(folder, &[]));
    let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..8)
        .map(|client| {
            let server = &servers[client % 2];
            let (address, session) = (server.address, server.sign_in("clerk", &house.password));
            let (stop, count) = (Arc::clone(&stop), Arc::clone(&count));
            std::thread::spawn(move || register(address, &session, client, &stop, &count))
        })
        .collect();
    until("everybody writes", WITHIN, || count.load(Ordering::SeqCst) > 80);
    let (began, mut before, mut backups) = (count.load(Ordering::SeqCst), 0, Vec::new());
    while backups.len() < 3 || count.load(Ordering::SeqCst) < began + 24 {
        before = count.load(Ordering::SeqCst);
        backups.push(house.back_up(&format!("{}.wuping", backups.len()), &["--with-keys"]));
        assert!(backups.len() < 30, "nobody writes");
    }
    let during = count.load(Ordering::SeqCst) - began;
    stop.store(true, Ordering::SeqCst);
    let acknowledged: Vec<(String, Uuid, u64)> =
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
    servers.into_iter().for_each(Server::end);
    for (file, _) in &backups {
        let verified =
            run(house.place.path(), &["verify", "--level", "5", "--backup", file.to_str().unwrap()]);
        assert!(verified.status.success(), "{}", said(&verified));
        assert!(said(&verified).contains("compared with their digests"), "{}", said(&verified));
    }
    let count = backups.len();
    let (file, made) = backups.pop().unwrap();
    let size = made["size"].as_u64().unwrap();
    eprintln!("{during} written while {count} were made; {before} before the last, which has {size} entries");
    assert_eq!((&made["attachments"], &made["format"]), (&json!(1), &json!("wuping-backup/2")));
    let names: Vec<&String> = made["files"].as_object().unwrap().keys().collect();
    for there in ["ledger.db", "vault.db", "office.db", "checkpoints.txt", "master.key", "vault.key"] {
        assert!(names.iter().any(|name| *name == there), "{there} of {names:?}");
    }
    assert!(!names.iter().any(|name| *name == "database.url"), "the password is nobody's business");
    let kept: Value =
        serde_json::from_slice(&std::fs::read(house.folder.join("last-backup.json")).unwrap()).unwrap();
    assert_eq!(kept["size"], made["size"]);

    let (in_folder, on_server) = (house.path("in-folder"), house.path("on-server"));
    told(&in_folder, &["restore", file.to_str().unwrap(), "--json"]);
    house.cluster.database("again");
    let put_back = house.put_back(&file, &on_server, "again", &[]);
    assert!(put_back.status.success(), "{}", said(&put_back));
    assert!(in_folder.join("ledger.db").exists() && !in_folder.join("database.url").exists());
    assert!(!on_server.join("ledger.db").exists() && on_server.join("database.url").exists());
    assert!(on_server.join("attachments").join(&name[..2]).join(&name).exists());
    let last = (size - 1).to_string();
    let at_home = house.path("views-of-then.db");
    let then = told(&house.folder, &["rebuild", "--at", &last, "--to", at_home.to_str().unwrap(), "--json"]);
    for folder in [&in_folder, &on_server] {
        must_be_sound(folder);
        let rebuilt = told(folder, &["rebuild", "--json"]);
        assert_eq!((&rebuilt["digest"], &rebuilt["tree_root"]), (&then["digest"], &made["root"]));
        let reader = Reader::open(folder).unwrap();
        assert_eq!(reader.size().unwrap(), size);
        let (mut there, mut later) = (0, 0);
        for (stream, id, position) in &acknowledged {
            if *position >= size {
                later += 1;
                continue;
            }
            let row = reader.row(*position).unwrap().unwrap();
            assert_eq!((&row.aggregate_id, &row.event_id), (stream, &id.to_string()));
            there += 1;
        }
        assert!(there >= before && later > 0, "{there} of {before}, and {later} later");
    }

    // whichever node of it is started first says where it comes from, by a login that may do no more than a server has to
    for refused in [&in_folder, &on_server] {
        let refused = run(refused, &["account", "password", "clerk"]);
        assert!(said(&refused).contains("run “wuping serve” once"), "{}", said(&refused));
    }
    house.cluster.sql("again", "CREATE ROLE wuping_server LOGIN; GRANT wuping_writer TO wuping_server");
    let beside = node_beside(&on_server, house.path("beside"));
    let address = house.cluster.url("again").replace("wuping@", "wuping_server@");
    std::fs::write(beside.join("database.url"), address).unwrap();
    assert_eq!(house.cluster.sql("again", "SELECT count(*) FROM office_sessions").trim(), "0");
    for folder in [&in_folder, &beside] {
        let server = Server::start(folder, &[]);
        server.sign_in("clerk", &house.password);
        server.end();
        let recorded = Reader::open(folder).unwrap().stream("restores").unwrap();
        assert_eq!((recorded.len(), recorded[0].position), (1, size), "before anything else");
        assert!(recorded[0].data.contains("\"findings\":0"), "{}", recorded[0].data);
        told(folder, &["account", "password", "clerk", "--json"]);
    }
    // its owner's node finds it said
    Server::start(&on_server, &[]).end();
    assert_eq!(Reader::open(&on_server).unwrap().stream("restores").unwrap().len(), 1, "once");
    for folder in [&in_folder, &on_server] {
        must_be_sound(folder);
    }
}

#[test]
fn a_database_is_filled_whole_or_not_at_all_and_never_over_another() {
    let house = House::new();
    let (file, _) = house.back_up("one.wuping", &[]);
    let there = house.path("there");
    let put_back = |database: &str| house.put_back(&file, &there, database, &[]);
    // somebody's tables are there: of a ledger, and of anybody
    house.cluster.database("busy");
    house.cluster.sql("busy", "CREATE TABLE tenants (name text)");
    for (database, found) in [("house", "authors"), ("busy", "tenants")] {
        let before = house.relations(database);
        let refused = put_back(database);
        assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
        let says = said(&refused);
        assert!(says.contains("is not empty") && says.contains(found) && says.contains("createdb"), "{says}");
        assert!(house.relations(database) == before && !there.exists());
    }

    // every byte is held to the backup's digests before the server is given anything
    house.cluster.database("empty");
    let sound_bytes = std::fs::read(&file).unwrap();
    let (cut, altered) = (house.path("cut.wuping"), house.path("altered.wuping"));
    std::fs::write(&cut, &sound_bytes[..sound_bytes.len() - 1_000]).unwrap();
    let mut bytes = sound_bytes.clone();
    bytes[sound_bytes.len() / 2] ^= 1;
    std::fs::write(&altered, bytes).unwrap();
    for damaged in [&cut, &altered] {
        let refused = house.put_back(damaged, &there, "empty", &[]);
        assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
        let says = said(&refused);
        assert!(says.contains("is damaged") && says.contains("digest"), "{says}");
        assert!(house.relations("empty") == "0" && !there.exists());
    }

    // the very last thing that a server is asked fails: to keep what it was given
    house.cluster.sql("empty", FAILS_AT_THE_END);
    let refused = put_back("empty");
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("the power went"), "{}", said(&refused));
    assert_eq!(house.relations("empty"), "0", "nothing is there");
    let left: Vec<_> = std::fs::read_dir(&there).into_iter().flatten().flatten().collect();
    assert!(left.is_empty() && !house.path("there.part").exists(), "{left:?}");
    house.cluster.sql("empty", "DROP EVENT TRIGGER fails_at_the_end; DROP FUNCTION fails, fails_at_the_end");
    let put_back = put_back("empty");
    assert!(put_back.status.success(), "{}", said(&put_back));

    // it knows by which key its values open, though no key came with it
    std::fs::copy(house.folder.join("master.key"), there.join("master.key")).unwrap();
    let no_key = run(&there, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(no_key.status.code() == Some(2) && said(&no_key).contains("vault.key"), "{}", said(&no_key));
    assert!(!there.join("vault.key").exists(), "a key of its own would open nothing");
    std::fs::write(there.join("vault.key"), "7".repeat(64)).unwrap();
    let another = run(&there, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(another.status.code() == Some(2), "{}", said(&another));
    std::fs::copy(house.folder.join("vault.key"), there.join("vault.key")).unwrap();
    Server::start(&there, &[]).end();
    must_be_sound(&there);
}

#[test]
fn a_ledger_moves_from_a_folder_to_a_server_and_back_and_an_older_one_only_knowingly() {
    let house = House::new();
    let (in_folder, moved) = (house.path("in-folder"), house.path("moved"));
    told(&in_folder, &["init", "--origin", "ledger.example/moves", "--json"]);
    let account = ["account", "open", "clerk", "--name", "某人", "--role", "data_clerk", "--json"];
    let password = told(&in_folder, &account)["password"].as_str().unwrap().to_owned();
    told(&in_folder, &["feed", "open", "feed-fire", "--department", "fire", "--kind", "incidents", "--json"]);
    let file = house.path("folder.wuping");
    told(&in_folder, &["backup", file.to_str().unwrap(), "--with-keys", "--json"]);
    told(&in_folder, &["account", "open", "late", "--name", "某人", "--role", "data_clerk", "--json"]);
    let signed = Reader::open(&in_folder).unwrap().checkpoint_size().unwrap();
    let kept = in_folder.join("checkpoints.txt");

    // somebody has seen more of it
    house.cluster.database("moved");
    let with = ["--checkpoint", kept.to_str().unwrap()];
    let refused = house.put_back(&file, &moved, "moved", &with);
    assert!(said(&refused).contains(&format!("{signed} were signed")), "{}", said(&refused));
    assert!(house.relations("moved") == "0" && !moved.exists());
    let knowingly = [&with[..], &["--accept-loss", "the disk of the office burnt"]].concat();
    let put_back = house.put_back(&file, &moved, "moved", &knowingly);
    assert!(put_back.status.success(), "{}", said(&put_back));
    let server = Server::start(&moved, &[]);
    server.sign_in("clerk", &password);
    server.end();
    let recorded = Reader::open(&moved).unwrap().stream("restores").unwrap();
    assert!(recorded[0].data.contains(&format!("\"signed\":{signed}")), "{}", recorded[0].data);
    assert!(!recorded[0].data.contains("burnt"), "what a person typed is private: {}", recorded[0].data);
    must_be_sound(&moved);
    let feeds = run(&moved, &["feed", "list"]);
    assert!(said(&feeds).contains("feed-fire fire: incidents"), "{}", said(&feeds));

    // and back into a folder
    let (file, back) = (house.path("server.wuping"), house.path("back"));
    told(&moved, &["backup", file.to_str().unwrap(), "--with-keys", "--json"]);
    let put_back = told(&back, &["restore", file.to_str().unwrap(), "--json"]);
    assert_eq!(put_back["verified"]["findings"], json!([]));
    let digests = [&moved, &back].map(|folder| told(folder, &["rebuild", "--json"])["digest"].clone());
    assert_eq!(digests[0], digests[1]);
    must_be_sound(&back);
}

/// Registers buildings one after another until it is told to stop: the stream, the id and the position of each.
fn register(
    address: SocketAddr,
    session: &Session,
    client: usize,
    stop: &AtomicBool,
    count: &AtomicUsize,
) -> Vec<(String, Uuid, u64)> {
    let (mut connection, mut all) = (Client::to(address), Vec::new());
    while !stop.load(Ordering::SeqCst) {
        let (stream, id) = (format!("premises/b-{client}-{}", all.len()), Uuid::now_v7());
        let body = json!({ "layer": "building", "address": "石井街道1号", "coordinates": "22.7,114.3" });
        let answer = connection.command(session, &format!("{stream}/register"), id, &body).unwrap();
        assert_eq!(answer.status, 201, "{}", answer.body);
        count.fetch_add(1, Ordering::SeqCst);
        all.push((stream, id, answer.body["position"].as_u64().unwrap()));
    }
    all
}

const WITHIN: Duration = Duration::from_secs(60);
/// As soon as the last table is made, whatever is written to it is refused when it is to be made durable.
const FAILS_AT_THE_END: &str = "
CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the power went'; END $$;
CREATE FUNCTION fails_at_the_end() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'public.restored') THEN
        CREATE CONSTRAINT TRIGGER fails AFTER INSERT ON restored DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION fails();
    END IF;
END $$;
CREATE EVENT TRIGGER fails_at_the_end ON ddl_command_end WHEN TAG IN ('CREATE TABLE')
    EXECUTE FUNCTION fails_at_the_end();";
