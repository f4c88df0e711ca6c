//! The office's own deadlines: an appeal to be admitted and decided, a request to be answered, a dispute to be replied to, a
//! resolution of a joint meeting to be carried out, a result to be told, a plaque to hang or to come down, a task to be done.
//! Whoever lets one pass is named, with the day it ended. On a provisional date nobody is late.

use chrono::{DateTime, NaiveDate, Utc};

use super::Passed;
use super::fixing::{self, Term};
use crate::appeal::{Appeal, DECIDE, Stage};
use crate::assessment;
use crate::deadline::{Period, PeriodQuestion, period, resting_period};
use crate::dispute::Dispute;
use crate::meeting::{Meeting, RESOLUTION, Resolution};
use crate::reaction::{Due, Rulebooks};
use crate::record::Missed;
use crate::recorded::local_date;
use crate::reevaluation::{Answer, Reevaluation};
use crate::resting::Rests;
use crate::rulebook::Rulebook;
use crate::subject::duties::{Duty, Ends, PLAQUE_POST, PLAQUE_PUT_UP, PLAQUE_TAKE_DOWN, RESULT_NOTICE, TASK};
use crate::subject::warnings::RISK_NOTICE;
use crate::subject::{Running, Subject};

/// A deadline of the office that runs, with the record that says when it was missed.
pub(crate) struct OfficeDeadline {
    /// The stream that it is about.
    pub(crate) about: String,
    /// The policy's deadline.
    pub(crate) rule: &'static str,
    /// Its end.
    pub(crate) period: Period,
    /// Whose it is: an account, a department, or the role that has to act.
    whose: String,
    key: String,
    reaction: &'static str,
    /// Position of the entry that it runs from.
    pub(crate) since: u64,
    /// The day on which it was done, where that is kept.
    done_on: Option<NaiveDate>,
    /// The starting day of a period of the policy, and whether it was extended.
    from: Option<(NaiveDate, bool)>,
    /// The times in which it rests.
    rests: Rests,
}

/// Something that the office owes premises unasked, and has not done yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Owed {
    /// The policy's deadline; `task` for the day that the dispatch of a task sets.
    pub rule: &'static str,
    /// The stream that it is about.
    pub about: String,
    /// Its end; none while it rests and no end of that is known.
    pub period: Period,
    /// Who has to act: an account, a department or a role.
    pub whose: String,
    /// The times in which it rests, for what it follows from is suspended.
    pub rests: Rests,
}

/// A deadline that passed, with the record it goes into.
struct Late {
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
    let mut passed = fixed(own, subject, local_date(now), rulebooks);
    // premises that were never assessed go by the rulebook of their rounds
    let scheme = subject.scheme().or_else(|| subject.rounds.scheme.clone());
    let Some(scheme) = scheme else { return passed };
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

/// Every deadline of the office that runs, past its end or not; none by a rulebook that does not operate.
pub(crate) fn running(rulebook: &Rulebook, own: &str, subject: &Subject) -> Vec<OfficeDeadline> {
    if !rulebook.policy.operating {
        return vec![];
    }
    let clock = Clock { own, rulebook, subject };
    let mut running = Vec::new();
    running.extend(subject.appeals.iter().filter_map(|(key, of)| clock.appeal(key, of)));
    running.extend(subject.disputes.iter().filter_map(|(key, of)| clock.dispute(key, of)));
    running.extend(subject.reevaluations.iter().filter_map(|(key, of)| clock.reevaluation(key, of, subject)));
    running.extend(
        subject.meeting.state.open().map(|resolution| clock.resolution(resolution, &subject.meeting)),
    );
    running
}

/// Every deadline of the office that has passed by now and is not recorded yet.
fn missed(rulebook: &Rulebook, own: &str, subject: &Subject, now: DateTime<Utc>) -> Vec<Late> {
    let today = local_date(now);
    let all = running(rulebook, own, subject).into_iter().chain(owed(rulebook, own, subject));
    let over = all.filter(|of| !subject.missed.contains(&of.key));
    over.filter_map(|of| of.late(today)).collect()
}

/// What the office owes these premises and their owner beside what somebody asked it, done or not.
fn owed(rulebook: &Rulebook, own: &str, subject: &Subject) -> Vec<OfficeDeadline> {
    if !rulebook.policy.operating {
        return vec![];
    }
    let clock = Clock { own, rulebook, subject };
    let duties = subject.duties.under(rulebook, own);
    duties.into_iter().filter_map(|duty| clock.duty(duty)).collect()
}

/// What the office owes these premises unasked beside tasks and has not done yet, past its end or not.
pub(crate) fn undone(
    rulebook: &Rulebook,
    own: &str,
    subject: &Subject,
) -> impl Iterator<Item = OfficeDeadline> {
    owed(rulebook, own, subject).into_iter().filter(|of| of.done_on.is_none() && of.rule != TASK)
}

/// What the office owes these premises unasked and has not done yet, past its end or not, the earliest end first.
pub fn owes(rulebook: &Rulebook, own: &str, subject: &Subject) -> Vec<Owed> {
    let undone = owed(rulebook, own, subject).into_iter().filter(|of| of.done_on.is_none());
    let mut all: Vec<Owed> = undone
        .map(|of| Owed {
            rule: of.rule,
            about: of.about,
            period: of.period,
            whose: of.whose,
            rests: of.rests,
        })
        .collect();
    // what rests without an end comes last
    all.sort_by_key(|owed| (owed.period.date().is_none(), owed.period.date()));
    all
}

/// The periods of the office that run here, as they are reckoned.
pub(super) fn terms(rulebook: &Rulebook, own: &str, subject: &Subject) -> Vec<Term> {
    let all = running(rulebook, own, subject).into_iter().chain(owed(rulebook, own, subject));
    let undone = all.filter(|of| of.done_on.is_none());
    undone
        .filter_map(|of| {
            let (from, extended) = of.from?;
            Some(Term { about: of.about, rule: of.rule.to_owned(), from, extended, since: of.since })
        })
        .collect()
}

/// Notices whose provisional dates a calendar fixes that these premises know now, or that was published later under the name
/// of the rulebook they were reckoned by.
fn fixed(own: &str, subject: &Subject, today: NaiveDate, rulebooks: &dyn Rulebooks) -> Vec<Passed> {
    let open =
        subject.notices.iter().filter(|(_, of)| of.state.remedy_dates.iter().any(|date| date.provisional));
    // a calendar is looked up only where a date waits for one
    open.filter_map(|(key, of)| {
        let fixes = |rulebook: &Rulebook| matches!(of.state.fixed_dates(rulebook, today), Ok(Some(_)));
        let newest = subject
            .newest_scheme()
            .filter(|scheme| rulebooks.rulebook(scheme).is_some_and(|rulebook| fixes(&rulebook)));
        let later = || {
            let issued = of.state.issued.as_ref()?;
            let frozen = issued.scheme.clone().or_else(|| subject.scheme())?;
            let rulebook = rulebooks.rulebook(&frozen)?;
            let waiting = || of.state.remedy_dates.iter().filter(|date| date.provisional);
            let counts = |later: &Rulebook| waiting().all(|date| later.counts_as(&rulebook, &date.rule));
            let later = |later: &Rulebook| counts(later) && fixes(later);
            Some(fixing::reaching(rulebooks, &frozen, today, later)?.scheme)
        };
        let due = Due {
            reaction: "deadline_fixed",
            stream: format!("{own}/notice/{key}"),
            event_type: "DeadlineFixed",
            scheme: newest.or_else(later)?,
            subjects: vec![own.to_owned()],
        };
        Some(Passed { due, since: of.since })
    })
    .collect()
}

struct Clock<'a> {
    own: &'a str,
    rulebook: &'a Rulebook,
    subject: &'a Subject,
}

/// A period of the policy with what it is reckoned from.
struct Reckoned {
    period: Period,
    from: Option<(NaiveDate, bool)>,
}

impl Clock<'_> {
    fn appeal(&self, key: &str, of: &Running<Appeal>) -> Option<OfficeDeadline> {
        let appeal = &of.state;
        let stream = format!("{}/appeal/{key}", self.own);
        if appeal.stage == Stage::Filed {
            let period = self.period(&stream, ADMIT, appeal.filed_on?, false)?;
            return Some(self.runs(
                ADMIT,
                "appeal_admission_missed",
                stream,
                "legal_officer",
                period,
                of.since,
            ));
        }
        if !appeal.is_running() {
            return None;
        }
        let period = self.period(&stream, DECIDE, appeal.decided_from()?, appeal.extended)?;
        let whose = appeal.reviewer.as_deref().unwrap_or("legal_officer");
        Some(self.runs(DECIDE, "appeal_decision_missed", stream, whose, period, of.since))
    }

    fn dispute(&self, key: &str, of: &Running<Dispute>) -> Option<OfficeDeadline> {
        let notified = of.state.notified.as_ref()?;
        if of.state.replied_on.is_some() || of.state.outcome.is_some() {
            return None;
        }
        let stream = format!("{}/dispute/{key}", self.own);
        let period = Reckoned { period: Period::ending(notified.reply_by), from: None };
        Some(self.runs(REPLY, "dispute_reply_missed", stream, "legal_officer", period, of.since))
    }

    /// A request is answered when it is declined, or when the assessment that was opened on it is submitted; what goes on as an
    /// appeal is answered there, in a time that counts from the same day.
    fn reevaluation(
        &self,
        key: &str,
        of: &Running<Reevaluation>,
        subject: &Subject,
    ) -> Option<OfficeDeadline> {
        let whose = match &of.state.answer {
            None => "department",
            Some(Answer::Declined | Answer::Turned) => return None,
            Some(Answer::Granted { assessment }) => {
                let state = &subject.assessments.get(assessment)?.state;
                if state.stage != assessment::Stage::Open {
                    return None;
                }
                &state.lead
            }
        };
        let stream = format!("{}/reevaluation/{key}", self.own);
        let period = self.period(&stream, REEVALUATE, of.state.requested_on?, false)?;
        Some(self.runs(REEVALUATE, "reevaluation_missed", stream, whose, period, of.since))
    }

    /// A resolution of the meeting that the subject is.
    fn resolution(&self, resolution: &Resolution, of: &Running<Meeting>) -> OfficeDeadline {
        let period = Period::ending(resolution.due);
        OfficeDeadline {
            about: self.own.to_owned(),
            rule: RESOLUTION,
            period,
            whose: resolution.owner.clone(),
            key: format!("missed-{RESOLUTION}-{}", resolution.number),
            reaction: RESOLUTION_MISSED,
            since: of.since,
            done_on: None,
            from: None,
            rests: Rests::default(),
        }
    }

    /// What is owed; nothing where the policy sets no day for it.
    fn duty(&self, duty: Duty) -> Option<OfficeDeadline> {
        let rests = self.subject.duties.rests_of(&duty);
        let Duty { rule, about, key, ends, whose, since, done_on, .. } = duty;
        let Reckoned { period, from } = match ends {
            Ends::After(from) if !rests.is_empty() => self.resting(&about, rule, from, &rests)?,
            Ends::After(from) => self.period(&about, rule, from, false)?,
            Ends::On(day) => Reckoned { period: Period::ending(day), from: None },
        };
        let (_, reaction) = OWED.into_iter().find(|(of, _)| *of == rule)?;
        let key = format!("missed-{rule}-{key}");
        Some(OfficeDeadline { about, rule, period, whose, key, reaction, since, done_on, from, rests })
    }

    /// As [`Clock::period`], without the days on which it rests. What a later calendar has fixed is the end as if it never rested.
    fn resting(&self, about: &str, rule: &str, from: NaiveDate, rests: &Rests) -> Option<Reckoned> {
        let question = PeriodQuestion::of(rule, from);
        let plain = period(self.rulebook, &question).ok()?;
        let unrested = self.period(about, rule, from, false)?.period;
        let fixed = unrested.due.filter(|_| plain.provisional && !unrested.provisional);
        let period = match fixed {
            Some(due) => rests.rested(from, due).map(Period::ending),
            None => resting_period(self.rulebook, &question, rests).ok()?,
        };
        // without a known end nobody is late on it
        let period = period.unwrap_or(Period { due: None, not_before: None, provisional: true });
        Some(Reckoned { period, from: Some((from, false)) })
    }

    /// When a deadline ends; none where the policy has no such deadline. What a later calendar has fixed stands.
    fn period(&self, about: &str, rule: &str, from: NaiveDate, extended: bool) -> Option<Reckoned> {
        let question = PeriodQuestion { extended, ..PeriodQuestion::of(rule, from) };
        let case = about.strip_prefix(self.own).unwrap_or(about).trim_start_matches('/');
        let period = fixing::ends(self.rulebook, self.subject, case, &question)?;
        Some(Reckoned { period, from: Some((from, extended)) })
    }

    fn runs(
        &self,
        rule: &'static str,
        reaction: &'static str,
        about: String,
        whose: &str,
        Reckoned { period, from }: Reckoned,
        since: u64,
    ) -> OfficeDeadline {
        let case = about.strip_prefix(self.own).unwrap_or(&about).trim_start_matches('/').replace('/', "-");
        let key = format!("missed-{rule}-{case}");
        OfficeDeadline {
            about,
            rule,
            period,
            whose: whose.to_owned(),
            key,
            reaction,
            since,
            done_on: None,
            from,
            rests: Rests::default(),
        }
    }
}

impl OfficeDeadline {
    /// The mark that it was missed; none while it runs or is provisional, nor where it was done in time.
    fn late(self, today: NaiveDate) -> Option<Late> {
        let stopped = self.done_on.unwrap_or(today).min(today);
        let due = self.period.due.filter(|_| self.period.over_on(stopped))?;
        let days = stopped.signed_duration_since(due).num_days();
        let missed = Missed {
            deadline: self.rule.to_owned(),
            whose: self.whose,
            about: self.about,
            due,
            days_late: u32::try_from(days).unwrap_or_default(),
        };
        Some(Late { key: self.key, missed, reaction: self.reaction, since: self.since })
    }
}

/// The policy's deadline for admitting an appeal, where it has one.
const ADMIT: &str = "appeal_admit";
/// What the notice of a dispute sets.
const REPLY: &str = "dispute_reply";
/// What is said of a resolution that nobody closed in time.
pub(super) const RESOLUTION_MISSED: &str = "meeting_resolution_missed";
/// The policy's deadline for a re-evaluation.
const REEVALUATE: &str = "reevaluation";
/// What the office owes, each with the name of the reaction that marks it as missed.
const OWED: [(&str, &str); 6] = [
    (PLAQUE_POST, "plaque_post_missed"),
    (PLAQUE_PUT_UP, "plaque_put_up_missed"),
    (PLAQUE_TAKE_DOWN, "plaque_take_down_missed"),
    (RESULT_NOTICE, "result_notice_missed"),
    (RISK_NOTICE, "risk_notice_missed"),
    (TASK, "task_missed"),
];
