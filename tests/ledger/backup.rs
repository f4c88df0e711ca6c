//! A backup made under load, put back elsewhere, damaged, and older than what was signed.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::program::server::{Client, Server};
use crate::program::{Random, must_be_sound, run, said, told, wuping};
use rusqlite::Connection;
use serde_json::{Value, json};
use uuid::Uuid;
use wuping::backup::{Doing, Progress, Restore, make, restore};
use wuping_ledger::encoding::Hash;
use wuping_ledger::reader::Reader;

#[test]
fn a_backup_made_while_the_server_writes_is_put_back_with_all_that_was_acknowledged_before() {
    let place = tempfile::tempdir().unwrap();
    let (folder, file, there) =
        (place.path().join("ledger"), place.path().join("one.wuping"), place.path().join("there"));
    told(&folder, &["init", "--origin", "ledger.example/backup", "--json"]);
    let account = ["account", "open", "clerk", "--name", "某人", "--role", "data_clerk", "--json"];
    let password = told(&folder, &account)["password"].as_str().unwrap().to_owned();
    let server = Server::start(&folder, &[]);
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
    server.end();
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
    Server::start(&there, &[]).end();
    let recorded = Reader::open(&there).unwrap().stream("restores").unwrap();
    assert_eq!((recorded.len(), recorded[0].event_type.as_str()), (1, "LedgerRestored"));
    assert!(recorded[0].data.contains("\"signed\":null"), "{}", recorded[0].data);
    assert!(recorded[0].data.contains("\"findings\":0"), "{}", recorded[0].data);
    // the ledger's own streams have a history too, by their bare names
    for (stream, event) in [("restores", "LedgerRestored"), ("heads", "HeadsCommitted")] {
        let history = told(&there, &["history", stream, "--json"]);
        assert_eq!((&history[0]["stream"], &history[0]["event_type"]), (&json!(stream), &json!(event)));
    }
    let nothing = run(&there, &["history", "erasures"]);
    assert!(said(&nothing).contains("nothing is recorded of"), "{}", said(&nothing));
    told(&there, &["account", "password", "clerk", "--json"]);
    assert_eq!(Reader::open(&there).unwrap().stream("restores").unwrap().len(), 1, "once");
    must_be_sound(&there);
}

#[test]
fn a_backup_that_an_earlier_version_made_is_verified_and_put_back() {
    let place = tempfile::tempdir().unwrap();
    let [folder, there] = ["ledger", "there"].map(|name| place.path().join(name));
    let [now, before] = ["now.wuping", "before.wuping"].map(|name| place.path().join(name));
    told(&folder, &["init", "--origin", "ledger.example/backup", "--json"]);
    let made = told(&folder, &["backup", now.to_str().unwrap(), "--with-keys", "--json"]);
    as_an_earlier_version_made_it(&now, &before);
    let verified = run(place.path(), &["verify", "--level", "5", "--backup", before.to_str().unwrap()]);
    assert!(verified.status.success(), "{}", said(&verified));
    let restored = told(&there, &["restore", before.to_str().unwrap(), "--json"]);
    assert_eq!(restored["restored"]["size"], made["size"]);
    Server::start(&there, &[]).end();
    must_be_sound(&there);
}

/// The same backup, its ledger with the tables that version 1 had.
fn as_an_earlier_version_made_it(file: &Path, before: &Path) {
    let (bytes, place) = (std::fs::read(file).unwrap(), tempfile::tempdir().unwrap());
    let mut members: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for member in tar::Archive::new(&bytes[..bytes.len() - 72]).entries().unwrap() {
        let mut member = member.unwrap();
        let mut content = Vec::new();
        member.read_to_end(&mut content).unwrap();
        members.push((member.path().unwrap().into_owned(), content));
    }
    let ledger = place.path().join("ledger.db");
    let at = members.iter().position(|(path, _)| path == Path::new("ledger.db")).unwrap();
    std::fs::write(&ledger, &members[at].1).unwrap();
    let connection = Connection::open(&ledger).unwrap();
    let newer = ["events", "checkpoints", "schemes", "outcomes", "tiles"];
    for table in newer {
        connection.execute_batch(&format!("DROP TRIGGER {table}_are_never_replaced")).unwrap();
    }
    connection.execute_batch("DROP TABLE fork_alarms; DELETE FROM schema_version WHERE version > 1").unwrap();
    drop(connection);
    members[at].1 = std::fs::read(&ledger).unwrap();
    let mut manifest: Value = serde_json::from_slice(&members[0].1).unwrap();
    let digest = Hash::of(&members[at].1).hex();
    manifest["files"]["ledger.db"] = json!({ "sha256": digest, "bytes": members[at].1.len() });
    members[0].1 = manifest.to_string().into_bytes();
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in &members {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        archive.append_data(&mut header, path, content.as_slice()).unwrap();
    }
    let mut bytes = archive.into_inner().unwrap();
    let digest = Hash::of(&bytes).hex();
    bytes.extend(format!("sha256 {digest}\n").bytes());
    std::fs::write(before, bytes).unwrap();
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
    assert!(said(&without_keys).contains("private values: NOT OPENED"), "{}", said(&without_keys));
    assert!(said(&without_keys).contains("a changed value would not be found"), "{}", said(&without_keys));
}

#[test]
fn without_the_vault_key_a_value_that_is_missing_or_cut_is_found_all_the_same() {
    let place = tempfile::tempdir().unwrap();
    let (folder, file) = (place.path().join("ledger"), place.path().join("one.wuping"));
    told(&folder, &["init", "--origin", "ledger.example/backup", "--json"]);
    let damage = [
        ("DELETE FROM disclosures", "vault-missing"),
        ("DROP TRIGGER disclosures_are_never_updated; UPDATE disclosures SET sealed = x'00'", "vault-value"),
    ];
    for (sql, finding) in damage {
        let broken = place.path().join(finding);
        crate::program::copy(&folder, &broken);
        Connection::open(broken.join("vault.db")).unwrap().execute_batch(sql).unwrap();
        let _ = std::fs::remove_file(&file);
        told(&broken, &["backup", file.to_str().unwrap(), "--json"]);
        let verified = run(place.path(), &["verify", "--backup", file.to_str().unwrap(), "--json"]);
        assert_eq!(verified.status.code(), Some(1), "{}", said(&verified));
        assert!(said(&verified).contains(finding), "{}", said(&verified));

        // it is not put back either, until somebody says so
        let there = place.path().join(format!("{finding}-there"));
        let refused = run(&there, &["restore", file.to_str().unwrap()]);
        assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
        assert!(said(&refused).contains(finding) && !there.exists(), "{}", said(&refused));
        let knowingly = told(&there, &["restore", file.to_str().unwrap(), "--accept-findings", "--json"]);
        assert!(knowingly["restored"]["findings"].as_u64().unwrap() > 0, "{knowingly}");
        assert!(there.join("ledger.db").exists());
    }
}

#[test]
fn who_was_signed_in_when_it_was_made_is_not_when_it_is_put_back() {
    let place = tempfile::tempdir().unwrap();
    let (folder, file) = (place.path().join("ledger"), place.path().join("one.wuping"));
    told(&folder, &["init", "--origin", "ledger.example/backup", "--json"]);
    let account = ["account", "open", "clerk", "--name", "某人", "--role", "data_clerk", "--json"];
    let password = told(&folder, &account)["password"].as_str().unwrap().to_owned();
    let server = Server::start(&folder, &[]);
    let session = server.sign_in("clerk", &password);
    told(&folder, &["backup", file.to_str().unwrap(), "--with-keys", "--json"]);
    let count = |folder: &Path| -> i64 {
        let office = Connection::open(folder.join("office.db")).unwrap();
        office.query_row("SELECT count(*) FROM sessions", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(count(&folder), 1);
    server.end();
    let there = place.path().join("there");
    told(&there, &["restore", file.to_str().unwrap(), "--json"]);
    assert_eq!(count(&there), 0);
    let server = Server::start(&there, &[]);
    let mut client = Client::to(server.address);
    let body = json!({ "layer": "building", "address": "石井街道1号" });
    let answer = client.command(&session, "premises/late/register", Uuid::now_v7(), &body).unwrap();
    assert_eq!(answer.status, 401, "{}", answer.body);
    server.sign_in("clerk", &password);
    server.end();
}

#[test]
fn attachments_are_in_it_by_their_digests_and_an_altered_one_is_left_out_and_named() {
    let place = tempfile::tempdir().unwrap();
    let (folder, file) = (place.path().join("ledger"), place.path().join("one.wuping"));
    told(&folder, &["init", "--origin", "ledger.example/backup", "--json"]);
    let attachments = folder.join("attachments");
    let mut names = Vec::new();
    for number in 0..40_u8 {
        let bytes = vec![number; 1_000 + usize::from(number)];
        let name = wuping_ledger::encoding::Hash::of(&bytes).hex();
        std::fs::create_dir_all(attachments.join(&name[..2])).unwrap();
        std::fs::write(attachments.join(&name[..2]).join(&name), bytes).unwrap();
        names.push(name);
    }
    std::fs::write(attachments.join(&names[0][..2]).join(format!("{}#1", names[0])), b"half").unwrap();
    let made = told(&folder, &["backup", file.to_str().unwrap(), "--json"]);
    assert_eq!((&made["attachments"], &made["altered"]), (&json!(40), &json!([])));
    assert!(made["files"].as_object().unwrap().keys().all(|name| !name.contains("attachments")), "{made}");
    let there = place.path().join("there");
    told(&there, &["restore", file.to_str().unwrap(), "--json"]);
    for name in &names {
        assert!(there.join("attachments").join(&name[..2]).join(name).exists(), "{name}");
    }
    let last: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("last-backup.json")).unwrap()).unwrap();
    assert_eq!(last["made_at"], made["made_at"]);

    std::fs::write(attachments.join(&names[7][..2]).join(&names[7]), b"another photo").unwrap();
    let again = place.path().join("two.wuping");
    let made = run(&folder, &["backup", again.to_str().unwrap(), "--json"]);
    assert_eq!(made.status.code(), Some(1), "{}", said(&made));
    assert!(said(&made).contains(&format!("\"altered\":[\"{}\"]", names[7])), "{}", said(&made));
    let there = place.path().join("there-2");
    told(&there, &["restore", again.to_str().unwrap(), "--json"]);
    assert!(!there.join("attachments").join(&names[7][..2]).join(&names[7]).exists());
}

#[test]
fn what_somebody_else_put_beside_the_folder_is_left_alone_and_what_a_crash_left_is_not() {
    let place = tempfile::tempdir().unwrap();
    let (folder, file) = (place.path().join("ledger"), place.path().join("one.wuping"));
    told(&folder, &["init", "--origin", "ledger.example/backup", "--json"]);
    told(&folder, &["backup", file.to_str().unwrap(), "--json"]);
    let (there, part) = (place.path().join("there"), place.path().join("there.part"));
    std::fs::create_dir_all(&part).unwrap();
    std::fs::write(part.join("thesis.txt"), "years of work").unwrap();
    let refused = run(&there, &["restore", file.to_str().unwrap()]);
    assert!(said(&refused).contains("move it away"), "{}", said(&refused));
    assert_eq!(std::fs::read_to_string(part.join("thesis.txt")).unwrap(), "years of work");
    assert!(!there.exists());
    // as an interrupted restoration leaves it
    std::fs::write(part.join(".wuping-restore"), "").unwrap();
    told(&there, &["restore", file.to_str().unwrap(), "--json"]);
    assert!(there.join("ledger.db").exists() && !part.exists() && !there.join(".wuping-restore").exists());
}

#[test]
fn a_restoration_that_is_killed_leaves_a_whole_ledger_or_none_and_is_begun_again() {
    let place = tempfile::tempdir().unwrap();
    let (folder, file) = (place.path().join("ledger"), place.path().join("one.wuping"));
    told(&folder, &["init", "--origin", "ledger.example/backup", "--json"]);
    told(&folder, &["backup", file.to_str().unwrap(), "--with-keys", "--json"]);
    let (whole, began) = (place.path().join("whole"), Instant::now());
    told(&whole, &["restore", file.to_str().unwrap(), "--json"]);
    let (took, mut random) = (began.elapsed(), Random::of(7));
    let mut killed = 0;
    for round in 0..12 {
        let there = place.path().join(format!("there-{round}"));
        let command = &mut wuping(&there);
        let mut child =
            command.args(["restore", file.to_str().unwrap()]).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(took * u32::try_from(random.below(110)).unwrap() / 100);
        child.kill().unwrap();
        if child.wait().unwrap().success() {
            must_be_sound(&there);
            continue;
        }
        killed += 1;
        if !there.join("ledger.db").exists() {
            told(&there, &["restore", file.to_str().unwrap(), "--json"]);
        }
        must_be_sound(&there);
        assert!(!place.path().join(format!("there-{round}.part")).join("ledger.db").exists());
    }
    assert!(killed > 0, "each was faster than its death");
}

#[test]
fn what_a_restoration_had_moved_over_when_it_was_killed_is_cleared_away_and_nothing_else() {
    let place = tempfile::tempdir().unwrap();
    let (folder, file) = (place.path().join("ledger"), place.path().join("one.wuping"));
    told(&folder, &["init", "--origin", "ledger.example/backup", "--json"]);
    told(&folder, &["backup", file.to_str().unwrap(), "--json"]);
    let restore = |there: &Path| run(there, &["restore", file.to_str().unwrap(), "--json"]);
    let there = place.path().join("there");
    std::fs::create_dir_all(there.join("attachments/ab")).unwrap();
    std::fs::copy(folder.join("vault.key"), there.join("vault.key")).unwrap();
    for half_moved in ["office.db", "checkpoints.txt", ".wuping-restore"] {
        std::fs::write(there.join(half_moved), "half").unwrap();
    }
    let restored = restore(&there);
    assert!(restored.status.success(), "{}", said(&restored));
    assert!(!there.join(".wuping-restore").exists() && !there.join("attachments/ab").exists());
    assert_eq!(
        std::fs::read(there.join("vault.key")).unwrap(),
        std::fs::read(folder.join("vault.key")).unwrap()
    );
    // a ledger that is there is never taken for a rest, whatever stands beside it
    std::fs::write(there.join(".wuping-restore"), "").unwrap();
    let refused = restore(&there);
    assert!(said(&refused).contains("is not empty"), "{}", said(&refused));
    let node = place.path().join("node");
    std::fs::create_dir(&node).unwrap();
    std::fs::write(node.join("database.url"), "postgresql:///elsewhere").unwrap();
    std::fs::write(node.join(".wuping-restore"), "").unwrap();
    let refused = restore(&node);
    assert!(said(&refused).contains("is not empty"), "{}", said(&refused));
    assert!(node.join("database.url").exists());
}

#[test]
fn how_far_it_has_come_is_told_up_to_the_end() {
    let place = tempfile::tempdir().unwrap();
    let (folder, file) = (place.path().join("ledger"), place.path().join("one.wuping"));
    told(&folder, &["init", "--origin", "ledger.example/backup", "--json"]);
    let mut told: Vec<Progress> = Vec::new();
    make(&folder, &file, false, &mut |progress| told.push(progress)).unwrap();
    let asked = Restore {
        file,
        folder: place.path().join("there"),
        database_url: None,
        checkpoints: vec![],
        accept_loss: None,
        accept_findings: false,
    };
    restore(&asked, &mut |progress| told.push(progress)).unwrap();
    for doing in [Doing::Packing, Doing::Checking, Doing::Unpacking] {
        let of: Vec<&Progress> = told.iter().filter(|progress| progress.doing == doing).collect();
        assert!(of.is_sorted_by_key(|progress| progress.done), "{doing:?}");
        let last = of.last().unwrap();
        assert!(last.of > 0 && last.done <= last.of && last.done * 10 >= last.of * 9, "{doing:?}: {last:?}");
    }
    assert!(told.iter().any(|progress| progress.doing == Doing::Verifying));
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
    let refused = run(&there, &[&restore[..], &["--lang", "zh"]].concat());
    assert!(said(&refused).contains(&format!("签过名的有{signed}条")), "{}", said(&refused));
    let put_back = run(&place.path().join("another"), &["restore", file.to_str().unwrap(), "--lang", "zh"]);
    for says in ["恢复到了", "没有发现问题", "所有人都要重新登录"] {
        assert!(said(&put_back).contains(says), "{says}: {}", said(&put_back));
    }
    let knowingly = [&restore[..], &["--accept-loss", "the disk of the office burnt", "--json"]].concat();
    assert_eq!(told(&there, &knowingly)["restored"]["signed"], json!(signed));
    Server::start(&there, &[]).end();
    let recorded = Reader::open(&there).unwrap().stream("restores").unwrap();
    assert!(recorded[0].data.contains(&format!("\"signed\":{signed}")), "{}", recorded[0].data);
    assert!(!recorded[0].data.contains("burnt"), "what a person typed is private: {}", recorded[0].data);
    must_be_sound(&there);
    // the checkpoint of another ledger says nothing about this one
    std::fs::write(&kept, "ledger.example/other\n1\nAAAA\n\n— x AAAA\n").unwrap();
    let other = run(&place.path().join("elsewhere"), &restore);
    assert!(said(&other).contains("no checkpoint that this ledger's log key signed"), "{}", said(&other));
}

fn register(client: &mut Client, session: &crate::program::server::Session, name: &str) -> u64 {
    let body = json!({ "layer": "building", "address": "石井街道1号" });
    let answer =
        client.command(session, &format!("premises/{name}/register"), Uuid::now_v7(), &body).unwrap();
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["position"].as_u64().unwrap()
}
