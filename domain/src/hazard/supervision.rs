//! Supervision (挂牌督办): the subdistrict takes an overdue case in hand.

use chrono::NaiveDate;

use super::refusing::refused;
use super::{Event, Hazard};
use crate::facts::{Facts, Role};
use crate::rejection::Rejection;
use crate::said::{Private, Said};

impl Hazard {
    pub(super) fn order_supervision(
        &self,
        until: NaiveDate,
        document_number: String,
        reason: Option<String>,
        facts: &Facts,
    ) -> Result<Option<Vec<Said<Event>>>, Rejection> {
        if !self.stage.is_unsettled() {
            return Ok(None);
        }
        must_lead_here(facts)?;
        if self.course.supervised_until.is_some() {
            return Err(Rejection::AlreadyExists { what: "supervision in force" });
        }
        if self.course.overdue.is_none() {
            return Err(refused("not_overdue"));
        }
        if until < facts.today {
            return Err(Rejection::Malformed { field: "until", needs: "a day from today on" });
        }
        if document_number.trim().is_empty() {
            return Err(refused("no_document"));
        }
        let by = facts.actor.account.clone();
        let event = Event::SupervisionOrdered { until, document_number, by };
        Ok(Some(vec![Said::with(event, Private::none().with("reason", reason))]))
    }

    pub(super) fn end_supervision(
        &self,
        reason: Option<String>,
        facts: &Facts,
    ) -> Result<Option<Vec<Said<Event>>>, Rejection> {
        if self.course.supervised_until.is_none() {
            return Ok(None);
        }
        must_lead_here(facts)?;
        let event = Event::SupervisionEnded { by: facts.actor.account.clone() };
        Ok(Some(vec![Said::with(event, Private::none().with("reason", reason))]))
    }
}

/// Supervision is the subdistrict's, in its own area.
fn must_lead_here(facts: &Facts) -> Result<(), Rejection> {
    facts.actor.require(&[Role::StreetLead])?;
    let register = facts.subject()?.premises.register.as_ref();
    let here = register.is_some_and(|place| {
        facts.actor.works_in(Role::StreetLead, &place.subdistrict, &place.community, &place.grid_cell)
    });
    if here { Ok(()) } else { Err(refused("other_subdistrict")) }
}
