//! Cases whose finding was wrong: the result that opened them is corrected.

use serde_json::json;

use crate::facts::Role;
use crate::given::{Given, given};
use crate::given_log::Log;
use crate::hazard::{Command, Hazard};
use crate::matter::matters;
use crate::rulebook::Layer;
use crate::shipped;

const HOUSE: &str = "premises/p-1";
const CASE: &str = "premises/p-1/hazard/a-1-roof_door";

/// A building whose roof door is entered as locked, which opens a case.
fn entered_as_failed() -> Log {
    let mut log = Log::new();
    log.registered("p-1", Layer::Building, None);
    log.assessed("2026-01-10", "p-1", "a-1", "first", Layer::Building, &json!({ "roof_door": "unmet" }));
    log
}

fn confirmed() -> Log {
    let mut log = entered_as_failed();
    let confirmed = json!({ "type": "HazardReviewed", "outcome": "confirmed", "by": "u-2" });
    log.hears("2026-01-12", CASE, &confirmed);
    log
}

fn corrects(log: &mut Log) {
    let corrected = json!({
        "type": "FactCorrected", "corrects": "premises/p-1/assessment/a-1", "field": "roof_door", "right": "met",
        "why": "wrong_row", "by": "u-1"
    });
    log.hears("2026-01-20", "premises/p-1/record/1", &corrected);
}

fn star(log: &Log) -> u64 {
    log.results("GradeDetermined").last().unwrap()["star"].as_u64().unwrap()
}

/// The department that has the case, in an officer who entered nothing of it.
fn before_the_department(log: &Log) -> Given<Hazard> {
    let subject = log.subject(HOUSE);
    let state = subject.hazards["a-1-roof_door"].state.clone();
    let department = state.competent.clone();
    let mut given = given::<Hazard>([]);
    given.put(state);
    let given = given.about(subject.clone()).under(shipped::pingshan(Layer::Building)).at(CASE);
    given.by_officer_of(&department)
}

fn close() -> Command {
    Command::Close { how: "put_right".into(), into: None }
}

#[test]
fn a_case_that_nobody_looked_into_is_closed_with_the_result_that_opened_it() {
    let mut log = entered_as_failed();
    assert!(log.subject(HOUSE).hazards["a-1-roof_door"].state.is_open());
    corrects(&mut log);
    assert_eq!(log.results("HazardClosed"), [&json!({ "how": "put_right" })]);
    assert!(!log.subject(HOUSE).hazards["a-1-roof_door"].state.is_open());
    assert_eq!(star(&log), 5);
    log.runs("2026-06-01".parse().unwrap());
    assert_eq!(log.results("HazardClosed").len(), 1);
}

#[test]
fn a_case_that_a_department_confirmed_is_the_departments_to_settle() {
    let mut log = confirmed();
    let capped = star(&log);
    assert!(capped < 5);
    before_the_department(&log).when(close()).then_rejected("finding_stands");
    corrects(&mut log);
    assert!(log.results("HazardClosed").is_empty(), "an officer saw it: nobody says that it is not there");
    assert_eq!(star(&log), capped);

    // it waits on the department, whoever it waited on before
    let running = matters(HOUSE, log.subject(HOUSE), log.shelf());
    let case = running.iter().find(|matter| matter.stream == CASE).unwrap();
    assert!(case.waits_on.iter().any(|hand| hand.role == Some(Role::DepartmentOfficer)), "{case:?}");

    let said = before_the_department(&log).when(close()).said();
    let closed = serde_json::to_value(&said[0].event).unwrap();
    assert_eq!(closed, json!({ "type": "HazardClosed", "how": "put_right" }));
    log.hears("2026-01-21", CASE, &closed);
    assert_eq!(star(&log), 5);
    assert_eq!(log.results("GradeDetermined").last().unwrap()["trigger"], "fact_corrected");
}

#[test]
fn what_a_later_assessment_finds_again_is_not_put_right() {
    let mut log = confirmed();
    corrects(&mut log);
    let found_again = json!({ "roof_door": "unmet" });
    log.assessed("2026-03-10", "p-1", "a-2", "periodic", Layer::Building, &found_again);
    before_the_department(&log).when(close()).then_rejected("finding_stands");
}
