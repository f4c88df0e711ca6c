use serde_json::Value;

use super::*;
use crate::facts::Grant;
use crate::given::{Given, day, given};
use crate::given_log::Log;
use crate::rulebook::Layer;
use crate::shipped;

fn held() -> Held {
    Held {
        from: day("2026-01-01"),
        until: day("2026-02-28"),
        area: None,
        departments: vec!["fire".into(), "housing".into()],
        shown: Rebuilt { report: "situation".into(), at: 812, sha256: "ab".repeat(32) },
        scheme: Log::rulebook(Layer::Building),
    }
}

fn resolved(owner: &str, due: &str) -> Resolved {
    Resolved { owner: owner.into(), due: day(due), words: "排查楼顶门锁".into() }
}

fn resolution(number: u32, owner: &str, due: &str) -> Resolution {
    Resolution { number, owner: owner.into(), due: day(due) }
}

fn was_held() -> Event {
    let resolutions = vec![resolution(1, "fire", "2026-03-09"), resolution(2, "housing", "2026-03-31")];
    Event::JointMeetingHeld { held: held(), resolutions, on: day("2026-03-02"), by: "a-1".into() }
}

fn hold(held: Held, resolved: Vec<Resolved>) -> Command {
    Command::Hold { held, resolved, minutes: Some("纪要".into()) }
}

fn commission(events: Vec<Event>) -> Given<Meeting> {
    let commission = given(events).by_role(Role::CommissionAdmin).under(shipped::pingshan(Layer::Building));
    commission.showing(&"ab".repeat(32), 12)
}

#[test]
fn what_was_resolved_is_numbered_and_its_words_are_private() {
    let both = vec![resolved("fire", "2026-03-09"), resolved("housing", "2026-03-31")];
    let said = commission(vec![]).when(hold(held(), both)).said();
    assert_eq!(said[0].event, was_held());
    let wire = serde_json::to_value(&said[0]).unwrap();
    assert_eq!(wire["private"]["words"], json!(["排查楼顶门锁", "排查楼顶门锁"]));
    assert_eq!(wire["shown"]["at"], 812, "what was shown can be made again");
}

#[test]
fn a_meeting_names_departments_that_there_are_and_a_digest() {
    let refused = |held: Held, resolved: Vec<Resolved>, code: &str| {
        commission(vec![]).when(hold(held, resolved)).then_rejected(code);
    };
    refused(Held { departments: vec!["navy".into()], ..held() }, vec![], "unknown_department");
    refused(Held { departments: vec![], ..held() }, vec![], "malformed");
    refused(Held { until: day("2025-12-31"), ..held() }, vec![], "malformed");
    refused(Held { shown: Rebuilt { sha256: "ab".into(), ..held().shown }, ..held() }, vec![], "malformed");
    refused(
        Held { shown: Rebuilt { sha256: "cd".repeat(32), ..held().shown }, ..held() },
        vec![],
        "situation_differs",
    );
    refused(Held { shown: Rebuilt { at: 1_000, ..held().shown }, ..held() }, vec![], "situation_of_no_entry");
    refused(
        Held { shown: Rebuilt { report: "sheet".into(), ..held().shown }, ..held() },
        vec![],
        "situation_of_another_kind",
    );
    refused(held(), vec![resolved("navy", "2026-03-09")], "unknown_department");
    refused(held(), vec![resolved("fire", "2026-03-01")], "malformed");
    refused(held(), vec![Resolved { words: " ".into(), ..resolved("fire", "2026-03-09") }], "malformed");
    commission(vec![was_held()]).when(hold(held(), vec![])).then_rejected("already_exists");
    let of_street =
        Grant { role: Role::StreetLead, department: None, area: Some("石井".into()), party: None };
    let ask = given::<Meeting>([]).by_grant(of_street).under(shipped::pingshan(Layer::Building));
    ask.when(hold(held(), vec![])).then_rejected("area_not_yours");
}

#[test]
fn a_resolution_is_closed_once_by_its_department_or_the_chair() {
    let close = |resolution, how| Command::Close { resolution, how, findings: Some("已完成".into()) };
    let closed =
        |how| Event::MeetingResolutionClosed { resolution: 1, how, on: day("2026-03-02"), by: "a-1".into() };
    let fire = |events: Vec<Event>| given::<Meeting>(events).by_officer_of("fire");
    fire(vec![was_held()]).when(close(1, Closing::Done)).then([closed(Closing::Done)]);
    fire(vec![was_held()]).when(close(2, Closing::Done)).then_rejected("department_needed");
    fire(vec![was_held()]).when(close(3, Closing::Done)).then_rejected("not_found");
    fire(vec![was_held(), closed(Closing::Done)]).when(close(1, Closing::Done)).then([]);
    fire(vec![was_held(), closed(Closing::Done)])
        .when(close(1, Closing::Dropped))
        .then_rejected("wrong_state");
    commission(vec![was_held()]).when(close(1, Closing::Dropped)).then([closed(Closing::Dropped)]);
    commission(vec![]).when(close(1, Closing::Done)).then_rejected("not_found");
}

#[test]
fn each_resolution_whose_day_passed_is_marked_once_with_that_day() {
    let mut log = Log::new();
    let told = |event: &Event| serde_json::to_value(event).unwrap();
    log.hears("2026-03-02", "meeting/m-1", &told(&was_held()));
    log.runs(day("2026-03-09"));
    assert!(log.results("DeadlineMissed").is_empty(), "its day has not ended");
    let done = Event::MeetingResolutionClosed {
        resolution: 2,
        how: Closing::Done,
        on: day("2026-03-20"),
        by: "a-1".into(),
    };
    log.hears("2026-03-20", "meeting/m-1", &told(&done));
    log.runs(day("2026-04-20"));
    let marked: Vec<&Value> = log.results("DeadlineMissed");
    assert_eq!(marked.len(), 1, "what was closed in time is not marked");
    assert_eq!(
        marked[0],
        &json!({ "deadline": "meeting_resolution", "whose": "fire", "about": "meeting/m-1", "due": "2026-03-09", "days_late": 1 })
    );
    log.runs(day("2026-05-20"));
    assert_eq!(log.results("DeadlineMissed").len(), 1, "once");
}

#[test]
fn two_resolutions_that_pass_on_one_day_are_two_marks() {
    let mut log = Log::new();
    let resolutions = vec![resolution(1, "fire", "2026-03-09"), resolution(2, "housing", "2026-03-09")];
    let held = Event::JointMeetingHeld { held: held(), resolutions, on: day("2026-03-02"), by: "a-1".into() };
    log.hears("2026-03-02", "meeting/m-1", &serde_json::to_value(&held).unwrap());
    let now = crate::passing::begins(day("2026-03-10"));
    let passed = crate::passing::passed("meeting/m-1", &log.subjects, now, log.shelf());
    assert_eq!(passed.len(), 2);
    assert_ne!(passed[0].cause(), passed[1].cause());
    log.runs(day("2026-03-10"));
    assert_eq!(log.results("DeadlineMissed").len(), 2);
}
