//! The writer's desk: store, state, keys, clock and rules at hand of the one thread that writes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use uuid::Uuid;

use crate::alarm::Alarm;
use crate::append::{AppendError, AppendRequest, CheckedRequest, Receipt};
use crate::checkpoints::CheckpointBook;
use crate::clock::{Clock, ClockFault, SystemClock, judge};
use crate::committing::{FoldedHeads, is_committed};
use crate::encoding::Hash;
use crate::held_keys::HeldKeys;
use crate::keyring::SealingKey;
use crate::keys::{Kid, Signer};
use crate::reactor::Reactor;
use crate::recent::RecentStreams;
use crate::refusal::Refusal;
use crate::sealing::seal;
use crate::select::damaged;
use crate::staging::{Staged, Staging};
use crate::standing::{KeyStanding, check_claimed_time};
use crate::store::{Asked, Known, LedgerStore, Outcome, Scheme, SealedKey, StoreError};
use crate::stream::{StreamPath, subject_of};
use crate::timestamp::Timestamp;
use crate::tree_state::TreeState;
use crate::writer::Waiting;

/// Everything the writer works with.
pub(crate) struct Desk {
    origin: String,
    store: Box<dyn LedgerStore>,
    /// None after a failure, until it could be read again.
    state: Option<TreeState>,
    held: HeldKeys,
    /// Under which another node may have sealed a key since.
    master: SealingKey,
    reactor: Box<dyn Reactor>,
    clock: Arc<dyn Clock>,
    simulated: bool,
    /// The kind of fault that an operator has accepted; forgotten as soon as the clock is in order again.
    accepted: Option<ClockFault>,
    checkpoints: CheckpointBook,
    alarm: Alarm,
    recent: Arc<RecentStreams>,
    /// Position and hash of the last entry that is known to be durable: whatever is read from here on has it.
    durable: Option<(u64, Hash)>,
}

impl Desk {
    /// Reads the state of the store.
    pub(crate) fn open(
        origin: String,
        mut store: Box<dyn LedgerStore>,
        (held, master): (HeldKeys, SealingKey),
        reactor: Box<dyn Reactor>,
        (clock, simulated): (Arc<dyn Clock>, bool),
        (checkpoints, alarm): (CheckpointBook, Alarm),
        recent: Arc<RecentStreams>,
    ) -> Result<Self, StoreError> {
        let state = Some(TreeState::load(store.reads(), &origin)?);
        if simulated {
            store.wait_for_disk(false)?;
        }
        Ok(Self {
            origin,
            store,
            state,
            held,
            master,
            reactor,
            clock,
            simulated,
            accepted: None,
            checkpoints,
            alarm,
            recent,
            durable: None,
        })
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Decides and writes a batch of commands, then answers each.
    pub(crate) fn append(&mut self, batch: Vec<Waiting>) {
        let (requests, replies): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|waiting| (*waiting.checked, waiting.reply)).unzip();
        let (streams, event_ids) = asked_by(&requests, self.state.as_ref());
        let asked = Asked { streams: streams.iter().map(String::as_str).collect(), event_ids };
        let answers = self
            .in_transaction(&asked, requests.len(), |staging, clock| decide_each(requests, staging, clock));
        for (reply, answer) in replies.into_iter().zip(answers) {
            // whoever has gone finds the outcome by the event id
            let _ = reply.send(answer);
        }
    }

    /// Writes these commands in one transaction, or none of them: the first entries of a ledger.
    pub(crate) fn append_all(&mut self, requests: Vec<AppendRequest>) -> Result<(), AppendError> {
        let checked: Vec<_> =
            requests.into_iter().map(|request| request.checked()).collect::<Result<_, _>>()?;
        let mut refused = None;
        let answers = self.in_transaction(&Asked::default(), checked.len(), |staging, clock| {
            let answers = decide_each(checked, staging, clock);
            if let Some(Err(error)) = answers.iter().find(|answer| answer.is_err()) {
                refused = Some(error.clone());
                staging.staged = Staged::default();
            }
            answers
        });
        if refused.is_some() {
            self.state = None;
        }
        refused.map_or(Ok(()), Err)?;
        answers.into_iter().try_for_each(|answer| answer.map(|_| ()))
    }

    /// Commits to all heads, unless the last entry is such a commitment.
    pub(crate) fn commit_heads(&mut self, folded: FoldedHeads) -> Result<Option<Receipt>, AppendError> {
        self.store.revive()?;
        if is_committed(self.store.reads())? {
            return Ok(None);
        }
        self.heads_entry(folded).map(Some)
    }

    /// Under the lock: another node may have written a moment ago.
    fn heads_entry(&mut self, folded: FoldedHeads) -> Result<Receipt, AppendError> {
        let mut answers = self.in_transaction(&Asked::default(), 1, |staging, clock| {
            let staged = clock.at(staging, None).and_then(|at| {
                let request = folded.request(staging.store, staging.state.frontier.size(), at)?;
                staging.by_writer(request.checked()?, at)
            });
            vec![staged]
        });
        answers.pop().unwrap_or(Err(AppendError::Closed))
    }

    /// Keeps what a refused command was told, or answers its first outcome.
    pub(crate) fn record_refusal(&mut self, outcome: Outcome) -> Result<Outcome, AppendError> {
        self.store.revive()?;
        if let Some(first) = self.first_outcome(&outcome)? {
            return Ok(first);
        }
        self.store.put_refusal(&outcome)?;
        // another node may have settled it while the lock was waited for
        Ok(self.first_outcome(&outcome)?.unwrap_or(outcome))
    }

    /// What became of a command before, if it was this very one.
    fn first_outcome(&self, outcome: &Outcome) -> Result<Option<Outcome>, AppendError> {
        let event_id = outcome.event_id;
        match self.store.reads().outcome(&event_id)? {
            Some(first) if first.digest == outcome.digest => Ok(Some(first)),
            Some(_) => Err(AppendError::DifferentCommand { event_id }),
            None if self.store.reads().position_of(&event_id)?.is_some() => {
                Err(AppendError::DifferentCommand { event_id })
            }
            None => Ok(None),
        }
    }

    /// How a key and a stream stand now: under the lock, since another node may have written a moment ago.
    pub(crate) fn standing(&mut self, kid: &Kid, stream: &StreamPath) -> Result<KeyStanding, AppendError> {
        let mut found = None;
        let asked = Asked { streams: vec![stream.as_str()], event_ids: Vec::new() };
        let mut failed = self.in_transaction(&asked, 1, |staging, _| {
            found = Some(staging.standing(kid, stream));
            Vec::new()
        });
        match (found, failed.pop()) {
            (Some(found), _) => found,
            (None, Some(Err(error))) => Err(error),
            (None, _) => Err(AppendError::Closed),
        }
    }

    pub(crate) fn hold(&mut self, key: &SealedKey, signer: Arc<Signer>) -> Result<(), AppendError> {
        self.store.revive()?;
        self.store.put_sealed_key(key)?;
        self.held.hold(signer);
        Ok(())
    }

    pub(crate) fn keep_scheme(&mut self, scheme: &Scheme) -> Result<(), AppendError> {
        let named = crate::encoding::Hash::of(&scheme.bytes).hex() == scheme.sha256;
        crate::refusal::need(named, "scheme-digest", "a rulebook is named by the digest of its bytes")?;
        self.store.revive()?;
        Ok(self.store.put_scheme(scheme)?)
    }

    /// Accepts the clock's fault, if it has one. A clock that is ahead is written down at once, so that it holds for
    /// whoever opens the ledger next; one that is behind is accepted for as long as this writer works.
    pub(crate) fn accept_clock(&mut self) -> Result<Option<ClockFault>, AppendError> {
        self.state()?;
        let fault = self.fault();
        self.accepted.clone_from(&fault);
        if let Some(ClockFault::Ahead { .. }) = fault {
            let folded = FoldedHeads::of(self.store.reads())?;
            self.heads_entry(folded)?;
        }
        Ok(fault)
    }

    pub(crate) fn finish_simulation(&mut self) -> Result<(), AppendError> {
        if !self.simulated {
            return Err(AppendError::NotSimulated);
        }
        let clock = SystemClock::default();
        let now_ms = clock.wall_ms();
        let state = self.state()?;
        if let Some(last_ms) = state.last_ms().filter(|last_ms| *last_ms > now_ms) {
            return Err(AppendError::Clock(ClockFault::Behind { behind_ms: last_ms - now_ms }));
        }
        state.written = None;
        self.store.wait_for_disk(true)?;
        self.clock = Arc::new(clock);
        self.simulated = false;
        Ok(())
    }

    /// How long until a checkpoint is due; none while the newest size is signed.
    pub(crate) fn checkpoint_due_in(&self) -> Option<Duration> {
        self.state.as_ref().and_then(|state| self.checkpoints.due_in(state.frontier.size()))
    }

    /// Signs if a checkpoint is due. One that could not be kept is tried again a second later.
    pub(crate) fn sign_due_checkpoint(&mut self) {
        if self.checkpoint_due_in().is_some()
            && let Err(error) = self.sign_now()
        {
            tracing::error!(error = &error as &dyn std::error::Error, "a checkpoint could not be signed");
        }
    }

    pub(crate) fn sign_now(&mut self) -> Result<String, AppendError> {
        self.store.revive()?;
        self.state()?;
        let Some(state) = &self.state else { return Err(AppendError::Closed) };
        Ok(self.checkpoints.sign(self.store.as_mut(), &state.frontier)?)
    }

    /// Runs a batch between `begin` and `commit`. What is answered as done is done; if the commit fails, everything
    /// that was new in it is answered as failed and memory is read from the store again.
    fn in_transaction(
        &mut self,
        asked: &Asked<'_>,
        count: usize,
        decide: impl FnOnce(&mut Staging<'_>, &mut BatchClock) -> Vec<Result<Receipt, AppendError>>,
    ) -> Vec<Result<Receipt, AppendError>> {
        let failed = |error: AppendError| (0..count).map(|_| Err(error.clone())).collect();
        if let Err(error) = self.state().map(|_| ()) {
            return failed(error);
        }
        // nothing of the batch is sent yet: a connection that was lost since the last one is made anew
        let known = match self.begin(asked).or_else(|_| self.begin_anew(asked)) {
            Ok(known) => known,
            Err(error) => {
                self.store.abandon();
                self.state = None;
                return failed(error);
            }
        };
        let mut batch_clock = BatchClock {
            fault: self.unaccepted_fault(),
            now: now(self.clock.as_ref()),
            simulated: self.simulated,
        };
        let Some(state) = self.state.as_mut() else { return failed(AppendError::Closed) };
        let size = state.frontier.size();
        let mut staging = Staging {
            origin: &self.origin,
            store: self.store.reads(),
            known,
            state,
            held: &self.held,
            reactor: self.reactor.as_mut(),
            staged: Staged::default(),
        };
        let mut answers = decide(&mut staging, &mut batch_clock);
        let staged = staging.staged;
        if let Err(error) = self.write(staged) {
            tracing::error!(error = &error as &dyn std::error::Error, "a batch could not be committed");
            let error = AppendError::from(error);
            for answer in &mut answers {
                if answer.as_ref().is_ok_and(|receipt| receipt.position >= size) {
                    *answer = Err(error.clone());
                }
            }
        }
        answers
    }

    /// Takes the head lock; if others have written since this node's last batch, takes that in before anything is decided. One that
    /// has raised the fork alarm stops this node as well.
    fn begin(&mut self, asked: &Asked<'_>) -> Result<Known, StoreError> {
        let known = self.store.begin(asked)?;
        if let Some(raised) = &known.alarm {
            self.alarm.hear(raised.clone());
            return Err(StoreError::Alarmed);
        }
        let Some(state) = self.state.as_mut() else { return Ok(known) };
        let (size, found) = (state.frontier.size(), known.head.as_ref());
        if found.map_or(size == 0, |head| head.frontier == state.frontier) {
            return Ok(known);
        }
        let Some(head) = found.filter(|head| head.frontier.size() > size) else {
            let found = found.map_or(0, |head| head.frontier.size());
            return Err(damaged(format!("it had {size} entries, and has {found} or other ones")));
        };
        let caught = state.catch_up(self.store.reads(), head, &self.origin)?;
        for stream in &caught.streams {
            self.reactor.forget(subject_of(stream));
            self.recent.forget(stream);
        }
        if caught.keys {
            let sealed = self.store.reads().sealed_keys()?;
            let opened = HeldKeys::open(&sealed, &self.master);
            self.held = opened.map_err(|error| StoreError::Corrupt { what: error.to_string() })?;
        }
        Ok(known)
    }

    fn begin_anew(&mut self, asked: &Asked<'_>) -> Result<Known, AppendError> {
        self.store.abandon();
        self.state = None;
        self.state()?;
        Ok(self.begin(asked)?)
    }

    fn write(&mut self, staged: Staged) -> Result<(), StoreError> {
        let (Some(last), Some(state)) = (staged.entries.last(), self.state.as_mut()) else {
            self.store.abandon();
            return Ok(());
        };
        let (last, mark) = (last.recorded_at, self.clock.monotonic());
        let store = self.store.as_mut();
        let sealed = seal(state, staged, last, mark.clone(), |rows| store.rows_are_signed(rows));
        let committed = sealed.and_then(|batch| store.commit(&batch).map(|()| batch.rows));
        match &committed {
            Ok(rows) => {
                self.durable = rows.last().map(|row| (row.position, row.leaf_hash));
                self.recent.committed(rows);
                rows.iter().for_each(|row| state.subjects.written(&row.aggregate_id, row.position));
                state.recorded_at = Some(last);
                state.written = Some(mark);
                state.trim();
                if self.fault().is_none() {
                    self.accepted = None;
                }
            }
            Err(_) => {
                self.store.abandon();
                self.state = None;
                self.reactor.forget_all();
            }
        }
        committed.map(|_| ())
    }

    /// The state, read again if it was given up.
    fn state(&mut self) -> Result<&mut TreeState, AppendError> {
        if self.state.is_none() {
            self.store.revive()?;
            let state = TreeState::load(self.store.reads(), &self.origin)?;
            self.check_durable(state.frontier.size())?;
            self.state = Some(state);
            self.reactor.forget_all();
        }
        self.state.as_mut().ok_or(AppendError::Closed)
    }

    /// A server that took over from another may lack what that one had confirmed: nothing is built on it.
    fn check_durable(&self, size: u64) -> Result<(), StoreError> {
        let Some((position, leaf)) = self.durable else { return Ok(()) };
        let there = size > position && self.store.reads().leaf_hashes(position, position + 1)? == [leaf];
        match there {
            true => Ok(()),
            false => Err(damaged(format!("entry {position} was acknowledged, and is gone or another one"))),
        }
    }

    /// What is wrong with the clock, if anything is.
    fn fault(&self) -> Option<ClockFault> {
        let state = self.state.as_ref().filter(|_| !self.simulated)?;
        let last_ms = state.last_ms()?;
        judge(self.clock.wall_ms(), &self.clock.monotonic(), last_ms, state.written.as_ref()).err()
    }

    fn unaccepted_fault(&self) -> Option<ClockFault> {
        let fault = self.fault()?;
        let accepted = self
            .accepted
            .as_ref()
            .is_some_and(|accepted| std::mem::discriminant(accepted) == std::mem::discriminant(&fault));
        (!accepted).then_some(fault)
    }
}

/// What a batch of commands needs to know of the store, each thing once. Versions that are in memory are not asked for again: what
/// others have written since is taken in before anything is decided.
fn asked_by(requests: &[CheckedRequest], state: Option<&TreeState>) -> (BTreeSet<String>, Vec<Uuid>) {
    let is_known = |stream: &str| state.is_some_and(|state| state.versions.contains_key(stream));
    let events = requests.iter().flat_map(|checked| &checked.request.events);
    let streams = events.map(|event| event.stream.as_str()).filter(|stream| !is_known(stream));
    let streams = streams.map(str::to_owned).collect();
    (streams, requests.iter().map(|checked| checked.request.event_id).collect())
}

/// Decides commands in their order; one that fails leaves the others alone.
fn decide_each(
    requests: Vec<CheckedRequest>,
    staging: &mut Staging<'_>,
    clock: &mut BatchClock,
) -> Vec<Result<Receipt, AppendError>> {
    let decide = |checked: CheckedRequest| match staging.settled(&checked.request)? {
        Some(receipt) => Ok(receipt),
        None => {
            let at = clock.at(staging, checked.request.simulated_now)?;
            clock.check_occurred(checked.request.occurred_at, at)?;
            staging.command(checked, at)
        }
    };
    requests.into_iter().map(decide).collect()
}

/// The time of a batch: read once, the same for all of its commands unless the ledger is simulated.
struct BatchClock {
    fault: Option<ClockFault>,
    now: Timestamp,
    simulated: bool,
}

impl BatchClock {
    /// The time of the next command: never before the entry that stands before it.
    fn at(&self, staging: &Staging<'_>, simulated: Option<Timestamp>) -> Result<Timestamp, AppendError> {
        if let Some(fault) = &self.fault {
            return Err(AppendError::Clock(fault.clone()));
        }
        if simulated.is_some() && !self.simulated {
            return Err(AppendError::NotSimulated);
        }
        let last = staging.staged.entries.last().map(|entry| entry.recorded_at).or(staging.state.recorded_at);
        let now = simulated.unwrap_or(self.now);
        Ok(last.map_or(now, |last| last.max(now)))
    }

    /// As [`check_claimed_time`]; a simulation is told its time by each request, and may be told any.
    fn check_occurred(&self, occurred_at: Timestamp, at: Timestamp) -> Result<(), Refusal> {
        if self.simulated { Ok(()) } else { check_claimed_time(occurred_at, at) }
    }
}

fn now(clock: &dyn Clock) -> Timestamp {
    Timestamp::from_datetime(DateTime::from_timestamp_millis(clock.wall_ms()).unwrap_or_default())
}
