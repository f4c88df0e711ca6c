//! An old position gives the old report; a workbook says what the CSV says.

use calamine::{Data, Reader as _, Xlsx};
use serde_json::Value;

use super::counting::{STREET, report, text};
use crate::program::{run, said, told};

/// Every report, with what it needs.
const EVERY: [&[&str]; 12] = [
    &["situation"],
    &["inspections"],
    &["distribution"],
    &["movement"],
    &["patrols"],
    &["hazards"],
    &["deadlines"],
    &["appeals"],
    &["measures"],
    &["credit"],
    &["coverage"],
    &["gaps"],
];

#[test]
fn before_anything_was_recorded_there_is_nothing_to_count_from_any_day() {
    for name in ["movement", "situation"] {
        let asked = [name, "--from", "2000-01-01", "--as-of", "2000-01-01T00:00:00Z"];
        let nothing = report(&STREET.path().join("ledger"), &asked);
        assert_eq!((&nothing["rows"], &nothing["day"]), (&Value::from(vec![0; 0]), &"2000-01-01".into()));
    }
}

#[test]
fn an_old_position_gives_the_old_report_for_ever() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("ledger");
    crate::program::copy(&STREET.path().join("ledger"), &folder);
    let before: Vec<Value> = EVERY.iter().map(|name| report(&folder, name)).collect();
    let position = before[0]["position"].to_string();
    told(&folder, &["--json", "account", "open", "later", "--name", "后来", "--role", "grid_worker"]);
    let register = "code,layer,address,subdistrict\nB-late,building,石井街道99号,石井\n";
    std::fs::write(place.path().join("premises.csv"), register).unwrap();
    let file = place.path().join("premises.csv");
    assert!(run(&folder, &["import", "premises", file.to_str().unwrap()]).status.success());
    told(&folder, &["--json", "rebuild"]);
    for (name, before) in EVERY.iter().zip(&before) {
        let again = report(&folder, &[*name, &["--at", position.as_str()]].concat());
        assert_eq!(&again, before, "{name:?}");
        let as_of = before["recorded_at"].as_str().unwrap();
        let again = report(&folder, &[*name, &["--as-of", as_of]].concat());
        assert_eq!(again["digest"], before["digest"], "{name:?} as of {as_of}");
        let now = report(&folder, name);
        assert_ne!(now["tree_head"], before["tree_head"], "{name:?}");
    }
    let coverage = before.iter().find(|report| report["report"] == "coverage").unwrap();
    assert_ne!(report(&folder, &["coverage"])["digest"], coverage["digest"], "a house was registered since");
    let past = place.path().join("past.db");
    let past = told(&folder, &["--json", "rebuild", "--at", &position, "--to", past.to_str().unwrap()]);
    assert_eq!(past["tree_root"], before[0]["tree_head"], "the tree head is that of the ledger then");
    let beyond = run(&folder, &["report", "distribution", "--at", "99999999"]);
    assert!(
        beyond.status.code() == Some(2) && said(&beyond).contains("is not in the ledger"),
        "{}",
        said(&beyond)
    );
}

#[test]
fn a_workbook_says_what_the_csv_says() {
    let folder = STREET.path().join("ledger");
    let place = tempfile::tempdir().unwrap();
    for lang in [&[][..], &["--lang", "zh"]] {
        for name in EVERY {
            // a new one in each language: none is written over
            let book = place.path().join(format!("{}-{}.xlsx", name[0], lang.len()));
            let written = run(
                &folder,
                &[&["report", name[0], "--format", "xlsx", "--out", book.to_str().unwrap()], lang].concat(),
            );
            assert!(written.status.success(), "{}", said(&written));
            let csv = run(&folder, &[&["report", name[0]], lang].concat());
            assert!(csv.status.success(), "{}", said(&csv));
            let digest =
                String::from_utf8_lossy(&csv.stderr).trim().rsplit_once("digest ").unwrap().1.to_owned();
            let plain = csv.stdout.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&csv.stdout);
            assert_eq!(
                plain.len() < csv.stdout.len(),
                !lang.is_empty(),
                "for people it says how it is encoded"
            );
            let mut csv = csv::ReaderBuilder::new().has_headers(false).from_reader(plain);
            let csv: Vec<Vec<String>> =
                csv.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
            let mut book: Xlsx<_> = calamine::open_workbook(&book).unwrap();
            let sheets = book.sheet_names();
            let rows = book.worksheet_range(&sheets[0]).unwrap();
            assert_eq!(rows.height(), csv.len(), "{name:?}");
            for (line, (row, cells)) in csv.iter().zip(rows.rows()).enumerate() {
                assert_eq!(row.len(), cells.len());
                for (cell, due) in cells.iter().zip(row) {
                    let cell = match cell {
                        Data::Float(number) => format!("{number}"),
                        other => other.to_string(),
                    };
                    assert_eq!(&cell, due, "{name:?}, line {line}");
                }
            }
            let told = book.worksheet_range(&sheets[1]).unwrap();
            assert!(told.rows().any(|row| row[1].to_string() == digest), "{name:?}: its own digest");
        }
    }
}

/// The older lists as tables: the same lines, as a workbook and as a page with its picture.
#[test]
fn the_lists_of_cases_grades_and_parties_are_workbooks_and_pages_too() {
    let folder = STREET.path().join("ledger");
    let place = tempfile::tempdir().unwrap();
    for (name, key) in [("cases", "case"), ("grades", "code"), ("parties", "party")] {
        let ran = run(&folder, &["report", name, "--json"]);
        let lines = String::from_utf8(ran.stdout).unwrap();
        let keys: Vec<String> =
            lines.lines().map(|line| text(&serde_json::from_str::<Value>(line).unwrap()[key])).collect();
        assert!(keys.len() > 3, "{name}");
        let file = place.path().join(format!("{name}.xlsx"));
        let made = run(&folder, &["report", name, "--format", "xlsx", "--out", file.to_str().unwrap()]);
        assert!(made.status.success(), "{}", said(&made));
        let mut workbook: Xlsx<_> = calamine::open_workbook(&file).unwrap();
        let sheet = workbook.worksheet_range("Report").unwrap();
        let column = sheet.rows().next().unwrap().iter().position(|cell| *cell == *key).unwrap();
        let told: Vec<String> = sheet.rows().skip(1).map(|row| row[column].to_string()).collect();
        assert_eq!(told, keys, "{name}");
        let page = run(&folder, &["report", name, "--format", "html", "--lang", "zh"]);
        let page = String::from_utf8(page.stdout).unwrap();
        let pictured = name == "parties" || page.contains("<table class=\"bars\">");
        assert!(page.contains("清单") && pictured, "{name}");
    }
}
