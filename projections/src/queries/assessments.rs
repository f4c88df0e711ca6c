//! Assessments: those under way with on whom they wait, and those of one premises that ended.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rusqlite::{Connection, Row, params_from_iter};
use serde::Serialize;
use wuping_domain::derivation::SchemeRef;

use super::conditions::Conditions;
use super::{Page, Paged, all, count, day, json};
use crate::error::ViewsError;
use crate::pool::Views;

/// Which assessments under way.
#[derive(Clone, Debug, Default)]
pub struct AssessmentFilter {
    /// Led by this account.
    pub lead: Option<String>,
    /// In this subdistrict.
    pub subdistrict: Option<String>,
    /// In this community.
    pub community: Option<String>,
    /// In this grid cell.
    pub grid_cell: Option<String>,
    /// Waiting for `grid`, `department`, `feed` or `ledger`, or for the lead to submit: `lead`.
    pub waiting_for: Option<String>,
    /// Waiting for this department.
    pub department: Option<String>,
}

/// An assessment under way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OpenAssessmentView {
    /// Id of the premises.
    pub premises: String,
    /// Their address.
    pub address: String,
    /// The stream's last segment.
    pub assessment: String,
    /// The rulebook it is under.
    pub rulebook: SchemeRef,
    /// Why it was opened.
    pub reason: String,
    /// Who leads it.
    pub lead: String,
    /// When it was opened.
    pub opened_on: NaiveDate,
    /// Position of its opening.
    pub position: u64,
    /// Indicators with a result.
    pub results: u64,
    /// All indicators of the rulebook.
    pub indicators: u64,
    /// Results that the grid worker owes.
    pub missing_grid: u64,
    /// Results that departments owe.
    pub missing_department: u64,
    /// Results that feeds owe.
    pub missing_feed: u64,
    /// Results that the ledger owes.
    pub missing_ledger: u64,
    /// Results that each department owes.
    pub departments: BTreeMap<String, u64>,
}

/// An assessment that ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EndedAssessmentView {
    /// Id of the premises.
    pub premises: String,
    /// The stream's last segment.
    pub assessment: String,
    /// The rulebook it was under.
    pub rulebook: SchemeRef,
    /// Why it was opened.
    pub reason: String,
    /// Who led it.
    pub lead: String,
    /// When it was opened.
    pub opened_on: NaiveDate,
    /// `submitted` or `withdrawn`.
    pub stage: String,
    /// When it ended.
    pub ended_on: NaiveDate,
    /// Position of its end.
    pub position: u64,
    /// Indicators with a result.
    pub results: u64,
}

impl Views {
    /// Assessments under way, oldest first.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn open_assessments(
        &self,
        filter: &AssessmentFilter,
        page: Page,
    ) -> Result<Paged<OpenAssessmentView>, ViewsError> {
        let nothing = "a.missing_grid + a.missing_department + a.missing_feed + a.missing_ledger = 0";
        let waits = |who: &str| filter.waiting_for.as_deref() == Some(who);
        let conditions = Conditions::of("1")
            .with("a.lead = ?", filter.lead.clone())
            .with("p.subdistrict = ?", filter.subdistrict.clone())
            .with("p.community = ?", filter.community.clone())
            .with("p.grid_cell = ?", filter.grid_cell.clone())
            .with(
                "EXISTS (SELECT 1 FROM json_each(a.departments) d WHERE d.key = ?)",
                filter.department.clone(),
            )
            .when(waits("grid"), "a.missing_grid > 0")
            .when(waits("department"), "a.missing_department > 0")
            .when(waits("feed"), "a.missing_feed > 0")
            .when(waits("ledger"), "a.missing_ledger > 0")
            .when(waits("lead"), nothing);
        self.read(|connection| {
            let (from, held) = ("open_assessments a JOIN premises p ON p.number = a.number", conditions.sql());
            let total = format!("SELECT count(*) FROM {from} WHERE {held}");
            let total = count(connection, &total, params_from_iter(conditions.values()))?;
            let sql = format!(
                "SELECT a.*, p.address FROM {from} WHERE {held} ORDER BY a.opened_on, a.position LIMIT {} OFFSET {}",
                page.size,
                page.offset()
            );
            let rows = all(connection, &sql, params_from_iter(conditions.values()), open)?;
            Ok(Paged::of(rows, page, total))
        })
    }

    /// Assessments of premises that ended, newest first.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn ended_assessments(&self, id: &str) -> Result<Vec<EndedAssessmentView>, ViewsError> {
        let sql = "SELECT a.* FROM premises p JOIN ended_assessments a ON a.number = p.number WHERE p.premises = ?1 \
                   ORDER BY a.ended_on DESC, a.position DESC";
        self.read(|connection| all(connection, sql, [id], ended))
    }
}

pub(super) fn open_of(connection: &Connection, number: u64) -> Result<Vec<OpenAssessmentView>, ViewsError> {
    let sql = "SELECT a.*, p.address FROM open_assessments a JOIN premises p ON p.number = a.number \
               WHERE a.number = ?1 ORDER BY a.opened_on, a.position";
    all(connection, sql, [number], open)
}

fn open(row: &Row<'_>) -> rusqlite::Result<OpenAssessmentView> {
    Ok(OpenAssessmentView {
        premises: row.get("premises")?,
        address: row.get("address")?,
        assessment: row.get("assessment")?,
        rulebook: rulebook(row)?,
        reason: row.get("reason")?,
        lead: row.get("lead")?,
        opened_on: day(row, "opened_on")?,
        position: row.get("position")?,
        results: row.get("results")?,
        indicators: row.get("indicators")?,
        missing_grid: row.get("missing_grid")?,
        missing_department: row.get("missing_department")?,
        missing_feed: row.get("missing_feed")?,
        missing_ledger: row.get("missing_ledger")?,
        departments: json(row, "departments")?,
    })
}

fn ended(row: &Row<'_>) -> rusqlite::Result<EndedAssessmentView> {
    Ok(EndedAssessmentView {
        premises: row.get("premises")?,
        assessment: row.get("assessment")?,
        rulebook: rulebook(row)?,
        reason: row.get("reason")?,
        lead: row.get("lead")?,
        opened_on: day(row, "opened_on")?,
        stage: row.get("stage")?,
        ended_on: day(row, "ended_on")?,
        position: row.get("position")?,
        results: row.get("results")?,
    })
}

fn rulebook(row: &Row<'_>) -> rusqlite::Result<SchemeRef> {
    Ok(SchemeRef { id: row.get("rulebook")?, sha256: row.get("rulebook_sha256")? })
}
