//! The reading half of the REST interface: premises, grades, rulebooks. Only what is public is answered.

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use wuping_ledger::away::is_away;
use wuping_projections::queries::{
    HazardView, HistoryLine, Page as ViewPage, PremisesLine, SearchFilter, SubjectView,
};
use wuping_replay::report::{GradeLine, grades as graded};

use super::commands::come_back;
use super::openapi;
use super::paging;
use super::parameters::Moment;
use super::state::{Asking, ReadError, Site, logged};
use super::subject::{public_hazards, public_history};
use crate::look::words::Lang;

/// `/api/v1/…`, all by GET.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/api/v1/grades", get(grades))
        .route("/api/v1/openapi.json", get(described))
        .route("/api/v1/premises", get(search))
        .route("/api/v1/premises/{code}", get(premises))
        .route("/api/v1/premises/{code}/history", get(history))
        .route("/api/v1/rulebooks", get(rulebooks))
        .route("/api/v1/sheet", get(sheet))
}

/// An RFC 9457 problem document; its `type` is stable, its `detail` in the caller's language.
pub(super) fn problem(status: StatusCode, code: &str, detail: &str) -> Response {
    problem_with(status, code, detail, json!({}))
}

/// As [`problem`], with further members that say for machines what is wrong.
pub(super) fn problem_with(status: StatusCode, code: &str, detail: &str, more: Value) -> Response {
    let mut body = json!({
        "type": format!("/problems/{code}"), "title": code, "status": status.as_u16(), "detail": detail
    });
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        for (name, value) in more {
            body.entry(name).or_insert(value);
        }
    }
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sought {
    search: String,
    subdistrict: String,
    page: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct GradesOf {
    at: String,
    as_of: String,
    valid_at: String,
}

async fn premises(State(site): State<Site>, asking: Asking, Path(code): Path<String>) -> Response {
    let read = site.read(move |site| {
        let Some(found) = site.views().premises_by_code(&code)? else { return Ok(None) };
        Ok(site.views().subject_view(&found.id)?.as_ref().map(public_subject))
    });
    one(&asking, read.await)
}

async fn history(State(site): State<Site>, asking: Asking, Path(code): Path<String>) -> Response {
    let read = site.read(move |site| {
        let Some(found) = site.views().premises_by_code(&code)? else { return Ok(None) };
        let lines: Vec<HistoryLine> = public_history(site.views().grade_history(&found.id)?);
        Ok(Some(json!({ "id": found.id, "codes": found.codes, "history": lines })))
    });
    one(&asking, read.await)
}

async fn search(State(site): State<Site>, asking: Asking, Query(sought): Query<Sought>) -> Response {
    let number = match paging::asked(asking.lang, &sought.page) {
        Ok(number) => number,
        Err(refused) => return *refused,
    };
    let read = site.read(move |site| {
        let subdistrict = (!sought.subdistrict.is_empty()).then_some(sought.subdistrict);
        let filter = SearchFilter { subdistrict, ..SearchFilter::default() };
        let found = site.views().search(&sought.search, &filter, ViewPage::of(number))?;
        let rows: Vec<Value> = found.rows.iter().map(public_line).collect();
        Ok(json!({ "rows": rows, "page": found.page, "pages": found.pages, "total": found.total }))
    });
    answered(&asking, read.await)
}

async fn rulebooks(State(site): State<Site>, asking: Asking) -> Response {
    answered(&asking, site.read(|site| Ok(json!({ "rulebooks": site.views().rulebooks()? }))).await)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Area {
    area: String,
}

async fn sheet(State(site): State<Site>, asking: Asking, Query(wanted): Query<Area>) -> Response {
    let area = Some(wanted.area).filter(|area| !area.is_empty());
    answered(&asking, site.read(move |site| Ok(json!(site.views().sheet(area.as_deref())?))).await)
}

async fn grades(State(site): State<Site>, asking: Asking, Query(moment): Query<GradesOf>) -> Response {
    let asked = Moment { at: &moment.at, as_of: &moment.as_of, valid_at: &moment.valid_at }.question();
    let question = match asked {
        Ok(question) => question,
        Err(wrong) => return wrong.answer(asking.lang),
    };
    let read = site.read(move |site| {
        let lines = graded(&site.reader, question)?.into_iter().filter_map(public_grade);
        Ok(json!({ "grades": lines.collect::<Vec<_>>() }))
    });
    answered(&asking, read.await)
}

async fn described() -> Json<Value> {
    Json(openapi::document())
}

/// What binds; a result that only waits is nobody's but the party's and the office's.
fn public_grade(line: GradeLine) -> Option<GradeLine> {
    line.in_force.position.is_some().then_some(GradeLine { determined: None, ..line })
}

/// Premises in a list, without what a newer determination waits for.
fn public_line(line: &PremisesLine) -> Value {
    let mut value = json!(line);
    if let Some(members) = value.as_object_mut() {
        members.remove("waiting_for");
    }
    value
}

/// Premises with what is public of them: no parties, no assessors, no result that only waits, no unconfirmed hazard.
fn public_subject(view: &SubjectView) -> Value {
    let premises = &view.premises;
    let grade = view.grade.as_ref();
    let hazards: Vec<Value> = public_hazards(&view.open_hazards).map(public_hazard).collect();
    json!({
        "id": premises.id,
        "layer": premises.layer,
        "name": premises.name,
        "address": premises.address,
        "codes": premises.codes,
        "subdistrict": premises.subdistrict,
        "community": premises.community,
        "storeys": premises.storeys,
        "units": premises.units,
        "year_built": premises.year_built,
        "closed_on": premises.closed_on,
        "parent": view.parent.as_ref().map(public_line),
        "children": view.children,
        "in_force": grade.and_then(|grade| grade.in_force.as_ref()),
        "prohibition": grade.and_then(|grade| grade.prohibition.as_ref()),
        "building_prohibition": view.building_ban,
        "awaiting_confirmation": grade.is_some_and(|grade| grade.waiting_for.is_some()),
        "open_hazards": hazards,
        "closed_hazards": view.closed_hazards,
    })
}

fn public_hazard(hazard: &HazardView) -> Value {
    json!({
        "hazard": hazard.hazard,
        "indicator": hazard.indicator,
        "severity": hazard.severity,
        "competent": hazard.competent,
        "stage": hazard.stage,
        "found_on": hazard.found_on,
        "confirmed_on": hazard.confirmed_on,
        "position": hazard.position,
    })
}

fn one(asking: &Asking, read: Result<Option<Value>, ReadError>) -> Response {
    match read {
        Ok(Some(found)) => Json(found).into_response(),
        Ok(None) => {
            let told = asking.lang.pick(
                "没有这个编码的房屋。请核对编码，或用 search 参数查找。",
                "No premises have this code. Check it, or search with the parameter search.",
            );
            problem(StatusCode::NOT_FOUND, "not_found", told)
        }
        Err(error) => broken(asking, &error),
    }
}

pub(super) fn answered(asking: &Asking, read: Result<Value, ReadError>) -> Response {
    read.map_or_else(|error| broken(asking, &error), |value| Json(value).into_response())
}

/// The ledger or the views could not be read.
pub(super) fn broken(asking: &Asking, error: &ReadError) -> Response {
    not_read(asking.lang, error)
}

/// Something could not be read that was asked for: told in the log with its causes, here with the number that it stands under.
pub(super) fn not_read(lang: Lang, error: &(dyn std::error::Error + 'static)) -> Response {
    let number = logged(error);
    if is_away(error) {
        let told = lang.pick(
            format!("账本的数据库暂时没有回应。过一会儿再试；问管理员时报编号 {number}。"),
            format!(
                "The ledger's database does not answer at the moment. Ask again in a while; quote {number} to the operator."
            ),
        );
        return come_back("database_away", &told, "2");
    }
    let told = lang.pick(
        format!("平台没能读出答案，请再试一次；问管理员时报编号 {number}。"),
        format!("The platform could not read the answer. Ask again; quote {number} to the operator."),
    );
    problem(StatusCode::INTERNAL_SERVER_ERROR, "not_read", &told)
}
