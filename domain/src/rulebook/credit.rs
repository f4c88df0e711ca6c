//! The policy's rules about credit (信用) and identifiers.

use serde::{Deserialize, Serialize};

/// Credit classes, and the conduct that lowers them.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct CreditPolicy {
    /// The classes, best first.
    #[serde(rename = "class")]
    pub classes: Vec<CreditClass>,
    /// The kinds of conduct.
    #[serde(default)]
    pub conduct: Vec<ConductRule>,
    /// Kinds of party whose class is published.
    #[serde(default)]
    pub publish_class_of: Vec<String>,
    /// Whom conduct may be put down to.
    pub attributed_to: Vec<String>,
    /// Whom it must be put down to, to count.
    pub attributed_to_counts: Vec<String>,
    /// Natural days that have to pass after the day on which a party was told of something adverse before it may be public: the day of
    /// the notice is not counted, and the day after the last of them is the first. Where a rulebook says nothing, none: the day after.
    #[serde(default)]
    pub publish_after_notice_days: u32,
    /// Months between a rating and the earliest day on which an inspection that is planned already falls due because of it. Where a
    /// rulebook says nothing, one.
    #[serde(default = "one_month")]
    pub inspection_grace_months: u32,
}

/// What brings a record of conduct by rule, without anybody's recording it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Brings {
    /// A commitment was found broken.
    CommitmentBreached,
    /// A major hazard was not put right by its day.
    MajorHazardOverdue,
    /// What was said to be put right never was.
    RectificationFoundFalse,
    /// A serious hazard was not put right by its day.
    SeriousHazardOverdue,
}

impl Brings {
    /// What the conduct is called that this brings in a rulebook that says of none what brings it: such rulebooks were published
    /// before it was said in them, and are read as they were meant.
    const fn unsaid(self) -> &'static str {
        match self {
            Self::CommitmentBreached => "commitment_breached",
            Self::MajorHazardOverdue => "major_hazard_not_rectified",
            Self::RectificationFoundFalse => "false_materials",
            Self::SeriousHazardOverdue => "serious_hazard_overdue",
        }
    }
}

const fn one_month() -> u32 {
    1
}

impl CreditPolicy {
    /// The conduct that something brings by rule, where the policy says that it brings any.
    pub fn brought_by(&self, what: Brings) -> Option<&ConductRule> {
        let says = self.conduct.iter().any(|rule| rule.follows_from.is_some());
        let brought = |rule: &&ConductRule| match says {
            true => rule.follows_from == Some(what),
            false => rule.id == what.unsaid(),
        };
        self.conduct.iter().find(brought)
    }

    /// Whether a class is adverse: none that has to be earned by grades.
    pub fn is_adverse(&self, class: &str) -> bool {
        let found = self.classes.iter().find(|of| of.id == class);
        found.is_none_or(|of| of.min_lenient_percent.is_none() && of.max_low_percent.is_none())
    }
}

/// One credit class (信用等级).
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct CreditClass {
    /// A, B, C or D.
    pub id: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    #[serde(default)]
    pub en: String,
    /// Least share of premises at level lenient, in percent.
    pub min_lenient_percent: Option<u64>,
    /// Greatest share of premises at levels strict and prohibited, in percent.
    pub max_low_percent: Option<u64>,
    /// Whether the voluntary commitment is needed.
    #[serde(default)]
    pub needs_commitment: bool,
    /// Whether only conduct leads there.
    #[serde(default)]
    pub by_conduct_only: bool,
    /// Months between inspections.
    pub inspection_months: u32,
    /// Whether a named person must confirm it.
    #[serde(default)]
    pub needs_confirmer: bool,
    /// What is shown until then.
    pub shown_until_confirmed: Option<String>,
}

/// One kind of conduct (失信行为).
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ConductRule {
    /// Its id.
    pub id: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    #[serde(default)]
    pub en: String,
    /// The best class still possible.
    pub at_best: String,
    /// Whether the public-credit catalogue in force lists it; only then does it count.
    pub catalogue_item: bool,
    /// `minor` (never published), `general` or `serious`.
    pub degree: String,
    /// Months before which it cannot be repaired.
    pub publish_min_months: u32,
    /// Months after which it ends anyway.
    pub publish_max_months: u32,
    /// What brings it by rule; none where somebody has to record it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows_from: Option<Brings>,
}

/// How identifiers are checked.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct IdentifierPolicy {
    /// 统一社会信用代码.
    pub uscc: UsccRule,
    /// 房屋编码.
    pub house_code: HouseCodeRule,
}

/// The check of an 18-character organisation code (GB 32100-2015).
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct UsccRule {
    /// Its characters, each worth its place from 0.
    pub alphabet: String,
    /// Weights of the first 17.
    pub weights: Vec<usize>,
    /// The modulus.
    pub modulus: usize,
}

/// The shape of a house code.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct HouseCodeRule {
    /// Digits of a unit's.
    pub unit_digits: usize,
    /// Digits of a building's.
    pub building_digits: usize,
    /// Whether a unit's starts with its building's.
    #[serde(default)]
    pub unit_starts_with_building: bool,
}
