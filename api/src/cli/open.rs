//! Commands that write: a new ledger, and real data into it.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;
use uuid::Uuid;
use wuping_domain::facts::{Grant, Role};
use wuping_domain::recorded::local_date;
use wuping_ledger::timestamp::Timestamp;

use crate::app::{App, Asked, OpenError, Who};
use crate::cli::bar::counting;
use crate::cli::{Common, Failure, accounts, print_json, runtime};
use crate::import::{self, lifecycle};
use crate::shelf;

pub(super) fn init(common: &Common, origin: &str, administrator: &str) -> Result<ExitCode, Failure> {
    let runtime = runtime()?;
    let app = App::create(&common.data, origin, true)?;
    runtime.block_on(publish_shipped(&app))?;
    let grant = Grant { role: Role::Administrator, department: None, area: None, party: None };
    let (_, password) = runtime.block_on(accounts::open(&app, administrator, administrator, grant))?;
    let log_key = app.ledger.log_key().to_string();
    runtime.block_on(app.close())?;
    if common.json {
        print_json(
            &json!({ "origin": origin, "log_key": log_key, "administrator": administrator, "password": password }),
        )?;
    } else {
        println!("ledger {origin} is in {}", common.data.display());
        println!("its log key, to be published where people can compare it: {log_key}");
        println!("{administrator} signs in with the password {password} (shown only now)");
        println!("take root-1.key and root-2.key away to two safe places, and remove them here");
    }
    Ok(ExitCode::SUCCESS)
}

/// Publish the district's illustrative rulebooks, one for each layer.
async fn publish_shipped(app: &App) -> Result<(), Failure> {
    for compiled in shelf::pingshan().map_err(OpenError::Compile)? {
        app.ledger.writer().keep_scheme(compiled.document()).await?;
        let now = Timestamp::now();
        let asked = Asked {
            id: Uuid::now_v7(),
            stream: compiled.stream(),
            command: compiled.illustrative_publication(local_date(now.datetime())),
            expected: None,
            occurred_at: now,
        };
        let shipped = Who::Channel { name: "shipped".to_owned(), reference: compiled.scheme.id.clone() };
        app.execute(&shipped, asked).await?;
    }
    Ok(())
}

/// Import another office's rows as what happened there.
pub(super) fn import_lifecycles(
    common: &Common,
    source: lifecycle::Source,
    files: &[PathBuf],
) -> Result<ExitCode, Failure> {
    let runtime = runtime()?;
    let app = App::open(&common.data)?;
    let bar = counting("steps");
    let done = lifecycle::import(&app.ledger, &app.vault, source, files, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    runtime.block_on(app.close())?;
    let done = done?;
    if common.json {
        print_json(&done)?;
        return Ok(ExitCode::SUCCESS);
    }
    let told: Vec<String> = done.told.iter().map(|(what, count)| format!("{what} {count}")).collect();
    println!("{} rows of {} premises: {}", done.rows, done.premises, told.join(", "));
    println!(
        "{} events written, {} already there; {} events/s",
        done.events_written, done.already_there, done.events_per_second
    );
    for finding in &done.findings {
        println!(
            "finding {} in {}, line {}, row {} of {}: published {}, against {}",
            finding.code,
            finding.file,
            finding.line,
            finding.row,
            finding.premises,
            finding.published,
            finding.against
        );
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn import(common: &Common, files: &[PathBuf]) -> Result<ExitCode, Failure> {
    let runtime = runtime()?;
    let app = App::open(&common.data)?;
    let bar = counting("rows");
    let summary =
        import::toronto::toronto_evaluations(&app.ledger, &app.vault, files, &mut |done, total| {
            bar.set_length(total);
            bar.set_position(done);
        })?;
    bar.finish_and_clear();
    runtime.block_on(app.close())?;
    if common.json {
        print_json(&summary)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(last) = &summary.last_publication {
        println!(
            "{} publications with {} changes, {} of them of the same value; the last of {} has {} rows, digest {}",
            summary.publications, summary.changes, summary.same_value, last.date, last.rows, last.digest
        );
    }
    println!(
        "{} rows of {} premises; {} events written, {} already there; {} events/s",
        summary.rows,
        summary.premises,
        summary.events_written,
        summary.already_there,
        summary.events_per_second
    );
    for finding in &summary.findings {
        println!(
            "finding {} in row {} of {}: published {}, computed {}",
            finding.code, finding.row, finding.rsn, finding.published, finding.computed
        );
    }
    if !summary.earlier_findings.is_empty() {
        println!(
            "{} more findings in earlier publications: --json lists them",
            summary.earlier_findings.len()
        );
    }
    Ok(ExitCode::SUCCESS)
}
