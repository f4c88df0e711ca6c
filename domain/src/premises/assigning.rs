//! Assigning: the subdistrict says who may assess premises, and who looks after them.

use super::{Command, Event, Premises};
use crate::facts::{Facts, Role};
use crate::rejection::Rejection;

/// Who assesses premises, and may be assigned to.
pub const ASSESSING: &[Role] = &[Role::GridWorker, Role::DepartmentOfficer];
/// Who looks after premises day by day, and may be appointed to: often whoever owns or runs them.
pub const LOOKING_AFTER: &[Role] = &[Role::Operator, Role::Owner, Role::Steward];

impl Premises {
    /// Somebody is assigned, released or followed by another; nothing where it is so already.
    pub(super) fn assign(&self, command: Command, facts: &Facts) -> Result<Option<Event>, Rejection> {
        let by = facts.actor.account.clone();
        Ok(Some(match command {
            Command::AppointSteward(steward) if self.stewards.contains(&steward) => return Ok(None),
            Command::AppointSteward(steward) => {
                steward.span.must_be_in_order()?;
                facts.must_know_colleague(&steward.account, LOOKING_AFTER)?;
                Event::StewardAppointed(steward)
            }
            Command::AssignAssessor(assessor) if self.assessors.contains(&assessor) => return Ok(None),
            Command::AssignAssessor(assessor) => {
                assessor.span.must_be_in_order()?;
                facts.must_know_colleague(&assessor.account, ASSESSING)?;
                Event::AssessorAssigned(assessor)
            }
            Command::HandOverAssignments { from, to, why } => {
                if from == to || to.trim().is_empty() {
                    return Err(Rejection::Malformed { field: "to", needs: "another account" });
                }
                self.must_assess(&from)?;
                facts.must_know_colleague(&to, ASSESSING)?;
                Event::AssignmentsHandedOver { from, to, why, by }
            }
            Command::ReleaseAssessor { account, why } => {
                self.must_assess(&account)?;
                Event::AssessorReleased { account, why }
            }
            Command::ReleaseSteward { account, why } => {
                if !self.stewards.iter().any(|held| held.account == account) {
                    return Err(Rejection::NotFound { what: "steward" });
                }
                Event::StewardReleased { account, why }
            }
            _ => return Ok(None),
        }))
    }

    fn must_assess(&self, account: &str) -> Result<(), Rejection> {
        if self.assessors.iter().any(|held| held.account == account) {
            return Ok(());
        }
        Err(Rejection::NotFound { what: "assignment" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Span;
    use crate::facts::Role;
    use crate::given::day;
    use crate::premises::tests::{building, house};
    use crate::premises::{Assessor, Steward};

    fn assessor(account: &str) -> Assessor {
        Assessor {
            account: account.into(),
            department: Some("fire".into()),
            indicators: None,
            span: Span::default(),
        }
    }

    fn with(accounts: &[&str]) -> Vec<Event> {
        let assigned = accounts.iter().map(|account| Event::AssessorAssigned(assessor(account)));
        std::iter::once(Event::PremisesRegistered(building())).chain(assigned).collect()
    }

    fn hand(from: &str, to: &str) -> Command {
        Command::HandOverAssignments { from: from.into(), to: to.into(), why: "transferred".into() }
    }

    #[test]
    fn what_is_assigned_to_nobody_who_could_do_it_is_refused() {
        let lead = || house(with(&[])).by_role(Role::StreetLead);
        let assign = || Command::AssignAssessor(assessor("a-2"));
        let refused = lead().when(assign()).then_rejected("unknown_colleague");
        assert!(refused.zh().contains("没有担任网格员或") && refused.en().contains("“a-2”"), "{refused}");
        for role in [Role::Auditor, Role::Owner, Role::Reviewer, Role::Steward] {
            lead().naming_holder("a-2", role).when(assign()).then_rejected("unknown_colleague");
        }
        lead().naming_holder("a-3", Role::GridWorker).when(assign()).then_rejected("unknown_colleague");
        lead().naming_holder("a-2", Role::DepartmentOfficer).when(assign()).said();
        let appoint = || Command::AppointSteward(Steward { account: "a-2".into(), span: Span::default() });
        lead().naming_holder("a-2", Role::GridWorker).when(appoint()).then_rejected("unknown_colleague");
        lead().naming_holder("a-2", Role::Steward).when(appoint()).said();
        let span = Span { from: Some(day("2026-12-20")), until: Some(day("2026-12-01")) };
        let backwards = Command::AssignAssessor(Assessor { span, ..assessor("a-2") });
        lead().naming_holder("a-2", Role::GridWorker).when(backwards).then_rejected("malformed");
    }

    #[test]
    fn assessors_are_assigned_and_released_once() {
        let lead = |events: Vec<Event>| {
            house(events).by_role(Role::StreetLead).naming_holder("a-2", Role::GridWorker)
        };
        let release = || Command::ReleaseAssessor { account: "a-2".into(), why: "moved".into() };
        lead(with(&[]))
            .when(Command::AssignAssessor(assessor("a-2")))
            .then([Event::AssessorAssigned(assessor("a-2"))]);
        lead(with(&["a-2"])).when(Command::AssignAssessor(assessor("a-2"))).then([]);
        lead(with(&["a-2"]))
            .when(release())
            .then([Event::AssessorReleased { account: "a-2".into(), why: "moved".into() }]);
        lead(with(&[])).when(release()).then_rejected("not_found");
        house(with(&[]))
            .by_role(Role::GridWorker)
            .when(Command::AssignAssessor(assessor("a-2")))
            .then_rejected("role_needed");
    }

    #[test]
    fn all_that_one_assesses_is_handed_over_together() {
        let lead = |events: Vec<Event>| {
            house(events).by_role(Role::Administrator).naming_holder("a-3", Role::GridWorker)
        };
        let handed = Event::AssignmentsHandedOver {
            from: "a-2".into(),
            to: "a-3".into(),
            why: "transferred".into(),
            by: "a-1".into(),
        };
        lead(with(&["a-2"])).when(hand("a-2", "a-3")).then([handed.clone()]);
        lead(with(&["a-2"])).when(hand("a-2", "a-2")).then_rejected("malformed");
        lead(with(&["a-2"])).when(hand("a-4", "a-3")).then_rejected("not_found");
        house(with(&["a-2"])).by_role(Role::DataClerk).when(hand("a-2", "a-3")).then_rejected("role_needed");
        let mut premises = Premises::default();
        for event in with(&["a-2", "a-4", "a-2"]).iter().chain([&handed]) {
            crate::aggregate::Concept::evolve(&mut premises, event);
        }
        let accounts: Vec<&str> = premises.assessors.iter().map(|held| held.account.as_str()).collect();
        assert_eq!(accounts, ["a-3", "a-4", "a-3"]);
    }
}
