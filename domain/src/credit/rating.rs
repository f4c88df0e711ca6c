//! Rating: the class as it is computed, with what decided it. Of parties that are one, the file that goes on counts all.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::FileOf;
use super::basis::{ANSWERS, stands};
use super::item::ConductRef;
use super::rule::{self, CreditQuestion, policy_of};
use crate::calendar::add_months;
use crate::party::Kind;
use crate::recorded::subject_of;
use crate::refused::Refused;
use crate::rulebook::credit::CreditPolicy;
use crate::rulebook::{Layer, Rulebook};
use crate::subject::Subject;

/// A party's class, and what decided it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Rating {
    /// 1, 2, 3 … of the file.
    pub number: u64,
    /// The day.
    pub on: NaiveDate,
    /// Person or enterprise.
    pub kind: Kind,
    /// How many of its graded units and buildings are at each level in effect.
    pub levels: BTreeMap<String, u64>,
    /// Those of them that weigh against it: not at level lenient.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<Weight>,
    /// Whether its commitment counts.
    pub commitment: bool,
    /// The conduct that counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conduct: Vec<Counted>,
    /// The class; none of a party that answers for no graded premises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
}

/// Premises that weigh against a party.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Weight {
    /// Their id.
    pub premises: String,
    /// The level in effect.
    pub level: String,
    /// Number of the determination that it came from.
    pub determination: u64,
}

/// A record of conduct that counts.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Counted {
    /// Which record.
    pub of: ConductRef,
    /// Which kind.
    pub conduct: String,
    /// The best class still possible with it.
    pub at_best: String,
    /// Whether that class needs a named person.
    pub needs_confirmer: bool,
    /// Its degree.
    pub degree: String,
    /// From which day it counts: that of the document.
    pub from: NaiveDate,
    /// The first day on which it may be repaired.
    pub repairable_from: NaiveDate,
    /// The day on which it falls out, not included.
    pub until: NaiveDate,
    /// Accounts that had a hand in it.
    pub hands: Vec<String>,
}

/// A credit class as it was computed.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Class {
    /// By grades alone.
    pub base: String,
    /// By grades and conduct.
    pub proposed: String,
    /// What is shown, until a named person confirms the proposed one.
    pub shown: String,
    /// Whether the proposed class needs a named person.
    pub needs_confirmer: bool,
    /// Whether one has confirmed it.
    pub confirmed: bool,
    /// The class that may be published, of kinds of party that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_class: Option<String>,
    /// Months between departmental inspections that follow from it.
    pub inspection_months: u32,
}

/// The party with all that were merged into it, as subjects: `party/y-1`.
pub(crate) fn family(own: &str, subjects: &BTreeMap<String, Subject>) -> BTreeSet<String> {
    let mut family = BTreeSet::from([own.to_owned()]);
    loop {
        let joins = |(key, of): (&String, &Subject)| {
            let into = of.party.merged_into.as_ref().map(|into| format!("party/{into}"))?;
            (family.contains(&into) && !family.contains(key)).then(|| key.clone())
        };
        let joining: Vec<String> = subjects.iter().filter_map(joins).collect();
        if joining.is_empty() {
            return family;
        }
        family.extend(joining);
    }
}

/// The names under which the party, or one that was merged into it, answers for premises on a day.
pub(crate) fn answering(
    own: &str,
    premises: &Subject,
    subjects: &BTreeMap<String, Subject>,
    on: NaiveDate,
) -> BTreeSet<String> {
    let family = family(own, subjects);
    let names = family.iter().filter_map(|key| key.strip_prefix("party/"));
    names.filter(|name| is_answered_by(name, premises, on)).map(str::to_owned).collect()
}

/// Whether somebody of this name answers for premises on a day.
pub(crate) fn is_answered_by(name: &str, premises: &Subject, on: NaiveDate) -> bool {
    let mut held = premises.premises.parties.iter();
    held.any(|held| held.party == name && ANSWERS.contains(&held.role.as_str()) && held.span.holds_on(on))
}

/// The subjects that a party's rating rests on: its family, the premises that name one of it, and those that its conduct rests
/// on; of these, sorted, as many as are known.
pub(crate) fn rests_on(own: &str, subjects: &BTreeMap<String, Subject>) -> Vec<String> {
    let family = family(own, subjects);
    let named = |of: &Subject| of.premises.parties.iter().any(|held| is_of(&family, &held.party));
    let files = family.iter().filter_map(|key| subjects.get(key));
    let conduct = files.flat_map(|of| of.credit.state.conduct.values());
    let bases: BTreeSet<&str> =
        conduct.filter_map(|on_file| on_file.conduct.basis.stream.as_deref()).map(subject_of).collect();
    let rests =
        |(key, of): &(&String, &Subject)| family.contains(*key) || bases.contains(key.as_str()) || named(of);
    subjects.iter().filter(rests).map(|(key, _)| key.clone()).collect()
}

fn is_of(family: &BTreeSet<String>, party: &str) -> bool {
    family.iter().any(|key| key.strip_prefix("party/") == Some(party))
}

/// The rating that has to be recorded, if the newest one does not say the same.
///
/// # Errors
/// The rulebook's own refusals.
pub(super) fn due(
    rulebook: &Rulebook,
    own: &str,
    subjects: &BTreeMap<String, Subject>,
    on: NaiveDate,
) -> Result<Option<Rating>, Refused> {
    let Some(party) = subjects.get(own) else { return Ok(None) };
    let Some(rating) = rating(rulebook, own, party, subjects, on)? else { return Ok(None) };
    Ok(match &party.credit.state.rating {
        Some(newest) if (&newest.class, &newest.conduct) == (&rating.class, &rating.conduct) => None,
        None if rating.class.is_none() && rating.conduct.is_empty() => None,
        _ => Some(rating),
    })
}

fn rating(
    rulebook: &Rulebook,
    own: &str,
    party: &Subject,
    subjects: &BTreeMap<String, Subject>,
    on: NaiveDate,
) -> Result<Option<Rating>, Refused> {
    let policy = policy_of(rulebook)?;
    // one that is one with another counts there
    let registered = party.party.registered.as_ref().filter(|_| party.party.merged_into.is_none());
    let Some(kind) = registered.map(|registered| registered.kind) else { return Ok(None) };
    let family = family(own, subjects);
    let files: Vec<(&str, &FileOf)> = family
        .iter()
        .filter_map(|key| Some((key.strip_prefix("party/")?, &subjects.get(key)?.credit)))
        .collect();
    let (levels, weights) = levels(&family, subjects, on);
    let conduct = counted(policy, &files, subjects, on);
    let commitment =
        files.iter().any(|(_, file)| file.state.commitment.as_ref().is_some_and(|made| made.counts()));
    let confirmed = conduct
        .iter()
        .filter(|counted| counted.needs_confirmer)
        .any(|counted| files.iter().any(|(_, file)| file.state.confirmed.contains(&counted.of)));
    let question = CreditQuestion {
        party_kind: kind.code().to_owned(),
        levels: levels.clone(),
        conduct: conduct.iter().map(asked).collect(),
        commitment,
        confirmed,
        on,
        last_inspection: on,
    };
    let class = match rule::credit(rulebook, &question) {
        Ok(credit) => Some(class(policy, credit, confirmed)?),
        Err(refused) if refused.error == "no_grade" => None,
        Err(refused) => return Err(refused),
    };
    let number = party.credit.state.rating.as_ref().map_or(1, |newest| newest.number + 1);
    Ok(Some(Rating { number, on, kind, levels, weights, commitment, conduct, class }))
}

fn class(policy: &CreditPolicy, credit: rule::Credit, confirmed: bool) -> Result<Class, Refused> {
    let inspection_months = rule::class(policy, &credit.shown)?.inspection_months;
    Ok(Class {
        confirmed: confirmed && credit.needs_confirmer,
        base: credit.base,
        proposed: credit.proposed,
        shown: credit.shown,
        needs_confirmer: credit.needs_confirmer,
        published_class: credit.published_class,
        inspection_months,
    })
}

/// As the rule asks for it: what is listed here counts.
fn asked(counted: &Counted) -> rule::Conduct {
    rule::Conduct {
        id: counted.conduct.clone(),
        attributed_to: PARTY.to_owned(),
        decided_on: counted.from,
        repaired: false,
    }
}

/// The units and buildings that the family answers for on a day, by the level in effect. Estates are nobody's.
fn levels(
    family: &BTreeSet<String>,
    subjects: &BTreeMap<String, Subject>,
    on: NaiveDate,
) -> (BTreeMap<String, u64>, Vec<Weight>) {
    let (mut levels, mut weights) = (BTreeMap::new(), Vec::new());
    for (key, subject) in subjects {
        let Some(premises) = key.strip_prefix("premises/") else { continue };
        let counts = subject.premises.closed_on.is_none()
            && subject.premises.register.as_ref().is_some_and(|register| register.layer != Layer::Estate);
        let answers = subject.premises.parties.iter().any(|held| {
            ANSWERS.contains(&held.role.as_str()) && held.span.holds_on(on) && is_of(family, &held.party)
        });
        let Some(binding) = subject.grade.in_force().filter(|_| counts && answers) else { continue };
        let Some(level) = &binding.determination.management_level else { continue };
        *levels.entry(level.clone()).or_default() += 1;
        if level != LENIENT && weights.len() < WEIGHTS_MAX {
            let (premises, level) = (premises.to_owned(), level.clone());
            weights.push(Weight { premises, level, determination: binding.determination.number });
        }
    }
    (levels, weights)
}

/// The conduct that counts on a day: on record, not ended there, with a living basis, and by the policy's rules.
fn counted(
    policy: &CreditPolicy,
    files: &[(&str, &FileOf)],
    subjects: &BTreeMap<String, Subject>,
    on: NaiveDate,
) -> Vec<Counted> {
    let mut all = Vec::new();
    for (party, file) in files {
        for on_file in file.state.conduct.values().filter(|on_file| on_file.stands()) {
            let held = &on_file.conduct;
            let Some(rule) = policy.conduct.iter().find(|rule| rule.id == held.conduct) else { continue };
            let until = add_months(held.decided_on, rule.publish_max_months);
            let counts = rule.catalogue_item
                && policy.attributed_to_counts.contains(&held.attributed_to)
                && (held.decided_on..until).contains(&on)
                && stands(policy, held, subjects);
            if !counts {
                continue;
            }
            let best = policy.classes.iter().find(|class| class.id == rule.at_best);
            all.push(Counted {
                of: ConductRef { party: (*party).to_owned(), number: held.number },
                conduct: held.conduct.clone(),
                at_best: rule.at_best.clone(),
                needs_confirmer: best.is_some_and(|class| class.needs_confirmer),
                degree: held.degree.clone(),
                from: held.decided_on,
                repairable_from: add_months(held.decided_on, rule.publish_min_months),
                until,
                hands: held.hands.clone(),
            });
        }
    }
    all
}

/// The level that weighs nothing.
const LENIENT: &str = "lenient";
const PARTY: &str = "party";
/// How many premises are listed; all are counted.
const WEIGHTS_MAX: usize = 200;
