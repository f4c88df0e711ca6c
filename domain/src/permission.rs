//! Who may ask for what, and how far: the one gate that every command passes before the rules of its concept are asked.
//!
//! Each concept says to whom a command is open (`Concept::open_to`); docs/roles.md is that, written out. What a rule asks of a
//! person besides, such as to have had no hand in the case, is the rule's.

use crate::aggregate::Concept;
use crate::facts::{Facts, Grant, Role};
use crate::rejection::Rejection;

/// A role that a command is open to, and how far it reaches.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Permission {
    /// The role.
    pub role: Role,
    /// Where it counts.
    pub within: Within,
}

/// How far a role reaches.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Within {
    /// Everywhere in the district.
    District,
    /// The area of the grant takes in the premises; a grant without an area takes in all.
    Area,
    /// As [`Within::Area`], or the account is assigned to the premises. The area counts for those who go from house to house.
    Beat,
    /// The department of the grant answers for the matter.
    Department,
    /// The party answers for the premises as owner or operator, a steward looks after them, or the account is a side of this
    /// matter. Of a party's own stream: the party itself.
    Premises,
    /// The work lies in this account's hands: the assessment that it leads, the appeal that it reviews, the task that it was
    /// given, its own account.
    Hands,
}

macro_rules! reaching {
    ($($name:ident: $within:ident, $doc:literal;)+) => { $(
        #[doc = $doc]
        pub(crate) const fn $name(role: Role) -> Permission {
            Permission { role, within: Within::$within }
        }
    )+ };
}

reaching! {
    anywhere: District, "The role, everywhere in the district.";
    in_area: Area, "The role, in the area of its grant.";
    on_beat: Beat, "The role, in the area of its grant and where it is assigned.";
    of_department: Department, "The role, of the department that answers for the matter.";
    of_premises: Premises, "The role, of these premises.";
    in_hands: Hands, "The role, of whoever has the work in hands.";
}

/// Refuses unless the actor holds a role that the command is open to, as far as it must reach. What comes in through a channel
/// attests receipt and nothing more: who may send what there is the channel's own affair.
///
/// # Errors
/// [`Rejection::RoleNeeded`], or what is out of the actor's reach: [`Rejection::OutOfReach`],
/// [`Rejection::DepartmentNeeded`], or in whose hands the work lies.
pub fn permit<C: Concept>(state: &C, command: &C::Command, facts: &Facts) -> Result<(), Rejection> {
    if facts.actor.received {
        return Ok(());
    }
    let open_to = C::open_to(command);
    let mut refused = None;
    for grant in &facts.actor.grants {
        for permission in open_to.iter().filter(|permission| permission.role == grant.role) {
            match reaches(permission.within, grant, state, command, facts) {
                Ok(()) => return Ok(()),
                Err(rejection) => refused = Some(rejection),
            }
        }
    }
    Err(refused.unwrap_or_else(|| {
        let mut roles: Vec<Role> = open_to.iter().map(|permission| permission.role).collect();
        roles.dedup();
        Rejection::RoleNeeded { roles }
    }))
}

fn reaches<C: Concept>(
    within: Within,
    grant: &Grant,
    state: &C,
    command: &C::Command,
    facts: &Facts,
) -> Result<(), Rejection> {
    let reached = match within {
        Within::District => true,
        Within::Area => takes_in(grant, facts),
        Within::Beat => {
            let premises = facts.subject.as_ref().map(|subject| &subject.premises);
            grant.role == Role::GridWorker && takes_in(grant, facts)
                || premises.is_none_or(|premises| premises.assessed_by(&facts.actor, facts.today))
        }
        Within::Department => match state.competent(command, facts) {
            Some(department) if grant.department.as_ref() != Some(&department) => {
                return Err(Rejection::DepartmentNeeded { department });
            }
            _ => true,
        },
        Within::Premises => answers_as(grant.role, facts) || state.has_side(&facts.actor),
        Within::Hands => return state.must_be_in_hands(facts),
    };
    if reached { Ok(()) } else { Err(Rejection::OutOfReach { within }) }
}

/// What is not registered yet lies nowhere: the rules say that it is not there.
fn takes_in(grant: &Grant, facts: &Facts) -> bool {
    let place = facts.subject.as_ref().and_then(|subject| subject.premises.register.as_ref());
    place.is_none_or(|place| grant.takes_in(place))
}

/// An owner or operator by being named as one, a steward by looking after the house: to be named as its steward makes nobody speak
/// as its owner.
fn answers_as(role: Role, facts: &Facts) -> bool {
    if ["access/", "party/"].iter().any(|of| facts.stream.starts_with(of)) {
        return facts.speaks_for_subject();
    }
    facts.subject.as_ref().is_none_or(|subject| {
        let premises = &subject.premises;
        match role {
            Role::Steward => premises.looked_after_by(&facts.actor, facts.today),
            _ => premises.answered_for_by(&facts.actor, facts.today),
        }
    })
}

/// Who writes down what a party without a key says or hands in, with the day of its receipt.
pub(crate) const AT_THE_COUNTER: &[Permission] = &[
    anywhere(Role::LegalOfficer),
    anywhere(Role::DepartmentOfficer),
    anywhere(Role::StreetLead),
    anywhere(Role::GridWorker),
];

/// Who speaks as owner or operator of the premises.
pub(crate) const OWNER_OR_OPERATOR: &[Permission] = &[of_premises(Role::Owner), of_premises(Role::Operator)];

/// Who speaks for the house in any way.
pub(crate) const OF_THE_HOUSE: &[Permission] =
    &[of_premises(Role::Owner), of_premises(Role::Operator), of_premises(Role::Steward)];

/// Whoever has an account with a role, of the own account.
pub(crate) const EVERYBODY: &[Permission] = &{
    let mut all = [in_hands(Role::ALL[0]); Role::ALL.len()];
    let mut n = 0;
    while n < all.len() {
        all[n] = in_hands(Role::ALL[n]);
        n += 1;
    }
    all
};

/// What another system shares, and nobody types.
pub(crate) const NOBODY: &[Permission] = &[];

#[cfg(test)]
mod tests;
