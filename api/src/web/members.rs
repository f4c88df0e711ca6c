//! Members: what the body of a command may name, at any depth, by the schema that is published for it. A name that nobody reads is
//! refused with those that there are: a misspelt one would leave out in silence what somebody meant to say.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};
use wuping_domain::event::aggregate_type;

use crate::look::words::Lang;
use crate::web::api::problem_with;
use crate::web::openapi::{self, SCHEMAS};

/// A name that nobody reads.
#[derive(Debug, PartialEq)]
pub(super) struct Unknown {
    /// Where, as a path of names: `against.determinaton`.
    member: String,
    /// What there is in that place.
    known: Vec<String>,
}

impl Unknown {
    /// The first name in a command that nobody reads.
    pub(super) fn in_command(stream: &str, command: &Value) -> Option<Self> {
        let schema = SCHEMAS.get(&openapi::command_of(aggregate_type(stream)))?;
        unknown(schema, command, "").err()
    }

    /// As it is answered: nothing was recorded.
    pub(super) fn answer(&self, lang: Lang) -> Response {
        let Self { member, known } = self;
        let there = known.join(lang.pick("、", ", "));
        let detail = match known.is_empty() {
            true => lang.pick(
                format!("没有字段 {member}，这里不能有字段。没有记录，请改正后再发送。"),
                format!("There is no member {member}; none is taken here. Nothing was recorded: put it right and send it again."),
            ),
            false => lang.pick(
                format!("没有字段 {member}。这里可用的是：{there}。没有记录，请改正后再发送。"),
                format!(
                    "There is no member {member}. There are: {there}. Nothing was recorded: put it right and send it again."
                ),
            ),
        };
        let more = json!({ "member": member, "known": known });
        problem_with(StatusCode::BAD_REQUEST, "unknown_member", &detail, more)
    }
}

/// The schemas of an OpenAPI document, closed: an object takes the members that are told of it and no others.
pub(super) fn closed(schemas: Map<String, Value>) -> Map<String, Value> {
    let open = schemas.clone();
    schemas.into_iter().map(|(name, schema)| (name, close(schema, &open))).collect()
}

fn close(schema: Value, all: &Map<String, Value>) -> Value {
    match schema {
        Value::Array(each) => each.into_iter().map(|one| close(one, all)).collect(),
        Value::Object(mut members) => {
            if members.get("properties").is_some_and(Value::is_object) {
                take_in(&mut members, all);
                members.entry("additionalProperties").or_insert(json!(false));
            }
            let closed = members.into_iter().map(|(name, member)| {
                // what are names here are members of what is described, and no words of a schema
                let member = match (name.as_str(), member) {
                    ("properties", Value::Object(each)) => {
                        each.into_iter().map(|(name, one)| (name, close(one, all))).collect()
                    }
                    ("const" | "default" | "enum" | "examples" | "required", member) => member,
                    (_, member) => close(member, all),
                };
                (name, member)
            });
            Value::Object(closed.collect())
        }
        other => other,
    }
}

/// What a schema refers to and adds members to: both together are one object, and neither may be closed without the other.
fn take_in(members: &mut Map<String, Value>, all: &Map<String, Value>) {
    let Some(part) = members.get("$ref").and_then(|refers| all.get(name_of(refers)?)).cloned() else {
        return;
    };
    members.remove("$ref");
    for (name, said) in part["properties"].as_object().into_iter().flatten() {
        members["properties"][name] = said.clone();
    }
    let required = part["required"].as_array().cloned().unwrap_or_default();
    if let Value::Array(here) = members.entry("required").or_insert_with(|| json!([])) {
        here.extend(required);
    }
}

fn name_of(refers: &Value) -> Option<&str> {
    refers.as_str()?.rsplit('/').next()
}

/// Refuses a name that no schema of its place has; what else is wrong with a value is for the rules to say.
fn unknown(schema: &Value, value: &Value, place: &str) -> Result<(), Unknown> {
    match value {
        Value::Array(each) => {
            let items: Vec<&Value> =
                shapes(schema, value).iter().filter_map(|shape| shape.get("items")).collect();
            each.iter().try_for_each(|one| under_any(&items, one, place))
        }
        Value::Object(members) => {
            let shapes = shapes(schema, value);
            if shapes.is_empty()
                || shapes.iter().any(|shape| shape.get("properties").is_none() && is_open(shape))
            {
                return Ok(());
            }
            for (name, member) in members {
                let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                let told: Vec<&Value> = shapes.iter().filter_map(|shape| of_member(shape, name)).collect();
                if told.is_empty() {
                    return Err(Unknown { member: place, known: names(&shapes) });
                }
                under_any(&told, member, &place)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn under_any(schemas: &[&Value], value: &Value, place: &str) -> Result<(), Unknown> {
    let mut first = Ok(());
    for schema in schemas {
        match unknown(schema, value, place) {
            Ok(()) => return Ok(()),
            error => first = if first.is_ok() { error } else { first },
        }
    }
    first
}

/// The schemas that may be meant by a value, references followed: of alternatives those whose constants it has.
fn shapes<'a>(schema: &'a Value, value: &Value) -> Vec<&'a Value> {
    if let Some(part) = schema.get("$ref").and_then(|refers| SCHEMAS.get(name_of(refers)?)) {
        return shapes(part, value);
    }
    let alternatives = ["anyOf", "oneOf"].into_iter().find_map(|word| schema[word].as_array());
    match alternatives {
        Some(each) => each.iter().flat_map(|one| shapes(one, value)).collect(),
        None if fits(schema, value) => vec![schema],
        None => vec![],
    }
}

fn fits(schema: &Value, value: &Value) -> bool {
    let is = match value {
        Value::Object(_) => "object",
        Value::Array(_) => "array",
        _ => return true,
    };
    let of_type = match &schema["type"] {
        Value::String(only) => only == is,
        Value::Array(each) => each.iter().any(|one| one == is),
        _ => schema.get("const").is_none() && schema.get("enum").is_none(),
    };
    let mut constants = schema["properties"].as_object().into_iter().flatten();
    of_type
        && constants.all(|(name, said)| said.get("const").is_none_or(|said| value.get(name) == Some(said)))
}

fn is_open(shape: &Value) -> bool {
    shape.get("additionalProperties") != Some(&json!(false))
}

fn of_member<'a>(shape: &'a Value, name: &str) -> Option<&'a Value> {
    let told = shape.get("properties").and_then(|properties| properties.get(name));
    told.or_else(|| shape.get("additionalProperties").filter(|more| **more != json!(false)))
}

fn names(shapes: &[&Value]) -> Vec<String> {
    let all = shapes.iter().flat_map(|shape| shape["properties"].as_object().into_iter().flatten());
    let names: BTreeSet<&String> = all.map(|(name, _)| name).collect();
    // the path says which command it is
    names.into_iter().filter(|name| *name != "command").cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(stream: &str, command: Value) -> Option<(String, Vec<String>)> {
        Unknown::in_command(stream, &command).map(|unknown| (unknown.member, unknown.known))
    }

    fn appeal(more: Value) -> Value {
        let mut command =
            json!({ "command": "file", "grounds": "x", "against": { "stream": "premises/p-1/grade" } });
        more.as_object().unwrap().iter().for_each(|(name, value)| command[name] = value.clone());
        command
    }

    #[test]
    fn a_misspelt_member_is_named_with_those_that_there_are() {
        let stream = "premises/p-1/hazard/7";
        let (member, known) =
            found(stream, json!({ "command": "extend", "untill": "2026-01-01", "reason": "x" })).unwrap();
        assert_eq!(
            (member.as_str(), known),
            ("untill", vec!["reason".into(), "scheme".into(), "until".into()])
        );
        assert_eq!(found(stream, json!({ "command": "extend", "until": "2026-01-01" })), None);
        // of another command of the same stream
        let (member, _) =
            found(stream, json!({ "command": "extend", "until": "x", "findings": "x" })).unwrap();
        assert_eq!(member, "findings");
    }

    #[test]
    fn it_is_found_at_any_depth_and_in_every_part_of_a_list() {
        let stream = "premises/p-1/appeal/1";
        assert_eq!(found(stream, appeal(json!({}))), None);
        let against = json!({ "stream": "premises/p-1/grade", "determinaton": 1 });
        assert_eq!(found(stream, appeal(json!({ "against": against }))).unwrap().0, "against.determinaton");
        let photo = json!({ "bytes": 1, "sha256": "00", "type": "image/png", "name": "x" });
        assert_eq!(found(stream, appeal(json!({ "photos": [photo] }))).unwrap().0, "photos.name");
        let triage = |with: Value| json!({ "command": "triage", "outcome": { "check": with } });
        let report = "premises/p-1/report/1";
        assert_eq!(found(report, triage(json!({ "with": "fire" }))), None);
        assert_eq!(
            found(report, triage(json!({ "with": "fire", "whom": "x" }))).unwrap().0,
            "outcome.check.whom"
        );
    }

    #[test]
    fn maps_take_any_name_and_what_is_no_command_is_for_the_rules_to_refuse() {
        let corrected = json!({ "command": "decide", "corrected": { "roof_door": "met" } });
        assert_eq!(found("premises/p-1/appeal/1", corrected), None);
        assert_eq!(found("premises/p-1/appeal/1", json!({ "command": "fly", "wings": 2 })), None);
        assert_eq!(found("nothing/1", json!({ "command": "fly" })), None);
    }

    #[test]
    fn every_object_that_is_published_says_whether_it_takes_more() {
        fn look(schema: &Value, place: &str) {
            if schema.get("properties").is_some_and(Value::is_object) && schema.get("type").is_some() {
                assert!(schema.get("additionalProperties").is_some(), "{place}: {schema}");
                assert!(schema.get("$ref").is_none(), "{place}: {schema}");
            }
            match schema {
                Value::Object(members) => {
                    members.iter().for_each(|(name, one)| look(one, &format!("{place}/{name}")));
                }
                Value::Array(each) => each.iter().for_each(|one| look(one, place)),
                _ => {}
            }
        }
        for (name, schema) in SCHEMAS.iter() {
            look(schema, name);
        }
    }
}
