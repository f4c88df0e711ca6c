//! Filling in an assessment: each collector sees the indicators that are theirs, with photos, and the lead submits.

mod filled;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Multipart, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use wuping_domain::assessment::{Assessment, Stage, needs_photo};
use wuping_domain::facts::{Actor, Role};
use wuping_domain::reaction::Rulebooks;
use wuping_domain::rejection::Rejection;
use wuping_domain::rulebook::Rulebook;
use wuping_domain::rulebook::scheme::{Collect, Evidence, Indicator, Kind};
use wuping_projections::error::causes;

use self::filled::Filled;
pub(super) use self::filled::{Photo, photo, too_large};
use crate::app::{App, ExecuteError};
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::web::answering::{asked_by_form, told};
use crate::web::desk_page::{broken_text, failed_text, forged_text, refused_page, shown};
use crate::web::matter::filling::kept_text;
use crate::web::session::Signed;

/// The routes of an assessment's pages.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/desk/assessments/{premises}/{assessment}", get(show).post(save))
        .route("/desk/assessments/{premises}/{assessment}/submit", axum::routing::post(submit))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

/// What came back of a form, with what is wrong with it.
#[derive(Default)]
struct Returned {
    filled: Filled,
    /// The command's id to send it again with; a new one where the form itself did not come.
    command_id: Option<Uuid>,
    wrong: Vec<Wrong>,
    /// What is wrong with the whole, each a sentence.
    why: Vec<String>,
}

/// What is wrong with an indicator's answer, its note or its photo.
struct Wrong {
    indicator: String,
    part: &'static str,
    text: String,
}

impl Returned {
    /// What is wrong with a part of an indicator.
    fn wrong(&self, part: &str, indicator: &str) -> Option<String> {
        let wrong = self.wrong.iter().find(|wrong| wrong.part == part && wrong.indicator == indicator);
        wrong.map(|wrong| wrong.text.clone())
    }
}

async fn show(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path((premises, key)): Path<(String, String)>,
) -> Response {
    assessment_page(&app, &signed, (&premises, &key), &Returned::default())
}

/// The page, with a form that came back where one did.
fn assessment_page(
    app: &App,
    signed: &Signed,
    (premises, key): (&str, &str),
    returned: &Returned,
) -> Response {
    let lang = signed.lang;
    let Some((state, rulebook, address)) = read(app, premises, key) else {
        let text = lang.say(
            "没有这次评定，请从待办进入。",
            "There is no such assessment. Enter it from your work list.",
        );
        return refused_page(app, lang, Some(signed), &text);
    };
    let Ok(actor) = app.actor(&signed.session.account) else {
        return refused_page(app, lang, Some(signed), &broken_text(lang));
    };
    let here = format!("/desk/assessments/{premises}/{key}");
    let body = column(assessment(signed, &state, &rulebook, (&actor, &address, &here), returned));
    let refused = !returned.wrong.is_empty() || !returned.why.is_empty();
    let status = if refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    (status, shown(app, lang, Some(signed), &address, body)).into_response()
}

/// What is wrong with the rows of this page, each a link to its row; what is somebody else's, and what is wrong with the whole.
fn wrong_head(lang: Lang, rulebook: &Rulebook, mine: &[&Indicator], returned: &Returned) -> Markup {
    let named = |wrong: &Wrong| {
        let name = rulebook.indicator(&wrong.indicator).map(|known| lang.named(&known.zh, &known.en));
        let name = name.unwrap_or(&wrong.indicator);
        lang.pick(format!("“{name}”：{}", wrong.text), format!("“{name}”: {}", wrong.text))
    };
    let on_page = |wrong: &&Wrong| mine.iter().any(|indicator| indicator.id == wrong.indicator);
    let (rows, mut others): (Vec<&Wrong>, Vec<&Wrong>) = returned.wrong.iter().partition(on_page);
    // of what somebody else still owes the sentences say whose it is
    others.retain(|wrong| wrong.part != "result");
    let rows: Vec<FieldError> = rows
        .into_iter()
        .map(|wrong| FieldError { name: format!("{}-{}", wrong.part, wrong.indicator), text: named(wrong) })
        .collect();
    let why: Vec<String> = returned.why.iter().cloned().chain(others.into_iter().map(named)).collect();
    html! {
        @if !why.is_empty() { (notice_box(Tone::Grave, lang.pick("没有记录", "Nothing was recorded"), &why)) }
        (error_summary(lang, &rows))
    }
}

fn assessment(
    signed: &Signed,
    state: &Assessment,
    rulebook: &Rulebook,
    (actor, address, here): (&Actor, &str, &str),
    returned: &Returned,
) -> Markup {
    let lang = signed.lang;
    let missing = state.missing(rulebook);
    let mine: Vec<&Indicator> =
        rulebook.scheme.indicators.iter().filter(|indicator| is_mine(actor, indicator)).collect();
    let mine_left = mine.iter().filter(|indicator| !state.results.contains_key(&indicator.id)).count();
    let others = missing.iter().filter(|m| !mine.iter().any(|indicator| indicator.id == m.indicator));
    let others: Vec<String> = others
        .map(|m| {
            format!(
                "{} — {} ({})",
                lang.pick(&m.zh, &m.en),
                lang.collect(&m.collect),
                lang.department(&m.competent)
            )
        })
        .collect();
    html! {
        (page_heading(Some(lang.pick("评定", "Assessment")), address, None))
        (progress(lang, &Progress {
            done: count(state.results.len()),
            total: count(rulebook.scheme.indicators.len()),
            yours_left: count(mine_left),
        }))
        (wrong_head(lang, rulebook, &mine, returned))
        @if state.stage == Stage::Open {
            @if !others.is_empty() {
                (notice_box(Tone::Calm, lang.pick("还等其他人采集", "Still with others"), &others))
            }
            @if mine.is_empty() {
                (empty_state(lang.pick("这次评定没有由您采集的指标。", "No indicator of this assessment is yours to collect."), None))
            } @else {
                (form(&FormView {
                    action: here.to_owned(),
                    csrf: signed.session.csrf.clone(),
                    command_id: returned.command_id.unwrap_or_else(Uuid::now_v7).to_string(),
                    expected: None,
                    files: true,
                    submit: lang.say("保存", "Save"),
                }, html! { @for indicator in &mine { (question(lang, (rulebook, state), indicator, returned)) } }))
            }
            @if state.lead == signed.session.account {
                (form(&FormView {
                    action: format!("{here}/submit"),
                    csrf: signed.session.csrf.clone(),
                    command_id: Uuid::now_v7().to_string(),
                    expected: None,
                    files: false,
                    submit: lang.say("提交评定", "Submit the assessment"),
                }, html! {}))
            }
        } @else {
            (notice_box(Tone::Good, lang.pick("已提交", "Submitted"), &[lang.say("结果已计算，可在房屋页面查看。", "The grade has been computed; see the page of the premises.")]))
        }
    }
}

fn question(
    lang: Lang,
    (rulebook, state): (&Rulebook, &Assessment),
    indicator: &Indicator,
    returned: &Returned,
) -> Markup {
    let filled = &returned.filled;
    let held = state.results.get(&indicator.id);
    let taken = held.map_or(0, |checked| checked.photos_taken);
    let chosen = held.map(|checked| Value::from(checked.outcome.clone()));
    let is = |value: &str| match filled.answers.get(&indicator.id) {
        Some(answer) => answer == value,
        None => chosen.as_ref().is_some_and(|chosen| {
            chosen.as_str() == Some(value) || chosen.as_u64().is_some_and(|n| value.parse() == Ok(n))
        }),
    };
    let mut answers: Vec<Answer> = indicator
        .rows
        .iter()
        .map(|row| {
            let value = match indicator.kind {
                Kind::Count => row.from.unwrap_or_default().to_string(),
                _ => row.id.clone(),
            };
            let label = if row.en.is_empty() { row.zh.clone() } else { lang.say(&row.zh, &row.en) };
            Answer {
                chosen: is(&value),
                fails: row.fail,
                label,
                points: u32::try_from(row.points).ok(),
                value,
            }
        })
        .collect();
    if indicator.not_applicable {
        answers.push(Answer {
            value: NOT_APPLICABLE.into(),
            label: lang.say("不适用（请在备注写明原因）", "Not applicable (say why in the note)"),
            points: None,
            fails: false,
            chosen: is(NOT_APPLICABLE),
        });
    }
    let needed = indicator.evidence == Evidence::Photo
        || held.is_some_and(|checked| needs_photo(rulebook, &indicator.id, &checked.outcome));
    let photo = (indicator.evidence != Evidence::None).then(|| PhotoField {
        name: format!("photo-{}", indicator.id),
        needed,
        taken,
        error: returned.wrong("photo", &indicator.id),
        kept: filled.kept.get(&indicator.id).into_iter().flatten().map(kept_text).collect(),
    });
    let note = TextField {
        name: format!("note-{}", indicator.id),
        label: lang.say("备注", "Note"),
        hint: None,
        value: filled.notes.get(&indicator.id).cloned().unwrap_or_default(),
        error: returned.wrong("note", &indicator.id),
        required: false,
        kind: TextKind::Short,
    };
    answer_field(
        lang,
        &AnswerField {
            name: format!("result-{}", indicator.id),
            question: lang
                .say(&indicator.zh, if indicator.en.is_empty() { &indicator.zh } else { &indicator.en }),
            hint: indicator.count_of.clone(),
            answers,
            error: returned.wrong("result", &indicator.id),
            photo,
            measured: vec![],
            note: Some(note),
        },
    )
}

async fn save(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path((premises, key)): Path<(String, String)>,
    form: Multipart,
) -> Response {
    let lang = signed.lang;
    let Some((state, rulebook, _)) = read(&app, &premises, &key) else {
        return refused_page(&app, lang, Some(&signed), &broken_text(lang));
    };
    let mut filled = match Filled::read(form, lang).await {
        Ok(filled) => filled,
        Err(why) => return refused_page(&app, lang, Some(&signed), &why),
    };
    if filled.csrf != signed.session.csrf {
        return refused_page(&app, lang, Some(&signed), &forged_text(lang));
    }
    let form = filled.command_id.unwrap_or_else(Uuid::now_v7);
    let stream = format!("premises/{premises}/assessment/{key}");
    if let Err(error) = filled.keep(&app).await {
        tracing::error!(causes = %causes(&error).join(": "), "a photo could not be kept");
        return refused_page(&app, lang, Some(&signed), &failed_text(lang, &error));
    }
    if !filled.wrong.is_empty() {
        let wrong = |(indicator, text)| Wrong { indicator, part: "photo", text };
        let wrong = std::mem::take(&mut filled.wrong).into_iter().map(wrong).collect();
        let returned = Returned { filled, command_id: Some(form), wrong, why: vec![] };
        return assessment_page(&app, &signed, (&premises, &key), &returned);
    }
    let command = json!({ "command": "check", "results": filled.results(&state, &rulebook) });
    let asked = asked_by_form(&app, &form.to_string(), stream, command, None);
    match app.execute(&signed.who, asked).await {
        Ok(_) => Redirect::to(&format!("/desk/assessments/{premises}/{key}")).into_response(),
        Err(error) => {
            let returned = Returned { filled, command_id: Some(form), ..refused(lang, &error) };
            let command_id = returned.command_id.filter(|_| !error.was_refused());
            assessment_page(&app, &signed, (&premises, &key), &Returned { command_id, ..returned })
        }
    }
}

/// Why, and what to do.
fn sentences(lang: Lang, error: &ExecuteError) -> Vec<String> {
    let (why, todo) = told(lang, error);
    [vec![why], todo].concat()
}

/// What the rules say of which row, and what they say of the whole.
fn refused(lang: Lang, error: &ExecuteError) -> Returned {
    let of = |ids: Vec<String>, part: &'static str, text: &str| {
        let wrong = ids.into_iter().map(|indicator| Wrong { indicator, part, text: text.to_owned() });
        Returned { wrong: wrong.collect(), ..Returned::default() }
    };
    match error {
        ExecuteError::Rejected(Rejection::ReasonMissing { indicators }) => {
            let text = lang.pick("选“不适用”要写明原因。", "say why it does not apply.");
            of(indicators.clone(), "note", text)
        }
        ExecuteError::Rejected(Rejection::PhotoMissing { indicators }) => {
            let text = lang.pick("还缺照片，请补拍并保存。", "a photo is still needed: take it and save.");
            of(indicators.clone(), "photo", text)
        }
        // whose each is stands in the sentences; the rows of this page are marked besides
        ExecuteError::Rejected(Rejection::Incomplete { missing }) => {
            let text = lang.pick("还没有结果，请填写并保存。", "has no result yet: enter it and save.");
            let marked = of(missing.iter().map(|m| m.indicator.clone()).collect(), "result", text);
            Returned { why: sentences(lang, error), ..marked }
        }
        error => Returned { why: sentences(lang, error), ..Returned::default() },
    }
}

#[derive(Deserialize)]
struct Submitting {
    command_id: Uuid,
    csrf: String,
}

async fn submit(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path((premises, key)): Path<(String, String)>,
    Form(submitting): Form<Submitting>,
) -> Response {
    if submitting.csrf != signed.session.csrf {
        return refused_page(&app, signed.lang, Some(&signed), &forged_text(signed.lang));
    }
    let stream = format!("premises/{premises}/assessment/{key}");
    // what there is to submit is part of what is said: once it was completed, the same button says something else
    let version = app.reader().version(&stream).unwrap_or_default();
    let form = format!("{}-{version}", submitting.command_id);
    let asked = asked_by_form(&app, &form, stream, json!({ "command": "submit" }), None);
    match app.execute(&signed.who, asked).await {
        Ok(_) => Redirect::to(&format!("/s/{premises}")).into_response(),
        Err(error) => assessment_page(&app, &signed, (&premises, &key), &refused(signed.lang, &error)),
    }
}

fn read(app: &App, premises: &str, key: &str) -> Option<(Assessment, Arc<Rulebook>, String)> {
    let subject = app.subject(&format!("premises/{premises}")).ok()?;
    let state = subject.assessments.get(key)?.state.clone();
    let rulebook = app.shelf.rulebook(state.scheme.as_ref()?)?;
    let address = subject.premises.register?.address;
    Some((state, rulebook, address))
}

fn is_mine(actor: &Actor, indicator: &Indicator) -> bool {
    match indicator.collect {
        Collect::Department => actor.holds(Role::DepartmentOfficer) && actor.is_of(&indicator.competent),
        Collect::Feed | Collect::Ledger => false,
        Collect::Grid => actor.holds(Role::GridWorker),
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

const NOT_APPLICABLE: &str = "not_applicable";
pub(super) const FORM_BYTES_MAX: usize = 64 * 1024 * 1024;
