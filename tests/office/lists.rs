//! The office's own lists by the real program: tried, killed in the middle, gone on with, and a feed's file on the command line.

use std::fmt::Write as _;
use std::process::Stdio;
use std::time::Duration;

use crate::program::{run, said, told, until, wuping};
use serde_json::{Value, json};
use wuping_ledger::genesis::Ledger;

#[test]
fn an_import_that_is_killed_goes_on_and_every_row_is_recorded_once() {
    let place = tempfile::tempdir().unwrap();
    let (folder, file) = (place.path().join("ledger"), place.path().join("premises.csv"));
    told(&folder, &["init", "--origin", "ledger.example/lists", "--json"]);
    let mut table = "房屋编码,类别,所属编码,地址\n".to_owned();
    for building in 0..40 {
        writeln!(table, "B{building},楼栋,,石井街道{building}号").unwrap();
        for unit in 0..24 {
            writeln!(table, "B{building}-{unit},套间,B{building},石井街道{building}号{unit}").unwrap();
        }
    }
    table += "B-1,车库,,石井街道\n";
    std::fs::write(&file, table).unwrap();
    let file = file.to_str().unwrap();
    let size = || Ledger::open_read_only(&folder).unwrap().size().unwrap();
    let before = size();

    let tried = run(&folder, &["import", "premises", file, "--dry-run", "--json"]);
    assert_eq!(tried.status.code(), Some(1), "a row is not in order: {}", said(&tried));
    let tried: Value = serde_json::from_slice(&tried.stdout).unwrap();
    let report = &tried[0]["report"];
    assert_eq!((&report["new"], &report["refused"], size()), (&json!(1000), &json!(1), before));
    assert_eq!(report["lines"][1000]["line"], 1002);

    let mut import = wuping(&folder);
    let mut import = import.args(["import", "premises", file]).stdout(Stdio::null()).spawn().unwrap();
    until("it is in the middle", Duration::from_secs(60), || size() > before + 100);
    import.kill().unwrap();
    import.wait().unwrap();
    let half = size();
    assert!(half < before + 1000, "it was killed before its end");

    let went_on = run(&folder, &["import", "premises", file, "--json"]);
    let went_on: Value =
        serde_json::from_slice(&went_on.stdout).unwrap_or_else(|_| panic!("{}", said(&went_on)));
    let counted = |name: &str| went_on[0]["report"][name].as_u64().unwrap();
    assert_eq!((counted("same") + counted("new"), counted("refused")), (1000, 1));
    assert!(counted("same") >= 100 && counted("new") > 0, "{went_on}");
    let mut registered = std::collections::BTreeSet::new();
    let reader = Ledger::open_read_only(&folder).unwrap();
    reader
        .rows(before, u64::MAX, |row| {
            assert!(row.event_type != "PremisesRegistered" || registered.insert(row.stream.to_owned()));
            Ok::<_, wuping_ledger::store::StoreError>(())
        })
        .unwrap();
    assert_eq!(registered.len(), 1000);
    let verified = run(&folder, &["verify", "--level", "5"]);
    assert!(verified.status.success(), "{}", said(&verified));

    let opened = ["feed", "open", "feed-fire", "--department", "fire", "--kind", "incidents"];
    assert!(run(&folder, &opened).status.success());
    let incidents = place.path().join("incidents.csv");
    let rows = "source,source_id,code,category,severity,happened_at\nfire,1,B1,fire,minor,2026-03-02 14:05\n";
    std::fs::write(&incidents, rows).unwrap();
    let take = |kind: &str| {
        run(&folder, &["feed", "take", "feed-fire", incidents.to_str().unwrap(), "--kind", kind])
    };
    assert!(said(&take("incidents")).contains("1 rows: 1 new"), "{}", said(&take("incidents")));
    assert!(said(&take("incidents")).contains("0 new, 0 changed, 1 known"));
    let refused = take("alerts");
    assert!(
        refused.status.code() == Some(2) && said(&refused).contains("was not opened for alerts"),
        "{}",
        said(&refused)
    );
}
