//! Identifier: organisation codes (统一社会信用代码, GB 32100-2015) and house codes (房屋编码).

use serde::{Deserialize, Serialize};

use crate::refused::Refused;
use crate::rulebook::Rulebook;
use crate::rulebook::credit::IdentifierPolicy;

/// An identifier to be checked.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "scheme", rename_all = "snake_case")]
pub enum IdentifierQuestion {
    /// A house code.
    HouseCode {
        /// Of a unit or a building.
        of: HouseCodeOf,
        /// The code.
        value: String,
        /// The building's code, if the unit's is to start with it.
        #[serde(default)]
        building: Option<String>,
    },
    /// An organisation code.
    Uscc {
        /// The code.
        value: String,
    },
}

/// What a house code names.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HouseCodeOf {
    /// A building.
    Building,
    /// A unit.
    Unit,
}

/// Whether the identifier is valid.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(untagged)]
pub enum IdentifierCheck {
    /// A house code.
    HouseCode {
        /// Whether it is.
        valid: bool,
    },
    /// An organisation code.
    Uscc {
        /// Whether it is.
        valid: bool,
        /// The check character it should end in; none if it cannot be one at all.
        check: Option<char>,
    },
}

/// Checks an identifier.
///
/// # Errors
/// `not_in_rulebook` where the rulebook knows no identifiers.
pub fn identifier(rulebook: &Rulebook, question: &IdentifierQuestion) -> Result<IdentifierCheck, Refused> {
    let policy = policy_of(rulebook)?;
    Ok(match question {
        IdentifierQuestion::HouseCode { of, value, building } => {
            IdentifierCheck::HouseCode { valid: house_code_fits(policy, *of, value, building.as_deref()) }
        }
        IdentifierQuestion::Uscc { value } => {
            let check = check_character(policy, value);
            IdentifierCheck::Uscc { valid: check.is_some() && value.chars().last() == check, check }
        }
    })
}

/// Whether it is a valid organisation code.
///
/// # Errors
/// `not_in_rulebook` where the rulebook knows no identifiers.
pub fn uscc_is_valid(rulebook: &Rulebook, value: &str) -> Result<bool, Refused> {
    let check = check_character(policy_of(rulebook)?, value);
    Ok(check.is_some() && value.chars().last() == check)
}

/// Whether it is a well-formed house code; a unit's starting with its building's, where that is given.
///
/// # Errors
/// `not_in_rulebook` where the rulebook knows no identifiers.
pub fn house_code_is_valid(
    rulebook: &Rulebook,
    of: HouseCodeOf,
    value: &str,
    building: Option<&str>,
) -> Result<bool, Refused> {
    Ok(house_code_fits(policy_of(rulebook)?, of, value, building))
}

fn policy_of(rulebook: &Rulebook) -> Result<&IdentifierPolicy, Refused> {
    rulebook.policy.identifier.as_ref().ok_or_else(|| Refused::because("not_in_rulebook"))
}

/// The check character due, if the code has the length and alphabet of one.
fn check_character(policy: &IdentifierPolicy, value: &str) -> Option<char> {
    let rule = &policy.uscc;
    let alphabet: Vec<char> = rule.alphabet.chars().collect();
    let worth = |c: char| alphabet.iter().position(|known| *known == c);
    let worths = value.chars().map(worth).collect::<Option<Vec<usize>>>()?;
    if worths.len() != rule.weights.len() + 1 || rule.modulus == 0 {
        return None;
    }
    let sum: usize = worths.iter().zip(&rule.weights).map(|(worth, weight)| worth * weight).sum();
    alphabet.get((rule.modulus - sum % rule.modulus) % rule.modulus).copied()
}

fn house_code_fits(policy: &IdentifierPolicy, of: HouseCodeOf, value: &str, building: Option<&str>) -> bool {
    let rule = &policy.house_code;
    let digits = match of {
        HouseCodeOf::Building => rule.building_digits,
        HouseCodeOf::Unit => rule.unit_digits,
    };
    let well_formed = value.len() == digits && value.bytes().all(|byte| byte.is_ascii_digit());
    let inside = match (of, building) {
        (HouseCodeOf::Unit, Some(building)) if rule.unit_starts_with_building => {
            building.len() == rule.building_digits && value.starts_with(building)
        }
        _ => true,
    };
    well_formed && inside
}
