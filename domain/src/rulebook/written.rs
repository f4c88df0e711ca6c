//! Written: a TOML file as the JSON part of a canonical document.

use serde_json::{Map, Value};

use super::{Place, RulebookError};

/// The whole file as JSON. Dates become text ("YYYY-MM-DD"); a fraction is refused, for no rule of ours may
/// depend on how a machine rounds.
pub(super) fn part(part: &'static str, written: &str) -> Result<Value, RulebookError> {
    object(part, "", table(part, written)?).map_err(|error| error.in_files(&[(part, written)]))
}

/// The file as it is read first, before anything in it is understood.
pub(super) fn table(part: &'static str, written: &str) -> Result<toml::Table, RulebookError> {
    written.parse().map_err(|source| RulebookError::not_toml(part, written, &source))
}

fn object(part: &'static str, path: &str, table: toml::Table) -> Result<Value, RulebookError> {
    let mut members = Map::new();
    for (name, value) in table {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        members.insert(name, json(part, &path, value)?);
    }
    Ok(Value::Object(members))
}

fn json(part: &'static str, path: &str, value: toml::Value) -> Result<Value, RulebookError> {
    Ok(match value {
        toml::Value::Array(values) => Value::Array(
            values
                .into_iter()
                .enumerate()
                .map(|(n, value)| json(part, &format!("{path}[{n}]"), value))
                .collect::<Result<_, _>>()?,
        ),
        toml::Value::Boolean(value) => Value::Bool(value),
        toml::Value::Datetime(date) => Value::String(date.to_string()),
        toml::Value::Float(_) => {
            return Err(RulebookError::Fraction { place: Box::new(Place::of(part, path)) });
        }
        toml::Value::Integer(value) => Value::from(value),
        toml::Value::String(value) => Value::String(value),
        toml::Value::Table(table) => object(part, path, table)?,
    })
}
