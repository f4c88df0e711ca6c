//! Feed: entries out of the ledger in order, each compared with its hash, the tree over them kept. Reading, hashing and
//! understanding are done on a thread of their own, while the caller folds what came before.

use std::sync::mpsc::{SyncSender, sync_channel};

use wuping_ledger::encoding::Hash;
use wuping_ledger::merkle::{Frontier, leaf_hash};
use wuping_ledger::reader::Reader;
use wuping_ledger::row::Row;

use crate::entry::Entry;
use crate::error::ViewsError;

/// Some entries in a row, and the tree up to and with them.
#[derive(Debug)]
pub struct Batch {
    /// The entries, in order.
    pub entries: Vec<Entry>,
    /// The hashes of their leaves, in the same order.
    pub leaves: Vec<Hash>,
    /// The tree after the last of them.
    pub frontier: Frontier,
}

/// Shows the entries from the end of `frontier` up to, not including, `to`, in batches. The last batch shown before an
/// error is whole as far as it goes: the error is about the entry after it.
///
/// # Errors
/// [`ViewsError`] of the first entry that is gone, changed or not understood, or what `each` answered.
pub fn read(
    reader: &Reader,
    frontier: Frontier,
    to: u64,
    mut each: impl FnMut(Batch) -> Result<(), ViewsError>,
) -> Result<(), ViewsError> {
    if to.saturating_sub(frontier.size()) <= BATCH {
        let mut source = Source::new(reader, frontier, to)?;
        return source.batches(|batch| each(batch).map(|()| true));
    }
    let mut source = Source::new(reader, frontier, to)?;
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(AHEAD);
        let reading = scope.spawn(move || send(&mut source, &sender));
        for batch in receiver {
            each(batch)?;
        }
        // A panic there is one here: it must not look like the end of the log.
        match reading.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

fn send(source: &mut Source<'_>, sender: &SyncSender<Batch>) -> Result<(), ViewsError> {
    // Nobody receives any more when the caller's fold has failed; it says why.
    source.batches(|batch| Ok(sender.send(batch).is_ok()))
}

struct Source<'r> {
    reader: &'r Reader,
    origin: &'r str,
    frontier: Frontier,
    to: u64,
}

impl<'r> Source<'r> {
    fn new(reader: &'r Reader, frontier: Frontier, to: u64) -> Result<Self, ViewsError> {
        let origin = if to == 0 { "" } else { reader.origin()? };
        Ok(Self { reader, origin, frontier, to })
    }

    fn batches(&mut self, mut each: impl FnMut(Batch) -> Result<bool, ViewsError>) -> Result<(), ViewsError> {
        while self.frontier.size() < self.to {
            let first = self.frontier.size();
            let rows = self.reader.stored_rows(first, (first + BATCH).min(self.to))?;
            if rows.is_empty() {
                return Err(ViewsError::Missing { position: first });
            }
            let (batch, failed) = self.understand(&rows);
            let goes_on = batch.entries.is_empty() || each(batch)?;
            match failed {
                Some(error) => return Err(error),
                None if !goes_on => return Ok(()),
                None => {}
            }
        }
        Ok(())
    }

    fn understand(&mut self, rows: &[Row]) -> (Batch, Option<ViewsError>) {
        let mut entries = Vec::with_capacity(rows.len());
        let mut leaves = Vec::with_capacity(rows.len());
        let mut failed = None;
        for row in rows {
            match self.checked(row) {
                Ok(entry) => {
                    self.frontier.push(row.leaf_hash);
                    leaves.push(row.leaf_hash);
                    entries.push(entry);
                }
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        (Batch { entries, leaves, frontier: self.frontier.clone() }, failed)
    }

    fn checked(&self, row: &Row) -> Result<Entry, ViewsError> {
        let position = self.frontier.size();
        if row.position != position {
            return Err(ViewsError::Missing { position });
        }
        if leaf_hash(&row.leaf(self.origin)) != row.leaf_hash {
            return Err(ViewsError::Leaf { position });
        }
        Ok(Entry::of_row(row)?)
    }
}

/// Entries read at a time, and saved in one transaction.
const BATCH: u64 = 2_048;

/// Batches that may wait for the fold.
const AHEAD: usize = 4;
