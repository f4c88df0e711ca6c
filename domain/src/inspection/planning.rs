//! When premises are inspected next: so many months after the last inspection as the class of the party's credit asks. A better
//! class puts an inspection that is planned off, a worse one brings it forward, but never nearer than a month from the rating.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Inspection;
use crate::calendar::add_months;
use crate::credit::{Rating, answers_for, family};
use crate::derivation::SchemeRef;
use crate::passing::Passed;
use crate::reaction::Due;
use crate::recorded::{local_date, subject_of};
use crate::rulebook::Layer;
use crate::subject::{Running, Subject};

/// An inspection that is planned.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Plan {
    /// The party whose credit asks for it.
    pub party: String,
    /// Its class as it is shown.
    pub class: String,
    /// Months between inspections that follow from the class.
    pub months: u32,
    /// The day from which they count: of the last inspection, else of the first rating.
    pub from: NaiveDate,
    /// The last day on which it is in time.
    pub due: NaiveDate,
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
pub(crate) fn passed(own: &str, subjects: &BTreeMap<String, Subject>, now: DateTime<Utc>) -> Vec<Passed> {
    let party = subjects.get(own).filter(|_| own.starts_with("party/"));
    let Some(scheme) = party.and_then(|party| party.credit.state.scheme.as_ref()) else { return vec![] };
    let family: Vec<String> = family(own, subjects).into_iter().collect();
    let premises = subjects.keys().filter(|key| key.starts_with("premises/"));
    premises.filter_map(|premises| of_premises(own, premises, &family, subjects, now, scheme)).collect()
}

/// The result of an entry of an inspection's stream.
pub(crate) fn compute(
    subjects: &BTreeMap<String, Subject>,
    event_type: &str,
    stream: &str,
    as_of: DateTime<Utc>,
) -> Option<Value> {
    let key = stream.rsplit('/').next()?;
    let own = format!("party/{}", key.rsplit_once('-')?.0);
    let next = next(&own, subject_of(stream), subjects, local_date(as_of))?;
    let fits = next.key == key && next.event_type() == event_type;
    match next.what {
        What::Missed(missed) if fits => serde_json::to_value(missed).ok(),
        What::Planned(plan) | What::Reduced(plan) if fits => serde_json::to_value(plan).ok(),
        _ => None,
    }
}

struct Next {
    key: String,
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
    now: DateTime<Utc>,
    scheme: &SchemeRef,
) -> Option<Passed> {
    let next = next(own, premises, subjects, local_date(now))?;
    let mut named: Vec<String> = family.iter().cloned().chain([premises.to_owned()]).collect();
    named.sort();
    let due = Due {
        reaction: REACTION,
        stream: format!("{premises}/inspection/{}", next.key),
        event_type: next.event_type(),
        scheme: scheme.clone(),
        subjects: named,
    };
    Some(Passed { due, since: next.since })
}

/// What is to be said of the party's inspections of these premises, by that day.
fn next(own: &str, premises: &str, subjects: &BTreeMap<String, Subject>, on: NaiveDate) -> Option<Next> {
    let (party, subject) = (own.strip_prefix("party/")?, subjects.get(premises)?);
    if !asks(own, subject, subjects, on) {
        return None;
    }
    let inspections = of_party(party, subject);
    let open = inspections.iter().find(|(_, of)| of.state.is_open());
    let missed = open.and_then(|(key, of)| {
        let plan = of.state.plan.as_ref().filter(|plan| plan.due < on)?;
        let missed = Missed { due: plan.due, party: party.to_owned() };
        (!of.state.missed.contains(&plan.due)).then(|| Next {
            key: (*key).clone(),
            since: of.since,
            what: What::Missed(missed),
        })
    });
    if missed.is_some() {
        return missed;
    }
    let rated_at = subjects.get(own)?.credit.rated_at?;
    let rating = subjects.get(own)?.credit.state.rating.as_ref()?;
    let before = open.and_then(|(_, of)| of.state.plan.as_ref());
    let (plan, begins) = planned(party, rating, subject, before)?;
    if begins > on
        || before.is_some_and(|before| (before.months, &before.class) == (plan.months, &plan.class))
    {
        return None;
    }
    let key = open.map_or_else(|| format!("{party}-{}", inspections.len() + 1), |(key, _)| (*key).clone());
    let last = subject.inspected_at.unwrap_or_default();
    let what = match before {
        Some(before) if before.due < plan.due => What::Reduced(plan),
        _ => What::Planned(plan),
    };
    Some(Next { key, since: rated_at.max(last), what })
}

/// The plan that follows from a rating, and the first day on which it can be made.
fn planned(
    party: &str,
    rating: &Rating,
    subject: &Subject,
    before: Option<&Plan>,
) -> Option<(Plan, NaiveDate)> {
    let class = rating.class.as_ref()?;
    let made = subject.inspections.values().filter_map(|of| of.state.carried_out_on).max();
    let from = made.or(before.map(|before| before.from)).unwrap_or(rating.on);
    let due = add_months(from, class.inspection_months).max(add_months(rating.on, GRACE_MONTHS));
    let due = if before.is_some() { due } else { add_months(from, class.inspection_months) };
    let (class, months) = (class.shown.clone(), class.inspection_months);
    Some((Plan { party: party.to_owned(), class, months, from, due }, rating.on.max(from)))
}

/// Inspections of these premises that the party's credit asked for.
fn of_party<'a>(party: &str, subject: &'a Subject) -> Vec<(&'a String, &'a Running<Inspection>)> {
    let own = |key: &str| key.rsplit_once('-').is_some_and(|(of, _)| of == party);
    subject.inspections.iter().filter(|(key, _)| own(key)).collect()
}

/// Units and buildings that are graded and that the party answers for.
fn asks(own: &str, subject: &Subject, subjects: &BTreeMap<String, Subject>, on: NaiveDate) -> bool {
    let open = subject.premises.closed_on.is_none();
    let graded = subject.grade.in_force().is_some();
    let register = subject.premises.register.as_ref();
    let layer = register.is_some_and(|register| register.layer != Layer::Estate);
    open && graded && layer && answers_for(own, subject, subjects, on)
}

/// What an inspection is computed by.
pub(crate) const REACTION: &str = "inspection";
/// No inspection falls due nearer than this to the rating that moved it.
const GRACE_MONTHS: u32 = 1;
