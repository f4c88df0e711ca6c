//! The lowest class: shown only once a named person confirmed it, who had no hand in the conduct that leads there.

use serde_json::{Value, json};

use super::item::ConductRef;
use super::{CreditFile, Event, must_have_document};
use crate::facts::Facts;
use crate::rejection::Rejection;
use crate::said::{Private, Said};

impl CreditFile {
    pub(super) fn confirm_lowest(
        &self,
        rating: u64,
        document_number: String,
        reason: Option<String>,
        facts: &Facts,
    ) -> Result<Vec<Said<Event>>, Rejection> {
        must_have_document(&document_number)?;
        let conduct = self.lowest_waits(rating, facts)?;
        let (on, by) = (facts.today, facts.actor.account.clone());
        let event = Event::LowestClassConfirmed { rating, conduct, document_number, on, by };
        Ok(vec![Said::with(event, Private::none().with("reason", reason))])
    }

    pub(super) fn refuse_lowest(
        &self,
        rating: u64,
        reason: String,
        facts: &Facts,
    ) -> Result<Vec<Said<Event>>, Rejection> {
        if reason.trim().is_empty() {
            return Err(Rejection::Malformed { field: "reason", needs: "why the lowest class is refused" });
        }
        let conduct = self.lowest_waits(rating, facts)?;
        let (on, by) = (facts.today, facts.actor.account.clone());
        let event = Event::LowestClassRefused { rating, conduct, on, by };
        Ok(vec![Said::with(event, Private::none().with("reason", Some(reason)))])
    }

    /// Whether the lowest class waits for a person: none has confirmed or refused it for this conduct.
    pub fn waits_for_confirmer(&self) -> bool {
        let Some(rating) = &self.rating else { return false };
        let waits = rating.class.as_ref().is_some_and(|class| class.needs_confirmer && !class.confirmed);
        waits && !self.leading(rating.number).is_empty()
    }

    /// The conduct that leads to the lowest class and that nobody has decided on.
    fn leading(&self, rating: u64) -> Vec<ConductRef> {
        let newest = self.rating.as_ref().filter(|newest| newest.number == rating);
        let counted = newest.iter().flat_map(|rating| &rating.conduct);
        let lowest = counted.filter(|counted| counted.needs_confirmer).map(|counted| &counted.of);
        lowest.filter(|of| !self.confirmed.contains(of) && !self.declined.contains(of)).cloned().collect()
    }

    fn lowest_waits(&self, rating: u64, facts: &Facts) -> Result<Vec<ConductRef>, Rejection> {
        let Some(newest) = &self.rating else { return Err(Rejection::because("no_rating", Value::Null)) };
        if newest.number != rating {
            return Err(Rejection::because("not_the_newest_rating", json!({ "rating": newest.number })));
        }
        if !self.waits_for_confirmer() {
            return Err(Rejection::because("no_lowest_class_waits", Value::Null));
        }
        let account = &facts.actor.account;
        let lowest = newest.conduct.iter().filter(|counted| counted.needs_confirmer);
        if lowest.into_iter().any(|counted| counted.hands.contains(account)) {
            return Err(Rejection::because("confirmer_recorded_it", Value::Null));
        }
        Ok(self.leading(rating))
    }
}
