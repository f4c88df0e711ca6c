//! Toronto's "Pre-2023 Apartment Building Evaluations": what its rows say, and that they say it well.

use std::collections::{BTreeMap, HashSet};

use chrono::NaiveDate;
use serde_json::{Map, Value};
use wuping_domain::grading::{self, Grading};
use wuping_domain::outcome::Outcome;
use wuping_domain::premises::Register;
use wuping_domain::rulebook::Rulebook;
use wuping_replay::published::PRE2023_COLUMNS;

use crate::import::csv_rows::{Row, Table};
use crate::import::registered::building;
use crate::import::{Finding, ImportError};

/// One evaluation of one building.
#[derive(Debug)]
pub(super) struct Evaluation {
    /// The publisher's number of the row, `_id`.
    pub(super) number: u64,
    /// The day it was completed.
    pub(super) completed_on: NaiveDate,
    /// The building's number, RSN.
    pub(super) rsn: String,
    /// What is registered of the building.
    pub(super) register: Register,
    /// Latitude and longitude, where the file has them.
    pub(super) coordinates: Option<String>,
    /// The number of the ward.
    pub(super) ward: String,
    /// One outcome for each indicator of the rulebook.
    pub(super) outcomes: BTreeMap<String, Outcome>,
    /// All cells as they stand in the file.
    pub(super) raw: Map<String, Value>,
    score: u64,
    word: String,
}

/// The rows of a file in the order in which they are recorded: by day, then by number.
pub(super) fn evaluations(table: &Table, rulebook: &Rulebook) -> Result<Vec<Evaluation>, ImportError> {
    let missing: Vec<String> = PRE2023_COLUMNS
        .iter()
        .filter(|column| table.place(column).is_none())
        .map(|column| (*column).to_owned())
        .collect();
    if !missing.is_empty() {
        return Err(ImportError::ColumnsMissing { file: table.file.clone(), columns: missing });
    }
    let mut numbers = HashSet::new();
    let mut evaluations = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        let evaluation = Cells { table, row }.evaluation(rulebook)?;
        if !numbers.insert(evaluation.number) {
            return Err(table.refuse(
                row,
                "_id",
                "this number stands in an earlier row; each row needs its own",
            ));
        }
        evaluations.push(evaluation);
    }
    evaluations.sort_by_key(|evaluation| (evaluation.completed_on, evaluation.number));
    Ok(evaluations)
}

impl Evaluation {
    /// Whether the address says that the building was created in error.
    pub(super) fn created_in_error(&self) -> bool {
        self.register.address.contains("** CREATED IN ERROR **")
    }

    /// What our result has against the published one.
    pub(super) fn findings(&self, rulebook: &Rulebook) -> Vec<Finding> {
        let question = grading::Question::of(self.completed_on, self.outcomes.clone());
        let graded: Grading = match grading::grade(rulebook, &question) {
            Ok(graded) => graded,
            Err(refused) => {
                return vec![self.finding(
                    &refused.error,
                    format!("{} {}", self.score, self.word),
                    "none".to_owned(),
                )];
            }
        };
        let mut findings = Vec::new();
        if graded.score != self.score {
            findings.push(self.finding("score_differs", self.score.to_string(), graded.score.to_string()));
        }
        if graded.band != self.word {
            findings.push(self.finding("band_differs", self.word.clone(), graded.band));
        }
        findings
    }

    fn finding(&self, code: &str, published: String, computed: String) -> Finding {
        Finding {
            code: code.to_owned(),
            rsn: self.rsn.clone(),
            row: self.number.to_string(),
            published,
            computed,
            publication: None,
        }
    }
}

/// A row that is being read.
struct Cells<'a> {
    table: &'a Table,
    row: &'a Row,
}

impl Cells<'_> {
    fn evaluation(&self, rulebook: &Rulebook) -> Result<Evaluation, ImportError> {
        let rsn = self.number("RSN")?.to_string();
        let completed_on = self.cell("EVALUATION_COMPLETED_ON");
        let completed_on = completed_on.parse().map_err(|_| {
            self.refuse(
                "EVALUATION_COMPLETED_ON",
                format!("“{completed_on}” is no day; write it as 2018-05-15"),
            )
        })?;
        let mut outcomes = BTreeMap::new();
        for indicator in &rulebook.scheme.indicators {
            if let Some(column) = &indicator.column {
                outcomes.insert(indicator.id.clone(), self.outcome(column)?);
            }
        }
        Ok(Evaluation {
            number: self.number("_id")?,
            completed_on,
            register: self.register(&rsn)?,
            rsn,
            coordinates: self.coordinates(),
            ward: self.number("WARD").map(|_| self.cell("WARD").to_owned())?,
            outcomes,
            raw: self.table.raw(self.row),
            score: self.number("SCORE")?,
            word: self.filled("RESULTS_OF_SCORE")?.to_owned(),
        })
    }

    fn register(&self, rsn: &str) -> Result<Register, ImportError> {
        let ward = self.filled("WARDNAME")?;
        Ok(Register {
            codes: BTreeMap::from([("rsn".to_owned(), rsn.to_owned())]),
            subdistrict: ward.to_owned(),
            community: ward.to_owned(),
            grid_cell: self.cell("GRID").to_owned(),
            storeys: self.count("CONFIRMED_STOREYS")?,
            units: self.count("CONFIRMED_UNITS")?,
            year_built: self.count("YEAR_BUILT")?,
            tenure: Some(self.cell("PROPERTY_TYPE").to_owned()).filter(|tenure| !tenure.is_empty()),
            ..building(self.filled("SITE_ADDRESS")?.to_owned())
        })
    }

    fn outcome(&self, column: &str) -> Result<Outcome, ImportError> {
        match self.cell(column) {
            "" | "N/A" => Ok(Outcome::NotApplicable),
            level @ ("1" | "2" | "3" | "4" | "5") => Ok(Outcome::row(level)),
            other => Err(self.refuse(column, format!("“{other}” is no result; write 1 to 5, or N/A"))),
        }
    }

    fn coordinates(&self) -> Option<String> {
        let (latitude, longitude) = (self.cell("LATITUDE"), self.cell("LONGITUDE"));
        (!latitude.is_empty() && !longitude.is_empty()).then(|| format!("{latitude},{longitude}"))
    }

    fn number(&self, column: &str) -> Result<u64, ImportError> {
        let cell = self.cell(column);
        cell.parse()
            .map_err(|_| self.refuse(column, format!("“{cell}” is no whole number, which is needed here")))
    }

    fn count(&self, column: &str) -> Result<Option<u32>, ImportError> {
        let cell = self.cell(column);
        if cell.is_empty() {
            return Ok(None);
        }
        let count = cell.parse().map(Some);
        count.map_err(|_| {
            self.refuse(column, format!("“{cell}” is no whole number; write one or leave it empty"))
        })
    }

    fn filled(&self, column: &str) -> Result<&str, ImportError> {
        match self.cell(column) {
            "" => Err(self.refuse(column, "the cell is empty and must not be")),
            filled => Ok(filled),
        }
    }

    fn cell(&self, column: &str) -> &str {
        self.table.place(column).map(|place| self.row.cell(place)).unwrap_or_default()
    }

    fn refuse(&self, column: &str, detail: impl Into<String>) -> ImportError {
        self.table.refuse(self.row, column, detail)
    }
}

/// Whether a file is this one by its header, though columns may be missing.
pub(super) fn looks_pre2023(table: &Table) -> bool {
    let known = PRE2023_COLUMNS.iter().filter(|column| table.place(column).is_some()).count();
    known * 2 > PRE2023_COLUMNS.len()
}
