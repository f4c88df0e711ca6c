//! Measures: what is done about houses because of their level, by area, level and how far it is.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use wuping_domain::aggregate::Concept;
use wuping_domain::event::Event;
use wuping_domain::measure::{Event as MeasureEvent, Measure};
use wuping_domain::recorded::Recorded;

use super::houses::Houses;
use super::{Bars, Column, Fold, Span, Table, Terms};

/// Measures by their stream.
pub(super) struct Measures {
    measures: BTreeMap<String, Begun>,
    by: Option<NaiveDate>,
    houses: Houses,
}

#[derive(Default)]
struct Begun {
    state: Measure,
    on: Option<NaiveDate>,
    level: String,
}

impl Measures {
    /// As they stood at the end of a day; as they stand where there is none.
    pub(super) fn by(day: Option<NaiveDate>) -> Self {
        Self { measures: BTreeMap::new(), by: day, houses: Houses::default() }
    }
}

impl Fold for Measures {
    const TAKES: &'static [&'static str] = &["measure", "premises"];

    fn take(&mut self, recorded: &Recorded<Event>) {
        let Event::Measure(event) = &recorded.event else { return self.houses.take(recorded) };
        if self.by.is_some_and(|day| recorded.holds_from() > day) {
            return;
        }
        let begun = self.measures.entry(recorded.stream.clone()).or_default();
        begun.on.get_or_insert(recorded.holds_from());
        if let MeasureEvent::MeasureProposed { level, .. } | MeasureEvent::IncentiveOffered { level, .. } =
            event
        {
            begun.level.clone_from(level);
        }
        begun.state.evolve(event);
    }

    fn table(self, span: Span) -> Table {
        let mut lines: BTreeMap<[String; 4], u64> = BTreeMap::new();
        for (stream, begun) in &self.measures {
            let Some(measure) =
                measure_of(&begun.state).filter(|_| begun.on.is_some_and(|on| span.takes_in(on)))
            else {
                continue;
            };
            let id = stream.strip_prefix("premises/").and_then(|rest| rest.split('/').next());
            let house = id.and_then(|id| self.houses.0.get(id)?.premises.register.as_ref());
            let subdistrict = house.map(|register| register.subdistrict.clone()).unwrap_or_default();
            let stage = begun.state.stage.code().to_owned();
            *lines.entry([subdistrict, begun.level.clone(), measure, stage]).or_default() += 1;
        }
        let row = |([subdistrict, level, measure, stage], count): ([String; 4], u64)| {
            vec![subdistrict.into(), level.into(), measure.into(), stage.into(), count.into()]
        };
        let rows = lines.into_iter().map(row).collect();
        Table { columns: &COLUMNS, rows, bars: &[Bars { of: "measure", counts: Some("count") }] }
    }
}

/// The policy's id of a measure, `incentive` or `training`.
fn measure_of(state: &Measure) -> Option<String> {
    let proposed = state.proposed.as_ref().map(|proposal| proposal.measure.clone());
    let incentive = state.offered.as_ref().map(|_| "incentive".to_owned());
    proposed.or(incentive).or_else(|| state.held.as_ref().map(|_| "training".to_owned()))
}

const COLUMNS: [Column; 5] = [
    Column::plain("subdistrict", "街道", "Subdistrict"),
    Column::of("level", "管理等级", "Management level", Terms::Level),
    Column::of("measure", "措施", "Measure", Terms::Measure),
    Column::of("stage", "进度", "Stage", Terms::Undertaking),
    Column::plain("count", "件数", "Count"),
];
