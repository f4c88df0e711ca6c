//! Serving (送达): who handed a notice to whom, what failed, and the dates that run from the day of service.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Event, Issued, Notice};
use crate::deadline::{PeriodQuestion, period};
use crate::facts::{Facts, Role};
use crate::refused::Refused;
use crate::rejection::Rejection;
use crate::rulebook::Rulebook;
use crate::said::{Photo, Private, Said};

/// How a notice is served.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are those of the glossary")]
pub enum Method {
    Agent,
    Announcement,
    Direct,
    Electronic,
    HouseholdAdult,
    LeftInPlace,
    Post,
}

impl Method {
    /// The name on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Announcement => "announcement",
            Self::Direct => "direct",
            Self::Electronic => "electronic",
            Self::HouseholdAdult => "household_adult",
            Self::LeftInPlace => "left_in_place",
            Self::Post => "post",
        }
    }
}

/// Dates that run from a service.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RemedyDates {
    /// The day of service.
    pub served_on: NaiveDate,
    /// One for each remedy that the notice tells.
    pub dates: Vec<RemedyDate>,
}

/// The last day of a remedy.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RemedyDate {
    /// The policy's deadline.
    pub rule: String,
    /// The last day; while provisional the day it does not end before.
    pub due: NaiveDate,
    /// Whether it may still move once a calendar is published: nobody is late on it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
}

/// Provisional dates that a published calendar made final.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct FixedDates {
    /// Each with its final day.
    pub dates: Vec<RemedyDate>,
}

/// What was seen at the door.
pub(super) struct Handed {
    pub(super) recipient: Option<String>,
    pub(super) relation: Option<String>,
    pub(super) witnesses: Vec<String>,
    pub(super) receipt: Option<Photo>,
}

impl RemedyDate {
    fn of(rulebook: &Rulebook, rule: &str, served_on: NaiveDate) -> Result<Self, Refused> {
        let period = period(rulebook, &PeriodQuestion::of(rule, served_on))?;
        let due = period.date().unwrap_or(served_on);
        Ok(Self { rule: rule.to_owned(), due, provisional: period.provisional })
    }
}

impl Notice {
    /// The dates that run from its service.
    ///
    /// # Errors
    /// `unknown_rule` where the rulebook has another policy than the one it was issued under.
    pub(crate) fn dates(&self, rulebook: &Rulebook) -> Result<Option<RemedyDates>, Refused> {
        let (Some(issued), Some((served_on, _))) = (&self.issued, self.served) else { return Ok(None) };
        let dates = issued.remedies.iter().map(|remedy| RemedyDate::of(rulebook, &remedy.rule, served_on));
        let dates = dates.collect::<Result<Vec<_>, _>>()?;
        Ok((!dates.is_empty()).then_some(RemedyDates { served_on, dates }))
    }

    /// The provisional dates as this rulebook's calendar fixes them on a day, once it fixes all of them. None ends before that day: nobody
    /// could know it.
    ///
    /// # Errors
    /// As [`Notice::dates`].
    pub(crate) fn fixed_dates(
        &self,
        rulebook: &Rulebook,
        on: NaiveDate,
    ) -> Result<Option<FixedDates>, Refused> {
        let Some((served_on, _)) = self.served else { return Ok(None) };
        let open = self.remedy_dates.iter().filter(|date| date.provisional);
        let dates = open.map(|date| {
            let date = RemedyDate::of(rulebook, &date.rule, served_on)?;
            Ok(RemedyDate { due: date.due.max(on), ..date })
        });
        let dates = dates.collect::<Result<Vec<_>, Refused>>()?;
        let fixed = !dates.is_empty() && dates.iter().all(|date| !date.provisional);
        Ok(fixed.then_some(FixedDates { dates }))
    }

    pub(super) fn acknowledge(&self, issued: &Issued, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        must_be_addressed(issued, facts)?;
        if self.acknowledged_on.is_some() {
            return Ok(vec![]);
        }
        let by = facts.actor.account.clone();
        Ok(vec![Said::openly(Event::NoticeAcknowledged { on: facts.today, by })])
    }

    pub(super) fn serve(
        &self,
        issued: &Issued,
        method: Method,
        on: NaiveDate,
        handed: Handed,
        facts: &Facts,
    ) -> Result<Vec<Said<Event>>, Rejection> {
        self.must_be_unserved()?;
        if on < issued.on || on > facts.today {
            return Err(Rejection::Malformed {
                field: "on",
                needs: "a day from the notice's issue to today",
            });
        }
        match method {
            Method::Announcement => {
                return Err(Rejection::Malformed { field: "method", needs: "the command to announce it" });
            }
            Method::Electronic if !self.electronic_agreed => {
                return Err(Rejection::because("address_not_confirmed", Value::Null));
            }
            Method::LeftInPlace if handed.witnesses.is_empty() => {
                return Err(Rejection::because("witness_needed", Value::Null));
            }
            Method::HouseholdAdult if is_empty(handed.relation.as_deref()) => {
                return Err(Rejection::Malformed {
                    field: "relation",
                    needs: "what the adult is to the party",
                });
            }
            _ => {}
        }
        let witnesses = handed.witnesses.len() as u64;
        let private = Private::none()
            .with("recipient", handed.recipient)
            .with("relation", handed.relation)
            .with("witness_names", (witnesses > 0).then_some(handed.witnesses))
            .with("receipt", handed.receipt);
        let by = facts.actor.account.clone();
        Ok(vec![Said::with(Event::NoticeServed { method, on, witnesses, by }, private)])
    }

    pub(super) fn fail(
        &self,
        method: Method,
        why: String,
        note: Option<String>,
        facts: &Facts,
    ) -> Result<Vec<Said<Event>>, Rejection> {
        self.must_be_unserved()?;
        if !FAILURES.contains(&why.as_str()) {
            return Err(Rejection::Malformed {
                field: "why",
                needs: "no_answer, refused, moved, unknown_address or returned",
            });
        }
        let (by, on, attempt) = (facts.actor.account.clone(), facts.today, self.failed.saturating_add(1));
        let event = Event::ServiceFailed { method, on, why, attempt, by };
        Ok(vec![Said::with(event, Private::none().with("note", note))])
    }

    pub(super) fn announce(&self, place: String, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        self.must_be_unserved()?;
        if self.failed == 0 {
            return Err(Rejection::because("announcement_too_soon", Value::Null));
        }
        if place.trim().is_empty() {
            return Err(Rejection::Malformed { field: "place", needs: "where it is announced" });
        }
        let announced_on = facts.today;
        let period = period(facts.rulebook()?, &PeriodQuestion::of(ANNOUNCEMENT, announced_on))?;
        let on = period.date().unwrap_or(announced_on);
        let by = facts.actor.account.clone();
        Ok(vec![Said::openly(Event::ServedByAnnouncement { announced_on, on, place, by })])
    }

    fn must_be_unserved(&self) -> Result<(), Rejection> {
        if self.served.is_some() {
            return Err(Rejection::AlreadyExists { what: "service of this notice" });
        }
        Ok(())
    }
}

/// The party, or staff with its signed paper, says where it wants to be served.
pub(super) fn confirm_address(
    issued: &Issued,
    address: String,
    contact: Option<String>,
    electronic: bool,
    facts: &Facts,
) -> Result<Vec<Said<Event>>, Rejection> {
    let party = facts.actor.holds(Role::Owner) || facts.actor.holds(Role::Operator);
    if party && !facts.actor.received {
        must_be_addressed(issued, facts)?;
    }
    if address.trim().is_empty() {
        return Err(Rejection::Malformed { field: "address", needs: "where the party wants to be served" });
    }
    let event =
        Event::ServiceAddressConfirmed { on: facts.today, electronic, by: facts.actor.account.clone() };
    let private = Private::none().with("address", Some(address)).with("contact", contact);
    Ok(vec![Said::with(event, private)])
}

/// The actor speaks for the party it goes to, or for one that answers for the premises.
fn must_be_addressed(issued: &Issued, facts: &Facts) -> Result<(), Rejection> {
    let speaks = |party: &String| facts.actor.grants.iter().any(|grant| grant.party.as_ref() == Some(party));
    let addressed = match (&issued.to, &facts.subject) {
        (Some(to), _) => facts.actor.received || speaks(to),
        (None, Some(subject)) => subject.premises.answered_for_by(&facts.actor, facts.today),
        (None, None) => facts.actor.received,
    };
    if addressed { Ok(()) } else { Err(Rejection::NotFound { what: "notice to your party" }) }
}

fn is_empty(text: Option<&str>) -> bool {
    text.is_none_or(|text| text.trim().is_empty())
}

/// The policy's deadline after which an announced notice counts as served.
const ANNOUNCEMENT: &str = "announcement_service";
const FAILURES: [&str; 5] = ["no_answer", "refused", "moved", "unknown_address", "returned"];
