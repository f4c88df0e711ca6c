//! Notice boards, and the association of building stewards.

use serde_json::{Value, json};

use super::story::Story;

pub(crate) fn tell(story: &mut Story) {
    a_list_hangs_on_the_board(story);
    stewards_organise_themselves(story);
}

fn a_list_hangs_on_the_board(story: &mut Story) {
    let board = "board/jingui";
    let set_up = json!({
        "command": "set_up", "level": "community", "area": "金龟", "place": "金龟社区党群服务中心门口",
    });
    let at = story.say("community", board, set_up);
    let list: Value =
        serde_json::from_str(&story.page(None, "/api/v1/sheet?area=%E9%87%91%E9%BE%9F")).unwrap();
    let lines = list["lines"].as_array().unwrap().len();
    let post = |at: &Value, sha256: &Value| json!({ "command": "post", "report": "sheet", "at": at, "sha256": sha256, "lines": lines });
    let invented =
        story.is_refused("community", board, post(&list["at"], &json!("ab".repeat(32))), "list_differs");
    assert!(invented.contains(list["sha256"].as_str().unwrap()), "what it is: {invented}");
    let beyond = json!(at + 1_000_000);
    story.is_refused("community", board, post(&beyond, &list["sha256"]), "list_of_no_entry");
    story.say("community", board, post(&list["at"], &list["sha256"]));
    // nothing was graded between: the list before is the same, made again as it stood then
    let before = json!(list["at"].as_u64().unwrap() - 1);
    story.is_refused("community", board, post(&before, &list["sha256"]), "sheet_is_older");
    assert!(story.page(Some("community"), &format!("/desk/matters/{board}")).contains("党群服务中心"));
    story.say("grid", board, json!({ "command": "check", "finding": "damaged", "notes": "被雨淋湿" }));
    let page = story.page(Some("street"), "/desk/boards");
    assert!(page.contains("Damaged") && page.contains("Hang the grade plaque"), "what is to be hung: {page}");
}

fn stewards_organise_themselves(story: &mut Story) {
    let association = "association/shijing";
    let register = json!({
        "command": "register", "name": "石井街道楼栋长联合会", "area": "石井", "administrator": "association",
    });
    story.say("street", association, register);
    let open = json!({ "command": "open", "name": "某楼栋长", "association": "shijing" });
    story.is_refused("association", "account/steward-1", open.clone(), "not_a_member");
    story.say("association", association, json!({ "command": "add_member", "account": "steward-1" }));
    story.say("association", "account/steward-1", open);
    let granted = story.newest("account/steward-1", "RoleGranted");
    assert_eq!(granted["role"], "steward", "a steward, and nothing else");
    assert!(story.page(Some("association"), &format!("/desk/matters/{association}")).contains("steward-1"));
    assert_eq!(story.grants("steward-1"), ["steward"]);
    let remove = json!({ "command": "remove_member", "account": "steward-1", "why": "moved" });
    story.say("association", association, remove);
    assert!(story.grants("steward-1").is_empty(), "what the association gave goes with the membership");
    story.say("association", association, json!({ "command": "add_member", "account": "steward-1" }));
    assert_eq!(story.grants("steward-1"), ["steward"]);
    story.say(
        "association",
        association,
        json!({ "command": "remove_member", "account": "steward-1", "why": "left" }),
    );
}
