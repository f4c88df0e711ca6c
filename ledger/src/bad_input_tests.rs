//! What the ledger does not take: each time the error says what it is, and nothing was written.

use serde_json::json;
use uuid::Uuid;

use crate::append::{AppendError, AppendRequest, Author};
use crate::audit::verify_rows;
use crate::checkpoints::{CheckpointError, check_prefix};
use crate::genesis::{Ledger, LedgerError, RunOptions};
use crate::keys::{Role, Signer};
use crate::proofs::ProofError;
use crate::test_ledger::{On, TestLedger};
use crate::timestamp::Timestamp;

#[tokio::test]
async fn what_sqlite_is_given_and_may_not_keep_is_refused_by_name() {
    refused_by_name(On::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_postgres_is_given_and_may_not_keep_is_refused_by_name() {
    refused_by_name(On::Postgres).await;
}

async fn refused_by_name(on: On) {
    let test = TestLedger::on(on).await;
    let good = test.said("premises/p-1", "Visited", json!({}));
    test.ledger.writer().append(good.clone()).await.unwrap();
    let revoked = test.ledger.enrol_officer("officer-2").await.unwrap();
    test.ledger.revoke(&revoked, "lost", None, Author::Registrar).await.unwrap();
    let said = |text: String| {
        let mut said = test.said("premises/p-1", "Visited", json!({}));
        said.events[0].data = text;
        said
    };
    let number = |text: &str| said(format!("{{\"n\":{text},\"type\":\"Visited\"}}"));
    let by = |author: Author| AppendRequest { author, ..test.said("premises/p-1", "Visited", json!({})) };
    let when = |at: i64| AppendRequest {
        occurred_at: Timestamp::from_datetime(
            Timestamp::now().datetime() + chrono::TimeDelta::milliseconds(at),
        ),
        ..test.said("premises/p-1", "Visited", json!({}))
    };
    let expecting = |version: u64| AppendRequest {
        expected: Some(version),
        ..test.said("premises/p-1", "Visited", json!({}))
    };
    let reused = AppendRequest { digest: [7; 32], ..good.clone() };
    let mut with_version_1 = good.clone();
    with_version_1.event_id = Uuid::from_u128(0x1111_1111_1111_1111_8111_1111_1111_1111);
    let mut empty = test.said("premises/p-1", "Visited", json!({}));
    empty.events.clear();
    let stranger = Signer::generate().unwrap().kid().clone();
    let long =
        |bytes: usize| said(format!("{{\"note\":\"{}\",\"type\":\"Visited\"}}", "长".repeat(bytes / 3)));

    let cases: Vec<(AppendRequest, &str)> = vec![
        (long(49_500), "entry-length"),
        (long(3_000_000), "entry-length"),
        (number("9007199254740992"), "json-int-range"),
        (number("-9007199254740992"), "json-int-range"),
        (number("1.5"), "json-float"),
        (number("1e3"), "json-float"),
        (number("-0"), "jcs-not-canonical"),
        (number(" 1"), "jcs-not-canonical"),
        (said("{\"type\":\"Visited\",\"n\":1}".to_owned()), "jcs-not-canonical"),
        (said("{\"n\":1,\"n\":1,\"type\":\"Visited\"}".to_owned()), "json-duplicate-name"),
        (said("{\"n\":1".to_owned()), "json-syntax"),
        (said("[1]".to_owned()), "payload-members"),
        (said("{\"n\":1}".to_owned()), "data-type"),
        (with_version_1, "meta-event_id"),
        (empty, "no-events"),
        (by(Author::Officer(stranger)), "NoKey"),
        (by(Author::Officer(revoked)), "NoKey"),
        (by(Author::Service), "key"),
        (expecting(0), "Conflict"),
        (expecting(9), "Conflict"),
        (reused, "DifferentCommand"),
        (when(48 * HOUR_MS + 60_000), "occurred_at-future"),
        (when(365 * 24 * HOUR_MS), "occurred_at-future"),
    ];
    let before = test.ledger.reader().size().unwrap();
    for (request, due) in cases {
        let id = request.event_id;
        let refused = test.ledger.writer().append(request).await.expect_err(due);
        let named = match &refused {
            AppendError::Rule(refusal) => refusal.code.to_owned(),
            AppendError::NoKey { .. } => "NoKey".to_owned(),
            AppendError::Conflict { .. } => "Conflict".to_owned(),
            AppendError::DifferentCommand { .. } => "DifferentCommand".to_owned(),
            other => format!("{other:?}"),
        };
        assert!(named.starts_with(due), "{due}: {refused:?}");
        let source = std::error::Error::source(&refused).map(ToString::to_string).unwrap_or_default();
        assert!(refused.to_string().len() + source.len() > 30, "{refused}: {source}");
        assert_eq!(test.ledger.reader().size().unwrap(), before, "{due}: nothing was written");
        if due != "DifferentCommand" {
            assert_eq!(test.ledger.reader().outcome(&id).unwrap(), None, "{due}");
        }
    }
    // what is at the edge of these rules is taken
    for good in [number("9007199254740991"), number("-9007199254740991"), long(47_000), when(47 * HOUR_MS)] {
        test.ledger.writer().append(good).await.unwrap();
    }
    assert_eq!(test.ledger.reader().size().unwrap(), before + 4);
    test.ledger.writer().sign_now().await.unwrap();
    assert_eq!(verify_rows(test.path()).unwrap().findings, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_said_and_what_it_did_not_take_is_not_written() {
    for on in [On::Sqlite, On::Postgres] {
        let test = TestLedger::on(on).await;
        let test = test.reopened(RunOptions { queue_max: 2, ..RunOptions::default() }).await;
        let (mut taken, mut busy) = (Vec::new(), Vec::new());
        for n in 0..400 {
            let said = test.said("premises/p-1", "Visited", json!({ "n": n }));
            match test.ledger.writer().submit(said.clone()) {
                Ok(answer) => taken.push(answer),
                Err(AppendError::Busy) => busy.push(said),
                Err(other) => panic!("{other}"),
            }
        }
        assert!(!taken.is_empty() && busy.len() > 10, "{} and {}", taken.len(), busy.len());
        assert!(AppendError::Busy.to_string().contains("try again in a moment"));
        let count = taken.len() as u64;
        for answer in taken {
            answer.await.unwrap().unwrap();
        }
        assert_eq!(test.ledger.reader().size().unwrap(), 6 + count);
        for said in &busy {
            assert_eq!(test.ledger.reader().outcome(&said.event_id).unwrap(), None);
        }
        // sent again it is taken
        test.ledger.writer().append(busy.pop().unwrap()).await.unwrap();
        test.ledger.writer().sign_now().await.unwrap();
        assert_eq!(verify_rows(test.path()).unwrap().findings, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checkpoint_of_another_log_is_none_of_this_one() {
    let (test, other) = (TestLedger::new().await, TestLedger::new().await);
    let foreign = other.ledger.writer().sign_now().await.unwrap();
    test.ledger.writer().sign_now().await.unwrap();
    let refused = check_prefix(test.ledger.reader(), &foreign, test.ledger.log_key(), "a file").unwrap_err();
    assert!(matches!(refused, CheckpointError::Altered { .. }), "{refused}");
    assert!(
        refused.to_string().contains("a file") && refused.to_string().contains("wuping verify"),
        "{refused}"
    );
    let size = test.ledger.reader().size().unwrap();
    let TestLedger { folder, ledger, .. } = test;
    ledger.close().await.unwrap();
    let file = folder.path().join("checkpoints.txt");
    let own = std::fs::read(&file).unwrap();
    std::fs::write(&file, format!("{foreign}\n")).unwrap();
    let refused = Ledger::open(folder.path(), RunOptions::default()).unwrap_err();
    assert!(matches!(refused, LedgerError::Checkpoint(CheckpointError::Altered { .. })), "{refused}");
    assert_eq!(std::fs::read(&file).unwrap(), format!("{foreign}\n").into_bytes(), "it is left as it was");
    assert!(verify_rows(folder.path()).unwrap().findings.iter().any(|found| found.code == "checkpoint"));
    std::fs::write(&file, own).unwrap();
    let ledger = Ledger::open(folder.path(), RunOptions::default()).unwrap();
    assert_eq!(ledger.reader().size().unwrap(), size);
    assert_eq!(verify_rows(folder.path()).unwrap().findings, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn tiles_and_proofs_beyond_the_log_are_none() {
    for on in [On::Sqlite, On::Postgres] {
        let test = TestLedger::on(on).await;
        test.ledger.writer().sign_now().await.unwrap();
        let reader = test.ledger.reader();
        assert!(reader.tile(0, 0, 6).unwrap().is_some());
        for (level, n, width) in [
            (0, 0, 7),
            (0, 0, 256),
            (0, 1, 1),
            (0, u64::MAX >> 8, 256),
            (0, u64::MAX, 256),
            (1, 0, 1),
            (63, 0, 1),
        ] {
            assert_eq!(reader.tile(level, n, width).unwrap(), None, "{level} {n} {width}");
        }
        for (index, size) in [(6, 6), (0, 7), (u64::MAX, u64::MAX)] {
            let refused = reader.inclusion_proof(index, size).unwrap_err();
            let beyond = match &refused {
                ProofError::Beyond { stored, .. } => *stored == 6,
                ProofError::Refused(refusal) => refusal.code == "inclusion-index",
                _ => false,
            };
            assert!(beyond, "{index} in {size}: {refused}");
        }
        assert!(matches!(reader.root_at(7), Err(ProofError::Beyond { stored: 6, .. })));
    }
}

#[tokio::test]
async fn a_key_of_another_role_does_not_sign_what_is_not_its_own() {
    let test = TestLedger::new().await;
    let before = test.ledger.reader().size().unwrap();
    let wrong = [
        (Author::Registrar, json!({})),
        (Author::Root(std::sync::Arc::clone(&test.roots[0].signer)), json!({})),
        (Author::Intake, json!({})),
        (Author::Officer(test.officer.clone()), json!({"received": {"channel": "counter", "ref": "1"}})),
    ];
    for (author, members) in wrong {
        let role = format!("{author:?}");
        let said = crate::test_ledger::request(author, "premises/p-1", "Visited", members);
        let refused = test.ledger.writer().append(said).await.unwrap_err();
        assert!(matches!(refused, AppendError::Rule(_)), "{role}: {refused}");
        assert_eq!(test.ledger.reader().size().unwrap(), before);
    }
    assert_eq!(Role::parse("mayor").unwrap_err().code, "key-role");
}

const HOUR_MS: i64 = 60 * 60 * 1_000;
