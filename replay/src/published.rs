//! Published tables given back: rows of open data as each publication showed them, from the log alone.
//!
//! Every event that an import received names its publication and row, and carries the cells it comes from: a row first
//! seen whole, later only what changed, old and new. Folded in the order of the publications they give each published
//! file again; nothing of a row's cells is kept anywhere else.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use serde::Deserialize;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;

use crate::published_table::{PublishedTable, State};

/// A published table as rows of text under the publisher's columns.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Given {
    /// The publisher's columns in their order.
    pub columns: Vec<String>,
    /// Its rows. Those before 2023 by the publisher's number, as it published them; those since 2023 in the order in
    /// which each row was first published, so that a row keeps its place when it goes and comes back.
    pub rows: Vec<Vec<String>>,
}

/// Why a published table cannot be given back.
#[derive(Debug, thiserror::Error)]
pub enum PublishedError {
    /// The ledger could not be read.
    #[error("the ledger could not be read for what was published")]
    Ledger(#[from] StoreError),
    /// An entry does not go with those before it.
    #[error(
        "entry {position} tells of row {row} what does not fit what was published before; run “wuping verify”"
    )]
    DoesNotFit {
        /// Where it stands.
        position: u64,
        /// The row.
        row: String,
    },
    /// An entry's source is none.
    #[error(
        "entry {position} has a source that this version does not know; use a newer version of the program"
    )]
    Source {
        /// Where it stands.
        position: u64,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// Nothing of the kind is in the ledger.
    #[error("no publication {wanted} is in this ledger; it has {}. Import the files first", known(*.last))]
    NotThere {
        /// What was asked for.
        wanted: String,
        /// The last publication there is.
        last: Option<u64>,
    },
}

fn known(last: Option<u64>) -> String {
    last.map_or_else(|| "none".to_owned(), |last| format!("0 to {last}"))
}

/// The state of the evaluations since 2023 at each publication, in their order, in one pass over the log.
///
/// # Errors
/// [`PublishedError`] if the ledger cannot be read or what it says does not fit together.
pub fn states(reader: &Reader) -> Result<Vec<State>, PublishedError> {
    let mut states = Vec::new();
    fold(reader, u64::MAX, |publication, received, table| {
        let Some(received) = received else { return };
        let state = table.state(publication, received.snapshot_date);
        states.push(State { as_received: state.digest == received.digest, ..state });
    })?;
    Ok(states)
}

/// The evaluations since 2023 as they were published at this publication.
///
/// # Errors
/// As [`states`]; [`PublishedError::NotThere`] for a publication that was not imported.
pub fn since2023(reader: &Reader, publication: u64) -> Result<Given, PublishedError> {
    let mut rows = None;
    let last = fold(reader, publication, |number, received, table| {
        if number == publication && received.is_some() {
            rows = Some(table.rows());
        }
    })?;
    let not_there = || PublishedError::NotThere { wanted: publication.to_string(), last };
    Ok(Given { columns: owned(&SINCE2023_COLUMNS), rows: rows.ok_or_else(not_there)? })
}

/// The evaluations before 2023 as they were published.
///
/// # Errors
/// As [`states`]; [`PublishedError::NotThere`] where they were not imported.
pub fn pre2023(reader: &Reader) -> Result<Given, PublishedError> {
    let mut by_number: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    each_source(reader, PRE2023, |position, said| {
        let source: RawRow = serde_json::from_str(said.source.get())
            .map_err(|source| PublishedError::Source { position, source })?;
        let Some(mut raw) = source.raw else { return Ok(()) };
        let cells = PRE2023_COLUMNS.iter().map(|column| raw.remove(*column).unwrap_or_default());
        by_number.insert(source.row.parse().unwrap_or(position), cells.collect());
        Ok(())
    })?;
    if by_number.is_empty() {
        return Err(PublishedError::NotThere { wanted: "pre2023".to_owned(), last: None });
    }
    Ok(Given { columns: owned(&PRE2023_COLUMNS), rows: by_number.into_values().collect() })
}

fn owned(columns: &[&str]) -> Vec<String> {
    columns.iter().map(|column| (*column).to_owned()).collect()
}

/// Fold every publication up to one, told in their order whatever the order of the log is: an import that stopped and
/// was taken up again may have left a hole that it filled later. Answers the number of the last one in the log.
fn fold(
    reader: &Reader,
    up_to: u64,
    mut each: impl FnMut(u64, Option<&Received>, &PublishedTable),
) -> Result<Option<u64>, PublishedError> {
    let mut publications: BTreeMap<u64, Seen> = BTreeMap::new();
    let mut last = None;
    each_source(reader, SINCE2023, |position, said| {
        let unknown = |source| PublishedError::Source { position, source };
        if said.kind == "PublicationReceived" {
            let received: Received = serde_json::from_str(said.source.get()).map_err(unknown)?;
            last = last.max(Some(received.publication));
            let number = received.publication;
            publications.entry(number).or_default().received = Some(received);
            return Ok(());
        }
        let source: Source = serde_json::from_str(said.source.get()).map_err(unknown)?;
        let step = match (said.kind, source.raw) {
            ("GradeUnpublished", _) => Step::Gone,
            ("GradePublished", _) => Step::Back,
            (_, Some(raw)) => Step::Cells(raw),
            (_, None) => return Ok(()),
        };
        if source.publication <= up_to {
            let seen = publications.entry(source.publication).or_default();
            seen.steps.push((position, source.row, step));
        }
        Ok(())
    })?;
    let mut table = PublishedTable::new();
    for (number, seen) in publications.range(..=up_to) {
        for (position, row, step) in &seen.steps {
            take(&mut table, row, step)
                .ok_or_else(|| PublishedError::DoesNotFit { position: *position, row: row.clone() })?;
        }
        each(*number, seen.received.as_ref(), &table);
    }
    Ok(last)
}

fn take(table: &mut PublishedTable, row: &str, step: &Step) -> Option<()> {
    match step {
        Step::Back => table.show(row),
        Step::Gone => table.hide(row),
        Step::Cells(raw) => {
            let whole: Option<Vec<String>> = SINCE2023_COLUMNS
                .iter()
                .map(|column| match raw.get(*column) {
                    Some(Cell::Whole(text)) => Some(text.clone()),
                    _ => None,
                })
                .collect();
            match whole {
                Some(cells) => table.add(row, cells),
                None => {
                    let mut changes = HashMap::new();
                    for (column, cell) in raw {
                        let Cell::Changed([old, new]) = cell else { return None };
                        let place = SINCE2023_COLUMNS.iter().position(|known| known == column)?;
                        changes.insert(place, (old.as_str(), new.as_str()));
                    }
                    table.change(row, &changes)
                }
            }
        }
    }
}

/// Show every entry whose source is this file.
fn each_source(
    reader: &Reader,
    file: &str,
    mut each: impl FnMut(u64, Said<'_>) -> Result<(), PublishedError>,
) -> Result<(), PublishedError> {
    let mark = format!("\"file\":\"{file}\"");
    reader.rows(0, reader.size()?, |row| {
        if !row.data.contains(&mark) {
            return Ok(());
        }
        let said = serde_json::from_str(row.data)
            .map_err(|source| PublishedError::Source { position: row.position, source })?;
        each(row.position, said)
    })
}

/// A publication in the log.
#[derive(Default)]
struct Seen {
    received: Option<Received>,
    steps: Vec<(u64, String, Step)>,
}

enum Step {
    Back,
    Cells(BTreeMap<String, Cell>),
    Gone,
}

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    source: &'a serde_json::value::RawValue,
}

/// That a publication was received whole.
#[derive(Deserialize)]
struct Received {
    publication: u64,
    snapshot_date: NaiveDate,
    digest: String,
}

#[derive(Deserialize)]
struct Source {
    publication: u64,
    row: String,
    #[serde(default)]
    raw: Option<BTreeMap<String, Cell>>,
}

#[derive(Deserialize)]
struct RawRow {
    row: String,
    #[serde(default)]
    raw: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Cell {
    Whole(String),
    Changed([String; 2]),
}

/// What the evaluations before 2023 are called as a source.
pub const PRE2023: &str = "toronto_eval_pre2023";
/// What the evaluations since 2023 are called as a source, in all publications.
pub const SINCE2023: &str = "toronto_evaluations";
/// Where it stands that each of their publications was received.
pub const SINCE2023_STREAM: &str = "published/toronto-evaluations";

/// The columns of the evaluations before 2023 in their order.
pub const PRE2023_COLUMNS: [&str; 40] = [
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
/// The columns of the evaluations since 2023 in their order.
pub const SINCE2023_COLUMNS: [&str; 70] = [
    "RSN",
    "YEAR REGISTERED",
    "YEAR BUILT",
    "YEAR EVALUATED",
    "PROPERTY TYPE",
    "WARD",
    "WARDNAME",
    "SITE ADDRESS",
    "CONFIRMED STOREYS",
    "CONFIRMED UNITS",
    "EVALUATION COMPLETED ON",
    "CURRENT BUILDING EVAL SCORE",
    "PROACTIVE BUILDING SCORE",
    "CURRENT REACTIVE SCORE",
    "NO OF AREAS EVALUATED",
    "NUMBERING OF PROPERTY",
    "EXTERIOR GROUNDS",
    "FENCING",
    "RETAINING WALLS",
    "CATCH BASINS / STORM DRAINAGE",
    "BUILDING EXTERIOR",
    "BALCONY GUARDS",
    "WINDOWS",
    "EXT. RECEPTACLE STORAGE AREA",
    "EXTERIOR WALKWAYS",
    "CLOTHING DROP BOXES",
    "ACCESSORY BUILDINGS",
    "INTERCOM",
    "EMERGENCY CONTACT SIGN",
    "LOBBY - WALLS AND CEILING",
    "LOBBY FLOORS",
    "LAUNDRY ROOM",
    "INT. RECEPTACLE STORAGE AREA",
    "MAIL RECEPTACLES",
    "EXTERIOR DOORS",
    "STORAGE AREAS/LOCKERS MAINT.",
    "POOLS",
    "OTHER AMENITIES",
    "PARKING AREAS",
    "ABANDONED EQUIP./DERELICT VEH.",
    "GARBAGE/COMPACTOR ROOM",
    "ELEVATOR MAINTENANCE",
    "ELEVATOR COSMETICS",
    "INT. HALLWAY - WALLS / CEILING",
    "INTERIOR HALLWAY FLOORS",
    "INT. LOBBY / HALLWAY LIGHTING",
    "COMMON AREA VENTILATION",
    "ELECTRICAL SERVICES / OUTLETS",
    "CHUTE ROOMS - MAINTENANCE",
    "STAIRWELL - WALLS AND CEILING",
    "STAIRWELL - LANDING AND STEPS",
    "STAIRWELL LIGHTING",
    "INT. HANDRAIL / GUARD - SAFETY",
    "INT. HANDRAIL / GUARD - MAINT.",
    "GRAFFITI",
    "BUILDING CLEANLINESS",
    "COMMON AREA PESTS",
    "TENANT NOTIFICATION BOARD",
    "PEST CONTROL LOG",
    "MAINTENANCE LOG",
    "CLEANING LOG",
    "VITAL SERVICE PLAN",
    "ELECTRICAL SAFETY PLAN",
    "STATE OF GOOD REPAIR PLAN",
    "TENANT SERVICE REQUEST LOG",
    "GRID",
    "LATITUDE",
    "LONGITUDE",
    "X",
    "Y",
];
