use serde_json::{Value, json};

use crate::given::day;
use crate::given_log::Log;
use crate::rulebook::Layer;

const HOUSE: &str = "premises/p-1";

/// A house that was graded on Friday 10 January 2025 and of which nobody has done anything since.
fn graded() -> Log {
    let mut log = Log::new();
    log.registered("p-1", Layer::Building, None);
    log.assessed("2025-01-10", "p-1", "a-1", "first", Layer::Building, &json!({}));
    log
}

fn issued(determination: u64) -> Value {
    json!({
        "type": "NoticeIssued", "kind": "result_notice", "about": "premises/p-1/grade", "determination": determination,
        "authority": "x", "document_number": "1", "legal_basis": "x", "handling_officers": ["a-2"], "text_version": "1",
        "on": "2025-01-13", "by": "a-2"
    })
}

fn served(on: &str) -> Value {
    json!({ "type": "NoticeServed", "method": "direct", "on": on, "witnesses": 0, "by": "a-2" })
}

fn hung(plaque: &str, shows: Option<u8>, on: &str) -> Value {
    json!({ "type": "PlaqueHung", "plaque": plaque, "shows": shows, "place": "entrance", "on": on, "by": "u-1" })
}

/// What was missed of a deadline: whose, the day that ended, and how late.
fn missed(log: &Log, deadline: &str) -> Vec<(String, String, u64)> {
    let all = log.results("DeadlineMissed");
    let of = all.iter().filter(|result| result["deadline"] == deadline);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    of.map(|result| (text(&result["whose"]), text(&result["due"]), result["days_late"].as_u64().unwrap()))
        .collect()
}

#[test]
fn a_result_that_nobody_tells_the_owner_is_missed_once_with_its_day() {
    let mut log = graded();
    log.runs(day("2025-01-17"));
    assert!(missed(&log, "result_notice").is_empty(), "five working days after a Friday");
    log.runs(day("2025-03-01"));
    log.runs(day("2025-03-02"));
    assert_eq!(missed(&log, "result_notice"), [("street_lead".into(), "2025-01-17".into(), 1)]);
    let record = log.computed.iter().find(|(kind, ..)| *kind == "DeadlineMissed").unwrap();
    assert!(record.1.starts_with("premises/p-1/record/missed-"), "{}", record.1);
}

#[test]
fn a_result_is_told_by_service_or_by_the_first_attempt_and_by_no_letter_that_lies_in_a_drawer() {
    for (what, late) in [(served("2025-01-16"), false), (served("2025-02-05"), true)] {
        let mut log = graded();
        log.hears("2025-01-13", &format!("{HOUSE}/notice/n-1"), &issued(1));
        log.hears(what["on"].as_str().unwrap(), &format!("{HOUSE}/notice/n-1"), &what);
        // the runner was away for weeks, and marks what it would have marked in time
        log.runs(day("2025-03-01"));
        assert_eq!(!missed(&log, "result_notice").is_empty(), late, "{what}");
    }
    let mut log = graded();
    log.hears("2025-01-13", &format!("{HOUSE}/notice/n-1"), &issued(1));
    let nobody = json!({
        "type": "ServiceFailed", "method": "direct", "on": "2025-01-15", "why": "no_answer", "attempt": 1, "by": "a-2"
    });
    log.hears("2025-01-15", &format!("{HOUSE}/notice/n-1"), &nobody);
    log.runs(day("2025-03-01"));
    assert!(missed(&log, "result_notice").is_empty(), "whoever tried has done the office's part");
    let mut log = graded();
    log.hears("2025-01-13", &format!("{HOUSE}/notice/n-1"), &issued(1));
    log.runs(day("2025-03-01"));
    assert_eq!(missed(&log, "result_notice").len(), 1, "issued, and never served");
}

#[test]
fn the_grade_plaque_is_due_again_when_it_is_gone_and_when_the_star_moves() {
    let mut log = graded();
    let grade = format!("{HOUSE}/grade");
    log.hears("2025-01-13", &grade, &hung("grade_plaque", Some(5), "2025-01-13"));
    log.runs(day("2025-02-20"));
    assert!(missed(&log, "plaque_post").is_empty());
    let gone =
        json!({ "type": "PlaqueFoundMissing", "plaque": "grade_plaque", "on": "2025-02-21", "by": "u-1" });
    log.hears("2025-02-21", &grade, &gone);
    log.runs(day("2025-03-10"));
    assert_eq!(missed(&log, "plaque_post"), [("street_lead".into(), "2025-02-28".into(), 1)]);
    log.hears("2025-03-10", &grade, &hung("grade_plaque", Some(5), "2025-03-10"));
    log.runs(day("2025-06-01"));
    assert_eq!(missed(&log, "plaque_post").len(), 1);
}

#[test]
fn a_supervision_plaque_is_put_up_when_the_level_asks_for_it_and_taken_down_when_it_does_not() {
    let mut log = graded();
    let grade = format!("{HOUSE}/grade");
    let fire = json!({
        "type": "IncidentRecorded", "source": "fire", "source_id": "119-7", "category": "fire", "severity": "general",
        "happened_at": "2025-03-01T02:00:00Z"
    });
    log.hears("2025-03-01", &format!("{HOUSE}/incident/n-1"), &fire);
    log.hears(
        "2025-03-03",
        &format!("{HOUSE}/incident/n-1"),
        &json!({ "type": "IncidentConfirmed", "by": "u-2" }),
    );
    log.runs(day("2025-03-08"));
    assert!(missed(&log, "plaque_put_up").is_empty(), "nothing binds yet");
    let confirmed = json!({
        "type": "AdverseGradeConfirmed", "determination": 2, "on": "2025-03-10", "document_number": "1", "by": "u-3"
    });
    log.hears("2025-03-10", &grade, &confirmed);
    log.runs(day("2025-03-20"));
    assert_eq!(missed(&log, "plaque_put_up"), [("street_lead".into(), "2025-03-11".into(), 1)]);
    log.hears("2025-03-20", &grade, &hung("supervision_plaque", None, "2025-03-20"));
    log.assessed("2025-05-06", "p-1", "a-2", "after_rectification", Layer::Building, &json!({}));
    let number = log.subject(HOUSE).grade.count;
    let lifted = json!({
        "type": "LiftFromProhibitedConfirmed", "determination": number, "on": "2025-05-07", "document_number": "2",
        "by": "u-3"
    });
    log.hears("2025-05-07", &grade, &lifted);
    log.runs(day("2025-05-13"));
    // whether the lifting binds at once or the fire still counts, the plaque is due down exactly when the level lets it
    let supervised = log.subject(HOUSE).grade.in_force().unwrap().determination.star.unwrap() < 2;
    assert_eq!(missed(&log, "plaque_take_down").is_empty(), supervised);
    assert_eq!(missed(&log, "plaque_put_up").len(), 1, "once");
}

fn task(due: Option<&str>, account: Option<&str>) -> Value {
    json!({ "type": "TaskDispatched", "kind": "visit", "to": "grid", "account": account, "due": due, "by": "a-1" })
}

#[test]
fn a_task_that_is_not_done_by_its_day_is_missed_by_whoever_had_it_then() {
    let stream = format!("{HOUSE}/task/t-1");
    let mut log = graded();
    log.hears("2025-02-10", &stream, &task(Some("2025-02-14"), None));
    log.hears("2025-02-11", &stream, &json!({ "type": "TaskTaken", "by": "u-1" }));
    log.runs(day("2025-02-14"));
    assert!(missed(&log, "task").is_empty(), "the day has not ended");
    // handed on after its day, done later still, and only then does a runner come by
    log.hears("2025-02-16", &stream, &task(Some("2025-02-14"), Some("u-9")));
    log.hears("2025-02-18", &stream, &json!({ "type": "TaskTaken", "by": "u-9" }));
    log.hears("2025-02-19", &stream, &json!({ "type": "TaskDone", "by": "u-9" }));
    log.runs(day("2025-03-01"));
    log.runs(day("2025-03-05"));
    let missed_by = missed(&log, "task");
    assert_eq!(missed_by.len(), 1, "{missed_by:?}");
    assert_eq!((missed_by[0].0.as_str(), missed_by[0].1.as_str()), ("u-1", "2025-02-14"));
}

#[test]
fn a_task_that_is_done_in_time_put_off_or_without_a_day_is_not_missed() {
    let stream = format!("{HOUSE}/task/t-1");
    let mut done = graded();
    done.hears("2025-02-10", &stream, &task(Some("2025-02-14"), None));
    done.hears("2025-02-11", &stream, &json!({ "type": "TaskTaken", "by": "u-1" }));
    done.hears("2025-02-14", &stream, &json!({ "type": "TaskDone", "by": "u-1" }));
    let mut put_off = graded();
    put_off.hears("2025-02-10", &stream, &task(Some("2025-02-14"), None));
    put_off.hears("2025-02-13", &stream, &json!({ "type": "TaskReturned", "by": "u-1" }));
    put_off.hears("2025-02-14", &stream, &task(Some("2025-03-14"), None));
    let mut endless = graded();
    endless.hears("2025-02-10", &stream, &task(None, None));
    for mut log in [done, put_off, endless] {
        log.runs(day("2025-03-01"));
        assert!(missed(&log, "task").is_empty());
    }
}

#[test]
fn an_appeal_that_nobody_admits_a_plan_and_a_request_that_nobody_answers_are_missed_by_the_office() {
    let mut log = graded();
    let filed = json!({
        "type": "AppealFiled", "against": { "stream": "premises/p-1/grade", "determination": 1 }, "on": "2025-02-10",
        "authorised": true, "by": "y-1"
    });
    log.hears("2025-02-10", &format!("{HOUSE}/appeal/s-1"), &filed);
    log.runs(day("2025-03-10"));
    assert_eq!(missed(&log, "appeal_admit"), [("legal_officer".into(), "2025-02-17".into(), 1)]);

    for (asked, deadline) in [
        (json!({ "type": "WorksPlanSubmitted", "days": 60, "interim": true, "by": "y-1" }), "works_plan"),
        (json!({ "type": "ExtensionRequested", "until": "2025-04-30", "by": "y-1" }), "extension"),
    ] {
        let mut log = graded();
        let hazard = format!("{HOUSE}/hazard/h-1");
        let found = json!({
            "type": "HazardFound", "indicator": "exits_and_stairs", "severity": "general", "works": "repair",
            "competent": "fire", "source": "patrol", "by": "u-1"
        });
        log.hears("2025-02-10", &hazard, &found);
        log.hears(
            "2025-02-11",
            &hazard,
            &json!({ "type": "HazardReviewed", "outcome": "confirmed", "by": "a-2" }),
        );
        let order = json!({
            "type": "RectificationOrdered", "parties": ["y-1"], "days": 15, "document_number": "1", "by": "a-2"
        });
        log.hears("2025-02-11", &hazard, &order);
        log.hears("2025-02-12", &hazard, &asked);
        log.runs(day("2025-03-10"));
        assert_eq!(missed(&log, deadline), [("fire".into(), "2025-02-17".into(), 1)], "{asked}");
    }
}

/// Of the lowest grade, which waits for a person: a fire in the house.
fn burnt() -> Log {
    let mut log = graded();
    let fire = json!({
        "type": "IncidentRecorded", "source": "fire", "source_id": "119-7", "category": "fire", "severity": "general",
        "happened_at": "2025-03-01T02:00:00Z"
    });
    log.hears("2025-03-01", &format!("{HOUSE}/incident/n-1"), &fire);
    log.hears(
        "2025-03-02",
        &format!("{HOUSE}/incident/n-1"),
        &json!({ "type": "IncidentConfirmed", "by": "u-2" }),
    );
    log
}

fn risk_notice() -> Value {
    let mut notice = issued(2);
    notice["kind"] = json!("risk_notice");
    notice
}

#[test]
fn those_who_live_there_are_warned_at_once_and_not_only_when_the_grade_binds() {
    let mut log = burnt();
    log.runs(day("2025-03-03"));
    assert!(missed(&log, "risk_notice").is_empty(), "the day after it was determined");
    log.runs(day("2025-03-10"));
    let whose = [("street_lead".to_owned(), "2025-03-03".to_owned(), 1)];
    assert_eq!(missed(&log, "risk_notice"), whose);
    // that a person confirms it is no new reason
    let confirmed = json!({
        "type": "AdverseGradeConfirmed", "determination": 2, "on": "2025-03-10", "document_number": "1", "by": "u-3"
    });
    log.hears("2025-03-10", &format!("{HOUSE}/grade"), &confirmed);
    log.runs(day("2025-04-10"));
    assert_eq!(missed(&log, "risk_notice"), whose, "once");

    let mut told = burnt();
    let owes = |log: &Log| {
        let rulebook = crate::shipped::pingshan(Layer::Building);
        let all = crate::passing::owes(&rulebook, HOUSE, log.subject(HOUSE));
        all.iter().any(|owed| owed.rule == "risk_notice" && owed.whose == "street_lead")
    };
    assert!(owes(&told), "it is on the desk");
    told.hears("2025-03-03", &format!("{HOUSE}/notice/n-1"), &risk_notice());
    assert!(owes(&told), "written, and nobody was told yet");
    told.hears("2025-03-03", &format!("{HOUSE}/notice/n-1"), &served("2025-03-03"));
    assert!(!owes(&told));
    told.hears("2025-03-10", &format!("{HOUSE}/grade"), &confirmed);
    told.runs(day("2025-04-10"));
    assert!(missed(&told, "risk_notice").is_empty());
}

#[test]
fn nobody_is_warned_of_a_house_that_is_sound_and_a_warning_tells_no_result() {
    let mut log = graded();
    log.hears("2025-01-13", &format!("{HOUSE}/notice/n-1"), &risk_notice());
    log.hears("2025-01-13", &format!("{HOUSE}/notice/n-1"), &served("2025-01-13"));
    log.runs(day("2025-03-01"));
    assert!(missed(&log, "risk_notice").is_empty());
    assert_eq!(missed(&log, "result_notice").len(), 1);
}

/// The grade of a house is brought before a court.
fn disputed(log: &mut Log, determination: u64, on: &str) {
    let notified = json!({
        "type": "DisputeNotified", "kind": "litigation", "body": "区人民法院", "document_number": "行初1号",
        "against": { "stream": format!("{HOUSE}/grade"), "determination": determination }, "received_on": on,
        "reply_by": "2025-12-31", "by": "a-8",
    });
    log.hears(on, &format!("{HOUSE}/dispute/d-1"), &notified);
}

fn suspended(log: &mut Log, on: &str, until: Option<&str>) {
    let order =
        json!({ "type": "SuspensionOrdered", "document_number": "停1号", "until": until, "by": "a-8" });
    log.hears(on, &format!("{HOUSE}/dispute/d-1"), &order);
}

fn ended(log: &mut Log, on: &str) {
    let outcome = json!({
        "type": "OutcomeRecorded", "finding": "upheld", "document_number": "判1号", "on": on, "by": "a-8"
    });
    log.hears(on, &format!("{HOUSE}/dispute/d-1"), &outcome);
}

/// What is owed of a rule: its last day, and whether it rests on a day.
fn owed(log: &Log, rule: &str, on: &str) -> Option<(Option<String>, bool)> {
    let rulebook = crate::shipped::pingshan(Layer::Building);
    let all = crate::passing::owes(&rulebook, HOUSE, log.subject(HOUSE));
    let of = all.into_iter().find(|owed| owed.rule == rule)?;
    Some((of.period.date().map(|day| day.to_string()), of.rests.on(day(on)).is_some()))
}

#[test]
fn what_is_to_hang_rests_while_the_grade_is_suspended_and_runs_on_with_what_was_left() {
    let mut log = graded();
    assert_eq!(owed(&log, "plaque_post", "2025-01-13"), Some((Some("2025-01-17".into()), false)));
    disputed(&mut log, 1, "2025-01-13");
    // two of five working days have gone
    suspended(&mut log, "2025-01-15", None);
    assert_eq!(owed(&log, "plaque_post", "2025-02-20"), Some((None, true)), "no end is known");
    assert!(log.subject(HOUSE).rests_on(day("2025-01-14")).is_none());
    assert!(log.subject(HOUSE).rests_on(day("2025-02-20")).is_some());
    log.runs(day("2025-03-01"));
    assert!(missed(&log, "plaque_post").is_empty(), "nobody is late by waiting");
    assert_eq!(missed(&log, "result_notice").len(), 1, "to tell the owner is no carrying out");
    // a Monday: three working days are left
    ended(&mut log, "2025-03-03");
    assert_eq!(owed(&log, "plaque_post", "2025-03-04"), Some((Some("2025-03-06".into()), false)));
    log.runs(day("2025-03-06"));
    assert!(missed(&log, "plaque_post").is_empty());
    log.runs(day("2025-03-07"));
    assert_eq!(missed(&log, "plaque_post"), [("street_lead".into(), "2025-03-06".into(), 1)]);
}

#[test]
fn a_suspension_that_names_its_last_day_or_is_of_another_result_takes_out_its_own_days_only() {
    let mut log = graded();
    disputed(&mut log, 1, "2025-01-13");
    suspended(&mut log, "2025-01-15", Some("2025-02-28"));
    assert_eq!(owed(&log, "plaque_post", "2025-01-20"), Some((Some("2025-03-05".into()), true)));
    // what ended before stays ended
    let mut late = graded();
    disputed(&mut late, 1, "2025-02-10");
    suspended(&mut late, "2025-02-10", None);
    late.runs(day("2025-03-01"));
    assert_eq!(missed(&late, "plaque_post"), [("street_lead".into(), "2025-01-17".into(), 1)]);
    // a newer result with the same star binds, and is not suspended: the rest ends with the older one
    let mut newer = graded();
    disputed(&mut newer, 1, "2025-01-13");
    suspended(&mut newer, "2025-01-15", None);
    newer.assessed("2025-02-05", "p-1", "a-2", "owner_request", Layer::Building, &json!({}));
    assert_eq!(newer.subject(HOUSE).grade.count, 2);
    assert!(newer.subject(HOUSE).rests_on(day("2025-02-06")).is_none());
    // the fifth, sixth and seventh of February are working days
    assert_eq!(owed(&newer, "plaque_post", "2025-02-06"), Some((Some("2025-02-07".into()), false)));
}

#[test]
fn a_supervision_plaque_waits_to_be_put_up_and_to_be_taken_down() {
    let grade = format!("{HOUSE}/grade");
    let confirmed = json!({
        "type": "AdverseGradeConfirmed", "determination": 2, "on": "2025-03-10", "document_number": "1", "by": "u-3"
    });
    let mut log = burnt();
    log.hears("2025-03-10", &grade, &confirmed);
    assert_eq!(owed(&log, "plaque_put_up", "2025-03-11"), Some((Some("2025-03-11".into()), false)));
    disputed(&mut log, 2, "2025-03-11");
    suspended(&mut log, "2025-03-11", Some("2025-03-20"));
    assert_eq!(owed(&log, "plaque_put_up", "2025-03-12"), Some((Some("2025-03-21".into()), true)));
    assert_eq!(owed(&log, "plaque_post", "2025-03-12").map(|(_, rests)| rests), Some(true));
    log.runs(day("2025-03-21"));
    assert!(missed(&log, "plaque_put_up").is_empty());
    log.runs(day("2025-03-24"));
    assert_eq!(missed(&log, "plaque_put_up"), [("street_lead".into(), "2025-03-21".into(), 1)]);
    // people are warned of a danger whatever is suspended
    assert_eq!(missed(&log, "risk_notice").len(), 1);
}
