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
    // the same on a server, which is asked in pages; once is enough to see what the entries take
    let server = new_database();
    let weigh = |entries: u64, server: Option<&str>| {
        let entries = entries.to_string();
        let mut arguments = vec!["bench", "memory", "--events", &entries, "--json"];
        arguments.extend(server.iter().flat_map(|server| ["--database-url", server]));
        told(place.path(), &arguments)["memory"].take()
    };
    let few = weigh(many / 10, None);
    let more = weigh(many, Some(&server));
    eprintln!("{few}\n{more}");
    let peak = |told: &Value, on: &str| {
        let told = &told[on];
        (told["entries"].as_u64().unwrap(), told["peak_kib"].as_u64().unwrap())
    };
    let (fewer_entries, least) = peak(&few, "verify_sqlite");
    for on in ["verify_sqlite", "verify_postgres"] {
        let (more_entries, most) = peak(&more, on);
        assert!(fewer_entries >= many / 10 && more_entries >= many, "all of them are verified");
        assert!(
            most < KIB_AT_A_HUNDRED_THOUSAND.max(many / 10),
            "{on}: {most} KiB for {more_entries} entries"
        );
        // bytes an entry, from what is there whatever the ledger's length
        let each = most.saturating_sub(least) * 1_024 / (more_entries - fewer_entries);
        let of_ten_million = least / 1_024 + each * TEN_MILLION / (1_024 * 1_024);
        assert!(of_ten_million < 1_024, "{on}: {each} bytes an entry, {of_ten_million} MiB for ten million");
    }
}

/// How many entries the longer ledger has.
fn entries() -> u64 {
    std::env::var("WUPING_ENTRIES").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000)
}

const KIB_AT_A_HUNDRED_THOUSAND: u64 = 160 * 1_024;
const TEN_MILLION: u64 = 10_000_000;
