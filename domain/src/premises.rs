//! Premises: an estate, a building or a unit that is graded; who answers for it and who may assess it.
//!
//! Name, address and codes are public; coordinates and the number of residents are private.

mod amending;
mod answering;
mod asking;
mod assigning;
mod looking;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::amending::Proposal;
use self::amending::{amend, amended, decide_on, propose};
pub use self::answering::Steward;
use self::answering::{claim, name, settle};
pub use self::asking::Command;
pub use self::assigning::{ASSESSING, LOOKING_AFTER};
use crate::account::Span;
use crate::aggregate::{Concept, named};
use crate::facts::{Actor, Facts, Grant, Role};
use crate::permission::Permission;
use crate::rejection::Rejection;
use crate::rulebook::Layer;
use crate::said::{Private, Said};

/// Premises as their events left them.
#[derive(Clone, Debug, Default)]
pub struct Premises {
    /// Who may assess them, besides the area's grid worker.
    pub assessors: Vec<Assessor>,
    /// Parties that say they answer for them, as long as nobody decided it.
    pub claims: Vec<PartyRole>,
    /// Since when they are closed.
    pub closed_on: Option<NaiveDate>,
    /// Who answers for them.
    pub parties: Vec<PartyRole>,
    /// Proposals that wait, by their number.
    pub proposals: BTreeMap<u64, Proposal>,
    /// How many were made.
    pub proposals_made: u64,
    /// What is registered, amended since.
    pub register: Option<Register>,
    /// Who looks after them day by day.
    pub stewards: Vec<Steward>,
    /// Special marks, `key_building`, `historic`.
    pub tags: Vec<String>,
    /// Whether nobody lives there.
    pub vacant: bool,
}

/// What is public about premises.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Register {
    /// Estate, building or unit.
    pub layer: Layer,
    /// The building of a unit, the estate of a building.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// A name, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The address as people write it.
    pub address: String,
    /// Codes by their scheme: `house_code`, `rsn`.
    #[serde(default)]
    pub codes: BTreeMap<String, String>,
    /// Subdistrict, or ward.
    #[serde(default)]
    pub subdistrict: String,
    /// Community.
    #[serde(default)]
    pub community: String,
    /// Grid cell.
    #[serde(default)]
    pub grid_cell: String,
    /// Storeys above ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storeys: Option<u32>,
    /// Let units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<u32>,
    /// Year of building.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year_built: Option<u32>,
    /// How it is held: `village_collective`, `PRIVATE` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenure: Option<String>,
    /// Frame, brick …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structure: Option<String>,
}

/// Somebody who may assess these premises.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Assessor {
    /// The account.
    pub account: String,
    /// Its department, for indicators that a department collects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Only these indicators; all of the collector's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indicators: Option<Vec<String>>,
    /// From and until.
    #[serde(flatten)]
    pub span: Span,
}

/// A party and what it is to the premises.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct PartyRole {
    /// The party's id.
    pub party: String,
    /// `owner`, `operator` or `steward`.
    pub role: String,
    /// From and until.
    #[serde(flatten)]
    pub span: Span,
    /// What it rests on: `property_certificate`, `lease`, `management_contract`, `statement`, `other_office` or `office_list`. Needed of
    /// an owner or operator; absent where it was recorded before that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
}

impl PartyRole {
    /// Whether it is the same party in the same role for the same time, whatever that rests on.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        (&self.party, &self.role, &self.span) == (&other.party, &other.role, &other.span)
    }

    /// Whether it owns or runs the premises on that day.
    pub fn answers_on(&self, on: NaiveDate) -> bool {
        ["owner", "operator"].contains(&self.role.as_str()) && self.span.holds_on(on)
    }
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    AssessorAssigned(Assessor),
    AssessorReleased {
        account: String,
        why: String,
    },
    AssignmentsHandedOver {
        from: String,
        to: String,
        why: String,
        by: String,
    },
    OccupancyChanged {
        vacant: bool,
        residents_band: Option<String>,
    },
    PremisesAmended {
        changes: BTreeMap<String, Value>,
        why: String,
    },
    PremisesAmendmentDecided {
        number: u64,
        accepted: bool,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        changes: BTreeMap<String, Value>,
        by: String,
    },
    PremisesAmendmentProposed {
        number: u64,
        fields: Vec<String>,
        by: String,
    },
    PremisesClosed {
        on: NaiveDate,
        why: String,
    },
    PremisesMoved {
        subdistrict: String,
        community: String,
        grid_cell: String,
        why: String,
    },
    PremisesRegistered(Register),
    PremisesTagged {
        tag: String,
        why: String,
    },
    PremisesUntagged {
        tag: String,
        why: String,
    },
    ResponsibilityClaimed(PartyRole),
    ResponsibilityConfirmed {
        #[serde(flatten)]
        claim: PartyRole,
        by: String,
    },
    ResponsibilityRefused {
        party: String,
        role: String,
        by: String,
    },
    ResponsiblePartyEnded {
        party: String,
        /// In which role; in every one where it was recorded before roles ended one by one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<String>,
        why: String,
    },
    ResponsiblePartyNamed(PartyRole),
    StewardAppointed(Steward),
    StewardCheckRecorded {
        on: NaiveDate,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        looked_at: Vec<String>,
    },
    StewardReleased {
        account: String,
        why: String,
    },
}

named!(Event {
    AssessorAssigned,
    AssessorReleased,
    AssignmentsHandedOver,
    OccupancyChanged,
    PremisesAmended,
    PremisesAmendmentDecided,
    PremisesAmendmentProposed,
    PremisesClosed,
    PremisesMoved,
    PremisesRegistered,
    PremisesTagged,
    PremisesUntagged,
    ResponsibilityClaimed,
    ResponsibilityConfirmed,
    ResponsibilityRefused,
    ResponsiblePartyEnded,
    ResponsiblePartyNamed,
    StewardAppointed,
    StewardCheckRecorded,
    StewardReleased,
});

impl Premises {
    /// Whether this account is assigned to the indicator here on that day.
    pub fn assigned(&self, actor: &Actor, indicator: &str, on: NaiveDate) -> bool {
        self.assessors.iter().any(|assessor| {
            assessor.account == actor.account
                && assessor.span.holds_on(on)
                && assessor.indicators.as_ref().is_none_or(|only| only.iter().any(|id| id == indicator))
        })
    }

    /// Whether the actor speaks for a party that owns or runs the premises on that day.
    pub fn answered_for_by(&self, actor: &Actor, on: NaiveDate) -> bool {
        let speaks = |party: &PartyRole| {
            party.answers_on(on)
                && actor.grants.iter().any(|grant| grant.party.as_deref() == Some(&party.party))
        };
        actor.received || self.parties.iter().any(speaks)
    }

    /// Whether the place lies where the actor works as a grid worker, or the actor is assigned to it.
    pub fn walked_by(&self, actor: &Actor, on: NaiveDate) -> bool {
        let Some(register) = &self.register else { return false };
        let passes = |grant: &Grant| grant.role == Role::GridWorker && grant.takes_in(register);
        actor.received || actor.grants.iter().any(passes) || self.assessed_by(actor, on)
    }

    /// Whether the account is assigned to the premises on that day.
    pub fn assessed_by(&self, actor: &Actor, on: NaiveDate) -> bool {
        self.assessors.iter().any(|a| a.account == actor.account && a.span.holds_on(on))
    }
}

impl Concept for Premises {
    const TYPE: &'static str = "premises";
    type Command = Command;
    type Event = Event;

    fn open_to(command: &Command) -> &'static [Permission] {
        command.open_to()
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        if let Command::Register { register, coordinates } = command {
            return self.register(register, coordinates);
        }
        let Some(register) = &self.register else { return Err(Rejection::NotFound { what: "premises" }) };
        if let Some(on) = self.closed_on {
            return if matches!(command, Command::Close { .. }) {
                Ok(vec![])
            } else {
                Err(Rejection::PremisesClosed { on })
            };
        }
        let event = match command {
            Command::Amend { changes, why, coordinates } => {
                return amend(register, changes, why, coordinates);
            }
            Command::AppointSteward(_)
            | Command::AssignAssessor(_)
            | Command::HandOverAssignments { .. }
            | Command::ReleaseAssessor { .. }
            | Command::ReleaseSteward { .. } => {
                return Ok(self.assign(command, facts)?.into_iter().map(Said::openly).collect());
            }
            Command::Claim { claim: said, evidence, note } => {
                return claim(self, said, &evidence, note, facts);
            }
            Command::ConfirmClaim { party, role } => return settle(self, &party, &role, true, None, facts),
            Command::RefuseClaim { party, role, reason } => {
                return settle(self, &party, &role, false, reason, facts);
            }
            Command::DecideAmendment { number, accepted, changes, reason } => {
                return decide_on(self, number, accepted, changes, reason, facts);
            }
            Command::ProposeAmendment { changes, reason, evidence } => {
                return propose(self, &changes, reason, &evidence, facts);
            }
            Command::Close { why } => Event::PremisesClosed { on: facts.today, why },
            Command::EndParty { party, role, why } => {
                let role = self.role_to_end(&party, role)?;
                Event::ResponsiblePartyEnded { party, role: Some(role), why }
            }
            Command::Move { subdistrict, community, grid_cell, why } => {
                Event::PremisesMoved { subdistrict, community, grid_cell, why }
            }
            Command::NameParty { named, evidence } => return name(self, named, &evidence),
            Command::RecordOccupancy { vacant, residents_band, residents } => {
                let private = Private::none().with("residents", residents);
                return Ok(vec![Said::with(Event::OccupancyChanged { vacant, residents_band }, private)]);
            }
            Command::RecordStewardCheck { on, looked_at, note } => {
                return self.look_round(on, looked_at, note, facts);
            }
            Command::Register { .. } => return Err(Rejection::AlreadyExists { what: "premises" }),
            Command::Tag { tag, .. } if self.tags.contains(&tag) => return Ok(vec![]),
            Command::Tag { tag, why } => Event::PremisesTagged { tag, why },
            Command::Untag { tag, .. } if !self.tags.contains(&tag) => return Ok(vec![]),
            Command::Untag { tag, why } => Event::PremisesUntagged { tag, why },
        };
        Ok(vec![Said::openly(event)])
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::AssessorAssigned(assessor) => self.assessors.push(assessor.clone()),
            Event::AssessorReleased { account, .. } => self.assessors.retain(|held| held.account != *account),
            Event::AssignmentsHandedOver { from, to, .. } => {
                for held in self.assessors.iter_mut().filter(|held| held.account == *from) {
                    held.account.clone_from(to);
                }
            }
            Event::OccupancyChanged { vacant, .. } => self.vacant = *vacant,
            Event::PremisesAmendmentDecided { number, accepted: false, .. } => {
                self.proposals.remove(number);
            }
            Event::PremisesAmendmentProposed { number, fields, by } => {
                self.proposals_made = *number;
                self.proposals.insert(*number, Proposal { by: by.clone(), fields: fields.clone() });
            }
            Event::PremisesAmended { changes, .. } | Event::PremisesAmendmentDecided { changes, .. } => {
                if let Event::PremisesAmendmentDecided { number, .. } = event {
                    self.proposals.remove(number);
                }
                if let Some(amended) = self.register.as_ref().and_then(|register| amended(register, changes))
                {
                    self.register = Some(amended);
                }
            }
            Event::PremisesClosed { on, .. } => self.closed_on = Some(*on),
            Event::PremisesMoved { subdistrict, community, grid_cell, .. } => {
                if let Some(register) = &mut self.register {
                    register.subdistrict.clone_from(subdistrict);
                    register.community.clone_from(community);
                    register.grid_cell.clone_from(grid_cell);
                }
            }
            Event::PremisesRegistered(register) => self.register = Some(register.clone()),
            Event::PremisesTagged { tag, .. } => self.tags.push(tag.clone()),
            Event::PremisesUntagged { tag, .. } => self.tags.retain(|held| held != tag),
            Event::ResponsibilityClaimed(claim) => self.claims.push(claim.clone()),
            Event::ResponsibilityConfirmed { claim, .. } => {
                self.claims.retain(|held| held != claim);
                self.parties.push(claim.clone());
            }
            Event::ResponsibilityRefused { party, role, .. } => {
                self.claims.retain(|held| (&held.party, &held.role) != (party, role));
            }
            Event::ResponsiblePartyEnded { party, role, .. } => {
                self.parties.retain(|held| {
                    held.party != *party || role.as_ref().is_some_and(|role| held.role != *role)
                });
            }
            Event::ResponsiblePartyNamed(party) => {
                self.parties.retain(|held| !held.is_same_as(party));
                self.parties.push(party.clone());
            }
            Event::StewardAppointed(steward) => self.stewards.push(steward.clone()),
            Event::StewardCheckRecorded { .. } => {}
            Event::StewardReleased { account, .. } => self.stewards.retain(|held| held.account != *account),
        }
    }
}

impl Premises {
    fn register(
        &self,
        register: Register,
        coordinates: Option<String>,
    ) -> Result<Vec<Said<Event>>, Rejection> {
        if self.register.is_some() {
            return Err(Rejection::AlreadyExists { what: "premises" });
        }
        if register.address.trim().is_empty() {
            return Err(Rejection::Malformed {
                field: "address",
                needs: "the address as it is written at the door",
            });
        }
        if register.layer == Layer::Unit && register.parent.is_none() {
            return Err(Rejection::Malformed { field: "parent", needs: "the building that the unit is in" });
        }
        let private = Private::none().with("coordinates", coordinates);
        Ok(vec![Said::with(Event::PremisesRegistered(register), private)])
    }
}

#[cfg(test)]
pub(crate) mod tests;
