//! Patrol rule (巡查): when the next round of a building is due. Never rolled for rest days.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use serde::{Deserialize, Deserializer, Serialize};

use crate::calendar::{add_days, add_months};
use crate::refused::Refused;
use crate::rulebook::Rulebook;
use crate::rulebook::policy::{PatrolPolicy, PatrolRule};

/// What the next round depends on.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PatrolQuestion {
    /// The building's own level in effect.
    pub management_level: String,
    /// The levels of its units.
    #[serde(default)]
    pub unit_levels: Vec<String>,
    /// Whether a major hazard is suspected.
    #[serde(default)]
    pub suspected_major: bool,
    /// The last round.
    pub last_patrol: NaiveDate,
    /// When a new rule took effect, if it did.
    #[serde(default)]
    pub effective_on: Option<NaiveDate>,
    /// Whether nobody lives there.
    #[serde(default)]
    pub vacant: bool,
    /// The weather warning out, if there is one.
    #[serde(default)]
    pub warning: Option<WeatherWarning>,
    /// The obstacle that excuses a round, if there is one.
    #[serde(default)]
    pub excused: Option<Excuse>,
}

/// A weather warning.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct WeatherWarning {
    /// `typhoon`, `rainstorm` or `lightning` call for a round of vacant premises.
    pub kind: String,
    /// Local date and time of issue.
    #[serde(deserialize_with = "local_minute")]
    pub issued_at: NaiveDateTime,
    /// The day it takes effect.
    pub effective_on: NaiveDate,
    /// The first safe day after it, once there is one.
    #[serde(default)]
    pub safe_on: Option<NaiveDate>,
}

/// An obstacle that excuses a round while it lasts.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Excuse {
    /// One of the policy's reasons.
    pub reason: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub until: NaiveDate,
}

/// The rule and the next round.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PatrolDue {
    /// The strictest rule.
    pub rule: PatrolRule,
    /// The last day on which the next round still meets it; none while there is no safe day.
    pub due: Option<NaiveDate>,
}

/// The next round of a building, by the strictest rule among its own level, its units' and a suspected hazard.
///
/// # Errors
/// `unknown_excuse`; `unknown_level`; `not_in_rulebook` where the rulebook knows no patrols.
pub fn patrol(rulebook: &Rulebook, question: &PatrolQuestion) -> Result<PatrolDue, Refused> {
    let policy = policy_of(rulebook)?;
    let levels = std::iter::once(&question.management_level).chain(&question.unit_levels);
    let mut rules = levels.map(|id| rule_of_level(rulebook, id)).collect::<Result<Vec<_>, _>>()?;
    if question.suspected_major {
        rules.push(policy.suspected_major_rule);
    }
    let rule = strictest(policy, &rules).ok_or_else(|| Refused::because("not_in_rulebook"))?;
    let mut due = patrol_after(policy, rule, question.last_patrol);
    if let Some(effective_on) = question.effective_on {
        due = due.max(add_days(effective_on, policy.regrade_grace_days));
    }
    let due = match &question.warning {
        Some(warning) if question.vacant => before_warning(policy, warning, question.last_patrol, due),
        _ => Some(due),
    };
    Ok(PatrolDue { rule, due: excused(policy, question, due)? })
}

/// The last day on which a round after `last` still meets the rule.
#[must_use]
pub fn patrol_after(policy: &PatrolPolicy, rule: PatrolRule, last: NaiveDate) -> NaiveDate {
    match rule {
        PatrolRule::Day => add_days(last, policy.day_days),
        // Calendar halves and fifteen days are both readings of "every half-month": the earlier meets both.
        PatrolRule::HalfMonth => add_days(last, policy.half_month_days).min(end_of_next_half(last)),
        PatrolRule::Month => add_months(last, 1),
        PatrolRule::Week => add_days(last, policy.week_days),
    }
}

/// The strictest of these rules, by the policy's order.
#[must_use]
pub fn strictest(policy: &PatrolPolicy, rules: &[PatrolRule]) -> Option<PatrolRule> {
    let place = |rule: &PatrolRule| policy.rules.iter().position(|known| known == rule);
    rules.iter().copied().min_by_key(|rule| place(rule).unwrap_or(usize::MAX))
}

/// The patrol rule of a management level.
///
/// # Errors
/// `unknown_level`.
pub fn rule_of_level(rulebook: &Rulebook, level: &str) -> Result<PatrolRule, Refused> {
    Ok(rulebook.level(level).ok_or_else(|| Refused::because("unknown_level"))?.patrol.rule)
}

/// The policy's patrols.
pub(crate) fn policy_of(rulebook: &Rulebook) -> Result<&PatrolPolicy, Refused> {
    rulebook.policy.patrol.as_ref().ok_or_else(|| Refused::because("not_in_rulebook"))
}

/// Moves a due date of vacant premises out of a weather warning: before it where there is time, else to the
/// first safe day. A round made between issue and effect meets it.
pub(crate) fn before_warning(
    policy: &PatrolPolicy,
    warning: &WeatherWarning,
    last: NaiveDate,
    due: NaiveDate,
) -> Option<NaiveDate> {
    let Some(vacant) = &policy.vacant else { return Some(due) };
    let (effect, issued) = (warning.effective_on, warning.issued_at);
    if !vacant.warnings.contains(&warning.kind) || last >= effect {
        return Some(due);
    }
    if last >= issued.date() {
        let moved = warning.safe_on.filter(|safe| effect <= due && due < *safe);
        return Some(moved.unwrap_or(due));
    }
    let before = effect.pred_opt().unwrap_or(effect);
    if before > issued.date() || (before == issued.date() && issued.hour() < vacant.latest_hour) {
        Some(due.min(before))
    } else if due >= effect {
        warning.safe_on
    } else {
        Some(due)
    }
}

/// A round due while an obstacle lasts is due the day after it.
fn excused(
    policy: &PatrolPolicy,
    question: &PatrolQuestion,
    due: Option<NaiveDate>,
) -> Result<Option<NaiveDate>, Refused> {
    let (Some(excuse), Some(day)) = (&question.excused, due) else { return Ok(due) };
    Refused::unless(policy.excused_reasons.contains(&excuse.reason), "unknown_excuse")?;
    let lasts = (excuse.from..=excuse.until).contains(&day);
    Ok(Some(if lasts { add_days(excuse.until, 1) } else { day }))
}

/// The last day of the half-month after the one this day is in (1st to 15th, 16th to the month's end).
fn end_of_next_half(day: NaiveDate) -> NaiveDate {
    let first = day.with_day(1).unwrap_or(day);
    if day.day() <= 15 {
        add_months(first, 1).pred_opt().unwrap_or(day)
    } else {
        add_days(add_months(first, 1), 14)
    }
}

/// A local time, to the minute or second; an offset written with it is not used, for the hour is local.
fn local_minute<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDateTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    let text = text.replacen(' ', "T", 1);
    ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f"]
        .iter()
        .find_map(|format| {
            let (time, rest) = NaiveDateTime::parse_and_remainder(&text, format).ok()?;
            let offset = rest.is_empty() || rest == "Z" || rest.starts_with(['+', '-']);
            offset.then_some(time)
        })
        .ok_or_else(|| serde::de::Error::custom(format!("{text} is no local time like 2025-09-21T20:30")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::Layer;
    use crate::shipped;

    #[test]
    fn times_of_issue_are_read_to_the_minute_or_the_second() {
        for text in
            ["2025-09-21T20:30", "2025-09-21T20:30:00", "2025-09-21 20:30", "2025-09-21T20:30:00.5+08:00"]
        {
            let warning: WeatherWarning = serde_json::from_value(serde_json::json!({
                "kind": "typhoon", "issued_at": text, "effective_on": "2025-09-23", "safe_on": null
            }))
            .unwrap();
            assert_eq!((warning.issued_at.hour(), warning.issued_at.minute()), (20, 30), "{text}");
        }
    }

    #[test]
    fn half_months_end_with_their_halves() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (last, end) in
            [("2025-02-14", "2025-02-28"), ("2025-02-16", "2025-03-15"), ("2024-12-31", "2025-01-15")]
        {
            assert_eq!(end_of_next_half(day(last)), day(end));
        }
    }

    #[test]
    fn a_rulebook_without_patrols_answers_so() {
        let question: PatrolQuestion = serde_json::from_value(serde_json::json!({
            "management_level": "lenient", "last_patrol": "2025-01-31"
        }))
        .unwrap();
        assert_eq!(patrol(&shipped::toronto_2017(), &question).unwrap_err().error, "not_in_rulebook");
        assert!(patrol(&shipped::pingshan(Layer::Building), &question).is_ok());
    }
}
