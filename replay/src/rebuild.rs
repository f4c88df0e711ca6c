//! Rebuild: the views made anew from the log, verified on the way, with the one line by which two of them are compared.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use wuping_domain::reaction::Rulebooks;
use wuping_ledger::leaf_source::LeafSource;
use wuping_ledger::log_files::{read_file, scheme_file};
use wuping_ledger::reader::Reader;
use wuping_ledger::static_log::StaticLog;
use wuping_projections::build::{Plan, build};
use wuping_projections::ledger_rulebooks::LedgerRulebooks;
use wuping_projections::{Views, ViewsError};

/// What was rebuilt.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Rebuilt {
    /// Digest of all views at that position, lower-case hex: the same on every machine.
    pub digest: String,
    /// Position of the last entry folded; none of an empty ledger.
    pub position: Option<u64>,
    /// How many entries were folded.
    pub events: u64,
    /// Milliseconds from the first entry read to the finished file in its place, the digest aside.
    pub milliseconds: u64,
    /// Entries a second, rounded down.
    pub events_per_second: u64,
    /// Root of the tree over the entries folded, lower-case hex, compared with the ledger's.
    pub tree_root: String,
}

/// Rebuilds the views of the ledger in a folder. Without `at` the file takes the place of the one in use at once when it is
/// whole; readers of the old one go on. With `at` the views are those after the entry at that position: name a file of their
/// own for them.
///
/// # Errors
/// [`ViewsError`] with the position of the first entry that is gone, changed or cannot be folded; the file in use is then left
/// as it was.
pub fn rebuild(ledger_folder: &Path, views_path: &Path, at: Option<u64>) -> Result<Rebuilt, ViewsError> {
    rebuild_telling(ledger_folder, views_path, at, |_, _| ())
}

/// As [`rebuild`]; `told` hears how many entries are folded, of how many.
///
/// # Errors
/// As [`rebuild`].
pub fn rebuild_telling(
    ledger_folder: &Path,
    views_path: &Path,
    at: Option<u64>,
    told: impl FnMut(u64, u64),
) -> Result<Rebuilt, ViewsError> {
    let reader = Reader::open(ledger_folder)?;
    let rulebooks: Arc<dyn Rulebooks + Send + Sync> = Arc::new(LedgerRulebooks::of(reader.clone()));
    let plan = match at {
        Some(position) => Plan::of_the_past(views_path, position),
        None => Plan::of_all(views_path),
    };
    rebuild_from(&reader, &rulebooks, &plan, told)
}

/// Makes views out of a published log and nothing else, in a file of their own: of all its entries, or of those up to the
/// position `at`. Their digest is that of the ledger's own views at that position.
///
/// # Errors
/// As [`rebuild`].
pub fn rebuild_published(log: &StaticLog, views_path: &Path, at: Option<u64>) -> Result<Rebuilt, ViewsError> {
    let files = log.files();
    let document = move |sha256: &str| read_file(files.as_ref(), &scheme_file(sha256));
    let rulebooks: Arc<dyn Rulebooks + Send + Sync> = Arc::new(LedgerRulebooks::reading(document));
    let last = log.head()?.0.checked_sub(1);
    let plan = match at.or(last) {
        Some(position) => Plan::of_the_past(views_path, position),
        None => Plan { in_use: false, ..Plan::of_all(views_path) },
    };
    rebuild_from(log, &rulebooks, &plan, |_, _| ())
}

fn rebuild_from(
    log: &impl LeafSource,
    rulebooks: &Arc<dyn Rulebooks + Send + Sync>,
    plan: &Plan,
    mut told: impl FnMut(u64, u64),
) -> Result<Rebuilt, ViewsError> {
    let all = plan.up_to.map_or(log.head()?.0, |position| position.saturating_add(1));
    let begun = Instant::now();
    let progress = build(log, rulebooks, plan, |folded| told(folded, all))?;
    let took = begun.elapsed();
    let (digest, _) = Views::at(&plan.path).digest()?;
    let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
    Ok(Rebuilt {
        digest,
        position: progress.position(),
        events: progress.folded(),
        milliseconds: microseconds / 1_000,
        events_per_second: progress.folded().saturating_mul(1_000_000) / microseconds,
        tree_root: progress.tree_root(),
    })
}
