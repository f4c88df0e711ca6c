//! Receipt (收件): on which day a command counts.
//!
//! What a party says counts on the day on which it came in, whatever its device claims: its terms end by receipt. What the office
//! says counts on the day that its device claims, for much of it is done where there is no signal. And nobody acts on a day that has
//! not come: a claim ahead of receipt counts as receipt.

use chrono::{DateTime, NaiveDate, Utc};

use crate::aggregate::Concept;
use crate::facts::{Actor, Role};
use crate::recorded::local_date;

/// The day, at UTC+8, on which the rules take a command to be given: of the moment claimed and that of its receipt. Whoever
/// could ask for it as a party does so as one, though the account may do office work besides.
pub fn counted_on<C: Concept>(
    command: &C::Command,
    actor: &Actor,
    claimed: DateTime<Utc>,
    received: DateTime<Utc>,
) -> NaiveDate {
    let open_to = |role: Role| C::open_to(command).iter().any(|permission| permission.role == role);
    let as_party = actor.grants.iter().any(|grant| PARTIES.contains(&grant.role) && open_to(grant.role));
    local_date(if as_party { received } else { claimed.min(received) })
}

/// Who speaks for a party or a house, and not for the office.
const PARTIES: [Role; 3] = [Role::Owner, Role::Operator, Role::Steward];

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::appeal::Appeal;
    use crate::credit::CreditFile;
    use crate::facts::Grant;
    use crate::given::day;
    use crate::grade::Grade;
    use crate::hazard::Hazard;
    use crate::reevaluation::Reevaluation;

    const RECEIVED: &str = "2026-03-10T08:00:00Z";

    fn actor(roles: &[Role]) -> Actor {
        let grant = |role: &Role| Grant { role: *role, department: None, area: None, party: None };
        Actor { account: "a-1".into(), grants: roles.iter().map(grant).collect(), received: false }
    }

    fn counted<C: Concept>(command: Value, actor: &Actor, claimed: &str) -> NaiveDate {
        let command: C::Command = serde_json::from_value(command).unwrap();
        counted_on::<C>(&command, actor, claimed.parse().unwrap(), RECEIVED.parse().unwrap())
    }

    #[test]
    fn what_a_party_says_counts_on_the_day_it_came_in_whatever_its_device_claims() {
        let against = json!({ "stream": "premises/p-1/grade", "determination": 1 });
        let appeal = json!({ "command": "file", "against": against, "grounds": "x" });
        let again = json!({ "command": "request", "why": "rectified" });
        let statement = json!({ "command": "make_statement", "determination": 1, "text": "x" });
        let objection = json!({ "command": "raise_objection", "item": { "what": "conduct", "number": 1 }, "grounds": "x" });
        let photo = json!({ "bytes": 3, "sha256": "ab".repeat(32), "type": "image/jpeg" });
        let repair = json!({ "command": "submit_rectification", "text": "x", "photos": [photo] });
        for claimed in ["2025-12-01T08:00:00Z", "2026-03-09T08:00:00Z", "2026-03-12T07:00:00Z"] {
            let owner = actor(&[Role::Owner]);
            let all = [
                counted::<Appeal>(appeal.clone(), &owner, claimed),
                counted::<Reevaluation>(again.clone(), &actor(&[Role::Operator]), claimed),
                counted::<Grade>(statement.clone(), &owner, claimed),
                counted::<CreditFile>(objection.clone(), &owner, claimed),
                counted::<Hazard>(repair.clone(), &actor(&[Role::Steward]), claimed),
                // who works for the office besides files the own appeal as everybody does
                counted::<Appeal>(appeal.clone(), &actor(&[Role::GridWorker, Role::Owner]), claimed),
            ];
            assert_eq!(all, [day("2026-03-10"); 6], "claimed {claimed}");
        }
    }

    #[test]
    fn what_the_office_says_counts_on_the_day_it_claims_and_never_on_one_to_come() {
        let confirm = json!({ "command": "confirm", "determination": 1, "document_number": "1" });
        let accept = json!({ "command": "accept", "findings": "x" });
        let counted_by = |actor: &Actor, claimed: &str| {
            [
                counted::<Grade>(confirm.clone(), actor, claimed),
                counted::<Hazard>(accept.clone(), actor, claimed),
            ]
        };
        // who owns a house somewhere confirms and accepts as the office does
        let office = actor(&[Role::Confirmer, Role::DepartmentOfficer, Role::Owner]);
        for actor in [office, Actor::channel("import")] {
            assert_eq!(counted_by(&actor, "2026-03-08T08:00:00Z"), [day("2026-03-08"); 2]);
            assert_eq!(counted_by(&actor, "2026-03-12T07:00:00Z"), [day("2026-03-10"); 2]);
        }
    }
}
