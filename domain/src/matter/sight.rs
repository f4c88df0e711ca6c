//! Sight: which matters somebody may read. The one rule of it: lists, pages and programs all ask here.
//!
//! - The office reads what lies in the area of each grant; two roles read only what they deal with.
//! - A party reads of the premises that it answers for what it is told of: a hazard once it is confirmed, a notice to it,
//!   what it contests or asks for. Never a report: the owner learns of the hazard, not of who reported it.
//! - A steward reads the same of the buildings that he was appointed to.
//! - Whoever is named as the one a matter waits on reads it.
//! - The public reads none, and a reporter follows the own report by its number.

use super::Kind;
use crate::facts::{Actor, Role};

/// A part of the matters that somebody may read.
#[derive(Clone, Debug, PartialEq)]
pub enum Sight {
    /// In this area, or everywhere, these kinds.
    Office {
        /// Subdistrict, community or grid cell.
        area: Option<String>,
        /// Which kinds.
        kinds: &'static [Kind],
    },
    /// What this party is told of the premises that it answers for.
    Party(String),
    /// What a steward is told of the premises that this account looks after.
    Steward(String),
    /// What waits on this account by name.
    Named(String),
}

/// What somebody may read. What a channel brings in reads nothing.
pub fn sights(actor: &Actor) -> Vec<Sight> {
    if actor.received {
        return vec![];
    }
    let mut sights = vec![Sight::Named(actor.account.clone())];
    for grant in &actor.grants {
        let area = grant.area.clone();
        match (grant.role, &grant.party) {
            (Role::Owner | Role::Operator | Role::Steward, Some(party)) => {
                sights.push(Sight::Party(party.clone()))
            }
            (Role::Owner | Role::Operator, None) | (Role::Administrator | Role::AssociationAdmin, _) => {}
            (Role::Steward, None) => {}
            (Role::DataClerk, _) => {
                sights.push(Sight::Office { area, kinds: &[Kind::Incident, Kind::Alert] })
            }
            (Role::CreditOfficer, _) => {
                sights.push(Sight::Office { area, kinds: &[Kind::Hazard, Kind::Grade, Kind::Dispute] });
            }
            _ => sights.push(Sight::Office { area, kinds: &Kind::ALL }),
        }
        if grant.role == Role::Steward {
            sights.push(Sight::Steward(actor.account.clone()));
        }
    }
    sights.dedup();
    sights
}

/// Whether somebody may read what rounds another goes: the own ones, or those of the people one leads or sends.
pub fn reads_rounds_of(actor: &Actor, worker: &str) -> bool {
    let leads =
        [Role::StreetLead, Role::CommunityLead, Role::Dispatcher, Role::CommissionAdmin, Role::Auditor];
    actor.account == worker || actor.grants.iter().any(|grant| leads.contains(&grant.role))
}

/// Figures that are counted over everybody's premises.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Figures {
    /// By area, department and day.
    Places,
    /// By who did something or was late with it.
    Hands,
    /// What one party answers for.
    Party,
}

/// Whether somebody may read them. The office reads what is counted by place; by hand only who leads or looks after its
/// work; of a party who keeps the register, the credit files or the law.
pub fn reads_figures(actor: &Actor, figures: Figures) -> bool {
    let leads = [
        Role::StreetLead,
        Role::CommunityLead,
        Role::Dispatcher,
        Role::CommissionAdmin,
        Role::Auditor,
        Role::Administrator,
    ];
    let office = [
        Role::DepartmentOfficer,
        Role::CompetentAuthority,
        Role::Confirmer,
        Role::CreditOfficer,
        Role::DataClerk,
        Role::LegalOfficer,
        Role::Reviewer,
    ];
    let files =
        [Role::CommissionAdmin, Role::Auditor, Role::DataClerk, Role::CreditOfficer, Role::LegalOfficer];
    let holds = |roles: &[Role]| roles.iter().any(|role| actor.holds(*role));
    !actor.received
        && match figures {
            Figures::Places => holds(&leads) || holds(&office),
            Figures::Hands => holds(&leads),
            Figures::Party => holds(&files),
        }
}

/// The kinds that a party is told of.
pub const TOLD: [Kind; 7] =
    [Kind::Alert, Kind::Appeal, Kind::Dispute, Kind::Grade, Kind::Hazard, Kind::Notice, Kind::Reevaluation];

/// Stages of a hazard that a party is not told of: nobody has confirmed it.
pub const UNTOLD: [&str; 2] = ["pending_review", "dismissed"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Grant;

    fn actor(role: Role, area: Option<&str>, party: Option<&str>) -> Actor {
        let (area, party) = (area.map(str::to_owned), party.map(str::to_owned));
        Actor {
            grants: vec![Grant { role, department: None, area, party }],
            account: "a-1".into(),
            received: false,
        }
    }

    fn kinds(actor: &Actor) -> Vec<Kind> {
        let all = sights(actor);
        let office = all.iter().filter_map(|sight| match sight {
            Sight::Office { kinds, .. } => Some(kinds.to_vec()),
            _ => None,
        });
        office.flatten().collect()
    }

    #[test]
    fn the_office_reads_by_role_and_area() {
        let lead = sights(&actor(Role::StreetLead, Some("石井"), None));
        assert!(lead.contains(&Sight::Office { area: Some("石井".into()), kinds: &Kind::ALL }));
        assert_eq!(kinds(&actor(Role::DataClerk, None, None)), [Kind::Incident, Kind::Alert]);
        assert!(kinds(&actor(Role::Administrator, None, None)).is_empty());
    }

    #[test]
    fn a_party_is_never_told_of_a_report() {
        assert!(
            !TOLD.contains(&Kind::Report) && !TOLD.contains(&Kind::Incident) && !TOLD.contains(&Kind::Task)
        );
        let owner = sights(&actor(Role::Owner, None, Some("y-1")));
        assert_eq!(owner, [Sight::Named("a-1".into()), Sight::Party("y-1".into())]);
        assert_eq!(sights(&actor(Role::Owner, None, None)), [Sight::Named("a-1".into())]);
        assert!(sights(&Actor::channel("feed-police")).is_empty());
    }

    #[test]
    fn figures_are_the_offices_and_those_of_a_party_its_files() {
        let reads = |role, figures| reads_figures(&actor(role, None, Some("y-1")), figures);
        for role in [Role::Owner, Role::Operator, Role::Steward, Role::GridWorker, Role::AssociationAdmin] {
            assert!(
                [Figures::Places, Figures::Hands, Figures::Party].iter().all(|of| !reads(role, *of)),
                "{role:?}"
            );
        }
        assert!(
            reads(Role::DepartmentOfficer, Figures::Places)
                && !reads(Role::DepartmentOfficer, Figures::Hands)
        );
        assert!(reads(Role::StreetLead, Figures::Hands) && !reads(Role::StreetLead, Figures::Party));
        assert!(reads(Role::DataClerk, Figures::Party));
        assert!(!reads_figures(&Actor::channel("feed-police"), Figures::Places));
    }

    #[test]
    fn rounds_are_read_by_who_goes_them_and_who_leads() {
        assert!(reads_rounds_of(&actor(Role::GridWorker, None, None), "a-1"));
        assert!(!reads_rounds_of(&actor(Role::GridWorker, None, None), "a-2"));
        assert!(reads_rounds_of(&actor(Role::StreetLead, None, None), "a-2"));
    }
}
