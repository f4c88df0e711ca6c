//! What is asked of the house, by whom, and what becomes of it.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use uuid::Uuid;
use wuping_domain::aggregate::Concept;
use wuping_domain::event::Unreadable;
use wuping_domain::rejection::Rejection;
use wuping_ledger::append::{AppendError, Author, Receipt};
use wuping_ledger::cqrs::Saying;
use wuping_ledger::device::DeviceEvent;
use wuping_ledger::keys::Kid;
use wuping_ledger::refusal::Refusal;
use wuping_ledger::standing::KeyStanding;
use wuping_ledger::store::StoreError;
use wuping_ledger::timestamp::Timestamp;
use wuping_ledger::vault::VaultError;

/// Who asks, and how it is signed.
#[derive(Clone, Debug)]
pub enum Who {
    /// Something without a key of its own, by the name of the channel, with the channel's own reference.
    Channel {
        /// `counter`, `feed-police` …
        name: String,
        /// What the channel calls it; no personal data.
        reference: String,
    },
    /// Another system that shares results nobody types, for the departments it was opened for.
    Feed(Feed),
    /// A person whose device has signed the event already.
    Device {
        /// The account.
        account: String,
        /// What was signed, verified.
        event: Arc<DeviceEvent>,
        /// How key and stream stood when it came in.
        standing: Box<KeyStanding>,
    },
    /// A person with an account and a key that the server holds.
    Person {
        /// The account.
        account: String,
        /// Thumbprint of the key.
        kid: Kid,
    },
}

/// A feed with what it calls this delivery.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Its channel, `feed-police`.
    pub channel: String,
    /// The departments whose indicators it shares.
    pub departments: Vec<String>,
    /// What it calls this delivery; no personal data.
    pub reference: String,
    /// The row of a list as it came, kept whole and private beside what is said by it.
    pub row: Option<Map<String, Value>>,
}

/// A command as it arrives.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its idempotency key.
    pub id: Uuid,
    /// The whole stream path.
    pub stream: String,
    /// `{"command": name, …}`.
    pub command: Value,
    /// The version of the stream that the person saw.
    pub expected: Option<u64>,
    /// When it happened, as claimed.
    pub occurred_at: Timestamp,
}

/// What became of a command.
#[derive(Clone, Debug)]
pub enum Done {
    /// Recorded, now or by an earlier request of the same id.
    Recorded(Receipt),
    /// It said nothing new.
    Nothing,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// The ledger did not take it.
    #[error("the ledger did not take it")]
    Append(#[from] AppendError),
    /// The command has not the form it needs.
    #[error("the command does not have the right form: {detail}")]
    Command {
        /// What is wrong with it.
        detail: String,
    },
    /// Something could not be read.
    #[error("the ledger could not be read")]
    Read(#[from] StoreError),
    /// The same id was refused before.
    #[error("{detail}")]
    RefusedBefore {
        /// What was said then.
        detail: String,
    },
    /// The rules refuse it.
    #[error(transparent)]
    Rejected(Rejection),
    /// A name or value the format does not allow.
    #[error("the ledger's format does not allow it")]
    Rule(#[from] Refusal),
    /// No such concept.
    #[error(
        "there is nothing of the kind “{kind}” to command; look up the stream's path in the interface description"
    )]
    Unknown {
        /// The aggregate type of the stream.
        kind: String,
    },
    /// An entry of the stream is of a later version.
    #[error("an entry cannot be understood")]
    Unreadable(#[from] Unreadable),
    /// The private values could not be kept.
    #[error("the private values could not be kept, so nothing was recorded")]
    Vault(#[from] VaultError),
}

impl ExecuteError {
    /// Whether it was refused, so that nothing was recorded: mended, it is another command. What else went wrong may have been recorded
    /// all the same.
    pub const fn was_refused(&self) -> bool {
        matches!(
            self,
            Self::Rejected(_) | Self::RefusedBefore { .. } | Self::Append(AppendError::Conflict { .. })
        )
    }
}

/// How a command is said to the ledger.
pub(crate) fn saying<C: Concept>(
    who: &Who,
    asked: &Asked,
    digest: [u8; 32],
    beside: &Map<String, Value>,
) -> Saying {
    let (author, mut aside) = match who {
        Who::Channel { name, reference } | Who::Feed(Feed { channel: name, reference, .. }) => {
            let received = json!({ "channel": name, "ref": reference });
            let mut aside = Map::from_iter([("received".to_owned(), received)]);
            if let Who::Feed(Feed { row: Some(row), .. }) = who {
                aside.insert("private".to_owned(), json!({ "raw": row }));
            }
            (Author::Intake, aside)
        }
        Who::Device { event, .. } => (Author::Device(event.clone()), Map::new()),
        Who::Person { kid, .. } => (Author::Officer(kid.clone()), Map::new()),
    };
    aside.extend(beside.clone());
    Saying {
        event_id: asked.id,
        digest,
        author,
        occurred_at: asked.occurred_at,
        schema_name: C::TYPE.to_owned(),
        aside,
        expected: asked.expected,
        bases: Vec::new(),
        simulated_now: None,
    }
}
