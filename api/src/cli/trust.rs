//! What whoever verifies asks of it, and whom they trust: the same of a whole ledger and of a bundle.

use std::path::{Path, PathBuf};

use clap::Args;
use wuping_replay::witnessed::Trusted;

use crate::cli::Failure;

/// How far, and whom to trust.
#[derive(Args, Debug)]
pub(super) struct Reach {
    /// Up to which level, 0 to 5
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(0..=5))]
    pub(super) level: u8,
    /// A level that must be established, as L4
    #[arg(long, value_name = "Ln", value_parser = level_of)]
    pub(super) require: Option<u8>,
    /// A trust file obtained elsewhere, `wuping-trust/1`: log key, first entry, and whose cosignatures and time-stamps
    /// count. Without one those count that the folder lists in witnesses.txt and authorities.txt; of a bundle nobody's
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// The log key obtained elsewhere, as `wuping key log` prints it; --trust has one already
    #[arg(long, value_name = "VKEY", conflicts_with = "trust")]
    log_key: Option<String>,
}

impl Reach {
    /// Whether a trust file was brought.
    pub(super) const fn brings_trust(&self) -> bool {
        self.trust.is_some()
    }

    /// Whom to trust: those of the file; else the log key that was brought, and whoever counts unless told otherwise.
    pub(super) fn trusted(&self, unless_told: Trusted) -> Result<Trusted, Failure> {
        match &self.trust {
            Some(file) => trusted_by(file),
            None => Ok(Trusted { log: self.log_key.clone(), ..unless_told }),
        }
    }
}

/// Whom a trust file names.
fn trusted_by(file: &Path) -> Result<Trusted, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        let file = file.display();
        Failure::asked_in_both(
            format!("信任文件 {file} 无法读取：{error}"),
            format!("the trust file {file} could not be read: {error}"),
        )
    })?;
    Trusted::parse(&text).map_err(|refusal| {
        let zh = format!(
            "信任文件 {} 的写法不对，请向账本的运营方要原文件。程序的说明：{refusal}",
            file.display()
        );
        Failure::from(refusal).in_chinese(zh)
    })
}

fn level_of(text: &str) -> Result<u8, String> {
    let level = text.trim_start_matches(['L', 'l']).parse::<u8>().ok().filter(|level| *level <= 5);
    level.ok_or_else(|| "--require takes L0 to L5".to_owned())
}
