//! Effect: when a determination takes legal and published effect.
//!
//! Safety measures start on the day of determination. What is adverse waits for an invited statement
//! (陈述申辩) and a named confirmer who did not assess; silence loses no right on a provisional date.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::calendar::add_days;
use crate::deadline::{Period, PeriodQuestion, period};
use crate::refused::Refused;
use crate::rulebook::Rulebook;

/// A determination, and what has been done about it so far.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct EffectQuestion {
    /// The star before; none for a first grade.
    #[serde(default)]
    pub from_star: Option<u8>,
    /// The star determined.
    pub to_star: u8,
    /// The day of the determination.
    pub determined_on: NaiveDate,
    /// Who assessed.
    #[serde(default)]
    pub assessor: Option<String>,
    /// Who confirmed.
    #[serde(default)]
    pub confirmer: Option<String>,
    /// When the confirmer did.
    #[serde(default)]
    pub confirmed_on: Option<NaiveDate>,
    /// When the invitation to a statement was served.
    #[serde(default)]
    pub invited_on: Option<NaiveDate>,
    /// Until when one may be made, where a calendar published later has fixed that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_by: Option<NaiveDate>,
    /// When the party made one.
    #[serde(default)]
    pub statement_on: Option<NaiveDate>,
    /// When it was considered.
    #[serde(default)]
    pub considered_on: Option<NaiveDate>,
    /// Why there is none, if it was waived.
    #[serde(default)]
    pub waiver: Option<Waiver>,
}

/// Why no statement was invited.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Waiver {
    /// One of the policy's grounds.
    pub ground: String,
    /// In writing.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What a determination is waiting for, or since when it is in effect.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Effect {
    /// Whether a statement must be invited.
    pub adverse: bool,
    /// Whether a named confirmer is needed.
    pub needs_confirmer: bool,
    /// Since when safety measures run.
    pub safety_from: NaiveDate,
    /// Until when a statement may be made.
    pub statement_by: Option<NaiveDate>,
    /// Whether that date may still move.
    pub provisional: bool,
    /// What is waited for, in order.
    pub waiting_for: Vec<WaitingFor>,
    /// Since when it is in effect, once nothing is waited for.
    pub effective_on: Option<NaiveDate>,
}

/// What a determination may wait for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitingFor {
    /// The calendar that fixes the end of the period.
    Calendar,
    /// The confirmer.
    Confirmation,
    /// That the statement made is considered.
    Consideration,
    /// The invitation to a statement.
    Invitation,
}

/// When the determination takes effect.
///
/// # Errors
/// `waiver_not_allowed`, `waiver_without_reason`, `confirmer_is_assessor`, `confirmed_before_statement`, in
/// this order; `unknown_level`; `unknown_rule` if the policy's own deadline is missing.
pub fn effect(rulebook: &Rulebook, question: &EffectQuestion) -> Result<Effect, Refused> {
    let needs_confirmer = needs_confirmer(rulebook, question.from_star, question.to_star)?;
    let lowers = question.from_star.is_none_or(|was| question.to_star < was);
    let mut effect = Effect {
        adverse: needs_confirmer && lowers,
        needs_confirmer,
        safety_from: question.determined_on,
        statement_by: None,
        provisional: false,
        waiting_for: Vec::new(),
        effective_on: None,
    };
    let mut earliest = question.determined_on;
    if effect.adverse {
        earliest = hear(rulebook, question, &mut effect)?;
    }
    if needs_confirmer {
        match question.confirmed_on {
            None => effect.waiting_for.push(WaitingFor::Confirmation),
            Some(confirmed) => {
                Refused::unless(question.confirmer != question.assessor, "confirmer_is_assessor")?;
                let heard = effect.waiting_for.is_empty() && confirmed >= earliest;
                Refused::unless(heard, "confirmed_before_statement")?;
                earliest = confirmed;
            }
        }
    }
    effect.effective_on = effect.waiting_for.is_empty().then_some(earliest);
    Ok(effect)
}

/// Whether a move between these stars needs a named confirmer: it lowers to an adverse level, or first grades
/// there, or leaves level prohibited. A move within one level needs none, nor any in a layer that is nobody's.
///
/// # Errors
/// `unknown_level` if no level takes a star in.
pub fn needs_confirmer(rulebook: &Rulebook, was: Option<u8>, now: u8) -> Result<bool, Refused> {
    let Some(adverse) = &rulebook.policy.adverse else { return Ok(false) };
    if was == Some(now) || !adverse.layers.contains(&rulebook.layer) {
        return Ok(false);
    }
    let level = |star| Ok(&rulebook.level_of_star(star).ok_or_else(|| Refused::because("unknown_level"))?.id);
    let now_level = level(now)?;
    let before = was.map(level).transpose()?;
    let lowers = was.is_none_or(|was| now < was);
    Ok((lowers && adverse.levels.contains(now_level) && before != Some(now_level))
        || before.is_some_and(|before| before == PROHIBITED))
}

/// The hearing before an adverse effect: notes what is waited for, answers the earliest day after it.
fn hear(rulebook: &Rulebook, question: &EffectQuestion, effect: &mut Effect) -> Result<NaiveDate, Refused> {
    let rule = rulebook.policy.statement.as_ref().ok_or_else(|| Refused::because("not_in_rulebook"))?;
    let determined = question.determined_on;
    if let Some(waiver) = &question.waiver {
        must_be_waivable(rulebook, waiver)?;
        return Ok(determined);
    }
    let Some(invited) = question.invited_on else {
        effect.waiting_for.push(WaitingFor::Invitation);
        return Ok(determined);
    };
    let period = match question.statement_by {
        Some(due) => Period::ending(due),
        None => period(rulebook, &PeriodQuestion::of(&rule.deadline, invited))?,
    };
    let by = period.date().unwrap_or(invited);
    effect.statement_by = Some(by);
    effect.provisional = period.provisional;
    // A statement after the period does not hold the effect up; on a provisional date none is after it.
    let heard = question.statement_on.filter(|made| period.provisional || *made <= by);
    match (heard, question.considered_on) {
        (Some(_), Some(considered)) => return Ok(determined.max(considered)),
        (Some(_), None) => effect.waiting_for.push(WaitingFor::Consideration),
        (None, _) if period.provisional => effect.waiting_for.push(WaitingFor::Calendar),
        (None, _) => return Ok(add_days(by, 1)),
    }
    Ok(determined)
}

/// Refuses to do without a statement but on a ground of the policy, with a reason.
///
/// # Errors
/// `not_in_rulebook`, `waiver_not_allowed`, `waiver_without_reason`, in this order.
pub fn must_be_waivable(rulebook: &Rulebook, waiver: &Waiver) -> Result<(), Refused> {
    let rule = rulebook.policy.statement.as_ref().ok_or_else(|| Refused::because("not_in_rulebook"))?;
    Refused::unless(rule.waiver_grounds.contains(&waiver.ground), "waiver_not_allowed")?;
    let reason = waiver.reason.as_deref().unwrap_or_default();
    Refused::unless(!reason.trim().is_empty(), "waiver_without_reason")
}

/// The level that is left only with a confirmer.
const PROHIBITED: &str = "prohibited";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::rulebook::Layer;
    use crate::shipped;

    proptest! {
        #[test]
        fn nothing_adverse_binds_without_a_confirmer_who_did_not_assess(
            from_star in prop::option::of(0u8..=5), to_star in 0u8..=5, day in 3u32..20,
            confirmer in prop::option::of(prop::sample::select(vec!["assessor", "another"])),
        ) {
            let rulebook = shipped::pingshan(Layer::Building);
            let question: EffectQuestion = serde_json::from_value(json!({
                "from_star": from_star, "to_star": to_star, "determined_on": "2025-06-03", "assessor": "assessor",
                "invited_on": "2025-06-03", "confirmer": confirmer,
                "confirmed_on": confirmer.map(|_| format!("2025-06-{day:02}")),
            }))
            .unwrap();
            if let Ok(effect) = effect(&rulebook, &question) {
                let bound = effect.effective_on.is_some();
                prop_assert!(!effect.needs_confirmer || !bound || confirmer == Some("another"));
                prop_assert!(!effect.adverse || effect.effective_on.is_none_or(|on| Some(on) > effect.statement_by));
                prop_assert_eq!(effect.safety_from, question.determined_on);
            } else {
                prop_assert!(confirmer.is_some(), "only a confirmation is refused here");
            }
        }
    }
}
