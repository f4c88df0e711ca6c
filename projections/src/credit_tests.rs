//! What is told of credit files that is public.

use serde_json::{Value, json};

use crate::build::{Plan, build};
use crate::pool::Views;
use crate::queries::{Page, PublishedLine};
use crate::test_log::TestLog;

fn views(log: &mut TestLog) -> Views {
    log.commit();
    build(&log.reader, &log.rulebooks(), &Plan::of_all(&log.views_path()), |_| ()).unwrap();
    Views::at(&log.views_path())
}

fn company() -> TestLog {
    let mut log = TestLog::new();
    let registered =
        json!({ "type": "PartyRegistered", "kind": "enterprise", "uscc": "91440300MA5EXAMPLE", "by": "a-1" });
    log.say("party/y-1", "2026-01-02", &registered);
    for (item, class, conduct, until) in [
        (json!({ "what": "class", "rating": 3 }), json!("C"), Value::Null, Value::Null),
        (
            json!({ "what": "conduct", "number": 1 }),
            Value::Null,
            json!("false_materials"),
            json!("2026-06-01"),
        ),
    ] {
        let published = json!({
            "type": "CreditPublished", "item": item, "class": class, "conduct": conduct, "until": until,
            "channels": ["credit_website"], "on": "2026-03-01", "by": "a-1",
        });
        log.say("party/y-1/credit", "2026-03-01", &published);
    }
    log
}

fn public(log: &mut TestLog, on: &str) -> Vec<PublishedLine> {
    views(log).credit_published(on.parse().unwrap(), Page::of(1)).unwrap().rows
}

#[test]
fn what_is_public_is_told_until_its_span_is_over_and_not_a_day_longer() {
    let mut log = company();
    let rows = public(&mut log, "2026-05-31");
    assert_eq!(rows.iter().map(|row| row.what.as_str()).collect::<Vec<_>>(), ["class", "conduct"]);
    assert_eq!((rows[0].class.as_deref(), rows[0].uscc.as_deref()), (Some("C"), Some("91440300MA5EXAMPLE")));
    assert_eq!(public(&mut log, "2026-06-01").len(), 1, "before its end is recorded");
    let unpublished = json!({
        "type": "CreditUnpublished", "item": { "what": "class", "rating": 3 }, "why": "by_mistake", "on": "2026-03-02", "by": "a-1",
    });
    log.say("party/y-1/credit", "2026-03-02", &unpublished);
    assert_eq!(public(&mut log, "2026-03-02").len(), 1);
}

#[test]
fn an_objection_is_marked_until_it_is_decided_and_one_to_the_newest_rating_is_one_to_the_class() {
    let mut log = company();
    let objected = |number: u64, item: &Value| json!({ "type": "ObjectionRaised", "number": number, "item": item, "on": "2026-03-03", "by": "a-2" });
    log.say("party/y-1/credit", "2026-03-03", &objected(1, &json!({ "what": "class", "rating": 4 })));
    let marked = |log: &mut TestLog| {
        let rows = public(log, "2026-03-04");
        rows.iter().map(|row| row.objected_on.is_some()).collect::<Vec<_>>()
    };
    assert_eq!(marked(&mut log), [true, false]);
    log.say("party/y-1/credit", "2026-03-03", &objected(2, &json!({ "what": "conduct", "number": 1 })));
    assert_eq!(marked(&mut log), [true, true]);
    let decided = json!({
        "type": "ObjectionDecided", "number": 1, "upheld": false, "document_number": "1", "on": "2026-03-04", "by": "a-3",
    });
    log.say("party/y-1/credit", "2026-03-04", &decided);
    assert_eq!(marked(&mut log), [false, true]);
}
