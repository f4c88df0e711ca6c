//! Policy: how points become a grade, and what a grade brings with it.
//!
//! Every section but the bands may be missing: a scheme that knows no stars, no hazards or no patrols says
//! nothing about them. What procedure and credit need is in [`super::procedure`] and [`super::credit`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::credit::{CreditPolicy, IdentifierPolicy};
use super::danger::Danger;
use super::imported::ImportPolicy;
use super::procedure::{
    AdversePolicy, DeadlineRule, Escalation, NotAssessedPolicy, ProhibitionGround, ProhibitionPolicy,
    ReevaluationPolicy, StatementPolicy, WorksPlanPolicy,
};
use super::remedy::{AppealPolicy, NoticePolicy, PublicationPolicy};
use super::scheme::HazardClass;

/// The policy part of a rulebook.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Policy {
    /// Raised on any change.
    pub version: u64,
    /// What weight the numbers have: `illustrative` here.
    pub status: Option<String>,
    /// Whether the office works by it. A non-operating scheme (another city's, imported) only grades: no
    /// notices, patrols or overdue marks.
    #[serde(default = "operating")]
    pub operating: bool,
    /// How results become a score.
    #[serde(default)]
    pub scoring: Scoring,
    /// Bands of scores, highest first; the last begins at 0.
    #[serde(default, rename = "band")]
    pub bands: Vec<Band>,
    /// What holds for a layer with stars only.
    #[serde(default)]
    pub estate: Option<EstateRule>,
    /// Points taken off the score for open hazards.
    #[serde(default)]
    pub deduction: Option<DeductionRule>,
    /// Rules over several indicators together.
    #[serde(default, rename = "derived_cap")]
    pub derived_caps: Vec<DerivedCap>,
    /// Management levels (管理等级).
    #[serde(default, rename = "management_level")]
    pub management_levels: Vec<ManagementLevel>,
    /// Measures that may follow from a level (分级处置措施).
    #[serde(default, rename = "measure")]
    pub measures: Vec<Measure>,
    /// How letting may be prohibited.
    #[serde(default)]
    pub prohibition: Option<ProhibitionPolicy>,
    /// The grounds in law for a ban.
    #[serde(default, rename = "prohibition_ground")]
    pub prohibition_grounds: Vec<ProhibitionGround>,
    /// How often premises are patrolled.
    #[serde(default)]
    pub patrol: Option<PatrolPolicy>,
    /// When a unit nobody could enter counts as not assessed.
    #[serde(default)]
    pub not_assessed: Option<NotAssessedPolicy>,
    /// How long what is registered is relied on.
    #[serde(default)]
    pub register: RegisterPolicy,
    /// The vetoes by name (一票否决).
    #[serde(default, rename = "veto")]
    pub vetoes: Vec<VetoName>,
    /// What a suspected major hazard does until it is determined.
    #[serde(default)]
    pub major_hazard: Option<MajorHazardRule>,
    /// What a confirmed incident does.
    #[serde(default, rename = "incident_rule")]
    pub incident_rules: Vec<IncidentRule>,
    /// What a hazard does, by severity.
    #[serde(default, rename = "hazard")]
    pub hazards: Vec<HazardRule>,
    /// Days to rectify, by class of work.
    #[serde(default)]
    pub works: Vec<Works>,
    /// When a longer term is possible.
    #[serde(default)]
    pub works_plan: Option<WorksPlanPolicy>,
    /// Which hazards in the register count.
    #[serde(default)]
    pub hazard_register: Option<HazardRegisterRule>,
    /// To whom the lateness of an overdue hazard is told, level by level.
    #[serde(default, rename = "escalation")]
    pub escalations: Vec<Escalation>,
    /// Which determinations are adverse.
    #[serde(default)]
    pub adverse: Option<AdversePolicy>,
    /// The statement before an adverse effect (陈述申辩).
    #[serde(default)]
    pub statement: Option<StatementPolicy>,
    /// Up, down, and what may be carried.
    #[serde(default)]
    pub reevaluation: Option<ReevaluationPolicy>,
    /// Deadlines and periods.
    #[serde(default, rename = "deadline")]
    pub deadlines: Vec<DeadlineRule>,
    /// Who may review an appeal, and what goes on meanwhile.
    #[serde(default)]
    pub appeal: Option<AppealPolicy>,
    /// What a notice must name.
    #[serde(default)]
    pub notice: Option<NoticePolicy>,
    /// Where a grade is published as soon as it binds.
    #[serde(default)]
    pub publication: Option<PublicationPolicy>,
    /// Credit classes and conduct.
    #[serde(default)]
    pub credit: Option<CreditPolicy>,
    /// The departments that answer for indicators.
    #[serde(default, rename = "department")]
    pub departments: Vec<Department>,
    /// How identifiers are checked.
    #[serde(default)]
    pub identifier: Option<IdentifierPolicy>,
    /// How a publisher's rows are read, for an imported scheme.
    #[serde(default)]
    pub import: Option<ImportPolicy>,
}

/// How long what is registered of premises is relied on. A rulebook that says nothing of it means these numbers.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct RegisterPolicy {
    /// Days after which what was said about whether people live there is not relied on any more.
    pub occupancy_days: u64,
}

impl Default for RegisterPolicy {
    fn default() -> Self {
        Self { occupancy_days: 180 }
    }
}

/// How results become a score. Members that name the one behaviour the engine has are checked, not chosen.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct Scoring {
    /// What the score runs to: 100.
    pub total: u64,
    /// What a missing, unknown or malformed result does: `reject`.
    pub incomplete: String,
    /// What a result that is not applicable does: `leaves_denominator`.
    pub not_applicable: String,
    /// The one rounding, done once at the end.
    pub rounding: Rounding,
    /// How percentages of surveys and shares are rounded: `floor`.
    pub percent_rounding: String,
    /// Fewer answers than this, and than half the occupied units, are too few.
    pub survey_min_answers: u64,
    /// What a survey with too few answers does: `leaves_denominator`.
    pub survey_too_few: String,
    /// What a share of nothing does: `leaves_denominator`.
    pub share_of_nothing: String,
}

/// The one rounding of a score.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Down to the whole number below.
    Floor,
    /// To the nearest whole number, a half upwards.
    #[default]
    HalfUp,
}

/// Scores from `min_score` up to the next band's.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Band {
    /// 5 to 0, where the scheme has stars.
    pub star: Option<u8>,
    /// The grade's id, where the scheme has grades.
    pub grade: Option<String>,
    /// The rulebook's own word for it, where it has one.
    pub word: Option<String>,
    /// Its name in Chinese.
    #[serde(default)]
    pub zh: String,
    /// Its name in English.
    #[serde(default)]
    pub en: String,
    /// The least score.
    pub min_score: u64,
    /// The colour shown, where the band itself has one.
    pub color: Option<String>,
    /// Months to the next evaluation, where the band itself sets them.
    pub reevaluate_months: Option<u32>,
}

/// What holds where the layer has stars only.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct EstateRule {
    /// No score gives fewer stars.
    pub lowest_star: u8,
    /// The cap in place of a veto.
    pub major_hazard_cap: u8,
}

/// Points taken off the rounded score for each confirmed open hazard that carries points.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct DeductionRule {
    /// What carries the points: `open_hazards`.
    pub from: String,
    /// No deduction brings the score below this.
    #[serde(default)]
    pub lowest_score: u64,
    /// Points by severity, where the scheme has a number for each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub points: BTreeMap<String, u64>,
}

/// A cap by several failed indicators together.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct DerivedCap {
    /// Its id; in a grade it shows as `rule:<id>`.
    pub id: String,
    /// Its name in Chinese.
    #[serde(default)]
    pub zh: String,
    /// Its name in English.
    #[serde(default)]
    pub en: String,
    /// The layer it holds for.
    pub layer: super::Layer,
    /// The indicators counted.
    pub indicators: Vec<String>,
    /// What is counted: `failed`.
    #[serde(default = "counts_failed")]
    pub counts: String,
    /// From how many on.
    pub at_least: u64,
    /// The highest star then.
    pub cap: u8,
}

/// A management level: which stars it takes in, and what it brings.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ManagementLevel {
    /// `lenient`, `attention`, `strict` or `prohibited` in the district's rulebook.
    pub id: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    #[serde(default)]
    pub en: String,
    /// The stars in it.
    pub stars: Vec<u8>,
    /// Its colour.
    pub color: String,
    /// Its patrol minimum.
    pub patrol: LevelPatrol,
    /// Ids of the measures that go with it.
    #[serde(default)]
    pub measures: Vec<String>,
    /// Months to the scheduled re-evaluation.
    pub reevaluate_months: u32,
    /// Whether a supervision plaque (监督牌) is up.
    #[serde(default)]
    pub supervision_plaque: bool,
}

/// A level's patrol minimum.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct LevelPatrol {
    /// In words.
    #[serde(default)]
    pub zh: String,
    /// The rule.
    pub rule: PatrolRule,
}

/// How often a building is patrolled at least. Which is stricter is the policy's order.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PatrolRule {
    /// Every day.
    Day,
    /// Every half-month.
    HalfMonth,
    /// Every month.
    Month,
    /// Every week.
    Week,
}

impl PatrolRule {
    /// The name on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::HalfMonth => "half_month",
            Self::Month => "month",
            Self::Week => "week",
        }
    }
}

/// A measure that may follow from a level.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Measure {
    /// Its id.
    pub id: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    #[serde(default)]
    pub en: String,
    /// A safety measure: starts with the determination.
    #[serde(default)]
    pub at_once: bool,
    /// Whether a named confirmer is needed.
    #[serde(default)]
    pub needs_confirmer: bool,
    /// Whether a ground in law is needed.
    #[serde(default)]
    pub needs_prohibition_ground: bool,
}

/// How patrols are counted.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct PatrolPolicy {
    /// The rules, strictest first.
    pub rules: Vec<PatrolRule>,
    /// Days of `half_month`.
    pub half_month_days: u32,
    /// Days of `week`.
    pub week_days: u32,
    /// Days of `day`.
    pub day_days: u32,
    /// Days after a new rule takes effect before its first round is due.
    pub regrade_grace_days: u32,
    /// The rule while a major hazard is suspected.
    pub suspected_major_rule: PatrolRule,
    /// Obstacles that excuse a missed round until they end.
    #[serde(default)]
    pub excused_reasons: Vec<String>,
    /// Patrols of vacant premises before a weather warning.
    pub vacant: Option<VacantPatrol>,
}

/// Patrols of vacant premises before a weather warning.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct VacantPatrol {
    /// The kinds of warning that call for one.
    pub warnings: Vec<String>,
    /// Issued on the day before it takes effect, a warning is in time before this hour.
    pub latest_hour: u32,
}

/// A veto by name.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct VetoName {
    /// Its id.
    pub id: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    #[serde(default)]
    pub en: String,
}

/// What a suspected major hazard does.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct MajorHazardRule {
    /// The cap until it is determined.
    pub suspected_cap: u8,
    /// Its severity once determined not major.
    pub not_major_severity: String,
    /// The outcomes a determination may have.
    pub outcomes: Vec<String>,
}

/// What a confirmed incident does.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct IncidentRule {
    /// `safety`, `fire` or `public_order`.
    pub category: String,
    /// `minor`, `general` or `serious`.
    pub severity: String,
    /// What it does.
    pub effect: IncidentEffectKind,
    /// The veto, for effect `veto`.
    pub veto: Option<String>,
    /// The highest star, for effect `cap`.
    pub cap: Option<u8>,
    /// The hazard opened, for effect `hazard`.
    pub hazard: Option<HazardClass>,
    /// Natural days within which a new assessment is due, for effect `assessment_due`.
    pub days: Option<u32>,
    /// The department that confirms it.
    pub competent: String,
}

/// What an incident does.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentEffectKind {
    /// A new full assessment is due.
    AssessmentDue,
    /// Caps the star.
    Cap,
    /// Opens a hazard, and acts through it only.
    Hazard,
    /// Nothing.
    None,
    /// A veto.
    Veto,
}

/// What a hazard of one severity does.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct HazardRule {
    /// `general`, `serious` or `major`.
    pub severity: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    #[serde(default)]
    pub en: String,
    /// The highest star while open and in time; the highest star of all is no cap.
    pub open_cap: u8,
    /// The highest star once overdue.
    pub overdue_cap: u8,
    /// Days until interim measures are due, where there are any.
    pub interim_days: Option<u32>,
}

/// Natural days to rectify, by severity; never rolled.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Works {
    /// `at_once`, `buy`, `repair`, `build` or `procedure`.
    pub id: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    #[serde(default)]
    pub en: String,
    /// Days by severity.
    pub days: BTreeMap<String, u32>,
}

/// Which hazards in the register count.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct HazardRegisterRule {
    /// The states that count.
    pub counting: Vec<String>,
    /// The states that do not.
    #[serde(default)]
    pub not_counting: Vec<String>,
    /// Whether the office's own lateness holds the judging day where it was.
    #[serde(default)]
    pub office_late_holds: bool,
}

/// A body that answers for indicators.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Department {
    /// Its id.
    pub id: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    #[serde(default)]
    pub en: String,
    /// What kind of danger the hazards are that it answers for; where nothing is said, as [`super::danger`] tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub danger: Option<Danger>,
}

impl Department {
    /// Whether this is its id or its name.
    #[must_use]
    pub fn goes_by(&self, name: &str) -> bool {
        self.id == name || self.zh == name || !self.en.is_empty() && self.en == name
    }
}

impl Band {
    /// What the band is called: the rulebook's own word, else its Chinese name, else the grade's id.
    #[must_use]
    pub fn name(&self) -> &str {
        match (&self.word, &self.grade) {
            (Some(word), _) => word,
            (None, Some(grade)) if self.zh.is_empty() => grade,
            (None, _) => &self.zh,
        }
    }
}

impl Default for Scoring {
    fn default() -> Scoring {
        Scoring {
            total: 100,
            incomplete: REJECT.to_owned(),
            not_applicable: LEAVES_DENOMINATOR.to_owned(),
            rounding: Rounding::HalfUp,
            percent_rounding: FLOOR.to_owned(),
            survey_min_answers: 0,
            survey_too_few: LEAVES_DENOMINATOR.to_owned(),
            share_of_nothing: LEAVES_DENOMINATOR.to_owned(),
        }
    }
}

fn operating() -> bool {
    true
}

fn counts_failed() -> String {
    FAILED.to_owned()
}

/// The one way a derived cap counts.
pub(super) const FAILED: &str = "failed";
/// The one way percentages are rounded.
pub(super) const FLOOR: &str = "floor";
/// The one thing not applicable results do.
pub(super) const LEAVES_DENOMINATOR: &str = "leaves_denominator";
/// The one place points are deducted from.
pub(super) const OPEN_HAZARDS: &str = "open_hazards";
/// The one thing missing results do.
pub(super) const REJECT: &str = "reject";
