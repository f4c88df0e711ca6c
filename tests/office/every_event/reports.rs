//! Reports: by a resident on the public page or taken down by staff, sent on, found true or not, answered.

use serde_json::{Value, json};

use super::story::{SOUND, Story};

pub(crate) fn tell(story: &mut Story) {
    let reported = story.resident_reports("u-1", "electrical_wiring", "走廊电线裸露");
    story.say(
        "dispatcher",
        &reported,
        json!({ "command": "triage", "outcome": { "check": { "with": "fire" } } }),
    );
    story.say("grid", &reported, json!({ "command": "substantiate", "indicator": "electrical_wiring" }));
    story.say("grid", &reported, json!({ "command": "answer", "answer": "unfixed", "text": "已立案" }));
    story.say("dispatcher", &reported, json!({ "command": "reopen", "text": "还是没修" }));

    story.say("dispatcher", "premises/u-1/report/r-2", file());
    let dismiss = json!({ "command": "dismiss", "why": "not_found", "reason": "未发现" });
    story.say("grid", "premises/u-1/report/r-2", dismiss);

    story.say("dispatcher", "premises/u-1/report/r-3", file());
    let mut withdraw = json!({ "command": "withdraw", "text": "看错了" });
    story.is_refused("dispatcher", "premises/u-1/report/r-3", withdraw.clone(), "role_needed");
    withdraw["handed_in_on"] = json!(story.today());
    withdraw["photos"] = json!([story.photo()]);
    story.is_refused("grid", "premises/u-1/report/r-3", withdraw.clone(), "counter_had_a_hand");
    story.say("dispatcher", "premises/u-1/report/r-3", withdraw);
    one_is_not_fixed(story);
    two_say_the_same(story);
}

/// Somebody about to report what was found true already is shown that before; who reports it all the same follows what came of the
/// first, by a number of their own.
fn two_say_the_same(story: &mut Story) {
    story.house("u-47", Some("b-1"));
    story.assess("u-47", "a1", "first", SOUND);
    let form = "/s/u-47/report";
    assert!(!story.page(None, form).contains("Known already"), "nothing is known yet");
    let first = story.resident_reports("u-47", "electrical_wiring", "走廊电线裸露");
    let number = story.followed.clone();
    assert!(!story.page(None, form).contains("Known already"), "what nobody looked at is told to nobody");
    story.say("grid", &first, json!({ "command": "substantiate", "indicator": "electrical_wiring" }));
    let key = first.rsplit('/').next().unwrap().to_owned();
    let hazard = format!("premises/u-47/hazard/report-{key}");
    story.say("fire", &hazard, json!({ "command": "review", "outcome": "confirmed", "reason": "属实" }));
    let page = story.page(None, form);
    assert!(page.contains("Known already") && page.contains("Report it again if it changes"), "{page}");

    let second = story.resident_reports("u-47", "electrical_wiring", "三楼电线露在外面");
    assert_ne!(story.followed, number, "whoever has a number may take that report back");
    let joined = |with: &str| json!({ "command": "triage", "outcome": { "merged": { "with": with } } });
    story.is_refused("dispatcher", &second, joined("r-nowhere"), "no_report_to_merge_with");
    story.say("dispatcher", &second, joined(&key));
    assert_eq!(
        story.streams_with("HazardFound").iter().filter(|of| of.contains("u-47")).count(),
        1,
        "one case"
    );
    let page = story.page(None, &format!("/track/{}", story.followed));
    for words in ["Somebody reported the same before", "Found true, being dealt with", "The hazard"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains(&number), "whose number the first goes by is not told");
}

/// Put right and closed, and still there: another case goes on from it, with its own day, and the reporter sees that.
fn one_is_not_fixed(story: &mut Story) {
    story.house("u-46", Some("b-1"));
    story.assess("u-46", "a1", "first", SOUND);
    let report = story.resident_reports("u-46", "electrical_wiring", "插座冒火花");
    story.say("grid", &report, json!({ "command": "substantiate", "indicator": "electrical_wiring" }));
    let key = report.rsplit('/').next().unwrap().to_owned();
    let hazard = format!("premises/u-46/hazard/report-{key}");
    story.say("fire", &hazard, json!({ "command": "review", "outcome": "confirmed", "reason": "属实" }));
    let order = json!({
        "command": "order", "what": "更换插座", "parties": ["y-1"], "document_number": "消改〔2024〕46号",
    });
    story.say("fire", &hazard, order);
    let notice = "premises/u-46/notice/order";
    let issue = json!({
        "command": "issue", "kind": "rectification", "about": hazard, "to": "y-1", "authority": "fire",
        "document_number": "消改〔2024〕46号", "legal_basis": "消防法第五十四条", "handling_officers": ["fire"],
        "remedies": ["appeal_file"],
    });
    story.say("fire", notice, issue);
    story.say("grid", notice, json!({ "command": "serve", "method": "direct", "on": story.today() }));
    let photo = story.photo();
    let done = json!({ "command": "submit_rectification", "text": "已更换", "photos": [photo] });
    story.say("owner", &hazard, done);
    story.say("fire", &hazard, json!({ "command": "accept", "findings": "合格" }));
    story.say("grid", &report, json!({ "command": "answer", "answer": "rectified", "text": "已更换插座" }));
    story.say("dispatcher", &report, json!({ "command": "reopen", "text": "还在冒火花" }));
    let again = format!("premises/u-46/hazard/not-fixed-1-{key}");
    let reopened = story.newest(&again, "HazardReopened");
    assert_eq!(reopened["result"]["reopens"], format!("report-{key}"));
    let routed = story.newest(&again, "HazardRouted");
    let page = story.page(None, &format!("/track/{}", story.followed));
    assert!(page.contains("Opened again") && page.contains("To be looked at by"), "{page}");
    let due = routed["result"]["review"]["due"].as_str().unwrap();
    assert!(page.contains(due), "{due}: {page}");
    let (_, running) = story.opens("fire", "/api/v1/matters?premises=u-46");
    assert!(running.contains(&again) && running.contains("hazard_review"), "{running}");
}

fn file() -> Value {
    json!({ "command": "file", "category": "fire", "text": "楼下有人烧东西" })
}
