//! Asking: every command of a grade.

use chrono::NaiveDate;
use serde::Deserialize;

use super::{Plaque, PlaqueKind, Prohibition};
use crate::derivation::SchemeRef;
use crate::facts::Role;
use crate::permission::{
    AT_THE_COUNTER, NOBODY, OWNER_OR_OPERATOR, Permission, anywhere, in_area, of_premises, on_beat,
};
use crate::said::Photo;

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Confirm an adverse determination, so that it binds.
    Confirm {
        /// Number of the determination.
        determination: u64,
        /// Number of the decision.
        document_number: String,
        /// Why no statement was waited for: `imminent_danger`.
        #[serde(default)]
        waiver_ground: Option<String>,
        /// In writing: private.
        #[serde(default)]
        waiver_reason: Option<String>,
    },
    /// Say what came of the statement.
    ConsiderStatement {
        /// Number of the determination.
        determination: u64,
        /// Whether it was adopted.
        adopted: bool,
        /// Why: private.
        reasons: String,
    },
    /// Confirm that premises leave the lowest grade.
    ConfirmLift {
        /// Number of the determination.
        determination: u64,
        /// Number of the decision.
        document_number: String,
    },
    /// Record that the party was invited to make a statement before this ledger was kept. From then on an invitation follows from the
    /// service of a notice, and nobody states it.
    Invite {
        /// Number of the determination.
        determination: u64,
        /// The day the invitation was served.
        served_on: NaiveDate,
        /// `direct`, `post`, `electronic` …
        method: String,
    },
    /// Say that a plaque was put up.
    HangPlaque {
        /// Which, and what it shows.
        #[serde(flatten)]
        plaque: Plaque,
        /// Photos: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
    /// End a prohibition of letting.
    LiftProhibition {
        /// Number of the decision.
        document_number: String,
    },
    /// Record the party's statement.
    MakeStatement {
        /// Number of the determination.
        determination: u64,
        /// The party's words: private.
        text: String,
        /// The day it was handed in on paper or dictated, when staff record it for the party.
        #[serde(default)]
        handed_in_on: Option<NaiveDate>,
    },
    /// Prohibit letting.
    Prohibit {
        /// On which ground, by whom, how far.
        #[serde(flatten)]
        prohibition: Prohibition,
        /// Why the party was not heard beforehand, in writing: private.
        #[serde(default)]
        waiver_reason: Option<String>,
        /// The rulebook by which it is decided, of premises that were never assessed; the others have one.
        #[serde(default)]
        scheme: Option<SchemeRef>,
    },
    /// Make a result public again.
    Publish {
        /// The assessment it came from.
        assessment: String,
        /// Why.
        why: String,
    },
    /// Ask for a hearing before an adverse effect.
    RequestHearing {
        /// Number of the determination.
        determination: u64,
        /// The day it was handed in on paper, when staff record it for the party.
        #[serde(default)]
        handed_in_on: Option<NaiveDate>,
    },
    /// Say that a plaque was taken down.
    RemovePlaque {
        /// Which.
        plaque: PlaqueKind,
        /// Why, as a code: `replaced`, `level_left`, `worn`.
        why: String,
    },
    /// Say that a plaque is not where it was hung.
    ReportPlaqueMissing {
        /// Which.
        plaque: PlaqueKind,
        /// Photos: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
    /// Answer a published result in public.
    Reply {
        /// Number of the determination.
        determination: u64,
        /// What stands beside the grade from then on: public.
        text: String,
    },
    /// Refuse to end a prohibition of letting.
    RefuseLift {
        /// Why: private.
        reason: String,
    },
    /// Refuse to prohibit letting.
    RefuseProhibition {
        /// The ground that was proposed.
        ground: String,
        /// The account of who proposed it: an officer of the ground's authority.
        proposer: String,
        /// Why: private.
        reason: String,
    },
    /// Refuse to confirm: the determination does not bind.
    Refuse {
        /// Number of the determination.
        determination: u64,
        /// Why: private.
        reason: String,
    },
    /// Take a result off the public pages.
    Unpublish {
        /// The assessment it came from.
        assessment: String,
        /// Why.
        why: String,
    },
}

impl Command {
    /// Who may ask for it.
    pub(super) fn open_to(&self) -> &'static [Permission] {
        match self {
            Self::Confirm { .. }
            | Self::ConfirmLift { .. }
            | Self::LiftProhibition { .. }
            | Self::Prohibit { .. }
            | Self::Refuse { .. }
            | Self::RefuseLift { .. }
            | Self::RefuseProhibition { .. } => const { &[anywhere(Role::Confirmer)] },
            Self::ConsiderStatement { .. } => {
                const { &[anywhere(Role::DepartmentOfficer), anywhere(Role::LegalOfficer)] }
            }
            Self::HangPlaque { .. } | Self::RemovePlaque { .. } => {
                const { &[on_beat(Role::GridWorker), anywhere(Role::DepartmentOfficer), in_area(Role::StreetLead)] }
            }
            Self::Invite { .. } => NOBODY,
            Self::MakeStatement { handed_in_on: Some(_), .. }
            | Self::RequestHearing { handed_in_on: Some(_), .. } => AT_THE_COUNTER,
            Self::MakeStatement { .. } | Self::Reply { .. } | Self::RequestHearing { .. } => {
                OWNER_OR_OPERATOR
            }
            Self::Publish { .. } | Self::Unpublish { .. } => const { &[anywhere(Role::LegalOfficer)] },
            Self::ReportPlaqueMissing { .. } => {
                const {
                    &[
                        anywhere(Role::GridWorker),
                        anywhere(Role::DepartmentOfficer),
                        anywhere(Role::StreetLead),
                        anywhere(Role::CommunityLead),
                        of_premises(Role::Steward),
                    ]
                }
            }
        }
    }
}
