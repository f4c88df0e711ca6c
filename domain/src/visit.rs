//! Visit: somebody of the office at a door, of any kind.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::aggregate::{Concept, named};
use crate::facts::{Facts, Role};
use crate::permission::{Permission, anywhere, on_beat};
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
        /// In the visitor's words: private.
        #[serde(default)]
        note: Option<String>,
    },
    /// Somebody came in.
    Make {
        /// What was done.
        #[serde(flatten)]
        round: Round,
        /// The name of whoever agreed to entry: private.
        #[serde(default)]
        agreed_by: Option<String>,
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
    /// Who agreed to entry, by what they are to the place: `owner`, `operator`, `tenant`, `household_adult`, `steward`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_agreed_by: Option<String>,
    /// Whether the record was signed by the party.
    #[serde(default)]
    pub record_signed: bool,
    /// Whether the party was asked to sign the record and refused.
    #[serde(default, skip_serializing_if = "is_false")]
    pub signature_refused: bool,
    /// The account of the second officer; an inspection takes two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_officer: Option<String>,
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
        /// Which attempt it was since somebody last came in; absent in entries of earlier versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attempt: Option<u64>,
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

    fn open_to(_: &Command) -> &'static [Permission] {
        const { &[on_beat(Role::GridWorker), anywhere(Role::DepartmentOfficer)] }
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        facts.subject()?.must_be_open()?;
        if self.ended {
            return Err(Rejection::WrongState { is: "ended", needs: "announced, or new" });
        }
        let by = facts.actor.account.clone();
        Ok(vec![match command {
            Command::Announce(_) if self.announced.is_some() => {
                return Err(Rejection::AlreadyExists { what: "announcement" });
            }
            Command::Announce(announcement) if announcement.on < facts.today && !facts.actor.received => {
                return Err(Rejection::Malformed { field: "on", needs: "today or a later day" });
            }
            Command::Announce(announcement) => Said::openly(Event::VisitAnnounced(announcement)),
            Command::Fail { kind, why, note_left, note } => {
                let failed = facts.subject()?.calls.iter().rev().take_while(|call| call.outcome != "entered");
                let attempt = Some(failed.count() as u64 + 1);
                let private = Private::none().with("note", note);
                Said::with(Event::VisitFailed { kind, why, note_left, attempt, by }, private)
            }
            Command::Make { round, agreed_by, note, photos: taken } => {
                must_be_in_order(&round, facts)?;
                let private = Private::none()
                    .with("agreed_by", agreed_by)
                    .with("note", note)
                    .with("photos", photos(&taken));
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

fn must_be_in_order(round: &Round, facts: &Facts) -> Result<(), Rejection> {
    if round.record_signed && round.signature_refused {
        return Err(Rejection::Malformed {
            field: "signature_refused",
            needs: "to be left out where it was signed",
        });
    }
    let another = round.second_officer.as_ref().is_some_and(|second| *second != facts.actor.account);
    let two = round.kind == Kind::Inspection && !facts.actor.received;
    if !another && (two || round.second_officer.is_some()) {
        return Err(Rejection::Malformed {
            field: "second_officer",
            needs: "the account of the other officer who was there",
        });
    }
    Ok(())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Actor;
    use crate::given::{Given, day, given};
    use crate::premises;
    use crate::subject::{Call, Subject};

    fn house(outcomes: &[&'static str]) -> Subject {
        let mut subject = Subject::default();
        let register = serde_json::json!({"layer": "building", "address": "金龟路1号"});
        let register = serde_json::from_value(register).unwrap();
        subject.premises.evolve(&premises::Event::PremisesRegistered(register));
        let call =
            |outcome: &&'static str| Call { on: day("2026-02-01"), outcome, appointment_served: false };
        subject.calls = outcomes.iter().map(call).collect();
        subject
    }

    fn visiting(events: impl IntoIterator<Item = Event>) -> Given<Visit> {
        given::<Visit>(events).about(house(&[])).by_role(Role::GridWorker)
    }

    fn round(kind: Kind) -> Round {
        Round {
            kind,
            persons_present: 2,
            entry_agreed_by: Some("tenant".into()),
            record_signed: true,
            signature_refused: false,
            second_officer: None,
            units_entered: 0,
            units_unanswered: 0,
            units_refused: 0,
        }
    }

    fn make(round: Round) -> Command {
        Command::Make { round, agreed_by: Some("王五".into()), note: None, photos: vec![] }
    }

    fn announcement(on: &str) -> Announcement {
        Announcement { kind: Kind::Assessment, on: day(on), served: true }
    }

    #[test]
    fn a_visit_is_announced_once_and_not_for_yesterday() {
        let announce = |on: &str| Command::Announce(announcement(on));
        let announced = Event::VisitAnnounced(announcement("2026-03-04"));
        visiting([]).when(announce("2026-03-04")).then([announced.clone()]);
        visiting([announced]).when(announce("2026-03-05")).then_rejected("already_exists");
        visiting([]).when(announce("2026-03-01")).then_rejected("malformed");
        visiting([]).by_actor(Actor::channel("import")).when(announce("2026-03-01")).said();
    }

    #[test]
    fn who_agreed_to_entry_is_told_by_what_he_is_and_his_name_stays_private() {
        let said = visiting([]).when(make(round(Kind::Assessment))).said();
        let made = Event::VisitMade { round: round(Kind::Assessment), by: "a-1".into() };
        assert_eq!(said[0].event, made);
        assert!(!serde_json::to_string(&said[0].event).unwrap().contains("王五"));
        visiting([made]).when(make(round(Kind::Assessment))).then_rejected("wrong_state");
        given::<Visit>([])
            .about(house(&[]))
            .by_role(Role::Owner)
            .when(make(round(Kind::Patrol)))
            .then_rejected("role_needed");
        given::<Visit>([])
            .about(Subject::default())
            .by_role(Role::GridWorker)
            .when(make(round(Kind::Patrol)))
            .then_rejected("not_found");
    }

    #[test]
    fn a_record_is_signed_or_refused_and_not_both() {
        let both = Round { signature_refused: true, ..round(Kind::Acceptance) };
        visiting([]).when(make(both)).then_rejected("malformed");
        let refused = Round { record_signed: false, signature_refused: true, ..round(Kind::Acceptance) };
        visiting([]).when(make(refused)).said();
    }

    #[test]
    fn an_inspection_takes_two_officers() {
        let with = |second: Option<&str>| Round {
            second_officer: second.map(str::to_owned),
            ..round(Kind::Inspection)
        };
        visiting([]).when(make(with(None))).then_rejected("malformed");
        visiting([]).when(make(with(Some("a-1")))).then_rejected("malformed");
        visiting([]).when(make(with(Some("a-2")))).said();
    }

    #[test]
    fn attempts_are_counted_since_somebody_last_came_in() {
        let fail = || Command::Fail {
            kind: Kind::Assessment,
            why: Failure::NoAnswer,
            note_left: true,
            note: Some("门缝留条".into()),
        };
        let failed = |attempt| Event::VisitFailed {
            kind: Kind::Assessment,
            why: Failure::NoAnswer,
            note_left: true,
            attempt: Some(attempt),
            by: "a-1".into(),
        };
        visiting([]).when(fail()).then([failed(1)]);
        visiting([])
            .about(house(&["refused", "entered", "no_answer", "no_answer"]))
            .when(fail())
            .then([failed(3)]);
        visiting([failed(1)]).when(fail()).then_rejected("wrong_state");
    }

    #[test]
    fn a_visit_of_an_earlier_version_reads_as_it_was() {
        for (text, name) in [
            (r#"{"type":"VisitMade","kind":"patrol","by":"u-1"}"#, "VisitMade"),
            (
                r#"{"type":"VisitFailed","kind":"patrol","why":"refused","note_left":false,"by":"u-1"}"#,
                "VisitFailed",
            ),
        ] {
            let event: Event = serde_json::from_str(text).unwrap();
            assert_eq!(crate::aggregate::Named::name(&event), name);
        }
    }
}
