//! Facts, and the pieces that order a page: headings, breadcrumbs, figures, search, comparison.

use maud::{Markup, html};

use super::super::words::Lang;
use super::Link;

/// One fact: a label and its value.
#[derive(Clone, Debug)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// The value; already markup, so that it may hold a date, a chip or a link.
    pub value: Markup,
}

impl Fact {
    /// A fact whose value is plain text.
    pub fn text(label: impl Into<String>, value: impl AsRef<str>) -> Self {
        Self { label: label.into(), value: html! { (value.as_ref()) } }
    }

    /// A fact whose value is a code, shown in fixed width.
    pub fn code(label: impl Into<String>, value: impl AsRef<str>) -> Self {
        Self { label: label.into(), value: html! { code.hash { (value.as_ref()) } } }
    }

    /// A fact whose value is markup.
    pub fn new(label: impl Into<String>, value: Markup) -> Self {
        Self { label: label.into(), value }
    }
}

/// Labels and values.
pub fn facts(facts: &[Fact]) -> Markup {
    html! { dl.facts { @for fact in facts { div.fact { dt { (fact.label) } dd { (fact.value) } } } } }
}

/// A page's heading, with a line above it (what kind of thing this is) and one below.
pub fn page_heading(kind: Option<&str>, title: &str, lead: Option<&str>) -> Markup {
    html! {
        div.heading {
            @if let Some(kind) = kind { p.heading-kind { (kind) } }
            h1 { (title) }
            @if let Some(lead) = lead { p.lead { (lead) } }
        }
    }
}

/// A section with its heading.
pub fn section(heading: &str, body: Markup) -> Markup {
    html! { section.section { h2 { (heading) } (body) } }
}

/// A reading column, for a page of the desk's full width.
pub fn column(body: Markup) -> Markup {
    html! { div.column { (body) } }
}

/// A case page: left the story, right what can be done now. On a phone the story comes first, as it is read,
/// and a link at its head leads to what can be done.
pub fn case_columns(lang: Lang, story: Markup, now: Markup) -> Markup {
    let heading = lang.pick("现在可以办的事", "What can be done now");
    html! {
        div.case {
            p.case-jump { a href="#now" { (heading) " ↓" } }
            div.case-story { (story) }
            aside.case-now #now aria-label=(heading) { h2 { (heading) } (now) }
        }
    }
}

/// Where this page lies; the last one is the page itself and needs no address.
pub fn breadcrumbs(lang: Lang, above: &[Link], here: &str) -> Markup {
    html! {
        nav.crumbs aria-label=(lang.pick("所在位置", "Where this page lies")) {
            ol {
                @for link in above { li { a href=(link.href) { (link.label) } } }
                li aria-current="page" { (here) }
            }
        }
    }
}

/// A search box.
#[derive(Clone, Debug)]
pub struct SearchBox {
    /// Where it asks.
    pub action: String,
    /// Name of the parameter.
    pub name: String,
    /// What is in it now.
    pub value: String,
    /// Label in words.
    pub label: String,
    /// What can be typed, with an example.
    pub hint: String,
}

/// A search box with its label and hint.
pub fn search_box(lang: Lang, search: &SearchBox) -> Markup {
    let id = format!("search-{}", search.name);
    html! {
        form.search method="get" action=(search.action) role="search" {
            label.label for=(id) { (search.label) }
            p.hint #{ (id) "-hint" } { (search.hint) }
            div.search-row {
                input.input #(id) type="search" name=(search.name) value=(search.value)
                    aria-describedby={ (id) "-hint" } autocomplete="off";
                button.button type="submit" { (lang.pick("查找", "Search")) }
            }
        }
    }
}

/// One number of a dashboard, with the list that proves it.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What is counted.
    pub label: String,
    /// How many.
    pub value: u64,
    /// The list that proves it.
    pub href: String,
    /// One line more, such as the number a week ago.
    pub note: Option<String>,
}

/// Few numbers, each a link.
pub fn figures(lang: Lang, figures: &[Figure]) -> Markup {
    html! {
        ul.figures {
            @for figure in figures {
                li {
                    a href=(figure.href) {
                        span.figure-value { (lang.count(figure.value)) }
                        span.figure-label { (figure.label) }
                    }
                    @if let Some(note) = &figure.note { p.quiet { (note) } }
                }
            }
        }
    }
}

/// One answer on the page before sending.
#[derive(Clone, Debug)]
pub struct CheckAnswer {
    /// The question.
    pub question: String,
    /// The answer, as markup.
    pub answer: Markup,
    /// Where to change it.
    pub change: Option<String>,
}

/// All answers, each with a way back to change it.
pub fn check_answers(lang: Lang, answers: &[CheckAnswer]) -> Markup {
    html! {
        dl.check {
            @for answer in answers {
                div.check-row {
                    dt { (answer.question) }
                    dd { (answer.answer) }
                    @if let Some(change) = &answer.change {
                        dd.check-change {
                            a href=(change) {
                                (lang.pick("更改", "Change")) span.unseen { " " (answer.question) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// One line of a comparison.
#[derive(Clone, Debug)]
pub struct CompareRow {
    /// What is compared.
    pub label: String,
    /// As it is on the left.
    pub left: String,
    /// As it is on the right.
    pub right: String,
}

/// Two states side by side; lines that differ are marked in words.
pub fn compare(lang: Lang, left: &str, right: &str, rows: &[CompareRow]) -> Markup {
    html! {
        table.compare {
            thead { tr { td {} th scope="col" { (left) } th scope="col" { (right) } } }
            tbody {
                @for row in rows {
                    @let differs = row.left != row.right;
                    tr.differs[differs] {
                        th scope="row" {
                            (row.label) @if differs { " " span.flag { (lang.pick("有变化", "differs")) } }
                        }
                        td { (row.left) }
                        td { (row.right) }
                    }
                }
            }
        }
    }
}

/// Files that can be taken away, such as `CSV` and `XLSX`.
pub fn downloads(lang: Lang, links: &[Link]) -> Markup {
    html! {
        p.downloads {
            (lang.pick("下载：", "Download: "))
            @for (i, link) in links.iter().enumerate() {
                @if i > 0 { " · " }
                a href=(link.href) { code { (link.label) } }
            }
        }
    }
}
