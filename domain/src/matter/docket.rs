//! Docket (案件登记): the running matters of premises, kept small: what has ended is let go of with its last state, and of the
//! rest only what a running matter is told from. So that whoever keeps lists of the whole district can hold it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{Kind, Look, Matter, matters};
use crate::alert::Alert;
use crate::appeal::Appeal;
use crate::assessment::{Assessment, Stage as AssessmentStage};
use crate::derivation::SchemeRef;
use crate::dispute::Dispute;
use crate::event::Event;
use crate::grade::{Determination, Determined, Event as GradeEvent, Grade, Proceeding};
use crate::hazard::Stage as HazardStage;
use crate::notice::Notice;
use crate::premises;
use crate::reaction::Rulebooks;
use crate::record::Event as RecordEvent;
use crate::recorded::Recorded;
use crate::reevaluation::Reevaluation;
use crate::report::{Report, Stage as ReportStage};
use crate::subject::duties::Duties;
use crate::subject::{AssessmentOf, HazardOf, IncidentOf, Running, Subject};
use crate::task::{Stage as TaskStage, Task};

/// What runs at premises, folded from the entries of their path in log order.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(from = "Kept", into = "Kept")]
pub struct Docket {
    spans: BTreeMap<String, Span>,
    subject: Subject,
}

/// A matter with its moments.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Case {
    /// What it is, and how far.
    pub matter: Matter,
    /// The entry that opened it.
    pub opened: Moment,
    /// The last entry of its stream.
    pub changed: Moment,
    /// The entry that ended it.
    pub ended: Option<Moment>,
}

/// An entry's place, and both its times.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Moment {
    /// The day from which it holds.
    pub on: NaiveDate,
    /// When it happened, as its author claims.
    pub occurred_at: DateTime<Utc>,
    /// When the ledger took it.
    pub recorded_at: DateTime<Utc>,
    /// Where it stands.
    pub position: u64,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Span {
    opened: Moment,
    changed: Moment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<Moment>,
}

impl Docket {
    /// Whether an entry can change what runs.
    pub const fn concerns(event: &Event) -> bool {
        matches!(
            event,
            Event::Alert(_)
                | Event::Appeal(_)
                | Event::Assessment(_)
                | Event::Dispute(_)
                | Event::Grade(_)
                | Event::Hazard(_)
                | Event::Incident(_)
                | Event::Notice(_)
                | Event::Premises(premises::Event::PremisesClosed { .. })
                | Event::Record(RecordEvent::DeadlineFixed(_))
                | Event::Reevaluation(_)
                | Event::Report(_)
                | Event::Task(_)
        )
    }

    /// Take an entry of these premises, whose grade is then as given. Answers the matters that ended and are let go of, with their
    /// last state.
    pub fn take(
        &mut self,
        recorded: &Recorded<Event>,
        grade: &Grade,
        rulebooks: &dyn Rulebooks,
    ) -> Vec<Case> {
        if !Self::concerns(&recorded.event) {
            return vec![];
        }
        let (own, now) = (recorded.subject(), Moment::of(recorded));
        let before = self.subject.grade.waiting().map(|(determined, _)| determined.number);
        let look = Look::of(own, &self.subject, rulebooks);
        let (waited, owed) = (look.grade(), look.duties());
        self.subject.apply_beside(recorded, grade);
        self.leave_what_nobody_runs(recorded, rulebooks);
        let mut gone = Vec::new();
        let after = self.subject.grade.waiting().map(|(determined, _)| determined.number);
        let mut end = |matter: Matter, how: &str| {
            let span = self.spans.remove(&matter.stream)?;
            let matter = Matter { ended: Some(how.to_owned()), waits_on: vec![], ..matter };
            gone.push(Case { matter, opened: span.opened, changed: now, ended: Some(now) });
            Some(())
        };
        if before != after {
            waited.and_then(|grade| end(grade, ending(&recorded.event)));
        }
        let all = matters(own, &self.subject, rulebooks);
        let goes_on =
            |duty: &Matter| all.iter().any(|of| of.stream == duty.stream && of.detail == duty.detail);
        for duty in owed.into_iter().filter(|duty| !goes_on(duty)) {
            end(duty, discharging(&recorded.event));
        }
        self.mark(&all, recorded, now);
        gone.extend(self.let_go(all));
        gone
    }

    /// Every matter that runs, and those that have ended and may come up again.
    pub fn cases(&self, own: &str, rulebooks: &dyn Rulebooks) -> Vec<Case> {
        let all = matters(own, &self.subject, rulebooks);
        all.into_iter().filter_map(|matter| self.case(matter)).collect()
    }

    fn case(&self, matter: Matter) -> Option<Case> {
        let Span { opened, changed, ended } = *self.spans.get(&matter.stream)?;
        Some(Case { matter, opened, changed, ended })
    }

    /// A hazard of a rulebook that only grades what others graded waits for nobody here.
    fn leave_what_nobody_runs(&mut self, recorded: &Recorded<Event>, rulebooks: &dyn Rulebooks) {
        if !matches!(recorded.event, Event::Hazard(_)) {
            return;
        }
        let key = recorded.last_segment();
        let rulebook = self.subject.hazard_scheme(key).and_then(|scheme| rulebooks.rulebook(&scheme));
        if rulebook.is_some_and(|rulebook| !rulebook.policy.operating) {
            self.subject.hazards.remove(key);
        }
    }

    /// Note when a matter was opened, changed and ended; another's ending may end it too.
    fn mark(&mut self, all: &[Matter], recorded: &Recorded<Event>, now: Moment) {
        for matter in all {
            let fresh = Span { opened: now, changed: now, ended: None };
            let span = self.spans.entry(matter.stream.clone()).or_insert(fresh);
            if matter.stream == recorded.stream {
                span.changed = now;
            }
            span.ended = matter.ended.as_ref().map(|_| span.ended.unwrap_or(now));
        }
    }

    /// Let go of what has ended for good, and of everything that no running matter is told from.
    fn let_go(&mut self, all: Vec<Matter>) -> Vec<Case> {
        let subject = &self.subject;
        let over: Vec<Matter> = all
            .into_iter()
            .filter(|matter| matter.ended.is_some() && !comes_again(subject, matter))
            .collect();
        let kept = Kept::of(std::mem::take(&mut self.subject), BTreeMap::new());
        self.subject = kept.without(&over).into_subject();
        over.into_iter()
            .filter_map(|matter| {
                let case = self.case(matter)?;
                self.spans.remove(&case.matter.stream);
                Some(case)
            })
            .collect()
    }
}

impl Moment {
    fn of(recorded: &Recorded<Event>) -> Self {
        Self {
            on: recorded.holds_from(),
            occurred_at: recorded.occurred_at,
            recorded_at: recorded.recorded_at,
            position: recorded.position,
        }
    }
}

/// Whether something that has ended may go on, or is needed for what still runs.
fn comes_again(subject: &Subject, matter: &Matter) -> bool {
    let key = matter.stream.rsplit('/').next().unwrap_or_default();
    match matter.kind {
        Kind::Incident => true,
        Kind::Report => subject.reports.get(key).is_some_and(|of| of.stage == ReportStage::Answered),
        // dates that are still to be reckoned or fixed, and services from which the term of an open case runs
        Kind::Notice => subject.notices.get(key).is_some_and(|of| {
            let issued = of.state.issued.as_ref();
            let reckons = issued.is_some_and(|issued| !issued.remedies.is_empty());
            let dates = &of.state.remedy_dates;
            let open = reckons && (dates.is_empty() || dates.iter().any(|date| date.provisional));
            open || issued.is_some_and(|issued| is_open_hazard(subject, &issued.about))
        }),
        _ => false,
    }
}

fn is_open_hazard(subject: &Subject, stream: &str) -> bool {
    subject.hazards.values().any(|of| {
        let open = !matches!(of.state.stage, HazardStage::Absent | HazardStage::Closed);
        open && of.stream == stream
    })
}

/// How what the office owed ended: it was done, or nothing asks for it any more.
const fn discharging(event: &Event) -> &'static str {
    match event {
        Event::Notice(_)
        | Event::Grade(
            GradeEvent::PlaqueHung { .. }
            | GradeEvent::PlaqueRemoved { .. }
            | GradeEvent::StatementInvited(_),
        ) => "done",
        _ => "fell_away",
    }
}

/// What ended the waiting of a determination.
const fn ending(event: &Event) -> &'static str {
    match event {
        Event::Grade(
            GradeEvent::AdverseGradeConfirmed { .. } | GradeEvent::LiftFromProhibitedConfirmed { .. },
        ) => "confirmed",
        Event::Grade(
            GradeEvent::AdverseGradeRefused { .. } | GradeEvent::LiftFromProhibitedRefused { .. },
        ) => "refused",
        Event::Grade(GradeEvent::GradeSetAside(_)) => "set_aside",
        _ => "superseded",
    }
}

/// What running matters are told from.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Kept {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    spans: BTreeMap<String, Span>,
    #[serde(skip_serializing_if = "no_alert")]
    alert: Alert,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    appeals: BTreeMap<String, Running<Appeal>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    assessments: BTreeMap<String, AssessmentOf>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    disputes: BTreeMap<String, Running<Dispute>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    fixed: BTreeMap<String, NaiveDate>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    hazards: BTreeMap<String, HazardOf>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    incidents: BTreeMap<String, IncidentOf>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    notices: BTreeMap<String, Running<Notice>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    reevaluations: BTreeMap<String, Running<Reevaluation>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    reports: BTreeMap<String, Report>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    served: BTreeMap<String, BTreeSet<NaiveDate>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tasks: BTreeMap<String, Task>,
    /// Earlier determinations whose assessment found an open case, or is the newest: where one is suspended, such a case rests.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    determined: BTreeMap<u64, Determined>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest: Option<Determination>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<Proceeding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    banned_under: Option<SchemeRef>,
    #[serde(skip_serializing_if = "Duties::is_empty")]
    duties: Duties,
}

impl Kept {
    fn of(subject: Subject, spans: BTreeMap<String, Span>) -> Self {
        let Subject { alert, appeals, assessments, disputes, duties, fixed, grade, .. } = subject;
        let Subject { hazards, incidents, notices, reevaluations, reports, served, tasks, .. } = subject;
        let Grade { banned_under, mut determined, latest, pending, .. } = grade;
        determined.retain(|number, _| latest.as_ref().is_none_or(|latest| latest.number != *number));
        Self {
            spans,
            alert,
            appeals,
            assessments,
            disputes,
            fixed,
            hazards,
            incidents,
            notices,
            reevaluations,
            reports,
            served,
            tasks,
            determined,
            latest: latest.map(short),
            pending,
            banned_under,
            duties,
        }
    }

    fn without(mut self, over: &[Matter]) -> Self {
        let gone = |kind: Kind, key: &str| {
            let is = |matter: &Matter| matter.kind == kind && matter.stream.ends_with(&format!("/{key}"));
            over.iter().any(is)
        };
        if no_alert(&self.alert) || over.iter().any(|matter| matter.kind == Kind::Alert) {
            self.alert = Alert::default();
        }
        self.appeals.retain(|key, of| of.state.against.is_some() && !gone(Kind::Appeal, key));
        self.disputes.retain(|key, of| of.state.notified.is_some() && !gone(Kind::Dispute, key));
        self.hazards.retain(|key, of| of.state.found.is_some() && !gone(Kind::Hazard, key));
        self.incidents.retain(|_, of| of.state.known.is_some());
        self.notices.retain(|key, of| of.state.issued.is_some() && !gone(Kind::Notice, key));
        self.reevaluations
            .retain(|key, of| of.state.requested_on.is_some() && !gone(Kind::Reevaluation, key));
        self.reports.retain(|key, of| of.stage != ReportStage::Absent && !gone(Kind::Report, key));
        self.tasks.retain(|key, of| of.stage != TaskStage::Absent && !gone(Kind::Task, key));
        let hazards: BTreeSet<&String> = self.hazards.values().map(|of| &of.stream).collect();
        self.served.retain(|about, _| hazards.contains(about));
        let found: BTreeSet<&str> = self.hazards.values().filter_map(HazardOf::found_by).collect();
        let newest = self.latest.as_ref().map(|latest| latest.assessment.as_str());
        self.determined.retain(|_, of| {
            let assessment = of.assessment.as_str();
            newest == Some(assessment) || found.contains(assessment)
        });
        self.shorten_assessments();
        self.duties.forget_done();
        self
    }

    /// Of assessments that have ended only the rulebook is of use: that of the newest grade, of the newest assessment, and
    /// of those that open cases came from.
    fn shorten_assessments(&mut self) {
        let newest = self.assessments.iter().filter(|(_, of)| of.state.scheme.is_some());
        let newest = newest.max_by_key(|(key, of)| (of.opened_on, key.len(), key.as_str()));
        let newest = newest.map(|(key, _)| key.clone());
        let caused = self.hazards.values().filter_map(HazardOf::found_by).map(str::to_owned);
        let graded = self.latest.as_ref().map(|latest| latest.assessment.clone());
        let named: BTreeSet<String> = caused.chain(newest).chain(graded).collect();
        self.assessments.retain(|key, of| of.state.stage == AssessmentStage::Open || named.contains(key));
        for of in self.assessments.values_mut() {
            if of.state.stage != AssessmentStage::Open {
                let scheme = of.state.scheme.take();
                let state = Assessment { scheme, ..Assessment::default() };
                *of = AssessmentOf { opened_on: of.opened_on, state, ..AssessmentOf::default() };
            }
        }
    }

    fn into_subject(self) -> Subject {
        let latest = self.latest;
        let newest = latest.iter().map(|latest| {
            let of = Determined {
                assessment: latest.assessment.clone(),
                assessor: latest.assessor.clone(),
                direction: latest.direction.clone(),
            };
            (latest.number, of)
        });
        let determined = self.determined.into_iter().chain(newest).collect();
        let (pending, banned_under) = (self.pending, self.banned_under);
        let grade = Grade { banned_under, determined, pending, ..Grade::default() };
        Subject {
            alert: self.alert,
            appeals: self.appeals,
            assessments: self.assessments,
            disputes: self.disputes,
            duties: self.duties,
            fixed: self.fixed,
            grade: Grade { latest, ..grade },
            hazards: self.hazards,
            incidents: self.incidents,
            notices: self.notices,
            reevaluations: self.reevaluations,
            reports: self.reports,
            served: self.served,
            tasks: self.tasks,
            ..Subject::default()
        }
    }
}

impl From<Docket> for Kept {
    fn from(docket: Docket) -> Self {
        Self::of(docket.subject, docket.spans)
    }
}

impl From<Kept> for Docket {
    fn from(mut kept: Kept) -> Self {
        let spans = std::mem::take(&mut kept.spans);
        Self { spans, subject: kept.into_subject() }
    }
}

/// A determination without its reckoning, which no running matter asks for.
fn short(whole: Determination) -> Determination {
    Determination {
        aspects: BTreeMap::new(),
        points: BTreeMap::new(),
        failed: vec![],
        caps: vec![],
        vetoes: vec![],
        hazards_opened: vec![],
        ..whole
    }
}

const fn no_alert(alert: &Alert) -> bool {
    alert.issued.is_none()
}
