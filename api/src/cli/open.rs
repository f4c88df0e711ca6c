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
use crate::import::lifecycle::RowFinding;
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
        let folder = common.data.display();
        common.say(
            format!(
                "账本 {origin} 建在 {folder}\n日志公钥，请公布在人人都能比对的地方：{log_key}\n\
                 {administrator} 的登录密码是 {password}（只显示这一次）\n\
                 请把 root-1.key 和 root-2.key 分别移到两个安全的地方保管，并从这里删去"
            ),
            format!(
                "ledger {origin} is in {folder}\nits log key, to be published where people can compare it: {log_key}\n\
                 {administrator} signs in with the password {password} (shown only now)\n\
                 take root-1.key and root-2.key away to two safe places, and remove them here"
            ),
        );
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
    let (rows, premises) = (done.rows, done.premises);
    common.say(
        format!("{premises}处房屋的{rows}行：{}", told.join("，")),
        format!("{rows} rows of {premises} premises: {}", told.join(", ")),
    );
    tell_written(common, done.events_written, done.already_there, done.events_per_second);
    for finding in &done.findings {
        let RowFinding { code, file, line, row, premises, published, against, .. } = finding;
        common.say(
            format!("不符 {code}：{file} 第{line}行，{premises} 的 {row}：公布为{published}，对照为{against}"),
            format!("finding {code} in {file}, line {line}, row {row} of {premises}: published {published}, against {against}"),
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
        let (publications, changes, same) = (summary.publications, summary.changes, summary.same_value);
        let (date, rows, digest) = (last.date, last.rows, &last.digest);
        common.say(
            format!("{publications}次公布，共{changes}处改动，其中{same}处数值未变；最后一次是 {date}，{rows}行，摘要 {digest}"),
            format!(
                "{publications} publications with {changes} changes, {same} of them of the same value; the last of {date} has {rows} \
                 rows, digest {digest}"
            ),
        );
    }
    let (rows, premises) = (summary.rows, summary.premises);
    common.say(format!("{premises}处房屋的{rows}行"), format!("{rows} rows of {premises} premises"));
    tell_written(common, summary.events_written, summary.already_there, summary.events_per_second);
    for finding in &summary.findings {
        let (code, row, rsn) = (&finding.code, &finding.row, &finding.rsn);
        let (published, computed) = (&finding.published, &finding.computed);
        common.say(
            format!("不符 {code}：{rsn} 的 {row}：公布为{published}，计算为{computed}"),
            format!("finding {code} in row {row} of {rsn}: published {published}, computed {computed}"),
        );
    }
    if !summary.earlier_findings.is_empty() {
        let more = summary.earlier_findings.len();
        common.say(
            format!("更早的各次公布中另有{more}处不符：用 --json 列出"),
            format!("{more} more findings in earlier publications: --json lists them"),
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn tell_written(common: &Common, written: u64, known: u64, rate: u64) {
    common.say(
        format!("写入{written}条记录，{known}条已经有了；每秒{rate}条"),
        format!("{written} events written, {known} already there; {rate} events/s"),
    );
}
