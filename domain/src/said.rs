//! What a person says: the public fact, and the private values that go beside it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::rejection::Rejection;

/// Private values by name. Every private field that an event knows is always present, `null` when empty, so that the
/// number of digests says nothing (docs/format.md §8).
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Private(BTreeMap<String, Value>);

impl Private {
    /// No private field at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// One more private field; `None` is kept as `null`.
    #[must_use]
    pub fn with<V: Serialize>(mut self, name: &str, value: Option<V>) -> Self {
        let value = value.and_then(|value| serde_json::to_value(value).ok()).unwrap_or(Value::Null);
        self.0.insert(name.to_owned(), value);
        self
    }

    /// Whether there is nothing private.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// An event as it is said, before its private values are parted from it. Serialised, the private values stand in the
/// member `private`, from which the ledger takes them; an event read back from the ledger has none.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Said<E> {
    /// The public fact.
    #[serde(flatten)]
    pub event: E,
    /// What only the vault will hold.
    #[serde(default, skip_serializing_if = "Private::is_empty")]
    pub private: Private,
}

impl<E> Said<E> {
    /// A fact with nothing private about it.
    pub fn openly(event: E) -> Self {
        Self { event, private: Private::none() }
    }

    /// A fact with private values beside it.
    pub fn with(event: E, private: Private) -> Self {
        Self { event, private }
    }
}

/// Refuses what is to be said in words and has none.
///
/// # Errors
/// `malformed`, with the field.
pub fn must_have_words(field: &'static str, words: Option<&str>) -> Result<(), Rejection> {
    if words.is_none_or(|words| words.trim().is_empty()) {
        return Err(Rejection::Malformed { field, needs: "it written out in words" });
    }
    Ok(())
}

/// A photo kept under the digest of its bytes.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Photo {
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes, lower-case hex.
    pub sha256: String,
    /// Media type, `image/jpeg`.
    #[serde(rename = "type")]
    pub media_type: String,
}

/// The private field `photos`: `None` when there is none.
pub fn photos(photos: &[Photo]) -> Option<&[Photo]> {
    (!photos.is_empty()).then_some(photos)
}
