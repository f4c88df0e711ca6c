//! Patrols: which buildings must be gone round, by when.

use chrono::NaiveDate;
use rusqlite::types::Value;
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
    /// Who is to make it; whoever walks the grid cell when absent.
    pub worker: Option<String>,
    /// The route it lies on, where it was given one.
    pub route: Option<String>,
}

/// The rounds of one person.
#[derive(Clone, Debug)]
pub struct WorkerDay {
    /// The account.
    pub worker: String,
    /// Where the person walks, by its grants: subdistricts, communities, grid cells. None is everywhere.
    pub areas: Vec<Option<String>>,
    /// The day.
    pub day: NaiveDate,
}

impl Views {
    /// A person's rounds of a day, in the order of the route: those given to the person, and those of the area given to
    /// nobody, that are due by that day; with those that were made on it. Without a route they lie by grid cell and address.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn patrols_of(&self, day: &WorkerDay, page: Page) -> Result<Paged<PatrolView>, ViewsError> {
        let mut mine = vec![("s.worker = ?".to_owned(), vec![Value::from(day.worker.clone())])];
        mine.extend(day.areas.iter().map(|area| match area {
            None => ("s.worker IS NULL".to_owned(), vec![]),
            Some(area) => (
                "s.worker IS NULL AND (p.subdistrict = ? OR p.community = ? OR p.grid_cell = ?)".to_owned(),
                vec![Value::from(area.clone()); 3],
            ),
        }));
        let on = Value::from(day.day.to_string());
        let due = vec![("s.due <= ? OR s.last_round = ?".to_owned(), vec![on.clone(), on])];
        let conditions = Conditions::of("1").any(mine).any(due);
        self.read(|connection| {
            let held = conditions.sql();
            let total = format!("SELECT count(*) FROM {FROM} WHERE {held}");
            let total = count(connection, &total, params_from_iter(conditions.values()))?;
            let sql = format!(
                "SELECT {COLUMNS} FROM {FROM} WHERE {held} \
                 ORDER BY s.route IS NULL, s.route, p.grid_cell, p.address, s.number LIMIT {} OFFSET {}",
                page.size,
                page.offset()
            );
            let rows = all(connection, &sql, params_from_iter(conditions.values()), patrol)?;
            Ok(Paged::of(rows, page, total))
        })
    }

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
        worker: row.get("worker")?,
        route: row.get("route")?,
    })
}

const COLUMNS: &str = "s.premises, p.name, p.address, p.subdistrict, p.community, p.grid_cell, s.rule, s.since, \
    s.last_round, s.due, s.suspected, s.worker, s.route";

const FROM: &str = "patrol_schedule s JOIN premises p ON p.number = s.number";
