//! The fork alarm: a witness knows another history of this log than the one here. From then on nothing is appended, over
//! restarts too, until a person has found out which history is the true one (docs/format.md §7).

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::durable::name_kept;
use crate::store::StoreError;

/// Whether the alarm is raised, shared by all who write.
#[derive(Clone, Debug)]
pub(crate) struct Alarm {
    file: PathBuf,
    raised: Arc<OnceLock<String>>,
}

impl Alarm {
    /// As a folder has it.
    pub(crate) fn of(folder: &Path) -> Result<Self, StoreError> {
        let alarm = Self { file: folder.join(FILE), raised: Arc::default() };
        if let Some(why) = raised_in(folder)? {
            // it was not raised before, it was just made
            let _ = alarm.raised.set(why);
        }
        Ok(alarm)
    }

    /// Why nothing may be appended.
    pub(crate) fn raised(&self) -> Option<&str> {
        self.raised.get().map(String::as_str)
    }

    /// Raises it for good: first in memory, then in a file, with both notes.
    pub(crate) fn raise(&self, why: &str) -> Result<(), StoreError> {
        let _ = self.raised.set(why.to_owned());
        let write = || {
            let mut file = std::fs::File::options().create(true).append(true).open(&self.file)?;
            file.write_all(format!("{why}\n").as_bytes())?;
            file.sync_all()?;
            name_kept(&self.file)
        };
        write().map_err(|source| StoreError::File { file: self.file.clone(), source })
    }
}

/// Why a folder's ledger takes nothing any more; none if it does.
///
/// # Errors
///
/// [`StoreError::File`] if the alarm's file is there and cannot be read.
pub fn raised_in(folder: &Path) -> Result<Option<String>, StoreError> {
    let file = folder.join(FILE);
    match std::fs::read_to_string(&file) {
        Ok(why) => Ok(Some(why.trim_end().to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StoreError::File { file, source }),
    }
}

/// Ends the alarm of a folder whose ledger is not running; what it said stays, under the moment of its end. False if there
/// was none.
///
/// # Errors
///
/// [`StoreError::File`] if the alarm's file cannot be put aside.
pub fn clear(folder: &Path, at: &str, reason: &str) -> Result<bool, StoreError> {
    let Some(why) = raised_in(folder)? else { return Ok(false) };
    let aside = folder.join(format!("fork-alarm.cleared-{}.txt", at.replace(':', "")));
    let put = || {
        let mut put = std::fs::File::create(&aside)?;
        put.write_all(format!("{why}\n\ncleared at {at}: {reason}\n").as_bytes())?;
        put.sync_all()?;
        name_kept(&aside)
    };
    put().map_err(|source| StoreError::File { file: aside.clone(), source })?;
    let file = folder.join(FILE);
    let removed = std::fs::remove_file(&file).and_then(|()| name_kept(&file));
    removed.map_err(|source| StoreError::File { file, source })?;
    Ok(true)
}

const FILE: &str = "fork-alarm.txt";

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use serde_json::json;

    use super::*;
    use crate::append::AppendError;
    use crate::clock::Clock as _;
    use crate::genesis::{ClockChoice, RunOptions};
    use crate::reactor::{Consequence, NotFollowed, Reactor, SubjectReader};
    use crate::recorded::RecordedRow;
    use crate::test_ledger::{TestLedger, stepped};
    use crate::timestamp::Timestamp;

    /// Says when the writer is in the middle of a visit, and keeps it there until it is let go.
    struct Holding {
        reached: Sender<()>,
        go_on: Receiver<()>,
    }

    impl Reactor for Holding {
        fn follow(
            &mut self,
            cause: &RecordedRow<'_>,
            _as_of: &Timestamp,
            _reader: &dyn SubjectReader,
        ) -> Result<Vec<Consequence>, NotFollowed> {
            if cause.event_type == "Visited" {
                self.reached.send(()).unwrap();
                self.go_on.recv().unwrap();
            }
            Ok(Vec::new())
        }

        fn forget(&mut self, _subject: &str) {}

        fn forget_all(&mut self) {}
    }

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
        assert_eq!(raised_in(folder.path()).unwrap().as_deref(), Some("a test"));
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
}
