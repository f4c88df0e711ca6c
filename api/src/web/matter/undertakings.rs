//! Lists of what the office does besides grading: measures and trainings, campaigns, joint meetings, notice boards,
//! associations. Each list has the form that begins one which lies under no premises; what lies under premises begins on
//! their page.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Multipart, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::NaiveDate;
use maud::{Markup, html};
use serde::Deserialize;
use wuping_domain::campaign::Criteria;
use wuping_domain::facts::{Actor, Role};
use wuping_domain::resting::Rest;
use wuping_domain::rulebook::Layer;
use wuping_projections::ViewsError;
use wuping_projections::queries::{
    CHOSEN_MAX, Looked, Page as ViewPage, Paged, PlaqueLine, UndertakingFilter, UndertakingView,
};

use super::acting::{Page, act};
use super::address_of;
use super::forms::{Returned, Sending, returned_head, steps_now};
use super::offering::offered;
use super::parties;
use super::reading::{Chosen, Matter, Sight, read};
use super::situation::{self, LookedAt};
use super::stage::{self, suspended};
use super::steps;
use crate::app::App;
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::web::desk_page::{broken_text, refused_page, shown, unseen_page};
use crate::web::paging::{self, page_number};
use crate::web::session::Signed;
use crate::web::state::address;

/// The routes of the lists.
pub(super) fn routes() -> Router<Arc<App>> {
    LISTS.iter().fold(Router::new(), |routes, list| {
        let show = move |State(app): State<Arc<App>>, signed: Signed, Query(wanted): Query<Wanted>| async move {
            let looked_at = looked_at(&app, &signed, list, &wanted).await;
            page(&app, &signed, list, &wanted, (&looked_at, None))
        };
        let take = move |State(app): State<Arc<App>>, signed: Signed, Query(wanted): Query<Wanted>, form: Multipart| {
            begin(app, signed, list, wanted, form)
        };
        routes.route(list.path, get(show).post(take))
    })
}

/// The ways to the lists that a person may see.
pub(crate) fn links(lang: Lang, actor: &Actor) -> Vec<Link> {
    let inside = actor.is_of_the_office();
    let own = |list: &&List| inside || list.concept == "association" && actor.holds(Role::AssociationAdmin);
    let lists =
        LISTS.iter().filter(own).map(|list| Link::new(list.path, lang.say(list.title[0], list.title[1])));
    lists.chain(parties::link(lang, actor)).collect()
}

/// One of the lists.
struct List {
    path: &'static str,
    concept: &'static str,
    title: [&'static str; 2],
    /// Before the key of what begins here.
    key: &'static str,
}

/// What of a list is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    stage: String,
    area: String,
    page: String,
    /// The period that a meeting looks at, and the position at which its analysis was shown.
    from: String,
    until: String,
    at: String,
    /// A campaign's filter.
    hazard: String,
    layer: String,
    level: String,
    vacant: String,
}

impl Wanted {
    fn area(&self) -> Option<String> {
        (!self.area.is_empty()).then(|| self.area.clone())
    }

    fn address(&self, path: &str, page: &str) -> String {
        let all = [
            ("stage", self.stage.as_str()),
            ("area", &self.area),
            ("from", &self.from),
            ("until", &self.until),
            ("at", &self.at),
            ("hazard", &self.hazard),
            ("layer", &self.layer),
            ("level", &self.level),
            ("vacant", &self.vacant),
            ("page", page),
        ];
        address(path, &all.into_iter().filter(|(_, value)| !value.is_empty()).collect::<Vec<_>>())
    }

    fn criteria(&self) -> Criteria {
        let chosen = |code: &String| Some(code.clone()).filter(|code| !code.is_empty()).into_iter().collect();
        Criteria {
            layer: self.layer.parse::<Layer>().ok(),
            levels: chosen(&self.level),
            hazards: chosen(&self.hazard),
            vacant: match self.vacant.as_str() {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            },
        }
    }
}

/// The analysis of the situation over the days that are chosen of a list of meetings.
async fn looked_at(app: &App, signed: &Signed, list: &List, wanted: &Wanted) -> LookedAt {
    match list.concept {
        "meeting" => situation::over(app, signed, [&wanted.from, &wanted.until], &wanted.at).await,
        _ => None,
    }
}

/// The list's own matter: one that is not begun, with what the rules would answer to this person.
fn unbegun(app: &App, signed: &Signed, list: &List, wanted: &Wanted, looked_at: &LookedAt) -> Option<Matter> {
    let mut matter = read(app, signed, &format!("{}/new", list.concept)).ok()?;
    matter.situation = looked_at.as_ref().and_then(|made| made.as_ref().ok()).cloned();
    if list.concept == "campaign" {
        let (criteria, area) = (wanted.criteria(), wanted.area());
        let looked = Looked {
            area: area.clone(),
            layer: criteria.layer,
            levels: criteria.levels.clone(),
            hazards: criteria.hazards.clone(),
            vacant: criteria.vacant,
        };
        let filtered = area.is_some() || criteria != Criteria::default();
        let found = if filtered { app.views.views().chosen(&looked).ok()? } else { vec![] };
        let premises = found.into_iter().map(|line| line.id).collect();
        matter.chosen = Chosen { criteria, area, premises };
    }
    Some(matter)
}

async fn begin(
    app: Arc<App>,
    signed: Signed,
    list: &'static List,
    wanted: Wanted,
    form: Multipart,
) -> Response {
    let looked_at = looked_at(&app, &signed, list, &wanted).await;
    let Some(matter) = unbegun(&app, &signed, list, &wanted, &looked_at) else {
        return refused_page(&app, signed.lang, Some(&signed), &broken_text(signed.lang));
    };
    let act_on = Page {
        here: wanted.address(list.path, ""),
        steps: steps::starts_apart(list.concept).collect(),
        stream_of: &|_, id| format!("{}/{}{}", list.concept, list.key, id.simple()),
        again: &|_, returned| page(&app, &signed, list, &wanted, (&looked_at, returned)),
    };
    act(&app, &signed, matter, form, act_on).await
}

fn page(
    app: &App,
    signed: &Signed,
    list: &List,
    wanted: &Wanted,
    (looked_at, returned): (&LookedAt, Option<&Returned>),
) -> Response {
    let lang = signed.lang;
    let Some(matter) = unbegun(app, signed, list, wanted, looked_at) else {
        return refused_page(app, lang, Some(signed), &broken_text(lang));
    };
    if matter.sight == Sight::None {
        let why = lang.say("这里由工作人员办理。", "Staff of the office deal with this.");
        return unseen_page(app, lang, signed, &why);
    }
    let Ok(found) = found(app, lang, list, wanted) else {
        return refused_page(app, lang, Some(signed), &broken_text(lang));
    };
    let title = lang.pick(list.title[0], list.title[1]);
    // what is recorded is what was seen, however much comes in before the form is sent
    let seen_at = matter.situation.as_ref().and_then(|made| made.position);
    let at = seen_at.map(|at| at.to_string()).unwrap_or_default();
    let here = Wanted { at, ..wanted.clone() }.address(list.path, "");
    let sending = Sending { here: &here, csrf: &signed.session.csrf };
    let offered = offered(&matter, steps::starts_apart(list.concept), |_| Some(matter.trial.clone()));
    let body = html! {
        (page_heading(None, title, None))
        @if let Some(returned) = returned { (returned_head(&matter, &offered, returned)) }
        (filter_bar(lang, &bar(lang, list, wanted, &found.indicators)))
        (table(&matter, list, wanted, &found.listed))
        @if let Some(plaques) = &found.plaques { (plaques_section(lang, plaques, &found.resting)) }
        @if list.concept == "campaign" { (chosen_note(lang, &matter)) }
        @if list.concept == "meeting" { (situation::before_a_meeting(&matter, wanted.area().as_deref(), looked_at)) }
        (steps_now(&matter, &offered, sending, returned))
    };
    let page = shown(app, lang, Some(signed), title, body);
    let status = if returned.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    (status, page).into_response()
}

struct Found {
    listed: Paged<UndertakingView>,
    /// Of campaigns: indicators of which a hazard may be open, by id, with their names.
    indicators: BTreeMap<String, String>,
    /// Of notice boards: plaques that do not hang as they should.
    plaques: Option<Paged<PlaqueLine>>,
    /// Of those, the premises whose grade is suspended: their plaques wait.
    resting: BTreeMap<String, Rest>,
}

fn found(app: &App, lang: Lang, list: &List, wanted: &Wanted) -> Result<Found, ViewsError> {
    let views = app.views.views();
    let filter = UndertakingFilter {
        kind: Some(list.concept.to_owned()),
        stage: Some(wanted.stage.clone()).filter(|stage| !stage.is_empty()),
        area: wanted.area(),
        premises: None,
    };
    let page = ViewPage::of(page_number(&wanted.page));
    let plaques = if list.concept == "board" {
        let rulebook = app.operating(Layer::Building)?;
        let levels = rulebook.iter().flat_map(|rulebook| &rulebook.policy.management_levels);
        let supervised: Vec<String> =
            levels.filter(|level| level.supervision_plaque).map(|level| level.id.clone()).collect();
        Some(views.plaques_due(wanted.area().as_deref(), &supervised, page)?)
    } else {
        None
    };
    let indicators = if list.concept == "campaign" { indicators(app, lang)? } else { BTreeMap::new() };
    let resting =
        plaques.iter().flat_map(|found| &found.rows).filter_map(|line| resting(app, line)).collect();
    Ok(Found { indicators, listed: views.undertakings(&filter, page)?, plaques, resting })
}

/// The suspension under which the grade of premises rests. Only where something is in dispute are their entries read.
fn resting(app: &App, line: &PlaqueLine) -> Option<(String, Rest)> {
    let id = Some(&line.premises.id).filter(|_| line.disputed)?;
    let subject = app.subject(&format!("premises/{id}")).ok()?;
    Some((id.clone(), subject.rests_on(app.today())?.clone()))
}

fn bar(lang: Lang, list: &List, wanted: &Wanted, indicators: &BTreeMap<String, String>) -> FilterBar {
    let choice = |name: &str, label: String, choices| Filter {
        name: name.to_owned(),
        label,
        kind: FilterKind::Choice(choices),
    };
    let any = || lang.say("全部", "All");
    let mut filters = vec![Filter {
        name: "area".to_owned(),
        label: lang.say("街道或社区", "Subdistrict or community"),
        kind: FilterKind::Words(wanted.area.clone()),
    }];
    if list.concept == "campaign" {
        let layers = ["", "unit", "building"].map(|code| {
            Choice::new(
                code,
                if code.is_empty() { any() } else { lang.layer(code).to_owned() },
                &wanted.layer,
            )
        });
        let levels = ["", "lenient", "attention", "strict", "prohibited"].map(|code| {
            Choice::new(
                code,
                if code.is_empty() { any() } else { lang.level(code).to_owned() },
                &wanted.level,
            )
        });
        let vacant = [
            ("", any()),
            ("yes", lang.say("没有人住", "Nobody lives there")),
            ("no", lang.say("有人住", "Somebody lives there")),
        ];
        let vacant = vacant.map(|(code, label)| Choice::new(code, label, &wanted.vacant));
        filters.push(choice("layer", lang.say("房屋类型", "Kind of premises"), layers.to_vec()));
        filters.push(choice("level", lang.say("管理等级", "Management level"), levels.to_vec()));
        let mut hazards = vec![Choice::new("", any(), &wanted.hazard)];
        hazards.extend(
            indicators.iter().map(|(id, name)| Choice::new(id.as_str(), name.clone(), &wanted.hazard)),
        );
        filters.push(choice("hazard", lang.say("有未办结的隐患", "With an open hazard of"), hazards));
        filters.push(choice("vacant", lang.say("是否空置", "Vacant"), vacant.to_vec()));
    } else {
        let stages = stages_of(list.concept).iter().map(|code| {
            let label = if code.is_empty() { any() } else { lang.undertaking(code).to_owned() };
            Choice::new(*code, label, &wanted.stage)
        });
        filters.push(choice("stage", lang.say("进展", "How far"), stages.collect()));
    }
    if list.concept == "meeting" {
        let day = |name: &str, label: String, text: &str| Filter {
            name: name.to_owned(),
            label,
            kind: FilterKind::Day(text.parse().ok()),
        };
        filters.push(day("from", lang.say("研判的时段，从", "Period looked at, from"), &wanted.from));
        filters.push(day("until", lang.say("到", "Until"), &wanted.until));
    }
    let filtered = wanted.address(list.path, "") != list.path;
    let clear = filtered.then(|| list.path.to_owned());
    FilterBar { action: list.path.to_owned(), filters, hidden: vec![], clear }
}

fn stages_of(concept: &str) -> &'static [&'static str] {
    match concept {
        "board" => &["", "empty", "posted", "in_order", "outdated", "damaged", "missing"],
        "measure" => {
            &["", "proposed", "approved", "carried_out", "refused", "offered", "granted", "ended", "held"]
        }
        "inspection" => &["", "planned", "missed", "carried_out"],
        "meeting" => &["", "open", "closed"],
        _ => &[""],
    }
}

fn table(matter: &Matter, list: &List, wanted: &Wanted, found: &Paged<UndertakingView>) -> Markup {
    let lang = matter.lang;
    if found.rows.is_empty() {
        return empty_state(lang.pick("这里还没有。", "There are none here."), None);
    }
    let columns = vec![
        Column::text(lang.pick("事项", "What")),
        Column::text(lang.pick("哪里", "Where")),
        Column::text(lang.pick("进展", "How far")),
        Column::text(lang.pick("期限", "Due")),
        Column::text(lang.pick("最近变化", "Changed")),
    ];
    let today = matter.today();
    let over = |row: &UndertakingView| {
        !ENDED.contains(&row.stage.as_str()) && row.due.is_some_and(|due| due < today)
    };
    let rows = found.rows.iter().map(|row| Row {
        href: Some(address_of(&row.stream)),
        cells: vec![
            html! { bdi { (named(matter, row)) } },
            html! { bdi { (row.address.as_deref().or(row.area.as_deref()).unwrap_or(lang.pick("全区", "The whole district"))) } },
            html! { (lang.undertaking(&row.stage)) },
            html! {
                @if let Some(due) = row.due {
                    (day(lang, due))
                    @if over(row) { " " span.flag { (lang.days_left(due, today)) } }
                } @else { "—" }
            },
            html! { (day(lang, row.changed_on)) },
        ],
        tone: if over(row) { Tone::Grave } else { Tone::Calm },
    });
    let caption = lang.pick(list.title[0], list.title[1]).to_owned();
    html! {
        (data_table(&TableView { caption, columns, rows: rows.collect() }))
        (paging::ways(lang, found, |number| wanted.address(list.path, &number.to_string())))
    }
}

/// What a row is about, out of what is public of it.
fn named(matter: &Matter, row: &UndertakingView) -> String {
    let (lang, state) = (matter.lang, &row.state);
    let text = |at: &str| state.pointer(at).and_then(serde_json::Value::as_str).map(str::to_owned);
    let of_form = |step: &str, field: &str, at: &str| {
        let code = text(at)?;
        let step = steps::of(&row.kind).find(|known| known.command == step)?;
        let field = step.fields.iter().find(|known| known.name == field)?;
        Some(super::choices::told(matter, field, &code))
    };
    let name = match row.kind.as_str() {
        "association" => text("/registered/name"),
        "board" => text("/place/place"),
        "campaign" => of_form("launch", "kind", "/launched/kind"),
        "measure" => text("/proposed/measure")
            .map(|id| matter.measure(&id))
            .or_else(|| of_form("offer", "incentive", "/offered/incentive"))
            .or_else(|| of_form("hold_training", "topic", "/held/topic")),
        "meeting" => {
            text("/held/from").zip(text("/held/until")).map(|(from, until)| format!("{from} – {until}"))
        }
        _ => None,
    };
    name.unwrap_or_else(|| stage::kind(lang, &row.kind).to_owned())
}

/// Plaques at the doors: to hang, to replace, to take down.
fn plaques_section(lang: Lang, found: &Paged<PlaqueLine>, resting: &BTreeMap<String, Rest>) -> Markup {
    let heading = lang.pick("门口的牌子", "Plaques at the doors");
    if found.rows.is_empty() {
        return section(heading, empty_state(lang.pick("都挂对了。", "All hang as they should."), None));
    }
    let columns =
        vec![Column::text(lang.pick("地址", "Address")), Column::text(lang.pick("要做什么", "To do"))];
    let rows = found.rows.iter().map(|line| {
        let rest = resting.get(&line.premises.id);
        let waits = rest.map(|rest| {
            lang.pick(
                format!("暂缓：{}", suspended(lang, rest)),
                format!("It waits: {}", suspended(lang, rest)),
            )
        });
        Row {
            href: Some(address_of(&format!("premises/{}/grade", line.premises.id))),
            cells: vec![
                html! { bdi { (line.premises.address) } },
                html! {
                    (plaque_to_do(lang, line).join(lang.pick("；", "; ")))
                    @if let Some(waits) = waits { br; span.quiet { (waits) } }
                },
            ],
            tone: if rest.is_some() { Tone::Calm } else { Tone::Warning },
        }
    });
    let table = TableView { caption: heading.to_owned(), columns, rows: rows.collect() };
    let count = lang.pick(format!("共 {} 处", found.total), format!("{} in all", found.total));
    section(heading, html! { p.hint { (count) } (data_table(&table)) })
}

fn plaque_to_do(lang: Lang, line: &PlaqueLine) -> Vec<String> {
    let mut todo = Vec::new();
    match (line.shows, line.premises.star) {
        (None, Some(star)) => todo.push(lang.pick(
            format!("要挂公示牌：{}{}", lang.stars(Some(star)), found_gone(lang, line.missing_since)),
            format!(
                "Hang the grade plaque: {}{}",
                lang.stars(Some(star)),
                found_gone(lang, line.missing_since)
            ),
        )),
        (Some(shows), Some(star)) if shows != star => todo.push(lang.pick(
            format!("要换公示牌：现在写的是{}，应为{}", lang.stars(Some(shows)), lang.stars(Some(star))),
            format!(
                "Replace the grade plaque: it shows “{}”, “{}” is in force",
                lang.stars(Some(shows)),
                lang.stars(Some(star))
            ),
        )),
        (Some(_), None) => todo
            .push(lang.say("要摘公示牌：没有生效的等级", "Take the grade plaque down: no grade is in force")),
        _ => {}
    }
    match (line.supervision_hangs, line.supervision_due) {
        (false, true) => todo.push(format!(
            "{}{}",
            lang.say("要挂监督牌", "Hang the supervision plaque"),
            found_gone(lang, line.supervision_missing_since)
        )),
        (true, false) => todo.push(lang.say("要摘监督牌", "Take the supervision plaque down")),
        _ => {}
    }
    todo
}

/// Behind a plaque that hung and is gone: since when that is known.
fn found_gone(lang: Lang, since: Option<NaiveDate>) -> String {
    since
        .map(|on| {
            lang.pick(format!("（{on} 发现不见了）"), format!(" (it hung, and was found missing on {on})"))
        })
        .unwrap_or_default()
}

/// The hazards that the rulebooks in use know, by their indicators.
fn indicators(app: &App, lang: Lang) -> Result<BTreeMap<String, String>, ViewsError> {
    let mut indicators = BTreeMap::new();
    for layer in [Layer::Unit, Layer::Building] {
        let rulebook = app.operating(layer)?;
        let all = rulebook.iter().flat_map(|rulebook| &rulebook.scheme.indicators);
        for indicator in all.filter(|indicator| indicator.hazard.is_some()) {
            indicators.insert(indicator.id.clone(), lang.hazard(&indicator.id, Some(indicator)));
        }
    }
    Ok(indicators)
}

/// What the filter chooses.
fn chosen_note(lang: Lang, matter: &Matter) -> Markup {
    let count = matter.chosen.premises.len();
    html! {
        p.hint {
            @if count == 0 {
                (lang.pick("先用上面的条件筛选房屋，再启动专项行动。", "Filter premises above first, then launch a campaign over them."))
            } @else if count >= CHOSEN_MAX {
                (lang.pick(format!("筛选出的房屋超过或正好 {CHOSEN_MAX} 处，一次专项行动最多 {CHOSEN_MAX} 处：下面是按地址排在前面的。其余的请缩小范围，另行启动。"), format!("The filter chooses {CHOSEN_MAX} premises or more, and a campaign takes in {CHOSEN_MAX} at most: these are the first by address. Narrow it and launch another for the rest.")))
            } @else {
                (lang.pick(format!("筛选出 {count} 处房屋，已填入下面的表格。"), format!("The filter chooses {count} premises; they stand in the form below.")))
            }
        }
    }
}

const LISTS: &[List] = &[
    List {
        path: "/desk/measures",
        concept: "measure",
        title: ["分级处置措施和培训", "Measures and trainings"],
        key: "t",
    },
    List { path: "/desk/inspections", concept: "inspection", title: ["检查", "Inspections"], key: "i" },
    List { path: "/desk/campaigns", concept: "campaign", title: ["专项行动", "Campaigns"], key: "c" },
    List { path: "/desk/meetings", concept: "meeting", title: ["联席会议", "Joint meetings"], key: "m" },
    List {
        path: "/desk/boards",
        concept: "board",
        title: ["公告栏和门口的牌子", "Notice boards and plaques"],
        key: "b",
    },
    List {
        path: "/desk/associations",
        concept: "association",
        title: ["楼栋长联合会", "Associations of building stewards"],
        key: "s",
    },
];
/// States in which a day that has passed is nobody's to keep.
const ENDED: &[&str] = &["carried_out", "closed", "concluded", "ended", "refused"];
