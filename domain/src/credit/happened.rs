//! What can have happened to a credit file.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::conduct::Conduct;
use super::item::{ConductRef, Item};
use super::objection::Marked;
use super::publishing::{Recalled, Reported, Unpublished};
use super::rating::Rating;
use crate::aggregate::named;
use crate::derivation::{Computed, Either, SchemeRef};

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, clippy::large_enum_variant, reason = "the fields are those of the commands")]
pub enum Event {
    CommitmentBreached {
        document_number: String,
        on: NaiveDate,
        by: String,
    },
    CommitmentFulfilled {
        on: NaiveDate,
        by: String,
    },
    CommitmentSigned {
        template: String,
        scheme: SchemeRef,
        on: NaiveDate,
        by: String,
    },
    CommitmentWithdrawn {
        why: String,
        on: NaiveDate,
        by: String,
    },
    ConductRecorded(Either<Conduct>),
    CreditNoticeGiven {
        item: Item,
        method: String,
        document_number: String,
        on: NaiveDate,
        by: String,
    },
    CreditPublished {
        item: Item,
        /// The class that is shown, where it is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class: Option<String>,
        /// The kind of conduct that is shown, where it is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        conduct: Option<String>,
        /// The day on which its span is over, not included; none of a class.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<NaiveDate>,
        channels: Vec<String>,
        on: NaiveDate,
        by: String,
    },
    CreditRated(Computed<Rating>),
    CreditRecalled(Computed<Recalled>),
    CreditReportAcknowledged {
        number: u64,
        recall: bool,
        on: NaiveDate,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receipt: Option<String>,
        by: String,
    },
    CreditReported(Computed<Reported>),
    CreditUnpublished(Either<Unpublished>),
    LowestClassConfirmed {
        rating: u64,
        conduct: Vec<ConductRef>,
        document_number: String,
        on: NaiveDate,
        by: String,
    },
    LowestClassRefused {
        rating: u64,
        conduct: Vec<ConductRef>,
        on: NaiveDate,
        by: String,
    },
    ObjectionDecided {
        number: u64,
        upheld: bool,
        document_number: String,
        on: NaiveDate,
        by: String,
    },
    ObjectionMarked(Computed<Marked>),
    ObjectionRaised {
        number: u64,
        item: Item,
        on: NaiveDate,
        by: String,
    },
    RepairDecided {
        number: u64,
        granted: bool,
        corrected: bool,
        document_number: String,
        on: NaiveDate,
        by: String,
    },
    RepairRequested {
        number: u64,
        conduct: u64,
        commitment: bool,
        on: NaiveDate,
        by: String,
    },
}

named!(Event {
    CommitmentBreached,
    CommitmentFulfilled,
    CommitmentSigned,
    CommitmentWithdrawn,
    ConductRecorded,
    CreditNoticeGiven,
    CreditPublished,
    CreditRated,
    CreditRecalled,
    CreditReportAcknowledged,
    CreditReported,
    CreditUnpublished,
    LowestClassConfirmed,
    LowestClassRefused,
    ObjectionDecided,
    ObjectionMarked,
    ObjectionRaised,
    RepairDecided,
    RepairRequested,
});
