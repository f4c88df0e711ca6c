//! Toronto's evaluations since 2023: the first publication and what changed from each to the next, read whole and put
//! in order before anything is said to the ledger.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;
use wuping_domain::rulebook::Rulebook;
use wuping_replay::published::SINCE2023_COLUMNS;
use wuping_replay::published_table::PublishedTable;

use crate::import::ImportError;
use crate::import::csv_rows::{Row, Table};
use crate::import::toronto_files::Since2023;
use crate::import::toronto_row::{Cells, RowKey};

/// All that the files tell, in the order of the publications.
#[derive(Debug)]
pub(super) struct History {
    /// Changes told of, of all kinds.
    pub(super) changes: u64,
    /// One after another, from 0.
    pub(super) publications: Vec<Publication>,
    /// Whole rows told of: those of the first publication, and those added.
    pub(super) rows: u64,
}

impl History {
    /// How many steps there are in all.
    pub(super) fn steps(&self) -> usize {
        self.publications.iter().map(|publication| publication.steps.len()).sum()
    }
}

/// One publication, by what it changed.
#[derive(Debug)]
pub(super) struct Publication {
    /// The commit of the mirror it was taken from.
    pub(super) commit: String,
    /// The day by which it was published.
    pub(super) day: NaiveDate,
    /// Its number, from 0.
    pub(super) number: u64,
    /// What it did to rows, one step a row.
    pub(super) steps: Vec<Step>,
}

/// What a publication did to a row.
#[derive(Debug)]
pub(super) struct Step {
    /// The row.
    pub(super) key: RowKey,
    /// What was done.
    pub(super) kind: Kind,
    /// The row as it was last published; the same as after where it is new.
    pub(super) before: Arc<Cells>,
    /// The row as it is published now, or was last.
    pub(super) after: Arc<Cells>,
}

/// What can be done to a row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Published again after it was gone.
    Again,
    /// Some of its cells are others.
    Changed,
    /// Published for the first time.
    First,
    /// Not published any more.
    Gone,
}

/// Read the files.
pub(super) fn history(files: &Since2023, rulebook: &Rulebook) -> Result<History, ImportError> {
    let mut publications = publications(&files.publications)?;
    let changes = changes(&files.changes, &publications)?;
    let mut reading = Reading { rulebook, rows: HashMap::new() };
    let mut added = reading.added(&files.added)?;
    if let Some(first) = publications.first_mut() {
        first.steps = reading.base(&files.base)?;
    }
    for publication in &mut publications {
        for change in changes.get(&publication.number).into_iter().flatten() {
            let step = reading.step(&files.changes, publication.number, change, &mut added)?;
            publication.steps.push(step);
        }
    }
    if let Some((row, _)) = added.rows.values().next() {
        let detail = "no change adds this row; give the changes that belong to these rows";
        return Err(added.table.refuse(row, "publication", detail));
    }
    for later in &files.later {
        reading.must_be_last(later)?;
    }
    Ok(History {
        changes: counted(files.changes.rows.len()),
        publications,
        rows: counted(files.base.rows.len() + files.added.rows.len()),
    })
}

fn publications(table: &Table) -> Result<Vec<Publication>, ImportError> {
    let [number, day, commit] = places(table, ["publication", "snapshot_date", "commit"])?;
    let mut publications = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        let cell = row.cell(day);
        publications.push(Publication {
            commit: row.cell(commit).to_owned(),
            day: cell
                .parse()
                .map_err(|_| table.refuse(row, "snapshot_date", format!("“{cell}” is no day")))?,
            number: whole(table, row, "publication", number)?,
            steps: vec![],
        });
    }
    publications.sort_by_key(|publication| publication.number);
    for (place, publication) in publications.iter().enumerate() {
        let row = table.rows.get(place).or(table.rows.first());
        let later = place.checked_sub(1).and_then(|before| publications.get(before));
        let fits = publication.number == counted(place) && later.is_none_or(|l| l.day <= publication.day);
        if let (false, Some(row)) = (fits, row) {
            let detail =
                "publications are numbered from 0 without a gap, each of the same day or a later one";
            return Err(table.refuse(row, "publication", detail));
        }
    }
    if publications.is_empty() {
        let (file, columns) = (table.file.clone(), vec!["publication (no row)".to_owned()]);
        return Err(ImportError::ColumnsMissing { file, columns });
    }
    Ok(publications)
}

/// What is told of one row in one publication.
struct RowChange<'a> {
    key: RowKey,
    /// The lines about it: `op` and, for a change, the field with its old and new cell.
    lines: Vec<(&'a Row, &'a str, &'a str, [&'a str; 2])>,
}

/// The changes by publication, those of one row together, rows in the order of their first line.
fn changes<'a>(
    table: &'a Table,
    publications: &[Publication],
) -> Result<BTreeMap<u64, Vec<RowChange<'a>>>, ImportError> {
    let columns =
        ["publication", "snapshot_date", "op", "RSN", "YEAR EVALUATED", "dup", "field", "old", "new"];
    let [number, day, op, rsn, year, dup, field, old, new] = places(table, columns)?;
    let mut by_publication: BTreeMap<u64, Vec<RowChange<'a>>> = BTreeMap::new();
    let mut known: HashMap<(u64, RowKey), usize> = HashMap::new();
    for row in &table.rows {
        let number = whole(table, row, "publication", number)?;
        let known_day = usize::try_from(number).ok().and_then(|place| publications.get(place));
        if known_day.is_none_or(|publication| publication.day.to_string() != row.cell(day)) {
            let detail =
                "the list of publications has none of this number and day; give the list that belongs here";
            return Err(table.refuse(row, "publication", detail));
        }
        let key = key(table, row, [rsn, year, dup])?;
        let told = by_publication.entry(number).or_default();
        let place = *known.entry((number, key.clone())).or_insert_with(|| {
            told.push(RowChange { key, lines: vec![] });
            told.len() - 1
        });
        if let Some(change) = told.get_mut(place) {
            change.lines.push((row, row.cell(op), row.cell(field), [row.raw(old), row.raw(new)]));
        }
    }
    Ok(by_publication)
}

/// The whole rows of what is added, until each is taken.
struct Added<'a> {
    rows: HashMap<(u64, RowKey), (&'a Row, Arc<Cells>)>,
    table: &'a Table,
}

/// The rows as far as they are read, each with whether it is published.
struct Reading<'a> {
    rulebook: &'a Rulebook,
    rows: HashMap<RowKey, (Arc<Cells>, bool)>,
}

impl Reading<'_> {
    fn base(&mut self, table: &Table) -> Result<Vec<Step>, ImportError> {
        let mut steps = Vec::with_capacity(table.rows.len());
        for (key, cells) in self.whole_rows(table)? {
            self.rows.insert(key.clone(), (cells.clone(), true));
            steps.push(Step { key, kind: Kind::First, before: cells.clone(), after: cells });
        }
        Ok(steps)
    }

    /// Rows of a whole publication, of several of one building and year each with its number.
    fn whole_rows(&self, table: &Table) -> Result<Vec<(RowKey, Arc<Cells>)>, ImportError> {
        let columns = places(table, SINCE2023_COLUMNS)?;
        let mut times: HashMap<(String, String), u64> = HashMap::new();
        let mut rows = Vec::with_capacity(table.rows.len());
        for row in &table.rows {
            let cells = self.cells(table, row, &columns)?;
            let (rsn, year) = (cells.cell("RSN").to_owned(), cells.cell("YEAR EVALUATED").to_owned());
            let time = times.entry((rsn.clone(), year.clone())).or_default();
            rows.push((RowKey { rsn, year, dup: time.to_string() }, cells));
            *time += 1;
        }
        Ok(rows)
    }

    fn added<'a>(&self, table: &'a Table) -> Result<Added<'a>, ImportError> {
        let columns = places(table, SINCE2023_COLUMNS)?;
        let [publication, rsn, year, dup] = places(table, ["publication", "RSN", "YEAR EVALUATED", "dup"])?;
        let mut rows = HashMap::new();
        for row in &table.rows {
            let number = whole(table, row, "publication", publication)?;
            let key = key(table, row, [rsn, year, dup])?;
            let cells = self.cells(table, row, &columns)?;
            if rows.insert((number, key), (row, cells)).is_some() {
                return Err(table.refuse(
                    row,
                    "dup",
                    "this row stands in an earlier line; each needs its own",
                ));
            }
        }
        Ok(Added { rows, table })
    }

    fn cells(
        &self,
        table: &Table,
        row: &Row,
        columns: &[usize; SINCE2023_COLUMNS.len()],
    ) -> Result<Arc<Cells>, ImportError> {
        let cells = Cells(columns.iter().map(|place| row.raw(*place).to_owned()).collect());
        match cells.fault(self.rulebook) {
            Some((column, detail)) => Err(table.refuse(row, column, detail)),
            None => Ok(Arc::new(cells)),
        }
    }

    /// Take what a publication tells of a row.
    fn step(
        &mut self,
        table: &Table,
        number: u64,
        change: &RowChange<'_>,
        added: &mut Added<'_>,
    ) -> Result<Step, ImportError> {
        let key = change.key.clone();
        let Some((line, op, ..)) = change.lines.first().copied() else {
            return Err(ImportError::UnknownKind { file: table.file.clone() });
        };
        let refuse = |column: &str, detail: &str| Err(table.refuse(line, column, detail));
        let alone = change.lines.len() == 1;
        let before = self.rows.get(&key).cloned();
        let (kind, before, after) = match (op, before) {
            ("add", before) if alone && before.as_ref().is_none_or(|(_, shown)| !shown) => {
                let Some((_, after)) = added.rows.remove(&(number, key.clone())) else {
                    return refuse(
                        "RSN",
                        "the file of added rows has no such row; give the one that belongs here",
                    );
                };
                match before {
                    Some((before, _)) => {
                        let after = if before == after { before.clone() } else { after };
                        (Kind::Again, before, after)
                    }
                    None => (Kind::First, after.clone(), after),
                }
            }
            ("remove", Some((before, true))) if alone => (Kind::Gone, before.clone(), before),
            ("change", Some((before, true))) => {
                let after = self.changed(table, &before, change)?;
                (Kind::Changed, before, after)
            }
            _ => {
                let detail =
                    "this does not fit what was published before; give the files that belong together";
                return refuse("op", detail);
            }
        };
        self.rows.insert(key.clone(), (after.clone(), kind != Kind::Gone));
        Ok(Step { key, kind, before, after })
    }

    fn changed(
        &self,
        table: &Table,
        before: &Cells,
        change: &RowChange<'_>,
    ) -> Result<Arc<Cells>, ImportError> {
        let mut after = before.clone();
        for (line, op, field, [old, new]) in &change.lines {
            let place = SINCE2023_COLUMNS.iter().position(|column| column == field);
            let cell = place.and_then(|place| after.0.get_mut(place));
            let Some(cell) = cell.filter(|_| *op == "change" && !KEYS.contains(field)) else {
                return Err(table.refuse(line, "field", format!("“{field}” is no column that can change")));
            };
            if cell != old {
                let detail = format!("“{old}” is not what was published before, which is “{cell}”");
                return Err(table.refuse(line, "old", detail));
            }
            (*new).clone_into(cell);
        }
        match (after.fault(self.rulebook), change.lines.first()) {
            (Some((column, detail)), Some((line, ..))) => Err(table.refuse(line, column, detail)),
            _ => Ok(Arc::new(after)),
        }
    }

    /// A whole file that is not the first publication can only be the last one.
    fn must_be_last(&self, table: &Table) -> Result<(), ImportError> {
        let (mut last, mut given) = (PublishedTable::new(), PublishedTable::new());
        let shown = self.rows.iter().filter(|(_, (_, shown))| *shown);
        for (key, cells) in shown.map(|(key, (cells, _))| (key, cells)) {
            last.add(&key.text(), cells.0.clone());
        }
        for (key, cells) in self.whole_rows(table)? {
            given.add(&key.text(), cells.0.clone());
        }
        if last.digest() == given.digest() {
            return Ok(());
        }
        Err(ImportError::NotLast { file: table.file.clone() })
    }
}

fn key(table: &Table, row: &Row, [rsn, year, dup]: [usize; 3]) -> Result<RowKey, ImportError> {
    let cell = |column, place| whole(table, row, column, place).map(|_| row.cell(place).to_owned());
    Ok(RowKey { rsn: cell("RSN", rsn)?, year: cell("YEAR EVALUATED", year)?, dup: cell("dup", dup)? })
}

fn whole(table: &Table, row: &Row, column: &str, place: usize) -> Result<u64, ImportError> {
    let cell = row.cell(place);
    let digits = cell.bytes().all(|byte| byte.is_ascii_digit());
    let number = cell.parse().ok().filter(|_| digits);
    number.ok_or_else(|| {
        table.refuse(row, column, format!("“{cell}” is no whole number, which is needed here"))
    })
}

/// Where the columns stand, all of which are needed.
fn places<const N: usize>(table: &Table, columns: [&str; N]) -> Result<[usize; N], ImportError> {
    let found = columns.map(|column| table.place(column));
    let missing: Vec<String> = columns
        .iter()
        .zip(found)
        .filter(|(_, place)| place.is_none())
        .map(|(column, _)| (*column).to_owned())
        .collect();
    if missing.is_empty() {
        return Ok(found.map(Option::unwrap_or_default));
    }
    Err(ImportError::ColumnsMissing { file: table.file.clone(), columns: missing })
}

fn counted(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// What identifies a row does not change; another key is another row.
const KEYS: [&str; 2] = ["RSN", "YEAR EVALUATED"];
