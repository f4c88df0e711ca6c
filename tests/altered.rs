//! Two hundred changes of stored values, each made as somebody with a file editor would, and each found by the program:
//! `wuping verify` ends with 1 and names the entry.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

use rusqlite::types::Value as Stored;
use rusqlite::{Connection, params};
use serde_json::Value;
use tempfile::TempDir;
use wuping::app::App;
use wuping::import::toronto::{TORONTO_PRE2023, toronto_evaluations_bytes};

/// What can be done to a value or an entry.
#[derive(Clone, Copy, Debug)]
enum Change {
    Flip,
    Null,
    Swap,
    Redate,
    Drop,
}

#[test]
fn two_hundred_changes_are_found_and_named() {
    let sound = loosened();
    let entries = size(sound.path());
    assert!(entries > 300, "some hundred entries: {entries}");
    assert_eq!(verify(sound.path()).0, 0, "nothing is found before anything is changed");
    let mut dice = Dice(0x5eed_2026);
    let mut made = 0;
    let mut by_kind = [0; 5];
    while made < 200 {
        let kind = KINDS[made % KINDS.len()];
        let position = i64::try_from(dice.below(entries)).unwrap();
        let column = COLUMNS[dice.below(COLUMNS.len() as u64) as usize];
        let folder = copy(sound.path());
        let Some(told) = change(folder.path(), kind, column, position, entries, &mut dice) else { continue };
        let (code, positions) = verify(folder.path());
        assert_eq!(code, 1, "{told} was not found");
        let named = positions.contains(&u64::try_from(position).unwrap());
        assert!(named, "{told}: found at {positions:?}");
        made += 1;
        by_kind[kind as usize] += 1;
    }
    assert!(by_kind.iter().all(|made| *made >= 20), "{by_kind:?}");
}

#[test]
fn what_stands_beside_the_entries_is_watched_too() {
    let sound = loosened();
    for (table, column) in [
        ("head", "size"),
        ("head", "root"),
        ("head", "frontier"),
        ("checkpoints", "note"),
        ("schemes", "bytes"),
        ("schemes", "sha256"),
    ] {
        let folder = copy(sound.path());
        let connection = Connection::open(folder.path().join("ledger.db")).unwrap();
        let select = format!("SELECT {column} FROM {table} ORDER BY rowid DESC LIMIT 1");
        let value: Stored = connection.query_row(&select, [], |row| row.get(0)).unwrap();
        let update =
            format!("UPDATE {table} SET {column} = ?1 WHERE rowid = (SELECT max(rowid) FROM {table})");
        connection.execute(&update, [flipped(&value, 9)]).unwrap();
        drop(connection);
        assert_eq!(verify(folder.path()).0, 1, "{table}.{column}");
    }
    let folder = copy(sound.path());
    let path = folder.path().join("checkpoints.txt");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("ledger.example", "ledger.exampel", 1)).unwrap();
    assert_eq!(verify(folder.path()).0, 1, "checkpoints.txt");
}

/// A ledger of some hundred entries, its triggers and constraints taken away.
fn loosened() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let app = App::create(folder.path(), "ledger.example/altered", false).unwrap();
    let bytes = first_rows(90);
    toronto_evaluations_bytes(&app.ledger, &app.vault, "rows.csv", &bytes, &mut |_, _| {}).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(app.close()).unwrap();
    let connection = Connection::open(folder.path().join("ledger.db")).unwrap();
    let triggers: Vec<String> = {
        let mut read = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").unwrap();
        read.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    for trigger in triggers {
        connection.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
    }
    for table in ["events", "head", "checkpoints", "schemes"] {
        connection
            .execute_batch(&format!(
                "CREATE TABLE loose AS SELECT * FROM {table}; DROP TABLE {table}; ALTER TABLE loose RENAME TO {table};"
            ))
            .unwrap();
    }
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);").unwrap();
    folder
}

/// Make one change; none where it would change nothing.
fn change(
    folder: &Path,
    kind: Change,
    column: &str,
    position: i64,
    entries: u64,
    dice: &mut Dice,
) -> Option<String> {
    let connection = Connection::open(folder.join("ledger.db")).unwrap();
    let read = |column: &str, position: i64| -> Stored {
        let select = format!("SELECT {column} FROM events WHERE rowid = ?1");
        connection.query_row(&select, [position + 1], |row| row.get(0)).unwrap()
    };
    let write = |column: &str, position: i64, value: &Stored| {
        let update = format!("UPDATE events SET {column} = ?1 WHERE rowid = ?2");
        connection.execute(&update, params![value, position + 1]).unwrap();
    };
    let before = read(column, position);
    match kind {
        Change::Flip => write(column, position, &flipped(&before, dice.below(4096) as usize)),
        Change::Null => write(column, position, &Stored::Null),
        Change::Swap => {
            let other = i64::try_from(dice.below(entries)).unwrap();
            let theirs = read(column, other);
            if theirs == before {
                return None;
            }
            write(column, position, &theirs);
            write(column, other, &before);
        }
        Change::Redate => {
            let column = ["recorded_at", "occurred_at"][dice.below(2) as usize];
            write(column, position, &Stored::Text("2019-05-06T07:08:09.010Z".to_owned()));
        }
        Change::Drop => {
            connection.execute("DELETE FROM events WHERE rowid = ?1", [position + 1]).unwrap();
        }
    }
    Some(format!("{kind:?} of {column} at {position}"))
}

/// The same kind of value, another one.
fn flipped(value: &Stored, at: usize) -> Stored {
    let turned = |mut bytes: Vec<u8>| {
        let at = at % bytes.len();
        bytes[at] ^= 1;
        bytes
    };
    match value {
        Stored::Integer(number) => Stored::Integer(number + 1),
        Stored::Text(text) => {
            let bytes = turned(text.clone().into_bytes());
            String::from_utf8(bytes).map_or_else(|odd| Stored::Blob(odd.into_bytes()), Stored::Text)
        }
        Stored::Blob(bytes) => Stored::Blob(turned(bytes.clone())),
        other => other.clone(),
    }
}

/// The exit code of the program, and the positions it names.
fn verify(folder: &Path) -> (i32, Vec<u64>) {
    let told = Command::new(env!("CARGO_BIN_EXE_wuping"))
        .args(["--json", "verify", "--level", "5", "--data"])
        .arg(folder)
        .output()
        .unwrap();
    let verified: Value = serde_json::from_slice(&told.stdout).unwrap_or_default();
    let findings = verified["findings"].as_array().cloned().unwrap_or_default();
    let positions = findings.iter().filter_map(|finding| finding["position"].as_u64()).collect();
    (told.status.code().unwrap(), positions)
}

fn copy(of: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(of).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() && !entry.file_name().to_string_lossy().starts_with("views") {
            std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
    }
    folder
}

fn size(folder: &Path) -> u64 {
    let connection = Connection::open(folder.join("ledger.db")).unwrap();
    connection.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap()
}

/// The header and so many rows of the published file.
fn first_rows(rows: usize) -> Vec<u8> {
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(TORONTO_PRE2023), &mut text).unwrap();
    text.split_inclusive('\n').take(rows + 1).collect::<String>().into_bytes()
}

/// The same throws every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

const KINDS: [Change; 5] = [Change::Flip, Change::Null, Change::Swap, Change::Redate, Change::Drop];
const COLUMNS: [&str; 16] = [
    "position",
    "aggregate_type",
    "aggregate_id",
    "sequence",
    "event_type",
    "event_version",
    "payload",
    "metadata",
    "author_seq",
    "event_id",
    "occurred_at",
    "schema",
    "kid",
    "signature",
    "recorded_at",
    "leaf_hash",
];
