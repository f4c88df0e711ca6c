//! What is done because of a level: measures, incentives and trainings.

use serde_json::{Value, json};
use wuping::shelf::{self, Compiled};

use super::story::{EBIKE_INDOORS, SOUND, Story};

pub(crate) fn tell(story: &mut Story) {
    story.house("b-30", None);
    story.house("u-30", Some("b-30"));
    story.assess("u-30", "a1", "first", SOUND);
    an_incentive_is_granted(story);
    a_training_is_held(story);
    the_house_falls(story);
    its_owner_is_spoken_to(story);
    a_measure_waits_for_the_appeal_and_for_the_court(story);
}

fn an_incentive_is_granted(story: &mut Story) {
    let offer = json!({
        "command": "offer", "incentive": "social_resources", "party": "y-1", "basis": "分级管理办法第九条",
        "authority": "subdistrict",
    });
    let mut mistyped = offer.clone();
    mistyped["authority"] = json!("街到办事处");
    story.is_refused("street", INCENTIVE, mistyped, "unknown_authority");
    let form = story.page(Some("street"), "/desk/premises/u-30");
    let offers =
        form.split("id=\"step-offer_incentive\"").nth(1).and_then(|rest| rest.split("</details>").next());
    let offers = offers.expect("an incentive is offered");
    for offered in ["value=\"某区住房和建设局\"", "value=\"subdistrict\""] {
        assert!(offers.contains(offered), "{offered}: {offers}");
    }
    story.say("street", INCENTIVE, offer);
    story.say("street", INCENTIVE, json!({ "command": "grant", "document_number": "坪石奖〔2024〕1号" }));
    assert!(story.page(Some("street"), "/desk/measures").contains(INCENTIVE), "it is on the list");
    assert!(
        story.page(Some("owner"), &format!("/desk/matters/{INCENTIVE}")).contains("Granted"),
        "its party sees it"
    );
    let told = story.is_refused("fire", TALK, talk(), "measure_does_not_fit");
    assert!(told.contains("incentive") || told.contains("Incentive"), "it says which fit: {told}");
}

fn a_training_is_held(story: &mut Story) {
    let held = json!({
        "command": "hold_training", "topic": "fire_drill", "on": story.today(), "department": "fire", "parties": ["y-1"],
        "residents": 34,
    });
    let mut mistyped = held.clone();
    mistyped["parties"] = json!(["y-1", "y-99"]);
    story.is_refused("fire", "measure/t-1", mistyped, "unknown_party");
    story.say("fire", "measure/t-1", held);
    story.is_refused(
        "fire",
        "measure/t-1",
        json!({ "command": "attend_training", "party": "y-99" }),
        "unknown_party",
    );
    story.say("fire", "measure/t-1", json!({ "command": "attend_training", "party": "y-1" }));
}

/// An e-bike is charged indoors: one star, confirmed once the owner was heard; the incentive ends with the level.
fn the_house_falls(story: &mut Story) {
    story.assess("u-30", "a2", "campaign", EBIKE_INDOORS);
    let determination = story.determination("u-30");
    story.invite("u-30");
    let statement =
        json!({ "command": "make_statement", "determination": determination, "text": "马上搬走" });
    story.say("owner", GRADE, statement);
    let consider = json!({
        "command": "consider_statement", "determination": determination, "adopted": false, "reasons": "车仍在室内",
    });
    story.say("legal", GRADE, consider);
    let confirm = json!({ "command": "confirm", "determination": determination, "document_number": "坪石定〔2024〕30号" });
    story.say("confirmer", GRADE, confirm);
    story.days(1);
    let ended = story.newest(INCENTIVE, "IncentiveEnded");
    assert_eq!(
        (&ended["result"]["why"], &ended["result"]["level"]),
        (&json!("level_lost"), &json!("strict"))
    );
}

fn its_owner_is_spoken_to(story: &mut Story) {
    let mut mistyped = talk();
    mistyped["authority"] = json!("街到办事处");
    story.is_refused("fire", TALK, mistyped, "unknown_authority");
    story.say("fire", TALK, talk());
    let decide = json!({ "command": "decide", "approved": true, "document_number": "坪石约〔2024〕2号" });
    story.say("street", TALK, decide);
    story.say("fire", TALK, json!({ "command": "carry_out", "findings": "已约谈,当事人承诺三日内搬走" }));
}

/// Under a rulebook by which measures wait for an appeal: the interview is neither approved nor held while the grade is under review,
/// nor while a court has suspended it, and is held in the end.
fn a_measure_waits_for_the_appeal_and_for_the_court(story: &mut Story) {
    let (grade, appeal, talk_there) =
        ("premises/u-49/grade", "premises/u-49/appeal/1", "premises/u-49/measure/m-1");
    let rulebook = where_measures_wait();
    story.publishes(&rulebook, None, story.today());
    story.house("u-49", Some("b-30"));
    let assessment = "premises/u-49/assessment/a1";
    story.say("grid", assessment, json!({ "command": "open", "scheme": rulebook.scheme, "reason": "first" }));
    story.enter_all("u-49", assessment, "grid", EBIKE_INDOORS);
    story.say("grid", assessment, json!({ "command": "submit" }));
    story.invite("u-49");
    story.say(
        "owner",
        grade,
        json!({ "command": "make_statement", "determination": 1, "text": "车是邻居的" }),
    );
    let consider = json!({
        "command": "consider_statement", "determination": 1, "adopted": false, "reasons": "车牌登记在本户",
    });
    story.say("legal", grade, consider);
    let confirm =
        json!({ "command": "confirm", "determination": 1, "document_number": "坪石定〔2024〕49号" });
    story.say("confirmer", grade, confirm);
    story.say("fire", talk_there, talk());

    let file = json!({ "command": "file", "against": { "stream": grade, "determination": 1 }, "grounds": "车不是我的" });
    story.say("owner", appeal, file);
    story.say("legal", appeal, json!({ "command": "admit" }));
    let approve =
        || json!({ "command": "decide", "approved": true, "document_number": "坪石约〔2024〕49号" });
    let why = story.is_refused("street", talk_there, approve(), "measure_waits");
    assert!(
        why.contains("is under appeal, filed on ") && why.contains("Wait until the appeal is decided"),
        "{why}"
    );
    story.say("legal", appeal, json!({ "command": "assign", "reviewer": "reviewer" }));
    let reject = json!({
        "command": "decide", "outcome": "rejected", "document_number": "住申〔2024〕49号", "reason_codes": ["unfounded"],
        "reasons": "登记属实", "remedies": ["litigation"],
    });
    story.say("reviewer", appeal, reject);
    story.say("street", talk_there, approve());

    let dispute = "premises/u-49/dispute/d-1";
    let notify = json!({
        "command": "notify", "kind": "litigation", "body": "某区人民法院", "document_number": "行初49号",
        "against": { "stream": grade, "determination": 1 }, "received_on": story.today(),
        "reply_by": story.day(15),
    });
    story.say("legal", dispute, notify);
    let until = story.day(5);
    let order = json!({ "command": "suspend", "document_number": "停49号", "until": until });
    story.say("legal", dispute, order);
    let held = || json!({ "command": "carry_out", "findings": "已约谈" });
    story.is_refused("fire", talk_there, held(), "carrying_out_suspended");
    let page = story.page(Some("fire"), &format!("/desk/matters/{talk_there}"));
    assert!(page.contains("Carrying out is suspended by the organ or court"), "{page}");
    story.days(6);
    story.say("fire", talk_there, held());
}

/// The rulebook of units, by which what is done because of a level under appeal waits.
fn where_measures_wait() -> Compiled {
    let safety = "suspends_safety_measures = false";
    let policy = include_str!("../../../rulebooks/pingshan/policy.toml");
    let policy = policy.replacen(safety, &format!("{safety}\nsuspends_measures = true"), 1);
    let (units, holidays) = (
        include_str!("../../../rulebooks/pingshan/unit.toml"),
        include_str!("../../../rulebooks/pingshan/holidays.toml"),
    );
    shelf::compile("where-measures-wait", units, &policy, holidays).unwrap()
}

fn talk() -> Value {
    json!({
        "command": "propose", "measure": "regulatory_interview", "party": "y-1", "nature": "guidance",
        "basis": "分级管理办法第十二条", "authority": "subdistrict", "audience": "party",
    })
}

const GRADE: &str = "premises/u-30/grade";
const INCENTIVE: &str = "premises/u-30/measure/m-1";
const TALK: &str = "premises/u-30/measure/m-2";
