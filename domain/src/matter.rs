//! Matter (事项): what runs at premises, of whatever kind, as those see it who live by a list: how far it is, whom it waits
//! on, until when. Told from the states and clocks of the concepts themselves; nothing is decided here.
//!
//! Invariants:
//! - a deadline shown here is the one by which lateness is marked ([`crate::passing`]);
//! - nothing private is told: codes, numbers, days, accounts.

mod case;
mod docket;
mod remedy;
mod sight;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use self::docket::{Case, Docket, Moment};
pub use self::sight::{Figures, Sight, TOLD, UNTOLD, reads_figures, reads_rounds_of, sights};
use crate::deadline::Period;
use crate::facts::Role;
use crate::passing::office;
use crate::reaction::Rulebooks;
use crate::rulebook::Rulebook;
use crate::subject::Subject;

/// What kind of matter.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "each is the concept of that name")]
pub enum Kind {
    Alert,
    Appeal,
    Assessment,
    Dispute,
    /// What the office owes unasked by a grade: a result to tell in writing, a plaque to hang or take down, people to warn of a risk.
    Duty,
    /// A determination that needs a person before it binds: a lower grade, a prohibition, its lifting.
    Grade,
    Hazard,
    Incident,
    Notice,
    Reevaluation,
    Report,
    Task,
}

impl Kind {
    /// All kinds, in the order in which they are shown.
    pub const ALL: [Self; 12] = [
        Self::Hazard,
        Self::Report,
        Self::Task,
        Self::Assessment,
        Self::Grade,
        Self::Duty,
        Self::Notice,
        Self::Appeal,
        Self::Reevaluation,
        Self::Dispute,
        Self::Incident,
        Self::Alert,
    ];

    /// The name on the wire: that of its stream; what is owed by a grade has none of its own.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Appeal => "appeal",
            Self::Assessment => "assessment",
            Self::Dispute => "dispute",
            Self::Duty => "duty",
            Self::Grade => "grade",
            Self::Hazard => "hazard",
            Self::Incident => "incident",
            Self::Notice => "notice",
            Self::Reevaluation => "reevaluation",
            Self::Report => "report",
            Self::Task => "task",
        }
    }

    /// The kind of this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Something that runs, or has ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Matter {
    /// What kind.
    pub kind: Kind,
    /// Its stream, `premises/p-1/hazard/7`; of a duty its rule behind the stream that it follows from, `premises/p-1/grade/plaque_post`.
    pub stream: String,
    /// How far it is, as a code of its kind.
    pub stage: &'static str,
    /// What it is about, as a code of its kind: an indicator, a category, a kind of notice.
    pub about: String,
    /// What tells it from others of the same: a severity, a document's number, a department.
    pub detail: Option<String>,
    /// The party it is addressed to or comes from, where it is one party's.
    pub party: Option<String>,
    /// The department that answers for it, where one does.
    pub department: Option<String>,
    /// Subdistricts, communities or grid cells it is for, where it is of no premises.
    pub areas: Vec<String>,
    /// Who has the next word; nobody while it waits for somebody outside, and once it has ended.
    pub waits_on: Vec<Hand>,
    /// What runs, the earliest first.
    pub deadlines: Vec<Deadline>,
    /// The number under which the reporter follows it.
    pub tracking: Option<String>,
    /// How it ended, once it has.
    pub ended: Option<String>,
}

/// Who has the next word in a matter. What is absent does not matter; an account is that one alone.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Hand {
    /// The role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The department.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// The one account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The party, where it is one of several that answer for the premises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
    /// From this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// To the end of this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

impl Hand {
    fn of_role(role: Role) -> Self {
        Self { role: Some(role), ..Self::default() }
    }

    fn of_roles(roles: &[Role]) -> Vec<Self> {
        roles.iter().copied().map(Self::of_role).collect()
    }

    fn of_department(role: Option<Role>, department: &str) -> Self {
        Self { role, department: Some(department.to_owned()), ..Self::default() }
    }

    fn of_account(account: &str) -> Self {
        Self { account: Some(account.to_owned()), ..Self::default() }
    }

    /// Who answers for the premises; one party of them where it is named.
    fn of_party(party: Option<&str>) -> Self {
        Self { party: party.map(str::to_owned), ..Self::of_role(Role::Owner) }
    }
}

/// A deadline that runs.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Deadline {
    /// Which: an id of the policy's deadlines, or what else sets it: `rectification`, `task`, `assessment`, `dispute_reply`.
    pub rule: String,
    /// The last day; while provisional the day it does not end before.
    pub due: NaiveDate,
    /// Whether it may still move once a calendar is published: nobody is late on it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
    /// Whose it is.
    pub whose: Whose,
    /// A right that ends on that day, and no duty: nobody is ever late on it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lapses: bool,
}

/// Whose a deadline is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// The office's own.
    Office,
    /// A party's.
    Party,
}

impl Deadline {
    /// Something the office has to do by a day.
    fn office(rule: &str, due: NaiveDate) -> Self {
        Self { rule: rule.to_owned(), due, provisional: false, whose: Whose::Office, lapses: false }
    }

    /// As [`Deadline::office`], as a period is shown; none where it has no end.
    fn office_period(rule: &str, period: &Period) -> Option<Self> {
        Some(Self { provisional: period.provisional, ..Self::office(rule, period.date()?) })
    }

    /// Something a party has to do by a day.
    fn party(rule: &str, due: NaiveDate) -> Self {
        Self { whose: Whose::Party, ..Self::office(rule, due) }
    }

    /// A right of a party that ends with a day.
    fn right(rule: &str, due: NaiveDate, provisional: bool) -> Self {
        Self { provisional, lapses: true, ..Self::party(rule, due) }
    }

    /// Since which day somebody is late on it, seen from a day.
    pub fn late_since(&self, today: NaiveDate) -> Option<NaiveDate> {
        let late = !self.provisional && !self.lapses && self.due < today;
        late.then(|| self.due.succ_opt()).flatten()
    }
}

impl Matter {
    /// What is due next: of duties the earliest, else of rights the earliest.
    pub fn next(&self) -> Option<&Deadline> {
        self.deadlines.iter().find(|deadline| !deadline.lapses).or_else(|| self.deadlines.first())
    }
}

/// Everything that runs at these premises, and what has ended as far as its state is there, by kind and stream. `own` is
/// their subject, `premises/p-1`; that of an alert is `alert/n-1`.
pub fn matters(own: &str, subject: &Subject, rulebooks: &dyn Rulebooks) -> Vec<Matter> {
    let look = Look::of(own, subject, rulebooks);
    let mut all: Vec<Matter> = look.alert().into_iter().chain(look.grade()).chain(look.duties()).collect();
    all.extend(subject.assessments.iter().filter_map(|(key, of)| look.assessment(key, of)));
    all.extend(subject.hazards.iter().filter_map(|(key, of)| look.hazard(key, of)));
    all.extend(subject.incidents.iter().filter_map(|(key, of)| look.incident(key, &of.state)));
    all.extend(subject.reports.iter().filter_map(|(key, of)| look.report(key, of)));
    all.extend(subject.tasks.iter().filter_map(|(key, of)| look.task(key, of)));
    all.extend(subject.notices.iter().filter_map(|(key, of)| look.notice(key, &of.state)));
    all.extend(subject.appeals.iter().filter_map(|(key, of)| look.appeal(key, &of.state)));
    all.extend(subject.disputes.iter().filter_map(|(key, of)| look.dispute(key, &of.state)));
    all.extend(subject.reevaluations.iter().filter_map(|(key, of)| look.reevaluation(key, &of.state)));
    for matter in &mut all {
        matter.deadlines.sort_by_key(|deadline| deadline.due);
        if matter.ended.is_some() {
            matter.waits_on.clear();
        }
    }
    all
}

/// A look at premises under the rulebook of their procedures.
struct Look<'a> {
    own: &'a str,
    office: Vec<office::OfficeDeadline>,
    rulebook: Option<Arc<Rulebook>>,
    rulebooks: &'a dyn Rulebooks,
    subject: &'a Subject,
}

impl<'a> Look<'a> {
    fn of(own: &'a str, subject: &'a Subject, rulebooks: &'a dyn Rulebooks) -> Self {
        let rulebook = subject.scheme().and_then(|scheme| rulebooks.rulebook(&scheme));
        let running = |rulebook: &Arc<Rulebook>| office::running(rulebook, own, subject);
        let office = rulebook.as_ref().map(running).unwrap_or_default();
        Self { own, office, rulebook, rulebooks, subject }
    }

    fn stream(&self, kind: Kind, key: &str) -> String {
        format!("{}/{}/{key}", self.own, kind.code())
    }

    /// A matter of which nothing more is known yet.
    fn matter(&self, kind: Kind, key: &str, stage: &'static str, about: impl Into<String>) -> Matter {
        Matter {
            kind,
            stream: self.stream(kind, key),
            stage,
            about: about.into(),
            detail: None,
            party: None,
            department: None,
            areas: vec![],
            waits_on: vec![],
            deadlines: vec![],
            tracking: None,
            ended: None,
        }
    }

    /// The office's deadline on a stream, as the runner reckons it.
    fn office_deadline(&self, stream: &str) -> Option<Deadline> {
        let runs = self.office.iter().find(|runs| runs.about == stream)?;
        Deadline::office_period(runs.rule, &runs.period)
    }
}
