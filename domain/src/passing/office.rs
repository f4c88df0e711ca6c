//! The office's own deadlines: an appeal to be admitted and decided, a request to be answered, a dispute to be replied to.
//! Whoever lets one pass is named, with the day it ended. On a provisional date nobody is late.

use chrono::{DateTime, NaiveDate, Utc};

use super::Passed;
use crate::appeal::{DECIDE, Stage};
use crate::assessment;
use crate::deadline::{Period, PeriodQuestion, period};
use crate::reaction::{Due, Rulebooks};
use crate::record::Missed;
use crate::recorded::local_date;
use crate::reevaluation::Answer;
use crate::rulebook::Rulebook;
use crate::subject::Subject;

/// A deadline that passed, with the record it goes into.
pub(crate) struct Late {
    key: String,
    missed: Missed,
    reaction: &'static str,
    since: u64,
}

/// What time brought to these premises' procedures and is not recorded yet.
pub(super) fn passed(
    own: &str,
    subject: &Subject,
    now: DateTime<Utc>,
    rulebooks: &dyn Rulebooks,
) -> Vec<Passed> {
    let mut passed = fixed(own, subject, rulebooks);
    let Some(scheme) = subject.scheme() else { return passed };
    let Some(rulebook) = rulebooks.rulebook(&scheme) else { return passed };
    let mut late = missed(&rulebook, own, subject, now);
    late.sort_by_key(|late| (late.missed.due, late.since));
    passed.extend(late.into_iter().map(|late| Passed {
        due: Due {
            reaction: late.reaction,
            stream: format!("{own}/record/{}", late.key),
            event_type: "DeadlineMissed",
            scheme: scheme.clone(),
            subjects: vec![own.to_owned()],
        },
        since: late.since,
    }));
    passed
}

/// What the record of this stream says, if that deadline has passed.
pub(crate) fn missed_in(
    rulebook: &Rulebook,
    own: &str,
    subject: &Subject,
    key: &str,
    as_of: DateTime<Utc>,
) -> Option<Missed> {
    missed(rulebook, own, subject, as_of).into_iter().find(|late| late.key == key).map(|late| late.missed)
}

/// Every deadline of the office that has passed by now and is not recorded yet.
fn missed(rulebook: &Rulebook, own: &str, subject: &Subject, now: DateTime<Utc>) -> Vec<Late> {
    if !rulebook.policy.operating {
        return vec![];
    }
    let clock = Clock { own, rulebook, today: local_date(now) };
    let mut late = Vec::new();
    late.extend(subject.appeals.iter().filter_map(|(key, of)| clock.appeal(key, of)));
    late.extend(subject.disputes.iter().filter_map(|(key, of)| clock.dispute(key, of)));
    late.extend(subject.reevaluations.iter().filter_map(|(key, of)| clock.reevaluation(key, of, subject)));
    late.retain(|late| !subject.missed.contains(&late.key));
    late
}

/// Notices whose provisional dates a calendar fixes that these premises know now.
fn fixed(own: &str, subject: &Subject, rulebooks: &dyn Rulebooks) -> Vec<Passed> {
    let Some(scheme) = subject.newest_scheme() else { return vec![] };
    let open =
        subject.notices.iter().filter(|(_, of)| of.state.remedy_dates.iter().any(|date| date.provisional));
    let mut open = open.peekable();
    // a calendar is looked up only where a date waits for one
    if open.peek().is_none() {
        return vec![];
    }
    let Some(rulebook) = rulebooks.rulebook(&scheme) else { return vec![] };
    open.filter(|(_, of)| matches!(of.state.fixed_dates(&rulebook), Ok(Some(_))))
        .map(|(key, of)| Passed {
            due: Due {
                reaction: "deadline_fixed",
                stream: format!("{own}/notice/{key}"),
                event_type: "DeadlineFixed",
                scheme: scheme.clone(),
                subjects: vec![own.to_owned()],
            },
            since: of.since,
        })
        .collect()
}

struct Clock<'a> {
    own: &'a str,
    rulebook: &'a Rulebook,
    today: NaiveDate,
}

impl Clock<'_> {
    fn appeal(&self, key: &str, of: &crate::subject::Running<crate::appeal::Appeal>) -> Option<Late> {
        let appeal = &of.state;
        let stream = format!("{}/appeal/{key}", self.own);
        if appeal.stage == Stage::Filed {
            let due = self.over(ADMIT, appeal.filed_on?, false)?;
            return Some(self.late(ADMIT, "appeal_admission_missed", stream, "legal_officer", due, of.since));
        }
        if !appeal.is_running() {
            return None;
        }
        let due = self.over(DECIDE, appeal.admitted_on?, appeal.extended)?;
        let whose = appeal.reviewer.as_deref().unwrap_or("legal_officer");
        Some(self.late(DECIDE, "appeal_decision_missed", stream, whose, due, of.since))
    }

    fn dispute(&self, key: &str, of: &crate::subject::Running<crate::dispute::Dispute>) -> Option<Late> {
        let notified = of.state.notified.as_ref()?;
        let waits = of.state.replied_on.is_none() && of.state.outcome.is_none();
        if !waits || self.today <= notified.reply_by {
            return None;
        }
        let stream = format!("{}/dispute/{key}", self.own);
        Some(self.late(REPLY, "dispute_reply_missed", stream, "legal_officer", notified.reply_by, of.since))
    }

    /// A request is answered when it is declined, or when the assessment that was opened on it is submitted.
    fn reevaluation(
        &self,
        key: &str,
        of: &crate::subject::Running<crate::reevaluation::Reevaluation>,
        subject: &Subject,
    ) -> Option<Late> {
        let whose = match &of.state.answer {
            None => "department",
            Some(Answer::Declined) => return None,
            Some(Answer::Granted { assessment }) => {
                let state = &subject.assessments.get(assessment)?.state;
                if state.stage != assessment::Stage::Open {
                    return None;
                }
                &state.lead
            }
        };
        let due = self.over(REEVALUATE, of.state.requested_on?, false)?;
        let stream = format!("{}/reevaluation/{key}", self.own);
        Some(self.late(REEVALUATE, "reevaluation_missed", stream, whose, due, of.since))
    }

    /// The last day of a deadline that is over; none while it runs, is provisional, or the policy has no such deadline.
    fn over(&self, rule: &str, from: NaiveDate, extended: bool) -> Option<NaiveDate> {
        let question = PeriodQuestion { extended, ..PeriodQuestion::of(rule, from) };
        let period: Period = period(self.rulebook, &question).ok()?;
        period.due.filter(|_| period.over_on(self.today))
    }

    fn late(
        &self,
        rule: &str,
        reaction: &'static str,
        of: String,
        whose: &str,
        due: NaiveDate,
        since: u64,
    ) -> Late {
        let case = of.strip_prefix(self.own).unwrap_or(&of).trim_start_matches('/').replace('/', "-");
        let days = self.today.signed_duration_since(due).num_days();
        let missed = Missed {
            deadline: rule.to_owned(),
            whose: whose.to_owned(),
            about: of,
            due,
            days_late: u32::try_from(days).unwrap_or_default(),
        };
        Late { key: format!("missed-{rule}-{case}"), missed, reaction, since }
    }
}

/// The policy's deadline for admitting an appeal, where it has one.
const ADMIT: &str = "appeal_admit";
/// What the notice of a dispute sets.
const REPLY: &str = "dispute_reply";
/// The policy's deadline for a re-evaluation.
const REEVALUATE: &str = "reevaluation";
