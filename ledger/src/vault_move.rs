//! The way of a vault from one store to another, a part at a time: there may be more than memory holds.

use std::collections::HashMap;

use crate::vault::VaultError;
use crate::vault_store::{Put, Sealed, Unconfirmed, VaultStore};

/// Takes everything of one store over into another, what was erased first, so that it is not taken in. How many values there were.
pub(crate) fn moved(mut from: impl VaultStore, to: &mut impl VaultStore) -> Result<u64, VaultError> {
    let mut erased = Vec::new();
    from.each_erased(&mut |digest| erased.push(digest.to_owned()))?;
    if !erased.is_empty() {
        to.erase(&erased.iter().map(String::as_str).collect::<Vec<_>>())?;
    }
    let mut digests = Vec::new();
    from.each_digest(&mut |digest, _| digests.push(digest.to_owned()))?;
    // those that are known to be named need no look of the sweep: noted as the others are, then confirmed at once
    let unconfirmed = from.unconfirmed(i64::MAX)?;
    let unconfirmed = unconfirmed.into_iter().map(|note| (note.digest.clone(), note)).collect();
    let moved = digests.len() as u64;
    for part in digests.chunks(AT_A_TIME) {
        let names: Vec<&str> = part.iter().map(String::as_str).collect();
        let sealed = from.values(&names)?;
        let known: Vec<Sealed> = part
            .iter()
            .zip(sealed)
            .filter_map(|(digest, sealed)| Some(Sealed { digest: digest.clone(), sealed: sealed? }))
            .collect();
        put_all(to, known, &unconfirmed)?;
    }
    Ok(moved)
}

fn put_all(
    to: &mut impl VaultStore,
    values: Vec<Sealed>,
    unconfirmed: &HashMap<String, Unconfirmed>,
) -> Result<(), VaultError> {
    let mut confirmed = Vec::new();
    for value in values {
        match unconfirmed.get(&value.digest) {
            Some(note) => put(to, &[value], note.put_at_ms, note.from_position)?,
            None => confirmed.push(value),
        }
    }
    put(to, &confirmed, i64::MAX, 0)?;
    to.confirm(&confirmed.into_iter().map(|value| value.digest).collect::<Vec<_>>())
}

fn put(
    to: &mut impl VaultStore,
    values: &[Sealed],
    put_at_ms: i64,
    from_position: u64,
) -> Result<(), VaultError> {
    match to.put(&Put { values, put_at_ms, from_position, confirmed: &[] })? {
        Some(digest) => Err(VaultError::Erased { digest }),
        None => Ok(()),
    }
}

const AT_A_TIME: usize = 512;
