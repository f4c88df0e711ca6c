//! How views follow a ledger: at once, after a stop, after a rebuild, and never ahead of it.

use std::time::Duration;

use serde_json::json;
use wuping_domain::rulebook::Layer;

use crate::build::{Plan, build};
use crate::error::ViewsError;
use crate::file;
use crate::held::CAPACITY;
use crate::live::{ViewsHandle, ViewsState};
use crate::pool::Views;
use crate::projector::Projector;
use crate::test_log::{Graded, TestLog, day};

fn log_with(count: usize) -> TestLog {
    let mut log = TestLog::new();
    for n in 0..count {
        log.register(
            &format!("b-{n}"),
            json!({"layer": "building", "codes": {"house_code": format!("4403{n}")}}),
        );
    }
    log.commit();
    log
}

fn built(log: &TestLog) -> Views {
    let plan = Plan::of_all(&log.views_path());
    build(&log.reader, &log.rulebooks(), &plan, |_| ()).unwrap();
    Views::at(&log.views_path())
}

#[test]
fn an_append_is_seen_as_soon_as_it_is_waited_for() {
    let mut log = log_with(3);
    let views = ViewsHandle::start(&log.views_path(), log.reader.clone(), log.rulebooks()).unwrap();
    assert!(views.wait_for(3, PATIENCE));
    let position = log.register("b-new", json!({"layer": "building"}));
    log.commit();
    assert!(views.wait_for(position, PATIENCE));
    assert!(views.views().subject_view("b-new").unwrap().is_some());
    assert_eq!(views.state(), ViewsState::Following { position: Some(position) });
    assert!(!views.wait_for(position + 1, Duration::from_millis(20)), "not yet appended");
}

#[test]
fn an_entry_that_cannot_be_folded_stops_the_views_at_its_position() {
    let mut log = log_with(2);
    let views = ViewsHandle::start(&log.views_path(), log.reader.clone(), log.rulebooks()).unwrap();
    assert!(views.wait_for(2, PATIENCE));
    let good = log.register("b-good", json!({"layer": "building"}));
    let bad = log.say("premises/b-1/grade", "2026-01-03", &json!({"type": "GradeDetermined", "result": {}}));
    let after = log.register("b-after", json!({"layer": "building"}));
    log.commit();
    assert!(!views.wait_for(after, PATIENCE));
    let ViewsState::Stopped { at, because } = views.state() else { panic!("{:?}", views.state()) };
    assert_eq!(at, bad);
    assert!(because.contains(&format!("entry {bad}")), "{because}");
    assert!(views.wait_for(good, PATIENCE), "what comes before it is there");
    assert!(views.views().subject_view("b-good").unwrap().is_some());
    assert!(views.views().subject_view("b-after").unwrap().is_none());
}

#[test]
fn views_that_are_built_stop_before_an_entry_that_cannot_be_folded_too() {
    let mut log = log_with(2);
    let bad = log.say("premises/b-1/grade", "2026-01-03", &json!({"type": "GradeDetermined", "result": {}}));
    log.commit();
    let views = ViewsHandle::start(&log.views_path(), log.reader.clone(), log.rulebooks()).unwrap();
    assert!(views.wait_for(bad - 1, PATIENCE));
    assert!(!views.wait_for(bad, PATIENCE));
    assert!(matches!(views.state(), ViewsState::Stopped { at, .. } if at == bad), "{:?}", views.state());
    assert_eq!(views.views().digest().unwrap().0, log.rebuilt(Some(bad - 1), CAPACITY));
}

#[test]
fn a_fold_that_refuses_keeps_what_came_before_and_nothing_of_itself() {
    let mut log = log_with(2);
    let views = built(&log);
    let mut projector = Projector::open(&log.views_path(), log.rulebooks(), CAPACITY).unwrap();
    log.register("b-good", json!({"layer": "building"}));
    let unknown = json!({"id": "pingshan-unit-99", "sha256": "00".repeat(32)});
    let opened = json!({"type": "AssessmentOpened", "scheme": unknown, "reason": "first", "lead": "u-1"});
    let bad = log.say("premises/b-1/assessment/a-1", "2026-01-03", &opened);
    log.commit();
    for _ in 0..2 {
        let stopped = projector.catch_up(&log.reader).unwrap_err();
        assert!(
            matches!(stopped, ViewsError::RulebookMissing { position, .. } if position == bad),
            "{stopped}"
        );
        assert_eq!(views.progress().unwrap().folded(), bad);
    }
    assert_eq!(views.digest().unwrap().0, log.rebuilt(Some(bad - 1), CAPACITY));
}

#[test]
fn views_ahead_of_the_ledger_are_an_alarm() {
    let log = log_with(5);
    built(&log);
    let younger = TestLog::new();
    std::fs::copy(log.views_path(), younger.views_path()).unwrap();
    let views =
        ViewsHandle::start(&younger.views_path(), younger.reader.clone(), younger.rulebooks()).unwrap();
    views.wait_for(5, Duration::from_millis(500));
    assert!(matches!(views.state(), ViewsState::Ahead { .. }), "{:?}", views.state());
}

#[test]
fn the_views_of_another_tree_are_refused() {
    let mut log = log_with(2);
    built(&log);
    let mut other = log_with(1);
    other.register("b-other", json!({"layer": "building"}));
    other.commit();
    std::fs::copy(log.views_path(), other.views_path()).unwrap();
    let mut projector = Projector::open(&other.views_path(), other.rulebooks(), CAPACITY).unwrap();
    assert!(matches!(projector.catch_up(&other.reader), Err(ViewsError::Tree { .. })));
    log.commit();
}

#[test]
fn a_damaged_file_and_an_older_projection_are_built_anew() {
    let log = log_with(3);
    let views = built(&log);
    let digest = views.digest().unwrap().0;
    let damage = rusqlite::Connection::open(log.views_path()).unwrap();
    damage.execute("UPDATE projections SET version = 0 WHERE name = 'hazards'", []).unwrap();
    drop(damage);
    let followed = ViewsHandle::start(&log.views_path(), log.reader.clone(), log.rulebooks()).unwrap();
    assert!(followed.wait_for(3, PATIENCE));
    assert_eq!(views.digest().unwrap().0, digest);
    followed.stop();
    std::fs::write(log.views_path(), b"no database at all, whatever its name says").unwrap();
    let followed = ViewsHandle::start(&log.views_path(), log.reader.clone(), log.rulebooks()).unwrap();
    assert!(followed.wait_for(3, PATIENCE));
    assert_eq!(views.digest().unwrap().0, digest);
}

#[test]
fn who_reads_the_old_file_goes_on_while_a_new_one_takes_its_place() {
    let mut log = log_with(2);
    let views = built(&log);
    let mut projector = Projector::open(&log.views_path(), log.rulebooks(), CAPACITY).unwrap();
    let seen = views.read(|connection| {
        let before = crate::digest::digest(connection)?;
        log.register("b-new", json!({"layer": "building"}));
        log.commit();
        built(&log);
        assert_eq!(crate::digest::digest(connection)?, before, "one question sees one state");
        Ok(file::progress(connection)?.folded())
    });
    assert_eq!(seen.unwrap(), 3);
    assert_eq!(views.progress().unwrap().folded(), 4, "the next question goes to the new file");
    let position = log.register("b-newer", json!({"layer": "building"}));
    log.commit();
    assert_eq!(projector.catch_up(&log.reader).unwrap(), Some(position), "and so does who folds");
    assert_eq!(views.progress().unwrap().folded(), 5);
    let files = std::fs::read_dir(log.folder()).unwrap().filter_map(Result::ok);
    let databases = files.filter(|file| file.file_name().to_string_lossy().ends_with(".db")).count();
    assert_eq!(databases, 3, "ledger.db, the link and the one file it leads to");
}

#[test]
fn a_changed_row_is_found_with_its_position() {
    let log = log_with(6);
    let ledger = rusqlite::Connection::open(log.folder().join("ledger.db")).unwrap();
    ledger.execute_batch("DROP TRIGGER events_are_never_updated").unwrap();
    ledger
        .execute("UPDATE events SET payload = replace(payload, '石井', '碧岭') WHERE position = 4", [])
        .unwrap();
    let plan = Plan::of_all(&log.views_path());
    let found = build(&log.reader, &log.rulebooks(), &plan, |_| ()).unwrap_err();
    assert!(matches!(found, ViewsError::Leaf { position: 4 }), "{found}");
    assert!(file::file_id(&log.views_path()).is_none(), "nothing was put in the place of anything");
}

#[test]
fn hashes_changed_along_with_their_row_are_found_by_the_tree() {
    let log = log_with(6);
    let ledger = rusqlite::Connection::open(log.folder().join("ledger.db")).unwrap();
    ledger.execute_batch("DROP TRIGGER events_are_never_updated").unwrap();
    let mut row = log.reader.row(4).unwrap().unwrap();
    row.payload = row.payload.replace("石井", "碧岭");
    let leaf = wuping_ledger::merkle::leaf_hash(&row.leaf(crate::test_log::ORIGIN));
    let values = rusqlite::params![row.payload, leaf.as_bytes()];
    ledger.execute("UPDATE events SET payload = ?1, leaf_hash = ?2 WHERE position = 4", values).unwrap();
    for up_to in [None, Some(5)] {
        let path = log.folder().join("other.db");
        let plan = Plan { up_to, ..Plan::of_all(&path) };
        let found = build(&log.reader, &log.rulebooks(), &plan, |_| ()).unwrap_err();
        assert!(matches!(found, ViewsError::Tree { .. }), "{found}");
    }
}

#[test]
fn two_builds_at_once_are_refused_and_a_position_that_is_not_there_too() {
    let log = log_with(2);
    let plan = Plan::of_all(&log.views_path());
    let mut within = None;
    build(&log.reader, &log.rulebooks(), &plan, |_| {
        within = Some(build(&log.reader, &log.rulebooks(), &plan, |_| ()));
    })
    .unwrap();
    assert!(matches!(within, Some(Err(ViewsError::Building { .. }))));
    let beyond = Plan { up_to: Some(3), ..plan };
    assert!(matches!(build(&log.reader, &log.rulebooks(), &beyond, |_| ()), Err(ViewsError::Beyond { .. })));
}

/// Run by hand, `cargo test --release -- --ignored --nocapture`: how many entries a second a rebuild folds.
#[test]
#[ignore = "a measurement"]
fn speed_of_a_rebuild() {
    let mut log = TestLog::new();
    let buildings = 2_000;
    for b in 0..buildings {
        log.register(&format!("b-{b}"), json!({"layer": "building", "address": format!("坪山街道{b}号")}));
        for u in 0..4 {
            let codes = json!({"house_code": format!("{b:019}{u:06}")});
            let unit = json!({"layer": "unit", "parent": format!("b-{b}"), "codes": codes, "address": format!("坪山街道{b}号{u}房")});
            log.register(&format!("u-{b}-{u}"), unit);
        }
        log.commit();
    }
    for year in 0..4 {
        for b in 0..buildings {
            let units = (0..4)
                .map(|u| (format!("u-{b}-{u}"), Layer::Unit))
                .chain([(format!("b-{b}"), Layer::Building)]);
            for (id, layer) in units {
                assess(&mut log, &id, layer, year);
            }
            log.commit();
        }
    }
    let begun = std::time::Instant::now();
    let views = built(&log);
    let took = begun.elapsed();
    let folded = views.progress().unwrap().folded();
    let began_digest = std::time::Instant::now();
    let digest = views.digest().unwrap().0;
    println!(
        "{folded} entries in {took:?}: {} a second; digest {digest} in {:?}",
        u128::from(folded) * 1_000_000 / took.as_micros(),
        began_digest.elapsed()
    );
    let begun = std::time::Instant::now();
    let plan = Plan { capacity: 512, ..Plan::of_all(&log.views_path()) };
    build(&log.reader, &log.rulebooks(), &plan, |_| ()).unwrap();
    println!("with 512 premises in memory: {:?}", begun.elapsed());
    let begun = std::time::Instant::now();
    let mut bytes = 0;
    for first in (0..folded).step_by(2048) {
        for row in log.reader.stored_rows(first, first + 2048).unwrap() {
            bytes += row.payload.len();
        }
    }
    println!("reading rows alone: {:?}, {bytes} bytes", begun.elapsed());
    let begun = std::time::Instant::now();
    crate::feed::read(&log.reader, wuping_ledger::merkle::Frontier::new(), folded, |_| Ok(())).unwrap();
    println!("reading, hashing and understanding alone: {:?}", begun.elapsed());
}

/// Eight entries, as a yearly assessment makes them.
fn assess(log: &mut TestLog, id: &str, layer: Layer, year: i64) {
    let on = day(year * 365);
    let scheme = log.scheme("pingshan", layer);
    let stream = format!("premises/{id}/assessment/a-{year}");
    log.say(
        &stream,
        &on,
        &json!({"type": "AssessmentOpened", "scheme": scheme, "reason": "periodic", "lead": "u-1"}),
    );
    for part in 0..3 {
        let results: Vec<_> = (0..10)
            .map(|n| json!({"indicator": format!("U-{part}{n}"), "outcome": "met", "photos_taken": 1}))
            .collect();
        log.say(&stream, &on, &json!({"type": "IndicatorsChecked", "by": "u-1", "results": results}));
    }
    log.say(&stream, &on, &json!({"type": "AssessmentSubmitted", "by": "u-1"}));
    let star = u8::try_from(1 + (year + i64::try_from(id.len()).unwrap()) % 5).unwrap();
    let graded =
        Graded { assessment: &format!("a-{year}"), assessed_on: &on, layer, on: &on, star, waits: false };
    log.determine(id, &graded);
    for n in 0..2 {
        log.say(
            &format!("premises/{id}/visit/v-{year}-{n}"),
            &on,
            &json!({"type": "VisitMade", "kind": "patrol", "by": "u-1"}),
        );
    }
}

const PATIENCE: Duration = Duration::from_secs(20);
