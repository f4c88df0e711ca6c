//! Hearing: before an adverse grade binds, the party is invited, speaks, and is answered.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Determination, Event, Grade, Proceeding};
use crate::deadline::{Period, PeriodQuestion, period};
use crate::derivation::Either;
use crate::facts::Facts;
use crate::notice::Notice;
use crate::refused::Refused;
use crate::rejection::Rejection;
use crate::rulebook::Rulebook;
use crate::said::{Private, Said, must_have_words};
use crate::subject::Subject;

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

/// What a party said of a determination when the time for it was over.
#[derive(Clone, Debug, PartialEq)]
pub struct LateStatement {
    /// The day it came.
    pub on: NaiveDate,
    /// Who took it at the counter.
    pub taken_by: Option<String>,
    /// The account of who made it or took it.
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
            let period = time_to_speak(invited_on, facts.subject.as_deref(), facts.rulebook()?)?;
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
        let determined_on = match self.pending(determination) {
            Ok((_, proceeding)) if proceeding.statement_on.is_some() => {
                return Err(Rejection::AlreadyExists { what: "statement" });
            }
            Ok((determined, _)) => determined.determined_on,
            Err(decided) => self.bound_adverse(determination).ok_or(decided)?.determined_on,
        };
        if text.trim().is_empty() {
            return Err(Rejection::Malformed { field: "text", needs: "the party's words" });
        }
        let (on, taken_by) = spoken(handed_in_on, determined_on, facts)?;
        let late = match facts.rulebook.as_deref() {
            Some(rulebook) => {
                self.is_statement_late(determination, on, facts.subject.as_deref(), rulebook)?
            }
            None => false,
        };
        if late && self.late_statements.contains_key(&determination) {
            return Err(Rejection::AlreadyExists { what: "statement" });
        }
        let by = late.then(|| facts.actor.account.clone());
        let event = Event::StatementMade { determination, on, taken_by, late, by };
        Ok(Said::with(event, Private::none().with("text", Some(text))))
    }

    /// Whether what the party says of this determination on a day comes too late to hold it up: the time to speak has ended, or
    /// it binds already.
    ///
    /// # Errors
    /// `not_in_rulebook` and `unknown_rule` where the policy has no statement or no deadline for it.
    pub fn is_statement_late(
        &self,
        determination: u64,
        on: NaiveDate,
        subject: Option<&Subject>,
        rulebook: &Rulebook,
    ) -> Result<bool, Refused> {
        let Some((determined, proceeding)) = self.waiting().filter(|(it, _)| it.number == determination)
        else {
            return Ok(self.bound_adverse(determination).is_some());
        };
        match proceeding.invited_on.filter(|_| determined.adverse) {
            Some(invited_on) => Ok(time_to_speak(invited_on, subject, rulebook)?.over_on(on)),
            None => Ok(false),
        }
    }

    /// The determination that binds, where it is this one and the party was to be heard about it.
    fn bound_adverse(&self, determination: u64) -> Option<&Determination> {
        let bound = self.in_force().map(|binding| &binding.determination);
        bound.filter(|bound| bound.number == determination && bound.adverse)
    }

    /// Number of the determination that the party can still speak about, in time or late.
    pub fn to_speak_about(&self) -> Option<u64> {
        let waiting = self.waiting().map(|(determined, _)| determined.number);
        let bound = || self.in_force().map(|binding| binding.determination.number);
        waiting.or_else(|| bound().filter(|number| self.bound_adverse(*number).is_some()))
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

/// How long the party may speak; a later calendar may have fixed that.
fn time_to_speak(
    invited_on: NaiveDate,
    subject: Option<&Subject>,
    rulebook: &Rulebook,
) -> Result<Period, Refused> {
    let rule = rulebook.policy.statement.as_ref().map(|rule| rule.deadline.as_str());
    let rule = rule.ok_or_else(|| Refused::because("not_in_rulebook"))?;
    let fixed = subject.and_then(|subject| subject.statement_by(rulebook));
    fixed.map_or_else(
        || period(rulebook, &PeriodQuestion::of(rule, invited_on)),
        |due| Ok(Period::ending(due)),
    )
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

    fn made_on(day: &str) -> Event {
        let on = crate::given::day(day);
        Event::StatementMade { determination: 1, on, taken_by: None, late: false, by: None }
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
    fn what_is_said_too_late_is_kept_and_holds_nothing_up() {
        let invited = || {
            Event::StatementInvited(Either::Stated(Invitation {
                determination: 1,
                served_on: crate::given::day("2026-03-02"),
                method: "direct".into(),
                notice: None,
                statement_by: None,
                provisional: false,
                by: None,
            }))
        };
        let confirmed = || Event::AdverseGradeConfirmed {
            determination: 1,
            on: crate::given::day("2026-03-06"),
            document_number: "1".into(),
            waiver_ground: None,
            by: "a-7".into(),
        };
        let says = |events: Vec<Event>, on: &str| {
            given::<Grade>(events)
                .about(house_of("p-1"))
                .by_grant(owner_of("p-1"))
                .under(crate::shipped::pingshan(crate::rulebook::Layer::Unit))
                .on(on)
                .when(statement(None))
        };
        let is_late = |event: &Event| matches!(event, Event::StatementMade { late: true, by: Some(_), .. });
        let in_time = says(vec![adverse(), invited()], "2026-03-05").said();
        assert!(!is_late(&in_time[0].event), "three working days");
        let late = says(vec![adverse(), invited()], "2026-03-06").said();
        assert!(is_late(&late[0].event));
        let after = says(vec![adverse(), invited(), confirmed()], "2026-03-20").said();
        assert!(is_late(&after[0].event), "it binds, and the word is kept all the same");
        let said = after[0].event.clone();
        says(vec![adverse(), invited(), confirmed(), said.clone()], "2026-03-21")
            .then_rejected("already_exists");
        // nothing is to be considered before it is confirmed
        given::<Grade>([adverse(), invited(), said])
            .by_role(Role::LegalOfficer)
            .when(Command::ConsiderStatement { determination: 1, adopted: true, reasons: "x".into() })
            .then_rejected("wrong_state");
    }

    #[test]
    fn a_statement_is_made_once_and_considered_once() {
        let made = || made_on("2026-03-01");
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
