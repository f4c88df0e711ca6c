//! New York City's housing violations: notices, deadlines, extensions, certifications, and re-inspections that found nobody.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use wuping_domain::rulebook::Rulebook;

use super::house::{House, counted, found, is_killed, kinds, oracle, rows, shipped, some_rows, text};
use crate::program;

const FILE: &str = "nyc_hpd_violations";

#[test]
fn violations_are_open_overdue_extended_and_certified_as_they_were_published() {
    let (house, oracle) = (House::new(), oracle("nyc_hpd"));
    let first = house.import("nyc-hpd", &[shipped(FILE)]);
    house.import_again("nyc-hpd", &[shipped(FILE)], &first);
    house.gives_back(&["nyc-hpd"], FILE);
    assert_eq!(first["rows"], oracle["rows"]);
    assert_eq!(house.received(FILE)["digest"], oracle["digest"]);

    for (day, open) in oracle["open_on"].as_object().unwrap() {
        let expected = [open, &oracle["overdue_on"][day]];
        assert_eq!(house.open_and_overdue_on(day).map(|count| json!(count)).each_ref(), expected, "{day}");
    }
    let cases = house.report(&["cases"]);
    overdue_marks_are_what_the_days_say(&house, &cases, &oracle);
    // a violation that was opened again is two cases, of which the second goes on
    let violations: Vec<&Value> = cases.iter().filter(|case| case["reopens"].is_null()).collect();
    assert_eq!(json!(violations.len()), oracle["rows"]);
    let ids: BTreeSet<&str> = violations.iter().map(|case| text(case, "case")).collect();
    assert_eq!(json!(ids.len() == violations.len()), oracle["ids_unique"]);
    assert_eq!(json!(program_orders(&violations)), oracle["by_order"]);
    let days = |name: &str| violations.iter().filter_map(|case| day(case, name)).collect::<Vec<_>>();
    let found_on = days("found_on");
    assert_eq!(json!(found_on.iter().min()), oracle["inspection_first"]);
    assert_eq!(json!(found_on.iter().max()), oracle["inspection_last"]);
    assert_eq!(json!(days("submitted_on").len()), oracle["certified"]);
    assert_eq!(json!(days("extended_to").len()), oracle["deadline_extended"]);
    assert_eq!(json!(certified_late(&violations)), oracle["certified_after_deadline"]);

    let open = open_by_building(&cases);
    assert_eq!(json!(open.iter().take(10).collect::<Vec<_>>()), oracle["top_buildings_open"]);
    let buildings: std::collections::BTreeSet<&str> = cases.iter().map(building).collect();
    assert_eq!(json!(buildings.len()), oracle["buildings"]);
    statuses_became_events(&house, &first, &oracle);
    rows_that_run_backwards_are_named(&first, &oracle);
}

/// A correction is certified in time within the days that the rulebook gives after the day by which it is due.
fn certified_late(cases: &[&Value]) -> usize {
    let written = |file: &str| {
        let path = format!("{}/../rulebooks/nyc-hpd/{file}.toml", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    };
    let document =
        Rulebook::compile("nyc-hpd", &written("building"), &written("policy"), &written("holidays")).unwrap();
    let rulebook = Rulebook::from_document(&document).unwrap();
    let days = Days::new(u64::from(rulebook.deadline_rule("certification").unwrap().n));
    let late = |case: &&&Value| {
        let (submitted, due) = (day(case, "submitted_on"), day(case, "due"));
        submitted.zip(due).is_some_and(|(submitted, due)| submitted > due + days)
    };
    cases.iter().filter(late).count()
}

fn program_orders(cases: &[&Value]) -> BTreeMap<String, u64> {
    let mut orders = BTreeMap::new();
    for case in cases {
        *orders.entry(text(case, "indicator").trim_start_matches("order_").to_owned()).or_default() += 1;
    }
    orders
}

fn open_by_building(cases: &[Value]) -> Vec<(String, i64)> {
    let mut open: BTreeMap<&str, i64> = BTreeMap::new();
    let of = cases.iter().filter(|case| case["open"] == true);
    of.for_each(|case| *open.entry(building(case)).or_default() += 1);
    let mut open: Vec<(String, i64)> = open.into_iter().map(|(id, count)| (id.to_owned(), count)).collect();
    open.sort_by_key(|(id, count)| (-count, id.clone()));
    open
}

/// The number of the building that a case is in or of: `121299` of `nyc-hpd-121299-2b`.
fn building(case: &Value) -> &str {
    text(case, "premises").split('-').nth(2).unwrap()
}

fn day(case: &Value, name: &str) -> Option<NaiveDate> {
    case[name].as_str().map(|day| day.parse().unwrap())
}

/// The six figures again, from the marks that stand in the ledger: what was open on a day and marked for its due day before.
/// A case that goes on from a closed one goes on with its mark. No mark is of a day after the newest that the file tells of,
/// and each is computed again from the entries below it.
fn overdue_marks_are_what_the_days_say(house: &House, cases: &[Value], oracle: &Value) {
    let marked: BTreeSet<(String, NaiveDate)> = house
        .computed("HazardFellOverdue")
        .into_iter()
        .map(|(at, mark)| (at, day(&mark, "due").unwrap()))
        .collect();
    let published_on: NaiveDate = "2026-03-23".parse().unwrap();
    assert!(marked.iter().all(|(_, due)| *due < published_on));
    let is_marked = |case: &Value, due: NaiveDate| {
        let stream = |key: &str| format!("premises/{}/hazard/{key}", text(case, "premises"));
        let own = case["reopens"].as_str().unwrap_or_else(|| text(case, "case"));
        marked.contains(&(stream(own), due))
    };
    let overdue_on = |on: NaiveDate| {
        let open = |case: &&Value| {
            day(case, "found_on").unwrap() <= on && day(case, "closed_on").is_none_or(|closed| closed > on)
        };
        let late = |case: &&Value| day(case, "due").is_some_and(|due| due < on && is_marked(case, due));
        counted(cases.iter().filter(open).filter(late).count())
    };
    for (day, overdue) in oracle["overdue_on"].as_object().unwrap() {
        assert_eq!(json!(overdue_on(day.parse().unwrap())), *overdue, "marked on {day}");
    }
    let verified = house.verified();
    assert_eq!(json!(marked.len()), verified["results_rederived"]);
    assert_eq!(verified["findings"], json!([]));
}

/// What each newest status says is there as events, once for each row.
fn statuses_became_events(house: &House, said: &Value, oracle: &Value) {
    let status = |names: &[&str]| -> u64 {
        names.iter().map(|name| oracle["by_current_status"][*name].as_u64().unwrap()).sum()
    };
    let events = |kind: &str| house.entries(kind, |_| true);
    let reopened = status(&["VIOLATION REOPEN"]);
    assert_eq!(
        events("RectificationRefused"),
        status(&["DEFECT LETTER ISSUED", "INVALID CERTIFICATION", "NOT COMPLIED WITH"])
    );
    assert_eq!(
        events("VisitFailed"),
        status(&["FIRST NO ACCESS TO RE- INSPECT VIOLATION", "SECOND NO ACCESS TO RE-INSPECT VIOLATION"])
    );
    assert_eq!(events("ExtensionRefused"), status(&["CERTIFICATION POSTPONMENT DENIED"]));
    assert_eq!(events("HazardReopened"), reopened);
    assert_eq!(json!(events("HazardClosed") - reopened), oracle["by_status"]["Close"]);
    assert_eq!(events("NoticeServed"), counted(rows(FILE).len()) - status(&["VIOLATION OPEN"]));
    assert_eq!(said["told"]["notices"], events("NoticeIssued"));
    let of_this_office = events("DeadlineMissed") + events("HazardEscalated") + events("PatrolAssigned");
    assert_eq!(of_this_office, 0, "this office has no part in another office's cases");
    assert_eq!(said["told"]["fell_overdue"], events("HazardFellOverdue"));
}

fn rows_that_run_backwards_are_named(said: &Value, oracle: &Value) {
    let odd = oracle["time_order_anomalies"].as_object().unwrap();
    for (code, ids) in odd {
        assert_eq!(&json!(found(said, code)), ids, "{code}");
    }
    assert_eq!(kinds(said).values().sum::<u64>(), 7);
}

#[test]
fn a_violation_is_a_whole_case_with_the_days_that_were_published() {
    let house = House::new();
    let ids = ["5198930", "16003515", "18739327"];
    let some = some_rows(FILE, &house.path().join("hpd.csv"), |_, row| ids.contains(&&row[0]));
    house.import("nyc-hpd", &[some]);
    let cases = house.report(&["cases"]);
    let case = |id: &str| cases.iter().find(|case| case["case"] == format!("hpd-{id}")).unwrap();
    let extended = case("16003515");
    for (name, day) in [
        ("found_on", "2023-05-22"),
        ("confirmed_on", "2023-05-23"),
        ("ordered_on", "2023-05-24"),
        ("due", "2023-07-01"),
        ("extended_to", "2023-07-01"),
    ] {
        assert_eq!(extended[name], day, "{name}");
    }
    assert_eq!((text(extended, "severity"), text(extended, "stage")), ("major", "rectifying"));
    assert_eq!(text(extended, "premises"), "nyc-hpd-90273-42");
    let backwards = case("5198930");
    assert_eq!((text(backwards, "found_on"), text(backwards, "confirmed_on")), ("2004-12-28", "2004-11-15"));
    assert_eq!(case("18739327")["due"], Value::Null, "no notice, no deadline");
    let mark = json!({ "due": "2023-07-01", "parties": [], "severity": "major" });
    let of = "premises/nyc-hpd-90273-42/hazard/hpd-16003515".to_owned();
    assert!(house.computed("HazardFellOverdue").contains(&(of, mark)));
    let history = program::told(house.path(), &["history", "premises/nyc-hpd-90273-42", "--json"]);
    let types: Vec<&str> =
        history.as_array().unwrap().iter().map(|entry| text(entry, "event_type")).collect();
    assert_eq!(
        types,
        [
            "PremisesRegistered",
            "HazardFound",
            "HazardReviewed",
            "RectificationOrdered",
            "NoticeIssued",
            "NoticeServed",
            "DeadlineExtended",
            "HazardFellOverdue",
            "VisitFailed"
        ]
    );
}

#[test]
fn violations_killed_in_their_middle_end_in_the_same_state() {
    let place = tempfile::tempdir().unwrap();
    let some = some_rows(FILE, &place.path().join("hpd.csv"), |place, _| place % 16 == 0);
    is_killed("nyc-hpd", &[some], &[&["nyc-hpd"]]);
}

#[test]
fn a_word_that_the_rulebook_does_not_know_is_refused_by_line_and_column() {
    let house = House::new();
    let file = some_rows(FILE, &house.path().join("hpd.csv"), |place, _| place < 2);
    let text = std::fs::read_to_string(&file).unwrap().replacen("NOV SENT OUT", "NOV LOST", 1);
    std::fs::write(&file, text).unwrap();
    let ran = program::run(house.path(), &["import", "nyc-hpd", file.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(said.contains("line 2, column currentstatus: the rulebook does not know “NOV LOST”"), "{said}");
}
