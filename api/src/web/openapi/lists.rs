//! The part of the interface description about lists: what may be delivered row by row, column by column.

use serde_json::{Map, Value, json};

use crate::lists::Kind;

/// A path for each kind.
pub(super) fn paths() -> impl Iterator<Item = (String, Value)> {
    Kind::ALL
        .into_iter()
        .map(|kind| (format!("/api/v1/feeds/{}", kind.code()), json!({ "post": post(kind) })))
}

fn post(kind: Kind) -> Value {
    let columns: Map<String, Value> = kind.columns().iter().map(|column| {
        let told = format!("{} (in Chinese tables {})", column.told_en, column.zh);
        (column.name.to_owned(), json!({ "type": ["string", "integer", "null"], "description": told, "examples": [column.example] }))
    }).collect();
    let needed: Vec<&str> =
        kind.columns().iter().filter(|column| column.needed).map(|column| column.name).collect();
    let rows = json!({
        "type": "object",
        "required": ["rows"],
        "properties": {
            "rows": { "type": "array", "minItems": 1, "items": { "type": "object", "required": needed, "properties": columns, "additionalProperties": { "type": ["string", "integer", "null"] } } },
        },
    });
    let text = || json!({ "schema": { "type": "string" } });
    json!({
        "summary": format!("Deliver the {} row by row, with the token of a channel that was opened for it", kind.en()),
        "description": "The same rows twice write nothing; a changed row is recorded as a change. A row that is not in order is told by its line, and the others are taken. An empty cell says nothing. Numbers in JSON are whole; a fraction is sent as text. Columns may be named in Chinese; those that nobody reads are kept with the row.",
        "security": [{ "channel": [] }],
        "parameters": [
            {
                "name": "dry_run", "in": "query", "required": false, "schema": { "type": "boolean", "default": false },
                "description": "Say what would be recorded, and record nothing",
            },
            {
                "name": "Idempotency-Key", "in": "header", "required": false, "schema": delivery_name(),
                "description": "The sender's own name of the delivery, public in the log; the digest of the body where there is none",
            },
        ],
        "requestBody": {
            "required": true,
            "content": {
                "application/json": { "schema": rows },
                "text/csv": text(),
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": text(),
            },
        },
        "responses": {
            "200": { "description": "What became of each row, or would: new, changed, same or refused, with the commands and their positions, or the column, why and what to do", "content": { "application/json": { "schema": report() } } },
        },
    })
}

/// The name that a sender gives a delivery.
pub(super) fn delivery_name() -> Value {
    json!({ "type": "string", "pattern": "^[A-Za-z0-9-]{1,64}$" })
}

fn report() -> Value {
    let count = |told: &str| json!({ "type": "integer", "description": told });
    let fault = json!({
        "type": "object",
        "required": ["code", "en", "zh"],
        "properties": {
            "code": { "type": "string", "description": "Stable" },
            "column": { "type": "string", "description": "Where one cell is at fault" },
            "en": { "type": "string" },
            "zh": { "type": "string" },
        },
    });
    let said = json!({
        "type": "object",
        "properties": {
            "stream": { "type": "string" },
            "command": { "type": "string" },
            "fields": { "type": "array", "items": { "type": "string" } },
            "position": { "type": "integer" },
        },
    });
    json!({
        "type": "object",
        "properties": {
            "kind": { "type": "string" },
            "dry_run": { "type": "boolean" },
            "rows": count("Rows that were read"),
            "taken": count("Rows that are recorded, now or before"),
            "new": count("Rows that say something new"),
            "changed": count("Rows that change what was known"),
            "same": count("Rows that say what is known"),
            "refused": count("Rows that are not recorded, or not all of them"),
            "unread_columns": { "type": "array", "items": { "type": "string" } },
            "lines": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "line": { "type": "integer" },
                        "name": { "type": "string" },
                        "became": { "enum": ["new", "changed", "same", "refused"] },
                        "said": { "type": "array", "items": said },
                        "refused": fault,
                    },
                },
            },
        },
    })
}
