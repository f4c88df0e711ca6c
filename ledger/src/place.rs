//! Where a ledger lies: in a folder, alone or with its database on a Postgres server.
//!
//! The folder always holds what belongs to one node: keys, checkpoints beside the database, attachments. Its file
//! `database.url` names the server, where there is one; the environment variable `WUPING_DATABASE_URL` goes before it.

//! Where a ledger lies: in a folder, alone or with its database on a Postgres server.
//!
//! The folder always holds what belongs to one node: keys, checkpoints beside the database, attachments. Its file
//! `database.url` names the server, where there is one; the environment variable `WUPING_DATABASE_URL` goes before it.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::audit_source::AuditSource;
use crate::postgres::{self, PostgresStore};
use crate::postgres_address::Address;
use crate::postgres_audit::PostgresAudit;
use crate::reading::LedgerReads;
use crate::sqlite::{SqliteStore, check_schema_version, existing_database_in, open_reading, upgrade_file};
use crate::sqlite_audit::SqliteAudit;
use crate::store::{LedgerStore, StoreError};

/// Where a ledger lies.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// In a database of a Postgres server.
    Postgres(Address),
    /// In the database file of a folder.
    Sqlite(PathBuf),
}

impl Place {
    /// Where the ledger of a folder lies.
    pub(crate) fn of(folder: &Path) -> Result<Self, StoreError> {
        match database_url(folder)? {
            Some(url) => Ok(Self::Postgres(Address::parse(&url)?)),
            None => Ok(Self::Sqlite(folder.to_owned())),
        }
    }

    /// A connection that only reads.
    pub(crate) fn open_reading(&self) -> Result<Box<dyn LedgerReads>, StoreError> {
        match self {
            Self::Postgres(address) => Ok(Box::new(postgres::open_reading(address)?)),
            Self::Sqlite(folder) => {
                let file = existing_database_in(folder)?;
                let connection = open_reading(&file)?;
                check_schema_version(&connection, &file)?;
                Ok(Box::new(connection))
            }
        }
    }

    /// The ledger as it lies, for an audit.
    pub(crate) fn open_audit(&self) -> Result<Box<dyn AuditSource>, StoreError> {
        match self {
            Self::Postgres(address) => Ok(Box::new(PostgresAudit::open(address)?)),
            Self::Sqlite(folder) => Ok(Box::new(SqliteAudit::open(folder)?)),
        }
    }

    /// Makes a new, empty ledger database.
    pub(crate) fn create(&self) -> Result<Box<dyn LedgerStore>, StoreError> {
        match self {
            Self::Postgres(address) => Ok(Box::new(PostgresStore::create(address)?)),
            Self::Sqlite(folder) => Ok(Box::new(SqliteStore::create(folder)?)),
        }
    }

    /// The store, for writing.
    pub(crate) fn open_writing(&self) -> Result<Box<dyn LedgerStore>, StoreError> {
        match self {
            Self::Postgres(address) => Ok(Box::new(PostgresStore::open(address)?)),
            Self::Sqlite(folder) => Ok(Box::new(SqliteStore::open(folder)?)),
        }
    }
}

/// The address of the database of a folder, where it is on a server.
///
/// # Errors
///
/// [`StoreError::File`] if the folder's file cannot be read.
pub fn database_url(folder: &Path) -> Result<Option<String>, StoreError> {
    if let Some(url) = std::env::var(VARIABLE).ok().filter(|url| !url.trim().is_empty()) {
        return Ok(Some(url));
    }
    let file = folder.join(FILE);
    match std::fs::read_to_string(&file) {
        Ok(url) if url.trim().is_empty() => Ok(None),
        Ok(url) => Ok(Some(url.trim().to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StoreError::File { file, source }),
    }
}

/// What was brought up to this program's version.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Upgraded {
    /// Whether the ledger is on a server; else it is in the folder itself.
    pub on_server: bool,
    /// The version that was found.
    pub found: i64,
}

/// Brings the tables of a folder's ledger up to this program's version; on a server as their owner.
///
/// # Errors
///
/// [`StoreError`] if the server cannot be reached or the login may not do it, if somebody has the folder's ledger open, and if
/// there is no ledger or one of a later version.
pub fn upgrade(folder: &Path) -> Result<Upgraded, StoreError> {
    let (on_server, found) = match Place::of(folder)? {
        Place::Postgres(address) => (true, PostgresStore::upgrade(&address)?),
        Place::Sqlite(folder) => (false, SqliteStore::upgrade(&folder)?),
    };
    Ok(Upgraded { on_server, found })
}

/// As [`upgrade`], of a ledger in a folder that nobody serves, as it came out of a backup.
///
/// # Errors
///
/// [`StoreError`] if it is of a later version or cannot be written to.
pub fn upgrade_file_in(folder: &Path) -> Result<i64, StoreError> {
    upgrade_file(&existing_database_in(folder)?)
}

/// Notes in a folder that its database is on a server. The address may hold a password: the file is its owner's alone.
///
/// # Errors
///
/// [`StoreError::Address`] if it is none, [`StoreError::Elsewhere`] if the folder has a ledger in itself or names another
/// server, [`StoreError::File`].
pub fn remember_database(folder: &Path, url: &str) -> Result<(), StoreError> {
    let address = Address::parse(url)?;
    let file = folder.join(FILE);
    let known = std::fs::read_to_string(&file).ok();
    let other = known.as_deref().is_some_and(|known| !known.trim().is_empty() && known.trim() != url.trim());
    if other || existing_database_in(folder).is_ok() {
        return Err(StoreError::Elsewhere { folder: folder.to_owned(), database: address.to_string() });
    }
    let failed = |source| StoreError::File { file: file.clone(), source };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut options = std::fs::File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut written = options.open(&file).map_err(failed)?;
    written.write_all(url.trim().as_bytes()).and_then(|()| written.sync_all()).map_err(failed)
}

/// Removes a SQLite database that has been moved to a server, with what SQLite left beside it. What is not there need not be removed.
///
/// # Errors
///
/// [`StoreError::File`] for the one that could not be removed.
pub fn remove_database_file(database: &Path) -> Result<(), StoreError> {
    for end in ["", "-wal", "-shm"] {
        let mut name = database.as_os_str().to_owned();
        name.push(end);
        let file = PathBuf::from(name);
        match std::fs::remove_file(&file) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::File { file, source });
            }
            _ => {}
        }
    }
    Ok(())
}

const FILE: &str = "database.url";
const VARIABLE: &str = "WUPING_DATABASE_URL";
