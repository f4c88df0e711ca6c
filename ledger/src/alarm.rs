//! The fork alarm: a witness knows another history of this log than the one here. From then on nothing is appended, over
//! restarts too and by no node, until a person has found out which history is the true one (docs/format.md §7).
//!
//! It stands in a file of the node that was told, with both notes, and in the database, where every node looks whenever it takes
//! the lock of the head.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::durable::name_kept;
use crate::place::Place;
use crate::postgres::open_beside as open_on_server;
use crate::sqlite::open_beside as open_in_folder;
use crate::store::StoreError;
use crate::timestamp::Timestamp;

/// Whether the alarm is raised, shared by all who write.
#[derive(Clone, Debug)]
pub(crate) struct Alarm {
    file: PathBuf,
    place: Place,
    raised: Arc<OnceLock<RaisedAlarm>>,
}

/// An alarm as the database has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RaisedAlarm {
    /// When it was raised, by the clock of the node that raised it: what it is known by.
    pub at: String,
    /// What the witness said, and the note that it was shown.
    pub why: String,
    /// When it was ended, and what was found; none while it holds.
    pub cleared: Option<String>,
}

impl Alarm {
    /// As a folder and its database have it. One of the file that the database lacks, since it could not be written to, is told to
    /// all nodes now; one that was ended in another node's folder is put aside here too.
    pub(crate) fn of(folder: &Path) -> Result<Self, StoreError> {
        let alarm = Self { file: folder.join(FILE), place: Place::of(folder)?, raised: Arc::default() };
        let (here, kept) = (in_file(folder)?, kept(folder)?);
        let raised = match (here, holding(&kept)) {
            (Some(here), None) => match ended_elsewhere(&here, &kept) {
                Some(ended) => {
                    put_aside(folder, &here, &ended)?;
                    None
                }
                None => Some(RaisedAlarm { at: last_mark(&here), why: here, cleared: None }),
            },
            (_, holding) => holding.cloned(),
        };
        if let Some(raised) = raised {
            // it was not raised before, it was just made
            let _ = alarm.raised.set(raised);
            alarm.keep()?;
        }
        Ok(alarm)
    }

    /// Why nothing may be appended.
    pub(crate) fn raised(&self) -> Option<&str> {
        self.raised.get().map(|raised| raised.why.as_str())
    }

    /// Raises it for good: first in memory, then in a file, with both notes. [`Alarm::keep`] tells the other nodes.
    pub(crate) fn raise(&self, why: &str) -> Result<(), StoreError> {
        let at = Timestamp::now();
        self.hear(RaisedAlarm { at: at.as_str().to_owned(), why: why.to_owned(), cleared: None });
        let write = || {
            let mut file = std::fs::File::options().create(true).append(true).open(&self.file)?;
            file.write_all(format!("{why}\n\n{MARK}{}\n", at.as_str()).as_bytes())?;
            file.sync_all()?;
            name_kept(&self.file)
        };
        write().map_err(|source| StoreError::File { file: self.file.clone(), source })
    }

    /// Another node has raised it.
    pub(crate) fn hear(&self, raised: RaisedAlarm) {
        // the first one is enough
        let _ = self.raised.set(raised);
    }

    /// Writes what is raised into the database, if it is not there: from then on every node knows it.
    pub(crate) fn keep(&self) -> Result<(), StoreError> {
        let Some(RaisedAlarm { at, why, .. }) = self.raised.get() else { return Ok(()) };
        tell(&self.place, RAISE, &[at, why])
    }
}

/// Why a folder's ledger takes nothing any more; none if it does.
///
/// # Errors
///
/// [`StoreError`] if the alarm's file is there and cannot be read, or the database does not say.
pub fn raised_in(folder: &Path) -> Result<Option<String>, StoreError> {
    let (here, kept) = (in_file(folder)?, kept(folder)?);
    let here = here.filter(|here| ended_elsewhere(here, &kept).is_none());
    Ok(here.or_else(|| holding(&kept).map(|raised| raised.why.clone())))
}

/// Ends the alarm of a ledger whose servers are not running, for all its nodes; what it said stays, under the moment of its end.
/// False if there was none.
///
/// # Errors
///
/// [`StoreError`] if the database does not take it or the alarm's file cannot be put aside.
pub fn clear(folder: &Path, at: &str, reason: &str) -> Result<bool, StoreError> {
    if raised_in(folder)?.is_none() {
        return Ok(false);
    }
    let ended = format!("{at}: {reason}");
    // where this is as far as it comes, the file is put aside at the next start
    tell(&Place::of(folder)?, CLEAR, &[&ended])?;
    if let Some(here) = in_file(folder)? {
        put_aside(folder, &here, &ended)?;
    }
    Ok(true)
}

fn in_file(folder: &Path) -> Result<Option<String>, StoreError> {
    let file = folder.join(FILE);
    match std::fs::read_to_string(&file) {
        Ok(why) => Ok(Some(why.trim_end().to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StoreError::File { file, source }),
    }
}

/// All alarms of a folder's database, in the order in which they were raised; none where there is no ledger yet.
fn kept(folder: &Path) -> Result<Vec<RaisedAlarm>, StoreError> {
    match Place::of(folder)?.open_reading() {
        Ok(reads) => reads.alarms(),
        Err(StoreError::Missing { .. } | StoreError::NotMade { .. }) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn holding(kept: &[RaisedAlarm]) -> Option<&RaisedAlarm> {
    kept.iter().find(|raised| raised.cleared.is_none())
}

/// With what words all that a file says was ended; none if anything of it was not.
fn ended_elsewhere(here: &str, kept: &[RaisedAlarm]) -> Option<String> {
    let ended =
        |at: &str| kept.iter().find(|raised| raised.at == at).and_then(|raised| raised.cleared.clone());
    let marks = here.lines().filter_map(|line| line.strip_prefix(MARK));
    marks.map(ended).collect::<Option<Vec<_>>>()?.pop()
}

/// When the last alarm of a file was raised; now, if it does not say.
fn last_mark(here: &str) -> String {
    let last = here.lines().filter_map(|line| line.strip_prefix(MARK)).next_back();
    last.map_or_else(|| Timestamp::now().as_str().to_owned(), str::to_owned)
}

/// Moves a node's file out of the way, with the words by which its alarm was ended.
fn put_aside(folder: &Path, here: &str, ended: &str) -> Result<(), StoreError> {
    let at: String = Timestamp::now().as_str().chars().filter(|letter| *letter != ':').collect();
    let aside = folder.join(format!("fork-alarm.cleared-{at}.txt"));
    let put = || {
        let mut put = std::fs::File::create(&aside)?;
        put.write_all(format!("{here}\n\ncleared at {ended}\n").as_bytes())?;
        put.sync_all()?;
        name_kept(&aside)
    };
    put().map_err(|source| StoreError::File { file: aside.clone(), source })?;
    let file = folder.join(FILE);
    let removed = std::fs::remove_file(&file).and_then(|()| name_kept(&file));
    removed.map_err(|source| StoreError::File { file, source })
}

/// Writes to the alarms of a database, on a connection of its own: whoever raises one is not the writer. `$1` is the first
/// parameter on a server and in a file alike.
fn tell(place: &Place, sql: &'static str, says: &[&str]) -> Result<(), StoreError> {
    const DOING: &str = "keep the fork alarm";
    match place {
        Place::Postgres(address) => {
            let says: Vec<_> =
                says.iter().map(|said| said as &(dyn tokio_postgres::types::ToSql + Sync)).collect();
            open_on_server(address)?.execute(sql, &says, DOING).map(|_| ())
        }
        Place::Sqlite(folder) => {
            let told = open_in_folder(folder)?.execute(sql, rusqlite::params_from_iter(says));
            told.map(|_| ()).map_err(|source| StoreError::Database { doing: DOING, source: source.into() })
        }
    }
}

const FILE: &str = "fork-alarm.txt";
/// How a line of the file begins that says when.
const MARK: &str = "raised at ";
/// The same one again is nothing to do.
const RAISE: &str = "INSERT INTO fork_alarms (raised_at, why) SELECT CAST($1 AS text), CAST($2 AS text) \
    WHERE NOT EXISTS (SELECT 1 FROM fork_alarms WHERE why = CAST($2 AS text) AND cleared IS NULL) ON CONFLICT DO NOTHING";
const CLEAR: &str = "UPDATE fork_alarms SET cleared = CAST($1 AS text) WHERE cleared IS NULL";
/// Every alarm there ever was, in order.
pub(crate) const ALARMS: &str = "SELECT raised_at, why, cleared FROM fork_alarms ORDER BY raised_at";
/// The one that holds, if there is one: asked whenever the lock of the head is taken.
pub(crate) const ALARM: &str =
    "SELECT raised_at, why, cleared FROM fork_alarms WHERE cleared IS NULL ORDER BY raised_at LIMIT 1";

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use serde_json::json;

    use super::*;
    use crate::append::AppendError;
    use crate::clock::Clock as _;
    use crate::genesis::{ClockChoice, Ledger, RunOptions};
    use crate::test_ledger::{Holding, On, TestLedger, stepped};

    #[tokio::test(flavor = "multi_thread")]
    async fn what_waits_when_the_alarm_is_raised_is_refused_and_nothing_is_signed() {
        let ((reached, at), (go, go_on)) = (channel(), channel());
        let test = TestLedger::with(ClockChoice::System, Box::new(Holding { reached, go_on })).await;
        let writer = test.ledger.writer().clone();
        writer.sign_now().await.unwrap();
        let signed = test.ledger.reader().checkpoint_size().unwrap();
        let first = writer.submit(test.said("premises/p-1", "Visited", json!({}))).unwrap();
        at.recv().unwrap();
        let queued = writer.submit(test.said("premises/p-1", "Waiting", json!({}))).unwrap();
        writer.raise_alarm("a test").unwrap();
        go.send(()).unwrap();
        first.await.unwrap().unwrap();
        assert!(matches!(queued.await.unwrap(), Err(AppendError::Alarmed)), "it was in the queue");
        assert!(matches!(writer.sign_now().await, Err(AppendError::Alarmed)));
        let before = test.ledger.reader().size().unwrap();
        // neither the ticker nor the close signs what was written last
        tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
        let TestLedger { folder, ledger, .. } = test;
        ledger.close().await.unwrap();
        let reader = crate::genesis::Ledger::open_read_only(folder.path()).unwrap();
        assert_eq!((reader.size().unwrap(), reader.checkpoint_size().unwrap()), (before, signed));
        assert!(before > signed, "there was something to sign");
        let raised = raised_in(folder.path()).unwrap().unwrap();
        assert!(raised.starts_with("a test\n\nraised at "), "{raised}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_jumped_clock_is_not_accepted_under_the_alarm() {
        let clock = stepped();
        let options = RunOptions { clock: ClockChoice::Given(clock.clone()), ..RunOptions::default() };
        let test = TestLedger::new().await.reopened(options).await;
        clock.set_wall(clock.wall_ms() + 3 * 86_400_000);
        test.ledger.writer().raise_alarm("a test").unwrap();
        let before = test.ledger.reader().size().unwrap();
        assert!(matches!(test.ledger.writer().accept_clock().await, Err(AppendError::Alarmed)));
        assert_eq!(test.ledger.reader().size().unwrap(), before);
        assert!(clear(test.path(), "2026-01-01T00:00:00.000Z", "a test").unwrap());
        assert!(!clear(test.path(), "2026-01-01T00:00:00.000Z", "a test").unwrap());
    }

    /// A second node of a ledger on a server.
    fn node_beside(test: &TestLedger) -> (tempfile::TempDir, Ledger) {
        let folder = test.folder_beside();
        let ledger = Ledger::open(folder.path(), RunOptions::default()).unwrap();
        (folder, ledger)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn it_stops_every_node_and_is_ended_for_all() {
        let test = TestLedger::on(On::Postgres).await;
        let (folder, other) = node_beside(&test);
        other.writer().append(test.said("premises/p-1", "Visited", json!({}))).await.unwrap();
        test.ledger.writer().raise_alarm("a test").unwrap();
        test.ledger.writer().keep_alarm().unwrap();
        let size = test.ledger.reader().size().unwrap();
        // whoever takes the lock of the head is told, and stops by itself from then on
        let refused = other.writer().append(test.said("premises/p-1", "Visited", json!({}))).await;
        assert!(matches!(refused, Err(AppendError::Alarmed)), "{refused:?}");
        assert_eq!(other.writer().alarm(), Some("a test"));
        assert!(matches!(other.writer().sign_now().await, Err(AppendError::Alarmed)));
        assert_eq!(test.ledger.reader().alarm().unwrap().unwrap().why, "a test");
        other.close().await.unwrap();
        let again = Ledger::open(folder.path(), RunOptions::default()).unwrap();
        assert_eq!(again.writer().alarm(), Some("a test"), "a restart does not end it");
        again.close().await.unwrap();
        // ended in the folder of one, over for all
        assert_eq!(raised_in(folder.path()).unwrap().as_deref(), Some("a test"));
        assert!(clear(folder.path(), "2026-01-01T00:00:00.000Z", "found out").unwrap());
        let test = test.reopened(RunOptions::default()).await;
        assert_eq!(test.ledger.writer().alarm(), None);
        assert!(!test.path().join(FILE).exists(), "it lies aside");
        let visited = test.said("premises/p-1", "Visited", json!({}));
        assert_eq!(test.ledger.writer().append(visited).await.unwrap().position, size);
        // the same words again are a new alarm
        test.ledger.writer().raise_alarm("a test").unwrap();
        test.ledger.writer().keep_alarm().unwrap();
        let (_folder, third) = node_beside(&test);
        assert_eq!(third.writer().alarm(), Some("a test"));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn one_that_the_database_did_not_take_is_told_at_the_next_start() {
        let test = TestLedger::on(On::Postgres).await;
        let (_folder, other) = node_beside(&test);
        // raised, and not kept: the server was away
        test.ledger.writer().raise_alarm("a test").unwrap();
        other.writer().append(test.said("premises/p-1", "Visited", json!({}))).await.unwrap();
        let test = test.reopened(RunOptions::default()).await;
        assert!(test.ledger.writer().alarm().unwrap().starts_with("a test"));
        let refused = other.writer().append(test.said("premises/p-1", "Visited", json!({}))).await;
        assert!(matches!(refused, Err(AppendError::Alarmed)), "{refused:?}");
    }
}
