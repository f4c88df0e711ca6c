//! Hearing: before an adverse grade binds, the party is invited, speaks, and is answered.

use chrono::NaiveDate;

use super::{Event, Grade};
use crate::facts::{Facts, Role};
use crate::rejection::Rejection;
use crate::said::{Private, Said};

impl Grade {
    /// The invitation was served.
    pub(super) fn invite(
        &self,
        determination: u64,
        served_on: NaiveDate,
        method: String,
        facts: &Facts,
    ) -> Result<Said<Event>, Rejection> {
        facts.actor.require(&[Role::DepartmentOfficer, Role::LegalOfficer, Role::StreetLead])?;
        let (determined, proceeding) = self.pending(determination)?;
        if !determined.adverse {
            return Err(Rejection::WrongState { is: "no downgrade", needs: "an adverse determination" });
        }
        if proceeding.invited_on.is_some() {
            return Err(Rejection::AlreadyExists { what: "invitation" });
        }
        must_lie_between("served_on", served_on, determined.determined_on, facts.today)?;
        let by = facts.actor.account.clone();
        Ok(Said::openly(Event::StatementInvited { determination, served_on, method, by }))
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
        let (on, taken_by) = match handed_in_on {
            None => {
                facts.actor.require(&[Role::Owner, Role::Operator])?;
                if !facts.subject()?.premises.answered_for_by(&facts.actor, facts.today) {
                    return Err(Rejection::NotFound {
                        what: "naming of your party as owner or operator here",
                    });
                }
                (facts.today, None)
            }
            Some(day) => {
                facts.actor.require(&[
                    Role::LegalOfficer,
                    Role::DepartmentOfficer,
                    Role::StreetLead,
                    Role::GridWorker,
                ])?;
                must_lie_between("handed_in_on", day, determined.determined_on, facts.today)?;
                (day, Some(facts.actor.account.clone()))
            }
        };
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
        facts.actor.require(&[Role::DepartmentOfficer, Role::LegalOfficer])?;
        let (_, proceeding) = self.pending(determination)?;
        if proceeding.statement_on.is_none() {
            return Err(Rejection::WrongState { is: "without a statement", needs: "a statement made" });
        }
        if proceeding.considered_on.is_some() {
            return Err(Rejection::AlreadyExists { what: "consideration" });
        }
        let (by, on) = (facts.actor.account.clone(), facts.today);
        let private = Private::none().with("reasons", Some(reasons));
        Ok(Said::with(Event::StatementConsidered { determination, on, adopted, by }, private))
    }
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
    use crate::facts::Grant;
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
        waiting().by_grant(owner_of("p-2")).when(statement(None)).then_rejected("not_found");
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
