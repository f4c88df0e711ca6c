//! What goes wrong while it is written and is nobody's command's fault: a store that fails, a fault of the program, a clock that
//! jumps, another ledger or key in this one's place.

use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::append::AppendError;
use crate::genesis::{ClockChoice, Ledger, LedgerError, RunOptions};
use crate::place::Place;
use crate::test_ledger::{
    CountingReactor, Fault, FaultyStore, On, TestLedger, on_both_stores, replayed, stepped,
};

on_both_stores!(
    a_failed_commit_is_answered_as_failed_and_a_retry_tells_the_truth,
    a_writer_that_panicked_says_that_it_is_gone,
    a_clock_that_jumped_stops_appends_until_it_is_accepted,
    a_wrong_master_key_is_said_clearly,
);

async fn a_failed_commit_is_answered_as_failed_and_a_retry_tells_the_truth(on: On) {
    for fault in [Fault::Failed, Fault::FailedEarly, Fault::FailedButKept] {
        let TestLedger { folder, ledger, officer, roots } = TestLedger::on(on).await;
        ledger.close().await.unwrap();
        let faults = Arc::new(Mutex::new(Vec::new()));
        let store = FaultyStore {
            inner: Place::of(folder.path()).unwrap().open_writing().unwrap(),
            faults: Arc::clone(&faults),
        };
        let running = RunOptions { reactor: Box::new(CountingReactor::default()), ..RunOptions::default() };
        let ledger = Ledger::open_over(folder.path(), Box::new(store), running).unwrap();
        let test = TestLedger { folder, ledger, roots, officer };
        let writer = test.ledger.writer();
        writer.append(test.said("premises/p-1/hazard/1", "HazardFound", json!({}))).await.unwrap();
        let said = test.said("premises/p-1/hazard/2", "HazardFound", json!({}));
        faults.lock().unwrap().push(fault);
        assert!(matches!(writer.append(said.clone()).await, Err(AppendError::Store(_))), "{fault:?}");
        let again = writer.append(said).await.unwrap();
        assert_eq!(again.repeated, fault == Fault::FailedButKept);
        writer.append(test.said("premises/p-1/hazard/3", "HazardFound", json!({}))).await.unwrap();
        let counted = test.ledger.reader().stream("premises/p-1/count").unwrap();
        assert!(counted[2].data.contains("\"count\":3"), "{fault:?}: {}", counted[2].data);
        replayed(test.ledger.reader());
    }
}

async fn a_writer_that_panicked_says_that_it_is_gone(on: On) {
    let test = TestLedger::with_on(on, ClockChoice::System, Box::new(CountingReactor::default())).await;
    let writer = test.ledger.writer();
    assert!(writer.is_at_work());
    let refused = writer.append(test.said("premises/p-1", "Fault", json!({}))).await.unwrap_err();
    assert!(matches!(refused, AppendError::Closed), "{refused:?}");
    for _ in 0..500 {
        if !writer.is_at_work() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(!writer.is_at_work());
    let TestLedger { folder, ledger, roots, officer } = test;
    assert!(matches!(ledger.close().await, Err(AppendError::Closed)));
    let ledger = Ledger::open(folder.path(), RunOptions::default()).unwrap();
    let test = TestLedger { folder, ledger, roots, officer };
    test.ledger.writer().append(test.said("premises/p-1", "HazardFound", json!({}))).await.unwrap();
    replayed(test.ledger.reader());
}

async fn a_clock_that_jumped_stops_appends_until_it_is_accepted(on: On) {
    let clock = stepped();
    let test =
        TestLedger::with_on(on, ClockChoice::Given(clock.clone()), Box::new(CountingReactor::default()))
            .await;
    let writer = test.ledger.writer();
    let said = || test.said("premises/p-1", "Visited", json!({}));
    let before = writer.append(said()).await.unwrap();
    let right = crate::clock::Clock::wall_ms(clock.as_ref());
    for wrong in [right + 25 * 3_600_000, right - 61_000] {
        clock.set_wall(wrong);
        assert!(matches!(writer.append(said()).await, Err(AppendError::Clock(_))));
    }
    clock.set_wall(right - 59_000);
    assert_eq!(writer.append(said()).await.unwrap().recorded_at, before.recorded_at, "time never goes back");
    clock.set_wall(right + 25 * 3_600_000);
    writer.accept_clock().await.unwrap();
    writer.append(said()).await.unwrap();
    writer.append(said()).await.unwrap();
    clock.set_wall(right);
    assert!(
        matches!(writer.append(said()).await, Err(AppendError::Clock(_))),
        "accepted once is not for ever"
    );
    clock.set_wall(right + 25 * 3_600_000);
    clock.pass(26 * 3_600_000);
    writer.append(said()).await.unwrap();
    replayed(test.ledger.reader());
}

#[tokio::test]
async fn nothing_is_written_on_a_head_that_went_back() {
    let test = TestLedger::new().await;
    let writer = test.ledger.writer();
    let database = rusqlite::Connection::open(test.path().join("ledger.db")).unwrap();
    database.execute_batch("CREATE TABLE earlier AS SELECT * FROM head").unwrap();
    let lost = writer.append(test.said("premises/p-1", "Visited", json!({}))).await.unwrap();
    // as on a server that took over and lacks the last commit of the one before it
    let triggers =
        "SELECT group_concat('DROP TRIGGER ' || name, ';') FROM sqlite_schema WHERE type = 'trigger'";
    let dropped: String = database.query_row(triggers, [], |columns| columns.get(0)).unwrap();
    database.execute_batch(&dropped).unwrap();
    database
        .execute_batch(&format!(
            "DELETE FROM events WHERE position = {}; DELETE FROM outcomes; DELETE FROM head; \
             INSERT INTO head SELECT * FROM earlier",
            lost.position
        ))
        .unwrap();
    for _ in 0..2 {
        let refused = writer.append(test.said("premises/p-1", "Visited", json!({}))).await.unwrap_err();
        let AppendError::Store(store) = &refused else { panic!("{refused:?}") };
        assert!(store.to_string().contains("was acknowledged, and is gone"), "{store}");
    }
    assert_eq!(test.ledger.reader().size().unwrap(), lost.position);
}

#[tokio::test]
async fn a_ledger_put_back_from_a_backup_is_not_served() {
    let test = TestLedger::new().await;
    let TestLedger { folder, ledger, officer, roots } = test;
    ledger.close().await.unwrap();
    let file = folder.path().join("ledger.db");
    let backup = std::fs::read(&file).unwrap();
    let test = TestLedger {
        ledger: Ledger::open(folder.path(), RunOptions::default()).unwrap(),
        folder,
        officer,
        roots,
    };
    test.ledger.writer().append(test.said("premises/p-1", "Visited", json!({}))).await.unwrap();
    let TestLedger { folder, ledger, .. } = test;
    ledger.close().await.unwrap();
    std::fs::write(&file, &backup).unwrap();
    let _ = std::fs::remove_file(folder.path().join("ledger.db-wal"));
    let _ = std::fs::remove_file(folder.path().join("ledger.db-shm"));
    let refused = Ledger::open(folder.path(), RunOptions::default()).unwrap_err();
    let LedgerError::Checkpoint(refused) = refused else { panic!("{refused}") };
    assert!(refused.to_string().contains("only 6 entries are here"), "{refused}");
}

async fn a_wrong_master_key_is_said_clearly(on: On) {
    let TestLedger { folder, ledger, .. } = TestLedger::on(on).await;
    ledger.close().await.unwrap();
    std::fs::write(folder.path().join("master.key"), format!("{}\n", "0".repeat(64))).unwrap();
    let refused = Ledger::open(folder.path(), RunOptions::default()).unwrap_err();
    let LedgerError::Keyring(refused) = refused else { panic!("{refused}") };
    assert!(refused.to_string().contains("another one"), "{refused}");
    std::fs::remove_file(folder.path().join("master.key")).unwrap();
    assert!(matches!(Ledger::open(folder.path(), RunOptions::default()), Err(LedgerError::Keyring(_))));
}
