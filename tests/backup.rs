//! A backup made under load, put back elsewhere, damaged, and older than what was signed.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod program;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use program::server::{Client, Server};
use program::{Random, run, said, terminate, told};
use serde_json::json;
use uuid::Uuid;
use wuping_ledger::reader::Reader;

#[test]
fn a_backup_made_while_the_server_writes_is_put_back_with_all_that_was_acknowledged_before() {
    let place = tempfile::tempdir().unwrap();
    let (folder, file, there) =
        (place.path().join("ledger"), place.path().join("one.wuping"), place.path().join("there"));
    told(&folder, &["init", "--origin", "ledger.example/backup", "--json"]);
    let account = ["account", "open", "clerk", "--name", "某人", "--role", "data_clerk", "--json"];
    let password = told(&folder, &account)["password"].as_str().unwrap().to_owned();
    let mut server = Server::start(&folder, &[]);
    let session = server.sign_in("clerk", &password);
    let (address, stop) = (server.address, Arc::new(AtomicBool::new(false)));
    let writing = {
        let (session, stop) = (session.clone(), Arc::clone(&stop));
        std::thread::spawn(move || {
            let mut client = Client::to(address);
            for number in 0.. {
                register(&mut client, &session, &format!("under-{number}"));
                if stop.load(Ordering::SeqCst) {
                    return number;
                }
            }
            0
        })
    };
    let mut client = Client::to(address);
    let before: Vec<u64> =
        (0..20).map(|number| register(&mut client, &session, &format!("before-{number}"))).collect();
    let made = told(&folder, &["backup", file.to_str().unwrap(), "--with-keys", "--json"]);
    stop.store(true, Ordering::SeqCst);
    assert!(writing.join().unwrap() > 5, "it was written to all the time");
    terminate(server.child.id());
    assert!(server.child.wait().unwrap().success());
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600, "keys are in it");
    let again = run(&folder, &["backup", file.to_str().unwrap()]);
    assert!(said(&again).contains("never overwritten"), "{}", said(&again));

    let verified = run(place.path(), &["verify", "--level", "5", "--backup", file.to_str().unwrap()]);
    assert!(verified.status.success(), "{}", said(&verified));
    let restored = told(&there, &["restore", file.to_str().unwrap(), "--json"]);
    assert_eq!(restored["restored"]["size"], made["size"]);
    let reader = Reader::open(&there).unwrap();
    let last = *before.last().unwrap();
    assert!(reader.size().unwrap() > last, "what was acknowledged before is there");
    assert_eq!(reader.row(last).unwrap().unwrap().aggregate_id, "premises/before-19");
    let onto = run(&there, &["restore", file.to_str().unwrap()]);
    assert!(said(&onto).contains("is not empty"), "{}", said(&onto));

    // it goes on, and its first entry says where it comes from
    let too_early = run(&there, &["account", "password", "clerk"]);
    assert!(said(&too_early).contains("run “wuping serve” once"), "{}", said(&too_early));
    end(Server::start(&there, &[]));
    let recorded = Reader::open(&there).unwrap().stream("restores").unwrap();
    assert_eq!((recorded.len(), recorded[0].event_type.as_str()), (1, "LedgerRestored"));
    assert!(recorded[0].data.contains("\"signed\":null"), "{}", recorded[0].data);
    told(&there, &["account", "password", "clerk", "--json"]);
    assert_eq!(Reader::open(&there).unwrap().stream("restores").unwrap().len(), 1, "once");
    sound(&there);
}

#[test]
fn any_byte_that_is_changed_is_found_and_nothing_is_put_back() {
    let mut random = Random::of_this_moment();
    let place = tempfile::tempdir().unwrap();
    let (folder, file) = (place.path().join("ledger"), place.path().join("one.wuping"));
    told(&folder, &["init", "--origin", "ledger.example/backup", "--json"]);
    told(&folder, &["backup", file.to_str().unwrap(), "--json"]);
    let sound = std::fs::read(&file).unwrap();
    let damaged = place.path().join("damaged.wuping");
    for time in 0..60 {
        let mut bytes = sound.clone();
        let at = usize::try_from(random.below(bytes.len() as u64)).unwrap();
        match time % 6 {
            0 => bytes.truncate(at),
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, 7),
            _ => bytes[at] ^= 1 << (time % 8),
        }
        std::fs::write(&damaged, bytes).unwrap();
        let there = place.path().join(format!("there-{time}"));
        for arguments in [["verify", "--backup"], ["restore", "--json"]] {
            let refused = run(&there, &[arguments[0], arguments[1], damaged.to_str().unwrap()]);
            assert_eq!(refused.status.code(), Some(2), "byte {at}: {}", said(&refused));
        }
        assert!(!there.exists(), "nothing is left behind");
    }
    let without_keys = run(place.path(), &["verify", "--level", "5", "--backup", file.to_str().unwrap()]);
    assert!(without_keys.status.success(), "{}", said(&without_keys));
    assert!(said(&without_keys).contains("the vault is not verified"), "{}", said(&without_keys));
}

#[test]
fn a_backup_that_is_older_than_what_was_signed_is_put_back_only_knowingly() {
    let place = tempfile::tempdir().unwrap();
    let (folder, file) = (place.path().join("ledger"), place.path().join("one.wuping"));
    told(&folder, &["init", "--origin", "ledger.example/backup", "--json"]);
    told(&folder, &["backup", file.to_str().unwrap(), "--with-keys", "--json"]);
    told(&folder, &["account", "open", "late", "--name", "某人", "--role", "data_clerk", "--json"]);
    let signed = Reader::open(&folder).unwrap().checkpoint_size().unwrap();
    let (there, kept) = (place.path().join("there"), folder.join("checkpoints.txt"));
    let restore = ["restore", file.to_str().unwrap(), "--checkpoint", kept.to_str().unwrap()];
    let refused = run(&there, &restore);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        said(&refused).contains(&format!("{signed} were signed")) && !there.exists(),
        "{}",
        said(&refused)
    );
    let knowingly = [&restore[..], &["--accept-loss", "the disk of the office burnt", "--json"]].concat();
    assert_eq!(told(&there, &knowingly)["restored"]["signed"], json!(signed));
    end(Server::start(&there, &[]));
    let recorded = Reader::open(&there).unwrap().stream("restores").unwrap();
    assert!(recorded[0].data.contains(&format!("\"signed\":{signed}")), "{}", recorded[0].data);
    assert!(!recorded[0].data.contains("burnt"), "what a person typed is private: {}", recorded[0].data);
    sound(&there);
    // the checkpoint of another ledger says nothing about this one
    std::fs::write(&kept, "ledger.example/other\n1\nAAAA\n\n— x AAAA\n").unwrap();
    let other = run(&place.path().join("elsewhere"), &restore);
    assert!(said(&other).contains("no checkpoint that this ledger's log key signed"), "{}", said(&other));
}

fn end(mut server: Server) {
    terminate(server.child.id());
    assert!(server.child.wait().unwrap().success());
}

fn register(client: &mut Client, session: &program::server::Session, name: &str) -> u64 {
    let body = json!({ "layer": "building", "address": "石井街道1号" });
    let answer =
        client.command(session, &format!("premises/{name}/register"), Uuid::now_v7(), &body).unwrap();
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["position"].as_u64().unwrap()
}

fn sound(folder: &Path) {
    let verified = run(folder, &["verify", "--level", "5", "--json"]);
    assert_eq!(verified.status.code(), Some(0), "{}", said(&verified));
}
