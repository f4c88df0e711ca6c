//! The analysis of the situation that lies before a joint meeting: its sums by kind, its place and digest, and the way to all of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use maud::{Markup, html};
use wuping_domain::facts::Actor;
use wuping_domain::rulebook::danger::Danger;
use wuping_replay::statistics::{Cell, Made, Statistic, Terms};

use super::reading::Matter;
use crate::app::App;
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::statistics::kept::NotMade;
use crate::statistics::{say, word};
use crate::web::desk_page::broken_text;
use crate::web::session::Signed;
use crate::web::state::address;
use crate::web::statistics::may_read;

/// The analysis over the days that were chosen; none where they are not, or for somebody who does not read it.
pub(super) type LookedAt = Option<Result<Arc<Made>, NotMade>>;

/// The analysis over these days as they stand in an address, at the position that stands there too, else as of now.
pub(super) async fn over(app: &App, signed: &Signed, days: [&String; 2], at: &str) -> LookedAt {
    let actor = app.actor(&signed.session.account).ok()?;
    if !reads(&actor) {
        return None;
    }
    let [from, until] = days.map(|day| day.parse::<NaiveDate>().ok());
    Some(app.situation((from?, until?), at.parse().ok()).await)
}

/// Whether somebody reads the analysis: it is a report like others.
pub(super) fn reads(actor: &Actor) -> bool {
    may_read(actor, Statistic::Situation)
}

/// What a meeting is about to look at, or how to come by it.
pub(super) fn before_a_meeting(matter: &Matter, area: Option<&str>, looked_at: &LookedAt) -> Markup {
    let lang = matter.lang;
    if !reads(&matter.trial.facts.actor) {
        return Markup::default();
    }
    let analysis = match looked_at {
        None => html! {
            p.hint { (lang.pick(
                "先在上面选研判的时段，看这一时段的形势分析，再登记会议。",
                "Choose the period above first; then its analysis is shown, and the meeting can be recorded.",
            )) }
        },
        Some(Ok(made)) => shown(matter, made, area),
        Some(Err(not_made)) => {
            let why = not_made.told(lang).unwrap_or_else(|| broken_text(lang));
            notice_box(Tone::Grave, lang.pick("没有做出形势分析", "The analysis was not made"), &[why])
        }
    };
    section(lang.pick("会前的形势分析", "The situation before a meeting"), analysis)
}

/// Its place and digest, its sums, of one area where one is meant, and the way to all of it.
pub(super) fn shown(matter: &Matter, made: &Made, area: Option<&str>) -> Markup {
    let lang = matter.lang;
    html! {
        (facts(&place(lang, made)))
        (sums(lang, made, area))
        p { a href=(way(made)) { (lang.pick("全部数字和图", "All figures and pictures")) } }
    }
}

/// Over which days it is, at which position it was made, and its digest.
fn place(lang: Lang, made: &Made) -> Vec<Fact> {
    let from = made.from.map(|from| lang.day(from)).unwrap_or_default();
    let position = made.position.map(|position| lang.count(position)).unwrap_or_default();
    vec![
        Fact::text(lang.pick("时段", "Period"), format!("{from} – {}", lang.day(made.day))),
        Fact::text(lang.pick("形势分析的账本位置", "Analysis of the situation, ledger entry"), position),
        Fact::code(lang.pick("形势分析的指纹", "Digest of that analysis"), &made.digest),
    ]
}

/// The report at the very position.
fn way(made: &Made) -> String {
    let text = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let (from, until) = (text(made.asked.from), text(made.asked.question.valid_at));
    let position = made.position.map(|position| position.to_string()).unwrap_or_default();
    let all = [("from", from.as_str()), ("valid_at", &until), ("at", &position)];
    address(&format!("/desk/reports/{}", made.statistic.code()), &all)
}

/// A line for each kind of danger.
fn sums(lang: Lang, made: &Made, area: Option<&str>) -> Markup {
    let table = &made.table;
    let text = |row: &[Cell], id: &str| {
        table.position(id).and_then(|place| row.get(place)).map(Cell::text).unwrap_or_default()
    };
    let number = |row: &[Cell], id: &str| match table.position(id).and_then(|place| row.get(place)) {
        Some(Cell::Number(number)) => *number,
        _ => 0,
    };
    let mut kinds: BTreeMap<usize, (String, [u64; 5])> = BTreeMap::new();
    for row in &table.rows {
        let within = area.is_none_or(|area| {
            [text(row, "subdistrict"), text(row, "community")].iter().any(|own| own == area)
        });
        let kind = text(row, "kind");
        let Some(place) = Danger::CODES.iter().position(|known| **known == kind).filter(|_| within) else {
            continue;
        };
        let (_, sums) = kinds.entry(place).or_insert((kind, [0; 5]));
        for (sum, column) in sums.iter_mut().zip(COUNTED) {
            *sum += number(row, column);
        }
    }
    if kinds.is_empty() {
        let none =
            lang.pick("这一时段没有事件和隐患。", "There were no incidents and no hazards in this period.");
        return empty_state(none, None);
    }
    let named = |id: &str| {
        let column = table.columns.iter().find(|column| column.id == id);
        column.map_or("", |column| say(lang, column.name))
    };
    let numbers = COUNTED.iter().map(|column| Column::number(named(column)));
    let rows = kinds.into_values().map(|(kind, sums)| Row {
        href: None,
        cells: std::iter::once(html! { (word(lang, Terms::Risk, &kind)) })
            .chain(sums.iter().map(|sum| html! { (lang.count(*sum)) }))
            .collect(),
        tone: Tone::Calm,
    });
    let table = data_table(&TableView {
        caption: lang.say("形势分析", "Analysis of the situation"),
        columns: std::iter::once(Column::text(named("kind"))).chain(numbers).collect(),
        rows: rows.collect(),
    });
    html! {
        (table)
        @if let Some(area) = area {
            p.hint { (lang.pick(
                format!("表中只算{area}，指纹是全区分析的。"),
                format!("The table counts {area} alone; the digest is that of the whole district's analysis."),
            )) }
        }
    }
}

const COUNTED: [&str; 5] = ["incidents", "confirmed", "hazards", "open", "overdue"];
