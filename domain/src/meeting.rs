//! Meeting (联席会议): departments look at the risk situation together and resolve what is to be done, by whom, until when. What
//! they were shown is the analysis of the situation over the period, named by its digest and the position it was made at, so that it
//! can be made again however much happened since; it is held against that, and refused where it is another ([`crate::shown_list`]).
//! In `meeting/<id>`.
//!
//! Invariants:
//! - every resolution has one department that answers for it, and a day;
//! - it is closed once, by that department or whoever leads the meeting;
//! - a resolution whose day has passed is marked by rule, once, with the true day (see `passing::office`).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::aggregate::{Concept, named};
use crate::derivation::SchemeRef;
use crate::facts::{Facts, Role};
use crate::permission::{Permission, anywhere, of_department};
use crate::record::Rebuilt;
use crate::rejection::Rejection;
use crate::said::{Private, Said};

/// A meeting as its events left it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Meeting {
    /// Resolutions that are closed, by their numbers.
    pub closed: BTreeMap<u32, Closing>,
    /// What was held.
    pub held: Option<Held>,
    /// What was resolved.
    pub resolutions: Vec<Resolution>,
}

/// A meeting that was held.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Held {
    /// The first day of the period that was looked at.
    pub from: NaiveDate,
    /// The last one.
    pub until: NaiveDate,
    /// The subdistrict; the whole district where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    /// The departments that took part: ids of the policy's list.
    pub departments: Vec<String>,
    /// The analysis of the situation that was shown, over the period and the whole district: its digest, and the position that
    /// it was made at. Earlier meetings were shown the list of grades, and say so.
    pub shown: Rebuilt,
    /// The rulebook by which its days are reckoned.
    pub scheme: SchemeRef,
}

/// What is to be done.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Resolution {
    /// 1, 2, 3 … in this meeting.
    pub number: u32,
    /// The department that answers for it.
    pub owner: String,
    /// By the end of this day.
    pub due: NaiveDate,
}

/// What is resolved, in words.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
pub struct Resolved {
    /// The department that answers for it.
    pub owner: String,
    /// By the end of this day.
    pub due: NaiveDate,
    /// What is to be done: private.
    pub words: String,
}

/// How a resolution came to its end.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Closing {
    /// It was done.
    Done,
    /// It is not needed any more.
    Dropped,
    /// A later meeting took it over.
    TakenOver,
}

impl Closing {
    /// Its name on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Dropped => "dropped",
            Self::TakenOver => "taken_over",
        }
    }
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Close a resolution.
    Close {
        /// Its number.
        resolution: u32,
        /// How it came to its end.
        how: Closing,
        /// What was done: private.
        #[serde(default)]
        findings: Option<String>,
    },
    /// Say that a meeting was held.
    Hold {
        /// Over which period, who took part, what was shown.
        #[serde(flatten)]
        held: Held,
        /// What was resolved, in order.
        resolved: Vec<Resolved>,
        /// The minutes: private.
        #[serde(default)]
        minutes: Option<String>,
    },
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    JointMeetingHeld {
        #[serde(flatten)]
        held: Held,
        resolutions: Vec<Resolution>,
        on: NaiveDate,
        by: String,
    },
    MeetingResolutionClosed {
        resolution: u32,
        how: Closing,
        on: NaiveDate,
        by: String,
    },
}

named!(Event { JointMeetingHeld, MeetingResolutionClosed });

impl Concept for Meeting {
    const TYPE: &'static str = "meeting";
    type Command = Command;
    type Event = Event;

    fn open_to(command: &Command) -> &'static [Permission] {
        match command {
            Command::Close { .. } => {
                const {
                    &[
                        anywhere(Role::CommissionAdmin),
                        anywhere(Role::StreetLead),
                        of_department(Role::DepartmentOfficer),
                    ]
                }
            }
            Command::Hold { .. } => CHAIRS,
        }
    }

    /// The department that answers for the resolution.
    fn competent(&self, command: &Command, _: &Facts) -> Option<String> {
        let Command::Close { resolution, .. } = command else { return None };
        self.resolution(*resolution).map(|known| known.owner.clone())
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        let (by, on) = (facts.actor.account.clone(), facts.today);
        Ok(vec![match (&self.held, command) {
            (None, Command::Hold { held, resolved, minutes }) => {
                held.must_be_sound(facts)?;
                let resolutions = numbered(&resolved, facts)?;
                let words: Vec<String> = resolved.into_iter().map(|resolved| resolved.words).collect();
                let private = Private::none().with("minutes", minutes).with("words", Some(words));
                Said::with(Event::JointMeetingHeld { held, resolutions, on, by }, private)
            }
            (Some(_), Command::Hold { .. }) => return Err(Rejection::AlreadyExists { what: "meeting" }),
            (None, _) => return Err(Rejection::NotFound { what: "meeting" }),
            (Some(_), Command::Close { resolution, how, findings }) => {
                if self.resolution(resolution).is_none() {
                    return Err(Rejection::NotFound { what: "resolution of this meeting" });
                }
                match self.closed.get(&resolution) {
                    Some(closed) if *closed == how => return Ok(vec![]),
                    Some(closed) => return Err(Rejection::WrongState { is: closed.code(), needs: "open" }),
                    None => {}
                }
                let event = Event::MeetingResolutionClosed { resolution, how, on, by };
                Said::with(event, Private::none().with("findings", findings))
            }
        }])
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::JointMeetingHeld { held, resolutions, .. } => {
                self.held = Some(held.clone());
                self.resolutions.clone_from(resolutions);
            }
            Event::MeetingResolutionClosed { resolution, how, .. } => {
                self.closed.insert(*resolution, *how);
            }
        }
    }
}

impl Meeting {
    /// Resolutions that are not closed.
    pub fn open(&self) -> impl Iterator<Item = &Resolution> {
        self.resolutions.iter().filter(|resolution| !self.closed.contains_key(&resolution.number))
    }

    fn resolution(&self, number: u32) -> Option<&Resolution> {
        self.resolutions.iter().find(|resolution| resolution.number == number)
    }
}

impl Held {
    fn must_be_sound(&self, facts: &Facts) -> Result<(), Rejection> {
        facts.must_work_in(CHAIRS, self.area.as_deref())?;
        if self.until < self.from {
            return Err(Rejection::Malformed {
                field: "until",
                needs: "a day not before the period's first",
            });
        }
        if self.departments.is_empty() {
            return Err(Rejection::Malformed {
                field: "departments",
                needs: "the departments that took part",
            });
        }
        self.departments.iter().try_for_each(|department| must_be_known(department, facts))?;
        self.shown.must_be_the_situation(facts.list_then.as_ref())
    }
}

fn numbered(resolved: &[Resolved], facts: &Facts) -> Result<Vec<Resolution>, Rejection> {
    let mut resolutions = Vec::with_capacity(resolved.len());
    for (number, Resolved { owner, due, words }) in (1..).zip(resolved) {
        must_be_known(owner, facts)?;
        if *due < facts.today {
            return Err(Rejection::Malformed { field: "due", needs: "today or a later day" });
        }
        if words.trim().is_empty() {
            return Err(Rejection::Malformed { field: "words", needs: "what is to be done" });
        }
        resolutions.push(Resolution { number, owner: owner.clone(), due: *due });
    }
    Ok(resolutions)
}

fn must_be_known(department: &str, facts: &Facts) -> Result<(), Rejection> {
    if facts.rulebook()?.policy.departments.iter().any(|known| known.id == department) {
        return Ok(());
    }
    Err(Rejection::because("unknown_department", json!({ "department": department })))
}

const CHAIRS: &[Permission] = &[anywhere(Role::CommissionAdmin), anywhere(Role::StreetLead)];
/// The deadline by which a resolution's lateness is marked.
pub(crate) const RESOLUTION: &str = "meeting_resolution";

#[cfg(test)]
mod tests;
