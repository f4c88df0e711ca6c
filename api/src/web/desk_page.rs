//! The frame of a desk page, and the page that says why nothing was recorded.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use wuping_domain::facts::Role;
use wuping_domain::matter::{Figures, reads_figures};
use wuping_ledger::disk_full::is_disk_full;

use crate::app::App;
use crate::look::layout::{Area, Page, PrintHeader, SignedIn, page};
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::web::session::Signed;
use crate::web::state::origin_of;

/// Why nothing was recorded, and the ways on.
pub(super) struct Refusal {
    /// Why, as a sentence.
    pub(super) why: String,
    /// What to do, each a sentence; to mend the form and send it again where nothing stands here.
    pub(super) todo: Vec<String>,
    /// The page that the form stood on.
    pub(super) back: Option<Link>,
}

/// A page that says why nothing was recorded.
pub(super) fn refused_page(app: &App, lang: Lang, signed: Option<&Signed>, why: &str) -> Response {
    refused_in(app, lang, signed, Refusal { why: why.to_owned(), todo: vec![], back: None })
}

/// A page that says why there is nothing to see for this person.
pub(super) fn unseen_page(app: &App, lang: Lang, signed: &Signed, why: &str) -> Response {
    let what = lang.pick("这里没有您可以看的内容", "There is nothing here for you to see");
    let view = ErrorView {
        what: what.to_owned(),
        why: why.to_owned(),
        todo: vec![lang.say(
            "请从待办或房屋页面进入；如属您的职责，请联系管理员。",
            "Enter from your work list or the premises' page. If it is your duty, ask the administrator.",
        )],
        links: vec![Link::new("/desk", lang.say("回到待办", "Back to your work"))],
        reference: None,
    };
    let page = shown(app, lang, Some(signed), what, error_page(lang, &view));
    (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
}

/// As [`refused_page`], with what to do and the way back.
pub(super) fn refused_with(app: &App, signed: &Signed, refusal: Refusal) -> Response {
    refused_in(app, signed.lang, Some(signed), refusal)
}

fn refused_in(app: &App, lang: Lang, signed: Option<&Signed>, refusal: Refusal) -> Response {
    let mut todo = refusal.todo;
    if todo.is_empty() {
        todo.push(lang.say(
            "返回上一页，修改后再提交；已填写的内容还在。",
            "Go back, mend it and send it again; what you filled in is still there.",
        ));
    }
    let work = Link::new("/desk", lang.say("回到待办", "Back to your work"));
    let view = ErrorView {
        what: lang.say("没有记录", "Nothing was recorded"),
        why: refusal.why,
        todo,
        links: refusal.back.into_iter().chain([work]).collect(),
        reference: None,
    };
    let page =
        shown(app, lang, signed, lang.pick("没有记录", "Nothing was recorded"), error_page(lang, &view));
    (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
}

/// A page that says that it cannot be seen now who is signed in: nobody is sent to sign in for that.
pub(super) fn unknown_page(app: &App, lang: Lang) -> Response {
    let title = lang.pick("暂时无法确认登录", "Who is signed in cannot be seen now");
    let view = ErrorView {
        what: title.to_owned(),
        why: lang.say(
            "登录记录暂时读不到，原因已写入运行日志。没有记录任何内容。",
            "The records of who is signed in cannot be read at the moment; the operator's log says why. Nothing was recorded.",
        ),
        todo: vec![lang.say("过一会儿刷新本页，不用重新登录。", "Load this page again in a while; you need not sign in anew.")],
        links: vec![Link::new("/", lang.say("查询", "Find a grade"))],
        reference: None,
    };
    let page = shown(app, lang, None, title, error_page(lang, &view));
    (StatusCode::SERVICE_UNAVAILABLE, page).into_response()
}

/// A desk page.
pub(super) fn shown(app: &App, lang: Lang, signed: Option<&Signed>, title: &str, body: Markup) -> Markup {
    framed(app, lang, signed, title, (body, None))
}

/// A desk page that is printed with where it comes from and the digest of what it shows.
pub(super) fn printed(app: &App, signed: &Signed, title: &str, body: Markup, print: PrintHeader) -> Markup {
    framed(app, signed.lang, Some(signed), title, (body, Some(print)))
}

fn framed(
    app: &App,
    lang: Lang,
    signed: Option<&Signed>,
    title: &str,
    (body, print): (Markup, Option<PrintHeader>),
) -> Markup {
    let actor = signed.and_then(|signed| app.actor(&signed.session.account).ok());
    let role =
        actor.as_ref().and_then(|actor| actor.grants.first()).map(|grant| grant.role.code().to_owned());
    let person = signed.map(|signed| SignedIn {
        person: PersonView { role: role.unwrap_or_default(), ..PersonView::default() },
        account: signed.session.account.clone(),
        csrf: signed.session.csrf.clone(),
    });
    let at_home = ["owner", "operator", "steward"];
    let party = person.as_ref().is_some_and(|signed| at_home.contains(&signed.person.role.as_str()));
    let mut nav = vec![
        Link::new("/desk", lang.say("待办", "Your work")),
        Link::new("/desk/matters", lang.say("全部事项", "All matters")),
        Link::new("/", lang.say("查询", "Find a grade")),
    ];
    if party {
        nav.insert(1, Link::new("/my", lang.say("我的房屋", "My premises")));
        nav.insert(2, Link::new("/my/credit", lang.say("我的信用", "My credit")));
    }
    let files = ["auditor", "credit_officer", "legal_officer"];
    if person.as_ref().is_some_and(|signed| files.contains(&signed.person.role.as_str())) {
        nav.insert(2, Link::new("/audit/credit", lang.say("信用档案", "Credit files")));
    }
    if actor.as_ref().is_some_and(|actor| reads_figures(actor, Figures::Places)) {
        nav.insert(2, Link::new("/desk/reports", lang.say("统计报表", "Reports")));
    }
    if actor.is_some_and(|actor| actor.holds(Role::CommissionAdmin)) {
        nav.insert(3, Link::new("/desk/rulebooks", lang.say("评分规则", "Rulebooks")));
    }
    page(&Page {
        nav,
        signed_in: person,
        origin: origin_of(app),
        print,
        ..Page::new(lang, Area::Desk, title, body)
    })
}

pub(super) fn forged_text(lang: Lang) -> String {
    lang.say(
        "这个表单不是本次登录打开的。请重新打开页面再提交。",
        "The form was not opened in this session. Open the page again and send it.",
    )
}

pub(super) fn broken_text(lang: Lang) -> String {
    lang.say(
        "系统没有完成这一步，原因已写入运行日志。请再提交一次，重复提交不会重复记录。",
        "It could not be carried out; the operator's log says why. Send it again: it is never recorded twice.",
    )
}

/// What went wrong for no fault of the person.
pub(super) fn failed_text(lang: Lang, error: &(dyn std::error::Error + 'static)) -> String {
    if is_disk_full(error) { full_text(lang) } else { broken_text(lang) }
}

pub(super) fn full_text(lang: Lang) -> String {
    lang.say(
        "服务器的磁盘满了，现在什么也不能记录。请告诉系统管理员腾出空间，然后再提交一次，重复提交不会重复记录。",
        "The server's disk is full, so nothing can be recorded. Tell the operator to make room, then send it again: it is never \
         recorded twice.",
    )
}

/// What stands in the place of an action that is somebody else's.
pub(super) fn done_by(lang: Lang, who: &str) -> Markup {
    html! { p.note { (lang.pick("由以下人员办理：", "Done by: ")) (who) } }
}

pub(super) fn unanswered_text(lang: Lang) -> String {
    lang.say(
        "有一项没有选择。请选择后再提交，系统不会替您填写。",
        "One question has no answer. Choose one and send it again: nothing is filled in for you.",
    )
}
