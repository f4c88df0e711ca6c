//! The runner: what comes to premises without anybody's command is computed and recorded, once each, however late. A deadline
//! that ended while the server was away is marked on its return, with the day that it truly ended on; a unit that changed
//! moves the rounds of its building, a building whose lowest grade binds its units, an alert the rounds of vacant premises.
//!
//! Nothing here decides. [`passed`](wuping_domain::passing::passed) says what has come by now,
//! [`compute`](wuping_domain::reaction::compute) what an entry must say, and the writer takes it only if no entry of the
//! subjects it was computed from came in between; the id follows from the reaction and the entry that brought it, so a
//! crash, a second node or a second look records nothing twice. All that is kept here can be lost: it is read from the
//! ledger again.

mod look;
mod street;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use wuping_domain::event::Unreadable;
use wuping_domain::passing::begins;
use wuping_domain::recorded::local_date;
use wuping_domain::refused::Refused;
use wuping_ledger::append::AppendError;
use wuping_ledger::refusal::Refusal;
use wuping_ledger::store::StoreError;
use wuping_ledger::timestamp::Timestamp;
use wuping_projections::error::causes;

use self::look::{Held, Look};
use self::street::Street;
use crate::app::App;

/// Looks at premises when something was recorded of them or of their neighbours, and when a day begins on which something
/// comes to them.
#[derive(Debug, Default)]
pub struct Runner {
    street: Street,
    /// Premises that could not be settled: looked at again at the next pass.
    unsettled: BTreeSet<String>,
    /// How often premises were looked at.
    looks: u64,
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
        let (before, began) = (runner.looks, Instant::now());
        let passed = runner.pass(&app, Timestamp::now()).await;
        let (looks, milliseconds) = (runner.looks - before, began.elapsed().as_millis());
        match passed {
            Ok(0) => tracing::debug!(looks, milliseconds, "nothing has come"),
            Ok(recorded) => tracing::info!(recorded, looks, milliseconds, "what time brought is recorded"),
            Err(error) => {
                let causes = causes(&error).join(": ");
                tracing::error!(%causes, "what time brought could not be recorded; it is tried again");
            }
        }
        tokio::time::sleep(BETWEEN_PASSES).await;
    }
}

impl Runner {
    /// Records all that has come to premises by `now` and that is not recorded yet, day after day of those on which something
    /// came; answers how many entries that took.
    ///
    /// # Errors
    /// [`RunError`] of the first premises that could not be settled. The others were; these are looked at again at the
    /// next pass.
    pub async fn pass(&mut self, app: &App, now: Timestamp) -> Result<usize, RunError> {
        let mut again = std::mem::take(&mut self.unsettled);
        let (mut recorded, mut failed) = (0, None);
        loop {
            let walked = self.street.walked(app.reader().clone()).await;
            let mut touched = walked.inspect_err(|_| self.unsettled.append(&mut again))?;
            touched.append(&mut again);
            // what could not be settled waits for the next pass
            touched.retain(|own| !self.unsettled.contains(own));
            self.look_at_all(app, touched, now, &mut failed).await;
            let Some((day, woken)) = self.street.first_woken(local_date(now.datetime())) else { break };
            recorded += self.settle_all(app, day, woken, now, &mut failed).await?;
        }
        if recorded > 0 {
            app.views.appended();
        }
        failed.map_or(Ok(recorded), Err)
    }

    /// Finds out, many at a time, when something comes to premises, or came.
    async fn look_at_all(
        &mut self,
        app: &App,
        touched: BTreeSet<String>,
        now: Timestamp,
        failed: &mut Option<RunError>,
    ) {
        let touched = Vec::from_iter(touched);
        self.looks += touched.len() as u64;
        for many in touched.chunks(AT_A_TIME) {
            let looks: Vec<Look> = many.iter().map(|own| self.street.look(own, app, now)).collect();
            let days = in_background(move || looks.into_iter().map(Look::day).collect::<Vec<_>>()).await;
            match days {
                Ok(days) => {
                    for (own, day) in many.iter().zip(days) {
                        match day {
                            Ok(day) => self.street.wakes(own, day),
                            Err(error) => self.put_off(own, error, failed),
                        }
                    }
                }
                Err(error) => {
                    self.unsettled.extend(many.iter().cloned());
                    failed.get_or_insert(error);
                }
            }
        }
    }

    /// Settles premises to which something came on this day.
    async fn settle_all(
        &mut self,
        app: &App,
        day: NaiveDate,
        woken: BTreeSet<String>,
        now: Timestamp,
        failed: &mut Option<RunError>,
    ) -> Result<usize, RunError> {
        let (mut recorded, today) = (0, local_date(now.datetime()));
        let as_of = if day < today { Timestamp::from_datetime(begins(day)) } else { now };
        self.looks += woken.len() as u64;
        let mut waiting = woken.into_iter();
        while let Some(own) = waiting.next() {
            let look = self.street.look(&own, app, as_of);
            let settled = match in_background(move || Held::read(look)).await {
                Ok(Ok(held)) => settle(app, held, now).await,
                Ok(Err(error)) | Err(error) => Err(error),
            };
            match settled {
                Ok((entries, comes_on)) => {
                    recorded += entries;
                    self.street.wakes(&own, comes_on);
                }
                // nothing can be recorded at all: the others would fail alike
                Err(
                    error @ RunError::Append(
                        AppendError::Alarmed | AppendError::Clock(_) | AppendError::Closed,
                    ),
                ) => {
                    self.unsettled.extend(std::iter::once(own).chain(waiting));
                    return Err(error);
                }
                Err(error) => self.put_off(&own, error, failed),
            }
        }
        Ok(recorded)
    }

    fn put_off(&mut self, own: &str, error: RunError, failed: &mut Option<RunError>) {
        self.unsettled.insert(own.to_owned());
        failed.get_or_insert(error);
    }
}

/// Records what has come to premises, one after another, each on a state that includes those before it: how many entries
/// that took, and the day on which something comes next.
async fn settle(app: &App, mut held: Held, now: Timestamp) -> Result<(usize, NaiveDate), RunError> {
    let (mut recorded, mut stale) = (0, 0);
    loop {
        let origin = app.ledger.origin().to_owned();
        let (next, back) = in_background(move || held.next(&origin)).await?;
        held = back;
        let Some((key, mut request)) = next? else { return Ok((recorded, held.comes_on()?)) };
        request.simulated_now = app.is_simulating().then_some(now);
        match app.ledger.writer().append(request).await {
            Ok(receipt) => {
                recorded += usize::from(!receipt.repeated);
                held = in_background(move || held.absorb(key, &receipt)).await??;
                stale = 0;
            }
            Err(AppendError::Stale { .. }) if stale < STALE_MAX => {
                stale += 1;
                held = in_background(move || held.anew()).await??;
            }
            Err(AppendError::Busy) => tokio::time::sleep(BUSY_WAIT).await,
            Err(error) => return Err(error.into()),
        }
    }
}

async fn in_background<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, RunError> {
    tokio::task::spawn_blocking(work).await.map_err(|source| RunError::Ended { source })
}

/// How long it rests between two passes: what is due by the day may come a little after midnight.
const BETWEEN_PASSES: Duration = Duration::from_secs(5);
/// How often it computes again because somebody recorded something meanwhile, before it leaves the premises for later.
const STALE_MAX: u32 = 10;
const BUSY_WAIT: Duration = Duration::from_millis(50);
/// How many premises are looked at in one piece of work.
const AT_A_TIME: usize = 128;
