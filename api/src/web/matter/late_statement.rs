//! What the form of a statement says where its time is over: that it is kept, and what it is taken as.

use maud::{Markup, html};

use super::reading::Matter;
use super::step::Step;
use crate::look::parts::*;

/// Beside a form that makes a statement which comes late by now; nothing beside any other form.
pub(super) fn beside(matter: &Matter, step: &Step) -> Markup {
    if step.concept != "grade" || step.command != "make_statement" || !is_late(matter).unwrap_or_default() {
        return html! {};
    }
    let lang = matter.lang;
    let told = lang.say(
        "陈述照样记录，不影响等级生效，作为复评申请办理；结果在“我的房屋”里复评一项下查看。",
        "It is kept all the same. It does not hold up the grade, and is taken as a request to be graded again, whose answer you find \
         under that name among your matters.",
    );
    notice_box(Tone::Warning, lang.pick("陈述期限已过", "The time for a statement is over"), &[told])
}

fn is_late(matter: &Matter) -> Option<bool> {
    let (subject, rulebook) = (matter.subject()?, matter.rulebook()?);
    let number = subject.grade.to_speak_about()?;
    subject.grade.is_statement_late(number, matter.today(), Some(subject), rulebook).ok()
}
