//! An adverse grade on its way to binding: invited, heard, considered, confirmed or refused by a named person.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::NaiveDate;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use wuping_domain::facts::{Actor, Role};
use wuping_domain::grade::{Determination, Proceeding};
use wuping_domain::matter::{Kind, Matter, matters};
use wuping_domain::premises::Premises;
use wuping_domain::reaction::Rulebooks;
use wuping_domain::rulebook::Rulebook;

use crate::app::App;
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::web::answering::{answered, asked_by_form};
use crate::web::desk_page::{
    broken_text, done_by, forged_text, refused_page, shown, unanswered_text, unseen_page,
};
use crate::web::matter::address_of;
use crate::web::session::Signed;
use crate::web::why::why;

/// The routes of a grade's case page.
pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/desk/grades/{premises}", get(show).post(act))
}

async fn show(State(app): State<Arc<App>>, signed: Signed, Path(premises): Path<String>) -> Response {
    let lang = signed.lang;
    let (Ok(subject), Ok(version), Ok(actor)) = (
        app.subject(&format!("premises/{premises}")),
        app.reader().version(&format!("premises/{premises}/grade")),
        app.actor(&signed.session.account),
    ) else {
        return refused_page(&app, lang, Some(&signed), &broken_text(lang));
    };
    if subject.premises.register.is_none() {
        let why = lang.say("没有这个编号的房屋。", "No premises go by that number.");
        let mut page = unseen_page(&app, lang, &signed, &why);
        *page.status_mut() = StatusCode::NOT_FOUND;
        return page;
    }
    if !may_see(&actor, &subject.premises, app.today()) {
        let why = lang.say(
            "只有承办人员和该房屋的业主、管理人可以看未生效的等级。",
            "A grade that does not bind yet is shown to those who deal with it, and to the owner or operator.",
        );
        return unseen_page(&app, lang, &signed, &why);
    }
    let address = subject
        .premises
        .register
        .as_ref()
        .map_or_else(|| premises.clone(), |register| register.address.clone());
    let assessed =
        subject.grade.latest.as_ref().and_then(|latest| subject.assessments.get(&latest.assessment));
    let rulebook = assessed.and_then(|of| app.shelf.rulebook(of.state.scheme.as_ref()?));
    let held = subject.grade.in_force();
    let held = held.map(|binding| (binding.determination.star, binding.effective_from));
    let waits = matters(&format!("premises/{premises}"), &subject, app.shelf.as_ref());
    let waits = waits.iter().find(|matter| matter.kind == Kind::Grade);
    let body = html! {
        (page_heading(Some(lang.pick("等级确认", "Confirmation of a grade")), &address, None))
        @match subject.grade.waiting() {
            None => (empty_state(lang.pick("没有待确认的等级。", "No grade waits for confirmation."), Some(&Link::new(format!("/s/{premises}"), lang.say("房屋页面", "Page of the premises"))))),
            Some(waiting) => {
                (notice_box(Tone::Warning, lang.pick("这只是拟定的等级，还没有生效", "This grade is proposed only; it is not in force"), &[
                    stands(lang, held),
                    comes_next(lang, waits),
                ]))
                (case(lang, &signed, &actor, &premises, version, waiting, rulebook.as_deref()))
            },
        }
    };
    shown(&app, lang, Some(&signed), &address, body).into_response()
}

/// What binds meanwhile.
fn stands(lang: Lang, held: Option<(Option<u8>, NaiveDate)>) -> String {
    match held {
        Some((star, from)) => {
            let (stars, from) = (lang.stars(star), lang.day(from));
            lang.pick(
                format!("现在有效的是{stars}，自 {from} 起。"),
                format!("In force now: {stars}, since {from}."),
            )
        }
        None => lang.say("现在没有生效的等级。", "No grade is in force now."),
    }
}

/// What comes next: the invitation, the statement, its consideration, the confirmation.
fn comes_next(lang: Lang, grade: Option<&Matter>) -> String {
    match grade.map(|grade| grade.stage) {
        Some("invitation") => {
            return lang.say(
                "下一步：发出事先告知书并送达，请当事人陈述、申辩。",
                "Next: the notice of what is proposed is issued and served, and the party may make a statement.",
            );
        }
        Some("consideration") => {
            return lang.say("下一步：审议当事人的陈述。", "Next: the party's statement is considered.");
        }
        _ => {}
    }
    match grade.and_then(|grade| grade.deadlines.first()).map(|right| (lang.day(right.due), right.provisional)) {
        Some((until, true)) => lang.pick(
            format!("下一步：当事人可以陈述、申辩，暂定到 {until}；以后由确认人决定是否生效。"),
            format!("Next: the party may make a statement, provisionally until {until}; then a confirmer decides whether it binds."),
        ),
        Some((until, false)) => lang.pick(
            format!("下一步：当事人可以陈述、申辩，到 {until} 为止；以后由确认人决定是否生效。"),
            format!("Next: the party may make a statement until {until}; then a confirmer decides whether it binds."),
        ),
        None => lang.say(
            "下一步：由确认人决定是否生效。",
            "Next: a confirmer decides whether it binds.",
        ),
    }
}

/// What does not bind yet is seen by staff, and by the party it is about.
fn may_see(actor: &Actor, premises: &Premises, today: NaiveDate) -> bool {
    actor.is_of_the_office() || premises.answered_for_by(actor, today)
}

fn case(
    lang: Lang,
    signed: &Signed,
    actor: &Actor,
    premises: &str,
    version: u64,
    (determined, proceeding): (&Determination, &Proceeding),
    rulebook: Option<&Rulebook>,
) -> Markup {
    let level = determined.management_level.as_deref().and_then(Level::from_code);
    let said =
        |on: Option<chrono::NaiveDate>| on.map_or_else(|| lang.say("尚未", "not yet"), |on| lang.day(on));
    let step = |action: &str, label: String, fields: Markup| {
        let view = FormView {
            action: format!("/desk/grades/{premises}"),
            csrf: signed.session.csrf.clone(),
            command_id: Uuid::now_v7().to_string(),
            expected: Some(version.to_string()),
            files: false,
            submit: label,
        };
        form(
            &view,
            html! { input type="hidden" name="action" value=(action); input type="hidden" name="determination" value=(determined.number); (fields) },
        )
    };
    let words = |name: &str, label: String, kind: TextKind| {
        text_field(
            lang,
            &TextField { name: name.into(), label, required: true, kind, ..TextField::default() },
        )
    };
    let holds = |roles: &[Role]| roles.iter().any(|role| actor.holds(*role));
    // what this person may not do is said in its place, with who may
    let only = |roles: &[Role], fields: Markup| match holds(roles) {
        true => fields,
        false => done_by(lang, &named(lang, roles)),
    };
    let hear = determined.adverse && proceeding.spoken_on().is_none();
    let story = html! {
        (grade_line(lang, determined.star, level))
        (facts(&[
            Fact::text(lang.pick("认定日期", "Determined"), lang.day(determined.determined_on)),
            Fact::text(lang.pick("得分", "Score"), determined.score.to_string()),
            Fact::text(lang.pick("陈述申辩通知送达", "Invitation served"), said(proceeding.invited_on)),
            Fact::text(lang.pick("当事人陈述", "Statement made"), said(proceeding.spoken_on())),
            Fact::text(lang.pick("审议", "Considered"), said(proceeding.considered_on)),
        ]))
        (link_list(&[
            Link::new(format!("/s/{premises}"), lang.say("公开页面", "The public page")),
            Link::new(format!("/audit/{premises}"), lang.say("每一条记录和证明", "Every record and its proof")),
        ]))
        @if let Some(rulebook) = rulebook { (why(lang, determined, rulebook)) }
    };
    let now = html! {
        @if determined.adverse && proceeding.invited_on.is_none() {
            (section(lang.pick("通知陈述申辩", "Invite a statement"), only(&INVITERS, invitation(lang, premises))))
        }
        @if hear && holds(&PARTIES) {
            (section(lang.pick("陈述申辩", "Make a statement"), step("make_statement", lang.say("提交陈述", "Send the statement"), words("text", lang.say("您的陈述", "What you have to say"), TextKind::Long))))
        } @else if hear {
            (section(lang.pick("代录当事人陈述", "Record a statement handed in"), only(&COUNTER, step("make_statement", lang.say("记录陈述", "Record the statement"), html! { (words("handed_in_on", lang.say("收到日期", "Handed in on"), TextKind::Day)) (words("text", lang.say("当事人的原话", "The party's own words"), TextKind::Long)) }))))
        }
        @if proceeding.spoken_on().is_some() && proceeding.considered_on.is_none() {
            (section(lang.pick("审议陈述", "Consider the statement"), only(&CONSIDERERS, step("consider_statement", lang.say("记录审议", "Record the consideration"), html! { (adoption(lang)) (words("text", lang.say("审议意见", "Reasons"), TextKind::Long)) }))))
        }
        (section(lang.pick("确认", "Confirm"), only(&[Role::Confirmer], step(if determined.adverse { "confirm" } else { "confirm_lift" }, lang.say("确认生效", "Confirm: it binds"), words("text", lang.say("决定文号", "Number of the decision"), TextKind::Short)))))
        (section(lang.pick("不予确认", "Refuse"), only(&[Role::Confirmer], step("refuse", lang.say("不予确认", "Refuse: it does not bind"), words("text", lang.say("理由", "Why"), TextKind::Long)))))
    };
    case_columns(lang, story, now)
}

fn named(lang: Lang, roles: &[Role]) -> String {
    roles.iter().map(|role| lang.pick(role.zh(), role.en())).collect::<Vec<_>>().join(lang.pick("、", ", "))
}

/// How the party comes to be invited: nobody states that it was, it follows from the service of a notice.
fn invitation(lang: Lang, premises: &str) -> Markup {
    html! {
        p { (lang.say(
            "发出事先告知书并送达每一位业主和经营者，陈述申辩的期限从最后一份送达之日起算。",
            "Issue a notice of what is proposed and serve it on every owner and operator: the time to speak runs from the last service.",
        )) }
        (link_list(&[Link::new(address_of(&format!("premises/{premises}")), lang.say("去发通知书", "Issue the notice"))]))
    }
}

/// Whether the statement was adopted: nothing is chosen beforehand, for it is the officer who says so.
fn adoption(lang: Lang) -> Markup {
    let choices = [
        Choice::new("yes", lang.say("采纳", "Adopted"), ""),
        Choice::new("no", lang.say("不采纳", "Not adopted"), ""),
    ];
    choice_field(lang, "adopted", lang.pick("是否采纳", "Is it adopted?"), None, &choices, None)
}

#[derive(Deserialize)]
struct Acting {
    action: String,
    #[serde(default)]
    adopted: Option<String>,
    command_id: Uuid,
    csrf: String,
    determination: u64,
    expected: u64,
    #[serde(default)]
    handed_in_on: Option<String>,
    #[serde(default)]
    text: String,
}

async fn act(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(premises): Path<String>,
    Form(acting): Form<Acting>,
) -> Response {
    if acting.csrf != signed.session.csrf {
        return refused_page(&app, signed.lang, Some(&signed), &forged_text(signed.lang));
    }
    let unsaid = match acting.action.as_str() {
        "consider_statement" => acting.adopted.is_none(),
        _ => false,
    };
    if unsaid {
        return refused_page(&app, signed.lang, Some(&signed), &unanswered_text(signed.lang));
    }
    let stream = format!("premises/{premises}/grade");
    let asked =
        asked_by_form(&app, &acting.command_id.to_string(), stream, command(&acting), Some(acting.expected));
    let here = format!("/desk/grades/{premises}");
    answered(&app, &signed, app.execute(&signed.who, asked).await, &here, &here)
}

fn command(acting: &Acting) -> Value {
    let (determination, text) = (acting.determination, &acting.text);
    match acting.action.as_str() {
        "confirm" | "confirm_lift" => {
            json!({ "command": acting.action, "determination": determination, "document_number": text })
        }
        "consider_statement" => {
            json!({ "command": "consider_statement", "determination": determination, "adopted": acting.adopted.as_deref() == Some("yes"), "reasons": text })
        }
        "make_statement" => {
            json!({ "command": "make_statement", "determination": determination, "handed_in_on": acting.handed_in_on, "text": text })
        }
        other => json!({ "command": other, "determination": determination, "reason": text }),
    }
}

const CONSIDERERS: [Role; 2] = [Role::DepartmentOfficer, Role::LegalOfficer];
const COUNTER: [Role; 4] = [Role::LegalOfficer, Role::DepartmentOfficer, Role::StreetLead, Role::GridWorker];
const INVITERS: [Role; 3] = [Role::DepartmentOfficer, Role::LegalOfficer, Role::StreetLead];
const PARTIES: [Role; 2] = [Role::Owner, Role::Operator];
