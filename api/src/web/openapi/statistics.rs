//! The description of the statistics, which are read in a session.

use serde_json::{Value, json};
use wuping_replay::statistics::Statistic;

use super::answers::{in_session, or_empty, whole};
use crate::statistics::Form;

/// The paths, each with its methods.
pub(super) fn paths() -> [(&'static str, Value); 2] {
    [
        ("/api/v1/statistics", json!({ "get": listed() })),
        ("/api/v1/statistics/{name}", json!({ "get": one() })),
    ]
}

fn listed() -> Value {
    let told = "statistics: name, title and about in both languages, and what each takes";
    json!({
        "security": in_session(),
        "summary": "The reports that the person signed in may read",
        "responses": { "200": { "description": told, "content": content("application/json") } },
    })
}

fn one() -> Value {
    let names = Statistic::ALL.map(Statistic::code);
    let day = || json!({ "type": "string", "format": "date" });
    let mut contents = serde_json::Map::new();
    for form in Form::ALL {
        let kind = form.content_type().split(';').next().unwrap_or_default();
        let schema = if form == Form::Json { json!({ "type": "object" }) } else { json!({}) };
        contents.insert(kind.to_owned(), json!({ "schema": schema }));
    }
    let header = |told: &str| json!({ "description": told, "schema": { "type": "string" } });
    json!({
        "security": in_session(),
        "summary": "A report over all premises, made anew from the log",
        "description": "A report of a position never changes: the same question at the same position has the same digest.",
        "parameters": [
            {
                "name": "name", "in": "path", "required": true, "description": "Which",
                "schema": { "type": "string", "enum": names },
            },
            asked("at", "As known with the entry at this position", whole(0)),
            asked("as_of", "As known at this moment, RFC 3339", json!({ "type": "string", "format": "date-time" })),
            asked("valid_at", "What held on this day; what is in force when absent", day()),
            asked("from", "The first day that is counted; the day that a movement is compared with", day()),
            asked("party", "Of a portfolio, the party's id", json!({ "type": "string" })),
            asked("subdistrict", SUBDISTRICT, json!({ "type": "string" })),
            asked("format", "json when absent", json!({ "type": "string", "enum": Form::ALL.map(Form::code) })),
            asked("lang", "In words of this language; in codes when absent", json!({ "type": "string", "enum": ["zh", "en"] })),
        ],
        "responses": {
            "200": {
                "description": "The report, with position, tree head and digest",
                "headers": {
                    "X-Wuping-Digest": header("SHA-256 of what it says"),
                    "X-Wuping-Position": header("The last entry that it takes account of"),
                    "X-Wuping-Tree-Head": header("Root of the tree over all entries up to it"),
                },
                "content": contents,
            },
        },
    })
}

const SUBDISTRICT: &str = "Only what is of premises that the register has in this subdistrict at the moment asked about; the whole district \
    when absent. A report that says of itself takes_subdistrict: false refuses it, and a subdistrict in which no premises were registered is \
    refused with those that there are";

fn content(kind: &str) -> Value {
    json!({ kind: { "schema": { "type": "object" } } })
}

fn asked(name: &str, told: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "required": false, "description": told, "schema": or_empty(schema) })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_route_is_described() {
        let described = super::paths().map(|(path, _)| path);
        let routed: Vec<&str> = include_str!("../statistics.rs")
            .split(".route(\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap_or_default())
            .collect();
        assert_eq!(routed, described);
    }
}
