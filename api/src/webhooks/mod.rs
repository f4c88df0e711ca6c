//! Webhooks: what becomes of a department's hazards, pushed to the department's own system; and what is reported to the public
//! credit platform, and taken back from it, pushed there.
//!
//! Each receiver gets every event that it is told of, with public values only, signed, in the order of the ledger, one after the other, and again until it has said that it has it. What was told is kept beside the ledger, so a
//! server that was killed goes on where it was. Nobody's work waits for a receiver, and no receiver for another.

mod credit;
mod cursor;
mod delivering;
mod hazards;
mod listed;
mod message;
mod standing;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::{BoxFuture, Either, select, select_all};
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;
use wuping_projections::error::causes;

pub use self::delivering::{Answered, deliver_test};
pub use self::listed::{About, Receiver, add, listed, remove};
pub use self::message::{SIGNATURE, TIMESTAMP, WEBHOOK_ID, signature};
pub use self::standing::{LATE_SECONDS, Standing, standings};

/// Why receivers cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The list cannot be read as one.
    #[error(
        "{file}, line {line}: {why}; each line is a name, a department or @credit, a URL, a secret, and a position"
    )]
    List {
        /// The list.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// Something asked for that cannot be.
    #[error("{why}")]
    Asked {
        /// What, and what to do.
        why: String,
    },
    /// The program that sends could not be set up.
    #[error("receivers cannot be reached")]
    Client(#[from] reqwest::Error),
    /// There are no random bytes for a secret.
    #[error("no random bytes to make a secret of")]
    Random(#[from] wuping_ledger::keyring::KeyringError),
    /// A file could not be read or written.
    #[error("what is kept of receivers could not be read or written")]
    Store(#[from] StoreError),
}

/// Tells every receiver of a folder's list, for as long as the server runs. The list is looked at every second, so that a
/// receiver is added and removed beside the running server.
pub async fn follow(folder: PathBuf, reader: Reader) {
    let mut telling: HashMap<Receiver, BoxFuture<'static, ()>> = HashMap::new();
    let mut told_of_list = None;
    loop {
        let look = folder.clone();
        match tokio::task::spawn_blocking(move || listed(&look)).await {
            Ok(Ok(listed)) => {
                told_of_list = None;
                telling.retain(|receiver, _| listed.contains(receiver));
                for receiver in listed {
                    let begin = || begin(&folder, &reader, receiver.clone());
                    telling.entry(receiver.clone()).or_insert_with(begin);
                }
            }
            Ok(Err(error)) => {
                // who is told already is told on; what is wrong is said once
                let why = causes(&error).join(": ");
                if told_of_list.as_ref() != Some(&why) {
                    tracing::error!(%why, "the list of receivers (webhooks.txt) cannot be read");
                    told_of_list = Some(why);
                }
            }
            Err(_) => return,
        }
        let wait = tokio::time::sleep(EVERY);
        if telling.is_empty() {
            wait.await;
            continue;
        }
        // no receiver's telling ever ends by itself
        let all = select_all(telling.values_mut());
        if let Either::Left(_) = select(all, Box::pin(wait)).await {
            return;
        }
    }
}

fn begin(folder: &Path, reader: &Reader, receiver: Receiver) -> BoxFuture<'static, ()> {
    Box::pin(delivering::tell(folder.to_owned(), reader.clone(), receiver))
}

const EVERY: Duration = Duration::from_secs(1);
