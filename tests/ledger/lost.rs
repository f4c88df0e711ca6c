//! Where something is lost, in the way, or another one's, nothing is built over it.

use std::path::Path;

use rusqlite::Connection;

use crate::program::{On, init, run, said, told};

/// It ends with exit code 2 and says so; in a folder that holds these files before and after.
fn refused(folder: &Path, arguments: &[&str], says: &str) {
    let before = names(folder);
    let ran = run(folder, arguments);
    let told = said(&ran);
    assert!(ran.status.code() == Some(2) && told.contains(says), "{arguments:?}: {says}: {told}");
    assert_eq!(names(folder), before, "{arguments:?}");
}

fn names(folder: &Path) -> Vec<String> {
    // logs and locks beside a database come and go
    let lasting = |name: &String| !name.ends_with("-wal") && !name.ends_with("-shm");
    let Ok(inside) = std::fs::read_dir(folder) else { return Vec::new() };
    let names = inside.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(lasting).collect();
    names.sort();
    names
}

#[test]
fn no_command_writes_over_what_is_there() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("house");
    init(&folder, On::Sqlite, "ledger.example/lost");
    let master = folder.join("master.key");
    let (kept, key) = (std::fs::read(&master).unwrap(), master.to_str().unwrap());
    for asked in [
        &["rebuild", "--at", "3", "--to", key][..],
        &["report", "grades", "--format", "xlsx", "--out", key],
        &["report", "distribution", "--out", key],
        &["proof", "inclusion", "3", "--out", key],
        &["proof", "inclusion", "3", "--entry", key],
        &["proof", "consistency", "2", "3", "--out", key],
        &["verify-bundle", "none.zip", "--explain", key],
        &["erase", "account/a-1", "--authority", "a", "--reason", "r", "--root-key", "k", "--receipt", key],
        &["backup", key],
    ] {
        refused(&folder, asked, "is there already");
        assert_eq!(std::fs::read(&master).unwrap(), kept, "{asked:?}");
    }
    refused(&folder, &["export", "tiles", folder.to_str().unwrap()], "name another one");
}

#[test]
fn a_vault_is_opened_by_its_own_key_alone_and_never_made_anew() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("house");
    init(&folder, On::Sqlite, "ledger.example/lost");
    let open = ["account", "open", "li", "--name", "李四", "--role", "auditor", "--json"];
    let key = std::fs::read(folder.join("vault.key")).unwrap();
    std::fs::write(folder.join("vault.key"), "7".repeat(64)).unwrap();
    refused(&folder, &open, "vault.db does not open under this sealing key");
    std::fs::write(folder.join("vault.key"), key).unwrap();
    std::fs::rename(folder.join("vault.db"), place.path().join("vault.db")).unwrap();
    refused(&folder, &open, "vault.db, is gone");
    refused(&folder, &["serve", "--listen", "127.0.0.1:0"], "vault.db, is gone");
    std::fs::rename(place.path().join("vault.db"), folder.join("vault.db")).unwrap();
    told(&folder, &open);
}

#[test]
fn beside_what_is_left_of_a_ledger_no_other_one_is_made() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("house");
    init(&folder, On::Sqlite, "ledger.example/lost");
    std::fs::rename(folder.join("ledger.db"), place.path().join("ledger.db")).unwrap();
    for root in ["root-1.key", "root-2.key"] {
        std::fs::remove_file(folder.join(root)).unwrap();
    }
    refused(&folder, &["init", "--origin", "ledger.example/other"], "delete nothing");
    refused(&folder, &["serve", "--listen", "127.0.0.1:0"], "delete nothing");
    assert!(!place.path().join("house.part").exists());
    std::fs::rename(place.path().join("ledger.db"), folder.join("ledger.db")).unwrap();
    refused(
        &folder,
        &["init", "--origin", "ledger.example/other"],
        "there is a ledger in this folder already",
    );
    let entries: u64 = Connection::open(folder.join("ledger.db"))
        .unwrap()
        .query_row("SELECT size FROM head", [], |columns| columns.get(0))
        .unwrap();
    assert!(entries > 5);
}

#[test]
fn a_name_that_is_none_leaves_nothing_behind_and_a_wrong_folder_is_named() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("house");
    refused(&folder, &["init", "--origin", "foo bar"], "foo bar");
    init(&folder, On::Sqlite, "ledger.example/lost");
    let nowhere = place.path().join("nowhere");
    let backup = place.path().join("one.wuping");
    refused(&nowhere, &["backup", backup.to_str().unwrap()], &format!("no ledger in {}", nowhere.display()));
}
