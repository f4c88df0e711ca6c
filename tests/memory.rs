//! Verifying takes little memory however long the ledger is: two ledgers are verified in processes of their own, and what the
//! longer one takes more is reckoned up to ten million entries. `WUPING_ENTRIES` makes the longer one longer.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod program;

use program::postgres::new_database;
use program::told;
use serde_json::Value;

#[test]
fn verifying_ten_million_entries_takes_less_than_a_gigabyte() {
    let place = tempfile::tempdir().unwrap();
    let many = entries();
    let server = new_database();
    let weigh = |entries: u64| {
        let entries = entries.to_string();
        let bench = ["bench", "memory", "--events", &entries, "--database-url", &server, "--json"];
        told(place.path(), &bench)["memory"].take()
    };
    let (few, more) = (weigh(many / 10), weigh(many));
    eprintln!("{few}\n{more}");
    for on in ["verify_sqlite", "verify_postgres"] {
        let of = |told: &Value, what: &str| told[on][what].as_u64().unwrap();
        let entries = [&few, &more].map(|told| of(told, "entries"));
        let peaks = [&few, &more].map(|told| of(told, "peak_kib"));
        assert!(entries[0] >= many / 10 && entries[1] >= many, "{on}: all of them are verified");
        // bytes an entry, beyond what is there whatever the ledger's length
        let each = peaks[1].saturating_sub(peaks[0]) * 1_024 / (entries[1] - entries[0]);
        let of_ten_million = peaks[1] / 1_024 + each * TEN_MILLION / (1_024 * 1_024);
        assert!(of_ten_million < 1_024, "{on}: {each} bytes an entry, {of_ten_million} MiB for ten million");
    }
}

/// How many entries the longer ledger has.
fn entries() -> u64 {
    std::env::var("WUPING_ENTRIES").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000)
}

const TEN_MILLION: u64 = 10_000_000;
