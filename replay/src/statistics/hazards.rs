//! Hazards: how many each department has open and overdue, and how long they have been there.

use std::collections::BTreeMap;

use wuping_domain::event::Event;
use wuping_domain::recorded::Recorded;

use super::{Bars, Cell, Column, Fold, Span, Table, Terms};
use crate::cases::{CaseLine, Cases};
use crate::report::Question;

/// The cases of all premises, by id.
#[derive(Default)]
pub(super) struct Hazards(BTreeMap<String, Cases>);

impl Fold for Hazards {
    const TAKES: &'static [&'static str] = &["premises", "hazard", "notice"];

    fn take(&mut self, recorded: &Recorded<Event>) {
        if let Some(id) = recorded.subject().strip_prefix("premises/") {
            self.0.entry(id.to_owned()).or_default().take(recorded);
        }
    }

    fn table(self, span: Span) -> Table {
        let mut counts: BTreeMap<(String, String, String), Count> = BTreeMap::new();
        for line in self.0.iter().flat_map(|(id, cases)| cases.lines(id, on(span))) {
            let subdistrict = if span.apart { line.subdistrict.clone() } else { String::new() };
            let key = (subdistrict, line.competent.clone(), line.severity.clone());
            counts.entry(key).or_default().add(&line, span);
        }
        let row = |((subdistrict, department, severity), count): ((String, String, String), Count)| {
            let mut row: Vec<Cell> = vec![department.into(), severity.into()];
            row.extend([count.found, count.closed].map(Cell::from));
            row.extend([count.open, count.overdue].map(Cell::from));
            row.extend(count.ages.map(Cell::from));
            row.extend([count.oldest.into(), subdistrict.into()]);
            row
        };
        let bars = &[Bars { of: "department", counts: Some("open") }];
        Table::apart(span.apart, &COLUMNS, counts.into_iter().map(row).collect(), bars)
    }
}

/// The cases of the report's day.
pub(super) fn on(span: Span) -> Question {
    Question { valid_at: Some(span.day), ..Question::default() }
}

#[derive(Default)]
struct Count {
    found: u64,
    closed: u64,
    open: u64,
    overdue: u64,
    /// Open ones by how many days they have been there, see [`AGES`].
    ages: [u64; 4],
    oldest: Option<u64>,
}

impl Count {
    fn add(&mut self, line: &CaseLine, span: Span) {
        self.found += 1;
        if !line.open {
            self.closed += 1;
            return;
        }
        self.open += 1;
        self.overdue += u64::from(line.overdue);
        let days = span.day.signed_duration_since(line.found_on).num_days().unsigned_abs();
        let age = AGES.iter().position(|most| days <= *most).unwrap_or(AGES.len());
        if let Some(count) = self.ages.get_mut(age) {
            *count += 1;
        }
        self.oldest = self.oldest.max(Some(days));
    }
}

/// The most days of each group of ages but the last.
const AGES: [u64; 3] = [7, 30, 90];

const COLUMNS: [Column; 12] = [
    Column::of("department", "主管部门", "Department", Terms::Department),
    Column::of("severity", "程度", "Severity", Terms::Severity),
    Column::plain("found", "发现", "Found"),
    Column::plain("closed", "已办结", "Closed"),
    Column::plain("open", "未办结", "Open"),
    Column::plain("overdue", "责任人逾期", "Overdue by the party"),
    Column::plain("days_0_7", "7 天内", "Up to 7 days"),
    Column::plain("days_8_30", "8 到 30 天", "8 to 30 days"),
    Column::plain("days_31_90", "31 到 90 天", "31 to 90 days"),
    Column::plain("days_over_90", "超过 90 天", "Over 90 days"),
    Column::plain("oldest_days", "最久（天）", "Oldest (days)"),
    Column::plain("subdistrict", "街道", "Subdistrict"),
];
