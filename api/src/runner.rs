//! The runner: what time brings to premises is computed and recorded, once each, however late. A deadline that ended while
//! the server was away is marked on its return, with the day that it truly ended on.
//!
//! Nothing here decides. [`passing::passed`] says what has come by now, [`reaction::compute`] what an entry must say, and
//! the writer takes it only if no entry of the premises it was computed from came in between; the id follows from the
//! reaction and the entry whose clock ran out, so a crash, a second node or a second look records nothing twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use serde_json::json;
use wuping_domain::event::{Unreadable, aggregate_type};
use wuping_domain::passing::{Passed, passed};
use wuping_domain::reaction::{Rulebooks, compute};
use wuping_domain::recorded::{local_date, subject_of};
use wuping_domain::refused::Refused;
use wuping_domain::subject::Subject;
use wuping_ledger::append::{AppendError, AppendRequest, Author, NewEvent};
use wuping_ledger::entry::derived_event_id;
use wuping_ledger::jcs::canonical_str;
use wuping_ledger::reader::Reader;
use wuping_ledger::refusal::Refusal;
use wuping_ledger::store::StoreError;
use wuping_ledger::stream::StreamPath;
use wuping_ledger::timestamp::Timestamp;
use wuping_projections::error::causes;
use wuping_projections::recording::recorded;

use crate::app::App;
use crate::shelf::Shelf;

/// Looks at premises when something was recorded of them, and at all of them when a day has begun.
#[derive(Debug, Default)]
pub struct Runner {
    /// Up to where the ledger has been looked through for premises.
    looked_up_to: u64,
    /// The premises there are.
    premises: BTreeSet<String>,
    /// The day, at UTC+8, on which all of them were looked at.
    swept_on: Option<NaiveDate>,
    /// Premises that could not be settled: looked at again at the next pass.
    unsettled: BTreeSet<String>,
}

/// Why premises could not be settled. They are looked at again.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The ledger did not take a result.
    #[error("the ledger did not take what time brought")]
    Append(#[from] AppendError),
    /// Something outside the rules stopped it.
    #[error("a look at the ledger did not come to its end")]
    Ended {
        /// What the runtime says.
        #[source]
        source: tokio::task::JoinError,
    },
    /// A name the format does not allow.
    #[error("the ledger's format does not allow what time brought")]
    Format(#[from] Refusal),
    /// The ledger could not be read.
    #[error("the ledger could not be read")]
    Read(#[from] StoreError),
    /// The rules give no result.
    #[error("the rules give no result")]
    Refused(#[from] Refused),
    /// A rulebook is not kept.
    #[error("the rulebook {id} is not kept")]
    Rulebook {
        /// Its id.
        id: String,
    },
    /// An entry is of a later version.
    #[error("an entry cannot be understood")]
    Unreadable(#[from] Unreadable),
}

/// Settles what time brings for as long as the server runs.
pub async fn follow(app: Arc<App>) {
    let mut runner = Runner::default();
    loop {
        match runner.pass(&app, Timestamp::now()).await {
            Ok(0) => {}
            Ok(recorded) => tracing::info!(recorded, "what time brought is recorded"),
            Err(error) => {
                let causes = causes(&error).join(": ");
                tracing::error!(%causes, "what time brought could not be recorded; it is tried again");
            }
        }
        tokio::time::sleep(BETWEEN_PASSES).await;
    }
}

impl Runner {
    /// Records all that time has brought by `now` and that is not recorded yet; answers how many entries that took.
    ///
    /// # Errors
    /// [`RunError`] of the first premises that could not be settled. The others were; these are looked at again at the
    /// next pass.
    pub async fn pass(&mut self, app: &App, now: Timestamp) -> Result<usize, RunError> {
        let today = local_date(now.datetime());
        let touched = self.look_through(app.reader().clone()).await?;
        let due = match self.swept_on == Some(today) {
            true => touched.union(&self.unsettled).cloned().collect(),
            false => self.premises.clone(),
        };
        self.unsettled.clear();
        let (mut recorded, mut failed) = (0, None);
        for subject in due {
            match settle(app, &subject, now).await {
                Ok(entries) => recorded += entries,
                // nothing can be recorded at all: the others would fail alike
                Err(
                    error @ RunError::Append(
                        AppendError::Alarmed | AppendError::Clock(_) | AppendError::Closed,
                    ),
                ) => {
                    self.swept_on = None;
                    return Err(error);
                }
                Err(error) => {
                    self.unsettled.insert(subject);
                    failed.get_or_insert(error);
                }
            }
        }
        self.swept_on = Some(today);
        if recorded > 0 {
            app.views.appended();
        }
        failed.map_or(Ok(recorded), Err)
    }

    /// Premises of which something was recorded since the last look.
    async fn look_through(&mut self, reader: Reader) -> Result<BTreeSet<String>, RunError> {
        let from = self.looked_up_to;
        let looked = tokio::task::spawn_blocking(move || {
            let (size, mut touched) = (reader.size()?, BTreeSet::new());
            reader.rows(from, size, |row| {
                let subject = subject_of(row.stream);
                if subject.starts_with("premises/") && !touched.contains(subject) {
                    touched.insert(subject.to_owned());
                }
                Ok::<_, StoreError>(())
            })?;
            Ok::<_, StoreError>((size, touched))
        });
        let (size, touched) = looked.await.map_err(|source| RunError::Ended { source })??;
        self.looked_up_to = size;
        self.premises.extend(touched.iter().cloned());
        Ok(touched)
    }
}

/// Records what time has brought to these premises, one after another, each on a state that includes those before it.
async fn settle(app: &App, subject: &str, now: Timestamp) -> Result<usize, RunError> {
    let (mut settled, mut recorded, mut stale) = (BTreeSet::new(), 0, 0);
    loop {
        let look =
            Look { reader: app.reader().clone(), shelf: app.shelf.clone(), own: subject.to_owned(), now };
        let (origin, before) = (app.ledger.origin().to_owned(), settled.clone());
        let next = tokio::task::spawn_blocking(move || look.next(&origin, &before)).await;
        let next = next.map_err(|source| RunError::Ended { source })??;
        let Some((key, mut request)) = next else { return Ok(recorded) };
        request.simulated_now = app.is_simulating().then_some(now);
        match app.ledger.writer().append(request).await {
            Ok(receipt) => {
                recorded += usize::from(!receipt.repeated);
                settled.insert(key);
                stale = 0;
            }
            Err(AppendError::Stale { .. }) if stale < STALE_MAX => stale += 1,
            Err(AppendError::Busy) => tokio::time::sleep(BUSY_WAIT).await,
            Err(error) => return Err(error.into()),
        }
    }
}

/// What tells one thing that time brought from another: the reaction's name and the position since which its clock ran.
type Key = (&'static str, u64);

/// One look at premises.
struct Look {
    reader: Reader,
    shelf: Arc<Shelf>,
    own: String,
    now: Timestamp,
}

impl Look {
    /// The first thing that has come and is not settled, as it is to be recorded.
    fn next(&self, origin: &str, settled: &BTreeSet<Key>) -> Result<Option<(Key, AppendRequest)>, RunError> {
        let (subject, base) = self.read(&self.own)?;
        let come = passed(&self.own, &subject, self.now.datetime(), self.shelf.as_ref());
        let mut read = BTreeMap::from([(self.own.clone(), (subject, base))]);
        for passed in come {
            let key = (passed.due.reaction, passed.since);
            if settled.contains(&key) {
                continue;
            }
            if let Some(request) = self.request(&passed, origin, &mut read)? {
                return Ok(Some((key, request)));
            }
        }
        Ok(None)
    }

    /// The entry that says what has come; none where nothing is to be said after all.
    fn request(
        &self,
        passed: &Passed,
        origin: &str,
        read: &mut BTreeMap<String, (Subject, u64)>,
    ) -> Result<Option<AppendRequest>, RunError> {
        let Passed { due, since } = passed;
        for key in &due.subjects {
            if !read.contains_key(key) {
                read.insert(key.clone(), self.read(key)?);
            }
        }
        let of_due = due.subjects.iter().filter_map(|key| read.get_key_value(key));
        let (mut subjects, mut bases) = (BTreeMap::new(), Vec::new());
        for (key, (subject, base)) in of_due {
            subjects.insert(key.clone(), subject.clone());
            bases.push((key.clone(), *base));
        }
        let rulebook = self.shelf.rulebook(&due.scheme);
        let rulebook = rulebook.ok_or_else(|| RunError::Rulebook { id: due.scheme.id.clone() })?;
        let as_of = self.now.datetime();
        let Some(result) = compute(&rulebook, &subjects, due.event_type, &due.stream, as_of)? else {
            return Ok(None);
        };
        let data = json!({
            "derivation": { "scheme": due.scheme, "subjects": due.subjects },
            "result": result,
            "type": due.event_type,
        });
        let stream = StreamPath::new(&due.stream)?;
        let schema = format!("{}/1", aggregate_type(&due.stream));
        let event = NewEvent { stream, schema, data: canonical_str(&data)? };
        let cause = format!("reaction/{}/{since}", due.reaction);
        let event_id = derived_event_id(origin, &cause, 1);
        let single = AppendRequest::single(event_id, Author::Service, self.now, event);
        Ok(Some(AppendRequest { bases, ..single }))
    }

    /// Premises as they stand, with the last position read of them.
    fn read(&self, key: &str) -> Result<(Subject, u64), RunError> {
        let (mut subject, mut base) = (Subject::default(), 0);
        self.reader.each_of_subject(key, None, |row| {
            base = row.position;
            subject.apply(&recorded(&row)?);
            Ok::<_, RunError>(())
        })?;
        Ok((subject, base))
    }
}

/// How long it rests between two passes: what is due by the day may come a little after midnight.
const BETWEEN_PASSES: Duration = Duration::from_secs(5);
/// How often it computes again because somebody recorded something meanwhile, before it leaves the premises for later.
const STALE_MAX: u32 = 10;
const BUSY_WAIT: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use std::path::Path;

    use wuping_replay::verify::verify_folder;

    use super::*;

    /// Entries of a type from a position on, by stream.
    fn streams_of(app: &App, from: u64, event_type: &str) -> Vec<String> {
        let mut streams = Vec::new();
        let size = app.reader().size().unwrap();
        let each = app.reader().rows(from, size, |row| {
            if row.event_type == event_type {
                streams.push(row.stream.to_owned());
            }
            Ok::<_, StoreError>(())
        });
        each.unwrap();
        streams
    }

    fn sound(folder: &Path) {
        let verified = verify_folder(folder).unwrap();
        assert!(verified.findings.is_empty(), "{:?}", verified.findings);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_time_brought_is_recorded_once_and_anybody_computes_the_same() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("district");
        crate::sample::make(&folder).await.unwrap();
        let app = App::open(&folder).unwrap();
        let (before, now) = (app.reader().size().unwrap(), Timestamp::now());
        let mut runner = Runner::default();
        assert!(runner.pass(&app, now).await.unwrap() > 24, "each building has a round to come");
        let missed = streams_of(&app, before, "PatrolMissed");
        assert!(missed.iter().any(|stream| stream.starts_with("premises/sample-b09/")), "house 9 is overdue");
        // where a holiday lies between, another round or two may come late, whatever day this runs on
        assert!(missed.len() < 4, "{missed:?}");

        let size = app.reader().size().unwrap();
        assert_eq!(runner.pass(&app, now).await.unwrap(), 0);
        assert_eq!(
            Runner::default().pass(&app, now).await.unwrap(),
            0,
            "nor another node, nor after a crash"
        );
        assert_eq!(app.reader().size().unwrap(), size);
        sound(&folder);

        let later = Timestamp::from_datetime(now.datetime() + chrono::TimeDelta::days(1));
        runner.pass(&app, later).await.unwrap();
        let daily = streams_of(&app, size, "PatrolMissed");
        assert!(daily.iter().any(|stream| stream.starts_with("premises/sample-b24/")), "{daily:?}");
        sound(&folder);
        app.close().await.unwrap();
    }
}
