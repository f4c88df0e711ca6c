//! What is asked of the writer and what it answers.

use std::sync::Arc;

use uuid::Uuid;

use crate::clock::ClockFault;
use crate::device::DeviceEvent;
use crate::encoding::sha256;
use crate::entry::{parse_content, parse_event_id};
use crate::jcs::canonical_str;
use crate::keyring::KeyringError;
use crate::keys::{Kid, Signer};
use crate::reactor::{NotFollowed, ReactionFailed};
use crate::refusal::{Refusal, need};
use crate::store::{Outcome, StoreError};
use crate::stream::StreamPath;
use crate::timestamp::Timestamp;

/// A command's events, to be appended together or not at all.
#[derive(Clone, Debug)]
pub struct AppendRequest {
    /// Idempotency key of the command and id of its first event.
    pub event_id: Uuid,
    /// Digest of the command: tells a repeat from another command under the same key.
    pub digest: [u8; 32],
    /// Who signs.
    pub author: Author,
    /// When it happened, by the author's claim.
    pub occurred_at: Timestamp,
    /// The version of the first event's stream that the decision was made on; not checked if none.
    pub expected: Option<u64>,
    /// What the author states, at least one event.
    pub events: Vec<NewEvent>,
    /// Each subject that the decision or computation was made on besides its own stream, with a position up to which all of it was
    /// read (0 if nothing was there). The request is stale if an entry of one of these subjects has a higher position.
    pub bases: Vec<(String, u64)>,
    /// A reaction's name and how far it has come with this request; moved in the same transaction.
    pub cursor: Option<(String, u64)>,
    /// In a simulated ledger, the clock's reading at this request; the clock is asked if none, and always otherwise.
    pub simulated_now: Option<Timestamp>,
}

/// One event, before it has a place in the log.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Where it goes.
    pub stream: StreamPath,
    /// Shape of the event, `name/number`.
    pub schema: String,
    /// Canonical JSON of `D`.
    pub data: String,
}

/// Who signs. All but the root keys and those of devices are held by the server, sealed.
#[derive(Clone, Debug)]
pub enum Author {
    /// A person by a key of theirs that never was here: the event is signed already, and appended as it is or not at all.
    Device(Arc<DeviceEvent>),
    /// The server receiving for those who have no key.
    Intake,
    /// A person, by the name of their key.
    Officer(Kid),
    /// Who opens and ends officers' keys.
    Registrar,
    /// A root key, brought along for this request: it is kept offline.
    Root(Arc<Signer>),
    /// The server computing.
    Service,
}

/// That a command's events are durable and in the tree.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Receipt {
    /// Idempotency key of the command.
    pub event_id: Uuid,
    /// Position of its first event.
    pub position: u64,
    /// Position of the last of its events and their consequences.
    pub last_position: u64,
    /// Version of the first event's stream with it.
    pub version: u64,
    /// The ledger's time of the first event.
    pub recorded_at: Timestamp,
    /// Whether this is the outcome of an earlier request with the same key and digest.
    pub repeated: bool,
}

/// Why events were not appended. A refusal by the rules is not here but in [`AppendError::Refused`], when a repeat is
/// told that the command was refused before.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// A witness knows another history of this log.
    #[error(
        "nothing is appended: a witness knows another history of this log; see docs/operators.md, “The fork alarm”"
    )]
    Alarmed,
    /// A device has signed another running number than its key's next one.
    #[error("the key {kid} goes on with its entry {next}, not {signed}: sign again")]
    AuthorSeq {
        /// The key.
        kid: Kid,
        /// What it signed.
        signed: u64,
        /// What comes next.
        next: u64,
    },
    /// The queue is full.
    #[error("the ledger has more waiting than it takes: try again in a moment")]
    Busy,
    /// The clock is not believed.
    #[error("nothing is appended on a clock that may be wrong")]
    Clock(#[source] ClockFault),
    /// The writer has been closed.
    #[error("the ledger has been closed: nothing was appended by this request, as far as is known")]
    Closed,
    /// Somebody else was first.
    #[error("stream {stream} is at {actual}, not at {expected}: decide again on what came in between")]
    Conflict {
        /// The stream.
        stream: StreamPath,
        /// The version the decision was made on.
        expected: u64,
        /// The version it has.
        actual: u64,
    },
    /// The idempotency key was used for another command, or names an event already.
    #[error("the id {event_id} has been used for another command: make a new one")]
    DifferentCommand {
        /// The idempotency key.
        event_id: Uuid,
    },
    /// The sealed keys cannot be used.
    #[error("a key of the server could not be used")]
    Keyring(#[source] Arc<KeyringError>),
    /// The author has no key here.
    #[error("there is no valid {author} key here to sign with: enrol one first")]
    NoKey {
        /// A role or a key's name.
        author: String,
    },
    /// Only a ledger that is simulated does this.
    #[error("only a simulated ledger takes its time from a request")]
    NotSimulated,
    /// A reaction failed, so its cause was not appended.
    #[error("what follows from this command could not be computed, so it was not recorded")]
    Reaction(#[source] ReactionFailed),
    /// The command was refused before, under the same key and digest.
    #[error("this command was refused before: make a new one with a new id")]
    Refused {
        /// What the caller was told, JSON.
        result: String,
    },
    /// An event breaks a rule of the format.
    #[error("the ledger's format does not allow this event")]
    Rule(#[source] Refusal),
    /// It was decided or computed on an old state.
    #[error("subject {subject} was read up to {base}, its last entry is at {actual}: decide again")]
    Stale {
        /// The subject.
        subject: String,
        /// The last position read.
        base: u64,
        /// The last position there is.
        actual: u64,
    },
    /// The store failed; whether the command was kept is found out by sending it again.
    #[error("the ledger's store failed: send the same command again to learn what became of it")]
    Store(#[source] Arc<StoreError>),
}

impl From<NotFollowed> for AppendError {
    fn from(error: NotFollowed) -> Self {
        match error {
            NotFollowed::Failed(failed) => Self::Reaction(failed),
            NotFollowed::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for AppendError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Alarmed => Self::Alarmed,
            error => Self::Store(Arc::new(error)),
        }
    }
}

impl From<KeyringError> for AppendError {
    fn from(error: KeyringError) -> Self {
        Self::Keyring(Arc::new(error))
    }
}

impl From<Refusal> for AppendError {
    fn from(refusal: Refusal) -> Self {
        Self::Rule(refusal)
    }
}

impl Outcome {
    /// What the sender of an accepted command is told again; none if it was refused.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] if the stored result cannot be read.
    pub fn receipt(&self) -> Result<Option<Receipt>, StoreError> {
        let Some(position) = self.position else { return Ok(None) };
        let event_id = self.event_id;
        let damaged = || StoreError::Corrupt { what: format!("the outcome of {event_id} cannot be read") };
        let result: serde_json::Value = serde_json::from_str(&self.result).map_err(|_| damaged())?;
        let number = |name: &str| result.get(name).and_then(serde_json::Value::as_u64).ok_or_else(damaged);
        let recorded_at =
            result.get("recorded_at").and_then(serde_json::Value::as_str).ok_or_else(damaged)?;
        let recorded_at = Timestamp::parse(recorded_at, "recorded_at").map_err(|_| damaged())?;
        let (last_position, version) = (number("last_position")?, number("version")?);
        Ok(Some(Receipt { event_id, position, last_position, version, recorded_at, repeated: true }))
    }
}

/// A request whose events were found well formed, in its sender's own thread.
#[derive(Debug)]
pub(crate) struct CheckedRequest {
    pub(crate) request: AppendRequest,
    /// `type` and parsed `D` of each event.
    pub(crate) contents: Vec<Content>,
}

/// A content that was found well formed.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) event_type: String,
    pub(crate) value: serde_json::Value,
}

impl NewEvent {
    /// An event of the ledger's own, in the shape that these have.
    ///
    /// # Errors
    ///
    /// If the content has no canonical form.
    pub fn of_the_ledger(stream: StreamPath, data: &serde_json::Value) -> Result<Self, Refusal> {
        Ok(Self { stream, schema: SCHEMA.to_owned(), data: canonical_str(data)? })
    }
}

impl AppendRequest {
    /// A command that states one thing, on no version and from no reading in particular.
    #[must_use]
    pub fn single(event_id: Uuid, author: Author, occurred_at: Timestamp, event: NewEvent) -> Self {
        Self {
            event_id,
            digest: sha256(event_id.as_bytes()),
            author,
            occurred_at,
            expected: None,
            events: vec![event],
            bases: Vec::new(),
            cursor: None,
            simulated_now: None,
        }
    }

    /// Checks all that needs no other entry.
    pub(crate) fn checked(self) -> Result<CheckedRequest, AppendError> {
        parse_event_id(&self.event_id.to_string())?;
        if self.events.is_empty() {
            return Err(Refusal::new("no-events", "a command that states nothing is not appended").into());
        }
        let one = !matches!(self.author, Author::Device(_)) || self.events.len() == 1;
        need(one, "device-event", "a device signs one event")?;
        let contents = self.events.iter().map(content).collect::<Result<_, _>>()?;
        Ok(CheckedRequest { request: self, contents })
    }
}

/// Reads an event as it would stand in the log: the format's own reader says whether it may.
pub(crate) fn content(event: &NewEvent) -> Result<Content, Refusal> {
    let (event_type, value) = parse_content(&event.data, &event.schema, &event.stream)?;
    Ok(Content { event_type, value })
}

/// The shape of the ledger's own events.
const SCHEMA: &str = "ledger/1";
