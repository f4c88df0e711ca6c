//! Undertakings: measures, listings, boards, associations, campaigns and meetings, by kind.

use chrono::NaiveDate;
use rusqlite::{Row, params_from_iter};
use serde::Serialize;
use serde_json::Value;

use super::conditions::Conditions;
use super::{Page, Paged, all, count, day, day_if_any, first, json};
use crate::error::ViewsError;
use crate::pool::Views;

/// Which undertakings.
#[derive(Clone, Debug, Default)]
pub struct UndertakingFilter {
    /// `measure`, `listing`, `board`, `association`, `campaign`, `meeting`.
    pub kind: Option<String>,
    /// How far they are.
    pub stage: Option<String>,
    /// A subdistrict or community: that of the undertaking itself, or of its premises.
    pub area: Option<String>,
    /// Of these premises.
    pub premises: Option<String>,
}

/// An undertaking as its events left it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UndertakingView {
    /// Its stream.
    pub stream: String,
    /// Which kind.
    pub kind: String,
    /// Its premises, where it lies under some.
    pub premises: Option<String>,
    /// Their address.
    pub address: Option<String>,
    /// The party it is addressed to.
    pub party: Option<String>,
    /// The subdistrict or community it is of.
    pub area: Option<String>,
    /// How far it is.
    pub stage: String,
    /// The first day that it has to keep.
    pub due: Option<NaiveDate>,
    /// Position of its first entry.
    pub opened_at: u64,
    /// Position of its last.
    pub changed_at: u64,
    /// The day from which that holds.
    pub changed_on: NaiveDate,
    /// All that is public of it.
    pub state: Value,
}

impl Views {
    /// Undertakings: those with a day first, the earliest before, then those that changed last.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn undertakings(
        &self,
        filter: &UndertakingFilter,
        page: Page,
    ) -> Result<Paged<UndertakingView>, ViewsError> {
        self.listed(Self::conditions(filter), "u.due IS NULL, u.due, u.changed_at DESC", page)
    }

    /// Vacant units that are shown to the public, those shown last first. One under a ban, its own or its building's, is left
    /// out at once, before its listing says so.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn vacancies(&self, area: Option<&str>, page: Page) -> Result<Paged<UndertakingView>, ViewsError> {
        let filter = UndertakingFilter {
            kind: Some("listing".to_owned()),
            stage: Some("published".to_owned()),
            area: area.map(str::to_owned),
            premises: None,
        };
        let free = "NOT EXISTS (SELECT 1 FROM current_grades g WHERE g.prohibition_ground IS NOT NULL \
                    AND (g.premises = p.premises OR g.premises = p.parent AND g.prohibition_number IS NOT \
                    (SELECT s.spared_ban FROM current_grades s WHERE s.number = p.number)))";
        self.listed(Self::conditions(&filter).when(true, free), "u.changed_at DESC", page)
    }

    /// The undertaking of a stream.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn undertaking(&self, stream: &str) -> Result<Option<UndertakingView>, ViewsError> {
        self.read(|connection| first(connection, &format!("{SELECT} WHERE u.stream = ?1"), [stream], view))
    }

    fn conditions(filter: &UndertakingFilter) -> Conditions {
        let text = |value: &Option<String>| value.clone();
        let conditions = Conditions::of("1 = 1")
            .with("u.kind = ?", text(&filter.kind))
            .with("u.stage = ?", text(&filter.stage))
            .with("u.premises = ?", text(&filter.premises));
        conditions.with("? IN (u.area, p.subdistrict, p.community)", text(&filter.area))
    }

    fn listed(
        &self,
        shown: Conditions,
        order: &str,
        page: Page,
    ) -> Result<Paged<UndertakingView>, ViewsError> {
        self.read(|connection| {
            let total = format!("SELECT count(*) FROM {FROM} WHERE {}", shown.sql());
            let total = count(connection, &total, params_from_iter(shown.values()))?;
            let sql = format!(
                "{SELECT} WHERE {} ORDER BY {order}, u.stream LIMIT {} OFFSET {}",
                shown.sql(),
                page.size,
                page.offset()
            );
            let rows = all(connection, &sql, params_from_iter(shown.values()), view)?;
            Ok(Paged::of(rows, page, total))
        })
    }
}

fn view(row: &Row<'_>) -> rusqlite::Result<UndertakingView> {
    Ok(UndertakingView {
        stream: row.get("stream")?,
        kind: row.get("kind")?,
        premises: row.get("premises")?,
        address: row.get("address")?,
        party: row.get("party")?,
        area: row.get("area")?,
        stage: row.get("stage")?,
        due: day_if_any(row, "due")?,
        opened_at: row.get("opened_at")?,
        changed_at: row.get("changed_at")?,
        changed_on: day(row, "changed_on")?,
        state: json(row, "state")?,
    })
}

const FROM: &str = "undertakings u LEFT JOIN premises p ON p.premises = u.premises";
const SELECT: &str =
    "SELECT u.*, p.address AS address FROM undertakings u LEFT JOIN premises p ON p.premises = u.premises";
