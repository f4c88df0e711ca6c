//! What is different between two rulebooks' documents, member by member; rows that have an id are compared by it.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

/// One member that is not the same.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Difference {
    /// Where: `indicators.indicator[smoke_alarm].points`.
    pub path: String,
    /// What stood there; nothing where it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<Value>,
    /// What stands there; nothing where it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is: Option<Value>,
}

/// Everything that is different, in the order of the paths.
pub fn differences(was: &Value, is: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(String::new(), Some(was), Some(is), &mut found);
    found
}

fn compare(path: String, was: Option<&Value>, is: Option<&Value>, found: &mut Vec<Difference>) {
    match (was, is) {
        (was, is) if was == is => {}
        (Some(Value::Object(was)), Some(Value::Object(is))) => {
            let members: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
            for member in members {
                let path = if path.is_empty() { member.clone() } else { format!("{path}.{member}") };
                compare(path, was.get(member), is.get(member), found);
            }
        }
        (Some(Value::Array(was)), Some(Value::Array(is))) => rows(&path, was, is, found),
        (was, is) => found.push(Difference { path, was: was.cloned(), is: is.cloned() }),
    }
}

/// Rows by their names where all have one of their own, else by their places.
fn rows(path: &str, was: &[Value], is: &[Value], found: &mut Vec<Difference>) {
    let names = |rows: &[Value]| rows.iter().map(name).collect::<Option<Vec<String>>>();
    match (names(was).filter(|names| distinct(names)), names(is).filter(|names| distinct(names))) {
        (Some(old), Some(new)) => {
            for (name, row) in old.iter().zip(was) {
                let now = new.iter().position(|other| other == name).and_then(|place| is.get(place));
                compare(format!("{path}[{name}]"), Some(row), now, found);
            }
            for (name, row) in new.iter().zip(is).filter(|(name, _)| !old.contains(name)) {
                compare(format!("{path}[{name}]"), None, Some(row), found);
            }
        }
        _ => {
            for place in 0..was.len().max(is.len()) {
                compare(format!("{path}[{place}]"), was.get(place), is.get(place), found);
            }
        }
    }
}

/// What a row is called.
fn name(row: &Value) -> Option<String> {
    ["id", "severity", "grade", "word", "level"]
        .into_iter()
        .find_map(|member| Some(row.get(member)?.as_str()?.to_owned()))
}

fn distinct(names: &[String]) -> bool {
    names.iter().collect::<BTreeSet<_>>().len() == names.len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_are_compared_by_their_names_wherever_they_stand() {
        let was =
            json!({ "indicator": [{ "id": "a", "points": 3 }, { "id": "b", "points": 2 }], "total": 5 });
        let is = json!({ "indicator": [{ "id": "b", "points": 2 }, { "id": "a", "points": 4 }, { "id": "c" }], "total": 5 });
        let found = differences(&was, &is);
        let told: Vec<&str> = found.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(told, ["indicator[a].points", "indicator[c]"]);
        assert_eq!((&found[0].was, &found[0].is), (&Some(json!(3)), &Some(json!(4))));
        assert!(differences(&was, &was).is_empty());
    }

    #[test]
    fn what_has_no_name_is_compared_by_its_place() {
        let found = differences(&json!({ "on": [1, 2] }), &json!({ "on": [1, 3, 4] }));
        let told: Vec<&str> = found.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(told, ["on[1]", "on[2]"]);
    }
}
