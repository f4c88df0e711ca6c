//! Appeal (申诉): a party contests what was decided about its premises, and somebody who had no hand in it looks again.
//!
//! Invariants:
//! - who reviews has not assessed, found or confirmed anything of the case, and is related to nobody in it;
//! - an appeal in time is admitted or decided, never lost by silence; a late one is not admitted, with the dates reckoned,
//!   and may be looked at on the authority's own motion;
//! - only whoever filed it, or the party, changes it or takes it back; staff write that down from a signed paper, and nobody
//!   who had a hand in the case does;
//! - what was determined stands while the appeal runs; only its decision sets it aside or varies it.

mod filing;
mod hands;
mod reviewing;
#[cfg(test)]
mod tests;

pub use filing::{Against, Reckoned, reckoned};
pub(crate) use filing::{DECIDE, must_bind_here, of_building};
pub use reviewing::Decision;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aggregate::{Concept, named};
use crate::derivation::SchemeRef;
use crate::facts::{Actor, Facts};
use crate::notice::Remedy;
use crate::outcome::Outcome as IndicatorOutcome;
use crate::permission::Permission;
use crate::rejection::Rejection;
use crate::said::{Photo, Said};

/// An appeal as its events left it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Appeal {
    /// What it is against.
    pub against: Option<Against>,
    /// The day from which the time to decide counts.
    pub admitted_on: Option<NaiveDate>,
    /// The decision.
    pub decision: Option<Decision>,
    /// Whether the time to decide was extended.
    pub extended: bool,
    /// The day it was filed; what was put right since keeps it.
    pub filed_on: Option<NaiveDate>,
    /// Who filed it.
    pub filed_by: String,
    /// Whether that was staff at the counter, who are no side of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_counter: bool,
    /// Whether a late one is looked at on the authority's own motion.
    pub own_motion: bool,
    /// Who stepped aside.
    pub recused: Vec<String>,
    /// Whether a request that the reviewer step aside is not decided yet.
    pub recusal_open: bool,
    /// Who reviews it.
    pub reviewer: Option<String>,
    /// The rulebook by which it goes, where the premises were never assessed and it is against a ban of their building.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<SchemeRef>,
    /// How far it is.
    pub stage: Stage,
    /// The request to be graded again that was meant for this, where it came through that door first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turned_from: Option<String>,
}

/// How far an appeal is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Stage {
    #[default]
    Absent,
    /// Filed by somebody without authority: it waits for the party's own word.
    AwaitingOwner,
    Filed,
    Admitted,
    NotAdmitted,
    Withdrawn,
    Decided,
    /// It was meant as a request to be graded again, and goes on as one.
    Turned,
}

impl Stage {
    /// The name shown.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Admitted => "admitted",
            Self::AwaitingOwner => "awaiting the owner's word",
            Self::Decided => "decided",
            Self::Filed => "filed",
            Self::NotAdmitted => "not admitted",
            Self::Turned => "turned into a request to be graded again",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// What an appeal leads to.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are those of the glossary")]
pub enum Outcome {
    Rejected,
    Upheld,
    Varied,
}

/// Whose evidence.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Side {
    Office,
    Party,
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Add evidence of either side.
    AddEvidence {
        /// What it is, as a code: `photo`, `invoice`, `report`, `statement`, `original_missing`.
        what: String,
        /// In words: private.
        #[serde(default)]
        note: Option<String>,
        /// Photos and papers: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
    /// Admit it.
    Admit,
    /// Give it to a reviewer.
    Assign {
        /// The reviewer's account.
        reviewer: String,
    },
    /// Put it right or complete it; the party's own word for what a proxy filed.
    Correct {
        /// The grounds as they should be: private.
        #[serde(default)]
        grounds: Option<String>,
        /// Photos and papers: private.
        #[serde(default)]
        photos: Vec<Photo>,
        /// The party makes a proxy's appeal its own.
        #[serde(default)]
        confirms: bool,
        /// The day it was handed in on paper, when staff record it for the party; the photos show the paper.
        #[serde(default)]
        handed_in_on: Option<NaiveDate>,
    },
    /// Decide it.
    Decide {
        /// How.
        outcome: Outcome,
        /// Results that are right instead, by indicator.
        #[serde(default)]
        #[schemars(with = "BTreeMap<String, Value>")]
        corrected: BTreeMap<String, IndicatorOutcome>,
        /// Whether a new assessment is to be made.
        #[serde(default)]
        reassess: bool,
        /// Number of the decision.
        document_number: String,
        /// Why, as codes: `rule_misapplied`, `fact_wrong`, `evidence_missing`, `unfounded`.
        reason_codes: Vec<String>,
        /// Why, in words: private; the notice of the decision states anew what is public.
        reasons: String,
        /// Remedies left, by the policy's deadlines.
        #[serde(default)]
        remedies: Vec<String>,
    },
    /// Decide whether the reviewer steps aside.
    DecideRecusal {
        /// Whether.
        granted: bool,
        /// Why: private.
        reason: String,
    },
    /// Extend the time to decide, once.
    Extend {
        /// Why, as a code: `complex`, `expert_opinion`, `reinspection`.
        why: String,
    },
    /// File it.
    File {
        /// What it is against.
        against: Against,
        /// Why: private.
        grounds: String,
        /// The party that appeals, where staff or a proxy file it.
        #[serde(default)]
        party: Option<String>,
        /// The day it was handed in on paper, when staff record it for the party.
        #[serde(default)]
        handed_in_on: Option<NaiveDate>,
        /// A proxy's power of attorney: private.
        #[serde(default)]
        power_of_attorney: Option<Photo>,
        /// The request to be graded again that was meant for this, by the last segment of its stream: its first date stays.
        #[serde(default)]
        turned_from: Option<String>,
        /// Photos and papers: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
    /// Record a hearing.
    HoldHearing {
        /// The day.
        on: NaiveDate,
        /// How many attended for the party.
        party_present: u32,
        /// The minutes: private.
        #[serde(default)]
        minutes: Option<String>,
        /// The signed record: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
    /// Have the premises looked at again.
    OrderReinspection {
        /// Which indicators; all where none.
        #[serde(default)]
        indicators: Vec<String>,
        /// Why: private.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Turn it away.
    RefuseAdmission {
        /// Why, as a code: `late`, `not_entitled`, `no_decision`, `decided_already`, `in_court`.
        why: String,
        /// Whether the authority looks at it on its own motion; a late one always is unless this says no.
        #[serde(default)]
        own_motion: Option<bool>,
        /// In words: private.
        #[serde(default)]
        reason: Option<String>,
        /// Remedies left, by the policy's deadlines.
        #[serde(default)]
        remedies: Vec<String>,
    },
    /// Ask that the reviewer step aside.
    RequestRecusal {
        /// Why: private.
        grounds: String,
    },
    /// Take it back.
    Withdraw {
        /// Why: private.
        #[serde(default)]
        reason: Option<String>,
        /// The day it was handed in on paper, when staff record it for the party.
        #[serde(default)]
        handed_in_on: Option<NaiveDate>,
        /// The signed paper: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    AppealAdmitted {
        on: NaiveDate,
        decide_by: NaiveDate,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        provisional: bool,
        safety_measures_suspended: bool,
        by: String,
    },
    AppealAssigned {
        reviewer: String,
        by: String,
    },
    AppealCorrected {
        on: NaiveDate,
        confirms: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        taken_by: Option<String>,
        by: String,
    },
    AppealDecided(Decision),
    AppealExtended {
        why: String,
        decide_by: NaiveDate,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        provisional: bool,
        by: String,
    },
    AppealFiled {
        against: Against,
        on: NaiveDate,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        party: Option<String>,
        /// Whether the party itself, or somebody with its authority, has spoken.
        authorised: bool,
        /// Who took it at the counter.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        taken_by: Option<String>,
        /// The request that was meant for this, whose day counts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        turned_from: Option<String>,
        /// The rulebook of the building whose ban it is against, where the premises have none of their own yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scheme: Option<SchemeRef>,
        by: String,
    },
    AppealRefusedAdmission {
        on: NaiveDate,
        why: String,
        own_motion: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reckoned: Option<Reckoned>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        remedies: Vec<Remedy>,
        by: String,
    },
    AppealWithdrawn {
        on: NaiveDate,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        taken_by: Option<String>,
        by: String,
    },
    EvidenceAdded {
        side: Side,
        what: String,
        by: String,
    },
    HearingHeld {
        on: NaiveDate,
        party_present: u32,
        by: String,
    },
    RecusalDecided {
        reviewer: String,
        granted: bool,
        by: String,
    },
    RecusalRequested {
        reviewer: String,
        on: NaiveDate,
        by: String,
    },
    ReinspectionOrdered {
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        indicators: Vec<String>,
        by: String,
    },
}

named!(Event {
    AppealAdmitted,
    AppealAssigned,
    AppealCorrected,
    AppealDecided,
    AppealExtended,
    AppealFiled,
    AppealRefusedAdmission,
    AppealWithdrawn,
    EvidenceAdded,
    HearingHeld,
    RecusalDecided,
    RecusalRequested,
    ReinspectionOrdered,
});

impl Appeal {
    /// Whether somebody still has to decide on it.
    pub const fn is_open(&self) -> bool {
        matches!(self.stage, Stage::AwaitingOwner | Stage::Filed) || self.is_running()
    }

    /// Whether it is being reviewed: admitted, or taken up on the authority's own motion.
    pub const fn is_running(&self) -> bool {
        matches!(self.stage, Stage::Admitted) || matches!(self.stage, Stage::NotAdmitted) && self.own_motion
    }
}

impl Appeal {
    /// The day from which the office's time to decide counts, once it is being reviewed: the admission; of what was asked for
    /// through another door, the day on which it came there.
    pub(crate) fn decided_from(&self) -> Option<NaiveDate> {
        let admitted_on = self.admitted_on?;
        self.filed_on.filter(|_| self.turned_from.is_some()).or(Some(admitted_on))
    }

    /// Refuses what has gone on as a request to be graded again. Its own stream does not say so: the request's does.
    fn must_not_have_turned(facts: &Facts) -> Result<(), Rejection> {
        let of = facts.subject.as_deref().and_then(|subject| subject.appeals.get(facts.last_segment()));
        match of.map(|of| of.state.stage) {
            Some(Stage::Turned) => {
                Err(Rejection::WrongState { is: Stage::Turned.code(), needs: "an appeal that goes on here" })
            }
            _ => Ok(()),
        }
    }
}

impl Concept for Appeal {
    const TYPE: &'static str = "appeal";
    type Command = Command;
    type Event = Event;

    fn open_to(command: &Command) -> &'static [Permission] {
        hands::open_to(command)
    }

    fn has_side(&self, actor: &Actor) -> bool {
        self.stage != Stage::Absent && !self.at_counter && actor.account == self.filed_by
    }

    fn must_be_in_hands(&self, facts: &Facts) -> Result<(), Rejection> {
        match &self.reviewer {
            Some(reviewer) if *reviewer != facts.actor.account => {
                Err(Rejection::because("only_the_reviewer", serde_json::json!({ "account": reviewer })))
            }
            _ => Ok(()),
        }
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        Self::must_not_have_turned(facts)?;
        let said = match command {
            Command::File {
                against,
                grounds,
                party,
                handed_in_on,
                power_of_attorney,
                turned_from,
                photos,
            } => {
                if self.stage != Stage::Absent {
                    return Err(Rejection::AlreadyExists { what: "appeal" });
                }
                let papers = filing::Papers { grounds, power_of_attorney, turned_from, photos };
                filing::file(against, party, handed_in_on, papers, facts)?
            }
            _ if self.stage == Stage::Absent => return Err(Rejection::NotFound { what: "appeal" }),
            Command::AddEvidence { what, note, photos } => self.add_evidence(what, note, &photos, facts)?,
            Command::Admit => self.admit(facts)?,
            Command::Assign { reviewer } => self.assign(reviewer, facts)?,
            Command::Correct { grounds, photos, confirms, handed_in_on } => {
                self.correct(grounds, &photos, confirms, handed_in_on, facts)?
            }
            Command::Decide {
                outcome,
                corrected,
                reassess,
                document_number,
                reason_codes,
                reasons,
                remedies,
            } => {
                let put = reviewing::Ruling { outcome, corrected, reassess, document_number, reason_codes };
                self.decide_on(put, reasons, &remedies, facts)?
            }
            Command::DecideRecusal { granted, reason } => self.decide_recusal(granted, reason, facts)?,
            Command::Extend { why } => self.extend(why, facts)?,
            Command::HoldHearing { on, party_present, minutes, photos } => {
                self.hold_hearing(on, party_present, minutes, &photos, facts)?
            }
            Command::OrderReinspection { indicators, reason } => {
                self.order_reinspection(indicators, reason, facts)?
            }
            Command::RefuseAdmission { why, own_motion, reason, remedies } => {
                self.refuse_admission(why, own_motion, reason, &remedies, facts)?
            }
            Command::RequestRecusal { grounds } => self.request_recusal(grounds, facts)?,
            Command::Withdraw { reason, handed_in_on, photos } => {
                self.withdraw(reason, &photos, handed_in_on, facts)?
            }
        };
        Ok(vec![said])
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::AppealAdmitted { on, .. } => {
                self.stage = Stage::Admitted;
                self.admitted_on = Some(*on);
            }
            Event::AppealAssigned { reviewer, .. } => self.reviewer = Some(reviewer.clone()),
            Event::AppealCorrected { confirms, .. } => {
                if *confirms && self.stage == Stage::AwaitingOwner {
                    self.stage = Stage::Filed;
                }
            }
            Event::AppealDecided(decision) => {
                self.stage = Stage::Decided;
                self.decision = Some(decision.clone());
            }
            Event::AppealExtended { .. } => self.extended = true,
            Event::AppealFiled { against, on, authorised, taken_by, turned_from, scheme, by, .. } => {
                self.scheme.clone_from(scheme);
                self.at_counter = taken_by.is_some();
                self.turned_from.clone_from(turned_from);
                self.against = Some(against.clone());
                self.filed_on = Some(*on);
                self.filed_by.clone_from(by);
                self.stage = if *authorised { Stage::Filed } else { Stage::AwaitingOwner };
            }
            Event::AppealRefusedAdmission { on, own_motion, .. } => {
                self.stage = Stage::NotAdmitted;
                self.own_motion = *own_motion;
                self.admitted_on = own_motion.then_some(*on);
            }
            Event::AppealWithdrawn { .. } => self.stage = Stage::Withdrawn,
            Event::RecusalDecided { reviewer, granted, .. } => {
                self.recusal_open = false;
                if *granted {
                    self.recused.push(reviewer.clone());
                    self.reviewer = None;
                }
            }
            Event::RecusalRequested { .. } => self.recusal_open = true,
            Event::EvidenceAdded { .. } | Event::HearingHeld { .. } | Event::ReinspectionOrdered { .. } => {}
        }
    }
}

fn words(field: &'static str, text: &str) -> Result<(), Rejection> {
    if text.trim().is_empty() {
        return Err(Rejection::Malformed { field, needs: "it in words" });
    }
    Ok(())
}
