use serde_json::{Value, json};

use crate::effect::WaitingFor;
use crate::facts::Role;
use crate::given::{day, given};
use crate::given_log::{Log, later_than_pingshan};
use crate::grade::{Command, Grade};
use crate::rulebook::Layer;

const HOUSE: &str = "premises/p-1";

/// A house that is graded so low in December 2026 that its owner is heard first, and the owner is told on Tuesday 29 December:
/// the three working days end in a year that the rulebook's calendar does not know.
fn told_in_december() -> Log {
    let mut log = Log::new();
    log.registered("p-1", Layer::Building, None);
    log.assessed("2026-11-02", "p-1", "a-1", "first", Layer::Building, &json!({}));
    let fire = json!({
        "type": "IncidentRecorded", "source": "fire", "source_id": "119-7", "category": "fire", "severity": "general",
        "happened_at": "2026-12-20T02:00:00Z"
    });
    log.hears("2026-12-20", &format!("{HOUSE}/incident/n-1"), &fire);
    let confirmed = json!({ "type": "IncidentConfirmed", "by": "u-2" });
    log.hears("2026-12-21", &format!("{HOUSE}/incident/n-1"), &confirmed);
    let invited = json!({
        "type": "StatementInvited", "determination": 2, "served_on": "2026-12-29", "method": "direct", "by": "a-8"
    });
    log.hears("2026-12-29", &format!("{HOUSE}/grade"), &invited);
    log
}

fn fixed(log: &Log) -> Vec<&Value> {
    log.results("DeadlineFixed")
}

/// Whether the confirmer is refused on a day, and by which rule.
fn refused_on(log: &Log, on: &str) -> Option<String> {
    let subject = log.subject(HOUSE);
    let mut given = given::<Grade>([]);
    given.put(subject.grade.clone());
    let confirm = Command::Confirm {
        determination: 2,
        document_number: "1".into(),
        waiver_ground: None,
        waiver_reason: None,
    };
    let rulebook = crate::shipped::pingshan(Layer::Building);
    let asked = given.about(subject.clone()).under(rulebook).by_role(Role::Confirmer).on(on).when(confirm);
    asked.is_refused().then(|| asked.then_rejected("confirmed_before_statement").code().to_owned())
}

#[test]
fn the_time_of_a_silent_owner_ends_once_next_years_calendar_is_published_and_not_before() {
    let mut log = told_in_december();
    log.runs(day("2027-01-06"));
    assert!(fixed(&log).is_empty(), "nobody has published the year");
    assert!(refused_on(&log, "2027-01-06").is_some());
    let effect = log.subject(HOUSE).effect(&crate::shipped::pingshan(Layer::Building)).unwrap().unwrap();
    assert_eq!(effect.waiting_for, [WaitingFor::Calendar, WaitingFor::Confirmation]);

    let published = later_than_pingshan(Layer::Building, 3, &[]);
    log.publishes("2027-01-07", published);
    log.runs(day("2027-01-08"));
    let of_statement: Vec<_> =
        fixed(&log).into_iter().filter(|result| result["deadline"] == "statement").cloned().collect();
    assert_eq!(of_statement.len(), 1, "{of_statement:?}");
    // by the calendar it ended on the fourth; nobody could know that before the seventh
    assert_eq!(of_statement[0]["due"], "2027-01-07");
    assert_eq!(of_statement[0]["from"], "2026-12-29");
    let entry = log.entries.iter().find(|entry| entry.data["result"]["deadline"] == "statement").unwrap();
    assert_eq!(entry.data["derivation"]["scheme"]["id"], "pingshan-building-3", "whose calendar it is");
    assert!(refused_on(&log, "2027-01-07").is_some(), "the day itself has not ended");
    assert_eq!(refused_on(&log, "2027-01-08"), None);
    log.runs(day("2027-02-01"));
    let again = fixed(&log).into_iter().filter(|result| result["deadline"] == "statement").count();
    assert_eq!(again, 1, "once");
}

#[test]
fn a_calendar_that_is_published_in_time_fixes_the_true_day() {
    let mut log = told_in_december();
    log.publishes("2026-12-30", later_than_pingshan(Layer::Building, 3, &[]));
    log.runs(day("2026-12-31"));
    let of_statement = fixed(&log).into_iter().find(|result| result["deadline"] == "statement").unwrap();
    assert_eq!(of_statement["due"], "2027-01-04", "31 December, and then the fourth after the holidays");
    assert!(refused_on(&log, "2027-01-04").is_some());
    assert_eq!(refused_on(&log, "2027-01-05"), None);
}

#[test]
fn a_later_rulebook_that_counts_otherwise_or_knows_no_more_days_fixes_nothing() {
    let mut log = told_in_december();
    let longer = later_than_pingshan(Layer::Building, 3, &[("statement", 10)]);
    log.publishes("2027-01-04", longer);
    let mut no_further = crate::shipped::pingshan(Layer::Building);
    no_further.id = "pingshan-building-4".into();
    log.publishes("2027-01-04", no_further);
    log.runs(day("2027-02-01"));
    assert!(
        fixed(&log).iter().all(|result| result["deadline"] != "statement"),
        "the rule at the opening holds"
    );
    // what counts as it did is found behind a newer one that does not
    log.publishes("2027-02-02", later_than_pingshan(Layer::Building, 5, &[]));
    log.publishes("2027-02-02", later_than_pingshan(Layer::Building, 6, &[("statement", 10)]));
    log.runs(day("2027-02-03"));
    let entry = log.entries.iter().find(|entry| entry.data["result"]["deadline"] == "statement").unwrap();
    assert_eq!(entry.data["derivation"]["scheme"]["id"], "pingshan-building-5");
}

#[test]
fn an_appeal_and_a_review_that_cross_the_end_of_the_calendar_are_late_once_it_is_fixed() {
    let mut log = Log::new();
    log.registered("p-1", Layer::Building, None);
    log.assessed("2026-11-02", "p-1", "a-1", "first", Layer::Building, &json!({}));
    let filed = json!({
        "type": "AppealFiled", "against": { "stream": "premises/p-1/grade", "determination": 1 }, "on": "2026-12-30",
        "authorised": true, "by": "y-1"
    });
    log.hears("2026-12-30", &format!("{HOUSE}/appeal/s-1"), &filed);
    let found = json!({
        "type": "HazardFound", "indicator": "exits_and_stairs", "severity": "general", "works": "repair",
        "competent": "fire", "source": "patrol", "by": "u-1"
    });
    log.hears("2026-12-31", &format!("{HOUSE}/hazard/h-1"), &found);
    let missed = |log: &Log, deadline: &str| -> Vec<String> {
        let all = log.results("DeadlineMissed").into_iter();
        let of = all.filter(|result| result["deadline"] == deadline);
        of.map(|result| result["due"].as_str().unwrap().to_owned()).collect()
    };
    log.runs(day("2027-02-20"));
    for deadline in ["appeal_admit", "hazard_review"] {
        assert!(missed(&log, deadline).is_empty(), "{deadline} on a provisional date");
    }
    log.publishes("2027-02-22", later_than_pingshan(Layer::Building, 3, &[]));
    log.runs(day("2027-03-01"));
    for deadline in ["appeal_admit", "hazard_review"] {
        assert_eq!(missed(&log, deadline), ["2027-02-22"], "{deadline}");
    }
    let before = log.entries.len();
    log.runs(day("2027-03-01"));
    assert_eq!(log.entries.len(), before);
}
