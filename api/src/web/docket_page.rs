//! All matters that a person may read, by kind, department and place, with counts and whose lateness it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use wuping_domain::facts::{Actor, Role};
use wuping_domain::matter::{Hand, Kind};
use wuping_domain::rulebook::Rulebook;
use wuping_projections::queries::{KindCount, LateHand, Listed, MatterFilter, MatterView};

use crate::app::App;
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::people::People;
use crate::statistics::ListForm;
use crate::web::desk_page::{broken_text, refused_page, shown};
use crate::web::docket::{Teller, hands, rulebooks, ways_on};
use crate::web::docket_api::{SIZE, Wanted, blocking};
use crate::web::docket_file::MatterList;
use crate::web::session::Signed;
use crate::web::state::address;

/// The list's route; each matter's page lies below it.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/desk/matters", get(show))
}

/// The form in which the list is taken away; none for the page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Taken {
    format: Option<ListForm>,
}

/// How many rows were shown before, for the count on the page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Seen {
    seen: String,
}

impl Seen {
    pub(super) fn rows(&self) -> u64 {
        self.seen.parse().unwrap_or_default()
    }
}

struct Found {
    listed: Listed<MatterView>,
    counts: BTreeMap<Kind, KindCount>,
    late: Vec<LateHand>,
    rulebooks: Vec<Arc<Rulebook>>,
    people: People,
}

async fn show(
    State(app): State<Arc<App>>,
    signed: Signed,
    Query(wanted): Query<Wanted>,
    Query(seen): Query<Seen>,
    Query(Taken { format }): Query<Taken>,
) -> Response {
    let (lang, today) = (signed.lang, app.today());
    let Ok(actor) = app.actor(&signed.session.account) else {
        return refused_page(&app, lang, Some(&signed), &broken_text(lang));
    };
    let Ok(filter) = wanted.filter(&actor, today) else {
        let why =
            lang.say("筛选条件看不懂，请重新选择。", "The filter says nothing that is known. Choose again.");
        return refused_page(&app, lang, Some(&signed), &why);
    };
    let title = match (filter.ended, filter.overdue) {
        (true, _) => lang.pick("已办结的事项", "Matters that have ended"),
        (_, true) => lang.pick("逾期的事项", "Overdue matters"),
        _ => lang.pick("全部事项", "All matters"),
    };
    if let Some(form) = format {
        let list = MatterList { title, filter, chosen: wanted.chosen(), form };
        return match list.file(&app, &actor, lang).await {
            Ok(file) => file,
            Err(why) => refused_page(&app, lang, Some(&signed), &why),
        };
    }
    let (house, asking) = (app.clone(), actor.clone());
    let (asked, after) = (filter.clone(), wanted.after.clone());
    let read = blocking(move || {
        let views = house.views.views();
        let whole = MatterFilter { kind: None, overdue: false, ..asked.clone() };
        let listed = views.matters(&asked, Some(after.as_str()).filter(|after| !after.is_empty()), SIZE)?;
        let late = views.late_hands(&asked)?;
        Ok(Found {
            people: hands(&house, &asking, &listed.rows, &late),
            listed,
            counts: views.matters_counted(&whole)?,
            late,
            rulebooks: rulebooks(&house, today)?,
        })
    });
    let Ok(found) = read.await else {
        return refused_page(&app, lang, Some(&signed), &broken_text(lang));
    };
    let teller = Teller { lang, today, actor: &actor, rulebooks: &found.rulebooks, people: &found.people };
    let here = |more: &[(&str, &str)]| wanted.address(more);
    let body = html! {
        (page_heading(None, title, None))
        (counted(lang, &wanted, &found.counts))
        (filter_bar(lang, &bar(lang, &wanted, &found.rulebooks)))
        @if found.listed.rows.is_empty() {
            (empty_state(
                lang.pick("没有符合条件的事项。放宽筛选再看。", "No matter fits. Take a filter away."),
                Some(&Link::new("/desk/matters", lang.pick("全部显示", "Show all"))),
            ))
        } @else {
            (teller.table(title, &found.listed.rows, false))
            (ways_on(lang, &found.listed, seen.rows(), here))
            (files(lang, &wanted))
        }
        @if !filter.ended && leads(&actor) { (late_section(&teller, &found.late)) }
    };
    shown(&app, lang, Some(&signed), title, body).into_response()
}

/// The whole list as a file.
fn files(lang: Lang, wanted: &Wanted) -> Markup {
    let link = |form: &str| Link::new(wanted.address(&[("format", form)]), form.to_uppercase());
    html! {
        p.quiet { (lang.pick("整份清单下载：", "The whole list as a file:")) }
        (link_list(&["csv", "xlsx"].map(link)))
    }
}

/// Who asks whose lateness it is.
pub(super) fn leads(actor: &Actor) -> bool {
    LEADS.iter().any(|role| actor.holds(*role))
}

/// Who is late, with how much and since when.
pub(super) fn late_section(teller: &Teller<'_>, late: &[LateHand]) -> Markup {
    let lang = teller.lang;
    let heading = lang.pick("谁逾期", "Whose lateness");
    if late.is_empty() {
        return section(heading, empty_state(lang.pick("没有逾期的事项。", "Nothing is overdue."), None));
    }
    let columns = vec![
        Column::text(lang.pick("谁", "Who")),
        Column::number(lang.pick("件数", "Matters")),
        Column::text(lang.pick("最早到期", "Oldest due day")),
    ];
    let rows = late.iter().map(|line| {
        let role = line.role.as_deref().and_then(|code| Role::ALL.into_iter().find(|role| role.code() == code));
        let hand =
            Hand { role, department: line.department.clone(), account: line.account.clone(), ..Hand::default() };
        let by = [
            ("overdue", "true"),
            ("waits_on", line.department.as_deref().unwrap_or_default()),
            ("role", line.role.as_deref().filter(|_| line.department.is_none()).unwrap_or_default()),
            ("account", line.account.as_deref().unwrap_or_default()),
        ];
        Row {
            href: Some(address("/desk/matters", &by)),
            cells: vec![
                html! { (teller.hand(&hand)) },
                html! { (lang.count(line.matters)) },
                html! { (day(lang, line.oldest_due)) " " span.quiet { (lang.days_left(line.oldest_due, teller.today)) } },
            ],
            tone: Tone::Grave,
        }
    });
    section(heading, data_table(&TableView { caption: heading.to_owned(), columns, rows: rows.collect() }))
}

/// How many there are of each kind, each the way to its list.
fn counted(lang: Lang, wanted: &Wanted, counts: &BTreeMap<Kind, KindCount>) -> Markup {
    let late: u64 = counts.values().map(|count| count.overdue).sum();
    let of_kind = Kind::ALL.into_iter().filter_map(|kind| Some((kind, counts.get(&kind)?)));
    let mut shown: Vec<Figure> = of_kind
        .map(|(kind, count)| {
            let overdue =
                lang.pick(format!("{} 件逾期", count.overdue), format!("{} overdue", count.overdue));
            Figure {
                label: lang.matter_kind(kind.code()).to_owned(),
                value: count.total,
                href: wanted.narrowed(Some(kind)).address(&[]),
                note: Some(overdue).filter(|_| count.overdue > 0),
            }
        })
        .collect();
    if late > 0 {
        let href = wanted.narrowed(None).address(&[]);
        shown.insert(0, Figure { label: lang.say("逾期", "Overdue"), value: late, href, note: None });
    }
    figures(lang, &shown)
}

fn bar(lang: Lang, wanted: &Wanted, rulebooks: &[Arc<Rulebook>]) -> FilterBar {
    let any = lang.say("全部", "All");
    let mut kinds = vec![Choice::new("", any.clone(), &wanted.kind)];
    kinds.extend(
        Kind::ALL
            .map(|kind| Choice::new(kind.code(), lang.matter_kind(kind.code()).to_owned(), &wanted.kind)),
    );
    let mut departments = vec![Choice::new("", any, &wanted.department)];
    let known = rulebooks.first().map(|rulebook| rulebook.policy.departments.as_slice()).unwrap_or_default();
    departments.extend(
        known.iter().map(|one| Choice::new(&one.id, lang.department(&one.id).to_owned(), &wanted.department)),
    );
    let yes = |value: &str, no: &str, said: &str| {
        vec![Choice::new("", no, value), Choice::new("true", said, value)]
    };
    let choice = |name: &str, label: String, choices| Filter {
        name: name.to_owned(),
        label,
        kind: FilterKind::Choice(choices),
    };
    FilterBar {
        action: "/desk/matters".to_owned(),
        filters: vec![
            choice("kind", lang.say("种类", "Kind"), kinds),
            choice("department", lang.say("主管部门", "Department"), departments),
            Filter {
                name: "area".to_owned(),
                label: lang.say("街道、社区或网格", "Subdistrict, community or grid cell"),
                kind: FilterKind::Words(wanted.area.clone()),
            },
            choice(
                "overdue",
                lang.say("期限", "Due"),
                yes(&wanted.overdue, lang.pick("全部", "All"), lang.pick("只看逾期", "Overdue only")),
            ),
            choice(
                "ended",
                lang.say("状态", "State"),
                yes(&wanted.ended, lang.pick("在办", "Running"), lang.pick("已办结", "Ended")),
            ),
        ],
        hidden: vec![],
        clear: (!wanted.address(&[]).ends_with("/matters")).then(|| "/desk/matters".to_owned()),
    }
}

/// Who leads others, or looks after their work.
const LEADS: [Role; 6] = [
    Role::Auditor,
    Role::CommissionAdmin,
    Role::CommunityLead,
    Role::Dispatcher,
    Role::LegalOfficer,
    Role::StreetLead,
];
