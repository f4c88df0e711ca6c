//! What every store must do, whatever it is built on: called with an opener by the tests of each.

use std::collections::HashMap;

use uuid::Uuid;

use crate::clock::Monotonic;
use crate::keys::Signer;
use crate::merkle::{Frontier, leaf_hash};
use crate::row::Row;
use crate::store::{Asked, Batch, FullTile, LedgerStore, Outcome, Scheme, SealedKey, TreeHead};
use crate::timestamp::Timestamp;

/// Tries a new store; `reopen` closes nothing by itself, so the store given to it is dropped first.
pub(crate) fn keeps_its_promises(store: Box<dyn LedgerStore>, reopen: &dyn Fn() -> Box<dyn LedgerStore>) {
    let store = starts_empty(store);
    drop(store);
    let store = abandons_without_a_trace(reopen());
    drop(store);
    let store = commits_all_or_nothing(reopen());
    drop(store);
    keeps_what_was_committed(reopen().as_ref());
}

fn starts_empty(store: Box<dyn LedgerStore>) -> Box<dyn LedgerStore> {
    assert!(store.reads().head().unwrap().is_none() && store.reads().clock_mark().unwrap().is_none());
    assert!(
        store.reads().authors().unwrap().is_empty() && store.reads().newest_checkpoint().unwrap().is_none()
    );
    assert_eq!(
        (
            store.reads().version("premises/p-1").unwrap(),
            store.reads().last_position_of_subject("premises/p-1").unwrap()
        ),
        (0, None)
    );
    store
}

fn abandons_without_a_trace(mut store: Box<dyn LedgerStore>) -> Box<dyn LedgerStore> {
    store.begin(&Asked::default()).unwrap();
    store.abandon();
    store.abandon();
    store.begin(&Asked::default()).unwrap();
    store.rows_are_signed(&batch(&Frontier::new(), &[("premises/p-1", 1)]).rows).unwrap();
    store.abandon();
    starts_empty(store)
}

fn commits_all_or_nothing(mut store: Box<dyn LedgerStore>) -> Box<dyn LedgerStore> {
    store.begin(&Asked::default()).unwrap();
    store.commit(&batch(&Frontier::new(), &[("premises/p-1", 1), ("premises/p-1/hazard/1", 1)])).unwrap();
    let head = store.reads().head().unwrap().unwrap();
    assert_eq!(head.frontier.size(), 2);
    // the second row takes a version that is taken
    store.begin(&Asked::default()).unwrap();
    let clash = batch(&head.frontier, &[("premises/p-1", 2), ("premises/p-1/hazard/1", 1)]);
    assert!(store.commit(&clash).is_err());
    store.abandon();
    // also where each was written as soon as it was signed
    store.begin(&Asked::default()).unwrap();
    let early = clash.rows.chunks(1).try_for_each(|rows| store.rows_are_signed(rows));
    assert!(early.and_then(|()| store.commit(&clash)).is_err());
    store.abandon();
    assert_eq!(store.reads().head().unwrap().unwrap().frontier, head.frontier);
    assert_eq!(store.reads().version("premises/p-1").unwrap(), 1);
    let asked = Asked {
        streams: vec!["premises/p-1", "premises/p-9", "premises/p-1/hazard/1"],
        event_ids: vec![id(0), id(1), id(98)],
    };
    let known = store.begin(&asked).unwrap();
    assert_eq!(known.head.unwrap().frontier, head.frontier);
    let versions =
        ["premises/p-1", "premises/p-9", "premises/p-1/hazard/1"].map(|stream| known.versions[stream]);
    assert_eq!(versions, [1, 0, 1]);
    assert_eq!((known.positions.len(), known.positions[&id(1)]), (2, 1));
    assert_eq!((known.outcomes.len(), known.outcomes[&id(0)].position), (1, Some(0)));
    let third = batch(&head.frontier, &[("premises/p-1", 2), ("premises/p-10", 1), ("keys/aa", 1)]);
    store.rows_are_signed(&third.rows[..2]).unwrap();
    store.commit(&third).unwrap();
    let refusal = Outcome { event_id: id(99), digest: [3; 32], position: None, result: "{}".to_owned() };
    store.put_refusal(&refusal).unwrap();
    store.put_checkpoint(2, "two").unwrap();
    store.put_checkpoint(5, "five").unwrap();
    store.put_checkpoint(5, "five").unwrap();
    let scheme = Scheme { sha256: "s".to_owned(), id: "i".to_owned(), bytes: vec![1] };
    store.put_scheme(&scheme).unwrap();
    store.put_scheme(&scheme).unwrap();
    store.put_sealed_key(&sealed_key()).unwrap();
    store
}

fn keeps_what_was_committed(store: &dyn LedgerStore) {
    let head = store.reads().head().unwrap().unwrap();
    assert_eq!(head.frontier.size(), 5);
    assert_eq!(store.reads().authors().unwrap()[0].author_seq, 5);
    assert_eq!(store.reads().clock_mark().unwrap().unwrap().since_boot_ms, 5 * MINUTE_MS);
    assert_eq!(store.reads().version("premises/p-1").unwrap(), 2);
    assert_eq!(store.reads().last_position_of_subject("premises/p-1").unwrap(), Some(2));
    assert_eq!(
        store.reads().last_position_of_subject("premises").unwrap(),
        None,
        "one segment is that stream alone"
    );
    let mut positions = Vec::new();
    let mut note = |row: crate::recorded::RecordedRow<'_>| {
        positions.push(row.position);
        Ok(())
    };
    store.reads().subject("premises/p-1", None, &mut note).unwrap();
    assert_eq!(positions, [0, 1, 2]);
    assert_eq!(store.reads().positions_of_keys(0).unwrap(), [4]);
    assert_eq!(store.reads().positions_of_keys(4).unwrap(), [4]);
    assert!(store.reads().positions_of_keys(5).unwrap().is_empty());
    let hashes = store.reads().leaf_hashes(0, 5).unwrap();
    assert_eq!(hashes.into_iter().collect::<Frontier>(), head.frontier);
    assert!(store.reads().leaf_hashes(0, 6).is_err());
    let mut last = Vec::new();
    store
        .reads()
        .last_of_streams(&mut |of| {
            last.push((of.stream.to_owned(), of.version, of.position));
            Ok(())
        })
        .unwrap();
    let expected =
        [("keys/aa", 1, 4), ("premises/p-1", 2, 2), ("premises/p-1/hazard/1", 1, 1), ("premises/p-10", 1, 3)];
    assert_eq!(last, expected.map(|(stream, version, position)| (stream.to_owned(), version, position)));
    assert_eq!(store.reads().position_of(&id(2)).unwrap(), Some(2));
    assert_eq!(store.reads().outcome(&id(0)).unwrap().unwrap().position, Some(0));
    assert_eq!(store.reads().outcome(&id(99)).unwrap().unwrap().position, None);
    assert!(store.reads().row(4).unwrap().is_some() && store.reads().row(5).unwrap().is_none());
    assert_eq!(store.reads().tile(1, 0).unwrap().unwrap(), vec![7; 8_192]);
    assert_eq!(store.reads().newest_checkpoint().unwrap().as_deref(), Some("five"));
    assert_eq!(store.reads().sealed_keys().unwrap(), [sealed_key()]);
}

/// A mark may be that much older than the last entry at the most.
const MINUTE_MS: i64 = 60_000;

fn sealed_key() -> SealedKey {
    SealedKey { kid: "k".to_owned(), role: "officer".to_owned(), holder: "h".to_owned(), sealed: vec![1, 2] }
}

fn id(n: u64) -> Uuid {
    crate::entry::derived_event_id("suite", "event", n)
}

/// Rows with the right numbers; what they say is not the store's matter.
fn batch(before: &Frontier, said: &[(&str, u64)]) -> Batch {
    let mut frontier = before.clone();
    let first = before.size();
    let rows: Vec<Row> =
        (first..).zip(said).map(|(position, (stream, version))| row(position, stream, *version)).collect();
    rows.iter().for_each(|row| frontier.push(row.leaf_hash));
    let size = frontier.size();
    let outcome =
        Outcome { event_id: id(first), digest: [1; 32], position: Some(first), result: "{}".to_owned() };
    Batch {
        rows,
        tiles: if first == 0 {
            vec![FullTile { level: 1, n: 0, hashes: vec![7; 8_192] }]
        } else {
            Vec::new()
        },
        outcomes: vec![outcome],
        cursors: HashMap::from([("r".to_owned(), size)]),
        head: TreeHead { frontier, recorded_at: Timestamp::now() },
        clock_mark: Monotonic {
            boot: "b".to_owned(),
            since_boot_ms: i64::try_from(size).unwrap() * MINUTE_MS,
        },
    }
}

fn row(position: u64, stream: &str, version: u64) -> Row {
    Row {
        position,
        aggregate_type: "premises".to_owned(),
        aggregate_id: stream.to_owned(),
        sequence: version,
        event_type: "Said".to_owned(),
        event_version: "1".to_owned(),
        payload: "{\"type\":\"Said\"}".to_owned(),
        metadata: "{}".to_owned(),
        author_seq: position + 1,
        event_id: id(position).to_string(),
        occurred_at: "2026-03-01T00:00:00.000Z".to_owned(),
        schema: "test/1".to_owned(),
        kid: Signer::from_seed(&[1; 32]).kid().to_string(),
        signature: String::new(),
        recorded_at: "2026-03-01T00:00:00.000Z".to_owned(),
        leaf_hash: leaf_hash(&position.to_be_bytes()),
    }
}
