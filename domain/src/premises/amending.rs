//! Amending: what is registered is put right by the data clerk; the people of the house may propose it.
//!
//! What somebody proposes is private, for anything can be typed there; what the clerk takes over is stated anew.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Event, Premises, Register};
use crate::facts::Facts;
use crate::rejection::Rejection;
use crate::said::{Photo, Private, Said, photos};

/// A proposal that waits for the clerk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proposal {
    /// Who made it.
    pub by: String,
    /// The fields it is about.
    pub fields: Vec<String>,
}

/// The clerk amends.
pub(super) fn amend(
    register: &Register,
    changes: BTreeMap<String, Value>,
    why: String,
    coordinates: Option<String>,
) -> Result<Vec<Said<Event>>, Rejection> {
    if changes.contains_key("layer") || amended(register, &changes).is_none() {
        return Err(Rejection::Malformed {
            field: "changes",
            needs: "registered fields with values of their kind",
        });
    }
    let private = Private::none().with("coordinates", coordinates);
    Ok(vec![Said::with(Event::PremisesAmended { changes, why }, private)])
}

/// Somebody of the house proposes.
pub(super) fn propose(
    premises: &Premises,
    changes: &BTreeMap<String, Value>,
    reason: Option<String>,
    evidence: &[Photo],
    facts: &Facts,
) -> Result<Vec<Said<Event>>, Rejection> {
    if changes.is_empty() {
        return Err(Rejection::Malformed { field: "changes", needs: "at least one field to put right" });
    }
    must_fit(premises.register.as_ref(), changes)?;
    let private = Private::none()
        .with("changes", Some(changes))
        .with("evidence", photos(evidence))
        .with("reason", reason);
    let (number, by) = (premises.proposals_made + 1, facts.actor.account.clone());
    let fields = changes.keys().cloned().collect();
    Ok(vec![Said::with(Event::PremisesAmendmentProposed { number, fields, by }, private)])
}

/// The clerk takes a proposal over, restated, or leaves it.
pub(super) fn decide_on(
    premises: &Premises,
    number: u64,
    accepted: bool,
    changes: BTreeMap<String, Value>,
    reason: Option<String>,
    facts: &Facts,
) -> Result<Vec<Said<Event>>, Rejection> {
    let Some(proposal) = premises.proposals.get(&number) else {
        return Err(if (1..=premises.proposals_made).contains(&number) {
            Rejection::WrongState { is: "decided", needs: "a proposal that waits" }
        } else {
            Rejection::NotFound { what: "proposal" }
        });
    };
    let by = facts.actor.account.clone();
    if proposal.by == by && !facts.actor.received {
        return Err(Rejection::DutiesSeparated { rule: "decider_is_proposer" });
    }
    if accepted {
        let of_it = |field: &String| proposal.fields.contains(field);
        if changes.is_empty() || !changes.keys().all(of_it) {
            return Err(Rejection::Malformed {
                field: "changes",
                needs: "what is taken over of the proposal",
            });
        }
        must_fit(premises.register.as_ref(), &changes)?;
    } else if !changes.is_empty() {
        return Err(Rejection::Malformed {
            field: "changes",
            needs: "to be left out where nothing is taken over",
        });
    }
    let private = Private::none().with("reason", reason);
    Ok(vec![Said::with(Event::PremisesAmendmentDecided { number, accepted, changes, by }, private)])
}

fn must_fit(register: Option<&Register>, changes: &BTreeMap<String, Value>) -> Result<(), Rejection> {
    let fits = register.is_some_and(|register| amended(register, changes).is_some());
    if changes.contains_key("layer") || !fits {
        return Err(Rejection::Malformed {
            field: "changes",
            needs: "registered fields with values of their kind",
        });
    }
    Ok(())
}

/// The register with these fields changed; `None` where a value is not of its field's kind.
pub(super) fn amended(register: &Register, changes: &BTreeMap<String, Value>) -> Option<Register> {
    let mut document = serde_json::to_value(register).ok()?;
    let fields = document.as_object_mut()?;
    for (field, value) in changes {
        match (field.as_str(), value) {
            ("codes", Value::Object(codes)) => {
                let held = fields.entry("codes").or_insert_with(|| Value::Object(serde_json::Map::new()));
                held.as_object_mut()?.extend(codes.clone());
            }
            _ => {
                fields.insert(field.clone(), value.clone());
            }
        }
    }
    serde_json::from_value(document).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Role;
    use crate::given::Given;
    use crate::premises::tests::{building, house, owned, owner};
    use crate::premises::{Command, Event};

    fn changes() -> BTreeMap<String, Value> {
        BTreeMap::from([("storeys".to_owned(), Value::from(7))])
    }

    fn propose_by(given: Given<Premises>) -> crate::given::Outcome<Premises> {
        let reason = Some("加盖了一层".to_owned());
        given.when(Command::ProposeAmendment { changes: changes(), reason, evidence: vec![] })
    }

    fn proposed(by: &str) -> Event {
        Event::PremisesAmendmentProposed { number: 1, fields: vec!["storeys".into()], by: by.into() }
    }

    fn decided(accepted: bool, changes: BTreeMap<String, Value>) -> Command {
        Command::DecideAmendment { number: 1, accepted, changes, reason: None }
    }

    #[test]
    fn the_owner_proposes_and_what_was_typed_stays_private() {
        let said = propose_by(house(owned()).by_grant(owner())).said();
        assert_eq!(said[0].event, proposed("a-1"));
        let event = serde_json::to_string(&said[0].event).unwrap();
        assert!(!event.contains('7') && !event.contains("加盖"), "{event}");
    }

    #[test]
    fn nobody_proposes_for_another_house() {
        propose_by(house([Event::PremisesRegistered(building())]).by_grant(owner()))
            .then_rejected("not_your_premises");
        propose_by(house(owned()).by_role(Role::GridWorker)).then_rejected("role_needed");
    }

    #[test]
    fn a_proposal_of_nothing_or_of_the_wrong_kind_is_refused() {
        for changes in [BTreeMap::new(), BTreeMap::from([("storeys".to_owned(), Value::from("seven"))])] {
            house(owned())
                .by_grant(owner())
                .when(Command::ProposeAmendment { changes, reason: None, evidence: vec![] })
                .then_rejected("malformed");
        }
    }

    #[test]
    fn the_clerk_takes_it_over_restated_and_only_once() {
        let waiting = |by: &str| owned().into_iter().chain([proposed(by)]).collect::<Vec<_>>();
        let taken = Event::PremisesAmendmentDecided {
            number: 1,
            accepted: true,
            changes: changes(),
            by: "a-1".into(),
        };
        let clerk = |events: Vec<Event>| house(events).by_role(Role::DataClerk);
        clerk(waiting("a-2")).when(decided(true, changes())).then([taken.clone()]);
        clerk(waiting("a-2")).when(decided(true, BTreeMap::new())).then_rejected("malformed");
        clerk(waiting("a-2")).when(decided(false, changes())).then_rejected("malformed");
        clerk(waiting("a-2")).when(decided(false, BTreeMap::new())).said();
        clerk(waiting("a-1")).when(decided(true, changes())).then_rejected("decider_is_proposer");
        clerk(owned()).when(decided(true, changes())).then_rejected("not_found");
        let done = [waiting("a-2"), vec![taken]].concat();
        clerk(done.clone()).when(decided(true, changes())).then_rejected("wrong_state");
        house(waiting("a-2")).by_grant(owner()).when(decided(true, changes())).then_rejected("role_needed");
        let mut premises = Premises::default();
        done.iter().for_each(|event| crate::aggregate::Concept::evolve(&mut premises, event));
        assert_eq!(premises.register.unwrap().storeys, Some(7));
    }
}
