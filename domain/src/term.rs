//! Term: by when a hazard must be put right. Natural days, never rolled for rest days.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::calendar::add_days;
use crate::refused::Refused;
use crate::rulebook::Rulebook;

/// What a hazard's term depends on.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct TermQuestion {
    /// Its severity.
    pub severity: String,
    /// Its class of work.
    pub works: String,
    /// The day the term counts from: found, confirmed, or the order's service.
    pub confirmed_on: NaiveDate,
    /// The works plan, if there is one.
    #[serde(default)]
    pub works_plan: Option<WorksPlan>,
}

/// A plan for a longer term (整改方案).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct WorksPlan {
    /// Natural days asked for.
    pub days: u32,
    /// Whether the department approved it.
    pub approved: bool,
    /// Whether interim measures were confirmed on the spot.
    pub interim_measures_confirmed: bool,
}

/// By when a hazard must be put right.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Term {
    /// Put right by the end of this day.
    pub due: NaiveDate,
    /// Interim measures by the end of this day; major hazards only.
    pub interim_due: Option<NaiveDate>,
}

/// A hazard with its class and term.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct HazardTerm {
    /// Its severity.
    pub severity: String,
    /// Its class of work.
    pub works: String,
    /// When it must be put right.
    #[serde(flatten)]
    pub term: Term,
}

/// The term of a hazard, longer only by an approved plan; a plan never shortens it.
///
/// # Errors
/// `unknown_severity`, `unknown_works`, `plan_not_allowed`, `plan_not_approved`, `interim_measures_missing`,
/// `plan_too_long`, in this order.
pub fn hazard_term(rulebook: &Rulebook, question: &TermQuestion) -> Result<Term, Refused> {
    let on = question.confirmed_on;
    let mut term = plain_term(rulebook, &question.severity, &question.works, on)?;
    if let Some(plan) = &question.works_plan {
        let rule = rulebook.policy.works_plan.as_ref().ok_or_else(|| Refused::because("not_in_rulebook"))?;
        Refused::unless(!rule.not_for.contains(&question.works), "plan_not_allowed")?;
        Refused::unless(plan.approved, "plan_not_approved")?;
        Refused::unless(plan.interim_measures_confirmed, "interim_measures_missing")?;
        Refused::unless(plan.days <= rule.max_days, "plan_too_long")?;
        term.due = term.due.max(add_days(on, plan.days));
    }
    Ok(term)
}

/// The term without a plan.
///
/// # Errors
/// `unknown_severity`, `unknown_works`, in this order.
pub fn plain_term(rulebook: &Rulebook, severity: &str, works: &str, on: NaiveDate) -> Result<Term, Refused> {
    let rule = rulebook.hazard_rule(severity).ok_or_else(|| Refused::because("unknown_severity"))?;
    let class = rulebook.works(works).ok_or_else(|| Refused::because("unknown_works"))?;
    let days = class.days.get(severity).ok_or_else(|| Refused::because("unknown_works"))?;
    Ok(Term { due: add_days(on, *days), interim_due: rule.interim_days.map(|days| add_days(on, days)) })
}

/// The plain term, with the class it follows from.
///
/// # Errors
/// As [`plain_term`].
pub fn classed_term(
    rulebook: &Rulebook,
    severity: &str,
    works: &str,
    on: NaiveDate,
) -> Result<HazardTerm, Refused> {
    let term = plain_term(rulebook, severity, works, on)?;
    Ok(HazardTerm { severity: severity.to_owned(), works: works.to_owned(), term })
}
