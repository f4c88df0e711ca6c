//! Incident (事件): what something that happened does to a grade, once confirmed.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::calendar::add_days;
use crate::refused::Refused;
use crate::rulebook::Rulebook;
use crate::rulebook::policy::IncidentEffectKind;
use crate::term::{HazardTerm, classed_term};

/// One incident.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct IncidentQuestion {
    /// `safety`, `fire` or `public_order`.
    pub category: String,
    /// `minor`, `general` or `serious`.
    pub severity: String,
    /// Whether the competent department confirmed it.
    pub confirmed: bool,
    /// When it did; what it opens counts from then.
    #[serde(default)]
    pub confirmed_on: Option<NaiveDate>,
}

/// What the incident does.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct IncidentEffect {
    /// The kind of effect.
    pub effect: IncidentEffectKind,
    /// The department that confirms it.
    pub competent: String,
    /// The veto, for effect `veto`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub veto: Option<String>,
    /// The highest star, for effect `cap`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<u8>,
    /// The hazard it opens, for effect `hazard`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hazard: Option<HazardTerm>,
    /// By when a new assessment is due, for effect `assessment_due`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assessment_due: Option<NaiveDate>,
}

/// What the incident does to premises of the rulebook's layer. Not confirmed it does nothing. Where the layer
/// has stars only, what would be a veto is a cap.
///
/// # Errors
/// `unknown_incident` if the policy has no rule for its category and severity.
pub fn incident(rulebook: &Rulebook, question: &IncidentQuestion) -> Result<IncidentEffect, Refused> {
    let rule = rulebook
        .incident_rule(&question.category, &question.severity)
        .ok_or_else(|| Refused::because("unknown_incident"))?;
    let mut effect = IncidentEffect {
        effect: IncidentEffectKind::None,
        competent: rule.competent.clone(),
        veto: None,
        cap: None,
        hazard: None,
        assessment_due: None,
    };
    if !question.confirmed {
        return Ok(effect);
    }
    effect.effect = rule.effect;
    let on = question.confirmed_on;
    match rule.effect {
        IncidentEffectKind::AssessmentDue => {
            effect.assessment_due = on.zip(rule.days).map(|(on, days)| add_days(on, days));
        }
        IncidentEffectKind::Cap => effect.cap = rule.cap,
        IncidentEffectKind::Hazard => {
            if let Some((class, on)) = rule.hazard.as_ref().zip(on) {
                effect.hazard = Some(classed_term(rulebook, &class.severity, &class.works, on)?);
            }
        }
        IncidentEffectKind::None => {}
        IncidentEffectKind::Veto => match rulebook.policy.estate.as_ref().filter(|_| rulebook.stars_only()) {
            Some(estate) => {
                effect.effect = IncidentEffectKind::Cap;
                effect.cap = Some(estate.major_hazard_cap);
            }
            None => effect.veto.clone_from(&rule.veto),
        },
    }
    Ok(effect)
}
