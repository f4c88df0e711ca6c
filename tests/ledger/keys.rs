//! Keys in a ledger at work: put in each other's place, ended, made anew; what each signed stays what it was.

use std::path::Path;
use std::process::Stdio;

use crate::program::server::{Client, Server, Session};
use crate::program::{must_be_sound, run, said, told, wuping};
use serde_json::{Value, json};
use uuid::Uuid;
use wuping_ledger::keys::{Role, Signer};
use wuping_ledger::reader::Reader;

#[test]
fn a_key_is_put_in_the_place_of_another_and_ended_and_made_anew() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("ledger");
    told(&folder, &["init", "--origin", "ledger.example/keys", "--json"]);
    let account = ["account", "open", "clerk", "--name", "某人", "--role", "data_clerk", "--json"];
    let password = told(&folder, &account)["password"].as_str().unwrap().to_owned();
    let first = valid(&folder, "officer").pop().unwrap();
    assert_eq!(signs(&folder, &password, "b-1"), Ok(first.clone()));

    let second = told(&folder, &["key", "rotate", &first, "--json"])["kid"].as_str().unwrap().to_owned();
    assert_eq!(
        signs(&folder, &password, "b-2"),
        Ok(second.clone()),
        "the new key signs, without signing in anew"
    );
    let again = run(&folder, &["key", "rotate", &first]);
    assert!(said(&again).contains("key-revoked"), "{}", said(&again));

    told(&folder, &["key", "revoke", &second, "--reason", "telephone lost", "--suspect-from", "5", "--json"]);
    let (status, problem) = signs(&folder, &password, "b-3").unwrap_err();
    assert_eq!((status, problem["type"].as_str().unwrap().ends_with("key_ended")), (403, true), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("Ask the administrator"), "{problem}");

    let third = told(&folder, &["key", "anew", "clerk", "--json"])["kid"].as_str().unwrap().to_owned();
    assert_eq!(signs(&folder, &password, "b-4"), Ok(third.clone()));
    let listed = listed(&folder);
    let of = |kid: &str| listed.iter().find(|key| key["kid"] == kid).unwrap();
    assert_eq!(of(&first)["lineage"], of(&second)["lineage"], "a successor stays in its lineage");
    assert_eq!((of(&second)["suspect_from"].clone(), of(&third)["until"].clone()), (json!(5), Value::Null));
    must_be_sound(&folder);
}

#[test]
fn keys_of_the_server_are_rotated_by_themselves_and_ended_by_a_root_key_only() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    told(folder, &["init", "--origin", "ledger.example/keys", "--json"]);
    let old = valid(folder, "service").pop().unwrap();
    told(folder, &["key", "rotate", &old, "--json"]);
    told(folder, &["account", "open", "clerk", "--name", "某人", "--role", "data_clerk", "--json"]);
    let new = valid(folder, "service").pop().unwrap();
    assert_ne!(old, new);
    let by_registrar = run(folder, &["key", "revoke", &new, "--reason", "tried"]);
    assert_eq!(by_registrar.status.code(), Some(2), "{}", said(&by_registrar));
    assert!(said(&by_registrar).contains("key-authority"), "{}", said(&by_registrar));
    let root = folder.join("root-1.key");
    told(
        folder,
        &["key", "revoke", &new, "--reason", "moved", "--root-key", root.to_str().unwrap(), "--json"],
    );
    assert!(valid(folder, "service").is_empty());
    told(folder, &["key", "anew", "--role", "service", "--root-key", root.to_str().unwrap(), "--json"]);
    assert_eq!(valid(folder, "service").len(), 1);
    must_be_sound(folder);
}

#[test]
fn a_key_that_never_was_here_is_enrolled_by_its_proof_and_weak_or_stolen_ones_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    told(folder, &["init", "--origin", "ledger.example/keys", "--json"]);
    let device = Signer::generate().unwrap();
    let enrolment = device.enrolment("ledger.example/keys", "a-9", Role::Officer);
    let jwk = folder.join("device.jwk");
    let pop = enrolment["pop"].as_str().unwrap();
    let enrol = |holder: &str, key: &Value| {
        std::fs::write(&jwk, key.to_string()).unwrap();
        run(
            folder,
            &["key", "enrol", "--holder", holder, "--jwk", jwk.to_str().unwrap(), "--pop", pop, "--json"],
        )
    };
    let size = || Reader::open(folder).unwrap().size().unwrap();
    let before = size();
    let weak = json!({ "crv": "Ed25519", "kty": "OKP", "x": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" });
    for (holder, key) in [("a-8", &enrolment["jwk"]), ("a-9", &weak), ("a-9", &json!({ "kty": "OKP" }))] {
        let refused = enrol(holder, key);
        assert_eq!(refused.status.code(), Some(2), "{holder} {key}: {}", said(&refused));
    }
    assert_eq!(size(), before, "nothing is appended for a key that is refused");
    let enrolled = enrol("a-9", &enrolment["jwk"]);
    assert!(enrolled.status.success(), "{}", said(&enrolled));
    assert!(valid(folder, "officer").contains(&device.kid().to_string()));
    let twice = enrol("a-9", &enrolment["jwk"]);
    assert!(said(&twice).contains("key-reenrolled"), "{}", said(&twice));
    must_be_sound(folder);
}

#[test]
fn whoever_has_read_enough_ends_the_program_without_a_complaint() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("ledger");
    told(&folder, &["init", "--origin", "ledger.example/keys", "--json"]);
    let (stdout, stderr) = (Stdio::piped(), Stdio::piped());
    let mut child = wuping(&folder).args(["key", "list"]).stdout(stdout).stderr(stderr).spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success() && ended.stderr.is_empty(), "{}", said(&ended));
}

/// Registers premises over REST; answers the key that signed it.
fn signs(folder: &Path, password: &str, name: &str) -> Result<String, (u16, Value)> {
    let server = Server::start(folder, &[]);
    let session: Session = server.sign_in("clerk", password);
    let body = json!({ "layer": "building", "address": "石井街道1号" });
    let mut client = Client::to(server.address);
    let answer =
        client.command(&session, &format!("premises/{name}/register"), Uuid::now_v7(), &body).unwrap();
    server.end();
    match answer.status {
        201 => {
            let position = answer.body["position"].as_u64().unwrap();
            Ok(Reader::open(folder).unwrap().row(position).unwrap().unwrap().kid)
        }
        status => Err((status, answer.body)),
    }
}

fn listed(folder: &Path) -> Vec<Value> {
    let listed = run(folder, &["key", "list", "--json"]);
    assert!(listed.status.success(), "{}", said(&listed));
    String::from_utf8(listed.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Names of the valid keys of a role, those enrolled last at the end.
fn valid(folder: &Path, role: &str) -> Vec<String> {
    let of_role = |key: &Value| key["role"] == role && key["until"].is_null();
    let listed = listed(folder).into_iter().filter(of_role);
    listed.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}
