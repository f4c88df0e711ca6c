//! Imports: published open data as received entries, row by row, each with the cells it came from.
//!
//! Everything imported is received and not stated: it says "this file says so", signed by the intake key. A file is
//! read whole before anything is written, and the same file twice changes nothing.

mod csv_rows;
pub mod given_back;
pub mod lifecycle;
mod pipeline;
mod registered;
pub mod toronto;
mod toronto_commands;
mod toronto_deduction;
mod toronto_files;
mod toronto_findings;
mod toronto_pre2023;
mod toronto_publications;
mod toronto_row;
mod toronto_since2023;
#[cfg(test)]
mod toronto_since2023_tests;
#[cfg(test)]
mod toronto_tests;

use std::path::PathBuf;

use serde::Serialize;
use wuping_domain::rejection::Rejection;
use wuping_ledger::append::AppendError;
use wuping_ledger::refusal::Refusal;
use wuping_ledger::store::StoreError;
use wuping_ledger::vault::VaultError;
use wuping_replay::published_table::State;

use crate::shelf::CompileError;

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Whole rows read: evaluations before 2023, of the first publication since, and those added later.
    pub rows: u64,
    /// Changes between publications that were read: a row added or removed, a cell changed.
    pub changes: u64,
    /// Publications since 2023 that were read.
    pub publications: u64,
    /// Changed cells of coordinates, of rows that come back too.
    pub coordinates: u64,
    /// Changed cells that say the same as before: coordinates that drift within the building, blanks around a value.
    pub same_value: u64,
    /// Premises that the rows are about.
    pub premises: u64,
    /// Events written, with those that follow from them.
    pub events_written: u64,
    /// Events of these rows that an earlier import wrote, with those that follow from them.
    pub already_there: u64,
    /// Rows of which our result is not what was published: those before 2023, and those of the last publication.
    pub findings: Vec<Finding>,
    /// Findings of earlier publications that are none of the last, each with the first publication it was in.
    pub earlier_findings: Vec<Finding>,
    /// The last publication as the files give it; none where there is none.
    pub last_publication: Option<State>,
    /// Premises closed because the file says that they were created in error, now or by an earlier import.
    pub closed: u64,
    /// How long it took.
    pub milliseconds: u64,
    /// Events written in a second.
    pub events_per_second: u64,
}

/// A row of which our result is not what was published. Both stand; neither is mended.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Finding {
    /// Before 2023 `nothing_applicable`, `score_differs` or `band_differs`. Since 2023 `nothing_applicable`,
    /// `rounded_twice` (follows only if rounded to one decimal first), `does_not_follow`, `current_is_not_the_sum`.
    pub code: String,
    /// The publisher's number of the building.
    pub rsn: String,
    /// What identifies the row: the publisher's number, or year and number in it.
    pub row: String,
    /// What was published.
    pub published: String,
    /// What the rulebook gives; `none` where it gives no result.
    pub computed: String,
    /// The publication it was first found in, of those that are listed apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publication: Option<u64>,
}

/// A command of an import that the ledger did not take.
#[derive(Clone, Debug)]
pub struct NotTaken {
    /// The publisher's number of the row.
    pub row: String,
    /// Where it should have gone.
    pub stream: String,
    /// Why not.
    pub error: AppendError,
}

/// Why an import stopped. Up to [`ImportError::Refused`] nothing of the files was written.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A rulebook that comes with the program does not compile.
    #[error("the shipped rulebook of this import does not compile")]
    Compile(#[from] CompileError),
    /// A file could not be read.
    #[error("{file} could not be read: check its name and that you may read it")]
    File {
        /// Which.
        file: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A cell or row is not as the publisher writes it.
    #[error(
        "{file}, line {line}, column {column}: {detail}. Nothing was imported; put the file right, or fetch it anew"
    )]
    Malformed {
        /// Which file.
        file: String,
        /// The line on which the row begins, from 1.
        line: u64,
        /// The column's name, or what stands for it.
        column: String,
        /// What is wrong and what is needed.
        detail: String,
    },
    /// Columns are missing.
    #[error("{file}, line 1, column {}: not in the header. Nothing was imported; fetch the file anew, with all its columns", columns.join(", "))]
    ColumnsMissing {
        /// Which file.
        file: String,
        /// The columns.
        columns: Vec<String>,
    },
    /// The header is of no file that is known.
    #[error(
        "{file} has no header that this import knows: give it a file of Toronto's apartment building evaluations"
    )]
    UnknownKind {
        /// Which file.
        file: String,
    },
    /// Files that belong together are not all there.
    #[error("the evaluations since 2023 are told by four files; missing: {}. Nothing was imported; give all of them at once", missing.join("; "))]
    FilesMissing {
        /// What each missing one is.
        missing: Vec<&'static str>,
    },
    /// A file is given twice, or a second one of its kind.
    #[error("{file} is a second file of its kind. Nothing was imported; give each file once")]
    GivenTwice {
        /// Which file.
        file: String,
    },
    /// Files of one import are not all there.
    #[error("this import is told by several files; missing: {}. Nothing was imported; give all of them at once", missing.join("; "))]
    Incomplete {
        /// What each missing one is.
        missing: Vec<&'static str>,
    },
    /// More files than an import takes.
    #[error("{file} is one file too many. Nothing was imported; give one file of this kind")]
    TooMany {
        /// Which file.
        file: String,
    },
    /// A rulebook that says nothing of a publisher's rows.
    #[error("the rulebook {scheme} has no section [import], so its publisher's rows cannot be read; add it")]
    NotImported {
        /// The rulebook.
        scheme: String,
    },
    /// A whole publication that is neither the first nor the last one.
    #[error(
        "{file} is a whole publication, and neither the first one nor the last that the changes lead to. Nothing was imported; leave it out"
    )]
    NotLast {
        /// Which file.
        file: String,
    },
    /// The rules refuse a row. Rows before it may have been written.
    #[error(
        "row {row} is refused by the rules; the rows before it are recorded, and importing again changes nothing of them"
    )]
    Refused {
        /// The publisher's number of the row.
        row: String,
        /// What they say.
        #[source]
        source: Rejection,
    },
    /// The ledger did not take some of the commands.
    #[error("{} of the rows' commands were not recorded; import the same file again to go on: {}", failures.len(), told(failures))]
    NotTaken {
        /// Which, and why.
        failures: Vec<NotTaken>,
    },
    /// The rules give no result of what a row tells.
    #[error("the rules give no result; the rulebook of this import does not fit its rows")]
    NoResult(#[from] wuping_domain::refused::Refused),
    /// A row was imported before with other cells.
    #[error(
        "row {row} was imported before with other cells under {stream}: a changed row is a correction, not an import"
    )]
    RowChanged {
        /// The publisher's number of the row.
        row: String,
        /// Where it stands.
        stream: String,
    },
    /// The rulebook's document could not be kept.
    #[error("the rulebook could not be kept in the ledger")]
    Scheme(#[source] AppendError),
    /// The ledger could not be read.
    #[error("the ledger could not be read")]
    Read(#[from] StoreError),
    /// An entry of the ledger is of a later version.
    #[error("an entry of these premises cannot be understood: use a newer version of the program")]
    Unreadable(#[from] wuping_domain::event::Unreadable),
    /// A name or value the format does not allow.
    #[error("the ledger's format does not allow it")]
    Rule(#[from] Refusal),
    /// An event has no JSON form.
    #[error("an event could not be written down")]
    Form(#[from] serde_json::Error),
    /// The private values could not be kept.
    #[error("the private values could not be kept, so the rows they belong to were not recorded")]
    Vault(#[from] VaultError),
    /// The import could not wait for the ledger.
    #[error("the import could not be started")]
    Start(#[source] std::io::Error),
}

fn told(failures: &[NotTaken]) -> String {
    let each =
        failures.iter().map(|failed| format!("row {} ({}): {}", failed.row, failed.stream, failed.error));
    each.collect::<Vec<_>>().join("; ")
}
