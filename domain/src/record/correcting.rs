//! Correcting: what a fact that was stated is put right with. It moves a grade like a new result, and so is said by whoever may state that
//! fact, about what was stated, with what could have been stated.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{COMPLETED_ON, Correction};
use crate::aggregate::Concept as _;
use crate::assessment::{Assessment, Stage, collector, may_collect};
use crate::event::aggregate_type;
use crate::facts::{Facts, Role};
use crate::outcome::Outcome;
use crate::recorded::subject_of;
use crate::rejection::Rejection;
use crate::rulebook::Rulebook;
use crate::rulebook::scheme::{Collect, Indicator};
use crate::said::must_have_words;
use crate::scoring;
use crate::subject::AssessmentOf;

/// Refuses a correction of another house, of nothing, to nothing, or by somebody who could not have stated it. What other offices put
/// right of theirs is told as they published it.
pub(super) fn must_put_right(
    correction: &Correction,
    reason: Option<&str>,
    facts: &Facts,
) -> Result<(), Rejection> {
    if facts.actor.received {
        return Ok(());
    }
    if subject_of(&correction.corrects) != subject_of(&facts.stream) {
        return Err(Rejection::Malformed { field: "corrects", needs: "a stream of the same premises" });
    }
    must_have_words("why", Some(&correction.why))?;
    must_have_words("reason", reason)?;
    if aggregate_type(&correction.corrects) != Assessment::TYPE {
        return Ok(());
    }
    let subject = facts.subject()?;
    let of = subject.assessments.get(correction.key()).filter(|of| of.state.stage == Stage::Submitted);
    let of = of.ok_or(Rejection::NotFound { what: "submitted assessment" })?;
    let rulebook = facts.rulebook()?;
    let mut outcomes = of.state.outcomes();
    for (field, right) in correction.fields() {
        if field == COMPLETED_ON {
            must_be_completed(right, of, facts)?;
            continue;
        }
        let indicator = rulebook.indicator(field).filter(|_| outcomes.contains_key(field));
        let indicator = indicator.ok_or_else(|| unknown(field))?;
        must_be_theirs(rulebook, indicator, of, facts)?;
        outcomes.insert(field.to_owned(), Outcome::from(right.clone()));
    }
    scoring::score_results(rulebook, &outcomes)?;
    Ok(())
}

fn unknown(field: &str) -> Rejection {
    Rejection::because("unknown_indicator", json!({ "ids": [field] }))
}

fn must_be_completed(right: &Value, of: &AssessmentOf, facts: &Facts) -> Result<(), Rejection> {
    if !of.is_in_the_hands_of(&facts.actor.account) && !facts.actor.holds(Role::DataClerk) {
        return Err(Rejection::because("not_the_assessor", Value::Null));
    }
    let day: Option<NaiveDate> = right.as_str().and_then(|text| text.parse().ok());
    let fits = day.is_some_and(|day| day <= facts.today && of.opened_on.is_none_or(|opened| opened <= day));
    if fits {
        return Ok(());
    }
    Err(Rejection::Malformed { field: "right", needs: "a day from the opening of the assessment to today" })
}

/// Whoever stated it, whoever collects it here; what a feed shares, its department and the data clerk.
fn must_be_theirs(
    rulebook: &Rulebook,
    indicator: &Indicator,
    of: &AssessmentOf,
    facts: &Facts,
) -> Result<(), Rejection> {
    let stated = of.entered.get(&indicator.id) == Some(&facts.actor.account);
    let competent = facts.actor.holds(Role::DepartmentOfficer) && facts.actor.is_of(&indicator.competent);
    let keeps = competent || facts.actor.holds(Role::DataClerk);
    let theirs = match indicator.collect {
        Collect::Feed => keeps,
        Collect::Ledger => false,
        Collect::Department | Collect::Grid => stated || may_collect(indicator, facts)?,
    };
    if theirs {
        Ok(())
    } else {
        Err(Rejection::NotYours { indicators: vec![collector(rulebook, indicator)] })
    }
}
