//! Toronto's registrations: managers as parties, with their role over the buildings that are graded.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::house::{House, is_killed, oracle, rows, shipped, some_rows, text};

const FILE: &str = "toronto_registrations_2026-08-22";

#[test]
fn managers_are_parties_that_run_their_buildings() {
    let (house, oracle) = (House::new(), oracle("toronto_registrations"));
    let first = house.import("toronto-registrations", &[shipped(FILE)]);
    house.import_again("toronto-registrations", &[shipped(FILE)], &first);
    house.gives_back(&["toronto-registrations"], FILE);
    house.is_sound();
    assert_eq!((&first["rows"], &first["premises"]), (&oracle["rows"], &oracle["premises"]));
    assert_eq!(first["told"]["without_manager"], oracle["premises_without_manager"]);

    let parties = house.report(&["parties"]);
    assert_eq!(json!(parties.len()), oracle["managers"]);
    assert_eq!(json!(house.entries("PartyRegistered", |_| true)), oracle["managers"]);
    assert!(parties.iter().all(|party| party["kind"] == "enterprise"));
    let many = parties.iter().filter(|party| party["premises"].as_u64() >= Some(10)).count();
    assert_eq!(json!(many), oracle["managers_with_10_or_more"]);
    let (largest, of) = (&parties[0], &oracle["largest_manager"]);
    assert_eq!(text(largest, "party"), format!("toronto-{}", of[0].as_str().unwrap().to_lowercase()));
    assert_eq!((&largest["premises"], &largest["roles"]), (&of[1], &json!({ "operator": of[1] })));

    let registered: BTreeSet<String> = rows(FILE).into_iter().map(|row| row["RSN"].clone()).collect();
    let evaluated = rows("toronto_eval_final_2026-08-22");
    let missing = evaluated.iter().filter(|row| !registered.contains(row["RSN"].trim())).count();
    assert_eq!(json!(missing), oracle["evaluated_but_not_registered"]);
}

#[test]
fn a_building_that_was_evaluated_is_told_only_what_is_registered_otherwise() {
    let house = House::new();
    let few: BTreeSet<String> = rows(FILE).into_iter().take(40).map(|row| row["RSN"].clone()).collect();
    let known = std::cell::RefCell::new(BTreeSet::new());
    let evaluated = some_rows("toronto_eval_pre2023", &house.path().join("evaluations.csv"), |_, row| {
        few.contains(&row[1]) && known.borrow_mut().insert(row[1].to_owned())
    });
    house.import("toronto-evaluations", &[evaluated]);
    let before = house.report(&["grades"]);
    let file = some_rows(FILE, &house.path().join("registrations.csv"), |place, _| place < 40);
    let first = house.import("toronto-registrations", std::slice::from_ref(&file));
    let known = known.borrow().len();
    assert!(known > 20 && first["told"]["known_before"] == known);
    assert_eq!(house.entries("PremisesAmended", |_| true), u64::try_from(known).unwrap());
    assert_eq!(house.entries("PremisesMoved", |_| true), 0, "the ward's name stays as it was evaluated");
    assert_eq!(house.report(&["grades"]), before, "grades do not move");
    let by_rsn: BTreeMap<String, String> =
        rows(FILE).into_iter().map(|row| (row["RSN"].clone(), row["CONFIRMED_UNITS"].clone())).collect();
    for rsn in &few {
        let mut units = Value::Null;
        for said in house.said(&format!("premises/toronto-{rsn}")) {
            let told = [&said["units"], &said["changes"]["units"]];
            units = told.into_iter().find(|told| !told.is_null()).cloned().unwrap_or(units);
        }
        assert_eq!(units.to_string(), by_rsn[rsn], "{rsn}");
    }
    house.import_again("toronto-registrations", &[file], &first);
}

#[test]
fn registrations_killed_in_their_middle_end_in_the_same_state() {
    is_killed("toronto-registrations", &[shipped(FILE)], &[&["toronto-registrations"]]);
}

#[test]
fn inspections_are_of_the_registered_building_with_that_address() {
    let (house, oracle) = (House::new(), oracle("toronto_fire"));
    let known = std::cell::RefCell::new(BTreeSet::new());
    let evaluated = some_rows("toronto_eval_pre2023", &house.path().join("evaluations.csv"), |_, row| {
        known.borrow_mut().insert((row[1].to_owned(), row[8].to_owned()))
    });
    house.import("toronto-evaluations", &[evaluated]);
    house.import("toronto-registrations", &[shipped(FILE)]);
    // one row of each address says of which building its inspections are
    let known = std::cell::RefCell::new(BTreeSet::new());
    let name = "toronto_fire_2017-2019";
    let squeezed = |text: &str| text.to_uppercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let inspected = some_rows(name, &house.path().join("fire.csv"), |_, row| {
        known.borrow_mut().insert(squeezed(&row[5]))
    });
    let first = house.import("toronto-fire", &[inspected]);
    let several = first["findings"].as_array().unwrap().iter();
    let several: BTreeSet<&str> = several
        .filter(|finding| finding["code"] == "several_buildings")
        .map(|finding| text(finding, "published"))
        .collect();
    let matched = first["told"]["matched_addresses"].as_u64().unwrap();
    assert_eq!(
        json!(matched + u64::try_from(several.len()).unwrap()),
        oracle["addresses_that_are_also_graded"]
    );
    let own: BTreeSet<String> = house
        .report(&["cases"])
        .iter()
        .map(|case| text(case, "premises").to_owned())
        .filter(|id| id.starts_with("toronto-fire-"))
        .collect();
    assert!(own.len() > 500, "{}", own.len());
    let of_these: BTreeSet<String> = house.matched_addresses();
    let count = rows(name)
        .iter()
        .map(|row| squeezed(&row["propertyAddress"]))
        .filter(|address| of_these.contains(address) || several.contains(address.as_str()))
        .count();
    assert_eq!(json!(count), oracle["rows_at_graded_addresses"]);
}
