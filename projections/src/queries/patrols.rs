//! Patrols: which buildings must be gone round, by when.

use chrono::NaiveDate;
use rusqlite::{Connection, Row, params_from_iter};
use serde::Serialize;

use super::conditions::Conditions;
use super::{Page, Paged, all, count, day, day_if_any, first};
use crate::error::ViewsError;
use crate::pool::Views;

/// Which rounds.
#[derive(Clone, Debug, Default)]
pub struct PatrolFilter {
    /// Due on this day or before.
    pub due_by: Option<NaiveDate>,
    /// In this subdistrict.
    pub subdistrict: Option<String>,
    /// In this community.
    pub community: Option<String>,
    /// In this grid cell.
    pub grid_cell: Option<String>,
}

/// The next round of a building.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PatrolView {
    /// Id of the building.
    pub premises: String,
    /// Its name.
    pub name: Option<String>,
    /// Its address.
    pub address: String,
    /// Its subdistrict.
    pub subdistrict: String,
    /// Its community.
    pub community: String,
    /// Its grid cell.
    pub grid_cell: String,
    /// `day`, `week`, `half_month` or `month`.
    pub rule: String,
    /// Since when that rule.
    pub since: NaiveDate,
    /// The last day on which somebody of the office went in.
    pub last_round: Option<NaiveDate>,
    /// The last day on which the next round meets the rule; none while there is no safe day.
    pub due: Option<NaiveDate>,
    /// Whether a major hazard is suspected in it.
    pub suspected: bool,
}

impl Views {
    /// Rounds that are due, the longest due first.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn patrols_due(&self, filter: &PatrolFilter, page: Page) -> Result<Paged<PatrolView>, ViewsError> {
        let conditions = Conditions::of("1")
            .with("s.due <= ?", filter.due_by.map(|by| by.to_string()))
            .with("p.subdistrict = ?", filter.subdistrict.clone())
            .with("p.community = ?", filter.community.clone())
            .with("p.grid_cell = ?", filter.grid_cell.clone());
        self.read(|connection| {
            let held = conditions.sql();
            let total = format!("SELECT count(*) FROM {FROM} WHERE {held}");
            let total = count(connection, &total, params_from_iter(conditions.values()))?;
            let sql = format!(
                "SELECT {COLUMNS} FROM {FROM} WHERE {held} ORDER BY s.due, p.address, s.number LIMIT {} OFFSET {}",
                page.size,
                page.offset()
            );
            let rows = all(connection, &sql, params_from_iter(conditions.values()), patrol)?;
            Ok(Paged::of(rows, page, total))
        })
    }
}

pub(super) fn of(connection: &Connection, number: u64) -> Result<Option<PatrolView>, ViewsError> {
    first(connection, &format!("SELECT {COLUMNS} FROM {FROM} WHERE s.number = ?1"), [number], patrol)
}

fn patrol(row: &Row<'_>) -> rusqlite::Result<PatrolView> {
    Ok(PatrolView {
        premises: row.get("premises")?,
        name: row.get("name")?,
        address: row.get("address")?,
        subdistrict: row.get("subdistrict")?,
        community: row.get("community")?,
        grid_cell: row.get("grid_cell")?,
        rule: row.get("rule")?,
        since: day(row, "since")?,
        last_round: day_if_any(row, "last_round")?,
        due: day_if_any(row, "due")?,
        suspected: row.get("suspected")?,
    })
}

const COLUMNS: &str = "s.premises, p.name, p.address, p.subdistrict, p.community, p.grid_cell, s.rule, s.since, \
    s.last_round, s.due, s.suspected";

const FROM: &str = "patrol_schedule s JOIN premises p ON p.number = s.number";
