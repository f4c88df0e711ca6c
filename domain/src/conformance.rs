//! Conformance: runs a file of worked cases through the rules and says which give the expected answer.
//!
//! A case never stops the run: what cannot be read is a failed case that says why.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::credit::{credit, repair};
use crate::deadline::{filing, fixed_date, period};
use crate::effect::effect;
use crate::grading::{Grading, grade, recompute};
use crate::identifier::identifier;
use crate::incident_rule::incident;
use crate::patrol_rule::patrol;
use crate::prohibition::prohibition;
use crate::refused::Refused;
use crate::rulebook::scheme::{Indicator, Kind};
use crate::rulebook::{Layer, Rulebook};
use crate::term::hazard_term;
use crate::transition::transition;
use crate::visit_count::visits;

/// How one case went.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct CaseOutcome {
    /// The case's id, or its number where it has none.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// Whether the answer is the expected one.
    pub passed: bool,
    /// Why not; empty if it passed.
    pub detail: String,
}

/// Runs every case of a file of the shape `{"cases": [{id, kind, input, expected}…]}`. Cases that name a layer
/// are answered by that layer's rulebook, the others by the first.
#[must_use]
pub fn run(cases: &Value, rulebooks: &BTreeMap<Layer, Rulebook>) -> Vec<CaseOutcome> {
    let Some(cases) = cases["cases"].as_array() else {
        let detail = "the file has no list of cases; it must be an object with a member \"cases\"".to_owned();
        return vec![CaseOutcome { id: "file".to_owned(), kind: "none".to_owned(), passed: false, detail }];
    };
    cases.iter().enumerate().map(|(n, case)| run_case(n, case, rulebooks)).collect()
}

fn run_case(n: usize, case: &Value, rulebooks: &BTreeMap<Layer, Rulebook>) -> CaseOutcome {
    let text = |member: &str| case[member].as_str().map(str::to_owned);
    let id = text("id").unwrap_or_else(|| format!("case number {}", n + 1));
    let kind = text("kind").unwrap_or_else(|| "none".to_owned());
    let detail = match (case.get("expected"), answer(&kind, &case["input"], rulebooks)) {
        (None, _) => "the case has no expected answer; add one".to_owned(),
        (_, Err(unreadable)) => unreadable,
        (Some(expected), Ok(answer)) if *expected == answer => String::new(),
        (Some(expected), Ok(answer)) => difference(expected, &answer),
    };
    CaseOutcome { id, kind, passed: detail.is_empty(), detail }
}

/// The answer to a case, in JSON; a refusal is one. An error is a case that cannot be read.
fn answer(kind: &str, input: &Value, rulebooks: &BTreeMap<Layer, Rulebook>) -> Result<Value, String> {
    let rulebook = rulebook(input, rulebooks)?;
    match kind {
        "credit" => ask(input, |question| credit(rulebook, &question)),
        "date" => ask(input, |question| fixed_date(rulebook, &question)),
        "effect" => ask(input, |question| effect(rulebook, &question)),
        "filing" => ask(input, |question| filing(rulebook, &question)),
        "grade" => {
            let mut answer = ask(&expanded(rulebook, input)?, |question| grade(rulebook, &question))?;
            leave_out(&mut answer, &Grading::EXPLAINING);
            Ok(answer)
        }
        "hazard_term" => ask(input, |question| hazard_term(rulebook, &question)),
        "identifier" => ask(input, |question| identifier(rulebook, &question)),
        "incident" => ask(input, |question| incident(rulebook, &question)),
        "patrol" => ask(input, |question| patrol(rulebook, &question)),
        "period" => ask(input, |question| period(rulebook, &question)),
        "prohibition" => ask(input, |question| prohibition(rulebook, &question)),
        "recompute" => {
            let mut answer = ask(&expanded(rulebook, input)?, |question| recompute(rulebook, &question))?;
            leave_out(&mut answer, &["grading"]);
            Ok(answer)
        }
        "repair" => ask(input, |question| repair(rulebook, &question)),
        "transition" => ask(input, |question| transition(rulebook, &question)),
        "visits" => ask(input, |question| visits(rulebook, &question)),
        _ => Err(format!("kind {kind} is not known; known are {}", KINDS.join(", "))),
    }
}

/// Reads the question, asks it, and writes the answer or the refusal.
fn ask<Question: DeserializeOwned, Answer: Serialize>(
    input: &Value,
    rule: impl FnOnce(Question) -> Result<Answer, Refused>,
) -> Result<Value, String> {
    let question =
        Question::deserialize(input).map_err(|error| format!("the input cannot be read: {error}"))?;
    match rule(question) {
        Ok(answer) => serde_json::to_value(answer),
        Err(refused) => serde_json::to_value(refused),
    }
    .map_err(|error| format!("the answer cannot be written: {error}"))
}

/// The rulebook of the layer the input names; the first one, if it names none.
fn rulebook<'a>(input: &Value, rulebooks: &'a BTreeMap<Layer, Rulebook>) -> Result<&'a Rulebook, String> {
    let Some(layer) = input.get("layer") else {
        return rulebooks.values().next().ok_or_else(|| "no rulebook is loaded; name one".to_owned());
    };
    let layer: Layer = layer
        .as_str()
        .unwrap_or_default()
        .parse()
        .map_err(|_| format!("{layer} is no layer; write building, estate or unit"))?;
    rulebooks.get(&layer).ok_or_else(|| format!("no rulebook for layer {layer} is loaded; name one"))
}

/// The input with `base` written out: every indicator's best or worst result, overridden by `results`.
fn expanded(rulebook: &Rulebook, input: &Value) -> Result<Value, String> {
    let base = input.get("base").map_or(Some("none"), Value::as_str).unwrap_or_default();
    let best = match base {
        "best" => true,
        "worst" => false,
        "none" => return Ok(input.clone()),
        _ => return Err("base must be best, worst or none".to_owned()),
    };
    let mut results = BTreeMap::new();
    for indicator in &rulebook.scheme.indicators {
        results.insert(indicator.id.clone(), extreme_result(indicator, best));
    }
    if let Some(given) = input.get("results") {
        let given = given.as_object().ok_or_else(|| "results must be an object".to_owned())?;
        results.extend(given.iter().map(|(id, result)| (id.clone(), result.clone())));
    }
    let mut input = input.clone();
    input["results"] = json!(results);
    Ok(input)
}

/// The result that earns most, or least.
pub(crate) fn extreme_result(indicator: &Indicator, best: bool) -> Value {
    let row = if best { indicator.best_row() } else { indicator.worst_row() };
    let full = if best { 100 } else { 0 };
    match indicator.kind {
        Kind::Binary | Kind::Levels => json!(row.map(|row| &row.id)),
        Kind::Count => json!(row.map(|row| row.from)),
        Kind::Share => json!({"part": full, "whole": 100}),
        Kind::Survey => json!({"satisfied": full, "answered": 100, "occupied_units": 100}),
    }
}

fn leave_out(answer: &mut Value, members: &[&str]) {
    if let Some(answer) = answer.as_object_mut() {
        answer.retain(|name, _| !members.contains(&name.as_str()));
    }
}

/// Which members differ, and how.
fn difference(expected: &Value, answer: &Value) -> String {
    let (Some(wanted), Some(got)) = (expected.as_object(), answer.as_object()) else {
        return format!("expected {expected}, got {answer}");
    };
    let mut members: Vec<&String> = wanted.keys().chain(got.keys()).collect();
    members.sort_unstable();
    members.dedup();
    let differing = members.into_iter().filter(|name| wanted.get(*name) != got.get(*name));
    let shown = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
    differing
        .map(|name| format!("{name}: expected {}, got {}", shown(wanted.get(name)), shown(got.get(name))))
        .collect::<Vec<_>>()
        .join("; ")
}

/// The kinds of cases there are.
const KINDS: [&str; 15] = [
    "credit",
    "date",
    "effect",
    "filing",
    "grade",
    "hazard_term",
    "identifier",
    "incident",
    "patrol",
    "period",
    "prohibition",
    "recompute",
    "repair",
    "transition",
    "visits",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;

    fn pingshan() -> BTreeMap<Layer, Rulebook> {
        [Layer::Building, Layer::Estate, Layer::Unit].map(|layer| (layer, shipped::pingshan(layer))).into()
    }

    fn shipped_cases() -> Value {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/cases/cases.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn every_shipped_case_gives_the_expected_answer() {
        let outcomes = run(&shipped_cases(), &pingshan());
        let failed: Vec<_> = outcomes.iter().filter(|case| !case.passed).collect();
        assert!(failed.is_empty(), "{} of {} failed: {failed:#?}", failed.len(), outcomes.len());
        assert_eq!(outcomes.len(), 279);
        for kind in KINDS {
            assert!(outcomes.iter().any(|case| case.kind == kind), "no case of kind {kind}");
        }
    }

    #[test]
    fn a_wrong_expectation_fails_and_says_where() {
        let mut cases = shipped_cases();
        for case in cases["cases"].as_array_mut().unwrap() {
            case["expected"]["forged"] = json!(1);
        }
        for outcome in run(&cases, &pingshan()) {
            assert!(!outcome.passed && outcome.detail.contains("forged: expected 1"), "{outcome:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_fails_with_a_reason() {
        let cases = json!({"cases": [
            {"id": "dance", "kind": "dance", "input": {}, "expected": {}},
            {"id": "no_date", "kind": "grade", "input": {"layer": "unit", "base": "best"}, "expected": {}},
            {"id": "street", "kind": "grade", "input": {"layer": "street", "on": "2025-01-01"}, "expected": {}},
            {"id": "so_so", "kind": "grade", "input": {"layer": "unit", "on": "2025-01-01", "base": "so"}, "expected": {}},
            {"id": "silent", "kind": "repair", "input": {}},
            7
        ]});
        let details: Vec<String> = run(&cases, &pingshan()).into_iter().map(|case| case.detail).collect();
        for (detail, part) in details.iter().zip([
            "kind dance is not known",
            "missing field `on`",
            "is no layer",
            "base must be",
            "no expected answer",
            "no expected answer",
        ]) {
            assert!(detail.contains(part), "{detail} lacks {part}");
        }
        assert_eq!(run(&json!([]), &pingshan())[0].detail.split(';').count(), 2);
    }
}
