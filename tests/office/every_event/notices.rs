//! Notices: issued, reissued, served in one way or the other, read; and dates that a calendar fixes later.

use serde_json::{Value, json};

use super::story::{SOUND, Story};

pub(crate) fn tell(story: &mut Story) {
    one_is_hard_to_serve(story);
    dates_wait_for_a_calendar(story);
}

fn one_is_hard_to_serve(story: &mut Story) {
    let notice = "premises/u-1/notice/n-1";
    let mut ban = result("u-1", "issue");
    ban["kind"] = json!("prohibition");
    story.is_refused("legal", notice, ban, "notice_of_no_prohibition");
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

fn result(unit: &str, command: &str) -> Value {
    json!({
        "command": command, "kind": "result_notice", "about": format!("premises/{unit}/grade"), "determination": 1, "to": "y-1",
        "authority": "某区住房和建设局", "document_number": "住评告〔2024〕1号", "legal_basis": "某区管理办法第十二条",
        "handling_officers": ["legal"], "remedies": ["appeal_file", "litigation"],
    })
}
