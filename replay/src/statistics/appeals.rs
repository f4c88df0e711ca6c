//! Appeals: each with how it ended.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use wuping_domain::aggregate::Concept;
use wuping_domain::appeal::{Appeal, Outcome, Stage};
use wuping_domain::event::{Event, aggregate_type};
use wuping_domain::recorded::{Recorded, local_date};
use wuping_domain::reevaluation::Event as ReevaluationEvent;

use super::houses::Houses;
use super::{Bars, Cell, Column, Fold, Span, Table, Terms};
use crate::report::code_of;

/// Appeals by their stream.
pub(super) struct Appeals {
    appeals: BTreeMap<String, Appeal>,
    by: Option<NaiveDate>,
    houses: Houses,
}

impl Appeals {
    /// As they stood at the end of a day; as they stand where there is none.
    pub(super) fn by(day: Option<NaiveDate>) -> Self {
        Self { appeals: BTreeMap::new(), by: day, houses: Houses::default() }
    }
}

impl Fold for Appeals {
    const TAKES: &'static [&'static str] = &["premises", "appeal", "reevaluation"];

    fn take(&mut self, recorded: &Recorded<Event>) {
        match &recorded.event {
            Event::Appeal(event) if self.by.is_none_or(|day| recorded.holds_from() <= day) => {
                self.appeals.entry(recorded.stream.clone()).or_default().evolve(event);
            }
            Event::Reevaluation(ReevaluationEvent::ReevaluationRequested(requested))
                if self.by.is_none_or(|day| local_date(recorded.occurred_at) <= day) =>
            {
                let Some(key) = &requested.facts().turned_from else { return };
                let stream = format!("{}/appeal/{key}", recorded.subject());
                let appeal = self.appeals.get_mut(&stream).filter(|appeal| appeal.is_open());
                if let Some(appeal) = appeal {
                    appeal.stage = Stage::Turned;
                }
            }
            _ => self.houses.take(recorded),
        }
    }

    fn table(self, _: Span) -> Table {
        let rows = self.appeals.iter().filter_map(|(stream, appeal)| self.row(stream, appeal)).collect();
        Table { columns: &COLUMNS, rows, bars: &[Bars { of: "stage", counts: None }] }
    }
}

impl Appeals {
    fn row(&self, stream: &str, appeal: &Appeal) -> Option<Vec<Cell>> {
        let (id, key) = stream.strip_prefix("premises/")?.split_once("/appeal/")?;
        let against = appeal.against.as_ref()?;
        let register = self.houses.0.get(id).and_then(|house| house.premises.register.as_ref());
        let decision = appeal.decision.as_ref();
        let filed_on = appeal.filed_on?;
        let days = decision
            .map(|decision| decision.on.signed_duration_since(filed_on).num_days().max(0).unsigned_abs());
        Some(vec![
            code_of(register, id).into(),
            register.map(|register| register.subdistrict.clone()).into(),
            key.into(),
            aggregate_type(&against.stream).into(),
            against.determination.into(),
            filed_on.into(),
            stage(appeal).into(),
            appeal.reviewer.clone().into(),
            decision.map(|decision| decision.on).into(),
            decision.map(|decision| u64::from(decision.reassess)).into(),
            days.into(),
        ])
    }
}

/// How far it is, and how it ended where it was decided.
const fn stage(appeal: &Appeal) -> &'static str {
    match (appeal.stage, &appeal.decision) {
        (Stage::Decided, Some(decision)) => match decision.outcome {
            Outcome::Rejected => "rejected",
            Outcome::Upheld => "upheld",
            Outcome::Varied => "varied",
        },
        (Stage::Admitted, _) => "admitted",
        (Stage::NotAdmitted, _) if appeal.own_motion => "own_motion",
        (Stage::NotAdmitted, _) => "not_admitted",
        (Stage::Turned, _) => "turned",
        (Stage::Withdrawn, _) => "withdrawn",
        (Stage::AwaitingOwner, _) => "awaiting_owner",
        (Stage::Absent | Stage::Decided | Stage::Filed, _) => "filed",
    }
}

const COLUMNS: [Column; 11] = [
    Column::plain("code", "房屋编码", "Code"),
    Column::plain("subdistrict", "街道", "Subdistrict"),
    Column::plain("appeal", "申诉", "Appeal"),
    Column::of("against", "针对", "Against", Terms::Kind),
    Column::plain("determination", "第几次评定", "Determination"),
    Column::plain("filed_on", "提出日", "Filed on"),
    Column::of("stage", "进度或结果", "Stage or outcome", Terms::Stage),
    Column::plain("reviewer", "复核人", "Reviewer"),
    Column::plain("decided_on", "决定日", "Decided on"),
    Column::plain("reassess", "重新评定", "Assessed anew"),
    Column::plain("days", "用时（天）", "Days"),
];
