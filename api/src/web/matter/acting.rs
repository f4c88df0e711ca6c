//! Sending a step: one handler for every step of every page. What the rules refuse is said beside its field, in the
//! person's language, and nothing that was typed is lost.

use axum::extract::Multipart;
use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;
use wuping_projections::error::causes;

use super::filling::Filled;
use super::forms::{Returned, Sending, check_page, label};
use super::reading::{Matter, read};
use super::step::Step;
use super::words::beside;
use crate::app::{App, Done, ExecuteError};
use crate::look::parts::FieldError;
use crate::web::answering::{asked_by_form, told};
use crate::web::desk_page::{broken_text, failed_text, forged_text, refused_page, shown};
use crate::web::session::Signed;

/// A page with forms: where it lies, which steps it has, and how it is shown again.
pub(super) struct Page<'a> {
    /// Its address.
    pub(super) here: String,
    /// Its steps.
    pub(super) steps: Vec<&'static Step>,
    /// The stream of a step, of the form of this id.
    pub(super) stream_of: &'a (dyn Fn(&Step, &Uuid) -> String + Sync),
    /// The page once more, with what came back.
    pub(super) again: &'a (dyn Fn(&Matter, Option<&Returned>) -> Response + Sync),
}

/// Carries out what a form says, or shows it again.
pub(super) async fn act(
    app: &App,
    signed: &Signed,
    matter: Matter,
    form: Multipart,
    page: Page<'_>,
) -> Response {
    let lang = signed.lang;
    let mut filled = match Filled::read(form, lang).await {
        Ok(filled) => filled,
        Err(why) => return refused_page(app, lang, Some(signed), &why),
    };
    if filled.csrf != signed.session.csrf {
        return refused_page(app, lang, Some(signed), &forged_text(lang));
    }
    let Some(step) = page.steps.iter().copied().find(|step| step.id == filled.step) else {
        return refused_page(app, lang, Some(signed), &broken_text(lang));
    };
    if let Err(error) = filled.keep(app).await {
        tracing::error!(causes = %causes(&error).join(": "), "a photo could not be kept");
        return refused_page(app, lang, Some(signed), &failed_text(lang, &error));
    }
    let form_id = filled.command_id.unwrap_or_else(Uuid::now_v7);
    let again = |matter: &Matter, filled: Filled, command_id: Uuid, errors: Vec<FieldError>| {
        (page.again)(matter, Some(&Returned { filled, command_id, step, errors }))
    };
    let command = match filled.command(&matter, step) {
        _ if filled.back => return again(&matter, filled, form_id, vec![]),
        Ok(command) => command,
        Err(errors) => return again(&matter, filled, form_id, errors),
    };
    if step.sure.is_some() && !filled.sure {
        let sending = Sending { here: &page.here, csrf: &signed.session.csrf };
        let body = check_page(&matter, step, sending, &filled, form_id);
        return shown(app, lang, Some(signed), label(lang, step), body).into_response();
    }
    let stream = (page.stream_of)(step, &form_id);
    let expected = match (step.adds, step.starts) {
        (true, _) => None,
        (false, true) => Some(0),
        (false, false) => Some(filled.expected.unwrap_or_else(|| matter.version())),
    };
    let asked = asked_by_form(app, &form_id.to_string(), stream.clone(), command, expected);
    let error = match app.execute(&signed.who, asked).await {
        Ok(Done::Recorded(receipt)) => {
            return Redirect::to(&format!("{}?recorded={}", super::address_of(&stream), receipt.position))
                .into_response();
        }
        Ok(Done::Nothing) => return Redirect::to(&page.here).into_response(),
        Err(error) => error,
    };
    let next_id = if error.was_refused() { Uuid::now_v7() } else { form_id };
    let errors = match &error {
        ExecuteError::Rejected(rejection) => vec![beside(lang, step, rejection)],
        error => {
            let (why, todo) = told(lang, error);
            let text = [vec![why], todo].concat().join(lang.gap());
            vec![FieldError { name: step.id.to_owned(), text }]
        }
    };
    // somebody may have recorded something meanwhile: the page shows it, and the form is judged on it when sent again
    let matter = read(app, signed, matter.stream()).unwrap_or(matter);
    again(&matter, filled, next_id, errors)
}
