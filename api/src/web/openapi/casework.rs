//! The description of drafts and of evidence: what a commission's administrator and a legal officer ask for by program.

use serde_json::{Value, json};
use wuping_domain::record::RECIPIENTS;

use super::answers::{in_session, whole};
use crate::web::openapi::recorded;

/// The paths, each with its methods.
pub(super) fn paths() -> [(&'static str, Value); 6] {
    [
        ("/api/v1/rulebook-drafts", json!({ "get": drafts(), "post": drafting() })),
        ("/api/v1/rulebook-drafts/trial", json!({ "post": trial() })),
        ("/api/v1/credit-rules/trial", json!({ "post": credit_rule_trial() })),
        ("/api/v1/bundles/check", json!({ "post": checking() })),
        ("/api/v1/premises/{code}/evidence", json!({ "post": giving_out() })),
        ("/api/v1/premises/{code}/determinations/{number}/impact", json!({ "get": impact() })),
    ]
}

fn drafts() -> Value {
    json!({
        "security": in_session(),
        "summary": "Recorded drafts of rulebooks that nobody has published yet",
        "responses": told("drafts: draft, the last segment of its stream; drafted; drafted_by", &["drafts"]),
    })
}

fn drafting() -> Value {
    let note = (
        "note",
        json!({ "type": ["string", "null"], "description": "A word to whoever publishes it; kept private" }),
    );
    json!({
        "security": in_session(),
        "summary": "Record a draft, its document first; another administrator publishes it by the command rulebook/{id}/publish",
        "parameters": [fresh_id(), token()],
        "requestBody": files(Some(note)),
        "responses": {
            "200": { "description": "Recorded before", "content": recorded() },
            "201": { "description": "Recorded, with its position", "content": recorded() },
        },
    })
}

fn trial() -> Value {
    let told_of =
        "id, layer and sha256; base; differences: path, was, is; rehearsal: whom it would move, and why";
    json!({
        "security": in_session(),
        "summary": "Check, compare and rehearse written files on all that is on record; nothing is recorded",
        "parameters": [token()],
        "requestBody": files(None),
        "responses": told(told_of, &["id", "layer", "sha256", "base", "differences", "rehearsal"]),
    })
}

fn credit_rule_trial() -> Value {
    let schema = json!({
        "type": "object", "required": ["file"], "additionalProperties": false,
        "properties": {
            "file": { "type": "string", "description": "TOML: id, counts_as, credit; see rulebooks/README.md" },
            "valid_at": {
                "type": ["string", "null"], "format": "date", "description": "The day of which the grades are; those in force when absent",
            },
        },
    });
    let told_of = "id, names and sha256 of the rule; classes: id, names, and how many parties come to it; not_rated; day, position and tree_head";
    json!({
        "security": in_session(),
        "summary": "Check a written credit rule and try it on all parties; nothing is recorded, and nothing follows from it",
        "parameters": [token()],
        "requestBody": { "required": true, "content": { "application/json": { "schema": schema } } },
        "responses": told(told_of, &["id", "sha256", "classes", "not_rated"]),
    })
}

/// The body that files come in.
fn files(more: Option<(&str, Value)>) -> Value {
    let mut properties = json!({
        "files": {
            "type": "array", "items": { "type": "string" },
            "description": "TOML: indicators, policy, calendar; those that are changed",
        },
        "against": {
            "type": ["string", "null"],
            "description": "The published rulebook that it begins from; the newest of its name or layer when absent",
        },
    });
    if let Some((name, schema)) = more {
        properties[name] = schema;
    }
    let schema = json!({
        "type": "object", "required": ["files"], "properties": properties, "additionalProperties": false,
    });
    json!({ "required": true, "content": { "application/json": { "schema": schema } } })
}

fn checking() -> Value {
    let told_of = "reached: the highest level that holds; findings: everything that is not as it must be; levels, and who has seen it";
    json!({
        "summary": "Check a bundle of evidence of this ledger up to level 5; nothing is kept",
        "requestBody": {
            "required": true, "description": "The bundle's file; application/zip is taken too",
            "content": { "application/octet-stream": { "schema": { "type": "string", "format": "binary" } } },
        },
        "responses": told(told_of, &["reached", "findings"]),
    })
}

fn giving_out() -> Value {
    let schema = json!({
        "type": "object", "required": ["basis", "to"], "additionalProperties": false,
        "properties": {
            "basis": { "type": "string", "description": "The law, or the number of the order; it stands in the ledger for everybody" },
            "to": { "type": "string", "enum": RECIPIENTS },
            "recipient": { "type": ["string", "null"], "description": "Who takes it, in words; kept private" },
            "fields": {
                "type": "array", "items": { "type": "string" },
                "description": "Private values to disclose, by name or as position:name; each disclosure is recorded",
            },
            "upto": { "anyOf": [whole(0), { "type": "null" }], "description": "The determination that it is cut at" },
        },
    });
    json!({
        "security": in_session(),
        "summary": "Give out a bundle of everything recorded of premises, with its proofs and what explains it; that it is given out is recorded first",
        "parameters": [code(), fresh_id(), token()],
        "requestBody": { "required": true, "content": { "application/json": { "schema": schema } } },
        "responses": {
            "200": { "description": "The bundle", "content": { "application/zip": { "schema": { "type": "string", "format": "binary" } } } },
        },
    })
}

fn impact() -> Value {
    let number = json!({
        "name": "number", "in": "path", "required": true, "description": "The determination's number", "schema": whole(0),
    });
    json!({
        "security": in_session(),
        "summary": "What rests on a determination: what else falls if it is set aside, and which holds then",
        "parameters": [code(), number],
        "responses": told("Cases, vetoes, units, measures, credit, notices, contests and rounds that rest on it", &["determination"]),
    })
}

fn told(what: &str, members: &[&str]) -> Value {
    let schema = json!({ "type": "object", "required": members });
    json!({ "200": { "description": what, "content": { "application/json": { "schema": schema } } } })
}

fn code() -> Value {
    json!({
        "name": "code", "in": "path", "required": true, "description": "The id of premises or any code of theirs",
        "schema": { "type": "string" }, "example": "4403100000000000016",
    })
}

fn fresh_id() -> Value {
    json!({
        "name": "Idempotency-Key", "in": "header", "required": true,
        "description": "A fresh UUID of version 4 or 7, the same one for a retry", "schema": { "type": "string", "format": "uuid" },
    })
}

fn token() -> Value {
    json!({
        "name": "X-CSRF-Token", "in": "header", "required": true, "description": "The session's token",
        "schema": { "type": "string" },
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_route_is_described() {
        let described = super::paths().map(|(path, _)| path);
        let sources = concat!(include_str!("../rulemaking_api.rs"), include_str!("../evidence.rs"));
        let routed: Vec<String> = sources
            .split(".route(\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .filter(|path| path.starts_with("/api/"))
            .map(str::to_owned)
            .collect();
        assert_eq!(routed, described);
    }
}
