//! Whatever is asked, by whomever and in whatever order: the invariants hold, and a late runner marks what a punctual one
//! marks.

use proptest::prelude::*;

use super::*;
use crate::facts::{Actor, Facts};
use crate::given::day;
use crate::said::Said;

const COMMANDS: usize = 16;

/// A command, by a number, that somebody could send on a day.
fn command(n: usize, today: chrono::NaiveDate) -> Value {
    let photo = json!({ "bytes": 3, "sha256": "ab".repeat(32), "type": "image/jpeg" });
    let later = |days| crate::calendar::add_days(today, days).to_string();
    match n {
        0 => json!({ "command": "review", "outcome": "confirmed" }),
        1 => json!({ "command": "review", "outcome": { "passed_on": { "to": "housing" } }, "reason": "x" }),
        2 => json!({ "command": "order", "what": "x", "parties": ["w-1"], "document_number": "1" }),
        3 => json!({ "command": "submit_rectification", "text": "x", "photos": [photo] }),
        4 => json!({ "command": "refuse", "findings": "x" }),
        5 => json!({ "command": "refuse", "findings": "x", "due": later(9) }),
        6 => json!({ "command": "submit_works_plan", "days": 40, "text": "x" }),
        7 => json!({ "command": "approve_works_plan" }),
        8 => json!({ "command": "confirm_interim_measures" }),
        9 => json!({ "command": "request_extension", "until": later(20), "text": "x" }),
        10 => json!({ "command": "extend", "until": later(20) }),
        11 => json!({ "command": "refuse_extension", "reason": "x" }),
        12 => json!({ "command": "find_false", "findings": "x" }),
        13 => json!({ "command": "contest", "ground": "tenants", "text": "x" }),
        14 => json!({ "command": "answer_contest", "upheld": true, "reasons": "x" }),
        _ => json!({ "command": "accept" }),
    }
}

/// The finder, another officer, an officer of the other department, the owner; beyond these, whoever may send the command.
fn actor(n: usize, command: usize) -> Actor {
    let n = match command {
        _ if n < 4 => n,
        3 | 6 | 9 | 13 => 3,
        _ => 1,
    };
    let officer = |account: &str, department: &str| Actor {
        account: account.into(),
        grants: vec![Grant {
            role: Role::DepartmentOfficer,
            department: Some(department.into()),
            area: None,
            party: None,
        }],
        received: false,
    };
    match n {
        0 => officer("a-2", "fire"),
        1 => officer("a-3", "fire"),
        2 => officer("a-4", "housing"),
        _ => Actor { account: "o-1".into(), grants: vec![owner()], received: false },
    }
}

fn step() -> impl Strategy<Value = (usize, usize, u32, bool)> {
    (0..COMMANDS, 0..12usize, 0..7u32, any::<bool>())
}

fn asks(house: &House, n: usize, by: usize) -> Result<Vec<Said<Event>>, Rejection> {
    let facts = Facts {
        rulebook: Some(shared_rulebook()),
        subject: Some(Arc::new(house.subject.clone())),
        ..Facts::by(actor(by, n), STREAM, day(&house.day))
    };
    house.case().decide(serde_json::from_value(command(n, facts.today)).unwrap(), &facts)
}

/// Days on which nothing else happens pass one by one for a punctual runner.
fn walk(house: &mut House, steps: &[(usize, usize, u32, bool)], punctual: bool) {
    for (n, by, days, serves) in steps {
        for _ in 0..*days {
            let next = day(&house.day).succ_opt().unwrap().to_string();
            house.on(&next);
            if punctual {
                house.looks_on(&next);
            }
        }
        let before = (house.case().stage, house.case().course.clone());
        if let Ok(said) = asks(house, *n, *by) {
            for said in said {
                holds(house, &said.event, before.0);
                house.hears("hazard/7", serde_json::to_value(&said.event).unwrap());
            }
        }
        if *serves && house.case().course.order.is_some() && house.due().is_none() {
            let today = house.day.clone();
            house.serves(&today);
        }
    }
}

/// What must be true of an event in the state in which it was said.
fn holds(house: &House, event: &Event, stage: Stage) {
    assert_ne!(stage, Stage::Closed, "a closed case stays closed: {event:?}");
    match event {
        Event::HazardReviewed { by, .. } | Event::HazardReplyAnswered { by, .. } => assert_ne!(by, "a-2"),
        Event::DeadlineExtended { until, .. } => {
            let served = house.subject.hazard_served_on("7").expect("nothing is extended before service");
            assert!(*until <= crate::calendar::add_days(served, 90));
        }
        Event::RectificationOrdered { order, .. } => assert_eq!(order.days, 15),
        _ => {}
    }
}

fn marks(house: &House) -> Vec<&String> {
    let mut marks: Vec<_> = house.log.iter().filter(|line| line.contains("20")).collect();
    marks.sort();
    marks
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_late_runner_marks_the_same_as_a_punctual_one(begun: bool, steps in prop::collection::vec(step(), 1..40)) {
        let mut punctual = if begun { ordered() } else { House::with_case("general", "repair") };
        let mut late = punctual.clone();
        walk(&mut punctual, &steps, true);
        walk(&mut late, &steps, false);
        let end = punctual.day.clone();
        punctual.looks_on(&end);
        late.looks_on(&end);
        prop_assert_eq!(marks(&punctual), marks(&late));
        let once: std::collections::BTreeSet<_> = marks(&late).into_iter().collect();
        prop_assert_eq!(once.len(), marks(&late).len(), "each is marked once");
        prop_assert_eq!(punctual.case().stage, late.case().stage);
    }

    #[test]
    fn nothing_is_overdue_before_its_due_day_nor_before_service(begun: bool, steps in prop::collection::vec(step(), 1..40)) {
        let mut house = if begun { ordered() } else { House::with_case("general", "repair") };
        walk(&mut house, &steps, true);
        if house.subject.served.is_empty() {
            prop_assert!(house.case().course.overdue.is_none());
        }
        if let Some(due) = house.case().course.overdue {
            prop_assert!(due < day(&house.day));
        }
        let counts = ["confirmed", "rectifying", "submitted"].contains(&house.case().stage.code());
        prop_assert_eq!(counts, house.case().stage.is_unsettled());
    }
}
