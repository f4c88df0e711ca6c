//! Explain: why a grade is what it is, and the cheapest way up.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::grading::Grading;
use crate::refused::Refused;
use crate::rulebook::Rulebook;
use crate::rulebook::policy::DerivedCap;
use crate::scoring::{IndicatorPoints, score};

/// The points one indicator lost.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct LostPoints {
    /// The indicator.
    pub indicator: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    pub en: String,
    /// The row its result falls in.
    pub row: Option<String>,
    /// Points lost.
    pub lost: u64,
    /// Points earned.
    pub earned: u64,
    /// Points it counts with.
    pub applicable: u64,
    /// Whether it failed.
    pub failed: bool,
}

/// The fewest indicators to put right, and what must be lifted, to reach a star.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct WayUp {
    /// The star to reach.
    pub star: u8,
    /// The score it takes.
    pub score_needed: u64,
    /// The score once everything listed is put right.
    pub score_after: u64,
    /// Whether that is enough, once everything listed is lifted too.
    pub reachable: bool,
    /// What to put right, what must be first; then the largest gain first.
    pub put_right: Vec<PutRight>,
    /// Caps and vetoes that no indicator can help: hazards to be accepted, incidents and bans to be lifted.
    pub lift: Vec<String>,
}

/// One indicator to put right.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PutRight {
    /// The indicator.
    pub indicator: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    pub en: String,
    /// The row it is in.
    pub from_row: Option<String>,
    /// The row it must come to: its best.
    pub to_row: String,
    /// Points gained.
    pub gain: u64,
    /// Why.
    pub because: Because,
}

/// Why an indicator is to be put right.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// While failed it caps the star below the one wanted, by itself or with others.
    Cap,
    /// For the points.
    Points,
    /// While failed it is a veto.
    Veto,
}

/// What was lost, the largest first; of equals the scheme's order.
#[must_use]
pub fn lost_points(rulebook: &Rulebook, grading: &Grading) -> Vec<LostPoints> {
    let mut lost: Vec<LostPoints> = rulebook
        .scheme
        .indicators
        .iter()
        .zip(&grading.points)
        .filter(|(_, points)| points.failed || points.earned < points.applicable)
        .map(|(indicator, points)| LostPoints {
            indicator: indicator.id.clone(),
            zh: indicator.zh.clone(),
            en: indicator.en.clone(),
            row: points.row.clone(),
            lost: points.applicable.saturating_sub(points.earned),
            earned: points.earned,
            applicable: points.applicable,
            failed: points.failed,
        })
        .collect();
    lost.sort_by_key(|one| std::cmp::Reverse(one.lost));
    lost
}

/// The cheapest way to a star: as few indicators as possible, each brought to its best row, besides what must
/// be lifted. What caps or vetoes comes first; then the largest gains, until the score is reached. A new
/// assessment must then find it so: nothing goes up without one.
///
/// # Errors
/// `not_in_rulebook` if no band has that star.
pub fn cheapest_to_star(rulebook: &Rulebook, grading: &Grading, star: u8) -> Result<WayUp, Refused> {
    let band = rulebook.band_of_star(star).ok_or_else(|| Refused::because("not_in_rulebook"))?;
    let floor = rulebook.policy.estate.as_ref().filter(|_| rulebook.stars_only()).map(|one| one.lowest_star);
    // Where no score gives fewer stars than this, it takes no points at all.
    let score_needed = if floor.is_some_and(|lowest| star <= lowest) { 0 } else { band.min_score };
    let mut way = Way { rulebook, grading, chosen: BTreeMap::new() };
    let mut lift = Vec::new();
    for veto in grading.vetoes.iter().filter(|_| star > 0) {
        way.lift_or_choose(veto, Because::Veto, &mut lift);
    }
    for cap in grading.caps.iter().filter(|cap| cap.star < star) {
        if !cap.by.starts_with(RULE) {
            way.lift_or_choose(&cap.by, Because::Cap, &mut lift);
        }
    }
    for cap in grading.caps.iter().filter(|cap| cap.star < star) {
        let id = cap.by.strip_prefix(RULE);
        if let Some(rule) = rulebook.policy.derived_caps.iter().find(|rule| Some(rule.id.as_str()) == id) {
            way.break_rule(rule);
        }
    }
    way.gain_points(score_needed);
    let score_after = way.score_after();
    lift.sort_unstable();
    lift.dedup();
    let reachable = score_after >= score_needed && way.caps_gone(star);
    Ok(WayUp { star, score_needed, score_after, reachable, put_right: way.put_right(), lift })
}

/// The indicators chosen so far, by position.
struct Way<'a> {
    rulebook: &'a Rulebook,
    grading: &'a Grading,
    chosen: BTreeMap<usize, Because>,
}

impl Way<'_> {
    /// Puts the indicator on the list if it is one's cap or veto; else it must be lifted.
    fn lift_or_choose(&mut self, by: &str, because: Because, lift: &mut Vec<String>) {
        let position = by.strip_prefix(INDICATOR).and_then(|id| self.rulebook.position(id));
        match position {
            Some(position) => {
                self.chosen.entry(position).or_insert(because);
            }
            None => lift.push(by.to_owned()),
        }
    }

    /// Puts right as many of the rule's failed indicators as it takes, those with the largest gain first.
    fn break_rule(&mut self, rule: &DerivedCap) {
        let mut failed: Vec<usize> = rule
            .indicators
            .iter()
            .filter_map(|id| self.rulebook.position(id))
            .filter(|n| !self.chosen.contains_key(n) && self.grading.points.get(*n).is_some_and(|p| p.failed))
            .collect();
        let allowed = usize::try_from(rule.at_least.saturating_sub(1)).unwrap_or(usize::MAX);
        let needed = failed.len().saturating_sub(allowed);
        failed.sort_by_key(|n| (std::cmp::Reverse(self.gain(*n)), *n));
        self.chosen.extend(failed.into_iter().take(needed).map(|n| (n, Because::Cap)));
    }

    /// Puts right what gains most, until the score is reached or nothing is left to gain.
    fn gain_points(&mut self, score_needed: u64) {
        let mut left: Vec<usize> = (0..self.grading.points.len())
            .filter(|n| !self.chosen.contains_key(n) && self.gain(*n) > 0)
            .collect();
        left.sort_by_key(|n| (std::cmp::Reverse(self.gain(*n)), *n));
        for position in left {
            if self.score_after() >= score_needed {
                break;
            }
            self.chosen.insert(position, Because::Points);
        }
    }

    /// Points gained by bringing this indicator to its best row.
    fn gain(&self, position: usize) -> u64 {
        let best = self.rulebook.scheme.indicators.get(position).and_then(|one| one.best_row());
        match (self.grading.points.get(position), best) {
            (Some(points), Some(best)) if points.row.is_some() => best.points.saturating_sub(points.earned),
            _ => 0,
        }
    }

    fn score_after(&self) -> u64 {
        let gained: u64 = self.chosen.keys().map(|n| self.gain(*n)).sum();
        let rounding = self.rulebook.policy.scoring.rounding;
        let before = score(rounding, self.grading.earned + gained, self.grading.applicable);
        before.unwrap_or(0).saturating_sub(self.grading.deducted)
    }

    /// Whether every chosen indicator's best row is free of a failure and of a cap of its own below the star.
    fn caps_gone(&self, star: u8) -> bool {
        self.chosen.keys().all(|n| {
            let best = self.rulebook.scheme.indicators.get(*n).and_then(|one| one.best_row());
            best.is_some_and(|row| !row.fail && row.cap.is_none_or(|cap| cap >= star))
        })
    }

    fn put_right(&self) -> Vec<PutRight> {
        let mut list: Vec<PutRight> = self
            .chosen
            .iter()
            .filter_map(|(n, because)| {
                let indicator = self.rulebook.scheme.indicators.get(*n)?;
                let points: &IndicatorPoints = self.grading.points.get(*n)?;
                Some(PutRight {
                    indicator: indicator.id.clone(),
                    zh: indicator.zh.clone(),
                    en: indicator.en.clone(),
                    from_row: points.row.clone(),
                    to_row: indicator.best_row()?.id.clone(),
                    gain: self.gain(*n),
                    because: *because,
                })
            })
            .collect();
        list.sort_by_key(|one| (one.because == Because::Points, std::cmp::Reverse(one.gain)));
        list
    }
}

/// How a cap or veto of an indicator begins.
const INDICATOR: &str = "indicator:";
/// How a cap by several indicators begins.
const RULE: &str = "rule:";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::grading::{Question, grade};
    use crate::outcome::Outcome;
    use crate::rulebook::Layer;
    use crate::shipped;

    fn question(rulebook: &Rulebook, worse: &[(&str, &str)]) -> Question {
        let best = rulebook.scheme.indicators.iter().map(|indicator| {
            let outcome = match indicator.rows[0].from {
                Some(from) => Outcome::Count(from),
                None => Outcome::row(indicator.rows[0].id.clone()),
            };
            (indicator.id.clone(), outcome)
        });
        let mut question = Question::of("2025-03-14".parse().unwrap(), best.collect());
        for (indicator, row) in worse {
            question.results.insert((*indicator).to_owned(), Outcome::row(*row));
        }
        question
    }

    /// Puts right what the way says, lifts what it says, and grades again.
    fn follow(rulebook: &Rulebook, question: &Question, way: &WayUp) -> Grading {
        let mut better = question.clone();
        for step in &way.put_right {
            let indicator = rulebook.indicator(&step.indicator).unwrap();
            let outcome = match indicator.row(&step.to_row).unwrap().from {
                Some(from) => Outcome::Count(from),
                None => Outcome::row(step.to_row.clone()),
            };
            better.results.insert(step.indicator.clone(), outcome);
        }
        if way.lift.iter().any(|by| by.starts_with("hazard:")) {
            better.open_hazards.clear();
        }
        grade(rulebook, &better).unwrap()
    }

    #[test]
    fn losses_are_shown_largest_first() {
        let rulebook = shipped::pingshan(Layer::Unit);
        let worse =
            [("emergency_torch", "unmet"), ("smoke_alarm", "unmet"), ("electrical_wiring", "minor_defect")];
        let grading = grade(&rulebook, &question(&rulebook, &worse)).unwrap();
        let lost: Vec<_> =
            lost_points(&rulebook, &grading).into_iter().map(|one| (one.indicator, one.lost)).collect();
        let expected = [("smoke_alarm", 6), ("emergency_torch", 2), ("electrical_wiring", 2)];
        let mut expected: Vec<_> = expected.map(|(id, lost)| (id.to_owned(), lost)).into();
        expected[1..].sort_by_key(|(id, _)| rulebook.position(id));
        assert_eq!(lost, expected);
    }

    #[test]
    fn a_cap_is_put_right_before_points_are_gained() {
        let rulebook = shipped::pingshan(Layer::Unit);
        let worse = [("no_ebike_indoors", "unmet"), ("smoke_alarm", "unmet"), ("tenant_education", "none")];
        let question = question(&rulebook, &worse);
        let grading = grade(&rulebook, &question).unwrap();
        assert_eq!((grading.score, grading.star), (88, Some(1)));
        let way = cheapest_to_star(&rulebook, &grading, 3).unwrap();
        let ids: Vec<_> = way.put_right.iter().map(|one| one.indicator.as_str()).collect();
        assert_eq!(ids, ["no_ebike_indoors"]);
        assert_eq!(follow(&rulebook, &question, &way).star, Some(3));
        let way = cheapest_to_star(&rulebook, &grading, 5).unwrap();
        assert!(way.reachable && way.put_right.iter().all(|one| one.because == Because::Cap));
        assert_eq!(follow(&rulebook, &question, &way).star, Some(5));
    }

    #[test]
    fn of_the_seven_ones_only_as_many_are_put_right_as_it_takes() {
        let rulebook = shipped::pingshan(Layer::Unit);
        let worse =
            [("emergency_torch", "unmet"), ("breaker_hammer", "unmet"), ("emergency_whistle", "unmet")];
        let question = question(&rulebook, &worse);
        let grading = grade(&rulebook, &question).unwrap();
        assert_eq!(grading.caps[0].by, "rule:seven_ones_incomplete");
        let way = cheapest_to_star(&rulebook, &grading, 5).unwrap();
        assert_eq!(way.put_right.len(), 1);
        assert_eq!(follow(&rulebook, &question, &way).star, Some(5));
    }

    #[test]
    fn what_no_indicator_can_help_must_be_lifted() {
        let rulebook = shipped::pingshan(Layer::Unit);
        let mut question = question(&rulebook, &[("no_mixed_occupancy", "unmet")]);
        let hazard = json!([{"severity": "general", "status": "rectifying", "due": "2025-03-01"}]);
        question.open_hazards = serde_json::from_value(hazard).unwrap();
        let determined =
            json!([{"indicator": "no_mixed_occupancy", "outcome": "major", "document_number": "消1号"}]);
        question.determinations = serde_json::from_value(determined).unwrap();
        let grading = grade(&rulebook, &question).unwrap();
        assert_eq!(grading.star, Some(0));
        let way = cheapest_to_star(&rulebook, &grading, 3).unwrap();
        assert_eq!(way.lift, ["hazard:general_overdue"]);
        assert_eq!(way.put_right[0].because, Because::Veto);
        assert_eq!(follow(&rulebook, &question, &way).star, Some(5));
    }

    #[test]
    fn from_the_bottom_no_fewer_indicators_would_do() {
        let rulebook = shipped::pingshan(Layer::Unit);
        let mut question = question(&rulebook, &[]);
        for indicator in &rulebook.scheme.indicators {
            let worst = indicator.worst_row().unwrap();
            let outcome = worst.from.map_or_else(|| Outcome::row(worst.id.clone()), Outcome::Count);
            question.results.insert(indicator.id.clone(), outcome);
        }
        let grading = grade(&rulebook, &question).unwrap();
        for star in 1..=5 {
            let way = cheapest_to_star(&rulebook, &grading, star).unwrap();
            assert!(way.reachable);
            assert!(follow(&rulebook, &question, &way).star >= Some(star));
            // Whatever is left out, the star is missed.
            for n in 0..way.put_right.len() {
                let mut shorter = way.clone();
                shorter.put_right.remove(n);
                assert!(
                    follow(&rulebook, &question, &shorter).star < Some(star),
                    "star {star} without step {n}"
                );
            }
        }
    }

    #[test]
    fn a_scheme_without_stars_has_no_way_up_to_one() {
        let rulebook = shipped::toronto_2017();
        let threes = rulebook.scheme.indicators.iter().map(|one| (one.id.clone(), Outcome::row("3")));
        let question = Question::of("2022-12-16".parse().unwrap(), threes.collect());
        let grading = grade(&rulebook, &question).unwrap();
        assert_eq!(cheapest_to_star(&rulebook, &grading, 3).unwrap_err().error, "not_in_rulebook");
        assert_eq!(lost_points(&rulebook, &grading).len(), 20);
    }
}
