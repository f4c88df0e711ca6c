//! Writing, tried from outside: what holds whatever is sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::append::{AppendError, Author, Receipt};
use crate::genesis::{ClockChoice, Ledger, LedgerError, RunOptions};
use crate::merkle::{check_consistency, check_inclusion};
use crate::note::open_checkpoint;
use crate::reader::Reader;
use crate::store::StoreError;
use crate::test_ledger::{
    CountingReactor, ORIGIN, On, TestLedger, event, on_both_stores, replayed, request, stepped,
};
use crate::timestamp::Timestamp;

on_both_stores!(
    what_was_acknowledged_is_durable_and_verifies,
    a_repeat_gets_the_first_outcome_and_another_command_is_told,
    a_refusal_is_remembered,
    whoever_decided_on_an_old_version_is_told_what_it_is_now,
    a_list_computed_on_an_old_state_is_stale,
    one_bad_command_leaves_its_neighbours_alone,
    consequences_follow_their_cause_and_have_derived_ids,
    a_rule_that_runs_away_is_stopped,
    a_simulation_takes_its_time_from_requests_and_ends_once,
    proofs_verify_against_signed_checkpoints,
    heads_are_committed_when_there_is_something_new,
    a_revoked_officer_signs_no_more,
    an_erasure_names_digests_that_are_there_and_each_once,
    closing_finishes_what_waits,
);

fn types(reader: &Reader, path: &str) -> Vec<String> {
    reader.subject(path, None).unwrap().into_iter().map(|entry| entry.event_type).collect()
}

async fn what_was_acknowledged_is_durable_and_verifies(on: On) {
    let test = TestLedger::on(on).await;
    let receipt =
        test.ledger.writer().append(test.said("premises/p-1", "Visited", json!({"rooms": 3}))).await.unwrap();
    assert_eq!((receipt.version, receipt.position, receipt.repeated), (1, 6, false));
    let test = test.reopened(RunOptions::default()).await;
    let second = test.ledger.writer().append(test.said("premises/p-1", "Visited", json!({}))).await.unwrap();
    assert_eq!((second.version, second.position), (2, 7));
    let chain = replayed(test.ledger.reader());
    assert_eq!(chain.keys().record(&test.officer).unwrap().holder, "officer-1");
    assert_eq!(test.ledger.reader().stream("premises/p-1").unwrap().len(), 2);
}

async fn a_repeat_gets_the_first_outcome_and_another_command_is_told(on: On) {
    let test = TestLedger::on(on).await;
    let said = test.said("premises/p-1", "Visited", json!({}));
    let first = test.ledger.writer().append(said.clone()).await.unwrap();
    let again = test.ledger.writer().append(said.clone()).await.unwrap();
    assert_eq!(again, Receipt { repeated: true, ..first.clone() });
    let other = crate::append::AppendRequest { digest: [9; 32], ..said.clone() };
    let refused = test.ledger.writer().append(other.clone()).await.unwrap_err();
    assert!(matches!(refused, AppendError::DifferentCommand { .. }));
    let test = test.reopened(RunOptions::default()).await;
    assert_eq!(test.ledger.writer().append(said).await.unwrap(), Receipt { repeated: true, ..first });
    assert_eq!(test.ledger.reader().stream("premises/p-1").unwrap().len(), 1);
}

async fn a_refusal_is_remembered(on: On) {
    let test = TestLedger::on(on).await;
    let said = test.said("premises/p-1", "Visited", json!({}));
    let writer = test.ledger.writer();
    let told = "{\"type\":\"deadline-passed\"}".to_owned();
    writer.record_refusal(said.event_id, said.digest, told.clone()).await.unwrap();
    let again = writer.record_refusal(said.event_id, said.digest, "{}".to_owned()).await.unwrap();
    assert_eq!(again.result, told);
    let AppendError::Refused { result } = writer.append(said.clone()).await.unwrap_err() else { panic!() };
    assert_eq!(result, told);
    assert!(matches!(
        writer.record_refusal(said.event_id, [1; 32], told).await,
        Err(AppendError::DifferentCommand { .. })
    ));
    let done = test.said("premises/p-1", "Visited", json!({}));
    writer.append(done.clone()).await.unwrap();
    let first = writer.record_refusal(done.event_id, done.digest, "{}".to_owned()).await.unwrap();
    assert!(first.position.is_some(), "it was accepted before and stays so");
}

async fn whoever_decided_on_an_old_version_is_told_what_it_is_now(on: On) {
    let test = TestLedger::on(on).await;
    let writer = test.ledger.writer();
    let mut first = test.said("premises/p-1", "Visited", json!({}));
    first.expected = Some(0);
    let mut second = test.said("premises/p-1", "Visited", json!({}));
    second.expected = Some(0);
    writer.append(first).await.unwrap();
    let Err(AppendError::Conflict { expected: 0, actual: 1, .. }) = writer.append(second.clone()).await
    else {
        panic!("not a conflict")
    };
    second.expected = Some(1);
    assert_eq!(writer.append(second).await.unwrap().version, 2);
}

async fn a_list_computed_on_an_old_state_is_stale(on: On) {
    let test = TestLedger::on(on).await;
    let writer = test.ledger.writer();
    let base = writer.append(test.said("premises/p-1/hazard/1", "Found", json!({}))).await.unwrap().position;
    let computed = |base: u64| {
        let derivation =
            json!({"scheme": {"id": "s", "sha256": "0".repeat(64)}, "subjects": ["party/x", "premises/p-1"]});
        let mut list = request(
            Author::Service,
            "party/x/credit",
            "ConductRecorded",
            json!({"derivation": derivation, "result": {}}),
        );
        list.bases = vec![("premises/p-1".to_owned(), base), ("party/x".to_owned(), 0)];
        list.cursor = Some(("conduct".to_owned(), base));
        list
    };
    let newer = writer.append(test.said("premises/p-1", "Visited", json!({}))).await.unwrap().position;
    let Err(AppendError::Stale { subject, actual, .. }) = writer.append(computed(base)).await else {
        panic!()
    };
    assert_eq!((subject.as_str(), actual), ("premises/p-1", newer));
    assert_eq!(test.ledger.reader().cursor("conduct").unwrap(), None);
    writer.append(computed(newer)).await.unwrap();
    assert_eq!(test.ledger.reader().cursor("conduct").unwrap(), Some(newer));
    replayed(test.ledger.reader());
}

async fn one_bad_command_leaves_its_neighbours_alone(on: On) {
    let test = TestLedger::with_on(on, ClockChoice::System, Box::new(CountingReactor::default())).await;
    let writer = test.ledger.writer();
    let mut conflict = test.said("premises/p-2", "Visited", json!({}));
    conflict.expected = Some(7);
    let mut half = test.said("premises/p-1/hazard/2", "HazardFound", json!({}));
    half.events.push(event("premises/p-1/hazard/2", "Broken", json!({})));
    let requests = [
        test.said("premises/p-1/hazard/1", "HazardFound", json!({})),
        conflict,
        half,
        request(
            Author::Officer(test.officer.clone()),
            "premises/p-1",
            "Graded",
            json!({"result": {}, "derivation": {}}),
        ),
        request(Author::Intake, "premises/p-1", "Reported", json!({})),
        test.said("premises/p-1", "Broken", json!({})),
        test.said("premises/p-1", "Elsewhere", json!({})),
        test.said("premises/p-1", "Large", json!({"text": "x".repeat(60_000)})),
        test.said("premises/p-1/hazard/3", "HazardFound", json!({})),
    ];
    // all of them wait before the first is looked at
    let answers: Vec<_> = requests.into_iter().map(|request| writer.submit(request)).collect();
    let mut done = Vec::new();
    for answer in answers {
        done.push(match answer {
            Ok(answer) => answer.await.unwrap().is_ok(),
            Err(_) => false,
        });
    }
    assert_eq!(done, [true, false, false, false, false, false, false, false, true]);
    assert_eq!(
        types(test.ledger.reader(), "premises/p-1"),
        ["HazardFound", "HazardsCounted", "HazardFound", "HazardsCounted"]
    );
    let counted = test.ledger.reader().stream("premises/p-1/count").unwrap();
    let counts: Vec<Value> = counted.iter().map(|entry| serde_json::from_str(&entry.data).unwrap()).collect();
    assert_eq!([&counts[0]["result"]["count"], &counts[1]["result"]["count"]], [&json!(1), &json!(2)]);
    replayed(test.ledger.reader());
}

async fn consequences_follow_their_cause_and_have_derived_ids(on: On) {
    let test = TestLedger::with_on(on, ClockChoice::System, Box::new(CountingReactor::default())).await;
    let mut echo = test.said("premises/p-1", "Echo", json!({"times": 3}));
    echo.events.push(event("premises/p-1", "HazardFound", json!({})));
    let receipt = test.ledger.writer().append(echo.clone()).await.unwrap();
    assert_eq!(receipt.last_position, receipt.position + 5);
    let entries = test.ledger.reader().subject("premises/p-1", None).unwrap();
    let found: Vec<&str> = entries.iter().map(|entry| entry.event_type.as_str()).collect();
    assert_eq!(found, ["Echo", "Echoed", "Echoed", "Echoed", "HazardFound", "HazardsCounted"]);
    let id = |cause: &str, n| crate::entry::derived_event_id(ORIGIN, cause, n).to_string();
    assert_eq!(entries[1].event_id, id(&format!("reaction/echo/{}", entries[0].position), 1));
    assert_eq!(entries[4].event_id, id(&echo.event_id.to_string(), 1));
    assert_eq!(entries[1].occurred_at, entries[0].recorded_at);
    replayed(test.ledger.reader());
}

async fn a_rule_that_runs_away_is_stopped(on: On) {
    let test = TestLedger::with_on(on, ClockChoice::System, Box::new(CountingReactor::default())).await;
    let writer = test.ledger.writer();
    let size = test.ledger.reader().size().unwrap();
    let refused =
        writer.append(test.said("premises/p-1", "Echo", json!({"times": 1_001}))).await.unwrap_err();
    assert!(matches!(refused, AppendError::Reaction(_)), "{refused}");
    assert_eq!(test.ledger.reader().size().unwrap(), size);
    writer.append(test.said("premises/p-1", "Echo", json!({"times": 1_000}))).await.unwrap();
    replayed(test.ledger.reader());
}

async fn a_simulation_takes_its_time_from_requests_and_ends_once(on: On) {
    let clock = stepped();
    clock.set_wall(0);
    let test =
        TestLedger::with_on(on, ClockChoice::Simulated(clock.clone()), Box::new(CountingReactor::default()))
            .await;
    let writer = test.ledger.writer();
    // the officer was enrolled with the clock at 1970
    let at = |text: &str| Some(Timestamp::parse(text, "t").unwrap());
    for (simulated_now, recorded_at) in [
        (at("2020-01-01T00:00:00.000Z"), "2020-01-01T00:00:00.000Z"),
        (at("2022-01-01T00:00:00.000Z"), "2022-01-01T00:00:00.000Z"),
        (at("2021-01-01T00:00:00.000Z"), "2022-01-01T00:00:00.000Z"),
    ] {
        let mut said = test.said("premises/p-1", "Visited", json!({}));
        said.simulated_now = simulated_now;
        assert_eq!(writer.append(said).await.unwrap().recorded_at.as_str(), recorded_at);
    }
    writer.finish_simulation().await.unwrap();
    assert!(matches!(writer.finish_simulation().await, Err(AppendError::NotSimulated)));
    let mut said = test.said("premises/p-1", "Visited", json!({}));
    writer.append(said.clone()).await.unwrap();
    said.event_id = Uuid::now_v7();
    said.simulated_now = at("2030-01-01T00:00:00.000Z");
    assert!(matches!(writer.append(said).await, Err(AppendError::NotSimulated)));
    let TestLedger { folder, ledger, .. } = test;
    ledger.close().await.unwrap();
    let running = RunOptions { clock: ClockChoice::Simulated(clock), ..RunOptions::default() };
    assert!(matches!(Ledger::open(folder.path(), running), Err(LedgerError::Simulation)));
}

#[tokio::test]
async fn the_second_writer_is_sent_to_the_server_and_readers_only_read() {
    let test = TestLedger::new().await;
    let second = Ledger::open(test.path(), RunOptions::default()).unwrap_err();
    let LedgerError::Store(in_use @ StoreError::InUse) = second else { panic!("{second}") };
    assert!(in_use.to_string().contains("running server"));
    let reader = Ledger::open_read_only(test.path()).unwrap();
    assert_eq!(reader.size().unwrap(), 6);
    let connection = crate::sqlite::open_reading(&test.path().join("ledger.db")).unwrap();
    assert!(connection.execute("INSERT INTO cursors VALUES ('x', 1)", []).is_err());
    test.ledger.writer().append(test.said("premises/p-1", "Visited", json!({}))).await.unwrap();
    assert_eq!(reader.size().unwrap(), 7, "a reader sees what is committed after it was opened");
}

#[tokio::test]
async fn triggers_refuse_update_and_delete() {
    let test = TestLedger::new().await;
    let writer = test.ledger.writer();
    writer.append(test.said("premises/p-1", "Visited", json!({}))).await.unwrap();
    writer.sign_now().await.unwrap();
    let bytes = b"{\"id\":\"s\"}".to_vec();
    let sha256 = crate::encoding::Hash::of(&bytes).hex();
    let scheme = crate::store::Scheme { sha256: sha256.clone(), id: "s".to_owned(), bytes };
    writer.keep_scheme(scheme.clone()).await.unwrap();
    writer.keep_scheme(scheme.clone()).await.unwrap();
    assert_eq!(test.ledger.reader().scheme(&sha256).unwrap(), Some(scheme.clone()));
    let misnamed = crate::store::Scheme { sha256: "0".repeat(64), ..scheme };
    assert!(writer.keep_scheme(misnamed).await.is_err());
    let connection = rusqlite::Connection::open(test.path().join("ledger.db")).unwrap();
    connection.execute("INSERT INTO tiles VALUES (9, 9, x'00')", []).unwrap();
    for (table, column) in [
        ("events", "payload"),
        ("checkpoints", "note"),
        ("schemes", "id"),
        ("outcomes", "result"),
        ("tiles", "n"),
    ] {
        for sql in [
            format!("UPDATE {table} SET {column} = {column}"),
            format!("DELETE FROM {table}"),
            format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}"),
        ] {
            let refused = connection.execute(&sql, []).unwrap_err();
            assert!(refused.to_string().contains("never"), "{sql}: {refused}");
        }
    }
    // an entry is in the way by any of its three keys
    let copied = |changes: &str| {
        let columns = "position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, author_seq, \
                       event_id, occurred_at, schema, kid, signature, recorded_at, leaf_hash";
        let last = format!("SELECT {columns} FROM events ORDER BY position DESC LIMIT 1");
        connection.execute_batch(&format!(
            "CREATE TEMP TABLE copied AS {last}; UPDATE copied SET {changes}; \
             INSERT OR REPLACE INTO events SELECT * FROM copied; DROP TABLE copied"
        ))
    };
    for changes in
        ["event_id = 'x', sequence = 99", "position = 999, sequence = 99", "position = 999, event_id = 'x'"]
    {
        let refused = copied(changes).unwrap_err();
        assert!(refused.to_string().contains("never replaced"), "{changes}: {refused}");
        connection.execute_batch("DROP TABLE copied").unwrap();
    }
}

async fn proofs_verify_against_signed_checkpoints(on: On) {
    let test = TestLedger::on(on).await;
    let writer = test.ledger.writer();
    let mut answers = Vec::new();
    for n in 0..700 {
        let said = test.said(&format!("premises/p-{}", n % 7), "Visited", json!({"n": n}));
        answers.push(writer.submit(said).unwrap());
        if n == 300 {
            for answer in answers.drain(..) {
                answer.await.unwrap().unwrap();
            }
            writer.sign_now().await.unwrap();
        }
    }
    for answer in answers {
        answer.await.unwrap().unwrap();
    }
    let (reader, log) = (test.ledger.reader(), test.ledger.log_key());
    let old = reader.checkpoint_up_to(reader.size().unwrap() - 1).unwrap().unwrap();
    let new = writer.sign_now().await.unwrap();
    let [old, new] = [old, new].map(|note| open_checkpoint(note.as_bytes(), log, &[], 0, None).unwrap());
    assert_eq!(new.size, 706);
    let proof = reader.consistency_proof(old.size, new.size).unwrap();
    check_consistency(old.size, new.size, &old.root, &new.root, &proof).unwrap();
    for index in (0..new.size).step_by(37).chain([255, 256, 511, 512, 705]) {
        let row = reader.row(index).unwrap().unwrap();
        let proof = reader.inclusion_proof(index, new.size).unwrap();
        check_inclusion(row.leaf_hash, index, new.size, &proof, &new.root).unwrap();
    }
    assert!(reader.inclusion_proof(706, 706).is_err() && reader.inclusion_proof(0, 707).is_err());
    let tile = reader.tile(1, 0, 2).unwrap().unwrap();
    let level0 = reader.tile(0, 1, 256).unwrap().unwrap();
    let hashes = level0.chunks_exact(32).map(|hash| crate::encoding::Hash::from_slice(hash).unwrap());
    assert_eq!(tile[32..], *crate::merkle::root_of(hashes).as_bytes());
    assert!(reader.tile(1, 0, 3).unwrap().is_none() && reader.tile(0, 2, 195).unwrap().is_none());
    let bundle = reader.entry_bundle(2, 194).unwrap().unwrap();
    let leaves = crate::tile::split_bundle(&bundle, 194).unwrap();
    assert_eq!(leaves[0], reader.leaf(512).unwrap().unwrap());
}

async fn heads_are_committed_when_there_is_something_new(on: On) {
    let test = TestLedger::on(on).await;
    let writer = test.ledger.writer();
    writer.append(test.said("premises/p-1", "Visited", json!({}))).await.unwrap();
    assert!(test.ledger.commit_heads().await.unwrap().is_some());
    assert!(test.ledger.commit_heads().await.unwrap().is_none());
    writer.append(test.said("premises/p-1/hazard/1", "Found", json!({}))).await.unwrap();
    test.ledger.commit_heads().await.unwrap();
    replayed(test.ledger.reader());
    let forged = json!({"count": 1, "root": crate::encoding::Hash::of(b"").b64u()});
    let refused = writer.append(request(Author::Service, "heads", "HeadsCommitted", forged)).await;
    assert!(matches!(refused, Err(AppendError::Rule(_))));
}

async fn a_revoked_officer_signs_no_more(on: On) {
    let test = TestLedger::on(on).await;
    test.ledger.writer().append(test.said("premises/p-1", "Visited", json!({}))).await.unwrap();
    test.ledger.revoke(&test.officer, "lost phone", Some(6), Author::Registrar).await.unwrap();
    let refused = test.ledger.writer().append(test.said("premises/p-1", "Visited", json!({}))).await;
    assert!(matches!(refused, Err(AppendError::NoKey { .. })));
    let root = Author::Root(Arc::clone(&test.roots[1].signer));
    let intake = test.ledger.enrol(crate::keys::Role::Intake, "intake-2", root, None).await.unwrap();
    let received = json!({"received": {"channel": "counter", "ref": "1"}});
    let receipt = test
        .ledger
        .writer()
        .append(request(Author::Intake, "premises/p-1", "Reported", received))
        .await
        .unwrap();
    assert_eq!(test.ledger.reader().row(receipt.position).unwrap().unwrap().kid, intake.to_string());
    assert!(replayed(test.ledger.reader()).keys().record(&test.officer).unwrap().contested_at(6));
}

async fn an_erasure_names_digests_that_are_there_and_each_once(on: On) {
    let test = TestLedger::on(on).await;
    let writer = test.ledger.writer();
    let (data, private) =
        crate::private::split_private(json!({"private": {"a": "1", "b": "2"}, "type": "Named"})).unwrap();
    let mut named = test.said("party/x", "Named", json!({}));
    named.events[0].data = data;
    let position = writer.append(named).await.unwrap().position;
    let erasure = |targets: Value| {
        let root = Author::Root(Arc::clone(&test.roots[0].signer));
        let why = json!({"authority": "the bureau", "reason": "asked", "targets": targets});
        writer.append(request(root, "erasures", "FieldsErased", why))
    };
    let target = |digests: &[&str]| json!([{"digests": digests, "sequence": position}]);
    let (a, b) = (private[0].digest.as_str(), private[1].digest.as_str());
    let unknown = crate::encoding::Hash::of(b"").b64u();
    for refused in [target(&[&unknown]), target(&[a, a]), target(&[]), json!([])] {
        assert!(matches!(erasure(refused).await, Err(AppendError::Rule(_))));
    }
    erasure(target(&[a])).await.unwrap();
    assert!(matches!(erasure(target(&[b, a])).await, Err(AppendError::Rule(_))));
    erasure(target(&[b])).await.unwrap();
    replayed(test.ledger.reader());
}

#[tokio::test]
async fn the_ledger_names_its_version_and_refuses_another() {
    let TestLedger { folder, ledger, .. } = TestLedger::new().await;
    ledger.close().await.unwrap();
    let connection = rusqlite::Connection::open(folder.path().join("ledger.db")).unwrap();
    for version in [0, 3] {
        connection.execute("UPDATE schema_version SET version = ?1", [version]).unwrap();
        let refused = Ledger::open(folder.path(), RunOptions::default()).unwrap_err();
        assert!(matches!(refused, LedgerError::Store(StoreError::SchemaVersion { .. })), "{refused}");
        assert!(Ledger::open_read_only(folder.path()).is_err());
    }
}

async fn closing_finishes_what_waits(on: On) {
    let test = TestLedger::on(on).await;
    let said: Vec<_> = (0..200).map(|n| test.said("premises/p-1", "Visited", json!({"n": n}))).collect();
    let answers: Vec<_> = said.into_iter().map(|said| test.ledger.writer().submit(said).unwrap()).collect();
    let late = (test.ledger.writer().clone(), test.said("premises/p-1", "Visited", json!({})));
    let TestLedger { folder, ledger, .. } = test;
    ledger.close().await.unwrap();
    for answer in answers {
        answer.await.unwrap().unwrap();
    }
    assert!(matches!(late.0.append(late.1).await, Err(AppendError::Closed)));
    let reader = Ledger::open_read_only(folder.path()).unwrap();
    assert_eq!((reader.size().unwrap(), reader.checkpoint_size().unwrap()), (206, 206));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn any_order_of_retries_gives_each_event_once(order in proptest::collection::vec(0usize..12, 1..80), cut in 0usize..80) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let mut test = TestLedger::with(ClockChoice::System, Box::new(CountingReactor::default())).await;
            let commands: Vec<_> = (0..12)
                .map(|n| test.said(&format!("premises/p-{}/hazard/{n}", n % 3), "HazardFound", json!({"n": n})))
                .collect();
            let mut first: BTreeMap<usize, u64> = BTreeMap::new();
            for part in [&order[..cut.min(order.len())], &order[cut.min(order.len())..]] {
                let answers: Vec<_> =
                    part.iter().map(|n| (*n, test.ledger.writer().submit(commands[*n].clone()).unwrap())).collect();
                for (n, answer) in answers {
                    let receipt = answer.await.unwrap().unwrap();
                    assert_eq!(receipt.repeated, first.contains_key(&n));
                    assert_eq!(*first.entry(n).or_insert(receipt.position), receipt.position);
                }
                test = test.reopened(RunOptions { reactor: Box::new(CountingReactor::default()), ..RunOptions::default() }).await;
            }
            // each with its count, and six entries of keys
            assert_eq!(test.ledger.reader().size().unwrap(), 6 + 2 * first.len() as u64);
            assert_eq!(crate::audit::verify_rows(test.path()).unwrap().findings, []);
            replayed(test.ledger.reader());
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: run it alone, with --nocapture"]
async fn throughput() {
    let test = TestLedger::new().await;
    let writer = test.ledger.writer().clone();
    const EVENTS: usize = 60_000;
    let said: Vec<_> = (0..EVENTS)
        .map(|n| test.said(&format!("premises/p-{}/hazard/{n}", n % 5_000), "HazardFound", json!({"indicator": "fire.exit.blocked", "n": n, "severity": "major", "source": "patrol", "text": "x".repeat(200)})))
        .collect();
    let began = std::time::Instant::now();
    tokio::task::spawn_blocking(move || {
        let answers: Vec<_> = said.into_iter().map(|said| writer.submit_waiting(said).unwrap()).collect();
        answers.into_iter().for_each(|answer| assert!(answer.blocking_recv().unwrap().is_ok()));
    })
    .await
    .unwrap();
    let took = began.elapsed().as_millis();
    println!("{} events/s appended", EVENTS as u128 * 1000 / took);
    let (began, mut bytes) = (std::time::Instant::now(), 0);
    test.ledger
        .reader()
        .rows(0, u64::MAX, |row| {
            bytes += row.data.len();
            Ok::<_, StoreError>(())
        })
        .unwrap();
    println!("{} rows/s read, {bytes} bytes", EVENTS as u128 * 1_000_000 / began.elapsed().as_micros());
    let began = std::time::Instant::now();
    test.ledger.commit_heads().await.unwrap();
    println!("heads committed in {} ms", began.elapsed().as_millis());
}
