//! Work that waits on the person who is signed in, whatever the role: matters by what is due first, the day's rounds in the
//! order of the route, one's own premises, and for who leads others whose lateness it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use chrono::{Days, NaiveDate};
use maud::{Markup, html};
use wuping_domain::facts::{Actor, Role};
use wuping_domain::matter::{Kind, sights};
use wuping_domain::rulebook::Rulebook;
use wuping_projections::queries::{
    KindCount, LateHand, Listed, MatterFilter, MatterView, Page as ViewPage, Paged, PatrolFilter, PatrolView,
    WaitingOn,
};

use crate::app::{App, Who};
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::people::People;
use crate::sample;
use crate::web::assigning::ASSIGNING;
use crate::web::desk::opening_form;
use crate::web::desk_page::{broken_text, refused_page, shown};
use crate::web::docket::{Teller, hands, rulebooks, ways_on};
use crate::web::docket_api::{Failure, SIZE, Wanted, blocking, worker_day};
use crate::web::docket_page::{Seen, late_section, leads};
use crate::web::errands::{self, Errand};
use crate::web::matter::undertakings;
use crate::web::my::{self, Mine};
use crate::web::session::Signed;
use crate::web::state::address;

/// What waits, for anybody.
struct Waiting {
    counts: BTreeMap<Kind, KindCount>,
    /// What waits and is no matter of premises.
    errands: Vec<Errand>,
    late: Vec<LateHand>,
    matters: Listed<MatterView>,
    mine: Vec<Mine>,
    rounds: Option<Paged<PatrolView>>,
    rulebooks: Vec<Arc<Rulebook>>,
    people: People,
    soon: Option<Paged<PatrolView>>,
}

/// What waits for the person who is signed in, by name, role, department, area and party.
pub(super) async fn work(
    State(app): State<Arc<App>>,
    signed: Signed,
    Query(wanted): Query<Wanted>,
    Query(seen): Query<Seen>,
) -> Response {
    let (lang, today) = (signed.lang, app.today());
    let Ok(actor) = app.actor(&signed.session.account) else {
        return refused_page(&app, lang, Some(&signed), &broken_text(lang));
    };
    let (asking, house, asked, who) = (actor.clone(), app.clone(), wanted.clone(), signed.who.clone());
    let Ok(waiting) = blocking(move || waiting(&house, (&who, &asking), today, &asked)).await else {
        return refused_page(&app, lang, Some(&signed), &broken_text(lang));
    };
    let teller =
        Teller { lang, today, actor: &actor, rulebooks: &waiting.rulebooks, people: &waiting.people };
    let may = |roles: &[Role]| roles.iter().any(|role| actor.holds(*role));
    // a kind of what is no matter is asked for, or one of matters, or all
    let only_errands = errands::Of::from_code(&wanted.kind).is_some();
    let shown_errands: Vec<&Errand> = waiting.errands.iter().filter(|one| is_wanted(one, &wanted)).collect();
    let body = html! {
        (page_heading(None, lang.pick("待办", "Your work"), None))
        @if sample::is_sample(app.ledger.origin()) { (tried_role(&app, lang, &signed)) }
        @if let Some(rounds) = &waiting.rounds {
            @let heading = format!("{} {}", lang.pick("今天的巡查", "Rounds of today"), lang.count(rounds.total));
            (section(&heading, patrols(lang, rounds, today, (lang.pick("今天没有要巡查的楼。", "No round is due today."), COMPLETE))))
        }
        (section(&format!("{} {}", lang.pick("等您办理", "Waiting for you"), lang.count(waiting.total())), html! {
            (kinds(lang, &waiting, &wanted))
            (errands::table(lang, &shown_errands))
            @let matters = !waiting.matters.rows.is_empty() && !only_errands;
            @if !matters && shown_errands.is_empty() {
                (empty_state(lang.pick("现在没有等您办理的事项。", "Nothing waits for you now."), Some(&Link::new("/desk/matters", lang.pick("看全部事项", "See all matters")))))
            } @else if matters {
                (teller.table(lang.pick("等您办理", "Waiting for you"), &waiting.matters.rows, true))
                (ways_on(lang, &waiting.matters, seen.rows(), |more| {
                    let kind = [("kind", wanted.kind.as_str()), ("overdue", wanted.overdue.as_str())];
                    address("/desk", &[&kind, more].concat())
                }))
            }
        }))
        @if my::has_premises(&actor) { (my::list(&teller, &waiting.mine)) }
        @if leads(&actor) { (late_section(&teller, &waiting.late)) }
        @if let Some(soon) = &waiting.soon {
            @let heading = format!("{} {}", lang.pick("一周内要巡查的楼", "Rounds due within a week"), lang.count(soon.total));
            (section(&heading, html! {
                (patrols(lang, soon, today, (lang.pick("一周内没有要巡查的楼。", "No round is due within a week."), "")))
                @if soon.pages > 1 { p.quiet { (lang.pick("只列出最先到期的。", "Only those due first are listed.")) } }
            }))
        }
        @if may(&[Role::GridWorker, Role::DepartmentOfficer]) {
            (section(lang.pick("开始评定", "Begin an assessment"), opening_form(&signed)))
        }
        @let lists = undertakings::links(lang, &actor);
        @if !lists.is_empty() { (section(lang.pick("其他工作", "Other work"), link_list(&lists))) }
        @if may(&ASSIGNING) {
            (section(lang.pick("分派和移交", "Assigning and handing over"), link_list(&[
                Link::new("/desk/assignments", lang.say("把片区分派给网格员，或把一位同志的工作移交给另一位", "Assign an area to a grid worker, or hand a colleague's work over")),
                Link::new("/desk/reports/gaps", lang.say("数据缺口清单：谁负责、谁评定、哪里要补", "Gaps in the register: who answers, who assesses, what is missing")),
            ])))
        }
        @if may(&FEEDING) {
            (section(lang.pick("数据上传", "Uploads"), link_list(&[
                Link::new("/desk/feeds", lang.say("上传清单和其他系统提供的数据", "Upload lists and what other systems share")),
            ])))
        }
    };
    shown(&app, lang, Some(&signed), lang.pick("待办", "Your work"), body).into_response()
}

fn waiting(
    app: &App,
    (who, actor): (&Who, &Actor),
    today: NaiveDate,
    wanted: &Wanted,
) -> Result<Waiting, Failure> {
    let views = app.views.views();
    let holds = |roles: &[Role]| roles.iter().any(|role| actor.holds(*role));
    let readable = MatterFilter::running(sights(actor), today);
    let own = MatterFilter { waiting_on: Some(WaitingOn::person(actor)), ..readable.clone() };
    let shown = MatterFilter {
        kind: Kind::from_code(&wanted.kind),
        overdue: wanted.overdue == "true",
        ..own.clone()
    };
    let after = Some(wanted.after.as_str()).filter(|after| !after.is_empty());
    let rounds = holds(&[Role::GridWorker])
        .then(|| views.patrols_of(&worker_day(actor, today), ViewPage::whole()))
        .transpose()?;
    let area =
        actor.grants.iter().find(|grant| LEADING.contains(&grant.role)).map(|grant| grant.area.clone());
    let soon = area.map(|subdistrict| {
        let due_by = today.checked_add_days(Days::new(SOON_DAYS));
        views.patrols_due(&PatrolFilter { due_by, subdistrict, ..PatrolFilter::default() }, ViewPage::of(1))
    });
    let late = if leads(actor) { views.late_hands(&readable)? } else { vec![] };
    let matters = views.matters(&shown, after, SIZE)?;
    let mine = if my::has_premises(actor) { my::mine(app, actor, today)? } else { vec![] };
    Ok(Waiting {
        counts: views.matters_counted(&own)?,
        errands: errands::waiting(app, who, actor)?,
        people: hands(app, actor, mine.iter().flat_map(Mine::matters).chain(&matters.rows), &late),
        late,
        matters,
        mine,
        rounds,
        rulebooks: rulebooks(app, today)?,
        soon: soon.transpose()?,
    })
}

impl Waiting {
    fn total(&self) -> u64 {
        self.counts.values().map(|count| count.total).sum::<u64>() + self.errands.len() as u64
    }

    fn late(&self) -> u64 {
        let errands = self.errands.iter().filter(|one| one.is_late()).count() as u64;
        self.counts.values().map(|count| count.overdue).sum::<u64>() + errands
    }
}

/// Whether something that is no matter belongs to what is asked for.
fn is_wanted(errand: &Errand, wanted: &Wanted) -> bool {
    (wanted.kind.is_empty() || errand.of().code() == wanted.kind)
        && (wanted.overdue != "true" || errand.is_late())
}

/// How many wait of each kind: the ways to each, and to what is late.
fn kinds(lang: Lang, waiting: &Waiting, wanted: &Wanted) -> Markup {
    if waiting.total() == 0 {
        return html! {};
    }
    let (counts, late) = (&waiting.counts, waiting.late());
    let errands = errands::Of::ALL.map(|of| {
        let count = waiting.errands.iter().filter(|one| one.of() == of).count() as u64;
        (of, count)
    });
    let link = |label: String, kind: &str, overdue: &str| {
        let here = wanted.kind == kind && wanted.overdue == overdue;
        let to = address("/desk", &[("kind", kind), ("overdue", overdue)]);
        html! { li { a href=(to) aria-current=[here.then_some("page")] { (label) } } }
    };
    let labelled = |word: &str, count: u64| format!("{word} {}", lang.count(count));
    html! {
        nav.kinds aria-label=(lang.pick("按种类看", "By kind")) {
            ul.kinds-list {
                (link(labelled(lang.pick("全部", "All"), waiting.total()), "", ""))
                @if late > 0 { (link(labelled(lang.pick("逾期", "Overdue"), late), "", "true")) }
                @for kind in Kind::ALL {
                    @if let Some(count) = counts.get(&kind) {
                        (link(labelled(lang.matter_kind(kind.code()), count.total), kind.code(), ""))
                    }
                }
                @for (of, count) in errands {
                    @if count > 0 { (link(labelled(of.word(lang), count), of.code(), "")) }
                }
            }
        }
    }
}

/// Whose part a visitor of the sample plays, and what there is to try.
fn tried_role(app: &App, lang: Lang, signed: &Signed) -> Markup {
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
                @if sample::story_is_in(app.views.views()) {
                    a href=(story) { (lang.pick("示例楼1的来历", "The story of 示例楼1")) } " · "
                }
                a href="/sign-in" { (lang.pick("换一个身份", "Another role")) }
            }
        }
    }
}

/// Rounds, each with the way to the house's affairs and to the step that is wanted there; `none` where there are none.
fn patrols(lang: Lang, due: &Paged<PatrolView>, today: NaiveDate, (none, step): (&str, &str)) -> Markup {
    if due.rows.is_empty() {
        return empty_state(none, None);
    }
    let routed = due.rows.iter().any(|line| line.route.is_some());
    let mut columns = vec![Column::text(lang.pick("楼栋", "Building"))];
    if routed {
        columns.push(Column::text(lang.pick("路线", "Route")));
    }
    columns.extend([
        Column::text(lang.pick("网格", "Grid cell")),
        Column::text(lang.pick("要求", "Rule")),
        Column::text(lang.pick("上次", "Last round")),
        Column::text(lang.pick("期限", "Due")),
    ]);
    let rows = due.rows.iter().map(|line| {
        let made = line.last_round == Some(today);
        let late = line.due.is_some_and(|due| due < today) && !made;
        let mut cells = vec![html! { bdi { (line.address) } }];
        if routed {
            cells.push(html! { (line.route.as_deref().unwrap_or("—")) });
        }
        cells.extend([
            html! { (line.grid_cell) },
            html! { (lang.patrol_rule(&line.rule)) },
            html! { @if let Some(last) = line.last_round { (day(lang, last)) } @else { "—" } },
            html! {
                @if made { (lang.pick("今天已巡查", "made today")) }
                @else if let Some(due) = line.due { (day(lang, due)) " " span.quiet { (lang.days_left(due, today)) } }
                @else { "—" }
            },
        ]);
        let tone = if late { Tone::Grave } else if made { Tone::Good } else { Tone::Calm };
        Row { href: Some(format!("/desk/premises/{}{step}", line.premises)), cells, tone }
    });
    let caption = lang.say("巡查", "Rounds");
    data_table(&TableView { caption, columns, rows: rows.collect() })
}

/// The step by which a round is completed, on the page of the premises.
const COMPLETE: &str = "#step-complete";
/// Who uploads what other systems share.
const FEEDING: [Role; 2] = [Role::Administrator, Role::DataClerk];
/// Who looks after the rounds of others.
const LEADING: [Role; 3] = [Role::CommunityLead, Role::Dispatcher, Role::StreetLead];
/// Rounds due within so many days are shown.
const SOON_DAYS: u64 = 7;
