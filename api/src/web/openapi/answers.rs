//! What any operation may answer besides what it is for, by its nature: whether it has a body, whom it answers, and whether
//! it is read by programs that want a problem document or by auditors' tools that want a line of text.

use serde_json::{Value, json};

/// The methods of a path, each with every answer that its kind gives.
pub(super) fn completed(path: &str, mut methods: Value) -> Value {
    let refusal = if in_words(path) { "Told" } else { "Problem" };
    for operation in methods.as_object_mut().into_iter().flat_map(|methods| methods.values_mut()) {
        let (sends, signed_in) =
            (operation.get("requestBody").is_some(), operation.get("security").is_some());
        let mut statuses = match path {
            "/healthz" => vec![],
            "/readyz" => vec!["503"],
            "/metrics" => vec!["500"],
            _ => vec!["400", "404", "500", "503"],
        };
        if sends {
            statuses.extend(["413", "415", "422", "507"]);
        }
        if signed_in {
            statuses.extend(["401", "403", "409", "422", "507"]);
        }
        if path.starts_with("/log/tile/") {
            statuses.push("403");
        }
        for status in statuses {
            let there = json!({ "$ref": format!("#/components/responses/{refusal}") });
            if let Some(answers) = operation["responses"].as_object_mut() {
                answers.entry(status).or_insert(there);
            }
        }
    }
    methods
}

/// The answers that [`completed`] refers to.
pub(super) fn responses() -> Value {
    json!({
        "Problem": {
            "description": "Why not, and what to do (RFC 9457); detail is in the language of Accept-Language",
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
        },
        "Told": {
            "description": "Why not, in a line",
            "content": { "text/plain": { "schema": { "type": "string" } } },
        },
    })
}

/// How a program says who it is: a person's session, or a channel's token.
pub(super) fn security_schemes() -> Value {
    json!({
        "channel": { "type": "http", "scheme": "bearer" },
        "session": { "type": "apiKey", "in": "cookie", "name": crate::web::session::SESSION },
    })
}

/// That a person's session is needed.
pub(super) fn in_session() -> Value {
    json!([{ "session": [] }])
}

/// A whole number in a query or path, from `least` to the largest that JSON carries without loss.
pub(super) fn whole(least: u64) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": wuping_ledger::encoding::MAX_INT })
}

/// What a parameter may be, or nothing: one that is empty is as one that is not there.
pub(super) fn or_empty(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "string", "maxLength": 0 }] })
}

/// Auditors' tools and monitors read text.
fn in_words(path: &str) -> bool {
    path.starts_with("/log/") || matches!(path, "/readyz" | "/metrics")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_with_a_body_in_a_session_has_the_answers_of_both() {
        let post = json!({ "requestBody": {}, "security": in_session(), "responses": { "200": {}, "409": { "description": "own" } } });
        let methods = completed("/api/v1/keys", json!({ "post": post }));
        let answers = methods["post"]["responses"].as_object().unwrap();
        for status in ["200", "400", "401", "403", "404", "409", "413", "415", "422", "500", "503", "507"] {
            assert!(answers.contains_key(status), "{status}");
        }
        assert_eq!(answers["409"]["description"], "own");
    }

    #[test]
    fn what_is_only_read_by_everybody_refuses_nobody() {
        let methods = completed("/log/keys", json!({ "get": { "responses": { "200": {} } } }));
        let answers = methods["get"]["responses"].as_object().unwrap();
        assert!(!answers.contains_key("401") && !answers.contains_key("415"));
        assert_eq!(answers["404"]["$ref"], "#/components/responses/Told");
    }
}
