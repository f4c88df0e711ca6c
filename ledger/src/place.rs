//! Where a ledger lies: in a folder, alone or with its database on a Postgres server.
//!
//! The folder always holds what belongs to one node: keys, checkpoints beside the database, attachments. Its file
//! `database.url` names the server, where there is one; the environment variable `WUPING_DATABASE_URL` goes before it.

use std::path::{Path, PathBuf};

use crate::reading::LedgerReads;
use crate::sqlite::{SqliteStore, check_schema_version, existing_database_in, open_reading};
use crate::store::{LedgerStore, StoreError};

/// Where a ledger lies.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// In the database file of a folder.
    Sqlite(PathBuf),
}

impl Place {
    /// Where the ledger of a folder lies.
    pub(crate) fn of(folder: &Path) -> Result<Self, StoreError> {
        Ok(Self::Sqlite(folder.to_owned()))
    }

    /// A connection that only reads.
    pub(crate) fn open_reading(&self) -> Result<Box<dyn LedgerReads>, StoreError> {
        match self {
            Self::Sqlite(folder) => {
                let file = existing_database_in(folder)?;
                let connection = open_reading(&file)?;
                check_schema_version(&connection, &file)?;
                Ok(Box::new(connection))
            }
        }
    }

    /// Makes a new, empty ledger database.
    pub(crate) fn create(&self) -> Result<Box<dyn LedgerStore>, StoreError> {
        match self {
            Self::Sqlite(folder) => Ok(Box::new(SqliteStore::create(folder)?)),
        }
    }

    /// The store, for writing.
    pub(crate) fn open_writing(&self) -> Result<Box<dyn LedgerStore>, StoreError> {
        match self {
            Self::Sqlite(folder) => Ok(Box::new(SqliteStore::open(folder)?)),
        }
    }
}
