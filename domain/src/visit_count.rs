//! Visit count (上门): when a unit nobody could enter becomes not assessed.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::patrol_rule::rule_of_level;
use crate::refused::Refused;
use crate::rulebook::Rulebook;
use crate::rulebook::policy::PatrolRule;

/// One unit's visits since its assessment was opened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct VisitsQuestion {
    /// Its last known level; none if it was never graded.
    #[serde(default)]
    pub last_level: Option<String>,
    /// The visits in order.
    pub visits: Vec<VisitMade>,
}

/// One call at one door.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct VisitMade {
    /// The day.
    pub on: NaiveDate,
    /// `entered`, `no_answer`, `refused` or `unsafe`.
    pub outcome: String,
    /// Whether the appointment had been served.
    #[serde(default)]
    pub appointment_served: bool,
}

/// What the visits amount to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct VisitCount {
    /// `open`, or the policy's name for not assessed.
    pub state: String,
    /// Days with a failed visit since the last entry.
    pub failed_visits: usize,
    /// Refusals that count against cooperation.
    pub refusals_counted: u64,
    /// How often its building is patrolled meanwhile, as far as this unit goes.
    pub patrol_rule: PatrolRule,
}

/// Counts the visits: one a day, an entry starts again, an unsafe door is excused. A refusal counts against
/// cooperation only if the appointment was served.
///
/// # Errors
/// `unknown_outcome`; `unknown_level`; `not_in_rulebook` where the rulebook knows no such state.
pub fn visits(rulebook: &Rulebook, question: &VisitsQuestion) -> Result<VisitCount, Refused> {
    let rule = rulebook.policy.not_assessed.as_ref().ok_or_else(|| Refused::because("not_in_rulebook"))?;
    let mut failed = BTreeSet::new();
    let mut refusals_counted = 0;
    for visit in &question.visits {
        if visit.outcome == REFUSED && visit.appointment_served {
            refusals_counted += 1;
        }
        if visit.outcome == ENTERED {
            failed.clear();
        } else if rule.counting.contains(&visit.outcome) {
            failed.insert(visit.on);
        } else {
            Refused::unless(rule.not_counting.contains(&visit.outcome), "unknown_outcome")?;
        }
    }
    let gone = failed.len() >= rule.failed_visits;
    let patrol_rule = match &question.last_level {
        None => rule.patrol_rule_if_never_graded,
        Some(level) => rule_of_level(rulebook, level)?,
    };
    let state = if gone { rule.state.clone() } else { OPEN.to_owned() };
    Ok(VisitCount { state, failed_visits: failed.len(), refusals_counted, patrol_rule })
}

/// The outcome of a visit that got in.
pub const ENTERED: &str = "entered";
/// The state while more visits may follow.
pub const OPEN: &str = "open";
/// The outcome of a visit that was turned away.
pub const REFUSED: &str = "refused";
