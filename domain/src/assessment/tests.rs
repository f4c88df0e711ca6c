//! The rules beside this file, told as given, when, then.

use super::*;
use crate::facts::Actor;
use crate::given::{Given, given};
use crate::rulebook::Layer;
use crate::shipped;

fn opened() -> Event {
    let scheme = SchemeRef { id: "pingshan-unit-1".into(), sha256: "00".into() };
    let opened = Opened { reason: Reason::First, lead: "a-1".into(), units: vec![], due: None };
    Event::AssessmentOpened(Opening::Stated { scheme, opened })
}

fn shared(indicator: &str, outcome: Outcome) -> Command {
    let measured = Map::new();
    let checked =
        Checked { indicator: indicator.into(), outcome, measured, carried_from: None, photos_taken: 0 };
    Command::Supply { results: vec![checked] }
}

fn feed_of(department: &str) -> Actor {
    Actor::feed("feed-test", &[department.to_owned()])
}

#[test]
fn a_feed_shares_the_results_of_its_own_department_only() {
    let rulebook = || shipped::pingshan(Layer::Unit);
    let registered = || shared("tenant_registration", Outcome::Count(0));
    given::<Assessment>([opened()]).under(rulebook()).by_actor(feed_of("police")).when(registered()).said();
    given::<Assessment>([opened()])
        .under(rulebook())
        .by_actor(feed_of("housing"))
        .when(registered())
        .then_rejected("not_yours");
    given::<Assessment>([opened()])
        .under(rulebook())
        .by_actor(feed_of("grid"))
        .when(shared("change_reporting", Outcome::row("met")))
        .then_rejected("not_yours");
}

#[test]
fn a_person_submits_on_the_day_and_only_what_is_received_has_another() {
    let earlier = Command::SubmitCompleted { completed_on: "2026-02-01".parse().ok() };
    given::<Assessment>([opened()])
        .under(shipped::pingshan(Layer::Unit))
        .by_officer_of("housing")
        .when(earlier)
        .then_rejected("role_needed");
}

fn of_lead(events: Vec<Event>) -> Given<Assessment> {
    given(events).by_role(Role::GridWorker)
}

#[test]
fn the_lead_or_whoever_leads_the_subdistrict_hands_it_over() {
    let hand = |to: &str| Command::HandOver { to: to.into(), why: Some("产假".into()) };
    let handed = |to: &str| Event::AssessmentHandedOver { to: to.into(), by: "a-1".into() };
    let said = of_lead(vec![opened()]).naming_holder("a-2", Role::GridWorker).when(hand("a-2")).said();
    assert_eq!(said[0].event, handed("a-2"));
    assert!(!serde_json::to_string(&said[0].event).unwrap().contains("产假"));
    of_lead(vec![opened()]).when(hand("a-2")).then_rejected("unknown_colleague");
    of_lead(vec![opened()]).when(hand("a-1")).then([]);
    of_lead(vec![opened()]).when(hand(" ")).then_rejected("malformed");
    of_lead(vec![opened(), handed("a-2")]).when(hand("a-3")).then_rejected("only_the_lead_submits");
    given::<Assessment>([opened(), handed("a-2")])
        .about(house())
        .by_role(Role::StreetLead)
        .naming_holder("a-1", Role::DepartmentOfficer)
        .when(hand("a-1"))
        .then([handed("a-1")]);
    of_lead(vec![]).when(hand("a-2")).then_rejected("not_found");
}

#[test]
fn what_lapsed_or_was_withdrawn_takes_no_more() {
    let scheme = SchemeRef { id: "pingshan-unit-1".into(), sha256: "00".into() };
    let derivation = crate::derivation::Derivation { scheme, subjects: vec!["premises/u-1".into()] };
    let result = Lapsed { due: "2026-02-28".parse().unwrap() };
    let lapsed = Event::AssessmentLapsed(Computed { derivation, result });
    of_lead(vec![opened(), lapsed]).when(Command::Submit).then_rejected("wrong_state");
    let withdraw = || Command::Withdraw { why: "opened_in_error".into() };
    let withdrawn = Event::AssessmentWithdrawn { why: "opened_in_error".into() };
    of_lead(vec![opened()]).when(withdraw()).then([withdrawn.clone()]);
    of_lead(vec![opened(), withdrawn.clone()]).when(withdraw()).then([]);
    of_lead(vec![opened(), withdrawn]).when(Command::Submit).then_rejected("wrong_state");
    given::<Assessment>([opened()]).about(house()).by_role(Role::StreetLead).when(withdraw()).said();
}

fn house() -> crate::subject::Subject {
    let mut subject = crate::subject::Subject::default();
    let register =
        serde_json::json!({"layer": "unit", "parent": "p-1", "address": "101", "subdistrict": "石井"});
    let register = serde_json::from_value(register).unwrap();
    subject.premises.evolve(&crate::premises::Event::PremisesRegistered(register));
    subject
}

#[test]
fn what_a_feed_shares_must_fit_its_indicator() {
    given::<Assessment>([opened()])
        .under(shipped::pingshan(Layer::Unit))
        .by_actor(feed_of("police"))
        .when(shared("tenant_registration", Outcome::row("met")))
        .then_rejected("bad_result");
}
