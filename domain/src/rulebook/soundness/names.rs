//! What the policy names elsewhere exists: measures, levels, deadlines, departments, credit classes.

use super::{Fault, department};
use crate::rulebook::Rulebook;
use crate::rulebook::credit::CreditClass;

pub(super) fn faults(rulebook: &Rulebook, faults: &mut Vec<Fault>) {
    measures_and_levels(rulebook, faults);
    deadlines_and_grounds(rulebook, faults);
    credit(rulebook, faults);
}

fn measures_and_levels(rulebook: &Rulebook, faults: &mut Vec<Fault>) {
    let policy = &rulebook.policy;
    for level in &policy.management_levels {
        for id in level.measures.iter().filter(|id| !policy.measures.iter().any(|one| one.id == **id)) {
            let level = &level.id;
            faults.push(Fault::new(
                format!("[[management_level]] {level}：没有 [[measure]] {id}，请补上"),
                format!("management level {level}: there is no [[measure]] {id}; add it"),
            ));
        }
    }
    if let Some(adverse) = &policy.adverse {
        for id in adverse.levels.iter().filter(|id| rulebook.level(id).is_none()) {
            faults.push(Fault::new(
                format!("adverse.levels：没有 [[management_level]] {id}，请改正"),
                format!("adverse.levels: there is no management level {id}; correct it"),
            ));
        }
    }
}

fn deadlines_and_grounds(rulebook: &Rulebook, faults: &mut Vec<Fault>) {
    let policy = &rulebook.policy;
    let statement = policy.statement.as_ref().map(|statement| &statement.deadline);
    for id in statement.into_iter().filter(|id| rulebook.deadline_rule(id).is_none()) {
        faults.push(Fault::new(
            format!("statement.deadline：没有 [[deadline]] {id}，请补上"),
            format!("statement.deadline: there is no [[deadline]] {id}; add it"),
        ));
    }
    for ground in &policy.prohibition_grounds {
        let id = &ground.id;
        let place = Fault::new(format!("[[prohibition_ground]] {id}"), format!("prohibition ground {id}"));
        faults.extend(department(rulebook, &ground.competent).map(|fault| fault.at(&place)));
    }
}

/// Classes lead to classes.
fn credit(rulebook: &Rulebook, faults: &mut Vec<Fault>) {
    let Some(credit) = &rulebook.policy.credit else { return };
    let class = |id: &String| credit.classes.iter().any(|class| class.id == *id);
    let open = |class: &CreditClass| {
        !class.by_conduct_only && class.min_lenient_percent.is_none() && class.max_low_percent.is_none()
    };
    if !credit.classes.iter().any(open) {
        faults.push(Fault::new(
            "每个信用等级都有条件；要有一个等级不设条件，留给其余的主体",
            "every credit class has a condition; one must be open to everybody else",
        ));
    }
    for id in credit.classes.iter().filter_map(|class| class.shown_until_confirmed.as_ref()) {
        if !class(id) {
            faults.push(Fault::new(
                format!("credit：shown_until_confirmed 写的 {id} 不是信用等级，请改正"),
                format!("credit: shown_until_confirmed names no class {id}; correct it"),
            ));
        }
    }
    for rule in credit.conduct.iter().filter(|rule| !class(&rule.at_best)) {
        let (id, at_best) = (&rule.id, &rule.at_best);
        faults.push(Fault::new(
            format!("失信行为 {id}：没有信用等级 {at_best}，请改正"),
            format!("conduct {id}: there is no credit class {at_best}; correct it"),
        ));
    }
}
