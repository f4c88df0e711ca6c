//! Figures of a comparison: many rounds of each side, their medians and how long single commands waited.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

/// What one side did in one round.
#[derive(Clone, Debug)]
pub(super) struct Round {
    /// How many of what is counted.
    pub(super) done: u64,
    /// In what time.
    pub(super) took: Duration,
    /// How long each command waited; empty where nothing waits.
    pub(super) waits: Vec<Duration>,
}

/// One side over all its rounds.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Figures {
    /// Median of the rounds, a second.
    pub(super) per_second: u64,
    /// Each round, a second, in the order they were run.
    pub(super) rounds: Vec<u64>,
    /// Median wait of a command, microseconds, over all rounds; none where nothing waits.
    pub(super) p50_us: Option<u64>,
    /// The wait that one command in a hundred exceeds.
    pub(super) p99_us: Option<u64>,
}

/// The rounds of every side, by what is measured and whose side it is.
#[derive(Debug, Default)]
pub(super) struct Table {
    rounds: BTreeMap<(String, &'static str), Vec<Round>>,
}

impl Round {
    fn per_second(&self) -> u64 {
        let microseconds = u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX).max(1);
        self.done.saturating_mul(1_000_000) / microseconds
    }
}

impl Table {
    /// Notes a round of a side.
    pub(super) fn add(&mut self, measured: impl Into<String>, side: &'static str, round: Round) {
        self.rounds.entry((measured.into(), side)).or_default().push(round);
    }

    /// What each side did, by what was measured.
    pub(super) fn figures(&self) -> BTreeMap<String, BTreeMap<&'static str, Figures>> {
        let mut all = BTreeMap::<_, BTreeMap<_, _>>::new();
        for ((measured, side), rounds) in &self.rounds {
            all.entry(measured.clone()).or_default().insert(*side, Figures::of(rounds));
        }
        all
    }

    /// How many times the stock side's figure ours is, in thousandths, by what was measured.
    pub(super) fn ratios(&self) -> BTreeMap<String, u64> {
        let ratio = |sides: &BTreeMap<&'static str, Figures>| {
            let (ours, stock) = (sides.get(OURS)?, sides.get(STOCK)?);
            Some(ours.per_second.saturating_mul(1_000) / stock.per_second.max(1))
        };
        self.figures()
            .iter()
            .filter_map(|(measured, sides)| Some((measured.clone(), ratio(sides)?)))
            .collect()
    }
}

impl Figures {
    fn of(rounds: &[Round]) -> Self {
        let in_order: Vec<u64> = rounds.iter().map(Round::per_second).collect();
        let mut sorted = in_order.clone();
        sorted.sort_unstable();
        let mut waits: Vec<Duration> = rounds.iter().flat_map(|round| round.waits.iter().copied()).collect();
        waits.sort_unstable();
        let wait = |hundredths: usize| {
            let at = (waits.len() * hundredths / 100).min(waits.len().checked_sub(1)?);
            waits.get(at).map(|wait| u64::try_from(wait.as_micros()).unwrap_or(u64::MAX))
        };
        Self {
            per_second: sorted.get(sorted.len() / 2).copied().unwrap_or_default(),
            rounds: in_order,
            p50_us: wait(50),
            p99_us: wait(99),
        }
    }
}

/// This program's side.
pub(super) const OURS: &str = "wuping";
/// The side it is compared with.
pub(super) const STOCK: &str = "stock";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_waits_are_those_of_all_rounds_and_ratios_compare_both_sides() {
        let mut table = Table::default();
        for (side, rates) in [(OURS, [300, 100, 200]), (STOCK, [50, 80, 20])] {
            for done in rates {
                let waits = (1..=100).map(Duration::from_micros).collect();
                table.add("append_sqlite_1", side, Round { done, took: Duration::from_secs(1), waits });
            }
        }
        let figures = table.figures();
        let ours = &figures["append_sqlite_1"][OURS];
        assert_eq!((ours.per_second, ours.p50_us, ours.p99_us), (200, Some(51), Some(100)));
        assert_eq!(ours.rounds, [300, 100, 200]);
        assert_eq!(table.ratios()["append_sqlite_1"], 4_000);
    }

    #[test]
    fn a_side_alone_has_no_ratio_and_a_round_without_waits_none_to_show() {
        let mut table = Table::default();
        table.add("verify", OURS, Round { done: 7, took: Duration::ZERO, waits: vec![] });
        assert!(table.ratios().is_empty());
        assert_eq!(table.figures()["verify"][OURS].p99_us, None);
    }
}
