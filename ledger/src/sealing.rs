//! From a decided batch to what is written: signatures in parallel, then hashes into the tree in order.

use rayon::prelude::*;

use crate::clock::Monotonic;
use crate::encoding::b64u_encode;
use crate::entry;
use crate::row::{Row, metadata_text};
use crate::staging::{Staged, StagedEntry};
use crate::store::{Batch, TreeHead};
use crate::timestamp::Timestamp;
use crate::tree_state::TreeState;

/// Signs the staged entries and takes them into the tree.
pub(crate) fn seal(state: &mut TreeState, staged: Staged, last: Timestamp, clock_mark: Monotonic) -> Batch {
    let rows: Vec<Row> = staged.entries.par_iter().with_min_len(SIGNATURES_A_TASK).map(sealed_row).collect();
    let tiles = rows.iter().flat_map(|row| state.push(row.leaf_hash)).collect();
    Batch {
        rows,
        tiles,
        outcomes: staged.outcomes,
        cursors: staged.cursors,
        head: TreeHead { frontier: state.frontier.clone(), recorded_at: last },
        clock_mark,
    }
}

fn sealed_row(staged: &StagedEntry) -> Row {
    let meta = &staged.meta;
    let sealed = entry::seal(&staged.signer, &staged.data, meta, staged.recorded_at, staged.position);
    Row {
        position: staged.position,
        aggregate_type: meta.stream.aggregate_type().to_owned(),
        aggregate_id: meta.stream.as_str().to_owned(),
        sequence: meta.version,
        event_type: staged.event_type.clone(),
        event_version: meta.schema_number().to_owned(),
        payload: staged.data.clone(),
        metadata: metadata_text(meta),
        author_seq: meta.author_seq,
        event_id: staged.event_id.clone(),
        occurred_at: meta.occurred_at.to_string(),
        schema: meta.schema.clone(),
        kid: staged.signer.kid().to_string(),
        signature: b64u_encode(&sealed.signature),
        recorded_at: staged.recorded_at.to_string(),
        leaf_hash: sealed.leaf_hash,
    }
}

const SIGNATURES_A_TASK: usize = 8;
