//! The life of every key as a reader knows it: replayed from the key events once, and from then on only from newer ones. The log
//! only grows, so what was replayed stays as it is; that it is still the same log is looked at whenever it has moved.

use std::sync::Arc;

use crate::encoding::Hash;
use crate::key_state::KeyState;
use crate::locks::locked;
use crate::merkle::Frontier;
use crate::reader::Reader;
use crate::store::StoreError;
use crate::tree_state::take_key_event;

/// The keys as of a head.
#[derive(Clone, Debug)]
pub(crate) struct KeptKeys {
    state: Arc<KeyState>,
    /// The newest key event among them, and what its entry hashes to.
    newest: Option<(u64, Hash)>,
    /// The head that they were read at, or an earlier one.
    head: Frontier,
}

impl Reader {
    /// Every key's life so far, replayed from the key events; their signatures are verified. What was replayed before is kept, and
    /// stays as it was if this fails. Whoever wants to know whether the log's older entries are still sound audits it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] if a key event breaks a rule.
    pub fn keys(&self) -> Result<Arc<KeyState>, StoreError> {
        let head = self.head()?.map(|head| head.frontier).unwrap_or_default();
        let kept = locked(&self.shared.keys).clone();
        let kept = match kept {
            Some(kept) if kept.head == head => return Ok(kept.state),
            Some(kept) if self.still_has(&kept, &head)? => kept,
            // never read, or a log was put in this one's place
            _ => KeptKeys::none(self.origin()?),
        };
        let kept = self.with_newer(kept, head)?;
        let state = Arc::clone(&kept.state);
        *locked(&self.shared.keys) = Some(kept);
        Ok(state)
    }

    /// Whether the log with this head goes on from what is kept.
    fn still_has(&self, kept: &KeptKeys, head: &Frontier) -> Result<bool, StoreError> {
        let Some((position, hash)) = kept.newest else { return Ok(false) };
        if head.size() < kept.head.size() {
            return Ok(false);
        }
        Ok(self.row(position)?.is_some_and(|row| row.leaf_hash == hash))
    }

    /// What is kept, with the key events behind it.
    fn with_newer(&self, kept: KeptKeys, head: Frontier) -> Result<KeptKeys, StoreError> {
        let origin = self.origin()?;
        let from = kept.newest.map_or(0, |(position, _)| position + 1);
        self.with(|store| {
            let (mut state, mut newest) = (KeyState::clone(&kept.state), kept.newest);
            for position in store.positions_of_keys(from)? {
                newest = Some((position, take_key_event(&mut state, store, position, origin)?));
            }
            Ok(KeptKeys { state: Arc::new(state), newest, head: head.clone() })
        })
    }
}

impl KeptKeys {
    fn none(origin: &str) -> Self {
        Self { state: Arc::new(KeyState::new(origin)), newest: None, head: Frontier::new() }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;
    use serde_json::json;

    use super::*;
    use crate::append::Author;
    use crate::test_ledger::{On, TestLedger};

    fn holders(keys: &KeyState) -> usize {
        keys.records().count()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn keys_are_replayed_once_and_newer_events_are_added_whoever_wrote_them() {
        for on in [On::Sqlite, On::Postgres] {
            let test = TestLedger::on(on).await;
            let elsewhere = Reader::open(test.path()).unwrap();
            let before = elsewhere.keys().unwrap();
            assert!(
                Arc::ptr_eq(&before, &elsewhere.keys().unwrap()),
                "{on:?}: nothing new, nothing replayed"
            );
            let said = test.said("premises/p-1", "PremisesRegistered", json!({}));
            test.ledger.writer().append(said).await.unwrap();
            assert_eq!(elsewhere.keys().unwrap(), before, "{on:?}: no key event");
            let kid = test.ledger.enrol_officer("officer-2").await.unwrap();
            let after = elsewhere.keys().unwrap();
            assert_eq!(holders(&after), holders(&before) + 1, "{on:?}");
            assert!(before.record(&kid).is_none(), "{on:?}: who holds what was known keeps it");
            test.ledger.revoke(&kid, "lost", None, Author::Registrar).await.unwrap();
            let ended = elsewhere.keys().unwrap();
            assert!(ended.record(&kid).unwrap().until.is_some(), "{on:?}");
            assert_eq!(
                ended,
                Reader::open(test.path()).unwrap().keys().unwrap(),
                "{on:?}: as read from the start"
            );
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_kept_is_not_read_again_and_stays_as_it_was_where_reading_fails() {
        let test = TestLedger::new().await;
        let reader = Reader::open(test.path()).unwrap();
        let before = reader.keys().unwrap();
        let behind = Connection::open(test.path().join("ledger.db")).unwrap();
        let guards = "SELECT group_concat('DROP TRIGGER ' || name || ';', ' ') FROM sqlite_schema WHERE type = 'trigger'";
        let drop: String = behind.query_row(guards, [], |columns| columns.get(0)).unwrap();
        behind.execute_batch(&drop).unwrap();
        // the first key event cannot be read any more, and the newest one is the officer's
        let at_first = |signature: &str| {
            behind.execute("UPDATE events SET signature = ?1 WHERE position = 1", [signature]).unwrap();
        };
        let was: String =
            behind.query_row("SELECT signature FROM events WHERE position = 1", [], |c| c.get(0)).unwrap();
        at_first(&"A".repeat(86));
        test.ledger.enrol_officer("officer-2").await.unwrap();
        let after = reader.keys().unwrap();
        assert_eq!(holders(&after), holders(&before) + 1, "older events are not read again");
        assert!(Reader::open(test.path()).unwrap().keys().is_err(), "who begins reads them");
        at_first(&was);

        test.ledger.enrol_officer("officer-3").await.unwrap();
        let newest = "UPDATE events SET signature = ?1 WHERE position = (SELECT max(position) FROM events)";
        let newest_was = "SELECT signature FROM events WHERE position = (SELECT max(position) FROM events)";
        let was: String = behind.query_row(newest_was, [], |columns| columns.get(0)).unwrap();
        behind.execute(newest, ["A".repeat(86)]).unwrap();
        let refused = reader.keys().unwrap_err();
        assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
        assert_eq!(locked(&reader.shared.keys).as_ref().unwrap().state, after);
        behind.execute(newest, [&was]).unwrap();
        assert_eq!(holders(&reader.keys().unwrap()), holders(&after) + 1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_log_that_lies_in_the_place_of_another_is_read_from_its_start() {
        let test = TestLedger::new().await;
        let early = tempfile::tempdir().unwrap();
        let behind = Connection::open(test.path().join("ledger.db")).unwrap();
        let copy = early.path().join("ledger.db");
        behind.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
        let reader = Reader::open(test.path()).unwrap();
        let before = reader.keys().unwrap();
        let kid = test.ledger.enrol_officer("officer-2").await.unwrap();
        assert!(reader.keys().unwrap().record(&kid).is_some());
        let TestLedger { folder, ledger, .. } = test;
        ledger.close().await.unwrap();
        drop(behind);
        for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
            let _ = std::fs::remove_file(folder.path().join(name));
        }
        std::fs::copy(&copy, folder.path().join("ledger.db")).unwrap();
        reader.forget_connections();
        assert_eq!(reader.keys().unwrap(), before, "shorter than it was");
    }
}
