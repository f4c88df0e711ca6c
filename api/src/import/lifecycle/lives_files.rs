//! San Francisco's three files, told apart by their header: businesses, visits to them, and violations found there.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use wuping_domain::assessment::Reason;
use wuping_domain::rulebook::imported::ImportPolicy;

use super::line::{Line, as_key, lines};
use super::telling::word;
use super::{SF_BUSINESSES, SF_INSPECTIONS, SF_VIOLATIONS};
use crate::import::ImportError;
use crate::import::csv_rows::Table;

/// The files of one import.
pub(super) struct Files {
    pub(super) businesses: Table,
    pub(super) inspections: Table,
    pub(super) violations: Table,
}

/// A visit. Some stand several times with the same day and type: each is one.
pub(super) struct Inspection<'t> {
    pub(super) line: Line<'t>,
    /// The place of its business among the businesses.
    pub(super) business: usize,
    pub(super) on: NaiveDate,
    /// Why an assessment was made; none of a visit at which nothing was to be graded.
    pub(super) reason: Option<Reason>,
    pub(super) score: Option<u64>,
    /// Which of several of the same business, day and type, from 1.
    pub(super) time: u64,
}

/// A violation.
pub(super) struct Violation<'t> {
    pub(super) line: Line<'t>,
    /// The place of its business among the businesses.
    pub(super) business: usize,
    pub(super) on: NaiveDate,
    pub(super) severity: String,
    /// What it takes off.
    pub(super) points: u64,
    /// Which of several of the same business, day and kind, from 1.
    pub(super) time: u64,
}

/// Sort the files.
pub(super) fn sorted(tables: Vec<Table>) -> Result<Files, ImportError> {
    let (mut businesses, mut inspections, mut violations) = (None, None, None);
    for table in tables {
        let has = |column: &str| table.place(column).is_some();
        let place = match (has("ViolationTypeID"), has("Score"), has("name")) {
            (true, ..) => &mut violations,
            (false, true, _) => &mut inspections,
            (false, false, true) => &mut businesses,
            _ => return Err(ImportError::TooMany { file: table.file }),
        };
        if place.is_some() {
            return Err(ImportError::GivenTwice { file: table.file });
        }
        *place = Some(table);
    }
    let given = [businesses.is_some(), inspections.is_some(), violations.is_some()];
    match (businesses, inspections, violations) {
        (Some(businesses), Some(inspections), Some(violations)) => {
            Ok(Files { businesses, inspections, violations })
        }
        _ => {
            let missing = NAMES.iter().zip(given).filter(|(_, given)| !given).map(|(name, _)| *name);
            Err(ImportError::Incomplete { missing: missing.collect() })
        }
    }
}

/// The businesses, by their number.
pub(super) fn businesses(table: &Table) -> Result<Vec<Line<'_>>, ImportError> {
    lines(SF_BUSINESSES, table, &BUSINESS_COLUMNS, |line| {
        line.filled("name")?;
        line.filled("address")?;
        line.number_in("business_id").map(str::to_owned)
    })
}

/// The visits, each by business, day, type, and which of several it is.
pub(super) fn inspections<'t>(
    table: &'t Table,
    policy: &ImportPolicy,
    known: &HashMap<&str, usize>,
) -> Result<Vec<Inspection<'t>>, ImportError> {
    let times = Times::default();
    let lines = lines(SF_INSPECTIONS, table, &INSPECTION_COLUMNS, |line| times.key(line, "type"))?;
    let read = |line: Line<'t>| {
        let reason = match word(policy, &line, "type")? {
            "visit" => None,
            word => Some(serde_json::from_value(word.into()).map_err(|_| {
                line.refuse(
                    "type",
                    format!("the rulebook gives the reason “{word}”, which is none; correct it"),
                )
            })?),
        };
        let score = match line.cell("Score") {
            "" => None,
            _ => line.number_in("Score")?.parse().ok(),
        };
        let (business, on, time) = (business(&line, known)?, day(&line)?, time_of(&line));
        Ok(Inspection { business, on, reason, score, time, line })
    };
    lines.into_iter().map(read).collect()
}

/// The violations, each by business, day, kind, and which of several it is.
pub(super) fn violations<'t>(
    table: &'t Table,
    policy: &ImportPolicy,
    points: &BTreeMap<String, u64>,
    known: &HashMap<&str, usize>,
) -> Result<Vec<Violation<'t>>, ImportError> {
    let times = Times::default();
    let lines = lines(SF_VIOLATIONS, table, &VIOLATION_COLUMNS, |line| times.key(line, "ViolationTypeID"))?;
    let read = |line: Line<'t>| {
        let severity = word(policy, &line, "risk_category")?.to_owned();
        let points = points.get(&severity).copied().ok_or_else(|| {
            let detail = format!("the rulebook has no points for severity {severity} in [deduction.points]");
            line.refuse("risk_category", detail)
        })?;
        let (business, on, time) = (business(&line, known)?, day(&line)?, time_of(&line));
        Ok(Violation { business, on, severity, points, time, line })
    };
    lines.into_iter().map(read).collect()
}

/// How often each key has come so far.
#[derive(Default)]
struct Times(RefCell<HashMap<String, u64>>);

impl Times {
    fn key(&self, line: &Line<'_>, column: &str) -> Result<String, ImportError> {
        let kind = as_key(line.filled(column)?);
        let key = format!("{}-{}-{kind}", line.number_in("business_id")?, line.number_in("date")?);
        let mut times = self.0.borrow_mut();
        let time = times.entry(key.clone()).or_default();
        *time += 1;
        Ok(format!("{key}-{time}"))
    }
}

fn time_of(line: &Line<'_>) -> u64 {
    line.key.rsplit('-').next().and_then(|time| time.parse().ok()).unwrap_or(1)
}

fn business(line: &Line<'_>, known: &HashMap<&str, usize>) -> Result<usize, ImportError> {
    let id = line.cell("business_id");
    let place = known.get(id).copied();
    place.ok_or_else(|| line.refuse("business_id", format!("the file of businesses has no business {id}")))
}

fn day(line: &Line<'_>) -> Result<NaiveDate, ImportError> {
    let cell = line.cell("date");
    let refuse = |_| line.refuse("date", format!("“{cell}” is no day; write it as 20160513"));
    NaiveDate::parse_from_str(cell, "%Y%m%d").map_err(refuse)
}

const NAMES: [&str; 3] = [
    "the businesses (as sf_businesses.csv.gz)",
    "the inspections (as sf_inspections.csv.gz)",
    "the violations (as sf_violations.csv.gz)",
];
const BUSINESS_COLUMNS: [&str; 9] = [
    "business_id",
    "name",
    "address",
    "city",
    "state",
    "postal_code",
    "latitude",
    "longitude",
    "phone_number",
];
const INSPECTION_COLUMNS: [&str; 4] = ["business_id", "Score", "date", "type"];
const VIOLATION_COLUMNS: [&str; 5] =
    ["business_id", "date", "ViolationTypeID", "risk_category", "description"];
