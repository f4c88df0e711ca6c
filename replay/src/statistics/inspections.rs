//! Inspections: which were planned, put off, made and missed, by area, by the class of the credit that asks for them, by the grade of the
//! premises and by the departments that went together.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use wuping_domain::aggregate::Concept;
use wuping_domain::event::Event;
use wuping_domain::inspection::{Event as InspectionEvent, Inspection};
use wuping_domain::recorded::Recorded;

use super::houses::{Houses, grade_held};
use super::{Bars, Column, Fold, Span, Table, Terms};

/// Inspections by their stream.
pub(super) struct Inspections {
    by: Option<NaiveDate>,
    houses: Houses,
    inspections: BTreeMap<String, Course>,
}

/// One, with what its own state does not keep.
#[derive(Default)]
struct Course {
    state: Inspection,
    planned_on: Option<NaiveDate>,
    put_off_on: Vec<NaiveDate>,
}

impl Inspections {
    /// As they stood at the end of a day; as they stand where there is none.
    pub(super) fn by(day: Option<NaiveDate>) -> Self {
        Self { by: day, houses: Houses::default(), inspections: BTreeMap::new() }
    }
}

impl Fold for Inspections {
    const TAKES: &'static [&'static str] = &["premises", "grade", "inspection"];

    fn take(&mut self, recorded: &Recorded<Event>) {
        let Event::Inspection(event) = &recorded.event else { return self.houses.take(recorded) };
        let on = recorded.holds_from();
        if self.by.is_some_and(|day| on > day) {
            return;
        }
        let course = self.inspections.entry(recorded.stream.clone()).or_default();
        match event {
            InspectionEvent::InspectionPlanned(_) => drop(course.planned_on.get_or_insert(on)),
            InspectionEvent::InspectionReduced(_) => course.put_off_on.push(on),
            _ => {}
        }
        course.state.evolve(event);
    }

    fn table(self, span: Span) -> Table {
        let mut lines: BTreeMap<[String; 5], Count> = BTreeMap::new();
        for (stream, course) in &self.inspections {
            let (Some(plan), Some(id)) = (&course.state.plan, stream.split('/').nth(1)) else { continue };
            let house = self.houses.0.get(id);
            let register = house.and_then(|house| house.premises.register.as_ref());
            let area = register.map(|register| [&register.subdistrict, &register.community]);
            let [subdistrict, community] = area.map_or_else(Default::default, |area| area.map(String::clone));
            let grade = grade_held(house.and_then(|house| house.holds(span)).as_ref());
            let joined: Vec<&str> = course.state.joined.iter().map(String::as_str).collect();
            let key = [subdistrict, community, plan.leads.class.clone(), grade, joined.join(" ")];
            let count = course.count(plan.leads.due, span);
            if count != Count::default() {
                lines.entry(key).or_default().add(&count);
            }
        }
        let row = |([subdistrict, community, class, grade, departments], count): ([String; 5], Count)| {
            let due = count.met + count.missed;
            let rate = (count.met * 100).checked_div(due);
            vec![
                subdistrict.into(),
                community.into(),
                class.into(),
                grade.into(),
                departments.into(),
                count.planned.into(),
                count.put_off.into(),
                due.into(),
                count.met.into(),
                count.missed.into(),
                rate.into(),
                count.made.into(),
                count.open.into(),
            ]
        };
        let rows = lines.into_iter().map(row).collect();
        Table { columns: &COLUMNS, rows, bars: BARS }
    }
}

impl Course {
    /// What of it falls into the span. `due` is the day by which it is planned last.
    fn count(&self, due: NaiveDate, span: Span) -> Count {
        let within = |day: &NaiveDate| span.takes_in(*day);
        let number = |days: usize| u64::try_from(days).unwrap_or(u64::MAX);
        let made = self.state.carried_out_on.filter(within);
        Count {
            planned: u64::from(self.planned_on.is_some_and(|on| within(&on))),
            put_off: number(self.put_off_on.iter().filter(|on| within(on)).count()),
            met: u64::from(made.is_some_and(|on| on <= due)),
            missed: number(self.state.missed.iter().filter(|due| within(due)).count()),
            made: u64::from(made.is_some()),
            open: u64::from(self.state.is_open()),
        }
    }
}

#[derive(Debug, Default, Eq, PartialEq)]
struct Count {
    planned: u64,
    put_off: u64,
    met: u64,
    missed: u64,
    made: u64,
    open: u64,
}

impl Count {
    const fn add(&mut self, other: &Self) {
        self.planned += other.planned;
        self.put_off += other.put_off;
        self.met += other.met;
        self.missed += other.missed;
        self.made += other.made;
        self.open += other.open;
    }
}

const BARS: &[Bars] = &[
    Bars { of: "class", counts: Some("missed") },
    Bars { of: "class", counts: Some("made") },
    Bars { of: "subdistrict", counts: Some("missed") },
];

const COLUMNS: [Column; 13] = [
    Column::plain("subdistrict", "街道", "Subdistrict"),
    Column::plain("community", "社区", "Community"),
    Column::of("class", "信用等级", "Credit class", Terms::Credit),
    Column::of("grade", "等级", "Grade", Terms::Grade),
    Column::of("departments", "参加部门", "Departments", Terms::Departments),
    Column::plain("planned", "安排", "Planned"),
    Column::plain("put_off", "延后", "Put off"),
    Column::plain("due", "应检", "Due"),
    Column::plain("met", "按期完成", "Made in time"),
    Column::plain("missed", "漏检", "Missed"),
    Column::plain("rate", "完成率（%）", "Rate (%)"),
    Column::plain("made", "实际检查次数", "Made"),
    Column::plain("open", "还没有做", "To be made"),
];
