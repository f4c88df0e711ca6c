//! Time-stamps of checkpoints by the authorities that the folder lists: one at once, and what there is.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;
use wuping_ledger::stamps::kept;

use crate::authorities::Authorities;
use crate::cli::read::reader;
use crate::cli::{Common, Failure, print_json, runtime};

#[derive(Debug, Subcommand)]
pub(super) enum Timestamp {
    /// The stamps that are kept
    List,
    /// Ask every listed authority for a stamp of the newest checkpoint now; works beside the running server
    Now,
}

pub(super) fn timestamp(common: &Common, command: Timestamp) -> Result<ExitCode, Failure> {
    match command {
        Timestamp::List => list(common),
        Timestamp::Now => now(common),
    }
}

fn list(common: &Common) -> Result<ExitCode, Failure> {
    let kept = kept(&common.data)?;
    match common.json {
        true => {
            let told = kept
                .iter()
                .map(|stamp| json!({ "authority": stamp.authority, "file": stamp.file, "size": stamp.size }));
            print_json(&told.collect::<Vec<_>>())?;
        }
        false => {
            for stamp in kept {
                let (size, authority, file) = (stamp.size, &stamp.authority, stamp.file.display());
                common.say(
                    format!("{size}条记录，由 {authority} 盖时间戳，在 {file}"),
                    format!("{size} entries by {authority} in {file}"),
                );
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn now(common: &Common) -> Result<ExitCode, Failure> {
    let (reader, authorities) = (reader(common)?, Authorities::of(&common.data)?);
    let stamped = runtime()?.block_on(authorities.ask_now(&reader))?;
    for given in stamped {
        let at = chrono::DateTime::from_timestamp(given.stamp.time.cast_signed(), 0).unwrap_or_default();
        let at = at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        match common.json {
            true => print_json(&json!({
                "authority": given.authority, "new": given.new, "size": given.size,
                "signer": given.stamp.authority, "time": at,
            }))?,
            false => {
                let (size, authority, signer) = (given.size, &given.authority, &given.stamp.authority);
                common.say(
                    format!("{authority}（{signer}）证明：{at} 时已有这{size}条记录"),
                    format!("{size} entries existed by {at} by the word of {authority} ({signer})"),
                );
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
