//! What can never happen under a rulebook though it is written in it: a band that no score reaches, a star that caps always
//! take away, a cap that caps nothing, a rule that asks for more failures than there are indicators, a delay of the office.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::rulebook::scheme::{Indicator, Kind, Row};
use crate::rulebook::{LEFT_OPEN, Rulebook};
use crate::scoring::score;

/// Something that is written and can never happen, or caps nothing.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "doubt")]
pub enum Doubt {
    /// No results lead to this band or star.
    ImpossibleGrade {
        /// The band's own word.
        band: String,
        /// Its star, where it has one.
        star: Option<u8>,
        /// The highest score that any results reach without a cap below it; none where every result is capped below.
        best_score: Option<u64>,
    },
    /// A cap at the highest star, or above every star that failing leaves: it never lowers anything.
    IdleCap {
        /// What sets it: `indicator:…`, `rule:…`.
        by: String,
        /// The star.
        star: u8,
    },
    /// The policy sets no term for something that the office is asked for: nobody is ever late with it.
    NeverLate {
        /// The deadline's name.
        deadline: String,
    },
    /// A rule asks for more failed indicators than it counts.
    NeverApplies {
        /// What: `rule:…`.
        by: String,
        /// From how many failures on.
        at_least: u64,
        /// How many indicators it counts.
        indicators: u64,
    },
}

/// Everything of that kind in a rulebook, in the order of the bands and then of the indicators.
pub fn doubts(rulebook: &Rulebook) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    let bands = &rulebook.policy.bands;
    // a layer with stars only ends at its lowest star, whatever bands lie below
    let lowest =
        rulebook.policy.estate.as_ref().filter(|_| rulebook.stars_only()).map(|estate| estate.lowest_star);
    let given = |star: Option<u8>| lowest.is_none_or(|lowest| star.is_none_or(|star| star >= lowest));
    for (n, band) in bands.iter().enumerate().filter(|(_, band)| given(band.star)) {
        let below =
            n.checked_sub(1).and_then(|above| bands.get(above)).map_or(u64::MAX, |above| above.min_score);
        let scores = reachable(rulebook, band.star);
        let from = if lowest.is_some() && band.star == lowest { 0 } else { band.min_score };
        let reached = scores.iter().any(|score| (from..below).contains(score));
        let capped = band.star.is_some_and(|star| {
            caps(rulebook).any(|(_, cap)| cap == star) && scores.iter().any(|score| *score >= band.min_score)
        });
        // the lowest star comes by vetoes and deductions take any score down, whatever the points say
        let else_reached = band.star == Some(0) && !rulebook.policy.vetoes.is_empty()
            || rulebook.policy.deduction.is_some() && scores.iter().any(|score| *score >= band.min_score);
        if !reached && !capped && !else_reached {
            doubts.push(Doubt::ImpossibleGrade {
                band: band.name().to_owned(),
                star: band.star,
                best_score: scores.last().copied(),
            });
        }
    }
    let idle = caps(rulebook).filter(|(_, cap)| rulebook.top_star().is_some_and(|top| *cap >= top));
    doubts.extend(idle.map(|(by, star)| Doubt::IdleCap { by, star }));
    for rule in rulebook.policy.derived_caps.iter().filter(|rule| rule.layer == rulebook.layer) {
        let indicators = u64::try_from(rule.indicators.len()).unwrap_or(u64::MAX);
        if rule.at_least > indicators {
            let by = format!("rule:{}", rule.id);
            doubts.push(Doubt::NeverApplies { by, at_least: rule.at_least, indicators });
        }
    }
    let open =
        LEFT_OPEN.iter().filter(|id| rulebook.policy.operating && rulebook.deadline_rule(id).is_none());
    doubts.extend(open.map(|id| Doubt::NeverLate { deadline: (*id).to_owned() }));
    doubts
}

/// Every cap that results can set, with what sets it.
fn caps(rulebook: &Rulebook) -> impl Iterator<Item = (String, u8)> + '_ {
    let of_indicators = rulebook.scheme.indicators.iter().flat_map(|indicator| {
        let caps: BTreeSet<u8> = indicator.rows.iter().filter_map(|row| cap(indicator, row)).collect();
        caps.into_iter().map(|cap| (format!("indicator:{}", indicator.id), cap))
    });
    let rules = rulebook.policy.derived_caps.iter().filter(|rule| rule.layer == rulebook.layer);
    of_indicators.chain(rules.map(|rule| (format!("rule:{}", rule.id), rule.cap)))
}

/// The cap of a row: its own, else its indicator's where it fails.
fn cap(indicator: &Indicator, row: &Row) -> Option<u8> {
    row.cap.or(indicator.cap.filter(|_| row.fail))
}

/// Every score that results reach, ascending, by rows that leave at least this star: the earned and applicable points of
/// each indicator are added up in all ways, and what may be left out is left out in all ways.
fn reachable(rulebook: &Rulebook, star: Option<u8>) -> Vec<u64> {
    let mut sums = vec![(0_u64, 0_u64)];
    for indicator in &rulebook.scheme.indicators {
        let allowed = |row: &&Row| star.is_none_or(|star| cap(indicator, row).is_none_or(|cap| cap >= star));
        let rows = indicator.rows.iter().filter(allowed);
        let mut steps: Vec<(u64, u64)> = rows.map(|row| (row.points, indicator.points)).collect();
        if indicator.not_applicable || matches!(indicator.kind, Kind::Share | Kind::Survey) {
            steps.push((0, 0));
        }
        sums = sums
            .iter()
            .flat_map(|(e, a)| steps.iter().map(move |(earned, of)| (e + earned, a + of)))
            .collect();
        sums.sort_unstable();
        sums.dedup();
    }
    let rounding = rulebook.policy.scoring.rounding;
    let scores: BTreeSet<u64> =
        sums.into_iter().filter_map(|(earned, of)| score(rounding, earned, of)).collect();
    scores.into_iter().collect()
}
