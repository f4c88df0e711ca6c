//! Notices: issued, reissued, served in one way or the other, read; and dates that a calendar fixes later.

use serde_json::{Value, json};

use super::story::{SOUND, Story, of_no_year};

pub(crate) fn tell(story: &mut Story) {
    one_is_hard_to_serve(story);
    dates_wait_for_a_calendar(story);
    a_deadline_of_the_office_waits_for_a_calendar(story);
}

fn one_is_hard_to_serve(story: &mut Story) {
    let notice = "premises/u-1/notice/n-1";
    let mut ban = result("u-1", "issue");
    ban["kind"] = json!("prohibition");
    story.is_refused("legal", notice, ban, "notice_of_no_prohibition");
    // a mistyped authority is nobody's, and neither do people handle it who are not there or belong elsewhere
    let mut mistyped = result("u-1", "issue");
    mistyped["authority"] = json!("某区住房和建没局");
    let told = story.is_refused("legal", notice, mistyped, "unknown_authority");
    assert!(told.contains("某区住房和建没局") && told.contains("an administrator registers first"), "{told}");
    let mut stranger = result("u-1", "issue");
    stranger["handling_officers"] = json!(["legal", "leaver"]);
    let told = story.is_refused("legal", notice, stranger, "unknown_officers");
    assert!(told.contains("leaver") && !told.contains("legal,"), "{told}");
    let mut elsewhere = result("u-1", "issue");
    (elsewhere["authority"], elsewhere["handling_officers"]) = (json!("housing"), json!(["fire"]));
    story.is_refused("legal", notice, elsewhere, "officers_of_another_department");
    let form = story.page(Some("legal"), "/desk/premises/u-1");
    let issue =
        form.split("id=\"step-issue\"").nth(1).and_then(|rest| rest.split("</details>").next()).unwrap();
    for offered in ["value=\"某区住房和建设局\"", "value=\"fire\"", "value=\"legal\""] {
        assert!(issue.contains(offered), "{offered}: {issue}");
    }
    assert!(!issue.contains("value=\"owner\""), "nobody who is not of the office: {issue}");
    story.say("legal", notice, result("u-1", "issue"));
    let letter = story.page(Some("legal"), "/desk/matters/premises/u-1/notice/n-1");
    let says = [
        "The result: Five stars",
        "It holds from ",
        "Appeal to the office that decided: within 10 working days of service",
    ];
    for words in says {
        assert!(letter.contains(words), "{words}: {letter}");
    }
    let mut again = result("u-1", "reissue");
    again["why"] = json!("wrong_date");
    story.say("legal", notice, again);
    story.say(
        "owner",
        notice,
        json!({ "command": "confirm_address", "address": "某街1号", "electronic": true }),
    );
    story.say("grid", notice, json!({ "command": "fail", "method": "direct", "why": "no_answer" }));
    story.say("legal", notice, json!({ "command": "announce", "place": "区政府公告栏" }));
    story.say("owner", notice, json!({ "command": "acknowledge" }));
}

/// Half a year to sue ends in a year whose holidays nobody has published yet. The next assessment is made under the rulebook
/// that knows them.
fn dates_wait_for_a_calendar(story: &mut Story) {
    story.house("u-7", Some("b-1"));
    let whole = story.units.clone();
    story.units = story.units_of_one_year.clone();
    story.assess("u-7", "a1", "first", SOUND);
    story.units = whole;
    let notice = "premises/u-7/notice/n-1";
    story.say("legal", notice, result("u-7", "issue"));
    story.say("grid", notice, json!({ "command": "serve", "method": "direct" }));
    story.days(1);
    story.open("u-7", "a2", "campaign");
    story.days(1);
}

/// Nobody admits an appeal, and nobody is late while the year's holidays are not published. They are, under the same name: the end
/// is fixed once, and from then on the office is late.
fn a_deadline_of_the_office_waits_for_a_calendar(story: &mut Story) {
    story.house("u-40", Some("b-1"));
    let (whole, none) = (story.units.clone(), story.units_of_no_year.clone());
    story.units = none.clone();
    story.assess("u-40", "a1", "first", SOUND);
    story.units = whole;
    let appeal = "premises/u-40/appeal/1";
    let against = json!({ "stream": "premises/u-40/grade", "determination": 1 });
    story.say("owner", appeal, json!({ "command": "file", "against": against, "grounds": "灭火器在期内" }));
    let filed = story.today();
    story.days(9);
    let fixed = format!("premises/u-40/record/fixed-appeal_admit-appeal-1-{filed}");
    let missed = "premises/u-40/record/missed-appeal_admit-appeal-1";
    assert_eq!((story.count(&fixed), story.count(missed)), (0, 0), "nobody is late on a provisional date");
    let holidays = include_str!("../../../rulebooks/pingshan/holidays.toml");
    // its calendar serves from now on, though nobody is graded by it yet
    story.publishes(&of_no_year(3, holidays), Some(&none), story.day(3650));
    let published = story.today();
    story.days(1);
    let end = story.newest(&fixed, "DeadlineFixed");
    assert_eq!(end["result"]["due"], json!(published), "not before anybody could know it: {end}");
    assert_eq!(end["derivation"]["scheme"]["id"], "no-year-unit-3");
    story.days(1);
    assert_eq!(story.newest(missed, "DeadlineMissed")["result"]["whose"], "legal_officer");
    assert_eq!((story.count(&fixed), story.count(missed)), (1, 1), "once");
}

/// The notice of a unit's first grade.
pub(crate) fn result(unit: &str, command: &str) -> Value {
    json!({
        "command": command, "kind": "result_notice", "about": format!("premises/{unit}/grade"), "determination": 1, "to": "y-1",
        "authority": "某区住房和建设局", "document_number": "住评告〔2024〕1号", "legal_basis": "某区管理办法第十二条",
        "handling_officers": ["legal"], "remedies": ["appeal_file", "litigation"],
    })
}
