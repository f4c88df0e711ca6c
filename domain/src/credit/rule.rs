//! The rule of credit: a party's class from the grades of its premises and from its conduct; and repair.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::calendar::add_months;
use crate::refused::Refused;
use crate::rulebook::Rulebook;
use crate::rulebook::credit::{ConductRule, CreditClass, CreditPolicy};

/// What a party's class depends on.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CreditQuestion {
    /// `enterprise` or another kind of party.
    pub party_kind: String,
    /// How many of its graded units and buildings are at each level in effect.
    #[serde(default)]
    pub levels: BTreeMap<String, u64>,
    /// Its conduct on record.
    #[serde(default)]
    pub conduct: Vec<Conduct>,
    /// Whether the voluntary commitment is made.
    #[serde(default)]
    pub commitment: bool,
    /// Whether a named person confirmed the class that needs one.
    #[serde(default)]
    pub confirmed: bool,
    /// The day of the computation.
    pub on: NaiveDate,
    /// The last departmental inspection.
    pub last_inspection: NaiveDate,
}

/// A fact decided by document (失信行为).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Conduct {
    /// Which kind.
    pub id: String,
    /// Whom it is put down to.
    pub attributed_to: String,
    /// The day of the decision document.
    pub decided_on: NaiveDate,
    /// Whether it was repaired.
    #[serde(default)]
    pub repaired: bool,
}

/// A party's class.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Credit {
    /// The class by grades alone.
    pub base: String,
    /// The conduct that counts today, sorted.
    pub conduct_counted: Vec<String>,
    /// What of it is published, sorted.
    pub conduct_published: Vec<String>,
    /// The class by grades and conduct.
    pub proposed: String,
    /// The class shown, until a named person confirms the proposed one.
    pub shown: String,
    /// Whether the proposed class needs a confirmer.
    pub needs_confirmer: bool,
    /// The class published, for kinds of party that have one.
    pub published_class: Option<String>,
    /// When the next inspection is due.
    pub inspection_due: NaiveDate,
}

/// A request to end conduct on record early.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RepairQuestion {
    /// The conduct.
    pub conduct: String,
    /// The day of its decision document.
    pub decided_on: NaiveDate,
    /// The day of the computation.
    pub on: NaiveDate,
    /// Whether it was corrected.
    pub corrected: bool,
    /// Whether a public commitment was made.
    pub commitment: bool,
}

/// Whether it may be repaired (信用修复).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Repair {
    /// Whether it may.
    pub eligible: bool,
    /// What is missing: `min_span`, `correction`, `commitment`, in this order.
    pub missing: Vec<String>,
    /// The first day it may be repaired.
    pub earliest: NaiveDate,
    /// The day it ends anyway.
    pub ends_anyway: NaiveDate,
}

/// The party's class: by shares of its premises, lowered by conduct that counts today.
///
/// # Errors
/// `unknown_conduct`, `unknown_attribution`, `no_grade`, in this order; `not_in_rulebook`.
pub fn credit(rulebook: &Rulebook, question: &CreditQuestion) -> Result<Credit, Refused> {
    let policy = policy_of(rulebook)?;
    let counted = conduct_counted(policy, question)?;
    let known = rulebook.policy.management_levels.iter().filter_map(|level| question.levels.get(&level.id));
    let total = known.fold(0u64, |sum, n| sum.saturating_add(*n));
    Refused::unless(total > 0, "no_grade")?;
    let base = by_grades(policy, &question.levels, total, question.commitment)?;
    let conduct_places = counted.iter().map(|rule| place(policy, &rule.at_best));
    let proposed = conduct_places.fold(place(policy, &base.id), usize::max);
    let proposed = policy.classes.get(proposed).ok_or_else(|| Refused::because("not_in_rulebook"))?;
    let shown = match &proposed.shown_until_confirmed {
        Some(until) if proposed.needs_confirmer && !question.confirmed => class(policy, until)?,
        _ => proposed,
    };
    let published = policy.publish_class_of.contains(&question.party_kind);
    let ids = |published_only: bool| -> Vec<String> {
        let rules = counted.iter().filter(|rule| !published_only || rule.degree != MINOR);
        rules.map(|rule| rule.id.clone()).collect::<BTreeSet<_>>().into_iter().collect()
    };
    Ok(Credit {
        base: base.id.clone(),
        conduct_counted: ids(false),
        conduct_published: if published { ids(true) } else { Vec::new() },
        proposed: proposed.id.clone(),
        shown: shown.id.clone(),
        needs_confirmer: proposed.needs_confirmer,
        published_class: published.then(|| shown.id.clone()),
        inspection_due: add_months(question.last_inspection, shown.inspection_months),
    })
}

/// Whether conduct on record may be repaired.
///
/// # Errors
/// `unknown_conduct`; `not_in_rulebook`.
pub fn repair(rulebook: &Rulebook, question: &RepairQuestion) -> Result<Repair, Refused> {
    let rule = conduct_rule(policy_of(rulebook)?, &question.conduct)?;
    let earliest = add_months(question.decided_on, rule.publish_min_months);
    let missing: Vec<String> = [
        ("min_span", question.on >= earliest),
        ("correction", question.corrected),
        ("commitment", question.commitment),
    ]
    .into_iter()
    .filter(|(_, holds)| !holds)
    .map(|(name, _)| name.to_owned())
    .collect();
    let ends_anyway = add_months(question.decided_on, rule.publish_max_months);
    Ok(Repair { eligible: missing.is_empty(), missing, earliest, ends_anyway })
}

/// The conduct that counts today: in the catalogue, put down to the party, not repaired, and from the day of
/// its decision up to, not including, the day it ends.
fn conduct_counted<'a>(
    policy: &'a CreditPolicy,
    question: &CreditQuestion,
) -> Result<Vec<&'a ConductRule>, Refused> {
    let mut counted = Vec::new();
    for conduct in &question.conduct {
        let rule = conduct_rule(policy, &conduct.id)?;
        Refused::unless(policy.attributed_to.contains(&conduct.attributed_to), "unknown_attribution")?;
        let ends = add_months(conduct.decided_on, rule.publish_max_months);
        let lasts = conduct.decided_on <= question.on && question.on < ends;
        let attributed = policy.attributed_to_counts.contains(&conduct.attributed_to);
        if rule.catalogue_item && attributed && !conduct.repaired && lasts {
            counted.push(rule);
        }
    }
    Ok(counted)
}

/// The first class from the best whose shares hold; the one below it where its commitment is missing.
pub(super) fn by_grades<'a>(
    policy: &'a CreditPolicy,
    levels: &BTreeMap<String, u64>,
    total: u64,
    commitment: bool,
) -> Result<&'a CreditClass, Refused> {
    let at = |level: &str| u128::from(levels.get(level).copied().unwrap_or(0));
    let (lenient, low, total) = (at(LENIENT), at(STRICT) + at(PROHIBITED), u128::from(total));
    let holds = |class: &CreditClass| {
        !class.by_conduct_only
            && class.min_lenient_percent.is_none_or(|least| 100 * lenient >= u128::from(least) * total)
            && class.max_low_percent.is_none_or(|most| 100 * low <= u128::from(most) * total)
    };
    let place = policy.classes.iter().position(holds);
    let place = place.ok_or_else(|| Refused::because("not_in_rulebook"))?;
    let committed = commitment || !policy.classes[place].needs_commitment;
    let place = if committed { place } else { place + 1 };
    policy.classes.get(place).ok_or_else(|| Refused::because("not_in_rulebook"))
}

pub(super) fn policy_of(rulebook: &Rulebook) -> Result<&CreditPolicy, Refused> {
    rulebook.policy.credit.as_ref().ok_or_else(|| Refused::because("not_in_rulebook"))
}

fn conduct_rule<'a>(policy: &'a CreditPolicy, id: &str) -> Result<&'a ConductRule, Refused> {
    policy.conduct.iter().find(|rule| rule.id == id).ok_or_else(|| Refused::because("unknown_conduct"))
}

pub(super) fn class<'a>(policy: &'a CreditPolicy, id: &str) -> Result<&'a CreditClass, Refused> {
    policy.classes.get(place(policy, id)).ok_or_else(|| Refused::because("not_in_rulebook"))
}

/// Where a class stands, the best at 0.
fn place(policy: &CreditPolicy, id: &str) -> usize {
    policy.classes.iter().position(|class| class.id == id).unwrap_or(usize::MAX)
}

/// The levels that a share is of, from the best.
pub(super) const LEVELS: [&str; 4] = [LENIENT, "attention", STRICT, PROHIBITED];
/// The level whose share must be large.
const LENIENT: &str = "lenient";
/// The degree of conduct that is never published.
const MINOR: &str = "minor";
/// A level whose share must be small.
const PROHIBITED: &str = "prohibited";
/// The other level whose share must be small.
const STRICT: &str = "strict";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::rulebook::Layer;
    use crate::shipped;

    proptest! {
        #[test]
        fn conduct_and_bad_grades_never_raise_a_class(
            lenient in 1u64..300, strict in 0u64..60, commitment in any::<bool>(), confirmed in any::<bool>(),
            conduct in prop::sample::select(vec!["commitment_breached", "false_materials", "refuses_inspection"]),
        ) {
            let rulebook = shipped::pingshan(Layer::Unit);
            let ask = |strict: u64, conduct: &[&str]| {
                let conduct: Vec<_> = conduct
                    .iter()
                    .map(|id| json!({"id": id, "attributed_to": "party", "decided_on": "2025-05-01"}))
                    .collect();
                let question = serde_json::from_value(json!({
                    "party_kind": "enterprise", "levels": {"lenient": lenient, "strict": strict}, "conduct": conduct,
                    "commitment": commitment, "confirmed": confirmed, "on": "2025-05-20",
                    "last_inspection": "2025-01-31",
                }));
                credit(&rulebook, &question.unwrap()).unwrap()
            };
            let clean = ask(strict, &[]);
            prop_assert!(ask(strict, &[conduct]).proposed >= clean.proposed);
            prop_assert!(ask(strict + 1, &[]).proposed >= clean.proposed);
            prop_assert!(clean.proposed != "A" || commitment);
            let shown = ask(strict, &["false_materials"]).shown;
            prop_assert_eq!(shown, if confirmed { "D" } else { "C" }, "class D only once a person confirmed it");
        }
    }
}
