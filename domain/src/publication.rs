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
    /// Number of the document by which its legality was reviewed (合法性审核); a person publishes none to work by without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legality_review: Option<String>,
    /// The draft that is published, by the last segment of its stream. What comes with the program, and what others
    /// published, is received and was drafted by nobody here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<String>,
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
        if !facts.actor.received {
            must_be_drafted(&published, facts)?;
        }
        Ok(vec![Said::openly(Event::RulebookPublished(published))])
    }

    fn evolve(&mut self, event: &Event) {
        let Event::RulebookPublished(published) = event;
        self.published = Some(published.clone());
    }
}

/// A person publishes what another has drafted, as it was drafted, while nothing newer was published.
fn must_be_drafted(published: &Published, facts: &Facts) -> Result<(), Rejection> {
    let known = facts.rulemaking.as_deref();
    let draft = known.and_then(|known| known.draft.as_ref()).filter(|_| published.draft.is_some());
    let Some((drafted, by)) = draft.and_then(|draft| draft.drafted.as_ref()) else {
        return Err(Rejection::NotFound { what: "draft" });
    };
    if (&drafted.id, &drafted.sha256, drafted.layer) != (&published.id, &published.sha256, published.layer) {
        return Err(Rejection::Malformed { field: "sha256", needs: "the document that was drafted" });
    }
    if *by == facts.actor.account {
        return Err(Rejection::DutiesSeparated { rule: "publisher_is_drafter" });
    }
    if published.document_number.trim().is_empty() || published.issued_by.trim().is_empty() {
        return Err(Rejection::Malformed {
            field: "document_number",
            needs: "who issues it, and the document's number",
        });
    }
    let reviewed = published.legality_review.as_deref().is_some_and(|number| !number.trim().is_empty());
    if published.operating && !reviewed {
        return Err(Rejection::because("no_legality_review", serde_json::Value::Null));
    }
    known.map_or(Ok(()), |known| known.must_begin_from_newest(drafted.base.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derivation::SchemeRef;
    use crate::draft::{Draft, Drafted, Rulemaking};
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
            legality_review: Some("坪司合审〔2026〕1号".into()),
            draft: Some("d-1".into()),
        }
    }

    /// A draft of that version by somebody, begun from version 1.
    fn drafted(by: &str, newest: u64) -> Rulemaking {
        let scheme =
            |version: u64| SchemeRef { id: format!("pingshan-unit-{version}"), sha256: "01".repeat(32) };
        let Published { id, layer, sha256, .. } = version(true, "2026-03-02");
        let drafted = Drafted { id, layer, sha256, base: Some(scheme(1)) };
        let draft = Draft { drafted: Some((drafted, by.to_owned())) };
        Rulemaking { draft: Some(draft), newest: Some(scheme(newest)), ..Rulemaking::default() }
    }

    #[test]
    fn a_second_person_publishes_what_was_drafted_and_is_not_stale() {
        let publish = |known: Option<Rulemaking>, version: Published| {
            let given = given::<Publication>([]).by_role(Role::CommissionAdmin);
            let given = match known {
                Some(known) => given.with_rulemaking(known),
                None => given,
            };
            given.when(Command::Publish(version))
        };
        let good = || version(true, "2026-03-02");
        publish(None, good()).then_rejected("not_found");
        publish(Some(drafted("a-2", 1)), Published { draft: None, ..good() }).then_rejected("not_found");
        publish(Some(drafted("a-1", 1)), good()).then_rejected("publisher_is_drafter");
        publish(Some(drafted("a-2", 3)), good()).then_rejected("stale_draft");
        publish(Some(drafted("a-2", 1)), Published { sha256: "22".repeat(32), ..good() })
            .then_rejected("malformed");
        publish(Some(drafted("a-2", 1)), Published { document_number: " ".into(), ..good() })
            .then_rejected("malformed");
        for missing in [None, Some(" ".to_owned())] {
            publish(Some(drafted("a-2", 1)), Published { legality_review: missing, ..good() })
                .then_rejected("no_legality_review");
        }
        let graded_elsewhere = || Published { legality_review: None, ..version(false, "2026-03-02") };
        publish(Some(drafted("a-2", 1)), graded_elsewhere())
            .then([Event::RulebookPublished(graded_elsewhere())]);
        publish(Some(drafted("a-2", 1)), good()).then([Event::RulebookPublished(good())]);
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
