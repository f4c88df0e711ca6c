//! Why premises have their grade: the determination read with its rulebook's words, and the cheapest way up.

use serde::Serialize;
use wuping_domain::assessment::Assessment;
use wuping_domain::derivation::SchemeRef;
use wuping_domain::event::Unreadable;
use wuping_domain::explain::{WayUp, cheapest_to_star};
use wuping_domain::grade::Determination;
use wuping_domain::grading::grade;
use wuping_domain::outcome::Outcome;
use wuping_domain::reaction::Rulebooks;
use wuping_domain::refused::Refused;
use wuping_domain::regrade::as_registered;
use wuping_domain::rulebook::Rulebook;
use wuping_domain::subject::Subject;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;
use wuping_projections::recording::recorded;

/// A grade explained.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// Id of the premises.
    pub premises: String,
    /// The address.
    pub address: String,
    /// The rulebook that the newest determination was made under.
    pub rulebook: SchemeRef,
    /// The newest determination, whole.
    pub determined: Determination,
    /// Number of the determination that binds, where one does.
    pub in_force: Option<u64>,
    /// The determination that binds, where it is not the newest: that one then waits for a person, or was refused.
    pub binds: Option<Determination>,
    /// Every indicator of the rulebook, in its order.
    pub indicators: Vec<Reckoned>,
    /// Caps and vetoes in words.
    pub lowered: Vec<Lowered>,
    /// Every indicator that lost points, the largest loss first.
    pub lost: Vec<Lost>,
    /// Positions of the entries it rests on.
    pub positions: Vec<u64>,
    /// The cheapest way up, where it was asked for.
    pub way_up: Option<WayUp>,
}

/// What one indicator brought.
#[derive(Debug, Serialize)]
pub struct Reckoned {
    /// The indicator.
    pub indicator: String,
    /// Its Chinese name.
    pub zh: String,
    /// Its English name.
    pub en: String,
    /// What was found there; none where nothing was.
    pub outcome: Option<Outcome>,
    /// Points earned.
    pub earned: u64,
    /// Points it counts with; 0 where it does not apply.
    pub applicable: u64,
    /// Whether it is in a failed row.
    pub failed: bool,
}

/// What lowers the star below that of the score.
#[derive(Debug, Serialize)]
pub struct Lowered {
    /// What: `indicator:…`, `rule:…`, `hazard:…`, `incident:…` or a ban.
    pub by: String,
    /// The highest star left; 0 by a veto.
    pub star: u8,
    /// Its Chinese name; empty where the rulebook has none.
    pub zh: String,
    /// Its English name; empty where the rulebook has none.
    pub en: String,
}

/// Points that an indicator lost.
#[derive(Debug, Serialize)]
pub struct Lost {
    /// The indicator.
    pub indicator: String,
    /// Its Chinese name.
    pub zh: String,
    /// Its English name.
    pub en: String,
    /// Points lost.
    pub lost: u64,
    /// Points it counts with.
    pub applicable: u64,
    /// Whether it is in a failed row.
    pub failed: bool,
}

/// Why there is no explanation.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// Nothing was determined.
    #[error("{premises} has no grade yet; check the code, or look at its history")]
    NoGrade {
        /// Which premises.
        premises: String,
    },
    /// The rulebook refuses.
    #[error("the rulebook gives no answer")]
    Refused(#[from] Refused),
    /// The rulebook is not kept.
    #[error("the rulebook {id} is not kept beside the log; run “wuping verify”")]
    Rulebook {
        /// Which.
        id: String,
    },
    /// The ledger could not be read.
    #[error("the ledger could not be read")]
    Store(#[from] StoreError),
    /// An entry cannot be understood.
    #[error("an entry cannot be understood")]
    Unreadable(#[from] Unreadable),
}

/// Explain the newest grade of premises. The way up is reckoned as things stand now: with the hazards that are open and a
/// prohibition that is in force, whatever was known at the determination.
///
/// # Errors
/// [`ExplainError`].
pub fn explain(
    reader: &Reader,
    rulebooks: &dyn Rulebooks,
    premises: &str,
    to_star: Option<u8>,
) -> Result<Explanation, ExplainError> {
    let mut subject = Subject::default();
    let mut positions = Vec::new();
    for entry in reader.subject(&format!("premises/{premises}"), None)? {
        positions.push(entry.position);
        subject.apply(&recorded(&entry.row())?);
    }
    let no_grade = || ExplainError::NoGrade { premises: premises.to_owned() };
    let determined = subject.grade.latest.clone().ok_or_else(no_grade)?;
    let of = subject.assessments.get(&determined.assessment).ok_or_else(no_grade)?;
    let scheme = of.state.scheme.clone().ok_or_else(no_grade)?;
    let rulebook =
        rulebooks.rulebook(&scheme).ok_or_else(|| ExplainError::Rulebook { id: scheme.id.clone() })?;
    let way_up = match to_star {
        Some(star) => {
            let grading = grade(
                &rulebook,
                &as_registered(&rulebook, &subject, &determined.assessment, of, determined.determined_on),
            )?;
            Some(cheapest_to_star(&rulebook, &grading, star)?)
        }
        None => None,
    };
    let indicators = reckoned(&rulebook, &determined, &of.state);
    let lowered = lowered(&rulebook, &determined);
    let binding = subject.grade.in_force();
    Ok(Explanation {
        premises: premises.to_owned(),
        address: subject
            .premises
            .register
            .as_ref()
            .map(|register| register.address.clone())
            .unwrap_or_default(),
        rulebook: scheme,
        in_force: binding.map(|binding| binding.determination.number),
        binds: binding
            .map(|binding| binding.determination.clone())
            .filter(|binding| binding.number != determined.number),
        determined,
        lost: lost(&indicators),
        indicators,
        lowered,
        positions,
        way_up,
    })
}

/// Every indicator with its points and what was found there.
fn reckoned(rulebook: &Rulebook, determined: &Determination, of: &Assessment) -> Vec<Reckoned> {
    let indicators = rulebook.scheme.indicators.iter();
    indicators
        .filter_map(|indicator| {
            let (earned, applicable) = *determined.points.get(&indicator.id)?;
            Some(Reckoned {
                indicator: indicator.id.clone(),
                zh: indicator.zh.clone(),
                en: indicator.en.clone(),
                outcome: of.results.get(&indicator.id).map(|checked| checked.outcome.clone()),
                earned,
                applicable,
                failed: determined.failed.contains(&indicator.id),
            })
        })
        .collect()
}

/// What cost points or failed, the largest loss first.
fn lost(indicators: &[Reckoned]) -> Vec<Lost> {
    let mut lost: Vec<Lost> = indicators
        .iter()
        .filter(|one| one.failed || one.earned < one.applicable)
        .map(|one| Lost {
            indicator: one.indicator.clone(),
            zh: one.zh.clone(),
            en: one.en.clone(),
            lost: one.applicable.saturating_sub(one.earned),
            applicable: one.applicable,
            failed: one.failed,
        })
        .collect();
    lost.sort_by(|a, b| b.lost.cmp(&a.lost).then_with(|| a.indicator.cmp(&b.indicator)));
    lost
}

fn lowered(rulebook: &Rulebook, determined: &Determination) -> Vec<Lowered> {
    let caps = determined.caps.iter().map(|cap| (&cap.by, cap.star));
    let vetoes = determined.vetoes.iter().map(|veto| (veto, 0));
    caps.chain(vetoes)
        .map(|(by, star)| {
            let (zh, en) = names(rulebook, by).unwrap_or_default();
            Lowered { by: by.clone(), star, zh, en }
        })
        .collect()
}

/// The rulebook's words for a cap or a veto.
fn names(rulebook: &Rulebook, by: &str) -> Option<(String, String)> {
    let both = |zh: &str, en: &str| Some((zh.to_owned(), en.to_owned()));
    let policy = &rulebook.policy;
    match by.split_once(':') {
        Some(("indicator", id)) => rulebook.indicator(id).and_then(|one| both(&one.zh, &one.en)),
        Some(("rule", id)) => {
            policy.derived_caps.iter().find(|rule| rule.id == id).and_then(|rule| both(&rule.zh, &rule.en))
        }
        Some(("hazard", state)) => {
            let severity = state.rsplit_once('_').map_or(state, |(severity, _)| severity);
            rulebook.hazard_rule(severity).and_then(|rule| both(&rule.zh, &rule.en))
        }
        _ => policy.vetoes.iter().find(|veto| veto.id == by).and_then(|veto| both(&veto.zh, &veto.en)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wuping_projections::ledger_rulebooks::LedgerRulebooks;

    use super::*;
    use crate::test_house::House;

    fn told(house: &House, to_star: Option<u8>) -> Explanation {
        let reader = house.ledger.reader();
        explain(reader, &LedgerRulebooks::of(reader.clone()), "p-1", to_star).unwrap()
    }

    #[test]
    fn the_points_told_are_those_determined_and_the_largest_loss_comes_first() {
        let mut house = House::honest();
        house.register("p-1");
        let worse = [("smoke_alarm", "unmet"), ("tenant_education", "none")];
        let (_, last) = house.assess("p-1", "a-1", "2025-02-03", &worse);
        let told = told(&house, None);
        assert_eq!(told.rulebook, house.rules.scheme);
        assert_eq!(told.indicators.len(), house.rules.rulebook.scheme.indicators.len());
        let sum = |of: fn(&Reckoned) -> u64| told.indicators.iter().map(of).sum::<u64>();
        assert_eq!(sum(|one| one.earned), told.determined.earned);
        assert_eq!(sum(|one| one.applicable), told.determined.applicable);
        let alarm = told.indicators.iter().find(|one| one.indicator == "smoke_alarm").unwrap();
        assert_eq!((alarm.outcome.clone(), alarm.failed), (Some(Outcome::row("unmet")), true));
        let lost: Vec<_> = told.lost.iter().map(|one| one.indicator.as_str()).collect();
        assert!(lost.contains(&"smoke_alarm") && lost.contains(&"tenant_education"), "{lost:?}");
        assert!(told.lost.is_sorted_by(|one, next| one.lost >= next.lost));
        assert_eq!(told.positions.last(), Some(&last));
        assert!(told.way_up.is_none());
    }

    #[test]
    fn a_cap_is_told_in_words_and_put_right_first() {
        let mut house = House::honest();
        house.register("p-1");
        house.assess("p-1", "a-1", "2025-02-03", &[("no_ebike_indoors", "unmet")]);
        let told = told(&house, Some(5));
        let cap = told.lowered.iter().find(|one| one.by == "indicator:no_ebike_indoors").unwrap();
        let indicator = house.rules.rulebook.indicator("no_ebike_indoors").unwrap();
        assert_eq!((&cap.zh, &cap.en), (&indicator.zh, &indicator.en));
        let way = told.way_up.unwrap();
        assert_eq!((way.put_right[0].indicator.as_str(), way.reachable), ("no_ebike_indoors", true));
        assert!(way.lift.is_empty(), "the hazard still waits for its review and counts for nothing");
    }

    #[test]
    fn a_confirmed_hazard_must_be_lifted_on_the_way_up() {
        let mut house = House::honest();
        house.register("p-1");
        house.assess("p-1", "a-1", "2025-02-03", &[]);
        let found = json!({
            "type": "HazardFound", "indicator": "smoke_alarm", "severity": "serious", "works": "minor",
            "competent": "fire", "source": "patrol", "by": "u-2"
        });
        house.receive("premises/p-1/hazard/h-1", "2025-03-01", found);
        assert!(told(&house, Some(5)).way_up.unwrap().lift.is_empty());
        let reviewed =
            json!({"type": "HazardReviewed", "outcome": "confirmed", "by": "u-3", "competent": "fire"});
        house.receive("premises/p-1/hazard/h-1", "2025-03-02", reviewed);
        assert_eq!(told(&house, Some(5)).way_up.unwrap().lift, ["hazard:serious_open"]);
    }

    #[test]
    fn premises_without_a_grade_and_a_lost_rulebook_are_said_plainly() {
        struct Lost;
        impl Rulebooks for Lost {
            fn rulebook(&self, _: &SchemeRef) -> Option<std::sync::Arc<Rulebook>> {
                None
            }
        }
        let mut house = House::honest();
        house.register("p-1");
        let reader = house.ledger.reader().clone();
        let without = explain(&reader, &house.rules, "p-1", None).unwrap_err();
        assert!(matches!(without, ExplainError::NoGrade { .. }), "{without}");
        house.assess("p-1", "a-1", "2025-02-03", &[]);
        let lost = explain(&reader, &Lost, "p-1", None).unwrap_err();
        assert!(lost.to_string().contains(&house.rules.scheme.id), "{lost}");
    }
}
