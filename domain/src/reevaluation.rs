//! Re-evaluation (复评): a party asks to be graded again, after works or because something is new.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::aggregate::{Concept, named};
use crate::assessment::{Reason, Stage as AssessmentStage};
use crate::counter::{self, Word};
use crate::derivation::Either;
use crate::facts::{Facts, Role};
use crate::permission::{AT_THE_COUNTER, OWNER_OR_OPERATOR, Permission, anywhere, in_area, on_beat};
use crate::reaction::{Due, Rulebooks};
use crate::rejection::Rejection;
use crate::said::{Photo, Private, Said, photos};
use crate::subject::Subject;

/// A request to be graded again as its events left it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Reevaluation {
    /// The day it came.
    pub requested_on: Option<NaiveDate>,
    /// Who asked, or took it down.
    #[serde(default)]
    pub requested_by: String,
    /// What became of it.
    pub answer: Option<Answer>,
}

/// What became of a request.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Answer {
    /// An assessment was opened.
    Granted {
        /// Its key.
        assessment: String,
    },
    /// It was declined.
    Declined,
    /// It was meant as an appeal, and goes on as one.
    Turned,
}

/// Why a party asks.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Why {
    CircumstancesChanged,
    LateStatement,
    Rectified,
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Decline it, with what is missing.
    Decline {
        /// What is missing, as codes: `works_unfinished`, `hazard_open`, `papers_missing`, `penalty_unpaid`.
        missing: Vec<String>,
        /// In words: private.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Grant it: name the assessment that was opened.
    Grant {
        /// Its key.
        assessment: String,
    },
    /// Ask.
    Request {
        /// Why.
        why: Why,
        /// In words: private.
        #[serde(default)]
        text: Option<String>,
        /// Photos: private.
        #[serde(default)]
        photos: Vec<Photo>,
        /// The day it was handed in on paper, when staff record it for the party.
        #[serde(default)]
        handed_in_on: Option<NaiveDate>,
        /// The appeal that was meant for this, by the last segment of its stream: its first date stays.
        #[serde(default)]
        turned_from: Option<String>,
    },
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    ReevaluationDeclined { missing: Vec<String>, on: NaiveDate, by: String },
    ReevaluationGranted { assessment: String, on: NaiveDate, by: String },
    ReevaluationRequested(Either<Requested>),
}

/// A request, as a party makes it or as it follows from a statement that came late.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Requested {
    /// Why.
    pub why: Why,
    /// The day it came.
    pub on: NaiveDate,
    /// Who took it at the counter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_by: Option<String>,
    /// The appeal that was meant for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turned_from: Option<String>,
    /// Of a statement that came late, the number of the determination it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_on: Option<u64>,
    /// The account of who asked, or took it down.
    #[serde(default)]
    pub by: String,
}

named!(Event { ReevaluationDeclined, ReevaluationGranted, ReevaluationRequested });

impl Concept for Reevaluation {
    const TYPE: &'static str = "reevaluation";
    type Command = Command;
    type Event = Event;

    fn open_to(command: &Command) -> &'static [Permission] {
        match command {
            Command::Decline { .. } | Command::Grant { .. } => {
                const { &[anywhere(Role::DepartmentOfficer), in_area(Role::StreetLead), on_beat(Role::GridWorker)] }
            }
            Command::Request { handed_in_on: Some(_), .. } => AT_THE_COUNTER,
            Command::Request { .. } => OWNER_OR_OPERATOR,
        }
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        Self::must_not_have_turned(facts)?;
        match (self.requested_on, command) {
            (None, Command::Request { why, text, photos, handed_in_on, turned_from }) => {
                request(why, text, &photos, (handed_in_on, turned_from), facts)
            }
            (Some(_), Command::Request { .. }) => Err(Rejection::AlreadyExists { what: "request" }),
            (None, _) => Err(Rejection::NotFound { what: "request" }),
            (Some(_), _) if self.answer.is_some() => {
                Err(Rejection::WrongState { is: "answered", needs: "a request not answered yet" })
            }
            (Some(requested_on), Command::Grant { assessment }) => grant(assessment, requested_on, facts),
            (Some(_), Command::Decline { missing, reason }) => {
                if missing.is_empty() || missing.iter().any(|what| what.trim().is_empty()) {
                    return Err(Rejection::Malformed { field: "missing", needs: "what is still missing" });
                }
                let by = facts.actor.account.clone();
                let event = Event::ReevaluationDeclined { missing, on: facts.today, by };
                Ok(vec![Said::with(event, Private::none().with("reason", reason))])
            }
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::ReevaluationDeclined { .. } => self.answer = Some(Answer::Declined),
            Event::ReevaluationGranted { assessment, .. } => {
                self.answer = Some(Answer::Granted { assessment: assessment.clone() });
            }
            Event::ReevaluationRequested(requested) => {
                let requested = requested.facts();
                self.requested_on = Some(requested.on);
                self.requested_by.clone_from(&requested.by);
            }
        }
    }
}

impl Reevaluation {
    /// Refuses what has gone on as an appeal. Its own stream does not say so: the appeal's does.
    fn must_not_have_turned(facts: &Facts) -> Result<(), Rejection> {
        let of = facts.subject.as_deref().and_then(|subject| subject.reevaluations.get(facts.last_segment()));
        match of.and_then(|of| of.state.answer.as_ref()) {
            Some(Answer::Turned) => Err(Rejection::WrongState {
                is: "turned into an appeal",
                needs: "a request that goes on here",
            }),
            _ => Ok(()),
        }
    }
}

fn request(
    why: Why,
    text: Option<String>,
    shown: &[Photo],
    (handed_in_on, turned_from): (Option<NaiveDate>, Option<String>),
    facts: &Facts,
) -> Result<Vec<Said<Event>>, Rejection> {
    let subject = facts.subject()?;
    subject.must_be_open()?;
    // another office may be asked for a new rating before the first one is published
    if subject.grade.latest.is_none() && !facts.of_another_office() {
        return Err(Rejection::NotFound { what: "grade to be looked at again" });
    }
    if subject.reevaluations.values().any(|of| of.state.requested_on.is_some() && of.state.answer.is_none()) {
        return Err(Rejection::AlreadyExists { what: "request that is not answered yet" });
    }
    let by = facts.actor.account.clone();
    let Word { on, taken_by } = counter::heard(handed_in_on, facts)?;
    let on = match &turned_from {
        Some(appeal) => first_filed(appeal, subject, facts)?,
        None => on,
    };
    let requested = Requested { why, on, taken_by, turned_from, statement_on: None, by };
    let event = Event::ReevaluationRequested(Either::Stated(requested));
    Ok(vec![Said::with(event, Private::none().with("text", text).with("photos", photos(shown)))])
}

/// The day on which an appeal came that nobody has decided and that was meant for this: whoever chose the wrong door loses no day.
fn first_filed(appeal: &str, subject: &Subject, facts: &Facts) -> Result<NaiveDate, Rejection> {
    let of = subject.appeals.get(appeal).map(|of| &of.state);
    let own =
        of.filter(|of| of.decision.is_none() && (of.filed_by == facts.actor.account || facts.actor.received));
    own.and_then(|of| of.filed_on).ok_or(Rejection::NotFound { what: "undecided appeal of yours here" })
}

/// The assessment is one of these premises, opened on this request.
fn grant(assessment: String, requested_on: NaiveDate, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
    let of = facts.subject()?.assessments.get(&assessment);
    let of = of.ok_or(Rejection::NotFound { what: "assessment opened on this request" })?;
    let asked = matches!(of.state.reason, Some(Reason::AfterRectification | Reason::OwnerRequest));
    let since = of.opened_on.is_some_and(|opened| opened >= requested_on);
    if of.state.stage == AssessmentStage::Withdrawn || !asked || !since {
        return Err(Rejection::WrongState {
            is: "another assessment",
            needs: "one opened since on the owner's request or after rectification",
        });
    }
    let by = facts.actor.account.clone();
    Ok(vec![Said::openly(Event::ReevaluationGranted { assessment, on: facts.today, by })])
}

/// A statement that came late is taken as a request to be graded again.
pub(crate) fn late_statement_due(
    own: &str,
    subject: &Subject,
    determination: u64,
    rulebooks: &dyn Rulebooks,
) -> Option<Due> {
    let scheme = subject.scheme()?;
    rulebooks.rulebook(&scheme).filter(|rulebook| rulebook.policy.operating)?;
    let key = format!("{LATE_STATEMENT}{determination}");
    requested_by_statement(subject, &key)?;
    Some(Due {
        reaction: "late_statement",
        stream: format!("{own}/reevaluation/{key}"),
        event_type: "ReevaluationRequested",
        scheme,
        subjects: vec![own.to_owned()],
    })
}

/// The request that a statement of this key is taken as; none while another request waits for its answer, which is read with it.
pub(crate) fn requested_by_statement(subject: &Subject, key: &str) -> Option<Requested> {
    let number = key.strip_prefix(LATE_STATEMENT)?.parse().ok()?;
    let late = subject.grade.late_statements.get(&number)?;
    let waits = |of: &Reevaluation| of.requested_on.is_some() && of.answer.is_none();
    if subject.reevaluations.contains_key(key) || subject.reevaluations.values().any(|of| waits(&of.state)) {
        return None;
    }
    Some(Requested {
        why: Why::LateStatement,
        on: late.on,
        taken_by: late.taken_by.clone(),
        turned_from: None,
        statement_on: Some(number),
        by: late.by.clone().unwrap_or_default(),
    })
}

/// Before the number of the determination, in the key of a request that a late statement is taken as.
const LATE_STATEMENT: &str = "late-statement-";
