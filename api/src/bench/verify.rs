//! Verifying the whole log up to level 4, from the files it lies in, beside a bare loop over the same signatures, which
//! are in memory already: what everything else that a verification does costs.

use std::path::Path;
use std::time::Instant;

use wuping_ledger::audit::{AuditOptions, Audited, Onlooker, Signatures, audit};
use wuping_ledger::entry::Entry;
use wuping_ledger::keys::{PublicKey, verify_batch, verify_strict};

use super::BenchError;
use super::figures::{OURS, Round, STOCK, Table};
use super::sides::Ours;

/// Verifies as many notes as wanted, in turns.
pub(super) async fn compare(
    folder: &Path,
    notes: u64,
    rounds: u32,
    table: &mut Table,
) -> Result<(), BenchError> {
    let (folder, ours) = (folder.join("ours"), Ours::in_folder(&folder.join("ours")).await?);
    tokio::task::block_in_place(|| ours.fill(notes))?;
    tokio::task::block_in_place(|| in_turns(&ours, &folder, rounds, table))
}

fn in_turns(ours: &Ours, folder: &Path, rounds: u32, table: &mut Table) -> Result<(), BenchError> {
    const DOING: &str = "read the signatures";
    let reader = ours.ledger().reader();
    let keys = reader.keys().map_err(BenchError::of(DOING))?;
    let (origin, size) = (ours.ledger().origin(), reader.size().map_err(BenchError::of(DOING))?);
    let mut signed = Vec::new();
    for from in (0..size).step_by(A_PAGE) {
        for row in reader.stored_rows(from, from + A_PAGE as u64).map_err(BenchError::of(DOING))? {
            let entry = row.check(origin).map_err(BenchError::of(DOING))?;
            let key = keys.record(&entry.kid).map(|record| record.public);
            let key =
                key.ok_or_else(|| BenchError::because(DOING, format!("{} is not enrolled", entry.kid)))?;
            signed.push(Signed {
                key,
                signature: entry.signature,
                message: entry.signing_input().to_owned(),
            });
        }
    }
    for _ in 0..rounds {
        for threads in [1, 2] {
            for (name, signatures) in [("strict", Signatures::Strict), ("fast", Signatures::Batch)] {
                let measured =
                    format!("verify_{name}_{threads}_thread{}", if threads == 1 { "" } else { "s" });
                table.add(measured.clone(), OURS, our_round(folder, signatures, threads)?);
                table.add(measured, STOCK, bare_round(&signed, signatures, threads)?);
            }
        }
    }
    Ok(())
}

/// An entry's signature, ready to be verified.
struct Signed {
    key: PublicKey,
    signature: [u8; 64],
    message: String,
}

/// Everything up to level 4, with no finding.
fn our_round(folder: &Path, signatures: Signatures, threads: usize) -> Result<Round, BenchError> {
    const DOING: &str = "verify the ledger";
    struct Nobody;
    impl Onlooker for Nobody {
        fn entry(&mut self, _: &Entry) {}
    }
    let options = AuditOptions { signatures, threads: Some(threads), ..AuditOptions::default() };
    let began = Instant::now();
    let report = audit(Audited::Folder(folder), &options, &mut Nobody).map_err(BenchError::of(DOING))?;
    let took = began.elapsed();
    match report.findings.first() {
        None => Ok(Round { done: report.size, took, waits: vec![] }),
        Some(finding) => Err(BenchError::because(DOING, format!("{finding:?}"))),
    }
}

/// The signatures alone, shared out among threads.
fn bare_round(signed: &[Signed], signatures: Signatures, threads: usize) -> Result<Round, BenchError> {
    let began = Instant::now();
    let hold = std::thread::scope(|scope| {
        let parts: Vec<_> = signed
            .chunks(signed.len().div_ceil(threads).max(1))
            .map(|part| scope.spawn(move || all_hold(part, signatures)))
            .collect();
        parts.into_iter().all(|part| part.join().unwrap_or(false))
    });
    match hold {
        true => Ok(Round { done: signed.len() as u64, took: began.elapsed(), waits: vec![] }),
        false => Err(BenchError::because("verify the signatures", "one does not hold".to_owned())),
    }
}

fn all_hold(signed: &[Signed], signatures: Signatures) -> bool {
    match signatures {
        Signatures::Strict => signed
            .iter()
            .all(|signed| verify_strict(&signed.key, &signed.signature, signed.message.as_bytes()).is_ok()),
        Signatures::Batch => signed.chunks(A_BATCH).all(|batch| {
            let batch: Vec<_> =
                batch.iter().map(|one| (&one.key, &one.signature, one.message.as_bytes())).collect();
            verify_batch(&batch)
        }),
    }
}

const A_PAGE: usize = 4_096;
/// As many as the audit puts into one.
const A_BATCH: usize = 256;
