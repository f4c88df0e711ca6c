//! The description of the REST interface, OpenAPI 3.1.

use serde_json::{Map, Value, json};

/// The document at `/api/v1/openapi.json`: every route that programs use.
pub fn document() -> Value {
    let mut paths = Map::new();
    for route in GETS {
        let parameters: Vec<Value> = route.parameters.iter().map(parameter).collect();
        let (path, kind) = (route.path, route.answers);
        let answers = json!({
            "200": { "description": route.summary, "content": { kind: { "schema": schema(kind) } } },
            "400": { "$ref": "#/components/responses/Problem" },
            "404": { "$ref": "#/components/responses/Problem" },
        });
        let get = json!({ "summary": route.summary, "parameters": parameters, "responses": answers });
        paths.insert(path.to_owned(), json!({ "get": get }));
    }
    paths.insert("/api/v1/commands/{stream}/{command}".to_owned(), json!({ "post": command() }));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "wuping",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Grades of rental housing out of an audit-grade ledger. Only what is public is read without a session.",
        },
        "paths": paths,
        "components": {
            "responses": {
                "Problem": {
                    "description": "Why not, and what to do (RFC 9457); detail is in the language of Accept-Language",
                    "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
                },
            },
            "schemas": {
                "Problem": {
                    "type": "object",
                    "required": ["type", "title", "status", "detail"],
                    "properties": {
                        "type": { "type": "string", "description": "Stable: /problems/{code}" },
                        "title": { "type": "string" },
                        "status": { "type": "integer" },
                        "detail": { "type": "string" },
                    },
                },
            },
        },
    })
}

fn command() -> Value {
    let in_path = |name: &str, told: &str| json!({ "name": name, "in": "path", "required": true, "description": told, "schema": { "type": "string" } });
    let header = |name: &str, required: bool, told: &str| json!({ "name": name, "in": "header", "required": required, "description": told, "schema": { "type": "string" } });
    let problem = || json!({ "$ref": "#/components/responses/Problem" });
    json!({
        "summary": "Ask for something to be recorded",
        "parameters": [
            in_path("stream", "The whole path of the stream, slashes and all, such as premises/p-1/grade"),
            in_path("command", "The command's name, such as confirm"),
            header("Idempotency-Key", true, "A fresh UUID for each command, the same one for a retry"),
            header("If-Match", false, "The version of the stream that was seen"),
            header("X-CSRF-Token", true, "The session's token"),
        ],
        "requestBody": {
            "required": true,
            "description": "The command's fields",
            "content": { "application/json": { "schema": { "type": "object" } } },
        },
        "responses": {
            "200": { "description": "Recorded before, or nothing new was said" },
            "201": { "description": "Recorded, with its position" },
            "400": problem(), "401": problem(), "403": problem(), "409": problem(), "422": problem(), "503": problem(),
        },
    })
}

fn parameter(parameter: &Parameter) -> Value {
    json!({
        "name": parameter.name,
        "in": if parameter.in_path { "path" } else { "query" },
        "required": parameter.in_path,
        "description": parameter.told,
        "schema": { "type": parameter.kind },
    })
}

fn schema(kind: &str) -> Value {
    match kind {
        JSON => json!({ "type": "object" }),
        _ => json!({ "type": "string" }),
    }
}

/// A route that is read.
pub(super) struct Get {
    /// Its path, as the router spells it but for a wildcard's star.
    pub(super) path: &'static str,
    summary: &'static str,
    answers: &'static str,
    parameters: &'static [Parameter],
}

struct Parameter {
    name: &'static str,
    in_path: bool,
    kind: &'static str,
    told: &'static str,
}

const fn asked(name: &'static str, kind: &'static str, told: &'static str) -> Parameter {
    Parameter { name, in_path: false, kind, told }
}

const fn part(name: &'static str, kind: &'static str, told: &'static str) -> Parameter {
    Parameter { name, in_path: true, kind, told }
}

const CODE: Parameter = part("code", "string", "The id of premises or any code of theirs");

/// Every route that programs read.
pub(super) const GETS: &[Get] = &[
    Get {
        path: "/api/v1/grades",
        summary: "The grades of all premises in force at a moment",
        answers: JSON,
        parameters: &[
            asked("at", "integer", "As known with the entry at this position"),
            asked("as_of", "string", "As known at this moment, RFC 3339"),
            asked("valid_at", "string", "What held on this day"),
        ],
    },
    Get { path: "/api/v1/openapi.json", summary: "This description", answers: JSON, parameters: &[] },
    Get {
        path: "/api/v1/premises",
        summary: "Premises by text and subdistrict, fifty a page",
        answers: JSON,
        parameters: &[
            asked("search", "string", "Code, name or address"),
            asked("subdistrict", "string", "Its name"),
            asked("page", "integer", "From 1"),
        ],
    },
    Get {
        path: "/api/v1/premises/{code}",
        summary: "Premises with what is public of them",
        answers: JSON,
        parameters: &[CODE],
    },
    Get {
        path: "/api/v1/premises/{code}/history",
        summary: "What was in force, newest first",
        answers: JSON,
        parameters: &[CODE],
    },
    Get { path: "/api/v1/rulebooks", summary: "The published rulebooks", answers: JSON, parameters: &[] },
    Get {
        path: "/log/checkpoint",
        summary: "The newest signed checkpoint",
        answers: "text/plain",
        parameters: &[],
    },
    Get { path: "/log/keys", summary: "Every key that was enrolled", answers: JSON, parameters: &[] },
    Get {
        path: "/log/proof/inclusion/{position}",
        summary: "The proof that an entry is under the newest checkpoint",
        answers: "text/plain",
        parameters: &[part("position", "integer", "The entry's position")],
    },
    Get {
        path: "/log/tile/{path}",
        summary: "A tile of hashes",
        answers: "application/octet-stream",
        parameters: &[part(
            "path",
            "string",
            "Level and index as the format spells them, such as 0/x001/234 or 0/000.p/5",
        )],
    },
    Get {
        path: "/rules/{id}/document.json",
        summary: "A rulebook's canonical document",
        answers: JSON,
        parameters: &[part("id", "string", "The rulebook's id")],
    },
    Get { path: "/healthz", summary: "Whether the server lives", answers: "text/plain", parameters: &[] },
    Get {
        path: "/readyz",
        summary: "Whether the views follow the ledger",
        answers: "text/plain",
        parameters: &[],
    },
    Get {
        path: "/metrics",
        summary: "Numbers for Prometheus",
        answers: "application/openmetrics-text",
        parameters: &[],
    },
];

const JSON: &str = "application/json";
