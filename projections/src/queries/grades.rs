//! Grades: of one premises now, its whole history, and who waits for a confirmation.

use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::{Connection, Row};
use serde::Serialize;
use wuping_domain::derivation::SchemeRef;

use super::premises::{LINE, PremisesLine, read_line};
use super::{Page, Paged, all, count, day, day_if_any, first, parsed};
use crate::error::ViewsError;
use crate::pool::Views;

/// The grade of premises.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GradeView {
    /// What binds and is public.
    pub in_force: Option<ResultView>,
    /// The newest determination; `day` is that of the determination.
    pub latest: Option<ResultView>,
    /// Whether the newest determination lowers to strict or prohibited.
    pub adverse: bool,
    /// What the newest determination waits for: `invitation`, `statement` (or the end of its period), `consideration`,
    /// `confirmation`. None once it binds or was refused.
    pub waiting_for: Option<String>,
    /// The day the party was served with the invitation to make a statement.
    pub invited_on: Option<NaiveDate>,
    /// The day the statement was made.
    pub statement_on: Option<NaiveDate>,
    /// The day it was considered.
    pub considered_on: Option<NaiveDate>,
    /// Whether the newest result is public.
    pub published: bool,
    /// The prohibition of letting in force.
    pub prohibition: Option<ProhibitionView>,
}

/// A result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ResultView {
    /// Number of the determination on these premises.
    pub determination: u64,
    /// The assessment it came from.
    pub assessment: String,
    /// The day of that assessment.
    pub assessed_on: NaiveDate,
    /// From which day it binds; of the newest determination the day it was made.
    pub day: NaiveDate,
    /// 0 to 100.
    pub score: u64,
    /// 5 to 0, where the scheme has stars.
    pub star: Option<u8>,
    /// The grade's id.
    pub grade: Option<String>,
    /// The rulebook's own word for the band.
    pub band: String,
    /// The management level.
    pub management_level: Option<String>,
    /// Its colour.
    pub color: Option<String>,
    /// Position of the determination.
    pub position: u64,
    /// The rulebook it was computed under.
    pub rulebook: SchemeRef,
}

/// A prohibition of letting.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProhibitionView {
    /// Its ground in law.
    pub ground: String,
    /// The authority that issued it.
    pub authority: String,
    /// `no_new_letting` or `vacate`.
    pub scope: String,
    /// Number of the decision.
    pub document_number: String,
    /// Since when.
    pub from: Option<NaiveDate>,
}

/// A line of the history of a grade, newest first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HistoryLine {
    /// Position of the entry.
    pub position: u64,
    /// When the ledger took it.
    pub recorded_at: DateTime<Utc>,
    /// `determined`; `in_force` and `none_in_force` where another entry changed what binds; `refused`, `prohibited`,
    /// `prohibition_lifted`.
    pub kind: String,
    /// Whether what the line shows came into force by it.
    pub in_force: bool,
    /// The day from which it holds.
    pub effective_from: Option<NaiveDate>,
    /// What the line shows; none where nothing is in force any more and for prohibitions.
    pub result: Option<ResultView>,
    /// What gave rise to it: the policy's trigger, or `confirmed`, `published` …
    pub trigger: Option<String>,
    /// `first`, `up`, `down`, `same` of a determination.
    pub direction: Option<String>,
}

/// Premises whose newest determination waits for a person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WaitingLine {
    /// The premises, with what is in force.
    pub premises: PremisesLine,
    /// The grade.
    pub grade: GradeView,
}

impl Views {
    /// All that was determined about a grade, and every other change of what binds, newest first.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn grade_history(&self, id: &str) -> Result<Vec<HistoryLine>, ViewsError> {
        self.read(|connection| {
            let sql = "SELECT h.* FROM premises p JOIN grade_history h ON h.number = p.number \
                       WHERE p.premises = ?1 ORDER BY h.position DESC";
            all(connection, sql, [id], history_line)
        })
    }

    /// Determinations that wait for an invitation, a statement, its consideration or a confirmer, oldest first.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn waiting_confirmations(&self, page: Page) -> Result<Paged<WaitingLine>, ViewsError> {
        self.read(|connection| {
            let total =
                count(connection, "SELECT count(*) FROM current_grades WHERE waiting_for IS NOT NULL", [])?;
            let sql = "SELECT number FROM current_grades WHERE waiting_for IS NOT NULL \
                       ORDER BY latest_determined_on, number LIMIT ?1 OFFSET ?2";
            let numbers: Vec<u64> = all(connection, sql, (page.size, page.offset()), |row| row.get(0))?;
            let mut rows = Vec::with_capacity(numbers.len());
            for number in numbers {
                let line = first(connection, &format!("{LINE} WHERE p.number = ?1"), [number], read_line)?;
                if let Some((premises, grade)) = line.zip(of(connection, number)?) {
                    rows.push(WaitingLine { premises, grade });
                }
            }
            Ok(Paged::of(rows, page, total))
        })
    }
}

pub(super) fn of(connection: &Connection, number: u64) -> Result<Option<GradeView>, ViewsError> {
    first(connection, "SELECT * FROM current_grades WHERE number = ?1", [number], |row| {
        Ok(GradeView {
            in_force: result(row, "", "effective_from")?,
            latest: result(row, "latest_", "latest_determined_on")?,
            adverse: row.get("adverse")?,
            waiting_for: row.get("waiting_for")?,
            invited_on: day_if_any(row, "invited_on")?,
            statement_on: day_if_any(row, "statement_on")?,
            considered_on: day_if_any(row, "considered_on")?,
            published: row.get("published")?,
            prohibition: prohibition(row)?,
        })
    })
}

fn result(row: &Row<'_>, before: &str, day_column: &str) -> rusqlite::Result<Option<ResultView>> {
    let column = |name: &str| format!("{before}{name}");
    let Some(determination) = row.get(column("determination").as_str())? else { return Ok(None) };
    Ok(Some(ResultView {
        determination,
        assessment: row.get(column("assessment").as_str())?,
        assessed_on: day(row, &column("assessed_on"))?,
        day: day(row, day_column)?,
        score: row.get(column("score").as_str())?,
        star: row.get(column("star").as_str())?,
        grade: row.get(column("grade").as_str())?,
        band: row.get(column("band").as_str())?,
        management_level: row.get(column("management_level").as_str())?,
        color: row.get(column("color").as_str())?,
        position: row.get(column("position").as_str())?,
        rulebook: SchemeRef {
            id: row.get(column("rulebook").as_str())?,
            sha256: row.get(column("rulebook_sha256").as_str())?,
        },
    }))
}

fn prohibition(row: &Row<'_>) -> rusqlite::Result<Option<ProhibitionView>> {
    let Some(ground) = row.get("prohibition_ground")? else { return Ok(None) };
    Ok(Some(ProhibitionView {
        ground,
        authority: row.get("prohibition_authority")?,
        scope: row.get("prohibition_scope")?,
        document_number: row.get("prohibition_document")?,
        from: day_if_any(row, "prohibited_from")?,
    }))
}

fn history_line(row: &Row<'_>) -> rusqlite::Result<HistoryLine> {
    Ok(HistoryLine {
        position: row.get("position")?,
        recorded_at: parsed(row.get::<_, String>("recorded_at")?.parse())?,
        kind: row.get("kind")?,
        in_force: row.get("in_force")?,
        effective_from: day_if_any(row, "effective_from")?,
        result: result(row, "", "effective_from")?,
        trigger: row.get("trigger")?,
        direction: row.get("direction")?,
    })
}
