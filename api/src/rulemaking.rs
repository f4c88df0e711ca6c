//! Rulemaking: which rulebooks are published, and what is known when one is drafted or published.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;
use wuping_domain::aggregate::Concept;
use wuping_domain::derivation::SchemeRef;
use wuping_domain::draft::{Draft, Drafted, Rulemaking};
use wuping_domain::event::{Event, aggregate_type};
use wuping_domain::publication::Publication;
use wuping_domain::reaction::Rulebooks;
use wuping_domain::rulebook::Rulebook;
use wuping_domain::rulebook::difference::differences;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::Scheme;
use wuping_projections::ledger_rulebooks::LedgerRulebooks;
use wuping_projections::recording::recorded;

use crate::app::{App, Asked, ExecuteError};
use crate::drafting;

/// Every published rulebook with its document. What is only kept beside the log, such as a draft's, is none.
///
/// # Errors
/// If the ledger cannot be read.
pub fn published(reader: &Reader) -> Result<Vec<Scheme>, ExecuteError> {
    let kept = reader.schemes()?;
    let mut published = Vec::new();
    for scheme in kept {
        if publication(reader, &scheme.id)?.published.is_some_and(|is| is.sha256 == scheme.sha256) {
            published.push(scheme);
        }
    }
    Ok(published)
}

/// The newest of a rulebook's name and layer.
pub fn newest<'p>(published: &'p [Scheme], id: &str) -> Option<&'p Scheme> {
    let family = |id: &str| id.rsplit_once('-').map(|(family, _)| family.to_owned());
    let version = |scheme: &&Scheme| scheme.id.rsplit('-').next().and_then(|text| text.parse::<u64>().ok());
    let own = family(id)?;
    published.iter().filter(|scheme| family(&scheme.id).as_ref() == Some(&own)).max_by_key(version)
}

/// The departments that the published rulebooks name.
///
/// # Errors
/// If the ledger cannot be read.
pub fn departments(reader: &Reader) -> Result<BTreeSet<String>, ExecuteError> {
    let kept = LedgerRulebooks::of(reader.clone());
    let mut departments = BTreeSet::new();
    for Scheme { id, sha256, .. } in published(reader)? {
        let rulebook = kept.rulebook(&SchemeRef { id, sha256 });
        let named = rulebook.iter().flat_map(|rulebook| &rulebook.policy.departments);
        departments.extend(named.map(|department| department.id.clone()));
    }
    Ok(departments)
}

/// What the ledger says of a rulebook's publication.
fn publication(reader: &Reader, id: &str) -> Result<Publication, ExecuteError> {
    let mut state = Publication::default();
    for entry in reader.stream(&format!("rulebook/{id}"))? {
        if let Event::Publication(event) = recorded(&entry.row())?.event {
            state.evolve(&event);
        }
    }
    Ok(state)
}

/// A recorded draft that nobody has published.
#[derive(Clone, Debug)]
pub struct WaitingDraft {
    /// The last segment of its stream.
    pub key: String,
    /// What was drafted.
    pub drafted: Drafted,
    /// The account that drafted it.
    pub by: String,
}

/// The drafts that wait for a second person.
///
/// # Errors
/// If the ledger cannot be read.
pub fn waiting_drafts(app: &App) -> Result<Vec<WaitingDraft>, ExecuteError> {
    let mut keys = Vec::new();
    app.reader().last_of_streams(|last| {
        keys.extend(last.stream.strip_prefix(DRAFTS).map(str::to_owned));
        Ok(())
    })?;
    let published = published(app.reader())?;
    let mut waiting = Vec::new();
    for key in keys {
        if let Some((drafted, by)) = app.draft(&key)?.drafted
            && !published.iter().any(|one| one.id == drafted.id)
        {
            waiting.push(WaitingDraft { key, drafted, by });
        }
    }
    Ok(waiting)
}

/// Keeps a draft's document and answers the command that records it, in a stream named after the command's id: a repeat finds
/// what it made.
///
/// # Errors
/// If the document cannot be kept.
pub async fn keep_and_ask(
    app: &App,
    id: Uuid,
    draft: &drafting::Draft,
    note: Option<&str>,
) -> Result<Asked, ExecuteError> {
    app.ledger.writer().keep_scheme(draft.compiled.document()).await?;
    let note = note.map(str::trim).filter(|note| !note.is_empty());
    let command = json!({
        "command": "draft", "id": draft.compiled.scheme.id, "layer": draft.compiled.rulebook.layer,
        "sha256": draft.compiled.scheme.sha256, "base": draft.base_ref(), "note": note,
    });
    let stream = format!("{DRAFTS}d{}", id.simple());
    Ok(Asked { id, stream, command, expected: None, occurred_at: app.now() })
}

impl App {
    /// A draft by the last segment of its stream.
    ///
    /// # Errors
    /// If the stream cannot be read.
    pub fn draft(&self, id: &str) -> Result<Draft, ExecuteError> {
        let mut state = Draft::default();
        for entry in self.reader().stream(&format!("{}/{id}", Draft::TYPE))? {
            if let Event::Draft(event) = recorded(&entry.row())?.event {
                state.evolve(&event);
            }
        }
        Ok(state)
    }

    /// What is known of rulebooks, where a command drafts or publishes one.
    pub(crate) fn rulemaking(&self, asked: &Asked) -> Result<Option<Rulemaking>, ExecuteError> {
        if ![Draft::TYPE, Publication::TYPE].contains(&aggregate_type(&asked.stream)) {
            return Ok(None);
        }
        let text = |member: &str| asked.command.get(member).and_then(Value::as_str);
        let draft = text("draft").map(|id| self.draft(id)).transpose()?;
        let drafted = draft.as_ref().and_then(|draft| draft.drafted.as_ref());
        let base: Option<SchemeRef> = match drafted {
            Some((drafted, _)) => drafted.base.clone(),
            None => asked.command.get("base").and_then(|base| serde_json::from_value(base.clone()).ok()),
        };
        let published = published(self.reader())?;
        let newest = newest(&published, text("id").unwrap_or_default());
        let begun = base.as_ref().and_then(|base| published.iter().find(|one| one.sha256 == base.sha256));
        let kept = text("sha256").map(|sha256| self.reader().scheme(sha256)).transpose()?.flatten();
        Ok(Some(Rulemaking {
            changed: begun.zip(newest).map(|(was, is)| changed(was, is)).unwrap_or_default(),
            document: kept
                .and_then(|kept| Rulebook::written_anew(&document(&kept)).ok())
                .map(|found| found.id),
            draft,
            newest: newest.map(|of| SchemeRef { id: of.id.clone(), sha256: of.sha256.clone() }),
        }))
    }
}

/// A kept document; nothing where it is none.
pub fn document(kept: &Scheme) -> Value {
    serde_json::from_slice(&kept.bytes).unwrap_or_default()
}

/// The members that are not the same, those of the rules themselves.
fn changed(was: &Scheme, is: &Scheme) -> Vec<String> {
    let all = differences(&document(was), &document(is));
    let rules =
        all.into_iter().map(|one| one.path).filter(|path| path != "id" && !path.ends_with(".version"));
    rules.take(CHANGES_MAX).collect()
}

/// How the streams of drafts begin.
const DRAFTS: &str = "rulebook-draft/";
const _: () = assert!(DRAFTS.len() == Draft::TYPE.len() + 1);
/// What a refusal names at most.
const CHANGES_MAX: usize = 12;
