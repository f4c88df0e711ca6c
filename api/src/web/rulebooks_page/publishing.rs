//! Publishing a recorded draft: a second person sees what it changes and whom it would move, and gives it a date and a document.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::effect::told;
use super::{must_be_commission, title};
use crate::app::App;
use crate::drafting::Draft;
use crate::look::parts::*;
use crate::people::{People, Told};
use crate::rulemaking::{document, published};
use crate::shelf::of_document;
use crate::web::answering::{answered, asked_by_form};
use crate::web::desk_page::{broken_text, done_by, forged_text, refused_page, shown, unseen_page};
use crate::web::docket_api::blocking;
use crate::web::rehearsing::OneAtATime;
use crate::web::session::Signed;

/// A recorded draft: what it changes, whom it would move, and for a second person the way to publish it.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Extension(rehearsing): Extension<OneAtATime>,
    signed: Signed,
    Path(key): Path<String>,
) -> Response {
    let lang = signed.lang;
    if let Err(page) = must_be_commission(&app, &signed) {
        return *page;
    }
    let (house, asked) = (app.clone(), key.clone());
    let read = blocking(move || {
        let Some((drafted, by)) = house.draft(&asked)?.drafted else { return Ok(None) };
        let Some(kept) = house.reader().scheme(&drafted.sha256)? else { return Ok(None) };
        let compiled = of_document(&document(&kept))?;
        let base =
            drafted.base.as_ref().map(|base| house.reader().scheme(&base.sha256)).transpose()?.flatten();
        let document = document(&kept);
        let differences = Draft { compiled: compiled.clone(), base, document }.differences()?;
        let is_published = published(house.reader())?.iter().any(|one| one.id == drafted.id);
        Ok(Some((drafted, by, compiled, differences, is_published)))
    });
    let (drafted, by, compiled, differences, is_published) = match read.await {
        Ok(Some(found)) => found,
        Ok(None) => {
            let why = lang.pick("没有这个草案。", "There is no such draft.");
            return unseen_page(&app, lang, &signed, why);
        }
        Err(_) => return refused_page(&app, lang, Some(&signed), &broken_text(lang)),
    };
    let Ok(came) = rehearsing.rehearsed(&app, compiled).await else {
        return refused_page(&app, lang, Some(&signed), &broken_text(lang));
    };
    let above = [Link::new("/desk/rulebooks", title(lang))];
    let mine = by == signed.session.account;
    let drafter = People::of(&app, Told::Name, [by.as_str()]).say(lang, &by);
    let body = html! {
        (breadcrumbs(lang, &above, &drafted.id))
        (page_heading(None, &drafted.id, Some(&lang.pick(format!("由{drafter}起草"), format!("Drafted by {drafter}")))))
        (told(lang, drafted.base.as_ref().map(|base| base.id.as_str()), &differences, &came))
        @if is_published {
            (notice_box(Tone::Calm, lang.pick("已经发布", "Published"), &[lang.say("这一版已经发布，见 /rules。", "This version is published; see /rules.")]))
        } @else if mine {
            (done_by(lang, lang.pick("政法委的另一位管理员发布；起草的人不能自己发布。", "another administrator of the commission; whoever drafted it does not publish it.")))
        } @else {
            (section(lang.pick("发布", "Publish"), publishing(&signed, &key, app.today())))
        }
    };
    shown(&app, lang, Some(&signed), &drafted.id, body).into_response()
}

fn publishing(signed: &Signed, key: &str, today: chrono::NaiveDate) -> Markup {
    let lang = signed.lang;
    let view = FormView {
        action: format!("/desk/rulebooks/drafts/{key}"),
        csrf: signed.session.csrf.clone(),
        command_id: Uuid::now_v7().to_string(),
        expected: None,
        files: false,
        submit: lang.say("发布", "Publish"),
    };
    let field = |name: &str, label: String| {
        text_field(lang, &TextField { name: name.into(), label, required: true, ..TextField::default() })
    };
    form(
        &view,
        html! {
            div.field {
                label.label for="holds_from" { (lang.pick("从哪天起施行（今天或以后）", "In force from (today or later)")) }
                input.input #holds_from type="date" name="holds_from" required min=(today);
            }
            (field("issued_by", lang.say("发布机关", "Issued by")))
            (field("document_number", lang.say("文号", "Document number")))
            (field("legality_review", lang.say("合法性审核意见文号", "Number of the legality review")))
        },
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
    let asked = asked_by_form(&app, &asked.command_id, stream, command, None);
    answered(&app, &signed, app.execute(&signed.who, asked).await, &there, &there)
}
