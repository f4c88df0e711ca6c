//! Toronto's "Pre-2023 Apartment Building Evaluations": what its rows say, and that they say it well.

use std::collections::{BTreeMap, HashSet};

use chrono::NaiveDate;
use serde_json::{Map, Value};
use wuping_domain::grading::{self, Grading};
use wuping_domain::outcome::Outcome;
use wuping_domain::premises::Register;
use wuping_domain::rulebook::{Layer, Rulebook};

use crate::import::csv_rows::{Row, Table};
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
    must_be_pre2023(table)?;
    let missing: Vec<String> = COLUMNS
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
            layer: Layer::Building,
            parent: None,
            name: None,
            address: self.filled("SITE_ADDRESS")?.to_owned(),
            codes: BTreeMap::from([("rsn".to_owned(), rsn.to_owned())]),
            subdistrict: ward.to_owned(),
            community: ward.to_owned(),
            grid_cell: self.cell("GRID").to_owned(),
            storeys: self.count("CONFIRMED_STOREYS")?,
            units: self.count("CONFIRMED_UNITS")?,
            year_built: self.count("YEAR_BUILT")?,
            tenure: Some(self.cell("PROPERTY_TYPE").to_owned()).filter(|tenure| !tenure.is_empty()),
            structure: None,
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

/// Refuse a file that by its header is another one.
fn must_be_pre2023(table: &Table) -> Result<(), ImportError> {
    let has = |column: &str| table.place(column).is_some();
    let known = COLUMNS.iter().filter(|column| has(column)).count();
    if known * 2 > COLUMNS.len() {
        return Ok(());
    }
    let kind = match (has("EVALUATION COMPLETED ON"), has("publication")) {
        (true, true) => "evaluations added since 2023",
        (true, false) => "evaluations since 2023",
        (false, true) if has("field") => "changes of published evaluations",
        (false, true) if has("snapshot_date") => "list of publications",
        _ => return Err(ImportError::UnknownKind { file: table.file.clone() }),
    };
    Err(ImportError::NotSupported { file: table.file.clone(), kind })
}

/// The publisher's columns in their order.
pub(super) const COLUMNS: [&str; 40] = [
    "_id",
    "RSN",
    "YEAR_REGISTERED",
    "YEAR_EVALUATED",
    "YEAR_BUILT",
    "PROPERTY_TYPE",
    "WARD",
    "WARDNAME",
    "SITE_ADDRESS",
    "CONFIRMED_STOREYS",
    "CONFIRMED_UNITS",
    "EVALUATION_COMPLETED_ON",
    "SCORE",
    "RESULTS_OF_SCORE",
    "NO_OF_AREAS_EVALUATED",
    "ENTRANCE_LOBBY",
    "ENTRANCE_DOORS_WINDOWS",
    "SECURITY",
    "STAIRWELLS",
    "LAUNDRY_ROOMS",
    "INTERNAL_GUARDS_HANDRAILS",
    "GARBAGE_CHUTE_ROOMS",
    "GARBAGE_BIN_STORAGE_AREA",
    "ELEVATORS",
    "STORAGE_AREAS_LOCKERS",
    "INTERIOR_WALL_CEILING_FLOOR",
    "INTERIOR_LIGHTING_LEVELS",
    "GRAFFITI",
    "EXTERIOR_CLADDING",
    "EXTERIOR_GROUNDS",
    "EXTERIOR_WALKWAYS",
    "BALCONY_GUARDS",
    "WATER_PEN_EXT_BLDG_ELEMENTS",
    "PARKING_AREA",
    "OTHER_FACILITIES",
    "GRID",
    "LATITUDE",
    "LONGITUDE",
    "X",
    "Y",
];
