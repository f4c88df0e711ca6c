//! Assessment: one full set of results for one unit, building or estate, from opening to submission.
//!
//! Invariants:
//! - the rulebook in force at opening holds to the end;
//! - an indicator's result comes from whoever collects it, and the later check stands;
//! - nothing is submitted while a result, a required photo or a reason is missing.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::aggregate::{Concept, named};
use crate::derivation::{Either, SchemeRef};
use crate::facts::{Facts, Role};
use crate::outcome::Outcome;
use crate::refused::Refused;
use crate::rejection::{Missing, Rejection};
use crate::rulebook::Rulebook;
use crate::rulebook::scheme::{Collect, Evidence, Indicator};
use crate::said::{Photo, Private, Said, photos};
use crate::scoring::{self, Reading};

/// An assessment as its events left it.
#[derive(Clone, Debug, Default)]
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
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Stage {
    #[default]
    Absent,
    Open,
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
    AssessmentOpened {
        scheme: SchemeRef,
        reason: Reason,
        lead: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        units: Vec<String>,
    },
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

/// Results that nobody types: shared by a feed, or counted from the ledger itself.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Supplied {
    /// One for each indicator.
    pub results: Vec<Checked>,
}

named!(Event {
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

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        match (self.stage, command) {
            (Stage::Absent, Command::Open { scheme, reason, units }) => open(scheme, reason, units, facts),
            (Stage::Absent, _) => Err(Rejection::NotFound { what: "assessment" }),
            (_, Command::Open { .. }) => Err(Rejection::AlreadyExists { what: "assessment" }),
            (Stage::Submitted, Command::Submit | Command::SubmitCompleted { .. })
            | (Stage::Withdrawn, Command::Withdraw { .. }) => Ok(vec![]),
            (Stage::Submitted, _) => Err(Rejection::WrongState { is: "submitted", needs: "open" }),
            (Stage::Withdrawn, _) => Err(Rejection::WrongState { is: "withdrawn", needs: "open" }),
            (Stage::Open, Command::Check { results }) => check(results, facts),
            (Stage::Open, Command::Submit) => self.submit(None, facts),
            (Stage::Open, Command::SubmitCompleted { completed_on }) if facts.actor.received => {
                self.submit(completed_on, facts)
            }
            (Stage::Open, Command::SubmitCompleted { .. }) => {
                Err(Rejection::Malformed { field: "completed_on", needs: "to be left out: it is today" })
            }
            (Stage::Open, Command::Supply { results }) => supply(results, facts),
            (Stage::Open, Command::Withdraw { why }) => {
                self.must_lead(facts)?;
                Ok(vec![Said::openly(Event::AssessmentWithdrawn { why })])
            }
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::AssessmentOpened { scheme, reason, lead, units } => {
                self.scheme = Some(scheme.clone());
                self.reason = Some(*reason);
                self.lead.clone_from(lead);
                self.units.clone_from(units);
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

    fn must_lead(&self, facts: &Facts) -> Result<(), Rejection> {
        if facts.actor.received || facts.actor.account == self.lead {
            return Ok(());
        }
        Err(Rejection::DutiesSeparated { rule: "only_the_lead_submits" })
    }

    fn submit(&self, completed_on: Option<NaiveDate>, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        self.must_lead(facts)?;
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

fn open(
    scheme: SchemeRef,
    reason: Reason,
    units: Vec<String>,
    facts: &Facts,
) -> Result<Vec<Said<Event>>, Rejection> {
    facts.actor.require(&[Role::GridWorker, Role::DepartmentOfficer])?;
    let (subject, rulebook) = (facts.subject()?, facts.rulebook()?);
    subject.must_be_open()?;
    if subject.premises.register.as_ref().is_some_and(|register| register.layer != rulebook.layer) {
        return Err(Rejection::Malformed { field: "scheme", needs: "a rulebook of these premises' layer" });
    }
    if !facts.actor.received {
        if !subject.premises.walked_by(&facts.actor, facts.today) {
            return Err(Rejection::NotFound { what: "assignment of yours to these premises" });
        }
        if subject.assessments.values().any(|open| open.state.stage == Stage::Open) {
            return Err(Rejection::AlreadyExists { what: "open assessment" });
        }
    }
    let lead = facts.actor.account.clone();
    Ok(vec![Said::openly(Event::AssessmentOpened { scheme, reason, lead, units })])
}

fn check(entered: Vec<Entered>, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
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

fn supply(results: Vec<Checked>, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
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
fn may_collect(indicator: &Indicator, facts: &Facts) -> Result<bool, Rejection> {
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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Actor;
    use crate::given::given;
    use crate::rulebook::Layer;
    use crate::shipped;

    fn opened() -> Event {
        let scheme = SchemeRef { id: "pingshan-unit-1".into(), sha256: "00".into() };
        Event::AssessmentOpened { scheme, reason: Reason::First, lead: "a-1".into(), units: vec![] }
    }

    fn shared(indicator: &str, outcome: Outcome) -> Command {
        let measured = Map::new();
        let checked =
            Checked { indicator: indicator.into(), outcome, measured, carried_from: None, photos_taken: 0 };
        Command::Supply { results: vec![checked] }
    }

    fn feed_of(department: &str) -> Actor {
        Actor::feed("feed-test", &[department.to_owned()])
    }

    #[test]
    fn a_feed_shares_the_results_of_its_own_department_only() {
        let rulebook = || shipped::pingshan(Layer::Unit);
        let registered = || shared("tenant_registration", Outcome::Count(0));
        given::<Assessment>([opened()])
            .under(rulebook())
            .by_actor(feed_of("police"))
            .when(registered())
            .said();
        given::<Assessment>([opened()])
            .under(rulebook())
            .by_actor(feed_of("housing"))
            .when(registered())
            .then_rejected("not_yours");
        given::<Assessment>([opened()])
            .under(rulebook())
            .by_actor(feed_of("grid"))
            .when(shared("change_reporting", Outcome::row("met")))
            .then_rejected("not_yours");
    }

    #[test]
    fn a_person_submits_on_the_day_and_only_what_is_received_has_another() {
        let earlier = Command::SubmitCompleted { completed_on: "2026-02-01".parse().ok() };
        given::<Assessment>([opened()])
            .under(shipped::pingshan(Layer::Unit))
            .by_officer_of("housing")
            .when(earlier)
            .then_rejected("malformed");
    }

    #[test]
    fn what_a_feed_shares_must_fit_its_indicator() {
        given::<Assessment>([opened()])
            .under(shipped::pingshan(Layer::Unit))
            .by_actor(feed_of("police"))
            .when(shared("tenant_registration", Outcome::row("met")))
            .then_rejected("bad_result");
    }
}
