//! Answering: who answers for premises, by naming or by claim, and who looks after them day by day.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

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
    if premises.parties.contains(&claim) || premises.claims.contains(&claim) {
        return Ok(vec![]);
    }
    let private = Private::none().with("evidence", photos(evidence)).with("note", note);
    Ok(vec![Said::with(Event::ResponsibilityClaimed(claim), private)])
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

const ROLES: [&str; 3] = ["owner", "operator", "steward"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Role;
    use crate::given::day;
    use crate::premises::Command;
    use crate::premises::tests::{building, house, owned, owner};

    fn of(role: &str) -> PartyRole {
        PartyRole { party: "y-1".into(), role: role.into(), span: Span::default() }
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
        let name = |role: &str| Command::NameParty(of(role));
        let clerk = |events: Vec<Event>| house(events).by_role(Role::DataClerk);
        clerk(registered()).when(name("owner")).then([Event::ResponsiblePartyNamed(of("owner"))]);
        clerk(owned()).when(name("owner")).then([]);
        clerk(registered()).when(name("neighbour")).then_rejected("malformed");
        let end = || Command::EndParty { party: "y-1".into(), why: "sold".into() };
        clerk(owned())
            .when(end())
            .then([Event::ResponsiblePartyEnded { party: "y-1".into(), why: "sold".into() }]);
        clerk(registered()).when(end()).then_rejected("not_found");
        house(owned()).by_grant(owner()).when(end()).then_rejected("role_needed");
    }

    #[test]
    fn the_subdistrict_appoints_a_steward_who_looks_round() {
        let steward = |account: &str| Steward { account: account.into(), span: Span::default() };
        let appointed = |account: &str| Event::StewardAppointed(steward(account));
        let lead = |events: Vec<Event>| house(events).by_role(Role::StreetLead);
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
