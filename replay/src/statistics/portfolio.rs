//! Portfolio: the premises that one party answers for. What was merged into it is its own.

use std::collections::{BTreeMap, BTreeSet};

use wuping_domain::event::Event;
use wuping_domain::party::Event as PartyEvent;
use wuping_domain::recorded::Recorded;

use super::hazards::on;
use super::houses::{Houses, grade_of};
use super::{Bars, Cell, Column, Fold, Span, Table, Terms};
use crate::cases::Cases;
use crate::report::code_of;

/// A party with everything that it might answer for.
pub(super) struct Portfolio {
    cases: BTreeMap<String, Cases>,
    houses: Houses,
    /// Which party goes on in which.
    merged: BTreeMap<String, String>,
    party: String,
}

impl Portfolio {
    /// Of this party, by its id.
    pub(super) fn of(party: String) -> Self {
        Self { cases: BTreeMap::new(), houses: Houses::default(), merged: BTreeMap::new(), party }
    }

    /// The party and all that were merged into it, by one step or several.
    fn own(&self) -> BTreeSet<&str> {
        let mut own = BTreeSet::from([self.party.as_str()]);
        loop {
            let more: Vec<&str> = self
                .merged
                .iter()
                .filter(|(from, into)| own.contains(into.as_str()) && !own.contains(from.as_str()))
                .map(|(from, _)| from.as_str())
                .collect();
            if more.is_empty() {
                return own;
            }
            own.extend(more);
        }
    }
}

impl Fold for Portfolio {
    const TAKES: &'static [&'static str] = &["premises", "grade", "hazard", "notice", "party"];

    fn take(&mut self, recorded: &Recorded<Event>) {
        if let Event::Party(PartyEvent::PartyMerged { into, .. }) = &recorded.event {
            self.merged.insert(recorded.last_segment().to_owned(), into.clone());
        }
        self.houses.take(recorded);
        if let (Event::Hazard(_) | Event::Notice(_), Some(id)) =
            (&recorded.event, recorded.subject().strip_prefix("premises/"))
        {
            self.cases.entry(id.to_owned()).or_default().take(recorded);
        }
    }

    fn table(self, span: Span) -> Table {
        let own = self.own();
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        for (id, house, register) in self.houses.open(span.day) {
            let held = house.premises.parties.iter();
            let held = held.filter(|held| own.contains(held.party.as_str()) && held.span.holds_on(span.day));
            for answers in held {
                let cases = self.cases.get(id).map(|cases| cases.lines(id, on(span))).unwrap_or_default();
                let holds = house.holds(span);
                let determination = holds.as_ref().map(|standing| &standing.determination);
                let waits =
                    house.waits(span).and_then(|standing| standing.determination.management_level.clone());
                rows.push(vec![
                    code_of(Some(register), id).into(),
                    id.as_str().into(),
                    register.layer.to_string().into(),
                    register.address.as_str().into(),
                    register.subdistrict.as_str().into(),
                    answers.role.as_str().into(),
                    answers.span.from.into(),
                    determination.and_then(|determination| determination.star).into(),
                    holds.as_ref().map_or_else(|| "not_assessed".to_owned(), grade_of).into(),
                    determination.and_then(|determination| determination.management_level.clone()).into(),
                    holds.as_ref().map(|standing| standing.effective_from).into(),
                    waits.into(),
                    count(cases.iter().filter(|case| case.open)).into(),
                    count(cases.iter().filter(|case| case.overdue)).into(),
                ]);
            }
        }
        rows.sort();
        Table { columns: &COLUMNS, rows, bars: Some(Bars { of: "level", counts: None }) }
    }
}

fn count(some: impl Iterator) -> u64 {
    some.fold(0, |count, _| count + 1)
}

const COLUMNS: [Column; 14] = [
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
