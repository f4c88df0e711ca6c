//! Objection (信用异议): the party says that a class or a record is wrong. It is marked at once and decided in time, by somebody
//! who did not record it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::item::Item;
use super::{CreditFile, Event, must_have_document, received_on};
use crate::deadline::{Period, PeriodQuestion, period};
use crate::derivation::SchemeRef;
use crate::facts::Facts;
use crate::refused::Refused;
use crate::rejection::Rejection;
use crate::rulebook::Rulebook;
use crate::said::{Photo, Private, Said, photos};

/// An objection as its events left it.
#[derive(Clone, Debug, PartialEq)]
pub struct Objection {
    /// What it is against.
    pub item: Item,
    /// The day of its receipt.
    pub on: NaiveDate,
    /// Who raised it.
    pub by: String,
    /// The rulebook that the file went by then.
    pub scheme: Option<SchemeRef>,
    /// By when it must be decided, once it is marked.
    pub marked: Option<Period>,
    /// Whether it was upheld, once it is decided, and the day.
    pub decided: Option<(bool, NaiveDate)>,
}

/// That an objection is marked beside what it is against.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Marked {
    /// Number of the objection.
    pub number: u64,
    /// What it is against.
    pub item: Item,
    /// Whether that is public, and the mark with it.
    pub public: bool,
    /// By when it must be decided.
    pub decide_by: Period,
}

impl CreditFile {
    pub(super) fn raise_objection(
        &self,
        item: Item,
        grounds: String,
        evidence: &[Photo],
        handed_in_on: Option<NaiveDate>,
        facts: &Facts,
    ) -> Result<Vec<Said<Event>>, Rejection> {
        self.must_be_on_file(item)?;
        if grounds.trim().is_empty() {
            return Err(Rejection::Malformed { field: "grounds", needs: "what is wrong with it" });
        }
        if self.objections.values().any(|objection| objection.item == item && objection.decided.is_none()) {
            return Err(Rejection::AlreadyExists { what: "open objection to this" });
        }
        let on = received_on(handed_in_on, facts)?;
        let number = self.objections.last_key_value().map_or(1, |(number, _)| number + 1);
        let event = Event::ObjectionRaised { number, item, on, by: facts.actor.account.clone() };
        let private = Private::none().with("grounds", Some(grounds)).with("photos", photos(evidence));
        Ok(vec![Said::with(event, private)])
    }

    pub(super) fn decide_objection(
        &self,
        number: u64,
        upheld: bool,
        document_number: String,
        reason: Option<String>,
        facts: &Facts,
    ) -> Result<Vec<Said<Event>>, Rejection> {
        let Some(objection) = self.objections.get(&number) else {
            return Err(Rejection::NotFound { what: "objection" });
        };
        if objection.decided.is_some() {
            return Err(Rejection::because("decided_already", Value::Null));
        }
        must_have_document(&document_number)?;
        self.must_have_no_hand(objection.item, facts)?;
        let (on, by) = (facts.today, facts.actor.account.clone());
        let event = Event::ObjectionDecided { number, upheld, document_number, on, by };
        Ok(vec![Said::with(event, Private::none().with("reason", reason))])
    }

    /// Whoever recorded it, or conduct that counts in the class, does not decide on it.
    pub(super) fn must_have_no_hand(&self, item: Item, facts: &Facts) -> Result<(), Rejection> {
        let account = &facts.actor.account;
        let had = match item {
            Item::Conduct { number } => {
                self.conduct.get(&number).is_some_and(|on_file| on_file.conduct.hands.contains(account))
            }
            // a class is what the conduct that counts makes of it
            Item::Class { .. } => {
                let mut counted = self.rating.iter().flat_map(|rating| &rating.conduct);
                counted.any(|counted| counted.hands.contains(account))
            }
        };
        if had {
            return Err(Rejection::because("decider_recorded_it", Value::Null));
        }
        Ok(())
    }

    pub(super) fn objected(&mut self, event: &Event) {
        match event {
            Event::ObjectionRaised { number, item, on, by } => {
                let (by, scheme) = (by.clone(), self.scheme.clone());
                let objection = Objection { item: *item, on: *on, by, scheme, marked: None, decided: None };
                self.objections.insert(*number, objection);
            }
            Event::ObjectionMarked(computed) => {
                if let Some(objection) = self.objections.get_mut(&computed.result.number) {
                    objection.marked = Some(computed.result.decide_by);
                }
            }
            Event::ObjectionDecided { number, upheld, on, .. } => {
                let Some(objection) = self.objections.get_mut(number) else { return };
                objection.decided = Some((*upheld, *on));
                let Item::Conduct { number } = objection.item else { return };
                let Some(on_file) = self.conduct.get_mut(&number).filter(|_| *upheld) else { return };
                on_file.set_aside_on = Some(*on);
                let found = &on_file.conduct;
                if let Some(commitment) = self.commitment.as_mut().filter(|_| on_file.computed) {
                    commitment.is_not_broken(found.decided_on, &found.basis);
                }
            }
            _ => {}
        }
    }

    /// The mark that the first objection without one needs.
    pub(super) fn to_mark(&self, rulebook: &Rulebook) -> Result<Option<Marked>, Refused> {
        let unmarked = self.objections.iter().find(|(_, objection)| objection.marked.is_none());
        let Some((number, objection)) = unmarked else { return Ok(None) };
        let decide_by = period(rulebook, &PeriodQuestion::of(DECIDE, objection.on))?;
        let public = self.published.contains_key(&objection.item);
        Ok(Some(Marked { number: *number, item: objection.item, public, decide_by }))
    }
}

/// The policy's deadline for a decision.
pub const DECIDE: &str = "credit_objection_decide";
