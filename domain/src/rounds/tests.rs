use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::given::day;
use crate::given_log::Log;

const HOUSE: &str = "premises/p-1";

fn house() -> Log {
    let mut log = Log::new();
    log.registered("p-1", Layer::Building, None);
    log.registered("u-1", Layer::Unit, Some("p-1"));
    log
}

fn determined(log: &mut Log, on: &str, premises: &str, level: &str) {
    let layer = if premises.starts_with("premises/u") { Layer::Unit } else { Layer::Building };
    let number = log.subject(premises).grade.count + 1;
    let derivation = json!({ "scheme": Log::rulebook(layer), "subjects": [premises] });
    let result = json!({
        "number": number, "trigger": "scheduled", "assessment": "a-1", "assessed_on": on, "assessor": "u-1",
        "determined_on": on, "earned": 1, "applicable": 2, "score": 50, "aspects": {}, "points": {}, "failed": [],
        "band": "b", "caps": [], "vetoes": [], "management_level": level, "direction": "same", "adverse": false,
        "needs_confirmer": false
    });
    let data = json!({ "type": "GradeDetermined", "derivation": derivation, "result": result });
    log.hears(on, &format!("{premises}/grade"), &data);
}

fn went_round(log: &mut Log, on: &str) {
    let said = json!({
        "type": "PatrolCompleted", "on": on, "units_entered": 1, "units_unanswered": 0, "units_refused": 0,
        "repeat": false, "by": "u-1"
    });
    log.hears(on, &format!("{HOUSE}/patrol/2026"), &said);
}

fn excused(log: &mut Log, on: &str, from: &str, until: &str) {
    let said = json!({
        "type": "PatrolExcused", "reason": "red_warning", "from": from, "until": until, "by": "u-1"
    });
    log.hears(on, &format!("{HOUSE}/patrol/2026"), &said);
}

fn missed(log: &Log) -> Vec<String> {
    log.results("PatrolMissed").iter().map(|result| result["due"].as_str().unwrap().to_owned()).collect()
}

fn passed_at(log: &Log, at: &str) -> Vec<Passed> {
    passed(HOUSE, &log.subjects, at.parse().unwrap(), log.shelf())
}

fn due(log: &Log) -> Option<String> {
    log.subject(HOUSE).rounds.patrol.open.as_ref().map(|open| open.due.to_string())
}

#[test]
fn the_level_and_the_last_round_say_when_the_next_is_due() {
    let mut log = house();
    log.runs(day("2026-01-02"));
    assert_eq!(due(&log), None, "nothing was determined, so nothing is due");
    determined(&mut log, "2026-01-05", HOUSE, "lenient");
    log.runs(day("2026-01-06"));
    assert_eq!(due(&log).as_deref(), Some("2026-02-05"));
    went_round(&mut log, "2026-01-20");
    log.runs(day("2026-01-21"));
    assert_eq!(due(&log).as_deref(), Some("2026-02-20"));
    determined(&mut log, "2026-01-25", HOUSE, "prohibited");
    log.runs(day("2026-01-26"));
    assert_eq!(due(&log).as_deref(), Some("2026-01-26"), "a stricter rule brings it forward, the day after");
    assert_eq!(log.results("PatrolAssigned").last().unwrap()["rule"], "day");
    assert!(missed(&log).is_empty());
}

#[test]
fn each_due_day_is_missed_once_with_its_own_date_after_days_of_downtime() {
    let mut log = house();
    determined(&mut log, "2026-01-05", HOUSE, "prohibited");
    log.runs(day("2026-01-06"));
    went_round(&mut log, "2026-01-06");
    log.runs(day("2026-01-11"));
    assert_eq!(missed(&log), ["2026-01-07", "2026-01-08", "2026-01-09", "2026-01-10"]);
    log.runs(day("2026-01-11"));
    assert_eq!(missed(&log).len(), 4, "asking again marks nothing twice");
    assert_eq!(due(&log).as_deref(), Some("2026-01-11"));
}

#[test]
fn a_visit_to_assess_counts_as_a_round_and_a_closed_house_has_none() {
    let mut log = house();
    determined(&mut log, "2026-01-05", HOUSE, "strict");
    log.runs(day("2026-01-06"));
    let made = json!({ "type": "VisitMade", "kind": "assessment", "by": "u-1" });
    log.hears("2026-01-10", &format!("{HOUSE}/visit/v-1"), &made);
    log.runs(day("2026-01-13"));
    assert_eq!(due(&log).as_deref(), Some("2026-01-17"));
    let closed = json!({ "type": "PremisesClosed", "on": "2026-01-15", "why": "demolished" });
    log.hears("2026-01-15", HOUSE, &closed);
    log.runs(day("2026-03-01"));
    assert!(missed(&log).is_empty());
}

#[test]
fn a_suspected_major_hazard_makes_rounds_daily() {
    let mut log = house();
    determined(&mut log, "2026-01-05", HOUSE, "lenient");
    let found = json!({
        "type": "HazardFound", "indicator": "structure", "severity": "major", "works": "repair",
        "competent": "housing", "source": "patrol", "suspected": true, "by": "u-1"
    });
    log.hears("2026-01-08", &format!("{HOUSE}/hazard/h-1"), &found);
    log.runs(day("2026-01-09"));
    assert_eq!(due(&log).as_deref(), Some("2026-01-09"));
}

#[test]
fn an_obstacle_told_in_time_moves_the_day_and_one_told_later_forgives_it() {
    let mut log = house();
    determined(&mut log, "2026-01-05", HOUSE, "strict");
    excused(&mut log, "2026-01-11", "2026-01-11", "2026-01-13");
    log.runs(day("2026-01-14"));
    assert_eq!((missed(&log).len(), due(&log).as_deref()), (0, Some("2026-01-14")));
    log.runs(day("2026-01-16"));
    assert_eq!(missed(&log), ["2026-01-14"]);
    excused(&mut log, "2026-01-16", "2026-01-14", "2026-01-14");
    assert!(log.subject(HOUSE).rounds.patrol.missed.is_empty());
}

#[test]
fn a_units_level_is_met_by_the_round_of_its_building() {
    let mut log = house();
    determined(&mut log, "2026-01-05", HOUSE, "lenient");
    log.runs(day("2026-01-06"));
    determined(&mut log, "2026-01-07", "premises/u-1", "strict");
    let asked = passed_at(&log, "2026-01-07T05:00:00.000Z");
    assert_eq!(asked[0].due.subjects, [HOUSE, "premises/u-1"]);
    assert!(log.compute(&asked[0].due, "2026-01-07T05:00:00.000Z"));
    assert_eq!(passed_at(&log, "2026-01-07T05:00:00.000Z"), [], "asked once");
    assert_eq!(due(&log).as_deref(), Some("2026-01-12"));
    went_round(&mut log, "2026-01-12");
    log.runs(day("2026-01-13"));
    assert_eq!(due(&log).as_deref(), Some("2026-01-19"), "it is remembered who asked");
}

/// The id of what comes follows from the reaction and the entry that brought it: were that the same of two houses, the
/// second would be held to be recorded already.
#[test]
fn the_first_rounds_of_two_houses_that_only_their_units_ask_for_are_told_apart() {
    let mut log = house();
    log.registered("p-2", Layer::Building, None);
    log.registered("u-2", Layer::Unit, Some("p-2"));
    for unit in ["premises/u-1", "premises/u-2"] {
        determined(&mut log, "2026-01-05", unit, "lenient");
    }
    let first = |house| {
        let passed = passed(house, &log.subjects, "2026-01-06T05:00:00Z".parse().unwrap(), log.shelf());
        assert_eq!(passed[0].due.event_type, "PatrolAssigned");
        passed[0].since
    };
    assert_ne!(first(HOUSE), first("premises/p-2"));
}

fn warn(log: &mut Log, alert: &str, colour: &str, issued_at: &str, effective_at: &str) {
    let issued = json!({
        "type": "AlertIssued", "kind": "typhoon", "colour": colour, "areas": ["石井"], "issued_at": issued_at,
        "effective_at": effective_at
    });
    log.hears(&issued_at[..10], &format!("alert/{alert}"), &issued);
    follow_alert(log, alert, issued_at);
}

fn follow_alert(log: &mut Log, alert: &str, at: &str) -> bool {
    let key = format!("alert/{alert}");
    let asked = passed_at(log, at).into_iter().find(|passed| passed.due.subjects.contains(&key));
    asked.is_some_and(|passed| log.compute(&passed.due, at))
}

#[test]
fn vacant_premises_get_a_round_before_the_storm_and_after_it_on_the_first_safe_day() {
    let mut log = house();
    determined(&mut log, "2026-08-20", HOUSE, "lenient");
    log.runs(day("2026-08-21"));
    warn(&mut log, "n-1", "blue", "2026-09-01T01:00:00.000Z", "2026-09-04T00:00:00.000Z");
    assert_eq!(due(&log).as_deref(), Some("2026-09-20"), "somebody lives there");
    let vacant = json!({ "type": "OccupancyChanged", "vacant": true });
    log.hears("2026-09-01", HOUSE, &vacant);
    assert!(follow_alert(&mut log, "n-1", "2026-09-01T02:00:00.000Z"));
    assert_eq!(due(&log).as_deref(), Some("2026-09-03"));
    assert!(!follow_alert(&mut log, "n-1", "2026-09-01T03:00:00.000Z"), "said once");
    log.runs(day("2026-09-04"));
    assert_eq!(missed(&log), ["2026-09-03"]);
    let lifted = json!({ "type": "AlertLifted", "safe_on": "2026-09-06" });
    log.hears("2026-09-05", "alert/n-1", &lifted);
    follow_alert(&mut log, "n-1", "2026-09-05T02:00:00.000Z");
    assert_eq!(due(&log).as_deref(), Some("2026-09-06"), "nobody went before, so on the first safe day");
    log.runs(day("2026-09-08"));
    assert_eq!(missed(&log), ["2026-09-03", "2026-09-06"]);
    assert_eq!(due(&log).as_deref(), Some("2026-10-06"));
}

#[test]
fn an_alert_elsewhere_or_for_an_estate_asks_for_nothing() {
    let mut log = house();
    determined(&mut log, "2026-08-20", HOUSE, "lenient");
    log.hears("2026-09-01", HOUSE, &json!({ "type": "OccupancyChanged", "vacant": true }));
    let issued = json!({
        "type": "AlertIssued", "kind": "typhoon", "colour": "red", "areas": ["坑梓"],
        "issued_at": "2026-09-01T01:00:00.000Z", "effective_at": "2026-09-04T00:00:00.000Z"
    });
    log.hears("2026-09-01", "alert/n-2", &issued);
    assert!(!follow_alert(&mut log, "n-2", "2026-09-01T02:00:00.000Z"));
}

#[test]
fn of_two_warnings_at_once_the_higher_colour_moves_the_round() {
    let mut log = house();
    determined(&mut log, "2026-08-20", HOUSE, "lenient");
    log.hears("2026-08-21", HOUSE, &json!({ "type": "OccupancyChanged", "vacant": true }));
    log.runs(day("2026-08-22"));
    warn(&mut log, "n-1", "blue", "2026-09-01T01:00:00.000Z", "2026-09-04T00:00:00.000Z");
    assert_eq!(due(&log).as_deref(), Some("2026-09-03"));
    warn(&mut log, "n-2", "red", "2026-09-01T03:00:00.000Z", "2026-09-05T00:00:00.000Z");
    assert_eq!(due(&log).as_deref(), Some("2026-09-04"));
}

/// What may happen on a day of ninety.
#[derive(Clone, Debug)]
enum Happening {
    Determined(&'static str),
    OfUnit(&'static str),
    Excused(u64, u64),
    WentRound,
}

fn happening() -> impl Strategy<Value = Happening> {
    let levels = || prop::sample::select(vec!["lenient", "attention", "strict", "prohibited"]);
    prop_oneof![
        levels().prop_map(Happening::Determined),
        levels().prop_map(Happening::OfUnit),
        (0..4_u64, 0..3_u64).prop_map(|(back, long)| Happening::Excused(back, long)),
        Just(Happening::WentRound),
        Just(Happening::WentRound),
    ]
}

fn happens(log: &mut Log, on: NaiveDate, happening: &Happening) {
    let text = on.to_string();
    match happening {
        Happening::Determined(level) => determined(log, &text, HOUSE, level),
        Happening::OfUnit(level) => determined(log, &text, "premises/u-1", level),
        Happening::Excused(back, long) => {
            let from = on - chrono::Days::new(*back);
            excused(log, &text, &from.to_string(), &(from + chrono::Days::new(*long)).to_string());
        }
        Happening::WentRound => went_round(log, &text),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_late_runner_marks_exactly_what_a_punctual_one_does(
        happenings in prop::collection::btree_map(0..90_u64, happening(), 1..25),
        visits_of_the_late_one in prop::collection::btree_set(0..90_u64, 0..4),
    ) {
        let first = day("2026-01-05");
        let (mut punctual, mut late) = (house(), house());
        for n in 0..90 {
            let on = first + chrono::Days::new(n);
            punctual.runs(on);
            if visits_of_the_late_one.contains(&n) {
                late.runs(on);
            }
            if let Some(happening) = happenings.get(&n) {
                happens(&mut punctual, on, happening);
                happens(&mut late, on, happening);
            }
        }
        let end = first + chrono::Days::new(95);
        punctual.runs(end);
        late.runs(end);
        prop_assert_eq!(missed(&late), missed(&punctual));
        prop_assert_eq!(due(&late), due(&punctual));
        let rounds = |log: &Log| log.subject(HOUSE).rounds.patrol.missed.clone();
        prop_assert_eq!(rounds(&late), rounds(&punctual));
    }

    #[test]
    fn a_day_is_missed_once_and_never_one_on_which_somebody_went_round(
        happenings in prop::collection::vec((0..90_u64, happening()), 1..40),
    ) {
        let first = day("2026-01-05");
        let mut log = house();
        let mut rounds = BTreeSet::new();
        for n in 0..95 {
            let on = first + chrono::Days::new(n);
            log.runs(on);
            for (_, happening) in happenings.iter().filter(|(when, _)| *when == n) {
                happens(&mut log, on, happening);
                if matches!(happening, Happening::WentRound) {
                    rounds.insert(on.to_string());
                }
            }
            let open = log.subject(HOUSE).rounds.patrol.open.as_ref();
            prop_assert!(open.is_none_or(|open| on <= open.due), "what is due has not passed on {on}");
        }
        let marks = missed(&log);
        let once: BTreeSet<&String> = marks.iter().collect();
        prop_assert_eq!(once.len(), marks.len());
        prop_assert!(marks.iter().all(|mark| !rounds.contains(mark)));
    }

    #[test]
    fn in_any_order_of_entries_a_due_day_ends_once(
        entries in prop::collection::vec((0..4_u8, 0..12_u64), 1..60),
    ) {
        let mut patrol = Patrol::default();
        let derivation = json!({ "scheme": { "id": "r", "sha256": "0" }, "subjects": [] });
        for (kind, n) in entries {
            let on = day("2026-01-01") + chrono::Days::new(n);
            let event: Value = match kind {
                0 => json!({ "type": "PatrolAssigned", "derivation": derivation,
                    "result": { "counted_from": "2026-01-01", "due": on, "rule": "week" } }),
                1 => json!({ "type": "PatrolMissed", "derivation": derivation, "result": { "due": on } }),
                2 => json!({ "type": "PatrolCompleted", "due": on, "on": on, "units_entered": 0,
                    "units_unanswered": 0, "units_refused": 0, "repeat": n % 2 == 0, "by": "u-1" }),
                _ => json!({ "type": "PatrolReassigned", "due": on, "to": "u-2", "by": "u-3" }),
            };
            patrol.evolve(&serde_json::from_value(event).unwrap());
            prop_assert!(patrol.missed.iter().all(|due| !patrol.completed.contains_key(due)));
        }
    }
}
