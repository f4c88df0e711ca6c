//! Every single change of a stored value is found, and the entry is named.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use rusqlite::Connection;
use rusqlite::types::Value as Stored;
use serde_json::json;
use tempfile::TempDir;

use crate::append::Author;
use crate::audit::{AuditOptions, Audited, Finding, Onlooker, audit, verify_rows};
use crate::entry::Entry;
use crate::genesis::{ClockChoice, RunOptions};
use crate::store::Scheme;
use crate::test_ledger::{CountingReactor, TestLedger, event, request};

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

/// A ledger of some dozens of entries, its triggers and constraints taken away as somebody with a file editor would.
async fn loosened() -> TempDir {
    let test = TestLedger::with(ClockChoice::System, Box::new(CountingReactor::default())).await;
    let writer = test.ledger.writer();
    for n in 0..12 {
        let stream = format!("premises/p-{}/hazard/{n}", n % 3);
        writer.append(test.said(&stream, "HazardFound", json!({"n": n, "grund": "梁"}))).await.unwrap();
        if n % 5 == 0 {
            writer.sign_now().await.unwrap();
        }
    }
    let received = json!({"received": {"channel": "hotline", "ref": "1"}});
    writer.append(request(Author::Intake, "premises/p-1/report/1", "ReportFiled", received)).await.unwrap();
    let bytes = br#"{"id":"test-building-1"}"#.to_vec();
    let sha256 = crate::encoding::Hash::of(&bytes).hex();
    writer.keep_scheme(Scheme { sha256, id: "test-building-1".to_owned(), bytes }).await.unwrap();
    test.ledger.commit_heads().await.unwrap();
    let TestLedger { folder, ledger, .. } = test;
    ledger.close().await.unwrap();
    let connection = Connection::open(folder.path().join("ledger.db")).unwrap();
    let triggers: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |columns| columns.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for trigger in triggers {
        connection.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
    }
    for table in ["events", "head", "checkpoints", "schemes", "outcomes", "tiles", "authors"] {
        connection
            .execute_batch(&format!(
                "CREATE TABLE loose AS SELECT * FROM {table}; DROP TABLE {table}; ALTER TABLE loose RENAME TO {table};"
            ))
            .unwrap();
    }
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);").unwrap();
    folder
}

fn copy(of: &Path) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["ledger.db", "checkpoints.txt", "master.key"] {
        std::fs::copy(of.join(name), folder.path().join(name)).unwrap();
    }
    let file = folder.path().join("ledger.db");
    (folder, file)
}

/// What is found, which is the same whether one part of the log is looked at while another is followed or not.
fn found(folder: &Path) -> Vec<Finding> {
    struct Counting(Vec<u64>);
    impl Onlooker for Counting {
        fn entry(&mut self, entry: &Entry) {
            self.0.push(entry.sequence);
        }
    }
    let [(one_by_one, shown), (ahead, also_shown)] = [1, 3].map(|threads| {
        let options = AuditOptions { threads: Some(threads), ..AuditOptions::default() };
        let mut shown = Counting(Vec::new());
        let report = audit(Audited::Folder(folder), &options, &mut shown).unwrap();
        ((report.findings, report.root, report.contested), shown.0)
    });
    assert_eq!(one_by_one, ahead);
    assert_eq!(shown, also_shown);
    ahead.0
}

fn names(findings: &[Finding], position: i64) -> bool {
    findings.iter().any(|finding| finding.position == u64::try_from(position).ok())
}

// Positions are damaged too, so rows are told by the rowid: one more than the position they began with.

/// The same kind of value, another one.
fn flipped(value: &Stored, at: usize) -> Stored {
    match value {
        Stored::Integer(number) => Stored::Integer(number + 1),
        Stored::Text(text) => {
            let mut bytes = text.clone().into_bytes();
            let at = at % bytes.len();
            bytes[at] ^= 1;
            // an odd byte of a character is kept as it lies: text that is not UTF-8
            String::from_utf8(bytes).map_or_else(|bytes| Stored::Blob(bytes.into_bytes()), Stored::Text)
        }
        Stored::Blob(bytes) => {
            let mut bytes = bytes.clone();
            let at = at % bytes.len();
            bytes[at] ^= 1;
            Stored::Blob(bytes)
        }
        other => other.clone(),
    }
}

fn value(connection: &Connection, column: &str, position: i64) -> Stored {
    let sql = format!("SELECT {column} FROM events WHERE rowid = ?1");
    connection.query_row(&sql, [position + 1], |columns| columns.get(0)).unwrap()
}

fn set(connection: &Connection, column: &str, position: i64, value: &Stored) {
    connection
        .execute(
            &format!("UPDATE events SET {column} = ?1 WHERE rowid = ?2"),
            rusqlite::params![value, position + 1],
        )
        .unwrap();
}

#[tokio::test]
async fn an_untouched_ledger_is_sound() {
    let folder = loosened().await;
    let report = verify_rows(folder.path()).unwrap();
    assert_eq!(report.findings, []);
    assert_eq!((report.size, report.origin.as_str()), (32, crate::test_ledger::ORIGIN));
}

#[tokio::test]
async fn every_column_of_every_entry_is_watched() {
    let folder = loosened().await;
    let (copied, file) = copy(folder.path());
    let connection = Connection::open(file).unwrap();
    for position in 0..32 {
        for (n, column) in COLUMNS.iter().enumerate() {
            let stored = value(&connection, column, position);
            let others = [
                flipped(&stored, n * 7),
                Stored::Null,
                Stored::Text(String::new()),
                Stored::Real(0.5),
                Stored::Blob(vec![0xff, 0xfe]),
            ];
            // every kind of damage for every column, and every column of every entry, but not all by all
            let kinds = if position == 9 { 0..5 } else { n % 2..n % 2 + 1 };
            for other in &others[kinds] {
                set(&connection, column, position, other);
                let findings = found(copied.path());
                assert!(names(&findings, position), "{column} of {position} as {other:?}: {findings:?}");
                set(&connection, column, position, &stored);
            }
        }
    }
    assert_eq!(found(copied.path()), [], "all put back");
}

#[tokio::test]
async fn what_stands_beside_the_entries_is_watched_too() {
    let folder = loosened().await;
    for sql in [
        "UPDATE head SET size = size + 1",
        "UPDATE head SET size = size - 1",
        "UPDATE head SET size = NULL",
        "UPDATE head SET root = zeroblob(32)",
        "UPDATE head SET frontier = zeroblob(8)",
        "UPDATE head SET frontier = 'x'",
        "UPDATE head SET recorded_at = '2026-03-01T00:00:00.000Z'",
        "DELETE FROM head",
        "UPDATE checkpoints SET size = size + 1",
        "UPDATE checkpoints SET note = replace(note, 'A', 'B')",
        "UPDATE checkpoints SET note = NULL",
        "UPDATE schemes SET bytes = '{}'",
        "UPDATE schemes SET bytes = CAST('{\"id\":\"test-building-2\"}' AS BLOB)",
        "UPDATE schemes SET id = 'x'",
        "UPDATE schemes SET sha256 = NULL",
        "UPDATE outcomes SET position = position + 1",
        "UPDATE outcomes SET position = NULL",
        "UPDATE outcomes SET result = '{}'",
        "UPDATE outcomes SET accepted = 0",
        "UPDATE outcomes SET digest = NULL",
        "UPDATE outcomes SET event_id = 'x'",
        "INSERT INTO tiles VALUES (1, 0, zeroblob(8192))",
        "UPDATE authors SET author_seq = author_seq - 1",
        "DELETE FROM authors",
        "DELETE FROM outcomes WHERE position = 6",
        "UPDATE outcomes SET result = json_set(result, '$.last_position', 20) WHERE position = 6",
        "UPDATE outcomes SET result = result || ' ' WHERE position = 6",
        "UPDATE sealed_keys SET sealed = zeroblob(72) WHERE role = 'officer'",
        "UPDATE sealed_keys SET holder = 'somebody' WHERE role = 'officer'",
        "UPDATE sealed_keys SET role = 'officer' WHERE role = 'service'",
        "DELETE FROM sealed_keys WHERE role = 'log'",
        "DELETE FROM sealed_keys WHERE role = 'service'",
        "INSERT INTO cursors VALUES ('conduct', 900)",
        "DELETE FROM checkpoints WHERE size = (SELECT min(size) FROM checkpoints)",
    ] {
        let (copied, file) = copy(folder.path());
        let connection = Connection::open(file).unwrap();
        assert!(connection.execute(sql, []).unwrap() > 0, "{sql}");
        assert!(!found(copied.path()).is_empty(), "{sql}");
    }
    let (copied, _) = copy(folder.path());
    let file = copied.path().join("checkpoints.txt");
    let notes = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{}{}", notes, "torn in the mid")).unwrap();
    assert_eq!(found(copied.path()), [], "a checkpoint that was being written when the power went");
    std::fs::write(&file, notes.replacen("\n32\n", "\n31\n", 1)).unwrap();
    assert!(!found(copied.path()).is_empty());
    let whole = crate::checkpoints::whole_notes(&notes);
    assert!(whole.len() > 2);
    std::fs::write(&file, whole[1..].iter().map(|note| format!("{note}\n")).collect::<String>()).unwrap();
    assert_eq!(found(copied.path())[0].code, "checkpoint-missing");
    // the newest one is written here before it is stored: a crash may come in between
    std::fs::write(&file, &notes).unwrap();
    let connection = Connection::open(copied.path().join("ledger.db")).unwrap();
    connection
        .execute("DELETE FROM checkpoints WHERE size = (SELECT max(size) FROM checkpoints)", [])
        .unwrap();
    assert_eq!(found(copied.path()), []);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(found(copied.path())[0].code, "checkpoint-missing");
}

#[tokio::test]
async fn full_upper_tiles_are_stored_compared_and_used() {
    let test = TestLedger::new().await;
    let (writer, said) = (test.ledger.writer().clone(), test.said("premises/p-1", "Visited", json!({})));
    let many = move |count: u32| {
        let answers: Vec<_> = (0..count)
            .map(|n| {
                let mut said = said.clone();
                said.event_id = uuid::Uuid::now_v7();
                said.events[0] = event(&format!("premises/p-{}", n % 97), "Visited", json!({"n": n}));
                writer.submit_waiting(said).unwrap()
            })
            .collect();
        answers.into_iter().for_each(|answer| assert!(answer.blocking_recv().unwrap().is_ok()));
    };
    tokio::task::spawn_blocking(move || many(65_400)).await.unwrap();
    let test = test.reopened(RunOptions::default()).await;
    for n in 0..400 {
        // across the edge of the tile, on a state that was read from the store
        test.ledger.writer().append(test.said("premises/p-1", "Visited", json!({"n": n}))).await.unwrap();
    }
    let test = test.reopened(RunOptions::default()).await;
    let reader = test.ledger.reader();
    let size = reader.size().unwrap();
    assert_eq!(reader.tile(1, 0, 256).unwrap().unwrap().len(), 8_192);
    assert_eq!(reader.tile(2, 0, 1).unwrap().unwrap().len(), 32);
    let root = reader.head().unwrap().unwrap().frontier.root();
    for index in [0, 65_535, 65_536, size - 1] {
        let row = reader.row(index).unwrap().unwrap();
        let proof = reader.inclusion_proof(index, size).unwrap();
        crate::merkle::check_inclusion(row.leaf_hash, index, size, &proof, &root).unwrap();
    }
    assert_eq!(found(test.path()), []);
    let connection = Connection::open(test.path().join("ledger.db")).unwrap();
    connection
        .execute_batch("DROP TRIGGER tiles_are_never_updated; UPDATE tiles SET hashes = zeroblob(8192);")
        .unwrap();
    let findings = found(test.path());
    assert!(findings.iter().any(|finding| finding.code == "tile" && finding.level == 2), "{findings:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]
    #[test]
    fn swapped_dropped_and_forged_rows_are_named(
        a in 0i64..32, b in 0i64..32, column in 0usize..16, at in 0usize..4_000, how in 0u8..4,
    ) {
        let folder = shared();
        let (copied, file) = copy(folder);
        let connection = Connection::open(file).unwrap();
        let name = COLUMNS[column];
        let (of_a, of_b) = (value(&connection, name, a), value(&connection, name, b));
        match how {
            0 => { connection.execute("DELETE FROM events WHERE position = ?1", [a]).unwrap(); }
            1 if of_a != of_b && name == "position" => {
                connection.execute_batch(&format!(
                    "UPDATE events SET position = -1 WHERE position = {a}; UPDATE events SET position = {a} WHERE position = {b};
                     UPDATE events SET position = {b} WHERE position = -1;")).unwrap();
            }
            1 if of_a != of_b => {
                set(&connection, name, a, &of_b);
                set(&connection, name, b, &of_a);
                let findings = found(copied.path());
                prop_assert!(names(&findings, b), "{name} of {a} and {b}: {findings:?}");
            }
            2 if of_a != of_b && name != "position" => set(&connection, name, a, &of_b),
            _ => set(&connection, name, a, &flipped(&of_a, at)),
        }
        let findings = found(copied.path());
        prop_assert!(names(&findings, a), "{name} of {a}, {b}, {how}: {findings:?}");
    }
}

/// One ledger for all cases of a property.
fn shared() -> &'static Path {
    static SHARED: std::sync::OnceLock<TempDir> = std::sync::OnceLock::new();
    SHARED
        .get_or_init(|| {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(loosened())
        })
        .path()
}
