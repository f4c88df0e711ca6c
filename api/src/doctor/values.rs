//! How it stands with private values and attachments: named and there, there and named.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::time::{Duration, SystemTime};

use wuping_ledger::disclosure::digests_in;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;
use wuping_ledger::vault::{Listing, Vault};
use wuping_projections::error::causes;

use super::{Findings, some};
use crate::erasing::{ErasureError, erased_digests, live_photos};

pub(super) fn examine(folder: &Path, reader: &Reader, found: &mut Findings) {
    if !Vault::is_there(folder).unwrap_or(false) {
        return;
    }
    let listing = match Vault::listing(folder) {
        Ok(listing) => listing,
        Err(error) => {
            let todo = "put the vault back from a backup; erasures are applied again when the server starts";
            found.todo("vault", causes(&error).join(": "), todo);
            return;
        }
    };
    match named(reader) {
        Ok((named, erased)) => values(&listing, &named, &erased, found),
        Err(error) => found.not_looked("vault", &error, "run “wuping verify”"),
    }
    match listing.unswept {
        0 => found.well("sweep", "no value waits for the daily sweep"),
        n => found.todo(
            "sweep",
            format!("{n} values are older than a day and not known to be named by an entry"),
            "start the server, or see in its log why the daily sweep was not done",
        ),
    }
    attachments(folder, reader, found);
}

fn values(listing: &Listing, named: &HashSet<String>, erased: &HashSet<String>, found: &mut Findings) {
    let missing = named.difference(&listing.digests).filter(|digest| !erased.contains(*digest)).count();
    let back = listing.digests.intersection(erased).count();
    if missing > 0 {
        let says =
            format!("{missing} private values are named by entries, never erased, and not in the vault");
        found.todo("vault", says, "put the vault back from the newest backup");
    }
    if back > 0 {
        let says = format!("{back} private values that were erased are in the vault");
        found.todo("vault", says, "start the server: it erases them again before it serves");
    }
    if missing == 0 && back == 0 {
        found.well("vault", format!("{} private values, all that entries name", listing.digests.len()));
    }
}

/// Digests that entries name, and those that were erased.
fn named(reader: &Reader) -> Result<(HashSet<String>, HashSet<String>), ErasureError> {
    let mut named = HashSet::new();
    reader.rows(0, u64::MAX, |row| {
        named.extend(digests_in(row.data));
        Ok::<_, StoreError>(())
    })?;
    Ok((named, erased_digests(reader)?))
}

fn attachments(folder: &Path, reader: &Reader, found: &mut Findings) {
    let there = match files(&folder.join("attachments")) {
        Ok(there) => there,
        Err(error) => {
            found.not_looked("attachments", &error, "see who may read the folder attachments");
            return;
        }
    };
    let vault = match Vault::open_read_only(folder) {
        Ok(vault) => vault,
        Err(error) => {
            let says = format!(
                "{} are there; which are named is not known, for {}",
                there.len(),
                causes(&error).join(": ")
            );
            found.note("attachments", says);
            return;
        }
    };
    let live = match live_photos(reader, &vault) {
        Ok(live) => live,
        Err(error) => {
            found.todo(
                "attachments",
                causes(&error).join(": "),
                "run “wuping verify”, then put the vault back",
            );
            return;
        }
    };
    let kept: BTreeSet<&str> = there.iter().map(|(name, _)| name.as_str()).collect();
    let missing: Vec<&String> = live.iter().filter(|photo| !kept.contains(photo.as_str())).collect();
    // one that was just put may be named in a moment
    let stray: Vec<&String> =
        there.iter().filter(|(name, old)| *old && !live.contains(name)).map(|(name, _)| name).collect();
    if !missing.is_empty() {
        let says = format!("{} are named and not there: {}", missing.len(), some(missing.iter()));
        found.todo("attachments", says, "put them back from a backup");
    }
    if !stray.is_empty() {
        let says = format!("{} are there and named by no value: {}", stray.len(), some(stray.iter()));
        let todo =
            "they were left by a crash, or brought back by a copy after they were erased: remove those files";
        found.todo("attachments", says, todo);
    }
    if missing.is_empty() && stray.is_empty() {
        found.well("attachments", format!("{} are there, all that are named and no others", there.len()));
    }
}

/// Every file under the attachments, and whether it has lain there for a while.
fn files(folder: &Path) -> std::io::Result<Vec<(String, bool)>> {
    let mut found = Vec::new();
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(found),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
            continue;
        }
        let put = path.metadata().and_then(|known| known.modified()).ok();
        let old =
            put.and_then(|put| SystemTime::now().duration_since(put).ok()).is_some_and(|age| age > FRESH);
        found.push((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), old));
    }
    Ok(found)
}

const FRESH: Duration = Duration::from_hours(1);
