//! One row of Toronto's evaluations since 2023: its cells as they stand, and what they say.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use chrono::NaiveDate;
use wuping_domain::outcome::Outcome;
use wuping_domain::premises::Register;
use wuping_domain::rulebook::Rulebook;
use wuping_replay::published::SINCE2023_COLUMNS;

use crate::import::registered::building;

/// What identifies a row in every publication.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct RowKey {
    /// The building's number.
    pub(super) rsn: String,
    /// The year it was evaluated for.
    pub(super) year: String,
    /// Which of several of that building and year, from 0.
    pub(super) dup: String,
}

impl RowKey {
    /// `4153630-2024-0`.
    pub(super) fn text(&self) -> String {
        format!("{}-{}-{}", self.rsn, self.year, self.dup)
    }

    /// The key of its assessment, `2024-0`.
    pub(super) fn assessment(&self) -> String {
        format!("{}-{}", self.year, self.dup)
    }

    /// The stream of its premises.
    pub(super) fn premises(&self) -> String {
        format!("premises/toronto-{}", self.rsn)
    }
}

/// The cells of a row in the publisher's order, with the blanks they were published with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Cells(pub(super) Vec<String>);

impl Cells {
    /// A cell as it stands.
    pub(super) fn raw(&self, column: &str) -> &str {
        place_of(column).and_then(|place| self.0.get(place)).map_or("", String::as_str)
    }

    /// A cell without the blanks around it.
    pub(super) fn cell(&self, column: &str) -> &str {
        self.raw(column).trim()
    }

    /// The day the evaluation was completed; some rows have none.
    pub(super) fn completed_on(&self) -> Option<NaiveDate> {
        self.cell("EVALUATION COMPLETED ON").parse().ok()
    }

    /// Points that open violations take off: the reactive score without its sign.
    pub(super) fn deducted(&self) -> u64 {
        self.cell("CURRENT REACTIVE SCORE").trim_start_matches('-').parse().unwrap_or_default()
    }

    /// One outcome for each indicator of the rulebook.
    pub(super) fn outcomes(&self, rulebook: &Rulebook) -> BTreeMap<String, Outcome> {
        let indicators = rulebook.scheme.indicators.iter();
        indicators
            .filter_map(|indicator| {
                let column = indicator.column.as_deref()?;
                Some((indicator.id.clone(), outcome(self.cell(column))))
            })
            .collect()
    }

    /// What is registered of the building.
    pub(super) fn register(&self, rsn: &str) -> Register {
        let count = |column| self.cell(column).parse().ok();
        let ward = self.cell("WARDNAME");
        Register {
            codes: BTreeMap::from([("rsn".to_owned(), rsn.to_owned())]),
            subdistrict: ward.to_owned(),
            community: ward.to_owned(),
            grid_cell: self.cell("GRID").to_owned(),
            storeys: count("CONFIRMED STOREYS"),
            units: count("CONFIRMED UNITS"),
            year_built: count("YEAR BUILT"),
            tenure: Some(self.cell("PROPERTY TYPE").to_owned()).filter(|tenure| !tenure.is_empty()),
            ..building(self.cell("SITE ADDRESS").to_owned())
        }
    }

    /// Latitude and longitude, where the row has them.
    pub(super) fn coordinates(&self) -> Option<String> {
        let (latitude, longitude) = (self.cell("LATITUDE"), self.cell("LONGITUDE"));
        (!latitude.is_empty() && !longitude.is_empty()).then(|| format!("{latitude},{longitude}"))
    }

    /// The places of the cells in which another row differs.
    pub(super) fn differences(&self, other: &Self) -> Vec<usize> {
        let pairs = self.0.iter().zip(&other.0).enumerate();
        pairs.filter(|(_, (one, other))| one != other).map(|(place, _)| place).collect()
    }

    /// Whether another row has the same results and scores, whatever else differs.
    pub(super) fn scores_as(&self, other: &Self) -> bool {
        let scored = place_of("CURRENT BUILDING EVAL SCORE").zip(place_of("GRID"));
        scored.is_some_and(|(from, to)| self.0.get(from..to) == other.0.get(from..to))
    }

    /// The first cell that is not as the publisher writes it: its column, and what is wrong.
    pub(super) fn fault(&self, rulebook: &Rulebook) -> Option<(&'static str, String)> {
        SINCE2023_COLUMNS.iter().zip(&self.0).find_map(|(column, cell)| {
            let cell = cell.trim();
            let fault = match *column {
                "RSN" | "YEAR EVALUATED" | "WARD" => number(cell),
                "WARDNAME" | "SITE ADDRESS" if cell.is_empty() => {
                    Some("the cell is empty and must not be".to_owned())
                }
                "CONFIRMED STOREYS" | "CONFIRMED UNITS" | "YEAR BUILT" if !cell.is_empty() => {
                    let count = cell.parse::<u32>().err();
                    count.map(|_| format!("“{cell}” is no whole number; write one or leave it empty"))
                }
                "EVALUATION COMPLETED ON" if !cell.is_empty() => {
                    let day = cell.parse::<NaiveDate>().err();
                    day.map(|_| format!("“{cell}” is no day; write it as 2026-05-15, or leave it empty"))
                }
                "CURRENT BUILDING EVAL SCORE" | "PROACTIVE BUILDING SCORE" if !cell.is_empty() => {
                    let none = thousandths(cell).is_none();
                    none.then(|| {
                        format!("“{cell}” is no score; write a number such as 87, or leave it empty")
                    })
                }
                "CURRENT REACTIVE SCORE" if !cell.is_empty() => {
                    let points = cell.parse::<i32>().is_ok_and(|points| points <= 0);
                    (!points).then(|| format!("“{cell}” takes no whole points off; write 0, -1, -2 …"))
                }
                _ => None,
            };
            let level = || {
                let level = matches!(cell, "" | "N/A" | "0" | "1" | "2" | "3");
                (!level && is_indicator(rulebook, column))
                    .then(|| format!("“{cell}” is no result; write 0 to 3, or N/A"))
            };
            fault.or_else(level).map(|fault| (*column, fault))
        })
    }
}

/// The indicator of a column.
pub(super) fn indicator_of<'a>(rulebook: &'a Rulebook, column: &str) -> Option<&'a str> {
    let mut indicators = rulebook.scheme.indicators.iter();
    indicators.find(|of| of.column.as_deref() == Some(column)).map(|of| of.id.as_str())
}

/// What a cell of an indicator says.
pub(super) fn outcome(cell: &str) -> Outcome {
    match cell {
        "" | "N/A" => Outcome::NotApplicable,
        level => Outcome::row(level),
    }
}

/// A decimal number of at most three decimals, in thousandths.
pub(super) fn thousandths(text: &str) -> Option<i64> {
    decimal(text, 3)
}

/// Whether two cells say the same: blanks around a value, or coordinates that drift by less
/// than about ten metres, which is within the building.
pub(super) fn same_value(column: &str, one: &str, other: &str) -> bool {
    let (one, other) = (one.trim(), other.trim());
    let ten_metres = match column {
        "LATITUDE" | "LONGITUDE" => 1_000_000,
        "X" | "Y" => 100_000_000_000,
        _ => return one == other,
    };
    let apart = decimal(one, 10).zip(decimal(other, 10)).map(|(one, other)| one.abs_diff(other));
    one == other || apart.is_some_and(|apart| apart < ten_metres)
}

/// A decimal number in units of its last allowed decimal.
fn decimal(text: &str, decimals: usize) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let only_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !only_digits(whole) || !only_digits(part) || part.len() > decimals {
        return None;
    }
    let number = format!("{whole}{part:0<decimals$}").parse::<i64>().ok()?;
    Some(if negative { -number } else { number })
}

fn is_indicator(rulebook: &Rulebook, column: &str) -> bool {
    indicator_of(rulebook, column).is_some()
}

fn number(cell: &str) -> Option<String> {
    let number = !cell.is_empty() && cell.len() <= 18 && cell.bytes().all(|byte| byte.is_ascii_digit());
    (!number).then(|| format!("“{cell}” is no whole number, which is needed here"))
}

fn place_of(column: &str) -> Option<usize> {
    static PLACES: LazyLock<HashMap<&str, usize>> = LazyLock::new(|| {
        SINCE2023_COLUMNS.iter().enumerate().map(|(place, column)| (*column, place)).collect()
    });
    PLACES.get(column).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_read_exactly() {
        assert_eq!(thousandths("81.1"), Some(81_100));
        assert_eq!(thousandths("-4"), Some(-4_000));
        for text in ["", "-", "1.", ".5", "1e3", "1.2345", "+3", "x"] {
            assert_eq!(thousandths(text), None, "{text}");
        }
    }

    #[test]
    fn what_drifts_within_the_building_is_the_same_value() {
        assert!(same_value("LATITUDE", "43.6748716677", "43.674871668"));
        assert!(!same_value("LATITUDE", "43.6748716677", "43.6758716677"));
        assert!(!same_value("X", "", "322566.439") && same_value("X", "322566.439", "322566.44"));
        assert!(same_value("WINDOWS", "3", " 3") && !same_value("WINDOWS", "3", "2"));
    }
}
