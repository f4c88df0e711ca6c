//! Visit: somebody of the office at a door, of any kind.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::aggregate::{Concept, named};
use crate::facts::{Facts, Role};
use crate::rejection::Rejection;
use crate::said::{Photo, Private, Said, photos};

/// A visit as its events left it.
#[derive(Clone, Debug, Default)]
pub struct Visit {
    /// Whether it was made or failed: it then takes no more.
    pub ended: bool,
    /// When it was announced, and whether the appointment was served.
    pub announced: Option<Announcement>,
}

/// Why somebody calls.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Kind {
    Acceptance,
    Assessment,
    Inspection,
    Patrol,
}

/// An announced appointment.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Announcement {
    /// Why.
    pub kind: Kind,
    /// The day agreed or set.
    pub on: NaiveDate,
    /// Whether the appointment was served on the party: only then does a refusal count against cooperation.
    pub served: bool,
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Say that somebody will come.
    Announce(Announcement),
    /// Nobody opened, entry was refused, or it was unsafe.
    Fail {
        /// Why somebody called.
        kind: Kind,
        /// How it failed.
        why: Failure,
        /// Whether a note was left.
        #[serde(default)]
        note_left: bool,
    },
    /// Somebody came in.
    Make {
        /// What was done.
        #[serde(flatten)]
        round: Round,
        /// In the visitor's words: private.
        #[serde(default)]
        note: Option<String>,
        /// Photos taken: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
}

/// What a visit was, and of a round how many units were reached.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Round {
    /// Why.
    pub kind: Kind,
    /// How many persons were present besides the visitors.
    #[serde(default)]
    pub persons_present: u32,
    /// Whether the record was signed by the party.
    #[serde(default)]
    pub record_signed: bool,
    /// Units entered on a round.
    #[serde(default)]
    pub units_entered: u32,
    /// Units where nobody answered.
    #[serde(default)]
    pub units_unanswered: u32,
    /// Units where entry was refused.
    #[serde(default)]
    pub units_refused: u32,
}

/// How a visit failed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Failure {
    NoAnswer,
    Refused,
    Unsafe,
}

impl Failure {
    /// The outcome's name in the policy.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoAnswer => "no_answer",
            Self::Refused => "refused",
            Self::Unsafe => "unsafe",
        }
    }
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    VisitAnnounced(Announcement),
    VisitFailed {
        kind: Kind,
        why: Failure,
        note_left: bool,
        by: String,
    },
    VisitMade {
        #[serde(flatten)]
        round: Round,
        by: String,
    },
}

named!(Event { VisitAnnounced, VisitFailed, VisitMade });

impl Concept for Visit {
    const TYPE: &'static str = "visit";
    type Command = Command;
    type Event = Event;

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        facts.actor.require(&[Role::GridWorker, Role::DepartmentOfficer])?;
        facts.subject()?.must_be_open()?;
        if self.ended {
            return Err(Rejection::WrongState { is: "ended", needs: "announced, or new" });
        }
        let by = facts.actor.account.clone();
        Ok(vec![match command {
            Command::Announce(_) if self.announced.is_some() => {
                return Err(Rejection::AlreadyExists { what: "announcement" });
            }
            Command::Announce(announcement) => Said::openly(Event::VisitAnnounced(announcement)),
            Command::Fail { kind, why, note_left } => {
                Said::openly(Event::VisitFailed { kind, why, note_left, by })
            }
            Command::Make { round, note, photos: taken } => {
                let private = Private::none().with("note", note).with("photos", photos(&taken));
                Said::with(Event::VisitMade { round, by }, private)
            }
        }])
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::VisitAnnounced(announcement) => self.announced = Some(announcement.clone()),
            Event::VisitFailed { .. } | Event::VisitMade { .. } => self.ended = true,
        }
    }
}
