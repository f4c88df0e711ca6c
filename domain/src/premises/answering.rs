//! Answering: who answers for premises, by naming or by claim, and who looks after them day by day.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Event, PartyRole, Premises};
use crate::account::Span;
use crate::facts::{Actor, Facts};
use crate::rejection::Rejection;
use crate::said::{Photo, Private, Said, photos};

/// A building steward (楼栋长), appointed by the subdistrict.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Steward {
    /// The account.
    pub account: String,
    /// From and until.
    #[serde(flatten)]
    pub span: Span,
}

/// A party says that it answers for the premises.
pub(super) fn claim(
    premises: &Premises,
    claim: PartyRole,
    evidence: &[Photo],
    note: Option<String>,
    facts: &Facts,
) -> Result<Vec<Said<Event>>, Rejection> {
    if !facts.actor.received && !speaks_for(&facts.actor, &claim.party) {
        return Err(Rejection::NotFound { what: "party that you speak for" });
    }
    must_be_role(&claim.role)?;
    must_rest_on_something(&claim)?;
    if premises.parties.contains(&claim) || premises.claims.contains(&claim) {
        return Ok(vec![]);
    }
    let private = Private::none().with("evidence", photos(evidence)).with("note", note);
    Ok(vec![Said::with(Event::ResponsibilityClaimed(claim), private)])
}

/// The clerk names who answers for the premises, and what that rests on. Said again with a basis where there was none, it has one.
pub(super) fn name(
    premises: &Premises,
    named: PartyRole,
    evidence: &[Photo],
) -> Result<Vec<Said<Event>>, Rejection> {
    must_be_role(&named.role)?;
    must_rest_on_something(&named)?;
    let says_more = |held: &PartyRole| named.basis.is_some() && named.basis != held.basis;
    if premises.parties.iter().any(|held| held.is_same_as(&named) && !says_more(held)) {
        return Ok(vec![]);
    }
    let private = Private::none().with("evidence", photos(evidence));
    Ok(vec![Said::with(Event::ResponsiblePartyNamed(named), private)])
}

/// Whoever owns or runs a house is ordered, heard and believed for it, so that it is said what that rests on; a steward only looks
/// round.
fn must_rest_on_something(named: &PartyRole) -> Result<(), Rejection> {
    match named.basis.as_deref() {
        None if ["owner", "operator"].contains(&named.role.as_str()) => {
            Err(Rejection::because("naming_without_basis", json!({ "role": named.role })))
        }
        Some(basis) if !BASES.contains(&basis) => {
            let needs =
                "property_certificate, lease, management_contract, statement, other_office or office_list";
            Err(Rejection::Malformed { field: "basis", needs })
        }
        _ => Ok(()),
    }
}

/// The clerk confirms or refuses a claim.
pub(super) fn settle(
    premises: &Premises,
    party: &str,
    role: &str,
    confirmed: bool,
    reason: Option<String>,
    facts: &Facts,
) -> Result<Vec<Said<Event>>, Rejection> {
    let claim = premises.claims.iter().find(|claim| claim.party == party && claim.role == role);
    let Some(claim) = claim else { return Err(Rejection::NotFound { what: "claim" }) };
    if speaks_for(&facts.actor, party) {
        return Err(Rejection::DutiesSeparated { rule: "decider_is_proposer" });
    }
    let by = facts.actor.account.clone();
    let private = Private::none().with("reason", reason);
    let event = if confirmed {
        Event::ResponsibilityConfirmed { claim: claim.clone(), by }
    } else {
        Event::ResponsibilityRefused { party: party.to_owned(), role: role.to_owned(), by }
    };
    Ok(vec![Said::with(event, private)])
}

/// Refuse a role that nobody can have towards premises.
pub(super) fn must_be_role(role: &str) -> Result<(), Rejection> {
    if ROLES.contains(&role) {
        return Ok(());
    }
    Err(Rejection::Malformed { field: "role", needs: "owner, operator or steward" })
}

impl Premises {
    /// The role in which a party answers for the premises no more: the one that is named, or the only one that it has.
    pub(super) fn role_to_end(&self, party: &str, role: Option<String>) -> Result<String, Rejection> {
        let held = self.parties.iter().filter(|held| held.party == party).map(|held| &held.role);
        let held: BTreeSet<&String> = held.collect();
        match (role, held.len()) {
            (Some(role), _) if held.contains(&role) => Ok(role),
            (None, 2..) => Err(Rejection::Malformed {
                field: "role",
                needs: "the role that ends, of several that the party has here",
            }),
            (None, _) => {
                held.into_iter().next().cloned().ok_or(Rejection::NotFound { what: "responsible party" })
            }
            (Some(_), _) => Err(Rejection::NotFound { what: "responsible party" }),
        }
    }

    /// Whether the actor is a steward appointed here, or speaks for a party named here, on that day.
    pub(crate) fn looked_after_by(&self, actor: &Actor, on: NaiveDate) -> bool {
        let appointed = |one: &Steward| one.account == actor.account && one.span.holds_on(on);
        let named = |one: &PartyRole| one.span.holds_on(on) && speaks_for(actor, &one.party);
        actor.received || self.stewards.iter().any(appointed) || self.parties.iter().any(named)
    }
}

fn speaks_for(actor: &Actor, party: &str) -> bool {
    actor.grants.iter().any(|grant| grant.party.as_deref() == Some(party))
}

/// What the naming of a party may rest on.
const BASES: [&str; 6] =
    ["lease", "management_contract", "office_list", "other_office", "property_certificate", "statement"];
const ROLES: [&str; 3] = ["owner", "operator", "steward"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Role;
    use crate::given::day;
    use crate::premises::Command;
    use crate::premises::tests::{building, house, owned, owner};

    fn of(role: &str) -> PartyRole {
        let basis = Some("property_certificate".into());
        PartyRole { party: "y-1".into(), role: role.into(), span: Span::default(), basis }
    }

    fn claim_of(role: &str) -> Command {
        Command::Claim { claim: of(role), evidence: vec![], note: Some("房产证在办".into()) }
    }

    fn registered() -> Vec<Event> {
        vec![Event::PremisesRegistered(building())]
    }

    fn claimed() -> Vec<Event> {
        vec![Event::PremisesRegistered(building()), Event::ResponsibilityClaimed(of("operator"))]
    }

    #[test]
    fn a_party_claims_for_itself_and_its_words_stay_private() {
        let said = house(registered()).by_grant(owner()).when(claim_of("operator")).said();
        assert_eq!(said[0].event, Event::ResponsibilityClaimed(of("operator")));
        assert!(!serde_json::to_string(&said[0].event).unwrap().contains("房产证"));
        house(claimed()).by_grant(owner()).when(claim_of("operator")).then([]);
        house(owned()).by_grant(owner()).when(claim_of("owner")).then([]);
        house(registered()).by_grant(owner()).when(claim_of("king")).then_rejected("malformed");
        house(registered()).by_role(Role::Owner).when(claim_of("owner")).then_rejected("not_found");
        house(registered()).by_role(Role::GridWorker).when(claim_of("owner")).then_rejected("role_needed");
    }

    #[test]
    fn the_clerk_confirms_or_refuses_and_not_for_a_party_of_his_own() {
        let confirm = || Command::ConfirmClaim { party: "y-1".into(), role: "operator".into() };
        let refuse = || Command::RefuseClaim {
            party: "y-1".into(),
            role: "operator".into(),
            reason: Some("证件不符".into()),
        };
        let confirmed = Event::ResponsibilityConfirmed { claim: of("operator"), by: "a-1".into() };
        let refused =
            Event::ResponsibilityRefused { party: "y-1".into(), role: "operator".into(), by: "a-1".into() };
        let clerk = |events: Vec<Event>| house(events).by_role(Role::DataClerk);
        clerk(claimed()).when(confirm()).then([confirmed.clone()]);
        clerk(claimed()).when(refuse()).then([refused.clone()]);
        clerk(registered()).when(confirm()).then_rejected("not_found");
        clerk(registered()).when(refuse()).then_rejected("not_found");
        clerk(claimed()).by_grant(owner()).when(confirm()).then_rejected("decider_is_proposer");
        house(claimed()).by_grant(owner()).when(confirm()).then_rejected("role_needed");
        let mut premises = Premises::default();
        for event in claimed().iter().chain([&confirmed]) {
            crate::aggregate::Concept::evolve(&mut premises, event);
        }
        assert_eq!((premises.parties.len(), premises.claims.len()), (1, 0));
    }

    #[test]
    fn parties_are_named_and_ended_by_the_clerk() {
        let name = |role: &str| Command::NameParty { named: of(role), evidence: vec![] };
        let clerk = |events: Vec<Event>| house(events).by_role(Role::DataClerk);
        clerk(registered()).when(name("owner")).then([Event::ResponsiblePartyNamed(of("owner"))]);
        clerk(owned()).when(name("owner")).then([]);
        clerk(registered()).when(name("neighbour")).then_rejected("malformed");
        let end = || Command::EndParty { party: "y-1".into(), role: None, why: "sold".into() };
        let ended = |role: &str| Event::ResponsiblePartyEnded {
            party: "y-1".into(),
            role: Some(role.into()),
            why: "sold".into(),
        };
        clerk(owned()).when(end()).then([ended("owner")]);
        clerk(registered()).when(end()).then_rejected("not_found");
        house(owned()).by_grant(owner()).when(end()).then_rejected("role_needed");
    }

    #[test]
    fn a_party_of_several_roles_ends_in_the_one_that_is_named() {
        let both =
            || owned().into_iter().chain([Event::ResponsiblePartyNamed(of("operator"))]).collect::<Vec<_>>();
        let end = |role: Option<&str>| Command::EndParty {
            party: "y-1".into(),
            role: role.map(str::to_owned),
            why: "lease_ended".into(),
        };
        house(both()).by_role(Role::DataClerk).when(end(None)).then_rejected("malformed");
        house(both()).by_role(Role::DataClerk).when(end(Some("steward"))).then_rejected("not_found");
        let said = house(both()).by_role(Role::DataClerk).when(end(Some("operator"))).said();
        let mut premises = Premises::default();
        for event in both().iter().chain([&said[0].event]) {
            crate::aggregate::Concept::evolve(&mut premises, event);
        }
        let roles: Vec<&str> = premises.parties.iter().map(|held| held.role.as_str()).collect();
        assert_eq!(roles, ["owner"]);
        let before = serde_json::json!({ "type": "ResponsiblePartyEnded", "party": "y-1", "why": "sold" });
        let old: Event = serde_json::from_value(before).unwrap();
        crate::aggregate::Concept::evolve(&mut premises, &old);
        assert!(premises.parties.is_empty(), "as it was recorded before, in every role");
    }

    #[test]
    fn what_the_naming_rests_on_is_recorded_and_its_papers_are_private() {
        let name = |basis: Option<&str>| Command::NameParty {
            named: PartyRole { basis: basis.map(str::to_owned), ..of("owner") },
            evidence: vec![Photo { bytes: 3, sha256: "ab".repeat(32), media_type: "image/jpeg".into() }],
        };
        let clerk = |events: Vec<Event>| house(events).by_role(Role::DataClerk);
        let said = clerk(registered()).when(name(Some("lease"))).said();
        let event = serde_json::to_value(&said[0].event).unwrap();
        assert_eq!(event["basis"], "lease");
        assert!(!event.to_string().contains("abab"), "{event}");
        assert!(serde_json::to_string(&said[0].private).unwrap().contains("abab"));
        clerk(registered()).when(name(Some("hearsay"))).then_rejected("malformed");
        for role in ["owner", "operator"] {
            let bare = PartyRole { basis: None, ..of(role) };
            let named = Command::NameParty { named: bare.clone(), evidence: vec![] };
            let refused = clerk(registered()).when(named).then_rejected("naming_without_basis");
            assert!(
                refused.zh().contains("不动产权证书") && refused.en().contains("certificate"),
                "{refused}"
            );
            let claim = Command::Claim { claim: bare, evidence: vec![], note: None };
            house(registered()).by_grant(owner()).when(claim).then_rejected("naming_without_basis");
        }
        let steward = PartyRole { basis: None, ..of("steward") };
        clerk(registered()).when(Command::NameParty { named: steward, evidence: vec![] }).said();
        let held = || vec![Event::PremisesRegistered(building()), said[0].event.clone()];
        clerk(held()).when(name(Some("lease"))).then([]);
        let better = clerk(held()).when(name(Some("property_certificate"))).said();
        let mut premises = Premises::default();
        for event in held().iter().chain([&better[0].event]) {
            crate::aggregate::Concept::evolve(&mut premises, event);
        }
        assert_eq!(premises.parties.len(), 1);
        assert_eq!(premises.parties[0].basis.as_deref(), Some("property_certificate"));
    }

    #[test]
    fn the_subdistrict_appoints_a_steward_who_looks_round() {
        let steward = |account: &str| Steward { account: account.into(), span: Span::default() };
        let appointed = |account: &str| Event::StewardAppointed(steward(account));
        let lead =
            |events: Vec<Event>| house(events).by_role(Role::StreetLead).naming_holder("a-9", Role::Steward);
        lead(registered()).when(Command::AppointSteward(steward("a-9"))).then([appointed("a-9")]);
        let with = |account: &str| registered().into_iter().chain([appointed(account)]).collect::<Vec<_>>();
        lead(with("a-9")).when(Command::AppointSteward(steward("a-9"))).then([]);
        let release = || Command::ReleaseSteward { account: "a-9".into(), why: "moved_away".into() };
        lead(with("a-9"))
            .when(release())
            .then([Event::StewardReleased { account: "a-9".into(), why: "moved_away".into() }]);
        lead(registered()).when(release()).then_rejected("not_found");
        house(registered())
            .by_role(Role::DataClerk)
            .when(Command::AppointSteward(steward("a-9")))
            .then_rejected("role_needed");
        let elsewhere = crate::facts::Grant {
            role: Role::StreetLead,
            department: None,
            area: Some("坑梓".into()),
            party: None,
        };
        house(registered())
            .by_grant(elsewhere)
            .when(Command::AppointSteward(steward("a-9")))
            .then_rejected("not_your_area");
        let check = |on: &str| Command::RecordStewardCheck {
            on: day(on),
            looked_at: vec!["smoke_alarm".into()],
            note: Some("楼道有杂物".into()),
        };
        let checked =
            Event::StewardCheckRecorded { on: day("2026-03-02"), looked_at: vec!["smoke_alarm".into()] };
        let by = |events: Vec<Event>| house(events).by_role(Role::Steward);
        by(with("a-1")).when(check("2026-03-02")).then([checked.clone()]);
        by(with("a-9")).when(check("2026-03-02")).then_rejected("not_your_premises");
        by(with("a-1")).when(check("2026-03-09")).then_rejected("malformed");
        by(with("a-1")).when(check("2026-02-28")).said();
        let refused = by(with("a-1")).when(check("2026-02-27")).then_rejected("check_too_long_ago");
        assert!(refused.en().contains("2026-02-28") && refused.zh().contains("2026-02-28"), "{refused}");
        let untouched =
            Command::RecordStewardCheck { on: day("2026-03-02"), looked_at: vec![], note: Some(" ".into()) };
        by(with("a-1")).when(untouched).then_rejected("check_of_nothing");
        let since_today = Steward {
            account: "a-1".into(),
            span: Span { from: Some(day("2026-03-02")), ..Span::default() },
        };
        let new =
            || vec![Event::PremisesRegistered(building()), Event::StewardAppointed(since_today.clone())];
        by(new()).when(check("2026-03-01")).then_rejected("check_before_naming");
        by(new()).when(check("2026-03-02")).said();
        let of = |subject: crate::subject::Subject| by(with("a-1")).about(subject);
        let registered_today = crate::subject::Subject {
            registered_on: Some(day("2026-03-02")),
            premises: Premises {
                register: Some(building()),
                stewards: vec![steward("a-1")],
                ..Premises::default()
            },
            ..crate::subject::Subject::default()
        };
        of(registered_today.clone()).when(check("2026-03-01")).then_rejected("check_before_naming");
        let mut looked = registered_today;
        looked.steward_checks.push(day("2026-03-02"));
        of(looked).when(check("2026-03-02")).then_rejected("check_recorded_already");
        house(owned()).by_grant(owner()).when(check("2026-03-02")).then([checked]);
        house(owned()).by_role(Role::GridWorker).when(check("2026-03-02")).then_rejected("role_needed");
    }
}
