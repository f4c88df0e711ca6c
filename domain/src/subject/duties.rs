//! Duties: what the office owes once something happened at premises. To tell the party a result in writing, to hang the
//! plaques that the grade in force asks for and take down the one that it asks for no more, to warn those who live there of a risk,
//! to do a task by its day. Each
//! runs from an entry to the entry that did it, and is kept with both days, so that whoever looks later marks what whoever
//! looked in time marked. What hangs or comes down by a grade rests while that grade is suspended ([`crate::resting`]).

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Subject;
use super::warnings::Warnings;
use crate::event::Event;
use crate::grade::{self, PlaqueKind};
use crate::notice;
use crate::premises;
use crate::recorded::Recorded;
use crate::resting::{Rest, Rests};
use crate::rulebook::Rulebook;
use crate::task;

/// What the office owes, or owed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Duty {
    /// The policy's deadline, or [`TASK`].
    pub rule: &'static str,
    /// The stream that it is about.
    pub about: String,
    /// What tells it from others of the same rule here.
    pub key: String,
    /// When it ends.
    pub ends: Ends,
    /// Who has to act: an account, a department or a role.
    pub whose: String,
    /// Position of the entry that it runs from.
    pub since: u64,
    /// The day on which it was done, or fell away.
    pub done_on: Option<NaiveDate>,
    /// The determinations by which it is owed, one after another, each from its day on: while one is suspended, it rests. None for
    /// what does not rest.
    pub by: Vec<(NaiveDate, Option<u64>)>,
}

/// When a duty ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ends {
    /// With the policy's period that runs from this day.
    After(NaiveDate),
    /// With this day.
    On(NaiveDate),
}

/// Everything that the office owed about premises.
#[derive(Clone, Debug, Default)]
pub struct Duties {
    owed: Vec<Duty>,
    /// When carrying out of each determination was suspended.
    rests: BTreeMap<u64, Rests>,
    /// The level in force and whether a supervision plaque hung, one after another. Which levels ask for one is the
    /// rulebook's to say.
    supervision: Vec<Span>,
    /// What is known of warnings.
    pub(crate) warnings: Warnings,
}

/// A time in which the level in force and the supervision plaque stayed what they were.
#[derive(Clone, Debug, PartialEq)]
struct Span {
    /// The determination that binds.
    by: Option<u64>,
    level: Option<String>,
    hung: bool,
    from: NaiveDate,
    since: u64,
    until: Option<NaiveDate>,
}

impl Duties {
    /// Of a house of which only the warnings are kept.
    pub(crate) fn of_warnings(warnings: Warnings) -> Self {
        Self { warnings, ..Self::default() }
    }

    /// All that was ever owed here under this rulebook, done or not.
    pub(crate) fn under(&self, rulebook: &Rulebook, own: &str) -> Vec<Duty> {
        let mut all = self.owed.clone();
        let mut last: Option<(&'static str, usize)> = None;
        for span in &self.supervision {
            let asks = span.level.as_deref().and_then(|level| rulebook.level(level));
            let rule = match (asks.is_some_and(|level| level.supervision_plaque), span.hung) {
                (true, false) => PLAQUE_PUT_UP,
                (false, true) => PLAQUE_TAKE_DOWN,
                (true, true) | (false, false) => {
                    last = None;
                    continue;
                }
            };
            match last.filter(|(before, _)| *before == rule) {
                // from one level that asks for it to another: the duty goes on
                Some((_, at)) => {
                    all[at].done_on = span.until;
                    all[at].by.push((span.from, span.by));
                }
                None => {
                    last = Some((rule, all.len()));
                    all.push(Duty {
                        rule,
                        about: format!("{own}/grade"),
                        key: span.from.to_string(),
                        ends: Ends::After(span.from),
                        whose: SUBDISTRICT.to_owned(),
                        since: span.since,
                        done_on: span.until,
                        by: vec![(span.from, span.by)],
                    });
                }
            }
        }
        all.extend(self.warnings.owed(rulebook, own));
        all
    }

    /// When a duty rested, and rests: while a determination by which it was owed then was suspended.
    pub(crate) fn rests_of(&self, duty: &Duty) -> Rests {
        let mut rests = Rests::default();
        for (n, (from, by)) in duty.by.iter().enumerate() {
            let last = duty.by.get(n + 1).and_then(|(next, _)| next.pred_opt());
            if let Some(of) = by.and_then(|number| self.rests.get(&number)) {
                rests.take_within(of, *from, last);
            }
        }
        rests
    }

    /// When carrying out of a determination was suspended, as a dispute about it says.
    pub(super) fn rests(&mut self, determination: u64) -> &mut Rests {
        self.rests.entry(determination).or_default()
    }

    /// What is still owed of a rule.
    fn open(&mut self, rule: &'static str) -> impl Iterator<Item = &mut Duty> {
        self.owed.iter_mut().filter(move |duty| duty.rule == rule && duty.done_on.is_none())
    }

    fn end(&mut self, rule: &'static str, on: NaiveDate, which: impl Fn(&Duty) -> bool) {
        for duty in self.open(rule).filter(|duty| which(duty)) {
            duty.done_on = Some(on);
        }
    }

    fn task(&mut self, event: &task::Event, recorded: &Recorded<Event>, on: NaiveDate) {
        let stream = &recorded.stream;
        let theirs = |duty: &Duty| duty.about == *stream;
        match event {
            task::Event::TaskDispatched { dispatch, .. } => {
                let whose = dispatch.account.clone().unwrap_or_else(|| dispatch.to.clone());
                let same = |duty: &Duty| theirs(duty) && dispatch.due.map(Ends::On) == Some(duty.ends);
                self.end(TASK, on, |duty| theirs(duty) && !same(duty));
                if self.open(TASK).any(|duty| same(duty)) {
                    self.goes_to(stream, &whose, on);
                } else if let Some(due) = dispatch.due {
                    self.owed.push(Duty {
                        rule: TASK,
                        about: stream.clone(),
                        key: format!("{}-{due}", recorded.last_segment()),
                        ends: Ends::On(due),
                        whose,
                        since: recorded.position,
                        done_on: None,
                        by: vec![],
                    });
                }
            }
            task::Event::TaskDone { .. } => self.end(TASK, on, theirs),
            // whoever sent it has it again, and its day stands
            task::Event::TaskReturned { .. } => self.goes_to(stream, DISPATCHES, on),
            task::Event::TaskTaken { by } => self.goes_to(stream, by, on),
        }
    }

    /// Somebody else has the task. Who had it when its day ended stays named.
    fn goes_to(&mut self, stream: &str, whose: &str, on: NaiveDate) {
        for duty in self.open(TASK).filter(|duty| duty.about == stream) {
            if matches!(duty.ends, Ends::On(due) if on <= due) {
                whose.clone_into(&mut duty.whose);
            }
        }
    }
}

impl Subject {
    /// Take an entry into what the office owes, after everything else was folded.
    pub(super) fn owe(&mut self, recorded: &Recorded<Event>, on: NaiveDate) {
        let written = self.notices.get(recorded.last_segment()).and_then(|of| of.state.issued.as_ref());
        self.duties.warnings.take(recorded, on, &self.grade, written);
        match &recorded.event {
            Event::Grade(event) => self.owe_by_grade(event, recorded, on),
            Event::Notice(
                notice::Event::NoticeServed { on, .. }
                | notice::Event::ServedByAnnouncement { announced_on: on, .. }
                | notice::Event::ServiceFailed { on, .. },
            ) => {
                let issued =
                    self.notices.get(recorded.last_segment()).and_then(|of| of.state.issued.as_ref());
                let Some(issued) = issued.filter(|issued| issued.about.ends_with("/grade")) else { return };
                if issued.kind == notice::Kind::RiskNotice {
                    return;
                }
                let told = issued.determination.map(|number| number.to_string());
                self.duties
                    .end(RESULT_NOTICE, *on, |duty| told.as_ref().is_none_or(|told| *told == duty.key));
            }
            Event::Premises(premises::Event::PremisesClosed { .. }) => {
                for duty in self.duties.owed.iter_mut().filter(|duty| duty.done_on.is_none()) {
                    duty.done_on = Some(on);
                }
                self.supervise(None, None, false, (on, recorded.position));
            }
            Event::Task(event) => self.duties.task(event, recorded, on),
            _ => {}
        }
    }

    /// Results are told, and plaques follow what is in force.
    fn owe_by_grade(&mut self, event: &grade::Event, recorded: &Recorded<Event>, on: NaiveDate) {
        if self.premises.closed_on.is_some() {
            return;
        }
        let (position, about) = (recorded.position, &recorded.stream);
        let mut day = on;
        match event {
            grade::Event::GradeDetermined(computed) => {
                let result = &computed.result;
                day = result.determined_on;
                // what was not told yet is told with the newer result, or not at all any more
                self.duties.end(RESULT_NOTICE, day, |_| true);
                if result.direction != SAME {
                    self.duties.owed.push(Duty {
                        rule: RESULT_NOTICE,
                        about: about.clone(),
                        key: result.number.to_string(),
                        ends: Ends::After(day),
                        whose: SUBDISTRICT.to_owned(),
                        since: position,
                        done_on: None,
                        by: vec![],
                    });
                }
            }
            grade::Event::GradeSetAside(computed) => {
                let number = computed.result.determination.to_string();
                self.duties.end(RESULT_NOTICE, day, |duty| duty.key == number);
            }
            grade::Event::StatementInvited(invited) => {
                let invitation = invited.facts();
                let number = invitation.determination.to_string();
                self.duties.end(RESULT_NOTICE, invitation.served_on, |duty| duty.key == number);
            }
            _ => {}
        }
        let binding = self.grade.in_force();
        let by = binding.map(|binding| binding.determination.number);
        let star = binding.and_then(|binding| binding.determination.star);
        let level = binding.and_then(|binding| binding.determination.management_level.clone());
        let shows = self.grade.plaques.get(&PlaqueKind::GradePlaque).and_then(|plaque| plaque.shows);
        let wanted = star.filter(|star| shows != Some(*star)).map(|star| format!("-{star}"));
        let still = |duty: &Duty| wanted.as_ref().is_some_and(|wanted| duty.key.ends_with(wanted));
        self.duties.end(PLAQUE_POST, day, |duty| !still(duty));
        // a newer result with the same star: the duty goes on, and rests with the newer one
        let open = self.duties.open(PLAQUE_POST).next();
        match (&wanted, open) {
            (Some(_), Some(duty)) if duty.by.last().is_none_or(|(_, last)| *last != by) => {
                duty.by.push((day, by));
            }
            (Some(wanted), None) => self.duties.owed.push(Duty {
                rule: PLAQUE_POST,
                about: about.clone(),
                key: format!("{day}{wanted}"),
                ends: Ends::After(day),
                whose: SUBDISTRICT.to_owned(),
                since: position,
                done_on: None,
                by: vec![(day, by)],
            }),
            _ => {}
        }
        let hung = self.grade.plaques.contains_key(&PlaqueKind::SupervisionPlaque);
        self.supervise(by, level, hung, (day, position));
    }

    fn supervise(
        &mut self,
        by: Option<u64>,
        level: Option<String>,
        hung: bool,
        (from, since): (NaiveDate, u64),
    ) {
        let spans = &mut self.duties.supervision;
        match spans.last_mut() {
            None if level.is_none() && !hung => return,
            Some(last) if (last.by, &last.level, last.hung) == (by, &level, hung) => return,
            Some(last) => last.until = Some(from),
            None => {}
        }
        spans.push(Span { by, level, hung, from, since, until: None });
    }

    /// The suspension under which the grade in force rests on a day: what hangs or comes down by it waits.
    pub fn rests_on(&self, day: NaiveDate) -> Option<&Rest> {
        let number = self.grade.in_force()?.determination.number;
        self.duties.rests.get(&number)?.on(day)
    }
}

/// What the dispatch of a task sets; no deadline of the policy.
pub(crate) const TASK: &str = "task";
/// The policy's deadline for telling a result in writing.
pub(crate) const RESULT_NOTICE: &str = "result_notice";
/// The policy's deadline for the grade plaque to show the star in force.
pub(crate) const PLAQUE_POST: &str = "plaque_post";
/// The policy's deadline for a supervision plaque to hang where the level asks for one.
pub(crate) const PLAQUE_PUT_UP: &str = "plaque_put_up";
/// The policy's deadline for a supervision plaque to be gone where the level asks for none.
pub(crate) const PLAQUE_TAKE_DOWN: &str = "plaque_take_down";
/// Who sees to it that results are told and plaques hang.
pub(super) const SUBDISTRICT: &str = "street_lead";
/// Who has a task that was given back.
const DISPATCHES: &str = "dispatcher";
/// A determination that moves nothing is no result to tell.
const SAME: &str = "same";

#[cfg(test)]
mod tests;
