//! Whom a folder's own lists name: what counts where the reader brings no trust file.

use std::path::Path;

use wuping_ledger::stamp::Roots;
use wuping_replay::witnessed::Trusted;

use crate::anchors::{self, AnchorError};
use crate::authorities::{self, AuthorityError};

/// Why the lists cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// That of the witnesses.
    #[error(transparent)]
    Anchors(#[from] AnchorError),
    /// That of the time-stamping authorities.
    #[error(transparent)]
    Authorities(#[from] AuthorityError),
}

/// All witnesses of `witnesses.txt`, two of which make a quorum if there are as many, and all authorities of
/// `authorities.txt`.
///
/// # Errors
/// [`TrustError`] with the line.
pub fn listed_in(folder: &Path) -> Result<Trusted, TrustError> {
    let witnesses: Vec<_> = anchors::listed(folder)?.into_iter().map(|witness| witness.key).collect();
    let quorum = witnesses.len().min(QUORUM);
    let mut tsa_roots = Roots::default();
    authorities::listed(folder)?.into_iter().for_each(|authority| tsa_roots.add(authority.roots));
    Ok(Trusted { witnesses, quorum, tsa_roots, ..Trusted::default() })
}

/// How many cosignatures make level 3 where no trust file says it.
const QUORUM: usize = 2;
