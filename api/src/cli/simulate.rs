//! The command that plays a made-up street.

use std::process::ExitCode;

use chrono::{NaiveDate, Utc};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use wuping_domain::recorded::local_date;

use crate::cli::{Common, Failure, print_json, runtime};
use crate::sample::{Street, play};

#[derive(Debug, Args)]
pub(super) struct Simulate {
    /// Buildings of the street
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=999))]
    buildings: u32,
    /// Units of each building
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    units: u32,
    /// Years that pass, up to now
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=30))]
    years: u32,
    /// The day on which it ends, today where absent: a server that is started on it then was away since
    #[arg(long, value_name = "DAY")]
    until: Option<NaiveDate>,
    /// The same number is the same street
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(super) fn simulate(common: &Common, asked: &Simulate) -> Result<ExitCode, Failure> {
    let folder = &common.data;
    if common.database_url.is_some() {
        return Err(Failure::asked_in_both(
            "虚构的街道只能建在文件夹里：请去掉 --database-url",
            "a made-up street is played into a folder: leave out --database-url",
        ));
    }
    if std::fs::read_dir(folder).is_ok_and(|mut inside| inside.next().is_some()) {
        let folder = folder.display();
        return Err(Failure::asked_in_both(
            format!("{folder} 不是空的：虚构的街道要从一个新账本开始，请用 --data 指明一个新文件夹"),
            format!(
                "{folder} is not empty: a made-up street begins a ledger of its own; name a new folder with --data"
            ),
        ));
    }
    let today = local_date(Utc::now());
    if asked.until.is_some_and(|until| until > today) {
        return Err(Failure::asked_in_both(
            format!("今天是 {today}：最多只能演到今天"),
            format!("it is {today}: a street is played up to today or an earlier day"),
        ));
    }
    let Simulate { buildings, units, years, seed, .. } = *asked;
    let street = Street { buildings, units, years, until: asked.until.unwrap_or(today), seed };
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template("{bar:40} day {pos} of {len}, {eta} left")?);
    let mut tell = |done, days| {
        bar.set_length(days);
        bar.set_position(done);
    };
    let played = runtime()?.block_on(play(folder, &street, Utc::now(), &mut tell))?;
    bar.finish_and_clear();
    if common.json {
        print_json(&played)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (origin, from, until, place) = (&played.origin, played.from, played.until, folder.display());
    common.say(
        format!("{origin} 建在 {place}：从 {from} 到 {until}"),
        format!("{origin} is in {place}: {from} to {until}"),
    );
    let (entries, commands, by_the_runner) = (played.entries, played.commands, played.by_the_runner);
    common.say(
        format!("{entries}条记录；办理{commands}次，到期自动记录{by_the_runner}条"),
        format!("{entries} entries; {commands} commands carried out, {by_the_runner} recorded by the runner"),
    );
    for (kind, n) in &played.events {
        println!("  {n:>8} {kind}");
    }
    for (rule, n) in &played.refused {
        common.say(format!("  {n:>8} 次不予办理：{rule}"), format!("  {n:>8} commands refused: {rule}"));
    }
    common.say(
        format!("用 wuping serve --data {place} 查看"),
        format!("look at it with “wuping serve --data {place}”"),
    );
    Ok(ExitCode::SUCCESS)
}
