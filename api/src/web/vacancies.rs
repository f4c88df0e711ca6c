//! Vacant units for whoever looks for a home: the list, and a page for each with the grade, the service station, a code to
//! scan and a form to ask. A unit under a ban on letting is in neither, from the moment of the ban.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use wuping_domain::listing::RentBand;
use wuping_domain::rulebook::Layer;
use wuping_projections::queries::{Page as ViewPage, Paged, SubjectView, UndertakingFilter, UndertakingView};

use super::api::answered;
use super::bans;
use super::front::code_of;
use super::paging::{self, page_number};
use super::state::{Asking, ReadError, Site, address, encoded};
use crate::look::parts::*;
use crate::look::qr::{QrView, qr_block};
use crate::look::words::Lang;

/// `/vacancies`, each one's page, and the list for programs.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/vacancies", get(list))
        .route("/vacancies/{premises}/{listing}", get(one))
        .route("/api/v1/vacancies", get(for_programs))
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    area: String,
    page: String,
}

impl Wanted {
    fn area(&self) -> Option<String> {
        Some(self.area.trim().to_owned()).filter(|area| !area.is_empty())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Came {
    asked: String,
}

async fn list(State(site): State<Site>, asking: Asking, Query(wanted): Query<Wanted>) -> Response {
    let (lang, area, page) = (asking.lang, wanted.area(), page_number(&wanted.page));
    let read = site.read(move |site| Ok(site.views().vacancies(area.as_deref(), ViewPage::of(page))?));
    let found = match read.await {
        Ok(found) => found,
        Err(error) => return site.broken(&asking, &error).await,
    };
    let title = lang.pick("出租空房", "Vacant homes to let");
    let lead = lang.pick(
        "只列可以依法出租、经服务站公布的房屋。先看安全等级，再联系服务站。",
        "Only homes that may be let and that a service station has listed. Look at the safety grade first, then ask the station.",
    );
    let at = |number: u64| address("/vacancies", &[("area", &wanted.area), ("page", &number.to_string())]);
    let body = html! {
        (page_heading(None, title, Some(lead)))
        (filter_bar(lang, &FilterBar {
            action: "/vacancies".to_owned(),
            filters: vec![Filter {
                name: "area".to_owned(),
                label: lang.say("街道或社区", "Subdistrict or community"),
                kind: FilterKind::Words(wanted.area.clone()),
            }],
            hidden: vec![],
            clear: wanted.area().map(|_| "/vacancies".to_owned()),
        }))
        (table(lang, &found, at))
    };
    site.page(&asking, "/vacancies", title, body).await.into_response()
}

/// Where the vacancy of a unit is shown, while it is shown; nothing under a ban on letting.
pub(super) fn of(site: &Site, unit: &SubjectView) -> Result<Option<String>, ReadError> {
    let banned =
        unit.building_ban.is_some() || unit.grade.as_ref().is_some_and(|grade| grade.prohibition.is_some());
    if banned || unit.premises.layer != Layer::Unit {
        return Ok(None);
    }
    let filter = UndertakingFilter {
        kind: Some("listing".to_owned()),
        stage: Some("published".to_owned()),
        premises: Some(unit.premises.id.clone()),
        ..UndertakingFilter::default()
    };
    let shown = site.views().undertakings(&filter, ViewPage { number: 1, size: 1 })?;
    Ok(shown.rows.first().and_then(page_of))
}

/// The newest of them, for the front page; nothing where there are none.
pub(super) fn newest(lang: Lang, found: &Paged<UndertakingView>) -> Markup {
    html! {
        @if found.total > 0 {
            (section(lang.pick("出租空房", "Vacant homes to let"), html! {
                (rows(lang, found))
                p { a href="/vacancies" { (lang.pick(format!("全部 {} 套", found.total), format!("All {}", found.total))) } }
            }))
        }
    }
}

fn table(lang: Lang, found: &Paged<UndertakingView>, at: impl Fn(u64) -> String) -> Markup {
    if found.rows.is_empty() {
        return empty_state(
            lang.pick("现在没有公布的空房。", "No vacant home is listed at the moment."),
            None,
        );
    }
    html! { (rows(lang, found)) (paging::ways(lang, found, at)) }
}

fn rows(lang: Lang, found: &Paged<UndertakingView>) -> Markup {
    let columns = vec![
        Column::text(lang.pick("地址", "Address")),
        Column::text(lang.pick("月租", "Rent a month")),
        Column::text(lang.pick("哪天起", "Free from")),
        Column::text(lang.pick("服务站", "Service station")),
    ];
    let rows = found.rows.iter().map(|row| Row {
        href: page_of(row),
        cells: vec![
            html! { bdi { (row.address.as_deref().unwrap_or_default()) } },
            html! { (rent(lang, row)) },
            html! { @if let Some(from) = from(row) { (day(lang, from)) } @else { "—" } },
            html! { bdi { (text(row, "/vacancy/station")) } },
        ],
        tone: Tone::Calm,
    });
    let caption = lang.pick("出租空房", "Vacant homes to let").to_owned();
    data_table(&TableView { caption, columns, rows: rows.collect() })
}

async fn one(
    State(site): State<Site>,
    asking: Asking,
    Path((premises, listing)): Path<(String, String)>,
    Query(came): Query<Came>,
) -> Response {
    let lang = asking.lang;
    let stream = format!("premises/{premises}/listing/{listing}");
    let read = site.read(move |site| {
        let Some(view) = site.views().undertaking(&stream)? else { return Ok(None) };
        let Some(id) = view.premises.as_ref() else { return Ok(None) };
        let Some(unit) = site.views().subject_view(id)? else { return Ok(None) };
        Ok(Some((view, unit)))
    });
    match read.await {
        Ok(Some((view, unit))) if view.stage != "submitted" => {
            let path = page_of(&view).unwrap_or_default();
            let shown =
                shown(&asking, &view, &unit, site.full_address(&asking, &path), !came.asked.is_empty());
            site.page(&asking, &path, &unit.premises.address, shown).await.into_response()
        }
        Ok(_) => {
            let view = ErrorView {
                what: lang.say("没有找到这套空房", "This listing was not found"),
                why: lang.say("它没有公布，或者网址写错了。", "It is not shown, or the address is mistyped."),
                todo: vec![],
                links: vec![Link::new("/vacancies", lang.say("全部空房", "All vacant homes"))],
                reference: None,
            };
            site.not_found(&asking, &view).await
        }
        Err(error) => site.broken(&asking, &error).await,
    }
}

fn shown(
    asking: &Asking,
    view: &UndertakingView,
    unit: &SubjectView,
    full_address: String,
    asked: bool,
) -> Markup {
    let lang = asking.lang;
    let premises = &unit.premises;
    let code = code_of(&premises.codes, &premises.id);
    let in_force = unit.grade.as_ref().and_then(|grade| grade.in_force.as_ref());
    let banned = bans::in_full(lang, unit);
    let prohibited = !banned.is_empty();
    let open = view.stage == "published" && !prohibited;
    let mut told = vec![
        Fact::text(lang.pick("月租", "Rent a month"), rent(lang, view)),
        Fact::text(lang.pick("服务站", "Service station"), text(view, "/vacancy/station")),
    ];
    if let Some(from) = from(view) {
        told.insert(1, Fact::new(lang.pick("哪天起可以入住", "Free from"), day(lang, from)));
    }
    html! {
        (page_heading(Some(lang.pick("出租空房", "Vacant home to let")), &premises.address, None))
        @if asked {
            (notice_box(Tone::Calm, lang.pick("已收到您的询问", "Your question was received"), &[lang.say(
                "服务站会按您留的电话联系您。", "The service station will call you on the number that you left.",
            )]))
        }
        @if !open {
            (notice_box(if prohibited { Tone::Grave } else { Tone::Warning }, lang.pick("现在不出租", "Not to let now"), &[vec![closed(lang, view, prohibited)], banned].concat()))
        }
        (section(lang.pick("安全等级", "Safety grade"), html! {
            p {
                @if let Some(result) = in_force {
                    (grade_line(lang, result.star, result.management_level.as_deref().and_then(Level::from_code)))
                } @else { (lang.pick("还没有生效的等级", "No grade is in force")) }
            }
            p { a href={ "/s/" (encoded(code)) } { (lang.pick("为什么是这个等级", "Why this grade")) } }
        }))
        (section(lang.pick("房源", "The home"), facts(&told)))
        @if open { (section(lang.pick("询问", "Ask about it"), inquiry(lang, view))) }
        (qr_block(lang, &QrView { address: full_address, caption: lang.say("扫码看这套空房", "Scan for this home") }))
    }
}

/// Why it is not to let any more, in one sentence.
fn closed(lang: Lang, view: &UndertakingView, prohibited: bool) -> String {
    if prohibited || text(view, "/withdrawn/why") == "letting_prohibited" {
        return lang.say(
            "该房屋或所在楼栋依法禁止租赁。",
            "Letting is prohibited by law in this unit or its building.",
        );
    }
    if text(view, "/withdrawn/why") == "premises_closed" {
        return lang.say("该房屋已经注销。", "These premises were closed.");
    }
    match view.stage.as_str() {
        "let" => lang.say("已经租出。", "It has been let."),
        _ => lang.say("已经撤下。", "It was taken down."),
    }
}

/// What was typed into the form, and what is wrong with it.
#[derive(Default)]
pub(super) struct Typed {
    pub(super) command_id: Option<Uuid>,
    pub(super) name: String,
    pub(super) phone: String,
    pub(super) words: String,
    pub(super) errors: Vec<FieldError>,
}

fn inquiry(lang: Lang, view: &UndertakingView) -> Markup {
    inquiry_form(lang, &page_of(view).unwrap_or_default(), &Typed::default())
}

/// The form to ask about a vacancy, filled in where it comes back.
pub(super) fn inquiry_form(lang: Lang, page: &str, typed: &Typed) -> Markup {
    let field = |name: &str, label: String, value: &str, hint: Option<String>, kind| {
        let error = typed.errors.iter().find(|error| error.name == name).map(|error| error.text.clone());
        let (name, value, required) = (name.to_owned(), value.to_owned(), name != "name");
        text_field(lang, &TextField { name, label, hint, value, error, required, kind })
    };
    let form_view = FormView {
        action: format!("{page}/ask"),
        csrf: String::new(),
        command_id: typed.command_id.unwrap_or_else(Uuid::now_v7).to_string(),
        expected: None,
        files: false,
        submit: lang.say("发送", "Send"),
    };
    let (name, phone) = (lang.say("怎么称呼您", "Your name"), lang.say("您的电话", "Your telephone"));
    let seen = lang.say("只有服务站看得到", "Seen by the service station only");
    form(
        &form_view,
        html! {
            (field("words", lang.say("想问什么", "What you want to know"), &typed.words, None, TextKind::Long))
            (field("name", name, &typed.name, None, TextKind::Short))
            (field("phone", phone, &typed.phone, Some(seen), TextKind::Telephone))
        },
    )
}

async fn for_programs(State(site): State<Site>, asking: Asking, Query(wanted): Query<Wanted>) -> Response {
    let number = match paging::asked(asking.lang, &wanted.page) {
        Ok(number) => number,
        Err(refused) => return *refused,
    };
    let area = wanted.area();
    let read = site.read(move |site| {
        let found = site.views().vacancies(area.as_deref(), ViewPage::of(number))?;
        let rows: Vec<Value> = found.rows.iter().map(public).collect();
        Ok(json!({ "rows": rows, "page": found.page, "pages": found.pages, "total": found.total }))
    });
    answered(&asking, read.await)
}

/// What a program is told of a vacancy.
fn public(row: &UndertakingView) -> Value {
    json!({
        "stream": row.stream, "premises": row.premises, "address": row.address, "vacancy": row.state["vacancy"],
        "published_on": row.changed_on, "page": page_of(row),
    })
}

fn page_of(row: &UndertakingView) -> Option<String> {
    let key = row.stream.rsplit('/').next()?;
    Some(format!("/vacancies/{}/{}", encoded(row.premises.as_ref()?), encoded(key)))
}

fn text<'a>(row: &'a UndertakingView, at: &str) -> &'a str {
    row.state.pointer(at).and_then(Value::as_str).unwrap_or_default()
}

fn from(row: &UndertakingView) -> Option<chrono::NaiveDate> {
    text(row, "/vacancy/from").parse().ok()
}

fn rent(lang: Lang, row: &UndertakingView) -> &'static str {
    let code = text(row, "/vacancy/rent");
    match RentBand::ALL.into_iter().find(|band| band.code() == code) {
        Some(RentBand::Under1000) => lang.pick("1000元以下", "under 1000 yuan"),
        Some(RentBand::From1000) => lang.pick("1000至2000元", "1000 to 2000 yuan"),
        Some(RentBand::From2000) => lang.pick("2000至3000元", "2000 to 3000 yuan"),
        Some(RentBand::From3000) => lang.pick("3000至5000元", "3000 to 5000 yuan"),
        Some(RentBand::From5000) => lang.pick("5000元以上", "5000 yuan or more"),
        None => "—",
    }
}
