//! What everybody may see: search, the page behind a door's QR code, the log's checkpoint.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use wuping_domain::derivation::SchemeRef;
use wuping_domain::reaction::Rulebooks;
use wuping_projections::ViewsError;
use wuping_projections::queries::{Page as ViewPage, PremisesLine, SearchFilter, SubjectView};
use wuping_replay::explain::{Explanation, explain};

use crate::app::App;
use crate::web::look::layout::{Area, Origin, Page, page};
use crate::web::look::parts::*;
use crate::web::look::words::Lang;
use crate::web::session::{LANGUAGE, lang_of};

/// The public routes.
pub fn router(app: Arc<App>) -> Router {
    let mut router = Router::new()
        .route("/", get(search))
        .route("/s/{code}", get(subject))
        .route("/rules/{id}", get(rules))
        .route("/language/{lang}", get(language))
        .route("/log/checkpoint", get(checkpoint))
        .route("/healthz", get(|| async { "ok\n" }));
    for asset in crate::web::look::assets() {
        let answer = (
            [
                (header::CONTENT_TYPE, asset.content_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ],
            asset.body,
        );
        router = router.route(&asset.path, get(move || async move { answer }));
    }
    router.with_state(app)
}

#[derive(Deserialize)]
struct Searching {
    #[serde(default)]
    q: String,
    page: Option<u64>,
}

async fn search(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(searching): Query<Searching>,
) -> Response {
    let lang = lang_of(&headers);
    let (views, text) = (app.views.clone(), searching.q.clone());
    let wanted = ViewPage::of(searching.page.unwrap_or(1));
    let found =
        tokio::task::spawn_blocking(move || views.views().search(&text, &SearchFilter::default(), wanted));
    let Ok(Ok(found)) = found.await else { return unavailable(&app, lang) };
    let rows = found.rows.iter().map(|line| row(lang, line)).collect();
    let table = TableView {
        caption: lang.say("房屋", "Premises"),
        columns: vec![
            Column::text(lang.say("地址", "Address")),
            Column::text(lang.say("等级", "Grade")),
            Column::text(lang.say("街道", "Subdistrict")),
        ],
        rows,
    };
    let address = |number: u64| format!("/?page={number}&q={}", encoded(&searching.q));
    let body = html! {
        (page_heading(None, lang.pick("出租屋等级查询", "Grades of rental housing"), None))
        (search_box(lang, &SearchBox {
            action: "/".into(),
            name: "q".into(),
            value: searching.q.clone(),
            label: lang.say("地址或编码", "Address or code"),
            hint: lang.say("例如：石井、金龟", "For instance a street, or the code at the door"),
        }))
        p { (lang.pick(format!("共 {} 处", found.total), format!("{} premises", found.total))) }
        @if found.total == 0 {
            (empty_state(lang.pick("没有找到。请少写几个字，或核对编码。", "Nothing was found. Write fewer words, or check the code."), None))
        } @else {
            (data_table(&table))
        }
        nav {
            @if found.page > 1 { a rel="prev" href=(address(found.page - 1)) { (lang.pick("上一页", "Previous")) } " " }
            (found.page) " / " (found.pages)
            @if found.page < found.pages { " " a rel="next" href=(address(found.page + 1)) { (lang.pick("下一页", "Next")) } }
        }
    };
    shown(&app, lang, lang.pick("出租屋等级查询", "Grades of rental housing"), body).into_response()
}

fn row(lang: Lang, line: &PremisesLine) -> Row {
    let level = line.management_level.as_deref().and_then(Level::from_code);
    let grade = match (line.star, &line.band) {
        (None, Some(band)) => html! { (band) },
        (None, None) if line.waiting_for.is_some() => {
            html! { (lang.pick("待确认", "Awaiting confirmation")) }
        }
        (star, _) => grade_line(lang, star, level),
    };
    Row {
        href: Some(format!("/s/{}", line.id)),
        cells: vec![html! { (line.address) }, grade, html! { (line.subdistrict) }],
        tone: Tone::Calm,
    }
}

async fn subject(State(app): State<Arc<App>>, headers: HeaderMap, Path(code): Path<String>) -> Response {
    let lang = lang_of(&headers);
    let (views, reader, shelf) = (app.views.clone(), app.reader().clone(), app.shelf.clone());
    let read = tokio::task::spawn_blocking(move || {
        let views = views.views();
        let Some(premises) = views.premises_by_code(&code)? else { return Ok(None) };
        let Some(view) = views.subject_view(&premises.id)? else { return Ok(None) };
        let children = views.children(&premises.id, ViewPage::whole())?;
        let why = explain(&reader, shelf.as_ref(), &premises.id, None).ok();
        Ok::<_, ViewsError>(Some((view, children.rows, why)))
    });
    match read.await {
        Ok(Ok(Some((view, children, why)))) => {
            let body = column(subject_body(lang, &view, &children, why.as_ref()));
            shown(&app, lang, &view.premises.address, body).into_response()
        }
        Ok(Ok(None)) => {
            let view = ErrorView {
                what: lang.say("没有找到这处房屋", "No such premises"),
                why: lang.say("这个编码没有登记。", "Nothing is registered under that code."),
                todo: vec![lang.say(
                    "核对门牌下方的编码，或按地址查询。",
                    "Check the code at the door, or search by address.",
                )],
                links: vec![Link::new("/", lang.say("查询", "Search"))],
                reference: None,
            };
            let page = shown(&app, lang, lang.pick("没有找到", "Not found"), error_page(lang, &view));
            (StatusCode::NOT_FOUND, page).into_response()
        }
        Ok(Err(_)) | Err(_) => unavailable(&app, lang),
    }
}

fn subject_body(
    lang: Lang,
    view: &SubjectView,
    children: &[PremisesLine],
    why: Option<&Explanation>,
) -> Markup {
    let grade = view.grade.as_ref();
    let in_force = grade.and_then(|grade| grade.in_force.as_ref());
    let pending = grade.and_then(|grade| grade.waiting_for.as_ref()).map(|_| {
        lang.say(
            "有一项新的等级认定正在等待确认，尚未生效。",
            "A new determination awaits confirmation; it does not bind yet.",
        )
    });
    html! {
        (page_heading(Some(lang.layer(layer_code(view))), &view.premises.address, None))
        @if let Some(result) = in_force {
            (grade_band(lang, &GradeView {
                stars: result.star,
                word: result.star.is_none().then(|| result.band.clone()),
                level: result.management_level.as_deref().and_then(Level::from_code),
                score: u32::try_from(result.score).ok(),
                since: Some(result.day),
                rulebook: Link::new(format!("/rules/{}", result.rulebook.id), result.rulebook.id.clone()),
                state: GradeState::InForce,
                pending,
                remarks: vec![],
            }))
        } @else {
            (notice_box(Tone::Calm, lang.pick("尚无生效的等级", "No grade is in force"), &pending.into_iter().collect::<Vec<_>>()))
        }
        @if !children.is_empty() {
            (section(lang.pick("套间", "Units"), html! { ul { @for child in children {
                li { a href={ "/s/" (child.id) } { (child.address) } " " (grade_line(lang, child.star, child.management_level.as_deref().and_then(Level::from_code))) }
            } } }))
        }
        @if let (Some(why), true) = (why, in_force.is_some()) {
            (section(lang.pick("为什么是这个等级", "Why this grade"), reasons(lang, why)))
        }
    }
}

fn reasons(lang: Lang, why: &Explanation) -> Markup {
    let name = |zh: &str, en: &str| lang.say(zh, if en.is_empty() { zh } else { en });
    html! {
        p { (lang.pick(
            format!("得分 {}：{} 分中得 {} 分。", why.determined.score, why.determined.applicable, why.determined.earned),
            format!("Score {}: {} of {} points.", why.determined.score, why.determined.earned, why.determined.applicable),
        )) }
        ul {
            @for lost in &why.lost { li { (name(&lost.zh, &lost.en)) " −" (lost.lost) " / " (lost.applicable) } }
            @for cap in &why.determined.caps {
                li { (lang.cause(&cap.by, |id| why.lost.iter().find(|lost| lost.indicator == id).map(|lost| name(&lost.zh, &lost.en)))) ": " (lang.cap(cap.star)) }
            }
            @for veto in &why.determined.vetoes { li { (lang.cause(veto, |_| None)) } }
        }
    }
}

fn layer_code(view: &SubjectView) -> &'static str {
    match view.premises.layer {
        wuping_domain::rulebook::Layer::Building => "building",
        wuping_domain::rulebook::Layer::Estate => "estate",
        wuping_domain::rulebook::Layer::Unit => "unit",
    }
}

async fn rules(State(app): State<Arc<App>>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    let lang = lang_of(&headers);
    let (views, shelf) = (app.views.clone(), app.shelf.clone());
    let read = tokio::task::spawn_blocking(move || {
        let published = views.views().rulebook(&id).ok().flatten()?;
        let SchemeRef { id, sha256 } = published.scheme.clone();
        shelf.rulebook(&published.scheme).map(|rulebook| (id, sha256, rulebook))
    });
    let Ok(Some((id, sha256, rulebook))) = read.await else { return Redirect::to("/").into_response() };
    let body = column(html! {
        (page_heading(Some(lang.pick("规则", "Rulebook")), &id, Some(&lang.say(&rulebook.scheme.zh, &rulebook.scheme.en))))
        (facts(&[Fact::code("SHA-256", &sha256)]))
        @for indicator in &rulebook.scheme.indicators {
            (section(&lang.say(&indicator.zh, if indicator.en.is_empty() { &indicator.zh } else { &indicator.en }), html! {
                ul { @for row in &indicator.rows {
                    li { (row.points) " — " @if row.en.is_empty() { (row.zh) } @else { (lang.say(&row.zh, &row.en)) } }
                } }
            }))
        }
    });
    shown(&app, lang, &id, body).into_response()
}

async fn language(headers: HeaderMap, Path(lang): Path<String>) -> Response {
    let code = Lang::from_code(&lang).unwrap_or_default().code();
    // Back to the same site only: what stands before the path in the referrer is not looked at.
    let back = headers.get(header::REFERER).and_then(|value| value.to_str().ok());
    let path = back
        .and_then(|address| address.split_once("://")?.1.split_once('/').map(|(_, path)| format!("/{path}")));
    let path = path.filter(|path| !path.starts_with("//")).unwrap_or_else(|| "/".to_owned());
    let cookie = format!("{LANGUAGE}={code}; Path=/; SameSite=Lax; Max-Age=31536000");
    ([(header::SET_COOKIE, cookie)], Redirect::to(&path)).into_response()
}

async fn checkpoint(State(app): State<Arc<App>>) -> Response {
    let reader = app.reader().clone();
    match tokio::task::spawn_blocking(move || reader.checkpoint()).await {
        Ok(Ok(Some(note))) => {
            let headers =
                [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
            (headers, note).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn shown(app: &App, lang: Lang, title: &str, body: Markup) -> Markup {
    let origin = if app.ledger.origin().starts_with("sample/") { Origin::Sample } else { Origin::Office };
    let nav = vec![Link::new("/", lang.say("查询", "Find a grade"))];
    page(&Page { nav, origin, ..Page::new(lang, Area::Public, title, body) })
}

fn unavailable(app: &App, lang: Lang) -> Response {
    let page = shown(
        app,
        lang,
        lang.pick("暂时看不到", "Not to be seen now"),
        error_page(lang, &could_not(lang, None)),
    );
    (StatusCode::SERVICE_UNAVAILABLE, page).into_response()
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}
