//! Reports as of any moment, on standard output, for machines or as a table.

use std::io::Write;
use std::process::ExitCode;

use chrono::NaiveDate;
use serde::Serialize;
use wuping_replay::report::Question;
use wuping_replay::{cases as replayed_cases, parties as replayed_parties, published, report};

use crate::cli::read::reader;
use crate::cli::{Common, Failure, Form};

/// The moment that is asked about.
pub(super) fn question(
    at: Option<u64>,
    as_of: Option<&str>,
    valid_at: Option<NaiveDate>,
) -> Result<Question, Failure> {
    let as_of = as_of
        .map(|text| {
            text.parse().map_err(|_| Failure::asked("--as-of takes a time such as 2026-03-01T09:30:00Z"))
        })
        .transpose()?;
    Ok(Question { at, as_of, valid_at })
}

/// Every hazard with its days.
pub(super) fn cases(common: &Common, question: Question, form: Form) -> Result<ExitCode, Failure> {
    written(common, &replayed_cases::cases(&reader(common)?, question)?, &CASE_COLUMNS, form)
}

/// The grades of all premises.
pub(super) fn grades(common: &Common, question: Question, form: Form) -> Result<ExitCode, Failure> {
    written(common, &report::grades(&reader(common)?, question)?, &REPORT_COLUMNS, form)
}

/// Who answers for how many premises.
pub(super) fn parties(common: &Common, question: Question, form: Form) -> Result<ExitCode, Failure> {
    written(common, &replayed_parties::parties(&reader(common)?, question)?, &PARTY_COLUMNS, form)
}

/// What each publication of Toronto's evaluations shows.
pub(super) fn publications(common: &Common, form: Form) -> Result<ExitCode, Failure> {
    let states = published::states(&reader(common)?)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if common.json || matches!(form, Form::Json) {
        for state in &states {
            serde_json::to_writer(&mut out, state)?;
            out.write_all(b"\n")?;
        }
        out.flush()?;
    } else {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(PUBLICATION_COLUMNS)?;
        for state in &states {
            let colour = |name| state.colours.get(name).copied().unwrap_or_default().to_string();
            csv.write_record([
                state.publication.to_string(),
                state.date.to_string(),
                state.rows.to_string(),
                state.reactive_negative.to_string(),
                colour("green"),
                colour("yellow"),
                colour("red"),
                state.digest.clone(),
                state.as_received.to_string(),
            ])?;
        }
        csv.flush()?;
    }
    let fits = states.iter().all(|state| state.as_received);
    Ok(if fits { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// One line each: an object for machines, else a row under these columns.
fn written<L: Serialize>(
    common: &Common,
    lines: &[L],
    columns: &[&str],
    form: Form,
) -> Result<ExitCode, Failure> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if common.json || matches!(form, Form::Json) {
        for line in lines {
            serde_json::to_writer(&mut out, line)?;
            out.write_all(b"\n")?;
        }
        out.flush()?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(columns)?;
    for line in lines {
        let fields = serde_json::to_value(line)?;
        let cell = |name: &&str| match &fields[*name] {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        csv.write_record(columns.iter().map(cell))?;
    }
    csv.flush()?;
    Ok(ExitCode::SUCCESS)
}

const CASE_COLUMNS: [&str; 19] = [
    "code",
    "premises",
    "case",
    "indicator",
    "severity",
    "found_on",
    "found_at",
    "confirmed_on",
    "ordered_on",
    "due",
    "extended_to",
    "submitted_on",
    "refused",
    "closed_on",
    "closed_at",
    "reopens",
    "stage",
    "open",
    "overdue",
];
const PARTY_COLUMNS: [&str; 4] = ["party", "kind", "roles", "premises"];
const PUBLICATION_COLUMNS: [&str; 9] =
    ["publication", "date", "rows", "reactive_negative", "green", "yellow", "red", "digest", "as_received"];
const REPORT_COLUMNS: [&str; 8] =
    ["code", "layer", "score", "star", "band", "level", "effective_from", "position"];
