use super::*;
use crate::derivation::{Derivation, SchemeRef};
use crate::facts::{Actor, Grant};
use crate::given::{Given, day, given};
use crate::premises::{self, Register};
use crate::shipped;
use crate::subject::Subject;

fn computed<R>(result: R) -> Computed<R> {
    let scheme = SchemeRef { id: "pingshan-building-2".into(), sha256: "00".into() };
    Computed { derivation: Derivation { scheme, subjects: vec!["premises/p-1".into()] }, result }
}

fn assigned(due: &str) -> Event {
    Event::PatrolAssigned(computed(Assignment {
        counted_from: day("2026-02-27"),
        due: day(due),
        rule: PatrolRule::Week,
        warning: None,
    }))
}

fn missed(due: &str) -> Event {
    Event::PatrolMissed(computed(Missed { due: day(due) }))
}

fn completed(due: Option<&str>, repeat: bool) -> Event {
    Event::PatrolCompleted { round: round(due), on: day("2026-03-02"), repeat, by: "a-1".into() }
}

fn round(due: Option<&str>) -> Round {
    Round {
        due: due.map(day),
        units_entered: 3,
        units_unanswered: 1,
        units_refused: 0,
        hazards_found: vec![],
    }
}

/// The building after these events of its rounds, asked about by nobody in particular.
fn after(events: impl IntoIterator<Item = Event>) -> Given<Patrol> {
    let events: Vec<Event> = events.into_iter().collect();
    let mut subject = Subject::default();
    let register: Register = serde_json::from_value(serde_json::json!({
        "layer": "building", "address": "金龟路1号", "subdistrict": "石井", "units": 6
    }))
    .unwrap();
    subject.premises.evolve(&premises::Event::PremisesRegistered(register));
    for event in &events {
        subject.rounds.take("premises/p-1", event, day("2026-03-02"), 1);
    }
    given::<Patrol>(events).about(subject).under(shipped::pingshan(Layer::Building))
}

fn walking(given: Given<Patrol>) -> Given<Patrol> {
    given.by_grant(Grant {
        role: Role::GridWorker, department: None, area: Some("石井".into()), party: None
    })
}

fn complete(due: Option<&str>) -> Command {
    Command::Complete { round: round(due), note: Some("正常".into()), photos: vec![] }
}

#[test]
fn whoever_walks_there_makes_the_round() {
    let due = Some("2026-03-06");
    walking(after([assigned("2026-03-06")])).when(complete(due)).then([completed(due, false)]);
    after([]).by_officer_of("fire").when(complete(None)).then([completed(None, false)]);
    after([]).by_role(Role::Owner).when(complete(None)).then_rejected("role_needed");
    let elsewhere =
        Grant { role: Role::GridWorker, department: None, area: Some("坑梓".into()), party: None };
    after([]).by_grant(elsewhere.clone()).when(complete(None)).then_rejected("not_found");
    let reassigned =
        Event::PatrolReassigned { due: day("2026-03-06"), to: "a-1".into(), route: None, by: "a-7".into() };
    after([assigned("2026-03-06"), reassigned])
        .by_grant(elsewhere)
        .when(complete(due))
        .then([completed(due, false)]);
}

#[test]
fn what_is_told_of_the_round_stays_private() {
    let said = after([]).by_officer_of("fire").when(complete(None)).said();
    let wire = serde_json::to_value(&said[0]).unwrap();
    assert_eq!(wire["private"]["note"], "正常");
    assert!(!serde_json::to_string(&said[0].event).unwrap().contains("正常"));
}

#[test]
fn the_second_on_the_same_round_is_a_repeat() {
    let due = Some("2026-03-06");
    after([assigned("2026-03-06"), completed(due, false)])
        .by_officer_of("fire")
        .when(complete(due))
        .then([completed(due, true)]);
    after([completed(None, false)]).by_officer_of("fire").when(complete(None)).then([completed(None, true)]);
}

#[test]
fn a_round_that_comes_late_is_one_and_a_round_of_no_day_is_none() {
    let late = Some("2026-02-20");
    after([assigned("2026-02-20"), missed("2026-02-20")])
        .by_officer_of("fire")
        .when(complete(late))
        .then([completed(late, false)]);
    after([]).by_officer_of("fire").when(complete(late)).then_rejected("not_found");
}

#[test]
fn no_more_units_are_counted_than_there_are() {
    let round = Round { units_refused: 9, ..round(None) };
    after([])
        .by_officer_of("fire")
        .when(Command::Complete { round, note: None, photos: vec![] })
        .then_rejected("malformed");
}

#[test]
fn rounds_are_of_a_building_that_stands() {
    let mut unit = Subject::default();
    let register: Register = serde_json::from_value(
        serde_json::json!({"layer": "unit", "parent": "p-1", "address": "金龟路1号101"}),
    )
    .unwrap();
    unit.premises.evolve(&premises::Event::PremisesRegistered(register));
    given::<Patrol>([]).about(unit).by_officer_of("fire").when(complete(None)).then_rejected("malformed");
    given::<Patrol>([])
        .about(Subject::default())
        .by_officer_of("fire")
        .when(complete(None))
        .then_rejected("not_found");
}

#[test]
fn a_round_is_given_to_somebody_else_while_it_is_due() {
    let reassign =
        |due: &str| Command::Reassign { due: day(due), to: "a-5".into(), route: Some("r-2".into()) };
    let reassigned = Event::PatrolReassigned {
        due: day("2026-03-06"),
        to: "a-5".into(),
        route: Some("r-2".into()),
        by: "a-1".into(),
    };
    let lead = || after([assigned("2026-03-06")]).by_role(Role::StreetLead);
    lead().when(reassign("2026-03-06")).then_rejected("unknown_colleague");
    lead().naming_holder("a-5", Role::Owner).when(reassign("2026-03-06")).then_rejected("unknown_colleague");
    lead().naming_holder("a-5", Role::GridWorker).when(reassign("2026-03-06")).then([reassigned.clone()]);
    let again = Command::Reassign { due: day("2026-03-06"), to: "a-5".into(), route: None };
    after([assigned("2026-03-06"), reassigned]).by_role(Role::StreetLead).when(again).then([]);
    after([assigned("2026-03-06")])
        .by_role(Role::GridWorker)
        .when(reassign("2026-03-06"))
        .then_rejected("role_needed");
    after([]).by_role(Role::Dispatcher).when(reassign("2026-03-06")).then_rejected("not_found");
    after([assigned("2026-02-20"), missed("2026-02-20")])
        .by_role(Role::Dispatcher)
        .when(reassign("2026-02-20"))
        .then_rejected("wrong_state");
}

#[test]
fn an_obstacle_of_the_policys_list_excuses() {
    let excuse = |reason: &str, until: &str| Command::Excuse {
        reason: reason.into(),
        from: day("2026-03-05"),
        until: day(until),
        note: None,
    };
    let excused = Event::PatrolExcused {
        excuse: Excuse { reason: "red_warning".into(), from: day("2026-03-05"), until: day("2026-03-07") },
        by: "a-1".into(),
    };
    let lead = |events: Vec<Event>| after(events).by_role(Role::StreetLead);
    lead(vec![]).when(excuse("red_warning", "2026-03-07")).then([excused.clone()]);
    lead(vec![excused.clone()]).when(excuse("red_warning", "2026-03-07")).then([]);
    lead(vec![]).when(excuse("holiday", "2026-03-07")).then_rejected("unknown_excuse");
    lead(vec![]).when(excuse("red_warning", "2026-03-01")).then_rejected("malformed");
    after([])
        .by_role(Role::GridWorker)
        .when(excuse("red_warning", "2026-03-07"))
        .then_rejected("role_needed");
    let mut patrol = Patrol::default();
    for event in [assigned("2026-03-06"), missed("2026-03-06"), excused] {
        patrol.evolve(&event);
    }
    assert!(patrol.missed.is_empty(), "what is excused later is not held against anybody");
}

#[test]
fn what_is_received_for_somebody_without_a_key_is_taken() {
    after([]).by_actor(Actor::channel("counter")).when(complete(None)).said();
}
