//! Sheet: the grades in force of an area as one list, named by its digest and the position it was made at. It hangs on a
//! notice board and lies before a joint meeting; the same list comes out of views that were made anew up to that position.

use chrono::NaiveDate;
use rusqlite::params_from_iter;
use serde::Serialize;
use wuping_domain::rulebook::Layer;
use wuping_ledger::encoding::{hex_encode, sha256};
use wuping_ledger::jcs;

use super::conditions::Conditions;
use super::premises::{LINE, PremisesLine, read_line};
use super::{Page, Paged, all, count, day_if_any};
use crate::error::ViewsError;
use crate::file::progress;
use crate::pool::Views;

/// A list of grades as it is printed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sheet {
    /// A subdistrict or community; the whole district where none.
    pub area: Option<String>,
    /// The last entry of the ledger that it takes in.
    pub at: u64,
    /// The premises, by address.
    pub lines: Vec<SheetLine>,
    /// SHA-256 over the JCS of `area` and `lines`, lower-case hex.
    pub sha256: String,
}

/// Premises on a sheet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SheetLine {
    /// Their id.
    pub id: String,
    /// The address.
    pub address: String,
    /// Estate, building or unit.
    pub layer: Layer,
    /// 5 to 0, where the scheme has stars.
    pub star: Option<u8>,
    /// The management level, where it has levels.
    pub management_level: Option<String>,
    /// The first day on which the grade holds, `2026-03-09`.
    pub since: Option<String>,
    /// Whether letting is prohibited by a ban of their own; a building's stands on its own line.
    pub prohibited: bool,
}

/// Premises by what a campaign looks for.
#[derive(Clone, Debug, Default)]
pub struct Looked {
    /// A subdistrict or community.
    pub area: Option<String>,
    /// Estates, buildings or units.
    pub layer: Option<Layer>,
    /// Management levels in force; any where none is named.
    pub levels: Vec<String>,
    /// Indicators of which a hazard is open; none is asked for where none is named.
    pub hazards: Vec<String>,
    /// Only where nobody lives, or only where somebody does.
    pub vacant: Option<bool>,
}

/// A plaque that does not hang as it should.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlaqueLine {
    /// The premises.
    pub premises: PremisesLine,
    /// The star that the grade plaque shows; none where none hangs.
    pub shows: Option<u8>,
    /// Whether the supervision plaque hangs.
    pub supervision_hangs: bool,
    /// Whether it should.
    pub supervision_due: bool,
    /// The day on which the grade plaque that hung was found gone; none where one hangs or none ever did.
    pub missing_since: Option<NaiveDate>,
    /// The same of the supervision plaque.
    pub supervision_missing_since: Option<NaiveDate>,
    /// Whether something there is before an organ or court, so that the grade may be suspended.
    pub disputed: bool,
}

impl Views {
    /// Open premises whose plaques are not as the grade in force asks for: one to hang, to replace or to take down. `supervised`
    /// are the levels that ask for a supervision plaque.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn plaques_due(
        &self,
        area: Option<&str>,
        supervised: &[String],
        page: Page,
    ) -> Result<Paged<PlaqueLine>, ViewsError> {
        let levels = serde_json::to_string(supervised)
            .map_err(|source| ViewsError::Unread { what: "list of levels", source })?;
        let due = "coalesce(g.management_level IN (SELECT value FROM json_each(?)), 0)";
        let shown = Conditions::of("p.closed_on IS NULL")
            .with("? IN (p.subdistrict, p.community)", area.map(str::to_owned))
            .with(&format!("(g.plaque_shows IS NOT g.star OR g.supervision_hangs <> {due})"), Some(levels));
        self.read(|connection| {
            let from = "premises p JOIN current_grades g ON g.number = p.number";
            let total = format!("SELECT count(*) FROM {from} WHERE {}", shown.sql());
            let total = count(connection, &total, params_from_iter(shown.values()))?;
            let line = LINE.replacen("SELECT ", &format!("{PLAQUES}, {DISPUTED}, "), 1);
            let sql = format!(
                "{line} WHERE {} ORDER BY p.address, p.number LIMIT {} OFFSET {}",
                shown.sql(),
                page.size,
                page.offset()
            );
            let rows = all(connection, &sql, params_from_iter(shown.values()), |row| {
                let premises = read_line(row)?;
                let supervision_due =
                    premises.management_level.as_ref().is_some_and(|level| supervised.contains(level));
                Ok(PlaqueLine {
                    premises,
                    shows: row.get("plaque_shows")?,
                    supervision_hangs: row.get("supervision_hangs")?,
                    supervision_due,
                    missing_since: day_if_any(row, "plaque_missing_since")?,
                    supervision_missing_since: day_if_any(row, "supervision_missing_since")?,
                    disputed: row.get("disputed")?,
                })
            })?;
            Ok(Paged::of(rows, page, total))
        })
    }

    /// The grades in force of an area as of now.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn sheet(&self, area: Option<&str>) -> Result<Sheet, ViewsError> {
        let shown = Conditions::of("p.closed_on IS NULL AND g.determination IS NOT NULL")
            .with("? IN (p.subdistrict, p.community)", area.map(str::to_owned));
        self.read(|connection| {
            let sql = format!("{LINE} WHERE {} ORDER BY p.address, p.number", shown.sql());
            let lines = all(connection, &sql, params_from_iter(shown.values()), read_line)?;
            let lines: Vec<SheetLine> = lines.into_iter().map(SheetLine::from).collect();
            let at = progress(connection)?.position().unwrap_or_default();
            let named = serde_json::json!({ "area": area, "lines": lines });
            let written = jcs::canonical(&named)
                .map_err(|refusal| ViewsError::Outdated { why: refusal.to_string() })?;
            Ok(Sheet { area: area.map(str::to_owned), at, lines, sha256: hex_encode(&sha256(&written)) })
        })
    }

    /// The open premises that a campaign's filter chooses, by address; no more than [`CHOSEN_MAX`].
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn chosen(&self, looked: &Looked) -> Result<Vec<PremisesLine>, ViewsError> {
        let any = |condition: &'static str, values: &[String]| {
            values.iter().map(|value| (condition.to_owned(), vec![value.clone().into()])).collect::<Vec<_>>()
        };
        let mut shown = Conditions::of("p.closed_on IS NULL")
            .with("? IN (p.subdistrict, p.community)", looked.area.clone())
            .with("p.layer = ?", looked.layer.map(|layer| layer.to_string()))
            .with("p.vacant = ?", looked.vacant.map(i64::from));
        if !looked.levels.is_empty() {
            shown = shown.any(any("g.management_level = ?", &looked.levels));
        }
        if !looked.hazards.is_empty() {
            let open = "EXISTS (SELECT 1 FROM open_hazards h WHERE h.number = p.number AND h.indicator = ?)";
            shown = shown.any(any(open, &looked.hazards));
        }
        self.read(|connection| {
            let sql = format!("{LINE} WHERE {} ORDER BY p.address, p.number LIMIT {CHOSEN_MAX}", shown.sql());
            all(connection, &sql, params_from_iter(shown.values()), read_line)
        })
    }
}

impl From<PremisesLine> for SheetLine {
    fn from(line: PremisesLine) -> Self {
        Self {
            id: line.id,
            address: line.address,
            layer: line.layer,
            star: line.star,
            management_level: line.management_level,
            since: line.effective_from.map(|since| since.to_string()),
            prohibited: line.bans.iter().any(|ban| ban.of == line.layer),
        }
    }
}

/// Whether a dispute about something there has not ended.
const DISPUTED: &str =
    "EXISTS (SELECT 1 FROM matters_at_hand d WHERE d.number = p.number AND d.kind = 'dispute') AS disputed";

/// How many premises a campaign takes in at most: what fits into one entry of the ledger.
pub const CHOSEN_MAX: usize = 500;

const PLAQUES: &str =
    "SELECT g.plaque_shows, g.supervision_hangs, g.plaque_missing_since, g.supervision_missing_since";
