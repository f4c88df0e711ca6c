//! Party (责任主体): a person or enterprise that answers for premises. Kind and organisation code are public; a name, an
//! identity number, a telephone number and an address are private.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aggregate::{Concept, named};
use crate::facts::{Facts, Role};
use crate::identifier;
use crate::permission::{Permission, anywhere, of_premises};
use crate::rejection::Rejection;
use crate::said::{Private, Said};

/// A party as its events left it.
#[derive(Clone, Debug, Default)]
pub struct Party {
    /// The day its identity was checked last.
    pub checked_on: Option<NaiveDate>,
    /// Which other party it is one with.
    pub merged_into: Option<String>,
    /// What is registered of it.
    pub registered: Option<Registration>,
}

/// What kind of party.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Kind {
    Enterprise,
    Person,
}

/// What is public of a party.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Registration {
    /// Person or enterprise.
    pub kind: Kind,
    /// An enterprise's unified social credit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uscc: Option<String>,
}

/// What is private of a party. A member left out stays as it was.
#[derive(Clone, Debug, Default, Deserialize, schemars::JsonSchema)]
pub struct Particulars {
    /// The name.
    #[serde(default)]
    pub name: Option<String>,
    /// The number of an identity paper.
    #[serde(default)]
    pub id_number: Option<String>,
    /// A telephone number.
    #[serde(default)]
    pub phone: Option<String>,
    /// Where it lives, or has its seat.
    #[serde(default)]
    pub address: Option<String>,
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Bring it up to date.
    Amend {
        /// What is private and new: private.
        #[serde(flatten)]
        particulars: Particulars,
        /// Another organisation code.
        #[serde(default)]
        uscc: Option<String>,
        /// Why, as a code: `moved`, `renamed`, `typing_error`, `new_phone`.
        why: String,
    },
    /// Say how its identity was checked.
    CheckIdentity {
        /// `paper_seen`, `register_asked`, `online`.
        method: String,
        /// Whether it is who it says.
        matches: bool,
        /// Reference of the check: private.
        #[serde(default)]
        reference: Option<String>,
    },
    /// Say that this record and another are one party.
    Merge {
        /// The id of the party that goes on.
        into: String,
        /// Why, as a code: `same_identity`, `same_uscc`.
        why: String,
    },
    /// Register it.
    Register {
        /// What is public.
        #[serde(flatten)]
        registration: Registration,
        /// What is private.
        #[serde(flatten)]
        particulars: Particulars,
    },
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    PartyAmended {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uscc: Option<String>,
        why: String,
        by: String,
    },
    PartyIdentityChecked {
        method: String,
        matches: bool,
        on: NaiveDate,
        by: String,
    },
    PartyMerged {
        into: String,
        why: String,
        by: String,
    },
    PartyRegistered {
        #[serde(flatten)]
        registration: Registration,
        by: String,
    },
}

named!(Event { PartyAmended, PartyIdentityChecked, PartyMerged, PartyRegistered });

impl Concept for Party {
    const TYPE: &'static str = "party";
    type Command = Command;
    type Event = Event;

    fn open_to(command: &Command) -> &'static [Permission] {
        match command {
            // the code is the register's; the rest a party may put right itself
            Command::Amend { uscc: None, .. } => CLERKS_OR_PARTY,
            Command::Amend { .. } | Command::CheckIdentity { .. } | Command::Register { .. } => CLERKS,
            Command::Merge { .. } => const { &[anywhere(Role::DataClerk)] },
        }
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        let by = facts.actor.account.clone();
        let said = match (&self.registered, command) {
            (None, Command::Register { registration, particulars }) => {
                must_be_registrable(&registration, &particulars, facts)?;
                Said::with(Event::PartyRegistered { registration, by }, private(particulars))
            }
            (Some(_), Command::Register { .. }) => return Err(Rejection::AlreadyExists { what: "party" }),
            (None, _) => return Err(Rejection::NotFound { what: "party" }),
            (Some(_), _) if self.merged_into.is_some() => {
                return Err(Rejection::WrongState {
                    is: "merged",
                    needs: "the party that it was merged into",
                });
            }
            (Some(registered), Command::Amend { particulars, uscc, why }) => {
                if why.trim().is_empty() {
                    return Err(Rejection::Malformed { field: "why", needs: "why it changes" });
                }
                if let Some(code) = &uscc {
                    must_be_code(registered.kind, code, facts)?;
                }
                Said::with(Event::PartyAmended { uscc, why, by }, private(particulars))
            }
            (Some(_), Command::CheckIdentity { method, matches, reference }) => {
                if !METHODS.contains(&method.as_str()) {
                    return Err(Rejection::Malformed {
                        field: "method",
                        needs: "paper_seen, register_asked or online",
                    });
                }
                let event = Event::PartyIdentityChecked { method, matches, on: facts.today, by };
                Said::with(event, Private::none().with("reference", reference))
            }
            (Some(_), Command::Merge { into, why }) => {
                if facts.is_of_subject(&format!("party/{into}")) {
                    return Err(Rejection::because("merged_into_itself", Value::Null));
                }
                if into.trim().is_empty() || into.contains('/') {
                    return Err(Rejection::Malformed { field: "into", needs: "the id of the other party" });
                }
                if why.trim().is_empty() {
                    return Err(Rejection::Malformed { field: "why", needs: "how it is known" });
                }
                must_go_on(facts)?;
                Said::openly(Event::PartyMerged { into, why, by })
            }
        };
        Ok(vec![said])
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::PartyAmended { uscc, .. } => {
                if let (Some(registered), Some(code)) = (&mut self.registered, uscc) {
                    registered.uscc = Some(code.clone());
                }
            }
            Event::PartyIdentityChecked { matches, on, .. } => self.checked_on = matches.then_some(*on),
            Event::PartyMerged { into, .. } => self.merged_into = Some(into.clone()),
            Event::PartyRegistered { registration, .. } => self.registered = Some(registration.clone()),
        }
    }
}

/// What one party is merged into is there, and was not merged itself: nobody's records end under a name that was mistyped.
fn must_go_on(facts: &Facts) -> Result<(), Rejection> {
    let other = facts.goes_on.as_deref().filter(|other| other.registered.is_some());
    match other {
        None => Err(Rejection::NotFound { what: "party that it is merged into" }),
        Some(other) if other.merged_into.is_some() => {
            Err(Rejection::WrongState { is: "merged", needs: "the party that it was merged into" })
        }
        Some(_) => Ok(()),
    }
}

fn must_be_registrable(
    registration: &Registration,
    particulars: &Particulars,
    facts: &Facts,
) -> Result<(), Rejection> {
    if particulars.name.as_deref().is_none_or(|name| name.trim().is_empty()) {
        return Err(Rejection::Malformed { field: "name", needs: "the party's name" });
    }
    match &registration.uscc {
        Some(code) => must_be_code(registration.kind, code, facts),
        None => Ok(()),
    }
}

fn must_be_code(kind: Kind, code: &str, facts: &Facts) -> Result<(), Rejection> {
    if kind == Kind::Person {
        return Err(Rejection::Malformed { field: "uscc", needs: "to be left out: a person has none" });
    }
    if !identifier::uscc_is_valid(facts.rulebook()?, code)? {
        return Err(Rejection::Malformed {
            field: "uscc",
            needs: "18 characters whose last one checks (GB 32100-2015)",
        });
    }
    Ok(())
}

fn private(particulars: Particulars) -> Private {
    Private::none()
        .with("name", particulars.name)
        .with("id_number", particulars.id_number)
        .with("phone", particulars.phone)
        .with("address", particulars.address)
}

const CLERKS: &[Permission] = &[anywhere(Role::DataClerk), anywhere(Role::CreditOfficer)];
const CLERKS_OR_PARTY: &[Permission] = &[
    anywhere(Role::DataClerk),
    anywhere(Role::CreditOfficer),
    of_premises(Role::Owner),
    of_premises(Role::Operator),
];
const METHODS: [&str; 3] = ["paper_seen", "register_asked", "online"];
