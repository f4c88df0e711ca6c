//! A report as a table: columns that are named in both languages, rows of plain values, and nothing of how it is written.

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Value, json};
use wuping_ledger::encoding::{hex_encode, sha256};
use wuping_ledger::jcs;
use wuping_ledger::refusal::Refusal;

/// A report without what it was made from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Table {
    /// Its columns.
    pub columns: &'static [Column],
    /// One value for each column.
    pub rows: Vec<Vec<Cell>>,
    /// What each picture of it counts.
    pub bars: &'static [Bars],
}

/// A text in both languages.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Words {
    /// Chinese.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

/// A column.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Column {
    /// Its name for programs.
    pub id: &'static str,
    /// Its name for people.
    pub name: Words,
    /// What its values are words of.
    pub terms: Terms,
}

/// Whose words the values of a column are, so that they can be shown in either language.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Terms {
    /// Said as they stand: numbers, days, codes of things, names.
    Plain,
    /// An account: a page of the office says whose it is.
    Account,
    Credit,
    /// A class under an illustrative rule, which is no class of anybody's.
    DemoClass,
    Deadline,
    Department,
    /// Departments that act together, with blanks between.
    Departments,
    Direction,
    Flag,
    Gap,
    Grade,
    Kind,
    Layer,
    Level,
    Measure,
    /// A month, `2026-03`.
    Month,
    Party,
    /// What kind of danger.
    Risk,
    Role,
    Severity,
    Side,
    Stage,
    Trigger,
    Undertaking,
}

/// A value.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// There is none.
    Nothing,
    /// A whole number.
    Number(u64),
    /// A day.
    Day(NaiveDate),
    /// A text or a code.
    Text(String),
}

/// Which column names the bars, and which says how long they are; rows of one name are one bar.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bars {
    /// The column of the names.
    pub of: &'static str,
    /// The column of the counts; the rows themselves are counted where there is none.
    pub counts: Option<&'static str>,
}

impl Words {
    /// Both languages, Chinese first.
    pub const fn new(zh: &'static str, en: &'static str) -> Self {
        Self { zh, en }
    }
}

impl Column {
    /// A column whose values are said as they stand.
    pub(super) const fn plain(id: &'static str, zh: &'static str, en: &'static str) -> Self {
        Self { id, name: Words::new(zh, en), terms: Terms::Plain }
    }

    /// A column whose values are codes of these terms.
    pub(super) const fn of(id: &'static str, zh: &'static str, en: &'static str, terms: Terms) -> Self {
        Self { id, name: Words::new(zh, en), terms }
    }
}

impl Cell {
    /// As it stands in a table of text: nothing is empty.
    pub fn text(&self) -> String {
        match self {
            Self::Day(day) => day.to_string(),
            Self::Nothing => String::new(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl From<NaiveDate> for Cell {
    fn from(day: NaiveDate) -> Self {
        Self::Day(day)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        if text.is_empty() { Self::Nothing } else { Self::Text(text) }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<u8> for Cell {
    fn from(number: u8) -> Self {
        Self::Number(number.into())
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Into::into)
    }
}

impl Table {
    /// Where a column stands.
    pub fn position(&self, id: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.id == id)
    }

    /// The names and lengths of a picture's bars, in the order of its rows. A row that has no such count is none of them.
    pub fn lengths(&self, bars: Bars) -> Vec<(Cell, u64)> {
        let Some(of) = self.position(bars.of) else { return vec![] };
        let counts = bars.counts.and_then(|counts| self.position(counts));
        let mut lengths: Vec<(Cell, u64)> = Vec::new();
        for row in &self.rows {
            let Some(name) = row.get(of) else { continue };
            let length = match counts.and_then(|counts| row.get(counts)) {
                Some(Cell::Number(number)) => *number,
                Some(_) => continue,
                None => 1,
            };
            match lengths.iter_mut().find(|(known, _)| known == name) {
                Some((_, sum)) => *sum += length,
                None => lengths.push((name.clone(), length)),
            }
        }
        lengths
    }

    /// SHA-256 over what it says, lower-case hex: which report of what, its columns and its rows, in canonical JSON. The
    /// position is not in it, so that a report that an entry left as it was keeps its digest.
    pub(super) fn digest(&self, of: &Value) -> Result<String, Refusal> {
        let columns: Vec<&str> = self.columns.iter().map(|column| column.id).collect();
        let content = json!({ "columns": columns, "of": of, "rows": self.rows });
        Ok(hex_encode(&sha256(&jcs::canonical(&content)?)))
    }
}
