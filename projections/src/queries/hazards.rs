//! Hazards: the register, by department, place and stage.

use chrono::NaiveDate;
use rusqlite::{Connection, Row, params_from_iter};
use serde::Serialize;

use super::conditions::Conditions;
use super::{Page, Paged, all, count, day, day_if_any};
use crate::error::ViewsError;
use crate::pool::Views;

/// Which hazards.
#[derive(Clone, Debug, Default)]
pub struct HazardFilter {
    /// Closed ones too.
    pub closed_too: bool,
    /// Of this department.
    pub competent: Option<String>,
    /// Of these premises.
    pub premises: Option<String>,
    /// Of this severity.
    pub severity: Option<String>,
    /// In this stage: `pending_review`, `confirmed`, `rectifying`, `submitted`, `accepted`, `dismissed`, `closed`.
    pub stage: Option<String>,
    /// In this subdistrict.
    pub subdistrict: Option<String>,
    /// Suspected of being major and not yet determined.
    pub suspected: bool,
    /// Confirmed, and not yet put right and accepted.
    pub unsettled: bool,
}

/// A hazard.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HazardView {
    /// Id of the premises.
    pub premises: String,
    /// Their address.
    pub address: String,
    /// Their subdistrict.
    pub subdistrict: String,
    /// The stream's last segment.
    pub hazard: String,
    /// The indicator it belongs to, or the source's own code.
    pub indicator: String,
    /// `general`, `serious` or `major`.
    pub severity: String,
    /// Class of work.
    pub works: String,
    /// The department that reviews it now.
    pub competent: String,
    /// `check`, `patrol`, `report`, `incident`, `import`.
    pub source: String,
    /// Whether it was suspected of being major when found.
    pub suspected: bool,
    /// Whether the authority determined that it is major, or is not.
    pub determined: Option<bool>,
    /// Number of that determination's document.
    pub document_number: Option<String>,
    /// Points that a scheme with deductions takes off.
    pub points: Option<u64>,
    /// The assessment or report that caused it.
    pub caused_by: Option<String>,
    /// Who found it; absent where it follows from a check.
    pub found_by: Option<String>,
    /// How far it is.
    pub stage: String,
    /// When it was found.
    pub found_on: NaiveDate,
    /// When its department confirmed it.
    pub confirmed_on: Option<NaiveDate>,
    /// When its rectification was accepted.
    pub accepted_on: Option<NaiveDate>,
    /// When it was closed.
    pub closed_on: Option<NaiveDate>,
    /// `rectified`, `dismissed`, `merged`.
    pub closed_how: Option<String>,
    /// Position of its finding.
    pub position: u64,
}

impl Views {
    /// Hazards, oldest first.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn hazards(&self, filter: &HazardFilter, page: Page) -> Result<Paged<HazardView>, ViewsError> {
        let closed = filter.closed_too || filter.stage.as_deref() == Some("closed");
        let table = if closed { "hazards" } else { "open_hazards" };
        let conditions = Conditions::of("1")
            .with("h.competent = ?", filter.competent.clone())
            .with("p.premises = ?", filter.premises.clone())
            .with("h.severity = ?", filter.severity.clone())
            .with("h.stage = ?", filter.stage.clone())
            .with("p.subdistrict = ?", filter.subdistrict.clone())
            .when(filter.suspected, "h.suspected = 1 AND h.determined IS NULL")
            .when(filter.unsettled, "h.stage IN ('confirmed', 'rectifying', 'submitted')");
        self.read(|connection| {
            let (from, held) =
                (format!("{table} h JOIN premises p ON p.number = h.number"), conditions.sql());
            let total = format!("SELECT count(*) FROM {from} WHERE {held}");
            let total = count(connection, &total, params_from_iter(conditions.values()))?;
            let sql = format!(
                "SELECT h.*, p.address, p.subdistrict FROM {from} WHERE {held} \
                 ORDER BY h.found_on, h.position LIMIT {} OFFSET {}",
                page.size,
                page.offset()
            );
            let rows = all(connection, &sql, params_from_iter(conditions.values()), hazard)?;
            Ok(Paged::of(rows, page, total))
        })
    }
}

pub(super) fn open_of(connection: &Connection, number: u64) -> Result<Vec<HazardView>, ViewsError> {
    let sql = "SELECT h.*, p.address, p.subdistrict FROM open_hazards h JOIN premises p ON p.number = h.number \
               WHERE h.number = ?1 ORDER BY h.found_on, h.position";
    all(connection, sql, [number], hazard)
}

fn hazard(row: &Row<'_>) -> rusqlite::Result<HazardView> {
    Ok(HazardView {
        premises: row.get("premises")?,
        address: row.get("address")?,
        subdistrict: row.get("subdistrict")?,
        hazard: row.get("hazard")?,
        indicator: row.get("indicator")?,
        severity: row.get("severity")?,
        works: row.get("works")?,
        competent: row.get("competent")?,
        source: row.get("source")?,
        suspected: row.get("suspected")?,
        determined: row.get("determined")?,
        document_number: row.get("document")?,
        points: row.get("points")?,
        caused_by: row.get("caused_by")?,
        found_by: row.get("found_by")?,
        stage: row.get("stage")?,
        found_on: day(row, "found_on")?,
        confirmed_on: day_if_any(row, "confirmed_on")?,
        accepted_on: day_if_any(row, "accepted_on")?,
        closed_on: day_if_any(row, "closed_on")?,
        closed_how: row.get("closed_how")?,
        position: row.get("position")?,
    })
}
