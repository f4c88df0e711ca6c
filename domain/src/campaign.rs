//! Campaign (专项行动): an operation of some weeks on one kind of problem. Premises are chosen by a filter, departments are
//! asked to join, each call is recorded, and its end says what came of it. In `campaign/<id>`.
//!
//! Invariants:
//! - the filter is kept beside the premises that it chose, so that the choice can be held against it;
//! - only departments that were asked join, and only those that joined record calls, at chosen premises, while it lasts;
//! - its outcome is counted from the calls, and not typed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::aggregate::{Concept, named};
use crate::facts::{Facts, Role};
use crate::permission::{Permission, anywhere};
use crate::rejection::Rejection;
use crate::rulebook::Layer;
use crate::said::{Photo, Private, Said, photos};

/// A campaign as its events left it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Campaign {
    /// The day it was concluded.
    pub concluded_on: Option<NaiveDate>,
    /// Hazards found in all calls.
    pub hazards_found: u64,
    /// Departments that joined.
    pub joined: BTreeSet<String>,
    /// What it is about.
    pub launched: Option<Launch>,
    /// Premises that were called at, each with how the last call ended.
    pub visited: BTreeMap<String, Ending>,
}

/// What a campaign is about.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Launch {
    /// What kind of problem, as a code: `fire`, `ebikes`, `after_storm`, `partitions` …
    pub kind: String,
    /// The subdistrict or community; the whole district where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    /// The filter by which premises were chosen.
    pub criteria: Criteria,
    /// The premises chosen, by their ids.
    pub premises: Vec<String>,
    /// The departments that are asked to join: ids of the policy's list.
    pub departments: Vec<String>,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub until: NaiveDate,
    /// The stream that gave rise to it: an alert, a meeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caused_by: Option<String>,
}

/// A filter over premises. A member left out does not narrow the choice.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Criteria {
    /// Estates, buildings or units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<Layer>,
    /// Management levels in force.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<String>,
    /// Indicators of which a hazard is open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hazards: Vec<String>,
    /// Only where nobody lives, or only where somebody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vacant: Option<bool>,
}

/// How a call ended.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are those of a visit")]
pub enum Ending {
    Entered,
    NoAnswer,
    Refused,
    Unsafe,
}

impl Ending {
    /// Its name on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Entered => "entered",
            Self::NoAnswer => "no_answer",
            Self::Refused => "refused",
            Self::Unsafe => "unsafe",
        }
    }
}

/// A call at chosen premises.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Call {
    /// The premises' id.
    pub premises: String,
    /// The department that called.
    pub department: String,
    /// How it ended.
    pub ending: Ending,
    /// The hazards that were found there, by their streams.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hazards: Vec<String>,
}

/// What came of a campaign, counted from its calls.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Outcome {
    /// Premises that were entered.
    pub entered: u64,
    /// Premises at which nobody could go in.
    pub not_entered: u64,
    /// Premises that nobody called at.
    pub not_visited: u64,
    /// Hazards found.
    pub hazards_found: u64,
    /// Departments that joined.
    pub departments: Vec<String>,
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// End it.
    Conclude {
        /// What was learnt: private.
        #[serde(default)]
        findings: Option<String>,
    },
    /// Join it for a department.
    Join {
        /// The department.
        department: String,
        /// How many people it sends.
        officers: u32,
    },
    /// Start it.
    Launch {
        /// About what, where, with whom, how long.
        #[serde(flatten)]
        launch: Launch,
        /// In words: private.
        #[serde(default)]
        aim: Option<String>,
    },
    /// Record a call.
    RecordVisit {
        /// Where, by whom, how it ended.
        #[serde(flatten)]
        call: Call,
        /// In words: private.
        #[serde(default)]
        notes: Option<String>,
        /// Photos: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    CampaignConcluded {
        outcome: Outcome,
        on: NaiveDate,
        by: String,
    },
    CampaignJoined {
        department: String,
        officers: u32,
        on: NaiveDate,
        by: String,
    },
    CampaignLaunched {
        #[serde(flatten)]
        launch: Launch,
        by: String,
    },
    CampaignVisitRecorded {
        #[serde(flatten)]
        call: Call,
        on: NaiveDate,
        by: String,
    },
}

named!(Event { CampaignConcluded, CampaignJoined, CampaignLaunched, CampaignVisitRecorded });

impl Concept for Campaign {
    const TYPE: &'static str = "campaign";
    type Command = Command;
    type Event = Event;

    fn open_to(command: &Command) -> &'static [Permission] {
        match command {
            Command::Conclude { .. } | Command::Launch { .. } => LEADS,
            Command::Join { .. } => {
                const { &[anywhere(Role::DepartmentOfficer), anywhere(Role::StreetLead)] }
            }
            Command::RecordVisit { .. } => {
                const {
                    &[
                        anywhere(Role::DepartmentOfficer),
                        anywhere(Role::GridWorker),
                        anywhere(Role::StreetLead),
                    ]
                }
            }
        }
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        let (by, on) = (facts.actor.account.clone(), facts.today);
        let Some(launched) = &self.launched else {
            let Command::Launch { launch, aim } = command else {
                return Err(Rejection::NotFound { what: "campaign" });
            };
            launch.must_be_sound(facts)?;
            let private = Private::none().with("aim", aim);
            return Ok(vec![Said::with(Event::CampaignLaunched { launch, by }, private)]);
        };
        if let (Some(_), Command::Conclude { .. }) = (self.concluded_on, &command) {
            return Ok(vec![]);
        }
        if let Some(concluded_on) = self.concluded_on {
            return Err(Rejection::because("campaign_over", json!({ "on": concluded_on })));
        }
        Ok(vec![match command {
            Command::Launch { .. } => return Err(Rejection::AlreadyExists { what: "campaign" }),
            Command::Join { department, .. } if self.joined.contains(&department) => return Ok(vec![]),
            Command::Join { department, officers } => {
                launched.must_ask(&department)?;
                must_be_of(&department, facts)?;
                Said::openly(Event::CampaignJoined { department, officers, on, by })
            }
            Command::RecordVisit { call, notes, photos: taken } => {
                self.must_be_called_at(launched, &call, facts)?;
                let private = Private::none().with("notes", notes).with("photos", photos(&taken));
                Said::with(Event::CampaignVisitRecorded { call, on, by }, private)
            }
            Command::Conclude { findings } => {
                facts.must_work_in(LEADS, launched.area.as_deref())?;
                let event = Event::CampaignConcluded { outcome: self.outcome(launched), on, by };
                Said::with(event, Private::none().with("findings", findings))
            }
        }])
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::CampaignConcluded { on, .. } => self.concluded_on = Some(*on),
            Event::CampaignJoined { department, .. } => {
                self.joined.insert(department.clone());
            }
            Event::CampaignLaunched { launch, .. } => self.launched = Some(launch.clone()),
            Event::CampaignVisitRecorded { call, .. } => {
                self.hazards_found = self.hazards_found.saturating_add(call.hazards.len() as u64);
                let ending = self.visited.entry(call.premises.clone()).or_insert(call.ending);
                // once somebody was inside, a later closed door takes nothing back
                *ending = (*ending).min(call.ending);
            }
        }
    }
}

impl Campaign {
    /// What has come of it so far.
    pub fn outcome(&self, launched: &Launch) -> Outcome {
        let entered = self.visited.values().filter(|ending| **ending == Ending::Entered).count() as u64;
        let visited = self.visited.len() as u64;
        Outcome {
            entered,
            not_entered: visited.saturating_sub(entered),
            not_visited: (launched.premises.len() as u64).saturating_sub(visited),
            hazards_found: self.hazards_found,
            departments: self.joined.iter().cloned().collect(),
        }
    }

    fn must_be_called_at(&self, launched: &Launch, call: &Call, facts: &Facts) -> Result<(), Rejection> {
        must_be_of(&call.department, facts)?;
        if !self.joined.contains(&call.department) {
            return Err(Rejection::because("campaign_not_joined", json!({ "department": call.department })));
        }
        if !launched.premises.contains(&call.premises) {
            return Err(Rejection::because("not_in_campaign", json!({ "premises": call.premises })));
        }
        if facts.today < launched.from {
            return Err(Rejection::because("campaign_not_begun", json!({ "from": launched.from })));
        }
        if facts.today > launched.until {
            return Err(Rejection::because("campaign_past", json!({ "until": launched.until })));
        }
        let under = format!("premises/{}/hazard/", call.premises);
        if call.hazards.iter().any(|hazard| !hazard.starts_with(&under)) {
            return Err(Rejection::Malformed {
                field: "hazards",
                needs: "streams of hazards of these premises",
            });
        }
        Ok(())
    }
}

impl Launch {
    fn must_be_sound(&self, facts: &Facts) -> Result<(), Rejection> {
        facts.must_work_in(LEADS, self.area.as_deref())?;
        if self.kind.trim().is_empty() {
            return Err(Rejection::Malformed { field: "kind", needs: "what it is about, as a code" });
        }
        if self.until < self.from || self.until < facts.today {
            return Err(Rejection::Malformed {
                field: "until",
                needs: "a day from its beginning on that has not passed",
            });
        }
        if self.premises.is_empty() {
            return Err(Rejection::because("campaign_without_premises", Value::Null));
        }
        let mut once = BTreeSet::new();
        if !self.premises.iter().all(|id| !id.trim().is_empty() && !id.contains('/') && once.insert(id)) {
            return Err(Rejection::Malformed { field: "premises", needs: "ids of premises, each once" });
        }
        if self.departments.is_empty() {
            return Err(Rejection::Malformed { field: "departments", needs: "at least one department" });
        }
        facts.must_know_premises(&self.premises)
    }

    fn must_ask(&self, department: &str) -> Result<(), Rejection> {
        if self.departments.iter().any(|asked| asked == department) {
            return Ok(());
        }
        let asked = self.departments.join(", ");
        Err(Rejection::because("department_not_asked", json!({ "department": department, "asked": asked })))
    }
}

/// Nobody speaks for another department; a subdistrict's lead speaks for whoever is there.
fn must_be_of(department: &str, facts: &Facts) -> Result<(), Rejection> {
    if facts.actor.is_of(department) || facts.actor.holds(Role::StreetLead) {
        return Ok(());
    }
    Err(Rejection::DepartmentNeeded { department: department.to_owned() })
}

const LEADS: &[Permission] =
    &[anywhere(Role::CommissionAdmin), anywhere(Role::CommunityLead), anywhere(Role::StreetLead)];

#[cfg(test)]
mod tests;
