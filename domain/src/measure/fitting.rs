//! Which measures fit the level in force: the policy's list of its management level, and nothing besides.

use serde_json::{Value, json};

use super::incentive::INCENTIVE;
use crate::facts::Facts;
use crate::rejection::Rejection;
use crate::rulebook::Rulebook;
use crate::rulebook::policy::{ManagementLevel, Measure};
use crate::subject::Subject;

/// The level that a measure goes with: the one in force, or, for a safety measure, the one that waits for a person. An
/// incentive is offered and a ban decided elsewhere.
pub(super) fn must_fit(measure: &str, facts: &Facts) -> Result<String, Rejection> {
    let (rulebook, subject) = (facts.rulebook()?, facts.subject()?);
    let known = rulebook.policy.measures.iter().find(|known| known.id == measure);
    let known = known.ok_or_else(|| Rejection::because("unknown_measure", json!({ "measure": measure })))?;
    if known.needs_prohibition_ground {
        return Err(Rejection::because("ban_has_its_own_decision", Value::Null));
    }
    if known.id == INCENTIVE {
        return Err(Rejection::because("incentive_is_offered", Value::Null));
    }
    let waiting = waiting(rulebook, subject).filter(|_| known.at_once);
    match waiting.filter(|level| carries(level, measure)) {
        Some(level) => Ok(level.id.clone()),
        None => carried(known, rulebook, subject),
    }
}

/// Refuse what would carry out a level that an organ or court has suspended, or one that is under appeal where the policy lets
/// measures wait for that. What concerns safety goes on.
pub(super) fn must_not_rest(measure: &str, facts: &Facts) -> Result<(), Rejection> {
    let (rulebook, subject) = (facts.rulebook()?, facts.subject()?);
    if rulebook.policy.measures.iter().any(|known| known.id == measure && known.at_once) {
        return Ok(());
    }
    if let Some(rest) = subject.rests_on(facts.today) {
        return Err(subject.suspended_in(&rest.dispute));
    }
    let waits = rulebook.policy.appeal.is_some_and(|policy| policy.suspends_measures);
    match subject.grade_under_review().filter(|_| waits) {
        Some(appeal) => Err(Rejection::because("measure_waits", json!({ "filed_on": appeal.filed_on }))),
        None => Ok(()),
    }
}

/// The level in force, if incentives go with it.
pub(super) fn must_carry_incentives(facts: &Facts) -> Result<String, Rejection> {
    let (rulebook, subject) = (facts.rulebook()?, facts.subject()?);
    let known = rulebook.policy.measures.iter().find(|known| known.id == INCENTIVE);
    let known =
        known.ok_or_else(|| Rejection::because("unknown_measure", json!({ "measure": INCENTIVE })))?;
    carried(known, rulebook, subject)
}

/// The level that binds.
pub(super) fn in_force<'a>(rulebook: &'a Rulebook, subject: &Subject) -> Option<&'a ManagementLevel> {
    let binding = subject.grade.in_force()?;
    rulebook.level(binding.determination.management_level.as_ref()?)
}

/// Whether a measure goes with a level.
pub(super) fn carries(level: &ManagementLevel, measure: &str) -> bool {
    level.measures.iter().any(|of| of == measure)
}

fn waiting<'a>(rulebook: &'a Rulebook, subject: &Subject) -> Option<&'a ManagementLevel> {
    let (determination, _) = subject.grade.waiting()?;
    rulebook.level(determination.management_level.as_ref()?)
}

fn carried(measure: &Measure, rulebook: &Rulebook, subject: &Subject) -> Result<String, Rejection> {
    let level = in_force(rulebook, subject).ok_or_else(|| Rejection::because("no_level", Value::Null))?;
    if carries(level, &measure.id) {
        return Ok(level.id.clone());
    }
    let fit: Vec<&Measure> =
        rulebook.policy.measures.iter().filter(|known| carries(level, &known.id)).collect();
    let names = |name: fn(&Measure) -> &str, between: &str| {
        fit.iter().map(|measure| name(measure)).collect::<Vec<_>>().join(between)
    };
    let detail = json!({
        "measure": measure.id, "measure_zh": measure.zh, "measure_en": english(measure),
        "level": level.id, "level_zh": level.zh, "level_en": if level.en.is_empty() { &level.id } else { &level.en },
        "fits": fit.iter().map(|measure| &measure.id).collect::<Vec<_>>(),
        "fits_zh": names(|measure| &measure.zh, "、"), "fits_en": names(english, ", "),
    });
    Err(Rejection::because("measure_does_not_fit", detail))
}

fn english(measure: &Measure) -> &str {
    if measure.en.is_empty() { &measure.id } else { &measure.en }
}
