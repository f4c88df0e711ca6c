//! The course of a case: the departments that had it, the order, what the party asked for, what time brought.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::deadline::Period;

/// What happened to a case besides its stage.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Course {
    /// The departments that had it to review, in order; the last one has it now.
    pub hands: Vec<String>,
    /// Where it was sent, and by when that department must have reviewed it.
    pub routed: Option<Routed>,
    /// The order to put it right.
    pub order: Option<Order>,
    /// An objection that waits for an answer.
    pub contested: Option<Ground>,
    /// The newest works plan.
    pub plan: Option<Plan>,
    /// Interim measures were seen on the spot.
    pub interim_confirmed: bool,
    /// A longer term that was asked for, until the answer.
    pub extension: Option<NaiveDate>,
    /// The due day that an extension or a refused rectification set.
    pub due_set: Option<NaiveDate>,
    /// How often the party said that it was put right.
    pub submissions: u32,
    /// How often that was found false.
    pub found_false: u32,
    /// The newest due day that ended before it was put right.
    pub overdue: Option<NaiveDate>,
    /// The level its lateness was last told to.
    pub escalated: Option<Escalated>,
    /// Under the subdistrict's supervision until this day.
    pub supervised_until: Option<NaiveDate>,
    /// The closed case that this one goes on from.
    pub reopens: Option<String>,
    /// The case that goes on in place of this one.
    pub merged_into: Option<String>,
}

/// An order to put it right (责令整改).
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Order {
    /// The responsible parties it is addressed to.
    pub parties: Vec<String>,
    /// Natural days from service of the order.
    pub days: u32,
    /// Number of the order.
    pub document_number: String,
}

/// A works plan (整改方案).
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Plan {
    /// Natural days from service of the order.
    pub days: u32,
    /// What the department said of it; none while it waits.
    pub approved: Option<bool>,
}

/// Why a party objects.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// It is not this party's.
    NotMine,
    /// There is no such hazard.
    NotThere,
    /// A tenant has to put it right.
    Tenants,
}

/// Who spoke for a party, and how it came in.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Spoken {
    /// The account that says it: the party's own, or that of whoever took it at the counter.
    pub by: String,
    /// The day it was handed in at the counter; absent where the party says it here. What a party does counts by receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed_in_on: Option<NaiveDate>,
}

/// Where a case was sent by rule.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Routed {
    /// The department that answers for it.
    pub competent: String,
    /// By when it must have reviewed it.
    pub review: Period,
}

/// A due day ended before the hazard was put right.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct FellOverdue {
    /// The day that ended.
    pub due: NaiveDate,
    /// Its severity as it stands.
    pub severity: String,
    /// Who was ordered to put it right.
    pub parties: Vec<String>,
}

/// Lateness reached a level of the policy.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Escalated {
    /// The due day that ended.
    pub due: NaiveDate,
    /// The policy's name of the level.
    pub level: String,
    /// The day on which it was reached.
    pub reached_on: NaiveDate,
    /// The role or department it goes to.
    pub to: String,
}

impl Course {
    /// Whether a plan for a longer term is in force: approved, with interim measures seen on the spot.
    pub fn plan_in_force(&self) -> Option<Plan> {
        self.plan.filter(|plan| plan.approved == Some(true) && self.interim_confirmed)
    }

    /// Whether a works plan waits for the department.
    pub fn plan_waits(&self) -> bool {
        self.plan.is_some_and(|plan| plan.approved.is_none())
    }
}
