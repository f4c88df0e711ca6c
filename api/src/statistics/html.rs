//! A report as a page: the figures as bars, all of them in a table beside, what it was made from, and a print that is as
//! good as the screen.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use wuping_domain::rulebook::danger::Danger;
use wuping_replay::statistics::{Bars, Cell, Column as Named, Made, Statistic, Table, Terms};

use super::{say, value, word, xlsx};
use crate::look::parts::*;
use crate::look::style;
use crate::look::words::Lang;
use crate::people::People;

/// A document that stands alone, with its style in it.
pub(super) fn document(lang: Lang, made: &Made) -> Markup {
    let title = say(lang, made.statistic.title());
    html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · " (made.day) }
                style { (PreEscaped(style().body)) }
            }
            body.area-desk { main.wide { (page_heading(None, title, Some(say(lang, made.statistic.about())))) (body(lang, made, usize::MAX, &People::default())) } }
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

/// The figures, without a page's frame and heading; of a long table so many rows. Accounts are told as the people tell them that
/// the page knows, and as they stand in the report where it knows none.
pub(crate) fn body(lang: Lang, made: &Made, rows_at_most: usize, people: &People) -> Markup {
    let table = &made.table;
    let rows = u64::try_from(table.rows.len()).unwrap_or(u64::MAX);
    html! {
        (provenance(lang, made))
        @if table.rows.is_empty() {
            (empty_state(lang.pick("这一天没有可以统计的记录。", "Nothing is on record to be counted for this day."), None))
        } @else {
            @for bars in table.bars { (picture(lang, table, *bars)) }
            @if table.rows.len() > rows_at_most {
                (section(
                    &lang.pick(
                        format!("前 {rows_at_most} 行，共 {} 行", lang.count(rows)),
                        format!("The first {rows_at_most} of {} rows", lang.count(rows)),
                    ),
                    html! {
                        p.hint { (lang.pick("其余的在下载的文件里。", "The others are in the files to download.")) }
                        (data_table(&shown(lang, made, rows_at_most, people)))
                    },
                ))
            } @else {
                (section(
                    &lang.pick(format!("全部 {} 行", lang.count(rows)), format!("All {} rows", lang.count(rows))),
                    data_table(&shown(lang, made, rows_at_most, people)),
                ))
            }
        }
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

fn shown(lang: Lang, made: &Made, rows_at_most: usize, people: &People) -> TableView {
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
        Cell::Text(account) if column.terms == Terms::Account => html! { (people.say(lang, &account)) },
        Cell::Number(number) => html! { (lang.count(number)) },
        Cell::Nothing => html! { "–" },
        other => html! { (other.text()) },
    };
    let of_premises = table.position("premises").filter(|_| made.statistic == Statistic::Gaps);
    let rows = table.rows.iter().take(rows_at_most).map(|row| Row {
        // where somebody must put something right, the way leads there
        href: of_premises.and_then(|place| Some(format!("/desk/premises/{}", row.get(place)?.text()))),
        cells: table.columns.iter().zip(row).map(|(column, value)| cell(column, value)).collect(),
        tone: Tone::Calm,
    });
    TableView {
        caption: say(lang, made.statistic.title()).to_owned(),
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
/// More bars than this say nothing at a glance.
const BARS_MAX: usize = 24;
/// Length of a SHA-256 in hexadecimal.
const DIGEST_LENGTH: usize = 64;
