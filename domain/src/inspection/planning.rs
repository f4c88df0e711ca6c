//! When premises are inspected next: so many months after the last inspection as the class of the party's credit asks. A better
//! class puts an inspection that is planned off, a worse one brings it forward, but never nearer to the rating than the policy says.
//!
//! Premises have one planned inspection at a time. Where several parties answer for them, each with a class of its own, the one
//! whose class asks for the earlier day leads, and the others are named beside it. Each party's own pass says and takes back its
//! own ground; a ground whose party answers no more is taken away by whoever looks next.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Inspection;
use crate::calendar::add_months;
use crate::credit::{Rating, answering, family, is_answered_by};
use crate::derivation::SchemeRef;
use crate::passing::Passed;
use crate::reaction::{Due, Rulebooks};
use crate::recorded::{local_date, subject_of};
use crate::rulebook::credit::CreditPolicy;
use crate::rulebook::{Layer, Rulebook};
use crate::subject::{Running, Subject};

/// An inspection that is planned: the strictest ground for it, and the others.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Plan {
    /// What it is planned by.
    #[serde(flatten)]
    pub leads: Ground,
    /// What asks for it too, the earliest day first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Ground>,
}

/// What a party's credit asks for.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Ground {
    /// The party whose credit asks for it.
    pub party: String,
    /// Parties that were merged into it and under whose names it answers for the premises.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub through: Vec<String>,
    /// Its class as it is shown.
    pub class: String,
    /// Months between inspections that follow from the class.
    pub months: u32,
    /// The day from which they count: of the last inspection, else of the first rating.
    pub from: NaiveDate,
    /// The last day on which it is in time.
    pub due: NaiveDate,
}

impl Plan {
    /// By these grounds; none without any.
    fn by(mut grounds: Vec<Ground>) -> Option<Self> {
        grounds.sort_by(|one, other| {
            (one.due, one.months, &one.party).cmp(&(other.due, other.months, &other.party))
        });
        let mut grounds = grounds.into_iter();
        Some(Self { leads: grounds.next()?, also: grounds.collect() })
    }

    /// Everything that asks for it, the strictest first.
    pub fn grounds(&self) -> impl Iterator<Item = &Ground> {
        std::iter::once(&self.leads).chain(&self.also)
    }
}

impl Ground {
    /// Whether its party, under whatever name, answers for the premises on a day.
    fn holds(&self, subject: &Subject, on: NaiveDate) -> bool {
        let mut names = self.through.iter().chain([&self.party]);
        names.any(|name| is_answered_by(name, subject, on))
    }
}

/// That an inspection's due day passed.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Missed {
    /// The day that ended.
    pub due: NaiveDate,
    /// The party whose credit asked for it.
    pub party: String,
}

/// What a party's credit brings to the premises that it answers for, and is not recorded yet.
pub(crate) fn passed(
    own: &str,
    subjects: &BTreeMap<String, Subject>,
    now: DateTime<Utc>,
    rulebooks: &dyn Rulebooks,
) -> Vec<Passed> {
    let party = subjects.get(own).filter(|_| own.starts_with("party/"));
    let Some(scheme) = party.and_then(|party| party.credit.state.scheme.as_ref()) else { return vec![] };
    let Some(rulebook) = rulebooks.rulebook(scheme) else { return vec![] };
    let Some(policy) = &rulebook.policy.credit else { return vec![] };
    let by = (policy, local_date(now));
    let family: Vec<String> = family(own, subjects).into_iter().collect();
    let premises = subjects.keys().filter(|key| key.starts_with("premises/"));
    premises.filter_map(|premises| of_premises(own, premises, &family, subjects, by, scheme)).collect()
}

/// The result of an entry of an inspection's stream. The subjects are one party, with what was merged into it, and the premises.
pub(crate) fn compute(
    rulebook: &Rulebook,
    subjects: &BTreeMap<String, Subject>,
    event_type: &str,
    stream: &str,
    as_of: DateTime<Utc>,
) -> Option<Value> {
    let key = stream.rsplit('/').next()?;
    let goes_on = |(_, of): &(&String, &Subject)| {
        let into = of.party.merged_into.as_ref().map(|into| format!("party/{into}"));
        into.is_none_or(|into| !subjects.contains_key(&into))
    };
    let (own, _) = subjects.iter().filter(|(key, _)| key.starts_with("party/")).find(goes_on)?;
    let by = (rulebook.policy.credit.as_ref()?, local_date(as_of));
    let next = next(own, subject_of(stream), subjects, by)?;
    let fits = next.key == key && next.event_type() == event_type;
    match next.what {
        What::Missed(missed) if fits => serde_json::to_value(missed).ok(),
        What::Planned(plan) | What::Reduced(plan) if fits => serde_json::to_value(plan).ok(),
        _ => None,
    }
}

struct Next {
    key: String,
    reaction: &'static str,
    since: u64,
    what: What,
}

enum What {
    Missed(Missed),
    Planned(Plan),
    Reduced(Plan),
}

impl Next {
    const fn event_type(&self) -> &'static str {
        match self.what {
            What::Missed(_) => "InspectionMissed",
            What::Planned(_) => "InspectionPlanned",
            What::Reduced(_) => "InspectionReduced",
        }
    }
}

fn of_premises(
    own: &str,
    premises: &str,
    family: &[String],
    subjects: &BTreeMap<String, Subject>,
    by: (&CreditPolicy, NaiveDate),
    scheme: &SchemeRef,
) -> Option<Passed> {
    let next = next(own, premises, subjects, by)?;
    let mut named: Vec<String> = family.iter().cloned().chain([premises.to_owned()]).collect();
    named.sort();
    let due = Due {
        reaction: next.reaction,
        stream: format!("{premises}/inspection/{}", next.key),
        event_type: next.event_type(),
        scheme: scheme.clone(),
        subjects: named,
    };
    Some(Passed { due, since: next.since })
}

/// What is to be said, by that day, of the inspection of these premises by what the party's credit asks for.
fn next(
    own: &str,
    premises: &str,
    subjects: &BTreeMap<String, Subject>,
    (policy, on): (&CreditPolicy, NaiveDate),
) -> Option<Next> {
    let (party, subject) = (own.strip_prefix("party/")?, subjects.get(premises)?);
    let merged = subjects.get(own)?.party.merged_into.is_some();
    let through = answering(own, subject, subjects, on);
    // for one that was merged into another, that one speaks
    if merged || through.is_empty() || !is_inspected(subject) {
        return None;
    }
    let open = subject.inspections.iter().find(|(_, of)| of.state.is_open());
    if let Some(missed) = open.and_then(|(key, of)| missed(key, of, on)) {
        return Some(missed);
    }
    let credit = &subjects.get(own)?.credit;
    let (rated_at, rating) = (credit.rated_at?, credit.state.rating.as_ref()?);
    let before = open.and_then(|(_, of)| of.state.plan.as_ref());
    let family = family(own, subjects);
    let is_own = |ground: &&Ground| family.contains(&format!("party/{}", ground.party));
    let said = before.and_then(|plan| plan.grounds().find(is_own));
    let through = through.into_iter().filter(|name| name != party).collect();
    let (mut ground, begins) = ground(policy, party, through, (rating, subject), (before, said))?;
    if begins > on {
        return None;
    }
    // what the same class asked for stays, whatever the name
    let kept = said.filter(|said| (said.months, &said.class) == (ground.months, &ground.class));
    if let Some(kept) = kept {
        (ground.from, ground.due) = (kept.from, kept.due);
    }
    let others = before.into_iter().flat_map(Plan::grounds).filter(|ground| !is_own(ground));
    let mut grounds: Vec<Ground> = others.filter(|ground| ground.holds(subject, on)).cloned().collect();
    grounds.push(ground);
    let plan = Plan::by(grounds)?;
    if before == Some(&plan) {
        return None;
    }
    let what = match before {
        Some(before) if before.leads.due < plan.leads.due => What::Reduced(plan),
        _ => What::Planned(plan),
    };
    Some(match open {
        // another party's inspection is joined or left: each plan of it is followed by one such change at most
        Some((key, of)) if said.is_none() || kept.is_some() => {
            Next { key: key.clone(), reaction: GROUNDS, since: of.since, what }
        }
        Some((key, _)) => {
            Next { key: key.clone(), reaction: REACTION, since: rated_at.max(last(subject)), what }
        }
        None => {
            let key = format!("{party}-{}", of_party(party, subject) + 1);
            Next { key, reaction: REACTION, since: rated_at.max(last(subject)), what }
        }
    })
}

/// That the day of a planned inspection ended, if nobody has said so.
fn missed(key: &str, of: &Running<Inspection>, on: NaiveDate) -> Option<Next> {
    let leads = &of.state.plan.as_ref()?.leads;
    if leads.due >= on || of.state.missed.contains(&leads.due) {
        return None;
    }
    let missed = Missed { due: leads.due, party: leads.party.clone() };
    Some(Next { key: key.to_owned(), reaction: REACTION, since: of.since, what: What::Missed(missed) })
}

/// What a rating asks for, and the first day on which it can be planned. `planned` is what is planned already, and what of it
/// this party asked for.
fn ground(
    policy: &CreditPolicy,
    party: &str,
    through: Vec<String>,
    (rating, subject): (&Rating, &Subject),
    (planned, said): (Option<&Plan>, Option<&Ground>),
) -> Option<(Ground, NaiveDate)> {
    let class = rating.class.as_ref()?;
    let made = subject.inspections.values().filter_map(|of| of.state.carried_out_on).max();
    let from = made.or(said.map(|said| said.from)).unwrap_or(rating.on);
    let (class, months) = (class.shown.clone(), class.inspection_months);
    let due = add_months(from, months);
    // what is planned already is brought no nearer than the policy's months to the rating that moves it
    let nearest = add_months(rating.on, policy.inspection_grace_months);
    let due = match planned.map(|plan| said.map_or(plan.leads.due, |said| said.due)) {
        // nor is what falls due within these months put off by a class that asks for it sooner
        Some(held) if due < held => due.max(nearest).min(held),
        Some(_) => due.max(nearest),
        None => due,
    };
    let ground = Ground { party: party.to_owned(), through, class, months, from, due };
    Some((ground, rating.on.max(from)))
}

/// Position of the newest inspection that was made.
fn last(subject: &Subject) -> u64 {
    subject.inspected_at.unwrap_or_default()
}

/// How many inspections of these premises the party's credit was the first to ask for.
fn of_party(party: &str, subject: &Subject) -> usize {
    let own = |key: &&String| key.rsplit_once('-').is_some_and(|(of, _)| of == party);
    subject.inspections.keys().filter(own).count()
}

/// Units and buildings that are graded and not closed.
fn is_inspected(subject: &Subject) -> bool {
    let register = subject.premises.register.as_ref();
    let layer = register.is_some_and(|register| register.layer != Layer::Estate);
    subject.premises.closed_on.is_none() && subject.grade.in_force().is_some() && layer
}

/// What an inspection is computed by.
pub(crate) const REACTION: &str = "inspection";
/// What a planned inspection is changed by where another party's ground joins it or ends.
pub(crate) const GROUNDS: &str = "inspection_grounds";
