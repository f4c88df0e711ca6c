//! The ledger as an event store of `cqrs-es`, for one request.
//!
//! A request makes a store that carries who says what under which id, gives a clone to its framework, and reads the
//! receipt from its own afterwards: the framework itself answers nothing. The retry loop and the look-up of a repeated
//! id stand outside.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use cqrs_es::{Aggregate, AggregateContext, AggregateError, DomainEvent as _, EventEnvelope, EventStore};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::append::{AppendError, AppendRequest, Author, NewEvent, Receipt};
use crate::device::DeviceEvent;
use crate::disclosure::Disclosure;
use crate::locks::locked;
use crate::private::{agrees, split_private};
use crate::reader::Reader;
use crate::recent::Contents;
use crate::refusal::{Refusal, need};
use crate::stream::StreamPath;
use crate::timestamp::Timestamp;
use crate::vault::{Vault, VaultError};
use crate::writer::WriterHandle;

/// Who says what, when, under which id.
#[derive(Clone, Debug)]
pub struct Saying {
    /// Idempotency key of the command.
    pub event_id: Uuid,
    /// Digest of the command.
    pub digest: [u8; 32],
    /// Who signs.
    pub author: Author,
    /// When it happened, by the author's claim.
    pub occurred_at: Timestamp,
    /// The name in `schema`; its number is the event's own version.
    pub schema_name: String,
    /// Members added to each event's `D`, `received` for one; those of its member `private` go beside the event's own.
    pub aside: Map<String, Value>,
    /// The version the caller has seen (`If-Match`); the version loaded if none.
    pub expected: Option<u64>,
    /// As in [`AppendRequest::bases`]: what the decision was made on besides its own stream.
    pub bases: Vec<(String, u64)>,
    /// As in [`AppendRequest::simulated_now`].
    pub simulated_now: Option<Timestamp>,
}

/// What became of a request, beyond what the framework tells.
#[derive(Debug)]
pub enum Said {
    /// Appended, or found appended before.
    Appended(Receipt),
    /// Not appended, and why.
    Failed(AppendError),
    /// The decision said nothing new.
    Nothing,
    /// The private values could not be kept, so nothing was appended.
    Vault(VaultError),
}

/// The ledger for one request on aggregates of one type.
#[derive(Debug)]
pub struct LedgerEventStore<A> {
    reader: Reader,
    writer: WriterHandle,
    vault: Arc<Vault>,
    saying: Saying,
    said: Arc<Mutex<Option<Said>>>,
    /// Whether the stream is read from the store, whatever is kept in memory.
    anew: bool,
    from_memory: Arc<AtomicBool>,
    aggregate: PhantomData<fn() -> A>,
}

/// An aggregate with the version it was loaded at.
#[derive(Debug)]
pub struct Loaded<A> {
    stream: String,
    version: u64,
    aggregate: A,
}

impl<A> LedgerEventStore<A> {
    /// A store for one request.
    #[must_use]
    pub fn new(reader: Reader, writer: WriterHandle, vault: Arc<Vault>, saying: Saying) -> Self {
        Self {
            reader,
            writer,
            vault,
            saying,
            said: Arc::default(),
            anew: false,
            from_memory: Arc::default(),
            aggregate: PhantomData,
        }
    }

    /// The same, deciding on what the store says now and not on what is kept in memory.
    #[must_use]
    pub fn reading_anew(self) -> Self {
        Self { anew: true, ..self }
    }

    /// Whether a decision that came to this must be made again, [reading anew](Self::reading_anew): it was made on a stream kept in
    /// memory, to which another node may have written since, and nobody has checked that. The writer checks an append; that it
    /// had no room or its store failed says nothing of the stream.
    #[must_use]
    pub fn must_read_anew(&self, said: Option<&Said>) -> bool {
        let follows_from_the_stream = match said {
            Some(Said::Appended(_) | Said::Vault(_)) => false,
            // a rule also says that a device has signed something else than was decided
            Some(Said::Failed(error)) => {
                matches!(error, AppendError::Conflict { .. } | AppendError::Rule(_))
            }
            Some(Said::Nothing) | None => true,
        };
        follows_from_the_stream && self.decided_from_memory()
    }

    fn decided_from_memory(&self) -> bool {
        self.from_memory.load(Ordering::Relaxed)
    }

    /// What became of the request; none before the framework has committed. Taken once.
    #[must_use]
    pub fn said(&self) -> Option<Said> {
        locked(&self.said).take()
    }

    fn note(&self, said: Said) {
        *locked(&self.said) = Some(said);
    }
}

impl<A> Clone for LedgerEventStore<A> {
    /// The clone notes what became of the request in the same place.
    fn clone(&self) -> Self {
        Self {
            reader: self.reader.clone(),
            writer: self.writer.clone(),
            vault: Arc::clone(&self.vault),
            saying: self.saying.clone(),
            said: Arc::clone(&self.said),
            anew: self.anew,
            from_memory: Arc::clone(&self.from_memory),
            aggregate: PhantomData,
        }
    }
}

impl<A: Aggregate> AggregateContext<A> for Loaded<A> {
    fn aggregate(&mut self) -> &mut A {
        &mut self.aggregate
    }
}

impl<A: Aggregate> EventStore<A> for LedgerEventStore<A> {
    type AC = Loaded<A>;

    async fn load_events(&self, stream: &str) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        let contents = self.contents(stream).await?;
        let envelope = |(version, content): (u64, &Arc<str>)| {
            Ok(enveloped(stream, version, payload::<A>(content)?, &HashMap::new()))
        };
        (1..).zip(&contents).map(envelope).collect()
    }

    async fn load_aggregate(&self, stream: &str) -> Result<Loaded<A>, AggregateError<A::Error>> {
        let contents = self.contents(stream).await?;
        let mut aggregate = A::default();
        for content in &contents {
            aggregate.apply(payload::<A>(content)?);
        }
        let version = contents.len() as u64;
        Ok(Loaded { stream: stream.to_owned(), version, aggregate })
    }

    async fn commit(
        &self,
        events: Vec<A::Event>,
        loaded: Loaded<A>,
        metadata: HashMap<String, String>,
    ) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        if events.is_empty() {
            self.note(Said::Nothing);
            return Ok(Vec::new());
        }
        match self.append(&events, &loaded).await {
            Ok(receipt) => {
                let first = receipt.version;
                self.note(Said::Appended(receipt));
                let numbered = (first..).zip(events);
                Ok(numbered
                    .map(|(version, event)| enveloped(&loaded.stream, version, event, &metadata))
                    .collect())
            }
            Err(failed) => {
                let error = told(&failed);
                self.note(failed);
                Err(error)
            }
        }
    }
}

impl<A: Aggregate> LedgerEventStore<A> {
    async fn contents(&self, stream: &str) -> Result<Contents, AggregateError<A::Error>> {
        let recent = if self.anew { None } else { self.reader.recent(stream) };
        self.from_memory.store(recent.is_some(), Ordering::Relaxed);
        if let Some(recent) = recent {
            return Ok(recent);
        }
        let contents = self.reader.contents(stream).await;
        contents.map_err(|error| AggregateError::DatabaseConnectionError(Box::new(error)))
    }

    /// Private values into the vault, then the events into the ledger.
    async fn append(&self, events: &[A::Event], loaded: &Loaded<A>) -> Result<Receipt, Said> {
        let parted = match &self.saying.author {
            Author::Device(device) => self.as_signed(device, events, &loaded.stream),
            _ => self.parted(events, &loaded.stream),
        };
        let broken = |refusal| Said::Failed(AppendError::Rule(refusal));
        let (events, disclosures) = parted.map_err(broken)?;
        let (expected, actual) = (self.saying.expected.unwrap_or(loaded.version), loaded.version);
        if expected != actual && self.decided_from_memory() {
            // what the caller has seen may be newer than what is kept
            let stream = StreamPath::new(&loaded.stream).map_err(broken)?;
            return Err(Said::Failed(AppendError::Conflict { stream, expected, actual }));
        }
        let digests: Vec<String> = disclosures.iter().map(|disclosure| disclosure.digest.clone()).collect();
        self.keep(disclosures).await?;
        let receipt = self.writer.append(AppendRequest {
            event_id: self.saying.event_id,
            digest: self.saying.digest,
            author: self.saying.author.clone(),
            occurred_at: self.saying.occurred_at,
            expected: Some(expected),
            events,
            bases: self.saying.bases.clone(),
            cursor: None,
            simulated_now: self.saying.simulated_now,
        });
        let receipt = receipt.await.map_err(Said::Failed)?;
        if !receipt.repeated {
            self.vault.confirm(digests);
        }
        Ok(receipt)
    }

    fn parted(&self, events: &[A::Event], stream: &str) -> Result<(Vec<NewEvent>, Vec<Disclosure>), Refusal> {
        let stream = StreamPath::new(stream)?;
        let (mut parted, mut disclosures) = (Vec::with_capacity(events.len()), Vec::new());
        for event in events {
            let (data, hidden) = split_private(self.said_of(event)?)?;
            parted.push(NewEvent { stream: stream.clone(), schema: self.schema_of(event), data });
            disclosures.extend(hidden);
        }
        Ok((parted, disclosures))
    }

    /// What a device has signed, if the decision is exactly that one event.
    fn as_signed(
        &self,
        device: &DeviceEvent,
        events: &[A::Event],
        stream: &str,
    ) -> Result<(Vec<NewEvent>, Vec<Disclosure>), Refusal> {
        let [event] = events else {
            let detail = format!("decided are {} events, and a device signs one", events.len());
            return Err(Refusal::new("not-decided", detail));
        };
        let meta = device.meta();
        need(meta.stream.as_str() == stream, "not-decided", "the stream is another")?;
        need(meta.schema == self.schema_of(event), "not-decided", &self.schema_of(event))?;
        let same = meta.event_id == self.saying.event_id && meta.occurred_at == self.saying.occurred_at;
        need(same, "not-decided", "the command has another id or time")?;
        agrees(self.said_of(event)?, device.data_jcs(), device.disclosures())?;
        Ok((vec![device.new_event()], device.disclosures().to_vec()))
    }

    /// An event with all its members, private ones in `private`.
    fn said_of(&self, event: &A::Event) -> Result<Value, Refusal> {
        let said = serde_json::to_value(event);
        let mut said = said.map_err(|error| Refusal::new("payload-members", error.to_string()))?;
        if let Some(members) = said.as_object_mut() {
            members.entry("type").or_insert_with(|| event.event_type().into());
            for (name, value) in self.saying.aside.clone() {
                match (members.get_mut(&name), value) {
                    (Some(Value::Object(own)), Value::Object(more)) if name == "private" => own.extend(more),
                    (_, value) => {
                        members.insert(name, value);
                    }
                }
            }
        }
        Ok(said)
    }

    fn schema_of(&self, event: &A::Event) -> String {
        format!("{}/{}", self.saying.schema_name, event.event_version())
    }

    async fn keep(&self, disclosures: Vec<Disclosure>) -> Result<(), Said> {
        if disclosures.is_empty() {
            return Ok(());
        }
        let (vault, reader) = (Arc::clone(&self.vault), self.reader.clone());
        let put = move || {
            let size = reader.size().map_err(VaultError::Ledger)?;
            vault.put(&disclosures, size)
        };
        let put = tokio::task::spawn_blocking(put).await;
        put.map_err(|_| Said::Failed(AppendError::Closed))?.map_err(Said::Vault)
    }
}

fn payload<A: Aggregate>(content: &str) -> Result<A::Event, AggregateError<A::Error>> {
    serde_json::from_str(content).map_err(|error| AggregateError::DeserializationError(Box::new(error)))
}

fn enveloped<A: Aggregate>(
    stream: &str,
    version: u64,
    payload: A::Event,
    metadata: &HashMap<String, String>,
) -> EventEnvelope<A> {
    let sequence = usize::try_from(version).unwrap_or(usize::MAX);
    EventEnvelope { aggregate_id: stream.to_owned(), sequence, payload, metadata: metadata.clone() }
}

/// What the framework's own error can carry; the details are in [`LedgerEventStore::said`].
fn told<E: std::error::Error>(failed: &Said) -> AggregateError<E> {
    match failed {
        Said::Failed(AppendError::Conflict { .. }) => AggregateError::AggregateConflict,
        Said::Failed(error @ (AppendError::Store(_) | AppendError::Closed | AppendError::Busy)) => {
            AggregateError::DatabaseConnectionError(Box::new(error.clone()))
        }
        Said::Failed(error) => AggregateError::UnexpectedError(Box::new(error.clone())),
        Said::Vault(error) => AggregateError::DatabaseConnectionError(error.to_string().into()),
        Said::Appended(_) | Said::Nothing => AggregateError::UnexpectedError("this did not fail".into()),
    }
}

#[cfg(test)]
mod tests;
