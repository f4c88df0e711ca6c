//! Task (网格事件): what is no hazard but must be done, sent to somebody, taken, done or given back.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::aggregate::{Concept, named};
use crate::facts::{Actor, Facts, Role};
use crate::permission::{Permission, anywhere, in_area, in_hands};
use crate::rejection::Rejection;
use crate::said::{Photo, Private, Said, photos};

/// A task as its events left it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Task {
    /// What is to be done, by whom, until when.
    pub dispatched: Option<Dispatch>,
    /// How far it is.
    pub stage: Stage,
    /// Who took it.
    pub taken_by: Option<String>,
}

/// How far a task is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Stage {
    #[default]
    Absent,
    Dispatched,
    Taken,
    Done,
    Returned,
}

impl Stage {
    /// The state's name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Dispatched => "dispatched",
            Self::Done => "done",
            Self::Returned => "returned",
            Self::Taken => "taken",
        }
    }
}

/// What is to be done, by whom, until when.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Dispatch {
    /// What kind, as a code: `visit`, `persuade`, `register_tenants` …
    pub kind: String,
    /// The department whose people do it.
    pub to: String,
    /// The one account that does it, where it is meant for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// To be done by the end of this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<NaiveDate>,
    /// The stream that it came from: a report, a case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caused_by: Option<String>,
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Send it to somebody; again, where it was given back, or to somebody else than who has it: people fall ill and leave.
    Dispatch {
        /// What, to whom, until when.
        #[serde(flatten)]
        dispatch: Dispatch,
        /// In the dispatcher's words: private.
        #[serde(default)]
        note: Option<String>,
    },
    /// It is done.
    Finish {
        /// What was done: private.
        findings: String,
        /// Photos: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
    /// Give it back.
    Return {
        /// Why: private.
        reason: String,
    },
    /// Take it in hand.
    Take,
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    TaskDispatched {
        #[serde(flatten)]
        dispatch: Dispatch,
        by: String,
    },
    TaskDone {
        by: String,
    },
    TaskReturned {
        by: String,
    },
    TaskTaken {
        by: String,
    },
}

named!(Event { TaskDispatched, TaskDone, TaskReturned, TaskTaken });

impl Concept for Task {
    const TYPE: &'static str = "task";
    type Command = Command;
    type Event = Event;

    fn open_to(command: &Command) -> &'static [Permission] {
        match command {
            Command::Dispatch { .. } => {
                const {
                    &[
                        anywhere(Role::Dispatcher),
                        anywhere(Role::DepartmentOfficer),
                        in_area(Role::StreetLead),
                    ]
                }
            }
            Command::Finish { .. } | Command::Return { .. } | Command::Take => {
                const { &[in_hands(Role::GridWorker), in_hands(Role::DepartmentOfficer), in_hands(Role::Steward)] }
            }
        }
    }

    /// Whoever it is addressed to, until somebody has taken it.
    fn must_be_in_hands(&self, facts: &Facts) -> Result<(), Rejection> {
        match self.stage {
            Stage::Dispatched => self.must_be_addressed(&facts.actor),
            Stage::Taken => self.must_have_taken(&facts.actor),
            _ => Ok(()),
        }
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        let by = facts.actor.account.clone();
        Ok(vec![match (self.stage, command) {
            (_, Command::Dispatch { dispatch, note }) if self.may_go_to(&dispatch) => {
                facts.subject()?.must_be_open()?;
                must_be_doable(&dispatch, facts)?;
                let private = Private::none().with("note", note);
                Said::with(Event::TaskDispatched { dispatch, by }, private)
            }
            (Stage::Absent, _) => return Err(Rejection::NotFound { what: "task" }),
            (_, Command::Dispatch { .. }) => return Err(Rejection::AlreadyExists { what: "task" }),
            (Stage::Taken, Command::Take) if self.taken_by.as_ref() == Some(&by) => return Ok(vec![]),
            (Stage::Dispatched, Command::Take) => Said::openly(Event::TaskTaken { by }),
            (Stage::Taken, Command::Finish { findings, photos: taken }) => {
                must_be_said("findings", &findings)?;
                let private = Private::none().with("findings", Some(findings));
                Said::with(Event::TaskDone { by }, private.with("photos", photos(&taken)))
            }
            (Stage::Dispatched | Stage::Taken, Command::Return { reason }) => {
                must_be_said("reason", &reason)?;
                Said::with(Event::TaskReturned { by }, Private::none().with("reason", Some(reason)))
            }
            (stage, command) => {
                let needs = match command {
                    Command::Finish { .. } => "taken",
                    _ => "dispatched",
                };
                return Err(Rejection::WrongState { is: stage.code(), needs });
            }
        }])
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::TaskDispatched { dispatch, .. } => {
                self.dispatched = Some(dispatch.clone());
                self.stage = Stage::Dispatched;
                self.taken_by = None;
            }
            Event::TaskDone { .. } => self.stage = Stage::Done,
            Event::TaskReturned { .. } => {
                self.taken_by = None;
                self.stage = Stage::Returned;
            }
            Event::TaskTaken { by } => {
                self.taken_by = Some(by.clone());
                self.stage = Stage::Taken;
            }
        }
    }
}

impl Task {
    /// Whether it may be sent so: it is nobody's yet or nobody's any more, or it goes to somebody else than who has it.
    fn may_go_to(&self, to: &Dispatch) -> bool {
        let sent = self.dispatched.as_ref().map(|now| (&now.to, now.account.as_ref()));
        match self.stage {
            Stage::Absent | Stage::Returned => true,
            Stage::Dispatched => sent != Some((&to.to, to.account.as_ref())),
            Stage::Taken => to.account.is_none() || to.account != self.taken_by,
            Stage::Done => false,
        }
    }

    fn must_be_addressed(&self, actor: &Actor) -> Result<(), Rejection> {
        let Some(dispatch) = &self.dispatched else { return Err(Rejection::NotFound { what: "task" }) };
        let meant = dispatch.account.as_ref().is_none_or(|account| *account == actor.account);
        if actor.received || (meant && (dispatch.account.is_some() || actor.is_of(&dispatch.to))) {
            return Ok(());
        }
        if !meant && actor.is_of(&dispatch.to) {
            return Err(Rejection::WrongState { is: "sent to somebody else", needs: "sent to you" });
        }
        Err(Rejection::DepartmentNeeded { department: dispatch.to.clone() })
    }

    fn must_have_taken(&self, actor: &Actor) -> Result<(), Rejection> {
        if actor.received || self.taken_by.as_ref() == Some(&actor.account) {
            return Ok(());
        }
        Err(Rejection::WrongState { is: "taken by somebody else", needs: "taken by you" })
    }
}

fn must_be_doable(dispatch: &Dispatch, facts: &Facts) -> Result<(), Rejection> {
    if dispatch.kind.trim().is_empty() {
        return Err(Rejection::Malformed { field: "kind", needs: "one of the kinds shown" });
    }
    if dispatch.due.is_some_and(|due| due < facts.today) {
        return Err(Rejection::Malformed { field: "due", needs: "a day from today on" });
    }
    let departments = facts.rulebook.as_deref().map(|rulebook| &rulebook.policy.departments);
    if departments.is_some_and(|known| known.iter().all(|one| one.id != dispatch.to)) {
        return Err(Rejection::Malformed { field: "to", needs: "a department of the list" });
    }
    match &dispatch.account {
        Some(account) => facts.must_know_colleague(account, DOING),
        None => Ok(()),
    }
}

fn must_be_said(field: &'static str, words: &str) -> Result<(), Rejection> {
    if words.trim().is_empty() {
        return Err(Rejection::Malformed { field, needs: "it written out in words" });
    }
    Ok(())
}

/// Who does tasks, and may be given one.
pub const DOING: &[Role] = &[Role::GridWorker, Role::DepartmentOfficer, Role::Steward];

#[cfg(test)]
mod tests;
