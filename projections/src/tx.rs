//! What a fold may touch while it takes an entry: what is held of premises and accounts, the published rulebooks, and the
//! rows it adds. No clock, no network, no store.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Connection, Params};
use wuping_domain::derivation::SchemeRef;
use wuping_domain::reaction::Rulebooks;
use wuping_domain::rulebook::Rulebook;

use crate::accounts::Accounts;
use crate::counts::Counts;
use crate::error::ViewsError;
use crate::held::{Cache, Held};

/// The folds' own memory, beside the rows.
#[derive(Debug)]
pub struct Memory {
    pub(crate) accounts: Accounts,
    pub(crate) cache: Cache,
    pub(crate) counts: Counts,
}

/// One entry's transaction, as a fold sees it.
pub struct Tx<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) memory: &'a mut Memory,
    pub(crate) position: u64,
    pub(crate) rulebooks: &'a dyn Rulebooks,
}

impl Tx<'_> {
    /// What is held of premises.
    ///
    /// # Errors
    /// If the views file cannot be read.
    pub fn held(&mut self, id: &str) -> Result<&mut Held, ViewsError> {
        self.memory.cache.held(self.connection, id)
    }

    /// What is held of accounts and keys.
    pub const fn accounts(&mut self) -> &mut Accounts {
        &mut self.memory.accounts
    }

    /// How premises are counted.
    pub const fn counts(&mut self) -> &mut Counts {
        &mut self.memory.counts
    }

    /// A published rulebook.
    ///
    /// # Errors
    /// [`ViewsError::RulebookMissing`]: what an entry names must be kept beside the log.
    pub fn rulebook(&self, scheme: &SchemeRef) -> Result<Arc<Rulebook>, ViewsError> {
        self.rulebooks.rulebook(scheme).ok_or_else(|| ViewsError::RulebookMissing {
            position: self.position,
            rulebook: scheme.id.clone(),
            sha256: scheme.sha256.clone(),
        })
    }

    /// Add or replace a row.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write(&self, sql: &str, values: impl Params) -> Result<(), ViewsError> {
        write(self.connection, sql, values)
    }
}

/// Add or replace a row.
pub(crate) fn write(connection: &Connection, sql: &str, values: impl Params) -> Result<(), ViewsError> {
    let writing = ViewsError::database("be written");
    connection.prepare_cached(sql).map_err(&writing)?.execute(values).map_err(&writing)?;
    Ok(())
}

/// A number as SQLite holds it; none here comes near its end.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A list or map as JSON text.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<String, ViewsError> {
    serde_json::to_string(value).map_err(|source| ViewsError::Unread { what: "list", source })
}

/// The versions of all projections, by name.
pub(crate) fn versions() -> BTreeMap<&'static str, u32> {
    BTreeMap::from([
        ("accounts", crate::accounts::VERSION),
        ("assessments", crate::assessments::VERSION),
        ("authorities", crate::authorities::VERSION),
        ("counts", crate::counts::VERSION),
        ("credit_files", crate::credit_files::VERSION),
        ("current_grades", crate::current_grades::VERSION),
        ("grade_history", crate::grade_history::VERSION),
        ("hazards", crate::hazards::VERSION),
        ("matters", crate::matters::VERSION),
        ("patrol_schedule", crate::patrol_schedule::VERSION),
        ("premises", crate::premises::VERSION),
        ("rulebooks", crate::publications::VERSION),
        ("search", crate::search::VERSION),
        ("undertakings", crate::undertakings::VERSION),
    ])
}
