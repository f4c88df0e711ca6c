//! Appeals, disputes, and requests to be graded again.

use serde_json::{Value, json};
use wuping_domain::deadline::{PeriodQuestion, period};

use super::story::{SOUND, Story, code_of};

pub(crate) fn tell(story: &mut Story) {
    story.house("u-6", Some("b-1"));
    story.assess("u-6", "a1", "first", SOUND);
    one_is_taken_back_and_one_turned_away(story);
    one_is_upheld(story);
    a_court_is_asked(story);
    a_new_assessment_is_asked_for(story);
    one_came_through_the_wrong_door(story);
    that_one_is_rejected(story);
    a_late_one_is_told_so_on_its_form(story);
    it_is_looked_at_all_the_same_and_goes_over_to_another_reviewer(story);
    a_ban_is_set_aside(story);
    a_flat_is_spared_the_ban_of_its_building(story);
    a_plaque_waits_for_the_court(story);
    one_is_varied(story);
}

/// The reviewer puts one result right and leaves the rest: the grade is reckoned again on what was put right.
fn one_is_varied(story: &mut Story) {
    let (grade, appeal) = ("premises/u-83/grade", "premises/u-83/appeal/1");
    story.house("u-83", Some("b-1"));
    story.assess(
        "u-83",
        "a1",
        "first",
        &[("electrical_wiring", "minor_defect"), ("tenant_education", "unrecorded")],
    );
    let score = |story: &Story| story.newest(grade, "GradeDetermined")["result"]["score"].as_u64().unwrap();
    let before = score(story);
    let file = json!({
        "command": "file", "against": { "stream": grade, "determination": 1 }, "grounds": "插座是好的，照片是隔壁的",
    });
    story.say("owner", appeal, file);
    story.say("legal", appeal, json!({ "command": "admit" }));
    story.say("legal", appeal, json!({ "command": "assign", "reviewer": "reviewer" }));
    let mut decide = json!({
        "command": "decide", "outcome": "varied", "document_number": "住申〔2024〕63号", "reason_codes": ["fact_wrong"],
        "reasons": "一项记错，其余维持", "remedies": ["administrative_reconsideration"],
    });
    story.is_refused("reviewer", appeal, decide.clone(), "nothing_varied");
    decide["corrected"] = json!({ "electrical_wiring": "no_such_row" });
    story.is_refused("reviewer", appeal, decide.clone(), "bad_result");
    decide["corrected"] = json!({ "electrical_wiring": "compliant" });
    story.say("reviewer", appeal, decide);
    let determined = story.newest(grade, "GradeDetermined");
    assert_eq!(determined["result"]["number"], 2, "{determined}");
    assert!(score(story) > before, "{determined}");
}

/// The ban on a building takes a flat with it; the flat's owner is told of it by a notice of the own, contests it there, and lets
/// again once that is upheld, while the other flats stay banned.
fn a_flat_is_spared_the_ban_of_its_building(story: &mut Story) {
    let (grade, notice, appeal) =
        ("premises/b-60/grade", "premises/u-60/notice/ban", "premises/u-60/appeal/ban");
    story.house("b-60", None);
    for unit in ["u-60", "u-61"] {
        story.house(unit, Some("b-60"));
        story.assess(unit, "a1", "first", SOUND);
    }
    let prohibit = json!({
        "command": "prohibit", "ground": "dangerous_building", "authority": "housing", "scope": "no_new_letting",
        "document_number": "住禁〔2024〕46号", "proposer": "housing", "waiver_ground": "imminent_danger",
        "waiver_reason": "墙体开裂", "scheme": story.units.scheme,
    });
    story.say("confirmer", grade, prohibit);
    let vacancy = |unit: &str, n: u32, story: &Story| {
        let listing = format!("premises/{unit}/listing/l-{n}");
        let submit = json!({ "command": "submit", "rent": "from1000", "from": story.day(1), "station": "金龟社区服务站" });
        (listing, submit)
    };
    let (listing, submit) = vacancy("u-60", 1, story);
    story.is_refused("owner", &listing, submit, "letting_prohibited");
    let issue = json!({
        "command": "issue", "kind": "prohibition", "about": grade, "to": "y-1", "authority": "housing",
        "document_number": "住禁〔2024〕46号", "legal_basis": "租赁办法", "handling_officers": ["housing"],
        "remedies": ["appeal_file", "administrative_reconsideration"],
    });
    story.say("legal", notice, issue);
    let told = story.newest(notice, "NoticeIssued");
    assert_eq!((&told["prohibition"], &told["prohibition_of"]), (&json!(1), &json!("premises/b-60")));
    let letter = story.page(Some("legal"), &format!("/desk/matters/{notice}"));
    assert!(letter.contains("住禁〔2024〕46号") && letter.contains("Letting is prohibited from"), "{letter}");
    story.say("grid", notice, json!({ "command": "serve", "method": "direct", "on": story.today() }));
    let form = story.opens("owner", "/desk/premises/u-60").1;
    assert!(
        form.contains("Prohibition of letting of the whole building 住禁〔2024〕46号: served on"),
        "{form}"
    );
    let against = json!({ "stream": grade, "prohibition": 1 });
    let elsewhere = json!({ "command": "file", "against": against, "grounds": "不是这栋楼" });
    story.is_refused("owner", "premises/u-6/appeal/ban", elsewhere, "malformed");
    let file =
        json!({ "command": "file", "against": against, "grounds": "裂缝在另一个单元，这一套有自己的楼梯" });
    story.say("owner", appeal, file);
    story.say("legal", appeal, json!({ "command": "admit" }));
    story.say("legal", appeal, json!({ "command": "assign", "reviewer": "reviewer-2" }));
    let decide = json!({
        "command": "decide", "outcome": "upheld", "document_number": "住申〔2024〕46号", "reason_codes": ["fact_wrong"],
        "reasons": "这一套不受影响", "remedies": ["litigation"],
    });
    story.say("reviewer-2", appeal, decide);
    let spared = story.newest("premises/u-60/grade", "ProhibitionSetAside");
    assert_eq!(
        (&spared["result"]["of"], &spared["result"]["prohibition"]),
        (&json!("premises/b-60"), &json!(1))
    );
    let whole = "Letting is prohibited in the whole building";
    assert!(!story.page(None, &format!("/s/{}", code_of("u-60"))).contains(whole), "the flat is spared");
    assert!(story.page(None, &format!("/s/{}", code_of("u-61"))).contains(whole), "and the other is not");
    let (listing, submit) = vacancy("u-60", 2, story);
    story.say("owner", &listing, submit);
    story.say("community", &listing, json!({ "command": "publish" }));
    assert!(story.page(None, "/vacancies").contains("/vacancies/u-60/l-2"), "it is let again");
    let (other, submit) = vacancy("u-61", 1, story);
    story.is_refused("owner", &other, submit, "letting_prohibited");
}

/// The owner contests the prohibition itself, in the time that its own notice tells, and lets again once that is upheld.
fn a_ban_is_set_aside(story: &mut Story) {
    let (grade, notice, appeal) =
        ("premises/u-45/grade", "premises/u-45/notice/ban", "premises/u-45/appeal/ban");
    story.house("u-45", Some("b-1"));
    story.assess("u-45", "a1", "first", SOUND);
    let prohibit = json!({
        "command": "prohibit", "ground": "dangerous_building", "authority": "housing", "scope": "no_new_letting",
        "document_number": "住禁〔2024〕45号", "proposer": "housing", "waiver_ground": "imminent_danger",
        "waiver_reason": "墙体开裂",
    });
    story.say("confirmer", grade, prohibit);
    let mut issue = json!({
        "command": "issue", "kind": "prohibition", "about": grade, "to": "y-1", "authority": "housing",
        "document_number": "住禁〔2024〕45号", "legal_basis": "租赁办法", "handling_officers": ["housing"],
    });
    story.is_refused("legal", notice, issue.clone(), "notice_without_remedy");
    issue["remedies"] = json!(["appeal_file", "administrative_reconsideration"]);
    story.say("legal", notice, issue);
    assert_eq!(story.newest(notice, "NoticeIssued")["prohibition"], 1);
    let served = story.today();
    story.say("grid", notice, json!({ "command": "serve", "method": "direct", "on": served }));
    let form = story.opens("owner", "/desk/premises/u-45").1;
    assert!(form.contains("Prohibition of letting 住禁〔2024〕45号: served on"), "{form}");
    let against = json!({ "stream": grade, "prohibition": 1 });
    let file = json!({ "command": "file", "against": against, "grounds": "裂缝在隔壁楼" });
    story.say("owner", appeal, file);
    story.say("legal", appeal, json!({ "command": "admit" }));
    story.say("legal", appeal, json!({ "command": "assign", "reviewer": "reviewer-2" }));
    let decide = json!({
        "command": "decide", "outcome": "upheld", "document_number": "住申〔2024〕45号", "reason_codes": ["fact_wrong"],
        "reasons": "查错了楼", "remedies": ["litigation"],
    });
    story.say("reviewer-2", appeal, decide);
    assert_eq!(story.newest(grade, "ProhibitionSetAside")["result"]["prohibition"], 1);
    assert_eq!(story.newest(grade, "GradeDetermined")["result"]["trigger"], "appeal_upheld");
}

/// A request that was meant as an appeal keeps its first day, and the office's time counts from there; the request itself is
/// answered there alone.
fn one_came_through_the_wrong_door(story: &mut Story) {
    let (request, appeal) = ("premises/u-6/reevaluation/3", "premises/u-6/appeal/4");
    story.say("owner", request, json!({ "command": "request", "why": "late_statement", "text": "评错了" }));
    let first = story.today();
    story.days(1);
    let mut meant = file();
    meant["turned_from"] = json!("3");
    story.say("owner", appeal, meant);
    assert_eq!(story.newest(appeal, "AppealFiled")["on"], json!(first));
    let decline = json!({ "command": "decline", "missing": ["papers_missing"] });
    let why = story.is_refused("housing", request, decline, "wrong_state");
    assert!(why.contains("turned into an appeal"), "{why}");
    story.say("legal", appeal, json!({ "command": "admit" }));
    let decided = period(&story.units.rulebook, &PeriodQuestion::of("appeal_decide", first)).unwrap();
    assert_eq!(story.newest(appeal, "AppealAdmitted")["decide_by"], json!(decided.date()));
    let (status, running) = story.opens("legal", "/api/v1/matters?premises=u-6");
    assert_eq!(status, 200, "{running}");
    assert!(running.contains(appeal) && !running.contains(request), "one matter, and not two: {running}");
}

fn that_one_is_rejected(story: &mut Story) {
    let appeal = "premises/u-6/appeal/4";
    story.say("legal", appeal, json!({ "command": "assign", "reviewer": "reviewer" }));
    let decide = json!({
        "command": "decide", "outcome": "rejected", "document_number": "住申〔2024〕4号", "reason_codes": ["unfounded"],
        "reasons": "检查无误", "remedies": ["litigation"],
    });
    story.say("reviewer", appeal, decide);
}

/// What a reviewer who leaves has not decided goes over to another by the hand of legal staff, and of nobody else.
fn it_is_looked_at_all_the_same_and_goes_over_to_another_reviewer(story: &mut Story) {
    let appeal = "premises/u-38/appeal/late";
    let against = json!({ "stream": "premises/u-38/grade", "determination": 1 });
    story.say("owner", appeal, json!({ "command": "file", "against": against, "grounds": "出差刚回来" }));
    let refuse = json!({
        "command": "refuse_admission", "why": "late", "reason": "超过期限", "remedies": ["administrative_reconsideration"],
    });
    story.say("legal", appeal, refuse);
    assert_eq!(story.newest(appeal, "AppealRefusedAdmission")["own_motion"], true);
    story.say("legal", appeal, json!({ "command": "assign", "reviewer": "reviewer" }));
    let told = hands_over(story, "admin", "reviewer", "reviewer-2");
    assert!(told.contains("still reviews 1 appeals: legal staff hand them over"), "{told}");
    let told = hands_over(story, "legal", "reviewer", "owner");
    assert!(told.contains("1 not recorded"), "somebody who reviews no appeals: {told}");
    assert_eq!(story.newest(appeal, "AppealAssigned")["reviewer"], "reviewer");
    let told = hands_over(story, "legal", "reviewer", "reviewer-2");
    assert!(told.contains("1 appeals under review") && !told.contains("not recorded"), "{told}");
    assert_eq!(story.newest(appeal, "AppealAssigned")["reviewer"], "reviewer-2");
    let told = hands_over(story, "legal", "reviewer", "reviewer-2");
    assert!(told.contains("nothing in hand"), "once: {told}");
}

/// Everything that somebody has in hand goes over to another, as far as it is this person's to hand over: what the page says.
fn hands_over(story: &Story, who: &str, from: &str, to: &str) -> String {
    let id = uuid::Uuid::now_v7().to_string();
    let fields = [
        ("command_id", id.as_str()),
        ("what", "work"),
        ("from", from),
        ("to", to),
        ("why", "leave"),
        ("sure", "yes"),
    ];
    let (status, told) = story.fills(who, "/desk/assignments", &fields);
    assert_eq!(status, 200, "{told}");
    told
}

/// Whoever appeals sees on the form by which days it will be called late, and what is left then.
fn a_late_one_is_told_so_on_its_form(story: &mut Story) {
    story.house("u-38", Some("b-1"));
    story.assess("u-38", "a1", "first", SOUND);
    let notice = "premises/u-38/notice/result";
    let issue = json!({
        "command": "issue", "kind": "result_notice", "about": "premises/u-38/grade", "determination": 1, "to": "y-1",
        "authority": "subdistrict", "document_number": "坪评〔2024〕38号", "legal_basis": "分级办法",
        "handling_officers": ["legal"], "remedies": ["appeal_file", "administrative_reconsideration"],
    });
    story.say("legal", notice, issue);
    let served = story.today();
    story.say("grid", notice, json!({ "command": "serve", "method": "direct", "on": served }));
    let day = |rule: &str| {
        let period = period(&story.units.rulebook, &PeriodQuestion::of(rule, served)).unwrap();
        period.date().unwrap().to_string()
    };
    let (last, reconsideration) = (day("appeal_file"), day("administrative_reconsideration"));
    let form = story.opens("owner", "/desk/premises/u-38").1;
    assert!(form.contains("it can be appealed against until") && form.contains(&last), "{form}");
    story.days(20);
    let form = story.opens("owner", "/desk/premises/u-38").1;
    assert!(form.contains("The time to appeal is over") && form.contains(&last), "{form}");
    assert!(form.contains("of its own motion") && form.contains(&reconsideration), "{form}");
}

fn one_is_taken_back_and_one_turned_away(story: &mut Story) {
    story.say("owner", "premises/u-6/appeal/1", file());
    let shown = story.page(None, "/s/u-6");
    assert!(shown.contains("is to be admitted") && !shown.contains("Under appeal since"), "{shown}");
    story.say("owner", "premises/u-6/appeal/1", json!({ "command": "withdraw", "reason": "想通了" }));
    taken_back_at_the_counter(story);
    let by_proxy = "premises/u-6/appeal/2";
    story.say("stranger", by_proxy, file());
    story.say("owner", by_proxy, json!({ "command": "correct", "confirms": true }));
    let mut refuse = json!({ "command": "refuse_admission", "why": "not_entitled", "reason": "不是当事人" });
    story.is_refused("legal", by_proxy, refuse.clone(), "decision_without_remedy");
    refuse["remedies"] = json!(["administrative_reconsideration"]);
    story.say("legal", by_proxy, refuse);
}

/// The owner's paper is written down by somebody who had no hand in the case, and the owner sees who it was.
fn taken_back_at_the_counter(story: &mut Story) {
    let appeal = "premises/u-6/appeal/5";
    story.say("owner", appeal, file());
    let page = "/desk/matters/premises/u-6/appeal/5";
    for change in ["correct", "withdraw"] {
        let mut said = json!({ "command": change });
        story.is_refused("grid", appeal, said.clone(), "role_needed");
        said["handed_in_on"] = json!(story.today());
        story.is_refused("legal", appeal, said.clone(), "counter_without_paper");
        said["photos"] = json!([story.photo()]);
        story.is_refused("grid", appeal, said.clone(), "counter_had_a_hand");
        story.say("legal", appeal, said);
        let own = story.page(Some("owner"), page);
        assert!(own.contains("Recorded at the counter by: Legal officer"), "{own}");
        assert!(
            !own.contains("某legal") && !own.contains("<strong>legal<"),
            "an owner reads no officer's name: {own}"
        );
        let office = story.page(Some("legal"), page);
        assert!(office.contains("Recorded at the counter by: 某legal (legal)"), "{office}");
        assert!(
            office.contains("<strong>某legal</strong> <code class=\"quiet small\">legal</code>"),
            "{office}"
        );
    }
}

fn one_is_upheld(story: &mut Story) {
    let appeal = "premises/u-6/appeal/3";
    story.say("owner", appeal, file());
    story.say("legal", appeal, json!({ "command": "admit" }));
    assert!(story.page(None, "/s/u-6").contains("Under appeal since"));
    story.say("legal", appeal, json!({ "command": "assign", "reviewer": "reviewer" }));
    story.say("owner", appeal, json!({ "command": "request_recusal", "grounds": "是邻居" }));
    story.say("legal", appeal, json!({ "command": "decide_recusal", "granted": true, "reason": "属实" }));
    story.say("legal", appeal, json!({ "command": "assign", "reviewer": "reviewer-2" }));
    // whoever stepped aside gets it back by no other way either
    let told = hands_over(story, "legal", "reviewer-2", "reviewer");
    assert!(told.contains("1 not recorded") && told.contains("aside"), "{told}");
    assert_eq!(story.newest(appeal, "AppealAssigned")["reviewer"], "reviewer-2");
    story.say("owner", appeal, json!({ "command": "add_evidence", "what": "photo", "note": "灭火器照片" }));
    let again = json!({ "command": "order_reinspection", "indicators": ["smoke_alarm"] });
    story.say("reviewer-2", appeal, again);
    story.days(1);
    let hearing =
        json!({ "command": "hold_hearing", "on": story.today(), "party_present": 2, "minutes": "双方到场" });
    story.say("reviewer-2", appeal, hearing);
    story.say("legal", appeal, json!({ "command": "extend", "why": "complex" }));
    let decide = json!({
        "command": "decide", "outcome": "upheld", "document_number": "住申〔2024〕3号", "reason_codes": ["fact_wrong"],
        "reasons": "检查有误", "remedies": ["litigation"],
    });
    story.say("reviewer-2", appeal, decide);
}

fn a_court_is_asked(story: &mut Story) {
    let dispute = "premises/u-6/dispute/1";
    let notify = json!({
        "command": "notify", "kind": "litigation", "body": "某区人民法院", "document_number": "行初〔2024〕9号",
        "against": against(), "received_on": story.today(), "reply_by": story.day(15),
    });
    story.say("legal", dispute, notify);
    story.say("legal", dispute, json!({ "command": "reply", "on": story.today() }));
    story.say("legal", dispute, json!({ "command": "suspend", "document_number": "行停〔2024〕9号" }));
    let outcome = json!({
        "command": "record_outcome", "finding": "upheld", "document_number": "行终〔2024〕9号", "on": story.today(),
    });
    story.say("legal", dispute, outcome);
    story.say("legal", dispute, json!({ "command": "carry_out", "what": "nothing_due" }));
}

/// What is to hang rests with the grade while a court has suspended it; who answers for the house sees that, and so does whoever
/// would hang it. It runs on once the court has decided.
fn a_plaque_waits_for_the_court(story: &mut Story) {
    let (dispute, grade) = ("premises/u-62/dispute/1", "premises/u-62/grade");
    story.house("u-62", Some("b-1"));
    story.assess("u-62", "a1", "first", SOUND);
    let notify = json!({
        "command": "notify", "kind": "litigation", "body": "某区人民法院", "document_number": "行初〔2024〕48号",
        "against": { "stream": grade, "determination": 1 }, "received_on": story.today(), "reply_by": story.day(15),
    });
    story.say("legal", dispute, notify);
    let owes = story.page(Some("owner"), "/desk/premises/u-62");
    assert!(owes.contains("Posting the grade plaque") && !owes.contains("Terms that rest"), "{owes}");
    story.say("legal", dispute, json!({ "command": "suspend", "document_number": "行停〔2024〕48号" }));
    let rests = "suspended, the term rests and runs on once the dispute has ended";
    for page in ["/desk/premises/u-62", "/desk/matters/premises/u-62/grade", "/my"] {
        let told = story.page(Some("owner"), page);
        assert!(told.contains(rests), "{page}: {told}");
    }
    let doors = story.page(Some("street"), "/desk/boards?area=石井");
    let line = doors.split("premises/u-62/grade").nth(1).and_then(|rest| rest.split("</tr>").next());
    assert!(line.is_some_and(|line| line.contains("It waits: suspended")), "{doors}");
    story.days(1);
    let outcome = json!({
        "command": "record_outcome", "finding": "upheld", "document_number": "行终〔2024〕48号", "on": story.today(),
    });
    story.say("legal", dispute, outcome);
    story.days(1);
    let owes = story.page(Some("owner"), "/desk/premises/u-62");
    assert!(owes.contains("Posting the grade plaque") && !owes.contains("Terms that rest"), "{owes}");
    story.say("legal", dispute, json!({ "command": "carry_out", "what": "nothing_due" }));
}

fn a_new_assessment_is_asked_for(story: &mut Story) {
    let request = || json!({ "command": "request", "why": "circumstances_changed", "text": "装了新门" });
    story.say("owner", "premises/u-6/reevaluation/1", request());
    let decline = json!({ "command": "decline", "missing": ["papers_missing"] });
    story.say("housing", "premises/u-6/reevaluation/1", decline);
    story.say("owner", "premises/u-6/reevaluation/2", request());
    story.open("u-6", "a2", "owner_request");
    story.say("housing", "premises/u-6/reevaluation/2", json!({ "command": "grant", "assessment": "a2" }));
}

fn file() -> Value {
    json!({ "command": "file", "against": against(), "grounds": "检查有误" })
}

fn against() -> Value {
    json!({ "stream": "premises/u-6/grade", "determination": 1 })
}
