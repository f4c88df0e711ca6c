//! The description of credit files, which are read in a session, each reading recorded first.

use serde_json::{Value, json};

use super::answers::{in_session, or_empty};
use crate::web::paging::PAGES_MAX;

/// The paths, each with its methods.
pub(super) fn paths() -> [(&'static str, Value); 3] {
    [
        ("/api/v1/credit", json!({ "get": listed() })),
        ("/api/v1/credit/outbox", json!({ "get": outbox() })),
        ("/api/v1/parties/{party}/credit", json!({ "get": one() })),
    ]
}

fn listed() -> Value {
    json!({
        "security": in_session(),
        "summary": "Credit files of all parties; the list's digest is recorded before it is answered",
        "parameters": [
            narrowed("class", "Of this class shown", json!({ "type": "string" })),
            narrowed("waiting", "true: those in which somebody has to do something", truth()),
            page(), why(), purpose(),
        ],
        "responses": answers("rows by party, without names; page, pages, total"),
    })
}

fn outbox() -> Value {
    json!({
        "security": in_session(),
        "summary": "Reports and recalls that the public credit platform has not taken yet, the oldest first",
        "parameters": [page()],
        "responses": answers("rows, each with party, report, what, number and its days; page, pages, total"),
    })
}

fn one() -> Value {
    json!({
        "security": in_session(),
        "summary": "One credit file; the reading is recorded before it is answered",
        "parameters": [
            json!({ "name": "party", "in": "path", "required": true, "description": "The party's id",
                    "schema": { "type": "string" } }),
            why(), purpose(),
        ],
        "responses": answers(
            "rating with what decided it, conduct, what is public and told, objections, repairs, outbox; positions of the entries",
        ),
    })
}

fn why() -> Value {
    let codes = ["own_file", "credit_work", "legal_review", "audit", "casework", "inspection"];
    narrowed(
        "why",
        "Why it is read; by the reader's role when absent",
        json!({ "type": "string", "enum": codes }),
    )
}

fn purpose() -> Value {
    narrowed(
        "purpose",
        "For what, in words; kept privately, and needed of department officers",
        json!({ "type": "string" }),
    )
}

fn page() -> Value {
    narrowed("page", "Which page, from 1", json!({ "type": "integer", "minimum": 1, "maximum": PAGES_MAX }))
}

fn truth() -> Value {
    json!({ "type": "string", "enum": ["true", "false", "1", "0"] })
}

fn answers(good: &str) -> Value {
    json!({ "200": { "description": good, "content": { "application/json": { "schema": { "type": "object" } } } } })
}

fn narrowed(name: &str, told: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "required": false, "description": told, "schema": or_empty(schema) })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_route_is_described() {
        let described = super::paths().map(|(path, _)| path);
        let routes = include_str!("../credit_api.rs").split(".route(\"").skip(1);
        let routed: Vec<&str> = routes.map(|rest| rest.split('"').next().unwrap_or_default()).collect();
        assert_eq!(routed, described);
    }
}
