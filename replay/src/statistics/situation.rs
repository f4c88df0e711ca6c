//! Situation (风险形势): what happened, what was found and what was graded, by area, kind of danger, management level and month.
//! A joint meeting looks at it as it stood at a position, and names it by its digest.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use wuping_domain::aggregate::Concept;
use wuping_domain::event::Event;
use wuping_domain::incident::{Incident, Known};
use wuping_domain::premises::Register;
use wuping_domain::reaction::Rulebooks;
use wuping_domain::recorded::{Recorded, local_date};
use wuping_domain::rulebook::Layer;
use wuping_domain::rulebook::danger::Danger;
use wuping_projections::grade_book::Standing;
use wuping_projections::ledger_rulebooks::LedgerRulebooks;

use super::hazards::on;
use super::houses::{House, Houses, NOT_ASSESSED};
use super::{Bars, Cell, Column, Fold, Span, Table, Terms};
use crate::cases::{CaseLine, Cases};

/// All premises with their cases and incidents.
pub(super) struct Situation {
    by: Option<NaiveDate>,
    cases: BTreeMap<String, Cases>,
    houses: Houses,
    /// By their stream.
    incidents: BTreeMap<String, Incident>,
    rulebooks: LedgerRulebooks,
}

/// What a line counts, in the order in which a meeting goes through them.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Kind {
    Danger(Danger),
    /// The grades themselves, which are of all kinds.
    Grade,
}

impl Kind {
    const fn code(self) -> &'static str {
        match self {
            Self::Danger(danger) => danger.code(),
            Self::Grade => "grade",
        }
    }
}

impl Situation {
    /// By what held on a day; by what holds where there is none.
    pub(super) fn by(day: Option<NaiveDate>, rulebooks: LedgerRulebooks) -> Self {
        let (cases, houses, incidents) = Default::default();
        Self { by: day, cases, houses, incidents, rulebooks }
    }

    /// What kind of danger a hazard is; of one that goes by no rulebook nobody said it.
    fn danger(&self, cases: &Cases, case: &CaseLine) -> Danger {
        let scheme = cases.scheme(&case.case);
        let rulebook = scheme.and_then(|scheme| self.rulebooks.rulebook(&scheme));
        rulebook.map_or(Danger::Other, |of| of.danger(&case.indicator, &case.competent))
    }
}

impl Fold for Situation {
    const TAKES: &'static [&'static str] =
        &["premises", "assessment", "grade", "hazard", "incident", "notice"];

    fn take(&mut self, recorded: &Recorded<Event>) {
        let Some(id) = recorded.subject().strip_prefix("premises/") else { return };
        match &recorded.event {
            Event::Incident(event) => {
                if self.by.is_none_or(|day| recorded.holds_from() <= day) {
                    self.incidents.entry(recorded.stream.clone()).or_default().evolve(event);
                }
            }
            Event::Grade(_) => self.houses.take(recorded),
            _ => {
                self.houses.take(recorded);
                self.cases.entry(id.to_owned()).or_default().take(recorded);
            }
        }
    }

    fn table(self, span: Span) -> Table {
        let mut lines = Lines { houses: &self.houses, counts: BTreeMap::new() };
        for (stream, incident) in &self.incidents {
            if let Some(known) = incident.known.as_ref().filter(|_| incident.linked) {
                lines.incident(stream, known, incident.confirmed, span);
            }
        }
        for (id, cases) in &self.cases {
            for case in cases.lines(id, on(span)) {
                if span.takes_in(case.found_on) {
                    let count = lines.at(id, self.danger(cases, &case), case.found_on);
                    count.hazards += 1;
                    count.open += u64::from(case.open);
                    count.overdue += u64::from(case.overdue);
                }
            }
        }
        for (_, house, register) in self.houses.open(span.day) {
            lines.grades(house, register, span);
        }
        let rows = lines.counts.into_iter().map(|(key, count)| key.row(&count)).collect();
        Table { columns: &COLUMNS, rows, bars: BARS }
    }
}

/// The lines as they are counted.
struct Lines<'h> {
    houses: &'h Houses,
    counts: BTreeMap<Key, Count>,
}

impl Lines<'_> {
    fn incident(&mut self, stream: &str, known: &Known, confirmed: bool, span: Span) {
        let happened_on = local_date(known.happened_at);
        let Some(id) = stream.split('/').nth(1).filter(|_| span.takes_in(happened_on)) else { return };
        let danger = Danger::of_code(&known.category).unwrap_or(Danger::Other);
        let count = self.at(id, danger, happened_on);
        count.incidents += 1;
        count.confirmed += u64::from(confirmed);
    }

    /// What premises hold since when, and which results lowered them.
    fn grades(&mut self, house: &House, register: &Register, span: Span) {
        if let Some(holds) = house.holds(span).filter(|holds| span.takes_in(holds.effective_from)) {
            self.grade(register, &holds).premises += 1;
        }
        let mut counted = BTreeSet::new();
        for standing in house.grades.took_effect_by(span.day) {
            let lowered = standing.determination.direction == DOWN;
            let within = span.takes_in(standing.effective_from);
            if lowered && within && counted.insert(standing.determination.number) {
                self.grade(register, standing).lowered += 1;
            }
        }
    }

    /// Where a grade is counted: at its own level, in the month from which it holds.
    fn grade(&mut self, register: &Register, standing: &Standing) -> &mut Count {
        let key = Key::of(Some(register), Kind::Grade, level(Some(standing)), standing.effective_from);
        self.counts.entry(key).or_default()
    }

    /// Where something at these premises is counted that happened or was found on a day.
    fn at(&mut self, id: &str, danger: Danger, on: NaiveDate) -> &mut Count {
        let house = self.houses.0.get(id);
        let register = house.and_then(|house| house.premises.register.as_ref());
        let of_unit = register.filter(|register| register.layer == Layer::Unit);
        let building = of_unit.and_then(|register| self.houses.0.get(register.parent.as_ref()?));
        let standing = building.or(house).and_then(|house| house.grades.valid_at(on));
        self.counts.entry(Key::of(register, Kind::Danger(danger), level(standing), on)).or_default()
    }
}

/// The management level of a grade, `not_assessed` without one.
fn level(standing: Option<&Standing>) -> String {
    let level = standing.and_then(|standing| standing.determination.management_level.clone());
    level.unwrap_or_else(|| NOT_ASSESSED.to_owned())
}

#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Key {
    subdistrict: String,
    community: String,
    kind: Kind,
    level: String,
    /// `2026-03`.
    month: String,
}

impl Key {
    fn of(register: Option<&Register>, kind: Kind, level: String, on: NaiveDate) -> Self {
        let area = register.map(|register| (register.subdistrict.clone(), register.community.clone()));
        let (subdistrict, community) = area.unwrap_or_default();
        Self { subdistrict, community, kind, level, month: on.format("%Y-%m").to_string() }
    }

    /// Of grades nothing happened or was found; of dangers nothing is graded.
    fn row(self, count: &Count) -> Vec<Cell> {
        let graded = self.kind == Kind::Grade;
        let number = |of_grades: bool, number: u64| match of_grades == graded {
            true => Cell::Number(number),
            false => Cell::Nothing,
        };
        vec![
            self.subdistrict.into(),
            self.community.into(),
            self.kind.code().into(),
            self.level.into(),
            self.month.into(),
            number(false, count.incidents),
            number(false, count.confirmed),
            number(false, count.hazards),
            number(false, count.open),
            number(false, count.overdue),
            number(true, count.premises),
            number(true, count.lowered),
        ]
    }
}

#[derive(Default)]
struct Count {
    incidents: u64,
    confirmed: u64,
    hazards: u64,
    open: u64,
    overdue: u64,
    premises: u64,
    lowered: u64,
}

/// How a result that lowers premises is marked.
const DOWN: &str = "down";

const BARS: &[Bars] = &[
    Bars { of: "kind", counts: Some("incidents") },
    Bars { of: "kind", counts: Some("hazards") },
    Bars { of: "subdistrict", counts: Some("hazards") },
    Bars { of: "level", counts: Some("hazards") },
    Bars { of: "level", counts: Some("premises") },
    Bars { of: "month", counts: Some("hazards") },
];

const COLUMNS: [Column; 12] = [
    Column::plain("subdistrict", "街道", "Subdistrict"),
    Column::plain("community", "社区", "Community"),
    Column::of("kind", "类别", "Kind", Terms::Risk),
    Column::of("level", "管理等级", "Management level", Terms::Level),
    Column::of("month", "月份", "Month", Terms::Month),
    Column::plain("incidents", "发生事件", "Incidents"),
    Column::plain("confirmed", "其中已确认", "Of them confirmed"),
    Column::plain("hazards", "发现隐患", "Hazards found"),
    Column::plain("open", "其中未办结", "Of them open"),
    Column::plain("overdue", "其中责任人逾期", "Of them overdue by the party"),
    Column::plain("premises", "生效等级的房屋", "Premises by grade in force"),
    Column::plain("lowered", "降级次数", "Times lowered"),
];
