//! A joint meeting as it is laid on the table: what it looked at, and what was resolved, by whom, until when.

use std::sync::Arc;

use maud::{Markup, html};
use serde_json::Value;
use wuping_domain::meeting::{Held, Meeting};
use wuping_replay::statistics::Made;

use super::reading::Matter;
use super::situation;
use super::story::{may_read, private};
use crate::app::App;
use crate::look::parts::*;

/// The analysis that a meeting looked at, made again at its position; none of any other matter, where it cannot be made, or for
/// somebody who does not read it.
pub(super) async fn looked_at(app: &App, matter: &Matter) -> Option<Arc<Made>> {
    if matter.concept() != "meeting" || !situation::reads(&matter.trial.facts.actor) {
        return None;
    }
    let held = matter.trial.state::<Meeting>().held.filter(saw_the_situation)?;
    app.situation((held.from, held.until), Some(held.shown.at)).await.ok()
}

/// Earlier meetings were shown the list of grades.
fn saw_the_situation(held: &Held) -> bool {
    held.shown.report == "situation"
}

/// What it saw and what it resolved; nothing of any other matter.
pub(super) fn on_the_table(app: &App, matter: &Matter) -> Markup {
    if matter.concept() != "meeting" {
        return Markup::default();
    }
    let lang = matter.lang;
    let meeting: Meeting = matter.trial.state();
    let Some(held) = &meeting.held else { return Markup::default() };
    let words = words(app, matter);
    let area = held.area.clone().unwrap_or_else(|| lang.say("全区", "The whole district"));
    let departments: Vec<&str> = held.departments.iter().map(|code| lang.department(code)).collect();
    let took_part = [
        Fact::text(lang.pick("范围", "Area"), area),
        Fact::text(lang.pick("参加部门", "Departments"), departments.join(lang.pick("、", ", "))),
    ];
    let rows = meeting.resolutions.iter().zip(words.into_iter().chain(std::iter::repeat(None)));
    let rows = rows.map(|(resolution, words)| {
        let closed = meeting.closed.get(&resolution.number);
        let late = closed.is_none() && resolution.due < matter.today();
        let stands = match closed.map(|closing| closing.code()) {
            Some("done") => lang.pick("已办结", "Done"),
            Some("dropped") => lang.pick("不再需要", "Not needed any more"),
            Some(_) => lang.pick("由后来的会议接手", "Taken over by a later meeting"),
            None if late => lang.pick("逾期", "Overdue"),
            None => lang.pick("办理中", "Being done"),
        };
        Row {
            href: None,
            cells: vec![
                html! { (resolution.number) },
                html! { (words.unwrap_or_else(|| "–".to_owned())) },
                html! { (lang.department(&resolution.owner)) },
                html! { (day(lang, resolution.due)) },
                html! { (stands) },
            ],
            tone: if late { Tone::Warning } else { Tone::Calm },
        }
    });
    let table = TableView {
        caption: lang.say("议定事项", "What was resolved"),
        columns: vec![
            Column::text(lang.pick("序号", "No.")),
            Column::text(lang.pick("做什么", "What")),
            Column::text(lang.pick("谁负责", "Whose")),
            Column::text(lang.pick("期限", "Due")),
            Column::text(lang.pick("进展", "How far")),
        ],
        rows: rows.collect(),
    };
    html! {
        (section(lang.pick("会上看的", "What it looked at"), html! {
            (facts(&took_part))
            (seen(matter, held))
        }))
        (section(lang.pick("议定事项", "What was resolved"), data_table(&table)))
    }
}

/// The analysis, made again and held against what the meeting named; of an earlier meeting the list of grades.
fn seen(matter: &Matter, held: &Held) -> Markup {
    let lang = matter.lang;
    let named = |[at, digest]: [&str; 2]| {
        facts(&[Fact::text(at, lang.count(held.shown.at)), Fact::code(digest, &held.shown.sha256)])
    };
    if !saw_the_situation(held) {
        return named(lang.pick(
            ["等级名单的账本位置", "等级名单的摘要"],
            ["List of grades, ledger entry", "Digest of that list"],
        ));
    }
    match &matter.situation {
        Some(made) if made.digest == held.shown.sha256 => html! {
            (situation::shown(matter, made, held.area.as_deref()))
            p.hint { (lang.pick("按这一位置重新计算，指纹一致。", "Made again at that position, it has the same digest.")) }
        },
        Some(made) => html! {
            (named(PLACE.map(|of| lang.pick(of[0], of[1]))))
            (notice_box(Tone::Grave, lang.pick("重新计算的结果不一致", "Made again it is another"), &[lang.pick(
                format!("按这一位置重新计算，指纹是 {}。请联系管理员核查账本。", made.digest),
                format!("Made again at that position, its digest is {}. Ask the operator to check the ledger.", made.digest),
            )]))
        },
        None => named(PLACE.map(|of| lang.pick(of[0], of[1]))),
    }
}

const PLACE: [[&str; 2]; 2] = [
    ["形势分析的账本位置", "Analysis of the situation, ledger entry"],
    ["形势分析的指纹", "Digest of that analysis"],
];

/// What is to be done, in words, in the order of the resolutions; none where it was erased or is not for this person.
fn words(app: &App, matter: &Matter) -> Vec<Option<String>> {
    const HELD: &str = "JointMeetingHeld";
    let entries = matter.trial.entries.iter();
    let Some(entry) = entries.clone().find(|entry| entry.event_type == HELD) else { return vec![] };
    if !may_read(matter.sight, &entry.stream, HELD) {
        return vec![];
    }
    let words = private(app, entry).into_iter().flatten().find(|(name, _)| name == "words");
    let Some((_, Value::Array(words))) = words else { return vec![] };
    words.iter().map(|words| words.as_str().map(str::to_owned)).collect()
}
