//! Draft of a rulebook: one person of the commission writes it, another publishes it.
//!
//! Invariants:
//! - a draft names the published rulebook that it begins from, and is stale once another is published after it;
//! - its document is kept beside the log and holds together before it is a draft: what nobody could be graded by is none;
//! - whoever drafted a rulebook does not publish it.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::aggregate::{Concept, named};
use crate::derivation::SchemeRef;
use crate::facts::{Facts, Role};
use crate::permission::{Permission, anywhere};
use crate::rejection::Rejection;
use crate::rulebook::Layer;
use crate::said::{Private, Said};

/// A draft as its events left it.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// What was drafted, and by whom.
    pub drafted: Option<(Drafted, String)>,
}

/// What is drafted.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Drafted {
    /// `<name>-<layer>-<version>`, as it will be published.
    pub id: String,
    /// What it grades.
    pub layer: Layer,
    /// SHA-256 of the compiled document, lower-case hex.
    pub sha256: String,
    /// The published rulebook that it begins from; none of the first of its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<SchemeRef>,
}

/// What is known of rulebooks when one is drafted or published.
#[derive(Clone, Debug, Default)]
pub struct Rulemaking {
    /// What the newest published rulebook of the name and layer has that the draft's base has not, by its members.
    pub changed: Vec<String>,
    /// The id in the document that is kept beside the log under the digest that is named; none where there is none or it does
    /// not hold together.
    pub document: Option<String>,
    /// The draft that a publication names.
    pub draft: Option<Draft>,
    /// The newest published rulebook of the name and layer.
    pub newest: Option<SchemeRef>,
}

impl Rulemaking {
    /// Refuses what does not begin from the newest published rulebook, with what that one changed.
    pub(crate) fn must_begin_from_newest(&self, base: Option<&SchemeRef>) -> Result<(), Rejection> {
        if base == self.newest.as_ref() {
            return Ok(());
        }
        let newest = self.newest.as_ref().map_or("–", |newest| newest.id.as_str());
        let changed = if self.changed.is_empty() { "–".to_owned() } else { self.changed.join(", ") };
        Err(Rejection::because("stale_draft", json!({ "newest": newest, "changed": changed })))
    }
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Draft a compiled rulebook whose document is already kept beside the log.
    Draft {
        /// What.
        #[serde(flatten)]
        drafted: Drafted,
        /// Why, for whoever publishes it: private.
        #[serde(default)]
        note: Option<String>,
    },
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    RulebookDrafted {
        #[serde(flatten)]
        drafted: Drafted,
        by: String,
    },
}

named!(Event { RulebookDrafted });

impl Concept for Draft {
    const TYPE: &'static str = "rulebook-draft";
    type Command = Command;
    type Event = Event;

    fn open_to(_: &Command) -> &'static [Permission] {
        const { &[anywhere(Role::CommissionAdmin)] }
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        let Command::Draft { drafted, note } = command;
        match &self.drafted {
            Some((before, _)) if *before == drafted => return Ok(vec![]),
            Some(_) => return Err(Rejection::AlreadyExists { what: "draft" }),
            None => {}
        }
        let nothing = Rulemaking::default();
        let known = facts.rulemaking.as_deref().unwrap_or(&nothing);
        if known.document.as_ref() != Some(&drafted.id) {
            return Err(Rejection::because("document_not_kept", json!({ "id": drafted.id })));
        }
        known.must_begin_from_newest(drafted.base.as_ref())?;
        if known.newest.as_ref().is_some_and(|newest| newest.id == drafted.id) {
            return Err(Rejection::AlreadyExists { what: "rulebook version" });
        }
        let event = Event::RulebookDrafted { drafted, by: facts.actor.account.clone() };
        Ok(vec![Said::with(event, Private::none().with("note", note))])
    }

    fn evolve(&mut self, event: &Event) {
        let Event::RulebookDrafted { drafted, by } = event;
        self.drafted = Some((drafted.clone(), by.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given::given;

    fn scheme(version: u64) -> SchemeRef {
        SchemeRef { id: format!("pingshan-unit-{version}"), sha256: format!("{version:02}").repeat(32) }
    }

    fn draft(version: u64, base: Option<u64>) -> Command {
        let SchemeRef { id, sha256 } = scheme(version);
        let drafted = Drafted { id, layer: Layer::Unit, sha256, base: base.map(scheme) };
        Command::Draft { drafted, note: Some("依据新办法".into()) }
    }

    fn known(document: Option<u64>, newest: Option<u64>) -> Rulemaking {
        Rulemaking {
            changed: vec!["indicators.total".into()],
            document: document.map(|version| scheme(version).id),
            draft: None,
            newest: newest.map(scheme),
        }
    }

    #[test]
    fn a_draft_is_of_a_document_that_holds_together_and_begins_from_the_newest() {
        let by = |known| given::<Draft>([]).by_role(Role::CommissionAdmin).with_rulemaking(known);
        by(known(None, Some(2))).when(draft(3, Some(2))).then_rejected("document_not_kept");
        by(known(Some(3), Some(4))).when(draft(3, Some(2))).then_rejected("stale_draft");
        by(known(Some(3), Some(2))).when(draft(3, None)).then_rejected("stale_draft");
        by(known(Some(2), Some(2))).when(draft(2, Some(2))).then_rejected("already_exists");
        let said = by(known(Some(3), Some(2))).when(draft(3, Some(2))).said();
        let Event::RulebookDrafted { drafted, .. } = &said[0].event;
        assert_eq!((drafted.id.as_str(), &drafted.base), ("pingshan-unit-3", &Some(scheme(2))));
        assert!(
            !serde_json::to_string(&said[0].event).unwrap().contains("新办法"),
            "what was typed stays private"
        );
    }

    #[test]
    fn a_draft_said_twice_is_one_and_another_is_another() {
        let Command::Draft { drafted, .. } = draft(3, Some(2));
        let event = || Event::RulebookDrafted { drafted: drafted.clone(), by: "a-1".into() };
        given::<Draft>([event()]).by_role(Role::CommissionAdmin).when(draft(3, Some(2))).then([]);
        given::<Draft>([event()])
            .by_role(Role::CommissionAdmin)
            .when(draft(4, Some(2)))
            .then_rejected("already_exists");
    }

    #[test]
    fn what_changed_since_is_said() {
        let refused = known(None, Some(4)).must_begin_from_newest(Some(&scheme(2))).unwrap_err();
        assert!(
            refused.zh().contains("indicators.total") && refused.en().contains("pingshan-unit-4"),
            "{}",
            refused.en()
        );
    }
}
