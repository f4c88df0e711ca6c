//! Publishing a recorded draft: a second person sees what it changes and whom it would move, and gives it a date and a document.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use wuping_domain::draft::Drafted;
use wuping_domain::rejection::Rejection;
use wuping_domain::rulebook::difference::{Difference, differences};

use super::effect::{changes, told};
use super::{is_stale, must_be_commission, title};
use crate::app::{App, ExecuteError};
use crate::drafting::Draft;
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::people::{People, Told};
use crate::rulemaking::{document, newest, published};
use crate::shelf::{Compiled, of_document};
use crate::web::answering::{answered, asked_by_form};
use crate::web::desk_page::{broken_text, done_by, forged_text, refused_page, shown, unseen_page};
use crate::web::docket_api::{Failure, blocking};
use crate::web::rehearsing::OneAtATime;
use crate::web::session::Signed;

/// A recorded draft: what it changes, whom it would move, and for a second person the way to publish it.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Extension(rehearsing): Extension<OneAtATime>,
    signed: Signed,
    Path(key): Path<String>,
) -> Response {
    if let Err(page) = must_be_commission(&app, &signed) {
        return *page;
    }
    page(&app, &rehearsing, &signed, &key, None).await
}

/// What is read of a draft.
struct Read {
    drafted: Drafted,
    by: String,
    compiled: Compiled,
    differences: Vec<Difference>,
    is_published: bool,
    /// Of a stale draft: the newest published one, and what it has that the draft's base has not.
    newer: Option<(String, Vec<Difference>)>,
}

fn read(app: &App, key: &str) -> Result<Option<Read>, Failure> {
    let Some((drafted, by)) = app.draft(key)?.drafted else { return Ok(None) };
    let Some(kept) = app.reader().scheme(&drafted.sha256)? else { return Ok(None) };
    let compiled = of_document(&document(&kept))?;
    let base = drafted.base.as_ref().map(|base| app.reader().scheme(&base.sha256)).transpose()?.flatten();
    let published = published(app.reader())?;
    let newer = newest(&published, &drafted.id).filter(|_| is_stale(&published, &drafted)).map(|newer| {
        let since = base.as_ref().map(|base| differences(&document(base), &document(newer)));
        (newer.id.clone(), since.unwrap_or_default())
    });
    let is_published = published.iter().any(|one| one.id == drafted.id);
    let document = document(&kept);
    let differences = Draft { compiled: compiled.clone(), base, document }.differences()?;
    Ok(Some(Read { drafted, by, compiled, differences, is_published, newer }))
}

/// The page of a draft, with a form that came back where one did.
async fn page(
    app: &Arc<App>,
    rehearsing: &OneAtATime,
    signed: &Signed,
    key: &str,
    returned: Option<(&Publishing, FieldError)>,
) -> Response {
    let lang = signed.lang;
    let (house, asked) = (app.clone(), key.to_owned());
    let of = match blocking(move || read(&house, &asked)).await {
        Ok(Some(found)) => found,
        Ok(None) => {
            let why = lang.pick("没有这个草案。", "There is no such draft.");
            return unseen_page(app, lang, signed, why);
        }
        Err(_) => return refused_page(app, lang, Some(signed), &broken_text(lang)),
    };
    let Ok(came) = rehearsing.rehearsed(app, of.compiled.clone()).await else {
        return refused_page(app, lang, Some(signed), &broken_text(lang));
    };
    let above = [Link::new("/desk/rulebooks", title(lang))];
    let (id, by) = (&of.drafted.id, &of.by);
    let drafter = People::of(app, Told::Name, [by.as_str()]).say(lang, by);
    let body = html! {
        (breadcrumbs(lang, &above, id))
        (page_heading(None, id, Some(&lang.pick(format!("由{drafter}起草"), format!("Drafted by {drafter}")))))
        @if let Some((_, wrong)) = &returned { (error_summary(lang, std::slice::from_ref(wrong))) }
        (told(lang, of.drafted.base.as_ref().map(|base| base.id.as_str()), &of.differences, &came))
        @if of.is_published {
            (notice_box(Tone::Calm, lang.pick("已经发布", "Published"), &[lang.say("这一版已经发布，见 /rules。", "This version is published; see /rules.")]))
        } @else if let Some((newer, since)) = &of.newer {
            (stale(lang, newer, since))
        } @else if *by == signed.session.account {
            (done_by(lang, lang.pick("政法委的另一位管理员发布；起草的人不能自己发布。", "another administrator of the commission; whoever drafted it does not publish it.")))
        } @else {
            (section(lang.pick("发布", "Publish"), publishing(signed, key, app.today(), returned.as_ref())))
        }
    };
    let status = if returned.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    (status, shown(app, lang, Some(signed), id, body)).into_response()
}

/// What to do with a draft that is stale, in the place of the form.
fn stale(lang: Lang, newer: &str, since: &[Difference]) -> Markup {
    let heading = lang.pick("这份草案已经过时", "This draft is stale");
    let sentences = [
        lang.pick(
            format!("起草以后又发布了 {newer}，所以它不能再发布。"),
            format!("{newer} was published since it was drafted, so nobody publishes it any more."),
        ),
        lang.say(
            "请在新版的基础上把改动写进去，重新上传、试算、记为草案。",
            "Write its changes into the newest version, and upload, rehearse and record that as a draft.",
        ),
    ];
    html! {
        (notice_box(Tone::Warning, heading, &sentences))
        (link_list(&[
            Link::new("/desk/rulebooks", lang.say("重新起草", "Draft it again")),
            Link::new("#since", lang.say("起草以后改了什么", "What changed since it was drafted")),
            Link::new(format!("/rules/{newer}"), newer),
        ]))
        div #since {
            (section(lang.pick("起草以后改了什么", "What changed since it was drafted"), changes(lang, since)))
        }
    }
}

fn publishing(
    signed: &Signed,
    key: &str,
    today: NaiveDate,
    returned: Option<&(&Publishing, FieldError)>,
) -> Markup {
    let lang = signed.lang;
    let view = FormView {
        action: format!("/desk/rulebooks/drafts/{key}"),
        csrf: signed.session.csrf.clone(),
        command_id: Uuid::now_v7().to_string(),
        expected: None,
        files: false,
        submit: lang.say("发布", "Publish"),
    };
    let typed = returned.map(|(typed, _)| *typed);
    let field = |name: &str, label: String, value: Option<&String>| TextField {
        name: name.into(),
        label,
        required: true,
        value: value.cloned().unwrap_or_default(),
        error: returned.filter(|(_, wrong)| wrong.name == name).map(|(_, wrong)| wrong.text.clone()),
        ..TextField::default()
    };
    let label = lang.say("从哪天起施行（今天或以后）", "In force from (today or later)");
    let from = TextField {
        kind: TextKind::Day,
        hint: Some(lang.pick(format!("今天是 {}", lang.day(today)), format!("Today is {}", lang.day(today)))),
        ..field("holds_from", label, typed.map(|of| &of.holds_from))
    };
    let number = lang.say("文号", "Document number");
    let review = lang.say("合法性审核意见文号", "Number of the legality review");
    form(
        &view,
        html! {
            (text_field(lang, &from))
            (text_field(lang, &field("issued_by", lang.say("发布机关", "Issued by"), typed.map(|of| &of.issued_by))))
            (text_field(lang, &field("document_number", number, typed.map(|of| &of.document_number))))
            (text_field(lang, &field("legality_review", review, typed.map(|of| &of.legality_review))))
        },
    )
}

/// A refusal beside the field of the form that it is about.
fn beside(lang: Lang, rejection: &Rejection) -> Option<FieldError> {
    let (name, text) = match rejection {
        Rejection::Malformed { field: "holds_from", .. } => ("holds_from", wrong_day(lang)),
        Rejection::Malformed { field: "document_number", .. } => (
            "document_number",
            lang.say("请写明发布机关和文号。", "Write who issues it, and the document's number."),
        ),
        Rejection::Rule { code, .. } if code == "no_legality_review" => {
            ("legality_review", lang.pick(rejection.zh(), rejection.en()))
        }
        _ => return None,
    };
    Some(FieldError { name: name.to_owned(), text })
}

fn wrong_day(lang: Lang) -> String {
    lang.say(
        "施行的日子要选今天或以后的一天：规则不能追溯施行。",
        "Choose today or a later day: a rulebook is never dated back.",
    )
}

#[derive(Deserialize)]
pub(super) struct Publishing {
    command_id: String,
    csrf: String,
    holds_from: String,
    issued_by: String,
    document_number: String,
    #[serde(default)]
    legality_review: String,
}

pub(super) async fn publish(
    State(app): State<Arc<App>>,
    Extension(rehearsing): Extension<OneAtATime>,
    signed: Signed,
    Path(key): Path<String>,
    Form(asked): Form<Publishing>,
) -> Response {
    let lang = signed.lang;
    if let Err(page) = must_be_commission(&app, &signed) {
        return *page;
    }
    let refused = |why: &str| refused_page(&app, lang, Some(&signed), why);
    if asked.csrf != signed.session.csrf {
        return refused(&forged_text(lang));
    }
    let (house, named) = (app.clone(), key.clone());
    let read = blocking(move || {
        let Some((drafted, _)) = house.draft(&named)?.drafted else { return Ok(None) };
        let kept = house.reader().scheme(&drafted.sha256)?;
        let operating = kept.map(|kept| document(&kept)["policy"]["operating"].as_bool().unwrap_or(true));
        Ok(Some((drafted, operating.unwrap_or(true))))
    });
    let (drafted, operating) = match read.await {
        Ok(Some(found)) => found,
        Ok(None) => return refused(lang.pick("没有这个草案。", "There is no such draft.")),
        Err(_) => return refused(&broken_text(lang)),
    };
    let stream = format!("rulebook/{}", drafted.id);
    let command = json!({
        "command": "publish", "id": drafted.id, "layer": drafted.layer, "sha256": drafted.sha256,
        "holds_from": asked.holds_from, "operating": operating, "issued_by": asked.issued_by,
        "document_number": asked.document_number, "legality_review": asked.legality_review, "draft": key,
    });
    let there = format!("/desk/rulebooks/drafts/{key}");
    if asked.holds_from.parse::<NaiveDate>().is_err() {
        let wrong = FieldError { name: "holds_from".to_owned(), text: wrong_day(lang) };
        return page(&app, &rehearsing, &signed, &key, Some((&asked, wrong))).await;
    }
    let command = asked_by_form(&app, &asked.command_id, stream, command, None);
    let done = app.execute(&signed.who, command).await;
    let wrong = match &done {
        Err(ExecuteError::Rejected(rejection)) => beside(lang, rejection),
        _ => None,
    };
    match wrong {
        Some(wrong) => page(&app, &rehearsing, &signed, &key, Some((&asked, wrong))).await,
        None => answered(&app, &signed, done, &there, &there),
    }
}
