//! Subject page, where the QR code on the door leads: the grade, since when, and why.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};
use wuping_domain::derivation::Computed;
use wuping_domain::grade::Determination;
use wuping_domain::rulebook::{Layer, Rulebook};
use wuping_domain::subject::{ShutDoors, Subject};
use wuping_projections::queries::{
    HazardFilter, HazardView, HistoryLine, Page as ViewPage, Paged, PremisesLine, ResultView, SubjectView,
};
use wuping_projections::recording::recorded;

use super::beside::Beside;
use super::front::{code_of, premises_table, subject_address};
use super::origins::origin_of_premises;
use super::state::{Asking, ReadError, Site, encoded};
use super::why::why;
use super::{bans, vacancies};
use crate::look::parts::*;
use crate::look::qr::{QrView, qr_block};
use crate::look::words::{Lang, local_day};

/// `/s/{code}`.
pub fn routes() -> Router<Site> {
    Router::new().route("/s/{code}", get(subject))
}

/// All that the page shows of premises.
struct Told {
    view: SubjectView,
    children: Paged<PremisesLine>,
    history: Vec<HistoryLine>,
    put_right: Vec<HazardView>,
    /// Those by which hazards are named: of the result in force, of the newest determination, of the office.
    rulebooks: Vec<Arc<Rulebook>>,
    reckoning: Option<(Determination, Arc<Rulebook>)>,
    beside: Beside,
    /// That nobody could enter, as often as makes a unit not assessed.
    shut: Option<ShutDoors>,
    /// Where its vacancy is shown, while it is.
    to_let: Option<String>,
}

async fn subject(State(site): State<Site>, asking: Asking, Path(code): Path<String>) -> Response {
    let asked = code.clone();
    match site.read(move |site| told(site, &asked)).await {
        Ok(Some(told)) => {
            let lang = asking.lang;
            let premises = &told.view.premises;
            let path = format!("/s/{}", encoded(code_of(&premises.codes, &premises.id)));
            let body = shown(&asking, &told, site.full_address(&asking, &path));
            let title = format!("{} · {}", lang.pick("房屋等级", "Grade"), premises.address);
            let in_force = told.view.grade.as_ref().and_then(|grade| grade.in_force.as_ref());
            let rulebook = in_force.map(|result| result.rulebook.id.as_str());
            let origin = origin_of_premises(lang, &premises.id, rulebook);
            site.page_from(&asking, "/", &title, body, origin).await.into_response()
        }
        Ok(None) => site.not_found(&asking, &unknown(asking.lang, &code)).await,
        Err(error) => site.broken(&asking, &error).await,
    }
}

fn told(site: &Site, code: &str) -> Result<Option<Told>, ReadError> {
    let Some(premises) = site.views().premises_by_code(code)? else { return Ok(None) };
    let Some(view) = site.views().subject_view(&premises.id)? else { return Ok(None) };
    let page = ViewPage { number: 1, size: CHILDREN_SHOWN };
    let children = site.views().children(&premises.id, page)?;
    let history = public_history(site.views().grade_history(&premises.id)?);
    let in_force = view.grade.as_ref().and_then(|grade| grade.in_force.as_ref());
    let reckoning = in_force.map(|result| reckoned(site, result)).transpose()?.flatten();
    let put_right = put_right(site, &premises.id)?;
    let named = !view.open_hazards.is_empty() || !put_right.is_empty();
    let rulebooks = if named { naming(site, &view)? } else { Vec::new() };
    let beside = Beside::of(site, &premises.id, view.grade.as_ref())?;
    let shut = shut_doors(site, &view)?;
    let to_let = vacancies::of(site, &view)?;
    Ok(Some(Told { view, children, history, put_right, rulebooks, reckoning, beside, shut, to_let }))
}

/// Whether nobody could enter a unit so often that it is not assessed.
fn shut_doors(site: &Site, view: &SubjectView) -> Result<Option<ShutDoors>, ReadError> {
    let premises = &view.premises;
    if premises.layer != Layer::Unit || premises.closed_on.is_some() {
        return Ok(None);
    }
    let mut subject = Subject::default();
    site.reader.each_of_subject(&format!("premises/{}", premises.id), None, |row| {
        // what this version cannot read says nothing about doors
        if let Ok(recorded) = recorded(&row) {
            subject.apply(&recorded);
        }
        Ok::<_, ReadError>(())
    })?;
    let today = local_day(chrono::Utc::now());
    let operating = site.views().operating_rulebook(premises.layer, today)?;
    let scheme = subject.scheme().or_else(|| operating.map(|operating| operating.scheme));
    let rulebook = scheme.and_then(|scheme| site.shelf.rulebook(&scheme));
    Ok(rulebook.and_then(|rulebook| subject.shut_doors(&rulebook)))
}

/// A hazard is often there before any grade binds: then the determination that waits names it, or what the office works by.
fn naming(site: &Site, view: &SubjectView) -> Result<Vec<Arc<Rulebook>>, ReadError> {
    let grade = view.grade.as_ref();
    let results =
        [grade.and_then(|grade| grade.in_force.as_ref()), grade.and_then(|grade| grade.latest.as_ref())];
    let results = results.into_iter().flatten().map(|result| result.rulebook.clone());
    let today = local_day(chrono::Utc::now());
    let operating = site.views().operating_rulebook(view.premises.layer, today)?;
    let schemes = results.chain(operating.map(|operating| operating.scheme));
    Ok(schemes.filter_map(|scheme| site.shelf.rulebook(&scheme)).collect())
}

/// What of a history anybody may see: what was in force and prohibitions, never a result that only waits.
pub(super) fn public_history(history: Vec<HistoryLine>) -> Vec<HistoryLine> {
    let public = |line: &HistoryLine| {
        line.in_force || matches!(line.kind.as_str(), "none_in_force" | "prohibited" | "prohibition_lifted")
    };
    history.into_iter().filter(public).collect()
}

/// What of the open hazards anybody may see: those that their department has confirmed.
pub(super) fn public_hazards(hazards: &[HazardView]) -> impl Iterator<Item = &HazardView> {
    hazards.iter().filter(|hazard| hazard.confirmed_on.is_some())
}

/// Hazards that were confirmed and whose repair was accepted, the newest first.
fn put_right(site: &Site, id: &str) -> Result<Vec<HazardView>, ReadError> {
    let filter = HazardFilter { closed_too: true, premises: Some(id.to_owned()), ..HazardFilter::default() };
    let mut hazards = site.views().hazards(&filter, ViewPage::whole())?.rows;
    hazards.retain(|hazard| hazard.confirmed_on.is_some() && hazard.accepted_on.is_some());
    hazards.sort_by_key(|hazard| std::cmp::Reverse(hazard.accepted_on));
    hazards.truncate(PUT_RIGHT_SHOWN);
    Ok(hazards)
}

/// The whole reckoning of a result, out of its own entry.
fn reckoned(site: &Site, result: &ResultView) -> Result<Option<(Determination, Arc<Rulebook>)>, ReadError> {
    let Some(row) = site.reader.row(result.position)? else { return Ok(None) };
    // The entry of a computed result says it whole; one that does not is shown without its reasons.
    let Ok(computed) = serde_json::from_str::<Computed<Determination>>(&row.payload) else { return Ok(None) };
    Ok(site.shelf.rulebook(&result.rulebook).map(|rulebook| (computed.result, rulebook)))
}

fn unknown(lang: Lang, code: &str) -> ErrorView {
    let short: String = code.chars().take(40).collect();
    ErrorView {
        what: lang.say("没有找到这套房屋", "These premises were not found"),
        why: lang.pick(
            format!("没有编码为“{short}”的登记。"),
            format!("Nothing is registered under the code “{short}”."),
        ),
        todo: vec![
            lang.say("请对照门牌再核对一遍编码。", "Compare the code with the door plate."),
            lang.say("也可以按地址查找。", "Or search by address."),
        ],
        links: vec![Link::new("/", lang.pick("按地址查找", "Search by address"))],
        reference: None,
    }
}

fn shown(asking: &Asking, told: &Told, full_address: String) -> Markup {
    let (lang, view) = (asking.lang, &told.view);
    let premises = &view.premises;
    let code = code_of(&premises.codes, &premises.id);
    let hazards: Vec<&HazardView> = public_hazards(&view.open_hazards).collect();
    html! {
        (page_heading(Some(lang.layer(&premises.layer.to_string())), &premises.address, premises.name.as_deref()))
        (grade_band(lang, &band(lang, told)))
        @if premises.closed_on.is_none() {
            p { a.button.button-plain href={ "/s/" (encoded(code)) "/report" } { (lang.pick("反映这里的问题", "Report a problem here")) } }
        }
        @if let Some(href) = &told.to_let {
            (notice_box(Tone::Calm, lang.pick("这套房正在出租", "This home is to let"), &[]))
            p { a href=(href) { (lang.pick("看租金、入住日期，向服务站询问", "See the rent and when it is free, and ask the service station")) } }
        }
        @for [zh, en] in premises.tags.iter().filter_map(|tag| without_grade(tag)) {
            (notice_box(Tone::Calm, lang.pick("为什么没有等级", "Why there is no grade"), &[lang.say(zh, en)]))
        }
        @if let Some(closed_on) = premises.closed_on {
            (notice_box(Tone::Warning, lang.pick("已注销", "Closed"), &[lang.pick(
                format!("从 {closed_on} 起不再评定。"),
                format!("Not graded any more since {closed_on}."),
            )]))
        }
        @if !hazards.is_empty() {
            (section(lang.pick("还没有消除的隐患", "Open hazards"), hazard_list(lang, told, &hazards)))
        }
        @if !told.history.is_empty() {
            (section(lang.pick("历次等级", "Grades over time"), history(lang, &told.history)))
        }
        @if !told.put_right.is_empty() {
            (section(lang.pick("已经消除的隐患", "Hazards put right"), put_right_list(lang, told)))
        }
        @if let Some((determination, rulebook)) = &told.reckoning { (why(lang, determination, rulebook)) }
        @if told.children.total > 0 { (parts_of(lang, told)) }
        (section(lang.pick("登记信息", "Register"), html! {
            (facts(&register(lang, told, code)))
            p { a href={ "/audit/" (encoded(code)) } { (lang.pick("每一条记录和证明", "Every record with its proof")) } }
        }))
        @if premises.closed_on.is_none() {
            @if premises.layer == Layer::Unit {
                p { a href={ "/s/" (encoded(code)) "/survey" } { (lang.pick("住户：回答满意度问卷", "Residents: answer the survey")) } }
            }
            p { a href={ "/desk/premises/" (encoded(&premises.id)) } { (lang.pick("业主、楼栋长、工作人员：在这里办事", "Owners, stewards and staff: go on here")) } }
        }
        (qr_block(lang, &QrView {
            address: full_address,
            caption: lang.say("扫码看这套房屋的等级", "Scan for the grade of these premises"),
        }))
    }
}

/// What a mark of premises without a grade says, where it says why there is none.
fn without_grade(tag: &str) -> Option<[&'static str; 2]> {
    Some(match tag {
        "awaiting_inspection" => ["等待检查。", "Awaiting inspection."],
        "awaiting_publication" => {
            ["已经检查，等级还没有公布。", "Inspected; the grade is not published yet."]
        }
        "exempt" => ["免于评级。", "Exempt from grading."],
        _ => return None,
    })
}

fn band(lang: Lang, told: &Told) -> GradeView {
    let grade = told.view.grade.as_ref();
    let in_force = grade.and_then(|grade| grade.in_force.as_ref());
    let waits = grade.is_some_and(|grade| grade.waiting_for.is_some());
    let state = match (in_force, waits, grade.is_some_and(|grade| grade.latest.is_some() && !grade.published))
    {
        (Some(_), ..) if told.beside.under_appeal() => GradeState::UnderAppeal,
        (Some(_), ..) => GradeState::InForce,
        (None, true, _) => GradeState::AwaitingConfirmation,
        (None, false, true) => GradeState::Void,
        (None, false, false) => GradeState::NotAssessed,
    };
    let pending = waits.then(|| {
        lang.say(
            "有一个新的评定结果在等待处理，须经确认才生效；生效以前，以这里显示的为准。",
            "A newer result is being dealt with and must be confirmed; until it takes effect, what stands here counts.",
        )
    });
    let rulebook = in_force
        .map(|result| Link::new(format!("/rules/{}", encoded(&result.rulebook.id)), &result.rulebook.id));
    let banned = bans::in_full(lang, &told.view);
    GradeView {
        stars: in_force.and_then(|result| result.star),
        word: in_force.filter(|result| result.star.is_none()).map(|result| result.band.clone()),
        level: in_force.and_then(level_of),
        score: in_force.and_then(|result| u32::try_from(result.score).ok()),
        since: in_force.map(|result| result.day),
        rulebook,
        state,
        pending,
        remarks: [
            lowest(lang, in_force, !banned.is_empty()),
            Vec::from_iter(told.shut.as_ref().map(|shut| not_entered(lang, shut, in_force.is_some()))),
            told.beside.remarks(lang),
        ]
        .concat(),
        banned,
    }
}

/// That nobody could enter, which is no bad grade; what was graded before goes on.
fn not_entered(lang: Lang, shut: &ShutDoors, graded: bool) -> String {
    let (since, times) = (lang.day(shut.since), shut.failed_visits);
    let rounds = lang.patrol_rule(shut.patrol_rule.code());
    if graded {
        return lang.pick(
            format!("自 {since} 起未评定：有 {times} 天上门评定都没能进门。这里显示的是最近一次的等级，继续有效；所在楼栋巡查{rounds}。"),
            format!("Not assessed since {since}: on {times} days nobody could enter to assess it. What stands here is the last grade; it goes on, and its building is looked at {rounds}."),
        );
    }
    lang.pick(
        format!("自 {since} 起未评定：有 {times} 天上门评定都没能进门。未评定不等于等级低；所在楼栋巡查{rounds}。"),
        format!("Not assessed since {since}: on {times} days nobody could enter to assess it. That is no low grade; its building is looked at {rounds}."),
    )
}

/// Of the lowest grade without a ban: that it is none.
fn lowest(lang: Lang, in_force: Option<&ResultView>, banned: bool) -> Vec<String> {
    let lowest = lang.say(
        "等级最低，每天巡查，并提示风险；还没有禁止出租的决定，那要另有法律依据。",
        "The lowest grade: looked at every day, with a risk notice. Letting is not prohibited: that takes a ground in law.",
    );
    let star = in_force.and_then(|result| result.star);
    Vec::from_iter((star == Some(0) && !banned).then_some(lowest))
}

fn level_of(result: &ResultView) -> Option<Level> {
    result.management_level.as_deref().and_then(Level::from_code)
}

/// A hazard's name: that its indicator is not met, or the source's own code.
fn hazard_name(lang: Lang, told: &Told, hazard: &HazardView) -> String {
    let indicator = told.rulebooks.iter().find_map(|rulebook| rulebook.indicator(&hazard.indicator));
    lang.hazard(&hazard.indicator, indicator)
}

fn put_right_list(lang: Lang, told: &Told) -> Markup {
    let columns = vec![
        Column::text(lang.pick("隐患", "Hazard")),
        Column::text(lang.pick("严重程度", "Severity")),
        Column::text(lang.pick("发现日期", "Found on")),
        Column::text(lang.pick("验收合格", "Repair accepted")),
    ];
    let rows = told.put_right.iter().map(|hazard| Row {
        href: None,
        cells: vec![
            html! { (hazard_name(lang, told, hazard)) },
            html! { (lang.severity(&hazard.severity)) },
            day(lang, hazard.found_on),
            html! { @if let Some(accepted) = hazard.accepted_on { (day(lang, accepted)) } },
        ],
        tone: Tone::Calm,
    });
    let caption = lang.say("已经消除的隐患", "Hazards put right");
    data_table(&TableView { caption, columns, rows: rows.collect() })
}

fn hazard_list(lang: Lang, told: &Told, hazards: &[&HazardView]) -> Markup {
    let columns = vec![
        Column::text(lang.pick("隐患", "Hazard")),
        Column::text(lang.pick("严重程度", "Severity")),
        Column::text(lang.pick("发现日期", "Found on")),
        Column::text(lang.pick("进展", "State")),
    ];
    let rows = hazards.iter().map(|hazard| Row {
        href: None,
        cells: vec![
            html! { (hazard_name(lang, told, hazard)) },
            html! { (lang.severity(&hazard.severity)) },
            day(lang, hazard.found_on),
            html! { (lang.case_state(&hazard.stage)) },
        ],
        tone: if hazard.severity == "major" { Tone::Grave } else { Tone::Warning },
    });
    let caption = lang.say("还没有消除的隐患", "Open hazards");
    data_table(&TableView { caption, columns, rows: rows.collect() })
}

/// A step line where the scheme has stars, a table of words and scores where it has none.
fn history(lang: Lang, lines: &[HistoryLine]) -> Markup {
    let since = |line: &HistoryLine| line.effective_from.unwrap_or_else(|| local_day(line.recorded_at));
    let reason = |line: &HistoryLine| {
        let trigger = line.trigger.as_deref().map(|trigger| lang.trigger(trigger).to_owned());
        trigger.unwrap_or_else(|| match line.kind.as_str() {
            "prohibited" => lang.say("禁止出租", "letting prohibited"),
            "prohibition_lifted" => lang.say("解除禁租", "prohibition lifted"),
            _ => String::new(),
        })
    };
    let stars_given =
        lines.iter().any(|line| line.result.as_ref().is_some_and(|result| result.star.is_some()));
    if stars_given {
        let graded = lines.iter().filter(|line| line.result.is_some() || line.kind == "none_in_force");
        // newest first they come, and of one day the last one counts
        let points: Vec<GradePoint> = graded
            .rev()
            .map(|line| GradePoint {
                on: since(line),
                stars: line.result.as_ref().and_then(|result| result.star),
                level: line.result.as_ref().and_then(level_of),
                why: reason(line),
                href: None,
            })
            .collect();
        let bans =
            lines.iter().filter(|line| matches!(line.kind.as_str(), "prohibited" | "prohibition_lifted"));
        let bans: Vec<Markup> =
            bans.map(|line| html! { (day(lang, since(line))) " " (reason(line)) }).collect();
        return html! {
            (grade_steps(lang, &points, local_day(chrono::Utc::now())))
            @if !bans.is_empty() { ul.doors { @for ban in &bans { li { (ban) } } } }
        };
    }
    let columns = vec![
        Column::text(lang.pick("从哪天起", "Since")),
        Column::text(lang.pick("等级", "Grade")),
        Column::number(lang.pick("得分", "Score")),
        Column::text(lang.pick("原因", "Why")),
    ];
    let rows = lines.iter().map(|line| Row {
        href: None,
        cells: vec![
            day(lang, since(line)),
            html! { @if let Some(result) = &line.result { (result.band) } @else { "—" } },
            html! { @if let Some(result) = &line.result { (result.score) } @else { "—" } },
            html! { (reason(line)) },
        ],
        tone: Tone::Calm,
    });
    let caption = lang.say("历次等级", "Grades over time");
    data_table(&TableView { caption, columns, rows: rows.collect() })
}

/// The units of a building, the buildings of an estate.
fn parts_of(lang: Lang, told: &Told) -> Markup {
    let total = told.children.total;
    let heading = lang.pick(format!("下属房屋（{total}）"), format!("Premises within ({total})"));
    let left = total.saturating_sub(told.children.rows.len() as u64);
    section(
        &heading,
        html! {
            (premises_table(lang, &heading, &told.children.rows))
            @if left > 0 {
                p.quiet { (lang.pick(
                    format!("另有 {left} 套没有列出，请按地址查找。"),
                    format!("{left} more are not listed; search by address."),
                )) }
            }
        },
    )
}

fn register(lang: Lang, told: &Told, code: &str) -> Vec<Fact> {
    let premises = &told.view.premises;
    let mut register = vec![Fact::code(lang.pick("编码", "Code"), code)];
    if let Some(parent) = &told.view.parent {
        let link = html! { a href=(subject_address(parent)) { (parent.address) } };
        register.push(Fact::new(lang.pick("所在", "Part of"), link));
    }
    let places = [
        (lang.pick("街道", "Subdistrict"), premises.subdistrict.clone()),
        (lang.pick("社区", "Community"), premises.community.clone()),
        (lang.pick("层数", "Storeys"), premises.storeys.map(|n| n.to_string()).unwrap_or_default()),
        (lang.pick("套数", "Units"), premises.units.map(|n| n.to_string()).unwrap_or_default()),
        (lang.pick("建成年份", "Year built"), premises.year_built.map(|n| n.to_string()).unwrap_or_default()),
    ];
    let stated = places.into_iter().filter(|(_, value)| !value.is_empty());
    register.extend(stated.map(|(label, value)| Fact::text(label, value)));
    register
}

/// Units and buildings listed on the page of what they belong to.
const CHILDREN_SHOWN: u64 = 300;
/// Hazards put right that are listed on the page.
const PUT_RIGHT_SHOWN: usize = 12;
