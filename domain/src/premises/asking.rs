//! Asking: every command of premises.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;

use super::{Assessor, PartyRole, Register, Steward};
use crate::facts::Role;
use crate::permission::{OF_THE_HOUSE, Permission, anywhere, in_area, of_premises, on_beat};
use crate::said::Photo;

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Put right or bring up to date what is registered.
    Amend {
        /// New values by field.
        changes: BTreeMap<String, Value>,
        /// Why.
        why: String,
        /// Latitude and longitude as text, where they changed: private.
        #[serde(default)]
        coordinates: Option<String>,
    },
    /// Make somebody steward.
    AppointSteward(Steward),
    /// Let somebody assess.
    AssignAssessor(Assessor),
    /// Say that one's party answers for them.
    Claim {
        /// Which, and as what.
        #[serde(flatten)]
        claim: PartyRole,
        /// Papers: private.
        #[serde(default)]
        evidence: Vec<Photo>,
        /// In the party's words: private.
        #[serde(default)]
        note: Option<String>,
    },
    /// Close: split, merged, demolished, re-coded, created in error.
    Close {
        /// Why.
        why: String,
    },
    /// Confirm a claim.
    ConfirmClaim {
        /// Whose.
        party: String,
        /// As what.
        role: String,
    },
    /// Decide on a proposal.
    DecideAmendment {
        /// Which.
        number: u64,
        /// Whether anything is taken over.
        accepted: bool,
        /// What is, restated: it becomes public.
        #[serde(default)]
        changes: BTreeMap<String, Value>,
        /// Why: private.
        #[serde(default)]
        reason: Option<String>,
    },
    /// End a party's answering for them.
    EndParty {
        /// Whose.
        party: String,
        /// In which role, where it has several here.
        #[serde(default)]
        role: Option<String>,
        /// Why.
        why: String,
    },
    /// Everything that one assesses here is another's from now on.
    HandOverAssignments {
        /// Whose they were.
        from: String,
        /// Whose they are.
        to: String,
        /// Why, as a code: `transferred`, `leave`, `left_service`.
        why: String,
    },
    /// Another subdistrict, community or grid cell.
    Move {
        /// New subdistrict.
        subdistrict: String,
        /// New community.
        community: String,
        /// New grid cell.
        grid_cell: String,
        /// Why.
        why: String,
    },
    /// Name who answers for them.
    NameParty {
        /// Which, and as what.
        #[serde(flatten)]
        named: PartyRole,
        /// Papers: private.
        #[serde(default)]
        evidence: Vec<Photo>,
    },
    /// Propose to put right what is registered.
    ProposeAmendment {
        /// New values by field: private until the clerk takes them over.
        changes: BTreeMap<String, Value>,
        /// Why: private.
        #[serde(default)]
        reason: Option<String>,
        /// Papers: private.
        #[serde(default)]
        evidence: Vec<Photo>,
    },
    /// Say whether somebody lives there.
    RecordOccupancy {
        /// Nobody does.
        vacant: bool,
        /// How many, in words of the office: `1-2`, `3-5`, `6+`.
        #[serde(default)]
        residents_band: Option<String>,
        /// The number itself: private.
        #[serde(default)]
        residents: Option<u32>,
    },
    /// The steward's or owner's daily look round.
    RecordStewardCheck {
        /// The day.
        on: NaiveDate,
        /// What was looked at, by indicator or code: `smoke_alarm`, `escape_route`.
        #[serde(default)]
        looked_at: Vec<String>,
        /// What was seen: private.
        #[serde(default)]
        note: Option<String>,
    },
    /// Refuse a claim.
    RefuseClaim {
        /// Whose.
        party: String,
        /// As what.
        role: String,
        /// Why: private.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Register them.
    Register {
        /// What is public.
        #[serde(flatten)]
        register: Register,
        /// Latitude and longitude as text: private.
        #[serde(default)]
        coordinates: Option<String>,
    },
    /// End an assessor's assignment.
    ReleaseAssessor {
        /// Whose.
        account: String,
        /// Why.
        why: String,
    },
    /// End a steward's appointment.
    ReleaseSteward {
        /// Whose.
        account: String,
        /// Why, as a code.
        why: String,
    },
    /// Mark them.
    Tag {
        /// `key_building`, `historic` …
        tag: String,
        /// Why.
        why: String,
    },
    /// Take a mark off.
    Untag {
        /// Which.
        tag: String,
        /// Why.
        why: String,
    },
}

impl Command {
    /// Who may ask for it: the data clerk, mostly.
    pub(super) fn open_to(&self) -> &'static [Permission] {
        match self {
            Self::AppointSteward(_)
            | Self::AssignAssessor(_)
            | Self::HandOverAssignments { .. }
            | Self::ReleaseAssessor { .. }
            | Self::ReleaseSteward { .. } => {
                const { &[in_area(Role::StreetLead), anywhere(Role::Administrator)] }
            }
            // of a house that is not theirs yet
            Self::Claim { .. } => {
                const { &[anywhere(Role::Owner), anywhere(Role::Operator), anywhere(Role::Steward)] }
            }
            Self::ProposeAmendment { .. } | Self::RecordStewardCheck { .. } => OF_THE_HOUSE,
            Self::RecordOccupancy { .. } => {
                const { &[on_beat(Role::GridWorker), of_premises(Role::Steward)] }
            }
            Self::Tag { .. } | Self::Untag { .. } => const { &[anywhere(Role::DepartmentOfficer)] },
            Self::Amend { .. }
            | Self::Close { .. }
            | Self::ConfirmClaim { .. }
            | Self::DecideAmendment { .. }
            | Self::EndParty { .. }
            | Self::Move { .. }
            | Self::NameParty { .. }
            | Self::RefuseClaim { .. }
            | Self::Register { .. } => const { &[anywhere(Role::DataClerk)] },
        }
    }
}
