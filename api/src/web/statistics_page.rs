//! The pages of the statistics: which there are, and each with its days, its figures, its files and its print.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::Utc;
use maud::{Markup, html};
use wuping_domain::facts::Role;
use wuping_replay::statistics::{Made, Statistic};

use crate::app::App;
use crate::look::layout::{PrintHeader, Shows};
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::people::{People, Told};
use crate::statistics::{Form, html, say, title};
use crate::web::desk_page::{broken_text, printed, refused_page, shown, unseen_page};
use crate::web::docket::rulebooks;
use crate::web::docket_api::blocking;
use crate::web::rulebooks_page::{in_order, uncollected};
use crate::web::session::Signed;
use crate::web::state::address;
use crate::web::statistics::{Wanted, may_read, not_yours};

/// The pages' routes.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/desk/reports", get(listed)).route("/desk/reports/{name}", get(show))
}

async fn listed(State(app): State<Arc<App>>, signed: Signed) -> Response {
    let lang = signed.lang;
    let Ok(actor) = app.actor(&signed.session.account) else {
        return refused_page(&app, lang, Some(&signed), &broken_text(lang));
    };
    let readable: Vec<Statistic> =
        Statistic::ALL.into_iter().filter(|statistic| may_read(&actor, *statistic)).collect();
    if readable.is_empty() {
        return unseen_page(&app, lang, &signed, not_yours(lang));
    }
    let title = lang.pick("统计报表", "Reports");
    let lead = lang.pick(
        "每张报表都从账本重新算出，可以看任何一天、任何位置的数字，并带有账本位置和内容指纹。",
        "Each is made anew from the ledger, as of any day and any position, and carries its position and digest.",
    );
    // whoever leads a subdistrict looks at the own one first
    let leads = actor.grants.iter().filter(|grant| grant.role == Role::StreetLead);
    let led: Vec<&str> = leads.filter_map(|grant| grant.area.as_deref()).collect();
    let body = html! {
        (page_heading(None, title, Some(lead)))
        @for statistic in readable {
            (section(say(lang, statistic.title()), html! {
                p { (say(lang, statistic.about())) }
                p {
                    a href=(path(statistic)) { (lang.pick("打开", "Open")) }
                    @for area in led.iter().copied().filter(|_| statistic.takes_subdistrict()) {
                        " · "
                        a href=(address(&path(statistic), &[("subdistrict", area)])) {
                            (lang.pick(format!("只看{area}"), format!("{area} only")))
                        }
                    }
                }
            }))
        }
    };
    shown(&app, lang, Some(&signed), title, body).into_response()
}

async fn show(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let lang = signed.lang;
    let Ok(actor) = app.actor(&signed.session.account) else {
        return refused_page(&app, lang, Some(&signed), &broken_text(lang));
    };
    let Some(statistic) = Statistic::of_code(&name).filter(|statistic| may_read(&actor, *statistic)) else {
        return unseen_page(&app, lang, &signed, not_yours(lang));
    };
    if statistic.takes_party() && wanted.party.is_empty() {
        let first = empty_state(lang.pick("请先写责任人的编号。", "Name the party by its id first."), None);
        let body = html! { (asking(lang, statistic, &wanted, None)) (first) };
        return shown(&app, lang, Some(&signed), say(lang, statistic.title()), body).into_response();
    }
    let asked = match wanted.asked(statistic) {
        Ok(asked) => asked,
        Err(wrong) => return told(&app, &signed, statistic, &wanted, &wrong.told(lang)),
    };
    let made = match app.reports.made(app.reader(), statistic, asked).await {
        Ok(made) => made,
        Err(not_made) => {
            let why = not_made.told(lang).unwrap_or_else(|| broken_text(lang));
            return told(&app, &signed, statistic, &wanted, &why);
        }
    };
    // the account stays in what is downloaded: by it a report made again is the same
    let known = html::Known {
        people: People::of(&app, Told::Name, html::accounts(&made)),
        rulebooks: rulebooks(&app, app.today()).unwrap_or_default(),
    };
    // channels are the office's own and stand in no ledger, so that this is told beside the report, and as it is now
    let house = app.clone();
    let of_gaps = statistic == Statistic::Gaps;
    let listed = move || of_gaps.then(|| uncollected(&house, lang, &in_order(&house)?)).transpose();
    let Ok(uncollected) = blocking(listed).await else {
        return refused_page(&app, lang, Some(&signed), &broken_text(lang));
    };
    let body = html! {
        (asking(lang, statistic, &wanted, Some(&made)))
        (downloads(lang, &files(lang, statistic, &made)))
        (print_button(lang))
        (html::body(lang, &made, ROWS_SHOWN, &known))
        @if let Some(uncollected) = uncollected { (uncollected) }
    };
    let print = PrintHeader {
        address: address(&path(statistic), &parameters(&wanted)),
        shows: Shows::Digest(made.digest.clone()),
        made_at: Utc::now(),
    };
    printed(&app, &signed, &title(lang, statistic, made.asked.subdistrict()), body, print).into_response()
}

/// What the page is of, and by what it is asked for; the subdistricts that it can be limited to are those of the report, once it is made.
fn asking(lang: Lang, statistic: Statistic, wanted: &Wanted, made: Option<&Made>) -> Markup {
    let title = title(lang, statistic, made.and_then(|made| made.asked.subdistrict()));
    let above = [Link::new("/desk/reports", lang.say("统计报表", "Reports"))];
    html! {
        (breadcrumbs(lang, &above, &title))
        (page_heading(None, &title, Some(say(lang, statistic.about()))))
        (filter_bar(lang, &bar(lang, statistic, wanted, made)))
    }
}

/// The page with why there are no figures on it.
fn told(app: &App, signed: &Signed, statistic: Statistic, wanted: &Wanted, why: &str) -> Response {
    let lang = signed.lang;
    let heading = lang.pick("没有做出报表", "No report was made");
    let body = html! {
        (asking(lang, statistic, wanted, None))
        (notice_box(Tone::Grave, heading, &[why.to_owned()]))
    };
    shown(app, lang, Some(signed), say(lang, statistic.title()), body).into_response()
}

fn path(statistic: Statistic) -> String {
    format!("/desk/reports/{}", statistic.code())
}

fn parameters(wanted: &Wanted) -> [(&'static str, &str); 6] {
    [
        ("subdistrict", wanted.subdistrict.as_str()),
        ("party", wanted.party.as_str()),
        ("from", wanted.from.as_str()),
        ("valid_at", wanted.valid_at.as_str()),
        ("as_of", wanted.as_of.as_str()),
        ("at", wanted.at.as_str()),
    ]
}

/// Subdistrict, days, position and party, as far as the report takes them.
fn bar(lang: Lang, statistic: Statistic, wanted: &Wanted, made: Option<&Made>) -> FilterBar {
    let day = |name: &str, label: String, text: &str| Filter {
        name: name.to_owned(),
        label,
        kind: FilterKind::Day(text.parse().ok()),
    };
    let words = |name: &str, label: String, text: &str| Filter {
        name: name.to_owned(),
        label,
        kind: FilterKind::Words(text.to_owned()),
    };
    let mut filters = Vec::new();
    if statistic.takes_party() {
        filters.push(words("party", lang.say("责任人编号", "Id of the party"), &wanted.party));
    }
    if statistic.takes_subdistrict() {
        filters.push(Filter {
            name: "subdistrict".to_owned(),
            label: lang.say("街道", "Subdistrict"),
            kind: FilterKind::Choice(subdistricts(lang, wanted, made)),
        });
    }
    if statistic.takes_from() {
        filters.push(day("from", lang.say("从哪天", "From"), &wanted.from));
    }
    filters.push(day("valid_at", lang.say("截至哪天", "Day"), &wanted.valid_at));
    filters.push(words("at", lang.say("账本位置", "Ledger position"), &wanted.at));
    let asked = parameters(wanted).iter().any(|(_, value)| !value.is_empty());
    FilterBar { action: path(statistic), filters, hidden: vec![], clear: asked.then(|| path(statistic)) }
}

/// The whole district and its subdistricts; while there is no report to say which there are, the one that was asked for.
fn subdistricts(lang: Lang, wanted: &Wanted, made: Option<&Made>) -> Vec<Choice> {
    let chosen = wanted.subdistrict.trim();
    let mut choices = vec![Choice::new("", lang.pick("全区", "Whole district"), chosen)];
    match made {
        Some(made) => choices.extend(made.subdistricts.iter().map(|name| Choice::new(name, name, chosen))),
        None => choices.extend((!chosen.is_empty()).then(|| Choice::new(chosen, chosen, chosen))),
    }
    choices
}

/// The same figures as files: of the very position that the page shows.
fn files(lang: Lang, statistic: Statistic, made: &Made) -> Vec<Link> {
    let text = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let position = made.position.map(|position| position.to_string()).unwrap_or_default();
    let (from, valid_at) = (text(made.asked.from), text(made.asked.question.valid_at));
    let party = made.asked.party.clone().unwrap_or_default();
    let subdistrict = made.asked.subdistrict().unwrap_or_default();
    let link = |form: Form| {
        let mut all = vec![
            ("party", party.as_str()),
            ("subdistrict", subdistrict),
            ("from", &from),
            ("valid_at", &valid_at),
            ("at", &position),
            ("format", form.code()),
        ];
        all.extend((form != Form::Json).then_some(("lang", lang.code())));
        Link::new(
            address(&format!("/api/v1/statistics/{}", statistic.code()), &all),
            form.code().to_uppercase(),
        )
    };
    [Form::Csv, Form::Xlsx, Form::Json].map(link).to_vec()
}

/// Rows of a report that a page shows; all of them stand in its files.
const ROWS_SHOWN: usize = 100;
