//! Imported: how the rows that another office published are read under its scheme, and what is supplied where they say
//! nothing. It stands in the rulebook, so that anybody can hold an imported record against it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What the policy of an imported scheme says of its publisher's rows.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ImportPolicy {
    /// First day on which the scheme held.
    pub holds_from: NaiveDate,
    /// Whose scheme it is.
    pub publisher: String,
    /// The terms under which its rows are published.
    pub licence: String,
    /// Minutes by which the publisher's clock is ahead of UTC, negative behind it: one number for the whole year, so that
    /// the time between two of its readings stays what was published.
    #[serde(default)]
    pub utc_offset_minutes: i32,
    /// Severity of what is found where the rows have none: supplied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// Class of work of what is found: supplied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub works: Option<String>,
    /// The department that answers for what is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub competent: Option<String>,
    /// What the publisher's words mean here, by column.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub words: BTreeMap<String, BTreeMap<String, String>>,
}

impl ImportPolicy {
    /// What a published word of a column means here; none where the rulebook does not know it.
    #[must_use]
    pub fn word(&self, column: &str, published: &str) -> Option<&str> {
        self.words.get(column)?.get(published).map(String::as_str)
    }
}
