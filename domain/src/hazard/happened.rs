//! What can have happened to a hazard.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::course::{Escalated, FellOverdue, Ground, Order, Routed, Spoken};
use super::{Closed, Found, Reopened, Review};
use crate::aggregate::named;
use crate::derivation::{Computed, Either};

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(
    missing_docs,
    clippy::large_enum_variant,
    reason = "the fields are those of the commands; most are findings"
)]
pub enum Event {
    DeadlineExtended {
        until: NaiveDate,
        by: String,
    },
    ExtensionRefused {
        by: String,
    },
    ExtensionRequested {
        until: NaiveDate,
        #[serde(flatten)]
        spoken: Spoken,
    },
    HazardClosed(Either<Closed>),
    HazardContested {
        ground: Ground,
        #[serde(flatten)]
        spoken: Spoken,
    },
    HazardEscalated(Computed<Escalated>),
    HazardFellOverdue(Computed<FellOverdue>),
    HazardFound(Either<Found>),
    /// The first event of the new case.
    HazardReopened(Either<Reopened>),
    HazardReplyAnswered {
        upheld: bool,
        by: String,
    },
    HazardReviewed {
        outcome: Review,
        by: String,
    },
    HazardRouted(Computed<Routed>),
    InterimMeasuresConfirmed {
        by: String,
    },
    MajorHazardDetermined {
        major: bool,
        document_number: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        method: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        officers: Vec<String>,
        by: String,
    },
    RectificationAccepted {
        by: String,
    },
    RectificationFoundFalse {
        by: String,
    },
    RectificationOrdered {
        #[serde(flatten)]
        order: Order,
        by: String,
    },
    RectificationRefused {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<NaiveDate>,
        by: String,
    },
    RectificationSubmitted(Spoken),
    SupervisionEnded {
        by: String,
    },
    SupervisionOrdered {
        until: NaiveDate,
        document_number: String,
        by: String,
    },
    WorksPlanApproved {
        by: String,
    },
    WorksPlanRefused {
        by: String,
    },
    WorksPlanSubmitted {
        days: u32,
        #[serde(flatten)]
        spoken: Spoken,
    },
}

impl Event {
    /// The officer who found, reviewed, determined or ordered, by this event.
    pub(crate) fn officer(&self) -> Option<&str> {
        match self {
            Self::HazardFound(found) => found.facts().by.as_deref(),
            Self::HazardReopened(reopened) => reopened.facts().found.by.as_deref(),
            Self::HazardReviewed { by, .. }
            | Self::MajorHazardDetermined { by, .. }
            | Self::RectificationFoundFalse { by }
            | Self::RectificationOrdered { by, .. } => Some(by),
            _ => None,
        }
    }
}

named!(Event {
    DeadlineExtended,
    ExtensionRefused,
    ExtensionRequested,
    HazardClosed,
    HazardContested,
    HazardEscalated,
    HazardFellOverdue,
    HazardFound,
    HazardReopened,
    HazardReplyAnswered,
    HazardReviewed,
    HazardRouted,
    InterimMeasuresConfirmed,
    MajorHazardDetermined,
    RectificationAccepted,
    RectificationFoundFalse,
    RectificationOrdered,
    RectificationRefused,
    RectificationSubmitted,
    SupervisionEnded,
    SupervisionOrdered,
    WorksPlanApproved,
    WorksPlanRefused,
    WorksPlanSubmitted,
});
