//! Reviewing: the reviewer, evidence of both sides, and the decision with what follows from it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::filing::DECIDE;
use super::{Against, Appeal, Event, Outcome, Side, words};
use crate::aggregate::Concept as _;
use crate::deadline::{PeriodQuestion, period};
use crate::facts::{Facts, Role};
use crate::notice::Remedy;
use crate::outcome::Outcome as IndicatorOutcome;
use crate::rejection::Rejection;
use crate::said::{Photo, Private, Said, photos};
use crate::scoring;

/// A decision on an appeal.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Decision {
    /// How it was decided.
    pub outcome: Outcome,
    /// What the appeal was against.
    pub against: Against,
    /// The day.
    pub on: NaiveDate,
    /// Results that are right instead, by indicator: what is computed again is computed on them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub corrected: BTreeMap<String, IndicatorOutcome>,
    /// Whether a new assessment is to be made.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reassess: bool,
    /// Number of the decision.
    pub document_number: String,
    /// Why, as codes.
    pub reason_codes: Vec<String>,
    /// What can still be done against it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remedies: Vec<Remedy>,
    /// Who decided.
    pub by: String,
}

/// What a reviewer rules, before it is a decision.
pub(super) struct Ruling {
    pub(super) outcome: Outcome,
    pub(super) corrected: BTreeMap<String, IndicatorOutcome>,
    pub(super) reassess: bool,
    pub(super) document_number: String,
    pub(super) reason_codes: Vec<String>,
}

impl Appeal {
    pub(super) fn assign(&self, reviewer: String, facts: &Facts) -> Result<Said<Event>, Rejection> {
        self.must_run()?;
        if self.recusal_open {
            return Err(Rejection::because("recusal_open", Value::Null));
        }
        let Some(named) = facts.colleague.as_ref().filter(|named| named.account == reviewer) else {
            return Err(Rejection::NotFound { what: "account of a reviewer" });
        };
        if !named.holds(Role::Reviewer) {
            return Err(Rejection::because("reviewer_without_role", json!({ "account": reviewer })));
        }
        self.must_be_impartial(&reviewer, facts)?;
        Ok(Said::openly(Event::AppealAssigned { reviewer, by: facts.actor.account.clone() }))
    }

    pub(super) fn request_recusal(&self, grounds: String, facts: &Facts) -> Result<Said<Event>, Rejection> {
        self.must_run()?;
        let Some(reviewer) = self.reviewer.clone() else {
            return Err(Rejection::NotFound { what: "reviewer of this appeal yet" });
        };
        if self.recusal_open {
            return Err(Rejection::AlreadyExists { what: "open request that the reviewer step aside" });
        }
        words("grounds", &grounds)?;
        let event = Event::RecusalRequested { reviewer, on: facts.today, by: facts.actor.account.clone() };
        Ok(Said::with(event, Private::none().with("grounds", Some(grounds))))
    }

    pub(super) fn decide_recusal(
        &self,
        granted: bool,
        reason: String,
        facts: &Facts,
    ) -> Result<Said<Event>, Rejection> {
        let Some(reviewer) = self.reviewer.clone().filter(|_| self.recusal_open) else {
            return Err(Rejection::NotFound { what: "open request that the reviewer step aside" });
        };
        if facts.actor.account == reviewer {
            return Err(Rejection::because("recusal_by_reviewer", Value::Null));
        }
        words("reason", &reason)?;
        let event = Event::RecusalDecided { reviewer, granted, by: facts.actor.account.clone() };
        Ok(Said::with(event, Private::none().with("reason", Some(reason))))
    }

    pub(super) fn add_evidence(
        &self,
        what: String,
        note: Option<String>,
        papers: &[Photo],
        facts: &Facts,
    ) -> Result<Said<Event>, Rejection> {
        if !self.is_open() {
            return Err(Rejection::WrongState { is: self.stage.code(), needs: "an open appeal" });
        }
        words("what", &what)?;
        let own = facts.subject()?.premises.answered_for_by(&facts.actor, facts.today);
        let side = if own && !facts.actor.received || facts.actor.account == self.filed_by {
            Side::Party
        } else {
            Side::Office
        };
        let event = Event::EvidenceAdded { side, what, by: facts.actor.account.clone() };
        Ok(Said::with(event, Private::none().with("note", note).with("photos", photos(papers))))
    }

    pub(super) fn order_reinspection(
        &self,
        indicators: Vec<String>,
        reason: Option<String>,
        facts: &Facts,
    ) -> Result<Said<Event>, Rejection> {
        self.must_be_the_reviewer(facts)?;
        must_be_indicators(indicators.iter(), facts)?;
        let event = Event::ReinspectionOrdered { indicators, by: facts.actor.account.clone() };
        Ok(Said::with(event, Private::none().with("reason", reason)))
    }

    pub(super) fn hold_hearing(
        &self,
        on: NaiveDate,
        party_present: u32,
        minutes: Option<String>,
        papers: &[Photo],
        facts: &Facts,
    ) -> Result<Said<Event>, Rejection> {
        self.must_be_the_reviewer(facts)?;
        if self.admitted_on.is_none_or(|admitted| on < admitted) || on > facts.today {
            return Err(Rejection::Malformed { field: "on", needs: "a day from the admission to today" });
        }
        let event = Event::HearingHeld { on, party_present, by: facts.actor.account.clone() };
        let private = Private::none().with("minutes", minutes).with("photos", photos(papers));
        Ok(Said::with(event, private))
    }

    pub(super) fn extend(&self, why: String, facts: &Facts) -> Result<Said<Event>, Rejection> {
        self.must_run()?;
        words("why", &why)?;
        if self.extended {
            return Err(Rejection::because("extended_already", Value::Null));
        }
        let from = self.decided_from().unwrap_or(facts.today);
        let rulebook = facts.rulebook()?;
        let plain = period(rulebook, &PeriodQuestion::of(DECIDE, from))?;
        if plain.over_on(facts.today) {
            return Err(Rejection::because("extension_too_late", json!({ "due": plain.date() })));
        }
        let longer =
            period(rulebook, &PeriodQuestion { extended: true, ..PeriodQuestion::of(DECIDE, from) })?;
        Ok(Said::openly(Event::AppealExtended {
            why,
            decide_by: longer.date().unwrap_or(from),
            provisional: longer.provisional,
            by: facts.actor.account.clone(),
        }))
    }

    pub(super) fn decide_on(
        &self,
        ruling: Ruling,
        reasons: String,
        remedies: &[String],
        facts: &Facts,
    ) -> Result<Said<Event>, Rejection> {
        self.must_be_the_reviewer(facts)?;
        self.must_be_impartial(&facts.actor.account, facts)?;
        words("reasons", &reasons)?;
        if ruling.document_number.trim().is_empty() {
            return Err(Rejection::because("no_document", Value::Null));
        }
        if ruling.reason_codes.is_empty() {
            return Err(Rejection::Malformed { field: "reason_codes", needs: "at least one code" });
        }
        match ruling.outcome {
            Outcome::Varied if ruling.corrected.is_empty() => {
                return Err(Rejection::because("nothing_varied", Value::Null));
            }
            Outcome::Rejected if !ruling.corrected.is_empty() || ruling.reassess => {
                return Err(Rejection::because("rejected_changes_nothing", Value::Null));
            }
            _ => {}
        }
        let of_ban = self.against.as_ref().is_some_and(|against| against.prohibition.is_some());
        if of_ban && !ruling.corrected.is_empty() {
            return Err(Rejection::because("ban_holds_or_not", Value::Null));
        }
        self.must_score(&ruling.corrected, facts)?;
        must_tell_remedies(remedies, facts)?;
        let told = remedies.iter().map(|id| Remedy::of(facts.rulebook()?, id));
        let against = self.against.clone().ok_or(Rejection::NotFound { what: "appeal" })?;
        let decision = Decision {
            outcome: ruling.outcome,
            against,
            on: facts.today,
            corrected: ruling.corrected,
            reassess: ruling.reassess,
            document_number: ruling.document_number,
            reason_codes: ruling.reason_codes,
            remedies: told.collect::<Result<Vec<_>, _>>()?,
            by: facts.actor.account.clone(),
        };
        Ok(Said::with(Event::AppealDecided(decision), Private::none().with("reasons", Some(reasons))))
    }

    /// What is put right fits the indicators of the assessment that the appeal is about.
    fn must_score(
        &self,
        corrected: &BTreeMap<String, IndicatorOutcome>,
        facts: &Facts,
    ) -> Result<(), Rejection> {
        if corrected.is_empty() {
            return Ok(());
        }
        must_be_indicators(corrected.keys(), facts)?;
        let subject = facts.subject()?;
        let assessment = self.against.as_ref().and_then(|against| subject.assessment_against(against));
        let of = assessment.and_then(|assessment| subject.assessments.get(assessment));
        let of = of.ok_or(Rejection::NotFound { what: "assessment whose results could be put right" })?;
        let mut outcomes = of.state.outcomes();
        outcomes.extend(corrected.iter().map(|(id, outcome)| (id.clone(), outcome.clone())));
        scoring::score_results(facts.rulebook()?, &outcomes)?;
        Ok(())
    }

    fn must_run(&self) -> Result<(), Rejection> {
        if self.is_running() {
            return Ok(());
        }
        Err(Rejection::WrongState { is: self.stage.code(), needs: "admitted, or taken up on own motion" })
    }

    fn must_be_the_reviewer(&self, facts: &Facts) -> Result<(), Rejection> {
        self.must_run()?;
        if self.recusal_open {
            return Err(Rejection::because("recusal_open", Value::Null));
        }
        if self.reviewer.is_none() {
            return Err(Rejection::NotFound { what: "reviewer of this appeal yet" });
        }
        // nobody reviews by way of a channel either
        self.must_be_in_hands(facts)
    }
}

/// A decision tells what can be done against it.
pub(super) fn must_tell_remedies(remedies: &[String], facts: &Facts) -> Result<(), Rejection> {
    if remedies.is_empty() && facts.rulebook()?.policy.operating {
        return Err(Rejection::because("decision_without_remedy", Value::Null));
    }
    Ok(())
}

fn must_be_indicators<'a>(ids: impl Iterator<Item = &'a String>, facts: &Facts) -> Result<(), Rejection> {
    let rulebook = facts.rulebook()?;
    let unknown: Vec<&String> = ids.filter(|id| rulebook.indicator(id).is_none()).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Rejection::because("unknown_indicator", json!({ "ids": unknown })))
}
