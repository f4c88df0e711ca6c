//! Duties: what the office owes once something happened at premises. To tell the party a result in writing, to hang the
//! plaques that the grade in force asks for and take down the one that it asks for no more, to warn those who live there of a risk,
//! to do a task by its day. Each runs from an entry to the entry that did it, and is kept with both days, so that whoever looks
//! later marks what whoever looked in time marked. What hangs or comes down by a grade rests while that grade is suspended
//! ([`crate::resting`]). Told from the grade, the notices and the tasks alone, so that lists can keep it without the house.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::Subject;
use super::warnings::Warnings;
use crate::event::Event;
use crate::grade::{self, Grade, PlaqueKind};
use crate::notice::{self, Issued};
use crate::premises;
use crate::recorded::Recorded;
use crate::resting::{Rest, Rests};
use crate::rulebook::Rulebook;
use crate::task;

/// What the office owes, or owed.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Duty {
    /// The policy's deadline, or [`TASK`].
    #[serde(deserialize_with = "rule")]
    pub rule: Rule,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_on: Option<NaiveDate>,
    /// The determinations by which it is owed, one after another, each from its day on: while one is suspended, it rests. None for
    /// what does not rest.
    pub by: Vec<(NaiveDate, Option<u64>)>,
}

/// The name of a rule that sets a day.
type Rule = &'static str;

/// When a duty ends.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ends {
    /// With the policy's period that runs from this day.
    After(NaiveDate),
    /// With this day.
    On(NaiveDate),
}

/// Everything that the office owed about premises.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Duties {
    /// Nothing is told, hung or warned of any more where premises were closed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    closed: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    owed: Vec<Duty>,
    /// When carrying out of each determination was suspended.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    rests: BTreeMap<u64, Rests>,
    /// The level in force and whether a supervision plaque hung, one after another. Which levels ask for one is the
    /// rulebook's to say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    supervision: Vec<Span>,
    /// What is known of warnings.
    #[serde(skip_serializing_if = "Warnings::is_empty")]
    warnings: Warnings,
}

/// A time in which the level in force and the supervision plaque stayed what they were.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
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
    /// Whether nothing is known of what is or was owed.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { closed, owed, rests, supervision, warnings } = self;
        !closed && owed.is_empty() && rests.is_empty() && supervision.is_empty() && warnings.is_empty()
    }

    /// Forget what was done: of no use to whoever asks only for what is still owed.
    pub(crate) fn forget_done(&mut self) {
        self.owed.retain(|duty| duty.done_on.is_none());
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

    /// Take an entry of premises, after everything else did. `grade` is their grade as it is then, `written` the notice that the entry
    /// is of, where it is of one.
    pub(super) fn take(&mut self, recorded: &Recorded<Event>, grade: &Grade, written: Option<&Issued>) {
        let on = recorded.holds_from();
        match &recorded.event {
            Event::Grade(event) if !self.closed => self.take_of_grade(event, recorded, on, grade),
            Event::Notice(
                notice::Event::NoticeServed { on, .. }
                | notice::Event::ServedByAnnouncement { announced_on: on, .. }
                | notice::Event::ServiceFailed { on, .. },
            ) => {
                if let Some(issued) = written.filter(|issued| issued.about.ends_with("/grade")) {
                    self.told(issued, *on);
                }
            }
            Event::Premises(premises::Event::PremisesClosed { .. }) => {
                for duty in self.owed.iter_mut().filter(|duty| duty.done_on.is_none()) {
                    duty.done_on = Some(on);
                }
                self.supervise(None, None, false, (on, recorded.position));
                self.warnings.closed(on, recorded.position);
                self.closed = true;
            }
            Event::Task(event) => self.task(event, recorded, on),
            _ => {}
        }
    }

    /// A notice about the grade was served: people are warned, or a result is told.
    fn told(&mut self, issued: &Issued, on: NaiveDate) {
        if issued.kind == notice::Kind::RiskNotice {
            return self.warnings.told(on);
        }
        let told = issued.determination.map(|number| number.to_string());
        self.end(RESULT_NOTICE, on, |duty| told.as_ref().is_none_or(|told| *told == duty.key));
    }

    /// Results are told, plaques follow what is in force, and those who live there are warned.
    fn take_of_grade(
        &mut self,
        event: &grade::Event,
        recorded: &Recorded<Event>,
        on: NaiveDate,
        grade: &Grade,
    ) {
        let (position, about) = (recorded.position, &recorded.stream);
        let mut day = on;
        match event {
            grade::Event::GradeDetermined(computed) => {
                let result = &computed.result;
                day = result.determined_on;
                // what was not told yet is told with the newer result, or not at all any more
                self.end(RESULT_NOTICE, day, |_| true);
                if result.direction != SAME {
                    self.owed.push(Duty {
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
                self.end(RESULT_NOTICE, day, |duty| duty.key == number);
            }
            grade::Event::StatementInvited(invited) => {
                let invitation = invited.facts();
                let number = invitation.determination.to_string();
                self.end(RESULT_NOTICE, invitation.served_on, |duty| duty.key == number);
            }
            _ => {}
        }
        self.warnings.grade(grade, day, position);
        let binding = grade.in_force();
        let by = binding.map(|binding| binding.determination.number);
        let star = binding.and_then(|binding| binding.determination.star);
        let level = binding.and_then(|binding| binding.determination.management_level.clone());
        let shows = grade.plaques.get(&PlaqueKind::GradePlaque).and_then(|plaque| plaque.shows);
        let wanted = star.filter(|star| shows != Some(*star)).map(|star| format!("-{star}"));
        let still = |duty: &Duty| wanted.as_ref().is_some_and(|wanted| duty.key.ends_with(wanted));
        self.end(PLAQUE_POST, day, |duty| !still(duty));
        // a newer result with the same star: the duty goes on, and rests with the newer one
        let open = self.open(PLAQUE_POST).next();
        match (&wanted, open) {
            (Some(_), Some(duty)) if duty.by.last().is_none_or(|(_, last)| *last != by) => {
                duty.by.push((day, by));
            }
            (Some(wanted), None) => self.owed.push(Duty {
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
        let hung = grade.plaques.contains_key(&PlaqueKind::SupervisionPlaque);
        self.supervise(by, level, hung, (day, position));
    }

    fn supervise(
        &mut self,
        by: Option<u64>,
        level: Option<String>,
        hung: bool,
        (from, since): (NaiveDate, u64),
    ) {
        let spans = &mut self.supervision;
        match spans.last_mut() {
            None if level.is_none() && !hung => return,
            Some(last) if (last.by, &last.level, last.hung) == (by, &level, hung) => return,
            Some(last) => last.until = Some(from),
            None => {}
        }
        spans.push(Span { by, level, hung, from, since, until: None });
    }
}

impl Subject {
    /// The suspension under which the grade in force rests on a day: what hangs or comes down by it waits.
    pub fn rests_on(&self, day: NaiveDate) -> Option<&Rest> {
        let number = self.grade.in_force()?.determination.number;
        self.duties.rests.get(&number)?.on(day)
    }
}

/// Reads the name of a rule by which something is owed.
fn rule<'de, D: Deserializer<'de>>(from: D) -> Result<Rule, D::Error> {
    let written = String::deserialize(from)?;
    let known = [PLAQUE_POST, PLAQUE_PUT_UP, PLAQUE_TAKE_DOWN, RESULT_NOTICE, TASK];
    known
        .into_iter()
        .find(|rule| *rule == written)
        .ok_or_else(|| D::Error::custom(format!("nothing is owed by {written}")))
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
