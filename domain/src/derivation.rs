//! What a computed event says besides its type: from which rulebook and subjects it was derived, and what came out.

use serde::{Deserialize, Serialize};

/// A rulebook by its id and the SHA-256 of its canonical document, lower-case hex.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, schemars::JsonSchema)]
pub struct SchemeRef {
    /// `<name>-<layer>-<version>`.
    pub id: String,
    /// Digest of the document.
    pub sha256: String,
}

/// The inputs of a computation: all entries of these subjects below the computed one.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Derivation {
    /// The rulebook.
    pub scheme: SchemeRef,
    /// Subjects, sorted.
    pub subjects: Vec<String>,
}

/// The content of a computed event (docs/format.md §9).
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Computed<R> {
    /// From what.
    pub derivation: Derivation,
    /// What came out.
    pub result: R,
}

/// An event that is stated by people and computed by rule alike: the same facts stand at the top of one and in the
/// `result` of the other.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Either<T> {
    /// Derived by the service.
    Computed(Computed<T>),
    /// Stated by a person, or received.
    Stated(T),
}

impl<T> Either<T> {
    /// The facts, whoever says them.
    pub fn facts(&self) -> &T {
        match self {
            Self::Computed(computed) => &computed.result,
            Self::Stated(facts) => facts,
        }
    }

    /// Whether it was derived.
    pub const fn is_computed(&self) -> bool {
        matches!(self, Self::Computed(_))
    }
}

/// Whether anything is ever computed from entries of this stream: from those of premises, of parties, of alerts and of meetings.
pub fn is_input(stream: &str) -> bool {
    ["premises/", "party/", "alert/", "meeting/"].iter().any(|subjects| stream.starts_with(subjects))
}
