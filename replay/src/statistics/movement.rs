//! Movement: what each premises held on two days, and what moved it.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use wuping_domain::event::Event;
use wuping_domain::recorded::Recorded;
use wuping_domain::rulebook::Layer;
use wuping_projections::grade_book::Standing;

use super::houses::Houses;
use super::{Bars, Cell, Column, Fold, Span, Table, Terms};

/// Premises with all that was determined of them.
#[derive(Default)]
pub(super) struct Movement(Houses);

impl Fold for Movement {
    const TAKES: &'static [&'static str] = &["premises", "grade"];

    fn take(&mut self, recorded: &Recorded<Event>) {
        self.0.take(recorded);
    }

    fn table(self, span: Span) -> Table {
        let mut counts: BTreeMap<(Layer, String, &str, String), u64> = BTreeMap::new();
        let from = span.from.unwrap_or(span.day);
        for (_, house, register) in self.0.open(span.day) {
            let (was, is) = (house.grades.valid_at(from), house.grades.valid_at(span.day));
            if let Some((direction, why)) = moved(was, is) {
                let key = (register.layer, register.subdistrict.clone(), direction, why.to_owned());
                *counts.entry(key).or_default() += 1;
            }
        }
        let row = |((layer, subdistrict, direction, why), premises): ((Layer, String, &str, String), u64)| -> Vec<Cell> {
            vec![layer.to_string().into(), subdistrict.into(), direction.into(), why.into(), premises.into()]
        };
        let bars = &[Bars { of: "direction", counts: Some("premises") }];
        Table { columns: &COLUMNS, rows: counts.into_iter().map(row).collect(), bars }
    }
}

/// Which way it went, and what gave rise to it; none where the same result holds on both days.
fn moved<'a>(was: Option<&Standing>, is: Option<&'a Standing>) -> Option<(&'static str, &'a str)> {
    let rank = |standing: &Standing| {
        let determination = &standing.determination;
        determination.star.map_or(determination.score, u64::from)
    };
    match (was, is) {
        (None, None) => None,
        (None, Some(is)) => Some(("first", &is.determination.trigger)),
        (Some(_), None) => Some(("ended", "no_longer_in_force")),
        (Some(was), Some(is)) if was.determination.number == is.determination.number => None,
        (Some(was), Some(is)) => {
            let direction = match rank(is).cmp(&rank(was)) {
                Ordering::Equal => "same",
                Ordering::Greater => "up",
                Ordering::Less => "down",
            };
            Some((direction, &is.determination.trigger))
        }
    }
}

const COLUMNS: [Column; 5] = [
    Column::of("layer", "层面", "Layer", Terms::Layer),
    Column::plain("subdistrict", "街道", "Subdistrict"),
    Column::of("direction", "升降", "Direction", Terms::Direction),
    Column::of("reason", "原因", "Reason", Terms::Trigger),
    Column::plain("premises", "房屋数", "Premises"),
];
