//! Concerning: what a notice is about has been decided, and by whoever decides it. A decision on paper that nobody has made would
//! bind its party all the same, and its periods would run.

use serde_json::Value;

use super::{Draft, Kind};
use crate::appeal::Stage;
use crate::event::aggregate_type;
use crate::facts::Facts;
use crate::grade::Determined;
use crate::listing::{ban, ban_of_building};
use crate::reaction::building_of;
use crate::rejection::Rejection;
use crate::subject::Subject;

/// The stream it is about is one of these premises' own, and there, and what a notice of its kind says was decided in it.
pub(super) fn must_concern_something(draft: &Draft, facts: &Facts) -> Result<(), Rejection> {
    // how another office decides is not told here step by step
    let decided_elsewhere = facts.of_another_office();
    let Some(subject) = facts.subject.as_deref() else {
        return if decided_elsewhere { Ok(()) } else { must_concern_the_file(draft, facts) };
    };
    let key = draft.about.rsplit('/').next().unwrap_or_default();
    if is_of_the_building(draft, subject) {
        let banned = facts.building.as_deref().and_then(|building| ban_of_building(subject, building));
        let none = || Rejection::because("notice_of_no_prohibition", Value::Null);
        return banned.map(|_| ()).ok_or_else(none);
    }
    if !facts.is_of_subject(&draft.about) {
        return Err(Rejection::Malformed { field: "about", needs: "a stream of these premises" });
    }
    let there = match aggregate_type(&draft.about) {
        "appeal" => subject.appeals.contains_key(key),
        "grade" => draft.determination.is_none_or(|number| subject.grade.determined.contains_key(&number)),
        "hazard" => subject.hazards.contains_key(key),
        _ => draft.about.contains('/'),
    };
    if !there {
        return Err(Rejection::NotFound { what: "case that the notice is about" });
    }
    if decided_elsewhere {
        return Ok(());
    }
    must_have_been_decided(draft, key, subject, facts)
}

/// Whether it tells a flat of the ban on the building that it is in, and nothing else of the building.
fn is_of_the_building(draft: &Draft, subject: &Subject) -> bool {
    let building = building_of(subject).map(|building| format!("{building}/grade"));
    draft.kind == Kind::Prohibition
        && draft.determination.is_none()
        && building.as_ref() == Some(&draft.about)
}

fn must_have_been_decided(
    draft: &Draft,
    key: &str,
    subject: &Subject,
    facts: &Facts,
) -> Result<(), Rejection> {
    let about = aggregate_type(&draft.about);
    let (decided, code) = match draft.kind {
        Kind::AppealDecision => {
            let appeal = subject.appeals.get(key).filter(|_| about == "appeal");
            let over = appeal.is_some_and(|of| matches!(of.state.stage, Stage::Decided | Stage::NotAdmitted));
            (over, "notice_of_no_decision")
        }
        Kind::Credit | Kind::CreditRepairInformation => (false, "notice_of_no_credit"),
        Kind::Downgrade => {
            let fell = result_of(draft, about, subject).is_some_and(|result| result.direction == "down");
            (fell, "notice_of_no_downgrade")
        }
        Kind::Prohibition => {
            let banned = about == "grade" && ban(subject, facts.building.as_deref()).is_some();
            (banned, "notice_of_no_prohibition")
        }
        Kind::Rectification => {
            let hazard = subject.hazards.get(key).filter(|_| about == "hazard");
            (hazard.is_some_and(|of| of.state.course.order.is_some()), "notice_of_no_order")
        }
        Kind::ResultNotice => (result_of(draft, about, subject).is_some(), "notice_of_no_result"),
        Kind::Hearing | Kind::Proposal | Kind::RiskNotice => (true, ""),
    };
    if decided { Ok(()) } else { Err(Rejection::because(code, Value::Null)) }
}

/// The result that a notice of a grade names.
fn result_of<'a>(draft: &Draft, about: &str, subject: &'a Subject) -> Option<&'a Determined> {
    draft.determination.filter(|_| about == "grade").and_then(|number| subject.grade.determined.get(&number))
}

/// A notice under a party tells of its credit; what concerns premises lies under them.
fn must_concern_the_file(draft: &Draft, facts: &Facts) -> Result<(), Rejection> {
    let file = facts.credit.as_deref();
    let (decided, code) = match draft.kind {
        Kind::Credit => {
            let said = file.is_some_and(|file| file.rating.is_some() || !file.conduct.is_empty());
            (said, "notice_of_no_credit")
        }
        Kind::CreditRepairInformation => {
            (file.is_some_and(|file| !file.conduct.is_empty()), "notice_of_no_credit")
        }
        Kind::Hearing | Kind::Proposal | Kind::RiskNotice => (true, ""),
        _ => (false, "notice_not_of_a_party"),
    };
    if decided { Ok(()) } else { Err(Rejection::because(code, Value::Null)) }
}
