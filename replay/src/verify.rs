//! Verifying a whole ledger: levels 0 to 5 of docs/format.md §11, each including the ones before it.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Serialize;
use serde_json::Value;
use wuping_domain::derivation::{SchemeRef, is_input};
use wuping_domain::event::{Event, Unreadable, Written, read};
use wuping_domain::reaction::{Rulebooks, compute};
use wuping_domain::recorded::Recorded;
use wuping_domain::subject::Subject;
use wuping_ledger::audit::{self, verify_rows_with};
use wuping_ledger::encoding::Hash;
use wuping_ledger::entry::Entry;
use wuping_ledger::jcs;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;
use wuping_ledger::vault::{Vault, VaultError};
use wuping_projections::ledger_rulebooks::LedgerRulebooks;

use crate::kept::{NamedValues, rulebook_fault};
use crate::witnessed::{Stamped, Trusted, Witnessed, stamped, witnessed};

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
    /// How each level came out, from 0 to 5.
    pub levels: Vec<Level>,
    /// Whether a quorum of trusted witnesses vouches for it, and an authority for its time where one is trusted.
    pub l3_established: bool,
    /// What witnesses establish, or why nothing; empty below level 3.
    pub witnessed: String,
    /// What time-stamping authorities establish, or why nothing; empty below level 3 and where none is trusted.
    pub stamped: String,
    /// Computed results that were computed again and are equal.
    pub results_rederived: u64,
    /// Everything that is not as it was written.
    pub findings: Vec<Finding>,
    /// Whether there was more to find than is listed.
    pub more: bool,
}

/// How one level came out.
#[derive(Debug, PartialEq, Serialize)]
pub struct Level {
    /// 0 to 5.
    pub level: u8,
    /// What is known of it.
    pub state: State,
}

/// What a verification says of a level.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It holds, and so do those before it (level 3 aside, where nothing is configured).
    Established,
    /// Something of it or of one before it does not hold.
    Failed,
    /// It was not looked at: a lower level was asked for.
    NotAsked,
    /// Nothing is configured to establish it by.
    NotEstablished,
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
    /// An attachment could not be read.
    #[error("the attachments under {path} could not be read; see who may read that folder")]
    Attachments {
        /// Where.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
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
        let witnessed = match (self.level >= 3, self.l3_established) {
            (false, _) => String::new(),
            (true, true) => format!("; L3 {}{}", self.witnessed, behind(&self.stamped)),
            (true, false) => format!("; L3 not established: {}{}", self.witnessed, behind(&self.stamped)),
        };
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
pub fn verify(
    folder: &Path,
    level: u8,
    require: Option<u8>,
    trusted: &Trusted,
) -> Result<Verified, VerifyError> {
    let mut derivations = Derivations::of(Reader::open(folder)?);
    let mut named = NamedValues::default();
    let report = verify_rows_with(folder, &mut |entry| {
        named.take(entry);
        if level >= 5 {
            derivations.take(entry);
        }
    })?;
    let mut findings: Vec<Finding> =
        report.findings.into_iter().filter(|finding| finding.level <= level).map(Finding::from).collect();
    findings.append(&mut derivations.findings);
    if folder.join("vault.db").exists() {
        let vault = Vault::open(folder)?;
        findings.extend(named.missing(&vault.digests()?));
        let checked = vault.checked()?;
        findings.extend(named.attachments_missing(
            &vault,
            &checked.attachments,
            &folder.join("attachments"),
        )?);
        findings.extend(checked.altered.into_iter().map(|digest| {
            Finding::of_level_0(
                "vault-value",
                format!("the private value {digest} is not the one that was put"),
            )
        }));
    }
    findings.extend(attachments(&folder.join("attachments"))?);
    if report.more {
        findings.push(Finding::of_level_0("more", "there was more to find than is listed".to_owned()));
    }
    let (mut by_witnesses, mut by_authorities) = (Witnessed::Not(String::new()), Stamped::NotAsked);
    if level >= 3 {
        let reader = Reader::open(folder)?;
        by_witnesses = witnessed(folder, &reader, trusted)?;
        by_authorities = stamped(folder, &reader, trusted)?;
    }
    let l3_established = matches!(by_witnesses, Witnessed::By { .. })
        && matches!(by_authorities, Stamped::At(_) | Stamped::NotAsked);
    let otherwise = |code: &str, detail: &str| Finding {
        position: None,
        level: 3,
        code: code.to_owned(),
        detail: detail.to_owned(),
    };
    if let Witnessed::Another(detail) = &by_witnesses {
        findings.push(otherwise("witnessed-otherwise", detail));
    }
    if let Stamped::Another(detail) = &by_authorities {
        findings.push(otherwise("stamped-otherwise", detail));
    }
    let (by_witnesses, by_authorities) = (by_witnesses.told(), by_authorities.told());
    let why = format!("{by_witnesses}{}", behind(&by_authorities));
    findings.extend(require.and_then(|required| not_established(required, level, l3_established, &why)));
    findings.sort_by_key(|finding| (finding.position.is_none(), finding.position, finding.level));
    let levels =
        (0..=5).map(|of| Level { level: of, state: state(of, level, l3_established, &findings) }).collect();
    Ok(Verified {
        origin: report.origin,
        size: report.size,
        root: report.root.hex(),
        level,
        levels,
        l3_established,
        witnessed: by_witnesses,
        stamped: by_authorities,
        results_rederived: derivations.equal,
        findings,
        more: report.more,
    })
}

/// A second thing that is told behind a first one.
fn behind(told: &str) -> String {
    if told.is_empty() { String::new() } else { format!("; {told}") }
}

/// A level that is required and cannot have been established, whatever was found.
fn not_established(required: u8, asked: u8, l3: bool, by_witnesses: &str) -> Option<Finding> {
    let detail = if required > asked {
        format!("L{required} is required and L{asked} was asked for; verify with --level {required}")
    } else if required == 3 && !l3 {
        format!("L3 is required: {by_witnesses}")
    } else {
        return None;
    };
    Some(Finding { position: None, level: required, code: "not-established".to_owned(), detail })
}

fn state(level: u8, asked: u8, l3: bool, findings: &[Finding]) -> State {
    match level {
        _ if level > asked => State::NotAsked,
        _ if findings.iter().any(|finding| finding.level <= level && finding.code != "not-established") => {
            State::Failed
        }
        3 if !l3 => State::NotEstablished,
        _ => State::Established,
    }
}

/// Every attachment against the digest it is named by. What is being written at this moment has a `#` in its name.
fn attachments(folder: &Path) -> Result<Vec<Finding>, VerifyError> {
    let mut files = Vec::new();
    for first in listed(folder)? {
        if first.is_dir() { files.extend(listed(&first)?) } else { files.push(first) }
    }
    let checked = files.par_iter().map(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match std::fs::read(path) {
            _ if name.contains('#') => Ok(None),
            Ok(bytes) if Hash::of(&bytes).hex() == name => Ok(None),
            Ok(_) => Ok(Some(Finding::of_level_0(
                "attachment",
                format!("the attachment {name} has another digest than its name; restore it from a backup"),
            ))),
            // erased between being listed and being read
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(VerifyError::Attachments { path: path.clone(), source }),
        }
    });
    let mut found: Vec<Finding> = checked.filter_map(Result::transpose).collect::<Result<_, _>>()?;
    found.sort_by(|one, other| one.detail.cmp(&other.detail));
    Ok(found)
}

/// What lies in a folder; nothing where there is none.
fn listed(folder: &Path) -> Result<Vec<PathBuf>, VerifyError> {
    let failed = |source| VerifyError::Attachments { path: folder.to_owned(), source };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
        entries => entries.map_err(failed)?,
    };
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(failed)).collect()
}

impl Finding {
    fn of_level_0(code: &str, detail: String) -> Self {
        Self { position: None, level: 0, code: code.to_owned(), detail }
    }
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

#[cfg(test)]
mod tests {
    use rusqlite::Connection;
    use serde_json::json;

    use super::*;
    use crate::test_house::House;

    fn told(verified: &Verified) -> Vec<(Option<u64>, u8, &str)> {
        verified.findings.iter().map(|found| (found.position, found.level, found.code.as_str())).collect()
    }

    fn states(verified: &Verified) -> Vec<State> {
        verified.levels.iter().map(|level| level.state).collect()
    }

    fn at(house: &House, level: u8, require: Option<u8>) -> Verified {
        verify(house.folder.path(), level, require, &Trusted::default()).unwrap()
    }

    /// Changes the file behind the ledger's back; what guards it is taken away first.
    fn tamper(house: &House, change: &str) {
        let connection = Connection::open(house.folder.path().join("ledger.db")).unwrap();
        let triggers: Vec<String> = connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
            .unwrap()
            .query_map([], |columns| columns.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        for trigger in triggers {
            connection.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
        }
        assert!(connection.execute(change, []).unwrap() > 0, "{change}");
    }

    #[test]
    fn what_an_honest_service_computed_is_derived_again_equal() {
        let mut house = House::honest();
        house.register("p-1");
        house.register("p-2");
        house.assess("p-1", "a-1", "2025-02-03", &[("no_ebike_indoors", "unmet")]);
        house.assess("p-2", "a-1", "2025-02-04", &[]);
        let computed = count_computed(&house);
        assert!(computed >= 5, "two counts, two grades and a hazard at least, not {computed}");
        let verified = at(&house, 5, None);
        assert_eq!(told(&verified), []);
        assert_eq!(
            (verified.results_rederived, verified.size),
            (computed, house.ledger.reader().size().unwrap())
        );
        use State::{Established, NotEstablished};
        let due = [Established, Established, Established, NotEstablished, Established, Established];
        assert_eq!(states(&verified), due);
        assert!(verified.summary().contains("L3 not established"));
    }

    fn count_computed(house: &House) -> u64 {
        let reader = house.ledger.reader();
        let mut computed = 0;
        reader
            .rows(0, reader.size().unwrap(), |row| {
                computed += u64::from(row.data.contains("\"derivation\""));
                Ok::<_, StoreError>(())
            })
            .unwrap();
        computed
    }

    #[test]
    fn a_buildings_count_is_derived_from_its_units_as_they_were_then() {
        let mut house = House::honest();
        for id in ["b-1", "p-1", "p-2"] {
            house.register(id);
        }
        house.assess("p-1", "a-1", "2025-02-03", &[]);
        house.assess("p-2", "a-1", "2025-02-03", &[("emergency_torch", "unmet")]);
        let counted = house.count_units("b-1", "2025-02-05", &["p-1", "p-2"]);
        let payload = house.ledger.reader().row(counted).unwrap().unwrap().payload;
        assert!(payload.contains(r#"{"part":1,"whole":2}"#), "{payload}");
        // what becomes of the units later changes nothing
        house.assess("p-1", "a-2", "2025-03-03", &[("breaker_hammer", "unmet")]);
        let verified = at(&house, 5, None);
        assert_eq!(told(&verified), []);
        assert_eq!(verified.results_rederived, count_computed(&house));
    }

    #[test]
    fn a_result_that_is_signed_and_wrong_is_found_at_its_position() {
        let mut house = House::whose_service(|result| {
            if let Some(score) = result.get("score").and_then(Value::as_u64) {
                result["score"] = json!(score + 1);
            }
        });
        house.register("p-1");
        let (submitted, last) = house.assess("p-1", "a-1", "2025-02-03", &[("smoke_alarm", "unmet")]);
        assert!(submitted < last);
        let verified = at(&house, 5, None);
        assert_eq!(told(&verified), [(Some(submitted + 1), 5, "result-differs")]);
        assert_eq!(verified.results_rederived, count_computed(&house) - 1);
        assert_eq!(verified.levels[4].state, State::Established, "the signature is right");
        assert_eq!(verified.levels[5].state, State::Failed);
        assert_eq!(told(&at(&house, 4, None)), []);
    }

    #[test]
    fn results_in_each_others_place_are_found_at_both_positions() {
        let mut house = House::honest();
        house.register("p-1");
        house.register("p-2");
        let (first, _) = house.assess("p-1", "a-1", "2025-02-03", &[("smoke_alarm", "unmet")]);
        let (second, _) = house.assess("p-2", "a-1", "2025-02-04", &[]);
        let payload =
            |position| house.ledger.reader().row(position).unwrap().unwrap().payload.replace('\'', "''");
        let (one, other) = (payload(first + 1), payload(second + 1));
        for (position, payload) in [(first + 1, other), (second + 1, one)] {
            tamper(&house, &format!("UPDATE events SET payload = '{payload}' WHERE position = {position}"));
        }
        let verified = at(&house, 5, None);
        for position in [first + 1, second + 1] {
            assert!(verified.findings.iter().any(|found| found.position == Some(position)), "{position}");
        }
    }

    #[test]
    fn one_byte_of_a_payload_is_found_at_its_position() {
        let mut house = House::honest();
        house.register("p-1");
        house.register("p-2");
        tamper(
            &house,
            "UPDATE events SET payload = replace(payload, '1 Pingshan', '2 Pingshan') WHERE position = 5",
        );
        let verified = at(&house, 5, None);
        assert_eq!((verified.findings[0].position, verified.findings[0].level), (Some(5), 0));
        assert_eq!(verified.levels[0].state, State::Failed);
        assert_eq!(verified.levels[5].state, State::Failed, "each level includes those before it");
    }

    #[test]
    fn an_altered_rulebook_leaves_its_results_without_derivation() {
        let mut house = House::honest();
        house.register("p-1");
        let (submitted, _) = house.assess("p-1", "a-1", "2025-02-03", &[]);
        tamper(&house, "UPDATE schemes SET bytes = CAST(replace(CAST(bytes AS TEXT), '60', '61') AS BLOB)");
        let verified = at(&house, 5, None);
        assert!(verified.findings.iter().any(|found| found.level == 0 && found.position.is_none()));
        let grade = verified.findings.iter().find(|found| found.position == Some(submitted + 1)).unwrap();
        assert!(grade.detail.contains("is not kept"), "{grade:?}");
        assert_eq!(verified.results_rederived, 0);
    }

    #[test]
    fn an_attachment_that_is_not_what_its_name_says_is_found() {
        let house = House::honest();
        let name = Hash::of(b"a photo").hex();
        let folder = house.folder.path().join("attachments").join(&name[..2]);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(&name), b"a photo").unwrap();
        std::fs::write(folder.join(format!("{name}#1")), b"a ph").unwrap();
        assert_eq!(told(&at(&house, 0, None)), []);
        std::fs::write(folder.join(&name), b"A photo").unwrap();
        let verified = at(&house, 0, None);
        assert_eq!(told(&verified), [(None, 0, "attachment")]);
        assert!(verified.findings[0].detail.contains(&name));
    }

    #[test]
    fn what_is_required_and_not_established_is_a_finding() {
        let house = House::honest();
        assert_eq!(told(&at(&house, 5, Some(3))), [(None, 3, "not-established")]);
        assert_eq!(told(&at(&house, 2, Some(5))), [(None, 5, "not-established")]);
        assert_eq!(told(&at(&house, 5, Some(5))), []);
        assert_eq!(states(&at(&house, 1, None))[1..3], [State::Established, State::NotAsked]);
        assert!(verify(&house.folder.path().join("nowhere"), 5, None, &Trusted::default()).is_err());
    }
}
