//! Whether a log continues a checkpoint that somebody kept earlier (docs/format.md §12): whoever rewrites history cannot
//! reach into that drawer.

use wuping_ledger::audit::AuditReport;
use wuping_ledger::note::open_checkpoint;

use crate::verified::Finding;

/// A checkpoint that somebody kept.
#[derive(Clone, Debug)]
pub struct KeptCheckpoint {
    /// Where it is kept, for a person.
    pub place: String,
    /// The note.
    pub note: String,
}

/// The size of a kept checkpoint that this log continues; else what that means.
pub(crate) fn continued(kept: &KeptCheckpoint, report: &AuditReport) -> Result<u64, Finding> {
    let finding =
        |code: &str, detail: String| Finding { position: None, level: 2, code: code.to_owned(), detail };
    let place = &kept.place;
    let opened = report.log_key.as_ref().map(|key| open_checkpoint(kept.note.as_bytes(), key, &[], 0, None));
    let checkpoint = match opened {
        Some(Ok(checkpoint)) => checkpoint,
        Some(Err(refusal)) => {
            let detail = format!("the checkpoint in {place} was not signed by this log's key: {refusal}");
            return Err(finding("kept-checkpoint", detail));
        }
        None => {
            let detail =
                format!("the log key is not known, so that the checkpoint in {place} cannot be compared");
            return Err(finding("kept-checkpoint", detail));
        }
    };
    let (then, now) = (checkpoint.size, report.size);
    match report.roots.iter().find(|(size, _)| *size == then) {
        Some((_, root)) if *root == checkpoint.root => Ok(then),
        Some(_) => Err(finding(
            "history-rewritten",
            format!(
                "history was rewritten: the checkpoint in {place} was signed over {then} entries, and the first {then} of the \
                 {now} entries here are others. Keep both checkpoints: they prove it"
            ),
        )),
        None => Err(finding(
            "history-rewritten",
            format!(
                "history was rewritten: the checkpoint in {place} was signed over {then} entries, and there are {now} here. \
                 What was recorded behind them is gone; keep both checkpoints"
            ),
        )),
    }
}
