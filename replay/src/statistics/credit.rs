//! Credit: how many parties stand in which class, how many came or went, and what is open in their files. Numbers alone: who
//! they are stands in the files, whose readers are recorded.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use wuping_domain::aggregate::Concept;
use wuping_domain::credit::{CreditFile, Event as CreditEvent};
use wuping_domain::event::Event;
use wuping_domain::party::{Event as PartyEvent, Kind};
use wuping_domain::recorded::Recorded;

use super::{Bars, Cell, Column, Fold, Span, Table, Terms};

/// Parties by id.
pub(super) struct Credit {
    parties: BTreeMap<String, Party>,
    by: Option<NaiveDate>,
}

#[derive(Default)]
struct Party {
    file: CreditFile,
    kind: Option<Kind>,
    /// One that is one with another counts there.
    merged: bool,
    /// The class shown, from each day on which it was computed anew.
    classes: Vec<(NaiveDate, Option<String>)>,
}

impl Credit {
    /// As it stood at the end of a day; as it stands where there is none.
    pub(super) fn by(day: Option<NaiveDate>) -> Self {
        Self { parties: BTreeMap::new(), by: day }
    }
}

impl Fold for Credit {
    const TAKES: &'static [&'static str] = &["credit", "party"];

    fn take(&mut self, recorded: &Recorded<Event>) {
        let Some(id) = recorded.subject().strip_prefix("party/") else { return };
        if self.by.is_some_and(|day| recorded.holds_from() > day) {
            return;
        }
        let party = self.parties.entry(id.to_owned()).or_default();
        match &recorded.event {
            Event::Party(PartyEvent::PartyRegistered { registration, .. }) => {
                party.kind = Some(registration.kind);
            }
            Event::Party(PartyEvent::PartyMerged { .. }) => party.merged = true,
            Event::Credit(event) => {
                if let CreditEvent::CreditRated(computed) = event {
                    let rating = &computed.result;
                    party.classes.push((rating.on, rating.class.as_ref().map(|class| class.shown.clone())));
                }
                party.file.evolve(event);
            }
            _ => {}
        }
    }

    fn table(self, span: Span) -> Table {
        let mut lines: BTreeMap<(&str, String), Line> = BTreeMap::new();
        for party in self.parties.values().filter(|party| !party.merged) {
            let Some(kind) = party.kind.map(Kind::code) else { continue };
            let now = party.class_on(span.day);
            let line = lines.entry((kind, now.clone())).or_default();
            line.count(&party.file);
            let before = span.from.map(|from| party.class_on(from));
            if let Some(before) = before.filter(|before| *before != now) {
                line.came += 1;
                lines.entry((kind, before)).or_default().went += 1;
            }
        }
        let moved = |count: u64| if span.from.is_some() { Cell::Number(count) } else { Cell::Nothing };
        let row = |((kind, class), line): ((&str, String), Line)| {
            vec![
                kind.into(),
                class.into(),
                line.parties.into(),
                moved(line.came),
                moved(line.went),
                line.waiting.into(),
                line.published.into(),
                line.objections.into(),
                line.repairs.into(),
            ]
        };
        let rows = lines.into_iter().map(row).collect();
        Table { columns: &COLUMNS, rows, bars: &[Bars { of: "class", counts: Some("parties") }] }
    }
}

impl Party {
    /// The class shown on a day; `not_rated` of one that was never computed, or that answers for nothing graded.
    fn class_on(&self, day: NaiveDate) -> String {
        let computed = self.classes.iter().rev().find(|(on, _)| *on <= day);
        computed.and_then(|(_, class)| class.clone()).unwrap_or_else(|| NOT_RATED.to_owned())
    }
}

/// What is counted of the parties of one kind and class.
#[derive(Default)]
struct Line {
    parties: u64,
    came: u64,
    went: u64,
    waiting: u64,
    published: u64,
    objections: u64,
    repairs: u64,
}

impl Line {
    fn count(&mut self, file: &CreditFile) {
        self.parties += 1;
        self.waiting += u64::from(file.waits_for_confirmer());
        self.published += u64::from(!file.published.is_empty());
        self.objections +=
            file.objections.values().filter(|objection| objection.decided.is_none()).count() as u64;
        self.repairs += file.repairs.values().filter(|case| case.decided.is_none()).count() as u64;
    }
}

const NOT_RATED: &str = "not_rated";
const COLUMNS: [Column; 9] = [
    Column::of("kind", "主体类型", "Kind of party", Terms::Party),
    Column::of("class", "信用等级", "Class", Terms::Credit),
    Column::plain("parties", "主体数", "Parties"),
    Column::plain("came", "本期转入", "Came in the span"),
    Column::plain("went", "本期转出", "Went in the span"),
    Column::plain("waiting", "等待确认最低等级", "Lowest class awaiting confirmation"),
    Column::plain("published", "有公示内容", "With something public"),
    Column::plain("objections", "未处理异议", "Open objections"),
    Column::plain("repairs", "未处理修复申请", "Open requests for repair"),
];
