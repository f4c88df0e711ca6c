//! What the days bring: terms from service, overdue once for each due day, levels, the office's own lateness.

use super::*;

fn log(house: &House) -> Vec<&str> {
    house.log.iter().map(String::as_str).collect()
}

fn refused(due: Option<&str>) -> Value {
    json!({ "type": "RectificationRefused", "due": due, "by": "a-3" })
}

#[test]
fn the_term_runs_from_service_of_the_order_and_never_from_the_finding() {
    let mut house = after(&["HazardReviewed", "RectificationOrdered"]);
    house.subject.served.clear();
    assert_eq!(house.due(), None);
    house.looks_on("2026-06-01");
    assert!(!log(&house).iter().any(|line| line.starts_with("HazardFellOverdue")), "{:?}", house.log);
    let mut house = after(&["HazardReviewed", "RectificationOrdered"]);
    house.subject.served.clear();
    house.serves("2026-02-27").serves("2026-03-10").serves("2026-03-12");
    assert_eq!(house.due().as_deref(), Some("2026-03-25"), "an earlier notice was about something else");
}

#[test]
fn a_finding_is_routed_with_the_day_by_which_it_must_be_reviewed() {
    let house = House::with_case("general", "repair");
    let routed = house.case().course.routed.clone().unwrap();
    assert_eq!((routed.competent.as_str(), routed.review.due), ("fire", Some("2026-03-04".parse().unwrap())));
}

#[test]
fn it_falls_overdue_once_with_its_true_day_however_late_that_is_noticed() {
    let mut house = ordered();
    house.looks_on("2026-03-18");
    assert_eq!(log(&house), ["HazardRouted"], "the last day is in time");
    house.looks_on("2026-03-19").looks_on("2026-03-20");
    assert_eq!(log(&house)[1..], ["HazardFellOverdue 2026-03-18"]);
    let mut late = ordered();
    late.looks_on("2026-03-20");
    assert_eq!(log(&late), log(&house));
    assert_eq!(late.case().course.overdue, Some("2026-03-18".parse().unwrap()));
}

#[test]
fn lateness_reaches_level_after_level_on_its_true_day() {
    let mut house = ordered();
    house.looks_on("2026-04-10");
    let levels = [
        "HazardFellOverdue 2026-03-18",
        "HazardEscalated 2026-03-18 first",
        "HazardEscalated 2026-03-18 second",
    ];
    assert_eq!(log(&house)[1..], levels);
    let escalated = house.case().course.escalated.clone().unwrap();
    assert_eq!(
        (escalated.reached_on.to_string().as_str(), escalated.to.as_str()),
        ("2026-03-28", "joint_meeting")
    );
}

#[test]
fn what_was_put_right_late_is_marked_even_when_nobody_looked_meanwhile() {
    let mut house = ordered().at("2026-03-22");
    house.hears("hazard/7", said("RectificationSubmitted")).hears("hazard/7", said("RectificationAccepted"));
    house.looks_on("2026-05-01");
    let marks: Vec<_> = log(&house).into_iter().filter(|line| line.contains("2026-03-18")).collect();
    assert_eq!(marks, ["HazardFellOverdue 2026-03-18", "HazardEscalated 2026-03-18 first"]);
}

#[test]
fn what_was_submitted_in_time_waits_for_the_office_and_the_offices_lateness_is_its_own() {
    let mut house = ordered().at("2026-03-17");
    house.hears("hazard/7", said("RectificationSubmitted"));
    house.looks_on("2026-03-30");
    assert_eq!(log(&house)[1..], ["DeadlineMissed 2026-03-20 acceptance"]);
    house.on("2026-03-31").hears("hazard/7", refused(None)).looks_on("2026-03-31");
    let tail = &log(&house)[2..];
    assert_eq!(
        tail,
        [
            "HazardFellOverdue 2026-03-18",
            "HazardEscalated 2026-03-18 first",
            "HazardEscalated 2026-03-18 second"
        ]
    );
}

#[test]
fn a_new_due_day_after_a_refusal_is_overdue_by_itself() {
    let mut house = ordered().at("2026-03-17");
    house.hears("hazard/7", said("RectificationSubmitted"));
    house.on("2026-03-18").hears("hazard/7", refused(Some("2026-03-25")));
    house.looks_on("2026-03-25");
    assert_eq!(log(&house), ["HazardRouted"]);
    house.looks_on("2026-03-26");
    assert_eq!(log(&house)[1..], ["HazardFellOverdue 2026-03-25"]);
}

#[test]
fn paper_handed_in_at_the_counter_counts_from_that_day() {
    let mut house = ordered().at("2026-03-20");
    house.hears(
        "hazard/7",
        json!({ "type": "RectificationSubmitted", "by": "a-5", "handed_in_on": "2026-03-18" }),
    );
    house.looks_on("2026-03-21");
    let mut online = ordered().at("2026-03-20");
    online.hears("hazard/7", said("RectificationSubmitted")).looks_on("2026-03-21");
    assert_eq!(log(&online)[1..], ["HazardFellOverdue 2026-03-18"]);
    assert_eq!(house.subject.hazards["7"].register_due(&house.subject.served), None, "in time");
    assert!(online.subject.hazards["7"].register_due(&online.subject.served).is_some());
}

#[test]
fn an_extension_asked_in_time_and_granted_late_leaves_no_mark_and_one_refused_late_leaves_the_true_day() {
    let asked = || {
        let mut house = ordered().at("2026-03-18");
        house.hears("hazard/7", said("ExtensionRequested"));
        house.looks_on("2026-03-22");
        assert_eq!(log(&house), ["HazardRouted"]);
        house
    };
    let mut granted = asked();
    granted.hears("hazard/7", said("DeadlineExtended")).looks_on("2026-04-01");
    assert_eq!((log(&granted).len(), granted.due().as_deref()), (1, Some("2026-04-01")));
    let mut refused = asked();
    refused.hears("hazard/7", said("ExtensionRefused")).looks_on("2026-03-22");
    assert_eq!(log(&refused)[1], "HazardFellOverdue 2026-03-18");
}

#[test]
fn a_plan_lengthens_the_term_only_once_approved_and_with_interim_measures() {
    let mut house = ordered();
    house.hears("hazard/7", said("WorksPlanSubmitted")).hears("hazard/7", said("WorksPlanApproved"));
    assert_eq!(house.due().as_deref(), Some("2026-03-18"));
    house.hears("hazard/7", said("InterimMeasuresConfirmed"));
    assert_eq!(house.due().as_deref(), Some("2026-05-02"));
}

#[test]
fn the_departments_own_review_is_missed_by_whoever_had_it_that_day_and_passing_on_does_not_restart_it() {
    let mut house = House::with_case("general", "repair").at("2026-03-06");
    let passed_on =
        json!({ "type": "HazardReviewed", "outcome": { "passed_on": { "to": "housing" } }, "by": "a-3" });
    house.hears("hazard/7", passed_on);
    house.looks_on("2026-03-09").looks_on("2026-03-10");
    assert_eq!(log(&house)[1..], ["DeadlineMissed 2026-03-04 hazard_review"]);
    assert_eq!(
        house.subject.missed.iter().map(String::as_str).collect::<Vec<_>>(),
        ["late-7-hazard_review-0"]
    );
    let missed =
        |house: &House| house.passed().into_iter().map(|passed| passed.due.stream).collect::<Vec<_>>();
    let fresh = House::with_case("general", "repair").at("2026-03-06");
    assert_eq!(missed(&fresh), ["premises/p-1/record/late-7-hazard_review-0"]);
    let brought =
        brought(&rulebook(), &fresh.subject, &fresh.subject.hazards["7"], "2026-03-06".parse().unwrap());
    let What::Missed(_, missed) = &brought[0].what else { panic!("no missed deadline") };
    assert_eq!((missed.whose.as_str(), missed.days_late, missed.about.as_str()), ("fire", 2, STREAM));
}

#[test]
fn a_review_in_time_is_never_missed() {
    let mut house = House::with_case("general", "repair").at("2026-03-04");
    house.hears("hazard/7", said("HazardReviewed")).hears("hazard/7", said("RectificationOrdered"));
    house.looks_on("2026-08-01");
    assert_eq!(log(&house), ["HazardRouted"]);
}

#[test]
fn on_a_provisional_date_nobody_is_late() {
    let mut house = House::owned().at("2027-03-01");
    house.hears("hazard/7", found_as("general", "repair", "a-2"));
    assert!(house.case().course.routed.as_ref().unwrap().review.provisional);
    house.looks_on("2027-08-01");
    assert_eq!(log(&house), ["HazardRouted"]);
}

#[test]
fn a_scheme_that_only_grades_routes_nothing_and_marks_nothing() {
    struct Foreign;
    impl Rulebooks for Foreign {
        fn rulebook(&self, _: &SchemeRef) -> Option<Arc<Rulebook>> {
            let mut rulebook = rulebook();
            rulebook.policy.operating = false;
            Some(Arc::new(rulebook))
        }
    }
    let mut house = House::owned().at("2026-03-02");
    let found = house.take("hazard/7", &found_as("general", "repair", "a-2"));
    assert_eq!(follow(&found, &house.subject, &Foreign), []);
    let house = ordered().at("2026-08-01");
    let now = house.time().parse().unwrap();
    assert_eq!(crate::passing::passed_alone("premises/p-1", &house.subject, now, &Foreign), []);
    assert!(!house.passed().is_empty());
}

#[test]
fn while_the_office_is_late_the_judging_day_stays() {
    let mut house = ordered().at("2026-03-22");
    house.hears("hazard/7", said("RectificationSubmitted"));
    let late = |day: &str| house.subject.hazards["7"].office_late_since(&rulebook(), day.parse().unwrap());
    assert_eq!(late("2026-03-25"), None);
    assert_eq!(late("2026-04-25"), Some("2026-03-26".parse().unwrap()));
    assert_eq!(late("2026-03-26"), Some("2026-03-26".parse().unwrap()));
}

#[test]
fn a_ledger_written_before_still_reads() {
    let mut house = House::owned();
    let found = json!({
        "type": "HazardFound", "indicator": "common_wiring", "severity": "general", "works": "repair",
        "competent": "fire", "source": "patrol", "by": "a-2",
    });
    for old in [
        found,
        json!({ "type": "MajorHazardDetermined", "major": true, "document_number": "1", "by": "a" }),
        json!({ "type": "HazardReviewed", "outcome": "confirmed", "by": "a-3" }),
        json!({ "type": "RectificationAccepted", "by": "a-3" }),
        json!({ "type": "HazardClosed", "how": "rectified" }),
    ] {
        let recorded = house.take("hazard/7", &old);
        let Any::Hazard(event) = &recorded.event else { panic!() };
        assert_eq!(serde_json::to_value(event).unwrap().get("type"), old.get("type"));
    }
    assert_eq!(house.case().stage, Stage::Closed);
    house.looks_on("2026-12-01");
    assert_eq!(log(&house), [""; 0]);
}

#[test]
fn a_complaint_counts_against_the_house_while_its_repair_is_overdue_and_no_longer() {
    let mut house = ordered();
    let filed = || json!({ "type": "ReportFiled", "category": "wiring" });
    for report in ["r-1", "r-2", "r-3"] {
        house.hears(&format!("report/{report}"), filed());
    }
    house.hears("report/r-1", json!({ "type": "ReportSubstantiated", "hazard": "7", "by": "a-3" }));
    house.hears(
        "report/r-2",
        json!({ "type": "ReportTriaged", "outcome": { "merged": { "with": "r-1" } }, "by": "a-3" }),
    );
    let counted = |house: &House| crate::ledger_indicator::complaints_overdue(&house.subject);
    assert_eq!(counted(&house), 0, "the term runs");
    house.looks_on("2026-03-20");
    assert_eq!(counted(&house), 1, "nor one that goes on as another, nor one that nobody looked at yet");
    house.hears("report/r-1", json!({ "type": "ReportAnswered", "answer": "unfixed", "by": "a-3" }));
    assert_eq!(counted(&house), 1, "told as unfixed, it still waits for the repair");
    house.hears("hazard/7", said("RectificationSubmitted")).hears("hazard/7", said("RectificationAccepted"));
    assert_eq!(counted(&house), 0, "put right");
}

/// The case, or the determination by this number, is brought before a court.
fn disputed(house: &mut House, against: Value) {
    let notified = json!({
        "type": "DisputeNotified", "kind": "litigation", "body": "区人民法院", "document_number": "行初1号",
        "against": against, "received_on": "2026-03-04", "reply_by": "2026-03-19", "by": "a-8",
    });
    house.hears("dispute/d-1", notified);
}

fn suspended(until: Option<&str>) -> Value {
    json!({ "type": "SuspensionOrdered", "document_number": "停1号", "until": until, "by": "a-8" })
}

fn outcome(on: &str) -> Value {
    json!({ "type": "OutcomeRecorded", "finding": "upheld", "document_number": "判1号", "on": on, "by": "a-8" })
}

fn contested() -> House {
    let mut house = ordered().at("2026-03-04");
    disputed(&mut house, json!({ "stream": STREAM }));
    house
}

#[test]
fn while_it_is_suspended_the_term_rests_and_runs_on_with_what_was_left() {
    let mut house = contested().at("2026-03-10");
    house.hears("dispute/d-1", suspended(None));
    assert_eq!(house.due(), None, "no end is known");
    assert_eq!(house.subject.hazards["7"].register_due(&house.subject.served), None, "no grade falls by it");
    house.looks_on("2026-06-01");
    assert_eq!(log(&house), ["HazardRouted"]);
    house.asked().by_officer_of("fire").when(asking_for_more()).then_rejected("carrying_out_suspended");
    // nine days were left from the tenth on
    house.hears("dispute/d-1", outcome("2026-05-30"));
    assert_eq!(house.due().as_deref(), Some("2026-06-10"));
    house.looks_on("2026-06-10");
    assert_eq!(log(&house), ["HazardRouted"]);
    house.looks_on("2026-06-11");
    assert_eq!(log(&house)[1..], ["HazardFellOverdue 2026-06-10"]);
}

fn asking_for_more() -> Command {
    let asks = json!({ "command": "extend", "until": "2026-06-30", "reason": "x" });
    serde_json::from_value(asks).unwrap()
}

#[test]
fn a_suspension_until_a_day_moves_the_due_day_at_once_and_an_outcome_before_that_moves_it_back() {
    let mut house = contested().at("2026-03-18");
    house.hears("dispute/d-1", suspended(Some("2026-04-17")));
    assert_eq!(house.due().as_deref(), Some("2026-04-18"), "the last day itself was suspended");
    house.on("2026-03-20").hears("dispute/d-1", suspended(Some("2026-03-31")));
    assert_eq!(house.due().as_deref(), Some("2026-04-01"), "the later order holds");
    house.on("2026-03-25").hears("dispute/d-1", outcome("2026-03-25"));
    assert_eq!(house.due().as_deref(), Some("2026-03-26"));
    house.looks_on("2026-03-27");
    assert_eq!(log(&house)[1..], ["HazardFellOverdue 2026-03-26"]);
}

#[test]
fn what_was_overdue_before_stays_so_but_reaches_no_level_while_it_rests() {
    let mut house = contested();
    house.looks_on("2026-03-20");
    house.hears("dispute/d-1", suspended(None)).looks_on("2026-06-01");
    assert_eq!(log(&house)[1..], ["HazardFellOverdue 2026-03-18"]);
    // one day late before, and two more until the first level
    house.hears("dispute/d-1", outcome("2026-06-01")).looks_on("2026-06-02");
    assert_eq!(log(&house).len(), 2);
    house.looks_on("2026-06-03");
    assert_eq!(log(&house)[2..], ["HazardEscalated 2026-03-18 first"]);
}

#[test]
fn a_day_that_was_set_meanwhile_rests_only_from_then_on() {
    let mut house = contested().at("2026-03-06");
    house.hears("dispute/d-1", suspended(Some("2026-03-10")));
    assert_eq!(house.due().as_deref(), Some("2026-03-23"));
    house.on("2026-03-09").hears("hazard/7", said("DeadlineExtended"));
    assert_eq!(house.due().as_deref(), Some("2026-04-02"), "one of the days lay after it was set");
}

#[test]
fn where_a_determination_is_suspended_the_cases_that_its_assessment_found_rest_and_no_others() {
    for (caused_by, due) in
        [("premises/p-1/assessment/a-1", None), ("premises/p-1/assessment/a-2", Some("2026-03-18"))]
    {
        let mut house = House::owned().at("2026-03-02");
        let mut found = found_as("general", "repair", "a-2");
        found["caused_by"] = json!(caused_by);
        house.hears("hazard/7", found);
        for kind in ["HazardReviewed", "RectificationOrdered"] {
            house.hears("hazard/7", said(kind));
        }
        house.serves("2026-03-03");
        let determined = json!({
            "type": "GradeDetermined",
            "derivation": { "scheme": { "id": "pingshan-building-1", "sha256": "00" }, "subjects": ["premises/p-1"], "up_to": 3 },
            "result": {
                "number": 1, "trigger": "first", "assessment": "a-1", "assessed_on": "2026-03-02", "assessor": "a-1",
                "determined_on": "2026-03-02", "earned": 90, "applicable": 100, "score": 90, "aspects": {}, "points": {},
                "failed": [], "band": "", "caps": [], "vetoes": [], "star": 3, "direction": "first", "adverse": false,
                "needs_confirmer": false,
            },
        });
        house.take("grade", &determined);
        house.on("2026-03-05");
        disputed(&mut house, json!({ "stream": "premises/p-1/grade", "determination": 1 }));
        house.hears("dispute/d-1", suspended(None));
        assert_eq!(house.due().as_deref(), due, "{caused_by}");
    }
}

#[test]
fn what_was_confirmed_is_ordered_to_be_put_right_within_the_offices_time() {
    let mut house = confirmed();
    house.looks_on("2026-03-05");
    assert_eq!(log(&house), ["HazardRouted"], "three working days after a Monday");
    house.looks_on("2026-03-09");
    assert_eq!(log(&house)[1..], ["DeadlineMissed 2026-03-05 rectification_order"]);
    // ordered late it is marked the same, and ordered in time never
    let mut late = confirmed().at("2026-03-08");
    late.hears("hazard/7", said("RectificationOrdered")).looks_on("2026-03-20");
    assert_eq!(log(&late)[1..], ["DeadlineMissed 2026-03-05 rectification_order"]);
    let mut in_time = confirmed().at("2026-03-05");
    in_time.hears("hazard/7", said("RectificationOrdered")).looks_on("2026-03-20");
    assert_eq!(log(&in_time), ["HazardRouted"]);
    let mut dismissed = House::with_case("general", "repair");
    let no = json!({ "type": "HazardReviewed", "outcome": "dismissed", "by": "a-3" });
    dismissed.hears("hazard/7", no).looks_on("2026-03-20");
    assert_eq!(log(&dismissed), ["HazardRouted"]);
}
