//! Assessing: opened, handed over, entered by people and feeds, submitted, given up or left until it lapses; and what the
//! grade that comes of it is shown as.

use serde_json::json;

use super::story::{SOUND, Story};

pub(crate) fn tell(story: &mut Story) {
    story.house("u-1", Some("b-1"));
    let stream = story.open("u-1", "a1", "first");
    story.say("grid", &stream, json!({ "command": "hand_over", "to": "grid-2", "why": "休假" }));
    story.enter_all("u-1", &stream, "grid-2", SOUND);
    story.say("grid-2", &stream, json!({ "command": "submit" }));

    let given_up = story.open("u-1", "a2", "campaign");
    story.say("grid", &given_up, json!({ "command": "withdraw", "why": "wrong_house" }));

    let grade = "premises/u-1/grade";
    story.say(
        "grid",
        grade,
        json!({ "command": "hang_plaque", "plaque": "grade_plaque", "shows": 5, "place": "entrance" }),
    );
    story.say("grid", grade, json!({ "command": "report_plaque_missing", "plaque": "grade_plaque" }));
    story.say(
        "grid",
        grade,
        json!({ "command": "hang_plaque", "plaque": "grade_plaque", "shows": 5, "place": "stairwell" }),
    );
    story.say("grid", grade, json!({ "command": "remove_plaque", "plaque": "grade_plaque", "why": "worn" }));
    story.say(
        "owner",
        grade,
        json!({ "command": "reply", "determination": 1, "text": "谢谢，会继续保持。" }),
    );
    story.say("owner", grade, json!({ "command": "reply", "determination": 1, "text": "电线也换过了。" }));
    let house = grade.split('/').nth(1).unwrap();
    let shown = story.page(None, &format!("/s/{house}"));
    assert!(
        shown.contains("电线也换过了") && !shown.contains("会继续保持"),
        "the newest word stands: {shown}"
    );

    story.house("u-shown", Some("b-1"));
    story.assess("u-shown", "a1", "first", SOUND);
    story.assess("u-shown", "a2", "campaign", SOUND);
    let grade = "premises/u-shown/grade";
    let unpublish =
        |assessment: &str| json!({ "command": "unpublish", "assessment": assessment, "why": "under_review" });
    story.is_refused("legal", grade, unpublish("a2"), "result_in_force");
    story.say("legal", grade, unpublish("a1"));
    story.say("legal", grade, json!({ "command": "publish", "assessment": "a1", "why": "reviewed" }));

    // a house whose assessment nobody ever comes back to: it lapses while the other stories are told
    story.house("u-lapses", Some("b-1"));
    story.open("u-lapses", "a1", "first");
}
