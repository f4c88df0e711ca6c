//! Signing in and out. In a sample, and nowhere else, a card for each role lets a visitor in without a password.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Path, Query, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use serde::Deserialize;
use wuping_domain::facts::Role;

use crate::app::App;
use crate::look::layout::{Area, Page, page};
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::office::{Attempt, Entered};
use crate::sample;
use crate::sample::people::{FirstPage, PEOPLE, Person, person};
use crate::web::desk_page::{broken_text, refused_page, shown};
use crate::web::routes::own_path;
use crate::web::session::{
    BROWSER, SESSION, Signed, browser_cookie, caller, cookie, lang_of, no_session_cookie, now_seconds,
    session_cookie, too_many_tries, wrong_credentials,
};
use crate::web::state::{address, nothing_here, origin_of};
use wuping_projections::error::causes;

/// The routes of signing in and out.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/sign-in", get(sign_in_page).post(sign_in))
        .route("/sign-in/sample/{login}", post(enter_sample))
        .route("/sign-out", post(sign_out))
}

#[derive(Deserialize)]
struct Credentials {
    login: String,
    password: String,
}

/// Why somebody is at the door: what page was wanted, and whether a session had ended meanwhile.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Came {
    to: String,
    ended: String,
}

impl Came {
    /// The page that was wanted, if it is one of ours.
    fn page(&self) -> Option<&str> {
        Some(self.to.as_str()).filter(|to| own_path(to))
    }

    /// A form's address, with the page that was wanted.
    fn through(&self, door: &str) -> String {
        address(door, &[("to", self.page().unwrap_or_default())])
    }
}

async fn sign_in_page(State(app): State<Arc<App>>, Query(came): Query<Came>, headers: HeaderMap) -> Markup {
    sign_in_form(&app, lang_of(&headers), &came, None)
}

fn sign_in_form(app: &App, lang: Lang, came: &Came, wrong: Option<&str>) -> Markup {
    let invented = sample::is_sample(app.ledger.origin());
    let title = lang.pick("登录", "Sign in");
    let heading =
        if invented { lang.pick("换个身份看一看", "Look at it in another role") } else { title };
    let lead = invented.then(|| {
        lang.pick(
            "下面的人都是编的。点一下就用他的身份进入；您做的事会用他的密钥签名，记进示例账本。",
            "These people are invented. One click lets you in; what you do is signed with that person's key.",
        )
    });
    let body = html! {
        (page_heading(None, heading, lead))
        @if came.ended == "yes" && wrong.is_none() {
            (notice_box(Tone::Warning, lang.pick("登录已经结束", "Your session has ended"), &[lang.say(
                "刚才提交的内容没有记录。请重新登录，登录以后回到原来的页面，再提交一次。",
                "What you sent just now was not recorded. Sign in again: you come back to the same page, and send it once more.",
            )]))
        }
        @if let Some(wrong) = wrong {
            (notice_box(Tone::Grave, lang.pick("没有登录", "Not signed in"), &[wrong.to_owned()]))
        }
        @if invented { (cards(app, lang, came)) } @else { (password_form(lang, came)) }
    };
    if !invented {
        return shown(app, lang, None, title, column(body));
    }
    let nav = vec![Link::new("/", lang.say("查询", "Find a grade"))];
    let wide = Page { nav, origin: origin_of(app), ..Page::new(lang, Area::Desk, title, body) };
    page(&wide)
}

fn password_form(lang: Lang, came: &Came) -> Markup {
    let field = |name: &str, label: String, kind| {
        let field = TextField { name: name.into(), label, required: true, kind, ..TextField::default() };
        text_field(lang, &field)
    };
    form(
        &FormView {
            action: came.through("/sign-in"),
            csrf: String::new(),
            command_id: String::new(),
            expected: None,
            files: false,
            submit: lang.say("登录", "Sign in"),
        },
        html! {
            (field("login", lang.say("用户名", "Name"), TextKind::Short))
            (field("password", lang.say("密码", "Password"), TextKind::Password))
        },
    )
}

/// A card a role; the other departments and areas folded below, and a password's form for accounts opened since.
fn cards(app: &App, lang: Lang, came: &Came) -> Markup {
    let here = |person: &&&Person| matches!(app.office.login(person.login), Ok(Some(_)));
    let (roles, more): (Vec<&Person>, Vec<&Person>) =
        PEOPLE.iter().partition(|person| person.stands_for_role);
    let card = |person: &&Person| RoleCard {
        role: person.role.code().to_owned(),
        name: person.name.to_owned(),
        body: body_of(lang, person),
        does: does(lang, person),
        door: came.through(&format!("{SAMPLE_DOOR}/{}", person.login)),
    };
    let roles: Vec<RoleCard> = roles.iter().filter(here).map(card).collect();
    let more: Vec<RoleCard> = more.iter().filter(here).map(card).collect();
    html! {
        (sign_in_cards(lang, &roles))
        @if !more.is_empty() {
            details.more {
                summary { (lang.pick("其他部门和片区的人、另一位确认人", "People of the other departments and areas, and another confirmer")) }
                (sign_in_cards(lang, &more))
            }
        }
        details.more {
            summary { (lang.pick("用密码登录（自己开通的账号）", "Sign in with a password (accounts opened since)")) }
            (password_form(lang, came))
        }
    }
}

/// Department or subdistrict, in words.
fn body_of(lang: Lang, person: &Person) -> String {
    match (person.department, person.area) {
        (Some(department), _) => lang.department(department).to_owned(),
        (None, Some(area)) => lang.pick(format!("{area}街道"), format!("{area} subdistrict")),
        (None, None) => String::new(),
    }
}

fn does(lang: Lang, person: &Person) -> String {
    let own = lang.pick(person.does_zh, person.does_en);
    if !own.is_empty() {
        return own.to_owned();
    }
    match person.role {
        Role::GridWorker => {
            lang.say("在这个街道上门巡查和评定。", "Goes round and assesses in this subdistrict.")
        }
        Role::Confirmer => lang.say(
            "另一位确认人：谁确认了禁止租赁，谁不能解除，由他来办。",
            "Another confirmer: a ban on letting is not lifted by whoever confirmed it.",
        ),
        _ => lang.say(
            "填写本部门负责的指标，审核本部门的隐患。",
            "Enters this department's indicators and reviews its hazards.",
        ),
    }
}

async fn sign_in(
    State(app): State<Arc<App>>,
    extensions: Extensions,
    Query(came): Query<Came>,
    headers: HeaderMap,
    Form(Credentials { login, password }): Form<Credentials>,
) -> Response {
    let lang = lang_of(&headers);
    let (caller, browser) = (caller(&extensions), cookie(&headers, BROWSER));
    let attempt = Attempt { login, password, caller, browser };
    match app.office.let_in(attempt, now_seconds()).await {
        Ok(Entered::In { token, browser, .. }) => {
            let cookies = [session_cookie(&token), browser_cookie(&browser)];
            let cookies = AppendHeaders(cookies.map(|cookie| (header::SET_COOKIE, cookie)));
            (cookies, Redirect::to(came.page().unwrap_or("/desk"))).into_response()
        }
        Ok(Entered::Later { seconds }) => {
            let form = sign_in_form(&app, lang, &came, Some(&too_many_tries(lang, seconds)));
            let again = [(header::RETRY_AFTER, HeaderValue::from(seconds))];
            (StatusCode::TOO_MANY_REQUESTS, again, form).into_response()
        }
        Ok(Entered::Wrong) => {
            let wrong = wrong_credentials(lang);
            (StatusCode::UNAUTHORIZED, sign_in_form(&app, lang, &came, Some(wrong))).into_response()
        }
        Err(error) => {
            tracing::error!(causes = %causes(&error).join(": "), "nobody could sign in");
            refused_page(&app, lang, None, &broken_text(lang))
        }
    }
}

/// Lets a visitor in as one of the sample's people. In any other ledger there is no such door.
async fn enter_sample(
    State(app): State<Arc<App>>,
    Path(login): Path<String>,
    Query(came): Query<Came>,
    headers: HeaderMap,
) -> Response {
    let lang = lang_of(&headers);
    let invented = sample::is_sample(app.ledger.origin()) && sent_from_here(&headers);
    let Some(person) = person(&login).filter(|_| invented) else { return no_door(&app, lang) };
    let office = app.office.clone();
    let entered = tokio::task::spawn_blocking(move || office.enter_sample(person.login, now_seconds())).await;
    match entered {
        Ok(Ok(Some(token))) => {
            let to = came.page().map_or_else(|| first_page(&app, person), str::to_owned);
            ([(header::SET_COOKIE, session_cookie(&token))], Redirect::to(&to)).into_response()
        }
        Ok(Ok(None)) => no_door(&app, lang),
        Ok(Err(_)) | Err(_) => refused_page(&app, lang, None, &broken_text(lang)),
    }
}

fn first_page(app: &App, person: &Person) -> String {
    match person.first_page {
        FirstPage::Records if sample::story_is_in(app.views.views()) => {
            format!("/audit/{}", sample::story_code())
        }
        FirstPage::Desk | FirstPage::Records => "/desk".to_owned(),
    }
}

fn no_door(app: &App, lang: Lang) -> Response {
    let view = nothing_here(lang);
    (StatusCode::NOT_FOUND, shown(app, lang, None, &view.what, error_page(lang, &view))).into_response()
}

#[derive(Deserialize)]
struct Leaving {
    csrf: String,
}

async fn sign_out(
    State(app): State<Arc<App>>,
    signed: Signed,
    headers: HeaderMap,
    Form(leaving): Form<Leaving>,
) -> Response {
    if leaving.csrf == signed.session.csrf
        && let Some(token) = cookie(&headers, SESSION)
        && app.office.sign_out(&token).is_err()
    {
        return refused_page(&app, signed.lang, Some(&signed), &broken_text(signed.lang));
    }
    ([(header::SET_COOKIE, no_session_cookie())], Redirect::to("/")).into_response()
}

/// Whether a form was sent from a page of ours, as far as the browser says where it was sent from.
pub(super) fn sent_from_here(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    site.is_none_or(|site| matches!(site, "same-origin" | "none"))
}

const SAMPLE_DOOR: &str = "/sign-in/sample";
