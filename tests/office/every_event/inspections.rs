//! Inspections: planned by credit, put off by a better class, missed, made by two officers.

use serde_json::{Value, json};

use super::story::{SOUND, Story};

pub(crate) fn tell(story: &mut Story) {
    a_company_is_to_be_inspected(story);
    it_promises_and_is_inspected_less(story);
    nobody_comes_in_time(story);
    whoever_may_not_read_the_file_is_not_told_the_class(story);
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
    let runs = json!({ "command": "name_party", "party": "y-6", "role": "operator", "basis": "management_contract" });
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

/// A grid worker is told where somebody is to go and by when; the class that asks for it stands in the credit file.
fn whoever_may_not_read_the_file_is_not_told_the_class(story: &Story) {
    let next = "premises/u-36/inspection/y-6-2";
    for (who, told) in [("grid", false), ("confirmer", false), ("fire", true), ("credit", true)] {
        let rows = story.page(Some(who), "/api/v1/undertakings?kind=inspection&premises=u-36");
        let rows: Value = serde_json::from_str(&rows).unwrap();
        let rows = rows["rows"].as_array().unwrap();
        let plan = &rows.iter().find(|row| row["stream"] == next).unwrap()["state"]["plan"];
        assert!(plan["due"].is_string() && plan["party"] == "y-6", "{who}: {plan}");
        assert_eq!((plan["class"] == "A", plan["months"] == 12), (told, told), "{who}: {plan}");
        let page = story.page(Some(who), &format!("/desk/matters/{next}"));
        assert!(page.contains("y-6"), "{who}: {page}");
        assert_eq!(page.contains("Months between inspections"), told, "{who}: {page}");
    }
}
