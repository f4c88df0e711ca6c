//! Rulemaking: which rulebooks are published, and what is known when one is drafted or published.

use serde_json::Value;
use wuping_domain::aggregate::Concept;
use wuping_domain::derivation::SchemeRef;
use wuping_domain::draft::{Draft, Rulemaking};
use wuping_domain::event::{Event, aggregate_type};
use wuping_domain::publication::Publication;
use wuping_domain::rulebook::Rulebook;
use wuping_domain::rulebook::difference::differences;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::Scheme;
use wuping_projections::recording::recorded;

use crate::app::{App, Asked, ExecuteError};

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

/// What a refusal names at most.
const CHANGES_MAX: usize = 12;
