//! Trying a draft: written files come in and are checked, compared and rehearsed; nothing is recorded.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use uuid::Uuid;

use super::effect::told;
use super::waiting::Waiting;
use super::{must_be_commission, title};
use crate::app::App;
use crate::drafting::Draft;
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::rulemaking::published;
use crate::web::desk_page::{broken_text, forged_text, refused_page, shown};
use crate::web::docket_api::blocking;
use crate::web::rehearsing::OneAtATime;
use crate::web::session::Signed;

/// The form by which files are tried.
pub(super) fn upload(signed: &Signed, wrong: Option<&str>) -> Markup {
    let lang = signed.lang;
    let view = FormView {
        action: "/desk/rulebooks".into(),
        csrf: signed.session.csrf.clone(),
        command_id: Uuid::now_v7().to_string(),
        expected: None,
        files: true,
        submit: lang.say("检查、比较、试算", "Check, compare, rehearse"),
    };
    form(
        &view,
        html! {
            div.field.field-wrong[wrong.is_some()] {
                label.label for="files" {
                    (lang.pick("文件（.toml）：指标、办法、日历，改了哪个就传哪个", "Files (.toml): indicators, policy, calendar; those that are changed"))
                }
                @if let Some(wrong) = wrong { p.field-error #files-error { (wrong) } }
                input #files type="file" name="files" multiple required accept=".toml,text/plain"
                    aria-describedby=[wrong.map(|_| "files-error")] aria-invalid=[wrong.map(|_| "true")];
            }
            (text_field(lang, &TextField {
                name: "against".into(),
                label: lang.say("在哪一版的基础上（不填则为现行的）", "Begun from (the one in use where empty)"),
                ..TextField::default()
            }))
        },
    )
}

/// The files come in: what they change and whom they would move is shown, and the draft waits to be recorded.
pub(super) async fn tried(
    State(app): State<Arc<App>>,
    Extension(waiting): Extension<Waiting>,
    Extension(rehearsing): Extension<OneAtATime>,
    signed: Signed,
    form: Multipart,
) -> Response {
    let lang = signed.lang;
    if let Err(page) = must_be_commission(&app, &signed) {
        return *page;
    }
    let refused = |why: &str| refused_page(&app, lang, Some(&signed), why);
    let Some(sent) = Sent::read(form).await else {
        return refused(lang.pick("文件太大或读不出来。", "The files are too large, or cannot be read."));
    };
    if sent.csrf != signed.session.csrf {
        return refused(&forged_text(lang));
    }
    if sent.files.iter().all(|file| file.trim().is_empty()) {
        let wrong =
            lang.pick("请选择文件：至少一个写好的 .toml。", "Choose a file: one written .toml at least.");
        let body = html! {
            (page_heading(None, title(lang), None))
            (section(lang.pick("试一个草案", "Try a draft"), upload(&signed, Some(wrong))))
        };
        let page = shown(&app, lang, Some(&signed), title(lang), column(body));
        return (StatusCode::UNPROCESSABLE_ENTITY, page).into_response();
    }
    let (house, Sent { against, command_id, files, .. }) = (app.clone(), sent);
    let drafted = blocking(move || {
        let published = published(house.reader())?;
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let against = Some(against.trim()).filter(|id| !id.is_empty());
        Ok(Draft::of(&files, against, None, &published).map_err(|error| error.faults()))
    });
    let draft = match drafted.await {
        Ok(Ok(draft)) => draft,
        Ok(Err(faults)) => {
            let heading = lang.pick("不成立，没有记录", "It does not hold together; nothing was recorded");
            let faults: Vec<String> = faults.into_iter().map(|fault| lang.pick(fault.zh, fault.en)).collect();
            let body = html! {
                (page_heading(None, title(lang), None))
                (notice_box(Tone::Grave, heading, &faults))
                (section(lang.pick("改好后再试", "Mend it and try again"), upload(&signed, None)))
            };
            return shown(&app, lang, Some(&signed), title(lang), column(body)).into_response();
        }
        Err(_) => return refused(&broken_text(lang)),
    };
    let came = rehearsing.rehearsed(&app, draft.compiled.clone()).await;
    let (Ok(came), Ok(differences)) = (came, draft.differences()) else {
        return refused(&broken_text(lang));
    };
    let command = command_id.unwrap_or_else(Uuid::now_v7);
    let base = draft.base.as_ref().map(|base| base.id.clone());
    let id = draft.compiled.scheme.id.clone();
    waiting.keep(command, &signed.session.account, draft);
    let view = FormView {
        action: "/desk/rulebooks/draft".into(),
        csrf: signed.session.csrf.clone(),
        command_id: command.to_string(),
        expected: None,
        files: false,
        submit: lang.say("记为草案", "Record the draft"),
    };
    let body = html! {
        (page_heading(None, &id, None))
        (told(lang, base.as_deref(), &differences, &came))
        (section(lang.pick("记为草案", "Record it as a draft"), form_of(&view, lang)))
    };
    shown(&app, lang, Some(&signed), title(lang), body).into_response()
}

fn form_of(view: &FormView, lang: Lang) -> Markup {
    form(
        view,
        html! {
            (text_field(lang, &TextField {
                name: "note".into(),
                label: lang.say("给发布人的说明（不公开）", "A word to whoever publishes it (private)"),
                ..TextField::default()
            }))
        },
    )
}

/// What came with the upload.
#[derive(Default)]
struct Sent {
    against: String,
    command_id: Option<Uuid>,
    csrf: String,
    files: Vec<String>,
}

impl Sent {
    async fn read(mut form: Multipart) -> Option<Self> {
        let mut sent = Self::default();
        while let Some(field) = form.next_field().await.ok()? {
            let name = field.name().unwrap_or_default().to_owned();
            let text = String::from_utf8(field.bytes().await.ok()?.to_vec()).ok()?;
            match name.as_str() {
                "against" => sent.against = text,
                "command_id" => sent.command_id = text.parse().ok(),
                "csrf" => sent.csrf = text,
                "files" => sent.files.push(text),
                _ => {}
            }
        }
        Some(sent)
    }
}
