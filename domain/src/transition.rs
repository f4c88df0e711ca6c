//! Transition (能上能下): moving up or down, and the plaques and dates it brings.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::calendar::add_months;
use crate::deadline::{Period, PeriodQuestion, period};
use crate::effect::needs_confirmer;
use crate::refused::Refused;
use crate::rulebook::Rulebook;
use crate::rulebook::policy::ManagementLevel;

/// A move from one star to another.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct TransitionQuestion {
    /// The star before; none for a first grade.
    #[serde(default)]
    pub from_star: Option<u8>,
    /// The star after.
    pub to_star: u8,
    /// What it follows from; not looked at for a first grade.
    #[serde(default)]
    pub trigger: String,
    /// Whether the hazards are all accepted, for trigger `rectification_accepted`.
    #[serde(default)]
    pub hazards_accepted: bool,
    /// The day it takes effect.
    pub effective_on: NaiveDate,
}

/// What the move brings.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Transition {
    /// Up, down, the same, or a first grade.
    pub direction: Direction,
    /// The level after.
    pub management_level: String,
    /// What happens to the grade plaque (公示牌).
    pub grade_plaque: GradePlaque,
    /// What happens to the supervision plaque (监督牌).
    pub supervision_plaque: SupervisionPlaque,
    /// By when the grade plaque must be up, where it changes.
    pub grade_plaque_by: Option<NaiveDate>,
    /// By when the supervision plaque must be up or down, where it changes.
    pub supervision_plaque_by: Option<NaiveDate>,
    /// Which of the two dates may still move.
    pub provisional: Vec<String>,
    /// Whether a named confirmer is needed.
    pub needs_confirmer: bool,
    /// By when it is assessed again anyway.
    pub scheduled_reevaluation_by: NaiveDate,
}

/// Where a grade moves.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Fewer stars.
    Down,
    /// A first grade.
    First,
    /// As many.
    Same,
    /// More stars.
    Up,
}

/// What happens to the grade plaque.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GradePlaque {
    /// It stays.
    Keep,
    /// The first one.
    Post,
    /// Another star.
    Replace,
}

/// What happens to the supervision plaque.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SupervisionPlaque {
    /// It stays.
    Keep,
    /// There is none.
    None,
    /// 挂牌.
    PutUp,
    /// 摘牌.
    TakeDown,
}

/// What the move brings.
///
/// # Errors
/// `unknown_trigger`, `up_not_allowed`, `hazards_not_accepted`, in this order; `unknown_level`; `unknown_rule`
/// where the policy has no plaque deadlines.
pub fn transition(rulebook: &Rulebook, question: &TransitionQuestion) -> Result<Transition, Refused> {
    let (was, now, on) = (question.from_star, question.to_star, question.effective_on);
    let direction = direction(was, now);
    if was.is_some() {
        check_trigger(rulebook, question, direction)?;
    }
    let level = level_of(rulebook, now)?;
    let had = was.map(|was| level_of(rulebook, was)).transpose()?.is_some_and(|was| was.supervision_plaque);
    let supervision_plaque = match (had, level.supervision_plaque) {
        (false, false) => SupervisionPlaque::None,
        (false, true) => SupervisionPlaque::PutUp,
        (true, false) => SupervisionPlaque::TakeDown,
        (true, true) => SupervisionPlaque::Keep,
    };
    let grade_plaque = match direction {
        Direction::First => GradePlaque::Post,
        Direction::Same => GradePlaque::Keep,
        Direction::Down | Direction::Up => GradePlaque::Replace,
    };
    let by = |rule: &str| period(rulebook, &PeriodQuestion::of(rule, on));
    let grade_plaque_by = if grade_plaque == GradePlaque::Keep { None } else { Some(by("plaque_post")?) };
    let supervision_plaque_by = match supervision_plaque {
        SupervisionPlaque::Keep | SupervisionPlaque::None => None,
        SupervisionPlaque::PutUp => Some(by("plaque_put_up")?),
        SupervisionPlaque::TakeDown => Some(by("plaque_take_down")?),
    };
    Ok(Transition {
        direction,
        management_level: level.id.clone(),
        grade_plaque,
        supervision_plaque,
        grade_plaque_by: grade_plaque_by.and_then(|by| by.date()),
        supervision_plaque_by: supervision_plaque_by.and_then(|by| by.date()),
        provisional: provisional(grade_plaque_by, supervision_plaque_by),
        needs_confirmer: needs_confirmer(rulebook, was, now)?,
        scheduled_reevaluation_by: add_months(on, level.reevaluate_months),
    })
}

/// Where a grade moves between these stars.
#[must_use]
pub fn direction(was: Option<u8>, now: u8) -> Direction {
    match was {
        None => Direction::First,
        Some(was) if now > was => Direction::Up,
        Some(was) if now < was => Direction::Down,
        Some(_) => Direction::Same,
    }
}

fn check_trigger(
    rulebook: &Rulebook,
    question: &TransitionQuestion,
    direction: Direction,
) -> Result<(), Refused> {
    let rule = rulebook.policy.reevaluation.as_ref().ok_or_else(|| Refused::because("not_in_rulebook"))?;
    let trigger = &question.trigger;
    let leads_up = rule.up_triggers.contains(trigger);
    Refused::unless(leads_up || rule.recompute_triggers.contains(trigger), "unknown_trigger")?;
    if direction == Direction::Up {
        Refused::unless(leads_up, "up_not_allowed")?;
        let accepted = trigger != RECTIFICATION_ACCEPTED || question.hazards_accepted;
        Refused::unless(accepted, "hazards_not_accepted")?;
    }
    Ok(())
}

fn level_of(rulebook: &Rulebook, star: u8) -> Result<&ManagementLevel, Refused> {
    rulebook.level_of_star(star).ok_or_else(|| Refused::because("unknown_level"))
}

fn provisional(grade_plaque_by: Option<Period>, supervision_plaque_by: Option<Period>) -> Vec<String> {
    [("grade_plaque_by", grade_plaque_by), ("supervision_plaque_by", supervision_plaque_by)]
        .into_iter()
        .filter(|(_, by)| by.is_some_and(|by| by.provisional))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// The trigger that leads up only once the hazards are accepted.
const RECTIFICATION_ACCEPTED: &str = "rectification_accepted";
