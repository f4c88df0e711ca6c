//! Alert (预警): a weather warning for an area, until it is lifted. Vacant premises there get a round before it comes.
//!
//! Invariants:
//! - an alert says one thing: another colour is another alert, and of two the higher colour rules;
//! - it ends once, on the day from which it is safe.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::aggregate::{Concept, named};
use crate::facts::{Facts, Role};
use crate::patrol_rule::WeatherWarning;
use crate::permission::{Permission, of_department};
use crate::premises::Register;
use crate::recorded::local_date;
use crate::rejection::Rejection;
use crate::said::{Private, Said};

/// An alert as its events left it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Alert {
    /// What was issued.
    pub issued: Option<Warning>,
    /// The first safe day, once it is lifted.
    pub safe_on: Option<NaiveDate>,
}

/// A warning as it was issued.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Warning {
    /// `typhoon`, `rainstorm`, `lightning` …
    pub kind: String,
    /// How grave.
    pub colour: Colour,
    /// Subdistricts, communities or grid cells it is for; everywhere when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<String>,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// When it takes effect.
    pub effective_at: DateTime<Utc>,
    /// How long it is expected to last; it holds until it is lifted all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

/// Colours of a warning, the gravest last.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Colour {
    Blue,
    Yellow,
    Orange,
    Red,
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Take down a warning.
    Issue {
        /// What it says.
        #[serde(flatten)]
        warning: Warning,
        /// Its text as it came: private.
        #[serde(default)]
        text: Option<String>,
    },
    /// It is over.
    Lift {
        /// The first day on which it is safe to go out again.
        safe_on: NaiveDate,
    },
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    AlertIssued(Warning),
    AlertLifted { safe_on: NaiveDate },
}

named!(Event { AlertIssued, AlertLifted });

impl Concept for Alert {
    const TYPE: &'static str = "alert";
    type Command = Command;
    type Event = Event;

    fn open_to(_: &Command) -> &'static [Permission] {
        const { &[of_department(Role::DepartmentOfficer)] }
    }

    fn competent(&self, _: &Command, _: &Facts) -> Option<String> {
        Some(EMERGENCY.to_owned())
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        // a feed delivers for its own departments only
        if facts.actor.received && !facts.actor.shares_for(EMERGENCY) {
            return Err(Rejection::DepartmentNeeded { department: EMERGENCY.to_owned() });
        }
        match (command, &self.issued) {
            (Command::Issue { warning, .. }, Some(issued)) if warning == *issued => Ok(vec![]),
            (Command::Issue { .. }, Some(_)) => Err(Rejection::AlreadyExists { what: "alert" }),
            (Command::Issue { warning, text }, None) => {
                if local_date(warning.issued_at) > facts.today {
                    return Err(Rejection::Malformed { field: "issued_at", needs: "a time that has come" });
                }
                if warning.effective_at < warning.issued_at {
                    return Err(Rejection::Malformed {
                        field: "effective_at",
                        needs: "a time not before it was issued",
                    });
                }
                if warning.until.is_some_and(|until| until < warning.effective_at) {
                    return Err(Rejection::Malformed {
                        field: "until",
                        needs: "a time not before it takes effect",
                    });
                }
                let private = Private::none().with("text", text);
                Ok(vec![Said::with(Event::AlertIssued(warning), private)])
            }
            (Command::Lift { .. }, None) => Err(Rejection::NotFound { what: "alert" }),
            (Command::Lift { .. }, Some(_)) if self.safe_on.is_some() => Ok(vec![]),
            (Command::Lift { safe_on }, Some(issued)) => {
                if safe_on < local_date(issued.issued_at) {
                    return Err(Rejection::Malformed {
                        field: "safe_on",
                        needs: "a day not before the alert was issued",
                    });
                }
                Ok(vec![Said::openly(Event::AlertLifted { safe_on })])
            }
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::AlertIssued(warning) => self.issued = Some(warning.clone()),
            Event::AlertLifted { safe_on } => self.safe_on = Some(*safe_on),
        }
    }
}

impl Alert {
    /// Whether it is for this place.
    pub fn reaches(&self, register: &Register) -> bool {
        let within = [&register.subdistrict, &register.community, &register.grid_cell];
        self.issued
            .as_ref()
            .is_some_and(|issued| issued.areas.is_empty() || issued.areas.iter().any(|a| within.contains(&a)))
    }

    /// The warning as the patrol rule asks for it: days and the hour of issue, local.
    pub fn warning(&self) -> Option<WeatherWarning> {
        let issued = self.issued.as_ref()?;
        let zone = FixedOffset::east_opt(8 * 3600)?;
        Some(WeatherWarning {
            kind: issued.kind.clone(),
            issued_at: issued.issued_at.with_timezone(&zone).naive_local(),
            effective_on: local_date(issued.effective_at),
            safe_on: self.safe_on,
        })
    }
}

/// Of warnings that hold at once for the same place and of the same kind, that of the highest colour; of equal ones the
/// one that comes first.
pub fn ruling<'a>(alerts: impl IntoIterator<Item = &'a Alert>) -> Option<&'a Alert> {
    let issued = alerts.into_iter().filter_map(|alert| Some((alert, alert.issued.as_ref()?)));
    issued
        .min_by_key(|(_, issued)| (std::cmp::Reverse(issued.colour), issued.effective_at))
        .map(|(alert, _)| alert)
}

/// The department of the policy's list that issues and lifts.
const EMERGENCY: &str = "emergency";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Actor;
    use crate::given::{day, given};

    fn typhoon(colour: Colour) -> Warning {
        Warning {
            kind: "typhoon".into(),
            colour,
            areas: vec!["石井".into()],
            issued_at: "2026-03-01T02:00:00Z".parse().unwrap(),
            effective_at: "2026-03-03T00:00:00Z".parse().unwrap(),
            until: None,
        }
    }

    fn issue(warning: Warning) -> Command {
        Command::Issue { warning, text: Some("请转移".into()) }
    }

    #[test]
    fn the_emergency_department_or_a_feed_issues_it() {
        let blue = || typhoon(Colour::Blue);
        given::<Alert>([]).by_officer_of("emergency").when(issue(blue())).then([Event::AlertIssued(blue())]);
        given::<Alert>([])
            .by_actor(Actor::channel("feed-weather"))
            .when(issue(blue()))
            .then([Event::AlertIssued(blue())]);
        given::<Alert>([]).by_officer_of("fire").when(issue(blue())).then_rejected("department_needed");
        for (department, may) in [("emergency", true), ("police", false)] {
            let feed = Actor::feed("feed-1", &[department.to_owned()]);
            let said = given::<Alert>([]).by_actor(feed).when(issue(blue()));
            if may {
                said.then([Event::AlertIssued(blue())]);
            } else {
                said.then_rejected("department_needed");
            }
        }
        given::<Alert>([]).by_role(Role::GridWorker).when(issue(blue())).then_rejected("role_needed");
    }

    #[test]
    fn another_colour_is_another_alert() {
        let issued = Event::AlertIssued(typhoon(Colour::Blue));
        let officer = || given::<Alert>([issued.clone()]).by_officer_of("emergency");
        officer().when(issue(typhoon(Colour::Blue))).then([]);
        officer().when(issue(typhoon(Colour::Red))).then_rejected("already_exists");
    }

    #[test]
    fn its_times_are_in_order() {
        let officer = || given::<Alert>([]).by_officer_of("emergency");
        let later = Warning { issued_at: "2026-03-09T02:00:00Z".parse().unwrap(), ..typhoon(Colour::Blue) };
        officer().when(issue(later)).then_rejected("malformed");
        let before =
            Warning { effective_at: "2026-02-01T02:00:00Z".parse().unwrap(), ..typhoon(Colour::Blue) };
        officer().when(issue(before)).then_rejected("malformed");
        let over = Warning { until: "2026-03-02T02:00:00Z".parse().ok(), ..typhoon(Colour::Blue) };
        officer().when(issue(over)).then_rejected("malformed");
    }

    #[test]
    fn it_is_lifted_once() {
        let lift = |on: &str| Command::Lift { safe_on: day(on) };
        let issued = Event::AlertIssued(typhoon(Colour::Blue));
        let lifted = Event::AlertLifted { safe_on: day("2026-03-05") };
        let officer = |events: Vec<Event>| given::<Alert>(events).by_officer_of("emergency");
        officer(vec![]).when(lift("2026-03-05")).then_rejected("not_found");
        officer(vec![issued.clone()]).when(lift("2026-02-05")).then_rejected("malformed");
        officer(vec![issued.clone()]).when(lift("2026-03-05")).then([lifted.clone()]);
        officer(vec![issued, lifted]).when(lift("2026-03-06")).then([]);
    }

    #[test]
    fn of_two_the_higher_colour_rules() {
        let of = |colour| Alert { issued: Some(typhoon(colour)), safe_on: None };
        let both = [of(Colour::Yellow), of(Colour::Red), of(Colour::Orange)];
        let ruled = ruling(&both).and_then(|alert| alert.issued.as_ref()).map(|issued| issued.colour);
        assert_eq!(ruled, Some(Colour::Red));
        assert!(ruling(&[]).is_none());
    }
}
