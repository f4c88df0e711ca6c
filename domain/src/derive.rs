//! Re-derivation: one computed result from nothing but its rulebook and its inputs, as anyone may do it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::event::{Unreadable, Written, read};
use crate::reaction;
use crate::recorded::subject_of;
use crate::refused::Refused;
use crate::rulebook::{Rulebook, RulebookError};
use crate::subject::Subject;

/// What is asked: all inputs, in log order, and what they are to be computed into (docs/format.md §9).
#[derive(Debug, Deserialize)]
pub struct Question<'a> {
    /// The computed entry's own `occurred_at`.
    pub as_of: String,
    /// All entries of the subjects below the computed one.
    #[serde(borrow)]
    pub events: Vec<Input<'a>>,
    /// The rulebook's document.
    pub scheme: Value,
    /// The computed entry's stream.
    pub stream: String,
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: String,
}

/// One input.
#[derive(Debug, Deserialize)]
pub struct Input<'a> {
    /// `{data, meta}` as signed.
    #[serde(borrow)]
    pub payload: Payload<'a>,
    /// When the ledger took it.
    pub recorded_at: String,
    /// Where it stands.
    pub sequence: u64,
}

/// What the author signed.
#[derive(Debug, Deserialize)]
pub struct Payload<'a> {
    /// `D`.
    #[serde(borrow)]
    pub data: &'a RawValue,
    /// The members of `M` that a result may depend on.
    pub meta: Meta,
}

/// What an author says about an entry.
#[derive(Debug, Deserialize)]
pub struct Meta {
    /// Lower-case UUID.
    pub event_id: String,
    /// The author's claim.
    pub occurred_at: String,
    /// The whole stream path.
    pub stream: String,
    /// Number in the stream.
    pub version: u64,
}

/// Why a result cannot be derived.
#[derive(Debug, thiserror::Error)]
pub enum Underivable {
    /// The inputs lead to no such result.
    #[error("these inputs lead to no {event_type} in {stream}; one of them is missing or was not there")]
    Nothing {
        /// What was asked for.
        event_type: String,
        /// Where.
        stream: String,
    },
    /// The time asked about is none.
    #[error("as_of is “{text}”, which is no time; write it as 2026-03-01T09:30:00.000Z")]
    Time {
        /// What stands there.
        text: String,
    },
    /// The rules refuse.
    #[error("the rules give no result")]
    Refused(#[from] Refused),
    /// The document is no rulebook.
    #[error("the scheme is no rulebook")]
    Rulebook(#[from] RulebookError),
    /// An input is none.
    #[error("an input cannot be read")]
    Unreadable(#[from] Unreadable),
}

/// The result that the computed entry must carry.
///
/// # Errors
/// If the scheme or an input cannot be read, or the rules lead to no such result.
pub fn evaluate(question: &Question<'_>) -> Result<Value, Underivable> {
    let rulebook = Rulebook::from_document(&question.scheme)?;
    let mut subjects: BTreeMap<String, Subject> = BTreeMap::new();
    for input in &question.events {
        let meta = &input.payload.meta;
        let recorded = read(&Written {
            data: input.payload.data.get(),
            event_id: &meta.event_id,
            occurred_at: &meta.occurred_at,
            position: input.sequence,
            recorded_at: &input.recorded_at,
            stream: &meta.stream,
            version: meta.version,
        })?;
        subjects.entry(subject_of(&meta.stream).to_owned()).or_default().apply(&recorded);
    }
    let as_of = time(question)?;
    let (event_type, stream) = (question.event_type.as_str(), question.stream.as_str());
    let result = reaction::compute(&rulebook, &subjects, event_type, stream, as_of)?;
    result
        .ok_or_else(|| Underivable::Nothing { event_type: event_type.to_owned(), stream: stream.to_owned() })
}

fn time(question: &Question<'_>) -> Result<DateTime<Utc>, Underivable> {
    question.as_of.parse().map_err(|_| Underivable::Time { text: question.as_of.clone() })
}
