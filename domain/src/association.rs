//! Association (楼栋长联合会): building stewards of an area who organise themselves. A subdistrict registers it and names its
//! administrator, who takes in members and opens accounts for them, and for nobody else. What such an account may do ends with the
//! membership ([`crate::account::held`]). In `association/<id>`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::aggregate::{Concept, named};
use crate::facts::{Facts, Role};
use crate::permission::{Permission, anywhere, in_hands};
use crate::rejection::Rejection;
use crate::said::Said;

/// An association as its events left it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Association {
    /// Accounts of its members.
    pub members: BTreeSet<String>,
    /// What is registered of it.
    pub registered: Option<Registration>,
}

/// What is registered of an association. All of it is public, its name as that of any body.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Registration {
    /// Its name.
    pub name: String,
    /// The subdistrict or community whose stewards it is of.
    pub area: String,
    /// The account that administers it.
    pub administrator: String,
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Take in a member.
    AddMember {
        /// The member's account; it may be opened afterwards.
        account: String,
    },
    /// Register it.
    Register(Registration),
    /// Let a member go.
    RemoveMember {
        /// The member's account.
        account: String,
        /// Why, as a code: `left`, `moved`, `excluded`.
        why: String,
    },
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    AssociationMemberAdded {
        account: String,
        by: String,
    },
    AssociationMemberRemoved {
        account: String,
        why: String,
        by: String,
    },
    AssociationRegistered {
        #[serde(flatten)]
        registration: Registration,
        by: String,
    },
}

named!(Event { AssociationMemberAdded, AssociationMemberRemoved, AssociationRegistered });

impl Concept for Association {
    const TYPE: &'static str = "association";
    type Command = Command;
    type Event = Event;

    fn open_to(command: &Command) -> &'static [Permission] {
        match command {
            Command::AddMember { .. } | Command::RemoveMember { .. } => {
                const { &[in_hands(Role::AssociationAdmin)] }
            }
            Command::Register(_) => REGISTRARS,
        }
    }

    /// It is administered by the account that it names.
    fn must_be_in_hands(&self, facts: &Facts) -> Result<(), Rejection> {
        match &self.registered {
            Some(registered) if registered.administrator != facts.actor.account => {
                let detail = json!({ "administrator": registered.administrator });
                Err(Rejection::because("association_of_another", detail))
            }
            _ => Ok(()),
        }
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        let by = facts.actor.account.clone();
        Ok(vec![Said::openly(match (&self.registered, command) {
            (None, Command::Register(registration)) => {
                registration.must_be_sound()?;
                facts.must_know_colleague(&registration.administrator, ADMINISTERING)?;
                facts.must_work_in(REGISTRARS, Some(&registration.area))?;
                Event::AssociationRegistered { registration, by }
            }
            (Some(known), Command::Register(again)) if *known == again => return Ok(vec![]),
            (Some(_), Command::Register(_)) => return Err(Rejection::AlreadyExists { what: "association" }),
            (None, _) => return Err(Rejection::NotFound { what: "association" }),
            (Some(_), Command::AddMember { account }) if self.members.contains(&account) => {
                return Ok(vec![]);
            }
            (Some(_), Command::AddMember { account }) => {
                must_be_account("account", &account)?;
                Event::AssociationMemberAdded { account, by }
            }
            (Some(_), Command::RemoveMember { account, why }) => {
                if !self.members.contains(&account) {
                    return Err(Rejection::NotFound { what: "member of this association" });
                }
                if why.trim().is_empty() {
                    return Err(Rejection::Malformed { field: "why", needs: "why, as a code" });
                }
                Event::AssociationMemberRemoved { account, why, by }
            }
        })])
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::AssociationMemberAdded { account, .. } => {
                self.members.insert(account.clone());
            }
            Event::AssociationMemberRemoved { account, .. } => {
                self.members.remove(account);
            }
            Event::AssociationRegistered { registration, .. } => self.registered = Some(registration.clone()),
        }
    }
}

impl Association {
    /// Refuses unless the actor administers it and the account is one of its members.
    ///
    /// # Errors
    /// `association_of_another`, `not_a_member`.
    pub fn must_open_account(&self, account: &str, facts: &Facts) -> Result<(), Rejection> {
        if self.registered.is_none() {
            return Err(Rejection::NotFound { what: "association" });
        }
        self.must_be_in_hands(facts)?;
        if !self.members.contains(account) {
            return Err(Rejection::because("not_a_member", json!({ "account": account })));
        }
        Ok(())
    }
}

impl Registration {
    fn must_be_sound(&self) -> Result<(), Rejection> {
        if self.name.trim().is_empty() {
            return Err(Rejection::Malformed { field: "name", needs: "the association's name" });
        }
        if self.area.trim().is_empty() {
            return Err(Rejection::Malformed { field: "area", needs: "the area whose stewards it is of" });
        }
        must_be_account("administrator", &self.administrator)
    }
}

fn must_be_account(field: &'static str, account: &str) -> Result<(), Rejection> {
    if account.trim().is_empty() || account.contains('/') {
        return Err(Rejection::Malformed { field, needs: "an account" });
    }
    Ok(())
}

/// Who administers an association, and may be named to.
pub const ADMINISTERING: &[Role] = &[Role::AssociationAdmin];
const REGISTRARS: &[Permission] = &[anywhere(Role::StreetLead)];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given::{Given, given};

    fn registration() -> Registration {
        Registration {
            name: "石井街道楼栋长联合会".into(), area: "石井".into(), administrator: "a-1".into()
        }
    }

    fn registered() -> Event {
        Event::AssociationRegistered { registration: registration(), by: "a-lead".into() }
    }

    fn added(account: &str) -> Event {
        Event::AssociationMemberAdded { account: account.into(), by: "a-1".into() }
    }

    fn its_administrator(events: Vec<Event>) -> Given<Association> {
        given(events).by_role(Role::AssociationAdmin)
    }

    #[test]
    fn the_subdistrict_registers_it_once() {
        let nobody = |events: Vec<Event>| given::<Association>(events).by_role(Role::StreetLead);
        let lead = |events| nobody(events).naming_holder("a-1", Role::AssociationAdmin);
        let register = || Command::Register(registration());
        nobody(vec![]).when(register()).then_rejected("unknown_colleague");
        nobody(vec![]).naming_holder("a-1", Role::Owner).when(register()).then_rejected("unknown_colleague");
        let by_lead = Event::AssociationRegistered { registration: registration(), by: "a-1".into() };
        lead(vec![]).when(register()).then([by_lead]);
        lead(vec![registered()]).when(register()).then([]);
        let other = Registration { area: "坪山".into(), ..registration() };
        lead(vec![registered()]).when(Command::Register(other)).then_rejected("already_exists");
        let nameless = Registration { name: " ".into(), ..registration() };
        lead(vec![]).when(Command::Register(nameless)).then_rejected("malformed");
        its_administrator(vec![]).when(register()).then_rejected("role_needed");
    }

    #[test]
    fn its_administrator_takes_members_in_and_lets_them_go() {
        let add = || Command::AddMember { account: "a-7".into() };
        let remove = || Command::RemoveMember { account: "a-7".into(), why: "moved".into() };
        let removed =
            Event::AssociationMemberRemoved { account: "a-7".into(), why: "moved".into(), by: "a-1".into() };
        its_administrator(vec![]).when(add()).then_rejected("not_found");
        its_administrator(vec![registered()]).when(add()).then([added("a-7")]);
        its_administrator(vec![registered(), added("a-7")]).when(add()).then([]);
        its_administrator(vec![registered(), added("a-7")]).when(remove()).then([removed.clone()]);
        its_administrator(vec![registered(), added("a-7"), removed])
            .when(remove())
            .then_rejected("not_found");
    }

    #[test]
    fn the_administrator_of_another_one_changes_nothing() {
        let elsewhere = Event::AssociationRegistered {
            registration: Registration { administrator: "a-9".into(), ..registration() },
            by: "a-lead".into(),
        };
        let refused = its_administrator(vec![elsewhere]).when(Command::AddMember { account: "a-7".into() });
        let refused = refused.then_rejected("association_of_another");
        assert!(refused.en().contains("a-9"));
    }
}
