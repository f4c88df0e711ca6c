//! Erasing for ever: the values gone, proofs as they were, and nothing brought back by an older vault.

use std::path::Path;

use crate::program::{must_be_sound, run, said, told};
use serde_json::json;
use wuping_ledger::reader::Reader;

#[test]
fn what_is_erased_is_gone_and_an_older_vault_does_not_bring_it_back() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("ledger");
    told(&folder, &["init", "--origin", "ledger.example/erasure", "--json"]);
    for (login, name) in [("first", "Zhaoyuan-Ming-Unmistakable"), ("second", "Lirong-Hua-Unmistakable")] {
        told(&folder, &["account", "open", login, "--name", name, "--role", "data_clerk", "--json"]);
    }
    let account = account_of(&folder, 1);
    let vault = place.path().join("older-vault.db");
    std::fs::copy(folder.join("vault.db"), &vault).unwrap();

    let dry = told(&folder, &["erase", &account, "--field", "name", "--dry-run", "--json"]);
    assert_eq!((dry["values"].clone(), dry["position"].clone()), (json!(1), serde_json::Value::Null));
    let (root, receipt) = (folder.join("root-1.key"), place.path().join("receipt.tlog-proof"));
    let erase = [
        "erase",
        &account,
        "--field",
        "name",
        "--authority",
        "data office",
        "--reason",
        "request of the person",
        "--root-key",
        root.to_str().unwrap(),
        "--receipt",
        receipt.to_str().unwrap(),
        "--json",
    ];
    let erased = told(&folder, &erase);
    assert_eq!((erased["values"].clone(), erased["names"].clone()), (json!(1), json!({ "name": 1 })));
    let position = erased["position"].as_u64().unwrap();
    let row = Reader::open(&folder).unwrap().row(position).unwrap().unwrap();
    assert_eq!((row.event_type.as_str(), row.aggregate_id.as_str()), ("FieldsErased", "erasures"));
    let proof = std::fs::read_to_string(&receipt).unwrap();
    assert!(proof.starts_with("c2sp.org/tlog-proof@v1\n"), "{proof}");
    must_be_sound(&folder);
    // a receipt is not written over
    let again = [&erase[..10], &["--json"]].concat();
    nothing_to_erase(&folder, &again);

    // the vault of a backup that is older than the erasure
    for rest in ["vault.db-wal", "vault.db-shm"] {
        let _ = std::fs::remove_file(folder.join(rest));
    }
    std::fs::copy(&vault, folder.join("vault.db")).unwrap();
    nothing_to_erase(&folder, &again);
    must_be_sound(&folder);
    told(&folder, &["account", "password", "first", "--json"]);
    let left = said(&run(&folder, &["erase", &account, "--dry-run"]));
    assert!(!left.contains("name: 1"), "{left}");
    let other = told(&folder, &["erase", &account_of(&folder, 2), "--field", "name", "--dry-run", "--json"]);
    assert_eq!(other["values"], 1, "the other's name is still there");
}

#[test]
fn only_a_root_key_erases_and_a_wrong_one_leaves_everything_as_it_was() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("ledger");
    told(&folder, &["init", "--origin", "ledger.example/erasure", "--json"]);
    told(&folder, &["account", "open", "first", "--name", "某人", "--role", "data_clerk", "--json"]);
    let account = account_of(&folder, 1);
    let size = Reader::open(&folder).unwrap().size().unwrap();
    let file = place.path().join("other.key");
    for (key, says) in [("11".repeat(32), "key-not-enrolled"), ("no key".to_owned(), "no root key")] {
        std::fs::write(&file, key).unwrap();
        let file = file.to_str().unwrap();
        let refused =
            run(&folder, &["erase", &account, "--authority", "a", "--reason", "b", "--root-key", file]);
        assert!(refused.status.code() == Some(2) && said(&refused).contains(says), "{}", said(&refused));
    }
    assert_eq!(Reader::open(&folder).unwrap().size().unwrap(), size);
    assert!(told(&folder, &["erase", &account, "--dry-run", "--json"])["values"].as_u64().unwrap() > 0);
    let unsaid = run(&folder, &["erase", &account]);
    assert!(said(&unsaid).contains("--root-key"), "{}", said(&unsaid));
}

/// The account that was opened as this one, from 0 for the administrator.
fn account_of(folder: &Path, number: usize) -> String {
    let reader = Reader::open(folder).unwrap();
    let mut opened = Vec::new();
    reader
        .rows(0, u64::MAX, |row| {
            if row.event_type == "AccountOpened" {
                opened.push(row.stream.to_owned());
            }
            Ok::<_, wuping_ledger::store::StoreError>(())
        })
        .unwrap();
    opened.swap_remove(number)
}

fn nothing_to_erase(folder: &Path, erase: &[&str]) {
    let again = run(folder, erase);
    assert!(again.status.code() == Some(2) && said(&again).contains("nothing to erase"), "{}", said(&again));
}
