//! Level 5 of a verification: every computed result computed again (docs/format.md §9).

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::Value;
use wuping_domain::derivation::{Derivation, is_input};
use wuping_domain::reaction::{Rulebooks, compute};
use wuping_domain::subject::Subject;
use wuping_ledger::jcs;
use wuping_ledger::recorded::RecordedRow;
use wuping_ledger::timestamp::Timestamp;
use wuping_projections::ledger_rulebooks::LedgerRulebooks;
use wuping_projections::recording::recorded;

use crate::verified::Finding;

/// Every computed result again, from the state of its subjects just below it. The entries are shown in the order of the log.
pub(crate) struct Derivations<'r> {
    pub(crate) equal: u64,
    pub(crate) findings: Vec<Finding>,
    rulebooks: &'r LedgerRulebooks,
    subjects: HashMap<String, Subject>,
}

/// What a computed entry says.
#[derive(Deserialize)]
pub(crate) struct Said {
    pub(crate) derivation: Derivation,
    result: Value,
}

/// What a computed entry says; none of what was not computed. What is no derivation is an error that says so.
pub(crate) fn said(row: &RecordedRow<'_>) -> Option<Result<Said, String>> {
    if !row.data.contains(COMPUTED) {
        return None;
    }
    let data: Value = serde_json::from_str(row.data).ok()?;
    data.get("derivation")?;
    Some(serde_json::from_value(data).map_err(|error| error.to_string()))
}

impl<'r> Derivations<'r> {
    pub(crate) fn under(rulebooks: &'r LedgerRulebooks) -> Self {
        Self { equal: 0, findings: vec![], rulebooks, subjects: HashMap::new() }
    }

    /// The next entry: its result is compared, and then it is an input of those that follow.
    pub(crate) fn take(&mut self, row: &RecordedRow<'_>) {
        if let Some(said) = said(row) {
            match said.and_then(|said| self.again(row, said)) {
                Ok(()) => self.equal += 1,
                Err(detail) => self.found(row, "result-differs", detail),
            }
        }
        self.input(row);
    }

    /// An entry that others are computed from, and that is compared elsewhere.
    pub(crate) fn input(&mut self, row: &RecordedRow<'_>) {
        // nothing is computed from any other subject
        if !is_input(row.stream) {
            return;
        }
        match recorded(row) {
            Ok(event) => self.subjects.entry(event.subject().to_owned()).or_default().apply(&event),
            Err(unreadable) => self.found(row, "unreadable", unreadable.to_string()),
        }
    }

    fn again(
        &mut self,
        row: &RecordedRow<'_>,
        Said { derivation, result: then }: Said,
    ) -> Result<(), String> {
        let rulebook = self
            .rulebooks
            .rulebook(&derivation.scheme)
            .ok_or_else(|| format!("its rulebook {} is not kept", derivation.scheme.id))?;
        let as_of =
            Timestamp::parse(row.occurred_at, "occurred_at").map_err(|refusal| refusal.to_string())?;
        let mut subjects: BTreeMap<String, Subject> = BTreeMap::new();
        for key in derivation.subjects {
            let state = self.subjects.remove(&key).unwrap_or_default();
            subjects.insert(key, state);
        }
        let computed = compute(&rulebook, &subjects, row.event_type, row.stream, as_of.datetime());
        self.subjects.extend(subjects);
        let result = computed.map_err(|refused| refused.to_string())?;
        let result = result.ok_or("its inputs lead to no such result")?;
        let (now, then) = (jcs::canonical(&result), jcs::canonical(&then));
        if now.is_ok() && now.ok() == then.ok() {
            return Ok(());
        }
        Err("the result computed again from its inputs is another".to_owned())
    }

    fn found(&mut self, row: &RecordedRow<'_>, code: &str, detail: String) {
        self.findings.push(Finding { position: Some(row.position), level: 5, code: code.to_owned(), detail });
    }
}

const COMPUTED: &str = "\"derivation\"";
