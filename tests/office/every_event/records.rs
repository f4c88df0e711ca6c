//! Records: what is said about facts already recorded, about personal data, and about records in doubt.

use serde_json::{Value, json};

use super::story::{EBIKE_INDOORS, Story};

pub(crate) fn tell(story: &mut Story) {
    a_fact_is_corrected(story);
    a_finding_is_corrected(story);
    papers_are_given_out(story);
    somebody_asks_for_the_own_data(story);
    records_are_in_doubt(story);
}

fn a_fact_is_corrected(story: &mut Story) {
    let record = "premises/u-1/record/1";
    let correct = json!({
        "command": "correct", "corrects": "premises/u-1/assessment/a1", "field": "tenant_education", "right": "unrecorded",
        "why": "misread", "reason": "记录里没有培训的签到表",
    });
    let with = |member: &str, value: Value| {
        let mut other = correct.clone();
        other[member] = value;
        other
    };
    story.is_refused("clerk", record, correct.clone(), "not_yours");
    let elsewhere = json!("premises/u-2/assessment/a1");
    for (wrong, code) in [
        (with("reason", json!(" ")), "malformed"),
        (with("corrects", elsewhere), "malformed"),
        (with("corrects", json!("premises/u-1/assessment/none")), "not_found"),
        (with("field", json!("nothing_of_the_kind")), "unknown_indicator"),
        (with("right", json!("no_row_of_it")), "bad_result"),
    ] {
        story.is_refused("grid-2", record, wrong, code);
    }
    story.say("grid-2", record, correct);
    story.say("clerk", record, json!({ "command": "publish_correction", "channels": ["public_page"] }));
}

/// A result that opened a case was entered wrongly. The department had confirmed the case, and settles it itself; the grade is free of
/// it then.
fn a_finding_is_corrected(story: &mut Story) {
    let hazard = "premises/u-72/hazard/a1-no_ebike_indoors";
    story.house("u-72", Some("b-1"));
    story.assess("u-72", "a1", "first", EBIKE_INDOORS);
    story.say("fire", hazard, json!({ "command": "review", "outcome": "confirmed" }));
    let close = json!({ "command": "close", "how": "put_right" });
    story.is_refused("fire", hazard, close.clone(), "finding_stands");
    let page = format!("/desk/matters/{hazard}");
    let offered = "Close: its result was put right";
    assert!(!story.page(Some("fire"), &page).contains(offered));
    let correct = json!({
        "command": "correct", "corrects": "premises/u-72/assessment/a1", "field": "no_ebike_indoors", "right": "met",
        "why": "misread", "reason": "照片是隔壁的",
    });
    story.say("grid", "premises/u-72/record/1", correct);
    assert_eq!(story.newest("premises/u-72/grade", "GradeDetermined")["result"]["trigger"], "fact_corrected");
    assert!(story.page(Some("fire"), &page).contains(offered));
    let waits = story.matter("fire", hazard).expect("it runs on");
    assert!(waits["waits_on"].to_string().contains("\"department\":\"fire\""), "{waits}");
    story.say("fire", hazard, close);
    let free = story.newest("premises/u-72/grade", "GradeDetermined");
    assert_eq!((&free["result"]["star"], &free["result"]["trigger"]), (&json!(5), &json!("fact_corrected")));
    let told = story.page(Some("owner"), &page);
    assert!(told.contains("the result that opened it was put right"), "{told}");
}

fn papers_are_given_out(story: &mut Story) {
    let sha256 = "ab".repeat(32);
    let evidence = json!({ "command": "issue_evidence", "sha256": sha256, "to": "court", "basis": "行政诉讼法第三十四条" });
    story.say("legal", "premises/u-1/record/2", evidence);
    let digests = story.newest("party/y-1", "PartyRegistered")["_sd"].clone();
    let fields: Vec<&str> = digests.as_array().unwrap().iter().map(|_| "name").collect();
    let disclose = json!({
        "command": "disclose", "sequence": 40, "fields": fields, "digests": digests, "basis": "法院调取", "to": "某区人民法院",
    });
    story.say("legal", "premises/u-1/record/3", disclose);
    let rebuilt =
        json!({ "command": "rebuild_report", "report": "monthly-2024-09", "at": 100, "sha256": sha256 });
    story.say("auditor", "record/4", rebuilt);
    let dictated = json!({
        "command": "record_on_behalf", "stream": "premises/u-1/report/r-2", "of": "resident", "channel": "telephone",
    });
    story.say("dispatcher", "premises/u-1/record/5", dictated);
}

fn somebody_asks_for_the_own_data(story: &mut Story) {
    let ask = |what: &str| json!({ "command": "request_personal_data", "what": what });
    story.say("owner", "premises/u-1/record/6", ask("copy"));
    story.say(
        "legal",
        "premises/u-1/record/6",
        json!({ "command": "provide_personal_data", "how": "paper" }),
    );
    story.say("owner", "premises/u-1/record/7", ask("correct"));
    let corrected = json!({ "command": "correct_personal_data", "stream": "party/y-1", "fields": ["phone"] });
    story.say("clerk", "premises/u-1/record/7", corrected);
    let erase = json!({
        "command": "request_erasure", "streams": ["party/y-1"], "fields": ["phone"], "basis": "pipl_47",
    });
    story.say("legal", "premises/u-1/record/8", erase);
    let until = story.day(90);
    let postpone = json!({ "command": "postpone_erasure", "until": until, "why": "litigation" });
    story.say("legal", "premises/u-1/record/8", postpone);
}

fn records_are_in_doubt(story: &mut Story) {
    let doubt = |command: &str| -> Value {
        json!({
            "command": command, "event_id": "0190a3c2-7b1e-7c55-9f00-6a1d2e3f4a5b", "stream": "premises/u-1/assessment/a1",
            "recorded_by": "grid",
        })
    };
    story.say("street", "premises/u-1/record/9", doubt("confirm_doubtful"));
    story.say("street", "premises/u-1/record/10", doubt("withdraw_doubtful"));
}
