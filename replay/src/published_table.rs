//! The table of Toronto's evaluations since 2023 as one publication after another shows it, with what is told of each:
//! how many rows, how many with a deduction, the board of colour signs, and a digest of all cells.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use serde::Serialize;
use sha2::{Digest, Sha256};
use wuping_ledger::encoding::hex_encode;

use crate::published::SINCE2023_COLUMNS;

/// What a publication shows.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct State {
    /// Its number, from 0.
    pub publication: u64,
    /// The day it was published by.
    pub date: NaiveDate,
    /// How many rows.
    pub rows: u64,
    /// How many of them have points taken off.
    pub reactive_negative: u64,
    /// How many premises have which colour, each by its newest evaluation: green from 85, yellow from 70, red below.
    pub colours: BTreeMap<&'static str, u64>,
    /// SHA-256 of the rows: cells joined by U+001F in column order, rows sorted and joined by U+001E; lower-case hex.
    pub digest: String,
    /// Whether it is what the import received.
    pub as_received: bool,
}

/// Rows by what identifies them, each shown or not.
#[derive(Debug, Default)]
pub struct PublishedTable {
    held: HashMap<String, Held>,
    order: Vec<String>,
    /// The joined cells of every row that is shown, sorted, with how often they occur.
    shown: BTreeMap<String, u32>,
}

#[derive(Debug)]
struct Held {
    cells: Vec<String>,
    shown: bool,
}

impl PublishedTable {
    /// A table without rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Add a row that was never there, or do nothing and answer `None`.
    pub fn add(&mut self, row: &str, cells: Vec<String>) -> Option<()> {
        if self.held.contains_key(row) || cells.len() != SINCE2023_COLUMNS.len() {
            return None;
        }
        put(&mut self.shown, &cells);
        self.order.push(row.to_owned());
        self.held.insert(row.to_owned(), Held { cells, shown: true });
        Some(())
    }

    /// Take a row off that is shown; its cells are kept for when it comes back.
    pub fn hide(&mut self, row: &str) -> Option<()> {
        let held = self.held.get_mut(row).filter(|held| held.shown)?;
        held.shown = false;
        take(&mut self.shown, &held.cells);
        Some(())
    }

    /// Show a row again.
    pub fn show(&mut self, row: &str) -> Option<()> {
        let held = self.held.get_mut(row).filter(|held| !held.shown)?;
        held.shown = true;
        put(&mut self.shown, &held.cells);
        Some(())
    }

    /// Change cells of a row, each known by its place, from what must stand there to what is right.
    pub fn change(&mut self, row: &str, changes: &HashMap<usize, (&str, &str)>) -> Option<()> {
        let held = self.held.get_mut(row)?;
        if changes.iter().any(|(place, (old, _))| held.cells.get(*place).is_none_or(|cell| cell != old)) {
            return None;
        }
        if held.shown {
            take(&mut self.shown, &held.cells);
        }
        for (place, (_, new)) in changes {
            (*new).clone_into(held.cells.get_mut(*place)?);
        }
        if held.shown {
            put(&mut self.shown, &held.cells);
        }
        Some(())
    }

    /// The rows shown, in the order in which each was added.
    pub fn rows(&self) -> Vec<Vec<String>> {
        self.each().map(|(_, cells)| cells.to_vec()).collect()
    }

    /// What is told of the table at a publication.
    pub fn state(&self, publication: u64, date: NaiveDate) -> State {
        let reactive = place("CURRENT REACTIVE SCORE");
        let negative =
            |cells: &[String]| cells.get(reactive).is_some_and(|cell| cell.trim().starts_with('-'));
        State {
            publication,
            date,
            rows: self.size(),
            reactive_negative: counted(self.each().filter(|(_, cells)| negative(cells)).count()),
            colours: self.colours(),
            digest: self.digest(),
            as_received: true,
        }
    }

    /// How many rows are shown.
    pub fn size(&self) -> u64 {
        self.shown.values().map(|times| u64::from(*times)).sum()
    }

    /// SHA-256 of the rows shown.
    pub fn digest(&self) -> String {
        let mut digest = Sha256::new();
        let lines = self.shown.iter().flat_map(|(line, times)| (0..*times).map(move |_| line));
        for (n, line) in lines.enumerate() {
            if n > 0 {
                digest.update("\u{1e}");
            }
            digest.update(line);
        }
        hex_encode(&digest.finalize())
    }

    fn each(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.order.iter().filter_map(|row| {
            let held = self.held.get(row).filter(|held| held.shown)?;
            Some((row.as_str(), held.cells.as_slice()))
        })
    }

    /// The City's signs since October 2025, by the current score of the newest evaluation that has one.
    fn colours(&self) -> BTreeMap<&'static str, u64> {
        let [rsn, completed, year, current] =
            ["RSN", "EVALUATION COMPLETED ON", "YEAR EVALUATED", "CURRENT BUILDING EVAL SCORE"].map(place);
        let mut newest: HashMap<&str, ((&str, &str), i64)> = HashMap::new();
        for (_, cells) in self.each() {
            let cell = |place: usize| cells.get(place).map_or("", |cell| cell.trim());
            let Some(score) = whole_part(cell(current)) else { continue };
            let when = (cells.get(completed).map_or("", String::as_str), cell(year));
            let found = newest.entry(cell(rsn)).or_insert((when, score));
            if when > found.0 {
                *found = (when, score);
            }
        }
        let mut colours = BTreeMap::new();
        for (_, score) in newest.values() {
            *colours.entry(colour(*score)).or_default() += 1;
        }
        colours
    }
}

const fn colour(score: i64) -> &'static str {
    match score {
        85.. => "green",
        70..=84 => "yellow",
        _ => "red",
    }
}

/// All bounds are whole, so a fraction decides nothing.
fn whole_part(score: &str) -> Option<i64> {
    score.split('.').next().and_then(|whole| whole.parse().ok())
}

fn put(shown: &mut BTreeMap<String, u32>, cells: &[String]) {
    *shown.entry(cells.join("\u{1f}")).or_default() += 1;
}

fn take(shown: &mut BTreeMap<String, u32>, cells: &[String]) {
    let line = cells.join("\u{1f}");
    if let Some(times) = shown.get_mut(&line) {
        *times -= 1;
        if *times == 0 {
            shown.remove(&line);
        }
    }
}

/// Where a column stands. All that are asked for are in the list.
fn place(column: &str) -> usize {
    SINCE2023_COLUMNS.iter().position(|known| *known == column).unwrap_or(usize::MAX)
}

fn counted(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(rsn: &str, completed: &str, current: &str, reactive: &str) -> Vec<String> {
        let mut cells = vec!["x".to_owned(); SINCE2023_COLUMNS.len()];
        for (column, cell) in [
            ("RSN", rsn),
            ("EVALUATION COMPLETED ON", completed),
            ("CURRENT BUILDING EVAL SCORE", current),
            ("CURRENT REACTIVE SCORE", reactive),
        ] {
            cells[place(column)] = cell.to_owned();
        }
        cells
    }

    fn table() -> PublishedTable {
        let mut table = PublishedTable::new();
        table.add("1-2024-0", row("1", "2024-05-01", "84.9", "0")).unwrap();
        table.add("1-2026-0", row("1", "2026-05-01", "85", " -1")).unwrap();
        table.add("2-2024-0", row("2", "2024-05-01", "69", "0")).unwrap();
        table
    }

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 6, 1).unwrap()
    }

    #[test]
    fn the_newest_evaluation_of_a_building_gives_its_colour() {
        let mut table = table();
        let state = table.state(0, day());
        assert_eq!((state.rows, state.reactive_negative), (3, 1));
        assert_eq!(state.colours, BTreeMap::from([("green", 1), ("red", 1)]));
        table.hide("1-2026-0").unwrap();
        assert_eq!(table.state(1, day()).colours, BTreeMap::from([("red", 1), ("yellow", 1)]));
    }

    #[test]
    fn a_row_that_goes_and_comes_back_leaves_no_trace_in_the_digest() {
        let mut table = table();
        let (before, rows) = (table.digest(), table.rows());
        table.hide("1-2026-0").unwrap();
        assert_ne!(table.digest(), before);
        let score = place("CURRENT BUILDING EVAL SCORE");
        table.change("1-2026-0", &HashMap::from([(score, ("85", "86"))])).unwrap();
        table.show("1-2026-0").unwrap();
        assert_ne!(table.digest(), before, "what changed meanwhile is seen when it is back");
        table.change("1-2026-0", &HashMap::from([(score, ("86", "85"))])).unwrap();
        assert_eq!((table.digest(), table.rows()), (before, rows));
    }

    #[test]
    fn what_does_not_fit_is_not_taken() {
        let mut table = table();
        let before = table.digest();
        assert!(table.change("1-2026-0", &HashMap::from([(0, ("7", "8"))])).is_none());
        assert!(table.add("2-2024-0", row("2", "", "", "")).is_none());
        assert!(table.show("2-2024-0").is_none() && table.hide("3-2024-0").is_none());
        assert_eq!(table.digest(), before);
    }

    #[test]
    fn the_digest_is_of_sorted_rows_joined_as_published() {
        let mut table = PublishedTable::new();
        assert_eq!(table.digest(), hex_encode(&Sha256::digest(b"")));
        table.add("b", row("2", "", "", "")).unwrap();
        table.add("a", row("1", "", "", "")).unwrap();
        let text = [row("1", "", "", "").join("\u{1f}"), row("2", "", "", "").join("\u{1f}")].join("\u{1e}");
        assert_eq!(table.digest(), hex_encode(&Sha256::digest(text.as_bytes())));
    }
}
