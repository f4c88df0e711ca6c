//! What is public of credit files (公示的信用信息): classes and conduct of companies, for anybody who asks. What an objection is open
//! against says so; what has ended is gone. No name stands here, and nothing of a natural person.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;
use wuping_projections::queries::{Page as ViewPage, Paged, PublishedLine};

use super::api::answered;
use super::paging::{self, page_number};
use super::state::{Asking, Site, address};
use crate::look::parts::*;
use crate::look::words::Lang;

/// `/credit/published`, and the same for programs.
pub fn routes() -> Router<Site> {
    Router::new().route(HERE, get(show)).route("/api/v1/credit/published", get(for_programs))
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    page: String,
}

async fn show(State(site): State<Site>, asking: Asking, Query(wanted): Query<Wanted>) -> Response {
    let (lang, page) = (asking.lang, page_number(&wanted.page));
    let read = site.read(move |site| Ok(site.views().credit_published(site.today(), ViewPage::of(page))?));
    let found = match read.await {
        Ok(found) => found,
        Err(error) => return site.broken(&asking, &error).await,
    };
    let title = lang.pick("公示的信用信息", "Published credit");
    let lead = lang.pick(
        "只列出租屋企业依法公示、现在有效的信用等级和失信行为。当事人提出异议的，标明“异议处理中”；到期、修复或者撤销的不再显示。自然人的不公示。",
        "Classes and conduct of rental companies that are published by law and hold today. What the company objects to says so; what is over, \
         repaired or withdrawn is gone. Nothing of natural persons is published.",
    );
    let body = html! { (page_heading(None, title, Some(lead))) (table(lang, title, &found)) };
    site.page(&asking, HERE, title, body).await.into_response()
}

fn table(lang: Lang, caption: &str, found: &Paged<PublishedLine>) -> Markup {
    if found.rows.is_empty() {
        return empty_state(
            lang.pick("现在没有公示的信用信息。", "Nothing is published at the moment."),
            None,
        );
    }
    let columns = vec![
        Column::text(lang.pick("企业", "Company")),
        Column::text(lang.pick("公示内容", "What is published")),
        Column::text(lang.pick("公示日期", "Since")),
        Column::text(lang.pick("公示到", "Until")),
        Column::text(lang.pick("异议", "Objection")),
    ];
    let rows = found.rows.iter().map(|line| Row {
        href: None,
        cells: vec![
            html! { bdi { (line.uscc.as_deref().unwrap_or(&line.party)) } },
            html! { (said(lang, line)) },
            html! { (day(lang, line.published_on)) },
            html! {
                // the day itself is not included
                @if let Some(last) = line.until.and_then(|until| until.pred_opt()) { (day(lang, last)) }
                @else { (lang.pick("等级变化为止", "the class changes")) }
            },
            html! {
                @if let Some(on) = line.objected_on {
                    span.flag { (lang.pick("异议处理中", "Objected to, being looked at")) } " " (day(lang, on))
                } @else { "—" }
            },
        ],
        tone: if line.objected_on.is_some() { Tone::Warning } else { Tone::Calm },
    });
    let table = TableView { caption: caption.to_owned(), columns, rows: rows.collect() };
    let ways = paging::ways(lang, found, |number| address(HERE, &[("page", &number.to_string())]));
    html! { (data_table(&table)) (ways) }
}

fn said(lang: Lang, line: &PublishedLine) -> String {
    match (&line.class, &line.conduct) {
        (Some(class), _) => lang.pick(
            format!("信用等级：{}", lang.credit(class)),
            format!("Credit class: {}", lang.credit(class)),
        ),
        (None, Some(conduct)) => lang.pick(
            format!("失信行为：{}", lang.credit(conduct)),
            format!("Conduct: {}", lang.credit(conduct)),
        ),
        (None, None) => String::new(),
    }
}

async fn for_programs(State(site): State<Site>, asking: Asking, Query(wanted): Query<Wanted>) -> Response {
    let number = match paging::asked(asking.lang, &wanted.page) {
        Ok(number) => number,
        Err(refused) => return *refused,
    };
    let read =
        site.read(move |site| Ok(json!(site.views().credit_published(site.today(), ViewPage::of(number))?)));
    answered(&asking, read.await)
}

const HERE: &str = "/credit/published";
