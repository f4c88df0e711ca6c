//! What follows for a credit file: at once from its own entries, and through the runner from grades, hazards, days and what other
//! parties were merged into it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use super::basis;
use super::item::Item;
use super::publishing::Unpublished;
use super::rating::{self, family, rests_on};
use super::{Event as CreditEvent, OwedAnswer, owed};
use crate::derivation::SchemeRef;
use crate::event::Event;
use crate::party;
use crate::passing::Passed;
use crate::reaction::{Due, Rulebooks};
use crate::recorded::{Recorded, local_date, subject_of};
use crate::refused::Refused;
use crate::rulebook::Rulebook;
use crate::rulebook::credit::CreditPolicy;
use crate::subject::Subject;

/// What has to be computed because of an entry of the party's own, from its own entries alone.
pub(crate) fn follow(cause: &Recorded<Event>, subject: &Subject, rulebooks: &dyn Rulebooks) -> Vec<Due> {
    let (own, file) = (cause.subject(), &subject.credit.state);
    let Some((scheme, rulebook)) = governing(file.scheme.as_ref(), rulebooks) else { return vec![] };
    let due = |reaction, event_type| Due {
        reaction,
        stream: stream(own),
        event_type,
        scheme: scheme.clone(),
        subjects: vec![own.to_owned()],
    };
    let on = local_date(cause.occurred_at);
    let alone = || BTreeMap::from([(own.to_owned(), subject.clone())]);
    match &cause.event {
        Event::Credit(CreditEvent::CommitmentBreached { .. }) => {
            let policy = rulebook.policy.credit.as_ref();
            let follows = policy.map(|policy| basis::due(policy, own, &alone())).unwrap_or_default();
            follows.first().map(|_| due(CONDUCT, "ConductRecorded")).into_iter().collect()
        }
        Event::Credit(CreditEvent::ObjectionRaised { .. }) => {
            vec![due("objection_marked", "ObjectionMarked")]
        }
        Event::Credit(
            CreditEvent::CreditRated(_)
            | CreditEvent::ObjectionDecided { upheld: true, .. }
            | CreditEvent::RepairDecided { granted: true, .. },
        )
        | Event::Party(party::Event::PartyMerged { .. }) => {
            let Some(policy) = rulebook.policy.credit.as_ref() else { return vec![] };
            let ended = ended(policy, own, &alone(), on);
            ended.iter().map(|_| due("credit_ended", "CreditUnpublished")).collect()
        }
        Event::Credit(CreditEvent::CreditPublished { .. }) => {
            file.to_report(on).map(|_| due("credit_reported", "CreditReported")).into_iter().collect()
        }
        Event::Credit(CreditEvent::CreditUnpublished(_)) => {
            file.to_recall(on).map(|_| due("credit_recalled", "CreditRecalled")).into_iter().collect()
        }
        _ => vec![],
    }
}

/// What has come to a party and is not recorded yet; of each kind the first.
pub(crate) fn passed(
    own: &str,
    subjects: &BTreeMap<String, Subject>,
    now: DateTime<Utc>,
    rulebooks: &dyn Rulebooks,
) -> Vec<Passed> {
    let Some(party) = subjects.get(own).filter(|_| own.starts_with("party/")) else { return vec![] };
    let scheme = newest_scheme(own, subjects, rulebooks).or_else(|| party.credit.state.scheme.clone());
    let Some((scheme, rulebook)) = governing(scheme.as_ref(), rulebooks) else { return vec![] };
    let Some(policy) = &rulebook.policy.credit else { return vec![] };
    let on = local_date(now);
    let due = |reaction, stream: String, event_type, mut subjects: Vec<String>| {
        subjects.sort();
        subjects.dedup();
        Due { reaction, stream, event_type, scheme: scheme.clone(), subjects }
    };
    let missed = |owed: OwedAnswer| {
        let (scheme, rulebook) = governing(owed.scheme.as_ref().or(Some(&scheme)), rulebooks)?;
        let late = owed.late(&rulebook, own, party, on)?;
        let stream = format!("{own}/record/{}", late.key);
        let due = due(late.reaction, stream, "DeadlineMissed", vec![own.to_owned()]);
        Some(Passed { due: Due { scheme, ..due }, since: late.since })
    };
    let mut passed: Vec<Passed> = owed(&party.credit).filter_map(missed).collect();
    // what was recorded on a day has come on no day before it
    let rests = rests_on(own, subjects);
    if rests.iter().filter_map(|key| subjects.get(key)?.touched_on).max().is_some_and(|last| on < last) {
        return passed;
    }
    if let Some((rests, conduct)) = basis::due(policy, own, subjects).first() {
        let subjects = family(own, subjects).into_iter().chain([rests.clone()]).collect();
        let since = conduct.basis.at.unwrap_or_default();
        passed.push(Passed { due: due(CONDUCT, stream(own), "ConductRecorded", subjects), since });
    }
    if let Some(unpublished) = ended(policy, own, subjects, on).first() {
        let since = party.credit.published_at.get(&unpublished.item).copied().unwrap_or_default();
        let rests = basis_of(party, unpublished.item).filter(|key| subjects.contains_key(key));
        let subjects = rests.into_iter().chain([own.to_owned()]).collect();
        passed.push(Passed { due: due("credit_ended", stream(own), "CreditUnpublished", subjects), since });
    }
    if matches!(rating::due(&rulebook, own, subjects, on), Ok(Some(_))) {
        let since = party.credit.rated_at.or(party.party_at).unwrap_or_default();
        passed.push(Passed { due: due("credit_rated", stream(own), "CreditRated", rests), since });
    }
    passed
}

/// Whether an entry may enter a party's credit: its own, and what is graded, found and set aside at premises.
pub(crate) const fn enters(event: &Event) -> bool {
    matches!(
        event,
        Event::Appeal(_)
            | Event::Credit(_)
            | Event::Dispute(_)
            | Event::Grade(_)
            | Event::Hazard(_)
            | Event::Party(_)
            | Event::Premises(_)
    )
}

/// Compute an entry of a credit file.
///
/// # Errors
/// The rulebook's own refusals; `not_computed` for an event that no reaction makes.
pub(crate) fn compute(
    rulebook: &Rulebook,
    subjects: &BTreeMap<String, Subject>,
    event_type: &str,
    stream: &str,
    as_of: DateTime<Utc>,
) -> Result<Option<Value>, Refused> {
    let (own, on, nobody) = (subject_of(stream), local_date(as_of), Subject::default());
    let file = &subjects.get(own).unwrap_or(&nobody).credit.state;
    let policy = super::rule::policy_of(rulebook)?;
    Ok(match event_type {
        "ConductRecorded" => {
            value(basis::due(policy, own, subjects).into_iter().next().map(|(_, conduct)| conduct))
        }
        "CreditRated" => value(rating::due(rulebook, own, subjects, on)?),
        "CreditRecalled" => value(file.to_recall(on)),
        "CreditReported" => value(file.to_report(on)),
        "CreditUnpublished" => value(ended(policy, own, subjects, on).into_iter().next()),
        "ObjectionMarked" => value(file.to_mark(rulebook)?),
        _ => return Err(Refused::because("not_computed")),
    })
}

/// What is public and has no living basis any more, with the reason.
fn ended(
    policy: &CreditPolicy,
    own: &str,
    subjects: &BTreeMap<String, Subject>,
    on: NaiveDate,
) -> Vec<Unpublished> {
    let Some(party) = subjects.get(own) else { return vec![] };
    let file = &party.credit.state;
    let why = |item: Item, class: Option<&String>, until: Option<NaiveDate>| match item {
        Item::Conduct { number } => {
            let Some(on_file) = file.conduct.get(&number) else { return Some("basis_set_aside") };
            if on_file.set_aside_on.is_some() {
                Some("objection_upheld")
            } else if on_file.repaired_on.is_some() {
                Some("repaired")
            } else if !basis::stands(policy, &on_file.conduct, subjects) {
                Some("basis_set_aside")
            } else {
                until.is_some_and(|until| until <= on).then_some("span_over")
            }
        }
        Item::Class { .. } => {
            let may = file.rating.as_ref().and_then(|rating| rating.class.as_ref());
            let may = may.and_then(|class| class.published_class.as_ref());
            let upheld = |objection: &super::Objection| {
                objection.item == item && objection.decided.is_some_and(|(upheld, _)| upheld)
            };
            if party.party.merged_into.is_some() {
                Some("merged")
            } else if file.objections.values().any(upheld) {
                Some("objection_upheld")
            } else {
                (may != class).then_some("superseded")
            }
        }
    };
    let ends = |(item, published): (&Item, &super::Published)| {
        let why = why(*item, published.class.as_ref(), published.until)?;
        Some(Unpublished { item: *item, why: why.to_owned(), on, by: None })
    };
    file.published.iter().filter_map(ends).collect()
}

/// The premises that a record rests on.
fn basis_of(party: &Subject, item: Item) -> Option<String> {
    let Item::Conduct { number } = item else { return None };
    let stream = party.credit.state.conduct.get(&number)?.conduct.basis.stream.as_ref()?;
    Some(subject_of(stream).to_owned())
}

/// The rulebook that a file is looked at by: of the premises' own, that of the newest determination.
fn newest_scheme(
    own: &str,
    subjects: &BTreeMap<String, Subject>,
    rulebooks: &dyn Rulebooks,
) -> Option<SchemeRef> {
    let rests = rests_on(own, subjects);
    let determined = rests.iter().filter_map(|key| {
        let subject = subjects.get(key).filter(|_| key.starts_with("premises/"))?;
        let (scheme, _) = governing(subject.scheme().as_ref(), rulebooks)?;
        Some(((subject.grade.latest.as_ref()?.determined_on, key), scheme))
    });
    determined.max_by_key(|(order, _)| *order).map(|(_, scheme)| scheme)
}

/// An operating rulebook that knows credit.
fn governing(scheme: Option<&SchemeRef>, rulebooks: &dyn Rulebooks) -> Option<(SchemeRef, Arc<Rulebook>)> {
    let scheme = scheme?;
    let rulebook = rulebooks.rulebook(scheme)?;
    let governs = rulebook.policy.operating && rulebook.policy.credit.is_some();
    governs.then(|| (scheme.clone(), rulebook))
}

fn stream(own: &str) -> String {
    format!("{own}/credit")
}

fn value<T: serde::Serialize>(result: Option<T>) -> Option<Value> {
    result.and_then(|result| serde_json::to_value(result).ok())
}

/// Conduct that follows by rule: it may reach several parties from one entry, and comes to each by an id of its own.
pub(crate) const CONDUCT: &str = "credit_conduct";
