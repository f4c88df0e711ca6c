//! Hazards: found, reviewed, ordered, planned, put right and looked at; contested, overdue, supervised, determined.

use serde_json::{Value, json};

use super::story::{EBIKE_INDOORS, SOUND, Story, code_of};

pub(crate) fn tell(story: &mut Story) {
    story.house("u-2", Some("b-1"));
    story.assess("u-2", "a1", "first", SOUND);
    one_is_put_right_in_the_end(story);
    it_comes_back_and_is_contested(story);
    one_falls_overdue(story);
    two_ask_for_more_time_and_are_answered_late(story);
    one_is_determined(story);
    one_is_there_before_any_grade(story);
    one_has_nobody_to_be_addressed_to(story);
}

/// Of a unit that nobody answers for: who names somebody, and who answers for the building, is said in the place of the order.
fn one_has_nobody_to_be_addressed_to(story: &mut Story) {
    let unit = "premises/u-bare";
    let register = json!({
        "command": "register", "layer": "unit", "parent": "b-1", "address": "石井街道金龟路u-bare", "subdistrict": "石井",
        "community": "金龟", "grid_cell": "g-01", "codes": { "house_code": code_of("u-bare") },
    });
    story.say("clerk", unit, register);
    let hazard = format!("{unit}/hazard/h-1");
    let find = json!({
        "command": "find", "indicator": "electrical_wiring", "severity": "serious", "works": "repair", "competent": "fire",
        "source": "patrol",
    });
    story.say("grid", &hazard, find);
    story.say("fire", &hazard, review());
    let page = story.page(Some("fire"), &format!("/desk/matters/{hazard}"));
    assert!(page.contains("A data clerk names them on") && page.contains("/desk/premises/u-bare"), "{page}");
    assert!(page.contains("Who answers for the building: 黄某 (y-1)"), "{page}");
    assert!(page.contains("/desk/premises/b-1"), "{page}");
    let cases = story.page(Some("commission"), "/desk/reports/cases");
    assert!(cases.contains("/desk/hazards/u-bare/h-1"), "a row leads to its case: {cases}");
    assert!(!cases.contains("electrical_wiring"), "an indicator by its name: {cases}");
    let grades = story.page(Some("commission"), "/desk/reports/grades");
    assert!(grades.contains("href=\"/desk/premises/440310-u-2\""), "a row leads to its house: {grades}");
    let found = story.page(Some("legal"), "/desk/premises/u-bare");
    let named = format!("{} (h-1)", story.today());
    assert!(found.contains("request_erasure.streams") && found.contains(&named), "{found}");
    story.assess("u-bare", "a1", "first", SOUND);
}

fn one_is_put_right_in_the_end(story: &mut Story) {
    let hazard = "premises/u-2/hazard/h-1";
    is_ordered(story, "u-2", "h-1", "repair");
    let plan = || json!({ "command": "submit_works_plan", "days": 30, "text": "分段更换线路" });
    story.say("owner", hazard, plan());
    story.say("fire", hazard, json!({ "command": "refuse_works_plan", "reason": "没有施工单位" }));
    story.say("owner", hazard, plan());
    story.say("grid", hazard, json!({ "command": "confirm_interim_measures", "findings": "已断电" }));
    story.say("fire", hazard, json!({ "command": "approve_works_plan" }));
    let until = story.day(45);
    let longer = || json!({ "command": "request_extension", "until": until, "text": "缺材料" });
    story.say("owner", hazard, longer());
    story.say("fire", hazard, json!({ "command": "refuse_extension", "reason": "先订货" }));
    story.say("owner", hazard, longer());
    let misspelt = json!({ "command": "extend", "until": until, "reasons": "缺材料" });
    let why = story.is_refused("fire", hazard, misspelt, "unknown_member");
    assert!(why.contains("no member reasons. There are: reason, scheme, until"), "{why}");
    story.say("fire", hazard, json!({ "command": "extend", "until": until }));
    story.days(2);
    let photo = story.photo();
    let done = || json!({ "command": "submit_rectification", "text": "已更换", "photos": [photo] });
    story.say("owner", hazard, done());
    story.say("fire", hazard, json!({ "command": "refuse", "findings": "接头外露" }));
    story.say("owner", hazard, done());
    story.say("fire", hazard, json!({ "command": "find_false", "findings": "照片是别处的" }));
    story.say("owner", hazard, done());
    story.say("fire", hazard, json!({ "command": "accept", "findings": "合格" }));
}

fn it_comes_back_and_is_contested(story: &mut Story) {
    let hazard = "premises/u-2/hazard/h-2";
    story.say("grid", hazard, json!({ "command": "reopen", "case": "h-1", "why": "came_back" }));
    story.say("fire", hazard, review());
    story.say("owner", hazard, json!({ "command": "contest", "ground": "not_there", "text": "线路是好的" }));
    story.say("fire", hazard, json!({ "command": "answer_contest", "upheld": true, "reasons": "复查属实" }));
    story.say("fire", hazard, json!({ "command": "close", "how": "dismissed" }));
}

fn one_falls_overdue(story: &mut Story) {
    is_ordered(story, "u-2", "h-3", "buy");
    story.days(10);
    let hazard = "premises/u-2/hazard/h-3";
    let until = story.day(20);
    let order =
        json!({ "command": "order_supervision", "until": until, "document_number": "石督〔2024〕1号" });
    story.say("street", hazard, order);
    story.say("street", hazard, json!({ "command": "end_supervision", "reason": "已整改" }));
}

/// Asked on the last day and answered days after it: what is granted was never late, what is refused was late on its true day.
fn two_ask_for_more_time_and_are_answered_late(story: &mut Story) {
    story.house("u-48", Some("b-1"));
    story.assess("u-48", "a1", "first", SOUND);
    let [granted, refused] = ["premises/u-48/hazard/h-1", "premises/u-48/hazard/h-2"];
    for case in ["h-1", "h-2"] {
        is_ordered(story, "u-48", case, "buy");
    }
    story.days(7);
    let (last, until) = (story.today(), story.day(14));
    for hazard in [granted, refused] {
        let longer = json!({ "command": "request_extension", "until": until, "text": "缺货" });
        story.say("owner", hazard, longer);
    }
    story.days(3);
    let overdue = |story: &Story| {
        let marked = story.streams_with("HazardFellOverdue");
        marked.into_iter().filter(|stream| stream.contains("u-48")).collect::<Vec<_>>()
    };
    assert!(overdue(story).is_empty(), "the office has not answered");
    let answered_on = story.today();
    story.say("fire", granted, json!({ "command": "extend", "until": until }));
    story.say("fire", refused, json!({ "command": "refuse_extension", "reason": "有现货" }));
    story.days(1);
    assert_eq!(overdue(story), [refused]);
    assert_eq!(story.newest(refused, "HazardFellOverdue")["result"]["due"], json!(last));
    let running = story.matter("fire", granted).unwrap();
    assert!(running["deadlines"].as_array().unwrap().iter().any(|of| of["due"] == json!(until)), "{running}");
    let page = story.page(Some("fire"), &format!("/desk/matters/{granted}"));
    for (words, on) in [("Extension requested", last), ("Deadline extended", answered_on)] {
        assert!(page.contains(words) && page.contains(&on.to_string()), "{words}, {on}: {page}");
    }
}

/// Nobody reviews it in time, which is marked; then the authority determines.
fn one_is_determined(story: &mut Story) {
    story.house("u-3", Some("b-1"));
    story.assess("u-3", "a1", "first", SOUND);
    let hazard = "premises/u-3/hazard/h-1";
    story.say("grid", hazard, found("major", "build", true));
    story.days(7);
    let determine = json!({ "command": "determine", "major": false, "document_number": "消认〔2024〕1号", "method": "direct" });
    story.say("fire-authority", hazard, determine);
}

/// What is shown of a house whose first grade waits, or that nobody graded: its hazards by their names, and no rulebook.
fn one_is_there_before_any_grade(story: &mut Story) {
    story.house("u-37", Some("b-1"));
    let hazard = "premises/u-37/hazard/h-1";
    story.say("grid", hazard, found("general", "repair", false));
    story.say("fire", hazard, review());
    let named = |page: String| {
        assert!(
            page.contains("not met: electrical wiring and load") && !page.contains("electrical_wiring"),
            "{page}"
        );
        assert!(!page.contains("published rulebooks"), "none is in force");
    };
    named(story.page(None, "/s/u-37"));
    let reporting = story.page(None, "/s/u-37/report");
    assert!(reporting.contains("nobody was ordered to put it right yet"), "{reporting}");
    assert!(!reporting.contains(">Electrical wiring"), "what is reported is not the good state");
    story.assess("u-37", "a1", "first", EBIKE_INDOORS);
    named(story.page(None, "/s/u-37"));
}

/// Found, reviewed, ordered, and the order served on the owner.
fn is_ordered(story: &mut Story, house: &str, case: &str, works: &str) {
    let hazard = format!("premises/{house}/hazard/{case}");
    story.say("grid", &hazard, found("general", works, false));
    story.say("fire", &hazard, review());
    let listed = story.matter("fire", &hazard).unwrap();
    assert_eq!(listed["deadlines"][0]["rule"], "rectification_order", "{listed}");
    assert_eq!(listed["waits_on"][0]["department"], "fire", "{listed}");
    let order = json!({
        "command": "order", "what": "更换老化线路", "parties": ["y-1"], "document_number": format!("消改〔2024〕{case}号"),
    });
    story.say("fire", &hazard, order);
    let notice = format!("premises/{house}/notice/of-{case}");
    let issue = json!({
        "command": "issue", "kind": "rectification", "about": hazard, "to": "y-1", "authority": "fire",
        "document_number": format!("消改〔2024〕{case}号"), "legal_basis": "消防法第五十四条", "handling_officers": ["fire"],
        "remedies": ["appeal_file"],
    });
    story.say("fire", &notice, issue);
    let letter = story.page(Some("fire"), &format!("/desk/matters/{notice}"));
    let to_do = "What is to be done: <span lang=\"zh-CN\">更换老化线路</span>";
    for words in ["The hazard: not met: ", to_do, "To be put right within "] {
        assert!(letter.contains(words), "{words}: {letter}");
    }
    story.say("grid", &notice, json!({ "command": "serve", "method": "direct", "on": story.today() }));
}

fn found(severity: &str, works: &str, suspected: bool) -> Value {
    json!({
        "command": "find", "indicator": "electrical_wiring", "severity": severity, "works": works, "competent": "fire",
        "source": "patrol", "suspected": suspected,
    })
}

fn review() -> Value {
    json!({ "command": "review", "outcome": "confirmed", "reason": "情况属实" })
}
