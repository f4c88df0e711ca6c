//! The clocks of a case: the party's, which runs from service of the order and counts by receipt, and the office's own.
//!
//! A due day that ended is kept when the next entry comes, so that whoever looks later sees what whoever looked in time
//! saw. What the party did in time and the office has not answered holds the party's clock: the office's lateness worsens
//! nothing.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::course::Spoken;
use super::{Event, Review, Stage};
use crate::calendar::add_days;
use crate::passing::fixing::{Fixed, Term};
use crate::recorded::{Recorded, local_date};
use crate::resting::Rests;
use crate::subject::HazardOf;

/// What is counted for a case. Days are those of receipt.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Clock {
    /// When each department had it.
    pub(super) hands: Vec<(NaiveDate, String)>,
    /// The office's own deadlines, in the order in which they began.
    pub(super) office: Vec<OfficeClock>,
    /// Due days that ended before it was put right.
    pub(super) ended: BTreeMap<NaiveDate, Ended>,
    /// Those of them that are recorded.
    pub(super) marked: BTreeSet<NaiveDate>,
    /// Levels reached and recorded, by due day.
    pub(super) levels: BTreeSet<(NaiveDate, String)>,
    received_on: Option<NaiveDate>,
    /// When carrying out was suspended, by the first day.
    #[serde(default, skip_serializing_if = "Rests::is_empty")]
    pub(super) rests: Rests,
    ordered: Option<(NaiveDate, u64)>,
    planned: u64,
    set: u64,
    set_on: Option<NaiveDate>,
    in_time: InTime,
    accepted: bool,
}

/// A day by the end of which it must be put right.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DueDay {
    /// The day.
    pub day: NaiveDate,
    /// Position of the entry that set it.
    pub since: u64,
}

/// A due day that ended.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(super) struct Ended {
    /// Position of the entry that set it.
    pub(super) since: u64,
    /// The day on which the lateness ended; none while it lasts.
    pub(super) until: Option<NaiveDate>,
}

/// A deadline of the office.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct OfficeClock {
    /// The policy's deadline.
    pub(super) rule: Cow<'static, str>,
    /// The starting day, not counted.
    pub(super) from: NaiveDate,
    /// Position of the entry that started it.
    pub(super) since: u64,
    /// The day on which the office did it.
    pub(super) done_on: Option<NaiveDate>,
    /// Its last day, where a later calendar has made that final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) fixed: Option<NaiveDate>,
}

/// What the party did before the day ended.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
struct InTime {
    extension: bool,
    plan: bool,
    submission: bool,
}

impl HazardOf {
    /// By when it must be put right; none before the order was served, nor while it is suspended without a named end.
    pub fn due(&self, served: &BTreeMap<String, BTreeSet<NaiveDate>>) -> Option<DueDay> {
        let order = self.state.course.order.as_ref()?;
        let (_, since) = self.clock.ordered?;
        let from = self.served_on(served)?;
        let rested = |begins_after: NaiveDate, day: NaiveDate, since: u64| {
            self.rested(begins_after, day).map(|day| DueDay { day, since })
        };
        let mut last = rested(from, add_days(from, order.days), since)?;
        let plan = self.state.course.plan_in_force();
        let plan = plan.map(|plan| rested(from, add_days(from, plan.days), self.clock.planned));
        let set_on = self.clock.set_on.unwrap_or(from);
        let set = self.state.course.due_set.map(|day| rested(set_on, day, self.clock.set));
        for other in [plan, set].into_iter().flatten() {
            let other = other?;
            last = if other.day > last.day { other } else { last };
        }
        Some(last)
    }

    /// The day its order was served: the first service of a notice about it that is not before the order.
    pub fn served_on(&self, served: &BTreeMap<String, BTreeSet<NaiveDate>>) -> Option<NaiveDate> {
        let (ordered_on, _) = self.clock.ordered?;
        served.get(&self.stream)?.range(ordered_on..).next().copied()
    }

    /// The due day as the register of hazards shows it to a grade: none while the party waits for the office.
    pub fn register_due(&self, served: &BTreeMap<String, BTreeSet<NaiveDate>>) -> Option<NaiveDate> {
        let counts = self.state.stage.is_unsettled() && !self.waits_for_office();
        counts.then(|| self.due(served)).flatten().map(|due| due.day)
    }

    /// The due day that runs against the party.
    pub(super) fn running(&self, served: &BTreeMap<String, BTreeSet<NaiveDate>>) -> Option<DueDay> {
        let runs = self.state.stage == Stage::Rectifying && !self.waits_for_office();
        runs.then(|| self.due(served)).flatten()
    }

    /// Before an entry is taken that came on this day: what has ended by then.
    pub(crate) fn look(&mut self, on: NaiveDate, served: &BTreeMap<String, BTreeSet<NaiveDate>>) {
        if let Some(due) = self.running(served).filter(|due| on > due.day) {
            self.clock.ended.entry(due.day).or_insert(Ended { since: due.since, until: None }).until = None;
        }
    }

    /// After an entry was taken: a due day that does not run any more has stopped being exceeded.
    pub(crate) fn settle(&mut self, on: NaiveDate, served: &BTreeMap<String, BTreeSet<NaiveDate>>) {
        let running = self.running(served).map(|due| due.day);
        for (day, ended) in &mut self.clock.ended {
            if running != Some(*day) && ended.until.is_none() {
                ended.until = Some(on);
            }
        }
    }

    /// Take an event of this case into its clocks, after its state.
    pub(crate) fn count(
        &mut self,
        event: &Event,
        recorded: &Recorded<crate::event::Event>,
        served: &BTreeMap<String, BTreeSet<NaiveDate>>,
    ) {
        let (received, said_on, position) = (received_on(recorded), recorded.holds_from(), recorded.position);
        let came = |spoken: &Spoken| spoken.handed_in_on.unwrap_or(received);
        let due = self.due(served).map(|due| due.day);
        let in_time = |spoken: &Spoken| due.is_none_or(|due| came(spoken) <= due);
        let clock = &mut self.clock;
        match event {
            Event::HazardFound(_) | Event::HazardReopened(_) => {
                *clock = Clock { received_on: Some(received), ..Clock::default() };
                clock.hands.push((received, self.state.competent.clone()));
            }
            Event::HazardRouted(_) => {
                clock.start("hazard_review", clock.received_on.unwrap_or(received), position);
            }
            Event::HazardReviewed { outcome: Review::PassedOn { to }, .. } => {
                clock.hands.push((said_on, to.clone()));
            }
            Event::HazardReviewed { outcome, .. } => {
                clock.done(&["hazard_review"], said_on);
                if *outcome == Review::Confirmed {
                    clock.start(ORDER, said_on, position);
                }
            }
            Event::RectificationOrdered { .. } => {
                clock.ordered = Some((said_on, position));
                clock.done(&[ORDER], said_on);
            }
            Event::WorksPlanSubmitted { spoken, .. } => {
                clock.in_time.plan = in_time(spoken);
                clock.start("works_plan", came(spoken), position);
            }
            Event::WorksPlanApproved { .. } | Event::WorksPlanRefused { .. } => {
                clock.planned = position;
                clock.done(&["works_plan"], said_on);
            }
            Event::InterimMeasuresConfirmed { .. } => clock.planned = position,
            Event::ExtensionRequested { spoken, .. } => {
                clock.in_time.extension = in_time(spoken);
                clock.start("extension", came(spoken), position);
            }
            Event::DeadlineExtended { .. } => {
                (clock.set, clock.set_on) = (position, Some(said_on));
                clock.done(&["extension"], said_on);
            }
            Event::ExtensionRefused { .. } => clock.done(&["extension"], said_on),
            Event::RectificationSubmitted(spoken) => {
                clock.in_time.submission = in_time(spoken);
                clock.start("acceptance", came(spoken), position);
            }
            Event::RectificationRefused { due, .. } => {
                if due.is_some() {
                    (clock.set, clock.set_on) = (position, Some(said_on));
                }
                clock.done(&["acceptance"], said_on);
            }
            Event::RectificationFoundFalse { .. } => {
                clock.accepted = false;
                clock.done(&["acceptance"], said_on);
            }
            Event::RectificationAccepted { .. } => {
                clock.accepted = true;
                clock.done(&ALL, said_on);
            }
            Event::HazardClosed(_) => clock.done(&ALL, said_on),
            Event::HazardReplyAnswered { upheld: true, .. } => clock.done(&ALL, said_on),
            Event::HazardFellOverdue(computed) => {
                clock.marked.insert(computed.result.due);
            }
            Event::HazardEscalated(computed) => {
                let reached = &computed.result;
                clock.levels.insert((reached.due, reached.level.clone()));
            }
            Event::HazardContested { .. }
            | Event::HazardReplyAnswered { .. }
            | Event::MajorHazardDetermined { .. }
            | Event::SupervisionEnded { .. }
            | Event::SupervisionOrdered { .. } => {}
        }
    }

    /// A later calendar made the end of one of the office's deadlines final.
    pub(crate) fn fix(&mut self, fixed: &Fixed) {
        let of = |clock: &&mut OfficeClock| clock.rule == fixed.deadline && clock.from == fixed.from;
        for clock in self.clock.office.iter_mut().filter(of) {
            clock.fixed = Some(fixed.due);
        }
    }

    /// Whether the office has something to do by a day.
    pub(crate) fn waits_for_the_office(&self) -> bool {
        self.clock.office.iter().any(|clock| clock.done_on.is_none())
    }

    /// The office's own deadlines of this case that run, as they are reckoned.
    pub(crate) fn terms(&self) -> Vec<Term> {
        let waiting = self.clock.office.iter().filter(|clock| clock.done_on.is_none());
        waiting
            .map(|clock| Term {
                about: self.stream.clone(),
                rule: clock.rule.clone().into_owned(),
                from: clock.from,
                extended: false,
                since: clock.since,
            })
            .collect()
    }

    /// Whether its rectification was accepted.
    pub fn is_put_right(&self) -> bool {
        self.state.stage == Stage::Accepted
            || (self.state.stage == Stage::Closed
                && self.clock.accepted
                && self.state.course.merged_into.is_none())
    }

    /// The day from which the office's own review counts: that of the finding's receipt.
    pub(super) fn received_on(&self) -> Option<NaiveDate> {
        self.clock.received_on
    }

    /// Whether the party did in time what the office has not answered yet.
    fn waits_for_office(&self) -> bool {
        let (course, in_time) = (&self.state.course, self.clock.in_time);
        match self.state.stage {
            Stage::Submitted => in_time.submission,
            Stage::Rectifying => {
                (course.plan_waits() && in_time.plan) || (course.extension.is_some() && in_time.extension)
            }
            _ => false,
        }
    }
}

impl Clock {
    fn start(&mut self, rule: &'static str, from: NaiveDate, since: u64) {
        self.office.push(OfficeClock { rule: Cow::Borrowed(rule), from, since, done_on: None, fixed: None });
    }

    fn done(&mut self, rules: &[&str], on: NaiveDate) {
        let waiting = self.office.iter_mut().filter(|clock| clock.done_on.is_none());
        for clock in waiting.filter(|clock| rules.contains(&clock.rule.as_ref())) {
            clock.done_on = Some(on);
        }
    }

    /// The department that had it on a day.
    pub(super) fn hand_on(&self, day: NaiveDate) -> Option<&String> {
        let had = self.hands.iter().rfind(|(since, _)| *since <= day);
        had.or(self.hands.first()).map(|(_, department)| department)
    }
}

/// The day an entry came in: by it counts what a party does. What was imported came in when its source says; an overdue mark
/// came on the day it looks at, however late it was written.
pub(crate) fn received_on(recorded: &Recorded<crate::event::Event>) -> NaiveDate {
    let came = match &recorded.event {
        crate::event::Event::Hazard(Event::HazardFellOverdue(_)) => recorded.occurred_at,
        _ => recorded.recorded_at,
    };
    recorded.aside.effective_from.unwrap_or_else(|| local_date(came))
}

/// Every deadline of the office about a case.
const ALL: [&str; 5] = ["acceptance", "extension", "hazard_review", ORDER, "works_plan"];
/// The policy's deadline for ordering that what was confirmed is put right.
const ORDER: &str = "rectification_order";
