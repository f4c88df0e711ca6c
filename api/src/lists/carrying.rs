//! Carrying a list row by row to where its rows belong: what stands there, what the row wants, the commands in between.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::{Map, Value};
use wuping_domain::derivation::SchemeRef;
use wuping_domain::reaction::Rulebooks;
use wuping_domain::recorded::subject_of;
use wuping_domain::rulebook::Rulebook;
use wuping_ledger::append::AppendError;
use wuping_ledger::disclosure::digests_in;
use wuping_ledger::encoding::{hex_encode, sha256};
use wuping_ledger::entry::derived_event_id;

use crate::app::{App, Asked, Done, ExecuteError, Feed, Who};
use crate::lists::cells::{Cells, Fault};
use crate::lists::places::{Places, Stop};
use crate::lists::sheet::{Row, Sheet};
use crate::lists::{
    Became, Delivery, Fate, Kind, ListError, Spoken, alerts, assessors, incidents, parties, premises,
};
use crate::trying::{Answer, Trial};

/// What a row wants of one stream.
pub(super) struct Part {
    /// What it is about within its list; a file says it once.
    pub(super) key: String,
    /// The stream.
    pub(super) stream: String,
    /// What the row says of it, to tell two rows of one key apart.
    pub(super) says: Value,
    /// Whether the whole row is kept beside it: once, where the private values of the row belong.
    pub(super) whole_row: bool,
    /// The commands that lead from what stands there to what the row says.
    pub(super) steps: Steps,
}

/// The commands that lead from what stands in a stream to what a row says.
pub(super) type Steps = Box<dyn Fn(&Held) -> Result<Vec<Value>, Fault> + Send + Sync>;

/// What stands in a stream.
pub(super) struct Held {
    /// Everything public, and what was said on trial since.
    pub(super) trial: Trial,
    /// Private values by name, the last of each.
    pub(super) private: BTreeMap<String, Value>,
    /// Whether private values were erased. Which ones nobody knows, and a list tells none of them anew.
    pub(super) erased: bool,
}

/// A list on its way.
pub(super) struct Carrying<'a> {
    app: &'a App,
    delivery: &'a Delivery,
    sheet: &'a Sheet,
    columns: &'a HashMap<&'static str, usize>,
    places: Places<'a>,
    rulebook: Option<Arc<Rulebook>>,
}

/// A row as what it wants.
struct Wanted<'a> {
    row: &'a Row,
    name: String,
    parts: Result<Vec<Part>, Fault>,
}

impl<'a> Carrying<'a> {
    pub(super) fn of(
        app: &'a App,
        delivery: &'a Delivery,
        sheet: &'a Sheet,
        columns: &'a HashMap<&'static str, usize>,
    ) -> Self {
        Self { app, delivery, sheet, columns, places: Places::of(app), rulebook: None }
    }

    /// Every row, in its order; rows of different subjects at the same time.
    pub(super) async fn all(mut self, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Vec<Fate>, ListError> {
        let wanted = self.wanted()?;
        let total = wanted.len() as u64;
        let mut fates = Vec::with_capacity(wanted.len());
        if self.delivery.dry_run {
            let mut tried = HashMap::new();
            for row in &wanted {
                fates.push(self.tried(row, &mut tried)?);
                progress(fates.len() as u64, total);
            }
            return Ok(fates);
        }
        for wave in waves(&wanted) {
            for fate in join_all(wave.iter().map(|row| self.recorded(row))).await {
                fates.push(fate?);
            }
            progress(fates.len() as u64, total);
        }
        Ok(fates)
    }

    fn wanted(&mut self) -> Result<Vec<Wanted<'a>>, ListError> {
        let kind = self.delivery.kind;
        let of_row = |row: &'a Row| Cells { columns: kind.columns(), places: self.columns, row };
        let rows: Vec<Cells<'a>> = self.sheet.rows.iter().map(of_row).collect();
        let in_file = if kind == Kind::Premises { premises::in_file(&rows) } else { HashMap::new() };
        let scheme = if kind == Kind::Parties { self.places.scheme()? } else { Value::Null };
        let named_scheme = serde_json::from_value::<SchemeRef>(scheme.clone()).ok();
        self.rulebook = named_scheme.and_then(|scheme| self.app.shelf.rulebook(&scheme));
        let mut said_before = HashMap::new();
        let mut wanted = Vec::with_capacity(rows.len());
        for cells in &rows {
            let parts = match kind {
                Kind::Alerts => alerts::parts(cells),
                Kind::Assessors => assessors::parts(cells, &self.places),
                Kind::Incidents => incidents::parts(cells, &self.places),
                Kind::Parties => parties::parts(cells, &self.places, &scheme),
                // results go their own way, by assessment
                Kind::Premises | Kind::Indicators => premises::parts(cells, &self.places, &in_file),
            };
            let parts = match parts {
                Ok(parts) => once(parts, cells.row.line, &mut said_before),
                Err(Stop::Fault(fault)) => Err(fault),
                Err(Stop::Broken(error)) => return Err(error),
            };
            wanted.push(Wanted { row: cells.row, name: name_of_row(cells), parts });
        }
        Ok(wanted)
    }

    /// What would become of a row, after the rows before it.
    fn tried(&self, row: &Wanted<'_>, tried: &mut HashMap<String, Held>) -> Result<Fate, ListError> {
        let mut said = Vec::new();
        let parts = match &row.parts {
            Ok(parts) => parts,
            Err(fault) => return Ok(row.fate(said, Some(fault.clone()))),
        };
        for part in parts {
            if !tried.contains_key(&part.stream) {
                tried.insert(part.stream.clone(), self.held(row, part)?);
            }
            let Some(held) = tried.get_mut(&part.stream) else { continue };
            match planned(held, part) {
                Ok(commands) => said.extend(commands.iter().map(|command| spoken(part, command, None))),
                Err(fault) => return Ok(row.fate(said, Some(fault))),
            }
        }
        Ok(row.fate(said, None))
    }

    /// What becomes of a row.
    async fn recorded(&self, row: &Wanted<'_>) -> Result<Fate, ListError> {
        let mut said = Vec::new();
        let parts = match &row.parts {
            Ok(parts) => parts,
            Err(fault) => return Ok(row.fate(said, Some(fault.clone()))),
        };
        for part in parts {
            if let Some(fault) = self.part_recorded(row, part, &mut said).await? {
                return Ok(row.fate(said, Some(fault)));
            }
        }
        Ok(row.fate(said, None))
    }

    /// Says to one stream what a row wants of it. Whoever writes there at the same time is heard first.
    async fn part_recorded(
        &self,
        row: &Wanted<'_>,
        part: &Part,
        said: &mut Vec<Spoken>,
    ) -> Result<Option<Fault>, ListError> {
        'again: for _ in 0..TRIES_MAX {
            let mut held = self.held(row, part)?;
            let mut expected = held.trial.entries.last().map_or(0, |entry| entry.version);
            let commands = match planned(&mut held, part) {
                Ok(commands) => commands,
                Err(fault) => return Ok(Some(fault)),
            };
            let mut first = true;
            for command in commands {
                if !first {
                    expected = self.app.reader().version(&part.stream).map_err(ExecuteError::from)?;
                }
                match self.app.execute(&self.who(row, part), self.asked(part, &command, expected)).await {
                    Ok(Done::Recorded(receipt)) => said.push(spoken(part, &command, Some(receipt.position))),
                    Ok(Done::Nothing) => {}
                    Err(ExecuteError::Append(AppendError::Conflict { .. })) if first => continue 'again,
                    Err(ExecuteError::Append(AppendError::Conflict { .. })) => return Ok(Some(busy())),
                    Err(ExecuteError::Rejected(rejection)) => {
                        return Ok(Some(Fault::new(rejection.code(), rejection.zh(), rejection.en())));
                    }
                    Err(ExecuteError::RefusedBefore { .. }) => return Ok(Some(refused_before())),
                    Err(error) => return Err(error.into()),
                }
                first = false;
            }
            return Ok(None);
        }
        Ok(Some(busy()))
    }

    fn held(&self, row: &Wanted<'_>, part: &Part) -> Result<Held, ListError> {
        let trial = self.app.trial(&self.who(row, part), &part.stream)?.under(self.rulebook.clone());
        let (mut private, mut erased) = (BTreeMap::new(), false);
        for entry in &trial.entries {
            let digests = digests_in(&entry.data);
            let digests: Vec<&str> = digests.iter().map(String::as_str).collect();
            for value in self.app.vault.values(&digests)? {
                match value {
                    // what an entry does not say leaves what an earlier one said
                    Some(value) if value.value.is_null() => {}
                    Some(value) => {
                        private.insert(value.name, value.value);
                    }
                    None => erased = true,
                }
            }
        }
        Ok(Held { trial, private, erased })
    }

    fn who(&self, row: &Wanted<'_>, part: &Part) -> Who {
        let Delivery { channel, reference, .. } = self.delivery;
        Who::Feed(Feed {
            channel: channel.channel.clone(),
            departments: channel.departments.clone(),
            reference: reference.clone(),
            row: part.whole_row.then(|| self.sheet.raw(row.row)),
        })
    }

    /// The id follows from what is said where and after what, so that the same said twice at once is recorded once.
    fn asked(&self, part: &Part, command: &Value, expected: u64) -> Asked {
        let Delivery { channel, kind, reference, .. } = self.delivery;
        let (kind, channel, stream) = (kind.code(), &channel.channel, &part.stream);
        let content = hex_encode(&sha256(command.to_string().as_bytes()));
        let cause = format!("list/{kind}/{channel}/{reference}/{stream}/{expected}/{content}");
        Asked {
            id: derived_event_id(self.app.ledger.origin(), &cause, 1),
            stream: stream.clone(),
            command: command.clone(),
            expected: Some(expected),
            occurred_at: self.app.now(),
        }
    }
}

impl Wanted<'_> {
    fn fate(&self, said: Vec<Spoken>, refused: Option<Fault>) -> Fate {
        let became = match (&refused, said.first()) {
            (Some(_), _) => Became::Refused,
            (None, None) => Became::Same,
            (None, Some(first)) if CHANGES.contains(&first.command.as_str()) => Became::Changed,
            (None, Some(_)) => Became::New,
        };
        Fate { line: self.row.line, name: self.name.clone(), became, said, refused }
    }

    fn subjects(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().flatten().map(|part| subject_of(&part.stream))
    }
}

/// The commands that still say something new, said on trial; none of them counts if the rules refuse one.
fn planned(held: &mut Held, part: &Part) -> Result<Vec<Value>, Fault> {
    let mut commands = (part.steps)(held)?;
    let before = held.trial.clone();
    let mut fault = None;
    commands.retain(|command| match held.trial.say(command) {
        Answer::New => true,
        Answer::Nothing => false,
        Answer::Refused(rejection) => {
            fault.get_or_insert_with(|| Fault::new(rejection.code(), rejection.zh(), rejection.en()));
            false
        }
        Answer::Unreadable => {
            fault.get_or_insert_with(unreadable);
            false
        }
    });
    match fault {
        None => Ok(commands),
        Some(fault) => {
            held.trial = before;
            Err(fault)
        }
    }
}

/// A file says one thing of one key: what a row repeats is left out, what it contradicts is refused.
fn once(
    parts: Vec<Part>,
    line: u64,
    said_before: &mut HashMap<String, (Value, u64)>,
) -> Result<Vec<Part>, Fault> {
    let mut kept = Vec::with_capacity(parts.len());
    for part in parts {
        match said_before.get(&part.key) {
            None => {
                said_before.insert(part.key.clone(), (part.says.clone(), line));
                kept.push(part);
            }
            Some((says, _)) if *says == part.says => {}
            Some((_, first)) => {
                return Err(Fault::new(
                    "said_twice",
                    format!("与第{first}行说的是同一件事，内容却不同；请只保留正确的一行"),
                    format!("says otherwise of the same thing than line {first}; keep the one that is right"),
                ));
            }
        }
    }
    Ok(kept)
}

/// Rows that can be under way at the same time: as many as follow each other without a subject in common.
fn waves<'w, 'a>(wanted: &'w [Wanted<'a>]) -> Vec<&'w [Wanted<'a>]> {
    let (mut waves, mut begin, mut busy) = (Vec::new(), 0, BTreeSet::new());
    for (place, row) in wanted.iter().enumerate() {
        if place - begin == WAVE_ROWS_MAX || row.subjects().any(|subject| busy.contains(subject)) {
            waves.push(&wanted[begin..place]);
            begin = place;
            busy.clear();
        }
        busy.extend(row.subjects());
    }
    waves.push(&wanted[begin..]);
    waves
}

fn spoken(part: &Part, command: &Value, position: Option<u64>) -> Spoken {
    let name = command["command"].as_str().unwrap_or_default().to_owned();
    let changes: Option<&Map<String, Value>> = match command.get("changes") {
        Some(changes) => changes.as_object(),
        None if CHANGES.contains(&name.as_str()) => command.as_object(),
        None => None,
    };
    let beside = |field: &&String| !["command", "scheme", "why"].contains(&field.as_str());
    let fields = changes.map(|changes| changes.keys().filter(beside).cloned().collect()).unwrap_or_default();
    Spoken { stream: part.stream.clone(), command: name, fields, position }
}

/// What a row is about, in its own words: the first cell that each row must fill.
fn name_of_row(cells: &Cells<'_>) -> String {
    let needed = cells.columns.iter().find(|column| column.needed);
    let named = needed.and_then(|column| cells.text(column.name).ok().flatten());
    named.unwrap_or_default().to_owned()
}

fn busy() -> Fault {
    Fault::new(
        "changed_meanwhile",
        "同时有人在修改同一处，这一行没有全部记录；请再发送一次",
        "somebody was changing the same at the same time, so not all of this row is recorded; send it again",
    )
}

fn refused_before() -> Fault {
    Fault::new(
        "refused_before",
        "这一行在同一批次中已被拒绝；请更正后换一个批次号再发送",
        "this row was refused under the same name of the delivery; put it right and send it under a new one",
    )
}

fn unreadable() -> Fault {
    Fault::new(
        "malformed",
        "这一行的内容不符合格式；请对照模板检查各列",
        "the row has not the form it needs; compare its columns with the template",
    )
}

/// Commands that change what was known.
const CHANGES: [&str; 6] = ["amend", "correct", "end_party", "lift", "move", "release_assessor"];
/// How often a row is looked at again because somebody else wrote there.
const TRIES_MAX: u32 = 3;
/// Rows under way at the same time: as many as the ledger takes together, and few enough for the views' threads.
const WAVE_ROWS_MAX: usize = 64;
