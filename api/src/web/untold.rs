//! What a planned inspection says of a party's credit: the class, and how often it asks for one. Whose role may not read a credit
//! file is told what is to be done, where, by when and whose premises they are, and nothing of that.

use serde_json::{Map, Value};
use wuping_domain::access::reads_files;
use wuping_domain::facts::Actor;

/// Takes the class out of a plan, or of an entry that states one, for a reader who is not told it.
pub(super) fn without_class(actor: &Actor, plan: &mut Value) {
    if reads_files(actor) {
        return;
    }
    let Some(plan) = plan.as_object_mut() else { return };
    forget(plan);
    for also in plan.get_mut("also").and_then(Value::as_array_mut).into_iter().flatten() {
        also.as_object_mut().map(forget).unwrap_or_default();
    }
}

fn forget(ground: &mut Map<String, Value>) {
    for member in OF_CREDIT {
        ground.remove(member);
    }
}

/// What of a ground is the credit file's: the class, the months that follow from it, and the day they count from.
const OF_CREDIT: [&str; 3] = ["class", "from", "months"];

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wuping_domain::facts::{Grant, Role};

    use super::*;

    #[test]
    fn a_plan_says_by_when_and_of_whom_and_the_class_to_readers_of_files_alone() {
        for role in Role::ALL {
            let grant = Grant { role, department: Some("fire".into()), area: None, party: None };
            let actor = Actor { account: "a-1".into(), grants: vec![grant], received: false };
            let ground = json!({ "party": "y-2", "class": "D", "months": 1, "from": "2026-01-01", "due": "2026-02-01" });
            let mut plan = ground.clone();
            plan["also"] = json!([ground]);
            without_class(&actor, &mut plan);
            let reads = [Role::Auditor, Role::CreditOfficer, Role::DepartmentOfficer, Role::LegalOfficer]
                .contains(&role);
            assert_eq!(plan["class"] == "D", reads, "{role:?}");
            let of_credit = |ground: &Value| OF_CREDIT.iter().any(|member| !ground[*member].is_null());
            for ground in [&plan, &plan["also"][0]] {
                assert_eq!(of_credit(ground), reads, "{role:?}");
                assert_eq!((&ground["party"], &ground["due"]), (&json!("y-2"), &json!("2026-02-01")));
            }
        }
    }
}
