//! Incident (事件): what another system says happened, whose house it was, and whether its department confirms it.
//!
//! Invariants:
//! - what a source sends twice is recorded once;
//! - an incident acts only while it belongs to these premises and its competent department has confirmed it;
//! - whoever corrects what happened has it confirmed anew: what was confirmed was something else.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::aggregate::{Concept, named};
use crate::derivation::SchemeRef;
use crate::facts::{Facts, Role};
use crate::hazard::Found;
use crate::incident_rule::{IncidentEffect, IncidentQuestion, incident};
use crate::permission::{Permission, anywhere, of_department};
use crate::recorded::local_date;
use crate::refused::Refused;
use crate::rejection::Rejection;
use crate::rulebook::Rulebook;
use crate::rulebook::policy::{IncidentEffectKind, IncidentRule};
use crate::said::{Private, Said};
use crate::subject::Subject;

/// An incident as its events left it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Incident {
    /// Whether its department confirmed it.
    pub confirmed: bool,
    /// What is known of it.
    pub known: Option<Known>,
    /// Whether it is held to have happened at these premises.
    pub linked: bool,
    /// Whether the last entry changed what it does to the grade.
    pub moved: bool,
}

/// What is known of an incident.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Known {
    /// The system it came from: `police`, `fire`.
    pub source: String,
    /// What that system calls it; no personal data.
    pub source_id: String,
    /// `safety`, `fire` or `public_order`.
    pub category: String,
    /// `minor`, `general` or `serious`.
    pub severity: String,
    /// When it happened.
    pub happened_at: DateTime<Utc>,
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// The competent department confirms that it happened, here, and was this grave.
    Confirm {
        /// The rulebook whose table says which department that is, where the premises were never assessed.
        #[serde(default)]
        #[allow(dead_code, reason = "read beside the command, where its rulebook is looked up")]
        scheme: Option<SchemeRef>,
        /// In the officer's words: private.
        #[serde(default)]
        note: Option<String>,
    },
    /// Put right what was said of it.
    Correct {
        /// What is right.
        #[serde(flatten)]
        known: Known,
        /// Why, as a code: `wrong_category`, `wrong_severity`, `wrong_time`.
        why: String,
    },
    /// Hold that it happened at these premises.
    Link {
        /// What is known of it, where it was first held to be of another house.
        #[serde(default)]
        known: Option<Known>,
        /// The stream at that other house.
        #[serde(default)]
        from: Option<String>,
    },
    /// Take down what a source says.
    Record {
        /// What.
        #[serde(flatten)]
        known: Known,
        /// In the source's words: private.
        #[serde(default)]
        text: Option<String>,
    },
    /// It was another house.
    Unlink {
        /// Why, as a code: `wrong_house`, `duplicate`.
        why: String,
        /// Which house it was, where that is known.
        #[serde(default)]
        to: Option<String>,
    },
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    IncidentConfirmed {
        by: String,
    },
    IncidentCorrected {
        #[serde(flatten)]
        known: Known,
        why: String,
        by: String,
    },
    IncidentLinked {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        known: Option<Known>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        by: String,
    },
    IncidentRecorded(Known),
    IncidentUnlinked {
        why: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        by: String,
    },
}

named!(Event { IncidentConfirmed, IncidentCorrected, IncidentLinked, IncidentRecorded, IncidentUnlinked });

impl Concept for Incident {
    const TYPE: &'static str = "incident";
    type Command = Command;
    type Event = Event;

    fn open_to(command: &Command) -> &'static [Permission] {
        match command {
            Command::Confirm { .. } | Command::Correct { .. } => {
                const { &[of_department(Role::DepartmentOfficer), of_department(Role::CompetentAuthority)] }
            }
            Command::Link { .. } | Command::Unlink { .. } => {
                const {
                    &[
                        anywhere(Role::DepartmentOfficer),
                        anywhere(Role::CompetentAuthority),
                        anywhere(Role::DataClerk),
                    ]
                }
            }
            Command::Record { .. } => const { &[anywhere(Role::DepartmentOfficer)] },
        }
    }

    /// The department that the policy's table names for its category and severity.
    fn competent(&self, _: &Command, facts: &Facts) -> Option<String> {
        Some(rule(self.known.as_ref()?, facts).ok()?.competent.clone())
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        let by = facts.actor.account.clone();
        let Some(known) = &self.known else { return begin(command, by, facts) };
        match command {
            Command::Record { known: again, .. } | Command::Link { known: Some(again), .. }
                if again == *known =>
            {
                Ok(vec![])
            }
            Command::Record { .. } => Err(Rejection::AlreadyExists { what: "incident" }),
            Command::Confirm { note, .. } => {
                if !self.linked {
                    return Err(Rejection::WrongState { is: "of another house", needs: "linked here" });
                }
                // what no table knows moves no grade
                rule(known, facts)?;
                if self.confirmed {
                    return Ok(vec![]);
                }
                let private = Private::none().with("note", note);
                Ok(vec![Said::with(Event::IncidentConfirmed { by }, private)])
            }
            Command::Correct { known: right, why } => {
                if right == *known {
                    return Ok(vec![]);
                }
                if (&right.source, &right.source_id) != (&known.source, &known.source_id) {
                    return Err(Rejection::Malformed {
                        field: "source_id",
                        needs: "to stay as it is: another name at the source is another incident",
                    });
                }
                must_be_possible(&right, facts)?;
                must_be_its_own(&right, facts)?;
                // what the source sends again is its own correction; a person's is of what the policy's table has
                if !facts.actor.received {
                    rule(known, facts)?;
                }
                Ok(vec![Said::openly(Event::IncidentCorrected { known: right, why, by })])
            }
            Command::Link { .. } => {
                if self.linked {
                    return Ok(vec![]);
                }
                facts.subject()?.must_be_open()?;
                Ok(vec![Said::openly(Event::IncidentLinked { known: None, from: None, by })])
            }
            Command::Unlink { why, to } => {
                if !self.linked {
                    return Ok(vec![]);
                }
                Ok(vec![Said::openly(Event::IncidentUnlinked { why, to, by })])
            }
        }
    }

    fn evolve(&mut self, event: &Event) {
        let before = self.acts();
        match event {
            Event::IncidentConfirmed { .. } => self.confirmed = true,
            Event::IncidentCorrected { known, .. } => {
                let same =
                    |held: &Known| (&held.category, &held.severity) == (&known.category, &known.severity);
                self.confirmed &= self.known.as_ref().is_some_and(same);
                self.known = Some(known.clone());
            }
            Event::IncidentLinked { known, .. } => {
                if known.is_some() {
                    self.known.clone_from(known);
                }
                self.linked = true;
            }
            Event::IncidentRecorded(known) => {
                self.known = Some(known.clone());
                self.linked = true;
            }
            Event::IncidentUnlinked { .. } => self.linked = false,
        }
        self.moved = before != self.acts();
    }
}

impl Incident {
    /// Category and severity while it acts on these premises; none while it does not.
    pub fn acts(&self) -> Option<(String, String)> {
        let known = self.known.as_ref().filter(|_| self.linked && self.confirmed)?;
        Some((known.category.clone(), known.severity.clone()))
    }

    /// What it does by the rulebook, confirmed on that day; nothing where the rulebook's table does not know it.
    ///
    /// # Errors
    /// The table's own refusals, such as a class of work that is none.
    pub fn effect(
        &self,
        rulebook: &Rulebook,
        confirmed_on: Option<chrono::NaiveDate>,
    ) -> Result<Option<IncidentEffect>, Refused> {
        let Some((category, severity)) = self.acts() else { return Ok(None) };
        if rulebook.incident_rule(&category, &severity).is_none() {
            return Ok(None);
        }
        let question = IncidentQuestion { category, severity, confirmed: true, confirmed_on };
        incident(rulebook, &question).map(Some)
    }
}

/// The hazard that a confirmed incident opens; none where it opens none.
pub(crate) fn found(rulebook: &Rulebook, subject: &Subject, key: &str) -> Result<Option<Found>, Refused> {
    let Some(of) = subject.incidents.get(key) else { return Ok(None) };
    let effect = of.state.effect(rulebook, of.confirmed_on)?;
    let Some(effect) = effect.filter(|effect| effect.effect == IncidentEffectKind::Hazard) else {
        return Ok(None);
    };
    let (Some(class), Some((category, severity))) = (effect.hazard, of.state.acts()) else { return Ok(None) };
    Ok(Some(Found {
        indicator: format!("incident:{category}_{severity}"),
        suspected: class.severity == "major",
        severity: class.severity,
        works: class.works,
        competent: effect.competent,
        source: "incident".to_owned(),
        caused_by: Some(key.to_owned()),
        points: None,
        by: None,
        scheme: None,
    }))
}

/// A new stream begins with what a source says, or with what was first held to be of another house.
fn begin(command: Command, by: String, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
    let (known, event, private) = match command {
        Command::Record { known, text } => {
            must_be_its_own(&known, facts)?;
            let private = Private::none().with("text", text);
            (known.clone(), Event::IncidentRecorded(known), private)
        }
        Command::Link { known: Some(known), from } => {
            let event = Event::IncidentLinked { known: Some(known.clone()), from, by };
            (known, event, Private::none())
        }
        _ => return Err(Rejection::NotFound { what: "incident" }),
    };
    let subject = facts.subject()?;
    subject.must_be_open()?;
    must_be_possible(&known, facts)?;
    let same = |held: &Known| (&held.source, &held.source_id) == (&known.source, &known.source_id);
    let mut others = subject.incidents.values().filter(|of| of.state.linked);
    if others.any(|of| of.state.known.as_ref().is_some_and(same)) {
        return Ok(vec![]);
    }
    Ok(vec![Said::with(event, private)])
}

fn must_be_possible(known: &Known, facts: &Facts) -> Result<(), Rejection> {
    if known.source.trim().is_empty() || known.source_id.trim().is_empty() {
        return Err(Rejection::Malformed { field: "source_id", needs: "the name that the source gave it" });
    }
    if local_date(known.happened_at) > facts.today {
        return Err(Rejection::Malformed { field: "happened_at", needs: "a time that has come" });
    }
    if facts.rulebook.is_some() {
        rule(known, facts)?;
    }
    Ok(())
}

/// A feed tells of what its own departments know, and of nobody else's.
fn must_be_its_own(known: &Known, facts: &Facts) -> Result<(), Rejection> {
    if !facts.actor.received || facts.actor.shares_for(&known.source) {
        return Ok(());
    }
    Err(Rejection::DepartmentNeeded { department: known.source.clone() })
}

fn rule<'a>(known: &Known, facts: &'a Facts) -> Result<&'a IncidentRule, Rejection> {
    let rule = facts.rulebook()?.incident_rule(&known.category, &known.severity);
    rule.ok_or_else(|| Refused::because("unknown_incident").into())
}

#[cfg(test)]
mod tests;
