//! Grading (等级评定): from one set of results, and what else is known that day, to a grade.
//!
//! The order never changes: points, score, band, caps (the lowest wins), vetoes, management level, patrol. A
//! cap never raises a star; a veto overrides everything. The steps are told in `rulebooks/README.md`.

mod lowering;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::grading::lowering::{Lowering, major_hazard};
use crate::outcome::Outcome;
use crate::patrol_rule::{patrol_after, strictest};
use crate::refused::Refused;
use crate::rulebook::Rulebook;
use crate::rulebook::policy::PatrolRule;
use crate::rulebook::scheme::{Indicator, Veto};
use crate::scoring::{Carried, IndicatorPoints, check_carried, score, score_results};
use crate::term::Term;

/// Everything a grade depends on. The layer is the rulebook's.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Question {
    /// The day of the computation.
    pub on: NaiveDate,
    /// One result for every indicator.
    #[serde(default)]
    pub results: BTreeMap<String, Outcome>,
    /// Which of them were taken over from an earlier check.
    #[serde(default)]
    pub carried: BTreeMap<String, Carried>,
    /// What authorities determined about suspected major hazards.
    #[serde(default)]
    pub determinations: Vec<Determination>,
    /// The hazards in the register.
    #[serde(default)]
    pub open_hazards: Vec<RegisteredHazard>,
    /// What happened there.
    #[serde(default)]
    pub incidents: Vec<KnownIncident>,
    /// Whether the building's level prohibited has taken effect (for a unit).
    #[serde(default)]
    pub building_prohibited: bool,
    /// Whether a ban on letting is in force (for a unit or building).
    #[serde(default)]
    pub prohibition_in_force: bool,
}

/// An authority's document that a suspected hazard is major, or is not (认定).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Determination {
    /// The indicator.
    pub indicator: String,
    /// `major` or `not_major`.
    pub outcome: String,
    /// The document's number.
    #[serde(default)]
    pub document_number: Option<String>,
}

/// A hazard in the register.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct RegisteredHazard {
    /// Its severity.
    pub severity: String,
    /// Its state.
    pub status: String,
    /// When it must be put right; none before the order was served.
    #[serde(default)]
    pub due: Option<NaiveDate>,
    /// Whether the authority determined it as major.
    #[serde(default)]
    pub determined: bool,
    /// Since when the office itself is late on it.
    #[serde(default)]
    pub office_late_since: Option<NaiveDate>,
    /// Points it takes off the score, under a rulebook that deducts.
    #[serde(default)]
    pub points: u64,
}

/// An incident, as far as it matters here.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct KnownIncident {
    /// Its category.
    pub category: String,
    /// Its severity.
    pub severity: String,
    /// Whether the competent department confirmed it.
    pub confirmed: bool,
    /// Whether its effect was lifted.
    #[serde(default)]
    pub lifted: bool,
}

/// A grade, with everything it was made of. In JSON it has the members of a `grade` case, and those of
/// [`Grading::EXPLAINING`] besides.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Grading {
    /// Points earned.
    pub earned: u64,
    /// Points they were earned out of.
    pub applicable: u64,
    /// The score, 0 to 100: rounded, then lowered by open hazards where the rulebook says so.
    pub score: u64,
    /// Earned and applicable points of each aspect.
    pub aspects: BTreeMap<String, [u64; 2]>,
    /// The star the score alone gives; none where the rulebook has no stars.
    pub band_star: Option<u8>,
    /// The caps in force, binding or not, sorted.
    pub caps: Vec<Cap>,
    /// The vetoes in force, sorted.
    pub vetoes: Vec<String>,
    /// The star: the least of band and caps, 0 with any veto.
    pub star: Option<u8>,
    /// The grade's id.
    pub grade: Option<String>,
    /// The management level's id.
    pub management_level: Option<String>,
    /// The colour.
    pub color: Option<String>,
    /// The hazards the failed rows open, sorted by indicator.
    pub hazards_opened: Vec<OpenedHazard>,
    /// How often it is patrolled; none where it is not.
    pub patrol_rule: Option<PatrolRule>,
    /// When the next round is due, counting the assessment visit as one.
    pub next_patrol_due: Option<NaiveDate>,
    /// The band in the rulebook's own word.
    pub band: String,
    /// The rounded score before anything was taken off.
    pub score_before_deduction: u64,
    /// Points that open hazards took off.
    pub deducted: u64,
    /// What each indicator earned, in the scheme's order.
    pub points: Vec<IndicatorPoints>,
}

/// The highest star allowed while something lasts (封顶).
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Cap {
    /// What: `indicator:…`, `rule:…`, `hazard:…` or `incident:…`.
    pub by: String,
    /// The star.
    pub star: u8,
}

/// A hazard that a failed row opens.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct OpenedHazard {
    /// The indicator.
    pub indicator: String,
    /// Whether it is a suspected major hazard, not yet determined.
    pub suspected: bool,
    /// Its severity.
    pub severity: String,
    /// Its class of work.
    pub works: String,
    /// The term, were the order served that day.
    #[serde(flatten)]
    pub term: Term,
}

/// The question of a computation between assessments.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RecomputeQuestion {
    /// What happened.
    pub trigger: String,
    /// The star in force by now.
    pub current_star: u8,
    /// The day of the assessment whose results are used.
    pub results_from: NaiveDate,
    /// The last submitted results, and what is known today.
    #[serde(flatten)]
    pub question: Question,
}

/// The outcome of a computation between assessments: never a higher star.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Recomputed {
    /// What happened.
    pub trigger: String,
    /// The day of the assessment whose results were used.
    pub results_from: NaiveDate,
    /// Whether the star is lower than before.
    pub determines: bool,
    /// The lesser of the star so found and the current one.
    pub star: u8,
    /// The grade's id.
    pub grade: Option<String>,
    /// The management level's id.
    pub management_level: Option<String>,
    /// The stricter of both patrol rules.
    pub patrol_rule: Option<PatrolRule>,
    /// The caps in force.
    pub caps: Vec<Cap>,
    /// The vetoes in force.
    pub vetoes: Vec<String>,
    /// The whole computation, before it was compared with the current star.
    pub grading: Grading,
}

/// The grade of one set of results.
///
/// # Errors
/// Those of [`score_results`] and [`check_carried`]; then, determination by determination, `bad_determination`
/// and `determination_without_document`; `nothing_applicable`; `unknown_severity`; `unknown_incident`;
/// `not_for_this_layer`.
pub fn grade(rulebook: &Rulebook, question: &Question) -> Result<Grading, Refused> {
    let points = score_results(rulebook, &question.results)?;
    check_carried(rulebook, &question.carried, &points, question.on)?;
    let determined = determinations(rulebook, &question.determinations)?;

    let (earned, applicable) = points.iter().fold((0, 0), |(e, a), p| (e + p.earned, a + p.applicable));
    let score_before_deduction = score(rulebook.policy.scoring.rounding, earned, applicable)
        .ok_or_else(|| Refused::because("nothing_applicable"))?;
    let mut lowering = Lowering::new(rulebook, question.on);
    let mut hazards_opened = lowering.failed_rows(&points, &determined)?;
    hazards_opened.sort_by(|a, b| a.indicator.cmp(&b.indicator));
    lowering.derived_caps(&points);
    let deducted = lowering.register(&question.open_hazards, score_before_deduction)?;
    lowering.incidents(&question.incidents)?;
    lowering.prohibitions(question)?;

    let score = score_before_deduction - deducted;
    let band = rulebook.band_of_score(score).ok_or_else(|| Refused::because("not_in_rulebook"))?;
    let band_star = band.star.map(|star| star.max(lowest_star(rulebook)));
    let star = band_star.map(|band_star| lowering.star(band_star));
    let level = star.and_then(|star| rulebook.level_of_star(star));
    let band = star.and_then(|star| rulebook.band_of_star(star)).unwrap_or(band);
    let patrol_rule = lowering.patrol_rule(level.map(|level| level.patrol.rule));
    let patrol = rulebook.policy.patrol.as_ref();
    Ok(Grading {
        earned,
        applicable,
        score,
        aspects: aspects(rulebook, &points),
        band_star,
        caps: lowering.caps.into_iter().collect(),
        vetoes: lowering.vetoes.into_iter().collect(),
        star,
        grade: band.grade.clone(),
        management_level: level.map(|level| level.id.clone()),
        color: level.map(|level| level.color.clone()).or_else(|| band.color.clone()),
        hazards_opened,
        patrol_rule,
        next_patrol_due: patrol
            .zip(patrol_rule)
            .map(|(policy, rule)| patrol_after(policy, rule, question.on)),
        band: band.name().to_owned(),
        score_before_deduction,
        deducted,
        points,
    })
}

/// Caps and vetoes again over the last submitted results: the way down between assessments, never up.
///
/// # Errors
/// `unknown_trigger`, then those of [`grade`]; `not_in_rulebook` where the rulebook has no stars.
pub fn recompute(rulebook: &Rulebook, question: &RecomputeQuestion) -> Result<Recomputed, Refused> {
    let triggers = rulebook.policy.reevaluation.as_ref().map(|rule| &rule.recompute_triggers);
    Refused::unless(triggers.is_some_and(|known| known.contains(&question.trigger)), "unknown_trigger")?;
    let grading = grade(rulebook, &question.question)?;
    let now = grading.star.ok_or_else(|| Refused::because("not_in_rulebook"))?;
    let star = now.min(question.current_star);
    let level = rulebook.level_of_star(star);
    let patrol_rule = match (&rulebook.policy.patrol, grading.patrol_rule, level) {
        (Some(policy), Some(rule), Some(level)) => strictest(policy, &[rule, level.patrol.rule]),
        (_, rule, _) => rule,
    };
    Ok(Recomputed {
        trigger: question.trigger.clone(),
        results_from: question.results_from,
        determines: now < question.current_star,
        star,
        grade: rulebook.band_of_star(star).and_then(|band| band.grade.clone()),
        management_level: level.map(|level| level.id.clone()),
        patrol_rule,
        caps: grading.caps.clone(),
        vetoes: grading.vetoes.clone(),
        grading,
    })
}

impl Question {
    /// The question of these results alone.
    #[must_use]
    pub fn of(on: NaiveDate, results: BTreeMap<String, Outcome>) -> Question {
        Question {
            on,
            results,
            carried: BTreeMap::new(),
            determinations: Vec::new(),
            open_hazards: Vec::new(),
            incidents: Vec::new(),
            building_prohibited: false,
            prohibition_in_force: false,
        }
    }
}

impl Grading {
    /// The members that explain a grade beyond what a `grade` case expects.
    pub const EXPLAINING: [&'static str; 4] = ["band", "deducted", "points", "score_before_deduction"];
}

/// What was determined, by indicator; the last word on one stands.
fn determinations<'a>(
    rulebook: &Rulebook,
    determinations: &'a [Determination],
) -> Result<BTreeMap<&'a str, &'a str>, Refused> {
    let mut determined = BTreeMap::new();
    for one in determinations {
        let waits = |indicator: &Indicator| indicator.veto == Some(Veto::AfterDetermination);
        let known = rulebook.indicator(&one.indicator).is_some_and(waits)
            && major_hazard(rulebook)?.outcomes.contains(&one.outcome);
        let document = one.document_number.as_deref().is_some_and(|number| !number.is_empty());
        for (holds, error) in [(known, "bad_determination"), (document, "determination_without_document")] {
            Refused::over(error, (!holds).then_some(one.indicator.as_str()).into_iter())?;
        }
        determined.insert(one.indicator.as_str(), one.outcome.as_str());
    }
    Ok(determined)
}

fn aspects(rulebook: &Rulebook, points: &[IndicatorPoints]) -> BTreeMap<String, [u64; 2]> {
    let mut aspects: BTreeMap<String, [u64; 2]> =
        rulebook.scheme.aspects.iter().map(|aspect| (aspect.id.clone(), [0, 0])).collect();
    for (indicator, points) in rulebook.scheme.indicators.iter().zip(points) {
        if let Some([earned, applicable]) = aspects.get_mut(&indicator.aspect) {
            *earned += points.earned;
            *applicable += points.applicable;
        }
    }
    aspects
}

/// The least star a score can give: one, where the layer has stars only.
fn lowest_star(rulebook: &Rulebook) -> u8 {
    rulebook.policy.estate.as_ref().filter(|_| rulebook.stars_only()).map_or(0, |estate| estate.lowest_star)
}

#[cfg(test)]
mod tests;
