//! Refused: a computation the rules do not allow, with the reason as a code.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why the rules give no answer. In JSON `{"error": code}`, with `ids` or `year` where the code has them.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Refused {
    /// The code, one of those in `rulebooks/README.md`.
    pub error: String,
    /// What it is about, sorted: indicator ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<String>>,
    /// The year the calendar does not cover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i32>,
}

impl Refused {
    /// Refused for this reason alone.
    #[must_use]
    pub fn because(error: &str) -> Refused {
        Refused { error: error.to_owned(), ids: None, year: None }
    }

    /// Refused over these, if there are any.
    ///
    /// # Errors
    /// With the sorted ids, if there is one.
    pub fn over<'a>(error: &str, ids: impl Iterator<Item = &'a str>) -> Result<(), Refused> {
        let mut ids: Vec<String> = ids.map(str::to_owned).collect();
        if ids.is_empty() {
            return Ok(());
        }
        ids.sort_unstable();
        ids.dedup();
        Err(Refused { error: error.to_owned(), ids: Some(ids), year: None })
    }

    /// Refused unless it holds.
    ///
    /// # Errors
    /// If it does not.
    pub fn unless(holds: bool, error: &str) -> Result<(), Refused> {
        if holds { Ok(()) } else { Err(Refused::because(error)) }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error, advice(&self.error))?;
        if let Some(ids) = &self.ids {
            write!(f, " ({})", ids.join(", "))?;
        }
        if let Some(year) = self.year {
            write!(f, " ({year})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}

/// What is wrong and what to do, in a sentence.
fn advice(error: &str) -> &'static str {
    match error {
        "bad_determination" => "only an indicator that waits for a determination has one, major or not_major",
        "bad_result" => "the result does not fit the indicator; write one of its rows or numbers",
        "calendar_not_covered" => {
            "the working days of that year are not published yet; ask for the period instead"
        }
        "carried_failed" => "a failed result is never carried; check it again",
        "carried_not_confirmed" => {
            "the collector has not confirmed the carried result; confirm it or check again"
        }
        "carried_out_of_range" => "the carried result is too old or from the future; check it again",
        "confirmed_before_statement" => {
            "it was confirmed too early; wait for the statement or its period's end"
        }
        "confirmer_is_assessor" => "whoever assessed may not confirm; name another person",
        "confirmer_is_proposer" => "whoever proposed may not confirm; name another person",
        "determination_without_document" => "a determination needs the number of its document; add it",
        "hazards_not_accepted" => "the hazards are not all accepted; have them accepted first",
        "incomplete" => "results are missing; every indicator needs one",
        "interim_measures_missing" => {
            "a works plan needs interim measures confirmed on the spot; confirm them"
        }
        "no_document" => "a ban needs the number of its decision document; add it",
        "no_extension" => "this period cannot be extended",
        "no_grade" => "no premises of the party is graded; grade one first",
        "not_for_this_layer" => "that fact does not exist for this layer; record it where it belongs",
        "not_in_rulebook" => "this rulebook has no such rule; use one that has",
        "nothing_applicable" => "nothing was applicable, so there is no score; check the results",
        "plan_not_allowed" => "what must be done at once gets no works plan",
        "plan_not_approved" => "the works plan is not approved; approve it first",
        "plan_too_long" => "the works plan is longer than the policy allows; shorten it",
        "unknown_attribution" => "nobody of that kind is in the policy; use one of attributed_to",
        "unknown_conduct" => "the policy lists no such conduct; use one of its ids",
        "unknown_excuse" => "that excuses no round; use one of excused_reasons",
        "unknown_ground" => "the policy lists no such ground for a ban; use one of its ids",
        "unknown_incident" => "the policy has no rule for that category and severity; use one it has",
        "unknown_indicator" => "the rulebook has no such indicator; use one of its ids",
        "unknown_level" => "the policy has no such management level; use one of its ids",
        "unknown_outcome" => "a visit has no such outcome; use one the policy lists",
        "unknown_rule" => "the policy has no such deadline; use one of its ids",
        "unknown_scope" => "a ban has no such scope; use one of the policy's",
        "unknown_severity" => "the policy has no such severity; use one of its ids",
        "unknown_trigger" => "nothing is computed on that trigger; use one of the policy's",
        "unknown_works" => "the policy has no such class of work; use one of its ids",
        "up_not_allowed" => "a grade goes up by a new assessment only; open one",
        "waiver_not_allowed" => "the statement may not be waived on that ground; invite it",
        "waiver_without_reason" => "a waiver needs a written reason; add it",
        "wrong_authority" => "that authority may not act on this ground; ask the competent one",
        _ => "the rules do not allow it",
    }
}
