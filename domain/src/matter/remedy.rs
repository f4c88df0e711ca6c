//! Remedies: notices with the rights that run from their service, what a party contests or asks for, and a grade on its way
//! to binding.

use super::{Deadline, Hand, Kind, Look, Matter};
use crate::appeal::{self, Appeal};
use crate::assessment;
use crate::dispute::{self, Dispute};
use crate::effect::{Effect, WaitingFor};
use crate::event::aggregate_type;
use crate::facts::Role;
use crate::grade::{Determination, Proceeding};
use crate::notice::Notice;
use crate::passing::office;
use crate::reevaluation::{Answer, Reevaluation};

impl Look<'_> {
    /// A notice is the office's until it is served; from then on rights run.
    pub(super) fn notice(&self, key: &str, notice: &Notice) -> Option<Matter> {
        let issued = notice.issued.as_ref()?;
        let served = notice.served.is_some();
        let rights = notice.remedy_dates.iter();
        let rights = rights.map(|date| Deadline::right(&date.rule, date.due, date.provisional));
        // whoever handles it serves it, or whoever walks the grid cell
        let officers = issued.handling_officers.iter().map(|account| Hand::of_account(account));
        let stage = match (served, notice.failed) {
            (true, _) => "served",
            (false, 0) => "issued",
            (false, _) => "service_failed",
        };
        Some(Matter {
            detail: Some(issued.document_number.clone()).filter(|number| !number.is_empty()),
            party: issued.to.clone(),
            waits_on: officers.chain([Hand::of_role(Role::GridWorker)]).collect(),
            deadlines: rights.collect(),
            ended: served.then(|| "served".to_owned()),
            ..self.matter(Kind::Notice, key, stage, issued.kind.code())
        })
    }

    pub(super) fn appeal(&self, key: &str, appeal: &Appeal) -> Option<Matter> {
        use appeal::Stage;
        let against = appeal.against.as_ref()?;
        let reviewed = || match &appeal.reviewer {
            Some(reviewer) if !appeal.recusal_open => vec![Hand::of_account(reviewer)],
            _ => vec![Hand::of_role(Role::LegalOfficer)],
        };
        let (stage, waits_on, ended) = match appeal.stage {
            Stage::Absent => return None,
            Stage::AwaitingOwner => ("awaiting_owner", vec![Hand::of_party(None)], None),
            Stage::Filed => ("filed", vec![Hand::of_role(Role::LegalOfficer)], None),
            Stage::Admitted => ("admitted", reviewed(), None),
            Stage::NotAdmitted if appeal.own_motion => ("own_motion", reviewed(), None),
            Stage::NotAdmitted => ("not_admitted", vec![], Some("not_admitted")),
            Stage::Turned => ("turned", vec![], Some("turned")),
            Stage::Withdrawn => ("withdrawn", vec![], Some("withdrawn")),
            Stage::Decided => ("decided", vec![], appeal.decision.as_ref().map(|of| outcome(of.outcome))),
        };
        let about = match against.prohibition {
            Some(_) => "prohibition",
            None => aggregate_type(&against.stream),
        };
        let matter = self.matter(Kind::Appeal, key, stage, about);
        Some(Matter {
            detail: against.determination.or(against.prohibition).map(|number| number.to_string()),
            waits_on,
            deadlines: self.office_deadline(&matter.stream).into_iter().collect(),
            ended: ended.map(str::to_owned),
            ..matter
        })
    }

    pub(super) fn dispute(&self, key: &str, dispute: &Dispute) -> Option<Matter> {
        let notified = dispute.notified.as_ref()?;
        let legal = || vec![Hand::of_role(Role::LegalOfficer)];
        let carried_out = dispute.carried_out_on.is_some();
        let (stage, waits_on) = match (&dispute.outcome, dispute.replied_on) {
            (Some(_), _) if carried_out => ("carried_out", vec![]),
            (Some(_), _) => ("decided", legal()),
            // the organ or court has the next word
            (None, Some(_)) => ("replied", vec![]),
            (None, None) => ("notified", legal()),
        };
        let about = match notified.kind {
            dispute::Kind::Litigation => "litigation",
            dispute::Kind::Reconsideration => "reconsideration",
        };
        let result = dispute.outcome.as_ref().map(|ended| finding(ended.finding));
        let matter = self.matter(Kind::Dispute, key, stage, about);
        Some(Matter {
            detail: Some(notified.document_number.clone()),
            waits_on,
            deadlines: self.office_deadline(&matter.stream).into_iter().collect(),
            ended: result.filter(|_| carried_out).map(str::to_owned),
            ..matter
        })
    }

    /// A request is answered when it is declined, or when the assessment that was opened on it has ended.
    pub(super) fn reevaluation(&self, key: &str, request: &Reevaluation) -> Option<Matter> {
        request.requested_on?;
        let (stage, waits_on, ended) = match &request.answer {
            None => ("requested", Hand::of_roles(&[Role::GridWorker, Role::StreetLead]), None),
            Some(Answer::Declined) => ("declined", vec![], Some("declined")),
            Some(Answer::Turned) => ("turned", vec![], Some("turned")),
            Some(Answer::Granted { assessment }) => match self.subject.assessments.get(assessment) {
                Some(of) if of.state.stage == assessment::Stage::Open => {
                    ("granted", vec![Hand::of_account(&of.state.lead)], None)
                }
                _ => ("granted", vec![], Some("reassessed")),
            },
        };
        let matter = self.matter(Kind::Reevaluation, key, stage, "reevaluation");
        Some(Matter {
            waits_on,
            deadlines: self.office_deadline(&matter.stream).into_iter().collect(),
            ended: ended.map(str::to_owned),
            ..matter
        })
    }

    /// What the office owes unasked and has not done: a result to tell, a plaque to hang or take down, people to warn. The subdistrict's
    /// to do, whoever the grade itself waits on.
    pub(super) fn duties(&self) -> Vec<Matter> {
        let Some(rulebook) = self.rulebook.as_deref() else { return vec![] };
        let duty = |owed: office::OfficeDeadline| {
            let deadline = Deadline::office_period(owed.rule, &owed.period);
            Matter {
                stream: format!("{}/{}", owed.about, owed.rule),
                // tells it from what was owed by the same rule before
                detail: Some(owed.since.to_string()),
                waits_on: vec![Hand::of_role(Role::StreetLead)],
                // without a day it rests while the grade is suspended
                deadlines: deadline.into_iter().collect(),
                ..self.matter(Kind::Duty, "", "owed", owed.rule)
            }
        };
        office::undone(rulebook, self.own, self.subject).map(duty).collect()
    }

    fn of_grade(&self, stage: &'static str, determined: &Determination) -> Matter {
        Matter {
            stream: format!("{}/{}", self.own, Kind::Grade.code()),
            detail: Some(determined.number.to_string()),
            ..self.matter(Kind::Grade, "", stage, determined.grade.as_deref().unwrap_or(&determined.band))
        }
    }

    /// A determination that needs a person: invited, heard, considered, confirmed.
    pub(super) fn grade(&self) -> Option<Matter> {
        let (determined, proceeding) = self.subject.grade.waiting()?;
        let rulebook = self.rulebook.as_deref();
        let effect = rulebook.and_then(|rulebook| self.subject.effect(rulebook)?.ok());
        let (stage, waits_on) = hearing(effect.as_ref(), proceeding);
        let speaks = effect.as_ref().filter(|_| proceeding.spoken_on().is_none());
        let right = speaks.and_then(|effect| {
            effect.statement_by.map(|by| Deadline::right(STATEMENT, by, effect.provisional))
        });
        Some(Matter { waits_on, deadlines: right.into_iter().collect(), ..self.of_grade(stage, determined) })
    }
}

/// Whom a determination waits on, in the order of the policy: the invitation, the party while it may speak, what is said
/// considered, the calendar, the confirmer.
fn hearing(effect: Option<&Effect>, proceeding: &Proceeding) -> (&'static str, Vec<Hand>) {
    let Some(effect) = effect else { return ("confirmation", vec![Hand::of_role(Role::Confirmer)]) };
    let waits = |what: WaitingFor| effect.waiting_for.contains(&what);
    if waits(WaitingFor::Invitation) {
        let inviting = [Role::LegalOfficer, Role::StreetLead, Role::DepartmentOfficer];
        return ("invitation", Hand::of_roles(&inviting));
    }
    if waits(WaitingFor::Consideration) {
        return ("consideration", Hand::of_roles(&[Role::LegalOfficer, Role::DepartmentOfficer]));
    }
    if waits(WaitingFor::Calendar) {
        return ("calendar", vec![Hand::of_party(None)]);
    }
    let confirmer = Hand::of_role(Role::Confirmer);
    match effect.statement_by.filter(|_| proceeding.spoken_on().is_none()) {
        Some(by) => {
            let party = Hand { until: Some(by), ..Hand::of_party(None) };
            ("statement", vec![party, Hand { from: by.succ_opt(), ..confirmer }])
        }
        None => ("confirmation", vec![confirmer]),
    }
}

const fn outcome(outcome: appeal::Outcome) -> &'static str {
    match outcome {
        appeal::Outcome::Rejected => "rejected",
        appeal::Outcome::Upheld => "upheld",
        appeal::Outcome::Varied => "varied",
    }
}

const fn finding(finding: dispute::Finding) -> &'static str {
    match finding {
        dispute::Finding::Changed => "changed",
        dispute::Finding::Revoked => "revoked",
        dispute::Finding::Settled => "settled",
        dispute::Finding::Upheld => "upheld",
        dispute::Finding::Withdrawn => "withdrawn",
    }
}

/// The policy's deadline for a statement.
const STATEMENT: &str = "statement";
