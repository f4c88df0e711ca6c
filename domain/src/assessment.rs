//! Assessment: one full set of results for one unit, building or estate, from opening to submission.
//!
//! Invariants:
//! - the rulebook in force at opening holds to the end;
//! - an indicator's result comes from whoever collects it, and the later check stands;
//! - nothing is submitted while a result, a required photo or a reason is missing.

mod collecting;
pub(crate) mod opening;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(crate) use self::collecting::may_collect;
use self::collecting::{check, supply};
pub use self::collecting::{collector, needs_photo};
use self::opening::open;
pub use self::opening::{Opened, Opening};
use crate::aggregate::{Concept, named};
use crate::derivation::{Computed, Either, SchemeRef};
use crate::facts::{Facts, Role};
use crate::outcome::Outcome;
use crate::permission::{NOBODY, Permission, anywhere, in_area, in_hands, on_beat};
use crate::premises::ASSESSING;
use crate::rejection::{Missing, Rejection};
use crate::rulebook::Rulebook;
use crate::said::{Photo, Private, Said};
use crate::scoring;

/// An assessment as its events left it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Assessment {
    /// Who leads it, and may submit.
    pub lead: String,
    /// Why it was opened.
    pub reason: Option<Reason>,
    /// The result of each indicator so far, and what was shown for it.
    pub results: BTreeMap<String, Checked>,
    /// The rulebook it is under.
    pub scheme: Option<SchemeRef>,
    /// How far it is.
    pub stage: Stage,
    /// Other premises whose record its ledger indicators count: a building's units.
    pub units: Vec<String>,
}

/// How far an assessment is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Stage {
    #[default]
    Absent,
    Open,
    Lapsed,
    Submitted,
    Withdrawn,
}

/// Why an assessment is made (rulebooks/README.md, triggers).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Reason {
    AfterRectification,
    Appeal,
    Campaign,
    First,
    Incident,
    OwnerRequest,
    Periodic,
    Report,
}

impl Reason {
    /// The trigger that the policy knows it by.
    pub const fn trigger(self) -> &'static str {
        match self {
            Self::AfterRectification => "rectification_accepted",
            Self::Appeal => "appeal_upheld",
            Self::First => "first",
            _ => "scheduled",
        }
    }

    /// The name on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AfterRectification => "after_rectification",
            Self::Appeal => "appeal",
            Self::Campaign => "campaign",
            Self::First => "first",
            Self::Incident => "incident",
            Self::OwnerRequest => "owner_request",
            Self::Periodic => "periodic",
            Self::Report => "report",
        }
    }
}

/// The result of one indicator.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Checked {
    /// Which.
    pub indicator: String,
    /// A row's id, `not_applicable`, a whole number, `{part, whole}` or `{satisfied, answered, occupied_units}`.
    #[schemars(with = "Value")]
    pub outcome: Outcome,
    /// What was written down besides: `kg`, `expires_on` …
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub measured: Map<String, Value>,
    /// The day a carried result was first checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried_from: Option<NaiveDate>,
    /// How many photos belong to it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub photos_taken: u32,
}

/// A result as it is entered: what is checked, with the collector's words and photos, which stay private.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
pub struct Entered {
    /// Which indicator.
    pub indicator: String,
    /// The result.
    #[schemars(with = "Value")]
    pub outcome: Outcome,
    /// What was written down besides.
    #[serde(default)]
    pub measured: Map<String, Value>,
    /// The day a carried result was first checked; entering it confirms it.
    #[serde(default)]
    pub carried_from: Option<NaiveDate>,
    /// In the collector's words; the reason where not applicable.
    #[serde(default)]
    pub note: Option<String>,
    /// Photos taken of it.
    #[serde(default)]
    pub photos: Vec<Photo>,
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Enter results that one collects.
    Check {
        /// One for each indicator.
        results: Vec<Entered>,
    },
    /// Somebody else leads it from now on.
    HandOver {
        /// Who.
        to: String,
        /// Why: private.
        #[serde(default)]
        why: Option<String>,
    },
    /// Open it.
    Open {
        /// The rulebook.
        scheme: SchemeRef,
        /// Why.
        reason: Reason,
        /// A building's units, whose record counts here.
        #[serde(default)]
        units: Vec<String>,
    },
    /// Submit it.
    Submit,
    /// Submit what was completed on an earlier day than it is known from: for what is received.
    SubmitCompleted {
        /// That day; unknown where none.
        completed_on: Option<NaiveDate>,
    },
    /// Enter results that a feed shares.
    Supply {
        /// One for each indicator.
        results: Vec<Checked>,
    },
    /// Give it up before submission.
    Withdraw {
        /// Why.
        why: String,
    },
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    AssessmentHandedOver {
        to: String,
        by: String,
    },
    AssessmentLapsed(Computed<Lapsed>),
    AssessmentOpened(Opening),
    AssessmentSubmitted {
        by: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        completed_on: Option<NaiveDate>,
    },
    AssessmentWithdrawn {
        why: String,
    },
    IndicatorsChecked {
        results: Vec<Checked>,
        by: String,
    },
    IndicatorsSupplied(Either<Supplied>),
}

/// Nothing came of an assessment.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Lapsed {
    /// The last day on which it could have been submitted.
    pub due: NaiveDate,
}

/// Results that nobody types: shared by a feed, or counted from the ledger itself.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Supplied {
    /// One for each indicator.
    pub results: Vec<Checked>,
}

named!(Event {
    AssessmentHandedOver,
    AssessmentLapsed,
    AssessmentOpened,
    AssessmentSubmitted,
    AssessmentWithdrawn,
    IndicatorsChecked,
    IndicatorsSupplied
});

impl Concept for Assessment {
    const TYPE: &'static str = "assessment";
    type Command = Command;
    type Event = Event;

    fn open_to(command: &Command) -> &'static [Permission] {
        match command {
            Command::Open { .. } => const { &[on_beat(Role::GridWorker), on_beat(Role::DepartmentOfficer)] },
            Command::Check { .. } => {
                const { &[on_beat(Role::GridWorker), anywhere(Role::DepartmentOfficer)] }
            }
            Command::Submit => const { &[in_hands(Role::GridWorker), in_hands(Role::DepartmentOfficer)] },
            // whoever leads the subdistrict does so for somebody who left
            Command::HandOver { .. } | Command::Withdraw { .. } => {
                const {
                    &[
                        in_hands(Role::GridWorker),
                        in_hands(Role::DepartmentOfficer),
                        in_area(Role::StreetLead),
                    ]
                }
            }
            Command::SubmitCompleted { .. } | Command::Supply { .. } => NOBODY,
        }
    }

    /// Its lead submits it, gives it up or hands it on.
    fn must_be_in_hands(&self, facts: &Facts) -> Result<(), Rejection> {
        if self.stage == Stage::Absent || facts.actor.account == self.lead {
            return Ok(());
        }
        Err(Rejection::DutiesSeparated { rule: "only_the_lead_submits" })
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        match (self.stage, command) {
            (Stage::Absent, Command::Open { scheme, reason, units }) => open(scheme, reason, units, facts),
            (Stage::Absent, _) => Err(Rejection::NotFound { what: "assessment" }),
            (_, Command::Open { .. }) => Err(Rejection::AlreadyExists { what: "assessment" }),
            (Stage::Submitted, Command::Submit | Command::SubmitCompleted { .. })
            | (Stage::Withdrawn, Command::Withdraw { .. }) => Ok(vec![]),
            (Stage::Lapsed, _) => Err(Rejection::WrongState { is: "lapsed", needs: "open" }),
            (Stage::Submitted, _) => Err(Rejection::WrongState { is: "submitted", needs: "open" }),
            (Stage::Withdrawn, _) => Err(Rejection::WrongState { is: "withdrawn", needs: "open" }),
            (Stage::Open, Command::Check { results }) => check(results, facts),
            (Stage::Open, Command::HandOver { to, why }) => self.hand_over(to, why, facts),
            (Stage::Open, Command::Submit) => self.submit(None, facts),
            (Stage::Open, Command::SubmitCompleted { completed_on }) => self.submit(completed_on, facts),
            (Stage::Open, Command::Supply { results }) => supply(results, facts),
            (Stage::Open, Command::Withdraw { why }) => {
                Ok(vec![Said::openly(Event::AssessmentWithdrawn { why })])
            }
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::AssessmentHandedOver { to, .. } => self.lead.clone_from(to),
            Event::AssessmentLapsed(_) => self.stage = Stage::Lapsed,
            Event::AssessmentOpened(opening) => {
                let opened = opening.facts();
                self.scheme = Some(opening.scheme().clone());
                self.reason = Some(opened.reason);
                self.lead.clone_from(&opened.lead);
                self.units.clone_from(&opened.units);
                self.stage = Stage::Open;
            }
            Event::AssessmentSubmitted { .. } => self.stage = Stage::Submitted,
            Event::AssessmentWithdrawn { .. } => self.stage = Stage::Withdrawn,
            Event::IndicatorsChecked { results, .. } => self.take(results),
            Event::IndicatorsSupplied(supplied) => self.take(&supplied.facts().results),
        }
    }
}

impl Assessment {
    /// Every indicator of the rulebook that has no result yet, with who collects it.
    pub fn missing(&self, rulebook: &Rulebook) -> Vec<Missing> {
        let indicators = rulebook.scheme.indicators.iter();
        let missing = indicators.filter(|indicator| !self.results.contains_key(&indicator.id));
        missing.map(|indicator| collector(rulebook, indicator)).collect()
    }

    /// Indicators whose result needs a photo that is not there.
    pub fn photos_missing(&self, rulebook: &Rulebook) -> Vec<String> {
        let mut without: Vec<String> = self
            .results
            .values()
            .filter(|checked| checked.photos_taken == 0 && checked.carried_from.is_none())
            .filter(|checked| needs_photo(rulebook, &checked.indicator, &checked.outcome))
            .map(|checked| checked.indicator.clone())
            .collect();
        without.sort();
        without
    }

    fn take(&mut self, results: &[Checked]) {
        for checked in results {
            self.results.insert(checked.indicator.clone(), checked.clone());
        }
    }

    fn hand_over(
        &self,
        to: String,
        why: Option<String>,
        facts: &Facts,
    ) -> Result<Vec<Said<Event>>, Rejection> {
        if to.trim().is_empty() {
            return Err(Rejection::Malformed { field: "to", needs: "the account that leads it from now on" });
        }
        if to == self.lead {
            return Ok(vec![]);
        }
        facts.must_know_colleague(&to, ASSESSING)?;
        let by = facts.actor.account.clone();
        let private = Private::none().with("why", why);
        Ok(vec![Said::with(Event::AssessmentHandedOver { to, by }, private)])
    }

    fn submit(&self, completed_on: Option<NaiveDate>, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        let rulebook = facts.rulebook()?;
        let missing = self.missing(rulebook);
        if !missing.is_empty() {
            return Err(Rejection::Incomplete { missing });
        }
        let without = self.photos_missing(rulebook);
        // An importer of older lists has no photos to give; a person who was there has.
        if !facts.actor.received && !without.is_empty() {
            return Err(Rejection::PhotoMissing { indicators: without });
        }
        let points = scoring::score_results(rulebook, &self.outcomes())?;
        scoring::check_carried(rulebook, &self.carried(), &points, facts.today)?;
        Ok(vec![Said::openly(Event::AssessmentSubmitted { by: facts.actor.account.clone(), completed_on })])
    }

    /// The outcomes alone, by indicator.
    pub fn outcomes(&self) -> BTreeMap<String, Outcome> {
        self.results.iter().map(|(id, checked)| (id.clone(), checked.outcome.clone())).collect()
    }

    /// What was carried over. Entering a carried result is the collector's confirmation of it.
    pub fn carried(&self) -> BTreeMap<String, scoring::Carried> {
        let carried = |checked: &Checked| {
            let carried_from = checked.carried_from?;
            Some((checked.indicator.clone(), scoring::Carried { carried_from, collector_confirmed: true }))
        };
        self.results.values().filter_map(carried).collect()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests;
