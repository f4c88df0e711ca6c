//! What conduct rests on: a due day of a serious or major hazard that ended, a rectification found false, a commitment found
//! broken. It is recorded by rule, and falls away with what it rests on: with the case, and with the result by which the case was opened.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::conduct::{Basis, Conduct};
use super::rating::family;
use crate::calendar::add_days;
use crate::hazard::{self, Stage};
use crate::recorded::subject_of;
use crate::rulebook::credit::{Brings, ConductRule, CreditPolicy};
use crate::subject::{HazardOf, Subject};

/// Something that happened to a hazard and that is held against whoever answers for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// What happened.
    what: What,
    /// Position of the entry.
    at: u64,
    /// The day from which it is held against the party.
    on: NaiveDate,
    /// The parties that were ordered; where none is named, all that answer for the premises.
    parties: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum What {
    FellOverdue { severity: String },
    FoundFalse,
}

impl Mark {
    /// What an event of a hazard is held against its party for, if for anything.
    pub(crate) fn of(event: &hazard::Event, of: &HazardOf, on: NaiveDate, at: u64) -> Option<Self> {
        let ordered = || of.state.course.order.as_ref().map(|order| order.parties.clone());
        match event {
            hazard::Event::HazardFellOverdue(computed) => {
                let fell = &computed.result;
                let what = What::FellOverdue { severity: fell.severity.clone() };
                Some(Self { what, at, on: add_days(fell.due, 1), parties: fell.parties.clone() })
            }
            hazard::Event::RectificationFoundFalse { .. } => {
                Some(Self { what: What::FoundFalse, at, on, parties: ordered().unwrap_or_default() })
            }
            _ => None,
        }
    }

    /// What of it brings conduct, where the policy says which.
    fn brings(&self) -> Option<Brings> {
        match &self.what {
            What::FoundFalse => Some(Brings::RectificationFoundFalse),
            What::FellOverdue { severity } if severity == "major" => Some(Brings::MajorHazardOverdue),
            What::FellOverdue { severity } if severity == "serious" => Some(Brings::SeriousHazardOverdue),
            What::FellOverdue { .. } => None,
        }
    }

    /// Whether it is this party's: it was ordered, or nobody was by name and it answers for the premises.
    fn is_of(&self, party: &str, subject: &Subject) -> bool {
        if !self.parties.is_empty() {
            return self.parties.iter().any(|ordered| ordered == party);
        }
        subject.premises.parties.iter().any(|held| {
            held.party == party && ANSWERS.contains(&held.role.as_str()) && held.span.holds_on(self.on)
        })
    }
}

/// Conduct that follows by rule and is not on record yet, the oldest first, each with the subject that it rests on.
pub(super) fn due(
    policy: &CreditPolicy,
    own: &str,
    subjects: &BTreeMap<String, Subject>,
) -> Vec<(String, Conduct)> {
    let Some(party) = subjects.get(own) else { return vec![] };
    if party.party.registered.is_none() || party.party.merged_into.is_some() {
        return vec![];
    }
    let mut due: Vec<(String, Conduct)> = broken_promise(policy, own, party).into_iter().collect();
    let files = family(own, subjects);
    let on_record = |at: u64, stream: &str, conduct: &str, once: bool| {
        let recorded = files.iter().filter_map(|file| subjects.get(file));
        recorded.flat_map(|of| of.credit.state.conduct.values()).any(|on_file| {
            let basis = &on_file.conduct.basis;
            let of_this = basis.stream.as_deref() == Some(stream) && on_file.conduct.conduct == conduct;
            basis.at == Some(at) || once && of_this
        })
    };
    let number = party.credit.state.next_conduct();
    let ids = || files.iter().filter_map(|file| file.strip_prefix("party/"));
    for (key, subject) in subjects.iter().filter(|(key, _)| key.starts_with("premises/")) {
        for of in subject.hazards.values() {
            for mark in &of.marks {
                let Some(rule) = mark.brings().and_then(|what| policy.brought_by(what)) else { continue };
                // a case falls overdue once, however often its day is put off; each false paper is one of its own
                let once = mark.what != What::FoundFalse;
                if !stands_on(policy, of, rule.id.as_str(), subject)
                    || on_record(mark.at, &of.stream, &rule.id, once)
                    || !ids().any(|id| mark.is_of(id, subject))
                {
                    continue;
                }
                let order = of.state.course.order.as_ref();
                let basis = Basis {
                    document_number: order.map(|order| order.document_number.clone()).unwrap_or_default(),
                    authority: None,
                    outside_authority: None,
                    stream: Some(of.stream.clone()),
                    at: Some(mark.at),
                };
                let hands = of.hands.iter().cloned().collect();
                due.push((key.clone(), conduct(rule, number, mark.on, basis, hands)));
            }
        }
    }
    due.sort_by_key(|(_, conduct)| conduct.basis.at);
    due
}

fn broken_promise(policy: &CreditPolicy, own: &str, party: &Subject) -> Option<(String, Conduct)> {
    let (on, document_number, by) = party.credit.state.commitment.as_ref()?.breached.clone()?;
    let at = Some(party.credit.breached_at);
    if party.credit.state.conduct.values().any(|on_file| on_file.conduct.basis.at == at) {
        return None;
    }
    let basis = Basis { document_number, authority: None, outside_authority: None, stream: None, at };
    let number = party.credit.state.next_conduct();
    let rule = policy.brought_by(Brings::CommitmentBreached)?;
    Some((own.to_owned(), conduct(rule, number, on, basis, vec![by])))
}

fn conduct(rule: &ConductRule, number: u64, on: NaiveDate, basis: Basis, hands: Vec<String>) -> Conduct {
    Conduct {
        number,
        conduct: rule.id.clone(),
        attributed_to: PARTY.to_owned(),
        degree: rule.degree.clone(),
        decided_on: on,
        basis,
        hands,
        scheme: None,
    }
}

/// Whether what a record rests on still holds, as far as it is among these subjects.
pub(super) fn stands(policy: &CreditPolicy, conduct: &Conduct, subjects: &BTreeMap<String, Subject>) -> bool {
    let Some(stream) = &conduct.basis.stream else { return true };
    let Some(subject) = subjects.get(subject_of(stream)) else { return true };
    let hazard = subject.hazards.get(stream.rsplit('/').next().unwrap_or_default());
    hazard.is_some_and(|of| stands_on(policy, of, &conduct.conduct, subject))
}

fn stands_on(policy: &CreditPolicy, of: &HazardOf, conduct: &str, subject: &Subject) -> bool {
    let of_major = policy.brought_by(Brings::MajorHazardOverdue).is_some_and(|rule| rule.id == conduct);
    let no_major = of_major && of.state.determined == Some(false);
    of.state.stage != Stage::Dismissed
        && !no_major
        && !subject.is_hazard_set_aside(&of.stream)
        && subject.is_finding_held(of)
}

/// Roles in which a party answers for premises.
pub(super) const ANSWERS: [&str; 2] = ["owner", "operator"];
const PARTY: &str = "party";
