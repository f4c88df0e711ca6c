//! Remedy: the policy's rules about appeals, notices and publication.

use serde::{Deserialize, Serialize};

/// Who may review an appeal (申诉), and what goes on meanwhile.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct AppealPolicy {
    /// Whether somebody who assessed may review.
    pub reviewer_may_be_assessor: bool,
    /// Whether somebody who confirmed may review.
    pub reviewer_may_be_confirmer: bool,
    /// Whether what is done because of a contested level, safety measures aside, waits while the appeal is under review.
    pub suspends_measures: bool,
    /// Whether patrols and risk notices pause while an appeal runs: never, as long as the rulebook is sound.
    pub suspends_safety_measures: bool,
}

/// What a notice (文书) must name. A policy without this section asks for everything of every kind.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct NoticePolicy {
    /// Kinds that need no authority, document number, legal basis and remedy.
    pub informal: Vec<String>,
}

/// Where a grade is published as soon as it binds. A policy without this section leaves publication to officers.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct PublicationPolicy {
    /// `public_page`, `plaque`, `board` …
    pub channels: Vec<String>,
}
