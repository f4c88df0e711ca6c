//! Toronto's registrations: managers as parties, with their role over the buildings that are graded.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::house::{House, is_killed, oracle, rows, shipped, some_rows, text};
use crate::program::{run, said};

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

/// The 825 managers with their portfolios, and the class that each comes to under the demo credit rule: counted three times, by
/// the program, by SQL over the stored entries and from the published files; and a rebuild changes no byte of it.
#[test]
fn every_managers_portfolio_has_a_class_under_the_demo_rule() {
    let (house, oracle) = (House::new(), oracle("toronto_registrations"));
    let parts = ["base_2025-07-06", "changes", "added", "publications"];
    house.import("toronto-evaluations", &parts.map(|part| shipped(&format!("toronto_eval_{part}"))));
    house.import("toronto-registrations", &[shipped(FILE)]);
    let size = house.reader().size().unwrap();
    let rule = concat!(env!("CARGO_MANIFEST_DIR"), "/../rulebooks/toronto-credit-demo/credit.toml");
    let classes_asked = ["classes", "--credit-rule", rule];
    let portfolios_asked = ["portfolio", "--every-party"];
    let reports = || [&classes_asked[..], &portfolios_asked[..]].map(|asked| written(&house, asked));
    let [classes, portfolios] = reports();

    let by_sql = classes_by_sql(&house);
    let by_program: Classes = lines(&classes)
        .iter()
        .map(|row| {
            let levels = ["lenient", "attention", "strict", "not_assessed"];
            let levels = levels.map(|level| row[level].as_u64().unwrap());
            assert_eq!((&row["kind"], &row["prohibited"]), (&json!("enterprise"), &json!(0)));
            assert_eq!(row["not_counted"], 0);
            assert_eq!(row["premises"], levels.iter().sum::<u64>());
            (text(row, "party").to_owned(), (levels, text(row, "class").to_owned()))
        })
        .collect();
    assert_eq!(json!(by_program.len()), oracle["managers"]);
    assert_eq!(by_program, by_sql);
    assert_eq!(by_program, classes_by_the_files());
    let classes_there: BTreeSet<&str> = by_program.values().map(|(_, class)| class.as_str()).collect();
    assert!(["A", "B", "C"].iter().all(|class| classes_there.contains(class)), "{classes_there:?}");

    let mut buildings: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in lines(&portfolios) {
        let own = buildings.entry(text(&row, "party").to_owned()).or_default();
        assert!(own.insert(text(&row, "code").to_owned()), "{row}");
    }
    assert_eq!(buildings, buildings_by_manager());
    let largest = oracle["largest_manager"][0].as_str().unwrap();
    let one = written(&house, &["portfolio", &as_party(largest)]);
    let one: BTreeSet<String> = lines(&one).iter().map(|row| text(row, "code").to_owned()).collect();
    assert_eq!(one, buildings[&as_party(largest)]);

    assert!(run(house.path(), &["rebuild"]).status.success());
    assert_eq!(reports(), [classes, portfolios], "not a byte is another after a rebuild");
    assert_eq!(house.reader().size().unwrap(), size, "nothing was recorded");
    assert_eq!(house.entries("CreditRated", |_| true), 0, "an imported scheme operates nothing");
}

#[test]
fn a_class_of_imported_grades_is_made_only_under_a_rule_that_is_asked_for() {
    let house = House::new();
    house.import("toronto-registrations", &[some_rows(FILE, &house.path().join("few.csv"), |n, _| n < 3)]);
    let without = run(house.path(), &["report", "classes"]);
    assert!(!without.status.success() && said(&without).contains("--credit-rule"), "{}", said(&without));
    let rule = house.path().join("rule.toml");
    let shipped = include_str!("../../../rulebooks/toronto-credit-demo/credit.toml");
    std::fs::write(&rule, shipped.replace("status = \"illustrative\"", "status = \"published\"")).unwrap();
    let binding = run(house.path(), &["report", "classes", "--credit-rule", rule.to_str().unwrap()]);
    assert!(!binding.status.success() && said(&binding).contains("illustrative"), "{}", said(&binding));
}

/// A party's premises at the levels lenient, attention and strict and not assessed, and its class.
type Classes = BTreeMap<String, ([u64; 4], String)>;

/// A report as it is written for programs.
fn written(house: &House, asked: &[&str]) -> Vec<u8> {
    let ran = run(house.path(), &[&["report"], asked, &["--json"]].concat());
    assert!(ran.status.success(), "{}", said(&ran));
    ran.stdout
}

fn lines(report: &[u8]) -> Vec<Value> {
    let mut report: Value = serde_json::from_slice(report).unwrap();
    serde_json::from_value(report["rows"].take()).unwrap()
}

fn as_party(manager: &str) -> String {
    format!("toronto-{}", manager.to_lowercase())
}

/// From the register as it was published: who manages which buildings.
fn buildings_by_manager() -> BTreeMap<String, BTreeSet<String>> {
    let mut buildings: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows(FILE) {
        let manager = &row["PROP_MANAGEMENT_COMPANY_NAME"];
        if !manager.is_empty() {
            buildings.entry(as_party(manager)).or_default().insert(row["RSN"].clone());
        }
    }
    buildings
}

/// From the two published files: the score of a building's newest evaluation in the last publication, by the City's own bounds. Of
/// the few rows whose published score is not what its own indicators come to, what the oracle reckons from them.
fn classes_by_the_files() -> Classes {
    let oracle = oracle("toronto_since2023");
    let disagreements = oracle["disagreements"].as_array().unwrap();
    let reckoned = |rsn: &str, year: &str| -> Option<u64> {
        let of = disagreements.iter().find(|one| one[0] == rsn && one[1] == year)?;
        let (whole, rest) = of[3].as_str()?.split_once('.')?;
        let score: u64 = whole.parse().ok()?;
        Some(score + u64::from(rest.as_bytes()[0] >= b'5'))
    };
    let mut newest: BTreeMap<String, (String, u64)> = BTreeMap::new();
    for row in rows("toronto_eval_final_2026-08-22") {
        let on = row["EVALUATION COMPLETED ON"].clone();
        let score = match reckoned(row["RSN"].trim(), &row["YEAR EVALUATED"]) {
            Some(score) => {
                score - row["CURRENT REACTIVE SCORE"].trim_start_matches('-').parse::<u64>().unwrap()
            }
            None => row["CURRENT BUILDING EVAL SCORE"].parse().unwrap(),
        };
        let known = newest.entry(row["RSN"].trim().to_owned()).or_insert_with(|| (on.clone(), score));
        if known.0 < on {
            *known = (on, score);
        }
    }
    let class = |(party, buildings): (String, BTreeSet<String>)| {
        let mut levels = [0; 4];
        for rsn in buildings {
            let place = match newest.get(&rsn) {
                Some((_, 85..)) => 0,
                Some((_, 70..)) => 1,
                Some(_) => 2,
                None => 3,
            };
            levels[place] += 1;
        }
        (party, (levels, class_of(levels)))
    };
    buildings_by_manager().into_iter().map(class).collect()
}

/// The demo rule, told once more.
fn class_of([lenient, attention, strict, _]: [u64; 4]) -> String {
    let graded = lenient + attention + strict;
    let class = match graded {
        0 => "not_rated",
        _ if strict == 0 && lenient * 100 >= graded * 80 => "A",
        _ if strict * 100 <= graded * 10 => "B",
        _ => "C",
    };
    class.to_owned()
}

/// From the stored entries, by SQL: who runs what, and the colour of the newest evaluation that is public.
fn classes_by_sql(house: &House) -> Classes {
    let connection = rusqlite::Connection::open(house.path().join("ledger.db")).unwrap();
    let mut statement = connection.prepare(CLASSES).unwrap();
    let row = |row: &rusqlite::Row<'_>| {
        let levels = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
        Ok((row.get(0)?, (levels, class_of(levels))))
    };
    statement.query_map([], row).unwrap().map(Result::unwrap).collect()
}

const CLASSES: &str = "
WITH determined AS (
  SELECT aggregate_id AS stream, json_extract(payload, '$.result.assessment') AS assessment,
    json_extract(payload, '$.result.assessed_on') AS assessed_on, json_extract(payload, '$.result.band') AS band,
    row_number() OVER (
      PARTITION BY aggregate_id, json_extract(payload, '$.result.assessment')
      ORDER BY json_extract(payload, '$.result.number') DESC
    ) AS newest
  FROM events WHERE event_type = 'GradeDetermined'
), told AS (
  SELECT aggregate_id AS stream, json_extract(payload, '$.assessment') AS assessment, event_type,
    row_number() OVER (
      PARTITION BY aggregate_id, json_extract(payload, '$.assessment') ORDER BY position DESC
    ) AS newest
  FROM events WHERE event_type IN ('GradePublished', 'GradeUnpublished')
), shown AS (
  SELECT d.stream, d.band, row_number() OVER (PARTITION BY d.stream ORDER BY d.assessed_on DESC, d.assessment DESC) AS newest
  FROM determined d LEFT JOIN told t ON t.stream = d.stream AND t.assessment = d.assessment AND t.newest = 1
  WHERE d.newest = 1 AND coalesce(t.event_type, 'GradePublished') = 'GradePublished'
), runs AS (
  SELECT DISTINCT json_extract(payload, '$.party') AS party, aggregate_id AS premises
  FROM events WHERE event_type = 'ResponsiblePartyNamed'
), registered AS (
  SELECT substr(aggregate_id, 7) AS party FROM events WHERE event_type = 'PartyRegistered'
)
SELECT r.party, coalesce(sum(s.band = 'green'), 0), coalesce(sum(s.band = 'yellow'), 0),
  coalesce(sum(s.band = 'red'), 0), count(*) - count(s.band)
FROM registered r JOIN runs ON runs.party = r.party
  LEFT JOIN shown s ON s.stream = runs.premises || '/grade' AND s.newest = 1
GROUP BY r.party";
