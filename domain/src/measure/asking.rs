//! What can be asked of a measure, of whom, and what each has to say.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::facts::{Facts, Role};
use crate::permission::{Permission, anywhere, in_area, on_beat};
use crate::rejection::Rejection;
use crate::said::Photo;

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Say that a party came to the training.
    AttendTraining {
        /// The party's id.
        party: String,
        /// The measure that sent it there, `premises/p-1/measure/7`.
        #[serde(default)]
        under: Option<String>,
    },
    /// Say that it was done.
    CarryOut {
        /// What was done, and what came of it: private.
        findings: String,
        /// Photos: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
    /// Approve it, or refuse it.
    Decide {
        /// Whether it is done.
        approved: bool,
        /// Number of the decision's document; needed where it is approved.
        #[serde(default)]
        document_number: Option<String>,
        /// In words, needed where it is refused: private.
        #[serde(default)]
        reason: Option<String>,
    },
    /// End an incentive before its time.
    End {
        /// Why, as a code: `given_up`, `offered_by_mistake`, `funds_used_up`.
        why: String,
    },
    /// Give the incentive that was offered.
    Grant {
        /// Number of the decision's document.
        document_number: String,
    },
    /// Say that a training was held.
    HoldTraining {
        /// About what, when, for whom.
        #[serde(flatten)]
        training: Training,
        /// In words: private.
        #[serde(default)]
        notes: Option<String>,
    },
    /// Offer an incentive (激励).
    Offer {
        /// What, to whom, until when.
        #[serde(flatten)]
        offer: Offer,
        /// In words: private.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Propose a measure.
    Propose {
        /// Which, to whom, by whom.
        #[serde(flatten)]
        proposal: Proposal,
        /// In words: private.
        #[serde(default)]
        reason: Option<String>,
    },
}

/// A measure that is proposed.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Proposal {
    /// One of the policy's measures.
    pub measure: String,
    /// The party it is addressed to.
    pub party: String,
    /// What it is in law.
    pub nature: Nature,
    /// The law or rule that it rests on.
    pub basis: String,
    /// The authority in whose name it is done: a department of the rulebook's list, by its id or name, or a registered authority by its
    /// id or name.
    pub authority: String,
    /// Who hears of it.
    pub audience: Audience,
    /// The last day on which it may still be carried out; open where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

/// An incentive that is offered.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Offer {
    /// What kind, as a code: `social_resources`, `welfare`, `fewer_inspections`, `honour`.
    pub incentive: String,
    /// The party it is offered to.
    pub party: String,
    /// The law or rule that it rests on.
    pub basis: String,
    /// The authority that gives it, as that of a measure.
    pub authority: String,
    /// The last day on which it holds; as long as the level lasts where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

/// A training (业务培训) that was held.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Training {
    /// About what.
    pub topic: Topic,
    /// The day.
    pub on: NaiveDate,
    /// The department that held it.
    pub department: String,
    /// The parties that were asked to come.
    #[serde(default)]
    pub parties: Vec<String>,
    /// How many residents came.
    pub residents: u32,
}

/// What a measure is in law.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Nature {
    /// Advice, training, a talk: nobody's rights change (行政指导).
    Guidance,
    /// Several departments act together, each by its own powers (联合执法).
    JointAction,
    /// The case goes to the authority that may decide on it (移送).
    Referral,
    /// A warning about danger, to those whom it threatens (风险提示).
    SafetyNotice,
}

/// Who hears of a measure.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The departments that work together.
    Departments,
    /// The owners and operators of the area.
    OwnersOfArea,
    /// The party alone.
    Party,
    /// Everybody who lives in the house.
    Residents,
}

/// What a training is about.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Against cults (反邪教).
    Cults,
    /// Against drugs (禁毒).
    Drugs,
    /// What to do in a fire (消防演练).
    FireDrill,
    /// Against fraud (反诈).
    Fraud,
    /// What happened elsewhere (真实案例).
    RealCases,
    /// Against theft (防盗).
    Theft,
}

impl Nature {
    /// Its name on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Guidance => "guidance",
            Self::JointAction => "joint_action",
            Self::Referral => "referral",
            Self::SafetyNotice => "safety_notice",
        }
    }
}

impl Topic {
    /// Its name on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Cults => "cults",
            Self::Drugs => "drugs",
            Self::FireDrill => "fire_drill",
            Self::Fraud => "fraud",
            Self::RealCases => "real_cases",
            Self::Theft => "theft",
        }
    }
}

impl Command {
    pub(super) fn open_to(&self) -> &'static [Permission] {
        match self {
            Self::Decide { .. } | Self::Grant { .. } => DECIDERS,
            Self::CarryOut { .. } => {
                const { &[anywhere(Role::DepartmentOfficer), in_area(Role::StreetLead), on_beat(Role::GridWorker)] }
            }
            Self::End { .. } | Self::Offer { .. } | Self::Propose { .. } => PROPOSERS,
            Self::AttendTraining { .. } | Self::HoldTraining { .. } => TRAINERS,
        }
    }

    /// The state that it needs.
    pub(super) const fn needs(&self) -> &'static str {
        match self {
            Self::AttendTraining { .. } => "held",
            Self::CarryOut { .. } => "approved",
            Self::Decide { .. } => "proposed",
            Self::End { .. } => "offered or granted",
            Self::Grant { .. } => "offered",
            Self::HoldTraining { .. } | Self::Offer { .. } | Self::Propose { .. } => "absent",
        }
    }
}

impl Proposal {
    pub(super) fn must_be_sound(&self, today: NaiveDate) -> Result<(), Rejection> {
        must_be_addressed(&self.party, &self.basis, &self.authority, self.until, today)?;
        if self.measure == PENALTY_REFERRAL && self.nature != Nature::Referral {
            return Err(Rejection::because("penalty_is_referred", Value::Null));
        }
        Ok(())
    }
}

impl Offer {
    pub(super) fn must_be_sound(&self, today: NaiveDate) -> Result<(), Rejection> {
        if self.incentive.trim().is_empty() {
            return Err(Rejection::Malformed { field: "incentive", needs: "what is offered, as a code" });
        }
        must_be_addressed(&self.party, &self.basis, &self.authority, self.until, today)
    }
}

impl Training {
    pub(super) fn must_be_sound(&self, facts: &Facts) -> Result<(), Rejection> {
        if facts.subject.is_some() {
            return Err(Rejection::because("training_of_no_house", Value::Null));
        }
        if self.on > facts.today {
            return Err(Rejection::Malformed { field: "on", needs: "a day that has come" });
        }
        if !facts.actor.is_of(&self.department) && !facts.actor.holds(Role::StreetLead) {
            return Err(Rejection::DepartmentNeeded { department: self.department.clone() });
        }
        Ok(())
    }
}

fn must_be_addressed(
    party: &str,
    basis: &str,
    authority: &str,
    until: Option<NaiveDate>,
    today: NaiveDate,
) -> Result<(), Rejection> {
    if party.trim().is_empty() || party.contains('/') {
        return Err(Rejection::Malformed { field: "party", needs: "the id of the party it is addressed to" });
    }
    if basis.trim().is_empty() {
        return Err(Rejection::Malformed { field: "basis", needs: "the law or rule that it rests on" });
    }
    if authority.trim().is_empty() {
        return Err(Rejection::Malformed {
            field: "authority",
            needs: "the authority in whose name it is done",
        });
    }
    if until.is_some_and(|until| until < today) {
        return Err(Rejection::Malformed { field: "until", needs: "today or a later day" });
    }
    Ok(())
}

const PROPOSERS: &[Permission] = &[anywhere(Role::DepartmentOfficer), in_area(Role::StreetLead)];
const DECIDERS: &[Permission] = &[anywhere(Role::CompetentAuthority), in_area(Role::StreetLead)];
const TRAINERS: &[Permission] = &[anywhere(Role::DepartmentOfficer), in_area(Role::StreetLead)];
/// The measure that hands a case over to whoever may penalise.
const PENALTY_REFERRAL: &str = "penalty_referral";
