//! Publication of a rulebook: from when it holds, on whose authority. Its bytes lie beside the log, named by their
//! digest; a published rulebook is never changed.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::aggregate::{Concept, named};
use crate::facts::{Facts, Role};
use crate::permission::{Permission, anywhere};
use crate::rejection::Rejection;
use crate::rulebook::Layer;
use crate::said::Said;

/// A rulebook's publication as its events left it.
#[derive(Clone, Debug, Default)]
pub struct Publication {
    /// What was published, once it was.
    pub published: Option<Published>,
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Publish a compiled rulebook whose document is already kept beside the log.
    Publish(Published),
}

/// What is published.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Published {
    /// `<name>-<layer>-<version>`.
    pub id: String,
    /// What it grades.
    pub layer: Layer,
    /// SHA-256 of the document, lower-case hex.
    pub sha256: String,
    /// First day on which an assessment may be opened under it.
    pub holds_from: NaiveDate,
    /// Whether it governs (patrols, notices, confirmations) or only grades what others have graded.
    pub operating: bool,
    /// Who issued it.
    pub issued_by: String,
    /// Number of the issuing document, or of the licence it came under.
    pub document_number: String,
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    RulebookPublished(Published),
}

named!(Event { RulebookPublished });

impl Concept for Publication {
    const TYPE: &'static str = "rulebook";
    type Command = Command;
    type Event = Event;

    fn open_to(_: &Command) -> &'static [Permission] {
        const { &[anywhere(Role::CommissionAdmin)] }
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        let Command::Publish(published) = command;
        match &self.published {
            Some(before) if before.sha256 == published.sha256 => return Ok(vec![]),
            Some(_) => return Err(Rejection::AlreadyExists { what: "rulebook version" }),
            None => {}
        }
        // A rulebook that governs is never dated back: what people did before it was published it cannot judge.
        if published.operating && published.holds_from < facts.today {
            return Err(Rejection::Malformed { field: "holds_from", needs: "today or a later day" });
        }
        Ok(vec![Said::openly(Event::RulebookPublished(published))])
    }

    fn evolve(&mut self, event: &Event) {
        let Event::RulebookPublished(published) = event;
        self.published = Some(published.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given::{day, given};

    fn version(operating: bool, holds_from: &str) -> Published {
        Published {
            id: "pingshan-unit-2".into(),
            layer: Layer::Unit,
            sha256: "00".repeat(32),
            holds_from: day(holds_from),
            operating,
            issued_by: "坪山区委政法委".into(),
            document_number: "示例".into(),
        }
    }

    #[test]
    fn a_governing_rulebook_is_not_dated_back() {
        let publish = Command::Publish(version(true, "2026-03-01"));
        given::<Publication>([])
            .by_role(Role::CommissionAdmin)
            .on("2026-03-02")
            .when(publish)
            .then_rejected("malformed");
    }

    #[test]
    fn a_published_version_is_never_replaced() {
        let mut other = version(true, "2026-03-02");
        other.sha256 = "11".repeat(32);
        given::<Publication>([Event::RulebookPublished(version(true, "2026-03-02"))])
            .by_role(Role::CommissionAdmin)
            .when(Command::Publish(other))
            .then_rejected("already_exists");
    }
}
