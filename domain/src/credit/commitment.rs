//! Commitment (信用承诺): a voluntary, signed promise. The best class wants one; it earns no points and replaces no inspection.

use chrono::NaiveDate;
use serde_json::Value;

use super::conduct::Basis;
use super::{CreditFile, Event, must_have_document, received_on};
use crate::derivation::SchemeRef;
use crate::facts::Facts;
use crate::rejection::Rejection;
use crate::said::{Photo, Private, Said};

/// The newest commitment letter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Commitment {
    /// Version of its words.
    pub template: String,
    /// The day it was signed.
    pub signed_on: NaiveDate,
    /// The day and document by which it was found broken, and by whom; none where an objection to that was upheld.
    pub breached: Option<(NaiveDate, String, String)>,
    /// The day it was kept to its end.
    pub fulfilled_on: Option<NaiveDate>,
    /// The day it was taken back.
    pub withdrawn_on: Option<NaiveDate>,
}

impl Commitment {
    /// Whether it counts: signed, neither taken back nor broken. One that was kept goes on counting.
    pub const fn counts(&self) -> bool {
        self.breached.is_none() && self.withdrawn_on.is_none()
    }

    /// What was found on that day, by that document, was no breach: an objection to it was upheld.
    pub(super) fn is_not_broken(&mut self, on: NaiveDate, basis: &Basis) {
        let found = basis.stream.is_none() && basis.at.is_some();
        let same = |(day, document, _): &(NaiveDate, String, String)| {
            found && *day == on && *document == basis.document_number
        };
        if self.breached.as_ref().is_some_and(same) {
            self.breached = None;
        }
    }

    const fn runs(&self) -> bool {
        self.counts() && self.fulfilled_on.is_none()
    }
}

impl CreditFile {
    pub(super) fn sign_commitment(
        &self,
        template: String,
        scheme: SchemeRef,
        document: Option<Photo>,
        handed_in_on: Option<NaiveDate>,
        facts: &Facts,
    ) -> Result<Vec<Said<Event>>, Rejection> {
        if self.commitment.as_ref().is_some_and(Commitment::runs) {
            return Err(Rejection::AlreadyExists { what: "commitment" });
        }
        if template.trim().is_empty() {
            return Err(Rejection::Malformed { field: "template", needs: "the version of the letter" });
        }
        let on = received_on(handed_in_on, facts)?;
        let event = Event::CommitmentSigned { template, scheme, on, by: facts.actor.account.clone() };
        Ok(vec![Said::with(event, Private::none().with("document", document))])
    }

    pub(super) fn withdraw_commitment(
        &self,
        why: String,
        handed_in_on: Option<NaiveDate>,
        facts: &Facts,
    ) -> Result<Vec<Said<Event>>, Rejection> {
        self.running_commitment()?;
        if why.trim().is_empty() {
            return Err(Rejection::Malformed { field: "why", needs: "why it is taken back, as a code" });
        }
        let on = received_on(handed_in_on, facts)?;
        Ok(vec![Said::openly(Event::CommitmentWithdrawn { why, on, by: facts.actor.account.clone() })])
    }

    pub(super) fn fulfil_commitment(&self, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        self.running_commitment()?;
        let (on, by) = (facts.today, facts.actor.account.clone());
        Ok(vec![Said::openly(Event::CommitmentFulfilled { on, by })])
    }

    pub(super) fn breach_commitment(
        &self,
        document_number: String,
        reason: Option<String>,
        facts: &Facts,
    ) -> Result<Vec<Said<Event>>, Rejection> {
        self.running_commitment()?;
        must_have_document(&document_number)?;
        let (on, by) = (facts.today, facts.actor.account.clone());
        let event = Event::CommitmentBreached { document_number, on, by };
        Ok(vec![Said::with(event, Private::none().with("reason", reason))])
    }

    fn running_commitment(&self) -> Result<(), Rejection> {
        match self.commitment.as_ref().filter(|commitment| commitment.runs()) {
            Some(_) => Ok(()),
            None => Err(Rejection::because("no_commitment", Value::Null)),
        }
    }

    pub(super) fn committed(&mut self, event: &Event) {
        match (&mut self.commitment, event) {
            (commitment, Event::CommitmentSigned { template, scheme, on, .. }) => {
                let template = template.clone();
                *commitment = Some(Commitment { template, signed_on: *on, ..Commitment::default() });
                self.scheme = Some(scheme.clone());
            }
            (Some(commitment), Event::CommitmentBreached { document_number, on, by }) => {
                commitment.breached = Some((*on, document_number.clone(), by.clone()));
            }
            (Some(commitment), Event::CommitmentFulfilled { on, .. }) => commitment.fulfilled_on = Some(*on),
            (Some(commitment), Event::CommitmentWithdrawn { on, .. }) => commitment.withdrawn_on = Some(*on),
            _ => {}
        }
    }
}
