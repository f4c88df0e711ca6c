//! What a changed row has to say: which of its cells are about the premises, which about their hazards, and which put
//! an assessment right.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use wuping_domain::premises::{self, Register};
use wuping_domain::record::{COMPLETED_ON, Correction};
use wuping_domain::rulebook::Rulebook;
use wuping_replay::published::SINCE2023_COLUMNS;

use crate::import::toronto_row::{Cells, indicator_of, outcome, same_value};
use crate::import::toronto_since2023::Step;

/// The changed columns of a row by whom they are told to.
#[derive(Debug, Default)]
pub(super) struct Concerns {
    /// How many cells of coordinates changed.
    pub(super) coordinates: u64,
    /// To its hazards: the reactive score, and the current one with it.
    pub(super) hazards: Vec<&'static str>,
    /// To the premises: what is registered, and coordinates.
    pub(super) premises: Vec<&'static str>,
    /// To a record of its own: results, the day, scores.
    pub(super) record: Vec<&'static str>,
    /// How many of all of them say the same as before.
    pub(super) same_value: u64,
}

impl Concerns {
    /// What a step changed.
    pub(super) fn of(step: &Step) -> Self {
        let deducted = step.before.deducted() != step.after.deducted();
        let mut concerns = Self::default();
        for column in step.before.differences(&step.after).into_iter().map(|place| SINCE2023_COLUMNS[place]) {
            if same_value(column, step.before.raw(column), step.after.raw(column)) {
                concerns.same_value += 1;
            }
            concerns.coordinates += u64::from(COORDINATES.contains(&column));
            match column {
                _ if REGISTERED.contains(&column) || COORDINATES.contains(&column) => {
                    concerns.premises.push(column);
                }
                "CURRENT REACTIVE SCORE" | "CURRENT BUILDING EVAL SCORE" if deducted => {
                    concerns.hazards.push(column);
                }
                _ => concerns.record.push(column),
            }
        }
        concerns
    }
}

/// The cells of these columns, old and new.
pub(super) fn old_and_new(step: &Step, columns: &[&'static str]) -> Value {
    let cells = columns
        .iter()
        .map(|column| ((*column).to_owned(), json!([step.before.raw(column), step.after.raw(column)])));
    Value::Object(cells.collect::<Map<_, _>>())
}

/// What the premises are told of changed columns. Where nothing is registered otherwise they are told all the same,
/// with no change, so that the cells stand in the log.
pub(super) fn to_premises(
    register: &Register,
    step: &Step,
    columns: &[&'static str],
) -> Vec<premises::Command> {
    let after = step.after.register(&step.key.rsn);
    let mut commands = differing(register, &after, |column| columns.contains(&column), "published_anew");
    let moved = columns.iter().filter(|column| COORDINATES.contains(column));
    let moved: Vec<&str> = moved.copied().collect();
    let drifts = |column: &&str| same_value(column, step.before.raw(column), step.after.raw(column));
    let why = if moved.iter().all(drifts) { "same_value" } else { "published_anew" };
    let coordinates = step.after.coordinates().filter(|_| !moved.is_empty());
    if let Some(premises::Command::Amend { coordinates: told, .. }) = commands.last_mut() {
        *told = coordinates;
    } else if commands.is_empty() || !moved.is_empty() {
        commands.push(premises::Command::Amend {
            changes: BTreeMap::new(),
            why: why.to_owned(),
            coordinates,
        });
    }
    commands
}

/// What the premises are told where a row registers them otherwise than they are: a move first, then an amendment.
pub(super) fn differing(
    held: &Register,
    told: &Register,
    concerned: impl Fn(&'static str) -> bool,
    why: &str,
) -> Vec<premises::Command> {
    let mut commands = Vec::new();
    let place = |register: &Register| {
        (register.subdistrict.clone(), register.community.clone(), register.grid_cell.clone())
    };
    if ["WARD", "WARDNAME", "GRID"].into_iter().any(&concerned) && place(held) != place(told) {
        commands.push(premises::Command::Move {
            subdistrict: told.subdistrict.clone(),
            community: told.community.clone(),
            grid_cell: told.grid_cell.clone(),
            why: why.to_owned(),
        });
    }
    let fields = [
        ("SITE ADDRESS", "address", json!(held.address), json!(told.address)),
        ("CONFIRMED STOREYS", "storeys", json!(held.storeys), json!(told.storeys)),
        ("CONFIRMED UNITS", "units", json!(held.units), json!(told.units)),
        ("YEAR BUILT", "year_built", json!(held.year_built), json!(told.year_built)),
        ("PROPERTY TYPE", "tenure", json!(held.tenure), json!(told.tenure)),
    ];
    let changes: BTreeMap<String, Value> = fields
        .into_iter()
        .filter(|(column, _, held, told)| concerned(column) && held != told)
        .map(|(_, field, _, told)| (field.to_owned(), told))
        .collect();
    if !changes.is_empty() {
        commands.push(premises::Command::Amend { changes, why: why.to_owned(), coordinates: None });
    }
    commands
}

/// The correction of an assessment by changed columns: results by their indicator, its day, any other cell by its
/// column. What says the same as before is told by its column too, so that nothing is computed again for it.
pub(super) fn correction(step: &Step, columns: &[&'static str], rulebook: &Rulebook) -> Option<Correction> {
    let all_same = columns.iter().all(|column| is_same(step, column));
    let mut fields: Vec<(String, Value)> =
        columns.iter().map(|column| field(step, column, rulebook)).collect();
    if fields.is_empty() {
        return None;
    }
    let (field, right) = fields.remove(0);
    Some(Correction {
        corrects: format!("{}/assessment/{}", step.key.premises(), step.key.assessment()),
        field,
        right,
        also: fields.into_iter().collect(),
        why: if all_same { "same_value" } else { "published_anew" }.to_owned(),
    })
}

fn field(step: &Step, column: &str, rulebook: &Rulebook) -> (String, Value) {
    let after: &Cells = &step.after;
    match (indicator_of(rulebook, column), after.completed_on()) {
        _ if is_same(step, column) => (column.to_owned(), json!(after.raw(column))),
        (Some(indicator), _) => (indicator.to_owned(), json!(outcome(after.cell(column)))),
        (None, Some(day)) if column == "EVALUATION COMPLETED ON" => (COMPLETED_ON.to_owned(), json!(day)),
        _ => (column.to_owned(), json!(after.raw(column))),
    }
}

fn is_same(step: &Step, column: &str) -> bool {
    same_value(column, step.before.raw(column), step.after.raw(column))
}

const COORDINATES: [&str; 4] = ["LATITUDE", "LONGITUDE", "X", "Y"];
const REGISTERED: [&str; 8] = [
    "YEAR BUILT",
    "PROPERTY TYPE",
    "WARD",
    "WARDNAME",
    "SITE ADDRESS",
    "CONFIRMED STOREYS",
    "CONFIRMED UNITS",
    "GRID",
];
