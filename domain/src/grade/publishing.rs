//! Publishing: where a grade is shown once it binds, and the owner's answer beside it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Event, Grade};
use crate::facts::Facts;
use crate::rejection::Rejection;
use crate::rulebook::Rulebook;
use crate::said::Said;

/// That a result is public.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Publication {
    /// The assessment it came from.
    pub assessment: String,
    /// Why: `policy` where it follows from the rules.
    pub why: String,
    /// Where it is shown, by the policy's list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// Number of the determination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub determination: Option<u64>,
    /// The text shown: the rulebook's own word for the band.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Publication {
    pub(super) fn by_officer(assessment: String, why: String) -> Self {
        Self { assessment, why, channels: vec![], determination: None, text: None }
    }
}

impl Grade {
    /// The publication that the policy asks for of what is in force; none where an officer took it off the public pages.
    pub(crate) fn publication(&self, rulebook: &Rulebook) -> Option<Publication> {
        let policy = rulebook.policy.publication.as_ref()?;
        let binding = self.in_force()?;
        Some(Publication {
            assessment: binding.determination.assessment.clone(),
            why: "policy".to_owned(),
            channels: policy.channels.clone(),
            determination: Some(binding.determination.number),
            text: Some(binding.determination.band.clone()),
        })
    }

    /// The owner's answer, published beside the grade that it answers.
    pub(super) fn reply(
        &self,
        determination: u64,
        text: String,
        facts: &Facts,
    ) -> Result<Said<Event>, Rejection> {
        if !self.determined.contains_key(&determination) {
            return Err(Rejection::NotFound { what: "determination" });
        }
        if text.trim().is_empty() || text.chars().count() > REPLY_MAX {
            return Err(Rejection::Malformed { field: "text", needs: "1 to 1000 characters" });
        }
        if self.set_aside.contains(&determination) {
            return Err(Rejection::WrongState { is: "set aside", needs: "a determination that stands" });
        }
        let (on, by) = (facts.today, facts.actor.account.clone());
        Ok(Said::openly(Event::OwnerReplied { determination, on, text, by }))
    }

    pub(super) fn star_in_force(&self) -> Result<u8, Rejection> {
        let star = self.in_force().and_then(|binding| binding.determination.star);
        star.ok_or(Rejection::NotFound { what: "grade in force" })
    }
}

/// A refusal that names what a plaque shows and what is in force.
pub(super) fn shows_other(shows: u8, star: u8) -> Rejection {
    Rejection::because("plaque_shows_other", serde_json::json!({ "shows": shows, "star": star }))
}

/// A refusal with nothing besides its code.
pub(super) fn plain(code: &str) -> Rejection {
    Rejection::because(code, Value::Null)
}

const REPLY_MAX: usize = 1000;
