//! A report as a page: the figures as bars, all of them in a table beside, what it was made from, and a print that is as
//! good as the screen.

use std::sync::Arc;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use wuping_domain::rulebook::Rulebook;
use wuping_domain::rulebook::danger::Danger;
use wuping_replay::statistics::{Bars, Cell, Column as Named, Made, Statistic, Table, Terms};

use super::{say, title, value, word, xlsx};
use crate::look::parts::*;
use crate::look::style;
use crate::look::words::Lang;
use crate::people::People;

/// A document that stands alone, with its style in it.
pub(super) fn document(lang: Lang, made: &Made) -> Markup {
    let title = title(lang, made.statistic, made.asked.subdistrict());
    html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · " (made.day) }
                style { (PreEscaped(style().body)) }
            }
            body.area-desk { main.wide { (page_heading(None, &title, Some(say(lang, made.statistic.about())))) (body(lang, made, usize::MAX, &Known::default())) } }
        }
    }
}

/// The accounts that a report names.
pub(crate) fn accounts(made: &Made) -> impl Iterator<Item = &str> {
    let places = made.table.columns.iter().enumerate().filter(|(_, column)| column.terms == Terms::Account);
    let cells = places.flat_map(|(n, _)| made.table.rows.iter().filter_map(move |row| row.get(n)));
    cells.filter_map(|cell| match cell {
        Cell::Text(account) if !account.is_empty() => Some(account.as_str()),
        _ => None,
    })
}

/// What a page knows besides the report: whose accounts are, and what indicators are called. Programs read both as they stand.
#[derive(Default)]
pub(crate) struct Known {
    /// How people are told of.
    pub(crate) people: People,
    /// Rulebooks by which indicators are named.
    pub(crate) rulebooks: Vec<Arc<Rulebook>>,
}

impl Known {
    fn indicator(&self, lang: Lang, id: &str) -> String {
        let known = self.rulebooks.iter().find_map(|rulebook| rulebook.indicator(id));
        known.map_or_else(|| lang.hazard(id, None), |known| lang.named(&known.zh, &known.en).to_owned())
    }
}

/// The figures, without a page's frame and heading; of a long table so many rows. Accounts and indicators are told as far as the page
/// knows them, and as they stand in the report where it does not.
pub(crate) fn body(lang: Lang, made: &Made, rows_at_most: usize, known: &Known) -> Markup {
    let table = &made.table;
    let rows = u64::try_from(table.rows.len()).unwrap_or(u64::MAX);
    html! {
        (provenance(lang, made))
        @if table.rows.is_empty() {
            (empty_state(&nothing(lang, made), None))
        } @else {
            @for bars in table.bars { (picture(lang, table, *bars)) }
            @if table.rows.len() > rows_at_most {
                (section(
                    &lang.pick(
                        format!("前 {rows_at_most} 行，共 {} 行", lang.count(rows)),
                        format!("The first {rows_at_most} of {} rows", lang.count(rows)),
                    ),
                    html! {
                        p.hint { (lang.pick(
                            "其余的在这张报表的 CSV、XLSX 文件里，从网页下载。",
                            "The others are in this report's CSV and XLSX files, which its page has to download.",
                        )) }
                        (sheet(lang, made, rows_at_most, known))
                    },
                ))
            } @else {
                (section(
                    &lang.pick(format!("全部 {} 行", lang.count(rows)), format!("All {} rows", lang.count(rows))),
                    sheet(lang, made, rows_at_most, known),
                ))
            }
        }
    }
}

/// That there is nothing to count, and where not.
fn nothing(lang: Lang, made: &Made) -> String {
    match made.asked.subdistrict() {
        Some(subdistrict) => lang.pick(
            format!("这一天{subdistrict}没有可以统计的记录。"),
            format!("Nothing is on record to be counted in {subdistrict} for this day."),
        ),
        None => lang.say("这一天没有可以统计的记录。", "Nothing is on record to be counted for this day."),
    }
}

/// One picture of the figures; none where there is nothing to compare, or more than a glance takes in.
fn picture(lang: Lang, table: &Table, bars: Bars) -> Markup {
    let column = |id: &str| table.columns.iter().find(|column| column.id == id);
    let of = column(bars.of);
    let terms = of.map_or(Terms::Plain, |column| column.terms);
    let mut named = table.lengths(bars);
    match terms {
        Terms::Month => named.sort(),
        _ => named.sort_by_key(|(name, _)| rank(terms, &name.text())),
    }
    let drawn: Vec<Bar> = named
        .into_iter()
        .map(|(name, value)| Bar {
            label: label(lang, terms, &name),
            value,
            href: None,
            level: (terms == Terms::Level).then(|| Level::from_code(&name.text())).flatten(),
        })
        .collect();
    if drawn.len() < 2 || drawn.len() > BARS_MAX || drawn.iter().all(|bar| bar.value == 0) {
        return Markup::default();
    }
    let of = of.map_or("", |column| say(lang, column.name));
    // where there are several, each says what it counts
    let counts = bars.counts.filter(|_| table.bars.len() > 1).and_then(column);
    let caption = match counts.map(|column| say(lang, column.name)) {
        Some(counts) => {
            lang.pick(format!("{counts}（按{of}）"), format!("{counts}, by {}", of.to_lowercase()))
        }
        None => of.to_owned(),
    };
    bar_chart(lang, &caption, &drawn)
}

/// The table; one of many columns lies across its sheet on paper.
fn sheet(lang: Lang, made: &Made, rows_at_most: usize, known: &Known) -> Markup {
    let across = made.table.columns.len() > COLUMNS_UPRIGHT;
    html! { div.sheet.sheet-across[across] { (data_table(&shown(lang, made, rows_at_most, known))) } }
}

/// Where a row leads: to the case, else to the house, where the report lists some.
fn leads(made: &Made, row: &[Cell]) -> Option<String> {
    let text =
        |column: &str| Some(row.get(made.table.position(column)?)?.text()).filter(|text| !text.is_empty());
    match made.statistic {
        Statistic::Cases => Some(format!("/desk/hazards/{}/{}", text("premises")?, text("case")?)),
        // where somebody must put something right, the way leads there; any code of a house leads to it
        Statistic::Gaps => Some(format!("/desk/premises/{}", text("premises")?)),
        Statistic::Grades => Some(format!("/desk/premises/{}", text("code")?)),
        _ => None,
    }
}

fn shown(lang: Lang, made: &Made, rows_at_most: usize, known: &Known) -> TableView {
    let table = &made.table;
    let numeric = |n: usize| {
        let cells = || table.rows.iter().filter_map(|row| row.get(n));
        cells().any(|cell| matches!(cell, Cell::Number(_)))
            && cells().all(|cell| matches!(cell, Cell::Number(_) | Cell::Nothing))
    };
    let columns = table.columns.iter().enumerate().map(|(n, column)| {
        let name = say(lang, column.name);
        if numeric(n) { Column::number(name) } else { Column::text(name) }
    });
    let cell = |column: &Named, cell: &Cell| match value(column, cell, Some(lang)) {
        Cell::Text(account) if column.terms == Terms::Account => {
            html! { (known.people.say(lang, &account)) }
        }
        Cell::Text(id) if column.id == "indicator" => html! { (known.indicator(lang, &id)) },
        Cell::Number(number) => html! { (lang.count(number)) },
        Cell::Nothing => html! { "–" },
        other => html! { (other.text()) },
    };
    let rows = table.rows.iter().take(rows_at_most).map(|row| Row {
        href: leads(made, row),
        cells: table.columns.iter().zip(row).map(|(column, value)| cell(column, value)).collect(),
        tone: Tone::Calm,
    });
    TableView {
        caption: title(lang, made.statistic, made.asked.subdistrict()),
        columns: columns.collect(),
        rows: rows.collect(),
    }
}

/// From what it was made: the day, the position, the tree and the digest, by which anybody makes it again and compares.
fn provenance(lang: Lang, made: &Made) -> Markup {
    let said = xlsx::provenance(lang, made);
    let all: Vec<Fact> =
        said.iter()
            .skip(2)
            .map(|(name, value)| {
                if value.len() == DIGEST_LENGTH { Fact::code(*name, value) } else { Fact::text(*name, value) }
            })
            .collect();
    facts(&all)
}

/// Where a code stands among its like, the best first; what has no order stays as the rows have it.
fn rank(terms: Terms, code: &str) -> Option<usize> {
    let ranked: &[&str] = match terms {
        Terms::Grade => &GRADES,
        Terms::Level => &LEVELS,
        Terms::Risk => &Danger::CODES,
        Terms::Severity => &SEVERITIES,
        _ => return None,
    };
    Some(ranked.iter().position(|known| *known == code).unwrap_or(ranked.len()))
}

fn label(lang: Lang, terms: Terms, name: &Cell) -> String {
    match name {
        Cell::Nothing => lang.say("（空）", "(none)"),
        Cell::Text(code) => word(lang, terms, code),
        other => other.text(),
    }
}

const GRADES: [&str; 6] =
    ["five_star", "four_star", "three_star", "two_star", "one_star", "letting_prohibited"];
const LEVELS: [&str; 4] = ["lenient", "attention", "strict", "prohibited"];
const SEVERITIES: [&str; 3] = ["general", "serious", "major"];
/// A table of more columns lies across a sheet of paper.
const COLUMNS_UPRIGHT: usize = 7;
/// More bars than this say nothing at a glance.
const BARS_MAX: usize = 24;
/// Length of a SHA-256 in hexadecimal.
const DIGEST_LENGTH: usize = 64;
