//! Commands that only read: they work beside a running server.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::Subcommand;
use wuping_domain::rulebook::Layer;
use wuping_ledger::genesis::{Ledger, stated_log_key};
use wuping_ledger::reader::Reader;
use wuping_projections::ledger_rulebooks::LedgerRulebooks;
use wuping_replay::report::{GradeLine, Question};
use wuping_replay::{conformance, derive, explain, export_tiles, history, rebuild, report, verify};

use crate::cli::{Cases, Common, Failure, Form, print_json};
use crate::shelf;

#[derive(Debug, Subcommand)]
pub(super) enum Export {
    /// A static log that any verifier reads: tiles, entry bundles, rulebooks, checkpoint
    Tiles {
        /// An empty or older folder
        dir: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Key {
    /// The log's verifier key
    Log,
}

fn reader(common: &Common) -> Result<Reader, Failure> {
    Ledger::open_read_only(&common.data).map_err(|error| {
        let mut failure = Failure::from(error);
        failure
            .lines
            .push(format!("--data is {}; make a ledger there with “wuping init”", common.data.display()));
        failure
    })
}

/// A code as people have it, or a whole subject path.
fn subject_of(code: &str) -> String {
    if code.contains('/') { code.to_owned() } else { format!("premises/{code}") }
}

pub(super) fn key(common: &Common, Key::Log: &Key) -> Result<ExitCode, Failure> {
    println!("{}", stated_log_key(&reader(common)?)?);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn export(common: &Common, Export::Tiles { dir }: Export) -> Result<ExitCode, Failure> {
    let exported = export_tiles::export_tiles(&reader(common)?, &dir)?;
    if common.json {
        print_json(&exported)?;
    } else {
        println!("{} entries in {} files under {}", exported.size, exported.files, dir.display());
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn derive() -> Result<ExitCode, Failure> {
    let mut question = Vec::new();
    std::io::stdin().read_to_end(&mut question)?;
    std::io::stdout().write_all(&derive::derive(&question)?)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn conformance(
    common: &Common,
    kind: Cases,
    file: &Path,
    log: Option<&Path>,
) -> Result<ExitCode, Failure> {
    let bytes =
        std::fs::read(file).map_err(|error| Failure::asked(format!("{}: {error}", file.display())))?;
    let result = match kind {
        Cases::Scheme => {
            let shipped = shelf::pingshan()?;
            let by_layer =
                shipped.iter().map(|compiled| (compiled.rulebook.layer, (*compiled.rulebook).clone()));
            conformance::scheme(&bytes, &by_layer.collect::<std::collections::BTreeMap<Layer, _>>())?
        }
        Cases::Vectors => conformance::vectors(&bytes, log)?,
    };
    if common.json {
        print_json(&result)?;
    } else {
        println!("{} cases, {} passed", result.cases, result.passed);
        result.failed.iter().for_each(|id| println!("failed: {id}"));
    }
    Ok(if result.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

pub(super) fn verify(common: &Common, level: u8, require: Option<&str>) -> Result<ExitCode, Failure> {
    let required = require
        .map(|text| text.trim_start_matches(['L', 'l']).parse::<u8>().ok().filter(|level| *level <= 5))
        .map(|level| level.ok_or_else(|| Failure::asked("--require takes L0 to L5")))
        .transpose()?;
    let verified = verify::verify(&common.data, level, required)?;
    if common.json {
        print_json(&verified)?;
    } else {
        for finding in &verified.findings {
            let place =
                finding.position.map_or_else(|| "ledger".to_owned(), |position| format!("entry {position}"));
            println!("L{} {place}: {}: {}", finding.level, finding.code, finding.detail);
        }
        println!("{}", verified.summary());
    }
    Ok(if verified.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

pub(super) fn rebuild(common: &Common, at: Option<u64>, to: Option<PathBuf>) -> Result<ExitCode, Failure> {
    let views = to.unwrap_or_else(|| common.data.join("views.db"));
    let rebuilt = rebuild::rebuild(&common.data, &views, at)?;
    if common.json {
        print_json(&rebuilt)?;
    } else {
        println!(
            "digest {} at position {}, {} events in {} ms ({} events/s), tree root {}",
            rebuilt.digest,
            rebuilt.position.map_or_else(|| "none".to_owned(), |position| position.to_string()),
            rebuilt.events,
            rebuilt.milliseconds,
            rebuilt.events_per_second,
            rebuilt.tree_root
        );
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn report_grades(
    common: &Common,
    at: Option<u64>,
    as_of: Option<&str>,
    valid_at: Option<NaiveDate>,
    form: Form,
) -> Result<ExitCode, Failure> {
    let as_of = as_of
        .map(|text| {
            text.parse().map_err(|_| Failure::asked("--as-of takes a time such as 2026-03-01T09:30:00Z"))
        })
        .transpose()?;
    let lines = report::grades(&reader(common)?, Question { at, as_of, valid_at })?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if common.json || matches!(form, Form::Json) {
        for line in &lines {
            serde_json::to_writer(&mut out, line)?;
            out.write_all(b"\n")?;
        }
    } else {
        write_csv(&lines, &mut out)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn write_csv(lines: &[GradeLine], out: &mut impl Write) -> Result<(), Failure> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(REPORT_COLUMNS)?;
    for line in lines {
        let fields = serde_json::to_value(line)?;
        let cell = |name: &str| match &fields[name] {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        csv.write_record(REPORT_COLUMNS.map(cell))?;
    }
    csv.flush()?;
    Ok(())
}

const REPORT_COLUMNS: [&str; 8] =
    ["code", "layer", "score", "star", "band", "level", "effective_from", "position"];

pub(super) fn history(common: &Common, subject: &str) -> Result<ExitCode, Failure> {
    let entries = history::history(&reader(common)?, &subject_of(subject))?;
    if entries.is_empty() {
        return Err(Failure::asked(format!(
            "nothing is recorded of {}; check the code",
            subject_of(subject)
        )));
    }
    if common.json {
        return print_json(&entries).map(|()| ExitCode::SUCCESS);
    }
    for entry in &entries {
        println!(
            "{:>8}  {}  {}  {:<24} {}  {} {}",
            entry.position,
            entry.occurred_at,
            entry.recorded_at,
            entry.event_type,
            entry.stream,
            entry.role,
            entry.holder
        );
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn explain(common: &Common, subject: &str, to_star: Option<u8>) -> Result<ExitCode, Failure> {
    let reader = reader(common)?;
    let rulebooks = LedgerRulebooks::of(reader.clone());
    let subject = subject_of(subject);
    let id = subject.trim_start_matches("premises/");
    let explanation = explain::explain(&reader, &rulebooks, id, to_star)?;
    if common.json {
        print_json(&explanation)?;
    } else {
        print!("{}", explanation.in_words());
    }
    Ok(ExitCode::SUCCESS)
}
