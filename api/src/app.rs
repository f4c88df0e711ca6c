//! The house in operation: a ledger with its vault, rulebooks, views and office records, and the one way by which a
//! person's command becomes events.

mod facts;
mod opening;
mod shown;
mod turns;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate};
use cqrs_es::{AggregateError, CqrsFramework};
use serde_json::{Map, Value, json};
use uuid::Uuid;
use wuping_domain::access::Access;
use wuping_domain::account::Account;
use wuping_domain::aggregate::{Concept, Request, Shell};
use wuping_domain::alert::Alert;
use wuping_domain::appeal::Appeal;
use wuping_domain::assessment::Assessment;
use wuping_domain::association::Association;
use wuping_domain::authority::Authority;
use wuping_domain::board::Board;
use wuping_domain::campaign::Campaign;
use wuping_domain::credit::CreditFile;
use wuping_domain::dispute::Dispute;
use wuping_domain::draft::Draft;
use wuping_domain::event::aggregate_type;
use wuping_domain::grade::Grade;
use wuping_domain::hazard::Hazard;
use wuping_domain::incident::Incident;
use wuping_domain::inspection::Inspection;
use wuping_domain::listing::Listing;
use wuping_domain::measure::Measure;
use wuping_domain::meeting::Meeting;
use wuping_domain::notice::Notice;
use wuping_domain::party::Party;
use wuping_domain::patrol::Patrol;
use wuping_domain::premises::Premises;
use wuping_domain::publication::Publication;
use wuping_domain::receipt::counted_on;
use wuping_domain::record::Record;
use wuping_domain::recorded::local_date;
use wuping_domain::reevaluation::Reevaluation;
use wuping_domain::report::Report;
use wuping_domain::survey::Survey;
use wuping_domain::task::Task;
use wuping_domain::visit::Visit;
use wuping_ledger::append::{AppendError, Receipt};
use wuping_ledger::clock::Clock;
use wuping_ledger::cqrs::{LedgerEventStore, Said, Saying};
use wuping_ledger::encoding::sha256;
use wuping_ledger::genesis::Ledger;
use wuping_ledger::jcs;
use wuping_ledger::reader::Reader;
use wuping_ledger::standing::check_claimed_time;
use wuping_ledger::store::StoreError;
use wuping_ledger::stream::StreamPath;
use wuping_ledger::timestamp::Timestamp;
use wuping_ledger::vault::Vault;
use wuping_projections::ViewsHandle;

use self::facts::Gathered;
pub use self::opening::OpenError;
pub(crate) use self::opening::must_be_new;
use self::turns::Turns;
use crate::anchors::Anchors;
use crate::asking::saying;
pub use crate::asking::{Asked, Done, ExecuteError, Feed, Who};
use crate::attached::not_kept;
use crate::authorities::Authorities;
use crate::office::Office;
use crate::past::Past;
use crate::shelf::Shelf;
use crate::statistics::kept::Reports;

/// Everything that runs while the house is open.
pub struct App {
    /// Witnesses, and what they have said.
    pub anchors: Arc<Anchors>,
    /// Time-stamping authorities.
    pub authorities: Arc<Authorities>,
    /// Where it all lies.
    pub folder: PathBuf,
    /// The ledger, open for writing.
    pub ledger: Ledger,
    /// Passwords and sessions.
    pub office: Arc<Office>,
    /// Published rulebooks.
    pub shelf: Arc<Shelf>,
    /// Private values.
    pub vault: Arc<Vault>,
    /// Read models.
    pub views: Arc<ViewsHandle>,
    /// Reports that were made.
    pub(crate) reports: Reports,
    /// When the heads were last committed to for the sake of evidence.
    pub(crate) committed_for_evidence: tokio::sync::Mutex<Option<std::time::Instant>>,
    /// What the time is asked of.
    clock: Arc<dyn Clock>,
    /// Lists as they stood at an earlier entry.
    past: Past,
    /// Commands that came in each other's way are decided one after another.
    turns: Turns,
    /// Whether a made-up history is being written, which nobody looks at before it is whole.
    simulating: bool,
}

impl AsRef<Ledger> for App {
    fn as_ref(&self) -> &Ledger {
        &self.ledger
    }
}

impl App {
    /// The clock that the ledger goes by.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// The time by the clock that the ledger goes by: in a made-up history that of its story.
    pub fn now(&self) -> Timestamp {
        let moment = DateTime::from_timestamp_millis(self.clock.wall_ms());
        moment.map_or_else(Timestamp::now, Timestamp::from_datetime)
    }

    /// The day by that clock, at UTC+8.
    pub fn today(&self) -> NaiveDate {
        local_date(self.now().datetime())
    }

    /// Whether a made-up history is being written.
    pub const fn is_simulating(&self) -> bool {
        self.simulating
    }

    /// The ledger's reader.
    pub fn reader(&self) -> &Reader {
        self.ledger.reader()
    }

    /// Carry out a command: decide by the rules of its concept, record what is said, and wait briefly until the pages
    /// show it.
    ///
    /// # Errors
    /// [`ExecuteError`], which says what to do; nothing is recorded then.
    pub async fn execute(&self, who: &Who, asked: Asked) -> Result<Done, ExecuteError> {
        self.carry_out(who, asked, Map::new()).await
    }

    /// As [`App::execute`]; `beside` stands beside every event that is recorded.
    pub(crate) async fn carry_out(
        &self,
        who: &Who,
        asked: Asked,
        beside: Map<String, Value>,
    ) -> Result<Done, ExecuteError> {
        StreamPath::new(&asked.stream)?;
        let missing = not_kept(&asked.command, &self.folder.join("attachments"));
        // a repeat gets its first outcome, though a photo of it may have been erased since
        if let Some(name) = missing.first()
            && self.reader().outcome(&asked.id)?.is_none()
        {
            let detail = format!("the photo {name} is not kept here; send the photo before what names it");
            return Err(ExecuteError::Command { detail });
        }
        let done = match aggregate_type(&asked.stream) {
            "access" => self.run::<Access>(who, asked, &beside).await?,
            "account" => self.run::<Account>(who, asked, &beside).await?,
            "alert" => self.run::<Alert>(who, asked, &beside).await?,
            "appeal" => self.run::<Appeal>(who, asked, &beside).await?,
            "assessment" => self.run::<Assessment>(who, asked, &beside).await?,
            "association" => self.run::<Association>(who, asked, &beside).await?,
            "authority" => self.run::<Authority>(who, asked, &beside).await?,
            "board" => self.run::<Board>(who, asked, &beside).await?,
            "campaign" => self.run::<Campaign>(who, asked, &beside).await?,
            "credit" => self.run::<CreditFile>(who, asked, &beside).await?,
            "dispute" => self.run::<Dispute>(who, asked, &beside).await?,
            "grade" => self.run::<Grade>(who, asked, &beside).await?,
            "hazard" => self.run::<Hazard>(who, asked, &beside).await?,
            "incident" => self.run::<Incident>(who, asked, &beside).await?,
            "inspection" => self.run::<Inspection>(who, asked, &beside).await?,
            "listing" => self.run::<Listing>(who, asked, &beside).await?,
            "measure" => self.run::<Measure>(who, asked, &beside).await?,
            "meeting" => self.run::<Meeting>(who, asked, &beside).await?,
            "notice" => self.run::<Notice>(who, asked, &beside).await?,
            "party" => self.run::<Party>(who, asked, &beside).await?,
            "patrol" => self.run::<Patrol>(who, asked, &beside).await?,
            "premises" => self.run::<Premises>(who, asked, &beside).await?,
            "record" => self.run::<Record>(who, asked, &beside).await?,
            "reevaluation" => self.run::<Reevaluation>(who, asked, &beside).await?,
            "report" => self.run::<Report>(who, asked, &beside).await?,
            "rulebook" => self.run::<Publication>(who, asked, &beside).await?,
            "rulebook-draft" => self.run::<Draft>(who, asked, &beside).await?,
            "survey" => self.run::<Survey>(who, asked, &beside).await?,
            "task" => self.run::<Task>(who, asked, &beside).await?,
            "visit" => self.run::<Visit>(who, asked, &beside).await?,
            kind => return Err(ExecuteError::Unknown { kind: kind.to_owned() }),
        };
        if let Done::Recorded(receipt) = &done {
            self.views.appended();
            if self.simulating {
                return Ok(done);
            }
            let (views, position) = (self.views.clone(), receipt.last_position);
            // A page that is a moment behind is no failure of the command.
            let _ = tokio::task::spawn_blocking(move || views.wait_for(position, VIEWS_WAIT)).await;
        }
        Ok(done)
    }

    async fn run<C: Concept>(
        &self,
        who: &Who,
        asked: Asked,
        beside: &Map<String, Value>,
    ) -> Result<Done, ExecuteError> {
        let digest = self.digest(who, &asked, beside)?;
        if let Some(done) = self.done_before(&asked.id, digest)? {
            return Ok(done);
        }
        let told = self.decided::<C>(who, &asked, (digest, beside)).await;
        if matches!(told, Ok(Done::Recorded(_))) {
            return told;
        }
        // its twin, sent at the same time, may have been recorded meanwhile: both hear that
        match self.done_before(&asked.id, digest) {
            Ok(Some(done)) => Ok(done),
            _ => told,
        }
    }

    async fn decided<C: Concept>(
        &self,
        who: &Who,
        asked: &Asked,
        (digest, beside): ([u8; 32], &Map<String, Value>),
    ) -> Result<Done, ExecuteError> {
        if let Who::Device { event, standing, .. } = who {
            standing.takes(event)?;
            check_claimed_time(event.meta().occurred_at, self.now())?;
        }
        self.must_be_current(asked)?;
        let list_then = self.list_then(asked).await?;
        let (mut tries, mut anew, mut turn) = (0, false, None);
        loop {
            let command: C::Command = serde_json::from_value(asked.command.clone())
                .map_err(|error| ExecuteError::Command { detail: error.to_string() })?;
            let Gathered { mut facts, bases } = self.gathered(who, asked)?;
            let (claimed, received) = (asked.occurred_at.datetime(), self.now().datetime());
            facts.today = counted_on::<C>(&command, &facts.actor, claimed, received);
            facts.list_then.clone_from(&list_then);
            let store = LedgerEventStore::<Shell<C>>::new(
                self.reader().clone(),
                self.ledger.writer().clone(),
                self.vault.clone(),
                Saying { bases, ..saying::<C>(who, asked, digest, beside) },
            );
            let store = if anew { store.reading_anew() } else { store };
            let framework = CqrsFramework::new(store.clone(), vec![], ());
            let answered = framework.execute(&asked.stream, Request::<C> { command, facts }).await;
            let said = store.said();
            if store.must_read_anew(said.as_ref()) {
                anew = true;
                continue;
            }
            match (answered, said) {
                (_, Some(Said::Appended(receipt))) => return Ok(Done::Recorded(receipt)),
                (_, Some(Said::Failed(error)))
                    if came_in_between(&error, asked.expected) && tries < TRIES_MAX =>
                {
                    tries += 1;
                    if turn.is_none() {
                        turn = Some(self.turns.take(&asked.stream).await);
                    }
                }
                (_, Some(Said::Failed(AppendError::Stale { .. }))) => return Err(AppendError::Busy.into()),
                (_, Some(Said::Failed(error))) => return Err(error.into()),
                (_, Some(Said::Vault(error))) => return Err(error.into()),
                // what stands beside a signed event is not signed: it must not use the id up
                (Err(AggregateError::UserError(rejection)), _) if matches!(who, Who::Device { .. }) => {
                    return Err(ExecuteError::Rejected(rejection));
                }
                (Err(AggregateError::UserError(rejection)), _) => {
                    let said =
                        json!({ "code": rejection.code(), "en": rejection.en(), "zh": rejection.zh() })
                            .to_string();
                    self.ledger.writer().record_refusal(asked.id, digest, said).await?;
                    return Err(ExecuteError::Rejected(rejection));
                }
                (Err(AggregateError::DatabaseConnectionError(source)), _) => {
                    let unread = |source: Box<_>| StoreError::Database { doing: "be read", source };
                    return Err(ExecuteError::Read(
                        source.downcast::<StoreError>().map_or_else(unread, |it| *it),
                    ));
                }
                (Err(error), _) => return Err(ExecuteError::Command { detail: error.to_string() }),
                (Ok(()), _) => return Ok(Done::Nothing),
            }
        }
    }

    /// What was judged on an older version is not decided at all: the refusal then says what happened, and not what a rule
    /// thinks of a state that nobody looked at.
    fn must_be_current(&self, asked: &Asked) -> Result<(), ExecuteError> {
        let Some(expected) = asked.expected else { return Ok(()) };
        let actual = self.reader().version(&asked.stream)?;
        if actual == expected {
            return Ok(());
        }
        Err(AppendError::Conflict { stream: StreamPath::new(&asked.stream)?, expected, actual }.into())
    }

    fn done_before(&self, id: &Uuid, digest: [u8; 32]) -> Result<Option<Done>, ExecuteError> {
        let Some(outcome) = self.reader().outcome(id)? else { return Ok(None) };
        if outcome.digest != digest {
            return Err(AppendError::DifferentCommand { event_id: *id }.into());
        }
        match outcome.receipt()? {
            Some(receipt) => Ok(Some(Done::Recorded(Receipt { repeated: true, ..receipt }))),
            None => Err(ExecuteError::RefusedBefore { detail: outcome.result }),
        }
    }

    fn digest(
        &self,
        who: &Who,
        asked: &Asked,
        beside: &Map<String, Value>,
    ) -> Result<[u8; 32], ExecuteError> {
        let by = match who {
            Who::Channel { name, .. } | Who::Feed(Feed { channel: name, .. }) => name,
            Who::Device { account, .. } | Who::Person { account, .. } => account,
        };
        let mut command = json!({ "by": by, "command": asked.command, "stream": asked.stream });
        if let (Value::Object(command), false) = (&mut command, beside.is_empty()) {
            command.insert("beside".to_owned(), Value::Object(beside.clone()));
        }
        Ok(sha256(&jcs::canonical(&command)?))
    }
}

/// Whether a command was decided on what somebody else has changed meanwhile, so that it is to be decided again: who judged on a
/// version of the stream that they saw judges themselves.
fn came_in_between(error: &AppendError, seen: Option<u64>) -> bool {
    match error {
        AppendError::Conflict { .. } => seen.is_none(),
        AppendError::Stale { .. } => true,
        _ => false,
    }
}

/// How often a command is decided again on what others said meanwhile. Here they take turns; it is those on other nodes that it may
/// lose to more than once.
const TRIES_MAX: u32 = 30;
/// How long an answer waits for its own effect on the pages.
const VIEWS_WAIT: Duration = Duration::from_secs(2);
