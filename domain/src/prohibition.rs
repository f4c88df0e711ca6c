//! Prohibition (禁止租赁): a ban on letting, which no grade brings by itself.

use serde::{Deserialize, Serialize};

use crate::refused::Refused;
use crate::rulebook::Rulebook;

/// A proposed ban, and the star it meets.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ProhibitionQuestion {
    /// The star in force.
    pub star: u8,
    /// The ground in law; none if no ban is proposed.
    #[serde(default)]
    pub ground: Option<String>,
    /// The authority that acts on it.
    #[serde(default)]
    pub authority: Option<String>,
    /// The number of its decision document.
    #[serde(default)]
    pub document_number: Option<String>,
    /// What it covers.
    #[serde(default)]
    pub scope: Option<String>,
    /// Who proposed it.
    #[serde(default)]
    pub proposer: Option<String>,
    /// Who confirmed it; none so far.
    #[serde(default)]
    pub confirmer: Option<String>,
    /// Who assessed the premises.
    #[serde(default)]
    pub assessor: Option<String>,
}

/// Whether letting is banned, and the measures that follow.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Prohibition {
    /// Whether it is.
    pub letting_banned: bool,
    /// On which ground.
    pub ground: Option<String>,
    /// What it covers.
    pub scope: Option<String>,
    /// The measures of the level, or with a ban those of star 0 and the ban.
    pub measures: Vec<String>,
}

/// Whether letting is banned: on a ground from the list, by its authority, with a document, a scope, and a
/// confirmer who neither proposed nor assessed. Without a confirmer nothing is banned yet.
///
/// # Errors
/// `unknown_ground`, `wrong_authority`, `no_document`, `unknown_scope`, `confirmer_is_proposer`,
/// `confirmer_is_assessor`, in this order; `unknown_level`; `not_in_rulebook`.
pub fn prohibition(rulebook: &Rulebook, question: &ProhibitionQuestion) -> Result<Prohibition, Refused> {
    let rule = rulebook.policy.prohibition.as_ref().ok_or_else(|| Refused::because("not_in_rulebook"))?;
    let none = Prohibition {
        letting_banned: false,
        ground: None,
        scope: None,
        measures: measures_of_star(rulebook, question.star)?,
    };
    let Some(id) = &question.ground else { return Ok(none) };
    let ground = rulebook.policy.prohibition_grounds.iter().find(|ground| ground.id == *id);
    let ground = ground.ok_or_else(|| Refused::because("unknown_ground"))?;
    Refused::unless(question.authority.as_ref() == Some(&ground.competent), "wrong_authority")?;
    let document = question.document_number.as_deref().unwrap_or_default();
    Refused::unless(!document.is_empty(), "no_document")?;
    let scope = question.scope.as_ref().filter(|scope| rule.scopes.contains(scope));
    let scope = scope.ok_or_else(|| Refused::because("unknown_scope"))?;
    let Some(confirmer) = &question.confirmer else { return Ok(none) };
    Refused::unless(question.proposer.as_ref() != Some(confirmer), "confirmer_is_proposer")?;
    Refused::unless(question.assessor.as_ref() != Some(confirmer), "confirmer_is_assessor")?;
    // Once in force it is a veto, so the measures are those of star 0.
    let mut measures = measures_of_star(rulebook, 0)?;
    measures.push(PROHIBIT_LETTING.to_owned());
    Ok(Prohibition { letting_banned: true, ground: Some(id.clone()), scope: Some(scope.clone()), measures })
}

/// The measures that go with a star's management level.
///
/// # Errors
/// `unknown_level` if no level takes the star in.
pub fn measures_of_star(rulebook: &Rulebook, star: u8) -> Result<Vec<String>, Refused> {
    let level = rulebook.level_of_star(star).ok_or_else(|| Refused::because("unknown_level"))?;
    Ok(level.measures.clone())
}

/// The measure a ban brings.
pub const PROHIBIT_LETTING: &str = "prohibit_letting";
