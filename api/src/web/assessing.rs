//! Filling in an assessment: each collector sees the indicators that are theirs, with photos, and the lead submits.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Multipart, Path, State};
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use wuping_domain::assessment::{Assessment, Stage, needs_photo};
use wuping_domain::facts::{Actor, Role};
use wuping_domain::outcome::Outcome;
use wuping_domain::reaction::Rulebooks;
use wuping_domain::rulebook::Rulebook;
use wuping_domain::rulebook::scheme::{Collect, Evidence, Indicator, Kind};
use wuping_ledger::attachments::{AttachmentError, Attachments};
use wuping_projections::error::causes;

use crate::app::App;
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::web::answering::{answered, asked_by_form};
use crate::web::desk_page::{broken_text, failed_text, forged_text, refused_page, shown};
use crate::web::session::Signed;

/// The routes of an assessment's pages.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/desk/assessments/{premises}/{assessment}", get(show).post(save))
        .route("/desk/assessments/{premises}/{assessment}/submit", axum::routing::post(submit))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

async fn show(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path((premises, key)): Path<(String, String)>,
) -> Response {
    let lang = signed.lang;
    let Some((state, rulebook, address)) = read(&app, &premises, &key) else {
        let text = lang.say(
            "没有这次评定，请从待办进入。",
            "There is no such assessment. Enter it from your work list.",
        );
        return refused_page(&app, lang, Some(&signed), &text);
    };
    let Ok(actor) = app.actor(&signed.session.account) else {
        return refused_page(&app, lang, Some(&signed), &broken_text(lang));
    };
    let here = format!("/desk/assessments/{premises}/{key}");
    let body = column(assessment(lang, &signed, &state, &rulebook, &actor, &address, &here));
    axum::response::IntoResponse::into_response(shown(&app, lang, Some(&signed), &address, body))
}

fn assessment(
    lang: Lang,
    signed: &Signed,
    state: &Assessment,
    rulebook: &Rulebook,
    actor: &Actor,
    address: &str,
    here: &str,
) -> Markup {
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
                    command_id: Uuid::now_v7().to_string(),
                    expected: None,
                    files: true,
                    submit: lang.say("保存", "Save"),
                }, html! { @for indicator in &mine { (question(lang, rulebook, state, indicator)) } }))
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

fn question(lang: Lang, rulebook: &Rulebook, state: &Assessment, indicator: &Indicator) -> Markup {
    let held = state.results.get(&indicator.id);
    let taken = held.map_or(0, |checked| checked.photos_taken);
    let chosen = held.map(|checked| Value::from(checked.outcome.clone()));
    let is = |value: &str| {
        chosen.as_ref().is_some_and(|chosen| {
            chosen.as_str() == Some(value) || chosen.as_u64().is_some_and(|n| value.parse() == Ok(n))
        })
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
    });
    let note = TextField {
        name: format!("note-{}", indicator.id),
        label: lang.say("备注", "Note"),
        hint: None,
        value: String::new(),
        error: None,
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
            error: None,
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
    let photos = match filled.kept_photos(&app).await {
        Ok(photos) => photos,
        Err(error) => {
            tracing::error!(causes = %causes(&error).join(": "), "a photo could not be kept");
            return refused_page(&app, lang, Some(&signed), &failed_text(lang, &error));
        }
    };
    let command = json!({ "command": "check", "results": filled.results(&state, &rulebook, &photos) });
    let asked = asked_by_form(&app, &form.to_string(), stream, command, None);
    let here = format!("/desk/assessments/{premises}/{key}");
    answered(&app, &signed, app.execute(&signed.who, asked).await, &here, &here)
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
    let here = format!("/desk/assessments/{premises}/{key}");
    answered(&app, &signed, app.execute(&signed.who, asked).await, &format!("/s/{premises}"), &here)
}

/// What came with the form.
#[derive(Default)]
struct Filled {
    answers: BTreeMap<String, String>,
    command_id: Option<Uuid>,
    csrf: String,
    notes: BTreeMap<String, String>,
    photos: BTreeMap<String, Vec<Photo>>,
}

/// A photo that came with the form; kept once the whole form is found good.
pub(super) struct Photo {
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
    /// Told by its bytes.
    pub(super) media_type: &'static str,
}

impl Filled {
    async fn read(mut form: Multipart, lang: Lang) -> Result<Self, String> {
        let mut filled = Self::default();
        while let Some(field) = form.next_field().await.map_err(|_| too_large(lang))? {
            let name = field.name().unwrap_or_default().to_owned();
            let bytes = field.bytes().await.map_err(|_| too_large(lang))?;
            if let Some(indicator) = name.strip_prefix("photo-") {
                if !bytes.is_empty() {
                    let photo = photo(bytes.to_vec(), lang)?;
                    filled.photos.entry(indicator.to_owned()).or_default().push(photo);
                }
                continue;
            }
            let text = String::from_utf8_lossy(&bytes).into_owned();
            match name.as_str() {
                "command_id" => filled.command_id = text.parse().ok(),
                "csrf" => filled.csrf = text,
                other => {
                    if let Some(indicator) = other.strip_prefix("result-") {
                        filled.answers.insert(indicator.to_owned(), text);
                    } else if let Some(indicator) =
                        other.strip_prefix("note-").filter(|_| !text.trim().is_empty())
                    {
                        filled.notes.insert(indicator.to_owned(), text);
                    }
                }
            }
        }
        Ok(filled)
    }

    /// Keep the photos under their digests, and say of each indicator which they are.
    async fn kept_photos(&mut self, app: &App) -> Result<BTreeMap<String, Vec<Value>>, AttachmentError> {
        let mut kept = BTreeMap::<String, Vec<Value>>::new();
        if self.photos.is_empty() {
            return Ok(kept);
        }
        let attachments = Attachments::in_folder(&app.folder.join("attachments"))?;
        for (indicator, photos) in std::mem::take(&mut self.photos) {
            for Photo { bytes, media_type } in photos {
                let size = bytes.len();
                let sha256 = attachments.put(bytes).await?;
                let photo = json!({ "bytes": size, "sha256": sha256, "type": media_type });
                kept.entry(indicator.clone()).or_default().push(photo);
            }
        }
        Ok(kept)
    }

    /// The results that say something new: another answer, or a photo that was not there.
    fn results(
        &self,
        state: &Assessment,
        rulebook: &Rulebook,
        photos: &BTreeMap<String, Vec<Value>>,
    ) -> Vec<Value> {
        let mut results = Vec::new();
        for (id, answer) in &self.answers {
            let Some(indicator) = rulebook.indicator(id) else {
                results.push(json!({ "indicator": id, "outcome": answer }));
                continue;
            };
            let outcome = match indicator.kind {
                Kind::Count if answer != NOT_APPLICABLE => {
                    answer.parse::<u64>().map_or_else(|_| json!(answer), |n| json!(n))
                }
                _ => json!(answer),
            };
            let photos = photos.get(id).cloned().unwrap_or_default();
            let same =
                state.results.get(id).is_some_and(|held| held.outcome == Outcome::from(outcome.clone()));
            if !same || !photos.is_empty() {
                results.push(json!({ "indicator": id, "outcome": outcome, "note": self.notes.get(id), "photos": photos }));
            }
        }
        results
    }
}

/// A photo is told by its bytes, whatever its name says.
pub(super) fn photo(bytes: Vec<u8>, lang: Lang) -> Result<Photo, String> {
    let media_type = match imagesize::image_type(&bytes) {
        Ok(imagesize::ImageType::Jpeg) => "image/jpeg",
        Ok(imagesize::ImageType::Png) => "image/png",
        Ok(imagesize::ImageType::Webp) => "image/webp",
        _ => {
            return Err(lang.say(
                "所选文件不是照片。请用手机拍照，或选择 JPEG、PNG、WebP 格式的图片。",
                "The file is no photo. Take one with the phone, or choose a JPEG, PNG or WebP picture.",
            ));
        }
    };
    if bytes.len() > PHOTO_BYTES_MAX {
        return Err(too_large(lang));
    }
    Ok(Photo { bytes, media_type })
}

pub(super) fn too_large(lang: Lang) -> String {
    lang.say(
        "表单太大：每张照片不超过8兆，请重拍或分几次保存。",
        "The form is too large: a photo may have 8 MB. Take it again, or save in several steps.",
    )
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
/// Eight megabytes, as the page says.
const PHOTO_BYTES_MAX: usize = 8 * 1024 * 1024;
