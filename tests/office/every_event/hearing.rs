//! Hearing: a low grade waits for the party's word and a person who confirms it; letting is prohibited and freed again.

use serde_json::json;

use super::notices::result;
use super::story::{EBIKE_INDOORS, SOUND, Story};

pub(crate) fn tell(story: &mut Story) {
    one_is_heard_and_confirmed(story);
    letting_is_prohibited(story);
    the_house_rises_again(story);
    one_is_not_confirmed(story);
    who_is_heard_reads_what_about(story);
}

const GRADE: &str = "premises/u-4/grade";

fn one_is_heard_and_confirmed(story: &mut Story) {
    story.house("u-4", Some("b-1"));
    story.assess("u-4", "a1", "first", EBIKE_INDOORS);
    story.invite("u-4");
    story.say("owner", GRADE, json!({ "command": "request_hearing", "determination": 1 }));
    story.say(
        "owner",
        GRADE,
        json!({ "command": "make_statement", "determination": 1, "text": "是房客的车" }),
    );
    let consider = json!({ "command": "consider_statement", "determination": 1, "adopted": false, "reasons": "仍有责任" });
    story.say("legal", GRADE, consider);
    let confirm = json!({ "command": "confirm", "determination": 1, "document_number": "住评〔2024〕4号" });
    story.say("confirmer", GRADE, confirm);
    said_too_late(story);
    let notice = "premises/u-4/notice/n-1";
    story.say("legal", notice, result("u-4", "issue"));
    let letter = story.page(Some("legal"), &format!("/desk/matters/{notice}"));
    for words in [
        "No e-bike or battery kept or charged indoors: Parked or charged indoors; 4 points lost.",
        "The result: One star, level of management: Strict.",
        "<p class=\"letter-head\"><span lang=\"zh-CN\">某区住房和建设局</span></p>",
    ] {
        assert!(letter.contains(words), "{words}: {letter}");
    }
}

/// What the owner says when the grade binds already is kept, and answered as a request to be graded again.
fn said_too_late(story: &mut Story) {
    let form = story.opens("owner", "/desk/matters/premises/u-4/grade").1;
    assert!(form.contains("The time for a statement is over"), "{form}");
    let late = json!({ "command": "make_statement", "determination": 1, "text": "房客已经搬走" });
    story.say("owner", GRADE, late.clone());
    let request = "premises/u-4/reevaluation/late-statement-1";
    let asked = story.newest(request, "ReevaluationRequested");
    assert_eq!(
        (&asked["result"]["why"], &asked["result"]["by"]),
        (&json!("late_statement"), &json!("owner"))
    );
    story.is_refused("owner", GRADE, late, "already_exists");
    let (_, running) = story.opens("owner", "/api/v1/matters?premises=u-4");
    assert!(running.contains(request), "{running}");
    let decline = json!({ "command": "decline", "missing": ["works_unfinished"], "reason": "整改未完成" });
    story.say("housing", request, decline);
}

fn letting_is_prohibited(story: &mut Story) {
    let refuse = json!({
        "command": "refuse_prohibition", "ground": "fire_sealing", "proposer": "fire", "reason": "理由不足",
    });
    story.say("confirmer", GRADE, refuse);
    let prohibit = json!({
        "command": "prohibit", "ground": "dangerous_building", "authority": "housing", "scope": "no_new_letting",
        "document_number": "住禁〔2024〕1号", "proposer": "housing",
    });
    // the owner was heard about one star, and not about this
    story.is_refused("confirmer", GRADE, prohibit.clone(), "ban_without_hearing");
    let mut prohibit = prohibit;
    prohibit["waiver_ground"] = json!("imminent_danger");
    prohibit["waiver_reason"] = json!("墙体开裂，随时可能倒塌");
    let by = |proposer: &str| {
        let mut other = prohibit.clone();
        other["proposer"] = json!(proposer);
        other
    };
    for (proposer, code) in [
        ("", "not_found"),
        ("nobody", "not_found"),
        ("fire", "proposer_of_another_authority"),
        ("grid", "proposer_of_another_authority"),
        ("confirmer", "confirmer_is_proposer"),
    ] {
        story.is_refused("confirmer", GRADE, by(proposer), code);
    }
    let (_, offered) = story.opens("confirmer", "/desk/matters/premises/u-4/grade");
    let is_offered =
        |account: &str| offered.contains(&format!("name=\"prohibit_waived.proposer\" value=\"{account}\""));
    assert!(is_offered("housing") && is_offered("fire-authority") && !is_offered("grid"), "{offered}");
    story.say("confirmer", GRADE, prohibit);
    let confirm = json!({
        "command": "confirm", "determination": story.determination("u-4"), "document_number": "住评〔2024〕5号",
        "waiver_ground": "imminent_danger", "waiver_reason": "墙体开裂",
    });
    story.say("confirmer", GRADE, confirm);
    // those who live there are to be warned: that lies on the desk of the subdistrict, with its day, until somebody does
    let warning = format!("{GRADE}/risk_notice");
    let listed = story.matter("street", &warning).unwrap();
    assert_eq!((&listed["stage"], &listed["waits_on"][0]["role"]), (&json!("owed"), &json!("street_lead")));
    assert_eq!(listed["deadlines"][0]["rule"], "risk_notice", "{listed}");
    let desk = story.page(Some("street"), "/desk");
    assert!(
        desk.contains("Owed by the office: Notice of the risk to those who live there")
            && desk.contains("href=\"/desk/premises/u-4#step-issue\""),
        "{desk}"
    );
    story.days(2);
    let late = story.matter("street", &warning).unwrap();
    assert!(late["overdue_since"].is_string(), "{late}");
    story.say("confirmer", GRADE, json!({ "command": "refuse_lift", "reason": "尚未加固" }));
    let lift = json!({ "command": "lift_prohibition", "document_number": "住解〔2024〕1号" });
    story.is_refused("confirmer", GRADE, lift.clone(), "lifter_confirmed_ban");
    story.say("confirmer-2", GRADE, lift);
}

fn the_house_rises_again(story: &mut Story) {
    story.assess("u-4", "a2", "owner_request", SOUND);
    let refuse =
        json!({ "command": "refuse", "determination": story.determination("u-4"), "reason": "再查一次" });
    story.say("confirmer", GRADE, refuse);
    story.days(1);
    story.assess("u-4", "a3", "owner_request", SOUND);
    let lift = json!({
        "command": "confirm_lift", "determination": story.determination("u-4"), "document_number": "住评〔2024〕6号",
    });
    story.say("confirmer", GRADE, lift);
}

fn one_is_not_confirmed(story: &mut Story) {
    story.house("u-5", Some("b-1"));
    story.assess("u-5", "a1", "first", EBIKE_INDOORS);
    let refuse = json!({ "command": "refuse", "determination": 1, "reason": "照片不清" });
    story.say("confirmer", "premises/u-5/grade", refuse);
}

/// The owner who is to make a statement reads the reasons of the grade that waits, above those of the one that binds.
fn who_is_heard_reads_what_about(story: &mut Story) {
    story.house("u-39", Some("b-1"));
    story.assess("u-39", "a1", "first", SOUND);
    story.days(1);
    story.assess("u-39", "a2", "periodic", EBIKE_INDOORS);
    let page = story.page(Some("owner"), "/my");
    let house = &page[page.find("石井街道金龟路u-39").unwrap()..];
    let (waits, binds) =
        (house.find("The new grade, to be confirmed: One star"), house.find("The grade in force"));
    assert!(waits.is_some() && waits < binds, "{house}");
    let reasons = &house[waits.unwrap()..binds.unwrap()];
    assert!(reasons.contains("not met: no e-bike or battery kept or charged indoors"), "{reasons}");
}
