//! Inspections: planned by credit, put off by a better class, missed, made by two officers.

use serde_json::json;

use super::story::{SOUND, Story};

pub(crate) fn tell(story: &mut Story) {
    a_company_is_to_be_inspected(story);
    it_promises_and_is_inspected_less(story);
    nobody_comes_in_time(story);
}

const INSPECTION: &str = "premises/u-36/inspection/y-6-1";

fn a_company_is_to_be_inspected(story: &mut Story) {
    story.say(
        "clerk",
        "party/y-6",
        json!({ "command": "register", "kind": "enterprise", "name": "另一公寓公司" }),
    );
    story.house("u-36", Some("b-1"));
    // it answers alone: of two, the stricter class would set the day
    story.say("clerk", "premises/u-36", json!({ "command": "end_party", "party": "y-1", "why": "sold" }));
    let runs = json!({ "command": "name_party", "party": "y-6", "role": "operator" });
    story.say("clerk", "premises/u-36", runs);
    story.assess("u-36", "a1", "first", SOUND);
    story.days(1);
    assert_eq!(story.newest(INSPECTION, "InspectionPlanned")["result"]["months"], 6);
}

fn it_promises_and_is_inspected_less(story: &mut Story) {
    let scheme = json!(story.units.scheme);
    let sign = json!({
        "command": "sign_commitment", "template": "2024-1", "scheme": scheme, "document": story.photo(),
        "handed_in_on": story.today(),
    });
    story.say("credit", "party/y-6/credit", sign);
    story.days(1);
    let reduced = story.newest(INSPECTION, "InspectionReduced");
    assert_eq!((&reduced["result"]["class"], &reduced["result"]["months"]), (&json!("A"), &json!(12)));
    let join = json!({ "command": "join", "department": "fire" });
    story.say("fire", INSPECTION, join);
    let made = json!({
        "command": "carry_out", "second": "housing", "certificate": "粤B-0101", "second_certificate": "粤B-0102",
        "findings": "未见异常",
    });
    story.is_refused("fire", INSPECTION, made.clone(), "second_officer_not_joined");
    story.say("housing", INSPECTION, json!({ "command": "join", "department": "housing" }));
    story.say("fire", INSPECTION, made);
    story.days(1);
    let next = story.newest("premises/u-36/inspection/y-6-2", "InspectionPlanned");
    assert_eq!(next["result"]["months"], 12);
    assert!(story.page(Some("fire"), "/desk/inspections").contains("premises/u-36/inspection/y-6-2"));
}

/// The owner of most houses here was rated long ago; whatever was due since and nobody made is marked.
fn nobody_comes_in_time(story: &mut Story) {
    for _ in 0..8 {
        if !story.streams_with("InspectionMissed").is_empty() {
            return;
        }
        story.days(15);
    }
    panic!("no inspection fell due in four months");
}
