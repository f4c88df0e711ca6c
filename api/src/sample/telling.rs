//! Telling: what a careful office does on the spot when a result binds at once: it hands over the written notice, and hangs
//! the plaque.

use chrono::TimeDelta;
use serde_json::{Value, json};
use wuping_domain::recorded::subject_of;
use wuping_domain::subject::Subject;
use wuping_ledger::timestamp::Timestamp;

use super::diary::{By, Step};
use super::people::account;

/// What follows from a step, seconds after it, on premises as they are then.
pub(super) fn follows(step: &Step, subject: &Subject) -> Vec<Step> {
    let By::Person(worker) = step.by else { return vec![] };
    let own = subject_of(&step.stream);
    let id = own.rsplit('/').next().unwrap_or_default();
    let newest =
        subject.grade.in_force().filter(|binding| binding.determination.number == subject.grade.count);
    let Some(star) = newest.and_then(|binding| binding.determination.star) else { return vec![] };
    let number = subject.grade.count;
    let mut steps = Vec::new();
    let mut say = |by: &'static str, stream: String, command: Value| {
        let seconds = TimeDelta::seconds(10 * (1 + steps.len() as i64));
        let at = Timestamp::from_datetime(step.at.datetime() + seconds);
        steps.push(Step { at, by: By::Person(by), stream, command });
    };
    let plaque =
        json!({ "command": "hang_plaque", "plaque": "grade_plaque", "shows": star, "place": "一楼大门旁" });
    say(worker, format!("{own}/grade"), plaque);
    if is_told(own) {
        let notice = format!("{own}/notice/told-{number}");
        let issue = json!({
            "command": "issue", "kind": "result_notice", "about": format!("{own}/grade"), "determination": number,
            "authority": "示例街道办事处", "document_number": format!("示街评告〔甲〕{id}-{number}号"),
            "legal_basis": "示例区出租屋分级分类管理办法第十二条", "handling_officers": [account("legal")],
            "remedies": ["appeal_file", "administrative_reconsideration", "litigation"],
        });
        say("legal", notice.clone(), issue);
        say(worker, notice, json!({ "command": "serve", "method": "direct" }));
    }
    steps
}

/// Whether a step may make a result bind at once.
pub(super) fn may_grade(step: &Step) -> bool {
    step.command["command"] == "submit" && step.stream.contains("/assessment/")
}

/// Some owners were never told, and the record says that the office is late with it.
fn is_told(own: &str) -> bool {
    !UNTOLD.iter().any(|house| own.starts_with(house))
}

const UNTOLD: [&str; 8] = [
    "premises/sample-b01",
    "premises/sample-b05",
    "premises/sample-b06",
    "premises/sample-b07",
    "premises/sample-b11",
    "premises/sample-b21",
    "premises/sample-b23",
    "premises/sample-b24",
];
