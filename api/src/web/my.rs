//! My premises, for who answers for them: the grade and why, notices with their clocks, and what can be done until when.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::NaiveDate;
use maud::{Markup, html};
use wuping_domain::facts::{Actor, Role};
use wuping_domain::grade::Determination;
use wuping_domain::matter::{Deadline, Kind, sights};
use wuping_domain::reaction::Rulebooks;
use wuping_domain::resting::Rest;
use wuping_domain::rulebook::Rulebook;
use wuping_projections::queries::{MatterFilter, MatterView, PremisesLine};

use crate::app::App;
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::web::bans;
use crate::web::desk_page::{broken_text, refused_page, shown};
use crate::web::docket::{Teller, hands, href, rulebooks};
use crate::web::docket_api::{Failure, blocking};
use crate::web::matter::stage::suspended;
use crate::web::session::Signed;
use crate::web::why::why;

/// The route.
pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/my", get(show))
}

/// Premises of one's own, with what runs there.
pub(super) struct Mine {
    line: PremisesLine,
    binds: Option<(Determination, Option<Arc<Rulebook>>)>,
    /// The newest determination, while it waits to be confirmed.
    waits: Option<(Determination, Option<Arc<Rulebook>>)>,
    running: Vec<MatterView>,
    /// Notices that were served, newest first.
    notices: Vec<MatterView>,
    /// The suspension under which the grade in force rests.
    rests: Option<Rest>,
}

impl Mine {
    /// Everything that runs or ran there.
    pub(super) fn matters(&self) -> impl Iterator<Item = &MatterView> {
        self.running.iter().chain(&self.notices)
    }
}

async fn show(State(app): State<Arc<App>>, signed: Signed) -> Response {
    let (lang, today) = (signed.lang, app.today());
    let Ok(actor) = app.actor(&signed.session.account) else {
        return refused_page(&app, lang, Some(&signed), &broken_text(lang));
    };
    let (house, asking) = (app.clone(), actor.clone());
    let read = blocking(move || {
        let premises = mine(&house, &asking, today)?;
        let people = hands(&house, &asking, premises.iter().flat_map(Mine::matters), &[]);
        Ok((premises, rulebooks(&house, today)?, people))
    });
    let Ok((premises, rulebooks, people)) = read.await else {
        return refused_page(&app, lang, Some(&signed), &broken_text(lang));
    };
    let teller = Teller { lang, today, actor: &actor, rulebooks: &rulebooks, people: &people };
    let title = lang.pick("我的房屋", "My premises");
    let body = html! { (page_heading(None, title, None)) (list(&teller, &premises)) };
    shown(&app, lang, Some(&signed), title, body).into_response()
}

/// Whether somebody answers for premises, or looks after some.
pub(super) fn has_premises(actor: &Actor) -> bool {
    [Role::Owner, Role::Operator, Role::Steward].iter().any(|role| actor.holds(*role))
}

/// All premises that the person answers for or looks after.
pub(super) fn mine(app: &App, actor: &Actor, today: NaiveDate) -> Result<Vec<Mine>, Failure> {
    let views = app.views.views();
    let parties: Vec<String> = actor.grants.iter().filter_map(|grant| grant.party.clone()).collect();
    let mut all = Vec::new();
    for line in views.premises_of(&parties, &actor.account, today)? {
        let subject = app.subject(&format!("premises/{}", line.id))?;
        let reasoned = |determined: &Determination| {
            let of = subject.assessments.get(&determined.assessment);
            let scheme = of.and_then(|of| of.state.scheme.clone());
            (determined.clone(), scheme.and_then(|scheme| app.shelf.rulebook(&scheme)))
        };
        let binds = subject.grade.in_force().map(|binding| reasoned(&binding.determination));
        let waits = subject.grade.waiting().map(|(latest, _)| reasoned(latest));
        let running =
            MatterFilter { premises: Some(line.id.clone()), ..MatterFilter::running(sights(actor), today) };
        let served = MatterFilter { ended: true, kind: Some(Kind::Notice), ..running.clone() };
        all.push(Mine {
            binds,
            waits,
            running: views.matters(&running, None, SHOWN)?.rows,
            notices: views.matters(&served, None, SHOWN)?.rows,
            rests: subject.rests_on(today).cloned(),
            line,
        });
    }
    Ok(all)
}

/// The premises one after another.
pub(super) fn list(teller: &Teller<'_>, premises: &[Mine]) -> Markup {
    let lang = teller.lang;
    if premises.is_empty() {
        return empty_state(
            lang.pick(
                "还没有登记您名下的房屋。请带上房产证明或租赁合同，请社区工作站登记。",
                "No premises are registered as yours. Take proof to the community service station.",
            ),
            None,
        );
    }
    html! { @for one in premises { (house(teller, one)) } }
}

fn house(teller: &Teller<'_>, one: &Mine) -> Markup {
    let lang = teller.lang;
    let line = &one.line;
    let level = line.management_level.as_deref().and_then(Level::from_code);
    let (notices, others): (Vec<&MatterView>, Vec<&MatterView>) =
        one.running.iter().partition(|row| row.kind == Kind::Notice);
    let notices: Vec<&MatterView> = notices.into_iter().chain(&one.notices).collect();
    let doors = doors(teller, one);
    section(
        &line.address,
        html! {
            @if line.prohibited {
                (notice_box(Tone::Grave, lang.pick("禁止出租", "Letting is prohibited"), &bans::in_short(lang, line)))
            }
            p {
                (grade_line(lang, line.star, level))
                @if let Some(from) = line.effective_from { " " span.quiet { (lang.pick("自 ", "since ")) (day(lang, from)) } }
                @if line.star.is_none() { span.quiet { (lang.pick("还没有生效的等级", "No grade is in force yet")) } }
            }
            @if let Some(rest) = &one.rests {
                (notice_box(
                    Tone::Warning,
                    lang.pick("这个等级已停止执行", "Carrying out of this grade is suspended"),
                    &[lang.pick(
                        format!("{}。门口的牌子暂不挂、不换、不摘。", suspended(lang, rest)),
                        format!("It is {}. No plaque is hung, replaced or taken down meanwhile.", suspended(lang, rest)),
                    )],
                ))
            }
            @if line.waiting_for.is_some() {
                (notice_box(Tone::Warning, lang.pick("有新的等级等待确认，还没有生效", "A new grade awaits confirmation and does not bind yet"), &[]))
            }
            @if let Some((determined, Some(rulebook))) = &one.waits {
                details open { summary { (pending(lang, determined)) } (why(lang, determined, rulebook)) }
            }
            h3 { (lang.pick("您现在可以办的事", "What you can do now")) }
            @if doors.is_empty() {
                p.quiet { (lang.pick("现在没有要您办的事，也没有正在计算的期限。", "Nothing waits for you and no time is running.")) }
            } @else {
                ul.doors { @for door in doors { li { (door) } } }
            }
            @if one.binds.is_some() { (disagreeing(lang, &line.id)) }
            @if !others.is_empty() {
                h3 { (lang.pick("正在办理", "Under way")) }
                @let rows: Vec<MatterView> = others.into_iter().cloned().collect();
                (teller.table(lang.pick("正在办理", "Under way"), &rows, false))
            }
            @if !notices.is_empty() {
                h3 { (lang.pick("文书", "Notices")) }
                ul.doors { @for notice in notices { li { (written(teller, notice)) } } }
            }
            @if let Some((determined, Some(rulebook))) = &one.binds {
                details { summary { (binding(lang, one)) } (why(lang, determined, rulebook)) }
            }
            p { a href={ "/s/" (line.id) } { (lang.pick("公开页面", "The public page")) } }
        },
    )
}

/// The reasons of what waits, by its grade.
fn pending(lang: Lang, determined: &Determination) -> String {
    let stars = lang.stars(determined.star);
    lang.pick(
        format!("等待确认的新等级：{stars}。为什么是这个等级"),
        format!("The new grade, to be confirmed: {stars}. Why this grade"),
    )
}

/// The reasons of what binds, told apart from those of what waits.
fn binding(lang: Lang, one: &Mine) -> &'static str {
    if one.waits.is_some() {
        return lang.pick("现在有效的等级：为什么是这个等级", "The grade in force: why this grade");
    }
    lang.pick("为什么是这个等级", "Why this grade")
}

/// What waits for the party, and the rights whose time runs, each until when.
fn doors(teller: &Teller<'_>, one: &Mine) -> Vec<Markup> {
    let lang = teller.lang;
    let runs = |due: &&Deadline| due.provisional || due.due >= teller.today || !due.lapses;
    let of = |row: &MatterView, due: &Deadline| {
        // the one that is gone through here leads to its form, the others to the notice that tells of them
        let form = format!("/desk/premises/{}#step-appeal", one.line.id);
        let to = if due.rule == APPEAL { form } else { href(row) };
        html! { a href=(to) { (lang.deadline(&due.rule)) } " — " (teller.day_of(due)) " " span.quiet { (teller.name(row)) } }
    };
    let party = |due: &&Deadline| due.whose == wuping_domain::matter::Whose::Party;
    let all = one.running.iter().chain(&one.notices);
    all.flat_map(|row| row.deadlines.iter().filter(party).filter(runs).map(move |due| of(row, due))).collect()
}

/// The five ways to answer a grade, told apart: three lie here, two outside, whose times run on meanwhile.
fn disagreeing(lang: Lang, id: &str) -> Markup {
    let here = [
        (
            format!("/desk/matters/premises/{id}/grade#step-reply"),
            lang.pick("作出说明", "Reply"),
            lang.pick("和等级一起公示，不改变等级", "shown beside the grade, which stays as it is"),
        ),
        (
            format!("/desk/premises/{id}#step-request"),
            lang.pick("申请复评", "Ask to be graded again"),
            lang.pick("整改以后，重新上门评定", "after works: the premises are assessed anew"),
        ),
        (
            format!("/desk/premises/{id}#step-appeal"),
            lang.pick("提出申诉", "Appeal"),
            lang.pick(
                "认为结果不对，由没有参与过的人复核",
                "the result is wrong: somebody who had no hand in it looks again",
            ),
        ),
    ];
    html! {
        details.more {
            summary { (lang.pick("不同意这个等级，可以怎么办", "What to do if you disagree with the grade")) }
            ul.doors {
                @for (to, name, what) in &here { li { a href=(to) { (name) } " — " (what) } }
                li { (lang.pick(
                    "申请行政复议、提起行政诉讼 — 不在本平台办理，向复议机关、法院提出；申诉不停止它们的期限",
                    "Reconsideration and court — not here: with the organ and the court. An appeal does not stop their times",
                )) }
            }
        }
    }
}

/// A notice, whether it was served, and the clocks that run from it.
fn written(teller: &Teller<'_>, notice: &MatterView) -> Markup {
    let lang = teller.lang;
    html! {
        a href=(href(notice)) { (teller.name(notice)) }
        " " span.quiet { (lang.matter_stage(&notice.stage)) " " (day(lang, notice.ended_on.unwrap_or(notice.opened_on))) }
        @for due in &notice.deadlines { br; (teller.clock(due)) }
    }
}

/// The deadline for an appeal.
const APPEAL: &str = "appeal_file";
/// Rows of each kind at one house.
const SHOWN: u64 = 50;
