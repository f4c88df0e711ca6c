//! Work that waits: assessments under way, hazards to review, grades to confirm, rounds that are due.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use chrono::{Days, NaiveDate};
use maud::{Markup, html};
use serde::Deserialize;
use wuping_domain::facts::{Grant, Role};
use wuping_domain::reaction::Rulebooks;
use wuping_domain::recorded::local_date;
use wuping_domain::rulebook::Rulebook;
use wuping_projections::ViewsError;
use wuping_projections::queries::{
    AssessmentFilter, HazardFilter, HazardView, OpenAssessmentView, Page as ViewPage, Paged, PatrolFilter,
    PatrolView, WaitingLine,
};

use crate::app::App;
use crate::sample;
use crate::shelf::LAYERS;
use crate::web::desk::opening_form;
use crate::web::desk_page::{broken_text, refused_page, shown};
use crate::web::front::page_number;
use crate::web::look::parts::*;
use crate::web::look::words::Lang;
use crate::web::session::Signed;

/// Which page of each list is shown, from 1: the address says it, so that it can be kept and sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PageOf {
    assessments: String,
    confirmations: String,
    confirmed: String,
    hazards: String,
    patrols: String,
}

/// What waits, for anybody of the office.
struct Waiting {
    assessments: Paged<OpenAssessmentView>,
    confirmations: Paged<WaitingLine>,
    hazards: Paged<HazardView>,
    confirmed: Paged<HazardView>,
    patrols: Paged<PatrolView>,
    rulebooks: Vec<Arc<Rulebook>>,
}

/// What waits for the person who is signed in, by role, department and area.
pub(super) async fn work(
    State(app): State<Arc<App>>,
    signed: Signed,
    Query(page): Query<PageOf>,
) -> Response {
    let lang = signed.lang;
    let today = local_date(chrono::Utc::now());
    let actor = app.actor(&signed.session.account);
    let grants = actor.map(|actor| actor.grants).unwrap_or_default();
    let (asked, house) = (grants.clone(), app.clone());
    let read = tokio::task::spawn_blocking(move || waiting(&house, &asked, today, &page));
    let Ok(Ok(waiting)) = read.await else {
        return refused_page(&app, lang, Some(&signed), &broken_text(lang));
    };
    let may = |roles: &[Role]| grants.iter().any(|grant| roles.contains(&grant.role));
    let body = html! {
        (page_heading(None, lang.pick("待办", "Your work"), None))
        @if sample::is_sample(app.ledger.origin()) { (tried_role(lang, &signed)) }
        @if may(&[Role::GridWorker, Role::DepartmentOfficer, Role::StreetLead, Role::CommunityLead]) {
            (counted(
                lang,
                lang.pick("进行中的评定", "Open assessments"),
                (&waiting.assessments, "assessments"),
                open_assessments(lang, &waiting.assessments),
            ))
        }
        @if may(&[Role::DepartmentOfficer, Role::CompetentAuthority]) {
            @let review = (lang.pick("待审核的隐患", "Hazards to review"), lang.pick("没有待审核的隐患。", "No hazard waits for review."));
            (counted(lang, review.0, (&waiting.hazards, "hazards"), hazards(lang, &waiting.hazards, &waiting.rulebooks, review)))
            @let accept = (lang.pick("整改中的隐患", "Hazards being put right"), lang.pick("没有整改中的隐患。", "No hazard is being put right."));
            (counted(lang, accept.0, (&waiting.confirmed, "confirmed"), hazards(lang, &waiting.confirmed, &waiting.rulebooks, accept)))
        }
        @if may(&HEARING) {
            (counted(
                lang,
                lang.pick("待确认的等级", "Grades awaiting confirmation"),
                (&waiting.confirmations, "confirmations"),
                confirmations(lang, &waiting.confirmations),
            ))
        }
        @if may(&[Role::GridWorker, Role::StreetLead, Role::CommunityLead, Role::Dispatcher]) {
            (counted(lang, lang.pick("一周内要巡查的楼", "Rounds due within a week"), (&waiting.patrols, "patrols"), patrols(lang, &waiting.patrols, today)))
        }
        @if may(&[Role::GridWorker, Role::DepartmentOfficer]) {
            (section(lang.pick("开始评定", "Begin an assessment"), opening_form(&signed)))
        }
        @if may(&FEEDING) {
            (section(lang.pick("系统数据", "Results of other systems"), link_list(&[
                Link::new("/desk/feeds", lang.say("上传其他系统提供的结果", "Upload what another system shares")),
            ])))
        }
        @if !may(&WORKING) && !may(&HEARING) && !may(&FEEDING) {
            (empty_state(lang.pick("这个身份目前没有待办。", "Nothing waits for this role."), None))
        }
    };
    shown(&app, lang, Some(&signed), lang.pick("待办", "Your work"), body).into_response()
}

/// Grades wait for whoever is asked; hazards for the department, rounds and assessments in the area of the person.
fn waiting(app: &App, grants: &[Grant], today: NaiveDate, page: &PageOf) -> Result<Waiting, ViewsError> {
    let views = app.views.views();
    let area = grants.iter().find_map(|grant| grant.area.clone());
    let department = grants.iter().find_map(|grant| grant.department.clone());
    let assessments = AssessmentFilter { subdistrict: area.clone(), ..AssessmentFilter::default() };
    let hazards = HazardFilter {
        competent: department,
        stage: Some("pending_review".to_owned()),
        ..HazardFilter::default()
    };
    let confirmed = HazardFilter { stage: None, unsettled: true, ..hazards.clone() };
    let due_by = today.checked_add_days(Days::new(SOON_DAYS));
    let patrols = PatrolFilter { due_by, subdistrict: area, ..PatrolFilter::default() };
    let mut rulebooks = Vec::new();
    for layer in LAYERS {
        let operating = views.operating_rulebook(layer, today)?;
        rulebooks.extend(operating.and_then(|operating| app.shelf.rulebook(&operating.scheme)));
    }
    Ok(Waiting {
        rulebooks,
        assessments: views.open_assessments(&assessments, ViewPage::of(page_number(&page.assessments)))?,
        confirmations: views.waiting_confirmations(ViewPage::of(page_number(&page.confirmations)))?,
        hazards: views.hazards(&hazards, ViewPage::of(page_number(&page.hazards)))?,
        confirmed: views.hazards(&confirmed, ViewPage::of(page_number(&page.confirmed)))?,
        patrols: views.patrols_due(&patrols, ViewPage::of(page_number(&page.patrols)))?,
    })
}

/// A list under its true count, with the ways to its other pages where it has some.
fn counted<T>(lang: Lang, heading: &str, (of, name): (&Paged<T>, &str), list: Markup) -> Markup {
    let at = |page: u64| format!("/desk?{name}={page}");
    let (before, shown) = (of.page.saturating_sub(1) * ViewPage::of(1).size, of.rows.len() as u64);
    let pages = PagesView {
        total: of.total,
        first: before + 1,
        last: before + shown,
        position: None,
        previous: (of.page > 1).then(|| at(of.page - 1)),
        next: (of.page < of.pages).then(|| at(of.page + 1)),
    };
    let heading = format!("{heading} {}", lang.count(of.total));
    section(&heading, html! { (list) @if of.pages > 1 { (pagination(lang, &pages)) } })
}

/// Whose part a visitor of the sample plays, and what there is to try.
fn tried_role(lang: Lang, signed: &Signed) -> Markup {
    let login = signed.session.account.strip_prefix("sample-").unwrap_or_default();
    let Some(person) = sample::people::person(login) else { return html! {} };
    let role = lang.role(person.role.code());
    let heading =
        lang.pick(format!("您现在是{}（{role}）", person.name), format!("You are {}, {role}", person.name));
    let does = lang.pick(person.does_zh, person.does_en);
    let story = format!("/s/{}", sample::story_code());
    html! {
        div.notice.notice-calm role="note" {
            p.notice-head { strong { (heading) } }
            @if !does.is_empty() { p { (does) } }
            p {
                a href=(story) { (lang.pick("示例楼1的来历", "The story of 示例楼1")) }
                " · " a href="/sign-in" { (lang.pick("换一个身份", "Another role")) }
            }
        }
    }
}

fn open_assessments(lang: Lang, open: &Paged<OpenAssessmentView>) -> Markup {
    if open.rows.is_empty() {
        return empty_state(lang.pick("没有进行中的评定。", "No assessment is open."), None);
    }
    let columns = vec![
        Column::text(lang.pick("地址", "Address")),
        Column::text(lang.pick("原因", "Reason")),
        Column::text(lang.pick("开始", "Begun")),
        Column::number(lang.pick("已填", "Done")),
        Column::text(lang.pick("还差", "Still owed")),
    ];
    let owed = |line: &OpenAssessmentView| {
        let parts = [
            (line.missing_grid, lang.collect("grid")),
            (line.missing_department, lang.collect("department")),
            (line.missing_feed, lang.collect("feed")),
        ];
        let owed = parts.iter().filter(|(missing, _)| *missing > 0);
        let owed: Vec<String> = owed.map(|(missing, who)| format!("{who} {missing}")).collect();
        if owed.is_empty() {
            lang.say("可以提交", "ready to submit")
        } else {
            owed.join(lang.pick("，", ", "))
        }
    };
    let rows = open.rows.iter().map(|line| Row {
        href: Some(format!("/desk/assessments/{}/{}", line.premises, line.assessment)),
        cells: vec![
            html! { bdi { (line.address) } },
            html! { (lang.assessment_reason(&line.reason)) },
            day(lang, line.opened_on),
            html! { (line.results) " / " (line.indicators) },
            html! { (owed(line)) },
        ],
        tone: Tone::Calm,
    });
    let caption = lang.say("进行中的评定", "Open assessments");
    data_table(&TableView { caption, columns, rows: rows.collect() })
}

fn confirmations(lang: Lang, waiting: &Paged<WaitingLine>) -> Markup {
    if waiting.rows.is_empty() {
        return empty_state(lang.pick("没有待确认的等级。", "No grade waits for confirmation."), None);
    }
    let columns = vec![
        Column::text(lang.pick("地址", "Address")),
        Column::text(lang.pick("新结果", "New result")),
        Column::text(lang.pick("评定日期", "Determined")),
        Column::text(lang.pick("等什么", "Waits for")),
    ];
    let rows = waiting.rows.iter().map(|line| Row {
        href: Some(format!("/desk/grades/{}", line.premises.id)),
        cells: vec![
            html! { bdi { (line.premises.address) } },
            html! { @if let Some(latest) = &line.grade.latest { (grade_line(lang, latest.star, latest.management_level.as_deref().and_then(Level::from_code))) } },
            html! { @if let Some(latest) = &line.grade.latest { (day(lang, latest.day)) } },
            html! { (awaited(lang, line.grade.waiting_for.as_deref())) },
        ],
        tone: Tone::Warning,
    });
    let caption = lang.say("待确认的等级", "Grades awaiting confirmation");
    data_table(&TableView { caption, columns, rows: rows.collect() })
}

/// What a determination waits for, in words.
fn awaited(lang: Lang, code: Option<&str>) -> &'static str {
    match code {
        Some("invitation") => lang.pick("通知当事人陈述申辩", "the invitation to be heard"),
        Some("statement") => lang.pick("当事人陈述，或期限届满", "the statement, or the end of its period"),
        Some("consideration") => lang.pick("审议陈述", "the statement to be considered"),
        _ => lang.pick("确认人确认", "the confirmer"),
    }
}

fn hazards(
    lang: Lang,
    hazards: &Paged<HazardView>,
    rulebooks: &[Arc<Rulebook>],
    (caption, none): (&str, &str),
) -> Markup {
    if hazards.rows.is_empty() {
        return empty_state(none, None);
    }
    let columns = vec![
        Column::text(lang.pick("地址", "Address")),
        Column::text(lang.pick("隐患", "Hazard")),
        Column::text(lang.pick("严重程度", "Severity")),
        Column::text(lang.pick("发现日期", "Found on")),
    ];
    let name = |id: &str| {
        let known = rulebooks.iter().find_map(|rulebook| rulebook.indicator(id));
        known.map_or_else(|| id.to_owned(), |known| lang.pick(&known.zh, &known.en).clone())
    };
    let rows = hazards.rows.iter().map(|line| Row {
        href: Some(format!("/desk/hazards/{}/{}", line.premises, line.hazard)),
        cells: vec![
            html! { bdi { (line.address) } },
            html! { (name(&line.indicator)) },
            html! { (lang.severity(&line.severity)) },
            day(lang, line.found_on),
        ],
        tone: if line.severity == "general" { Tone::Calm } else { Tone::Warning },
    });
    data_table(&TableView { caption: caption.to_owned(), columns, rows: rows.collect() })
}

fn patrols(lang: Lang, due: &Paged<PatrolView>, today: NaiveDate) -> Markup {
    if due.rows.is_empty() {
        return empty_state(lang.pick("一周内没有要巡查的楼。", "No round is due within a week."), None);
    }
    let columns = vec![
        Column::text(lang.pick("楼栋", "Building")),
        Column::text(lang.pick("要求", "Rule")),
        Column::text(lang.pick("上次", "Last round")),
        Column::text(lang.pick("期限", "Due")),
    ];
    let rows = due.rows.iter().map(|line| Row {
        href: Some(format!("/s/{}", line.premises)),
        cells: vec![
            html! { bdi { (line.address) } },
            html! { (lang.patrol_rule(&line.rule)) },
            html! { @if let Some(last) = line.last_round { (day(lang, last)) } @else { "—" } },
            html! { @if let Some(due) = line.due { (day(lang, due)) " " span.quiet { (lang.days_left(due, today)) } } @else { "—" } },
        ],
        tone: if line.due.is_some_and(|due| due < today) { Tone::Grave } else { Tone::Calm },
    });
    let caption = lang.say("一周内要巡查的楼", "Rounds due within a week");
    data_table(&TableView { caption, columns, rows: rows.collect() })
}

/// Who uploads what other systems share.
const FEEDING: [Role; 2] = [Role::Administrator, Role::DataClerk];
/// Who has a part in what a grade still waits for, or looks after it.
const HEARING: [Role; 7] = [
    Role::Auditor,
    Role::CommissionAdmin,
    Role::CompetentAuthority,
    Role::Confirmer,
    Role::DepartmentOfficer,
    Role::LegalOfficer,
    Role::StreetLead,
];
/// Who has other work listed here.
const WORKING: [Role; 3] = [Role::CommunityLead, Role::Dispatcher, Role::GridWorker];
/// Rounds due within so many days are shown.
const SOON_DAYS: u64 = 7;
