//! Which of Toronto's files is which: told by the header, in whatever order they are given.

use crate::import::ImportError;
use crate::import::csv_rows::Table;
use crate::import::toronto_pre2023::looks_pre2023;

/// The files of one import, sorted by what they are.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// The evaluations before 2023: each file stands by itself.
    pub(super) pre2023: Vec<Table>,
    /// Those since 2023, which belong together; none where no file of them is given.
    pub(super) since2023: Option<Since2023>,
}

/// The files of the evaluations since 2023.
#[derive(Debug)]
pub(super) struct Since2023 {
    /// The whole row of each that was added.
    pub(super) added: Table,
    /// The first publication, whole.
    pub(super) base: Table,
    /// What changed from one publication to the next.
    pub(super) changes: Table,
    /// A later publication, whole, to compare with: any but the first.
    pub(super) later: Vec<Table>,
    /// Number and day of each publication.
    pub(super) publications: Table,
}

/// Sort the files.
pub(super) fn sorted(tables: Vec<Table>) -> Result<Files, ImportError> {
    let mut pre2023 = Vec::new();
    let (mut added, mut changes, mut publications, mut whole) = (None, None, None, Vec::new());
    for table in tables {
        let has = |column: &str| table.place(column).is_some();
        let place = match (has("EVALUATION COMPLETED ON"), has("publication")) {
            _ if looks_pre2023(&table) => {
                pre2023.push(table);
                continue;
            }
            (true, false) => {
                whole.push(table);
                continue;
            }
            (true, true) => &mut added,
            (false, true) if has("field") => &mut changes,
            (false, true) if has("snapshot_date") => &mut publications,
            _ => return Err(ImportError::UnknownKind { file: table.file }),
        };
        if place.is_some() {
            return Err(ImportError::GivenTwice { file: table.file });
        }
        *place = Some(table);
    }
    let given = [added.is_some(), changes.is_some(), publications.is_some(), !whole.is_empty()];
    if !given.contains(&true) {
        return Ok(Files { pre2023, since2023: None });
    }
    // a later publication has evaluations of days that the first one cannot have
    whole.sort_by_cached_key(latest_day);
    let mut whole = whole.into_iter();
    match (whole.next(), added, changes, publications) {
        (Some(base), Some(added), Some(changes), Some(publications)) => {
            let since = Since2023 { added, base, changes, later: whole.collect(), publications };
            Ok(Files { pre2023, since2023: Some(since) })
        }
        _ => {
            let names = [ADDED, CHANGES, PUBLICATIONS, BASE];
            let missing = names.iter().zip(given).filter(|(_, given)| !given).map(|(name, _)| *name);
            Err(ImportError::FilesMissing { missing: missing.collect() })
        }
    }
}

fn latest_day(table: &Table) -> String {
    let Some(place) = table.place("EVALUATION COMPLETED ON") else { return String::new() };
    table.rows.iter().map(|row| row.cell(place)).max().unwrap_or_default().to_owned()
}

const ADDED: &str = "the rows added since (as toronto_eval_added.csv.gz)";
const BASE: &str = "the first publication, whole (as toronto_eval_base_2025-07-06.csv.gz)";
const CHANGES: &str = "what changed from one publication to the next (as toronto_eval_changes.csv.gz)";
const PUBLICATIONS: &str = "the list of publications (as toronto_eval_publications.csv.gz)";
