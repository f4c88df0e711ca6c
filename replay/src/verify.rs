//! Verifying a whole ledger: levels 0 to 5 of docs/format.md §11, each including the ones before. The ledger may be that of a
//! folder, or any copy of the log in static files, with no database: the same code checks both.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use wuping_ledger::audit::{AuditOptions, AuditReport, Audited, Onlooker, Signatures, audit};
use wuping_ledger::checkpoints::cosigned_in_file;
use wuping_ledger::encoding::Hash;
use wuping_ledger::entry::Entry;
use wuping_ledger::log_files::{LogFiles, read_file, scheme_file};
use wuping_ledger::note::{VerifierKey, stated_size};
use wuping_ledger::reader::Reader;
use wuping_ledger::recorded::RecordedRow;
use wuping_ledger::stamps;
use wuping_ledger::store::StoreError;
use wuping_projections::ledger_rulebooks::LedgerRulebooks;

use crate::continued::continued;
use crate::derivations::Derivations;
use crate::houses::Houses;
use crate::kept::{NamedValues, private_values, rulebook_fault};
use crate::verified::{STRICT, state};
use crate::witnessed::{Stamped, Stamps, Trusted, Witnessed, stamped, witnessed};

pub use crate::continued::KeptCheckpoint;
pub use crate::kept::PrivateValues;
pub use crate::verified::{BATCH, Finding, Level, State, VaultKey, Verified, VerifyError};

/// What is verified.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// The ledger of a folder, with its database, vault and attachments.
    Folder(&'a Path),
    /// A copy of the log in static files.
    Files(&'a Arc<dyn LogFiles>),
}

/// What is asked of a verification.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// Up to which level, 0 to 5.
    pub level: u8,
    /// A level that must be established: it is a finding if it is not.
    pub require: Option<u8>,
    /// Whom the reader trusts.
    pub trusted: Trusted,
    /// Whether signatures are verified in batches instead of strictly one by one.
    pub fast: bool,
    /// Whether private values must be opened.
    pub vault_key: VaultKey,
    /// Checkpoints of this log that somebody kept earlier: each must be of this history.
    pub kept: Vec<KeptCheckpoint>,
    /// A folder's ledger of more entries than these is derived again house by house, which takes a second reading and little
    /// memory; none for [`IN_ONE_PASS`].
    pub in_one_pass: Option<u64>,
}

/// Verifies all of a folder's ledger, trusting nobody beside it.
///
/// # Errors
/// As [`verify`].
pub fn verify_folder(folder: &Path) -> Result<Verified, VerifyError> {
    verify(Source::Folder(folder), &Question { level: 5, ..Question::default() }, &mut |_, _| ())
}

/// Verifies a ledger. `told` hears how many entries have been looked at, of how many.
///
/// # Errors
/// If it could not be read at all. What is wrong inside is in the findings.
pub fn verify(
    source: Source<'_>,
    question: &Question,
    told: &mut dyn FnMut(u64, u64),
) -> Result<Verified, VerifyError> {
    let level = question.level;
    let unread = Arc::new(Mutex::new(None));
    let (rulebooks, beside, stamps) = match source {
        Source::Folder(folder) => (
            LedgerRulebooks::of(Reader::open(folder)?),
            cosigned_in_file(folder)?,
            Stamps::Kept(stamps::kept(folder)?),
        ),
        Source::Files(files) => {
            (rulebooks_in(Arc::clone(files), Arc::clone(&unread)), vec![], Stamps::Beside(files.as_ref()))
        }
    };
    let stamped_sizes = match &stamps {
        Stamps::Kept(kept) => kept.iter().map(|stamp| stamp.size).collect(),
        Stamps::Beside(_) => vec![],
    };
    let audited = match source {
        Source::Folder(folder) => Audited::Folder(folder),
        Source::Files(files) => Audited::Files(files),
    };
    let log_key = question.trusted.log.as_deref().map(VerifierKey::parse).transpose();
    let kept = question.kept.iter().map(|kept| &kept.note);
    let options = AuditOptions {
        log_key: log_key.map_err(VerifyError::LogKey)?,
        signatures: if question.fast { Signatures::Batch } else { Signatures::Strict },
        roots_at: beside
            .iter()
            .chain(kept)
            .filter_map(|note| stated_size(note))
            .chain(stamped_sizes)
            .collect(),
        ..AuditOptions::default()
    };
    let folder = match source {
        Source::Folder(folder) => Some(folder),
        Source::Files(_) => None,
    };
    let mut pass = Pass {
        entries: 0,
        folder,
        named: folder.map(NamedValues::of_folder).transpose()?.flatten(),
        rulebooks: &rulebooks,
        rulebook_faults: vec![],
        level,
        in_one_pass: question.in_one_pass.unwrap_or(IN_ONE_PASS),
        results: Results::NotAsked,
        told,
    };
    let report = audit(audited, &options, &mut pass)?;
    let Pass { named, results, rulebook_faults, told, .. } = pass;
    let (equal, differing) = match results {
        Results::NotAsked => (0, vec![]),
        Results::AtOnce(made) => (made.equal, made.findings),
        Results::ByHouse(houses) => {
            houses.again(&rulebooks, report.size, &mut |done| told(done, report.size))?
        }
    };
    if let Some(error) = unread.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(error.into());
    }
    let mut findings: Vec<Finding> =
        report.findings.iter().filter(|finding| finding.level <= level).cloned().map(Finding::from).collect();
    findings.extend(rulebook_faults);
    findings.extend(differing);
    let mut private = PrivateValues::NotBeside;
    if let Some(folder) = folder {
        private = private_values(folder, named, question.vault_key, &mut findings)?;
        findings.extend(attachments(&folder.join("attachments"))?);
    }
    if report.more {
        findings.push(Finding::of_level_0("more", "there was more to find than is listed".to_owned()));
    }
    let mut continues = Vec::new();
    for kept in &question.kept {
        match continued(kept, &report) {
            Ok(size) => continues.push(size),
            Err(finding) => findings.push(finding),
        }
    }
    continues.sort_unstable();
    let vouched = match level {
        0..3 => (Witnessed::NotAsked, Stamped::NotAsked),
        _ => (witnessed(&report, &beside, &question.trusted), stamped(&stamps, &report, &question.trusted)?),
    };
    let verified = concluded(question, report, findings, vouched, (equal, continues));
    Ok(Verified { private_values: private, ..verified })
}

/// All that was found, in one report.
fn concluded(
    question: &Question,
    report: AuditReport,
    mut findings: Vec<Finding>,
    (by_witnesses, by_authorities): (Witnessed, Stamped),
    (results_rederived, continues): (u64, Vec<u64>),
) -> Verified {
    let level = question.level;
    let l3_established = matches!(by_witnesses, Witnessed::By { .. })
        && matches!(by_authorities, Stamped::At { .. } | Stamped::NotAsked);
    let otherwise =
        |code: &str, detail: String| Finding { position: None, level: 3, code: code.to_owned(), detail };
    if matches!(by_witnesses, Witnessed::Another(_)) {
        findings.push(otherwise("witnessed-otherwise", by_witnesses.to_string()));
    }
    if matches!(by_authorities, Stamped::Another(_)) {
        findings.push(otherwise("stamped-otherwise", by_authorities.to_string()));
    }
    let why = match &by_authorities {
        Stamped::NotAsked => by_witnesses.to_string(),
        stamped => format!("{by_witnesses}; {stamped}"),
    };
    findings.extend(question.require.and_then(|of| not_established(of, level, l3_established, &why)));
    findings.sort_by_key(|finding| (finding.position.is_none(), finding.position, finding.level));
    let levels =
        (0..=5).map(|of| Level { level: of, state: state(of, level, l3_established, &findings) }).collect();
    Verified {
        origin: report.origin,
        size: report.size,
        root: report.root.hex(),
        level,
        levels,
        l3_established,
        witnessed: by_witnesses,
        stamped: by_authorities,
        private_values: PrivateValues::NotBeside,
        log_key: report.log_key.map(|key| key.to_string()),
        log_key_brought: question.trusted.log.is_some(),
        signatures: if question.fast { BATCH } else { STRICT },
        results_rederived,
        continues,
        contested: report.contested.len() as u64,
        contested_positions: report.contested,
        findings,
        more: report.more,
    }
}

/// What looks on while the entries are audited.
struct Pass<'t> {
    entries: u64,
    /// Where there is a database.
    folder: Option<&'t Path>,
    /// Where there is a vault, the values that must be in it.
    named: Option<NamedValues>,
    rulebooks: &'t LedgerRulebooks,
    rulebook_faults: Vec<Finding>,
    level: u8,
    in_one_pass: u64,
    results: Results<'t>,
    told: &'t mut dyn FnMut(u64, u64),
}

/// How level 5 is done.
enum Results<'t> {
    NotAsked,
    /// In the pass over the log, with the state of every house in memory.
    AtOnce(Derivations<'t>),
    /// House by house, after it.
    ByHouse(Houses),
}

impl Onlooker for Pass<'_> {
    fn begins(&mut self, entries: u64) {
        self.entries = entries;
        self.results = match self.folder {
            _ if self.level < 5 => Results::NotAsked,
            Some(folder) if entries > self.in_one_pass => Results::ByHouse(Houses::of_folder(folder)),
            _ => Results::AtOnce(Derivations::under(self.rulebooks)),
        };
    }

    fn entry(&mut self, entry: &Entry) {
        if let Some(named) = &mut self.named {
            named.take(entry);
        }
        if self.level >= 5 {
            self.rulebook_faults.extend(rulebook_fault(entry, self.rulebooks));
        }
        let event_id = || entry.meta.event_id.to_string();
        match &mut self.results {
            Results::NotAsked => {}
            Results::AtOnce(derivations) => derivations.take(&row_of(entry, &event_id())),
            Results::ByHouse(houses) => houses.take(&row_of(entry, &event_id())),
        }
    }

    fn reached(&mut self, entries: u64) {
        (self.told)(entries, self.entries);
    }
}

/// An entry as readers of a ledger see it.
fn row_of<'e>(entry: &'e Entry, event_id: &'e str) -> RecordedRow<'e> {
    RecordedRow {
        position: entry.sequence,
        stream: entry.meta.stream.as_str(),
        version: entry.meta.version,
        event_type: &entry.event_type,
        schema: &entry.meta.schema,
        data: &entry.data_jcs,
        author_seq: entry.meta.author_seq,
        event_id,
        occurred_at: entry.meta.occurred_at.as_str(),
        kid: entry.kid.as_str(),
        recorded_at: entry.recorded_at.as_str(),
    }
}

/// The rulebooks that lie beside a static log. What could not be read for another reason than that it is not there is kept:
/// it is no finding.
fn rulebooks_in(files: Arc<dyn LogFiles>, unread: Arc<Mutex<Option<StoreError>>>) -> LedgerRulebooks {
    LedgerRulebooks::reading(move |sha256| {
        Ok(read_file(files.as_ref(), &scheme_file(sha256)).unwrap_or_else(|error| {
            *unread.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            None
        }))
    })
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

/// More entries than these are derived again house by house: the state of all houses takes some 4 KB an entry.
pub const IN_ONE_PASS: u64 = 100_000;

#[cfg(test)]
mod tests {
    use rusqlite::Connection;
    use serde_json::{Value, json};

    use super::*;
    use crate::test_house::House;

    fn told(verified: &Verified) -> Vec<(Option<u64>, u8, &str)> {
        verified.findings.iter().map(|found| (found.position, found.level, found.code.as_str())).collect()
    }

    fn states(verified: &Verified) -> Vec<State> {
        verified.levels.iter().map(|level| level.state).collect()
    }

    /// In one pass, and house by house: both say the same.
    fn at(house: &House, level: u8, require: Option<u8>) -> Verified {
        let [at_once, by_house] = [Some(u64::MAX), Some(0)].map(|in_one_pass| {
            let question = Question { level, require, in_one_pass, ..Question::default() };
            verify(Source::Folder(house.folder.path()), &question, &mut |_, _| ()).unwrap()
        });
        assert_eq!(told(&by_house), told(&at_once));
        assert_eq!(by_house.results_rederived, at_once.results_rederived);
        by_house
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
        assert_eq!(verified.witnessed, Witnessed::NoWitness);
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
        assert!(
            verify(
                Source::Folder(&house.folder.path().join("nowhere")),
                &Question::default(),
                &mut |_, _| ()
            )
            .is_err()
        );
    }
}
