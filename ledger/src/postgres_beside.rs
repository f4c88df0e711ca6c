//! A connection to what lies beside the log on a Postgres server, the vault and the office's records: made anew when it was
//! lost, and shared by all threads of a process, which take turns.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::place::database_url;
use crate::postgres::{open_beside, open_reading};
use crate::postgres_address::Address;
use crate::postgres_session::Session;
use crate::store::StoreError;

/// A row that was answered.
pub use tokio_postgres::Row as Columns;

/// What a statement can be given.
pub use tokio_postgres::types::ToSql;

/// The connection.
#[derive(Debug)]
pub struct Beside {
    address: Address,
    read_only: bool,
    session: Mutex<Option<Session>>,
}

impl Beside {
    /// A connection to the database of a folder; none if its ledger is not on a server.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be reached, holds no ledger or one of another version.
    pub fn of_folder(folder: &Path) -> Result<Option<Self>, StoreError> {
        Self::at(folder, false)
    }

    /// As [`Beside::of_folder`], for reading only.
    ///
    /// # Errors
    ///
    /// As [`Beside::of_folder`].
    pub fn read_only_of_folder(folder: &Path) -> Result<Option<Self>, StoreError> {
        Self::at(folder, true)
    }

    fn at(folder: &Path, read_only: bool) -> Result<Option<Self>, StoreError> {
        let Some(url) = database_url(folder)? else { return Ok(None) };
        let beside = Self { address: Address::parse(&url)?, read_only, session: Mutex::default() };
        let session = beside.connect()?;
        Ok(Some(Self { session: Mutex::new(Some(session)), ..beside }))
    }

    /// Does some work on the connection. If that was lost meanwhile it is made anew and the work is done once more from its
    /// beginning: done twice it must do the same as once.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the server does not answer, or what the work answered.
    pub fn with<T>(&self, work: impl Fn(&Session) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = session.as_ref().filter(|known| !known.is_closed()) {
            let done = work(known);
            if done.is_ok() || known.answers() {
                return done;
            }
        }
        let anew = self.connect()?;
        let done = work(&anew);
        *session = Some(anew);
        done
    }

    fn connect(&self) -> Result<Session, StoreError> {
        match self.read_only {
            true => open_reading(&self.address),
            false => open_beside(&self.address),
        }
    }
}
