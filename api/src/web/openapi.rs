//! The description of the REST interface, OpenAPI 3.1.

mod answers;
mod casework;
mod credit;
mod docket;
mod keys;
mod lists;
mod statistics;

use std::sync::LazyLock;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use wuping_domain::{
    access, account, alert, appeal, assessment, association, authority, board, campaign, dispute, draft,
    grade, hazard, incident, inspection, listing, measure, meeting, notice, party, patrol, premises,
    publication, record, reevaluation, report, survey, task, visit,
};

use self::answers::{in_session, or_empty, whole};
use crate::web::members;
use crate::web::paging::PAGES_MAX;

/// The document at `/api/v1/openapi.json`: every route that programs use.
pub fn document() -> Value {
    let mut paths = Map::new();
    for route in GETS {
        let parameters: Vec<Value> = route.parameters.iter().map(parameter).collect();
        let (path, kind) = (route.path, route.answers);
        let answers = json!({
            "200": { "description": route.summary, "content": { kind: { "schema": schema(path, kind) } } },
        });
        let get = json!({ "summary": route.summary, "parameters": parameters, "responses": answers });
        paths.insert(path.to_owned(), json!({ "get": get }));
    }
    paths.insert("/api/v1/commands/{stream}/{command}".to_owned(), json!({ "post": command() }));
    paths.insert("/api/v1/feeds".to_owned(), json!({ "post": feed() }));
    paths.insert("/api/v1/session".to_owned(), json!({ "delete": leaving(), "post": session() }));
    paths.extend(lists::paths().map(|(path, methods)| (path.to_owned(), methods)));
    paths.extend(casework::paths().map(|(path, methods)| (path.to_owned(), methods)));
    paths.extend(credit::paths().map(|(path, methods)| (path.to_owned(), methods)));
    paths.extend(docket::paths().map(|(path, methods)| (path.to_owned(), methods)));
    paths.extend(keys::paths().map(|(path, methods)| (path.to_owned(), methods)));
    paths.extend(statistics::paths().map(|(path, methods)| (path.to_owned(), methods)));
    let paths: Map<String, Value> = paths
        .into_iter()
        .map(|(path, methods)| {
            let completed = answers::completed(&path, methods);
            (path, completed)
        })
        .collect();
    let mut schemas = SCHEMAS.clone();
    schemas.insert("Problem".to_owned(), problem_schema());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "wuping",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Grades of rental housing out of an audit-grade ledger. Only what is public is read without a session.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": answers::security_schemes(),
            "responses": answers::responses(),
            "schemas": schemas,
        },
    })
}

fn problem_schema() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": { "type": "string", "description": "Stable: /problems/{code}" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
        },
    })
}

/// What can be asked of each kind of stream, as the rules themselves read it, with the parts that they are made of: made once.
pub(super) static SCHEMAS: LazyLock<Map<String, Value>> = LazyLock::new(command_schemas);

fn command_schemas() -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut parts = settings.into_generator();
    let commands = [
        ("access", access::Command::json_schema(&mut parts)),
        ("account", account::Command::json_schema(&mut parts)),
        ("alert", alert::Command::json_schema(&mut parts)),
        ("appeal", appeal::Command::json_schema(&mut parts)),
        ("assessment", assessment::Command::json_schema(&mut parts)),
        ("association", association::Command::json_schema(&mut parts)),
        ("authority", authority::Command::json_schema(&mut parts)),
        ("board", board::Command::json_schema(&mut parts)),
        ("campaign", campaign::Command::json_schema(&mut parts)),
        ("credit", wuping_domain::credit::Command::json_schema(&mut parts)),
        ("dispute", dispute::Command::json_schema(&mut parts)),
        ("grade", grade::Command::json_schema(&mut parts)),
        ("hazard", hazard::Command::json_schema(&mut parts)),
        ("incident", incident::Command::json_schema(&mut parts)),
        ("inspection", inspection::Command::json_schema(&mut parts)),
        ("listing", listing::Command::json_schema(&mut parts)),
        ("measure", measure::Command::json_schema(&mut parts)),
        ("meeting", meeting::Command::json_schema(&mut parts)),
        ("notice", notice::Command::json_schema(&mut parts)),
        ("party", party::Command::json_schema(&mut parts)),
        ("patrol", patrol::Command::json_schema(&mut parts)),
        ("premises", premises::Command::json_schema(&mut parts)),
        ("record", record::Command::json_schema(&mut parts)),
        ("reevaluation", reevaluation::Command::json_schema(&mut parts)),
        ("report", report::Command::json_schema(&mut parts)),
        ("rulebook", publication::Command::json_schema(&mut parts)),
        ("rulebook-draft", draft::Command::json_schema(&mut parts)),
        ("survey", survey::Command::json_schema(&mut parts)),
        ("task", task::Command::json_schema(&mut parts)),
        ("visit", visit::Command::json_schema(&mut parts)),
    ];
    let mut schemas = parts.take_definitions(true);
    schemas.extend(commands.map(|(kind, schema)| (command_of(kind), under_a_rulebook(schema.to_value()))));
    members::closed(schemas)
}

/// Whichever command may name the rulebook that it goes by where nothing else says it.
fn under_a_rulebook(mut commands: Value) -> Value {
    for command in commands["oneOf"].as_array_mut().into_iter().flatten() {
        let named = json!({
            "$ref": "#/components/schemas/SchemeRef",
            "description": "The rulebook that it goes by; looked at only where nothing recorded says it",
        });
        if let Some(members) = command["properties"].as_object_mut() {
            members.entry("scheme").or_insert(named);
        }
    }
    commands
}

/// The name of the schema of what can be asked of a kind of stream.
pub(super) fn command_of(kind: &str) -> String {
    format!("{COMMAND}{kind}")
}

fn command() -> Value {
    let in_path = |name: &str, told: &str| json!({ "name": name, "in": "path", "required": true, "description": told, "schema": { "type": "string" } });
    let header = |name: &str, required: bool, told: &str, schema: Value| json!({ "name": name, "in": "header", "required": required, "description": told, "schema": schema });
    let text = || json!({ "type": "string" });
    let refer = |name: &String| json!({ "$ref": format!("#/components/schemas/{name}") });
    let commands: Vec<Value> = SCHEMAS.keys().filter(|name| name.starts_with(COMMAND)).map(refer).collect();
    json!({
        "summary": "Ask for something to be recorded",
        "description": "Numbers are whole and at most 2^53-1.",
        "security": in_session(),
        "parameters": [
            in_path("stream", "The whole path of the stream, slashes and all, such as premises/p-1/grade"),
            in_path("command", "The command's name, such as confirm"),
            header("Idempotency-Key", true, "A fresh UUID for each command, the same one for a retry", json!({ "type": "string", "format": "uuid" })),
            header("If-Match", false, "The version of the stream that was seen", whole(0)),
            header("Records-Again", false, "The event_id of a record of the same premises or party that was signed with a key under doubt: this one says it again, and keeps in `again` the time that was claimed first", json!({ "type": "string", "format": "uuid" })),
            header("X-CSRF-Token", true, "The session's token", text()),
        ],
        "requestBody": {
            "required": true,
            "description": "The command's fields; the member `command` is the last part of the path and may be left out",
            "content": { "application/json": { "schema": { "anyOf": commands } } },
        },
        "responses": {
            "200": { "description": "Recorded before, or nothing new was said", "content": recorded() },
            "201": { "description": "Recorded, with its position", "content": recorded() },
        },
    })
}

/// What became of a command.
pub(super) fn recorded() -> Value {
    let schema = json!({
        "type": "object",
        "required": ["recorded"],
        "properties": {
            "recorded": { "type": "boolean" },
            "event_id": { "type": "string" },
            "position": { "type": "integer" },
            "last_position": { "type": "integer" },
            "version": { "type": "integer" },
            "recorded_at": { "type": "string", "format": "date-time" },
            "repeated": { "type": "boolean", "description": "It was recorded before" },
        },
    });
    json!({ JSON: { "schema": schema } })
}

fn feed() -> Value {
    let line = json!({
        "type": "object",
        "required": ["code", "indicator", "outcome"],
        "properties": {
            "code": { "type": "string", "description": "Id or any code of the premises" },
            "indicator": { "type": "string" },
            "outcome": { "description": "A row's id, not_applicable, a whole number, or {part, whole}" },
            "measured": { "type": "object", "description": "What was written down besides, such as observed_on" },
        },
    });
    let lines = json!({ "type": "object", "required": ["lines"], "properties": { "lines": { "type": "array", "items": line, "minItems": 1 } } });
    let fates = json!({
        "type": "object",
        "required": ["taken", "refused", "lines"],
        "properties": {
            "taken": { "type": "integer" },
            "refused": { "type": "integer" },
            "lines": { "type": "array", "items": { "type": "object" } },
        },
    });
    json!({
        "summary": "Share results that nobody types, with the token of a channel",
        "security": [{ "channel": [] }],
        "parameters": [{
            "name": "Idempotency-Key", "in": "header", "required": true, "schema": lists::delivery_name(),
            "description": "The sender's own name of the delivery, the same one for a retry",
        }],
        "requestBody": {
            "required": true,
            "content": { "application/json": { "schema": lines }, "text/csv": { "schema": { "type": "string" } } },
        },
        "responses": {
            "200": { "description": "What became of each line: its position, or why it was not taken", "content": { JSON: { "schema": fates } } },
        },
    })
}

fn session() -> Value {
    let credentials = json!({
        "type": "object",
        "required": ["login", "password"],
        "properties": { "login": { "type": "string" }, "password": { "type": "string" } },
        "additionalProperties": false,
    });
    let entered = json!({
        "type": "object",
        "required": ["account", "csrf"],
        "properties": { "account": { "type": "string" }, "csrf": { "type": "string" } },
    });
    json!({
        "summary": "Sign in; the answer's csrf goes into X-CSRF-Token of each command",
        "requestBody": { "required": true, "content": { "application/json": { "schema": credentials } } },
        "responses": {
            "200": { "description": "The account and its token; the session is in the cookie", "content": { JSON: { "schema": entered } } },
            "401": { "$ref": "#/components/responses/Problem" },
            "429": {
                "description": "Too many passwords were tried in a short time (/problems/too_many_tries): this one was not looked at",
                "headers": {
                    "Retry-After": { "description": "Seconds until it may be tried again", "required": true, "schema": whole(1) },
                },
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
            },
        },
    })
}

fn leaving() -> Value {
    json!({ "summary": "Sign out", "responses": { "204": { "description": "The session has ended" } } })
}

fn parameter(parameter: &Parameter) -> Value {
    let mut told = json!({
        "name": parameter.name,
        "in": if parameter.in_path { "path" } else { "query" },
        "required": parameter.in_path,
        "description": parameter.told,
        "schema": if parameter.in_path { kind(parameter.kind) } else { or_empty(kind(parameter.kind)) },
    });
    if let Some((_, example)) = EXAMPLES.iter().find(|(name, _)| *name == parameter.name) {
        told["example"] = json!(example);
    }
    told
}

/// What may stand in a parameter.
fn kind(kind: &str) -> Value {
    match kind {
        "day" => json!({ "type": "string", "format": "date" }),
        "moment" => json!({ "type": "string", "format": "date-time" }),
        "page" => json!({ "type": "integer", "minimum": 1, "maximum": PAGES_MAX }),
        "whole" => whole(0),
        kind => json!({ "type": kind }),
    }
}

fn schema(path: &str, kind: &str) -> Value {
    let members: &[&str] = match path {
        "/api/v1/credit/published" => &["rows", "page", "pages", "total"],
        "/api/v1/grades" => &["grades"],
        "/api/v1/premises" => &["rows", "page", "pages", "total"],
        "/api/v1/premises/{code}" => &["id", "codes", "layer", "address", "in_force", "open_hazards"],
        "/api/v1/premises/{code}/history" => &["id", "codes", "history"],
        "/api/v1/rulebooks" => &["rulebooks"],
        "/api/v1/sheet" => &["at", "lines", "sha256"],
        "/api/v1/vacancies" => &["rows", "page", "pages", "total"],
        "/log/keys" => &["origin", "log_key", "keys"],
        _ => &[],
    };
    match kind {
        JSON => json!({ "type": "object", "required": members }),
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

/// Parts of paths that any ledger has, and premises that the sample has.
const EXAMPLES: [(&str, &str); 2] = [("code", "4403100000000000016"), ("path", "0/000")];

const CODE: Parameter = part("code", "string", "The id of premises or any code of theirs");

/// Every route that programs read.
pub(super) const GETS: &[Get] = &[
    Get {
        path: "/api/v1/credit/published",
        summary: "What of credit files is public: classes and conduct of companies, fifty a page, what was published last first",
        answers: JSON,
        parameters: &[asked("page", "page", "From 1")],
    },
    Get {
        path: "/api/v1/grades",
        summary: "The grades of all premises in force at a moment",
        answers: JSON,
        parameters: &[
            asked("at", "whole", "As known with the entry at this position"),
            asked("as_of", "moment", "As known at this moment, RFC 3339"),
            asked("valid_at", "day", "What held on this day"),
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
            asked("page", "page", "From 1"),
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
        path: "/api/v1/sheet",
        summary: "The grades in force of an area as one list, with its digest and the position it was made at",
        answers: JSON,
        parameters: &[asked("area", "string", "Subdistrict or community; the whole district when absent")],
    },
    Get {
        path: "/api/v1/vacancies",
        summary: "Vacant units to let, fifty a page, those shown last first",
        answers: JSON,
        parameters: &[asked("area", "string", "Subdistrict or community"), asked("page", "page", "From 1")],
    },
    Get {
        path: "/log/checkpoint",
        summary: "The newest signed checkpoint",
        answers: "text/plain",
        parameters: &[],
    },
    Get { path: "/log/keys", summary: "Every key that was enrolled", answers: JSON, parameters: &[] },
    Get {
        path: "/log/proof/consistency/{old}/{new}",
        summary: "The proof that the log of one size is the beginning of the log of another; 400 where the first is larger, 404 above the newest checkpoint",
        answers: "text/plain",
        parameters: &[
            part("old", "whole", "The smaller size"),
            part("new", "whole", "The larger size, at most that of the newest checkpoint"),
        ],
    },
    Get {
        path: "/log/proof/inclusion/{position}",
        summary: "The proof that an entry is under the newest checkpoint",
        answers: "text/plain",
        parameters: &[part("position", "whole", "The entry's position")],
    },
    Get {
        path: "/log/schemes/{file}",
        summary: "A rulebook's canonical document by its digest",
        answers: JSON,
        parameters: &[part("file", "string", "The SHA-256 of the document in lower-case hex, and .json")],
    },
    Get {
        path: "/log/tile/{path}",
        summary: "A tile of hashes; for auditors, a bundle of entries",
        answers: "application/octet-stream",
        parameters: &[part(
            "path",
            "string",
            "Level and index as the format spells them, such as 0/x001/234, 0/000.p/5 or entries/000",
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

const COMMAND: &str = "command-";
const JSON: &str = "application/json";

#[cfg(test)]
mod tests {
    use super::*;

    /// Every `$ref` of a value.
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Array(all) => all.iter().for_each(|one| references(one, found)),
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|one| references(one, found));
            }
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 20);
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn a_command_is_described_by_its_fields() {
        let schema = &document()["components"]["schemas"]["command-grade"];
        assert!(schema.to_string().contains("handed_in_on"), "{schema}");
    }
}
