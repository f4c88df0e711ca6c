//! Appeals whose time ends in a year that the rulebook's calendar does not know.

use serde_json::{Value, json};

use super::{GRADE, event};
use crate::appeal::Appeal;
use crate::facts::Role;
use crate::given::{Given, day, given};
use crate::given_log::{Log, later_than_pingshan};
use crate::rulebook::Layer;
use crate::test_house::{ask, rules};

/// A building of five stars, whose owner is served with the result on this day.
fn told_on(served: &str) -> Log {
    let mut log = Log::new();
    log.registered("p-1", Layer::Building, None);
    log.assessed("2026-11-02", "p-1", "a-1", "first", Layer::Building, &json!({}));
    let issued = json!({
        "type": "NoticeIssued", "kind": "result_notice", "about": GRADE, "determination": 1, "authority": "x",
        "document_number": "1", "legal_basis": "x", "handling_officers": ["a-7"], "text_version": "1", "on": served,
        "by": "a-7", "remedies": [{ "rule": "appeal_file", "zh": "申诉", "en": "Appeal" }]
    });
    let served_on =
        json!({ "type": "NoticeServed", "method": "direct", "on": served, "witnesses": 0, "by": "a-7" });
    log.hears(served, "premises/p-1/notice/1", &issued);
    log.hears(served, "premises/p-1/notice/1", &served_on);
    log
}

/// What an appeal that came on a day meets on the next.
fn filed(log: &Log, on: &str) -> Given<Appeal> {
    let filed = json!({
        "type": "AppealFiled", "against": { "stream": GRADE, "determination": 1 }, "on": on, "authorised": true, "by": "a-1"
    });
    let given = given::<Appeal>([event(filed)]).about(log.subject("premises/p-1").clone()).under(rules());
    let next = day(on).succ_opt().unwrap().to_string();
    given.at("premises/p-1/appeal/1").by_role(Role::LegalOfficer).on(&next)
}

fn admit() -> Value {
    json!({ "command": "admit" })
}

fn refuse_as_late() -> Value {
    json!({
        "command": "refuse_admission", "why": "late", "reason": "超过期限", "remedies": ["administrative_reconsideration"]
    })
}

#[test]
fn within_the_calendar_an_appeal_is_late_on_the_day_after_its_last() {
    let log = told_on("2026-12-01");
    filed(&log, "2026-12-15").when(ask(admit())).said();
    filed(&log, "2026-12-15").when(ask(refuse_as_late())).then_rejected("appeal_in_time");
    let refused = filed(&log, "2026-12-16").when(ask(admit())).then_rejected("appeal_late");
    assert_eq!(refused.detail()["due"], "2026-12-15");
    filed(&log, "2026-12-16").when(ask(refuse_as_late())).said();
}

#[test]
fn beyond_it_none_is_late_until_next_years_calendar_makes_the_day_final() {
    let mut log = told_on("2026-12-21");
    log.runs(day("2027-01-19"));
    assert!(log.results("DeadlineFixed").is_empty());
    filed(&log, "2027-01-18").when(ask(admit())).said();
    let refused = filed(&log, "2027-01-18").when(ask(refuse_as_late())).then_rejected("appeal_in_time");
    assert_eq!(refused.detail()["provisional"], true, "{refused}");

    log.publishes("2027-01-20", later_than_pingshan(Layer::Building, 3, &[]));
    log.runs(day("2027-01-21"));
    let of_the_notice: Vec<&Value> =
        log.results("DeadlineFixed").into_iter().filter(|fixed| fixed["dates"].is_array()).collect();
    // by the calendar it ended on the fifth; nobody could know that before the twentieth
    assert_eq!(of_the_notice, [&json!({ "dates": [{ "rule": "appeal_file", "due": "2027-01-20" }] })]);
    filed(&log, "2027-01-20").when(ask(admit())).said();
    let refused = filed(&log, "2027-01-21").when(ask(admit())).then_rejected("appeal_late");
    assert_eq!(refused.detail()["due"], "2027-01-20");
    filed(&log, "2027-01-21").when(ask(refuse_as_late())).said();
}

#[test]
fn a_calendar_that_comes_in_time_makes_the_true_day_final() {
    let mut log = told_on("2026-12-21");
    log.publishes("2026-12-28", later_than_pingshan(Layer::Building, 3, &[]));
    log.runs(day("2026-12-29"));
    filed(&log, "2027-01-05").when(ask(admit())).said();
    filed(&log, "2027-01-06").when(ask(admit())).then_rejected("appeal_late");
}
