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
