//! Inspection (检查): departments look at premises as often as the credit of the party that answers for them asks. Under
//! `premises/<id>/inspection/<party>-<n>`, one stream an inspection, named by the party whose credit asked for it first; when
//! each is due is computed (see [`planning`]).
//!
//! Invariants:
//! - premises have one planned inspection at a time, whoever it is that answers for them;
//! - two officers with certificates carry it out, of departments that joined; the numbers of the certificates are private;
//! - a due day that passed is marked once, and the inspection stays to be made;
//! - an inspection is no round: made, reduced or missed, it moves no patrol, whose minimum is the management level's alone.

pub(crate) mod planning;
#[cfg(test)]
mod tests;

pub use planning::{Ground, Missed, Plan};

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::aggregate::{Concept, named};
use crate::derivation::Computed;
use crate::facts::{Facts, Grant, Role};
use crate::permission::{Permission, anywhere};
use crate::rejection::Rejection;
use crate::said::{Photo, Private, Said, photos};

/// An inspection as its events left it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Inspection {
    /// The day it was made.
    pub carried_out_on: Option<NaiveDate>,
    /// Departments that joined.
    pub joined: BTreeSet<String>,
    /// Due days that passed, each marked once.
    pub missed: BTreeSet<NaiveDate>,
    /// What is planned now.
    pub plan: Option<Plan>,
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Say that it was made, by the one who says so and a second officer.
    CarryOut {
        /// The second officer's account.
        second: String,
        /// Number of the own certificate: private.
        certificate: String,
        /// Number of the second officer's: private.
        second_certificate: String,
        /// Hazards that were found, by their streams.
        #[serde(default)]
        hazards: Vec<String>,
        /// What was found: private.
        findings: String,
        /// Photos, the signed record among them: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
    /// Take part in it for a department.
    Join {
        /// The department.
        department: String,
    },
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    InspectionCarriedOut {
        departments: Vec<String>,
        second: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        hazards: Vec<String>,
        on: NaiveDate,
        by: String,
    },
    InspectionJoined {
        department: String,
        on: NaiveDate,
        by: String,
    },
    InspectionMissed(Computed<Missed>),
    InspectionPlanned(Computed<Plan>),
    InspectionReduced(Computed<Plan>),
}

named!(Event {
    InspectionCarriedOut,
    InspectionJoined,
    InspectionMissed,
    InspectionPlanned,
    InspectionReduced
});

impl Concept for Inspection {
    const TYPE: &'static str = "inspection";
    type Command = Command;
    type Event = Event;

    fn open_to(_: &Command) -> &'static [Permission] {
        const { &[anywhere(Role::DepartmentOfficer)] }
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        let (by, on) = (facts.actor.account.clone(), facts.today);
        if self.plan.is_none() {
            return Err(Rejection::NotFound { what: "planned inspection" });
        }
        if self.carried_out_on.is_some() {
            return Err(Rejection::WrongState { is: "carried out", needs: "planned" });
        }
        facts.subject()?.must_be_open()?;
        Ok(vec![match command {
            Command::Join { department } if self.joined.contains(&department) => return Ok(vec![]),
            Command::Join { department } => {
                if !facts.actor.is_of(&department) {
                    return Err(Rejection::DepartmentNeeded { department });
                }
                Said::openly(Event::InspectionJoined { department, on, by })
            }
            Command::CarryOut {
                second,
                certificate,
                second_certificate,
                hazards,
                findings,
                photos: taken,
            } => {
                self.must_have_joined(facts)?;
                must_be_two(&second, [&certificate, &second_certificate], &by)?;
                self.must_be_an_officer(&second, facts)?;
                let under = format!("{}/hazard/", crate::recorded::subject_of(&facts.stream));
                if hazards.iter().any(|hazard| !hazard.starts_with(&under)) {
                    let needs = "streams of hazards of these premises";
                    return Err(Rejection::Malformed { field: "hazards", needs });
                }
                if findings.trim().is_empty() {
                    return Err(Rejection::Malformed { field: "findings", needs: "what was found" });
                }
                let departments = self.joined.iter().cloned().collect();
                let event = Event::InspectionCarriedOut { departments, second, hazards, on, by };
                let private = Private::none()
                    .with("certificate", Some(certificate))
                    .with("second_certificate", Some(second_certificate))
                    .with("findings", Some(findings))
                    .with("photos", photos(&taken));
                Said::with(event, private)
            }
        }])
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::InspectionCarriedOut { on, .. } => self.carried_out_on = Some(*on),
            Event::InspectionJoined { department, .. } => {
                self.joined.insert(department.clone());
            }
            Event::InspectionMissed(computed) => {
                self.missed.insert(computed.result.due);
            }
            Event::InspectionPlanned(computed) | Event::InspectionReduced(computed) => {
                self.plan = Some(computed.result.clone());
            }
        }
    }
}

impl Inspection {
    /// Whether it is still to be made.
    pub const fn is_open(&self) -> bool {
        self.plan.is_some() && self.carried_out_on.is_none()
    }

    /// The second officer is somebody there is, of a department that takes part.
    fn must_be_an_officer(&self, second: &str, facts: &Facts) -> Result<(), Rejection> {
        if facts.actor.received {
            return Ok(());
        }
        let Some(named) = facts.colleague.as_ref().filter(|named| named.account == second) else {
            return Err(Rejection::NotFound { what: "account of the second officer" });
        };
        let joined = |grant: &Grant| {
            let department = grant.department.as_ref().filter(|department| self.joined.contains(*department));
            [Role::DepartmentOfficer, Role::CompetentAuthority].contains(&grant.role) && department.is_some()
        };
        if named.grants.iter().any(joined) {
            return Ok(());
        }
        let detail = serde_json::json!({ "account": second });
        Err(Rejection::because("second_officer_not_joined", detail))
    }

    fn must_have_joined(&self, facts: &Facts) -> Result<(), Rejection> {
        if self.joined.iter().any(|department| facts.actor.is_of(department)) {
            return Ok(());
        }
        Err(Rejection::because("inspection_not_joined", serde_json::Value::Null))
    }
}

/// Two officers, each with a certificate of their own.
fn must_be_two(second: &str, certificates: [&str; 2], first: &str) -> Result<(), Rejection> {
    if second.trim().is_empty() || second == first {
        let needs = "the account of the other officer who was there";
        return Err(Rejection::Malformed { field: "second", needs });
    }
    let [own, others] = certificates.map(str::trim);
    if own.is_empty() {
        return Err(Rejection::Malformed { field: "certificate", needs: "the number of your certificate" });
    }
    if others.is_empty() || others == own {
        let needs = "the number of the second officer's certificate, which is another one";
        return Err(Rejection::Malformed { field: "second_certificate", needs });
    }
    Ok(())
}
