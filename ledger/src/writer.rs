//! The one writer: a thread that takes what is waiting, decides it in memory and writes it in one transaction.
//!
//! Acknowledged means durable and in the tree. Commands keep the order in which they were taken from the queue; one
//! that fails leaves its neighbours alone. After a failed commit nothing in memory is believed: it is read again.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use uuid::Uuid;

use crate::alarm::{Alarm, RaisedAlarm};
use crate::append::{AppendError, AppendRequest, CheckedRequest, Receipt};
use crate::clock::ClockFault;
use crate::committing::FoldedHeads;
use crate::desk::Desk;
use crate::keys::{Kid, Signer};
use crate::standing::KeyStanding;
use crate::store::{Outcome, Scheme, SealedKey, StoreError};
use crate::stream::StreamPath;

/// Gives work to the writer. Cheap to clone; the writer ends when it is closed or the last handle is dropped.
#[derive(Clone, Debug)]
pub struct WriterHandle {
    queue: SyncSender<Job>,
    origin: Arc<str>,
    alarm: Alarm,
    /// Held by the writer's thread for as long as it works.
    at_work: Weak<()>,
}

impl WriterHandle {
    /// Appends a command's events and waits until they are durable.
    ///
    /// # Errors
    ///
    /// [`AppendError`]; with [`AppendError::Busy`] nothing was taken.
    pub async fn append(&self, request: AppendRequest) -> Result<Receipt, AppendError> {
        self.submit(request)?.await.unwrap_or(Err(AppendError::Closed))
    }

    /// As [`WriterHandle::append`], outside of async code; waits for room in the queue.
    ///
    /// # Errors
    ///
    /// [`AppendError`], never [`AppendError::Busy`].
    pub fn append_blocking(&self, request: AppendRequest) -> Result<Receipt, AppendError> {
        self.submit_waiting(request)?.blocking_recv().unwrap_or(Err(AppendError::Closed))
    }

    /// Gives a command to the writer without waiting for its outcome, which arrives at the receiver.
    ///
    /// # Errors
    ///
    /// [`AppendError::Busy`] when the queue is full, [`AppendError::Rule`] for a malformed event.
    pub fn submit(
        &self,
        request: AppendRequest,
    ) -> Result<oneshot::Receiver<Result<Receipt, AppendError>>, AppendError> {
        let (job, answer) = self.append_job(request)?;
        self.offer(job)?;
        Ok(answer)
    }

    /// As [`WriterHandle::submit`], outside of async code; waits for room in the queue: for importers.
    ///
    /// # Errors
    ///
    /// [`AppendError::Rule`] for a malformed event, [`AppendError::Closed`].
    pub fn submit_waiting(
        &self,
        request: AppendRequest,
    ) -> Result<oneshot::Receiver<Result<Receipt, AppendError>>, AppendError> {
        let (job, answer) = self.append_job(request)?;
        self.queue.send(job).map_err(|_| AppendError::Closed)?;
        Ok(answer)
    }

    /// Keeps what a refused command was told, in its own transaction; answers the command's first outcome, which is
    /// another one when the same command was settled before.
    ///
    /// # Errors
    ///
    /// [`AppendError::DifferentCommand`] if the id was used for another one.
    pub async fn record_refusal(
        &self,
        event_id: Uuid,
        digest: [u8; 32],
        result: String,
    ) -> Result<Outcome, AppendError> {
        let outcome = Outcome { event_id, digest, position: None, result };
        self.ask(|reply| Job::Refuse { outcome, reply }).await
    }

    /// Commits to the heads, which were folded up to some entry; none if there is nothing new since the last time.
    pub(crate) async fn commit_heads(&self, folded: FoldedHeads) -> Result<Option<Receipt>, AppendError> {
        if self.alarm.raised().is_some() {
            return Err(AppendError::Alarmed);
        }
        let folded = Box::new(folded);
        self.ask(|reply| Job::CommitHeads { folded, reply }).await
    }

    /// How a key and a stream stand now: the numbers that whoever signs elsewhere signs next.
    ///
    /// # Errors
    ///
    /// [`AppendError::Rule`] with `key-not-enrolled` for a key that was never enrolled.
    pub async fn standing(&self, kid: Kid, stream: StreamPath) -> Result<KeyStanding, AppendError> {
        self.ask(|reply| Job::Standing { asked: Box::new((kid, stream)), reply }).await
    }

    /// Keeps the bytes of a compiled rulebook: before the event that names them is appended.
    ///
    /// # Errors
    ///
    /// [`AppendError::Store`].
    pub async fn keep_scheme(&self, scheme: Scheme) -> Result<(), AppendError> {
        self.ask(|reply| Job::KeepScheme { scheme, reply }).await
    }

    /// Signs a checkpoint of the newest stored size now; answers the note.
    ///
    /// # Errors
    ///
    /// [`AppendError::Store`].
    pub async fn sign_now(&self) -> Result<String, AppendError> {
        self.ask(|reply| Job::SignCheckpoint { reply }).await
    }

    /// The operator says that the clock is right though it jumped. Answers what was accepted; none if the clock is in
    /// order. A clock that is ahead is accepted for good, by an entry that bears its time; one that is behind only until
    /// this writer is closed, since entries bear the last one's time until the clock has caught up.
    ///
    /// # Errors
    ///
    /// [`AppendError`] if the entry could not be written.
    pub async fn accept_clock(&self) -> Result<Option<ClockFault>, AppendError> {
        self.ask(|reply| Job::AcceptClock { reply }).await
    }

    /// Ends a simulation: from here on the machine's clock counts.
    ///
    /// # Errors
    ///
    /// [`AppendError::NotSimulated`], or [`AppendError::Clock`] if the last entry lies in the future.
    pub async fn finish_simulation(&self) -> Result<(), AppendError> {
        self.ask(|reply| Job::FinishSimulation { reply }).await
    }

    /// Lets the writer finish what is waiting, sign its last checkpoint and end.
    ///
    /// # Errors
    ///
    /// [`AppendError::Closed`] if it had ended already, [`AppendError::Store`] if the checkpoint could not be kept.
    pub async fn close(&self) -> Result<(), AppendError> {
        self.ask(|reply| Job::Close { reply }).await
    }

    /// Raises the fork alarm: from here on nothing is appended by this node, over restarts too. [`WriterHandle::keep_alarm`] stops
    /// the others.
    ///
    /// # Errors
    ///
    /// [`StoreError::File`] if it could not be kept; it holds all the same until the program ends.
    pub fn raise_alarm(&self, why: &str) -> Result<(), StoreError> {
        self.alarm.raise(why)
    }

    /// Writes the alarm that is raised into the database, where every other node finds it with its next batch. Blocks.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it could not be kept there: to be tried again.
    pub fn keep_alarm(&self) -> Result<(), StoreError> {
        self.alarm.keep()
    }

    /// Another node has raised this alarm, as a reader of the ledger says: nothing is appended here either.
    pub fn hear_alarm(&self, raised: RaisedAlarm) {
        self.alarm.hear(raised);
    }

    /// Why nothing may be appended; none if it may.
    #[must_use]
    pub fn alarm(&self) -> Option<&str> {
        self.alarm.raised()
    }

    /// Whether the writer is at work. It is not after it was closed, nor after a panic: nothing is appended then until
    /// the ledger is opened again.
    #[must_use]
    pub fn is_at_work(&self) -> bool {
        self.at_work.strong_count() > 0
    }

    /// The ledger's origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Keeps a sealed key and holds it open for signing.
    pub(crate) async fn hold(&self, key: SealedKey, signer: Arc<Signer>) -> Result<(), AppendError> {
        self.ask(|reply| Job::Hold { key, signer, reply }).await
    }

    fn append_job(
        &self,
        request: AppendRequest,
    ) -> Result<(Job, oneshot::Receiver<Result<Receipt, AppendError>>), AppendError> {
        if self.alarm.raised().is_some() {
            return Err(AppendError::Alarmed);
        }
        let checked = Box::new(request.checked()?);
        let (reply, answer) = oneshot::channel();
        Ok((Job::Append(Waiting { checked, reply }), answer))
    }

    fn offer(&self, job: Job) -> Result<(), AppendError> {
        self.queue.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => AppendError::Busy,
            TrySendError::Disconnected(_) => AppendError::Closed,
        })
    }

    /// Asks for something that must get through: waits for room without blocking the caller's thread.
    async fn ask<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, AppendError>>) -> Job,
    ) -> Result<T, AppendError> {
        let (reply, answer) = oneshot::channel();
        let mut job = job(reply);
        loop {
            match self.queue.try_send(job) {
                Ok(()) => return answer.await.unwrap_or(Err(AppendError::Closed)),
                Err(TrySendError::Disconnected(_)) => return Err(AppendError::Closed),
                Err(TrySendError::Full(back)) => job = back,
            }
            tokio::time::sleep(ROOM_AGAIN).await;
        }
    }
}

/// A command in the queue.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) checked: Box<CheckedRequest>,
    pub(crate) reply: oneshot::Sender<Result<Receipt, AppendError>>,
}

#[derive(Debug)]
enum Job {
    AcceptClock { reply: oneshot::Sender<Result<Option<ClockFault>, AppendError>> },
    Append(Waiting),
    Close { reply: oneshot::Sender<Result<(), AppendError>> },
    CommitHeads { folded: Box<FoldedHeads>, reply: oneshot::Sender<Result<Option<Receipt>, AppendError>> },
    FinishSimulation { reply: oneshot::Sender<Result<(), AppendError>> },
    Hold { key: SealedKey, signer: Arc<Signer>, reply: oneshot::Sender<Result<(), AppendError>> },
    KeepScheme { scheme: Scheme, reply: oneshot::Sender<Result<(), AppendError>> },
    Refuse { outcome: Outcome, reply: oneshot::Sender<Result<Outcome, AppendError>> },
    SignCheckpoint { reply: oneshot::Sender<Result<String, AppendError>> },
    Standing { asked: Box<(Kid, StreamPath)>, reply: oneshot::Sender<Result<KeyStanding, AppendError>> },
}

/// Starts the writer's thread. The thread ends after [`WriterHandle::close`] or with the last handle.
pub(crate) fn start(
    desk: Desk,
    alarm: Alarm,
    queue_max: usize,
) -> std::io::Result<(WriterHandle, JoinHandle<()>)> {
    let (queue, jobs) = sync_channel(queue_max.max(1));
    let origin = Arc::from(desk.origin());
    let (watched, held) = (alarm.clone(), Arc::new(()));
    let at_work = Arc::downgrade(&held);
    let thread = std::thread::Builder::new().name("ledger-writer".to_owned()).spawn(move || {
        let _held = held;
        work(desk, &jobs, &watched);
    })?;
    Ok((WriterHandle { queue, origin, alarm, at_work }, thread))
}

/// The writer's day: what waits, then the checkpoint when it is due. Under the fork alarm nothing is appended and nothing
/// signed, whatever was waiting when it was raised.
fn work(mut desk: Desk, jobs: &Receiver<Job>, alarm: &Alarm) {
    let mut pace = Pace::default();
    loop {
        let due = desk.checkpoint_due_in().filter(|_| alarm.raised().is_none());
        let next = match due {
            Some(due) => jobs.recv_timeout(due),
            None => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let ended = match next {
            Ok(job) => serve(&mut desk, (jobs, alarm), job, &mut pace),
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => true,
        };
        if ended {
            break;
        }
        if alarm.raised().is_none() && desk.checkpoint_due_in().is_some_and(|due| due.is_zero()) {
            desk.sign_due_checkpoint();
        }
    }
    if alarm.raised().is_none() {
        desk.sign_due_checkpoint();
    }
}

/// Answers a job under the fork alarm; true when the writer was closed, which is all that is still done.
fn refuse(job: Job) -> bool {
    match job {
        Job::AcceptClock { reply } => alarmed(reply),
        Job::Append(Waiting { reply, .. }) => alarmed(reply),
        Job::Close { reply } => {
            let _ = reply.send(Ok(()));
            return true;
        }
        Job::CommitHeads { reply, .. } => alarmed(reply),
        Job::FinishSimulation { reply } | Job::Hold { reply, .. } | Job::KeepScheme { reply, .. } => {
            alarmed(reply);
        }
        Job::Refuse { reply, .. } => alarmed(reply),
        Job::SignCheckpoint { reply } => alarmed(reply),
        Job::Standing { reply, .. } => alarmed(reply),
    }
    false
}

/// Whoever has gone does not need the answer.
fn alarmed<T>(reply: oneshot::Sender<Result<T, AppendError>>) {
    let _ = reply.send(Err(AppendError::Alarmed));
}

/// Does a job, and with an append all those that wait behind it; true when the writer was closed.
fn serve(desk: &mut Desk, (jobs, alarm): (&Receiver<Job>, &Alarm), job: Job, pace: &mut Pace) -> bool {
    let mut next = Some(job);
    while let Some(job) = next.take() {
        match job {
            job if alarm.raised().is_some() => return refuse(job),
            Job::Append(first) => {
                let (batch, behind) = gather(jobs, first, pace);
                let (commands, began) = (batch.len(), Instant::now());
                desk.append(batch);
                *pace = Pace { commands, took: began.elapsed() };
                next = behind;
            }
            Job::Close { reply } => {
                // whoever has gone does not need the answer, here and below
                let _ = reply.send(desk.sign_now().map(|_| ()));
                return true;
            }
            other => serve_single(desk, other),
        }
    }
    false
}

fn serve_single(desk: &mut Desk, job: Job) {
    match job {
        Job::AcceptClock { reply } => {
            let _ = reply.send(desk.accept_clock());
        }
        Job::CommitHeads { folded, reply } => {
            let _ = reply.send(desk.commit_heads(*folded));
        }
        Job::FinishSimulation { reply } => {
            let _ = reply.send(desk.finish_simulation());
        }
        Job::Hold { key, signer, reply } => {
            let _ = reply.send(desk.hold(&key, signer));
        }
        Job::KeepScheme { scheme, reply } => {
            let _ = reply.send(desk.keep_scheme(&scheme));
        }
        Job::Refuse { outcome, reply } => {
            let _ = reply.send(desk.record_refusal(outcome));
        }
        Job::SignCheckpoint { reply } => {
            let _ = reply.send(desk.sign_now());
        }
        Job::Standing { asked, reply } => {
            let _ = reply.send(desk.standing(&asked.0, &asked.1));
        }
        // these two are served by the caller
        Job::Append(_) | Job::Close { .. } => {}
    }
}

/// How the last batch was: what to expect of the next.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    commands: usize,
    took: Duration,
}

impl Pace {
    /// How many commands are worth a short wait. Those who were answered together come back together; taken alone, the
    /// first of them would cost a commit for which all others wait.
    fn expected(self) -> usize {
        self.commands * 3 / 4
    }

    /// For how long: much less than the commit that it saves.
    fn patience(self) -> Duration {
        (self.took / 4).min(PATIENCE_MAX)
    }
}

/// The commands that wait, up to the first other job.
fn gather(jobs: &Receiver<Job>, first: Waiting, pace: &Pace) -> (Vec<Waiting>, Option<Job>) {
    let until = Instant::now() + pace.patience();
    let mut batch = vec![first];
    while batch.len() < COMMANDS_A_BATCH {
        let next = match jobs.try_recv() {
            Err(TryRecvError::Empty) if batch.len() < pace.expected() => {
                jobs.recv_timeout(until.saturating_duration_since(Instant::now())).ok()
            }
            next => next.ok(),
        };
        match next {
            Some(Job::Append(waiting)) => batch.push(waiting),
            Some(other) => return (batch, Some(other)),
            None => break,
        }
    }
    (batch, None)
}

const COMMANDS_A_BATCH: usize = 512;
const PATIENCE_MAX: Duration = Duration::from_millis(2);
const ROOM_AGAIN: Duration = Duration::from_millis(2);
