//! Measure (分级处置措施): what is done about premises because of their management level. A measure is proposed, decided by
//! somebody else, carried out; an incentive is offered and granted, and ends with the level that carried it; a training is
//! held for many.
//!
//! A measure and an incentive stand under the premises whose level carries them (`premises/<id>/measure/<n>`) and name the
//! party they are addressed to: a level is one house's, and a party has many. A training is of no one house and stands in
//! `measure/<n>`.
//!
//! Invariants:
//! - a measure goes with the level in force, as the policy lists them, when it is proposed, decided and carried out;
//! - it is done in the name of an authority that is known here;
//! - whoever proposed a measure does not decide on it;
//! - what carries out a level that is suspended, or under an appeal for which the policy lets measures wait, is neither approved nor
//!   done meanwhile, unless it is a measure of safety;
//! - nothing here bans letting or imposes a penalty: the one has its own decision, the other is referred.

mod asking;
mod fitting;
mod incentive;
#[cfg(test)]
mod tests;

pub use asking::{Audience, Command, Nature, Offer, Proposal, Topic, Training};
pub use incentive::Ended;
pub(crate) use incentive::{ended, passed};

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aggregate::{Concept, named};
use crate::derivation::Either;
use crate::facts::Facts;
use crate::permission::Permission;
use crate::rejection::Rejection;
use crate::said::{Photo, Private, Said, photos};

/// A measure as its events left it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Measure {
    /// The parties that came to the training.
    pub attended: BTreeSet<String>,
    /// The training that was held, where it is one.
    pub held: Option<Training>,
    /// The incentive that was offered, where it is one.
    pub offered: Option<Offer>,
    /// The day of the offer.
    pub offered_on: Option<NaiveDate>,
    /// Who proposed it.
    pub proposed_by: Option<String>,
    /// What was proposed, where it is a measure.
    pub proposed: Option<Proposal>,
    /// How far it is.
    pub stage: Stage,
}

/// How far a measure is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Stage {
    #[default]
    Absent,
    Approved,
    CarriedOut,
    Ended,
    Granted,
    Held,
    Offered,
    Proposed,
    Refused,
}

impl Stage {
    /// The state's name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Approved => "approved",
            Self::CarriedOut => "carried_out",
            Self::Ended => "ended",
            Self::Granted => "granted",
            Self::Held => "held",
            Self::Offered => "offered",
            Self::Proposed => "proposed",
            Self::Refused => "refused",
        }
    }
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    IncentiveEnded(Either<Ended>),
    IncentiveGranted {
        document_number: String,
        on: NaiveDate,
        by: String,
    },
    IncentiveOffered {
        #[serde(flatten)]
        offer: Offer,
        /// The level that carries it.
        level: String,
        on: NaiveDate,
        by: String,
    },
    MeasureCarriedOut {
        on: NaiveDate,
        by: String,
    },
    MeasureDecided {
        approved: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document_number: Option<String>,
        on: NaiveDate,
        by: String,
    },
    MeasureProposed {
        #[serde(flatten)]
        proposal: Proposal,
        /// The level that it follows from.
        level: String,
        on: NaiveDate,
        by: String,
    },
    TrainingAttended {
        party: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        under: Option<String>,
        by: String,
    },
    TrainingHeld {
        #[serde(flatten)]
        training: Training,
        by: String,
    },
}

named!(Event {
    IncentiveEnded,
    IncentiveGranted,
    IncentiveOffered,
    MeasureCarriedOut,
    MeasureDecided,
    MeasureProposed,
    TrainingAttended,
    TrainingHeld,
});

impl Concept for Measure {
    const TYPE: &'static str = "measure";
    type Command = Command;
    type Event = Event;

    fn open_to(command: &Command) -> &'static [Permission] {
        command.open_to()
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        let (by, on) = (facts.actor.account.clone(), facts.today);
        Ok(vec![match (self.stage, command) {
            (Stage::Absent, Command::Propose { proposal, reason }) => {
                facts.subject()?.must_be_open()?;
                let level = fitting::must_fit(&proposal.measure, facts)?;
                proposal.must_be_sound(on)?;
                facts.must_know_parties([&proposal.party])?;
                facts.must_know_authority(proposal.authority.trim())?;
                let event = Event::MeasureProposed { proposal, level, on, by };
                Said::with(event, Private::none().with("reason", reason))
            }
            (Stage::Absent, Command::Offer { offer, reason }) => {
                facts.subject()?.must_be_open()?;
                let level = fitting::must_carry_incentives(facts)?;
                offer.must_be_sound(on)?;
                facts.must_know_parties([&offer.party])?;
                facts.must_know_authority(offer.authority.trim())?;
                let event = Event::IncentiveOffered { offer, level, on, by };
                Said::with(event, Private::none().with("reason", reason))
            }
            (Stage::Absent, Command::HoldTraining { training, notes }) => {
                training.must_be_sound(facts)?;
                facts.must_know_parties(&training.parties)?;
                Said::with(Event::TrainingHeld { training, by }, Private::none().with("notes", notes))
            }
            (Stage::Held, Command::AttendTraining { party, .. }) if self.attended.contains(&party) => {
                return Ok(vec![]);
            }
            (Stage::Held, Command::AttendTraining { party, under }) => {
                if party.trim().is_empty() || party.contains('/') {
                    return Err(Rejection::Malformed {
                        field: "party",
                        needs: "the id of the party that came",
                    });
                }
                facts.must_know_parties([&party])?;
                Said::openly(Event::TrainingAttended { party, under, by })
            }
            (Stage::Proposed, Command::Decide { approved, document_number, reason }) => {
                self.decided(approved, document_number, reason, facts)?
            }
            (Stage::Approved, Command::CarryOut { findings, photos: taken }) => {
                self.carried_out(findings, &taken, facts)?
            }
            (Stage::Offered, Command::Grant { document_number }) => {
                fitting::must_carry_incentives(facts)?;
                must_have_document(Some(&document_number))?;
                Said::openly(Event::IncentiveGranted { document_number, on, by })
            }
            (Stage::Ended, Command::End { .. }) => return Ok(vec![]),
            (Stage::Offered | Stage::Granted, Command::End { why }) => {
                if why.trim().is_empty() {
                    return Err(Rejection::Malformed { field: "why", needs: "why it ends, as a code" });
                }
                let ended = Ended { on, why, level: None, by: Some(by) };
                Said::openly(Event::IncentiveEnded(Either::Stated(ended)))
            }
            (Stage::Absent, _) => return Err(Rejection::NotFound { what: "measure" }),
            (_, Command::HoldTraining { .. } | Command::Offer { .. } | Command::Propose { .. }) => {
                return Err(Rejection::AlreadyExists { what: "measure" });
            }
            (stage, command) => {
                return Err(Rejection::WrongState { is: stage.code(), needs: command.needs() });
            }
        }])
    }

    fn evolve(&mut self, event: &Event) {
        self.stage = match event {
            Event::IncentiveEnded(_) => Stage::Ended,
            Event::IncentiveGranted { .. } => Stage::Granted,
            Event::IncentiveOffered { offer, on, .. } => {
                (self.offered, self.offered_on) = (Some(offer.clone()), Some(*on));
                Stage::Offered
            }
            Event::MeasureCarriedOut { .. } => Stage::CarriedOut,
            Event::MeasureDecided { approved: true, .. } => Stage::Approved,
            Event::MeasureDecided { .. } => Stage::Refused,
            Event::MeasureProposed { proposal, by, .. } => {
                (self.proposed, self.proposed_by) = (Some(proposal.clone()), Some(by.clone()));
                Stage::Proposed
            }
            Event::TrainingAttended { party, .. } => {
                self.attended.insert(party.clone());
                Stage::Held
            }
            Event::TrainingHeld { training, .. } => {
                self.held = Some(training.clone());
                Stage::Held
            }
        };
    }
}

impl Measure {
    /// Whether something is still to be done or holds.
    pub const fn runs(&self) -> bool {
        matches!(self.stage, Stage::Approved | Stage::Granted | Stage::Offered | Stage::Proposed)
    }

    fn decided(
        &self,
        approved: bool,
        document_number: Option<String>,
        reason: Option<String>,
        facts: &Facts,
    ) -> Result<Said<Event>, Rejection> {
        let (by, on) = (facts.actor.account.clone(), facts.today);
        if self.proposed_by.as_ref() == Some(&by) {
            return Err(Rejection::because("measure_decided_by_proposer", Value::Null));
        }
        if approved {
            self.must_still_fit(facts)?;
            must_have_document(document_number.as_deref())?;
        } else if reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
            return Err(Rejection::Malformed { field: "reason", needs: "why it is refused" });
        }
        let event = Event::MeasureDecided { approved, document_number, on, by };
        Ok(Said::with(event, Private::none().with("reason", reason)))
    }

    fn carried_out(
        &self,
        findings: String,
        taken: &[Photo],
        facts: &Facts,
    ) -> Result<Said<Event>, Rejection> {
        self.must_still_fit(facts)?;
        if findings.trim().is_empty() {
            return Err(Rejection::Malformed { field: "findings", needs: "what was done" });
        }
        let event = Event::MeasureCarriedOut { on: facts.today, by: facts.actor.account.clone() };
        let private = Private::none().with("findings", Some(findings)).with("photos", photos(taken));
        Ok(Said::with(event, private))
    }

    /// The level may have moved since it was proposed or be contested, and its time may be over.
    fn must_still_fit(&self, facts: &Facts) -> Result<(), Rejection> {
        let Some(proposal) = &self.proposed else { return Err(Rejection::NotFound { what: "measure" }) };
        if let Some(until) = proposal.until.filter(|until| *until < facts.today) {
            return Err(Rejection::because("measure_over", serde_json::json!({ "until": until })));
        }
        fitting::must_fit(&proposal.measure, facts)?;
        fitting::must_not_rest(&proposal.measure, facts)
    }
}

fn must_have_document(number: Option<&str>) -> Result<(), Rejection> {
    if number.is_none_or(|number| number.trim().is_empty()) {
        return Err(Rejection::because("no_document", Value::Null));
    }
    Ok(())
}
