//! Finding, review, determination, objection: whether it is a hazard, whose, and how grave.

use chrono::NaiveDate;

use super::course::{Ground, Order};
use super::rectification::speaks_for_party;
use super::refusing::refused;
use super::{Event, Found, Hazard, Reopened, ReopenedWhy, Review, Stage};
use crate::derivation::Either;
use crate::facts::Facts;
use crate::rejection::Rejection;
use crate::rulebook::Rulebook;
use crate::said::{Photo, Private, Said, must_have_words, photos};
use crate::term::plain_term;

impl Hazard {
    pub(super) fn find(
        found: Found,
        note: Option<String>,
        taken: &[Photo],
        facts: &Facts,
    ) -> Result<Option<Vec<Said<Event>>>, Rejection> {
        facts.subject()?.must_be_open()?;
        must_be_classed(&found, facts)?;
        let private = Private::none().with("note", note).with("photos", photos(taken));
        let found = Found { by: Some(facts.actor.account.clone()), ..found };
        Ok(Some(vec![Said::with(Event::HazardFound(Either::Stated(found)), private)]))
    }

    /// A closed case stays closed. What is still there is a new case of the same kind that names it.
    pub(super) fn reopen(
        case: String,
        why: ReopenedWhy,
        note: Option<String>,
        taken: &[Photo],
        facts: &Facts,
    ) -> Result<Option<Vec<Said<Event>>>, Rejection> {
        let subject = facts.subject()?;
        subject.must_be_open()?;
        let closed = subject.hazards.get(&case).ok_or(Rejection::NotFound { what: "closed hazard" })?;
        if closed.state.stage != Stage::Closed {
            return Err(Rejection::WrongState { is: closed.state.stage.code(), needs: "closed" });
        }
        let goes_on = |of: &&Hazard| of.course.reopens.as_ref() == Some(&case) && of.is_open();
        if subject.hazards.values().map(|of| &of.state).any(|of| goes_on(&of)) {
            return Err(Rejection::AlreadyExists { what: "case that goes on from this one" });
        }
        let Some(found) = closed.state.found_again(facts.rulebook.as_deref()) else {
            return Err(Rejection::NotFound { what: "closed hazard" });
        };
        let found = Found { by: Some(facts.actor.account.clone()), ..found };
        let private = Private::none().with("note", note).with("photos", photos(taken));
        let reopened = Reopened { reopens: case, why, found };
        Ok(Some(vec![Said::with(Event::HazardReopened(Either::Stated(reopened)), private)]))
    }

    /// The same kind of hazard, as grave as it was in the end, with the department that had it last.
    pub(crate) fn found_again(&self, rulebook: Option<&Rulebook>) -> Option<Found> {
        let before = self.found.clone()?;
        let severity = rulebook.and_then(|rulebook| self.severity(rulebook));
        Some(Found {
            by: None,
            competent: self.competent.clone(),
            points: None,
            suspected: before.suspected && self.determined.is_none(),
            severity: severity.unwrap_or(before.severity.clone()),
            ..before
        })
    }

    pub(super) fn review(
        &self,
        outcome: Review,
        reason: Option<String>,
        facts: &Facts,
    ) -> Result<Option<Vec<Said<Event>>>, Rejection> {
        if self.stage != Stage::PendingReview {
            return Ok(None);
        }
        self.must_not_have_found(facts)?;
        match &outcome {
            Review::Confirmed => {}
            Review::Dismissed => must_have_words("reason", reason.as_deref())?,
            Review::PassedOn { to } => {
                must_have_words("reason", reason.as_deref())?;
                if *to == self.competent {
                    return Err(refused("passed_on_to_itself"));
                }
                must_be_department(to, facts.rulebook.as_deref())?;
            }
        }
        let by = facts.actor.account.clone();
        let private = Private::none().with("reason", reason);
        Ok(Some(vec![Said::with(Event::HazardReviewed { outcome, by }, private)]))
    }

    pub(super) fn reviewed(&mut self, outcome: &Review) {
        match outcome {
            Review::Confirmed => self.stage = Stage::Confirmed,
            Review::Dismissed => self.stage = Stage::Dismissed,
            Review::PassedOn { to } => {
                self.competent.clone_from(to);
                self.course.hands.push(to.clone());
            }
        }
    }

    pub(super) fn determine(
        &self,
        major: bool,
        document_number: String,
        (method, officers): (Option<String>, Vec<String>),
        facts: &Facts,
    ) -> Result<Option<Vec<Said<Event>>>, Rejection> {
        if !self.is_open() {
            return Ok(None);
        }
        if document_number.trim().is_empty() {
            return Err(refused("no_document"));
        }
        self.must_not_have_found(facts)?;
        if !self.found.as_ref().is_some_and(|found| found.suspected) {
            return Err(Rejection::WrongState {
                is: "not suspected of being major",
                needs: "a suspected major hazard",
            });
        }
        if self.determined == Some(major) {
            return Ok(Some(vec![]));
        }
        facts.must_know_officers(&officers, Some(self.competent.as_str()))?;
        let by = facts.actor.account.clone();
        let event = Event::MajorHazardDetermined { major, document_number, method, officers, by };
        Ok(Some(vec![Said::openly(event)]))
    }

    pub(super) fn contest(
        &self,
        ground: Ground,
        text: String,
        handed_in_on: Option<NaiveDate>,
        facts: &Facts,
    ) -> Result<Option<Vec<Said<Event>>>, Rejection> {
        if !matches!(self.stage, Stage::Confirmed | Stage::Rectifying) {
            return Ok(None);
        }
        let spoken = speaks_for_party(facts, handed_in_on, &["owner", "operator"])?;
        must_have_words("text", Some(&text))?;
        if self.course.contested.is_some() {
            return Err(Rejection::AlreadyExists { what: "objection" });
        }
        let private = Private::none().with("text", Some(text));
        Ok(Some(vec![Said::with(Event::HazardContested { ground, spoken }, private)]))
    }

    /// Whoever found a hazard, by word or by the result that they entered, does not judge what is said against it.
    pub(super) fn answer_contest(
        &self,
        upheld: bool,
        reasons: String,
        facts: &Facts,
    ) -> Result<Option<Vec<Said<Event>>>, Rejection> {
        if self.course.contested.is_none() || !self.stage.is_unsettled() {
            return Ok(None);
        }
        self.must_not_have_found(facts)?;
        must_have_words("reasons", Some(&reasons))?;
        let by = facts.actor.account.clone();
        let private = Private::none().with("reasons", Some(reasons));
        Ok(Some(vec![Said::with(Event::HazardReplyAnswered { upheld, by }, private)]))
    }

    /// Where the party was right there is no hazard, or the order went to the wrong one and is void: another is made.
    pub(super) fn answered(&mut self, upheld: bool) {
        let Some(ground) = self.course.contested.take().filter(|_| upheld) else { return };
        if ground == Ground::NotThere {
            self.stage = Stage::Dismissed;
            return;
        }
        self.course.order = None;
        self.course.due_set = None;
        self.course.extension = None;
        self.course.plan = None;
        self.stage = Stage::Confirmed;
    }

    pub(super) fn ordered(&mut self, order: &Order) {
        self.course.order = Some(order.clone());
        self.stage = Stage::Rectifying;
    }

    pub(super) fn must_not_have_found(&self, facts: &Facts) -> Result<(), Rejection> {
        let Some(found) = self.found.as_ref().filter(|_| !facts.actor.received) else { return Ok(()) };
        let entered = facts.subject.as_ref().and_then(|subject| subject.entered_by(found));
        if found.by.as_ref().or(entered) == Some(&facts.actor.account) {
            return Err(Rejection::DutiesSeparated { rule: "reviewer_is_finder" });
        }
        Ok(())
    }
}

/// What the office's own rulebook does not know has no term and no cap, and nobody answers for it.
fn must_be_classed(found: &Found, facts: &Facts) -> Result<(), Rejection> {
    let Some(rulebook) = facts.rulebook.as_deref().filter(|rulebook| rulebook.policy.operating) else {
        return Ok(());
    };
    plain_term(rulebook, &found.severity, &found.works, facts.today)?;
    if rulebook.indicator(&found.indicator).is_none() {
        let detail = serde_json::json!({ "ids": [found.indicator] });
        return Err(Rejection::because("unknown_indicator", detail));
    }
    must_be_department(&found.competent, Some(rulebook))
}

fn must_be_department(id: &str, rulebook: Option<&Rulebook>) -> Result<(), Rejection> {
    let known = rulebook.is_none_or(|rulebook| rulebook.policy.departments.iter().any(|one| one.id == id));
    if known { Ok(()) } else { Err(refused("unknown_department")) }
}
