//! One connection to Postgres, driven by whichever thread uses it: requests go out together where they can, and what is
//! answered is looked at afterwards.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;

use futures_util::TryStreamExt as _;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_postgres::types::{FromSql, ToSql, Type};
use tokio_postgres::{Client, Row as Columns, RowStream, Statement};

use crate::encoding::Hash;
use crate::postgres_address::Address;
use crate::select::damaged;
use crate::store::StoreError;

/// A connection.
pub struct Session {
    pub(crate) client: Client,
    driver: Driver,
    statements: RefCell<HashMap<&'static str, Statement>>,
}

impl Session {
    /// Connects.
    pub(crate) fn open(address: &Address) -> Result<Self, StoreError> {
        let driver = Driver::new()?;
        let (client, connection) = driver.wait(address.connect())?;
        driver.spawn(async move { drop(connection.await) });
        driver.wait(client.batch_execute(SETTINGS)).map_err(failed("be reached"))?;
        Ok(Self { client, driver, statements: RefCell::default() })
    }

    /// Runs requests until all of them are answered.
    pub(crate) fn wait<F: Future>(&self, requests: F) -> F::Output {
        self.driver.wait(requests)
    }

    /// A statement, prepared once.
    pub(crate) fn prepared(&self, sql: &'static str, doing: &'static str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.borrow().get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.wait(self.client.prepare(sql)).map_err(failed(doing))?;
        self.statements.borrow_mut().insert(sql, statement.clone());
        Ok(statement)
    }

    /// Whether the connection is known to be lost.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// All rows that a statement answers.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`] with what the server said.
    pub fn query(
        &self,
        sql: &'static str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Columns>, StoreError> {
        let statement = self.prepared(sql, READ)?;
        self.wait(self.client.query(&statement, params)).map_err(failed(READ))
    }

    /// Asks a statement of the server, which begins to answer; its rows are had by [`Session::answered`].
    pub(crate) fn asked(
        &self,
        sql: &'static str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Pin<Box<RowStream>>, StoreError> {
        let statement = self.prepared(sql, READ)?;
        let params = params.iter().map(|param| *param as &dyn ToSql);
        let params: Vec<&dyn ToSql> = params.collect();
        self.wait(self.client.query_raw(&statement, params)).map(Box::pin).map_err(failed(READ))
    }

    /// All rows of what was asked.
    pub(crate) fn answered(&self, asked: Pin<Box<RowStream>>) -> Result<Vec<Columns>, StoreError> {
        self.wait(asked.try_collect()).map_err(failed(READ))
    }

    /// The first row that a statement answers.
    ///
    /// # Errors
    ///
    /// As [`Session::query`].
    pub fn first(
        &self,
        sql: &'static str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Columns>, StoreError> {
        Ok(self.query(sql, params)?.into_iter().next())
    }

    /// Runs a statement that answers nothing: how many rows it wrote.
    ///
    /// # Errors
    ///
    /// As [`Session::query`].
    pub fn execute(
        &self,
        sql: &'static str,
        params: &[&(dyn ToSql + Sync)],
        doing: &'static str,
    ) -> Result<u64, StoreError> {
        let statement = self.prepared(sql, doing)?;
        self.wait(self.client.execute(&statement, params)).map_err(failed(doing))
    }

    /// Runs SQL without parameters, several statements too.
    ///
    /// # Errors
    ///
    /// As [`Session::query`].
    pub fn batch(&self, sql: &str, doing: &'static str) -> Result<(), StoreError> {
        self.wait(self.client.batch_execute(sql)).map_err(failed(doing))
    }

    /// Whether the server still answers.
    pub(crate) fn answers(&self) -> bool {
        !self.is_closed() && self.wait(self.client.simple_query("SELECT 1")).is_ok()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

/// What moves a connection while somebody waits for it, and only then. It may be dropped where nothing may wait.
struct Driver {
    /// There until it is dropped.
    runtime: Option<Runtime>,
}

impl Driver {
    fn new() -> Result<Self, StoreError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let failed =
            |source: std::io::Error| StoreError::Database { doing: "be reached", source: source.into() };
        Ok(Self { runtime: Some(runtime.map_err(failed)?) })
    }

    /// On a thread of another runtime that one is told that this takes a while; everywhere else it just waits.
    fn wait<F: Future>(&self, requests: F) -> F::Output {
        match Handle::try_current() {
            Ok(_) => tokio::task::block_in_place(|| self.runtime().block_on(requests)),
            Err(_) => self.runtime().block_on(requests),
        }
    }

    /// Ends with the driver; what ended it before is told by the next request.
    fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static) {
        self.runtime().spawn(connection);
    }

    fn runtime(&self) -> &Runtime {
        #[allow(clippy::expect_used, reason = "it is taken away only when the driver is dropped")]
        self.runtime.as_ref().expect("a driver has its runtime as long as it lives")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Text as it lies, of `text` and of `json` columns.
pub(crate) struct Text<'a>(pub(crate) &'a str);

impl<'a> FromSql<'a> for Text<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(std::str::from_utf8(raw)?))
    }

    fn accepts(sql: &Type) -> bool {
        matches!(*sql, Type::TEXT | Type::JSON)
    }
}

pub(crate) fn text(columns: &Columns, at: usize) -> Result<&str, StoreError> {
    columns.try_get::<_, Text<'_>>(at).map(|text| text.0).map_err(failed(READ))
}

pub(crate) fn blob(columns: &Columns, at: usize) -> Result<&[u8], StoreError> {
    columns.try_get(at).map_err(failed(READ))
}

pub(crate) fn unsigned(columns: &Columns, at: usize) -> Result<u64, StoreError> {
    let number: i64 = columns.try_get(at).map_err(failed(READ))?;
    u64::try_from(number).map_err(|_| damaged("a number is negative"))
}

/// A number that may be absent.
pub(crate) fn perhaps(columns: &Columns, at: usize) -> Result<Option<u64>, StoreError> {
    let number: Option<i64> = columns.try_get(at).map_err(failed(READ))?;
    number.map(|number| u64::try_from(number).map_err(|_| damaged("a number is negative"))).transpose()
}

pub(crate) fn hash(columns: &Columns, at: usize) -> Result<Hash, StoreError> {
    Hash::from_slice(blob(columns, at)?).map_err(|refusal| StoreError::refused("a hash", &refusal))
}

/// What the database said, by what was being done.
pub(crate) fn failed(doing: &'static str) -> impl Fn(tokio_postgres::Error) -> StoreError {
    move |source| StoreError::Database { doing, source: source.into() }
}

const READ: &str = "be read";
/// Every statement is answered from an index. One that is planned while the table is empty must not come to scan it when it
/// has grown, and planning it anew each time costs as much as doing it.
pub(crate) const SETTINGS: &str = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off; \
    SET plan_cache_mode = force_generic_plan;";
