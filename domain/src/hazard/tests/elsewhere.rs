//! Cases of another office, as it published them: its procedure was its own, and is told, not asked for again.

use super::*;
use crate::facts::Actor;
use crate::given::day;
use crate::hazard::course::Order;

fn published() -> Found {
    let found = json!({
        "indicator": "order_617", "severity": "major", "works": "lead_paint", "competent": "hpd", "source": "import"
    });
    serde_json::from_value(found).unwrap()
}

fn elsewhere() -> Rulebook {
    let document = crate::shipped::document("nyc-hpd", Layer::Building);
    Rulebook::from_document(&document).unwrap()
}

fn order() -> Event {
    let order = Order { parties: vec![], days: 24, document_number: "8497762".into() };
    Event::RectificationOrdered { order, by: "hpd".into() }
}

fn told(events: Vec<Event>) -> Given<Hazard> {
    let confirmed = Event::HazardReviewed { outcome: Review::Confirmed, by: "hpd".into() };
    let begun = [Event::HazardFound(crate::derivation::Either::Stated(published())), confirmed];
    given::<Hazard>(begun.into_iter().chain(events))
        .about(House::owned().subject)
        .by_actor(Actor::channel("hpd"))
}

fn ask_order() -> Command {
    let document_number = "8497762".into();
    Command::Order { what: "correct it".into(), parties: vec![], document_number, days: Some(24) }
}

fn ask_submission() -> Command {
    Command::SubmitRectification { text: "certified".into(), photos: vec![], handed_in_on: None }
}

fn ask_refusal() -> Command {
    Command::Refuse { findings: "DEFECT LETTER ISSUED".into(), due: None, photos: vec![] }
}

#[test]
fn an_order_of_another_office_has_the_days_that_it_was_published_with() {
    told(vec![]).under(elsewhere()).when(ask_order()).then([order()]);
    told(vec![]).under(rulebook()).when(ask_order()).then_rejected("order_without_party");
}

#[test]
fn what_another_office_extended_certified_or_refused_is_told_as_it_was() {
    let until = day("2026-09-01");
    let extend = || Command::Extend { until, reason: None };
    told(vec![order()])
        .under(elsewhere())
        .when(extend())
        .then([Event::DeadlineExtended { until, by: "hpd".into() }]);
    told(vec![order()]).under(rulebook()).when(extend()).then_rejected("order_not_served");
    assert_eq!(told(vec![order()]).under(elsewhere()).when(ask_submission()).said().len(), 1);
    told(vec![order()]).under(rulebook()).when(ask_submission()).then_rejected("photo_missing");
    told(vec![order()])
        .under(elsewhere())
        .when(ask_refusal())
        .then([Event::RectificationRefused { due: None, by: "hpd".into() }]);
    told(vec![order()]).under(rulebook()).when(ask_refusal()).then_rejected("wrong_state");
}

#[test]
fn a_person_states_nothing_by_another_offices_rules() {
    let order = told(vec![]).by_actor(Actor::default()).by_officer_of("hpd").under(elsewhere());
    order.when(ask_order()).then_rejected("order_without_party");
}
