//! Rectification (整改): ordered, said to be done, looked at again, closed.

use chrono::NaiveDate;

use super::course::{Order, Spoken};
use super::refusing::{refused, refused_by};
use super::{Closed, Event, Hazard, Stage};
use crate::derivation::Either;
use crate::facts::Facts;
use crate::rejection::Rejection;
use crate::said::{Photo, Private, Said, must_have_words, photos};
use crate::term::plain_term;

impl Hazard {
    /// The term is the policy's; a longer one needs a plan or an extension (rulebooks/README.md, "How a grade is computed").
    /// Another office's order is told with the days and parties that it was published with, which may be none.
    pub(super) fn order(
        &self,
        what: String,
        parties: Vec<String>,
        document_number: String,
        stated: Option<u32>,
        facts: &Facts,
    ) -> Result<Option<Vec<Said<Event>>>, Rejection> {
        if self.course.order.is_some() && self.stage.is_unsettled() {
            return Err(Rejection::AlreadyExists { what: "rectification order" });
        }
        if self.stage != Stage::Confirmed {
            return Ok(None);
        }
        must_have_words("what", Some(&what))?;
        if document_number.trim().is_empty() {
            return Err(refused("no_document"));
        }
        let days = match stated.filter(|_| facts.of_another_office()) {
            Some(days) => days,
            None => {
                must_answer_here(&parties, facts)?;
                let days = self.days_by_policy(facts)?;
                if stated.is_some_and(|stated| stated != days) {
                    return Err(refused_by("days_not_of_policy", serde_json::json!({ "days": days })));
                }
                days
            }
        };
        let order = Order { parties, days, document_number };
        let event = Event::RectificationOrdered { order, by: facts.actor.account.clone() };
        Ok(Some(vec![Said::with(event, Private::none().with("what", Some(what)))]))
    }

    pub(super) fn submit_rectification(
        &self,
        text: String,
        taken: &[Photo],
        handed_in_on: Option<NaiveDate>,
        facts: &Facts,
    ) -> Result<Option<Vec<Said<Event>>>, Rejection> {
        if !matches!(self.stage, Stage::Confirmed | Stage::Rectifying) {
            return Ok(None);
        }
        let spoken = speaks_for_party(facts, handed_in_on, &["owner", "operator", "steward"])?;
        must_have_words("text", Some(&text))?;
        if taken.is_empty() && !facts.of_another_office() {
            let indicator = self.found.as_ref().map(|found| found.indicator.clone());
            return Err(Rejection::PhotoMissing { indicators: indicator.into_iter().collect() });
        }
        let private = Private::none().with("text", Some(text)).with("photos", photos(taken));
        Ok(Some(vec![Said::with(Event::RectificationSubmitted(spoken), private)]))
    }

    pub(super) fn accept(
        &self,
        findings: Option<String>,
        taken: &[Photo],
        facts: &Facts,
    ) -> Result<Option<Vec<Said<Event>>>, Rejection> {
        if self.stage == Stage::Accepted {
            return Ok(Some(vec![]));
        }
        if !self.stage.is_unsettled() {
            return Ok(None);
        }
        // what somebody saw, who looked again: nothing is settled by a word alone
        if !facts.actor.received {
            must_have_words("findings", findings.as_deref())?;
        }
        let event = Event::RectificationAccepted { by: facts.actor.account.clone() };
        let private = Private::none().with("findings", findings).with("photos", photos(taken));
        Ok(Some(vec![Said::with(event, private)]))
    }

    /// A new due day is not before today nor before the one that runs, and there is none before service of the order.
    pub(super) fn refuse(
        &self,
        findings: String,
        due: Option<NaiveDate>,
        taken: &[Photo],
        facts: &Facts,
    ) -> Result<Option<Vec<Said<Event>>>, Rejection> {
        // what another office refused may have been overwritten in its file by the refusal
        let submitted =
            self.stage == Stage::Submitted || (self.stage.is_unsettled() && facts.of_another_office());
        if !submitted {
            return Ok(None);
        }
        must_have_words("findings", Some(&findings))?;
        if let Some(day) = due {
            let running = running_due(facts)?.ok_or_else(|| refused("order_not_served"))?;
            let earliest = running.max(facts.today);
            if day < earliest {
                return Err(refused_by("due_too_early", serde_json::json!({ "due": earliest })));
            }
        }
        let event = Event::RectificationRefused { due, by: facts.actor.account.clone() };
        let private = Private::none().with("findings", Some(findings)).with("photos", photos(taken));
        Ok(Some(vec![Said::with(event, private)]))
    }

    pub(super) fn find_false(
        &self,
        findings: String,
        taken: &[Photo],
        facts: &Facts,
    ) -> Result<Option<Vec<Said<Event>>>, Rejection> {
        let said_done = self.course.submissions > 0;
        if !said_done || !matches!(self.stage, Stage::Submitted | Stage::Accepted) {
            return Ok(None);
        }
        must_have_words("findings", Some(&findings))?;
        let event = Event::RectificationFoundFalse { by: facts.actor.account.clone() };
        let private = Private::none().with("findings", Some(findings)).with("photos", photos(taken));
        Ok(Some(vec![Said::with(event, private)]))
    }

    pub(super) fn close(
        &self,
        how: String,
        into: Option<String>,
        facts: &Facts,
    ) -> Result<Option<Vec<Said<Event>>>, Rejection> {
        let fits = match (self.stage, how.as_str()) {
            (Stage::Closed, _) => return Ok(Some(vec![])),
            (Stage::Accepted, "rectified") | (Stage::Dismissed, "dismissed") => into.is_none(),
            (Stage::PendingReview | Stage::Confirmed, "merged") => {
                self.must_go_on(into.as_deref(), facts)?;
                true
            }
            (_, Closed::PUT_RIGHT) if self.is_open() => {
                self.must_not_have_found(facts)?;
                must_be_put_right(facts)?;
                into.is_none()
            }
            (Stage::Accepted | Stage::Dismissed, _) => false,
            _ => return Ok(None),
        };
        if !fits {
            let needs = "“rectified” after acceptance, “dismissed” after dismissal, “merged” for the same hazard found twice, “put_right” \
                         where its result was put right";
            return Err(Rejection::Malformed { field: "how", needs });
        }
        Ok(Some(vec![Said::openly(Event::HazardClosed(Either::Stated(Closed { how, into })))]))
    }

    /// The same hazard found twice goes on as one case, under one order.
    fn must_go_on(&self, into: Option<&str>, facts: &Facts) -> Result<(), Rejection> {
        let own = facts.last_segment();
        let found = self.found.as_ref();
        let other = into.filter(|key| *key != own).and_then(|key| facts.subject().ok()?.hazards.get(key));
        let same = other.and_then(|of| of.state.found.as_ref()).zip(found);
        let goes_on = other.is_some_and(|of| of.state.is_open())
            && same.is_some_and(|(other, found)| other.indicator == found.indicator);
        if goes_on { Ok(()) } else { Err(refused("no_case_to_merge_into")) }
    }

    fn days_by_policy(&self, facts: &Facts) -> Result<u32, Rejection> {
        let (rulebook, found) = (facts.rulebook()?, self.found.as_ref());
        let (Some(found), Some(severity)) = (found, self.severity(rulebook)) else {
            return Err(Rejection::NotFound { what: "hazard" });
        };
        let term = plain_term(rulebook, &severity, &found.works, facts.today)?;
        Ok(u32::try_from((term.due - facts.today).num_days()).unwrap_or_default())
    }
}

/// A department that has confirmed a case saw for itself; that the result it began with was wrong is for it to weigh. Without that it
/// takes an acceptance, or an objection that is upheld.
fn must_be_put_right(facts: &Facts) -> Result<(), Rejection> {
    let subject = facts.subject()?;
    let of = subject.hazards.get(facts.last_segment());
    if of.is_some_and(|of| subject.is_finding_put_right(of)) {
        Ok(())
    } else {
        Err(refused("finding_stands"))
    }
}

/// The day that runs for the case of this stream; none before service of its order.
///
/// # Errors
/// `carrying_out_suspended` while no day can be told.
pub(super) fn running_due(facts: &Facts) -> Result<Option<NaiveDate>, Rejection> {
    let (subject, key) = (facts.subject()?, facts.last_segment());
    let due = subject.hazard_due(key).map(|due| due.day);
    let rest = subject.hazards.get(key).and_then(|of| of.rests_on(facts.today));
    match rest.filter(|_| due.is_none() && subject.hazard_served_on(key).is_some()) {
        Some(rest) => Err(subject.suspended_in(&rest.dispute)),
        None => Ok(due),
    }
}

/// Who speaks for a party: somebody of the party, in one of these relations to the premises; or staff, who say on which
/// day it was handed in.
pub(super) fn speaks_for_party(
    facts: &Facts,
    handed_in_on: Option<NaiveDate>,
    relations: &[&str],
) -> Result<Spoken, Rejection> {
    let by = facts.actor.account.clone();
    match handed_in_on {
        Some(day) => {
            let found_on = facts.subject()?.hazards.get(facts.last_segment()).and_then(|of| of.found_on);
            if day > facts.today || found_on.is_some_and(|found_on| day < found_on) {
                let needs = "a day from the finding to today";
                return Err(Rejection::Malformed { field: "handed_in_on", needs });
            }
        }
        None => {
            let parties = &facts.subject()?.premises.parties;
            let speaks = parties.iter().any(|party| {
                relations.contains(&party.role.as_str())
                    && party.span.holds_on(facts.today)
                    && facts.actor.grants.iter().any(|grant| grant.party.as_ref() == Some(&party.party))
            });
            if !speaks && !facts.actor.received {
                return Err(Rejection::NotFound { what: "naming of your party as answering for this house" });
            }
        }
    }
    Ok(Spoken { by, handed_in_on })
}

fn must_answer_here(parties: &[String], facts: &Facts) -> Result<(), Rejection> {
    let named = &facts.subject()?.premises.parties;
    let answers =
        |party: &String| named.iter().any(|one| one.party == *party && one.span.holds_on(facts.today));
    if parties.is_empty() || !parties.iter().all(answers) {
        return Err(refused("order_without_party"));
    }
    Ok(())
}
