//! Lists: every grade, every case, every party as a report, with what an office wants beside it: a picture, a workbook, a page, a
//! digest. The lines are those of the older lists, which programs read one by one; here they are a table.

use wuping_domain::event::Event;
use wuping_domain::recorded::Recorded;
use wuping_ledger::reader::Reader;

use super::houses::NOT_ASSESSED;
use super::{Bars, Cell, Column, Fold, Span, Table, Terms};
use crate::cases::{CaseLine, cases};
use crate::parties::{PartyLine, parties};
use crate::report::{GradeLine, Question, ReportError, grades};

/// A table that is made already. The pass over the log still shows that it was made of a sound one.
pub(super) struct Lines(Table);

impl Lines {
    pub(super) fn of_cases(reader: &Reader, question: Question, apart: bool) -> Result<Self, ReportError> {
        let rows = cases(reader, question)?.iter().map(case).collect();
        Ok(Self(Table::apart(apart, &CASES, rows, &[Bars { of: "stage", counts: None }])))
    }

    pub(super) fn of_grades(reader: &Reader, question: Question, apart: bool) -> Result<Self, ReportError> {
        let rows = grades(reader, question)?.iter().map(grade).collect();
        Ok(Self(Table::apart(apart, &GRADES, rows, &[Bars { of: "band", counts: None }])))
    }

    pub(super) fn of_parties(reader: &Reader, question: Question) -> Result<Self, ReportError> {
        let rows = parties(reader, question)?.iter().map(party).collect();
        Ok(Self(Table { columns: &PARTIES, rows, bars: &[Bars { of: "kind", counts: None }] }))
    }
}

impl Fold for Lines {
    /// They say which subdistricts there are.
    const TAKES: &'static [&'static str] = &["premises"];

    fn take(&mut self, _: &Recorded<Event>) {}

    fn table(self, _: Span) -> Table {
        self.0
    }
}

fn case(line: &CaseLine) -> Vec<Cell> {
    vec![
        line.code.as_str().into(),
        line.premises.as_str().into(),
        line.case.as_str().into(),
        line.indicator.as_str().into(),
        line.severity.as_str().into(),
        line.competent.as_str().into(),
        line.stage.into(),
        line.found_on.into(),
        line.confirmed_on.into(),
        line.ordered_on.into(),
        line.due.into(),
        line.extended_to.into(),
        line.submitted_on.into(),
        line.refused.into(),
        line.closed_on.into(),
        line.overdue.then_some("yes").into(),
        line.subdistrict.as_str().into(),
    ]
}

fn grade(line: &GradeLine) -> Vec<Cell> {
    let held = &line.in_force;
    vec![
        line.code.as_str().into(),
        line.layer.map(|layer| layer.to_string()).into(),
        held.score.into(),
        held.star.into(),
        held.band.as_deref().unwrap_or(NOT_ASSESSED).into(),
        held.level.clone().into(),
        held.effective_from.into(),
        held.position.into(),
        line.determined.as_ref().and_then(|waits| waits.band.clone()).into(),
        line.subdistrict.as_str().into(),
    ]
}

fn party(line: &PartyLine) -> Vec<Cell> {
    let of = |role: &str| line.roles.get(role).copied().unwrap_or_default().into();
    vec![
        line.party.as_str().into(),
        line.kind.map(|kind| kind.code()).into(),
        line.premises.into(),
        of("owner"),
        of("operator"),
    ]
}

const CASES: [Column; 17] = [
    Column::plain("code", "房屋编码", "Code"),
    Column::plain("premises", "房屋编号", "Premises"),
    Column::plain("case", "隐患编号", "Case"),
    Column::plain("indicator", "指标", "Indicator"),
    Column::of("severity", "程度", "Severity", Terms::Severity),
    Column::of("competent", "主管部门", "Department", Terms::Department),
    Column::of("stage", "进展", "Stage", Terms::Stage),
    Column::plain("found_on", "发现日", "Found on"),
    Column::plain("confirmed_on", "确认日", "Confirmed on"),
    Column::plain("ordered_on", "责令日", "Ordered on"),
    Column::plain("due", "期限", "Due"),
    Column::plain("extended_to", "延至", "Extended to"),
    Column::plain("submitted_on", "报整改日", "Put right, as reported"),
    Column::plain("refused", "验收退回次数", "Times refused"),
    Column::plain("closed_on", "办结日", "Closed on"),
    Column::of("overdue", "责任人逾期", "Overdue by the party", Terms::Flag),
    Column::plain("subdistrict", "街道", "Subdistrict"),
];
const GRADES: [Column; 10] = [
    Column::plain("code", "房屋编码", "Code"),
    Column::of("layer", "层面", "Layer", Terms::Layer),
    Column::plain("score", "得分", "Score"),
    Column::plain("star", "星级", "Star"),
    Column::of("band", "等级", "Grade", Terms::Grade),
    Column::of("level", "管理等级", "Management level", Terms::Level),
    Column::plain("effective_from", "生效日", "In force from"),
    Column::plain("position", "账本位置", "Ledger position"),
    Column::of("determined", "待生效的等级", "Grade that waits", Terms::Grade),
    Column::plain("subdistrict", "街道", "Subdistrict"),
];
const PARTIES: [Column; 5] = [
    Column::plain("party", "责任人", "Party"),
    Column::of("kind", "主体类型", "Kind of party", Terms::Party),
    Column::plain("premises", "房屋数", "Premises"),
    Column::plain("owner", "作为业主", "As owner"),
    Column::plain("operator", "作为管理人", "As operator"),
];
