//! Survey (满意度调查): residents of a building answer by the code at the door, one answer a household. Who answered what is
//! nobody's business: an answer carries a mark of the household and whether it is satisfied, its words are private.
//!
//! Invariants:
//! - each household counts once, and only flats of the building are households;
//! - nothing is taken after the last day, nor once it is closed;
//! - staff write down only what a resident has handed in on paper, and the record says so.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::aggregate::{Concept, named};
use crate::counter::{self, Word};
use crate::facts::{Facts, Role};
use crate::permission::{Permission, in_area, on_beat};
use crate::rejection::Rejection;
use crate::rulebook::Layer;
use crate::said::{Photo, Private, Said, photos};

/// A survey as its events left it.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Whether each household that answered is satisfied.
    pub answers: BTreeMap<String, bool>,
    /// The day it was closed.
    pub closed_on: Option<NaiveDate>,
    /// The day it was opened.
    pub opened_on: Option<NaiveDate>,
    /// The last day on which it takes answers.
    pub until: Option<NaiveDate>,
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Take a household's answer.
    Answer {
        /// The flat whose household answers, by its id. It is not recorded: the entry has a mark that only the server can make.
        unit: String,
        /// Whether it is satisfied on the whole.
        satisfied: bool,
        /// In words: private.
        #[serde(default)]
        words: Option<String>,
        /// Answers to the single questions: private.
        #[serde(default)]
        answers: BTreeMap<String, Value>,
        /// The day on which staff took the answer on paper; a resident who answers at the door gives none.
        #[serde(default)]
        handed_in_on: Option<NaiveDate>,
        /// Photos of the paper: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
    /// Close it.
    Close,
    /// Open it.
    Open {
        /// Version of the questions.
        questions: String,
        /// The last day; until it is closed where absent.
        #[serde(default)]
        until: Option<NaiveDate>,
    },
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    AnswerReceived {
        household: String,
        satisfied: bool,
        /// The day on which it was handed in on paper.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        handed_in_on: Option<NaiveDate>,
        /// Who wrote it down from paper.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        taken_by: Option<String>,
    },
    SurveyClosed {
        on: NaiveDate,
        answered: u64,
        satisfied: u64,
        by: String,
    },
    SurveyOpened {
        questions: String,
        on: NaiveDate,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<NaiveDate>,
        by: String,
    },
}

named!(Event { AnswerReceived, SurveyClosed, SurveyOpened });

impl Survey {
    /// How many households are satisfied, of how many that answered.
    pub fn counted(&self) -> (u64, u64) {
        let satisfied = self.answers.values().filter(|satisfied| **satisfied).count();
        (satisfied as u64, self.answers.len() as u64)
    }
}

impl Concept for Survey {
    const TYPE: &'static str = "survey";
    type Command = Command;
    type Event = Event;

    fn open_to(_: &Command) -> &'static [Permission] {
        const { &[in_area(Role::CommunityLead), in_area(Role::StreetLead), on_beat(Role::GridWorker)] }
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        match (self.opened_on, command) {
            (None, Command::Open { questions, until }) => open(questions, until, facts),
            (Some(_), Command::Open { .. }) => Err(Rejection::AlreadyExists { what: "survey" }),
            (None, _) => Err(Rejection::NotFound { what: "survey" }),
            (Some(_), Command::Close) if self.closed_on.is_some() => Ok(vec![]),
            (Some(_), Command::Close) => {
                let (satisfied, answered) = self.counted();
                let by = facts.actor.account.clone();
                Ok(vec![Said::openly(Event::SurveyClosed { on: facts.today, answered, satisfied, by })])
            }
            (
                Some(_),
                Command::Answer { unit: _, satisfied, words, answers, handed_in_on, photos: papers },
            ) => {
                if handed_in_on.is_none() && !facts.actor.received {
                    return Err(Rejection::because("survey_without_paper", Value::Null));
                }
                let household = facts.household.clone();
                let needs = "a flat of this building";
                let household = household.ok_or(Rejection::Malformed { field: "unit", needs })?;
                let Word { on, taken_by } = counter::word(handed_in_on, self.opened_on, &papers, facts)?;
                self.must_take(&household, on)?;
                let answers = (!answers.is_empty()).then_some(answers);
                let private = Private::none()
                    .with("words", words)
                    .with("answers", answers)
                    .with("photos", photos(&papers));
                let event = Event::AnswerReceived { household, satisfied, handed_in_on, taken_by };
                Ok(vec![Said::with(event, private)])
            }
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::AnswerReceived { household, satisfied, .. } => {
                self.answers.entry(household.clone()).or_insert(*satisfied);
            }
            Event::SurveyClosed { on, .. } => self.closed_on = Some(*on),
            Event::SurveyOpened { on, until, .. } => (self.opened_on, self.until) = (Some(*on), *until),
        }
    }
}

impl Survey {
    /// Whether it takes answers on a day.
    pub fn is_open(&self, on: NaiveDate) -> bool {
        self.opened_on.is_some() && self.closed_on.is_none() && self.until.is_none_or(|until| on <= until)
    }

    /// An answer of that day comes in.
    fn must_take(&self, household: &str, on: NaiveDate) -> Result<(), Rejection> {
        if !self.is_open(on) {
            let over = self.closed_on.or(self.until);
            return Err(Rejection::because("survey_closed", json!({ "on": over })));
        }
        if self.answers.contains_key(household) {
            return Err(Rejection::because("answered_already", Value::Null));
        }
        Ok(())
    }
}

fn open(questions: String, until: Option<NaiveDate>, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
    let subject = facts.subject()?;
    subject.must_be_open()?;
    if subject.premises.register.as_ref().is_some_and(|register| register.layer != Layer::Building) {
        return Err(Rejection::WrongState {
            is: "no building",
            needs: "a building, whose residents are asked",
        });
    }
    if subject.surveys.values().any(|survey| survey.is_open(facts.today)) {
        return Err(Rejection::AlreadyExists { what: "open survey of this building" });
    }
    if questions.trim().is_empty() {
        return Err(Rejection::Malformed { field: "questions", needs: "the version of the questions" });
    }
    if until.is_some_and(|until| until < facts.today) {
        return Err(Rejection::Malformed { field: "until", needs: "today or a later day" });
    }
    let by = facts.actor.account.clone();
    Ok(vec![Said::openly(Event::SurveyOpened { questions, on: facts.today, until, by })])
}

#[cfg(test)]
mod tests;
