//! Supervision (挂牌督办): the subdistrict takes an overdue case in hand.

use chrono::NaiveDate;

use super::refusing::refused;
use super::{Event, Hazard};
use crate::facts::Facts;
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
        let event = Event::SupervisionEnded { by: facts.actor.account.clone() };
        Ok(Some(vec![Said::with(event, Private::none().with("reason", reason))]))
    }
}
