//! What the ledger asks of a store. There are two: on SQLite ([`crate::sqlite`]) and on Postgres ([`crate::postgres`]).
//!
//! Who is trusted: the store is trusted to keep what it confirmed, and with nothing else. What it gives back is
//! compared with the tree by [`crate::audit`], and a store that was edited by hand is found there.

use std::collections::HashMap;

use uuid::Uuid;

use crate::alarm::RaisedAlarm;
use crate::clock::Monotonic;
use crate::encoding::Hash;
use crate::keys::Kid;
use crate::merkle::Frontier;
use crate::reading::LedgerReads;
use crate::refusal::Refusal;
use crate::row::Row;
use crate::timestamp::Timestamp;

/// The writer's side of a store. One writer at a time: its opener holds a lock that keeps others out.
///
/// Order: between [`begin`](LedgerStore::begin) and [`commit`](LedgerStore::commit) or
/// [`abandon`](LedgerStore::abandon) nobody else writes, so that what was read stays true until the commit.
/// Durability: when a method that writes has answered `Ok`, a power cut does not take it back. When it has answered
/// an error, all of it or nothing of it was kept, and the caller cannot tell which: it reads again before it goes on.
/// Readers on other connections see the whole of a commit or nothing of it.
pub trait LedgerStore: Send {
    /// What can be read here; between [`begin`](LedgerStore::begin) and commit or abandon, the state that the lock keeps.
    fn reads(&self) -> &dyn LedgerReads;

    /// Takes the head lock, and reads at once what a batch of commands needs to know: what is read from here on stays true
    /// until commit or abandon.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store does not answer or somebody else writes.
    fn begin(&mut self, asked: &Asked<'_>) -> Result<Known, StoreError>;

    /// Told of a batch's next rows while those behind them are still being signed: a store may write them already.
    /// [`commit`](LedgerStore::commit) is given all rows again, these first.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; what is left to do is [`abandon`](LedgerStore::abandon).
    fn rows_are_signed(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        let _ = rows;
        Ok(())
    }

    /// Writes a batch and gives the head lock back: rows, tiles, outcomes, cursors and head in one transaction. The
    /// marks of authors and clock may follow a little later.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; the batch may have been kept or not.
    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError>;

    /// Gives the head lock back without having written; never fails, since there is nothing to lose.
    fn abandon(&mut self);

    /// Whether commits wait for the disk, as they do from the opening on. They need not while a history is made up that
    /// nobody was promised; where they are to again, what was written until then is on disk when this answers. A server
    /// keeps its own ways.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; what was written may not be on disk.
    fn wait_for_disk(&mut self, wait: bool) -> Result<(), StoreError> {
        let _ = wait;
        Ok(())
    }

    /// Makes sure that the store answers: one that lost its server connects anew. Called outside of a transaction.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot.
    fn revive(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Keeps a sealed key, in a transaction of its own.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; the key may have been kept or not.
    fn put_sealed_key(&mut self, key: &SealedKey) -> Result<(), StoreError>;

    /// Keeps the outcome of a refused command, in a transaction of its own under the head lock; where the command has one already,
    /// settled by another node, that one stands.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; the outcome may have been kept or not.
    fn put_refusal(&mut self, outcome: &Outcome) -> Result<(), StoreError>;

    /// Keeps the bytes of a compiled rulebook, in a transaction of its own; the same ones again are nothing to do.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; the bytes may have been kept or not.
    fn put_scheme(&mut self, scheme: &Scheme) -> Result<(), StoreError>;

    /// Keeps a signed checkpoint, in a transaction of its own; the same one again is nothing to do.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; the checkpoint may have been kept or not.
    fn put_checkpoint(&mut self, size: u64, note: &str) -> Result<(), StoreError>;
}

/// What a batch of commands asks when it begins.
#[derive(Clone, Debug, Default)]
pub struct Asked<'a> {
    /// Streams whose versions it needs.
    pub streams: Vec<&'a str>,
    /// Commands that may have been settled before. One that was accepted has an outcome; only an id of version 8 may
    /// name a further event of another command, so that only for these the entries are looked through too.
    pub event_ids: Vec<Uuid>,
}

/// What it was answered, all of one moment.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The newest state of the tree; none before the first entry.
    pub head: Option<TreeHead>,
    /// The version of each stream asked for; 0 where there is no entry.
    pub versions: HashMap<String, u64>,
    /// Where the entries of the ids asked for stand; those without an entry are not among them.
    pub positions: HashMap<Uuid, u64>,
    /// What became of the commands asked for; those unknown are not among them.
    pub outcomes: HashMap<Uuid, Outcome>,
    /// The fork alarm that holds: nothing may be appended.
    pub alarm: Option<RaisedAlarm>,
}

/// All that one commit writes.
#[derive(Clone, Debug)]
pub struct Batch {
    /// New entries, in order of position from the old head's size on.
    pub rows: Vec<Row>,
    /// Full tiles of level 1 and above that these entries complete.
    pub tiles: Vec<FullTile>,
    /// What became of the commands, accepted ones only.
    pub outcomes: Vec<Outcome>,
    /// How far reactions have come.
    pub cursors: HashMap<String, u64>,
    /// The state of the tree after them.
    pub head: TreeHead,
    /// The monotonic clock at this moment.
    pub clock_mark: Monotonic,
}

/// The newest state of the tree.
#[derive(Clone, Debug)]
pub struct TreeHead {
    /// Number of entries and roots of the full subtrees they make.
    pub frontier: Frontier,
    /// The last entry's time.
    pub recorded_at: Timestamp,
}

/// How far a key has signed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuthorMark {
    /// The key.
    pub kid: Kid,
    /// Its last running number.
    pub author_seq: u64,
    /// Where that entry stands.
    pub position: u64,
}

/// The last entry of a stream.
#[derive(Clone, Copy, Debug)]
pub struct LastOfStream<'a> {
    /// Path of the stream.
    pub stream: &'a str,
    /// Its version.
    pub version: u64,
    /// Where that entry stands.
    pub position: u64,
    /// The hash of its leaf.
    pub leaf_hash: Hash,
}

/// What became of a command.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outcome {
    /// The idempotency key.
    pub event_id: Uuid,
    /// Digest of the command, so that a repeat is told from another command under the same key.
    pub digest: [u8; 32],
    /// The first entry it made; none when it was refused.
    pub position: Option<u64>,
    /// What the caller was told, JSON.
    pub result: String,
}

/// A private key that the server holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SealedKey {
    /// Its name: a thumbprint, or `log` for the log key.
    pub kid: String,
    /// What it signs: a role, or `log`.
    pub role: String,
    /// Whose it is: a pseudonym.
    pub holder: String,
    /// The seed, sealed under the master key.
    pub sealed: Vec<u8>,
}

/// The bytes of a compiled rulebook.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scheme {
    /// Digest of the bytes, lower-case hex.
    pub sha256: String,
    /// The `id` they state.
    pub id: String,
    /// Canonical JSON.
    pub bytes: Vec<u8>,
}

/// A full tile of level 1 or above.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FullTile {
    /// Level, from 1.
    pub level: u8,
    /// Index in the level.
    pub n: u64,
    /// 256 hashes, 8,192 bytes.
    pub hashes: Vec<u8>,
}

/// Marks of authors brought up to the last entry: their sum is compared with the entries that they cover, since every entry
/// has one author, then those of the entries behind them are taken in by `from`, and compared again with the size.
pub(crate) fn brought_up_to_date(
    marks: Vec<AuthorMark>,
    size: u64,
    from: &mut dyn FnMut(u64) -> Result<Vec<AuthorMark>, StoreError>,
) -> Result<Vec<AuthorMark>, StoreError> {
    let covered = marks.iter().map(|mark| mark.position + 1).max().unwrap_or(0);
    let mut authors: HashMap<Kid, AuthorMark> =
        marks.into_iter().map(|mark| (mark.kid.clone(), mark)).collect();
    let counted = |authors: &HashMap<Kid, AuthorMark>, entries: u64| {
        let signed_by_all: u64 = authors.values().map(|author| author.author_seq).sum();
        match signed_by_all == entries {
            true => Ok(()),
            false => Err(StoreError::Corrupt {
                what: format!("the authors' marks count {signed_by_all} entries where there are {entries}"),
            }),
        }
    };
    counted(&authors, covered)?;
    authors.extend(from(covered)?.into_iter().map(|mark| (mark.kid.clone(), mark)));
    counted(&authors, size)?;
    Ok(authors.into_values().collect())
}

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A node has raised the fork alarm.
    #[error(
        "nothing is appended: a witness knows another history of this log; see docs/operators.md, “The fork alarm”"
    )]
    Alarmed,
    /// It is not said so that it could be understood where the database is.
    #[error(
        "the database's address cannot be read: write it as postgresql://user@host:port/database, in database.url or in \
         WUPING_DATABASE_URL"
    )]
    Address {
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What is stored contradicts itself.
    #[error("the ledger's store is damaged: {what}; run `wuping verify`, then restore from a backup")]
    Corrupt {
        /// What was found.
        what: String,
    },
    /// The database refused.
    #[error("the ledger's database could not {doing}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What the database said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file beside the database could not be read or written.
    #[error("the ledger's file {file} could not be read or written")]
    File {
        /// The file.
        file: std::path::PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Another process writes here.
    #[error(
        "another process has this ledger open for writing: send the command to the running server, or stop it first"
    )]
    InUse,
    /// A file of a static log could not be read.
    #[error("{file} of the log could not be read")]
    Log {
        /// Which, or where.
        file: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no ledger here.
    #[error("there is no ledger in {folder}: run `wuping init` first, or name another folder with --data")]
    Missing {
        /// The folder looked in.
        folder: std::path::PathBuf,
    },
    /// A folder whose ledger is in one place is not given another.
    #[error(
        "the ledger of {folder} is not in the database {database}: name another folder, or say in its database.url where \
         the ledger is"
    )]
    Elsewhere {
        /// The folder.
        folder: std::path::PathBuf,
        /// The database, without a password.
        database: String,
    },
    /// There is no ledger in this database.
    #[error("there is no ledger in the database {database}: run `wuping init --database-url …` first")]
    NotMade {
        /// The database, without a password.
        database: String,
    },
    /// The database is set up so that an acknowledged entry could be lost or a text be another one.
    #[error("the database's setting {setting} is {found}: set it to {allowed}, else nothing is written")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// What it is.
        found: String,
        /// What it may be.
        allowed: String,
    },
    /// Encryption is asked for in words that say nothing, or by roots that cannot be used.
    #[error("the database's address asks for an encryption that cannot be had")]
    Encryption {
        /// What is wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server takes no connection in the open.
    #[error(
        "the server refused a connection in the open to the database {database}: write sslmode=verify-full and \
         sslrootcert=FILE in its address"
    )]
    Unencrypted {
        /// The database, without a password.
        database: String,
        /// What the server said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server is not the one that the address asks for.
    #[error(
        "the server of the database {database} is not trusted, so nothing was sent to it: its certificate must lead to a root in \
         {roots} (sslrootcert) and, with sslmode=verify-full, name the host"
    )]
    Untrusted {
        /// The database, without a password.
        database: String,
        /// The file of roots.
        roots: std::path::PathBuf,
        /// What is wrong with the certificate.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A database that is to be filled has something in it.
    #[error(
        "the database {database} is not empty ({found} is there): a backup is put back into a new, empty one and never over another; \
         make one, as with createdb, and name it with --database-url"
    )]
    NotEmpty {
        /// The database, without a password.
        database: String,
        /// What was found.
        found: String,
    },
    /// Made by an earlier version of the program.
    #[error(
        "the database {database} has schema version {found}, and this program needs {known}: stop every server on it and run \
         `wuping upgrade`, for one on a Postgres server as the login that owns its tables"
    )]
    OlderSchema {
        /// The database, without a password.
        database: String,
        /// What it says.
        found: i64,
        /// What this program needs.
        known: i64,
    },
    /// Made by another version of the program.
    #[error(
        "the database {database} has schema version {found}, this program reads version {known}: use the program that \
         matches it"
    )]
    SchemaVersion {
        /// The database, without a password.
        database: String,
        /// What it says.
        found: i64,
        /// What this program knows.
        known: i64,
    },
}

impl Asked<'_> {
    /// The ids that may name an entry which is no command's first.
    pub(crate) fn derived(&self) -> impl Iterator<Item = &Uuid> {
        self.event_ids.iter().filter(|event_id| event_id.get_version_num() == 8)
    }
}

impl StoreError {
    /// Damage, by what the format's own reader refused.
    #[must_use]
    pub fn refused(what: &str, refusal: &Refusal) -> Self {
        Self::Corrupt { what: format!("{what}: {refusal}") }
    }
}

/// After how many entries the authors' marks are brought up to date: writing them with every batch costs more than reading so
/// many entries again after a crash.
pub(crate) const AUTHORS_MARKED_EVERY: u64 = 512;
/// After how many milliseconds the clock mark is written again.
pub(crate) const CLOCK_MARKED_EVERY_MS: i64 = 10_000;
