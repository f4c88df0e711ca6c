//! What must hold of what happens to premises: incidents, hazards and how they grow late.

use std::collections::BTreeSet;

use super::{Fault, star};
use crate::facts::Role;
use crate::hazard::ESCALATIONS;
use crate::rulebook::Rulebook;
use crate::rulebook::policy::{IncidentEffectKind, IncidentRule};
use crate::rulebook::scheme::HazardClass;

pub(super) fn faults(rulebook: &Rulebook, faults: &mut Vec<Fault>) {
    incidents(rulebook, faults);
    hazards(rulebook, faults);
    escalations(rulebook, faults);
}

/// Each incident has one rule.
fn incidents(rulebook: &Rulebook, faults: &mut Vec<Fault>) {
    let mut seen = BTreeSet::new();
    for rule in &rulebook.policy.incident_rules {
        let (category, severity) = (&rule.category, &rule.severity);
        let place = Fault::new(
            format!("[[incident_rule]] {category} {severity}"),
            format!("incident {category} {severity}"),
        );
        let mut found = incident(rulebook, rule);
        if !seen.insert((category, severity)) {
            found.push(Fault::new("出现了两次，请去掉一条", "it is there twice; remove one"));
        }
        faults.extend(found.into_iter().map(|fault| fault.at(&place)));
    }
}

/// An incident rule has what its effect needs.
fn incident(rulebook: &Rulebook, rule: &IncidentRule) -> Vec<Fault> {
    let mut found = Vec::new();
    let (complete, needed) = match rule.effect {
        IncidentEffectKind::AssessmentDue => (rule.days.is_some(), "days"),
        IncidentEffectKind::Cap => (rule.cap.is_some(), "cap"),
        IncidentEffectKind::Hazard => (rule.hazard.is_some(), "hazard"),
        IncidentEffectKind::None => (true, ""),
        IncidentEffectKind::Veto => (rule.veto.is_some(), "veto"),
    };
    if !complete {
        found.push(Fault::new(
            format!("它的 effect 需要 {needed}，请补上"),
            format!("its effect needs {needed}; add it"),
        ));
    }
    let known = |id: &String| rulebook.policy.vetoes.iter().any(|veto| veto.id == *id);
    if let Some(veto) = rule.veto.as_ref().filter(|id| !known(id)) {
        found.push(Fault::new(
            format!("没有 [[veto]] {veto}，请补上"),
            format!("there is no [[veto]] {veto}; add it"),
        ));
    }
    found.extend(rule.cap.and_then(|cap| star(rulebook, "cap", cap)));
    found.extend(rule.hazard.iter().flat_map(|class| hazard_class(rulebook, class)));
    found
}

/// Severities, and where stars exist a place for stars only and for hazards determined not major.
fn hazards(rulebook: &Rulebook, faults: &mut Vec<Fault>) {
    let policy = &rulebook.policy;
    if rulebook.stars_only() && policy.estate.is_none() {
        faults.push(Fault::new(
            "这一层只评星（stars_only），办法里却没有 [estate]，请补上",
            "the layer has stars only, but the policy has no [estate]; add it",
        ));
    }
    if !policy.hazards.is_empty() && policy.hazard_register.is_none() {
        faults.push(Fault::new(
            "有 [[hazard]] 就要有 [hazard_register] 说明哪些计入，请补上",
            "there are [[hazard]]s but no [hazard_register] to say which count; add it",
        ));
    }
    for rule in &policy.hazards {
        let place = Fault::new(format!("[[hazard]] {}", rule.severity), format!("hazard {}", rule.severity));
        let caps = [("open_cap", rule.open_cap), ("overdue_cap", rule.overdue_cap)];
        let beyond = caps.into_iter().filter_map(|(member, cap)| star(rulebook, member, cap));
        faults.extend(beyond.map(|fault| fault.at(&place)));
    }
    if let Some(rule) = &policy.major_hazard {
        faults.extend(star(rulebook, "major_hazard.suspected_cap", rule.suspected_cap));
        let severity = &rule.not_major_severity;
        if rulebook.hazard_rule(severity).is_none() {
            faults.push(Fault::new(
                format!("major_hazard：没有 severity 为 {severity} 的 [[hazard]]，请补上"),
                format!("major_hazard: there is no [[hazard]] of severity {severity}; add it"),
            ));
        }
    }
    if let Some(estate) = &policy.estate {
        faults.extend(star(rulebook, "estate.major_hazard_cap", estate.major_hazard_cap));
        faults.extend(star(rulebook, "estate.lowest_star", estate.lowest_star));
    }
}

/// Levels of lateness follow each other, and there are not more of them than the engine tells apart.
fn escalations(rulebook: &Rulebook, faults: &mut Vec<Fault>) {
    let levels = &rulebook.policy.escalations;
    if levels.len() > ESCALATIONS.len() {
        let (count, most) = (levels.len(), ESCALATIONS.len());
        faults.push(Fault::new(
            format!("有 {count} 个 [[escalation]]，最多 {most} 个，请去掉多余的"),
            format!("there are {count} [[escalation]]s; keep {most} at most"),
        ));
    }
    if levels.first().is_some_and(|level| level.after_days == 0) {
        faults.push(Fault::new(
            "第一个 [[escalation]] 就在到期当天，请写 after_days = 1",
            "the first [[escalation]] comes on the due day itself; give it after_days = 1",
        ));
    }
    if levels.windows(2).any(|pair| pair[0].after_days >= pair[1].after_days) {
        faults.push(Fault::new(
            "[[escalation]] 要一个晚于一个，请把 after_days 依次改大",
            "the [[escalation]]s must come one after the other; raise after_days",
        ));
    }
    for level in levels {
        let (id, to) = (&level.level, &level.to);
        let known = Role::ALL.iter().any(|role| role.code() == *to)
            || rulebook.policy.departments.iter().any(|department| department.id == *to);
        if !known {
            faults.push(Fault::new(
                format!("[[escalation]] {id}：{to} 既不是角色也不是部门，请改写其中之一"),
                format!("escalation {id}: {to} is no role and no department; name one"),
            ));
        }
    }
}

/// What is wrong with the hazard that something opens: its severity and its works lead to days.
pub(super) fn hazard_class(rulebook: &Rulebook, class: &HazardClass) -> Vec<Fault> {
    let HazardClass { severity, works } = class;
    let mut found = Vec::new();
    if rulebook.hazard_rule(severity).is_none() {
        found.push(Fault::new(
            format!("没有 severity 为 {severity} 的 [[hazard]]，请补上"),
            format!("there is no [[hazard]] of severity {severity}; add it"),
        ));
    }
    match rulebook.works(works) {
        None => found.push(Fault::new(
            format!("没有 [[works]] {works}，请补上"),
            format!("there is no [[works]] {works}; add it"),
        )),
        Some(rule) if !rule.days.contains_key(severity) => found.push(Fault::new(
            format!("[[works]] {works} 没有写 severity 为 {severity} 时的 days，请补上"),
            format!("works {works} has no days for severity {severity}; add them"),
        )),
        Some(_) => {}
    }
    found
}
