//! Rehearsal (试算): what a drafted rulebook would have made of results that are on record. Nothing is recorded by it.
//!
//! Both rulebooks grade the same results on the same day, so that a draft that changes nothing moves nobody. A result of an
//! indicator that the draft has no longer is left out; an indicator that is new and that nobody has checked is taken to be
//! met, and is named, for no one can know.

mod possible;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::possible::{Doubt, doubts};
use crate::grading::{Cap, Grading, Question, grade};
use crate::outcome::Outcome;
use crate::refused::Refused;
use crate::rulebook::Rulebook;
use crate::rulebook::scheme::{Indicator, Kind};

/// What one set of results is under both rulebooks.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Rehearsed {
    /// Under the rulebook that it is compared with.
    pub was: Held,
    /// Under the draft.
    pub is: Held,
    /// Which way it goes.
    pub direction: Direction,
    /// Why, where it moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
    /// Indicators of the draft that nobody has checked: taken to be met.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assumed: Vec<String>,
}

/// A grade, as far as it is compared.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Held {
    /// 0 to 100.
    pub score: u64,
    /// 5 to 0, where the rulebook has stars.
    pub star: Option<u8>,
    /// The rulebook's own word.
    pub band: String,
    /// Management level, where the rulebook has them.
    pub level: Option<String>,
}

/// Which way a grade goes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Direction {
    Down,
    Same,
    Up,
}

/// What makes the difference.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Why {
    /// Indicators whose share of the score is another, those that weigh most first.
    pub indicators: Vec<Shift>,
    /// Caps that the draft sets and the other does not.
    pub caps_gained: Vec<Cap>,
    /// Caps that the draft does not set any more.
    pub caps_lost: Vec<Cap>,
    /// Vetoes that the draft knows and the other does not.
    pub vetoes_gained: Vec<String>,
    /// Vetoes that the draft does not know any more.
    pub vetoes_lost: Vec<String>,
    /// Whether the score is the same and its band another.
    pub bands: bool,
}

/// What an indicator earns of how much, under both.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Shift {
    /// Which.
    pub indicator: String,
    /// Earned and applicable; none where there is no such indicator.
    pub was: Option<(u64, u64)>,
    /// The same under the draft.
    pub is: Option<(u64, u64)>,
}

/// Grades the results of a question under both. Results of an older version are fitted to the newer one it is compared with
/// as they are to the draft.
///
/// # Errors
/// Those of [`grade`] under either: a row that the draft has no longer, an incident or severity it does not know.
pub fn rehearse(against: &Rulebook, draft: &Rulebook, question: &Question) -> Result<Rehearsed, Refused> {
    let graded = |rulebook: &Rulebook| {
        let (results, assumed) = fitting(rulebook, &question.results);
        grade(rulebook, &Question { results, ..question.clone() }).map(|grading| (grading, assumed))
    };
    let ((before, _), (after, assumed)) = (graded(against)?, graded(draft)?);
    let (was, is) = (held(&before), held(&after));
    let direction = match rank(draft, &is).cmp(&rank(against, &was)) {
        std::cmp::Ordering::Less => Direction::Down,
        std::cmp::Ordering::Equal => Direction::Same,
        std::cmp::Ordering::Greater => Direction::Up,
    };
    let why = (direction != Direction::Same).then(|| why(&before, &after));
    Ok(Rehearsed { was, is, direction, why, assumed })
}

/// The results that the draft can read, and the indicators that it adds, at their best.
fn fitting(
    draft: &Rulebook,
    results: &BTreeMap<String, Outcome>,
) -> (BTreeMap<String, Outcome>, Vec<String>) {
    let mut fitting: BTreeMap<String, Outcome> = results
        .iter()
        .filter(|(id, _)| draft.position(id).is_some())
        .map(|(id, of)| (id.clone(), of.clone()))
        .collect();
    let mut assumed = Vec::new();
    for indicator in &draft.scheme.indicators {
        if !fitting.contains_key(&indicator.id)
            && let Some(best) = best(indicator)
        {
            fitting.insert(indicator.id.clone(), best);
            assumed.push(indicator.id.clone());
        }
    }
    (fitting, assumed)
}

/// The best result that an indicator can have.
fn best(indicator: &Indicator) -> Option<Outcome> {
    let row = indicator.best_row()?;
    Some(match indicator.kind {
        Kind::Binary | Kind::Levels => Outcome::row(&row.id),
        Kind::Count => Outcome::Count(row.from.unwrap_or_default()),
        Kind::Share => Outcome::Share { part: 1, whole: 1 },
        Kind::Survey => Outcome::Survey { satisfied: 1, answered: 1, occupied_units: 1 },
    })
}

fn held(grading: &Grading) -> Held {
    Held {
        score: grading.score,
        star: grading.star,
        band: grading.band.clone(),
        level: grading.management_level.clone(),
    }
}

/// What grades are compared by: the star, or where there is none the place of the band, counted from the lowest.
fn rank(rulebook: &Rulebook, held: &Held) -> u64 {
    if let Some(star) = held.star {
        return star.into();
    }
    let above = rulebook.policy.bands.iter().rev().position(|band| band.name() == held.band);
    above.and_then(|above| u64::try_from(above).ok()).unwrap_or_default()
}

fn why(before: &Grading, after: &Grading) -> Why {
    let lacks = |caps: &[Cap], cap: &&Cap| !caps.contains(cap);
    let caps_of =
        |some: &[Cap], others: &[Cap]| some.iter().filter(|cap| lacks(others, cap)).cloned().collect();
    let vetoes_of = |some: &[String], others: &[String]| {
        some.iter().filter(|veto| !others.contains(veto)).cloned().collect()
    };
    Why {
        indicators: shifts(before, after),
        caps_gained: caps_of(&after.caps, &before.caps),
        caps_lost: caps_of(&before.caps, &after.caps),
        vetoes_gained: vetoes_of(&after.vetoes, &before.vetoes),
        vetoes_lost: vetoes_of(&before.vetoes, &after.vetoes),
        bands: before.score == after.score && before.band_star == after.band_star,
    }
}

/// Indicators that earn or weigh something else, by how much of the whole score that is.
fn shifts(before: &Grading, after: &Grading) -> Vec<Shift> {
    let points = |grading: &Grading| -> BTreeMap<String, (u64, u64)> {
        grading.points.iter().map(|of| (of.indicator.clone(), (of.earned, of.applicable))).collect()
    };
    let (was, is) = (points(before), points(after));
    let ids: std::collections::BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    // what an indicator lost of the whole, in parts of ten thousand
    let lost = |points: Option<&(u64, u64)>, whole: u64| {
        let (earned, applicable) = points.copied().unwrap_or_default();
        (applicable.saturating_sub(earned)).saturating_mul(10_000).checked_div(whole).unwrap_or_default()
    };
    let mut shifts: Vec<(u64, Shift)> = ids
        .into_iter()
        .filter(|id| was.get(*id) != is.get(*id))
        .map(|id| {
            let (of, now) = (was.get(id), is.get(id));
            let weight = lost(of, before.applicable).abs_diff(lost(now, after.applicable));
            (weight, Shift { indicator: id.clone(), was: of.copied(), is: now.copied() })
        })
        .collect();
    shifts.sort_by(|(one, a), (other, b)| (other, &a.indicator).cmp(&(one, &b.indicator)));
    shifts.into_iter().map(|(_, shift)| shift).take(SHIFTS_MAX).collect()
}

/// What somebody reads of one premises; the rest moves it little.
const SHIFTS_MAX: usize = 5;

#[cfg(test)]
mod tests;
