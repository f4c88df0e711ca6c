//! Rulebooks for reading: what is checked, what it is worth, and what follows; with the document to compute by.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};
use wuping_domain::rulebook::Rulebook;
use wuping_domain::rulebook::scheme::{Indicator, Row as Outcome};
use wuping_projections::queries::RulebookView;

use super::api::{broken, problem};
use super::origins;
use super::state::{Asking, Site, encoded};
use crate::look::parts::*;
use crate::look::words::Lang;

/// `/rules…`.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/rules", get(list))
        .route("/rules/{id}", get(one))
        .route("/rules/{id}/document.json", get(document))
}

async fn list(State(site): State<Site>, asking: Asking) -> Response {
    let lang = asking.lang;
    let rulebooks = match site.read(|site| Ok(site.views().rulebooks()?)).await {
        Ok(rulebooks) => rulebooks,
        Err(error) => return site.broken(&asking, &error).await,
    };
    let title = lang.pick("评分规则", "Rules");
    let columns = vec![
        Column::text(lang.pick("规则", "Rulebook")),
        Column::text(lang.pick("评什么", "Grades")),
        Column::text(lang.pick("从哪天起", "Holds from")),
        Column::text(lang.pick("谁发布", "Issued by")),
    ];
    let rows = rulebooks.iter().map(|rulebook| Row {
        href: Some(format!("/rules/{}", encoded(&rulebook.scheme.id))),
        cells: vec![
            html! { code { (rulebook.scheme.id) } },
            html! { (lang.layer(&rulebook.layer.to_string())) },
            day(lang, rulebook.holds_from),
            html! { (rulebook.issued_by) },
        ],
        tone: Tone::Calm,
    });
    let table = TableView { caption: title.to_owned(), columns, rows: rows.collect() };
    let lead = lang.pick(
        "每个等级都写明用了哪一版规则。规则公布后不改，要改就出新版。",
        "Every grade names the version it was computed by. A published rulebook never changes: a change is a new one.",
    );
    let body = html! {
        (page_heading(None, title, Some(lead)))
        @if table.rows.is_empty() {
            (empty_state(lang.pick("还没有公布规则。", "No rulebook has been published yet."), None))
        } @else { (data_table(&table)) }
    };
    site.page(&asking, "/rules", title, body).await.into_response()
}

async fn one(State(site): State<Site>, asking: Asking, Path(id): Path<String>) -> Response {
    let lang = asking.lang;
    let read = site.read(move |site| {
        let Some(view) = site.views().rulebook(&id)? else { return Ok(None) };
        Ok(site.shelf.rulebook(&view.scheme).map(|rulebook| (view, rulebook)))
    });
    match read.await {
        Ok(Some((view, rulebook))) => {
            let body = shown(lang, &view, &rulebook);
            let title = format!("{} {}", lang.pick("评分规则", "Rules"), view.scheme.id);
            let origin = origins::origin_of_rulebook(lang, &view.scheme.id);
            site.page_from(&asking, "/rules", &title, body, origin).await.into_response()
        }
        Ok(None) => unknown(&site, &asking).await,
        Err(error) => site.broken(&asking, &error).await,
    }
}

async fn document(State(site): State<Site>, asking: Asking, Path(id): Path<String>) -> Response {
    let read = site.read(move |site| {
        let Some(view) = site.views().rulebook(&id)? else { return Ok(None) };
        Ok(site.reader.scheme(&view.scheme.sha256)?)
    });
    match read.await {
        Ok(Some(kept)) => {
            let etag = format!("\"{}\"", kept.sha256);
            ([(header::CONTENT_TYPE, "application/json".to_owned()), (header::ETAG, etag)], kept.bytes)
                .into_response()
        }
        Ok(None) => {
            let told = asking.lang.pick(
                "没有公布过这个名称的规则。/api/v1/rulebooks 列出全部规则。",
                "No rulebook of this name has been published. /api/v1/rulebooks lists them.",
            );
            problem(StatusCode::NOT_FOUND, "not_found", told)
        }
        Err(error) => broken(&asking, &error),
    }
}

async fn unknown(site: &Site, asking: &Asking) -> Response {
    let lang = asking.lang;
    let view = ErrorView {
        what: lang.say("没有这份规则", "There is no such rulebook"),
        why: lang.say("没有公布过这个名称的规则。", "No rulebook of this name has been published."),
        todo: vec![lang.say("请从规则列表中选择。", "Choose one from the list of rulebooks.")],
        links: vec![Link::new("/rules", lang.pick("评分规则", "Rules"))],
        reference: None,
    };
    site.not_found(asking, &view).await
}

fn shown(lang: Lang, view: &RulebookView, rulebook: &Rulebook) -> Markup {
    let name = lang.named(&rulebook.scheme.zh, &rulebook.scheme.en);
    let about = [
        Fact::code(lang.pick("规则编号", "Rulebook"), &view.scheme.id),
        Fact::text(lang.pick("评什么", "Grades"), lang.layer(&view.layer.to_string())),
        Fact::new(lang.pick("从哪天起", "Holds from"), day(lang, view.holds_from)),
        Fact::text(lang.pick("谁发布", "Issued by"), &view.issued_by),
        Fact::text(lang.pick("文号", "Document"), &view.document_number),
        Fact::code(lang.pick("文件指纹", "SHA-256 of the document"), &view.scheme.sha256),
    ];
    let download = format!("/rules/{}/document.json", encoded(&view.scheme.id));
    html! {
        (page_heading(Some(lang.pick("评分规则", "Rules")), name, None))
        (facts(&about))
        (downloads(lang, &[Link::new(download, "JSON")]))
        (section(lang.pick("分数和等级", "Scores and grades"), bands(lang, rulebook)))
        @if !rulebook.policy.management_levels.is_empty() {
            (section(lang.pick("管理等级", "Management levels"), levels(lang, rulebook)))
        }
        @for aspect in &rulebook.scheme.aspects {
            @let heading = match aspect.points {
                Some(points) => lang.pick(format!("{}（{points} 分）", aspect.zh), format!("{} ({points} points)", lang.named(&aspect.zh, &aspect.en))),
                None => lang.named(&aspect.zh, &aspect.en).to_owned(),
            };
            (section(&heading, html! {
                @for indicator in rulebook.scheme.indicators.iter().filter(|indicator| indicator.aspect == aspect.id) {
                    (indicator_rules(lang, rulebook, indicator))
                }
            }))
        }
        @if !rulebook.policy.derived_caps.is_empty() {
            (section(lang.pick("几项一起不合格", "Several failures together"), html! {
                ul {
                    @for cap in rulebook.policy.derived_caps.iter().filter(|cap| cap.layer == rulebook.layer) {
                        li { (in_tongues(lang, &lang.under(Some(rulebook)).cause(&format!("rule:{}", cap.id)))) " — " (lang.cap(cap.cap)) }
                    }
                }
            }))
        }
    }
}

fn bands(lang: Lang, rulebook: &Rulebook) -> Markup {
    let columns = vec![
        Column::text(lang.pick("等级", "Grade")),
        Column::number(lang.pick("最低分", "Least score")),
        Column::text(lang.pick("管理等级", "Level")),
    ];
    let rows = rulebook.policy.bands.iter().map(|band| {
        let level = band.star.and_then(|star| rulebook.level_of_star(star));
        let word = lang.under(Some(rulebook)).band(band);
        Row {
            href: None,
            cells: vec![
                html! { @if band.star.is_some() { (stars(lang, band.star)) " " } (in_tongues(lang, &word)) },
                html! { (band.min_score) },
                html! { @match level {
                    Some(level) => (level_chip(lang, Level::from_code(&level.id))),
                    None => "—",
                } },
            ],
            tone: Tone::Calm,
        }
    });
    let caption = lang.say("分数和等级", "Scores and grades");
    data_table(&TableView { caption, columns, rows: rows.collect() })
}

fn levels(lang: Lang, rulebook: &Rulebook) -> Markup {
    let columns = vec![
        Column::text(lang.pick("管理等级", "Level")),
        Column::text(lang.pick("星级", "Stars")),
        Column::text(lang.pick("巡查", "Patrol")),
        Column::text(lang.pick("措施", "Measures")),
        Column::text(lang.pick("多久重新评定", "Graded again after")),
    ];
    let rows = rulebook.policy.management_levels.iter().map(|level| {
        let star_words: Vec<&str> = level.stars.iter().map(|star| lang.stars(Some(*star))).collect();
        let measures: Vec<&str> = level.measures.iter().map(|measure| lang.measure(measure)).collect();
        let patrol = serde_json::to_value(level.patrol.rule).ok();
        let patrol = patrol.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        let months = level.reevaluate_months;
        Row {
            href: None,
            cells: vec![
                level_chip(lang, Level::from_code(&level.id)),
                html! { (lang.list(&star_words)) },
                html! { (lang.patrol_rule(&patrol)) },
                html! { (lang.list(&measures)) },
                html! { (lang.pick(format!("{months} 个月"), format!("{months} months"))) },
            ],
            tone: Tone::Calm,
        }
    });
    let caption = lang.say("管理等级", "Management levels");
    data_table(&TableView { caption, columns, rows: rows.collect() })
}

fn indicator_rules(lang: Lang, rulebook: &Rulebook, indicator: &Indicator) -> Markup {
    let collect = serde_json::to_value(indicator.collect).ok();
    let collect = collect.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
    let department = lang.under(Some(rulebook)).department(&indicator.competent);
    let columns = vec![
        Column::text(lang.pick("结果", "Outcome")),
        Column::number(lang.pick("得分", "Points")),
        Column::text(lang.pick("后果", "Consequence")),
    ];
    let rows = indicator.rows.iter().map(|outcome| Row {
        href: None,
        cells: vec![
            in_tongues(lang, &outcome_words(lang, outcome)),
            html! { (outcome.points) },
            html! { (consequence(lang, indicator, outcome)) },
        ],
        tone: if outcome.fail { Tone::Warning } else { Tone::Calm },
    });
    let name = lang.named(&indicator.zh, &indicator.en);
    let table = TableView { caption: name.to_owned(), columns, rows: rows.collect() };
    html! {
        section.aspect #(indicator.id) {
            h3.aspect-head {
                span { (name) }
                span.points { (lang.pick(format!("{} 分", indicator.points), format!("{} points", indicator.points))) }
            }
            (data_table(&table))
            p.quiet.small {
                (lang.collect(collect)) " · " (in_tongues(lang, &department)) " · " code { (indicator.id) }
                @if indicator.not_applicable { " · " (lang.pick("可以不适用", "may be not applicable")) }
                @if let Some(basis) = &indicator.basis { " · " (basis) }
            }
        }
    }
}

fn consequence(lang: Lang, indicator: &Indicator, outcome: &Outcome) -> String {
    let mut words = Vec::new();
    if let Some(cap) = outcome.cap.or(indicator.cap.filter(|_| outcome.fail)) {
        words.push(lang.cap(cap));
    }
    if let Some(hazard) = indicator.hazard.as_ref().filter(|_| outcome.fail) {
        let severity = lang.severity(&hazard.severity);
        words.push(lang.pick(format!("记为隐患：{severity}"), format!("opens a hazard: {severity}")));
    }
    if indicator.veto.is_some() && outcome.fail {
        words.push(lang.say("一票否决", "veto"));
    }
    if words.is_empty() { "—".to_owned() } else { lang.list(&words) }
}

/// An outcome in the rulebook's words, else by its bounds.
pub(super) fn outcome_words(lang: Lang, outcome: &Outcome) -> String {
    let words = lang.named(&outcome.zh, &outcome.en);
    if !words.is_empty() {
        return words.to_owned();
    }
    match (outcome.from_percent, outcome.from, outcome.to) {
        (Some(percent), ..) => lang.pick(format!("{percent}% 及以上"), format!("{percent}% and more")),
        (_, Some(from), Some(to)) => format!("{from}–{to}"),
        (_, Some(from), None) => lang.pick(format!("{from} 及以上"), format!("{from} and more")),
        (_, None, Some(to)) => lang.pick(format!("{to} 及以下"), format!("{to} and fewer")),
        _ => lang.outcome(&outcome.id).to_owned(),
    }
}
