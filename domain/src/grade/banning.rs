//! Banning (禁止租赁): letting is prohibited on a ground in law, by its authority, with a document; never on one person's word.
//!
//! Invariants:
//! - whoever proposed a ban is somebody of the ground's authority who may, and neither confirms nor refuses it;
//! - whoever confirmed a ban, or assessed the house, does not lift it;
//! - the party was heard beforehand, unless danger is imminent and that is given as the reason.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Binding, Determination, Event, Grade, must_have_document};
use crate::derivation::SchemeRef;
use crate::effect::{self, Waiver};
use crate::facts::{Colleague, Facts, Role};
use crate::prohibition::{self, ProhibitionQuestion};
use crate::refused::Refused;
use crate::rejection::Rejection;
use crate::rulebook::Layer;
use crate::said::{Private, Said, must_have_words};

/// A prohibition of letting.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Prohibition {
    /// A ground of the policy's list.
    pub ground: String,
    /// The ground's competent authority.
    pub authority: String,
    /// `no_new_letting` or `vacate`.
    pub scope: String,
    /// Number of the decision.
    pub document_number: String,
    /// The account of who proposed it: an officer of the ground's authority.
    pub proposer: String,
    /// Why the party was not heard beforehand, a ground of the policy: `imminent_danger`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiver_ground: Option<String>,
}

/// What is remembered of a prohibition, in force or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Ban {
    /// Number of the decision.
    pub document_number: String,
    /// Who proposed it.
    pub proposer: String,
    /// Who confirmed it.
    pub confirmer: String,
    /// The newest determination of that day.
    pub determination: Option<u64>,
}

impl Ban {
    pub(super) fn of(prohibition: &Prohibition, confirmer: &str, determination: Option<u64>) -> Self {
        Self {
            document_number: prohibition.document_number.clone(),
            proposer: prohibition.proposer.clone(),
            confirmer: confirmer.to_owned(),
            determination,
        }
    }
}

impl Grade {
    pub(super) fn prohibit(
        &self,
        prohibition: Prohibition,
        waiver_reason: Option<String>,
        scheme: Option<SchemeRef>,
        facts: &Facts,
    ) -> Result<Said<Event>, Rejection> {
        if self.prohibition.is_some() {
            return Err(Rejection::AlreadyExists { what: "prohibition in force" });
        }
        // no flat is let as an estate, and its grade knows no ban
        if facts.rulebook()?.layer == Layer::Estate {
            return Err(Rejection::because("estate_not_let", Value::Null));
        }
        facts.subject()?.must_not_be_suspended(facts.today)?;
        let ground = prohibition.waiver_ground.clone();
        self.must_be_heard(ground.map(|ground| Waiver { ground, reason: waiver_reason.clone() }), facts)?;
        let confirmer = facts.actor.account.clone();
        let question = ProhibitionQuestion {
            star: self.latest.as_ref().and_then(|latest| latest.star).unwrap_or_default(),
            ground: Some(prohibition.ground.clone()),
            authority: Some(prohibition.authority.clone()),
            document_number: Some(prohibition.document_number.clone()),
            scope: Some(prohibition.scope.clone()),
            proposer: Some(prohibition.proposer.clone()),
            assessor: self.latest.as_ref().map(|latest| latest.assessor.clone()),
            confirmer: Some(confirmer.clone()),
        };
        prohibition::prohibition(facts.rulebook()?, &question)?;
        must_be_proposed(&prohibition.ground, &prohibition.proposer, facts)?;
        let private = Private::none().with("waiver_reason", waiver_reason);
        let scheme = scheme.filter(|_| facts.have_no_rulebook_of_their_own());
        Ok(Said::with(Event::ProhibitionConfirmed { prohibition, scheme, by: confirmer }, private))
    }

    /// Letting is banned once the party was heard about the lowest grade, which binds or could be confirmed today; without that only
    /// on one of the policy's grounds, with a reason.
    fn must_be_heard(&self, waiver: Option<Waiver>, facts: &Facts) -> Result<(), Rejection> {
        if let Some(waiver) = waiver {
            return Ok(effect::must_be_waivable(facts.rulebook()?, &waiver)?);
        }
        let lowest = |determined: &Determination| determined.star == Some(0);
        let confirmed = |bound: &Binding| self.confirmers.contains_key(&bound.determination.number);
        if self.in_force().is_some_and(|bound| lowest(&bound.determination) && confirmed(bound)) {
            return Ok(());
        }
        match self.waiting() {
            Some((determined, proceeding)) if lowest(determined) && !proceeding.adopted => {
                self.may_take_effect(None, facts)
            }
            _ => Err(Rejection::because("ban_without_hearing", Value::Null)),
        }
    }

    pub(super) fn refuse_prohibition(
        &self,
        ground: String,
        proposer: String,
        reason: String,
        facts: &Facts,
    ) -> Result<Said<Event>, Rejection> {
        must_have_words("reason", Some(&reason))?;
        let by = facts.actor.account.clone();
        if proposer == by {
            return Err(Rejection::DutiesSeparated { rule: "confirmer_is_proposer" });
        }
        must_be_proposed(&ground, &proposer, facts)?;
        let private = Private::none().with("reason", Some(reason));
        Ok(Said::with(Event::ProhibitionRefused { ground, proposer, by }, private))
    }

    pub(super) fn lift_prohibition(
        &self,
        document_number: String,
        facts: &Facts,
    ) -> Result<Said<Event>, Rejection> {
        self.must_be_prohibited()?;
        let by = facts.actor.account.clone();
        if self.prohibition_confirmer.as_ref() == Some(&by) {
            return Err(Rejection::because("lifter_confirmed_ban", Value::Null));
        }
        if self.latest.as_ref().is_some_and(|latest| latest.assessor == by) {
            return Err(Rejection::because("confirmer_is_assessor", Value::Null));
        }
        must_have_document(&document_number)?;
        Ok(Said::openly(Event::ProhibitionLiftConfirmed { document_number, by }))
    }

    pub(super) fn refuse_lift(&self, reason: String, facts: &Facts) -> Result<Said<Event>, Rejection> {
        self.must_be_prohibited()?;
        must_have_words("reason", Some(&reason))?;
        let by = facts.actor.account.clone();
        let private = Private::none().with("reason", Some(reason));
        Ok(Said::with(Event::ProhibitionLiftRefused { by }, private))
    }

    fn must_be_prohibited(&self) -> Result<(), Rejection> {
        if self.prohibition.is_none() {
            return Err(Rejection::NotFound { what: "prohibition in force" });
        }
        Ok(())
    }
}

/// Refuses unless the account that is named as the proposer is open, and of the authority that acts on this ground.
fn must_be_proposed(ground: &str, proposer: &str, facts: &Facts) -> Result<(), Rejection> {
    let grounds = &facts.rulebook()?.policy.prohibition_grounds;
    let ground = grounds.iter().find(|known| known.id == ground);
    let competent = &ground.ok_or_else(|| Refused::because("unknown_ground"))?.competent;
    let Some(named) = facts.colleague.as_ref().filter(|named| named.account == proposer) else {
        return Err(Rejection::NotFound { what: "account of whoever proposed it" });
    };
    if proposes_for(named, competent) {
        return Ok(());
    }
    let detail = json!({ "account": proposer, "department": competent });
    Err(Rejection::because("proposer_of_another_authority", detail))
}

fn proposes_for(colleague: &Colleague, department: &str) -> bool {
    let of = |grant: &crate::facts::Grant| {
        PROPOSERS.contains(&grant.role) && grant.department.as_deref() == Some(department)
    };
    colleague.grants.iter().any(of)
}

/// Who proposes that letting be prohibited: whoever acts for the ground's authority.
pub const PROPOSERS: [Role; 2] = [Role::DepartmentOfficer, Role::CompetentAuthority];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derivation::Either;
    use crate::facts::Grant;
    use crate::given::{Given, given};
    use crate::grade::Command;
    use crate::shipped;
    use crate::subject::Subject;

    fn colleague(account: &str, role: Role, department: Option<&str>) -> Colleague {
        let grant = Grant { role, department: department.map(str::to_owned), area: None, party: None };
        Colleague { account: account.into(), grants: vec![grant], relations: vec![] }
    }

    fn fire_officer() -> Colleague {
        colleague("a-2", Role::DepartmentOfficer, Some("fire"))
    }

    fn ban(proposer: &str) -> Prohibition {
        Prohibition {
            ground: "fire_sealing".into(),
            authority: "fire".into(),
            scope: "vacate".into(),
            document_number: "坪消封〔2026〕1号".into(),
            proposer: proposer.into(),
            waiver_ground: Some("imminent_danger".into()),
        }
    }

    fn prohibit(proposer: &str) -> Command {
        Command::Prohibit {
            prohibition: ban(proposer),
            waiver_reason: Some("墙体随时可能倒塌".into()),
            scheme: None,
        }
    }

    fn refusal(proposer: &str) -> Command {
        Command::RefuseProhibition {
            ground: "fire_sealing".into(),
            proposer: proposer.into(),
            reason: "证据不足".into(),
        }
    }

    fn lift() -> Command {
        Command::LiftProhibition { document_number: "坪消解〔2026〕1号".into() }
    }

    /// A house before a confirmer, `a-1`.
    fn before_a_confirmer(events: impl IntoIterator<Item = Event>) -> Given<Grade> {
        let given = given::<Grade>(events).about(Subject::default());
        given.by_role(Role::Confirmer).under(shipped::pingshan(Layer::Unit))
    }

    fn banned_by(confirmer: &str) -> Event {
        Event::ProhibitionConfirmed { prohibition: ban("a-2"), scheme: None, by: confirmer.into() }
    }

    /// Letting is prohibited without anybody having been heard.
    fn unheard() -> Command {
        let prohibition = Prohibition { waiver_ground: None, ..ban("a-2") };
        Command::Prohibit { prohibition, waiver_reason: None, scheme: None }
    }

    fn assessed_by(assessor: &str) -> Event {
        determined(assessor, 1)
    }

    fn determined(assessor: &str, star: u8) -> Event {
        let computed = json!({
            "type": "GradeDetermined",
            "derivation": {"scheme": {"id": "pingshan-unit-1", "sha256": "00"}, "subjects": ["premises/u-1"], "up_to": 3},
            "result": {
                "number": 1, "trigger": "first", "assessment": "a1", "assessed_on": "2026-02-27", "assessor": assessor,
                "determined_on": "2026-02-27", "earned": 50, "applicable": 100, "score": 50, "aspects": {},
                "points": {}, "failed": [], "band": "", "caps": [], "vetoes": [], "star": star,
                "direction": "first", "adverse": true, "needs_confirmer": true,
            },
        });
        serde_json::from_value(computed).unwrap()
    }

    #[test]
    fn somebody_of_the_grounds_authority_proposes_and_another_person_confirms() {
        for role in PROPOSERS {
            let said = before_a_confirmer([])
                .naming(colleague("a-2", role, Some("fire")))
                .when(prohibit("a-2"))
                .said();
            assert_eq!(said[0].event, banned_by("a-1"));
        }
        before_a_confirmer([]).naming(fire_officer()).when(refusal("a-2")).said();
    }

    #[test]
    fn nobody_prohibits_alone_by_a_name_that_is_nobodys() {
        for invented in ["", " ", "张三", "a-9"] {
            // as the house asks: there is no such account
            before_a_confirmer([]).when(prohibit(invented)).then_rejected("not_found");
            before_a_confirmer([]).when(refusal(invented)).then_rejected("not_found");
            let other = || before_a_confirmer([]).naming(fire_officer());
            other().when(prohibit(invented)).then_rejected("not_found");
        }
    }

    #[test]
    fn nobody_proposes_who_is_not_of_the_grounds_authority() {
        let others = [
            colleague("a-2", Role::DepartmentOfficer, Some("housing")),
            colleague("a-2", Role::DepartmentOfficer, None),
            colleague("a-2", Role::Confirmer, None),
            colleague("a-2", Role::GridWorker, Some("fire")),
            colleague("a-2", Role::Owner, None),
            // closed or suspended since: nothing is left of its roles
            Colleague { account: "a-2".into(), grants: vec![], relations: vec![] },
        ];
        for other in others {
            let asked = || before_a_confirmer([]).naming(other.clone());
            asked().when(prohibit("a-2")).then_rejected("proposer_of_another_authority");
            asked().when(refusal("a-2")).then_rejected("proposer_of_another_authority");
        }
    }

    #[test]
    fn an_estate_is_not_let_and_not_banned() {
        before_a_confirmer([])
            .under(shipped::pingshan(Layer::Estate))
            .naming(fire_officer())
            .when(prohibit("a-2"))
            .then_rejected("estate_not_let");
    }

    #[test]
    fn letting_is_prohibited_after_a_hearing_or_in_imminent_danger_with_a_reason() {
        let asked = |events: Vec<Event>| before_a_confirmer(events).naming(fire_officer()).when(unheard());
        // nothing was determined, what was is not the lowest grade, or the party was not heard about it
        asked(vec![]).then_rejected("ban_without_hearing");
        asked(vec![determined("a-9", 1)]).then_rejected("ban_without_hearing");
        asked(vec![determined("a-9", 0)]).then_rejected("confirmed_before_statement");
        let on = crate::given::day("2026-02-28");
        let spoken = |adopted| {
            vec![
                determined("a-9", 0),
                Event::StatementInvited(Either::Stated(crate::grade::Invitation {
                    determination: 1,
                    served_on: on,
                    method: "direct".into(),
                    notice: None,
                    statement_by: None,
                    provisional: false,
                    by: None,
                })),
                Event::StatementMade { determination: 1, on, taken_by: None, late: false, by: None },
                Event::StatementConsidered { determination: 1, on, adopted, by: "a-3".into() },
            ]
        };
        asked(spoken(false)).said();
        asked(spoken(true)).then_rejected("ban_without_hearing");
        let waived = |ground: &str, reason: Option<&str>| {
            let prohibition = Prohibition { waiver_ground: Some(ground.into()), ..ban("a-2") };
            let waiver_reason = reason.map(str::to_owned);
            before_a_confirmer([]).naming(fire_officer()).when(Command::Prohibit {
                prohibition,
                waiver_reason,
                scheme: None,
            })
        };
        waived("imminent_danger", None).then_rejected("waiver_without_reason");
        waived("imminent_danger", Some(" ")).then_rejected("waiver_without_reason");
        waived("haste", Some("x")).then_rejected("waiver_not_allowed");
        waived("imminent_danger", Some("墙体随时可能倒塌")).said();
    }

    #[test]
    fn a_decision_on_a_ban_has_a_reason() {
        let blank = Command::RefuseProhibition {
            ground: "fire_sealing".into(),
            proposer: "a-2".into(),
            reason: " ".into(),
        };
        before_a_confirmer([]).naming(fire_officer()).when(blank).then_rejected("malformed");
        let blank = Command::RefuseLift { reason: String::new() };
        before_a_confirmer([banned_by("a-4")]).when(blank).then_rejected("malformed");
    }

    #[test]
    fn whoever_holds_both_offices_still_does_not_confirm_the_own_proposal() {
        let own = || {
            before_a_confirmer([]).by_officer_of("fire").naming(colleague(
                "a-1",
                Role::DepartmentOfficer,
                Some("fire"),
            ))
        };
        own().when(prohibit("a-1")).then_rejected("confirmer_is_proposer");
        own().when(refusal("a-1")).then_rejected("confirmer_is_proposer");
    }

    #[test]
    fn a_ban_is_lifted_by_neither_its_confirmer_nor_the_assessor() {
        before_a_confirmer([banned_by("a-1")]).when(lift()).then_rejected("lifter_confirmed_ban");
        before_a_confirmer([assessed_by("a-1"), banned_by("a-4")])
            .when(lift())
            .then_rejected("confirmer_is_assessor");
        let by_another = before_a_confirmer([assessed_by("a-9"), banned_by("a-4")]).when(lift()).said();
        let lifted = by_another[0].event.clone();
        assert!(matches!(&lifted, Event::ProhibitionLiftConfirmed { by, .. } if by == "a-1"));
        // what was lifted is forgotten: the next ban has a confirmer of its own
        before_a_confirmer([banned_by("a-1"), lifted.clone()]).when(lift()).then_rejected("not_found");
        before_a_confirmer([banned_by("a-1"), lifted, banned_by("a-4")]).when(lift()).said();
    }
}
