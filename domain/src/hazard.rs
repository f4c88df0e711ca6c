//! Hazard: one case, from finding to closure.
//!
//! Invariants:
//! - who reviews has not found;
//! - a hazard counts towards a grade only once its competent department has confirmed it;
//! - nothing is due before the order was served, and no term is longer than the policy allows;
//! - a closed case stays closed; what comes later is a new case that names it.

mod asked;
mod clock;
mod course;
mod happened;
mod longer_term;
mod rectification;
mod refusing;
mod resting;
mod review;
mod supervision;
mod time;

use serde::{Deserialize, Serialize};

pub use self::asked::Command;
pub(crate) use self::clock::received_on;
pub use self::clock::{Clock, DueDay};
pub use self::course::{Course, Escalated, FellOverdue, Ground, Order, Plan, Routed, Spoken};
pub use self::happened::Event;
pub(crate) use self::refusing::told;
pub(crate) use self::time::{ESCALATIONS, What, brought, passed, routed};
use crate::aggregate::Concept;
use crate::derivation::SchemeRef;
use crate::facts::Facts;
use crate::permission::Permission;
use crate::rejection::Rejection;
use crate::rulebook::Rulebook;
use crate::said::Said;

/// A hazard as its events left it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
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
    /// What happened besides: hands, order, plans, lateness.
    pub course: Course,
}

/// How far a hazard is; the names are those of the policy's register.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Stage {
    #[default]
    Absent,
    PendingReview,
    Confirmed,
    Rectifying,
    Submitted,
    Accepted,
    Dismissed,
    Closed,
}

impl Stage {
    /// Every stage, in the order of a case.
    pub const ALL: [Self; 8] = [
        Self::Absent,
        Self::PendingReview,
        Self::Confirmed,
        Self::Rectifying,
        Self::Submitted,
        Self::Accepted,
        Self::Dismissed,
        Self::Closed,
    ];

    /// The state's name in the policy's register.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Accepted => "accepted",
            Self::Closed => "closed",
            Self::Confirmed => "confirmed",
            Self::Dismissed => "dismissed",
            Self::PendingReview => "pending_review",
            Self::Rectifying => "rectifying",
            Self::Submitted => "submitted",
        }
    }

    /// Whether it is confirmed and still to be put right or accepted.
    pub const fn is_unsettled(self) -> bool {
        matches!(self, Self::Confirmed | Self::Rectifying | Self::Submitted)
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
    /// The rulebook whose classes these are, where no assessment of these premises says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<SchemeRef>,
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

/// How a case ended.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Closed {
    /// `rectified`, `dismissed`, `merged`; `put_right` where the result that opened it was put right; `set_aside` where an appeal or
    /// dispute said that it does not hold.
    pub how: String,
    /// The case that goes on, where it was merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into: Option<String>,
}

impl Closed {
    /// How a case ends whose result was put right.
    pub(crate) const PUT_RIGHT: &str = "put_right";

    /// Whether it ended because the result that opened it was put right.
    pub(crate) fn is_put_right(&self) -> bool {
        self.how == Self::PUT_RIGHT
    }
}

/// A closed case that goes on in a new one.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Reopened {
    /// The closed case that it goes on from.
    pub reopens: String,
    /// Why.
    pub why: ReopenedWhy,
    /// What is there, of the same kind as before.
    #[serde(flatten)]
    pub found: Found,
}

/// Why a closed case goes on in a new one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReopenedWhy {
    /// It was put right, and is there again.
    CameBack,
    /// It was said to be put right and never was.
    FoundFalse,
    /// It is not put right.
    NotFixed,
}

impl Concept for Hazard {
    const TYPE: &'static str = "hazard";
    type Command = Command;
    type Event = Event;

    fn open_to(command: &Command) -> &'static [Permission] {
        command.open_to()
    }

    fn competent(&self, _: &Command, _: &Facts) -> Option<String> {
        (self.stage != Stage::Absent).then(|| self.competent.clone())
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        let (needs, starts) =
            (command.needs(), matches!(command, Command::Find { .. } | Command::Reopen { .. }));
        if starts != (self.stage == Stage::Absent) {
            return Err(match starts {
                true => Rejection::AlreadyExists { what: "hazard" },
                false => Rejection::NotFound { what: "hazard" },
            });
        }
        // Events, an empty list if nothing new was said, none if the case is not where it needs to be.
        let decided = match command {
            Command::Accept { findings, photos } => self.accept(findings, &photos, facts),
            Command::AnswerContest { upheld, reasons } => self.answer_contest(upheld, reasons, facts),
            Command::ApproveWorksPlan { note } => self.approve_works_plan(note, facts),
            Command::Close { how, into } => self.close(how, into, facts),
            Command::ConfirmInterimMeasures { findings, photos } => {
                self.confirm_interim_measures(findings, &photos, facts)
            }
            Command::Contest { ground, text, handed_in_on } => {
                self.contest(ground, text, handed_in_on, facts)
            }
            Command::Determine { major, document_number, method, officers } => {
                self.determine(major, document_number, (method, officers), facts)
            }
            Command::EndSupervision { reason } => self.end_supervision(reason, facts),
            Command::Extend { until, reason } => self.extend(until, reason, facts),
            Command::Find { found, note, photos } => Self::find(found, note, &photos, facts),
            Command::FindFalse { findings, photos } => self.find_false(findings, &photos, facts),
            Command::Order { what, parties, document_number, days } => {
                self.order(what, parties, document_number, days, facts)
            }
            Command::OrderSupervision { until, document_number, reason } => {
                self.order_supervision(until, document_number, reason, facts)
            }
            Command::Refuse { findings, due, photos } => self.refuse(findings, due, &photos, facts),
            Command::RefuseExtension { reason } => self.refuse_extension(reason, facts),
            Command::RefuseWorksPlan { reason } => self.refuse_works_plan(reason, facts),
            Command::Reopen { case, why, note, photos } => Self::reopen(case, why, note, &photos, facts),
            Command::RequestExtension { until, text, handed_in_on } => {
                self.request_extension(until, text, handed_in_on, facts)
            }
            Command::Review { outcome, reason } => self.review(outcome, reason, facts),
            Command::SubmitRectification { text, photos, handed_in_on } => {
                self.submit_rectification(text, &photos, handed_in_on, facts)
            }
            Command::SubmitWorksPlan { days, text, photos, handed_in_on } => {
                self.submit_works_plan(days, (text, &photos), handed_in_on, facts)
            }
        };
        decided?.ok_or(Rejection::WrongState { is: self.stage.code(), needs })
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::HazardClosed(closed) => self.end(closed.facts()),
            Event::HazardContested { ground, .. } => self.course.contested = Some(*ground),
            Event::HazardEscalated(computed) => self.course.escalated = Some(computed.result.clone()),
            Event::HazardFellOverdue(computed) => self.course.overdue = Some(computed.result.due),
            Event::HazardFound(found) => self.begin(found.facts()),
            Event::HazardReopened(reopened) => {
                let Reopened { reopens, found, .. } = reopened.facts();
                self.begin(found);
                self.course.reopens = Some(reopens.clone());
            }
            Event::HazardReplyAnswered { upheld, .. } => self.answered(*upheld),
            Event::HazardReviewed { outcome, .. } => self.reviewed(outcome),
            Event::HazardRouted(computed) => self.course.routed = Some(computed.result.clone()),
            Event::MajorHazardDetermined { major, document_number, .. } => {
                self.determined = Some(*major);
                self.document_number = Some(document_number.clone());
            }
            Event::RectificationAccepted { .. } => self.stage = Stage::Accepted,
            Event::RectificationFoundFalse { .. } => {
                self.course.found_false += 1;
                self.back_to_work();
            }
            Event::RectificationOrdered { order, .. } => self.ordered(order),
            Event::RectificationRefused { due, .. } => {
                self.course.due_set = due.or(self.course.due_set);
                self.back_to_work();
            }
            Event::RectificationSubmitted(_) => {
                self.course.submissions += 1;
                self.stage = Stage::Submitted;
            }
            Event::SupervisionEnded { .. } => self.course.supervised_until = None,
            Event::SupervisionOrdered { until, .. } => self.course.supervised_until = Some(*until),
            Event::DeadlineExtended { .. }
            | Event::ExtensionRefused { .. }
            | Event::ExtensionRequested { .. }
            | Event::InterimMeasuresConfirmed { .. }
            | Event::WorksPlanApproved { .. }
            | Event::WorksPlanRefused { .. }
            | Event::WorksPlanSubmitted { .. } => self.take_longer(event),
        }
    }
}

impl Hazard {
    /// Whether it is still to be put right or decided on.
    pub const fn is_open(&self) -> bool {
        matches!(self.stage, Stage::PendingReview) || self.stage.is_unsettled()
    }

    /// Its severity as it stands: what was determined not major is one of the lesser severity from then on.
    pub fn severity(&self, rulebook: &Rulebook) -> Option<String> {
        let found = self.found.as_ref()?;
        let lesser = rulebook.policy.major_hazard.as_ref().map(|rule| &rule.not_major_severity);
        Some(lesser.filter(|_| self.determined == Some(false)).unwrap_or(&found.severity).clone())
    }

    fn begin(&mut self, found: &Found) {
        self.competent.clone_from(&found.competent);
        self.course = Course { hands: vec![found.competent.clone()], ..Course::default() };
        self.found = Some(found.clone());
        self.stage = Stage::PendingReview;
    }

    fn end(&mut self, closed: &Closed) {
        self.course.merged_into.clone_from(&closed.into);
        self.course.supervised_until = None;
        self.stage = Stage::Closed;
    }

    /// What was submitted is not put right: it is under its order again, or was never ordered.
    fn back_to_work(&mut self) {
        self.stage = if self.course.order.is_some() { Stage::Rectifying } else { Stage::Confirmed };
    }
}

#[cfg(test)]
mod tests;
