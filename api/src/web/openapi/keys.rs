//! The description of what devices sign, and of people's keys.

use serde_json::{Value, json};

use super::answers::in_session;
use crate::web::openapi::recorded;

/// The paths, each with its methods.
pub(super) fn paths() -> [(&'static str, Value); 6] {
    [
        ("/api/v1/signed/{stream}/{command}", json!({ "post": signed() })),
        ("/api/v1/signing", json!({ "get": signing() })),
        ("/api/v1/keys", json!({ "get": listed(), "post": enrolled() })),
        ("/api/v1/keys/{kid}/end", json!({ "post": ended() })),
        ("/api/v1/keys/{kid}/renew", json!({ "post": renewed() })),
        ("/api/v1/accounts/{account}/key", json!({ "post": given() })),
    ]
}

fn signed() -> Value {
    let text = json!({ "type": "string", "description": "base64url, as docs/format.md §2 says" });
    let body = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["command", "disclosures", "payload", "protected", "signature"],
        "properties": {
            "command": { "type": "object", "description": "The command's fields, as without a signature" },
            "disclosures": { "type": "array", "items": { "type": "string" }, "description": "One for each digest in _sd" },
            "payload": text,
            "protected": text,
            "signature": text,
        },
    });
    json!({
        "security": in_session(),
        "summary": "Ask for something to be recorded, with its event signed by the device of the person who is signed in",
        "description": "Taken only if what the command decides is exactly the event that was signed. On 409 the answer has the \
                        version and author_seq to sign next.",
        "parameters": [
            part("stream", "The whole path of the stream, slashes and all"),
            part("command", "The command's name"),
            header("Idempotency-Key", "The event_id that was signed, of version 4 or 7"),
            header("X-CSRF-Token", "The session's token"),
            json!({
                "name": "Records-Again", "in": "header", "required": false,
                "description": "The event_id of a record under doubt that this one says again: what is signed then has `again`, \
                                with that event_id and the occurred_at that was claimed first",
                "schema": { "type": "string", "format": "uuid" },
            }),
        ],
        "requestBody": content(&body),
        "responses": {
            "200": { "description": "Recorded before, or nothing new was said", "content": recorded() },
            "201": { "description": "Recorded, with its position", "content": recorded() },
        },
    })
}

fn signing() -> Value {
    json!({
        "security": in_session(),
        "summary": "The numbers that a device signs next: version, author_seq, and the time its claims may not be before",
        "parameters": [asked("kid", true, "Name of the device's key"), asked("stream", true, "The whole path of the stream")],
        "responses": answers(&[("200", "log, kid, until, author_seq, occurred_at_from, stream, version")]),
    })
}

fn listed() -> Value {
    json!({
        "security": in_session(),
        "summary": "The keys of an account, oldest first",
        "parameters": [asked("account", false, "Whose; one's own when absent, anybody's for an administrator")],
        "responses": answers(&[("200", "Each with where it begins and ends, and from where on it is doubted")]),
    })
}

fn enrolled() -> Value {
    let body = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["jwk", "pop"],
        "properties": {
            "jwk": { "type": "object", "description": "crv, kty and x" },
            "pop": { "type": "string", "description": "Proof of possession, docs/format.md §4" },
        },
    });
    json!({
        "security": in_session(),
        "summary": "Enrol the key of a device",
        "parameters": [header("X-CSRF-Token", "The session's token")],
        "requestBody": content(&body),
        "responses": answers(&[("200", "It is enrolled already"), ("201", "It is enrolled now")]),
    })
}

fn ended() -> Value {
    let body = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["reason"],
        "properties": {
            "reason": { "type": "string", "description": "Stands in the log for ever: no personal data" },
            "suspect_from": { "type": ["integer", "null"], "minimum": 0, "description": "What it signed from this position on is doubtful" },
        },
    });
    json!({
        "security": in_session(),
        "summary": "End a key at once: its holder or an administrator",
        "parameters": [part("kid", "Name of the key"), header("X-CSRF-Token", "The session's token")],
        "requestBody": content(&body),
        "responses": answers(&[("200", "Ended, with the position of the entry that says so")]),
    })
}

fn renewed() -> Value {
    json!({
        "security": in_session(),
        "summary": "Put a fresh key in the place of one that the server signs with",
        "parameters": [part("kid", "Name of the key"), header("X-CSRF-Token", "The session's token")],
        "responses": answers(&[("200", "The new key's name and the old one's")]),
    })
}

fn given() -> Value {
    json!({
        "security": in_session(),
        "summary": "Give a person a key held by the server where the old one has ended: an administrator",
        "parameters": [part("account", "The account"), header("X-CSRF-Token", "The session's token")],
        "responses": answers(&[("201", "The new key's name")]),
    })
}

fn answers(good: &[(&str, &str)]) -> Value {
    let mut answers = json!({});
    for (status, told) in good {
        answers[*status] = json!({ "description": told, "content": { "application/json": { "schema": { "type": "object" } } } });
    }
    answers
}

fn content(schema: &Value) -> Value {
    json!({ "required": true, "content": { "application/json": { "schema": schema } } })
}

fn part(name: &str, told: &str) -> Value {
    json!({ "name": name, "in": "path", "required": true, "description": told, "schema": { "type": "string" } })
}

fn asked(name: &str, required: bool, told: &str) -> Value {
    json!({ "name": name, "in": "query", "required": required, "description": told, "schema": { "type": "string" } })
}

fn header(name: &str, told: &str) -> Value {
    json!({ "name": name, "in": "header", "required": true, "description": told, "schema": { "type": "string" } })
}
