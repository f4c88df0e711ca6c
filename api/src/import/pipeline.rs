//! The way of an import into the ledger: private values first, many commands under way at a time, every failure kept.

use std::collections::VecDeque;

use serde_json::Value;
use tokio::sync::oneshot;
use uuid::Uuid;
use wuping_ledger::append::{AppendError, AppendRequest, Author, NewEvent, Receipt};
use wuping_ledger::disclosure::Disclosure;
use wuping_ledger::entry::derived_event_id;
use wuping_ledger::genesis::Ledger;
use wuping_ledger::private::split_private;
use wuping_ledger::stream::StreamPath;
use wuping_ledger::timestamp::Timestamp;
use wuping_ledger::vault::Vault;

use crate::import::{ImportError, NotTaken};

/// Commands on their way into a ledger.
pub(super) struct Pipeline<'a> {
    /// Events of commands that an earlier import wrote.
    pub(super) already_there: u64,
    /// Events written.
    pub(super) written: u64,
    failures: Vec<NotTaken>,
    kept: Vec<Prepared>,
    kind: &'static str,
    ledger: &'a Ledger,
    vault: &'a Vault,
    waiting: VecDeque<Waiting>,
}

/// One command of an import: what a row has to say to a stream.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    /// Digest of what is said, the same each time.
    pub(super) digest: [u8; 32],
    /// The publisher's number of the row.
    pub(super) row: String,
    /// Where it goes.
    pub(super) stream: StreamPath,
    event_id: Uuid,
}

struct Prepared {
    ask: Ask,
    disclosures: Vec<Disclosure>,
    request: AppendRequest,
}

struct Waiting {
    answer: oneshot::Receiver<Result<Receipt, AppendError>>,
    ask: Ask,
    digests: Vec<String>,
}

impl<'a> Pipeline<'a> {
    /// Into this ledger, by an import of this kind.
    pub(super) fn into(ledger: &'a Ledger, vault: &'a Vault, kind: &'static str) -> Self {
        Self {
            already_there: 0,
            written: 0,
            failures: Vec::new(),
            kept: Vec::with_capacity(BATCH),
            kind,
            ledger,
            vault,
            waiting: VecDeque::with_capacity(OUTSTANDING),
        }
    }

    /// A command, if it is still to be said: its id follows from where it comes from and where it goes, so the same
    /// row never speaks twice.
    pub(super) fn ask(
        &mut self,
        publication: &str,
        row: &str,
        stream: &str,
        digest: [u8; 32],
    ) -> Result<Option<Ask>, ImportError> {
        let stream = StreamPath::new(stream)?;
        let event_id = self.event_id(publication, row, stream.as_str());
        let ask = Ask { digest, row: row.to_owned(), stream, event_id };
        let Some(outcome) = self.ledger.reader().outcome(&event_id)? else { return Ok(Some(ask)) };
        if outcome.digest != digest {
            return Err(ImportError::RowChanged { row: ask.row, stream: ask.stream.as_str().to_owned() });
        }
        if let Some(receipt) = outcome.receipt()? {
            self.already_there += events_of(&receipt);
        }
        Ok(None)
    }

    /// Whether an earlier import, or this one, had this command recorded.
    pub(super) fn is_told(&self, publication: &str, row: &str, stream: &str) -> Result<bool, ImportError> {
        Ok(self.ledger.reader().outcome(&self.event_id(publication, row, stream))?.is_some())
    }

    fn event_id(&self, publication: &str, row: &str, stream: &str) -> Uuid {
        let cause = format!("import/{}/{publication}/{row}/{stream}", self.kind);
        derived_event_id(self.ledger.origin(), &cause, 1)
    }

    /// Send what a command says, decided on this version of its stream; on none where its decision depends on nothing
    /// that stands there.
    pub(super) fn send(
        &mut self,
        ask: Ask,
        occurred_at: Timestamp,
        expected: impl Into<Option<u64>>,
        said: Vec<Value>,
    ) -> Result<(), ImportError> {
        self.send_by(Author::Intake, ask, (occurred_at, expected.into()), said)
    }

    /// Send what follows by rule from what was sent before, as of that time.
    pub(super) fn send_computed(
        &mut self,
        ask: Ask,
        as_of: Timestamp,
        expected: u64,
        computed: Value,
    ) -> Result<(), ImportError> {
        self.send_by(Author::Service, ask, (as_of, Some(expected)), vec![computed])
    }

    fn send_by(
        &mut self,
        author: Author,
        ask: Ask,
        (occurred_at, expected): (Timestamp, Option<u64>),
        said: Vec<Value>,
    ) -> Result<(), ImportError> {
        let schema = format!("{}/1", ask.stream.aggregate_type());
        let mut events = Vec::with_capacity(said.len());
        let mut disclosures = Vec::new();
        for said in said {
            let (data, parted) = split_private(said)?;
            events.push(NewEvent { stream: ask.stream.clone(), schema: schema.clone(), data });
            disclosures.extend(parted);
        }
        let request = AppendRequest {
            event_id: ask.event_id,
            digest: ask.digest,
            author,
            occurred_at,
            expected,
            events,
            bases: vec![],
            cursor: None,
            simulated_now: None,
        };
        self.kept.push(Prepared { ask, disclosures, request });
        if self.kept.len() >= BATCH { self.send_kept() } else { Ok(()) }
    }

    /// Wait until everything sent is durable.
    pub(super) fn finish(&mut self) -> Result<(), ImportError> {
        self.send_kept()?;
        self.settle(0);
        self.sound()
    }

    fn send_kept(&mut self) -> Result<(), ImportError> {
        let mut kept = std::mem::take(&mut self.kept);
        let disclosures: Vec<Disclosure> =
            kept.iter_mut().flat_map(|prepared| std::mem::take(&mut prepared.disclosures)).collect();
        let digests: Vec<String> = disclosures.iter().map(|disclosure| disclosure.digest.clone()).collect();
        if let Err(error) = self.ledger.reader().size().map_err(ImportError::from).and_then(|size| {
            self.vault.put(&disclosures, size)?;
            Ok(())
        }) {
            // what was sent before is settled, so that nothing is left under way when the caller hears of it
            self.settle(0);
            return Err(error);
        }
        let mut confirmed = Some(digests);
        let last = kept.len();
        for (place, Prepared { ask, request, .. }) in kept.into_iter().enumerate() {
            let digests = if place + 1 == last { confirmed.take().unwrap_or_default() } else { vec![] };
            match self.ledger.writer().submit_waiting(request) {
                Ok(answer) => self.waiting.push_back(Waiting { answer, ask, digests }),
                Err(error) => self.failed(ask, error),
            }
            self.settle(OUTSTANDING);
        }
        self.sound()
    }

    /// Hear the oldest answers until no more than so many are outstanding.
    fn settle(&mut self, outstanding: usize) {
        while self.waiting.len() > outstanding {
            let Some(Waiting { answer, ask, digests }) = self.waiting.pop_front() else { return };
            match answer.blocking_recv().unwrap_or(Err(AppendError::Closed)) {
                Ok(receipt) => {
                    let events = events_of(&receipt);
                    if receipt.repeated {
                        self.already_there += events
                    } else {
                        self.written += events
                    }
                    if self.failures.is_empty() {
                        self.vault.confirm(digests);
                    }
                }
                Err(error) => self.failed(ask, error),
            }
        }
    }

    fn failed(&mut self, ask: Ask, error: AppendError) {
        self.failures.push(NotTaken { row: ask.row, stream: ask.stream.as_str().to_owned(), error });
    }

    fn sound(&mut self) -> Result<(), ImportError> {
        if self.failures.is_empty() {
            return Ok(());
        }
        self.settle(0);
        Err(ImportError::NotTaken { failures: std::mem::take(&mut self.failures) })
    }
}

/// How many events a command became, with those that follow from it.
const fn events_of(receipt: &Receipt) -> u64 {
    receipt.last_position.saturating_sub(receipt.position) + 1
}

/// Commands whose private values are put at once.
const BATCH: usize = 500;
/// Commands that may be under way.
const OUTSTANDING: usize = 1024;
