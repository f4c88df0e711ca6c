//! San Francisco's inspections: a score from which each violation of the day takes its points, visits by their reason, and
//! rows that stand there twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::{Value, json};

use super::house::{House, counted, found, is_killed, kinds, oracle, rows, shipped, some_rows, text};

const FILES: [&str; 3] = ["sf_businesses", "sf_inspections", "sf_violations"];

#[test]
fn scores_follow_from_the_violations_of_their_day_and_what_does_not_is_named() {
    let (house, oracle) = (House::new(), oracle("sf_lives"));
    let files = FILES.map(shipped);
    let first = house.import("sf-lives", &files);
    house.import_again("sf-lives", &files, &first);
    for (export, file) in ["businesses", "inspections", "violations"].into_iter().zip(FILES) {
        house.gives_back(&["sf-lives", export], file);
    }
    let sum = |names: &[&str]| names.iter().map(|name| oracle[*name].as_u64().unwrap()).sum::<u64>();
    assert_eq!(first["rows"], sum(&["businesses", "inspections", "violations"]));
    assert_eq!(first["premises"], oracle["businesses"]);
    assert_eq!(json!(house.entries("HazardFound", |_| true)), oracle["violations"]);
    let visits = house.entries("AssessmentOpened", |_| true) + house.entries("VisitMade", |_| true);
    assert_eq!(json!(visits), oracle["inspections"]);
    let reasons =
        |names: &[&str]| names.iter().map(|name| oracle["by_type"][*name].as_u64().unwrap()).sum::<u64>();
    assert_eq!(house.entries("ReportFiled", |_| true), reasons(&["Complaint"]));
    assert_eq!(
        house.entries("VisitMade", |_| true),
        reasons(&["Administrative or Document Review", "Non-inspection site visit"])
    );

    let inspected = house.premises_with(&["AssessmentOpened", "VisitMade"]);
    let orphans = inspected.difference(&house.premises_with(&["PremisesRegistered"])).count();
    assert_eq!(json!(orphans), oracle["orphan_inspections"], "of a business that no file has");
    let cases = house.report(&["cases"]);
    let mut risks: BTreeMap<&str, u64> = BTreeMap::new();
    cases.iter().for_each(|case| *risks.entry(text(case, "severity")).or_default() += 1);
    for (severity, risk) in [("high", "High Risk"), ("moderate", "Moderate Risk"), ("low", "Low Risk")] {
        assert_eq!(json!(risks[severity]), oracle["by_risk"][risk], "{risk}");
    }
    let days =
        |name: &str| rows("sf_inspections").iter().map(|row| row[name].clone()).collect::<BTreeSet<_>>();
    assert_eq!(json!(days("date").first()), oracle["first"]);
    assert_eq!(json!(days("date").last()), oracle["last"]);
    every_score_is_ours_or_named(&house, &first, &oracle);
    categories_are_the_publishers_but_for_what_is_named(&house, &first, &oracle);
    rows_that_stand_there_twice_are_named(&first);
}

/// Every scored visit has a determination whose score is the published one, or is named with both.
fn every_score_is_ours_or_named(house: &House, said: &Value, oracle: &Value) {
    let determined = house.determined().count();
    assert_eq!(json!(determined), oracle["scored"]);
    assert_eq!(said["told"]["scored"], oracle["scored"]);
    let differ: BTreeMap<&str, (&str, &str)> = said["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["code"] == "score_differs")
        .map(|finding| (text(finding, "row"), (text(finding, "published"), text(finding, "against"))))
        .collect();
    assert_eq!(json!(differ.len()), oracle["score_different"]);
    assert_eq!(json!(determined - differ.len()), oracle["score_equal"]);
    let mut ours: BTreeMap<String, String> = BTreeMap::new();
    for (stream, result) in house.determined_with_stream() {
        let business = stream.split('/').nth(1).unwrap().trim_start_matches("sf-lives-").to_owned();
        ours.insert(format!("{business}-{}", text(&result, "assessment")), result["score"].to_string());
    }
    let mut times: BTreeMap<(String, String, String), u64> = BTreeMap::new();
    for row in rows("sf_inspections") {
        let key = (row["business_id"].clone(), row["date"].clone(), row["type"].clone());
        let time = times.entry(key.clone()).or_default();
        *time += 1;
        if row["Score"].is_empty() {
            continue;
        }
        let kind = row["type"].to_lowercase().replace(' ', "_");
        let key = format!("{}-{}-{kind}-{time}", key.0, key.1);
        let computed = &ours[&key];
        match differ.get(key.as_str()) {
            None => assert_eq!(computed, &row["Score"], "{key}"),
            Some((published, against)) => {
                assert_eq!((published, against), (&row["Score"].as_str(), &computed.as_str()), "{key}");
            }
        }
    }
}

/// The category of each business's newest score. Ours differs only where a score of its newest day is named.
fn categories_are_the_publishers_but_for_what_is_named(house: &House, said: &Value, oracle: &Value) {
    let category = |score: u64| match score {
        91.. => "Good >90",
        86..=90 => "Adequate 86-90",
        71..=85 => "Needs Improvement 71-85",
        _ => "Poor <=70",
    };
    let mut newest: BTreeMap<String, (String, u64)> = BTreeMap::new();
    for row in rows("sf_inspections").into_iter().filter(|row| !row["Score"].is_empty()) {
        let told = (row["date"].clone(), row["Score"].parse().unwrap());
        let held = newest.entry(row["business_id"].clone()).or_default();
        if *held < told {
            *held = told;
        }
    }
    let named: BTreeSet<String> = found(said, "score_differs")
        .into_iter()
        .map(|row| row.split('-').take(2).collect::<Vec<_>>().join("-"))
        .collect();
    let mut categories: BTreeMap<String, u64> = BTreeMap::new();
    let mut ours = 0;
    for line in house.report(&["grades"]) {
        let (date, score) = &newest[text(&line, "code")];
        let published = category(*score);
        let is_named = named.contains(&format!("{}-{date}", text(&line, "code")));
        assert!(text(&line, "band") == published || is_named, "{line}");
        ours += u64::from(!is_named);
        *categories.entry(if is_named { published } else { text(&line, "band") }.to_owned()).or_default() +=
            1;
    }
    assert_eq!(json!(categories), oracle["latest_category_per_business"]);
    assert!(ours > 4400, "nearly all of them are our own: {ours}");
}

fn rows_that_stand_there_twice_are_named(said: &Value) {
    let repeated = |file: &str, columns: &[&str]| {
        let mut known = BTreeSet::new();
        let all = rows(file);
        let again = all.iter().filter(|row| {
            !known.insert(columns.iter().map(|column| row[*column].clone()).collect::<Vec<_>>())
        });
        counted(again.count())
    };
    let kinds = kinds(said);
    assert_eq!(kinds["visit_repeated"], repeated("sf_inspections", &["business_id", "date", "type"]));
    let columns = ["business_id", "date", "ViolationTypeID"];
    assert_eq!(kinds["violation_repeated"], repeated("sf_violations", &columns));
    let visited: BTreeSet<(String, String)> =
        rows("sf_inspections").iter().map(|row| (row["business_id"].clone(), row["date"].clone())).collect();
    let alone = rows("sf_violations");
    let alone =
        alone.iter().filter(|row| !visited.contains(&(row["business_id"].clone(), row["date"].clone())));
    assert_eq!(kinds["violation_without_visit"], counted(alone.count()));
}

/// All files of some businesses.
fn of_some(place: &std::path::Path, of: impl Fn(u64) -> bool + Copy) -> Vec<PathBuf> {
    let id = |row: &csv::StringRecord| row[0].parse::<u64>().unwrap();
    FILES.map(|file| some_rows(file, &place.join(file), |_, row| of(id(row)))).into()
}

#[test]
fn two_scores_of_one_day_are_both_lowered_by_what_was_found_that_day() {
    let house = House::new();
    let first = house.import("sf-lives", &of_some(house.path(), |id| id == 87440));
    let scores: Vec<String> = house
        .determined()
        .filter(|result| text(result, "assessed_on") == "2016-08-01")
        .map(|result| result["score"].to_string())
        .collect();
    assert_eq!(scores, ["96", "96"]);
    assert_eq!(found(&first, "score_differs"), ["87440-20160801-new_ownership-1"]);
}

#[test]
fn inspections_killed_in_their_middle_end_in_the_same_state() {
    let place = tempfile::tempdir().unwrap();
    let some = of_some(place.path(), |id| id % 17 == 0);
    let exports: [&[&str]; 3] =
        [&["sf-lives", "businesses"], &["sf-lives", "inspections"], &["sf-lives", "violations"]];
    is_killed("sf-lives", &some, &exports);
}

#[test]
fn the_three_files_belong_together() {
    let house = House::new();
    let size = house.reader().size().unwrap();
    let files = FILES.map(shipped);
    let refused = |files: &[&PathBuf]| {
        let files: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
        let ran = crate::program::run(house.path(), &[&["import", "sf-lives"], files.as_slice()].concat());
        assert!(!ran.status.success());
        assert_eq!(house.reader().size().unwrap(), size);
        String::from_utf8_lossy(&ran.stderr).into_owned()
    };
    let [businesses, inspections, _] = &files;
    assert!(refused(&[businesses, inspections]).contains("missing: the violations"));
    assert!(refused(&[businesses, businesses]).contains("second file of its kind"));
}
