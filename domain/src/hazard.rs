//! Hazard: one case, from finding to closure.
//!
//! Invariants:
//! - who reviews has not found;
//! - a hazard counts towards a grade only once its competent department has confirmed it;
//! - a closed case stays closed; what comes later is a new case that names it.

use serde::{Deserialize, Serialize};

use crate::aggregate::{Concept, named};
use crate::derivation::Either;
use crate::facts::{Facts, Role};
use crate::rejection::Rejection;
use crate::said::{Photo, Private, Said, photos};

/// A hazard as its events left it.
#[derive(Clone, Debug, Default)]
pub struct Hazard {
    /// The department that reviews it now.
    pub competent: String,
    /// Whether the authority determined that it is major, or is not.
    pub determined: Option<bool>,
    /// Number of that determination's document.
    pub document_number: Option<String>,
    /// What was found.
    pub found: Option<Found>,
    /// How far it is.
    pub stage: Stage,
}

/// How far a hazard is; the names are those of the policy's register.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Stage {
    #[default]
    Absent,
    PendingReview,
    Confirmed,
    Accepted,
    Dismissed,
    Closed,
}

impl Stage {
    /// The state's name in the policy's register.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Accepted => "accepted",
            Self::Closed => "closed",
            Self::Confirmed => "confirmed",
            Self::Dismissed => "dismissed",
            Self::PendingReview => "pending_review",
        }
    }
}

/// What was found.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Found {
    /// The indicator it belongs to, or the source's own code.
    pub indicator: String,
    /// `general`, `serious` or `major`.
    pub severity: String,
    /// Class of work.
    pub works: String,
    /// The department that answers for it.
    pub competent: String,
    /// `check`, `patrol`, `report`, `incident`, `import`.
    pub source: String,
    /// A failed veto indicator before the authority's determination.
    #[serde(default)]
    pub suspected: bool,
    /// The stream that caused it: the assessment, the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caused_by: Option<String>,
    /// Points that a scheme with deductions takes off while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<u64>,
    /// Who found it; absent where it follows from a check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
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
    /// Close it.
    Close {
        /// `rectified`, `dismissed`, `merged`.
        how: String,
    },
    /// The competent authority's determination whether it is major.
    Determine {
        /// It is.
        major: bool,
        /// Number of the document.
        document_number: String,
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
    /// The department's review.
    Review {
        /// What it decides.
        outcome: Review,
        /// In the officer's words: private.
        #[serde(default)]
        reason: Option<String>,
    },
}

/// What a review decides.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Review {
    /// It is one.
    Confirmed,
    /// It is none.
    Dismissed,
    /// Another department answers for it; the clock goes on.
    PassedOn {
        /// Which.
        to: String,
    },
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(
    missing_docs,
    clippy::large_enum_variant,
    reason = "the fields are those of the commands; most are findings"
)]
pub enum Event {
    HazardClosed { how: String },
    HazardFound(Either<Found>),
    HazardReviewed { outcome: Review, by: String },
    MajorHazardDetermined { major: bool, document_number: String, by: String },
    RectificationAccepted { by: String },
}

named!(Event { HazardClosed, HazardFound, HazardReviewed, MajorHazardDetermined, RectificationAccepted });

impl Concept for Hazard {
    const TYPE: &'static str = "hazard";
    type Command = Command;
    type Event = Event;

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        let by = facts.actor.account.clone();
        match (self.stage, command) {
            (Stage::Absent, Command::Find { found, note, photos: taken }) => {
                facts.actor.require(&[Role::GridWorker, Role::DepartmentOfficer])?;
                facts.subject()?.must_be_open()?;
                let private = Private::none().with("note", note).with("photos", photos(&taken));
                let found = Found { by: Some(by), ..found };
                Ok(vec![Said::with(Event::HazardFound(Either::Stated(found)), private)])
            }
            (Stage::Absent, _) => Err(Rejection::NotFound { what: "hazard" }),
            (_, Command::Find { .. }) => Err(Rejection::AlreadyExists { what: "hazard" }),
            (Stage::Closed, Command::Close { .. }) | (Stage::Accepted, Command::Accept { .. }) => Ok(vec![]),
            (Stage::PendingReview, Command::Review { outcome, reason }) => {
                self.must_be_competent(facts)?;
                if self.found.as_ref().is_some_and(|found| found.by.as_deref() == Some(&by))
                    && !facts.actor.received
                {
                    return Err(Rejection::DutiesSeparated { rule: "reviewer_is_finder" });
                }
                let private = Private::none().with("reason", reason);
                Ok(vec![Said::with(Event::HazardReviewed { outcome, by }, private)])
            }
            (Stage::Confirmed | Stage::PendingReview, Command::Determine { major, document_number }) => {
                self.determine(major, document_number, by, facts)
            }
            (Stage::Confirmed, Command::Accept { findings, photos: taken }) => {
                self.must_be_competent(facts)?;
                let private = Private::none().with("findings", findings).with("photos", photos(&taken));
                Ok(vec![Said::with(Event::RectificationAccepted { by }, private)])
            }
            (Stage::Accepted | Stage::Dismissed, Command::Close { how }) => {
                self.must_be_competent(facts)?;
                Ok(vec![Said::openly(Event::HazardClosed { how })])
            }
            (stage, command) => Err(Rejection::WrongState { is: stage.code(), needs: needs(&command) }),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::HazardClosed { .. } => self.stage = Stage::Closed,
            Event::HazardFound(found) => {
                self.competent.clone_from(&found.facts().competent);
                self.found = Some(found.facts().clone());
                self.stage = Stage::PendingReview;
            }
            Event::HazardReviewed { outcome: Review::Confirmed, .. } => self.stage = Stage::Confirmed,
            Event::HazardReviewed { outcome: Review::Dismissed, .. } => self.stage = Stage::Dismissed,
            Event::HazardReviewed { outcome: Review::PassedOn { to }, .. } => self.competent.clone_from(to),
            Event::MajorHazardDetermined { major, document_number, .. } => {
                self.determined = Some(*major);
                self.document_number = Some(document_number.clone());
            }
            Event::RectificationAccepted { .. } => self.stage = Stage::Accepted,
        }
    }
}

impl Hazard {
    /// Whether it is still to be put right or decided on.
    pub const fn is_open(&self) -> bool {
        matches!(self.stage, Stage::PendingReview | Stage::Confirmed)
    }

    fn must_be_competent(&self, facts: &Facts) -> Result<(), Rejection> {
        facts.actor.require(&[Role::DepartmentOfficer, Role::CompetentAuthority])?;
        if facts.actor.is_of(&self.competent) {
            return Ok(());
        }
        Err(Rejection::DepartmentNeeded { department: self.competent.clone() })
    }

    fn determine(
        &self,
        major: bool,
        document: String,
        by: String,
        facts: &Facts,
    ) -> Result<Vec<Said<Event>>, Rejection> {
        facts.actor.require(&[Role::CompetentAuthority])?;
        self.must_be_competent(facts)?;
        if document.trim().is_empty() {
            return Err(Rejection::Rule { code: "no_document".into(), detail: serde_json::Value::Null });
        }
        if !self.found.as_ref().is_some_and(|found| found.suspected) {
            return Err(Rejection::WrongState {
                is: "not suspected of being major",
                needs: "a suspected major hazard",
            });
        }
        if self.determined == Some(major) {
            return Ok(vec![]);
        }
        Ok(vec![Said::openly(Event::MajorHazardDetermined { major, document_number: document, by })])
    }
}

const fn needs(command: &Command) -> &'static str {
    match command {
        Command::Accept { .. } => "confirmed",
        Command::Close { .. } => "accepted or dismissed",
        Command::Determine { .. } => "open",
        Command::Find { .. } => "new",
        Command::Review { .. } => "pending review",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given::given;

    fn found(by: &str) -> Event {
        Event::HazardFound(Either::Stated(Found {
            indicator: "gas_alarm".into(),
            severity: "general".into(),
            works: "buy".into(),
            competent: "fire".into(),
            source: "patrol".into(),
            suspected: false,
            caused_by: None,
            points: None,
            by: Some(by.into()),
        }))
    }

    fn confirm() -> Command {
        Command::Review { outcome: Review::Confirmed, reason: None }
    }

    #[test]
    fn the_finder_does_not_review() {
        given::<Hazard>([found("a-1")])
            .by_officer_of("fire")
            .when(confirm())
            .then_rejected("reviewer_is_finder");
    }

    #[test]
    fn another_department_does_not_review() {
        given::<Hazard>([found("a-2")])
            .by_officer_of("housing")
            .when(confirm())
            .then_rejected("department_needed");
    }

    #[test]
    fn passed_on_it_belongs_to_the_other_department() {
        let passed =
            Event::HazardReviewed { outcome: Review::PassedOn { to: "housing".into() }, by: "a-3".into() };
        given::<Hazard>([found("a-2"), passed])
            .by_officer_of("housing")
            .when(confirm())
            .then([Event::HazardReviewed { outcome: Review::Confirmed, by: "a-1".into() }]);
    }

    #[test]
    fn a_closed_case_stays_closed() {
        let confirmed = Event::HazardReviewed { outcome: Review::Confirmed, by: "a-3".into() };
        let accepted = Event::RectificationAccepted { by: "a-3".into() };
        let closed = Event::HazardClosed { how: "rectified".into() };
        given::<Hazard>([found("a-2"), confirmed, accepted, closed])
            .by_officer_of("fire")
            .when(confirm())
            .then_rejected("wrong_state");
    }
}
