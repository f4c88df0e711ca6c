//! Listing (房源): a vacant unit that may be let is told to the public, with the service station where one can ask. Under
//! `premises/<unit>/listing/<n>`, one stream a vacancy.
//!
//! Invariants:
//! - nothing is submitted, published or let where letting is prohibited in the unit or in its building;
//! - a prohibition that comes later withdraws every listing of the house by rule (see [`withdrawing`]);
//! - of a unit one listing runs at a time; what was withdrawn stays so, and a new vacancy is a new listing.

pub(crate) mod withdrawing;

#[cfg(test)]
mod tests;

pub(crate) use withdrawing::ban_of_building;
pub use withdrawing::{Ban, Withdrawal, ban};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::aggregate::{Concept, named};
use crate::derivation::Either;
use crate::facts::{Facts, Role};
use crate::permission::{OF_THE_HOUSE, Permission, anywhere, in_area, of_premises, on_beat};
use crate::rejection::Rejection;
use crate::rulebook::Layer;
use crate::said::{Private, Said};

/// A listing as its events left it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Listing {
    /// How many people asked.
    pub inquiries: u64,
    /// How far it is.
    pub stage: Stage,
    /// The day on which it was submitted.
    pub submitted_on: Option<NaiveDate>,
    /// What is to be let.
    pub vacancy: Option<Vacancy>,
    /// Why it was taken down, once it was.
    pub withdrawn: Option<Withdrawal>,
}

/// How far a listing is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Stage {
    #[default]
    Absent,
    Let,
    Published,
    Submitted,
    Withdrawn,
}

impl Stage {
    /// The state's name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Let => "let",
            Self::Published => "published",
            Self::Submitted => "submitted",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// What is to be let, from when, and where one asks.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Vacancy {
    /// The rent of a month.
    pub rent: RentBand,
    /// The first day on which somebody can move in.
    pub from: NaiveDate,
    /// The service station (服务站点) that shows it, by its public name.
    pub station: String,
}

/// The rent of a month, in yuan: a band, for the sum is between the two who agree on it.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum RentBand {
    Under1000,
    From1000,
    From2000,
    From3000,
    From5000,
}

impl RentBand {
    /// Every band, the lowest first.
    pub const ALL: [Self; 5] =
        [Self::Under1000, Self::From1000, Self::From2000, Self::From3000, Self::From5000];

    /// Its name on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::From1000 => "from1000",
            Self::From2000 => "from2000",
            Self::From3000 => "from3000",
            Self::From5000 => "from5000",
            Self::Under1000 => "under1000",
        }
    }
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Take down that somebody asks about it.
    Inquire {
        /// In their words: private.
        words: String,
        /// The name: private.
        #[serde(default)]
        name: Option<String>,
        /// A telephone number: private.
        #[serde(default)]
        phone: Option<String>,
    },
    /// The unit is let.
    Let {
        /// The first day of the tenancy.
        from: NaiveDate,
        /// Who moves in: private.
        #[serde(default)]
        tenants: Option<String>,
    },
    /// Show it to the public.
    Publish,
    /// Say that the unit is vacant and can be let.
    Submit {
        /// What, from when, where one asks.
        #[serde(flatten)]
        vacancy: Vacancy,
        /// More about it: private.
        #[serde(default)]
        notes: Option<String>,
    },
    /// Take it down.
    Withdraw {
        /// Why, as a code: `no_longer_vacant`, `mistake`, `owner_asks`.
        why: String,
    },
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    ListingInquired {
        on: NaiveDate,
    },
    ListingPublished {
        on: NaiveDate,
        by: String,
    },
    ListingWithdrawn(Either<Withdrawal>),
    UnitLet {
        from: NaiveDate,
        by: String,
    },
    VacancySubmitted {
        #[serde(flatten)]
        vacancy: Vacancy,
        on: NaiveDate,
        by: String,
    },
}

named!(Event { ListingInquired, ListingPublished, ListingWithdrawn, UnitLet, VacancySubmitted });

impl Concept for Listing {
    const TYPE: &'static str = "listing";
    type Command = Command;
    type Event = Event;

    fn open_to(command: &Command) -> &'static [Permission] {
        match command {
            Command::Inquire { .. } => {
                const { &[anywhere(Role::GridWorker), anywhere(Role::CommunityLead), anywhere(Role::StreetLead)] }
            }
            Command::Publish => STATION,
            Command::Submit { .. } => OF_THE_HOUSE,
            Command::Let { .. } | Command::Withdraw { .. } => HOUSE_OR_STATION,
        }
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        let (by, on) = (facts.actor.account.clone(), facts.today);
        Ok(vec![match (self.stage, command) {
            (Stage::Absent, Command::Submit { vacancy, notes }) => {
                must_be_submittable(&vacancy, facts)?;
                Said::with(Event::VacancySubmitted { vacancy, on, by }, Private::none().with("notes", notes))
            }
            (Stage::Submitted, Command::Publish) => {
                must_be_lettable(facts)?;
                Said::openly(Event::ListingPublished { on, by })
            }
            (Stage::Published, Command::Publish) | (Stage::Withdrawn, Command::Withdraw { .. }) => {
                return Ok(vec![]);
            }
            (Stage::Published, Command::Inquire { words, name, phone }) => {
                if words.trim().is_empty() {
                    return Err(Rejection::Malformed { field: "words", needs: "what is asked" });
                }
                let private =
                    Private::none().with("words", Some(words)).with("name", name).with("phone", phone);
                Said::with(Event::ListingInquired { on }, private)
            }
            (Stage::Published | Stage::Submitted, Command::Let { from, tenants }) => {
                must_be_lettable(facts)?;
                Said::with(Event::UnitLet { from, by }, Private::none().with("tenants", tenants))
            }
            (Stage::Published | Stage::Submitted, Command::Withdraw { why }) => {
                if why.trim().is_empty() {
                    return Err(Rejection::Malformed {
                        field: "why",
                        needs: "why it is taken down, as a code",
                    });
                }
                let withdrawal = Withdrawal { on, why, of: None, by: Some(by) };
                Said::openly(Event::ListingWithdrawn(Either::Stated(withdrawal)))
            }
            (Stage::Absent, _) => return Err(Rejection::NotFound { what: "listing" }),
            (_, Command::Submit { .. }) => return Err(Rejection::AlreadyExists { what: "listing" }),
            (stage, command) => {
                let needs = match command {
                    Command::Inquire { .. } => "published",
                    _ => "submitted or published",
                };
                return Err(Rejection::WrongState { is: stage.code(), needs });
            }
        }])
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::ListingInquired { .. } => self.inquiries = self.inquiries.saturating_add(1),
            Event::ListingPublished { .. } => self.stage = Stage::Published,
            Event::ListingWithdrawn(withdrawal) => {
                self.withdrawn = Some(withdrawal.facts().clone());
                self.stage = Stage::Withdrawn;
            }
            Event::UnitLet { .. } => self.stage = Stage::Let,
            Event::VacancySubmitted { vacancy, on, .. } => {
                (self.vacancy, self.submitted_on) = (Some(vacancy.clone()), Some(*on));
                self.stage = Stage::Submitted;
            }
        }
    }
}

impl Listing {
    /// Whether it may still come to a tenancy.
    pub const fn runs(&self) -> bool {
        matches!(self.stage, Stage::Published | Stage::Submitted)
    }
}

fn must_be_submittable(vacancy: &Vacancy, facts: &Facts) -> Result<(), Rejection> {
    let subject = facts.subject()?;
    subject.must_be_open()?;
    if subject.premises.register.as_ref().is_some_and(|register| register.layer != Layer::Unit) {
        return Err(Rejection::WrongState { is: "no unit", needs: "a unit, which somebody can rent" });
    }
    if subject.listings.values().any(|of| of.state.runs()) {
        return Err(Rejection::AlreadyExists { what: "listing of this unit" });
    }
    if vacancy.station.trim().is_empty() {
        return Err(Rejection::Malformed { field: "station", needs: "the service station where one asks" });
    }
    must_be_lettable(facts)
}

/// Refused with the ground and since when, whether the ban is the unit's own or its building's.
fn must_be_lettable(facts: &Facts) -> Result<(), Rejection> {
    let unit = facts.subject()?;
    unit.must_be_open()?;
    ban(unit, facts.building.as_deref()).map_or(Ok(()), |ban| Err(ban.refusal(facts.rulebook.as_deref())))
}

const STATION: &[Permission] =
    &[in_area(Role::CommunityLead), in_area(Role::StreetLead), on_beat(Role::GridWorker)];
const HOUSE_OR_STATION: &[Permission] = &[
    of_premises(Role::Owner),
    of_premises(Role::Operator),
    of_premises(Role::Steward),
    in_area(Role::CommunityLead),
    in_area(Role::StreetLead),
    on_beat(Role::GridWorker),
];
