//! Imports into a real ledger, of what Toronto really published.

use std::io::Read;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};
use wuping_ledger::genesis::{ClockChoice, CreateOptions, Ledger, RunOptions};
use wuping_ledger::vault::Vault;

use crate::import::toronto::{TORONTO_PRE2023, toronto_evaluations, toronto_evaluations_bytes};
use crate::import::{ImportError, Summary};
use crate::reactions::Reactions;
use crate::shelf::Shelf;

/// A new ledger to import into, whose reactions are the domain's.
pub(super) struct House {
    pub(super) folder: tempfile::TempDir,
    pub(super) ledger: Ledger,
    pub(super) vault: Vault,
}

impl House {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options =
            CreateOptions { running: running(&folder), ..CreateOptions::new("test/toronto", false).unwrap() };
        let ledger = Ledger::create(folder.path(), options).unwrap().ledger;
        let vault = Vault::open(folder.path()).unwrap();
        Self { folder, ledger, vault }
    }

    pub(super) fn reopened(self) -> Self {
        let Self { folder, ledger, vault } = self;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(ledger.close()).unwrap();
        let ledger = Ledger::open(folder.path(), running(&folder)).unwrap();
        Self { folder, ledger, vault }
    }

    fn import(&self, text: &[u8]) -> Result<Summary, ImportError> {
        toronto_evaluations_bytes(&self.ledger, &self.vault, "rows.csv", text, &mut |_, _| {})
    }

    pub(super) fn import_files(&self, files: &[std::path::PathBuf]) -> Result<Summary, ImportError> {
        toronto_evaluations(&self.ledger, &self.vault, files, &mut |_, _| {})
    }

    pub(super) fn size(&self) -> u64 {
        self.ledger.reader().size().unwrap()
    }

    pub(super) fn said(&self, stream: &str) -> Vec<Value> {
        let entries = self.ledger.reader().stream(stream).unwrap();
        entries.iter().map(|entry| serde_json::from_str(entry.row().data).unwrap()).collect()
    }

    pub(super) fn types(&self, stream: &str) -> Vec<String> {
        self.said(stream).iter().map(|said| said["type"].as_str().unwrap().to_owned()).collect()
    }
}

fn running(folder: &tempfile::TempDir) -> RunOptions {
    let shelf = Arc::new(Shelf::in_folder(folder.path()));
    RunOptions {
        clock: ClockChoice::System,
        reactor: Box::new(Reactions::by(shelf)),
        ..RunOptions::default()
    }
}

/// The header and every row of the published file.
fn published() -> Vec<csv::StringRecord> {
    let mut text = Vec::new();
    MultiGzDecoder::new(TORONTO_PRE2023).read_to_end(&mut text).unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_slice());
    reader.records().map(Result::unwrap).collect()
}

fn text_of<'a>(rows: impl IntoIterator<Item = &'a csv::StringRecord>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    rows.into_iter().for_each(|row| writer.write_record(row).unwrap());
    writer.into_inner().unwrap()
}

/// The header, the first rows, the row without any indicator, and the building that was created in error.
fn slice(first: usize) -> Vec<u8> {
    let rows = published();
    let chosen =
        |place: usize, row: &csv::StringRecord| place <= first || &row[0] == "8364" || &row[1] == "4304347";
    text_of(rows.iter().enumerate().filter(|(place, row)| chosen(*place, row)).map(|(_, row)| row))
}

/// The header and one row, with a cell changed.
fn one_row(column: &str, cell: &str) -> Vec<u8> {
    let rows = published();
    let place = rows[0].iter().position(|name| name == column).unwrap();
    let changed =
        rows[2].iter().enumerate().map(|(at, held)| if at == place { cell } else { held }).collect();
    text_of([&rows[0], &changed])
}

#[track_caller]
fn refused(text: &[u8]) -> String {
    let house = House::new();
    let before = house.size();
    let error = house.import(text).unwrap_err();
    assert_eq!(house.size(), before, "nothing is written of a file that is not in order");
    error.to_string()
}

#[test]
fn rows_become_graded_premises_and_the_same_file_twice_changes_nothing() {
    let house = House::new();
    let before = house.size();
    let first = house.import(&slice(200)).unwrap();
    assert_eq!(
        first.rows, 207,
        "200 rows, six more of the building created in error, and the one without indicators"
    );
    assert_eq!((first.already_there, first.closed), (0, 1));
    assert_eq!(house.size() - before, first.events_written);
    // a rulebook and a closing; a registration for each premises; three events for each row, and a grade but for one
    assert_eq!(first.events_written, 2 + first.premises + 4 * first.rows - 1);
    let size = house.size();

    let house = house.reopened();
    let size = size.max(house.size());
    let again = house.import(&slice(200)).unwrap();
    assert_eq!((again.events_written, again.already_there), (0, first.events_written));
    assert_eq!((again.rows, again.premises, again.findings), (first.rows, first.premises, first.findings));
    assert_eq!(house.size(), size);
    assert!(house.vault.checked(&mut |_, _| ()).unwrap().altered.is_empty());
}

#[test]
fn a_row_keeps_its_cells_and_the_day_from_which_it_holds() {
    let house = House::new();
    house.import(&slice(3)).unwrap();
    assert_eq!(house.types("premises/toronto-5156815"), ["PremisesRegistered"]);
    let assessment = "premises/toronto-5156815/assessment/2";
    assert_eq!(house.types(assessment), ["AssessmentOpened", "IndicatorsChecked", "AssessmentSubmitted"]);
    let said = house.said(assessment);
    assert_eq!((&said[0]["lead"], &said[0]["reason"]), (&json!("toronto-ward-17"), &json!("first")));
    assert_eq!(said[0]["source"]["raw"]["SITE_ADDRESS"], "15 FIELD SPARROWAY");
    assert_eq!(said[0]["source"]["raw"].as_object().unwrap().len(), 40);
    for said in &said {
        assert_eq!(said["effective_from"], "2023-02-24");
        assert_eq!(said["received"], json!({ "channel": "import-toronto", "ref": "toronto_eval_pre2023/2" }));
        assert_eq!(
            (&said["source"]["file"], &said["source"]["row"]),
            (&json!("toronto_eval_pre2023"), &json!("2"))
        );
    }
    assert_eq!(said[1]["results"].as_array().unwrap().len(), 20);
    let registered = &house.said("premises/toronto-5156815")[0];
    assert!(registered.get("coordinates").is_none() && registered["_sd"].as_array().unwrap().len() == 1);
    let determined = house.said("premises/toronto-5156815/grade");
    assert_eq!(determined[0]["result"]["score"], 80, "{determined:?}");
}

#[test]
fn a_building_created_in_error_is_recorded_and_then_closed() {
    let house = House::new();
    house.import(&slice(1)).unwrap();
    assert_eq!(house.types("premises/toronto-4304347"), ["PremisesRegistered", "PremisesClosed"]);
    let closed = &house.said("premises/toronto-4304347")[1];
    assert_eq!((&closed["why"], closed.get("effective_from")), (&json!("created_in_error"), None));
    assert_eq!(
        house
            .said("premises/toronto-4304347/grade")
            .iter()
            .filter(|said| said["type"] == "GradeDetermined")
            .count(),
        7
    );
}

#[test]
fn a_row_without_any_indicator_is_recorded_and_gets_no_grade() {
    let house = House::new();
    let summary = house.import(&slice(1)).unwrap();
    assert_eq!(house.types("premises/toronto-4155384/assessment/8364").len(), 3);
    assert!(house.said("premises/toronto-4155384/grade").is_empty());
    let [finding] = summary.findings.as_slice() else { panic!("{:?}", summary.findings) };
    assert_eq!((finding.code.as_str(), finding.row.as_str()), ("nothing_applicable", "8364"));
    assert_eq!((finding.published.as_str(), finding.computed.as_str()), ("0 Building Audit", "none"));
}

#[test]
fn an_import_that_stopped_goes_on_where_it_was() {
    let (whole, parts) = (House::new(), House::new());
    let at_once = whole.import(&slice(60)).unwrap();
    let begun = parts.import(&slice(20)).unwrap();
    let parts = parts.reopened();
    let rest = parts.import(&slice(60)).unwrap();
    assert_eq!(begun.events_written + rest.events_written, at_once.events_written);
    assert!(rest.already_there > 0 && rest.events_written > 0);
    assert_eq!((rest.rows, rest.findings), (at_once.rows, at_once.findings));
}

#[test]
fn a_published_score_that_does_not_follow_is_found_and_not_mended() {
    let house = House::new();
    let summary = house.import(&one_row("SCORE", "81")).unwrap();
    let [finding] = summary.findings.as_slice() else { panic!("{:?}", summary.findings) };
    assert_eq!(finding.code, "score_differs");
    assert_eq!((finding.published.as_str(), finding.computed.as_str()), ("81", "80"));
    assert_eq!(house.said("premises/toronto-5156815/grade")[0]["result"]["score"], 80);
}

#[test]
fn a_row_that_changed_since_is_not_taken_for_the_same() {
    let house = House::new();
    house.import(&one_row("SCORE", "80")).unwrap();
    let size = house.size();
    let changed = house.import(&one_row("SECURITY", "1")).unwrap_err();
    assert!(matches!(&changed, ImportError::RowChanged { row, .. } if row == "2"), "{changed}");
    assert_eq!(house.size(), size);
}

#[test]
fn a_malformed_cell_is_refused_by_line_and_column() {
    let said = refused(&one_row("SECURITY", "7"));
    assert!(said.contains("line 2, column SECURITY: “7” is no result; write 1 to 5, or N/A"), "{said}");
    let said = refused(&one_row("EVALUATION_COMPLETED_ON", "2023-02-30"));
    assert!(said.contains("line 2, column EVALUATION_COMPLETED_ON: “2023-02-30” is no day"), "{said}");
    let said = refused(&one_row("RSN", ""));
    assert!(said.contains("column RSN"), "{said}");
    let said = refused(&one_row("CONFIRMED_UNITS", "many"));
    assert!(said.contains("column CONFIRMED_UNITS"), "{said}");
}

#[test]
fn a_malformed_file_is_refused_before_anything_is_written() {
    let rows = published();
    let without: Vec<csv::StringRecord> = rows[..3]
        .iter()
        .map(|row| row.iter().enumerate().filter(|(at, _)| *at != 12).map(|(_, cell)| cell).collect())
        .collect();
    let said = refused(&text_of(&without));
    assert!(said.contains("column SCORE: not in the header"), "{said}");

    let mut ragged = text_of(&rows[..3]);
    ragged.extend_from_slice(b"9,5156813,2023\n");
    let said = refused(&ragged);
    assert!(said.contains("line 4, column 4: the row has 3 cells, the header 40"), "{said}");

    let said = refused(&text_of([&rows[0], &rows[1], &rows[1]]));
    assert!(said.contains("line 3, column _id"), "{said}");

    let mut latin = text_of(&rows[..2]);
    latin.extend_from_slice(b"9,\xe9\n");
    assert!(refused(&latin).contains("line 3"));
    assert!(refused(b"name,age\nA,3\n").contains("no header that this import knows"));
    assert!(refused(b"").contains("no header"));
}

#[test]
fn the_file_is_given_back_byte_by_byte() {
    let house = House::new();
    let text = slice(50);
    house.import(&text).unwrap();
    let given = wuping_replay::published::pre2023(house.ledger.reader()).unwrap();
    let mut back = Vec::new();
    crate::import::given_back::write(given, &mut back).unwrap();
    assert_eq!(String::from_utf8(back).unwrap(), String::from_utf8(text).unwrap());
}

/// The whole file, and what the oracle says of it. It takes some seconds more than the others.
#[test]
fn the_whole_file_gives_the_publishers_own_bands_on_four_days() {
    let house = House::new();
    let mut heard = (0, 0);
    let bytes = TORONTO_PRE2023;
    let summary =
        toronto_evaluations_bytes(&house.ledger, &house.vault, "pre2023", bytes, &mut |done, total| {
            heard = (done, total);
        })
        .unwrap();
    println!(
        "{}",
        json!({ "rows": summary.rows, "events": summary.events_written, "a second": summary.events_per_second })
    );
    assert_eq!((summary.rows, summary.premises, heard), (9359, 2800, (9359, 9359)));
    assert_eq!(summary.findings.len(), 1, "{:?}", summary.findings);
    let mut text = Vec::new();
    MultiGzDecoder::new(TORONTO_PRE2023).read_to_end(&mut text).unwrap();
    let mut back = Vec::new();
    crate::import::given_back::write(
        wuping_replay::published::pre2023(house.ledger.reader()).unwrap(),
        &mut back,
    )
    .unwrap();
    assert!(back == text, "the published file is given back byte by byte");
    let oracle: Value = serde_json::from_str(include_str!("../../../tests/cases/oracle.json")).unwrap();
    let expected = oracle["toronto_pre2023"]["latest_band_per_premises_as_of"].as_object().unwrap();
    for (day, expected) in expected {
        let question =
            wuping_replay::report::Question { valid_at: Some(day.parse().unwrap()), ..Default::default() };
        let lines = wuping_replay::report::grades(house.ledger.reader(), question).unwrap();
        let mut bands = std::collections::BTreeMap::<String, u64>::new();
        for band in lines.iter().filter_map(|line| line.in_force.band.clone()) {
            *bands.entry(band).or_default() += 1;
        }
        let mut published: std::collections::BTreeMap<String, u64> =
            serde_json::from_value(expected.clone()).unwrap();
        if day == "2018-12-31" {
            // row 8364 has no indicator: what was known before it still binds
            *published.get_mut("Building Audit").unwrap() -= 1;
            *published.get_mut("Evaluation needs to be conducted in 1 year").unwrap() += 1;
        }
        assert_eq!(bands, published, "{day}");
    }
}
