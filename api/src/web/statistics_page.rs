//! The pages of the statistics: which there are, and each with its days, its figures, its files and its print.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::Utc;
use maud::{Markup, html};
use wuping_replay::statistics::{Made, Statistic};

use crate::app::App;
use crate::look::layout::{PrintHeader, Shows};
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::people::{People, Told};
use crate::statistics::{Form, html, say};
use crate::web::desk_page::{broken_text, printed, refused_page, shown, unseen_page};
use crate::web::docket::rulebooks;
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
    let body = html! {
        (page_heading(None, title, Some(lead)))
        @for statistic in readable {
            (section(say(lang, statistic.title()), html! {
                p { (say(lang, statistic.about())) }
                p { a href=(path(statistic)) { (lang.pick("打开", "Open")) } }
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
    let title = say(lang, statistic.title());
    let above = [Link::new("/desk/reports", lang.say("统计报表", "Reports"))];
    let asking = html! {
        (breadcrumbs(lang, &above, title))
        (page_heading(None, title, Some(say(lang, statistic.about()))))
        (filter_bar(lang, &bar(lang, statistic, &wanted)))
    };
    if statistic.takes_party() && wanted.party.is_empty() {
        let first = empty_state(lang.pick("请先写责任人的编号。", "Name the party by its id first."), None);
        return shown(&app, lang, Some(&signed), title, html! { (asking) (first) }).into_response();
    }
    let asked = match wanted.asked(statistic) {
        Ok(asked) => asked,
        Err(wrong) => return told(&app, &signed, title, &asking, &wrong.told(lang)),
    };
    let made = match app.reports.made(app.reader(), statistic, asked).await {
        Ok(made) => made,
        Err(not_made) => {
            let why = not_made.told(lang).unwrap_or_else(|| broken_text(lang));
            return told(&app, &signed, title, &asking, &why);
        }
    };
    // the account stays in what is downloaded: by it a report made again is the same
    let known = html::Known {
        people: People::of(&app, Told::Name, html::accounts(&made)),
        rulebooks: rulebooks(&app, app.today()).unwrap_or_default(),
    };
    let body = html! {
        (asking)
        (downloads(lang, &files(lang, statistic, &made)))
        (print_button(lang))
        (html::body(lang, &made, ROWS_SHOWN, &known))
    };
    let print = PrintHeader {
        address: address(&path(statistic), &parameters(&wanted)),
        shows: Shows::Digest(made.digest.clone()),
        made_at: Utc::now(),
    };
    printed(&app, &signed, title, body, print).into_response()
}

/// The page with why there are no figures on it.
fn told(app: &App, signed: &Signed, title: &str, asking: &Markup, why: &str) -> Response {
    let lang = signed.lang;
    let heading = lang.pick("没有做出报表", "No report was made");
    let body = html! { (asking) (notice_box(Tone::Grave, heading, &[why.to_owned()])) };
    shown(app, lang, Some(signed), title, body).into_response()
}

fn path(statistic: Statistic) -> String {
    format!("/desk/reports/{}", statistic.code())
}

fn parameters(wanted: &Wanted) -> [(&'static str, &str); 5] {
    [
        ("party", wanted.party.as_str()),
        ("from", wanted.from.as_str()),
        ("valid_at", wanted.valid_at.as_str()),
        ("as_of", wanted.as_of.as_str()),
        ("at", wanted.at.as_str()),
    ]
}

/// Days, position and party, as far as the report takes them.
fn bar(lang: Lang, statistic: Statistic, wanted: &Wanted) -> FilterBar {
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
    if statistic.takes_from() {
        filters.push(day("from", lang.say("从哪天", "From"), &wanted.from));
    }
    filters.push(day("valid_at", lang.say("截至哪天", "Day"), &wanted.valid_at));
    filters.push(words("at", lang.say("账本位置", "Ledger position"), &wanted.at));
    let asked = parameters(wanted).iter().any(|(_, value)| !value.is_empty());
    FilterBar { action: path(statistic), filters, hidden: vec![], clear: asked.then(|| path(statistic)) }
}

/// The same figures as files: of the very position that the page shows.
fn files(lang: Lang, statistic: Statistic, made: &Made) -> Vec<Link> {
    let text = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let position = made.position.map(|position| position.to_string()).unwrap_or_default();
    let (from, valid_at) = (text(made.asked.from), text(made.asked.question.valid_at));
    let party = made.asked.party.clone().unwrap_or_default();
    let link = |form: Form| {
        let mut all = vec![
            ("party", party.as_str()),
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
