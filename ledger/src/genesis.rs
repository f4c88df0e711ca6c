//! Making a ledger and opening it: its first entries, its keys, its writer.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use chrono::DateTime;
use serde_json::{Value, json};

use crate::alarm::Alarm;
use crate::append::{AppendError, AppendRequest, Author};
use crate::checkpoints::{CheckpointBook, CheckpointError, check_newest, complete_file, newest_in_file};
use crate::clock::{Clock, SystemClock};
use crate::desk::Desk;
use crate::enrolment::{enrolment, request};
use crate::held_keys::{HeldKeys, LOG_KEY, open_sealed, seal};
use crate::keyring::{KeyringError, SealingKey};
use crate::keys::{Role, Signer, key_stream};
use crate::note::{CheckpointSigner, VerifierKey, check_origin};
use crate::place::Place;
use crate::reactor::{NoReactions, Reactor};
use crate::reader::Reader;
use crate::refusal::Refusal;
use crate::sqlite::lock;
use crate::store::{LedgerStore, SealedKey, StoreError};
use crate::timestamp::Timestamp;
use crate::writer::{self, WriterHandle};

/// A ledger that is open for writing.
#[derive(Debug)]
pub struct Ledger {
    reader: Reader,
    writer: WriterHandle,
    thread: JoinHandle<()>,
    pub(crate) master: SealingKey,
    log_key: VerifierKey,
    /// Where the database is on a server, what the store on SQLite holds by itself: its folder belongs to one process.
    _lock: Option<File>,
}

/// What a new ledger is to be.
pub struct CreateOptions {
    /// Its name for ever, `[a-z0-9][a-z0-9._/-]{0,254}`.
    pub origin: String,
    /// Its root keys, freshly made: one, or two as production needs before the first officer. Write them to files that
    /// are taken away **before** the ledger is made: it cannot be looked after without them.
    pub roots: Vec<RootKey>,
    /// Verifier keys of witnesses.
    pub witnesses: Vec<String>,
    /// How many of them must have cosigned.
    pub quorum: u64,
    /// The last cosigned checkpoint of the ledger that this one continues.
    pub continues: Option<String>,
    /// Clock, rules and queue.
    pub running: RunOptions,
}

/// How a ledger is run.
pub struct RunOptions {
    /// What time it is.
    pub clock: ClockChoice,
    /// What follows from an entry for its own subject.
    pub reactor: Box<dyn Reactor>,
    /// Commands that may wait before a sender is told to come back.
    pub queue_max: usize,
}

/// Which clock the writer reads.
#[derive(Clone)]
pub enum ClockChoice {
    /// Another clock than the machine's, held to the same rules.
    Given(Arc<dyn Clock>),
    /// A made-up time, for an empty ledger whose origin begins `sample/`, until
    /// [`WriterHandle::finish_simulation`].
    Simulated(Arc<dyn Clock>),
    /// The machine's.
    System,
}

/// A root key: kept offline, never by the server.
#[derive(Clone, Debug)]
pub struct RootKey {
    /// The pseudonym of its holder.
    pub holder: String,
    /// The key.
    pub signer: Arc<Signer>,
}

/// A new ledger, running.
#[derive(Debug)]
pub struct Created {
    /// The ledger.
    pub ledger: Ledger,
    /// Its root keys, as they were given.
    pub roots: Vec<RootKey>,
}

/// Why a ledger could not be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Its first entries could not be appended.
    #[error("the ledger's first entries could not be appended")]
    Append(#[source] AppendError),
    /// It is not the ledger that its checkpoints were signed for.
    #[error("the ledger is not opened")]
    Checkpoint(#[source] CheckpointError),
    /// There is a ledger in this folder.
    #[error("there is a ledger in this folder already: open it, or name another folder")]
    Exists,
    /// The sealed keys do not open.
    #[error("the ledger's keys could not be opened")]
    Keyring(#[source] KeyringError),
    /// The log key is not the one that the first entry states.
    #[error(
        "the log key here is not the one of the ledger's first entry: put back the database it belongs to"
    )]
    LogKey,
    /// No root key was given.
    #[error("a ledger needs one root key at least")]
    NoRoot,
    /// Something is not as the format has it.
    #[error("the ledger's format does not allow this")]
    Rule(#[source] Refusal),
    /// A simulated clock for a ledger that is none.
    #[error("time is made up only in an empty ledger whose origin begins with sample/")]
    Simulation,
    /// The store failed.
    #[error("the ledger's store failed")]
    Store(#[source] StoreError),
    /// The writer's thread could not be started.
    #[error("the ledger's writer could not be started")]
    Thread(#[source] std::io::Error),
}

impl CreateOptions {
    /// An ordinary ledger with fresh root keys, two if asked for.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Rule`] if the origin is none, or the system has no random bytes to give.
    pub fn new(origin: impl Into<String>, second_root: bool) -> Result<Self, LedgerError> {
        let origin = origin.into();
        check_origin(&origin)?;
        let roots = (1..=1 + u8::from(second_root)).map(|n| RootKey::generate(&format!("root-{n}")));
        Ok(Self {
            origin,
            roots: roots.collect::<Result<_, _>>()?,
            witnesses: Vec::new(),
            quorum: 0,
            continues: None,
            running: RunOptions::default(),
        })
    }
}

impl Default for RunOptions {
    fn default() -> Self {
        Self { clock: ClockChoice::System, reactor: Box::new(NoReactions), queue_max: QUEUE_MAX }
    }
}

impl RootKey {
    /// A fresh one.
    ///
    /// # Errors
    ///
    /// If the system has no random bytes to give.
    pub fn generate(holder: &str) -> Result<Self, Refusal> {
        Ok(Self { holder: holder.to_owned(), signer: Arc::new(Signer::generate()?) })
    }
}

impl Ledger {
    /// Makes a ledger in a folder: key files, database and first entries, these all or none; then runs it.
    ///
    /// # Errors
    ///
    /// [`LedgerError`].
    pub fn create(folder: &Path, options: CreateOptions) -> Result<Created, LedgerError> {
        let CreateOptions { origin, roots, witnesses, quorum, continues, running } = options;
        check_origin(&origin)?;
        if matches!(running.clock, ClockChoice::Simulated(_)) && !origin.starts_with("sample/") {
            return Err(LedgerError::Simulation);
        }
        let mut store = Place::of(folder)?.create()?;
        if store.reads().head()?.is_some() {
            return Err(LedgerError::Exists);
        }
        let master = SealingKey::load_or_create(MASTER_VARIABLE, &folder.join(MASTER_FILE))?;
        let log = log_key(store.as_mut(), &origin, &master)?;
        let opened = json!({
            "log_vkey": log.verifier_key().to_string(),
            "origin": origin,
            "quorum": quorum,
            "witnesses": witnesses,
        });
        let opened =
            with(opened, "continues", continues.map(|note| crate::encoding::b64_encode(note.as_bytes())));
        let (held, requests) =
            first_entries(store.as_mut(), &master, &origin, &roots, opened, now(&running.clock))?;
        let reader = Reader::open(folder)?;
        let ledger = run(folder, store, reader, (held, master, log), origin, running, |desk| {
            desk.append_all(requests)
        })?;
        Ok(Created { ledger, roots })
    }

    /// Opens the ledger of a folder for writing.
    ///
    /// # Errors
    ///
    /// [`LedgerError`]; [`LedgerError::Checkpoint`] if it is not the ledger its checkpoints were signed for.
    pub fn open(folder: &Path, running: RunOptions) -> Result<Self, LedgerError> {
        if matches!(running.clock, ClockChoice::Simulated(_)) {
            return Err(LedgerError::Simulation);
        }
        Self::open_over(folder, Place::of(folder)?.open_writing()?, running)
    }

    /// Opens the ledger of a folder for reading only: beside a running server too.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn open_read_only(folder: &Path) -> Result<Reader, StoreError> {
        Reader::open(folder)
    }

    /// Whether the master key at hand opens every key that the server holds, the log's too.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Keyring`] if it does not, [`LedgerError::Store`] if the ledger cannot be read.
    pub fn check_master_key(folder: &Path) -> Result<(), LedgerError> {
        let master = SealingKey::load(MASTER_VARIABLE, &folder.join(MASTER_FILE))?;
        for key in Reader::open(folder)?.sealed_keys()? {
            open_sealed(&key, &master)?;
        }
        Ok(())
    }

    /// As [`Ledger::open`], over a given store on the database of that folder.
    pub(crate) fn open_over(
        folder: &Path,
        store: Box<dyn LedgerStore>,
        running: RunOptions,
    ) -> Result<Self, LedgerError> {
        let reader = Reader::open(folder)?;
        let origin = reader.origin()?.to_owned();
        let master = SealingKey::load(MASTER_VARIABLE, &folder.join(MASTER_FILE))?;
        let sealed = store.reads().sealed_keys()?;
        let log = opened_log_key(&sealed, &origin, &master)?.ok_or(LedgerError::LogKey)?;
        if stated_log_key(&reader)? != log.verifier_key().to_string() {
            return Err(LedgerError::LogKey);
        }
        check_newest(&reader, folder, log.verifier_key()).map_err(LedgerError::Checkpoint)?;
        if matches!(Place::of(folder)?, Place::Sqlite(_)) {
            complete_file(&reader, folder)?;
        }
        let held = HeldKeys::open(&sealed, &master)?;
        run(folder, store, reader, (held, master, log), origin, running, |_| Ok(()))
    }

    /// Reads the ledger. Clone it for each thread or request.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Writes to the ledger. Clone it for each thread or request.
    #[must_use]
    pub fn writer(&self) -> &WriterHandle {
        &self.writer
    }

    /// The ledger's origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.writer.origin()
    }

    /// The key that checkpoints are verified by.
    #[must_use]
    pub fn log_key(&self) -> &VerifierKey {
        &self.log_key
    }

    /// Lets the writer finish what is waiting and waits until it has ended.
    ///
    /// # Errors
    ///
    /// [`AppendError`] if the last checkpoint could not be kept.
    pub async fn close(self) -> Result<(), AppendError> {
        let closed = self.writer.close().await;
        drop(self.writer);
        let thread = self.thread;
        // a panic of the writer was reported by its thread; nothing waits for it any more
        let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        closed
    }
}

impl From<AppendError> for LedgerError {
    fn from(error: AppendError) -> Self {
        Self::Append(error)
    }
}

impl From<KeyringError> for LedgerError {
    fn from(error: KeyringError) -> Self {
        Self::Keyring(error)
    }
}

impl From<Refusal> for LedgerError {
    fn from(refusal: Refusal) -> Self {
        Self::Rule(refusal)
    }
}

impl From<StoreError> for LedgerError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The log key that the ledger's first entry states.
///
/// # Errors
///
/// [`StoreError::Corrupt`] if it states none.
pub fn stated_log_key(reader: &Reader) -> Result<String, StoreError> {
    let mut stated = None;
    reader.rows(0, 1, |first| {
        let opened: Value = serde_json::from_str(first.data).unwrap_or_default();
        stated = opened.get("log_vkey").and_then(Value::as_str).map(str::to_owned);
        Ok::<_, StoreError>(())
    })?;
    stated.ok_or_else(|| StoreError::Corrupt { what: "its first entry states no log key".to_owned() })
}

fn run(
    folder: &Path,
    store: Box<dyn LedgerStore>,
    reader: Reader,
    (held, master, log): (HeldKeys, SealingKey, CheckpointSigner),
    origin: String,
    running: RunOptions,
    first: impl FnOnce(&mut Desk) -> Result<(), AppendError>,
) -> Result<Ledger, LedgerError> {
    let log_key = log.verifier_key().clone();
    let lock = match Place::of(folder)? {
        Place::Postgres(_) => Some(lock(folder)?),
        Place::Sqlite(_) => None,
    };
    let alarm = Alarm::of(folder)?;
    let book = CheckpointBook::new(log, folder, reader.checkpoint()?, newest_in_file(folder)?);
    let clock: (Arc<dyn Clock>, bool) = match running.clock {
        ClockChoice::Given(clock) => (clock, false),
        ClockChoice::Simulated(clock) => (clock, true),
        ClockChoice::System => (Arc::new(SystemClock::default()), false),
    };
    let mut desk = Desk::open(
        origin,
        store,
        (held, master.clone()),
        running.reactor,
        clock,
        (book, alarm.clone()),
        reader.recent_streams(),
    )?;
    first(&mut desk)?;
    let (writer, thread) = writer::start(desk, alarm, running.queue_max).map_err(LedgerError::Thread)?;
    Ok(Ledger { reader, writer, thread, master, log_key, _lock: lock })
}

/// The commands that open a ledger, signed by its first root key, and the server's own keys, kept sealed.
fn first_entries(
    store: &mut dyn LedgerStore,
    master: &SealingKey,
    origin: &str,
    roots: &[RootKey],
    opened: Value,
    at: Timestamp,
) -> Result<(HeldKeys, Vec<AppendRequest>), LedgerError> {
    let (first, others) = roots.split_first().ok_or(LedgerError::NoRoot)?;
    let by = || Author::Root(Arc::clone(&first.signer));
    let mut genesis = first.signer.enrolment(origin, &first.holder, Role::Root);
    if let (Some(members), Value::Object(opened)) = (genesis.as_object_mut(), opened) {
        members.extend(opened);
        members.insert("type".to_owned(), "LedgerOpened".into());
    }
    let mut requests = vec![request(key_stream(first.signer.kid()), &genesis, by(), at)?];
    for root in others {
        requests.push(enrolment(origin, &root.signer, Role::Root, &root.holder, by(), at)?);
    }
    let mut held = HeldKeys::default();
    for role in [Role::Registrar, Role::Service, Role::Intake] {
        let signer = Signer::generate()?;
        requests.push(enrolment(origin, &signer, role, role.as_str(), by(), at)?);
        store.put_sealed_key(&seal(&signer, signer.kid().as_str(), role.as_str(), role.as_str(), master)?)?;
        held.hold(Arc::new(signer));
    }
    Ok((held, requests))
}

/// The log key of a ledger being made: a fresh one, or the one kept when it was not finished before.
fn log_key(
    store: &mut dyn LedgerStore,
    origin: &str,
    master: &SealingKey,
) -> Result<CheckpointSigner, LedgerError> {
    if let Some(log) = opened_log_key(&store.reads().sealed_keys()?, origin, master)? {
        return Ok(log);
    }
    let signer = Signer::generate()?;
    store.put_sealed_key(&seal(&signer, LOG_KEY, LOG_KEY, origin, master)?)?;
    Ok(CheckpointSigner::new(origin, signer)?)
}

fn opened_log_key(
    sealed: &[SealedKey],
    origin: &str,
    master: &SealingKey,
) -> Result<Option<CheckpointSigner>, LedgerError> {
    let Some(key) = sealed.iter().find(|key| key.role == LOG_KEY && key.holder == origin) else {
        return Ok(None);
    };
    Ok(Some(CheckpointSigner::new(origin, open_sealed(key, master)?)?))
}

fn with(mut members: Value, name: &str, member: Option<String>) -> Value {
    if let Some(member) = member {
        members[name] = member.into();
    }
    members
}

pub(crate) fn now(clock: &ClockChoice) -> Timestamp {
    let wall_ms = match clock {
        ClockChoice::Given(clock) | ClockChoice::Simulated(clock) => clock.wall_ms(),
        ClockChoice::System => SystemClock::default().wall_ms(),
    };
    Timestamp::from_datetime(DateTime::from_timestamp_millis(wall_ms).unwrap_or_default())
}

/// Where the master key is looked for first, and its file in the ledger's folder.
pub(crate) const MASTER_VARIABLE: &str = "WUPING_MASTER_KEY";
pub(crate) const MASTER_FILE: &str = "master.key";
const QUEUE_MAX: usize = 4_096;
