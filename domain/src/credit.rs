//! Credit (信用): a party's file. Facts decided by document, or following by rule from a hazard, add up to a class; the party is
//! told before anything adverse is public, may object and have it repaired; what is published ends everywhere at once.
//!
//! Invariants:
//! - conduct names its document, whom it is put down to and its degree;
//! - the lowest class is shown only once a named person confirmed it who had no hand in the conduct;
//! - nothing adverse is published before the party was told and the policy's days have passed since, nothing of a natural person ever;
//! - what is published has a living basis: it is taken back, here and on the public platform, when its span is over, when it is
//!   repaired, when an objection is upheld, and when what it rests on is set aside.

mod answering;
mod asked;
mod basis;
mod commitment;
mod conduct;
mod happened;
mod illustration;
mod item;
mod lowest;
mod objection;
mod publishing;
mod rating;
mod reacting;
mod repairing;
mod rule;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

pub(crate) use self::answering::late_in;
pub use self::answering::{OwedAnswer, owed};
pub use self::asked::Command;
pub(crate) use self::basis::Mark;
pub use self::commitment::Commitment;
pub use self::conduct::{Basis, Conduct, OnFile};
pub use self::happened::Event;
pub use self::illustration::IllustrativeRule;
pub use self::item::{ConductRef, Item};
pub use self::objection::{DECIDE as DECIDE_OBJECTION, Marked, Objection};
pub use self::publishing::{Published, Recalled, Report, Reported, Unpublished};
pub use self::rating::{Class, Counted, Rating, Weight};
pub(crate) use self::rating::{answering, family, is_answered_by};
pub(crate) use self::reacting::{CONDUCT, compute, enters, follow, passed};
pub use self::repairing::{DECIDE as DECIDE_REPAIR, RepairCase};
pub use self::rule::{Credit, CreditQuestion, Repair, RepairQuestion, credit, repair};
use crate::aggregate::Concept;
use crate::derivation::SchemeRef;
use crate::facts::Facts;
use crate::permission::Permission;
use crate::rejection::Rejection;
use crate::said::Said;

/// A credit file (信用档案) as its events left it.
#[derive(Clone, Debug, Default)]
pub struct CreditFile {
    /// The newest commitment letter.
    pub commitment: Option<Commitment>,
    /// Conduct on record, by its number.
    pub conduct: BTreeMap<u64, OnFile>,
    /// Conduct for which a named person confirmed the lowest class.
    pub confirmed: BTreeSet<ConductRef>,
    /// Conduct for which a named person refused it.
    pub declined: BTreeSet<ConductRef>,
    /// What the party was told of, and when.
    pub told: BTreeMap<Item, NaiveDate>,
    /// Objections by their number.
    pub objections: BTreeMap<u64, Objection>,
    /// What is public now.
    pub published: BTreeMap<Item, Published>,
    /// The newest rating.
    pub rating: Option<Rating>,
    /// Requests for repair by their number.
    pub repairs: BTreeMap<u64, RepairCase>,
    /// The outbox: what was reported to the public credit platform, by its number.
    pub reports: BTreeMap<u64, Report>,
    /// The rulebook that the file was last looked at by.
    pub scheme: Option<SchemeRef>,
}

/// A credit file with the places of the entries from which something follows.
#[derive(Clone, Debug, Default)]
pub struct FileOf {
    /// Its own state.
    pub state: CreditFile,
    /// Positions of the records of conduct, by number.
    pub conduct_at: BTreeMap<u64, u64>,
    /// Position of the newest breach of a commitment.
    pub breached_at: u64,
    /// Positions of what is public.
    pub published_at: BTreeMap<Item, u64>,
    /// Position of the newest rating.
    pub rated_at: Option<u64>,
    /// Positions of objections.
    pub objected_at: BTreeMap<u64, u64>,
    /// Positions of requests for repair.
    pub asked_at: BTreeMap<u64, u64>,
}

impl FileOf {
    /// Take an event of the file at its place.
    pub(crate) fn take(&mut self, event: &Event, position: u64) {
        match event {
            Event::CommitmentBreached { .. } => self.breached_at = position,
            Event::ConductRecorded(conduct) => {
                self.conduct_at.insert(conduct.facts().number, position);
            }
            Event::CreditPublished { item, .. } => {
                self.published_at.insert(*item, position);
            }
            Event::CreditRated(_) => self.rated_at = Some(position),
            Event::ObjectionRaised { number, .. } => {
                self.objected_at.insert(*number, position);
            }
            Event::RepairRequested { number, .. } => {
                self.asked_at.insert(*number, position);
            }
            _ => {}
        }
        self.state.evolve(event);
    }
}

impl Concept for CreditFile {
    const TYPE: &'static str = "credit";
    type Command = Command;
    type Event = Event;

    fn open_to(command: &Command) -> &'static [Permission] {
        command.open_to()
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        must_be_a_party(&command, facts)?;
        match command {
            Command::AcknowledgeReport { number, recall, receipt } => {
                self.acknowledge(number, recall, receipt, facts)
            }
            Command::BreachCommitment { document_number, reason } => {
                self.breach_commitment(document_number, reason, facts)
            }
            Command::ConfirmLowest { rating, document_number, reason } => {
                self.confirm_lowest(rating, document_number, reason, facts)
            }
            Command::DecideObjection { number, upheld, document_number, reason } => {
                self.decide_objection(number, upheld, document_number, reason, facts)
            }
            Command::DecideRepair { number, granted, corrected, document_number, reason } => {
                self.decide_repair(number, (granted, corrected), document_number, reason, facts)
            }
            Command::FulfilCommitment => self.fulfil_commitment(facts),
            Command::GiveNotice { item, method, document_number, text } => {
                self.give_notice(item, method, document_number, text, facts)
            }
            Command::Publish { item, channels } => self.publish(item, channels, facts),
            Command::RaiseObjection { item, grounds, photos, handed_in_on } => {
                self.raise_objection(item, grounds, &photos, handed_in_on, facts)
            }
            Command::RecordConduct(said) => self.record_conduct(said, facts),
            Command::RefuseLowest { rating, reason } => self.refuse_lowest(rating, reason, facts),
            Command::RequestRepair { conduct, commitment, text, photos, handed_in_on } => {
                self.request_repair(conduct, commitment, (text, &photos), handed_in_on, facts)
            }
            Command::SignCommitment { template, scheme, document, handed_in_on } => {
                self.sign_commitment(template, scheme, document, handed_in_on, facts)
            }
            Command::Unpublish { item, why, reason } => self.unpublish(item, why, reason, facts),
            Command::WithdrawCommitment { why, handed_in_on } => {
                self.withdraw_commitment(why, handed_in_on, facts)
            }
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::CommitmentBreached { .. }
            | Event::CommitmentFulfilled { .. }
            | Event::CommitmentSigned { .. }
            | Event::CommitmentWithdrawn { .. } => self.committed(event),
            Event::ConductRecorded(conduct) => self.conducted(conduct),
            Event::CreditNoticeGiven { item, on, .. } => {
                self.told.insert(*item, *on);
            }
            Event::CreditPublished { .. }
            | Event::CreditRecalled(_)
            | Event::CreditReportAcknowledged { .. }
            | Event::CreditReported(_)
            | Event::CreditUnpublished(_) => self.shown(event),
            Event::CreditRated(computed) => {
                self.rating = Some(computed.result.clone());
                self.scheme = Some(computed.derivation.scheme.clone());
            }
            Event::LowestClassConfirmed { conduct, .. } => self.confirmed.extend(conduct.iter().cloned()),
            Event::LowestClassRefused { conduct, .. } => self.declined.extend(conduct.iter().cloned()),
            Event::ObjectionDecided { .. } | Event::ObjectionMarked(_) | Event::ObjectionRaised { .. } => {
                self.objected(event);
            }
            Event::RepairDecided { .. } | Event::RepairRequested { .. } => self.repaired(event),
        }
    }
}

/// A file is a registered party's. Of one that is one with another, what is on record is still objected to, repaired and ended;
/// what is new goes to the file that goes on.
fn must_be_a_party(command: &Command, facts: &Facts) -> Result<(), Rejection> {
    let party = facts.party.as_ref().filter(|party| party.registered.is_some());
    let Some(party) = party else { return Err(Rejection::NotFound { what: "party" }) };
    match &party.merged_into {
        Some(into) if command.is_new() => {
            Err(Rejection::because("party_merged", serde_json::json!({ "into": into })))
        }
        _ => Ok(()),
    }
}

/// Number of a document that a decision names.
fn must_have_document(number: &str) -> Result<(), Rejection> {
    if number.trim().is_empty() {
        return Err(Rejection::because("no_document", serde_json::Value::Null));
    }
    Ok(())
}

/// The day of receipt: that on which it was handed in at the counter, else today.
fn received_on(handed_in_on: Option<NaiveDate>, facts: &Facts) -> Result<NaiveDate, Rejection> {
    match handed_in_on {
        Some(on) if on > facts.today => {
            Err(Rejection::Malformed { field: "handed_in_on", needs: "today or an earlier day" })
        }
        on => Ok(on.unwrap_or(facts.today)),
    }
}
