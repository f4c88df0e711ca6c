//! Flats that were never assessed, in a building where letting is prohibited: what their owners do about it goes by the building's
//! rulebook, which gives other days than that of flats.

use serde_json::{Value, json};
use wuping::shelf::{self, Compiled};
use wuping_domain::deadline::{PeriodQuestion, period};

use super::story::{Story, code_of};

pub(crate) fn tell(story: &mut Story) {
    let rules = of_houses();
    story.publishes(&rules, None, story.today());
    in_a_building_under_assessment(story, &rules);
    in_a_building_that_nobody_ever_looked_at(story, &rules);
}

/// The building's assessment is under way when its walls crack.
fn in_a_building_under_assessment(story: &mut Story, rules: &Compiled) {
    story.house("b-63", None);
    for unit in ["u-63", "u-64"] {
        story.house(unit, Some("b-63"));
    }
    let open = json!({ "command": "open", "scheme": rules.scheme, "reason": "first" });
    story.say("grid", "premises/b-63/assessment/a1", open);
    story.say("confirmer", "premises/b-63/grade", prohibit());
    let confirmed = story.newest("premises/b-63/grade", "ProhibitionConfirmed");
    assert!(confirmed["scheme"].is_null(), "the building has a rulebook of its own: {confirmed}");
    is_told(story, rules, "63", "u-63");
    is_told(story, rules, "63", "u-64");
    is_heard_and_lets_again(story, rules, "63", "u-63");
    is_late(story, rules, "63", "u-64");
}

/// The ban itself says by which rules it was decided.
fn in_a_building_that_nobody_ever_looked_at(story: &mut Story, rules: &Compiled) {
    story.house("b-65", None);
    for unit in ["u-65", "u-66"] {
        story.house(unit, Some("b-65"));
    }
    let grade = "premises/b-65/grade";
    story.is_refused("confirmer", grade, prohibit(), "rulebook_unknown");
    let mut by_rules = prohibit();
    by_rules["scheme"] = json!(rules.scheme);
    story.say("confirmer", grade, by_rules);
    assert_eq!(story.newest(grade, "ProhibitionConfirmed")["scheme"], json!(rules.scheme));
    is_told(story, rules, "65", "u-65");
    is_heard_and_lets_again(story, rules, "65", "u-65");
    wins_in_court(story, rules);
}

/// The flat's own notice of the building's ban, with the days that run from its service.
fn is_told(story: &mut Story, rules: &Compiled, building: &str, unit: &str) {
    let notice = format!("premises/{unit}/notice/ban");
    let mut issue = json!({
        "command": "issue", "kind": "prohibition", "about": format!("premises/b-{building}/grade"), "to": "y-1",
        "authority": "housing", "document_number": "住禁〔2024〕63号", "legal_basis": "租赁办法",
        "handling_officers": ["housing"], "remedies": ["appeal_file", "administrative_reconsideration"],
    });
    // nobody chooses the rules for it
    issue["scheme"] = json!(story.units.scheme);
    story.say("legal", &notice, issue);
    assert_eq!(story.newest(&notice, "NoticeIssued")["scheme"], json!(rules.scheme));
    story.say("grid", &notice, json!({ "command": "serve", "method": "direct", "on": story.today() }));
    let last = last_day(story, rules, "appeal_file");
    let dates = story.newest(&notice, "RemedyDatesFixed");
    assert_eq!(dates["derivation"]["scheme"], json!(rules.scheme));
    assert_eq!(dates["result"]["dates"][0], json!({ "rule": "appeal_file", "due": last }));
    let form = story.opens("owner", &format!("/desk/premises/{unit}")).1;
    assert!(form.contains("Prohibition of letting of the whole building") && form.contains(&last), "{form}");
}

/// The owner appeals in time; the office decides in its own time, by somebody who had nothing to do with the ban; the flat is let.
fn is_heard_and_lets_again(story: &mut Story, rules: &Compiled, building: &str, unit: &str) {
    let appeal = format!("premises/{unit}/appeal/ban");
    story.say("owner", &appeal, file(building));
    assert_eq!(story.newest(&appeal, "AppealFiled")["scheme"], json!(rules.scheme));
    story.days(1);
    story.say("legal", &appeal, json!({ "command": "admit" }));
    let decide_by = last_day(story, rules, "appeal_decide");
    assert_eq!(story.newest(&appeal, "AppealAdmitted")["decide_by"], json!(decide_by));
    let listed = story.matter("legal", &appeal).expect("it is in the list of what runs");
    assert_eq!(listed["deadlines"][0]["due"], json!(decide_by), "{listed}");
    story.is_refused(
        "legal",
        &appeal,
        json!({ "command": "assign", "reviewer": "confirmer" }),
        "reviewer_without_role",
    );
    story.say("legal", &appeal, json!({ "command": "assign", "reviewer": "reviewer-2" }));
    story.is_refused("reviewer", &appeal, upheld(), "only_the_reviewer");
    story.say("reviewer-2", &appeal, upheld());
    let spared = story.newest(&format!("premises/{unit}/grade"), "ProhibitionSetAside");
    assert_eq!(spared["derivation"]["scheme"], json!(rules.scheme));
    assert_eq!(
        (&spared["result"]["of"], &spared["result"]["prohibition"]),
        (&json!(format!("premises/b-{building}")), &json!(1))
    );
    let whole = "Letting is prohibited in the whole building";
    assert!(!story.page(None, &format!("/s/{}", code_of(unit))).contains(whole), "the flat is spared");
    // what was decided is told, and the way on from it, by the same rules
    let notice = format!("premises/{unit}/notice/decision");
    let issue = json!({
        "command": "issue", "kind": "appeal_decision", "about": appeal, "to": "y-1", "authority": "housing",
        "document_number": "住申〔2024〕63号", "legal_basis": "租赁办法", "handling_officers": ["housing"],
        "remedies": ["litigation"],
    });
    story.say("legal", &notice, issue);
    story.say("grid", &notice, json!({ "command": "serve", "method": "direct", "on": story.today() }));
    assert_eq!(story.newest(&notice, "RemedyDatesFixed")["derivation"]["scheme"], json!(rules.scheme));
    story.say("owner", &format!("premises/{unit}/listing/l-1"), to_let(story));
}

/// The other flat's owner comes late by the building's days, in time by those of flats, and is looked at all the same; nobody
/// decides in time.
fn is_late(story: &mut Story, rules: &Compiled, building: &str, unit: &str) {
    let appeal = format!("premises/{unit}/appeal/ban");
    let last = last_day_from(rules, "appeal_file", served_on(story, unit));
    while story.today().to_string() <= last {
        story.days(1);
    }
    assert!(story.today().to_string() <= last_day_from(&story.units, "appeal_file", served_on(story, unit)));
    story.say("owner", &appeal, file(building));
    let refused = story.is_refused("legal", &appeal, json!({ "command": "admit" }), "appeal_late");
    assert!(refused.contains(&last), "{refused}");
    let refuse = json!({
        "command": "refuse_admission", "why": "late", "reason": "超过期限", "remedies": ["administrative_reconsideration"],
    });
    story.say("legal", &appeal, refuse);
    assert_eq!(story.newest(&appeal, "AppealRefusedAdmission")["own_motion"], true);
    story.say("legal", &appeal, json!({ "command": "assign", "reviewer": "reviewer" }));
    story.say("reviewer", &appeal, upheld());
    assert_eq!(
        story.newest(&format!("premises/{unit}/grade"), "ProhibitionSetAside")["result"]["origin"],
        "own_motion"
    );
}

/// A court revokes the ban as far as the flat goes.
fn wins_in_court(story: &mut Story, rules: &Compiled) {
    let (dispute, listing) = ("premises/u-66/dispute/1", "premises/u-66/listing/l-1");
    story.is_refused("owner", listing, to_let(story), "letting_prohibited");
    let notify = json!({
        "command": "notify", "kind": "litigation", "body": "某区人民法院", "document_number": "行初〔2024〕66号",
        "against": against("65"), "received_on": story.today(), "reply_by": story.day(15),
    });
    story.say("legal", dispute, notify);
    assert_eq!(story.newest(dispute, "DisputeNotified")["scheme"], json!(rules.scheme));
    let outcome = json!({
        "command": "record_outcome", "finding": "revoked", "document_number": "行终〔2024〕66号", "on": story.today(),
    });
    story.say("legal", dispute, outcome);
    let spared = story.newest("premises/u-66/grade", "ProhibitionSetAside");
    assert_eq!(
        (&spared["result"]["origin"], &spared["derivation"]["scheme"]),
        (&json!("dispute"), &json!(rules.scheme))
    );
    story.say("owner", listing, to_let(story));
    story.say("legal", dispute, json!({ "command": "carry_out", "what": "nothing_due" }));
}

/// The rulebook of buildings, in an office that gives them less time to appeal and itself less to decide.
fn of_houses() -> Compiled {
    let policy = include_str!("../../../rulebooks/pingshan/policy.toml");
    let of = |policy: &str, rule: &str, days: &str, fewer: &str| {
        let (before, after) = policy.split_once(&format!("id = \"{rule}\"")).unwrap();
        format!(
            "{before}id = \"{rule}\"{}",
            after.replacen(&format!("n = {days}\n"), &format!("n = {fewer}\n"), 1)
        )
    };
    let policy = of(&of(policy, "appeal_file", "10", "5"), "appeal_decide", "15", "7");
    let building = include_str!("../../../rulebooks/pingshan/building.toml");
    shelf::compile("houses", building, &policy, include_str!("../../../rulebooks/pingshan/holidays.toml"))
        .unwrap()
}

fn last_day(story: &Story, rules: &Compiled, rule: &str) -> String {
    last_day_from(rules, rule, story.today())
}

fn last_day_from(rules: &Compiled, rule: &str, from: chrono::NaiveDate) -> String {
    period(&rules.rulebook, &PeriodQuestion::of(rule, from)).unwrap().date().unwrap().to_string()
}

fn served_on(story: &Story, unit: &str) -> chrono::NaiveDate {
    let served = story.newest(&format!("premises/{unit}/notice/ban"), "NoticeServed");
    served["on"].as_str().unwrap().parse().unwrap()
}

fn prohibit() -> Value {
    json!({
        "command": "prohibit", "ground": "dangerous_building", "authority": "housing", "scope": "no_new_letting",
        "document_number": "住禁〔2024〕63号", "proposer": "housing", "waiver_ground": "imminent_danger",
        "waiver_reason": "墙体开裂",
    })
}

fn against(building: &str) -> Value {
    json!({ "stream": format!("premises/b-{building}/grade"), "prohibition": 1 })
}

fn file(building: &str) -> Value {
    json!({ "command": "file", "against": against(building), "grounds": "这一套有自己的楼梯" })
}

fn upheld() -> Value {
    json!({
        "command": "decide", "outcome": "upheld", "document_number": "住申〔2024〕63号", "reason_codes": ["fact_wrong"],
        "reasons": "这一套不受影响", "remedies": ["litigation"],
    })
}

fn to_let(story: &Story) -> Value {
    json!({ "command": "submit", "rent": "from1000", "from": story.day(1), "station": "金龟社区服务站" })
}
