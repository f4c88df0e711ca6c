//! Imports of Toronto's evaluations since 2023, publication after publication, and what the ledger gives back of them.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};
use wuping_replay::report::{Question, grades};
use wuping_replay::verify::verify_folder;
use wuping_replay::{published, published_table::State};

use crate::import::toronto_tests::House;
use crate::import::{Finding, ImportError, Summary};

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../data/toronto_eval_{name}.csv.gz"))
}

/// The records of a shipped file, its header first.
fn records(name: &str) -> Vec<csv::StringRecord> {
    let bytes = std::fs::read(shipped(name)).unwrap();
    let mut text = Vec::new();
    MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut text).unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_slice());
    reader.records().map(Result::unwrap).collect()
}

/// The four files, of some buildings and up to a publication.
struct Slice {
    folder: tempfile::TempDir,
}

const FILES: [&str; 4] = ["publications", "changes", "added", "base_2025-07-06"];

impl Slice {
    fn of(buildings: &[&str], up_to: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in FILES {
            let records = records(name);
            let place = |column: &str| records[0].iter().position(|known| known == column);
            let (rsn, publication) = (place("RSN"), place("publication"));
            let mut out = csv::Writer::from_path(folder.path().join(name)).unwrap();
            out.write_record(&records[0]).unwrap();
            for record in &records[1..] {
                let of_one = rsn.is_none_or(|place| buildings.contains(&&record[place]));
                let early = publication.is_none_or(|place| record[place].parse::<u64>().unwrap() <= up_to);
                if of_one && early {
                    out.write_record(record).unwrap();
                }
            }
            out.flush().unwrap();
        }
        Self { folder }
    }

    fn files(&self) -> Vec<PathBuf> {
        FILES.iter().map(|name| self.folder.path().join(name)).collect()
    }

    /// The text of one of the files.
    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    fn put(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }
}

#[track_caller]
fn imported(buildings: &[&str]) -> (House, Summary) {
    let house = House::new();
    let summary = house.import_files(&Slice::of(buildings, u64::MAX).files()).unwrap();
    (house, summary)
}

fn scores(house: &House, day: &str) -> HashMap<String, u64> {
    let question = Question { valid_at: Some(day.parse().unwrap()), ..Question::default() };
    let lines = grades(house.ledger.reader(), question).unwrap();
    lines.into_iter().filter_map(|line| Some((line.code, line.in_force.score?))).collect()
}

#[test]
fn a_ward_that_changes_moves_the_premises_once_and_every_rows_cells_are_kept() {
    let (house, _) = imported(&["4156610"]);
    let said = house.said("premises/toronto-4156610");
    let of_that_day: Vec<&Value> =
        said.iter().filter(|said| said["effective_from"] == "2026-07-20").collect();
    let [moved, placed, again] = of_that_day.as_slice() else { panic!("{of_that_day:?}") };
    assert_eq!(moved["type"], "PremisesMoved");
    assert_eq!((&moved["subdistrict"], &moved["grid_cell"]), (&json!("Don Valley West"), &json!("N1533")));
    assert_eq!(moved["source"]["raw"]["WARD"], json!(["16", "15"]));
    assert_eq!(moved["received"]["ref"], "toronto_evaluations/220/4156610-2023-0");
    // its coordinates went with the ward, and are no public field
    assert_eq!((&placed["type"], &placed["changes"]), (&json!("PremisesAmended"), &json!({})));
    assert_eq!(moved["source"]["raw"]["LATITUDE"], json!(["43.7190096", ""]));
    assert_eq!(placed["_sd"].as_array().unwrap().len(), 1);
    // the building's other row says the same
    assert_eq!(again["type"], "PremisesAmended");
    assert_eq!((&again["changes"], &again["source"]["row"]), (&json!({}), &json!("4156610-2025-0")));
    assert_eq!(again["source"]["raw"]["GRID"], json!(["N1630", "N1533"]));
}

#[test]
fn coordinates_that_drift_are_kept_and_counted_as_the_same_value() {
    let (house, summary) = imported(&["4152951"]);
    let said = house.said("premises/toronto-4152951");
    let drifted = said.iter().filter(|said| said["why"] == "same_value");
    let cells: usize =
        drifted.map(|said| said["source"]["raw"].as_object().map_or(0, serde_json::Map::len)).sum();
    assert!(cells > 0 && summary.same_value >= u64::try_from(cells).unwrap(), "{cells}");
}

#[test]
fn a_day_that_changes_after_publication_is_corrected_and_graded_again() {
    let (house, _) = imported(&["4154812"]);
    let corrected = house.said("premises/toronto-4154812/record/2024-0-2");
    assert_eq!(corrected.len(), 1);
    assert_eq!(
        (&corrected[0]["field"], &corrected[0]["right"]),
        (&json!("completed_on"), &json!("2024-10-08"))
    );
    assert_eq!(corrected[0]["source"]["raw"]["EVALUATION COMPLETED ON"], json!(["2024-06-14", "2024-10-08"]));
    let determined = house.said("premises/toronto-4154812/grade");
    let again = determined.iter().filter(|said| said["result"]["trigger"] == "fact_corrected");
    let days: Vec<&Value> = again.map(|said| &said["result"]["assessed_on"]).collect();
    assert_eq!(days.first(), Some(&&json!("2024-10-08")));
    assert_eq!(days.last(), Some(&&json!("2024-06-14")), "the last publication says so");
    let sound = verify_folder(house.folder.path()).unwrap();
    assert!(sound.findings.is_empty() && sound.results_rederived > 0, "{:?}", sound.findings);
}

#[test]
fn many_cells_that_change_at_once_are_one_correction_and_one_grade() {
    let (house, summary) = imported(&["4152999"]);
    let corrected = house.said("premises/toronto-4152999/record/2023-0-230");
    assert_eq!(corrected.len(), 1);
    assert!(corrected[0]["also"].as_object().unwrap().len() > 30);
    let determined = house.said("premises/toronto-4152999/grade");
    let of_that_day = determined.iter().filter(|said| {
        said["result"]["assessment"] == "2023-0" && said["result"]["determined_on"] == "2026-07-30"
    });
    assert_eq!(of_that_day.filter(|said| said["result"]["trigger"] == "fact_corrected").count(), 1);
    assert!(summary.same_value > 0, "a blank before a value changes nothing");
    let verified = verify_folder(house.folder.path()).unwrap();
    assert_eq!(verified.findings.len(), 0, "{:?}", verified.findings);
}

#[test]
fn a_row_that_is_gone_is_unpublished_and_the_building_stays() {
    let (house, _) = imported(&["4155602"]);
    let grade = house.said("premises/toronto-4155602/grade");
    let gone = grade.iter().rfind(|said| said["type"] == "GradeUnpublished").unwrap();
    assert_eq!((&gone["why"], &gone["assessment"]), (&json!("not_in_publication"), &json!("202510-0")));
    assert_eq!(gone["effective_from"], "2026-07-30");
    assert!(
        grade.iter().any(|said| said["type"] == "GradePublished" && said["effective_from"] == "2026-08-13")
    );
    assert!(!house.types("premises/toronto-4155602").contains(&"PremisesClosed".to_owned()));
}

#[test]
fn a_reactive_score_is_hazards_whose_number_and_kind_are_marked_as_supplied() {
    let (house, _) = imported(&["4155804"]);
    let hazard = house.said("premises/toronto-4155804/hazard/2025-0-37");
    let types: Vec<&str> = hazard.iter().map(|said| said["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["HazardFound", "HazardReviewed", "RectificationAccepted", "HazardClosed"]);
    assert_eq!((&hazard[0]["points"], &hazard[0]["caused_by"]), (&json!(1), &json!("2025-0")));
    assert_eq!(hazard[0]["supplied"], json!(["kind", "number", "points"]));
    assert_eq!(hazard[1]["source"]["raw"]["CURRENT REACTIVE SCORE"], json!(["0", "-1"]));
    assert_eq!(hazard[2]["effective_from"], "2026-01-30");
    // the row has no result at all: there is nothing that points could be taken off from
    let determined = house.said("premises/toronto-4155804/grade");
    assert!(determined.iter().all(|said| said["result"]["assessment"] != "2025-0"));
}

#[test]
fn blank_stripped_results_are_graded_and_the_cell_keeps_its_blank() {
    let (house, _) = imported(&["4152999"]);
    let said = house.said("premises/toronto-4152999/assessment/2026-0");
    assert_eq!(said[0]["source"]["raw"]["NUMBERING OF PROPERTY"], " 3");
    let results = said[1]["results"].as_array().unwrap();
    assert!(results.iter().any(|of| of["indicator"] == "numbering_of_property" && of["outcome"] == "3"));
    assert_eq!(said[2]["completed_on"], "2026-07-17");
    assert_eq!(said[2]["effective_from"], "2026-07-30");
}

#[test]
fn an_import_that_stopped_goes_on_and_the_same_files_twice_change_nothing() {
    let buildings = ["4152999", "4155602", "4154812", "5110249", "4156610", "4155804", "5157423"];
    let (whole, at_once) = imported(&buildings);
    let parts = House::new();
    let begun = parts.import_files(&Slice::of(&buildings, 100).files());
    // the list of publications is cut with the rest, as it was when no more was published
    let begun = begun.unwrap();
    let parts = parts.reopened();
    let rest = parts.import_files(&Slice::of(&buildings, u64::MAX).files()).unwrap();
    assert_eq!(begun.events_written + rest.events_written, at_once.events_written);
    assert!(rest.already_there > 0 && rest.events_written > 0);
    assert_eq!((&rest.findings, &rest.earlier_findings), (&at_once.findings, &at_once.earlier_findings));
    let (one, other) = (published::states(parts.ledger.reader()), published::states(whole.ledger.reader()));
    assert_eq!(one.unwrap(), other.unwrap());
    let parts = parts.reopened();
    let size = parts.size();
    let again = parts.import_files(&Slice::of(&buildings, u64::MAX).files()).unwrap();
    assert_eq!((again.events_written, again.already_there), (0, at_once.events_written));
    assert_eq!(parts.size(), size);
}

#[test]
fn premises_known_from_before_2023_are_told_what_differs() {
    let house = House::new();
    let rows = records("pre2023");
    let of_one = rows.iter().enumerate().filter(|(place, row)| *place == 0 || &row[1] == "4152999");
    let before = house.folder.path().join("before.csv");
    let mut out = csv::Writer::from_path(&before).unwrap();
    of_one.for_each(|(_, row)| out.write_record(row).unwrap());
    out.flush().unwrap();
    let slice = Slice::of(&["4152999"], u64::MAX);
    let mut files = slice.files();
    files.insert(1, before);
    let first = house.import_files(&files).unwrap();
    let registered = house.types("premises/toronto-4152999");
    assert_eq!(registered.iter().filter(|kind| *kind == "PremisesRegistered").count(), 1);
    let opened = &house.said("premises/toronto-4152999/assessment/2023-0")[0];
    assert_eq!(opened["reason"], "periodic");
    let again = house.import_files(&files).unwrap();
    assert_eq!((again.events_written, again.already_there), (0, first.events_written));
}

#[test]
fn a_missing_file_is_named_and_nothing_is_written() {
    let house = House::new();
    let before = house.size();
    let slice = Slice::of(&["5110249"], u64::MAX);
    for (place, missing) in
        [(0, "publications"), (1, "what changed"), (2, "rows added"), (3, "first publication")]
    {
        let mut files = slice.files();
        files.remove(place);
        let error = house.import_files(&files).unwrap_err();
        assert!(matches!(&error, ImportError::FilesMissing { .. }), "{error}");
        assert!(error.to_string().contains(missing), "{error}");
    }
    let mut twice = slice.files();
    twice.push(twice[1].clone());
    assert!(matches!(house.import_files(&twice), Err(ImportError::GivenTwice { .. })));
    assert_eq!(house.size(), before);
}

#[test]
fn what_does_not_fit_is_refused_by_line_before_anything_is_written() {
    let house = House::new();
    let before = house.size();
    let slice = Slice::of(&["4154812"], u64::MAX);
    let changes = slice.text("changes");
    let refused = |changed: String, says: &str| {
        slice.put("changes", &changed);
        let error = house.import_files(&slice.files()).unwrap_err().to_string();
        assert!(error.contains("line") && error.contains(says), "{error}");
    };
    refused(
        changes.replacen("2024-06-14,2024-10-08", "2024-06-15,2024-10-08", 1),
        "not what was published before",
    );
    refused(changes.replacen("2024-06-14,2024-10-08", "2024-06-14,2024-10-32", 1), "is no day");
    refused(changes.replacen("EVALUATION COMPLETED ON", "EVALUATED ON", 1), "no column that can change");
    refused(changes.replacen("2,2025-11-27,change", "2,2025-11-28,change", 1), "the list that belongs here");
    slice.put("changes", &changes);
    let base = slice.text("base_2025-07-06");
    slice.put("base_2025-07-06", &base.replacen(",3,", ",4.5,", 1));
    assert!(house.import_files(&slice.files()).is_err());
    assert_eq!(house.size(), before);
}

fn oracle() -> Value {
    serde_json::from_str(include_str!("../../../tests/cases/oracle.json")).unwrap()
}

/// All of it: 247 publications, against the oracle. It takes some tens of seconds.
#[test]
fn every_publication_is_given_back_from_the_ledger_alone() {
    let house = House::new();
    let files: Vec<PathBuf> = FILES.iter().rev().map(|name| shipped(name)).collect();
    let mut heard = (0, 0);
    let progress = &mut |done, total| heard = (done, total);
    let summary =
        crate::import::toronto::toronto_evaluations(&house.ledger, &house.vault, &files, progress).unwrap();
    println!(
        "{}",
        json!({ "events": summary.events_written, "a second": summary.events_per_second, "ms": summary.milliseconds, "same": summary.same_value, "coordinates": summary.coordinates, "earlier": summary.earlier_findings.len() })
    );
    assert_eq!((summary.rows, summary.changes, summary.publications), (9391, 19_707, 247));
    assert_eq!(summary.premises, 2863);
    assert_eq!(heard.0, heard.1);
    as_the_oracle_says(&published::states(house.ledger.reader()).unwrap());
    as_the_oracle_finds(&summary);
    our_scores_are_the_published_ones(&house, &summary.findings);
    given_back(&house);
    let again = house.import_files(&files).unwrap();
    assert_eq!((again.events_written, again.already_there), (0, summary.events_written));
    assert_eq!((again.findings, again.earlier_findings), (summary.findings, summary.earlier_findings));
}

fn as_the_oracle_says(states: &[State]) {
    let oracle = oracle();
    let due = oracle["toronto_replay"]["states"].as_array().unwrap();
    assert_eq!(states.len(), due.len());
    for (state, due) in states.iter().zip(due) {
        let told = json!({
            "publication": state.publication, "date": state.date, "rows": state.rows, "colours": state.colours,
            "reactive_negative": state.reactive_negative, "digest": state.digest,
        });
        let mut due = due.clone();
        due.as_object_mut().unwrap().remove("ops");
        assert_eq!(told, due);
        assert!(state.as_received);
    }
}

fn as_the_oracle_finds(summary: &Summary) {
    let mut codes: BTreeMap<&str, u64> = BTreeMap::new();
    for finding in &summary.findings {
        *codes.entry(&finding.code).or_default() += 1;
    }
    assert_eq!(
        codes,
        BTreeMap::from([("current_is_not_the_sum", 1), ("does_not_follow", 8), ("rounded_twice", 20)])
    );
    let oracle = oracle();
    let told = |code: &str| {
        let of = summary.findings.iter().filter(|found| found.code == code);
        let mut told: Vec<[String; 3]> = of
            .map(|found| {
                let year = found.row.split('-').next().unwrap().to_owned();
                [found.rsn.clone(), year, found.published.clone()]
            })
            .collect();
        told.sort();
        told
    };
    let due = |rows: &Value| {
        let rows = rows.as_array().unwrap().iter();
        let mut due: Vec<[String; 3]> =
            rows.map(|row| [0, 1, 2].map(|place| row[place].as_str().unwrap().to_owned())).collect();
        due.sort();
        due
    };
    assert_eq!(told("does_not_follow"), due(&oracle["toronto_since2023"]["disagreements"]));
    assert_eq!(told("current_is_not_the_sum"), due(&oracle["toronto_since2023"]["current_sum_exceptions"]));
    // none of these is in the last publication: rows without any result, and one whose sum was put right
    let earlier = summary.earlier_findings.iter().map(|found| {
        (found.rsn.as_str(), found.code.as_str(), found.published.as_str(), found.publication.unwrap())
    });
    let mut earlier: Vec<_> = earlier.collect();
    earlier.sort();
    let told: Vec<_> = earlier.iter().map(|(rsn, code, published, _)| (*rsn, *code, *published)).collect();
    assert_eq!(
        told,
        [
            ("4154044", "current_is_not_the_sum", "39"),
            ("4154044", "current_is_not_the_sum", "40"),
            ("4155804", "nothing_applicable", "80"),
            ("4155804", "nothing_applicable", "81"),
            ("4155806", "nothing_applicable", "65"),
        ]
    );
    assert_eq!(earlier[4].3, 202);
}

/// Of every building its newest row, where nothing is found against it.
fn our_scores_are_the_published_ones(house: &House, findings: &[Finding]) {
    let last = published::since2023(house.ledger.reader(), 246).unwrap();
    let place = |column: &str| last.columns.iter().position(|known| *known == column).unwrap();
    let [rsn, year, completed, current] =
        ["RSN", "YEAR EVALUATED", "EVALUATION COMPLETED ON", "CURRENT BUILDING EVAL SCORE"].map(place);
    let mut newest: HashMap<&str, &Vec<String>> = HashMap::new();
    for row in &last.rows {
        let found = newest.entry(&row[rsn]).or_insert(row);
        if (&row[completed], &row[year]) > (&found[completed], &found[year]) {
            *found = row;
        }
    }
    let found = |row: &Vec<String>| {
        findings.iter().any(|of| of.rsn == row[rsn] && of.row.starts_with(&format!("{}-", row[year])))
    };
    let ours = scores(house, "2026-08-22");
    assert_eq!(ours.len(), 2846);
    let mut compared = 0;
    for (building, row) in newest.iter().filter(|(_, row)| !found(row)) {
        assert_eq!(
            ours.get(*building).map(u64::to_string).as_deref(),
            Some(row[current].as_str()),
            "{building}"
        );
        compared += 1;
    }
    assert!(compared > 2800, "{compared}");
}

fn given_back(house: &House) {
    let text = |given: published::Given| {
        let mut text = Vec::new();
        crate::import::given_back::write(given, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    };
    let reader = house.ledger.reader();
    let unpacked = |name: &str| {
        let mut text = String::new();
        let bytes = std::fs::read(shipped(name)).unwrap();
        MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
        text
    };
    let base = text(published::since2023(reader, 0).unwrap());
    assert!(base == unpacked("base_2025-07-06"), "the first publication byte by byte");
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let last = text(published::since2023(reader, 246).unwrap());
    assert!(sorted(&last) == sorted(&unpacked("final_2026-08-22")), "the last one, in another order of rows");
    let error = published::since2023(reader, 247).unwrap_err().to_string();
    assert!(error.contains("247") && error.contains("0 to 246"), "{error}");
}
