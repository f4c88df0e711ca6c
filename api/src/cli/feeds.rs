//! Feeds on the command line: a channel for another system is opened with its token, and a table is taken for it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;
use wuping_ledger::encoding::{hex_encode, sha256};

use crate::app::App;
use crate::cli::{Common, Failure, print_json, runtime};
use crate::feeds::{Delivery, lines_of_table, take};

#[derive(Debug, Subcommand)]
pub(super) enum Feed {
    /// Close a channel: its token is refused from now on
    Close {
        /// Its name
        channel: String,
    },
    /// The channels that are open
    List,
    /// Open a channel, or give it a new token; the token is printed once
    Open {
        /// Its name, `feed-police`
        channel: String,
        /// A department whose indicators it shares; may be given several times
        #[arg(long = "department", required = true)]
        departments: Vec<String>,
    },
    /// Take a table of results for a channel: columns code, indicator, outcome, observed_on
    Take {
        /// Its name
        channel: String,
        /// The table
        file: PathBuf,
    },
}

pub(super) fn feed(common: &Common, feed: Feed) -> Result<ExitCode, Failure> {
    let runtime = runtime()?;
    let app = App::open(&common.data)?;
    let told = match feed {
        Feed::Close { channel } => {
            if !app.office.close_feed(&channel)? {
                return Err(Failure::asked(format!("no channel “{channel}” is open; see wuping feed list")));
            }
            format!("{channel} is closed")
        }
        Feed::List => {
            let feeds = app.office.feeds()?;
            let line =
                |feed: &crate::office::OpenFeed| format!("{} {}", feed.channel, feed.departments.join(" "));
            feeds.iter().map(line).collect::<Vec<_>>().join("\n")
        }
        Feed::Open { channel, departments } => {
            must_be_channel(&channel)?;
            let token = app.office.open_feed(&channel, &departments)?;
            if common.json {
                print_json(&json!({ "channel": channel, "token": token }))?;
                runtime.block_on(app.close())?;
                return Ok(ExitCode::SUCCESS);
            }
            format!("{channel} sends the token {token} (shown only now)")
        }
        Feed::Take { channel, file } => {
            let open = app.office.feeds()?.into_iter().find(|feed| feed.channel == channel);
            let Some(open) = open else {
                return Err(Failure::asked(format!(
                    "no channel “{channel}” is open; see wuping feed open --help"
                )));
            };
            let bytes = std::fs::read(&file)
                .map_err(|error| Failure::asked(format!("{} could not be read: {error}", file.display())))?;
            let lines = lines_of_table(&bytes)?;
            let key = hex_encode(&sha256(&bytes));
            let delivery = runtime.block_on(take(&app, &open, &key, &lines))?;
            if common.json {
                print_json(&delivery)?;
            } else {
                print_delivery(&delivery);
            }
            runtime.block_on(app.close())?;
            return Ok(ExitCode::from(u8::from(delivery.refused > 0)));
        }
    };
    runtime.block_on(app.close())?;
    if !told.is_empty() {
        println!("{told}");
    }
    Ok(ExitCode::SUCCESS)
}

fn print_delivery(delivery: &Delivery) {
    println!("{} lines recorded, {} not", delivery.taken, delivery.refused);
    for fate in &delivery.lines {
        if let Some(refused) = &fate.refused {
            println!("line {} ({} {}): {}", fate.line, fate.code, fate.indicator, refused.en);
        }
    }
}

/// A channel's name stands in every entry that comes through it.
fn must_be_channel(name: &str) -> Result<(), Failure> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.starts_with("feed-") && name.len() <= 64 && name.bytes().all(plain) {
        return Ok(());
    }
    Err(Failure::asked(format!(
        "“{name}” is no name of a channel: write feed- and lower-case letters, digits, hyphens, as feed-police"
    )))
}
