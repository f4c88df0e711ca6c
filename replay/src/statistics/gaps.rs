//! Gaps: the premises behind the numbers of the coverage, a row for each thing that somebody must put right: no grade and why,
//! nobody who answers or assesses, somebody who answers and nobody said why, a code that others have too, occupancy that is stale,
//! incidents of no known house.

use std::collections::BTreeMap;

use wuping_domain::event::Event;
use wuping_domain::recorded::Recorded;

use super::coverage::Coverage;
use super::{Bars, Cell, Column, Fold, Span, Table, Terms};
use crate::report::code_of;

/// The register, looked at for what is missing.
pub(super) struct Gaps(Coverage);

impl Gaps {
    /// In what is known of a register.
    pub(super) fn of(coverage: Coverage) -> Self {
        Self(coverage)
    }
}

impl Fold for Gaps {
    const TAKES: &'static [&'static str] = Coverage::TAKES;

    fn take(&mut self, recorded: &Recorded<Event>) {
        self.0.take(recorded);
    }

    fn table(self, span: Span) -> Table {
        let mut shared: BTreeMap<&String, Vec<String>> = BTreeMap::new();
        for ((scheme, code), ids) in self.0.holders_of_one_code(span.day) {
            for id in &ids {
                let others: Vec<&str> =
                    ids.iter().filter(|other| other != &id).map(|other| other.as_str()).collect();
                let told = format!("{scheme} {code}: {}", others.join(" "));
                shared.entry(id).or_default().push(told);
            }
        }
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        for (id, house, register) in self.0.houses.open(span.day) {
            let missing = self.0.missing(id, house, register, span);
            let mut gap = |what: &str, detail: Cell, since: Cell| {
                rows.push(vec![
                    what.into(),
                    register.subdistrict.as_str().into(),
                    register.community.as_str().into(),
                    register.layer.to_string().into(),
                    code_of(Some(register), id).into(),
                    id.as_str().into(),
                    register.address.as_str().into(),
                    detail,
                    since,
                ]);
            };
            if let Some(why) = missing.grade {
                gap(why, Cell::Nothing, Cell::Nothing);
            }
            if missing.no_owner {
                gap("no_owner", Cell::Nothing, Cell::Nothing);
            }
            if !missing.no_basis.is_empty() {
                gap("no_basis", missing.no_basis.join(" ").into(), Cell::Nothing);
            }
            if missing.no_assessor {
                gap("no_assessor", Cell::Nothing, Cell::Nothing);
            }
            for told in shared.get(id).into_iter().flatten() {
                gap("code_conflict", told.as_str().into(), Cell::Nothing);
            }
            if let Some(said) = missing.stale_occupancy {
                gap("stale_occupancy", Cell::Nothing, said.into());
            }
            for incident in missing.unmatched_incidents {
                gap("unmatched_incident", incident.as_str().into(), Cell::Nothing);
            }
        }
        rows.sort();
        Table { columns: &COLUMNS, rows, bars: &[Bars { of: "gap", counts: None }] }
    }
}

const COLUMNS: [Column; 9] = [
    Column::of("gap", "缺什么", "What is missing", Terms::Gap),
    Column::plain("subdistrict", "街道", "Subdistrict"),
    Column::plain("community", "社区", "Community"),
    Column::of("layer", "层面", "Layer", Terms::Layer),
    Column::plain("code", "房屋编码", "Code"),
    Column::plain("premises", "房屋编号", "Premises"),
    Column::plain("address", "地址", "Address"),
    Column::plain("detail", "详情", "Detail"),
    Column::plain("since", "最近一次登记", "Last told"),
];
