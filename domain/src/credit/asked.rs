//! What can be asked of a credit file, and who may ask.

use chrono::NaiveDate;
use serde::Deserialize;

use super::conduct::SaidConduct;
use super::item::Item;
use crate::derivation::SchemeRef;
use crate::facts::Role;
use crate::permission::{OWNER_OR_OPERATOR, Permission, anywhere};
use crate::said::Photo;

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// The public credit platform has taken a report, or a recall.
    AcknowledgeReport {
        /// Number of the report.
        number: u64,
        /// Whether its recall was taken; else the report.
        #[serde(default)]
        recall: bool,
        /// The platform's own number of the receipt.
        #[serde(default)]
        receipt: Option<String>,
    },
    /// Record that the commitment was broken.
    BreachCommitment {
        /// Number of the document that says so.
        document_number: String,
        /// In words: private.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Confirm the lowest class.
    ConfirmLowest {
        /// Number of the newest rating.
        rating: u64,
        /// Number of the document.
        document_number: String,
        /// In words: private.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Decide on an objection.
    DecideObjection {
        /// Which.
        number: u64,
        /// Whether the party is right: the record does not hold.
        upheld: bool,
        /// Number of the answer.
        document_number: String,
        /// In words: private.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Decide on a request for repair.
    DecideRepair {
        /// Which.
        number: u64,
        /// Whether the record ends.
        granted: bool,
        /// Whether the conduct was found corrected.
        #[serde(default)]
        corrected: bool,
        /// Number of the answer.
        document_number: String,
        /// In words: private.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Record that the commitment was kept to its end.
    FulfilCommitment,
    /// Tell the party of a class or a record, before it is published.
    GiveNotice {
        /// Of what.
        item: Item,
        /// `direct`, `post`, `electronic`.
        method: String,
        /// Number of the notice.
        document_number: String,
        /// Its words: private.
        #[serde(default)]
        text: Option<String>,
    },
    /// Publish a class or a record of conduct.
    Publish {
        /// What.
        item: Item,
        /// Where: `credit_website`, `public_page`, `board`.
        channels: Vec<String>,
    },
    /// Say that a class or a record is wrong.
    RaiseObjection {
        /// Which.
        item: Item,
        /// Why: private.
        grounds: String,
        /// Evidence: private.
        #[serde(default)]
        photos: Vec<Photo>,
        /// The day it was handed in at the counter.
        #[serde(default)]
        handed_in_on: Option<NaiveDate>,
    },
    /// Record conduct that was decided by document.
    RecordConduct(SaidConduct),
    /// Refuse the lowest class.
    RefuseLowest {
        /// Number of the newest rating.
        rating: u64,
        /// Why: private.
        reason: String,
    },
    /// Ask that a record ends early.
    RequestRepair {
        /// Number of the record.
        conduct: u64,
        /// Whether a public commitment is made with it.
        #[serde(default)]
        commitment: bool,
        /// What was put right, in words: private.
        #[serde(default)]
        text: Option<String>,
        /// Evidence: private.
        #[serde(default)]
        photos: Vec<Photo>,
        /// The day it was handed in at the counter.
        #[serde(default)]
        handed_in_on: Option<NaiveDate>,
    },
    /// Sign the voluntary commitment letter.
    SignCommitment {
        /// Version of its words.
        template: String,
        /// The rulebook by which it counts.
        scheme: SchemeRef,
        /// The signed letter: private.
        #[serde(default)]
        document: Option<Photo>,
        /// The day it was handed in at the counter.
        #[serde(default)]
        handed_in_on: Option<NaiveDate>,
    },
    /// Take back what was published by mistake.
    Unpublish {
        /// What.
        item: Item,
        /// Why, as a code: `by_mistake`, `wrong_party`, `ordered`.
        why: String,
        /// In words: private.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Take the commitment back.
    WithdrawCommitment {
        /// Why, as a code: `no_more_letting`, `own_wish`.
        why: String,
        /// The day it was handed in at the counter.
        #[serde(default)]
        handed_in_on: Option<NaiveDate>,
    },
}

impl Command {
    /// To whom it is open.
    pub(super) fn open_to(&self) -> &'static [Permission] {
        match self {
            Self::AcknowledgeReport { .. }
            | Self::DecideObjection { .. }
            | Self::DecideRepair { .. }
            | Self::FulfilCommitment
            | Self::GiveNotice { .. }
            | Self::Publish { .. } => const { &[anywhere(Role::CreditOfficer)] },
            Self::BreachCommitment { .. } | Self::RecordConduct(_) => {
                const {
                    &[
                        anywhere(Role::CreditOfficer),
                        anywhere(Role::DepartmentOfficer),
                        anywhere(Role::CompetentAuthority),
                    ]
                }
            }
            Self::ConfirmLowest { .. } | Self::RefuseLowest { .. } => const { &[anywhere(Role::Confirmer)] },
            Self::Unpublish { .. } => {
                const { &[anywhere(Role::CreditOfficer), anywhere(Role::LegalOfficer)] }
            }
            Self::RaiseObjection { handed_in_on, .. }
            | Self::RequestRepair { handed_in_on, .. }
            | Self::SignCommitment { handed_in_on, .. }
            | Self::WithdrawCommitment { handed_in_on, .. } => match handed_in_on {
                None => OWNER_OR_OPERATOR,
                Some(_) => {
                    const {
                        &[
                            anywhere(Role::CreditOfficer),
                            anywhere(Role::LegalOfficer),
                            anywhere(Role::DepartmentOfficer),
                            anywhere(Role::GridWorker),
                        ]
                    }
                }
            },
        }
    }

    /// Whether it brings something new into the file, which goes to the one that goes on.
    pub(super) const fn is_new(&self) -> bool {
        matches!(
            self,
            Self::ConfirmLowest { .. }
                | Self::RecordConduct(_)
                | Self::RefuseLowest { .. }
                | Self::SignCommitment { .. }
                | Self::Publish { item: Item::Class { .. }, .. }
        )
    }
}
