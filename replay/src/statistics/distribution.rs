//! Distribution: how many premises hold which grade, by layer and area.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use wuping_domain::event::Event;
use wuping_domain::recorded::Recorded;

use super::houses::{Houses, grade_held};
use super::{Bars, Cell, Column, Fold, Span, Table, Terms};

/// Premises by what they hold.
#[derive(Default)]
pub(super) struct Distribution(Houses);

impl Fold for Distribution {
    const TAKES: &'static [&'static str] = &["premises", "grade"];

    fn take(&mut self, recorded: &Recorded<Event>) {
        self.0.take(recorded);
    }

    fn table(self, span: Span) -> Table {
        let mut counts = BTreeMap::new();
        for (_, house, register) in self.0.open(span.day) {
            let holds = house.holds(span);
            let star = holds.as_ref().and_then(|standing| standing.determination.star);
            let level = holds.as_ref().and_then(|standing| standing.determination.management_level.clone());
            let grade = grade_held(holds.as_ref());
            let area = (register.subdistrict.clone(), register.community.clone());
            *counts.entry((register.layer, area, Reverse(star), grade, level)).or_default() += 1_u64;
        }
        let row = |((layer, (subdistrict, community), Reverse(star), grade, level), premises): (_, u64)| -> Vec<Cell> {
            let layer: wuping_domain::rulebook::Layer = layer;
            let (subdistrict, community): (String, String) = (subdistrict, community);
            let (star, grade, level): (Option<u8>, String, Option<String>) = (star, grade, level);
            vec![
                layer.to_string().into(),
                subdistrict.into(),
                community.into(),
                star.into(),
                grade.into(),
                level.into(),
                premises.into(),
            ]
        };
        let bars = &[Bars { of: "grade", counts: Some("premises") }];
        Table { columns: &COLUMNS, rows: counts.into_iter().map(row).collect(), bars }
    }
}

const COLUMNS: [Column; 7] = [
    Column::of("layer", "层面", "Layer", Terms::Layer),
    Column::plain("subdistrict", "街道", "Subdistrict"),
    Column::plain("community", "社区", "Community"),
    Column::plain("star", "星级", "Star"),
    Column::of("grade", "等级", "Grade", Terms::Grade),
    Column::of("level", "管理等级", "Management level", Terms::Level),
    Column::plain("premises", "房屋数", "Premises"),
];
