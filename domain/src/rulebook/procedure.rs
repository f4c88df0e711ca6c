//! Procedure: the policy's rules about time, hearing, moving up and down, and bans on letting.

use serde::{Deserialize, Serialize};

use super::Layer;

/// A deadline or period. The starting day is not counted.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct DeadlineRule {
    /// Its id.
    pub id: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    #[serde(default)]
    pub en: String,
    /// What `n` counts.
    pub unit: TimeUnit,
    /// How many.
    pub n: u32,
    /// How many more, where it may be extended.
    pub extension: Option<u32>,
    /// Whether one that ends on a rest day ends on the next working day. Never for safety periods.
    #[serde(default)]
    pub roll: bool,
    /// Where it comes from.
    #[serde(default)]
    pub source: String,
}

impl DeadlineRule {
    /// Whether it counts as many of the same days as another: then only the calendar makes a difference.
    #[must_use]
    pub fn counts_as(&self, other: &DeadlineRule) -> bool {
        (self.unit, self.n, self.extension, self.roll) == (other.unit, other.n, other.extension, other.roll)
    }
}

/// What a deadline counts.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeUnit {
    /// Calendar months, clamped to the month's end.
    Months,
    /// Every day.
    NaturalDays,
    /// By the holiday calendar.
    WorkingDays,
}

/// A level that the lateness of an overdue hazard reaches.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Escalation {
    /// Its id.
    pub level: String,
    /// Its name in Chinese.
    #[serde(default)]
    pub zh: String,
    /// Its name in English.
    #[serde(default)]
    pub en: String,
    /// Natural days after the due day; one at least.
    pub after_days: u32,
    /// The role or department it goes to.
    pub to: String,
}

/// How letting may be prohibited.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ProhibitionPolicy {
    /// What a ban may cover.
    pub scopes: Vec<String>,
}

/// A ground in law for a ban on letting (禁止依据).
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ProhibitionGround {
    /// Its id.
    pub id: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    #[serde(default)]
    pub en: String,
    /// The law.
    #[serde(default)]
    pub law: String,
    /// The authority that may act on it.
    pub competent: String,
}

/// When a unit nobody could enter counts as not assessed (未评定).
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct NotAssessedPolicy {
    /// The name of that public state.
    pub state: String,
    /// How many failed visits it takes.
    pub failed_visits: usize,
    /// Outcomes of a visit that count as failed.
    pub counting: Vec<String>,
    /// Outcomes that do not.
    #[serde(default)]
    pub not_counting: Vec<String>,
    /// How often such a unit's building is patrolled if it was never graded.
    pub patrol_rule_if_never_graded: super::policy::PatrolRule,
}

/// When a longer term to rectify is possible (整改方案).
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct WorksPlanPolicy {
    /// The longest term, in natural days.
    pub max_days: u32,
    /// Classes of work that never get one.
    #[serde(default)]
    pub not_for: Vec<String>,
}

/// Which determinations are adverse.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct AdversePolicy {
    /// The management levels.
    pub levels: Vec<String>,
    /// The layers.
    pub layers: Vec<Layer>,
}

/// The statement before an adverse effect (陈述申辩).
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct StatementPolicy {
    /// The deadline it has, counted from service of the invitation.
    pub deadline: String,
    /// On which grounds it may be waived, with a written reason.
    #[serde(default)]
    pub waiver_grounds: Vec<String>,
}

/// Up, down, and what may be carried (能上能下).
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ReevaluationPolicy {
    /// What makes caps and vetoes be computed again between assessments; never up.
    pub recompute_triggers: Vec<String>,
    /// What a new assessment may follow from, and so lead up.
    pub up_triggers: Vec<String>,
    /// The oldest result that may be carried, in days.
    pub carry_max_days: u32,
}
