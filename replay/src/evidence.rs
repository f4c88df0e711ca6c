//! Verifying an evidence bundle without a ledger: what the format asks (docs/format.md §11, levels 0 to 4), and every result
//! in it computed again by the rules of housing (level 5); and reading out of it why each grade was determined.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use wuping_domain::derivation::{Derivation, is_input};
use wuping_domain::event::Event;
use wuping_domain::grade::{Determination, Event as GradeEvent};
use wuping_domain::reaction::Rulebooks;
use wuping_domain::rulebook::Rulebook;
use wuping_ledger::bundle::Bundle;
use wuping_ledger::bundle::check::{Checked, Fault, Seen, Trust, check};
use wuping_ledger::entry::Entry;
use wuping_ledger::log_files::scheme_file;
use wuping_ledger::note::VerifierKey;
use wuping_ledger::recorded::RecordedRow;
use wuping_ledger::refusal::Refusal;
use wuping_ledger::row::Row;
use wuping_ledger::stream::{subject_of, under};
use wuping_projections::ledger_rulebooks::LedgerRulebooks;
use wuping_projections::recording::recorded;

use crate::derivations::Derivations;
use crate::verified::{Level, State, as_text};
use crate::witnessed::{Trusted, moment};

/// What is asked about a bundle.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// Up to which level, 0 to 5.
    pub level: u8,
    /// A level that must be established: it is a finding if it is not.
    pub require: Option<u8>,
    /// Whom its reader trusts.
    pub trusted: Trusted,
    /// Whether it must have been seen by witnesses and an authority whom the reader trusts: level 3.
    pub asks_who_saw_it: bool,
    /// The reader's clock, in POSIX seconds.
    pub now: Option<u64>,
}

/// What a verification established.
#[derive(Debug, Serialize)]
pub struct VerifiedBundle {
    /// The log, as far as the bundle could be read.
    pub origin: Option<String>,
    /// What it is about: a path, or an author.
    pub subject: Option<String>,
    /// Number of entries in it.
    pub entries: usize,
    /// Position of the commitment as of which it is complete.
    pub complete_as_of: Option<u64>,
    /// When that was recorded.
    pub complete_as_of_time: Option<String>,
    /// When it says that it was made.
    pub created_at: Option<String>,
    /// Number of entries under its checkpoint.
    pub checkpoint_size: Option<u64>,
    /// The level asked for.
    pub level: u8,
    /// The highest level that holds, and all before it, level 3 aside where nobody is trusted to have seen it.
    pub reached: Option<u8>,
    /// How each level came out, from 0 to 5.
    pub levels: Vec<Level>,
    /// The key by which its checkpoint was verified.
    pub log_key: Option<String>,
    /// Whether that key was brought along. If not, it is what the bundle says of itself.
    pub log_key_brought: bool,
    /// What witnesses and an authority establish, or why nothing.
    #[serde(serialize_with = "as_text")]
    pub seen: SeenBy,
    /// Computed results that were computed again and are equal.
    pub results_rederived: u64,
    /// Positions of entries that are valid, and contested since their key's revocation.
    pub contested_positions: Vec<u64>,
    /// Keys that signed some of it and have ended since.
    pub ended_keys: Vec<Ended>,
    /// Values that were erased.
    pub erased: Vec<Gone>,
    /// Names of the values that are disclosed, by the position of their entry.
    pub disclosed: BTreeMap<u64, Vec<String>>,
    /// Everything that is not as it must be, at the first level that fails.
    pub findings: Vec<BundleFinding>,
}

/// Who has seen a bundle's checkpoint, or why nobody counts. As text, and so in JSON, it is an English sentence.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SeenBy {
    /// Its reader brought nobody whose word counts.
    NobodyTrusted,
    /// Not by those whom its reader trusts.
    NotByTrusted,
    /// Enough witnesses whom its reader trusts, and an authority.
    Trusted {
        /// The witnesses who cosigned it.
        witnesses: Vec<String>,
        /// The authority: the subject of its certificate.
        authority: String,
        /// When the authority saw it, by its clock, in POSIX seconds.
        time: u64,
    },
}

impl fmt::Display for SeenBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NobodyTrusted => f.write_str(
                "not established: bring a trust file that says whose cosignatures and time-stamps count",
            ),
            Self::NotByTrusted => {
                f.write_str("not established by the witnesses and authorities that its reader trusts")
            }
            Self::Trusted { witnesses, authority, time } => {
                let (names, when) = (witnesses.join(", "), moment(*time));
                write!(f, "cosigned by {names}; existed by {when} by the word of {authority}")
            }
        }
    }
}

/// A key that ended.
#[derive(Debug, Serialize)]
pub struct Ended {
    /// The key.
    pub kid: String,
    /// The pseudonym of who held it.
    pub holder: String,
    /// The entry that ended it: what it signed before stays good.
    pub ended_at: u64,
    /// When.
    pub recorded_at: String,
    /// From where on what it signed is contested; none where another key took its place.
    pub contested_from: Option<u64>,
}

/// That values of an entry were erased.
#[derive(Debug, Serialize)]
pub struct Gone {
    /// The entry.
    pub position: u64,
    /// How many values of it.
    pub values: usize,
    /// When.
    pub recorded_at: String,
    /// By whose decision.
    pub authority: String,
    /// Why.
    pub reason: String,
    /// The entry that says so.
    pub said_in: u64,
}

/// One thing that is wrong.
#[derive(Debug, PartialEq, Serialize)]
pub struct BundleFinding {
    /// The level that fails.
    pub level: u8,
    /// The file of the bundle.
    pub file: String,
    /// The entry; none where it is not about one.
    pub position: Option<u64>,
    /// Short stable reason.
    pub code: String,
    /// What was found, for a person.
    pub detail: String,
}

/// A grade of the bundle's subject, with what it takes to explain it.
#[derive(Clone, Debug)]
pub struct Graded {
    /// The entry.
    pub entry: Entry,
    /// What was determined, whole.
    pub determination: Determination,
    /// The rulebook, which is in the bundle.
    pub rulebook: Arc<Rulebook>,
}

/// A bundle that was looked through.
#[derive(Debug)]
pub struct Looked {
    /// What was found.
    pub verified: VerifiedBundle,
    /// The entries and values, as far as they could be read.
    pub checked: Checked,
}

/// Verifies a bundle; nothing is asked of anybody.
///
/// # Errors
/// If the log key that was brought along is none.
pub fn verify(bundle: &Bundle, question: &Question) -> Result<Looked, Refusal> {
    let trusted = &question.trusted;
    let log = trusted.log.as_deref().map(VerifierKey::parse).transpose()?;
    let seen = Seen { witnesses: &trusted.witnesses, quorum: trusted.quorum, tsa_roots: &trusted.tsa_roots };
    let trust = Trust {
        log: log.as_ref(),
        genesis: trusted.genesis.as_deref(),
        seen: question.asks_who_saw_it.then_some(seen),
        now: question.now,
    };
    let checked = check(bundle, &trust, question.level);
    let mut findings: Vec<BundleFinding> = checked.faults.iter().cloned().map(BundleFinding::from).collect();
    let (mut reached, mut equal) = (checked.reached, 0);
    if question.level >= 5 && reached == Some(4) {
        let (again, differing) = computed_again(bundle, &checked);
        equal = again;
        if differing.is_empty() {
            reached = Some(5);
        }
        findings.extend(differing);
    }
    let l3 = question.asks_who_saw_it && reached >= Some(3);
    findings.extend(question.require.and_then(|of| lacking(of, question.level, l3, findings.is_empty())));
    let levels = (0..=5)
        .map(|of| {
            let state = match () {
                () if reached < Some(of) && of <= question.level => State::Failed,
                () if of > question.level => State::NotAsked,
                () if of == 3 && !l3 => State::NotEstablished,
                () => State::Established,
            };
            Level { level: of, state }
        })
        .collect();
    let verified = told(question, &checked, log.is_some(), l3, (reached, levels, equal, findings));
    Ok(Looked { verified, checked })
}

fn told(
    question: &Question,
    checked: &Checked,
    log_key_brought: bool,
    l3: bool,
    (reached, levels, results_rederived, findings): (Option<u8>, Vec<Level>, u64, Vec<BundleFinding>),
) -> VerifiedBundle {
    let manifest = checked.manifest.as_ref();
    let ended = checked.ended.iter().map(|key| Ended {
        kid: key.kid.to_string(),
        holder: key.holder.clone(),
        ended_at: key.ended_at,
        recorded_at: key.recorded_at.to_string(),
        contested_from: key.suspect_from,
    });
    let gone = checked.erased.iter().filter(|of| checked.entries.contains_key(&of.position));
    let gone = gone.map(|of| Gone {
        position: of.position,
        values: of.digests.len(),
        recorded_at: of.recorded_at.to_string(),
        authority: of.authority.clone(),
        reason: of.reason.clone(),
        said_in: of.said_in,
    });
    let names = checked
        .disclosed
        .iter()
        .map(|(position, values)| (*position, values.iter().map(|value| value.name.clone()).collect()));
    let as_of = manifest.map(|of| of.heads_sequence);
    let as_of_time = as_of.and_then(|at| checked.entries.get(&at)).map(|entry| entry.recorded_at.to_string());
    VerifiedBundle {
        origin: manifest.map(|of| of.origin.clone()),
        subject: manifest.map(|of| of.subject.id.clone()),
        entries: checked.entries.len(),
        complete_as_of: as_of,
        complete_as_of_time: as_of_time,
        created_at: manifest.map(|of| of.created_at.to_string()),
        checkpoint_size: manifest.map(|of| of.checkpoint_size),
        level: question.level,
        reached,
        levels,
        log_key: checked.log_key.as_ref().map(ToString::to_string),
        log_key_brought,
        seen: seen_by(checked, question.asks_who_saw_it, l3),
        results_rederived,
        contested_positions: checked.contested.clone(),
        ended_keys: ended.collect(),
        erased: gone.collect(),
        disclosed: names.collect(),
        findings,
    }
}

fn seen_by(checked: &Checked, asked: bool, l3: bool) -> SeenBy {
    match (l3, &checked.checkpoint, &checked.stamp) {
        (true, Some(checkpoint), Some(stamp)) => SeenBy::Trusted {
            witnesses: checkpoint.cosigned.iter().map(|by| by.name.clone()).collect(),
            authority: stamp.authority.clone(),
            time: stamp.time,
        },
        _ if asked => SeenBy::NotByTrusted,
        _ => SeenBy::NobodyTrusted,
    }
}

/// A level that is required and cannot have been established though nothing is wrong.
fn lacking(required: u8, asked: u8, l3: bool, sound: bool) -> Option<BundleFinding> {
    let detail = match () {
        () if required > asked => format!("L{required} is required and L{asked} was asked for"),
        () if required == 3 && !l3 && sound => "L3 is required: bring a trust file with --trust".to_owned(),
        () => return None,
    };
    let (file, code) = ("checkpoint".to_owned(), "not-established".to_owned());
    Some(BundleFinding { level: required, file, position: None, code, detail })
}

/// Every result whose inputs are all here, again; one of the bundle's own subject must have them all here.
fn computed_again(bundle: &Bundle, checked: &Checked) -> (u64, Vec<BundleFinding>) {
    let mut findings = Vec::new();
    let rulebooks = rulebooks_in(bundle);
    let mut derivations = Derivations::under(&rulebooks);
    let about = checked.manifest.as_ref().map(|of| of.subject.id.as_str()).unwrap_or_default();
    let mut begun: HashSet<String> = HashSet::new();
    for entry in checked.entries.values() {
        let row = Row::from_entry(entry);
        let own = subject_of(&row.aggregate_id);
        let named = entry.data.get("derivation").map(subjects_of);
        match named.map(|named| inputs(&named, own, &checked.covered, &begun)) {
            Some(Inputs::Here) => derivations.take(&as_recorded(&row)),
            Some(Inputs::Lacking(code, why)) => {
                // what was computed of others may rest on what is not asked for here
                if code != NOT_COMPLETE || under(&row.aggregate_id, about) {
                    findings.push(at(entry, code, why));
                }
                derivations.input(&as_recorded(&row));
            }
            None => derivations.input(&as_recorded(&row)),
        }
        begun.insert(own.to_owned());
    }
    let file = |position: Option<u64>| position.map_or_else(String::new, file_of);
    findings.extend(derivations.findings.into_iter().map(|found| BundleFinding {
        level: 5,
        file: file(found.position),
        position: found.position,
        code: found.code,
        detail: found.detail,
    }));
    findings.sort_by_key(|found| found.position);
    (derivations.equal, findings)
}

/// Whether everything that a result was computed from is in a bundle.
enum Inputs {
    Here,
    Lacking(&'static str, String),
}

/// What a result names, against the subjects that are complete here and those that have an entry below it.
fn inputs(named: &[String], own: &str, covered: &BTreeSet<String>, begun: &HashSet<String>) -> Inputs {
    if named.is_empty() || named.iter().any(|subject| !covered.contains(subject)) {
        return Inputs::Lacking(
            NOT_COMPLETE,
            "a subject that it was computed from is not complete here".to_owned(),
        );
    }
    match named.iter().find(|subject| *subject != own && !begun.contains(*subject)) {
        Some(subject) => {
            let why = format!("{subject}, which it says that it was computed from, had no entry");
            Inputs::Lacking("derivation-subjects", why)
        }
        None => Inputs::Here,
    }
}

/// The subjects that a result says that it was computed from; none where it says it in no form that anybody knows.
fn subjects_of(derivation: &Value) -> Vec<String> {
    serde_json::from_value::<Derivation>(derivation.clone()).map(|of| of.subjects).unwrap_or_default()
}

/// An entry's row as the readers of a ledger show it.
fn as_recorded(row: &Row) -> RecordedRow<'_> {
    RecordedRow {
        position: row.position,
        stream: &row.aggregate_id,
        version: row.sequence,
        event_type: &row.event_type,
        schema: &row.schema,
        data: &row.payload,
        author_seq: row.author_seq,
        event_id: &row.event_id,
        occurred_at: &row.occurred_at,
        kid: &row.kid,
        recorded_at: &row.recorded_at,
    }
}

/// The rulebooks of a bundle.
fn rulebooks_in(bundle: &Bundle) -> LedgerRulebooks {
    let schemes = bundle.files().iter().filter(|(name, _)| name.starts_with("schemes/"));
    let schemes: BTreeMap<String, Vec<u8>> =
        schemes.map(|(name, bytes)| (name.clone(), bytes.clone())).collect();
    LedgerRulebooks::reading(move |sha256| Ok(schemes.get(&scheme_file(sha256)).cloned()))
}

/// Every grade that was determined of the bundle's subject, in order.
#[must_use]
pub fn grades(bundle: &Bundle, checked: &Checked) -> Vec<Graded> {
    let Some(manifest) = &checked.manifest else { return Vec::new() };
    let rulebooks = rulebooks_in(bundle);
    let own = checked.entries.values().filter(|entry| {
        let stream = entry.meta.stream.as_str();
        is_input(stream) && under(stream, &manifest.subject.id) && entry.event_type == "GradeDetermined"
    });
    let graded = own.filter_map(|entry| match recorded(&as_recorded(&Row::from_entry(entry))).ok()?.event {
        Event::Grade(GradeEvent::GradeDetermined(computed)) => Some(Graded {
            entry: entry.clone(),
            rulebook: rulebooks.rulebook(&computed.derivation.scheme)?,
            determination: computed.result,
        }),
        _ => None,
    });
    graded.collect()
}

impl VerifiedBundle {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

impl From<Fault> for BundleFinding {
    fn from(fault: Fault) -> Self {
        let Fault { level, file, position, code, detail } = fault;
        Self { level, file, position, code: code.to_owned(), detail }
    }
}

fn at(entry: &Entry, code: &str, detail: String) -> BundleFinding {
    let position = entry.sequence;
    BundleFinding {
        level: 5,
        file: file_of(position),
        position: Some(position),
        code: code.to_owned(),
        detail,
    }
}

fn file_of(position: u64) -> String {
    format!("entries/{position:012}.json")
}

const NOT_COMPLETE: &str = "derivation-inputs";
