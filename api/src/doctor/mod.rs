//! How it stands with a ledger and all that belongs to it, in plain words: what is right, what is not, and what to do. It only reads,
//! and works beside a running server.

mod files;
mod log;
mod values;
mod webhooks;

use std::path::{Path, PathBuf};

use serde::Serialize;
use wuping_ledger::genesis::Ledger;
use wuping_ledger::in_use::writers;
use wuping_ledger::place::database_url;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;
use wuping_projections::error::causes;

use crate::sample::is_sample;

/// What was found.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The folder.
    pub folder: PathBuf,
    /// The ledger's name, where it could be read.
    pub origin: Option<String>,
    /// Whether there is nothing to do.
    pub well: bool,
    /// One for each thing that was looked at, in a fixed order.
    pub findings: Vec<Finding>,
}

/// How it stands with one thing.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// A short stable name: `clock`, `fork-alarm` …
    pub about: &'static str,
    /// How it stands.
    pub state: State,
    /// What was found, for a person.
    pub says: String,
    /// What to do; none where nothing is.
    #[serde(rename = "do", skip_serializing_if = "Option::is_none")]
    pub todo: Option<String>,
}

/// How it stands with something.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Well,
    /// Worth knowing; nothing must be done.
    Note,
    /// Something is to be done.
    Todo,
    /// It could not be looked at.
    NotLooked,
}

impl Report {
    /// 0 when all is well, 1 when something is to be done, 2 when something could not be looked at.
    #[must_use]
    pub fn code(&self) -> u8 {
        let any = |state| self.findings.iter().any(|finding| finding.state == state);
        match (any(State::NotLooked), any(State::Todo)) {
            (true, _) => 2,
            (false, true) => 1,
            (false, false) => 0,
        }
    }

    /// One page for a person.
    #[must_use]
    pub fn in_words(&self) -> String {
        let origin = self.origin.as_deref().unwrap_or("no ledger that can be read");
        let mut page = format!("{origin} in {}\n\n", self.folder.display());
        for Finding { about, state, says, todo } in &self.findings {
            let mark = match state {
                State::Well => "well ",
                State::Note => "note ",
                State::Todo => "TO DO",
                State::NotLooked => "?    ",
            };
            page.push_str(&format!("{mark}  {about}: {says}\n"));
            if let Some(todo) = todo {
                page.push_str(&format!("       → {todo}\n"));
            }
        }
        page.push_str(match self.code() {
            0 => "\nall is well\n",
            1 => "\nsomething is to be done\n",
            _ => "\nnot everything could be looked at\n",
        });
        page
    }
}

/// Looks at everything in a folder and the database that belongs to it.
#[must_use]
pub fn examine(folder: &Path) -> Report {
    let mut found = Findings::default();
    files::examine(folder, &mut found);
    let mut origin = None;
    // before this program itself is among those who are connected
    let by = writers(folder);
    files::office(folder, &mut found);
    if let Some(reader) = opened(folder, &mut found) {
        let running = running(by, &mut found);
        origin = reader.origin().ok().map(str::to_owned);
        log::examine(folder, &reader, running, &mut found);
        webhooks::examine(folder, &reader, running, &mut found);
        values::examine(folder, &reader, &mut found);
    }
    let Findings(mut findings) = found;
    if origin.as_deref().is_some_and(is_sample) {
        // nothing in a sample is real, and it keeps its root key
        findings.retain(|finding| finding.about != "root-keys");
    }
    let mut report = Report { folder: folder.to_owned(), origin, well: false, findings };
    report.well = report.code() == 0;
    report
}

/// What was found so far.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn well(&mut self, about: &'static str, says: impl Into<String>) {
        self.0.push(Finding { about, state: State::Well, says: says.into(), todo: None });
    }

    fn note(&mut self, about: &'static str, says: impl Into<String>) {
        self.0.push(Finding { about, state: State::Note, says: says.into(), todo: None });
    }

    fn todo(&mut self, about: &'static str, says: impl Into<String>, todo: impl Into<String>) {
        self.0.push(Finding { about, state: State::Todo, says: says.into(), todo: Some(todo.into()) });
    }

    fn not_looked(&mut self, about: &'static str, error: &dyn std::error::Error, todo: &str) {
        let says = causes(error).join(": ");
        self.0.push(Finding { about, state: State::NotLooked, says, todo: Some(todo.to_owned()) });
    }
}

/// The ledger, if it is there and of this program's version.
fn opened(folder: &Path, found: &mut Findings) -> Option<Reader> {
    let place = match database_url(folder) {
        Ok(Some(_)) => "on a Postgres server",
        _ => "in ledger.db",
    };
    match Ledger::open_read_only(folder) {
        Ok(reader) => match reader.size() {
            Ok(size) => {
                found.well("ledger", format!("{size} entries {place}, of this program's version"));
                Some(reader)
            }
            Err(error) => {
                found.not_looked("ledger", &error, "run “wuping verify”; put a backup back if it is damaged");
                None
            }
        },
        Err(error @ StoreError::SchemaVersion { .. }) => {
            let says = causes(&error).join(": ");
            found.todo("ledger", says, "use the program that made it, or a newer one that takes it over");
            None
        }
        Err(error @ StoreError::OlderSchema { .. }) => {
            let todo = "stop every server on it, then run “wuping upgrade” as the login that owns its tables";
            found.todo("ledger", causes(&error).join(": "), todo);
            None
        }
        Err(error) => {
            let todo = "name the right folder with --data, make a ledger with “wuping init”, or see that the server answers";
            found.not_looked("ledger", &error, todo);
            None
        }
    }
}

/// Whether somebody has the ledger open for writing.
fn running(by: Result<Vec<String>, StoreError>, found: &mut Findings) -> bool {
    match by {
        Ok(by) if by.is_empty() => {
            found.note("lock", "nobody has the ledger open for writing: no server is running");
            false
        }
        Ok(by) => {
            found.well("lock", format!("open for writing by {}", by.join(", ")));
            true
        }
        Err(error) => {
            found.not_looked("lock", &error, "see who may read ledger.lock, and that the database answers");
            false
        }
    }
}

/// Some of the names, and how many there are.
fn some(names: impl Iterator<Item = impl AsRef<str>>) -> String {
    let names: Vec<_> = names.collect();
    let shown: Vec<&str> = names.iter().take(SHOWN_MAX).map(AsRef::as_ref).collect();
    let more = names.len().saturating_sub(SHOWN_MAX);
    let and = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{and}", shown.join(", "))
}

const SHOWN_MAX: usize = 5;
