//! The office's own lists on the command line: a dry run says what a file would do, without it the file is taken.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use crate::app::App;
use crate::cli::bar::counting;
use crate::cli::{Common, Failure, print_json, runtime};
use crate::lists::sheet::Sheet;
use crate::lists::{Delivery, Kind, ListError, Report, office_channel, reference_of, take};
use crate::office::OpenFeed;

/// Takes files one after the other; exit code 1 when rows were refused.
pub(super) fn import(
    common: &Common,
    kind: Kind,
    files: &[PathBuf],
    dry_run: bool,
) -> Result<ExitCode, Failure> {
    let runtime = runtime()?;
    let app = App::open(&common.data)?;
    let mut refused = 0;
    let mut reports = Vec::new();
    for file in files {
        let report = runtime.block_on(of_file(&app, office_channel(), kind, file, dry_run))?;
        refused += report.refused;
        if common.json {
            reports.push(json!({ "file": file.display().to_string(), "report": report }));
        } else {
            print(file, &report);
        }
    }
    runtime.block_on(app.close())?;
    if common.json {
        print_json(&reports)?;
    }
    Ok(ExitCode::from(u8::from(refused > 0)))
}

/// One file, by a channel.
pub(super) async fn of_file(
    app: &App,
    channel: OpenFeed,
    kind: Kind,
    file: &Path,
    dry_run: bool,
) -> Result<Report, Failure> {
    let bytes = std::fs::read(file)
        .map_err(|error| Failure::asked(format!("{} could not be read: {error}", file.display())))?;
    let sheet = Sheet::of_file(&bytes).map_err(ListError::from)?;
    let bar = counting("rows");
    let delivery = Delivery { channel, kind, reference: reference_of(&bytes), dry_run };
    let report = take(app, &delivery, &sheet, &|done, total| {
        bar.set_length(total);
        bar.set_position(done);
    })
    .await;
    bar.finish_and_clear();
    Ok(report?)
}

/// What became of a file, for a person: the counts, and each row that is not taken with what to do.
pub(super) fn print(file: &Path, report: &Report) {
    let Report { rows, new, changed, same, refused, .. } = report;
    let would = if report.dry_run { "dry run, nothing was recorded: " } else { "" };
    println!(
        "{}: {would}{rows} rows: {new} new, {changed} changed, {same} known, {refused} refused",
        file.display()
    );
    if !report.unread_columns.is_empty() {
        println!("columns that nobody reads, kept with each row: {}", report.unread_columns.join(", "));
    }
    for fate in &report.lines {
        if let Some(fault) = &fate.refused {
            println!("line {} ({}): {}", fate.line, fate.name, fault.en);
        }
    }
}
