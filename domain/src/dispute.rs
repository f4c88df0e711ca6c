//! Dispute (复议、诉讼): reconsideration or a lawsuit, which others conduct. What they ask and decide is recorded, with the
//! office's clock to reply.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aggregate::{Concept, named};
use crate::appeal::{Against, must_bind_here, of_building};
use crate::derivation::SchemeRef;
use crate::event::aggregate_type;
use crate::facts::{Facts, Role};
use crate::permission::{Permission, anywhere};
use crate::rejection::Rejection;
use crate::said::{Photo, Private, Said};

/// A dispute as its events left it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Dispute {
    /// What was notified.
    pub notified: Option<Notified>,
    /// The building's rulebook, where it is a flat's that was never assessed and contests a ban of its building.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<SchemeRef>,
    /// The day the office replied.
    pub replied_on: Option<NaiveDate>,
    /// How it ended.
    pub outcome: Option<Ended>,
    /// The day the outcome was carried out.
    pub carried_out_on: Option<NaiveDate>,
    /// Until when carrying out is suspended; no day where none was named.
    #[serde(default, deserialize_with = "named", skip_serializing_if = "Option::is_none")]
    pub suspended: Option<Option<NaiveDate>>,
}

impl Dispute {
    /// What was contested with success, and since when that is decided.
    pub fn lost(&self) -> Option<(&Against, NaiveDate)> {
        let (notified, ended) = (self.notified.as_ref()?, self.outcome.as_ref()?);
        matches!(ended.finding, Finding::Changed | Finding::Revoked).then_some((&notified.against, ended.on))
    }
}

/// Before whom.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are those of the law")]
pub enum Kind {
    Litigation,
    Reconsideration,
}

/// A notice that a dispute was brought.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Notified {
    /// Before whom.
    pub kind: Kind,
    /// The organ or court.
    pub body: String,
    /// Number of its notice.
    pub document_number: String,
    /// What is contested.
    pub against: Against,
    /// The day the notice came.
    pub received_on: NaiveDate,
    /// Until when the office must reply, as the notice or the law it names sets it.
    pub reply_by: NaiveDate,
}

/// What an organ or court decided.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are those of the law")]
pub enum Finding {
    Changed,
    Revoked,
    Settled,
    Upheld,
    Withdrawn,
}

/// How a dispute ended.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Ended {
    /// What was decided about the authority's decision. `result` is the name of what the ledger computes.
    pub finding: Finding,
    /// Number of the document.
    pub document_number: String,
    /// Its day.
    pub on: NaiveDate,
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Say that the outcome was carried out.
    CarryOut {
        /// What was done, as a code: `reassessed`, `unpublished`, `paid`, `nothing_due`.
        what: String,
    },
    /// Record that a dispute was brought.
    Notify {
        /// What is public of it.
        #[serde(flatten)]
        notified: Notified,
        /// The claims: private.
        #[serde(default)]
        claims: Option<String>,
        /// The paper: private.
        #[serde(default)]
        document: Option<Photo>,
    },
    /// Record the outcome.
    RecordOutcome {
        /// How it ended.
        #[serde(flatten)]
        outcome: Ended,
        /// The paper: private.
        #[serde(default)]
        document: Option<Photo>,
    },
    /// Record the office's reply.
    Reply {
        /// The day it was handed in.
        on: NaiveDate,
        /// The reply: private.
        #[serde(default)]
        document: Option<Photo>,
    },
    /// Record that carrying out is suspended.
    Suspend {
        /// Number of the order.
        document_number: String,
        /// Until when.
        #[serde(default)]
        until: Option<NaiveDate>,
    },
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    DisputeNotified {
        #[serde(flatten)]
        notified: Notified,
        /// The building's rulebook, where it is a flat's that was never assessed and contests a ban of its building.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scheme: Option<SchemeRef>,
        by: String,
    },
    OutcomeCarriedOut {
        what: String,
        on: NaiveDate,
        by: String,
    },
    OutcomeRecorded {
        #[serde(flatten)]
        outcome: Ended,
        by: String,
    },
    ReplyFiled {
        on: NaiveDate,
        /// Days after the last one; 0 in time.
        days_late: u64,
        by: String,
    },
    SuspensionOrdered {
        document_number: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<NaiveDate>,
        by: String,
    },
}

named!(Event { DisputeNotified, OutcomeCarriedOut, OutcomeRecorded, ReplyFiled, SuspensionOrdered });

impl Concept for Dispute {
    const TYPE: &'static str = "dispute";
    type Command = Command;
    type Event = Event;

    fn open_to(_: &Command) -> &'static [Permission] {
        const { &[anywhere(Role::LegalOfficer)] }
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        let by = facts.actor.account.clone();
        Ok(vec![match (&self.notified, command) {
            (None, Command::Notify { notified, claims, document }) => {
                must_be_notified(&notified, facts)?;
                let private = Private::none().with("claims", claims).with("document", document);
                let scheme = of_building(&notified.against, facts);
                Said::with(Event::DisputeNotified { notified, scheme, by }, private)
            }
            (Some(_), Command::Notify { .. }) => return Err(Rejection::AlreadyExists { what: "dispute" }),
            (None, _) => return Err(Rejection::NotFound { what: "dispute" }),
            (Some(notified), Command::Reply { on, document }) => {
                if self.replied_on.is_some() {
                    return Err(Rejection::AlreadyExists { what: "reply" });
                }
                must_lie_between("on", notified.received_on, on, facts.today)?;
                let late = on.signed_duration_since(notified.reply_by).num_days();
                let days_late = u64::try_from(late).unwrap_or_default();
                Said::with(
                    Event::ReplyFiled { on, days_late, by },
                    Private::none().with("document", document),
                )
            }
            (Some(_), Command::Suspend { document_number, until }) => {
                must_have_document(&document_number)?;
                if self.outcome.is_some() {
                    return Err(Rejection::WrongState { is: "ended", needs: "a dispute under way" });
                }
                if until.is_some_and(|until| until < facts.today) {
                    return Err(Rejection::Malformed { field: "until", needs: "today or a later day" });
                }
                Said::openly(Event::SuspensionOrdered { document_number, until, by })
            }
            (Some(notified), Command::RecordOutcome { outcome, document }) => {
                if self.outcome.is_some() {
                    return Err(Rejection::AlreadyExists { what: "outcome" });
                }
                must_have_document(&outcome.document_number)?;
                must_lie_between("on", notified.received_on, outcome.on, facts.today)?;
                Said::with(Event::OutcomeRecorded { outcome, by }, Private::none().with("document", document))
            }
            (Some(_), Command::CarryOut { what }) => {
                if self.outcome.is_none() {
                    return Err(Rejection::WrongState { is: "under way", needs: "an outcome" });
                }
                if self.carried_out_on.is_some() {
                    return Err(Rejection::AlreadyExists { what: "carrying out" });
                }
                if what.trim().is_empty() {
                    return Err(Rejection::Malformed { field: "what", needs: "what was done" });
                }
                Said::openly(Event::OutcomeCarriedOut { what, on: facts.today, by })
            }
        }])
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::DisputeNotified { notified, scheme, .. } => {
                self.notified = Some(notified.clone());
                self.scheme.clone_from(scheme);
            }
            Event::OutcomeCarriedOut { on, .. } => self.carried_out_on = Some(*on),
            Event::OutcomeRecorded { outcome, .. } => {
                self.outcome = Some(outcome.clone());
                self.suspended = None;
            }
            Event::ReplyFiled { on, .. } => self.replied_on = Some(*on),
            Event::SuspensionOrdered { until, .. } => self.suspended = Some(*until),
        }
    }
}

/// A suspension that names no day is one all the same.
fn named<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<NaiveDate>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

fn must_be_notified(notified: &Notified, facts: &Facts) -> Result<(), Rejection> {
    let subject = facts.subject()?;
    let against = &notified.against;
    let own = facts.is_of_subject(&against.stream);
    let grade = aggregate_type(&against.stream) == "grade";
    if own && grade && !against.is_of_grade(&subject.grade) {
        return Err(Rejection::NotFound { what: "determination that is contested" });
    }
    if !own {
        must_bind_here(against, facts)?;
    }
    if notified.body.trim().is_empty() {
        return Err(Rejection::Malformed { field: "body", needs: "the organ or court" });
    }
    must_have_document(&notified.document_number)?;
    if notified.received_on > facts.today {
        return Err(Rejection::Malformed { field: "received_on", needs: "today or an earlier day" });
    }
    if notified.reply_by < notified.received_on {
        return Err(Rejection::Malformed { field: "reply_by", needs: "a day after the notice came" });
    }
    Ok(())
}

fn must_lie_between(
    field: &'static str,
    first: NaiveDate,
    day: NaiveDate,
    last: NaiveDate,
) -> Result<(), Rejection> {
    if day < first || day > last {
        return Err(Rejection::Malformed { field, needs: "a day from the notice of the dispute to today" });
    }
    Ok(())
}

fn must_have_document(number: &str) -> Result<(), Rejection> {
    if number.trim().is_empty() {
        return Err(Rejection::because("no_document", Value::Null));
    }
    Ok(())
}
