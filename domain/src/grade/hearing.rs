//! Hearing: before an adverse grade binds, the party is invited, speaks, and is answered.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Event, Grade, Proceeding};
use crate::deadline::{Period, PeriodQuestion, period};
use crate::derivation::Either;
use crate::facts::Facts;
use crate::notice::Notice;
use crate::refused::Refused;
use crate::rejection::Rejection;
use crate::rulebook::Rulebook;
use crate::said::{Private, Said, must_have_words};

/// An invitation to make a statement, as it was served.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Invitation {
    /// Number of the determination.
    pub determination: u64,
    /// The day it was served.
    pub served_on: NaiveDate,
    /// How.
    pub method: String,
    /// The notice that it came with, where it follows from its service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// Until when a statement may be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_by: Option<NaiveDate>,
    /// Whether that day may still move.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
    /// Who recorded it, where somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

impl Proceeding {
    /// The day on which the party spoke first, in writing or by asking for a hearing.
    pub fn spoken_on(&self) -> Option<NaiveDate> {
        self.statement_on.into_iter().chain(self.hearing_on).min()
    }
}

impl Grade {
    /// Number of the determination that waits for an invitation, if one does.
    pub(crate) fn waits_for_invitation(&self) -> Option<u64> {
        let (determined, proceeding) = self.waiting()?;
        (determined.adverse && proceeding.invited_on.is_none()).then_some(determined.number)
    }

    /// The invitation that follows from the service of a notice, which was the last that was needed; none where nothing waits for one.
    ///
    /// # Errors
    /// `not_in_rulebook` and `unknown_rule` where the policy has no statement or no deadline for it.
    pub(crate) fn invitation(
        &self,
        rulebook: &Rulebook,
        stream: &str,
        notice: &Notice,
    ) -> Result<Option<Invitation>, Refused> {
        let (Some(determination), Some((served_on, method))) = (self.waits_for_invitation(), notice.served)
        else {
            return Ok(None);
        };
        let rule = rulebook.policy.statement.as_ref().ok_or_else(|| Refused::because("not_in_rulebook"))?;
        let period = period(rulebook, &PeriodQuestion::of(&rule.deadline, served_on))?;
        Ok(Some(Invitation {
            determination,
            served_on,
            method: method.code().to_owned(),
            notice: Some(stream.to_owned()),
            statement_by: period.date(),
            provisional: period.provisional,
            by: None,
        }))
    }

    /// The invitation was served.
    pub(super) fn invite(
        &self,
        determination: u64,
        served_on: NaiveDate,
        method: String,
        facts: &Facts,
    ) -> Result<Said<Event>, Rejection> {
        let (determined, proceeding) = self.pending(determination)?;
        if !determined.adverse {
            return Err(Rejection::WrongState { is: "no downgrade", needs: "an adverse determination" });
        }
        if proceeding.invited_on.is_some() {
            return Err(Rejection::AlreadyExists { what: "invitation" });
        }
        must_lie_between("served_on", served_on, determined.determined_on, facts.today)?;
        let by = Some(facts.actor.account.clone());
        let invitation = Invitation {
            determination,
            served_on,
            method,
            notice: None,
            statement_by: None,
            provisional: false,
            by,
        };
        Ok(Said::openly(Event::StatementInvited(Either::Stated(invitation))))
    }

    /// The party asks to be heard in person, before the time to make a statement ends.
    pub(super) fn request_hearing(
        &self,
        determination: u64,
        handed_in_on: Option<NaiveDate>,
        facts: &Facts,
    ) -> Result<Said<Event>, Rejection> {
        let (determined, proceeding) = self.pending(determination)?;
        if !determined.adverse {
            return Err(Rejection::WrongState { is: "no downgrade", needs: "an adverse determination" });
        }
        if proceeding.hearing_on.is_some() {
            return Err(Rejection::AlreadyExists { what: "request for a hearing" });
        }
        let (on, taken_by) = spoken(handed_in_on, determined.determined_on, facts)?;
        if let Some(invited_on) = proceeding.invited_on {
            let rulebook = facts.rulebook()?;
            let rule = rulebook.policy.statement.as_ref().map(|rule| rule.deadline.as_str());
            let rule = rule.ok_or_else(|| Refused::because("not_in_rulebook"))?;
            let fixed = facts.subject.as_deref().and_then(|subject| subject.statement_by(rulebook));
            let reckoned = || period(rulebook, &PeriodQuestion::of(rule, invited_on));
            let period = fixed.map_or_else(reckoned, |due| Ok(Period::ending(due)))?;
            if period.over_on(on) {
                return Err(Rejection::because("hearing_late", serde_json::json!({ "due": period.date() })));
            }
        }
        Ok(Said::openly(Event::HearingRequested { determination, on, taken_by }))
    }

    /// The party speaks, or staff record what it handed in at the counter: then the day that counts is the day of
    /// receipt there.
    pub(super) fn make_statement(
        &self,
        determination: u64,
        text: String,
        handed_in_on: Option<NaiveDate>,
        facts: &Facts,
    ) -> Result<Said<Event>, Rejection> {
        let (determined, proceeding) = self.pending(determination)?;
        if proceeding.statement_on.is_some() {
            return Err(Rejection::AlreadyExists { what: "statement" });
        }
        if text.trim().is_empty() {
            return Err(Rejection::Malformed { field: "text", needs: "the party's words" });
        }
        let (on, taken_by) = spoken(handed_in_on, determined.determined_on, facts)?;
        let event = Event::StatementMade { determination, on, taken_by };
        Ok(Said::with(event, Private::none().with("text", Some(text))))
    }

    /// The statement was considered.
    pub(super) fn consider_statement(
        &self,
        determination: u64,
        adopted: bool,
        reasons: String,
        facts: &Facts,
    ) -> Result<Said<Event>, Rejection> {
        let (_, proceeding) = self.pending(determination)?;
        if proceeding.spoken_on().is_none() {
            return Err(Rejection::WrongState { is: "without a statement", needs: "a statement made" });
        }
        if proceeding.considered_on.is_some() {
            return Err(Rejection::AlreadyExists { what: "consideration" });
        }
        must_have_words("reasons", Some(&reasons))?;
        let (by, on) = (facts.actor.account.clone(), facts.today);
        let private = Private::none().with("reasons", Some(reasons));
        Ok(Said::with(Event::StatementConsidered { determination, on, adopted, by }, private))
    }
}

/// The party's own word, or what staff take at the counter: then the day that counts is the day of receipt there.
fn spoken(
    handed_in_on: Option<NaiveDate>,
    determined_on: NaiveDate,
    facts: &Facts,
) -> Result<(NaiveDate, Option<String>), Rejection> {
    let Some(day) = handed_in_on else {
        return Ok((facts.today, None));
    };
    must_lie_between("handed_in_on", day, determined_on, facts.today)?;
    Ok((day, Some(facts.actor.account.clone())))
}

fn must_lie_between(
    field: &'static str,
    day: NaiveDate,
    determined_on: NaiveDate,
    today: NaiveDate,
) -> Result<(), Rejection> {
    if day < determined_on || day > today {
        return Err(Rejection::Malformed { field, needs: "a day from the determination to today" });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Grant, Role};
    use crate::given::{Given, given};
    use crate::grade::Command;
    use crate::premises::{Event as PremisesEvent, PartyRole};
    use crate::subject::Subject;

    fn adverse() -> Event {
        let computed = serde_json::json!({
            "type": "GradeDetermined",
            "derivation": {"scheme": {"id": "pingshan-unit-1", "sha256": "00"}, "subjects": ["premises/u-1"], "up_to": 3},
            "result": {
                "number": 1, "trigger": "first", "assessment": "a1", "assessed_on": "2026-02-27", "assessor": "a-9",
                "determined_on": "2026-02-27", "earned": 50, "applicable": 100, "score": 50, "aspects": {},
                "points": {}, "failed": [], "band": "", "caps": [], "vetoes": [], "star": 1,
                "direction": "first", "adverse": true, "needs_confirmer": true,
            },
        });
        serde_json::from_value(computed).expect("a determination")
    }

    fn house_of(party: &str) -> Subject {
        use crate::aggregate::Concept;
        let named: PartyRole = serde_json::from_value(
            serde_json::json!({"party": party, "role": "owner", "from": "2020-01-01"}),
        )
        .expect("a party");
        let mut subject = Subject::default();
        subject.premises.evolve(&PremisesEvent::ResponsiblePartyNamed(named));
        subject
    }

    fn owner_of(party: &str) -> Grant {
        Grant { role: Role::Owner, department: None, area: None, party: Some(party.into()) }
    }

    fn statement(handed_in_on: Option<&str>) -> Command {
        let handed_in_on = handed_in_on.map(crate::given::day);
        Command::MakeStatement { determination: 1, text: "电线下周更换".into(), handed_in_on }
    }

    fn waiting() -> Given<Grade> {
        given::<Grade>([adverse()]).about(house_of("p-1"))
    }

    #[test]
    fn an_owner_speaks_for_the_own_house_only() {
        let said = waiting().by_grant(owner_of("p-1")).when(statement(None)).said();
        assert!(matches!(said[0].event, Event::StatementMade { taken_by: None, .. }));
        waiting().by_grant(owner_of("p-2")).when(statement(None)).then_rejected("not_your_premises");
    }

    #[test]
    fn what_was_handed_in_counts_from_that_day_and_names_who_took_it() {
        let said = waiting().by_role(Role::LegalOfficer).when(statement(Some("2026-02-28"))).said();
        let Event::StatementMade { on, taken_by, .. } = &said[0].event else { panic!("{said:?}") };
        assert_eq!((on.to_string().as_str(), taken_by.as_deref()), ("2026-02-28", Some("a-1")));
    }

    #[test]
    fn nothing_is_handed_in_before_the_determination_or_tomorrow() {
        for day in ["2026-02-26", "2026-03-03"] {
            waiting().by_role(Role::GridWorker).when(statement(Some(day))).then_rejected("malformed");
        }
    }

    #[test]
    fn an_owner_does_not_date_a_statement_and_staff_do_not_make_their_own() {
        waiting().by_grant(owner_of("p-1")).when(statement(Some("2026-02-28"))).then_rejected("role_needed");
        waiting().by_role(Role::LegalOfficer).when(statement(None)).then_rejected("role_needed");
    }

    #[test]
    fn a_statement_is_made_once_and_considered_once() {
        let made =
            || Event::StatementMade { determination: 1, on: crate::given::day("2026-03-01"), taken_by: None };
        given::<Grade>([adverse(), made()])
            .about(house_of("p-1"))
            .by_grant(owner_of("p-1"))
            .when(statement(None))
            .then_rejected("already_exists");
        let consider =
            || Command::ConsiderStatement {
                determination: 1, adopted: false, reasons: "尚未整改".into()
            };
        given::<Grade>([adverse()]).by_role(Role::LegalOfficer).when(consider()).then_rejected("wrong_state");
        given::<Grade>([adverse(), made()]).by_role(Role::LegalOfficer).when(consider()).said();
    }
}
