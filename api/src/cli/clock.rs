//! The clock: an operator accepts what the ledger refuses to believe.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;
use wuping_ledger::clock::ClockFault;

use crate::app::App;
use crate::cli::failing_words::clock as clock_words;
use crate::cli::{Common, Failure, print_json, runtime};

#[derive(Debug, Subcommand)]
pub(super) enum Clock {
    /// Say that the machine's clock is right though it jumped ahead: an entry with its time is recorded
    #[command(
        after_help = "Example:\n  wuping clock accept\n\nLook at the clock first: a time that is recorded cannot be taken back. A clock that is behind the last entry cannot be accepted for good; “wuping serve --accept-clock” records with the last entry's time until the clock has caught up."
    )]
    Accept,
}

pub(super) fn clock(common: &Common, Clock::Accept: &Clock) -> Result<ExitCode, Failure> {
    let runtime = runtime()?;
    let app = App::open(&common.data)?;
    let accepted = runtime.block_on(app.ledger.writer().accept_clock())?;
    runtime.block_on(app.close())?;
    let lang = common.lang();
    let told = match &accepted {
        Some(behind @ ClockFault::Behind { .. }) => {
            let zh = clock_words(behind);
            return Err(Failure::asked_in_both(
                format!(
                    "{zh}；如果是最后几条记录的时间不对，请用 wuping serve --accept-clock 启动：在时钟赶上之前，都记最后一条的时间"
                ),
                format!(
                    "{behind}; if the last entries bear a wrong time, start with “wuping serve --accept-clock”, which records \
                     with the last entry's time until the clock has caught up"
                ),
            ));
        }
        Some(ClockFault::Ahead { ahead_ms, .. }) => {
            let zh = format!("已接受：新记录的时间比上一条晚{ahead_ms}毫秒");
            lang.pick(zh, format!("accepted: an entry is recorded {ahead_ms} ms after the one before it"))
        }
        None => lang.say("时钟正常，没有要接受的", "the clock is in order; there is nothing to accept"),
    };
    if common.json {
        print_json(&json!({ "accepted": accepted.is_some() }))?;
    } else {
        println!("{told}");
    }
    Ok(ExitCode::SUCCESS)
}
