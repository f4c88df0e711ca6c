//! Toronto's fire inspections: hazards that really close, on buildings that another department grades.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::house::{House, counted, found, is_killed, kinds, oracle, rows, shipped, some_rows, text};

const FILE: &str = "toronto_fire_2017-2019";

#[test]
fn fire_inspections_close_when_they_were_closed_on_the_buildings_they_are_of() {
    let (house, oracle) = (House::new(), oracle("toronto_fire"));
    house.import("toronto-evaluations", &[one_evaluation_a_building(&house, usize::MAX)]);
    let first = house.import("toronto-fire", &[shipped(FILE)]);
    house.import_again("toronto-fire", &[shipped(FILE)], &first);
    house.gives_back(&["toronto-fire"], FILE);
    house.is_sound();

    let cases = house.report(&["cases"]);
    assert_eq!(first["rows"], oracle["rows"]);
    assert_eq!(first["premises"], oracle["addresses"]);
    assert_eq!(first["told"]["visits"], oracle["visits"]);
    assert_eq!(json!(cases.len()), oracle["rows_with_violation"]);
    assert_eq!(json!(house.entries("PatrolCompleted", |_| true)), oracle["rows_clean"]);
    for (day, open) in oracle["violation_open_at_end_of"].as_object().unwrap() {
        assert_eq!(&json!(house.open_and_overdue_on(day)[0]), open, "{day}");
    }
    let (opened_first, closed_last) = first_and_last(&house, &cases);
    assert_eq!(json!(opened_first), oracle["opened_first"]);
    assert_eq!(json!(closed_last), oracle["closed_last"]);
    let days = days_to_close(&cases);
    assert_eq!(json!(days[days.len() / 2]), oracle["median_days_to_close"]);
    let over = |limit| json!(days.iter().filter(|days| **days > limit).count());
    assert_eq!((over(90), over(365)), (oracle["over_90_days"].clone(), oracle["over_365_days"].clone()));

    let findings = kinds(&first);
    assert_eq!(json!(findings["closed_as_opened"]), oracle["closed_same_instant"]);
    assert_eq!(json!(findings.get("closed_before_opened").unwrap_or(&0)), oracle["closed_before_opened"]);
    assert_eq!(top_codes(&cases, &first), oracle["top_codes"]);
    buildings_are_those_with_that_address(&house, &cases, &first);
}

/// One real evaluation of each building at an address of the first inspections: enough to have it registered.
fn one_evaluation_a_building(house: &House, inspections: usize) -> std::path::PathBuf {
    let inspected = rows(FILE).into_iter().take(inspections);
    let inspected: BTreeSet<String> = inspected.map(|row| squeezed(&row["propertyAddress"])).collect();
    let known = std::cell::RefCell::new(BTreeSet::new());
    let file = house.path().join("evaluations.csv");
    some_rows("toronto_eval_pre2023", &file, |_, row| {
        inspected.contains(&squeezed(&row[8])) && known.borrow_mut().insert(row[1].to_owned())
    })
}

fn squeezed(text: &str) -> String {
    text.to_uppercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// When the first inspection was opened and the last one closed, on the publisher's clock: as the cases tell it, and of clean
/// visits the row that stands beside them.
fn first_and_last(house: &House, cases: &[Value]) -> (String, String) {
    let there = |moment: &str| {
        let moment = moment.parse::<DateTime<Utc>>().unwrap().naive_utc() - TimeDelta::minutes(300);
        moment.format("%Y-%m-%dT%H:%M:%S").to_string()
    };
    let mut opened: Vec<String> = cases.iter().map(|case| there(text(case, "found_at"))).collect();
    let mut closed: Vec<String> = cases.iter().map(|case| there(text(case, "closed_at"))).collect();
    for visit in house.all("PatrolCompleted") {
        let row = &visit["source"]["raw"];
        opened.push(text(row, "inspections.OpenedDate").to_owned());
        closed.push(text(row, "Inspections.ClosedDate").to_owned());
    }
    (opened.into_iter().min().unwrap(), closed.into_iter().max().unwrap())
}

fn days_to_close(cases: &[Value]) -> Vec<i64> {
    let moment = |case: &Value, name: &str| text(case, name).parse::<DateTime<Utc>>().unwrap();
    let whole = |case: &Value| (moment(case, "closed_at") - moment(case, "found_at")).num_days();
    let mut days: Vec<i64> = cases.iter().map(whole).collect();
    days.sort_unstable();
    days
}

/// The ten commonest codes. The oracle takes a code with blanks around it for another one; here it is the same, and the
/// row is named.
fn top_codes(cases: &[Value], said: &Value) -> Value {
    let mut codes: BTreeMap<&str, i64> = BTreeMap::new();
    cases.iter().for_each(|case| *codes.entry(text(case, "indicator")).or_default() += 1);
    for finding in said["findings"].as_array().unwrap() {
        if finding["code"] == "blanks_around_code" {
            *codes.get_mut(text(finding, "against")).unwrap() -= 1;
        }
    }
    let mut codes: Vec<(&str, i64)> = codes.into_iter().collect();
    codes.sort_by_key(|(code, count)| (-count, *code));
    codes.truncate(10);
    json!(codes)
}

/// An inspection is of the one building with its address, and otherwise of premises of its own.
fn buildings_are_those_with_that_address(house: &House, cases: &[Value], said: &Value) {
    let mut graded: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows("toronto_eval_pre2023") {
        graded.entry(squeezed(&row["SITE_ADDRESS"])).or_default().insert(row["RSN"].clone());
    }
    let inspected = rows(FILE);
    let addresses: BTreeSet<String> = inspected.iter().map(|row| squeezed(&row["propertyAddress"])).collect();
    let of = |count: fn(usize) -> bool| {
        let here =
            addresses.iter().filter(|address| graded.get(*address).is_some_and(|all| count(all.len())));
        here.cloned().collect::<BTreeSet<String>>()
    };
    let (one, several) = (of(|count| count == 1), of(|count| count > 1));
    assert_eq!(said["told"]["matched_addresses"], json!(one.len()));
    assert_eq!(found(said, "several_buildings").len(), several.len());
    assert_eq!(said["told"]["own_premises"], json!(addresses.len() - one.len()));
    let is_graded = |id: &str| id.starts_with("toronto-") && !id.starts_with("toronto-fire-");
    let of_a_building = cases.iter().filter(|case| is_graded(text(case, "premises"))).count();
    let visits = house.entries("PatrolCompleted", |stream| is_graded(&stream["premises/".len()..]));
    let rows = inspected.iter().filter(|row| one.contains(&squeezed(&row["propertyAddress"]))).count();
    assert_eq!(counted(of_a_building) + visits, counted(rows));
}

#[test]
fn a_building_says_that_inspections_are_of_it_and_keeps_saying_so() {
    let house = House::new();
    house.import("toronto-evaluations", &[one_evaluation_a_building(&house, FEW)]);
    let file = house.path().join("fire.csv");
    let few = some_rows(FILE, &file, |place, _| place < FEW);
    let first = house.import("toronto-fire", std::slice::from_ref(&few));
    assert!(first["told"]["matched_addresses"].as_u64().unwrap() > 10);
    assert_eq!(house.entries("PremisesAmended", |_| true), first["told"]["matched_addresses"]);
    // evaluations imported again leave the alias as it is
    house.import("toronto-evaluations", &[one_evaluation_a_building(&house, FEW)]);
    house.import_again("toronto-fire", &[few], &first);
}

#[test]
fn what_was_inspected_before_its_building_was_known_stays_where_it_is() {
    let house = House::new();
    let file = house.path().join("fire.csv");
    let few = some_rows(FILE, &file, |place, _| place < FEW);
    let first = house.import("toronto-fire", std::slice::from_ref(&few));
    assert_eq!(first["told"]["matched_addresses"], Value::Null);
    house.import("toronto-evaluations", &[one_evaluation_a_building(&house, FEW)]);
    house.import_again("toronto-fire", &[few], &first);
}

#[test]
fn fire_inspections_killed_in_their_middle_end_in_the_same_state() {
    let place = tempfile::tempdir().unwrap();
    let some = some_rows(FILE, &place.path().join("fire.csv"), |place, _| place % 12 == 0);
    is_killed("toronto-fire", &[some], &[&["toronto-fire"]]);
}

#[test]
fn a_row_that_is_not_in_order_is_named_before_anything_is_written() {
    let house = House::new();
    let size = house.reader().size().unwrap();
    let place = house.path().join("fire.csv");
    some_rows(FILE, &place, |place, _| place < 3);
    let good = std::fs::read_to_string(&place).unwrap();
    for (from, to, said) in [
        ("2017-01-27T11:31:42", "2017-01-27 at noon", "line 2, column inspections.OpenedDate"),
        ("161321", "161320", "line 3, column _id: this key stands in an earlier row"),
        ("_id,", "id,", "column _id: not in the header"),
    ] {
        std::fs::write(&place, good.replacen(from, to, 1)).unwrap();
        let ran = crate::program::run(house.path(), &["import", "toronto-fire", place.to_str().unwrap()]);
        let text = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(!ran.status.success() && text.contains(said), "{said}: {text}");
        assert_eq!(house.reader().size().unwrap(), size);
    }
}

/// How many inspections are enough to try one thing.
const FEW: usize = 60;
