//! Delivering: the next message of one receiver, again and again with growing pauses until it is taken.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use serde_json::json;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;
use wuping_projections::error::causes;

use super::cursor::Cursor;
use super::message::{Message, SIGNATURE, TIMESTAMP, WEBHOOK_ID, signature};
use super::{About, Receiver, WebhookError, credit, hazards};
use crate::anchors::{bounded, client};
use crate::authorities::now;

/// What a receiver answered to a test.
#[derive(Debug)]
pub struct Answered {
    /// Whether it took it.
    pub taken: bool,
    /// What it said, or why it could not be reached.
    pub says: String,
}

/// Tells one receiver for as long as it is polled. What fails here is tried again; it never ends.
pub(super) async fn tell(folder: PathBuf, reader: Reader, receiver: Receiver) {
    let mut told = None;
    loop {
        let error = match telling(&folder, &reader, &receiver).await {
            Err(error) => causes(&error).join(": "),
            Ok(never) => match never {},
        };
        if told.as_ref() != Some(&error) {
            tracing::error!(receiver = %receiver.name, why = %error, "a receiver cannot be told");
            told = Some(error);
        }
        tokio::time::sleep(BROKEN).await;
    }
}

async fn telling(
    folder: &Path,
    reader: &Reader,
    receiver: &Receiver,
) -> Result<std::convert::Infallible, WebhookError> {
    let client = client(TIMEOUT)?;
    let mut cursor = blocking({
        let (folder, reader, receiver) = (folder.to_owned(), reader.clone(), receiver.clone());
        move || Cursor::of(&folder, &reader, &receiver)
    })
    .await?;
    let mut kept_at = Instant::now();
    loop {
        let looked = blocking({
            let (reader, about, from) = (reader.clone(), receiver.about.clone(), cursor.next);
            move || next(&reader, &about, from)
        })
        .await?;
        match looked {
            Looked::Nothing => tokio::time::sleep(EVERY).await,
            Looked::Passed { next, last } => {
                (cursor.next, cursor.last) = (next, Some(last));
                // entries that concern nobody here are looked through again rather than remembered one by one
                if kept_at.elapsed() < KEPT_EVERY {
                    continue;
                }
            }
            Looked::Found(message) => match post(&client, receiver, &message).await {
                Ok(()) => {
                    let (next, last) = (message.position + 1, Some(message.id));
                    cursor = Cursor { next, last, delivered_at: Some(now()), ..Cursor::default() };
                }
                Err(why) => {
                    if cursor.failures == 0 {
                        tracing::warn!(receiver = %receiver.name, %why, "a receiver does not take what it is told");
                    }
                    cursor.failures = cursor.failures.saturating_add(1);
                    cursor.failing_since.get_or_insert_with(now);
                    cursor.why = Some(why);
                    keep(folder, receiver, &cursor).await?;
                    tokio::time::sleep(pause(cursor.failures)).await;
                    continue;
                }
            },
        }
        let behind = Cursor::kept(folder, &receiver.name)?.as_ref() != Some(&cursor);
        if behind {
            keep(folder, receiver, &cursor).await?;
        }
        kept_at = Instant::now();
    }
}

/// What lies next in the ledger for a receiver.
enum Looked {
    Found(Message),
    Nothing,
    Passed { next: u64, last: String },
}

fn next(reader: &Reader, about: &About, from: u64) -> Result<Looked, StoreError> {
    let size = reader.size()?;
    let until = size.min(from.saturating_add(LOOKED_AT));
    let (mut last, mut concerned) = (None, Vec::new());
    reader.rows(from, until, |row| {
        last = Some(row.event_id.to_owned());
        // premises/…/hazard/… or party/…/credit: nothing else is told of
        let concerns = match about {
            About::Credit => row.schema.starts_with("credit/") && REPORTS.contains(&row.event_type),
            About::HazardsOf(_) => row.schema.starts_with("hazard/"),
        };
        if concerns {
            concerned.push((row.position, row.stream.to_owned(), row.version));
        }
        Ok::<_, StoreError>(())
    })?;
    for (position, stream, version) in concerned {
        let message = match about {
            About::Credit => credit::of_entry(reader, position, &stream, version)?,
            About::HazardsOf(department) => {
                hazards::of_entry(reader, department, position, &stream, version)?
            }
        };
        if let Some(message) = message {
            return Ok(Looked::Found(message));
        }
    }
    Ok(match last {
        Some(last) => Looked::Passed { next: until, last },
        None => Looked::Nothing,
    })
}

/// One attempt; what was wrong where it is not taken.
async fn post(client: &Client, receiver: &Receiver, message: &Message) -> Result<(), String> {
    let at = now();
    let request = client
        .post(&receiver.url)
        .header(CONTENT_TYPE, "application/json")
        .header(WEBHOOK_ID, &message.id)
        .header(TIMESTAMP, at.to_string())
        .header(SIGNATURE, signature(&receiver.secret, at, &message.body))
        .body(message.body.clone());
    // the address is ours and may have a token in it, and what is said of the error is shown
    let mut answer = request.send().await.map_err(|error| causes(&error.without_url()).join(": "))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let said = bounded(&mut answer, SAID_BYTES_MAX).await.unwrap_or_default();
    let said: String = String::from_utf8_lossy(&said).chars().filter(|letter| !letter.is_control()).collect();
    Err(format!("it answers {status} {said}").trim().to_owned())
}

/// Sends one message that tells of nothing, signed like all others.
///
/// # Errors
/// If nothing can be sent at all.
pub async fn deliver_test(receiver: &Receiver, log: &str) -> Result<Answered, WebhookError> {
    let id = uuid::Uuid::now_v7().to_string();
    let body = json!({ "id": id, "type": "Test", "log": log, "department": receiver.about.department() })
        .to_string();
    let posted = post(&client(TIMEOUT)?, receiver, &Message { position: 0, id, body }).await;
    Ok(match posted {
        Ok(()) => Answered { taken: true, says: "it took the test".to_owned() },
        Err(says) => Answered { taken: false, says },
    })
}

async fn keep(folder: &Path, receiver: &Receiver, cursor: &Cursor) -> Result<(), WebhookError> {
    let (folder, name, cursor) = (folder.to_owned(), receiver.name.clone(), cursor.clone());
    blocking(move || cursor.keep(&folder, &name)).await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, WebhookError> {
    let ended = tokio::task::spawn_blocking(work).await;
    Ok(ended.map_err(|error| StoreError::Corrupt { what: error.to_string() })??)
}

/// How long to wait after so many failures in a row: a second, then twice as long each time, an hour at most.
fn pause(failures: u32) -> Duration {
    let seconds = 2_u64.checked_pow(failures.saturating_sub(1)).unwrap_or(u64::MAX);
    Duration::from_secs(seconds.min(3_600))
}

/// An answer's words that are kept of a refusal.
const SAID_BYTES_MAX: usize = 512;
const TIMEOUT: Duration = Duration::from_secs(10);
const EVERY: Duration = Duration::from_millis(500);
const KEPT_EVERY: Duration = Duration::from_secs(5);
const BROKEN: Duration = Duration::from_secs(5);
/// What of a credit file the public platform is told.
const REPORTS: [&str; 2] = ["CreditRecalled", "CreditReported"];
/// Entries that are looked at in one go.
const LOOKED_AT: u64 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_a_second_to_an_hour() {
        let pauses: Vec<u64> =
            [1, 2, 3, 12, 13, 14, 99, u32::MAX].map(|failures| pause(failures).as_secs()).into();
        assert_eq!(pauses, [1, 2, 4, 2048, 3600, 3600, 3600, 3600]);
    }
}
