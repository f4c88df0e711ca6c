//! Who does what, for many premises at once: a whole area is assigned to a grid worker, and everything that a colleague has in hand
//! goes over to another; the appeals that a reviewer has not decided go by the hand of legal staff. Each is so many commands of the one who asks, each in the gate for itself; what is refused is said
//! with its reason, and the rest stands.

mod area;
mod handing_over;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;
use wuping_domain::facts::{Actor, Role};
use wuping_ledger::entry::derived_event_id;
use wuping_projections::ViewsError;

use self::area::of_area;
use self::handing_over::{appeals_of, of_colleague};
use crate::app::{App, Asked, Done, ExecuteError};
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::web::desk_page::{broken_text, failed_text, forged_text, refused_page, shown};
use crate::web::session::Signed;

/// The routes of the page.
pub(super) fn router(app: Arc<App>) -> Router {
    Router::new().route(PATH, get(show).post(take)).with_state(app)
}

/// Whether the page is of use to somebody: who assigns by the gate of the commands.
pub(super) const ASSIGNING: [Role; 3] = [Role::Administrator, Role::LegalOfficer, Role::StreetLead];
/// Who assigns premises and what is done there.
const OF_PREMISES: [Role; 2] = [Role::Administrator, Role::StreetLead];

/// What is sent from one of the two forms.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    csrf: String,
    command_id: String,
    /// `area` or `work`.
    what: String,
    area: String,
    from: String,
    to: String,
    why: String,
    /// To whom an area is assigned.
    worker: String,
    /// Said once the person has seen what it would be.
    sure: String,
}

/// One command of many.
struct Part {
    stream: String,
    command: Value,
    /// Which kind of work it is.
    kind: Kind,
    /// Of which premises.
    address: String,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Kind {
    Premises,
    Assessment,
    Round,
    Task,
    Appeal,
}

/// What a form comes to: the commands, and how many appeals there are that somebody else must hand over.
struct Work {
    parts: Vec<Part>,
    left: u64,
    /// What else is said before it is confirmed.
    notes: Vec<String>,
}

/// What became of all of it.
#[derive(Default)]
struct Outcome {
    done: BTreeMap<Kind, u64>,
    same: u64,
    /// How many were refused for which reason.
    refused: BTreeMap<String, u64>,
}

async fn show(State(app): State<Arc<App>>, signed: Signed) -> Response {
    match may(&app, &signed) {
        Ok(_) => page(&app, &signed, html! {}, &Sent::default()),
        Err(refused) => *refused,
    }
}

async fn take(State(app): State<Arc<App>>, signed: Signed, Form(sent): Form<Sent>) -> Response {
    let lang = signed.lang;
    let actor = match may(&app, &signed) {
        Ok(actor) => actor,
        Err(refused) => return *refused,
    };
    let refused = |why: &str| refused_page(&app, lang, Some(&signed), why);
    if sent.csrf != signed.session.csrf {
        return refused(&forged_text(lang));
    }
    let Ok(command_id) = sent.command_id.parse::<Uuid>() else { return refused(&forged_text(lang)) };
    let work = match work(&app, &actor, lang, &sent) {
        Ok(work) => work,
        Err(Unclear::Told(why)) => {
            let head = notice_box(Tone::Grave, lang.pick("没有记录", "Nothing was recorded"), &[why]);
            return page(&app, &signed, head, &sent);
        }
        Err(Unclear::Failed(error)) => return refused(&failed_text(lang, error.as_ref())),
    };
    if sent.sure != "yes" {
        return page(&app, &signed, asking(&signed, &sent, command_id, &work), &sent);
    }
    let Work { parts, left, .. } = work;
    let mut outcome = Outcome::default();
    for part in parts {
        let cause = format!("desk/assigning/{command_id}/{}", part.stream);
        let asked = Asked {
            id: derived_event_id(app.ledger.origin(), &cause, 1),
            stream: part.stream,
            command: part.command,
            expected: None,
            occurred_at: app.now(),
        };
        match app.execute(&signed.who, asked).await {
            Ok(Done::Recorded(_)) => *outcome.done.entry(part.kind).or_default() += 1,
            Ok(Done::Nothing) => outcome.same += 1,
            Err(ExecuteError::Rejected(rejection)) => {
                let why = lang.pick(rejection.zh(), rejection.en());
                *outcome.refused.entry(why).or_default() += 1;
            }
            Err(error) => return refused(&failed_text(lang, &error)),
        }
    }
    page(&app, &signed, told(lang, &outcome, left), &Sent::default())
}

/// Whoever may, as the actor that they are.
fn may(app: &App, signed: &Signed) -> Result<Actor, Box<Response>> {
    let lang = signed.lang;
    let page = |why: &str| Box::new(refused_page(app, lang, Some(signed), why));
    let actor = app.actor(&signed.session.account).map_err(|_| page(&broken_text(lang)))?;
    if ASSIGNING.iter().any(|role| actor.holds(*role)) {
        return Ok(actor);
    }
    Err(page(lang.pick(
        "分派和移交由街道负责人或系统管理员办理；在复核的申诉由法制工作人员移交。",
        "Work is assigned and handed over by a street lead or an administrator, appeals under review by legal staff.",
    )))
}

/// Why what was asked for is no work to be done.
enum Unclear {
    /// The person can mend it.
    Told(String),
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

impl From<ViewsError> for Unclear {
    fn from(error: ViewsError) -> Self {
        Self::Failed(error.into())
    }
}

/// What a form comes to.
fn work(app: &App, actor: &Actor, lang: Lang, sent: &Sent) -> Result<Work, Unclear> {
    if sent.what == "area" {
        return of_area(app, actor, lang, sent);
    }
    let to = account(app, lang, &sent.to)?;
    let from = account(app, lang, &sent.from)?;
    if from == to {
        let why = lang.say("移交给另一位同志。", "Hand it over to somebody else.");
        return Err(Unclear::Told(why));
    }
    if !WHYS.contains(&sent.why.as_str()) {
        return Err(Unclear::Told(lang.say("请选择移交的原因。", "Choose why it is handed over.")));
    }
    let mut parts = match OF_PREMISES.iter().any(|role| actor.holds(*role)) {
        true => of_colleague(app, actor, (&from, &to), &sent.why)?,
        false => vec![],
    };
    let appeals = appeals_of(app, &from, &to)?;
    let mut left = 0;
    match actor.holds(Role::LegalOfficer) {
        true => parts.extend(appeals),
        false => left = appeals.len() as u64,
    }
    if parts.is_empty() {
        let nothing = lang.say(
            "这位同志名下没有您能移交的工作。",
            "This colleague has nothing in hand that is yours to hand over.",
        );
        let why = [Some(nothing), for_legal_staff(lang, left)];
        return Err(Unclear::Told(why.into_iter().flatten().collect::<Vec<_>>().join(lang.gap())));
    }
    Ok(Work { parts, left, notes: vec![] })
}

/// Where appeals stay with the colleague, who must hand them over.
fn for_legal_staff(lang: Lang, left: u64) -> Option<String> {
    let n = lang.count(left);
    (left > 0).then(|| {
        lang.pick(
            format!("这位同志还有 {n} 件申诉在复核，由法制工作人员在本页移交给另一位复核人。"),
            format!("This colleague still reviews {n} appeals: legal staff hand them over to another reviewer on this page."),
        )
    })
}

/// The account of a name to sign in by; one's own id is taken as it is.
fn account(app: &App, lang: Lang, name: &str) -> Result<String, Unclear> {
    let name = name.trim();
    let login = app.office.login(name).map_err(|error| Unclear::Failed(error.into()))?;
    if let Some((account, _)) = login {
        return Ok(account);
    }
    if app.views.views().account(name)?.is_some() {
        return Ok(name.to_owned());
    }
    Err(Unclear::Told(lang.pick(
        format!("没有“{name}”这个登录名或账号。请核对。"),
        format!("There is no login or account “{name}”. Check it."),
    )))
}

fn page(app: &App, signed: &Signed, head: Markup, sent: &Sent) -> Response {
    let lang = signed.lang;
    let actor = app.actor(&signed.session.account);
    let of_premises = actor.is_ok_and(|actor| OF_PREMISES.iter().any(|role| actor.holds(*role)));
    let title = lang.pick("分派和移交", "Assigning and handing over");
    let lead = lang.pick(
        "一次最多 500 处。先显示会改动什么，确认后才记录；每一处都按各自的权限办理。",
        "500 premises at most at once. You see first what would change, and it is recorded when you confirm; each is in the gate for itself.",
    );
    let text = |name: &str, label: &str, hint: &str, value: &str| {
        text_field(
            lang,
            &TextField {
                name: name.to_owned(),
                label: label.to_owned(),
                hint: Some(hint.to_owned()),
                value: value.to_owned(),
                required: true,
                ..TextField::default()
            },
        )
    };
    let login = lang.pick("登录名或账号", "A name to sign in by, or an account");
    let of = |what: &str| if sent.what == what { sent.clone() } else { Sent::default() };
    let (area, work) = (of("area"), of("work"));
    let whys = WHYS.map(|code| Choice::new(code, why_word(lang, code), &work.why));
    let body = html! {
        (page_heading(None, title, Some(lead)))
        (head)
        @if of_premises { (section(lang.pick("把一个片区分派给一位网格员或部门工作人员", "Assign an area to a grid worker or officer"), form(&view(signed, Uuid::now_v7(), lang.say("看会分派哪些", "See which")), html! {
            input type="hidden" name="what" value="area";
            (text("area", lang.pick("街道、社区或网格", "Subdistrict, community or grid cell"), lang.pick("例如：石桥", "For example: 石桥"), &area.area))
            (text("worker", lang.pick("分派给谁", "To whom"), login, &area.worker))
        }))) }
        (section(lang.pick("把一位同志的全部工作移交给另一位", "Hand all of a colleague's work over"), form(&view(signed, Uuid::now_v7(), lang.say("看会移交哪些", "See what")), html! {
            input type="hidden" name="what" value="work";
            (text("from", lang.pick("原来是谁的", "Whose it was"), login, &work.from))
            (text("to", lang.pick("交给谁", "Whose it is"), login, &work.to))
            (choice_field(lang, "why", lang.pick("原因", "Why"), None, &whys, None))
        })))
    };
    shown(app, lang, Some(signed), title, body).into_response()
}

fn view(signed: &Signed, command_id: Uuid, submit: String) -> FormView {
    FormView {
        action: PATH.to_owned(),
        csrf: signed.session.csrf.clone(),
        command_id: command_id.to_string(),
        expected: None,
        files: false,
        submit,
    }
}

/// What would be recorded, and whether it is to be.
fn asking(signed: &Signed, sent: &Sent, command_id: Uuid, work: &Work) -> Markup {
    let (lang, parts) = (signed.lang, &work.parts);
    let mut counts: BTreeMap<Kind, u64> = BTreeMap::new();
    parts.iter().for_each(|part| *counts.entry(part.kind).or_default() += 1);
    let first: Vec<&str> = parts.iter().take(NAMED).map(|part| part.address.as_str()).collect();
    let mut said = vec![counted(lang, &counts)];
    said.push(lang.pick(
        format!("其中：{}{}", first.join("、"), if parts.len() > NAMED { "……" } else { "。" }),
        format!("Among them: {}{}", first.join(", "), if parts.len() > NAMED { " …" } else { "." }),
    ));
    said.extend(work.notes.iter().cloned());
    said.extend(for_legal_staff(lang, work.left));
    html! {
        (notice_box(Tone::Warning, lang.pick("确认后记录", "To be confirmed"), &said))
        (form(&view(signed, command_id, lang.say("确认记录", "Record it")), html! {
            @for (name, value) in [
                ("what", &sent.what), ("area", &sent.area), ("from", &sent.from), ("to", &sent.to), ("why", &sent.why), ("worker", &sent.worker),
            ] {
                input type="hidden" name=(name) value=(value);
            }
            input type="hidden" name="sure" value="yes";
        }))
    }
}

fn told(lang: Lang, outcome: &Outcome, left: u64) -> Markup {
    let tone = if outcome.refused.is_empty() && left == 0 { Tone::Good } else { Tone::Warning };
    let mut said = Vec::new();
    if !outcome.done.is_empty() {
        said.push(counted(lang, &outcome.done));
    }
    if outcome.same > 0 {
        let n = lang.count(outcome.same);
        said.push(lang.pick(format!("{n} 处本来就是这样。"), format!("{n} were so already.")));
    }
    said.extend(outcome.refused.iter().map(|(why, n)| {
        let n = lang.count(*n);
        lang.pick(format!("{n} 处没有记录：{why}"), format!("{n} not recorded: {why}"))
    }));
    said.extend(for_legal_staff(lang, left));
    notice_box(tone, lang.pick("办理结果", "What became of it"), &said)
}

fn counted(lang: Lang, counts: &BTreeMap<Kind, u64>) -> String {
    let each = counts.iter().map(|(kind, n)| {
        let n = lang.count(*n);
        match kind {
            Kind::Premises => lang.pick(format!("{n} 处房屋"), format!("{n} premises")),
            Kind::Assessment => {
                lang.pick(format!("{n} 次正在做的评定"), format!("{n} assessments under way"))
            }
            Kind::Round => lang.pick(format!("{n} 次巡查"), format!("{n} rounds")),
            Kind::Task => lang.pick(format!("{n} 项任务"), format!("{n} tasks")),
            Kind::Appeal => lang.pick(format!("{n} 件在复核的申诉"), format!("{n} appeals under review")),
        }
    });
    format!("{}{}", each.collect::<Vec<_>>().join(lang.pick("、", ", ")), lang.pick("。", "."))
}

fn why_word(lang: Lang, code: &str) -> &'static str {
    match code {
        "transferred" => lang.pick("调动", "Transferred"),
        "leave" => lang.pick("休假", "On leave"),
        _ => lang.pick("离职", "Left the service"),
    }
}

const PATH: &str = "/desk/assignments";
const WHYS: [&str; 3] = ["transferred", "leave", "left_service"];
/// How many premises are assigned at once.
const AT_ONCE: u64 = 500;
/// How many addresses are named before it is confirmed.
const NAMED: usize = 12;
