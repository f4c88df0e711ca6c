//! A longer term: a works plan (整改方案) with interim measures seen on the spot, or an extension. Asked for in time, and
//! not longer than the policy allows.

use chrono::NaiveDate;
use serde_json::json;

use super::course::{Plan, Spoken};
use super::rectification::{running_due, speaks_for_party};
use super::refusing::{refused, refused_by};
use super::{Event, Hazard, Stage};
use crate::calendar::add_days;
use crate::facts::Facts;
use crate::rejection::Rejection;
use crate::rulebook::procedure::WorksPlanPolicy;
use crate::said::{Photo, Private, Said, must_have_words, photos};

impl Hazard {
    pub(super) fn submit_works_plan(
        &self,
        days: u32,
        (text, pages): (String, &[Photo]),
        handed_in_on: Option<NaiveDate>,
        facts: &Facts,
    ) -> Result<Option<Vec<Said<Event>>>, Rejection> {
        let Some(order) = self.course.order.as_ref().filter(|_| self.stage == Stage::Rectifying) else {
            return Ok(None);
        };
        let spoken = speaks_for_party(facts, handed_in_on, &["owner", "operator"])?;
        must_have_words("text", Some(&text))?;
        if self.course.plan_waits() {
            return Err(Rejection::AlreadyExists { what: "works plan that waits for an answer" });
        }
        if self.course.plan.is_some_and(|plan| plan.approved == Some(true)) {
            return Err(Rejection::AlreadyExists { what: "approved works plan; ask for an extension" });
        }
        let policy = self.may_take_longer(facts)?;
        if days > policy.max_days {
            return Err(refused_by("plan_too_long", json!({ "days": policy.max_days })));
        }
        if days <= order.days {
            return Err(refused_by("plan_not_longer", json!({ "days": order.days })));
        }
        let private = Private::none().with("text", Some(text)).with("photos", photos(pages));
        Ok(Some(vec![Said::with(Event::WorksPlanSubmitted { days, spoken }, private)]))
    }

    pub(super) fn approve_works_plan(
        &self,
        note: Option<String>,
        facts: &Facts,
    ) -> Result<Option<Vec<Said<Event>>>, Rejection> {
        if !self.course.plan_waits() || self.stage != Stage::Rectifying {
            return Ok(None);
        }
        let event = Event::WorksPlanApproved { by: facts.actor.account.clone() };
        Ok(Some(vec![Said::with(event, Private::none().with("note", note))]))
    }

    pub(super) fn refuse_works_plan(
        &self,
        reason: String,
        facts: &Facts,
    ) -> Result<Option<Vec<Said<Event>>>, Rejection> {
        if !self.course.plan_waits() || self.stage != Stage::Rectifying {
            return Ok(None);
        }
        must_have_words("reason", Some(&reason))?;
        let event = Event::WorksPlanRefused { by: facts.actor.account.clone() };
        Ok(Some(vec![Said::with(event, Private::none().with("reason", Some(reason)))]))
    }

    /// On the spot: by the department, or by the grid worker who passes there.
    pub(super) fn confirm_interim_measures(
        &self,
        findings: Option<String>,
        taken: &[Photo],
        facts: &Facts,
    ) -> Result<Option<Vec<Said<Event>>>, Rejection> {
        if !matches!(self.stage, Stage::Confirmed | Stage::Rectifying) {
            return Ok(None);
        }
        if self.course.interim_confirmed {
            return Ok(Some(vec![]));
        }
        let event = Event::InterimMeasuresConfirmed { by: facts.actor.account.clone() };
        let private = Private::none().with("findings", findings).with("photos", photos(taken));
        Ok(Some(vec![Said::with(event, private)]))
    }

    pub(super) fn request_extension(
        &self,
        until: NaiveDate,
        text: String,
        handed_in_on: Option<NaiveDate>,
        facts: &Facts,
    ) -> Result<Option<Vec<Said<Event>>>, Rejection> {
        if !self.may_be_extended(facts) {
            return Ok(None);
        }
        let spoken = speaks_for_party(facts, handed_in_on, &["owner", "operator"])?;
        must_have_words("text", Some(&text))?;
        if self.course.extension.is_some() {
            return Err(Rejection::AlreadyExists { what: "request that waits for an answer" });
        }
        if !facts.of_another_office() {
            let due = self.must_lengthen(until, facts)?;
            if spoken_on(&spoken, facts) > due {
                return Err(refused_by("deadline_over", json!({ "due": due })));
            }
        }
        let private = Private::none().with("text", Some(text));
        Ok(Some(vec![Said::with(Event::ExtensionRequested { until, spoken }, private)]))
    }

    /// The answer may come after the day that was to be extended: the record shows both moments.
    pub(super) fn extend(
        &self,
        until: NaiveDate,
        reason: Option<String>,
        facts: &Facts,
    ) -> Result<Option<Vec<Said<Event>>>, Rejection> {
        if !self.may_be_extended(facts) {
            return Ok(None);
        }
        if !facts.of_another_office() {
            self.must_lengthen(until, facts)?;
        }
        let event = Event::DeadlineExtended { until, by: facts.actor.account.clone() };
        Ok(Some(vec![Said::with(event, Private::none().with("reason", reason))]))
    }

    pub(super) fn refuse_extension(
        &self,
        reason: String,
        facts: &Facts,
    ) -> Result<Option<Vec<Said<Event>>>, Rejection> {
        if self.course.extension.is_none() || !self.stage.is_unsettled() {
            return Ok(None);
        }
        must_have_words("reason", Some(&reason))?;
        let event = Event::ExtensionRefused { by: facts.actor.account.clone() };
        Ok(Some(vec![Said::with(event, Private::none().with("reason", Some(reason)))]))
    }

    pub(super) fn take_longer(&mut self, event: &Event) {
        let course = &mut self.course;
        match event {
            Event::DeadlineExtended { until, .. } => {
                course.due_set = Some(course.due_set.map_or(*until, |set| set.max(*until)));
                course.extension = None;
            }
            Event::ExtensionRefused { .. } => course.extension = None,
            Event::ExtensionRequested { until, .. } => course.extension = Some(*until),
            Event::InterimMeasuresConfirmed { .. } => course.interim_confirmed = true,
            Event::WorksPlanApproved { .. } => answer(&mut course.plan, true),
            Event::WorksPlanRefused { .. } => answer(&mut course.plan, false),
            Event::WorksPlanSubmitted { days, .. } => {
                course.plan = Some(Plan { days: *days, approved: None });
            }
            _ => {}
        }
    }

    /// Under its order; another office may have extended what was said to be put right already.
    fn may_be_extended(&self, facts: &Facts) -> bool {
        self.stage == Stage::Rectifying || (self.stage.is_unsettled() && facts.of_another_office())
    }

    /// What the policy says of longer terms, unless it allows this class of work none.
    fn may_take_longer<'a>(&self, facts: &'a Facts) -> Result<&'a WorksPlanPolicy, Rejection> {
        let policy = facts.rulebook()?.policy.works_plan.as_ref();
        let works = self.found.as_ref().map(|found| &found.works);
        policy
            .filter(|policy| works.is_some_and(|works| !policy.not_for.contains(works)))
            .ok_or_else(|| refused("plan_not_allowed"))
    }

    /// The day that runs, if this one is later and within the policy's longest term from service of the order.
    fn must_lengthen(&self, until: NaiveDate, facts: &Facts) -> Result<NaiveDate, Rejection> {
        let policy = self.may_take_longer(facts)?;
        let due = running_due(facts)?.ok_or_else(|| refused("order_not_served"))?;
        let served = facts.subject()?.hazard_served_on(facts.last_segment()).unwrap_or(facts.today);
        let latest = add_days(served, policy.max_days);
        if until <= due {
            return Err(refused_by("not_longer", json!({ "due": due })));
        }
        if until > latest {
            return Err(refused_by("extension_too_long", json!({ "due": latest })));
        }
        Ok(due)
    }
}

fn answer(plan: &mut Option<Plan>, approved: bool) {
    if let Some(plan) = plan {
        plan.approved = Some(approved);
    }
}

fn spoken_on(spoken: &Spoken, facts: &Facts) -> NaiveDate {
    spoken.handed_in_on.unwrap_or(facts.today)
}
