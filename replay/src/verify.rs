//! Verifying a whole ledger: levels 0 to 5 of docs/format.md §11, each including the ones before it.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::Serialize;
use serde_json::Value;
use wuping_domain::derivation::SchemeRef;
use wuping_domain::event::{Event, Unreadable, Written, read};
use wuping_domain::reaction::{Rulebooks, compute};
use wuping_domain::recorded::Recorded;
use wuping_domain::subject::Subject;
use wuping_ledger::audit::{self, verify_rows_with};
use wuping_ledger::entry::Entry;
use wuping_ledger::jcs;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;
use wuping_ledger::vault::{Vault, VaultError};
use wuping_projections::ledger_rulebooks::LedgerRulebooks;

/// What a verification established.
#[derive(Debug, Serialize)]
pub struct Verified {
    /// The ledger's name.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over them, lower-case hex.
    pub root: String,
    /// The level asked for.
    pub level: u8,
    /// Whether witnesses vouch for it: never yet, none is configured.
    pub l3_established: bool,
    /// Computed results that were computed again and are equal.
    pub results_rederived: u64,
    /// Everything that is not as it was written.
    pub findings: Vec<Finding>,
    /// Whether there was more to find than is listed.
    pub more: bool,
}

/// One thing that is not as it was written.
#[derive(Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The entry; none where it is not about one.
    pub position: Option<u64>,
    /// The level that fails.
    pub level: u8,
    /// Short stable reason.
    pub code: String,
    /// What was found, for a person.
    pub detail: String,
}

/// Why nothing could be verified at all.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The ledger could not be read.
    #[error("the ledger could not be read")]
    Store(#[from] StoreError),
    /// The vault could not be read.
    #[error("the vault could not be read")]
    Vault(#[from] VaultError),
}

impl Verified {
    /// The outcome in one line.
    pub fn summary(&self) -> String {
        let held = match self.findings.len() {
            0 => "sound".to_owned(),
            n => format!("{n} finding(s)"),
        };
        let witnessed = if self.level >= 3 { "; L3 not established: no witness is configured" } else { "" };
        let rederived = if self.level >= 5 {
            format!("; L5 {} computed results re-derived and equal", self.results_rederived)
        } else {
            String::new()
        };
        format!(
            "{}: {} entries, root {}, {held} up to L{}{witnessed}{rederived}",
            self.origin, self.size, self.root, self.level
        )
    }
}

/// Verify the ledger of a folder up to a level; a required level that is not established is a finding.
///
/// # Errors
/// If it could not be read at all. What is wrong inside is in the findings.
pub fn verify(folder: &Path, level: u8, require: Option<u8>) -> Result<Verified, VerifyError> {
    let mut derivations = Derivations::of(Reader::open(folder)?);
    let report = verify_rows_with(folder, &mut |entry| {
        if level >= 5 {
            derivations.take(entry);
        }
    })?;
    let mut findings: Vec<Finding> =
        report.findings.into_iter().filter(|finding| finding.level <= level).map(Finding::from).collect();
    findings.append(&mut derivations.findings);
    if folder.join("vault.db").exists() {
        findings.extend(Vault::open(folder)?.altered()?.into_iter().map(|digest| Finding {
            position: None,
            level: 0,
            code: "vault-value".to_owned(),
            detail: format!("the private value {digest} is not the one that was put"),
        }));
    }
    if require == Some(3) {
        findings.push(Finding {
            position: None,
            level: 3,
            code: "not-established".to_owned(),
            detail: "no witness is configured, so nobody vouches for this ledger's age".to_owned(),
        });
    }
    findings.sort_by_key(|finding| (finding.position, finding.level));
    Ok(Verified {
        origin: report.origin,
        size: report.size,
        root: report.root.hex(),
        level,
        l3_established: false,
        results_rederived: derivations.equal,
        findings,
        more: report.more,
    })
}

impl From<audit::Finding> for Finding {
    fn from(finding: audit::Finding) -> Self {
        let audit::Finding { position, level, code, detail } = finding;
        Self { position, level, code, detail }
    }
}

/// Level 5: every computed result again, from the state of its subjects just below it.
struct Derivations {
    equal: u64,
    findings: Vec<Finding>,
    rulebooks: LedgerRulebooks,
    subjects: HashMap<String, Subject>,
}

impl Derivations {
    fn of(reader: Reader) -> Self {
        Self { equal: 0, findings: vec![], rulebooks: LedgerRulebooks::of(reader), subjects: HashMap::new() }
    }

    fn take(&mut self, entry: &Entry) {
        if !entry.meta.stream.as_str().starts_with("premises/") {
            return;
        }
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
        let computed = compute(&rulebook, &subjects, &entry.event_type, entry.meta.stream.as_str());
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
