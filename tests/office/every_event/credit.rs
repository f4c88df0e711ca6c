//! Credit: a company's promise, its conduct, its class; told, published, objected to, repaired, and read.

use serde_json::{Value, json};
use wuping_ledger::encoding::{hex_encode, sha256};

use super::story::{SOUND, Story};

const FILE: &str = "party/y-5/credit";

pub(crate) fn tell(story: &mut Story) {
    a_company_runs_a_unit(story);
    it_promises(story);
    the_lowest_class_is_refused_and_confirmed(story);
    it_is_told_and_published(story);
    it_objects(story);
    it_has_a_record_repaired(story);
    what_was_published_is_taken_back(story);
    its_file_is_read(story);
    it_asks_for_what_nobody_has_decided(story);
    another_waits_for_its_lowest_class(story);
    what_it_rested_on_is_set_aside(story);
    two_are_one(story);
}

fn a_company_runs_a_unit(story: &mut Story) {
    for nobody_yet in ["company", "stranger", "association"] {
        let (status, page) = story.opens(nobody_yet, "/my/credit");
        assert!(status == 200 && page.contains("There is no credit record yet"), "{status} {page}");
    }
    let register = json!({ "command": "register", "kind": "enterprise", "name": "某公寓管理公司" });
    story.say("clerk", "party/y-5", register);
    story.house("u-8", Some("b-1"));
    let runs = json!({ "command": "name_party", "party": "y-5", "role": "operator", "basis": "management_contract" });
    story.say("clerk", "premises/u-8", runs);
    story.assess("u-8", "a1", "first", SOUND);
    story.days(1);
    assert_eq!(shown(story), "B");
    let page = story.page(Some("grid"), "/desk/premises/u-8");
    assert!(page.contains("Grade in force") && page.contains("Five stars"), "{page}");
    assert!(page.contains("某公寓管理公司"), "a company is called by its name: {page}");
    assert!(story.page(Some("grid"), "/desk/premises/b-1").contains("/desk/premises/u-8"), "its unit");
}

fn it_promises(story: &mut Story) {
    let scheme = json!(story.units.scheme);
    let sign = json!({ "command": "sign_commitment", "template": "2024-1", "scheme": scheme, "document": story.photo() });
    story.say("company", FILE, sign.clone());
    story.say("company", FILE, json!({ "command": "withdraw_commitment", "why": "own_wish" }));
    story.say("company", FILE, sign.clone());
    story.days(1);
    assert_eq!(shown(story), "A");
    story.say("credit", FILE, json!({ "command": "fulfil_commitment" }));
    story.say("company", FILE, sign);
    let breach = json!({ "command": "breach_commitment", "document_number": "信违〔2024〕1号" });
    story.say("fire", FILE, breach);
    let recorded = story.newest(FILE, "ConductRecorded");
    assert_eq!(recorded["result"]["conduct"], "commitment_breached", "{recorded}");
}

fn the_lowest_class_is_refused_and_confirmed(story: &mut Story) {
    let mut mistyped = conduct(story, "false_materials");
    mistyped["authority"] = json!("消防救缓机构");
    story.is_refused("fire", FILE, mistyped, "unknown_authority");
    let false_materials = conduct(story, "false_materials");
    story.say("fire", FILE, false_materials);
    story.days(1);
    assert_eq!(shown(story), "C");
    let before = story.count("access/y-5");
    let lowest = "The lowest class, to be confirmed by you";
    let desk = story.page(Some("confirmer"), "/desk");
    assert!(desk.contains(lowest) && desk.contains("/audit/credit/y-5#step-confirm_lowest"), "{desk}");
    assert!(desk.contains("Waiting for you 2") && desk.contains("Credit file 2"), "with y-1 before: {desk}");
    assert!(!story.page(Some("credit"), "/desk").contains(lowest), "it is the confirmer's");
    assert!(story.page(Some("confirmer"), "/audit/credit/y-5").contains("step-confirm_lowest"));
    assert_eq!(story.count("access/y-5"), before, "nothing that the file says is shown by that");
    let refuse = json!({ "command": "refuse_lowest", "rating": rating(story), "reason": "情节轻微" });
    story.say("confirmer", FILE, refuse);
    assert!(!story.page(Some("confirmer"), "/desk").contains("y-5#step-confirm_lowest"));
    let defies = conduct(story, "defies_prohibition");
    story.say("fire", FILE, defies);
    story.days(1);
    let confirm =
        json!({ "command": "confirm_lowest", "rating": rating(story), "document_number": "信定〔2024〕1号" });
    story.say("confirmer", FILE, confirm);
    story.days(1);
    assert_eq!(shown(story), "D");
}

fn it_is_told_and_published(story: &mut Story) {
    let items = [json!({ "what": "class", "rating": rating(story) }), record(2)];
    let publish =
        |item: &Value| json!({ "command": "publish", "item": item, "channels": ["credit_website"] });
    for item in &items {
        let notice = json!({ "command": "give_notice", "item": item, "method": "direct", "document_number": "信告〔2024〕1号" });
        story.say("credit", FILE, notice);
        let told = story.is_refused("credit", FILE, publish(item), "published_too_soon");
        assert!(told.contains(&story.day(4).to_string()), "from when on: {told}");
    }
    let ready = "The party was told: to be published";
    assert!(!story.page(Some("credit"), "/desk").contains(ready), "not before its day");
    story.days(4);
    let desk = story.page(Some("credit"), "/desk");
    assert_eq!(desk.matches(ready).count(), 2, "{desk}");
    for item in &items {
        story.say("credit", FILE, publish(item));
    }
    let desk = story.page(Some("credit"), "/desk?kind=credit_file");
    assert_eq!(
        (desk.matches(ready).count(), desk.matches("receipt is to be recorded").count()),
        (0, 2),
        "{desk}"
    );
    let taken = json!({ "command": "acknowledge_report", "number": 1, "receipt": "GX-2024-1" });
    story.say("credit", FILE, taken);
    let public = published(story);
    assert_eq!(public, [("class", json!("D"), false), ("conduct", json!("false_materials"), false)]);
    let page = story.page(None, "/credit/published");
    assert!(
        page.contains("y-5") && page.contains("Credit class: ") && !page.contains("Objected to"),
        "{page}"
    );
    assert!(!page.contains("某公寓管理公司"), "a name is private: {page}");
    assert!(story.page(None, "/").contains("/credit/published"), "the way there");
}

/// What anybody is told of the company: what, which, and whether it is objected to.
fn published(story: &Story) -> Vec<(&'static str, Value, bool)> {
    let told: Value = serde_json::from_str(&story.page(None, "/api/v1/credit/published")).unwrap();
    let rows = told["rows"].as_array().unwrap();
    let of_company = rows.iter().filter(|row| row["party"] == "y-5");
    of_company
        .map(|row| match row["what"].as_str().unwrap() {
            "class" => ("class", row["class"].clone(), !row["objected_on"].is_null()),
            _ => ("conduct", row["conduct"].clone(), !row["objected_on"].is_null()),
        })
        .collect()
}

fn it_objects(story: &mut Story) {
    let object =
        json!({ "command": "raise_objection", "item": record(2), "grounds": "材料不是本公司提供的" });
    story.say("company", FILE, object);
    let marked = story.newest(FILE, "ObjectionMarked");
    assert_eq!((&marked["result"]["number"], &marked["result"]["public"]), (&json!(1), &json!(true)));
    assert_eq!(published(story)[1], ("conduct", json!("false_materials"), true), "with the mark");
    assert!(story.page(None, "/credit/published").contains("Objected to, being looked at"));
    let desk = story.page(Some("credit"), "/desk");
    assert!(
        desk.contains("An objection to be answered") && desk.contains("#step-decide_objection"),
        "{desk}"
    );
    assert!(!story.page(Some("credit"), "/desk?overdue=true").contains("An objection to be answered"));
    let decide = json!({
        "command": "decide_objection", "number": 1, "upheld": true, "document_number": "信异〔2024〕1号", "reason": "属实",
    });
    story.say("credit", FILE, decide);
    let ended = story.newest(FILE, "CreditUnpublished");
    assert_eq!(ended["result"]["why"], "objection_upheld");
    assert_eq!(story.newest(FILE, "CreditRecalled")["result"]["why"], "objection_upheld");
    assert_eq!(published(story).len(), 1, "what has ended is gone");
}

fn it_has_a_record_repaired(story: &mut Story) {
    let ask = json!({ "command": "request_repair", "conduct": 1, "commitment": true, "text": "已重新承诺" });
    story.say("company", FILE, ask);
    let decide = json!({
        "command": "decide_repair", "number": 1, "granted": true, "corrected": true, "document_number": "信修〔2024〕1号",
    });
    story.say("credit", FILE, decide);
}

fn what_was_published_is_taken_back(story: &mut Story) {
    story.days(1);
    assert_eq!(shown(story), "D", "the other record stands");
    let notice = json!({ "command": "give_notice", "item": record(3), "method": "post", "document_number": "信告〔2024〕2号" });
    story.say("credit", FILE, notice);
    story.days(4);
    story.say(
        "credit",
        FILE,
        json!({ "command": "publish", "item": record(3), "channels": ["credit_website"] }),
    );
    story.say("legal", FILE, json!({ "command": "unpublish", "item": record(3), "why": "by_mistake" }));
}

/// Each reading is recorded before anything is sent, and who may not gets nothing.
fn its_file_is_read(story: &mut Story) {
    let looks = json!({ "command": "read_file", "why": "inspection", "purpose": "安排检查" });
    story.say("fire", "access/y-5", looks);
    let over_rest = "/api/v1/parties/y-5/credit";
    for (who, more, status, says) in [
        ("company", "", 200, "\"rating\""),
        ("credit", "?why=credit_work", 200, "false_materials"),
        ("legal", "", 200, "objections"),
        ("auditor", "", 200, "outbox"),
        ("fire", "", 422, "purpose_missing"),
        ("fire", "?purpose=inspection", 200, "published"),
        ("stranger", "", 403, "not_your_premises"),
        ("grid", "", 403, "role_needed"),
        ("confirmer", "", 403, "role_needed"),
    ] {
        let before = story.count("access/y-5");
        let (answered, told) = story.opens(who, &format!("{over_rest}{more}"));
        assert_eq!(answered, status, "{who}: {told}");
        assert!(told.contains(says), "{who}: {told}");
        assert_eq!(story.count("access/y-5") - before, u64::from(status == 200), "{who}");
    }
    let (status, told) = story.opens("auditor", "/api/v1/credit");
    assert_eq!(status, 200, "{told}");
    let recorded = story.newest("access/list", "CreditFileRead");
    assert_eq!(recorded["list"]["sha256"], hex_encode(&sha256(told.as_bytes())), "the bytes that were sent");
    assert_eq!(story.opens("fire", "/api/v1/credit").0, 403);
    let (status, told) = story.opens("credit", "/api/v1/credit/outbox");
    assert!(status == 200 && told.contains("y-5"), "{told}");
    assert_eq!(story.opens("company", "/api/v1/credit/outbox").0, 403);
    it_is_read_on_pages(story);
}

/// An objection and a request that wait, so that reports have something to count.
fn it_asks_for_what_nobody_has_decided(story: &mut Story) {
    let object = json!({ "command": "raise_objection", "item": record(3), "grounds": "不是本公司的房屋" });
    story.say("company", FILE, object);
    let sign = json!({
        "command": "sign_commitment", "template": "2024-1", "scheme": story.units.scheme, "document": story.photo(),
    });
    story.say("company", FILE, sign);
    story.say("fire", FILE, json!({ "command": "breach_commitment", "document_number": "信违〔2024〕2号" }));
    let ask = json!({ "command": "request_repair", "conduct": 4, "commitment": true, "text": "已重新承诺" });
    story.say("company", FILE, ask);
    let desk = story.page(Some("credit"), "/desk");
    assert!(desk.contains("A request for repair to be answered") && desk.contains("Recalled: "), "{desk}");
    assert!(!desk.contains("false_materials"), "whose it is and what waits, and no more: {desk}");
}

/// Nobody has confirmed or refused the lowest class of another company yet: it is shown the class above.
fn another_waits_for_its_lowest_class(story: &mut Story) {
    let file = "party/y-8/credit";
    let register = json!({ "command": "register", "kind": "enterprise", "name": "第三公寓公司" });
    story.say("clerk", "party/y-8", register);
    story.house("u-84", Some("b-1"));
    let runs = json!({ "command": "name_party", "party": "y-8", "role": "operator", "basis": "management_contract" });
    story.say("clerk", "premises/u-84", runs);
    story.assess("u-84", "a1", "first", SOUND);
    let false_materials = conduct(story, "false_materials");
    story.say("fire", file, false_materials);
    story.days(1);
    let class = story.newest(file, "CreditRated")["result"]["class"].clone();
    assert_eq!((&class["shown"], &class["needs_confirmer"]), (&json!("C"), &json!(true)), "{class}");
}

/// A hazard that fell overdue weighs against a company, in public too, until an appeal says that there was none: on that very day the
/// class is what it was, and what was public ends everywhere.
fn what_it_rested_on_is_set_aside(story: &mut Story) {
    let (file, hazard) = ("party/y-10/credit", "premises/u-85/hazard/h-1");
    let register = json!({ "command": "register", "kind": "enterprise", "name": "第四公寓公司" });
    story.say("clerk", "party/y-10", register);
    story.house("u-85", Some("b-1"));
    let runs = json!({ "command": "name_party", "party": "y-10", "role": "operator", "basis": "management_contract" });
    story.say("clerk", "premises/u-85", runs);
    story.assess("u-85", "a1", "first", SOUND);
    let class = |story: &Story| story.newest(file, "CreditRated")["result"]["class"]["shown"].clone();
    story.days(1);
    assert_eq!(class(story), "B");
    let find = json!({
        "command": "find", "indicator": "electrical_wiring", "severity": "serious", "works": "repair", "competent": "fire",
        "source": "patrol",
    });
    story.say("grid", hazard, find);
    story.say("fire", hazard, json!({ "command": "review", "outcome": "confirmed", "reason": "线路裸露" }));
    let order = json!({
        "command": "order", "what": "更换线路", "parties": ["y-10"], "document_number": "消改〔2024〕65号",
    });
    story.say("fire", hazard, order);
    let notice = "premises/u-85/notice/of-h-1";
    let issue = json!({
        "command": "issue", "kind": "rectification", "about": hazard, "to": "y-10", "authority": "fire",
        "document_number": "消改〔2024〕65号", "legal_basis": "消防法第五十四条", "handling_officers": ["fire"],
        "remedies": ["appeal_file"],
    });
    story.say("fire", notice, issue);
    story.say("grid", notice, json!({ "command": "serve", "method": "direct", "on": story.today() }));
    story.days(8);
    assert_eq!(story.newest(file, "ConductRecorded")["result"]["conduct"], "serious_hazard_overdue");
    assert_eq!(class(story), "C");
    let appeal = "premises/u-85/appeal/1";
    let against = json!({ "command": "file", "against": { "stream": hazard }, "grounds": "线路是隔壁的" });
    story.say("owner", appeal, against);
    let told = json!({ "command": "give_notice", "item": record(1), "method": "direct", "document_number": "信告〔2024〕65号" });
    story.say("credit", file, told);
    story.days(4);
    let publish = json!({ "command": "publish", "item": record(1), "channels": ["credit_website"] });
    story.say("credit", file, publish);
    let public = |story: &Story| story.page(None, "/api/v1/credit/published").contains("\"y-10\"");
    assert!(public(story));

    story.say("legal", appeal, json!({ "command": "admit" }));
    story.say("legal", appeal, json!({ "command": "assign", "reviewer": "reviewer-2" }));
    let decide = json!({
        "command": "decide", "outcome": "upheld", "document_number": "住申〔2024〕65号", "reason_codes": ["fact_wrong"],
        "reasons": "不是这一套的线路", "remedies": ["litigation"],
    });
    story.say("reviewer-2", appeal, decide);
    story.looks();
    let rated = story.newest(file, "CreditRated")["result"].clone();
    assert_eq!((&rated["on"], &rated["class"]["shown"]), (&json!(story.today()), &json!("B")), "{rated}");
    for ended in ["CreditUnpublished", "CreditRecalled"] {
        assert_eq!(story.newest(file, ended)["result"]["why"], "basis_set_aside", "{ended}");
    }
    assert!(!public(story), "what has ended is gone");
}

/// Two companies are one: what counts for either is the same as before, so that nothing is rated anew, and each file is read as it was.
fn two_are_one(story: &mut Story) {
    let merge = json!({ "command": "merge", "into": "y-8", "why": "same_identity" });
    story.say("clerk", "party/y-10", merge);
    story.days(1);
    let rated = story.newest("party/y-8/credit", "CreditRated")["result"].clone();
    assert_eq!((&rated["number"], &rated["class"]["shown"]), (&json!(1), &json!("C")), "{rated}");
    for (party, says) in [("y-10", "serious_hazard_overdue"), ("y-8", "false_materials")] {
        let (status, told) = story.opens("credit", &format!("/api/v1/parties/{party}/credit"));
        assert!(status == 200 && told.contains(says), "{party}: {told}");
    }
    let list = story.page(Some("credit"), "/audit/credit");
    assert!(list.contains("Merged into y-8") && list.contains("第四公寓公司 (y-10)"), "{list}");
    let of_class = story.page(Some("credit"), "/audit/credit?class=A");
    assert!(!of_class.contains("y-10") && of_class.contains("option value=\"A\" selected"), "{of_class}");
    let new = conduct(story, "false_materials");
    story.is_refused("fire", "party/y-10/credit", new, "party_merged");
}

fn it_is_read_on_pages(story: &mut Story) {
    let page = "/audit/credit/y-5";
    for (who, status, says) in [
        ("company", 200, "Class and reasons"),
        ("credit", 200, "Who has read this file"),
        ("stranger", 422, "There is nothing here for you to see"),
        ("grid", 422, "There is nothing here for you to see"),
    ] {
        let before = story.count("access/y-5");
        let (answered, told) = story.opens(who, page);
        assert_eq!(answered, status, "{who}: {told}");
        assert!(told.contains(says), "{who}: {told}");
        assert_eq!(story.count("access/y-5") - before, u64::from(status == 200), "{who}: each opening, once");
    }
    each_opening_is_recorded_and_the_way_to_it_is_no_other(story, page);
    story.days(1);
    let before = story.count("access/y-5");
    let (status, told) = story.opens("credit", page);
    assert!(
        status == 200 && told.contains("Every reading is recorded"),
        "another day, another reading: {told}"
    );
    assert_eq!(story.count("access/y-5"), before, "nothing was shown, and nothing is recorded");
    assert_eq!(story.opens("company", "/my/credit").0, 303);
    let (status, told) = story.opens("credit", "/audit/credit");
    assert!(status == 200 && told.contains("y-5"), "{told}");
}

/// Whoever comes from the form that asked why sees the file without another record; whoever comes by the same address later is
/// recorded, and so is an officer who comes back on the same day without saying again for what.
fn each_opening_is_recorded_and_the_way_to_it_is_no_other(story: &mut Story, page: &str) {
    let before = story.count("access/y-5");
    let (status, told) = story.fills("fire", &format!("{page}/read"), &[("purpose", "安排检查")]);
    assert_eq!(status, 303, "{told}");
    assert_eq!(story.count("access/y-5"), before + 1);
    let opened = story.newest_at("access/y-5", "CreditFileRead");
    let arrived = format!("{page}?opened={opened}");
    assert!(story.page(Some("fire"), &arrived).contains("Class and reasons"));
    assert_eq!(story.count("access/y-5"), before + 1, "it is the opening that was recorded");
    assert_eq!(story.opens("credit", &arrived).0, 200);
    assert_eq!(story.count("access/y-5"), before + 2, "another reader's is another opening");
    for again in 1..=2 {
        assert_eq!(story.opens("fire", &arrived).0, 200, "a minute and more has passed");
        assert_eq!(story.count("access/y-5"), before + 2 + again);
    }
    assert_eq!(
        story.newest("access/y-5", "CreditFileRead")["why"],
        "inspection",
        "as it was said first that day"
    );
}

fn record(number: u64) -> Value {
    json!({ "what": "conduct", "number": number })
}

fn rating(story: &Story) -> u64 {
    story.newest(FILE, "CreditRated")["result"]["number"].as_u64().unwrap()
}

fn shown(story: &Story) -> String {
    story.newest(FILE, "CreditRated")["result"]["class"]["shown"].as_str().unwrap().to_owned()
}

fn conduct(story: &Story, kind: &str) -> Value {
    json!({
        "command": "record_conduct", "conduct": kind, "attributed_to": "party", "degree": "serious",
        "decided_on": story.today(), "document_number": format!("消罚〔2024〕{kind}号"), "authority": "消防救援机构",
        "scheme": story.units.scheme,
    })
}
