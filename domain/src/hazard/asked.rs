//! What can be asked of a hazard.

use chrono::NaiveDate;
use serde::Deserialize;

use super::course::Ground;
use super::{Found, ReopenedWhy, Review};
use crate::facts::Role;
use crate::permission::{
    AT_THE_COUNTER, OF_THE_HOUSE, OWNER_OR_OPERATOR, Permission, anywhere, in_area, of_department, on_beat,
};
use crate::said::Photo;

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
#[allow(clippy::large_enum_variant, reason = "a command is read, decided on and gone")]
pub enum Command {
    /// The department finds the rectification good.
    Accept {
        /// In the officer's words: private.
        #[serde(default)]
        findings: Option<String>,
        /// Photos: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
    /// The department answers an objection.
    AnswerContest {
        /// The party is right.
        upheld: bool,
        /// Why: private.
        reasons: String,
    },
    /// The department approves the works plan.
    ApproveWorksPlan {
        /// In the officer's words: private.
        #[serde(default)]
        note: Option<String>,
    },
    /// Close it.
    Close {
        /// `rectified`, `dismissed`, `merged`; `put_right` where the result that opened it was.
        how: String,
        /// The case that goes on, of the same premises, where it was merged: its stream's last segment.
        #[serde(default)]
        into: Option<String>,
    },
    /// Interim measures were seen on the spot.
    ConfirmInterimMeasures {
        /// What was seen: private.
        #[serde(default)]
        findings: Option<String>,
        /// Photos: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
    /// The party says that it is not there, not its own, or a tenant's.
    Contest {
        /// Which.
        ground: Ground,
        /// In the party's words: private.
        text: String,
        /// The day it was handed in at the counter, when staff record it for the party.
        #[serde(default)]
        handed_in_on: Option<NaiveDate>,
    },
    /// The competent authority's determination whether it is major.
    Determine {
        /// It is.
        major: bool,
        /// Number of the document.
        document_number: String,
        /// How it was determined, as a code: `direct`, `comprehensive`, `appraisal`.
        #[serde(default)]
        method: Option<String>,
        /// Accounts of the officers who examined it.
        #[serde(default)]
        officers: Vec<String>,
    },
    /// Supervision ends.
    EndSupervision {
        /// Why: private.
        #[serde(default)]
        reason: Option<String>,
    },
    /// The department grants a longer term.
    Extend {
        /// Put right by the end of this day.
        until: NaiveDate,
        /// Why: private.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Report one that was seen.
    Find {
        /// What.
        #[serde(flatten)]
        found: Found,
        /// In the finder's words: private.
        #[serde(default)]
        note: Option<String>,
        /// Photos: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
    /// What was said to be put right is not.
    FindFalse {
        /// What was found instead: private.
        findings: String,
        /// Photos: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
    /// Order the parties to put it right, within the policy's days from service of the order.
    Order {
        /// What is to be done: private.
        what: String,
        /// The responsible parties it is addressed to.
        parties: Vec<String>,
        /// Number of the order.
        document_number: String,
        /// The policy's days, where whoever orders states them: other ones are refused.
        #[serde(default)]
        days: Option<u32>,
    },
    /// The subdistrict takes an overdue case under its supervision (挂牌督办).
    OrderSupervision {
        /// Until when.
        until: NaiveDate,
        /// Number of the document.
        document_number: String,
        /// Why: private.
        #[serde(default)]
        reason: Option<String>,
    },
    /// The department does not find the rectification good.
    Refuse {
        /// What is still missing: private.
        findings: String,
        /// A new due day, not before today nor before the one that runs; without one that one stands.
        #[serde(default)]
        due: Option<NaiveDate>,
        /// Photos: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
    /// The department grants no longer term.
    RefuseExtension {
        /// Why: private.
        reason: String,
    },
    /// The department refuses the works plan.
    RefuseWorksPlan {
        /// Why: private.
        reason: String,
    },
    /// A closed case is still there: a new case that names it.
    Reopen {
        /// The closed case, of the same premises: its stream's last segment.
        case: String,
        /// Why.
        why: ReopenedWhy,
        /// In the words of whoever says so: private.
        #[serde(default)]
        note: Option<String>,
        /// Photos: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
    /// The party asks for a longer term.
    RequestExtension {
        /// Until when.
        until: NaiveDate,
        /// Why: private.
        text: String,
        /// The day it was handed in at the counter, when staff record it for the party.
        #[serde(default)]
        handed_in_on: Option<NaiveDate>,
    },
    /// The department's review.
    Review {
        /// What it decides.
        outcome: Review,
        /// In the officer's words: private.
        #[serde(default)]
        reason: Option<String>,
    },
    /// The party says that it is put right.
    SubmitRectification {
        /// What was done: private.
        text: String,
        /// Photos of the repair: private. One at least.
        #[serde(default)]
        photos: Vec<Photo>,
        /// The day it was handed in at the counter, when staff record it for the party.
        #[serde(default)]
        handed_in_on: Option<NaiveDate>,
    },
    /// The party hands in a plan of works that take longer than the order's term.
    SubmitWorksPlan {
        /// Natural days from service of the order.
        days: u32,
        /// The plan: private.
        text: String,
        /// Its pages: private.
        #[serde(default)]
        photos: Vec<Photo>,
        /// The day it was handed in at the counter, when staff record it for the party.
        #[serde(default)]
        handed_in_on: Option<NaiveDate>,
    },
}

impl Command {
    /// Where a case must be for it, in the words of a refusal.
    pub(super) const fn needs(&self) -> &'static str {
        match self {
            Self::Accept { .. } => "confirmed",
            Self::AnswerContest { .. } => "contested",
            Self::ApproveWorksPlan { .. } | Self::RefuseWorksPlan { .. } => "with a works plan to decide on",
            Self::Close { .. } => "accepted or dismissed, or begun by a result that was put right",
            Self::ConfirmInterimMeasures { .. } | Self::Contest { .. } => "confirmed and not yet put right",
            Self::Determine { .. } => "open",
            Self::EndSupervision { .. } => "under supervision",
            Self::Extend { .. } => "being put right by order",
            Self::Find { .. } | Self::Reopen { .. } => "new",
            Self::FindFalse { .. } => "submitted or accepted",
            Self::Order { .. } => "confirmed, without an order",
            Self::OrderSupervision { .. } => "overdue",
            Self::Refuse { .. } => "submitted",
            Self::RefuseExtension { .. } => "with an extension to decide on",
            Self::RequestExtension { .. } | Self::SubmitWorksPlan { .. } => "being put right by order",
            Self::Review { .. } => "pending review",
            Self::SubmitRectification { .. } => "confirmed and not yet put right",
        }
    }
}

impl Command {
    /// Who may ask for it: the department that answers for the hazard, mostly.
    pub(super) fn open_to(&self) -> &'static [Permission] {
        match self {
            Self::Accept { .. }
            | Self::AnswerContest { .. }
            | Self::ApproveWorksPlan { .. }
            | Self::Close { .. }
            | Self::Extend { .. }
            | Self::FindFalse { .. }
            | Self::Order { .. }
            | Self::Refuse { .. }
            | Self::RefuseExtension { .. }
            | Self::RefuseWorksPlan { .. }
            | Self::Review { .. } => {
                const { &[of_department(Role::DepartmentOfficer), of_department(Role::CompetentAuthority)] }
            }
            // on the spot, by the department or by the grid worker who passes there
            Self::ConfirmInterimMeasures { .. } => {
                const {
                    &[
                        of_department(Role::DepartmentOfficer),
                        of_department(Role::CompetentAuthority),
                        on_beat(Role::GridWorker),
                    ]
                }
            }
            Self::Determine { .. } => const { &[of_department(Role::CompetentAuthority)] },
            Self::EndSupervision { .. } | Self::OrderSupervision { .. } => {
                const { &[in_area(Role::StreetLead)] }
            }
            Self::Find { .. } | Self::Reopen { .. } => {
                const { &[anywhere(Role::GridWorker), anywhere(Role::DepartmentOfficer)] }
            }
            Self::Contest { handed_in_on: Some(_), .. }
            | Self::RequestExtension { handed_in_on: Some(_), .. }
            | Self::SubmitRectification { handed_in_on: Some(_), .. }
            | Self::SubmitWorksPlan { handed_in_on: Some(_), .. } => AT_THE_COUNTER,
            Self::Contest { .. } | Self::SubmitRectification { .. } => OF_THE_HOUSE,
            Self::RequestExtension { .. } | Self::SubmitWorksPlan { .. } => OWNER_OR_OPERATOR,
        }
    }
}
