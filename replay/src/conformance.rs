//! Files of cases through the product: the rules' and the format's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;
use serde_json::Value;
use wuping_domain::rulebook::{Layer, Rulebook};

/// How a file of cases came out.
#[derive(Debug, Serialize)]
pub struct Conformance {
    /// Distinct cases.
    pub cases: usize,
    /// Those that passed.
    pub passed: usize,
    /// Ids of the others.
    pub failed: Vec<String>,
}

/// Cases of the rules.
///
/// # Errors
/// If the file is not JSON.
pub fn scheme(file: &[u8], rulebooks: &BTreeMap<Layer, Rulebook>) -> Result<Conformance, serde_json::Error> {
    let cases: Value = serde_json::from_slice(file)?;
    let outcomes = wuping_domain::conformance::run(&cases, rulebooks);
    Ok(counted(outcomes.into_iter().map(|outcome| (outcome.id, outcome.passed))))
}

/// Cases of the format; chains continue the log in `sample_log`.
///
/// # Errors
/// If the file is not JSON.
pub fn vectors(file: &[u8], sample_log: Option<&Path>) -> Result<Conformance, serde_json::Error> {
    let vectors: Value = serde_json::from_slice(file)?;
    let outcomes = wuping_ledger::vectors::run(&vectors, sample_log);
    Ok(counted(outcomes.into_iter().map(|outcome| (outcome.id, outcome.passed))))
}

fn counted(outcomes: impl Iterator<Item = (String, bool)>) -> Conformance {
    let (mut all, mut failed) = (BTreeSet::new(), BTreeSet::new());
    for (id, passed) in outcomes {
        if !passed {
            failed.insert(id.clone());
        }
        all.insert(id);
    }
    Conformance { cases: all.len(), passed: all.len() - failed.len(), failed: failed.into_iter().collect() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shipped(path: &str) -> Vec<u8> {
        std::fs::read(format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    fn pingshan() -> BTreeMap<Layer, Rulebook> {
        let written =
            |file: &str| String::from_utf8(shipped(&format!("rulebooks/pingshan/{file}.toml"))).unwrap();
        [Layer::Building, Layer::Estate, Layer::Unit]
            .map(|layer| {
                let (rows, policy) = (written(&layer.to_string()), written("policy"));
                let document = Rulebook::compile("pingshan", &rows, &policy, &written("holidays")).unwrap();
                (layer, Rulebook::from_document(&document).unwrap())
            })
            .into()
    }

    #[test]
    fn every_shipped_case_passes_and_a_wrong_one_is_named() {
        let file = shipped("tests/cases/cases.json");
        let rulebooks = pingshan();
        let result = scheme(&file, &rulebooks).unwrap();
        assert_eq!((result.cases, result.passed, result.failed.as_slice()), (279, 279, [].as_slice()));
        let mut cases: Value = serde_json::from_slice(&file).unwrap();
        cases["cases"][7]["expected"] = json!({"forged": true});
        let result = scheme(cases.to_string().as_bytes(), &rulebooks).unwrap();
        assert_eq!((result.cases, result.passed), (279, 278));
        assert_eq!(result.failed, [cases["cases"][7]["id"].as_str().unwrap()]);
    }

    #[test]
    fn every_shipped_vector_passes_and_counts_once() {
        let log = format!("{}/../tests/verifiers/sample-log", env!("CARGO_MANIFEST_DIR"));
        let result = vectors(&shipped("tests/verifiers/vectors.json"), Some(Path::new(&log))).unwrap();
        assert!(result.cases > 0);
        assert_eq!((result.passed, result.failed.as_slice()), (result.cases, [].as_slice()));
    }

    #[test]
    fn a_case_that_fails_once_has_failed() {
        let twice = [("a", true), ("b", true), ("a", false)].map(|(id, passed)| (id.to_owned(), passed));
        let result = counted(twice.into_iter());
        assert_eq!((result.cases, result.passed, result.failed), (2, 1, vec!["a".to_owned()]));
    }
}
