//! Conditions of a question, as far as its filter states them, with their values.

use rusqlite::types::Value;

/// Conditions that must all hold.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    /// No condition but these fixed words.
    pub(crate) fn of(fixed: &str) -> Self {
        Self { sql: fixed.to_owned(), values: Vec::new() }
    }

    /// One more where there is a value; `condition` has one `?`.
    pub(crate) fn with<V: Into<Value>>(mut self, condition: &str, value: Option<V>) -> Self {
        if let Some(value) = value {
            self.sql.push_str(" AND ");
            self.sql.push_str(condition);
            self.values.push(value.into());
        }
        self
    }

    /// One more: any of these, each with its values in order.
    pub(crate) fn any(mut self, parts: Vec<(String, Vec<Value>)>) -> Self {
        let sql: Vec<String> = parts.iter().map(|(sql, _)| format!("({sql})")).collect();
        self.sql.push_str(&format!(" AND ({})", sql.join(" OR ")));
        self.values.extend(parts.into_iter().flat_map(|(_, values)| values));
        self
    }

    /// One more without a value.
    pub(crate) fn when(mut self, holds: bool, condition: &str) -> Self {
        if holds {
            self.sql.push_str(" AND ");
            self.sql.push_str(condition);
        }
        self
    }

    /// The words after WHERE.
    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }

    /// The values in order.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Value> {
        self.values.iter()
    }
}
