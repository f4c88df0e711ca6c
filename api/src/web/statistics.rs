//! Statistics over REST: each report as of any moment, in the form that is asked for, with its position, tree head and digest.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use wuping_domain::facts::Actor;
use wuping_domain::matter::{Figures, reads_figures};
use wuping_ledger::away::is_away;
use wuping_replay::statistics::{Asked, Extent, Made, Statistic};

use crate::app::App;
use crate::look::words::Lang;
use crate::statistics::kept::NotMade;
use crate::statistics::{Form, file_name, written};
use crate::web::api::{not_read, problem};
use crate::web::commands::in_session;
use crate::web::parameters::{Malformed, Moment, day};
use crate::web::session::lang_of;
use crate::web::state::{encoded, logged};

/// The routes.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/api/v1/statistics", get(listed))
        .route("/api/v1/statistics/{name}", get(one))
        .merge(super::statistics_page::routes())
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
    /// A subdistrict.
    pub(super) subdistrict: String,
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
        let extent = stated(&self.subdistrict).map_or(Extent::District, Extent::Subdistrict);
        Ok(Asked { question, from, party, extent, ..Asked::default() })
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
pub(in crate::web) fn may_read(actor: &Actor, statistic: Statistic) -> bool {
    let figures = match statistic {
        Statistic::Patrols | Statistic::Deadlines => Figures::Hands,
        // of a few premises the class that asks for an inspection is the class of who answers for them
        Statistic::Classes
        | Statistic::Credit
        | Statistic::Inspections
        | Statistic::Parties
        | Statistic::Portfolio => Figures::Party,
        _ => Figures::Places,
    };
    reads_figures(actor, figures)
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
            "takes_subdistrict": statistic.takes_subdistrict(),
        })
    };
    Json(json!({ "statistics": readable.map(told).collect::<Vec<Value>>() })).into_response()
}

async fn one(
    State(app): State<Arc<App>>,
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
    match app.reports.made(app.reader(), statistic, asked).await {
        Ok(made) => file(lang, &made, form, said_in),
        Err(not_made) => match not_made.told(lang) {
            // a position that the ledger has not reached may be there tomorrow
            Some(told) if not_made.is_absent() => problem(StatusCode::NOT_FOUND, "not_found", &told),
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
        ("content-disposition", format!("{how}; {}", named(made, form))),
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

/// The name of its file in a header, which is ASCII: what somebody typed is written by its bytes.
fn named(made: &Made, form: Form) -> String {
    let name = file_name(made, form);
    match made.asked.subdistrict() {
        Some(_) => format!("filename*=UTF-8''{}", encoded(&name)),
        None => format!("filename=\"{name}\""),
    }
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

/// A report that could not be made, though what was asked for can be.
pub(super) fn broken(lang: Lang, not_made: &NotMade) -> Response {
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
