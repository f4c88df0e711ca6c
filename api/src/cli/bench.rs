//! The command that compares this program with the stock event stores.

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use crate::bench::{Plan, What, run};
use crate::cli::{Common, Failure, print_json, runtime};

#[derive(Debug, Args)]
pub(super) struct Bench {
    /// What to compare
    #[arg(value_enum)]
    what: Compared,
    /// Rounds of each side; the sides take turns
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rounds: u32,
    /// Milliseconds of a round that is measured by time
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(10..=600_000))]
    milliseconds: u64,
    /// How many write at once, one measurement each
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 128], value_parser = clap::value_parser!(u64).range(1..=10_000))]
    callers: Vec<u64>,
    /// How many events are read again, or verified
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(10..=100_000_000))]
    events: u64,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Compared {
    /// Durable events a second, by 1, 16 and 128 callers at once
    Append,
    /// The whole log read by the program that checks it, from SQLite and from a Postgres server if one is named, on one
    /// thread and on two; unchecked by the stock stores on the same databases
    Read,
    /// The whole log read again: checked here, unchecked by the stock Postgres store
    Replay,
    /// The whole log verified up to level 4 from its files, strictly and in batches, on one thread and on two; against a
    /// bare loop over its signatures, read already, on as many threads
    Verify,
    /// How much memory `verify --level 5` takes on a ledger of so many entries, on SQLite and on a Postgres server if one is
    /// named; on Linux
    Memory,
}

/// Compares, on files beside the working folder that are gone afterwards: the disk counts, so it is the one in use.
pub(super) fn bench(common: &Common, bench: &Bench) -> Result<ExitCode, Failure> {
    let folder = tempfile::Builder::new().prefix("wuping-bench-").tempdir_in(".")?;
    let what = match bench.what {
        Compared::Append => What::Append,
        Compared::Read => What::Read,
        Compared::Replay => What::Replay,
        Compared::Verify => What::Verify,
        Compared::Memory => What::Memory,
    };
    let plan = Plan {
        what,
        rounds: bench.rounds,
        milliseconds: bench.milliseconds,
        callers: bench.callers.clone(),
        events: bench.events,
        server: common.database_url.clone(),
    };
    let compared = runtime()?.block_on(run(&plan, folder.path()))?;
    if common.json {
        print_json(&compared.json())?;
    } else {
        compared.lines().iter().for_each(|line| println!("{line}"));
    }
    Ok(ExitCode::SUCCESS)
}
