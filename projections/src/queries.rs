//! Questions that pages ask of the views. Every answer is a typed value; lists come by page, with a total that is always
//! counted and never guessed.

mod assessments;
mod board;
mod conditions;
mod credit;
mod grades;
mod hazards;
mod matters;
mod patrols;
mod people;
mod premises;
mod search;
mod sheet;
mod undertakings;

use chrono::NaiveDate;
use rusqlite::types::Type;
use rusqlite::{Connection, Params, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::assessments::{AssessmentFilter, EndedAssessmentView, OpenAssessmentView};
pub use self::board::{BoardFilter, CountLine, SubdistrictLine};
pub use self::credit::{CreditFilter, CreditLine, OutboxLine, PublishedLine};
pub use self::grades::{GradeView, HistoryLine, ProhibitionView, ResultView, WaitingLine};
pub use self::hazards::{HazardFilter, HazardView};
pub use self::matters::{KindCount, LateHand, Listed, MatterFilter, MatterView, WaitingHand, WaitingOn};
pub use self::patrols::{PatrolFilter, PatrolView, WorkerDay};
pub use self::people::{AccountView, AuthorityView, KeyView, RulebookView};
pub use self::premises::{BanLine, PremisesLine, PremisesView, SubjectView};
pub use self::search::SearchFilter;
pub use self::sheet::{CHOSEN_MAX, Looked, PlaqueLine, Sheet, SheetLine};
pub use self::undertakings::{UndertakingFilter, UndertakingView};

use crate::error::ViewsError;

/// Which part of a list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Page {
    /// From 1.
    pub number: u64,
    /// Rows a page, 1 to 1,000.
    pub size: u64,
}

impl Page {
    /// This page of fifty rows.
    pub const fn of(number: u64) -> Self {
        Self { number, size: 50 }
    }

    /// All rows at once, for exports and small lists; up to a million.
    pub const fn whole() -> Self {
        Self { number: 1, size: 1_000_000 }
    }

    pub(crate) fn offset(self) -> u64 {
        self.number.saturating_sub(1).saturating_mul(self.size)
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Paged<T> {
    /// Its rows.
    pub rows: Vec<T>,
    /// Its number, from 1.
    pub page: u64,
    /// How many pages there are; at least 1.
    pub pages: u64,
    /// How many rows there are on all pages.
    pub total: u64,
}

impl<T> Paged<T> {
    pub(crate) fn of(rows: Vec<T>, page: Page, total: u64) -> Self {
        Self { rows, page: page.number, pages: total.div_ceil(page.size.max(1)).max(1), total }
    }
}

/// All rows of a question.
pub(crate) fn all<T>(
    connection: &Connection,
    sql: &str,
    values: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, ViewsError> {
    let reading = ViewsError::database("be read");
    let mut statement = connection.prepare_cached(sql).map_err(&reading)?;
    let rows = statement.query_map(values, read).map_err(&reading)?;
    rows.collect::<rusqlite::Result<Vec<T>>>().map_err(&reading)
}

/// The first row of a question.
pub(crate) fn first<T>(
    connection: &Connection,
    sql: &str,
    values: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, ViewsError> {
    Ok(all(connection, sql, values, read)?.into_iter().next())
}

/// A number that a question counts.
pub(crate) fn count(connection: &Connection, sql: &str, values: impl Params) -> Result<u64, ViewsError> {
    Ok(first(connection, sql, values, |row| row.get::<_, Option<u64>>(0))?.flatten().unwrap_or_default())
}

/// A day out of a column.
pub(crate) fn day(row: &Row<'_>, column: &str) -> rusqlite::Result<NaiveDate> {
    parsed(row.get::<_, String>(column)?.parse())
}

/// A day out of a column, or none.
pub(crate) fn day_if_any(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<NaiveDate>> {
    row.get::<_, Option<String>>(column)?.map(|text| parsed(text.parse())).transpose()
}

/// A list or map out of a column of JSON.
pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    parsed(serde_json::from_str(&row.get::<_, String>(column)?))
}

/// A value that the program wrote as text.
pub(crate) fn parsed<T, E: std::error::Error + Send + Sync + 'static>(
    value: Result<T, E>,
) -> rusqlite::Result<T> {
    value.map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}
