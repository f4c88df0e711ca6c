//! Telling: what a row says to a stream, decided by the domain's own rules and sent on its way, once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use chrono::{Duration, NaiveDate, NaiveDateTime, NaiveTime};
use serde_json::{Value, json};
use wuping_domain::aggregate::Concept;
use wuping_domain::assessment::{self, Assessment, Entered, Reason};
use wuping_domain::derivation::SchemeRef;
use wuping_domain::facts::{Actor, Facts};
use wuping_domain::outcome::Outcome;
use wuping_domain::premises::{self, Premises, Register};
use wuping_domain::publication::{self, Publication, Published};
use wuping_domain::recorded::local_date;
use wuping_domain::rulebook::imported::ImportPolicy;
use wuping_domain::subject::Subject;
use wuping_ledger::encoding::sha256;
use wuping_ledger::genesis::Ledger;
use wuping_ledger::jcs;
use wuping_ledger::timestamp::Timestamp;
use wuping_ledger::vault::Vault;
use wuping_replay::published_rows;

use super::line::Line;
use super::{Lifecycles, RowFinding};
use crate::import::ImportError;
use crate::import::csv_rows::Table;
use crate::import::pipeline::{Ask, Pipeline};
use crate::import::toronto::decided;
use crate::shelf::Compiled;

/// An import of lifecycles under way.
pub(super) struct Telling<'a, 'p> {
    /// The ledger it goes into.
    pub(super) ledger: &'a Ledger,
    channel: String,
    compiled: Option<&'a Compiled>,
    done: (u64, u64),
    pipeline: Pipeline<'a>,
    premises: HashMap<String, Arc<Subject>>,
    progress: &'p mut dyn FnMut(u64, u64),
    summary: Lifecycles,
    began: Instant,
}

/// Where a row speaks, and when.
pub(super) struct To<'a> {
    /// The stream.
    pub(super) stream: String,
    /// Which of the things that a row says to that stream.
    pub(super) what: &'a str,
    /// When it happened.
    pub(super) at: Timestamp,
    /// The version of the stream it is decided on; none where its decision depends on nothing that stands there.
    pub(super) expected: Option<u64>,
    /// The premises, where the decision looks at them.
    pub(super) subject: Option<Arc<Subject>>,
}

/// One command, with what stands beside its event.
pub(super) struct Says<C> {
    /// What is asked.
    pub(super) command: C,
    /// The account it is ascribed to.
    pub(super) by: String,
    /// The day from which it holds.
    pub(super) on: NaiveDate,
    /// The members that the file does not say and the import made up by rule.
    pub(super) supplied: &'static [&'static str],
    /// Whether the row's cells stand in this event.
    pub(super) cells: bool,
}

impl<'a, 'p> Telling<'a, 'p> {
    /// Begin, by publishing the scheme's rulebook where there is one that is not published yet. `kind` names the import,
    /// `steps` is how many are to come.
    pub(super) fn begin(
        (ledger, vault): (&'a Ledger, &'a Vault),
        kind: &'static str,
        compiled: Option<&'a Compiled>,
        steps: usize,
        progress: &'p mut dyn FnMut(u64, u64),
    ) -> Result<Self, ImportError> {
        let mut telling = Self {
            channel: format!("import-{kind}"),
            compiled,
            ledger,
            done: (0, counted(steps)),
            pipeline: Pipeline::into(ledger, vault, kind),
            premises: HashMap::new(),
            progress,
            summary: Lifecycles::default(),
            began: Instant::now(),
        };
        if let Some(compiled) = compiled {
            telling.publish_rulebook(compiled)?;
        }
        Ok(telling)
    }

    /// The scheme that its rows are told under.
    pub(super) fn scheme(&self) -> Option<SchemeRef> {
        self.compiled.map(|compiled| compiled.scheme.clone())
    }

    /// One more step is done.
    pub(super) fn step(&mut self) {
        self.done.0 += 1;
        if self.done.0.is_multiple_of(PROGRESS_EVERY) {
            (self.progress)(self.done.0, self.done.1);
        }
    }

    /// Count something the rows told of.
    pub(super) fn count(&mut self, what: &'static str) {
        *self.summary.told.entry(what).or_default() += 1;
    }

    /// Name something odd about a row.
    pub(super) fn find(
        &mut self,
        code: &'static str,
        line: &Line<'_>,
        premises: &str,
        (published, against): (impl Into<String>, impl Into<String>),
    ) {
        self.summary.findings.push(RowFinding {
            code,
            file: line.file,
            line: line.number(),
            row: line.key.clone(),
            premises: premises.to_owned(),
            published: published.into(),
            against: against.into(),
        });
    }

    /// Say these commands to a stream, one after another as one, and take them into its state.
    pub(super) fn say<C: Concept>(
        &mut self,
        line: &Line<'_>,
        to: To<'_>,
        state: &mut C,
        says: Vec<Says<C::Command>>,
    ) -> Result<(), ImportError> {
        let said = self.decide(line, &to, state, says)?;
        self.send(line, to, said)
    }

    /// What these commands come to, one after another as one: taken into the state, and still to be sent.
    pub(super) fn decide<C: Concept>(
        &self,
        line: &Line<'_>,
        to: &To<'_>,
        state: &mut C,
        says: Vec<Says<C::Command>>,
    ) -> Result<Vec<Value>, ImportError> {
        let mut facts = Facts {
            rulebook: self.compiled.map(|compiled| compiled.rulebook.clone()),
            subject: to.subject.clone(),
            ..Facts::by(Actor::channel(&self.channel), to.stream.clone(), NaiveDate::default())
        };
        let mut all = Vec::with_capacity(says.len());
        for says in says {
            facts.actor.account = says.by;
            facts.today = says.on;
            let mut said = decided(state, says.command, &facts, &line.key)?;
            for said in &mut said {
                self.set_aside(said, line, says.on, says.supplied, says.cells);
            }
            all.extend(said);
        }
        Ok(all)
    }

    /// Send what was decided, unless an earlier import did.
    pub(super) fn send(&mut self, line: &Line<'_>, to: To<'_>, said: Vec<Value>) -> Result<(), ImportError> {
        let row = format!("{}-{}", line.key, to.what);
        let ask = self.pipeline.ask(line.file, &row, &to.stream, digest_of(line, to.what))?;
        match ask.filter(|_| !said.is_empty()) {
            Some(ask) => self.pipeline.send(ask, to.at, to.expected, said),
            None => Ok(()),
        }
    }

    /// Send what follows by rule, unless an earlier import did. It is computed from what stands below it in the ledger, as of
    /// the moment it is said to have come.
    pub(super) fn send_computed(
        &mut self,
        line: &Line<'_>,
        (stream, what): (&str, &str),
        (as_of, expected): (Timestamp, u64),
        computed: Value,
    ) -> Result<(), ImportError> {
        let row = format!("{}-{what}", line.key);
        let Some(ask) = self.pipeline.ask(line.file, &row, stream, digest_of(line, what))? else {
            return Ok(());
        };
        self.pipeline.send_computed(ask, as_of, expected, computed)
    }

    /// The premises of an id, which a row registers where nothing did before.
    pub(super) fn registered(
        &mut self,
        line: &Line<'_>,
        id: &str,
        (on, at): (NaiveDate, Timestamp),
        (register, coordinates): (Register, Option<String>),
        cells: bool,
    ) -> Result<Arc<Subject>, ImportError> {
        if let Some(known) = self.premises.get(id) {
            return Ok(known.clone());
        }
        let stream = format!("premises/{id}");
        let mut premises = Premises { register: Some(register.clone()), ..Premises::default() };
        if !self.is_of_another(line, REGISTERED, &stream)? {
            let command = premises::Command::Register { register, coordinates };
            let says = Says { command, by: self.channel.clone(), on, supplied: &[], cells };
            let to = To { stream, what: REGISTERED, at, expected: Some(0), subject: None };
            premises = Premises::default();
            self.say(line, to, &mut premises, vec![says])?;
        }
        Ok(self.take_premises(id, premises))
    }

    /// Whether an earlier import, or this one, had recorded this of a row.
    pub(super) fn is_told(&self, line: &Line<'_>, what: &str, stream: &str) -> Result<bool, ImportError> {
        self.pipeline.is_told(line.file, &format!("{}-{what}", line.key), stream)
    }

    /// Whether a stream was begun by another row or another import.
    pub(super) fn is_of_another(
        &self,
        line: &Line<'_>,
        what: &str,
        stream: &str,
    ) -> Result<bool, ImportError> {
        Ok(self.ledger.reader().version(stream)? > 0 && !self.is_told(line, what, stream)?)
    }

    /// Wait until everything said so far is recorded.
    pub(super) fn settle(&mut self) -> Result<(), ImportError> {
        self.pipeline.finish()
    }

    /// Premises that stand in the ledger, as far as the rules look at them here.
    pub(super) fn take_premises(&mut self, id: &str, premises: Premises) -> Arc<Subject> {
        self.summary.premises += 1;
        let subject = Arc::new(Subject { premises, ..Subject::default() });
        self.premises.insert(id.to_owned(), subject.clone());
        subject
    }

    /// Count what an earlier import had recorded of a row.
    pub(super) fn hear_again(
        &mut self,
        line: &Line<'_>,
        what: &str,
        stream: &str,
    ) -> Result<(), ImportError> {
        let (row, digest) = (format!("{}-{what}", line.key), digest_of(line, what));
        self.pipeline.ask(line.file, &row, stream, digest).map(|_| ())
    }

    /// An assessment from opening to submission.
    pub(super) fn assess(
        &mut self,
        line: &Line<'_>,
        (stream, subject): (String, Arc<Subject>),
        (on, reason, by): (NaiveDate, Reason, String),
        outcomes: BTreeMap<String, Outcome>,
        supplied: &'static [&'static str],
    ) -> Result<(), ImportError> {
        let entered = outcomes.into_iter().map(|(indicator, outcome)| Entered {
            indicator,
            outcome,
            measured: serde_json::Map::new(),
            carried_from: None,
            note: None,
            photos: vec![],
        });
        let Some(scheme) = self.scheme() else { return Ok(()) };
        let commands = [
            (assessment::Command::Open { scheme, reason, units: vec![] }, supplied, true),
            (assessment::Command::Check { results: entered.collect() }, &[] as &[&str], false),
            (assessment::Command::Submit, &[], false),
        ];
        let says =
            commands.map(|(command, supplied, cells)| Says { command, by: by.clone(), on, supplied, cells });
        let to = To { stream, what: "assessed", at: noon(on), expected: Some(0), subject: Some(subject) };
        self.say(line, to, &mut Assessment::default(), says.into())?;
        self.count("assessments");
        Ok(())
    }

    /// Say that a file was received whole, and what it shows, so that what is given back can be held against it.
    pub(super) fn received(&mut self, file: &'static str, table: &Table) -> Result<(), ImportError> {
        self.summary.rows += counted(table.rows.len());
        let cells =
            |row| (0..table.columns.len()).map(move |place| crate::import::csv_rows::Row::raw(row, place));
        let digest = published_rows::digest(table.rows.iter().map(cells));
        let source = json!({
            "columns": table.columns, "digest": digest, "file": file, "rows": table.rows.len(),
        });
        let stream = published_rows::stream_of(file);
        let asked = sha256(&jcs::canonical(&source)?);
        let Some(ask) = self.pipeline.ask(file, &digest, &stream, asked)? else { return Ok(()) };
        let said = json!({
            "received": { "channel": self.channel, "ref": file }, "source": source, "type": "PublicationReceived",
        });
        self.pipeline.send(ask, Timestamp::now(), None, vec![said])
    }

    /// Settle what is under way, whatever came of saying it; what was refused counts before what was not taken.
    pub(super) fn finish(mut self, said: Result<(), ImportError>) -> Result<Lifecycles, ImportError> {
        let settled = self.pipeline.finish();
        said.and(settled)?;
        (self.progress)(self.done.1, self.done.1);
        let milliseconds = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        let written = self.pipeline.written;
        Ok(Lifecycles {
            events_written: written,
            already_there: self.pipeline.already_there,
            milliseconds,
            events_per_second: written.saturating_mul(1000) / milliseconds,
            ..self.summary
        })
    }

    /// What stands beside an event. The cells stand in one of a row's events; a hazard's own finding has a `source` of
    /// another kind, so its row stands in `published`.
    fn set_aside(&self, said: &mut Value, line: &Line<'_>, on: NaiveDate, supplied: &[&str], cells: bool) {
        said["effective_from"] = json!(on);
        said["received"] = json!({ "channel": self.channel, "ref": format!("{}/{}", line.file, line.key) });
        if !supplied.is_empty() {
            said["supplied"] = json!(supplied);
        }
        let mut row = json!({ "file": line.file, "row": line.key });
        if cells {
            row["place"] = json!(line.place);
            row["raw"] = Value::Object(line.cells());
        }
        let member = if said.get("source").is_some() { "published" } else { "source" };
        if cells || member == "source" {
            said[member] = row;
        }
    }

    /// The rulebook comes first: nothing can be told under one that is not published.
    fn publish_rulebook(&mut self, compiled: &Compiled) -> Result<(), ImportError> {
        let (scheme, policy) = (&compiled.scheme, policy(compiled)?);
        let stream = compiled.stream();
        let digest = sha256(scheme.sha256.as_bytes());
        let Some(ask) = self.pipeline.ask(&scheme.id, "rulebook", &stream, digest)? else { return Ok(()) };
        if self.ledger.reader().version(&stream)? > 0 {
            return Ok(());
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(ImportError::Start)?;
        runtime
            .block_on(self.ledger.writer().keep_scheme(compiled.document()))
            .map_err(ImportError::Scheme)?;
        let published = Published {
            id: scheme.id.clone(),
            layer: compiled.rulebook.layer,
            sha256: scheme.sha256.clone(),
            holds_from: policy.holds_from,
            operating: compiled.rulebook.policy.operating,
            issued_by: policy.publisher.clone(),
            document_number: policy.licence.clone(),
            legality_review: None,
            draft: None,
        };
        self.send_rulebook(ask, published)
    }

    fn send_rulebook(&mut self, ask: Ask, published: Published) -> Result<(), ImportError> {
        let now = Timestamp::now();
        let facts = Facts::by(Actor::channel(&self.channel), ask.stream.as_str(), local_date(now.datetime()));
        let holds_from = published.holds_from;
        let command = publication::Command::Publish(published);
        let mut said = decided(&mut Publication::default(), command, &facts, "rulebook")?;
        for said in &mut said {
            said["received"] = json!({ "channel": self.channel, "ref": ask.stream.as_str() });
            said["effective_from"] = json!(holds_from);
        }
        self.pipeline.send(ask, now, 0, said)
    }
}

/// What a rulebook says of its publisher's rows.
pub(super) fn policy(compiled: &Compiled) -> Result<&ImportPolicy, ImportError> {
    let scheme = || ImportError::NotImported { scheme: compiled.scheme.id.clone() };
    compiled.rulebook.policy.import.as_ref().ok_or_else(scheme)
}

/// What a published word means by the rulebook; a word that it does not know is refused.
pub(super) fn word<'r>(
    policy: &'r ImportPolicy,
    line: &Line<'_>,
    column: &str,
) -> Result<&'r str, ImportError> {
    let published = line.cell(column);
    policy.word(column, published).ok_or_else(|| {
        let known = policy.words.get(column).into_iter().flat_map(BTreeMap::keys);
        let known: Vec<&str> = known.map(String::as_str).collect();
        line.refuse(
            column,
            format!("the rulebook does not know “{published}”; it knows {}", known.join(", ")),
        )
    })
}

/// A reading of the publisher's clock as an instant.
pub(super) fn instant(policy: &ImportPolicy, reading: NaiveDateTime) -> Timestamp {
    let ahead = Duration::minutes(i64::from(policy.utc_offset_minutes));
    Timestamp::from_datetime((reading - ahead).and_utc())
}

/// A day without a time of day: noon at UTC.
pub(super) fn noon(day: NaiveDate) -> Timestamp {
    let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default();
    Timestamp::from_datetime(day.and_time(noon).and_utc())
}

/// What is asked, by the cells it comes from: neither the day of the import nor the rows before change it.
fn digest_of(line: &Line<'_>, what: &str) -> [u8; 32] {
    sha256(&[what.as_bytes(), b"\n", &line.digest].concat())
}

/// A length as it is told.
pub(super) fn counted(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

const PROGRESS_EVERY: u64 = 100;
/// What a row says that registers premises.
const REGISTERED: &str = "registered";
