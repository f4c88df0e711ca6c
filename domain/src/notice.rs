//! Notice (文书): what an authority writes to a party, how it is served, and the dates that run from service.
//!
//! Invariants:
//! - a notice names its authority, document number, legal basis, officers and remedies, unless the policy calls its kind
//!   informal;
//! - it says what was decided, and nothing that nobody has decided: a ban that binds, a result, an order, a decision;
//! - it is served once; a period runs from that day, and from no other;
//! - nothing is served by announcement before another way has failed.

mod concerning;
mod issuing;
mod serving;
#[cfg(test)]
mod tests;

pub use issuing::{Draft, Issued, Remedy};
pub use serving::{FixedDates, Method, RemedyDate, RemedyDates};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::aggregate::{Concept, named};
use crate::derivation::Computed;
use crate::facts::{Actor, Facts, Role};
use crate::permission::{OWNER_OR_OPERATOR, Permission, anywhere, in_area, of_premises, on_beat};
use crate::rejection::Rejection;
use crate::said::{Photo, Said};

/// A notice as its events left it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Notice {
    /// The day the party acknowledged it.
    pub acknowledged_on: Option<NaiveDate>,
    /// Whether the party agreed to electronic service in writing.
    pub electronic_agreed: bool,
    /// How often service failed.
    pub failed: u32,
    /// What was issued.
    pub issued: Option<Issued>,
    /// Dates that run from its service, once they are reckoned.
    pub remedy_dates: Vec<RemedyDate>,
    /// The day and way it was served.
    pub served: Option<(NaiveDate, Method)>,
}

/// Who issues notices, and handles them.
pub const ISSUERS: [Role; 6] = [
    Role::DepartmentOfficer,
    Role::LegalOfficer,
    Role::StreetLead,
    Role::CompetentAuthority,
    Role::CreditOfficer,
    Role::Reviewer,
];

/// What a notice is about.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are those of the glossary")]
pub enum Kind {
    AppealDecision,
    Credit,
    CreditRepairInformation,
    Downgrade,
    Hearing,
    Prohibition,
    Proposal,
    Rectification,
    ResultNotice,
    RiskNotice,
}

impl Kind {
    /// The name on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AppealDecision => "appeal_decision",
            Self::Credit => "credit",
            Self::CreditRepairInformation => "credit_repair_information",
            Self::Downgrade => "downgrade",
            Self::Hearing => "hearing",
            Self::Prohibition => "prohibition",
            Self::Proposal => "proposal",
            Self::Rectification => "rectification",
            Self::ResultNotice => "result_notice",
            Self::RiskNotice => "risk_notice",
        }
    }

    /// Whether it decides something against which there are remedies.
    pub const fn decides(self) -> bool {
        matches!(
            self,
            Self::AppealDecision
                | Self::Credit
                | Self::Downgrade
                | Self::Prohibition
                | Self::Rectification
                | Self::ResultNotice
        )
    }

    /// Whether its service invites the party to a statement before an adverse effect.
    pub const fn invites(self) -> bool {
        matches!(self, Self::Downgrade | Self::Hearing | Self::Proposal)
    }
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// The party says that it has read it.
    Acknowledge,
    /// Serve it by announcement, after another way has failed.
    Announce {
        /// Where: a public board, a newspaper, a web page.
        place: String,
    },
    /// Record where, and how, the party wants to be served.
    ConfirmAddress {
        /// The address: private.
        address: String,
        /// A telephone number or mailbox: private.
        #[serde(default)]
        contact: Option<String>,
        /// Whether the party agrees to electronic service.
        #[serde(default)]
        electronic: bool,
    },
    /// Service failed.
    Fail {
        /// How it was tried.
        method: Method,
        /// `no_answer`, `refused`, `moved`, `unknown_address`, `returned`.
        why: String,
        /// In the officer's words: private.
        #[serde(default)]
        note: Option<String>,
    },
    /// Issue it.
    Issue {
        /// What is public of it.
        #[serde(flatten)]
        draft: Draft,
        /// The letter's words: private.
        #[serde(default)]
        text: Option<String>,
        /// The signed letter: private.
        #[serde(default)]
        document: Option<Photo>,
    },
    /// Issue it anew in place of what was wrong; it has to be served again.
    Reissue {
        /// What is public of it now.
        #[serde(flatten)]
        draft: Draft,
        /// Why, as a code: `wrong_party`, `wrong_date`, `put_right`.
        why: String,
        /// The letter's words: private.
        #[serde(default)]
        text: Option<String>,
        /// The signed letter: private.
        #[serde(default)]
        document: Option<Photo>,
    },
    /// Record that it was served.
    Serve {
        /// How.
        method: Method,
        /// The day; today where absent.
        #[serde(default)]
        on: Option<NaiveDate>,
        /// Who took it: private.
        #[serde(default)]
        recipient: Option<String>,
        /// What the recipient is to the party: private.
        #[serde(default)]
        relation: Option<String>,
        /// Who witnessed it: private; their number is not.
        #[serde(default)]
        witnesses: Vec<String>,
        /// The signed receipt: private.
        #[serde(default)]
        receipt: Option<Photo>,
    },
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, clippy::large_enum_variant, reason = "the fields are those of the commands")]
pub enum Event {
    DeadlineFixed(Computed<FixedDates>),
    NoticeAcknowledged {
        on: NaiveDate,
        by: String,
    },
    NoticeIssued(Issued),
    NoticeReissued {
        #[serde(flatten)]
        issued: Issued,
        why: String,
    },
    NoticeServed {
        method: Method,
        on: NaiveDate,
        /// How many; who they were is the private field `witnesses`, so it has another name here.
        #[serde(rename = "witness_count", alias = "witnesses")]
        witnesses: u64,
        by: String,
    },
    RemedyDatesFixed(Computed<RemedyDates>),
    ServedByAnnouncement {
        announced_on: NaiveDate,
        /// The day on which it counts as served.
        on: NaiveDate,
        place: String,
        by: String,
    },
    ServiceAddressConfirmed {
        on: NaiveDate,
        electronic: bool,
        by: String,
    },
    ServiceFailed {
        method: Method,
        on: NaiveDate,
        why: String,
        /// 1, 2, 3 …
        attempt: u32,
        by: String,
    },
}

named!(Event {
    DeadlineFixed,
    NoticeAcknowledged,
    NoticeIssued,
    NoticeReissued,
    NoticeServed,
    RemedyDatesFixed,
    ServedByAnnouncement,
    ServiceAddressConfirmed,
    ServiceFailed,
});

impl Concept for Notice {
    const TYPE: &'static str = "notice";
    type Command = Command;
    type Event = Event;

    fn open_to(command: &Command) -> &'static [Permission] {
        match command {
            Command::Acknowledge => OWNER_OR_OPERATOR,
            Command::Announce { .. } => {
                const {
                    &[
                        anywhere(Role::DepartmentOfficer),
                        anywhere(Role::LegalOfficer),
                        in_area(Role::StreetLead),
                    ]
                }
            }
            Command::ConfirmAddress { .. } => {
                const {
                    &[
                        of_premises(Role::Owner),
                        of_premises(Role::Operator),
                        on_beat(Role::GridWorker),
                        anywhere(Role::DepartmentOfficer),
                        anywhere(Role::LegalOfficer),
                        in_area(Role::StreetLead),
                        in_area(Role::CommunityLead),
                    ]
                }
            }
            Command::Fail { .. } | Command::Serve { .. } => {
                const {
                    &[
                        on_beat(Role::GridWorker),
                        anywhere(Role::DepartmentOfficer),
                        anywhere(Role::LegalOfficer),
                        in_area(Role::StreetLead),
                        in_area(Role::CommunityLead),
                    ]
                }
            }
            Command::Issue { .. } | Command::Reissue { .. } => {
                const {
                    &[
                        anywhere(ISSUERS[0]),
                        anywhere(ISSUERS[1]),
                        in_area(ISSUERS[2]),
                        anywhere(ISSUERS[3]),
                        anywhere(ISSUERS[4]),
                        anywhere(ISSUERS[5]),
                    ]
                }
            }
        }
    }

    /// A notice may go to a party that answers for the house no more.
    fn has_side(&self, actor: &Actor) -> bool {
        let to = self.issued.as_ref().and_then(|issued| issued.to.as_ref());
        to.is_some_and(|to| actor.grants.iter().any(|grant| grant.party.as_ref() == Some(to)))
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        match (&self.issued, command) {
            (None, Command::Issue { draft, text, document }) => issuing::issue(draft, text, document, facts),
            (Some(_), Command::Issue { .. }) => Err(Rejection::AlreadyExists { what: "notice" }),
            (None, _) => Err(Rejection::NotFound { what: "notice" }),
            (Some(issued), Command::Acknowledge) => self.acknowledge(issued, facts),
            (Some(_), Command::Announce { place }) => self.announce(place, facts),
            (Some(issued), Command::ConfirmAddress { address, contact, electronic }) => {
                serving::confirm_address(issued, address, contact, electronic, facts)
            }
            (Some(_), Command::Fail { method, why, note }) => self.fail(method, why, note, facts),
            (Some(_), Command::Reissue { draft, why, text, document }) => {
                issuing::reissue(draft, why, text, document, facts)
            }
            (Some(issued), Command::Serve { method, on, recipient, relation, witnesses, receipt }) => {
                let on = on.unwrap_or(facts.today);
                let handed = serving::Handed { recipient, relation, witnesses, receipt };
                self.serve(issued, method, on, handed, facts)
            }
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::DeadlineFixed(computed) => {
                for fixed in &computed.result.dates {
                    self.remedy_dates.retain(|date| date.rule != fixed.rule);
                    self.remedy_dates.push(fixed.clone());
                }
            }
            Event::NoticeAcknowledged { on, .. } => self.acknowledged_on = Some(*on),
            Event::NoticeIssued(issued) => self.issued = Some(issued.clone()),
            Event::NoticeReissued { issued, .. } => {
                let electronic_agreed = self.electronic_agreed;
                *self = Self { issued: Some(issued.clone()), electronic_agreed, ..Self::default() };
            }
            Event::NoticeServed { method, on, .. } => self.served = Some((*on, *method)),
            Event::RemedyDatesFixed(computed) => self.remedy_dates.clone_from(&computed.result.dates),
            Event::ServedByAnnouncement { on, .. } => self.served = Some((*on, Method::Announcement)),
            Event::ServiceAddressConfirmed { electronic, .. } => self.electronic_agreed = *electronic,
            Event::ServiceFailed { attempt, .. } => self.failed = *attempt,
        }
    }
}
