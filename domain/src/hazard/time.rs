//! What time brings to a case: its overdue mark, once for each due day; the levels its lateness reaches; the office's own
//! deadlines that were missed. Each carries its true day, so that it is the same however late it is looked for.

use chrono::{DateTime, NaiveDate, Utc};

use super::clock::Ended;
use super::course::{Escalated, FellOverdue, Routed};
use crate::calendar::add_days;
use crate::deadline::{Period, PeriodQuestion, period};
use crate::passing::Passed;
use crate::reaction::{Due, Rulebooks};
use crate::record::Missed;
use crate::recorded::local_date;
use crate::refused::Refused;
use crate::rulebook::Rulebook;
use crate::subject::{HazardOf, Subject};

/// One thing that time brought to a case.
pub(crate) struct Brought {
    /// The day on which it came.
    pub(crate) on: NaiveDate,
    /// What it is.
    pub(crate) what: What,
    reaction: &'static str,
    since: u64,
}

/// What time can bring to a case.
#[derive(Debug)]
pub(crate) enum What {
    /// A due day ended.
    Overdue(FellOverdue),
    /// Lateness reached a level.
    Escalated(Escalated),
    /// The office missed its own deadline; the mark has its own stream.
    Missed(String, Missed),
}

/// Where a new case goes by rule, and by when it must be reviewed.
///
/// # Errors
/// `unknown_rule` where the policy knows no review.
pub(crate) fn routed(rulebook: &Rulebook, of: &HazardOf) -> Result<Option<Routed>, Refused> {
    let Some(from) = of.received_on() else { return Ok(None) };
    let review = period(rulebook, &PeriodQuestion::of("hazard_review", from))?;
    Ok(Some(Routed { competent: of.state.competent.clone(), review }))
}

/// All that time has brought to the cases of these premises and that is not recorded yet, in the order in which it came.
pub(crate) fn passed(
    own: &str,
    subject: &Subject,
    now: DateTime<Utc>,
    rulebooks: &dyn Rulebooks,
) -> Vec<Passed> {
    let today = local_date(now);
    let mut all = Vec::new();
    for (key, of) in subject.hazards.iter().filter(|(_, of)| of.has_clocks()) {
        let Some(scheme) = subject.hazard_scheme(key) else { continue };
        let Some(rulebook) = rulebooks.rulebook(&scheme).filter(|rulebook| rulebook.policy.operating) else {
            continue;
        };
        for one in brought(&rulebook, subject, of, today) {
            let (event_type, stream) = match &one.what {
                What::Overdue(_) => ("HazardFellOverdue", of.stream.clone()),
                What::Escalated(_) => ("HazardEscalated", of.stream.clone()),
                What::Missed(stream, _) => ("DeadlineMissed", stream.clone()),
            };
            let due = Due {
                reaction: one.reaction,
                stream,
                event_type,
                scheme: scheme.clone(),
                subjects: vec![own.to_owned()],
            };
            all.push((one.on, Passed { due, since: one.since }));
        }
    }
    all.sort_by_key(|(on, _)| *on);
    all.into_iter().map(|(_, passed)| passed).collect()
}

/// What time has brought to one case by the end of the day before `today`, in order.
pub(crate) fn brought(
    rulebook: &Rulebook,
    subject: &Subject,
    of: &HazardOf,
    today: NaiveDate,
) -> Vec<Brought> {
    let mut all = overdue(rulebook, subject, of, today);
    all.extend(office(rulebook, subject, of, today));
    all.sort_by_key(|one| one.on);
    all
}

fn overdue(rulebook: &Rulebook, subject: &Subject, of: &HazardOf, today: NaiveDate) -> Vec<Brought> {
    let mut ended = of.clock.ended.clone();
    let runs = match rulebook.policy.operating {
        true => of.running(&subject.served),
        // who answered whom in time was another office's procedure: its day has passed, and the case is open
        false => of.due(&subject.served).filter(|_| of.state.is_open()),
    };
    if let Some(due) = runs.filter(|due| today > due.day) {
        ended.entry(due.day).or_insert(Ended { since: due.since, until: None }).until = None;
    }
    let marked = |since| {
        let theirs = of.clock.marked.iter().filter_map(|day| ended.get(day));
        theirs.into_iter().any(|other| other.since == since)
    };
    let severity = of.state.severity(rulebook).unwrap_or_default();
    let parties = of.state.course.order.as_ref().map(|order| order.parties.clone()).unwrap_or_default();
    let mut all = Vec::new();
    for (day, span) in &ended {
        if !marked(span.since) {
            let fell = FellOverdue { due: *day, severity: severity.clone(), parties: parties.clone() };
            let (on, what) = (add_days(*day, 1), What::Overdue(fell));
            all.push(Brought { on, what, reaction: "hazard_overdue", since: span.since });
        }
        for (rule, reaction) in rulebook.policy.escalations.iter().zip(ESCALATIONS) {
            let Some(on) = of.rested(*day, add_days(*day, rule.after_days)) else { continue };
            let told = of.clock.levels.contains(&(*day, rule.level.clone()));
            if told || span.until.unwrap_or(today).min(today) < on {
                continue;
            }
            let (level, to) = (rule.level.clone(), rule.to.clone());
            let what = What::Escalated(Escalated { due: *day, level, reached_on: on, to });
            all.push(Brought { on, what, reaction, since: span.since });
        }
    }
    all
}

fn office(rulebook: &Rulebook, subject: &Subject, of: &HazardOf, today: NaiveDate) -> Vec<Brought> {
    let mut all = Vec::new();
    for (n, clock) in of.clock.office.iter().enumerate() {
        let key = of.stream.rsplit('/').next().unwrap_or_default();
        let own = of.stream.strip_suffix(&format!("/hazard/{key}")).unwrap_or_default();
        let record = format!("late-{key}-{}-{n}", clock.rule);
        let stopped = clock.done_on.unwrap_or(today).min(today);
        let Some(due) = fixed_due(office_period(rulebook, of, clock)) else { continue };
        if stopped <= due || subject.missed.contains(&record) {
            continue;
        }
        let missed = Missed {
            deadline: clock.rule.clone().into_owned(),
            whose: of.clock.hand_on(due).cloned().unwrap_or_default(),
            about: of.stream.clone(),
            due,
            days_late: u32::try_from((stopped - due).num_days()).unwrap_or_default(),
        };
        let what = What::Missed(format!("{own}/record/{record}"), missed);
        all.push(Brought { on: add_days(due, 1), what, reaction: "office_late", since: clock.since });
    }
    all
}

impl HazardOf {
    /// Since when the office itself is late on the case and has not made it good.
    pub(crate) fn office_late_since(&self, rulebook: &Rulebook, on: NaiveDate) -> Option<NaiveDate> {
        let waiting = self.clock.office.iter().filter(|clock| clock.done_on.is_none());
        let late = waiting.filter_map(|clock| fixed_due(office_period(rulebook, self, clock)));
        late.map(|due| add_days(due, 1)).filter(|since| *since <= on).min()
    }

    /// What runs on the case: the party's due day, and the office's own deadlines that it has not met yet.
    pub(crate) fn runs(
        &self,
        rulebook: &Rulebook,
        subject: &Subject,
    ) -> (Option<NaiveDate>, Vec<(&str, Period)>) {
        (self.running(&subject.served).map(|due| due.day), self.office_deadlines(rulebook))
    }

    /// The office's own deadlines of this case that run: the policy's deadline, and when it ends.
    pub fn office_deadlines(&self, rulebook: &Rulebook) -> Vec<(&str, Period)> {
        let waiting = self.clock.office.iter().filter(|clock| clock.done_on.is_none());
        waiting
            .filter_map(|clock| Some((clock.rule.as_ref(), office_period(rulebook, self, clock)?)))
            .collect()
    }

    fn has_clocks(&self) -> bool {
        self.state.course.order.is_some() || !self.clock.office.is_empty() || !self.clock.ended.is_empty()
    }
}

/// What a later calendar has fixed stands. The review's end is the one stated when the case was routed; a deadline that the policy does not know never ends.
fn office_period(rulebook: &Rulebook, of: &HazardOf, clock: &super::clock::OfficeClock) -> Option<Period> {
    if let Some(due) = clock.fixed {
        return Some(Period::ending(due));
    }
    let routed = of.state.course.routed.as_ref().filter(|_| clock.rule == "hazard_review");
    let reckoned = || period(rulebook, &PeriodQuestion::of(&clock.rule, clock.from)).ok();
    routed.map(|routed| routed.review).or_else(reckoned)
}

/// Nobody is late on a provisional date.
fn fixed_due(period: Option<Period>) -> Option<NaiveDate> {
    period.filter(|period| !period.provisional)?.due
}

/// Names of the reactions, one for each level of a policy. There are no more levels than names.
pub(crate) const ESCALATIONS: [&str; 5] = [
    "hazard_escalated_1",
    "hazard_escalated_2",
    "hazard_escalated_3",
    "hazard_escalated_4",
    "hazard_escalated_5",
];
