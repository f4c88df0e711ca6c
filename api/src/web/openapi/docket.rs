//! The description of matters and rounds, which are read in a session.

use serde_json::{Value, json};
use wuping_domain::facts::Role;
use wuping_domain::matter::Kind;

use super::answers::{in_session, or_empty, whole};
use crate::web::docket_api::SIZE_MAX;
use crate::web::docket_api::UNDERTAKINGS;
use crate::web::paging::PAGES_MAX;

/// The paths, each with its methods.
pub(super) fn paths() -> [(&'static str, Value); 5] {
    [
        ("/api/v1/matters", json!({ "get": listed() })),
        ("/api/v1/matters/{stream}", json!({ "get": one() })),
        ("/api/v1/patrols", json!({ "get": rounds() })),
        ("/api/v1/reports/{number}", json!({ "get": followed() })),
        ("/api/v1/undertakings", json!({ "get": undertakings() })),
    ]
}

fn listed() -> Value {
    json!({
        "security": in_session(),
        "summary": "Matters that the person signed in may read: of those that run what is due first, of the ended the newest",
        "parameters": [
            asked("waits_on", "me, or a department: whose next word it is"),
            asked("account", "Waiting on this account by name"),
            narrowed("role", "Waiting on this role", json!({ "type": "string", "enum": Role::ALL.map(Role::code) })),
            narrowed("overdue", "true: a duty's day has ended", truth()),
            narrowed("ended", "true: what has ended, in place of what runs", truth()),
            narrowed("kind", "A kind of matter", json!({ "type": "string", "enum": Kind::ALL.map(Kind::code) })),
            asked("stage", "How far it is, as a code of its kind"),
            asked("department", "The department that answers for it"),
            asked("area", "Subdistrict, community or grid cell"),
            asked("building", "Id of a building: its own and those of its units"),
            asked("premises", "Id of premises"),
            asked("party", "At premises that this party answers for"),
            asked("after", "The member next of the list before"),
            narrowed("size", "Rows", json!({ "type": "integer", "minimum": 1, "maximum": SIZE_MAX })),
            at(),
            as_of(),
            narrowed(
                "valid_at",
                "What ran on this day, those opened first first, each as it stands since; of the ended what had ended by it",
                day(),
            ),
        ],
        "responses": answers("rows, each with whom it waits on, its deadlines and both times; total; next; counts by kind"),
    })
}

fn one() -> Value {
    json!({
        "security": in_session(),
        "summary": "One matter with its deadlines and every entry of its stream",
        "parameters": [
            part("stream", "The whole path of the stream, slashes and all, such as premises/p-1/hazard/7"),
            narrowed("at", "As the ledger told it with the entry at this position", whole(0)),
        ],
        "responses": answers("The matter; opened, changed and ended with both times and position; history"),
    })
}

fn rounds() -> Value {
    json!({
        "security": in_session(),
        "summary": "A person's rounds of a day, in the order of the route",
        "parameters": [
            narrowed("day", "The day; today, or that of the moment asked about, when absent", day()),
            asked("worker", "The account, one's own when absent"),
            at(),
            as_of(),
        ],
        "responses": answers("Rounds due by that day or made on it, with route, rule and last round"),
    })
}

fn followed() -> Value {
    json!({
        "summary": "How far a report is, by the number its reporter was given; no session is needed",
        "parameters": [part("number", "The number")],
        "responses": answers("stage, when it was received, and what it was answered with"),
    })
}

fn undertakings() -> Value {
    json!({
        "security": in_session(),
        "summary": "Inspections, measures, listings, boards, associations, campaigns and meetings, fifty a page, those with a day first",
        "parameters": [
            narrowed("kind", "A kind", json!({ "type": "string", "enum": UNDERTAKINGS })),
            asked("stage", "How far it is, as a code of its kind"),
            asked("area", "Subdistrict or community: its own, or that of its premises"),
            asked("premises", "Id of premises"),
            narrowed("page", "From 1", json!({ "type": "integer", "minimum": 1, "maximum": PAGES_MAX })),
            at(),
            as_of(),
        ],
        "responses": answers("rows, each with all that is public of it; page, pages, total"),
    })
}

fn answers(good: &str) -> Value {
    json!({ "200": { "description": good, "content": { "application/json": { "schema": { "type": "object" } } } } })
}

fn part(name: &str, told: &str) -> Value {
    json!({ "name": name, "in": "path", "required": true, "description": told, "schema": { "type": "string" } })
}

fn asked(name: &str, told: &str) -> Value {
    json!({ "name": name, "in": "query", "required": false, "description": told, "schema": { "type": "string" } })
}

/// A parameter that is not any text.
fn narrowed(name: &str, told: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "required": false, "description": told, "schema": or_empty(schema) })
}

fn at() -> Value {
    narrowed("at", "As known with the entry at this position; 503 while its lists are being made", whole(0))
}

fn as_of() -> Value {
    narrowed("as_of", "As known at this moment, RFC 3339", json!({ "type": "string", "format": "date-time" }))
}

fn day() -> Value {
    json!({ "type": "string", "format": "date" })
}

fn truth() -> Value {
    json!({ "type": "string", "enum": ["true", "false", "1", "0"] })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_route_is_described() {
        let described = super::paths().map(|(path, _)| path);
        let routed: Vec<String> = include_str!("../docket_api.rs")
            .split(".route(\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap_or_default().replace("{*", "{"))
            .collect();
        assert_eq!(routed, described);
    }
}
