use std::path::Path;

use wuping_replay::verify::verify_folder;

use super::*;

/// Entries of a type from a position on, by stream.
fn streams_of(app: &App, from: u64, event_type: &str) -> Vec<String> {
    let mut streams = Vec::new();
    let size = app.reader().size().unwrap();
    let each = app.reader().rows(from, size, |row| {
        if row.event_type == event_type {
            streams.push(row.stream.to_owned());
        }
        Ok::<_, StoreError>(())
    });
    each.unwrap();
    streams
}

fn sound(folder: &Path) {
    let verified = verify_folder(folder).unwrap();
    assert!(verified.findings.is_empty(), "{:?}", verified.findings);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_time_brought_is_recorded_once_and_anybody_computes_the_same() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("district");
    crate::sample::make(&folder).await.unwrap();
    let app = App::open(&folder).unwrap();
    let (before, now) = (app.reader().size().unwrap(), Timestamp::now());
    let mut runner = Runner::default();
    assert!(runner.pass(&app, now).await.unwrap() > 24, "each building has a round to come");
    let missed = streams_of(&app, before, "PatrolMissed");
    assert!(missed.iter().any(|stream| stream.starts_with("premises/sample-b09/")), "house 9 is overdue");
    // where a holiday lies between, another round or two may come late, whatever day this runs on
    assert!(missed.len() < 4, "{missed:?}");

    let size = app.reader().size().unwrap();
    assert_eq!(runner.pass(&app, now).await.unwrap(), 0);
    assert_eq!(Runner::default().pass(&app, now).await.unwrap(), 0, "nor another node, nor after a crash");
    assert_eq!(app.reader().size().unwrap(), size);
    sound(&folder);

    // what could not be settled is not forgotten while the ledger cannot be read
    let unsettled = "premises/sample-b09".to_owned();
    runner.unsettled.insert(unsettled.clone());
    let database = rusqlite::Connection::open(folder.join("ledger.db")).unwrap();
    database.execute_batch("ALTER TABLE head RENAME TO away").unwrap();
    for _ in 0..2 {
        assert!(matches!(runner.pass(&app, now).await, Err(RunError::Read(_))));
        assert!(runner.unsettled.contains(&unsettled));
    }
    database.execute_batch("ALTER TABLE away RENAME TO head").unwrap();
    assert_eq!(runner.pass(&app, now).await.unwrap(), 0);
    assert!(runner.unsettled.is_empty());

    let later = Timestamp::from_datetime(now.datetime() + chrono::TimeDelta::days(1));
    runner.pass(&app, later).await.unwrap();
    let daily = streams_of(&app, size, "PatrolMissed");
    assert!(daily.iter().any(|stream| stream.starts_with("premises/sample-b24/")), "{daily:?}");
    sound(&folder);
    app.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runners_at_once_after_weeks_away_record_everything_once_and_a_day_looks_at_few() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("street");
    let until = local_date(chrono::Utc::now()) - chrono::TimeDelta::days(40);
    let street = crate::sample::Street { buildings: 3, units: 2, years: 1, until, seed: 5 };
    crate::sample::play(&folder, &street, chrono::Utc::now(), &mut |_, _| {}).await.unwrap();
    let app = App::open(&folder).unwrap();
    app.ledger.writer().accept_clock().await.unwrap();
    let (before, now) = (app.reader().size().unwrap(), Timestamp::now());
    let (mut one, mut other) = (Runner::default(), Runner::default());
    let (of_one, of_other) = tokio::join!(one.pass(&app, now), other.pass(&app, now));
    let (of_one, of_other) = (of_one.unwrap(), of_other.unwrap());
    // whichever comes first records it, which may be the same one every time
    assert!(of_one + of_other > 6, "{of_one} and {of_other}");
    let mut marks = Vec::new();
    let each = app.reader().rows(before, app.reader().size().unwrap(), |row| {
        if ["PatrolMissed", "HazardFellOverdue", "DeadlineMissed"].contains(&row.event_type) {
            let data: serde_json::Value = serde_json::from_str(row.data).unwrap();
            // the day on which it came, though it is recorded weeks later
            let came = local_date(row.occurred_at.parse().unwrap());
            let due: NaiveDate = data["result"]["due"].as_str().unwrap().parse().unwrap();
            assert_eq!(came, due.succ_opt().unwrap().max(until.succ_opt().unwrap()), "{} {due}", row.stream);
            marks.push(format!("{} {} {due}", row.event_type, row.stream));
        }
        Ok::<_, StoreError>(())
    });
    each.unwrap();
    let all = marks.len();
    marks.sort();
    marks.dedup();
    assert_eq!(marks.len(), all, "nothing twice");
    assert!(marks.len() > 3, "nobody went round for forty days: {marks:?}");

    let looks = one.looks;
    let tomorrow = Timestamp::from_datetime(now.datetime() + chrono::TimeDelta::hours(20));
    one.pass(&app, tomorrow).await.unwrap();
    let premises = 3 + 3 * 2;
    assert!(one.looks - looks < 4 * premises, "{} looks", one.looks - looks);
    let looks = one.looks;
    assert_eq!(one.pass(&app, tomorrow).await.unwrap(), 0);
    assert_eq!(one.looks, looks, "nobody is looked at again on the same day");
    app.close().await.unwrap();
    sound(&folder);
}

/// How long a first look at all premises of a large ledger takes, and the look at a day's beginning:
/// `WUPING_RUNNER_DATA=folder cargo test -p wuping --lib runner:: -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "wants a large ledger, see “wuping simulate”"]
async fn the_look_at_a_large_ledger_is_measured() {
    let folder = std::env::var("WUPING_RUNNER_DATA").unwrap();
    let app = App::open(Path::new(&folder)).unwrap();
    let mut runner = Runner::default();
    let mut now = chrono::Utc::now();
    for what in ["first look", "same day", "next day", "the day after"] {
        let (began, looks) = (Instant::now(), runner.looks);
        let recorded = runner.pass(&app, Timestamp::from_datetime(now)).await.unwrap();
        eprintln!("{what}: {:?}, {} looks, {recorded} recorded", began.elapsed(), runner.looks - looks);
        if what != "first look" {
            now += chrono::TimeDelta::hours(20);
        }
    }
    app.close().await.unwrap();
}
