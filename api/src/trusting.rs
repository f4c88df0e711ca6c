//! Whom a folder's own lists name: what counts where the reader brings no trust file.

use std::path::Path;

use serde_json::{Value, json};
use wuping_ledger::genesis::stated_log_key;
use wuping_ledger::reader::Reader;
use wuping_ledger::stamp::Roots;
use wuping_ledger::store::StoreError;
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
    /// The ledger could not be read.
    #[error("the ledger could not be read")]
    Store(#[from] StoreError),
}

/// All witnesses of `witnesses.txt`, two of which make a quorum (docs/format.md §7), and all authorities of `authorities.txt`. Where
/// only one is listed nothing is established by it; where none is, nobody is asked for.
///
/// # Errors
/// [`TrustError`] with the line.
pub fn listed_in(folder: &Path) -> Result<Trusted, TrustError> {
    let witnesses: Vec<_> = anchors::listed(folder)?.into_iter().map(|witness| witness.key).collect();
    let quorum = if witnesses.is_empty() { 0 } else { QUORUM };
    let mut tsa_roots = Roots::default();
    authorities::listed(folder)?.into_iter().for_each(|authority| tsa_roots.add(authority.roots));
    Ok(Trusted { witnesses, quorum, tsa_roots, ..Trusted::default() })
}

/// What somebody who verifies elsewhere must know of this ledger, `wuping-trust/1` (docs/format.md §11): its key and first entry, and
/// those whom the folder lists.
///
/// # Errors
/// [`TrustError`].
pub fn trust_file(folder: &Path, reader: &Reader) -> Result<Value, TrustError> {
    let listed = listed_in(folder)?;
    let gone = || StoreError::Corrupt { what: "there is no first entry".to_owned() };
    let genesis = reader.row(0)?.ok_or_else(gone)?.leaf_hash.hex();
    let witnesses: Vec<String> = listed.witnesses.iter().map(ToString::to_string).collect();
    Ok(json!({
        "format": "wuping-trust/1",
        "genesis": genesis,
        "log_vkey": stated_log_key(reader)?,
        "origin": reader.origin()?,
        "quorum": listed.quorum,
        "tsa_roots": authorities::roots_in_pem(folder)?,
        "witnesses": witnesses,
    }))
}

/// How many cosignatures make level 3 where no trust file says it.
const QUORUM: usize = 2;

#[cfg(test)]
mod tests {
    use wuping_ledger::keys::Signer;
    use wuping_ledger::note::Cosigner;

    use super::*;

    #[test]
    fn two_witnesses_make_a_quorum_and_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let mut lines = String::new();
        for (listed, quorum) in [(0, 0), (1, 2), (2, 2), (3, 2)] {
            std::fs::write(folder.path().join("witnesses.txt"), &lines).unwrap();
            let trusted = listed_in(folder.path()).unwrap();
            assert_eq!((trusted.witnesses.len(), trusted.quorum), (listed, quorum));
            let key = Cosigner::new(&format!("w/{listed}"), Signer::generate().unwrap()).unwrap();
            lines += &format!("{} http://127.0.0.1:9\n", key.verifier_key());
        }
    }
}
