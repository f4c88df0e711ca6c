//! Patrol (巡查): the rounds of one building, a stream a year, so that none grows for ever.
//!
//! Invariants:
//! - a due day ends once: met, missed or excused;
//! - who comes second on the same round is kept, and counts as a repeat;
//! - a round that comes after its day was made all the same, and the day stays missed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::aggregate::{Concept, named};
use crate::alert::Colour;
use crate::derivation::Computed;
use crate::facts::{Facts, Role};
use crate::patrol_rule::{Excuse, WeatherWarning, policy_of};
use crate::permission::{Permission, anywhere, in_area};
use crate::refused::Refused;
use crate::rejection::Rejection;
use crate::rulebook::Layer;
use crate::rulebook::policy::PatrolRule;
use crate::said::{Photo, Private, Said, photos};

/// Rounds of a building as their events left them.
#[derive(Clone, Debug, Default)]
pub struct Patrol {
    /// The day each due round was made on.
    pub completed: BTreeMap<NaiveDate, NaiveDate>,
    /// Days on which somebody completed a round.
    pub days: BTreeSet<NaiveDate>,
    /// Due days that ended without a round.
    pub missed: BTreeSet<NaiveDate>,
    /// The round that is due next.
    pub open: Option<OpenRound>,
}

/// A round that is due.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct OpenRound {
    /// The last day on which it still meets the rule.
    pub due: NaiveDate,
    /// Who is to make it; whoever walks the grid cell when absent.
    pub to: Option<String>,
    /// The route it lies on, by its code, where it was given one.
    pub route: Option<String>,
}

/// A round as it is reckoned.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Assignment {
    /// The day of the round, or of the missed one, from which it is counted.
    pub counted_from: NaiveDate,
    /// The last day on which it still meets the rule.
    pub due: NaiveDate,
    /// The strictest rule on that day.
    pub rule: PatrolRule,
    /// The alert that moved it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<Warned>,
}

/// A weather warning that moves the rounds of vacant premises.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Warned {
    /// Its subject, `alert/n-1`.
    pub alert: String,
    /// Its colour: of two of one kind at once the higher rules.
    pub colour: Colour,
    /// What it says.
    #[serde(flatten)]
    pub warning: WeatherWarning,
}

/// A due day that ended without a round.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Missed {
    /// That day, not the day on which it was noticed.
    pub due: NaiveDate,
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// The round was made.
    Complete {
        /// What it came to.
        #[serde(flatten)]
        round: Round,
        /// In the visitor's words: private.
        #[serde(default)]
        note: Option<String>,
        /// Photos taken: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
    /// An obstacle excuses rounds that fall due while it lasts.
    Excuse {
        /// One of the policy's reasons.
        reason: String,
        /// First day.
        from: NaiveDate,
        /// Last day.
        until: NaiveDate,
        /// In words: private.
        #[serde(default)]
        note: Option<String>,
    },
    /// Somebody else makes the round that is due.
    Reassign {
        /// The round, by its due day.
        due: NaiveDate,
        /// Whose it is now.
        to: String,
        /// The route it lies on, by its code.
        #[serde(default)]
        route: Option<String>,
    },
}

/// What a round came to. Units are not patrolled one by one: the round counts them.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Round {
    /// The round it is, by its due day, as it stood on the day's list; the one that is due next when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<NaiveDate>,
    /// Units entered.
    pub units_entered: u32,
    /// Units where nobody answered.
    pub units_unanswered: u32,
    /// Units where entry was refused.
    pub units_refused: u32,
    /// Streams of the hazards found, under these premises or their units.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hazards_found: Vec<String>,
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    PatrolAssigned(Computed<Assignment>),
    PatrolCompleted {
        #[serde(flatten)]
        round: Round,
        on: NaiveDate,
        /// Somebody was there for the same round before.
        repeat: bool,
        by: String,
    },
    PatrolExcused {
        #[serde(flatten)]
        excuse: Excuse,
        by: String,
    },
    PatrolMissed(Computed<Missed>),
    PatrolReassigned {
        due: NaiveDate,
        to: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        route: Option<String>,
        by: String,
    },
}

named!(Event { PatrolAssigned, PatrolCompleted, PatrolExcused, PatrolMissed, PatrolReassigned });

impl Concept for Patrol {
    const TYPE: &'static str = "patrol";
    type Command = Command;
    type Event = Event;

    fn open_to(command: &Command) -> &'static [Permission] {
        match command {
            // whoever the round was given to makes it, wherever else they work
            Command::Complete { .. } => {
                const { &[anywhere(Role::GridWorker), anywhere(Role::DepartmentOfficer)] }
            }
            Command::Excuse { .. } => const { &[in_area(Role::StreetLead), anywhere(Role::Dispatcher)] },
            Command::Reassign { .. } => {
                const { &[in_area(Role::StreetLead), anywhere(Role::Dispatcher), in_area(Role::CommunityLead)] }
            }
        }
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        let subject = facts.subject()?;
        subject.must_be_open()?;
        if subject.premises.register.as_ref().is_some_and(|register| register.layer != Layer::Building) {
            return Err(Rejection::Malformed {
                field: "stream",
                needs: "to lie under a building: its rounds take in its units",
            });
        }
        let by = facts.actor.account.clone();
        match command {
            Command::Complete { round, note, photos: taken } => {
                let private = Private::none().with("note", note).with("photos", photos(&taken));
                Ok(vec![Said::with(self.complete(round, by, facts)?, private)])
            }
            Command::Excuse { reason, from, until, note } => {
                if until < from {
                    return Err(Rejection::Malformed { field: "until", needs: "a day not before the first" });
                }
                let policy = policy_of(facts.rulebook()?)?;
                Refused::unless(policy.excused_reasons.contains(&reason), "unknown_excuse")?;
                let excuse = Excuse { reason, from, until };
                let held = subject.rounds.excuses.iter();
                if held.clone().any(|(held, _)| *held == excuse) {
                    return Ok(vec![]);
                }
                let private = Private::none().with("note", note);
                Ok(vec![Said::with(Event::PatrolExcused { excuse, by }, private)])
            }
            Command::Reassign { due, to, route } => {
                let open = subject.rounds.patrol.open.as_ref().filter(|open| open.due == due);
                let Some(open) = open else {
                    return Err(if self.ended(due, facts)? {
                        Rejection::WrongState { is: "made or missed", needs: "a round still due" }
                    } else {
                        Rejection::NotFound { what: "round due on that day" }
                    });
                };
                if open.to.as_ref() == Some(&to) && route.is_none() {
                    return Ok(vec![]);
                }
                facts.must_know_colleague(&to, WALKING)?;
                Ok(vec![Said::openly(Event::PatrolReassigned { due, to, route, by })])
            }
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::PatrolAssigned(computed) => {
                // an early round may have met one of the same due day: this is the next, counted from that round
                self.completed.remove(&computed.result.due);
                let (to, route) = self.open.take().map_or((None, None), |open| (open.to, open.route));
                self.open = Some(OpenRound { due: computed.result.due, to, route });
            }
            Event::PatrolCompleted { round, on, repeat, .. } => {
                self.days.insert(*on);
                if let Some(due) = round.due.filter(|due| !repeat && !self.missed.contains(due)) {
                    self.completed.entry(due).or_insert(*on);
                }
                if !repeat {
                    self.made(*on);
                }
            }
            Event::PatrolExcused { excuse, .. } => {
                self.missed.retain(|due| !(excuse.from..=excuse.until).contains(due));
            }
            Event::PatrolMissed(computed) => {
                if !self.completed.contains_key(&computed.result.due) {
                    self.missed.insert(computed.result.due);
                }
                self.open.take_if(|open| open.due == computed.result.due);
            }
            Event::PatrolReassigned { due, to, route, .. } => {
                if let Some(open) = self.open.as_mut().filter(|open| open.due == *due) {
                    open.to = Some(to.clone());
                    open.route = route.clone().or(open.route.take());
                }
            }
        }
    }
}

impl Patrol {
    /// Somebody of the office went in: the round that was due, if it was in time.
    pub fn made(&mut self, on: NaiveDate) {
        if let Some(open) = self.open.take_if(|open| on <= open.due)
            && !self.missed.contains(&open.due)
        {
            self.completed.entry(open.due).or_insert(on);
        }
    }

    fn complete(&self, round: Round, by: String, facts: &Facts) -> Result<Event, Rejection> {
        let (subject, on) = (facts.subject()?, facts.today);
        let rounds = &subject.rounds;
        let theirs = rounds.patrol.open.as_ref().and_then(|open| open.to.as_ref()) == Some(&by);
        let officer = facts.actor.holds(Role::DepartmentOfficer);
        if !officer && !theirs && !subject.premises.walked_by(&facts.actor, on) {
            return Err(Rejection::NotFound { what: "assignment of yours to these premises" });
        }
        let counted = u64::from(round.units_entered)
            + u64::from(round.units_unanswered)
            + u64::from(round.units_refused);
        let units = subject.premises.register.as_ref().and_then(|register| register.units);
        if units.is_some_and(|units| counted > u64::from(units)) {
            return Err(Rejection::Malformed {
                field: "units_entered",
                needs: "no more units in all than the building has",
            });
        }
        let repeat = match round.due {
            Some(due) if self.completed.contains_key(&due) || rounds.patrol.completed.contains_key(&due) => {
                true
            }
            Some(due) => {
                let open = rounds.patrol.open.as_ref().is_some_and(|open| open.due == due);
                if !open && !rounds.patrol.missed.contains(&due) {
                    return Err(Rejection::NotFound { what: "round due on that day" });
                }
                !open && self.days.contains(&on)
            }
            None => self.days.contains(&on) || rounds.patrol.days.contains(&on),
        };
        Ok(Event::PatrolCompleted { round, on, repeat, by })
    }

    fn ended(&self, due: NaiveDate, facts: &Facts) -> Result<bool, Rejection> {
        let patrol = &facts.subject()?.rounds.patrol;
        Ok(patrol.completed.contains_key(&due) || patrol.missed.contains(&due))
    }
}

/// Who goes rounds, and may be given one.
pub const WALKING: &[Role] = &[Role::GridWorker, Role::DepartmentOfficer];

#[cfg(test)]
mod tests;
