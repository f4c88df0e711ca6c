//! Statistics over REST: each report as of any moment, in the form that is asked for, with its position, tree head and digest.
//! What was made is kept for a while, since a report of a position never changes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use wuping_domain::facts::Actor;
use wuping_domain::matter::{Figures, reads_figures};
use wuping_ledger::away::is_away;
use wuping_replay::statistics::{Asked, Made, Statistic, StatisticError, make};

use crate::app::App;
use crate::look::words::Lang;
use crate::statistics::{Form, file_name, written};
use crate::web::api::{not_read, problem};
use crate::web::commands::in_session;
use crate::web::parameters::{Malformed, Moment, day};
use crate::web::session::lang_of;
use crate::web::state::logged;

/// The routes.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/api/v1/statistics", get(listed))
        .route("/api/v1/statistics/{name}", get(one))
        .merge(super::statistics_page::routes())
        .layer(Extension(Shelf::default()))
        .with_state(app)
}

/// What a report is asked for by, as it stands in an address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    /// A position.
    pub(super) at: String,
    /// A moment.
    pub(super) as_of: String,
    /// A form.
    pub(super) format: String,
    /// The first day that is counted.
    pub(super) from: String,
    /// A language.
    pub(super) lang: String,
    /// A party, by its id.
    pub(super) party: String,
    /// A day.
    pub(super) valid_at: String,
}

impl Wanted {
    /// What is asked of a report.
    pub(super) fn asked(&self, statistic: Statistic) -> Result<Asked, Malformed> {
        let stated = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let question = Moment { at: &self.at, as_of: &self.as_of, valid_at: &self.valid_at }.question()?;
        let from = day("from", &self.from)?;
        let party = stated(&self.party).filter(|_| statistic.takes_party());
        if statistic.takes_party() && party.is_none() {
            return Err(Malformed {
                parameter: "party",
                zh: "要写责任人的编号",
                en: "write the id of a party",
            });
        }
        let from = from.filter(|_| statistic.takes_from());
        Ok(Asked { question, from, party, ..Asked::default() })
    }

    fn form(&self) -> Result<Form, Malformed> {
        let wrong = Malformed {
            parameter: "format",
            zh: "要写 csv、html、json 或 xlsx",
            en: "write csv, html, json or xlsx",
        };
        if self.format.is_empty() { Ok(Form::Json) } else { Form::of_code(&self.format).ok_or(wrong) }
    }

    fn lang(&self) -> Result<Option<Lang>, Malformed> {
        match self.lang.as_str() {
            "" => Ok(None),
            "en" => Ok(Some(Lang::En)),
            "zh" => Ok(Some(Lang::Zh)),
            _ => Err(Malformed { parameter: "lang", zh: "要写 zh 或 en", en: "write zh or en" }),
        }
    }
}

/// Whether somebody may read a report.
pub(super) fn may_read(actor: &Actor, statistic: Statistic) -> bool {
    let figures = match statistic {
        Statistic::Patrols | Statistic::Deadlines => Figures::Hands,
        Statistic::Classes | Statistic::Credit | Statistic::Parties | Statistic::Portfolio => Figures::Party,
        _ => Figures::Places,
    };
    reads_figures(actor, figures)
}

/// Reports that were made. One is made at a time: it takes every core that there is.
#[derive(Clone)]
pub(super) struct Shelf {
    kept: Arc<Mutex<VecDeque<Arc<Made>>>>,
    one: Arc<Semaphore>,
}

impl Default for Shelf {
    fn default() -> Self {
        Self { kept: Arc::default(), one: Arc::new(Semaphore::new(1)) }
    }
}

/// Why there is no report.
pub(super) enum NotMade {
    /// What was asked for cannot be.
    Asked(StatisticError),
    /// Something failed.
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

impl Shelf {
    /// The report, made now or kept from before.
    pub(super) async fn made(
        &self,
        app: &Arc<App>,
        statistic: Statistic,
        mut asked: Asked,
    ) -> Result<Arc<Made>, NotMade> {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| NotMade::Failed(error);
        let _one = self.one.acquire().await.map_err(|error| failed(error.into()))?;
        let (house, shelf) = (app.clone(), self.clone());
        let made = tokio::task::spawn_blocking(move || {
            if asked.question.at.is_none() && asked.question.as_of.is_none() {
                asked.question.at = house.reader().size()?.checked_sub(1);
            }
            if let Some(kept) = shelf.find(statistic, &asked) {
                return Ok(kept);
            }
            let made = Arc::new(make(house.reader(), statistic, &asked)?);
            shelf.keep(made.clone());
            Ok(made)
        });
        match made.await {
            Ok(Ok(made)) => Ok(made),
            Ok(Err(
                error @ (StatisticError::Beyond { .. }
                | StatisticError::Span { .. }
                | StatisticError::NoParty
                | StatisticError::UnknownParty { .. }),
            )) => Err(NotMade::Asked(error)),
            Ok(Err(error)) => Err(failed(error.into())),
            Err(error) => Err(failed(error.into())),
        }
    }

    fn find(&self, statistic: Statistic, asked: &Asked) -> Option<Arc<Made>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|made| made.statistic == statistic && made.asked == *asked).cloned()
    }

    fn keep(&self, made: Arc<Made>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // what is asked as of a time that is to come changes yet
        if made.asked.question.as_of.is_none_or(|as_of| made.recorded_at.is_some_and(|at| at >= as_of)) {
            kept.push_front(made);
            kept.truncate(KEPT_MAX);
        }
    }
}

impl NotMade {
    /// Whether a position was asked for that the ledger has not.
    const fn is_beyond(&self) -> bool {
        matches!(self, Self::Asked(StatisticError::Beyond { .. }))
    }

    /// Why not, where the person can mend it.
    pub(super) fn told(&self, lang: Lang) -> Option<String> {
        let Self::Asked(error) = self else { return None };
        Some(match error {
            StatisticError::Beyond { position, entries } => lang.pick(
                format!("账本只有 {entries} 条记录，没有第 {position} 条。请写小一些的位置。"),
                format!("The ledger holds {entries} entries, and none at position {position}. Ask for a lower one."),
            ),
            StatisticError::Span { from, until } => lang.pick(
                format!("起始日 {from} 在截止日 {until} 之后。请改早一些。"),
                format!("The first day {from} is after the last, {until}. Choose an earlier one."),
            ),
            StatisticError::UnknownParty { party } => lang.pick(
                format!("没有登记责任人 {party}，也没有房屋由它负责。请核对编号，例如 y-21。"),
                format!("There is no party {party}, and it answers for no premises. Check its id, such as y-21."),
            ),
            _ => lang.say("请写责任人的编号。", "Name the party by its id."),
        })
    }
}

async fn listed(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let lang = lang_of(&headers);
    let actor = match reader(&app, lang, &headers) {
        Ok(actor) => actor,
        Err(refused) => return *refused,
    };
    let readable = Statistic::ALL.into_iter().filter(|statistic| may_read(&actor, *statistic));
    let told = |statistic: Statistic| {
        json!({
            "name": statistic.code(), "title": statistic.title(), "about": statistic.about(),
            "takes_from": statistic.takes_from(), "takes_party": statistic.takes_party(),
        })
    };
    Json(json!({ "statistics": readable.map(told).collect::<Vec<Value>>() })).into_response()
}

async fn one(
    State(app): State<Arc<App>>,
    Extension(shelf): Extension<Shelf>,
    headers: HeaderMap,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let lang = lang_of(&headers);
    let actor = match reader(&app, lang, &headers) {
        Ok(actor) => actor,
        Err(refused) => return *refused,
    };
    let Some(statistic) = Statistic::of_code(&name) else {
        let told = lang.pick(
            "没有这个报表，请看 /api/v1/statistics。",
            "There is no such report; see /api/v1/statistics.",
        );
        return problem(StatusCode::NOT_FOUND, "not_found", told);
    };
    if !may_read(&actor, statistic) {
        return problem(StatusCode::FORBIDDEN, "role_needed", not_yours(lang));
    }
    let asked = wanted.asked(statistic).and_then(|asked| Ok((asked, wanted.form()?, wanted.lang()?)));
    let (asked, form, said_in) = match asked {
        Ok(asked) => asked,
        Err(wrong) => return wrong.answer(lang),
    };
    match shelf.made(&app, statistic, asked).await {
        Ok(made) => file(lang, &made, form, said_in),
        Err(not_made) => match not_made.told(lang) {
            // a position that the ledger has not reached may be there tomorrow
            Some(told) if not_made.is_beyond() => problem(StatusCode::NOT_FOUND, "not_found", &told),
            Some(told) => problem(StatusCode::BAD_REQUEST, "malformed", &told),
            None => broken(lang, &not_made),
        },
    }
}

/// A report as a file, with what it was made from in the headers.
fn file(lang: Lang, made: &Made, form: Form, said_in: Option<Lang>) -> Response {
    let said_in = if form == Form::Html { Some(said_in.unwrap_or(lang)) } else { said_in };
    let bytes = match written(made, form, said_in) {
        Ok(bytes) => bytes,
        Err(error) => return broken(lang, &NotMade::Failed(error.into())),
    };
    let how = if matches!(form, Form::Csv | Form::Xlsx) { "attachment" } else { "inline" };
    let mut response = ([(header::CONTENT_TYPE, form.content_type())], bytes).into_response();
    let position = made.position.map_or_else(String::new, |position| position.to_string());
    for (name, value) in [
        ("content-disposition", format!("{how}; filename=\"{}\"", file_name(made, form))),
        ("x-wuping-digest", made.digest.clone()),
        ("x-wuping-position", position),
        ("x-wuping-tree-head", made.tree_head.clone()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Why somebody may not read a report.
pub(super) fn not_yours(lang: Lang) -> &'static str {
    lang.pick(
        "这个报表不由您的角色查看。需要时请联系管理员。",
        "This report is not for your role to read. Ask the administrator if you need it.",
    )
}

fn reader(app: &App, lang: Lang, headers: &HeaderMap) -> Result<Actor, Box<Response>> {
    let session = in_session(app, lang, headers)?;
    app.actor(&session.account).map_err(|error| Box::new(broken(lang, &NotMade::Failed(error.into()))))
}

fn broken(lang: Lang, not_made: &NotMade) -> Response {
    if let NotMade::Failed(error) = not_made
        && is_away(error.as_ref())
    {
        return not_read(lang, error.as_ref());
    }
    let number = match not_made {
        NotMade::Asked(error) => logged(error),
        NotMade::Failed(error) => logged(error.as_ref()),
    };
    let told = lang.pick(
        format!("平台没能做出报表，请再试一次；问管理员时报编号 {number}。"),
        format!("The platform could not make the report. Ask again; quote {number} to the operator."),
    );
    problem(StatusCode::INTERNAL_SERVER_ERROR, "not_read", &told)
}

/// How many reports are kept.
const KEPT_MAX: usize = 16;
