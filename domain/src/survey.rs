//! Survey (满意度调查): residents of a building answer by the code at the door, one answer a household. Who answered what is
//! nobody's business: an answer carries a mark of the household and whether it is satisfied, its words are private.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::aggregate::{Concept, named};
use crate::facts::{Facts, Role};
use crate::permission::{Permission, in_area, on_beat};
use crate::rejection::Rejection;
use crate::rulebook::Layer;
use crate::said::{Private, Said};

/// A survey as its events left it.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Whether each household that answered is satisfied.
    pub answers: BTreeMap<String, bool>,
    /// The day it was closed.
    pub closed_on: Option<NaiveDate>,
    /// The day it was opened.
    pub opened_on: Option<NaiveDate>,
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Take a household's answer.
    Answer {
        /// The household's mark, made from its door code: no name, no number of a flat.
        household: String,
        /// Whether it is satisfied on the whole.
        satisfied: bool,
        /// In words: private.
        #[serde(default)]
        words: Option<String>,
        /// Answers to the single questions: private.
        #[serde(default)]
        answers: BTreeMap<String, Value>,
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
            (Some(_), Command::Answer { household, satisfied, words, answers }) => {
                self.must_take(&household)?;
                let answers = (!answers.is_empty()).then_some(answers);
                let private = Private::none().with("words", words).with("answers", answers);
                Ok(vec![Said::with(Event::AnswerReceived { household, satisfied }, private)])
            }
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::AnswerReceived { household, satisfied } => {
                self.answers.entry(household.clone()).or_insert(*satisfied);
            }
            Event::SurveyClosed { on, .. } => self.closed_on = Some(*on),
            Event::SurveyOpened { on, .. } => self.opened_on = Some(*on),
        }
    }
}

impl Survey {
    /// An answer comes in through the code at the door, or staff take it there.
    fn must_take(&self, household: &str) -> Result<(), Rejection> {
        if let Some(on) = self.closed_on {
            return Err(Rejection::because("survey_closed", json!({ "on": on })));
        }
        if household.trim().is_empty() {
            return Err(Rejection::Malformed { field: "household", needs: "the mark on the door's code" });
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
    if subject.surveys.values().any(|survey| survey.opened_on.is_some() && survey.closed_on.is_none()) {
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
