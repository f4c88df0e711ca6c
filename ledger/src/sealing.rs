//! From a decided batch to what is written: signatures on several threads, rows and hashes in order.

use std::sync::Arc;

use crate::clock::Monotonic;
use crate::device::DeviceEvent;
use crate::encoding::b64u_encode;
use crate::entry::{self, Meta, Sealed, leaf, payload, protected};
use crate::in_order::made_in_order;
use crate::keys::{Kid, Signer};
use crate::merkle::leaf_hash;
use crate::row::{Row, metadata_text};
use crate::staging::{Staged, StagedEntry};
use crate::store::{Batch, TreeHead};
use crate::timestamp::Timestamp;
use crate::tree_state::TreeState;

/// Where an entry's signature comes from.
#[derive(Clone, Debug)]
pub(crate) enum Signing {
    /// A device made it: it was verified, and stays as it is.
    Device(Arc<DeviceEvent>),
    /// It is made with this key.
    Held(Arc<Signer>),
}

impl Signing {
    /// The author's key.
    pub(crate) fn kid(&self) -> &Kid {
        match self {
            Self::Device(event) => event.kid(),
            Self::Held(signer) => signer.kid(),
        }
    }

    /// The leaf of an entry at its place.
    pub(crate) fn seal(&self, data: &str, meta: &Meta, recorded_at: Timestamp, position: u64) -> Sealed {
        match self {
            Self::Held(signer) => entry::seal(signer, data, meta, recorded_at, position),
            Self::Device(event) => {
                let signature = b64u_encode(event.signature());
                let (payload, protected) = (payload(data, meta), protected(event.kid()));
                let leaf = leaf(recorded_at, position, &payload, &protected, &signature);
                Sealed { leaf_hash: leaf_hash(&leaf), leaf, signature: *event.signature() }
            }
        }
    }
}

/// Signs the staged entries and takes them into the tree. Signing costs most of a batch: another thread signs what is
/// behind while this one hands over, in their order, the rows that are ready.
///
/// # Errors
///
/// What `ready` answered, after which nothing more is signed.
pub(crate) fn seal<E>(
    state: &mut TreeState,
    staged: Staged,
    last: Timestamp,
    clock_mark: Monotonic,
    ready: impl FnMut(&[Row]) -> Result<(), E>,
) -> Result<Batch, E> {
    let rows = made_in_order(staged.entries, sealed_row, ready)?;
    let tiles = rows.iter().flat_map(|row| state.push(row.leaf_hash)).collect();
    Ok(Batch {
        rows,
        tiles,
        outcomes: staged.outcomes,
        cursors: staged.cursors,
        head: TreeHead { frontier: state.frontier.clone(), recorded_at: last },
        clock_mark,
    })
}

fn sealed_row(staged: StagedEntry) -> Row {
    let meta = &staged.meta;
    let sealed = staged.signing.seal(&staged.data, meta, staged.recorded_at, staged.position);
    Row {
        position: staged.position,
        aggregate_type: meta.stream.aggregate_type().to_owned(),
        aggregate_id: meta.stream.as_str().to_owned(),
        sequence: meta.version,
        event_type: staged.event_type,
        event_version: meta.schema_number().to_owned(),
        payload: staged.data,
        metadata: metadata_text(meta),
        author_seq: meta.author_seq,
        event_id: staged.event_id,
        occurred_at: meta.occurred_at.to_string(),
        schema: meta.schema.clone(),
        kid: staged.signing.kid().to_string(),
        signature: b64u_encode(&sealed.signature),
        recorded_at: staged.recorded_at.to_string(),
        leaf_hash: sealed.leaf_hash,
    }
}
