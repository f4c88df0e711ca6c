//! Toronto's publications since 2023, one after another, as what each of them says to the ledger: a row at a time, one
//! command a row and stream, all of it received and holding from the day by which it was published.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value, json};
use wuping_domain::assessment::{self, Assessment, Entered, Reason};
use wuping_domain::facts::Facts;
use wuping_domain::grade::{self, Grade};
use wuping_domain::premises;
use wuping_domain::record::{self, Record};
use wuping_domain::subject::Subject;
use wuping_ledger::encoding::sha256;
use wuping_ledger::jcs;
use wuping_replay::published::{SINCE2023, SINCE2023_COLUMNS, SINCE2023_STREAM};
use wuping_replay::published_table::PublishedTable;

use crate::import::ImportError;
use crate::import::pipeline::Ask;
use crate::import::toronto::{CHANNEL, Import, PROGRESS_EVERY, at, decided};
use crate::import::toronto_commands::{Concerns, correction, differing, old_and_new, to_premises};
use crate::import::toronto_deduction::Deduction;
use crate::import::toronto_findings::Findings;
use crate::import::toronto_row::{Cells, RowKey};
use crate::import::toronto_since2023::{History, Kind, Publication, Step};

/// Publications on their way into the ledger.
pub(super) struct Replaying<'a, 'b> {
    deductions: HashMap<RowKey, Deduction>,
    findings: Findings<'b>,
    import: &'a mut Import<'b>,
    table: PublishedTable,
}

impl<'a, 'b> Replaying<'a, 'b> {
    /// By an import that is under way, under its rulebook.
    pub(super) fn by(import: &'a mut Import<'b>) -> Self {
        let rulebook = &import.compiled.rulebook;
        Self {
            deductions: HashMap::new(),
            findings: Findings::by(rulebook),
            import,
            table: PublishedTable::new(),
        }
    }

    /// Say all of it. `progress` is told how many steps are done.
    pub(super) fn replay(
        mut self,
        history: &History,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), ImportError> {
        let mut done: u64 = 0;
        for publication in &history.publications {
            for step in &publication.steps {
                self.step(publication, step)?;
                self.findings.take(publication, step);
                self.show(step);
                done += 1;
                if done.is_multiple_of(PROGRESS_EVERY) {
                    progress(done);
                }
            }
            self.received(publication)?;
        }
        let summary = &mut self.import.summary;
        let last = history.publications.last();
        summary.last_publication = last.map(|last| self.table.state(last.number, last.day));
        summary.rows += history.rows;
        summary.changes += history.changes;
        summary.publications += u64::try_from(history.publications.len()).unwrap_or(u64::MAX);
        let (findings, earlier) = self.findings.settled();
        summary.findings.extend(findings);
        summary.earlier_findings.extend(earlier);
        Ok(())
    }

    fn step(&mut self, publication: &Publication, step: &Step) -> Result<(), ImportError> {
        match step.kind {
            Kind::First => {
                self.first(publication, step)?;
                self.deduct(publication, step, &[])
            }
            Kind::Again => {
                self.publish(publication, step)?;
                self.changes(publication, step)
            }
            Kind::Changed => self.changes(publication, step),
            Kind::Gone => self.publish(publication, step),
        }
    }

    /// A row first seen: its premises, if they are not known as it tells of them, and its assessment.
    fn first(&mut self, publication: &Publication, step: &Step) -> Result<(), ImportError> {
        let (key, cells) = (&step.key, &step.after);
        self.import.meet(&key.rsn);
        let stream = format!("{}/assessment/{}", key.premises(), key.assessment());
        let raw = whole(cells);
        let to_premises = self.ask(publication, key, &key.premises(), &raw)?;
        let to_assessment = self.ask(publication, key, &stream, &raw)?;
        // premises are told before their assessment: where that is recorded, there was nothing more to tell them
        let Some(ask) = to_assessment else { return Ok(()) };
        if let Some(ask) = to_premises {
            self.register(publication, step, ask)?;
        }
        let known = self.import.registered(&key.rsn)?;
        let reason = if known.assessed { Reason::Periodic } else { Reason::First };
        known.assessed = true;
        let subject = known.subject.clone();
        let facts = self.facts(publication, &format!("toronto-ward-{}", cells.cell("WARD")), subject);
        let scheme = self.import.compiled.scheme.clone();
        let outcomes = cells.outcomes(&self.import.compiled.rulebook);
        let entered = outcomes.into_iter().map(|(indicator, outcome)| Entered {
            indicator,
            outcome,
            measured: Map::new(),
            carried_from: None,
            note: None,
            photos: vec![],
        });
        let mut state = Assessment::default();
        let mut said = Vec::with_capacity(3);
        for command in [
            assessment::Command::Open { scheme, reason, units: vec![] },
            assessment::Command::Check { results: entered.collect() },
            assessment::Command::SubmitCompleted { completed_on: cells.completed_on() },
        ] {
            said.extend(decided(&mut state, command, &facts, &ask.row)?);
        }
        set_aside(&mut said, publication, key, Some(raw), &["lead", "reason"]);
        self.import.pipeline.send(ask, at(publication.day), 0, said)
    }

    fn register(&mut self, publication: &Publication, step: &Step, ask: Ask) -> Result<(), ImportError> {
        let (key, cells) = (&step.key, &step.after);
        let told = cells.register(&key.rsn);
        let known = self.import.registered(&key.rsn)?;
        let held = known.subject.as_ref().and_then(|subject| subject.premises.register.as_ref());
        let commands = match held {
            Some(held) => differing(held, &told, |_| true, "published_anew"),
            None => vec![premises::Command::Register { register: told, coordinates: cells.coordinates() }],
        };
        if commands.is_empty() {
            return Ok(());
        }
        self.tell_premises(publication, key, ask, commands, None)
    }

    /// Say these commands to premises, one after another as one.
    fn tell_premises(
        &mut self,
        publication: &Publication,
        key: &RowKey,
        ask: Ask,
        commands: Vec<premises::Command>,
        raw: Option<Value>,
    ) -> Result<(), ImportError> {
        let facts = self.facts(publication, CHANNEL, None);
        let known = self.import.registered(&key.rsn)?;
        let subject = Arc::make_mut(known.subject.get_or_insert_default());
        let mut said = Vec::with_capacity(commands.len());
        for command in commands {
            said.extend(decided(&mut subject.premises, command, &facts, &ask.row)?);
        }
        let expected = known.version;
        known.version += u64::try_from(said.len()).unwrap_or(u64::MAX);
        set_aside(&mut said, publication, key, raw, &[]);
        self.import.pipeline.send(ask, at(publication.day), expected, said)
    }

    /// What is on the public page again, or no longer. Never a closing: the building stands.
    fn publish(&mut self, publication: &Publication, step: &Step) -> Result<(), ImportError> {
        let (key, assessment) = (&step.key, step.key.assessment());
        let stream = format!("{}/grade", key.premises());
        let gone = step.kind == Kind::Gone;
        let Some(ask) = self.ask(publication, key, &stream, &json!({ "gone": gone }))? else { return Ok(()) };
        let mut state = Grade::default();
        let command = if gone {
            grade::Command::Unpublish { assessment, why: "not_in_publication".to_owned() }
        } else {
            state.unpublished = BTreeSet::from([assessment.clone()]);
            grade::Command::Publish { assessment, why: "in_publication_again".to_owned() }
        };
        let facts = self.facts(publication, CHANNEL, None);
        let mut said = decided(&mut state, command, &facts, &ask.row)?;
        set_aside(&mut said, publication, key, None, &[]);
        // what is computed meanwhile stands in this stream too, and being public depends on none of it
        self.import.pipeline.send(ask, at(publication.day), None, said)
    }

    /// What changed in a row, each cell to the stream it is about.
    fn changes(&mut self, publication: &Publication, step: &Step) -> Result<(), ImportError> {
        let concerns = Concerns::of(step);
        self.import.summary.coordinates += concerns.coordinates;
        self.import.summary.same_value += concerns.same_value;
        if !concerns.premises.is_empty() {
            self.amend(publication, step, &concerns.premises)?;
        }
        if !concerns.record.is_empty() {
            self.correct(publication, step, &concerns.record)?;
        }
        self.deduct(publication, step, &concerns.hazards)
    }

    fn amend(
        &mut self,
        publication: &Publication,
        step: &Step,
        columns: &[&'static str],
    ) -> Result<(), ImportError> {
        let raw = old_and_new(step, columns);
        let Some(ask) = self.ask(publication, &step.key, &step.key.premises(), &raw)? else { return Ok(()) };
        let known = self.import.registered(&step.key.rsn)?;
        let held = known.subject.as_ref().and_then(|subject| subject.premises.register.as_ref());
        let commands = held.map(|held| to_premises(held, step, columns)).unwrap_or_default();
        self.tell_premises(publication, &step.key, ask, commands, Some(raw))
    }

    fn correct(
        &mut self,
        publication: &Publication,
        step: &Step,
        columns: &[&'static str],
    ) -> Result<(), ImportError> {
        let key = &step.key;
        let stream = format!("{}/record/{}-{}", key.premises(), key.assessment(), publication.number);
        let raw = old_and_new(step, columns);
        let Some(ask) = self.ask(publication, key, &stream, &raw)? else { return Ok(()) };
        let Some(correction) = correction(step, columns, &self.import.compiled.rulebook) else {
            return Ok(());
        };
        let command = record::Command::Correct { correction, reason: None };
        let facts = self.facts(publication, CHANNEL, None);
        let mut said = decided(&mut Record::default(), command, &facts, &ask.row)?;
        set_aside(&mut said, publication, key, Some(raw), &[]);
        self.import.pipeline.send(ask, at(publication.day), 0, said)
    }

    /// Bring the row's hazards to the reactive score it is published with.
    fn deduct(
        &mut self,
        publication: &Publication,
        step: &Step,
        columns: &[&'static str],
    ) -> Result<(), ImportError> {
        let (key, points) = (&step.key, step.after.deducted());
        let taken_off = self.deductions.get(key).map_or(0, Deduction::points);
        if points == taken_off {
            return Ok(());
        }
        let facts = self.facts(publication, CHANNEL, Some(Arc::new(registered_somewhere(step))));
        let new = format!("{}-{}", key.assessment(), publication.number);
        let deduction = self.deductions.entry(key.clone()).or_default();
        let to_say = deduction.bring_to(points, &key.assessment(), &new, &facts)?;
        let changed = old_and_new(step, columns);
        for (place, mut to_say) in to_say.into_iter().enumerate() {
            let raw = (place == 0 && !columns.is_empty()).then(|| changed.clone());
            let stream = format!("{}/hazard/{}", key.premises(), to_say.key);
            let asked = json!({ "points": points, "raw": raw });
            if let Some(ask) = self.ask(publication, key, &stream, &asked)? {
                set_aside(&mut to_say.said, publication, key, raw, &["kind", "number", "points"]);
                self.import.pipeline.send(ask, at(publication.day), to_say.expected, to_say.said)?;
            }
        }
        Ok(())
    }

    /// That a publication is recorded whole, and what it shows: what is read back can be held against it.
    fn received(&mut self, publication: &Publication) -> Result<(), ImportError> {
        let source = json!({
            "commit": publication.commit, "digest": self.table.digest(), "file": SINCE2023,
            "publication": publication.number, "rows": self.table.size(), "snapshot_date": publication.day,
        });
        let digest = sha256(&jcs::canonical(&source)?);
        let number = publication.number.to_string();
        let Some(ask) = self.import.pipeline.ask(&number, "publication", SINCE2023_STREAM, digest)? else {
            return Ok(());
        };
        let said = json!({
            "effective_from": publication.day, "received": { "channel": CHANNEL, "ref": format!("{SINCE2023}/{number}") },
            "source": source, "type": "PublicationReceived",
        });
        self.import.pipeline.send(ask, at(publication.day), None, vec![said])
    }

    /// The row in the table that is shown by now.
    fn show(&mut self, step: &Step) {
        let row = step.key.text();
        let changes = step.before.differences(&step.after).into_iter().filter_map(|place| {
            Some((place, (step.before.0.get(place)?.as_str(), step.after.0.get(place)?.as_str())))
        });
        // the files were read in this order before, so each step fits
        let _ = match step.kind {
            Kind::First => self.table.add(&row, step.after.0.clone()),
            Kind::Gone => self.table.hide(&row),
            Kind::Changed => self.table.change(&row, &changes.collect()),
            Kind::Again => self.table.change(&row, &changes.collect()).and_then(|()| self.table.show(&row)),
        };
    }

    fn ask(
        &mut self,
        publication: &Publication,
        key: &RowKey,
        stream: &str,
        asked: &Value,
    ) -> Result<Option<Ask>, ImportError> {
        let digest = sha256(&jcs::canonical(asked)?);
        self.import.pipeline.ask(&publication.number.to_string(), &key.text(), stream, digest)
    }

    fn facts(&self, publication: &Publication, account: &str, subject: Option<Arc<Subject>>) -> Facts {
        self.import.facts(account, subject, publication.day)
    }
}

/// Premises as a row registers them: all that the rules ask of them for a hazard.
fn registered_somewhere(step: &Step) -> Subject {
    let mut subject = Subject::default();
    subject.premises.register = Some(step.after.register(&step.key.rsn));
    subject
}

fn whole(cells: &Cells) -> Value {
    let cells = SINCE2023_COLUMNS.iter().zip(&cells.0);
    Value::Object(cells.map(|(column, cell)| ((*column).to_owned(), json!(cell))).collect())
}

/// What stands beside the events of a row. The cells are in the first of them that can name its source: a hazard has a
/// source of another kind from its own finding, and is named by `received` alone. What the file does not say and the
/// import made up by rule is named too.
fn set_aside(
    said: &mut [Value],
    publication: &Publication,
    key: &RowKey,
    mut raw: Option<Value>,
    supplied: &[&str],
) {
    let row = key.text();
    for said in said {
        let reference = format!("{SINCE2023}/{}/{row}", publication.number);
        said["effective_from"] = json!(publication.day);
        said["received"] = json!({ "channel": CHANNEL, "ref": reference });
        if !supplied.is_empty() {
            said["supplied"] = json!(supplied);
        }
        if said.get("source").is_some() {
            continue;
        }
        said["source"] = json!({ "file": SINCE2023, "publication": publication.number, "row": row });
        if let Some(raw) = raw.take() {
            said["source"]["raw"] = raw;
        }
    }
}
