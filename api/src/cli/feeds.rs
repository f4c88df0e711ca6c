//! Feeds on the command line: a channel for another system is opened with its token, and a table is taken for it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use crate::app::App;
use crate::cli::departments::must_be_known;
use crate::cli::{Common, Failure, lists, print_json, runtime};
use crate::lists::Kind;
use crate::office::OpenFeed;

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
        /// What it may deliver: indicators (the default), incidents, alerts, premises, parties, assessors; may be given several
        /// times
        #[arg(long = "kind", value_parser = list_kind, default_value = "indicators")]
        kinds: Vec<Kind>,
    },
    /// Take a table for a channel: CSV (UTF-8) or .xlsx
    Take {
        /// Its name
        channel: String,
        /// The table
        file: PathBuf,
        /// What it is about
        #[arg(long, value_parser = list_kind, default_value = "indicators")]
        kind: Kind,
        /// Say what it would do, and record nothing
        #[arg(long)]
        dry_run: bool,
    },
}

pub(super) fn feed(common: &Common, feed: Feed) -> Result<ExitCode, Failure> {
    let runtime = runtime()?;
    let app = App::open(&common.data)?;
    let lang = common.lang();
    let told = match feed {
        Feed::Close { channel } => {
            if !app.office.close_feed(&channel)? {
                return Err(Failure::asked_in_both(
                    format!("没有开通的通道“{channel}”；见 wuping feed list"),
                    format!("no channel “{channel}” is open; see wuping feed list"),
                ));
            }
            lang.pick(format!("{channel} 已关闭"), format!("{channel} is closed"))
        }
        Feed::List => {
            let feeds = app.office.feeds()?;
            let line = |feed: &OpenFeed| {
                let kinds: Vec<&str> = feed.kinds.iter().map(|kind| kind.code()).collect();
                format!("{} {}: {}", feed.channel, feed.departments.join(" "), kinds.join(" "))
            };
            feeds.iter().map(line).collect::<Vec<_>>().join("\n")
        }
        Feed::Open { channel, departments, kinds } => {
            must_be_channel(&channel)?;
            departments.iter().try_for_each(|department| must_be_known(app.reader(), department))?;
            let token = app.office.open_feed_for(&channel, &departments, &kinds)?;
            if common.json {
                print_json(&json!({ "channel": channel, "token": token }))?;
                runtime.block_on(app.close())?;
                return Ok(ExitCode::SUCCESS);
            }
            lang.pick(
                format!("{channel} 凭令牌 {token} 报送（只显示这一次）"),
                format!("{channel} sends the token {token} (shown only now)"),
            )
        }
        Feed::Take { channel, file, kind, dry_run } => {
            let open = app.office.feeds()?.into_iter().find(|feed| feed.channel == channel);
            let Some(open) = open else {
                return Err(Failure::asked_in_both(
                    format!("没有开通的通道“{channel}”；见 wuping feed open --help"),
                    format!("no channel “{channel}” is open; see wuping feed open --help"),
                ));
            };
            let report = runtime.block_on(lists::of_file(&app, open, kind, &file, dry_run))?;
            if common.json {
                print_json(&report)?;
            } else {
                lists::print(common, &file, &report);
            }
            runtime.block_on(app.close())?;
            return Ok(ExitCode::from(u8::from(report.refused > 0)));
        }
    };
    runtime.block_on(app.close())?;
    if !told.is_empty() {
        println!("{told}");
    }
    Ok(ExitCode::SUCCESS)
}

fn list_kind(text: &str) -> Result<Kind, String> {
    let codes = || Kind::ALL.map(Kind::code).join(", ");
    Kind::of_code(text).ok_or_else(|| format!("write one of {}", codes()))
}

/// A channel's name stands in every entry that comes through it.
fn must_be_channel(name: &str) -> Result<(), Failure> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.starts_with("feed-") && name.len() <= 64 && name.bytes().all(plain) {
        return Ok(());
    }
    Err(Failure::asked_in_both(
        format!("“{name}”不能用作通道名：以 feed- 开头，只用小写字母、数字和连字符，如 feed-police"),
        format!(
            "“{name}” is no name of a channel: write feed- and lower-case letters, digits, hyphens, as feed-police"
        ),
    ))
}
