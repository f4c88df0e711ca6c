//! Notice board: the graded premises of a subdistrict, and how many there are of each grade.

use rusqlite::params_from_iter;
use serde::Serialize;
use wuping_domain::rulebook::Layer;

use super::conditions::Conditions;
use super::premises::{LINE, PremisesLine, read_line};
use super::{Page, Paged, all, count, parsed};
use crate::error::ViewsError;
use crate::pool::Views;

/// Which premises of a board.
#[derive(Clone, Debug, Default)]
pub struct BoardFilter {
    /// Of this layer.
    pub layer: Option<Layer>,
    /// In this management level.
    pub management_level: Option<String>,
    /// In this band, by the rulebook's own word.
    pub band: Option<String>,
}

/// How many premises are counted alike.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CountLine {
    /// Subdistrict, or ward.
    pub subdistrict: String,
    /// Estate, building or unit.
    pub layer: Layer,
    /// Management level in force; none without a grade and in schemes without levels.
    pub management_level: Option<String>,
    /// Star in force.
    pub star: Option<u8>,
    /// The rulebook's own word; none without a grade in force.
    pub band: Option<String>,
    /// How many premises that are not closed.
    pub premises: u64,
}

/// A subdistrict with its numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SubdistrictLine {
    /// Its name.
    pub subdistrict: String,
    /// Premises that are not closed.
    pub premises: u64,
    /// Of these, with a grade in force.
    pub graded: u64,
}

impl Views {
    /// The board of a subdistrict, or of all: the open premises with a grade in force, by address.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn board(
        &self,
        subdistrict: Option<&str>,
        filter: &BoardFilter,
        page: Page,
    ) -> Result<Paged<PremisesLine>, ViewsError> {
        let layer = filter.layer.map(|layer| layer.to_string());
        let counted = Conditions::of("band <> ''")
            .with("subdistrict = ?", subdistrict.map(str::to_owned))
            .with("layer = ?", layer.clone())
            .with("management_level = ?", filter.management_level.clone())
            .with("band = ?", filter.band.clone());
        let shown = Conditions::of("p.closed_on IS NULL AND g.determination IS NOT NULL")
            .with("p.subdistrict = ?", subdistrict.map(str::to_owned))
            .with("p.layer = ?", layer)
            .with("g.management_level = ?", filter.management_level.clone())
            .with("g.band = ?", filter.band.clone());
        self.read(|connection| {
            let total = format!("SELECT sum(premises) FROM counts WHERE {}", counted.sql());
            let total = count(connection, &total, params_from_iter(counted.values()))?;
            let sql = format!(
                "{LINE} WHERE {} ORDER BY p.layer, p.address, p.number LIMIT {} OFFSET {}",
                shown.sql(),
                page.size,
                page.offset()
            );
            let rows = all(connection, &sql, params_from_iter(shown.values()), read_line)?;
            Ok(Paged::of(rows, page, total))
        })
    }

    /// All subdistricts with their numbers, by name.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn subdistricts(&self) -> Result<Vec<SubdistrictLine>, ViewsError> {
        let sql = "SELECT subdistrict, sum(premises), sum(iif(band = '', 0, premises)) FROM counts \
                   GROUP BY subdistrict ORDER BY subdistrict";
        self.read(|connection| {
            all(connection, sql, [], |row| {
                Ok(SubdistrictLine { subdistrict: row.get(0)?, premises: row.get(1)?, graded: row.get(2)? })
            })
        })
    }

    /// Open premises by subdistrict, layer and grade in force; of one subdistrict or of all.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn counts(&self, subdistrict: Option<&str>) -> Result<Vec<CountLine>, ViewsError> {
        let sql = "SELECT * FROM counts WHERE ?1 IS NULL OR subdistrict = ?1 \
                   ORDER BY subdistrict, layer, star DESC, management_level, band";
        self.read(|connection| {
            all(connection, sql, [subdistrict], |row| {
                let word = |column: &str| {
                    row.get::<_, String>(column).map(|word| (!word.is_empty()).then_some(word))
                };
                Ok(CountLine {
                    subdistrict: row.get("subdistrict")?,
                    layer: parsed(row.get::<_, String>("layer")?.parse())?,
                    management_level: word("management_level")?,
                    star: u8::try_from(row.get::<_, i64>("star")?).ok(),
                    band: word("band")?,
                    premises: row.get("premises")?,
                })
            })
        })
    }
}
