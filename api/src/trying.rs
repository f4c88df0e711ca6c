//! Trying: what a stream would answer to a command, asked of the same rules that decide it, and nothing is recorded.
//!
//! A page offers what the rules would take. There is no second list of who may do what, and when.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;
use wuping_domain::access::Access;
use wuping_domain::aggregate::{Concept, decided};
use wuping_domain::alert::Alert;
use wuping_domain::appeal::Appeal;
use wuping_domain::assessment::Assessment;
use wuping_domain::association::Association;
use wuping_domain::board::Board;
use wuping_domain::campaign::Campaign;
use wuping_domain::credit::CreditFile;
use wuping_domain::dispute::Dispute;
use wuping_domain::draft::Draft;
use wuping_domain::event::aggregate_type;
use wuping_domain::facts::{Actor, Facts};
use wuping_domain::grade::Grade;
use wuping_domain::hazard::Hazard;
use wuping_domain::incident::Incident;
use wuping_domain::inspection::Inspection;
use wuping_domain::listing::Listing;
use wuping_domain::measure::Measure;
use wuping_domain::meeting::Meeting;
use wuping_domain::notice::Notice;
use wuping_domain::party::Party;
use wuping_domain::patrol::Patrol;
use wuping_domain::premises::Premises;
use wuping_domain::publication::Publication;
use wuping_domain::record::Record;
use wuping_domain::reevaluation::Reevaluation;
use wuping_domain::rejection::Rejection;
use wuping_domain::report::Report;
use wuping_domain::rulebook::Rulebook;
use wuping_domain::survey::Survey;
use wuping_domain::task::Task;
use wuping_domain::visit::Visit;
use wuping_ledger::recorded::RecordedEntry;
use wuping_ledger::stream::StreamPath;

use crate::app::{App, Asked, ExecuteError, Who};

/// A stream as it stands, with what the rules may know.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Everything recorded in the stream, in order.
    pub entries: Vec<RecordedEntry>,
    /// What the rules may know: the person who asks, the premises, the day.
    pub facts: Facts,
    /// What was said on trial since, as events.
    pending: Vec<Value>,
}

/// What a stream would answer.
#[derive(Debug)]
pub enum Answer {
    /// It would record something.
    New,
    /// It would say that nothing is new.
    Nothing,
    /// It would refuse.
    Refused(Rejection),
    /// The command has not the form it needs.
    Unreadable,
}

impl App {
    /// A stream as it stands for a person; one that was never written is empty.
    ///
    /// # Errors
    /// If the path is none or something cannot be read.
    pub fn trial(&self, who: &Who, stream: &str) -> Result<Trial, ExecuteError> {
        StreamPath::new(stream)?;
        let asked = Asked {
            id: Uuid::nil(),
            stream: stream.to_owned(),
            command: json!({}),
            expected: None,
            occurred_at: self.now(),
        };
        Ok(Trial { entries: self.reader().stream(stream)?, facts: self.facts(who, &asked)?, pending: vec![] })
    }

    /// Another stream of the same premises, tried by the same person.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn trial_beside(&self, trial: &Trial, stream: &str) -> Result<Trial, ExecuteError> {
        let entries = self.reader().stream(stream)?;
        let facts = Facts { stream: stream.to_owned(), ..trial.facts.clone() };
        Ok(Trial { entries, facts, pending: vec![] })
    }
}

impl Trial {
    /// The same, under this rulebook where the stream has none of its own yet.
    #[must_use]
    pub fn under(mut self, rulebook: Option<Arc<Rulebook>>) -> Self {
        self.facts.rulebook = self.facts.rulebook.or(rulebook);
        self
    }

    /// What the stream would answer to the person.
    pub fn answer(&self, command: &Value) -> Answer {
        self.answer_to(&self.facts.actor, command)
    }

    /// What it would answer to whoever may do everything: the state of the matter alone decides then.
    pub fn answer_to_anybody(&self, command: &Value) -> Answer {
        self.answer_to(&Actor::channel("anybody"), command)
    }

    /// What the stream would answer to the person, taken as said for whatever is tried after it.
    pub fn say(&mut self, command: &Value) -> Answer {
        match self.decided(&self.facts.actor, command) {
            Ok(events) if events.is_empty() => Answer::Nothing,
            Ok(events) => {
                self.pending.extend(events);
                Answer::New
            }
            Err(answer) => answer,
        }
    }

    fn answer_to(&self, actor: &Actor, command: &Value) -> Answer {
        match self.decided(actor, command) {
            Ok(events) if events.is_empty() => Answer::Nothing,
            Ok(_) => Answer::New,
            Err(answer) => answer,
        }
    }

    fn decided(&self, actor: &Actor, command: &Value) -> Result<Vec<Value>, Answer> {
        match aggregate_type(&self.facts.stream) {
            Access::TYPE => self.ask::<Access>(actor, command),
            Alert::TYPE => self.ask::<Alert>(actor, command),
            Appeal::TYPE => self.ask::<Appeal>(actor, command),
            Assessment::TYPE => self.ask::<Assessment>(actor, command),
            Association::TYPE => self.ask::<Association>(actor, command),
            Board::TYPE => self.ask::<Board>(actor, command),
            Campaign::TYPE => self.ask::<Campaign>(actor, command),
            CreditFile::TYPE => self.ask::<CreditFile>(actor, command),
            Dispute::TYPE => self.ask::<Dispute>(actor, command),
            Draft::TYPE => self.ask::<Draft>(actor, command),
            Grade::TYPE => self.ask::<Grade>(actor, command),
            Hazard::TYPE => self.ask::<Hazard>(actor, command),
            Incident::TYPE => self.ask::<Incident>(actor, command),
            Inspection::TYPE => self.ask::<Inspection>(actor, command),
            Listing::TYPE => self.ask::<Listing>(actor, command),
            Measure::TYPE => self.ask::<Measure>(actor, command),
            Meeting::TYPE => self.ask::<Meeting>(actor, command),
            Notice::TYPE => self.ask::<Notice>(actor, command),
            Party::TYPE => self.ask::<Party>(actor, command),
            Patrol::TYPE => self.ask::<Patrol>(actor, command),
            Premises::TYPE => self.ask::<Premises>(actor, command),
            Publication::TYPE => self.ask::<Publication>(actor, command),
            Record::TYPE => self.ask::<Record>(actor, command),
            Reevaluation::TYPE => self.ask::<Reevaluation>(actor, command),
            Report::TYPE => self.ask::<Report>(actor, command),
            Survey::TYPE => self.ask::<Survey>(actor, command),
            Task::TYPE => self.ask::<Task>(actor, command),
            Visit::TYPE => self.ask::<Visit>(actor, command),
            _ => Err(Answer::Unreadable),
        }
    }

    fn ask<C: Concept>(&self, actor: &Actor, command: &Value) -> Result<Vec<Value>, Answer> {
        let command =
            serde_json::from_value::<C::Command>(command.clone()).map_err(|_| Answer::Unreadable)?;
        let facts = Facts { actor: actor.clone(), ..self.facts.clone() };
        let said = decided(&self.state::<C>(), command, &facts).map_err(Answer::Refused)?;
        let events = said.iter().map(|said| serde_json::to_value(&said.event));
        events.collect::<Result<_, _>>().map_err(|_| Answer::Unreadable)
    }

    /// The stream's own state. An entry of a later version is passed over: executing the command names it.
    pub fn state<C: Concept>(&self) -> C {
        let mut state = C::default();
        for entry in &self.entries {
            if let Ok(event) = serde_json::from_str::<C::Event>(&entry.data) {
                state.evolve(&event);
            }
        }
        for event in &self.pending {
            if let Ok(event) = serde_json::from_value::<C::Event>(event.clone()) {
                state.evolve(&event);
            }
        }
        state
    }
}
