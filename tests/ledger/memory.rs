//! Verifying takes little memory however long the ledger is: one on each store is verified in a process of its own, which stays
//! under a line that ten million entries keep below a gigabyte. `WUPING_ENTRIES` makes the ledgers longer.

use crate::program::postgres::new_database;
use crate::program::told;

#[test]
fn verifying_ten_million_entries_takes_less_than_a_gigabyte() {
    let place = tempfile::tempdir().unwrap();
    let (many, server) = (entries(), new_database());
    let bench = ["bench", "memory", "--events", &many.to_string(), "--database-url", &server, "--json"];
    let weighed = told(place.path(), &bench)["memory"].take();
    eprintln!("{weighed}");
    for on in ["verify_sqlite", "verify_postgres"] {
        let of = |what: &str| weighed[on][what].as_u64().unwrap();
        let (verified, peak_kib) = (of("entries"), of("peak_kib"));
        assert!(verified >= many, "{on}: all of them are verified");
        let line_kib = line(verified) / 1_024;
        assert!(peak_kib < line_kib, "{on}: {peak_kib} KiB for {verified} entries, more than {line_kib}");
    }
    assert!(line(10_000_000) < 1 << 30);
}

/// The most that so many entries may take, bytes.
fn line(entries: u64) -> u64 {
    WHATEVER_ITS_LENGTH + EACH * entries
}

/// How many entries the ledgers have.
fn entries() -> u64 {
    std::env::var("WUPING_ENTRIES").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000)
}

/// What the program, its buffers and pages take.
const WHATEVER_ITS_LENGTH: u64 = 128 << 20;
/// Marks of event ids, outcomes, heads of streams, and room to grow.
const EACH: u64 = 90;
