//! What can have happened to a grade.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::veto::Vetoes;
use super::{BanSetAside, Determination, Invitation, Plaque, PlaqueKind, Prohibition, Publication, SetAside};
use crate::aggregate::named;
use crate::derivation::{Computed, Either, SchemeRef};

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(
    missing_docs,
    clippy::large_enum_variant,
    reason = "the fields are those of the commands; most are determinations"
)]
pub enum Event {
    AdverseGradeConfirmed {
        determination: u64,
        on: NaiveDate,
        document_number: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        waiver_ground: Option<String>,
        by: String,
    },
    AdverseGradeRefused {
        determination: u64,
        by: String,
    },
    GradeDetermined(Computed<Determination>),
    GradePublished(Either<Publication>),
    GradeSetAside(Computed<SetAside>),
    GradeUnpublished {
        assessment: String,
        why: String,
    },
    HearingRequested {
        determination: u64,
        on: NaiveDate,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        taken_by: Option<String>,
    },
    LiftFromProhibitedConfirmed {
        determination: u64,
        on: NaiveDate,
        document_number: String,
        by: String,
    },
    LiftFromProhibitedRefused {
        determination: u64,
        by: String,
    },
    OwnerReplied {
        determination: u64,
        on: NaiveDate,
        text: String,
        by: String,
    },
    PlaqueFoundMissing {
        plaque: PlaqueKind,
        on: NaiveDate,
        by: String,
    },
    PlaqueHung {
        #[serde(flatten)]
        plaque: Plaque,
        on: NaiveDate,
        by: String,
    },
    PlaqueRemoved {
        plaque: PlaqueKind,
        why: String,
        on: NaiveDate,
        by: String,
    },
    ProhibitionConfirmed {
        #[serde(flatten)]
        prohibition: Prohibition,
        /// The rulebook by which it was decided, where the premises were never assessed and have none of their own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scheme: Option<SchemeRef>,
        by: String,
    },
    ProhibitionLiftConfirmed {
        document_number: String,
        by: String,
    },
    ProhibitionLiftRefused {
        by: String,
    },
    ProhibitionRefused {
        ground: String,
        proposer: String,
        by: String,
    },
    ProhibitionSetAside(Computed<BanSetAside>),
    StatementConsidered {
        determination: u64,
        on: NaiveDate,
        adopted: bool,
        by: String,
    },
    StatementInvited(Either<Invitation>),
    StatementMade {
        determination: u64,
        on: NaiveDate,
        /// Who took it at the counter; absent where the party made it here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        taken_by: Option<String>,
        /// Whether its time was over: then it holds nothing up, and is taken as a request to be graded again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        late: bool,
        /// Of a late one, the account of who made it or took it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    VetoImposed(Computed<Vetoes>),
    VetoLifted(Computed<Vetoes>),
}

named!(Event {
    AdverseGradeConfirmed,
    AdverseGradeRefused,
    GradeDetermined,
    GradePublished,
    GradeSetAside,
    GradeUnpublished,
    HearingRequested,
    LiftFromProhibitedConfirmed,
    LiftFromProhibitedRefused,
    OwnerReplied,
    PlaqueFoundMissing,
    PlaqueHung,
    PlaqueRemoved,
    ProhibitionConfirmed,
    ProhibitionLiftConfirmed,
    ProhibitionLiftRefused,
    ProhibitionRefused,
    ProhibitionSetAside,
    StatementConsidered,
    StatementInvited,
    StatementMade,
    VetoImposed,
    VetoLifted,
});
