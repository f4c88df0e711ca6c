//! Cases: what is found, reported, sent out, recorded and assessed at premises.

use super::{Deadline, Hand, Kind, Look, Matter};
use crate::alert::Colour;
use crate::assessment::{self, opening};
use crate::facts::Role;
use crate::hazard::{self, Hazard};
use crate::incident::Incident;
use crate::report::{self, Report};
use crate::rulebook::Rulebook;
use crate::subject::{AssessmentOf, HazardOf};
use crate::task::{self, Task};

impl Look<'_> {
    pub(super) fn hazard(&self, key: &str, of: &HazardOf) -> Option<Matter> {
        let (state, found) = (&of.state, of.state.found.as_ref()?);
        let scheme = self.subject.hazard_scheme(key);
        let rulebook = scheme.and_then(|scheme| self.rulebooks.rulebook(&scheme));
        let operating = match rulebook {
            // what others found and graded elsewhere waits for nobody here
            Some(rulebook) if !rulebook.policy.operating => return None,
            rulebook => rulebook,
        };
        let (due, office) = match &operating {
            Some(rulebook) => of.runs(rulebook, self.subject),
            None => (None, vec![]),
        };
        let mut deadlines: Vec<Deadline> =
            office.iter().filter_map(|(rule, period)| Deadline::office_period(rule, period)).collect();
        deadlines.extend(due.map(|due| Deadline::party(RECTIFICATION, due)));
        let mut waits_on = match due {
            Some(_) => parties(state),
            None => vec![Hand::of_department(Some(Role::DepartmentOfficer), &state.competent)],
        };
        if found.suspected && state.determined.is_none() && state.is_open() {
            waits_on.push(Hand::of_department(Some(Role::CompetentAuthority), &state.competent));
        }
        // the department weighs whether the case stands without the result that it began with
        let department = Hand::of_department(Some(Role::DepartmentOfficer), &state.competent);
        if state.is_open() && self.subject.is_finding_put_right(of) && !waits_on.contains(&department) {
            waits_on.push(department);
        }
        let ended = (state.stage == hazard::Stage::Closed)
            .then(|| state.course.merged_into.as_ref().map_or("closed", |_| "merged").to_owned());
        Some(Matter {
            detail: Some(severity(state, operating.as_deref()).unwrap_or_else(|| found.severity.clone())),
            department: Some(state.competent.clone()),
            waits_on,
            deadlines: if ended.is_some() { vec![] } else { deadlines },
            ended,
            ..self.matter(Kind::Hazard, key, state.stage.code(), &found.indicator)
        })
    }

    pub(super) fn report(&self, key: &str, report: &Report) -> Option<Matter> {
        use report::Stage;
        let checking = || match &report.with {
            Some(with) => vec![Hand::of_department(None, with)],
            None => Hand::of_roles(&[Role::GridWorker, Role::Dispatcher]),
        };
        let (waits_on, ended) = match report.stage {
            Stage::Absent => return None,
            Stage::Received => (Hand::of_roles(&[Role::GridWorker, Role::Dispatcher]), None),
            Stage::Triaged | Stage::Substantiated | Stage::Dismissed => (checking(), None),
            Stage::Answered => (vec![], report.answer.map(answer)),
            Stage::Merged | Stage::Withdrawn => (vec![], Some(report.stage.code())),
        };
        Some(Matter {
            department: report.with.clone(),
            waits_on,
            tracking: report::tracking(key).map(str::to_owned),
            ended: ended.map(str::to_owned),
            ..self.matter(Kind::Report, key, report.stage.code(), &report.category)
        })
    }

    pub(super) fn task(&self, key: &str, task: &Task) -> Option<Matter> {
        use task::Stage;
        let dispatch = task.dispatched.as_ref()?;
        let waits_on = match (task.stage, &task.taken_by) {
            (Stage::Taken, Some(by)) => vec![Hand::of_account(by)],
            (Stage::Returned, _) => vec![Hand::of_role(Role::Dispatcher)],
            _ => match &dispatch.account {
                Some(account) => vec![Hand::of_account(account)],
                None => vec![Hand::of_department(None, &dispatch.to)],
            },
        };
        let ended = (task.stage == Stage::Done).then(|| "done".to_owned());
        let due = dispatch.due.filter(|_| ended.is_none());
        Some(Matter {
            detail: dispatch.caused_by.as_ref().map(|_| "follows_up".to_owned()),
            department: Some(dispatch.to.clone()),
            waits_on,
            deadlines: due.map(|due| Deadline::office("task", due)).into_iter().collect(),
            ended,
            ..self.matter(Kind::Task, key, task.stage.code(), &dispatch.kind)
        })
    }

    pub(super) fn incident(&self, key: &str, incident: &Incident) -> Option<Matter> {
        let known = incident.known.as_ref()?;
        let rule = |rulebook: &Rulebook| {
            let rule = rulebook.incident_rule(&known.category, &known.severity);
            rule.map(|rule| rule.competent.clone())
        };
        let department = self.rulebook.as_deref().and_then(rule);
        let (stage, ended) = match (incident.linked, incident.confirmed) {
            (false, _) => ("unlinked", Some("of_another_house")),
            (true, true) => ("confirmed", Some("confirmed")),
            (true, false) => ("recorded", None),
        };
        let hand = match &department {
            Some(department) => Hand::of_department(Some(Role::DepartmentOfficer), department),
            None => Hand::of_role(Role::DepartmentOfficer),
        };
        Some(Matter {
            detail: Some(known.severity.clone()),
            department,
            waits_on: vec![hand],
            ended: ended.map(str::to_owned),
            ..self.matter(Kind::Incident, key, stage, &known.category)
        })
    }

    pub(super) fn alert(&self) -> Option<Matter> {
        let (alert, issued) = (&self.subject.alert, self.subject.alert.issued.as_ref()?);
        let over = alert.safe_on.is_some();
        let colour = match issued.colour {
            Colour::Blue => "blue",
            Colour::Yellow => "yellow",
            Colour::Orange => "orange",
            Colour::Red => "red",
        };
        let stage = if over { "lifted" } else { "issued" };
        Some(Matter {
            stream: self.own.to_owned(),
            detail: Some(colour.to_owned()),
            areas: issued.areas.clone(),
            department: Some("emergency".to_owned()),
            waits_on: vec![Hand::of_department(Some(Role::DepartmentOfficer), "emergency")],
            ended: over.then(|| "lifted".to_owned()),
            ..self.matter(Kind::Alert, "", stage, &issued.kind)
        })
    }

    pub(super) fn assessment(&self, key: &str, of: &AssessmentOf) -> Option<Matter> {
        use assessment::Stage;
        let state = &of.state;
        let (stage, over) = match state.stage {
            Stage::Absent => return None,
            Stage::Lapsed => ("lapsed", true),
            Stage::Open => ("open", false),
            Stage::Submitted => ("submitted", true),
            Stage::Withdrawn => ("withdrawn", true),
        };
        let rulebook = state.scheme.as_ref().and_then(|scheme| self.rulebooks.rulebook(scheme));
        if rulebook.as_ref().is_some_and(|rulebook| !rulebook.policy.operating) {
            return None;
        }
        let governs = rulebook.as_ref().filter(|_| !over);
        let mut deadlines: Vec<Deadline> = Vec::new();
        if let Some(rulebook) = governs {
            deadlines.extend(of.due.map(|due| Deadline::office("assessment", due)));
            let lapses = opening::lapses_on(rulebook, of);
            deadlines.extend(lapses.map(|due| Deadline::office("assessment_lapse", due)));
        }
        Some(Matter {
            detail: state.scheme.as_ref().map(|scheme| scheme.id.clone()),
            waits_on: rulebook.filter(|_| !over).map(|rulebook| owed(of, &rulebook)).unwrap_or_default(),
            deadlines,
            ended: over.then(|| stage.to_owned()),
            ..self.matter(Kind::Assessment, key, stage, state.reason.map_or("", assessment::Reason::code))
        })
    }
}

/// Who still owes results; the lead where nobody else does, and for what the grid collects.
fn owed(of: &AssessmentOf, rulebook: &Rulebook) -> Vec<Hand> {
    let missing = of.state.missing(rulebook);
    let mut departments: Vec<&str> = missing
        .iter()
        .filter(|missing| missing.collect == "department")
        .map(|missing| missing.competent.as_str())
        .collect();
    departments.sort_unstable();
    departments.dedup();
    let lead = departments.is_empty() || missing.iter().any(|missing| missing.collect == "grid");
    let lead = lead.then(|| Hand::of_account(&of.state.lead));
    let departments =
        departments.into_iter().map(|one| Hand::of_department(Some(Role::DepartmentOfficer), one));
    lead.into_iter().chain(departments).collect()
}

/// The parties that were ordered; all that answer for the premises where none is named.
fn parties(hazard: &Hazard) -> Vec<Hand> {
    let named = hazard.course.order.as_ref().map(|order| order.parties.as_slice()).unwrap_or_default();
    if named.is_empty() {
        return vec![Hand::of_party(None)];
    }
    named.iter().map(|party| Hand::of_party(Some(party))).collect()
}

fn severity(hazard: &Hazard, rulebook: Option<&Rulebook>) -> Option<String> {
    hazard.severity(rulebook?)
}

const fn answer(answer: report::Answer) -> &'static str {
    match answer {
        report::Answer::NotFound => "not_found",
        report::Answer::Rectified => "rectified",
        report::Answer::Unfixed => "unfixed",
    }
}

/// The party's deadline to put a hazard right, from service of the order.
const RECTIFICATION: &str = "rectification";
