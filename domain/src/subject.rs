//! Subject: premises with all that lies under them, folded from every entry of their path in log order. What is
//! computed about premises is computed from this and nothing else.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::aggregate::Concept;
use crate::assessment::{Assessment, Stage};
use crate::event::Event;
use crate::grade::Grade;
use crate::hazard::{self, Hazard, Review};
use crate::outcome::Outcome;
use crate::premises::{self, Premises};
use crate::record::Event as RecordEvent;
use crate::recorded::Recorded;
use crate::rejection::Rejection;
use crate::visit::{self, Visit};
use crate::{assessment, grade};

/// Premises and everything under them.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// Assessments by their stream's last segment.
    pub assessments: BTreeMap<String, AssessmentOf>,
    /// What last gave rise to a new computation of the grade.
    pub cause: Option<Cause>,
    /// The grade.
    pub grade: Grade,
    /// Hazards by their stream's last segment.
    pub hazards: BTreeMap<String, HazardOf>,
    /// Register, assignments, parties.
    pub premises: Premises,
    /// Days on which the steward or owner looked round.
    pub steward_checks: Vec<NaiveDate>,
    /// Visits under way, by their stream's last segment.
    pub visits: BTreeMap<String, Visit>,
    /// Visits made or failed, in order.
    pub calls: Vec<Call>,
}

/// An assessment with its days.
#[derive(Clone, Debug, Default)]
pub struct AssessmentOf {
    /// Its own state.
    pub state: Assessment,
    /// The day it was opened.
    pub opened_on: Option<NaiveDate>,
    /// The day it was submitted: the day its result is judged by.
    pub submitted_on: Option<NaiveDate>,
}

/// A hazard with its days.
#[derive(Clone, Debug, Default)]
pub struct HazardOf {
    /// Its own state.
    pub state: Hazard,
    /// The day it was found.
    pub found_on: Option<NaiveDate>,
    /// The day its department confirmed it.
    pub confirmed_on: Option<NaiveDate>,
}

/// Somebody called at the door.
#[derive(Clone, Debug)]
pub struct Call {
    /// The day.
    pub on: NaiveDate,
    /// `entered`, `no_answer`, `refused`, `unsafe`.
    pub outcome: &'static str,
    /// Whether the appointment had been served.
    pub appointment_served: bool,
}

/// What gives rise to a new computation of the grade.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    /// The assessment whose results are used.
    pub assessment: String,
    /// The day from which what follows holds.
    pub on: NaiveDate,
    /// Whether it is the submission itself; else it came between assessments.
    pub submitted: bool,
    /// The policy's name for it.
    pub trigger: &'static str,
}

impl Subject {
    /// Take one entry of these premises.
    pub fn apply(&mut self, recorded: &Recorded<Event>) {
        let (on, key) = (recorded.holds_from(), recorded.last_segment());
        match &recorded.event {
            Event::Assessment(event) => self.apply_assessment(key, event, on),
            Event::Grade(event) => {
                self.grade.evolve(event);
                if matches!(event, grade::Event::ProhibitionConfirmed { .. }) {
                    self.caused("prohibition_confirmed", on);
                }
            }
            Event::Hazard(event) => self.apply_hazard(key, event, on),
            Event::Premises(event) => {
                if let premises::Event::StewardCheckRecorded { on } = event {
                    self.steward_checks.push(*on);
                }
                self.premises.evolve(event);
            }
            Event::Record(RecordEvent::FactCorrected { correction, .. }) => {
                self.correct(&correction.corrects, &correction.field, &correction.right, on);
            }
            Event::Visit(event) => self.apply_visit(key, event, on),
            Event::Account(_) | Event::Authority(_) | Event::Other(_) | Event::Publication(_) => {}
        }
    }

    /// Refuse unless the premises are registered and not closed.
    pub fn must_be_open(&self) -> Result<(), Rejection> {
        match (&self.premises.register, self.premises.closed_on) {
            (None, _) => Err(Rejection::NotFound { what: "premises" }),
            (_, Some(on)) => Err(Rejection::PremisesClosed { on }),
            _ => Ok(()),
        }
    }

    /// The newest submitted assessment: that of the latest day, of those the one submitted last.
    pub fn last_submitted(&self) -> Option<(&String, &AssessmentOf)> {
        let submitted = self.assessments.iter().filter(|(_, of)| of.state.stage == Stage::Submitted);
        submitted.max_by_key(|(key, of)| (of.submitted_on, key.len(), key.as_str()))
    }

    /// The last day on which somebody of the office went in: a visit made, or an assessment submitted.
    pub fn last_round(&self) -> Option<NaiveDate> {
        let entered = self.calls.iter().filter(|call| call.outcome == "entered").map(|call| call.on);
        entered.chain(self.assessments.values().filter_map(|of| of.submitted_on)).max()
    }

    fn apply_assessment(&mut self, key: &str, event: &assessment::Event, on: NaiveDate) {
        let of = self.assessments.entry(key.to_owned()).or_default();
        of.state.evolve(event);
        match event {
            assessment::Event::AssessmentOpened { .. } => of.opened_on = Some(on),
            assessment::Event::AssessmentSubmitted { .. } => {
                of.submitted_on = Some(on);
                let trigger = of.state.reason.map_or("scheduled", assessment::Reason::trigger);
                self.cause = Some(Cause { assessment: key.to_owned(), on, submitted: true, trigger });
            }
            _ => {}
        }
    }

    fn apply_hazard(&mut self, key: &str, event: &hazard::Event, on: NaiveDate) {
        let of = self.hazards.entry(key.to_owned()).or_default();
        of.state.evolve(event);
        let trigger = match event {
            hazard::Event::HazardFound(_) => {
                of.found_on = Some(on);
                return;
            }
            hazard::Event::HazardReviewed { outcome: Review::Confirmed, .. } => {
                of.confirmed_on = Some(on);
                "hazard_confirmed"
            }
            hazard::Event::MajorHazardDetermined { .. } => "major_hazard_determined",
            hazard::Event::RectificationAccepted { .. } => "rectification_accepted",
            hazard::Event::HazardClosed { .. } | hazard::Event::HazardReviewed { .. } => return,
        };
        // A hazard with points belongs to the assessment it is taken off from; any other counts for the newest one.
        let found = of.state.found.as_ref();
        let assessment =
            found.filter(|found| found.points.is_some()).and_then(|found| found.caused_by.clone());
        match assessment {
            Some(assessment) => self.cause = Some(Cause { assessment, on, submitted: false, trigger }),
            None => self.caused(trigger, on),
        }
    }

    fn apply_visit(&mut self, key: &str, event: &visit::Event, on: NaiveDate) {
        let visit = self.visits.entry(key.to_owned()).or_default();
        let appointment_served = visit.announced.as_ref().is_some_and(|announced| announced.served);
        visit.evolve(event);
        let outcome = match event {
            visit::Event::VisitAnnounced(_) => return,
            visit::Event::VisitFailed { why, .. } => why.code(),
            visit::Event::VisitMade { .. } => "entered",
        };
        self.visits.remove(key);
        self.calls.push(Call { on, outcome, appointment_served });
    }

    fn correct(&mut self, stream: &str, indicator: &str, right: &serde_json::Value, on: NaiveDate) {
        let key = stream.rsplit('/').next().unwrap_or(stream);
        let Some(of) = self.assessments.get_mut(key) else { return };
        let Some(checked) = of.state.results.get_mut(indicator) else { return };
        checked.outcome = Outcome::from(right.clone());
        if of.state.stage == Stage::Submitted {
            self.cause =
                Some(Cause { assessment: key.to_owned(), on, submitted: false, trigger: "fact_corrected" });
        }
    }

    fn caused(&mut self, trigger: &'static str, on: NaiveDate) {
        if let Some((assessment, _)) = self.last_submitted() {
            self.cause = Some(Cause { assessment: assessment.clone(), on, submitted: false, trigger });
        }
    }
}
