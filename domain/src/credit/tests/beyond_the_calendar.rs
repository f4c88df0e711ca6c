//! Answers and publications whose days lie in a year that the rulebook's calendar does not know.

use serde_json::{Value, json};

use super::{Town, conduct, conduct_item, decide_objection, notice, object, publish};
use crate::credit::Item;
use crate::given::day;
use crate::given_log::later_than_pingshan;
use crate::rulebook::Layer;

/// What was computed of this type about the answers that the office owes: the deadline and its day.
fn of_answers(town: &Town, event_type: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let results = town.log.results(event_type).into_iter();
    let told = results.map(|result| (text(&result["deadline"]), text(&result["due"])));
    told.filter(|(rule, _)| rule.starts_with("credit_")).collect()
}

fn pair(rule: &str, due: &str) -> (String, String) {
    (rule.to_owned(), due.to_owned())
}

#[test]
fn the_office_is_late_with_no_answer_before_its_day_is_final() {
    let mut town = Town::of("enterprise");
    town.says("dept-1", conduct("false_materials", "serious", "2025-02-01"));
    town.until("2026-12-01");
    town.says("owner-1", object(&conduct_item(1)));
    town.until("2026-12-03");
    assert_eq!(of_answers(&town, "DeadlineMissed"), []);
    town.until("2026-12-04");
    let near = pair("credit_objection_decide", "2026-12-03");
    assert_eq!(of_answers(&town, "DeadlineMissed"), std::slice::from_ref(&near));
    town.says("officer-2", decide_objection(1, false));

    // two and three working days from Wednesday, of which one is left in the year
    town.until("2026-12-30");
    town.says("owner-1", object(&conduct_item(1)));
    town.says("owner-1", json!({ "command": "request_repair", "conduct": 1, "commitment": true }));
    let marked = town.file().objections[&2].marked.unwrap();
    assert!(marked.provisional, "{marked:?}");
    town.until("2027-03-01");
    assert_eq!(
        of_answers(&town, "DeadlineMissed"),
        std::slice::from_ref(&near),
        "nobody is late on a provisional day"
    );
    assert_eq!(of_answers(&town, "DeadlineFixed"), []);

    town.log.publishes("2027-03-02", later_than_pingshan(Layer::Unit, 3, &[]));
    town.until("2027-03-02");
    let far = ["credit_objection_decide", "credit_repair"].map(|rule| pair(rule, "2027-03-02"));
    assert_eq!(of_answers(&town, "DeadlineFixed"), far, "not before anybody could know it");
    assert_eq!(of_answers(&town, "DeadlineMissed"), std::slice::from_ref(&near));
    town.until("2027-03-20");
    let [objection, repair] = far;
    assert_eq!(of_answers(&town, "DeadlineMissed"), [near, objection, repair], "once each");
}

#[test]
fn what_is_counted_in_natural_days_and_months_does_not_wait_for_a_calendar() {
    let mut town = Town::of("enterprise");
    town.says("dept-1", conduct("false_materials", "serious", "2025-02-01"));
    town.until("2026-12-28");
    town.says("officer-1", notice(&conduct_item(1)));
    town.until("2026-12-31");
    town.refused("officer-1", publish(&conduct_item(1)), "published_too_soon");
    town.until("2027-01-01");
    town.says("officer-1", publish(&conduct_item(1)));
    let until = |town: &Town| town.file().published.get(&Item::Conduct { number: 1 }).map(|of| of.until);
    assert_eq!(until(&town), Some(Some(day("2028-02-01"))), "three years from the document");
    town.until("2028-01-31");
    assert!(until(&town).is_some());
    town.until("2028-02-01");
    assert_eq!(until(&town), None, "its span is over");
}
