//! Outcome: the result of one indicator, as it was gathered.
//!
//! Anything can be written down; what fits an indicator is decided by [`crate::scoring`]. So a malformed result
//! is kept as it came and refused as `bad_result`, by name, rather than lost in a parse error.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The result of one indicator. In JSON: a row's id, `"not_applicable"`, a whole number, `{part, whole}` or
/// `{satisfied, answered, occupied_units}`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(from = "Value", into = "Value")]
pub enum Outcome {
    /// A whole number, for kind `count`.
    Count(u64),
    /// The thing does not exist there (不适用).
    NotApplicable,
    /// The id of a row, for kinds `binary` and `levels`.
    Row(String),
    /// A part of a whole, for kind `share`.
    Share {
        /// The part.
        part: u64,
        /// The whole.
        whole: u64,
    },
    /// A survey (满意度调查), for kind `survey`.
    Survey {
        /// Answers that were satisfied.
        satisfied: u64,
        /// Answers, one a household.
        answered: u64,
        /// Units lived in.
        occupied_units: u64,
    },
    /// Anything else: fits no indicator.
    Unreadable(Value),
}

impl Outcome {
    /// The result naming this row.
    pub fn row(id: impl Into<String>) -> Outcome {
        Outcome::from(Value::String(id.into()))
    }
}

impl From<Value> for Outcome {
    fn from(value: Value) -> Outcome {
        match value {
            Value::String(text) if text == NOT_APPLICABLE => Outcome::NotApplicable,
            Value::String(text) => Outcome::Row(text),
            Value::Number(number) => {
                number.as_u64().map_or_else(|| Outcome::Unreadable(Value::Number(number)), Outcome::Count)
            }
            Value::Object(ref members) => {
                let whole = |name: &str| members.get(name).and_then(Value::as_u64);
                match (members.len(), whole("part"), whole("whole")) {
                    (2, Some(part), Some(whole)) => return Outcome::Share { part, whole },
                    (3, None, None) => {}
                    _ => return Outcome::Unreadable(value),
                }
                match (whole("satisfied"), whole("answered"), whole("occupied_units")) {
                    (Some(satisfied), Some(answered), Some(occupied_units)) => {
                        Outcome::Survey { satisfied, answered, occupied_units }
                    }
                    _ => Outcome::Unreadable(value),
                }
            }
            other => Outcome::Unreadable(other),
        }
    }
}

impl From<Outcome> for Value {
    fn from(outcome: Outcome) -> Value {
        match outcome {
            Outcome::Count(count) => Value::from(count),
            Outcome::NotApplicable => Value::from(NOT_APPLICABLE),
            Outcome::Row(id) => Value::String(id),
            Outcome::Share { part, whole } => json!({"part": part, "whole": whole}),
            Outcome::Survey { satisfied, answered, occupied_units } => {
                json!({"answered": answered, "occupied_units": occupied_units, "satisfied": satisfied})
            }
            Outcome::Unreadable(value) => value,
        }
    }
}

/// The result of a thing that does not exist there.
pub const NOT_APPLICABLE: &str = "not_applicable";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_survives_the_round_trip() {
        for value in [
            json!("met"),
            json!("not_applicable"),
            json!(3),
            json!({"part": 1, "whole": 2}),
            json!({"satisfied": 1, "answered": 2, "occupied_units": 3}),
            json!(-1),
            json!(true),
            json!(null),
            json!({"part": "1", "whole": 2}),
            json!({"part": 1, "whole": 2, "answered": 3}),
        ] {
            assert_eq!(Value::from(Outcome::from(value.clone())), value);
        }
    }

    #[test]
    fn what_fits_no_kind_is_kept_as_it_came() {
        for value in [json!(-1), json!(true), json!(null), json!([1]), json!({"part": 1}), json!({})] {
            assert_eq!(Outcome::from(value.clone()), Outcome::Unreadable(value));
        }
        assert_eq!(Outcome::from(json!("not_applicable")), Outcome::NotApplicable);
        assert_eq!(Outcome::row("not_applicable"), Outcome::NotApplicable);
    }
}
