//! `wuping bench`: this program beside the stock frameworks, side by side in one run on one machine.
//!
//! Sides take turns round by round, so that a machine that gets slower does so for both; figures are medians.

mod append;
mod databases;
mod figures;
mod memory;
mod notebook;
mod read;
mod replay;
mod sides;
mod verify;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use append::Length;
use databases::Databases;
use figures::{Figures, OURS, STOCK, Table};
use memory::Peak;
use serde_json::{Value, json};

/// What to compare, and how long.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What.
    pub what: What,
    /// Rounds of each side.
    pub rounds: u32,
    /// Milliseconds of a round that is measured by time.
    pub milliseconds: u64,
    /// How many write at once, one measurement each.
    pub callers: Vec<u64>,
    /// How many events are read again.
    pub events: u64,
    /// A Postgres server on which databases may be made; without one only SQLite is compared.
    pub server: Option<String>,
}

/// What is compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum What {
    /// Durable events a second at several numbers of callers.
    Append,
    /// The whole log read, checked here and unchecked by the stock stores on the same databases.
    Read,
    /// The whole log read again, checked here and unchecked by the stock store.
    Replay,
    /// The whole log verified, beside a bare loop over its signatures.
    Verify,
    /// The whole log verified in a process of its own, whose memory is weighed.
    Memory,
}

/// Why a comparison could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the comparison could not {doing}")]
pub struct BenchError {
    doing: &'static str,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl BenchError {
    fn of<E: Into<Box<dyn std::error::Error + Send + Sync>>>(doing: &'static str) -> impl Fn(E) -> Self {
        move |source| Self { doing, source: source.into() }
    }

    fn because(doing: &'static str, why: String) -> Self {
        Self { doing, source: why.into() }
    }
}

/// Runs a comparison on files in a folder that is its own.
///
/// # Errors
/// [`BenchError`] if a side could not do its part.
pub async fn run(plan: &Plan, folder: &Path) -> Result<Compared, BenchError> {
    let length = Length { rounds: plan.rounds, round: Duration::from_millis(plan.milliseconds) };
    let mut compared = Compared::default();
    let table = &mut compared.table;
    match plan.what {
        What::Append => append::on_sqlite(folder, &plan.callers, length, table).await?,
        What::Read => read::on_sqlite(folder, plan.events, plan.rounds, table).await?,
        What::Replay if plan.server.is_none() => {
            return Err(BenchError::because(
                "begin",
                "name a Postgres server with --database-url".to_owned(),
            ));
        }
        What::Replay => {}
        What::Verify => verify::compare(folder, plan.events, plan.rounds, table).await?,
        What::Memory => {
            let peak = memory::on_sqlite(&folder.join("ours"), plan.events).await?;
            compared.peaks.insert("verify_sqlite", peak);
        }
    }
    if let Some(server) = plan.server.as_ref().filter(|_| plan.what != What::Verify) {
        let databases = Databases::make(server).await?;
        let done = on_a_server(plan, length, folder, &databases, &mut compared).await;
        databases.drop().await?;
        done?;
    }
    Ok(compared)
}

async fn on_a_server(
    plan: &Plan,
    length: Length,
    folder: &Path,
    databases: &Databases,
    compared: &mut Compared,
) -> Result<(), BenchError> {
    let table = &mut compared.table;
    match plan.what {
        What::Append => append::on_postgres(folder, databases, &plan.callers, length, table).await,
        What::Read => read::on_postgres(folder, databases, plan.events, plan.rounds, table).await,
        What::Replay => replay::compare(folder, databases, plan.events, plan.rounds, table).await,
        What::Verify => Ok(()),
        What::Memory => {
            let folder = folder.join("ours-on-postgres");
            let peak = memory::on_postgres(&folder, &databases.ours, plan.events).await?;
            compared.peaks.insert("verify_postgres", peak);
            Ok(())
        }
    }
}

/// What came out.
#[derive(Debug, Default)]
pub struct Compared {
    table: Table,
    peaks: BTreeMap<&'static str, Peak>,
}

impl Compared {
    /// For machines: ratios and figures by what was measured; memory by what was verified.
    #[must_use]
    pub fn json(&self) -> Value {
        let ratios =
            self.table.ratios().into_iter().map(|(measured, ratio)| (measured, json!(decimal(ratio))));
        let ratios = ratios.collect::<serde_json::Map<_, _>>();
        json!({ "ratio": ratios, "figures": self.table.figures(), "memory": self.peaks })
    }

    /// For people: a line for each thing measured.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        if !self.peaks.is_empty() {
            return self.peaks.iter().map(|(verified, peak)| peak.line(verified)).collect();
        }
        let mut lines = vec![format!(
            "{:<28} {:>12} {:>12} {:>7}   {:>16} {:>16}",
            "", "wuping/s", "stock/s", "ratio", "wuping p50/p99", "stock p50/p99"
        )];
        let ratios = self.table.ratios();
        for (measured, sides) in self.table.figures() {
            let rate = |side| {
                sides
                    .get(side)
                    .map_or_else(|| "-".to_owned(), |figures: &Figures| figures.per_second.to_string())
            };
            let ratio =
                ratios.get(&measured).map_or_else(|| "-".to_owned(), |ratio| decimal(*ratio).to_string());
            lines.push(format!(
                "{measured:<28} {:>12} {:>12} {ratio:>7}   {:>16} {:>16}",
                rate(OURS),
                rate(STOCK),
                waits(sides.get(OURS)),
                waits(sides.get(STOCK)),
            ));
        }
        lines
    }
}

/// Thousandths as a decimal number.
fn decimal(thousandths: u64) -> serde_json::Number {
    let text = format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000);
    serde_json::from_str(&text).unwrap_or_else(|_| 0.into())
}

fn waits(figures: Option<&Figures>) -> String {
    match figures.and_then(|figures| Some((figures.p50_us?, figures.p99_us?))) {
        Some((p50, p99)) => format!("{p50}/{p99} us"),
        None => "-".to_owned(),
    }
}
