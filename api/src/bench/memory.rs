//! How much memory a verification takes: a ledger of as many entries as wanted is made and verified up to level 5 by this
//! program in a process of its own, whose highest resident size is read from the system while it runs.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::BenchError;
use super::sides::Ours;

/// What a verification took.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Peak {
    /// Entries verified.
    pub(super) entries: u64,
    /// Highest resident size of the verifying process, KiB.
    pub(super) peak_kib: u64,
    /// Size of the entries' database on disk, KiB; none on a server.
    pub(super) ledger_kib: Option<u64>,
    /// How long it took, milliseconds.
    pub(super) took_ms: u64,
}

impl Peak {
    /// For people.
    pub(super) fn line(&self, verified: &str) -> String {
        let ledger = self.ledger_kib.map_or_else(String::new, |kib| format!(" of {} MiB", kib / 1_024));
        format!(
            "{verified:<28} {} entries{ledger} in {} s, at most {} MiB of memory",
            self.entries,
            self.took_ms / 1_000,
            self.peak_kib / 1_024
        )
    }
}

/// Fills a ledger in SQLite files with notes and has it verified.
pub(super) async fn on_sqlite(folder: &Path, notes: u64) -> Result<Peak, BenchError> {
    let ours = Ours::in_folder(folder).await?;
    filled(ours, notes).await?;
    let ledger = std::fs::metadata(folder.join("ledger.db")).map_err(BenchError::of("weigh the ledger"))?;
    Ok(Peak { ledger_kib: Some(ledger.len() / 1_024), ..verified(folder)? })
}

/// The same in a database on a server.
pub(super) async fn on_postgres(folder: &Path, url: &str, notes: u64) -> Result<Peak, BenchError> {
    filled(Ours::on_postgres(folder, url).await?, notes).await?;
    verified(folder)
}

/// Fills a ledger and closes it: nothing is left in its write-ahead log.
async fn filled(ours: Ours, notes: u64) -> Result<(), BenchError> {
    tokio::task::block_in_place(|| ours.fill(notes))?;
    ours.ledger().writer().close().await.map_err(BenchError::of("close the ledger"))
}

/// Verifies a ledger as its user does.
fn verified(folder: &Path) -> Result<Peak, BenchError> {
    const DOING: &str = "verify the ledger";
    let program = std::env::current_exe().map_err(BenchError::of(DOING))?;
    let began = Instant::now();
    let mut verifying = Command::new(program)
        .arg("--data")
        .arg(folder)
        .args(["verify", "--level", "5", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(BenchError::of(DOING))?;
    let mut peak_kib = 0;
    while verifying.try_wait().map_err(BenchError::of(DOING))?.is_none() {
        peak_kib = resident_at_most(&verifying).unwrap_or(peak_kib);
        sleep(LOOKED_AT_EVERY);
    }
    let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let answered = verifying.wait_with_output().map_err(BenchError::of(DOING))?;
    if !answered.status.success() {
        return Err(BenchError::because(DOING, String::from_utf8_lossy(&answered.stdout).into_owned()));
    }
    let report: serde_json::Value =
        serde_json::from_slice(&answered.stdout).map_err(BenchError::of("read the report"))?;
    let entries = report["size"].as_u64();
    let entries = entries.ok_or_else(|| BenchError::because(DOING, "the report names no size".to_owned()))?;
    if peak_kib == 0 {
        let why = "the system does not tell a process's memory as Linux does".to_owned();
        return Err(BenchError::because("weigh the verification", why));
    }
    Ok(Peak { entries, peak_kib, ledger_kib: None, took_ms })
}

/// The highest resident size of a process so far, KiB; none when it has ended.
fn resident_at_most(process: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

const LOOKED_AT_EVERY: Duration = Duration::from_millis(20);
