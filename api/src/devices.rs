//! Commands whose event a device has signed already: decided as any other, and taken only if the decision is exactly what was
//! signed (docs/format.md §2). The signature is verified before anything is stored.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;
use wuping_ledger::device::{SignedEvent, SignedTexts};
use wuping_ledger::refusal::{Refusal, need};
use wuping_ledger::stream::StreamPath;

use crate::app::{App, Asked, Done, ExecuteError, Who};

/// A command beside the event that says what it decides.
#[derive(Clone, Copy, Debug)]
pub struct SignedCommand<'a> {
    /// Its idempotency key as it was sent, which is the event's id to the letter.
    pub id: &'a str,
    /// The whole stream path.
    pub stream: &'a str,
    /// `{"command": name, …}`.
    pub command: &'a Value,
    /// What the device signed.
    pub signed: SignedTexts<'a>,
    /// The record under doubt that it says again; what was signed then has the member `again`.
    pub again: Option<Uuid>,
}

impl App {
    /// Carries out a command of an account, signed by one of its devices.
    ///
    /// # Errors
    /// As [`App::execute`]; nothing is recorded and nothing stored unless the signature holds. A conflict is never decided
    /// again: the device signs again.
    pub async fn execute_signed(
        &self,
        account: &str,
        asked: SignedCommand<'_>,
    ) -> Result<Done, ExecuteError> {
        let stream = StreamPath::new(asked.stream)?;
        let event = SignedEvent::parse(asked.signed, self.ledger.origin())?;
        let (id, kid) = (event.meta().event_id, event.kid().clone());
        let standing = self.ledger.writer().standing(kid, stream.clone()).await?;
        let event = event.verify(&standing.record.public)?;
        need(standing.record.holder == account, "key-of-another", "")?;
        need(id.hyphenated().to_string() == asked.id, "not-decided", "the command has another id")?;
        need(event.meta().stream == stream, "not-decided", "the stream is another")?;
        // those of version 8 are derived: one that is made up could be that of an event yet to come
        if id.get_version_num() == 8 {
            return Err(Refusal::new("meta-event_id", "a command's id has version 4 or 7").into());
        }
        let (expected, occurred_at) = (Some(event.meta().version - 1), event.meta().occurred_at);
        let who =
            Who::Device { account: account.to_owned(), event: Arc::new(event), standing: Box::new(standing) };
        let stream = stream.as_str().to_owned();
        let (command, again) = (asked.command.clone(), asked.again);
        let asked = Asked { id, stream, command, expected, occurred_at };
        match again {
            Some(doubtful) => self.execute_again(&who, asked, &doubtful).await,
            None => self.execute(&who, asked).await,
        }
    }
}
