//! What is particular to Postgres: several nodes, a server that goes away, rights, and what is changed behind its back.

use std::sync::Arc;
use std::sync::mpsc::channel;

use serde_json::json;

use crate::append::AppendError;
use crate::audit::verify_rows;
use crate::genesis::{Ledger, RunOptions};
use crate::place::database_url;
use crate::postgres_address::Address;
use crate::postgres_session::Session;
use crate::test_ledger::{CountingReactor, Holding, On, TestLedger};

/// A connection of the database's owner.
fn owner(test: &TestLedger) -> Session {
    Session::open(&Address::parse(&database_url(test.path()).unwrap().unwrap()).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_at_one_node_fails_no_batch_of_another_that_has_the_same_command() {
    let ((reached, at), (go, go_on)) = (channel(), channel());
    let test = TestLedger::with_on(
        On::Postgres,
        crate::genesis::ClockChoice::System,
        Box::new(Holding { reached, go_on }),
    )
    .await;
    let folder = test.folder_beside();
    let other = Ledger::open(folder.path(), RunOptions::default()).unwrap();
    // a batch of its own, so that those behind it are one batch
    let writer = test.ledger.writer().clone();
    let first = writer.submit(test.said("premises/p-1", "Visited", json!({}))).unwrap();
    at.recv().unwrap();
    let disputed = test.said("premises/p-1", "Visited", json!({}));
    let (event_id, digest) = (disputed.event_id, disputed.digest);
    let disputed = writer.submit(disputed).unwrap();
    let neighbour = writer.submit(test.said("premises/p-2", "Waiting", json!({}))).unwrap();
    go.send(()).unwrap();
    at.recv().unwrap();
    // it is decided, and not written yet, when the other node refuses it
    let refusing = {
        let other = other.writer().clone();
        tokio::spawn(async move { other.record_refusal(event_id, digest, "{}".to_owned()).await })
    };
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    go.send(()).unwrap();
    first.await.unwrap().unwrap();
    let accepted = disputed.await.unwrap().unwrap();
    neighbour.await.unwrap().unwrap();
    assert_eq!(
        refusing.await.unwrap().unwrap().position,
        Some(accepted.position),
        "what was said first stands"
    );
    // and the other way round
    let refused = test.said("premises/p-1", "Waiting", json!({}));
    other.writer().record_refusal(refused.event_id, refused.digest, "{}".to_owned()).await.unwrap();
    let answers =
        [refused, test.said("premises/p-2", "Waiting", json!({}))].map(|said| writer.submit(said).unwrap());
    let [again, beside] = answers;
    assert!(matches!(again.await.unwrap(), Err(AppendError::Refused { .. })));
    beside.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_take_turns_and_agree() {
    let test = TestLedger::with_on(
        On::Postgres,
        crate::genesis::ClockChoice::System,
        Box::new(CountingReactor::default()),
    )
    .await;
    let other_folder = tempfile::tempdir().unwrap();
    for file in ["database.url", "master.key"] {
        std::fs::copy(test.path().join(file), other_folder.path().join(file)).unwrap();
    }
    let running = RunOptions { reactor: Box::new(CountingReactor::default()), ..RunOptions::default() };
    let other = Ledger::open(other_folder.path(), running).unwrap();
    let nodes = [test.ledger.writer().clone(), other.writer().clone()];
    let test = Arc::new(test);
    let clients: Vec<_> = (0..64_usize)
        .map(|client| {
            let (node, test) = (nodes[client % 2].clone(), Arc::clone(&test));
            tokio::spawn(async move {
                let mut receipts = Vec::new();
                for n in 0..8 {
                    // every premises is written by clients of both nodes
                    let stream = format!("premises/p-{}/hazard/{client}-{n}", client / 2 % 5);
                    let said = test.said(&stream, "HazardFound", json!({ "n": n }));
                    let receipt = node.append(said.clone()).await.unwrap();
                    let again = test.ledger.writer().append(said).await.unwrap();
                    assert_eq!((again.position, again.repeated), (receipt.position, true));
                    receipts.push((stream, receipt));
                }
                receipts
            })
        })
        .collect();
    let mut acknowledged = 0;
    for client in clients {
        for (stream, receipt) in client.await.unwrap() {
            let row = test.ledger.reader().row(receipt.position).unwrap().unwrap();
            assert_eq!((row.aggregate_id, row.event_id), (stream, receipt.event_id.to_string()));
            acknowledged += 1;
        }
    }
    // a key that one node enrols signs at the other
    let officer = test.ledger.enrol_officer("officer-2").await.unwrap();
    let said = crate::test_ledger::request(
        crate::append::Author::Officer(officer),
        "premises/p-1",
        "Visited",
        json!({}),
    );
    other.writer().append(said).await.unwrap();
    // heads are those of both nodes' entries
    test.ledger.commit_heads().await.unwrap().unwrap();
    assert_eq!(other.commit_heads().await.unwrap(), None);
    let reader = test.ledger.reader();
    assert_eq!(reader.size().unwrap(), 6 + 2 * acknowledged + 3);
    for premises in 0..5 {
        let counted = reader.stream(&format!("premises/p-{premises}/count")).unwrap();
        for (entry, due) in counted.iter().zip(1..) {
            assert!(entry.data.contains(&format!("\"count\":{due}}}")), "{due}: {}", entry.data);
        }
    }
    other.close().await.unwrap();
    assert_eq!(verify_rows(test.path()).unwrap().findings, []);
    assert_eq!(verify_rows(other_folder.path()).unwrap().findings, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_one_nodes_and_the_second_process_on_it_is_told() {
    let test = TestLedger::on(On::Postgres).await;
    let refused = Ledger::open(test.path(), RunOptions::default()).unwrap_err();
    let crate::genesis::LedgerError::Store(refused) = refused else { panic!("{refused}") };
    assert!(matches!(refused, crate::store::StoreError::InUse), "{refused}");
    let test = test.reopened(RunOptions::default()).await;
    test.ledger.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_cut_loses_nothing_acknowledged_and_the_next_write_works() {
    let test = TestLedger::on(On::Postgres).await;
    let writer = test.ledger.writer();
    let owner = owner(&test);
    let mut acknowledged = Vec::new();
    for round in 0..12 {
        let waiting: Vec<_> = (0..20)
            .map(|n| {
                let said = test.said(&format!("premises/p-{n}"), "Visited", json!({ "round": round }));
                (said.clone(), writer.submit(said).unwrap())
            })
            .collect();
        let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        std::thread::sleep(std::time::Duration::from_micros(round * 300));
        owner.first(cut, &[]).unwrap();
        for (said, answer) in waiting {
            let receipt = match answer.await.unwrap() {
                Ok(receipt) => receipt,
                // it may have been kept or not: who sends it again learns which
                Err(AppendError::Store(_)) => writer.append(said).await.unwrap(),
                Err(other) => panic!("{other}"),
            };
            acknowledged.push(receipt);
        }
    }
    acknowledged.push(writer.append(test.said("premises/next", "Visited", json!({}))).await.unwrap());
    assert_eq!(test.ledger.reader().size().unwrap(), 6 + acknowledged.len() as u64);
    for receipt in acknowledged {
        let row = test.ledger.reader().row(receipt.position).unwrap().unwrap();
        assert_eq!(row.event_id, receipt.event_id.to_string());
    }
    test.ledger.writer().sign_now().await.unwrap();
    assert_eq!(verify_rows(test.path()).unwrap().findings, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_changes_or_takes_away_what_was_written() {
    let test = TestLedger::on(On::Postgres).await;
    test.ledger.writer().append(test.said("premises/p-1", "Visited", json!({}))).await.unwrap();
    test.ledger.writer().sign_now().await.unwrap();
    let owner = owner(&test);
    for table in ["events", "checkpoints", "schemes", "outcomes", "sealed_keys", "tiles"] {
        for sql in [format!("DELETE FROM {table}"), format!("TRUNCATE {table}")] {
            let refused = owner.batch(&sql, "be changed").unwrap_err();
            let said =
                std::error::Error::source(&refused).and_then(std::error::Error::source).unwrap().to_string();
            assert!(said.contains("never changed or taken away"), "{sql}: {said}");
        }
    }
    assert!(owner.batch("UPDATE events SET payload = '{}'", "be changed").is_err());
    assert!(owner.batch("UPDATE sealed_keys SET role = role", "be changed").is_err());
    // a role that appends has not even the right to try
    owner.batch("SET ROLE wuping_writer", "take a role").unwrap();
    for sql in [
        "UPDATE events SET payload = '{}'",
        "DELETE FROM outcomes",
        "TRUNCATE checkpoints",
        "ALTER TABLE events DISABLE TRIGGER ALL",
        "DROP TABLE tiles",
        "UPDATE sealed_keys SET role = 'x'",
        "UPDATE schema_version SET version = 9",
    ] {
        let refused = owner.batch(sql, "be changed").unwrap_err();
        let said =
            std::error::Error::source(&refused).and_then(std::error::Error::source).unwrap().to_string();
        assert!(said.contains("permission denied") || said.contains("must be owner"), "{sql}: {said}");
    }
    assert_eq!(verify_rows(test.path()).unwrap().findings, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_changed_behind_its_back_is_found_at_its_position() {
    let test = TestLedger::on(On::Postgres).await;
    for n in 0..12 {
        test.ledger
            .writer()
            .append(test.said(&format!("premises/p-{}", n % 3), "Visited", json!({ "n": n })))
            .await
            .unwrap();
    }
    let TestLedger { folder, ledger, .. } = test;
    ledger.close().await.unwrap();
    let owner =
        Session::open(&Address::parse(&database_url(folder.path()).unwrap().unwrap()).unwrap()).unwrap();
    owner
        .batch(
            "ALTER TABLE events DISABLE TRIGGER ALL; ALTER TABLE checkpoints DISABLE TRIGGER ALL; \
                 ALTER TABLE outcomes DISABLE TRIGGER ALL; ALTER TABLE tiles DISABLE TRIGGER ALL",
            "be loosened",
        )
        .unwrap();
    assert_eq!(verify_rows(folder.path()).unwrap().findings, []);
    owner.batch("CREATE TABLE sound AS TABLE events", "be kept").unwrap();
    let changed = |sql: &str| {
        owner.batch(sql, "be changed").unwrap();
        let findings = verify_rows(folder.path()).unwrap().findings;
        owner
            .batch("BEGIN; DELETE FROM events; INSERT INTO events TABLE sound; COMMIT", "be put back")
            .unwrap();
        findings
    };
    for position in [1, 9, 16] {
        for change in CHANGES {
            let findings = changed(&format!("UPDATE events SET {change} WHERE position = {position}"));
            let named = findings.iter().any(|found| found.position == Some(position));
            assert!(named, "{change} at {position}: {findings:?}");
        }
        let findings = changed(&format!("DELETE FROM events WHERE position = {position}"));
        assert!(findings.iter().any(|found| found.position == Some(position)), "{position}: {findings:?}");
    }
    assert_eq!(verify_rows(folder.path()).unwrap().findings, [], "all put back");
    for beside in [
        "UPDATE head SET size = size - 1",
        "UPDATE head SET root = sha256(root)",
        "UPDATE head SET frontier = frontier || frontier",
        "UPDATE head SET recorded_at = '2020-01-01T00:00:00.000Z'",
        "DELETE FROM head",
        "UPDATE checkpoints SET size = size + 1",
        "UPDATE checkpoints SET note = replace(note, 'A', 'B')",
        "UPDATE outcomes SET position = position + 1",
        "UPDATE outcomes SET result = '{}'",
        "UPDATE outcomes SET digest = ''",
        "INSERT INTO tiles VALUES (1, 0, '')",
        "UPDATE authors SET author_seq = author_seq + 1",
        "DELETE FROM authors",
    ] {
        owner
            .batch(&format!("CREATE TABLE before AS TABLE {0}; {beside}", table_of(beside)), "be changed")
            .unwrap();
        assert!(!verify_rows(folder.path()).unwrap().findings.is_empty(), "{beside}");
        let table = table_of(beside);
        let back = format!("DELETE FROM {table}; INSERT INTO {table} TABLE before; DROP TABLE before");
        owner.batch(&back, "be put back").unwrap();
    }
    assert_eq!(verify_rows(folder.path()).unwrap().findings, [], "all put back");
}

fn table_of(sql: &str) -> &str {
    let table = |word: &&str| ["head", "checkpoints", "outcomes", "tiles", "authors"].contains(word);
    sql.split(' ').find(table).unwrap()
}

const CHANGES: [&str; 18] = [
    "aggregate_type = 'other'",
    "aggregate_id = 'premises/p-9'",
    "sequence = sequence + 50",
    "event_type = 'Other'",
    "event_version = '2'",
    "payload = '{\"n\":99,\"type\":\"Visited\"}'",
    "payload = json_build_object('n', payload)",
    "metadata = '{}'",
    "author_seq = author_seq + 1",
    "event_id = '00000000-0000-4000-8000-000000000000'",
    "occurred_at = '2020-01-01T00:00:00.000Z'",
    "schema = 'test/2'",
    "kid = reverse(kid)",
    "signature = reverse(signature)",
    "recorded_at = '2020-01-01T00:00:00.000Z'",
    "leaf_hash = sha256(leaf_hash)",
    "leaf_hash = ''",
    "position = position + 1000",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_opened_while_others_write_sees_one_moment() {
    let test = Arc::new(TestLedger::on(On::Postgres).await);
    let other_folder = tempfile::tempdir().unwrap();
    for file in ["database.url", "master.key"] {
        std::fs::copy(test.path().join(file), other_folder.path().join(file)).unwrap();
    }
    let (writing, stop) = (Arc::clone(&test), Arc::new(std::sync::atomic::AtomicBool::new(false)));
    let stopped = Arc::clone(&stop);
    let writer = tokio::spawn(async move {
        let mut written = 0;
        while !stopped.load(std::sync::atomic::Ordering::SeqCst) {
            let said = writing.said(&format!("premises/p-{written}"), "Visited", json!({}));
            writing.ledger.writer().append(said).await.unwrap();
            written += 1;
        }
        written
    });
    for _ in 0..40 {
        let other = Ledger::open(other_folder.path(), RunOptions::default()).unwrap();
        other.writer().append(test.said("premises/of-the-other", "Visited", json!({}))).await.unwrap();
        other.close().await.unwrap();
    }
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    assert!(writer.await.unwrap() > 40);
    assert_eq!(verify_rows(test.path()).unwrap().findings, []);
}
