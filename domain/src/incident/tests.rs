//! The rules beside this file, told as given, when, then.

use super::*;
use crate::facts::Actor;
use crate::given::{Given, day, given};
use crate::premises::{self, Register};
use crate::rulebook::Layer;
use crate::shipped;
use crate::subject::IncidentOf;

fn fire(severity: &str) -> Known {
    Known {
        source: "fire".into(),
        source_id: "119-7".into(),
        category: "fire".into(),
        severity: severity.into(),
        happened_at: "2026-03-01T02:00:00Z".parse().unwrap(),
    }
}

fn house() -> Subject {
    let mut subject = Subject::default();
    let register: Register =
        serde_json::from_value(serde_json::json!({"layer": "building", "address": "金龟路1号"})).unwrap();
    subject.premises.evolve(&premises::Event::PremisesRegistered(register));
    subject
}

fn knowing(events: impl IntoIterator<Item = Event>) -> Given<Incident> {
    given::<Incident>(events).about(house()).under(shipped::pingshan(Layer::Building))
}

fn recorded() -> Event {
    Event::IncidentRecorded(fire("general"))
}

fn confirmed() -> Event {
    Event::IncidentConfirmed { by: "a-9".into() }
}

fn confirm() -> Command {
    Command::Confirm { scheme: None, note: Some("勘查属实".into()) }
}

fn record(known: Known) -> Command {
    Command::Record { known, text: Some("张三家起火".into()) }
}

#[test]
fn what_a_source_says_is_recorded_once_and_its_words_stay_private() {
    let feed = || Actor::channel("feed-fire");
    let said = knowing([]).by_actor(feed()).when(record(fire("general"))).said();
    assert_eq!(said[0].event, recorded());
    let event = serde_json::to_string(&said[0].event).unwrap();
    assert!(!event.contains("张三"), "{event}");
    knowing([recorded()]).by_actor(feed()).when(record(fire("general"))).then([]);
    let mut twice = house();
    let mut state = Incident::default();
    state.evolve(&recorded());
    twice.incidents.insert("n-1".into(), IncidentOf { state, confirmed_on: None });
    knowing([]).about(twice).by_actor(feed()).when(record(fire("general"))).then([]);
}

#[test]
fn another_story_under_the_same_name_is_refused() {
    knowing([recorded()])
        .by_actor(Actor::channel("feed-fire"))
        .when(record(fire("serious")))
        .then_rejected("already_exists");
}

#[test]
fn what_no_table_knows_or_has_not_happened_yet_is_refused() {
    let odd = Known { category: "flood".into(), ..fire("general") };
    let feed = || Actor::channel("feed-fire");
    knowing([]).by_actor(feed()).when(record(odd)).then_rejected("unknown_incident");
    let tomorrow = Known { happened_at: "2026-03-05T00:00:00Z".parse().unwrap(), ..fire("general") };
    knowing([]).by_actor(feed()).when(record(tomorrow)).then_rejected("malformed");
    let nameless = Known { source_id: " ".into(), ..fire("general") };
    knowing([]).by_actor(feed()).when(record(nameless)).then_rejected("malformed");
    knowing([]).when(record(fire("general"))).then_rejected("role_needed");
    given::<Incident>([]).by_actor(feed()).when(record(fire("general"))).then_rejected("not_found");
    let mut gone = house();
    gone.premises.closed_on = Some(day("2026-01-05"));
    knowing([]).about(gone).by_actor(feed()).when(record(fire("general"))).then_rejected("premises_closed");
}

#[test]
fn the_competent_department_confirms_and_no_other() {
    knowing([recorded()])
        .by_officer_of("fire")
        .when(confirm())
        .then([Event::IncidentConfirmed { by: "a-1".into() }]);
    knowing([recorded()]).by_officer_of("police").when(confirm()).then_rejected("department_needed");
    knowing([recorded()]).by_role(Role::GridWorker).when(confirm()).then_rejected("role_needed");
    knowing([recorded(), confirmed()]).by_officer_of("fire").when(confirm()).then([]);
    knowing([]).by_officer_of("fire").when(confirm()).then_rejected("not_found");
    given::<Incident>([recorded()])
        .about(house())
        .by_officer_of("fire")
        .when(confirm())
        .then_rejected("rulebook_unknown");
}

#[test]
fn of_another_house_it_is_not_confirmed_here_but_there() {
    let unlink = || Command::Unlink { why: "wrong_house".into(), to: Some("premises/p-2".into()) };
    let unlinked = Event::IncidentUnlinked {
        why: "wrong_house".into(),
        to: Some("premises/p-2".into()),
        by: "a-1".into(),
    };
    knowing([recorded()]).by_role(Role::DataClerk).when(unlink()).then([unlinked.clone()]);
    knowing([recorded(), unlinked.clone()]).by_role(Role::DataClerk).when(unlink()).then([]);
    knowing([recorded()]).by_role(Role::GridWorker).when(unlink()).then_rejected("role_needed");
    knowing([recorded(), unlinked.clone()])
        .by_officer_of("fire")
        .when(confirm())
        .then_rejected("wrong_state");
    let from = Some("premises/p-1/incident/n-1".to_owned());
    knowing([])
        .by_officer_of("fire")
        .when(Command::Link { known: Some(fire("general")), from: from.clone() })
        .then([Event::IncidentLinked { known: Some(fire("general")), from, by: "a-1".into() }]);
    let link = || Command::Link { known: None, from: None };
    knowing([recorded(), unlinked]).by_officer_of("fire").when(link()).then([Event::IncidentLinked {
        known: None,
        from: None,
        by: "a-1".into(),
    }]);
    knowing([recorded()]).by_officer_of("fire").when(link()).then([]);
    knowing([]).by_officer_of("fire").when(link()).then_rejected("not_found");
}

#[test]
fn what_is_put_right_is_confirmed_anew() {
    let correct = |known| Command::Correct { known, why: "wrong_severity".into() };
    let corrected =
        Event::IncidentCorrected { known: fire("minor"), why: "wrong_severity".into(), by: "a-1".into() };
    knowing([recorded()]).by_officer_of("fire").when(correct(fire("minor"))).then([corrected.clone()]);
    knowing([recorded()]).by_officer_of("fire").when(correct(fire("general"))).then([]);
    knowing([recorded()])
        .by_officer_of("housing")
        .when(correct(fire("minor")))
        .then_rejected("department_needed");
    let renamed = Known { source_id: "119-8".into(), ..fire("minor") };
    knowing([recorded()]).by_officer_of("fire").when(correct(renamed)).then_rejected("malformed");
    let mut incident = Incident::default();
    for event in [recorded(), confirmed()] {
        incident.evolve(&event);
    }
    assert!(incident.moved && incident.acts().is_some());
    incident.evolve(&corrected);
    assert!(incident.moved && incident.acts().is_none());
}
