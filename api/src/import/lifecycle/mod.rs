//! Lifecycles: another office's rows as what happened there: premises, visits, hazards found and put right, parties.
//!
//! Every import here goes one way: the rows are read and found good; each becomes steps, in the order in which they
//! happened and not in that of the file; a step says one or more events to one stream. What the rows' words mean stands in
//! the scheme's rulebook (`[import]`). What the file does not say and the rules need is supplied, and marked as such.

mod case;
mod fhrs;
mod fire;
mod hpd;
mod hpd_case;
mod line;
mod lives;
mod lives_files;
mod registrations;
mod telling;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use wuping_ledger::genesis::Ledger;
use wuping_ledger::vault::Vault;

use crate::import::ImportError;
use crate::import::csv_rows::Table;

/// What can be imported as lifecycles.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Source {
    /// New York City's housing maintenance code violations.
    NycHpd,
    /// San Francisco's inspections of food premises.
    SfLives,
    /// Toronto Fire Services' inspections of residential high-rises.
    TorontoFire,
    /// Toronto's registered apartment buildings and their managers.
    TorontoRegistrations,
    /// The UK's food hygiene ratings.
    UkFhrs,
}

/// What the published files are called as sources, whatever the files given are called.
pub const NYC_HPD: &str = "nyc_hpd_violations";
/// San Francisco's premises.
pub const SF_BUSINESSES: &str = "sf_businesses";
/// San Francisco's visits.
pub const SF_INSPECTIONS: &str = "sf_inspections";
/// San Francisco's violations.
pub const SF_VIOLATIONS: &str = "sf_violations";
/// Toronto's fire inspections.
pub const TORONTO_FIRE: &str = "toronto_fire";
/// Toronto's registered apartment buildings.
pub const TORONTO_REGISTRATIONS: &str = "toronto_registrations";
/// The UK's food hygiene ratings.
pub const UK_FHRS: &str = "uk_fhrs";

/// What an import of lifecycles did.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Lifecycles {
    /// Rows read, of all files.
    pub rows: u64,
    /// Premises that the rows are about.
    pub premises: u64,
    /// How much of each kind the rows tell of: `hazards`, `visits`, `assessments`, `reports`, `parties` …
    pub told: BTreeMap<&'static str, u64>,
    /// Events written, with those that follow from them.
    pub events_written: u64,
    /// Events of these rows that an earlier import wrote, with those that follow from them.
    pub already_there: u64,
    /// What is odd about rows, in their order. All of them are recorded as they stand.
    pub findings: Vec<RowFinding>,
    /// How long it took.
    pub milliseconds: u64,
    /// Events written in a second.
    pub events_per_second: u64,
}

/// Something odd about a row. It is recorded as it stands, and nothing is mended.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct RowFinding {
    /// What it is, as a code that the import's guide explains.
    pub code: &'static str,
    /// The published file.
    pub file: &'static str,
    /// The line of the file on which the row begins, from 1.
    pub line: u64,
    /// What identifies the row there.
    pub row: String,
    /// The premises that it is about.
    pub premises: String,
    /// What was published.
    pub published: String,
    /// What it is held against: what the rulebook gives, or another cell of the row.
    pub against: String,
}

/// Import files, plain or compressed. Every file is read and found good before anything is written; what an earlier import
/// wrote is left as it is. `progress` is told how many of how many steps are done.
///
/// Blocks: call it outside of async code, or from a thread for blocking work.
///
/// # Errors
/// [`ImportError`], which says what to put right. Importing again goes on where an import stopped.
pub fn import(
    ledger: &Ledger,
    vault: &Vault,
    source: Source,
    files: &[PathBuf],
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Lifecycles, ImportError> {
    let tables: Vec<Table> = files.iter().map(|file| Table::of_file(file)).collect::<Result<_, _>>()?;
    match source {
        Source::NycHpd => hpd::import(ledger, vault, tables, progress),
        Source::SfLives => lives::import(ledger, vault, tables, progress),
        Source::TorontoFire => fire::import(ledger, vault, tables, progress),
        Source::TorontoRegistrations => registrations::import(ledger, vault, tables, progress),
        Source::UkFhrs => fhrs::import(ledger, vault, tables, progress),
    }
}

/// The one file of an import that takes one.
fn only(tables: Vec<Table>) -> Result<Table, ImportError> {
    let mut tables = tables.into_iter();
    let first = tables.next().ok_or(ImportError::Incomplete { missing: vec!["the file"] })?;
    match tables.next() {
        None => Ok(first),
        Some(more) => Err(ImportError::TooMany { file: more.file }),
    }
}
