//! Commands about witnesses: being one, and what to do when one of ours raised the alarm.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;
use wuping_ledger::alarm;
use wuping_ledger::genesis::stated_log_key;
use wuping_ledger::note::VerifierKey;
use wuping_ledger::timestamp::Timestamp;

use crate::cli::read::reader;
use crate::cli::serve::stopped;
use crate::cli::{Common, Failure, print_json, runtime};
use crate::look::words::Lang;
use crate::{anchors, authorities, standing, witness};

#[derive(Debug, Subcommand)]
pub(super) enum Witness {
    /// The fork alarm of this ledger: show it, or end it when a person has found out what happened
    Alarm {
        /// End it
        #[arg(long, requires = "reason")]
        clear: bool,
        /// What was found, kept beside the alarm
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Make a witness with a key of its own in the folder of --data, and print the key
    Init {
        /// Its name in cosignatures: no spaces, no “+”
        #[arg(long)]
        name: String,
    },
    /// The witness's verifier key
    Key,
    /// What each witness and time-stamping authority of this ledger said last, how old that is and how far behind
    Status,
    /// Cosign checkpoints of logs, at /add-checkpoint
    Serve {
        /// Verifier key of a log (“wuping key log”); repeat it for several
        #[arg(long, required = true, value_name = "VKEY")]
        log: Vec<String>,
        /// Address and port to listen on
        #[arg(long, default_value = "127.0.0.1:8090")]
        listen: SocketAddr,
    },
}

pub(super) fn witness(common: &Common, command: Witness) -> Result<ExitCode, Failure> {
    match command {
        Witness::Alarm { clear: false, .. } => show_alarm(common),
        Witness::Alarm { clear: true, reason } => {
            let at = Timestamp::now();
            let cleared = alarm::clear(&common.data, at.as_str(), reason.as_deref().unwrap_or_default())?;
            match cleared {
                true => {
                    common.say("警报已解除；请重新启动服务器", "the alarm is ended; start the server again")
                }
                false => no_alarm(common),
            }
            Ok(ExitCode::SUCCESS)
        }
        Witness::Init { name } => tell_key(common, &witness::make(&common.data, &name)?),
        Witness::Key => tell_key(common, &witness::key(&common.data)?),
        Witness::Status => status(common),
        Witness::Serve { log, listen } => {
            let logs = log.iter().map(|key| VerifierKey::parse(key)).collect::<Result<Vec<_>, _>>()?;
            let router = witness::router(&common.data, logs)?;
            runtime()?.block_on(async {
                let listener = tokio::net::TcpListener::bind(listen).await?;
                let stopped = stopped();
                let address = listener.local_addr()?;
                common.say(
                    format!("屋评见证人已启动：http://{address}"),
                    format!("wuping witnesses on http://{address}"),
                );
                axum::serve(listener, router).with_graceful_shutdown(stopped).await?;
                Ok::<_, Failure>(())
            })?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn status(common: &Common) -> Result<ExitCode, Failure> {
    let reader = reader(common)?;
    let head = reader.checkpoint_size()?;
    let log = VerifierKey::parse(&stated_log_key(&reader)?)?;
    let witnesses = standing::of_witnesses(&common.data, &anchors::listed(&common.data)?, head)?;
    let listed = authorities::listed(&common.data)?;
    let authorities = standing::of_authorities(&common.data, &listed, &log, head)?;
    let alarm = alarm::raised_in(&common.data)?;
    if common.json {
        print_json(&json!({
            "alarm": alarm, "authorities": authorities, "checkpoint": head, "witnesses": witnesses,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    common.say(format!("最新的检查点有{head}条记录"), format!("the newest checkpoint has {head} entries"));
    let kinds =
        [(["见证人", "witness"], &witnesses), (["时间戳机构", "time-stamping authority"], &authorities)];
    for ([zh, en], of_kind) in kinds {
        if of_kind.is_empty() {
            common.say(format!("没有列出任何{zh}"), format!("no {en} is listed"));
        }
        for standing in of_kind {
            common.say(
                format!("{zh} {}", standing.in_words_of(Lang::Zh)),
                format!("{en} {}", standing.in_words_of(Lang::En)),
            );
        }
    }
    if alarm.is_some() {
        common.say("分叉警报：见 wuping witness alarm", "FORK ALARM: see “wuping witness alarm”");
    }
    Ok(ExitCode::SUCCESS)
}

/// Exit code 1 while the alarm holds.
fn show_alarm(common: &Common) -> Result<ExitCode, Failure> {
    let raised = alarm::raised_in(&common.data)?;
    match (&raised, common.json) {
        (_, true) => print_json(&json!({ "alarm": raised }))?,
        (Some(why), false) => println!("{why}"),
        (None, false) => no_alarm(common),
    }
    Ok(if raised.is_some() { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn no_alarm(common: &Common) {
    common.say("没有警报", "there is no alarm");
}

fn tell_key(common: &Common, key: &VerifierKey) -> Result<ExitCode, Failure> {
    match common.json {
        true => print_json(&json!({ "key": key.to_string() }))?,
        false => println!("{key}"),
    }
    Ok(ExitCode::SUCCESS)
}
