//! Credit files by party, and what the public credit platform has not taken yet.

use chrono::NaiveDate;
use rusqlite::Row;
use serde::Serialize;

use super::{Page, Paged, all, count, day, day_if_any, first};
use crate::error::ViewsError;
use crate::pool::Views;

/// A credit file as the list shows it. The party's name is not here: it is private.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CreditLine {
    /// The party.
    pub party: String,
    /// `enterprise` or `person`.
    pub kind: String,
    /// The party that goes on in its place.
    pub merged_into: Option<String>,
    /// Number of the newest rating.
    pub rating: Option<u64>,
    /// The day of it.
    pub rated_on: Option<NaiveDate>,
    /// The class by grades and conduct.
    pub proposed: Option<String>,
    /// The class shown.
    pub shown: Option<String>,
    /// The class that may be published.
    pub published_class: Option<String>,
    /// Months between inspections.
    pub inspection_months: Option<u32>,
    /// Whether the lowest class waits for a named person.
    pub waits_for_confirmer: bool,
    /// Graded premises that it answered for then.
    pub premises: u64,
    /// Records of conduct, ended ones included.
    pub conduct: u64,
    /// Objections that nobody has decided.
    pub objections: u64,
    /// Requests for repair that nobody has decided.
    pub repairs: u64,
    /// What is public.
    pub published: u64,
    /// Reports and recalls that the platform has not taken yet.
    pub outbox: u64,
}

/// What waits in the outbox.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutboxLine {
    /// The party.
    pub party: String,
    /// Number of the report in its file.
    pub report: u64,
    /// `class` or `conduct`.
    pub what: String,
    /// Number of the rating or the record.
    pub number: u64,
    /// The class, where it is one.
    pub class: Option<String>,
    /// When it was reported.
    pub reported_on: NaiveDate,
    /// Until when it is public, not included.
    pub until: Option<NaiveDate>,
    /// When the platform took it.
    pub acknowledged_on: Option<NaiveDate>,
    /// When it was recalled.
    pub recalled_on: Option<NaiveDate>,
    /// Why.
    pub recalled_why: Option<String>,
    /// When the platform took the recall.
    pub recall_acknowledged_on: Option<NaiveDate>,
    /// Position of the report.
    pub position: u64,
}

/// Something of a credit file that is public. The party's name is not here: it is private.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PublishedLine {
    /// The party.
    pub party: String,
    /// Its unified social credit code, where it is registered.
    pub uscc: Option<String>,
    /// `class` or `conduct`.
    pub what: String,
    /// Number of the rating or the record.
    pub number: u64,
    /// The class, where it is one.
    pub class: Option<String>,
    /// The kind of conduct, where it is one.
    pub conduct: Option<String>,
    /// Since when.
    pub published_on: NaiveDate,
    /// Until when, not included; none of a class.
    pub until: Option<NaiveDate>,
    /// Since when an objection to it is open.
    pub objected_on: Option<NaiveDate>,
    /// Position of the publication.
    pub position: u64,
}

/// Which credit files.
#[derive(Clone, Debug, Default)]
pub struct CreditFilter {
    /// Of this class shown.
    pub class: Option<String>,
    /// Those for which somebody has to do something.
    pub waiting: bool,
}

impl Views {
    /// Credit files: those that wait for somebody first, then the lowest class first.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn credit_files(&self, filter: &CreditFilter, page: Page) -> Result<Paged<CreditLine>, ViewsError> {
        let held =
            "(?1 IS NULL OR f.shown = ?1) AND (?2 = 0 OR waits_for_confirmer + objections + repairs + \
                    (SELECT count(*) FROM credit_outbox o WHERE o.party = f.party AND WAITING) > 0)"
                .replace("WAITING", WAITING);
        self.read(|connection| {
            let sql = format!("SELECT count(*) FROM credit_files f WHERE {held}");
            let total = count(connection, &sql, (&filter.class, filter.waiting))?;
            let sql = format!(
                "SELECT f.*, (SELECT count(*) FROM credit_outbox o WHERE o.party = f.party AND {WAITING}) AS outbox \
                 FROM credit_files f WHERE {held} ORDER BY waits_for_confirmer + objections + repairs > 0 DESC, \
                 shown DESC, party LIMIT ?3 OFFSET ?4"
            );
            let values = (&filter.class, filter.waiting, page.size, page.offset());
            Ok(Paged::of(all(connection, &sql, values, line)?, page, total))
        })
    }

    /// One credit file.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn credit_file(&self, party: &str) -> Result<Option<CreditLine>, ViewsError> {
        let sql = format!(
            "SELECT f.*, (SELECT count(*) FROM credit_outbox o WHERE o.party = f.party AND {WAITING}) AS outbox \
             FROM credit_files f WHERE party = ?1"
        );
        self.read(|connection| first(connection, &sql, [party], line))
    }

    /// What of credit files is public on a day, what was published last first. What is over on that day is left out at once, before
    /// its end is recorded.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn credit_published(&self, on: NaiveDate, page: Page) -> Result<Paged<PublishedLine>, ViewsError> {
        let held = "(c.until IS NULL OR c.until > ?1)";
        self.read(|connection| {
            let on = on.to_string();
            let sql = format!("SELECT count(*) FROM credit_published c WHERE {held}");
            let total = count(connection, &sql, [&on])?;
            let sql = format!(
                "SELECT c.*, f.uscc AS uscc FROM credit_published c LEFT JOIN credit_files f ON f.party = c.party \
                 WHERE {held} ORDER BY c.published_on DESC, c.party, c.what, c.number LIMIT ?2 OFFSET ?3"
            );
            let rows = all(connection, &sql, (&on, page.size, page.offset()), published)?;
            Ok(Paged::of(rows, page, total))
        })
    }

    /// What the public credit platform has not taken yet, the oldest first.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn credit_outbox(&self, page: Page) -> Result<Paged<OutboxLine>, ViewsError> {
        self.read(|connection| {
            let sql = format!("SELECT count(*) FROM credit_outbox o WHERE {WAITING}");
            let total = count(connection, &sql, [])?;
            let sql = format!(
                "SELECT * FROM credit_outbox o WHERE {WAITING} ORDER BY position, report LIMIT ?1 OFFSET ?2"
            );
            Ok(Paged::of(all(connection, &sql, (page.size, page.offset()), outbox)?, page, total))
        })
    }
}

fn line(row: &Row<'_>) -> rusqlite::Result<CreditLine> {
    Ok(CreditLine {
        party: row.get("party")?,
        kind: row.get("kind")?,
        merged_into: row.get("merged_into")?,
        rating: row.get("rating")?,
        rated_on: day_if_any(row, "rated_on")?,
        proposed: row.get("proposed")?,
        shown: row.get("shown")?,
        published_class: row.get("published_class")?,
        inspection_months: row.get("inspection_months")?,
        waits_for_confirmer: row.get("waits_for_confirmer")?,
        premises: row.get("premises")?,
        conduct: row.get("conduct")?,
        objections: row.get("objections")?,
        repairs: row.get("repairs")?,
        published: row.get("published")?,
        outbox: row.get("outbox")?,
    })
}

fn outbox(row: &Row<'_>) -> rusqlite::Result<OutboxLine> {
    Ok(OutboxLine {
        party: row.get("party")?,
        report: row.get("report")?,
        what: row.get("what")?,
        number: row.get("number")?,
        class: row.get("class")?,
        reported_on: day(row, "reported_on")?,
        until: day_if_any(row, "until")?,
        acknowledged_on: day_if_any(row, "acknowledged_on")?,
        recalled_on: day_if_any(row, "recalled_on")?,
        recalled_why: row.get("recalled_why")?,
        recall_acknowledged_on: day_if_any(row, "recall_acknowledged_on")?,
        position: row.get("position")?,
    })
}

fn published(row: &Row<'_>) -> rusqlite::Result<PublishedLine> {
    Ok(PublishedLine {
        party: row.get("party")?,
        uscc: row.get("uscc")?,
        what: row.get("what")?,
        number: row.get("number")?,
        class: row.get("class")?,
        conduct: row.get("conduct")?,
        published_on: day(row, "published_on")?,
        until: day_if_any(row, "until")?,
        objected_on: day_if_any(row, "objected_on")?,
        position: row.get("position")?,
    })
}

/// What the platform has not taken: a report, or its recall.
const WAITING: &str = "(o.acknowledged_on IS NULL AND o.recalled_on IS NULL \
    OR o.recalled_on IS NOT NULL AND o.recall_acknowledged_on IS NULL)";
