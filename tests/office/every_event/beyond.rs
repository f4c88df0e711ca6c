//! Days that lie in a year whose holidays nobody has published yet: they are provisional, every page says so, and nobody is late, until
//! the calendar comes and makes them final.

use serde_json::{Value, json};
use wuping::shelf::{self, Compiled};

use super::story::{SOUND, Story};

const FLAT: &str = "premises/u-70";
const NOTICE: &str = "premises/u-70/notice/n-1";
const FILE: &str = "party/y-70/credit";

pub(crate) fn tell(story: &mut Story) {
    let none = of_calendar(2, "years = []");
    story.publishes(&none, None, story.today());
    a_flat_is_graded_and_its_owner_told(story, &none);
    a_company_objects(story, &none);
    story.days(20);
    nobody_is_late(story);
    let assessment = is_opened_by(story, &none);
    let holidays = include_str!("../../../rulebooks/pingshan/holidays.toml");
    story.publishes(&of_calendar(3, holidays), Some(&none), story.today());
    it_is_late_from_then_on(story);
    is_judged_by_the_rules_of_its_opening(story, &none, &assessment);
}

/// An assessment under way while the rules change.
fn is_opened_by(story: &mut Story, rules: &Compiled) -> String {
    let whole = std::mem::replace(&mut story.units, rules.clone());
    let stream = story.open("u-70", "a2", "campaign");
    story.units = whole;
    stream
}

/// The version at its opening holds; and of two officers who check the same item the later one, with the earlier in the history.
fn is_judged_by_the_rules_of_its_opening(story: &mut Story, rules: &Compiled, assessment: &str) {
    story.enter_all("u-70", assessment, "grid", SOUND);
    let again = json!({ "indicator": "no_ebike_indoors", "outcome": "unmet", "photos": [story.photo()] });
    story.say("grid-2", assessment, json!({ "command": "check", "results": [again] }));
    story.say("grid", assessment, json!({ "command": "submit" }));
    let determined = story.newest(&format!("{FLAT}/grade"), "GradeDetermined");
    assert_eq!(determined["derivation"]["scheme"], json!(rules.scheme));
    let failed = determined["result"]["failed"].as_array().unwrap();
    assert!(failed.contains(&json!("no_ebike_indoors")), "the later check stands: {determined}");
    let checks = story.streams_with("IndicatorsChecked");
    assert_eq!(
        checks.iter().filter(|stream| *stream == assessment).count(),
        2,
        "and the earlier is in the history"
    );
}

fn a_flat_is_graded_and_its_owner_told(story: &mut Story, none: &Compiled) {
    story.house("u-70", Some("b-1"));
    let register = json!({ "command": "register", "kind": "enterprise", "name": "某短租公司" });
    story.say("clerk", "party/y-70", register);
    let runs = json!({ "command": "name_party", "party": "y-70", "role": "operator", "basis": "lease" });
    story.say("clerk", FLAT, runs);
    let whole = std::mem::replace(&mut story.units, none.clone());
    story.assess("u-70", "a1", "first", SOUND);
    story.units = whole;
    let issue = json!({
        "command": "issue", "kind": "result_notice", "about": format!("{FLAT}/grade"), "determination": 1, "to": "y-1",
        "authority": "subdistrict", "document_number": "坪评〔甲〕70号", "legal_basis": "分级办法",
        "handling_officers": ["legal"], "remedies": ["appeal_file"],
    });
    story.say("legal", NOTICE, issue);
    story.say("grid", NOTICE, json!({ "command": "serve", "method": "direct", "on": story.today() }));
    let dates = story.newest(NOTICE, "RemedyDatesFixed");
    assert_eq!(dates["result"]["dates"][0]["provisional"], true, "{dates}");
    let letter = story.page(Some("owner"), &format!("/desk/matters/{NOTICE}"));
    assert!(letter.contains("provisional: may only move later"), "{letter}");
    let form = story.opens("owner", "/desk/premises/u-70").1;
    assert!(form.contains("which is provisional: it may only move later"), "{form}");
}

fn a_company_objects(story: &mut Story, none: &Compiled) {
    story.days(1);
    let conduct = json!({
        "command": "record_conduct", "conduct": "false_materials", "attributed_to": "party", "degree": "serious",
        "decided_on": story.today(), "document_number": "法裁〔甲〕70号", "outside_authority": "某区人民法院",
        "scheme": none.scheme,
    });
    story.say("fire", FILE, conduct);
    let object = json!({
        "command": "raise_objection", "item": { "what": "conduct", "number": 1 }, "grounds": "另一家公司",
        "photos": [story.photo()], "handed_in_on": story.today(),
    });
    story.say("legal", FILE, object);
    let marked = story.newest(FILE, "ObjectionMarked");
    assert_eq!(marked["result"]["decide_by"]["provisional"], true, "{marked}");
}

fn nobody_is_late(story: &mut Story) {
    assert_eq!(story.count("party/y-70/record/missed-credit_objection_decide-1"), 0);
    let told = of_file(story);
    assert_eq!(told["objections"][0]["decide_by"]["provisional"], true, "{told}");
    assert_eq!(told["conduct"][0]["basis"]["outside_authority"], "某区人民法院");
    let page = story.opens("credit", "/audit/credit/y-70").1;
    assert!(page.contains("provisional: may only move later") && page.contains("某区人民法院"), "{page}");
    let appeal = format!("{FLAT}/appeal/1");
    story.say("owner", &appeal, file());
    story.say("legal", &appeal, json!({ "command": "admit" }));
    assert_eq!(story.newest(&appeal, "AppealAdmitted")["provisional"], true);
    story.say("owner", &appeal, json!({ "command": "withdraw", "reason": "想通了" }));
}

/// From the day on which the calendar came, and not from the day that it tells.
fn it_is_late_from_then_on(story: &mut Story) {
    let published = story.today();
    story.days(1);
    assert_eq!(story.newest(NOTICE, "DeadlineFixed")["result"]["dates"][0]["due"], json!(published));
    let record =
        story.streams_with("DeadlineFixed").into_iter().find(|stream| stream.starts_with("party/y-70/"));
    let fixed = story.newest(&record.expect("the company's answer has a day now"), "DeadlineFixed");
    assert_eq!(fixed["result"]["deadline"], "credit_objection_decide");
    assert_eq!(fixed["result"]["due"], json!(published));
    assert_eq!(fixed["derivation"]["scheme"]["id"], "beyond-unit-3");
    let told = of_file(story);
    assert_eq!(told["objections"][0]["decide_by"]["due"], json!(published), "{told}");
    story.days(1);
    let missed = story.newest("party/y-70/record/missed-credit_objection_decide-1", "DeadlineMissed");
    assert_eq!(
        (&missed["result"]["due"], &missed["result"]["whose"]),
        (&json!(published), &json!("credit_officer"))
    );
    let appeal = format!("{FLAT}/appeal/2");
    story.say("owner", &appeal, file());
    let refused = story.is_refused("legal", &appeal, json!({ "command": "admit" }), "appeal_late");
    assert!(refused.contains(&published.to_string()), "{refused}");
}

/// The company's file, as a credit officer reads it over REST.
fn of_file(story: &Story) -> Value {
    let (status, told) = story.opens("credit", "/api/v1/parties/y-70/credit?why=credit_work");
    assert_eq!(status, 200, "{told}");
    serde_json::from_str(&told).unwrap()
}

fn file() -> Value {
    json!({
        "command": "file", "against": { "stream": format!("{FLAT}/grade"), "determination": 1 }, "grounds": "灭火器在期内"
    })
}

/// The rulebook of flats under a name of its own, with this for a calendar.
fn of_calendar(version: u32, calendar: &str) -> Compiled {
    let units = include_str!("../../../rulebooks/pingshan/unit.toml");
    let units = units.replacen("\nversion = 2", &format!("\nversion = {version}"), 1);
    shelf::compile("beyond", &units, include_str!("../../../rulebooks/pingshan/policy.toml"), calendar)
        .unwrap()
}
