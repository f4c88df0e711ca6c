//! Level 5 of a verification: every computed result computed again (docs/format.md §9).

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use wuping_domain::derivation::{SchemeRef, is_input};
use wuping_domain::event::{Event, Unreadable, Written, read};
use wuping_domain::reaction::{Rulebooks, compute};
use wuping_domain::recorded::Recorded;
use wuping_domain::subject::Subject;
use wuping_ledger::entry::Entry;
use wuping_ledger::jcs;
use wuping_projections::ledger_rulebooks::LedgerRulebooks;

use crate::kept::rulebook_fault;
use crate::verified::Finding;

/// Level 5: every computed result again, from the state of its subjects just below it.
pub(crate) struct Derivations {
    pub(crate) equal: u64,
    pub(crate) findings: Vec<Finding>,
    rulebooks: LedgerRulebooks,
    subjects: HashMap<String, Subject>,
}

impl Derivations {
    pub(crate) fn under(rulebooks: LedgerRulebooks) -> Self {
        Self { equal: 0, findings: vec![], rulebooks, subjects: HashMap::new() }
    }

    pub(crate) fn take(&mut self, entry: &Entry) {
        self.findings.extend(rulebook_fault(entry, &self.rulebooks));
        if entry.data.get("derivation").is_some() {
            match self.again(entry) {
                Ok(()) => self.equal += 1,
                Err(detail) => self.findings.push(Finding {
                    position: Some(entry.sequence),
                    level: 5,
                    code: "result-differs".to_owned(),
                    detail,
                }),
            }
        }
        // nothing is computed from any other subject
        if !is_input(entry.meta.stream.as_str()) {
            return;
        }
        match recorded(entry) {
            Ok(event) => self.subjects.entry(event.subject().to_owned()).or_default().apply(&event),
            Err(unreadable) => self.findings.push(Finding {
                position: Some(entry.sequence),
                level: 5,
                code: "unreadable".to_owned(),
                detail: unreadable.to_string(),
            }),
        }
    }

    fn again(&mut self, entry: &Entry) -> Result<(), String> {
        let derivation = &entry.data["derivation"];
        let scheme: SchemeRef =
            serde_json::from_value(derivation["scheme"].clone()).map_err(|error| error.to_string())?;
        let rulebook = self
            .rulebooks
            .rulebook(&scheme)
            .ok_or_else(|| format!("its rulebook {} is not kept", scheme.id))?;
        let named = derivation["subjects"].as_array().cloned().unwrap_or_default();
        let mut subjects: BTreeMap<String, Subject> = BTreeMap::new();
        for key in named.iter().filter_map(Value::as_str) {
            subjects.insert(key.to_owned(), self.subjects.remove(key).unwrap_or_default());
        }
        let (stream, as_of) = (entry.meta.stream.as_str(), entry.meta.occurred_at.datetime());
        let computed = compute(&rulebook, &subjects, &entry.event_type, stream, as_of);
        self.subjects.extend(subjects);
        let result = computed.map_err(|refused| refused.to_string())?;
        let result = result.ok_or("its inputs lead to no such result")?;
        let (now, then) = (jcs::canonical(&result), jcs::canonical(&entry.data["result"]));
        if now.is_ok() && now.ok() == then.ok() {
            return Ok(());
        }
        Err("the result computed again from its inputs is another".to_owned())
    }
}

fn recorded(entry: &Entry) -> Result<Recorded<Event>, Unreadable> {
    read(&Written {
        data: &entry.data_jcs,
        event_id: &entry.meta.event_id.to_string(),
        occurred_at: entry.meta.occurred_at.as_str(),
        position: entry.sequence,
        recorded_at: entry.recorded_at.as_str(),
        stream: entry.meta.stream.as_str(),
        version: entry.meta.version,
    })
}
