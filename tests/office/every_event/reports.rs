//! Reports: by a resident on the public page or taken down by staff, sent on, found true or not, answered.

use serde_json::{Value, json};

use super::story::Story;

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
}

fn file() -> Value {
    json!({ "command": "file", "category": "fire", "text": "楼下有人烧东西" })
}
