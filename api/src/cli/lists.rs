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
            print(common, file, &report);
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
    let bytes = std::fs::read(file).map_err(|error| Failure::unread(file, &error))?;
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
pub(super) fn print(common: &Common, file: &Path, report: &Report) {
    let Report { rows, new, changed, same, refused, .. } = report;
    let [zh, en] = match report.dry_run {
        true => ["试运行，什么也没有记录：", "dry run, nothing was recorded: "],
        false => ["", ""],
    };
    let file = file.display();
    common.say(
        format!("{file}：{zh}共{rows}行：新增{new}，更改{changed}，已有{same}，不收{refused}"),
        format!("{file}: {en}{rows} rows: {new} new, {changed} changed, {same} known, {refused} refused"),
    );
    if !report.unread_columns.is_empty() {
        common.say(
            format!("没有用到的列，随各行保存：{}", report.unread_columns.join("、")),
            format!("columns that nobody reads, kept with each row: {}", report.unread_columns.join(", ")),
        );
    }
    for fate in &report.lines {
        if let Some(fault) = &fate.refused {
            let (line, name) = (fate.line, &fate.name);
            common.say(
                format!("第{line}行（{name}）：{}", fault.zh),
                format!("line {line} ({name}): {}", fault.en),
            );
        }
    }
}
