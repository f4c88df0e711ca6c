//! Matters over REST, for whoever is signed in: lists, one with its deadlines and history, a person's rounds of a day; and for
//! a reporter, without signing in, the own report by its number. Who may read what is asked of the domain.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wuping_domain::aggregate::Concept as _;
use wuping_domain::facts::{Actor, Role};
use wuping_domain::inspection::Inspection;
use wuping_domain::matter::{Case, Docket, Kind, reads_rounds_of, sights};
use wuping_domain::recorded::subject_of;
use wuping_domain::subject::Subject;
use wuping_projections::Views;
use wuping_projections::queries::{MatterFilter, Page, UndertakingFilter, WaitingHand, WaitingOn, WorkerDay};
use wuping_projections::recording::recorded;
use wuping_replay::report::Question;

use crate::app::App;
use crate::look::words::Lang;
use crate::past::{NotThen, Past};
use crate::web::api::{not_read, problem};
use crate::web::commands::{come_back, in_session};
use crate::web::paging;
use crate::web::parameters::{Malformed, Moment, day, truth};
use crate::web::resident::Tracking;
use crate::web::session::lang_of;
use crate::web::state::address;
use crate::web::untold::without_class;

/// The routes.
pub fn router(app: Arc<App>) -> Router {
    let past = Past::beside(&app.folder, app.reader().clone(), app.shelf.clone());
    Router::new()
        .route("/api/v1/matters", get(listed))
        .route("/api/v1/matters/{*stream}", get(one))
        .route("/api/v1/patrols", get(rounds))
        .route("/api/v1/reports/{number}", get(followed))
        .route("/api/v1/undertakings", get(undertakings))
        .layer(Extension(past))
        .with_state(app)
}

/// What a list is asked for by.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    /// The place that the list before ended at.
    pub(super) after: String,
    account: String,
    /// Subdistrict, community or grid cell.
    pub(super) area: String,
    as_of: String,
    at: String,
    building: String,
    /// The department that answers.
    pub(super) department: String,
    /// `true` for what has ended.
    pub(super) ended: String,
    /// A kind of matter.
    pub(super) kind: String,
    /// `true` for what is late.
    pub(super) overdue: String,
    party: String,
    premises: String,
    role: String,
    size: String,
    stage: String,
    valid_at: String,
    /// `me`, or the department whose next word it is.
    pub(super) waits_on: String,
}

impl Wanted {
    /// The filter, for somebody on a day.
    pub(super) fn filter(&self, actor: &Actor, today: NaiveDate) -> Result<MatterFilter, Malformed> {
        let stated = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let kind = stated(&self.kind).map(|code| {
            let zh = "要写一种事项，例如 hazard、report、notice";
            let en = "write a kind of matter such as hazard, report or notice";
            Kind::from_code(&code).ok_or(Malformed { parameter: "kind", zh, en })
        });
        let role = stated(&self.role).map(|code| {
            let (zh, en) = ("要写一个角色，例如 grid_worker", "write a role such as grid_worker");
            let known = Role::ALL.into_iter().find(|role| role.code() == code);
            known.ok_or(Malformed { parameter: "role", zh, en })
        });
        let (kind, role) = (kind.transpose()?, role.transpose()?);
        let department = stated(&self.waits_on).filter(|who| who != "me");
        let waiting_on = if self.waits_on == "me" {
            Some(WaitingOn::person(actor))
        } else if let Some(account) = stated(&self.account) {
            Some(WaitingOn::account(&account))
        } else if role.is_some() || department.is_some() {
            Some(WaitingOn { any: vec![WaitingHand::Office { role, department, area: None }] })
        } else {
            None
        };
        Ok(MatterFilter {
            ended: truth("ended", &self.ended)?,
            waiting_on,
            overdue: truth("overdue", &self.overdue)?,
            kind,
            stage: stated(&self.stage),
            premises: stated(&self.premises),
            building: stated(&self.building),
            area: stated(&self.area),
            department: stated(&self.department),
            party: stated(&self.party),
            ..MatterFilter::running(sights(actor), today)
        })
    }

    /// The same list of one kind, or of what is overdue of all kinds.
    pub(super) fn narrowed(&self, kind: Option<Kind>) -> Self {
        let (kind, overdue) = match kind {
            Some(kind) => (kind.code().to_owned(), String::new()),
            None => (String::new(), "true".to_owned()),
        };
        Self { kind, overdue, ..self.clone() }
    }

    /// The page of this list, from its beginning or with what is added.
    pub(super) fn address(&self, more: &[(&str, &str)]) -> String {
        let mut all = self.chosen_by().to_vec();
        all.extend(more);
        address("/desk/matters", &all)
    }

    /// What was chosen, `overdue=true kind=hazard`; everything that may be read where that is empty.
    pub(super) fn chosen(&self) -> String {
        let said = self.chosen_by().into_iter().filter(|(_, value)| !value.is_empty());
        said.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
    }

    fn chosen_by(&self) -> [(&'static str, &str); 12] {
        [
            ("account", self.account.as_str()),
            ("area", &self.area),
            ("building", &self.building),
            ("department", &self.department),
            ("ended", &self.ended),
            ("kind", &self.kind),
            ("overdue", &self.overdue),
            ("party", &self.party),
            ("premises", &self.premises),
            ("role", &self.role),
            ("stage", &self.stage),
            ("waits_on", &self.waits_on),
        ]
    }

    fn size(&self) -> Result<u64, Malformed> {
        let (zh, en) = ("要写 1 到 200 的整数", "write a whole number from 1 to 200");
        let size = if self.size.is_empty() { Ok(SIZE) } else { self.size.parse() };
        let size = size.ok().filter(|size| (1..=SIZE_MAX).contains(size));
        size.ok_or(Malformed { parameter: "size", zh, en })
    }
}

async fn listed(
    State(app): State<Arc<App>>,
    Extension(past): Extension<Past>,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Response {
    let lang = lang_of(&headers);
    let actor = match reader(&app, lang, &headers) {
        Ok(actor) => actor,
        Err(refused) => return *refused,
    };
    let moment = Moment { at: &wanted.at, as_of: &wanted.as_of, valid_at: &wanted.valid_at };
    let asked = moment.question().and_then(|question| Ok((question, wanted.size()?)));
    let (question, size) = match asked {
        Ok(asked) => asked,
        Err(wrong) => return wrong.answer(lang),
    };
    let (views, today) = match seen(&app, &past, lang, question).await {
        Ok(seen) => seen,
        Err(refused) => return *refused,
    };
    let filter = match wanted.filter(&actor, today) {
        Ok(filter) => MatterFilter { valid_at: question.valid_at, ..filter },
        Err(wrong) => return wrong.answer(lang),
    };
    let read = blocking(move || {
        let after = Some(wanted.after.as_str()).filter(|after| !after.is_empty());
        let listed = views.matters(&filter, after, size)?;
        let counts = views.matters_counted(&filter)?;
        let position = views.progress()?.position();
        Ok(Some(json!({
            "rows": listed.rows, "total": listed.total, "next": listed.next, "counts": counts, "position": position,
        })))
    });
    answered(lang, read.await)
}

/// The views that a question is answered from, and the day they are looked at: those of now, or as they were.
async fn seen(
    app: &App,
    past: &Past,
    lang: Lang,
    question: Question,
) -> Result<(Views, NaiveDate), Box<Response>> {
    let Question { at, as_of, valid_at } = question;
    if at.is_none() && as_of.is_none() {
        return Ok((app.views.views().clone(), valid_at.unwrap_or_else(|| app.today())));
    }
    let then = past.then(at, as_of).await.map_err(|not_then| Box::new(not_seen(lang, &not_then)))?;
    Ok((then.views, valid_at.unwrap_or(then.today)))
}

fn not_seen(lang: Lang, not_then: &NotThen) -> Response {
    match not_then {
        NotThen::Before => problem(
            StatusCode::NOT_FOUND,
            "not_found",
            lang.pick(
                "那时账本还没有记录。请写晚一些的时刻。",
                "The ledger had no entry then. Ask for a later moment.",
            ),
        ),
        NotThen::Beyond { position, entries } => {
            let told = lang.pick(
                format!("账本只有 {entries} 条记录，没有第 {position} 条。请写小一些的位置。"),
                format!("The ledger holds {entries} entries, and none at position {position}. Ask for a lower one."),
            );
            problem(StatusCode::NOT_FOUND, "not_found", &told)
        }
        NotThen::Making => {
            let told = lang.pick(
                "那一时刻的清单正在整理，请半分钟后再发送同一个请求。",
                "The lists of that moment are still being made. Ask the same again in half a minute.",
            );
            come_back("being_made", told, "30")
        }
        NotThen::Failed(error) => not_read(lang, error.as_ref()),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Told {
    at: String,
}

#[derive(Serialize)]
struct Entry {
    #[serde(rename = "type")]
    event_type: String,
    occurred_at: String,
    recorded_at: String,
    position: u64,
    version: u64,
}

async fn one(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(stream): Path<String>,
    Query(asked): Query<Told>,
) -> Response {
    let lang = lang_of(&headers);
    let actor = match reader(&app, lang, &headers) {
        Ok(actor) => actor,
        Err(refused) => return *refused,
    };
    let at = match (Moment { at: &asked.at, ..Moment::default() }).question() {
        Ok(question) => question.at,
        Err(wrong) => return wrong.answer(lang),
    };
    let read = blocking(move || {
        let today = app.today();
        let Some(view) = app.views.views().matter(&stream, &sights(&actor), today)? else { return Ok(None) };
        let Some((case, history)) = told(&app, &stream, at)? else { return Ok(None) };
        let mut told = json!({
            "premises": view.premises, "address": view.address, "building": view.building,
            "subdistrict": view.subdistrict, "community": view.community, "grid_cell": view.grid_cell,
            "opened": case.opened, "changed": case.changed, "ended": case.ended, "history": history,
        });
        told["ended_how"] = json!(case.matter.ended);
        let mut matter = json!(case.matter);
        if let (Value::Object(told), Value::Object(matter)) = (&mut told, &mut matter) {
            matter.remove("ended");
            told.append(matter);
        }
        Ok(Some(told))
    });
    answered(lang, read.await)
}

/// A matter as the ledger tells it up to a position, with every entry of its stream.
fn told(app: &App, stream: &str, at: Option<u64>) -> Result<Option<(Case, Vec<Entry>)>, Failure> {
    let (own, before) = (subject_of(stream), at.map(|at| at.saturating_add(1)));
    let (mut docket, mut found, mut history) = (Docket::default(), None, vec![]);
    let mut whole = Subject::default();
    for entry in app.reader().subject(own, before)? {
        let row = entry.row();
        let recorded = recorded(&row)?;
        whole.apply(&recorded);
        let gone = docket.take(&recorded, &whole.grade, app.shelf.as_ref());
        found = gone.into_iter().rfind(|case| case.matter.stream == stream).or(found);
        if recorded.stream == stream {
            history.push(Entry {
                event_type: event_type(row.data),
                occurred_at: row.occurred_at.to_owned(),
                recorded_at: row.recorded_at.to_owned(),
                position: recorded.position,
                version: recorded.version,
            });
        }
    }
    let running = docket.cases(own, app.shelf.as_ref());
    let found = running.into_iter().find(|case| case.matter.stream == stream).or(found);
    Ok(found.map(|case| (case, history)))
}

fn event_type(data: &str) -> String {
    #[derive(Deserialize)]
    struct Typed {
        r#type: String,
    }
    serde_json::from_str::<Typed>(data).map(|typed| typed.r#type).unwrap_or_default()
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Day {
    as_of: String,
    at: String,
    day: String,
    worker: String,
}

async fn rounds(
    State(app): State<Arc<App>>,
    Extension(past): Extension<Past>,
    headers: HeaderMap,
    Query(asked): Query<Day>,
) -> Response {
    let lang = lang_of(&headers);
    let actor = match reader(&app, lang, &headers) {
        Ok(actor) => actor,
        Err(refused) => return *refused,
    };
    let worker = if asked.worker.is_empty() { actor.account.clone() } else { asked.worker.clone() };
    if !reads_rounds_of(&actor, &worker) {
        let told = lang.pick(
            "只能看自己的巡查，或由街道、社区负责人和调度员查看。",
            "Rounds are read by who goes them, and by subdistrict and community leads and dispatchers.",
        );
        return problem(StatusCode::FORBIDDEN, "not_yours", told);
    }
    let moment = Moment { at: &asked.at, as_of: &asked.as_of, valid_at: "" };
    let question = moment.question().and_then(|moment| Ok((moment, day("day", &asked.day)?)));
    let question = match question {
        Ok((moment, day)) => Question { valid_at: day, ..moment },
        Err(wrong) => return wrong.answer(lang),
    };
    let (views, day) = match seen(&app, &past, lang, question).await {
        Ok(seen) => seen,
        Err(refused) => return *refused,
    };
    let read = blocking(move || {
        let walks = worker_day(&app.actor(&worker)?, day);
        let found = views.patrols_of(&walks, Page { number: 1, size: 1_000 })?;
        Ok(Some(json!({ "worker": worker, "day": day, "rows": found.rows, "total": found.total })))
    });
    answered(lang, read.await)
}

/// The rounds of a person on a day: what was given to it, and what nobody was given where it walks.
pub(super) fn worker_day(actor: &Actor, day: NaiveDate) -> WorkerDay {
    let walks = actor.grants.iter().filter(|grant| grant.role == Role::GridWorker);
    WorkerDay { worker: actor.account.clone(), areas: walks.map(|grant| grant.area.clone()).collect(), day }
}

async fn followed(State(app): State<Arc<App>>, headers: HeaderMap, Path(number): Path<String>) -> Response {
    let lang = lang_of(&headers);
    let read = blocking(move || {
        let Some(tracking) = Tracking::parse(&number) else { return Ok(None) };
        let found = app.views.views().report_by_number(&tracking.key(), app.today())?;
        Ok(found.map(|report| {
            json!({
                "number": tracking.number(), "category": report.about, "stage": report.stage, "with": report.department,
                "received_at": report.opened_recorded_at, "changed_at": report.changed_at,
                "answer": report.ended_how, "answered_on": report.ended_on,
            })
        }))
    });
    answered(lang, read.await)
}

/// Kinds of what the office does besides grading.
pub(super) const UNDERTAKINGS: [&str; 7] =
    ["association", "board", "campaign", "inspection", "listing", "measure", "meeting"];

/// What undertakings are asked for by.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct UndertakingsWanted {
    area: String,
    as_of: String,
    at: String,
    kind: String,
    page: String,
    premises: String,
    stage: String,
}

async fn undertakings(
    State(app): State<Arc<App>>,
    Extension(past): Extension<Past>,
    headers: HeaderMap,
    Query(wanted): Query<UndertakingsWanted>,
) -> Response {
    let lang = lang_of(&headers);
    let actor = match reader(&app, lang, &headers) {
        Ok(actor) => actor,
        Err(refused) => return *refused,
    };
    if !actor.is_of_the_office() {
        let told = lang.pick("这里由工作人员查看。", "Staff of the office read this.");
        return problem(StatusCode::FORBIDDEN, "not_yours", told);
    }
    let Some(number) = paging::stated(&wanted.page) else {
        let (zh, en) = ("要写页码，从 1 起的整数", "write a page, a whole number from 1");
        return Malformed { parameter: "page", zh, en }.answer(lang);
    };
    if !wanted.kind.is_empty() && !UNDERTAKINGS.contains(&wanted.kind.as_str()) {
        let (zh, en) = ("要写接口说明里列出的种类", "write one of the kinds that /api/v1/openapi.json lists");
        return Malformed { parameter: "kind", zh, en }.answer(lang);
    }
    let moment = Moment { at: &wanted.at, as_of: &wanted.as_of, valid_at: "" };
    let question = match moment.question() {
        Ok(question) => question,
        Err(wrong) => return wrong.answer(lang),
    };
    let (views, _) = match seen(&app, &past, lang, question).await {
        Ok(seen) => seen,
        Err(refused) => return *refused,
    };
    let stated = |text: String| Some(text).filter(|text| !text.is_empty());
    let filter = UndertakingFilter {
        kind: stated(wanted.kind),
        stage: stated(wanted.stage),
        area: stated(wanted.area),
        premises: stated(wanted.premises),
    };
    let read = blocking(move || {
        let mut found = views.undertakings(&filter, Page::of(number))?;
        for row in found.rows.iter_mut().filter(|row| row.kind == Inspection::TYPE) {
            if let Some(plan) = row.state.get_mut("plan") {
                without_class(&actor, plan);
            }
        }
        Ok(Some(json!(found)))
    });
    answered(lang, read.await)
}

/// Who reads, with what the person may do now.
fn reader(app: &App, lang: Lang, headers: &HeaderMap) -> Result<Actor, Box<Response>> {
    let session = in_session(app, lang, headers)?;
    app.actor(&session.account).map_err(|error| Box::new(not_read(lang, &error)))
}

/// Whatever stops a reading, with its causes.
pub(super) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Read on a thread that may wait.
pub(super) async fn blocking<T: Send + 'static>(
    question: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(question).await?
}

fn answered(lang: Lang, read: Result<Option<Value>, Failure>) -> Response {
    match read {
        Ok(Some(found)) => Json(found).into_response(),
        Ok(None) => {
            let told = lang.pick(
                "没有这件事，或者不由您查看。请核对编号。",
                "There is no such matter, or it is not yours to read. Check the number.",
            );
            problem(StatusCode::NOT_FOUND, "not_found", told)
        }
        Err(error) => not_read(lang, error.as_ref()),
    }
}

/// Rows of a list unless told otherwise.
pub(super) const SIZE: u64 = 50;
/// Rows of a list at most.
pub(super) const SIZE_MAX: u64 = 200;
