//! Collecting: results come from whoever collects the indicator, and fit it.

use std::collections::BTreeMap;

use super::{Checked, Entered, Event, Supplied};
use crate::derivation::Either;
use crate::facts::{Facts, Role};
use crate::outcome::Outcome;
use crate::refused::Refused;
use crate::rejection::{Missing, Rejection};
use crate::rulebook::Rulebook;
use crate::rulebook::scheme::{Collect, Evidence, Indicator};
use crate::said::{Photo, Private, Said, photos};
use crate::scoring::{self, Reading};

/// Whether the rulebook wants a photo with this outcome.
pub fn needs_photo(rulebook: &Rulebook, indicator: &str, outcome: &Outcome) -> bool {
    let Some(indicator) = rulebook.indicator(indicator) else { return false };
    match indicator.evidence {
        Evidence::Document | Evidence::None => false,
        Evidence::Photo => *outcome != Outcome::NotApplicable,
        Evidence::PhotoOnFail => {
            matches!(scoring::read_outcome(rulebook, indicator, outcome), Some(Reading::Row(row)) if row.fail)
        }
    }
}

/// Results that somebody collected.
pub(super) fn check(entered: Vec<Entered>, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
    let rulebook = facts.rulebook()?;
    facts.subject()?.must_be_open()?;
    let mut not_yours = Vec::new();
    let mut without_reason = Vec::new();
    for result in &entered {
        let indicator = known(rulebook, &result.indicator)?;
        if !may_collect(indicator, facts)? {
            not_yours.push(collector(rulebook, indicator));
        }
        let reason = result.note.as_deref().is_some_and(|note| !note.trim().is_empty());
        if result.outcome == Outcome::NotApplicable && !reason && !facts.actor.received {
            without_reason.push(result.indicator.clone());
        }
    }
    if !not_yours.is_empty() {
        return Err(Rejection::NotYours { indicators: not_yours });
    }
    must_fit(rulebook, entered.iter().map(|result| (result.indicator.as_str(), &result.outcome)))?;
    if !without_reason.is_empty() {
        without_reason.sort();
        return Err(Rejection::ReasonMissing { indicators: without_reason });
    }
    if entered.is_empty() {
        return Ok(vec![]);
    }
    let notes: BTreeMap<&str, &str> =
        entered.iter().filter_map(|r| Some((r.indicator.as_str(), r.note.as_deref()?))).collect();
    let all_photos: Vec<Photo> = entered.iter().flat_map(|result| result.photos.clone()).collect();
    let private = Private::none()
        .with("notes", (!notes.is_empty()).then_some(&notes))
        .with("photos", photos(&all_photos));
    let results = entered.into_iter().map(checked).collect();
    let by = facts.actor.account.clone();
    Ok(vec![Said::with(Event::IndicatorsChecked { results, by }, private)])
}

fn checked(entered: Entered) -> Checked {
    Checked {
        indicator: entered.indicator,
        outcome: entered.outcome,
        measured: entered.measured,
        carried_from: entered.carried_from,
        photos_taken: u32::try_from(entered.photos.len()).unwrap_or(u32::MAX),
    }
}

/// Results that a feed shares.
pub(super) fn supply(results: Vec<Checked>, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
    let rulebook = facts.rulebook()?;
    let mut not_fed = Vec::new();
    for result in &results {
        let indicator = known(rulebook, &result.indicator)?;
        if indicator.collect != Collect::Feed || !facts.actor.shares_for(&indicator.competent) {
            not_fed.push(collector(rulebook, indicator));
        }
    }
    if !not_fed.is_empty() {
        return Err(Rejection::NotYours { indicators: not_fed });
    }
    must_fit(rulebook, results.iter().map(|result| (result.indicator.as_str(), &result.outcome)))?;
    if results.is_empty() {
        return Ok(vec![]);
    }
    Ok(vec![Said::openly(Event::IndicatorsSupplied(Either::Stated(Supplied { results })))])
}

/// Refuse results that are none of their indicator's.
fn must_fit<'a>(
    rulebook: &Rulebook,
    results: impl Iterator<Item = (&'a str, &'a Outcome)>,
) -> Result<(), Rejection> {
    let fits = |id: &str, outcome| {
        rulebook
            .indicator(id)
            .is_some_and(|indicator| scoring::read_outcome(rulebook, indicator, outcome).is_some())
    };
    let bad = results.filter(|(id, outcome)| !fits(id, outcome)).map(|(id, _)| id);
    Ok(Refused::over("bad_result", bad)?)
}

fn known<'a>(rulebook: &'a Rulebook, id: &str) -> Result<&'a Indicator, Rejection> {
    rulebook.indicator(id).ok_or_else(|| Rejection::Rule {
        code: "unknown_indicator".into(),
        detail: serde_json::json!({ "ids": [id] }),
    })
}

/// Whether the actor is who collects this indicator here.
pub(crate) fn may_collect(indicator: &Indicator, facts: &Facts) -> Result<bool, Rejection> {
    if facts.actor.received {
        return Ok(true);
    }
    let premises = &facts.subject()?.premises;
    Ok(match indicator.collect {
        Collect::Department => {
            facts.actor.holds(Role::DepartmentOfficer) && facts.actor.is_of(&indicator.competent)
        }
        Collect::Feed | Collect::Ledger => false,
        Collect::Grid => {
            facts.actor.holds(Role::GridWorker)
                && (premises.walked_by(&facts.actor, facts.today)
                    || premises.assigned(&facts.actor, &indicator.id, facts.today))
        }
    })
}

/// An indicator with who collects it.
pub fn collector(rulebook: &Rulebook, indicator: &Indicator) -> Missing {
    let collect = match indicator.collect {
        Collect::Department => "department",
        Collect::Feed => "feed",
        Collect::Grid => "grid",
        Collect::Ledger => "ledger",
    };
    let departments = &rulebook.policy.departments;
    let competent = departments.iter().find(|department| department.id == indicator.competent);
    Missing {
        collect: collect.to_owned(),
        competent: indicator.competent.clone(),
        competent_zh: competent.map_or_else(|| indicator.competent.clone(), |one| one.zh.clone()),
        indicator: indicator.id.clone(),
        zh: indicator.zh.clone(),
        en: if indicator.en.is_empty() { indicator.id.clone() } else { indicator.en.clone() },
    }
}
