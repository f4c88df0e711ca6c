//! Subject: premises with all that lies under them, folded from every entry of their path in log order. What is
//! computed about premises is computed from this and nothing else.

pub(crate) mod duties;
mod effects;
mod remedies;
pub(crate) mod shut_doors;
pub(crate) mod warnings;

pub use effects::{Banned, LevelMoved, Vacancy};
pub use shut_doors::ShutDoors;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::aggregate::Concept;
use crate::alert::Alert;
use crate::appeal::Appeal;
use crate::assessment::{Assessment, Stage};
use crate::credit::FileOf;
use crate::derivation::{Either, SchemeRef};
use crate::dispute::Dispute;
use crate::effect::Effect;
use crate::event::Event;
use crate::grade::Grade;
use crate::hazard::{self, Clock, DueDay, Found, Hazard, Review};
use crate::incident::{self, Incident};
use crate::inspection::{self, Inspection};
use crate::listing::Listing;
use crate::measure::Measure;
use crate::meeting::Meeting;
use crate::notice::{Issued, Notice};
use crate::outcome::Outcome;
use crate::party::{self, Party};
use crate::passing::fixing;
use crate::premises::{self, Premises};
use crate::record::{COMPLETED_ON, Correction, Event as RecordEvent, Fixed};
use crate::recorded::{Recorded, local_date};
use crate::reevaluation::Reevaluation;
use crate::rejection::Rejection;
use crate::report::Report;
use crate::rounds::{Ask, Rounds};
use crate::rulebook::Rulebook;
use crate::survey::Survey;
use crate::task::Task;
use crate::visit::{self, Visit};
use crate::visit_count::VisitMade;
use crate::{assessment, credit, grade, listing, meeting};

/// Premises and everything under them.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// The alert, where the subject is one.
    pub alert: Alert,
    /// Appeals by their stream's last segment.
    pub appeals: BTreeMap<String, Running<Appeal>>,
    /// Assessments by their stream's last segment.
    pub assessments: BTreeMap<String, AssessmentOf>,
    /// Since when letting is prohibited, while it is.
    pub banned: Option<Banned>,
    /// What last gave rise to a new computation of the grade.
    pub cause: Option<Cause>,
    /// Position of the entry that did.
    pub caused_at: u64,
    /// The credit file, where the subject is a party.
    pub credit: FileOf,
    /// Reconsiderations and lawsuits by their stream's last segment.
    pub disputes: BTreeMap<String, Running<Dispute>>,
    /// What the office owes or owed: results told, plaques, tasks.
    pub duties: duties::Duties,
    /// Ends of periods that a later calendar made final, by the last segment of the record that says so.
    pub fixed: BTreeMap<String, NaiveDate>,
    /// The grade.
    pub grade: Grade,
    /// Hazards by their stream's last segment.
    pub hazards: BTreeMap<String, HazardOf>,
    /// Incidents by their stream's last segment.
    pub incidents: BTreeMap<String, IncidentOf>,
    /// Since when the level that binds is what it is.
    pub level_moved: Option<LevelMoved>,
    /// Position of the newest invitation to a statement.
    pub invited_at: u64,
    /// Position of the newest inspection that was made.
    pub inspected_at: Option<u64>,
    /// Inspections by their stream's last segment; each runs from its newest plan.
    pub inspections: BTreeMap<String, Running<Inspection>>,
    /// Listings by their stream's last segment; their clocks run from the submission.
    pub listings: BTreeMap<String, Running<Listing>>,
    /// Measures by their stream's last segment; their clocks run from the first word.
    pub measures: BTreeMap<String, Running<Measure>>,
    /// The meeting, where the subject is one; its clock runs from its being held.
    pub meeting: Running<Meeting>,
    /// Last segments of the records that say which deadlines of the office were missed.
    pub missed: BTreeSet<String>,
    /// Notices by their stream's last segment.
    pub notices: BTreeMap<String, Running<Notice>>,
    /// The party, where the subject is one.
    pub party: Party,
    /// Position of its registration.
    pub party_at: Option<u64>,
    /// Register, assignments, parties.
    pub premises: Premises,
    /// Requests to be graded again, by their stream's last segment.
    pub reevaluations: BTreeMap<String, Running<Reevaluation>>,
    /// The day on which the premises were registered.
    pub registered_on: Option<NaiveDate>,
    /// Residents' reports by their stream's last segment.
    pub reports: BTreeMap<String, Report>,
    /// What they ask of rounds, and a building's rounds.
    pub rounds: Rounds,
    /// Days on which a notice was served, by the stream that the notice is about (`premises/p-1/hazard/7`): from them run
    /// the terms of orders.
    pub served: BTreeMap<String, BTreeSet<NaiveDate>>,
    /// Days on which the steward or owner looked round.
    pub steward_checks: Vec<NaiveDate>,
    /// Surveys of residents by their stream's last segment.
    pub surveys: BTreeMap<String, Survey>,
    /// Tasks by their stream's last segment.
    pub tasks: BTreeMap<String, Task>,
    /// The day on which something was last recorded that may enter a party's credit.
    pub touched_on: Option<NaiveDate>,
    /// Visits to a unit to assess it, since it was last assessed or entered.
    pub turned_away: Vec<VisitMade>,
    /// Times in which nobody lived there.
    pub vacancies: Vec<Vacancy>,
    /// Visits under way, by their stream's last segment.
    pub visits: BTreeMap<String, Visit>,
    /// Visits made or failed, in order.
    pub calls: Vec<Call>,
}

/// A case with the place of the entry from which its clock runs.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Running<C> {
    /// Its own state.
    pub state: C,
    /// Position of that entry.
    pub since: u64,
}

/// An assessment with its days.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct AssessmentOf {
    /// Who entered results or submitted it.
    pub hands: BTreeSet<String>,
    /// Who entered the result of each indicator that a person did.
    #[serde(default)]
    pub entered: BTreeMap<String, String>,
    /// Its own state.
    pub state: Assessment,
    /// Confirmed incidents that were known when it was opened: what it looked at.
    pub answers: BTreeSet<String>,
    /// By when it is to be made, where its time came.
    pub due: Option<NaiveDate>,
    /// Position of its opening.
    pub opened_at: u64,
    /// The day it was opened.
    pub opened_on: Option<NaiveDate>,
    /// Position of its submission.
    pub submitted_at: u64,
    /// The day it was submitted, or completed where that is told apart or was corrected: the day its result is
    /// judged by.
    pub submitted_on: Option<NaiveDate>,
}

/// A hazard with its days.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct HazardOf {
    /// Its own state.
    pub state: Hazard,
    /// The day it was found.
    pub found_on: Option<NaiveDate>,
    /// The day its department confirmed it.
    pub confirmed_on: Option<NaiveDate>,
    /// Its stream, `premises/p-1/hazard/7`.
    pub stream: String,
    /// Its clocks: the party's and the office's.
    pub clock: Clock,
    /// Accounts that had a hand in it: whoever found, reviewed, determined or ordered.
    #[serde(skip)]
    pub hands: BTreeSet<String>,
    /// What of it enters a party's credit.
    #[serde(skip)]
    pub marks: Vec<credit::Mark>,
    /// Of a case that a failed result opened, which determinations of that assessment say that it failed and which that it did not.
    #[serde(skip)]
    pub said_failed: BTreeMap<u64, bool>,
}

/// An incident with its days.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct IncidentOf {
    /// Its own state.
    pub state: Incident,
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

impl AssessmentOf {
    /// Whether this account led it, or entered results or submitted it.
    pub(crate) fn is_in_the_hands_of(&self, account: &str) -> bool {
        self.state.lead == account || self.hands.contains(account)
    }
}

impl Subject {
    /// Take one entry of these premises.
    pub fn apply(&mut self, recorded: &Recorded<Event>) {
        self.follow(recorded);
        self.duties.take(recorded, &self.grade, written(&self.notices, recorded));
    }

    /// As [`Self::apply`], of premises whose whole grade, as it is then, is kept elsewhere.
    pub(crate) fn apply_beside(&mut self, recorded: &Recorded<Event>, grade: &Grade) {
        self.follow(recorded);
        self.duties.take(recorded, grade, written(&self.notices, recorded));
    }

    /// Take an entry into everything but what the office owes.
    fn follow(&mut self, recorded: &Recorded<Event>) {
        let (on, key, position) = (recorded.holds_from(), recorded.last_segment(), recorded.position);
        let received_on = hazard::received_on(recorded);
        if credit::enters(&recorded.event) {
            self.touched_on = self.touched_on.max(Some(local_date(recorded.recorded_at)));
        }
        for of in self.hazards.values_mut() {
            of.look(received_on, &self.served);
        }
        let (cause_before, bound_before) = (self.cause.take(), self.binding_number());
        match &recorded.event {
            Event::Alert(event) => self.alert.evolve(event),
            Event::Appeal(event) => self.apply_appeal(key, event, position),
            Event::Assessment(event) => self.apply_assessment(key, event, on, position),
            Event::Credit(event) => self.credit.take(event, position),
            Event::Dispute(event) => self.apply_dispute(key, event, on, position),
            Event::Grade(event) => {
                if let grade::Event::GradeDetermined(computed) = event {
                    self.rounds.scheme = Some(computed.derivation.scheme.clone());
                    self.say_what_failed(&computed.result);
                }
                self.grade.evolve(event);
                match event {
                    grade::Event::GradeSetAside(computed) => self.caused_by_setting_aside(&computed.result),
                    grade::Event::ProhibitionConfirmed { .. } => {
                        self.banned = Some(Banned { at: position, on });
                        self.caused("prohibition_confirmed", on);
                    }
                    grade::Event::ProhibitionLiftConfirmed { .. } => self.banned = None,
                    // the building's ban stands, and no grade is reckoned from it here
                    grade::Event::ProhibitionSetAside(computed) if computed.result.of.is_some() => {}
                    grade::Event::ProhibitionSetAside(computed) => {
                        self.banned = None;
                        self.caused("appeal_upheld", computed.result.on);
                    }
                    grade::Event::StatementInvited(_) => self.invited_at = position,
                    _ => {}
                }
            }
            Event::Hazard(event) => self.apply_hazard(recorded, event, on),
            Event::Incident(event) => self.apply_incident(key, event, on),
            Event::Inspection(event) => {
                let of = self.inspections.entry(key.to_owned()).or_default();
                of.state.evolve(event);
                match event {
                    inspection::Event::InspectionCarriedOut { .. } => self.inspected_at = Some(position),
                    inspection::Event::InspectionPlanned(_) | inspection::Event::InspectionReduced(_) => {
                        of.since = position;
                    }
                    inspection::Event::InspectionJoined { .. } | inspection::Event::InspectionMissed(_) => {}
                }
            }
            Event::Listing(event) => {
                let of = self.listings.entry(key.to_owned()).or_default();
                of.state.evolve(event);
                if matches!(event, listing::Event::VacancySubmitted { .. }) {
                    of.since = position;
                }
            }
            Event::Measure(event) => {
                let begins = !self.measures.contains_key(key);
                let of = self.measures.entry(key.to_owned()).or_default();
                of.state.evolve(event);
                if begins {
                    of.since = position;
                }
            }
            Event::Meeting(event) => {
                self.meeting.state.evolve(event);
                if matches!(event, meeting::Event::JointMeetingHeld { .. }) {
                    self.meeting.since = position;
                }
            }
            Event::Notice(event) => self.apply_notice(key, event, position),
            Event::Party(event) => {
                if matches!(event, party::Event::PartyRegistered { .. }) {
                    self.party_at = self.party_at.or(Some(position));
                }
                self.party.evolve(event);
            }
            Event::Patrol(event) => self.rounds.take(recorded.subject(), event, on, position),
            Event::Premises(event) => {
                match event {
                    premises::Event::OccupancyChanged { vacant, .. } => self.occupied(*vacant, on),
                    premises::Event::PremisesRegistered(_) => self.registered_on = Some(on),
                    premises::Event::StewardCheckRecorded { on, .. } => self.steward_checks.push(*on),
                    _ => {}
                }
                self.premises.evolve(event);
            }
            Event::Record(RecordEvent::FactCorrected { correction, .. }) => self.correct(correction, on),
            Event::Record(RecordEvent::DeadlineFixed(computed)) => self.fixes(key, &computed.result),
            Event::Record(RecordEvent::DeadlineMissed(_)) => {
                self.missed.insert(key.to_owned());
            }
            Event::Reevaluation(event) => self.apply_reevaluation(key, event, position),
            Event::Report(event) => self.reports.entry(key.to_owned()).or_default().evolve(event),
            Event::Survey(event) => self.surveys.entry(key.to_owned()).or_default().evolve(event),
            Event::Task(event) => self.tasks.entry(key.to_owned()).or_default().evolve(event),
            Event::Visit(event) => {
                if matches!(event, visit::Event::VisitMade { .. }) {
                    self.rounds.made_on(on, position);
                }
                self.apply_visit(key, event, on);
            }
            Event::Access(_)
            | Event::Account(_)
            | Event::Association(_)
            | Event::Authority(_)
            | Event::Board(_)
            | Event::Campaign(_)
            | Event::Draft(_)
            | Event::Other(_)
            | Event::Publication(_)
            | Event::Record(_) => {}
        }
        let set_aside = matches!(recorded.event, Event::Grade(grade::Event::GradeSetAside(_)));
        match &self.cause {
            Some(_) => self.caused_at = position,
            // where nothing holds any more, nothing is computed again
            None if set_aside => {}
            None => self.cause = cause_before,
        }
        self.level_moves(bound_before, on, position, set_aside);
        for of in self.hazards.values_mut() {
            of.settle(received_on, &self.served);
        }
        // a late mark is computed into a grade later still, which asks from the day the mark is of
        let asks_from = match &recorded.event {
            Event::Grade(grade::Event::GradeDetermined(computed)) => computed.result.determined_on.min(on),
            _ => on,
        };
        if matches!(recorded.event, Event::Premises(premises::Event::PremisesRegistered(_))) {
            // until something moves them, the rounds of two houses are told apart by the houses' own first entries
            self.rounds.since = position;
        }
        if matches!(recorded.event, Event::Grade(_) | Event::Hazard(_) | Event::Premises(_) | Event::Visit(_))
        {
            self.rounds.ask(self.asks(asks_from), position);
        }
    }

    /// What these premises ask of rounds from this day on: nothing while nothing was determined, nor once closed.
    fn asks(&self, on: NaiveDate) -> Ask {
        let level = |determination: &grade::Determination| determination.management_level.clone();
        let open = self.premises.closed_on.is_none() && self.grade.latest.is_some();
        let pending = self.grade.waiting().and_then(|(determination, _)| level(determination));
        let binds = self.grade.in_force().and_then(|binding| level(&binding.determination));
        let counts = self.premises.closed_on.is_none() && self.grade.latest.is_none();
        let turned_away = if counts { self.turned_away.clone() } else { vec![] };
        let suspected = |of: &HazardOf| {
            let suspected = of.state.found.as_ref().is_some_and(|found| found.suspected);
            suspected && of.state.determined.is_none() && of.state.is_open()
        };
        Ask {
            on,
            levels: pending.into_iter().chain(binds).filter(|_| open).collect(),
            turned_away,
            suspected: open && self.hazards.values().any(suspected),
        }
    }

    /// By when a case must be put right; none before its order was served.
    pub fn hazard_due(&self, key: &str) -> Option<DueDay> {
        self.hazards.get(key)?.due(&self.served)
    }

    /// The day a case's order was served.
    pub fn hazard_served_on(&self, key: &str) -> Option<NaiveDate> {
        self.hazards.get(key)?.served_on(&self.served)
    }

    /// The rulebook that a case goes by: the one it names, that of the assessment it came from, else that of the premises'
    /// procedures.
    pub fn hazard_scheme(&self, key: &str) -> Option<SchemeRef> {
        let found = self.hazards.get(key)?.state.found.as_ref()?;
        let caused = || {
            let assessment = found.caused_by.as_ref()?.rsplit('/').next()?;
            self.assessments.get(assessment)?.state.scheme.clone()
        };
        found.scheme.clone().or_else(caused).or_else(|| self.scheme())
    }

    /// Who entered the result that a hazard was opened by, where it was.
    pub(crate) fn entered_by(&self, found: &hazard::Found) -> Option<&String> {
        self.assessments.get(found.caused_by.as_ref()?)?.entered.get(&found.indicator)
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

    fn apply_assessment(&mut self, key: &str, event: &assessment::Event, on: NaiveDate, position: u64) {
        let of = self.assessments.entry(key.to_owned()).or_default();
        of.state.evolve(event);
        match event {
            assessment::Event::AssessmentOpened(opening) => {
                (of.opened_on, of.opened_at) = (Some(on), position);
                self.rounds.scheme.get_or_insert_with(|| opening.scheme().clone());
                of.due = opening.facts().due;
                let acting = self.incidents.iter().filter(|(_, of)| of.state.acts().is_some());
                of.answers = acting.map(|(incident, _)| incident.clone()).collect();
            }
            assessment::Event::IndicatorsChecked { results, by } => {
                of.hands.insert(by.clone());
                of.entered.extend(results.iter().map(|result| (result.indicator.clone(), by.clone())));
            }
            assessment::Event::AssessmentSubmitted { completed_on, by } => {
                let day = completed_on.unwrap_or(on);
                of.hands.insert(by.clone());
                (of.submitted_on, of.submitted_at) = (Some(day), position);
                self.rounds.made_on(day, position);
                self.turned_away.clear();
                let trigger = of.state.reason.map_or("scheduled", assessment::Reason::trigger);
                self.cause = Some(Cause { assessment: key.to_owned(), on, submitted: true, trigger });
            }
            _ => {}
        }
    }

    fn apply_hazard(&mut self, recorded: &Recorded<Event>, event: &hazard::Event, on: NaiveDate) {
        let of = self.hazards.entry(recorded.last_segment().to_owned()).or_default();
        of.state.evolve(event);
        of.stream.clone_from(&recorded.stream);
        of.count(event, recorded, &self.served);
        of.hands.extend(event.officer().map(str::to_owned));
        of.marks.extend(credit::Mark::of(event, of, on, recorded.position));
        let trigger = match event {
            hazard::Event::HazardFound(found) => {
                of.found_on = Some(on);
                of.said_failed = opened_by(found, self.grade.latest.as_ref());
                return;
            }
            hazard::Event::HazardReopened(_) => {
                of.found_on = Some(on);
                return;
            }
            hazard::Event::HazardReviewed { outcome: Review::Confirmed, .. } => {
                of.confirmed_on = Some(on);
                "hazard_confirmed"
            }
            hazard::Event::HazardFellOverdue(_) => "hazard_overdue",
            hazard::Event::MajorHazardDetermined { .. } => "major_hazard_determined",
            hazard::Event::RectificationAccepted { .. } => "rectification_accepted",
            // what nobody had confirmed moved no grade, and is closed by rule
            hazard::Event::HazardClosed(Either::Stated(closed)) if closed.is_put_right() => "fact_corrected",
            _ => return,
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

    fn apply_incident(&mut self, key: &str, event: &incident::Event, on: NaiveDate) {
        let of = self.incidents.entry(key.to_owned()).or_default();
        of.state.evolve(event);
        let moved = of.state.moved;
        let mut trigger = "fact_corrected";
        if matches!(event, incident::Event::IncidentConfirmed { .. }) {
            of.confirmed_on = Some(on);
            trigger = "incident_confirmed";
            // what an assessment looked at before is not what was confirmed now
            for of in self.assessments.values_mut() {
                of.answers.remove(key);
            }
        }
        if moved {
            self.caused(trigger, on);
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
        self.called(event, on, appointment_served);
        self.calls.push(Call { on, outcome, appointment_served });
    }

    /// Whether a correction is about what a grade is computed from: a result or the day of a submitted assessment.
    pub fn moves_grade(&self, correction: &Correction) -> bool {
        self.assessments.get(correction.key()).is_some_and(|of| {
            let result = |field: &str| field == COMPLETED_ON || of.state.results.contains_key(field);
            of.state.stage == Stage::Submitted && correction.fields().any(|(field, _)| result(field))
        })
    }

    fn correct(&mut self, correction: &Correction, on: NaiveDate) {
        let key = correction.key();
        let Some(of) = self.assessments.get_mut(key) else { return };
        for (field, right) in correction.fields() {
            let day = right.as_str().and_then(|text| text.parse().ok());
            match of.state.results.get_mut(field) {
                Some(checked) => checked.outcome = Outcome::from(right.clone()),
                None if field == COMPLETED_ON && day.is_some() => of.submitted_on = day,
                None => {}
            }
        }
        if self.moves_grade(correction) {
            let (assessment, trigger) = (key.to_owned(), "fact_corrected");
            self.cause = Some(Cause { assessment, on, submitted: false, trigger });
        }
    }

    /// A provisional end is final.
    fn fixes(&mut self, record: &str, fixed: &Fixed) {
        self.fixed.insert(record.to_owned(), fixed.due);
        let case = fixed.about.rsplit('/').next().unwrap_or_default();
        if let Some(of) = self.hazards.get_mut(case).filter(|of| of.stream == fixed.about) {
            of.fix(fixed);
        }
    }

    /// What the newest determination waits for, as the policy sees it; none where it binds or was refused.
    pub fn effect(&self, rulebook: &Rulebook) -> Option<Result<Effect, Rejection>> {
        self.grade.effect(rulebook, self.statement_by(rulebook))
    }

    /// Until when a statement may be made on the newest determination, where a later calendar has fixed that.
    pub(crate) fn statement_by(&self, rulebook: &Rulebook) -> Option<NaiveDate> {
        let (_, proceeding) = self.grade.waiting()?;
        let rule = &rulebook.policy.statement.as_ref()?.deadline;
        self.fixed.get(&fixing::key("grade", rule, proceeding.invited_on?, false)).copied()
    }

    fn caused(&mut self, trigger: &'static str, on: NaiveDate) {
        if let Some((assessment, _)) = self.last_submitted() {
            self.cause = Some(Cause { assessment: assessment.clone(), on, submitted: false, trigger });
        }
    }
}

/// What the notice says that an entry is of, where it is of one.
fn written<'a>(
    notices: &'a BTreeMap<String, Running<Notice>>,
    recorded: &Recorded<Event>,
) -> Option<&'a Issued> {
    notices.get(recorded.last_segment())?.state.issued.as_ref()
}

/// The determination that opened a case by a failed result, where one did.
fn opened_by(found: &Either<Found>, latest: Option<&grade::Determination>) -> BTreeMap<u64, bool> {
    let (computed, found) = (found.is_computed(), found.facts());
    let opens = |latest: &&grade::Determination| {
        computed
            && found.caused_by.as_ref() == Some(&latest.assessment)
            && latest.failed.contains(&found.indicator)
    };
    latest.filter(opens).map(|latest| (latest.number, true)).into_iter().collect()
}

#[cfg(test)]
mod tests;
