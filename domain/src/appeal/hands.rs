//! Hands: who has had a hand in a case, and so does not review it. Refused by rule, and named.

use serde_json::json;

use super::{Appeal, Command};
use crate::facts::{Colleague, Facts, Role};
use crate::permission::{OWNER_OR_OPERATOR, Permission, anywhere, in_hands, of_premises};
use crate::rejection::Rejection;

impl Appeal {
    /// Refuse unless this account may review the case: it has stepped aside from it never, has not assessed, found or
    /// confirmed, reviewed or ordered, filed, and is related to nobody in it.
    pub(super) fn must_be_impartial(&self, reviewer: &str, facts: &Facts) -> Result<(), Rejection> {
        let subject = facts.subject()?;
        let policy = facts.rulebook()?.policy.appeal.unwrap_or_default();
        let against = self.against.as_ref();
        // a ban of the building was proposed and confirmed there, and follows from no result of the flat
        let of_building = against.is_some_and(|against| !facts.is_of_subject(&against.stream));
        let banned = if of_building { facts.building.as_deref() } else { Some(subject) };
        let ban = against.and_then(|against| banned?.grade.bans.get(&against.prohibition?));
        let subject = banned.unwrap_or(subject);
        let determination = against
            .and_then(|against| against.determination)
            .or_else(|| ban.and_then(|ban| ban.determination));
        let determined = determination.and_then(|number| subject.grade.determined.get(&number));
        let assessment = determined.and_then(|determined| subject.assessments.get(&determined.assessment));
        let assessed = determined.is_some_and(|determined| determined.assessor == reviewer)
            || assessment.is_some_and(|of| of.is_in_the_hands_of(reviewer));
        let confirmed = determination
            .is_some_and(|number| subject.grade.confirmers.get(&number).is_some_and(|by| by == reviewer))
            || ban.is_some_and(|ban| ban.confirmer == reviewer);
        let proposed = ban.is_some_and(|ban| ban.proposer == reviewer);
        let of_hazards = subject.hazards.values();
        let found = of_hazards.clone().any(|of| {
            let found = of.state.found.as_ref();
            found.is_some_and(|found| found.by.as_deref() == Some(reviewer))
        });
        let dealt = of_hazards.into_iter().any(|of| of.hands.contains(reviewer));
        let refuse = |code: &str| Err(Rejection::because(code, json!({ "account": reviewer })));
        if self.recused.iter().any(|recused| recused == reviewer) {
            return refuse("reviewer_recused");
        }
        if assessed && !policy.reviewer_may_be_assessor {
            return refuse("reviewer_is_assessor");
        }
        if found {
            return refuse("reviewer_of_case_is_finder");
        }
        if dealt {
            return refuse("reviewer_dealt_with_hazard");
        }
        if proposed {
            return refuse("reviewer_proposed_ban");
        }
        if self.filed_by == reviewer {
            return refuse("reviewer_filed_it");
        }
        if confirmed && !policy.reviewer_may_be_confirmer {
            return refuse("reviewer_is_confirmer");
        }
        self.must_be_unrelated(reviewer, facts)
    }

    fn must_be_unrelated(&self, reviewer: &str, facts: &Facts) -> Result<(), Rejection> {
        let subject = facts.subject()?;
        let Some(colleague) = facts.colleague.as_ref().filter(|named| named.account == reviewer) else {
            return Ok(());
        };
        let parties: Vec<&str> =
            subject.premises.parties.iter().map(|party| facts.goes_on_as(&party.party)).collect();
        let place = self.against.as_ref().map(|against| crate::recorded::subject_of(&against.stream));
        let here = crate::recorded::subject_of(&facts.stream);
        let concerns = |to: &str| {
            let party = to.strip_prefix("party/").map(|party| facts.goes_on_as(party));
            place == Some(to) || here == to || party.is_some_and(|party| parties.contains(&party))
        };
        let related = colleague.relations.iter().find(|relation| concerns(&relation.to));
        let of_party = |colleague: &Colleague| {
            let own = colleague.grants.iter().filter_map(|grant| grant.party.as_deref());
            own.into_iter().any(|party| parties.contains(&facts.goes_on_as(party)))
        };
        let relation = match related {
            Some(related) => related.relation.clone(),
            None if of_party(colleague) => "party".to_owned(),
            None => return Ok(()),
        };
        Err(Rejection::because("reviewer_is_related", json!({ "account": reviewer, "relation": relation })))
    }
}

/// Who may ask for what in an appeal. A proxy files without answering for the house: the appeal then waits for the owner.
pub(super) fn open_to(command: &Command) -> &'static [Permission] {
    match command {
        Command::AddEvidence { .. } => {
            const {
                &[
                    of_premises(Role::Owner),
                    of_premises(Role::Operator),
                    anywhere(Role::LegalOfficer),
                    anywhere(Role::DepartmentOfficer),
                    in_hands(Role::Reviewer),
                ]
            }
        }
        Command::Admit
        | Command::Assign { .. }
        | Command::DecideRecusal { .. }
        | Command::RefuseAdmission { .. } => const { &[anywhere(Role::LegalOfficer)] },
        Command::Correct { handed_in_on: Some(_), .. } | Command::Withdraw { handed_in_on: Some(_), .. } => {
            COUNTER
        }
        Command::Correct { .. } | Command::Withdraw { .. } => OWNER_OR_OPERATOR,
        Command::Decide { .. } | Command::HoldHearing { .. } | Command::OrderReinspection { .. } => {
            const { &[in_hands(Role::Reviewer)] }
        }
        Command::Extend { .. } => const { &[anywhere(Role::LegalOfficer), in_hands(Role::Reviewer)] },
        Command::File { handed_in_on: Some(_), .. } => COUNTER,
        Command::File { .. } => const { &[anywhere(Role::Owner), anywhere(Role::Operator)] },
        Command::RequestRecusal { .. } => {
            const { &[of_premises(Role::Owner), of_premises(Role::Operator), in_hands(Role::Reviewer)] }
        }
    }
}

/// Who takes at the counter what a party appeals, corrects or takes back.
const COUNTER: &[Permission] = &[
    anywhere(Role::LegalOfficer),
    anywhere(Role::GridWorker),
    anywhere(Role::StreetLead),
    anywhere(Role::CommunityLead),
];
