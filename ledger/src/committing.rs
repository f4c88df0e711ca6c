//! Committing to the heads: what the last entry of every stream and author is, said in one event of the service.
//!
//! Of a long log that is many: they are folded beforehand, while others write, and only what was written since is taken in under the lock.

use serde_json::json;
use uuid::Uuid;

use crate::append::{AppendError, AppendRequest, Author, NewEvent, Receipt};
use crate::genesis::Ledger;
use crate::heads::{HeadKind, Heads};
use crate::reading::LedgerReads;
use crate::store::StoreError;
use crate::stream::StreamPath;
use crate::timestamp::Timestamp;

/// The stream of the commitments.
pub(crate) const HEADS: &str = "heads";

/// The heads of the streams of a log's first entries, so many of them at least.
#[derive(Debug)]
pub(crate) struct FoldedHeads {
    heads: Heads,
    size: u64,
}

impl FoldedHeads {
    /// Of all that the log has. Others may write meanwhile: what came while it was read may be in it or not.
    pub(crate) fn of(reads: &dyn LedgerReads) -> Result<Self, StoreError> {
        let size = reads.head()?.map_or(0, |head| head.frontier.size());
        let mut heads = Heads::new();
        reads.last_of_streams(&mut |last| {
            heads.set(HeadKind::Stream, last.stream, last.version, last.position, last.leaf_hash);
            Ok(())
        })?;
        Ok(Self { heads, size })
    }

    /// The service's event about the log as it is now, of `size` entries.
    pub(crate) fn request(
        mut self,
        reads: &dyn LedgerReads,
        size: u64,
        at: Timestamp,
    ) -> Result<AppendRequest, AppendError> {
        // from the oldest to the newest: what is in it already is set again, and then is followed by what came after it
        reads.leaves(self.size, size, &mut |leaf| {
            self.heads.set(HeadKind::Stream, leaf.stream, leaf.version, leaf.position, leaf.leaf_hash);
            Ok(())
        })?;
        // these are few, and only the lock keeps what is said of them together
        for author in reads.authors()? {
            for leaf in reads.leaf_hashes(author.position, author.position + 1)? {
                self.heads.set(
                    HeadKind::Author,
                    author.kid.as_str(),
                    author.author_seq,
                    author.position,
                    leaf,
                );
            }
        }
        let root = self.heads.root();
        let data = json!({"count": self.heads.count(), "root": root.b64u(), "type": "HeadsCommitted"});
        let event = NewEvent::of_the_ledger(StreamPath::new(HEADS)?, &data)?;
        Ok(AppendRequest::single(Uuid::now_v7(), Author::Service, at, event))
    }
}

/// Whether the last entry of a log is a commitment.
pub(crate) fn is_committed(reads: &dyn LedgerReads) -> Result<bool, StoreError> {
    let size = reads.head()?.map_or(0, |head| head.frontier.size());
    let last = reads.last_position_of_subject(HEADS)?;
    Ok(last.map_or(0, |position| position + 1) == size)
}

impl Ledger {
    /// Commits to the heads of all streams and authors; none if there is nothing new since the last time.
    ///
    /// # Errors
    ///
    /// [`AppendError`].
    pub async fn commit_heads(&self) -> Result<Option<Receipt>, AppendError> {
        let reader = self.reader().clone();
        let folded = tokio::task::spawn_blocking(move || reader.folded_heads()).await;
        match folded.map_err(|_| AppendError::Closed)?? {
            Some(folded) => self.writer().commit_heads(folded).await,
            None => Ok(None),
        }
    }
}
