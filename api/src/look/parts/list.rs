//! Lists: filter bar, data table that becomes cards on a phone, pages with a count that is always true.

use chrono::NaiveDate;
use maud::{Markup, html};

use super::super::words::Lang;
use super::{Link, Tone};

/// One choice of several.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The value sent.
    pub value: String,
    /// What it says.
    pub label: String,
    /// Whether it is the one chosen.
    pub chosen: bool,
}

impl Choice {
    /// A choice that is chosen if its value is `current`.
    pub fn new(value: impl Into<String>, label: impl Into<String>, current: &str) -> Self {
        let value = value.into();
        let chosen = value == current;
        Self { value, label: label.into(), chosen }
    }
}

/// One filter.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Name of the parameter.
    pub name: String,
    /// Label in words.
    pub label: String,
    /// What it takes.
    pub kind: FilterKind,
}

/// What a filter takes.
#[derive(Clone, Debug)]
pub enum FilterKind {
    /// One of several.
    Choice(Vec<Choice>),
    /// A day.
    Day(Option<NaiveDate>),
    /// Free words.
    Words(String),
}

/// The filters of a list. They live in the address, so a list can be sent to a colleague.
#[derive(Clone, Debug)]
pub struct FilterBar {
    /// The list's path.
    pub action: String,
    /// The filters.
    pub filters: Vec<Filter>,
    /// What the address carries beside them, such as the order.
    pub hidden: Vec<(String, String)>,
    /// The address without any filter, where one is set.
    pub clear: Option<String>,
}

/// A form that asks the list again.
pub fn filter_bar(lang: Lang, bar: &FilterBar) -> Markup {
    html! {
        form.filters method="get" action=(bar.action) aria-label=(lang.pick("筛选", "Filters")) {
            @for (name, value) in &bar.hidden { input type="hidden" name=(name) value=(value); }
            @for filter in &bar.filters {
                @let id = format!("filter-{}", filter.name);
                div.filter {
                    label.label for=(id) { (filter.label) }
                    @match &filter.kind {
                        FilterKind::Choice(choices) => select.input #(id) name=(filter.name) {
                            @for choice in choices {
                                option value=(choice.value) selected[choice.chosen] { (choice.label) }
                            }
                        },
                        FilterKind::Day(day) => {
                            input.input #(id) type="date" name=(filter.name) value=[day.as_ref()];
                        },
                        FilterKind::Words(words) => {
                            input.input #(id) type="search" name=(filter.name) value=(words);
                        },
                    }
                }
            }
            div.filter-end {
                button.button.button-plain type="submit" { (lang.pick("筛选", "Filter")) }
                @if let Some(clear) = &bar.clear { " " a href=(clear) { (lang.pick("全部显示", "Show all")) } }
            }
        }
    }
}

/// One column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its heading.
    pub label: String,
    /// Whether it holds numbers, which align right.
    pub numeric: bool,
    /// The address that orders by it, and whether the list is so ordered now.
    pub order: Option<Order>,
}

impl Column {
    /// A column of text.
    pub fn text(label: impl Into<String>) -> Self {
        Self { label: label.into(), numeric: false, order: None }
    }

    /// A column of numbers.
    pub fn number(label: impl Into<String>) -> Self {
        Self { label: label.into(), numeric: true, order: None }
    }

    /// The same column with an order.
    pub fn ordered(self, order: Order) -> Self {
        Self { order: Some(order), ..self }
    }
}

/// How a list can be ordered by a column.
#[derive(Clone, Debug)]
pub struct Order {
    /// The address that orders so.
    pub href: String,
    /// How the list is ordered by it now.
    pub now: Option<Ordered>,
}

/// A direction of an order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ordered {
    /// Largest or latest first.
    Falling,
    /// Smallest or earliest first.
    Rising,
}

/// One row.
#[derive(Clone, Debug)]
pub struct Row {
    /// Where its first cell leads.
    pub href: Option<String>,
    /// One cell a column.
    pub cells: Vec<Markup>,
    /// Its weight: overdue ones are grave.
    pub tone: Tone,
}

/// A table.
#[derive(Clone, Debug)]
pub struct TableView {
    /// What it lists, for who cannot see it.
    pub caption: String,
    /// The columns; the first names the row.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// The table; on a phone each row is a card whose first cell is its heading. `j` and `k` move between rows.
pub fn data_table(table: &TableView) -> Markup {
    html! {
        table.list data-rows role="table" {
            caption.unseen { (table.caption) }
            thead role="rowgroup" {
                tr role="row" { @for column in &table.columns { (column_head(column)) } }
            }
            tbody role="rowgroup" {
                @for row in &table.rows {
                    tr role="row" class={ "row row-" (row.tone.class()) } {
                        @for (i, (cell, column)) in row.cells.iter().zip(&table.columns).enumerate() {
                            @if i == 0 {
                                th.row-head scope="row" role="rowheader" {
                                    @if let Some(href) = &row.href {
                                        a.row-link href=(href) { (cell) }
                                    } @else {
                                        (cell)
                                    }
                                }
                            } @else {
                                td.number[column.numeric] role="cell" data-label=(column.label) { (cell) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn column_head(column: &Column) -> Markup {
    let now = column.order.as_ref().and_then(|order| order.now);
    let sort = now.map(|now| if now == Ordered::Rising { "ascending" } else { "descending" });
    html! {
        th.number[column.numeric] scope="col" role="columnheader" aria-sort=[sort] {
            @if let Some(order) = &column.order {
                a href=(order.href) {
                    (column.label)
                    @match now {
                        Some(Ordered::Falling) => span aria-hidden="true" { " ↓" },
                        Some(Ordered::Rising) => span aria-hidden="true" { " ↑" },
                        None => {},
                    }
                }
            } @else { (column.label) }
        }
    }
}

/// Which part of a list a page shows.
#[derive(Clone, Debug)]
pub struct PagesView {
    /// How many there are in all, counted, not guessed.
    pub total: u64,
    /// Number of the first one shown, from 1; 0 where none is.
    pub first: u64,
    /// Number of the last one shown.
    pub last: u64,
    /// The ledger position at which they were counted.
    pub position: Option<u64>,
    /// The page before.
    pub previous: Option<String>,
    /// The page after.
    pub next: Option<String>,
}

/// How many there are, which are shown, and the ways to the others.
pub fn pagination(lang: Lang, pages: &PagesView) -> Markup {
    let (total, first, last) = (lang.count(pages.total), lang.count(pages.first), lang.count(pages.last));
    let shown = match pages.total {
        0 => lang.say("共 0 条", "none"),
        _ => lang.pick(
            format!("共 {total} 条，这里是第 {first} 至 {last} 条"),
            format!("{first} to {last} of {total}"),
        ),
    };
    let links = [
        pages.previous.as_ref().map(|href| Link::new(href, lang.pick("上一页", "Previous page"))),
        pages.next.as_ref().map(|href| Link::new(href, lang.pick("下一页", "Next page"))),
    ];
    html! {
        nav.pages aria-label=(lang.pick("翻页", "Pages")) {
            p {
                (shown)
                @if let Some(position) = pages.position {
                    span.quiet {
                        (lang.pick(
                            format!(" · 数到账本第 {} 条为止", lang.count(position)),
                            format!(" · counted at ledger entry {}", lang.count(position)),
                        ))
                    }
                }
            }
            @for link in links.iter().flatten() { a.button.button-plain href=(link.href) { (link.label) } }
        }
    }
}
