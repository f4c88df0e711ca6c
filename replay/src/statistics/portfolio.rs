//! Portfolio: the premises that a party answers for, of one party or of every one. What was merged into it is its own.

use std::collections::BTreeMap;

use wuping_domain::event::Event;
use wuping_domain::recorded::Recorded;

use super::families::Families;
use super::hazards::on;
use super::houses::{Houses, grade_held};
use super::{Bars, Cell, Column, Fold, Span, Table, Terms};
use crate::cases::Cases;
use crate::report::code_of;

/// Parties with everything that they might answer for.
pub(super) struct Portfolio {
    cases: BTreeMap<String, Cases>,
    families: Families,
    houses: Houses,
    /// The party that is asked about; every one where none is.
    party: Option<String>,
}

impl Portfolio {
    /// Of a party, by its id; of every one where none is named.
    pub(super) fn of(party: Option<String>) -> Self {
        Self { cases: BTreeMap::new(), families: Families::default(), houses: Houses::default(), party }
    }

    /// The party whose portfolio this is a part of, if it is asked about.
    fn asked<'f>(&'f self, party: &'f str) -> Option<&'f str> {
        match self.party.as_deref() {
            Some(asked) => self.families.reaches(party, asked).then_some(asked),
            None => Some(self.families.goes_on_as(party)),
        }
    }
}

impl Fold for Portfolio {
    const TAKES: &'static [&'static str] = &["premises", "grade", "hazard", "notice", "party"];

    fn take(&mut self, recorded: &Recorded<Event>) {
        self.families.take(recorded);
        self.houses.take(recorded);
        if let (Event::Hazard(_) | Event::Notice(_), Some(id)) =
            (&recorded.event, recorded.subject().strip_prefix("premises/"))
        {
            self.cases.entry(id.to_owned()).or_default().take(recorded);
        }
    }

    fn table(self, span: Span) -> Table {
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        for (id, house, register) in self.houses.open(span.day) {
            let held = house.premises.parties.iter().filter(|held| held.span.holds_on(span.day));
            for (party, answers) in held.filter_map(|held| Some((self.asked(&held.party)?, held))) {
                let cases = self.cases.get(id).map(|cases| cases.lines(id, on(span))).unwrap_or_default();
                let holds = house.holds(span);
                let determination = holds.as_ref().map(|standing| &standing.determination);
                let waits =
                    house.waits(span).and_then(|standing| standing.determination.management_level.clone());
                let mut row = vec![
                    party.into(),
                    code_of(Some(register), id).into(),
                    id.as_str().into(),
                    register.layer.to_string().into(),
                    register.address.as_str().into(),
                    register.subdistrict.as_str().into(),
                    answers.role.as_str().into(),
                    answers.span.from.into(),
                    determination.and_then(|determination| determination.star).into(),
                    grade_held(holds.as_ref()).into(),
                    determination.and_then(|determination| determination.management_level.clone()).into(),
                    holds.as_ref().map(|standing| standing.effective_from).into(),
                    waits.into(),
                    count(cases.iter().filter(|case| case.open)).into(),
                    count(cases.iter().filter(|case| case.overdue)).into(),
                ];
                // which party it is stands above the report of one
                rows.push(if self.party.is_some() { row.split_off(1) } else { row });
            }
        }
        rows.sort();
        let columns = if self.party.is_some() { &COLUMNS[1..] } else { &COLUMNS };
        Table { columns, rows, bars: &[Bars { of: "level", counts: None }] }
    }
}

fn count(some: impl Iterator) -> u64 {
    some.fold(0, |count, _| count + 1)
}

const COLUMNS: [Column; 15] = [
    Column::plain("party", "责任人", "Party"),
    Column::plain("code", "房屋编码", "Code"),
    Column::plain("premises", "房屋编号", "Premises"),
    Column::of("layer", "层面", "Layer", Terms::Layer),
    Column::plain("address", "地址", "Address"),
    Column::plain("subdistrict", "街道", "Subdistrict"),
    Column::of("role", "身份", "Role", Terms::Role),
    Column::plain("since", "从哪天起", "Since"),
    Column::plain("star", "星级", "Star"),
    Column::of("grade", "等级", "Grade", Terms::Grade),
    Column::of("level", "管理等级", "Management level", Terms::Level),
    Column::plain("effective_from", "生效日", "In force from"),
    Column::of("waiting_level", "待确认的管理等级", "Level awaiting confirmation", Terms::Level),
    Column::plain("open_hazards", "未办结隐患", "Open hazards"),
    Column::plain("overdue_hazards", "逾期隐患", "Overdue hazards"),
];
