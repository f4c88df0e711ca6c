//! Toronto's apartment building evaluations: real premises with years of assessments, graded anew under the rulebook
//! by which that city graded them.
//!
//! Contains information licensed under the Open Government Licence – Toronto.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use chrono::{NaiveDate, NaiveTime};
use serde_json::{Value, json};
use wuping_domain::aggregate::{self, Concept};
use wuping_domain::assessment::{self, Assessment, Entered, Reason};
use wuping_domain::facts::{Actor, Facts};
use wuping_domain::outcome::Outcome;
use wuping_domain::premises;
use wuping_domain::publication::{self, Publication, Published};
use wuping_domain::recorded::local_date;
use wuping_domain::rejection::Rejection;
use wuping_domain::rulebook::Layer;
use wuping_domain::subject::Subject;
use wuping_ledger::encoding::sha256;
use wuping_ledger::genesis::Ledger;
use wuping_ledger::jcs;
use wuping_ledger::timestamp::Timestamp;
use wuping_ledger::vault::Vault;

use crate::import::csv_rows::Table;
use crate::import::pipeline::Pipeline;
use crate::import::toronto_files;
use crate::import::toronto_pre2023::{Evaluation, evaluations};
use crate::import::toronto_publications::Replaying;
use crate::import::toronto_since2023::{History, history};
use crate::import::{ImportError, Summary};
use crate::shelf::{self, Compiled};
use wuping_projections::recording::recorded;
use wuping_replay::published::{PRE2023, SINCE2023};

/// Import files of evaluations, plain or compressed: those before 2023, those since, or both. Every file is read and found good before anything is written;
/// what an earlier import wrote is left as it is. `progress` is told how many of how many rows are done.
///
/// Blocks: call it outside of async code, or from a thread for blocking work.
///
/// # Errors
/// [`ImportError`], which says what to put right. Importing again goes on where an import stopped.
pub fn toronto_evaluations(
    ledger: &Ledger,
    vault: &Vault,
    files: &[PathBuf],
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Summary, ImportError> {
    let tables: Vec<Table> = files.iter().map(|file| Table::of_file(file)).collect::<Result<_, _>>()?;
    import_tables(ledger, vault, tables, progress)
}

/// As [`toronto_evaluations`], from the bytes of one file.
///
/// # Errors
/// As [`toronto_evaluations`].
pub fn toronto_evaluations_bytes(
    ledger: &Ledger,
    vault: &Vault,
    name: &str,
    bytes: &[u8],
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Summary, ImportError> {
    import_tables(ledger, vault, vec![Table::of_bytes(name, bytes)?], progress)
}

/// The evaluations before 2023, as they come with the program: compressed, 9,359 rows.
pub const TORONTO_PRE2023: &[u8] = include_bytes!("../../../data/toronto_eval_pre2023.csv.gz");

fn import_tables(
    ledger: &Ledger,
    vault: &Vault,
    tables: Vec<Table>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Summary, ImportError> {
    let began = Instant::now();
    let files = toronto_files::sorted(tables)?;
    let (until_2023, since_2023) = (shelf::toronto_2017()?, shelf::toronto_2023()?);
    let read: Vec<Vec<Evaluation>> = files
        .pre2023
        .iter()
        .map(|table| evaluations(table, &until_2023.rulebook))
        .collect::<Result<_, _>>()?;
    let since = files.since2023.as_ref().map(|since| history(since, &since_2023.rulebook)).transpose()?;
    let before: usize = read.iter().map(Vec::len).sum();
    let total = counted(before + since.as_ref().map_or(0, History::steps));
    let mut import = Import {
        compiled: &until_2023,
        known: HashMap::new(),
        ledger,
        pipeline: Pipeline::into(ledger, vault, "toronto-evaluations"),
        summary: Summary::default(),
    };
    if !read.is_empty() {
        import.publish_rulebook(PUBLICATION, 2017, 1)?;
    }
    for evaluations in &read {
        // what is under way is settled even when a row is refused; the refusal is what counts then
        let said = import.file(evaluations, &mut |done| progress(done, total));
        let settled = import.pipeline.finish();
        said.and(settled)?;
    }
    if let Some(since) = &since {
        import.compiled = &since_2023;
        import.publish_rulebook(SINCE2023, 2023, 6)?;
        let said =
            Replaying::by(&mut import).replay(since, &mut |done| progress(counted(before) + done, total));
        let settled = import.pipeline.finish();
        said.and(settled)?;
    }
    progress(total, total);
    let Import { known, pipeline, summary, .. } = import;
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    Ok(Summary {
        premises: counted(known.len()),
        events_written: pipeline.written,
        already_there: pipeline.already_there,
        milliseconds,
        events_per_second: pipeline.written.saturating_mul(1000) / milliseconds,
        ..summary
    })
}

/// An import under way.
pub(super) struct Import<'a> {
    /// The rulebook of the rows that are being imported.
    pub(super) compiled: &'a Compiled,
    known: HashMap<String, Known>,
    ledger: &'a Ledger,
    /// The way into the ledger.
    pub(super) pipeline: Pipeline<'a>,
    /// What was done so far.
    pub(super) summary: Summary,
}

/// Premises as far as the import has come, read from the ledger only when there is something to say about them.
#[derive(Default)]
pub(super) struct Known {
    /// Whether there was an assessment before.
    pub(super) assessed: bool,
    closed: bool,
    /// Their fold, as far as an import needs it.
    pub(super) subject: Option<Arc<Subject>>,
    /// The version of their own stream.
    pub(super) version: u64,
}

impl Import<'_> {
    fn file(&mut self, evaluations: &[Evaluation], progress: &mut dyn FnMut(u64)) -> Result<(), ImportError> {
        let last: HashMap<&str, u64> =
            evaluations.iter().map(|evaluation| (evaluation.rsn.as_str(), evaluation.number)).collect();
        for evaluation in evaluations {
            self.register(evaluation)?;
            self.assess(evaluation)?;
            // the note stands in every row of the building: it is closed when all of them are recorded
            if evaluation.created_in_error() && last.get(evaluation.rsn.as_str()) == Some(&evaluation.number)
            {
                self.close(evaluation)?;
            }
            self.summary.findings.extend(evaluation.findings(&self.compiled.rulebook));
            self.summary.rows += 1;
            if self.summary.rows.is_multiple_of(PROGRESS_EVERY) {
                progress(self.summary.rows);
            }
        }
        Ok(())
    }

    /// The rulebook comes first: nothing can be opened under one that is not published.
    fn publish_rulebook(&mut self, publication: &str, year: i32, month: u32) -> Result<(), ImportError> {
        let scheme = &self.compiled.scheme;
        let stream = self.compiled.stream();
        let digest = sha256(scheme.sha256.as_bytes());
        let Some(ask) = self.pipeline.ask(publication, "rulebook", &stream, digest)? else { return Ok(()) };
        if self.ledger.reader().version(&stream)? > 0 {
            return Ok(());
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(ImportError::Start)?;
        runtime
            .block_on(self.ledger.writer().keep_scheme(self.compiled.document()))
            .map_err(ImportError::Scheme)?;
        let holds_from = NaiveDate::from_ymd_opt(year, month, 1).unwrap_or_default();
        let published = Published {
            id: scheme.id.clone(),
            layer: Layer::Building,
            sha256: scheme.sha256.clone(),
            holds_from,
            operating: false,
            issued_by: "City of Toronto".to_owned(),
            legality_review: None,
            document_number: "Open Government Licence – Toronto".to_owned(),
            draft: None,
        };
        let now = Timestamp::now();
        let facts = self.facts(CHANNEL, None, local_date(now.datetime()));
        let command = publication::Command::Publish(published);
        let mut said = decided(&mut Publication::default(), command, &facts, "rulebook")?;
        for said in &mut said {
            said["received"] = json!({ "channel": CHANNEL, "ref": stream });
            said["effective_from"] = json!(holds_from);
        }
        self.pipeline.send(ask, now, 0, said)
    }

    fn register(&mut self, evaluation: &Evaluation) -> Result<(), ImportError> {
        if self.known.contains_key(&evaluation.rsn) {
            return Ok(());
        }
        let known = self.known.entry(evaluation.rsn.clone()).or_default();
        let stream = stream_of(evaluation);
        let digest = digest("register", evaluation)?;
        let row = evaluation.number.to_string();
        let Some(ask) = self.pipeline.ask(PUBLICATION, &row, &stream, digest)? else { return Ok(()) };
        // another part of the file may have registered them by another row
        if self.ledger.reader().version(&stream)? > 0 {
            return Ok(());
        }
        let mut subject = Subject::default();
        let command = premises::Command::Register {
            register: evaluation.register.clone(),
            coordinates: evaluation.coordinates.clone(),
        };
        let facts = Facts::by(Actor::channel(CHANNEL), stream.clone(), evaluation.completed_on);
        let mut said = decided(&mut subject.premises, command, &facts, &row)?;
        set_aside(&mut said, evaluation);
        known.subject = Some(Arc::new(subject));
        known.version = 1;
        self.pipeline.send(ask, at(evaluation.completed_on), 0, said)
    }

    fn assess(&mut self, evaluation: &Evaluation) -> Result<(), ImportError> {
        let row = evaluation.number.to_string();
        let stream = format!("{}/assessment/{row}", stream_of(evaluation));
        let Some(ask) = self.pipeline.ask(PUBLICATION, &row, &stream, digest("assess", evaluation)?)? else {
            return Ok(());
        };
        let known = self.recalled(evaluation)?;
        let reason = if known.assessed { Reason::Periodic } else { Reason::First };
        known.assessed = true;
        let subject = known.subject.clone();
        let assessor = format!("toronto-ward-{}", evaluation.ward);
        let facts = self.facts(&assessor, subject, evaluation.completed_on);
        let open = assessment::Command::Open { scheme: self.compiled.scheme.clone(), reason, units: vec![] };
        let entered = |(indicator, outcome): (&String, &Outcome)| Entered {
            indicator: indicator.clone(),
            outcome: outcome.clone(),
            measured: serde_json::Map::new(),
            carried_from: None,
            note: None,
            photos: vec![],
        };
        let check = assessment::Command::Check { results: evaluation.outcomes.iter().map(entered).collect() };
        let mut state = Assessment::default();
        let mut said = Vec::with_capacity(3);
        for command in [open, check, assessment::Command::Submit] {
            said.extend(decided(&mut state, command, &facts, &row)?);
        }
        set_aside(&mut said, evaluation);
        if let Some(opened) = said.first_mut() {
            opened["source"]["raw"] = Value::Object(evaluation.raw.clone());
        }
        self.pipeline.send(ask, at(evaluation.completed_on), 0, said)
    }

    /// That a building was created in error is known from the day on which the file says so here.
    fn close(&mut self, evaluation: &Evaluation) -> Result<(), ImportError> {
        self.summary.closed += 1;
        let stream = stream_of(evaluation);
        let row = evaluation.number.to_string();
        let key = format!("{row}-closed");
        let Some(ask) = self.pipeline.ask(PUBLICATION, &key, &stream, digest("close", evaluation)?)? else {
            return Ok(());
        };
        let now = Timestamp::now();
        let known = self.recalled(evaluation)?;
        if known.closed {
            return Ok(());
        }
        known.closed = true;
        let version = known.version;
        known.version += 1;
        let mut premises = known.subject.as_ref().map(|subject| subject.premises.clone()).unwrap_or_default();
        let command = premises::Command::Close { why: "created_in_error".to_owned() };
        let facts = self.facts(CHANNEL, None, local_date(now.datetime()));
        let mut said = decided(&mut premises, command, &facts, &row)?;
        set_aside(&mut said, evaluation);
        for said in said.iter_mut().filter_map(Value::as_object_mut) {
            said.remove("effective_from");
        }
        self.pipeline.send(ask, now, version, said)
    }

    /// The premises of this number, their register only: from the ledger where an earlier import registered them.
    pub(super) fn registered(&mut self, rsn: &str) -> Result<&mut Known, ImportError> {
        let known = self.known.entry(rsn.to_owned()).or_default();
        if known.subject.is_none() {
            let mut subject = Subject::default();
            for entry in self.ledger.reader().stream(&format!("premises/toronto-{rsn}"))? {
                subject.apply(&recorded(&entry.row())?);
                known.version += 1;
            }
            known.assessed = known.version > 0;
            // the rows tell of days before a closing, which holds from the day of an import
            known.closed = subject.premises.closed_on.take().is_some();
            known.subject = Some(Arc::new(subject));
        }
        Ok(known)
    }

    /// That these premises are told of, whether or not there is anything to say.
    pub(super) fn meet(&mut self, rsn: &str) {
        if !self.known.contains_key(rsn) {
            self.known.insert(rsn.to_owned(), Known::default());
        }
    }

    /// The premises of a row, from the ledger where an earlier import registered them.
    fn recalled(&mut self, evaluation: &Evaluation) -> Result<&mut Known, ImportError> {
        let known = self.known.entry(evaluation.rsn.clone()).or_default();
        if known.subject.is_none() {
            let stream = stream_of(evaluation);
            let mut subject = Subject::default();
            for entry in self.ledger.reader().subject(&stream, None)? {
                subject.apply(&recorded(&entry.row())?);
            }
            known.assessed = !subject.assessments.is_empty();
            known.version = self.ledger.reader().version(&stream)?;
            // the rows tell of days before a closing, which holds from the day of an import
            known.closed = subject.premises.closed_on.take().is_some();
            known.subject = Some(Arc::new(subject));
        }
        Ok(known)
    }

    /// What the rules may know of a row.
    pub(super) fn facts(&self, account: &str, subject: Option<Arc<Subject>>, today: NaiveDate) -> Facts {
        Facts {
            rulebook: Some(self.compiled.rulebook.clone()),
            subject,
            ..Facts::by(Actor::channel(account), String::new(), today)
        }
    }
}

/// What the rules say to a command, as it is said, and taken into the state.
pub(super) fn decided<C: Concept>(
    state: &mut C,
    command: C::Command,
    facts: &Facts,
    row: &str,
) -> Result<Vec<Value>, ImportError> {
    let refused = |source: Rejection| ImportError::Refused { row: row.to_owned(), source };
    let said = aggregate::decided(state, command, facts).map_err(refused)?;
    said.iter().for_each(|said| state.evolve(&said.event));
    Ok(said.iter().map(serde_json::to_value).collect::<Result<_, _>>()?)
}

fn set_aside(said: &mut [Value], evaluation: &Evaluation) {
    let row = evaluation.number.to_string();
    for said in said {
        said["effective_from"] = json!(evaluation.completed_on);
        said["received"] = json!({ "channel": CHANNEL, "ref": format!("{PUBLICATION}/{row}") });
        said["source"] = json!({ "file": PUBLICATION, "row": row });
    }
}

fn stream_of(evaluation: &Evaluation) -> String {
    format!("premises/toronto-{}", evaluation.rsn)
}

/// What is asked, by the cells it comes from: neither the day of the import nor the rows before change it.
fn digest(asked: &str, evaluation: &Evaluation) -> Result<[u8; 32], ImportError> {
    Ok(sha256(&jcs::canonical(&json!({ "asked": asked, "raw": evaluation.raw }))?))
}

/// The file has no time of day: noon at UTC, which is that day both in Toronto and at UTC+8.
pub(super) fn at(day: NaiveDate) -> Timestamp {
    let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default();
    Timestamp::from_datetime(day.and_time(noon).and_utc())
}

fn counted(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// The channel by which all of it is received.
pub(super) const CHANNEL: &str = "import-toronto";
/// How many rows pass between two words of progress.
pub(super) const PROGRESS_EVERY: u64 = 100;
/// The published file's name, whatever the file given is called.
const PUBLICATION: &str = PRE2023;
