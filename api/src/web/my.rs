//! My premises, for who answers for them or looks after them: the grade and why, notices with their clocks, and what can be done
//! until when.

mod doors;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::NaiveDate;
use maud::{Markup, html};
use wuping_domain::facts::{Actor, Role};
use wuping_domain::grade::Determination;
use wuping_domain::matter::{Kind, sights};
use wuping_domain::reaction::Rulebooks;
use wuping_domain::resting::Rest;
use wuping_domain::rulebook::Rulebook;
use wuping_projections::queries::{MatterFilter, MatterView, PremisesLine, SubjectView};

use self::doors::{Doors, look_round};
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
    /// What the person may do here.
    doors: Doors,
    /// The premises as their public page tells of them, where letting is prohibited.
    banned: Option<SubjectView>,
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
            doors: Doors::of(&format!("premises/{}", line.id), &subject, actor, today),
            banned: if line.prohibited { views.subject_view(&line.id)? } else { None },
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
    let own = format!("premises/{}", line.id);
    let doors = one.doors.lines(teller, &one.running, &one.notices);
    section(
        &line.address,
        html! {
            @if let Some(banned) = &one.banned {
                (notice_box(Tone::Grave, lang.pick("禁止出租", "Letting is prohibited"), &bans::each(lang, banned)))
                @if one.doors.answers { (one.doors.of_the_ban(lang, bans::vacates(banned))) }
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
            @if one.binds.is_some() && one.doors.answers { (one.doors.disagreeing(lang)) }
            @if !others.is_empty() {
                h3 { (lang.pick("正在办理", "Under way")) }
                @let rows: Vec<MatterView> = others.into_iter().cloned().collect();
                (teller.table(lang.pick("正在办理", "Under way"), &rows, false))
            }
            @if !notices.is_empty() {
                h3 { (lang.pick("文书", "Notices")) }
                ul.doors { @for notice in notices { li { (written(teller, &one.doors, notice)) } } }
            }
            @if let Some((determined, Some(rulebook))) = &one.binds {
                details { summary { (binding(lang, one)) } (why(lang, determined, rulebook)) }
            }
            ul.links {
                li { a href={ "/desk/premises/" (line.id) } { (lang.pick("这处房屋的全部事项", "All matters of these premises")) } }
                @if one.doors.answers { li { (look_round(lang, &own)) } }
                li { a href={ "/s/" (line.id) } { (lang.pick("公开页面", "The public page")) } }
            }
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

/// A notice, whether it was served, and the clocks that run from it.
fn written(teller: &Teller<'_>, doors: &Doors, notice: &MatterView) -> Markup {
    let lang = teller.lang;
    html! {
        a href=(href(notice)) { (teller.name(notice)) }
        " " span.quiet { (lang.matter_stage(&notice.stage)) " " (day(lang, notice.ended_on.unwrap_or(notice.opened_on))) }
        @for due in notice.deadlines.iter().filter(|due| doors.is_open(notice, due)) { br; (teller.clock(due)) }
    }
}

/// Rows of each kind at one house.
const SHOWN: u64 = 50;
