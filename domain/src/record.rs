//! Record: corrections of facts. What was said stands; a further event says what was wrong, and what follows is
//! computed again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aggregate::{Concept, named};
use crate::facts::{Facts, Role};
use crate::rejection::Rejection;
use crate::said::{Private, Said};

/// A record as its events left it.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// What was corrected, once it was.
    pub corrected: Option<Correction>,
}

/// What was wrong, and what is right.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Correction {
    /// The stream whose fact is corrected.
    pub corrects: String,
    /// Which fact: an indicator of an assessment, [`COMPLETED_ON`], a column of a published row.
    pub field: String,
    /// What is right.
    pub right: Value,
    /// Other fields of the same fact that are put right with it, by field: one correction, one new computation.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub also: BTreeMap<String, Value>,
    /// Why, as a code: `misread`, `wrong_house`, `published_anew`.
    pub why: String,
}

impl Correction {
    /// Every field that is corrected, with what is right.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        let also = self.also.iter().map(|(field, right)| (field.as_str(), right));
        std::iter::once((self.field.as_str(), &self.right)).chain(also)
    }

    /// The last segment of the stream whose fact is corrected: the assessment's key.
    pub fn key(&self) -> &str {
        self.corrects.rsplit('/').next().unwrap_or(&self.corrects)
    }
}

/// The field by which an assessment's day is corrected: a date, `2026-03-01`.
pub const COMPLETED_ON: &str = "completed_on";

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Correct a fact.
    Correct {
        /// What is right.
        #[serde(flatten)]
        correction: Correction,
        /// In the corrector's words: private.
        #[serde(default)]
        reason: Option<String>,
    },
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    FactCorrected {
        #[serde(flatten)]
        correction: Correction,
        by: String,
    },
}

named!(Event { FactCorrected });

impl Concept for Record {
    const TYPE: &'static str = "record";
    type Command = Command;
    type Event = Event;

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        facts.actor.require(&[Role::GridWorker, Role::DepartmentOfficer, Role::DataClerk])?;
        if self.corrected.is_some() {
            return Err(Rejection::AlreadyExists { what: "record" });
        }
        let Command::Correct { correction, reason } = command;
        let event = Event::FactCorrected { correction, by: facts.actor.account.clone() };
        Ok(vec![Said::with(event, Private::none().with("reason", reason))])
    }

    fn evolve(&mut self, event: &Event) {
        let Event::FactCorrected { correction, .. } = event;
        self.corrected = Some(correction.clone());
    }
}
