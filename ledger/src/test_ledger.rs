//! Ledgers in temporary folders, for tests.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::append::{AppendRequest, Author, NewEvent};
use crate::chain::WholeChain;
use crate::clock::{Clock as _, SteppedClock, SystemClock};
use crate::genesis::{ClockChoice, CreateOptions, Ledger, RootKey, RunOptions};
use crate::jcs::canonical_str;
use crate::keys::Kid;
use crate::place::remember_database;
use crate::reactor::{Consequence, NoReactions, NotFollowed, ReactionFailed, Reactor, SubjectReader};
use crate::reader::Reader;
use crate::reading::LedgerReads;
use crate::recorded::RecordedRow;
use crate::row::Row;
use crate::store::{Asked, Batch, Known, LedgerStore, Outcome, Scheme, SealedKey, StoreError};
use crate::stream::StreamPath;
use crate::test_postgres::new_database;
use crate::timestamp::Timestamp;

pub(crate) const ORIGIN: &str = "sample/ledger-tests";

/// Which store a test is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum On {
    Postgres,
    Sqlite,
}

/// Runs each of these on both stores.
macro_rules! on_both_stores {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            use crate::test_ledger::On;
            $(#[tokio::test] async fn $name() { super::$name(On::Sqlite).await; })*
        }
        mod on_postgres {
            use crate::test_ledger::On;
            $(#[tokio::test(flavor = "multi_thread")] async fn $name() { super::$name(On::Postgres).await; })*
        }
    };
}
pub(crate) use on_both_stores;

/// Reads the whole ledger as a verifier does.
pub(crate) fn replayed(reader: &Reader) -> WholeChain {
    let mut chain = WholeChain::new(ORIGIN);
    for row in reader.stored_rows(0, u64::MAX).unwrap() {
        row.check(ORIGIN).unwrap();
        chain.add(&row.leaf(ORIGIN)).unwrap();
    }
    assert_eq!(chain.size(), reader.size().unwrap());
    chain
}

/// A ledger in a folder that goes away with it.
pub(crate) struct TestLedger {
    pub(crate) folder: TempDir,
    pub(crate) ledger: Ledger,
    pub(crate) roots: Vec<RootKey>,
    pub(crate) officer: Kid,
}

impl TestLedger {
    pub(crate) async fn new() -> Self {
        Self::with(ClockChoice::System, Box::new(NoReactions)).await
    }

    pub(crate) async fn with(clock: ClockChoice, reactor: Box<dyn Reactor>) -> Self {
        Self::with_on(On::Sqlite, clock, reactor).await
    }

    pub(crate) async fn on(on: On) -> Self {
        Self::with_on(on, ClockChoice::System, Box::new(NoReactions)).await
    }

    pub(crate) async fn with_on(on: On, clock: ClockChoice, reactor: Box<dyn Reactor>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if on == On::Postgres {
            remember_database(folder.path(), &new_database()).unwrap();
        }
        let mut options = CreateOptions::new(ORIGIN, true).unwrap();
        options.running = RunOptions { clock, reactor, ..RunOptions::default() };
        let created = Ledger::create(folder.path(), options).unwrap();
        let officer = created.ledger.enrol_officer("officer-1").await.unwrap();
        Self { folder, ledger: created.ledger, roots: created.roots, officer }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A folder of a second node, where the ledger is on a server.
    pub(crate) fn folder_beside(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in ["database.url", "master.key"] {
            std::fs::copy(self.path().join(file), folder.path().join(file)).unwrap();
        }
        folder
    }

    /// Something an officer says in a stream.
    pub(crate) fn said(&self, stream: &str, event_type: &str, members: Value) -> AppendRequest {
        request(Author::Officer(self.officer.clone()), stream, event_type, members)
    }

    /// Closes the ledger and opens it again.
    pub(crate) async fn reopened(self, running: RunOptions) -> Self {
        let Self { folder, ledger, roots, officer } = self;
        ledger.close().await.unwrap();
        let ledger = Ledger::open(folder.path(), running).unwrap();
        Self { folder, ledger, roots, officer }
    }
}

/// One event of a fresh command.
pub(crate) fn request(author: Author, stream: &str, event_type: &str, members: Value) -> AppendRequest {
    AppendRequest::single(Uuid::now_v7(), author, Timestamp::now(), event(stream, event_type, members))
}

pub(crate) fn event(stream: &str, event_type: &str, mut members: Value) -> NewEvent {
    members["type"] = event_type.into();
    let data = canonical_str(&members).unwrap();
    NewEvent { stream: StreamPath::new(stream).unwrap(), schema: "test/1".to_owned(), data }
}

/// A clock like the machine's, to be moved by hand.
pub(crate) fn stepped() -> Arc<SteppedClock> {
    Arc::new(SteppedClock::starting_at(SystemClock::default().wall_ms()))
}

/// Says when the writer is in the middle of a visit, and keeps it there until it is let go.
pub(crate) struct Holding {
    pub(crate) reached: Sender<()>,
    pub(crate) go_on: Receiver<()>,
}

impl Reactor for Holding {
    fn follow(
        &mut self,
        cause: &RecordedRow<'_>,
        _as_of: &Timestamp,
        _reader: &dyn SubjectReader,
    ) -> Result<Vec<Consequence>, NotFollowed> {
        if cause.event_type == "Visited" {
            self.reached.send(()).unwrap();
            self.go_on.recv().unwrap();
        }
        Ok(Vec::new())
    }

    fn forget(&mut self, _subject: &str) {}

    fn forget_all(&mut self) {}
}

/// Counts the hazards of a subject after each one found, and echoes a chain as long as the event asks for. Keeps its
/// folds in memory as a real one does.
#[derive(Default)]
pub(crate) struct CountingReactor {
    counts: std::collections::HashMap<String, u64>,
}

impl Reactor for CountingReactor {
    fn follow(
        &mut self,
        cause: &RecordedRow<'_>,
        as_of: &Timestamp,
        reader: &dyn SubjectReader,
    ) -> Result<Vec<Consequence>, NotFollowed> {
        assert_eq!(as_of.as_str(), cause.recorded_at);
        let (subject, data) =
            (cause.subject().to_owned(), serde_json::from_str::<Value>(cause.data).unwrap());
        let failed = |detail: &str| ReactionFailed {
            reaction: "count".to_owned(),
            position: cause.position,
            detail: detail.to_owned(),
        };
        match cause.event_type {
            "HazardFound" => {
                let count = match self.counts.get(&subject) {
                    Some(count) => count + 1,
                    None => {
                        let mut count = 0;
                        let mut add = |row: RecordedRow<'_>| {
                            count += u64::from(row.event_type == "HazardFound");
                            Ok(())
                        };
                        reader.subject(&subject, &mut add)?;
                        count
                    }
                };
                self.counts.insert(subject.clone(), count);
                Ok(vec![computed(&subject, "count", "HazardsCounted", json!({"count": count}))])
            }
            "Fault" => panic!("the program has a fault"),
            "Broken" => Err(failed("it is broken").into()),
            "Elsewhere" => {
                Ok(vec![computed("premises/elsewhere", "count", "HazardsCounted", json!({"count": 0}))])
            }
            "Echo" => Ok(echo(&subject, data["times"].as_u64().unwrap())),
            "Echoed" => Ok(echo(&subject, data["result"]["left"].as_u64().unwrap())),
            _ => Ok(Vec::new()),
        }
    }

    fn forget(&mut self, subject: &str) {
        self.counts.remove(subject);
    }

    fn forget_all(&mut self) {
        self.counts.clear();
    }
}

fn echo(subject: &str, left: u64) -> Vec<Consequence> {
    let next = |left: u64| computed(subject, "echo", "Echoed", json!({"left": left}));
    left.checked_sub(1).map(next).into_iter().collect()
}

fn computed(subject: &str, reaction: &'static str, event_type: &str, result: Value) -> Consequence {
    Consequence {
        reaction,
        stream: StreamPath::new(format!("{subject}/{reaction}")).unwrap(),
        schema: "test/1".to_owned(),
        event_type: event_type.to_owned(),
        scheme_id: "test-building-1".to_owned(),
        scheme_sha256: "0".repeat(64),
        subjects: vec![subject.to_owned()],
        result,
    }
}

/// What a commit does that goes wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// Nothing was kept.
    Failed,
    /// Nothing was kept, and this was known before all was signed.
    FailedEarly,
    /// All was kept, and the answer was lost.
    FailedButKept,
}

/// A store whose next commits go wrong as told.
pub(crate) struct FaultyStore {
    pub(crate) inner: Box<dyn LedgerStore>,
    pub(crate) faults: Arc<std::sync::Mutex<Vec<Fault>>>,
}

fn lost() -> StoreError {
    StoreError::Corrupt { what: "the connection was lost".to_owned() }
}

impl LedgerStore for FaultyStore {
    fn reads(&self) -> &dyn LedgerReads {
        self.inner.reads()
    }
    fn begin(&mut self, asked: &Asked<'_>) -> Result<Known, StoreError> {
        self.inner.begin(asked)
    }
    fn rows_are_signed(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        self.inner.rows_are_signed(rows)?;
        let mut faults = self.faults.lock().unwrap();
        faults.pop_if(|fault| *fault == Fault::FailedEarly).map_or(Ok(()), |_| Err(lost()))
    }
    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let fault = self.faults.lock().unwrap().pop();
        match fault {
            None => self.inner.commit(batch),
            Some(Fault::Failed | Fault::FailedEarly) => Err(lost()),
            Some(Fault::FailedButKept) => {
                self.inner.commit(batch)?;
                Err(lost())
            }
        }
    }
    fn abandon(&mut self) {
        self.inner.abandon();
    }
    fn revive(&mut self) -> Result<(), StoreError> {
        self.inner.revive()
    }
    fn put_sealed_key(&mut self, key: &SealedKey) -> Result<(), StoreError> {
        self.inner.put_sealed_key(key)
    }
    fn put_refusal(&mut self, outcome: &Outcome) -> Result<(), StoreError> {
        self.inner.put_refusal(outcome)
    }
    fn put_scheme(&mut self, scheme: &Scheme) -> Result<(), StoreError> {
        self.inner.put_scheme(scheme)
    }
    fn put_checkpoint(&mut self, size: u64, note: &str) -> Result<(), StoreError> {
        self.inner.put_checkpoint(size, note)
    }
}
